"""What a declared reference system means: EPSG codes, GCJ-02, BD-09, survey axes, zone prefixes, local parameters."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np
import pyproj

from jxgis import datum
from jxgis._files import require_no_grids
from jxgis.crs import Box, area_of_use, crs_name, inside_box, is_metric, middle_of, not_metric, short_name
from jxgis.errors import CrsError
from jxgis.i18n import Text, text_pair

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    from jxgis.datum import Datum

__all__ = [
    "AxisOrder",
    "Reference",
    "assign_axes",
    "check_units",
    "choose_metric_crs",
    "refuse_misplaced",
    "resolve_crs",
    "to_lonlat",
    "to_metric",
]

AxisOrder: TypeAlias = Literal["east_north", "north_east"]

# Names people write for the three datums, lower case, without blanks, hyphens and underscores.
_DATUM_NAMES: dict[str, Datum] = {
    "gcj02": "GCJ-02", "gcj": "GCJ-02", "mars": "GCJ-02", "amap": "GCJ-02", "火星坐标": "GCJ-02", "火星坐标系": "GCJ-02",
    "高德": "GCJ-02", "国测局02": "GCJ-02", "bd09": "BD-09", "bd09ll": "BD-09", "baidu": "BD-09", "百度": "BD-09",
    "百度坐标": "BD-09", "百度坐标系": "BD-09",
}  # fmt: skip
_CRS_NAMES = {
    "wgs84": "EPSG:4326", "cgcs2000": "EPSG:4490", "国家2000": "EPSG:4490", "2000国家大地坐标系": "EPSG:4490",
    "国家大地坐标系2000": "EPSG:4490",
}  # fmt: skip
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
_NEEDS_PARAMETERS = re.compile(r"beijing|xi'?_?an|北京|西安", re.IGNORECASE)


def __dir__() -> list[str]:
    return __all__


@dataclass(frozen=True)
class Reference:
    """What a declared reference system means.

    Parameters
    ----------
    name
        As it is shown to people: ``"EPSG:4549"``, ``"GCJ-02"``.
    crs
        The CRS of the numbers; EPSG:4326 for GCJ-02 and BD-09, once their shift is undone.
    datum
        ``"WGS-84"`` where there is no shift to undo.
    """

    name: str
    crs: pyproj.CRS
    datum: Datum = "WGS-84"


def resolve_crs(crs: str | int | pyproj.CRS, *, towgs84: Sequence[float] | None = None) -> Reference:
    """Say what a declared reference system means, and refuse one that cannot be converted with certainty.

    Parameters
    ----------
    crs
        An EPSG code (``4549``, ``"EPSG:4549"``), ``"GCJ-02"``, ``"BD-09"``, ``"WGS-84"``, ``"CGCS2000"``, a PROJ or
        WKT string, or a CRS.
    towgs84
        Three or seven parameters to WGS-84 (dx, dy, dz in metres; rx, ry, rz in arc seconds, position vector
        convention; ds in parts per million): required for Beijing 54, Xi'an 80 and local systems.

    Returns
    -------
    Reference

    Raises
    ------
    CrsError
        If the text is not a CRS, or the CRS needs local parameters that are not given.

    Examples
    --------
    >>> resolve_crs("gcj02")
    Reference(name='GCJ-02', crs=<Geographic 2D CRS: EPSG:4326>..., datum='GCJ-02')
    >>> resolve_crs(4549).name
    'EPSG:4549'
    >>> resolve_crs("EPSG:4610")
    Traceback (most recent call last):
    jxgis.errors.CrsError: EPSG:4610 ...
    """
    if isinstance(crs, str):
        plain = re.sub(r"[\s_-]", "", crs).lower()
        if plain in _DATUM_NAMES:
            return Reference(_DATUM_NAMES[plain], pyproj.CRS(4326), _DATUM_NAMES[plain])
        crs = _CRS_NAMES.get(plain, f"EPSG:{plain}" if plain.isdigit() else crs.strip())
    written = crs.to_wkt() if isinstance(crs, pyproj.CRS) else str(crs)
    require_no_grids(written.encode(errors="replace"), short_name(crs) if isinstance(crs, pyproj.CRS) else written)
    try:
        found = pyproj.CRS.from_user_input(crs)
    except pyproj.exceptions.CRSError:
        if _NEEDS_PARAMETERS.search(str(crs)):
            raise _needs_parameters(str(crs)) from None
        raise CrsError(
            zh=f"不认识坐标系“{crs}”；请写 EPSG 代码（如 EPSG:4549、EPSG:4490）、GCJ-02 或 BD-09。",
            en=f"Unknown reference system {crs!r}; give an EPSG code (EPSG:4549, EPSG:4490), GCJ-02 or BD-09.",
        ) from None
    name = short_name(found)
    if found.is_geocentric:
        raise CrsError(
            zh=f"{name} 是地心直角坐标系（X、Y、Z），不是平面图层的坐标系；请先转换为经纬度（EPSG:4490）或平面坐标（EPSG:4549）。",
            en=f"{name} is geocentric (X, Y, Z), and no layer of a map is kept in it; convert the data to degrees "
            "(EPSG:4490) or to a projected system (EPSG:4549) first.",
        )
    return Reference(name, _with_parameters(found, name, towgs84))


def _with_parameters(crs: pyproj.CRS, name: str, towgs84: Sequence[float] | None) -> pyproj.CRS:
    from pyproj.crs.coordinate_operation import ToWGS84Transformation

    if crs.is_bound:
        return crs
    geodetic = crs.geodetic_crs
    if geodetic is None or geodetic.datum is None:
        raise _needs_parameters(name)
    if towgs84 is not None:
        values = [float(value) for value in towgs84]
        if len(values) not in (3, 7):
            raise CrsError(
                zh=f"towgs84 需要 3 个或 7 个参数，给出了 {len(values)} 个。",
                en=f"towgs84 takes three or seven parameters; {len(values)} were given.",
            )
        shift = ToWGS84Transformation(geodetic, *values)
        return pyproj.crs.BoundCRS(source_crs=crs, target_crs=pyproj.CRS(4326), transformation=shift)
    datum = geodetic.datum.name
    if _NEEDS_PARAMETERS.search(datum) or datum.lower().startswith("unknown"):
        raise _needs_parameters(name)
    return crs


def _needs_parameters(name: str) -> CrsError:
    return CrsError(
        zh=f"{name} 属于北京54、西安80或地方坐标系，没有当地转换参数就无法准确换算（PROJ 的默认值只是猜测）；"
        "请提供 towgs84 三参数或七参数，或先转换为 CGCS2000（EPSG:4490、EPSG:4549）。",
        en=f"{name} is a Beijing 54, Xi'an 80 or local system: without local parameters its conversion is a guess; "
        "give towgs84 (three or seven parameters), or convert the data to CGCS2000 (EPSG:4490, EPSG:4549) first.",
    )


def choose_metric_crs(
    project: str | int | pyproj.CRS | None = None,
    polygons: gpd.GeoDataFrame | gpd.GeoSeries | None = None,
) -> tuple[pyproj.CRS, Text]:
    """Choose the CRS to work in: the project's, else the first polygon layer's, else the UTM zone of its middle.

    The middle is the median of the polygons' own middles: a few that lie far off do not move it.

    Parameters
    ----------
    project
        The CRS of the project or the city, where there is one.
    polygons
        The first polygon layer, with a CRS.

    Returns
    -------
    crs : pyproj.CRS
        Projected, in metres.
    why : Text
        What was chosen and why, for people.

    Raises
    ------
    CrsError
        If the project's CRS is not one to measure in (`crs.is_metric`), or there is nothing to choose by.

    Examples
    --------
    >>> crs, why = choose_metric_crs("EPSG:4549")
    >>> crs.to_epsg(), why.en
    (4549, 'Working in EPSG:4549, the CRS of the project.')
    """
    if project is not None:
        reference = resolve_crs(project)
        if not is_metric(reference.crs):
            fault = not_metric(reference.crs)
            raise CrsError(
                zh=f"项目的坐标系 {reference.name} {fault.zh}；请改用例如 EPSG:4549。",
                en=f"The project's CRS {reference.name} {fault.en}; use EPSG:4549, for example.",
            )
        return reference.crs, text_pair("load.crs_of_project", crs=reference.name)
    if polygons is None or polygons.crs is None or not len(polygons):
        raise CrsError(
            zh="没有可用的工作坐标系；请在项目中设定（如 EPSG:4549），或提供带坐标系的面图层。",
            en="No CRS to work in: set one in the project (EPSG:4549, for example) or give a polygon layer that has a CRS.",
        )
    crs: pyproj.CRS = polygons.crs
    if is_metric(crs):
        return crs, text_pair("load.crs_of_polygons", crs=crs_name(crs))
    bounds = polygons.bounds.to_numpy()
    bounds = bounds[np.isfinite(bounds).all(axis=1)]
    if not len(bounds):
        raise CrsError(
            zh="面图层中没有任何图形，无法确定工作坐标系；请检查文件是否导出完整。",
            en="The polygon layer holds no geometry to choose a CRS by; check that its file was exported whole.",
        )
    if crs.is_geographic:
        bounds = bounds[(np.abs(bounds) <= (180, 90, 180, 90)).all(axis=1)]
    utm = _utm_of(bounds, crs)
    if utm is None:
        west, south, _, _ = polygons.total_bounds
        raise CrsError(
            zh=f"面图层的坐标（如 {west:.4f}，{south:.4f}）不是经度在前、纬度在后的有效经纬度；请核对坐标系，或设定 axes = “north_east”。",
            en=f"Coordinates of the polygon layer such as {west:.4f}, {south:.4f} are not longitude and latitude; "
            'check the CRS, or set axes = "north_east".',
        )
    return utm, text_pair("load.crs_by_place", crs=crs_name(utm))


def _utm_of(bounds: NDArray[np.float64], crs: pyproj.CRS) -> pyproj.CRS | None:
    """The UTM zone of the median middle of some bounds (n, 4); None where it lies in none."""
    import geopandas as gpd
    import shapely

    # Through degrees of Greenwich: a system may count from Paris, or in grads.
    x, y = ((bounds[:, :2] + bounds[:, 2:]) / 2).T
    lon, lat = _transformer(crs, pyproj.CRS(4326)).transform(x, y, errcheck=False)
    known = np.isfinite(lon) & np.isfinite(lat)
    if not known.any():
        return None
    middle = shapely.Point(middle_of(lon[known], lat[known]))
    try:
        utm: pyproj.CRS = gpd.GeoSeries([middle], crs=4326).estimate_utm_crs()
    except RuntimeError:
        return None
    return utm


@lru_cache(maxsize=64)
def _transformer(source: pyproj.CRS, target: pyproj.CRS) -> pyproj.Transformer:
    """Making one takes PROJ 0.1 s: longer than a hundred thousand points."""
    try:
        return pyproj.Transformer.from_crs(source, target, always_xy=True)
    except pyproj.exceptions.ProjError:
        raise CrsError(
            zh=f"坐标系“{short_name(source)}”无法换算到 {short_name(target)}：可能是别的天体，或没有位置的工程坐标系；请核对图层声明的坐标系。",
            en=f"There is no way from {short_name(source)} to {short_name(target)}: it is of another celestial body, or local and "
            "without a place. Check what the layer declares.",
        ) from None


def to_lonlat(
    x: NDArray[np.float64], y: NDArray[np.float64], reference: Reference
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Bring coordinates (east or longitude first) to WGS-84 degrees; what cannot be converted becomes NaN.

    Examples
    --------
    >>> import numpy as np
    >>> lon, lat = to_lonlat(np.array([572297.0]), np.array([3403058.0]), resolve_crs(4549))
    >>> lon.round(4), lat.round(4)
    (array([120.755]), array([30.746]))
    """
    if reference.datum != "WGS-84":
        return datum.convert(x, y, source=reference.datum, target="WGS-84")
    if reference.crs.to_epsg() == 4326:
        return x.copy(), y.copy()
    return _transformed(_transformer(reference.crs, pyproj.CRS(4326)), x, y)


def to_metric(
    x: NDArray[np.float64], y: NDArray[np.float64], reference: Reference, metric: pyproj.CRS
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Bring coordinates (east or longitude first) into the metric CRS; what cannot be converted becomes NaN.

    Examples
    --------
    >>> import numpy as np, pyproj
    >>> x, y = to_metric(np.array([40572297.0]), np.array([3403058.0]), resolve_crs(4528), pyproj.CRS(4549))
    >>> x.round(3), y.round(3)
    (array([572297.]), array([3403058.]))
    """
    if reference.datum == "WGS-84" and reference.crs == metric:
        return x.copy(), y.copy()
    source = reference.crs
    # Parameters lead to WGS-84. From and to CGCS2000 PROJ leaves them out, without a word.
    if reference.datum != "WGS-84" or source.is_bound or metric.is_bound:
        x, y = to_lonlat(x, y, reference)
        source = pyproj.CRS(4326)
    return _transformed(_transformer(source, metric), x, y)


def _transformed(
    transformer: pyproj.Transformer, x: NDArray[np.float64], y: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Coordinates as a transformer converts them, NaN where it cannot convert both."""
    first, second = transformer.transform(x, y, errcheck=False)
    bad = ~(np.isfinite(first) & np.isfinite(second))
    return np.where(bad, np.nan, first), np.where(bad, np.nan, second)


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
    lon, lat = _transformer(numbers, pyproj.CRS(4326)).transform([x, y], [y, x], errcheck=False)
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
