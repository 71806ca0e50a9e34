"""By how much at most a plan is behind the best one: bounds of what the units of its larger parts cost."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from jxgis.i18n import text_pair
from jxgis.progress import stepped
from jxgis.units.likeness_bound import bound_likeness
from jxgis.units.plan import Plan
from jxgis.units.semidefinite_bound import bound_semidefinite

__all__ = ["bounded"]

# Third powers of nodes that the quick bound is for where no more is asked for, over all parts, the smallest first: some ten
# seconds.
_QUICK = 2e8


def bounded(plan: Plan, *, iterations: int) -> Plan:
    """A plan with a bound of the cost of each part of which nothing was proven yet.

    Parameters
    ----------
    plan
        Of :func:`jxgis.units.delineate_units`.
    iterations
        Trial moves per block that the search has: what is spent on a bound by sweeps goes by it (see
        `units.likeness_bound`). Where it is 0 there is only the quick one (see `units.semidefinite_bound`), of the smaller
        parts first, and of no more than take some ten seconds in all.

    Returns
    -------
    Plan
        ``bound`` and ``gap`` of ``report.parts`` filled, null where neither proves anything.
    """
    parts = plan.report.parts.copy()
    paid = parts["cost"].to_numpy(dtype=np.float64)
    left = np.inf if iterations else _QUICK
    smallest_first = sorted(plan.unproven, key=lambda part: len(part[1].area))
    for row, piece, found, met in stepped(smallest_first, text_pair("run.share_bounds")):
        left -= float(len(piece.area)) ** 3
        if left < 0:
            continue
        bound = bound_semidefinite(piece, found)
        if iterations:
            bound = float(np.fmax(bound, bound_likeness(piece, found, met.units(), iterations=iterations)))
        behind = found.cost - bound
        parts.loc[row, ["bound", "gap"]] = paid[row] - behind, behind / max(paid[row], 1e-300)
    return replace(plan, report=replace(plan.report, parts=parts), unproven=())
