"""The smallest set of rules that cannot hold together."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["smallest_conflict"]


def smallest_conflict(n: int, kept_with: Callable[[Sequence[int]], Collection[int] | None]) -> list[int]:
    """The fewest of ``n`` rules that cannot hold together; of several such sets one whose rules come first.

    Every conflict takes at least one rule out of each set whose leaving out makes the others hold. So the fewest rules
    that hit all such sets known are a lower bound, and a conflict as soon as they cannot hold together; while they can, they
    are grown to as many as can hold together, and what is left out is one more set to hit.

    Parameters
    ----------
    n
        How many rules there are.
    kept_with
        All rules that one choice keeps which keeps the rules of these numbers; None where no choice keeps these.

    Returns
    -------
    list of int
        Ascending; empty where all hold together.

    Notes
    -----
    Implicit hitting sets: Ignatiev, Previti, Liffiton and Marques-Silva 2015, Smallest MUS extraction with minimal
    hitting set dualization (CP 2015).

    Examples
    --------
    >>> smallest_conflict(4, lambda some: None if {1, 3} <= set(some) or {0, 1, 2} <= set(some) else some)
    [1, 3]
    """
    everything = range(n)
    if kept_with(everything) is not None:
        return []
    to_hit: list[NDArray[np.bool_]] = []
    while True:
        some = _fewest(n, to_hit)
        found = kept_with(some)
        if found is None:
            return some
        kept = {*found}
        for rule in everything:
            if rule not in kept and (more := kept_with(sorted({*kept, rule}))) is not None:
                kept |= {*more}
        to_hit.append(~np.isin(everything, list(kept)))


def _fewest(n: int, to_hit: Sequence[NDArray[np.bool_]]) -> list[int]:
    """The fewest numbers below ``n`` that are in each set; of those the ones that come first."""
    if not to_hit:
        return []
    # All that the places can add up to stays below one number more.
    cost = 1 + np.arange(n) / (2 * n * n)
    found = milp(
        c=cost,
        constraints=LinearConstraint(np.array(to_hit, dtype=np.float64), 1, np.inf),
        integrality=np.ones(n, dtype=np.int64),
        bounds=Bounds(0, 1),
        options={"mip_rel_gap": 0.0},
    )
    return [int(rule) for rule in np.flatnonzero(np.asarray(found.x) > 0.5)]
