"""Ids that come again: a case that overlapping exports hold twice, or a number that each file begins anew."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Again", "seen_again"]

# So far two exports may put one case apart: they round its place and its time.
_SAME_M, _SAME_TIME = 1.0, np.timedelta64(1, "m")


@dataclass(frozen=True, eq=False)
class Again:
    """Rows whose id other rows have as well, held against the first that has it.

    Parameters
    ----------
    first
        (n,) which rows are the first of their id.
    elsewhere, another_time
        (n,) which lie more than a metre, or more than a minute, from that first.
    double
        (n,) which have the id, the metre and the minute of a row before them.
    """

    first: NDArray[np.bool_]
    elsewhere: NDArray[np.bool_]
    another_time: NDArray[np.bool_]
    double: NDArray[np.bool_]

    def balance(self, rows: NDArray[np.bool_] | slice = slice(None)) -> int:
        """Above 0 where most of some rows that share an id share neither time nor place; of several tables they add up."""
        return 2 * int((self.elsewhere & self.another_time)[rows].sum()) - int((~self.first[rows]).sum())

    def other_cases(self, *, begun_anew: bool) -> NDArray[np.bool_]:
        """Which rows are cases of their own for all that their id was there before.

        Parameters
        ----------
        begun_anew
            Whether most that share an id are other cases (`balance`): another time or another place will do then; else it
            takes both.
        """
        other = self.elsewhere | self.another_time if begun_anew else self.elsewhere & self.another_time
        return other & ~self.double


def seen_again(
    ids: NDArray[np.integer], x: NDArray[np.float64], y: NDArray[np.float64], time: NDArray[np.datetime64]
) -> Again:
    """Hold rows that share their ids against the first of each.

    Parameters
    ----------
    ids
        (n,) numbers, equal where the ids are, in the order in which they count: of one case the first does.
    x, y
        (n,) metres.
    time
        (n,) local times; NaT where one is missing: place alone tells then.

    Returns
    -------
    Again

    Examples
    --------
    >>> day = np.datetime64("2024-01-01", "us")
    >>> time = day + np.array([0, 0, 9], dtype="timedelta64[D]")
    >>> again = seen_again(np.array([7, 7, 7]), np.array([0.0, 0.4, 900.0]), np.zeros(3), time)
    >>> again.other_cases(begun_anew=False).tolist()
    [False, False, True]
    """
    _, at, code = np.unique(ids, return_index=True, return_inverse=True)
    first = at[code]
    elsewhere = np.hypot(x - x[first], y - y[first]) > _SAME_M
    key = pd.DataFrame({"id": code, "x": (x / _SAME_M).round(), "y": (y / _SAME_M).round()})
    apart = np.abs(time - time[first])
    another_time = np.where(np.isnat(apart), elsewhere, apart > _SAME_TIME)
    key["time"] = time.astype("datetime64[m]").astype(np.int64)
    return Again(first == np.arange(len(ids)), elsewhere, another_time, key.duplicated().to_numpy())
