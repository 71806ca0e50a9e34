"""Coordinate reference systems: what is a metric CRS, and which one to work in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jxgis._errors import CrsError

if TYPE_CHECKING:
    import geopandas as gpd
    import pyproj

__all__ = ["is_metric", "require_metric"]


def is_metric(crs: pyproj.CRS | None) -> bool:
    """Whether a CRS is projected with metres on both axes.

    Examples
    --------
    >>> import pyproj
    >>> is_metric(pyproj.CRS(4549)), is_metric(pyproj.CRS(4490)), is_metric(None)
    (True, False, False)
    """
    return crs is not None and crs.is_projected and all(axis.unit_conversion_factor == 1 for axis in crs.axis_info)


def require_metric(table: gpd.GeoDataFrame | gpd.GeoSeries, what: str, like: pyproj.CRS | None = None) -> pyproj.CRS:
    """Return the CRS of a table, or refuse it: analyses work in metres and never reproject.

    Parameters
    ----------
    table
        Any GeoDataFrame or GeoSeries.
    what
        What the table is, for the message: ``"parks"``.
    like
        The CRS it must share with the other tables, where there are any.

    Returns
    -------
    pyproj.CRS

    Raises
    ------
    CrsError
        If the CRS is missing, in degrees or feet, or differs from ``like``.

    Examples
    --------
    >>> import geopandas as gpd
    >>> require_metric(gpd.GeoSeries([], crs=4549), "parks").to_epsg()
    4549
    >>> require_metric(gpd.GeoSeries([], crs=4326), "parks")
    Traceback (most recent call last):
    jxgis._errors.CrsError: parks 的坐标系是 EPSG:4326，不是以米为单位的投影坐标系；请先用 to_crs() 转换，例如 EPSG:4549。
    parks is in EPSG:4326, not in a projected CRS in metres; convert it first with to_crs(), for example to EPSG:4549.
    """
    crs = table.crs
    if crs is None:
        raise CrsError(
            zh=f"{what} 没有坐标系；请用 set_crs() 声明它。",
            en=f"{what} has no CRS; declare it with set_crs().",
        )
    if not is_metric(crs):
        raise CrsError(
            zh=f"{what} 的坐标系是 {crs.to_string()}，不是以米为单位的投影坐标系；请先用 to_crs() 转换，例如 EPSG:4549。",
            en=f"{what} is in {crs.to_string()}, not in a projected CRS in metres; "
            "convert it first with to_crs(), for example to EPSG:4549.",
        )
    if like is not None and crs != like:
        raise CrsError(
            zh=f"{what} 的坐标系是 {crs.to_string()}，其他图层是 {like.to_string()}；请先统一坐标系。",
            en=f"{what} is in {crs.to_string()}, the other layers in {like.to_string()}; bring them into one CRS first.",
        )
    return crs
