"""What candidates bring along beside what is measured of them: values, types, and columns that nothing reads."""

from __future__ import annotations

import difflib
import itertools
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd

from jxgis import parse
from jxgis.bounds import at_most
from jxgis.errors import InputError, collect
from jxgis.i18n import Text, few, text_pair
from jxgis.privacy import quoted
from jxgis.schema.layers import contract, head, nearest, same_name
from jxgis.schema.tables import table
from jxgis.scoring.indicators import load_registry
from jxgis.scoring.rank import numbers

if TYPE_CHECKING:
    from jxgis.indicators.measures import Measured
    from jxgis.scoring.indicators import Indicator

__all__ = ["brought_types", "own_values", "refuse_mixed", "unread", "without_shape"]

#: So many times further up lie percentages beside fractions; and no share is so many times the whole. Where less is better, a
#: tenth may be good work: there it takes about the hundred times that a fraction makes.
_MOST_TIMES, _MOST_TIMES_COST = 10, 50
#: How alike two names are from which on one may be meant by the other: a Chinese sign tells more than a letter.
_ALIKE, _ALIKE_LETTERS = 0.6, 0.75


def brought_types(candidates: gpd.GeoDataFrame) -> pd.Series:
    """The types that candidates bring; of a file of scores those that were given, not those that were found."""
    if "type" not in candidates.columns:
        return pd.Series(None, index=candidates.index, dtype="str")
    given = candidates["type"].notna()
    if "type_from" in candidates.columns:
        given &= candidates["type_from"] != "found"
    brought: pd.Series = candidates["type"].astype("str").where(given)
    return brought


def own_values(
    candidates: gpd.GeoDataFrame, indicators: Sequence[Indicator], column_units: Mapping[str, str]
) -> pd.DataFrame:
    """Values that the candidates bring along, a column an indicator; by id, else by label in either language.

    A label may stand without the group before its colon, or with the unit that results show behind it.
    """
    named = _named(candidates, indicators)
    columns: dict[str, pd.Series] = {}
    asked: list[InputError] = []
    empty = pd.Series(np.nan, index=candidates.index)
    for indicator in indicators:
        if indicator.id not in named:
            if not indicator.measures:
                asked.append(_nowhere(indicator, candidates.columns))
            columns[indicator.id] = empty
            continue
        name, *others = named[indicator.id]
        own, unit = numbers(candidates, name, unit=indicator.unit.zh), column_units.get(indicator.id)
        for other in others:
            beside = numbers(candidates, other, unit=indicator.unit.zh)
            if not np.isclose(own.fillna(beside), beside.fillna(own), rtol=1e-6, equal_nan=True).all():
                asked.append(_two_columns(indicator, name, other))
            own = own.fillna(beside)
        if unit == "fraction":
            own = own * 100.0
        elif unit is None and indicator.in_percent and own.max() > 0 and at_most(own.max(), 1.0):
            asked.append(_fractions(indicator, name, own))
        columns[indicator.id] = own
    collect(asked)
    return pd.DataFrame(columns, index=candidates.index)


def _names(indicator: Indicator) -> list[str]:
    labels = [label for label in (indicator.label.zh, indicator.label.en) if label]
    labels += [label.split("：", maxsplit=1)[-1] for label in labels]
    units = ["", *(f"({unit})" for unit in (indicator.unit.zh, indicator.unit.en))]
    return [same_name(name) for name in (indicator.id, *(label + unit for unit in units for label in labels))]


def _named(candidates: gpd.GeoDataFrame, indicators: Sequence[Indicator]) -> dict[str, list[str]]:
    """The columns of each indicator that has any."""
    plain = [(same_name(column), str(column)) for column in candidates.columns]
    found = {
        one.id: list(dict.fromkeys(column for name in _names(one) for called, column in plain if called == name))
        for one in indicators
    }
    return {name: columns for name, columns in found.items() if columns}


def unread(candidates: gpd.GeoDataFrame, indicators: Sequence[Indicator]) -> list[Text]:
    """Columns of numbers that no indicator takes and whose name is near to that of one without a column; units come with some
    that are meant for no indicator.

    Examples
    --------
    >>> import shapely
    >>> from jxgis.scoring.indicators import load_registry
    >>> some = gpd.GeoDataFrame({"shade_streets": [67.0], "note": ["x"]}, geometry=[shapely.box(0, 0, 1, 1)], crs=4549)
    >>> [said.en.split(":")[0] for said in unread(some, load_registry().indicators)]
    ['The column shade_streets of the candidates is not read']
    """
    named = _named(candidates, indicators)
    lacking = {name: one for one in indicators if one.id not in named for name in _names(one)}
    declared = {column.name for column in contract("candidates").columns} | {*table("units.units").columns}
    taken, found = {*itertools.chain(*named.values()), *declared}, []
    for column in candidates.columns.drop(candidates.geometry.name):
        alike = _ALIKE_LETTERS if str(column).isascii() else _ALIKE
        near = difflib.get_close_matches(same_name(column), lacking, n=1, cutoff=alike)
        if near and column not in taken and parse.numbers(candidates[column])[0].notna().any():
            one = lacking[near[0]]
            found.append(
                text_pair(
                    "scoring.unread_column",
                    column=head(column),
                    label=Text(zh=one.title("zh"), en=one.title("en")),
                    name=one.id,
                )
            )
    return found


def refuse_mixed(
    own: pd.DataFrame,
    measured: pd.DataFrame,
    indicators: Sequence[Indicator],
    column_units: Mapping[str, str],
    ids: pd.Series,
) -> None:
    """Ask where some candidates of a file look like fractions beside others in percent, as where districts hand in theirs.

    Up to 1 % can be true. It looks like a fraction where its hundredfold is nearer to what the layers measure; where they do
    not, where all that are above 1 are far above; farther where less is better (0.4 % of rework is good work, beside 8 %).
    """
    asked = []
    for indicator in indicators:
        value, unit = own[indicator.id], column_units.get(indicator.id)
        if not indicator.in_percent or unit == "percent":
            continue
        if unit == "fraction":  # by now in percent
            odd = value > 100.0 * _MOST_TIMES
        else:
            whole = at_most(value.to_numpy(), 1.0)
            low, high, by_layer = (value > 0) & whole, value[~whole & value.notna()], measured[indicator.id]
            times = _MOST_TIMES_COST if indicator.is_cost else _MOST_TIMES
            apart = len(high) > 0 and high.min() >= times * value[low].max()
            nearer = (100.0 * value - by_layer).abs() < (value - by_layer).abs()
            odd = low & nearer.where(by_layer.notna(), apart) & (len(high) > 0)
        if odd.any():
            asked.append(_mixed(indicator, ids[odd], value[odd].iloc[0] / (100.0 if unit == "fraction" else 1.0)))
    collect(asked)


def without_shape(own: pd.DataFrame, found: Mapping[str, Measured]) -> pd.DataFrame:
    """Own values without the columns that only say what the candidate's own shape is: units come with such, and a copy of
    what is measured is not a second source.
    """

    def copied(name: str, some: Measured) -> bool:
        given = own[name].dropna()
        of_shape = some.how is not None and not some.how.layers and some.how.file is None
        return of_shape and bool(np.isclose(given, some.table["value"][given.index], rtol=1e-6).all())

    return own.assign(**{name: np.nan for name in own.columns if copied(name, found[name])})


def _mixed(indicator: Indicator, ids: pd.Series, first: float) -> InputError:
    """A column of which some candidates are in percent and others in fractions."""
    key, named = f"scoring.column_units.{indicator.id}", few(map(quoted, ids))
    return InputError(
        zh=f"候选单元自带的“{indicator.title('zh')}”（单位 %）有的像小数（0.85）、有的像百分数（85）："
        f"{named.zh}（如 {first:g}）与其余不同。请统一为百分数；若确是百分数，请用 --set {key}=percent 说明。",
        en=f"What the candidates bring of {indicator.title('en')} (in %) looks like fractions (0.85) here and like percent (85) "
        f"there: {named.en} (such as {first:g}) differ from the others. Bring all to percent; if all are, say so "
        f"with --set {key}=percent.",
    )


def _two_columns(indicator: Indicator, name: str, other: str) -> InputError:
    """Two columns of one indicator that do not say the same."""
    return InputError(
        zh=f"候选单元的列“{head(name)}”和“{head(other)}”都是{indicator.title('zh')}，数值不同；请只保留一列。",
        en=f"The candidates' columns {head(name)!r} and {head(other)!r} are both {indicator.title('en')}, and differ; keep one.",
    )


def _nowhere(indicator: Indicator, columns: Iterable[str]) -> InputError:
    """An indicator that nothing could ever supply: it would lower the completeness of every candidate, and nobody know why."""
    key = f"[scoring.indicators.{indicator.id}]"
    hint = nearest(indicator.id, [*(each.id for each in load_registry().indicators), *columns])
    return InputError(
        zh=f"指标 {indicator.title('zh')}：候选单元没有名为 {indicator.id} 的列，{key} 也没有写 measures（由图层计算的方法）{hint.zh}"
        "请增加这一列，或写明 measures，或删去该指标。",
        en=f"Indicator {indicator.title('en')}: the candidates have no column {indicator.id}, and {key} has no measures "
        f"(ways to measure it from layers){hint.en} Add the column or the measures, or leave the indicator out.",
    )


def _fractions(indicator: Indicator, column: str, own: pd.Series) -> InputError:
    """A column for an indicator in % in which no number is above 1: it may be of fractions, and would score next to nothing."""
    least, most = f"{own.min():g}", f"{own.max():g}"
    key = f"scoring.column_units.{indicator.id}"
    return InputError(
        zh=f"候选单元的列“{column}”（{indicator.title('zh')}，单位 %）都不大于 1（{least}–{most}），像是小数（0.85）而不是"
        f"百分数（85）。请把这一列乘以 100，或用 --set {key}=fraction（小数，自动乘以 100）或 {key}=percent（确是百分数）说明。",
        en=f"The candidates' column {column!r} ({indicator.title('en')}, in %) holds nothing above 1 ({least} to {most}): "
        f"it looks like fractions (0.85), not percent (85). Multiply it by 100, or say which it is with --set {key}=fraction "
        f"(taken times 100) or {key}=percent.",
    )
