"""One layer of polygons over another, or over itself: the pieces, which zone holds most, what shares ground."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray

from jxgis.space.polygons import Faces

__all__ = ["common_area", "holds_most", "pieces", "sharing_ground"]

_INTERIORS_MEET = "T********"


def pieces(shapes: Faces, layer: Faces) -> tuple[NDArray[np.int64], NDArray[np.int64], Faces]:
    """Cut shapes by a layer: one piece for each two that meet.

    Parameters
    ----------
    shapes
        (n,) geometries.
    layer
        (m,) geometries, mostly polygons.

    Returns
    -------
    shape, row : numpy.ndarray
        (k,) int64: positions of the shape and of the row of the layer.
    piece : numpy.ndarray
        (k,) what they have in common; without area where they only touch.

    Examples
    --------
    >>> shape, row, piece = pieces(np.array([shapely.box(0, 0, 9, 1)]), shapely.box([0, 5], 0, [5, 20], 1))
    >>> sorted(zip(row.tolist(), shapely.area(piece).tolist()))
    [(0, 5.0), (1, 4.0)]
    """
    shape, row = shapely.STRtree(layer).query(shapes, predicate="intersects")
    return shape.astype(np.int64), row.astype(np.int64), shapely.intersection(shapes[shape], layer[row])


def holds_most(shapes: Faces, zones: Faces) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Find the zone that holds most of each polygon, the first of equals.

    Parameters
    ----------
    shapes
        (n,) polygons, None allowed.
    zones
        (m,) polygons, which may overlap.

    Returns
    -------
    zone : numpy.ndarray
        (n,) int64: position of the zone, -1 where none holds ground of the polygon.
    area : numpy.ndarray
        (n,) how much of the polygon it holds.

    Examples
    --------
    >>> home, area = holds_most(shapely.box([0, 8], 0, [9, 9], 1), shapely.box([0, 5], 0, [5, 8], 1))
    >>> home.tolist(), area.tolist()
    ([0, -1], [5.0, 0.0])
    """
    shape, zone = shapely.STRtree(zones).query(shapes, predicate="intersects")
    common = common_area(zones[zone], shapes[shape])
    order = np.lexsort((zone, -common, shape))
    order = order[common[order] > 0]
    held, first = np.unique(shape[order], return_index=True)
    home, area = np.full(len(shapes), -1, dtype=np.int64), np.zeros(len(shapes))
    home[held], area[held] = zone[order][first], common[order][first]
    return home, area


def common_area(wholes: Faces, parts: Faces) -> NDArray[np.float64]:
    """The area that polygons share with others, one by one; parts that are covered need no overlay.

    Examples
    --------
    >>> common_area(shapely.box([0, 0], 0, [9, 9], 1), shapely.box([1, 8], 0, [3, 11], 1)).tolist()
    [2.0, 1.0]
    """
    shapely.prepare(wholes)
    common = shapely.area(parts)
    partly = ~shapely.covers(wholes, parts)
    common[partly] = shapely.area(shapely.intersection(wholes[partly], parts[partly]))
    return np.asarray(common, dtype=np.float64)


def sharing_ground(polygons: Faces) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Find the pairs of polygons that overlap, however little: their interiors meet.

    Parameters
    ----------
    polygons
        (n,) valid polygons.

    Returns
    -------
    first, second : numpy.ndarray
        Positions, first < second, each pair once, in order. How much ground they share, and whether it is more than
        drawing noise, their intersections say.

    Examples
    --------
    >>> [row.tolist() for row in sharing_ground(shapely.box([0, 4, 5], 0, [5, 6, 9], 1))]
    [[0, 1], [1, 2]]
    """
    # Boxes only: one look at each pair that is left tells all, a predicate first would look twice.
    first, second = shapely.STRtree(polygons).query(polygons)
    first, second = first[first < second], second[first < second]
    meet = shapely.relate_pattern(polygons[first], polygons[second], _INTERIORS_MEET)
    first, second = first[meet], second[meet]
    order = np.lexsort((second, first))
    return first[order].astype(np.int64), second[order].astype(np.int64)
