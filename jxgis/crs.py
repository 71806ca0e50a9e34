"""Coordinate reference systems: what a metric CRS is, what a table must have of one, and the box that fences a city."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, TypeAlias

from jxgis.bounds import beyond
from jxgis.errors import CrsError, InputError
from jxgis.i18n import Text

if TYPE_CHECKING:
    import geopandas as gpd
    import numpy as np
    import pyproj
    from numpy.typing import NDArray

__all__ = [
    "Box",
    "Distortion",
    "area_of_use",
    "box_around",
    "crs_name",
    "distortion",
    "distortion_note",
    "distortion_over",
    "far_off",
    "in_reach",
    "inside_box",
    "is_metric",
    "middle_of",
    "not_metric",
    "refuse_distorted",
    "require_metric",
    "require_table",
    "short_name",
]

Box: TypeAlias = tuple[float, float, float, float]
"""West, south, east, north in degrees of WGS-84."""

M2_PER_KM2 = 1e6

_READ_IT = Text(zh="请先用 jxgis.load_layer 读取", en="read it with jxgis.load_layer first")

# Lengths or areas wrong by half somewhere in the CRS's own area of use: Mercator and the other maps of the whole earth,
# never a CRS that is made to measure in.
_GROSS = 0.5
# What a working CRS may do to the data. Equal-area systems of countries and continents stretch lengths by 2 % at most.
_MAX_AREA, _MAX_LENGTH = 0.01, 0.03
_SAID = 0.001
_LATTICE = 9
# Half of the widest zone that surveys are kept in (Gauss and Krüger's, 6 degrees), and as much again beside it.
_TM_DEG = 6.0


def __dir__() -> list[str]:
    return __all__


@dataclass(frozen=True, slots=True)
class Distortion:
    """How far a CRS is from true over some place: the greatest errors, with their signs.

    Parameters
    ----------
    area
        Areal scale less 1: 0.002 makes 1 km² 1.002 km².
    length
        Scale of a length less 1, in the worst direction.
    """

    area: float
    length: float


def distortion(crs: pyproj.CRS, lon: NDArray[np.float64], lat: NDArray[np.float64]) -> Distortion:
    """The greatest distortion of a projected CRS over some points, by Tissot's indicatrix (PROJ's factors).

    Parameters
    ----------
    crs
        A projected CRS.
    lon, lat
        (n,) degrees of its own datum; points that it cannot hold are left out of account.

    Returns
    -------
    Distortion
        Infinite where it can hold none of the points; within 1e-6 of geodesics on the ellipsoid, except for the few
        methods that PROJ does on a sphere (web Mercator, plate carrée: within 0.01).

    Source: Snyder, Map Projections: A Working Manual (USGS 1395, 1987), pp. 20-27.

    Examples
    --------
    >>> import numpy as np, pyproj
    >>> round(distortion(pyproj.CRS(3857), np.array([120.75]), np.array([30.75])).area, 2)
    0.35
    >>> round(distortion(pyproj.CRS(4549), np.array([120.75]), np.array([30.75])).area, 5)
    0.00013
    """
    import numpy as np
    import pyproj

    plane = crs.source_crs if crs.is_bound else crs
    factors = pyproj.Proj(plane).get_factors(lon, lat, errcheck=False)
    # A factor of 0 is PROJ's word for a point that it could not do, as infinity is.
    area = np.asarray(factors.areal_scale)
    sides = np.concatenate([np.asarray(factors.tissot_semimajor), np.asarray(factors.tissot_semiminor)])
    return Distortion(*(_worst(scale[np.isfinite(scale) & (scale > 0)] - 1) for scale in (area, sides)))


def _worst(errors: NDArray[np.float64]) -> float:
    return float(errors[abs(errors).argmax()]) if errors.size else float("inf")


def distortion_over(crs: pyproj.CRS, bounds: NDArray[np.float64]) -> Distortion:
    """The greatest distortion of a projected CRS over a rectangle in it, on a lattice of 9 by 9 points.

    Parameters
    ----------
    crs
        A projected CRS.
    bounds
        West, south, east, north in metres: `geopandas.GeoDataFrame.total_bounds`.

    Examples
    --------
    >>> import numpy as np, pyproj
    >>> round(distortion_over(pyproj.CRS(4549), np.array([560_000, 3_390_000, 600_000, 3_420_000])).area, 5)
    0.00025
    """
    import numpy as np
    import pyproj

    west, south, east, north = bounds
    x, y = np.meshgrid(np.linspace(west, east, _LATTICE), np.linspace(south, north, _LATTICE))
    plane = crs.source_crs if crs.is_bound else crs
    lon, lat = pyproj.Proj(plane)(x.ravel(), y.ravel(), inverse=True)
    return distortion(crs, lon, lat)


def distortion_note(crs: pyproj.CRS, bounds: NDArray[np.float64]) -> Text | None:
    """Say what a CRS does to areas and lengths over the data, where either is off by more than 0.1 %; else None.

    Of a table in which nothing lies anywhere there is nothing to say.

    Parameters
    ----------
    crs, bounds
        As for `distortion_over`.

    Examples
    --------
    >>> import numpy as np, pyproj
    >>> distortion_note(pyproj.CRS(4547), np.array([880_000, 3_400_000, 890_000, 3_420_000])).en
    'Over the data EPSG:4547 makes areas up to 0.38 % too large and lengths up to 0.19 % too large.'
    >>> distortion_note(pyproj.CRS(4549), np.array([560_000, 3_390_000, 600_000, 3_420_000]))
    >>> distortion_note(pyproj.CRS(4549), np.full(4, np.nan))
    """
    import numpy as np

    if not np.isfinite(bounds).all():
        return None
    found = distortion_over(crs, bounds)
    if max(abs(found.area), abs(found.length)) <= _SAID:
        return None
    (area_zh, area_en), (length_zh, length_en) = _off(found.area), _off(found.length)
    return Text(
        zh=f"{short_name(crs)} 在数据范围内有变形：面积最多{area_zh}，长度最多{length_zh}。",
        en=f"Over the data {short_name(crs)} makes areas up to {area_en} and lengths up to {length_en}.",
    )


def _off(error: float, most: float = 0.0) -> tuple[str, str]:
    """How far off, in percent, with digits that show where it is beyond a bound."""
    size = beyond(100 * abs(error), 100 * most)
    return (f"偏大 {size}%", f"{size} % too large") if error >= 0 else (f"偏小 {size}%", f"{size} % too small")


def refuse_distorted(crs: pyproj.CRS, bounds: NDArray[np.float64], what: str | Text) -> None:
    """Refuse to work in a CRS that makes areas of the data wrong by more than 1 %, or lengths by more than 3 %.

    Parameters
    ----------
    crs, bounds
        As for `distortion_over`.
    what
        The data, for the message.

    Raises
    ------
    CrsError

    Examples
    --------
    >>> import numpy as np, pyproj
    >>> refuse_distorted(pyproj.CRS(4549), np.array([1.88e6, 1.11e7, 1.89e6, 1.12e7]), "a.gpkg")
    Traceback (most recent call last):
    jxgis.errors.CrsError: ...
    """
    found = distortion_over(crs, bounds)
    if abs(found.area) <= _MAX_AREA and abs(found.length) <= _MAX_LENGTH:
        return
    (area_zh, area_en), (length_zh, length_en) = _off(found.area, _MAX_AREA), _off(found.length, _MAX_LENGTH)
    wide, high = (bounds[2] - bounds[0]) / 1e3, (bounds[3] - bounds[1]) / 1e3
    files = what if isinstance(what, Text) else Text(what, what)
    raise CrsError(
        zh=f"{files.zh}：数据东西 {wide:,.0f} km、南北 {high:,.0f} km，工作坐标系 {short_name(crs)} 在此处面积最多{area_zh}、"
        f"长度最多{length_zh}（上限为 1% 和 3%），不能用来量算；请核对数据的坐标和单位，去掉远离本市的图形，"
        "或在项目中把 crs 设为当地的坐标系，例如 EPSG:4549。",
        en=f"{files.en}: over the data, {wide:,.0f} km wide and {high:,.0f} km high, {short_name(crs)} makes areas up to "
        f"{area_en} and lengths up to {length_en} (1 % and 3 % at most): nothing can be measured in it; check the data's "
        "coordinates and units, take out what lies far from the city, or set crs of the project to a system made for the "
        "place, such as EPSG:4549.",
    )


def short_name(crs: pyproj.CRS) -> str:
    """A CRS in a word: its EPSG code, else its name.

    Examples
    --------
    >>> import pyproj
    >>> short_name(pyproj.CRS(4549))
    'EPSG:4549'
    """
    code = crs.to_epsg()
    return f"EPSG:{code}" if code else crs.name


def _in_metres(crs: pyproj.CRS) -> bool:
    return crs.is_projected and all(axis.unit_conversion_factor == 1 for axis in crs.axis_info)


def area_of_use(crs: pyproj.CRS) -> Box | None:
    """The area that a CRS is for, in degrees; east is above 180 where it lies across that meridian.

    Parameters
    ----------
    crs
        Any CRS. One that does not say, as those written out in full do not, is for 6 degrees on both sides of its
        central meridian where it is a transverse Mercator, and else for what that of its EPSG code is for.

    Returns
    -------
    tuple of float or None
        West, south, east, north; None where nothing is known.

    Examples
    --------
    >>> import pyproj
    >>> area_of_use(pyproj.CRS("+proj=utm +zone=51 +datum=WGS84"))
    (117.0, -84.0, 129.0, 84.0)
    >>> west, _, east, _ = area_of_use(pyproj.CRS(3460))
    >>> east - west < 10
    True
    """
    if crs.area_of_use is not None:
        west, south, east, north = crs.area_of_use.bounds
        return west, south, east + (360 if east < west else 0), north
    plane = crs.source_crs if crs.is_bound else crs
    operation = None if plane is None else plane.coordinate_operation
    if operation is None or operation.method_name != "Transverse Mercator":
        code = None if plane is None else plane.to_epsg()
        same = None if code is None else type(crs).from_epsg(code)
        return None if same is None or same.area_of_use is None else area_of_use(same)
    for parameter in operation.params:
        if parameter.name == "Longitude of natural origin" and parameter.unit_name == "degree":
            meridian = float(parameter.value)
            return meridian - _TM_DEG, -84.0, meridian + _TM_DEG, 84.0
    return None


@lru_cache(maxsize=256)
def _in_use(crs: pyproj.CRS) -> Distortion:
    """The greatest distortion over the area that the CRS is for; none where it does not say."""
    import numpy as np

    area = area_of_use(crs)
    if area is None:
        return Distortion(0.0, 0.0)
    west, south, east, north = area
    lon, lat = np.meshgrid(np.linspace(west, east, _LATTICE), np.linspace(south, north, _LATTICE))
    return distortion(crs, lon.ravel(), lat.ravel())


def is_metric(crs: pyproj.CRS | None) -> bool:
    """Whether a CRS is projected with metres on both axes and made to measure in: Mercator's maps are not.

    Examples
    --------
    >>> import pyproj
    >>> is_metric(pyproj.CRS(4549)), is_metric(pyproj.CRS(4490)), is_metric(pyproj.CRS(3857)), is_metric(None)
    (True, False, False, False)
    """
    if crs is None or not _in_metres(crs):
        return False
    found = _in_use(crs)
    return max(abs(found.area), abs(found.length)) <= _GROSS


def not_metric(crs: pyproj.CRS) -> Text:
    """Why a CRS is not one to measure in: the rest of a sentence that its name begins.

    Examples
    --------
    >>> import pyproj
    >>> not_metric(pyproj.CRS(4490)).en
    'is not projected in metres'
    >>> not_metric(pyproj.CRS(3857)).en
    'is in metres, but for world maps such as Mercator: it is wrong by more than half where it is used'
    """
    if _in_metres(crs):
        return Text(
            zh="虽以米为单位，但属墨卡托这类世界地图投影，在其使用范围内面积或长度失真超过一半",
            en="is in metres, but for world maps such as Mercator: it is wrong by more than half where it is used",
        )
    return Text(zh="不是以米为单位的投影坐标系", en="is not projected in metres")


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
        If the CRS is missing, in degrees or feet or of Mercator's kind, or differs from ``like``.

    Examples
    --------
    >>> import geopandas as gpd
    >>> require_metric(gpd.GeoSeries([], crs=4549), "parks").to_epsg()
    4549
    >>> require_metric(gpd.GeoSeries([], crs=4326), "parks")
    Traceback (most recent call last):
    jxgis.errors.CrsError: parks 的坐标系 EPSG:4326 不是以米为单位的投影坐标系；请先用 to_crs() 转换，例如 EPSG:4549。
    parks is in EPSG:4326, which is not projected in metres; convert it first with to_crs(), for example to EPSG:4549.
    """
    crs: pyproj.CRS | None = table.crs
    if crs is None:
        raise CrsError(
            zh=f"{what} 没有坐标系；请用 set_crs() 声明它。",
            en=f"{what} has no CRS; declare it with set_crs().",
        )
    if not is_metric(crs):
        why = not_metric(crs)
        raise CrsError(
            zh=f"{what} 的坐标系 {crs.to_string()} {why.zh}；请先用 to_crs() 转换，例如 EPSG:4549。",
            en=f"{what} is in {crs.to_string()}, which {why.en}; convert it first with to_crs(), "
            "for example to EPSG:4549.",
        )
    if like is not None and crs != like:
        raise CrsError(
            zh=f"{what} 的坐标系是 {crs.to_string()}，其他图层是 {like.to_string()}；请先统一坐标系。",
            en=f"{what} is in {crs.to_string()}, the other layers in {like.to_string()}; bring them into one CRS first.",
        )
    return crs


def require_table(table: object, what: str, like: pyproj.CRS | None = None) -> pyproj.CRS:
    """The metric CRS of a table that was handed over; refuse what is not one, such as None or what a loader returns.

    Parameters
    ----------
    table
        What was handed over.
    what
        The argument, for the message.
    like
        The CRS that it must share.

    Raises
    ------
    CrsError
        If the table is not in a metric CRS, or not in ``like``.
    InputError
        If it is not a table of geometries.

    Examples
    --------
    >>> require_table(None, "area")
    Traceback (most recent call last):
    jxgis.errors.InputError: area 不是 GeoDataFrame 而是 NoneType...
    """
    import geopandas as gpd

    if not isinstance(table, gpd.GeoDataFrame | gpd.GeoSeries):
        kind = type(table).__name__
        hint = Text(zh="请用它的 .table", en="give its .table") if hasattr(table, "table") else _READ_IT
        raise InputError(
            zh=f"{what} 不是 GeoDataFrame 而是 {kind}；{hint.zh}。",
            en=f"{what} is not a GeoDataFrame but {kind}; {hint.en}.",
        )
    return require_metric(table, what, like=like)


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


# A city and its surroundings are tens of kilometres wide, a province hundreds.
_FAR_M = 500_000.0


def far_off(bounds: NDArray[np.float64], box: Box | None) -> NDArray[np.bool_]:
    """Which of some shapes reach far beyond the others: they lie elsewhere, or a vertex of theirs does.

    Parameters
    ----------
    bounds
        (n, 4) west, south, east, north in degrees; those with NaN are not far off.
    box
        The city's box; without one, the middle is the median of the shapes' own.

    Returns
    -------
    numpy.ndarray
        (n,) bool: a corner is more than 500 km from the middle, and more than ten times as far as the shapes are (the
        median), or as the corners of the box.

    Examples
    --------
    >>> import numpy as np
    >>> far_off(np.array([[120.7, 30.7, 120.8, 30.8], [120.8, 30.7, 120.9, 30.8], [0, 0, 0.1, 0.1]]), None).tolist()
    [False, False, True]
    """
    import numpy as np

    known = np.isfinite(bounds).all(axis=1)
    far = np.zeros(len(bounds), dtype=bool)
    if not known.any():
        return far
    west, south, east, north = bounds[known].T
    if box is None:
        x, y = (west + east) / 2, (south + north) / 2
        middle = middle_of(x, y)
        usual = float(np.median(_distance_m(x, y, *middle)))
    else:
        middle, usual = _middle_and_corner(box)
    reach = np.maximum.reduce([_distance_m(x, y, *middle) for x in (west, east) for y in (south, north)])
    far[known] = reach > max(_FAR_M, 10 * usual)
    return far


def _middle_and_corner(box: Box) -> tuple[tuple[float, float], float]:
    """The middle of a box, and how far its corners are from it, in metres."""
    import numpy as np

    middle = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    return middle, float(_distance_m(np.array([box[0]]), np.array([box[1]]), *middle)[0])


def in_reach(lon: NDArray[np.float64], lat: NDArray[np.float64], box: Box) -> NDArray[np.bool_]:
    """Whether points lie so near to a city's box that a shape of them is not `far_off`; NaN does not.

    Examples
    --------
    >>> import numpy as np
    >>> in_reach(np.array([119.0, 116.4]), np.array([32.0, 39.9]), (120.3, 30.4, 121.1, 31.1)).tolist()
    [True, False]
    """
    middle, corner = _middle_and_corner(box)
    return _distance_m(lon, lat, *middle) <= max(_FAR_M, 10 * corner)


def middle_of(lon: NDArray[np.float64], lat: NDArray[np.float64]) -> tuple[float, float]:
    """The median of some points in degrees, also where they lie on both sides of 180.

    Examples
    --------
    >>> import numpy as np
    >>> middle_of(np.array([179.9, -179.9, -179.8, 120.0]), np.array([-16.0, -16.0, -16.0, 30.0]))
    (-180.0, -16.0)
    """
    import numpy as np

    if lon.max() - lon.min() > 180:
        lon = np.where(lon < 0, lon + 360, lon)
    east = float(np.median(lon))
    return east - 360 if east >= 180 else east, float(np.median(lat))


def _distance_m(lon: NDArray[np.float64], lat: NDArray[np.float64], lon0: float, lat0: float) -> NDArray[np.float64]:
    """Metres on the sphere from points to one, by the haversine: a fence, not a measurement."""
    import numpy as np

    up, across = np.radians(lat - lat0) / 2, np.radians(lon - lon0) / 2
    half = np.sin(up) ** 2 + np.cos(np.radians(lat)) * np.cos(np.radians(lat0)) * np.sin(across) ** 2
    metres: NDArray[np.float64] = 2 * 6_371_000 * np.arcsin(np.sqrt(np.clip(half, 0, 1)))
    return metres


def inside_box(lon: NDArray[np.float64], lat: NDArray[np.float64], box: Box) -> NDArray[np.bool_]:
    """Whether points lie in a box of degrees, whose east is above 180 where it lies across that meridian; NaN does not.

    Examples
    --------
    >>> import numpy as np
    >>> inside_box(np.array([120.7, np.nan]), np.array([30.7, 30.7]), (120, 30, 121, 31))
    array([ True, False])
    """
    import numpy as np

    west, south, east, north = box
    lon = np.where(lon < west, lon + 360, lon)
    return (lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)
