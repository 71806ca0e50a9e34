"""The one check of tables against their declarations: of layers where data enters, of results where they leave."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from jxgis.i18n import Text, listed

if TYPE_CHECKING:
    from jxgis.schema.columns import Column
    from jxgis.schema.tables import Table

__all__ = ["ROUNDING", "BrokenTableError", "breaches", "hold"]

#: What rounding leaves of a share that is 1, or of a difference that is none.
ROUNDING = 1e-6


class BrokenTableError(AssertionError):
    """A table of a result breaks its declaration: a fault of jxgis, not of its input."""


def hold(frame: pd.DataFrame, table: Table, *, own: Collection[str] = ()) -> None:
    """Hold a table of a result to its declaration; it is looked at, neither cast nor put in another order.

    Parameters
    ----------
    frame
        The table; columns beyond those declared are the user's own.
    table
        Its declaration.
    own
        Columns of the user's that may be called like one that is declared: they hold what they hold.

    Raises
    ------
    BrokenTableError
        With every breach: a column that is missing, of another dtype or out of its range, a null, rows that share a key.

    Examples
    --------
    >>> from jxgis.schema.tables import table
    >>> hold(pd.DataFrame({"minutes": [5.0, 5.0], "area_km2": [1.0, -2.0]}), table("parks.isochrones"))
    Traceback (most recent call last):
    jxgis.schema.check.BrokenTableError: parks.isochrones: area_km2: -2.0 is below 0 (row 2); minutes: 2 rows share a key...
    """
    there = ((str(name), table.declared(str(name))) for name in frame.columns if name not in own)
    found = breaches(
        frame,
        [replace(column, name=name, null=column.null and name not in table.keys) for name, column in there if column],
        required=table.required,
        keys=[table.keys] if table.keys else [],
        slack=ROUNDING,
    )
    if found:
        raise BrokenTableError(f"{table.name}: {'; '.join(breach.en for breach in found)}")


def breaches(
    frame: pd.DataFrame,
    columns: Iterable[Column],
    *,
    required: Iterable[str],
    keys: Iterable[Sequence[str]],
    slack: float = 0.0,
) -> list[Text]:
    """Every way in which a table is not what is declared of it.

    Parameters
    ----------
    frame
        The table.
    columns
        The columns that are declared; those that are not there are not looked at.
    required
        Names of those that must be there.
    keys
        Names of the columns that together tell rows apart, once for each such key.
    slack
        How far out of its range a number may be, relative to the range.

    Returns
    -------
    list of Text
        A column that is missing, of another dtype or out of its range, a null, rows that share a key.

    Examples
    --------
    >>> from jxgis.schema.layers import contract
    >>> homes = pd.DataFrame({"name": ["a", "b"], "people": [3.0, -1.0]})
    >>> breaches(homes, contract("residential").columns, required=[], keys=[["name"]])
    [Text(zh='people：-1.0 小于 0（第 2 行）', en='people: -1.0 is below 0 (row 2)')]
    """
    found = [Text(zh=f"缺少列 {name}", en=f"{name}: missing") for name in required if name not in frame.columns]
    for column in columns:
        if column.name in frame.columns:
            found += _breaches(frame[column.name], column, slack)
    for key in keys:
        if not {*key} <= {*frame.columns}:
            continue
        known = frame[list(key)].dropna()
        twice = known[known.duplicated(keep=False)]
        if len(twice):
            names, first = listed(key, "en"), listed(twice.iloc[0], "en")
            zh, en = f"有 {len(twice)} 行相同，如 {first}", f"{len(twice)} rows share a key, such as {first}"
            found.append(Text(zh=f"{names}：{zh}", en=f"{names}: {en}"))
    return found


def _breaches(values: pd.Series[Any], column: Column, slack: float) -> list[Text]:
    there = values.notna().to_numpy()
    known, name, nulls = values[there], column.name, int((~there).sum())
    found: list[Text] = []
    if nulls and not column.null:
        found.append(Text(zh=f"{name}：有 {nulls} 行没有填写", en=f"{name}: {nulls} nulls"))
    if known.empty:
        # A column of nothing has whatever dtype chance gave it.
        return found
    if not _is(known, column.dtype):
        dtype = f"{known.dtype} instead of {column.dtype}"
        return [*found, Text(zh=f"{name}：类型应为 {column.dtype}，而不是 {known.dtype}", en=f"{name}: {dtype}")]
    if column.dtype != "number":
        return found
    numbers = known.to_numpy(dtype=np.float64)
    slack *= max(abs(column.least or 0), abs(column.most or 0), 1)
    least = -np.inf if column.least is None else column.least
    most = np.inf if column.most is None else column.most
    for out, zh, en in (
        (np.isinf(numbers), "不是有限的数字", "is not finite"),
        (numbers < least - slack, f"小于 {least:g}", f"is below {least:g}"),
        (numbers > most + slack, f"大于 {most:g}", f"is above {most:g}"),
        (column.whole & (numbers != np.round(numbers)), "不是整数", "is not whole"),
    ):
        if out.any():
            at = int(out.argmax())
            row = int(np.flatnonzero(there)[at]) + 1
            found.append(
                Text(
                    zh=f"{name}：{numbers[at]} {zh}（第 {row} 行）",
                    en=f"{name}: {numbers[at]} {en} (row {row})",
                )
            )
    return found


def _is(known: pd.Series[Any], dtype: str) -> bool:
    if dtype == "number" and known.dtype == object:
        return all(isinstance(value, Real) and not isinstance(value, bool) for value in known)
    if dtype == "number":
        return pd.api.types.is_numeric_dtype(known) and not pd.api.types.is_bool_dtype(known)
    if dtype == "flag":
        return pd.api.types.is_bool_dtype(known) or set(known.unique()) <= {True, False}
    if dtype == "time":
        return pd.api.types.is_datetime64_dtype(known)
    return isinstance(known.dtype, pd.StringDtype) or all(isinstance(value, str) for value in known)
