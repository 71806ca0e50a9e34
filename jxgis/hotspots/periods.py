"""The two periods that a change compares."""

from __future__ import annotations

from typing import NamedTuple

import pandas as pd

__all__ = ["Periods", "compare_periods"]


class Periods(NamedTuple):
    """Two periods of the same length, half open: [before, split) and [split, end)."""

    before: pd.Timestamp
    split: pd.Timestamp
    end: pd.Timestamp


def compare_periods(
    times: pd.Series, *, start: pd.Timestamp | None = None, end: pd.Timestamp | None = None
) -> Periods | None:
    """Choose two periods of the same length to compare.

    Parameters
    ----------
    times
        When issues were reported, tz-naive; missing values allowed.
    start, end
        The period analysed, half open: it is compared with the period of the same length before it. Without both,
        the last whole year of the times is compared with the year before, or, below two years, their later half with
        their earlier half (by days).

    Returns
    -------
    Periods or None
        None if there are no times, or the times do not reach back to the earlier period: where they begin later than a
        tenth of its length after it does, a comparison would call growth what is a gap in the data.

    Examples
    --------
    >>> times = pd.Series(pd.to_datetime(["2023-01-01", "2023-12-31", "2024-12-31"]))
    >>> [str(t.date()) for t in compare_periods(times)]
    ['2023-01-01', '2024-01-01', '2025-01-01']
    """
    known = times.dropna()
    if known.empty:
        return None
    if start is not None and end is not None:
        found = Periods(start - (end - start), start, end)
    else:
        first, last = known.min().normalize(), known.max().normalize() + pd.Timedelta(days=1)
        year = pd.DateOffset(years=1)
        split = last - year
        if split - year >= first:
            found = Periods(split - year, split, last)
        else:
            half = pd.Timedelta(days=(last - first).days // 2)
            found = Periods(last - 2 * half, last - half, last)
    covered = known.min() <= found.before + (found.split - found.before) / 10
    return found if covered and ((known >= found.before) & (known < found.split)).any() else None
