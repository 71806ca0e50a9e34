"""The account of every row: kept, rejected with its reason, or left out by a filter; identifiers masked."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from jxgis.errors import InputError
from jxgis.i18n import listed, text_pair
from jxgis.load import SourceFile
from jxgis.load._columns import empty_rows
from jxgis.privacy import quoted
from jxgis.schema.columns import layer_column
from jxgis.schema.layers import KIND_NAMES

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from jxgis.i18n import Text
    from jxgis.load.readers import RawTable
    from jxgis.schema.layers import Contract

__all__ = ["REJECT_COLUMNS", "Ledger", "field_title", "refuse_empty", "refuse_no_years"]

REJECT_COLUMNS = ("source", "row", "field", "value", "reason")


class Ledger:
    """The account of the rows of one or more files; a row is rejected once, for the first reason found.

    Parameters
    ----------
    tables
        The files, in the order in which their rows were put together.
    codes
        Fields that hold codes of the contract, whose values are shown as they are: a case's number is not a phone.

    Examples
    --------
    >>> from jxgis.load.readers import read_tables
    >>> ledger = Ledger(read_tables(pd.DataFrame({"a": ["x", ""]}), expected="parks"))
    >>> ledger.reject([False, True], field="a", reason="missing_id", values=["x", ""])
    >>> ledger.kept.tolist(), ledger.table().to_dict("records")
    ([True, False], [{'source': '(memory)', 'row': 2, 'field': 'a', 'value': '', 'reason': 'missing_id'}])
    """

    def __init__(self, tables: Sequence[RawTable], *, codes: Collection[str] = ()) -> None:
        # Not the tables: of a million rows they would stay in memory as long as the account.
        self._files = [(table.name, table.sha256, len(table.broken)) for table in tables]
        self._blank = np.concatenate([empty_rows(table.frame) & (table.geometry is None) for table in tables])
        self._codes = codes
        lengths = [len(table.frame) for table in tables]
        self.source = np.repeat(np.arange(len(tables)), lengths)
        self.row: NDArray[np.int64] = np.concatenate([table.row for table in tables])
        self.kept: NDArray[np.bool_] = np.ones(len(self.row), dtype=bool)
        self.left_out: NDArray[np.bool_] = np.zeros(len(self.row), dtype=bool)
        self._rejects: list[pd.DataFrame] = [
            pd.DataFrame(
                {
                    "source": number,
                    "row": [broken.row for broken in table.broken],
                    "field": "",
                    # How many, not what: the text of a row that nobody can take apart may be anybody's.
                    "value": [f"{broken.fields} ≠ {broken.expected}" for broken in table.broken],
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

    def reject_blank(self) -> None:
        """Reject rows of text that hold nothing at all, whatever else they lack."""
        self.reject(self._blank, field="", reason="empty_row", values=np.full(len(self.row), "", dtype=object))

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
        joined["source"] = [self._files[number][0] for number in joined["source"]]
        pairs = zip(joined["field"], joined["value"], strict=True)
        joined["value"] = [_shown(value, code=field in self._codes) for field, value in pairs]
        return joined.astype({"row": "int64"})[list(REJECT_COLUMNS)]

    def sources(self) -> tuple[SourceFile, ...]:
        """The account of each file."""
        account = []
        for number, (name, sha256, broken) in enumerate(self._files):
            mine = self.source == number
            rows_in = int(mine.sum()) + broken
            kept, left = int(self.kept[mine].sum()), int(self.left_out[mine].sum())
            account.append(SourceFile(name, sha256, rows_in, kept, rows_in - kept - left, left))
        return tuple(account)


def _shown(value: object, *, code: bool) -> str:
    """A value as the rejects show it: masked unless it is a code, on one line, not too long."""
    if value is None or value is pd.NaT or (isinstance(value, float) and np.isnan(value)):
        return ""
    return quoted(value, code=code)


def refuse_no_years(ledger: Ledger, column: str, values: pd.Series, bad: NDArray[np.bool_]) -> None:
    """Refuse what is not a year: left out, a unit that is named would look as if it were still to be chosen."""
    wrong = np.flatnonzero(bad & ledger.kept)
    if wrong.size:
        file, row, value = (
            ledger.sources()[ledger.source[wrong[0]]].name,
            ledger.row[wrong[0]],
            quoted(values.iloc[wrong[0]]),
        )
        raise InputError.saying(
            text_pair("load.no_years", file=file, row=row, column=column, value=value, n=wrong.size)
        )


def field_title(field: str, layer: str) -> Text:
    """What the ``field`` of a rejected row is called: a column of the layer, its shape, or the row as a whole."""
    if field in ("", "geometry"):
        return text_pair("load.shape" if field else "load.whole_row")
    return layer_column(field, layer).title


def refuse_empty(agreed: Contract, ledger: Ledger) -> None:
    """Refuse a layer of which nothing is kept, with the reasons and how often each.

    Raises
    ------
    InputError
        If no row is kept.
    """
    if ledger.kept.any() or (agreed.may_be_empty and not len(ledger.kept)):
        return
    rejects = ledger.table()
    left = int(ledger.left_out.sum())
    files = dict.fromkeys(source.name for source in ledger.sources())
    counts = rejects["reason"].value_counts()
    said = [(text_pair(f"reasons.{reason}"), count) for reason, count in counts.items()]
    if left:
        said = sorted([*said, (text_pair("load.by_filters"), left)], key=lambda each: -each[1])
    zh, en = [f"{reason.zh} {count} 行" for reason, count in said], [f"{reason.en}: {count}" for reason, count in said]
    first_zh = first_en = ""
    if len(rejects) and left <= counts.iloc[0]:
        row = rejects[rejects["reason"] == counts.index[0]].iloc[0]
        field = field_title(row["field"], agreed.layer)
        first_zh = f"例如 {row['source']} 第 {row['row']} 行 {field.zh}“{row['value']}”。"
        first_en = f" For example {row['source']}, row {row['row']}: {field.en} {row['value']!r}."
    hint_zh = hint_en = ""
    if (rejects["reason"] == "wrong_geometry").any():
        kind = KIND_NAMES[agreed.geometry]
        hint_zh, hint_en = f"{agreed.title.zh}需要{kind.zh}图层。", f" It needs {kind.en}."
    raise InputError(
        zh=f"{listed(files, 'zh')} 中没有可用的{agreed.title.zh}数据：{'；'.join(zh)}。{hint_zh}{first_zh}",
        en=f"{listed(files, 'en')}: no usable row of {agreed.title.en}: {'; '.join(en)}.{hint_en}{first_en}",
    )
