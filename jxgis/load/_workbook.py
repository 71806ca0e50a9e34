"""Workbooks as tables of text: every code, number and time stays as the cells hold it."""

from __future__ import annotations

import datetime as dt
import itertools
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from jxgis._files import reading, require_few_columns
from jxgis._workbooks import require_sane_workbook
from jxgis.errors import InputError
from jxgis.i18n import Text, few, listed, text_pair
from jxgis.load._columns import empty_rows
from jxgis.load._text import Sheet, counted_from, distinct_names, empty_file, filled_cells, head_row, unit_above

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    import python_calamine

    from jxgis.load._used import Picker

__all__ = ["read_excel", "shown_sheets"]

_WORKBOOK = Text(
    zh="无法作为 Excel 文件打开：文件不完整、有密码或格式不符；请用 Excel 或 WPS 另存为 xlsx。",
    en="cannot be opened as a workbook: it is cut off, has a password or is in another format; save it as xlsx again.",
)
# Above 2^53 a number in Excel no longer holds every digit of a code.
_EXACT = 2**53
_NUMBER = re.compile(r"\W*\d[\d\W]*\w{0,2}\W*")
_Joined = tuple[tuple[int, int], tuple[int, int]]


def read_excel(
    path: Path,
    *,
    sheet: str | None,
    what: str,
    columns: Picker | None = None,
    copies: Callable[[Sequence[str]], bool] | None = None,
) -> dict[str, Sheet]:
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
    columns
        Which columns are used; of several sheets all are read, by which copies are told.
    copies
        Whether rows that are alike are one, by the columns that they have; where not given, they are.

    Returns
    -------
    dict of str to Sheet
        By name, in the order of the workbook. The header of each is found as that of `read_csv`.

    Raises
    ------
    InputError
        If the file is not a workbook, has no such sheet, or reaches too far (`jxgis._workbooks.MOST_CELLS`).
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
        wanted = _shown(book) if sheet is None else [sheet]
        picker = columns if len(wanted) == 1 else None
        for name in wanted:
            opened = book.get_sheet_by_name(name)
            rows, joined = opened.to_python(skip_empty_area=False), opened.merged_cell_ranges or ()
            # Two cells in a row are a table, one is at most a remark on it.
            reach = 2 if any(filled_cells(row) > 1 for row in rows) else int(any(map(filled_cells, rows)))
            if reach > wide:
                found, wide = {name: _table(rows, joined, what, picker)}, reach
            elif reach == 2:
                other = _table(rows, joined, what, picker)
                if set(other.frame.columns) == set(next(iter(found.values())).frame.columns):
                    found[name] = other
    if len(found) > 1 and (copies is None or copies([*next(iter(found.values())).frame.columns])):
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


def shown_sheets(path: Path, *, what: str) -> list[str]:
    """The sheets of a workbook that are not hidden; as for `read_excel`."""
    import python_calamine

    with reading(what, _WORKBOOK):
        require_sane_workbook(path, what=what)
        return _shown(python_calamine.CalamineWorkbook.from_path(path))


def _shown(book: python_calamine.CalamineWorkbook) -> list[str]:
    import python_calamine

    visible = python_calamine.SheetVisibleEnum.Visible
    return [one.name for one in book.sheets_metadata if one.visible == visible]


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


def _table(rows: Sequence[list[Any]], joined: Sequence[_Joined], what: str, picker: Picker | None) -> Sheet:
    """The table of a sheet that is not empty, without what stands above it."""
    top = head_row(rows)
    if top is None:
        top = next(at for at, row in enumerate(rows) if filled_cells(row))
    header = [_cell(value) or "" for value in rows[top]]
    require_few_columns(sum(map(bool, header)), what=what)
    body = list(rows[top + 1 :])
    _fill_joined(body, [((first - top - 1, left), (last - top - 1, right)) for (first, left), (last, right) in joined])
    while body and not filled_cells(body[-1]):
        body.pop()
    by_column = list(itertools.islice(itertools.zip_longest(*body), len(header)))
    by_column += [(None,) * len(body)] * (len(header) - len(by_column))
    # A column without a name and without a value is the rest of a wider row.
    columns = {
        name: values
        for said, name, values in zip(header, distinct_names(header), by_column, strict=True)
        if said or filled_cells(values)
    }
    taken = None if picker is None else picker(list(columns), what)
    used = {name: values for name, values in columns.items() if taken is None or name in taken}
    frame = pd.DataFrame({name: pd.array(_texts(values), dtype="str") for name, values in used.items()})
    if len(used) < len(columns) and empty_rows(frame).any():
        return _table(rows, joined, what, None)
    notes = counted_from(top, what)
    if any(map(_lost_digits, used.values())):
        notes = (*notes, text_pair("load.lost_digits", file=what))
    left = tuple(name for name in columns if name not in used)
    above = "\n".join(" ".join(filter(None, map(_cell, row))) for row in rows[:top])
    return Sheet(frame, np.arange(1, len(body) + 1, dtype=np.int64), notes=notes, left=left, unit=unit_above(above))


def _fill_joined(body: Sequence[list[Any]], joined: Sequence[_Joined]) -> None:
    """Write a word of a cell merged over several rows into each of them, as it is read by people; a number may be their total."""
    for (first, left), (last, _) in joined:
        if 0 <= first < last and first < len(body) and left < len(body[first]):
            word = body[first][left]
            if isinstance(word, str) and word.strip() and not _NUMBER.fullmatch(word):
                for row in body[first + 1 : last + 1]:
                    row[left] = word


def _texts(values: Sequence[object]) -> list[str | None]:
    """The cells of a column as text; None for the empty ones."""
    if set(map(type, values)) == {str}:
        return [str(value) or None for value in values]
    return [_cell(value) for value in values]


def _lost_digits(values: Sequence[object]) -> bool:
    return float in set(map(type, values)) and any(
        isinstance(value, float) and abs(value) >= _EXACT for value in values
    )


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
