"""The library of projects: what of each is done, by district, area and city, from the table of projects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd

from jxgis.bounds import at_least, at_most
from jxgis.i18n import Text, few, text, text_pair
from jxgis.privacy import quoted
from jxgis.schema.tables import table as declared
from jxgis.scorecard.project_rows import figures, lies_in, project_rows
from jxgis.scorecard.targets import KILOMETRES, PERCENT, WHOLES
from jxgis.space.ratio import ratio
from jxgis.zones import ALL

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from numpy.typing import NDArray

    from jxgis.scorecard.project_rows import ProjectRows
    from jxgis.scorecard.targets import PlanProject

__all__ = [
    "as_the_others",
    "beyond_total",
    "done_in_all",
    "lying_elsewhere",
    "of_no_district",
    "project_progress",
    "taken_as_kilometres",
    "without_done",
]

#: Units of a project whose rows are steps of one thing: two phases in each of two districts are not four.
_STEPS = ("期", "次")
#: A row of more than so many times what the plan has for the city may be in another unit.
_TWICE = 2


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
        rows_named`` (which were added up), ``done, total`` (each where all of its rows say it), ``progress`` (done over total), ``value`` (done; of a project in %
        ``progress`` times 100, none where the totals are the plan's percentage and not the whole that it is of), ``target_2025, target_2027`` (of the city, and of it alone), ``said`` (what the plan says
        for the year where it has no number), ``status`` (``met``, ``below``, ``no_data``) and ``reason``. Sums of districts are those of their area;
        rows that lie in no district count for the city alone; those that stand under rows of a district without saying any leave it and its area
        without a sum, since they may be of it. There is no sum where a row of the city or of an area stands
        beside rows of its parts, or one that is called by no name of its own beside others of its zone; of percentages,
        alone or beside numbers; of phases of one thing; nor where a row of more than twice the plan's number says no unit.

    Raises
    ------
    InputError
        If a row names no project of the library, or two, or a district that there is not, or is a total; if nothing
        tells two rows apart; of a project in % if more is done than there is, or a fraction stands beside a number; if a
        number of things is a percentage, or km are metres.

    Examples
    --------
    >>> import shapely
    >>> from jxgis.scorecard.targets import load_plan
    >>> from jxgis.space.levels import zones_by_level
    >>> halves = gpd.GeoDataFrame({"name": ["东", "西"]}, geometry=shapely.box([0, 5], 0, [5, 9], 9), crs=4549)
    >>> rows = pd.DataFrame({"item": ["37", "37"], "district": ["东", "西"], "done": [3.0, 5.5], "total": [10.0, 15.0]})
    >>> found = project_progress(rows, zones_by_level(halves), load_plan().projects, year=2025)
    >>> found[found["project"] == 37][["zone", "done", "target_2025", "status"]].values.tolist()
    [['all', 8.5, 7.0, 'met'], ['东', 3.0, nan, 'no_data'], ['西', 5.5, nan, 'no_data']]
    """
    districts, parents = _districts(zones)
    every = project_rows(table, projects, parents, districts=districts, city=city)
    agreed = declared("scorecard.projects")
    rows, whole = [], agreed.columns["level"].word("city", lang)
    for project in projects:
        mine = every.of(project.number)
        twice, untold = mine.without_sum(parents), _unit_untold(project, mine)
        under = {zone for each in mine.below if each is not None for zone in (each, parents.get(each, ALL))} - {ALL}
        for zone, level in zip(zones["zone"], zones["level"], strict=True):
            if level not in WHOLES:
                continue
            of = np.array([zone in (ALL, each, parents.get(each)) for each in mine.home], dtype=np.bool_)
            if level != "city" and not of.any():
                continue
            row = _row(project, zone, level, mine.done[of], mine.total[of], year, lang)
            named = [
                text("scorecard.of_no_district", lang, row=label) if home is None and label else label or whole
                for label, home in zip(mine.label[of], mine.home[of], strict=True)
            ]
            row["rows_named"] = few(named, " 行").of(lang) or None
            doubt = "whole_beside_parts" if zone in twice else _no_sum(project, mine.done[of], mine.total[of])
            if not doubt and zone in under:
                doubt = "district_untold"
            if not doubt and untold[of].any():
                doubt = "unit_untold"
            if not doubt and np.isfinite(row["value"]) and _plans_own_percent(project, mine.total[of], mine.total):
                doubt = "total_is_percent"
            if doubt:
                sums = dict.fromkeys(("done", "total", "progress", "value"), np.nan)
                row |= {**sums, "status": "no_data", "reason": doubt}
            rows.append(row)
    return pd.DataFrame(rows, columns=[*agreed.required])


def done_in_all(
    table: pd.DataFrame,
    projects: Sequence[PlanProject],
    number: int,
    parents: Mapping[str, str],
    city: Collection[str] = (),
) -> float:
    """What is done of one project in all its rows; NaN where there is none, one of them does not say it, or there is no sum
    (``parents``, ``city``: as of `project_rows.project_rows`).

    Examples
    --------
    >>> from jxgis.scorecard.targets import load_plan
    >>> rows = pd.DataFrame({"item": ["40", "40"], "name": ["a", "b"], "done": [2.0, 1.0]})
    >>> done_in_all(rows, load_plan().projects, 40, {})
    3.0
    """
    rows = project_rows(table, projects, parents, city=city).of(number)
    return float(rows.done.sum()) if len(rows.done) and not rows.without_sum(parents) else np.nan


def beyond_total(table: pd.DataFrame) -> list[Text]:
    """A note on the rows in which more is done than was planned: each may be right, and each moves a share beyond 100 %.

    Examples
    --------
    >>> beyond_total(pd.DataFrame({"item": ["3", "4"], "done": [8.0, 1.0], "total": [5.0, 2.0]}))[0].en
    'Projects in which more is done than planned: 3 (8 of 5). Check the figures.'
    """
    done, total = figures(table, "done"), figures(table, "total")
    named = pd.DataFrame(table).reindex(columns=["item", "name"]).astype("object").bfill(axis=1)["item"]
    over = np.flatnonzero(np.isfinite(done) & np.isfinite(total) & ~at_most(done, total))
    rows = [
        text_pair("scorecard.done_of", item=quoted(named.iloc[at]), done=f"{done[at]:g}", total=f"{total[at]:g}")
        for at in over
    ]
    return [text_pair("scorecard.beyond_total", rows=rows)] if rows else []


def as_the_others(table: pd.DataFrame) -> list[Text]:
    """A note on the rows whose total is that of the others of their project and district together (of the project where they have no
    district), with no more done: it may be their total, of today or of an earlier month, whatever it is called, or so by chance.

    Examples
    --------
    >>> rows = pd.DataFrame({"item": "22", "name": ["面上", "东升路", "西升路"], "done": [5.0, 2, 3], "total": [9.0, 4, 5]})
    >>> as_the_others(rows)[0].en[:74]
    'Rows of the table of projects whose total is the sum of the others of thei'
    """
    said = pd.DataFrame(table).reindex(columns=["item", "district", "name"]).astype("object").fillna("")
    done, total = figures(table, "done"), figures(table, "total")
    found = []
    for at in said.groupby(["item", "district"], sort=False).indices.values():
        item, district = said[["item", "district"]].iloc[at[0]]
        beside = at if district else np.flatnonzero(said["item"] == item)
        alike = np.isclose(2 * total[at], total[beside].sum()) & at_most(2 * done[at], done[beside].sum())
        if item and len(beside) > 2:
            found += at[alike & (total[at] > 0)].tolist()
    names = said.apply(lambda row: " ".join(filter(None, row)), axis=1)
    rows = [
        text_pair("scorecard.done_of", item=quoted(names.iloc[at]), done=f"{done[at]:g}", total=f"{total[at]:g}")
        for at in found
    ]
    return [text_pair("scorecard.as_the_others", rows=rows)] if rows else []


def without_done(table: pd.DataFrame) -> list[Text]:
    """A note on a table of which no row says what is done: its column has another name, most likely.

    Examples
    --------
    >>> len(without_done(pd.DataFrame({"item": ["22"]}))), without_done(pd.DataFrame({"item": ["22"], "done": [0]}))
    (1, [])
    """
    return [] if table.empty or np.isfinite(figures(table, "done")).any() else [text_pair("scorecard.no_done")]


def of_no_district(table: pd.DataFrame) -> list[Text]:
    """A note on the rows that have a name and no place, beside others of their project that say their district: a merged cell looks
    like one that is empty.

    Examples
    --------
    >>> rows = pd.DataFrame({"item": ["22"] * 2, "name": ["东升路", "西升路"], "district": ["老城", None]})
    >>> "for the city alone: 西升路." in of_no_district(rows)[0].en
    True
    """
    said = pd.DataFrame(table).reindex(columns=["item", "name", "district"]).astype("object")
    nowhere = said["district"].isna() & (table.geometry.isna() if isinstance(table, gpd.GeoDataFrame) else True)
    elsewhere = said["item"].isin(said.loc[said["district"].notna(), "item"])
    names = said.loc[nowhere & elsewhere & said["item"].notna(), "name"].dropna()
    return [text_pair("scorecard.no_district", rows=few(map(quoted, names)))] if len(names) else []


def lying_elsewhere(
    table: pd.DataFrame, zones: gpd.GeoDataFrame, projects: Sequence[PlanProject], city: Collection[str] = ()
) -> list[Text]:
    """A note on the rows that lie in another district than they say, of which they count (parameters: as of `project_progress`).

    Examples
    --------
    >>> import shapely
    >>> from jxgis.scorecard.targets import load_plan
    >>> from jxgis.space.levels import zones_by_level
    >>> halves = gpd.GeoDataFrame({"name": ["东", "西"]}, geometry=shapely.box([0, 5], 0, [5, 9], 9), crs=4549)
    >>> rows = gpd.GeoDataFrame({"item": ["22"], "district": ["东"]}, geometry=[shapely.Point(7, 1)], crs=4549)
    >>> lying_elsewhere(rows, zones_by_level(halves), load_plan().projects)[0].en[-20:]
    '22 东 (its place: 西).'
    """
    districts, parents = _districts(zones)
    rows = project_rows(table, projects, parents, districts=districts, city=city)
    apart = [
        text_pair("scorecard.placed_in", row=f"{item} {label}", there=quoted(there))
        for item, label, home, there in zip(rows.number, rows.label, rows.home, lies_in(table, districts), strict=True)
        if home in parents and there not in (None, home)
    ]
    return _note_on("lying_elsewhere", apart)


def taken_as_kilometres(
    table: pd.DataFrame, zones: gpd.GeoDataFrame, projects: Sequence[PlanProject], city: Collection[str] = ()
) -> list[Text]:
    """A note on the rows of projects in km that say no unit: they count as km, and may be metres (parameters: as of `project_progress`).

    Examples
    --------
    >>> import shapely
    >>> from jxgis.scorecard.targets import load_plan
    >>> from jxgis.space.levels import zones_by_level
    >>> one = zones_by_level(gpd.GeoDataFrame({"name": ["东"]}, geometry=[shapely.box(0, 0, 9, 9)], crs=4549))
    >>> rows = pd.DataFrame({"item": ["37", "22"], "district": "东", "done": [35.0, 2.0]})
    >>> taken_as_kilometres(rows, one, load_plan().projects)[0].en[-15:]
    ': 37 东 (35 km).'
    """
    rows = project_rows(table, projects, _districts(zones)[1], city=city)
    in_km = np.isin(rows.number, [each.number for each in projects if each.unit in KILOMETRES])
    said = [
        text_pair("scorecard.row_in_km", row=f"{rows.number[at]} {rows.label[at]}".strip(), done=f"{rows.done[at]:g}")
        for at in np.flatnonzero(in_km & (rows.unit == "") & (rows.done > 0))
    ]
    return _note_on("taken_as_kilometres", said)


def _note_on(name: str, rows: Sequence[Text]) -> list[Text]:
    """A note that names some rows; none without any."""
    said = Text(zh=few((row.zh for row in rows), " 行").zh, en=few(row.en for row in rows).en)
    return [text_pair(f"scorecard.{name}", rows=said)] if rows else []


def _districts(zones: gpd.GeoDataFrame) -> tuple[gpd.GeoDataFrame, dict[str, str]]:
    """The districts, and what each is part of."""
    districts = zones[zones["level"] == "district"]
    return districts, {
        str(name): str(parent) for name, parent in zip(districts["zone"], districts["parent"], strict=True)
    }


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
    if project.unit in PERCENT and len(done) > 1 and np.isnan(all_total):
        all_done = np.nan  # percentages, or numbers: a total would tell
    value = 100 * progress if project.unit in PERCENT else all_done
    targets = [project.target(of) if level == "city" else np.nan for of in (2025, 2027)]
    wanted = targets[0 if year == 2025 else 1]
    said = project.said(year, lang) if level == "city" else ""
    known = not (np.isnan(value) or np.isnan(wanted))
    untold = "rows_untold" if project.unit in PERCENT else "done_untold"
    lacking = untold if np.isfinite(done).any() else "no_progress"
    reason = lacking if np.isnan(value) else "" if known else "not_a_number" if said else "city_target_only"
    return {
        "project": project.number,
        "label": project.title(lang),
        "group": project.group_of(lang),
        "unit": project.unit_of(lang) or None,
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


def _no_sum(project: PlanProject, done: NDArray[np.float64], total: NDArray[np.float64]) -> str:
    """Why the rows of a zone are no sum, whatever they say: they are steps of one thing, or percentages; else nothing."""
    if project.unit in _STEPS and len(done) > 1:
        return "steps_of_one"
    said = total[np.isfinite(total)]
    # Of a number of things percentages were refused.
    if len(said) < 2 or project.unit not in ("", *PERCENT, *KILOMETRES):
        return ""
    if (said == 100).any() and (said != 100).any():
        return "percent_beside_numbers"
    # Nothing tells how much each percentage is of, unless all are one. 1 of 1 is a thing that is done, as 100 % is.
    share = (done / total)[np.isfinite(done / total)]
    alone = (said == 100).all() or ((said == 1).all() and (share % 1 != 0).any())
    return "percent_alone" if alone and not np.allclose(share, share[:1]) else ""


def _unit_untold(project: PlanProject, mine: ProjectRows) -> NDArray[np.bool_]:
    """The rows of a project that say no unit, where one of them is of more than twice what the plan has for the city: all of them may be
    in money or metres.
    """
    if project.unit in ("", *PERCENT):
        return np.zeros(len(mine.done), dtype=np.bool_)
    most = _TWICE * max(project.target(2025), project.target(2027))
    silent: NDArray[np.bool_] = mine.unit == ""
    found: NDArray[np.bool_] = silent & ((mine.done > most) | (mine.total > most))
    return silent if found.any() else found


def _plans_own_percent(project: PlanProject, total: NDArray[np.float64], every: NDArray[np.float64]) -> bool:
    """Whether a total of a project in %, or the totals of all its rows together, are the plan's percentage, and so no whole that a
    share is of: 10 of 15 % would stand there as 67 %. Of 100 % both are one. A cell that Excel shows as 15% holds 0.15.
    """
    if project.unit not in PERCENT:
        return False
    aims = [aim for year in (2025, 2027) if (aim := project.target(year)) != 100]
    said = np.append(total[np.isfinite(total)], every[np.isfinite(every)].sum())
    return bool(np.isclose(said[:, None], [*aims, *(aim / 100 for aim in aims)]).any())
