"""Where the next facilities of a kind go, on foot: those that serve most of what is open, within capacities where given."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, linprog, milp
from scipy.sparse import csr_array, hstack, vstack

from jxgis.bounds import at_most, widened
from jxgis.errors import InputError
from jxgis.parks.cover import cover_most
from jxgis.space.network import Snapped, StreetGraph, walk_from_each

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

__all__ = ["Sited", "choose_sites", "choose_with_capacity", "within_walk"]

_MOST_SECONDS = 120.0
"""A guard for a problem with capacities; what it stops is said, with its gap."""


@dataclass(frozen=True, eq=False)
class Sited:
    """Chosen sites, and what they change.

    Attributes
    ----------
    chosen
        Positions of the sites among the candidates, the one that adds most first.
    gain
        (chosen,) demand that each serves and nothing before it does; with capacities what is assigned to it where today's
        facilities serve as much as they did: together what the sites add.
    before, after
        Demand served by what stands today, and with the sites too.
    gap
        How far the choice may be from the best, relative to what it adds; 0: it is the best; inf: it adds nothing, and it is
        not known that none does.
    """

    chosen: Ints
    gain: Floats
    before: float
    after: float
    gap: float


def within_walk(graph: StreetGraph, doors: Snapped, of: Ints, demand: Snapped, *, n: int, limit_m: float) -> csr_array:
    """Which points each of some facilities can be walked to from within a limit.

    Parameters
    ----------
    graph
        The streets.
    doors, of
        The facilities' doors on it, and the facility of each: see `indicators.foot.doors`.
    demand
        (m) points on it.
    n
        How many facilities there are.
    limit_m
        The longest way.

    Returns
    -------
    csr_array
        (m, n), 1 where a point has the facility within reach.

    Examples
    --------
    >>> from jxgis.space.network import graph_of_edges, snap
    >>> graph = graph_of_edges([0, 1000], [0, 0], [0], [1])
    >>> shops, homes = (snap(graph, x, [0] * len(x), max_snap_m=1) for x in ([0, 900], [100, 500, 800]))
    >>> within_walk(graph, shops, np.array([0, 1]), homes, n=2, limit_m=500).toarray().tolist()
    [[1, 0], [1, 1], [0, 1]]
    """
    point, site, before = [], [], None
    for one, walk in walk_from_each(graph, doors, of, limit_m=widened(limit_m)):
        before = walk.before(demand) if before is None else before
        hit = np.flatnonzero(at_most(walk.to(demand, before), limit_m))
        point.append(hit)
        site.append(np.full(len(hit), one))
    rows = np.concatenate(point) if point else np.zeros(0, dtype=np.int64)
    columns = np.concatenate(site) if site else np.zeros(0, dtype=np.int64)
    return csr_array((np.ones(len(rows), dtype=np.int8), (rows, columns)), shape=(len(demand.edge), n))


def choose_sites(cover: csr_array, weight: Floats, served: NDArray[np.bool_], *, sites: int) -> Sited:
    """Choose the sites that serve most of the demand that nothing serves yet, to optimality.

    Parameters
    ----------
    cover
        (m, n) from `within_walk`, of the candidates.
    weight
        (m,) demand.
    served
        (m,) what has a facility within reach today.
    sites
        How many.

    Returns
    -------
    Sited

    Examples
    --------
    >>> cover = csr_array(np.array([[1, 0], [1, 0], [0, 1]]))
    >>> found = choose_sites(cover, np.array([2.0, 5.0, 4.0]), np.array([False, True, False]), sites=1)
    >>> found.chosen.tolist(), found.before, found.after
    ([1], 5.0, 9.0)
    """
    found = cover_most(cover[~served], weight[~served], sites=sites)
    before = float(weight[served].sum())
    worth = found.added > 0
    return Sited(found.chosen[worth], found.added[worth], before, before + found.covered, found.gap)


def choose_with_capacity(
    existing: csr_array,
    room: Floats,
    cover: csr_array,
    weight: Floats,
    *,
    sites: int,
    capacity: float,
) -> Sited:
    """Choose the sites with which most of the demand can be assigned to some facility within reach that has room for it.

    Parameters
    ----------
    existing
        (m, k) which of today's facilities each piece of demand has within reach.
    room
        (k,) how much each of them can take.
    cover
        (m, n) likewise of the candidates.
    weight
        (m,) demand.
    sites
        How many.
    capacity
        How much a new one can take; inf: all.

    Returns
    -------
    Sited

    Raises
    ------
    InputError
        If a capacity is below 0 or missing.

    Notes
    -----
    The capacitated maximal covering location problem (Current and Storbeck 1988), demand that may be split, pieces with the
    same choices merged, solved by HiGHS.

    Examples
    --------
    >>> homes = csr_array(np.array([[1], [1]]))
    >>> found = choose_with_capacity(homes, np.array([30.0]), csr_array(np.eye(2)), np.array([40.0, 20.0]), sites=1, capacity=25.0)
    >>> found.before, round(found.after, 9), found.chosen.tolist()
    (30.0, 55.0, [0])
    """
    if np.isnan(room).any() or (room < 0).any() or not capacity >= 0:
        raise InputError(
            zh="设施的容量有空值、负数或不是数字；请补全，或不按容量选址。",
            en="A capacity is missing, no number or below 0; fill it in, or site without capacities.",
        )
    both = csr_array(hstack([existing, cover], format="csr"))
    merged, demand = _merged(both, weight)
    new = np.arange(both.shape[1]) >= existing.shape[1]
    most = np.concatenate([room, np.full(cover.shape[1], min(capacity, float(weight.sum())))])
    none = _assign(merged, demand, np.where(new, 0.0, most), new)
    best, bound = _best(merged, demand, most, new, sites, none)
    plan = _needed(merged, demand, most, new, best)
    taken = plan.load[new]
    # To a billionth, so that rounding does not order equals.
    order = np.argsort(-np.round(taken[plan.built] / max(float(weight.sum()), 1e-12), 9), kind="stable")
    chosen = plan.built[order]
    short = max(bound - best.value, 0.0)
    added = best.value - none.value
    gap = 0.0 if short <= max(1e-6 * added, _noise(demand)) else short / added if added > 0 else np.inf
    return Sited(chosen, taken[chosen], none.value, best.value, gap)


@dataclass(frozen=True, eq=False)
class _Assigned:
    value: float
    left: Floats
    built: Ints
    load: Floats


def _merged(cover: csr_array, weight: Floats) -> tuple[csr_array, Floats]:
    """Demand with the same choices as one piece; what has none is left out."""
    rows = csr_array(cover)
    rows.sort_indices()
    seen: dict[bytes, int] = {}
    first: list[int] = []
    label = np.full(rows.shape[0], -1, dtype=np.int64)
    for at in np.flatnonzero((np.diff(rows.indptr) > 0) & (weight > 0)).tolist():
        key = rows.indices[rows.indptr[at] : rows.indptr[at + 1]].tobytes()
        if key not in seen:
            seen[key] = len(first)
            first.append(at)
        label[at] = seen[key]
    held = label >= 0
    return rows[first], np.bincount(label[held], weights=weight[held], minlength=len(first)).astype(np.float64)


def _best(
    cover: csr_array,
    demand: Floats,
    most: Floats,
    new: NDArray[np.bool_],
    sites: int,
    none: _Assigned,
) -> tuple[_Assigned, float]:
    """The best assignment with so many of the new ones built, and what none can exceed."""
    n, total = int(new.sum()), max(float(demand.sum()), 1e-12)
    if not cover.nnz or not n or sites <= 0:
        return none, none.value
    flows, rows, upper = _programme(cover, demand / total, most / total)
    built = csr_array((-most[new] / total, (len(demand) + np.flatnonzero(new), np.arange(n))), shape=(rows.shape[0], n))
    whole = csr_array(np.concatenate([np.zeros(flows), np.ones(n)])[None, :])
    upper[len(demand) + np.flatnonzero(new)] = 0.0
    found = milp(
        c=-np.concatenate([np.ones(flows), np.zeros(n)]),
        constraints=[
            LinearConstraint(
                vstack([hstack([rows, built]), whole], format="csc"), -np.inf, np.concatenate([upper, [sites]])
            )
        ],
        integrality=np.concatenate([np.zeros(flows), np.ones(n)]),
        bounds=Bounds(np.zeros(flows + n), np.concatenate([np.full(flows, np.inf), np.ones(n)])),
        options={"mip_rel_gap": 0.0, "time_limit": _MOST_SECONDS},
    )
    plans = [] if found.x is None else [np.flatnonzero(found.x[flows:] > 0.5)]
    if found.status != 0:
        plans.append(_one_by_one(cover, demand, none, most, new, sites))
    held = [replace(_assign(cover, demand, _opened(most, new, plan), new), built=plan) for plan in plans]
    best = max(held, key=lambda one: one.value)
    # What none can exceed whatever the solver knows: all there is, and today's with every new one full.
    known = [total, none.value + float(np.sort(most[new])[::-1][:sites].sum())]
    if found.mip_dual_bound is not None and np.isfinite(found.mip_dual_bound):
        known.append(-float(found.mip_dual_bound) * total)
    return best, max(min(known), best.value)


def _needed(cover: csr_array, demand: Floats, most: Floats, new: NDArray[np.bool_], best: _Assigned) -> _Assigned:
    """The plan without new ones that the others can do without, asked one by one, those with least assigned first."""
    plan, least = best, best.value - _noise(demand)
    for one in best.built[np.argsort(best.load[new][best.built], kind="stable")]:
        fewer = plan.built[plan.built != one]
        without = replace(_assign(cover, demand, _opened(most, new, fewer), new), built=fewer)
        plan = without if without.value >= least else plan
    return plan


def _noise(demand: Floats) -> float:
    """What sums of so much demand may differ by when they are added up otherwise."""
    return 1e-9 * max(float(demand.sum()), 1.0)


def _opened(most: Floats, new: NDArray[np.bool_], built: Ints) -> Floats:
    """How much each facility can take with these of the new ones built."""
    room = np.where(new, 0.0, most)
    opened = np.flatnonzero(new)[built]
    room[opened] = most[opened]
    return room


def _one_by_one(
    cover: csr_array, demand: Floats, none: _Assigned, most: Floats, new: NDArray[np.bool_], sites: int
) -> Ints:
    """New ones one by one, each the one with most within reach that has no place yet; of equals with most within reach."""
    columns, left = csr_array(cover[:, new].T), none.left.copy()
    reached, room = columns @ demand, most[new]
    chosen: list[int] = []
    for _ in range(min(sites, len(room))):
        gain = np.minimum(columns @ left, room)
        gain[chosen] = -1.0
        best = int(np.lexsort((reached, gain))[-1])
        chosen.append(best)
        at = columns.indices[columns.indptr[best] : columns.indptr[best + 1]]
        left[at] *= 1 - gain[best] / max(float(left[at].sum()), 1e-300)
    return np.array(sorted(chosen), dtype=np.int64)


def _programme(cover: csr_array, demand: Floats, room: Floats) -> tuple[int, csr_array, Floats]:
    """Flows along the pairs within reach: how many, their rows (each demand, each facility), and what these hold at most."""
    pairs = cover.tocoo()
    flow = np.arange(len(pairs.row))
    row = np.concatenate([pairs.row, len(demand) + pairs.col])
    rows = csr_array((np.ones(len(row)), (row, np.tile(flow, 2))), shape=(len(demand) + len(room), len(flow)))
    return len(flow), rows, np.concatenate([demand, room])


def _assign(cover: csr_array, demand: Floats, room: Floats, new: NDArray[np.bool_]) -> _Assigned:
    """Assign as much demand as can be to facilities with so much room: a linear programme, solved to its end.

    What the new ones take counts for less. What facilities can take together is a polymatroid: the most in all goes with the
    most that the others can take, so that no new one has what these would serve without it.
    """
    if not cover.nnz:
        return _Assigned(0.0, demand, np.zeros(0, dtype=np.int64), np.zeros(len(room)))
    total = max(float(demand.sum()), 1e-12)
    _, rows, upper = _programme(cover, demand / total, room / total)
    worth = np.concatenate([np.zeros(len(demand)), np.where(new, 0.5, 1.0)]) @ rows
    found = linprog(  # type: ignore[call-overload]  # its stubs know no sparse rows
        -worth, A_ub=rows, b_ub=upper, bounds=(0, None), method="highs"
    )
    load = rows @ found.x * total
    return _Assigned(
        value=float(found.x.sum()) * total,
        left=np.maximum(demand - load[: len(demand)], 0.0),
        built=np.zeros(0, dtype=np.int64),
        load=load[len(demand) :],
    )
