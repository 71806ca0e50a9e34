"""Columns as people read them: titles, codes in words, and how numbers are written in Excel and on the page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
import pandas as pd

from jxgis import i18n
from jxgis.i18n import text

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Kind", "in_writing", "indicator_kinds", "kind_of", "percent", "readable", "title_of", "write_value"]


class Kind(NamedTuple):
    """What a column holds, and with how many decimals it is shown.

    ``percent``: a share, 0–1. ``points``: a difference of two shares, in percentage points. ``change``: a relative
    change, with its sign.
    """

    name: Literal["text", "number", "percent", "points", "change", "p", "time", "flag"]

    digits: int = 0


_INTEGER = Kind("number", 0)
_KINDS: dict[str, Kind] = {
    "rank": _INTEGER,
    "count": _INTEGER,
    "issues": _INTEGER,
    "issues_before": _INTEGER,
    "issues_recent": _INTEGER,
    "rows_in": _INTEGER,
    "rows_kept": _INTEGER,
    "rows_rejected": _INTEGER,
    "rows_left_out": _INTEGER,
    "residential_m2": _INTEGER,
    "served_m2": _INTEGER,
    "unserved_m2": _INTEGER,
    "m2": _INTEGER,
    "gain_m2": _INTEGER,
    "people": _INTEGER,
    "place_rank": _INTEGER,
    "radius_m": _INTEGER,
    "gi_bin": _INTEGER,
    "units": _INTEGER,
    "units_in_bounds": _INTEGER,
    "places": _INTEGER,
    "area_km2": Kind("number", 2),
    "per_km2": Kind("number", 1),
    "peak_z": Kind("number", 1),
    "gi_z": Kind("number", 2),
    "location_quotient": Kind("number", 2),
    "concentration": Kind("number", 1),
    "compactness": Kind("number", 2),
    "entropy": Kind("number", 2),
    "evenness": Kind("number", 2),
    "effective_classes": Kind("number", 1),
    "gini": Kind("number", 2),
    "jaccard": Kind("number", 2),
    "ratio": Kind("number", 1),
    "score": Kind("number", 1),
    "score_if_missing_zero": Kind("number", 1),
    "change": Kind("change", 0),
    "change_city": Kind("change", 0),
    "completeness": Kind("percent", 0),
    "coverage": Kind("percent", 1),
    "people_coverage": Kind("percent", 1),
    "coverage_after": Kind("percent", 1),
    "coverage_with_pocket": Kind("percent", 1),
    "coverage_before": Kind("percent", 1),
    "best": Kind("percent", 1),
    "needed": _INTEGER,
    "gain_people": _INTEGER,
    "counts": Kind("flag"),
    "radius": Kind("percent", 1),
    "walking": Kind("percent", 1),
    "deficit": Kind("points", 1),
    **dict.fromkeys(
        (
            *("share_issues", "share_area", "share_hot", "share_inside", "share_of_smaller", "share_first"),
            *("main_subclass_share", "same_point_share", "main_share", "shared_of_a", "shared_of_b", "half_in_area"),
            *(f"top{n}_{of}" for n in (1, 3, 5, 10) for of in ("share", "area")),
            *("share", "share_below", "unreachable_share", "no_data_share"),
            *("barrier_share", "function_share", "kept_share", "district_share", "city_share"),
        ),
        Kind("percent", 1),
    ),
    "in_bounds": Kind("flag"),
    "nearly": Kind("flag"),
    "gi_p": Kind("p"),
    "gi_q": Kind("p"),
    "gi_q_all": Kind("p"),
    "lone_p": Kind("p"),
    "times_mean": Kind("number", 0),
    "is_hot": Kind("flag"),
    "tested": Kind("flag"),
}
#: Columns whose values are codes: each value ``x`` has the text ``value_{column}_{x}``, where there is one.
_CODED = (
    "method",
    "level",
    "issue_class",
    "issue_class_a",
    "zone",
    "layer",
    "standard",
    "name_from",
    "class_a",
    "class_b",
    "main_class",
    "gates",
    "denominator",
    "family",
)


def _words(key: str, lang: str) -> str | None:
    try:
        return text(f"report.{key}", lang)
    except KeyError:
        # A column or value of the user's own.
        return None


def kind_of(column: str, values: pd.Series[Any]) -> Kind:
    """How a column is written: by its contract name, else by its values.

    A name is no declaration: an own column called ``share_of_toilets`` may hold 30, which is not 3000 %.

    Examples
    --------
    >>> kind_of("coverage", pd.Series([0.5]))
    Kind(name='percent', digits=1)
    >>> kind_of("anything", pd.Series(["a"]))
    Kind(name='text', digits=0)
    """
    if column in _KINDS:
        return _KINDS[column]
    if pd.api.types.is_bool_dtype(values):
        return Kind("flag")
    if pd.api.types.is_datetime64_any_dtype(values):
        return Kind("time")
    if not pd.api.types.is_numeric_dtype(values):
        return Kind("text")
    if column.endswith("_score"):
        return Kind("number", 1)
    return Kind("number", 0 if pd.api.types.is_integer_dtype(values) else 2)


def indicator_kinds(scores: pd.DataFrame) -> dict[str, Kind]:
    """How the columns of indicators are written: their values in the unit that the indicator declares.

    Parameters
    ----------
    scores
        The contract's ``scores``: each indicator ``x`` has a column ``x_score``, and may be called like any other column.

    Examples
    --------
    >>> indicator_kinds(pd.DataFrame(columns=["score", "coverage", "coverage_score"]))
    {'coverage': Kind(name='number', digits=2), 'coverage_score': Kind(name='number', digits=1)}
    """
    kinds: dict[str, Kind] = {}
    for column in map(str, scores.columns):
        if f"{column}_score" in scores.columns:
            kinds |= {column: Kind("number", 2), f"{column}_score": Kind("number", 1)}
    return kinds


def title_of(column: str, lang: str, extra: Mapping[str, str] | None = None) -> str:
    """The title of a column; an indicator's score is titled after the indicator.

    Parameters
    ----------
    column
        Its contract name.
    lang
        ``"zh"`` or ``"en"``.
    extra
        Titles of further columns, such as indicators.

    Examples
    --------
    >>> title_of("district", "zh")
    '片区'
    >>> title_of("toilets_score", "zh", {"toilets": "公厕密度"})
    '公厕密度（得分）'
    """
    if extra and column in extra:
        return extra[column]
    known = i18n.column_titles([column], lang)
    if known:
        return known[column]
    own = _words(f"column_{column}", lang)
    if own is not None:
        return own
    if column.endswith("_score"):
        return text("report.indicator_score", lang, name=title_of(column.removesuffix("_score"), lang, extra))
    return column


def readable(table: pd.DataFrame, lang: str) -> pd.DataFrame:
    """A copy of a table without geometry and with its codes in words.

    Parameters
    ----------
    table
        Any result table.
    lang
        ``"zh"`` or ``"en"``.

    Examples
    --------
    >>> readable(pd.DataFrame({"zone": ["all"], "method": ["radius"]}), "zh").values.tolist()
    [['全域', '服务半径']]
    """
    plain = pd.DataFrame(table.drop(columns=[c for c in table.columns if c == "geometry"]))
    plain = i18n.localise_reasons(plain, lang)
    for column in _CODED:
        if column not in plain.columns:
            continue
        words = {value: _words(f"value_{column}_{value}", lang) for value in plain[column].dropna().unique()}
        plain[column] = [words.get(value) or value for value in plain[column]]
    return plain


def write_value(value: Any, kind: Kind, lang: str) -> str:
    """A value in words for the page; a dash where there is none.

    Examples
    --------
    >>> [write_value(v, k, "zh") for v, k in [(0.8768, Kind("percent", 1)), (-0.12, Kind("change")), (12345, Kind("number"))]]
    ['87.7 %', '−12 %', '12,345']
    >>> write_value(0.0314, Kind("points", 1), "zh")
    '3.1'
    >>> write_value(float("nan"), Kind("number"), "zh")
    '—'
    """
    if value is None or value is pd.NaT or (isinstance(value, (float, np.floating)) and not np.isfinite(value)):
        return "—"
    if value is pd.NA or value == "":
        return "—"
    if isinstance(value, str):
        # Of a column of numbers too: the range that a small count is shown as.
        return value
    match kind.name:
        case "percent":
            return f"{100 * float(value):,.{kind.digits}f} %".replace("-", "−")
        case "points":
            # The column's title has the unit.
            return f"{100 * float(value):,.{kind.digits}f}".replace("-", "−")
        case "change":
            rounded = round(100 * float(value), kind.digits)
            return f"{rounded:+,.{kind.digits}f} %".replace("-", "−") if rounded else "0 %"
        case "number":
            return f"{float(value):,.{kind.digits}f}".replace("-", "−")
        case "p":
            return "< 0.001" if float(value) < 0.001 else f"{float(value):.3f}"
        case "flag":
            return text("report.yes" if bool(value) else "report.no", lang)
        case "time":
            return f"{pd.Timestamp(value):%Y-%m-%d %H:%M}"
    return str(value)


def in_writing(table: pd.DataFrame, lang: str) -> pd.DataFrame:
    """A table as people read it: titles, numbers as they are written, codes in words, no geometry.

    Examples
    --------
    >>> in_writing(pd.DataFrame({"zone": ["all"], "coverage": [0.8768]}), "zh")
         区域     覆盖率
    0  全域  87.7 %
    """
    words = readable(table, lang)
    kinds = {column: kind_of(str(column), table[column]) for column in words.columns}
    written = {
        title_of(str(column), lang): [write_value(value, kinds[column], lang) for value in words[column]]
        for column in words.columns
    }
    return pd.DataFrame(written, index=words.index)


def percent(value: float, digits: int = 1) -> str:
    """A share, 0–1, as it is written in a sentence.

    Examples
    --------
    >>> percent(0.8768), percent(0.2, 0)
    ('87.7 %', '20 %')
    """
    return write_value(value, Kind("percent", digits), "zh")
