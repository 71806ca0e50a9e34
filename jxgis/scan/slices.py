"""Time cut into months or weeks, those that no window parts put together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from jxgis.i18n import text_pair
from jxgis.periods import ends, recorded_months
from jxgis.scan.windows import Stretches, stretches_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from jxgis.i18n import Text

__all__ = ["Slices", "cut_time", "uncut_said", "why_uncut"]

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
    if why_uncut(times, unit=unit) is not None:
        return None
    first, end, periods = _periods(_known(times), unit)
    longest = min(longest, len(periods) // 2)
    cut = max(len(periods) - longest - 1, 0) if recent else 0
    starts = pd.DatetimeIndex([first, *periods[cut + 1 :].start_time, end])
    of = np.full(len(times), -1, dtype=np.int64)
    own = ((times >= first) & (times < end)).to_numpy()
    of[own] = np.searchsorted(starts.to_numpy(), times[own].to_numpy(dtype="datetime64[ns]"), side="right") - 1
    return Slices(of, stretches_of(len(starts) - 1, longest=longest, recent=recent), starts, len(periods))


def why_uncut(times: pd.Series, *, unit: Literal["month", "week"]) -> Literal["untimed", "short", "coarse"] | None:
    """Why time cannot be cut.

    Parameters
    ----------
    times, unit
        As `cut_time` takes them.

    Returns
    -------
    str or None
        No time is known, there are fewer than two months or weeks, or the dates are recorded by longer units; None where
        it can.

    Examples
    --------
    >>> day = pd.Timestamp("2023-01-05")
    >>> why_uncut(pd.Series([day, None]), unit="month"), why_uncut(pd.Series([day, day.replace(month=2)]), unit="month")
    ('short', None)
    """
    known = _known(times)
    if not len(known):
        return "untimed"
    if len(_periods(known, unit)[2]) < 2:
        return "short"
    return "coarse" if recorded_months(known) > _MONTHS[unit] else None


def uncut_said(why: str, *, unit: Literal["month", "week"]) -> Text:
    """What `why_uncut` found, in words."""
    least = text_pair(f"scan.longest_{unit}", n=2)
    return text_pair(f"scan.uncut_{why}", unit=text_pair(f"scan.unit_{unit}"), least=least)


def _known(times: pd.Series) -> NDArray[np.datetime64]:
    return np.sort(times.dropna().to_numpy(dtype="datetime64[ns]"))


def _periods(
    known: NDArray[np.datetime64], unit: Literal["month", "week"]
) -> tuple[pd.Timestamp, pd.Timestamp, pd.PeriodIndex]:
    """The first day, the day after the last, and the months or weeks that these span."""
    first, end = ends(known)
    return first, end, pd.period_range(first, end - pd.Timedelta(days=1), freq="M" if unit == "month" else "W-SUN")
