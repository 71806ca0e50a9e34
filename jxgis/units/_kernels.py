"""Compiled loops of the unit search: trees, cuts, flips.

A search that moves one block at a time cannot be vectorised, so these run through numba. They are compiled on
first use, never at import, and kept on disk (``cache=True``). All randomness comes from a one-word state that the
caller seeds: the same state gives the same labels in every run and every thread.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from jxgis.space._compiled import compiled, root_of
from jxgis.units._graph import Floats, Ints
from jxgis.units._piece import Piece

__all__ = ["anneal", "grow_seed", "unit_cost", "unit_costs", "unit_sums"]

State: TypeAlias = npt.NDArray[np.uint64]


@compiled
def _uniform(state: State) -> float:
    """Next number in [0, 1): xorshift64* (Vigna 2016)."""
    x = state[0]
    x ^= x >> np.uint64(12)
    x ^= x << np.uint64(25)
    x ^= x >> np.uint64(27)
    state[0] = x
    return float((x * np.uint64(0x2545F4914F6CDD1D)) >> np.uint64(11)) * (1.0 / 9007199254740992.0)


@compiled
def _excess(piece: Piece, load: Floats, times: float) -> float:
    """By how much so many units together are out of bounds, in whole bounds; a hundredth more for being out at all."""
    off = 0.0
    for b in range(load.shape[0]):
        low, high = times * piece.low[b], times * piece.high[b]
        whole = piece.low[b] if piece.low[b] > 0 else piece.high[b]
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
def _stays_whole(piece: Piece, label: Ints, i: int, seen: Ints, stamp: int, queue: Ints) -> bool:
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
def _random_tree(piece: Piece, nodes: Ints, local: Ints, likeness: float, state: State) -> tuple[Ints, Ints, Ints]:
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
                    weight[e] = _uniform(state)
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
def _subtrees(
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
def _mark_below(parent: Ints, order: Ints, top: int) -> npt.NDArray[np.bool_]:
    below = np.zeros(parent.shape[0], dtype=np.bool_)
    below[top] = True
    for p in order[1:]:
        below[p] |= below[parent[p]]
    return below


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
                parent, depth, order = _random_tree(piece, nodes, local, likeness, state)
                load, _p, _c, _s, _m, inside, _ci, touching, _ct = _subtrees(piece, nodes, local, parent, depth, order)
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
                    best_below = _mark_below(parent, order, top)
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
    likeness = 1.0 if _uniform(state) < 0.5 else 0.0
    parent, depth, order = _random_tree(piece, nodes, local, likeness, state)
    t_load, t_perimeter, t_cut, t_square, t_mass, inside, cut_inside, touching, cut_touching = _subtrees(
        piece, nodes, local, parent, depth, order
    )
    rest = np.empty(load.shape[1])
    other_mass = np.empty(mass.shape[1])
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
        value = penalty * off
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
    if top < 0 or (gain < 0 and _uniform(state) >= np.exp(gain / temperature)):
        return False
    below = _mark_below(parent, order, top)
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
        i = int(_uniform(state) * n)
        r = label[i]
        span = piece.start[i + 1] - piece.start[i]
        if span == 0:
            continue
        h = piece.start[i] + int(_uniform(state) * span)
        s = label[piece.other[h]]
        if r == s or not piece.link[h]:
            continue
        if recombine_every > 0 and _uniform(state) * recombine_every < 1.0:
            now = cost[r] + cost[s] + penalty * (off[r] + off[s])
            if not _recombine(
                piece, label, i, s, load, perimeter, cut, square, mass, size, local, now, temperature, penalty, state
            ):
                continue
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
            price = penalty * (off_r + off_s - off_old)
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
            if change > 0 and _uniform(state) >= np.exp(-change / temperature):
                continue
            stamp += 1
            if not _stays_whole(piece, label, i, seen, stamp, queue):
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
        out += (off_r > 0) + (off_s > 0) - (off[r] > 0) - (off[s] > 0)
        total += cost_r + cost_s - cost[r] - cost[s]
        cost[r], cost[s] = cost_r, cost_s
        off[r], off[s] = off_r, off_s
        if out == 0 and total < best:
            best = total
            kept[:] = label
    return best
