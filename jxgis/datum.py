"""GCJ-02 and BD-09: China's shifted coordinates, to and from WGS-84, and a test of which one a table is in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from jxgis.crs import require_metric
from jxgis.errors import CrsError, InputError
from jxgis.i18n import listed

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


def __dir__() -> list[str]:
    return __all__


def _inside_china(lon: ArrayLike, lat: ArrayLike) -> NDArray[np.bool_]:
    """Whether points lie in the box in which GCJ-02 is shifted."""
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
    inside = _inside_china(x, y)
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
                zh=f"不认识的基准 {name!r}；可用：{listed(DATUMS, 'zh')}。",
                en=f"Unknown datum {name!r}; use one of {listed(DATUMS, 'en')}.",
            )
    if source == target:
        x, y = _arrays(lon, lat)
        return x.copy(), y.copy()
    return _CHANGES[source, target](lon, lat)


@dataclass(frozen=True, slots=True)
class DatumDiagnosis:
    """Which datum fits a reference layer best, if that can be told.

    Parameters
    ----------
    best
        ``"WGS-84"``, ``"GCJ-02"`` or ``"BD-09"``; ``"undecided"`` where no hypothesis stands out.
    margin
        By how much the best ``z`` exceeds the second.
    table
        One row a hypothesis, best fit first: ``datum``, ``median_m``, ``p90_m`` (distances from the points, read in
        that datum, to the nearest feature of the reference), ``z`` (how many standard deviations the fit lies above
        those of the same points moved at random), ``p`` (share of the moved tables, itself among them, that fit as
        well), ``points``.
    """

    best: Datum | Literal["undecided"]
    margin: float
    table: pd.DataFrame


# A point this far from a feature counts 1/e of one upon it: more than points scatter, less than a block is wide.
_SCALE_M = 25.0
# e^-5 of a point upon a feature: beyond it a point counts nothing, and the search ends.
_AWAY_M = 5 * _SCALE_M
# A fifth of the scale: what is measured to a vertex is at most half of it too far.
_PIECE_M = _SCALE_M / 5
# As long as the shifts among the three datums, and too long for points that belong to the features to fit still.
_OFFSETS_M = (100.0, 1500.0)
# By how much the best z must exceed the second, else the answer is "undecided".
_MIN_MARGIN = 4.0
# Random moves a hypothesis; the fewer, the more often chance is taken for a fit.
_MOVES = 500
# More points than this are thinned evenly, by their order.
_MOST_POINTS = 1000


def diagnose_datum(
    points: gpd.GeoSeries | gpd.GeoDataFrame,
    reference: gpd.GeoSeries | gpd.GeoDataFrame,
    *,
    seed: int = 0,
) -> DatumDiagnosis:
    """Say in which of WGS-84, GCJ-02 and BD-09 points fit streets, parks or other known features, if it can be told.

    Points alone do not tell: a shift of 500 m looks like any other city. Beside features that points belong to (cases
    stand along streets) the right datum fits, and any other reading of the table fits no better than chance. What
    chance does is measured: read in each datum, the points are moved as one by 100 to 1,500 m in random directions, and
    their fit, Σ exp(−distance / 25 m), is compared with those. So neither the density of the streets, nor how many of
    them are known, nor clusters among the points count as evidence. A datum is named where none of its moved tables
    fits as well as it does itself and its z exceeds the second's by 4.

    Parameters
    ----------
    points
        Points in degrees (any geographic CRS: it says that the numbers are degrees, not which datum they are in).
    reference
        Features known to be in their declared CRS, projected in metres: streets are best.
    seed
        Of the random moves.

    Returns
    -------
    DatumDiagnosis

    Raises
    ------
    CrsError
        If the points are not in degrees or the reference is not in metres.
    InputError
        If the reference is empty.

    Notes
    -----
    How often it answers and errs, by points, share of streets known and noise: docs/methods_datum.md, printed by
    ``benchmarks/datum.py``.

    Examples
    --------
    >>> import geopandas as gpd, shapely
    >>> ways = [[(120.7 + 0.01 * k**1.3, 30.70), (120.7 + 0.01 * k**1.3, 30.75)] for k in range(8)]
    >>> ways += [[(120.70, 30.70 + 0.006 * k**1.2), (120.82, 30.70 + 0.006 * k**1.2)] for k in range(6)]
    >>> along = shapely.line_interpolate_point(np.repeat(shapely.linestrings(ways), 20), np.linspace(0, 0.05, 280))
    >>> streets = gpd.GeoSeries(shapely.linestrings(ways), crs=4326).to_crs(4549)
    >>> lon, lat = wgs84_to_gcj02(*shapely.get_coordinates(along).T)
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
    tree, fit = shapely.STRtree(features), _Fit(features)
    lonlat = shapely.get_coordinates(np.asarray(points.geometry))
    lonlat = lonlat[np.isfinite(lonlat).all(axis=1) & _inside_china(lonlat[:, 0], lonlat[:, 1])]
    if len(lonlat) > _MOST_POINTS:
        lonlat = lonlat[np.linspace(0, len(lonlat) - 1, _MOST_POINTS).astype(np.int64)]
    project = pyproj.Transformer.from_crs(4326, metric, always_xy=True)
    rng = np.random.default_rng(seed)
    rows = []
    for source in DATUMS:
        if not len(lonlat):
            rows.append((source, np.nan, np.nan, np.nan, np.nan, 0))
            continue
        xy = np.stack(project.transform(*convert(lonlat[:, 0], lonlat[:, 1], source=source, target="WGS-84")), axis=1)
        _, away = tree.query_nearest(shapely.points(xy), return_distance=True, all_matches=False)
        length, angle = rng.uniform(*_OFFSETS_M, _MOVES), rng.uniform(0, 2 * np.pi, _MOVES)
        moves = length[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
        own, moved = fit(xy), np.array([fit(xy + move) for move in moves])
        spread = moved.std()
        # One large park, or nothing near: every move fits alike, and nothing is told.
        z = float((own - moved.mean()) / spread) if spread > 0 else 0.0
        p = (1 + np.count_nonzero(moved >= own)) / (1 + _MOVES)
        rows.append((source, float(np.median(away)), float(np.quantile(away, 0.9)), z, p, len(lonlat)))
    table = pd.DataFrame(rows, columns=["datum", "median_m", "p90_m", "z", "p", "points"])
    table = table.sort_values("z", ascending=False, kind="stable", ignore_index=True)
    margin = float(table["z"].iloc[0] - table["z"].iloc[1])
    unmatched = table["p"].iloc[0] <= 1 / (1 + _MOVES)
    decided = unmatched and margin >= _MIN_MARGIN
    return DatumDiagnosis(best=table["datum"].iloc[0] if decided else "undecided", margin=margin, table=table)


class _Fit:
    """How much points lie at features: 1 each upon one, 1/e at 25 m, nothing far off."""

    def __init__(self, features: NDArray[np.object_]) -> None:
        import shapely
        from scipy.spatial import cKDTree

        parts = shapely.get_parts(features)
        area = shapely.get_dimensions(parts) == 2
        self._areas = shapely.STRtree(parts[area])
        edges = np.concatenate([parts[~area], shapely.boundary(parts[area])])
        # Many moves of many points: a tree of the vertices of short pieces is several times faster than one of lines.
        self._vertices = cKDTree(shapely.get_coordinates(shapely.segmentize(edges, _PIECE_M)))

    def __call__(self, xy: FloatArray) -> float:
        import shapely

        away = np.asarray(self._vertices.query(xy, distance_upper_bound=_AWAY_M)[0])
        if len(self._areas):
            away[self._areas.query(shapely.points(xy), predicate="intersects")[0]] = 0.0
        return float(np.exp(-away / _SCALE_M).sum())
