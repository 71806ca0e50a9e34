"""The zones of a scorecard: the city, its areas, its districts, its units and further levels, and which is part of which."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from jxgis.crs import require_metric
from jxgis.errors import InputError
from jxgis.space.points import locate
from jxgis.space.polygons import polygons_of
from jxgis.zones import ALL, zone_names

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from jxgis.city import City

__all__ = ["homes_of_subdistricts", "scorecard_zones"]


def scorecard_zones(
    districts: gpd.GeoDataFrame,
    units: gpd.GeoDataFrame | None = None,
    levels: Mapping[str, gpd.GeoDataFrame] | None = None,
) -> gpd.GeoDataFrame:
    """List the zones of a scorecard, from the whole to its parts.

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
        ``zone``, ``level`` (city, area, district, unit, then further ones), ``parent`` (of a district its area, of an area the city; None where
        there is none) and geometry; the city is ``all``, the union of the districts. Areas only where every district has
        one.

    Raises
    ------
    CrsError
        If the layers are not in one metric CRS.
    InputError
        If districts share a name or have none.

    Examples
    --------
    >>> districts = gpd.GeoDataFrame(
    ...     {"name": ["老城", "塘汇", "嘉北"], "area": ["南湖区", "经开区", "经开区"]},
    ...     geometry=shapely.box([0, 1, 2], 0, [1, 2, 3], 1), crs=4549)
    >>> scorecard_zones(districts)[["level", "zone", "parent"]].values.tolist()[:4]
    [['city', 'all', nan], ['area', '南湖区', 'all'], ['area', '经开区', 'all'], ['district', '老城', '南湖区']]
    """
    crs = require_metric(districts, "districts")
    names, shapes = zone_names(districts), polygons_of(districts.geometry.to_numpy())
    area = districts["area"] if "area" in districts.columns else pd.Series([None] * len(districts), dtype="str")
    known = bool(area.notna().all()) and len(area) > 0
    of = area.astype("str").to_numpy() if known else np.full(len(districts), ALL, dtype=object)
    _refuse_same(of if known else [], names)
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
            zh=f"{'、'.join(both)} 既是片区的名称，又是三区的名称；请把其中之一改名。",
            en=f"{', '.join(both)}: a district and an area share this name; rename one of them.",
        )


def homes_of_subdistricts(
    districts: gpd.GeoDataFrame, subdistricts: gpd.GeoDataFrame | None = None, city: City | None = None
) -> dict[str, str]:
    """The district of each sub-district: by the city's crosswalk, else where its middle lies.

    Parameters
    ----------
    districts
        Polygons with ``name``.
    subdistricts
        Polygons with ``name``, in the same CRS.
    city
        With its crosswalk.

    Examples
    --------
    >>> halves = gpd.GeoDataFrame({"name": ["东", "西"]}, geometry=shapely.box([0, 5], 0, [5, 9], 9), crs=4549)
    >>> homes_of_subdistricts(halves, gpd.GeoDataFrame({"name": ["甲街道"]}, geometry=[shapely.box(6, 0, 8, 2)], crs=4549))
    {'甲街道': '西'}
    """
    homes: dict[str, str] = {}
    names = [str(name) for name in districts["name"]]
    if subdistricts is not None:
        middle = gpd.GeoSeries(shapely.point_on_surface(subdistricts.geometry.to_numpy()), crs=subdistricts.crs)
        at = locate(middle, districts)
        homes = {str(name): names[k] for name, k in zip(subdistricts["name"], at, strict=True) if k >= 0}
    if city is not None:
        there = None if subdistricts is None else {str(name) for name in subdistricts["name"]}
        for row in city.crosswalk.itertuples(index=False):
            if row.district in names and (there is None or row.subdistrict in there):
                homes[str(row.subdistrict)] = str(row.district)
    return homes
