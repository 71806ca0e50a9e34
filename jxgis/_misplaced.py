"""Whether coordinates can be what they are declared to be, and which of two is the easting."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np
import pyproj

from jxgis.crs import Box, area_of_use, inside_box, is_metric
from jxgis.errors import CrsError
from jxgis.i18n import Text
from jxgis.reference import to_lonlat, transformer_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from jxgis.reference import Reference

__all__ = ["AxisOrder", "assign_axes", "check_units", "refuse_misplaced"]

AxisOrder: TypeAlias = Literal["east_north", "north_east"]

# Data are used some degrees beyond the area that EPSG names.
_NEAR_DEG = 5.0
# Nobody maps a city farther north: numbers that lie there as a web map's are feet.
_FAR_NORTH_DEG = 75.0
# A city on the border of a zone lies this near to it.
_BESIDE_ZONE_DEG = 1.0
# Where eastings begin with the number of their zone: China, and what lies a zone beside it.
_PREFIXED: Box = (70.0, 0.0, 140.0, 60.0)
# A drawing with an origin of its own, declared in a CRS to give it metres, lies this near to 0, 0.
_LOCAL_M = 100_000.0
# What coordinates are in that are declared as metres and are not.
_UNITS = (
    (0.3048, Text(zh="英尺", en="feet")),
    (1000.0, Text(zh="千米", en="kilometres")),
    (0.01, Text(zh="厘米", en="centimetres")),
    (0.001, Text(zh="毫米", en="millimetres")),
)


def check_units(x: NDArray[np.float64], y: NDArray[np.float64], reference: Reference, what: str) -> None:
    """Refuse coordinates whose size contradicts the declared reference system.

    Parameters
    ----------
    x, y
        The two coordinates in either order; NaN is left out of account.
    reference
        What was declared.
    what
        The file or layer, for the message.

    Raises
    ------
    CrsError
        If degrees are declared as metres, metres as degrees, or eastings carry a zone prefix that the declared
        system does not have, or lack the one that it has.

    Examples
    --------
    >>> import numpy as np
    >>> from jxgis.reference import resolve_crs
    >>> check_units(np.array([40572297.0]), np.array([3403058.0]), resolve_crs(4549), "a.csv")
    Traceback (most recent call last):
    jxgis.errors.CrsError: a.csv ... EPSG:4528 ...
    """
    kept = np.isfinite(x) & np.isfinite(y) & ((x != 0) | (y != 0))
    if not kept.any():
        return
    middle = float(np.median(x[kept])), float(np.median(y[kept]))
    low, high = sorted((abs(middle[0]), abs(middle[1])))
    if reference.crs.is_geographic:
        if not (low <= 100 and high <= 200):
            raise CrsError(
                zh=f"{what} 的坐标（如 {high:.10g}）不是度，却声明为 {reference.name}；请声明它的投影坐标系，"
                "例如 crs = “EPSG:4549”（带号前缀 40 的用 EPSG:4528，网络地图用 EPSG:3857）。",
                en=f"{what}: coordinates such as {high:.10g} are not degrees, yet {reference.name} is declared; declare "
                "the projected system, such as crs = 'EPSG:4549' (EPSG:4528 for eastings that begin with 40, EPSG:3857 "
                "for web maps).",
            )
        return
    if _are_degrees_of(*middle, reference.crs):
        raise CrsError(
            zh=f"{what} 的坐标（如 {high:.4f}）是以度为单位的经纬度，却声明为 {reference.name}（米）；"
            "请改为 EPSG:4490（CGCS2000）、EPSG:4326（WGS-84）、GCJ-02 或 BD-09。",
            en=f"{what}: coordinates such as {high:.4f} are degrees, yet {reference.name} (metres) is declared; "
            "declare EPSG:4490 (CGCS2000), EPSG:4326 (WGS-84), GCJ-02 or BD-09.",
        )
    _refuse_web_mercator(*middle, reference, what)
    _check_zone(*middle, reference, what)


def _are_degrees_of(x: float, y: float, crs: pyproj.CRS) -> bool:
    """Whether two numbers, read as degrees in either order, lie where the CRS is used: a plan of 100 m does not."""
    area = area_of_use(crs)
    if area is None:
        return max(abs(x), abs(y)) <= 180 and min(abs(x), abs(y)) <= 90
    return bool(inside_box(np.array([x, y]), np.array([y, x]), _widened(area, _NEAR_DEG)).any())


def _widened(area: Box, margin: float) -> Box:
    west, south, east, north = area
    return west - margin, south - margin, east + margin, north + margin


def _inside_use(
    x: float, y: float, numbers: pyproj.CRS, crs: pyproj.CRS, margin: float = 0.0, *, north: float = 90.0
) -> bool:
    """Whether a point, its numbers read in one CRS, lies in the area that another is for, in either order.

    A CRS that does not say is for everywhere.
    """
    area = area_of_use(crs)
    if area is None:
        return True
    lon, lat = transformer_of(numbers, pyproj.CRS(4326)).transform([x, y], [y, x], errcheck=False)
    west, south, east, end = _widened(area, margin)
    return bool(inside_box(np.asarray(lon), np.asarray(lat), (west, south, east, min(end, north))).any())


def _refuse_web_mercator(x: float, y: float, reference: Reference, what: str) -> None:
    """Refuse the coordinates of web maps declared as another CRS: their eastings look like zone prefixes."""
    crs = reference.crs
    if crs == pyproj.CRS(3857) or _inside_use(x, y, crs, crs, _NEAR_DEG):
        return
    if _inside_use(x, y, pyproj.CRS(3857), crs, _NEAR_DEG, north=_FAR_NORTH_DEG):
        raise CrsError(
            zh=f"{what} 的坐标（如 {x:.0f}，{y:.0f}）是网络地图的墨卡托坐标，却声明为 {reference.name}；请声明 EPSG:3857。",
            en=f"{what}: coordinates such as {x:.0f}, {y:.0f} are those of web maps, yet {reference.name} is declared; "
            "declare EPSG:3857.",
        )


def refuse_misplaced(x: NDArray[np.float64], y: NDArray[np.float64], reference: Reference, what: str) -> None:
    """Refuse coordinates that lie far from where their projected CRS is used: feet declared as metres, for example.

    Parameters
    ----------
    x, y
        (n,) east and north of points or of the middles of shapes, n above 0.
    reference
        What was declared.
    what
        The file or layer, for the message.

    Raises
    ------
    CrsError
        If the median point fits the CRS's area of use in another unit only, or lies more than 5 degrees outside it and
        is not a local drawing near 0, 0.

    Examples
    --------
    >>> import numpy as np
    >>> from jxgis.reference import resolve_crs
    >>> refuse_misplaced(np.array([1_877_615.0]), np.array([11_164_888.0]), resolve_crs(4549), "a.gpkg")
    Traceback (most recent call last):
    jxgis.errors.CrsError: a.gpkg ...英尺...
    """
    crs = reference.crs
    east, north = float(np.median(x)), float(np.median(y))
    if _inside_use(east, north, crs, crs, _NEAR_DEG):
        return
    for metres, unit in _UNITS:
        if _inside_use(east * metres, north * metres, crs, crs):
            raise CrsError(
                zh=f"{what} 的坐标（如 {east:.10g}，{north:.10g}）像是{unit.zh}，却声明为 {reference.name}（米）；"
                "请换算为米，或声明以该单位计的坐标系。",
                en=f"{what}: coordinates such as {east:.10g}, {north:.10g} seem to be {unit.en}, yet {reference.name} "
                "(metres) is declared; convert them to metres, or declare a CRS in that unit.",
            )
    if max(abs(east), abs(north)) > _LOCAL_M:
        lon, lat = to_lonlat(np.array([east]), np.array([north]), reference)
        there_zh, there_en = f"落在经度 {lon[0]:.2f}、纬度 {lat[0]:.2f}", f"lie at {lon[0]:.2f} E, {lat[0]:.2f} N"
        if np.isnan(lon[0]):
            there_zh, there_en = "不在地球上任何地方", "lie nowhere on earth"
        raise CrsError(
            zh=f"{what} 的坐标（如 {east:.10g}，{north:.10g}）按 {reference.name} {there_zh}，"
            "远在该坐标系的适用范围之外；请核对坐标系和单位。",
            en=f"{what}: coordinates such as {east:.10g}, {north:.10g} {there_en} in {reference.name}, "
            "far outside the area that it is for; check the CRS and the unit.",
        )


def _check_zone(x: float, y: float, reference: Reference, what: str) -> None:
    """Refuse a zone prefix where none is declared, and a missing one where one is."""
    operation = reference.crs.coordinate_operation
    # Zones are Gauss and Krüger's.
    if operation is None or operation.method_name != "Transverse Mercator":
        return
    given = {p.name: float(p.value) for p in operation.params}
    easting, largest = given["False easting"], max(abs(x), abs(y))
    prefix, zone = int(largest // 1e6), int(easting // 1e6)
    west, _, east, _ = area_of_use(reference.crs) or _PREFIXED
    if easting < 1e6 and 13 <= prefix <= 45 and west <= _PREFIXED[2] and east >= _PREFIXED[0]:
        proper = _zone_system(x, y, _gauss_kruger(prefix), reference, what)
        raise CrsError(
            zh=f"{what} 的东坐标（如 {largest:.0f}）带有带号前缀 {prefix}，而 {reference.name} 不带带号；请声明 {proper}。",
            en=f"{what}: eastings such as {largest:.0f} carry the zone prefix {prefix}, which {reference.name} does not "
            f"have; declare {proper}.",
        )
    meridian, central = zone * 3 if zone >= 25 else zone * 6 - 3, given["Longitude of natural origin"]
    # Others have large false eastings too (New Zealand 1,600,000): only a zone's number goes with its meridian.
    if easting > 1e6 and largest < 1e7 and easting % 1e6 == 500_000 and central == meridian:
        proper = f"CM {meridian}E"
        if 75 <= meridian <= 135:
            # The systems without a prefix come in EPSG's list after those with one, 21 of 3 degrees, 11 of 6.
            proper = _zone_system(x, y, _gauss_kruger(zone) + (21 if zone >= 25 else 11), reference, what)
        raise CrsError(
            zh=f"{what} 的东坐标没有带号前缀 {zone}（最大坐标 {largest:.0f}），而 {reference.name} 带有；请声明 {proper}。",
            en=f"{what}: eastings lack the zone prefix {zone} (largest coordinate {largest:.0f}) that {reference.name} "
            f"has; declare {proper}.",
        )


def _zone_system(x: float, y: float, code: int, reference: Reference, what: str) -> str:
    """The system of a zone, for numbers that lie in the zone; others are refused as misplaced: feet far north begin so too."""
    proper = pyproj.CRS(code)
    if not _inside_use(x, y, proper, proper, _BESIDE_ZONE_DEG):
        refuse_misplaced(np.array([x]), np.array([y]), reference, what)
    return f"EPSG:{code}"


def _gauss_kruger(zone: int) -> int:
    """The EPSG code of the CGCS2000 system whose eastings carry this zone: 3 degrees wide from zone 25 on, else 6."""
    return 4513 + zone - 25 if zone >= 25 else 4491 + zone - 13


def assign_axes(
    first: NDArray[np.float64],
    second: NDArray[np.float64],
    reference: Reference,
    *,
    box: Box | None,
    what: str,
    names: tuple[str, str],
) -> AxisOrder:
    """Decide by value which of two coordinates is the easting: a Chinese survey's X is north.

    Parameters
    ----------
    first, second
        The two coordinates as the file has them; NaN and 0, 0 are left out of account.
    reference
        What was declared.
    box
        Where the points can lie; without one, where the CRS may be used, or the ranges of degrees.
    what, names
        The file and the names of its two columns, for the message.

    Returns
    -------
    ``"east_north"`` if ``first`` is the easting, ``"north_east"`` if ``second`` is

    Raises
    ------
    CrsError
        If both assignments or neither put the points (more than half of them) into the box.

    Examples
    --------
    >>> import numpy as np
    >>> from jxgis.reference import resolve_crs
    >>> north, east = np.array([3403058.0]), np.array([572297.0])
    >>> box = (120.35, 30.45, 121.05, 31.10)
    >>> assign_axes(north, east, resolve_crs(4549), box=box, what="a.csv", names=("X坐标", "Y坐标"))
    'north_east'
    """
    kept = np.isfinite(first) & np.isfinite(second) & ((first != 0) | (second != 0))
    # 20,000 points tell as much as a million, at a fiftieth of the time.
    take = np.flatnonzero(kept)
    take = take[np.linspace(0, len(take) - 1, min(len(take), 20_000)).astype(np.int64)]
    if not len(take):
        return "east_north"
    shares = {
        "east_north": _share_inside(first[take], second[take], reference, box),
        "north_east": _share_inside(second[take], first[take], reference, box),
    }
    fits: list[AxisOrder] = [order for order in ("east_north", "north_east") if shares[order] > 0.5]
    if len(fits) == 1:
        return fits[0]
    if fits and reference.crs.is_projected and not is_metric(reference.crs):
        # Both orders fit a map of the world, and no survey is kept in one.
        return "east_north"
    a, b = names
    where_zh, where_en = ("两种顺序都", "both orders put") if fits else ("两种顺序都不", "neither order puts")
    raise CrsError(
        zh=f"{what}：无法判断 {a}、{b} 哪个是东、哪个是北（{where_zh}能使点落在本市范围内；例如 {a}={first[take[0]]:.10g}，"
        f"{b}={second[take[0]]:.10g}，坐标系 {reference.name}）；请核对坐标系，"
        f"或设定 axes = “east_north”（{a} 为东）或 “north_east”（{a} 为北）。",
        en=f"{what}: which of {a} and {b} is east cannot be told: {where_en} the points in the city "
        f"({a}={first[take[0]]:.10g}, {b}={second[take[0]]:.10g}, {reference.name}); check the CRS, or set "
        f'axes = "east_north" ({a} is east) or "north_east" ({a} is north).',
    )


def _share_inside(
    east: NDArray[np.float64], north: NDArray[np.float64], reference: Reference, box: Box | None
) -> float:
    """Share of the points that one assignment puts where points can lie."""
    if box is None:
        area = area_of_use(reference.crs) if reference.crs.is_projected else None
        box = area or (-180.0, -90.0, 180.0, 90.0)
    lon, lat = to_lonlat(east, north, reference)
    return float(np.mean(inside_box(lon, lat, box)))
