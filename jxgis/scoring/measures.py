"""Measuring indicators from layers: shape, land, cases."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
import shapely

from jxgis.crs import require_metric
from jxgis.space._districts import without_scraps
from jxgis.space.people import people_in
from jxgis.space.points import locate_touching
from jxgis.space.ratio import ratio
from jxgis.space.shape import hull_ratio, polsby_popper

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

__all__ = ["issue_measures", "relative_density", "shape_measures", "share_covered"]


def shape_measures(candidates: gpd.GeoDataFrame) -> pd.DataFrame:
    """Measure how compact candidates are.

    Parameters
    ----------
    candidates
        Polygons in a metric CRS.

    Returns
    -------
    pandas.DataFrame
        On their index: ``compactness`` (4πA/P²; Polsby & Popper 1991) and ``hull_ratio`` (area over that of the convex
        hull), both 0–1; NaN without an area.

    Examples
    --------
    >>> import geopandas as gpd
    >>> square = gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 10, 10)], crs=4549)
    >>> shape_measures(square).round(4).values.tolist()
    [[0.7854, 1.0]]
    """
    require_metric(candidates, "candidates")
    shapes = without_scraps(candidates.geometry.to_numpy())
    return pd.DataFrame(
        {"compactness": polsby_popper(shapes), "hull_ratio": hull_ratio(shapes)}, index=candidates.index
    )


def share_covered(candidates: gpd.GeoDataFrame, *layers: gpd.GeoDataFrame) -> pd.Series:
    """Measure the share of each candidate that layers of polygons cover, overlaps counted once.

    Parameters
    ----------
    candidates
        Polygons in a metric CRS.
    *layers
        Polygons in the same CRS.

    Returns
    -------
    pandas.Series
        On the candidates' index, 0–1; NaN without an area.

    Examples
    --------
    >>> import geopandas as gpd
    >>> plot = gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 10, 10)], crs=4549)
    >>> lake, park = (gpd.GeoDataFrame(geometry=[shapely.box(0, 0, w, 10)], crs=4549) for w in (2, 5))
    >>> share_covered(plot, lake, park).item()
    0.5
    """
    crs = require_metric(candidates, "candidates")
    for layer in layers:
        require_metric(layer, "layer", crs)
    cover = np.concatenate([layer.geometry.to_numpy() for layer in layers])
    shapes = candidates.geometry.to_numpy()
    who, part = shapely.STRtree(cover).query(shapes, predicate="intersects")
    covered = np.zeros(len(shapes))
    for k in np.unique(who):
        near = shapely.union_all(cover[part[who == k]])
        covered[k] = shapely.area(shapely.intersection(shapes[k], near))
    return pd.Series(ratio(covered, np.nan_to_num(shapely.area(shapes))), index=candidates.index)


def issue_measures(
    candidates: gpd.GeoDataFrame,
    issues: gpd.GeoDataFrame,
    *,
    on_time_of: Literal["due", "closed"] = "due",
    min_cases: int = 30,
) -> pd.DataFrame:
    """Measure how cases in each candidate were handled.

    A case on the border of two candidates counts in both: candidates are judged each for itself, and may overlap.

    Parameters
    ----------
    candidates
        Polygons in a metric CRS.
    issues
        Points in the same CRS; ``deadline``, ``closed``, ``rework``, ``department`` where there are any.
    on_time_of
        Denominator of the share closed on time: cases ``due`` (应结案: with a deadline that is past, the last time in
        the table being now), or cases ``closed``.
    min_cases
        Fewest cases that a share is given for: of a handful it says nothing.

    Returns
    -------
    pandas.DataFrame
        On the candidates' index: ``issues`` (count); ``on_time_rate`` (%), closed by the deadline; ``rework_rate``
        (%), cases sent back at least once, over the cases due where there are deadlines, else all; and
        ``body_concentration``, Σs² over the departments' shares of cases. NaN where there is no column for it, or
        fewer than ``min_cases`` cases in the denominator.

    Examples
    --------
    >>> import geopandas as gpd
    >>> plot = gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 10, 10)], crs=4549)
    >>> cases = gpd.GeoDataFrame({"rework": [0, 1, 0, 0]}, geometry=gpd.points_from_xy([1, 2, 3, 99], [1] * 4), crs=4549)
    >>> found = issue_measures(plot, cases, min_cases=1)
    >>> found["issues"].item(), round(found["rework_rate"].item(), 1), found["on_time_rate"].item()
    (3, 33.3, nan)
    """
    crs = require_metric(candidates, "candidates")
    require_metric(issues, "issues", crs)
    n = len(candidates)
    case, who = locate_touching(issues, candidates)
    table = pd.DataFrame({"issues": np.bincount(who, minlength=n)}, index=candidates.index)
    every = np.ones(len(issues), dtype=np.bool_)
    due = every
    table["on_time_rate"] = np.nan
    if {"deadline", "closed"} <= set(issues.columns) and issues["deadline"].notna().any():
        deadline = pd.to_datetime(issues["deadline"]).to_numpy()
        closed = pd.to_datetime(issues["closed"]).to_numpy()
        due = deadline <= _now(issues)
        on_time = closed <= deadline
        base = due if on_time_of == "due" else ~np.isnat(closed) & ~np.isnat(deadline)
        table["on_time_rate"] = _percent(who, case, on_time & base, base, n, min_cases)
    table["rework_rate"] = np.nan
    if "rework" in issues.columns and issues["rework"].notna().any():
        again = pd.to_numeric(issues["rework"]).fillna(0).to_numpy() > 0
        table["rework_rate"] = _percent(who, case, again & due, due, n, min_cases)
    table["body_concentration"] = np.nan
    if "department" in issues.columns and issues["department"].notna().any():
        code, names = pd.factorize(issues["department"])
        named = code[case] >= 0
        counts = np.zeros((n, len(names)))
        np.add.at(counts, (who[named], code[case][named]), 1)
        total = counts.sum(axis=1)
        table["body_concentration"] = np.where(total >= min_cases, ratio((counts**2).sum(axis=1), total**2), np.nan)
    return table


def relative_density(
    candidates: gpd.GeoDataFrame,
    issues: gpd.GeoDataFrame,
    city: gpd.GeoDataFrame,
    *,
    residential: gpd.GeoDataFrame | None = None,
) -> tuple[pd.Series, Literal["people", "area"]]:
    """Measure cases per exposure in each candidate, over the whole city's.

    The ratio does not depend on how busy the platform is, nor on which other candidates there are.

    Parameters
    ----------
    candidates, issues
        Polygons and points in one metric CRS.
    city
        Polygons of the managed city: its cases and its exposure are the standard.
    residential
        Polygons with ``people``; the exposure, spread evenly within each. None, or without people: the area is.

    Returns
    -------
    pandas.Series
        On the candidates' index: 1 is the city's mean; NaN where there is no exposure.
    str
        Which exposure it is, ``people`` or ``area``.

    Examples
    --------
    >>> import geopandas as gpd
    >>> city = gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 20, 10)], crs=4549)
    >>> plot = gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 10, 10)], crs=4549)
    >>> cases = gpd.GeoDataFrame(geometry=gpd.points_from_xy([1, 2, 3, 15], [1] * 4), crs=4549)
    >>> relative_density(plot, cases, city)[0].item()
    1.5
    """
    crs = require_metric(candidates, "candidates")
    for layer, what in ((issues, "issues"), (city, "city")):
        require_metric(layer, what, crs)
    whole = city.iloc[[0]].set_geometry([shapely.union_all(city.geometry.to_numpy())], crs=crs)
    both = pd.concat([candidates.geometry, whole.geometry], ignore_index=True).to_frame("geometry").set_crs(crs)
    _, who = locate_touching(issues, both)
    cases = np.bincount(who, minlength=len(both)).astype(np.float64)
    by: Literal["people", "area"] = "area"
    exposure = np.nan_to_num(shapely.area(both.geometry.to_numpy()))
    if residential is not None and "people" in residential.columns and residential["people"].sum() > 0:
        require_metric(residential, "residential", crs)
        by, exposure = "people", people_in(both, residential)
    rate = ratio(cases, exposure)
    return pd.Series(ratio(rate[:-1], np.full(len(candidates), rate[-1])), index=candidates.index), by


def _now(issues: gpd.GeoDataFrame) -> np.datetime64:
    """The last moment that the table knows of, NaT where it knows of none: what is due later is not due yet."""
    times = [pd.to_datetime(issues[column]).max() for column in ("time", "closed") if column in issues.columns]
    known = [time for time in times if not pd.isna(time)]
    return np.datetime64(max(known), "ns") if known else np.datetime64("NaT", "ns")


def _percent(
    who: NDArray[np.int64],
    case: NDArray[np.int64],
    hit: NDArray[np.bool_],
    base: NDArray[np.bool_],
    n: int,
    min_cases: int,
) -> NDArray[np.float64]:
    hits = np.bincount(who, weights=hit[case], minlength=n).astype(np.float64)
    cases = np.bincount(who, weights=base[case], minlength=n).astype(np.float64)
    return np.where(cases >= min_cases, 100.0 * ratio(hits, cases), np.nan)
