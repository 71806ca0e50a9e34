"""`jxgis parks`: who is served, who is not, where the next parks go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from jxgis._errors import InputError
from jxgis.i18n import Text, text_pair
from jxgis.pipeline._coverage import Ground, Measured, Raster, measure
from jxgis.pipeline._park_tables import on_map, stacked

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

    from jxgis.output import Stage
    from jxgis.parks.siting import FewestParks, Siting
    from jxgis.parks.standards import Standard
    from jxgis.parks.supply import Decay
    from jxgis.parks.walking import WalkingCoverage

__all__ = ["ParksResult", "Raster", "analyse", "write"]

#: What was noticed that changes a figure of its own accord, and so is said beside it.
_SAID = ("same_id_far_apart", "gate_without_park", "gate_off_street", "park_off_street")


@dataclass(frozen=True, eq=False)
class ParksResult:
    """What `jxgis parks` finds, table by table.

    Attributes
    ----------
    coverage
        The contract's layer ``coverage``: one row a zone and method (``radius``; ``walking`` where streets were
        given), with the zone's geometry; zone ``all`` last. With a plan or new parks, also ``coverage_after`` by
        radius, of what the standard counts, and ``coverage_with_pocket`` where sites are smaller than it counts. People
        of a raster come with ``no_data_share``, the part of the zone that it says nothing of.
    served, unserved
        The contract's layers, one row a housing polygon and zone: ``method, name, zone, m2``, ``people`` where known.
    sites
        The contract's layer: proposed parks, ``rank, m2`` (of the plot), ``name, zone, radius_m, counts`` (by the
        standard; else a pocket park), ``gain_m2, gain_people``; without rows where none were asked for.
    targets
        What the target takes: ``zone, coverage_before, best`` (with all candidates), ``needed`` (new parks that serve
        the zone in the plan with the fewest), ``no_site`` (why no site asked for serves more of the zone), ``reason``;
        None where no parks were asked for.
    target_sites
        The sites of that plan, as ``sites``; None where no parks were asked for.
    parks
        Whole parks: ``park_id, name, kind, parcels, area_m2, historic, band, radius_m`` (NaN: does not count).
    by_band
        Coverage by the parks of each size band alone, with the zones' polygons.
    sensitivity
        The siting as proposed (no ``radius_m``: each plot's own by the standard), then with other radii, as of
        `parks.siting.radius_sensitivity`, each with the solver's ``gap``; None where no parks were asked for.
    blind_spots
        Unserved housing by radius, gathered and named, the worst first; with ``no_site`` where parks were sited: why
        none of them serves it.
    gates
        Ways into parks that were walked from; None without streets.
    isochrones
        Ground within 5, 10 and 15 minutes of a park; None without streets.
    supply
        Park area for each person by zone: ``people, park_m2, park_m2_per_person, reached_m2_per_person, share_below,
        reason`` (along the streets where there are any); None where people are not known.
    plan
        The parks with the plan's and the proposed ones: ``change`` is ``added``, ``enlarged``, ``closed`` or none;
        None where nothing changes.
    change
        Coverage before and after by zone and method, as of `parks.whatif.compare_coverage`; None as for ``plan``.
    changed
        Housing that is newly served, or loses its park, as of `parks.whatif.changed_housing`; None as for ``plan``.
    reports
        ``row, park_id, code, area_m2``: parcels that were repaired, left out or are tiny.
    notes
        ``code, what, count``: gates and parks that no street reaches, parts of the street graph that stand alone,
        zones that the raster of people says nothing of.
    standard
        The standard that all was measured by.
    walking, siting
        The analyses themselves, where they were made: points, polygons, distances; the solver's gap.
    ground
        What coverage was measured on: `coverage_of` measures other zones on it.
    fewest
        The plan with the fewest parks, with the solver's gap, where it was made.
    new_parks
        How many were asked for.
    siting_refused
        Why no park was sited although some were asked for; None where nothing stood in the way.
    coverage_units
        The coverage of units, as ``coverage``, with their ``district``; None where none were asked for.
    """

    coverage: gpd.GeoDataFrame
    served: gpd.GeoDataFrame
    unserved: gpd.GeoDataFrame
    sites: gpd.GeoDataFrame
    targets: gpd.GeoDataFrame | None
    target_sites: gpd.GeoDataFrame | None
    parks: gpd.GeoDataFrame
    by_band: gpd.GeoDataFrame
    sensitivity: pd.DataFrame | None
    blind_spots: gpd.GeoDataFrame
    gates: gpd.GeoDataFrame | None
    isochrones: gpd.GeoDataFrame | None
    supply: gpd.GeoDataFrame | None
    plan: gpd.GeoDataFrame | None
    change: gpd.GeoDataFrame | None
    changed: gpd.GeoDataFrame | None
    reports: pd.DataFrame
    notes: pd.DataFrame
    standard: Standard
    walking: WalkingCoverage | None
    siting: Siting | None
    ground: Ground
    fewest: FewestParks | None = None
    new_parks: int = 0
    siting_refused: Text | None = None
    coverage_units: gpd.GeoDataFrame | None = None

    def coverage_of(self, units: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
        """Measure the coverage of units, by today's parks.

        Parameters
        ----------
        units
            Polygons with ``unit_id``, and ``district`` where known.

        Returns
        -------
        geopandas.GeoDataFrame
            As ``coverage``, where ``zone`` is the ``unit_id``; ``district`` beside it.
        """
        import pandas as pd

        ids = units["unit_id"].astype(str).to_numpy()
        zones = units[["geometry"]].assign(name=ids)
        found = on_map(measure(self.parks, zones, self.ground).coverage, zones)
        if "district" in units.columns:
            of = pd.Series(units["district"].to_numpy(dtype=object), index=ids)
            found.insert(1, "district", found["zone"].map(of.groupby(level=0).first()))
        return found

    def noticed(self) -> pd.DataFrame:
        """Everything odd in one table: ``reason`` (a code), ``what`` (a park or a layer) and ``count``."""
        import pandas as pd

        parcels = self.reports.groupby(["code", "park_id"], dropna=False, sort=False).size().reset_index(name="count")
        both = pd.concat([parcels.rename(columns={"park_id": "what"}), self.notes], ignore_index=True)
        return both.rename(columns={"code": "reason"})[["reason", "what", "count"]]

    def warnings(self) -> list[Text]:
        """What stands beside the figures wherever they are shown: it changes them, or says how sure they are."""
        seen = self.noticed()
        lines = [
            text_pair(
                "parks.noticed_line",
                reason=text_pair(f"reasons.{code}"),
                n=int(seen.loc[seen["reason"] == code, "count"].sum()),
            )
            for code in _SAID
            if (seen["reason"] == code).any()
        ]
        if self.siting_refused is not None:
            lines.append(text_pair("parks.siting_refused", why=self.siting_refused))
        if self.siting is not None and len(self.siting.sites) < self.new_parks:
            lines.append(text_pair("parks.fewer_sites", asked=self.new_parks, n=len(self.siting.sites)))
        if self.siting is not None and self.siting.solution.status != "optimal":
            found = self.siting.solution
            lines.append(text_pair(f"parks.siting_{found.status}", gap=f"{100 * found.gap:.1f}"))
        if self.fewest is not None and self.fewest.siting.solution.status != "optimal":
            found = self.fewest.siting.solution
            lines.append(text_pair("parks.fewest_unproven", n=len(found.chosen), bound=f"{found.bound:g}"))
        return lines


def analyse(
    parks: gpd.GeoDataFrame,
    housing: gpd.GeoDataFrame | None,
    zones: gpd.GeoDataFrame,
    *,
    standard: Standard | None = None,
    historic: gpd.GeoDataFrame | None = None,
    merge_gap_m: float = 20.0,
    denominator: str | None = None,
    streets: gpd.GeoDataFrame | None = None,
    gates: gpd.GeoDataFrame | None = None,
    barriers: gpd.GeoDataFrame | None = None,
    minutes: float = 10.0,
    speed_m_per_min: float = 75.0,
    sample_m: float = 25.0,
    max_snap_m: float = 200.0,
    entry_m: float = 20.0,
    isochrone_minutes: Sequence[float] = (5.0, 10.0, 15.0),
    people: gpd.GeoDataFrame | Raster | None = None,
    catchment_m: float = 1000.0,
    decay: Decay = "gaussian",
    places: gpd.GeoDataFrame | None = None,
    candidates: gpd.GeoDataFrame | None = None,
    new_parks: int = 0,
    objective: Literal["area", "people"] = "area",
    target: float = 0.9,
    planned: gpd.GeoDataFrame | None = None,
    close: Sequence[str] = (),
) -> ParksResult:
    """Measure the coverage of housing by parks, zone by zone, and turn the gaps into sites.

    Parameters
    ----------
    parks
        Parcels of parks, polygons in a metric CRS; parks outside the zones serve too.
    housing
        Residential polygons; None: every coverage is NaN with the reason ``no_housing_file``.
    zones
        Polygons with ``name``: districts, units, any.
    standard
        From `parks.standards.load_standard`; the default preset where not given.
    historic
        Historic areas, where the standard has bands for them.
    merge_gap_m
        Widest gap between parcels of one name that are one park, in metres.
    denominator
        What ``housing`` is, ``"residential"`` or ``"built_up"``; the standard's own where not given.
    streets, gates, barriers
        What one walks on, enters by and cannot cross; without streets nothing is measured on foot.
    minutes, speed_m_per_min, sample_m, max_snap_m, entry_m
        See `parks.walking.walking_coverage`.
    isochrone_minutes
        Limits of the polygons of ground near parks.
    people
        Points or polygons with ``people``, or a raster of people per cell: they replace the ``people`` of the housing
        in every figure by zone. Cells of a raster are shared out exactly, on foot by the 50 m squares within reach.
    catchment_m, decay
        How far people go to a park, in metres, where its area is shared out, and how that fades: see
        `parks.supply.two_step_catchment`.
    places
        Names for blind spots.
    candidates
        Sites for new parks; plots on a lattice inside the blind spots where not given.
    new_parks
        How many to site; 0: none, and no target either.
    objective
        What they should serve more of: ``"area"`` of housing, or its ``"people"``.
    target
        Coverage that the whole and every zone should reach with the fewest new parks, 0–1.
    planned
        Parks of a plan, new or enlarged: see `parks.whatif.split_plan`. New parks are sited beside them.
    close
        Parks that the plan gives up, by id or name.

    Returns
    -------
    ParksResult

    Raises
    ------
    CrsError
        If the layers are not in one metric CRS.
    InputError
        If a layer or a setting cannot be used as it stands.

    Examples
    --------
    >>> import geopandas as gpd, shapely
    >>> park = gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 100, 100)], crs=4549)
    >>> homes = gpd.GeoDataFrame(geometry=[shapely.box(100, 0, 1100, 100)], crs=4549)
    >>> zones = gpd.GeoDataFrame({"name": ["东"]}, geometry=[shapely.box(0, 0, 2000, 2000)], crs=4549)
    >>> analyse(park, homes, zones).coverage[["zone", "method", "coverage"]].round(3).values.tolist()
    [['东', 'radius', 0.5], ['all', 'radius', 0.5]]
    """
    import geopandas as gpd
    import pandas as pd

    from jxgis.parks.gaps import blind_spots
    from jxgis.parks.lattice import candidate_lattice
    from jxgis.parks.radius import classify_parks, coverage_by_band
    from jxgis.parks.siting import no_sites
    from jxgis.parks.standards import load_standard
    from jxgis.parks.walking import isochrones
    from jxgis.parks.whole import merge_parks
    from jxgis.space.network import street_graph

    standard = standard or load_standard()
    whole = merge_parks(parks, merge_gap_m=merge_gap_m)
    sized = classify_parks(whole.parks, standard, historic=historic)
    homes = gpd.GeoDataFrame(geometry=[], crs=zones.crs) if housing is None else housing
    ground = Ground(
        homes=homes, no_file=housing is None, standard=standard, denominator=denominator,
        graph=None if streets is None else street_graph(streets, barriers=barriers), gates=gates, barriers=barriers,
        minutes=minutes, speed_m_per_min=speed_m_per_min, sample_m=sample_m, max_snap_m=max_snap_m, entry_m=entry_m,
        people=None if people is None or isinstance(people, Raster) else _as_points(people, sample_m),
        raster=people if isinstance(people, Raster) else None,
    )  # fmt: skip
    today = measure(sized, zones, ground)

    bands, notes = None, _gaps_of_raster(today)
    if ground.graph is not None and today.walking is not None:
        bands = isochrones(
            ground.graph, today.walking.walk, minutes=isochrone_minutes, speed_m_per_min=speed_m_per_min,
            max_snap_m=max_snap_m, barriers=barriers,
        )  # fmt: skip
        apart = ground.graph.isolated()
        alone = pd.DataFrame({"code": "streets_apart", "what": "streets", "count": [len(apart)]})
        notes = pd.concat([today.walking.gates.reports, alone[alone["count"] > 0], notes], ignore_index=True)

    plan = _planned(sized, planned, close, merge_gap_m, standard, historic)
    base = sized if plan is None else _open(plan)
    after = today if plan is None else measure(base, zones, ground)
    siting: Siting | None = None
    fewest: FewestParks | None = None
    sensitivity: pd.DataFrame | None = None
    refused: Text | None = None
    if new_parks > 0 and housing is not None:
        plots = candidates
        if plots is None:
            least = min(band.min_m2 for band in standard.bands if band.context == "any")
            plots = candidate_lattice(after.radius.unserved, min_plot_m2=least)
        try:
            siting, fewest, sensitivity = _site(
                base, homes, zones, plots, ground, new_parks=new_parks, objective=objective, target=target,
                historic=historic,
            )  # fmt: skip
        except InputError as error:
            # What was measured stands, whatever the siting lacks.
            refused = error.message
    if siting is not None:
        plan = _with_sites(sized if plan is None else plan, siting.sites, standard, historic)
        after = measure(_open(plan), zones, ground)
    coverage, change, changed = today.coverage, None, None
    if plan is not None:
        by_radius = coverage["method"] == "radius"
        coverage = coverage.assign(coverage_after=after.coverage["coverage"].where(by_radius))
        if siting is not None and not siting.sites["counts"].all():
            with_pocket = siting.before_after.set_index("zone")["coverage_with_pocket"]
            coverage["coverage_with_pocket"] = coverage["zone"].map(with_pocket).where(by_radius)
        change, changed = _changes(today, after)
        change = on_map(change, zones)
    spots = blind_spots(today.radius.unserved, places=places)
    if siting is not None:
        spots.insert(len(spots.columns) - 1, "no_site", siting.why_not(spots))
    unserved = [today.radius.unserved, *([] if today.walking is None else [today.walking.unserved])]
    return ParksResult(
        coverage=on_map(coverage, zones),
        served=stacked([today.radius.served, *([] if today.walking is None else [today.walking.served])]),
        unserved=stacked(unserved),
        sites=no_sites(zones.crs) if siting is None else siting.sites,
        targets=None if fewest is None or siting is None else on_map(_targets(fewest, siting), zones),
        target_sites=None if fewest is None else fewest.siting.sites,
        parks=sized,
        by_band=on_map(coverage_by_band(sized, homes, zones, standard=standard), zones),
        sensitivity=sensitivity,
        blind_spots=spots,
        gates=None if today.walking is None else today.walking.gates.table,
        isochrones=bands,
        supply=_supply(sized, zones, ground, catchment_m, decay),
        plan=plan,
        change=change,
        changed=changed,
        reports=whole.reports,
        notes=notes,
        standard=standard,
        walking=today.walking,
        siting=siting,
        ground=ground,
        fewest=fewest,
        new_parks=new_parks,
        siting_refused=refused,
    )


def _site(
    parks: gpd.GeoDataFrame,
    homes: gpd.GeoDataFrame,
    zones: gpd.GeoDataFrame,
    plots: gpd.GeoDataFrame,
    ground: Ground,
    *,
    new_parks: int,
    objective: Literal["area", "people"],
    target: float,
    historic: gpd.GeoDataFrame | None,
) -> tuple[Siting, FewestParks, pd.DataFrame]:
    """The sites asked for, the fewest for the target, and the sites by other radii."""
    import pandas as pd

    from jxgis.parks.siting import fewest_parks, radius_sensitivity, site_parks

    people = ground.people_points(zones)
    standard, sample_m = ground.standard, ground.sample_m
    siting = site_parks(
        parks, homes, zones, plots, new_parks=new_parks, standard=standard, historic=historic, objective=objective,
        people=people, sample_m=sample_m,
    )  # fmt: skip
    fewest = fewest_parks(
        parks, homes, zones, plots, standard=standard, historic=historic, target=target, every_zone=True,
        sample_m=sample_m,
    )  # fmt: skip
    tried = radius_sensitivity(
        parks, homes, zones, plots, new_parks=new_parks, standard=standard, historic=historic, objective=objective,
        people=people, sample_m=sample_m,
    )  # fmt: skip
    return siting, fewest, pd.concat([_as_proposed(siting), tried], ignore_index=True)


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
    some = some[some["zone"] != "all"]
    lost = some["no_data_share"] if len(some) else pd.Series(dtype="float64")
    codes = ["raster_gap" if share >= 1 - 1e-9 else "raster_holes" for share in lost]
    return pd.DataFrame({"code": codes, "what": some["zone"].to_numpy(), "count": 1})


def _planned(
    parks: gpd.GeoDataFrame,
    planned: gpd.GeoDataFrame | None,
    close: Sequence[str],
    merge_gap_m: float,
    standard: Standard,
    historic: gpd.GeoDataFrame | None,
) -> gpd.GeoDataFrame | None:
    """Today's parks and the plan's, with ``change``; None where there is no plan."""
    import pandas as pd

    from jxgis.parks.radius import classify_parks
    from jxgis.parks.whatif import change_parks, closed_parks, split_plan
    from jxgis.parks.whole import merge_parks

    if planned is None and not close:
        return None
    ids = closed_parks(parks, close)
    add, enlarge = (None, None) if planned is None else split_plan(parks, planned, merge_gap_m=merge_gap_m)
    if add is not None and len(add):
        # What makes parcels of today one park makes those of the plan one, too.
        add = merge_parks(add, merge_gap_m=merge_gap_m).parks
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
    return compare_coverage(today.coverage, after.coverage), stacked(changed)


def _supply(
    parks: gpd.GeoDataFrame, zones: gpd.GeoDataFrame, ground: Ground, catchment_m: float, decay: Decay
) -> gpd.GeoDataFrame | None:
    from jxgis.parks.gates import park_gates
    from jxgis.parks.people import people_of_housing
    from jxgis.parks.supply import supply_by_zone, two_step_catchment

    people, homes = ground.people_points(zones), ground.homes
    if people is None:
        if "people" not in homes.columns or homes.empty or homes["people"].isna().any():
            return None
        people = people_of_housing(homes, sample_m=ground.sample_m)
    # Every park gives its area, those too small for the standard included.
    every = parks.assign(radius_m=catchment_m)
    ways_in = None
    if ground.graph is not None:
        ways_in = park_gates(
            every, ground.graph, gates=ground.gates, barriers=ground.barriers, entry_m=ground.entry_m,
            max_snap_m=ground.max_snap_m,
        )  # fmt: skip
    found = two_step_catchment(
        parks, people, catchment_m=catchment_m, decay=decay, graph=ground.graph, gates=ways_in,
        max_snap_m=ground.max_snap_m, barriers=ground.barriers,
    )  # fmt: skip
    return on_map(supply_by_zone(found, zones), zones)


def _as_points(people: gpd.GeoDataFrame, sample_m: float) -> gpd.GeoDataFrame:
    from jxgis.parks.people import people_of_housing

    return people if (people.geom_type == "Point").all() else people_of_housing(people, sample_m=sample_m)


def write(result: ParksResult, stage: Stage, *, lang: str = "zh") -> None:
    """Write ``parks.gpkg``: the contract's layers, then the parks, the blind spots, the gates and the isochrones.

    Parameters
    ----------
    result
        From :func:`analyse`.
    stage
        The staging folder.
    lang
        Language of reasons and aliases.
    """
    from jxgis.gpkg import write_gpkg
    from jxgis.i18n import localise_reasons, text
    from jxgis.output import write_csv

    noticed = result.noticed()
    if len(noticed):
        of_network = noticed["reason"] == "streets_apart"
        noticed["what"] = noticed["what"].mask(of_network, text("pipeline.streets", lang))
        write_csv(localise_reasons(noticed, lang), stage.path("parks_noticed.csv"))
    if result.sensitivity is not None:
        write_csv(result.sensitivity, stage.path("parks_siting.csv"))
    layers = {
        "coverage": result.coverage,
        "served": result.served,
        "unserved": result.unserved,
        "sites": result.sites,
        "parks": result.parks,
        "blind_spots": result.blind_spots,
        "coverage_by_band": result.by_band,
    }
    more = {
        "housing_on_foot": None if result.walking is None else result.walking.polygons,
        "gates": result.gates,
        "isochrones": result.isochrones,
        "supply": result.supply,
        "targets": result.targets,
        "target_sites": result.target_sites,
        "plan": result.plan,
        "change": result.change,
        "changed_housing": result.changed,
        "coverage_units": result.coverage_units,
    }
    layers |= {name: table for name, table in more.items() if table is not None}
    write_gpkg(stage.path("parks.gpkg"), layers, lang=lang)
