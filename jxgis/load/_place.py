"""Geometries into the metric CRS: declared, checked against what they look like, never guessed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import shapely

from jxgis import crs as _crs
from jxgis import reference as _reference
from jxgis._misplaced import check_units, refuse_misplaced
from jxgis.errors import CrsError
from jxgis.i18n import Text, rows_said, text_pair

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyproj
    from numpy.typing import NDArray

    from jxgis._misplaced import AxisOrder
    from jxgis.crs import Box
    from jxgis.load.rejects import Ledger
    from jxgis.reference import Reference

__all__ = [
    "IN_CITY",
    "Flaw",
    "Placed",
    "nowhere",
    "place_geometry",
    "record_flaws",
    "reference_of",
    "refuse_scattered",
    "refuse_swapped",
    "without_place",
]

Flaw: TypeAlias = "tuple[str, str, NDArray[np.bool_], Any]"
"""Field, reason, mask (n,), values (n,): what is wrong with which rows of a file."""

IN_CITY = Text(zh="本市范围", en="the city")
"""Where the rows of a city should lie."""
_EARTH: Box = (-180.0, -90.0, 180.0, 90.0)
_ON_EARTH = Text(zh="有效的经纬度范围", en="the range of degrees")
_IN_USE = Text(zh="该坐标系的适用范围", en="the area that the CRS is for")
# shapely's type numbers.
_LINES, _POLYGONS = (1, 5), (3, 6)
_KM_PER_DEG = 111.2
_REACH_KM = 10.0


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
    check_units(middle_x, middle_y, reference, what)
    usable = ~(missing | empty | broken)
    beyond = np.zeros(len(flat), dtype=bool)
    if reference.crs.is_geographic:
        beyond = usable & ~(np.abs(bounds) <= (180, 90, 180, 90)).all(axis=1)
        if usable.any() and beyond[usable].mean() > 0.5:
            where = (_EARTH, _ON_EARTH) if box is None else (box, IN_CITY)
            refuse_swapped(middle_x[beyond], middle_y[beyond], reference, where[0], what, axes, where[1])
        usable &= ~beyond
    degrees = _in_degrees(bounds, usable, reference)
    outside = np.zeros(len(flat), dtype=bool) if box is None else usable & ~_meets(degrees, box)
    if usable.any():
        share_outside = float(outside[usable].mean())
        _refuse_elsewhere(middle_x[usable], middle_y[usable], share_outside, reference, box, what, axes)
    far = usable & ~outside & _crs.far_off(degrees, box)
    cut = 0
    if box is None:
        refuse_scattered(far, usable, degrees, what)
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


def refuse_scattered(
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
            refuse_swapped(x, y, reference, box, what, axes, IN_CITY)
            if reference.crs.is_projected:
                refuse_misplaced(x, y, reference, what)
    elif reference.crs.is_projected and (fence := _crs.area_of_use(reference.crs)) is not None:
        lon, lat = _reference.to_lonlat(x, y, reference)
        if _crs.inside_box(lon, lat, fence).mean() < 0.5:
            refuse_swapped(x, y, reference, fence, what, axes, _IN_USE)
            refuse_misplaced(x, y, reference, what)


def refuse_swapped(
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    reference: Reference,
    box: Box,
    what: str,
    axes: AxisOrder | None,
    where: Text,
) -> None:
    """Refuse coordinates most of which lie in the box only the other way round."""
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


def record_flaws(ledger: Ledger, placed: Sequence[Placed]) -> None:
    """Enter the flaws of each file's coordinates."""
    ends = np.cumsum([len(place.geometry) for place in placed])
    for end, place in zip(ends, placed, strict=True):
        start = end - len(place.geometry)
        for name, reason, bad, values in place.flaws:
            if bad.any():
                whole = np.zeros(len(ledger.kept), dtype=bool)
                whole[start:end] = bad
                shown = np.full(len(ledger.kept), "", dtype=object)
                shown[whole] = np.asarray(values[bad], dtype=object)
                ledger.reject(whole, field=name, reason=reason, values=shown)


def without_place(ledger: Ledger, placed: Sequence[Placed]) -> list[Text]:
    """A note on the rows whose place cannot be used, in a layer whose rows need none: left out, they would be missing in its sums."""
    flawed = [
        np.any([bad for _, _, bad, _ in place.flaws] or [np.zeros(len(place.geometry), bool)], axis=0)
        for place in placed
    ]
    rows = ledger.row[np.concatenate(flawed) & ledger.kept]
    return [text_pair("load.without_place", count=len(rows), rows=rows_said(rows))] if len(rows) else []
