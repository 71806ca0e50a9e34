"""Which district each sub-district is part of: figures that are brought by sub-district are added up to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jxgis.zones import homes

if TYPE_CHECKING:
    import geopandas as gpd

    from jxgis.city import City

__all__ = ["homes_of_subdistricts"]


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
    >>> import geopandas as gpd, shapely
    >>> halves = gpd.GeoDataFrame({"name": ["东", "西"]}, geometry=shapely.box([0, 5], 0, [5, 9], 9), crs=4549)
    >>> homes_of_subdistricts(halves, gpd.GeoDataFrame({"name": ["甲街道"]}, geometry=[shapely.box(6, 0, 8, 2)], crs=4549))
    {'甲街道': '西'}
    """
    found: dict[str, str] = {}
    names = [str(name) for name in districts["name"]]
    if subdistricts is not None:
        at = homes(subdistricts, districts)
        found = {str(name): names[k] for name, k in zip(subdistricts["name"], at, strict=True) if k >= 0}
    if city is not None:
        there = None if subdistricts is None else {str(name) for name in subdistricts["name"]}
        for row in city.crosswalk.itertuples(index=False):
            if row.district in names and (there is None or row.subdistrict in there):
                found[str(row.subdistrict)] = str(row.district)
    return found
