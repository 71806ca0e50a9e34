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
from .columns import in_writing, percent, readable, write_value, written
from .page import FileLink, blocks_html, report_page, result_html
from .workbook import Sheet, for_print, report_workbook

__all__ = [
    "Absent",
    "FileLink",
    "Key",
    "MethodNote",
    "Paragraph",
    "Picture",
    "Section",
    "Sheet",
    "Sources",
    "TableBlock",
    "blocks_html",
    "class_sheet",
    "count_in_words",
    "for_print",
    "in_writing",
    "method_note",
    "of_all",
    "percent",
    "readable",
    "report_page",
    "report_workbook",
    "result_html",
    "table_block",
    "write_value",
    "written",
]
