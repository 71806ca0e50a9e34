"""The periods of an evaluation: after, the one that may have selected, the one before it, and what is left for the trend."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from jxgis.errors import InputError
from jxgis.gaps import Gap
from jxgis.i18n import text_pair
from jxgis.periods import Comparison, Periods, compare_periods, ends

__all__ = ["Windows", "choose_windows", "placebo_dates"]

_YEAR = 12
_LEAST_TREND = 2
"""Months of history from which a trend is asked for: two halves of a month."""
_PLACEBO_DATES = 4
_SLACK = pd.Timedelta(days=7)
"""Data that begin or end a few days short of a month hold it; those days are left out of both periods."""

Stretch = tuple[pd.Timestamp, pd.Timestamp]


class Windows(NamedTuple):
    """The periods, half open, and what of them counts.

    Parameters
    ----------
    before, after
        What is compared, as long as one another.
    selecting
        What lies between them: it may have selected the areas, and counts in nothing.
    history
        What lies before all of them, for the trend; None where there is next to nothing.
    months
        Length of ``before`` and ``after``.
    left_out
        Stretches of either that the data do not cover, with their counterparts in the other.
    gaps
        Why they are left out.
    """

    before: Stretch
    selecting: Stretch
    after: Stretch
    history: Stretch | None
    months: int
    left_out: tuple[Stretch, ...] = ()
    gaps: tuple[Gap, ...] = ()

    @property
    def same_season(self) -> bool:
        """Whether both that are compared are the same months of a year."""
        return self.before[0].month == self.after[0].month

    def counted(self, times: pd.Series) -> dict[str, np.ndarray]:
        """Which times count in which period: ``before``, ``after``, ``selecting`` and, with a history, ``early``, ``late``.

        Parameters
        ----------
        times
            (n,) tz-naive; NaT counts in none.

        Returns
        -------
        dict of ndarray
            (n,) bool each.
        """
        time = times.to_numpy(dtype="datetime64[ns]")
        whole = ~_within(time, self.left_out)
        found = {name: whole & _within(time, [getattr(self, name)]) for name in ("before", "after")}
        found["selecting"] = _within(time, [self.selecting])
        if self.history is not None:
            middle = _middle(self.history)
            found["early"] = _within(time, [(self.history[0], middle)])
            found["late"] = _within(time, [(middle, self.history[1])])
        return found


def choose_windows(
    times: pd.Series,
    at: pd.Timestamp,
    *,
    months: int | None = None,
    selecting_months: int | None = None,
    files: pd.Series | None = None,
    sources: pd.Series | None = None,
) -> Windows:
    """Choose the periods for a date, in whole months, and leave out what the data do not cover of them.

    ``after`` begins at the date and is a year, or as many months as the data hold. ``before`` are the same months two years
    earlier: what lies between, a year at the least, may have selected the areas. With less than two years of data before
    the date, ``before`` is the beginning of the data, at most half of the time before the date.

    Parameters
    ----------
    times
        (n,) when issues were reported, tz-naive; missing values allowed.
    at
        The date from which the areas were treated.
    months
        Length of what is compared.
    selecting_months
        Length of what lies between.
    files, sources
        As of `jxgis.periods.compare_periods`, by whose rule days are left out.

    Returns
    -------
    Windows

    Raises
    ------
    InputError
        If there are no times, the date lies outside them or too near to either end, or the data cover less than a quarter.

    Examples
    --------
    >>> days = pd.Series(pd.date_range("2020-07-01", "2023-12-31"))
    >>> found = choose_windows(days, pd.Timestamp("2023-01-01"))
    >>> [str(day.date()) for day in (*found.history, *found.before, *found.selecting, *found.after)]
    ['2020-07-01', '2021-01-01', '2021-01-01', '2022-01-01', '2022-01-01', '2023-01-01', '2023-01-01', '2024-01-01']
    """
    known = np.sort(times.dropna().to_numpy(dtype="datetime64[ns]"))
    if not len(known):
        raise InputError.saying(text_pair("effect.no_times"))
    first, end = ends(known)
    said = {"at": f"{at:%Y-%m-%d}", "first": f"{first:%Y-%m-%d}", "last": f"{end - pd.Timedelta(days=1):%Y-%m-%d}"}
    if not first < at < end:
        raise InputError.saying(text_pair("effect.date_outside", **said))
    earlier, later = _whole_months(first - _SLACK, at), _whole_months(at, end + _SLACK)
    length = min(_YEAR, later, earlier // 2) if months is None else months
    between = selecting_months
    if between is None:
        between = 2 * _YEAR - length if earlier >= 2 * _YEAR >= 2 * length else earlier - length
    if length < 1 or between < 0 or length > later or length + between > earlier:
        raise InputError.saying(text_pair("effect.date_near_end", before=earlier, after=later, **said))
    after = at, at + pd.DateOffset(months=length)
    before = at - pd.DateOffset(months=length + between), at - pd.DateOffset(months=between)
    found = _covered(times, before, after, between, files, sources)
    if found.periods is None:
        raise InputError.saying(text_pair("effect.uncovered", **said))
    history = (first, before[0]) if earlier - length - between >= _LEAST_TREND else None
    left_out = _left_out(found.periods, between)
    gaps = tuple(_moved_back(gap, at, between) for gap in found.gaps)
    return Windows(before, (before[1], at), after, history, length, left_out, gaps)


def placebo_dates(
    windows: Windows, times: pd.Series, *, files: pd.Series | None = None, sources: pd.Series | None = None
) -> list[tuple[pd.Timestamp, Windows]]:
    """Dates before what may have selected at which nothing was done, with the two periods that each parts.

    Parameters
    ----------
    windows
        The periods of the evaluation.
    times, files, sources
        As of `choose_windows`.

    Returns
    -------
    list of tuple
        The date, and what is before and after it: as long as ``windows.months`` where there is room, the latest first, at most
        four; what the data do not cover is left out of both, and a date of which they cover too little is none.

    Examples
    --------
    >>> days = pd.Series(pd.date_range("2021-01-01", "2023-12-31"))
    >>> [str(found[0].date()) for found in placebo_dates(choose_windows(days, pd.Timestamp("2023-01-01")), days)]
    ['2021-07-01']
    """
    first, end = (windows.history or windows.before)[0] - _SLACK, windows.selecting[0]
    length = min(windows.months, _whole_months(first, end) // 2)
    if not length:
        return []
    ends_of = [end - pd.DateOffset(months=length * n) for n in range(_PLACEBO_DATES + 2)]
    found = []
    for last, date, start in zip(ends_of, ends_of[1:], ends_of[2:], strict=False):
        if start < first:
            break
        before, after = (start, date), (date, last)
        covered = _covered(times, before, after, 0, files, sources)
        if covered.periods is not None:
            found.append((date, Windows(before, (date, date), after, None, length, _left_out(covered.periods, 0))))
    return found


def _whole_months(start: pd.Timestamp, end: pd.Timestamp) -> int:
    months = _YEAR * (end.year - start.year) + end.month - start.month
    return months if start + pd.DateOffset(months=months) <= end else months - 1


def _middle(stretch: Stretch) -> pd.Timestamp:
    return (stretch[0] + (stretch[1] - stretch[0]) / 2).normalize()


def _within(time: np.ndarray, stretches: list[Stretch] | tuple[Stretch, ...]) -> np.ndarray:
    found = np.zeros(len(time), dtype=np.bool_)
    for start, end in stretches:
        found |= (time >= start.to_datetime64()) & (time < end.to_datetime64())
    return found


def _covered(
    times: pd.Series, before: Stretch, after: Stretch, between: int, files: pd.Series | None, sources: pd.Series | None
) -> Comparison:
    """What the data cover of both: by the rule for two periods that touch, the earlier moved to the later."""
    early, late = (_within(times.to_numpy(dtype="datetime64[ns]"), [stretch]) for stretch in (before, after))
    moved = times.where(~early, times + pd.DateOffset(months=between))[early | late]
    of = [None if names is None else names[early | late] for names in (files, sources)]
    return compare_periods(moved, start=after[0], end=after[1], files=of[0], sources=of[1], by_months=True)


def _left_out(periods: Periods, between: int) -> tuple[Stretch, ...]:
    """The stretches where they were before the earlier period was moved."""
    return tuple(_back(stretch, periods.split, between) for stretch in periods.left_out)


def _moved_back(gap: Gap, split: pd.Timestamp, between: int) -> Gap:
    start, end = _back((gap.start, gap.end), split, between)
    return gap._replace(start=start, end=end)


def _back(stretch: Stretch, split: pd.Timestamp, between: int) -> Stretch:
    """A stretch of the earlier period before it was moved, to its end; one of the later stays where it is."""
    if stretch[0] >= split:
        return stretch
    step = pd.DateOffset(months=between)
    return stretch[0] - step, min(stretch[1], split) - step
