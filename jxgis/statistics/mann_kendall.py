"""Mann-Kendall: does a series rise or fall more steadily than its values in any other order would; Sen's slope beside it.

Mann (1945), Nonparametric tests against trend, Econometrica 13; Kendall (1975), Rank correlation methods, 4th ed.,
chapter 4 (ties); Sen (1968), Estimates of the regression coefficient based on Kendall's tau, JASA 63.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

from jxgis.errors import InputError

__all__ = ["MOST_EXACT", "MannKendall", "mann_kendall", "sen_slope"]

Floats = npt.NDArray[np.float64]

MOST_EXACT = 12
"""Values, beside the commonest one, up to which p is exact; beyond, the normal p is within 0.005 of it where it is below 0.2."""
_BLOCK = 64  # places whose pairs are looked at together: they stay in the cache


@dataclass(frozen=True, eq=False)
class MannKendall:
    """Trend of every place.

    Parameters
    ----------
    s
        (n,) pairs of slices of which the later value is greater, less those of which it is smaller.
    z
        (n,) its standard score, tie-corrected and with continuity correction; 0 where all values are equal.
    p
        (n,) two-sided; 1 where all values are equal.
    """

    s: npt.NDArray[np.int64]
    z: Floats
    p: Floats


def mann_kendall(series: npt.ArrayLike) -> MannKendall:
    """Test every place for a steady rise or fall.

    Where no more than `MOST_EXACT` values differ from the commonest one, p is exact, over all orders of the values that the
    place has, ties included; beyond, it is by the normal distribution. Independence of the slices is assumed, as by the test itself: a season, or months that resemble
    the last one, make trends where there is none.

    Parameters
    ----------
    series
        (slices, n) numbers without gaps, the earliest first.

    Returns
    -------
    MannKendall

    Raises
    ------
    InputError
        If there are fewer than two dimensions, or a value is missing.

    Examples
    --------
    >>> found = mann_kendall(np.column_stack([[1, 2, 3, 4, 5], [2, 2, 1, 2, 1], [3, 3, 3, 3, 3]]))
    >>> found.s.tolist(), found.z.round(2).tolist(), found.p.round(4).tolist()
    ([10, -4, 0], [2.2, -0.87, 0.0], [0.0167, 0.4, 1.0])
    """
    values = _series(series)
    slices, places = values.shape
    s = np.zeros(places, dtype=np.int64)
    for first in range(slices - 1):
        s += (values[first + 1 :] > values[first]).sum(axis=0)
        s -= (values[first + 1 :] < values[first]).sum(axis=0)
    ties = _ties(values)
    untied = slices * (slices - 1) * (2 * slices + 5)
    variance = (untied - ties @ _tie_term(np.arange(slices + 1))) / 18
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.where(variance > 0, (s - np.sign(s)) / np.sqrt(variance), 0.0)
    p = np.asarray(2 * ndtr(-np.abs(z)))
    commonest = slices - (ties > 0)[:, ::-1].argmax(axis=1)
    few = slices - commonest <= MOST_EXACT
    p[few] = _exact_p(np.abs(s[few]), ties[few])
    return MannKendall(s=s, z=z, p=p)


def sen_slope(series: npt.ArrayLike, at: npt.ArrayLike | None = None) -> Floats:
    """The median of the slopes between all pairs of slices.

    Parameters
    ----------
    series
        (slices, n) numbers without gaps.
    at
        (slices,) when the slices are, growing; one step apart without it. Where one is missing, the others say so.

    Returns
    -------
    numpy.ndarray
        (n,) a step of ``at``; 0 of a single slice.

    Raises
    ------
    InputError
        If there are fewer than two dimensions, or a value is missing.

    Examples
    --------
    >>> sen_slope(np.column_stack([[1, 2, 3, 40], [2, 2, 1, 2]])).tolist()
    [7.0, 0.0]
    """
    values = _series(series)
    when = np.arange(len(values), dtype=np.float64) if at is None else np.asarray(at, dtype=np.float64)
    earlier, later = np.triu_indices(len(values), 1)
    if not len(earlier):
        return np.zeros(values.shape[1])
    apart, of_place = when[later] - when[earlier], np.ascontiguousarray(values.T)
    parts = [of_place[start : start + _BLOCK] for start in range(0, len(of_place), _BLOCK)]
    slopes = [_median((part[:, later] - part[:, earlier]) / apart) for part in parts]
    return np.concatenate([np.zeros(0), *slopes])


def _median(rows: Floats) -> Floats:
    """The median of each row, which is put into another order: one partition does, numpy's own makes three."""
    half = rows.shape[1] // 2
    rows.partition(half, axis=1)
    middle: Floats = rows[:, half]
    return middle if rows.shape[1] % 2 else (rows[:, :half].max(axis=1) + middle) / 2


def _series(series: npt.ArrayLike) -> Floats:
    values = np.asarray(series, dtype=np.float64)
    if values.ndim != 2 or not np.isfinite(values).all():
        raise InputError(
            zh=f"序列应是（时段，地点）两维、没有空值的数；现在的形状是 {values.shape}。",
            en=f"a series is numbers by slice and place, without gaps; its shape is {values.shape}.",
        )
    return values


def _tie_term(size: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    return size * (size - 1) * (2 * size + 5)


def _ties(values: Floats) -> npt.NDArray[np.int64]:
    """How many groups of each size the equal values of a place make: (n, slices + 1)."""
    slices, places = values.shape
    ordered = np.sort(values, axis=0)
    groups = np.zeros((places, slices + 1), dtype=np.int64)
    size = np.ones(places, dtype=np.int64)
    every = np.arange(places)
    for row in range(1, slices + 1):
        ends = np.ones(places, dtype=bool) if row == slices else ordered[row] != ordered[row - 1]
        groups[every[ends], size[ends]] += 1
        size = np.where(ends, 1, size + 1)
    return groups


def _exact_p(s: npt.NDArray[np.int64], ties: npt.NDArray[np.int64]) -> Floats:
    """P(|S| >= s) over all orders of values with these ties."""
    p = np.empty(len(s))
    kinds, which = np.unique(ties, axis=0, return_inverse=True)
    for kind, groups in enumerate(kinds):
        mine = which.ravel() == kind
        sizes = np.repeat(np.arange(len(groups)), groups)
        chance = _inversions(tuple(sizes.tolist()))
        # S is the number of pairs that differ, less twice the pairs out of order.
        score = np.abs(len(chance) - 1 - 2 * np.arange(len(chance)))
        tail = np.bincount(score, weights=chance, minlength=score.max() + 1)[::-1].cumsum()[::-1]
        p[mine] = np.minimum(tail[s[mine]], 1.0)
    return p


@cache
def _inversions(sizes: tuple[int, ...]) -> Floats:
    """The chance of each number of pairs out of order, in a random order of values of which so many are equal.

    Group after group is mixed into those before: each way to mix is one of Mann and Whitney's, of which the number of pairs
    out of order is their U.
    """
    chance, before = np.ones(1), 0
    for size in sizes:
        chance = np.convolve(chance, _mann_whitney(before, size))
        before += size
    return chance


@cache
def _mann_whitney(a: int, b: int) -> Floats:
    """The chance of each U of two samples: Mann & Whitney (1947), On a test of whether one of two random variables is larger."""
    if a == 0 or b == 0:
        return np.ones(1)
    chance = np.zeros(a * b + 1)
    chance[b:] += a / (a + b) * _mann_whitney(a - 1, b)
    chance[: a * (b - 1) + 1] += b / (a + b) * _mann_whitney(a, b - 1)
    return chance
