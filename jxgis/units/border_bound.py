"""Proven optima where nothing but borders counts: column generation over connected sets, priced exactly.

A plan is k connected sets that hold each node once. A linear programme over some of the sets prices the nodes; the
cheapest set of all at those prices, found along a sweep of the map (see `units._frontier`), either enters the programme
or shows that no plan costs less than the programme says. What gap is left is closed by an integer programme over
every set that a better plan could hold. Both programmes are solved by HiGHS.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from jxgis.units._cover import cheapest_cover, label_of
from jxgis.units._frontier import Grains, Sweep, beginnings, cheap_sets, grains_of, sweep_of
from jxgis.units._graph import Floats
from jxgis.units._kernels import unit_costs
from jxgis.units._piece import Piece, credit_of
from jxgis.units.search import Solution

__all__ = ["prove_borders"]

# States at which a map is too wide to be swept.
MOST_STATES = 200_000
# Values that a sweep holds at most, of eight bytes each.
_MOST_VALUES = 100_000_000
# Grains that the greatest load is counted in: the finer, the fewer sets just out of bounds pass for being within.
_GRAINS = 4_000
_MOST_ROUNDS = 200
_SETS_PER_ROUND = 200
# How much of the distance to the programme's prices is gone at once: prices that jump bring nothing.
_STEP = 0.5
# By how much the bound may stay below the programme before the rest is left to the integer programme.
_CLOSE = 2e-3
# Sets that the integer programme gets at most, and its branch-and-bound nodes.
_MOST_SETS = 40_000
_MOST_NODES = 5_000
# What bounds the rest of a set: multiples of the mean price of a grain.
_RATES = np.array([0.0, 0.5, 0.8, 1.0, 1.25, 2.0])
# Sums of prices in another order differ in their last digits.
_ROUNDING = 1e-7


def prove_borders(
    piece: Piece, best: Solution, known: Iterable[npt.NDArray[np.integer]], *, step: float = 0.0
) -> Solution:
    """The best division of a piece into k units where only borders cost, with a proven bound.

    Parameters
    ----------
    piece
        Nodes and bounds; neither likeness nor shape may count (``spread_weight`` and ``shape_weight`` 0).
    best
        The best division known, within the bounds.
    known
        Units that are worth a try: rows of nodes.
    step
        The least difference between the costs of two plans that differ: 1 where the number of cut borders is counted, 0 where
        nothing is known.

    Returns
    -------
    Solution
        ``bound`` equals ``cost`` where the optimum is proven; it is below where a gap is left, and as it was given where
        the map is too wide or its sweep holds more than there is room for.

    Notes
    -----
    Loads are rounded so that no set within the bounds is lost; the integer programme takes only sets that are truly within.
    """
    # Counted from the credit, no unit costs less than nothing.
    credit = credit_of(piece)
    if best.cost <= credit:
        return replace(best, bound=best.cost)
    # Costs are shares of a city's: as shares of the best plan's the tolerances mean something.
    paid = best.cost - credit
    scaled = piece._replace(cut=piece.cut / paid)
    sweep = sweep_of(scaled, most=MOST_STATES)
    if sweep is None:
        return best
    found = _above(sweep, scaled, replace(best, cost=1.0), known, step / paid)
    cost = float(unit_costs(piece, found.label, found.k)[0].sum())
    return replace(found, cost=cost, bound=cost if found.bound == found.cost else credit + paid * found.bound)


def _above(
    sweep: Sweep, piece: Piece, best: Solution, known: Iterable[npt.NDArray[np.integer]], step: float
) -> Solution:
    """What `prove_borders` gives, costs counted from the least that every plan pays and the best one's 1."""
    grains = grains_of(piece, _GRAINS)
    k = best.k
    wanted = best.cost - step + _ROUNDING
    sets = _Columns(piece, most=best.cost / k)
    sets.add(known)
    sets.add(np.flatnonzero(best.label == unit) for unit in range(k))
    centre: Floats = piece.area * (best.cost / piece.area.sum())
    pace, bound = _STEP, -np.inf
    for _ in range(_MOST_ROUNDS):
        value, dual = sets.solve()
        target = min(wanted, value - _CLOSE * best.cost)
        price = centre + pace * (dual - centre)
        limit = (target - float(price.sum())) / k
        least, found, _ = _sets_below(sweep, grains, price, limit, _SETS_PER_ROUND)
        reached = target if least > limit else float(price.sum()) + k * least
        if reached > bound:
            centre, bound = price, reached
        if least > limit or not np.isfinite(least):
            break
        if not sets.add(np.flatnonzero(row) for row in found):
            pace = min(1.0, 1.5 * pace)
    if bound >= wanted:
        return replace(best, bound=best.cost)
    if not np.isfinite(bound):
        return best
    # Each unit of a better plan costs at most what the others, at their cheapest, leave of it.
    cheapest = (bound - float(centre.sum())) / k
    limit = wanted - float(centre.sum()) - (k - 1) * cheapest
    _, members, complete = _sets_below(sweep, grains, centre, limit, _MOST_SETS)
    bound = max(bound, 0.0)
    return _finished(piece, best, members, wanted, bound) if complete else replace(best, bound=bound)


def _finished(piece: Piece, best: Solution, members: npt.NDArray[np.bool_], wanted: float, bound: float) -> Solution:
    """The best plan of all the sets that a better one could hold."""
    load = members @ piece.load
    within = ((load >= piece.low) & (load <= piece.high)).all(axis=1)
    sets = [np.flatnonzero(row) for row in members[within]]
    costs = np.array([_cost(piece, row) for row in members[within]])
    n = len(piece.area)
    cover = cheapest_cover(n, sets, costs, best.k, nodes=_MOST_NODES, zones=(piece.zones, piece.zone_most))
    if cover.infeasible:
        return replace(best, bound=best.cost)
    if cover.chosen is not None and costs[cover.chosen].sum() < best.cost - _ROUNDING:
        best = replace(best, label=label_of(n, sets, cover.chosen), cost=float(costs[cover.chosen].sum()))
    # Whatever costs less than is wanted was among the sets.
    bound = max(bound, min(cover.bound, wanted) if np.isfinite(cover.bound) else bound)
    return replace(best, bound=best.cost if bound >= min(wanted, best.cost - _ROUNDING) else bound)


class _Columns:
    """A linear programme over some units: the cheapest fractions of them that hold each node once."""

    def __init__(self, piece: Piece, most: float) -> None:
        self._piece = piece
        # A node may be left out or held twice for as much as a unit costs and half: that keeps its price within bounds.
        self._penalty = 1.5 * most
        self._sets: dict[bytes, float] = {}

    def add(self, sets: Iterable[npt.NDArray[np.integer]]) -> int:
        """Take sets that are new; how many were."""
        before = len(self._sets)
        for nodes in sets:
            row = np.zeros(len(self._piece.area), dtype=np.bool_)
            row[nodes] = True
            key = np.packbits(row).tobytes()
            if key not in self._sets:
                self._sets[key] = _cost(self._piece, row)
        return len(self._sets) - before

    def solve(self) -> tuple[float, Floats]:
        """Its value, and the price of each node."""
        from scipy.optimize import linprog
        from scipy.sparse import csr_array, hstack, identity

        n = len(self._piece.area)
        packed = np.frombuffer(b"".join(self._sets), dtype=np.uint8).reshape(len(self._sets), -1)
        rows = csr_array(np.unpackbits(packed, axis=1, count=n).T.astype(np.float64))
        spare = identity(n, format="csr")
        solved = linprog(
            np.concatenate([np.fromiter(self._sets.values(), dtype=np.float64), np.full(2 * n, self._penalty)]),
            A_eq=hstack([rows, spare, -spare], format="csc"),
            b_eq=np.ones(n),
            bounds=(0, None),
            method="highs",
        )
        if solved.fun is None:
            raise AssertionError("leaving out or repeating nodes always solves it")
        return float(solved.fun), np.asarray(solved.eqlin.marginals, dtype=np.float64)


def _cost(piece: Piece, row: npt.NDArray[np.bool_]) -> float:
    """What a unit pays for its borders, and for reaching across those that cost less than nothing."""
    here = row[np.repeat(np.arange(len(row)), np.diff(piece.start))]
    there = row[piece.other]
    paid = np.where(piece.cut < 0, -piece.cut * (here & there), piece.cut * (here & ~there))
    return float(paid.sum())


def _sets_below(
    sweep: Sweep, grains: Grains, price: Floats, limit: float, most: int
) -> tuple[float, npt.NDArray[np.bool_], bool]:
    """The least cost less prices, sets at or below a limit, and whether these are all; infinity where none is below.

    Minus infinity, no sets and False where there is no room for them.
    """
    rates = _RATES * max(float(price.sum()), 0.0) / max(int(grains.load.sum()), 1)
    edge = limit + _ROUNDING
    found, whole = beginnings(sweep, grains.load, price, grains.low, grains.high, edge, rates, _MOST_VALUES)
    if not whole:
        return -np.inf, np.zeros((0, len(price)), dtype=np.bool_), False
    ends = found.value[found.start[sweep.last] : found.start[sweep.last + 1]]
    least = float(ends.min()) if len(ends) else np.inf
    if not least <= limit:
        return np.inf, np.zeros((0, len(price)), dtype=np.bool_), True
    sets, _, complete = cheap_sets(sweep, grains.load, price, found, edge, most)
    return least, sets, complete
