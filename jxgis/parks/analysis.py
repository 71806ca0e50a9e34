"""`jxgis parks`: who is served, who is not, where the next parks go."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from jxgis.errors import InputError
from jxgis.given import given_tables
from jxgis.i18n import Text
from jxgis.parks._tally import on_map
from jxgis.parks.coverage import CoverageInputs, Measured, measure, served_land, standard_of
from jxgis.parks.result import ParksResult
from jxgis.part import Given
from jxgis.schema.layers import contract
from jxgis.schema.tables import table
from jxgis.settings import ParkSettings, with_options
from jxgis.zones import ALL

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

    from jxgis.parks.siting import FewestParks, Siting
    from jxgis.parks.standards import Standard

__all__ = ["analyse", "measure_parks"]


@with_options(ParkSettings)
def measure_parks(
    parks: gpd.GeoDataFrame,
    residential: gpd.GeoDataFrame | None,
    zones: gpd.GeoDataFrame,
    *,
    historic: gpd.GeoDataFrame | None = None,
    streets: gpd.GeoDataFrame | None = None,
    gates: gpd.GeoDataFrame | None = None,
    barriers: gpd.GeoDataFrame | None = None,
    places: gpd.GeoDataFrame | None = None,
    population: gpd.GeoDataFrame | None = None,
    built_up: gpd.GeoDataFrame | None = None,
    vacant: gpd.GeoDataFrame | None = None,
    planned_parks: gpd.GeoDataFrame | None = None,
    levels: Mapping[str, gpd.GeoDataFrame] | None = None,
    lang: str = "zh",
    sketch: bool = False,
    **options: Any,
) -> ParksResult:
    """Measure the coverage of housing by parks, zone by zone, and turn the gaps into sites.

    Parameters
    ----------
    parks
        Parcels of parks, polygons in a metric CRS; parks outside the zones serve too.
    residential
        Residential polygons; None: every coverage is NaN with the reason ``no_housing_file``.
    zones
        Polygons with ``name``: districts, units, any.
    historic
        Historic areas, where the standard has bands for them.
    streets, gates, barriers
        What one walks on, enters by and cannot cross; without streets nothing is measured on foot.
    places
        Names for blind spots.
    population
        Points or polygons with ``people``: they replace the ``people`` of the housing.
    built_up
        Built-up land, which coverage is a share of where the standard or ``denominator`` says so.
    vacant
        Sites for new parks; plots on a lattice inside the blind spots where not given.
    planned_parks
        Parks of a plan, new or enlarged: see `parks.whatif.split_plan`. New parks are sited beside them.
    levels
        Further zones by the name of their layer (``communities``): polygons with ``name``.
    lang, sketch
        ``"zh"`` or ``"en"``; whether what is drawn is marked as schematic: the polygons are not official.
    **options
        What :class:`jxgis.settings.ParkSettings` holds: ``standard``, ``minutes``, ``new_parks`` and so on.

    Returns
    -------
    ParksResult

    Raises
    ------
    CrsError
        If the layers are not in one metric CRS.
    InputError
        If a layer or an option cannot be used as it stands.
    SettingsError
        If an option is unknown or out of range.

    Examples
    --------
    >>> import geopandas as gpd, shapely
    >>> park = gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 100, 100)], crs=4549)
    >>> homes = gpd.GeoDataFrame(geometry=[shapely.box(100, 0, 1100, 100)], crs=4549)
    >>> zones = gpd.GeoDataFrame({"name": ["东"]}, geometry=[shapely.box(0, 0, 2000, 2000)], crs=4549)
    >>> measure_parks(park, homes, zones).coverage[["zone", "method", "coverage"]].round(3).values.tolist()
    [['东', 'radius', 0.5], ['all', 'radius', 0.5]]
    """
    layers = {
        "districts": zones, "parks": parks, "residential": residential, "historic": historic, "streets": streets,
        "gates": gates, "barriers": barriers, "places": places, "population": population, "built_up": built_up,
        "vacant": vacant, "planned_parks": planned_parks, **(levels or {}),
    }  # fmt: skip
    called = {"districts": replace(contract("districts"), layer="zones")}
    return analyse(
        given_tables(layers, needs=("districts", "parks"), lang=lang, sketch=sketch, contracts=called, parks=options)
    )


def analyse(given: Given) -> ParksResult:
    """Measure what a part was handed; see :func:`measure_parks`.

    Parameters
    ----------
    given
        The layers and ``[parks]``; ``districts`` are the zones. People of a raster are shared out exactly, on foot by
        the 50 m squares within reach.
    """
    from jxgis.parks.radius import classify_parks, coverage_by_band
    from jxgis.parks.whole import merge_parks

    options, zones, historic = given.settings.parks, given.need("districts"), given.table("historic")
    standard = standard_of(given)
    ground = _ground(given, standard)
    whole = merge_parks(given.need("parks"), merge_gap_m=options.merge_gap_m)
    sized = classify_parks(whole.parks, standard, historic=historic)
    today = measure(sized, zones, ground)

    plan = _planned(sized, given.table("planned_parks"), options, standard, historic, whole.made_up)
    base = sized if plan is None else _open(plan)
    planned = after = today if plan is None else measure(base, zones, ground)
    sited = _sited(given, base, planned, ground)
    siting, fewest = sited.siting, sited.fewest
    if siting is not None:
        plan = _with_sites(sized if plan is None else plan, siting.sites, standard, historic)
        after = measure(_open(plan), zones, ground)
    change, changed = (None, None) if plan is None else _changes(today, after)
    bands, notes = _on_foot(today, ground)
    on_foot = [] if today.walking is None else [today.walking]
    return ParksResult(
        given=given,
        coverage=on_map(today.coverage if plan is None else _before_after(today, after, siting), zones),
        served=_stacked([today.radius.served, *(one.served for one in on_foot)]),
        unserved=_stacked([today.radius.unserved, *(one.unserved for one in on_foot)]),
        sites=table("parks.sites").empty(zones.crs) if siting is None else siting.sites,
        targets=None if fewest is None or siting is None else on_map(_targets(fewest, siting), zones),
        target_sites=None if fewest is None else fewest.siting.sites,
        parks=sized,
        by_band=on_map(coverage_by_band(sized, ground.homes, zones, standard=standard), zones),
        sensitivity=sited.sensitivity,
        blind_spots=_spots(given, today, planned, siting, ground.people_points(zones)),
        gates=None if today.walking is None else today.walking.gates.table,
        isochrones=bands,
        supply=_supply(sized, zones, ground),
        plan=plan,
        change=None if change is None else on_map(change, zones),
        changed=changed,
        reports=whole.reports,
        oddities=notes,
        standard=standard,
        walking=today.walking,
        siting=siting,
        ground=ground,
        fewest=fewest,
        siting_refused=sited.refused,
        coverage_levels=_by_level(given.levels(), sized, ground),
    )


def _spots(
    given: Given, today: Measured, planned: Measured, siting: Siting | None, people: gpd.GeoDataFrame | None
) -> gpd.GeoDataFrame:
    """Today's blind spots; where new parks were sited, why what the plan leaves of one got none."""
    from jxgis.parks.gaps import blind_spots, still_unserved

    spots = blind_spots(today.radius.unserved, places=given.table("places"), people=people)
    if siting is not None:
        left = spots.geometry if planned is today else still_unserved(spots, planned.radius.unserved)
        spots.insert(len(spots.columns) - 1, "no_site", siting.why_not(left))
    return spots


def _by_level(
    levels: Mapping[str, gpd.GeoDataFrame], parks: gpd.GeoDataFrame, ground: CoverageInputs
) -> gpd.GeoDataFrame | None:
    """Today's coverage of the zones of further levels; None where there are none."""
    tables = []
    for level, zones in levels.items():
        found = on_map(measure(parks, zones[["name", "geometry"]], ground).coverage, zones)
        found.insert(1, "level", level)
        tables.append(found[found["zone"] != ALL])
    return _stacked(tables) if tables else None


def _ground(given: Given, standard: Standard) -> CoverageInputs:
    """What parks are measured on, whatever parks there are: housing, streets, people."""
    import geopandas as gpd

    from jxgis.space.network import street_graph

    options, housing = given.settings.parks, served_land(given, standard)
    streets, barriers = given.table("streets"), given.table("barriers")
    return CoverageInputs(
        homes=gpd.GeoDataFrame(geometry=[], crs=given.need("districts").crs) if housing is None else housing,
        no_file=housing is None, standard=standard, options=options,
        graph=None if streets is None else street_graph(streets, barriers=barriers), gates=given.table("gates"),
        barriers=barriers, people=None if given.people_raster is not None else given.table("population"), raster=given.people_raster,
    )  # fmt: skip


def _on_foot(today: Measured, ground: CoverageInputs) -> tuple[gpd.GeoDataFrame | None, pd.DataFrame]:
    """Ground by minutes on foot, None without streets, and what was noticed of streets, gates and people."""
    import pandas as pd

    from jxgis.parks.walking import isochrones

    notes = _gaps_of_raster(today)
    if ground.graph is None or today.walking is None:
        return None, notes
    options = ground.options
    minutes, bands = options.isochrones_min, None
    if minutes:
        bands = isochrones(ground.graph, today.walking.walk, minutes=minutes, barriers=ground.barriers, options=options)
    alone = pd.DataFrame({"code": "streets_apart", "what": "streets", "count": [len(ground.graph.isolated())]})
    notes = pd.concat([today.walking.gates.reports, alone[alone["count"] > 0], notes], ignore_index=True)
    return bands, notes


class _Sited(NamedTuple):
    """New parks, the fewest for the target, other radii; or why there are none."""

    siting: Siting | None = None
    fewest: FewestParks | None = None
    sensitivity: pd.DataFrame | None = None
    refused: Text | None = None


def _sited(given: Given, base: gpd.GeoDataFrame, now: Measured, ground: CoverageInputs) -> _Sited:
    """Sites beside the parks of today and of the plan, on the plots given or on a lattice in what these leave unserved."""
    from jxgis.parks.lattice import candidate_lattice

    if not ground.options.new_parks or ground.no_file:
        return _Sited()
    plots = given.table("vacant")
    if plots is None:
        least = min(band.min_m2 for band in ground.standard.bands if band.context == "any")
        plots = candidate_lattice(now.radius.unserved, min_plot_m2=least)
    try:
        return _site(base, given.need("districts"), plots, ground, given.table("historic"))
    except InputError as error:
        # What was measured stands, whatever the siting lacks.
        return _Sited(refused=error.message)


def _before_after(today: Measured, after: Measured, siting: Siting | None) -> pd.DataFrame:
    """Coverage by radius today and with the plan and the sites; with pocket parks, where some do not count."""
    coverage = today.coverage
    by_radius = coverage["method"] == "radius"
    coverage = coverage.assign(coverage_after=after.coverage["coverage"].where(by_radius))
    if siting is not None and not siting.sites["counts"].all():
        with_pocket = siting.before_after.set_index("zone")["coverage_with_pocket"]
        coverage["coverage_with_pocket"] = coverage["zone"].map(with_pocket).where(by_radius)
    return coverage


def _site(
    parks: gpd.GeoDataFrame,
    zones: gpd.GeoDataFrame,
    plots: gpd.GeoDataFrame,
    ground: CoverageInputs,
    historic: gpd.GeoDataFrame | None,
) -> _Sited:
    """The sites asked for, the fewest for the target, and the sites by other radii."""
    import pandas as pd

    from jxgis.parks.siting import fewest_parks, radius_sensitivity, site_parks

    people, homes = ground.people_points(zones), ground.homes
    asked: dict[str, Any] = {"standard": ground.standard, "historic": historic, "options": ground.options}
    siting = site_parks(parks, homes, zones, plots, people=people, **asked)
    fewest = fewest_parks(parks, homes, zones, plots, every_zone=True, **asked)
    tried = radius_sensitivity(parks, homes, zones, plots, people=people, **asked)
    return _Sited(siting, fewest, pd.concat([_as_proposed(siting), tried], ignore_index=True))


def _targets(fewest: FewestParks, siting: Siting) -> pd.DataFrame:
    """What the target takes by zone, and why the sites asked for leave a zone as it is."""
    table = fewest.zones.copy()
    table.insert(len(table.columns) - 1, "no_site", siting.before_after["no_site"].to_numpy())
    return table


def _as_proposed(siting: Siting) -> pd.DataFrame:
    """The siting itself as the first row of its sensitivity."""
    import pandas as pd

    whole = siting.before_after.iloc[-1]
    return pd.DataFrame(
        {
            "radius_m": [float("nan")],
            "coverage_before": [whole["coverage_before"]],
            "coverage_after": [whole["coverage_after"]],
            "coverage_with_pocket": [whole["coverage_with_pocket"]],
            "same_sites": [float(len(siting.sites))],
            "gap": [siting.solution.gap],
            "status": [siting.solution.status],
        }
    )


def _gaps_of_raster(today: Measured) -> pd.DataFrame:
    """Zones that the raster of people says nothing of, in part or at all."""
    import pandas as pd

    table = today.tables[0]
    some = table[table["no_data_share"] > 0] if "no_data_share" in table.columns else table.iloc[:0]
    some = some[some["zone"] != ALL]
    lost = some["no_data_share"] if len(some) else pd.Series(dtype="float64")
    codes = ["raster_gap" if share >= 1 - 1e-9 else "raster_holes" for share in lost]
    return pd.DataFrame({"code": codes, "what": some["zone"].to_numpy(), "count": 1})


def _planned(
    parks: gpd.GeoDataFrame,
    planned: gpd.GeoDataFrame | None,
    options: ParkSettings,
    standard: Standard,
    historic: gpd.GeoDataFrame | None,
    made_up: frozenset[str],
) -> gpd.GeoDataFrame | None:
    """Today's parks and the plan's, with ``change``; None where there is no plan."""
    import pandas as pd

    from jxgis.parks.radius import classify_parks
    from jxgis.parks.whatif import change_parks, closed_parks, split_plan
    from jxgis.parks.whole import merge_parks

    if planned is None and not options.close:
        return None
    ids = closed_parks(parks, options.close)
    add, enlarge = None, None
    if planned is not None:
        add, enlarge = split_plan(parks, planned, made_up=made_up, merge_gap_m=options.merge_gap_m)
    if add is not None and len(add):
        # What makes parcels of today one park makes those of the plan one, too.
        add = merge_parks(add, merge_gap_m=options.merge_gap_m).parks
    plan = classify_parks(change_parks(parks, add=add, close=ids, enlarge=enlarge), standard, historic=historic)
    gone = parks[parks["park_id"].isin(ids)].assign(change="closed")
    both: gpd.GeoDataFrame = pd.concat([plan, gone[plan.columns]], ignore_index=True) if len(gone) else plan
    return both


def _with_sites(
    parks: gpd.GeoDataFrame, sites: gpd.GeoDataFrame, standard: Standard, historic: gpd.GeoDataFrame | None
) -> gpd.GeoDataFrame:
    """The proposed parks beside the others, each as the standard counts it: a pocket park below its least size not."""
    import geopandas as gpd
    import pandas as pd

    from jxgis.parks.radius import classify_parks
    from jxgis.parks.whatif import change_parks

    old = parks if "change" in parks.columns else parks.assign(change=None)
    if sites.empty:
        return old
    grown = change_parks(parks, add=sites)
    new = classify_parks(grown[len(parks) :].reset_index(drop=True), standard, historic=historic)
    both = pd.concat([old[new.columns], new], ignore_index=True)
    return gpd.GeoDataFrame(both, geometry="geometry", crs=parks.crs)


def _open(plan: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """The parks of a plan without those that it closes."""
    return plan[plan["change"].fillna("") != "closed"].reset_index(drop=True)


def _changes(today: Measured, after: Measured) -> tuple[pd.DataFrame, gpd.GeoDataFrame]:
    from jxgis.parks.whatif import changed_housing, compare_coverage

    changed = [changed_housing(today.radius, after.radius)]
    if today.walking is not None and after.walking is not None:
        changed.append(changed_housing(today.walking, after.walking))
    return compare_coverage(today.coverage, after.coverage), _stacked(changed)


def _supply(parks: gpd.GeoDataFrame, zones: gpd.GeoDataFrame, ground: CoverageInputs) -> gpd.GeoDataFrame | None:
    from jxgis.parks.gates import park_gates
    from jxgis.parks.people import people_of_housing
    from jxgis.parks.supply import supply_by_zone, two_step_catchment

    people, homes, options = ground.people_points(zones), ground.homes, ground.options
    if people is None:
        if "people" not in homes.columns or homes.empty or homes["people"].isna().any():
            return None
        people = people_of_housing(homes, zones=zones, sample_m=options.sample_m)
    # Every park gives its area, those too small for the standard included.
    every = parks.assign(radius_m=options.catchment_m)
    ways_in = None
    if ground.graph is not None:
        ways_in = park_gates(every, ground.graph, gates=ground.gates, barriers=ground.barriers, options=options)
    found = two_step_catchment(
        parks, people, graph=ground.graph, gates=ways_in, barriers=ground.barriers, options=options
    )
    return on_map(supply_by_zone(found, zones), zones)


def _stacked(tables: list[gpd.GeoDataFrame]) -> gpd.GeoDataFrame:
    """Tables of one shape, one under the other; empty ones say nothing about dtypes."""
    import pandas as pd

    some = [table for table in tables if len(table)]
    stacked: gpd.GeoDataFrame = pd.concat(some, ignore_index=True) if some else tables[0]
    return stacked
