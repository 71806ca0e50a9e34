"""Share of the housing from which something can be walked to, by the walking engine of parks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

from jxgis.bounds import at_most
from jxgis.crs import M2_PER_KM2, require_metric
from jxgis.indicators.figures import figures
from jxgis.indicators.standing import Standing, spots, standing
from jxgis.space.network import snap, walk_from

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd
    from numpy.typing import NDArray

    from jxgis.settings import ParkSettings
    from jxgis.space.network import Snapped, StreetGraph

__all__ = ["Homes", "homes_on_streets", "share_on_foot", "ways_to"]


@dataclass(frozen=True, eq=False)
class Homes:
    """Points that stand for housing, and where each comes onto the streets: the same whatever is walked to.

    Attributes
    ----------
    points
        (n) with ``area_m2``, the part of the housing that each stands for.
    snapped
        Where they come onto the streets.
    graph
        The streets.
    """

    points: gpd.GeoDataFrame
    snapped: Snapped
    graph: StreetGraph


def homes_on_streets(
    housing: gpd.GeoDataFrame, graph: StreetGraph, *, options: ParkSettings, barriers: gpd.GeoDataFrame | None = None
) -> Homes:
    """Lay sample points over the housing and bring them onto the streets.

    Parameters
    ----------
    housing
        Polygons in a metric CRS.
    graph
        From `space.network.street_graph`.
    options
        ``sample_m`` and ``max_snap_m`` of ``[parks]``: housing farther than that from a street has no way.
    barriers
        What the legs to the streets must not cross.

    Returns
    -------
    Homes
    """
    import geopandas as gpd

    from jxgis.parks.housing import cut_by_zone, sample_points

    # For the whole of the housing, whatever the zones: they may overlap, and be many.
    crs = require_metric(housing, "residential")
    around = gpd.GeoDataFrame(geometry=[shapely.box(*housing.total_bounds).buffer(1)], crs=crs)
    points = sample_points(cut_by_zone(housing, around), sample_m=options.sample_m)
    table = gpd.GeoDataFrame({"area_m2": points.area_m2}, geometry=shapely.points(points.x, points.y), crs=crs)
    snapped = snap(graph, points.x, points.y, max_snap_m=options.max_snap_m, barriers=barriers)
    return Homes(table, snapped, graph)


def ways_to(
    things: gpd.GeoDataFrame, homes: Homes, *, max_snap_m: float, barriers: gpd.GeoDataFrame | None = None
) -> NDArray[np.float64]:
    """Length of the shortest way on foot from each home to the nearest of some things.

    Parameters
    ----------
    things
        Points in the homes' CRS, or lines and polygons, each where `standing.spots` puts it.
    homes
        From :func:`homes_on_streets`.
    max_snap_m, barriers
        As for the homes: how far a thing may stand from a street, and what the leg must not cross.

    Returns
    -------
    ndarray
        (n,) metres, inf where there is none.
    """
    require_metric(things, "things", require_metric(homes.points, "residential"))
    at = spots(things).to_numpy()
    doors = snap(homes.graph, shapely.get_x(at), shapely.get_y(at), max_snap_m=max_snap_m, barriers=barriers)
    return walk_from(homes.graph, doors).to(homes.snapped)


def share_on_foot(
    zones: gpd.GeoDataFrame,
    homes: Homes,
    way_m: NDArray[np.float64],
    *,
    minutes: float,
    speed_m_per_min: float,
    at: Standing | None = None,
) -> pd.DataFrame:
    """Share of the housing in each zone from which the nearest of some things is at most so many minutes away on foot.

    A way is the straight leg from a sample point to its street, the streets, and the leg to the thing, which may stand
    outside the zone. Each sample point stands for its share of the housing polygon's area; housing without a way does not
    count as served.

    Parameters
    ----------
    zones
        Polygons in a metric CRS, which may overlap.
    homes, way_m
        From :func:`homes_on_streets` and :func:`ways_to`.
    minutes, speed_m_per_min
        The longest way.
    at
        Where the homes stand, where that is known: from `standing.standing`.

    Returns
    -------
    pandas.DataFrame
        `figures`, areas in km².

    Examples
    --------
    >>> import geopandas as gpd
    >>> from jxgis.settings import PARKS
    >>> from jxgis.space.network import street_graph
    >>> street = gpd.GeoDataFrame(geometry=[shapely.LineString([(0, 0), (2000, 0)])], crs=4549)
    >>> housing = gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 2000, 25)], crs=4549)
    >>> zone = gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 2000, 2000)], crs=4549)
    >>> market = gpd.GeoDataFrame(geometry=gpd.points_from_xy([0], [0]), crs=4549)
    >>> homes = homes_on_streets(housing, street_graph(street), options=PARKS)
    >>> way_m = ways_to(market, homes, max_snap_m=PARKS.max_snap_m)
    >>> share_on_foot(zone, homes, way_m, minutes=10, speed_m_per_min=75)["value"].round(6).item()
    0.375
    """
    at = at or standing(zones, homes.points)
    area = homes.points["area_m2"].to_numpy() / M2_PER_KM2
    served = at_most(way_m, minutes * speed_m_per_min)
    return figures(zones, at.sums(area * served), at.sums(area), none="no_housing")
