"""Counting points: into grid cells by arithmetic, into polygons by a tree; every point once or said to be outside."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely

from jxgis.crs import require_metric
from jxgis.errors import InputError
from jxgis.space.grid import Grid

__all__ = ["count_points", "locate", "locate_each"]

CHUNK = 131_072  # points at a time: memory does not grow with their number, and their cells stay in the cache


def count_points(
    grid: Grid,
    x: npt.ArrayLike,
    y: npt.ArrayLike,
    codes: npt.ArrayLike | None = None,
    n_classes: int = 1,
) -> tuple[npt.NDArray[np.int64], int]:
    """Count points in the cells of a grid, class by class.

    Parameters
    ----------
    grid
        The cells, half open: a point on a shared edge is in the eastern or northern cell.
    x, y
        (n,) east and north in the CRS of the grid, in metres.
    codes
        (n,) class of each point, 0 to ``n_classes - 1``; None if there is one class only.
    n_classes
        Number of classes.

    Returns
    -------
    counts : numpy.ndarray
        (n_classes, n_cells) int64.
    outside : int
        Points in no cell: beyond the area, in its fringe (cells whose centre is outside), or without coordinates.

    Raises
    ------
    InputError
        If the lengths differ or a code is not a class.

    Examples
    --------
    >>> from shapely import box
    >>> from jxgis.space.grid import grid_over
    >>> grid = grid_over(gpd.GeoSeries([box(0, 0, 300, 100)], crs=4549), cell_m=100)
    >>> count_points(grid, [50, 100, 250, 999], [50, 50, 0, 0])
    (array([[1, 1, 1]]), 1)
    """
    east, north = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    code = None if codes is None else _checked(codes, len(east), n_classes)
    framed = (grid.mask.shape[0] + 2, grid.mask.shape[1] + 2)
    size = framed[0] * framed[1]
    # Everything is counted, the frame and the fringe too, and the cells are read off: no point is picked out.
    dense = np.zeros(n_classes * size, dtype=np.int64)
    step = max(CHUNK, len(dense))
    for start in range(0, len(east), step):
        part = slice(start, start + step)
        place = grid.framed_index_of(east[part], north[part])
        if code is not None:
            place += code[part] * size
        dense += np.bincount(place, minlength=len(dense))
    counts = dense.reshape(n_classes, *framed)[:, 1:-1, 1:-1][:, grid.mask]
    return counts, len(east) - int(counts.sum())


def _checked(codes: npt.ArrayLike, n: int, n_classes: int) -> npt.NDArray[np.int64]:
    """Codes as int64, or an error that says what is wrong with them."""
    code = np.asarray(codes)
    if code.shape != (n,):
        raise InputError(
            zh=f"有 {n} 个点，类别却有 {code.size} 个；请一一对应。",
            en=f"{n} points but {code.size} codes; give one code a point.",
        )
    if code.size and not (np.issubdtype(code.dtype, np.integer) and code.min() >= 0 and code.max() < n_classes):
        raise InputError(
            zh=f"类别代码须为 0 到 {n_classes - 1} 的整数；请先剔除没有类别的点。",
            en=f"codes must be integers from 0 to {n_classes - 1}; take out the points without a class first.",
        )
    return code.astype(np.int64, copy=False)


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
    # The tree holds the points: a query prepares each polygon once, where the other way round none is prepared.
    tree = shapely.STRtree(points.geometry.to_numpy())
    polygon, point = tree.query(polygons.geometry.to_numpy(), predicate="intersects")
    none = len(polygons)
    found = np.full(len(points), none, dtype=np.int64)
    np.minimum.at(found, point, polygon)
    found[found == none] = -1
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
    tree = shapely.STRtree(points.geometry.to_numpy())
    polygon, point = tree.query(polygons.geometry.to_numpy(), predicate="contains_properly")
    edge = np.setdiff1d(np.flatnonzero(first >= 0), point)
    point, polygon = np.concatenate([point, edge]), np.concatenate([polygon, first[edge]])
    order = np.lexsort((polygon, point))
    return point[order].astype(np.int64), polygon[order].astype(np.int64)
