"""Tables as people read them: heads, codes in words, and how numbers are written on the page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from jxgis import i18n
from jxgis.i18n import decimals, number_words, text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jxgis.schema.columns import Column, Writing
    from jxgis.schema.tables import Table

__all__ = ["in_writing", "is_whole", "percent", "readable", "write_value", "written"]


def readable(frame: pd.DataFrame, table: Table, lang: str) -> pd.DataFrame:
    """A copy of a table without geometry and with its codes in words.

    Parameters
    ----------
    frame
        The table.
    table
        Its declaration.
    lang
        ``"zh"`` or ``"en"``.

    Examples
    --------
    >>> from jxgis.schema.tables import table
    >>> coverage = pd.DataFrame({"zone": ["all"], "method": ["radius"]})
    >>> readable(coverage, table("parks.coverage"), "zh").values.tolist()
    [['全域', '服务半径']]
    """
    plain = pd.DataFrame(frame.drop(columns="geometry", errors="ignore"))
    for name, column in table.columns.items():
        if name in plain.columns and (column.words or column.kind == "reason"):
            plain[name] = [_word(value, column, lang) for value in plain[name]]
    return plain


def _word(value: Any, column: Column, lang: str) -> Any:
    if not isinstance(value, str):
        return value
    return i18n.reason(value, lang) if column.kind == "reason" else column.word(value, lang)


def is_whole(value: float, digits: int) -> bool:
    """Whether a number has no decimals, as far as they are shown.

    Examples
    --------
    >>> is_whole(55.00000000000001, 2), is_whole(0.5, 2)
    (True, False)
    """
    return round(float(value), digits) % 1 == 0


def write_value(value: Any, writing: Writing, lang: str, digits: int = 0) -> str:
    """A value in words for the page; a dash where there is none.

    Parameters
    ----------
    value
        A number, a text, a time, a truth value, or none.
    writing
        How it is written: see `schema.columns.Kind`.
    lang
        ``"zh"`` or ``"en"``.
    digits
        Decimals of a number.

    Examples
    --------
    >>> [write_value(0.8768, "percent", "zh", 1), write_value(-0.12, "change", "zh"), write_value(12345, "number", "zh")]
    ['87.7 %', '−12 %', '12,345']
    >>> write_value(0.0314, "points", "zh", 1), write_value(float("nan"), "number", "zh")
    ('3.1', '—')
    >>> write_value(62.0, "quantity", "zh", 3), write_value(6.5, "quantity", "zh", 3)
    ('62', '6.500')
    """
    if value is None or value is pd.NaT or (isinstance(value, (float, np.floating)) and not np.isfinite(value)):
        return "—"
    if value is pd.NA or value == "":
        return "—"
    if isinstance(value, str):
        # Of a column of numbers too: the range that a small count is shown as.
        return value
    match writing:
        case "percent":
            return f"{number_words(100 * float(value), digits)} %"
        case "points":
            # The column's head has the unit.
            return number_words(100 * float(value), digits)
        case "points_change" | "change":
            rounded = round(100 * float(value), digits)
            words = f"{rounded:+,.{digits}f}".replace("-", "−") if rounded else "0"
            return f"{words} %" if writing == "change" else words
        case "quantity":
            return number_words(float(value), 0 if is_whole(value, decimals(float(value), digits)) else digits)
        case "number":
            return number_words(float(value), digits)
        case "year":
            return f"{float(value):.0f}"
        case "p":
            return "< 0.001" if float(value) < 0.001 else f"{float(value):.3f}"
        case "flag":
            return text("report.yes" if bool(value) else "report.no", lang)
        case "time":
            return f"{pd.Timestamp(value):%Y-%m-%d %H:%M}"
        case "date":
            return f"{pd.Timestamp(value):%Y-%m-%d}"
    return str(value)


def written(value: Any, column: Column, lang: str) -> str:
    """A value as its column is written.

    Examples
    --------
    >>> from jxgis.schema.columns import column
    >>> written(0.8768, column("coverage"), "zh"), written("HH", column("lisa"), "zh")
    ('87.7 %', '高值聚集')
    """
    return write_value(_word(value, column, lang), column.writing, lang, column.digits)


class Texts(pd.DataFrame):
    """A table of texts: in a notebook a word of Chinese, which a browser may break at each sign, stays on one line."""

    @property
    def _constructor(self) -> type[Texts]:
        return Texts

    def _repr_html_(self) -> str | None:
        shown: str | None = super()._repr_html_()  # type: ignore[misc]
        return shown and f'<div style="word-break: keep-all">{shown}</div>'


def in_writing(frame: pd.DataFrame, table: Table, lang: str, titles: Mapping[str, str] | None = None) -> pd.DataFrame:
    """A table as people read it: heads, numbers as they are written, codes in words, no geometry.

    Parameters
    ----------
    frame
        The table.
    table
        Its declaration.
    lang
        ``"zh"`` or ``"en"``.
    titles
        Titles of columns that no contract has, such as indicators.

    Examples
    --------
    >>> from jxgis.schema.tables import table
    >>> in_writing(pd.DataFrame({"zone": ["all"], "coverage": [0.8768]}), table("parks.coverage"), "zh")
         区域     覆盖率
    0  全域  87.7 %
    """
    columns = table.described(frame, titles)
    words = {
        column.head(lang): [written(value, column, lang) for value in frame[name]] for name, column in columns.items()
    }
    return Texts(words, index=frame.index)


def percent(value: float, digits: int = 1) -> str:
    """A share, 0–1, as it is written in a sentence.

    Examples
    --------
    >>> percent(0.8768), percent(0.2, 0)
    ('87.7 %', '20 %')
    """
    return write_value(value, "percent", "zh", digits)
