"""`jxgis score`: measure candidates, weigh indicators, score, rank, check the gates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, get_args

import geopandas as gpd
import numpy as np
import pandas as pd

from jxgis.crs import require_metric
from jxgis.errors import InputError, JxgisError, collect
from jxgis.given import given_tables
from jxgis.hotspots.result import HotspotsResult
from jxgis.i18n import text, text_pair
from jxgis.indicators.ground import ground_of, layer_title
from jxgis.indicators.measures import check_measures, measure_indicators
from jxgis.indicators.points import count
from jxgis.part import Given, Result
from jxgis.privacy import quoted
from jxgis.schema.columns import column
from jxgis.schema.layers import layers as known_layers
from jxgis.schema.layers import same_name, unagreed
from jxgis.schema.tables import table as declared
from jxgis.scoring.averages import average_indicators
from jxgis.scoring.depth import feature_table, improvement_table, swing_table, type_table
from jxgis.scoring.gates import FAILED, check_gates, lively_layers
from jxgis.scoring.indicators import check_values, indicator_table, load_registry, select_indicators
from jxgis.scoring.moves import Scored
from jxgis.scoring.part import candidates_of
from jxgis.scoring.rank import (
    competition_rank,
    complete_enough,
    geometric_mean,
    numbers,
    rank_agreement,
    rank_candidates,
    score_table,
    topsis,
)
from jxgis.scoring.result import ScoresResult
from jxgis.scoring.types import load_types
from jxgis.scoring.weightings import acceptability, draw_weightings, weight_sensitivity
from jxgis.scoring.weights import weigh
from jxgis.settings import ScoringSettings, Weighing, with_options

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from jxgis.i18n import Text
    from jxgis.indicators.measures import Ground, Measured
    from jxgis.scoring.indicators import Indicator, Judgements
    from jxgis.scoring.types import UnitTypes
    from jxgis.scoring.weights import Weights
    from jxgis.settings import MeasureSettings, Settings

__all__ = ["analyse", "ids_of", "score_candidates"]

#: The places that count as near the top where neither project nor city says how many: item 40 of the plan, three a year.
_TOP = 3
#: So many times further up lie percentages beside fractions; and no share is so many times the whole.
_MOST_TIMES = 10


@with_options(ScoringSettings)
def score_candidates(
    candidates: gpd.GeoDataFrame,
    *,
    issues: gpd.GeoDataFrame | None = None,
    parks: gpd.GeoDataFrame | None = None,
    residential: gpd.GeoDataFrame | None = None,
    waters: gpd.GeoDataFrame | None = None,
    districts: gpd.GeoDataFrame | None = None,
    historic: gpd.GeoDataFrame | None = None,
    built_up: gpd.GeoDataFrame | None = None,
    hotspots: Result | None = None,
    further: Mapping[str, gpd.GeoDataFrame] | None = None,
    settings: Settings | None = None,
    lang: str = "zh",
    sketch: bool = False,
    **options: Any,
) -> ScoresResult:
    """Score candidate sample units by whatever layers there are.

    Parameters
    ----------
    candidates
        Polygons in a metric CRS, which all layers share. A column named like an indicator (by its id or its label)
        supplies that indicator's values; where it is null, what can be measured takes its place.
    issues
        Points; see `indicators.with_case_flags`.
    parks, residential, historic, built_up
        As for `parks.measure_parks`; ``residential`` with ``people`` is also the exposure of issues.
    waters
        Polygons (lines have no area and are left out).
    districts
        For the gates, and for the city's mean number of issues.
    hotspots
        What `hotspots.find_hotspots` returned, for the share of hot area.
    further
        Further layers that indicators name, by name, such as ``{"toilets": toilets}``.
    settings
        Settings whose ``[parks]`` (standard, gap between parcels, land) and ``[units]`` (bounds) hold; the defaults
        where not given.
    lang, sketch
        ``"zh"`` or ``"en"``; whether what is drawn is marked as schematic: the polygons are not official.
    **options
        What :class:`jxgis.settings.ScoringSettings` holds: ``weights``, ``indicators``, ``min_completeness`` and so on.

    Returns
    -------
    ScoresResult

    Raises
    ------
    CrsError
        If the layers are not in one metric CRS.
    InputError
        If a column of an indicator is no number, or the weights cannot be found.
    SettingsError
        If an option is unknown or out of range.

    Examples
    --------
    >>> import geopandas as gpd, shapely
    >>> square = gpd.GeoDataFrame({"name": ["甲"], "公厕密度": [3.0]}, geometry=[shapely.box(0, 0, 1600, 1600)], crs=4549)
    >>> score_candidates(square).scores[["toilets_per_km2", "toilets_per_km2_score", "gates"]].values.tolist()
    [[3.0, 75.0, 'pass']]
    """
    layers = {
        "candidates": candidates, "issues": issues, "parks": parks, "residential": residential, "waters": waters,
        "districts": districts, "historic": historic, "built_up": built_up, **(further or {}),
    }  # fmt: skip
    # Of the layers that a city adds nothing is agreed without the city.
    contracts = {name: unagreed(name) for name in further or {} if name not in known_layers()}
    given = given_tables(
        layers,
        needs=("candidates",),
        contracts=contracts,
        lang=lang,
        sketch=sketch,
        settings=settings,
        scoring=options,
    )
    if hotspots is not None:
        given.results["hotspots"] = hotspots
    return analyse(given)


def analyse(given: Given) -> ScoresResult:
    """Score candidates by what a part was handed; see :func:`score_candidates`.

    Parameters
    ----------
    given
        The layers, ``[scoring]``, the standard of ``[parks]``, the bounds of ``[units]`` and, where there are any, the
        hot spots.

    Raises
    ------
    InputError
        If there are no candidates and no units.
    """
    candidates = candidates_of(given)
    if candidates is None:
        raise InputError(zh="没有候选单元，也没有单元可以评分。", en="There are no candidates and no units to score.")
    require_metric(candidates, "candidates")
    if not candidates.index.is_unique:
        candidates = candidates.reset_index(drop=True)
    options, bounds, lang = given.settings.scoring, given.settings.units, given.lang
    chosen, types = select_indicators(options.indicators), _types(given)
    judged = options.judgements or load_registry().judgements
    candidates = candidates.assign(candidate_id=ids_of(candidates))
    ids = candidates["candidate_id"]
    _check_layers(given, {name: indicator.measures for name, indicator in options.indicators.items()})
    own = _own_values(candidates, chosen, options.column_units)
    further = [feature for feature in types.features if feature.id not in own]
    ground, words = _ground(given)
    found_by, methods = _measure(given, candidates, [*chosen, *further], ground, words)
    own = _but_shape(own, found_by)
    measured = pd.DataFrame({name: some.table["value"] for name, some in found_by.items()}, index=candidates.index)
    _check_mixed(own, measured, chosen, options.column_units, ids)
    check_values(own, chosen, ids)
    values = own.combine_first(measured).reindex(columns=measured.columns)
    single = score_table(values, chosen)
    found = weigh(options.weights, chosen, scores=single, judgements=judged)
    gates = check_gates(
        candidates, districts=given.table("districts"), lively=lively_layers(given), min_km2=bounds.min_km2,
        max_km2=bounds.max_km2,
    )  # fmt: skip
    passes = gates["gates"] != FAILED
    ranked = rank_candidates(
        values.assign(candidate_id=ids),
        indicators=chosen,
        weights=found.shares,
        min_completeness=options.min_completeness,
        eligible=passes,
    )
    issues = given.table("issues")
    if issues is not None:
        gates["issues"] = count(candidates, issues)["value"].astype("int64")
    views, agreement = _views(single, chosen, judged, ranked, found, passes, min_completeness=options.min_completeness)
    stands = _acceptability(given, single, found, ranked)
    ranked["acceptability"] = stands["acceptability"]
    scored = Scored(values[single.columns], single, found.shares, ranked["rank"])
    kinds = type_table(ids, _brought_types(candidates), values, types, min_completeness=options.min_completeness)
    lacking = ~complete_enough(ranked["completeness"].to_numpy(), options.min_completeness)
    both, who = _both(own, measured, found_by), ranked[["candidate_id", "score", "rank"]]
    return ScoresResult(
        given=given,
        scores=_assembled(candidates, pd.concat([ranked, both], axis=1), gates, lacking, kinds),
        indicators=_account(chosen, found, own, measured[own.columns], methods, lang),
        measures=_measures(ids, chosen, own, found_by, lang),
        averages=average_indicators(
            values, gates["district"], chosen, measured=found_by, ground=ground, districts=given.table("districts"),
            lang=lang,
        ),
        gates=gates,
        views=pd.concat([who, views], axis=1),
        agreement=agreement,
        acceptability=pd.concat([who, stands], axis=1),
        swings=swing_table(ids, scored, chosen, lang),
        improvements=improvement_table(ids, scored, chosen, found_by, own, lang),
        types=kinds,
        features=feature_table(ids, values, types, found_by, lang),
        weights=found,
        top=_top(given),
        by_issues={
            name: some.how.measure for name, some in found_by.items() if some.how and "issues" in some.how.layers
        },
        labels={i.id: i.title(lang) for i in chosen},
        type_names={kind.name: kind.title.of(lang) for kind in types.types},
        titles=_titles(chosen, lang),
    )  # fmt: skip


def _types(given: Given) -> UnitTypes:
    """The types of the city, else those of the plan; those of a city may name no layer that there is not."""
    own = None if given.city is None else given.city.unit_types
    types = load_types(own)
    if own is not None:  # others need not have the layers of the plan
        _check_layers(given, {feature.id: feature.measures for feature in types.features})
    return types


def _acceptability(given: Given, single: pd.DataFrame, weights: Weights, ranked: pd.DataFrame) -> pd.DataFrame:
    """How each candidate that is ranked stands under many weightings."""
    options = given.settings.scoring
    weightings = draw_weightings(
        weights.shares, draws=options.weightings, concentration=options.concentration, seed=options.seed
    )
    return acceptability(single, weightings, top=_top(given), eligible=ranked["rank"].notna())


def _brought_types(candidates: gpd.GeoDataFrame) -> pd.Series:
    """The types that candidates bring; of a file of scores those that were given, not those that were found."""
    if "type" not in candidates.columns:
        return pd.Series(None, index=candidates.index, dtype="str")
    given = candidates["type"].notna()
    if "type_from" in candidates.columns:
        given &= candidates["type_from"] != "found"
    brought: pd.Series = candidates["type"].astype("str").where(given)
    return brought


def _top(given: Given) -> int:
    """How many places are near the top: what the project says, else how many the city names a year at least."""
    named = 0 if given.city is None else given.city.allocate.each_year
    return given.settings.scoring.top or named or _TOP


def ids_of(candidates: gpd.GeoDataFrame) -> pd.Series:
    """The candidates' ids: their own, else those of units, else their names, else their numbers; never twice the same."""
    number = pd.Series([f"C{k + 1}" for k in range(len(candidates))], index=candidates.index, dtype="str")
    ids = number
    for name in ("name", "unit_id", "candidate_id"):
        if name in candidates.columns:
            given = candidates[name].astype("str").where(candidates[name].notna())
            ids = given.fillna(ids)
    while ids.duplicated().any():  # "a", "a", "a-C2": what tells the second apart may be the name of a third
        ids = ids.where(~ids.duplicated(), ids + "-" + number)
    return ids


def _own_values(
    candidates: gpd.GeoDataFrame, indicators: Sequence[Indicator], column_units: Mapping[str, str]
) -> pd.DataFrame:
    """Values that the candidates bring along, a column an indicator; by id, else by label in either language.

    A label may stand without the group before its colon, or with the unit that results show behind it.
    """
    known = {same_name(column).replace(":", "："): str(column) for column in reversed(candidates.columns)}
    columns: dict[str, pd.Series] = {}
    asked: list[InputError] = []
    empty = pd.Series(np.nan, index=candidates.index)
    for indicator in indicators:
        labels = [label for label in (indicator.label.zh, indicator.label.en) if label]
        labels += [label.split("：", maxsplit=1)[-1] for label in labels]
        units = ["", *(f"({unit})" for unit in (indicator.unit.zh, indicator.unit.en))]
        names = map(same_name, [indicator.id, *(label + unit for unit in units for label in labels)])
        name = next((known[name] for name in names if name in known), None)
        if name is None:
            if not indicator.measures:
                asked.append(_nowhere(indicator))
            columns[indicator.id] = empty
            continue
        own, unit = numbers(candidates, name), column_units.get(indicator.id)
        if unit == "fraction":
            own = own * 100.0
        elif unit is None and indicator.in_percent and 0 < own.max() <= 1:
            asked.append(_fractions(indicator, name, own))
        columns[indicator.id] = own
    collect(asked)
    return pd.DataFrame(columns, index=candidates.index)


def _check_mixed(
    own: pd.DataFrame,
    measured: pd.DataFrame,
    indicators: Sequence[Indicator],
    column_units: Mapping[str, str],
    ids: pd.Series,
) -> None:
    """Ask where some candidates of a file look like fractions beside others in percent, as where districts hand in theirs.

    Up to 1 % can be true. It looks like a fraction where its hundredfold is nearer to what the layers measure; where they do
    not, where all that are above 1 are far above and more is better (0.4 % of rework is good work).
    """
    asked = []
    for indicator in indicators:
        value, unit = own[indicator.id], column_units.get(indicator.id)
        if not indicator.in_percent or unit == "percent":
            continue
        if unit == "fraction":  # by now in percent
            odd = value > 100.0 * _MOST_TIMES
        else:
            low, high, by_layer = (value > 0) & (value <= 1), value[value > 1], measured[indicator.id]
            apart = not indicator.is_cost and len(high) > 0 and high.min() >= _MOST_TIMES * value[low].max()
            nearer = (100.0 * value - by_layer).abs() < (value - by_layer).abs()
            odd = low & nearer.where(by_layer.notna(), apart) & (len(high) > 0)
        if odd.any():
            asked.append(_mixed(indicator, ids[odd], value[odd].iloc[0] / (100.0 if unit == "fraction" else 1.0)))
    collect(asked)


def _mixed(indicator: Indicator, ids: pd.Series, first: float) -> InputError:
    """A column of which some candidates are in percent and others in fractions."""
    key, most = f"scoring.column_units.{indicator.id}", 5
    named = [quoted(name) for name in ids.head(most)]
    more = ("", "") if len(ids) <= most else (f" 等 {len(ids)} 个", f" and others, {len(ids)} in all")
    return InputError(
        zh=f"候选单元自带的“{indicator.title('zh')}”（单位 %）有的像小数（0.85）、有的像百分数（85）："
        f"{'、'.join(named)}{more[0]}（如 {first:g}）与其余不同。请统一为百分数；若确是百分数，请用 --set {key}=percent 说明。",
        en=f"What the candidates bring of {indicator.title('en')} (in %) looks like fractions (0.85) here and like percent (85) "
        f"there: {', '.join(named)}{more[1]} (such as {first:g}) differ from the others. Bring all to percent; if all are, say so "
        f"with --set {key}=percent.",
    )


def _but_shape(own: pd.DataFrame, found: Mapping[str, Measured]) -> pd.DataFrame:
    """Own values without the columns that only say what the candidate's own shape is: units come with such, and a copy of
    what is measured is no second source.
    """

    def copied(name: str, some: Measured) -> bool:
        given = own[name].dropna()
        of_shape = some.how is not None and not some.how.layers and some.how.file is None
        return of_shape and bool(np.isclose(given, some.table["value"][given.index], rtol=1e-6).all())

    return own.assign(**{name: np.nan for name in own.columns if copied(name, found[name])})


def _nowhere(indicator: Indicator) -> InputError:
    """An indicator that nothing could ever supply: it would lower the completeness of every candidate, and nobody know why."""
    key = f"[scoring.indicators.{indicator.id}]"
    return InputError(
        zh=f"指标 {indicator.title('zh')}：候选单元没有名为 {indicator.id} 的列，{key} 也没有写 measures（由图层计算的方法）。"
        "请增加这一列，或写明 measures，或删去该指标。",
        en=f"Indicator {indicator.title('en')}: the candidates have no column {indicator.id}, and {key} has no measures "
        "(ways to measure it from layers). Add the column or the measures, or leave the indicator out.",
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


def _ground(given: Given) -> tuple[Ground, dict[str, Text]]:
    """What is measured on, the cells of hot spots among it, and how, where that needs more words than the measure's."""
    hotspots, cells = given.results.get("hotspots"), None
    if isinstance(hotspots, HotspotsResult):
        cells = hotspots.judged_cells()
    ground, words = ground_of(given, **({} if cells is None else {"hot_cells": cells}))
    if cells is not None and isinstance(hotspots, HotspotsResult):
        words["hot_share"] = text_pair("scoring.by_hot_cells", alpha=f"{hotspots.given.settings.hotspots.alpha:g}")
    return ground, words


def _measure(
    given: Given,
    candidates: gpd.GeoDataFrame,
    chosen: Sequence[Indicator],
    ground: Ground,
    words: Mapping[str, Text],
) -> tuple[dict[str, Measured], dict[str, Text]]:
    """Every indicator as the layers allow, and how each was measured."""
    found = measure_indicators(
        candidates,
        {indicator.id: indicator.measures for indicator in chosen},
        ground,
        percent=[indicator.id for indicator in chosen if indicator.in_percent],
    )
    title = layer_title(given.city)
    methods = {
        name: words.get(some.how.measure) or some.method(title) for name, some in found.items() if some.how is not None
    }
    return found, methods


def _views(
    single: pd.DataFrame,
    indicators: Sequence[Indicator],
    judgements: Judgements,
    ranked: pd.DataFrame,
    weights: Weights,
    passes: pd.Series,
    *,
    min_completeness: float,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Ranks by every way of weighing that can be had here, TOPSIS, the geometric mean, and their agreement.

    All rank the candidates that the chosen weights rank, so that the rankings can be compared.
    """
    eligible = ranked["rank"].notna()
    values = ranked[[i.id for i in indicators]]
    ranks: dict[str, pd.Series] = {}
    for method in get_args(Weighing):
        try:
            found = weigh(method, indicators, scores=single, judgements=judgements)
        except JxgisError:
            continue  # no judgements of these dimensions, or nothing to tell the candidates apart
        score = rank_candidates(values, indicators=indicators, weights=found.shares, min_completeness=0.0)["score"]
        ranks[f"rank_{method}"] = competition_rank(score.where(eligible))
    ranks["rank_topsis"] = competition_rank(topsis(single, weights.shares).where(eligible))
    geometric = geometric_mean(single, weights.shares)
    ranks["rank_geometric"] = competition_rank(geometric.where(eligible))
    moved = weight_sensitivity(single, weights.shares, min_completeness=min_completeness, eligible=passes)
    return pd.concat([pd.DataFrame(ranks), geometric, moved], axis=1), rank_agreement(ranks)


def _titles(indicators: Sequence[Indicator], lang: str) -> dict[str, str]:
    """Titles of the columns of the indicators, whose ids may be any word."""
    titles: dict[str, str] = {}
    for indicator in indicators:
        label = indicator.title(lang)
        unit = indicator.unit.of(lang)
        value = text("scoring.with_unit", lang, label=label, unit=unit) if unit else label
        points = column("*_score").title.of(lang).format(name=label)
        measured = column("*_measured").title.of(lang).format(name=label)
        titles |= {indicator.id: value, f"{indicator.id}_score": points, f"{indicator.id}_measured": measured}
    return titles


def _both(own: pd.DataFrame, measured: pd.DataFrame, found: Mapping[str, Measured]) -> pd.DataFrame:
    """What the layers measure of indicators for which candidates bring a value: ``x_measured`` beside the ``x`` that counts."""
    names = [name for name in own.columns if own[name].notna().any() and found[name].how is not None]
    return measured[names].add_suffix("_measured")


def _account(
    indicators: Sequence[Indicator],
    weights: Weights,
    own: pd.DataFrame,
    measured: pd.DataFrame,
    methods: Mapping[str, Text],
    lang: str,
) -> pd.DataFrame:
    """One row an indicator: reference, weight, where its values come from, and how far the two sources are apart."""
    table = indicator_table(indicators, lang).set_index("indicator")
    brought, known = own.notna(), measured.notna()
    table["weight"] = weights.shares
    table["own"] = brought.sum()
    table["measured"] = (known & ~brought).sum()
    table["missing"] = (~known & ~brought).sum()
    table["both"] = (known & brought).sum()
    table["apart"] = (own - measured).abs().max()
    table["counted"] = np.select(
        [(table["own"] > 0) & (table["measured"] > 0), table["own"] > 0, table["measured"] > 0],
        ["own_else_measured", "own", "measured"],
        "nothing",
    )
    used = (table["measured"] > 0) | (table["both"] > 0)
    table["method"] = [methods[i].of(lang) if i in methods and used[i] else "" for i in table.index]
    return table.reset_index()[list(declared("scores.indicators").required)]


def _measures(
    ids: pd.Series, indicators: Sequence[Indicator], own: pd.DataFrame, found: Mapping[str, Measured], lang: str
) -> pd.DataFrame:
    """One row a candidate and indicator: what counts, what was measured of what, and why nothing was."""
    tables = []
    for indicator in indicators:
        table, brought = found[indicator.id].table, own[indicator.id]
        counted = np.select([brought.notna(), table["value"].notna()], ["own", "measured"], "nothing")
        tables.append(
            pd.DataFrame(
                {
                    "candidate_id": ids,
                    "indicator": indicator.id,
                    "label": indicator.title(lang),
                    "value": brought.fillna(table["value"]),
                    "counted": counted,
                    "own_value": brought,
                    "measured_value": table["value"],
                    "numerator": table["numerator"],
                    "denominator": table["denominator"],
                    "over": indicator.over.of(lang) or None,
                    "reason": table["reason"].where(counted == "nothing").replace("", None),
                }
            )
        )
    return pd.concat(tables, ignore_index=True)


def _check_layers(given: Given, ways: Mapping[str, Sequence[MeasureSettings]]) -> None:
    """Refuse what names a layer which neither every city has nor the profile adds."""
    if given.city is not None:
        check_measures(ways, (*known_layers(), *given.city.layers))


def _assembled(
    candidates: gpd.GeoDataFrame,
    ranked: pd.DataFrame,
    gates: pd.DataFrame,
    incomplete: NDArray[np.bool_],
    types: pd.DataFrame,
) -> gpd.GeoDataFrame:
    """The contract's layer: who, how good, why, then the figures; what an indicator's id names is left to it.

    A type that a candidate brings counts; else the one that its features find.
    """
    table = ranked.copy()
    given, found = types["type_given"], types["type_found"]
    table["type"] = given.fillna(found)
    table["type_from"] = pd.Series(
        np.select([given.notna(), found.notna()], ["given", "found"], ""), table.index, "str"
    )
    table["type_from"] = table["type_from"].replace("", None)
    if "name" in candidates.columns and "name" not in ranked.columns:
        table["name"] = candidates["name"]
    # What the choice of each year asks of candidates, so that it can be made from the scores.
    for name in ("named_year", "ready_year", "cost"):
        if name in candidates.columns and name not in ranked.columns and candidates[name].notna().any():
            table[name] = candidates[name]
    for name in ("district", "gates", "area_km2", "issues", "reason"):
        if name in gates.columns and name not in ranked.columns:
            table[name] = gates[name]
    reasons = [
        ";".join(code for code in (gate, "incomplete" if lacking else "") if code)
        for gate, lacking in zip(gates["reason"], incomplete, strict=True)
    ]
    table["reason"] = pd.Series(reasons, index=table.index, dtype="str").replace("", None)
    first = ["candidate_id", "name", "type", "type_from", "district"]
    figures = ["score", "score_if_missing_zero", "completeness", "rank", "acceptability"]
    last = ["named_year", "ready_year", "cost", "gates", "area_km2", "issues", "reason"]
    head = [c for c in (*first, *figures) if c in table.columns]
    tail = [c for c in last if c in table.columns and c not in head]
    middle = [c for c in table.columns if c not in {*head, *tail}]
    return gpd.GeoDataFrame(table[[*head, *middle, *tail]], geometry=candidates.geometry, crs=candidates.crs)
