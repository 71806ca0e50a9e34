"""Times as Excel and platforms write them, to local times without a zone."""

from __future__ import annotations

import re
import zoneinfo
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from jxgis import parse
from jxgis.errors import InputError
from jxgis.load._columns import whole_as_text

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Times", "local_date", "parse_times"]

# Written for RE2, which reads a million rows in under a second; groups: year, month, day, hour, minute, second, ...
_CLOCK = (
    r"(?:[T\s]*(?P<half>凌晨|清晨|早上|早晨|上午|中午|下午|傍晚|晚上|夜间)?\s*(?P<hour>\d{1,2})(?:[:：时点](?P<minute>\d{1,2}))?分?"
    r"(?:[:：]?(?P<second>\d{1,2}))?(?:[.,](?P<fraction>\d{1,9}))?秒?)?"
    r"\s*(?P<noon>[AaPp]\.?[Mm]\.?)?\s*(?P<zone>Z|z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?$"
)
_YEAR_FIRST = r"^(?P<year>\d{4})[-/.年](?P<month>\d{1,2})[-/.月](?P<day>\d{1,2})日?" + _CLOCK
_YEAR_LAST = r"^(?P<first>\d{1,2})[-/.](?P<last>\d{1,2})[-/.](?P<year>\d{4})" + _CLOCK
_COMPACT = (
    r"^(?P<year>(?:19|20)\d{2})(?P<month>\d{2})(?P<day>\d{2})[T\s]?"
    r"(?:(?P<hour>\d{2})(?P<minute>\d{2})(?P<second>\d{2})?(?P<fraction>\d{3})?)?(?P<zone>Z)?$"
)
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
    month_first
        Whether dates with the year last were read with the month first; None where there were none.
    """

    local: NDArray[np.datetime64]
    bad: NDArray[np.bool_]
    month_first: bool | None


def parse_times(column: pd.Series, *, timezone: str) -> Times:
    """Read a column of times, each in whichever form it has.

    Known are ISO 8601 with or without zone, ``2024/1/2 3:04``, ``2024年1月2日 下午3:04``, ``20240102030405``,
    ``01/02/2024 3:04 PM`` (month or day first: the order in which all dates of the column exist, month first if both),
    Excel serials, seconds, milliseconds and microseconds since 1970. ``24:00`` is the next day's beginning; an hour that
    does not go with its word (晚上12:30, 上午14:00) is not read.

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
    month_first: bool | None = None
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        values = column.dt.tz_convert(timezone).dt.tz_localize(None).to_numpy().astype("datetime64[us]")
    elif pd.api.types.is_datetime64_dtype(column.dtype):
        values = column.to_numpy().astype("datetime64[us]")
    else:
        values, month_first = _parse_text(_as_text(column), timezone)
    years = values.astype("datetime64[Y]").astype(np.int64) + 1970
    values = np.where((years >= _FIRST_YEAR) & (years <= _LAST_YEAR), values, np.datetime64("NaT", "us"))
    return Times(values, given & np.isnat(values), month_first)


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
        If it is not a date.

    Examples
    --------
    >>> local_date("2024-01-01", field="from")
    np.datetime64('2024-01-01T00:00:00.000000')
    """
    times = parse_times(pd.Series([text], dtype="str"), timezone="UTC")
    if np.isnat(times.local[0]):
        raise InputError(
            zh=f"{field} = “{text}”不是 {_FIRST_YEAR}—{_LAST_YEAR} 年的日期；请写成 2024-01-01。",
            en=f"{field} = {text!r} is not a date from {_FIRST_YEAR} to {_LAST_YEAR}; write 2024-01-01.",
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
        return whole_as_text(column).where(column.notna())
    return column.astype("str").where(column.notna()).str.strip()


def _parse_text(column: pd.Series, timezone: str) -> tuple[NDArray[np.datetime64], bool | None]:
    values = _plain_iso(column)
    unread = np.isnat(values) & column.notna().to_numpy()
    if unread.any():
        column = column.mask(unread, parse.narrow(column[unread]))
    month_first: bool | None = None
    for pattern in (_YEAR_FIRST, _YEAR_LAST, _COMPACT, _NUMBER):
        left = np.flatnonzero(np.isnat(values) & column.notna().to_numpy())
        if not left.size:
            break
        groups, hit = _extract(column.iloc[left], pattern)
        if not hit.any():
            continue
        groups = {name: part[hit] for name, part in groups.items()}
        if pattern == _NUMBER:
            values[left[hit]] = _from_numbers(groups["number"], timezone)
            continue
        if pattern == _YEAR_LAST:
            month_first = _month_first(groups["first"], groups["last"])
            groups["month"], groups["day"] = (
                (groups["first"], groups["last"]) if month_first else (groups["last"], groups["first"])
            )
        values[left[hit]] = _assemble(groups, timezone)
    return values, month_first


def _plain_iso(column: pd.Series) -> NDArray[np.datetime64]:
    """Times written as most platforms do, ten times faster than by their parts; NaT for all others."""
    import pyarrow as pa
    import pyarrow.compute as pc

    text = pa.array(column, type=pa.string(), from_pandas=True)
    plain = pc.match_substring_regex(text, r"^\d{4}-\d{2}-\d{2}[ T](?:[01]\d|2[0-3]):\d{2}:\d{2}$")
    try:
        local = pc.cast(pc.if_else(plain, text, pa.scalar(None, pa.string())), pa.timestamp("us"))
    except pa.ArrowInvalid:
        # One date that does not exist: leave all to be looked at by their parts.
        return np.full(len(column), np.datetime64("NaT", "us"))
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
    stated = zone != ""
    if stated.any():
        offsets = {text: _offset_us(text) for text in set(zone[stated])}
        shift = np.array([offsets[text] for text in zone[stated]], dtype="timedelta64[us]")
        values[stated] = _from_utc(values[stated] - shift, timezone)
    return values


def _of_day(hour: NDArray[np.int64], half: NDArray[np.object_]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Hours of the day from those that a word tells apart, and where it can: 晚上12:30 may be of either day, 上午14:00 is of none."""
    heard = np.ones(len(hour), dtype=bool)
    for word in set(half) - {""}:
        first, last = _HALVES[{"A": "上午", "P": "下午"}.get(word[0].upper(), word)]
        at, low = half == word, hour % 12
        of_day = np.where(hour > 12, hour, np.where(low >= first, low, low + 12))
        hour = np.where(at, of_day, hour)
        heard &= ~at | ((of_day >= first) & (of_day <= last))
    return hour, heard


def _offset_us(text: str) -> int:
    if text[0] not in "+-":
        return 0
    hours, minutes = int(text[1:3]), int(text[3:].removeprefix(":") or 0)
    return (hours * _HOUR_US + minutes * _MINUTE_US) * (-1 if text[0] == "-" else 1)


def _from_utc(values: NDArray[np.datetime64], timezone: str) -> NDArray[np.datetime64]:
    local = pd.DatetimeIndex(values).tz_localize("UTC").tz_convert(timezone).tz_localize(None)
    return local.to_numpy().astype("datetime64[us]")


def _month_first(first: NDArray[np.object_], last: NDArray[np.object_]) -> bool:
    """Whether the month stands first in dates such as 01/02/2024: by the order in which more of them exist."""
    a, b = _integers(first), _integers(last)
    return int((a > 12).sum()) <= int((b > 12).sum())


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
