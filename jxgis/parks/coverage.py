"""Coverage of any zones by any parks, with all that a run holds: by radius, on foot, and by people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from jxgis.errors import InputError

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

    from jxgis.parks.radius import RadiusCoverage
    from jxgis.parks.standards import Standard
    from jxgis.parks.walking import WalkingCoverage
    from jxgis.part import Given, Raster
    from jxgis.settings import ParkSettings
    from jxgis.space.network import StreetGraph

__all__ = ["CoverageInputs", "Measured", "measure", "of_built_up", "served_land", "standard_of"]


@dataclass(frozen=True, eq=False, kw_only=True)
class CoverageInputs:
    """What coverage is measured on, whatever the parks and the zones; see `parks.analysis.analyse`."""

    homes: gpd.GeoDataFrame
    no_file: bool
    standard: Standard
    options: ParkSettings
    graph: StreetGraph | None
    gates: gpd.GeoDataFrame | None
    barriers: gpd.GeoDataFrame | None
    people: gpd.GeoDataFrame | None
    raster: Raster | None

    def people_points(self, zones: gpd.GeoDataFrame) -> gpd.GeoDataFrame | None:
        """The people given beside the housing as points that no zone's border cuts; None where none are given."""
        import pandas as pd

        from jxgis.parks.people import people_of_housing, raster_points
        from jxgis.space.people import points_and_polygons

        if self.raster is not None:
            return raster_points(self.raster.path, zones, raster_crs=self.raster.crs)
        if self.people is None:
            return None
        points, polygons = points_and_polygons(self.people)
        if polygons.empty:
            return points
        inside = people_of_housing(polygons, zones=zones, sample_m=self.options.sample_m)
        both: gpd.GeoDataFrame = pd.concat([points[["people", "geometry"]], inside], ignore_index=True)
        return both


@dataclass(frozen=True, eq=False)
class Measured:
    """Coverage by radius, and on foot where there are streets; ``tables`` are the contract's, in that order."""

    radius: RadiusCoverage
    walking: WalkingCoverage | None
    tables: tuple[pd.DataFrame, ...]

    @property
    def coverage(self) -> pd.DataFrame:
        """The tables, one under the other."""
        import pandas as pd

        return pd.concat(self.tables, ignore_index=True)


def measure(parks: gpd.GeoDataFrame, zones: gpd.GeoDataFrame, ground: CoverageInputs) -> Measured:
    """Measure the coverage of zones by parks.

    Parameters
    ----------
    parks
        From `parks.radius.classify_parks`.
    zones
        Polygons with ``name``.
    ground
        Housing, streets, people and settings.
    """
    from jxgis.parks.radius import radius_coverage
    from jxgis.parks.walking import walking_coverage

    radius = radius_coverage(
        parks, ground.homes, zones, standard=ground.standard, denominator=ground.options.denominator
    )
    walking = None
    if ground.graph is not None:
        walking = walking_coverage(
            parks,
            ground.homes,
            zones,
            ground.graph,
            standard=ground.standard,
            gates=ground.gates,
            barriers=ground.barriers,
            options=ground.options,
        )
    tables = [radius.coverage] if walking is None else [radius.coverage, walking.coverage]
    counted = _people(parks, zones, ground, walking)
    tables = [_with_people(table, some) for table, some in zip(tables, counted, strict=True)] if counted else tables
    if ground.no_file:
        unknown = float("nan")
        tables = [table.assign(residential_m2=unknown, served_m2=unknown, reason="no_housing_file") for table in tables]
    return Measured(radius, walking, tuple(tables))


def _people(
    parks: gpd.GeoDataFrame, zones: gpd.GeoDataFrame, ground: CoverageInputs, walking: WalkingCoverage | None
) -> list[pd.DataFrame]:
    """People served by zone, by radius and on foot; none where people are only what the housing says."""
    from jxgis.parks.people import people_served, people_served_raster, people_walking, people_within_raster
    from jxgis.parks.walking import isochrones

    raster, graph = ground.raster, ground.graph
    if raster is not None:
        found = [people_served_raster(parks, raster.path, zones, raster_crs=raster.crs)]
        if walking is not None and graph is not None:
            minutes = [ground.options.minutes]
            near = isochrones(graph, walking.walk, minutes=minutes, barriers=ground.barriers, options=ground.options)
            found.append(people_within_raster(near.geometry.iloc[0], raster.path, zones, raster_crs=raster.crs))
        return found
    people = ground.people_points(zones)
    if people is None:
        return []
    found = [people_served(parks, people, zones)]
    if walking is not None and graph is not None:
        found.append(people_walking(walking, graph, people, zones, barriers=ground.barriers))
    return found


def _with_people(table: pd.DataFrame, counted: pd.DataFrame) -> pd.DataFrame:
    columns = [
        name for name in ("people", "served_people", "people_coverage", "no_data_share") if name in counted.columns
    ]
    return table.assign(**{name: counted[name].to_numpy() for name in columns})


def standard_of(given: Given) -> Standard:
    """The standard that ``[parks]`` names, of the city's own file of standards where its profile has one.

    Raises
    ------
    SettingsError
        If there is none of that name.
    """
    from jxgis.parks.standards import load_standard

    return load_standard(given.settings.parks.standard, None if given.city is None else given.city.standards)


def served_land(given: Given, standard: Standard) -> gpd.GeoDataFrame | None:
    """The land that parks should serve: housing, or built-up land where the settings or else the standard say so.

    Raises
    ------
    InputError
        If built-up land is asked for and there are no polygons of it.
    """
    from jxgis.space.polygons import rows_of_polygons

    if not of_built_up(given, standard):
        return given.table("residential")
    land = given.table("built_up")
    # Only polygons have an area.
    kept = None if land is None else rows_of_polygons(land)
    if kept is None or kept.empty:
        raise InputError(
            zh='[parks] denominator = "built_up" 需要 [inputs.built_up] 给出建成区面图层；没有找到面。',
            en='[parks] denominator = "built_up" needs polygons of built-up land in [inputs.built_up]; there are none.',
        )
    return kept


def of_built_up(given: Given, standard: Standard) -> bool:
    """Whether coverage is a share of built-up land: as the settings say, else as the standard does."""
    return (given.settings.parks.denominator or standard.denominator) == "built_up"
