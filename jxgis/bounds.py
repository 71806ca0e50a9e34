"""When an area or a length meets a bound: one rule for parks, units and candidates alike."""

from __future__ import annotations

import math
from typing import overload

import numpy as np
import numpy.typing as npt

__all__ = ["RELATIVE", "at_least", "at_most", "beyond", "widened"]

#: An area or a length that differs from a bound by no more than this share of it meets the bound. Storing coordinates in
#: degrees, rotating or reprojecting them changes an area by about 1e-11 of itself; no drawing is exact to a millionth.
RELATIVE = 1e-6


@overload
def at_least(value: float, bound: float) -> bool: ...
@overload
def at_least(value: npt.NDArray[np.float64], bound: float | npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]: ...
def at_least(
    value: float | npt.NDArray[np.float64], bound: float | npt.NDArray[np.float64]
) -> bool | npt.NDArray[np.bool_]:
    """Whether an area or a length reaches a lower bound, the bound included.

    Parameters
    ----------
    value
        An area or a length, or an array of them; NaN reaches no bound.
    bound
        The bound in the same unit, at least 0; one for each value where it is an array.

    Returns
    -------
    bool or numpy.ndarray of bool

    Examples
    --------
    >>> at_least(1999.99999997, 2000), at_least(1999.9, 2000)
    (True, False)
    """
    return value >= bound * (1 - RELATIVE)


@overload
def at_most(value: float, bound: float) -> bool: ...
@overload
def at_most(value: npt.NDArray[np.float64], bound: float | npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]: ...
def at_most(
    value: float | npt.NDArray[np.float64], bound: float | npt.NDArray[np.float64]
) -> bool | npt.NDArray[np.bool_]:
    """Whether an area or a length keeps an upper bound, the bound included; parameters as for :func:`at_least`.

    Examples
    --------
    >>> at_most(np.array([5.000000001, 5.1]), 5.0).tolist()
    [True, False]
    """
    return value <= widened(bound)


@overload
def widened(bound: float) -> float: ...
@overload
def widened(bound: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]: ...
def widened(bound: float | npt.NDArray[np.float64]) -> float | npt.NDArray[np.float64]:
    """An upper bound as a spatial query needs it: what lies within it keeps the bound by :func:`at_most`.

    Examples
    --------
    >>> widened(20.0)
    20.00002
    """
    return bound * (1 + RELATIVE)


def beyond(value: float, bound: float) -> str:
    """A number that is above a bound, with as many digits as show it: two, or more where these would be the bound's own.

    Examples
    --------
    >>> beyond(1.03, 1), beyond(2.468, 1), beyond(31.4, 1), beyond(0.5, 1), beyond(math.inf, 1)
    ('1.03', '2.5', '31', '0.5', 'inf')
    """
    if not math.isfinite(value):
        return f"{value:g}"
    first = max(0, 1 - math.floor(math.log10(abs(value)))) if value else 0
    said = (f"{float(f'{value:.{digits}f}'):.12g}" for digits in range(first, first + 12))
    return next((one for one in said if value <= bound or float(one) > bound), f"{value:g}")
