"""Parks made whole: the parcels of one park joined before it is sized."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from jxgis._errors import InputError
from jxgis.crs import require_metric

__all__ = ["WholeParks", "merge_parks", "polygons_of"]

TINY_M2 = 400.0
"""Below this a park is reported as tiny: the least area of a pocket park (口袋公园, 400–10,000 m²)."""

TOUCH_M = 0.01
"""Parcels this close touch: shared edges drift apart by less when a layer is brought into another CRS."""


@dataclass(frozen=True)
class WholeParks:
    """Whole parks, and what was noticed while joining them.

    Attributes
    ----------
    parks
        One row a park: ``park_id`` (the layer's, else ``P1, P2, …`` in the order of first rows), ``name``, ``kind``
        (of the largest parcel), ``parcels`` (how many rows), ``area_m2``, ``geometry``.
    parcel_park
        Position in ``parks`` of each input row, on the input's index; -1 for rows without area.
    reports
        ``row`` (input index), ``park_id``, ``code`` and ``area_m2``; codes are ``invalid_repaired``, ``no_area``
        (left out) and ``tiny`` (kept, below 400 m² as a whole).
    """

    parks: gpd.GeoDataFrame
    parcel_park: pd.Series
    reports: pd.DataFrame


def polygons_of(geometry: npt.NDArray[np.object_]) -> npt.NDArray[np.object_]:
    """Valid polygons of any geometries: repaired where needed, lines and points left out.

    Parameters
    ----------
    geometry
        (n,) shapely geometries, None allowed.

    Returns
    -------
    numpy.ndarray
        (n,) valid polygons or multipolygons; ``POLYGON EMPTY`` where there is no area.

    Examples
    --------
    >>> bow = shapely.from_wkt("POLYGON ((0 0, 2 2, 2 0, 0 2, 0 0))")
    >>> shapely.area(polygons_of(np.array([bow, shapely.Point(0, 0), None]))).tolist()
    [2.0, 0.0, 0.0]
    """
    found = np.array(geometry, dtype=object)
    found[shapely.is_missing(found)] = shapely.Polygon()
    bad = ~shapely.is_valid(found)
    found[bad] = shapely.make_valid(found[bad])
    mixed = ~np.isin(shapely.get_type_id(found), (3, 6))
    for row in np.flatnonzero(mixed):
        parts = shapely.get_parts(found[row])
        areas = [part for part in parts if shapely.get_type_id(part) in (3, 6)]
        found[row] = shapely.union_all(areas) if areas else shapely.Polygon()
    return found


def merge_parks(parks: gpd.GeoDataFrame, *, merge_gap_m: float = 20.0) -> WholeParks:
    """Join the parcels of one park, so that it is sized as a whole.

    One park is: rows with the same ``park_id``; else rows of the same ``name`` within ``merge_gap_m`` of one another
    (in chains); rows without either only where they touch. The gap itself is not added to the park's area, and
    overlaps count once.

    Parameters
    ----------
    parks
        Polygons in a metric CRS; ``park_id``, ``name`` and ``kind`` are used where they are there.
    merge_gap_m
        Widest gap, in metres, between two parcels of one name that are one park: a road or a stream between them.

    Returns
    -------
    WholeParks

    Raises
    ------
    CrsError
        If the layer is not in metres.
    InputError
        If ``merge_gap_m`` is negative.

    Examples
    --------
    >>> two = gpd.GeoDataFrame(
    ...     {"name": ["南湖公园", "南湖公园"]},
    ...     geometry=[shapely.box(0, 0, 50, 60), shapely.box(65, 0, 115, 60)],
    ...     crs=4549,
    ... )
    >>> merge_parks(two).parks[["park_id", "name", "parcels", "area_m2"]].values.tolist()
    [['P1', '南湖公园', 2, 6000.0]]
    >>> len(merge_parks(two, merge_gap_m=10).parks)
    2
    """
    require_metric(parks, "parks")
    if not merge_gap_m >= 0:
        raise InputError(
            zh=f"merge_gap_m 是 {merge_gap_m}，应不小于 0（米）。",
            en=f"merge_gap_m is {merge_gap_m}; it must be 0 or more (metres).",
        )
    raw = parks.geometry.to_numpy()
    shape = polygons_of(raw)
    area = shapely.area(shape)
    repaired = ~shapely.is_missing(raw) & ~shapely.is_valid(raw)
    kept = np.flatnonzero(area > 0)

    label = _one_park(parks.iloc[kept], shape[kept], merge_gap_m)
    order, first, group = np.unique(label, return_index=True, return_inverse=True)
    # Parks stand in the order of their first rows, so that the result does not depend on how labels were found.
    rank = np.empty(len(order), dtype=np.int64)
    rank[np.argsort(first, kind="stable")] = np.arange(len(order))
    group = rank[group]

    parcel_park = np.full(len(parks), -1, dtype=np.int64)
    parcel_park[kept] = group
    whole = _whole(parks, shape, area, kept, group, len(order))
    return WholeParks(
        parks=whole,
        parcel_park=pd.Series(parcel_park, index=parks.index, name="park"),
        reports=_reports(parks, whole, parcel_park, area, repaired),
    )


def _text(table: pd.DataFrame, column: str) -> npt.NDArray[np.object_]:
    """A column as stripped text, ``""`` where it is missing."""
    if column not in table.columns:
        return np.full(len(table), "", dtype=object)
    values = table[column]
    if pd.api.types.is_float_dtype(values) and (values.dropna() % 1 == 0).all():
        # A whole-number id with gaps arrives as floats: 7.0 and "7" are the same park.
        values = values.astype("Int64")
    return np.array(["" if pd.isna(value) else str(value).strip() for value in values], dtype=object)


def _one_park(parks: gpd.GeoDataFrame, shape: npt.NDArray[np.object_], merge_gap_m: float) -> npt.NDArray[np.int64]:
    """A label for each row; rows of one park share it."""
    ids, names = _text(parks, "park_id"), _text(parks, "name")
    n = len(shape)
    links: list[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]] = []

    has_id = np.flatnonzero(ids != "")
    if len(has_id):
        _, first, which = np.unique(ids[has_id].astype(str), return_index=True, return_inverse=True)
        links.append((has_id, has_id[first][which]))
    for rows, reach in (
        (np.flatnonzero((ids == "") & (names != "")), merge_gap_m),
        (np.flatnonzero((ids == "") & (names == "")), TOUCH_M),
    ):
        if len(rows):
            near = shapely.STRtree(shape[rows]).query(shape[rows], predicate="dwithin", distance=max(reach, TOUCH_M))
            left, right = rows[near[0]], rows[near[1]]
            same = names[left] == names[right]
            links.append((left[same], right[same]))
    if not links:
        return np.zeros(0, dtype=np.int64)
    left = np.concatenate([pair[0] for pair in links])
    right = np.concatenate([pair[1] for pair in links])
    graph = coo_array((np.ones(len(left), dtype=np.int8), (left, right)), shape=(n, n))
    return connected_components(graph, directed=False)[1].astype(np.int64)


def _whole(
    parks: gpd.GeoDataFrame,
    shape: npt.NDArray[np.object_],
    area: npt.NDArray[np.float64],
    kept: npt.NDArray[np.int64],
    group: npt.NDArray[np.int64],
    n_parks: int,
) -> gpd.GeoDataFrame:
    ids, names, kinds = (_text(parks, column) for column in ("park_id", "name", "kind"))
    # Largest parcel first within each park: it lends its id, name and kind.
    by_size = kept[np.lexsort((-area[kept], group))]
    starts = np.searchsorted(np.sort(group), np.arange(n_parks))
    parcels = np.diff(np.append(starts, len(kept)))
    largest = by_size[starts] if n_parks else by_size
    geometry = shape[largest].copy()
    for park in np.flatnonzero(parcels > 1):
        geometry[park] = shapely.union_all(shape[by_size[starts[park] : starts[park] + parcels[park]]])

    park_id = ids[largest]
    taken, number = set(park_id), 0
    for park in np.flatnonzero(park_id == ""):
        number += 1
        while f"P{number}" in taken:
            number += 1
        park_id[park] = f"P{number}"
    return gpd.GeoDataFrame(
        {
            "park_id": park_id,
            "name": pd.Series(names[largest], dtype=object).replace("", None),
            "kind": pd.Series(kinds[largest], dtype=object).replace("", None),
            "parcels": parcels,
            "area_m2": shapely.area(geometry),
        },
        geometry=geometry,
        crs=parks.crs,
    )


def _reports(
    parks: gpd.GeoDataFrame,
    whole: gpd.GeoDataFrame,
    parcel_park: npt.NDArray[np.int64],
    area: npt.NDArray[np.float64],
    repaired: npt.NDArray[np.bool_],
) -> pd.DataFrame:
    park_id = np.array([*whole["park_id"], None], dtype=object)
    whole_m2 = np.append(whole["area_m2"].to_numpy(), np.nan)
    found = [
        pd.DataFrame({"row": parks.index[rows], "park_id": park_id[parcel_park[rows]], "code": code, "area_m2": m2})
        for code, rows, m2 in (
            ("invalid_repaired", np.flatnonzero(repaired & (area > 0)), area[repaired & (area > 0)]),
            ("no_area", np.flatnonzero(parcel_park < 0), 0.0),
            (
                "tiny",
                np.flatnonzero(whole_m2[parcel_park] < TINY_M2),
                whole_m2[parcel_park][whole_m2[parcel_park] < TINY_M2],
            ),
        )
        if len(rows)
    ]
    if not found:
        return pd.DataFrame({"row": [], "park_id": [], "code": [], "area_m2": []})
    return pd.concat(found, ignore_index=True)
