"""What lies nearest."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray

__all__ = ["nearest"]


def nearest(
    shapes: NDArray[np.object_], things: NDArray[np.object_], *, reach_m: float | None = None
) -> NDArray[np.int64]:
    """Find the thing nearest to each shape, the first of equals, whatever the order in which a tree finds them.

    Parameters
    ----------
    shapes
        (n,) geometries, in metres.
    things
        (m,) geometries in the same CRS.
    reach_m
        Things farther away than this are not found; None: however far.

    Returns
    -------
    numpy.ndarray
        (n,) int64: position of the thing, -1 where there is none within reach.

    Examples
    --------
    >>> nearest(shapely.points([[1, 0], [9, 0]]), shapely.points([[0, 0], [2, 0]]), reach_m=5).tolist()
    [0, -1]
    """
    found = np.full(len(shapes), -1, dtype=np.int64)
    if len(things):
        shape, thing = shapely.STRtree(things).query_nearest(shapes, max_distance=reach_m, all_matches=True)
        # Of the pairs of a shape the last that is written stands: the first thing's.
        order = np.lexsort((thing, shape))[::-1]
        found[shape[order]] = thing[order]
    return found
