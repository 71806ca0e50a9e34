"""Sums of k integers drawn without replacement by counting all draws: exact for up to 40 values, however large.

The values are cut into two halves; of each half all subsets are known, by how many they are and what they add to, and a
draw of k is a subset of j from one half and of k − j from the other.
"""

from __future__ import annotations

from math import comb

import numpy as np
import numpy.typing as npt

__all__ = ["MOST_VALUES", "enumerated_tails"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
#: Of one size: the sums in ascending order, and how many subsets have each.
_Subsets = tuple[Ints, Ints]

MOST_VALUES = 40  # two million subsets


def enumerated_tails(
    values: Ints, sizes: Ints, at_least: Ints, at_most: Ints, own: Ints | None = None
) -> tuple[Floats, Floats]:
    """Compute P(S >= at_least) and P(S <= at_most), exactly but for one rounding.

    Parameters
    ----------
    values
        (n,) at most ``MOST_VALUES`` integers of at least 0.
    sizes
        (q,) number k of values drawn.
    at_least, at_most
        (q,) bounds.
    own
        (q,) one value of the population that is left out of the draw, or None to draw from all.

    Returns
    -------
    upper, lower : numpy.ndarray
        (q,) probabilities.
    """
    order = np.sort(values)
    # Every other value, so that both halves hold large ones and small ones and sums repeat alike.
    halves = [order[::2], order[1::2]]
    most = int(sizes.max(initial=0))
    known = [_subsets(half, most) for half in halves]
    upper, lower = np.empty(len(sizes)), np.empty(len(sizes))
    for left_out in [None] if own is None else np.unique(own).tolist():
        first, second = known
        which = np.arange(len(sizes))
        n = len(values)
        if left_out is not None:
            which, n = np.flatnonzero(own == left_out), n - 1
            side = int(left_out not in halves[0])
            reduced = _subsets(np.delete(halves[side], np.flatnonzero(halves[side] == left_out)[0]), most)
            first, second = known[1 - side], reduced
        for query in which.tolist():
            k = int(sizes[query])
            above, below = _count(first, second, k, int(at_least[query]), int(at_most[query]))
            upper[query], lower[query] = above / comb(n, k), below / comb(n, k)
    return upper, lower


def _subsets(values: Ints, most: int) -> list[_Subsets]:
    """All subsets of up to ``most`` values, by size."""
    found: list[_Subsets] = [(np.zeros(1, dtype=np.int64), np.ones(1, dtype=np.int64))]
    for value in values.tolist():
        longer = [(sums + value, times) for sums, times in found[:most]]
        found = [
            found[0],
            *(_merged(found[size], longer[size - 1]) for size in range(1, len(found))),
            *longer[len(found) - 1 :],
        ]
    return found


def _merged(one: _Subsets, other: _Subsets) -> _Subsets:
    sums, where = np.unique(np.concatenate([one[0], other[0]]), return_inverse=True)
    times = np.zeros(len(sums), dtype=np.int64)
    np.add.at(times, where, np.concatenate([one[1], other[1]]))
    return sums, times


def _count(first: list[_Subsets], second: list[_Subsets], k: int, at_least: int, at_most: int) -> tuple[int, int]:
    above = below = 0
    for size in range(max(0, k - len(second) + 1), min(k, len(first) - 1) + 1):
        # From the largest down, so that what is looked up ascends, which takes a third of the time.
        sums, times = first[size][0][::-1], first[size][1][::-1]
        others, numbers = second[k - size]
        upto = np.concatenate([[0], np.cumsum(numbers)])
        above += int((times * (upto[-1] - upto[np.searchsorted(others, at_least - sums)])).sum())
        below += int((times * upto[np.searchsorted(others, at_most - sums, side="right")]).sum())
    return above, below
