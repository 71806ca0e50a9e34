"""The two periods that a change compares, like with like: what the data do not cover counts in neither."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, cast

import numpy as np
import pandas as pd

from jxgis.gaps import DAY, EXPECTED, TRICKLE, Gap, Kind, Span, Stretch, between, gaps_in

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = [
    "Comparison",
    "Periods",
    "compare_issues",
    "compare_periods",
    "days_covered",
    "ends",
    "find_gaps",
    "last_covered",
    "recorded_months",
]

_ONE = pd.Timedelta(microseconds=1)
_YEAR = pd.DateOffset(years=1)
_ENOUGH = 0.25
"""The share of the period that both sides must cover."""
_STRAYS = 0.005
"""Of the issues, at either end and far from the others: mistyped years, which choose no period to compare."""
_FAR = 30.0
"""Days without issues, at the least, between strays and the others; also twice the longest silence among these."""
_RECORDED = ((3, 4), (1, 2))
"""Months that dates may be recorded by, and of how many such units there must be some: quarters, months."""
_A_DAY = 5
"""Issues in each, on the average, from which on all on one day say that no more was recorded."""


class Periods(NamedTuple):
    """Two periods of the same length, or of whole years: [before, split) and [split, end), less what is left out of both.

    The same days of two years do not touch: the earlier ones end at ``until``.
    """

    before: pd.Timestamp
    split: pd.Timestamp
    end: pd.Timestamp
    left_out: tuple[Stretch, ...] = ()
    until: pd.Timestamp | None = None

    @property
    def earlier(self) -> Stretch:
        """The first day of the earlier period, and the day after its last."""
        return self.before, self.until or self.split

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
            counted &= ~between(time, start, end)
        return counted & between(time, *self.earlier), counted & between(time, self.split, self.end)


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


def compare_issues(
    issues: pd.DataFrame,
    *,
    start: pd.Timestamp | None = None,
    end: pd.Timestamp | None = None,
    year_earlier: bool = False,
) -> Comparison:
    """Choose two periods of issues to compare, by ``time`` and where known ``file`` and ``source``; see `compare_periods`.

    Examples
    --------
    >>> compare_issues(pd.DataFrame({"issue_id": ["1"]})).reason
    'no_times'
    """
    if "time" not in issues.columns:
        return Comparison(None, reason="no_times")
    files, sources = (issues[name] if name in issues.columns else None for name in ("file", "source"))
    return compare_periods(
        issues["time"], start=start, end=end, files=files, sources=sources, year_earlier=year_earlier
    )


def compare_periods(
    times: pd.Series,
    *,
    start: pd.Timestamp | None = None,
    end: pd.Timestamp | None = None,
    files: ArrayLike | None = None,
    sources: ArrayLike | None = None,
    by_months: bool = False,
    year_earlier: bool = False,
) -> Comparison:
    """Choose two periods of the same length to compare, and leave out of both what one of them lacks.

    Left out are the days before the data begin and after they end, and stretches in which the data, a file or a source
    hold less than 4 % of what was to be expected at its own rate, 20 issues or more: 14 days or more, in short periods
    a tenth of one, and more than half as long again as the usual step from one day with issues to the next. So a few
    mistyped dates do not pass for data. What holds less than 8 % beside such a silence, and less than 25 % between two,
    is left out with it: a source that runs dry before it stops. The counterpart in the other period goes with them, so that
    a missing month is not a decline and a source that starts late not a rise. A file that begins where another ends continues it,
    also where they overlap by up to half of the shorter one; of files whose names differ in numbers alone (a series) the next
    of its own series does, not that of another beside it. Files and sources with less than 1 % of the issues are not
    looked at, nor silences of a file or source that issues without one may fill. Where only months or quarters are recorded
    (96 % of the issues on one day of each), an issue stands for all of it, and whole months are compared: those that lie
    within what was asked.

    Parameters
    ----------
    times
        (n,) when issues were reported, tz-naive; missing values allowed.
    start, end
        The period analysed, half open: it is compared with the period of the same length before it, whole years with
        as many years. Without an end it ends with the times. Without a start, the last whole year of the times is compared with the year before, or, below two
        years, their later half with their earlier half (by days); a few times far from the others (mistyped years) do
        not tell where they begin or end.
    files, sources
        (n,) the file and the source (channel) of each issue; missing and blank values allowed. None: not looked at.
    by_months
        Whether whole months are compared with as many months, not only whole years with whole years.
    year_earlier
        Whether ``start`` to ``end``, a year at most, is compared with the same days of the year before.

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
    time, named = _known(times, files, sources)
    if not time.size:
        return Comparison(None, reason="no_times")
    # What the times stand for: their months, where no more was recorded.
    covered, months = _spread_over_months(time, list(named.values()))
    asked = _asked(covered, start, end, months=months, by_months=by_months)
    if asked.end <= asked.split:
        # No whole month lies in what was asked.
        return Comparison(None, reason="periods_uncovered")
    if year_earlier:
        asked = Periods(asked.split - _YEAR, asked.split, asked.end, until=asked.end - _YEAR)
    if not between(time, *asked.earlier).any():
        return Comparison(None, reason="no_earlier_period")
    gaps = gaps_in(covered, named, Span(asked.before, asked.end, (asked.end - asked.split) / 10))
    gaps = [gap for gap in gaps if gap.start < asked.earlier[1] or gap.end > asked.split]
    left_out = _mirrored([(gap.start, gap.end) for gap in gaps], asked)
    lost = sum((b - a for a, b in left_out if a >= asked.split), pd.Timedelta(0))
    periods = asked._replace(left_out=tuple(left_out))
    gaps_found = tuple(gaps)
    if lost > (1 - _ENOUGH) * (asked.end - asked.split):
        return Comparison(None, gaps_found, "periods_uncovered")
    if not periods.within(time)[0].any():
        return Comparison(None, gaps_found, "no_earlier_period")
    return Comparison(periods, gaps_found)


def find_gaps(
    times: pd.Series,
    *,
    files: ArrayLike | None = None,
    sources: ArrayLike | None = None,
    shortest: pd.Timedelta | None = None,
) -> tuple[Stretch, tuple[Gap, ...]]:
    """From when to when there are data, and what they, a file or a source do not cover of it; see :func:`compare_periods`.

    Parameters
    ----------
    times
        (n,) when issues were reported, tz-naive; missing values allowed, but not all of them.
    files, sources
        (n,) the file and the source of each issue; None: not looked at.
    shortest
        A silence that is looked for however long the data are, where it is less than 14 days.

    Returns
    -------
    tuple
        The first day and the day after the last, a few times far from the others aside; and the gaps in between.

    Examples
    --------
    >>> days = pd.date_range("2022-01-01", "2023-12-31").to_series()
    >>> times = pd.concat([days, days[(days < "2023-03-01") | (days >= "2023-05-01")]], ignore_index=True)
    >>> (first, end), gaps = find_gaps(times, sources=["a"] * 730 + ["b"] * 669)
    >>> str(first.date()), str(end.date()), [(gap.name, str(gap.start.date()), str(gap.end.date())) for gap in gaps]
    ('2022-01-01', '2024-01-01', [('b', '2023-03-01', '2023-05-01')])
    """
    time, named = _known(times, files, sources)
    covered, _ = _spread_over_months(time, list(named.values()))
    first, end = ends(np.sort(covered))
    least = min((end - first) / 20, shortest or end - first)
    return (first, end), tuple(gaps_in(covered, named, Span(first, end, least)))


def _known(
    times: pd.Series, files: ArrayLike | None, sources: ArrayLike | None
) -> tuple[NDArray[np.datetime64], dict[Kind, pd.Series]]:
    """The times that are known, and of each the names that are looked at."""
    known = times.notna().to_numpy()
    kinds: tuple[tuple[Kind, ArrayLike | None], ...] = (("file", files), ("source", sources))
    named = {kind: _names(np.asarray(of, dtype=object)[known]) for kind, of in kinds if of is not None}
    return times.to_numpy(dtype="datetime64[ns]")[known], named


def _names(of: NDArray[np.object_]) -> pd.Series:
    """Names of files or sources; a blank one is missing."""
    names = pd.Series(of)
    return names.mask(names.astype("string").str.strip().fillna("") == "")


def _spread_over_months(time: NDArray[np.datetime64], named: list[pd.Series]) -> tuple[NDArray[np.datetime64], int]:
    """The times, those of which only the month or quarter was recorded spread evenly over it; its months, 0 for days.

    All together or else each file and source by itself: one may have days, another months, and a file one month.
    """
    parts: list[NDArray[np.intp]] = [np.arange(len(time))]
    if named and not recorded_months(time):
        groups = pd.DataFrame(dict(enumerate(named)), index=range(len(time)))
        grouped = groups.groupby(list(groups.columns), dropna=False, sort=False)
        parts = [np.asarray(rows, dtype=np.intp) for rows in grouped.indices.values()]
    covered, longest = time.copy(), 0
    for rows in parts:
        months = recorded_months(time[rows])
        if months:
            longest = max(longest, months)
            order = rows[np.argsort(time[rows], kind="stable")]
            unit, number = np.unique(_unit(time[rows], months), return_counts=True)
            edges = [(months * (unit + k)).astype("datetime64[M]").astype("datetime64[ns]") for k in (0, 1)]
            place = np.arange(len(rows)) - np.repeat(np.cumsum(number) - number, number)
            # From the first day to the last, so that few issues leave no gap at either end of a month.
            share = place / np.repeat(np.maximum(number - 1, 1), number)
            offset = np.repeat((edges[1] - edges[0] - DAY.to_timedelta64()).astype(np.int64), number) * share
            covered[order] = np.repeat(edges[0], number) + offset.astype("timedelta64[ns]")
    return covered, longest


def recorded_months(time: NDArray[np.datetime64]) -> int:
    """Months that dates are recorded by: 3 or 1, or 0 where days are.

    Examples
    --------
    >>> recorded_months(np.repeat(np.arange("2021-01", "2023-01", 3, dtype="datetime64[M]"), 20))
    3
    """
    day, each = np.unique(time.astype("datetime64[D]"), return_counts=True)
    for months, least in _RECORDED:
        unit, begins = np.unique(_unit(day, months), return_index=True)
        on_one_day = np.maximum.reduceat(each, begins).sum()
        if len(unit) >= least and on_one_day >= max((1 - TRICKLE) * len(time), _A_DAY * len(unit)):
            return months
    return 0


def _unit(time: NDArray[np.datetime64], months: int) -> NDArray[np.int64]:
    return np.asarray(time.astype("datetime64[M]").astype(np.int64) // months)


def _asked(
    time: NDArray[np.datetime64],
    start: pd.Timestamp | None,
    end: pd.Timestamp | None,
    *,
    months: int,
    by_months: bool,
) -> Periods:
    """The periods by the calendar, whatever the data cover of them; in whole months where these were recorded."""
    if start is not None:
        time = time[time >= start.to_datetime64()] if (time >= start.to_datetime64()).any() else time
    first, last = ends(np.sort(time))
    if months:
        over = (first.month - 1) % months, (last - DAY).month % months
        first = first.replace(day=1) - pd.DateOffset(months=over[0])
        last = (last - DAY).replace(day=1) + pd.DateOffset(months=1 + (-over[1]) % months)
    if start is not None:
        end = max(last, start + DAY) if end is None else end
        if months:
            # An issue stands for its whole month: a part of one holds all of it or nothing.
            start, end = _edge(start - _ONE, months, 1), _edge(end, months, 0)
        return Periods(start - _length(start, end, months=by_months or bool(months)), start, end)
    split = last - _YEAR
    if split - _YEAR >= first:
        return Periods(split - _YEAR, split, last)
    half: pd.DateOffset | pd.Timedelta = pd.Timedelta(days=(last - first).days // 2)
    if months and _months(first, last) >= 2 * months:
        half = pd.DateOffset(months=_months(first, last) // (2 * months) * months)
    split = last - half
    return Periods(split - half, split, last)


def ends(time: NDArray[np.datetime64]) -> tuple[pd.Timestamp, pd.Timestamp]:
    """First day of sorted times, and the day after their last: strays aside, which a long silence parts from the others.

    Parameters
    ----------
    time
        (n,) sorted, at least one.
    """
    few = max(int(_STRAYS * len(time)), 1)
    first, last = 0, len(time) - 1
    if len(time) > max(EXPECTED, 4 * few):
        steps = np.diff(time) / DAY.to_timedelta64()
        among = steps[few:-few]
        far = steps > max(_FAR, 2 * among.max(), EXPECTED * among.mean())
        first = max((k + 1 for k in range(few) if far[k]), default=first)
        last = min((len(far) - 1 - k for k in range(few) if far[-1 - k]), default=last)
    return pd.Timestamp(time[first]).normalize(), pd.Timestamp(time[last]).normalize() + DAY


def days_covered(time: pd.Series) -> tuple[pd.Timestamp, pd.Timestamp, NDArray[np.datetime64]]:
    """First and last day that times cover, and the times outside, such as those of a mistyped year.

    Parameters
    ----------
    time
        Times, tz-naive, at least one known.

    Returns
    -------
    tuple
        Two days, and the sorted times before the first or after the last.

    Examples
    --------
    >>> days = pd.Series([*pd.date_range("2023-01-01", periods=300), pd.Timestamp("2032-05-01")])
    >>> first, last, outside = days_covered(days)
    >>> str(first.date()), str(last.date()), len(outside)
    ('2023-01-01', '2023-10-27', 1)
    """
    known = np.sort(time.dropna().to_numpy(dtype="datetime64[ns]"))
    first, end = ends(known)
    return first, end - DAY, known[~between(known, first, end)]


def last_covered(*times: pd.Series) -> pd.Timestamp:
    """The last of all times that the data cover: a mistyped year aside; NaT where none is known.

    Parameters
    ----------
    *times
        Columns of times, tz-naive; missing values allowed.

    Examples
    --------
    >>> days = pd.Series(pd.date_range("2023-01-01", periods=300))
    >>> str(last_covered(days, pd.Series(pd.to_datetime(["2032-05-01", None]))))
    '2023-10-27 00:00:00'
    """
    known = np.sort(pd.concat(times).dropna().to_numpy(dtype="datetime64[ns]"))
    if not len(known):
        return cast("pd.Timestamp", pd.NaT)
    return pd.Timestamp(known[known < ends(known)[1].to_datetime64()][-1])


def _length(start: pd.Timestamp, end: pd.Timestamp, *, months: bool) -> pd.DateOffset | pd.Timedelta:
    """Whole years by the calendar, so that a leap year goes against the year before it and not against 366 days.

    Whole months alike where that is what was recorded.
    """
    number = _months(start, end)
    whole = pd.DateOffset(months=max(number, 1))
    return whole if start + whole == end and (months or number % 12 == 0) else end - start


def _edge(time: pd.Timestamp, months: int, after: int) -> pd.Timestamp:
    """Where the month or quarter of a time begins, or one so many after it."""
    number = (12 * time.year + time.month - 1) // months + after
    return pd.Timestamp(year=number * months // 12, month=number * months % 12 + 1, day=1)


def _months(start: pd.Timestamp, end: pd.Timestamp) -> int:
    return 12 * (end.year - start.year) + end.month - start.month


def _mirrored(stretches: list[Stretch], asked: Periods) -> list[Stretch]:
    """Stretches of either period in both, joined where they touch."""
    step = _length(asked.split, asked.end, months=True) if asked.until is None else _YEAR
    if asked.split - step != asked.before:
        step = asked.end - asked.split

    def moved(at: pd.Timestamp, later: bool) -> pd.Timestamp:
        return min(at + step, asked.end) if later else max(at - step, asked.before)

    both: list[Stretch] = []
    for a, b in stretches:
        early = a, min(b, asked.earlier[1])
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
