"""What coverage is a share of, in words: housing, or built-up land where the settings or the standard ask for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jxgis.i18n import text

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["denominator_of", "land_words"]


def denominator_of(coverage: pd.DataFrame, asked: str | None = None) -> str:
    """What coverage is a share of, as its rows say; else what was asked for, or housing.

    Examples
    --------
    >>> import pandas as pd
    >>> denominator_of(pd.DataFrame({"denominator": ["built_up"]})), denominator_of(pd.DataFrame())
    ('built_up', 'residential')
    """
    told = list(coverage["denominator"].dropna()) if "denominator" in coverage.columns else []
    return str(told[0]) if told else asked or "residential"


def land_words(denominator: str, lang: str) -> dict[str, str]:
    """``land`` and ``area``, its area, for the sentences that name them.

    Examples
    --------
    >>> land_words("built_up", "zh")
    {'land': '建成区', 'area': '建成区面积'}
    """
    return {"land": text(f"parks.land_{denominator}", lang), "area": text(f"parks.of_{denominator}", lang)}
