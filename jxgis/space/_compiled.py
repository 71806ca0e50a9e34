"""How loops that cannot be vectorised are compiled."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar, cast

import numba
import numpy as np
import numpy.typing as npt

__all__ = ["compiled", "root_of"]

_P = ParamSpec("_P")
_R = TypeVar("_R")


def compiled(function: Callable[_P, _R]) -> Callable[_P, _R]:
    """Compile on the first call, keep the result on disk, and let other threads run meanwhile."""
    try:
        made = numba.njit(cache=True, nogil=True, error_model="numpy")(function)
    except RuntimeError:  # No folder that may be written to: compiled anew in each process.
        made = numba.njit(nogil=True, error_model="numpy")(function)
    return cast("Callable[_P, _R]", made)


@compiled
def root_of(parent: npt.NDArray[np.int64], i: int) -> int:
    """The root of the tree that ``i`` hangs in, by the parent of each; the way there is shortened."""
    while parent[i] != i:
        parent[i] = parent[parent[i]]
        i = parent[i]
    return i
