"""Coverage by service radius: how much housing lies within its parks' radii."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from jxgis.bounds import at_least, widened
from jxgis.crs import require_metric
from jxgis.errors import InputError
from jxgis.parks._tally import Study, coverage_table, layer, study_of, zone_sums
from jxgis.parks.housing import Pieces, within
from jxgis.parks.standards import Standard
from jxgis.space.parts import union_of_linked
from jxgis.space.polygons import polygons_of
from jxgis.space.ratio import ratio
from jxgis.zones import ALL

__all__ = ["RadiusCoverage", "classify_parks", "coverage_by_band", "radius_coverage", "served_points", "service_area"]

QUAD_SEGS = 32
"""Segments of a quarter circle: a buffer of 500 m is nowhere more than 0.15 m short of its circle."""


@dataclass(frozen=True, eq=False)
class RadiusCoverage:
    """Coverage by radius, its parts, and what was served.

    Attributes
    ----------
    coverage
        One row a zone, then ``all``: ``zone, method, residential_m2, served_m2, coverage`` (0–1, NaN with a
        ``reason``), ``standard, denominator, unreachable_share`` (NaN: by radius all is reachable), ``reason``; with
        people in the housing also ``people, served_people, people_coverage``.
    served, unserved
        One row a housing polygon and zone that is served, or not, wholly or in part: ``method, name, zone, m2``.
    """

    coverage: pd.DataFrame
    served: gpd.GeoDataFrame
    _study: Study
    _split: _Split

    @cached_property
    def unserved(self) -> gpd.GeoDataFrame:
        """What is not served, cut out when first asked for: it costs as much as the measuring."""
        left = _remainder(self._study.whole, self._split)
        return layer(self._study, left, shapely.area(left), method="radius")


def classify_parks(
    parks: gpd.GeoDataFrame, standard: Standard, *, historic: gpd.GeoDataFrame | None = None
) -> gpd.GeoDataFrame:
    """Give each whole park its size band and its radius.

    Parameters
    ----------
    parks
        Whole parks, from `whole.merge_parks`; their ``area_m2`` decides.
    standard
        The standard that they are read by.
    historic
        Historic areas (polygons): a park is in one when half of its area or more is.

    Returns
    -------
    geopandas.GeoDataFrame
        The parks with ``historic``, ``band`` (position in ``standard.bands``, -1: does not count) and ``radius_m``
        (NaN: does not count).

    Raises
    ------
    CrsError
        If the layers are not in one metric CRS.

    Examples
    --------
    >>> from jxgis.parks.standards import load_standard
    >>> from jxgis.parks.whole import merge_parks
    >>> park = gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 60, 50)], crs=4549)
    >>> classify_parks(merge_parks(park).parks, load_standard())["radius_m"].tolist()
    [300.0]
    """
    crs = require_metric(parks, "parks")
    shape = parks.geometry.to_numpy()
    area = parks["area_m2"].to_numpy()
    old = np.zeros(len(parks), dtype=np.bool_)
    if historic is not None:
        require_metric(historic, "historic", crs)
        ground = shapely.union_all(polygons_of(historic.geometry.to_numpy()))
        old = at_least(shapely.area(shapely.intersection(shape, ground)), 0.5 * area)
    return parks.assign(historic=old, band=standard.band_of(area, old), radius_m=standard.radius_of(area, old))


def service_area(parks: gpd.GeoDataFrame, *, quad_segs: int = QUAD_SEGS) -> shapely.Geometry:
    """Everything within the radius of a park that counts, dissolved.

    Parameters
    ----------
    parks
        From `classify_parks`: ``radius_m`` and polygons.
    quad_segs
        Segments of a quarter circle, 16 or more.

    Returns
    -------
    shapely.Geometry
        A multipolygon, empty where no park counts.

    Examples
    --------
    >>> park = gpd.GeoDataFrame({"radius_m": [300.0]}, geometry=[shapely.box(0, 0, 100, 100)], crs=4549)
    >>> round(service_area(park).area / (100**2 + 4 * 100 * 300 + np.pi * 300**2), 3)
    1.0
    """
    if quad_segs < 16:
        raise InputError(
            zh=f"quad_segs 是 {quad_segs}，应不小于 16：再少，圆形服务范围会明显偏小。",
            en=f"quad_segs is {quad_segs}; it must be 16 or more, or the circles come out too small.",
        )
    counted = parks["radius_m"].notna().to_numpy()
    reach = shapely.buffer(
        parks.geometry.to_numpy()[counted], parks["radius_m"].to_numpy()[counted], quad_segs=quad_segs
    )
    if len(reach) == 0:
        return shapely.MultiPolygon()
    left, right = shapely.STRtree(reach).query(reach, predicate="intersects")
    return shapely.MultiPolygon(list(shapely.get_parts(union_of_linked(reach, left, right)[0])))


def served_points(parks: gpd.GeoDataFrame, points: npt.NDArray[np.object_]) -> npt.NDArray[np.bool_]:
    """Which points lie within the radius of a park that counts, the radius itself included.

    By distance: around a corner a point at the radius lies outside the polygon that `service_area` draws for the circle.

    Parameters
    ----------
    parks
        From `classify_parks`: ``radius_m`` and polygons.
    points
        (n,) points.

    Returns
    -------
    numpy.ndarray
        (n,) bool.

    Examples
    --------
    >>> park = gpd.GeoDataFrame({"radius_m": [500.0]}, geometry=[shapely.box(0, 0, 100, 100)], crs=4549)
    >>> served_points(park, shapely.points([[400, 500], [401, 500]])).tolist()
    [True, False]
    """
    counted = parks[parks["radius_m"].notna()]
    reach = widened(counted["radius_m"].to_numpy(dtype=np.float64))
    near = shapely.STRtree(points).query(counted.geometry.to_numpy(), predicate="dwithin", distance=reach)[1]
    served = np.zeros(len(points), dtype=np.bool_)
    served[near] = True
    return served


def radius_coverage(
    parks: gpd.GeoDataFrame,
    housing: gpd.GeoDataFrame,
    zones: gpd.GeoDataFrame,
    *,
    standard: Standard,
    denominator: str | None = None,
    quad_segs: int = QUAD_SEGS,
) -> RadiusCoverage:
    """Measure 公园绿地服务半径覆盖率: housing within the radius of a park, over all housing.

    Parks outside the zones serve too; circles and housing are dissolved, so that nothing counts twice; a zone
    without housing has no coverage (NaN), neither 0 nor 1.

    Parameters
    ----------
    parks
        From `classify_parks`.
    housing
        What is to be served, polygons: residential land, or built-up land where ``denominator`` says so.
    zones
        Polygons with ``name``: districts, units, any.
    standard
        The standard by which the parks were classified; its name stands in every row.
    denominator
        What ``housing`` is; the standard's own where not given.
    quad_segs
        Segments of a quarter circle, 16 or more.

    Returns
    -------
    RadiusCoverage

    Raises
    ------
    CrsError
        If the layers are not in one metric CRS.
    InputError
        If ``zones`` has no ``name``.

    Notes
    -----
    Denominator and radii: GB/T 50563—2010 and its successors, as given in the standard's own fields.

    Examples
    --------
    >>> from jxgis.parks.standards import load_standard
    >>> park = gpd.GeoDataFrame({"area_m2": [1e4]}, geometry=[shapely.box(0, 0, 100, 100)], crs=4549)
    >>> housing = gpd.GeoDataFrame(geometry=[shapely.box(100, 0, 1100, 100)], crs=4549)
    >>> zones = gpd.GeoDataFrame({"name": ["东"]}, geometry=[shapely.box(0, 0, 2000, 2000)], crs=4549)
    >>> found = radius_coverage(classify_parks(park, load_standard()), housing, zones, standard=load_standard())
    >>> found.coverage[["zone", "residential_m2", "served_m2", "coverage"]].round(3).values.tolist()
    [['东', 100000.0, 50000.0, 0.5], ['all', 100000.0, 50000.0, 0.5]]
    """
    crs = require_metric(parks, "parks")
    require_metric(zones, "zones", crs)
    study = study_of(housing, zones)
    reach = service_area(parks, quad_segs=quad_segs)
    split = _split(study.whole, reach)
    served = split.m2 if study.whole is study.pieces else _split(study.pieces, reach).m2
    coverage = coverage_table(study, served, split.m2, method="radius", standard=standard, denominator=denominator)
    return RadiusCoverage(
        coverage=coverage,
        served=layer(study, split.geometry, split.m2, method="radius"),
        _study=study,
        _split=split,
    )


@dataclass(frozen=True, eq=False)
class _Split:
    """The served part of each piece; ``state`` is 0 not at all, 1 in part, 2 wholly."""

    state: npt.NDArray[np.int8]
    geometry: npt.NDArray[np.object_]
    m2: npt.NDArray[np.float64]


def _split(pieces: Pieces, reach: shapely.Geometry) -> _Split:
    """Cut pieces by a service area, working only where its edge runs through a piece."""
    n = len(pieces.geometry)
    state = np.zeros(n, dtype=np.int8)
    geometry = np.full(n, shapely.Polygon(), dtype=object)
    m2 = np.zeros(n)
    parts = shapely.get_parts(reach)
    if n == 0 or len(parts) == 0:
        return _Split(state, geometry, m2)
    tree = shapely.STRtree(pieces.geometry)
    shapely.prepare(parts)
    part, met = tree.query(parts, predicate="intersects")
    inside = shapely.contains(parts[part], pieces.geometry[met])
    state[met] = 1
    state[met[inside]] = 2
    full = state == 2
    geometry[full], m2[full] = pieces.geometry[full], pieces.area_m2[full]
    part, met = part[state[met] == 1], met[state[met] == 1]
    # The parts of a dissolved area are disjoint: what a piece has in each adds up.
    cut = polygons_of(within(pieces.geometry[met], parts[part]))
    np.add.at(m2, met, shapely.area(cut))
    once = np.bincount(met, minlength=n)
    geometry[met[once[met] == 1]] = cut[once[met] == 1]
    for piece in np.flatnonzero(once > 1):
        geometry[piece] = shapely.union_all(cut[met == piece])
    return _Split(state, geometry, np.minimum(m2, pieces.area_m2))


def _remainder(pieces: Pieces, split: _Split) -> npt.NDArray[np.object_]:
    """What is left of each piece without its served part."""
    left = np.full(len(pieces.geometry), shapely.Polygon(), dtype=object)
    left[split.state == 0] = pieces.geometry[split.state == 0]
    partly = np.flatnonzero(split.state == 1)
    left[partly] = polygons_of(shapely.difference(pieces.geometry[partly], split.geometry[partly]))
    return left


def coverage_by_band(
    parks: gpd.GeoDataFrame,
    housing: gpd.GeoDataFrame,
    zones: gpd.GeoDataFrame,
    *,
    standard: Standard,
) -> pd.DataFrame:
    """Measure what the parks of each size band serve by themselves.

    Parameters
    ----------
    parks, housing, zones, standard
        As for `radius_coverage`.

    Returns
    -------
    pandas.DataFrame
        One row a zone, ``all`` among them, and size band: ``zone, min_m2, max_m2, radius_m, context, parks`` (how
        many of the band there are, wherever they lie), ``served_m2`` and ``coverage`` by that band alone; ``max_m2`` of
        a band without an upper bound is NaN. What two bands serve overlaps: the rows of a zone do not add up to its coverage.

    Examples
    --------
    >>> from jxgis.parks.standards import load_standard
    >>> park = gpd.GeoDataFrame({"area_m2": [1e4]}, geometry=[shapely.box(0, 0, 100, 100)], crs=4549)
    >>> homes = gpd.GeoDataFrame(geometry=[shapely.box(100, 0, 1100, 100)], crs=4549)
    >>> zone = gpd.GeoDataFrame({"name": ["东"]}, geometry=[shapely.box(0, 0, 2000, 2000)], crs=4549)
    >>> sized = classify_parks(park, load_standard())
    >>> coverage_by_band(sized, homes, zone, standard=load_standard())["served_m2"].round(3).tolist()
    [50000.0, 50000.0, 0.0, 0.0, 0.0, 0.0]
    """
    study = study_of(housing, zones)
    residential_m2 = zone_sums(study, study.pieces.area_m2, study.whole.area_m2)
    tables = []
    for position, band in enumerate(standard.bands):
        of_band = parks[parks["band"] == position]
        reach = service_area(of_band)
        whole = _split(study.whole, reach).m2
        served = whole if study.whole is study.pieces else _split(study.pieces, reach).m2
        served_m2 = np.minimum(zone_sums(study, served, whole), residential_m2)
        tables.append(
            pd.DataFrame(
                {
                    "zone": [*study.zones, ALL],
                    **band.model_dump(),
                    "max_m2": band.max_m2 if np.isfinite(band.max_m2) else np.nan,
                    "parks": len(of_band),
                    "served_m2": served_m2,
                    "coverage": ratio(served_m2, residential_m2),
                }
            )
        )
    return pd.concat(tables, ignore_index=True)
