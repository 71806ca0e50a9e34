"""Ground that two districts claim: a little of it is settled by a rule, more is left for people to settle."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from jxgis.bounds import at_most, beyond
from jxgis.crs import require_metric
from jxgis.i18n import Text, few, listed, text_pair
from jxgis.load.geometry import repair
from jxgis.settings import BoundaryInputSettings, default
from jxgis.space.overlay import sharing_ground

if TYPE_CHECKING:
    from typing import Any

    from numpy.typing import NDArray

__all__ = ["MAX_SHARE", "MIN_FLAW_M2", "Snapped", "claimed_twice", "overlap_notes", "snap_overlaps"]

MIN_FLAW_M2 = 1.0
"""A shared border drawn twice differs by less than this: rounding, not a flaw to tell a planner about."""

MAX_SHARE: float = default(BoundaryInputSettings, "overlap_share")
"""An overlap of up to this share of the smaller polygon is drawing noise that a rule may settle."""


class Snapped(NamedTuple):
    """Polygons whose small overlaps were settled.

    Parameters
    ----------
    polygons
        The table given, on its index; only geometries of rows that gave ground differ.
    overlaps
        One row an overlap, the largest first: ``between`` (names, joined by 、), ``m2``, ``share_of_smaller``
        (of the smaller polygon, 0–1), ``given_to`` (the name that keeps the ground; null where the overlap was left),
        ``geometry``.
    """

    polygons: gpd.GeoDataFrame
    overlaps: gpd.GeoDataFrame


def snap_overlaps(polygons: gpd.GeoDataFrame, *, max_share: float = MAX_SHARE) -> Snapped:
    """Give ground that two polygons claim to the smaller of them, where it is a small share of it.

    The smaller polygon keeps its shape, the larger loses what it claims of it; of equals, the first keeps it. What is
    decided does not depend on the order of the rows, and no ground is lost. An overlap that would leave the larger
    polygon nothing (one drawn twice) is left.

    Parameters
    ----------
    polygons
        With ``name``, in a metric CRS.
    max_share
        The largest overlap that is settled, as a share of the smaller polygon, 0–1; 1 settles all, 0 none.

    Returns
    -------
    Snapped

    Raises
    ------
    CrsError
        If the CRS is not in metres.

    Examples
    --------
    >>> halves = gpd.GeoDataFrame(
    ...     {"name": ["a", "b"]}, geometry=[shapely.box(0, 0, 101, 100), shapely.box(100, 0, 200, 100)], crs=4549
    ... )
    >>> snapped = snap_overlaps(halves)
    >>> snapped.polygons.area.tolist(), snapped.overlaps[["between", "m2", "share_of_smaller", "given_to"]].values.tolist()
    ([10000.0, 10000.0], [['a、b', 100.0, 0.01, 'b']])
    """
    crs = require_metric(polygons, "boundaries")
    shapes = np.asarray(polygons.geometry.array, dtype=object)
    names = polygons["name"].to_numpy(dtype=object)
    area = shapely.area(shapes)
    first, second, common = claimed_twice(shapes)
    m2 = shapely.area(common)
    share = m2 / np.minimum(area[first], area[second])
    keeps = np.where(area[second] < area[first], second, first)
    gives = np.where(keeps == first, second, first)
    settled = at_most(share, max_share) if max_share > 0 else np.zeros(len(share), dtype=bool)
    cut = shapes.copy()
    for row in np.unique(gives[settled]).tolist():
        asked = settled & (gives == row)
        left = _without(shapes[row], shapes[keeps[asked]])
        if left is None:
            settled[asked] = False
        else:
            cut[row] = left
    table = gpd.GeoDataFrame(
        {
            "between": [listed([names[i], names[j]], "zh") for i, j in zip(first, second, strict=True)],
            "m2": m2,
            "share_of_smaller": share,
            "given_to": pd.Series(np.where(settled, names[keeps], None), dtype="str"),
        },
        geometry=common,
        crs=crs,
    )
    return Snapped(
        polygons.set_geometry(gpd.GeoSeries(cut, index=polygons.index, crs=crs)),
        table.sort_values("m2", ascending=False, kind="stable", ignore_index=True),
    )


def claimed_twice(shapes: NDArray[Any]) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[Any]]:
    """Pairs of polygons that claim the same ground, and the ground: positions of the first, of the second, polygons.

    Parameters
    ----------
    shapes
        (n,) polygons, in metres; of ground up to `MIN_FLAW_M2` nothing is said.

    Examples
    --------
    >>> first, second, common = claimed_twice(shapely.box([0, 100, 200], 0, [101, 200, 300], 100))
    >>> first.tolist(), second.tolist(), shapely.area(common).tolist()
    ([0], [1], [100.0])
    """
    first, second = sharing_ground(shapes)
    common = shapely.intersection(shapes[first], shapes[second])
    wide = shapely.area(common) > MIN_FLAW_M2
    return first[wide], second[wide], repair(common[wide], "polygon").geometry


def _without(shape: Any, others: NDArray[Any]) -> Any:
    """A polygon less the others, or None where nothing worth a name is left."""
    left = repair(np.array([shapely.difference(shape, shapely.union_all(others))], dtype=object), "polygon").geometry[0]
    return None if left is None or shapely.area(left) <= MIN_FLAW_M2 else left


def overlap_notes(overlaps: gpd.GeoDataFrame, layer: str, max_share: float) -> list[Text]:
    """What is said of overlaps: which were settled and to whom the ground went, and which are left.

    Parameters
    ----------
    overlaps
        As `Snapped` holds them.
    layer
        ``districts`` or ``subdistricts``.
    max_share
        As for `snap_overlaps`.
    """
    settled = overlaps[overlaps["given_to"].notna()]
    left = overlaps[overlaps["given_to"].isna()]
    of = {"share": f"{100 * max_share:g}", "layer": layer}
    notes = []
    if len(settled):
        named = [f"{_pair(row)} → {row.given_to}" for row in settled.itertuples()]
        notes.append(text_pair("load.overlaps_snapped", **of, **_listed(settled, named)))
    if len(left):
        named = [f"{_pair(row)} ({beyond(100 * row.share_of_smaller, 100 * max_share)} %)" for row in left.itertuples()]
        notes.append(text_pair("load.overlaps_left", **of, **_listed(left, named)))
    return notes


def _pair(row: Any) -> str:
    # A name that holds the separator stands in quotes.
    return f"{'–'.join(re.split('、(?![^“]*”)', row.between))} {row.m2:,.0f} m²"


def _listed(overlaps: gpd.GeoDataFrame, items: list[str]) -> dict[str, Any]:
    """How many, how much, and the largest of them."""
    return {"count": len(overlaps), "m2": f"{overlaps['m2'].sum():,.0f}", "listed": few(items, " 处")}
