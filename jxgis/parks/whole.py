"""Parks made whole: the parcels of one park joined before it is sized."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyproj
import shapely

from jxgis._toml import read_toml
from jxgis.bounds import at_least, widened
from jxgis.crs import require_metric
from jxgis.errors import InputError
from jxgis.settings import PARKS
from jxgis.space.parts import connected
from jxgis.space.polygons import polygons_of

__all__ = ["WholeParks", "merge_parks", "parks_grown"]

_TINY_M2 = 400.0
"""Below this a park is reported as tiny: the least area of a pocket park (口袋公园, 400–10,000 m²)."""

_TOUCH_M = 0.01
"""Parcels this close touch: shared edges drift apart by less when a layer is brought into another CRS."""

_FAR_APART_M = 1000.0
"""Parcels of one id with a gap wider than this are one park by the contract, but more likely two of one number."""


@dataclass(frozen=True)
class WholeParks:
    """Whole parks, and what was noticed while joining them.

    Attributes
    ----------
    parks
        One row a park: ``park_id`` (the layer's, else ``P1, P2, …`` in the order of first rows), ``name`` (of the
        largest parcel that has one), ``kind`` (of the largest parcel), ``parcels`` (how many polygons), ``area_m2``, ``geometry``.
    parcel_park
        Position in ``parks`` of each parcel, on the input's index, which repeats where a row holds several separate
        polygons; -1 for rows without area.
    reports
        ``row`` (input index), ``park_id``, ``code`` and ``area_m2``; codes are ``invalid_repaired``, ``no_area``
        (left out), ``tiny`` (kept, below 400 m² as a whole) and ``same_id_far_apart`` (kept as one park, though more
        than 1 km lies between its parcels).
    made_up
        The ids that the layer does not have, ``P1`` and so on.
    """

    parks: gpd.GeoDataFrame
    parcel_park: pd.Series
    reports: pd.DataFrame
    made_up: frozenset[str] = frozenset()


@cache
def _unnamed_words() -> frozenset[str]:
    path = Path(str(resources.files("jxgis.profiles").joinpath("park_names.toml")))
    return frozenset(_plain(word) for word in read_toml(path)["unnamed"])


def _plain(name: str) -> str:
    """A name as it is compared with words that name nothing: width, case, spaces and brackets aside."""
    return "".join(sign for sign in unicodedata.normalize("NFKC", name).casefold() if sign not in " \t()[]<>【】《》")


def merge_parks(parks: gpd.GeoDataFrame, *, merge_gap_m: float = PARKS.merge_gap_m) -> WholeParks:
    """Join the parcels of one park, so that it is sized as a whole.

    A parcel is one polygon: the separate parts of a multipolygon are parcels each. One park is: parcels of the same
    ``park_id``; else parcels of the same ``name`` within ``merge_gap_m`` of one another (in chains), one that has an
    id and others without among them, but never two of different ids: of two such a parcel goes with the nearer;
    parcels with neither id nor name only where they touch. The gap itself is not added to the park's area, and
    overlaps count once. Words that name nothing (未命名, 公园绿地, N/A: ``profiles/park_names.toml``) are neither a name nor an id.

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
    >>> lawns = gpd.GeoDataFrame(geometry=[shapely.union_all(two.geometry.to_numpy())], crs=4549)
    >>> merge_parks(lawns).parks["area_m2"].tolist()
    [3000.0, 3000.0]
    """
    require_metric(parks, "parks")
    if not merge_gap_m >= 0:
        raise InputError(
            zh=f"merge_gap_m 是 {merge_gap_m}，应不小于 0（米）。",
            en=f"merge_gap_m is {merge_gap_m}; it must be 0 or more (metres).",
        )
    raw = parks.geometry.to_numpy()
    repaired = ~shapely.is_missing(raw) & ~shapely.is_valid(raw)
    shape, row = shapely.get_parts(polygons_of(raw), return_index=True)
    live = shapely.area(shape) > 0
    shape, row = shape[live], row[live].astype(np.int64)
    ids, names, kinds = _words(parks)

    label = _one_park(shape, ids[row], names[row], merge_gap_m)
    order, first, group = np.unique(label, return_index=True, return_inverse=True)
    # Parks stand in the order of their first rows, so that the result does not depend on how labels were found.
    rank = np.empty(len(order), dtype=np.int64)
    rank[np.argsort(first, kind="stable")] = np.arange(len(order))
    group = rank[group]

    whole = _whole(shape, group, len(order), ids[row], names[row], kinds[row], parks.crs)
    empty = np.setdiff1d(np.arange(len(parks)), row)
    every = np.concatenate([row, empty])
    in_order = np.argsort(every, kind="stable")
    of = np.concatenate([group, np.full(len(empty), -1, dtype=np.int64)])
    parcel_park = pd.Series(of[in_order], index=parks.index[every[in_order]], name="park")
    far = _far_apart(shape, group, ids[row])
    return WholeParks(
        parks=whole,
        parcel_park=parcel_park,
        reports=_reports(parks, whole, shape, row, group, empty, repaired, far),
        made_up=frozenset(whole["park_id"]) - set(ids[row]),
    )


def parks_grown(
    parks: gpd.GeoDataFrame,
    parcels: gpd.GeoDataFrame,
    *,
    made_up: Collection[str] = (),
    merge_gap_m: float = PARKS.merge_gap_m,
) -> npt.NDArray[np.int64]:
    """Find the whole park that each further parcel belongs to, by what makes parcels one park.

    Parameters
    ----------
    parks
        Whole parks, from `merge_parks`; no two of them become one, whatever lies between.
    parcels
        (n) single polygons in the same CRS; ``park_id`` and ``name`` are used where they are there.
    made_up
        The ids of parks that have none of their own, `WholeParks.made_up`: a parcel of any id and their name joins
        them, and so does one of that made-up id.
    merge_gap_m
        As for `merge_parks`, in metres.

    Returns
    -------
    numpy.ndarray
        (n,) int64: position in ``parks``, -1 for none.

    Examples
    --------
    >>> today = gpd.GeoDataFrame({"name": ["南湖公园"]}, geometry=[shapely.box(0, 0, 40, 40)], crs=4549)
    >>> plan = gpd.GeoDataFrame(
    ...     {"park_id": ["N7"], "name": ["南湖公园"]}, geometry=[shapely.box(50, 0, 90, 40)], crs=4549
    ... )
    >>> whole = merge_parks(today)
    >>> parks_grown(whole.parks, plan, made_up=whole.made_up).tolist()
    [0]
    """
    crs = require_metric(parks, "parks")
    require_metric(parcels, "planned_parks", crs)
    part, of = shapely.get_parts(parks.geometry.to_numpy(), return_index=True)
    (ids, names, _), (new_ids, new_names, _) = _words(parks), _words(parcels)
    own = np.array([str(one) for one in range(len(parks))], dtype=object)
    place = dict(zip(ids, own, strict=True))
    borrowed = np.isin(new_ids.astype(str), list(made_up))
    label = _one_park(
        np.concatenate([part, parcels.geometry.to_numpy()]),
        np.concatenate(
            [np.where(np.isin(ids.astype(str), list(made_up)), "", ids)[of], np.where(borrowed, "", new_ids)]
        ),
        np.concatenate([names[of], new_names]),
        merge_gap_m,
        apart=np.concatenate(
            [
                own[of],
                np.array(
                    [place[one] if of_it else "" for one, of_it in zip(new_ids, borrowed, strict=True)], dtype=object
                ),
            ]
        ),
    )
    park_of = dict(zip(label[: len(part)].tolist(), of.tolist(), strict=True))
    return np.array([park_of.get(one, -1) for one in label[len(part) :].tolist()], dtype=np.int64)


def _words(parks: gpd.GeoDataFrame) -> tuple[npt.NDArray[np.object_], ...]:
    """Ids, names and kinds as text; an id or a name that names nothing is ``""``."""
    ids, names, kinds = (_text(parks, column) for column in ("park_id", "name", "kind"))
    words = list(_unnamed_words())
    no_id, no_name = (np.isin([_plain(word) for word in some], words) for some in (ids, names))
    no_name |= np.array([_plain(name) == _plain(kind) for name, kind in zip(names, kinds, strict=True)], dtype=np.bool_)
    return np.where(no_id, "", ids), np.where(no_name, "", names), kinds


def _text(table: pd.DataFrame, column: str) -> npt.NDArray[np.object_]:
    """A column as stripped text, ``""`` where it is missing."""
    if column not in table.columns:
        return np.full(len(table), "", dtype=object)
    return np.array(["" if pd.isna(value) else _word(value) for value in table[column]], dtype=object)


def _word(value: object) -> str:
    # A whole-number id with gaps arrives as floats: 7.0 and "7" are the same park.
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value).strip()


def _one_park(
    shape: npt.NDArray[np.object_],
    ids: npt.NDArray[np.object_],
    names: npt.NDArray[np.object_],
    merge_gap_m: float,
    *,
    apart: npt.NDArray[np.object_] | None = None,
) -> npt.NDArray[np.int64]:
    """A label for each parcel; parcels of one park share it. Sets that are one already, ``apart``, stay so and apart."""
    parent = np.arange(len(shape))
    # What each set of parcels holds, "" for none yet: it stands at the set's root.
    held = [ids.copy()] if apart is None else [ids.copy(), apart.copy()]

    def root(one: int) -> int:
        while parent[one] != one:
            parent[one] = parent[parent[one]]
            one = int(parent[one])
        return one

    def join(left: int, right: int) -> None:
        low, high = sorted((root(left), root(right)))
        if low == high or any(some[low] and some[high] and some[low] != some[high] for some in held):
            return
        parent[high] = low
        for some in held:
            some[low] = some[low] or some[high]

    for mark in [some.copy() for some in held]:
        first: dict[str, int] = {}
        for one in np.flatnonzero(mark != "").tolist():
            join(first.setdefault(mark[one], one), one)
    for left, right in _near(shape, ids, names, merge_gap_m):
        join(left, right)
    return np.array([root(one) for one in range(len(shape))], dtype=np.int64)


def _near(
    shape: npt.NDArray[np.object_], ids: npt.NDArray[np.object_], names: npt.NDArray[np.object_], merge_gap_m: float
) -> list[tuple[int, int]]:
    """Pairs of parcels that their names (or the lack of any) and the gap between them join, the nearest first."""
    found = []
    for rows, reach in (
        (np.flatnonzero(names != ""), max(widened(merge_gap_m), _TOUCH_M)),
        (np.flatnonzero((ids == "") & (names == "")), _TOUCH_M),
    ):
        near = shapely.STRtree(shape[rows]).query(shape[rows], predicate="dwithin", distance=reach)
        left, right = rows[near[0]], rows[near[1]]
        # Two with an id each are one park by it, or never.
        joins = (left < right) & (names[left] == names[right]) & ((ids[left] == "") | (ids[right] == ""))
        found.append((left[joins], right[joins]))
    left, right = (np.concatenate([pair[side] for pair in found]) for side in (0, 1))
    away = shapely.distance(shape[left], shape[right])
    order = np.lexsort((right, left, away))
    return list(zip(left[order].tolist(), right[order].tolist(), strict=True))


def _whole(
    shape: npt.NDArray[np.object_],
    group: npt.NDArray[np.int64],
    n_parks: int,
    ids: npt.NDArray[np.object_],
    names: npt.NDArray[np.object_],
    kinds: npt.NDArray[np.object_],
    crs: pyproj.CRS | None,
) -> gpd.GeoDataFrame:
    # Largest parcel first within each park: it lends its kind, and its name and id where it has them.
    by_size = np.lexsort((-shapely.area(shape), group))
    starts = np.searchsorted(group[by_size], np.arange(n_parks))
    parcels = np.diff(np.append(starts, len(shape)))
    largest = by_size[starts] if n_parks else by_size
    geometry = shape[largest].copy()
    park_id, name = ids[largest], names[largest]
    for park in np.flatnonzero(parcels > 1):
        members = by_size[starts[park] : starts[park] + parcels[park]]
        geometry[park] = shapely.union_all(shape[members])
        park_id[park], name[park] = (next((one for one in some[members] if one != ""), "") for some in (ids, names))

    taken, number = set(park_id), 0
    for park in np.flatnonzero(park_id == ""):
        number += 1
        while f"P{number}" in taken:
            number += 1
        park_id[park] = f"P{number}"
    return gpd.GeoDataFrame(
        {
            "park_id": park_id,
            "name": pd.Series(name, dtype=object).replace("", None),
            "kind": pd.Series(kinds[largest], dtype=object).replace("", None),
            "parcels": parcels,
            "area_m2": shapely.area(geometry),
        },
        geometry=geometry,
        crs=crs,
    )


def _far_apart(
    shape: npt.NDArray[np.object_], group: npt.NDArray[np.int64], ids: npt.NDArray[np.object_]
) -> npt.NDArray[np.int64]:
    """Parks whose parcels of one id do not hang together over gaps of `_FAR_APART_M`."""
    found = []
    rows = np.flatnonzero(ids != "")
    for park, members in pd.Series(rows).groupby(group[rows]):
        parts = shape[members.to_numpy()]
        near = shapely.STRtree(parts).query(parts, predicate="dwithin", distance=widened(_FAR_APART_M))
        if connected(len(parts), *near).max() > 0:
            found.append(park)
    return np.array(found, dtype=np.int64)


def _reports(
    parks: gpd.GeoDataFrame,
    whole: gpd.GeoDataFrame,
    shape: npt.NDArray[np.object_],
    row: npt.NDArray[np.int64],
    group: npt.NDArray[np.int64],
    empty: npt.NDArray[np.int64],
    repaired: npt.NDArray[np.bool_],
    far: npt.NDArray[np.int64],
) -> pd.DataFrame:
    """What was noticed, once a row and park, in the order of the rows."""
    park_id, whole_m2 = whole["park_id"].to_numpy(dtype=object), whole["area_m2"].to_numpy()
    order = np.lexsort((group, row))
    parcels = pd.DataFrame({"at": row[order], "park": group[order], "m2": shapely.area(shape)[order]})
    pair = parcels.groupby(["at", "park"])["m2"].sum().reset_index()
    tables = []
    for code, some, m2 in (
        ("invalid_repaired", pair[repaired[pair["at"]]], None),
        ("tiny", pair[~at_least(whole_m2[pair["park"]], _TINY_M2)], whole_m2),
        ("same_id_far_apart", pair[pair["park"].isin(far)], whole_m2),
    ):
        of = some["park"].to_numpy()
        tables.append(
            pd.DataFrame(
                {
                    "row": parks.index[some["at"]],
                    "park_id": park_id[of],
                    "code": code,
                    "area_m2": some["m2"].to_numpy() if m2 is None else m2[of],
                }
            )
        )
    lost = pd.DataFrame({"row": parks.index[empty], "park_id": None, "code": "no_area", "area_m2": 0.0})
    filled = [table for table in (tables[0], lost, *tables[1:]) if len(table)]
    return pd.concat(filled, ignore_index=True) if filled else lost
