"""`jxgis parks`: who is served, who is not, where the next parks go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

    from jxgis.output import Stage
    from jxgis.parks.siting import Siting
    from jxgis.parks.standards import Standard
    from jxgis.parks.walking import WalkingCoverage
    from jxgis.space.network import StreetGraph

__all__ = ["ParksResult", "analyse", "write"]


@dataclass(frozen=True, eq=False)
class ParksResult:
    """What `jxgis parks` finds, table by table.

    Attributes
    ----------
    coverage
        The contract's layer ``coverage``: one row a zone and method (``radius``; ``walking`` where streets were
        given), with the zone's geometry; zone ``all`` last. With new parks asked for, also ``coverage_after``.
    served, unserved
        The contract's layers, one row a housing polygon and zone: ``method, name, zone, m2``, ``people`` where known.
    sites
        The contract's layer: proposed parks, ``rank, m2`` (of the plot), ``name, zone, radius_m, gain_m2``; without
        rows where none were asked for.
    targets
        What the target takes: ``zone, coverage_before, best`` (with all candidates), ``needed`` (new parks that serve
        the zone in the plan with the fewest), ``reason``; None where no parks were asked for.
    target_sites
        The sites of that plan, as ``sites``; None where no parks were asked for.
    parks
        Whole parks: ``park_id, name, kind, parcels, area_m2, historic, band, radius_m`` (NaN: does not count).
    by_band
        Coverage by the parks of each size band alone.
    blind_spots
        Unserved housing by radius, gathered and named, the worst first.
    gates
        Ways into parks that were walked from; None without streets.
    isochrones
        Ground within 5, 10 and 15 minutes of a park; None without streets.
    supply
        Park area for each person by zone: ``people, park_m2, park_m2_per_person, reached_m2_per_person, share_below,
        reason`` (along the streets where there are any); None where people are not known.
    reports
        ``row, park_id, code, area_m2``: parcels that were repaired, left out or are tiny.
    notes
        ``code, what, count``: gates and parks that no street reaches, parts of the street graph that stand alone.
    standard
        The standard that all was measured by.
    walking, siting
        The analyses themselves, where they were made: points, polygons, distances; the solver's gap.
    """

    coverage: gpd.GeoDataFrame
    served: gpd.GeoDataFrame
    unserved: gpd.GeoDataFrame
    sites: gpd.GeoDataFrame
    targets: gpd.GeoDataFrame | None
    target_sites: gpd.GeoDataFrame | None
    parks: gpd.GeoDataFrame
    by_band: pd.DataFrame
    blind_spots: gpd.GeoDataFrame
    gates: gpd.GeoDataFrame | None
    isochrones: gpd.GeoDataFrame | None
    supply: gpd.GeoDataFrame | None
    reports: pd.DataFrame
    notes: pd.DataFrame
    standard: Standard
    walking: WalkingCoverage | None
    siting: Siting | None

    def noticed(self) -> pd.DataFrame:
        """Everything odd in one table: ``reason`` (a code), ``what`` (a park or a layer) and ``count``."""
        import pandas as pd

        parcels = self.reports.groupby(["code", "park_id"], dropna=False, sort=False).size().reset_index(name="count")
        both = pd.concat([parcels.rename(columns={"park_id": "what"}), self.notes], ignore_index=True)
        return both.rename(columns={"code": "reason"})[["reason", "what", "count"]]


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
    people: gpd.GeoDataFrame | None = None,
    catchment_m: float = 1000.0,
    places: gpd.GeoDataFrame | None = None,
    candidates: gpd.GeoDataFrame | None = None,
    new_parks: int = 0,
    target: float = 0.9,
    time_limit_s: float = 30.0,
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
        Points or polygons with ``people``: they replace the ``people`` of the housing in every figure.
    catchment_m
        How far people go to a park, in metres, where its area is shared out.
    places
        Names for blind spots.
    candidates
        Sites for new parks; plots on a lattice inside the blind spots where not given.
    new_parks
        How many to site; 0: none, and no target either.
    target
        Coverage that the whole and every zone should reach with the fewest new parks, 0–1.
    time_limit_s
        When the solver stops and reports its gap instead.

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
    from jxgis.parks.people import people_served, people_walking
    from jxgis.parks.radius import classify_parks, coverage_by_band, radius_coverage
    from jxgis.parks.siting import candidate_lattice, fewest_parks, site_parks
    from jxgis.parks.standards import load_standard
    from jxgis.parks.walking import isochrones, walking_coverage
    from jxgis.parks.whole import merge_parks
    from jxgis.space.network import street_graph

    standard = standard or load_standard()
    no_file = housing is None
    homes = gpd.GeoDataFrame(geometry=[], crs=zones.crs) if housing is None else housing
    whole = merge_parks(parks, merge_gap_m=merge_gap_m)
    sized = classify_parks(whole.parks, standard, historic=historic)
    found = radius_coverage(sized, homes, zones, standard=standard, denominator=denominator)
    tables, served, unserved = [found.coverage], [found.served], [found.unserved]

    graph, walking, ways_in, bands, notes = None, None, None, None, pd.DataFrame({"code": [], "what": [], "count": []})
    if streets is not None:
        graph = street_graph(streets, barriers=barriers)
        walking = walking_coverage(
            sized, homes, zones, graph, standard=standard, denominator=denominator, gates=gates, barriers=barriers,
            minutes=minutes, speed_m_per_min=speed_m_per_min, sample_m=sample_m, max_snap_m=max_snap_m,
            entry_m=entry_m,
        )  # fmt: skip
        tables.append(walking.coverage)
        served.append(walking.served)
        unserved.append(walking.unserved)
        ways_in = walking.gates.table
        bands = isochrones(
            graph, walking.walk, minutes=isochrone_minutes, speed_m_per_min=speed_m_per_min, max_snap_m=max_snap_m,
            barriers=barriers,
        )  # fmt: skip
        apart = graph.isolated()
        alone = pd.DataFrame({"code": "streets_apart", "what": "streets", "count": [len(apart)]})
        notes = pd.concat([walking.gates.reports, alone[alone["count"] > 0]], ignore_index=True)

    people = None if people is None else _as_points(people)
    if people is not None:
        counted = [people_served(sized, people, zones)]
        if graph is not None and walking is not None:
            counted.append(people_walking(walking, graph, people, zones, barriers=barriers))
        columns = ["people", "served_people", "people_coverage"]
        tables = [
            table.assign(**{column: some[column].to_numpy() for column in columns})
            for table, some in zip(tables, counted, strict=True)
        ]

    siting, fewest = None, None
    if new_parks > 0 and not no_file:
        plots = candidates
        if plots is None:
            least = min(band.min_m2 for band in standard.bands if band.context == "any")
            plots = candidate_lattice(found.unserved, min_plot_m2=least)
        siting = site_parks(
            sized, homes, zones, plots, new_parks=new_parks, standard=standard, time_limit_s=time_limit_s
        )
        fewest = fewest_parks(
            sized, homes, zones, plots, standard=standard, target=target, every_zone=True, time_limit_s=time_limit_s
        )
        after = siting.before_after["coverage_after"].to_numpy()
        tables[0] = tables[0].assign(coverage_after=after)
    coverage = pd.concat(tables, ignore_index=True)
    if no_file:
        coverage = coverage.assign(residential_m2=float("nan"), served_m2=float("nan"), reason="no_housing_file")
    return ParksResult(
        coverage=_on_map(coverage, zones),
        served=_stacked(served),
        unserved=_stacked(unserved),
        sites=_no_sites(zones) if siting is None else siting.sites,
        targets=None if fewest is None else _on_map(fewest.zones, zones),
        target_sites=None if fewest is None else fewest.siting.sites,
        parks=sized,
        by_band=coverage_by_band(sized, homes, zones, standard=standard),
        blind_spots=blind_spots(found.unserved, places=places),
        gates=ways_in,
        isochrones=bands,
        supply=_supply(sized, homes, zones, people, graph, gates, barriers, catchment_m),
        reports=whole.reports,
        notes=notes,
        standard=standard,
        walking=walking,
        siting=siting,
    )


def _supply(
    parks: gpd.GeoDataFrame,
    homes: gpd.GeoDataFrame,
    zones: gpd.GeoDataFrame,
    people: gpd.GeoDataFrame | None,
    graph: StreetGraph | None,
    gates: gpd.GeoDataFrame | None,
    barriers: gpd.GeoDataFrame | None,
    catchment_m: float,
) -> gpd.GeoDataFrame | None:
    from jxgis.parks.gates import park_gates
    from jxgis.parks.people import people_of_housing
    from jxgis.parks.supply import supply_by_zone, two_step_catchment

    if people is None:
        if "people" not in homes.columns or homes.empty or homes["people"].isna().any():
            return None
        people = people_of_housing(homes)
    # Every park gives its area, those too small for the standard included.
    every = parks.assign(radius_m=catchment_m)
    ways_in = None if graph is None else park_gates(every, graph, gates=gates, barriers=barriers)
    found = two_step_catchment(parks, people, catchment_m=catchment_m, graph=graph, gates=ways_in)
    return _on_map(supply_by_zone(found, zones), zones)


def _as_points(people: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    from jxgis.parks.people import people_of_housing

    return people if (people.geom_type == "Point").all() else people_of_housing(people)


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
    from jxgis.i18n import localise_reasons
    from jxgis.output import write_csv

    noticed = result.noticed()
    if len(noticed):
        write_csv(localise_reasons(noticed, lang), stage.path("parks_noticed.csv"))
    layers = {
        "coverage": result.coverage,
        "served": result.served,
        "unserved": result.unserved,
        "sites": result.sites,
        "parks": result.parks,
        "blind_spots": result.blind_spots,
    }
    more = {
        "gates": result.gates,
        "isochrones": result.isochrones,
        "supply": result.supply,
        "targets": result.targets,
        "target_sites": result.target_sites,
    }
    layers |= {name: table for name, table in more.items() if table is not None}
    write_gpkg(stage.path("parks.gpkg"), layers, lang=lang)


def _on_map(coverage: pd.DataFrame, zones: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Rows of zones with their polygons; ``all`` gets the union of the zones."""
    import geopandas as gpd
    import shapely

    shape = [*zones.geometry, shapely.union_all(zones.geometry.to_numpy())]
    repeats = len(coverage) // len(shape)
    return gpd.GeoDataFrame(coverage, geometry=shape * repeats, crs=zones.crs)


def _stacked(tables: list[gpd.GeoDataFrame]) -> gpd.GeoDataFrame:
    """Tables of one shape, one under the other; empty ones say nothing about dtypes."""
    import pandas as pd

    some = [table for table in tables if len(table)]
    stacked: gpd.GeoDataFrame = pd.concat(some, ignore_index=True) if some else tables[0]
    return stacked


def _no_sites(zones: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    import geopandas as gpd
    import pandas as pd

    columns = {"rank": "int64", "m2": "float64", "name": "str", "zone": "str", "radius_m": "float64",
               "gain_m2": "float64", "candidate": "int64"}  # fmt: skip
    empty = {name: pd.Series([], dtype=dtype) for name, dtype in columns.items()}
    return gpd.GeoDataFrame(empty, geometry=[], crs=zones.crs)
