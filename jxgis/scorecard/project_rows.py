"""The table of projects, row by row: of which project and place each is, and what cannot be."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from jxgis.bounds import at_most
from jxgis.errors import InputError, collect
from jxgis.i18n import listed
from jxgis.privacy import quoted
from jxgis.schema.in_heads import THINGS, is_unit, pieces
from jxgis.schema.layers import nearest, same_name
from jxgis.scorecard.brought import CITY
from jxgis.scorecard.project_columns import refuse_unclear_columns
from jxgis.scorecard.targets import KILOMETRES, PERCENT
from jxgis.space.points import locate
from jxgis.zones import ALL

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from jxgis.scorecard.targets import PlanProject

__all__ = ["ProjectRows", "figures", "lies_in", "project_rows"]

#: A project is a percentage of things where this is the total.
_HUNDRED = 100
#: One number says nothing of its order: 1 and 2 do.
_FEW = 2
#: Counts of people and homes, which are none of things: 60 户 are not 60 estates.
_PEOPLE = {"户", "家", "人"}
#: So few letters, in any order, may be of something else than the title that has them all.
_REORDERED = 4
#: Letters that a project's title is written with beside: 建设项目.
_MOST_BESIDE = 4
#: The unit that a name ends with.
_NAMED_UNIT = re.compile(r".*\((?:单位:)?(延?米|公里|千米|k?m|m2|平方米|[万亿]?元|%)\)")
_ITEM = re.compile(r"第?\s*0*(\d+)\s*项?[.、]?")
_TOTAL = re.compile(r"(.*(合计|小计|总计|共计|累计|累积|汇总|总数|总和)|(sub|grand)?total|sum)[行数表]?(\W.*)?|其中.*")
_N = r"(\d{1,2}|十?[一二三四五六七八九十])"
_PERIOD = re.compile(
    rf"截[至止]?到?|20\d\d([年./-]?{_N}?月份?|[./-]\d{{1,2}}|0[1-9]|1[0-2]|年度?)({_N}日|[./-]\d{{1,2}}|[0-3]\d)?[底末]?"
    rf"|202\d(?!\d)|(?<!\d)1?\d/[0-3]?\d(?!\d)|(?<!\d)2\d(年|\.\d{{1,2}}(?!\d))|(?<!\d){_N}月份?({_N}日)?[底末]?|前?第?[一二三四1-4]季度?|q[1-4]|[上下]半年|[本当上]月|[本今去上全]年度?|年[中底末]"
    r"|[本上]期|第?\d{1,2}周|[上中下]旬|目前|最新|(?<![a-z])(jan(uary)?|feb(ruary)?|mar(ch)?|apr(il)?|may|june?|july?|aug(ust)?|sept?(ember)?"
    r"|oct(ober)?|nov(ember)?|dec(ember)?)(?![a-z])"
    r"|已?(完成|完工|竣工|开工)|未开工|在建|前期|推进中|进行中"
)
#: What a row may call the whole of its zone beside the zone's and the project's name.
_OF_ALL = re.compile(
    r"全[市区片镇部]+|整体|总体|本?辖区|总量|本[区级市]|所有|各(项|处|片?区)|主?城区|情况|进[度展]|实施|工作|数量?|整个|面上"
    r"|共?\d+[条个座处家段]|(片区|总)$"
)
#: Where a name goes on, and is no other of the same beginning: 1号 and 11号, 园区十 and 园区十一.
_GOES_ON = re.compile(r"\d\d|[一二三四五六七八九十]{2}|[a-z]{2}")
_NUMBERED = re.compile(rf"^(\(?({_N}|\d+)[).、:]+)+")
_LISTED = re.compile(r"[、,;/&]")


class ProjectRows(NamedTuple):
    """The rows of a table of projects, (n,) each.

    Attributes
    ----------
    number
        Of the library.
    home
        The district, or the area, or the city; None where neither the row nor its place tells.
    whole
        Whether nothing but its home tells what it is of: it has no name of its own, and no place; or its name is the
        beginning of another's there (东升路 beside 东升路北段), or one of several in it.
    done, total
        NaN where the row does not say it.
    label
        Its home, and what the table calls it; empty where it is the city's and has no name.
    unit
        As it says it; empty where it says none.
    below
        The district, or the area, of the rows that it stands under, where it says none: a merged cell of a table that was saved
        as text looks like that. None of all others.
    """

    number: NDArray[np.int64]
    home: NDArray[np.object_]
    whole: NDArray[np.bool_]
    done: NDArray[np.float64]
    total: NDArray[np.float64]
    label: NDArray[np.object_]
    unit: NDArray[np.str_]
    below: NDArray[np.object_]

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
    refuse_unclear_columns(table)
    number = _numbers(table, projects)
    zones = _called(parents, city)
    own, called, titled = _own_names(table, number, projects, zones)
    _refuse_row_numbers(table, number, titled, end=max((each.number for each in projects), default=0))
    unit = _units(table)
    _refuse_units(unit, number, projects)
    home = _homes(table, zones, parents, districts, called)
    placed = (
        ~table.geometry.isna().to_numpy() if isinstance(table, gpd.GeoDataFrame) else np.zeros(len(table), np.bool_)
    )
    whole = (own == "") & (~placed | (called != ""))
    whole |= ~placed & _hold_others(table, number, home, own)
    home[whole & pd.isna(home)] = ALL
    _refuse_twice(table, number, home, own)
    done, total = figures(table, "done"), figures(table, "total")
    shares = {each.number for each in projects if each.unit in PERCENT}
    of_hundred = np.isin(unit, PERCENT) & np.isin(number, list(shares)) & np.isfinite(done) & np.isnan(total)
    total = np.where(of_hundred, _HUNDRED, total)
    _refuse_impossible(number, done, total, projects)
    label = np.array([_label(zone, name) for zone, name in zip(home, _said_names(table), strict=True)], dtype=object)
    return ProjectRows(number, home, whole, done, total, label, unit, _below(number, home))


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


def lies_in(table: pd.DataFrame, districts: gpd.GeoDataFrame | None) -> NDArray[np.object_]:
    """The district in which each row lies; None where it has no place, or lies in none.

    Examples
    --------
    >>> square = gpd.GeoDataFrame({"zone": ["甲"]}, geometry=[shapely.box(0, 0, 9, 9)], crs=4549)
    >>> rows = gpd.GeoDataFrame(geometry=[shapely.Point(1, 1), shapely.Point(99, 1), None], crs=4549)
    >>> lies_in(rows, square).tolist()
    ['甲', None, None]
    """
    found = np.full(len(table), None, dtype=object)
    if districts is not None and isinstance(table, gpd.GeoDataFrame) and not table.geometry.isna().all():
        names = districts["zone"].astype(object).to_numpy()
        spots = gpd.GeoSeries(shapely.point_on_surface(table.geometry.to_numpy()), crs=table.crs)
        where = locate(spots, districts)
        found[where >= 0] = names[where[where >= 0]]
    return found


def _called(parents: Mapping[str, str], city: Collection[str]) -> dict[str, str]:
    """Each zone by what it is called."""
    names = dict.fromkeys(map(same_name, (*CITY, *city, *(f"{name}市" for name in city))), ALL)
    names |= {same_name(area): area for area in parents.values()}
    return names | {same_name(said): name for name in parents for said in (name, f"{name}片区")}


def _own_names(
    table: pd.DataFrame, number: NDArray[np.int64], projects: Sequence[PlanProject], zones: Mapping[str, str]
) -> tuple[NDArray[np.str_], NDArray[np.str_], NDArray[np.bool_]]:
    """What each row is called beside its project, its zone, its month and its state, and the zone that it is called by; empty
    where it is called nothing else, and by none. Last, which are called as their project, or as it begins.

    Refused is a row that is called as another project than its number's, in fewer or more words.
    """
    titles = {each.number: [_bare(same_name(each.title(lang))) for lang in ("zh", "en")] for each in projects}
    names = {_bare(name): zone for name, zone in sorted(zones.items(), key=lambda pair: -len(pair[0]))}
    own, called, titled, wrong = [], [], [], []
    for said, item in zip(_said_names(table), number, strict=True):
        name = _bare(_undated(said))
        # A title may hold what else is a word for the city, or for all: 市、区城市运行…, 数字园林….
        beside = re.sub("|".join(map(re.escape, titles[item])), "", name)
        zone = next((each for each in names if each in beside), "")
        rest = _OF_ALL.sub("", beside.removeprefix(str(item)).replace(zone, "", 1))
        begun = [said for said in (rest, name) if len(said) > 1]
        mine = [said for title in titles[item] for said in (title, _OF_ALL.sub("", title))]
        titled.append((beside != name and not rest) or any(title.startswith(said) for title in mine for said in begun))
        titled[-1] |= len(rest) > 2 and any(_shortens(rest, title) for title in mine[:2])
        other = [each for each in projects if _named_as(rest, titles[each.number][0])]
        if len(other) == 1 and other[0].number != item and beside == name and not titled[-1]:
            wrong.append(_other_name(said, item, other[0]))
        alone = not rest or (rest.isdigit() and beside == name) or titled[-1]
        own.append("" if alone else name)
        called.append(names[zone] if alone and zone else "")
    collect(wrong)
    return np.array(own, dtype=np.str_), np.array(called, dtype=np.str_), np.array(titled, dtype=np.bool_)


def _named_as(rest: str, title: str) -> bool:
    """Whether a row's name is that of a project as people write it: 断头路, 口袋公园建设项目 or 供水设施二次改造, but no word of two letters.

    A name that goes on is of something else: 老旧小区改造配套雨水管网.
    """
    return (
        (title in rest and len(rest) <= len(title) + _MOST_BESIDE)
        or (len(rest) > 2 and title.startswith(rest))
        or (len(rest) > 3 and _shortens(rest, title))
        or (len(rest) > _REORDERED and not Counter(rest) - Counter(title))
    )


def _shortens(name: str, title: str) -> bool:
    """Whether a name leaves out letters of a Chinese title, and no more: 二次供水改造, 信号灯."""
    letters = iter(title)
    return all(letter in letters for letter in name)


def _other_name(said: Any, item: int, other: PlanProject) -> InputError:
    return InputError(
        zh=f"项目表：第 {item} 项一行的名称是“{quoted(said)}”，像是项目库第 {other.number} 项“{other.zh}”；序号须是项目库序号，"
        "请改正序号或名称。",
        en=f"Projects: a row of item {item} is called {quoted(said)!r}, as item {other.number} of the library is, "
        f"{other.title('en')}; the number must be that of the library. Correct number or name.",
    )


def _below(number: NDArray[np.int64], home: NDArray[np.object_]) -> NDArray[np.object_]:
    """Of rows without a home the district or area that the rows above say, as long as they are of the same project; of any where
    the rows of a project are not all together: such a table goes by district.
    """
    found = np.full(len(home), None, dtype=object)
    by_project = (number[1:] != number[:-1]).sum() < len({*number})
    for at in range(1, len(home)):
        if home[at] is None and (number[at] == number[at - 1] or not by_project):
            found[at] = found[at - 1] or (None if home[at - 1] == ALL else home[at - 1])
    return found


def _said_names(table: pd.DataFrame) -> list[Any]:
    return table["name"].tolist() if "name" in table.columns else [None] * len(table)


def _label(zone: Any, name: Any) -> str:
    """What a row is called on its page: 老城 东升路; nothing where it is the city's and has no name."""
    where = "" if zone in {ALL, None} else zone
    return quoted(f"{where} {name}".strip() if same_name(name) and same_name(name) != same_name(where) else where)


def _undated(name: Any) -> str:
    """A name without the number that it may begin with, months and states, which tell no projects apart."""
    return _PERIOD.sub("", _NUMBERED.sub("", same_name(name)))


def _bare(name: str) -> str:
    """Letters and digits alone."""
    return re.sub(r"[^\w]", "", name)


def _hold_others(
    table: pd.DataFrame, number: NDArray[np.int64], home: NDArray[np.object_], own: NDArray[np.str_]
) -> NDArray[np.bool_]:
    """Which rows may be a whole of others of their project and home by their names; of those without a home, of any."""
    begun: set[tuple[int, Any, str]] = set()
    for said, item, zone, name in zip(_said_names(table), number, home, own, strict=True):
        pieces = [_bare(piece) for piece in _LISTED.split(_undated(said))] if name else []
        found = {piece[:end] for piece in pieces for end in range(1, len(piece)) if not _GOES_ON.match(piece, end - 1)}
        if len(pieces) > 1:
            found |= {*pieces}
        begun |= {(item, zone, word) for word in found}
        if zone is not None:
            begun |= {(item, None, word) for word in (*found, name)}
    return np.array([key in begun for key in zip(number, home, own, strict=True)], dtype=np.bool_)


def _refuse_row_numbers(table: pd.DataFrame, number: NDArray[np.int64], titled: NDArray[np.bool_], *, end: int) -> None:
    """Refuse numbers that may count the rows, anew from 1 in each district or below each project, or not: row 2 is not of item 2 of
    the library.

    They begin at 1 and go on by one (a row more of the same is of the same), no name says what they say, and they never reach
    the library's end; rows without any name are of nothing but their number, unless there is one for each district.
    """
    if "item" not in table.columns or not len(number) or end in number:
        return
    before = np.concatenate([[0], number[:-1]])
    bare = table["item"].map(lambda said: same_name(said).rstrip(".、").isdigit()).to_numpy(dtype=np.bool_) & ~titled
    counts = bare & ((number == 1) | (number == before) | (number == before + 1))
    named = np.array([bool(same_name(said)) for said in _said_names(table)], dtype=np.bool_)
    districts = table["district"].map(same_name) if "district" in table.columns else pd.Series(dtype="str")
    by_district = len(districts) > _FEW and bool((districts != "").all()) and districts.is_unique
    alone = bool(counts.all()) and len({*number}) >= _FEW and (by_district or bool(named.any()))
    # 22 断头路打通工程, and below it 1 东升路, 2 西升路.
    below = named & counts
    under = titled[:-2] & (number[:-2] != 1) & below[1:-1] & (number[1:-1] == 1) & below[2:] & (number[2:] == _FEW)
    if alone or bool(under.any()):
        raise InputError(
            zh="项目表：项目库序号从 1 起逐行递增，名称与项目库也都对不上，像是表中的行号，而不是项目库的序号。请填写项目库序号；"
            "确是项目库序号的写成“第1项”，行号的列名改为“序号”。",
            en="Projects: the numbers begin at 1 and go on row by row, and no name agrees with the library: they seem to count the rows. Write "
            "the number of the library (第1项 where it is that, column item; 序号 counts rows).",
        )


def _refuse_units(units: NDArray[np.str_], number: NDArray[np.int64], projects: Sequence[PlanProject]) -> None:
    """Refuse rows that say another unit than the plan's: 120 m are not 120 km, nor is 万元 a number of things or of a share."""
    wrong = []
    for project in projects:
        mine = [word for word in dict.fromkeys(units[number == project.number]) if word]
        if project.unit in KILOMETRES:
            bad = [word for word in mine if any(piece not in KILOMETRES for piece in pieces(word))]
        elif project.unit not in ("", *PERCENT):
            bad = [word for word in mine if not all(map(THINGS.fullmatch, pieces(word)))]
            if project.unit not in _PEOPLE:
                bad += [word for word in mine if word not in bad and not _PEOPLE.isdisjoint(pieces(word))]
        else:  # a share of any whole, but of one
            bad = mine if len(mine) > 1 else [word for word in mine if re.search(r"(?<!单)元|币|yuan|rmb|cny", word)]
        if bad:
            wrong.append(
                InputError(
                    zh=f"项目表：第 {project.number} 项“{project.zh}”的单位是{listed(bad, 'zh')}，规划以"
                    f"{project.unit or '完成的比例'}计；请换算，每个项目只用一个单位（表头上方的“单位：…”不是完成量的，请在“单位”列写明）。",
                    en=f"Projects: item {project.number}, {project.title('en')}, is given in {listed(bad, 'en')}, and the plan counts "
                    f"{project.unit_of('en') or 'how many'}; convert it, and write one unit a project (column unit, where a line above the "
                    "heads means another column).",
                )
            )
    collect(wrong)


def _units(table: pd.DataFrame) -> NDArray[np.str_]:
    """The unit that each row says, or its name ends with; nothing where it says none."""
    said = table["unit"].tolist() if "unit" in table.columns else [None] * len(table)
    found = []
    for unit, name in zip(map(same_name, said), map(same_name, _said_names(table)), strict=True):
        ends = _NAMED_UNIT.fullmatch(name)
        found.append(unit if is_unit(unit) else ends[1] if ends else "")
    return np.array(found, dtype=np.str_)


def _refuse_twice(
    table: pd.DataFrame, number: NDArray[np.int64], home: NDArray[np.object_], own: NDArray[np.str_]
) -> None:
    """Refuse rows that nothing tells apart: item, district, name or place. What is done so far would count once a month."""
    said = _said_names(table)
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
        says = (_no_share,) if project.unit in PERCENT else (_far_more, _no_number)
        wrongs = [each for says_of in says for each in says_of(project, done[rows], total[rows])]
        found = [(at, zh, en) for mask, zh, en in wrongs for at in rows[mask]]
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


def _far_more(project: PlanProject, done: NDArray[np.float64], total: NDArray[np.float64]) -> _Found:
    """Metres where kilometres are meant, money or a date where a number of things is, in what is done or in the total."""
    says = (
        f"比规划全市的目标多十倍以上，像是以米计的，或是金额、日期，请改为{project.unit}（确是如此的分行填，名称不同）",
        "more than ten times the plan's target of the city: it looks like metres, money or a date. Write "
        + ("km" if project.unit in KILOMETRES else "how many (so many indeed in several rows with names)"),
    )
    return [((done > project.far_more) | (total > project.far_more), *says)]


def _no_number(project: PlanProject, done: NDArray[np.float64], total: NDArray[np.float64]) -> _Found:
    """How far a project has come, in percent or as a fraction, where the number of things is meant: 60 % of one street are not 60."""
    says = (
        f"像是完成率，这一项以{project.unit}计，请填完成的数量（没有全部完成的填 0；计划量恰为 100 的分两行填，名称不同）",
        "it looks like a percentage. Write how many are done (0 of one not done in full; of exactly 100 two rows with names)",
    )
    hundred = (total == _HUNDRED) | (np.isnan(total) & (done == _HUNDRED))
    few = max(project.target(2025), project.target(2027)) < _HUNDRED
    percent = hundred if few or (len(total) > 1 and hundred.all()) else np.zeros(len(total), np.bool_)
    broken = np.isfinite(done) & (done % 1 != 0) & (project.unit not in KILOMETRES)
    return [(percent | broken, *says)]


def _numbers(table: pd.DataFrame, projects: Sequence[PlanProject]) -> NDArray[np.int64]:
    """The project of each row: by its number, else by its name."""
    known = {project.number for project in projects}
    titles = {same_name(project.title(lang)): project.number for project in projects for lang in ("zh", "en")}
    found, wrong = np.zeros(len(table), dtype=np.int64), []
    for at in range(len(table)):
        called = [str(table[name].iloc[at]).strip() for name in ("item", "name") if _says(table, name, at)]
        beside = [str(table["district"].iloc[at])] if _says(table, "district", at) else []
        totals = [word for word in (*called, *beside) if _TOTAL.fullmatch(same_name(word))]
        items = [int(match[1]) for word in called if (match := _ITEM.fullmatch(unicodedata.normalize("NFKC", word)))]
        named = dict.fromkeys(
            [*(n for n in items if n in known), *(n for word in called if (n := _titled_as(word, titles)))]
        )
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
                    zh=f"项目表：第 {at + 1} 行数据没有项目库序号（item），也没有项目名称；合并的单元格请逐行填写，不是项目的行（第二行表头、备注）请删去。",
                    en=f"Projects: row {at + 1} of the data has no number of the library (item) and no name. Fill in merged cells row by row, and "
                    "take out what is no project (a second head, a remark).",
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
                    zh=f"项目表：项目库中没有“{what}”{hint.zh}请填写项目库序号（列名为“项目库序号”或 item，“序号”只是表中的编号；合并的序号逐行填写）。"
                    "不是项目的行请删去：备注、填表人，以及片区名的标题行（片区逐行填在“片区”列）。",
                    en=f"Projects: the library has no {what!r}{hint.en} Give its number there (column item; 序号 counts rows), in each row "
                    "of a merged cell. Take out what is no project: remarks, and the name of a district above its rows (column district).",
                )
            )
        else:
            found[at] = next(iter(named))
    collect(wrong)
    return found


def _titled_as(word: str, titles: Mapping[str, int]) -> int | None:
    """The project of a title, which its own number may stand before: 22、断头路打通工程, but not a number of the rows."""
    title = same_name(word)
    before = _NUMBERED.match(title)
    if title in titles or before is None:
        return titles.get(title)
    number = titles.get(title[before.end() :])
    return number if str(number) in re.findall(r"\d+", before[0]) else None


def _says(table: pd.DataFrame, name: str, at: int) -> bool:
    return name in table.columns and bool(same_name(table[name].iloc[at]))


def _homes(
    table: pd.DataFrame,
    zones: Mapping[str, str],
    parents: Mapping[str, str],
    districts: gpd.GeoDataFrame | None,
    called: NDArray[np.str_],
) -> NDArray[np.object_]:
    """The district of each row, or the area, or the city, as it says, else where it lies, else as it is called."""
    homes = lies_in(table, districts)
    wrong = []
    for at in range(len(table)):
        if _says(table, "district", at):
            said = str(table["district"].iloc[at])
            if same_name(said) in zones or not parents:
                homes[at] = zones.get(same_name(said), same_name(said))
                continue
            hint = nearest(said, [*parents])
            wrong.append(
                InputError(
                    zh=f"项目表：没有片区“{quoted(said)}”{hint.zh}一行填一个片区，或区名、全市（跨片区的分行填，街道填所属的片区）。",
                    en=f"Projects: there is no district {quoted(said)!r}{hint.en} A row is of one district, or of an area or the whole city "
                    "(of several write several rows).",
                )
            )
        elif homes[at] is None and _says(table, "name", at):
            homes[at] = ALL if same_name(table["name"].iloc[at]).startswith(CITY[0]) else called[at] or None
    collect(wrong)
    return homes
