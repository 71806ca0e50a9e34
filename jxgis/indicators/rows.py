"""Which rows of a layer hold to a condition that stands in a profile."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from jxgis import parse
from jxgis.i18n import Text
from jxgis.schema.layers import nearest
from jxgis.settings import Range

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from jxgis.settings import Condition

__all__ = ["holds", "silent", "tells", "unmet"]


def holds(rows: pd.DataFrame, conditions: Mapping[str, Condition]) -> NDArray[np.bool_]:
    """Which rows hold to all conditions.

    Parameters
    ----------
    rows
        (n) rows with the columns that the conditions name.
    conditions
        Column to what it must hold: True (a value; of a column of yes and no a yes), False (the opposite), a value or some
        values (text without blanks at its ends, numbers as numbers), or a `settings.Range`; to numbers a yes is 1, a no 0. A row
        without a value holds to False alone. Yes and no may be words: those of `jxgis.parse`.

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


def tells(values: pd.Series[Any], wanted: Condition) -> bool:
    """Whether a column says anything of a condition: it has a value, and for numbers a number, or a yes or a no.

    Examples
    --------
    >>> words = pd.Series(["亮", "不亮"])
    >>> tells(words, True), tells(words, Range(least=1)), tells(pd.Series(["是", "否"]), Range(least=1))
    (True, False, True)
    """
    return wanted is False or bool(_said(values, wanted).any())


def silent(rows: pd.DataFrame, conditions: Mapping[str, Condition]) -> int:
    """How many rows do not say whether they hold to all conditions: asked for a yes or for a value, they have none.

    Parameters
    ----------
    rows, conditions
        As for :func:`holds`, which takes silence for a no. Where any value will do, a row without one has answered.

    Examples
    --------
    >>> lamps = pd.DataFrame({"lit": ["是", "否", None], "mended": [None, "2023-05-01", None]})
    >>> silent(lamps, {"lit": True}), silent(lamps, {"mended": True})
    (1, 0)
    """
    none = np.zeros(len(rows), dtype=np.bool_)
    for column, wanted in conditions.items():
        if not isinstance(wanted, bool) or _yes_or_no(rows[column]) is not None:
            none |= ~_said(rows[column], wanted)
    return int(none.sum())


def unmet(rows: pd.DataFrame, conditions: Mapping[str, Condition]) -> Text | None:
    """Why conditions that somebody wrote can only be a slip: a column that is not there or says nothing of them, a word of no row.

    Parameters
    ----------
    rows
        (n) rows of a layer.
    conditions
        As for :func:`holds`, which of such conditions would find nothing.

    Returns
    -------
    Text or None
        The end of a sentence about the layer, with the nearest name; None where nothing is wrong, or there are no rows.

    Examples
    --------
    >>> schools = pd.DataFrame({"kind": ["小学", "初中"]})
    >>> unmet(schools, {"knd": "小学"}).en, unmet(schools, {"kind": "小学校"}).en, unmet(schools, {"kind": "初中"})
    ("has no column 'knd', did you mean kind?", "has no '小学校' in its column 'kind', did you mean 小学?", None)
    """
    for column, wanted in conditions.items():
        if column not in rows.columns:
            hint = nearest(column, rows.columns)
            return Text(zh=f"没有列“{column}”{hint.zh}", en=f"has no column {column!r}{hint.en}")
        values = rows[column]
        if len(rows) and not tells(values, wanted):
            return Text(
                zh=f"的列“{column}”没有可用的值。", en=f"has no value that can be used in its column {column!r}."
            )
        words = [] if isinstance(wanted, bool | Range) else [each for each in _several(wanted) if isinstance(each, str)]
        if len(rows) and words and not _one(values, wanted).any():
            hint = nearest(words[0], values.dropna().unique())
            return Text(
                zh=f"的列“{column}”中没有“{words[0]}”{hint.zh}",
                en=f"has no {words[0]!r} in its column {column!r}{hint.en}",
            )
    return None


def _said(values: pd.Series[Any], wanted: Condition) -> NDArray[np.bool_]:
    """Which rows say anything of a condition."""
    yes = _yes_or_no(values) if isinstance(wanted, bool) else None
    words = isinstance(wanted, bool) or (
        not isinstance(wanted, Range) and any(isinstance(each, str) for each in _several(wanted))
    )
    said = np.isfinite(yes) if yes is not None else values.notna() if words else np.isfinite(_numbers(values))
    return np.asarray(said, dtype=np.bool_)


def _several(wanted: float | str | tuple[float | str, ...]) -> tuple[float | str, ...]:
    return wanted if isinstance(wanted, tuple) else (wanted,)


def _yes_or_no(values: pd.Series[Any]) -> NDArray[np.float64] | None:
    """1 and 0 of a column of yes and no, NaN where it has neither; None of any other column."""
    if pd.api.types.is_bool_dtype(values.dtype):
        return np.asarray(values.astype("Float64").to_numpy(dtype=np.float64, na_value=np.nan))
    if pd.api.types.is_numeric_dtype(values.dtype) or pd.api.types.is_datetime64_any_dtype(values.dtype):
        return None
    found, neither = parse.yes_no(values)
    return found.to_numpy() if found.notna().any() and not neither.any() else None


def _numbers(values: pd.Series[Any]) -> NDArray[np.float64]:
    return parse.numbers(values)[0].to_numpy()


def _one(values: pd.Series[Any], wanted: Condition) -> NDArray[np.bool_]:
    given = values.notna().to_numpy(dtype=np.bool_)
    if isinstance(wanted, bool):
        yes = _yes_or_no(values)
        given = given if yes is None else yes == 1
        return given if wanted else ~given
    if isinstance(wanted, Range):
        number = _numbers(values)
        low = -np.inf if wanted.least is None else wanted.least
        high = np.inf if wanted.most is None else wanted.most
        return np.asarray((number >= low) & (number <= high))
    some = _several(wanted)
    words = {str(each).strip() for each in some if isinstance(each, str)}
    numbers = [each for each in some if not isinstance(each, str)]
    found = values.astype("str").str.strip().isin(words).to_numpy(dtype=np.bool_) & given
    if numbers:
        found |= np.isin(_numbers(values), numbers)
    return np.asarray(found, dtype=np.bool_)
