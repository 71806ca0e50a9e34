"""What a declared reference system means: EPSG codes, GCJ-02, BD-09, survey axes, zone prefixes, local parameters."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import pyproj

from jxgis import datum
from jxgis._files import require_no_grids
from jxgis.crs import crs_name, is_metric, middle_of, not_metric, short_name
from jxgis.errors import CrsError
from jxgis.i18n import Text, text_pair
from jxgis.schema.layers import nearest

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    from jxgis.datum import Datum

__all__ = [
    "Reference",
    "choose_metric_crs",
    "resolve_crs",
    "to_lonlat",
    "to_metric",
    "transformer_of",
]

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
#: Those that may be meant by a name that is near.
_NAMES = ("GCJ-02", "BD-09", "WGS-84", "CGCS2000")
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
        hint = nearest(str(crs), _NAMES)
        raise CrsError(
            zh=f"不认识坐标系“{crs}”{hint.zh}请写 EPSG 代码（如 EPSG:4549、EPSG:4490）、GCJ-02 或 BD-09。",
            en=f"Unknown reference system {crs!r}{hint.en} Give an EPSG code (EPSG:4549, EPSG:4490), GCJ-02 or BD-09.",
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
    lon, lat = transformer_of(crs, pyproj.CRS(4326)).transform(x, y, errcheck=False)
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
def transformer_of(source: pyproj.CRS, target: pyproj.CRS) -> pyproj.Transformer:
    """The way from one CRS to another, kept: making one takes PROJ 0.1 s, longer than a hundred thousand points.

    Raises
    ------
    CrsError
        If there is no way.
    """
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
    return _transformed(transformer_of(reference.crs, pyproj.CRS(4326)), x, y)


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
    return _transformed(transformer_of(source, metric), x, y)


def _transformed(
    transformer: pyproj.Transformer, x: NDArray[np.float64], y: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Coordinates as a transformer converts them, NaN where it cannot convert both."""
    first, second = transformer.transform(x, y, errcheck=False)
    bad = ~(np.isfinite(first) & np.isfinite(second))
    return np.where(bad, np.nan, first), np.where(bad, np.nan, second)
