"""`jxgis score`: measure candidates, weigh indicators, score, rank, check the conditions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple, get_args

import geopandas as gpd
import numpy as np
import pandas as pd

from jxgis.crs import require_metric
from jxgis.errors import InputError, JxgisError, SettingsError, collect
from jxgis.given import given_tables, named_tables, refuse_unread
from jxgis.hotspots.result import HotspotsResult
from jxgis.i18n import Text, text, text_pair
from jxgis.indicators.ground import ground_of, methods_of
from jxgis.indicators.measures import check_measures, measure_indicators
from jxgis.indicators.points import count
from jxgis.indicators.rows import unmet
from jxgis.part import Given, Result
from jxgis.schema.columns import column
from jxgis.schema.layers import layers as known_layers
from jxgis.schema.tables import table as declared
from jxgis.scoring.averages import average_indicators
from jxgis.scoring.brought import brought_types, own_values, refuse_mixed, unread, without_shape
from jxgis.scoring.conditions import FAILED, check_conditions, lively_layers
from jxgis.scoring.depth import feature_table, improvement_table, swing_table, type_table
from jxgis.scoring.indicators import check_named, check_values, indicator_table, load_registry, select_indicators
from jxgis.scoring.moves import Scored
from jxgis.scoring.names import ids_of
from jxgis.scoring.part import PART, candidates_of
from jxgis.scoring.rank import (
    competition_rank,
    complete_enough,
    geometric_mean,
    rank_agreement,
    rank_candidates,
    score_table,
    topsis,
)
from jxgis.scoring.result import ScoresResult
from jxgis.scoring.types import load_types, strange_types
from jxgis.scoring.weightings import acceptability, draw_weightings, moved_weightings, weight_sensitivity
from jxgis.scoring.weights import weigh
from jxgis.settings import ScoringSettings, Weighing, with_options

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from jxgis.indicators.measures import IndicatorInputs, Measured
    from jxgis.scoring.indicators import Indicator, Judgements
    from jxgis.scoring.types import UnitTypes
    from jxgis.scoring.weights import Weights
    from jxgis.settings import MeasureSettings, Settings

__all__ = ["analyse", "score_candidates"]

#: The places that count as near the top where neither project nor city says how many: item 40 of the plan, three a year.
_TOP = 3


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
        For the conditions, and for the city's mean number of issues.
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
        If a column of an indicator is not a number, the weights cannot be found, or a further layer is named by no indicator.
    SettingsError
        If an option is unknown or out of range.

    Examples
    --------
    >>> import geopandas as gpd, shapely
    >>> square = gpd.GeoDataFrame({"name": ["甲"], "公厕密度": [3.0]}, geometry=[shapely.box(0, 0, 1600, 1600)], crs=4549)
    >>> score_candidates(square).scores[["toilets_per_km2", "toilets_per_km2_score", "gates"]].values.tolist()
    [[3.0, 75.0, 'pass']]
    """
    own = named_tables(further, "further")
    layers = {
        "candidates": candidates, "issues": issues, "parks": parks, "residential": residential, "waters": waters,
        "districts": districts, "historic": historic, "built_up": built_up,
    }  # fmt: skip
    given = given_tables(
        layers,
        needs=("candidates",),
        further=own,
        lang=lang,
        sketch=sketch,
        settings=settings,
        scoring=options,
    )
    refuse_unread(own, PART.layers_for(given.settings), "further")
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
    candidates, options, lang = _candidates(given), given.settings.scoring, given.lang
    chosen, types, ids = select_indicators(options.indicators), _types(given), candidates["candidate_id"]
    check_named(options, chosen)
    _check_layers(given, {name: indicator.measures for name, indicator in options.indicators.items()})
    if options.judgements:
        # Whatever the weights: AHP is one of the views, and judgements that it cannot use would be passed over.
        weigh("ahp", chosen, judgements=options.judgements)
    values = _values(given, candidates, chosen, types)
    own, found_by = values.own, values.found
    conditions = _conditions(given, candidates)
    passes = conditions["gates"] != FAILED
    ranking = _rank(given, ids, chosen, values.counted, passes)
    ranked, single, weights = ranking.ranked, ranking.single, ranking.weights
    scored = Scored(values.counted[single.columns], single, weights.shares, ranked["rank"])
    kinds = type_table(ids, brought_types(candidates), values.counted, types, min_completeness=options.min_completeness)
    enough = complete_enough(ranked["completeness"].to_numpy(), options.min_completeness)
    lacking = (
        ~enough | ranked["score"].isna().to_numpy()
    )  # of whom nothing is known there is no rank, whatever is asked for
    both, who = _both(own, values.measured, found_by), ranked[["candidate_id", "score", "rank"]]
    return ScoresResult(
        given=given,
        scores=_assembled(candidates, pd.concat([ranked, both], axis=1), conditions, lacking, kinds),
        indicators=_account(chosen, weights, own, values.measured[own.columns], values.methods, lang),
        measures=_measures(ids, chosen, own, found_by, lang),
        averages=average_indicators(
            values.counted[passes], conditions["district"][passes], chosen, measured=found_by, ground=values.ground,
            districts=given.table("districts"), lang=lang,
        ),
        conditions=conditions,
        views=pd.concat([who, ranking.views], axis=1),
        agreement=ranking.agreement,
        acceptability=pd.concat([who, ranking.stands], axis=1),
        swings=swing_table(ids, scored, chosen, lang),
        improvements=improvement_table(ids, scored, chosen, found_by, own, lang),
        types=kinds,
        features=feature_table(ids, values.counted, types, found_by, lang),
        weights=weights,
        top=_top(given),
        by_issues={
            name: some.how.measure for name, some in found_by.items() if some.how and "issues" in some.how.layers
        },
        labels={i.id: i.title(lang) for i in chosen},
        type_names={kind.name: kind.title.of(lang) for kind in types.types},
        titles=_titles(chosen, lang),
        said=[*values.slips, *_unread(given, chosen), *strange_types(brought_types(candidates), types)],
    )  # fmt: skip


def _candidates(given: Given) -> gpd.GeoDataFrame:
    """What is scored, each with an id of its own."""
    candidates = candidates_of(given)
    if candidates is None or candidates.empty:
        raise InputError(zh="没有候选单元，也没有单元可以评分。", en="There are no candidates and no units to score.")
    require_metric(candidates, "candidates")
    if not candidates.index.is_unique:
        candidates = candidates.reset_index(drop=True)
    return candidates.assign(candidate_id=ids_of(candidates))


class _Values(NamedTuple):
    """What candidates have of indicators and features: brought, measured and on what ground, and which of the two counts."""

    own: pd.DataFrame
    measured: pd.DataFrame
    counted: pd.DataFrame
    found: dict[str, Measured]
    methods: dict[str, Text]
    ground: IndicatorInputs
    slips: list[Text]


def _values(given: Given, candidates: gpd.GeoDataFrame, chosen: Sequence[Indicator], types: UnitTypes) -> _Values:
    """What candidates bring counts; where they bring nothing, what the layers measure."""
    options, ids = given.settings.scoring, candidates["candidate_id"]
    own = own_values(candidates, chosen, options.column_units)
    further = [feature for feature in types.features if feature.id not in own]
    ground, words = _ground(given)
    slips = _check_rows(options, ground)
    found, methods = _measure(given, candidates, [*chosen, *further], ground, words)
    own = without_shape(own, found)
    measured = pd.DataFrame({name: some.table["value"] for name, some in found.items()}, index=candidates.index)
    refuse_mixed(own, measured, chosen, options.column_units, ids)
    check_values(own, chosen, ids)
    counted = own.combine_first(measured).reindex(columns=measured.columns)
    return _Values(own, measured, counted, found, methods, ground, slips)


def _conditions(given: Given, candidates: gpd.GeoDataFrame) -> pd.DataFrame:
    """What keeps candidates out, and how many issues each has where these are known."""
    bounds, issues = given.settings.units, given.table("issues")
    conditions = check_conditions(
        candidates, districts=given.table("districts"), lively=lively_layers(given), min_km2=bounds.min_km2,
        max_km2=bounds.max_km2,
    )  # fmt: skip
    if issues is not None:
        conditions["issues"] = count(candidates, issues)["value"].astype("int64")
    return conditions


class _Ranking(NamedTuple):
    """The candidates ranked by the chosen weights, and how they stand by other ways of weighing and many weightings."""

    single: pd.DataFrame
    weights: Weights
    ranked: pd.DataFrame
    views: pd.DataFrame
    agreement: pd.DataFrame
    stands: pd.DataFrame


def _rank(
    given: Given, ids: pd.Series, chosen: Sequence[Indicator], values: pd.DataFrame, passes: pd.Series
) -> _Ranking:
    options = given.settings.scoring
    judged = options.judgements or load_registry().judgements
    single = score_table(values, chosen)
    few = passes.sum() < 2  # one alone cannot be told apart from others
    shaping = single if few else single[passes]
    weights = weigh(options.weights, chosen, scores=shaping, judgements=judged)
    if few and weights.method in ("entropy", "critic") and not passes.all():
        weights = replace(weights, fallback=f"{weights.method}_of_all")
    ranked = rank_candidates(
        values.assign(candidate_id=ids),
        indicators=chosen,
        weights=weights.shares,
        min_completeness=options.min_completeness,
        eligible=passes,
    )
    views, agreement = _views(
        single, shaping, chosen, judged, ranked, weights, passes, min_completeness=options.min_completeness
    )
    stands = _acceptability(given, single, weights, ranked)
    ranked["acceptability"] = stands["acceptability"]
    return _Ranking(single, weights, ranked, views, agreement, stands)


def _unread(given: Given, chosen: Sequence[Indicator]) -> list[Text]:
    """What candidates that were handed in bring and nothing reads; units come with columns of their own."""
    own = given.table("candidates")
    return [] if own is None else unread(own, chosen)


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


def _top(given: Given) -> int:
    """How many places are near the top: what the project says, else how many the city names a year at least."""
    named = 0 if given.city is None else given.city.allocate.each_year
    return given.settings.scoring.top or named or _TOP


def _ground(given: Given) -> tuple[IndicatorInputs, dict[str, Text]]:
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
    ground: IndicatorInputs,
    words: Mapping[str, Text],
) -> tuple[dict[str, Measured], dict[str, Text]]:
    """Every indicator as the layers allow, and how each was measured."""
    found = measure_indicators(
        candidates,
        {indicator.id: indicator.measures for indicator in chosen},
        ground,
        percent=[indicator.id for indicator in chosen if indicator.in_percent],
    )
    return found, methods_of(found, words, given.city)


def _views(
    single: pd.DataFrame,
    shaping: pd.DataFrame,
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
            found = weigh(method, indicators, scores=shaping, judgements=judgements)
        except JxgisError:
            continue  # no judgements of these dimensions, or nothing to tell the candidates apart
        score = rank_candidates(values, indicators=indicators, weights=found.shares, min_completeness=0.0)["score"]
        ranks[f"rank_{method}"] = competition_rank(score.where(eligible))
    ranks["rank_topsis"] = competition_rank(topsis(single, weights.shares).where(eligible))
    geometric = geometric_mean(single, weights.shares)
    ranks["rank_geometric"] = competition_rank(geometric.where(eligible))
    moved = weight_sensitivity(
        single, weights.shares, moved_weightings(weights.shares), min_completeness=min_completeness, eligible=passes
    )
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


def _check_rows(options: ScoringSettings, ground: IndicatorInputs) -> list[Text]:
    """Refuse indicators of the project by whose ways no row could count: a column or a word that the layer has not.

    Which words issues hold changes from month to month: of theirs it is said.
    """
    refused: list[Text] = []
    told: list[Text] = []
    for name, indicator in options.indicators.items():
        ways = [way for way in indicator.measures if way.layers and {*way.layers} <= {*ground.layers}]
        for words, said in ((False, refused), (True, told)):
            slips = [_slip(way, ground, words=words or way.layers[0] != "issues") for way in ways]
            if slips and (why := slips[0]) is not None and None not in slips:
                layer = ways[0].layers[0]
                said.append(Text(zh=f"指标 {name}：图层 {layer} {why.zh}", en=f"Indicator {name}: {layer} {why.en}"))
                break
    collect(map(SettingsError.saying, refused))
    return told


def _slip(way: MeasureSettings, ground: IndicatorInputs, *, words: bool) -> Text | None:
    """What a way of measuring asks for and its first layer has not: columns, and words where they are asked for."""
    first, *others = [table for layer in way.layers if (table := ground.table(layer)) is not None]
    elsewhere = {column for table in others for column in table.columns} - {*first.columns}
    where = {column: wanted for column, wanted in way.where.items() if column not in elsewhere}
    return unmet(first if words else first.iloc[:0], where) or unmet(first.iloc[:0], way.hit)


def _assembled(
    candidates: gpd.GeoDataFrame,
    ranked: pd.DataFrame,
    conditions: pd.DataFrame,
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
        if name in conditions.columns and name not in ranked.columns:
            table[name] = conditions[name]
    reasons = [
        ";".join(code for code in (condition, "incomplete" if lacking else "") if code)
        for condition, lacking in zip(conditions["reason"], incomplete, strict=True)
    ]
    table["reason"] = pd.Series(reasons, index=table.index, dtype="str").replace("", None)
    first = ["candidate_id", "name", "type", "type_from", "district"]
    figures = ["score", "score_if_missing_zero", "completeness", "rank", "acceptability"]
    last = ["named_year", "ready_year", "cost", "gates", "area_km2", "issues", "reason"]
    head = [c for c in (*first, *figures) if c in table.columns]
    tail = [c for c in last if c in table.columns and c not in head]
    middle = [c for c in table.columns if c not in {*head, *tail}]
    return gpd.GeoDataFrame(table[[*head, *middle, *tail]], geometry=candidates.geometry, crs=candidates.crs)
