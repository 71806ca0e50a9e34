"""Counts of so few cases that they point at people: shown as a range, with what would give them away left out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.sparse import csc_array

from jxgis.i18n import text
from jxgis.schema.tables import case_columns, telling_columns
from jxgis.suppression import left_out
from jxgis.zones import ALL

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from jxgis.i18n import Table

__all__ = [
    "MIN_RANGE",
    "as_words",
    "count_rows",
    "count_said",
    "hide_small",
    "leave_out",
    "small_range",
    "small_said",
]


#: Below it there is no range: fewer than two are one.
MIN_RANGE = 3
_NO_CLASS = "\x1f"
_PERIODS = ("issues_before", "issues_recent")  # what of a count lies in each of two periods


def small_range(min_count: int) -> str:
    """How counts from 1 to below ``min_count`` are written.

    Examples
    --------
    >>> small_range(3)
    '1–2'
    """
    return f"1–{min_count - 1}"


def count_said(count: int, min_count: int) -> str:
    """One count as people are shown it: a small one as a range.

    Examples
    --------
    >>> count_said(2, 3), count_said(0, 3), count_said(1234, 3), count_said(1, 2)
    ('1–2', '0', '1,234', '1')
    """
    return small_range(min_count) if min_count >= MIN_RANGE and 0 < count < min_count else f"{count:,}"


def small_said(min_count: int, lang: str, *, blank: bool = False) -> str:
    """The sentence that stands where counts are shown; empty where none is hidden.

    Parameters
    ----------
    min_count
        The least count that is shown.
    lang
        ``"zh"`` or ``"en"``.
    blank
        Of a workbook: its cells are empty where a page has a dash.

    Examples
    --------
    >>> small_said(3, "zh")
    '不足 3 件的显示为 1–2；会让人推算出它们的数显示为“—”，不论大小。'
    """
    key = "common.small_counts_blank" if blank else "common.small_counts"
    return text(key, lang, n=min_count, range=small_range(min_count)) if min_count >= MIN_RANGE else ""


def hide_small(
    table: Table,
    *,
    min_count: int,
    within: Sequence[str] | None = None,
    sums: Sequence[str] = (),
    lost: NDArray[np.bool_] | None = None,
) -> Table:
    """A copy of a table of issues for people's eyes, in which no count is below ``min_count`` but zero.

    A count from 1 to ``min_count - 1`` becomes a range, and what its row says beside it that would give the count away
    (shares, rates, z) is missing. Where counts add up, further ones are missing too, as long as all that is shown together
    would tell a small one: see :func:`jxgis.suppression.left_out`. Of what lies in each of two periods nothing is shown,
    nor its change, where one holds that few, or the time outside both.

    Parameters
    ----------
    table
        With ``count``, ``issues`` or ``inside``.
    min_count
        The least count that is shown. 1 hides nothing, and nor does 2: fewer than two are one, so that there is no range.
    within, sums
        What adds up, as for `count_rows`.
    lost
        Rows (n,) whose counts are to be missing, where `leave_out` has been asked already, for several tables together.

    Returns
    -------
    pandas.DataFrame
        Columns in which something is hidden have dtype object: numbers, ranges (text) and missing values.

    Examples
    --------
    >>> table = pd.DataFrame(
    ...     {"zone": "老城", "issue_class": ["all", "甲", "乙", "丙"], "count": [30, 19, 10, 1], "per_km2": [3, 1.9, 1, 0.1]}
    ... )
    >>> hide_small(table, min_count=3, within=["zone"])[["issue_class", "count"]].values.tolist()
    [['all', 30], ['甲', 19], ['乙', None], ['丙', '1–2']]
    """
    columns = [column for column in case_columns() if column in table.columns]
    if min_count < MIN_RANGE or not columns or table.empty:
        return table
    shown = table.copy()
    telling = np.zeros(len(table), dtype=bool)
    for column in columns:
        count = _whole_numbers(table[column])
        small = (count > 0) & (count < min_count)
        gone = lost
        if gone is None:
            adds_up = within is not None or len(sums) > 0
            gone = (
                leave_out(count_rows(table, column, within=within, sums=sums), min_count) if adds_up else ~small & False
            )
        if small.any() or gone.any():
            values = table[column].astype(object).to_numpy(copy=True)
            values[small] = small_range(min_count)
            values[gone] = None
            shown[column] = pd.Series(values, index=table.index, dtype=object)
        telling |= small | gone
    for column in telling_columns():
        if column in shown.columns and telling.any():
            shown[column] = shown[column].mask(telling)
    return _hide_small_periods(shown, min_count)


def _hide_small_periods(shown: Table, min_count: int) -> Table:
    """Both periods of a row are missing, and their change, where one is small, or the rest of the row's count is.

    The count less one of them is the other, and less both it is what lies in neither.
    """
    periods = [column for column in _PERIODS if column in shown.columns]
    if not periods:
        return shown
    counts = shown[periods].apply(pd.to_numeric, errors="coerce")
    for column in case_columns():
        if column in shown.columns:
            counts[column] = pd.to_numeric(shown[column], errors="coerce") - counts[periods].sum(axis=1)
    small = ((counts > 0) & (counts < min_count)).any(axis=1)
    told = [column for column in (*periods, "change") if column in shown.columns]
    if small.any():
        shown[told] = shown[told].mask(small)
    return shown


def count_rows(
    table: pd.DataFrame,
    column: str,
    *,
    of: str = "",
    within: Sequence[str] | None = None,
    sums: Sequence[str] = (),
    whole: str | None = None,
) -> pd.DataFrame:
    """What readers know to add up in a table of counts, for `leave_out`: rows of several tables can be put together.

    Parameters
    ----------
    table
        The table.
    column
        Its column of counts.
    of
        What the table is called among the others.
    within
        Columns that name a group whose rows of ``issue_class`` add up to its row ``all``: a cell, or a zone. Without names
        the whole table is one group; without ``issue_class`` each row is the ``all`` of its group. None: classes add up to
        nothing.
    sums
        Columns that name, for each row, a sum of its class that it is a part of: the city, its district, the place whose
        cells add up to its issues. Missing where there is none.
    whole
        Column that names the sum that a row is itself, or a list of them: the parts of each table add up by themselves. A
        sum that no row is counts as known; where it is small, as a range.

    Returns
    -------
    pandas.DataFrame
        One row a count: ``of, issue_class, count, group, sums`` (lists), ``whole, known, lost, unsaid`` (it stands nowhere),
        and for `space.sums`, where known, ``level, geometry, when``.

    Examples
    --------
    >>> zones = pd.DataFrame({"zone": ["老城", "塘汇"], "level": "district", "issues": [500, 2]})
    >>> count_rows(zones, "issues", sums=["level"])[["issue_class", "count", "sums"]].values.tolist()
    [['all', 500, ['district']], ['all', 2, ['district']]]
    """
    of_class = table["issue_class"].astype(str) if "issue_class" in table.columns else pd.Series(ALL, table.index)
    group = pd.Series(None, index=table.index, dtype=object)
    if within is not None:
        number = table.groupby(list(within), sort=False, dropna=False).ngroup() if within else 0
        group = f"{of}\x1f" + pd.Series(number, index=table.index).astype(str)
    named = [table[name].astype(object).where(table[name].notna(), None).tolist() for name in sums]
    return pd.DataFrame(
        {
            "of": of,
            "issue_class": of_class.to_numpy(dtype=object),
            "count": _whole_numbers(table[column]),
            "group": group.to_numpy(dtype=object),
            "sums": [[str(name) for name in names if name is not None] for names in zip(*named, strict=True)]
            if named
            else [[] for _ in range(len(table))],
            "whole": None if whole is None else table[whole].astype(object).to_numpy(),
            "known": False,
            "lost": False,
            "unsaid": False,
            "level": None,
            "geometry": None,
            "when": "",
        }
    )


def leave_out(rows: pd.DataFrame, min_count: int) -> NDArray[np.bool_]:
    """Which counts are missing, and not even a range, so that all that is shown tells no small one.

    Parameters
    ----------
    rows
        As `count_rows` makes them.
    min_count
        The least count that is shown.

    Returns
    -------
    numpy.ndarray of bool
        One a row.

    Examples
    --------
    >>> units = pd.DataFrame({"unit_id": list("abc"), "district": ["甲", "甲", "乙"], "issues": [40, 2, 60]})
    >>> leave_out(count_rows(units, "issues", sums=["district"]), 3).tolist()
    [True, False, False]
    """
    asked, rows = len(rows), pd.concat([rows, _of_no_class(rows)], ignore_index=True)
    lost = rows["lost"].to_numpy(dtype=bool)
    count = rows["count"].to_numpy(dtype=np.int64)
    if min_count < MIN_RANGE or not ((count > 0) & (count < min_count)).any():
        return lost[:asked]
    adds, is_sum = _sums(rows)
    # A sum that no row is: where it is small, it stands as a range elsewhere.
    total = adds.groupby("sum")["row"].agg(lambda at: int(count[at.to_numpy()].sum()))
    ranged = total[~total.index.isin(is_sum["sum"]) & (total > 0) & (total < min_count)]
    n = len(rows) + len(ranged)
    is_sum = pd.concat([is_sum, pd.DataFrame({"sum": ranged.index, "row": range(len(rows), n)})])
    sums = pd.Index(total.index)
    row = np.concatenate([sums.get_indexer(adds["sum"]), sums.get_indexer(is_sum["sum"])])
    at = np.concatenate([adds["row"], is_sum["row"]]).astype(np.int64)
    sign = np.repeat([1, -1], [len(adds), len(is_sum)])
    matrix = csc_array((sign[row >= 0], (row[row >= 0], at[row >= 0])), shape=(len(sums), n))
    more = np.zeros(len(ranged), dtype=bool)
    found = left_out(
        np.concatenate([count, ranged.to_numpy(dtype=np.int64)]),
        matrix,
        min_count=min_count,
        gone=np.concatenate([lost, more]),
        fixed=np.concatenate([rows["known"].to_numpy(dtype=bool), ~more]),
        unsaid=np.concatenate([rows["unsaid"].to_numpy(dtype=bool), more]),
    )
    return found[:asked]


def _of_no_class(rows: pd.DataFrame) -> pd.DataFrame:
    """What is in the row ``all`` of a group and in none of its classes: shown nowhere, and the rest of what is.

    Not of what is known already, as how many issues of the whole file have no class, which is said when it is read. How many
    lie in a sum that is counted for one class at a time, as a hot place is, nobody can tell.
    """
    own = rows[rows["group"].notna()]
    whole = own["issue_class"] == ALL
    left = own["count"].where(whole, -own["count"]).groupby(own["group"]).sum()
    total = own[whole & ~own["known"].astype(bool) & own["group"].isin(own.loc[~whole, "group"])]
    rest = total.assign(count=total["group"].map(left), issue_class=_NO_CLASS, unsaid=True)
    rest = rest.loc[rest["count"] > 0].copy()
    by_class = set(rows.loc[rows["group"].isna(), "whole"].explode().dropna().astype(str))
    rest["sums"] = rest["sums"].map(lambda names: [name for name in names if name not in by_class])
    return rest


def _sums(rows: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Which row is part of which sum, and which row is which: of its group, over the classes, and by name, of its class."""
    whole = rows["issue_class"] == ALL
    own = rows["group"].notna() & rows["group"].isin(rows.loc[whole, "group"].dropna())
    named = rows["sums"].explode().dropna()
    named = named + "\x1f" + rows["issue_class"].loc[named.index]
    is_named = rows["whole"].explode().dropna().astype(str)
    is_named = is_named + "\x1f" + rows["issue_class"].loc[is_named.index]
    parts, sums = (
        pd.concat(of) for of in ((rows["group"][own & ~whole], named), (rows["group"][own & whole], is_named))
    )
    return tuple(pd.DataFrame({"sum": of.to_numpy(dtype=object), "row": of.index}) for of in (parts, sums))  # type: ignore[return-value]


def _whole_numbers(values: pd.Series) -> NDArray[np.int64]:
    """Counts; zero where there is none."""
    numbers: NDArray[np.int64] = pd.to_numeric(values, errors="coerce").fillna(0).to_numpy(dtype=np.int64)
    return numbers


def as_words(values: pd.Series) -> pd.Series:
    """Counts, some of them ranges, as text: thousands separated, what is left out as a dash.

    Examples
    --------
    >>> as_words(pd.Series([1234, "1–2", None], dtype=object)).tolist()
    ['1,234', '1–2', '—']
    """
    words = ["—" if pd.isna(value) else value if isinstance(value, str) else f"{value:,.0f}" for value in values]
    return pd.Series(words, index=values.index, dtype=object)
