"""The walk from housing to the nearest facility of each kind, and what that is of each zone's housing and people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from jxgis.bounds import at_most
from jxgis.circle.kinds import ALL_KINDS
from jxgis.crs import require_metric
from jxgis.indicators.foot import doors
from jxgis.indicators.standing import spots
from jxgis.parks.housing import Pieces, SamplePoints, cut_by_points, cut_by_zone, sample_points
from jxgis.space.network import Snapped, snap, walk_from
from jxgis.space.points import locate, locate_each
from jxgis.space.polygons import polygons_of
from jxgis.space.ratio import ratio

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from jxgis.settings import ParkSettings
    from jxgis.space.network import StreetGraph

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

__all__ = ["Demand", "Reach", "circle_table", "reach", "unserved_housing"]


@dataclass(frozen=True, eq=False)
class Demand:
    """Points that stand for housing, or for people, each in one district.

    Attributes
    ----------
    x, y, weight
        (n,) where, and how much each stands for: m² of housing, or people.
    district
        (n,) position of its district.
    snapped
        The points on the streets.
    """

    x: Floats
    y: Floats
    weight: Floats
    district: Ints
    snapped: Snapped


@dataclass(frozen=True, eq=False)
class Reach:
    """Housing and people with their way to each kind.

    Attributes
    ----------
    housing
        Sample points of the housing, by area.
    people
        Points of people; None where they are not known.
    way_m
        Kind to the (n,) way from each sample point, inf where there is none; likewise of people.
    people_way_m
        The same from the points of people.
    limit_m
        Kind to the longest way.
    shut
        Kind to how many of its facilities in the districts no street leads to.
    pieces, points
        The housing cut by district, and its sample points.
    """

    housing: Demand
    people: Demand | None
    way_m: Mapping[str, Floats]
    people_way_m: Mapping[str, Floats]
    limit_m: Mapping[str, float]
    shut: Mapping[str, int]
    pieces: Pieces
    points: SamplePoints

    def served(self, kind: str, *, of_people: bool = False) -> NDArray[np.bool_]:
        """Which points have a kind within its way; ``all``: every kind."""
        ways = self.people_way_m if of_people else self.way_m
        kinds = list(ways) if kind == ALL_KINDS else [kind]
        every: NDArray[np.bool_] = np.logical_and.reduce([at_most(ways[one], self.limit_m[one]) for one in kinds])
        return every


def reach(
    kinds: Mapping[str, gpd.GeoDataFrame],
    housing: gpd.GeoDataFrame,
    districts: gpd.GeoDataFrame,
    graph: StreetGraph,
    *,
    minutes: Mapping[str, float],
    options: ParkSettings,
    people: gpd.GeoDataFrame | None = None,
    barriers: gpd.GeoDataFrame | None = None,
    gates: Mapping[str, gpd.GeoDataFrame] | None = None,
) -> Reach:
    """Walk from housing to the nearest facility of each kind, along the streets, as to parks.

    Parameters
    ----------
    kinds
        Kind to its facilities, those outside the districts too.
    housing
        Polygons; ``people`` is used where it is known of each.
    districts
        Polygons: housing outside them is left out.
    graph
        From `space.network.street_graph`.
    minutes
        Kind to the longest way.
    options
        Speed, spacing of sample points and so on, of ``[parks]``.
    people
        Points with ``people``, which replace those of the housing; those outside the districts are left out.
    barriers
        What legs must not cross.
    gates
        Kind to the points that lead into its polygons.

    Returns
    -------
    Reach

    Examples
    --------
    >>> from jxgis.settings import PARKS
    >>> from jxgis.space.network import street_graph
    >>> street = gpd.GeoDataFrame(geometry=[shapely.LineString([(0, 0), (2000, 0)])], crs=4549)
    >>> homes = gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 2000, 25)], crs=4549)
    >>> zone = gpd.GeoDataFrame({"name": ["东"]}, geometry=[shapely.box(0, 0, 2000, 2000)], crs=4549)
    >>> market = gpd.GeoDataFrame(geometry=gpd.points_from_xy([0], [0]), crs=4549)
    >>> found = reach({"markets": market}, homes, zone, street_graph(street), minutes={"markets": 15}, options=PARKS)
    >>> round(float(found.housing.weight[found.served("markets")].sum()))
    28125
    """
    crs = require_metric(districts, "districts")
    for name, table in {"residential": housing, **kinds}.items():
        require_metric(table, name, crs)
    pieces = cut_by_zone(housing, districts)
    points = sample_points(pieces, sample_m=options.sample_m)

    def demand(x: Floats, y: Floats, weight: Floats, district: Ints) -> Demand:
        return Demand(x, y, weight, district, snap(graph, x, y, max_snap_m=options.max_snap_m, barriers=barriers))

    homes = demand(points.x, points.y, points.area_m2, pieces.zone[points.piece])
    folk = None
    if people is not None:
        home = locate(people, districts)
        at, count = people.geometry.to_numpy()[home >= 0], people["people"].to_numpy(dtype=float)[home >= 0]
        folk = demand(shapely.get_x(at), shapely.get_y(at), count, home[home >= 0])
    elif pieces.people is not None and not np.isnan(pieces.people).any():
        # The same points, each with its share of its polygon's people.
        share = points.area_m2 * (pieces.people / pieces.area_m2)[points.piece]
        folk = Demand(homes.x, homes.y, share, homes.district, homes.snapped)
    ways: dict[str, Floats] = {}
    folk_ways: dict[str, Floats] = {}
    shut: dict[str, int] = {}
    for kind, things in kinds.items():
        entries, of = doors(things, graph, options=options, barriers=barriers, gates=(gates or {}).get(kind))
        unmet = np.setdiff1d(np.arange(len(things)), of[entries.edge >= 0])
        shut[kind] = int((locate(spots(things.iloc[unmet]), districts) >= 0).sum())
        walk = walk_from(graph, entries)
        ways[kind] = walk.to(homes.snapped)
        if folk is not None:
            folk_ways[kind] = ways[kind] if folk.snapped is homes.snapped else walk.to(folk.snapped)
    limit = {kind: minutes[kind] * options.speed_m_per_min for kind in kinds}
    return Reach(homes, folk, ways, folk_ways, limit, shut, pieces, points)


def circle_table(found: Reach, zones: gpd.GeoDataFrame, kinds: Mapping[str, gpd.GeoDataFrame]) -> pd.DataFrame:
    """Share of each zone's housing, and people, that has each kind within a walk, and all of them.

    Parameters
    ----------
    found
        From `reach`.
    zones
        From `space.levels.zones_by_level`: the districts among them are those that the housing was cut by.
    kinds
        As for `reach`.

    Returns
    -------
    pandas.DataFrame
        A row a zone and kind, ``all`` (every kind) last: ``zone, level, kind, things`` (facilities in the zone),
        ``residential_m2, served_m2, coverage, people, served_people, people_coverage`` (NaN where people are not known),
        ``mean_walk_m`` (of what has a way, by area), ``reason`` where there is no housing. Areas of districts add up to those
        of areas and of the city; of units, or further zones, that overlap each counts for itself.
    """
    standing = {kind: spots(things) for kind, things in kinds.items()}
    rows = []
    for level in dict.fromkeys(zones["level"]):
        of = zones[zones["level"] == level]
        area = _Within(found.housing, *_inside(found.housing, zones, level), len(of))
        folk = None if found.people is None else _Within(found.people, *_inside(found.people, zones, level), len(of))
        unknown = np.full(len(of), np.nan)
        whole, people = area.sum(1.0), unknown if folk is None else folk.sum(1.0)
        for kind in (*kinds, ALL_KINDS):
            served = area.sum(found.served(kind))
            with_it = unknown if folk is None else folk.sum(found.served(kind, of_people=True))
            walk = count = unknown
            if kind != ALL_KINDS:
                there = np.isfinite(found.way_m[kind])
                walk = ratio(area.sum(np.where(there, found.way_m[kind], 0)), area.sum(there))
                _, at = locate_each(standing[kind], of)
                count = np.bincount(at, minlength=len(of)).astype(float)
            rows.append(
                pd.DataFrame(
                    {
                        "zone": of["zone"].to_numpy(),
                        "level": level,
                        "kind": kind,
                        "things": count,
                        "residential_m2": whole,
                        "served_m2": served,
                        "coverage": np.minimum(ratio(served, whole), 1),
                        "people": people,
                        "served_people": with_it,
                        "people_coverage": np.minimum(ratio(with_it, people), 1),
                        "mean_walk_m": walk,
                        "reason": pd.array([None if some else "no_housing" for some in whole > 0], dtype="str"),
                    }
                )
            )
    return pd.concat(rows, ignore_index=True)


class _Within(NamedTuple):
    """Points, and pairs of a point and a zone that it is in: of zones that overlap each has its own."""

    demand: Demand
    point: Ints
    zone: Ints
    n: int

    def sum(self, weight: Floats | NDArray[np.bool_] | float) -> Floats:
        """What the points of each zone stand for, each times its weight."""
        every = self.demand.weight * weight
        return np.bincount(self.zone, weights=every[self.point], minlength=self.n).astype(np.float64)


def _inside(demand: Demand, zones: gpd.GeoDataFrame, level: str) -> tuple[Ints, Ints]:
    """Pairs of a point and a zone of a level that it is in: wholes by their districts, so that they add up."""
    districts = zones[zones["level"] == "district"]
    of = zones[zones["level"] == level]
    if level not in ("city", "area", "district"):
        return locate_each(gpd.GeoSeries(shapely.points(demand.x, demand.y), crs=zones.crs), of)
    if level == "city":
        home = np.zeros(len(districts), dtype=np.int64)
    elif level == "area":
        home = pd.Index(of["zone"]).get_indexer(districts["parent"])
    else:
        home = np.arange(len(districts))
    return np.arange(len(demand.x)), home[demand.district]


def unserved_housing(
    found: Reach, kind: str, districts: Sequence[str], crs: object, *, sample_m: float
) -> gpd.GeoDataFrame:
    """The housing that has a kind not within a walk, cut along the squares of its sample points.

    Parameters
    ----------
    found
        From `reach`.
    kind
        A kind, or ``all``: housing that lacks any.
    districts
        Names of the districts.
    crs
        Of the result.
    sample_m
        Side of the squares.

    Returns
    -------
    geopandas.GeoDataFrame
        ``zone`` (district), ``m2`` (sample points times area), ``people`` where the housing knows them, and polygons.
    """
    lost = ~found.served(kind)
    piece, n = found.points.piece, len(found.pieces.geometry)
    m2 = np.bincount(piece, weights=found.points.area_m2 * lost, minlength=n)
    geometry = cut_by_points(found.pieces.geometry, found.points, lost, sample_m=sample_m)
    keep = np.flatnonzero(m2 > 0)
    table = gpd.GeoDataFrame(
        {"zone": np.array(districts, dtype=object)[found.pieces.zone[keep]], "m2": m2[keep]},
        geometry=polygons_of(geometry[keep]),
        crs=crs,
    )
    if found.pieces.people is not None and not np.isnan(found.pieces.people).any():
        table["people"] = (found.pieces.people / found.pieces.area_m2)[keep] * m2[keep]
    return table[~table.geometry.is_empty].reset_index(drop=True)
