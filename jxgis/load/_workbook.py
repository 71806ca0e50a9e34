"""Workbooks as tables of text: every code, number and time stays as the cells hold it."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from jxgis._files import reading, require_few_columns, require_sane_workbook
from jxgis.errors import InputError
from jxgis.i18n import Text, few, listed, text_pair
from jxgis.load._text import Sheet, counted_from, distinct_names, empty_file, filled_cells, head_row

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["read_excel"]

_WORKBOOK = Text(
    zh="无法作为 Excel 文件打开：文件不完整、有密码或格式不符；请用 Excel 或 WPS 另存为 xlsx。",
    en="cannot be opened as a workbook: it is cut off, has a password or is in another format; save it as xlsx again.",
)
# Above 2^53 a number in Excel no longer holds every digit of a code.
_EXACT = 2**53


def read_excel(path: Path, *, sheet: str | None, what: str) -> dict[str, Sheet]:
    """Read the sheets of a workbook that hold one table, every cell as text: codes without ``.0``, times as ISO 8601.

    Parameters
    ----------
    path
        ``.xlsx``, ``.xls``, ``.xlsb``, ``.ods`` or ``.et``.
    sheet
        Its name; None for the first sheet that holds a table (two cells in a row), else the first that is not empty, and all
        others with the same columns: twelve months are one table. Of these none that is hidden, or whose rows all stand in the
        others: a sum of the months, a copy.
    what
        The file, for messages.

    Returns
    -------
    dict of str to Sheet
        By name, in the order of the workbook. The header of each is found as that of `read_csv`.

    Raises
    ------
    InputError
        If the file is not a workbook, has no such sheet, or reaches too far (`jxgis._files.MOST_CELLS`).
    """
    import python_calamine

    with reading(what, _WORKBOOK):
        require_sane_workbook(path, what=what)
        book = python_calamine.CalamineWorkbook.from_path(path)
        names = book.sheet_names
        if sheet is not None and sheet not in names:
            raise InputError(
                zh=f"{what} 中没有工作表“{sheet}”；有：{listed(names, 'zh')}。",
                en=f"{what} has no sheet {sheet!r}; it has {listed(names, 'en')}.",
            )
        found: dict[str, Sheet] = {}
        wide = 0
        shown = [one.name for one in book.sheets_metadata if one.visible == python_calamine.SheetVisibleEnum.Visible]
        for name in shown if sheet is None else [sheet]:
            rows: list[list[object]] = [
                list(row) for row in book.get_sheet_by_name(name).to_python(skip_empty_area=False)
            ]
            # Two cells in a row are a table, one is at most a remark on it.
            reach = min(2, max(map(filled_cells, rows), default=0))
            if reach > wide:
                found, wide = {name: _table(rows, what)}, reach
            elif reach == 2:
                other = _table(rows, what)
                if set(other.frame.columns) == set(next(iter(found.values())).frame.columns):
                    found[name] = other
    if len(found) > 1:
        found = _without_copies(found)
    if not found:
        raise empty_file(what)
    if sheet is None and len(names) > 1:
        said = [text_pair("load.sheets_read", file=what, sheets=few(found))]
        if left := [name for name in names if name not in found]:
            said.append(text_pair("load.sheets_left", file=what, sheets=few(left)))
        first = next(iter(found))
        found[first] = replace(found[first], notes=(*said, *found[first].notes))
    return found


def _without_copies(sheets: dict[str, Sheet]) -> dict[str, Sheet]:
    """Without the sheets whose rows all stand in the others, the last first."""
    columns = next(iter(sheets.values())).frame.columns
    rows = {
        name: set(sheet.frame[list(columns)].fillna("").itertuples(index=False, name=None))
        for name, sheet in sheets.items()
    }
    for name in reversed(sheets):
        others = set().union(*(mine for other, mine in rows.items() if other != name))
        if rows[name] and rows[name] <= others:
            del rows[name]
    return {name: sheets[name] for name in rows}


def _table(rows: list[list[object]], what: str) -> Sheet:
    """The table of a sheet that is not empty, without what stands above it."""
    top = head_row(rows)
    if top is None:
        top = next(at for at, row in enumerate(rows) if filled_cells(row))
    header = [_cell(value) or "" for value in rows[top]]
    require_few_columns(sum(map(bool, header)), what=what)
    body = rows[top + 1 :]
    while body and not filled_cells(body[-1]):
        body.pop()
    width = len(header)
    columns = [[_cell(row[i]) if i < len(row) else None for row in body] for i in range(width)]
    frame = pd.DataFrame(
        {name: pd.array(values, dtype="str") for name, values in zip(distinct_names(header), columns, strict=True)}
    )
    used = [i for i in range(width) if header[i] or frame.iloc[:, i].notna().any()]
    notes = counted_from(top, what)
    if any(isinstance(value, float) and abs(value) >= _EXACT for row in body for value in row):
        notes = (*notes, text_pair("load.lost_digits", file=what))
    return Sheet(frame.iloc[:, used], np.arange(1, len(body) + 1, dtype=np.int64), notes=notes)


def _cell(value: object) -> str | None:
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    if isinstance(value, dt.datetime):
        return value.isoformat(sep=" ")
    return str(value)
