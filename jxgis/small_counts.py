"""Counts of so few cases that they point at people: shown as a range, with what would give them away left out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import pandas as pd

from jxgis.i18n import text
from jxgis.schema.tables import case_columns, telling_columns

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["as_words", "hide_mix", "hide_small", "hide_small_units", "hide_tops", "small_range", "small_said"]

Table = TypeVar("Table", bound=pd.DataFrame)

_ALL = "all"
_ROW, _SUM = "_row", "_sum"
# Hiding a figure of a row may give one of a column away, and so on; tables of zones settle in two or three.
_ROUNDS = 20
_TOPS = re.compile(r"top(\d+)_share")
_PERIODS = ("issues_before", "issues_recent")  # what of a count lies in each of two periods


def small_range(min_count: int) -> str:
    """How counts from 1 to below ``min_count`` are written.

    Examples
    --------
    >>> small_range(3), small_range(2)
    ('1–2', '1')
    """
    return "1" if min_count <= 2 else f"1–{min_count - 1}"


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
    '不足 3 件的显示为 1–2；能反推出来的数显示为“—”。'
    """
    key = "common.small_counts_blank" if blank else "common.small_counts"
    return text(key, lang, n=min_count, range=small_range(min_count)) if min_count > 1 else ""


def hide_small(
    table: Table,
    *,
    min_count: int,
    within: Sequence[str] | None = None,
    sums: Sequence[str] = (),
    nested: tuple[str, str] | None = None,
) -> Table:
    """A copy of a table of issues for people's eyes, in which no count is below ``min_count`` but zero.

    A count from 1 to ``min_count - 1`` becomes a range, and what its row says beside it that would give the count away
    (shares, rates, z) is missing. Where classes add up to a total that is shown, further counts are missing too, the
    smallest first, as long as the hidden ones of a group could be told from the total and the others. Of what lies in
    each of two periods nothing is shown, nor its change, where one holds that few.

    Parameters
    ----------
    table
        With ``count``, ``issues`` or ``inside``.
    min_count
        The least count that is shown; 1 hides nothing.
    within
        Columns that name a group whose rows of ``issue_class`` add up to its row ``all``: a cell, or a zone. Without names
        the whole table is one group; without ``issue_class`` each row is the ``all`` of its group. None: the rows add up
        to nothing.
    sums
        Columns that name, for each row, a sum of its class that is shown elsewhere and that it is a part of: the level
        whose zones add up to the city, the place whose cells add up to its issues. Missing where there is none.
    nested
        Two columns: the name of the sum that a row is a part of, and the name of the sum that a row is itself, both of its
        class: a sub-district and its district. Missing where there is none. Each sum is looked at by itself: what several
        of them tell together, where all counts are tiny, is not searched for.

    Returns
    -------
    pandas.DataFrame
        Columns in which something is hidden have dtype object: numbers, ranges (text) and missing values.

    References
    ----------
    Hundepool et al. (2012), Statistical Disclosure Control, chapter 4: primary and secondary cell suppression.

    Examples
    --------
    >>> table = pd.DataFrame(
    ...     {"zone": "老城", "issue_class": ["all", "甲", "乙", "丙"], "count": [30, 19, 10, 1], "per_km2": [3, 1.9, 1, 0.1]}
    ... )
    >>> hide_small(table, min_count=3, within=["zone"])[["issue_class", "count"]].values.tolist()
    [['all', 30], ['甲', 19], ['乙', None], ['丙', '1–2']]
    """
    columns = [column for column in case_columns() if column in table.columns]
    if min_count <= 1 or not columns or table.empty:
        return table
    shown = table.copy()
    telling = np.zeros(len(table), dtype=bool)
    for column in columns:
        count = pd.to_numeric(table[column], errors="coerce").to_numpy(dtype=float)
        small = (count > 0) & (count < min_count)
        lost = np.zeros(len(table), dtype=bool)
        if within is not None:
            lost = _lost(table, count, within, sums, nested, min_count)
        if small.any() or lost.any():
            values = table[column].astype(object).to_numpy(copy=True)
            values[lost] = None
            values[small & ~lost] = small_range(min_count)
            shown[column] = pd.Series(values, index=table.index, dtype=object)
        telling |= small | lost
    for column in telling_columns():
        if column in shown.columns and telling.any():
            shown[column] = shown[column].mask(telling)
    return _hide_small_periods(shown, min_count)


def _hide_small_periods(shown: Table, min_count: int) -> Table:
    """Both periods of a row are missing, and their change, where one is small: with the row's count they tell each other."""
    periods = [column for column in _PERIODS if column in shown.columns]
    if not periods:
        return shown
    counts = shown[periods].apply(pd.to_numeric, errors="coerce")
    small = ((counts > 0) & (counts < min_count)).any(axis=1)
    told = [column for column in (*periods, "change") if column in shown.columns]
    if small.any():
        shown[told] = shown[told].mask(small)
    return shown


def hide_small_units(units: Table, *, min_count: int) -> Table:
    """Units in which no count of issues is small, nor told by those of the other units of the district.

    Parameters
    ----------
    units
        The contract's ``units``: ``issues``, and ``district`` where there is one.
    min_count
        As for `hide_small`.

    Examples
    --------
    >>> units = pd.DataFrame({"unit_id": list("abc"), "district": ["甲", "甲", "乙"], "issues": [40, 2, 60]})
    >>> hide_small_units(units, min_count=3)["issues"].tolist()
    [None, '1–2', 60]
    """
    district = units["district"] if "district" in units.columns else pd.Series("", index=units.index)
    own = units.assign(**{_ROW: range(len(units)), _SUM: district.fillna("")})
    return hide_small(own, min_count=min_count, within=[_ROW], sums=[_SUM]).drop(columns=[_ROW, _SUM])


def _lost(
    table: pd.DataFrame,
    count: NDArray[np.float64],
    within: Sequence[str],
    sums: Sequence[str],
    nested: tuple[str, str] | None,
    min_count: int,
) -> NDArray[np.bool_]:
    """Rows that are to be missing, so that no hidden count can be told from a sum of its group or of its class."""
    groups = table.groupby(list(within), sort=False, dropna=False).ngroup() if within else pd.Series(0, table.index)
    group = groups.to_numpy(dtype=np.intp)
    of_class = table["issue_class"] if "issue_class" in table.columns else pd.Series(_ALL, index=table.index)
    names, kind = np.unique(of_class.astype(str).to_numpy(), return_inverse=True)
    counts = np.full((group.max() + 1, len(names)), np.nan)
    counts[group, kind] = count
    small = (counts > 0) & (counts < min_count)
    hidden = small.copy()
    whole = names == _ALL
    parts = [rows for name in sums for rows in table.groupby([table[name], of_class], sort=False).indices.values()]
    inner = [] if nested is None else _inner(table, of_class, *nested)
    for _ in range(_ROUNDS):
        before = int(hidden.sum())
        if whole.any():
            _across(counts[:, ~whole], counts[:, whole][:, 0], small, hidden, whole, min_count)
        for rows in parts:
            _down(counts, small, hidden, (group[rows], kind[rows]), min_count)
        for rows, row in inner:
            own, total = (group[rows], kind[rows]), (int(group[row]), int(kind[row]))
            if not hidden[total]:
                hidden[total] = _down(counts, small, hidden, own, min_count)
            elif not hidden[own].any():
                _hide_part(counts, hidden, own)
        if int(hidden.sum()) == before:
            break
    return (hidden & ~small)[group, kind]


def _inner(table: pd.DataFrame, of_class: pd.Series, part_of: str, is_sum: str) -> list[tuple[NDArray[np.intp], int]]:
    """The rows that are parts of each sum of a class, and the row that is the sum."""
    whole = pd.DataFrame({"sum": table[is_sum].to_numpy(), "of": of_class.to_numpy()}).dropna()
    at = {(name, of): int(row) for row, name, of in whole.itertuples(name=None)}
    parts = table.groupby([table[part_of], of_class], sort=False).indices
    return [(np.asarray(rows), at[key]) for key, rows in parts.items() if key in at]


def _across(
    parts: NDArray[np.float64],
    total: NDArray[np.float64],
    small: NDArray[np.bool_],
    hidden: NDArray[np.bool_],
    whole: NDArray[np.bool_],
    min_count: int,
) -> None:
    """Hide a further class of each group that its total gives away; the total itself where there is no other class."""
    own = hidden[:, ~whole]
    told = _told(parts, total, small[:, ~whole], own, min_count) & ~hidden[:, whole][:, 0]
    left = _hide_smallest(parts, own, told)
    hidden[:, ~whole] = own
    hidden[np.ix_(left, np.flatnonzero(whole))] = True


def _down(
    counts: NDArray[np.float64],
    small: NDArray[np.bool_],
    hidden: NDArray[np.bool_],
    at: tuple[NDArray[np.integer[Any]], NDArray[np.integer[Any]]],
    min_count: int,
) -> bool:
    """Hide a further part of a sum that gives a hidden one away; whether it does and there is no other part."""
    own = hidden[at][np.newaxis]
    if not own.any():
        return False
    parts = counts[at][np.newaxis]
    told = _told(parts, np.nansum(parts, axis=1), small[at][np.newaxis], own, min_count)
    return bool(told[0]) and not _hide_part(counts, hidden, at)


def _hide_part(
    counts: NDArray[np.float64],
    hidden: NDArray[np.bool_],
    at: tuple[NDArray[np.integer[Any]], NDArray[np.integer[Any]]],
) -> bool:
    """Hide the smallest part shown of a sum; whether there is one."""
    own = hidden[at][np.newaxis]
    none_left = _hide_smallest(counts[at][np.newaxis], own, np.array([True]))
    hidden[at] = own[0]
    return not len(none_left)


def _told(
    parts: NDArray[np.float64],
    total: NDArray[np.float64],
    small: NDArray[np.bool_],
    hidden: NDArray[np.bool_],
    min_count: int,
) -> NDArray[np.bool_]:
    """Rows in which something hidden follows from the total.

    One hidden part is the rest of the total. Small parts alone are known where all are as small, or as large, as can be.
    Beside others, which are known to be no less than ``min_count`` and, as the smallest was taken, no more than the least
    that is shown, they can be larger than 1 only where enough is left, and smaller than can be only where it fits.
    """
    n, all_hidden = small.sum(axis=1), hidden.sum(axis=1)
    others = all_hidden - n
    rest = np.where(small, parts, 0).sum(axis=1)
    left = np.where(hidden, parts, 0).sum(axis=1)
    room = left - others * min_count
    least = np.where(hidden | ~(parts > 0), np.inf, parts).min(axis=1, initial=np.inf)
    with np.errstate(invalid="ignore"):
        full = (others > 0) & (left - others * least >= n * (min_count - 1))
    alone = (others == 0) & ((rest == n) | (rest == n * (min_count - 1)))
    tight = (others > 0) & (room <= n)
    told: NDArray[np.bool_] = (total >= min_count) & ((all_hidden == 1) | ((n > 0) & (alone | tight | full)))
    return told


def _hide_smallest(parts: NDArray[np.float64], hidden: NDArray[np.bool_], rows: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Hide the smallest part shown of each of some rows, in place; the rows that have none."""
    left = np.where(hidden | ~(parts > 0), np.inf, parts)
    some = rows & np.isfinite(left.min(axis=1, initial=np.inf))
    at = np.flatnonzero(some)
    if at.size:
        hidden[at, left[at].argmin(axis=1)] = True
    return np.flatnonzero(rows & ~some)


def hide_tops(tops: pd.DataFrame, places: pd.DataFrame) -> pd.DataFrame:
    """A copy without the shares of first places of which one's count is hidden: less those before it, they would tell it.

    Parameters
    ----------
    tops
        ``issue_class`` and ``top{n}_share``, the share of issues in the n first places.
    places
        ``issue_class, rank, issues`` as :func:`hide_small` shows them.

    Examples
    --------
    >>> tops = pd.DataFrame({"issue_class": ["all"], "top1_share": [0.6], "top3_share": [0.7]})
    >>> places = pd.DataFrame({"issue_class": ["all", "all"], "rank": [1, 2], "issues": [6, "1–2"]})
    >>> hide_tops(tops, places).values.tolist()
    [['all', 0.6, nan]]
    """
    shown = tops.copy()
    rank = places["rank"].where(pd.to_numeric(places["issues"], errors="coerce").isna())
    first = tops["issue_class"].map(rank.groupby(places["issue_class"]).min())
    for column in tops.columns:
        if found := _TOPS.fullmatch(str(column)):
            shown[column] = tops[column].mask(first <= int(found[1]))
    return shown


def hide_mix(mix: pd.DataFrame, zones: pd.DataFrame) -> pd.DataFrame:
    """A copy without what measures how issues mix in zones where a count of a class is hidden: it would tell that count.

    Parameters
    ----------
    mix
        ``zone, level, issues`` (of all classes) and measures; ``issues`` are missing where the zone's total is.
    zones
        ``zone, level, issue_class, count`` as :func:`hide_small` shows them.

    Examples
    --------
    >>> mix = pd.DataFrame({"zone": ["老城"], "level": ["district"], "issues": [30], "entropy": [0.7]})
    >>> zones = pd.DataFrame({"zone": "老城", "level": "district", "issue_class": ["all", "甲", "乙"], "count": [30, None, "1–2"]})
    >>> hide_mix(mix, zones)[["issues", "entropy"]].values.tolist()
    [[30.0, nan]]
    """
    keys = ["zone", "level"]
    hidden = zones[keys].assign(some=pd.to_numeric(zones["count"], errors="coerce").isna())
    hidden["whole"] = hidden["some"] & (zones["issue_class"] == _ALL)
    at = pd.MultiIndex.from_frame(mix[keys])
    found = hidden.groupby(keys, sort=False).any().reindex(at, fill_value=False).set_index(mix.index)
    shown = mix.assign(issues=mix["issues"].mask(found["whole"]))
    for column in telling_columns():
        if column in shown.columns:
            shown[column] = shown[column].mask(found["some"])
    return shown


def as_words(values: pd.Series) -> pd.Series:
    """Counts, some of them ranges, as text: thousands separated, missing values missing.

    Examples
    --------
    >>> as_words(pd.Series([1234, "1–2", None], dtype=object)).tolist()
    ['1,234', '1–2', None]
    """
    words = [None if pd.isna(value) else value if isinstance(value, str) else f"{value:,.0f}" for value in values]
    return pd.Series(words, index=values.index, dtype=object)
