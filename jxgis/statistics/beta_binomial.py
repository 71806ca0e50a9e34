"""Tails of the beta-binomial distribution, relative error below 1e-6 however far out, for all cells of a city at once.

If counts are independent with variance φ times the mean (batches of cases), the sum over some places, given the sum
over all, is beta-binomial: exactly for negative binomial counts, as the binomial is for Poisson counts.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.special import betainc, betaincc, gammaln

__all__ = ["beta_binomial_tails"]

Floats = npt.NDArray[np.float64]

_NEGLIGIBLE = 1e-10  # of the tail so far
DROP = 23.0  # the same as a logarithm
STEPS = 64  # terms of a tail that are added at a time
WIDE = 25.0  # standard deviation from which on a tail is integrated rather than added up
SKEWED = 30.0  # a or b below which a tail is added up: one smooth curve through it all would miss its end
_MOST_ADDED = 1e6  # trials of a skewed distribution up to which that is done
_STEEP = 0.3  # fall of log P per step from which on it is added up all the same: few terms count
NODES, WEIGHTS = (part / 2 for part in np.polynomial.legendre.leggauss(24))
_BINOMIAL = 1 + 1e-9  # a variance closer to the binomial's than this is the binomial's


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
        (q,) probabilities; beyond a million trials those of a very skewed distribution (a or b below 3) err by more.

    Examples
    --------
    A and B share out 2 cases; even with ratio 4/3 each split has the chance 1/3:

    >>> upper, lower = beta_binomial_tails([0, 1, 2], 2, 0.5, 4 / 3)
    >>> upper.round(6).tolist(), lower.round(6).tolist()
    ([1.0, 0.666667, 0.333333], [0.333333, 0.666667, 1.0])
    """
    s, n, p, r = (np.array(values, dtype=np.float64) for values in np.broadcast_arrays(successes, trials, share, ratio))
    upper, lower = np.ones(s.shape), np.ones(s.shape)
    plain = (r <= _BINOMIAL) | (n == 1)
    some, not_all = plain & (s > 0), plain & (s < n)
    upper[some] = betainc(s[some], n[some] - s[some] + 1, p[some])
    lower[not_all] = betaincc(s[not_all] + 1, n[not_all] - s[not_all], p[not_all])
    at = np.flatnonzero(~plain)
    s, n, p = s[at], n[at], p[at]
    r = np.minimum(r[at], n * (1 - 1e-9))
    precision = (n - r) / (r - 1)
    above = s >= n * p
    # Every tail is read as an upper one: below the mean that of what falls elsewhere.
    k = np.where(above, s, n - s)
    a, b = precision * np.where(above, p, 1 - p), precision * np.where(above, 1 - p, p)
    log_first = gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)
    log_first += _log_rising(a, k) + _log_rising(b, n - k) - _log_rising(precision, n)
    first = np.exp(log_first)
    spread = np.sqrt(n * p * (1 - p) * r)
    with np.errstate(divide="ignore"):
        fall = np.log((k + 1) * (b + np.maximum(n - k - 1, 0))) - np.log((n - k) * (a + k))
    skewed = (np.minimum(a, b) < SKEWED) & (n <= _MOST_ADDED)
    smooth = (spread >= WIDE) & (fall < _STEEP) & ~skewed
    over_first = np.empty(len(k))
    for some, method in ((smooth, _integrated), (~smooth, _added)):
        over_first[some] = method(k[some], n[some], a[some], b[some], spread[some], fall[some])
    tail = first * over_first
    other = 1 - tail + first
    upper[at], lower[at] = np.where(above, tail, other), np.where(above, other, tail)
    return np.clip(upper, 0, 1), np.clip(lower, 0, 1)


def _integrated(k: Floats, n: Floats, a: Floats, b: Floats, spread: Floats, fall: Floats) -> Floats:
    """P(S >= k) / P(S = k) where neighbouring terms hardly differ: the integral from k − ½ on, with the midpoint rule's
    first two corrections at its end.
    """

    def log_over_first(x: Floats) -> Floats:
        at, m, first, second = (values[:, None] for values in (k, n, a, b))
        stays = _log_rising(at + 1, x - at) - _log_rising(m - x + 1, x - at)
        moves = _log_rising(first + at, x - at) - _log_rising(second + m - x, x - at)
        return np.asarray(moves - stays)

    slope = np.maximum(fall, 0.0)
    reach = spread**2 * (np.sqrt(slope**2 + 2 * DROP / spread**2) - slope)
    for _ in range(20):
        reach = np.minimum(reach, n - k + 0.5)
        short = (log_over_first((k - 0.5 + reach)[:, None])[:, 0] > 0.5 - DROP) & (reach < n - k + 0.5)
        if not short.any():
            break
        # Skewed: it falls more slowly than a normal distribution would.
        reach = np.where(short, 1.3 * reach, reach)
    x = (k - 0.5)[:, None] + reach[:, None] * (NODES + 0.5)
    area = reach * np.einsum("qv,v->q", np.exp(log_over_first(x)), WEIGHTS)
    rise = np.log((n - k + 1) * (a + k - 1)) - np.log(k * (b + n - k))
    end = np.exp(log_over_first((k - 0.5)[:, None])[:, 0])
    return np.asarray(area + end * (rise / 24 - 7 / 5760 * (rise**3 - 3 * rise / spread**2)))


def _added(k: Floats, n: Floats, a: Floats, b: Floats, _spread: Floats, _fall: Floats) -> Floats:
    """P(S >= k) / P(S = k), from the ratios of neighbouring terms."""
    total, last = np.ones(len(k)), np.ones(len(k))
    alive = np.arange(len(k))
    step = np.arange(STEPS, dtype=np.float64)
    while len(alive):
        j = k[alive, None] + step
        left = n[alive, None] - j
        # Nothing is left at j = n, and the terms end there.
        terms = left * (a[alive, None] + j) / ((j + 1) * (b[alive, None] + np.maximum(left - 1, 0)))
        np.maximum(terms, 0, out=terms)
        np.cumprod(terms, axis=1, out=terms)
        terms *= last[alive, None]
        total[alive] += terms.sum(axis=1)
        last[alive] = terms[:, -1]
        step += STEPS
        alive = alive[last[alive] > _NEGLIGIBLE * total[alive]]
    return total


def _log_rising(a: Floats, k: Floats) -> Floats:
    """Log Γ(a + k) / Γ(a), by Stirling's series where a is large: logarithms of 1e13 would differ in no digit."""
    a, k = np.broadcast_arrays(a, k)
    b = a + k
    large = np.minimum(a, b) > 100
    with np.errstate(all="ignore"):
        series = k * np.log(a) + (b - 0.5) * np.log1p(k / a) - k + (1 / b - 1 / a) / 12 - (b**-3 - a**-3) / 360
    small = ~large
    if small.any():
        series[small] = gammaln(b[small]) - gammaln(a[small])
    return np.asarray(series)
