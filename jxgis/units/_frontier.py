"""Connected sets of a planar graph, the cheapest or all cheap ones, along a sweep of its nodes.

A sweep takes the nodes one by one; those taken that still have neighbours to come are its frontier. What a set of nodes
looks like so far is told by which of the frontier are in it and which of these hang together: its state. Two beginnings
in one state with the same load go on alike, so that only the cheaper is kept (Held and Karp 1962; Simpath, Knuth
2011). Maps have narrow frontiers: a hundred counties need some ten thousand states.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from operator import or_
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from jxgis.space._compiled import compiled
from jxgis.units._graph import Floats, Ints
from jxgis.units._piece import Piece

__all__ = ["Beginnings", "Grains", "Sweep", "beginnings", "cheap_sets", "grains_of", "restricted", "sweep_of"]

# Beginnings of an order that are looked at side by side.
_BEAM = 200


class Sweep(NamedTuple):
    """The states of a sweep and how one follows from another.

    Attributes
    ----------
    order
        Nodes as they come, int (n,).
    layer
        States before any node, after the first, … are ``layer[t]:layer[t + 1]``, int (n + 2,); the first is the empty set.
    into
        Steps into state s are ``into[s]:into[s + 1]``, int (states + 1,).
    source
        State that each step comes from, int (m,).
    inside
        Whether the node enters the set, bool (m,).
    cut
        What the set pays for its borders between the node and earlier ones, float (m,); where a border costs less than
        nothing, it pays as much at both ends for reaching across.
    along
        How long these borders are, float (m,).
    last
        The state of a complete set.
    """

    order: Ints
    layer: Ints
    into: Ints
    source: Ints
    inside: npt.NDArray[np.bool_]
    cut: Floats
    along: Floats
    last: int


class Beginnings(NamedTuple):
    """The cheapest beginning of a set in each state with each load.

    Attributes
    ----------
    start
        Values of state s are ``value[start[s]:start[s + 1]]``, int (states + 1,).
    least
        Load of the first of them, int (states,).
    value
        Cost less prices, float; infinite where there is no beginning that could end below the limit.
    """

    start: Ints
    least: Ints
    value: Floats


class Grains(NamedTuple):
    """Loads as whole numbers: every set within the bounds holds at least ``low`` and at most ``high``."""

    load: Ints
    low: int
    high: int


def sweep_of(piece: Piece, *, most: int, connected: bool = True) -> Sweep | None:
    """The states of a sweep over a piece.

    Parameters
    ----------
    piece
        Nodes and neighbours.
    most
        Number of states at which to give up. States that no set within the first upper bound reaches are left out.
    connected
        Whether states tell which nodes of the frontier hang together. Where not, they are far fewer, and lead to all
        connected sets and to some in several parts.

    Returns
    -------
    Sweep or None
        None where there are more states than that.
    """
    near = [_borders(piece, node) for node in range(len(piece.area))]
    order = _narrow_order([set(borders) for borders in near], most)
    if order is None:
        return None
    place = {node: at for at, node in enumerate(order)}
    until = {node: max([place[node], *(place[other] for other in near[node])]) for node in order}
    # Sums of loads in another order differ in their last digits.
    high = float(piece.high[0]) * (1.0 + 1e-9)
    before: dict[tuple[tuple[int, ...], bool], tuple[int, float]] = {((), False): (0, 0.0)}
    frontier: list[int] = []
    layer, into = [0, 1], [0, 0]
    found: list[tuple[int, bool, float, float]] = []
    for at, node in enumerate(order):
        met = [(slot, near[node][other]) for slot, other in enumerate(frontier) if other in near[node]]
        linked = [slot for slot, (_, link, _) in met if link]
        stay = [slot for slot, other in enumerate([*frontier, node]) if until[other] > at]
        after: dict[tuple[tuple[int, ...], bool], tuple[float, list[tuple[int, bool, float, float]]]] = {}
        for (parts, closed), (source, held) in before.items():
            for inside in (False, True):
                load = held + inside * float(piece.load[node, 0])
                state = None if load > high else _next_state(parts, closed, inside, linked, stay, connected)
                if state is not None:
                    cut = sum(_paid(cost, inside, parts[slot] > 0) for slot, (cost, _, _) in met)
                    along = sum(shared for slot, (_, _, shared) in met if inside != (parts[slot] > 0))
                    least, steps = after.get(state, (np.inf, []))
                    after[state] = min(least, load), [*steps, (source, inside, cut, along)]
        before = {state: (layer[-1] + number, least) for number, (state, (least, _)) in enumerate(after.items())}
        for _, steps in after.values():
            found += steps
            into.append(len(found))
        layer.append(layer[-1] + len(after))
        if layer[-1] > most:
            return None
        frontier = [[*frontier, node][slot] for slot in stay]
    source_, inside_, cut_, along_ = zip(*found, strict=True)
    return Sweep(
        order=np.array(order, dtype=np.int64),
        layer=np.array(layer, dtype=np.int64),
        into=np.array(into, dtype=np.int64),
        source=np.array(source_, dtype=np.int64),
        inside=np.array(inside_, dtype=np.bool_),
        cut=np.array(cut_, dtype=np.float64),
        along=np.array(along_, dtype=np.float64),
        last=before[(), True][0],
    )


def _borders(piece: Piece, node: int) -> dict[int, tuple[float, bool, float]]:
    """Neighbours of a node: what a border costs, whether a unit may reach across, and how long it is."""
    here = range(int(piece.start[node]), int(piece.start[node + 1]))
    return {int(piece.other[h]): (float(piece.cut[h]), bool(piece.link[h]), float(piece.shared[h])) for h in here}


def _paid(cost: float, one: bool, two: bool) -> float:
    """What a set pays for a border with its ends in or out: never less than nothing."""
    return max(cost, 0.0) if one != two else max(-2.0 * cost, 0.0) * one


def _next_state(
    parts: tuple[int, ...], closed: bool, inside: bool, touched: list[int], stay: list[int], connected: bool
) -> tuple[tuple[int, ...], bool] | None:
    """The state once a node is in or out; None where the set could not be connected any more.

    ``parts`` numbers the connected parts of the set on the frontier, 0 for a node that is out; all are number 1 where it
    does not matter whether they are ``connected``. ``closed`` says that the set is complete.
    """
    if inside and closed:
        return None
    now = [*parts, 0]
    if inside:
        joined = {parts[slot] for slot in touched if parts[slot]}
        new = max(now) + 1
        now = [new if part in joined else part for part in now]
        now[-1] = new
    kept = [now[slot] for slot in stay]
    left = {*now} - {*kept, 0}
    if left:
        if len(left) > 1 or any(kept):
            return None
        closed = True
    if not connected:
        return tuple(int(part > 0) for part in kept), closed
    number: dict[int, int] = {}
    return tuple(number.setdefault(part, len(number) + 1) if part else 0 for part in kept), closed


def _narrow_order(near: list[set[int]], most: int) -> list[int] | None:
    """An order of the nodes whose frontier stays narrow: by a beam search, of all beginnings of one length the narrowest.

    None where even the sets of nodes on the frontier, which states refine, are more than ``most``.
    """
    n = len(near)
    bits = [sum(1 << other for other in others) for others in near]
    # By the nodes taken, as bits: how many sets their frontiers have, the frontier now, and the order.
    beam: dict[int, tuple[int, int, tuple[int, ...]]] = {0: (0, 0, ())}
    for _ in range(n):
        longer: dict[int, tuple[int, int, tuple[int, ...]]] = {}
        for taken, (width, frontier, order) in beam.items():
            rest = (1 << n) - 1 & ~taken
            ahead = functools.reduce(or_, (bits[node] for node in _nodes(frontier)), 0) & ~taken
            for node in _nodes(ahead or rest):
                after = taken | 1 << node
                front = frontier | 1 << node
                for other in _nodes((bits[node] | 1 << node) & front):
                    if not bits[other] & ~after:
                        front &= ~(1 << other)
                more = width + (1 << front.bit_count())
                if more < most and (after not in longer or more < longer[after][0]):
                    longer[after] = more, front, (*order, node)
        beam = dict(sorted(longer.items(), key=lambda found: (found[1][0], found[0]))[:_BEAM])
    return next((list(order) for _, _, order in beam.values()), None)


def _nodes(bits: int) -> Iterator[int]:
    """The numbers of the bits that are set, the lowest first."""
    while bits:
        low = bits & -bits
        yield low.bit_length() - 1
        bits ^= low


def grains_of(piece: Piece, most: int) -> Grains:
    """The first load in grains, the upper bound in so many, with bounds wide enough for what rounding adds to or takes from a set."""
    load, low, high = piece.load[:, 0], float(piece.low[0]), float(piece.high[0])
    size = high / most
    whole = np.rint(load / size)
    up, down = (_most_error(sign * (load / size - whole), load, high) for sign in (1.0, -1.0))
    return Grains(whole.astype(np.int64), int(np.floor(low / size - up)), int(np.ceil(high / size + down)))


def _most_error(error: Floats, load: Floats, high: float) -> float:
    """The greatest sum of errors that nodes of a set can have: a fractional knapsack."""
    some = error > 0
    gain, load = error[some], load[some]
    order = np.argsort(-gain / load, kind="stable")
    room = np.clip(high - np.concatenate([[0.0], np.cumsum(load[order])[:-1]]), 0.0, load[order])
    return float((gain[order] * room / load[order]).sum()) + 1e-9


def restricted(sweep: Sweep, load: Floats, allowed: npt.NDArray[np.bool_], root: int, high: float) -> Sweep | None:
    """The part of a sweep that leads to sets of allowed nodes with a root in them and a load of ``high`` at most.

    Any root where it is −1; None where there is no such set.
    """
    state, step = _alive(sweep, load, allowed, root, high)
    if state[sweep.last] < 0:
        return None
    target = np.repeat(np.arange(len(state)), np.diff(sweep.into))[step]
    count = int((state >= 0).sum())
    into = np.zeros(count + 1, dtype=np.int64)
    np.cumsum(np.bincount(state[target], minlength=count), out=into[1:])
    return sweep._replace(
        layer=np.append(0, np.cumsum(state >= 0))[sweep.layer],
        into=into,
        source=state[sweep.source[step]],
        inside=sweep.inside[step],
        cut=sweep.cut[step],
        along=sweep.along[step],
        last=int(state[sweep.last]),
    )


@compiled
def _alive(
    sweep: Sweep, load: Floats, allowed: npt.NDArray[np.bool_], root: int, high: float
) -> tuple[Ints, npt.NDArray[np.bool_]]:
    """New numbers of the states that some such set goes through, −1 of the others, and which steps it may take."""
    states = sweep.into.shape[0] - 1
    step = np.zeros(sweep.source.shape[0], dtype=np.bool_)
    before = np.full(states, np.inf)
    before[0] = 0.0
    for t in range(sweep.order.shape[0]):
        node = sweep.order[t]
        for state in range(sweep.layer[t + 1], sweep.layer[t + 2]):
            for e in range(sweep.into[state], sweep.into[state + 1]):
                step[e] = allowed[node] if sweep.inside[e] else node != root
                if step[e]:
                    more = load[node] if sweep.inside[e] else 0.0
                    before[state] = min(before[state], before[sweep.source[e]] + more)
    after = np.full(states, np.inf)
    after[sweep.last] = 0.0
    alive = np.zeros(states, dtype=np.bool_)
    for t in range(sweep.order.shape[0] - 1, -1, -1):
        node = sweep.order[t]
        for state in range(sweep.layer[t + 1], sweep.layer[t + 2]):
            for e in range(sweep.into[state], sweep.into[state + 1]):
                source = sweep.source[e]
                more = load[node] if sweep.inside[e] else 0.0
                step[e] = step[e] and before[source] + more + after[state] <= high
                if step[e]:
                    after[source] = min(after[source], after[state] + more)
                    alive[source] = alive[state] = True
    number = np.where(alive, np.cumsum(alive) - 1, -1)
    return number, step


@compiled
def _ahead(sweep: Sweep, grain: Ints, price: Floats, rates: Floats) -> Floats:
    """The least that can still come after each state, whatever the load, if a load of one costs so much; (states, rates)."""
    states = sweep.into.shape[0] - 1
    ahead = np.full((states, rates.shape[0]), np.inf)
    ahead[sweep.last] = 0.0
    for t in range(sweep.order.shape[0] - 1, -1, -1):
        node = sweep.order[t]
        more = rates * grain[node] - price[node]
        for state in range(sweep.layer[t + 1], sweep.layer[t + 2]):
            for e in range(sweep.into[state], sweep.into[state + 1]):
                source, inside = sweep.source[e], sweep.inside[e]
                for r in range(rates.shape[0]):
                    cost = ahead[state, r] + sweep.cut[e] + (more[r] if inside else 0.0)
                    ahead[source, r] = min(ahead[source, r], cost)
    return ahead


@compiled
def beginnings(
    sweep: Sweep, grain: Ints, price: Floats, low: int, high: int, limit: float, rates: Floats, most: int
) -> tuple[Beginnings, bool]:
    """The cheapest beginnings of connected sets that cost, less the prices of their nodes, at most a limit.

    Parameters
    ----------
    sweep
        Of :func:`sweep_of`.
    grain
        Load of each node, int (n,).
    price
        Of each node, float (n,).
    low, high
        Least and greatest load of a set.
    limit
        Sets above it are left out where a bound shows it; infinity keeps all.
    rates
        Prices of a load of one, float (r,): what bounds the rest of a set, by the best of them.
    most
        Number of values at which to give up.

    Returns
    -------
    Beginnings
    bool
        Whether these are all.
    """
    states = sweep.into.shape[0] - 1
    ahead = _ahead(sweep, grain, price, rates)
    # What all of the rest holds at most, or, where holding more is worth something, at least.
    ends = np.where(rates < 0.0, low, high)
    start = np.zeros(states + 1, dtype=np.int64)
    least = np.zeros(states, dtype=np.int64)
    value = np.empty(1 << 16)
    value[0] = 0.0
    start[1] = 1
    row = np.empty(high + 1)
    for t in range(sweep.order.shape[0]):
        node = sweep.order[t]
        for state in range(sweep.layer[t + 1], sweep.layer[t + 2]):
            first, end = high + 1, 0
            for e in range(sweep.into[state], sweep.into[state + 1]):
                source = sweep.source[e]
                held = start[source + 1] - start[source]
                if held > 0:
                    shift = least[source] + (grain[node] if sweep.inside[e] else 0)
                    first = min(first, shift)
                    end = max(end, min(held + shift, high + 1))
            start[state + 1] = start[state]
            if first >= end:
                continue
            row[first:end] = np.inf
            for e in range(sweep.into[state], sweep.into[state + 1]):
                source = sweep.source[e]
                shift = least[source] - start[source]
                cost = sweep.cut[e]
                if sweep.inside[e]:
                    shift += grain[node]
                    cost -= price[node]
                for at in range(start[source], min(start[source + 1], high + 1 - shift)):
                    load = at + shift
                    row[load] = min(row[load], value[at] + cost)
            kept = 0
            begin = first
            for load in range(first, end):
                alive = row[load] < np.inf and (state != sweep.last or load >= low)
                for r in range(rates.shape[0]):
                    alive = alive and row[load] + ahead[state, r] - rates[r] * (ends[r] - load) <= limit
                if alive:
                    if kept == 0:
                        begin = load
                    kept = load + 1 - begin
                else:
                    row[load] = np.inf
            least[state] = begin
            start[state + 1] = start[state] + kept
            if start[state + 1] > most:
                return Beginnings(start, least, value[:0]), False
            if start[state + 1] > value.shape[0]:
                value = np.concatenate((value, np.empty(max(value.shape[0], kept))))
            for at in range(kept):
                value[start[state] + at] = row[begin + at]
    return Beginnings(start, least, value[: start[states]]), True


@compiled
def cheap_sets(
    sweep: Sweep, grain: Ints, price: Floats, found: Beginnings, limit: float, most: int
) -> tuple[npt.NDArray[np.bool_], Floats, bool]:
    """Every connected set whose cost less prices is at most a limit.

    Returns the sets, bool (s, n), what they cost less prices, float (s,), and whether these are all: at most ``most`` are
    given.
    """
    n = sweep.order.shape[0]
    sets = np.zeros((min(most, 64), n), dtype=np.bool_)
    costs = np.empty(sets.shape[0])
    count = 0
    state = np.empty(n + 1, dtype=np.int64)
    load = np.empty(n + 1, dtype=np.int64)
    tail = np.empty(n + 1)
    step = np.empty(n + 1, dtype=np.int64)
    inside = np.zeros(n, dtype=np.bool_)
    last = sweep.last
    for at in range(found.start[last], found.start[last + 1]):
        if not found.value[at] <= limit:
            continue
        state[n], load[n], tail[n], step[n] = last, at - found.start[last] + found.least[last], 0.0, sweep.into[last]
        t = n
        while t <= n:
            if t == 0:
                if count == most:
                    return sets[:count], costs[:count], False
                if count == sets.shape[0]:
                    sets = np.concatenate((sets, np.zeros_like(sets)))
                    costs = np.concatenate((costs, np.empty_like(costs)))
                sets[count] = inside
                costs[count] = tail[0]
                count += 1
                t += 1
                continue
            if step[t] == sweep.into[state[t] + 1]:
                t += 1
                continue
            e = step[t]
            step[t] += 1
            node = sweep.order[t - 1]
            source = sweep.source[e]
            before = load[t] - (grain[node] if sweep.inside[e] else 0)
            place = before - found.least[source]
            if place < 0 or place >= found.start[source + 1] - found.start[source]:
                continue
            cost = tail[t] + sweep.cut[e] - (price[node] if sweep.inside[e] else 0.0)
            if not found.value[found.start[source] + place] + cost <= limit:
                continue
            inside[node] = sweep.inside[e]
            t -= 1
            state[t], load[t], tail[t], step[t] = source, before, cost, sweep.into[source]
    return sets[:count], costs[:count], True
