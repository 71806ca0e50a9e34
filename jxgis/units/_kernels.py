"""Compiled loops of the unit search: cuts, flips.

A search that moves one block at a time cannot be vectorised, so these run through numba. They are compiled on
first use, never at import, and kept on disk (``cache=True``). All randomness comes from a one-word state that the
caller seeds: the same state gives the same labels in every run and every thread.
"""

from __future__ import annotations

import numpy as np

from jxgis.space._compiled import compiled
from jxgis.units._graph import Floats, Ints
from jxgis.units._piece import Piece
from jxgis.units._trees import State, mark_below, random_tree, subtrees, uniform

__all__ = ["anneal", "grow_seed", "stays_whole", "unit_cost", "unit_costs", "unit_sums", "zones_beyond", "zones_held"]

# Upper over lower bound from which what is out of bounds is measured in the upper one.
_WIDE = 10.0


@compiled
def _excess(piece: Piece, load: Floats, times: float) -> float:
    """By how much so many units together are out of bounds, in whole bounds; a hundredth more for being out at all."""
    off = 0.0
    for b in range(load.shape[0]):
        low, high = times * piece.low[b], times * piece.high[b]
        # A lower bound next to nothing is no measure of what is too much.
        whole = piece.low[b] if piece.high[b] == np.inf or piece.high[b] < _WIDE * piece.low[b] else piece.high[b]
        if load[b] < low:
            off += 0.01 * times + (low - load[b]) / whole
        elif load[b] > high:
            off += 0.01 * times + (load[b] - high) / whole
    return off


@compiled
def unit_cost(piece: Piece, area: float, perimeter: float, cut: float, square: float, mass: Floats) -> float:
    """What one unit adds to the objective."""
    norm = 0.0
    for a in range(mass.shape[0]):
        norm += mass[a] * mass[a]
    if norm > 0.0:
        square -= norm / area
    return piece.spread_weight * max(square, 0.0) + piece.shape_weight * perimeter * perimeter + cut


@compiled
def unit_sums(piece: Piece, label: Ints, k: int) -> tuple[Floats, Floats, Floats, Floats, Floats, Ints]:
    """Load (its area first), perimeter, cut, square, mass and number of nodes of each unit."""
    n = piece.area.shape[0]
    load = np.zeros((k, piece.load.shape[1]))
    perimeter = np.zeros(k)
    cut = np.zeros(k)
    square = np.zeros(k)
    mass = np.zeros((k, piece.mass.shape[1]))
    size = np.zeros(k, dtype=np.int64)
    for i in range(n):
        r = label[i]
        perimeter[r] += piece.perimeter[i]
        square[r] += piece.square[i]
        size[r] += 1
        for b in range(load.shape[1]):
            load[r, b] += piece.load[i, b]
        for a in range(mass.shape[1]):
            mass[r, a] += piece.mass[i, a]
        for h in range(piece.start[i], piece.start[i + 1]):
            if label[piece.other[h]] == r:
                perimeter[r] -= piece.shared[h]
            else:
                cut[r] += piece.cut[h]
    return load, perimeter, cut, square, mass, size


@compiled
def unit_costs(piece: Piece, label: Ints, k: int) -> tuple[Floats, Floats]:
    """What each unit adds to the objective, and by how much it is out of bounds."""
    load, perimeter, cut, square, mass, _ = unit_sums(piece, label, k)
    cost = np.empty(k)
    excess = np.empty(k)
    for r in range(k):
        cost[r] = unit_cost(piece, load[r, 0], perimeter[r], cut[r], square[r], mass[r])
        excess[r] = _excess(piece, load[r], 1.0)
    return cost, excess


@compiled
def zones_held(piece: Piece, label: Ints, k: int) -> Ints:
    """How many nodes of each zone each unit holds, int (k, z)."""
    held = np.zeros((k, piece.zones.shape[1]), dtype=np.int64)
    for i in range(label.shape[0]):
        for z in range(held.shape[1]):
            held[label[i], z] += piece.zones[i, z]
    return held


@compiled
def zones_beyond(piece: Piece, held: Ints) -> int:
    """By how many units in all zones are parted among more of them than they may."""
    beyond = 0
    for z in range(held.shape[1]):
        beyond += max(np.sum(held[:, z] > 0) - piece.zone_most[z], 0)
    return beyond


@compiled
def _zones_moved(piece: Piece, splits: Ints, before: Ints, after: Ints) -> int:
    """How many more units are beyond what zones may have, if two units hold what is ``after`` and not ``before``."""
    more = 0
    for z in range(splits.shape[0]):
        now = splits[z]
        then = now
        for side in range(2):
            then += (after[side, z] > 0) - (before[side, z] > 0)
        more += max(then - piece.zone_most[z], 0) - max(now - piece.zone_most[z], 0)
    return more


@compiled
def stays_whole(piece: Piece, label: Ints, i: int, seen: Ints, stamp: int, queue: Ints) -> bool:
    """Whether i's unit stays in one part without i: a search that ends once i's own neighbours are found."""
    r = label[i]
    wanted = 0
    first = -1
    for h in range(piece.start[i], piece.start[i + 1]):
        y = piece.other[h]
        if piece.link[h] and label[y] == r:
            wanted += 1
            if first < 0:
                first = y
            else:
                seen[y] = -stamp
    if wanted == 0:
        return False
    if wanted == 1:
        return True
    missing = wanted - 1
    seen[i] = stamp
    seen[first] = stamp
    queue[0] = first
    head, tail = 0, 1
    while head < tail:
        x = queue[head]
        head += 1
        for h in range(piece.start[x], piece.start[x + 1]):
            y = piece.other[h]
            if piece.link[h] and label[y] == r and seen[y] != stamp:
                if seen[y] == -stamp:
                    missing -= 1
                    if missing == 0:
                        return True
                seen[y] = stamp
                queue[tail] = y
                tail += 1
    return False


@compiled
def grow_seed(piece: Piece, k: int, likeness: float, tries: int, state: State) -> Ints:
    """Split a piece into k parts by cutting random spanning trees again and again.

    Each cut is the one that leaves both sides divisible into whole numbers of units within the bounds, or
    nearest to that, and among those the shortest. The piece must have at least k nodes.
    """
    n = piece.area.shape[0]
    label = np.zeros(n, dtype=np.int64)
    units = np.zeros(k, dtype=np.int64)
    units[0] = k
    used = 1
    local = np.full(n, -1, dtype=np.int64)
    rest = np.empty(piece.load.shape[1])
    r = 0
    while r < used:
        while units[r] > 1:
            m = 0
            for i in range(n):
                if label[i] == r:
                    m += 1
            nodes = np.empty(m, dtype=np.int64)
            m = 0
            for i in range(n):
                if label[i] == r:
                    nodes[m] = i
                    local[i] = m
                    m += 1
            best = np.inf
            best_share = 1
            best_below = np.zeros(m, dtype=np.bool_)
            for _ in range(tries):
                parent, depth, order = random_tree(piece, nodes, local, likeness, state)
                load, _p, _c, _s, _m, inside, _ci, touching, _ct = subtrees(piece, nodes, local, parent, depth, order)
                below_size = np.ones(m, dtype=np.int64)
                for t in range(m - 1, 0, -1):
                    below_size[parent[order[t]]] += below_size[order[t]]
                top, top_share = -1, 1
                for t in range(1, m):
                    p = order[t]
                    for b in range(rest.shape[0]):
                        rest[b] = load[0, b] - load[p, b]
                    border = touching[p] - 2.0 * inside[p]
                    middle = load[p, 0] / load[0, 0] * units[r]
                    for j in range(max(1, int(middle) - 1), min(units[r] - 1, int(middle) + 2) + 1):
                        if below_size[p] < j or m - below_size[p] < units[r] - j:
                            continue
                        off = _excess(piece, load[p], float(j)) + _excess(piece, rest, float(units[r] - j))
                        # Halves first: deep chains of single units leave ragged remainders.
                        tilt = abs(j - 0.5 * units[r]) / units[r]
                        rank = 1e6 * off + border * (1.0 + tilt) / np.sqrt(load[0, 0])
                        if rank < best:
                            best, top, top_share = rank, p, j
                if top >= 0:
                    best_share = top_share
                    best_below = mark_below(parent, order, top)
            for p in range(m):
                local[nodes[p]] = -1
                if best_below[p]:
                    label[nodes[p]] = used
            if best == np.inf:
                break
            units[used] = best_share
            units[r] -= best_share
            used += 1
        r += 1
    return label


@compiled
def _zones_below(piece: Piece, nodes: Ints, parent: Ints, order: Ints) -> Ints:
    """How many nodes of each zone hang below each node of a tree, itself included, by local number."""
    held = np.zeros((nodes.shape[0], piece.zones.shape[1]), dtype=np.int64)
    if held.shape[1] == 0:
        return held
    for t in range(nodes.shape[0] - 1, -1, -1):
        p = order[t]
        for z in range(held.shape[1]):
            held[p, z] += piece.zones[nodes[p], z]
            if t > 0:
                held[parent[p], z] += held[p, z]
    return held


@compiled
def _recombine(
    piece: Piece,
    label: Ints,
    at: int,
    s: int,
    load: Floats,
    perimeter: Floats,
    cut: Floats,
    square: Floats,
    mass: Floats,
    size: Ints,
    held: Ints,
    splits: Ints,
    local: Ints,
    now: float,
    temperature: float,
    penalty: float,
    state: State,
) -> bool:
    """Merge the unit of node ``at`` and its neighbour s, and part them at the best edge of a random spanning tree.

    ``now`` is what the two cost as they are, with the price of being out of bounds.
    """
    r = label[at]
    # Outwards from the border between them: a scan of all labels would cost as much as the piece is large.
    nodes = np.empty(size[r] + size[s], dtype=np.int64)
    nodes[0] = at
    local[at] = 0
    head, m = 0, 1
    while head < m:
        i = nodes[head]
        head += 1
        for h in range(piece.start[i], piece.start[i + 1]):
            j = piece.other[h]
            if piece.link[h] and local[j] < 0 and (label[j] == r or label[j] == s):
                nodes[m] = j
                local[j] = m
                m += 1
    likeness = 1.0 if uniform(state) < 0.5 else 0.0
    parent, depth, order = random_tree(piece, nodes, local, likeness, state)
    t_load, t_perimeter, t_cut, t_square, t_mass, inside, cut_inside, touching, cut_touching = subtrees(
        piece, nodes, local, parent, depth, order
    )
    rest = np.empty(load.shape[1])
    other_mass = np.empty(mass.shape[1])
    before = np.stack((held[r], held[s]))
    below_held = _zones_below(piece, nodes, parent, order)
    after = np.empty_like(before)
    best = np.inf
    top = -1
    for t in range(1, m):
        p = order[t]
        rest[:] = t_load[0] - t_load[p]
        other_mass[:] = t_mass[0] - t_mass[p]
        off = _excess(piece, t_load[p], 1.0) + _excess(piece, rest, 1.0)
        across = touching[p] - 2.0 * inside[p]
        cut_across = cut_touching[p] - 2.0 * cut_inside[p]
        rest_inside = inside[0] - inside[p] - across
        rest_cut_inside = cut_inside[0] - cut_inside[p] - cut_across
        after[0] = below_held[p]
        after[1] = below_held[0] - below_held[p]
        value = penalty * (off + _zones_moved(piece, splits, before, after))
        value += unit_cost(
            piece,
            t_load[p, 0],
            t_perimeter[p] - 2.0 * inside[p],
            t_cut[p] - 2.0 * cut_inside[p],
            t_square[p],
            t_mass[p],
        )
        value += unit_cost(
            piece,
            rest[0],
            t_perimeter[0] - t_perimeter[p] - 2.0 * rest_inside,
            t_cut[0] - t_cut[p] - 2.0 * rest_cut_inside,
            t_square[0] - t_square[p],
            other_mass,
        )
        if value < best:
            best, top = value, p
    for p in range(m):
        local[nodes[p]] = -1
    gain = now - best
    if top < 0 or (gain < 0 and uniform(state) >= np.exp(gain / temperature)):
        return False
    below = mark_below(parent, order, top)
    p = top
    load[s], load[r] = t_load[0] - t_load[p], t_load[p]
    mass[s], mass[r] = t_mass[0] - t_mass[p], t_mass[p]
    across = touching[p] - 2.0 * inside[p]
    cut_across = cut_touching[p] - 2.0 * cut_inside[p]
    square[r], square[s] = t_square[p], t_square[0] - t_square[p]
    perimeter[r] = t_perimeter[p] - 2.0 * inside[p]
    perimeter[s] = t_perimeter[0] - t_perimeter[p] - 2.0 * (inside[0] - inside[p] - across)
    cut[r] = t_cut[p] - 2.0 * cut_inside[p]
    cut[s] = t_cut[0] - t_cut[p] - 2.0 * (cut_inside[0] - cut_inside[p] - cut_across)
    held[r], held[s] = below_held[p], below_held[0] - below_held[p]
    size[r] = 0
    for q in range(m):
        if below[q]:
            label[nodes[q]] = r
            size[r] += 1
        else:
            label[nodes[q]] = s
    size[s] = m - size[r]
    return True


@compiled
def anneal(
    piece: Piece,
    label: Ints,
    k: int,
    steps: int,
    hot: float,
    cold: float,
    recombine_every: int,
    penalty: float,
    state: State,
    kept: Ints,
) -> float:
    """Simulated annealing of single-node flips with recombinations of two units in between; changes ``label``.

    The temperature falls geometrically from ``hot`` to ``cold``. ``penalty`` is the price of leaving the bounds by
    one bound; a price far above the objective makes them hard: a labelling within them never leaves them. A price
    like that of a unit lets the search go round through labellings out of bounds.
    Kirkpatrick, Gelatt and Vecchi (1983); DeFord, Duchin and Solomon (2021) for the recombination.

    Returns the cost of the best labelling within the bounds that was met, the one given included, and leaves it in
    ``kept``; infinity where none was.
    """
    n = piece.area.shape[0]
    n_bounds = piece.load.shape[1]
    d = piece.mass.shape[1]
    load, perimeter, cut, square, mass, size = unit_sums(piece, label, k)
    cost = np.empty(k)
    off = np.empty(k)
    out = 0
    for r in range(k):
        cost[r] = unit_cost(piece, load[r, 0], perimeter[r], cut[r], square[r], mass[r])
        off[r] = _excess(piece, load[r], 1.0)
        out += off[r] > 0
    held = zones_held(piece, label, k)
    n_zones = held.shape[1]
    splits = np.zeros(n_zones, dtype=np.int64)
    for z in range(n_zones):
        splits[z] = np.sum(held[:, z] > 0)
    out += zones_beyond(piece, held)
    held_old = np.zeros((2, n_zones), dtype=np.int64)
    held_new = np.zeros((2, n_zones), dtype=np.int64)
    best = np.inf
    total = cost.sum()
    if out == 0:
        best = total
        kept[:] = label
    if k < 2:
        return best
    seen = np.zeros(n, dtype=np.int64)
    queue = np.empty(n, dtype=np.int64)
    local = np.full(n, -1, dtype=np.int64)
    load_from = np.empty(n_bounds)
    load_to = np.empty(n_bounds)
    mass_from = np.empty(d)
    mass_to = np.empty(d)
    stamp = 0
    temperature = hot
    fall = (cold / hot) ** (1.0 / max(steps, 1))
    for _step in range(steps):
        temperature *= fall
        i = int(uniform(state) * n)
        r = label[i]
        span = piece.start[i + 1] - piece.start[i]
        if span == 0:
            continue
        h = piece.start[i] + int(uniform(state) * span)
        s = label[piece.other[h]]
        if r == s or not piece.link[h]:
            continue
        for z in range(n_zones):
            held_old[0, z] = held[r, z]
            held_old[1, z] = held[s, z]
        if recombine_every > 0 and uniform(state) * recombine_every < 1.0:
            now = cost[r] + cost[s] + penalty * (off[r] + off[s])
            if not _recombine(
                piece, label, i, s, load, perimeter, cut, square, mass, size, held, splits, local, now, temperature,
                penalty, state,
            ):  # fmt: skip
                continue
            for z in range(n_zones):
                held_new[0, z] = held[r, z]
                held_new[1, z] = held[s, z]
            cost_r = unit_cost(piece, load[r, 0], perimeter[r], cut[r], square[r], mass[r])
            cost_s = unit_cost(piece, load[s, 0], perimeter[s], cut[s], square[s], mass[s])
            off_r = _excess(piece, load[r], 1.0)
            off_s = _excess(piece, load[s], 1.0)
        else:
            if size[r] == 1:
                continue
            for b in range(n_bounds):
                load_from[b] = load[r, b] - piece.load[i, b]
                load_to[b] = load[s, b] + piece.load[i, b]
            off_r = _excess(piece, load_from, 1.0)
            off_s = _excess(piece, load_to, 1.0)
            off_old = off[r] + off[s]
            for z in range(n_zones):
                held_new[0, z] = held[r, z] - piece.zones[i, z]
                held_new[1, z] = held[s, z] + piece.zones[i, z]
            price = penalty * (off_r + off_s - off_old + _zones_moved(piece, splits, held_old, held_new))
            if price > 50.0 * temperature and off_old == 0.0:
                continue
            to_from = 0.0
            to_other = 0.0
            cut_from = cut[r]
            cut_to = cut[s]
            for g in range(piece.start[i], piece.start[i + 1]):
                t = label[piece.other[g]]
                if t == r:
                    to_from += piece.shared[g]
                    cut_from += piece.cut[g]
                    cut_to += piece.cut[g]
                elif t == s:
                    to_other += piece.shared[g]
                    cut_from -= piece.cut[g]
                    cut_to -= piece.cut[g]
                else:
                    cut_from -= piece.cut[g]
                    cut_to += piece.cut[g]
            perimeter_from = perimeter[r] - piece.perimeter[i] + 2.0 * to_from
            perimeter_to = perimeter[s] + piece.perimeter[i] - 2.0 * to_other
            for a in range(d):
                mass_from[a] = mass[r, a] - piece.mass[i, a]
                mass_to[a] = mass[s, a] + piece.mass[i, a]
            square_from = square[r] - piece.square[i]
            square_to = square[s] + piece.square[i]
            cost_r = unit_cost(piece, load_from[0], perimeter_from, cut_from, square_from, mass_from)
            cost_s = unit_cost(piece, load_to[0], perimeter_to, cut_to, square_to, mass_to)
            change = price + cost_r + cost_s - cost[r] - cost[s]
            if change > 0 and uniform(state) >= np.exp(-change / temperature):
                continue
            stamp += 1
            if not stays_whole(piece, label, i, seen, stamp, queue):
                continue
            label[i] = s
            size[r] -= 1
            size[s] += 1
            perimeter[r], perimeter[s] = perimeter_from, perimeter_to
            cut[r], cut[s] = cut_from, cut_to
            square[r], square[s] = square_from, square_to
            for b in range(n_bounds):
                load[r, b] = load_from[b]
                load[s, b] = load_to[b]
            for a in range(d):
                mass[r, a] = mass_from[a]
                mass[s, a] = mass_to[a]
            for z in range(n_zones):
                held[r, z] = held_new[0, z]
                held[s, z] = held_new[1, z]
        out += (off_r > 0) + (off_s > 0) - (off[r] > 0) - (off[s] > 0)
        out += _zones_moved(piece, splits, held_old, held_new)
        for z in range(n_zones):
            for side in range(2):
                splits[z] += (held_new[side, z] > 0) - (held_old[side, z] > 0)
        total += cost_r + cost_s - cost[r] - cost[s]
        cost[r], cost[s] = cost_r, cost_s
        off[r], off[s] = off_r, off_s
        if out == 0 and total < best:
            best = total
            kept[:] = label
    return best
