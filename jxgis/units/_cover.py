"""Set partitioning: cover every block exactly once by units from a list, at the least cost."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from jxgis.units._graph import Floats, Ints

__all__ = ["Cover", "cheapest_cover", "label_of"]


@dataclass(frozen=True)
class Cover:
    """Outcome of a set partitioning.

    Attributes
    ----------
    chosen
        Columns of the cover, int (k,); None where none was found.
    bound
        Proven lower bound of its cost; NaN where there is none.
    infeasible
        Whether it is proven that the list holds no cover.
    """

    chosen: Ints | None
    bound: float
    infeasible: bool


def cheapest_cover(
    n: int,
    sets: Sequence[npt.NDArray[np.integer]],
    costs: Floats,
    k: int | None,
    *,
    nodes: int = 2_000,
    zones: tuple[npt.NDArray[np.bool_], Ints] | None = None,
) -> Cover:
    """Choose sets that hold each of n elements exactly once, k of them, at the least cost.

    Parameters
    ----------
    n
        Number of elements.
    sets, costs
        Elements of each set, and what it costs, float (len(sets),).
    k
        How many sets; any number where None.
    nodes
        Most branch-and-bound nodes: a limit that, unlike seconds, gives the same answer on every machine.
    zones
        Which elements lie in each zone, bool (n, z), and how many of the sets chosen may hold any of it, int (z,).

    Returns
    -------
    Cover

    Notes
    -----
    Solved by HiGHS through :func:`scipy.optimize.milp`.

    Examples
    --------
    >>> sets = [np.array([0, 1]), np.array([2]), np.array([0]), np.array([1, 2])]
    >>> cover = cheapest_cover(3, sets, np.array([1.0, 1.0, 0.5, 2.0]), k=2)
    >>> cover.chosen.tolist(), cover.bound
    ([0, 1], 2.0)
    """
    from scipy.optimize import Bounds, LinearConstraint, milp
    from scipy.sparse import csc_array

    if not sets:
        return Cover(chosen=None, bound=float("nan"), infeasible=True)
    ends = np.zeros(len(sets) + 1, dtype=np.int64)
    np.cumsum([len(s) for s in sets], out=ends[1:])
    holds = csc_array((np.ones(ends[-1]), np.concatenate(sets), ends), shape=(n, len(sets)))
    limits = [LinearConstraint(holds, 1, 1)]
    if k is not None:
        limits.append(LinearConstraint(np.ones((1, len(sets))), k, k))
    if zones is not None and len(zones[1]):
        limits.append(LinearConstraint((holds.T @ zones[0] > 0).T.astype(np.float64), -np.inf, zones[1]))
    # Costs are shares of a whole city's: scaled so that the solver's own tolerances mean something.
    scale = float(np.abs(costs).max()) or 1.0
    solved = milp(
        costs / scale,
        integrality=np.ones(len(sets), dtype=np.int64),
        bounds=Bounds(0, 1),
        constraints=limits,
        options={"mip_rel_gap": 1e-9, "node_limit": nodes},
    )
    infeasible = solved.status == 2
    bound = float("nan") if solved.mip_dual_bound is None else float(solved.mip_dual_bound) * scale
    if solved.x is None:
        return Cover(chosen=None, bound=bound, infeasible=infeasible)
    return Cover(chosen=np.flatnonzero(solved.x > 0.5), bound=bound, infeasible=False)


def label_of(n: int, sets: Sequence[npt.NDArray[np.integer]], chosen: Iterable[int]) -> Ints:
    """The number of the set chosen that holds each of n elements.

    Examples
    --------
    >>> label_of(3, [np.array([0, 1]), np.array([1]), np.array([2])], [2, 0]).tolist()
    [1, 1, 0]
    """
    label = np.empty(n, dtype=np.int64)
    for unit, column in enumerate(chosen):
        label[sets[column]] = unit
    return label
