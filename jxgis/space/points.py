"""Which polygon a point is in, by each of the rules that there are for points on edges and where polygons overlap."""

from __future__ import annotations

from typing import Literal

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely

from jxgis.crs import require_metric

__all__ = ["locate", "locate_each", "locate_touching"]


def locate(
    points: gpd.GeoDataFrame | gpd.GeoSeries, polygons: gpd.GeoDataFrame | gpd.GeoSeries
) -> npt.NDArray[np.int64]:
    """Find the polygon that each point is in; on a shared edge or an overlap the first polygon has it.

    Parameters
    ----------
    points, polygons
        In one metric CRS.

    Returns
    -------
    numpy.ndarray
        (n_points,) int64: position (row number, not index label) of the polygon, -1 for none.

    Raises
    ------
    CrsError
        If a CRS is missing, not metric, or not the same.

    Examples
    --------
    >>> from shapely import box, points
    >>> halves = gpd.GeoSeries([box(0, 0, 1, 1), box(1, 0, 2, 1)], crs=4549)
    >>> locate(gpd.GeoSeries(points([[1.0, 0.5], [1.5, 0.5], [9.0, 9.0]]), crs=4549), halves)
    array([ 0,  1, -1])
    """
    point, polygon = locate_touching(points, polygons)
    found = np.full(len(points), -1, dtype=np.int64)
    # Of the pairs of a point the last that is written stands: the first polygon's.
    found[point[::-1]] = polygon[::-1]
    return found


def locate_each(
    points: gpd.GeoDataFrame | gpd.GeoSeries, polygons: gpd.GeoDataFrame | gpd.GeoSeries
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Find every polygon that each point is inside; one on edges only is in the first polygon, as by :func:`locate`.

    Polygons that share a border share no point, so that their counts add up; where polygons overlap each has its own.

    Parameters
    ----------
    points, polygons
        In one metric CRS.

    Returns
    -------
    tuple of numpy.ndarray
        Positions of points and of polygons, one pair each, by point and then by polygon.

    Raises
    ------
    CrsError
        If a CRS is missing, not metric, or not the same.

    Examples
    --------
    >>> from shapely import box, points
    >>> zones = gpd.GeoSeries([box(0, 0, 1, 1), box(1, 0, 2, 1), box(0, 0, 2, 1)], crs=4549)
    >>> point, zone = locate_each(gpd.GeoSeries(points([[1.0, 0.0], [1.5, 0.5]]), crs=4549), zones)
    >>> list(zip(point.tolist(), zone.tolist()))
    [(0, 0), (1, 1), (1, 2)]
    """
    first = locate(points, polygons)
    point, polygon = _pairs(points, polygons, "contains_properly")
    edge = np.setdiff1d(np.flatnonzero(first >= 0), point)
    point, polygon = np.concatenate([point, edge]), np.concatenate([polygon, first[edge]])
    order = np.lexsort((polygon, point))
    return point[order], polygon[order]


def locate_touching(
    points: gpd.GeoDataFrame | gpd.GeoSeries, polygons: gpd.GeoDataFrame | gpd.GeoSeries
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Find every polygon that each point is inside or on the edge of, for polygons that are judged each for itself.

    A point on a shared border is in both polygons, so that counts do not add up to the number of points.

    Parameters
    ----------
    points, polygons
        In one metric CRS.

    Returns
    -------
    tuple of numpy.ndarray
        Positions of points and of polygons, one pair each, by point and then by polygon.

    Raises
    ------
    CrsError
        If a CRS is missing, not metric, or not the same.

    Examples
    --------
    >>> from shapely import box, points
    >>> halves = gpd.GeoSeries([box(0, 0, 1, 1), box(1, 0, 2, 1)], crs=4549)
    >>> point, zone = locate_touching(gpd.GeoSeries(points([[1.0, 0.5], [1.5, 0.5]]), crs=4549), halves)
    >>> list(zip(point.tolist(), zone.tolist()))
    [(0, 0), (0, 1), (1, 1)]
    """
    require_metric(points, "points", like=require_metric(polygons, "polygons"))
    return _pairs(points, polygons, "intersects")


def _pairs(
    points: gpd.GeoDataFrame | gpd.GeoSeries,
    polygons: gpd.GeoDataFrame | gpd.GeoSeries,
    predicate: Literal["intersects", "contains_properly"],
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    # The tree holds the points: a query prepares each polygon once, where the other way round none is prepared.
    tree = shapely.STRtree(points.geometry.to_numpy())
    polygon, point = tree.query(polygons.geometry.to_numpy(), predicate=predicate)
    order = np.lexsort((polygon, point))
    return point[order].astype(np.int64), polygon[order].astype(np.int64)
