"""GCJ-02 and BD-09: China's shifted coordinates, to and from WGS-84, and a test of which one a table is in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from jxgis._errors import CrsError, InputError
from jxgis.crs import require_metric

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

__all__ = [
    "Datum",
    "DatumDiagnosis",
    "bd09_to_gcj02",
    "bd09_to_wgs84",
    "convert",
    "diagnose_datum",
    "gcj02_to_bd09",
    "gcj02_to_wgs84",
    "inside_china",
    "wgs84_to_bd09",
    "wgs84_to_gcj02",
]

Datum: TypeAlias = Literal["WGS-84", "GCJ-02", "BD-09"]
FloatArray: TypeAlias = NDArray[np.float64]
Pair: TypeAlias = tuple[FloatArray, FloatArray]

DATUMS: tuple[Datum, ...] = get_args(Datum)

# Krasovsky 1940, on which the shift of GCJ-02 is computed whatever the datum of the points.
_AXIS_M = 6378245.0
_ECCENTRICITY2 = 0.00669342162296594323
# The box outside which map services leave coordinates as they are.
_WEST, _SOUTH, _EAST, _NORTH = 72.004, 0.8293, 137.8347, 55.8271
_BD_TURN = np.pi * 3000.0 / 180.0
_BD_LON, _BD_LAT = 0.0065, 0.006
# 1e-12 degree is 0.1 micrometre; the iteration gains three digits a step, so eight steps are plenty.
_TOLERANCE_DEG, _STEPS = 1e-12, 30


def inside_china(lon: ArrayLike, lat: ArrayLike) -> NDArray[np.bool_]:
    """Whether points lie in the box in which GCJ-02 is shifted.

    Parameters
    ----------
    lon, lat
        Degrees, arrays of one shape.

    Returns
    -------
    numpy.ndarray of bool

    Examples
    --------
    >>> inside_china([120.755, -71.06], [30.746, 42.36])
    array([ True, False])
    """
    x, y = np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)
    return (x >= _WEST) & (x <= _EAST) & (y >= _SOUTH) & (y <= _NORTH)


def _shift(lon: FloatArray, lat: FloatArray) -> Pair:
    """The shift of GCJ-02 at WGS-84 points, in degrees."""
    x, y = lon - 105.0, lat - 35.0
    root = np.sqrt(np.abs(x))
    ripple = (20.0 * np.sin(6.0 * np.pi * x) + 20.0 * np.sin(2.0 * np.pi * x)) * 2.0 / 3.0
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + ripple
    north += (20.0 * np.sin(np.pi * y) + 40.0 * np.sin(np.pi / 3.0 * y)) * 2.0 / 3.0
    north += (160.0 * np.sin(np.pi / 12.0 * y) + 320.0 * np.sin(np.pi / 30.0 * y)) * 2.0 / 3.0
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + ripple
    east += (20.0 * np.sin(np.pi * x) + 40.0 * np.sin(np.pi / 3.0 * x)) * 2.0 / 3.0
    east += (150.0 * np.sin(np.pi / 12.0 * x) + 300.0 * np.sin(np.pi / 30.0 * x)) * 2.0 / 3.0
    sine = np.sin(np.radians(lat))
    magic = 1.0 - _ECCENTRICITY2 * sine * sine
    meridian = _AXIS_M * (1.0 - _ECCENTRICITY2) / (magic * np.sqrt(magic))
    parallel = _AXIS_M / np.sqrt(magic) * np.cos(np.radians(lat))
    return np.degrees(east / parallel), np.degrees(north / meridian)


def _arrays(lon: ArrayLike, lat: ArrayLike) -> Pair:
    x, y = np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)
    if x.shape != y.shape:
        raise InputError(
            zh=f"经度与纬度的个数不同：{x.shape} 与 {y.shape}。",
            en=f"lon and lat differ in shape: {x.shape} and {y.shape}.",
        )
    return x, y


def _invert(forward: Callable[[FloatArray, FloatArray], Pair], lon: FloatArray, lat: FloatArray) -> Pair:
    """Solve ``forward(x, y) = lon, lat`` by the fixed point x ← x + (lon − forward(x))."""
    x, y = lon.copy(), lat.copy()
    for _ in range(_STEPS):
        there_x, there_y = forward(x, y)
        step_x, step_y = lon - there_x, lat - there_y
        x += step_x
        y += step_y
        if not max(np.nanmax(np.abs(step_x), initial=0.0), np.nanmax(np.abs(step_y), initial=0.0)) > _TOLERANCE_DEG:
            break
    return x, y


def _to_gcj02(lon: FloatArray, lat: FloatArray) -> Pair:
    east, north = _shift(lon, lat)
    return lon + east, lat + north


def _to_bd09(lon: FloatArray, lat: FloatArray) -> Pair:
    radius = np.hypot(lon, lat) + 0.00002 * np.sin(lat * _BD_TURN)
    angle = np.arctan2(lat, lon) + 0.000003 * np.cos(lon * _BD_TURN)
    return radius * np.cos(angle) + _BD_LON, radius * np.sin(angle) + _BD_LAT


def _where_china(lon: ArrayLike, lat: ArrayLike, change: Callable[[FloatArray, FloatArray], Pair]) -> Pair:
    """Apply a change to the points inside China and leave the others as they are."""
    x, y = _arrays(lon, lat)
    inside = inside_china(x, y)
    if inside.all() and x.ndim:
        return change(x, y)
    out_x, out_y = x.copy(), y.copy()
    out_x[inside], out_y[inside] = change(x[inside], y[inside])
    return out_x, out_y


def wgs84_to_gcj02(lon: ArrayLike, lat: ArrayLike) -> Pair:
    """Shift WGS-84 (or CGCS2000) to GCJ-02, the coordinates of AMap, Tencent and most platforms.

    Parameters
    ----------
    lon, lat
        Degrees, arrays of one shape; points outside China and NaN stay as they are.

    Returns
    -------
    lon, lat : numpy.ndarray of float64

    References
    ----------
    The published form of the shift (eviltransform and others, 2013); no official text exists.

    Examples
    --------
    >>> lon, lat = wgs84_to_gcj02([120.755], [30.746])
    >>> lon.round(6), lat.round(6)
    (array([120.75932]), array([30.7437]))
    """
    return _where_china(lon, lat, _to_gcj02)


def gcj02_to_wgs84(lon: ArrayLike, lat: ArrayLike) -> Pair:
    """Take GCJ-02 back to WGS-84, to better than a micrometre, by fixed-point iteration.

    Parameters
    ----------
    lon, lat
        Degrees, arrays of one shape; points outside China and NaN stay as they are.

    Returns
    -------
    lon, lat : numpy.ndarray of float64

    Examples
    --------
    >>> lon, lat = gcj02_to_wgs84(*wgs84_to_gcj02([120.755], [30.746]))
    >>> bool(abs(lon[0] - 120.755) < 1e-11 and abs(lat[0] - 30.746) < 1e-11)
    True
    """
    return _where_china(lon, lat, lambda x, y: _invert(_to_gcj02, x, y))


def gcj02_to_bd09(lon: ArrayLike, lat: ArrayLike) -> Pair:
    """Shift GCJ-02 to BD-09, the coordinates of Baidu.

    Parameters
    ----------
    lon, lat
        Degrees, arrays of one shape; points outside China and NaN stay as they are.

    Returns
    -------
    lon, lat : numpy.ndarray of float64

    Examples
    --------
    >>> lon, lat = gcj02_to_bd09([120.75932], [30.7437])
    >>> lon.round(5), lat.round(5)
    (array([120.76588]), array([30.74953]))
    """
    return _where_china(lon, lat, _to_bd09)


def bd09_to_gcj02(lon: ArrayLike, lat: ArrayLike) -> Pair:
    """Take BD-09 back to GCJ-02, to better than a micrometre, by fixed-point iteration.

    Parameters
    ----------
    lon, lat
        Degrees, arrays of one shape; points outside China and NaN stay as they are.

    Returns
    -------
    lon, lat : numpy.ndarray of float64

    Examples
    --------
    >>> lon, lat = bd09_to_gcj02(*gcj02_to_bd09([120.75932], [30.7437]))
    >>> lon.round(9), lat.round(9)
    (array([120.75932]), array([30.7437]))
    """
    return _where_china(lon, lat, lambda x, y: _invert(_to_bd09, x, y))


def wgs84_to_bd09(lon: ArrayLike, lat: ArrayLike) -> Pair:
    """Shift WGS-84 to BD-09, through GCJ-02; parameters and result as in `wgs84_to_gcj02`.

    Examples
    --------
    >>> lon, lat = wgs84_to_bd09([120.755], [30.746])
    >>> lon.round(5), lat.round(5)
    (array([120.76588]), array([30.74953]))
    """
    return _where_china(lon, lat, lambda x, y: _to_bd09(*_to_gcj02(x, y)))


def bd09_to_wgs84(lon: ArrayLike, lat: ArrayLike) -> Pair:
    """Take BD-09 back to WGS-84, through GCJ-02; parameters and result as in `gcj02_to_wgs84`.

    Examples
    --------
    >>> lon, lat = bd09_to_wgs84(*wgs84_to_bd09([120.755], [30.746]))
    >>> lon.round(9), lat.round(9)
    (array([120.755]), array([30.746]))
    """
    return _where_china(lon, lat, lambda x, y: _invert(_to_gcj02, *_invert(_to_bd09, x, y)))


_CHANGES: dict[tuple[Datum, Datum], Callable[[ArrayLike, ArrayLike], Pair]] = {
    ("WGS-84", "GCJ-02"): wgs84_to_gcj02,
    ("WGS-84", "BD-09"): wgs84_to_bd09,
    ("GCJ-02", "WGS-84"): gcj02_to_wgs84,
    ("GCJ-02", "BD-09"): gcj02_to_bd09,
    ("BD-09", "WGS-84"): bd09_to_wgs84,
    ("BD-09", "GCJ-02"): bd09_to_gcj02,
}


def convert(lon: ArrayLike, lat: ArrayLike, *, source: Datum, target: Datum) -> Pair:
    """Bring longitudes and latitudes from one of the three datums into another.

    Parameters
    ----------
    lon, lat
        Degrees, arrays of one shape; points outside China and NaN stay as they are.
    source, target
        ``"WGS-84"``, ``"GCJ-02"`` or ``"BD-09"``.

    Returns
    -------
    lon, lat : numpy.ndarray of float64

    Raises
    ------
    CrsError
        If a datum is none of the three.

    Examples
    --------
    >>> convert([120.0], [30.0], source="WGS-84", target="WGS-84")
    (array([120.]), array([30.]))
    """
    for name in (source, target):
        if name not in DATUMS:
            raise CrsError(
                zh=f"不认识的基准 {name!r}；可用：{'、'.join(DATUMS)}。",
                en=f"Unknown datum {name!r}; use one of {', '.join(DATUMS)}.",
            )
    if source == target:
        x, y = _arrays(lon, lat)
        return x.copy(), y.copy()
    return _CHANGES[source, target](lon, lat)


@dataclass(frozen=True, slots=True)
class DatumDiagnosis:
    """Which datum fits a reference layer best.

    Parameters
    ----------
    best
        ``"WGS-84"``, ``"GCJ-02"`` or ``"BD-09"``; ``"undecided"`` where no hypothesis is clearly the nearest.
    margin
        Share by which the best median is smaller than the second: 1 − best / second, 0 to 1.
    table
        One row a hypothesis, nearest first: ``datum``, ``median_m``, ``p90_m`` (distances from the points, read in
        that datum, to the nearest feature of the reference), ``points``.
    """

    best: Datum | Literal["undecided"]
    margin: float
    table: pd.DataFrame


def diagnose_datum(
    points: gpd.GeoSeries | gpd.GeoDataFrame,
    reference: gpd.GeoSeries | gpd.GeoDataFrame,
    *,
    min_margin: float = 0.2,
    min_points: int = 30,
    max_points: int = 20_000,
) -> DatumDiagnosis:
    """Say which of WGS-84, GCJ-02 and BD-09 brings points nearest to streets, parks or other known features.

    Points alone do not tell: a shift of 500 m looks like any other city. Beside features that the points belong to
    (cases stand along streets) the right datum has by far the smallest median distance.

    Parameters
    ----------
    points
        Points in degrees (any geographic CRS: it says that the numbers are degrees, not which datum they are in).
    reference
        Features known to be in their declared CRS, projected in metres: streets are best.
    min_margin
        The best median must be smaller than the second by this share, else the answer is ``"undecided"``.
    min_points
        With fewer points inside China the answer is ``"undecided"``.
    max_points
        More points than this are thinned evenly, by their order.

    Returns
    -------
    DatumDiagnosis

    Raises
    ------
    CrsError
        If the points are not in degrees or the reference is not in metres.
    InputError
        If the reference is empty.

    Examples
    --------
    >>> import geopandas as gpd, shapely
    >>> streets = gpd.GeoSeries([shapely.LineString([(120.70, 30.75), (120.80, 30.75)])], crs=4326).to_crs(4549)
    >>> lon, lat = wgs84_to_gcj02(np.linspace(120.71, 120.79, 50), np.full(50, 30.75))
    >>> diagnose_datum(gpd.GeoSeries.from_xy(lon, lat, crs=4326), streets).best
    'GCJ-02'
    """
    import pandas as pd
    import pyproj
    import shapely

    if points.crs is None or not points.crs.is_geographic:
        raise CrsError(
            zh="判断基准需要以度为单位的点（经纬度）；请给出原始经纬度。",
            en="Diagnosing the datum needs points in degrees: give the longitudes and latitudes as they were.",
        )
    metric = require_metric(reference, "reference")
    features = np.asarray(reference.geometry)
    features = features[~(shapely.is_missing(features) | shapely.is_empty(features))]
    if not features.size:
        raise InputError(
            zh="参照图层没有要素，无法判断基准。", en="The reference layer is empty: nothing to compare with."
        )
    tree = shapely.STRtree(features)
    lonlat = shapely.get_coordinates(np.asarray(points.geometry))
    lonlat = lonlat[np.isfinite(lonlat).all(axis=1) & inside_china(lonlat[:, 0], lonlat[:, 1])]
    if len(lonlat) > max_points:
        lonlat = lonlat[np.linspace(0, len(lonlat) - 1, max_points).astype(np.int64)]
    project = pyproj.Transformer.from_crs(4326, metric, always_xy=True)
    rows = []
    for source in DATUMS:
        x, y = project.transform(*convert(lonlat[:, 0], lonlat[:, 1], source=source, target="WGS-84"))
        if len(lonlat):
            _, away = tree.query_nearest(shapely.points(x, y), return_distance=True, all_matches=False)
            rows.append((source, float(np.median(away)), float(np.quantile(away, 0.9)), len(lonlat)))
        else:
            rows.append((source, np.nan, np.nan, 0))
    table = pd.DataFrame(rows, columns=["datum", "median_m", "p90_m", "points"])
    table = table.sort_values("median_m", kind="stable", ignore_index=True)
    first, second = table["median_m"].iloc[0], table["median_m"].iloc[1]
    # Points that lie on two hypotheses' features alike (inside one large park) have both medians 0: no margin.
    margin = float(1.0 - first / second) if second > 0 else 0.0
    decided = len(lonlat) >= min_points and margin >= min_margin
    return DatumDiagnosis(best=table["datum"].iloc[0] if decided else "undecided", margin=margin, table=table)
