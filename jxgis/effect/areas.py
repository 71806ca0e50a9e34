"""The areas of an evaluation: those treated, those that may be controls, and those too near to be one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from jxgis.bounds import widened
from jxgis.errors import CrsError, InputError
from jxgis.i18n import text_pair
from jxgis.space.districts import overlaps
from jxgis.space.grid import grid_over
from jxgis.space.points import locate
from jxgis.zones import numbered

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from jxgis.settings import Controls

__all__ = ["all_areas", "count_areas", "shared_ground"]

_SLIVER = 0.01
"""Polygons that overlap by less than this share of the smaller one were drawn side by side."""
_ALIKE = 2.0
"""Areas are of about the size of others where their medians differ by this factor at most."""


def all_areas(
    treated: gpd.GeoDataFrame,
    ground: gpd.GeoDataFrame,
    layers: Mapping[str, gpd.GeoDataFrame],
    *,
    controls: Controls,
    spill_m: float,
) -> tuple[gpd.GeoDataFrame, str]:
    """Put treated areas and those that may be controls into one table.

    Parameters
    ----------
    treated
        Polygons, with ``name`` where known.
    ground
        Polygons of the city, for cells.
    layers
        ``units``, ``subdistricts`` and ``districts`` where there are such.
    controls
        Which of them are looked at, or ``cells``: squares of the size of the median treated area. ``auto``: the first of
        them whose median area is that of the treated ones within a factor of two, else cells.
    spill_m
        What is nearer to a treated area is not a control.

    Returns
    -------
    areas : geopandas.GeoDataFrame
        ``area_id`` (unique), ``name``, ``role`` (``treated``, ``untreated``, ``near``), polygons; by role and name. Areas
        that overlap a treated one are not in it.
    controls : str
        Which were taken.

    Raises
    ------
    InputError
        If there is no treated area, the layer that was asked for is not there, the city makes no cells of the size of the
        treated areas, or no untreated area is left.
    """
    if treated.empty:
        raise InputError.saying(text_pair("effect.no_treated"))
    size = float(treated.area.median())
    taken = controls if controls != "auto" else _alike(layers, size)
    if taken != "cells" and taken not in layers:
        raise InputError.saying(text_pair("effect.no_layer", layer=taken))
    others = _cells(ground, size) if taken == "cells" else _named(layers[taken])
    own = _named(treated)
    polygons, treated_polygons = others.geometry.to_numpy(), own.geometry.to_numpy()
    tree = shapely.STRtree(treated_polygons)
    other, mine = tree.query(polygons, predicate="intersects")
    shared = shapely.area(shapely.intersection(polygons[other], treated_polygons[mine]))
    least = np.minimum(shapely.area(polygons[other]), shapely.area(treated_polygons[mine]))
    overlaps = np.isin(np.arange(len(others)), other[shared > _SLIVER * least])
    near = np.zeros(len(others), dtype=np.bool_)
    if spill_m > 0:
        near[tree.query(polygons, predicate="dwithin", distance=widened(spill_m))[0]] = True
    others = others.assign(role=np.where(near, "near", "untreated"))[~overlaps]
    if not (others["role"] == "untreated").any():
        raise InputError.saying(
            text_pair("effect.no_untreated", kind=text_pair(f"effect.controls_{taken}"), metres=f"{spill_m:g}")
        )
    both = pd.concat([own.assign(role="treated"), others], ignore_index=True)
    both.insert(0, "area_id", numbered(both["name"]))
    return cast("gpd.GeoDataFrame", both), taken


def shared_ground(areas: gpd.GeoDataFrame) -> list[tuple[int, int]]:
    """Pairs of treated areas, by position in the table, that claim the same ground: an issue there counts in one of them alone.

    Examples
    --------
    >>> x = [0, 40, 200]
    >>> areas = gpd.GeoDataFrame({"role": ["treated"] * 3}, geometry=shapely.box(x, 0, [k + 100 for k in x], 100), crs=4549)
    >>> shared_ground(areas)
    [(0, 1)]
    """
    rows = np.flatnonzero(areas["role"] == "treated")
    area = areas.area.to_numpy()
    found = [(int(rows[i]), int(rows[j]), m2) for i, j, m2 in overlaps(areas.iloc[rows])]
    return [(i, j) for i, j, m2 in found if m2 > _SLIVER * min(area[i], area[j])]


def count_areas(
    areas: gpd.GeoDataFrame, points: gpd.GeoDataFrame, periods: Mapping[str, NDArray[np.bool_]]
) -> pd.DataFrame:
    """Count the issues of each period in each area, each issue once among the treated and once among the others.

    Parameters
    ----------
    areas
        As `all_areas` has them.
    points
        (n,) points in the same CRS.
    periods
        Name to the points that lie in it, (n,) bool.

    Returns
    -------
    pandas.DataFrame
        A column a period, on the index of the areas.
    """
    found = pd.DataFrame(0, index=areas.index, columns=list(periods), dtype=np.int64)
    treated = (areas["role"] == "treated").to_numpy()
    for rows in (np.flatnonzero(treated), np.flatnonzero(~treated)):
        place = locate(points, areas.iloc[rows])
        for at, inside in enumerate(periods.values()):
            found.iloc[rows, at] = np.bincount(place[inside & (place >= 0)], minlength=len(rows))
    return found


def _alike(layers: Mapping[str, gpd.GeoDataFrame], size: float) -> str:
    for name, table in layers.items():
        if size > 0 and abs(np.log(table.area.median() / size)) <= np.log(_ALIKE):
            return name
    return "cells"


def _cells(ground: gpd.GeoDataFrame, size: float) -> gpd.GeoDataFrame:
    side = max(1.0, round(float(np.sqrt(size))))
    try:
        cells = grid_over(ground.geometry, cell_m=side).cells()
    except CrsError:
        raise
    except InputError:
        # Nobody has set the side of these cells: what is wrong is the size of the treated areas.
        raise InputError.saying(text_pair("effect.no_cells", m2=f"{size:,.0f}", metres=f"{side:,g}")) from None
    return cells.rename(columns={"cell_id": "name"})


def _named(table: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """``name`` and polygons, in an order that does not hang on that of the file."""
    known = next((column for column in ("unit_id", "name") if column in table.columns), None)
    names = pd.Series(pd.NA, index=table.index, dtype="str") if known is None else table[known].astype("str")
    rows = gpd.GeoDataFrame({"name": names}, geometry=table.geometry).reset_index(drop=True)
    west, south, *_ = rows.geometry.bounds.to_numpy().T
    rows = rows.iloc[np.lexsort((south, west, rows["name"].fillna("").to_numpy(dtype=object).astype(str)))].reset_index(
        drop=True
    )
    numbers = pd.Series([f"#{n + 1}" for n in rows.index], index=rows.index)
    return cast("gpd.GeoDataFrame", rows.assign(name=rows["name"].fillna(numbers)))
