"""What people write by hand where a machine would write a text, 1, 0 or a number: codes, yes and no, numbers, years, ranks, degrees."""

from __future__ import annotations

import calendar
import re
import unicodedata
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray

__all__ = [
    "FIRST_YEAR",
    "LAST_YEAR",
    "MOST_NUMBER",
    "NO",
    "YES",
    "codes",
    "commonest_spelling",
    "coordinates",
    "degrees",
    "folded",
    "is_one_of",
    "narrow",
    "numbers",
    "ranks",
    "texts",
    "whole_as_text",
    "years",
    "yes_no",
]

MOST_NUMBER = 1e15
"""Nothing of a city is more; beyond, numbers lose their ones, and in the end their sum is infinite."""
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
_NULLS = ["", "null", "none", "nan", "n/a", "<na>", "\\n"]
# Within a text they would begin a line of their own in a message, or turn the line that it stands in.
_BREAKS = r"\s*[\x00-\x1f\x7f\x85\u2028\u2029]+\s*"
_TURNS = r"[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]"
# Either of them, as RE2 writes it.
_ODD = r"[\x00-\x1f\x7f\x{85}\x{2028}\x{2029}\x{61c}\x{200e}\x{200f}\x{202a}-\x{202e}\x{2066}-\x{2069}]"
_THOUSANDS = r"[+-]?[1-9]\d{0,2}(?:[,\s]\d{3})+(?:\.\d+)?"
_MYRIADS = r"[+-]?\d+(?:\.\d+)?\s*万"
_LOST_DIGITS = r"\d(?:\.\d+)?[eE]\+?\d+"
_WIDE = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: " "}


def folded(name: object) -> str:
    """A name, or an id, without what people vary who write it again: width, case and blanks.

    Examples
    --------
    >>> folded("ＹＢ06 ") == folded("yb06"), folded("高照 智造园")
    (True, '高照智造园')
    """
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", str(name))).casefold()


def commonest_spelling(counts: pd.Series) -> dict[str, str]:
    """Of names that are one but for width, case and blanks (`folded`), each that is not the commonest way to write it, to that.

    Parameters
    ----------
    counts
        Names to how often they are written so; of as many the first in the order of their letters is taken.

    Examples
    --------
    >>> commonest_spelling(pd.Series({"微信(举报)": 2, "微信（举报）": 9, "12345": 4}))
    {'微信(举报)': '微信（举报）'}
    """
    table = pd.DataFrame({"count": counts.to_numpy(), "name": counts.index.astype("str")})
    table["one"] = table["name"].map(folded)
    table = table.sort_values(["count", "name"], ascending=[False, True])
    first = table.drop_duplicates("one").set_index("one")["name"]
    usual = table["one"].map(first)
    other = table["name"] != usual
    return dict(zip(table.loc[other, "name"], usual[other], strict=True))


def is_one_of(column: pd.Series, names: Iterable[str]) -> pd.Series[bool]:
    """Which values are one of some names, but for width, case and blanks.

    Examples
    --------
    >>> is_one_of(pd.Series(["１２３４５", "App", None]), ["12345", "APP"]).tolist()
    [True, True, False]
    """
    wanted = {folded(name) for name in names}
    return column.isin([value for value in column.dropna().unique() if folded(value) in wanted])


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


def texts(column: pd.Series) -> pd.Series:
    r"""Trimmed text on one line; blank, ``NULL`` and the like are missing; a whole number has no ``.0``.

    Examples
    --------
    >>> texts(pd.Series(["02  ", " ", "NULL", None])).tolist()
    ['02', nan, nan, nan]
    >>> texts(pd.Series([330402007.0, np.nan])).tolist()
    ['330402007', nan]
    >>> texts(pd.Series([7, 2.5, 3.3e19])).tolist()
    ['7', '2.5', '3.3e+19']
    >>> texts(pd.Series(["东栅\n错误：\u202e"])).tolist()
    ['东栅 错误：']
    """
    missing = column.isna()
    text = whole_as_text(column).str.strip()
    # One search for both: hardly any has either.
    odd = _matches(text, _ODD)
    if odd.any():
        plain = text[odd].str.replace(_TURNS, "", regex=True).str.replace(_BREAKS, " ", regex=True).str.strip()
        text = text.mask(odd, plain)
    return text.mask(missing | text.str.lower().isin(_NULLS))


def whole_as_text(column: pd.Series) -> pd.Series:
    """Text of a column; whole numbers, whatever the others are, without ``.0``, but for those that 64 bits do not hold."""
    text = column.astype("str")
    if not pd.api.types.is_float_dtype(column.dtype):
        return text
    held = (column.mod(1).eq(0) & (column.abs() < float(np.iinfo(np.int64).max))).to_numpy(dtype=bool, na_value=False)
    return column.where(held).astype("Int64").astype("str").where(held, text)


def codes(column: pd.Series) -> tuple[pd.Series, NDArray[np.bool_]]:
    """Text of a code, with what Excel made of it undone where it can be.

    Returns
    -------
    code : pandas.Series
        ``330402007.0`` has become ``330402007`` again.
    lost : numpy.ndarray of bool
        Codes such as ``3.30402E+14``, whose digits are gone.

    Examples
    --------
    >>> code, lost = codes(pd.Series(["330402007.0", "3.30402E+14", "02  "]))
    >>> code.tolist(), lost.tolist()
    (['330402007', '3.30402E+14', '02'], [False, True, False])
    """
    text = texts(column)
    whole = text.str.fullmatch(r"\d+\.0+", na=False)
    if whole.any():
        text = text.mask(whole, text.str.partition(".")[0])
    lost = text.str.fullmatch(_LOST_DIGITS, na=False)
    return text, lost.to_numpy(dtype=bool)


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


def numbers(column: pd.Series, *, unit: str | None = "", words: bool = True) -> tuple[pd.Series, NDArray[np.bool_]]:
    """Numbers of any width, as people write them: 1,200 and 1.2万, a year as one (2024年); a column of yes and no alone is 1 and 0.

    A comma parts thousands only: 12,5 is not a number, since it may be 12.5.

    Parameters
    ----------
    column
        Numbers or text.
    unit
        Of the column. Where it is in 万 itself, such as 万元, a 万 behind a number says no more; None: nobody knows, and
        such a text is not a number.
    words
        Whether yes, no and 2024年 are numbers.

    Returns
    -------
    number : pandas.Series
        float64, NaN where there is none.
    bad : numpy.ndarray of bool
        Text that is not a number, or a number that is not finite.

    Examples
    --------
    >>> number, bad = numbers(pd.Series(["1,234", "2024年", "３.５", "1.2万", "12,5", None]))
    >>> number.tolist(), bad.tolist()
    ([1234.0, 2024.0, 3.5, 12000.0, nan, nan], [False, False, False, False, True, False])
    >>> numbers(pd.Series(["是", "否", None]))[0].tolist()
    [1.0, 0.0, nan]
    """
    if not words and pd.api.types.is_bool_dtype(column.dtype):
        return pd.Series(np.nan, index=column.index), column.notna().to_numpy(dtype=np.bool_)
    if pd.api.types.is_numeric_dtype(column.dtype):
        given = column.astype(np.float64)
        endless = np.isinf(given.to_numpy())
        return given.mask(endless), endless
    text = texts(column)
    number = pd.to_numeric(text, errors="coerce")
    again = number.isna() & text.notna()
    if again.any():
        plain = narrow(text[again])
        if words:
            yes, neither = yes_no(text)
            if not neither.any():
                return yes, neither
            plain = plain.str.replace(r"^(\d{4})年度?$", r"\1", regex=True)
        grouped = plain.str.fullmatch(_THOUSANDS)
        plain = plain.mask(grouped, plain.str.replace(r"[,\s]", "", regex=True))
        myriads = plain.str.fullmatch(_MYRIADS)
        read = pd.to_numeric(plain.mask(myriads, plain.str.rstrip("万")), errors="coerce")
        by = np.nan if unit is None else 1.0 if unit.startswith("万") else 10_000.0
        number = number.mask(again, read.where(~myriads, read * by))
    number = number.astype(np.float64).replace([np.inf, -np.inf], np.nan)
    return number, (number.isna() & text.notna()).to_numpy(dtype=bool)


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


def coordinates(column: pd.Series) -> tuple[pd.Series, NDArray[np.bool_]]:
    """Coordinates: numbers, or degrees as people write them (`degrees`).

    Returns
    -------
    number : pandas.Series
        float64, NaN where there is none.
    bad : numpy.ndarray of bool
        Text that is neither.

    Examples
    --------
    >>> number, bad = coordinates(pd.Series(["120.755", "120°45′18″E", "北纬30.5", "东栅"]))
    >>> number.tolist(), bad.tolist()
    ([120.755, 120.755, 30.5, nan], [False, False, False, True])
    """
    number, bad = numbers(column)
    if bad.any() and not pd.api.types.is_numeric_dtype(column.dtype):
        number = number.mask(bad, degrees(texts(column[bad])))
        bad = bad & number.isna().to_numpy()
    return number, bad


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


def _matches(text: pd.Series, pattern: str) -> NDArray[np.bool_]:
    """In which texts RE2 finds a pattern: a million take a tenth of the second that Python's own takes."""
    import pyarrow as pa
    import pyarrow.compute as pc

    found = pc.match_substring_regex(pa.array(text, type=pa.large_string(), from_pandas=True), pattern)
    return np.asarray(pc.fill_null(found, False), dtype=np.bool_)


def _plain(column: pd.Series) -> pd.Series:
    """`texts` without full width."""
    return narrow(texts(column))


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
