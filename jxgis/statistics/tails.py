"""Tails: how a place shares in what was drawn, given both totals (hypergeometric), and what two tails say together."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.stats import hypergeom

__all__ = ["drawn_tails", "two_sided"]

Floats = npt.NDArray[np.float64]


def drawn_tails(
    drawn: npt.ArrayLike, own: npt.ArrayLike, of_all: npt.ArrayLike, total: npt.ArrayLike
) -> tuple[Floats, Floats]:
    """Compute P(X >= x) and P(X <= x) for the cases of each place among those drawn at random from all.

    Parameters
    ----------
    drawn
        (n,) x, the place's cases among those drawn.
    own
        (n,) all cases of the place.
    of_all
        Cases drawn of the whole.
    total
        Cases of the whole.

    Returns
    -------
    upper, lower : numpy.ndarray
        (n,) probabilities.

    Examples
    --------
    >>> upper, lower = drawn_tails([2], [2], 2, 4)
    >>> upper.round(6).tolist(), lower.tolist()
    ([0.166667], [1.0])
    """
    x, k, n, whole = (np.asarray(number, dtype=np.int64) for number in (drawn, own, of_all, total))
    return np.asarray(hypergeom.sf(x - 1, whole, k, n)), np.asarray(hypergeom.cdf(x, whole, k, n))


def two_sided(upper: Floats, lower: Floats) -> Floats:
    """The chance of either tail: twice the smaller one, at most 1; of a single one where the other is NaN.

    Examples
    --------
    >>> two_sided(np.array([0.01, 0.9]), np.array([0.995, 0.7])).tolist()
    [0.02, 1.0]
    """
    return np.asarray(np.minimum(1.0, 2.0 * np.fmin(upper, lower)))
