"""Workbooks: the tables with titles for people, on sheets of their own how each figure was made and what columns hold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from jxgis.i18n import Sketch, sketch_mark, text
from jxgis.report.blocks import Absent, MethodNote, Section, Sources
from jxgis.report.column_notes import ColumnNote, notes_of_columns
from jxgis.report.paper import for_print
from jxgis.report.sheets import LINE, Book, Ready, Sheet, lines_in, made_ready, on_paper, write_sheet
from jxgis.schema.tables import table

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["report_workbook"]

#: The widths of the notes and of the notes of columns.
_NOTES, _OF_COLUMNS = (16, 26, 62, 44), (16, 26, 42, 9, 26, 24, 20, 24)


def _sheet(name: str, frame: pd.DataFrame, lang: str) -> Sheet:
    declared = table(name)
    return Sheet(declared.title.of(lang), frame, declared)


def _write_notes(
    book: Book, title: str, lines: Sequence[str], methods: Iterable[MethodNote], lang: str, *, sketch: Sketch
) -> None:
    page = book.book.add_worksheet(text("report.sheet_notes", lang))
    wrapped = book.look("wrapped", text_wrap=True)
    page.write_string(0, 0, title, book.look("title", bold=True, font_size=15, font_color="#0B6E77"))
    page.set_row(0, 26)
    row = 1
    if sketch:
        page.write_string(row, 0, sketch_mark(sketch, lang), book.look("sketch", bold=True, font_color="#8A6500"))
        row += 1
    for line in lines:
        page.merge_range(row, 0, row, len(_NOTES) - 1, "", wrapped)
        page.write_string(row, 0, line, wrapped)
        page.set_row(row, LINE * lines_in(line, 0.95 * sum(_NOTES)))
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
        page.set_row(row, LINE * max(lines_in(word, width - 3) for word, width in zip(words, _NOTES, strict=True)))
    for at, width in enumerate(_NOTES):
        page.set_column(at, at, width)
    for_print(page)


def _write_column_notes(book: Book, notes: Sequence[ColumnNote], lang: str) -> None:
    page = book.book.add_worksheet(text("columns.sheet", lang))
    look = book.look("note", num_format="@", align="left", valign="vcenter", indent=1, text_wrap=True)
    for at, (field, width) in enumerate(zip(ColumnNote._fields, _OF_COLUMNS, strict=True)):
        page.write_string(0, at, text(f"columns.head_{field}", lang), book.header())
        page.set_column(at, at, width)
        for row, note in enumerate(notes, start=1):
            page.write_string(row, at, note[at], look)
    for row, note in enumerate(notes, start=1):
        page.set_row(row, LINE * max(map(lines_in, note, _OF_COLUMNS)))
    page.set_row(0, 2 * LINE)
    page.freeze_panes(1, 2)
    page.autofilter(0, 0, len(notes), len(_OF_COLUMNS) - 1)
    for_print(page, _OF_COLUMNS)
    page.repeat_rows(0)


def _lines(sheets: Sequence[Ready], lang: str) -> list[str]:
    """What is said of sums, of people, of tables on several sheets and of those not printed whole, where there are any."""
    said = [text("columns.sums_line", lang)] if any(ready.sums for ready in sheets) else []
    if any(column.kind == "people" for ready in sheets for column in ready.columns):
        said.append(text("columns.people_line", lang))
    for ready in sheets:
        if len(ready.parts) > 1:
            said.append(text("columns.continued_line", lang, name=ready.sheet.name, n=len(ready.parts)))
        if printed := on_paper(ready, lang):
            said.append(text("columns.on_paper_line", lang, name=ready.sheet.name, said=printed[1]))
    return said


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
    sketch: Sketch = False,
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
    book = Book(target)

    def titles(sheet: Sheet) -> Mapping[str, str] | None:
        return named if sheet.table.indicators else None

    try:
        scripts = [Sheet(table(name).layer, frame, table(name), titled=False) for name, frame in (plain or {}).items()]
        every = [(f"{said.part}.{key}", frame) for said in there for key, frame in said.sheets.items()]
        every += [] if sources is None else [("report.inputs", sources.table)]
        sheets = [_sheet(name, frame, lang) for name, frame in every]
        ready = [made_ready(sheet, lang, titles(sheet)) for sheet in sheets]
        of_scripts = [made_ready(sheet, lang, titles(sheet)) for sheet in scripts]
        said = [*lines, *absent, *_lines([*of_scripts, *ready], lang)]
        for one in of_scripts:
            write_sheet(book, one, lang)
        last = bool(plain) or notes_last
        if not last:
            _write_notes(book, title, said, methods, lang, sketch=sketch)
        pages = [write_sheet(book, one, lang) for one in ready]
        if last:
            pages[0].activate()
            _write_notes(book, title, said, methods, lang, sketch=sketch)
        notes = [
            note
            for sheet in sheets
            for note in notes_of_columns(sheet.name, sheet.frame, sheet.table, lang, titles(sheet))
        ]
        if notes:
            _write_column_notes(book, notes, lang)
    finally:
        book.book.close()
    return target
