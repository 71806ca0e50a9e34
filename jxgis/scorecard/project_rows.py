"""The table of projects, row by row: of which project and place each is, and what cannot be."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from jxgis.bounds import at_most, widened
from jxgis.errors import InputError, collect
from jxgis.i18n import listed
from jxgis.privacy import quoted
from jxgis.schema.layers import nearest, same_name
from jxgis.scorecard.brought import CITY
from jxgis.scorecard.targets import PERCENT
from jxgis.space.points import locate
from jxgis.zones import ALL

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from jxgis.scorecard.targets import PlanProject

__all__ = ["ProjectRows", "figures", "project_rows"]

#: So many times what the city is to reach is no length in km that a row has done.
_TIMES = 10
#: A project is a percentage of things where this is the total.
_HUNDRED = 100
_READ = ("item", "name", "district", "done", "total")
_KILOMETRES = ("公里", "千米", "km")
_TOTAL = re.compile(r"(.*(合计|小计|总计|共计|累计|汇总|总数)|(sub)?total)[行数]?(\W.*)?|其中.*")
_N = r"(\d{1,2}|十?[一二三四五六七八九十])"
_PERIOD = re.compile(
    rf"截[至止]?到?|20\d\d([年./-]?{_N}?月份?|[./-]\d{{1,2}}|0[1-9]|1[0-2]|年度?)({_N}日|[./-]\d{{1,2}})?[底末]?"
    rf"|202\d(?!\d)|(?<!\d){_N}月份?({_N}日)?[底末]?|第?[一二三四1-4]季度?|q[1-4]|[上下]半年|[本当上]月|[本今去上]年度?|年[底末]"
)


class ProjectRows(NamedTuple):
    """The rows of a table of projects, (n,) each.

    Attributes
    ----------
    number
        Of the library.
    home
        The district, or the area, or the city; None where neither the row nor its place tells.
    whole
        Whether nothing but its home tells what it is of: it has no name of its own, and no place.
    done, total
        NaN where the row does not say it.
    """

    number: NDArray[np.int64]
    home: NDArray[np.object_]
    whole: NDArray[np.bool_]
    done: NDArray[np.float64]
    total: NDArray[np.float64]

    def without_sum(self, parents: Mapping[str, str]) -> set[str]:
        """The zones of which a row of the whole stands beside others of it, with the wholes that these are of.

        It may be their total, of today or of an earlier month. A row of the city or of an area is of the whole beside rows
        of its districts, whatever it is called; any other, where nothing tells what part of its zone it is of.
        """
        doubt: set[str] = set()
        for zone in {home for home in self.home if home is not None}:
            here = self.home == zone
            below = np.array([home not in {None, zone} and zone in {ALL, parents.get(home)} for home in self.home])
            beside = here | below | (zone == ALL)
            if (here.any() and below.any()) or ((here & self.whole).any() and beside.sum() > 1):
                doubt |= {zone, parents.get(zone, ALL), ALL}
        return doubt

    def of(self, number: int) -> ProjectRows:
        """The rows of one project."""
        mine = self.number == number
        return ProjectRows(*(column[mine] for column in self))


def project_rows(
    table: pd.DataFrame,
    projects: Sequence[PlanProject],
    parents: Mapping[str, str],
    *,
    districts: gpd.GeoDataFrame | None = None,
    city: Collection[str] = (),
) -> ProjectRows:
    """Read a table of projects: see `projects.project_progress`.

    Parameters
    ----------
    table
        The layer ``projects``.
    projects
        The plan's library.
    parents
        District to area; to the city where there are no areas. Empty where no district is known: then any is.
    districts
        Polygons with ``zone``, of rows that do not say their district.
    city
        What the city is called beside 全市.

    Raises
    ------
    InputError
        As `projects.project_progress`.

    Examples
    --------
    >>> from jxgis.scorecard.targets import load_plan
    >>> table = pd.DataFrame({"item": ["22", "22"], "name": ["全市", "东升路"], "district": [None, "甲"], "done": [9.0, 1.0]})
    >>> rows = project_rows(table, load_plan().projects, {"甲": "东区"})
    >>> rows.home.tolist(), rows.whole.tolist(), sorted(rows.without_sum({"甲": "东区"}))
    (['all', '甲'], [True, False], ['all'])
    """
    _refuse_two_columns(table)
    number = _numbers(table, projects)
    zones = _called(parents, city)
    home = _homes(table, zones, parents, districts)
    own = _own_names(table, {*zones, *map(_plain, (project.zh for project in projects))})
    placed = (
        ~table.geometry.isna().to_numpy() if isinstance(table, gpd.GeoDataFrame) else np.zeros(len(table), np.bool_)
    )
    whole = (own == "") & ~placed
    home[whole & pd.isna(home)] = ALL
    _refuse_twice(table, number, home, own)
    done, total = figures(table, "done"), figures(table, "total")
    _refuse_impossible(number, done, total, projects)
    return ProjectRows(number, home, whole, done, total)


def figures(table: pd.DataFrame, name: str) -> NDArray[np.float64]:
    """A column of numbers; NaN throughout where there is none.

    Examples
    --------
    >>> figures(pd.DataFrame({"done": [1, None]}), "done"), figures(pd.DataFrame({"done": [1]}), "total")
    (array([ 1., nan]), array([nan]))
    """
    if name not in table.columns:
        return np.full(len(table), np.nan)
    return pd.to_numeric(table[name]).to_numpy(dtype=np.float64)


def _plain(name: Any) -> str:
    """A name without what people vary."""
    return "" if pd.isna(name) else same_name(unicodedata.normalize("NFKC", str(name)))


def _called(parents: Mapping[str, str], city: Collection[str]) -> dict[str, str]:
    """Each zone by what it is called."""
    names = dict.fromkeys(map(_plain, (*CITY, *city, *(f"{name}市" for name in city))), ALL)
    names |= {_plain(area): area for area in parents.values()}
    return names | {_plain(said): name for name in parents for said in (name, f"{name}片区")}


def _own_names(table: pd.DataFrame, others: Collection[str]) -> NDArray[np.str_]:
    """What each row is called beside its project, its zone and its month; empty where it is called nothing else."""
    said = table["name"] if "name" in table.columns else [None] * len(table)
    own = [re.sub(r"[^\w]", "", _PERIOD.sub("", name)) for name in map(_plain, said)]
    plain = {re.sub(r"[^\w]", "", other) for other in others}
    return np.array(["" if name in plain or name.isdigit() else name for name in own], dtype=np.str_)


def _refuse_two_columns(table: pd.DataFrame) -> None:
    """Refuse a second column of a name that is read: 完成量 of 2025 beside that of 2026, say, under a head of two rows."""
    parts = [re.fullmatch(r"(.+)_\d", str(name)) for name in table.columns]
    again = [part[1] for part in parts if part and (part[1] in _READ or part[1] not in table.columns)]
    if again:
        names = [quoted(base) for base in again]
        raise InputError(
            zh=f"项目表中 {listed(dict.fromkeys(names), 'zh')} 不止一列，分不出哪一列是最近的；请只留一列（两行表头请改为一行）。",
            en=f"Projects: more than one column is called {listed(dict.fromkeys(names), 'en')}, and nothing tells the latest; leave one of "
            "them (and a head of one row).",
        )


def _refuse_twice(
    table: pd.DataFrame, number: NDArray[np.int64], home: NDArray[np.object_], own: NDArray[np.str_]
) -> None:
    """Refuse rows that nothing tells apart: item, district, name or place. What is done so far would count once a month."""
    said = table["name"].tolist() if "name" in table.columns else [""] * len(table)
    place = table.geometry.to_wkb() if isinstance(table, gpd.GeoDataFrame) else [None] * len(table)
    keys = pd.DataFrame({"item": number, "at": home, "name": own, "place": place}, dtype="object")
    wrong = []
    for (item, at, name, _), rows in keys[keys.duplicated(keep=False)].fillna("").groupby([*keys.columns], sort=False):
        names = [*dict.fromkeys(said[row] for row in rows.index if name)][:2]
        called = "".join(f" “{quoted(word)}”" for word in (at, *names) if word not in {"", ALL})
        wrong.append(
            InputError(
                zh=f"项目表：第 {item} 项{called}有 {len(rows)} 行没有区分（名称中的年月不作区分），可能是同一项目的几期，相加会重复计算；"
                "每个项目请只留最近一行，不同的项目请填不同的名称（name）。",
                en=f"Projects: nothing tells the {len(rows)} rows of item {item}{called} apart (months in names do not), and of several "
                "dates of one project each would count. Leave the latest of each, and give names to those that are different (name).",
            )
        )
    collect(wrong)


def _refuse_impossible(
    number: NDArray[np.int64], done: NDArray[np.float64], total: NDArray[np.float64], projects: Sequence[PlanProject]
) -> None:
    """Refuse what can be no length in km, no number of things, and no share of a project in %."""
    wrong = []
    for project in projects:
        rows = np.flatnonzero(number == project.number)
        if not project.unit or not rows.size:
            continue
        says = _no_share if project.unit in PERCENT else _no_length if project.unit in _KILOMETRES else _no_number
        found = [(at, zh, en) for mask, zh, en in says(project, done[rows], total[rows]) for at in rows[mask]]
        for at, zh, en in found:
            name, of = f"{done[at]:g}", f"{total[at]:g}"
            wrong.append(
                InputError(
                    zh=f"项目表：第 {project.number} 项“{project.zh}”，完成量 {name}，计划量 {of}：{zh}。",
                    en=f"Projects: item {project.number}, {project.title('en')}, {name} done of {of}: {en}.",
                )
            )
    collect(wrong)


#: Which rows cannot be, and why in both languages.
_Found = list[tuple[NDArray[np.bool_], str, str]]


def _no_share(_project: PlanProject, done: NDArray[np.float64], total: NDArray[np.float64]) -> _Found:
    """A fraction of a number of things, and more than there is."""
    fraction = (
        "像是小数（0.6）而不是百分数（60；Excel 中显示为 60% 的单元格存的是 0.6），请改为百分数（计划量为 100），或都填数量",
        "it looks like a fraction (0.6), not percent (60; a cell shown as 60% holds 0.6). Write percent, of 100, or numbers in both",
    )
    beyond = (
        "完成量大于计划量。按 % 计的项目，计划量是全部的量（填百分数时为 100），请改正",
        "more is done than there is. The total of a project in % is the whole (100 of percent); correct it",
    )
    known = np.isfinite(done) & np.isfinite(total)
    small = (total > 1).any() & (done > 0) & (done < 1) & (total >= 1)
    more = known & ~small & ~at_most(done, total)
    return [(small, *fraction), (more, *beyond)]


def _no_length(project: PlanProject, done: NDArray[np.float64], total: NDArray[np.float64]) -> _Found:
    """Metres where kilometres are meant, in what is done or in the total."""
    most = widened(_TIMES * max(project.target(2025), project.target(2027)))
    says = (f"像是以米计的，请改为{project.unit}", "it looks like metres. Write km")
    return [((done > most) | (total > most), *says)]


def _no_number(project: PlanProject, done: NDArray[np.float64], total: NDArray[np.float64]) -> _Found:
    """How far a project has come, in percent or as a fraction, where the number of things is meant: 60 % of one street are not 60."""
    says = (
        f"像是完成率，这一项以{project.unit}计，请填完成的数量（没有全部完成的填 0；计划量恰为 100 的分两行填，名称不同）",
        "it looks like a percentage. Write how many are done (0 of one not done in full; of exactly 100 two rows with names)",
    )
    hundred = (total == _HUNDRED) | (np.isnan(total) & (done == _HUNDRED))
    few = max(project.target(2025), project.target(2027)) < _HUNDRED
    percent = hundred if few or (len(total) > 1 and hundred.all()) else np.zeros(len(total), np.bool_)
    return [(percent | (np.isfinite(done) & (done % 1 != 0)), *says)]


def _numbers(table: pd.DataFrame, projects: Sequence[PlanProject]) -> NDArray[np.int64]:
    """The project of each row: by its number, else by its name."""
    known = {str(project.number): project.number for project in projects}
    known |= {_plain(project.zh): project.number for project in projects}
    found, wrong = np.zeros(len(table), dtype=np.int64), []
    for at in range(len(table)):
        called = [str(table[name].iloc[at]).strip() for name in ("item", "name") if _says(table, name, at)]
        beside = [str(table["district"].iloc[at])] if _says(table, "district", at) else []
        totals = [word for word in (*called, *beside) if _TOTAL.fullmatch(_plain(word))]
        keys = [_plain(word).removeprefix("第").removesuffix("项").lstrip("0") for word in called]
        named = {known[key]: None for key in (*keys, *map(_plain, called)) if key in known}
        if totals:
            wrong.append(
                InputError(
                    zh=f"项目表：{listed(map(quoted, totals), 'zh')} 是合计行（或合计的一部分），会重复计算；请删去。",
                    en=f"Projects: {listed(map(quoted, totals), 'en')} is a total (or a part of one), and would count twice. Take it out.",
                )
            )
        elif not called:
            wrong.append(
                InputError(
                    zh=f"项目表：第 {at + 1} 行数据没有项目库序号（item），也没有项目名称；合并的单元格请逐行填写。",
                    en=f"Projects: row {at + 1} of the data has no number of the library (item) and no name. Fill in merged cells row by row.",
                )
            )
        elif len(named) > 1:
            wrong.append(
                InputError(
                    zh=f"项目表：{listed(map(quoted, called), 'zh')} 在同一行，却是项目库第 {listed(map(str, named), 'zh')} 项；请改正其中之一。",
                    en=f"Projects: {listed(map(quoted, called), 'en')} stand in one row, and are items "
                    f"{listed(map(str, named), 'en')} of the library. Correct one of them.",
                )
            )
        elif not named:
            hint = nearest(called[0], [project.zh for project in projects])
            what = quoted(called[0])
            wrong.append(
                InputError(
                    zh=f"项目表：项目库中没有“{what}”{hint.zh}请填写项目库序号（列名为“项目库序号”或 item，“序号”只是表中的编号）。",
                    en=f"Projects: the library has no {what!r}{hint.en} Give its number there (column item; 序号 counts rows).",
                )
            )
        else:
            found[at] = next(iter(named))
    collect(wrong)
    return found


def _says(table: pd.DataFrame, name: str, at: int) -> bool:
    return name in table.columns and bool(_plain(table[name].iloc[at]))


def _homes(
    table: pd.DataFrame, zones: Mapping[str, str], parents: Mapping[str, str], districts: gpd.GeoDataFrame | None
) -> NDArray[np.object_]:
    """The district of each row, or the area, or the city, as it says, else where it lies, else as it is called."""
    homes = np.full(len(table), None, dtype=object)
    if districts is not None and isinstance(table, gpd.GeoDataFrame) and not table.geometry.isna().all():
        names = districts["zone"].astype(object).to_numpy()
        spots = gpd.GeoSeries(shapely.point_on_surface(table.geometry.to_numpy()), crs=table.crs)
        where = locate(spots, districts)
        homes[where >= 0] = names[where[where >= 0]]
    wrong = []
    for at in range(len(table)):
        if _says(table, "district", at):
            said = str(table["district"].iloc[at])
            if _plain(said) in zones or not parents:
                homes[at] = zones.get(_plain(said), _plain(said))
                continue
            hint = nearest(said, [*parents])
            wrong.append(
                InputError(
                    zh=f"项目表：没有片区“{quoted(said)}”{hint.zh}",
                    en=f"Projects: there is no district {quoted(said)!r}{hint.en}",
                )
            )
        elif homes[at] is None and _says(table, "name", at):
            name = _plain(table["name"].iloc[at])
            homes[at] = ALL if name.startswith(CITY[0]) else zones.get(name)
    collect(wrong)
    return homes
