"""Slices of time: the months, quarters or weeks that the data cover whole, one after the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from jxgis.periods import find_gaps, recorded_months

if TYPE_CHECKING:
    import numpy.typing as npt

    from jxgis.gaps import Gap
    from jxgis.settings import Step

__all__ = ["Slices", "lay_slices", "slice_of"]

_MONTHS = {"month": 1, "quarter": 3}
_DAY = np.timedelta64(1, "D")


@dataclass(frozen=True, eq=False)
class Slices:
    """Slices of time, the earliest first.

    Attributes
    ----------
    start, end
        (n,) datetime64[D] first day of each, and the day after its last.
    whole
        (n,) whether the data, every file and every source cover it: what is missing is no decline.
    gaps
        What they do not cover.
    """

    start: npt.NDArray[np.datetime64]
    end: npt.NDArray[np.datetime64]
    whole: npt.NDArray[np.bool_]
    gaps: tuple[Gap, ...]

    def __len__(self) -> int:
        return len(self.start)

    def kept(self) -> Slices:
        """Those that the data cover."""
        return Slices(self.start[self.whole], self.end[self.whole], np.ones(int(self.whole.sum()), bool), self.gaps)


def lay_slices(
    times: pd.Series, *, step: Step, files: npt.ArrayLike | None = None, sources: npt.ArrayLike | None = None
) -> Slices | None:
    """Lay slices over the time of issues, and find which of them the data cover.

    Parameters
    ----------
    times
        (n,) when issues were reported, tz-naive; missing values allowed.
    step
        ``month``, ``quarter`` or ``week`` (from Monday to Sunday).
    files, sources
        (n,) the file and the source of each issue, where they are known: a slice in which one of them is silent, though
        much was to be expected of it, does not compare with the others.

    Returns
    -------
    Slices or None
        None where no time is known, or the dates are recorded by longer units than the step.

    Examples
    --------
    The data begin within January, and nothing was reported in April:

    >>> days = pd.Series(np.repeat(pd.date_range("2024-01-20", "2024-12-31"), 3))
    >>> found = lay_slices(days[days.dt.month != 4], step="month")
    >>> len(found), found.start[~found.whole].astype(str).tolist()
    (12, ['2024-01-01', '2024-04-01'])
    """
    known = times.notna().to_numpy()
    if not known.any():
        return None
    recorded = recorded_months(times.to_numpy(dtype="datetime64[ns]")[known])
    if recorded > _MONTHS.get(step, 0) or (recorded and step == "week"):
        return None
    week = pd.Timedelta(days=7)
    (first, last), gaps = find_gaps(times, files=files, sources=sources, shortest=week if step == "week" else None)
    if step == "month":
        # A source may be silent over a holiday; that all are for a week is a quarter of the month.
        gaps = (*find_gaps(times, shortest=week)[1], *(gap for gap in gaps if gap.kind != "all"))
    begin, past = np.datetime64(first, "D"), np.datetime64(last, "D")
    edges = _edges(begin, past, step)
    start, end = edges[:-1], edges[1:]
    # Some days have no issue: a slice is covered from its second day to its last but one.
    whole = (begin <= start + _DAY) & (past >= end - _DAY) | (recorded > 0)
    for gap in gaps:
        whole &= (end <= np.datetime64(gap.start, "D")) | (start >= np.datetime64(gap.end, "D"))
    return Slices(start, end, np.asarray(whole, dtype=np.bool_), gaps)


def _edges(begin: np.datetime64, past: np.datetime64, step: Step) -> npt.NDArray[np.datetime64]:
    """First days of the slices from that which holds a day to that which holds the day before another, and the end."""
    if step == "week":
        monday = begin - (begin.astype(np.int64) + 3) % 7 * _DAY  # day 0, 1970-01-01, was a Thursday
        return np.asarray(monday + np.arange(-((monday - past) // _DAY // 7) + 1) * 7)
    months = _MONTHS[step]
    low, high = (int(day.astype("datetime64[M]").astype(np.int64)) // months for day in (begin, past - _DAY))
    return (np.arange(low, high + 2) * months).astype("datetime64[M]").astype("datetime64[D]")


def slice_of(times: pd.Series, slices: Slices) -> npt.NDArray[np.int64]:
    """Number of the slice that each time falls into; -1 for none.

    Examples
    --------
    >>> days = pd.Series(pd.date_range("2024-01-01", "2024-03-31"))
    >>> months = lay_slices(days, step="month")
    >>> slice_of(pd.Series(pd.to_datetime(["2023-12-31", "2024-01-31", "2024-02-01", None])), months).tolist()
    [-1, 0, 1, -1]
    """
    time = times.to_numpy(dtype="datetime64[ns]")
    if not len(slices):
        return np.full(len(time), -1, dtype=np.int64)
    at = np.searchsorted(slices.start.astype("datetime64[ns]"), time, side="right") - 1
    inside = (at >= 0) & ~np.isnat(time) & (time < slices.end.astype("datetime64[ns]")[np.maximum(at, 0)])
    return np.where(inside, at, -1).astype(np.int64)
