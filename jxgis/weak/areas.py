"""The areas that may be weak: units, hot places, and places of the kinds that the plan names, each inside the city."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from jxgis.crs import M2_PER_KM2, require_metric
from jxgis.space.overlay import holds_most
from jxgis.space.polygons import polygons_of
from jxgis.zones import numbered

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

__all__ = ["HOT_PLACE", "UNIT", "gather_areas"]

UNIT, HOT_PLACE = "unit", "hot_place"
"""The kinds that are not layers of places."""


def gather_areas(
    layers: Mapping[str, gpd.GeoDataFrame],
    districts: gpd.GeoDataFrame,
    *,
    point_buffer_m: float,
    line_buffer_m: float,
) -> gpd.GeoDataFrame:
    """Put areas of several kinds into one table, each with the part of it that lies inside the city.

    Parameters
    ----------
    layers
        Kind to its rows in one metric CRS: points, lines or polygons, with ``unit_id`` or ``name`` where known; hot places
        with ``hot_q``, their q by the test that found them, and the ``district`` that it gives them.
    districts
        Polygons with ``name``: the city is their union.
    point_buffer_m, line_buffer_m
        How far around a point, and to each side of a line, its area reaches, metres.

    Returns
    -------
    geopandas.GeoDataFrame
        ``name`` (no two of a kind share one), ``kind``, ``district`` (that holds most of it, or as given), ``area_km2``, ``inside_share``
        (of its ground, inside the city), ``hot_q``, ``reason`` (``outside_city`` where none is), and polygons. By kind and
        as the layers have them.

    Raises
    ------
    CrsError
        If the layers are not in one metric CRS.

    Examples
    --------
    >>> city = gpd.GeoDataFrame({"name": ["老城"]}, geometry=[shapely.box(0, 0, 900, 900)], crs=4549)
    >>> stalls = gpd.GeoDataFrame({"name": ["甲", "甲", None]}, geometry=gpd.points_from_xy([99, 900, 9e4], [99, 450, 0]), crs=4549)
    >>> areas = gather_areas({"markets": stalls}, city, point_buffer_m=50, line_buffer_m=20)
    >>> areas[["name", "district"]].values.tolist(), areas["inside_share"].round(2).tolist(), areas["reason"].tolist()[2:]
    ([['甲', '老城'], ['甲 (2)', '老城'], ['#3', nan]], [1.0, 0.5, 0.0], ['outside_city'])
    """
    crs = require_metric(districts, "districts")
    homes = polygons_of(districts.geometry.to_numpy())
    city = shapely.union_all(homes)
    shapely.prepare(city)
    parts = []
    for kind, table in layers.items():
        require_metric(table, kind, like=crs)
        drawn = _buffered(table.geometry.to_numpy(), point_buffer_m, line_buffer_m)
        inside = drawn.copy()
        cut = ~shapely.covers(city, drawn)
        inside[cut] = polygons_of(shapely.intersection(drawn[cut], city))
        name = pd.array([*districts["name"].astype("str"), None], dtype="str")
        hot, named = ({*columns} <= {*table.columns} for columns in (["hot_q"], ["hot_q", "district"]))
        outside = shapely.area(inside) == 0
        parts.append(
            gpd.GeoDataFrame(
                {
                    "name": _names(table, "unit_id" if kind == UNIT else "name"),
                    "kind": kind,
                    "district": table["district"].astype("str").array if named else name[holds_most(inside, homes)[0]],
                    "area_km2": shapely.area(inside) / M2_PER_KM2,
                    "inside_share": shapely.area(inside) / np.maximum(shapely.area(drawn), 1e-9),
                    "hot_q": table["hot_q"].to_numpy(dtype=np.float64) if hot else np.nan,
                    "reason": pd.Series("outside_city", range(len(table)), dtype="str").where(outside),
                },
                geometry=np.where(outside, drawn, inside),
                crs=crs,
            )
        )
    return cast("gpd.GeoDataFrame", pd.concat(parts, ignore_index=True))


def _buffered(shapes: NDArray[np.object_], point_m: float, line_m: float) -> NDArray[np.object_]:
    dimension = shapely.get_dimensions(shapes)
    reach = np.where(dimension == 0, point_m, line_m)
    drawn = shapes.copy()
    thin = dimension < 2
    drawn[thin] = shapely.buffer(shapes[thin], reach[thin], quad_segs=16)
    return drawn


def _names(table: gpd.GeoDataFrame, first: str) -> pd.Series:
    """What areas are called; those without a name by their number, those that share one told apart."""
    known = next((column for column in (first, "name") if column in table.columns), None)
    names = pd.Series(pd.NA, index=range(len(table)), dtype="str")
    if known is not None:
        names = table[known].astype("str").reset_index(drop=True)
    names = names.where(names.str.strip() != "").fillna(pd.Series([f"#{n + 1}" for n in names.index], dtype="str"))
    return numbered(names)
