"""A sheet of a workbook: the table's cells, sums below them, widths that fit a printed page; nothing is a formula."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
import xlsxwriter

from jxgis.errors import OutputError
from jxgis.i18n import decimals, listed, text, wide_signs
from jxgis.report.columns import is_whole, readable, write_value
from jxgis.report.paper import FONT_PT, WRITTEN, Width, fitted, for_print, sheets_of
from jxgis.report.sums import sum_rows
from jxgis.schema.columns import Column, Writing
from jxgis.schema.tables import Table

if TYPE_CHECKING:
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

__all__ = [
    "LINE",
    "Book",
    "Ready",
    "Sheet",
    "letters",
    "lines_in",
    "made_ready",
    "new_workbook",
    "on_paper",
    "write_cell",
    "write_sheet",
]

#: How high a line is.
LINE = 16
#: Excel holds no more rows; one is the header.
_MAX_ROWS = 1_048_575
_LONGEST_NAME = 31
#: The widest column of text and the narrowest that wraps, the widest that a head makes one, and the narrowest of all.
_WIDEST, _NARROW, _HEAD, _LEAST = 36, 9, 20, 6
#: On how many lines text goes before the sheet is parted, as far as a column of some width holds it.
_LINES, _BROAD = 4, 20
#: From so many rows on a table is printed as far as its rows of these levels alone, where they come first, else these first rows.
_LONG, _OF_THE_WHOLE, _FIRST = 1_000, ("city", "area", "district"), 200
#: What is printed of a table for scripts: what people read of it stands on other sheets.
_OF_SCRIPTS = 20
#: Latin words are not broken, up to a length.
_WORD, _LONGEST = re.compile(r"[A-Za-z0-9*-]+"), 12
#: How Excel writes numbers; ``.0`` stands for the decimals.
_EXCEL = {
    "number": "#,##0.0",
    "quantity": "#,##0.0",
    "percent": "0.0%",
    "points": "0.0",
    "points_change": "+0.0;-0.0;0.0",
    "change": "+0.0%;-0.0%;0.0%",
    # A small p is not 0.
    "p": "[<0.0001]0E+00;0.0000",
    "year": "0",
    "time": "yyyy-mm-dd hh:mm",
    "date": "yyyy-mm-dd",
}


def new_workbook(path: Path) -> xlsxwriter.Workbook:
    """A workbook, empty and of no time: nothing that is written into it is read as a formula, a link or a number.

    Letters are as wide as `paper` has them: columns are measured by this font.

    Examples
    --------
    >>> new_workbook(Path("areas.xlsx")).strings_to_formulas
    False
    """
    options = {
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "default_format_properties": {"font_name": "Microsoft YaHei", "font_size": FONT_PT},
    }
    book = xlsxwriter.Workbook(str(path), options)
    book.set_properties({"created": WRITTEN, "author": "jxgis"})
    return book


class Sheet(NamedTuple):
    """One sheet: its name, its table and the declaration of that, and whether the header has titles."""

    name: str
    frame: pd.DataFrame
    table: Table
    titled: bool = True


def letters(value: object) -> int:
    """How wide a text is in Latin letters: a Chinese sign counts two.

    Examples
    --------
    >>> letters("面积 km")
    7
    """
    return len(str(value)) + wide_signs(str(value))


def lines_in(words: object, width: float) -> int:
    """How many lines a text takes in a column of a width.

    Examples
    --------
    >>> lines_in("没有一块可建公园用地能服务到那里", 21), lines_in("短", 20)
    (2, 1)
    """
    return max(1, math.ceil(letters(words) / max(width - 1, 1)))


def _pattern(writing: Writing, digits: int) -> str:
    pattern = _EXCEL[writing]
    return pattern if writing == "p" else pattern.replace(".0", f".{'0' * digits}" if digits else "")


def _is_text(column: Column) -> bool:
    return column.writing in ("text", "flag")


class Book:
    """A workbook with its formats: each is made once.

    Parameters
    ----------
    path
        The file.
    """

    def __init__(self, path: Path) -> None:
        self.book = new_workbook(path)
        self.formats: dict[str, Format] = {}

    def look(self, name: str, **properties: Any) -> Format:
        """A format by its name; made of the properties where there is none yet."""
        if name not in self.formats:
            self.formats[name] = self.book.add_format({"valign": "top", **properties})
        return self.formats[name]

    def header(self, *, align: str = "left") -> Format:
        """That of the first row."""
        return self.look(
            f"header_{align}", bold=True, bg_color="#0B6E77", font_color="#FFFFFF", text_wrap=True, valign="vcenter",
            align=align, indent=1,
        )  # fmt: skip

    def cell(self, held: Any, column: Column, *, of_sums: bool = False) -> Format:
        """That of a cell of a column, or of its sums."""
        # A number ends where the text of the next column begins: both keep away from the line.
        more: dict[str, Any] = {"bold": True, "top": 1} if of_sums else {}
        digits = column.digits
        if isinstance(held, float) and column.writing in {"number", "quantity", "percent", "points"}:
            digits = decimals(100 * held if column.writing == "percent" else held, digits)
            digits = 0 if column.writing == "quantity" and is_whole(held, digits) else digits
        name = "text" if _is_text(column) else f"{column.writing}{digits}"
        align = {"align": "left", "text_wrap": True} if _is_text(column) else {"align": "right"}
        pattern = "@" if _is_text(column) else _pattern(column.writing, digits)
        return self.look(f"{name}{of_sums}", num_format=pattern, valign="vcenter", indent=1, **align, **more)


class Ready(NamedTuple):
    """A table made ready to be written.

    Attributes
    ----------
    sheet
        The sheet.
    columns, heads, cells, widths
        Of each column its declaration, its head, its values as Excel holds them, and its width.
    sums
        The rows of sums, a cell each.
    keys
        How many columns, from the first, tell the rows.
    parts
        The columns of each sheet on which it stands: more than one where it is too wide for a page.
    """

    sheet: Sheet
    columns: list[Column]
    heads: list[str]
    cells: list[list[Any]]
    widths: list[Width]
    sums: list[list[Any]]
    keys: int
    parts: list[list[int]]


def made_ready(sheet: Sheet, lang: str, titles: Mapping[str, str] | None = None) -> Ready:
    """Make a table ready.

    Parameters
    ----------
    sheet
        The sheet; where it has no titles it is for scripts: the names of the contract, all on one sheet, no sums.
    lang
        ``"zh"`` or ``"en"``.
    titles
        Titles of columns that no contract has, such as indicators.

    Raises
    ------
    OutputError
        If it has more rows than Excel holds.
    """
    if len(sheet.frame) > _MAX_ROWS:
        raise OutputError(
            zh=f"工作表“{sheet.name}”有 {len(sheet.frame):,} 行，Excel 最多 {_MAX_ROWS:,} 行；请改用 GeoPackage。",
            en=f"Sheet {sheet.name!r} has {len(sheet.frame):,} rows, Excel holds {_MAX_ROWS:,}; use the GeoPackage.",
        )
    columns = sheet.table.described(sheet.frame, titles)
    frame = readable(sheet.frame, sheet.table, lang) if sheet.titled else sheet.frame
    sums = _sums(frame, sheet.table, columns, lang) if sheet.titled else []
    heads = [column.head(lang) if sheet.titled else name for name, column in columns.items()]
    cells = [[_cell(value, column, lang, titled=sheet.titled) for value in frame[n]] for n, column in columns.items()]
    widths = [
        _width_of(column, head, [*frame[name], *(row[at] for row in sums)], lang)
        for at, ((name, column), head) in enumerate(zip(columns.items(), heads, strict=True))
    ]
    keys = _keys(columns, sheet.table)
    # The points of an indicator stand beside its value.
    tied = {at for at, name in enumerate(columns) if sheet.table.indicators and name.endswith("_score")}
    parts = sheets_of(widths, keys=keys, tied=tied) if sheet.titled else [list(range(len(columns)))]
    order = sorted(columns, key=lambda name: name not in sheet.table.columns)
    if len(parts) > 1 and order != list(columns):
        # What is said of each row in general comes first, then indicator by indicator.
        return made_ready(sheet._replace(frame=sheet.frame[order]), lang, titles)
    return Ready(sheet, list(columns.values()), heads, cells, widths, sums, keys, parts)


def on_paper(ready: Ready, lang: str) -> tuple[int, str] | None:
    """How many rows are printed of a long table or one for scripts, and what is said of it; None where all are."""
    frame = ready.sheet.frame
    if not ready.sheet.titled:
        few = min(_OF_SCRIPTS, len(frame))
        return (few, text("columns.on_paper_scripts", lang, n=few)) if len(frame) > few else None
    if len(frame) < _LONG:
        return None
    if "level" in frame and not ready.sums:
        first = int(frame["level"].isin(_OF_THE_WHOLE).cummin().sum())
        said = frame["level"].iloc[:first].unique()
        words = [ready.sheet.table.columns["level"].word(str(level), lang) for level in said]
        if 0 < first < len(frame):
            return first, text("columns.on_paper_levels", lang, levels=listed(words, lang))
    return _FIRST, text("columns.on_paper_first", lang, n=_FIRST)


def _keys(columns: Mapping[str, Column], table: Table) -> int:
    """How many columns, from the first, tell the rows: those that are declared to, as far as the first name or id."""
    first = [*columns.items()][:3]
    named = next((at for at, (_, column) in enumerate(first) if column.kind in ("text", "id")), 0)
    return 1 + max([named, *(at for at, (name, _) in enumerate(first) if name in table.keys)])


def _sums(frame: pd.DataFrame, table: Table, columns: Mapping[str, Column], lang: str) -> list[list[Any]]:
    """The rows of sums, a cell each; the first text that does not say of what they are says that they are sums."""
    found = []
    for row in sum_rows(frame, table):
        called = next(name for name, column in columns.items() if _is_text(column) and name not in row.of)
        said = {called: text("columns.sum", lang), **row.of, **row.sums}
        found.append([_cell(said.get(name), column, lang, titled=True) for name, column in columns.items()])
    return found


def _cell(value: Any, column: Column, lang: str, *, titled: bool) -> Any:
    """A value that Excel can hold: no NaN, no infinity, no time zone; for people no part of a person."""
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
    if titled and column.kind == "people":
        return float(round(float(value)))
    # A difference of two shares is read in points of 100; the column's head has the unit.
    return 100 * float(value) if column.writing.startswith("points") else float(value)


def _width_of(column: Column, head: str, values: Sequence[Any], lang: str) -> Width:
    """How wide its values are, and its head on several lines; a text wraps, a number does not."""
    shown = [write_value(value, column.writing, lang, column.digits).replace(" %", "%") for value in values]
    widest = max(map(letters, shown), default=0)
    words = max((len(word) for word in _WORD.findall(head)), default=0)
    wide = min(max(widest + 3, min(letters(head), _HEAD) + 3, 8), _WIDEST)
    if _is_text(column):
        words = max([words, *(len(word) for one in shown for word in _WORD.findall(one))])
        # What is short does not wrap.
        narrow = widest + 2 if widest <= _NARROW else max(_NARROW, min(math.ceil(widest / _LINES) + 1, _BROAD))
        least = max(min(words, _LONGEST) + 2, narrow)
        return Width(wide, min(least, wide))
    return Width(wide, min(max(widest + 2, words + 2, _LEAST), wide), wraps=False)


def write_sheet(book: Book, ready: Ready, lang: str) -> Worksheet:
    """Write a table; on several sheets where it is too wide for a page.

    Returns
    -------
    xlsxwriter.worksheet.Worksheet
        The first of them.
    """
    name = ready.sheet.name
    # Excel takes no longer names.
    rest = _LONGEST_NAME - len(text("columns.continued", lang, name="", n=99))
    more = [text("columns.continued", lang, name=name[:rest], n=n) for n in range(2, len(ready.parts) + 1)]
    pages = [_write_part(book, ready, called, at, lang) for called, at in zip([name, *more], ready.parts, strict=True)]
    return pages[0]


def _write_part(book: Book, ready: Ready, name: str, columns: Sequence[int], lang: str) -> Worksheet:
    """A sheet of some columns: heads, rows, and below an empty row the sums, which no filter and no sorting moves."""
    page = book.book.add_worksheet(name)
    widths = [ready.widths[at] for at in columns]
    wide = fitted(widths) if ready.sheet.titled else [width.wide for width in widths]
    rows = len(ready.sheet.frame)
    lines = {0: 2}
    for at, (k, width) in enumerate(zip(columns, wide, strict=True)):
        column, head = ready.columns[k], ready.heads[k]
        page.write_string(0, at, head, book.header(align="left" if _is_text(column) else "right"))
        lines[0] = max(lines[0], lines_in(head, width - 1))
        for row, held in enumerate(ready.cells[k], start=1):
            if held is None:
                continue
            write_cell(page, row, at, held, book.cell(held, column))
            if isinstance(held, str) and (n := lines_in(held, width)) > 1:
                lines[row] = max(lines.get(row, 1), n)
        for row, sums in enumerate(ready.sums, start=rows + 2):
            write_cell(page, row, at, sums[k], book.cell(sums[k], column, of_sums=True))
        if rows and column.name in ready.sheet.table.filled and column.writing == "flag":
            words = [text(f"report.{word}", lang) for word in ("yes", "no")]
            # Other words are read, too: those offered save typing.
            page.data_validation(1, at, rows, at, {"validate": "list", "source": words, "show_error": False})
        page.set_column(at, at, width)
    # Not every program makes a row as high as its text when it opens the file.
    for row, n in lines.items():
        page.set_row(row, n * LINE)
    page.freeze_panes(1, ready.keys)
    if rows:
        page.autofilter(0, 0, rows, len(columns) - 1)
    printed = on_paper(ready, lang)
    for_print(page, wide, keys=ready.keys, said=printed[1] if printed else "")
    if printed:
        page.print_area(0, 0, printed[0], len(columns) - 1)
    page.repeat_rows(0)
    return page


def write_cell(page: Worksheet, row: int, at: int, held: Any, look: Format) -> None:
    """Write a value as what it is: nothing is read as a formula."""
    if held is None:
        page.write_blank(row, at, None, look)
    elif isinstance(held, str):
        page.write_string(row, at, held, look)
    elif isinstance(held, dt.datetime):
        page.write_datetime(row, at, held, look)
    else:
        page.write_number(row, at, held, look)
