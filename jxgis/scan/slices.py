"""Time cut into months or weeks, those that no window parts put together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from jxgis.periods import ends, recorded_months
from jxgis.scan.windows import Stretches, stretches_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Slices", "cut_time"]

_MONTHS = {"month": 1, "week": 0}


@dataclass(frozen=True, eq=False)
class Slices:
    """Slices of time.

    Attributes
    ----------
    of
        (n,) the slice of each case; -1 where its time is not known, or mistyped.
    stretches
        What a cluster may last.
    starts
        (slices + 1,) when each slice begins, and when the last ends: the first and the last day of the data at its ends.
    parted
        How many months or weeks there are.
    """

    of: NDArray[np.int64]
    stretches: Stretches
    starts: pd.DatetimeIndex
    parted: int

    def days(self) -> NDArray[np.float64]:
        """(slices,) days of each slice."""
        return np.diff(self.starts) / np.timedelta64(1, "D")

    def dates(self, stretch: int) -> tuple[pd.Timestamp, pd.Timestamp]:
        """The first and the last day of a stretch."""
        first, end = self.starts[self.stretches.first[stretch]], self.starts[self.stretches.end[stretch]]
        return first, end - pd.Timedelta(days=1)


def cut_time(times: pd.Series, *, unit: Literal["month", "week"], longest: int, recent: bool) -> Slices | None:
    """Cut time into months or weeks (from Monday on).

    Parameters
    ----------
    times
        (n,) when issues were reported, tz-naive; missing values allowed. A few far from all others, mistyped years, are of
        no slice.
    unit
        ``"month"`` or ``"week"``.
    longest
        How many of them a cluster lasts at most; never more than half of all.
    recent
        Whether a cluster must last to the last of them. What lies before the longest of these is one slice then: no window
        parts it.

    Returns
    -------
    Slices or None
        None where there are fewer than two months or weeks, or the dates are recorded by longer units: all of a month would
        lie in the week of its first day.

    Examples
    --------
    >>> days = pd.Series(pd.to_datetime(["2023-01-05", "2023-03-02", "2023-04-20", None]))
    >>> slices = cut_time(days, unit="month", longest=12, recent=True)
    >>> slices.of.tolist(), [str(day.date()) for day in slices.dates(1)]
    ([0, 1, 2, -1], ['2023-03-01', '2023-04-20'])
    """
    known = times.dropna()
    if known.empty:
        return None
    first, end = ends(np.sort(known.to_numpy(dtype="datetime64[ns]")))
    last = end - pd.Timedelta(days=1)
    freq = "M" if unit == "month" else "W-SUN"
    periods = pd.period_range(first, last, freq=freq)
    if len(periods) < 2 or recorded_months(known.to_numpy(dtype="datetime64[ns]")) > _MONTHS[unit]:
        return None
    longest = min(longest, len(periods) // 2)
    cut = max(len(periods) - longest - 1, 0) if recent else 0
    starts = pd.DatetimeIndex([first, *periods[cut + 1 :].start_time, end])
    of = np.full(len(times), -1, dtype=np.int64)
    own = ((times >= first) & (times < end)).to_numpy()
    of[own] = np.searchsorted(starts.to_numpy(), times[own].to_numpy(dtype="datetime64[ns]"), side="right") - 1
    return Slices(of, stretches_of(len(starts) - 1, longest=longest, recent=recent), starts, len(periods))
