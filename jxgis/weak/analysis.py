"""`jxgis weak`: which areas are looked at, the list of those that are weak, and what became of last year's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd

from jxgis.crs import require_metric
from jxgis.errors import InputError
from jxgis.given import given_tables, named_tables
from jxgis.hotspots.counted import number_points, same_point_share
from jxgis.i18n import text_pair
from jxgis.part import Given, Result
from jxgis.periods import Comparison, compare_issues
from jxgis.schema.layers import unagreed
from jxgis.settings import WeakSettings, with_options
from jxgis.space.points import locate_touching
from jxgis.weak.areas import HOT_PLACE, UNIT, gather_areas
from jxgis.weak.exposure import choose_denominator
from jxgis.weak.followup import follow_up
from jxgis.weak.kinds import kinds_of
from jxgis.weak.last_year import kinds_listed, refuse_twice
from jxgis.weak.ranking import rank_areas
from jxgis.weak.result import WeakResult
from jxgis.weak.severity import Yardstick, change_of, lay_yardstick, measure_severity
from jxgis.zones import ALL

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

__all__ = ["analyse", "find_weak_areas"]

_WHY = {"not_significant": "weak_by_chance", "few_issues": "weak_few_issues", "same_place": "weak_same_place"}


@with_options(WeakSettings)
def find_weak_areas(
    issues: gpd.GeoDataFrame,
    districts: gpd.GeoDataFrame,
    places: Mapping[str, gpd.GeoDataFrame] | None = None,
    *,
    units: gpd.GeoDataFrame | None = None,
    hotspots: Result | None = None,
    streets: gpd.GeoDataFrame | None = None,
    population: gpd.GeoDataFrame | None = None,
    weak_before: gpd.GeoDataFrame | None = None,
    history: gpd.GeoDataFrame | None = None,
    lang: str = "zh",
    sketch: bool = False,
    **options: Any,
) -> WeakResult:
    """List weak areas among places of any kinds, units and hot places.

    Parameters
    ----------
    issues
        Points, in the same metric CRS as every other layer; with ``time`` their last year is judged and compared.
    districts
        Polygons of the city with ``name``.
    places
        Kind, such as ``"markets"``, to its points, lines or polygons, with ``name`` where known.
    units
        Polygons with ``unit_id``.
    hotspots
        What `hotspots.find_hotspots` returned, for its hot places.
    streets, population
        What issues are set against where ``exposure`` is ``street_km`` or ``people`` (a column).
    weak_before
        The list of an earlier year: its ``weak_areas``.
    history
        All issues there are, where ``issues`` are those of a period.
    lang, sketch
        ``"zh"`` or ``"en"``; whether what is drawn is marked as schematic: the polygons are not official.
    **options
        What :class:`jxgis.settings.WeakSettings` holds: ``number``, ``exposure``, ``reference`` and so on.

    Returns
    -------
    WeakResult

    Raises
    ------
    CrsError
        If the layers are not in one metric CRS.
    InputError
        If there are no areas to look at, no issues in the city, a layer that an option asks for is not given, or an area
        stands twice in last year's list.
    SettingsError
        If an option is unknown or out of range.

    Examples
    --------
    >>> import shapely
    >>> rng = np.random.default_rng(0)
    >>> x, y = rng.uniform(0, 4000, (2, 6000))
    >>> x[:300], y[:300] = rng.uniform(0, 400, (2, 300))
    >>> issues = gpd.GeoDataFrame(geometry=gpd.points_from_xy(x, y), crs=4549)
    >>> city = gpd.GeoDataFrame({"name": ["老城"]}, geometry=[shapely.box(0, 0, 4000, 4000)], crs=4549)
    >>> plots = shapely.box(np.arange(8) * 500.0, 0, np.arange(8) * 500 + 400.0, 400)
    >>> markets = gpd.GeoDataFrame({"name": list("甲乙丙丁戊己庚辛")}, geometry=plots, crs=4549)
    >>> find_weak_areas(issues, city, {"markets": markets}).weak_areas[["rank", "name", "kind", "issues"]]
       rank name     kind  issues
    0     1    甲  markets     345
    """
    own = named_tables(places, "places")
    layers = {
        "issues": issues, "districts": districts, "units": units, "streets": streets, "population": population,
        "weak_before": weak_before,
    }  # fmt: skip
    given = given_tables(
        layers,
        further=own,
        needs=("issues", "districts"),
        history=history,
        lang=lang,
        sketch=sketch,
        contracts={name: unagreed(name) for name in own},
        weak={"kinds": (UNIT, HOT_PLACE, *own)} | options,
    )
    if hotspots is not None:
        given.results["hotspots"] = hotspots
    return analyse(given)


def analyse(given: Given) -> WeakResult:
    """List weak areas, of what a part was handed; see :func:`find_weak_areas`.

    Parameters
    ----------
    given
        The layers and ``[weak]``; the results of hot spots and of units where there are any.
    """
    options, districts = given.settings.weak, given.need("districts")
    buffers = {"point_buffer_m": options.point_buffer_m, "line_buffer_m": options.line_buffer_m}
    kinds = kinds_of(options.kinds, given.city, given.layers)
    layers = _layers(given, kinds)
    if not layers:
        raise InputError.saying(text_pair("weak.no_areas", kinds=list(kinds)))
    comparison = compare_issues(given.past(), start=given.start, end=given.end)
    before, issues = _periods(given, comparison)
    denominator = choose_denominator(options.exposure, given.layers)
    areas = gather_areas(layers, districts, **buffers)
    yardstick = lay_yardstick(areas, districts, denominator, cell_m=options.cell_m)
    if not len(yardstick.inside(issues)):
        raise InputError.saying(text_pair("weak.no_issues_inside", n=f"{len(issues):,}"))
    chosen = (areas["kind"] == HOT_PLACE).to_numpy()
    found = measure_severity(
        areas, issues, yardstick, reference=options.reference, min_expected=options.min_expected, chosen=chosen
    )
    table = areas.drop(columns="reason").join(found).join(_change(areas, found, before, issues, yardstick))
    ranked = rank_areas(table, issues, alpha=options.alpha, min_issues=options.min_issues)
    table = gpd.GeoDataFrame(table.join(ranked)).assign(same_point_share=_same_point(areas, yardstick.inside(issues)))
    table = table.assign(reason=table["reason"].fillna(table["status"].map(_WHY)).astype("str"))
    every = given.past()
    listed = _before(given, areas, before, issues, comparison, yardstick, buffers)
    return WeakResult(
        given=given,
        judged=table,
        before=listed,
        comparison=comparison,
        batch=float(yardstick.dispersion(yardstick.inside(issues)).batch),
        rest=_rest([table, *([] if listed is None else [listed])], every, yardstick),
    )


def _layers(given: Given, kinds: Iterable[str]) -> dict[str, gpd.GeoDataFrame]:
    """Kind to its rows, of those that are there and hold any."""
    found: dict[str, gpd.GeoDataFrame | None] = {}
    for kind in kinds:
        if kind == UNIT:
            found[kind] = given.units()
        elif kind == HOT_PLACE:
            found[kind] = _hot_places(given.results.get("hotspots"))
        else:
            found[kind] = given.table(kind)
    return {kind: table for kind, table in found.items() if table is not None and len(table)}


def _hot_places(hotspots: Result | None) -> gpd.GeoDataFrame | None:
    """Hot places of all issues with the q of their peak, by the test that found them."""
    if hotspots is None:
        return None
    tables = hotspots.tables()
    places, cells = (tables[name][tables[name]["issue_class"] == ALL] for name in ("places", "cells"))
    column = "gi_q_all" if hotspots.given.settings.hotspots.family == "all" else "gi_q"
    q = cells.set_index("cell_id")[column]
    return gpd.GeoDataFrame(places.assign(hot_q=q.reindex(places["peak_cell"]).to_numpy(dtype=np.float64)))


def _periods(given: Given, comparison: Comparison) -> tuple[gpd.GeoDataFrame | None, gpd.GeoDataFrame]:
    """The issues of the period before, and those that are judged: of the recent period, or all where there are not two."""
    issues = given.need("issues")
    require_metric(issues, "issues", like=given.crs)
    if comparison.periods is None:
        return None, issues
    past = given.past()
    before, recent = comparison.periods.within(past["time"])
    return gpd.GeoDataFrame(past[before]), gpd.GeoDataFrame(past[recent])


def _change(
    areas: gpd.GeoDataFrame,
    found: pd.DataFrame,
    before: gpd.GeoDataFrame | None,
    issues: gpd.GeoDataFrame,
    yardstick: Yardstick,
) -> pd.DataFrame:
    if before is None:
        return pd.DataFrame(np.nan, index=areas.index, columns=["cases_before", "change", "change_city", "change_p"])
    then = yardstick.counts(before, areas)
    city = len(yardstick.inside(before)), len(yardstick.inside(issues))
    change = change_of(then, found["issues"].to_numpy(), city, yardstick.dispersion(yardstick.inside(issues)))
    return change.set_index(areas.index).assign(cases_before=then)


def _same_point(areas: gpd.GeoDataFrame, issues: gpd.GeoDataFrame) -> NDArray[np.float64]:
    point, area = locate_touching(issues, areas)
    return same_point_share(
        area, number_points(issues.geometry.x.to_numpy(), issues.geometry.y.to_numpy())[point], len(areas)
    )


def _rest(tables: list[gpd.GeoDataFrame], every: gpd.GeoDataFrame, yardstick: Yardstick) -> pd.Series:
    """Of all issues in each area, those that are counted in neither period, by kind and name; of two alike the fewest."""
    rows = [
        table[["kind", "name"]].assign(
            rest=yardstick.counts(every, table) - table["issues"] - table["cases_before"].fillna(0)
        )
        for table in tables
    ]
    both = pd.concat(rows)
    fewest: pd.Series = both[both["rest"] > 0].groupby(["kind", "name"])["rest"].min()
    return fewest


def _before(
    given: Given,
    areas: gpd.GeoDataFrame,
    before: gpd.GeoDataFrame | None,
    issues: gpd.GeoDataFrame,
    comparison: Comparison,
    yardstick: Yardstick,
    buffers: Mapping[str, float],
) -> gpd.GeoDataFrame | None:
    """What became of an earlier list; None where none was given, or nothing was on it."""
    listed = given.table("weak_before")
    if listed is None or listed.empty:
        return None
    kinds = kinds_listed(given, listed)
    refuse_twice(given, listed, kinds)
    rows = [listed[kinds == kind].assign(listed_rank=listed.get("rank")) for kind in dict.fromkeys(kinds)]
    layers = dict(zip(dict.fromkeys(kinds), rows, strict=True))
    old = gather_areas(layers, given.need("districts"), **buffers)
    ranks = pd.concat([row["listed_rank"] if "listed_rank" in row else pd.Series(np.nan, row.index) for row in rows])
    old = old.assign(rank_before=pd.to_numeric(ranks, errors="coerce").to_numpy(dtype=np.float64))
    if before is None:
        nothing = ["severity_before", "severity", "q", "change", "change_city", "change_p", "issues_again", "fall_p"]
        counted = yardstick.counts(issues, old)
        found = pd.DataFrame(np.nan, index=old.index, columns=["cases_before", *nothing]).assign(
            issues=counted, status="not_comparable", reason=comparison.reason
        )
    else:
        options = given.settings.weak
        found = follow_up(
            old, areas, before, issues, yardstick,
            reference=options.reference, alpha=options.alpha, min_expected=options.min_expected,
        )  # fmt: skip
    joined = gpd.GeoDataFrame(old.drop(columns=["reason", "hot_q", "inside_share"]).join(found))
    return joined.sort_values(["rank_before", "name"], kind="stable", ignore_index=True)
