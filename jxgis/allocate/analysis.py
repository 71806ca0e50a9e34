"""`jxgis allocate`: candidates with their scores, the rules with their numbers, the choice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from jxgis.allocate.choice import choose, fewest
from jxgis.allocate.named import named_years, years_of
from jxgis.allocate.result import AllocationResult
from jxgis.allocate.rules import Terms, can_be
from jxgis.bounds import at_most
from jxgis.city import AllocationRules
from jxgis.crs import require_metric
from jxgis.errors import InputError, NotGivenError, collect
from jxgis.given import given_tables
from jxgis.i18n import few, listed
from jxgis.part import Given, Result
from jxgis.scoring.conditions import FAILED, check_conditions, lively_layers
from jxgis.scoring.names import ids_of
from jxgis.scoring.part import candidates_of
from jxgis.scoring.types import given_types, load_types
from jxgis.settings import AllocateSettings, with_options
from jxgis.space.districts import overlaps
from jxgis.zones import areas_of

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    from jxgis.settings import Settings

__all__ = ["allocate_candidates", "analyse", "overlapping", "terms_of"]


@with_options(AllocateSettings)
def allocate_candidates(
    candidates: gpd.GeoDataFrame,
    *,
    districts: gpd.GeoDataFrame | None = None,
    scores: Result | None = None,
    settings: Settings | None = None,
    lang: str = "zh",
    sketch: bool = False,
    **options: Any,
) -> AllocationResult:
    """Choose which candidate sample units are made in which year: the greatest sum of scores within the rules.

    Parameters
    ----------
    candidates
        Polygons in a metric CRS; where they have them ``candidate_id``, ``name``, ``type``, ``district``, ``score`` (from 0
        up), ``named_year`` (already named: that year is fixed), ``ready_year`` (not before) and ``cost``.
    districts
        ``name`` and ``area``, polygons: for the conditions, and for the rule of each area.
    scores
        What `scoring.score_candidates` returned for these candidates, where they have no ``score`` of their own.
    settings
        Settings whose ``[units]`` (bounds of the conditions) hold; the defaults where not given.
    lang, sketch
        ``"zh"`` or ``"en"``; whether what is drawn is marked as schematic: the polygons are not official.
    **options
        What :class:`jxgis.settings.AllocateSettings` holds: ``years``, ``by``, ``number``, ``budget`` and so on.

    Returns
    -------
    AllocationResult

    Raises
    ------
    CrsError
        If the layers are not in one metric CRS.
    InputError
        If there is no score, a year is over or unknown, or costs are missing.
    SettingsError
        If an option is unknown or out of range.

    Examples
    --------
    >>> import geopandas as gpd, shapely
    >>> x = np.arange(3) * 2000
    >>> squares = gpd.GeoDataFrame({"name": ["甲", "乙", "丙"], "score": [70.0, 90.0, 80.0]},
    ...     geometry=shapely.box(x, 0, x + 1600, 1600), crs=4549)
    >>> found = allocate_candidates(squares, years=[2026, 2027], number={2026: 1, 2027: 1})
    >>> found.allocation[["candidate_id", "year", "score"]].values.tolist()
    [['乙', 2026, 90.0], ['丙', 2027, 80.0]]
    """
    layers = {"candidates": candidates, "districts": districts}
    given = given_tables(layers, needs=("candidates",), lang=lang, sketch=sketch, settings=settings, allocate=options)
    if scores is not None:
        given.results["scores"] = scores
    return analyse(given)


def analyse(given: Given) -> AllocationResult:
    """Choose by what a part was handed; see :func:`allocate_candidates`.

    Parameters
    ----------
    given
        The layers, ``[allocate]``, the bounds of ``[units]``, the areas and the rules of the city and, where candidates bring
        no scores, what the scoring found.
    """
    candidates = candidates_of(given)
    if candidates is None or candidates.empty:
        raise InputError(
            zh="没有候选单元，也没有单元可以选。", en="There are no candidates and no units to choose from."
        )
    require_metric(candidates, "candidates")
    options = given.settings.allocate
    table = _scored(given, candidates.reset_index(drop=True))
    areas = _areas(given)
    table["area"] = table["district"].map(areas).astype("str").where(table["district"].isin(list(areas)))
    city = given.city
    terms = terms_of(
        options, None if city is None else city.allocate, table, areas=tuple(dict.fromkeys(areas.values()))
    )
    types = load_types(None if city is None else city.unit_types).types
    terms = replace(terms, type_titles={kind.name: kind.title for kind in types})
    pairs = overlapping(table, share=options.overlap_share)
    proven = True
    if options.total is None and terms.total is not None:
        # Together the lower bounds may take more than each by itself asks for.
        least = fewest(table, terms, overlaps=pairs)
        total, proven = (
            (None, True) if least is None else (max(terms.total, least[0]), least[1] or least[0] <= terms.total)
        )
        terms = replace(terms, total=total)
    choice = choose(table, terms, overlaps=pairs, alternatives=options.alternatives, within=options.within)
    return AllocationResult(given=given, candidates=table, terms=terms, pairs=pairs, choice=choice, total_proven=proven)


def _scored(given: Given, candidates: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Candidates with what the rules ask: ids, value, district, type, whether they pass, and why not."""
    worth, bounds = given.settings.allocate.worth, given.settings.units
    table = candidates.assign(candidate_id=ids_of(candidates))
    conditions = check_conditions(
        table, districts=given.table("districts"), lively=lively_layers(given), min_km2=bounds.min_km2,
        max_km2=bounds.max_km2,
    )  # fmt: skip
    for column in ("type", "district"):
        own = table[column] if column in table.columns else pd.Series(None, index=table.index, dtype="str")
        table[column] = own.astype("str").where(own.notna())
    types = load_types(None if given.city is None else given.city.unit_types)
    table["type"] = given_types(table["type"], types).fillna(table["type"])  # 品质生活型 is not a fifth type
    table["district"] = conditions["district"].fillna(table["district"])
    table["passes"], table["gate"] = conditions["gates"] != FAILED, conditions["reason"]
    if worth in table.columns and table[worth].notna().any():
        table["value"], table["known"] = table[worth].astype("float64"), table[worth].notna()
        table["tie"] = table["score"].astype("float64") if "score" in table.columns else table["value"]
        if {"rank", "completeness"} <= {*table.columns}:  # a file of scores: without a rank too little is known
            table["known"] &= ~table["passes"] | table["rank"].notna()
    else:
        table = _joined(given, table, worth)
    for column in ("named_year", "ready_year", "cost"):
        table[column] = table[column].astype("float64") if column in table.columns else np.nan
    table["named_year"] = named_years(given, table)
    if not table["known"].any() and table["named_year"].isna().all():
        raise NotGivenError(
            zh="没有一个候选单元有可比较的得分（数据完整度不足或没有得分）；请补充指标数据，或在候选单元中提供 score（得分）列。",
            en="No candidate has a score that can be compared (too little of its data, or none); supply the indicators, or a "
            "column score.",
        )
    return table


def _joined(given: Given, table: gpd.GeoDataFrame, worth: str) -> gpd.GeoDataFrame:
    """The candidates with what the scoring found of them."""
    if "scores" in given.refused:
        raise InputError.saying(given.refused["scores"])
    found = given.results.get("scores")
    scores = None if found is None else found.tables()["scores"].set_index("candidate_id")
    if scores is None or worth not in scores.columns:
        raise NotGivenError(
            zh=f"候选单元没有 {worth} 列，也没有评分结果；请先评分，或在候选单元中提供这一列。",
            en=f"The candidates have no column {worth} and were not scored; score them, or supply the column.",
        )
    strange = sorted(set(table["candidate_id"]) - set(scores.index))
    if strange:
        raise InputError(
            zh=f"评分结果中没有这些候选单元：{few(strange).zh}。",
            en=f"The scores have no such candidates: {few(strange).en}.",
        )
    scores = scores.loc[table["candidate_id"]]
    table["value"], table["tie"] = (scores[name].to_numpy(dtype=np.float64) for name in (worth, "score"))
    # Without a rank too little is known of a candidate, unless a condition keeps it out.
    table["known"] = ~table["passes"] | scores["rank"].notna().to_numpy()
    table["type"] = table["type"].fillna(pd.Series(scores["type"].to_numpy(), index=table.index, dtype="str"))
    return table


def _areas(given: Given) -> dict[str, str]:
    """District to area: as the layer of districts says; all of the city's take part, unless the layer has others."""
    own, of_city = (
        {} if known is None else areas_of(known)
        for known in (given.table("districts"), None if given.city is None else given.city.districts)
    )
    return {**of_city, **own} if {*own.values()} <= {*of_city.values()} else own


def terms_of(
    options: AllocateSettings,
    rules: AllocationRules | None,
    table: pd.DataFrame,
    *,
    areas: tuple[str, ...] = (),
) -> Terms:
    """The numbers of the rules: what ``[allocate]`` says, else the city's profile; checked against the candidates.

    Parameters
    ----------
    options, rules
        ``[allocate]`` of the project and of the profile.
    table
        ``candidate_id, type, named_year, ready_year, cost, passes, known``.
    areas
        The areas that each take part.

    Raises
    ------
    InputError
        If no year is given, all are over, a rule or a candidate names another year, or costs are missing under a budget.

    Examples
    --------
    >>> table = pd.DataFrame({"candidate_id": ["a"], "type": None, "named_year": np.nan, "ready_year": np.nan, "cost": 1.0,
    ...     "passes": True, "known": True})
    >>> terms_of(AllocateSettings(years=[2026, 2027], by={2027: 3}, each_year=1), None, table).total
    3
    """
    city, years = rules or AllocationRules(), years_of(options, rules)
    if not years:
        raise NotGivenError(
            zh="没有规划年份；请在 [allocate] 中写 years，如 years = [2026, 2027]。",
            en="No years are given; write years under [allocate], such as years = [2026, 2027].",
        )
    this_year = years[0] if options.this_year is None else options.this_year
    if this_year > years[-1]:
        raise InputError(
            zh=f"规划年份 {years[0]}–{years[-1]} 都已过去（this_year = {this_year}）；请在 [allocate] 中改 years 或 this_year。",
            en=f"The years {years[0]} to {years[-1]} are all past (this_year = {this_year}); change years or this_year of "
            "[allocate].",
        )
    by, number, budget = options.by or dict(city.by), options.number, options.budget
    _check_years(years, {"by": by, "number": number, "budget": budget}, table)
    _check_costs(budget, table, this_year)

    def least(name: str) -> int:
        own: int | None = getattr(options, name)
        of_city: int = getattr(city, name)
        return of_city if own is None else own

    terms = Terms(
        years=years,
        this_year=this_year,
        areas=areas,
        each_area=least("each_area"),
        each_year=least("each_year"),
        each_type=least("each_type"),
        by=by,
        number=number,
        total=options.total,
        district_most=options.district_most or city.district_most,
        budget=budget,
    )
    if terms.total is not None or set(terms.open) <= set(number):
        return terms
    return replace(terms, total=_asked_for(terms, table))


def _asked_for(terms: Terms, table: pd.DataFrame) -> int | None:
    """How many the lower bounds ask for, which is then also the most: without a most everything that passes is chosen."""
    named = table["named_year"]
    over = int((named < terms.this_year).sum())
    each = max(terms.each_year, terms.each_area * len(terms.areas))
    yearly = sum(max(terms.number.get(year, each), int((named == year).sum())) for year in terms.open)
    most = max([over + yearly, *terms.by.values(), terms.each_type * table.loc[can_be(table, terms), "type"].nunique()])
    return most if each or terms.by or terms.number or terms.each_type else None


def _check_years(years: tuple[int, ...], keyed: Mapping[str, Mapping[int, float]], table: pd.DataFrame) -> None:
    """Refuse rules and candidates of years that the programme does not have."""
    span = listed(years, "zh")
    errors = [
        InputError(
            zh=f"[allocate] {name}（项目设置或城市配置）中的 {year} 年不在规划年份 {span} 之内；请改 years 或 {name}。",
            en=f"[allocate] {name} (of the project or the profile): {year} is not one of the years "
            f"{listed(years, 'en')}; change years or {name}.",
        )
        for name, entries in keyed.items()
        for year in entries
        if year not in years
    ]
    for column in ("named_year", "ready_year"):
        given = table[column]
        strange = given.notna() & (~given.isin(years) if column == "named_year" else given % 1 != 0)
        if strange.any():
            told = few(f"{row.candidate_id} ({getattr(row, column):g})" for row in table[strange].itertuples())
            errors.append(
                InputError(
                    zh=f"候选单元的 {column} 列不是规划年份 {span} 中的一年：{told.zh}；请改正，或在 [allocate] years 中加上这些年份。",
                    en=f"Candidates' {column} is not one of the years {listed(years, 'en')}: {told.en}; correct it, or add "
                    "these years to [allocate] years.",
                )
            )
    collect(errors)


def _check_costs(budget: Mapping[int, float], table: pd.DataFrame, this_year: int) -> None:
    """Refuse a budget where what a candidate costs is not known."""
    lacking = table["cost"].isna() & ~(table["named_year"] < this_year)
    if budget and lacking.any():
        names = few(table.loc[lacking, "candidate_id"])
        raise InputError(
            zh=f"有预算（[allocate] budget），但候选单元没有 cost（费用，万元）：{names.zh}。",
            en=f"There is a budget ([allocate] budget), but candidates have no cost: {names.en}.",
        )


def overlapping(candidates: gpd.GeoDataFrame, *, share: float) -> NDArray[np.int64]:
    """Pairs of candidates that share more ground than lines drawn twice do.

    Parameters
    ----------
    candidates
        Polygons in a metric CRS.
    share
        Share of the smaller of two above which they overlap.

    Returns
    -------
    numpy.ndarray
        (k, 2) int64, positions of rows.

    Examples
    --------
    >>> import geopandas as gpd, shapely
    >>> squares = gpd.GeoDataFrame(geometry=shapely.box([0, 900, 2000], 0, [1000, 1900, 3000], 1000), crs=4549)
    >>> overlapping(squares, share=0.01).tolist(), overlapping(squares, share=0.1).tolist()
    ([[0, 1]], [])
    """
    area = candidates.geometry.area.to_numpy()
    found = [(a, b) for a, b, m2 in overlaps(candidates) if not at_most(m2, share * min(area[a], area[b]))]
    return np.array(sorted(found), dtype=np.int64).reshape(-1, 2)
