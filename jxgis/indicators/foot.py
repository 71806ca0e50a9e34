"""Share of the housing from which something can be walked to, by the walking engine of parks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely

from jxgis.bounds import at_most
from jxgis.crs import M2_PER_KM2, require_metric
from jxgis.indicators.figures import figures
from jxgis.indicators.standing import Standing, standing
from jxgis.parks.gates import park_gates
from jxgis.parks.housing import cut_by_zone, sample_points
from jxgis.space.network import Snapped, snap, walk_from
from jxgis.space.polygons import polygons_of

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from jxgis.settings import ParkSettings
    from jxgis.space.network import StreetGraph

__all__ = ["Homes", "doors", "homes_on_streets", "share_on_foot", "ways_to"]


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
    # For the whole of the housing, whatever the zones: they may overlap, and be many.
    crs = require_metric(housing, "residential")
    around = gpd.GeoDataFrame(geometry=[shapely.box(*housing.total_bounds).buffer(1)], crs=crs)
    points = sample_points(cut_by_zone(housing, around), sample_m=options.sample_m)
    table = gpd.GeoDataFrame({"area_m2": points.area_m2}, geometry=shapely.points(points.x, points.y), crs=crs)
    snapped = snap(graph, points.x, points.y, max_snap_m=options.max_snap_m, barriers=barriers)
    return Homes(table, snapped, graph)


def doors(
    things: gpd.GeoDataFrame,
    graph: StreetGraph,
    *,
    options: ParkSettings,
    barriers: gpd.GeoDataFrame | None = None,
    gates: gpd.GeoDataFrame | None = None,
) -> tuple[Snapped, NDArray[np.int64]]:
    """Where one enters facilities from the streets: at each point, wherever a street meets the edge of a polygon or runs along a line.

    Parameters
    ----------
    things
        (n) facilities in a metric CRS: points, lines or polygons.
    graph
        The streets.
    options
        ``entry_m`` and ``max_snap_m`` of ``[parks]``.
    barriers
        What the straight way from the street must not cross.
    gates
        Points that lead into lines and polygons, where known.

    Returns
    -------
    Snapped
        The doors on the graph.
    ndarray of int
        Position of the facility of each.
    """
    shape = things.geometry.to_numpy()
    dimension = shapely.get_dimensions(shape)
    long = dimension >= 1
    ground = gpd.GeoDataFrame(
        {"park_id": np.flatnonzero(long), "radius_m": 1.0},
        geometry=np.where(dimension == 2, polygons_of(shape), shape)[long],
        crs=things.crs,
    )
    found = park_gates(ground, graph, gates=gates if long.any() else None, barriers=barriers, options=options)
    points = np.flatnonzero(~long)
    xy, of = shapely.get_coordinates(shape[points], return_index=True)
    single = snap(graph, xy[:, 0], xy[:, 1], max_snap_m=options.max_snap_m, barriers=barriers)
    every = Snapped(
        *(np.concatenate([getattr(found.snapped, name), getattr(single, name)]) for name in ("edge", "at_m", "leg_m"))
    )
    return every, np.concatenate([found.table["park_id"].to_numpy(dtype=np.int64), points[of]])


def ways_to(
    things: gpd.GeoDataFrame,
    homes: Homes,
    *,
    options: ParkSettings,
    barriers: gpd.GeoDataFrame | None = None,
    gates: gpd.GeoDataFrame | None = None,
) -> NDArray[np.float64]:
    """Length of the shortest way on foot from each home to the nearest of some things.

    Parameters
    ----------
    things
        In the homes' CRS: points, lines or polygons, entered at their `doors`.
    homes
        From :func:`homes_on_streets`.
    options, barriers, gates
        As for `doors`.

    Returns
    -------
    ndarray
        (n,) metres, inf where there is none.
    """
    require_metric(things, "things", require_metric(homes.points, "residential"))
    entries, _ = doors(things, homes.graph, options=options, barriers=barriers, gates=gates)
    return walk_from(homes.graph, entries).to(homes.snapped)


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
    >>> from jxgis.settings import PARKS
    >>> from jxgis.space.network import street_graph
    >>> street = gpd.GeoDataFrame(geometry=[shapely.LineString([(0, 0), (2000, 0)])], crs=4549)
    >>> housing = gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 2000, 25)], crs=4549)
    >>> zone = gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 2000, 2000)], crs=4549)
    >>> market = gpd.GeoDataFrame(geometry=gpd.points_from_xy([0], [0]), crs=4549)
    >>> homes = homes_on_streets(housing, street_graph(street), options=PARKS)
    >>> way_m = ways_to(market, homes, options=PARKS)
    >>> share_on_foot(zone, homes, way_m, minutes=10, speed_m_per_min=75)["value"].round(6).item()
    0.375
    """
    at = at or standing(zones, homes.points)
    area = homes.points["area_m2"].to_numpy() / M2_PER_KM2
    served = at_most(way_m, minutes * speed_m_per_min)
    return figures(zones, at.sums(area * served), at.sums(area), none="no_housing")
