"""Workbooks: the tables with titles for people, and on a sheet of its own how each figure was made."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
import xlsxwriter

from jxgis.errors import OutputError
from jxgis.i18n import text, wide_signs
from jxgis.report.blocks import Absent, MethodNote, Section, Sources
from jxgis.report.columns import readable
from jxgis.schema.columns import Column
from jxgis.schema.tables import Table, table

if TYPE_CHECKING:
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

__all__ = ["Sheet", "for_print", "report_workbook"]

#: Excel holds no more rows; one is the header.
_MAX_ROWS = 1_048_575
_FONT = "Microsoft YaHei"
_CREATED = dt.datetime(2000, 1, 1)
#: The widest column of text, the widest that a head makes one; letters on a page of A4 that can be read.
_WIDEST, _HEAD, _LETTERS = 36, 13, 200
#: The columns of the notes, and how high a line of them is.
_NOTES, _LINE = (16, 26, 62, 44), 16
#: How Excel writes numbers; ``.0`` stands for the decimals.
_EXCEL = {
    "number": "#,##0.0",
    "percent": "0.0%",
    "points": "0.0",
    "points_change": "+0.0;-0.0;0.0",
    "change": "+0.0%;-0.0%;0.0%",
    # A small p is no 0.
    "p": "[<0.0001]0E+00;0.0000",
    "year": "0",
    "time": "yyyy-mm-dd hh:mm",
    "date": "yyyy-mm-dd",
}


class Sheet(NamedTuple):
    """One sheet: its name, its table and the declaration of that, and whether the header has titles."""

    name: str
    frame: pd.DataFrame
    table: Table
    titled: bool = True


def _width(value: object) -> int:
    """How wide a text is in Latin letters: a Chinese sign counts two."""
    return len(str(value)) + wide_signs(str(value))


def _pattern(column: Column) -> str:
    pattern = _EXCEL[column.writing]
    return (
        pattern if column.writing == "p" else pattern.replace(".0", f".{'0' * column.digits}" if column.digits else "")
    )


def _is_text(column: Column) -> bool:
    return column.writing in ("text", "flag")


class _Book:
    """A workbook with its formats: each is made once."""

    def __init__(self, path: Path) -> None:
        options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
        self.book = xlsxwriter.Workbook(str(path), options)
        self.book.set_properties({"created": _CREATED, "author": "jxgis"})
        self.formats: dict[str, Format] = {}

    def look(self, name: str, **properties: Any) -> Format:
        if name not in self.formats:
            self.formats[name] = self.book.add_format(
                {"font_name": _FONT, "font_size": 10, "valign": "top", **properties}
            )
        return self.formats[name]

    def header(self, *, align: str = "left") -> Format:
        return self.look(
            f"header_{align}", bold=True, bg_color="#0B6E77", font_color="#FFFFFF", text_wrap=True, valign="vcenter",
            align=align, indent=1,
        )  # fmt: skip

    def column(self, column: Column) -> Format:
        # A number ends where the text of the next column begins: both keep away from the line.
        if _is_text(column):
            return self.look("text", num_format="@", align="left", valign="vcenter", indent=1, text_wrap=True)
        return self.look(
            f"{column.writing}{column.digits}", num_format=_pattern(column), align="right", valign="vcenter", indent=1
        )


def _cell(value: Any, column: Column, lang: str) -> Any:
    """A value that Excel can hold: no NaN, no infinity, no time zone."""
    if value is None or value is pd.NaT or value is pd.NA:
        return None
    if isinstance(value, (float, np.floating)) and not np.isfinite(value):
        return None
    if isinstance(value, str):
        # What a cell can hold at most.
        return value[:32_767]
    match column.writing:
        case "flag":
            return text("report.yes" if bool(value) else "report.no", lang)
        case "time" | "date":
            stamp = pd.Timestamp(value)
            return (stamp.tz_localize(None) if stamp.tzinfo else stamp).to_pydatetime()
        case "text":
            return str(value)[:32_767]
    # A difference of two shares is read in points of 100; the column's head has the unit.
    return 100 * float(value) if column.writing.startswith("points") else float(value)


def for_print(page: Worksheet, *, width: float = 0) -> None:
    """Print a sheet on A4, across, its columns on as few pages as can be read.

    Parameters
    ----------
    page
        The sheet.
    width
        Of its columns together, in letters.
    """
    page.set_landscape()
    page.set_paper(9)
    page.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
    page.set_footer("&C&P / &N")
    page.fit_to_pages(max(1, math.ceil(width / _LETTERS)), 0)


def _write_table(book: _Book, sheet: Sheet, lang: str, extra: Mapping[str, str] | None) -> Worksheet:
    columns = sheet.table.described(sheet.frame, extra)
    frame = readable(sheet.frame, sheet.table, lang) if sheet.titled else sheet.frame
    if len(frame) > _MAX_ROWS:
        raise OutputError(
            zh=f"工作表“{sheet.name}”有 {len(frame):,} 行，Excel 最多 {_MAX_ROWS:,} 行；请改用 GeoPackage。",
            en=f"Sheet {sheet.name!r} has {len(frame):,} rows, Excel holds {_MAX_ROWS:,}; use the GeoPackage.",
        )
    page = book.book.add_worksheet(sheet.name)
    widths: list[float] = []
    for at, (name, column) in enumerate(columns.items()):
        title = column.head(lang) if sheet.titled else name
        page.write_string(0, at, title, book.header(align="left" if _is_text(column) else "right"))
        look = book.column(column)
        widest = min(_width(title), _HEAD)
        for row, value in enumerate(frame[name], start=1):
            held = _cell(value, column, lang)
            if held is None:
                continue
            if isinstance(held, str):
                page.write_string(row, at, held, look)
                widest = max(widest, _width(held))
            elif isinstance(held, dt.datetime):
                page.write_datetime(row, at, held, look)
                widest = max(widest, 16)
            else:
                page.write_number(row, at, held, look)
                widest = max(widest, len(f"{held:,.{column.digits}f}"))
        widths.append(min(max(widest + 3, 8), _WIDEST))
        page.set_column(at, at, widths[-1])
    page.set_row(0, 45)
    # Rows are known by their first column of text.
    named = next((at for at, column in enumerate([*columns.values()][:3]) if _is_text(column)), 0)
    page.freeze_panes(1, named + 1)
    if len(frame):
        page.autofilter(0, 0, len(frame), len(columns) - 1)
    for_print(page, width=sum(widths))
    page.repeat_rows(0)
    page.repeat_columns(0, named)
    return page


def _sheet(name: str, frame: pd.DataFrame, lang: str) -> Sheet:
    declared = table(name)
    return Sheet(declared.title.of(lang), frame, declared)


def _write_notes(
    book: _Book, title: str, lines: Sequence[str], methods: Iterable[MethodNote], lang: str, *, sketch: bool
) -> None:
    page = book.book.add_worksheet(text("report.sheet_notes", lang))
    wrapped = book.look("wrapped", text_wrap=True)
    page.write_string(0, 0, title, book.look("title", bold=True, font_size=15, font_color="#0B6E77"))
    page.set_row(0, 26)
    row = 1
    if sketch:
        page.write_string(row, 0, text("common.sketch", lang), book.look("sketch", bold=True, font_color="#8A6500"))
        row += 1
    for line in lines:
        page.merge_range(row, 0, row, len(_NOTES) - 1, "", wrapped)
        page.write_string(row, 0, line, wrapped)
        page.set_row(row, _LINE * math.ceil(max(_width(line), 1) / (sum(_NOTES) * 0.95)))
        row += 1
    row += 1
    heads = [text(f"report.method_{name}", lang) for name in ("part", "figure", "how", "denominator")]
    for at, head in enumerate(heads):
        page.write_string(row, at, head, book.header())
    for note in methods:
        row += 1
        words = (text(f"report.part_{note.part}", lang), note.figure, note.method, note.denominator)
        for at, word in enumerate(words):
            page.write_string(row, at, word, book.look("cell", text_wrap=True, align="left", indent=1))
        longest = max(math.ceil(_width(word) / (width - 4)) for word, width in zip(words, _NOTES, strict=True))
        page.set_row(row, _LINE * longest)
    for at, width in enumerate(_NOTES):
        page.set_column(at, at, width)
    for_print(page)


def report_workbook(
    path: str | Path,
    parts: Sequence[Section | Absent],
    *,
    title: str,
    sources: Sources | None = None,
    plain: Mapping[str, pd.DataFrame] | None = None,
    lines: Sequence[str] = (),
    notes_last: bool = False,
    lang: str = "zh",
    sketch: bool = False,
) -> Path:
    """Write a workbook: a sheet of notes, and a sheet for each table that there is.

    Parameters
    ----------
    path
        The file.
    parts
        What each part says, or why it is not there, in the order of the sheets.
    title
        Heading of the notes.
    sources
        What the report was made from.
    plain
        Tables for scripts, by name as ``part.table``: they come first, with the names of the contract, and the notes last. The
        workbook opens at the first table for people.
    lines
        Further lines below the heading: period, sources, settings.
    notes_last
        Whether the notes come last, as they do behind ``plain``: of a workbook that is read again.
    lang, sketch
        ``"zh"`` or ``"en"``; whether it is marked as schematic.

    Returns
    -------
    pathlib.Path
        The file written: the same bytes for the same tables.

    Raises
    ------
    OutputError
        If a table has more rows than Excel holds.
    """
    target = Path(path)
    there = [said for said in parts if isinstance(said, Section)]
    absent = [said.words(lang) for said in parts if isinstance(said, Absent)]
    methods = [note for said in there for note in said.methods]
    named = {column: words for said in there for column, words in said.titles.items()}
    book = _Book(target)

    def put(sheet: Sheet) -> Worksheet:
        return _write_table(book, sheet, lang, named if sheet.table.indicators else None)

    try:
        for name, frame in (plain or {}).items():
            put(Sheet(table(name).layer, frame, table(name), titled=False))
        if not (plain or notes_last):
            _write_notes(book, title, [*lines, *absent], methods, lang, sketch=sketch)
        every = [(f"{said.part}.{key}", frame) for said in there for key, frame in said.sheets.items()]
        every += [] if sources is None else [("report.inputs", sources.table)]
        pages = [put(_sheet(name, frame, lang)) for name, frame in every]
        if plain or notes_last:
            pages[0].activate()
            _write_notes(book, title, [*lines, *absent], methods, lang, sketch=sketch)
    finally:
        book.book.close()
    return target
