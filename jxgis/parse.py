"""What people write by hand where a machine would write 1, 0 or a number: yes and no, numbers, years, ranks, degrees."""

from __future__ import annotations

import calendar
import re
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

__all__ = ["FIRST_YEAR", "LAST_YEAR", "NO", "YES", "degrees", "narrow", "numbers", "ranks", "years", "yes_no"]

YES = ("是", "通过", "已通过", "合格", "yes", "true")
NO = ("否", "不通过", "未通过", "不合格", "no", "false")
"""Words that say yes and no wherever they stand, in small letters."""
_YES_MARKS = ("√", "✓", "✔", "y", "1", "1.0")
_NO_MARKS = ("×", "✗", "✘", "x", "n", "0", "0.0")
_WORDS = dict.fromkeys(YES, 1.0) | dict.fromkeys(NO, 0.0)
_MARKS = dict.fromkeys(_YES_MARKS, 1.0) | dict.fromkeys(_NO_MARKS, 0.0)

FIRST_YEAR, LAST_YEAR = 1900, 2200
"""Beyond these a number is not a year of a plan."""
_DIGITS = str.maketrans("〇零○一二三四五六七八九", "000123456789")
_YEAR = re.compile(r"(\d,?\d{3})(?:\.0+)?(?:\s*年度?)?")
_DATE = re.compile(
    r"(\d{4})(?:[-/年](\d{1,2})月?|\.(\d{2})|[-/.年](\d{1,2})[-/.月](\d{1,2})[日号]?(?:[T ]*[\d:.]+(?:Z|[+-][\d:]+)?)?)"
)
_CHINESE_YEAR = re.compile(
    r"([〇零○一二三四五六七八九]{4})(?:年度?(?:([一二三四五六七八九十]{1,2})月)?(?:([一二三四五六七八九十]{1,3})[日号])?)?"
)
_RANK = re.compile(r"(?:第|no\.?|#)?(\d+)(?:\.0+)?[名位号]?", re.IGNORECASE)
_CHINESE_RANK = re.compile(r"第?([一二三四五六七八九])?(十)?([一二三四五六七八九])?[名位号]?")
_DEGREES = re.compile(
    r"(?P<side>[NSEW]|[东西]经|[南北]纬)?\s*(?P<degrees>[+-]?\d{1,3}(?:\.\d+)?)\s*"
    r"(?:[°º度]\s*(?:(?P<minutes>\d{1,2}(?:\.\d+)?)\s*['′’分]\s*(?:(?P<seconds>\d{1,2}(?:\.\d+)?)\s*(?:[\"″”秒]|'')\s*)?)?)?"
    r"(?P<after>[NSEW])?",
    re.IGNORECASE,
)
_WIDE = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: " "}


def narrow(text: pd.Series) -> pd.Series:
    """Text with digits, letters and signs of full width as plain ones, and nothing else another: 10² is not 102.

    Parameters
    ----------
    text
        Text, some of it missing.

    Examples
    --------
    >>> narrow(pd.Series(["２０２４－０３", "10²"])).tolist()
    ['2024-03', '10²']
    """
    return text.str.translate(_WIDE)


def yes_no(column: pd.Series, *, marks: bool = False) -> tuple[pd.Series, NDArray[np.bool_]]:
    """Read a column of yes and no.

    Parameters
    ----------
    column
        Text, as people wrote it: `YES`, `NO`, in letters of any size and width.
    marks
        Whether only yes and no can stand in it, so that √, ×, Y, N, 1 and 0 are read too.

    Returns
    -------
    answer : pandas.Series
        float64: 1, 0, NaN where nothing stands or what is not understood.
    bad : numpy.ndarray of bool
        What is not understood.

    Examples
    --------
    >>> answer, bad = yes_no(pd.Series(["是", "不通过", "√", "也许", None]), marks=True)
    >>> answer.tolist(), bad.tolist()
    ([1.0, 0.0, 1.0, nan, nan], [False, False, False, True, False])
    >>> yes_no(pd.Series(["x", "yes"]))[0].tolist()
    [nan, 1.0]
    """
    text = _plain(column)
    answer = text.str.casefold().map(_WORDS | _MARKS if marks else _WORDS).astype(np.float64)
    return answer, (answer.isna() & text.notna()).to_numpy(dtype=np.bool_)


def numbers(column: pd.Series) -> tuple[pd.Series, NDArray[np.bool_]]:
    """Read a column of finite numbers, of whatever type it came as; a date is none.

    Parameters
    ----------
    column
        Numbers or text.

    Returns
    -------
    number : pandas.Series
        float64; NaN where nothing stands, or no number.
    bad : numpy.ndarray of bool
        What is not a finite number.

    Examples
    --------
    >>> number, bad = numbers(pd.Series(["3", " ", "4个", np.inf, None]))
    >>> number.tolist(), bad.tolist()
    ([3.0, nan, nan, nan, nan], [False, False, True, True, False])
    """
    given = column
    if not pd.api.types.is_numeric_dtype(column.dtype):
        given = column.mask(column.map(lambda value: isinstance(value, str) and not value.strip()).astype(bool))
    dated = pd.api.types.is_datetime64_any_dtype(column.dtype)
    found = pd.to_numeric(given.astype("str") if dated else given, errors="coerce").astype("float64")
    found = found.where(np.isfinite(found))
    return found, (found.isna() & given.notna()).to_numpy(dtype=np.bool_)


def years(column: pd.Series) -> tuple[pd.Series, NDArray[np.bool_]]:
    """Read a column of years: 2024, 2024.0, 2024年, ２０２４, 二〇二四年, or a date, which says its year.

    Parameters
    ----------
    column
        Numbers, dates or text.

    Returns
    -------
    year : pandas.Series
        float64, whole; NaN where there is none.
    bad : numpy.ndarray of bool
        What is not a year from `FIRST_YEAR` to `LAST_YEAR`.

    Examples
    --------
    >>> year, bad = years(pd.Series(["２０２４", "二〇二五年", "2026-03-01", "2027.5", "明年", None]))
    >>> year.tolist(), bad.tolist()
    ([2024.0, 2025.0, 2026.0, nan, nan, nan], [False, False, False, True, True, False])
    """
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        found, given = column.dt.year.astype(np.float64), column.notna()
    elif pd.api.types.is_numeric_dtype(column.dtype):
        found, given = column.astype(np.float64), column.notna()
    else:
        text = _plain(column)
        found, given = _each(text, _year), text.notna()
    sound = found.between(FIRST_YEAR, LAST_YEAR) & (found % 1 == 0)
    return found.where(sound), (given & ~sound).to_numpy(dtype=np.bool_)


def ranks(column: pd.Series) -> tuple[pd.Series, NDArray[np.bool_]]:
    """Read a column of ranks: 1, 1.0, 第1名, 第十二, No. 3.

    Parameters
    ----------
    column
        Numbers or text.

    Returns
    -------
    rank : pandas.Series
        float64, whole and from 1; NaN where there is none.
    bad : numpy.ndarray of bool
        What is not a rank.

    Examples
    --------
    >>> rank, bad = ranks(pd.Series(["第1名", "第十二名", "No. 3", "前列", None]))
    >>> rank.tolist(), bad.tolist()
    ([1.0, 12.0, 3.0, nan, nan], [False, False, False, True, False])
    """
    if pd.api.types.is_numeric_dtype(column.dtype):
        found, given = column.astype(np.float64), column.notna()
    else:
        text = _plain(column)
        found, given = _each(text, _rank), text.notna()
    sound = (found >= 1) & (found % 1 == 0)
    return found.where(sound), (given & ~sound).to_numpy(dtype=np.bool_)


def degrees(column: pd.Series) -> pd.Series:
    """Read a column of degrees with their signs: 120.755°, 120°45′18″, 120度45分18秒, E120.755, 北纬30.5.

    Parameters
    ----------
    column
        Text.

    Returns
    -------
    pandas.Series
        float64, south and west below zero; NaN for what is not an angle.

    Examples
    --------
    >>> degrees(pd.Series(["120°45′18″", "30°44'45.6″S", "120°61′", "30.5°30′"])).tolist()
    [120.755, -30.746, nan, nan]
    """
    return _each(_plain(column), _angle)


def _angle(said: str) -> float:
    found = _DEGREES.fullmatch(said)
    if found is None or (found["side"] and found["after"]):
        return np.nan
    whole, minutes, seconds = (float(found[part] or 0) for part in ("degrees", "minutes", "seconds"))
    parted = found["minutes"] is not None
    if minutes >= 60 or seconds >= 60 or (parted and whole % 1) or (found["seconds"] and minutes % 1):
        return np.nan
    angle = abs(whole) + (60 * minutes + seconds) / 3600
    side = (found["side"] or found["after"] or "").upper()
    below = found["degrees"].startswith("-")
    if below and side:
        return np.nan
    return -angle if below or side in ("S", "W", "南纬", "西经") else angle


def _plain(column: pd.Series) -> pd.Series:
    """Text without blanks at its ends and full width; what is empty is missing."""
    text = narrow(column.astype("str").where(column.notna())).str.strip()
    return text.where(text != "")


def _each(text: pd.Series, read: Callable[[str], float]) -> pd.Series:
    """What a reader of one makes of each text that there is."""
    known = {said: read(said) for said in text.dropna().unique()}
    return text.map(known).astype(np.float64)


def _year(said: str) -> float:
    if (plain := _YEAR.fullmatch(said)) is not None:
        return float(plain[1].replace(",", ""))
    if (chinese := _CHINESE_YEAR.fullmatch(said)) is not None:
        month, day = (_rank(chinese[part] or "一") for part in (2, 3))
        return _year_of(int(chinese[1].translate(_DIGITS)), month, day)
    date = _DATE.fullmatch(said)
    if date is None:
        return np.nan
    return _year_of(int(date[1]), float(date[2] or date[3] or date[4]), float(date[5] or 1))


def _year_of(year: int, month: float, day: float) -> float:
    """The year of a day that there is."""
    known = year > 0 and 1 <= month <= 12 and 1 <= day <= calendar.monthrange(year, int(month))[1]
    return float(year) if known else np.nan


def _rank(said: str) -> float:
    close = re.sub(r"\s", "", said)
    if (plain := _RANK.fullmatch(close)) is not None:
        return float(plain[1])
    chinese = _CHINESE_RANK.fullmatch(close)
    if chinese is None:
        return np.nan
    tens, ten, ones = chinese.groups()
    if ten is None:
        return float(tens.translate(_DIGITS)) if tens and not ones else np.nan
    return 10 * float((tens or "一").translate(_DIGITS)) + float((ones or "零").translate(_DIGITS))
