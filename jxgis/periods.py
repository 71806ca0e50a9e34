"""The two periods that a change compares, like with like: what the data do not cover counts in neither."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike, NDArray

__all__ = ["Comparison", "Gap", "Periods", "compare_periods", "ends", "find_gaps", "recorded_months"]

Stretch = tuple[pd.Timestamp, pd.Timestamp]
Kind = Literal["all", "file", "source"]

_DAY = pd.Timedelta(days=1)
_ONE = pd.Timedelta(microseconds=1)
_LONGEST_SILENCE = pd.Timedelta(days=14)
"""A holiday with its weekends leaves a source silent for less; in short periods a tenth of one counts."""
_EXPECTED = 20
"""A silence in which so many issues were to be expected is not chance (Poisson: 2e-9), however uneven the days are."""
_EXPECTED_AT_END = 3
"""The same where the data as a whole begin or end (Poisson: 5 %): to cut both periods by too much costs little."""
_OFF_PACE = 1.5
"""A silence this many times the usual one is more than the rhythm of data that are dated by weeks or months."""
_TRICKLE = 0.04
"""Less than this share of what is usual is as good as nothing: mistyped dates, or a trial before the start."""
_FADING = 0.08
"""Less than this share, next to a silence, is the same source that runs dry: not a fall of what it reports."""
_THIN = 0.25
"""Between two silences less than this share is not coverage: what is left of it are the days that happen to hold some."""
_OVERLAP = 0.5
"""How much of the shorter of two files both may cover, where one continues the other."""
_MATERIAL = 0.01
"""Files and sources with a smaller share of the issues cannot move a change by more than a point."""
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
_UNNAMED = 0.5
"""Issues without a file or source may be those of one that is silent, if they are this share of what it lacks."""


class Periods(NamedTuple):
    """Two periods of the same length, or of whole years: [before, split) and [split, end), less what is left out of both."""

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
    """A stretch, half open, in which the data, one file or one source hold next to nothing though much was expected."""

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
    by_months: bool = False,
) -> Comparison:
    """Choose two periods of the same length to compare, and leave out of both what one of them lacks.

    Left out are the days before the data begin and after they end, and stretches in which the data, a file or a source
    hold less than 4 % of what was to be expected at its own rate, 20 issues or more: 14 days or more, in short periods
    a tenth of one, and more than half as long again as the usual step from one day with issues to the next. So a few
    mistyped dates do not pass for data. What holds less than 8 % beside such a silence, and less than 25 % between two,
    is left out with it: a source that runs dry before it stops. The counterpart in the other period goes with them, so that
    a missing month is not a decline and a source that starts late not a rise. A file that begins where another ends continues it,
    also where they overlap by up to half of the shorter one. Files and sources with less than 1 % of the issues are not
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
    kinds: tuple[tuple[Kind, ArrayLike | None], ...] = (("file", files), ("source", sources))
    named = {kind: _names(np.asarray(of, dtype=object)[known]) for kind, of in kinds if of is not None}
    # What the times stand for: their months, where no more was recorded.
    covered, months = _spread_over_months(time, list(named.values()))
    asked = _asked(covered, start, end, months=months, by_months=by_months)
    if asked.end <= asked.split:
        # No whole month lies in what was asked.
        return Comparison(None, reason="periods_uncovered")
    if not _inside(time, asked.before, asked.split).any():
        return Comparison(None, reason="no_earlier_period")
    gaps = _gaps(covered, named, asked)
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
    times: pd.Series, *, files: ArrayLike | None = None, sources: ArrayLike | None = None
) -> tuple[tuple[pd.Timestamp, pd.Timestamp], tuple[Gap, ...]]:
    """From when to when there are data, and what they, a file or a source do not cover of it; see :func:`compare_periods`.

    Parameters
    ----------
    times
        (n,) when issues were reported, tz-naive; missing values allowed, but not all of them.
    files, sources
        (n,) the file and the source of each issue; None: not looked at.

    Returns
    -------
    tuple
        The first day and the day after the last, a few times far from the others aside; and the gaps in between.

    Examples
    --------
    >>> days = pd.Series(np.repeat(pd.date_range("2023-01-01", "2024-12-31"), 3))
    >>> without_may = days[days.dt.strftime("%Y-%m") != "2024-05"]
    >>> (first, last), gaps = find_gaps(without_may)
    >>> str(first.date()), str(last.date()), [(gap.kind, str(gap.start.date()), str(gap.end.date())) for gap in gaps]
    ('2023-01-01', '2025-01-01', [('all', '2024-05-01', '2024-06-01')])
    """
    known = times.notna().to_numpy()
    time = times.to_numpy(dtype="datetime64[ns]")[known]
    kinds: tuple[tuple[Kind, ArrayLike | None], ...] = (("file", files), ("source", sources))
    named = {kind: _names(np.asarray(of, dtype=object)[known]) for kind, of in kinds if of is not None}
    covered, _ = _spread_over_months(time, list(named.values()))
    first, last = ends(np.sort(covered))
    return (first, last), tuple(_gaps(covered, named, Periods(first, first + (last - first) / 2, last)))


def _gaps(covered: NDArray[np.datetime64], named: Mapping[Kind, pd.Series], asked: Periods) -> list[Gap]:
    """What the data as a whole, a file or a source do not cover of the periods."""
    inside = _inside(covered, asked.before, asked.end)
    of_all = _gaps_of_all(np.sort(covered[inside]), asked)
    gaps = list(of_all)
    for kind, names in named.items():
        # What all lack need not be said of each.
        each = _gaps_of_each(kind, covered[inside], names[inside].reset_index(drop=True), asked)
        gaps += [gap for gap in each if _beyond(gap, of_all) >= _shortest(asked)]
    return gaps


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
            offset = np.repeat((edges[1] - edges[0] - _DAY.to_timedelta64()).astype(np.int64), number) * share
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
        if len(unit) >= least and on_one_day >= max((1 - _TRICKLE) * len(time), _A_DAY * len(unit)):
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
        over = (first.month - 1) % months, (last - _DAY).month % months
        first = first.replace(day=1) - pd.DateOffset(months=over[0])
        last = (last - _DAY).replace(day=1) + pd.DateOffset(months=1 + (-over[1]) % months)
    if start is not None:
        end = max(last, start + _DAY) if end is None else end
        if months:
            # An issue stands for its whole month: a part of one holds all of it or nothing.
            start, end = _edge(start - _ONE, months, 1), _edge(end, months, 0)
        return Periods(start - _length(start, end, months=by_months or bool(months)), start, end)
    year = pd.DateOffset(years=1)
    split = last - year
    if split - year >= first:
        return Periods(split - year, split, last)
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
    if len(time) > max(_EXPECTED, 4 * few):
        steps = np.diff(time) / _DAY.to_timedelta64()
        among = steps[few:-few]
        far = steps > max(_FAR, 2 * among.max(), _EXPECTED * among.mean())
        first = max((k + 1 for k in range(few) if far[k]), default=first)
        last = min((len(far) - 1 - k for k in range(few) if far[-1 - k]), default=last)
    return pd.Timestamp(time[first]).normalize(), pd.Timestamp(time[last]).normalize() + _DAY


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


def _inside(time: NDArray[np.datetime64], start: pd.Timestamp, end: pd.Timestamp) -> NDArray[np.bool_]:
    return np.asarray((time >= start.to_datetime64()) & (time < end.to_datetime64()), dtype=np.bool_)


def _shortest(asked: Periods) -> pd.Timedelta:
    return max(_DAY, min(_LONGEST_SILENCE, (asked.end - asked.split) / 10))


def _gaps_of_all(time: NDArray[np.datetime64], asked: Periods) -> list[Gap]:
    """Where the data as a whole begin late, are silent, or end early."""
    own = _held(time, asked)
    found = [Gap("all", "", a, b) for a, b in own.silent]
    tenth = (asked.end - asked.split) / 10
    for a, b in ((asked.before, own.first), (own.last, asked.end)):
        much = b - a >= tenth or own.per_day * ((b - a) / _DAY) >= _EXPECTED_AT_END
        if much and b - a >= own.pace:
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
    held = {name: _held(own, asked) for name, own in groups.items()}
    unnamed = time[names.isna().to_numpy()]
    least = _shortest(asked)
    found: list[Gap] = []
    for name, own in held.items():
        if len(groups[name]) < _MATERIAL * len(time):
            continue
        since, until = asked.before, asked.end
        if kind == "file":
            # A file that begins is taken to follow the last one that ended before, if later than it might have.
            since = max([since, *(other.last for other in held.values() if _follows(own, other, least))])
            until = min([until, *(other.first for other in held.values() if _follows(other, own, least))])
        ends = [(a, b) for a, b in ((since, own.first), (own.last, until)) if b - a >= max(least, own.pace)]
        lost = [(a, b) for a, b in ends if own.per_day * ((b - a) / _DAY) >= _EXPECTED]
        for a, b in sorted([*lost, *own.silent]):
            if _inside(unnamed, a, b).sum() < _UNNAMED * own.per_day * ((b - a) / _DAY):
                found.append(Gap(kind, name, a, b))
    return found


class _Held(NamedTuple):
    """The days [first, last) that issues are spread over, strays aside, how many a day, and the silences among them.

    ``pace`` is the usual time from one day with issues to the next: a month where only months are recorded.
    """

    first: pd.Timestamp
    last: pd.Timestamp
    per_day: float
    pace: pd.Timedelta
    silent: list[Stretch]


def _follows(later: _Held, earlier: _Held, least: pd.Timedelta) -> bool:
    """Whether a file continues another: it begins and ends after it, and they share little."""
    shorter = min(later.last - later.first, earlier.last - earlier.first)
    inside = earlier.first < later.first and earlier.last < later.last
    return earlier.last <= later.first + (max(least, _OVERLAP * shorter) if inside else least)


def _held(time: NDArray[np.datetime64], asked: Periods) -> _Held:
    """What sorted times cover of both periods."""
    day = ((time - asked.before.to_datetime64()) // _DAY.to_timedelta64()).astype(np.int64)
    days = -((asked.before - asked.end) // _DAY)
    steps = np.diff(np.unique(day))
    pace = float(np.median(steps)) if steps.size else 1.0
    quiet = _quiet(day, days, max(_shortest(asked) / _DAY, _OFF_PACE * pace))
    counted = day[~quiet[day]]
    if not counted.size:
        counted = day
    first, last = int(counted[0]), int(counted[-1]) + 1
    edges = np.flatnonzero(np.diff(np.concatenate([[False], quiet[first:last], [False]]))) + first
    at = [asked.before + k * _DAY for k in edges.tolist()]
    return _Held(
        asked.before + first * _DAY,
        min(asked.before + last * _DAY, asked.end),
        len(counted) / (last - first),
        pace * _DAY,
        list(zip(at[::2], at[1::2], strict=True)),
    )


def _quiet(day: NDArray[np.int64], days: int, least: float) -> NDArray[np.bool_]:
    """Which days lie in stretches with next to nothing, so long that chance does not explain them."""
    upto = np.concatenate([[0], np.cumsum(np.bincount(day, minlength=days))])
    first, last = int(day[0]), int(day[-1]) + 1
    quiet, per_day = np.zeros(days, dtype=np.bool_), len(day) / (last - first)
    while True:
        more = quiet | _silent(upto, per_day, least)
        if (more == quiet).all():
            return quiet
        quiet = more
        # What is usual shows where the source is not silent, nor on its way to it.
        width = min(int(np.ceil(max(least, _EXPECTED / per_day))), last - first)
        loud = np.convolve(quiet[first:last], np.ones(width, dtype=np.int64), "valid") == 0
        if loud.any():
            within = upto[first + width : last + 1] - upto[first : last - width + 1]
            per_day = max(per_day, float(np.median(within[loud])) / width)


def _silent(upto: NDArray[np.int64], per_day: float, least: float) -> NDArray[np.bool_]:
    """The same for one usual number of issues a day; ``upto`` holds their sums."""
    days = len(upto) - 1
    width = int(np.ceil(max(least, _EXPECTED / per_day)))
    steps = np.zeros(days + 1, dtype=np.int64)
    if width <= days:
        begins = np.flatnonzero(upto[width:] - upto[:-width] < _TRICKLE * per_day * width)
        np.add.at(steps, begins, 1)
        np.add.at(steps, begins + width, -1)
    # Windows reach a little into what is usual.
    inside = _trimmed(np.cumsum(steps)[:-1] > 0, np.diff(upto) == 0)
    stretches: list[tuple[int, int]] = []
    for a, b in _runs(inside):
        before = stretches[-1][1] if stretches else 0
        if stretches and upto[a] - upto[before] < _THIN * per_day * (a - before):
            stretches[-1] = stretches[-1][0], b
        else:
            stretches.append((a, b))
    for a, b in stretches:
        earlier, later = upto[a] - upto[:a][::-1], upto[b + 1 :] - upto[b]
        inside[a - _faint(earlier, per_day, width) : b + _faint(later, per_day, width)] = True
    return inside


def _faint(sums: NDArray[np.int64], per_day: float, width: int) -> int:
    """How many days next to a silence hold next to nothing together, from the two to four widths on that tell."""
    length = np.arange(1, len(sums) + 1)
    faint = sums < _FADING * per_day * length
    least = min(2 * width, len(sums))
    begins = np.flatnonzero(faint[least - 1 : 4 * width]) + least - 1 if least >= width else np.zeros(0, dtype=np.intp)
    if not begins.size:
        return 0
    ends = np.flatnonzero(~faint[begins[0] :])
    last = int(begins[0] + ends[0]) if ends.size else len(sums)
    little = np.flatnonzero(np.diff(sums[:last], prepend=0) < _THIN * per_day)
    return int(little[-1]) + 1 if little.size else 0


def _runs(inside: NDArray[np.bool_]) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate([[False], inside, [False]]))).tolist()
    return list(zip(edges[::2], edges[1::2], strict=True))


def _trimmed(inside: NDArray[np.bool_], empty: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Each stretch from its first to its last day that holds nothing."""
    found = np.zeros(len(inside), dtype=np.bool_)
    for a, b in _runs(inside):
        own = np.flatnonzero(empty[a:b])
        if own.size:
            found[a + own[0] : a + own[-1] + 1] = True
    return found


def _mirrored(stretches: list[Stretch], asked: Periods) -> list[Stretch]:
    """Stretches of either period in both, joined where they touch."""
    step = _length(asked.split, asked.end, months=True)
    if asked.split - step != asked.before:
        step = asked.end - asked.split

    def moved(at: pd.Timestamp, later: bool) -> pd.Timestamp:
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
