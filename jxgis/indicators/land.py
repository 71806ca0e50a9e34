"""Measures of ground: shape, what layers cover, how much of the housing parks serve."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from jxgis.crs import M2_PER_KM2, require_metric
from jxgis.indicators.figures import figures
from jxgis.space.districts import without_scraps
from jxgis.space.overlay import common_area
from jxgis.space.polygons import polygon_parts, rows_of_polygons
from jxgis.space.shape import hull_ratio, polsby_popper

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    from jxgis.parks.standards import Standard

__all__ = ["area_km2", "compactness", "hot_share", "hull_share", "park_coverage", "share_of_area"]

_TILE_M = 1000.0
_SIMPLE = 100  # vertices up to which cutting a polygon into tiles gains nothing


def compactness(zones: gpd.GeoDataFrame) -> pd.DataFrame:
    """Compactness 4πA/P² of each zone (Polsby & Popper 1991), 0–1.

    Parameters
    ----------
    zones
        Polygons in a metric CRS; scraps beside their larger parts do not count.

    Returns
    -------
    pandas.DataFrame
        `figures`: 4πA over P².

    Examples
    --------
    >>> import geopandas as gpd
    >>> compactness(gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 10, 10)], crs=4549))["value"].round(4).item()
    0.7854
    """
    require_metric(zones, "zones")
    shapes = without_scraps(zones.geometry.to_numpy())
    area, around = np.nan_to_num(shapely.area(shapes)), np.nan_to_num(shapely.length(shapes))
    return figures(zones, 4 * np.pi * area, around**2, value=polsby_popper(shapes), none="no_area")


def hull_share(zones: gpd.GeoDataFrame) -> pd.DataFrame:
    """Area of each zone over that of its convex hull, 0–1.

    Parameters
    ----------
    zones
        Polygons in a metric CRS.

    Returns
    -------
    pandas.DataFrame
        `figures`, areas in km².

    Examples
    --------
    >>> import geopandas as gpd
    >>> corner = shapely.box(0, 0, 2, 2).difference(shapely.box(1, 1, 2, 2))
    >>> hull_share(gpd.GeoDataFrame(geometry=[corner], crs=4549))["value"].round(4).item()
    0.8571
    """
    require_metric(zones, "zones")
    shapes = without_scraps(zones.geometry.to_numpy())
    hull = np.nan_to_num(shapely.area(shapely.convex_hull(shapes))) / M2_PER_KM2
    return figures(
        zones, np.nan_to_num(shapely.area(shapes)) / M2_PER_KM2, hull, value=hull_ratio(shapes), none="no_area"
    )


def _covered_m2(zones: gpd.GeoDataFrame, *layers: gpd.GeoDataFrame) -> NDArray[np.float64]:
    """Area of each zone that layers of polygons cover, ground that several cover counted once.

    Parameters
    ----------
    zones
        (n) polygons in a metric CRS, which may overlap.
    *layers
        Polygons in the same CRS; rows of points and lines hold no ground.

    Returns
    -------
    ndarray
        (n,) m².

    Examples
    --------
    >>> import geopandas as gpd
    >>> zones = gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 10, 10), shapely.box(4, 0, 10, 10)], crs=4549)
    >>> lake, park = (gpd.GeoDataFrame(geometry=[shapely.box(0, 0, w, 10)], crs=4549) for w in (2, 5))
    >>> _covered_m2(zones, lake, park).tolist()
    [50.0, 10.0]
    """
    crs = require_metric(zones, "zones")
    for layer in layers:
        require_metric(layer, "layer", crs)
    cover = _disjoint(np.concatenate([rows_of_polygons(layer).geometry.to_numpy() for layer in layers]))
    shapes = zones.geometry.to_numpy()
    zone, row = shapely.STRtree(cover).query(shapes, predicate="intersects")
    area = common_area(shapes[zone], cover[row])
    return np.bincount(zone, weights=area, minlength=len(shapes)).astype(np.float64)


def _disjoint(cover: NDArray[np.object_]) -> NDArray[np.object_]:
    """The union of polygons in small pieces that share no ground: large ones are cut along the lines of a square grid."""
    if not len(cover):
        return cover
    parts = polygon_parts(shapely.union_all(cover))
    large = shapely.get_num_coordinates(parts) > _SIMPLE
    pieces = [parts[~large]]
    for part in parts[large]:
        west, south, east, north = np.floor(np.array(part.bounds) / _TILE_M).astype(int)
        x, y = np.meshgrid(np.arange(west, east + 1) * _TILE_M, np.arange(south, north + 1) * _TILE_M)
        shapely.prepare(part)
        tiles = shapely.box(x.ravel(), y.ravel(), x.ravel() + _TILE_M, y.ravel() + _TILE_M)
        tiles = tiles[shapely.intersects(part, tiles)]
        within = shapely.contains(part, tiles)
        pieces += [tiles[within], shapely.intersection(part, tiles[~within])]
    return np.concatenate(pieces)


def share_of_area(zones: gpd.GeoDataFrame, *layers: gpd.GeoDataFrame) -> pd.DataFrame:
    """Share of each zone that layers of polygons cover, 0–1, overlaps counted once.

    Parameters
    ----------
    zones, *layers
        As for :func:`_covered_m2`.

    Returns
    -------
    pandas.DataFrame
        `figures`, areas in km².

    Examples
    --------
    >>> import geopandas as gpd
    >>> plot = gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 10, 10)], crs=4549)
    >>> lake, park = (gpd.GeoDataFrame(geometry=[shapely.box(0, 0, w, 10)], crs=4549) for w in (2, 5))
    >>> share_of_area(plot, lake, park)["value"].item()
    0.5
    """
    area = np.nan_to_num(zones.area.to_numpy())
    found = figures(zones, _covered_m2(zones, *layers) / M2_PER_KM2, area / M2_PER_KM2, none="no_area")
    found["value"] = found["value"].clip(upper=1.0)
    return found


def area_km2(zones: gpd.GeoDataFrame, *layers: gpd.GeoDataFrame) -> pd.DataFrame:
    """Area of each zone that layers of polygons cover, km², overlaps counted once.

    Parameters
    ----------
    zones, *layers
        As for :func:`_covered_m2`.

    Returns
    -------
    pandas.DataFrame
        `figures`; the numerator is the value.

    Examples
    --------
    >>> import geopandas as gpd
    >>> plot = gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 1000, 1000)], crs=4549)
    >>> area_km2(plot, gpd.GeoDataFrame(geometry=[shapely.box(500, 0, 9000, 1000)], crs=4549))["value"].item()
    0.5
    """
    return figures(zones, _covered_m2(zones, *layers) / M2_PER_KM2)


def hot_share(zones: gpd.GeoDataFrame, cells: gpd.GeoDataFrame) -> pd.DataFrame:
    """Share of each zone that hot cells cover, 0–1.

    Parameters
    ----------
    zones
        Polygons in a metric CRS.
    cells
        The cells that were judged, in the same CRS, with ``is_hot``.

    Returns
    -------
    pandas.DataFrame
        `figures`, areas in km². Where no cell was judged it is not known whether it is hot.

    Examples
    --------
    >>> import geopandas as gpd
    >>> zones = gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 10, 10), shapely.box(90, 0, 99, 10)], crs=4549)
    >>> cells = gpd.GeoDataFrame({"is_hot": [True, False]}, geometry=shapely.box([0, 4], 0, [4, 10], 10), crs=4549)
    >>> hot_share(zones, cells)[["value", "reason"]].values.tolist()
    [[0.4, ''], [nan, 'not_judged']]
    """
    found = share_of_area(zones, cells[cells["is_hot"].to_numpy(dtype=bool)])
    unknown = ~(_covered_m2(zones, cells) > 0) & found["value"].notna().to_numpy()
    found["value"] = found["value"].mask(unknown)
    found["reason"] = found["reason"].mask(unknown, "not_judged")
    return found


def park_coverage(
    zones: gpd.GeoDataFrame,
    parks: gpd.GeoDataFrame,
    land: gpd.GeoDataFrame,
    *,
    standard: Standard,
    historic: gpd.GeoDataFrame | None = None,
    merge_gap_m: float,
) -> pd.DataFrame:
    """Share of the land in each zone that lies within the radius of a park, 0–1, as `jxgis parks` measures it.

    Parameters
    ----------
    zones
        Polygons in a metric CRS.
    parks, historic
        As for `parks.measure_parks`.
    land
        What the standard sets its figure against: housing, or built-up land.
    standard
        Which parks count, and how far.
    merge_gap_m
        Parcels of one name up to this far apart are one park.

    Returns
    -------
    pandas.DataFrame
        `figures`, areas in km².

    Examples
    --------
    >>> import geopandas as gpd
    >>> from jxgis.parks.standards import load_standard
    >>> zone, land = (gpd.GeoDataFrame(geometry=[shapely.box(0, 0, w, 100)], crs=4549) for w in (2000, 1000))
    >>> park = gpd.GeoDataFrame(geometry=[shapely.box(-200, 0, 0, 100)], crs=4549)
    >>> park_coverage(zone, park, land, standard=load_standard(), merge_gap_m=20)["value"].round(3).item()
    0.5
    """
    from jxgis.parks.radius import classify_parks, radius_coverage
    from jxgis.parks.whole import merge_parks

    whole = classify_parks(merge_parks(parks, merge_gap_m=merge_gap_m).parks, standard, historic=historic)
    # By number: a zone may have any name, that of the whole area too.
    numbered = zones[["geometry"]].assign(name=[f"C{k + 1}" for k in range(len(zones))])
    table = radius_coverage(whole, land, numbered, standard=standard).coverage.head(len(zones))
    found = figures(
        zones,
        table["served_m2"].to_numpy(dtype=np.float64) / M2_PER_KM2,
        table["residential_m2"].to_numpy(dtype=np.float64) / M2_PER_KM2,
        none="no_housing",
    )
    found["value"] = table["coverage"].to_numpy(dtype=np.float64)
    return found
