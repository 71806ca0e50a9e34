"""What times do not cover: where the data, a file or a source hold next to nothing though much was to be expected."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

__all__ = ["DAY", "EXPECTED", "TRICKLE", "Gap", "Kind", "Span", "Stretch", "between", "gaps_in"]

Stretch = tuple[pd.Timestamp, pd.Timestamp]
Kind = Literal["all", "file", "source"]

DAY = pd.Timedelta(days=1)
_LONGEST_SILENCE = pd.Timedelta(days=14)
"""A holiday with its weekends leaves a source silent for less; in short periods a tenth of one counts."""
EXPECTED = 20
"""A silence in which so many issues were to be expected is not chance (Poisson: 2e-9), however uneven the days are."""
_EXPECTED_AT_END = 3
"""The same where the data as a whole begin or end (Poisson: 5 %): to cut both periods by too much costs little."""
_OFF_PACE = 1.5
"""A silence this many times the usual one is more than the rhythm of data that are dated by weeks or months."""
TRICKLE = 0.04
"""Less than this share of what is usual is as good as nothing: mistyped dates, or a trial before the start."""
_FADING = 0.08
"""Less than this share, next to a silence, is the same source that runs dry: not a fall of what it reports."""
_THIN = 0.25
"""Between two silences less than this share is not coverage: what is left of it are the days that happen to hold some."""
_OVERLAP = 0.5
"""How much of the shorter of two files both may cover, where one continues the other."""
_MATERIAL = 0.01
"""Files and sources with a smaller share of the issues move a change by little; fewer than ``EXPECTED`` tell no rate."""
_NUMBER = re.compile(r"[\d〇一二三四五六七八九十]+")
"""What parts the files of one series: 热线2024-01.xlsx, 热线2024-02.xlsx."""
_UNNAMED = 0.5
"""Issues without a file or source may be those of one that is silent, if they are this share of what it lacks."""


class Span(NamedTuple):
    """The time that is looked at, half open, and a tenth of what is compared in it: a silence of that length counts."""

    start: pd.Timestamp
    end: pd.Timestamp
    tenth: pd.Timedelta


class Gap(NamedTuple):
    """A stretch, half open, in which the data, one file or one source hold next to nothing though much was expected."""

    kind: Kind
    name: str
    start: pd.Timestamp
    end: pd.Timestamp


def between(time: NDArray[np.datetime64], start: pd.Timestamp, end: pd.Timestamp) -> NDArray[np.bool_]:
    """Which times lie in a stretch, half open."""
    return np.asarray((time >= start.to_datetime64()) & (time < end.to_datetime64()), dtype=np.bool_)


def gaps_in(time: NDArray[np.datetime64], named: Mapping[Kind, pd.Series], span: Span) -> list[Gap]:
    """What the data, then each file and source beyond what all lack, do not cover.

    Parameters
    ----------
    time
        (n,) datetime64; what is recorded by months is spread over them before.
    named
        By kind, (n,) the file or the source of each; missing where there is none.
    span
        What is looked at.
    """
    inside = between(time, span.start, span.end)
    of_all = _gaps_of_all(np.sort(time[inside]), span)
    gaps = list(of_all)
    for kind, names in named.items():
        # What all lack need not be said of each.
        each = _gaps_of_each(kind, time[inside], names[inside].reset_index(drop=True), span)
        gaps += [gap for gap in each if _beyond(gap, of_all) >= _shortest(span)]
    return gaps


def _shortest(span: Span) -> pd.Timedelta:
    return max(DAY, min(_LONGEST_SILENCE, span.tenth))


def _gaps_of_all(time: NDArray[np.datetime64], span: Span) -> list[Gap]:
    """Where the data as a whole begin late, are silent, or end early."""
    own = _held(time, span)
    found = [Gap("all", "", a, b) for a, b in own.silent]
    for a, b in ((span.start, own.first), (own.last, span.end)):
        much = b - a >= span.tenth or own.per_day * ((b - a) / DAY) >= _EXPECTED_AT_END
        if much and b - a >= own.pace:
            found.append(Gap("all", "", a, b))
    return sorted(found, key=lambda gap: gap.start)


def _beyond(gap: Gap, of_all: list[Gap]) -> pd.Timedelta:
    """How much of a gap lies outside the gaps of all, which do not overlap."""
    shared = [min(gap.end, whole.end) - max(gap.start, whole.start) for whole in of_all]
    return (gap.end - gap.start) - sum((max(part, pd.Timedelta(0)) for part in shared), pd.Timedelta(0))


def _gaps_of_each(kind: Kind, time: NDArray[np.datetime64], names: pd.Series, span: Span) -> list[Gap]:
    """Where one of several files or sources begins late, is silent, or ends early."""
    groups = {str(name): np.sort(time[rows]) for name, rows in names.groupby(names, sort=True).indices.items()}
    if len(groups) < 2:
        return []
    held = {name: _held(own, span) for name, own in groups.items()}
    unnamed = time[names.isna().to_numpy()]
    least = _shortest(span)
    links = _links(held, least) if kind == "file" else []
    found: list[Gap] = []
    for name, own in held.items():
        if len(groups[name]) < max(_MATERIAL * len(time), EXPECTED):
            continue
        # A file that begins is taken to follow the last one that ended before, if later than it might have.
        since = max([span.start, *(held[earlier].last for later, earlier in links if later == name)])
        until = min([span.end, *(held[later].first for later, earlier in links if earlier == name)])
        ends = [(a, b) for a, b in ((since, own.first), (own.last, until)) if b - a >= max(least, own.pace)]
        lost = [(a, b) for a, b in ends if own.per_day * ((b - a) / DAY) >= EXPECTED]
        for a, b in sorted([*lost, *own.silent]):
            if between(unnamed, a, b).sum() < _UNNAMED * own.per_day * ((b - a) / DAY):
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


def _links(held: Mapping[str, _Held], least: pd.Timedelta) -> list[tuple[str, str]]:
    """Which files continue which: any that may, but of series side by side, as the names have them, none another's."""
    series = {name: _NUMBER.sub("", name) for name in held}
    pairs = [(later, earlier) for later in held for earlier in held if _follows(held[later], held[earlier], least)]
    own = [(later, earlier) for later, earlier in pairs if series[later] == series[earlier]]
    begun, going_on = ({pair[side] for pair in own} for side in (0, 1))
    alone = held.keys() - begun - going_on
    return own + [
        (later, earlier)
        for later, earlier in pairs
        if {later, earlier} & alone or (later not in begun and earlier not in going_on)
    ]


def _held(time: NDArray[np.datetime64], span: Span) -> _Held:
    """What sorted times cover of both periods."""
    day = ((time - span.start.to_datetime64()) // DAY.to_timedelta64()).astype(np.int64)
    days = -((span.start - span.end) // DAY)
    steps = np.diff(np.unique(day))
    pace = float(np.median(steps)) if steps.size else 1.0
    quiet = _quiet(day, days, max(_shortest(span) / DAY, _OFF_PACE * pace))
    counted = day[~quiet[day]]
    if not counted.size:
        counted = day
    first, last = int(counted[0]), int(counted[-1]) + 1
    edges = np.flatnonzero(np.diff(np.concatenate([[False], quiet[first:last], [False]]))) + first
    at = [span.start + k * DAY for k in edges.tolist()]
    return _Held(
        span.start + first * DAY,
        min(span.start + last * DAY, span.end),
        len(counted) / (last - first),
        pace * DAY,
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
        width = min(int(np.ceil(max(least, EXPECTED / per_day))), last - first)
        loud = np.convolve(quiet[first:last], np.ones(width, dtype=np.int64), "valid") == 0
        if loud.any():
            within = upto[first + width : last + 1] - upto[first : last - width + 1]
            per_day = max(per_day, float(np.median(within[loud])) / width)


def _silent(upto: NDArray[np.int64], per_day: float, least: float) -> NDArray[np.bool_]:
    """The same for one usual number of issues a day; ``upto`` holds their sums."""
    days = len(upto) - 1
    width = int(np.ceil(max(least, EXPECTED / per_day)))
    steps = np.zeros(days + 1, dtype=np.int64)
    if width <= days:
        begins = np.flatnonzero(upto[width:] - upto[:-width] < TRICKLE * per_day * width)
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
