"""What of the rows of a layer names a person is hidden: in issues whatever says it, in other layers numbers alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from jxgis.i18n import text_pair
from jxgis.privacy import mask_column, mask_numbers

if TYPE_CHECKING:
    import pandas as pd

    from jxgis.load._layer import Gathered

__all__ = ["hide_numbers", "mask_names", "mask_people", "mask_words"]

_CATEGORIES = ("tree", "main_type", "sub_type")


def mask_people(gathered: Gathered) -> None:
    """Mask all columns of words, in the rows that are kept and in the earlier ones at once."""
    dtypes = {column.name: column.dtype for column in gathered.agreed.columns}
    rows = gathered.ledger.kept if gathered.earlier is None else gathered.ledger.kept | gathered.earlier
    frame = gathered.frame.loc[rows]
    for name in frame.columns:
        if dtypes.get(name) not in ("code", "number"):
            column = frame[name]
            masked = mask_words(column, name) if name in dtypes else mask_column(column)
            if masked is not column:
                gathered.frame[name] = masked.reindex(gathered.frame.index)


def mask_words(column: pd.Series, name: str) -> pd.Series:
    """Mask a column of words of the contract, by its name there.

    Issues are counted by the contract's texts: two classes must not become one. Categories may: the sheet of those without
    a class is filled in and handed back, where a number of one's own would say another thing.
    """
    return mask_column(column, distinct=name not in _CATEGORIES)


def mask_names(gathered: Gathered) -> None:
    """Mask phones, ID numbers, plates and the like in the contract's texts, before ids and joins are made of them."""
    for column in gathered.agreed.columns:
        if column.dtype == "text" and column.name in gathered.frame:
            names = gathered.frame[column.name]
            masked = mask_column(names, distinct=True, hide=mask_numbers)
            if masked is not names:
                gathered.frame[column.name] = masked.astype("str").where(names.notna())
                count = int((masked.notna() & masked.ne(names)).sum())
                gathered.notes.append(text_pair("load.masked_names", column=gathered.head(column.name), count=count))


def hide_numbers(gathered: Gathered, name: str, column: pd.Series) -> None:
    """Empty what names a person in a column of numbers, such as a phone; the others stay numbers."""
    masked = mask_column(column)
    if masked is column:
        return
    hidden = masked.notna() & masked.astype("str").str.contains("*", regex=False)
    gathered.frame.loc[hidden.index[hidden], name] = np.nan
    gathered.notes.append(text_pair("load.hidden_numbers", column=gathered.head(name), count=int(hidden.sum())))
