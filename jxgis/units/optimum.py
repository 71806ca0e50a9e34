"""Proven optima for small parts: every unit there could be, and the cheapest cover by them.

What limits this is not the number of blocks but the number of blocks per unit: the connected sets of blocks within
the bounds are enumerated, a linear programme over a few of them prices all others, and only those that could still
enter a better plan than the best known go to the integer programme.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from jxgis.units._cover import cheapest_cover
from jxgis.units._graph import Floats
from jxgis.units._kernels import Piece
from jxgis.units._sets import connected_sets, set_costs
from jxgis.units.search import Found

__all__ = ["Optimum", "UnitPool", "enumerate_units", "optimal_units"]

# Sets beyond this take longer to price than a small part is worth.
MOST_SETS = 400_000
COLUMNS_PER_ROUND = 400
MOST_ROUNDS = 200
MOST_INTEGER_COLUMNS = 20_000
# Share of the incumbent's cost below which a difference is the solver's rounding.
TOLERANCE = 1e-9


@dataclass(frozen=True)
class UnitPool:
    """All connected sets of nodes whose area is within the bounds.

    Attributes
    ----------
    members
        One bit a node, uint64 (s,).
    costs
        What each adds to the objective, float (s,).
    """

    members: npt.NDArray[np.uint64]
    costs: Floats

    def holds(self, n: int) -> npt.NDArray[np.float64]:
        """Membership as a matrix, float (n, s)."""
        bits = (self.members[None, :] >> np.arange(n, dtype=np.uint64)[:, None]) & np.uint64(1)
        return bits.astype(np.float64)


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

    found: Found | None
    infeasible: bool


def enumerate_units(piece: Piece, *, most: int = MOST_SETS) -> UnitPool | None:
    """Every connected set of nodes within the bounds of area.

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


def optimal_units(piece: Piece, k: int | None, pool: UnitPool, incumbent: Found | None) -> Optimum:
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
    bound, reduced = _linear_bound(pool, n, k)
    if bound is None:
        return Optimum(found=None, infeasible=True)
    cost = np.inf if incumbent is None or incumbent.excess > 0 else incumbent.cost
    slack = abs(bound) * TOLERANCE + 1e-15
    if cost - bound <= slack:
        assert incumbent is not None
        return Optimum(found=replace(incumbent, bound=incumbent.cost), infeasible=False)
    kept = np.flatnonzero(reduced <= cost - bound + slack)
    proven = len(kept) <= MOST_INTEGER_COLUMNS
    if not proven:
        kept = kept[np.argsort(reduced[kept], kind="stable")[:MOST_INTEGER_COLUMNS]]
    sets = _sets(pool.members[kept], n)
    cover = cheapest_cover(n, sets, pool.costs[kept], k, nodes=5_000)
    if cover.chosen is None:
        if incumbent is None or incumbent.excess > 0:
            return Optimum(found=None, infeasible=proven and cover.infeasible)
        return Optimum(found=replace(incumbent, bound=bound), infeasible=False)
    label = np.empty(n, dtype=np.int64)
    for unit, column in enumerate(cover.chosen):
        label[sets[column]] = unit
    value = float(pool.costs[kept][cover.chosen].sum())
    # What the integer programme proved holds for the columns it had; the others cost at least the linear bound more.
    below = max(bound, min(cover.bound, value)) if proven else bound
    found = Found(label=label, k=len(cover.chosen), cost=value, excess=0.0, bound=below)
    if incumbent is not None and not found.better_than(incumbent):
        found = replace(incumbent, bound=min(below, incumbent.cost))
    if found.cost - found.bound <= abs(found.cost) * 1e-8:
        found = replace(found, bound=found.cost)
    return Optimum(found=found, infeasible=False)


def _linear_bound(pool: UnitPool, n: int, k: int | None) -> tuple[float | None, Floats]:
    """Value of the linear relaxation over all units, and every unit's reduced cost; None where it has no solution."""
    from scipy.optimize import linprog

    holds = pool.holds(n)
    s = holds.shape[1]
    scale = float(np.abs(pool.costs).max()) or 1.0
    cost = pool.costs / scale
    rows = holds if k is None else np.vstack([holds, np.ones(s)])
    wanted = np.ones(n) if k is None else np.append(np.ones(n), k)
    # Artificial columns, one a row, keep every restricted programme solvable; their price is above any cover's.
    m = len(wanted)
    price = 10.0 * (n + 1)
    active = np.zeros(s, dtype=np.bool_)
    active[np.argsort(cost, kind="stable")[:COLUMNS_PER_ROUND]] = True
    for _ in range(MOST_ROUNDS):
        columns = np.flatnonzero(active)
        solved = linprog(
            np.concatenate([cost[columns], np.full(m, price)]),
            A_eq=np.hstack([rows[:, columns], np.eye(m)]),
            b_eq=wanted,
            bounds=(0, None),
            method="highs",
        )
        dual = np.asarray(solved.eqlin.marginals)
        reduced: Floats = cost - dual @ rows
        entering = np.flatnonzero((reduced < -1e-9) & ~active)
        if not len(entering):
            if np.asarray(solved.x)[len(columns) :].sum() > 1e-7:
                return None, reduced
            # Farley's bound would loosen this by what is still negative: within rounding of nothing.
            return float(wanted @ dual) * scale, reduced * scale
        active[entering[np.argsort(reduced[entering], kind="stable")[:COLUMNS_PER_ROUND]]] = True
    return -np.inf, np.full(s, -np.inf)


def _sets(members: npt.NDArray[np.uint64], n: int) -> list[npt.NDArray[np.int64]]:
    bits = (members[:, None] >> np.arange(n, dtype=np.uint64)[None, :]) & np.uint64(1)
    return [np.flatnonzero(row).astype(np.int64) for row in bits]
