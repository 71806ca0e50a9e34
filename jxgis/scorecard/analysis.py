"""`jxgis scorecard`: measure the targets, take what people brought, add up, and set all against the plan."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from jxgis.errors import NotGivenError
from jxgis.given import given_tables, named_tables, refuse_unread
from jxgis.i18n import text_pair
from jxgis.part import Given
from jxgis.periods import last_covered
from jxgis.schema.tables import table as declared
from jxgis.scorecard.part import PART, layers_of_plan
from jxgis.scorecard.result import ScorecardResult
from jxgis.settings import ScorecardSettings, with_options

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd
    import pandas as pd

    from jxgis.i18n import Text
    from jxgis.scorecard.targets import Plan, PlanTarget
    from jxgis.settings import Settings

__all__ = ["analyse", "measure_scorecard"]


@with_options(ScorecardSettings)
def measure_scorecard(
    districts: gpd.GeoDataFrame,
    *,
    units: gpd.GeoDataFrame | None = None,
    values: pd.DataFrame | None = None,
    projects: pd.DataFrame | None = None,
    issues: gpd.GeoDataFrame | None = None,
    parks: gpd.GeoDataFrame | None = None,
    residential: gpd.GeoDataFrame | None = None,
    streets: gpd.GeoDataFrame | None = None,
    subdistricts: gpd.GeoDataFrame | None = None,
    further: Mapping[str, gpd.GeoDataFrame] | None = None,
    plan: str | Path | None = None,
    settings: Settings | None = None,
    lang: str = "zh",
    sketch: bool = False,
    **options: Any,
) -> ScorecardResult:
    """Set the targets of a plan against what layers measure and people bring, by city, area, district and unit.

    Parameters
    ----------
    districts
        Polygons with ``name`` and, where known, ``area``, in a metric CRS, which all layers share.
    units
        Polygons with ``unit_id``.
    values
        What people bring: see `brought.bring_values`.
    projects
        The table of projects: see `projects.project_progress`.
    issues, parks, residential, streets
        As for `scoring.score_candidates`.
    subdistricts
        Polygons with ``name``: their figures are added up to those of the districts in which their middles lie.
    further
        Further layers that targets name, by name, such as ``{"toilets": toilets}``.
    plan
        The file of targets (TOML); that of Jiaxing where not given.
    settings
        Settings whose ``[parks]`` holds; the defaults where not given.
    lang, sketch
        ``"zh"`` or ``"en"``; whether what is drawn is marked as schematic: the polygons are not official.
    **options
        What :class:`jxgis.settings.ScorecardSettings` holds: ``year``.

    Returns
    -------
    ScorecardResult

    Raises
    ------
    CrsError
        If the layers are not in one metric CRS.
    InputError
        If what people brought names no target or zone, or cannot be, or a further layer is named by no target.
    SettingsError
        If an option is unknown or out of range, or the file is not one of targets.

    Examples
    --------
    >>> import geopandas as gpd, shapely
    >>> district = gpd.GeoDataFrame({"name": ["老城"]}, geometry=[shapely.box(0, 0, 1000, 1000)], crs=4549)
    >>> toilets = gpd.GeoDataFrame(geometry=gpd.points_from_xy([1, 2, 3, 4], [1] * 4), crs=4549)
    >>> card = measure_scorecard(district, further={"toilets": toilets}).scorecard
    >>> card[card["indicator"] == "toilets_per_km2"][["level", "value", "status"]].values.tolist()
    [['city', 4.0, 'met'], ['district', 4.0, 'met']]
    """
    from jxgis.city import contract_of, load_city
    from jxgis.indicators.measures import ON_FOOT, layers_of
    from jxgis.scorecard.targets import load_plan

    own, aims = named_tables(further, "further"), load_plan(plan)
    layers = {
        "districts": districts, "units": units, "issues": issues, "parks": parks, "residential": residential,
        "streets": streets, "subdistricts": subdistricts, "scorecard_values": _placeless(values, districts),
    }  # fmt: skip
    given = given_tables(
        {**layers, "projects": _placeless(projects, districts)}, further=own,
        needs=("districts",), lang=lang, sketch=sketch, settings=settings, scorecard=options,
        contracts={"projects": contract_of("projects", load_city())},
    )  # fmt: skip
    ways = (way for target in aims.targets for way in target.measures)
    read = (*PART.reads, *given.settings.report.levels, *ON_FOOT, *layers_of(ways))
    refuse_unread(own, read, "further")
    return _keep(given, aims)


def analyse(given: Given) -> ScorecardResult:
    """Keep the scorecard of what a part was handed; see :func:`measure_scorecard`.

    Parameters
    ----------
    given
        The layers, the city with its plan, ``[scorecard]`` and ``[parks]``; the units that were proposed, where there are
        any and the user has none.

    Raises
    ------
    NotGivenError
        If the city's profile names no plan; in a report also where there is nothing to set against it.
    """
    from jxgis.indicators.measures import ON_FOOT
    from jxgis.schema.layers import layers as known
    from jxgis.scorecard.targets import load_plan

    if given.city is None or given.city.targets is None:
        raise NotGivenError.saying(text_pair("scorecard.no_plan"))
    layers = {*layers_of_plan(given.settings), "scorecard_values"} - {*ON_FOOT}
    if given.in_report and not layers & {*given.layers}:  # the command writes the sheet to fill in
        raise NotGivenError.saying(text_pair("scorecard.nothing_given"))
    return _keep(given, load_plan(given.city.targets, layers=[*known(), *given.city.layers]))


def _placeless(table: pd.DataFrame | None, like: gpd.GeoDataFrame) -> Any:
    """A table without geometry as a layer has it: every row lies nowhere."""
    import geopandas as gpd

    if table is None or isinstance(table, gpd.GeoDataFrame):
        return table
    return gpd.GeoDataFrame(table, geometry=[None] * len(table), crs=like.crs)


def _keep(given: Given, plan: Plan) -> ScorecardResult:
    from jxgis.indicators.ground import ground_of, methods_of
    from jxgis.scorecard.brought import bring_values
    from jxgis.scorecard.card import fill_card, judge_card
    from jxgis.scorecard.measured import measure_targets
    from jxgis.scorecard.project_states import called_off, carried_out
    from jxgis.scorecard.projects import (
        as_the_others,
        beyond_total,
        lying_elsewhere,
        of_no_district,
        project_progress,
        taken_as_kilometres,
        without_done,
    )
    from jxgis.scorecard.subdistricts import homes_of_subdistricts
    from jxgis.space.levels import zones_by_level

    districts, subdistricts, year = given.need("districts"), given.table("subdistricts"), given.settings.scorecard.year
    zones = zones_by_level(districts, given.units(), given.levels())
    homes = homes_of_subdistricts(districts, subdistricts, given.city)
    rows, table = given.table("scorecard_values"), given.table("projects")
    city = () if given.city is None else (given.city.name.zh, given.city.name.en)
    brought = None
    if rows is not None:
        called = {name: name for name in homes} | _aliases(given, homes)
        brought = bring_values(rows, plan.targets, zones, subdistricts=called, city=city)
    progress, over = None, []
    if table is not None and plan.projects:
        off, table = called_off(table), carried_out(table)
        over = [*off, *beyond_total(table), *as_the_others(table), *of_no_district(table), *without_done(table)]
        progress = project_progress(table, zones, plan.projects, year=year, lang=given.lang, city=city)
        over += lying_elsewhere(table, zones, plan.projects, city)
        over += taken_as_kilometres(table, zones, plan.projects, city)
    ground, words = ground_of(given)
    measured = measure_targets(zones, plan.targets, ground)
    methods = methods_of(measured, words, given.city)
    card = fill_card(zones, plan.targets, measured=measured, brought=brought, progress=progress, homes=homes)
    judged = judge_card(card.table, plan.targets, year=year, brought=brought)
    by_issues = {n: some.how for n, some in measured.items() if some.how is not None and "issues" in some.how.layers}
    return ScorecardResult(
        given=given,
        scorecard=_assembled(judged, zones, plan.targets, methods, by_issues, given),
        projects=progress,
        plan=plan,
        brought=brought,
        disagreements=(*_without_area(districts), *card.notes, *over),
        methods=methods,
        by_issues=by_issues,
        subdistricts=tuple(homes),
    )


def _without_area(districts: gpd.GeoDataFrame) -> list[Text]:
    """That some districts have no area, where others have: there are no areas then."""
    area = districts["area"] if "area" in districts.columns else None
    if area is None or area.isna().all() or area.notna().all():
        return []
    return [text_pair("scorecard.without_area", names=[str(name) for name in districts.loc[area.isna(), "name"]])]


def _aliases(given: Given, homes: Mapping[str, str]) -> dict[str, str]:
    """What the crosswalk calls its sub-districts beside their names."""
    if given.city is None:
        return {}
    rows = given.city.crosswalk[["subdistrict", "aliases"]].itertuples(index=False, name=None)
    return {alias: name for name, aliases in rows if name in homes for alias in aliases}


def _assembled(
    judged: pd.DataFrame,
    zones: gpd.GeoDataFrame,
    targets: tuple[PlanTarget, ...],
    methods: Mapping[str, Text],
    by_issues: Collection[str],
    given: Given,
) -> gpd.GeoDataFrame:
    """The contract's layer: what, how much, of what, against what, and what is missing."""
    import geopandas as gpd

    from jxgis.scorecard.needs import needs_of

    lang, by_id = given.lang, {target.id: target for target in targets}
    of = [by_id[name] for name in judged["indicator"]]
    issues = given.table("issues")
    last = ""
    if issues is not None and "time" in issues and issues["time"].notna().any():
        last = f"{last_covered(issues['time']):%Y-%m-%d}"
    measured = judged["counted"] == "measured"
    date = judged["date"].dt.strftime("%Y-%m-%d").astype("object")
    date = date.mask(measured & judged["indicator"].isin(list(by_issues)) & bool(last), last)
    source = judged["source"].mask(measured, [methods[t.id].of(lang) if t.id in methods else "" for t in of])
    of_projects = declared("scorecard.scorecard").columns["counted"].word("projects", lang)
    source = source.mask(judged["counted"] == "projects", of_projects)
    table = judged.assign(
        label=[target.title(lang) for target in of],
        kind=[target.kind for target in of],
        unit=[target.unit_of(lang) for target in of],
        over=[target.over(lang) for target in of],
        basis=[(target.source_en if lang == "en" else target.source) for target in of],
        needs=[
            needs_of(target, reason, given.city, lang) if status == "no_data" else ""
            for target, reason, status in zip(of, judged["reason"], judged["status"], strict=True)
        ],
        date=date,
        source=source,
    )
    shape = dict(zip(zip(zones["level"], zones["zone"], strict=True), zones.geometry, strict=True))
    keys = zip(table["level"], table["zone"], strict=True)
    columns = list(declared("scorecard.scorecard").required)
    texts = {name: table[name].astype("str") for name in ("date", "source", "reason", "needs", "unit", "over", "basis")}
    texts = {name: words.where(table[name].notna() & (words != "")) for name, words in texts.items()}
    return gpd.GeoDataFrame(table.assign(**texts)[columns], geometry=[shape[key] for key in keys], crs=zones.crs)
