"""The sheet of categories that no class holds: a planner fills in the last column and hands it back."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from jxgis.report.paper import for_print
from jxgis.report.sheets import new_workbook
from jxgis.schema.tables import table

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["class_sheet"]

_WIDTHS = (12, 18, 26, 10, 16)


def class_sheet(path: str | Path, leftover: pd.DataFrame, classes: Sequence[str]) -> Path:
    """Write the categories that the mapping leaves over, with a list of the classes to choose from.

    Parameters
    ----------
    path
        The file, ``unclassified.xlsx``.
    leftover
        ``tree, main_type, sub_type, count, issue_class``, as `load.unclassified` gives them; a count may be a range, or
        missing where it would give another away.
    classes
        The classes to choose from.

    Returns
    -------
    pathlib.Path
        The file written; filled in, it is what ``[city] issue_classes`` names.

    Examples
    --------
    >>> import tempfile
    >>> import pandas as pd
    >>> from jxgis.city import read_class_table
    >>> row = {"tree": "事件", "main_type": "其他", "sub_type": "飞絮", "count": 3, "issue_class": "园林绿化"}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = class_sheet(Path(folder, "unclassified.xlsx"), pd.DataFrame([row]), ["园林绿化"])
    ...     read_class_table(path).values.tolist()
    [['事件', '飞絮', '园林绿化']]
    """
    # Chinese heads, which `city.read_class_table` reads, whatever the language: the sheet goes back in.
    declared = table("lists.unclassified").columns
    target = Path(path)
    with new_workbook(target) as book:
        sheet = book.add_worksheet("六类对照")
        head = book.add_format({"bold": True, "bg_color": "#e8eef0", "bottom": 1})
        fill = book.add_format({"bg_color": "#fff8e1", "border": 1, "border_color": "#d9c98f"})
        for at, (column, width) in enumerate(zip(declared.values(), _WIDTHS, strict=True)):
            sheet.set_column(at, at, width)
            sheet.write_string(0, at, column.title.zh, head)
            form = fill if column.name == "issue_class" else None
            for row, value in enumerate(leftover[column.name].tolist(), start=1):
                sheet.write(row, at, "—" if value is None else value, form)
        last = max(len(leftover), 1)
        if classes:
            # A range of cells: written into the rule, a name that holds a comma or a quote would break it.
            choice = book.add_worksheet("类别")
            for row, name in enumerate(classes):
                choice.write_string(row, 0, name)
            sheet.data_validation(1, 4, last, 4, {"validate": "list", "source": f"=类别!$A$1:$A${len(classes)}"})
        for_print(sheet)
        sheet.repeat_rows(0)
        sheet.freeze_panes(1, 0)
    return target
