"""Tails of the beta-binomial distribution, relative error about 1e-8 however far out, for all cells of a city at once.

If counts are independent with variance φ times the mean (batches of cases), the sum over some places, given the sum
over all, is beta-binomial: exactly for negative binomial counts, as the binomial is for Poisson counts.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.special import betainc, betaincc, gammaln

__all__ = ["beta_binomial_tails"]

Floats = npt.NDArray[np.float64]

NEGLIGIBLE = 1e-10  # of the tail so far
STEPS = 64  # terms of a tail that are added at a time
BINOMIAL = 1 + 1e-9  # a variance closer to the binomial's than this is the binomial's


def beta_binomial_tails(
    successes: npt.ArrayLike, trials: npt.ArrayLike, share: npt.ArrayLike, ratio: npt.ArrayLike
) -> tuple[Floats, Floats]:
    """Compute P(S >= s) and P(S <= s).

    Parameters
    ----------
    successes
        (q,) s, whole numbers from 0 to n.
    trials
        n, 1 or more.
    share
        (q,) expected share p of the trials, between 0 and 1, neither included.
    ratio
        (q,) variance over the binomial's n p (1 − p): 1 is the binomial; more than n cannot be and counts as n.

    Returns
    -------
    upper, lower : numpy.ndarray
        (q,) probabilities.

    Examples
    --------
    A and B share out 2 cases; even with ratio 4/3 each split has the chance 1/3:

    >>> upper, lower = beta_binomial_tails([0, 1, 2], 2, 0.5, 4 / 3)
    >>> upper.round(6).tolist(), lower.round(6).tolist()
    ([1.0, 0.666667, 0.333333], [0.333333, 0.666667, 1.0])
    """
    s, n, p, r = (
        np.array(values, dtype=np.float64) for values in np.broadcast_arrays(successes, trials, share, ratio)
    )
    upper, lower = np.ones(s.shape), np.ones(s.shape)
    plain = (r <= BINOMIAL) | (n == 1)
    some, not_all = plain & (s > 0), plain & (s < n)
    upper[some] = betainc(s[some], n[some] - s[some] + 1, p[some])
    lower[not_all] = betaincc(s[not_all] + 1, n[not_all] - s[not_all], p[not_all])
    at = np.flatnonzero(~plain)
    s, n, p = s[at], n[at], p[at]
    r = np.minimum(r[at], n * (1 - 1e-9))
    precision = (n - r) / (r - 1)
    above = s >= n * p
    # Every tail is read as an upper one: below the mean that of what falls elsewhere.
    k, p = np.where(above, s, n - s), np.where(above, p, 1 - p)
    a, b = precision * p, precision * (1 - p)
    log_first = gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)
    log_first += _log_rising(a, k) + _log_rising(b, n - k) - _log_rising(precision, n)
    first = np.exp(log_first)
    tail = first * _tail_over_first(k, n, a, b)
    other = 1 - tail + first
    upper[at], lower[at] = np.where(above, tail, other), np.where(above, other, tail)
    return np.clip(upper, 0, 1), np.clip(lower, 0, 1)


def _tail_over_first(k: Floats, n: Floats, a: Floats, b: Floats) -> Floats:
    """P(S >= k) / P(S = k), from the ratios of neighbouring terms."""
    total, last = np.ones(len(k)), np.ones(len(k))
    alive = np.arange(len(k))
    step = np.arange(STEPS, dtype=np.float64)
    while len(alive):
        j = k[alive, None] + step
        left = n[alive, None] - j
        # Nothing is left at j = n, and the terms end there.
        terms = left * (a[alive, None] + j) / ((j + 1) * (b[alive, None] + np.maximum(left, 1) - 1))
        np.maximum(terms, 0, out=terms)
        np.cumprod(terms, axis=1, out=terms)
        terms *= last[alive, None]
        total[alive] += terms.sum(axis=1)
        last[alive] = terms[:, -1]
        step += STEPS
        alive = alive[last[alive] > NEGLIGIBLE * total[alive]]
    return total


def _log_rising(a: Floats, k: Floats) -> Floats:
    """log a(a + 1)…(a + k − 1), by Stirling's series where a is large: logarithms of 1e13 would differ in no digit."""
    b = a + k
    with np.errstate(divide="ignore", over="ignore"):
        series = k * np.log(a) + (b - 0.5) * np.log1p(k / a) - k + (1 / b - 1 / a) / 12 - (b**-3 - a**-3) / 360
    return np.where(a > 1e3, series, gammaln(b) - gammaln(a))
