"""Compiled random trees over blocks, and what hangs below each of their nodes."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from jxgis.space._compiled import compiled, root_of
from jxgis.units._graph import Floats, Ints
from jxgis.units._piece import Piece

__all__ = ["State", "mark_below", "random_tree", "subtrees", "uniform"]

State: TypeAlias = npt.NDArray[np.uint64]


@compiled
def uniform(state: State) -> float:
    """Next number in [0, 1): xorshift64* (Vigna 2016)."""
    x = state[0]
    x ^= x >> np.uint64(12)
    x ^= x << np.uint64(25)
    x ^= x >> np.uint64(27)
    state[0] = x
    return float((x * np.uint64(0x2545F4914F6CDD1D)) >> np.uint64(11)) * (1.0 / 9007199254740992.0)


@compiled
def random_tree(piece: Piece, nodes: Ints, local: Ints, likeness: float, state: State) -> tuple[Ints, Ints, Ints]:
    """Minimum spanning tree of some nodes under random weights, rooted at the first.

    ``likeness`` mixes the dissimilarity of neighbours into the weights, so that unlike blocks end up far apart.
    Returns parents and depths by local number, and an order with parents first.
    """
    m = nodes.shape[0]
    n_links = 0
    for p in range(m):
        i = nodes[p]
        for h in range(piece.start[i], piece.start[i + 1]):
            if local[piece.other[h]] > p:
                n_links += 1
    a_end = np.empty(n_links, dtype=np.int64)
    b_end = np.empty(n_links, dtype=np.int64)
    weight = np.empty(n_links)
    unlike = np.zeros(n_links)
    mean = 0.0
    e = 0
    for p in range(m):
        i = nodes[p]
        for h in range(piece.start[i], piece.start[i + 1]):
            j = piece.other[h]
            q = local[j]
            if q > p:
                a_end[e] = p
                b_end[e] = q
                if piece.link[h]:
                    weight[e] = uniform(state)
                    if likeness > 0:
                        for a in range(piece.mass.shape[1]):
                            gap = piece.mass[i, a] / piece.area[i] - piece.mass[j, a] / piece.area[j]
                            unlike[e] += gap * gap
                        unlike[e] = np.sqrt(unlike[e])
                        mean += unlike[e]
                else:
                    weight[e] = np.inf
                e += 1
    if mean > 0:
        for e in range(n_links):
            weight[e] += likeness * unlike[e] * n_links / mean
    group = np.arange(m)
    first = np.zeros(m + 1, dtype=np.int64)
    kept_a = np.empty(max(m - 1, 0), dtype=np.int64)
    kept_b = np.empty(max(m - 1, 0), dtype=np.int64)
    kept = 0
    for e in np.argsort(weight, kind="mergesort"):
        if kept == m - 1 or weight[e] == np.inf:
            break
        x, y = root_of(group, a_end[e]), root_of(group, b_end[e])
        if x != y:
            group[x] = y
            kept_a[kept] = a_end[e]
            kept_b[kept] = b_end[e]
            first[a_end[e] + 1] += 1
            first[b_end[e] + 1] += 1
            kept += 1
    for p in range(m):
        first[p + 1] += first[p]
    fill = first[:-1].copy()
    leaf = np.empty(2 * kept, dtype=np.int64)
    for e in range(kept):
        leaf[fill[kept_a[e]]] = kept_b[e]
        fill[kept_a[e]] += 1
        leaf[fill[kept_b[e]]] = kept_a[e]
        fill[kept_b[e]] += 1
    parent = np.full(m, -1, dtype=np.int64)
    depth = np.zeros(m, dtype=np.int64)
    order = np.empty(m, dtype=np.int64)
    order[0] = 0
    head, tail = 0, 1
    while head < tail:
        x = order[head]
        head += 1
        for h in range(first[x], first[x + 1]):
            y = leaf[h]
            if y != parent[x]:
                parent[y] = x
                depth[y] = depth[x] + 1
                order[tail] = y
                tail += 1
    return parent, depth, order


@compiled
def subtrees(
    piece: Piece, nodes: Ints, local: Ints, parent: Ints, depth: Ints, order: Ints
) -> tuple[Floats, Floats, Floats, Floats, Floats, Floats, Floats, Floats, Floats]:
    """Sums over the subtree below each node, by local number.

    A border lies inside a subtree exactly if the lowest common ancestor of its two ends does: adding each border at
    that node and summing upwards gives the perimeter of both sides of every tree edge in one pass.
    Returns load, perimeter, cut, square, mass; and border inside, cut inside, border and cut to the other nodes.
    """
    m = nodes.shape[0]
    d = piece.mass.shape[1]
    load = np.zeros((m, piece.load.shape[1]))
    perimeter = np.zeros(m)
    cut = np.zeros(m)
    square = np.zeros(m)
    mass = np.zeros((m, d))
    inside = np.zeros(m)
    cut_inside = np.zeros(m)
    touching = np.zeros(m)
    cut_touching = np.zeros(m)
    for p in range(m):
        i = nodes[p]
        perimeter[p] = piece.perimeter[i]
        square[p] = piece.square[i]
        for b in range(load.shape[1]):
            load[p, b] = piece.load[i, b]
        for a in range(d):
            mass[p, a] = piece.mass[i, a]
        for h in range(piece.start[i], piece.start[i + 1]):
            cut[p] += piece.cut[h]
            q = local[piece.other[h]]
            if q < 0:
                continue
            touching[p] += piece.shared[h]
            cut_touching[p] += piece.cut[h]
            if q > p:
                x, y = p, q
                while x != y:
                    if depth[x] >= depth[y]:
                        x = parent[x]
                    else:
                        y = parent[y]
                inside[x] += piece.shared[h]
                cut_inside[x] += piece.cut[h]
    for t in range(m - 1, 0, -1):
        p = order[t]
        x = parent[p]
        perimeter[x] += perimeter[p]
        cut[x] += cut[p]
        square[x] += square[p]
        inside[x] += inside[p]
        cut_inside[x] += cut_inside[p]
        touching[x] += touching[p]
        cut_touching[x] += cut_touching[p]
        for b in range(load.shape[1]):
            load[x, b] += load[p, b]
        for a in range(d):
            mass[x, a] += mass[p, a]
    return load, perimeter, cut, square, mass, inside, cut_inside, touching, cut_touching


@compiled
def mark_below(parent: Ints, order: Ints, top: int) -> npt.NDArray[np.bool_]:
    below = np.zeros(parent.shape[0], dtype=np.bool_)
    below[top] = True
    for p in order[1:]:
        below[p] |= below[parent[p]]
    return below
