"""Shapes that a planner would not sign: ragged units, units round another, units held together by a narrow place."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from jxgis.bounds import RELATIVE, at_least, at_most
from jxgis.settings import UNITS
from jxgis.space.districts import without_scraps
from jxgis.space.overlay import pieces
from jxgis.space.polygons import Faces, polygon_parts
from jxgis.space.ratio import ratio
from jxgis.space.shape import polsby_popper

__all__ = ["ENCLOSED_SHARE", "ShapeCheck", "check_shapes", "shapes_by_district"]

#: 4πA/P² below which a unit is ragged: a rectangle of one to ten has .26.
_LEAST_COMPACTNESS = 0.25
#: Ground from which a spur counts, in squares of the least width: what an opening takes off a corner of 15°, or, at 100 m, a
#: strip 60 m wide and 250 m long.
_SPUR_SQUARES = 1.5
#: A unit encloses another of which more than this share lies within its convex hull.
ENCLOSED_SHARE = 0.5
# Chords of a quarter circle: what they cut off a disc of 100 m is 6 cm wide.
_QUARTER = 16
# Openings of one district by chords of different places differ by less than this width.
_HAIR_M = 0.5


@dataclass(frozen=True, eq=False)
class ShapeCheck:
    """What is wrong with the shapes of units.

    Attributes
    ----------
    compactness
        4πA/P², float (n,).
    necks
        Narrow places of each, int (n,); see :func:`check_shapes`.
    encloses
        The largest share of another unit that lies within each one's convex hull, float (n,).
    """

    compactness: NDArray[np.float64]
    necks: NDArray[np.int64]
    encloses: NDArray[np.float64]

    @property
    def flaws(self) -> int:
        """Units below the least compactness, narrow places and units round another, together."""
        ragged = ~at_least(self.compactness, _LEAST_COMPACTNESS)
        return int(ragged.sum() + self.necks.sum() + (~at_most(self.encloses, ENCLOSED_SHARE)).sum())


def check_shapes(shapes: Faces, narrow_m: float = UNITS.narrow_m) -> ShapeCheck:
    """Measure the shapes of units of one district.

    A unit is narrow where a disc of ``narrow_m`` does not pass. Worn by half of that on all sides it falls into
    lobes, and what does not grow back from them is lost (a morphological opening). Counted are lobes beside the
    largest, and lost pieces of one and a half squares of that width (spurs). Where the district itself is narrow nothing is counted, and
    scraps beside a larger part are not measured.

    Parameters
    ----------
    shapes
        Polygons of one district's units, (n,).
    narrow_m
        The least width of a unit.

    Returns
    -------
    ShapeCheck

    Examples
    --------
    >>> dumbbell = shapely.union_all(
    ...     [shapely.box(0, 0, 900, 900), shapely.box(900, 0, 1100, 60), shapely.box(1100, 0, 2000, 900)]
    ... )
    >>> rest = shapely.difference(shapely.box(0, 0, 2000, 2000), dumbbell)
    >>> found = check_shapes(np.array([dumbbell, rest]))
    >>> found.necks.tolist()
    [1, 0]
    >>> found.compactness.round(2).tolist(), found.encloses.round(2).tolist()
    ([0.37, 0.48], [0.07, 0.46])
    """
    shapes = without_scraps(shapes)
    n = len(shapes)
    whole = shapely.union_all(shapes)
    # A place as wide as the disc lets it pass, whatever rounding left of its width.
    half_m = narrow_m / 2 * (1 - RELATIVE)
    room = _lobes(whole, half_m)
    lost_anyway = shapely.buffer(shapely.difference(whole, shapely.union_all(_regrown(room, half_m))), _HAIR_M)
    necks = np.array([_narrow_places(shape, half_m, room, lost_anyway) for shape in shapes], dtype=np.int64)
    hulls = shapely.convex_hull(shapes)
    encloses = np.zeros(n)
    first, second, piece = pieces(hulls, shapes)
    other = first != second
    np.maximum.at(encloses, first[other], ratio(shapely.area(piece), shapely.area(shapes[second]))[other])
    return ShapeCheck(polsby_popper(shapes), necks, encloses)


def shapes_by_district(
    shapes: Faces, district: NDArray[np.object_], narrow_m: float = UNITS.narrow_m
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Narrow places of each unit, and the largest share of another unit of its district within its convex hull.

    Parameters
    ----------
    shapes
        Polygons, (n,).
    district
        The district of each, (n,).
    narrow_m
        The least width of a unit.

    Returns
    -------
    necks : ndarray of int64
    encloses : ndarray of float64

    Examples
    --------
    >>> halves = np.array([shapely.box(0, 0, 9, 9), shapely.box(9, 0, 18, 9)])
    >>> necks, encloses = shapes_by_district(halves, np.array(["甲", "乙"], dtype=object))
    >>> necks.tolist(), encloses.tolist()
    ([0, 0], [0.0, 0.0])
    """
    necks, encloses = np.zeros(len(shapes), dtype=np.int64), np.zeros(len(shapes))
    for name in dict.fromkeys(district.tolist()):
        own = np.flatnonzero(district == name)
        found = check_shapes(shapes[own], narrow_m)
        necks[own], encloses[own] = found.necks, found.encloses
    return necks, encloses


def _lobes(shape: shapely.Geometry, half_m: float) -> Faces:
    return polygon_parts(shapely.buffer(shape, -half_m, quad_segs=_QUARTER))


def _regrown(lobes: Faces, half_m: float) -> Faces:
    return shapely.buffer(lobes, half_m, quad_segs=_QUARTER)


def _narrow_places(shape: shapely.Geometry, half_m: float, room: Faces, lost_anyway: shapely.Geometry) -> int:
    lobes = _lobes(shape, half_m)
    grown = _regrown(lobes, half_m)
    # Two lobes in two rooms of the district are parted by its own neck.
    inside = shapely.STRtree(room).query(shapely.point_on_surface(lobes), predicate="intersects")[1]
    apart = len(lobes) - max(1, len(np.unique(inside)))
    lost = polygon_parts(shapely.difference(shapely.difference(shape, shapely.union_all(grown)), lost_anyway))
    lost = lost[at_least(shapely.area(lost), _SPUR_SQUARES * (2 * half_m) ** 2)]
    # The bridge between two lobes is counted with them already.
    met = shapely.STRtree(grown).query(lost, predicate="dwithin", distance=_HAIR_M)[0]
    spurs = np.bincount(met, minlength=len(lost)) < 2
    return max(apart, 0) + int(spurs.sum())
