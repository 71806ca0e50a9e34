"""Columns of a file as the contract wants them: names, trimmed text, codes, numbers; of issues nothing else is carried."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from jxgis import parse
from jxgis.schema.layers import Contract, same_name

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from jxgis.schema.columns import Column

__all__ = [
    "MOST_NUMBER",
    "as_code",
    "as_coordinate",
    "as_number",
    "as_text",
    "as_written",
    "differing",
    "empty_rows",
    "holdable",
    "rename_columns",
    "whole_as_text",
]

MOST_NUMBER = 1e15
"""Nothing of a city is more; beyond, numbers lose their ones, and in the end their sum is infinite."""
_NULLS = ["", "null", "none", "nan", "n/a", "<na>", "\\n"]
# Within a text they would begin a line of their own in a message, or turn the line that it stands in.
_BREAKS = r"\s*[\x00-\x1f\x7f\x85\u2028\u2029]+\s*"
_TURNS = r"[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]"
# Either of them, as RE2 writes it.
_ODD = r"[\x00-\x1f\x7f\x{85}\x{2028}\x{2029}\x{61c}\x{200e}\x{200f}\x{202a}-\x{202e}\x{2066}-\x{2069}]"
_THOUSANDS = r"[+-]?[1-9]\d{0,2}(?:[,\s]\d{3})+(?:\.\d+)?"
_MYRIADS = r"[+-]?\d+(?:\.\d+)?\s*万"
_LOST_DIGITS = re.compile(r"^\d(?:\.\d+)?[eE]\+?\d+$")


def rename_columns(
    frame: pd.DataFrame, mapping: Mapping[str, str], agreed: Contract, keep: Collection[str] = ()
) -> tuple[pd.DataFrame, list[str]]:
    """Give columns their contract names, and drop the others where the contract does not carry them.

    Parameters
    ----------
    frame
        As it was read.
    mapping
        Contract name to the name in the file.
    agreed
        The contract.
    keep
        Other columns of the file to carry all the same.

    Returns
    -------
    frame : pandas.DataFrame
        A carried column that has a contract name without being that column gets the ending ``_file``.
    dropped : list of str
        The columns that were not carried.
    """
    names = {there: here for here, there in mapping.items()}
    wanted = {same_name(name) for name in keep}
    left = [
        column
        for column in frame.columns
        if not agreed.carries and column not in names and same_name(str(column)) not in wanted
    ]
    taken = set(names.values()) | {column.name for column in agreed.columns} | {"geometry"}
    for column in frame.columns:
        if column not in names and column in taken:
            name = f"{column}_file"
            while name in taken or name in frame:
                name += "_"
            names[column] = name
    return frame.drop(columns=left).rename(columns=names), [str(column) for column in left]


def holdable(frame: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    r"""The columns of a file that a table of results can hold: text, numbers, times.

    Bytes that are text become text, Arrow's and short reals become numpy's; spans of time, times beyond the year 9999 and whole
    numbers beyond 64 bits with a sign become text.

    Parameters
    ----------
    frame
        As a driver read it.

    Returns
    -------
    frame : pandas.DataFrame
        The same one where there is nothing to do.
    left : list of str
        Columns left out: pictures and other bytes, geometries beside the row's own.

    Examples
    --------
    >>> frame, left = holdable(pd.DataFrame({"a": [b"x", b"y"], "photo": [b"\xff", b"\xd8"], "n": [1, 2]}))
    >>> frame["a"].tolist(), list(frame.columns), left
    (['x', 'y'], ['a', 'n'], ['photo'])
    """
    left: list[object] = []
    changed: dict[str, pd.Series] = {}
    for at, column in enumerate(frame.columns):
        values = frame.iloc[:, at]
        if values.dtype.name == "geometry":
            left.append(column)
        elif values.dtype == np.float16 or (isinstance(values.dtype, pd.ArrowDtype) and values.dtype.kind == "f"):
            # Arrow's reals know no remainder, by which whole numbers are told; short ones no driver writes.
            changed[column] = values.astype("float64")
        elif (
            values.dtype.kind == "m"
            or _beyond_dates(values)
            or (values.dtype.kind == "u" and bool((values.dropna() > np.iinfo(np.int64).max).any()))
        ):
            changed[column] = values.astype("str").where(values.notna())
        elif values.dtype == object and values.map(lambda value: isinstance(value, bytes)).any():
            try:
                changed[column] = values.map(lambda value: value.decode() if isinstance(value, bytes) else value)
            except UnicodeDecodeError:
                left.append(column)
    if not left and not changed:
        return frame, []
    return frame.assign(**changed).drop(columns=left), [str(column) for column in left]


def _beyond_dates(values: pd.Series) -> bool:
    """Whether a column holds times outside the years 1 to 9999, which no driver writes."""
    return values.dtype.kind == "M" and not bool(values.dropna().dt.year.between(1, 9_999).all())


def differing(one: pd.Series, other: pd.Series, *, numbers: bool) -> NDArray[np.bool_]:
    """In which rows two columns for one meaning do not say the same, or only one says anything.

    Parameters
    ----------
    one, other
        As the file has them.
    numbers
        Whether to compare them as numbers, to a ten-millionth (a metre in degrees); else as text.

    Examples
    --------
    >>> differing(pd.Series(["120.75", "120.76", ""]), pd.Series([120.75, 120.7, 120.7]), numbers=True).tolist()
    [False, True, True]
    >>> differing(pd.Series(["月河 ", "府南", None]), pd.Series(["月河", "府南市场", None]), numbers=False).tolist()
    [False, True, False]
    """
    a, b = (as_coordinate(column)[0] if numbers else as_text(column) for column in (one, other))
    same = np.isclose(a, b, rtol=1e-7, atol=0) if numbers else (a == b).to_numpy(dtype=bool)
    return ~(same | (a.isna() & b.isna()).to_numpy(dtype=bool))


def empty_rows(frame: pd.DataFrame) -> NDArray[np.bool_]:
    """Which rows of a table hold nothing at all.

    Examples
    --------
    >>> empty_rows(pd.DataFrame({"a": ["x", None], "b": [None, None]})).tolist()
    [False, True]
    """
    empty = np.ones(len(frame), dtype=np.bool_)
    for at in range(frame.shape[1]):
        if not empty.any():
            break
        empty &= frame.iloc[:, at].isna().to_numpy()
    return empty


def as_text(column: pd.Series) -> pd.Series:
    r"""Trimmed text on one line; blank, ``NULL`` and the like are missing; a whole number has no ``.0``.

    Examples
    --------
    >>> as_text(pd.Series(["02  ", " ", "NULL", None])).tolist()
    ['02', nan, nan, nan]
    >>> as_text(pd.Series([330402007.0, np.nan])).tolist()
    ['330402007', nan]
    >>> as_text(pd.Series([7, 3.3e19])).tolist()
    ['7', '3.3e+19']
    >>> as_text(pd.Series(["东栅\n错误：\u202e"])).tolist()
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


def _matches(text: pd.Series, pattern: str) -> NDArray[np.bool_]:
    """In which texts RE2 finds a pattern: a million take a tenth of the second that Python's own takes."""
    import pyarrow as pa
    import pyarrow.compute as pc

    found = pc.match_substring_regex(pa.array(text, type=pa.large_string(), from_pandas=True), pattern)
    return np.asarray(pc.fill_null(found, False), dtype=np.bool_)


def whole_as_text(column: pd.Series) -> pd.Series:
    """Text of a column; where all numbers are whole, without ``.0``, but for those that 64 bits do not hold."""
    text = column.astype("str")
    if not (pd.api.types.is_float_dtype(column.dtype) and bool(column.dropna().mod(1).eq(0).all())):
        return text
    held = (column.abs() < float(np.iinfo(np.int64).max)).to_numpy(dtype=bool, na_value=False)
    return column.where(held).astype("Int64").astype("str").where(held, text)


def as_code(column: pd.Series) -> tuple[pd.Series, NDArray[np.bool_]]:
    """Text of a code, with what Excel made of it undone where it can be.

    Returns
    -------
    code : pandas.Series
        ``330402007.0`` has become ``330402007`` again.
    lost : numpy.ndarray of bool
        Codes such as ``3.30402E+14``, whose digits are gone.

    Examples
    --------
    >>> code, lost = as_code(pd.Series(["330402007.0", "3.30402E+14", "02  "]))
    >>> code.tolist(), lost.tolist()
    (['330402007', '3.30402E+14', '02'], [False, True, False])
    """
    text = as_text(column)
    whole = text.str.fullmatch(r"\d+\.0+", na=False)
    if whole.any():
        text = text.mask(whole, text.str.partition(".")[0])
    lost = text.str.fullmatch(_LOST_DIGITS.pattern, na=False)
    return text, lost.to_numpy(dtype=bool)


def as_number(column: pd.Series, *, myriad: float = 10_000) -> tuple[pd.Series, NDArray[np.bool_]]:
    """Numbers of any width, as people write them: 1,200 and 1.2万, a year as one (2024年); a column of yes and no alone is 1 and 0.

    A comma parts thousands only: 12,5 is not a number, since it may be 12.5.

    Parameters
    ----------
    column
        Numbers or text.
    myriad
        What 万 is: 1 of a column whose unit is 万 itself; NaN: nobody knows, and such a text is not a number.

    Returns
    -------
    number : pandas.Series
        float64, NaN where there is none.
    bad : numpy.ndarray of bool
        Text that is not a number, or a number that is not finite.

    Examples
    --------
    >>> number, bad = as_number(pd.Series(["1,234", "2024年", "３.５", "1.2万", "12,5", None]))
    >>> number.tolist(), bad.tolist()
    ([1234.0, 2024.0, 3.5, 12000.0, nan, nan], [False, False, False, False, True, False])
    >>> as_number(pd.Series(["是", "否", None]))[0].tolist()
    [1.0, 0.0, nan]
    """
    if pd.api.types.is_numeric_dtype(column.dtype):
        given = column.astype(np.float64)
        endless = np.isinf(given.to_numpy())
        return given.mask(endless), endless
    text = as_text(column)
    number = pd.to_numeric(text, errors="coerce")
    again = number.isna() & text.notna()
    if again.any():
        yes, neither = parse.yes_no(text)
        if not neither.any():
            return yes, neither
        plain = parse.narrow(text[again]).str.replace(r"^(\d{4})年度?$", r"\1", regex=True)
        grouped = plain.str.fullmatch(_THOUSANDS)
        plain = plain.mask(grouped, plain.str.replace(r"[,\s]", "", regex=True))
        myriads = plain.str.fullmatch(_MYRIADS)
        read = pd.to_numeric(plain.mask(myriads, plain.str.rstrip("万")), errors="coerce")
        number = number.mask(again, read.where(~myriads, read * myriad))
    number = number.astype(np.float64).replace([np.inf, -np.inf], np.nan)
    return number, (number.isna() & text.notna()).to_numpy(dtype=bool)


def as_coordinate(column: pd.Series) -> tuple[pd.Series, NDArray[np.bool_]]:
    """Coordinates: numbers, or degrees as people write them (`parse.degrees`).

    Returns
    -------
    number : pandas.Series
        float64, NaN where there is none.
    bad : numpy.ndarray of bool
        Text that is neither.

    Examples
    --------
    >>> number, bad = as_coordinate(pd.Series(["120.755", "120°45′18″E", "北纬30.5", "东栅"]))
    >>> number.tolist(), bad.tolist()
    ([120.755, 120.755, 30.5, nan], [False, False, False, True])
    """
    number, bad = as_number(column)
    if bad.any() and not pd.api.types.is_numeric_dtype(column.dtype):
        number = number.mask(bad, parse.degrees(as_text(column[bad])))
        bad = bad & number.isna().to_numpy()
    return number, bad


def as_written(column: pd.Series, agreed: Column) -> tuple[pd.Series, NDArray[np.bool_]]:
    """Numbers of a column of the contract, read as people write what it holds: years, ranks, or numbers.

    Returns
    -------
    number : pandas.Series
        float64, NaN where there is none.
    bad : numpy.ndarray of bool
        What is not understood.

    Examples
    --------
    >>> from jxgis.schema.layers import contract
    >>> as_written(pd.Series(["２０２４", "NULL"]), contract("candidates").column("named_year"))[0].tolist()
    [2024.0, nan]
    >>> as_written(pd.Series(["800万", "1,200"]), contract("candidates").column("cost"))[0].tolist()  # of 万元
    [800.0, 1200.0]
    >>> as_written(pd.Series(["10万", "10"]), contract("scorecard_values").column("denominator"))[1].tolist()
    [True, False]
    """
    if agreed.written in (None, "bare"):
        by_unit = 1.0 if (agreed.unit or "").startswith("万") else 10_000.0
        return as_number(column, myriad=np.nan if agreed.written == "bare" else by_unit)
    if not (pd.api.types.is_numeric_dtype(column.dtype) or pd.api.types.is_datetime64_any_dtype(column.dtype)):
        column = as_text(column)
    return parse.years(column) if agreed.written == "year" else parse.ranks(column)
