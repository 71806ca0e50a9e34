"""Sums next to the least and the greatest possible one: few values differ from those of the end, and all ways are counted.

The least sum takes the k smallest values: all below the k-th smallest, b, and some of the copies of b. A sum that lies d
above it leaves out some of those below b and takes some above, whose distances to b add up to d. The number of such
choices is the coefficient of a product of (1 + x y^distance) over the values within d of b, truncated at d; the copies of
b fill up what is left. All terms are positive: nothing cancels.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["DEPTH", "tails_near_ends"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

DEPTH = 50  # steps of the lattice from the end; the numbers of ways stay below 1e300 up to 10 million places


def tails_near_ends(
    population: Ints, sizes: Ints, at_least: Ints, at_most: Ints, left_out: Ints | None
) -> tuple[Floats, Floats]:
    """Compute P(S >= at_least) and P(S <= at_most) where one of them lies within ``DEPTH`` of an end.

    Parameters
    ----------
    population
        (n,) sorted integers.
    sizes, at_least, at_most
        (q,) number drawn, at least 1 and fewer than there are, and the bounds of either tail; at most one apart.
    left_out
        (q,) one value that is not drawn from, or None.

    Returns
    -------
    upper, lower : numpy.ndarray
        (q,) probabilities to a relative error of 1e-12 in the tail next to the end; NaN elsewhere.

    Examples
    --------
    Three of eight 0 and two 1: C(8, 3) / C(10, 3) have none of the 1.

    >>> upper, lower = tails_near_ends(np.repeat([0, 1], [8, 2]), np.array([3]), np.array([0]), np.array([0]), None)
    >>> (120 * upper).round(9).tolist(), (120 * lower).round(9).tolist()
    ([120.0], [56.0])
    """
    most = int(population[-1])
    lower, above = _from_below(population, sizes, at_least, at_most, left_out)
    upper, below = _from_below(
        most - population[::-1],
        sizes,
        most * sizes - at_most,
        most * sizes - at_least,
        None if left_out is None else most - left_out,
    )
    # What is left of 1 has fewer digits than what was counted.
    return np.where(np.isnan(upper), above, upper), np.where(np.isnan(lower), below, lower)


def _from_below(
    values: Ints, sizes: Ints, at_least: Ints, at_most: Ints, left_out: Ints | None
) -> tuple[Floats, Floats]:
    """P(S <= at_most) next to the least sum, and what it leaves for P(S >= at_least); NaN elsewhere."""
    lower, upper = np.full(len(sizes), np.nan), np.full(len(sizes), np.nan)
    prefix = np.concatenate([[0], np.cumsum(values)])
    if left_out is None:
        end, edge = prefix[sizes], values[sizes - 1]
    else:
        # Without one of the k smallest, the next one takes its place.
        among = left_out <= values[sizes - 1]
        end = np.where(among, prefix[np.minimum(sizes + 1, len(values))] - left_out, prefix[sizes])
        edge = np.where(among, values[np.minimum(sizes, len(values) - 1)], values[sizes - 1])
    near = np.flatnonzero(at_most - end <= DEPTH)
    ways: dict[tuple[int, int | None], Floats] = {}
    chances: dict[tuple[int, int | None], Floats] = {}
    for query in near.tolist():
        size, base = int(sizes[query]), int(edge[query])
        own = None if left_out is None else int(left_out[query])
        if (size, own) not in chances:
            # One value far from the edge is as good as another on the same side.
            beside = own if own is None or abs(own - base) <= DEPTH else None
            if (base, beside) not in ways:
                ways[base, beside] = _ways(values, base, beside)
            filled = _filled(values, base, size, own)
            chances[size, own] = np.concatenate([[0.0], np.cumsum(filled @ ways[base, beside])])
        upto = chances[size, own]
        lower[query] = upto[max(int(at_most[query] - end[query]) + 1, 0)]
        upper[query] = 1 - upto[max(int(at_least[query] - end[query]), 0)]
    return lower, upper


def _ways(values: Ints, base: int, own: int | None) -> Floats:
    """Choices of values off the base: by net number (those above less those left out below), and by distance."""
    ways = np.zeros((2 * DEPTH + 1, DEPTH + 1))
    ways[DEPTH, 0] = 1
    value, times = np.unique(values[np.abs(values - base) <= DEPTH], return_counts=True)
    if own is not None:
        times = times - (value == own)
    for one, copies in zip(value.tolist(), times.tolist(), strict=True):
        distance = abs(one - base)
        if not distance:
            continue
        step = 1 if one > base else -1
        before, factor = ways.copy(), 1.0
        for taken in range(1, min(copies, DEPTH // distance) + 1):
            factor *= (copies - taken + 1) / taken
            moved = np.roll(before, taken * step, axis=0)
            ways[:, taken * distance :] += factor * moved[:, : DEPTH + 1 - taken * distance]
    return ways


def _filled(values: Ints, base: int, size: int, own: int | None) -> Floats:
    """C(copies of the base, those needed) / C(all, size) for each net number of others."""
    below, upto = np.searchsorted(values, [base, base + 1]).tolist()
    n = len(values)
    if own is not None:
        n, below, upto = n - 1, below - (own < base), upto - (own <= base)
    copies, needed = upto - below, size - below
    # Factors paired in order are below 1 each, so that their logarithms add up without cancelling.
    kept = np.sort(np.concatenate([np.arange(needed + 1, size + 1), np.arange(copies - needed + 1, n - size + 1)]))
    log = np.zeros(2 * DEPTH + 1)
    log[DEPTH] = np.log(kept / np.arange(copies + 1, n + 1)).sum()
    net = np.arange(1, DEPTH + 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        fewer = np.log(np.maximum(needed - net + 1, 0)) - np.log(copies - needed + net)
        more = np.log(np.maximum(copies - needed - net + 1, 0)) - np.log(needed + net)
    log[DEPTH + 1 :] += log[DEPTH] + np.cumsum(fewer)
    log[DEPTH - 1 :: -1] += log[DEPTH] + np.cumsum(more)
    return np.exp(log)
