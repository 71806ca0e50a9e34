"""Proven optima for small parts: every unit there could be, and the cheapest cover by them.

What limits this is not the number of blocks but the number of blocks per unit: the connected sets of blocks within
the bounds are enumerated, a linear programme over a few of them prices all others, and only those that could still
enter a better plan than the best known go to the integer programme.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from jxgis.units._cover import Cover, cheapest_cover, label_of
from jxgis.units._graph import Floats, Ints
from jxgis.units._piece import Piece
from jxgis.units._sets import connected_sets, reduced_costs, set_costs
from jxgis.units.search import Solution

__all__ = ["Optimum", "UnitPool", "enumerate_units", "optimal_units"]

# Sets beyond this take longer to price than a small part is worth.
MOST_SETS = 2_000_000
_COLUMNS_PER_ROUND = 400
_MOST_ROUNDS = 200
# What the integer programme gets: a number of columns and of nodes, not of seconds, so that every machine answers alike.
FIRST_COLUMNS = 1_000
MOST_COLUMNS = 4_000
MOST_NODES = 500
# Share of the incumbent's cost below which a difference is the solver's rounding.
TOLERANCE = 1e-9
# Costs are shares of the city's total: two that differ by less differ by rounding.
_ZERO = 1e-12
# Blocks that even fractions of units leave uncovered, where a cover would leave none: above the solver's own tolerance.
_SHORT = 1e-6


@dataclass(frozen=True)
class UnitPool:
    """All connected sets of nodes within the bounds.

    Attributes
    ----------
    members
        One bit a node, uint64 (s,).
    costs
        What each adds to the objective, float (s,).
    """

    members: npt.NDArray[np.uint64]
    costs: Floats


@dataclass(frozen=True)
class Optimum:
    """Outcome of :func:`optimal_units`.

    Attributes
    ----------
    found
        The best units, with their bound; None where there are none.
    infeasible
        Whether it is proven that no units exist.
    """

    found: Solution | None
    infeasible: bool


def enumerate_units(piece: Piece, *, most: int = MOST_SETS) -> UnitPool | None:
    """Every connected set of nodes within the bounds.

    Parameters
    ----------
    piece
        At most 64 nodes.
    most
        Number of sets at which to give up.

    Returns
    -------
    UnitPool or None
        None where there are more sets than that, or more nodes than 64.

    Notes
    -----
    Each set is built once, from its lowest node, by adding neighbours that no earlier branch took (Wernicke 2006).
    """
    if len(piece.area) > 64:
        return None
    members, complete = connected_sets(piece, most)
    if not complete:
        return None
    return UnitPool(members=members, costs=set_costs(piece, members))


def optimal_units(piece: Piece, k: int | None, pool: UnitPool, incumbent: Solution | None) -> Optimum:
    """The cheapest division of a piece into k units, with a proven bound.

    Parameters
    ----------
    piece
        As :func:`enumerate_units`.
    k
        Number of units; any where None.
    pool
        All units there could be.
    incumbent
        Best known division into k units; makes the proof faster.

    Returns
    -------
    Optimum
        ``found.bound`` equals ``found.cost`` where the optimum is proven, and is below it where a gap is left.

    Notes
    -----
    Column generation by full pricing, then reduced-cost fixing, then HiGHS.
    """
    n = len(piece.area)
    if not len(pool.members):
        return Optimum(found=None, infeasible=True)
    bound, reduced, short = _linear_bound(piece, pool.members, pool.costs, k)
    if short and _linear_bound(piece, pool.members, np.zeros_like(pool.costs), k)[0] > _SHORT:
        return Optimum(found=None, infeasible=True)
    best = incumbent if incumbent is not None and incumbent.excess == 0 else None
    ranked = _ranked(reduced, MOST_COLUMNS + 1)
    if best is None:
        # Any cover makes the fixing below bite; the cheapest columns nearly always hold one.
        best, nothing = _covered(piece, pool, k, ranked[:FIRST_COLUMNS])
        if best is None and len(ranked) > FIRST_COLUMNS:
            best, nothing = _covered(piece, pool, k, ranked[:MOST_COLUMNS])
        if best is None:
            return Optimum(found=None, infeasible=nothing and len(pool.members) <= MOST_COLUMNS)
    # A column whose reduced cost exceeds the gap is in no better cover.
    slack = abs(bound) * TOLERANCE + 1e-15
    open_ = int(np.searchsorted(reduced[ranked], best.cost - bound + slack, side="right"))
    within = ranked[: min(open_, MOST_COLUMNS)]
    proven = bound
    if best.cost - bound > slack and len(within):
        sets = _sets(pool.members[within], n)
        cover = _cover(piece, sets, pool.costs[within], k)
        if cover.chosen is not None:
            found = _found(pool, within, sets, cover.chosen, n)
            best = found if found.better_than(best) else best
        # Covers by these columns cost at least what was proven of them, those with another column at least that one's
        # reduced cost more than the linear bound.
        beyond = np.inf if open_ <= len(within) else bound + float(reduced[ranked[len(within)]])
        among = np.inf if cover.infeasible else cover.bound
        proven = max(bound, min(beyond, among if np.isfinite(among) or cover.infeasible else bound, best.cost))
    if best.cost - proven <= max(abs(best.cost) * 1e-8, _ZERO):
        proven = best.cost
    return Optimum(found=replace(best, bound=proven), infeasible=False)


def _cover(piece: Piece, sets: list[Ints], costs: Floats, k: int | None) -> Cover:
    n = len(piece.area)
    return cheapest_cover(n, sets, costs, k, nodes=MOST_NODES, zones=(piece.zones, piece.zone_most))


def _covered(piece: Piece, pool: UnitPool, k: int | None, columns: Ints) -> tuple[Solution | None, bool]:
    """The cheapest cover by some columns, and whether it is proven that there is none."""
    n = len(piece.area)
    sets = _sets(pool.members[columns], n)
    cover = _cover(piece, sets, pool.costs[columns], k)
    if cover.chosen is None:
        return None, cover.infeasible
    return _found(pool, columns, sets, cover.chosen, n), False


def _found(pool: UnitPool, columns: Ints, sets: list[Ints], chosen: Ints, n: int) -> Solution:
    label = label_of(n, sets, chosen)
    return Solution(label=label, k=len(chosen), cost=float(pool.costs[columns][chosen].sum()), excess=0.0)


def _linear_bound(
    piece: Piece, members: npt.NDArray[np.uint64], costs: Floats, k: int | None
) -> tuple[float, Floats, bool]:
    """Value of the linear relaxation over all units, every unit's reduced cost, and whether blocks stay uncovered.

    Uncovered blocks have a price above that of any cover; where all costs are 0 the value is their number, at best.
    """
    from scipy.optimize import linprog

    s, n = len(members), len(piece.area)
    touching = _touching(piece, members)
    scale = float(np.abs(costs).max())
    cost = costs / scale if scale > 0 else costs
    wanted = np.ones(n) if k is None else np.append(np.ones(n), k)
    # Artificial columns, one a row, keep every restricted programme solvable.
    m = len(wanted)
    price = 10.0 * (n + 1) if scale > 0 else 1.0
    active = np.zeros(s, dtype=np.bool_)
    active[_cheapest(cost, _COLUMNS_PER_ROUND)] = True
    for _ in range(_MOST_ROUNDS):
        columns = np.flatnonzero(active)
        rows = np.ones((m, len(columns)))
        rows[:n] = _bits(members[columns], n).T
        solved = linprog(
            np.concatenate([cost[columns], np.full(m, price)]),
            A_eq=np.hstack([rows, np.eye(m)]),
            b_eq=wanted,
            A_ub=np.pad(touching[columns].T, ((0, 0), (0, m))) if touching.shape[1] else None,
            b_ub=piece.zone_most if touching.shape[1] else None,
            bounds=(0, None),
            method="highs",
        )
        dual = np.asarray(solved.eqlin.marginals, dtype=np.float64)
        toll = np.asarray(solved.ineqlin.marginals, dtype=np.float64)
        reduced = reduced_costs(members, cost, dual[:n]) - touching @ toll
        if k is not None:
            reduced -= dual[n]
        entering = np.flatnonzero((reduced < -1e-9) & ~active)
        if not len(entering):
            # What is still negative is the solver's rounding: units of a cover are at most n.
            value = float(wanted @ dual) + float(piece.zone_most @ toll) + n * min(float(reduced.min()), 0.0)
            short = float(np.asarray(solved.x)[len(columns) :].sum()) > _SHORT
            return value * (scale or 1.0), reduced * (scale or 1.0), short
        active[entering[_cheapest(reduced[entering], _COLUMNS_PER_ROUND)]] = True
    return -np.inf, np.full(s, -np.inf), False


def _touching(piece: Piece, members: npt.NDArray[np.uint64]) -> Floats:
    """1 where a set holds a node of a zone, float (s, z)."""
    masks = [sum(1 << int(i) for i in np.flatnonzero(zone)) for zone in piece.zones.T[: len(piece.zone_most)]]
    touching: Floats = (members[:, None] & np.array(masks, dtype=np.uint64)[None, :] != 0).astype(np.float64)
    return touching


def _ranked(cost: Floats, count: int) -> Ints:
    """Positions of the lowest values, lowest first."""
    lowest = _cheapest(cost, count)
    order: Ints = lowest[np.argsort(cost[lowest], kind="stable")]
    return order


def _cheapest(cost: Floats, count: int) -> Ints:
    """Positions of the lowest values, in the order of the list."""
    return np.sort(np.argpartition(cost, count)[:count]) if len(cost) > count else np.arange(len(cost))


def _bits(members: npt.NDArray[np.uint64], n: int) -> npt.NDArray[np.bool_]:
    """Membership, bool (s, n)."""
    bits = (members[:, None] >> np.arange(n, dtype=np.uint64)[None, :]) & np.uint64(1)
    return bits.astype(np.bool_)


def _sets(members: npt.NDArray[np.uint64], n: int) -> list[Ints]:
    return [np.flatnonzero(row).astype(np.int64) for row in _bits(members, n)]
