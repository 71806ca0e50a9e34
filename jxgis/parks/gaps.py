"""Blind spots: unserved housing gathered into places that have a name, the worst first."""

from __future__ import annotations

import re
from collections import defaultdict
from itertools import count

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from jxgis.bounds import widened
from jxgis.crs import require_metric
from jxgis.i18n import text
from jxgis.space.nearest import nearest
from jxgis.space.parts import connected
from jxgis.space.points import locate_each
from jxgis.space.ratio import ratio
from jxgis.zones import numbered

__all__ = ["blind_spot_names", "blind_spots", "still_unserved"]

_JOIN_M = 100.0
"""Housing of one zone this near is one blind spot: streets run between."""
_NAME_M = 1000.0
"""Farthest place that lends its name."""


def blind_spots(
    unserved: gpd.GeoDataFrame, *, places: gpd.GeoDataFrame | None = None, people: gpd.GeoDataFrame | None = None
) -> gpd.GeoDataFrame:
    """Gather unserved housing of a zone that lies within 100 m, name each gathering and rank it.

    Parameters
    ----------
    unserved
        Polygons with ``zone``, ``m2`` and, where known, ``people``: ``RadiusCoverage.unserved`` or
        ``WalkingCoverage.unserved``.
    places
        Points or polygons with ``name``; a blind spot takes the nearest one's within 1 km.
    people
        Points with ``people``: those on a spot's ground replace what the housing says.

    Returns
    -------
    geopandas.GeoDataFrame
        ``rank, name, zone, m2``, ``people`` where known, ``share`` of the zone's unserved housing, ``parcels``, and
        polygons; ranked by people where known, else by area. A spot that no place names is called after its zone,
        with a number.

    Raises
    ------
    CrsError
        If the layers are not in one metric CRS.

    Examples
    --------
    >>> left = gpd.GeoDataFrame(
    ...     {"zone": ["老城"] * 3, "m2": [100.0, 100.0, 400.0]},
    ...     geometry=[shapely.box(0, 0, 10, 10), shapely.box(30, 0, 40, 10), shapely.box(900, 0, 920, 20)],
    ...     crs=4549,
    ... )
    >>> blind_spots(left)[["rank", "name", "m2", "parcels"]].values.tolist()
    [[1, '老城-1', 400.0, 1], [2, '老城-2', 200.0, 2]]
    """
    crs = require_metric(unserved, "unserved")
    shape, zone = unserved.geometry.to_numpy(), unserved["zone"].to_numpy(dtype=object)
    left, right = shapely.STRtree(shape).query(shape, predicate="dwithin", distance=widened(_JOIN_M))
    same = zone[left] == zone[right]
    groups = pd.Series(np.arange(len(shape))).groupby(connected(len(shape), left[same], right[same]))
    rows = [part.to_numpy() for _, part in groups]
    table = gpd.GeoDataFrame(
        {"zone": [zone[part[0]] for part in rows], "parcels": [len(part) for part in rows]},
        geometry=[shapely.union_all(shape[part]) for part in rows],
        crs=crs,
    )
    sums = ["m2"] if people is not None or "people" not in unserved.columns else ["m2", "people"]
    for column in sums:
        values = unserved[column].to_numpy(dtype=np.float64)
        table[column] = np.array([values[part].sum() for part in rows], dtype=np.float64)
    if people is not None:
        point, spot = locate_each(people, table)
        table["people"] = np.bincount(spot, people["people"].to_numpy(dtype=np.float64)[point], len(table))
        sums.append("people")
    table["share"] = ratio(table["m2"], table.groupby("zone")["m2"].transform("sum"))
    table = table.sort_values([sums[-1], "m2"], ascending=False, kind="stable", ignore_index=True)
    table["name"] = _names(table, places)
    table["rank"] = np.arange(1, len(table) + 1)
    return table[["rank", "name", "zone", *sums, "share", "parcels", "geometry"]]


def still_unserved(spots: gpd.GeoDataFrame, unserved: gpd.GeoDataFrame) -> gpd.GeoSeries:
    """What a plan leaves unserved of blind spots.

    Parameters
    ----------
    spots
        Polygons of blind spots as they are today.
    unserved
        Polygons of the housing that stays unserved with the plan.

    Returns
    -------
    geopandas.GeoSeries
        A polygon a spot; empty where the plan serves all of it.

    Examples
    --------
    >>> spots = gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 10, 10), shapely.box(50, 0, 60, 10)], crs=4549)
    >>> left = gpd.GeoDataFrame(geometry=[shapely.box(8, -5, 30, 10)], crs=4549)
    >>> still_unserved(spots, left).area.tolist()
    [20.0, 0.0]
    """
    shape, open_ground = spots.geometry.to_numpy(), unserved.geometry.to_numpy()
    spot, part = shapely.STRtree(open_ground).query(shape, predicate="intersects")
    pieces = shapely.intersection(shape[spot], open_ground[part])
    # Shapes that only touch share no ground, but for rounding.
    real = shapely.area(pieces) > 1e-6 * shapely.area(shape[spot])
    left = np.full(len(shape), shapely.Polygon(), dtype=np.object_)
    for at, rows in pd.Series(np.flatnonzero(real)).groupby(spot[real]):
        left[int(at)] = shapely.union_all(pieces[rows.to_numpy()])
    return gpd.GeoSeries(left, crs=spots.crs)


def _names(spots: gpd.GeoDataFrame, places: gpd.GeoDataFrame | None) -> list[str]:
    """Each spot's nearest place, once; else its zone and a number within it."""
    found: dict[int, str] = {}
    if places is not None and len(places) and len(spots):
        require_metric(places, "places", spots.crs)
        names = places["name"].to_numpy(dtype=object)
        near = nearest(spots.geometry.to_numpy(), places.geometry.to_numpy(), reach_m=widened(_NAME_M))
        found = {spot: str(names[place]) for spot, place in enumerate(near) if place >= 0 and not pd.isna(names[place])}
    named = numbered(pd.Series(found, dtype="str"))
    following: defaultdict[str, count[int]] = defaultdict(lambda: count(1))
    return [
        named[row] if row in found else f"{zone}-{next(following[str(zone)])}" for row, zone in enumerate(spots["zone"])
    ]


def blind_spot_names(spots: gpd.GeoDataFrame, zones: gpd.GeoDataFrame | None, lang: str) -> list[str]:
    """Names of blind spots; one without a place near it is said to have no name, and in or near which zone it lies.

    Parameters
    ----------
    spots : (n,) rows
        ``name, zone`` and geometry. A name made of the zone and a number (``all-1``) is none.
    zones
        Polygons with ``name``, in the CRS of ``spots``.
    lang
        ``"zh"`` or ``"en"``.

    Returns
    -------
    list of str
        One a row.

    Examples
    --------
    >>> import geopandas as gpd
    >>> two = [shapely.box(0, 0, 1, 1), shapely.box(9, 0, 10, 1)]
    >>> spots = gpd.GeoDataFrame({"name": ["月河", "all-1"], "zone": "all"}, geometry=two, crs=4549)
    >>> zones = gpd.GeoDataFrame({"name": ["老城"]}, geometry=[shapely.box(0, 0, 5, 5)], crs=4549)
    >>> blind_spot_names(spots, zones, "zh")
    ['月河', '老城附近（未命名 1）']
    """
    found = []
    for name, zone, shape in zip(spots["name"], spots["zone"], spots.geometry, strict=True):
        unnamed = re.fullmatch(rf"{re.escape(str(zone))}-(\d+)", str(name))
        if unnamed is None:
            found.append(str(name))
        elif zone != "all":
            found.append(text("maps.unnamed_in", lang, zone=zone, n=unnamed[1]))
        elif zones is None or zones.empty:
            found.append(text("maps.unnamed", lang, n=unnamed[1]))
        else:
            at = nearest(np.array([shape]), zones.geometry.to_numpy())[0]
            found.append(text("maps.unnamed_near", lang, zone=zones["name"].iloc[at], n=unnamed[1]))
    return found
