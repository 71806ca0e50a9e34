"""The library of projects: what of each is done, by district, area and city, from the table of projects."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from jxgis.bounds import at_least, at_most, widened
from jxgis.errors import InputError, collect
from jxgis.i18n import Text, listed, text_pair
from jxgis.privacy import quoted
from jxgis.schema.layers import nearest, same_name
from jxgis.scorecard.brought import CITY
from jxgis.scorecard.targets import PERCENT, WHOLES
from jxgis.space.points import locate
from jxgis.space.ratio import ratio
from jxgis.zones import ALL

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from numpy.typing import NDArray

    from jxgis.scorecard.targets import PlanProject

__all__ = ["beyond_total", "done_in_all", "project_progress"]

#: So many times what the city is to reach is no length in km that a row has done.
_TIMES = 10
_KILOMETRES = ("公里", "千米", "km")
_TOTAL = re.compile(r".*(合计|小计|总计|共计)|(sub)?total")


def project_progress(
    table: pd.DataFrame,
    zones: gpd.GeoDataFrame,
    projects: Sequence[PlanProject],
    *,
    year: int,
    lang: str = "zh",
    city: Collection[str] = (),
) -> pd.DataFrame:
    """Add up what is done of each project of the plan, by district, area and city.

    Parameters
    ----------
    table
        The layer ``projects``: ``item`` (number of the library) or ``name`` (as the library has it), ``done``, ``total``,
        and ``district`` (of the whole city, or of one of its areas, where the row is of these) or a geometry, which says
        in which district it lies.
    zones
        From `space.levels.zones_by_level`.
    projects
        The plan's library.
    year
        Whose total decides: 2025 or 2027.
    lang
        Language of the names.
    city
        What the city is called beside 全市.

    Returns
    -------
    pandas.DataFrame
        A row a project and zone that has any row of it, the city always: ``project, label, group, unit, zone, level, rows,
        done, total`` (each where all of its rows say it), ``progress`` (done over total), ``value`` (done; of a project in %
        ``progress`` times 100, none where the totals are the plan's percentage and not the whole that it is of), ``target_2025, target_2027`` (of the city, and of it alone), ``said`` (what the plan says
        for the year where it has no number), ``status`` (``met``, ``below``, ``no_data``) and ``reason``. Sums of districts are those of their area;
        rows that lie in no district count for the city alone. Where a row of the city or of an area stands beside rows of
        its parts, or in a project in % a total of 100 beside others, there is no sum.

    Raises
    ------
    InputError
        If a row names no project of the library, or two, or a district that there is not, or is a total; if nothing
        tells two rows apart; of a project in % if more is done than there is, or a fraction stands beside a number.

    Examples
    --------
    >>> from jxgis.scorecard.targets import load_plan
    >>> from jxgis.space.levels import zones_by_level
    >>> halves = gpd.GeoDataFrame({"name": ["东", "西"]}, geometry=shapely.box([0, 5], 0, [5, 9], 9), crs=4549)
    >>> rows = pd.DataFrame({"item": ["37", "37"], "district": ["东", "西"], "done": [3.0, 5.5], "total": [10.0, 15.0]})
    >>> found = project_progress(rows, zones_by_level(halves), load_plan().projects, year=2025)
    >>> found[found["project"] == 37][["zone", "done", "target_2025", "status"]].values.tolist()
    [['all', 8.5, 7.0, 'met'], ['东', 3.0, nan, 'no_data'], ['西', 5.5, nan, 'no_data']]
    """
    districts = zones[zones["level"] == "district"]
    number = _numbers(table, projects)
    home = np.array(_homes(table, zones, city), dtype=object)
    _refuse_twice(table, number, home, projects)
    done, total = (_column(table, name) for name in ("done", "total"))
    _refuse_impossible(number, done, total, projects)
    parents = dict(zip(districts["zone"], districts["parent"], strict=True))
    rows = []
    for project in projects:
        mine = number == project.number
        at, own_done, own_total = home[mine], done[mine], total[mine]
        twice = _beside_parts(at, parents)
        for zone, level in zip(zones["zone"], zones["level"], strict=True):
            if level not in WHOLES:
                continue
            of = np.array([zone in (ALL, each, parents.get(each)) for each in at], dtype=np.bool_)
            if level != "city" and not of.any():
                continue
            row = _row(project, zone, level, own_done[of], own_total[of], year, lang)
            doubt = "whole_beside_parts" if zone in twice else "percent_beside_numbers"
            if zone in twice or (project.unit in PERCENT and _hundred_beside_others(own_total[of])):
                sums = dict.fromkeys(("done", "total", "progress", "value"), np.nan)
                row |= {**sums, "status": "no_data", "reason": doubt}
            elif np.isfinite(row["value"]) and _plans_own_percent(project, own_total):
                row |= {"value": np.nan, "status": "no_data", "reason": "total_is_percent"}
            rows.append(row)
    return pd.DataFrame(rows)


def done_in_all(
    table: pd.DataFrame, projects: Sequence[PlanProject], number: int, wholes: Collection[str] = ()
) -> float:
    """What is done of one project in all its rows; NaN where there is none, one of them does not say it, or a row of the
    city or of an area (``wholes``: what these are called beside 全市) may be the total of others.

    Examples
    --------
    >>> from jxgis.scorecard.targets import load_plan
    >>> done_in_all(pd.DataFrame({"item": ["40", "40"], "name": ["a", "b"], "done": [2.0, 1.0]}), load_plan().projects, 40)
    3.0
    """
    numbers = _numbers(table, projects)
    said = table.get("district", pd.Series(index=table.index, dtype="object"))
    home = np.array([same_name(name) if pd.notna(name) else None for name in said], dtype=object)
    _refuse_twice(table, numbers, home, projects)
    mine = numbers == number
    done, homes = _column(table, "done")[mine], {name for name in home[mine] if name}
    of_whole = homes & {same_name(name) for name in _city_names(wholes)}
    return float(done.sum()) if len(done) and (len(homes) == 1 or not of_whole) else np.nan


def beyond_total(table: pd.DataFrame) -> list[Text]:
    """A note on the rows in which more is done than was planned: each may be right, and each moves a share beyond 100 %.

    Examples
    --------
    >>> beyond_total(pd.DataFrame({"item": ["3", "4"], "done": [8.0, 1.0], "total": [5.0, 2.0]}))[0].en
    'Projects in which more is done than planned: 3 (8 of 5). Check the figures.'
    """
    done, total = (_column(table, name) for name in ("done", "total"))
    named = pd.DataFrame(table).reindex(columns=["item", "name"]).astype("object").bfill(axis=1)["item"]
    over = np.flatnonzero(np.isfinite(done) & np.isfinite(total) & ~at_most(done, total))
    rows = [
        text_pair("scorecard.done_of", item=quoted(named.iloc[at]), done=f"{done[at]:g}", total=f"{total[at]:g}")
        for at in over
    ]
    return [text_pair("scorecard.beyond_total", rows=rows)] if rows else []


def _row(
    project: PlanProject,
    zone: str,
    level: str,
    done: NDArray[np.float64],
    total: NDArray[np.float64],
    year: int,
    lang: str,
) -> dict[str, Any]:
    # A row without a figure leaves no sum: one of the others would be less than the whole.
    all_done, all_total = (float(each.sum()) if len(each) else np.nan for each in (done, total))
    progress = float(ratio(all_done, all_total))
    value = 100 * progress if project.unit in PERCENT else all_done
    targets = [project.target(of) if level == "city" else np.nan for of in (2025, 2027)]
    wanted = targets[0 if year == 2025 else 1]
    said = (project.said_2025 if year == 2025 else project.said_2027) if level == "city" else ""
    known = not (np.isnan(value) or np.isnan(wanted))
    untold = "rows_untold" if project.unit in PERCENT else "done_untold"
    lacking = untold if np.isfinite(done).any() else "no_progress"
    reason = lacking if np.isnan(value) else "" if known else "not_a_number" if said else "city_target_only"
    return {
        "project": project.number,
        "label": project.title(lang),
        "group": project.group,
        "unit": project.unit,
        "zone": zone,
        "level": level,
        "rows": len(done),
        "done": all_done,
        "total": all_total,
        "progress": progress,
        "value": value,
        "target_2025": targets[0],
        "target_2027": targets[1],
        "said": said or None,
        "status": ("met" if at_least(value, wanted) else "below") if known else "no_data",
        "reason": reason or None,
    }


def _plans_own_percent(project: PlanProject, total: NDArray[np.float64]) -> bool:
    """Whether the totals of a project in % are the plan's percentage, each or together, and so no whole that a share is of: 10 of
    15 % would stand there as 67 %. Of 100 % both are one. A cell that Excel shows as 15% holds 0.15.
    """
    aims = [aim for year in (2025, 2027) if (aim := project.target(year)) != 100]
    wanted, said = [*aims, *(aim / 100 for aim in aims)], total[np.isfinite(total)]
    if project.unit not in PERCENT or not said.size:
        return False
    return bool(np.isclose(said[:, None], wanted).any(axis=1).all() or np.isclose(said.sum(), wanted).any())


def _hundred_beside_others(total: NDArray[np.float64]) -> bool:
    """Whether some totals are 100, of percent most likely, and others are numbers: their sum is neither."""
    said = total[np.isfinite(total)]
    return bool((said == 100).any() and (said != 100).any())


def _beside_parts(home: NDArray[np.object_], parents: Mapping[str, str]) -> set[str]:
    """The wholes of which rows stand beside rows of their parts and may be their total, of today or of an earlier month; the
    city with them.
    """
    twice = set()
    for zone in {*parents.values(), ALL}:
        parts = [at for at in home if at not in {None, zone} and zone in {ALL, parents.get(at)}]
        if zone in home and parts:
            twice |= {zone, ALL}
    return twice


def _refuse_twice(
    table: pd.DataFrame, number: NDArray[np.int64], home: NDArray[np.object_], projects: Sequence[PlanProject]
) -> None:
    """Refuse rows that nothing tells apart: item, district, name or place. What is done so far would count once a month."""
    library = {same_name(project.zh) for project in projects} | {str(project.number) for project in projects}
    names = table["name"] if "name" in table.columns else [None] * len(table)
    own = ["" if pd.isna(name) or same_name(name) in library else same_name(name) for name in names]
    place = table.geometry.to_wkb() if isinstance(table, gpd.GeoDataFrame) else [None] * len(table)
    keys = pd.DataFrame({"item": number, "at": home, "name": own, "place": place}, dtype="object")
    wrong = []
    for (item, at, name, _), rows in keys[keys.duplicated(keep=False)].fillna("").groupby([*keys.columns], sort=False):
        called = "".join(f" “{quoted(word)}”" for word in (at, name) if word not in {"", ALL})
        wrong.append(
            InputError(
                zh=f"项目表：第 {item} 项{called}有 {len(rows)} 行没有区分，可能是同一项目的几期，相加会重复计算；"
                "每个项目请只留最近一行，不同的项目请填不同的名称（name）。",
                en=f"Projects: nothing tells the {len(rows)} rows of item {item}{called} apart, and of several dates of one project "
                "each would count. Leave the latest of each, and give names to those that are different (name).",
            )
        )
    collect(wrong)


def _refuse_impossible(
    number: NDArray[np.int64], done: NDArray[np.float64], total: NDArray[np.float64], projects: Sequence[PlanProject]
) -> None:
    """Refuse what can be no length in km, and no share of a project in %: a fraction of a number of things, more than there is."""
    wrong = []
    for project in projects:
        rows = np.flatnonzero(number == project.number)
        if project.unit in _KILOMETRES:
            most = _TIMES * max(project.target(2025), project.target(2027))
            wrong += [
                InputError(
                    zh=f"项目表：第 {project.number} 项“{project.zh}”，完成量 {done[at]:g}：像是以米计的，请改为{project.unit}。",
                    en=f"Projects: item {project.number}, {project.title('en')}, {done[at]:g} done: it looks like metres. Write km.",
                )
                for at in rows
                if done[at] > widened(most)
            ]
        if project.unit not in PERCENT or not rows.size:
            continue
        others = bool((total[rows] > 1).any())
        for at in rows:
            if others and 0 < done[at] < 1 <= total[at]:
                zh = "像是小数（0.6）而不是百分数（60；Excel 中显示为 60% 的单元格存的是 0.6），请改为百分数（计划量为 100），或都填数量"
                en = (
                    "it looks like a fraction (0.6), not percent (60; a cell that Excel shows as 60% holds 0.6). "
                    "Write percent, of 100, or numbers in both"
                )
            elif not at_most(done[at], total[at]) and np.isfinite([done[at], total[at]]).all():
                zh = "完成量大于计划量。按 % 计的项目，计划量是全部的量（填百分数时为 100），请改正"
                en = "more is done than there is. The total of a project in % is the whole (100 of percent); correct it"
            else:
                continue
            name, of = f"{done[at]:g}", f"{total[at]:g}"
            wrong.append(
                InputError(
                    zh=f"项目表：第 {project.number} 项“{project.zh}”，完成量 {name}，计划量 {of}：{zh}。",
                    en=f"Projects: item {project.number}, {project.title('en')}, {name} done of {of}: {en}.",
                )
            )
    collect(wrong)


def _city_names(city: Collection[str]) -> tuple[str, ...]:
    return (*CITY, *city, *(f"{name}市" for name in city))


def _column(table: pd.DataFrame, name: str) -> NDArray[np.float64]:
    if name not in table.columns:
        return np.full(len(table), np.nan)
    return pd.to_numeric(table[name]).to_numpy(dtype=np.float64)


def _numbers(table: pd.DataFrame, projects: Sequence[PlanProject]) -> NDArray[np.int64]:
    """The project of each row: by its number, else by its name."""
    known = {str(project.number): project.number for project in projects}
    known |= {same_name(project.zh): project.number for project in projects}
    found, wrong = np.zeros(len(table), dtype=np.int64), []
    for at in range(len(table)):
        called = [table[name].iloc[at] for name in ("item", "name") if name in table.columns]
        called = [str(word).strip() for word in called if pd.notna(word)]
        keys = [word.removeprefix("第").removesuffix("项").lstrip("0") for word in called]
        named = {known[key]: None for key in (*keys, *map(same_name, called)) if key in known}
        if any(_TOTAL.fullmatch(same_name(word)) for word in called):
            wrong.append(
                InputError(
                    zh=f"项目表：{listed(map(quoted, called), 'zh')} 是合计行，会重复计算；请删去。",
                    en=f"Projects: {listed(map(quoted, called), 'en')} is a total, and would count twice. Take it out.",
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
            hint = nearest(called[0] if called else "", [project.zh for project in projects])
            what = quoted(called[0] if called else "")
            wrong.append(
                InputError(
                    zh=f"项目表：项目库中没有“{what}”{hint.zh}请填写项目库序号（item）。",
                    en=f"Projects: the library has no {what!r}{hint.en} Give its number there (item).",
                )
            )
        else:
            found[at] = next(iter(named))
    collect(wrong)
    return found


def _homes(table: pd.DataFrame, zones: gpd.GeoDataFrame, city: Collection[str]) -> list[str | None]:
    """The district of each row, or the area, or the city, as it says, else where it lies; None where neither tells."""
    districts = zones[zones["level"] == "district"]
    names = [str(name) for name in districts["zone"]]
    plain = dict.fromkeys(map(same_name, _city_names(city)), ALL)
    plain |= {same_name(str(area)): str(area) for area in zones.loc[zones["level"] == "area", "zone"]}
    plain |= {same_name(called): name for name in names for called in (name, f"{name}片区")}
    homes: list[str | None] = [None] * len(table)
    if isinstance(table, gpd.GeoDataFrame) and not table.geometry.isna().all():
        spots = gpd.GeoSeries(shapely.point_on_surface(table.geometry.to_numpy()), crs=table.crs)
        homes = [names[at] if at >= 0 else None for at in locate(spots, districts)]
    if "district" in table.columns:
        wrong = []
        for at, said in enumerate(table["district"]):
            if pd.isna(said) or not str(said).strip():
                continue
            if same_name(str(said)) not in plain:
                hint = nearest(str(said), names)
                wrong.append(
                    InputError(
                        zh=f"项目表：没有片区“{quoted(said)}”{hint.zh}",
                        en=f"Projects: there is no district {quoted(said)!r}{hint.en}",
                    )
                )
                continue
            homes[at] = plain[same_name(str(said))]
        collect(wrong)
    return homes
