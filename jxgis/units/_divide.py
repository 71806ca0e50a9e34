"""One part of a district divided: which number of units, by which search, and why not where it fails."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from jxgis.units._piece import Piece
from jxgis.units._reach import is_hopeless
from jxgis.units.border_bound import prove_borders
from jxgis.units.optimum import UnitPool, enumerate_units, optimal_units
from jxgis.units.search import Pool, Solution, judge, search_piece, seed_piece

__all__ = ["TRIALS_OF_ONE_ROUND", "Division", "divide", "indivisible"]

# Parts of at most so many nodes are tried to a proven optimum; the limit is what 64 bits hold.
SMALL = 64
# A proof over so many possible units takes 1 to 7 s and 200 MB; more is left to whoever calls optimal_units by hand.
MOST_SETS = 1_000_000
# Rounds of seeds before a part is given up, by how often the trials per node hold this number and its doubles (4,000: five):
# each tries the half of the numbers of units that came nearest to the bounds, with other seeds and twice the effort.
TRIALS_OF_ONE_ROUND = 250


@dataclass(frozen=True)
class Division:
    """Units of one part, and what was tried for them.

    Attributes
    ----------
    found
        Units of the part's nodes.
    reason
        Code of why units are out of bounds; None where all are in.
    counts
        Numbers of units that were tried.
    seeds
        Seeds that were grown and led towards the bounds, over all of them.
    rounder
        How many times the dial of compactness counted.
    flaws
        What is left that is wrong with the shapes; see `units.shape`.
    today
        Of a repair, the row of each unit among today's, −1 of a new one.
    unproven
        The part, its units by node and all that the search met, where nothing is proven of their cost; else None.
    """

    found: Solution
    reason: str | None
    counts: tuple[int, ...] = ()
    seeds: int = 0
    rounder: int = 1
    flaws: int = 0
    today: tuple[int, ...] = ()
    unproven: tuple[Piece, Solution, Pool] | None = None


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
    known: Solution | None = None,
) -> Division:
    """Divide a part into k units, or into another number where k cannot be had.

    Parameters
    ----------
    piece
        Nodes, neighbours, attributes and bounds.
    k
        Number of units wanted.
    counts
        Fewest and most units that the bounds allow for what the part holds.
    reason
        Why the part cannot be divided within the bounds, if that is known.
    fixed
        Whether k was asked for: then no other number is tried.
    seed, iterations, starts
        As :func:`~jxgis.units.search.search_piece`.
    known
        Units within the bounds, where some are known: what the search begins with where it finds none itself.

    Returns
    -------
    Division

    Notes
    -----
    Numbers of units are tried from k outwards, unless there is a block that no unit can hold (`units._reach`). A number is
    ruled out only by a proof over all possible units, which needs a small part; otherwise those that came nearest are tried again with other seeds and more effort before the
    part is called ``not_found``.
    """
    n = len(piece.area)
    if reason is not None:
        return Division(_as_one(piece), reason)
    fewest, most = counts
    if fewest > most:
        # One start: nothing within the bounds is there to be found.
        found = search_piece(piece, min(k, n), seed=seed, iterations=iterations, starts=1)
        return Division(found, indivisible(piece))
    others = [] if fixed else sorted(set(range(fewest, most + 1)) - {k}, key=lambda other: (abs(other - k), other))
    possible = [count for count in (k, *others) if count <= n]
    tried = tuple(possible)
    nearest: Solution | None = None
    seeds = 0
    pool: UnitPool | None = None
    off: dict[int, float] = {}
    for turn in range(max(1, (iterations // TRIALS_OF_ONE_ROUND).bit_length())):
        for count in tuple(possible):
            start, grown = seed_piece(piece, count, seed=(*seed, turn), effort=2**turn)
            if seeds == 0:
                # To prove that there is nothing to be found takes longer than to find something.
                if start.excess > 0 and is_hopeless(piece):
                    return _nearest(piece, (k,) if fixed else (k, fewest, most), seed)
                pool = enumerate_units(piece, most=MOST_SETS) if n <= SMALL else None
            seeds += grown
            if known is not None and known.k == count and start.excess > 0:
                start = known
            if start.excess == 0:
                met = Pool()
                found = search_piece(
                    piece, count, seed=(*seed, turn), iterations=iterations, starts=starts, first=start, pool=met
                )
                found = _proven(piece, count, pool, found, met)
                left = (piece, found, met) if np.isnan(found.bound) and _is_like(piece) else None
                return Division(found, None, tried, seeds, unproven=left)
            if start.better_than(nearest):
                nearest = start
            off[count] = min(start.excess, off.get(count, np.inf))
            if pool is not None and turn == 0:
                proof = optimal_units(piece, count, pool, None)
                if proof.found is not None:
                    return Division(proof.found, None, tried, seeds)
                if proof.infeasible:
                    possible.remove(count)
        possible = sorted(possible, key=lambda count: off.get(count, np.inf))[: (len(possible) + 1) // 2]
        if not possible:
            return Division(nearest or _as_one(piece), "count_impossible" if fixed else "no_partition", tried, seeds)
    return Division(nearest or _as_one(piece), "not_found", tried, seeds)


def _nearest(piece: Piece, counts: tuple[int, ...], seed: tuple[int, ...]) -> Division:
    """What comes nearest to the bounds, into one of some numbers of units, of a part that no units within them divide."""
    best: Solution | None = None
    seeds = 0
    tried = tuple(count for count in dict.fromkeys(counts) if count <= len(piece.area))
    for count in tried:
        start, grown = seed_piece(piece, count, seed=(*seed, 0))
        seeds += grown
        best = start if start.better_than(best) else best
    return Division(best or _as_one(piece), "no_partition", tried, seeds)


def _proven(piece: Piece, k: int, pool: UnitPool | None, found: Solution, met: Pool) -> Solution:
    """The best division into k units where that can be proven; what was found where it cannot."""
    if k == 1:
        return replace(found, bound=found.cost)
    if pool is not None:
        return optimal_units(piece, k, pool, found).found or found
    if not _is_like(piece):
        return prove_borders(piece, found, met.units())
    return found


def _is_like(piece: Piece) -> bool:
    """Whether likeness or shape counts, not borders alone."""
    return piece.spread_weight > 0 or piece.shape_weight > 0


def indivisible(piece: Piece) -> str:
    """Why no whole number of units is within the bounds: the area alone rules it out, or what else is bounded does."""
    area = piece.load[:, 0].sum()
    by_area = np.ceil(area / piece.high[0]) > np.floor(area / piece.low[0])
    return "area_indivisible" if by_area else "bounds_indivisible"


def _as_one(piece: Piece) -> Solution:
    return judge(piece, np.zeros(len(piece.area), dtype=np.int64), 1)
