"""report.xlsx and scores.xlsx: the tables with titles for people, and on a sheet of its own how each figure was made."""

from __future__ import annotations

import datetime as dt
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
import xlsxwriter

from jxgis._errors import OutputError
from jxgis.i18n import text
from jxgis.maps.leads import fails_gate
from jxgis.report.columns import Kind, indicator_kinds, kind_of, readable, title_of
from jxgis.report.siting import without_needless
from jxgis.report.tables import MethodNote, ReportTables

if TYPE_CHECKING:
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

__all__ = ["Sheet", "report_workbook", "scores_workbook"]

#: Excel holds no more rows; one is the header.
_MAX_ROWS = 1_048_575
_FONT = "Microsoft YaHei"
_CREATED = dt.datetime(2000, 1, 1)
_EXCEL = {
    "number": "#,##0",
    "percent": "0%",
    "points": "0",
    "change": "+0%;-0%;0%",
    "p": "0.0000",
    "time": "yyyy-mm-dd hh:mm",
}


class Sheet(NamedTuple):
    """One sheet: its name, its table, whether the header has titles, and how columns that are not the contract's are
    written.
    """

    name: str
    table: pd.DataFrame
    titled: bool = True
    kinds: Mapping[str, Kind] = {}


def _width(value: object) -> int:
    """How wide a text is in Latin letters: a Chinese sign counts two."""
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in str(value))


def _pattern(kind: Kind) -> str:
    pattern = _EXCEL[kind.name]
    return (
        pattern.replace("0%", f"0.{'0' * kind.digits}%")
        if kind.digits and "%" in pattern
        else (f"{pattern}.{'0' * kind.digits}" if kind.digits else pattern)
    )


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

    def header(self) -> Format:
        return self.look(
            "header", bold=True, bg_color="#0B6E77", font_color="#FFFFFF", text_wrap=True, valign="vcenter"
        )

    def column(self, kind: Kind) -> Format:
        if kind.name in ("text", "flag"):
            return self.look("text", num_format="@", indent=1)
        return self.look(f"{kind.name}{kind.digits}", num_format=_pattern(kind))


def _cell(value: Any, kind: Kind, lang: str) -> Any:
    """A value that Excel can hold: no NaN, no infinity, no time zone."""
    if value is None or value is pd.NaT or value is pd.NA:
        return None
    if isinstance(value, (float, np.floating)) and not np.isfinite(value):
        return None
    if isinstance(value, str):
        # What a cell can hold at most.
        return value[:32_767]
    match kind.name:
        case "flag":
            return text("report.yes" if bool(value) else "report.no", lang)
        case "time":
            stamp = pd.Timestamp(value)
            return (stamp.tz_localize(None) if stamp.tzinfo else stamp).to_pydatetime()
        case "text":
            return str(value)[:32_767]
    # A difference of two shares is read in points of 100; the column's title has the unit.
    return 100 * float(value) if kind.name == "points" else float(value)


def _write_table(book: _Book, sheet: Sheet, lang: str, extra: Mapping[str, str] | None) -> Worksheet:
    table = (
        readable(sheet.table, lang)
        if sheet.titled
        else pd.DataFrame(sheet.table.drop(columns="geometry", errors="ignore"))
    )
    if len(table) > _MAX_ROWS:
        raise OutputError(
            zh=f"工作表“{sheet.name}”有 {len(table):,} 行，Excel 最多 {_MAX_ROWS:,} 行；请改用 GeoPackage。",
            en=f"Sheet {sheet.name!r} has {len(table):,} rows, Excel holds {_MAX_ROWS:,}; use the GeoPackage.",
        )
    page = book.book.add_worksheet(sheet.name)
    for at, column in enumerate(table.columns):
        kind = sheet.kinds.get(str(column)) or kind_of(str(column), table[column])
        title = title_of(str(column), lang, extra) if sheet.titled else str(column)
        page.write_string(0, at, title, book.header())
        look = book.column(kind)
        widest = min(_width(title), 18)
        for row, value in enumerate(table[column], start=1):
            held = _cell(value, kind, lang)
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
                widest = max(widest, len(f"{held:,.{kind.digits}f}"))
        page.set_column(at, at, min(max(widest + 2, 8), 48))
    page.set_row(0, 30)
    page.freeze_panes(1, 1)
    if len(table):
        page.autofilter(0, 0, len(table), len(table.columns) - 1)
    page.set_landscape()
    page.set_paper(9)
    page.fit_to_pages(1, 0)
    page.repeat_rows(0)
    return page


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
        page.write_string(row, 0, line, book.look("plain"))
        row += 1
    row += 1
    heads = [text(f"report.method_{name}", lang) for name in ("part", "figure", "how", "denominator")]
    for at, head in enumerate(heads):
        page.write_string(row, at, head, book.header())
    for note in methods:
        row += 1
        words = (text(f"report.part_{note.part}", lang), note.figure, note.method, note.denominator)
        for at, word in enumerate(words):
            page.write_string(row, at, word, wrapped)
    for at, width in enumerate((16, 26, 62, 44)):
        page.set_column(at, at, width)
    page.set_landscape()
    page.fit_to_pages(1, 0)


def _sheets(tables: ReportTables) -> list[tuple[str, pd.DataFrame | None]]:
    return [
        ("places", tables.places),
        ("peaks", tables.peaks),
        ("rate_places", tables.rate_places),
        ("zones", tables.zones),
        *[(key, table) for key, table in tables.findings.items()],
        ("against_normal", tables.against_normal),
        ("levels", tables.levels),
        ("heavy", None if tables.heavy is None or tables.heavy.empty else tables.heavy),
        ("coverage", tables.coverage),
        ("unserved_places", tables.unserved_places),
        ("sites", tables.sites),
        ("targets", None if tables.targets is None else without_needless(tables.targets)),
        ("units", tables.units),
        ("scores", None if tables.scores is None else _by_rank(tables.scores)),
        ("inputs", tables.inputs),
    ]


def _by_rank(scores: pd.DataFrame) -> pd.DataFrame:
    """For people: those that fail a gate stand below the others, whatever their score."""
    apart = scores.assign(fails=fails_gate(scores)).sort_values(["fails", "rank"], na_position="last", kind="stable")
    return apart.drop(columns="fails")


def report_workbook(
    path: str | Path,
    tables: ReportTables,
    *,
    title: str,
    methods: Sequence[MethodNote],
    lines: Sequence[str] = (),
    indicators: Mapping[str, str] | None = None,
    lang: str = "zh",
    sketch: bool = False,
) -> Path:
    """Write report.xlsx: a sheet of notes, and a sheet for each table that there is.

    Parameters
    ----------
    path
        The file.
    tables
        What was measured. Cells are not listed: they stand in hotspots.gpkg.
    title
        Heading of the notes.
    methods
        How each figure was measured and over what, as :func:`jxgis.report.methods.method_notes` gives them.
    lines
        Further lines below the heading: period, sources, settings.
    indicators
        Titles of the indicators of ``scores``.
    lang
        ``"zh"`` or ``"en"``.
    sketch
        Mark the workbook as schematic.

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
    said = tables.absent(lang)
    absent = [said[part] for part in said if part in tables.missing or part in tables.refused]
    book = _Book(target)
    try:
        _write_notes(book, title, [*lines, *absent], methods, lang, sketch=sketch)
        for key, table in _sheets(tables):
            if table is not None:
                kinds = indicator_kinds(table) if key == "scores" else {}
                _write_table(book, Sheet(text(f"report.sheet_{key}", lang), table, kinds=kinds), lang, indicators)
    finally:
        book.book.close()
    return target


def scores_workbook(
    path: str | Path,
    scores: pd.DataFrame,
    *,
    methods: Sequence[MethodNote] = (),
    more: Mapping[str, pd.DataFrame] | None = None,
    indicators: Mapping[str, str] | None = None,
    title: str | None = None,
    lang: str = "zh",
    sketch: bool = False,
) -> Path:
    """Write scores.xlsx: the sheet ``scores`` with contract names for scripts, and the same with titles for people.

    Parameters
    ----------
    path
        The file.
    scores
        The contract's ``scores``; the sheet for people has those that fail a gate last.
    methods
        How the scores were made.
    more
        Further tables by the name of their sheet: weights, sensitivity.
    indicators
        Titles of the indicators.
    title
        Heading of the notes.
    lang
        ``"zh"`` or ``"en"``.
    sketch
        Mark the workbook as schematic.

    Returns
    -------
    pathlib.Path
        The file written. It opens at the sheet for people.
    """
    target = Path(path)
    ordered = _by_rank(scores)
    book = _Book(target)
    try:
        kinds = indicator_kinds(scores)
        _write_table(book, Sheet("scores", scores, titled=False, kinds=kinds), lang, indicators)
        sheet = Sheet(text("report.sheet_scores", lang), ordered, kinds=kinds)
        shown = _write_table(book, sheet, lang, indicators)
        for name, table in (more or {}).items():
            _write_table(book, Sheet(name, table), lang, indicators)
        _write_notes(book, title or text("maps.scores_title", lang), [], methods, lang, sketch=sketch)
        shown.activate()
    finally:
        book.book.close()
    return target
