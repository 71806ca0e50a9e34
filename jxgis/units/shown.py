"""Units as people are shown them: no small count of issues, none that the others would tell; and their bounds in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd

from jxgis.i18n import text
from jxgis.schema.tables import table
from jxgis.small_counts import count_rows, hide_small, leave_out

if TYPE_CHECKING:
    from jxgis.i18n import Table
    from jxgis.settings import UnitSettings

__all__ = ["bounds_in_words", "hide_units", "unit_counts"]


def unit_counts(units: pd.DataFrame, min_count: int, known: Sequence[pd.DataFrame] = ()) -> pd.DataFrame:
    """What readers know of the units' counts, and which are left out: units add up to their district.

    Parameters
    ----------
    units
        The contract's ``units``: ``unit_id, issues``, and ``district`` where there is one.
    min_count
        The least number of cases that is shown.
    known
        What readers know of the districts already: see :func:`jxgis.small_counts.count_rows`.

    Returns
    -------
    pandas.DataFrame
        As `count_rows`, with ``lost``.
    """
    district = units["district"] if "district" in units.columns else pd.Series("", index=units.index)
    named = units.assign(_district="units:" + district.fillna("").astype(str))
    own = count_rows(named, "issues", of="units", sums=["_district"])
    rows = pd.concat([*known, own], ignore_index=True)
    return rows.assign(lost=leave_out(rows, min_count)).tail(len(own))


def hide_units(units: Table, *, min_count: int, known: Sequence[pd.DataFrame] = ()) -> Table:
    """Units in which no count of issues is small, nor told by those of the other units of the district.

    Parameters
    ----------
    units, min_count, known
        As for `unit_counts`; without ``issues`` there is nothing to hide.

    Examples
    --------
    >>> units = pd.DataFrame({"unit_id": list("abc"), "district": ["甲", "甲", "乙"], "issues": [40, 2, 60]})
    >>> hide_units(units, min_count=3)["issues"].tolist()
    [None, '1–2', 60]
    """
    if "issues" not in units.columns:
        return units
    return hide_small(
        units, min_count=min_count, lost=unit_counts(units, min_count, known)["lost"].to_numpy(dtype=bool)
    )


def bounds_in_words(options: UnitSettings, lang: str) -> dict[str, str]:
    """The bounds as texts take them: ``low`` and ``high`` of the area, ``further`` ones, and what is ``beyond`` those.

    Examples
    --------
    >>> from jxgis.settings import UnitSettings
    >>> bounds_in_words(UnitSettings(bounds={"people": {"max": 30000}}), "zh")
    {'further': ' · 人口至多 30,000', 'beyond': '或人口超过 30,000', 'low': '2', 'high': '5'}
    """
    words = {"further": "", "beyond": ""}
    for name, bound in options.bounds.items():
        own = table("units.units").declared(name)
        title = name if own is None else own.title.of(lang)
        low, high = (None if end is None else f"{end:,.15g}" for end in (bound.min, bound.max))
        kind = "from" if high is None else "to" if low is None else "both"
        for key, of in (("further", "bound"), ("beyond", "beyond")):
            words[key] += text(f"maps.{of}_{kind}", lang, name=title, low=low or "", high=high or "")
    return words | {"low": f"{options.min_km2:g}", "high": f"{options.max_km2:g}"}
