"""What a result must hold where it leaves: a breach is a fault of jxgis, and nothing is written."""

from __future__ import annotations

from collections.abc import Collection
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from jxgis.schema.columns import Column
    from jxgis.schema.tables import Table

__all__ = ["BrokenTableError", "hold"]

#: What rounding leaves of a share that is 1, or of a difference that is none.
_ROUNDING = 1e-6


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
    jxgis.schema.check.BrokenTableError: parks.isochrones: area_km2: -2.0 is below 0; minutes: 2 rows share a key
    """
    breaches = [f"{name}: missing" for name in table.required if name not in frame.columns]
    for name in frame.columns:
        if name in table.columns and name not in own:
            null = table.columns[name].null and name not in table.keys
            breaches += [f"{name}: {said}" for said in _breaches(frame[name], table.columns[name], null=null)]
    if table.keys and set(table.keys) <= set(frame.columns):
        twice = int(frame.duplicated(list(table.keys), keep=False).sum())
        breaches += [f"{', '.join(table.keys)}: {twice} rows share a key"] if twice else []
    if breaches:
        raise BrokenTableError(f"{table.name}: {'; '.join(breaches)}")


def _breaches(values: pd.Series[Any], column: Column, *, null: bool) -> list[str]:
    known = values.dropna()
    found = [] if null or len(known) == len(values) else [f"{len(values) - len(known)} nulls"]
    if known.empty:
        # A column of nothing has whatever dtype chance gave it.
        return found
    if not _is(known, column.dtype):
        return [*found, f"{known.dtype} instead of {column.dtype}"]
    if column.dtype != "number":
        return found
    numbers = known.to_numpy(dtype=np.float64)
    slack = _ROUNDING * max(abs(column.least or 0), abs(column.most or 0), 1)
    if column.least is not None and numbers.min() < column.least - slack:
        found.append(f"{numbers.min()} is below {column.least:g}")
    if column.most is not None and numbers.max() > column.most + slack:
        found.append(f"{numbers.max()} is above {column.most:g}")
    if column.whole and (numbers != np.round(numbers)).any():
        found.append("not whole")
    return found


def _is(known: pd.Series[Any], dtype: str) -> bool:
    if dtype == "number" and known.dtype == object:
        return all(isinstance(value, Real) and not isinstance(value, bool) for value in known)
    if dtype == "number":
        return pd.api.types.is_numeric_dtype(known) and not pd.api.types.is_bool_dtype(known)
    if dtype == "flag":
        return pd.api.types.is_bool_dtype(known) or set(known.unique()) <= {True, False}
    if dtype == "time":
        return pd.api.types.is_datetime64_any_dtype(known)
    return all(isinstance(value, str) for value in known)
