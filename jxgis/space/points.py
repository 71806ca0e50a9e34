"""Which polygon a point is in, by each of the rules that there are for points on edges and where polygons overlap."""

from __future__ import annotations

from typing import Literal

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely

from jxgis.crs import require_metric

__all__ = ["locate", "locate_each", "locate_touching"]

# So few points are tested sooner than a raster is made.
_FEW = 20_000
# Of a strip the raster is no longer than so many times its width.
_MOST_LONG = 1000
_POINT = 0  # shapely's type number
_MIXED = -2


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
    require_metric(points, "points", like=require_metric(polygons, "polygons"))
    dots, shapes = points.geometry.to_numpy(), polygons.geometry.to_numpy()
    if len(dots) < _FEW or shapely.is_empty(dots).any():
        return _first(dots, shapes)
    # What is no point has no number for a coordinate.
    x = shapely.get_x(dots)
    if (shapely.get_type_id(dots[np.isnan(x)]) != _POINT).any():
        return _first(dots, shapes)
    return _by_raster(dots, x, shapes)


def _first(dots: npt.NDArray[np.object_], shapes: npt.NDArray[np.object_]) -> npt.NDArray[np.int64]:
    """The first polygon that each point is inside or on the edge of, -1 for none."""
    point, polygon = _pairs(dots, shapes, "intersects")
    found = np.full(len(dots), -1, dtype=np.int64)
    # Of the pairs of a point the last that is written stands: the first polygon's.
    found[point[::-1]] = polygon[::-1]
    return found


def _by_raster(
    dots: npt.NDArray[np.object_], x: npt.NDArray[np.float64], shapes: npt.NDArray[np.object_]
) -> npt.NDArray[np.int64]:
    """As :func:`_first`, for many points: cells of a raster that no edge parts from one another lie in one polygon.

    Of each such region one cell is tested for all, and the points in cells that an edge goes through one by one.
    """
    from scipy import ndimage

    known = shapes[~(shapely.is_missing(shapes) | shapely.is_empty(shapes))]
    if not len(known):
        return np.full(len(dots), -1, dtype=np.int64)
    west, south, east, north = shapely.total_bounds(known)
    long, short = max(east - west, north - south), min(east - west, north - south)
    side = np.sqrt(long * max(short, long / _MOST_LONG) / len(dots))
    if not side > 0:
        return _first(dots, shapes)
    # Two cells more on every side: no edge goes through the outermost.
    columns, rows = (int(span // side) + 5 for span in (east - west, north - south))
    at = _cells(x, west, side, columns) + columns * _cells(shapely.get_y(dots), south, side, rows)
    region, count = ndimage.label(~_on_edges(known, west, south, side, (rows, columns)))
    one = np.zeros(count + 1, dtype=np.int64)
    one[region.ravel()] = np.arange(region.size)
    row, column = np.divmod(one, columns)
    label = _first(shapely.points(west + (column - 1.5) * side, south + (row - 1.5) * side), shapes)
    label[0] = _MIXED
    found: npt.NDArray[np.int64] = label[np.asarray(region, dtype=np.int32).ravel()[at]]
    mixed = np.flatnonzero(found == _MIXED)
    found[mixed] = _first_of_points(dots[mixed], shapes)
    return found


def _first_of_points(dots: npt.NDArray[np.object_], shapes: npt.NDArray[np.object_]) -> npt.NDArray[np.int64]:
    """As :func:`_first`, in a third of the time: a prepared polygon tests numbers sooner than points."""
    # Copies: what is prepared stays so, and is not for two threads at once.
    own = shapely.force_2d(shapes)
    shapely.prepare(own)
    polygon, point = shapely.STRtree(dots).query(own)
    there = shapely.intersects_xy(own[polygon], shapely.get_x(dots)[point], shapely.get_y(dots)[point])
    found = np.full(len(dots), -1, dtype=np.int64)
    found[point[there][::-1]] = polygon[there][::-1]
    return found


def _cells(values: npt.NDArray[np.float64], start: float, side: float, most: int) -> npt.NDArray[np.int64]:
    """In which column or row values lie; the outermost for what lies beyond, and for what is no number."""
    return np.fmin(np.fmax((values - start) / side + 2, 0), most - 1).astype(np.int64)


def _on_edges(
    shapes: npt.NDArray[np.object_], west: float, south: float, side: float, size: tuple[int, int]
) -> npt.NDArray[np.bool_]:
    """Rows by columns, bool: cells through which an edge goes, or past which it goes by an eighth of a side.

    Of vertices a quarter of a side apart none of the edge between lies further than an eighth from one of the two; what lies
    so near lies in one of the four cells that the corners of a square around the vertex lie in.
    """
    rows, columns = size
    vertices = shapely.get_coordinates(shapely.segmentize(shapes, side / 4))
    held = np.zeros(size, dtype=np.bool_)
    for right in (-side / 8, side / 8):
        column = _cells(vertices[:, 0] + right, west, side, columns)
        for up in (-side / 8, side / 8):
            held[_cells(vertices[:, 1] + up, south, side, rows), column] = True
    return held


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
    point, polygon = _pairs(points.geometry.to_numpy(), polygons.geometry.to_numpy(), "contains_properly")
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
    return _pairs(points.geometry.to_numpy(), polygons.geometry.to_numpy(), "intersects")


def _pairs(
    dots: npt.NDArray[np.object_],
    shapes: npt.NDArray[np.object_],
    predicate: Literal["intersects", "contains_properly"],
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    # The tree holds the points: a query prepares each polygon once, where the other way round none is prepared.
    tree = shapely.STRtree(dots)
    polygon, point = tree.query(shapes, predicate=predicate)
    order = np.lexsort((polygon, point))
    return point[order].astype(np.int64), polygon[order].astype(np.int64)
