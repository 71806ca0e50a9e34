"""What parks are to serve: housing cut by zone, and the sample points that stand for it."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely

from jxgis.bounds import RELATIVE
from jxgis.crs import require_metric
from jxgis.errors import InputError
from jxgis.i18n import counted, rows_said
from jxgis.settings import PARKS
from jxgis.space.grid import refuse_too_many
from jxgis.space.overlay import sharing_ground
from jxgis.space.parts import union_of_linked
from jxgis.space.polygons import polygons_of

__all__ = [
    "Pieces",
    "SamplePoints",
    "cut_by_points",
    "cut_by_zone",
    "sample_points",
    "split_at_borders",
    "within",
    "zones_overlap",
]

_HAIR_M = 0.1  # mean width: six decimals of a degree are a tenth of a metre

_SIMPLE = 200
# Sample points, and those that are tried for one piece: more fill the memory.
_MOST_SAMPLES = 20_000_000


@dataclass(frozen=True, eq=False)
class Pieces:
    """Housing, overlaps dissolved, cut by zone: a piece is one housing polygon within one zone.

    Attributes
    ----------
    geometry
        (n,) polygons.
    area_m2
        (n,) their areas.
    house
        (n,) position of the housing row that they come from (of the first one, where rows overlapped).
    zone
        (n,) position of their zone.
    people
        (n,) people in them, shared out by area within each housing polygon, NaN where the row has none; None without
        a ``people`` column.
    """

    geometry: npt.NDArray[np.object_]
    area_m2: npt.NDArray[np.float64]
    house: npt.NDArray[np.int64]
    zone: npt.NDArray[np.int64]
    people: npt.NDArray[np.float64] | None


@dataclass(frozen=True, eq=False)
class SamplePoints:
    """Points that stand for pieces of housing, each for its share of the piece's area.

    Attributes
    ----------
    x, y
        (n,) coordinates in metres.
    piece
        (n,) position of the piece, ascending; every piece has at least one point.
    area_m2
        (n,) the area that a point stands for: its piece's over the number of its points.
    inside
        (n,) False for the one point of a piece that no lattice point hits.
    """

    x: npt.NDArray[np.float64]
    y: npt.NDArray[np.float64]
    piece: npt.NDArray[np.int64]
    area_m2: npt.NDArray[np.float64]
    inside: npt.NDArray[np.bool_]


def zones_overlap(zones: gpd.GeoDataFrame) -> bool:
    """Whether any two zones share more than a millionth of the smaller, so that their sums are not the whole.

    Examples
    --------
    >>> zones_overlap(gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 2, 2), shapely.box(2, 0, 4, 2)]))
    False
    """
    shape = polygons_of(zones.geometry.to_numpy())
    left, right = (shape[rows] for rows in sharing_ground(shape))
    smaller = np.minimum(shapely.area(left), shapely.area(right))
    return bool((shapely.area(shapely.intersection(left, right)) > RELATIVE * smaller).any())


def cut_by_zone(housing: gpd.GeoDataFrame, zones: gpd.GeoDataFrame) -> Pieces:
    """Dissolve housing where it overlaps and cut it by zone; housing in no zone is left out.

    Parameters
    ----------
    housing
        Polygons in a metric CRS; ``people`` is used where it is there.
    zones
        Polygons in the same CRS.

    Returns
    -------
    Pieces
        By zone, then by housing row; none in a zone that only slivers of less than 0.1 m reach into.

    Raises
    ------
    CrsError
        If the layers are not in one metric CRS.
    InputError
        If ``people`` holds a negative number.

    Examples
    --------
    >>> housing = gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 2, 1), shapely.box(1, 0, 3, 1)], crs=4549)
    >>> zones = gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 1, 1), shapely.box(1, 0, 9, 1)], crs=4549)
    >>> cut_by_zone(housing, zones).area_m2.tolist()
    [1.0, 2.0]
    """
    crs = require_metric(zones, "zones")
    require_metric(housing, "residential", crs)
    shape, house = _dissolve_overlaps(polygons_of(housing.geometry.to_numpy()))
    outline = polygons_of(zones.geometry.to_numpy())

    zone, row = shapely.STRtree(shape).query(outline, predicate="intersects")
    order = np.lexsort((row, zone))
    zone, row = zone[order].astype(np.int64), row[order].astype(np.int64)
    shapely.prepare(outline)
    piece = shape[row]
    cut = ~shapely.covers(outline[zone], piece)
    piece[cut] = polygons_of(within(piece[cut], outline[zone[cut]]))
    area = shapely.area(piece)
    keep = area > 0
    # A border rounded to degrees cuts a hair off the land beside it: a zone of nothing but hairs has no land.
    hair = cut & (2 * area < _HAIR_M * shapely.length(piece))
    has_land = np.zeros(len(outline), dtype=np.bool_)
    has_land[zone[keep & ~hair]] = True
    keep &= has_land[zone]

    people = _people(housing, house, len(shape))
    if people is not None:
        whole = shapely.area(shape)
        people = (people / np.where(whole > 0, whole, 1))[row[keep]] * area[keep]
    first_row = np.full(len(shape), len(housing), dtype=np.int64)
    np.minimum.at(first_row, house[house >= 0], np.flatnonzero(house >= 0))
    return Pieces(geometry=piece[keep], area_m2=area[keep], house=first_row[row[keep]], zone=zone[keep], people=people)


def within(shape: npt.NDArray[np.object_], outline: npt.NDArray[np.object_]) -> npt.NDArray[np.object_]:
    """The part of each shape that lies within its outline, one by one.

    Parameters
    ----------
    shape, outline
        (n,) polygons each; outlines may be far larger than the shapes.

    Returns
    -------
    numpy.ndarray
        (n,) geometries, empty where the two do not meet.

    Examples
    --------
    >>> square = np.array([shapely.box(0, 0, 2, 2)])
    >>> within(square, np.array([shapely.box(1, 1, 9, 9)]))[0].area
    1.0
    """
    found = np.empty(len(shape), dtype=object)
    _, group = np.unique(np.fromiter(map(id, outline), dtype=np.int64, count=len(outline)), return_inverse=True)
    for rows in np.split(np.argsort(group, kind="stable"), np.cumsum(np.bincount(group))[:-1]) if len(shape) else ():
        found[rows] = _cut(shape[rows], outline[rows[0]])
    return found


def split_at_borders(pieces: Pieces, zones: gpd.GeoDataFrame) -> Pieces:
    """Split pieces wherever a zone's border runs through them, so that each lies inside a zone or outside it.

    Parameters
    ----------
    pieces
        From `cut_by_zone`.
    zones
        Polygons in the same CRS; they may overlap, and what lies outside all of them is kept.

    Returns
    -------
    Pieces
        The same ground and people, those of a piece shared out by area; ``house`` and ``zone`` are the piece's.

    Examples
    --------
    >>> housing = gpd.GeoDataFrame({"people": [8.0]}, geometry=[shapely.box(0, 0, 4, 1)], crs=4549)
    >>> zones = gpd.GeoDataFrame(geometry=[shapely.box(1, 0, 9, 1)], crs=4549)
    >>> split_at_borders(cut_by_zone(housing, housing), zones).people.tolist()
    [6.0, 2.0]
    """
    part, of = pieces.geometry, np.arange(len(pieces.geometry))
    for outline in polygons_of(zones.geometry.to_numpy()):
        shapely.prepare(outline)
        reached = np.sort(shapely.STRtree(part).query(outline, predicate="intersects"))
        # A border may run between the parts of a piece, and through none of them.
        crossed = reached[~shapely.covered_by(part[reached], outline)]
        inside = polygons_of(within(part[crossed], np.full(len(crossed), outline)))
        outside = polygons_of(shapely.difference(part[crossed], inside))
        part = np.concatenate([np.delete(part, crossed), inside, outside])
        of = np.concatenate([np.delete(of, crossed), of[crossed], of[crossed]])
    area = shapely.area(part)
    keep = np.flatnonzero(area > 0)
    keep = keep[np.argsort(of[keep], kind="stable")]
    part, of, area = part[keep], of[keep], area[keep]
    share = area / np.bincount(of, weights=area, minlength=len(pieces.geometry))[of]
    people = None if pieces.people is None else pieces.people[of] * share
    return Pieces(geometry=part, area_m2=area, house=pieces.house[of], zone=pieces.zone[of], people=people)


def _cut(shape: npt.NDArray[np.object_], outline: shapely.Geometry) -> npt.NDArray[np.object_]:
    """The part of each shape within one outline, which may have tens of thousands of vertices: half of the shapes meet
    what of it lies in the box around them, and so on, so that in the end each meets little.

    The boxes are cut by the exact overlay. `shapely.clip_by_rect` is quicker, but at a hole of no width, as borders
    snapped to each other have, it raises or loses the whole polygon, and at a vertex on the box it adds ground.
    """
    if len(shape) == 1 or shapely.get_num_coordinates(outline) <= _SIMPLE:
        parts: npt.NDArray[np.object_] = shapely.intersection(shape, outline)
        return parts
    bounds = shapely.bounds(shape)
    centre = (bounds[:, :2] + bounds[:, 2:]) / 2
    order = np.argsort(centre[:, np.ptp(centre, axis=0).argmax()], kind="stable")
    found = np.empty(len(shape), dtype=object)
    for half in np.array_split(order, 2):
        # A metre around, so that no new vertex comes to lie on a shape.
        (west, south), (east, north) = bounds[half, :2].min(axis=0), bounds[half, 2:].max(axis=0)
        around = shapely.box(west - 1, south - 1, east + 1, north + 1)
        found[half] = _cut(shape[half], polygons_of(np.array([shapely.intersection(outline, around)]))[0])
    return found


def _dissolve_overlaps(
    shape: npt.NDArray[np.object_],
) -> tuple[npt.NDArray[np.object_], npt.NDArray[np.int64]]:
    """Union of the polygons that share ground; those that only touch stay as they are.

    Returns the polygons, and the position in them of each input polygon, -1 for one without area.
    """
    live = np.flatnonzero(shapely.area(shape) > 0)
    full = shape[live]
    left, right = sharing_ground(full)
    house = np.full(len(shape), -1, dtype=np.int64)
    if not len(left):
        house[live] = np.arange(len(live))
        return full, house
    merged, group = union_of_linked(full, left, right)
    house[live] = group
    return merged, house


def _people(housing: gpd.GeoDataFrame, house: npt.NDArray[np.int64], n_shapes: int) -> npt.NDArray[np.float64] | None:
    if "people" not in housing.columns:
        return None
    people = housing["people"].to_numpy(dtype=np.float64)
    wrong = people < 0
    if wrong.any():
        rows = rows_said(np.flatnonzero(wrong) + 1)
        raise InputError(
            zh=f"居住用地的 people 列有 {wrong.sum()} 行是负数（{rows.zh}）；请改正。",
            en=f"{counted(wrong.sum(), 'row of the residential layer has', 'rows of the residential layer have')} fewer people than none ({rows.en}); correct them.",
        )
    # A number that is missing stays missing: the zone's people are not known then.
    return np.bincount(house[house >= 0], weights=people[house >= 0], minlength=n_shapes).astype(np.float64)


def sample_points(pieces: Pieces, *, sample_m: float = PARKS.sample_m, on_edge: bool = True) -> SamplePoints:
    """Lay a square lattice over the pieces; a piece that it misses gets one point inside it.

    Parameters
    ----------
    pieces
        Housing by zone, from `cut_by_zone`.
    sample_m
        Spacing of the lattice in metres; its points stand at odd multiples of half of it, whatever the pieces.
    on_edge
        Whether a lattice point on the edge of a piece stands for it, or only one inside, which no neighbour shares.

    Returns
    -------
    SamplePoints

    Raises
    ------
    InputError
        If ``sample_m`` is not positive, or so small that there are too many points.

    Examples
    --------
    >>> housing = gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 100, 50)], crs=4549)
    >>> points = sample_points(cut_by_zone(housing, housing), sample_m=25)
    >>> len(points.x), points.area_m2.sum().item()
    (8, 5000.0)
    """
    if not sample_m > 0:
        raise InputError(
            zh=f"sample_m 是 {sample_m}，应大于 0（米）。", en=f"sample_m is {sample_m}; it must be above 0 (metres)."
        )
    n = len(pieces.geometry)
    if n == 0:
        none = np.zeros(0)
        return SamplePoints(none, none, np.zeros(0, dtype=np.int64), none, np.zeros(0, dtype=np.bool_))
    # By their boxes, which is where points are tried.
    low_x, low_y, high_x, high_y = shapely.bounds(pieces.geometry).T
    refuse_too_many(float(((high_x - low_x) * (high_y - low_y)).max()), sample_m, "sample_m", most=_MOST_SAMPLES)
    refuse_too_many(float(pieces.area_m2.sum()), sample_m, "sample_m", most=_MOST_SAMPLES)
    bounds = shapely.bounds(pieces.geometry) / sample_m - 0.5
    first = np.ceil(bounds[:, :2]).astype(np.int64)
    width, height = np.maximum(np.floor(bounds[:, 2:]).astype(np.int64) - first + 1, 0).T
    geometry = pieces.geometry.copy()
    shapely.prepare(geometry)

    found: list[tuple[npt.NDArray[np.int64], npt.NDArray[np.float64], npt.NDArray[np.float64]]] = []
    # In chunks: the boxes of long, slanting pieces hold many more lattice points than the pieces do.
    cells = np.cumsum(width * height)
    start = 0
    while start < n:
        done = cells[start - 1] if start else 0
        stop = max(start + 1, int(np.searchsorted(cells, done + 2_000_000, side="right")))
        size = (width * height)[start:stop]
        piece = np.repeat(np.arange(start, stop), size)
        step = np.arange(len(piece)) - np.repeat(np.cumsum(size) - size, size)
        across = np.where(width[piece] > 0, width[piece], 1)
        x = (first[piece, 0] + step % across + 0.5) * sample_m
        y = (first[piece, 1] + step // across + 0.5) * sample_m
        hit = (shapely.intersects_xy if on_edge else shapely.contains_xy)(geometry[piece], x, y)
        found.append((piece[hit], x[hit], y[hit]))
        start = stop
    piece = np.concatenate([one[0] for one in found])
    x, y = np.concatenate([one[1] for one in found]), np.concatenate([one[2] for one in found])

    missed = np.flatnonzero(np.bincount(piece, minlength=n) == 0)
    lone = shapely.point_on_surface(pieces.geometry[missed])
    piece = np.concatenate([piece, missed])
    order = np.argsort(piece, kind="stable")
    piece = piece[order]
    return SamplePoints(
        x=np.concatenate([x, shapely.get_x(lone)])[order],
        y=np.concatenate([y, shapely.get_y(lone)])[order],
        piece=piece,
        area_m2=(pieces.area_m2 / np.bincount(piece, minlength=n))[piece],
        inside=np.concatenate([np.ones(len(x), dtype=np.bool_), np.zeros(len(missed), dtype=np.bool_)])[order],
    )


def cut_by_points(
    geometry: npt.NDArray[np.object_],
    points: SamplePoints,
    lost: npt.NDArray[np.bool_],
    *,
    sample_m: float,
    without: bool = False,
) -> npt.NDArray[np.object_]:
    """Cut pieces of which some points are lost to the squares of these; the others stay as they are.

    Parameters
    ----------
    geometry
        (pieces,) polygons.
    points
        From `sample_points` of the pieces, with the same ``sample_m``.
    lost
        (points,) which of them.
    sample_m
        Side of the squares.
    without
        Whether what is left beside the squares is asked for: ground at the rim that no square covers is part of it.

    Examples
    --------
    >>> housing = gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 100, 50)], crs=4549)
    >>> pieces = cut_by_zone(housing, housing)
    >>> points = sample_points(pieces, sample_m=50)
    >>> cut_by_points(pieces.geometry, points, points.x > 50, sample_m=50)[0].bounds
    (50.0, 0.0, 100.0, 50.0)
    """
    cut, n = geometry.copy(), len(geometry)
    hits = np.bincount(points.piece[lost], minlength=n)
    mixed = (hits > 0) & (hits < np.bincount(points.piece, minlength=n))
    row = np.flatnonzero(mixed[points.piece] & lost)
    half, x, y = sample_m / 2, points.x[row], points.y[row]
    square = np.asarray(shapely.box(x - half, y - half, x + half, y + half), dtype=object)
    found, first = np.unique(points.piece[row], return_index=True)
    take = shapely.difference if without else shapely.intersection
    for one, squares in zip(found, np.split(square, first[1:]), strict=bool(len(found))):
        cut[one] = take(cut[one], shapely.union_all(squares))
    return cut
