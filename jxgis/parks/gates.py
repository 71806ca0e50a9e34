"""Where one enters a park on foot: gates given, else streets that meet its edge, else the edge itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from jxgis.bounds import at_most, widened
from jxgis.crs import require_metric
from jxgis.errors import InputError
from jxgis.settings import PARKS, ParkSettings
from jxgis.space.network import Snapped, StreetGraph, snap

__all__ = ["Gates", "park_gates"]

_REPORT = ["code", "what", "count"]


@dataclass(frozen=True, eq=False)
class Gates:
    """Ways into parks, on the street graph.

    Attributes
    ----------
    table
        One row a way in, a gate that serves several parks once for each: ``park_id``, ``kind`` (``given``, ``street``,
        ``edge``), ``leg_m`` between the street and the gate or the park's edge, and the point on the street.
    snapped
        The same gates on the graph.
    reports
        ``code``, ``what`` and ``count``: ``gate_without_park`` and ``gate_off_street`` (given gates that serve no
        park), ``park_off_street`` (parks that nobody can walk to), by park or row.
    """

    table: gpd.GeoDataFrame
    snapped: Snapped
    reports: pd.DataFrame


#: Farthest that a given gate may stand from its park: a square in front of it.
_GATE_PARK_M = 50.0
#: Spacing of the points on streets and edges: well below what a minute on foot is.
_STEP_M = 10.0


def park_gates(
    parks: gpd.GeoDataFrame,
    graph: StreetGraph,
    *,
    gates: gpd.GeoDataFrame | None = None,
    barriers: gpd.GeoDataFrame | None = None,
    options: ParkSettings = PARKS,
    **changed: Any,
) -> Gates:
    """Find where one enters each park that counts.

    A given gate leads into every park that counts within 50 m of it on its side of the barriers. A park to which some gate is nearest
    is entered by gates only; any other also from the stretches of street that run within ``entry_m`` of its edge or
    inside it, a point every 10 m; else from points of its edge every 10 m, each joined to the nearest
    street. Parks that do not count take no part.

    Parameters
    ----------
    parks
        From `radius.classify_parks`; those with a radius count.
    graph
        The streets.
    gates
        Points in the same CRS.
    barriers
        What the straight way between a gate, or the edge, and its street must not cross, nor the one from a given gate to its
        park.
    options, **changed
        :class:`jxgis.settings.ParkSettings`, and its options by name: ``entry_m`` and ``max_snap_m``, the longest straight way.

    Returns
    -------
    Gates

    Raises
    ------
    CrsError
        If the layers are not in one metric CRS.
    InputError
        If the gates are not points.

    Examples
    --------
    >>> from jxgis.space.network import graph_of_edges
    >>> park = gpd.GeoDataFrame(
    ...     {"park_id": ["P1"], "radius_m": [300.0]}, geometry=[shapely.box(0, 10, 60, 60)], crs=4549
    ... )
    >>> street = graph_of_edges([-500, 500], [0, 0], [0], [1])
    >>> found = park_gates(park, street).table
    >>> set(found["kind"]), found["leg_m"].min().item()
    ({'street'}, 10.0)
    """
    crs = require_metric(parks, "parks")
    options = options.but(changed)
    entry_m, max_snap_m = options.entry_m, options.max_snap_m
    counted = parks["radius_m"].notna().to_numpy()
    shape = parks.geometry.to_numpy()
    found: list[tuple[str, npt.NDArray[np.int64], Snapped]] = []
    reports: list[tuple[str, str, int]] = []
    open_parks = np.flatnonzero(counted)
    if gates is not None:
        require_metric(gates, "gates", crs)
        park, snapped, own = _given(shape, open_parks, graph, gates, max_snap_m, barriers, reports)
        found.append(("given", park, snapped))
        open_parks = np.setdiff1d(open_parks, own)
    park, snapped = _streets(shape, open_parks, graph, entry_m, barriers)
    found.append(("street", park, snapped))
    open_parks = np.setdiff1d(open_parks, park)
    park, snapped = _edges(shape, open_parks, graph, max_snap_m, barriers)
    found.append(("edge", park, snapped))
    names = parks["park_id"].to_numpy()
    entered = np.unique(np.concatenate([one[1] for one in found] + [park]))
    reports.extend(("park_off_street", str(names[one]), 1) for one in np.setdiff1d(open_parks, entered))

    kind = np.repeat([one[0] for one in found], [len(one[1]) for one in found]).astype(object)
    park = np.concatenate([one[1] for one in found])
    every = Snapped(*(np.concatenate([getattr(one[2], f) for one in found]) for f in ("edge", "at_m", "leg_m")))
    table = gpd.GeoDataFrame(
        {"park_id": names[park], "kind": kind, "leg_m": every.leg_m},
        geometry=shapely.line_interpolate_point(graph.lines[every.edge], every.at_m),
        crs=crs,
    )
    return Gates(table=table, snapped=every, reports=pd.DataFrame(reports, columns=_REPORT))


def _take(snapped: Snapped, keep: npt.NDArray[np.bool_] | npt.NDArray[np.int64]) -> Snapped:
    return Snapped(snapped.edge[keep], snapped.at_m[keep], snapped.leg_m[keep])


def _given(
    shape: npt.NDArray[np.object_],
    parks: npt.NDArray[np.int64],
    graph: StreetGraph,
    gates: gpd.GeoDataFrame,
    max_snap_m: float,
    barriers: gpd.GeoDataFrame | None,
    reports: list[tuple[str, str, int]],
) -> tuple[npt.NDArray[np.int64], Snapped, npt.NDArray[np.int64]]:
    """Given gates with each park that they lead into, and the parks to which a gate is the nearest."""
    points = gates.geometry.to_numpy()
    if not (shapely.get_type_id(points) == 0).all():
        raise InputError(
            zh="出入口图层里有不是点的要素；请给出点图层（Point）。",
            en="The gates hold something other than points; give a layer of points.",
        )
    tree = shapely.STRtree(shape[parks])
    row, park = tree.query(points, predicate="dwithin", distance=widened(_GATE_PARK_M))
    if barriers is not None:
        clear = _clear(points[row], shape[parks[park]], barriers)
        row, park = row[clear], park[clear]
    serving = np.unique(row)
    if len(serving) < len(points):
        reports.append(("gate_without_park", "gates", len(points) - len(serving)))
    snapped = snap(graph, shapely.get_x(points), shapely.get_y(points), max_snap_m=max_snap_m, barriers=barriers)
    on = snapped.edge >= 0
    if not on[serving].all():
        reports.append(("gate_off_street", "gates", int((~on[serving]).sum())))
    row, park = row[on[row]], park[on[row]]
    # To a micrometre: on the common edge of two parks a gate is at both.
    away = np.round(shapely.distance(points[row], shape[parks[park]]), 6)
    least = np.full(len(points), np.inf)
    np.minimum.at(least, row, away)
    return parks[park], _take(snapped, row), parks[np.unique(park[at_most(away, least[row])])]


def _clear(
    points: npt.NDArray[np.object_], parks: npt.NDArray[np.object_], barriers: gpd.GeoDataFrame
) -> npt.NDArray[np.bool_]:
    """Whether the way from each gate to its park crosses no barrier; one that ends at a barrier, as in a wall, does not."""
    way, wall = shapely.shortest_line(points, parks), barriers.geometry.to_numpy()
    clear = np.ones(len(way), dtype=np.bool_)
    one, hit = shapely.STRtree(wall).query(way, predicate="intersects")
    clear[one[(shapely.length(way[one]) > 0) & ~shapely.touches(way[one], wall[hit])]] = False
    return clear


def _streets(
    shape: npt.NDArray[np.object_],
    parks: npt.NDArray[np.int64],
    graph: StreetGraph,
    entry_m: float,
    barriers: gpd.GeoDataFrame | None,
) -> tuple[npt.NDArray[np.int64], Snapped]:
    """Points along the stretches of street within ``entry_m`` of a park."""
    near, edge = shapely.STRtree(graph.lines).query(shape[parks], predicate="dwithin", distance=widened(entry_m))
    park = parks[near]
    around = shapely.buffer(shape, widened(entry_m), quad_segs=32)
    stretch, pair = shapely.get_parts(shapely.intersection(graph.lines[edge], around[park]), return_index=True)
    length = np.asarray(shapely.length(stretch))
    steps = np.ceil(length / _STEP_M).astype(np.int64) + 1
    which = np.repeat(np.arange(len(stretch)), steps)
    share = (np.arange(len(which)) - np.repeat(np.cumsum(steps) - steps, steps)) / np.maximum(steps - 1, 1)[which]
    # A stretch that only touches is a point, which has no way along it.
    is_point = (shapely.get_type_id(stretch) == 0)[which]
    spot = stretch[which]
    spot[~is_point] = shapely.line_interpolate_point(spot[~is_point], share[~is_point], normalized=True)
    park, edge = park[pair[which]], edge[pair[which]].astype(np.int64)
    held = ~(shapely.is_missing(spot) | shapely.is_empty(spot))
    if barriers is not None:
        way = shapely.shortest_line(spot, shape[park])
        held[shapely.STRtree(barriers.geometry.to_numpy()).query(way, predicate="intersects")[0]] = False
    park, edge, spot = park[held], edge[held], spot[held]
    leg = np.asarray(shapely.distance(spot, shape[park]))
    at = np.asarray(shapely.line_locate_point(graph.lines[edge], spot))
    return park, Snapped(edge, np.minimum(at, graph.length_m[edge]), leg)


def _edges(
    shape: npt.NDArray[np.object_],
    parks: npt.NDArray[np.int64],
    graph: StreetGraph,
    max_snap_m: float,
    barriers: gpd.GeoDataFrame | None,
) -> tuple[npt.NDArray[np.int64], Snapped]:
    """Points of the parks' outer edges, each on its nearest street; of a line, points of the line."""
    edge = np.where(shapely.get_dimensions(shape[parks]) == 1, shape[parks], shapely.boundary(shape[parks]))
    ring, of = shapely.get_parts(edge, return_index=True)
    spot = shapely.segmentize(ring, _STEP_M)
    xy, which = shapely.get_coordinates(spot, return_index=True)
    snapped = snap(graph, xy[:, 0], xy[:, 1], max_snap_m=max_snap_m, barriers=barriers)
    on = snapped.edge >= 0
    return parks[of[which[on]]], _take(snapped, on)
