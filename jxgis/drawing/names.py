"""Where names stand on a map for print: along lines, in areas, beside points, none over another."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import shapely

from jxgis.i18n import wide_signs

if TYPE_CHECKING:
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]
    Shapes = NDArray[np.object_]

__all__ = ["Names", "Spot", "about_long", "merged", "polygons"]

#: How far a name lies from what stands beside it, and how far shapes go on behind the edge, in tenths of a millimetre.
_GAP, _BLEED = 5.0, 30.0
#: A street bends too much for a name where its ends are nearer than so much of the name's length.
_STRAIGHT = 0.97
#: How far a place for a name is moved along its street, in tenths of a millimetre.
_STEP = 40.0
#: So many places in an area are tried, in rows and columns.
_TRIED = 7
#: Where a name stands beside a point: right, left, above, below, and between them; the share of its width and height.
_AROUND = np.array([(0.5, 0), (-0.5, 0), (0, -0.5), (0, 0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, -0.5), (-0.5, 0.5)])


class Spot(NamedTuple):
    """The middle of a name and how it is turned, clockwise, in degrees; y runs downwards."""

    x: float
    y: float
    angle: float = 0.0


def about_long(words: str, size: float) -> float:
    """About how long words are: Chinese signs are as wide as the type is high, others about half.

    Examples
    --------
    >>> about_long("南湖", 20)
    40.0
    """
    return size * (0.56 * len(words) + 0.44 * wide_signs(words))


class Names:
    """The places that names have taken on a map, in tenths of a millimetre; y runs downwards.

    Parameters
    ----------
    frame
        West, south, east, north in metres, of the shape of the map.
    width_mm
        How wide it is on paper.
    length
        How long words are in type of a height; about so by default.

    Attributes
    ----------
    taken
        What is taken, in the order of taking.

    Examples
    --------
    >>> names = Names((0, 0, 900, 900), width_mm=90)
    >>> names.inside("南湖", shapely.box(0, 0, 900, 900), size=20)
    Spot(x=450.0, y=450.0, angle=0.0)
    >>> names.inside("南湖", shapely.box(440, 440, 460, 460), size=20) is None
    True
    """

    def __init__(
        self,
        frame: tuple[float, float, float, float],
        width_mm: float,
        length: Callable[[str, float], float] = about_long,
    ) -> None:
        self.frame, self.length = frame, length
        self.per_m = 10 * width_mm / (frame[2] - frame[0])
        self.size = (frame[2] - frame[0]) * self.per_m, (frame[3] - frame[1]) * self.per_m
        self.taken: list[shapely.Geometry] = []

    def seen(self, shapes: Iterable[shapely.Geometry], bleed: float = _BLEED) -> Shapes:
        """The shapes as far as the map reaches and a little beyond, in its own units."""
        west, south, east, north = self.frame
        beyond = bleed / self.per_m
        cut = shapely.clip_by_rect(
            np.array([*shapes], dtype=object), west - beyond, south - beyond, east + beyond, north + beyond
        )

        def onto(xy: FloatArray) -> FloatArray:
            return np.column_stack([xy[:, 0] - west, north - xy[:, 1]]) * self.per_m

        there: Shapes = shapely.transform(cut[~(shapely.is_missing(cut) | shapely.is_empty(cut))], onto)
        return there

    def take(self, x: float, y: float, width: float, height: float) -> bool:
        """Keep a place free of names; False where one is taken already."""
        return self._first(np.array([shapely.box(x, y, x + width, y + height)], dtype=object)) is not None

    def _first(self, boxes: Shapes) -> int | None:
        """Take the first of some places that is free, and say which; None where none is."""
        if not len(boxes):
            return None
        free = np.arange(len(boxes))
        if self.taken:
            hit = np.unique(shapely.STRtree(self.taken).query(boxes, predicate="intersects")[0])
            free = np.setdiff1d(free, hit)
        if not len(free):
            return None
        self.taken.append(boxes[free[0]])
        return int(free[0])

    def _write(
        self, middles: FloatArray, angles: FloatArray | None = None, *, length: float, height: float
    ) -> Spot | None:
        """The first of some places on the map where a name of that size is free to stand."""
        if not len(middles):
            return None
        corners = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) * (length / 2 + _GAP, height / 2 + _GAP)
        angles = np.zeros(len(middles)) if angles is None else angles
        turn = np.radians(angles)
        across, down = np.array([np.cos(turn), np.sin(turn)]), np.array([-np.sin(turn), np.cos(turn)])
        xy = middles[:, None] + corners[:, :1] * across.T[:, None] + corners[:, 1:] * down.T[:, None]
        inside = ((xy >= 0) & (xy <= self.size)).all(axis=(1, 2))
        where = np.flatnonzero(inside)
        at = self._first(shapely.polygons(xy[where])) if len(where) else None
        return None if at is None else Spot(*map(float, (*middles[where[at]], angles[where[at]])))

    def along(self, words: str, lines: Iterable[shapely.Geometry], *, size: float) -> Spot | None:
        """Take the straight stretch of some lines that is nearest to the middle of the map; None where none is free."""
        length = self.length(words, size)
        middles, turned = [np.empty((0, 2))], [np.empty(0)]
        for line in shapely.get_parts(merged(self.seen(lines))):
            starts = np.arange(0, line.length - length, _STEP)
            ends = [shapely.get_coordinates(shapely.line_interpolate_point(line, starts + s)) for s in (0, length)]
            chord = ends[1] - ends[0]
            straight = np.hypot(*chord.T) >= _STRAIGHT * length
            middles.append((ends[0] + ends[1])[straight] / 2)
            # Read from the left, or from below.
            turned.append((np.degrees(np.arctan2(chord[:, 1], chord[:, 0]))[straight] + 90) % 180 - 90)
        found, angles = np.concatenate(middles), np.concatenate(turned)
        order = np.argsort(np.hypot(*(found - np.divide(self.size, 2)).T), kind="stable")
        return self._write(found[order], angles[order], length=length, height=size)

    def inside(self, words: str, shape: shapely.Geometry, *, size: float, lines: int = 1) -> Spot | None:
        """Take a place in the largest part of a shape that is seen, four fifths of the name within it; None where none is free.

        Of several lines, ``words`` is the longest.
        """
        parts = polygons(self.seen([shape], bleed=0))
        if not len(parts):
            return None
        part = parts[int(np.argmax(shapely.area(parts)))]
        length = self.length(words, size)
        west, south, east, north = part.bounds
        if 0.8 * length > east - west:
            return None
        middle = shapely.get_coordinates(shapely.point_on_surface(part))
        steps = (np.arange(_TRIED) + 0.5) / _TRIED
        rest = np.stack(np.meshgrid(west + steps * (east - west), south + steps * (north - south)), -1).reshape(-1, 2)
        rest = rest[np.argsort(np.hypot(*(rest - middle).T), kind="stable")]
        middles = np.concatenate([middle, rest])
        strips = shapely.box(middles[:, 0] - length / 2, middles[:, 1], middles[:, 0] + length / 2, middles[:, 1] + 1)
        held = shapely.area(shapely.intersection(strips, part)) >= 0.8 * length
        return self._write(middles[held], length=length, height=(1.15 * lines - 0.15) * size)

    def beside(self, words: str, x: float, y: float, *, size: float, clear: float) -> Spot | None:
        """Take a place beside a point in metres, ``clear`` off its middle; None where none is free."""
        west, _, _, north = self.frame
        length, at = self.length(words, size), np.array([x - west, north - y]) * self.per_m
        # The room that a name keeps around it would else lie on its point.
        off = _AROUND * (length, size) + np.sign(_AROUND) * (clear + _GAP)
        return self._write(at + off, length=length, height=size)

    def near(self, x: float, y: float, width: float, height: float, *, rings: int = 6) -> Spot | None:
        """Take a box on a point in metres, or else, in so many rings around it, as near as one is free; None where none is."""
        west, _, _, north = self.frame
        at = np.array([x - west, north - y]) * self.per_m
        tried = [at[None, :]]
        for ring in range(1, rings + 1):
            turn = np.arange(8 * (ring + 1)) * 2 * np.pi / (8 * (ring + 1))
            tried.append(at + 0.6 * (ring + 1) * np.column_stack([width * np.cos(turn), height * np.sin(turn)]))
        return self._write(np.concatenate(tried), length=width - 2 * _GAP, height=height - 2 * _GAP)


def polygons(shapes: Shapes) -> Shapes:
    """The polygons among the parts of shapes."""
    parts = shapely.get_parts(shapes)
    found: Shapes = parts[shapely.get_type_id(parts) == 3]
    return found


def merged(shapes: Shapes) -> shapely.Geometry:
    """Lines that go on in one another as one."""
    parts = shapely.get_parts(shapes)
    whole: shapely.Geometry = shapely.line_merge(shapely.multilinestrings(parts[shapely.get_type_id(parts) == 1]))
    return whole
