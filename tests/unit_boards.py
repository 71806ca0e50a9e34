"""Small lattices for the units' bounds, and their cheapest plans by looking at all there are."""

from __future__ import annotations

import functools
import itertools

import numpy as np

from jxgis.units._kernels import unit_costs
from jxgis.units._piece import Piece
from jxgis.units.search import Solution


def lattice(rows, columns):
    """The pairs of cells that share a side, cells numbered row by row."""
    node = np.arange(rows * columns).reshape(rows, columns)
    return [
        *zip(node[:, :-1].ravel(), node[:, 1:].ravel(), strict=True),
        *zip(node[:-1].ravel(), node[1:].ravel(), strict=True),
    ]


def neighbours(pairs, n):
    """``start`` and ``other`` of a piece with these borders, and which of them each of its entries is."""
    one, two = np.array(pairs).T
    source, target = np.concatenate([one, two]), np.concatenate([two, one])
    order = np.lexsort((target, source))
    start = np.concatenate([[0], np.cumsum(np.bincount(source, minlength=n))]).astype(np.int64)
    return start, target[order].astype(np.int64), order % len(pairs)


def board(rng, rows, columns, *, kinds, whole, people=False, apart=0.0, zone=False):
    """A lattice of cells that hold 1 to 3 each, with attributes, shapes and borders that count; bounds that are met exactly."""
    n = rows * columns
    pairs = lattice(rows, columns)
    start, other, of = neighbours(pairs, n)
    link = rng.random(len(pairs)) >= apart
    cut = np.where(link, rng.uniform(0.0, 0.2, len(pairs)), -5.0)
    area = rng.integers(1, 4, n).astype(np.float64) if whole else rng.uniform(0.5, 3.0, n)
    value = rng.integers(-2, 3, (n, kinds)).astype(np.float64) if whole else rng.normal(size=(n, kinds))
    load = area[:, None]
    low, high = [4.0], [8.0]
    if people:
        load = np.column_stack([area, rng.integers(0, 3, n)])
        low, high = [*low, 1.0], [*high, 7.0]
    return Piece(
        start=start,
        other=other,
        shared=np.ones(len(of)),
        cut=cut[of],
        link=link[of],
        area=area,
        perimeter=np.full(n, 4.0),
        load=load,
        mass=area[:, None] * value,
        square=area * (value**2).sum(axis=1),
        spread_weight=rng.choice([0.0, 0.3, 1.0]) if kinds else 0.0,
        shape_weight=rng.choice([0.0, 0.02]) if kinds else 0.02,
        low=np.array(low),
        high=np.array(high),
        zones=np.arange(n)[:, None] < columns if zone else np.zeros((n, 0), dtype=np.bool_),
        zone_most=np.array([1] if zone else [], dtype=np.int64),
    )


def cheapest_plans(piece):
    """The cheapest plan of each number of units, from all connected sets within the bounds, by looking at all subsets."""
    n = len(piece.area)
    near = [{int(piece.other[h]) for h in range(piece.start[i], piece.start[i + 1]) if piece.link[h]} for i in range(n)]
    units = {}
    for size in range(1, n + 1):
        for nodes in itertools.combinations(range(n), size):
            load = piece.load[list(nodes)].sum(axis=0)
            if (load < piece.low).any() or (load > piece.high).any():
                continue
            met, new = {nodes[0]}, {nodes[0]}
            while new:
                new = set().union(*(near[i] for i in new)) & {*nodes} - met
                met |= new
            if len(met) == size:
                label = np.isin(np.arange(n), nodes).astype(np.int64)
                units.setdefault(nodes[0], []).append((nodes, unit_costs(piece, label, 2)[0][1]))

    @functools.cache
    def plans(left, splits):
        if not left:
            return {0: (0.0, ())}
        found = {}
        for nodes, cost in units.get(min(left), []):
            own = frozenset(nodes)
            more = splits + (piece.zones[list(nodes)].any(axis=0).astype(int).sum() if len(piece.zone_most) else 0)
            if own <= left and (not len(piece.zone_most) or more <= piece.zone_most[0]):
                for k, (rest, chosen) in plans(left - own, more).items():
                    if k + 1 not in found or rest + cost < found[k + 1][0]:
                        found[k + 1] = rest + cost, (nodes, *chosen)
        return found

    return plans(frozenset(range(n)), 0)


def solution(piece, cost, chosen):
    """A plan of `cheapest_plans` as the search would give it."""
    label = np.empty(len(piece.area), dtype=np.int64)
    for unit, nodes in enumerate(chosen):
        label[list(nodes)] = unit
    return Solution(label, len(chosen), cost, 0.0)
