"""A unit made cheaper node by node, at prices of nodes: what finds columns before anything is proven."""

from __future__ import annotations

import numpy as np

from jxgis.space._compiled import compiled
from jxgis.units._graph import Floats, Ints
from jxgis.units._kernels import stays_whole, unit_cost, unit_sums
from jxgis.units._piece import Piece

__all__ = ["descend", "grown"]


@compiled
def grown(piece: Piece, root: int, member: Ints) -> bool:
    """Mark the nodes of a unit with 1, those near a root first, until it holds enough; whether it is within the bounds."""
    queue = np.empty(member.shape[0], dtype=np.int64)
    queue[0] = root
    member[root] = 1
    load = piece.load[root].copy()
    head, tail = 0, 1
    while head < tail and (load < piece.low).any():
        i = queue[head]
        head += 1
        for h in range(piece.start[i], piece.start[i + 1]):
            j = piece.other[h]
            if not piece.link[h] or member[j] == 1 or not (load < piece.low).any():
                continue
            if (load + piece.load[j] <= piece.high).all():
                member[j] = 1
                load += piece.load[j]
                queue[tail] = j
                tail += 1
    return bool((load >= piece.low).all() and (load <= piece.high).all())


@compiled
def descend(piece: Piece, price: Floats, member: Ints, least: float) -> float:
    """Take nodes in or leave them out, one by one, or change one for another, while that lessens cost less prices by so much.

    ``member`` is 1 on the nodes of a unit within the bounds, else 0, and is changed. Returns cost less prices.
    """
    n, d = piece.mass.shape
    queue = np.empty(n, dtype=np.int64)
    seen = np.zeros(n, dtype=np.int64)
    free = np.empty(n, dtype=np.bool_)
    mass = np.empty(d)
    stamp = 0
    while True:
        loads, perimeters, cuts, squares, masses, _ = unit_sums(piece, member, 2)
        load, perimeter, cut, square = loads[1], perimeters[1], cuts[1], squares[1]
        priced = (price * member).sum()
        now = unit_cost(piece, load[0], perimeter, cut, square, masses[1]) - priced
        best, first, second = now - least, -1, -1
        for i in range(n):
            touching = False
            for h in range(piece.start[i], piece.start[i + 1]):
                touching = touching or (piece.link[h] and member[piece.other[h]] == 1)
            free[i] = touching
            if member[i] == 1:
                stamp += 1
                free[i] = stays_whole(piece, member, i, seen, stamp, queue)
        for i in range(n):
            if not free[i]:
                continue
            for j in range(-1, n):
                # Node i alone changes sides, or comes in for node j.
                if j >= 0 and (member[i] == 1 or member[j] == 0 or not free[j]):
                    continue
                perimeter_then, cut_then, square_then, paid = perimeter, cut, square, 0.0
                mass[:] = masses[1]
                load_then = load.copy()
                link = False
                for node in (i, j):
                    if node < 0:
                        continue
                    sign = 1.0 if member[node] == 0 else -1.0
                    load_then += sign * piece.load[node]
                    mass += sign * piece.mass[node]
                    square_then += sign * piece.square[node]
                    perimeter_then += sign * piece.perimeter[node]
                    paid += sign * price[node]
                    for h in range(piece.start[node], piece.start[node + 1]):
                        other = piece.other[h]
                        inside = member[other] == 1
                        if node == j and other == i:
                            inside = True
                        if node == i and inside and other != j and piece.link[h]:
                            link = True
                        if inside:
                            perimeter_then -= 2.0 * sign * piece.shared[h]
                        cut_then += -sign * piece.cut[h] if inside else sign * piece.cut[h]
                if (load_then < piece.low).any() or (load_then > piece.high).any() or (j >= 0 and not link):
                    continue
                then = unit_cost(piece, load_then[0], perimeter_then, cut_then, square_then, mass)
                if then - priced - paid < best:
                    best, first, second = then - priced - paid, i, j
        if first < 0:
            return float(now)
        member[first] = 1 - member[first]
        if second >= 0:
            member[second] = 0
