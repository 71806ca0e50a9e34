"""Which rows of a layer hold to a condition that stands in a profile."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from jxgis.settings import Range

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from jxgis.settings import Condition

__all__ = ["holds"]


def holds(rows: pd.DataFrame, conditions: Mapping[str, Condition]) -> NDArray[np.bool_]:
    """Which rows hold to all conditions.

    Parameters
    ----------
    rows
        (n) rows with the columns that the conditions name.
    conditions
        Column to what it must hold: True (a value; of a column of yes and no a yes), False (the opposite), a value or some
        values (text without blanks at its ends, numbers as numbers), or a `settings.Range`. A row without a value holds
        to False alone.

    Returns
    -------
    ndarray of bool
        (n,).

    Examples
    --------
    >>> roads = pd.DataFrame({"kind": ["主干路", "支路", None], "pci": [92.0, 60.0, 95.0]})
    >>> holds(roads, {"kind": ("主干路", "次干路"), "pci": Range(least=80)}).tolist()
    [True, False, False]
    >>> holds(roads, {"kind": False}).tolist()
    [False, False, True]
    """
    kept = np.ones(len(rows), dtype=np.bool_)
    for column, wanted in conditions.items():
        kept &= _one(rows[column], wanted)
    return kept


def _one(values: pd.Series[Any], wanted: Condition) -> NDArray[np.bool_]:
    given = values.notna().to_numpy(dtype=np.bool_)
    if isinstance(wanted, bool):
        if pd.api.types.is_bool_dtype(values.dtype):
            given = given & values.fillna(False).to_numpy(dtype=np.bool_)
        return given if wanted else ~given
    if isinstance(wanted, Range):
        number = pd.to_numeric(values, errors="coerce").to_numpy(dtype=np.float64)
        low = -np.inf if wanted.least is None else wanted.least
        high = np.inf if wanted.most is None else wanted.most
        return np.asarray((number >= low) & (number <= high))
    some = wanted if isinstance(wanted, tuple) else (wanted,)
    words = {str(each).strip() for each in some if isinstance(each, str)}
    numbers = [each for each in some if not isinstance(each, str)]
    found = values.astype("str").str.strip().isin(words).to_numpy(dtype=np.bool_) & given
    if numbers:
        found |= pd.to_numeric(values, errors="coerce").isin(numbers).to_numpy(dtype=np.bool_)
    return np.asarray(found, dtype=np.bool_)
