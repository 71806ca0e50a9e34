"""Part over whole, where there is a whole."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["ratio"]


def ratio(part: npt.ArrayLike, whole: npt.ArrayLike, *, none: float = np.nan) -> npt.NDArray[np.float64]:
    """Divide a part by its whole.

    Parameters
    ----------
    part, whole
        Numbers, or arrays of one shape or that broadcast to one.
    none
        What stands where the whole is nothing: not above 0, or not known.

    Returns
    -------
    numpy.ndarray
        float64; NaN where the part is not known.

    Examples
    --------
    >>> ratio([1, 2, 0], [4, 0, 0]).tolist(), ratio([1, 2, 0], [4, 0, 0], none=0).tolist()
    ([0.25, nan, nan], [0.25, 0.0, 0.0])
    """
    top, bottom = np.asarray(part, dtype=np.float64), np.asarray(whole, dtype=np.float64)
    found = np.full(np.broadcast_shapes(top.shape, bottom.shape), none, dtype=np.float64)
    np.divide(top, bottom, out=found, where=bottom > 0)
    return found
