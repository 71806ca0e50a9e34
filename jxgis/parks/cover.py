"""Maximal covering and set covering, solved to optimality: which sites serve the most, and how few are enough."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array, eye_array, hstack

from jxgis.bounds import RELATIVE
from jxgis.errors import InputError

__all__ = ["CoverSolution", "cover_most", "fewest_to_cover"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

# Nodes end a search, alike on every machine (the parks of a city take a few hundred at most); the seconds are a guard against
# a single node that takes for ever.
_MOST_NODES, _MOST_SECONDS = 10_000, 300.0


@dataclass(frozen=True, eq=False)
class CoverSolution:
    """Chosen sites and how good the choice provably is.

    Attributes
    ----------
    chosen
        Positions of the chosen sites: each next one is the one that adds most to those before it.
    added
        Demand that each adds to those before it.
    covered
        Demand that they cover together.
    bound
        What no choice can exceed (`cover_most`), or the fewest sites that any choice needs (`fewest_to_cover`).
    gap
        Relative gap between the choice and the bound; 0 where it is optimal.
    status
        ``optimal``; ``stopped``: the best that the solver had when its limit came, the gap says how far off it may be;
        ``greedy``: it had none as good as taking one site after the other, which is given instead, with its gap.
    """

    chosen: Ints
    added: Floats
    covered: float
    bound: float
    gap: float
    status: str


@dataclass(frozen=True, eq=False)
class _Merged:
    """Demand with one row a distinct cover set (and group), sites with one column a distinct set of demand."""

    cover: csr_array
    weight: Floats
    group: Ints
    site: Ints


def _merge(cover: csr_array, weight: Floats, group: Ints) -> _Merged:
    """Merge demand that the same sites cover, then sites that cover the same demand; neither changes the optimum."""
    rows = cover.tocsr()
    rows.sort_indices()
    some = np.flatnonzero((np.diff(rows.indptr) > 0) & (weight > 0))
    label, first = _same_rows(rows, some, group)
    merged = rows[some[first]]
    weight = np.bincount(label, weights=weight[some], minlength=len(first)).astype(np.float64)
    columns = merged.T.tocsr()
    columns.sort_indices()
    used = np.flatnonzero(np.diff(columns.indptr) > 0)
    _, kept = _same_rows(columns, used, np.zeros(columns.shape[0], dtype=np.int64))
    site = used[kept]
    return _Merged(merged[:, site].tocsr(), weight, group[some][first], site)


def _same_rows(matrix: csr_array, rows: Ints, group: Ints) -> tuple[Ints, Ints]:
    """A label for each row, and the place of the first row of each label, in order of appearance."""
    seen: dict[tuple[int, bytes], int] = {}
    label = np.empty(len(rows), dtype=np.int64)
    first: list[int] = []
    for place, row in enumerate(rows):
        key = int(group[row]), matrix.indices[matrix.indptr[row] : matrix.indptr[row + 1]].tobytes()
        if key not in seen:
            seen[key] = len(first)
            first.append(place)
        label[place] = seen[key]
    return label, np.array(first, dtype=np.int64)


def _check(cover: csr_array, weight: npt.ArrayLike) -> tuple[csr_array, Floats]:
    demand = np.asarray(weight, dtype=np.float64)
    rows = csr_array(cover)
    if rows.shape[0] != len(demand) or not (demand >= 0).all():
        raise InputError(
            zh=f"需求权重应有 {rows.shape[0]} 个非负数，给出了 {len(demand)} 个。",
            en=f"{rows.shape[0]} weights of demand are needed, none below 0; {len(demand)} were given.",
        )
    return rows, demand


def _in_order(cover: csr_array, weight: Floats, chosen: Ints) -> tuple[Ints, Floats]:
    """Sites by falling gain over those before them, and these gains."""
    columns = cover.tocsc()
    sets = {int(j): columns.indices[columns.indptr[j] : columns.indptr[j + 1]] for j in np.sort(chosen)}
    left, order, added = weight.copy(), [], []
    while sets:
        gain = {j: left[rows].sum() for j, rows in sets.items()}
        best = max(gain, key=lambda j: (gain[j], -j))
        order.append(best)
        added.append(gain[best])
        left[sets.pop(best)] = 0
    return np.array(order, dtype=np.int64), np.array(added, dtype=np.float64)


def cover_most(
    cover: csr_array,
    weight: npt.ArrayLike,
    *,
    sites: int,
) -> CoverSolution:
    """Choose so many sites that cover the most demand.

    Parameters
    ----------
    cover
        (demand, sites), nonzero where a site covers a piece of demand.
    weight
        (demand,) how much each piece weighs: square metres, people.
    sites
        How many to choose; fewer come back where fewer cover all that can be covered.

    Returns
    -------
    CoverSolution

    Raises
    ------
    InputError
        If a weight is negative or missing, or ``sites`` is below 0.

    Notes
    -----
    The maximal covering location problem (Church and ReVelle 1974), demand with the same cover set merged, solved by
    HiGHS through `scipy.optimize.milp`.

    Examples
    --------
    >>> cover = csr_array(np.array([[1, 0, 1], [1, 0, 0], [0, 1, 0], [0, 1, 1]]))
    >>> solution = cover_most(cover, [3.0, 1.0, 1.0, 3.0], sites=1)
    >>> solution.chosen.tolist(), solution.covered, solution.gap
    ([2], 6.0, 0.0)
    """
    rows, demand = _check(cover, weight)
    if sites < 0:
        raise InputError(zh=f"新增公园数是 {sites}，应不小于 0。", en=f"{sites} new parks; there can be 0 or more.")
    merged = _merge(rows, demand, np.zeros(len(demand), dtype=np.int64))
    n, k = len(merged.site), len(merged.weight)
    if sites == 0 or n == 0:
        return CoverSolution(np.zeros(0, dtype=np.int64), np.zeros(0), 0.0, 0.0, 0.0, "optimal")
    if n <= sites:
        order, added = _in_order(rows, demand, merged.site)
        return CoverSolution(order, added, float(added.sum()), float(added.sum()), 0.0, "optimal")
    scale = merged.weight.mean()
    # Demand that one site alone covers is that site's own value and needs no variable.
    alone = np.diff(merged.cover.indptr) == 1
    value = np.zeros(n)
    np.add.at(value, merged.cover[alone].indices, merged.weight[alone])
    shared = merged.cover[~alone]
    m = k - int(alone.sum())
    result = milp(
        c=-np.concatenate([value, merged.weight[~alone]]) / scale,
        constraints=[
            LinearConstraint(hstack([-shared.astype(np.float64), eye_array(m)], format="csc"), -np.inf, 0),
            LinearConstraint(csr_array(np.repeat([1.0, 0.0], [n, m])[None, :]), -np.inf, sites),
        ],
        integrality=np.repeat([1, 0], [n, m]),
        bounds=Bounds(0, 1),
        options={"mip_rel_gap": 0.0, "node_limit": _MOST_NODES, "time_limit": _MOST_SECONDS},
    )
    simple = _one_by_one(merged, sites)
    held = [simple] if result.x is None else [np.flatnonzero(result.x[:n] > 0.5), simple]
    plans = [_in_order(rows, demand, merged.site[some]) for some in held]
    # Of plans as good as each other the solver's, which comes first.
    best = max(range(len(plans)), key=lambda at: (plans[at][1].sum(), -at))
    order, added = plans[best]
    covered = float(added.sum())
    if result.status == 0:
        return CoverSolution(order, added, covered, covered, 0.0, "optimal")
    # What no choice can exceed, whatever the solver knows: all there is, and the sum of the largest single sites.
    alone_m2 = np.sort(merged.cover.T @ merged.weight)[::-1]
    known = [float(merged.weight.sum()), float(alone_m2[:sites].sum())]
    if result.mip_dual_bound is not None and np.isfinite(result.mip_dual_bound):
        known.append(-float(result.mip_dual_bound) * scale)
    bound = max(min(known), covered)
    status = "greedy" if held[best] is simple else "stopped"
    return CoverSolution(order, added, covered, bound, (bound - covered) / max(covered, 1e-300), status)


def _one_by_one(merged: _Merged, sites: int) -> Ints:
    """Sites one by one, each the one that covers most of what is still open: at least 1 - 1/e of the optimum."""
    columns, left = merged.cover.tocsc(), merged.weight.copy()
    chosen: list[int] = []
    for _ in range(sites):
        gain = columns.T @ left
        best = int(np.argmax(gain))
        if gain[best] <= 0:
            break
        chosen.append(best)
        left[columns.indices[columns.indptr[best] : columns.indptr[best + 1]]] = 0
    return np.array(chosen, dtype=np.int64)


def fewest_to_cover(
    cover: csr_array,
    weight: npt.ArrayLike,
    *,
    need: npt.ArrayLike,
    group: npt.ArrayLike | None = None,
    need_all: float = 0.0,
) -> CoverSolution | None:
    """Choose the fewest sites that cover so much demand, in each group and altogether.

    Parameters
    ----------
    cover, weight
        As for `cover_most`.
    need
        (groups,) how much demand must be covered in each group.
    group
        (demand,) group of each piece of demand; all in one where not given.
    need_all
        How much must be covered altogether.

    Returns
    -------
    CoverSolution or None
        None where all sites together do not cover enough.

    Examples
    --------
    >>> cover = csr_array(np.array([[1, 0, 1], [1, 0, 0], [0, 1, 0], [0, 1, 1]]))
    >>> len(fewest_to_cover(cover, [3.0, 1.0, 1.0, 3.0], need=[7.0]).chosen)
    2
    >>> fewest_to_cover(cover, [3.0, 1.0, 1.0, 3.0], need=[9.0]) is None
    True
    """
    rows, demand = _check(cover, weight)
    groups = np.zeros(len(demand), dtype=np.int64) if group is None else np.asarray(group, dtype=np.int64)
    wanted = np.append(np.asarray(need, dtype=np.float64), need_all)
    merged = _merge(rows, demand, groups)
    n, k = len(merged.site), len(merged.weight)
    member = csr_array(
        (np.ones(2 * k), (np.concatenate([merged.group, np.full(k, len(wanted) - 1)]), np.tile(np.arange(k), 2))),
        shape=(len(wanted), k),
    )
    weighed = csr_array(member.multiply(merged.weight[None, :]))
    # What is asked is met to a millionth of it, as sums of areas come with rounding.
    wanted = wanted * (1 - RELATIVE)
    if (weighed.sum(axis=1) < wanted).any():
        return None
    if (wanted <= 0).all():
        return CoverSolution(np.zeros(0, dtype=np.int64), np.zeros(0), 0.0, 0.0, 0.0, "optimal")
    asked = wanted > 0
    simple = _greedy(merged, wanted)
    scale = np.where(asked, wanted, 1)[:, None]
    result = milp(
        c=np.repeat([1.0, 0.0], [n, k]),
        constraints=[
            LinearConstraint(hstack([-merged.cover.astype(np.float64), eye_array(k)], format="csc"), -np.inf, 0),
            LinearConstraint(
                hstack([csr_array((int(asked.sum()), n)), csr_array(weighed / scale)[asked]], format="csc"), 1, np.inf
            ),
            # Nothing above what a simple choice needs is worth looking at.
            LinearConstraint(csr_array(np.repeat([1.0, 0.0], [n, k])[None, :]), 1, len(simple)),
        ],
        integrality=np.repeat([1, 0], [n, k]),
        bounds=Bounds(0, 1),
        options={"mip_rel_gap": 0.0, "node_limit": _MOST_NODES, "time_limit": _MOST_SECONDS},
    )
    found = simple if result.x is None else np.flatnonzero(result.x[:n] > 0.5)
    order, added = _in_order(rows, demand, merged.site[found])
    done = result.status == 0
    told = result.mip_dual_bound
    known = float(np.ceil(told - 1e-6)) if told is not None and np.isfinite(told) else 1.0
    bound = float(len(order)) if done else min(max(known, 1.0), float(len(order)))
    gap = 0.0 if done else (len(order) - bound) / len(order)
    status = "optimal" if done else "greedy" if result.x is None else "stopped"
    return CoverSolution(order, added, float(added.sum()), bound, gap, status)


def _greedy(merged: _Merged, wanted: Floats) -> Ints:
    """Sites one by one, each the one that takes most off what is still wanted; then without those not needed."""
    groups = len(wanted) - 1
    left, open_need = merged.weight.copy(), wanted.copy()
    columns = merged.cover.tocsc()
    chosen: list[int] = []
    while (open_need > 0).any():
        by_group = np.zeros((len(left), groups))
        by_group[np.arange(len(left)), merged.group] = left
        gain = columns.T @ by_group
        gain = np.append(gain, gain.sum(axis=1, keepdims=True), axis=1)
        worth = np.minimum(gain, np.maximum(open_need, 0)).sum(axis=1)
        best = int(np.argmax(worth))
        if worth[best] <= 0:
            # What is left is rounding: the whole was checked to be within reach.
            break
        chosen.append(best)
        open_need -= gain[best]
        left[columns.indices[columns.indptr[best] : columns.indptr[best + 1]]] = 0
    for site in tuple(chosen):
        fewer = [one for one in chosen if one != site]
        hit = merged.weight * (merged.cover[:, fewer].sum(axis=1) > 0)
        kept = np.bincount(merged.group, weights=hit, minlength=groups)
        if (np.append(kept, hit.sum()) >= wanted).all():
            chosen = fewer
    return np.array(sorted(chosen), dtype=np.int64)
