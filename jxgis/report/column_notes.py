"""What each column of a workbook holds, said by its declaration: the sheet of notes of columns."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from jxgis.i18n import clauses, listed, text
from jxgis.schema.columns import KINDS, UNITS, Column
from jxgis.schema.contract import said_of

if TYPE_CHECKING:
    from jxgis.schema.tables import Table

__all__ = ["ColumnNote", "notes_of_columns"]

#: The most words of codes that are listed.
_MOST_WORDS = 9
#: A name in a note of the contract.
_NAME = re.compile(r"`?\b([a-z]+(?:_[a-z0-9]+)+|(?<=`)[a-z]+)\b`?")


class ColumnNote(NamedTuple):
    """What is said of one column, in words: a cell each.

    Attributes
    ----------
    table, title
        The sheet, and the head of the column there.
    what, unit, values, blank
        What it holds, in which unit, which values it may have, and what an empty cell says.
    sum
        Whether there are rows of sums, and why not; empty where adding up says nothing.
    name
        Its name in the contract.
    """

    table: str
    title: str
    what: str
    unit: str
    values: str
    blank: str
    sum: str
    name: str


def notes_of_columns(
    sheet: str, frame: pd.DataFrame, table: Table, lang: str, titles: Mapping[str, str] | None = None
) -> list[ColumnNote]:
    """Say what the columns of a sheet hold.

    Parameters
    ----------
    sheet
        Its name.
    frame
        Its table, as people are shown it.
    table
        The declaration of that.
    lang
        ``"zh"`` or ``"en"``.
    titles
        Titles of columns that no contract has, such as indicators.

    Examples
    --------
    >>> from jxgis.schema.tables import table
    >>> units = pd.DataFrame({"unit_id": ["甲", "乙"], "area_km2": [2.0, None], "reason": [None, "x"]})
    >>> _, area, _ = notes_of_columns("管理单元", units, table("units.units"), "zh")
    >>> area[1:]
    ('面积（平方公里）', '面积', '平方公里', '不小于 0', '没有结果，原因见同一行的“原因”', '有', 'area_km2')
    """
    columns = table.described(frame, titles)
    return [
        ColumnNote(
            sheet,
            column.head(lang),
            _what(column, table, lang, own=table.declared(name) is None, indicator=name in (titles or {})),
            UNITS[column.unit or ""].head.of(lang) or ("%" if column.writing in ("percent", "change") else ""),
            _values(column, frame[name], lang),
            _blank(column, frame[name], columns, lang),
            _sum(column, table, lang),
            name,
        )
        for name, column in columns.items()
    ]


def _what(column: Column, table: Table, lang: str, *, own: bool, indicator: bool) -> str:
    if indicator and table.indicators and column.kind == "number":
        return text("columns.kind_indicator", lang)
    if own and column.title.of(lang) == column.name:
        return text("columns.kind_own", lang)
    # Codes stand in words here: what the contract says of codes is of files.
    said = "" if column.kind == "reason" or column.words else said_of(column.note, lang)
    called = {name: found.title.of(lang) for name, found in table.columns.items()}
    said = column.means.of(lang) or _NAME.sub(lambda match: called.get(match[1], match[1]), said)
    return clauses([text(f"columns.kind_{column.kind}", lang), said], lang)


def _values(column: Column, values: pd.Series[Any], lang: str) -> str:
    """The range of its numbers or the words of its codes, and of a small count its range."""
    if column.words and KINDS[column.kind].dtype == "code":
        words = [said.of(lang) for said in column.words.values()]
        return listed(words[:_MOST_WORDS], lang) + ("……" if len(words) > _MOST_WORDS else "")
    if column.dtype != "number":
        return ""
    least, most = (None if bound is None else _bound(bound, column) for bound in (column.least, column.most))
    said = ""
    if least is not None:
        between = most is not None and column.most is not None and column.most < 1e6
        key = "columns.range_between" if between else "columns.range_least"
        said = text(key, lang, least=least, most=most)
    few = [text("columns.range_few", lang, range=value) for value in pd.unique(values) if isinstance(value, str)]
    return clauses([said, *few], lang)


def _bound(bound: float, column: Column) -> str:
    percent = column.writing in ("percent", "points", "points_change", "change")
    return f"{100 * bound if percent else bound:g}{' %' if column.writing in ('percent', 'change') else ''}".replace(
        "-", "−"
    )


def _blank(column: Column, values: pd.Series[Any], columns: Mapping[str, Column], lang: str) -> str:
    if not (values.isna() | (values == "") | _infinite(values)).any():
        return text("columns.blank_never", lang)
    if column.cases or column.tells:
        return text("columns.blank_hidden", lang)
    reason = next((found for found in columns.values() if found.kind == "reason"), None)
    if column.dtype == "number" and reason is not None:
        return text("columns.blank_reason", lang, column=reason.title.of(lang))
    return text("columns.blank_none", lang)


def _infinite(values: pd.Series[Any]) -> pd.Series[bool]:
    return pd.Series(np.isinf(pd.to_numeric(values, errors="coerce").to_numpy(dtype=float)), index=values.index)


def _sum(column: Column, table: Table, lang: str) -> str:
    if not column.adds:
        return ""
    if not table.sums:
        return text(f"columns.sum_{table.no_sums}", lang) if table.no_sums else ""
    by = [table.columns[name].title.of(lang) for names in table.sums for name in names]
    return text("columns.sum_by", lang, by=listed(by, lang)) if by else text("columns.sum_yes", lang)
