from . import class_sheet
from .blocks import (
    Absent,
    Key,
    MethodNote,
    Paragraph,
    Picture,
    Section,
    Sources,
    TableBlock,
    count_in_words,
    method_note,
    of_all,
    table_block,
)
from .column_notes import ColumnNote, notes_of_columns
from .columns import in_writing, percent, readable, write_value, written
from .page import FileLink, blocks_html, report_page, result_html
from .paper import Width, fitted, for_print, pixels, sheets_of
from .sheets import Book, Ready, Sheet, letters, lines_in, made_ready, new_workbook, write_sheet
from .sums import SumRow, sum_rows
from .workbook import report_workbook

__all__ = [
    "Absent",
    "Book",
    "ColumnNote",
    "FileLink",
    "Key",
    "MethodNote",
    "Paragraph",
    "Picture",
    "Ready",
    "Section",
    "Sheet",
    "Sources",
    "SumRow",
    "TableBlock",
    "Width",
    "blocks_html",
    "class_sheet",
    "count_in_words",
    "fitted",
    "for_print",
    "in_writing",
    "letters",
    "lines_in",
    "made_ready",
    "method_note",
    "new_workbook",
    "notes_of_columns",
    "of_all",
    "percent",
    "pixels",
    "readable",
    "report_page",
    "report_workbook",
    "result_html",
    "sheets_of",
    "sum_rows",
    "table_block",
    "write_sheet",
    "write_value",
    "written",
]
