"""Coordinate reference systems: what a metric CRS is, and the box that fences a city."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from jxgis._errors import CrsError

if TYPE_CHECKING:
    import geopandas as gpd
    import numpy as np
    import pyproj
    from numpy.typing import NDArray

__all__ = ["Box", "box_around", "crs_name", "inside_box", "is_metric", "require_metric"]

Box: TypeAlias = tuple[float, float, float, float]
"""West, south, east, north in degrees of WGS-84."""


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
    crs: pyproj.CRS | None = table.crs
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


def crs_name(crs: pyproj.CRS) -> str:
    """A CRS as people know it: its EPSG code, where there is one, and its name.

    Examples
    --------
    >>> import pyproj
    >>> crs_name(pyproj.CRS(4549))
    'EPSG:4549 CGCS2000 / 3-degree Gauss-Kruger CM 120E'
    """
    code = crs.to_epsg()
    return f"EPSG:{code} {crs.name}" if code else crs.name


def box_around(polygons: gpd.GeoDataFrame | gpd.GeoSeries, *, margin_m: float = 20_000) -> Box:
    """The box in degrees around polygons, wider by a margin: where points that belong to them can lie.

    Parameters
    ----------
    polygons
        Any table with a CRS.
    margin_m
        Width of the margin, in metres.

    Returns
    -------
    tuple of float
        West, south, east, north in degrees of WGS-84.

    Examples
    --------
    >>> import geopandas as gpd, shapely
    >>> [round(v, 2) for v in box_around(gpd.GeoSeries([shapely.box(120.7, 30.7, 120.8, 30.8)], crs=4490))]
    [120.49, 30.52, 121.01, 30.98]
    """
    import numpy as np

    west, south, east, north = polygons.to_crs(4326).total_bounds
    # 111.2 km to a degree of latitude: the box is a fence against gross errors, not a measurement.
    up = margin_m / 111_200
    across = up / max(float(np.cos(np.radians(max(abs(south), abs(north))))), 0.01)
    return float(west - across), float(south - up), float(east + across), float(north + up)


def inside_box(lon: NDArray[np.float64], lat: NDArray[np.float64], box: Box) -> NDArray[np.bool_]:
    """Whether points lie in a box of degrees; NaN does not.

    Examples
    --------
    >>> import numpy as np
    >>> inside_box(np.array([120.7, np.nan]), np.array([30.7, 30.7]), (120, 30, 121, 31))
    array([ True, False])
    """
    west, south, east, north = box
    return (lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)
