"""The two periods that a change compares, like with like: what the data do not cover counts in neither."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["Comparison", "Gap", "Periods", "compare_periods"]

Stretch = tuple[pd.Timestamp, pd.Timestamp]
Kind = Literal["all", "file", "source"]

_DAY = pd.Timedelta(days=1)
_LONGEST_SILENCE = pd.Timedelta(days=14)
"""A holiday with its weekends leaves a source silent for less; in short periods a tenth of one counts."""
_EXPECTED = 20
"""A silence in which so many issues were to be expected is no chance (Poisson: 2e-9), however uneven the days are."""
_EXPECTED_AT_END = 3
"""The same where the data as a whole begin or end (Poisson: 5 %): to cut both periods by too much costs little."""
_STEPS = 1.5
"""Of the usual step from one day with issues to the next: above it a step is missing."""
_MATERIAL = 0.01
"""Files and sources with a smaller share of the issues cannot move a change by more than a point."""
_ENOUGH = 0.25
"""The share of the period that both sides must cover."""


class Periods(NamedTuple):
    """Two periods of the same length, half open: [before, split) and [split, end), less what is left out of both."""

    before: pd.Timestamp
    split: pd.Timestamp
    end: pd.Timestamp
    left_out: tuple[Stretch, ...] = ()

    def within(self, times: ArrayLike) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Which times count in the earlier and which in the later period.

        Parameters
        ----------
        times
            (n,) datetime64, tz-naive; NaT counts in neither.

        Returns
        -------
        tuple of ndarray
            (n,) bool each.

        Examples
        --------
        >>> days = pd.to_datetime(["2023-12-31", "2024-01-01", "2024-06-30", "2024-07-01"])
        >>> cut = (pd.Timestamp("2024-07-01"), pd.Timestamp("2025-01-01"))
        >>> [mask.tolist() for mask in Periods(*pd.to_datetime(["2023-01-01", "2024-01-01", "2025-01-01"]), (cut,)).within(days)]
        [[True, False, False, False], [False, True, True, False]]
        """
        time = np.asarray(times, dtype="datetime64[ns]")
        counted = ~np.isnat(time)
        for start, end in self.left_out:
            counted &= ~_inside(time, start, end)
        return counted & _inside(time, self.before, self.split), counted & _inside(time, self.split, self.end)


class Gap(NamedTuple):
    """A stretch, half open, in which the data, one file or one source hold nothing though much was to be expected."""

    kind: Kind
    name: str
    start: pd.Timestamp
    end: pd.Timestamp


class Comparison(NamedTuple):
    """The periods to compare, or why there are none.

    Parameters
    ----------
    periods
        None where nothing can be compared.
    gaps
        What the data do not cover, in either period: why ``periods.left_out`` is, or why there are no periods.
    reason
        Code of ``i18n/reasons.toml`` where there are no periods: ``no_times``, ``no_earlier_period`` or
        ``periods_uncovered``; else empty.
    """

    periods: Periods | None
    gaps: tuple[Gap, ...] = ()
    reason: str = ""


def compare_periods(
    times: pd.Series,
    *,
    start: pd.Timestamp | None = None,
    end: pd.Timestamp | None = None,
    files: ArrayLike | None = None,
    sources: ArrayLike | None = None,
) -> Comparison:
    """Choose two periods of the same length to compare, and leave out of both what one of them lacks.

    Left out are the days before the data begin and after they end, and stretches in which the data, a file or a source
    hold nothing though at its own rate 20 issues were to be expected: 14 days or more, in short periods a tenth of
    one, and longer than the steps of the days themselves, where these are told by week or month only. The counterpart in the other period goes with them, so that a missing month is no decline and a source that
    starts late no rise. A file that begins where another ends continues it. Files and sources with less than 1 % of
    the issues are not looked at.

    Parameters
    ----------
    times
        (n,) when issues were reported, tz-naive; missing values allowed.
    start, end
        The period analysed, half open: it is compared with the period of the same length before it. Without both,
        the last whole year of the times is compared with the year before, or, below two years, their later half with
        their earlier half (by days).
    files, sources
        (n,) the file and the source (channel) of each issue; missing values allowed. None: not looked at.

    Returns
    -------
    Comparison
        Without periods where there are no times, none in the earlier period, or both sides cover less than a quarter.

    Examples
    --------
    >>> times = pd.Series(pd.date_range("2023-01-01", "2024-12-31"))
    >>> [str(t.date()) for t in compare_periods(times).periods[:3]]
    ['2023-01-01', '2024-01-01', '2025-01-01']
    >>> half = compare_periods(times[times < "2024-07-01"], start=pd.Timestamp("2024-01-01"), end=pd.Timestamp("2025-01-01"))
    >>> [(str(a.date()), str(b.date())) for a, b in half.periods.left_out]
    [('2023-07-01', '2024-01-01'), ('2024-07-01', '2025-01-01')]
    """
    known = times.notna().to_numpy()
    time = times.to_numpy(dtype="datetime64[ns]")[known]
    if not time.size:
        return Comparison(None, reason="no_times")
    asked = _asked(time, start, end)
    inside = _inside(time, asked.before, asked.end)
    if not _inside(time, asked.before, asked.split).any():
        return Comparison(None, reason="no_earlier_period")
    of_all = _gaps_of_all(np.sort(time[inside]), asked)
    gaps = list(of_all)
    kinds: tuple[tuple[Kind, ArrayLike | None], ...] = (("file", files), ("source", sources))
    for kind, of in kinds:
        if of is not None:
            names = pd.Series(np.asarray(of, dtype=object)[known][inside])
            # What all lack need not be said of each.
            each = _gaps_of_each(kind, time[inside], names, asked)
            gaps += [gap for gap in each if _beyond(gap, of_all) >= _shortest(asked, time)]
    left_out = _mirrored([(gap.start, gap.end) for gap in gaps], asked)
    lost = sum((b - a for a, b in left_out if a >= asked.split), pd.Timedelta(0))
    periods = asked._replace(left_out=tuple(left_out))
    gaps_found = tuple(gaps)
    if lost > (1 - _ENOUGH) * (asked.end - asked.split):
        return Comparison(None, gaps_found, "periods_uncovered")
    if not periods.within(time)[0].any():
        return Comparison(None, gaps_found, "no_earlier_period")
    return Comparison(periods, gaps_found)


def _asked(time: NDArray[np.datetime64], start: pd.Timestamp | None, end: pd.Timestamp | None) -> Periods:
    """The periods by the calendar, whatever the data cover of them."""
    if start is not None and end is not None:
        return Periods(start - (end - start), start, end)
    first = pd.Timestamp(time.min()).normalize()
    last = pd.Timestamp(time.max()).normalize() + _DAY
    year = pd.DateOffset(years=1)
    split = last - year
    if split - year >= first:
        return Periods(split - year, split, last)
    half = pd.Timedelta(days=(last - first).days // 2)
    return Periods(last - 2 * half, last - half, last)


def _inside(time: NDArray[np.datetime64], start: pd.Timestamp, end: pd.Timestamp) -> NDArray[np.bool_]:
    return np.asarray((time >= start.to_datetime64()) & (time < end.to_datetime64()), dtype=np.bool_)


def _shortest(asked: Periods, time: NDArray[np.datetime64]) -> pd.Timedelta:
    """How long a silence is at least; where days are told by week or month only, no step of theirs is one."""
    days = np.unique(time.astype("datetime64[D]"))
    step = pd.Timedelta(np.median(np.diff(days))) if len(days) > 1 else _DAY
    return max(_DAY, min(_LONGEST_SILENCE, (asked.end - asked.split) / 10), _STEPS * step)


def _gaps_of_all(time: NDArray[np.datetime64], asked: Periods) -> list[Gap]:
    """Where the data as a whole begin late, are silent, or end early."""
    first, last = pd.Timestamp(time[0]).normalize(), pd.Timestamp(time[-1]).normalize() + _DAY
    per_day = len(time) / max((last - first) / _DAY, 1.0)
    found = [Gap("all", "", a, b) for a, b in _silences(time, _shortest(asked, time), per_day)]
    tenth = (asked.end - asked.split) / 10
    for a, b in ((asked.before, first), (last, asked.end)):
        if b - a >= tenth or (b - a >= _DAY and per_day * ((b - a) / _DAY) >= _EXPECTED_AT_END):
            found.append(Gap("all", "", a, b))
    return sorted(found, key=lambda gap: gap.start)


def _beyond(gap: Gap, of_all: list[Gap]) -> pd.Timedelta:
    """How much of a gap lies outside the gaps of all, which do not overlap."""
    shared = [min(gap.end, whole.end) - max(gap.start, whole.start) for whole in of_all]
    return (gap.end - gap.start) - sum((max(part, pd.Timedelta(0)) for part in shared), pd.Timedelta(0))


def _gaps_of_each(kind: Kind, time: NDArray[np.datetime64], names: pd.Series, asked: Periods) -> list[Gap]:
    """Where one of several files or sources begins late, is silent, or ends early."""
    groups = {str(name): np.sort(time[rows]) for name, rows in names.groupby(names, sort=True).indices.items()}
    if len(groups) < 2:
        return []
    spans = {
        name: (pd.Timestamp(own[0]).normalize(), pd.Timestamp(own[-1]).normalize() + _DAY)
        for name, own in groups.items()
    }
    least = _shortest(asked, time)
    found: list[Gap] = []
    for name, own in groups.items():
        if len(own) < _MATERIAL * len(time):
            continue
        first, last = spans[name]
        since, until = asked.before, asked.end
        if kind == "file":
            # A file that begins is taken to follow the last one that ended before, if later than it might have.
            since = max([since, *(end for end in (span[1] for span in spans.values()) if end <= first + least)])
            until = min([until, *(begin for begin in (span[0] for span in spans.values()) if begin >= last - least)])
        per_day = len(own) / max((last - first) / _DAY, 1.0)
        ends = [(a, b) for a, b in ((since, first), (last, until)) if b - a >= least]
        silent = [(a, b) for a, b in ends if per_day * ((b - a) / _DAY) >= _EXPECTED]
        found += [Gap(kind, name, a, b) for a, b in sorted([*silent, *_silences(own, least, per_day)])]
    return found


def _silences(time: NDArray[np.datetime64], least: pd.Timedelta, per_day: float) -> list[Stretch]:
    """Whole days between two issues, at least so long that chance does not explain them; times are sorted."""
    day = time.astype("datetime64[D]")
    between = np.flatnonzero(np.diff(day) - np.timedelta64(1, "D") >= least.to_timedelta64())
    stretches = [(pd.Timestamp(day[k]) + _DAY, pd.Timestamp(day[k + 1])) for k in between]
    return [(a, b) for a, b in stretches if per_day * ((b - a) / _DAY) >= _EXPECTED]


def _mirrored(stretches: list[Stretch], asked: Periods) -> list[Stretch]:
    """Stretches of either period in both, joined where they touch."""
    year = pd.DateOffset(years=1)
    by_year = asked.before + year == asked.split and asked.split + year == asked.end

    def moved(at: pd.Timestamp, later: bool) -> pd.Timestamp:
        step = year if by_year else asked.end - asked.split
        return min(at + step, asked.end) if later else max(at - step, asked.before)

    both: list[Stretch] = []
    for a, b in stretches:
        early = a, min(b, asked.split)
        late = max(a, asked.split), b
        if early[0] < early[1]:
            both += [early, (moved(early[0], True), moved(early[1], True))]
        if late[0] < late[1]:
            both += [late, (moved(late[0], False), moved(late[1], False))]
    joined: list[Stretch] = []
    # The split is kept as an edge, so that each stretch lies in one period.
    for a, b in sorted(both):
        if joined and a <= joined[-1][1] and not (a >= asked.split > joined[-1][0]):
            joined[-1] = joined[-1][0], max(joined[-1][1], b)
        else:
            joined.append((a, b))
    return joined
