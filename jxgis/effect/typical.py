"""An exact interval for the centre of a few differences, by flipping their signs, and what it can show."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["LEAST_SETS", "Centre", "centre_of", "least_shifts"]

_FULL = 15
"""Up to so many differences every choice of signs is tried; of more a group of as many choices, 2**15."""
_DRAWS, _OF_DRAWS = 4000, 10
"""What can be told is drawn so often, with choices of signs as of ten differences: what more of them change is less."""
_ALPHA = 0.05
"""One less the level of the interval."""
_ROUND = 1e-12
"""Means this near are equal: sums of the same numbers in another order differ by less."""
LEAST_SETS = int(np.ceil(np.log2(2 / _ALPHA) - _ROUND))
"""The fewest differences that allow an interval at all: of n differences no choice of signs is rarer than 2 in 2**n."""


class Centre(NamedTuple):
    """The centre of differences and how far it can be told from them.

    Parameters
    ----------
    value
        Their weighted mean.
    low, high
        The ends of the interval; NaN where there are too few differences for it.
    p
        Two-sided, of the centre being zero.
    """

    value: float
    low: float
    high: float
    p: float


def centre_of(differences: ArrayLike, weights: ArrayLike | None = None) -> Centre:
    """Find the centre of independent differences that are each symmetric about it, with an exact interval.

    A centre t is kept where flipping the signs of ``difference - t`` does not make the observed weighted mean a rare one.
    The ends of what is kept are order statistics of the weighted means of all subsets of the differences (Hartigan 1969:
    between each two neighbours of them the centre lies equally often), so that nothing is drawn and nothing is
    approximated: of 2**n choices, the interval leaves out ``floor(0.05 / 2 * 2**n)`` at either end. Of more than 15
    differences not all subsets are taken but a fixed group of 32,768 of them (one that holds the symmetric difference of any
    two), for which the same holds.

    Parameters
    ----------
    differences
        (n,) the differences, in an order that does not hang on their values.
    weights
        (n,) positive, such that flipping a difference would not change them; equal where not given.

    Returns
    -------
    Centre

    References
    ----------
    Hartigan, J. A. (1969). Using subsample values as typical values. Journal of the American Statistical Association 64:
    1303-1317.

    Examples
    --------
    >>> found = centre_of([1, 2, 3, 4, 5, 6])
    >>> found.value, found.low, found.high, found.p
    (3.5, 1.0, 6.0, 0.03125)
    >>> centre_of([1, 2, 3, 4, 5]).low  # no 95 % interval of fewer than six
    nan
    """
    values = np.asarray(differences, dtype=np.float64)
    weight = np.ones(len(values)) if weights is None else np.asarray(weights, dtype=np.float64)
    value = float(weight @ values / weight.sum())
    means = _means(values[None], weight)[0]
    size = len(means) + 1
    below, above = int((means <= _ROUND).sum()), int((means >= -_ROUND).sum())
    p = min(1.0, 2 * (1 + min(below, above)) / size)
    left_out = _left_out(size)
    if not left_out:
        return Centre(value, np.nan, np.nan, p)
    ordered = np.partition(means, (left_out - 1, len(means) - left_out))
    return Centre(value, float(ordered[left_out - 1]), float(ordered[-left_out]), p)


def least_shifts(variances: ArrayLike, weights: ArrayLike) -> NDArray[np.float64]:
    """How far the centre must fall to be told from none, in many cases: their quantile is the fall for a power.

    The interval moves with the differences. So a fall is told where the upper end that there would be without it is smaller
    than the fall: such upper ends are drawn, of normal differences of these variances.

    Parameters
    ----------
    variances
        (n,) of the differences.
    weights
        (n,) as of `centre_of`.

    Returns
    -------
    ndarray
        (draws,) on the scale of the differences, sorted; NaN where there are too few of them for an interval.

    Examples
    --------
    >>> shifts = least_shifts(np.full(10, 0.04), np.ones(10))
    >>> bool(np.isclose(np.quantile(shifts, 0.8), 0.2, atol=0.01))  # of a t test with nine degrees of freedom: 0.20
    True
    """
    spread, weight = np.sqrt(np.asarray(variances, dtype=np.float64)), np.asarray(weights, dtype=np.float64)
    left_out = _left_out(2 ** min(len(spread), _OF_DRAWS))
    if not left_out:
        return np.full(1, np.nan)
    draws = np.random.default_rng(0).standard_normal((_DRAWS, len(spread))) * spread
    means = _means(draws, weight, _OF_DRAWS)
    return np.sort(np.partition(means, -left_out, axis=1)[:, -left_out])


def _left_out(size: int) -> int:
    """How many of the subsets' means lie beyond either end."""
    return int(_ALPHA / 2 * size + _ROUND)


def _means(rows: NDArray[np.float64], weight: NDArray[np.float64], most: int = _FULL) -> NDArray[np.float64]:
    """Weighted mean of each subset, for each row of differences: (rows, subsets)."""
    subsets = _subsets(rows.shape[1], most)
    return np.asarray((rows * weight) @ subsets.T / (subsets @ weight), dtype=np.float64)


@cache
def _subsets(n: int, most: int) -> NDArray[np.float64]:
    """The subsets but for the empty one, (2**min(n, most) - 1, n) of 0 and 1: a group under the symmetric difference.

    Where there are more than ``most`` differences, each subset is a sum, modulo two, of ``most`` of them. A difference's
    column of these is a number of as many bits; different ones, so that no two differences are always flipped together.
    """
    bits = min(n, most)
    units = 2 ** np.arange(bits)
    others = np.setdiff1d(np.arange(1, 2**bits), units)
    columns = np.concatenate([units, np.random.default_rng(0).permutation(others)])
    column = np.resize(columns, n)
    shared = np.arange(1, 2**bits)[:, None] & column
    return np.asarray(np.bitwise_count(shared) % 2, dtype=np.float64)
