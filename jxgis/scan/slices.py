"""Time cut into months or weeks, those that no window parts put together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np
import pandas as pd

from jxgis.i18n import text_pair
from jxgis.periods import ends, recorded_months
from jxgis.scan.windows import Stretches, stretches_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from jxgis.i18n import Text

__all__ = ["Slices", "Uncut", "cut_time", "uncut_said"]

_MONTHS = {"month": 1, "week": 0}
Uncut: TypeAlias = Literal["untimed", "short", "coarse"]
"""Why time is not cut."""


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


def cut_time(times: pd.Series, *, unit: Literal["month", "week"], longest: int, recent: bool) -> Slices | Uncut:
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
    Slices, or why there are none
        No time is known (``untimed``), there are fewer than two months or weeks (``short``), or the dates are recorded by
        longer units (``coarse``): all of a month would lie in the week of its first day.

    Examples
    --------
    >>> days = pd.Series(pd.to_datetime(["2023-01-05", "2023-03-02", "2023-04-20", None]))
    >>> slices = cut_time(days, unit="month", longest=12, recent=True)
    >>> slices.of.tolist(), [str(day.date()) for day in slices.dates(1)]
    ([0, 1, 2, -1], ['2023-03-01', '2023-04-20'])
    >>> cut_time(days[:1], unit="month", longest=12, recent=True)
    'short'
    """
    known = np.sort(times.dropna().to_numpy(dtype="datetime64[ns]"))
    if not len(known):
        return "untimed"
    first, end = ends(known)
    periods = pd.period_range(first, end - pd.Timedelta(days=1), freq="M" if unit == "month" else "W-SUN")
    if len(periods) < 2:
        return "short"
    if recorded_months(known) > _MONTHS[unit]:
        return "coarse"
    longest = min(longest, len(periods) // 2)
    cut = max(len(periods) - longest - 1, 0) if recent else 0
    starts = pd.DatetimeIndex([first, *periods[cut + 1 :].start_time, end])
    of = np.full(len(times), -1, dtype=np.int64)
    own = ((times >= first) & (times < end)).to_numpy()
    of[own] = np.searchsorted(starts.to_numpy(), times[own].to_numpy(dtype="datetime64[ns]"), side="right") - 1
    return Slices(of, stretches_of(len(starts) - 1, longest=longest, recent=recent), starts, len(periods))


def uncut_said(why: Uncut, *, unit: Literal["month", "week"]) -> Text:
    """Why time is not cut, in words."""
    least = text_pair(f"scan.longest_{unit}", n=2)
    return text_pair(f"scan.uncut_{why}", unit=text_pair(f"scan.unit_{unit}"), least=least)
