"""Compiled loops of DBSCAN: which points are core points, which cells hang together, what is nearest.

All take the points in the order of their cells (columns from west to east, rows from south to north), and of each cell
that holds any its column, its row and its first point. Within two columns and rows of a cell lies all that is within eps
of a point in it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from jxgis.space._compiled import compiled, root_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Bools = NDArray[np.bool_]

__all__ = ["cells_of", "cluster_sums", "core_points", "join_cells", "nearest_core"]

_SMALL = 1024
"""Pairs of points that are sooner compared than told apart by their boxes."""


@compiled
def cells_of(xy: Floats, west: float, south: float, side: float) -> Ints:
    """Column, row, and which of 256 squares of the cell, along a Z-curve, as one number."""
    n = xy.shape[0]
    key = np.empty(n, dtype=np.int64)
    for i in range(n):
        u = (xy[i, 0] - west) / side
        v = (xy[i, 1] - south) / side
        column = np.int64(u)
        row = np.int64(v)
        p = np.int64((u - column) * 16.0)
        q = np.int64((v - row) * 16.0)
        curve = np.int64(0)
        for bit in range(4):
            curve |= ((p >> bit) & 1) << (2 * bit + 1) | ((q >> bit) & 1) << (2 * bit)
        key[i] = ((column << 21) | row) << 8 | curve
    return key


@compiled
def _around(columns: Ints, rows: Ints, first: Ints, cell: int) -> None:
    """Move ``first`` (5,) to the first cell of each of five columns that is not more than two rows below ``cell``."""
    for step in range(5):
        column = columns[cell] + step - 2
        at = first[step]
        while at < columns.shape[0] and (columns[at] < column or (columns[at] == column and rows[at] < rows[cell] - 2)):
            at += 1
        first[step] = at


@compiled
def _boxes(xy: Floats, start: Ints, use: Bools) -> Floats:
    """West, south, east and north of the points of each cell that are used; without any a box that is nowhere."""
    box = np.empty((start.shape[0] - 1, 4))
    for cell in range(box.shape[0]):
        box[cell, 0] = box[cell, 1] = np.inf
        box[cell, 2] = box[cell, 3] = -np.inf
        for i in range(start[cell], start[cell + 1]):
            if use[i]:
                box[cell, 0] = min(box[cell, 0], xy[i, 0])
                box[cell, 1] = min(box[cell, 1], xy[i, 1])
                box[cell, 2] = max(box[cell, 2], xy[i, 0])
                box[cell, 3] = max(box[cell, 3], xy[i, 1])
    return box


@compiled
def _gap(west: float, south: float, east: float, north: float, box: Floats) -> float:
    """The square of how far two boxes lie apart; rounded as that of two points is, and so never above it."""
    dx = max(0.0, box[0] - east, west - box[2])
    dy = max(0.0, box[1] - north, south - box[3])
    return float(dx * dx + dy * dy)


@compiled
def _beside(columns: Ints, rows: Ints, first: Ints, cell: int, beside: Ints) -> int:
    """Write the cells within two columns and rows of ``cell``, itself not among them, into ``beside``; how many there are."""
    _around(columns, rows, first, cell)
    n = 0
    for step in range(5):
        other = first[step]
        column = columns[cell] + step - 2
        while other < columns.shape[0] and columns[other] == column and rows[other] <= rows[cell] + 2:
            if other != cell:
                beside[n] = other
                n += 1
            other += 1
    return n


@compiled
def core_points(xy: Floats, start: Ints, columns: Ints, rows: Ints, eps: float, min_points: int) -> Bools:
    """Which points have at least ``min_points`` points within ``eps``, themselves among them."""
    n, cells = xy.shape[0], columns.shape[0]
    reach = eps * eps
    core = np.zeros(n, dtype=np.bool_)
    box = _boxes(xy, start, np.ones(n, dtype=np.bool_))
    first = np.zeros(5, dtype=np.int64)
    beside, partly = np.empty(24, dtype=np.int64), np.empty(24, dtype=np.int64)
    for cell in range(cells):
        others = _beside(columns, rows, first, cell, beside)
        own = start[cell + 1] - start[cell]
        around = own
        for k in range(others):
            around += start[beside[k] + 1] - start[beside[k]]
        if around < min_points:
            continue
        for i in range(start[cell], start[cell + 1]):
            # Cells that lie within reach, and cells out of reach, are counted whole: what is left decides.
            found, left, m = own, 0, 0
            for k in range(others if own < min_points else 0):
                other = beside[k]
                if _gap(xy[i, 0], xy[i, 1], xy[i, 0], xy[i, 1], box[other]) > reach:
                    continue
                dx = max(xy[i, 0] - box[other, 0], box[other, 2] - xy[i, 0])
                dy = max(xy[i, 1] - box[other, 1], box[other, 3] - xy[i, 1])
                if dx * dx + dy * dy <= reach:
                    found += start[other + 1] - start[other]
                else:
                    left += start[other + 1] - start[other]
                    partly[m] = other
                    m += 1
            while m > 0 and found < min_points <= found + left:
                m -= 1
                other = partly[m]
                left -= start[other + 1] - start[other]
                for j in range(start[other], start[other + 1]):
                    dx = xy[i, 0] - xy[j, 0]
                    dy = xy[i, 1] - xy[j, 1]
                    if dx * dx + dy * dy <= reach:
                        found += 1
            core[i] = found >= min_points
    return core


@compiled
def _range_box(xy: Floats, core: Bools, low: int, high: int, box: Floats) -> None:
    box[0] = box[1] = np.inf
    box[2] = box[3] = -np.inf
    for i in range(low, high):
        if core[i]:
            box[0] = min(box[0], xy[i, 0])
            box[1] = min(box[1], xy[i, 1])
            box[2] = max(box[2], xy[i, 0])
            box[3] = max(box[3], xy[i, 1])


@compiled
def _within(xy: Floats, core: Bools, a0: int, a1: int, b0: int, b1: int, reach: float) -> bool:
    """Whether a core point of one range lies within reach of one of another: halves whose boxes lie apart are left out."""
    stack = np.empty((256, 4), dtype=np.int64)
    stack[0, 0], stack[0, 1], stack[0, 2], stack[0, 3] = a0, a1, b0, b1
    depth = 1
    one, two = np.empty(4), np.empty(4)
    while depth > 0:
        depth -= 1
        a0, a1, b0, b1 = stack[depth, 0], stack[depth, 1], stack[depth, 2], stack[depth, 3]
        if (a1 - a0) * (b1 - b0) <= _SMALL:
            for i in range(a0, a1):
                if core[i]:
                    for j in range(b0, b1):
                        dx = xy[i, 0] - xy[j, 0]
                        dy = xy[i, 1] - xy[j, 1]
                        if core[j] and dx * dx + dy * dy <= reach:
                            return True
            continue
        _range_box(xy, core, a0, a1, one)
        _range_box(xy, core, b0, b1, two)
        if not _gap(one[0], one[1], one[2], one[3], two) <= reach:
            continue
        dx = max(one[2] - two[0], two[2] - one[0])
        dy = max(one[3] - two[1], two[3] - one[1])
        if dx * dx + dy * dy <= reach:
            return True
        # The longer range in halves, the first looked at first.
        if a1 - a0 >= b1 - b0:
            middle = (a0 + a1) // 2
            stack[depth, 0], stack[depth, 1], stack[depth, 2], stack[depth, 3] = middle, a1, b0, b1
            stack[depth + 1, 0], stack[depth + 1, 1], stack[depth + 1, 2], stack[depth + 1, 3] = a0, middle, b0, b1
        else:
            middle = (b0 + b1) // 2
            stack[depth, 0], stack[depth, 1], stack[depth, 2], stack[depth, 3] = a0, a1, middle, b1
            stack[depth + 1, 0], stack[depth + 1, 1], stack[depth + 1, 2], stack[depth + 1, 3] = a0, a1, b0, middle
        depth += 2
    return False


@compiled
def join_cells(xy: Floats, core: Bools, start: Ints, columns: Ints, rows: Ints, eps: float) -> Ints:
    """A number of each cell that the cells whose core points hang together share. All core points of one cell do."""
    cells = columns.shape[0]
    reach = eps * eps
    parent = np.arange(cells)
    box = _boxes(xy, start, core)
    beside = np.empty(24, dtype=np.int64)
    # The cells that touch first: they join most, and what is joined is compared no more.
    for near in (True, False):
        first = np.zeros(5, dtype=np.int64)
        for cell in range(cells):
            others = _beside(columns, rows, first, cell, beside)
            for k in range(others if box[cell, 0] < np.inf else 0):
                other = beside[k]
                touch = columns[other] <= columns[cell] + 1 and abs(rows[other] - rows[cell]) <= 1
                if other < cell or touch != near or box[other, 0] == np.inf:
                    continue
                here, there = root_of(parent, cell), root_of(parent, other)
                if (
                    here != there
                    and _gap(box[cell, 0], box[cell, 1], box[cell, 2], box[cell, 3], box[other]) <= reach
                    and _within(xy, core, start[cell], start[cell + 1], start[other], start[other + 1], reach)
                ):
                    parent[max(here, there)] = min(here, there)
    for cell in range(cells):
        parent[cell] = root_of(parent, cell)
    return parent


@compiled
def nearest_core(xy: Floats, core: Bools, label: Ints, start: Ints, columns: Ints, rows: Ints, eps: float) -> Ints:
    """The label of each point that is no core point: that of the nearest core point within ``eps``, the lowest of those
    equally near; -1 where there is none.
    """
    cells = columns.shape[0]
    reach = eps * eps
    found = label.copy()
    box = _boxes(xy, start, core)
    first = np.zeros(5, dtype=np.int64)
    beside = np.empty(25, dtype=np.int64)
    for cell in range(cells):
        # Its own cell first: what is near leaves the others out.
        beside[0], others = cell, 1
        for k in range(_beside(columns, rows, first, cell, beside[1:])):
            if box[beside[k + 1], 0] < np.inf:
                beside[others] = beside[k + 1]
                others += 1
        for i in range(start[cell], start[cell + 1]):
            if core[i]:
                continue
            best, least = np.int64(-1), reach
            for k in range(others):
                other = beside[k]
                if _gap(xy[i, 0], xy[i, 1], xy[i, 0], xy[i, 1], box[other]) > least:
                    continue
                for j in range(start[other], start[other + 1]):
                    if core[j]:
                        dx = xy[i, 0] - xy[j, 0]
                        dy = xy[i, 1] - xy[j, 1]
                        apart = dx * dx + dy * dy
                        if apart < least or (apart == least and (best < 0 or label[j] < best)):
                            best, least = label[j], apart
            found[i] = best
    return found


@compiled
def cluster_sums(xy: Floats, label: Ints, core: Bools) -> tuple[Ints, Ints, Floats, Floats]:
    """Points and core points of each number of a cluster, and the westernmost core point, of several the southernmost."""
    k = label.max() + 1
    size = np.zeros(k, dtype=np.int64)
    cores = np.zeros(k, dtype=np.int64)
    west, south = np.full(k, np.inf), np.full(k, np.inf)
    for i in range(label.shape[0]):
        own = label[i]
        if own < 0:
            continue
        size[own] += 1
        if core[i]:
            cores[own] += 1
            if xy[i, 0] < west[own] or (xy[i, 0] == west[own] and xy[i, 1] < south[own]):
                west[own], south[own] = xy[i, 0], xy[i, 1]
    return size, cores, west, south
