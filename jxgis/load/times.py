"""Times as Excel and platforms write them, to local times without a zone."""

from __future__ import annotations

import calendar
import datetime as dt
import re
import zoneinfo
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from jxgis import parse
from jxgis.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Times", "local_date", "parse_times"]

# Written for RE2, which reads a million rows in under a second; groups: year, month, day, hour, minute, second, ...
_CLOCK = (
    r"(?:[T\s]*(?:\(?(?:星期|周|礼拜)[一二三四五六日天]\)?\s*)?"
    r"(?P<half>凌晨|清晨|早上|早晨|上午|中午|下午|傍晚|晚上|夜间|[AaPp]\.?[Mm]\.?)?\s*"
    r"(?P<hour>\d{1,2})(?:[:：时点](?:(?P<minute>\d{1,2})(?:[:：分](?:(?P<second>\d{1,2})(?:[.,](?P<fraction>\d{1,9}))?秒?)?)?"
    r"|(?P<part>半|一刻|三刻))?)?"
    r"\s*(?P<noon>[AaPp]\.?[Mm]\.?)?\s*(?P<zone>Z|z|(?:UTC|GMT)?[+-]\d{1,2}(?::?\d{2})?|[A-Z]{3,4})?)?$"
)
# Dates that exist in every year, as most platforms write them; 29 February is looked at by its parts.
_PLAIN_DATE = r"[1-9]\d{3}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12]\d|3[01])|(?:0[469]|11)-(?:0[1-9]|[12]\d|30)|02-(?:0[1-9]|1\d|2[0-8]))"
_PLAIN_CLOCK = r"(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d"
_YEAR_FIRST = r"^(?P<year>\d{4})[-/.年](?P<month>\d{1,2})[-/.月](?P<day>\d{1,2})日?" + _CLOCK
_YEAR_LAST = r"^(?P<place0>\d{1,2})[-/.](?P<place1>\d{1,2})[-/.](?P<place2>\d{4})" + _CLOCK
# A clock apart from it: 13/02/2023 is not the 20th of a month, at 23.
_SHORT_YEAR = r"^(?P<place0>\d{1,2})[-/.](?P<place1>\d{1,2})[-/.](?P<place2>\d{1,2})" + _CLOCK.replace("*", "+", 1)
_SHORT_CHINESE = r"^(?P<year>\d{2})年(?P<month>\d{1,2})月(?P<day>\d{1,2})日?" + _CLOCK
_COMPACT = (
    r"^(?P<year>(?:19|20)\d{2})(?P<month>\d{2})(?P<day>\d{2})[T\s]?"
    r"(?:(?P<hour>\d{2})(?:(?P<minute>\d{2})(?P<second>\d{2})?(?P<fraction>\d{3})?)?)?(?P<zone>Z)?$"
)
_WEEKDAY = r"^(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,?\s+)?"
_NAMED_MONTH = _WEEKDAY + r"(?P<name>[A-Za-z]{3,9})\.?\s+(?P<day>\d{1,2}),?\s+(?P<year>\d{4}),?" + _CLOCK
_NAMED_SECOND = _WEEKDAY + r"(?P<day>\d{1,2})[-\s](?P<name>[A-Za-z]{3,9})[-\s](?P<year>\d{4})" + _CLOCK
_OF_JAVA = (
    _WEEKDAY + r"(?P<name>[A-Za-z]{3})\s+(?P<day>\d{1,2})\s+(?P<hour>\d{2}):(?P<minute>\d{2}):(?P<second>\d{2})"
    r"\s+(?P<zone>[A-Z]{3,4})\s+(?P<year>\d{4})$"
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_ORDERS = {_YEAR_LAST: ("MM/DD/YYYY", "DD/MM/YYYY"), _SHORT_YEAR: ("YY/MM/DD", "MM/DD/YY", "DD/MM/YY")}
_PARTS = {"": 0, "一刻": 15, "半": 30, "三刻": 45}
# Of two digits those below are of this century, as POSIX has it.
_PIVOT = 70
# Hours from UTC, of Kiribati.
_FURTHEST = 14
# Which hours of the day a word can mean: no two twelve hours apart.
_HALVES = {
    "凌晨": (0, 6),
    "清晨": (4, 9),
    "早上": (4, 11),
    "早晨": (4, 11),
    "上午": (0, 11),
    "中午": (10, 14),
    "下午": (12, 23),
    "傍晚": (16, 20),
    "晚上": (17, 23),
    "夜间": (17, 23),
}
_NUMBER = r"^(?P<number>\d+(?:\.\d+)?)$"
# Years that no case of a platform has: 1899-12-30 and 1900-01-00 are Excel's empty cells, 9999-12-31 is "never".
_FIRST_YEAR, _LAST_YEAR = 1980, 2100
_SERIAL_EPOCH = np.datetime64("1899-12-30", "us")
_DAY_US, _HOUR_US, _MINUTE_US, _SECOND_US = 86_400_000_000, 3_600_000_000, 60_000_000, 1_000_000


@dataclass(frozen=True, slots=True)
class Times:
    """Times as they were read.

    Parameters
    ----------
    local
        (n,) datetime64[us], local, NaT where there is none or it cannot be read.
    bad
        (n,) bool: text that is not a time.
    orders
        In which order dates were read that do not say it: ``MM/DD/YYYY``, ``YY/MM/DD``.
    """

    local: NDArray[np.datetime64]
    bad: NDArray[np.bool_]
    orders: tuple[str, ...]


def parse_times(column: pd.Series, *, timezone: str) -> Times:
    """Read a column of times, each in whichever form it has.

    Known are ISO 8601 with or without zone, ``2024/1/2 3:04``, ``2024年1月2日 星期二 下午3点半``, ``20240102030405``,
    ``2 Jan 2024 03:04``, ``Tue Jan 02 03:04:05 CST 2024``, Excel serials, seconds, milliseconds and microseconds since
    1970; ``01/02/2024 3:04 PM`` and ``24/1/2`` in the order in which most dates of the column exist and then lie closest:
    else year, then month, then day first. ``24:00`` is the next day's beginning. An hour that does not go with its
    word (晚上12:30, 上午14:00), a zone of letters that is not the local one all year, and what may be a span of hours
    (08:00-10:00) are not read.

    Parameters
    ----------
    column
        Text, datetimes or numbers.
    timezone
        The zone of the result, and of times that state none: ``"Asia/Shanghai"``.

    Returns
    -------
    Times

    Raises
    ------
    InputError
        If the time zone is unknown.

    Examples
    --------
    >>> text = pd.Series(["2024-01-02T03:04:05Z", "2024年1月2日 下午3:04", "45293.5", "昨天", None])
    >>> times = parse_times(text, timezone="Asia/Shanghai")
    >>> times.local.astype("datetime64[s]").tolist()[:3]  # doctest: +NORMALIZE_WHITESPACE
    [datetime.datetime(2024, 1, 2, 11, 4, 5), datetime.datetime(2024, 1, 2, 15, 4),
     datetime.datetime(2024, 1, 2, 12, 0)]
    >>> times.bad
    array([False, False, False,  True, False])
    """
    _check_zone(timezone)
    given = column.notna().to_numpy()
    orders: tuple[str, ...] = ()
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        values = column.dt.tz_convert(timezone).dt.tz_localize(None).to_numpy().astype("datetime64[us]")
    elif pd.api.types.is_datetime64_dtype(column.dtype):
        values = column.to_numpy().astype("datetime64[us]")
    else:
        values, orders = _parse_text(_as_text(column), timezone)
    years = values.astype("datetime64[Y]").astype(np.int64) + 1970
    values = np.where((years >= _FIRST_YEAR) & (years <= _LAST_YEAR), values, np.datetime64("NaT", "us"))
    return Times(values, given & np.isnat(values), orders)


def local_date(text: str, *, field: str) -> np.datetime64:
    """A local date or time from settings or the command line.

    Parameters
    ----------
    text
        ``"2024-01-01"`` or ``"2024-01-01 08:00"``.
    field
        The setting's name, for the message.

    Returns
    -------
    numpy.datetime64

    Raises
    ------
    InputError
        If it is not a date, does not say which of its numbers is the year, month or day, or names a time zone.

    Examples
    --------
    >>> local_date("2024-01-01", field="from")
    np.datetime64('2024-01-01T00:00:00.000000')
    """
    times = parse_times(pd.Series([text], dtype="str"), timezone="UTC")
    if np.isnat(times.local[0]) or times.orders:
        raise InputError(
            zh=f"{field} = “{text}”不是 {_FIRST_YEAR}—{_LAST_YEAR} 年的日期，或看不出年月日的先后；请写成 2024-01-01。",
            en=f"{field} = {text!r} is not a date that says its order, from {_FIRST_YEAR} to {_LAST_YEAR}; write 2024-01-01.",
        )
    if times.local[0] != parse_times(pd.Series([text], dtype="str"), timezone="Asia/Shanghai").local[0]:
        raise InputError(
            zh=f"{field} = “{text}”带有时区或是 UTC 秒数；这里要本地时间，请写成 2024-01-01 或 2024-01-01 08:00。",
            en=f"{field} = {text!r} names a time zone, or counts in UTC; local time is asked for: write 2024-01-01 or "
            "2024-01-01 08:00.",
        )
    return np.datetime64(times.local[0], "us")


def _check_zone(timezone: str) -> None:
    try:
        zoneinfo.ZoneInfo(timezone)
    # A name of a folder of zones, such as Asia, is found and cannot be read.
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise InputError(
            zh=f"不认识时区“{timezone}”；请写成 Asia/Shanghai。",
            en=f"Unknown time zone {timezone!r}; write Asia/Shanghai.",
        ) from None


def _as_text(column: pd.Series) -> pd.Series:
    """Text of a column; whole numbers without a decimal part."""
    if pd.api.types.is_numeric_dtype(column.dtype):
        return parse.whole_as_text(column).where(column.notna())
    return column.astype("str").where(column.notna()).str.strip()


def _parse_text(column: pd.Series, timezone: str) -> tuple[NDArray[np.datetime64], tuple[str, ...]]:
    values = _plain_iso(column)
    unread = np.isnat(values) & column.notna().to_numpy()
    if unread.any():
        column = column.mask(unread, parse.narrow(column[unread]))
    orders: list[str] = []
    for pattern in (
        _YEAR_FIRST, _YEAR_LAST, _COMPACT, _NUMBER, _SHORT_CHINESE, _SHORT_YEAR, _NAMED_MONTH, _NAMED_SECOND, _OF_JAVA,
    ):  # fmt: skip
        left = np.flatnonzero(np.isnat(values) & column.notna().to_numpy())
        if not left.size:
            break
        groups, hit = _extract(column.iloc[left], pattern)
        if not hit.any():
            continue
        groups = {name: part[hit] for name, part in groups.items()}
        if pattern == _NUMBER:
            values[left[hit]] = _from_numbers(groups["number"], timezone)
        elif pattern in _ORDERS:
            read = {order: _assemble(_in_order(groups, order), timezone) for order in _ORDERS[pattern]}
            order = _likely(read, short=pattern == _SHORT_YEAR)
            values[left[hit]] = read[order]
            orders.append(order)
        else:
            values[left[hit]] = _assemble(groups, timezone)
    return values, tuple(orders)


def _likely(read: dict[str, NDArray[np.datetime64]], *, short: bool) -> str:
    """The order in which most dates exist and then lie closest: a wrong one spreads a month over a year, or over decades.

    Of years of two digits nearly any number is a year: that one date in ten exists in another order only, 24/02/31, says
    nothing of the rest.
    """
    known = {order: dates[np.isfinite(dates)].astype(np.int64) for order, dates in read.items()}
    most = max(map(len, known.values()))
    slack = most // 10 if short else 0
    apart = {
        order: np.ptp(np.quantile(dates, (0.1, 0.9))) if dates.size else 0.0
        for order, dates in known.items()
        if len(dates) >= most - slack
    }
    return min(apart, key=lambda order: float(apart[order]))


def _in_order(groups: dict[str, NDArray[np.object_]], order: str) -> dict[str, NDArray[np.object_]]:
    """The three numbers of a date by what an order says they are; where the year has fewer digits there is no month."""
    names = {"Y": "year", "M": "month", "D": "day"}
    parts = order.split("/")
    three = {names[part[0]]: groups[f"place{at}"] for at, part in enumerate(parts)}
    digits = next(len(part) for part in parts if part[0] == "Y")
    whole = np.array([len(year) == digits for year in three["year"]], dtype=np.bool_)
    return groups | three | {"month": np.where(whole, three["month"], "0")}


def _plain_iso(column: pd.Series) -> NDArray[np.datetime64]:
    """Times written as most platforms do, ten times faster than by their parts; NaT for all others."""
    import pyarrow as pa
    import pyarrow.compute as pc

    text = pa.array(column, type=pa.string(), from_pandas=True)
    plain = pc.match_substring_regex(text, f"^{_PLAIN_DATE}[ T]{_PLAIN_CLOCK}$")
    local = pc.cast(pc.if_else(plain, text, pa.scalar(None, pa.string())), pa.timestamp("us"))
    return np.asarray(local.to_numpy(zero_copy_only=False), dtype="datetime64[us]").copy()


def _extract(text: pd.Series, pattern: str) -> tuple[dict[str, NDArray[np.object_]], NDArray[np.bool_]]:
    """Groups of a pattern, and which rows it matches."""
    import pyarrow as pa
    import pyarrow.compute as pc

    found = pc.extract_regex(pa.array(text, type=pa.string(), from_pandas=True), pattern)
    hit = np.asarray(found.is_valid())
    names = re.findall(r"\?P<(\w+)>", pattern)
    return {name: np.asarray(pc.struct_field(found, name).to_numpy(zero_copy_only=False)) for name in names}, hit


def _integers(part: NDArray[np.object_]) -> NDArray[np.int64]:
    """Digits to numbers; an empty group is 0."""
    import pyarrow as pa
    import pyarrow.compute as pc

    digits = pa.array(part, type=pa.string())
    return np.asarray(pc.cast(pc.if_else(pc.equal(digits, ""), "0", digits), pa.int64()))


def _assemble(groups: dict[str, NDArray[np.object_]], timezone: str) -> NDArray[np.datetime64]:
    """Times from their parts; NaT where a part is out of range."""
    empty = np.full(len(groups["year"]), "", dtype=object)
    year, month, day, hour, minute, second = (
        _integers(groups.get(name, empty)) for name in ("year", "month", "day", "hour", "minute", "second")
    )
    year = np.where(year < 100, year + np.where(year < _PIVOT, 2000, 1900), year)
    if "name" in groups:
        month = np.array([_month_named(name) for name in groups["name"]], dtype=np.int64)
    minute = minute + np.array([_PARTS[part] for part in groups.get("part", empty)], dtype=np.int64)
    fraction = groups.get("fraction", empty)
    micro = _integers(np.array([(part + "000000")[:6] for part in fraction], dtype=object)) if any(fraction) else 0
    half = groups.get("half", empty) + groups.get("noon", empty)
    hour, heard = _of_day(hour, half)
    months = (year - 1970) * 12 + month - 1
    date = months.astype("datetime64[M]").astype("datetime64[D]") + (day - 1).astype("timedelta64[D]")
    sound = (month >= 1) & (month <= 12) & (date.astype("datetime64[M]").astype(np.int64) == months) & (day >= 1)
    ends = (hour == 24) & (minute == 0) & (second == 0) & (half == "")  # of the day, as ISO 8601:2004 has it
    sound &= heard & ((hour < 24) | ends) & (minute < 60) & (second < 60)
    clock = hour * _HOUR_US + minute * _MINUTE_US + second * _SECOND_US + micro
    values = date.astype("datetime64[us]") + clock.astype("timedelta64[us]")
    values = np.where(sound, values, np.datetime64("NaT", "us"))
    zone = groups.get("zone", empty)
    # 08:00-10:00 is two hours, and 08:00:00-10:00 a time in Hawaii.
    span = np.array([text[:1] == "-" for text in zone], dtype=np.bool_) & (groups.get("second", empty) == "")
    values[span] = np.datetime64("NaT", "us")
    local = (zone == "") | (zone == _letters(timezone))
    if not local.all():
        offsets = {text: _offset(text) for text in set(zone[~local])}
        shift = np.array([offsets[text] for text in zone[~local]], dtype="timedelta64[us]")
        values[~local] = _from_utc(values[~local] - shift, timezone)
    return values


def _month_named(name: str) -> int:
    """The month of an English name, whole or its first three letters; 0 for any other word."""
    start = name[:3].lower()
    at = _MONTHS.index(start) + 1 if start in _MONTHS else 0
    return at if at and name.lower() in (start, calendar.month_name[at].lower(), "sept"[: len(name)]) else 0


def _letters(timezone: str) -> str | None:
    """The letters that a time zone has all year: CST of Shanghai; None where they change, or are none."""
    zone = zoneinfo.ZoneInfo(timezone)
    names = {dt.datetime(2024, month, 1, tzinfo=zone).tzname() for month in (1, 7)}
    return names.pop() if len(names) == 1 else None


def _of_day(hour: NDArray[np.int64], half: NDArray[np.object_]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Hours of the day from those that a word tells apart, and where it can: 晚上12:30 may be of either day, 上午14:00 is of none."""
    heard = np.ones(len(hour), dtype=bool)
    for word in set(half) - {""}:
        # Of two words, 上午8:30 AM, there is no such hour.
        first, last = _HALVES.get({"A": "上午", "P": "下午"}.get(word[0].upper(), word), (24, 0))
        at, low = half == word, hour % 12
        of_day = np.where(hour > 12, hour, np.where(low >= first, low, low + 12))
        hour = np.where(at, of_day, hour)
        heard &= ~at | ((of_day >= first) & (of_day <= last))
    return hour, heard


def _offset(text: str) -> np.timedelta64:
    """From UTC; NaT for letters that are not known, and for what is the time of no place."""
    said = text.removeprefix("UTC").removeprefix("GMT")
    if said in ("", "Z", "z"):
        return np.timedelta64(0, "us")
    if said[0] not in "+-":
        return np.timedelta64("NaT", "us")
    digits = said[1:].replace(":", "")
    hours, minutes = (digits[:-2], digits[-2:]) if len(digits) > 2 else (digits, "0")
    if int(hours) > _FURTHEST or int(minutes) >= 60:
        return np.timedelta64("NaT", "us")
    return np.timedelta64((int(hours) * _HOUR_US + int(minutes) * _MINUTE_US) * (-1 if said[0] == "-" else 1), "us")


def _from_utc(values: NDArray[np.datetime64], timezone: str) -> NDArray[np.datetime64]:
    local = pd.DatetimeIndex(values).tz_localize("UTC").tz_convert(timezone).tz_localize(None)
    return local.to_numpy().astype("datetime64[us]")


def _from_numbers(part: NDArray[np.object_], timezone: str) -> NDArray[np.datetime64]:
    """Excel serials (days since 1899-12-30, local), seconds, milliseconds or microseconds since 1970 (UTC)."""
    number = part.astype(np.float64)
    values = np.full(len(number), np.datetime64("NaT", "us"))
    serial = (number >= 20_000) & (number < 100_000)
    # A serial holds about a tenth of a second: rounded to the second, so that 12:00 does not become 11:59:59.999.
    seconds = np.round(number[serial] * 86_400).astype(np.int64)
    values[serial] = _SERIAL_EPOCH + (seconds * _SECOND_US).astype("timedelta64[us]")
    for low, high, unit in ((1e8, 1e10, _SECOND_US), (1e11, 1e13, 1_000), (1e14, 1e16, 1)):
        since = (number >= low) & (number < high)
        if since.any():
            utc = np.datetime64(0, "us") + np.round(number[since] * unit).astype(np.int64).astype("timedelta64[us]")
            values[since] = _from_utc(utc, timezone)
    return values
