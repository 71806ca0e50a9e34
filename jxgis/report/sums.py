"""Rows of sums below a table for people: of what adds up, over rows that share nothing, by the declarations."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd

if TYPE_CHECKING:
    from jxgis.schema.columns import Column
    from jxgis.schema.tables import Table

__all__ = ["SumRow", "sum_rows"]


class SumRow(NamedTuple):
    """One row of sums.

    Attributes
    ----------
    of
        The values of the columns by which its rows were found; without any it is of all rows.
    sums
        Name of a column to its sum: a number, or text where rows are not shown: no less than those that are.
    """

    of: dict[str, Any]
    sums: dict[str, Any]


def sum_rows(frame: pd.DataFrame, table: Table) -> list[SumRow]:
    """Add up the rows of a table as it is declared, of those with more than one row each.

    Where a count of the rows is hidden, what is shown adds up to no more than readers can add up themselves.

    Parameters
    ----------
    frame
        The table as people are shown it: hidden counts are ranges (text) or missing.
    table
        Its declaration.

    Examples
    --------
    >>> from jxgis.schema.tables import table
    >>> units = pd.DataFrame({"unit_id": list("abc"), "area_km2": [2.0, 3.0, 4.0], "issues": [1200, "1–2", 80]})
    >>> sum_rows(units, table("units.units"))
    [SumRow(of={}, sums={'area_km2': 9.0, 'issues': '≥ 1,280'})]
    """
    columns = {
        name: table.columns[name] for name in frame.columns if name in table.columns and table.columns[name].adds
    }
    found = []
    for by in table.sums:
        if not columns or not set(by) <= set(frame.columns):
            continue
        groups = frame.groupby(list(by), sort=False, dropna=False) if by else [((), frame)]
        for values, rows in groups:
            if len(rows) > 1:
                sums = {name: _sum(rows[name], column) for name, column in columns.items()}
                found.append(SumRow(dict(zip(by, values, strict=True)), sums))
    return found


def _sum(values: pd.Series[Any], column: Column) -> Any:
    """The sum; as text the sum of what is known where not all is, or none where that says nothing."""
    known = pd.to_numeric(values, errors="coerce").dropna()
    total = float(known.sum())
    if len(known) == len(values):
        return total
    if not len(known) or column.least is None or column.least < 0:
        return None
    step = 10.0**column.digits
    return f"≥ {math.floor(total * step) / step:,.{column.digits}f}"
