"""Dense groups of points: DBSCAN on a grid, in memory that grows with the points and not with their neighbours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from jxgis.clusters._kernels import cells_of, cluster_sums, core_points, join_cells, nearest_core
from jxgis.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["NOISE", "Labels", "dense_groups", "numbered_by_size"]

NOISE = -1
"""The number of no cluster."""

_MOST_CELLS = 2**20
"""Cells along one side: a cell and where in it a point lies make one number of 64 bits."""


@dataclass(frozen=True, eq=False)
class Labels:
    """Which cluster each point is of.

    Attributes
    ----------
    cluster
        (n,) int64: 0 the largest cluster, :data:`NOISE` for none.
    core
        (n,) whether at least ``min_points`` points, itself one of them, lie within ``eps_m``.
    """

    cluster: NDArray[np.int64]
    core: NDArray[np.bool_]


def dense_groups(x: NDArray[np.float64], y: NDArray[np.float64], *, eps_m: float, min_points: int) -> Labels:
    """Group points that lie densely: DBSCAN of Ester et al. (1996), on the grid of Gunawan (2013).

    A core point has at least ``min_points`` points within ``eps_m``, itself one of them and those at exactly that distance
    too. Core points within ``eps_m`` of each other are of one cluster. A border point, one that is no core point and has one
    within ``eps_m``, is of the cluster of its nearest core point; of clusters equally near, of that with more core points,
    then of that whose core points begin farther west, then south. What is left is noise. Cells of ``eps_m / √2`` hold no two
    points farther apart than ``eps_m``: points are compared across cells, and no list of neighbours is kept.

    Parameters
    ----------
    x, y
        (n,) metres.
    eps_m
        How far neighbours lie apart at most, metres.
    min_points
        How many points make a dense place.

    Returns
    -------
    Labels
        The same whatever the order of the points. Clusters by falling number of points; of those that have as many first
        that with more core points, then that whose core points begin farther west, then south.

    Raises
    ------
    InputError
        If a coordinate is missing or endless, or the points reach so far that more than a million cells lie side by side.

    Examples
    --------
    >>> x = np.array([0.0, 10, 20, 30, 500, 510, 520, 900])
    >>> found = dense_groups(x, np.zeros(8), eps_m=10, min_points=3)
    >>> found.cluster.tolist(), found.core.astype(int).tolist()
    ([0, 0, 0, 0, 1, 1, 1, -1], [0, 1, 1, 0, 0, 1, 0, 0])
    """
    n = len(x)
    xy = np.column_stack([np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)])
    if not np.isfinite(xy).all():
        raise InputError(zh="有的点没有坐标；请先去掉它们。", en="Some points have no coordinates; leave them out.")
    if n == 0:
        return Labels(np.empty(0, dtype=np.int64), np.empty(0, dtype=np.bool_))
    low, high = xy.min(axis=0), xy.max(axis=0)
    # A hair less than eps / √2, so that rounding puts no two points farther apart than eps into one cell.
    side = eps_m / np.sqrt(2) * (1 - 1e-6)
    if ((high - low) / side).max() >= _MOST_CELLS - 4:
        raise InputError(
            zh=f"点的范围（{(high - low).max() / 1000:,.0f} 千米）对 {eps_m:g} 米的距离来说太大；请加大 eps_m，或先去掉坐标有误的点。",
            en=f"The points reach too far ({(high - low).max() / 1000:,.0f} km) for a distance of {eps_m:g} m; raise eps_m, "
            "or leave out points with wrong coordinates.",
        )
    order, columns, rows, start = _by_cell(xy, low, side)
    xy = xy[order]
    core = core_points(xy, start, columns, rows, eps_m, min_points)
    cell = join_cells(xy, core, start, columns, rows, eps_m)
    label = np.where(core, np.repeat(cell, np.diff(start)), NOISE)
    label = _numbered(xy, label, core)
    # By the numbers that core points alone give, so that which cluster a border point is of changes no number it hangs on.
    label = nearest_core(xy, core, label, start, columns, rows, eps_m)
    label = _numbered(xy, label, core)
    found, is_core = np.empty(n, dtype=np.int64), np.empty(n, dtype=np.bool_)
    found[order], is_core[order] = label, core
    return Labels(found, is_core)


def numbered_by_size(xy: NDArray[np.float64], label: NDArray[np.int64]) -> NDArray[np.int64]:
    """Clusters numbered by falling number of points; of those that have as many that which begins farther west, then south.

    Parameters
    ----------
    xy
        (n, 2) metres.
    label
        (n,) any number of a cluster; -1 for none.

    Examples
    --------
    >>> numbered_by_size(np.array([[5.0, 0], [3, 0], [4, 0], [9, 9]]), np.array([7, 2, 2, -1])).tolist()
    [1, 0, 0, -1]
    """
    return _numbered(xy, label, label >= 0)


def _by_cell(
    xy: NDArray[np.float64], low: NDArray[np.float64], side: float
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """The order of the points by cell, and of each cell that holds any its column, row and first point."""
    key = cells_of(xy, low[0], low[1], side)
    order = np.argsort(key)
    cell = key[order] >> 8
    first = np.flatnonzero(np.concatenate([[True], cell[1:] != cell[:-1]]))
    columns, rows = np.divmod(cell[first], 1 << 21)
    return order, columns, rows, np.append(first, len(xy))


def _numbered(xy: NDArray[np.float64], label: NDArray[np.int64], core: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Clusters numbered by size, then core points, then where these begin."""
    size, cores, west, south = cluster_sums(xy, label, core)
    order = np.lexsort((south, west, -cores, -size))
    number = np.full(len(size) + 1, NOISE, dtype=np.int64)
    number[order] = np.where(size[order] > 0, np.arange(len(size)), NOISE)
    return number[label]
