"""The zones that tables are made by: the city, its areas, districts and units, and whatever levels a city declares below."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from jxgis.city import contract_of
from jxgis.crs import require_metric
from jxgis.errors import InputError
from jxgis.i18n import listed
from jxgis.space.districts import require_apart
from jxgis.space.polygons import polygons_of
from jxgis.zones import ALL, zone_names

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from jxgis.city import City

__all__ = ["levels_of", "zones_by_level"]


def levels_of(
    wanted: Iterable[str], layers: Mapping[str, gpd.GeoDataFrame], city: City | None = None
) -> dict[str, gpd.GeoDataFrame]:
    """The zones of the layers wanted that are there, by level.

    Parameters
    ----------
    wanted
        Layers, from large zones to small.
    layers
        Layer to its rows.
    city
        Whose layers there are beside every city's.

    Returns
    -------
    dict
        Level, such as ``community``, to polygons with ``name``.

    Raises
    ------
    InputError
        If there is no such layer, it is none of zones, or names do not tell its zones apart.

    Examples
    --------
    >>> layer = gpd.GeoDataFrame({"name": ["新华社区"]}, geometry=[shapely.box(0, 0, 1, 1)], crs=4549)
    >>> list(levels_of(["communities", "grids"], {"communities": layer}))
    ['community']
    >>> levels_of(["parks"], {})
    Traceback (most recent call last):
    jxgis.errors.InputError: [report] levels 中的 parks（公园绿地）不是统计区域...
    """
    found = {}
    for layer in wanted:
        agreed = contract_of(layer, city)
        if not agreed.level:
            raise InputError(
                zh=f"[report] levels 中的 {layer}（{agreed.title.zh}）不是统计区域：图层的声明中没有 level。",
                en=f"[report] levels: {layer} holds no zones; its declaration names no level.",
            )
        if layer in layers:
            zone_names(layers[layer])
            found[agreed.level] = layers[layer]
    return found


def zones_by_level(
    districts: gpd.GeoDataFrame,
    units: gpd.GeoDataFrame | None = None,
    levels: Mapping[str, gpd.GeoDataFrame] | None = None,
) -> gpd.GeoDataFrame:
    """List the zones that a table is made by, from the whole to its parts.

    Parameters
    ----------
    districts
        Polygons with ``name`` and, where known, ``area``, in a metric CRS.
    units
        Polygons with ``unit_id``, in the same CRS.
    levels
        Level to further zones: polygons with ``name``, in the same CRS.

    Returns
    -------
    geopandas.GeoDataFrame
        ``zone``, ``level`` (city, area, district, unit, then further ones), ``parent`` (of a district its area, of an area
        the city; None where there is none) and geometry; the city is ``all``, the union of the districts. Areas only where
        every district has one.

    Raises
    ------
    CrsError
        If the layers are not in one metric CRS.
    InputError
        If districts share a name or have none, or claim the same ground.

    Examples
    --------
    >>> districts = gpd.GeoDataFrame(
    ...     {"name": ["老城", "塘汇", "嘉北"], "area": ["南湖区", "经开区", "经开区"]},
    ...     geometry=shapely.box([0, 1, 2], 0, [1, 2, 3], 1), crs=4549)
    >>> zones_by_level(districts)[["level", "zone", "parent"]].values.tolist()[:4]
    [['city', 'all', nan], ['area', '南湖区', 'all'], ['area', '经开区', 'all'], ['district', '老城', '南湖区']]
    """
    crs = require_metric(districts, "districts")
    names, shapes = zone_names(districts), polygons_of(districts.geometry.to_numpy())
    area = districts["area"] if "area" in districts.columns else pd.Series([None] * len(districts), dtype="str")
    known = bool(area.notna().all()) and len(area) > 0
    of = area.astype("str").to_numpy() if known else np.full(len(districts), ALL, dtype=object)
    _refuse_same(of if known else [], names)
    require_apart(districts)
    rows: list[tuple[str, str, str | None, shapely.Geometry]] = [("city", ALL, None, shapely.union_all(shapes))]
    if known:
        rows += [("area", name, ALL, shapely.union_all(shapes[of == name])) for name in dict.fromkeys(of)]
    rows += [("district", *each) for each in zip(names, of, shapes, strict=True)]
    if units is not None:
        require_metric(units, "units", crs)
        ids = units["unit_id"].astype("str")
        rows += [("unit", name, None, shape) for name, shape in zip(ids, units.geometry.to_numpy(), strict=True)]
    for called, further in (levels or {}).items():
        require_metric(further, called, crs)
        rows += [
            (called, n, None, shape) for n, shape in zip(zone_names(further), further.geometry.to_numpy(), strict=True)
        ]
    level, zone, parent, geometry = zip(*rows, strict=True)
    table = pd.DataFrame({"zone": pd.array(zone, dtype="str"), "level": level, "parent": pd.array(parent, dtype="str")})
    return gpd.GeoDataFrame(table, geometry=list(geometry), crs=crs)


def _refuse_same(areas: Iterable[object], names: tuple[str, ...]) -> None:
    both = [name for name in dict.fromkeys(map(str, areas)) if name in (*names, ALL)]
    if both:
        raise InputError(
            zh=f"{listed(both, 'zh')} 既是片区的名称，又是三区的名称；请把其中之一改名。",
            en=f"{listed(both, 'en')}: a district and an area share this name; rename one of them.",
        )
