"""Supply against demand: square metres of park for each person, near and far, shared with the neighbours."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from jxgis.bounds import at_least, at_most, widened
from jxgis.crs import require_metric
from jxgis.errors import InputError
from jxgis.parks._tally import points_by_zone, zones_and_whole
from jxgis.parks.gates import Gates
from jxgis.settings import PARKS, Decay, ParkSettings
from jxgis.space.network import StreetGraph, snap, walk_from_each
from jxgis.space.ratio import ratio
from jxgis.zones import ALL, zone_names

__all__ = ["Supply", "supply_by_zone", "two_step_catchment"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_PARK_M2_PER_PERSON = 8.0
"""Least park area for each person: GB 55014-2021 asks for more than 8.0 m²."""


@dataclass(frozen=True, eq=False)
class Supply:
    """Park area within reach of each person.

    Attributes
    ----------
    points
        The people's points with ``m2_per_person`` (0 where no park is in reach) and ``parks_in_reach``.
    parks
        The parks with ``demand`` (people in reach, weighted by distance) and ``m2_per_person`` (their area over it;
        NaN where nobody is in reach).
    catchment_m, decay
        How far a park reaches, and how it fades.
    """

    points: gpd.GeoDataFrame
    parks: gpd.GeoDataFrame
    catchment_m: float
    decay: Decay


def two_step_catchment(
    parks: gpd.GeoDataFrame,
    people: gpd.GeoDataFrame,
    *,
    graph: StreetGraph | None = None,
    gates: Gates | None = None,
    barriers: gpd.GeoDataFrame | None = None,
    options: ParkSettings = PARKS,
    **changed: Any,
) -> Supply:
    """Share each park's area among the people in its reach, then add up what each person gets.

    Parameters
    ----------
    parks
        Whole parks with ``area_m2``, and ``park_id`` where ``gates`` are given.
    people
        Points with ``people``.
    graph, gates
        Streets, and the ways into parks from `gates.park_gates`; both or neither.
    barriers
        What the straight way from a person's point to a street must not cross.
    options, **changed
        :class:`jxgis.settings.ParkSettings`, and its options by name: ``catchment_m``, straight to a park's edge or along
        the streets, ``max_snap_m`` and ``decay``, to nothing at ``catchment_m`` or, with ``"none"``, not at all before it.

    Returns
    -------
    Supply
        The area of all parks that anybody can reach is shared out without remainder: Σ people × m² per person.

    Raises
    ------
    CrsError
        If the layers are not in one metric CRS.
    InputError
        If only one of ``graph`` and ``gates`` is given.
    SettingsError
        If an option is unknown or out of range.

    Notes
    -----
    Two-step floating catchment area (Luo and Wang 2003), with the Gaussian decay of Dai (2010).

    Examples
    --------
    >>> park = gpd.GeoDataFrame({"area_m2": [6000.0]}, geometry=[shapely.box(0, 0, 60, 100)], crs=4549)
    >>> homes = gpd.GeoDataFrame({"people": [100.0, 200.0, 9.0]},
    ...     geometry=gpd.points_from_xy([100, 200, 5000], [0, 0, 0]), crs=4549)
    >>> two_step_catchment(park, homes, decay="none").points["m2_per_person"].tolist()
    [20.0, 20.0, 0.0]
    """
    crs = require_metric(parks, "parks")
    require_metric(people, "people", crs)
    options = options.but(changed)
    catchment_m, decay = options.catchment_m, options.decay
    if (graph is None) != (gates is None):
        raise InputError(
            zh="graph 与 gates 要么都给，要么都不给。", en="Give graph and gates together, or neither of them."
        )
    if graph is not None and gates is not None:
        pairs = list(_along_streets(parks, people, graph, gates, catchment_m, options.max_snap_m, barriers))
    else:
        pairs = [_straight(parks, people, catchment_m)]
    park = np.concatenate([np.zeros(0, dtype=np.int64), *(one[0] for one in pairs)])
    point = np.concatenate([np.zeros(0, dtype=np.int64), *(one[1] for one in pairs)])
    away = np.concatenate([np.zeros(0), *(one[2] for one in pairs)]) / catchment_m
    pull = _pull(np.minimum(away, 1), decay)

    count = people["people"].to_numpy(dtype=np.float64)
    demand = np.bincount(park, weights=count[point] * pull, minlength=len(parks)).astype(np.float64)
    m2_per_person = ratio(parks["area_m2"].to_numpy(dtype=np.float64), demand)
    # A park in whose reach nobody lives has nothing to give to the points there.
    given = np.bincount(point, weights=np.nan_to_num(m2_per_person[park]) * pull, minlength=len(people)).astype(
        np.float64
    )
    return Supply(
        points=people.assign(m2_per_person=given, parks_in_reach=np.bincount(point, minlength=len(people))),
        parks=parks.assign(demand=demand, m2_per_person=m2_per_person),
        catchment_m=catchment_m,
        decay=decay,
    )


def _pull(away: Floats, decay: Decay) -> Floats:
    """Weight at a distance given in catchments, 1 at 0."""
    if decay == "none":
        return np.ones(len(away))
    if decay == "linear":
        return 1 - away
    edge = np.exp(-0.5)
    pull: Floats = (np.exp(-0.5 * away**2) - edge) / (1 - edge)
    return pull


def _straight(parks: gpd.GeoDataFrame, people: gpd.GeoDataFrame, catchment_m: float) -> tuple[Ints, Ints, Floats]:
    shape, point = parks.geometry.to_numpy(), people.geometry.to_numpy()
    park, near = shapely.STRtree(point).query(shape, predicate="dwithin", distance=widened(catchment_m))
    return park, near, np.asarray(shapely.distance(shape[park], point[near]))


def _along_streets(
    parks: gpd.GeoDataFrame,
    people: gpd.GeoDataFrame,
    graph: StreetGraph,
    gates: Gates,
    catchment_m: float,
    max_snap_m: float,
    barriers: gpd.GeoDataFrame | None,
) -> Iterator[tuple[Ints, Ints, Floats]]:
    point = people.geometry.to_numpy()
    snapped = snap(graph, shapely.get_x(point), shapely.get_y(point), max_snap_m=max_snap_m, barriers=barriers)
    park = pd.Index(parks["park_id"]).get_indexer(gates.table["park_id"])
    before = None
    for one, walk in walk_from_each(graph, gates.snapped, park, limit_m=widened(catchment_m)):
        before = walk.before(snapped) if before is None else before
        away = walk.to(snapped, before)
        near = np.flatnonzero(at_most(away, catchment_m))
        yield np.full(len(near), one, dtype=np.int64), near, away[near]


def supply_by_zone(supply: Supply, zones: gpd.GeoDataFrame) -> pd.DataFrame:
    """Park area for each person by zone: what lies there, what people reach, and who reaches too little.

    Parameters
    ----------
    supply
        From `two_step_catchment`.
    zones
        Polygons with ``name``; a point on a common border counts in the first of them.

    Returns
    -------
    pandas.DataFrame
        One row a zone, then ``all``: ``people``, ``park_m2`` (of the parks' ground in the zone),
        ``park_m2_per_person`` (that over its people), ``reached_m2_per_person`` (mean over people),
        ``share_below`` (of people), ``reason`` (``no_people``).

    Examples
    --------
    >>> park = gpd.GeoDataFrame({"area_m2": [6000.0]}, geometry=[shapely.box(0, 0, 60, 100)], crs=4549)
    >>> homes = gpd.GeoDataFrame({"people": [100.0, 300.0]}, geometry=gpd.points_from_xy([100, 5000], [0, 0]), crs=4549)
    >>> zone = gpd.GeoDataFrame({"name": ["东"]}, geometry=[shapely.box(0, 0, 9000, 1000)], crs=4549)
    >>> table = supply_by_zone(two_step_catchment(park, homes), zone)
    >>> table[["park_m2_per_person", "reached_m2_per_person", "share_below"]].iloc[0].tolist()
    [15.0, 15.0, 0.75]
    """
    require_metric(zones, "zones", supply.points.crs)
    names = zone_names(zones)
    point, zone = points_by_zone(supply.points, zones)
    shapes = zones_and_whole(zones)
    count = supply.points["people"].to_numpy(dtype=np.float64)[point]
    reached = supply.points["m2_per_person"].to_numpy()[point]

    def total(weight: Floats) -> Floats:
        return np.bincount(zone, weights=weight, minlength=len(shapes)).astype(np.float64)

    people = total(count)
    ground = shapely.union_all(supply.parks.geometry.to_numpy())
    park_m2 = np.asarray(shapely.area(shapely.intersection(shapes, ground)))
    return pd.DataFrame(
        {
            "zone": [*names, ALL],
            "people": people,
            "park_m2": park_m2,
            "park_m2_per_person": ratio(park_m2, people),
            "reached_m2_per_person": ratio(total(count * reached), people),
            "share_below": ratio(total(count * ~at_least(reached, _PARK_M2_PER_PERSON)), people),
            "reason": [None if some > 0 else "no_people" for some in people],
        }
    )
