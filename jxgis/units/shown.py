"""Units as people are shown them: no small count of issues, and none that the others, or their district, would tell."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd

from jxgis.small_counts import count_rows, hide_small, leave_out

if TYPE_CHECKING:
    from jxgis.i18n import Table

__all__ = ["hide_units", "unit_counts"]


def unit_counts(units: pd.DataFrame, min_count: int, known: Sequence[pd.DataFrame] = ()) -> pd.DataFrame:
    """What readers know of the units' counts, and which are left out: units add up to their district.

    Parameters
    ----------
    units
        The contract's ``units``: ``unit_id, issues``, and ``district`` where there is one.
    min_count
        The least number of cases that is shown.
    known
        What readers know of the districts already: see :func:`jxgis.small_counts.count_rows`.

    Returns
    -------
    pandas.DataFrame
        As `count_rows`, with ``lost``.
    """
    district = units["district"] if "district" in units.columns else pd.Series("", index=units.index)
    named = units.assign(_district="units:" + district.fillna("").astype(str))
    own = count_rows(named, "issues", of="units", sums=["_district"])
    rows = pd.concat([*known, own], ignore_index=True)
    return rows.assign(lost=leave_out(rows, min_count)).tail(len(own))


def hide_units(units: Table, *, min_count: int, known: Sequence[pd.DataFrame] = ()) -> Table:
    """Units in which no count of issues is small, nor told by those of the other units of the district.

    Parameters
    ----------
    units, min_count, known
        As for `unit_counts`; without ``issues`` there is nothing to hide.

    Examples
    --------
    >>> units = pd.DataFrame({"unit_id": list("abc"), "district": ["甲", "甲", "乙"], "issues": [40, 2, 60]})
    >>> hide_units(units, min_count=3)["issues"].tolist()
    [None, '1–2', 60]
    """
    if "issues" not in units.columns:
        return units
    return hide_small(
        units, min_count=min_count, lost=unit_counts(units, min_count, known)["lost"].to_numpy(dtype=bool)
    )
