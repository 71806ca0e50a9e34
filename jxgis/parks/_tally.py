"""From served pieces of housing to the coverage of zones: what radius and walking have in common."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyproj
import shapely

from jxgis.crs import require_metric
from jxgis.parks.housing import Pieces, cut_by_zone, zones_overlap
from jxgis.parks.standards import Standard
from jxgis.space.points import locate_each
from jxgis.space.polygons import polygons_of
from jxgis.space.ratio import ratio
from jxgis.zones import ALL, zone_names

__all__ = ["Study", "coverage_table", "layer", "on_map", "points_by_zone", "study_of", "zone_sums", "zones_and_whole"]


@dataclass(frozen=True, eq=False)
class Study:
    """Housing cut for measuring: by zone, and as a whole.

    ``whole`` is ``pieces`` itself, unless zones overlap: then it is the housing within their union, so that the zone
    ``all`` counts nothing twice.
    """

    zones: tuple[str, ...]
    pieces: Pieces
    whole: Pieces
    house_names: npt.NDArray[np.object_]
    crs: pyproj.CRS


def study_of(housing: gpd.GeoDataFrame, zones: gpd.GeoDataFrame) -> Study:
    """Cut housing by the zones and by their union.

    Raises
    ------
    CrsError
        If the layers are not in one metric CRS.
    InputError
        If ``zones`` has no ``name``, one stands twice, or one is ``all``.
    """
    zone_of = zone_names(zones)
    crs = require_metric(zones, "zones")
    pieces = whole = cut_by_zone(housing, zones)
    if zones_overlap(zones):
        outline = shapely.union_all(polygons_of(zones.geometry.to_numpy()))
        whole = cut_by_zone(housing, gpd.GeoDataFrame(geometry=[outline], crs=crs))
    names = housing["name"] if "name" in housing.columns else pd.Series([None] * len(housing), dtype=object)
    return Study(
        zones=zone_of,
        pieces=pieces,
        whole=whole,
        house_names=np.array([None if pd.isna(name) else str(name) for name in names], dtype=object),
        crs=crs,
    )


def zone_sums(
    study: Study, by_piece: npt.NDArray[np.float64], by_whole: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Sum a value of pieces by zone, and for ``all`` last."""
    zones = np.bincount(study.pieces.zone, weights=by_piece, minlength=len(study.zones))
    return np.append(zones, by_whole.sum())


def zones_and_whole(zones: gpd.GeoDataFrame) -> npt.NDArray[np.object_]:
    """The zones' polygons, and their union last."""
    shapes = polygons_of(zones.geometry.to_numpy())
    return np.array([*shapes, shapely.union_all(shapes)], dtype=object)


def on_map(coverage: pd.DataFrame, zones: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Rows of zones with their polygons; ``all`` gets the union of the zones."""
    shape = [*zones_and_whole(zones)]
    return gpd.GeoDataFrame(coverage, geometry=shape * (len(coverage) // len(shape)), crs=zones.crs)


def points_by_zone(
    points: gpd.GeoDataFrame, zones: gpd.GeoDataFrame
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Pairs of points and zones by `locate_each`, and each point of any zone once more for ``all``, the last number."""
    shapes = gpd.GeoSeries(polygons_of(zones.geometry.to_numpy()), crs=zones.crs)
    point, zone = locate_each(points, shapes)
    once = np.unique(point)
    return np.concatenate([point, once]), np.concatenate([zone, np.full(len(once), len(zones))])


def coverage_table(
    study: Study,
    served: npt.NDArray[np.float64],
    served_whole: npt.NDArray[np.float64],
    *,
    method: str,
    standard: Standard,
    denominator: str | None,
) -> pd.DataFrame:
    """The contract's coverage table for one method.

    Parameters
    ----------
    study
        Housing by zone.
    served, served_whole
        Served area in m² of each piece of ``study.pieces`` and of ``study.whole``.
    method
        ``"radius"`` or ``"walking"``.
    standard, denominator
        As for `radius.radius_coverage`.
    """
    residential_m2 = zone_sums(study, study.pieces.area_m2, study.whole.area_m2)
    served_m2 = np.minimum(zone_sums(study, served, served_whole), residential_m2)
    any_housing = residential_m2 > 0
    table = pd.DataFrame(
        {
            "zone": [*study.zones, ALL],
            "method": method,
            "residential_m2": residential_m2,
            "served_m2": served_m2,
            "coverage": ratio(served_m2, residential_m2),
            "standard": standard.name,
            "denominator": denominator or standard.denominator,
            "unreachable_share": np.nan,
            "reason": [None if found else "no_housing" for found in any_housing],
        }
    )
    if study.pieces.people is not None and study.whole.people is not None:
        people = zone_sums(study, study.pieces.people, study.whole.people)
        with_people = zone_sums(
            study,
            study.pieces.people * served / study.pieces.area_m2,
            study.whole.people * served_whole / study.whole.area_m2,
        )
        table["people"] = people
        table["served_people"] = np.minimum(with_people, people)
        table["people_coverage"] = ratio(table["served_people"].to_numpy(), people)
    return table


def layer(
    study: Study, geometry: npt.NDArray[np.object_], m2: npt.NDArray[np.float64], *, method: str
) -> gpd.GeoDataFrame:
    """Parts of the whole study's pieces as the contract's polygon layer; pieces without area are left out."""
    keep = np.flatnonzero(m2 > 0)
    zone_names = np.array(study.zones if study.whole is study.pieces else (ALL,), dtype=object)
    table = gpd.GeoDataFrame(
        {
            "method": np.full(len(keep), method, dtype=object),
            "name": study.house_names[study.whole.house[keep]],
            "zone": zone_names[study.whole.zone[keep]],
            "m2": m2[keep],
        },
        geometry=geometry[keep],
        crs=study.crs,
    )
    if study.whole.people is not None:
        table.insert(4, "people", study.whole.people[keep] * m2[keep] / study.whole.area_m2[keep])
    return table
