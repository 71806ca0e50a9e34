"""`jxgis trends`: cut time, judge each slice, name what emerges, compare two periods, tell sources and departments apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd

from jxgis.errors import InputError, NotGivenError
from jxgis.given import AREA, given_tables, of_period, with_files
from jxgis.hotspots.counted import classes_asked, count_issues
from jxgis.i18n import text_pair
from jxgis.indicators.cases import closed_too_early
from jxgis.period_words import gap_lines
from jxgis.periods import Comparison, compare_issues, last_covered
from jxgis.report.blocks import of_all
from jxgis.schema.tables import table as declared
from jxgis.settings import TrendSettings, with_options
from jxgis.space.points import locate
from jxgis.space.window import covers_all
from jxgis.trends.response import measure_response
from jxgis.trends.result import TrendsResult
from jxgis.trends.series import series_by
from jxgis.trends.slices import Slices, lay_slices
from jxgis.trends.sources import change_by_source, share_by_source
from jxgis.trends.tables import Cubes, change_places, change_table, judge_all, place_table

if TYPE_CHECKING:
    from jxgis.part import Given
    from jxgis.settings import Step
    from jxgis.space.grid import Grid

__all__ = ["analyse", "find_trends"]

_FEWEST = 4
"""Slices from which on anything is said of their course: of three, Mann and Kendall's p is never below 0.33."""
_YEAR = pd.DateOffset(years=1)
_DAY = pd.Timedelta(days=1)


@with_options(TrendSettings)
def find_trends(
    issues: gpd.GeoDataFrame,
    area: gpd.GeoDataFrame | gpd.GeoSeries,
    *,
    history: gpd.GeoDataFrame | None = None,
    start: pd.Timestamp | str | None = None,
    end: pd.Timestamp | str | None = None,
    districts: gpd.GeoDataFrame | None = None,
    subdistricts: gpd.GeoDataFrame | None = None,
    places: gpd.GeoDataFrame | None = None,
    streets: gpd.GeoDataFrame | None = None,
    lang: str = "zh",
    sketch: bool = False,
    **options: Any,
) -> TrendsResult:
    """Say how issues change over time: which places emerge or fade, and what differs between two periods.

    Parameters
    ----------
    issues
        Points in a metric CRS, with ``time``; where present ``issue_class, source, department, deadline, closed, rework``
        and ``file``, of which each may lack months.
    area
        Polygons of the study area, in the same CRS as every other layer.
    history
        All issues there are, where ``issues`` are those of a period: what it is compared with is taken from them.
    start, end
        The period that the issues are of, half open; None where it is not limited.
    districts, subdistricts, places, streets
        ``name``: what places are named after; sources and handling are told by district.
    lang, sketch
        ``"zh"`` or ``"en"``; whether what is drawn is marked as schematic: the polygons are not official.
    **options
        What :class:`jxgis.settings.TrendSettings` holds: ``by``, ``compare_with``, ``against`` and so on.

    Returns
    -------
    TrendsResult

    Raises
    ------
    CrsError
        If the layers are not in one metric CRS.
    InputError
        If no issue lies in the area, no times are known, there are fewer than four slices that the data cover, or the two
        periods would overlap.
    SettingsError
        If an option is unknown or out of range.

    References
    ----------
    Ord, J. K. and Getis, A. (1995). Local spatial autocorrelation statistics. Geographical Analysis 27. Mann, H. B. (1945).
    Nonparametric tests against trend. Econometrica 13. The categories are those of Esri's Emerging Hot Spot Analysis.

    Examples
    --------
    A corner that is quiet until July, in a city of 3 × 3 km:

    >>> import shapely
    >>> rng = np.random.default_rng(0)
    >>> x, y = rng.uniform(0, 3000, (2, 4000))
    >>> day = rng.integers(0, 366, 4000)
    >>> x[:600], y[:600], day[:600] = *rng.uniform(0, 400, (2, 600)), rng.integers(182, 366, 600)
    >>> time = pd.Timestamp("2024-01-01") + pd.to_timedelta(day, unit="D")
    >>> issues = gpd.GeoDataFrame({"time": time}, geometry=gpd.points_from_xy(x, y), crs=4549)
    >>> found = find_trends(issues, gpd.GeoSeries([shapely.box(0, 0, 3000, 3000)], crs=4549))
    >>> found.places[["pattern", "since"]].astype(str).values.tolist()
    [['consecutive_hot', '2024-07-01']]
    """
    layers = {
        "issues": issues, "districts": districts, "subdistricts": subdistricts, "places": places, "streets": streets,
        "area": area.geometry if isinstance(area, gpd.GeoDataFrame) else area,
    }  # fmt: skip
    given = given_tables(
        layers,
        needs=("issues", "area"),
        history=history,
        lang=lang,
        sketch=sketch,
        contracts={"area": AREA},
        trends=options,
    )
    return analyse(of_period(given, start, end))


def analyse(given: Given) -> TrendsResult:
    """Find change over time in what a part was handed; see :func:`find_trends`.

    Parameters
    ----------
    given
        The layers and ``[trends]``; without an ``area`` of their own ``districts`` are it.
    """
    options, issues = given.settings.trends, with_files(given)
    area = given.need("area" if "area" in given.layers else "districts")
    slices = _slices(given)
    by_month = slices if options.by == "month" else _laid(given, "month")
    past = given.past()
    comparison = _comparison(past, given)
    levels = {} if (districts := given.table("districts")) is None else {"district": districts}
    classes = classes_asked(given, options.classes)
    counted = count_issues(issues, area, levels, cell_m=options.cell_m, classes=classes)
    cubes = Cubes(counted, slices.kept())
    judged = judge_all(cubes, options)
    # What is told without cells counts what lies in the city, as the tables of other parts do: cells at its edge are cut off.
    home = locate(counted.located, area) if "area" in given.layers else counted.zone_of["district"]
    cases = counted.located[home >= 0]
    places, hot_around = place_table(judged.cells, cubes, given)
    groups = _groups(cases) | {"place": _places_of(cases, places, counted.grid)}
    series, profile = series_by(cases["time"], groups, by_month)
    change, changes, change_city = None, None, np.nan
    change_sources: dict[str, float] = {}
    changed_around: dict[str, int] = {}
    if comparison.periods is not None:
        # Both periods are counted by the classes of the one: what they compare is the same.
        both = count_issues(past, area, {}, cell_m=options.cell_m, classes=counted.classes)
        change = change_table(both, comparison.periods, options)
        changes, changed_around = change_places(change, both, comparison.periods, given)
        early, late = comparison.periods.within(both.inside["time"])
        change_city = float(late.sum() / early.sum() - 1) if early.any() else np.nan
        change_sources = change_by_source(both.inside, early, late)
    return TrendsResult(
        given=given,
        cells=judged.cells,
        places=places,
        change=change,
        changes=changes,
        change_city=change_city,
        change_sources=change_sources,
        hot_around=hot_around,
        changed_around=changed_around,
        sources=_sources(cases, districts),
        response=measure_response(cases, groups),
        series=series,
        profile=profile,
        states=judged.states,
        slices=slices,
        comparison=comparison,
        classes=tuple(counted.classes),
        method=judged.method,
        outside_area=len(counted.located) - len(counted.inside),
        closed_too_early=int(closed_too_early(cases).sum()),
        band_covers_city=covers_all(counted.grid, band_m=options.band_m),
        without_time=int(counted.inside["time"].isna().sum()),
    )


def _slices(given: Given) -> Slices:
    """The months, quarters or weeks of the period, four or more of which the data cover."""
    options, issues = given.settings.trends, given.need("issues")
    if "time" not in issues.columns or issues["time"].isna().all():
        raise NotGivenError.saying(text_pair("trends.no_times"))
    slices = _laid(given, options.by)
    unit = text_pair(f"trends.unit_{options.by}")
    if slices is None:
        raise InputError.saying(text_pair("trends.coarse", unit=unit))
    n = int(slices.whole.sum())
    if n < _FEWEST:
        key = "few_covered" if len(slices) >= _FEWEST and slices.gaps else "few_slices"
        gaps = gap_lines(slices.gaps)
        raise NotGivenError.saying(
            text_pair(f"trends.{key}", n=n, all=len(slices), least=_FEWEST, unit=unit, gaps=gaps)
        )
    return slices


def _laid(given: Given, step: Step) -> Slices | None:
    """The slices of the period, and which of them the data, every file and every source cover."""
    time, past = given.need("issues")["time"], given.past()
    past = past[past["time"].between(time.min(), time.max())]
    files, sources = (past[name] if name in past.columns else None for name in ("file", "source"))
    return lay_slices(past["time"], step=step, files=files, sources=sources)


def _comparison(past: gpd.GeoDataFrame, given: Given) -> Comparison:
    """The two periods that are compared, like with like, or why there are none."""
    if given.settings.trends.against == "previous":
        return compare_issues(past, start=given.start, end=given.end)
    end = given.end or last_covered(past["time"]).normalize() + _DAY
    start = given.start or end - _YEAR
    if start < end - _YEAR:
        raise InputError.saying(text_pair("trends.overlap", start=f"{start:%Y-%m-%d}", end=f"{end - _DAY:%Y-%m-%d}"))
    return compare_issues(past, start=start, end=end, year_earlier=True)


def _sources(cases: gpd.GeoDataFrame, districts: gpd.GeoDataFrame | None) -> gpd.GeoDataFrame:
    """The contract's ``sources``: without rows where there is nothing to compare."""
    columns = declared("trends.sources").required
    found = pd.DataFrame(columns=list(columns))
    if districts is not None and "source" in cases.columns:
        shares = share_by_source(cases, cases["district"])
        found = shares if len(shares["source"].unique()) > 1 else found
    shapes = {} if districts is None else dict(zip(districts["name"], districts.geometry, strict=True))
    geometry = [shapes[name] for name in found["zone"]]
    return gpd.GeoDataFrame(found[list(columns)], geometry=geometry, crs=cases.crs)


def _places_of(cases: gpd.GeoDataFrame, places: gpd.GeoDataFrame, grid: Grid) -> pd.Series:
    """The place, of those of all issues, in whose cells each issue lies; None for none."""
    own = of_all(places)
    squares = grid.cells()
    of_cell = locate(squares.set_geometry(squares.centroid), own)
    home = grid.index_of(cases.geometry.x.to_numpy(), cases.geometry.y.to_numpy())
    at = np.where(home >= 0, of_cell[home], -1)
    names = np.array([*own["name"], None], dtype=object)
    return pd.Series(names[at], index=cases.index)


def _groups(cases: gpd.GeoDataFrame) -> dict[str, pd.Series]:
    """The city, and districts, departments, classes and sources as far as these are known: the name of each issue's."""
    groups = {"city": pd.Series("city", cases.index, dtype=object)}
    columns = {"district": "district", "department": "department", "class": "issue_class", "source": "source"}
    for by, column in columns.items():
        if column in cases.columns and cases[column].notna().any():
            named = cases[column].astype("string").str.strip().astype(object)
            groups[by] = named.where(named.notna() & (named != ""), None)
    return groups
