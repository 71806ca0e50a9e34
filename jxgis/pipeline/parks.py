"""`jxgis parks`: read, measure who is served, draw, write."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

    from jxgis.parks.standards import Standard

__all__ = ["ParksResult", "analyse"]


@dataclass(frozen=True, eq=False)
class ParksResult:
    """What `jxgis parks` finds, table by table.

    Attributes
    ----------
    coverage
        The contract's layer ``coverage``: one row a zone and method, with the zone's geometry; zone ``all`` last.
    served, unserved
        The contract's layers, one row a housing polygon and zone: ``method, name, zone, m2``.
    parks
        Whole parks: ``park_id, name, kind, parcels, area_m2, historic, band, radius_m`` (NaN: does not count).
    by_band
        Coverage by the parks of each size band alone.
    reports
        Parcels that were repaired, left out or are tiny.
    standard
        The standard that all was measured by.
    """

    coverage: gpd.GeoDataFrame
    served: gpd.GeoDataFrame
    unserved: gpd.GeoDataFrame
    parks: gpd.GeoDataFrame
    by_band: pd.DataFrame
    reports: pd.DataFrame
    standard: Standard


def analyse(
    parks: gpd.GeoDataFrame,
    housing: gpd.GeoDataFrame | None,
    zones: gpd.GeoDataFrame,
    *,
    standard: Standard | None = None,
    historic: gpd.GeoDataFrame | None = None,
    merge_gap_m: float = 20.0,
    denominator: str | None = None,
) -> ParksResult:
    """Measure the coverage of housing by parks, zone by zone.

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
        Widest gap between parcels of one name that are one park.
    denominator
        What ``housing`` is, ``"residential"`` or ``"built_up"``; the standard's own where not given.

    Returns
    -------
    ParksResult

    Raises
    ------
    CrsError
        If the layers are not in one metric CRS.
    InputError
        If a layer cannot be used as it stands.

    Examples
    --------
    >>> import geopandas as gpd, shapely
    >>> park = gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 100, 100)], crs=4549)
    >>> homes = gpd.GeoDataFrame(geometry=[shapely.box(100, 0, 1100, 100)], crs=4549)
    >>> zones = gpd.GeoDataFrame({"name": ["东"]}, geometry=[shapely.box(0, 0, 2000, 2000)], crs=4549)
    >>> analyse(park, homes, zones).coverage[["zone", "coverage"]].round(3).values.tolist()
    [['东', 0.5], ['all', 0.5]]
    """
    import geopandas as gpd

    from jxgis.parks.radius import classify_parks, coverage_by_band, radius_coverage
    from jxgis.parks.standards import load_standard
    from jxgis.parks.whole import merge_parks

    standard = standard or load_standard()
    whole = merge_parks(parks, merge_gap_m=merge_gap_m)
    sized = classify_parks(whole.parks, standard, historic=historic)
    no_file = housing is None
    if housing is None:
        housing = gpd.GeoDataFrame(geometry=[], crs=zones.crs)
    found = radius_coverage(sized, housing, zones, standard=standard, denominator=denominator)
    coverage = found.coverage
    if no_file:
        coverage = coverage.assign(residential_m2=float("nan"), served_m2=float("nan"), reason="no_housing_file")
    return ParksResult(
        coverage=_on_map(coverage, zones),
        served=found.served,
        unserved=found.unserved,
        parks=sized,
        by_band=coverage_by_band(sized, housing, zones, standard=standard),
        reports=whole.reports,
        standard=standard,
    )


def _on_map(coverage: pd.DataFrame, zones: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Rows of zones with their polygons; ``all`` gets the union of the zones."""
    import geopandas as gpd
    import shapely

    shape = [*zones.geometry, shapely.union_all(zones.geometry.to_numpy())]
    repeats = len(coverage) // len(shape)
    return gpd.GeoDataFrame(coverage, geometry=shape * repeats, crs=zones.crs)
