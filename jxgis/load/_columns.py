"""Columns of a file as the contract wants them: names, and numbers as what they are; of issues nothing else is carried."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from jxgis import parse
from jxgis.errors import InputError
from jxgis.i18n import listed
from jxgis.load._written import is_geometry_name
from jxgis.schema.in_heads import factor, is_unit, pieces
from jxgis.schema.layers import Contract, same_name

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from jxgis.schema.columns import Column

__all__ = [
    "as_written",
    "differing",
    "empty_rows",
    "holdable",
    "rename_columns",
    "with_units",
    "without_percent",
]


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
        if not agreed.carries and column not in names and same_name(column) not in wanted
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

    Bytes that are text become text, those of geometries in a column of their name hexadecimal text, Arrow's and short reals become numpy's; spans of time, times beyond the year 9999 and whole
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
            if is_geometry_name(str(column)) and values.dropna().map(_begins_as_wkb).all():
                changed[column] = values.map(bytes.hex, na_action="ignore")
                continue
            try:
                changed[column] = values.map(lambda value: value.decode() if isinstance(value, bytes) else value)
            except UnicodeDecodeError:
                left.append(column)
    if not left and not changed:
        return frame, []
    return frame.assign(**changed).drop(columns=left), [str(column) for column in left]


def _begins_as_wkb(value: object) -> bool:
    return isinstance(value, bytes) and value[:1] in (b"\0", b"\1")


def _beyond_dates(values: pd.Series) -> bool:
    """Whether a column holds times outside the years 1 to 9999, which no driver writes."""
    return values.dtype.kind == "M" and not bool(values.dropna().dt.year.between(1, 9_999).all())


def with_units(
    frame: pd.DataFrame, units: Mapping[str, str], agreed: Contract, *, above: str, what: str
) -> tuple[pd.DataFrame, dict[str, str]]:
    """Bring numbers into the contract's units; where each row says its unit, write those of heads and of the line above them into it.

    Parameters
    ----------
    frame
        With contract columns, as it was read.
    units
        From `schema.matching.units_in_heads`.
    agreed
        The contract.
    above
        The unit that stands above the heads: of rows for which nothing else says one.
    what
        The file, for messages.

    Returns
    -------
    frame : pandas.DataFrame
        A row whose column says another unit than the heads says both.
    converted : dict
        The columns whose numbers were converted, and to which unit.

    Raises
    ------
    InputError
        If heads say several units where rows have one.
    """
    if agreed.column("unit") is None:
        made, converted = {}, {}
        for column in agreed.columns:
            unit = units.get(column.name, column.unit)
            by = factor(unit, column.unit) if unit and column.unit else None
            if column.unit and by is not None and by != 1:
                number, bad = as_written(frame[column.name], replace(column, unit=unit))
                made[column.name] = (number * by).astype("object").where(~bad, frame[column.name])
                converted[column.name] = column.unit
        return frame.assign(**made), converted
    said = [*dict.fromkeys(units.values())]
    if len(said) > 1:
        raise InputError(
            zh=f"{what} 的列名写有几种单位：{listed(said, 'zh')}；完成量和计划量须用同一单位，请换算，或指明用哪一列。",
            en=f"{what}: the heads say several units, {listed(said, 'en')}; what is done and its total have one: convert them, or "
            "name the columns to be taken.",
        )
    own = parse.texts(frame["unit"]) if "unit" in frame else pd.Series(None, index=frame.index, dtype="str")
    if said:
        return frame.assign(unit=own.map(lambda unit: _with_heads(unit, said[0]))), {}
    return (frame.assign(unit=own.fillna(above)) if above else frame), {}


def _with_heads(own: str | None, head: str) -> str:
    """The unit of a row under a head that says one: both where they are two; its own of several that the head says (条/公里)."""
    mine = same_name(own)
    if mine in pieces(head):
        return mine
    return f"{own}/{head}" if is_unit(mine) else head


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
    a, b = (parse.coordinates(column)[0] if numbers else parse.texts(column) for column in (one, other))
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
    >>> from jxgis.schema.columns import Column
    >>> as_written(pd.Series(["10万", "10"]), contract("scorecard_values").column("denominator"))[1].tolist()
    [True, False]
    >>> as_written(pd.Series(["是", "1.2万"]), Column("done", "number", written="count"))[0].tolist()
    [nan, 12000.0]
    """
    if agreed.written in (None, "bare", "share", "count"):
        unit = None if agreed.written in ("bare", "share") else agreed.unit or ""
        return parse.numbers(column, unit=unit, words=agreed.written != "count")
    return parse.years(column) if agreed.written == "year" else parse.ranks(column)


def without_percent(column: pd.Series) -> tuple[pd.Series, NDArray[np.bool_]]:
    """A column without the % behind its numbers, and where one stood.

    Examples
    --------
    >>> values, signed = without_percent(pd.Series(["85%", "98.5 ％", "4.1", "%"]))
    >>> values.tolist(), signed.tolist()
    (['85', '98.5', '4.1', '%'], [True, True, False, False])
    """
    if column.dtype.kind in "fiub":
        return column, np.zeros(len(column), dtype=np.bool_)
    text = parse.texts(column)
    number = text.str.extract(r"^([+-]?\d[\d.,]*)\s*[%％]$", expand=False)
    return column.where(number.isna(), number), number.notna().to_numpy(dtype=np.bool_)
