"""Coordinates and geometries into the metric CRS: declared, checked against what they look like, never guessed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import pandas as pd
import shapely

from jxgis import crs as _crs
from jxgis import reference as _reference
from jxgis.errors import CrsError, InputError
from jxgis.i18n import Text, listed
from jxgis.load._columns import as_coordinate, as_text
from jxgis.parse import narrow
from jxgis.schema.layers import heads

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyproj
    from numpy.typing import NDArray

    from jxgis.crs import Box
    from jxgis.reference import AxisOrder, Reference

__all__ = ["Flaw", "Placed", "degrees_apart", "nowhere", "place_columns", "place_geometry", "reference_of"]

Flaw: TypeAlias = "tuple[str, str, NDArray[np.bool_], Any]"
"""Field, reason, mask (n,), values (n,): what is wrong with which rows of a file."""

# shapely's type numbers.
_LINES, _POLYGONS = (1, 5), (3, 6)
_KM_PER_DEG = 111.2
_REACH_KM = 10.0
_DEGREE_M = 111_195.0  # of a great circle of 6,371 km
_PAIR = r"^[^\d+-]*(?P<first>[+-]?\d+(?:\.\d+)?)\s*[,，;；\s]\s*(?P<second>[+-]?\d+(?:\.\d+)?)[^\d]*$"
# Both with their signs of degrees, or of full width.
_PAIR_BY_HAND = r"^\s*([^,;]*\d[^,;]*?)\s*[,;]\s*([^,;]*\d[^,;]*?)\s*$"


@dataclass(frozen=True, slots=True)
class Placed:
    """Where the rows of one file are.

    Parameters
    ----------
    geometry
        (n,) geometries in the metric CRS; None where ``flaws`` says why.
    given
        (n, 2) points as the file has them, its first coordinate first; NaN for what is not a point or not a number.
    flaws
        What is wrong with which rows.
    order
        How two columns were read; None where there was nothing to decide.
    in_one_field
        Rows whose first column held both numbers.
    columns
        The sets of columns that say where the points are, by contract name; the first is taken.
    cut
        Lines of which only the part near the city is kept.
    reaching
        Positions of polygons that lie in the city and reach more than 10 km out of its box.
    """

    geometry: NDArray[Any]
    given: NDArray[np.float64]
    flaws: tuple[Flaw, ...]
    order: AxisOrder | None = None
    in_one_field: int = 0
    columns: tuple[tuple[str, ...], ...] = ()
    cut: int = 0
    reaching: tuple[int, ...] = ()


def nowhere(rows: int) -> Placed:
    """What is said of the places of rows that have none.

    Examples
    --------
    >>> nowhere(2).geometry.tolist()
    [None, None]
    """
    return Placed(np.full(rows, None, dtype=object), np.full((rows, 2), np.nan), ())


def degrees_apart(frame: pd.DataFrame, sets: Sequence[tuple[str, ...]]) -> float | None:
    """How far two pairs of columns in degrees are apart, metres, the median; None where they are not both in degrees."""
    pairs = [[as_coordinate(frame[name])[0].to_numpy() for name in names] for names in sets if len(names) == 2]
    if len(pairs) < 2:
        return None
    (lon, lat), (x, y) = pairs[:2]
    known = np.isfinite(np.stack([lon, lat, x, y])).all(axis=0)
    lon, lat, x, y = lon[known], lat[known], x[known], y[known]
    degrees = (np.abs(lon) <= 180) & (np.abs(x) <= 180) & (np.abs(lat) <= 90) & (np.abs(y) <= 90)
    if not len(lon) or not degrees.all():
        return None
    east, north = (x - lon) * np.cos(np.radians(lat)), y - lat
    return float(np.median(np.hypot(east, north)) * _DEGREE_M)


def reference_of(
    declared: str | int | pyproj.CRS | None,
    own: pyproj.CRS | None,
    *,
    towgs84: tuple[float, ...] | None,
    what: str,
    points: bool,
) -> Reference:
    """What the coordinates of a file are in: as declared by the user, else by the file itself; never a guess."""
    chosen = own if declared is None else declared
    if chosen is None and points:
        raise CrsError(
            zh=f"{what} 需要声明坐标系（crs）：EPSG:4490、EPSG:4549、EPSG:4326、GCJ-02（高德、多数平台）或 BD-09（百度）。"
            "单看坐标无法区分 WGS-84 与 GCJ-02，两者在嘉兴相差约 486 米。",
            en=f"{what}: declare its reference system (crs): EPSG:4490, EPSG:4549, EPSG:4326, GCJ-02 (AMap, most "
            "platforms) or BD-09 (Baidu). Points alone do not tell WGS-84 from GCJ-02, hundreds of metres apart.",
        )
    if chosen is None:
        raise CrsError(
            zh=f"{what} 没有坐标系（例如 Shapefile 缺少 .prj）；请用 crs 声明，如 EPSG:4549。",
            en=f"{what} has no CRS (a Shapefile without .prj, for example); declare it with crs, such as EPSG:4549.",
        )
    return _reference.resolve_crs(chosen, towgs84=towgs84)


def place_geometry(
    geometry: NDArray[Any],
    reference: Reference,
    metric: pyproj.CRS,
    *,
    axes: AxisOrder | None,
    box: Box | None,
    what: str,
) -> Placed:
    """Bring geometries into the metric CRS.

    Parameters
    ----------
    geometry
        (n,) geometries or None.
    reference
        What their coordinates are in.
    metric
        CRS to work in.
    axes
        ``"north_east"`` if their first coordinate is the northing.
    box
        Where they can lie, in degrees; what lies wholly outside is flawed, and so is what reaches far beyond it, or,
        without a box, far beyond the others (`crs.far_off`). Of a line, a river or a railway as one feature, the part
        near the box is kept.
    what
        The file, for messages.

    Returns
    -------
    Placed

    Raises
    ------
    CrsError
        If the coordinates contradict the reference system, lie in the box only with their axes swapped, or lie so far
        apart that the stray ones cannot be told.
    """
    flat = shapely.force_2d(geometry)
    missing = shapely.is_missing(flat)
    empty = shapely.is_empty(flat) & ~missing
    broken = ~missing & ~empty & ~_finite(flat)
    if axes == "north_east":
        flat[~broken] = shapely.transform(flat[~broken], lambda xy: xy[:, ::-1])
    bounds = shapely.bounds(flat)
    bounds[broken] = np.nan
    given = np.where((bounds[:, :2] == bounds[:, 2:]).all(axis=1)[:, None], bounds[:, :2], np.nan)
    given = given[:, ::-1] if axes == "north_east" else given
    west, south, east, north = bounds.T
    middle_x, middle_y = (west + east) / 2, (south + north) / 2
    _reference.check_units(middle_x, middle_y, reference, what)
    usable = ~(missing | empty | broken)
    beyond = np.zeros(len(flat), dtype=bool)
    if reference.crs.is_geographic:
        beyond = usable & ~(np.abs(bounds) <= (180, 90, 180, 90)).all(axis=1)
        if usable.any() and beyond[usable].mean() > 0.5:
            where = (_EARTH, _ON_EARTH) if box is None else (box, _IN_CITY)
            _refuse_swapped(middle_x[beyond], middle_y[beyond], reference, where[0], what, axes, where[1])
        usable &= ~beyond
    degrees = _in_degrees(bounds, usable, reference)
    outside = np.zeros(len(flat), dtype=bool) if box is None else usable & ~_meets(degrees, box)
    if usable.any():
        share_outside = float(outside[usable].mean())
        _refuse_elsewhere(middle_x[usable], middle_y[usable], share_outside, reference, box, what, axes)
    far = usable & ~outside & _crs.far_off(degrees, box)
    cut = 0
    if box is None:
        _refuse_scattered(far, usable, degrees, what)
    else:
        lines, near = _near_parts(flat, far, reference, box)
        cut = int((shapely.get_num_coordinates(near) < shapely.get_num_coordinates(flat[lines])).sum())
        flat[lines], far[lines] = near, False
    moved = _moved(flat, usable & ~outside & ~far & np.isfinite(degrees).all(axis=1), reference, metric)
    strayed = usable & ~outside & ~far & shapely.is_missing(moved)
    blank = np.full(len(flat), "", dtype=object)
    middles = _pairs(np.column_stack([middle_x, middle_y]), outside | far)
    return Placed(
        moved,
        given,
        (
            ("geometry", "no_geometry", missing, blank),
            ("geometry", "empty_geometry", empty, blank),
            ("geometry", "bad_coordinates", broken | strayed, blank),
            ("geometry", "beyond_degrees", beyond, _pairs(_extremes(bounds), beyond)),
            ("geometry", "outside_box", outside, middles),
            ("geometry", "far_off", far, middles),
        ),
        cut=cut,
        reaching=() if box is None else _reaching(flat, degrees, usable & ~outside & ~far, box),
    )


def _reaching(
    geometry: NDArray[Any], degrees: NDArray[np.float64], rows: NDArray[np.bool_], box: Box
) -> tuple[int, ...]:
    """Which polygons of some rows reach far out of the box: lakes do, and what has a vertex mistyped."""
    across = _KM_PER_DEG * np.cos(np.radians((box[1] + box[3]) / 2))
    west, south, east, north = degrees.T
    out = np.maximum.reduce(
        [
            (box[0] - west) * across,
            (east - box[2]) * across,
            (box[1] - south) * _KM_PER_DEG,
            (north - box[3]) * _KM_PER_DEG,
        ]
    )
    return tuple(np.flatnonzero(rows & (out > _REACH_KM) & np.isin(shapely.get_type_id(geometry), _POLYGONS)).tolist())


def _meets(degrees: NDArray[np.float64], box: Box) -> NDArray[np.bool_]:
    """Whether bounds (n, 4) in degrees have something of the box."""
    west, south, east, north = degrees.T
    return np.asarray((east >= box[0]) & (west <= box[2]) & (north >= box[1]) & (south <= box[3]))


def _near_parts(
    geometry: NDArray[Any], far: NDArray[np.bool_], reference: Reference, box: Box
) -> tuple[NDArray[np.int64], NDArray[Any]]:
    """Which lines that reach far out of the box have a part near it, and those parts."""
    lines = np.flatnonzero(far & np.isin(shapely.get_type_id(geometry), _LINES))
    near = np.array([_near_part(line, reference, box) for line in geometry[lines]], dtype=object)
    some = ~shapely.is_empty(near)
    return lines[some], near[some]


def _near_part(line: shapely.Geometry, reference: Reference, box: Box) -> shapely.Geometry:
    """The segments of a line with both ends in reach of the city, as one multi-line."""
    runs = []
    for part in shapely.get_parts(line):
        xy = shapely.get_coordinates(part)
        near = _crs.in_reach(*_reference.to_lonlat(xy[:, 0], xy[:, 1], reference), box)
        ends = np.flatnonzero(np.diff(near.astype(np.int8))) + 1
        pieces = zip(np.split(xy, ends), np.split(near, ends), strict=True)
        runs += [shapely.LineString(piece) for piece, held in pieces if held[0] and len(piece) > 1]
    return shapely.MultiLineString(runs)


def _in_degrees(bounds: NDArray[np.float64], rows: NDArray[np.bool_], reference: Reference) -> NDArray[np.float64]:
    """Bounds (n, 4) of some rows in degrees, corner by corner; NaN for the others, and for what has no place."""
    degrees = np.full(bounds.shape, np.nan)
    for corner in (slice(0, 2), slice(2, 4)):
        x, y = bounds[rows, corner].T
        degrees[rows, corner] = np.column_stack(_reference.to_lonlat(x, y, reference))
    return degrees


def _moved(geometry: NDArray[Any], rows: NDArray[np.bool_], reference: Reference, metric: pyproj.CRS) -> NDArray[Any]:
    """Geometries of some rows in the metric CRS; None for the others, and for those of which it loses a vertex."""
    moved = np.full(len(geometry), None, dtype=object)
    taken = geometry[rows]
    xy, index = shapely.get_coordinates(taken, return_index=True)
    xy = np.column_stack(_reference.to_metric(xy[:, 0], xy[:, 1], reference, metric))
    whole = np.ones(len(taken), dtype=bool)
    whole[index[~np.isfinite(xy).all(axis=1)]] = False
    # Never set the others: the ring of a polygon whose first vertex is not a number does not close.
    moved[np.flatnonzero(rows)[whole]] = shapely.set_coordinates(taken[whole], xy[whole[index]])
    return moved


def _extremes(bounds: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of each bounds (n, 4) the two coordinates that are farthest from 0."""
    low, high = bounds[:, :2], bounds[:, 2:]
    return np.where(np.abs(low) > np.abs(high), low, high)


def _refuse_scattered(
    far: NDArray[np.bool_], usable: NDArray[np.bool_], degrees: NDArray[np.float64], what: str
) -> None:
    """Refuse a layer of which no half lies together: which of its shapes are the stray ones cannot be told."""
    if not usable.any() or far[usable].mean() < 0.5:
        return
    first, last = degrees[usable][0], degrees[usable][-1]
    raise CrsError(
        zh=f"{what} 的图形相距过远（有的在经度 {first[0]:.4f}、纬度 {first[1]:.4f}，有的在 {last[2]:.4f}、{last[3]:.4f}），"
        "无法判断城市在哪里；请改正或去掉写错的图形和顶点，或用项目（--project）说明城市。",
        en=f"{what}: its shapes lie too far apart (from {first[0]:.4f}, {first[1]:.4f} to {last[2]:.4f}, {last[3]:.4f}) "
        "to tell where the city is; mend or remove the stray shapes and vertices, or name the city with a project.",
    )


def _pairs(xy: NDArray[np.float64], rows: NDArray[np.bool_]) -> NDArray[np.object_]:
    """Coordinates (n, 2) as the rejects show them, for some rows."""
    values = np.full(len(xy), "", dtype=object)
    values[rows] = [f"{x:.10g},{y:.10g}" for x, y in xy[rows]]
    return values


def _finite(geometry: NDArray[Any]) -> NDArray[np.bool_]:
    """Whether all coordinates of each geometry are numbers."""
    xy, index = shapely.get_coordinates(geometry, return_index=True)
    finite = np.ones(len(geometry), dtype=bool)
    finite[index[~np.isfinite(xy).all(axis=1)]] = False
    return finite


_IN_CITY = Text(zh="本市范围", en="the city")
_EARTH: Box = (-180.0, -90.0, 180.0, 90.0)
_ON_EARTH = Text(zh="有效的经纬度范围", en="the range of degrees")
_IN_USE = Text(zh="该坐标系的适用范围", en="the area that the CRS is for")


def _refuse_elsewhere(
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    share_outside: float,
    reference: Reference,
    box: Box | None,
    what: str,
    axes: AxisOrder | None,
) -> None:
    """Refuse shapes, by their middles, most of which lie out of the city, or where none is known of the area of their CRS."""
    if box is not None:
        if share_outside > 0.5:
            _refuse_swapped(x, y, reference, box, what, axes, _IN_CITY)
            if reference.crs.is_projected:
                _reference.refuse_misplaced(x, y, reference, what)
    elif reference.crs.is_projected and (fence := _crs.area_of_use(reference.crs)) is not None:
        lon, lat = _reference.to_lonlat(x, y, reference)
        if _crs.inside_box(lon, lat, fence).mean() < 0.5:
            _refuse_swapped(x, y, reference, fence, what, axes, _IN_USE)
            _reference.refuse_misplaced(x, y, reference, what)


def _refuse_swapped(
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    reference: Reference,
    box: Box,
    what: str,
    axes: AxisOrder | None,
    where: Text,
) -> None:
    lon, lat = _reference.to_lonlat(y, x, reference)
    if _crs.inside_box(lon, lat, box).mean() > 0.5:
        given = axes or "east_north"
        other = "north_east" if given == "east_north" else "east_north"
        raise CrsError(
            zh=f"{what} 的两个坐标互换了（例如 {x[0]:.10g}，{y[0]:.10g}）：对调后才落在{where.zh}内；请设定 axes = “{other}”，"
            "或改正经度、纬度两列。",
            en=f"{what}: the two coordinates are swapped ({x[0]:.10g}, {y[0]:.10g}): only the other way round do they "
            f'lie in {where.en}; set axes = "{other}", or mend the columns.',
        )


def place_columns(
    frame: pd.DataFrame,
    reference: Reference,
    metric: pyproj.CRS,
    *,
    axes: AxisOrder | None,
    box: Box | None,
    names: dict[str, str],
    what: str,
    have: Sequence[str] = (),
) -> Placed:
    """Make points of the coordinate columns ``lon, lat``, ``x, y`` or ``coordinates``.

    Parameters
    ----------
    frame
        With columns of those names.
    reference, metric, axes, box, what
        As for `place_geometry`; without ``axes``, ``x`` and ``y`` are assigned by value, ``lon`` and ``lat`` by name.
    names
        Contract name to the name in the file, for messages.
    have
        The columns of the file, which are said where none is one of coordinates.

    Returns
    -------
    Placed

    Raises
    ------
    InputError
        If there are no coordinate columns.
    CrsError
        If the values contradict the reference system, or which of them is east cannot be told.
    """
    first, second, pair = _coordinate_text(frame, reference, what, have)
    a, b = names.get(pair[0], pair[0]), names.get(pair[1], pair[1])
    field = a if pair[0] == pair[1] else f"{a},{b}"
    in_one, first, second = _both_in_one(first, second)
    number_a, bad_a = as_coordinate(first)
    number_b, bad_b = as_coordinate(second)
    one, two = number_a.to_numpy(), number_b.to_numpy()
    bad = bad_a | bad_b
    missing = (np.isnan(one) | np.isnan(two)) & ~bad
    zero = (one == 0) & (two == 0)
    usable = ~(missing | bad | zero)
    _reference.check_units(one[~in_one], two[~in_one], reference, what)
    order = axes
    if order is None and pair != ("lon", "lat"):
        labels = (a, b) if pair[0] != pair[1] else (f"{a}[1]", f"{a}[2]")
        order = _reference.assign_axes(one[~in_one], two[~in_one], reference, box=box, what=what, names=labels)
    east, north = (two, one) if order == "north_east" else (one, two)
    if in_one.any():
        east, north = _with_pairs(east, north, one, two, in_one, reference, box)
    lon, lat = _reference.to_lonlat(east, north, reference)
    strayed = usable & ~_on_earth(lon, lat)
    outside = np.zeros(len(frame), dtype=bool) if box is None else usable & ~_crs.inside_box(lon, lat, box)
    if box is not None and usable.any() and outside[usable].mean() > 0.5:
        _refuse_swapped(east[usable], north[usable], reference, box, what, order, _IN_CITY)
    swapped = np.zeros(len(frame), dtype=bool)
    far = swapped
    if box is not None:
        swapped[outside] = _fits(north[outside], east[outside], reference, box)
    else:
        far = _far_points(lon, lat, usable & ~strayed, what)
    good = usable & ~strayed & ~outside & ~far
    if box is None and good.any():
        lost, others = usable & ~good, (lon[good], lat[good])
        among = tuple(side(at) for side in (np.min, np.max) for at in others)
        swapped[lost] = _fits(north[lost], east[lost], reference, among)
    # From degrees that are there already where a shift was undone: undoing it again takes most of the time.
    shifted = reference.datum != "WGS-84"
    x, y, own = (lon, lat, _reference.resolve_crs(4326)) if shifted else (east, north, reference)
    values = _values(frame, pair, ~good)
    return Placed(
        _points(x, y, own, good, metric),
        np.column_stack([one, two]),
        (
            (field, "no_coordinates", missing, values),
            (field, "zero_coordinates", zero, values),
            (field, "swapped_axes", swapped, values),
            (field, "bad_coordinates", bad | strayed, values),
            (field, "outside_box", outside, values),
            (field, "far_off", far, values),
        ),
        order=order if axes is None and pair != ("lon", "lat") else None,
        in_one_field=int((in_one & good).sum()),
        columns=_coordinate_sets(frame, reference),
    )


def _with_pairs(
    east: NDArray[np.float64],
    north: NDArray[np.float64],
    one: NDArray[np.float64],
    two: NDArray[np.float64],
    in_one: NDArray[np.bool_],
    reference: Reference,
    box: Box | None,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """East and north with those of the pairs in one field, which have an order of their own: as it stands where that fits."""
    east, north = east.copy(), north.copy()
    first, second = one[in_one], two[in_one]
    turned = _fits(second, first, reference, box) & ~_fits(first, second, reference, box)
    east[in_one], north[in_one] = np.where(turned, second, first), np.where(turned, first, second)
    return east, north


def _points(
    x: NDArray[np.float64], y: NDArray[np.float64], reference: Reference, rows: NDArray[np.bool_], metric: pyproj.CRS
) -> NDArray[np.object_]:
    """Points of some rows in the metric CRS; None for the others."""
    points = np.full(len(x), None, dtype=object)
    points[rows] = shapely.points(*_reference.to_metric(x[rows], y[rows], reference, metric))
    return points


def _far_points(
    lon: NDArray[np.float64], lat: NDArray[np.float64], known: NDArray[np.bool_], what: str
) -> NDArray[np.bool_]:
    """Which of the known points lie far from the others; refused where no half lies together."""
    degrees = np.column_stack([lon, lat, lon, lat])
    degrees[~known] = np.nan
    far = _crs.far_off(degrees, None)
    _refuse_scattered(far, known, degrees, what)
    return far


def _both_in_one(first: pd.Series, second: pd.Series) -> tuple[NDArray[np.bool_], pd.Series, pd.Series]:
    """Rows that hold both numbers in the first column and none in the second, taken apart."""
    in_one = np.zeros(len(first), dtype=bool)
    if pd.api.types.is_numeric_dtype(first.dtype):
        return in_one, first, second
    alone = (first.notna() & as_text(second).isna()).to_numpy()
    if alone.any():
        one, two, whole = _split(first[alone])
        in_one[alone] = whole
    if in_one.any():
        first, second = first.astype("str"), second.astype("str")
        first[in_one], second[in_one] = one[whole], two[whole]
    return in_one, first, second


def _on_earth(lon: NDArray[np.float64], lat: NDArray[np.float64]) -> NDArray[np.bool_]:
    return (np.abs(lat) <= 90) & (np.abs(lon) <= 180)


def _fits(
    east: NDArray[np.float64], north: NDArray[np.float64], reference: Reference, box: Box | None
) -> NDArray[np.bool_]:
    """Whether points lie in the box; without one, on the earth."""
    lon, lat = _reference.to_lonlat(east, north, reference)
    return _on_earth(lon, lat) if box is None else _crs.inside_box(lon, lat, box)


def _values(frame: pd.DataFrame, pair: tuple[str, str], flawed: NDArray[np.bool_]) -> NDArray[np.object_]:
    """The coordinates as they stand in the file, for the flawed rows."""
    values = np.full(len(frame), "", dtype=object)
    columns = [frame[name][flawed] for name in dict.fromkeys(pair)]
    texts = [["" if pd.isna(value) else str(value).strip() for value in column] for column in columns]
    values[flawed] = [",".join(parts) if any(parts) else "" for parts in zip(*texts, strict=True)]
    return values


def _coordinate_sets(frame: pd.DataFrame, reference: Reference) -> tuple[tuple[str, ...], ...]:
    """The columns that say where points are, those of the reference system's kind first."""
    degrees, metres = ("lon", "lat"), ("x", "y")
    sets = (degrees, metres) if reference.crs.is_geographic else (metres, degrees)
    return tuple(names for names in (*sets, ("coordinates",)) if all(name in frame for name in names))


def _coordinate_text(
    frame: pd.DataFrame, reference: Reference, what: str, columns: Sequence[str]
) -> tuple[pd.Series, pd.Series, tuple[str, str]]:
    """The two coordinates of each row and the names of their columns; one name twice for a single field."""
    sets = _coordinate_sets(frame, reference)
    if sets and len(sets[0]) == 2:
        first, second = sets[0]
        return frame[first], frame[second], (first, second)
    if sets:
        one, two, _ = _split(frame["coordinates"])
        return one, two, ("coordinates", "coordinates")
    half = [name for name in ("lon", "lat", "x", "y") if name in frame]
    have = f"（只找到 {listed(half, 'zh')}）" if half else ""
    have_en = f" (only {listed(half, 'en')} found)" if half else ""
    named = heads(columns)
    raise InputError(
        zh=f"{what} 没有坐标列{have}：需要 经度+纬度、X坐标+Y坐标，或一个“120.94,30.54”形式的坐标列；列名不同时用 columns 指定，"
        "例如 lon=经度列名,lat=纬度列名。" + (f"文件中的列：{named.zh}。" if columns else ""),
        en=f"{what} has no coordinate columns{have_en}: it needs lon and lat, x and y, or one field such as "
        "'120.94,30.54'; where they have other names, say so with columns, such as lon=NAME,lat=NAME."
        + (f" The file has: {named.en}." if columns else ""),
    )


def _split(column: pd.Series) -> tuple[pd.Series, pd.Series, NDArray[np.bool_]]:
    """Both numbers of fields such as ``120.94,30.54``, and which are pairs; others stay, to be called no numbers."""
    import pyarrow as pa
    import pyarrow.compute as pc

    text = as_text(column)
    found = pc.extract_regex(pa.array(text, type=pa.string(), from_pandas=True), _PAIR)
    parts = [pd.Series(pc.struct_field(found, name).to_pandas(), dtype="str") for name in ("first", "second")]
    whole = np.asarray(found.is_valid())
    first, second = (part.set_axis(column.index).where(whole, text) for part in parts)
    left = ~whole & text.notna().to_numpy()
    if left.any():
        by_hand = narrow(text[left]).str.extract(_PAIR_BY_HAND).dropna()
        first, second = (
            part.mask(part.index.isin(by_hand.index), by_hand[at]) for at, part in ((0, first), (1, second))
        )
        whole |= column.index.isin(by_hand.index)
    return first, second, whole
