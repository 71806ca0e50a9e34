"""How compact, how convex and how wide polygons are."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray

from jxgis.space.ratio import ratio

__all__ = ["hull_ratio", "polsby_popper", "reock", "width_m"]


def polsby_popper(polygons: NDArray[np.object_]) -> NDArray[np.float64]:
    """Compactness 4πA/P² (Polsby and Popper 1991): 1 for a disc, π/4 for a square, towards 0 for a thread.

    Parameters
    ----------
    polygons
        (n,) polygons, None allowed.

    Returns
    -------
    numpy.ndarray
        (n,) 0 to 1; NaN where there is no perimeter.

    Examples
    --------
    >>> polsby_popper(np.array([shapely.box(0, 0, 1, 1), None])).round(4).tolist()
    [0.7854, nan]
    """
    return ratio(4 * np.pi * shapely.area(polygons), shapely.length(polygons) ** 2)


def reock(polygons: NDArray[np.object_]) -> NDArray[np.float64]:
    """Area over that of the smallest enclosing circle (Reock 1961): 1 for a disc, 2/π for a square.

    Parameters
    ----------
    polygons
        (n,) polygons, None allowed.

    Returns
    -------
    numpy.ndarray
        (n,) 0 to 1; NaN where there is no circle.

    Examples
    --------
    >>> reock(np.array([shapely.box(0, 0, 1, 1)])).round(4).tolist()
    [0.6366]
    """
    return ratio(shapely.area(polygons), np.pi * shapely.minimum_bounding_radius(polygons) ** 2)


def hull_ratio(polygons: NDArray[np.object_]) -> NDArray[np.float64]:
    """Convexity: area over that of the convex hull, 1 where nothing bends inwards.

    Parameters
    ----------
    polygons
        (n,) polygons, None allowed.

    Returns
    -------
    numpy.ndarray
        (n,) 0 to 1; NaN where the hull has no area.

    Examples
    --------
    >>> hull_ratio(np.array([shapely.from_wkt("POLYGON ((0 0, 2 0, 2 2, 1 1, 0 2, 0 0))")])).tolist()
    [0.75]
    """
    return ratio(shapely.area(polygons), shapely.area(shapely.convex_hull(polygons)))


def width_m(polygons: NDArray[np.object_]) -> NDArray[np.float64]:
    """Twice the area over the perimeter: the width of a long strip, half the side of a square.

    Parameters
    ----------
    polygons
        (n,) polygons in a metric CRS.

    Returns
    -------
    numpy.ndarray
        (n,) metres; 0 where there is no perimeter.

    Examples
    --------
    >>> width_m(np.array([shapely.box(0, 0, 4, 4), shapely.Polygon()])).tolist()
    [2.0, 0.0]
    """
    return ratio(2 * shapely.area(polygons), shapely.length(polygons), none=0)
