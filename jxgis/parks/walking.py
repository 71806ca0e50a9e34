"""Coverage on foot: how much housing has a park within so many minutes along the streets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from jxgis.bounds import at_most, widened
from jxgis.crs import M2_PER_KM2, require_metric
from jxgis.i18n import text_pair
from jxgis.parks._tally import Study, coverage_table, layer, study_of, zone_sums
from jxgis.parks.gates import Gates, park_gates
from jxgis.parks.housing import Pieces, SamplePoints, cut_by_points, sample_points
from jxgis.parks.standards import Standard
from jxgis.progress import stepped
from jxgis.settings import PARKS, ParkSettings
from jxgis.space.network import Snapped, StreetGraph, Walk, snap, walk_from
from jxgis.space.polygons import polygons_of
from jxgis.space.ratio import ratio
from jxgis.zones import ALL

__all__ = ["WalkingCoverage", "isochrones", "walking_coverage"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class _Walked:
    """Sample points with their way to the nearest park."""

    points: SamplePoints
    snapped: Snapped
    walk_m: Floats
    reached: npt.NDArray[np.bool_]
    served: npt.NDArray[np.bool_]

    def sums(self, n_pieces: int, weight: Floats) -> Floats:
        """Area of the points by piece, each times its weight."""
        return np.bincount(self.points.piece, weights=self.points.area_m2 * weight, minlength=n_pieces).astype(float)


@dataclass(frozen=True, eq=False)
class WalkingCoverage:
    """Coverage on foot, with all that it rests on.

    Attributes
    ----------
    coverage
        One row a zone, then ``all``: as by radius, and ``unreachable_share`` (housing that no way joins to a park: it
        counts as not served), ``mean_walk_m`` (over what is reachable) and ``mean_snap_m`` (of sample points to their
        streets), both by area.
    gates
        The ways into parks that were used, and what was left out.
    walk
        Distances from the parks to every part of the street graph.
    options
        What it was measured by: minutes, speed, spacing of points.
    """

    coverage: pd.DataFrame
    gates: Gates
    walk: Walk
    options: ParkSettings
    _study: Study
    _whole: _Walked

    @property
    def limit_m(self) -> float:
        """Minutes times speed."""
        return self.options.minutes * self.options.speed_m_per_min

    @cached_property
    def points(self) -> gpd.GeoDataFrame:
        """Every sample point: ``name, zone, area_m2, snap_m, walk_m`` (inf: no way), ``minutes, served``."""
        points, study = self._whole.points, self._study
        zones = np.array(study.zones if study.whole is study.pieces else (ALL,), dtype=object)
        return gpd.GeoDataFrame(
            {
                "name": study.house_names[study.whole.house[points.piece]],
                "zone": zones[study.whole.zone[points.piece]],
                "area_m2": points.area_m2,
                "snap_m": self._whole.snapped.leg_m,
                "walk_m": self._whole.walk_m,
                "minutes": self._whole.walk_m / self.options.speed_m_per_min,
                "served": self._whole.served,
            },
            geometry=shapely.points(points.x, points.y),
            crs=study.crs,
        )

    @cached_property
    def polygons(self) -> gpd.GeoDataFrame:
        """Every housing polygon by zone: ``name, zone, m2, coverage, unreachable_share, mean_walk_m, minutes``."""
        study, n = self._study, len(self._study.whole.geometry)
        reached = self._whole.sums(n, self._whole.reached.astype(float))
        way = self._whole.sums(n, np.where(self._whole.reached, self._whole.walk_m, 0))
        table = layer(study, study.whole.geometry, study.whole.area_m2, method="walking").drop(columns="method")
        served = self._whole.sums(n, self._whole.served.astype(float))
        # The areas of a polygon's points add up to its own but for rounding: a share stays within 0 and 1.
        table["coverage"] = np.clip(served / study.whole.area_m2, 0, 1)
        table["unreachable_share"] = np.clip(1 - reached / study.whole.area_m2, 0, 1)
        table["mean_walk_m"] = ratio(way, reached)
        table["minutes"] = table["mean_walk_m"] / self.options.speed_m_per_min
        return table

    @cached_property
    def served(self) -> gpd.GeoDataFrame:
        """What is served: ``method, name, zone, m2`` (sample points times area)."""
        return self._layer(of_served=True)

    @cached_property
    def unserved(self) -> gpd.GeoDataFrame:
        """What is not served, or cannot be reached: ``method, name, zone, m2``."""
        return self._layer(of_served=False)

    def _layer(self, *, of_served: bool) -> gpd.GeoDataFrame:
        """Pieces, cut along the squares of their unserved sample points where only some are served."""
        walked, whole = self._whole, self._study.whole.geometry
        geometry = cut_by_points(
            whole, walked.points, ~walked.served, sample_m=self.options.sample_m, without=of_served
        )
        m2 = walked.sums(len(whole), (walked.served == of_served).astype(float))
        return layer(self._study, polygons_of(geometry), m2, method="walking")


def walking_coverage(
    parks: gpd.GeoDataFrame,
    housing: gpd.GeoDataFrame,
    zones: gpd.GeoDataFrame,
    graph: StreetGraph,
    *,
    standard: Standard,
    gates: gpd.GeoDataFrame | None = None,
    barriers: gpd.GeoDataFrame | None = None,
    options: ParkSettings = PARKS,
    **changed: Any,
) -> WalkingCoverage:
    """Measure coverage on foot: housing whose way along the streets to a park takes no more than so many minutes.

    A way is the straight leg from a sample point to its street, the streets, and the leg into the park. Each sample
    point stands for its share of the housing polygon's area. Parks are those that the standard counts.

    Parameters
    ----------
    parks
        From `radius.classify_parks`.
    housing, zones, standard
        As for `radius.radius_coverage`.
    graph
        From `space.network.street_graph`, with the same barriers.
    gates
        Gates of parks; parks without one are entered from the streets beside them.
    barriers
        What legs must not cross.
    options, **changed
        :class:`jxgis.settings.ParkSettings`, and its options by name: ``minutes``, ``speed_m_per_min``, ``sample_m`` and so
        on. Housing farther than ``max_snap_m`` from a street cannot be reached.

    Returns
    -------
    WalkingCoverage

    Raises
    ------
    CrsError
        If the layers are not in one metric CRS.
    InputError
        If ``zones`` has no ``name``.
    SettingsError
        If an option is unknown or out of range.

    Examples
    --------
    >>> from jxgis.parks.radius import classify_parks
    >>> from jxgis.parks.standards import load_standard
    >>> from jxgis.space.network import street_graph
    >>> park = gpd.GeoDataFrame(
    ...     {"park_id": ["P1"], "area_m2": [1e4]}, geometry=[shapely.box(-100, 0, 0, 100)], crs=4549
    ... )
    >>> street = gpd.GeoDataFrame(geometry=[shapely.LineString([(0, 0), (2000, 0)])], crs=4549)
    >>> homes = gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 2000, 25)], crs=4549)
    >>> zone = gpd.GeoDataFrame({"name": ["东"]}, geometry=[shapely.box(0, 0, 2000, 2000)], crs=4549)
    >>> found = walking_coverage(
    ...     classify_parks(park, load_standard()), homes, zone, street_graph(street), standard=load_standard()
    ... )
    >>> found.coverage["coverage"].tolist()
    [0.375, 0.375]
    """
    options = options.but(changed)
    max_snap_m, limit_m = options.max_snap_m, options.minutes * options.speed_m_per_min
    require_metric(zones, "zones", graph.crs or zones.crs)
    study = study_of(housing, zones)
    entries = park_gates(parks, graph, gates=gates, barriers=barriers, options=options)
    walk = walk_from(graph, entries.snapped)

    def walked(pieces: Pieces) -> _Walked:
        points = sample_points(pieces, sample_m=options.sample_m)
        snapped = snap(graph, points.x, points.y, max_snap_m=max_snap_m, barriers=barriers)
        walk_m = walk.to(snapped)
        return _Walked(points, snapped, walk_m, np.isfinite(walk_m), at_most(walk_m, limit_m))

    by_piece = walked(study.pieces)
    whole = by_piece if study.whole is study.pieces else walked(study.whole)

    def sums(weigh: Callable[[_Walked], Floats]) -> Floats:
        return zone_sums(
            study,
            by_piece.sums(len(study.pieces.geometry), weigh(by_piece)),
            whole.sums(len(study.whole.geometry), weigh(whole)),
        )

    coverage = coverage_table(
        study,
        by_piece.sums(len(study.pieces.geometry), by_piece.served.astype(float)),
        whole.sums(len(study.whole.geometry), whole.served.astype(float)),
        method="walking",
        standard=standard,
        denominator=options.denominator,
    )
    reached = sums(lambda some: some.reached.astype(float))
    coverage["unreachable_share"] = np.clip(1 - ratio(reached, coverage["residential_m2"].to_numpy()), 0, 1)
    coverage["mean_walk_m"] = ratio(sums(lambda some: np.where(some.reached, some.walk_m, 0)), reached)
    coverage["mean_snap_m"] = ratio(
        sums(lambda some: np.nan_to_num(some.snapped.leg_m)),
        sums(lambda some: (some.snapped.edge >= 0).astype(float)),
    )
    return WalkingCoverage(coverage, entries, walk, options, study, whole)


def isochrones(
    graph: StreetGraph,
    walk: Walk,
    *,
    minutes: Sequence[float] = PARKS.isochrones_min,
    cell_m: float = 50.0,
    barriers: gpd.GeoDataFrame | None = None,
    options: ParkSettings = PARKS,
) -> gpd.GeoDataFrame:
    """Draw the ground from which a park is within so many minutes, by the same walk as the coverage.

    Parameters
    ----------
    graph, walk
        The streets, and the distances on them: ``WalkingCoverage.walk``.
    minutes
        Limits, each a polygon that holds the smaller ones.
    cell_m
        Side of the squares that the polygons are made of, in metres.
    barriers
        What a leg to a street must not cross.
    options
        ``speed_m_per_min`` and ``max_snap_m`` of it.

    Returns
    -------
    geopandas.GeoDataFrame
        ``minutes``, ``area_km2`` and polygons, by rising minutes.

    Examples
    --------
    >>> from jxgis.space.network import graph_of_edges
    >>> graph = graph_of_edges([0, 3000], [0, 0], [0], [1])
    >>> walk = walk_from(graph, snap(graph, [0], [0], max_snap_m=1))
    >>> isochrones(graph, walk, minutes=[5, 10], options=ParkSettings(max_snap_m=100))["area_km2"].tolist()
    [0.08, 0.16]
    """
    speed_m_per_min, max_snap_m = options.speed_m_per_min, options.max_snap_m
    farthest = widened(max(minutes) * speed_m_per_min)
    near = np.isfinite(walk.node_m[: len(graph.x)]) & (walk.node_m[: len(graph.x)] <= farthest)
    # An edge may be split by gates: both of its ends can be too far, a place on it within reach.
    gates_on = np.diff(walk.first) > 2
    touched = np.flatnonzero(near[graph.start] | near[graph.end] | gates_on)
    shape: list[shapely.Geometry] = [shapely.MultiPolygon()] * len(minutes)
    if len(touched):
        bounds = shapely.bounds(graph.lines[touched])
        low = np.floor((bounds[:, :2].min(axis=0) - max_snap_m) / cell_m).astype(np.int64)
        high = np.ceil((bounds[:, 2:].max(axis=0) + max_snap_m) / cell_m).astype(np.int64)
        columns = np.arange(low[0], high[0])
        x = (columns + 0.5) * cell_m
        rows: list[list[npt.NDArray[np.object_]]] = [[] for _ in minutes]
        for row in stepped(range(low[1], high[1]), text_pair("run.share_walking")):
            y = np.full(len(x), (row + 0.5) * cell_m)
            away = walk.to(snap(graph, x, y, max_snap_m=max_snap_m, barriers=barriers))
            for held, limit in zip(rows, minutes, strict=True):
                edge = np.diff(np.concatenate([[0], at_most(away, limit * speed_m_per_min).astype(np.int8), [0]]))
                first, last = columns[0] + np.flatnonzero(edge == 1), columns[0] + np.flatnonzero(edge == -1)
                strips = shapely.box(first * cell_m, row * cell_m, last * cell_m, (row + 1) * cell_m)
                held.append(np.asarray(strips, dtype=object))
        shape = [shapely.union_all(np.concatenate(held)) for held in rows]
    table = gpd.GeoDataFrame({"minutes": [float(limit) for limit in minutes]}, geometry=shape, crs=graph.crs)
    table["area_km2"] = table.area / M2_PER_KM2
    return table.sort_values("minutes", ignore_index=True)[["minutes", "area_km2", "geometry"]]
