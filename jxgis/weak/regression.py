"""Regression to the mean: what an area that was chosen for being the worst would hold again with nothing done.

A high count is part place, part chance, and chance does not come again. How much of it was place is read from how much
the areas of its kind differ beyond chance (gamma-Poisson, empirical Bayes): what is predicted from that is right for the
worst areas as for any, since it does not matter why one looks at an area whose count is known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.special import betainc

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["expected_again", "spread_of_severity"]

_LEAST_SPREAD = 1e-6
_ENOUGH = 5
"""Areas of a kind by which it is told how much they differ; with fewer all kinds together tell it."""


def spread_of_severity(counts: NDArray[np.float64], expected: NDArray[np.float64], batch: float) -> float:
    """Variance of the true severity among areas, beyond what chance makes of their counts; by moments, at least 0.

    Parameters
    ----------
    counts, expected
        (n,) cases, and those at the rate of the reference, above 0.
    batch
        How many cases come together.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> places = rng.gamma(4, 1 / 4, 4000)
    >>> round(spread_of_severity(rng.poisson(30 * places), np.full(4000, 30.0), 1.0), 1)
    0.3
    """
    excess = np.square(counts - expected) / expected - batch
    return max(0.0, float(excess.sum() / expected.sum()))


def expected_again(before: pd.DataFrame, recent: pd.DataFrame, peers: pd.DataFrame, batch: float) -> pd.DataFrame:
    """What areas would hold in the recent period had nothing changed but the city, and how rare so few would be.

    Parameters
    ----------
    before, recent
        ``kind, issues, expected`` of the areas in each period.
    peers
        The same of all areas of their kinds in the period before: by them it is told how much areas differ.
    batch
        How many cases come together.

    Returns
    -------
    pandas.DataFrame
        On the index of the areas: ``issues_again``, and ``fall_p``: the chance of so few cases as the recent period has, or
        fewer.

    Examples
    --------
    An area with 30 cases, of which 10 were to be expected, among areas that hardly differ, and among such that do:

    >>> own = pd.DataFrame({"kind": ["k"], "issues": [30], "expected": [10.0]})
    >>> for counts in ([9, 12, 8, 11, 10, 13, 10, 15], [2, 25, 1, 15, 3, 30, 1, 18]):
    ...     others = pd.DataFrame({"kind": "k", "issues": counts, "expected": 10.0})
    ...     print(round(expected_again(own, own, others, 1.0)["issues_again"].item()))
    10
    28
    """
    known = peers[peers["expected"] > 0]
    several = known.groupby("kind")["issues"].transform("size") >= _ENOUGH

    def spread(rows: pd.DataFrame) -> float:
        counts, expected = (rows[name].to_numpy(dtype=np.float64) for name in ("issues", "expected"))
        return spread_of_severity(counts, expected, batch)

    by_kind = {str(kind): spread(rows) for kind, rows in known[several].groupby("kind")}
    of_all = spread(known) if len(known) else 0.0
    own = np.array([by_kind.get(str(kind), of_all) for kind in before["kind"]], dtype=np.float64)
    prior = 1 / np.maximum(own, _LEAST_SPREAD)
    shape = prior + before["issues"].to_numpy() / batch
    rate = prior + before["expected"].to_numpy() / batch
    coming = recent["expected"].to_numpy() / batch
    few = recent["issues"].to_numpy() / batch
    return pd.DataFrame(
        {"issues_again": batch * coming * shape / rate, "fall_p": betainc(shape, few + 1, rate / (rate + coming))},
        index=before.index,
    )
