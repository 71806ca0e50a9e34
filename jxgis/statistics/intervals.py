"""Intervals of shares: between which values one may lie, and between which those of groups lie by chance alone."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.special import betaincinv
from scipy.stats import binom

from jxgis.space.ratio import ratio

__all__ = ["FUNNEL", "funnel_limits", "share_interval"]

Floats = npt.NDArray[np.float64]
FUNNEL = 0.998
"""Of so many groups whose share is that of all, chance keeps within the limits."""
_TAIL = 0.025


def share_interval(hits: npt.ArrayLike, cases: npt.ArrayLike, *, batch: npt.ArrayLike = 1.0) -> tuple[Floats, Floats]:
    """The 95 % interval of a share: neither tail above 2.5 %, exact for cases by themselves (Clopper & Pearson 1934).

    Parameters
    ----------
    hits, cases
        (n,) whole numbers, ``hits`` at most ``cases``.
    batch
        How many times as much as by chance shares vary, of all or (n,) of each: so many cases tell as much as one.

    Returns
    -------
    low, high : numpy.ndarray
        (n,) 0–1; NaN where there are no cases.

    References
    ----------
    Korn, E. L. and Graubard, B. I. (1998). Confidence intervals for proportions with small expected number of positive counts
    estimated from survey data. Survey Methodology 24: the interval of as many cases as tell.

    Examples
    --------
    >>> low, high = share_interval([0, 5, 10], [10, 10, 10])
    >>> low.round(4).tolist(), high.round(4).tolist()
    ([0.0, 0.1871, 0.6915], [0.3085, 0.8129, 1.0])
    """
    k, n = (np.asarray(number, dtype=np.float64) / np.asarray(batch) for number in (hits, cases))
    with np.errstate(invalid="ignore"):
        low = np.where(k > 0, betaincinv(k, n - k + 1, _TAIL), 0.0)
        high = np.where(k < n, betaincinv(k + 1, n - k, 1 - _TAIL), 1.0)
    none = n == 0
    return np.where(none, np.nan, low), np.where(none, np.nan, high)


def funnel_limits(share: float, cases: npt.ArrayLike, *, batch: npt.ArrayLike = 1.0) -> tuple[Floats, Floats]:
    """Between which shares groups of so many cases lie by chance alone, if their rate is that of all.

    Parameters
    ----------
    share
        Of all cases.
    cases
        (n,) of each group.
    batch
        As `share_interval` takes it.

    Returns
    -------
    low, high : numpy.ndarray
        (n,) the least and the greatest share that neither tail of 0.1 % excludes: of few cases nearly everything.

    References
    ----------
    Spiegelhalter, D. J. (2005). Funnel plots for comparing institutional performance. Statistics in Medicine 24.

    Examples
    --------
    >>> low, high = funnel_limits(0.9, [5, 1000])
    >>> low.tolist(), high.tolist()
    ([0.4, 0.87], [1.0, 0.928])
    """
    n = np.asarray(cases, dtype=np.float64)
    telling = np.floor(n / np.asarray(batch))
    low, high = binom.ppf((1 - FUNNEL) / 2, telling, share), binom.isf((1 - FUNNEL) / 2, telling, share)
    less = (n > 0) & (telling == 0)
    return np.where(less, 0.0, ratio(low, telling)), np.where(less, 1.0, ratio(high, telling))
