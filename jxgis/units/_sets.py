"""Compiled enumeration of connected sets of blocks, one bit a block.

numba notices a change of this file, not of the kernels it calls: after an edit there, remove ``__pycache__``.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from jxgis.space._compiled import compiled
from jxgis.units._graph import Floats
from jxgis.units._kernels import unit_cost
from jxgis.units._piece import Piece

__all__ = ["connected_sets", "reduced_costs", "set_costs"]


@compiled
def _reaches(piece: Piece, load: Floats) -> bool:
    """Whether a set holds enough of everything that is bounded."""
    return bool((load >= piece.low).all())


@compiled
def _exceeds(piece: Piece, load: Floats) -> bool:
    """Whether a set holds too much of anything that is bounded."""
    return bool((load > piece.high).any())


@compiled
def connected_sets(piece: Piece, most: int) -> tuple[npt.NDArray[np.uint64], bool]:
    """Every connected set of nodes within the bounds, one bit a node; and whether there were no more than ``most``.

    Extend-and-exclude from each set's lowest node (Wernicke 2006): a node offered and refused once stays refused
    below that branch, so that no set comes twice.
    """
    n = piece.area.shape[0]
    one = np.uint64(1)
    near = np.zeros(n, dtype=np.uint64)
    for i in range(n):
        for h in range(piece.start[i], piece.start[i + 1]):
            if piece.link[h]:
                near[i] |= one << np.uint64(piece.other[h])
    out = np.empty(1024, dtype=np.uint64)
    found = 0
    visits = 0
    taken = np.zeros(n + 1, dtype=np.uint64)
    barred = np.zeros(n + 1, dtype=np.uint64)
    reach = np.zeros(n + 1, dtype=np.uint64)
    load = np.zeros((n + 1, piece.load.shape[1]))
    for root in range(n):
        if _exceeds(piece, piece.load[root]):
            continue
        taken[0] = one << np.uint64(root)
        # Lower nodes are barred: sets that hold them were built from there.
        barred[0] = (one << np.uint64(root)) - one
        reach[0] = near[root]
        load[0] = piece.load[root]
        if _reaches(piece, load[0]):
            if found == most:
                return out[:found], False
            if found == out.shape[0]:
                out = np.concatenate((out, np.empty(found, dtype=np.uint64)))
            out[found] = taken[0]
            found += 1
        level = 0
        while level >= 0:
            visits += 1
            # Sets below the minimum are walked through too: they count towards giving up, at a lower price.
            if visits > 20 * most:
                return out[:found], False
            free = reach[level] & ~taken[level] & ~barred[level]
            if free == np.uint64(0):
                level -= 1
                continue
            i = 0
            while (free >> np.uint64(i)) & one == np.uint64(0):
                i += 1
            bit = one << np.uint64(i)
            barred[level] |= bit
            load[level + 1] = load[level] + piece.load[i]
            if _exceeds(piece, load[level + 1]):
                continue
            taken[level + 1] = taken[level] | bit
            barred[level + 1] = barred[level]
            reach[level + 1] = reach[level] | near[i]
            level += 1
            if _reaches(piece, load[level]):
                if found == most:
                    return out[:found], False
                if found == out.shape[0]:
                    out = np.concatenate((out, np.empty(found, dtype=np.uint64)))
                out[found] = taken[level]
                found += 1
    return out[:found], True


@compiled
def set_costs(piece: Piece, members: npt.NDArray[np.uint64]) -> Floats:
    """What each set of nodes would add to the objective as a unit."""
    n = piece.area.shape[0]
    one = np.uint64(1)
    costs = np.empty(members.shape[0])
    mass = np.empty(piece.mass.shape[1])
    for s in range(members.shape[0]):
        area = 0.0
        perimeter = 0.0
        cut = 0.0
        square = 0.0
        mass[:] = 0.0
        for i in range(n):
            if (members[s] >> np.uint64(i)) & one == np.uint64(0):
                continue
            area += piece.area[i]
            perimeter += piece.perimeter[i]
            square += piece.square[i]
            for a in range(mass.shape[0]):
                mass[a] += piece.mass[i, a]
            for h in range(piece.start[i], piece.start[i + 1]):
                if (members[s] >> np.uint64(piece.other[h])) & one == np.uint64(1):
                    perimeter -= piece.shared[h]
                else:
                    cut += piece.cut[h]
        costs[s] = unit_cost(piece, area, perimeter, cut, square, mass)
    return costs


@compiled
def reduced_costs(members: npt.NDArray[np.uint64], costs: Floats, dual: Floats) -> Floats:
    """Cost of each set less the prices of its nodes."""
    one = np.uint64(1)
    reduced = costs.copy()
    for s in range(members.shape[0]):
        left = members[s]
        i = 0
        while left != np.uint64(0):
            if left & one == one:
                reduced[s] -= dual[i]
            left >>= one
            i += 1
    return reduced
