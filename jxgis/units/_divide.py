"""One part of a district divided: which number of units, by which search, and why not where it fails."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from jxgis.units._kernels import unit_costs
from jxgis.units._piece import Piece
from jxgis.units.optimum import enumerate_units, optimal_units
from jxgis.units.search import Found, nearest_seed, search_piece

__all__ = ["divide"]

# Parts of at most so many nodes are tried to a proven optimum; the limit is what 64 bits hold.
SMALL = 64
# A proof over so many possible units takes about a second; more is left to whoever calls optimal_units by hand.
MOST_SETS = 100_000
# Inside bounds narrower by this a unit's area is within them however it is summed up again.
MARGIN_M2 = 0.5


def divide(
    piece: Piece,
    k: int,
    counts: tuple[int, int],
    *,
    reason: str | None,
    fixed: bool,
    seed: tuple[int, ...],
    iterations: int,
    starts: int,
    stopped: Callable[[], bool],
) -> tuple[Found, str | None]:
    """Divide a part into k units, or into another number where k cannot be had.

    Parameters
    ----------
    piece
        Nodes, neighbours, attributes and bounds.
    k
        Number of units wanted.
    counts
        Fewest and most units that the bounds allow for the part's area.
    reason
        Why the part cannot be divided within the bounds, if that is known.
    fixed
        Whether k was asked for: then no other number is tried.
    seed, iterations, starts, stopped
        As :func:`~jxgis.units.search.search_piece`.

    Returns
    -------
    Found
        Units of the part's nodes.
    str or None
        Reason code of the units out of bounds; None where all are in.
    """
    n = len(piece.area)
    if reason is not None:
        return _as_one(piece), reason
    fewest, most = counts
    if fewest > most:
        return _searched(piece, min(k, n), seed, iterations, starts, stopped), "area_indivisible"
    tight = piece._replace(low=piece.low + MARGIN_M2, high=piece.high - MARGIN_M2)
    wide = piece._replace(low=piece.low - MARGIN_M2, high=piece.high + MARGIN_M2)
    others = [] if fixed else sorted(set(range(fewest, most + 1)) - {k}, key=lambda other: (abs(other - k), other))
    best: Found | None = None
    for count in [k, *others]:
        if count > n or (best is not None and stopped()):
            continue
        for bounds in (tight, wide):
            # Whether another number can be had at all is asked before it is polished.
            if best is not None and nearest_seed(bounds, count, seed=seed, stopped=stopped).excess > 0:
                continue
            found = _searched(bounds, count, seed, iterations, starts, stopped)
            if found.better_than(best):
                best = found
            if found.excess == 0:
                return found, None
    if n <= SMALL:
        pool = enumerate_units(wide, most=MOST_SETS)
        if pool is not None:
            proof = optimal_units(wide, k if fixed else None, pool, None)
            if proof.found is not None:
                return proof.found, None
            if proof.infeasible:
                return best or _as_one(piece), "count_impossible" if fixed else "no_partition"
    return best or _as_one(piece), "not_found"


def _searched(
    piece: Piece, k: int, seed: tuple[int, ...], iterations: int, starts: int, stopped: Callable[[], bool]
) -> Found:
    """Search, and where the part is small enough prove."""
    found = search_piece(piece, k, seed=seed, iterations=iterations, starts=starts, stopped=stopped)
    if found.excess > 0 or k == 1 or len(piece.area) > SMALL or stopped():
        return found if k > 1 or found.excess > 0 else replace(found, bound=found.cost)
    pool = enumerate_units(piece, most=MOST_SETS)
    if pool is None:
        return found
    proof = optimal_units(piece, k, pool, found)
    return proof.found or found


def _as_one(piece: Piece) -> Found:
    label = np.zeros(len(piece.area), dtype=np.int64)
    cost, excess = unit_costs(piece, label, 1)
    return Found(label=label, k=1, cost=float(cost[0]), excess=float(excess[0]))
