"""The account of every row: kept, rejected with its reason, or left out by a filter; identifiers masked."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from jxgis.load import SourceFile

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from jxgis.load.readers import RawTable

__all__ = ["REJECT_COLUMNS", "Ledger", "mask_identifiers"]

REJECT_COLUMNS = ("source", "row", "field", "value", "reason")
_VALUE_LENGTH = 80
_MASKS: tuple[tuple[re.Pattern[str], str], ...] = (
    # ID numbers before phones: eleven of their digits may look like one.
    (
        re.compile(
            r"(?<!\d)([1-9]\d{3})\d{2}(?:18|19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx](?!\d)"
        ),
        r"\1**************",
    ),
    (re.compile(r"(?<!\d)(1[3-9]\d)[- ]?\d{4}[- ]?\d{4}(?!\d)"), r"\1********"),
    (re.compile(r"(?<!\d)(0\d{2,3}-)\d{7,8}(?!\d)"), r"\1********"),
    (
        re.compile(
            r"([京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][A-Z])[·\s]?[A-Z0-9]{5,6}(?![A-Z0-9])"
        ),
        r"\1*****",
    ),
    (re.compile(r"((?:姓名|联系人|上报人|举报人|反映人)\s*[::：]?\s*)[\u4e00-\u9fff·]{1,4}"), r"\1**"),
)


def mask_identifiers(text: str) -> str:
    """Hide phone numbers, ID numbers, number plates and names after 姓名 or 联系人.

    Parameters
    ----------
    text
        Any text.

    Returns
    -------
    str

    Examples
    --------
    >>> mask_identifiers("联系人:张三 13812345678 浙F12345 330402199001011234")
    '联系人:** 138******** 浙F***** 3304**************'
    >>> mask_identifiers("120.948716,30.542031")
    '120.948716,30.542031'
    """
    for pattern, replacement in _MASKS:
        text = pattern.sub(replacement, text)
    return text


class Ledger:
    """The account of the rows of one or more files; a row is rejected once, for the first reason found.

    Parameters
    ----------
    tables
        The files, in the order in which their rows were put together.

    Examples
    --------
    >>> from jxgis.load.readers import read_tables
    >>> ledger = Ledger(read_tables(pd.DataFrame({"a": ["x", ""]}), expected="parks"))
    >>> ledger.reject([False, True], field="a", reason="missing_id", values=["x", ""])
    >>> ledger.kept.tolist(), ledger.table().to_dict("records")
    ([True, False], [{'source': '(memory)', 'row': 2, 'field': 'a', 'value': '', 'reason': 'missing_id'}])
    """

    def __init__(self, tables: Sequence[RawTable]) -> None:
        self._tables = tables
        lengths = [len(table.frame) for table in tables]
        self.source = np.repeat(np.arange(len(tables)), lengths)
        self.row: NDArray[np.int64] = np.concatenate([table.row for table in tables])
        self.kept: NDArray[np.bool_] = np.ones(len(self.row), dtype=bool)
        self.left_out: NDArray[np.bool_] = np.zeros(len(self.row), dtype=bool)
        self._rejects: list[pd.DataFrame] = [
            pd.DataFrame(
                {
                    "source": number,
                    "row": [row for row, _ in table.broken],
                    "field": "",
                    "value": [text for _, text in table.broken],
                    "reason": "broken_row",
                }
            )
            for number, table in enumerate(tables)
            if table.broken
        ]

    def reject(self, mask: ArrayLike, *, field: str, reason: str, values: Any) -> None:
        """Reject the rows of a mask that are still kept; ``values`` (n,) are what was wrong in them."""
        bad = np.asarray(mask, dtype=bool) & self.kept
        if bad.any():
            # The bad ones first: a million values as objects cost a second.
            found = np.asarray(values[bad] if isinstance(values, pd.Series) else np.asarray(values, dtype=object)[bad])
            self._rejects.append(
                pd.DataFrame(
                    {
                        "source": self.source[bad],
                        "row": self.row[bad],
                        "field": field,
                        "value": found.astype(object),
                        "reason": reason,
                    }
                )
            )
            self.kept &= ~bad

    def leave_out(self, mask: ArrayLike) -> int:
        """Leave out the rows of a mask that are still kept; how many they were."""
        out = np.asarray(mask, dtype=bool) & self.kept
        self.left_out |= out
        self.kept &= ~out
        return int(out.sum())

    def table(self) -> pd.DataFrame:
        """The rejected rows, in the order of files and rows, identifiers masked."""
        if not self._rejects:
            return pd.DataFrame(columns=list(REJECT_COLUMNS)).astype({"row": "int64"})
        joined = pd.concat(self._rejects, ignore_index=True).sort_values(["source", "row"], ignore_index=True)
        joined["source"] = [self._tables[number].name for number in joined["source"]]
        joined["value"] = [_shown(value) for value in joined["value"]]
        return joined.astype({"row": "int64"})[list(REJECT_COLUMNS)]

    def sources(self) -> tuple[SourceFile, ...]:
        """The account of each file."""
        account = []
        for number, table in enumerate(self._tables):
            mine = self.source == number
            rows_in = int(mine.sum()) + len(table.broken)
            kept, left = int(self.kept[mine].sum()), int(self.left_out[mine].sum())
            account.append(SourceFile(table.name, table.sha256, rows_in, kept, rows_in - kept - left, left))
        return tuple(account)


def _shown(value: object) -> str:
    """A value as the rejects show it: masked, on one line, not too long."""
    if value is None or value is pd.NaT or (isinstance(value, float) and np.isnan(value)):
        return ""
    text = mask_identifiers(" ".join(str(value).split()))
    return text if len(text) <= _VALUE_LENGTH else text[: _VALUE_LENGTH - 1] + "…"
