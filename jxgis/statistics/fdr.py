"""False discovery rate: of the places called hot, the share that chance may be expected to have made.

Benjamini & Hochberg (1995), Controlling the false discovery rate, JRSS B 57.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["benjamini_hochberg", "gi_bin", "is_hot"]


def benjamini_hochberg(p: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Compute q-values: the smallest false discovery rate at which each test would be called significant.

    Parameters
    ----------
    p
        (n,) p-values; NaN is not a test and does not count among them.

    Returns
    -------
    numpy.ndarray
        (n,) q-values, NaN where p is.

    Examples
    --------
    >>> benjamini_hochberg([0.01, np.nan, 0.04, 0.03]).round(3).tolist()
    [0.03, nan, 0.04, 0.04]
    """
    values = np.asarray(p, dtype=np.float64)
    q = np.full(values.shape, np.nan)
    tested = np.flatnonzero(~np.isnan(values))
    order = tested[np.argsort(values[tested], kind="stable")]
    scaled = values[order] * len(order) / np.arange(1, len(order) + 1)
    q[order] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1.0)
    return q


def is_hot(z: npt.ArrayLike, q: npt.ArrayLike, alpha: float) -> npt.NDArray[np.bool_]:
    """Say what counts as hot, wherever hot cells are counted, drawn together or scored: z above 0 and q at most alpha.

    Examples
    --------
    >>> is_hot([4, -3, 2, np.nan], [0.01, 0.01, 0.1, np.nan], 0.05).tolist()
    [True, False, False, False]
    """
    return (np.asarray(z, dtype=np.float64) > 0) & (np.asarray(q, dtype=np.float64) <= alpha)


def gi_bin(q: npt.ArrayLike, z: npt.ArrayLike) -> npt.NDArray[np.int64]:
    """Class hot and cold spots: 3, 2, 1 where q is at most .01, .05, .10, with the sign of z; 0 elsewhere.

    Examples
    --------
    >>> gi_bin([0.005, 0.05, 0.1, 0.2, np.nan], [4, -3, 2, 1, np.nan]).tolist()
    [3, -2, 1, 0, 0]
    """
    rate, score = np.asarray(q, dtype=np.float64), np.asarray(z, dtype=np.float64)
    level = (rate <= 0.01).astype(np.int64) + (rate <= 0.05) + (rate <= 0.10)
    return np.where(level > 0, np.where(score > 0, level, -level), 0)
