"""A small map for print as SVG: paths in tenths of a millimetre, names along streets and in areas, none over another."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import shapely

from jxgis import escape
from jxgis.drawing.colours import INK, PAPER
from jxgis.drawing.names import Names, Spot, merged, polygons
from jxgis.drawing.scale import scale_bar
from jxgis.i18n import text

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

__all__ = ["Look", "Plate", "frame_around"]

#: Radius of a number's disc, in tenths of a millimetre.
_BADGE = 16.0
#: Letters of the longest name, of Chinese signs half as many: a longer one would cross the map.
_LONGEST = 28


class Look(NamedTuple):
    """How shapes are drawn: colours, width in tenths of a millimetre, dashes; ``pattern``: id of a pattern that fills them.

    ``opacity`` is that of the fill, 0 to 1.
    """

    fill: str = "none"
    stroke: str = "none"
    width: float = 0.0
    dash: str = ""
    pattern: str = ""
    opacity: float = 1.0

    @property
    def is_line(self) -> bool:
        """Whether it fills nothing."""
        return self.fill == "none" and not self.pattern

    def attributes(self) -> str:
        """As attributes of SVG."""
        paint = f"url(#{self.pattern})" if self.pattern else self.fill
        dash = f' stroke-dasharray="{self.dash}"' if self.dash else ""
        opacity = f' fill-opacity="{self.opacity:g}"' if self.opacity < 1 else ""
        return f'fill="{paint}" stroke="{self.stroke}" stroke-width="{self.width:g}"{dash}{opacity}'


def frame_around(
    bounds: Sequence[float], *, width_mm: float, height_mm: float, margin: float = 0.22
) -> tuple[float, float, float, float]:
    """West, south, east, north of a map of that shape with some ground around what it shows.

    Parameters
    ----------
    bounds
        West, south, east, north of what is shown, in metres.
    width_mm, height_mm
        The map on paper.
    margin
        Ground on each side, as a share of the larger side.

    Examples
    --------
    >>> frame_around((0, 0, 1000, 500), width_mm=90, height_mm=90, margin=0.1)
    (-100.0, -350.0, 1100.0, 850.0)
    """
    west, south, east, north = bounds
    edge = margin * max(east - west, north - south, 1.0)
    scale = max((east - west + 2 * edge) / width_mm, (north - south + 2 * edge) / height_mm)
    x, y, a, b = (west + east) / 2, (south + north) / 2, scale * width_mm / 2, scale * height_mm / 2
    return (x - a, y - b, x + a, y + b)


@dataclass(eq=False)
class Plate:
    """A map that is drawn from the ground up: shapes one over another, then names where there is room.

    Parameters
    ----------
    frame
        West, south, east, north in metres, of the shape of the map.
    width_mm
        How wide it is on paper.
    lang
        ``"zh"`` or ``"en"``.

    Examples
    --------
    >>> plate = Plate((0, 0, 900, 900), width_mm=90)
    >>> plate.shapes([shapely.box(100, 100, 200, 200)], Look(fill="#ccc"))
    >>> plate.drawn
    ['<path d="M200 800V700H100V800Z" fill="#ccc" stroke="none" stroke-width="0"/>']
    """

    frame: tuple[float, float, float, float]
    width_mm: float
    lang: str = "zh"
    drawn: list[str] = field(init=False, default_factory=list)
    names: Names = field(init=False)
    _written: list[str] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        self.names = Names(self.frame, self.width_mm)

    @property
    def size(self) -> tuple[float, float]:
        """Width and height in tenths of a millimetre."""
        return self.names.size

    def near(self, layer: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
        """The rows of a layer that reach into the map."""
        return layer.iloc[np.sort(layer.sindex.query(shapely.box(*self.frame), predicate="intersects"))]

    def shapes(self, shapes: Iterable[shapely.Geometry], look: Look) -> None:
        """Draw polygons or lines."""
        self._path(_path(self.names.seen(shapes)), look)

    def outside(self, shape: shapely.Geometry, look: Look) -> None:
        """Cover all but one shape."""
        width, height = self.size
        self._path(
            f"M0 0H{width:.0f}V{height:.0f}H0Z" + _path(self.names.seen([shape])), look, rule=' fill-rule="evenodd"'
        )

    def _path(self, d: str, look: Look, rule: str = "") -> None:
        if d:
            self.drawn.append(f'<path d="{d}" {look.attributes()}{rule}/>')

    def name_lines(self, name: object, lines: Iterable[shapely.Geometry], *, size: float) -> bool:
        """Write a name along straight stretches of its lines, the nearest to the middle of the map; False where none fits."""
        words = str(name)
        if self.names.length(words, size) > _LONGEST * size / 2:
            return False
        return self._write(words, self.names.along(words, lines, size=size), size, INK)

    def name_area(self, name: object, shape: shapely.Geometry, *, size: float, colour: str) -> bool:
        """Write a name into the part of a shape that is seen; False where there is no room."""
        words = str(name)
        if self.names.length(words, size) > _LONGEST * size / 2:
            return False
        return self._write(words, self.names.inside(words, shape, size=size), size, colour)

    def _write(self, words: str, spot: Spot | None, size: float, colour: str) -> bool:
        if spot is None:
            return False
        x, y, angle = spot
        turn = f' transform="rotate({angle:.0f} {x:.0f} {y:.0f})"' if round(angle) else ""
        self._written.append(
            f'<text x="{x:.0f}" y="{y + 0.35 * size:.0f}" font-size="{size:g}" fill="{colour}"{turn}>'
            f"{escape.html(words)}</text>"
        )
        return True

    def badge(self, words: object, shape: shapely.Geometry, *, colour: str) -> bool:
        """Put a number in a disc on the part of a shape that is seen; False where there is no room."""
        parts = self.names.seen([shape])
        if not len(parts):
            return False
        x, y = shapely.get_coordinates(shapely.point_on_surface(parts[0]))[0]
        (width, height), radius = self.size, _BADGE
        if not (radius < x < width - radius and radius < y < height - radius):
            return False
        if not self.names.take(x - radius, y - radius, 2 * radius, 2 * radius):
            return False
        self._written.append(
            f'<circle cx="{x:.0f}" cy="{y:.0f}" r="{radius:g}" fill="{colour}" stroke="{PAPER}" stroke-width="3"/>'
            f'<text x="{x:.0f}" y="{y + 7:.0f}" font-size="20" fill="{PAPER}" stroke="none">{escape.html(words)}</text>'
        )
        return True

    def scale_and_north(self) -> None:
        """Draw the scale bar and the arrow to the north, before any name takes their place."""
        width, height = self.size
        length, label = scale_bar(0.3 * width / self.names.per_m)
        bar = length * self.names.per_m
        x, y = 18.0, height - 18
        self.names.take(x - 8, y - 34, bar + 16, 42)
        self.names.take(width - 56, 10, 46, 74)
        self._written.append(
            f'<path d="M{x:.0f} {y - 8:.0f}V{y:.0f}H{x + bar:.0f}V{y - 8:.0f}" fill="none" stroke="{INK}" '
            f'stroke-width="4"/><text x="{x + bar / 2:.0f}" y="{y - 12:.0f}" font-size="20" fill="{INK}">{label}</text>'
            f'<path d="M{width - 33:.0f} 16l13 42l-13 -10l-13 10Z" fill="{INK}"/>'
            f'<text x="{width - 33:.0f}" y="80" font-size="22" fill="{INK}">{text("maps.north", self.lang)}</text>'
        )

    def svg(self, title: str) -> str:
        """The map as an element of a page; ``title`` is read aloud in its stead."""
        width, height = self.size
        return (
            f'<svg class="plate" role="img" aria-label="{escape.html(title)}" viewBox="0 0 {width:.0f} {height:.0f}" '
            f'style="width:{width / 10:.1f}mm;height:{height / 10:.1f}mm">'
            f'{"".join(self.drawn)}<g text-anchor="middle" paint-order="stroke" stroke="{PAPER}" stroke-width="9" '
            f'stroke-linejoin="round">{"".join(self._written)}</g></svg>'
        )


def _path(shapes: NDArray[np.object_]) -> str:
    """Shapes as the steps of a path: whole numbers, no detail finer than a tenth of a millimetre."""
    parts = shapely.get_parts(shapes)
    lines = parts[shapely.get_type_id(parts) == 1]
    if len(lines):
        lines = shapely.get_parts(merged(lines))
    rings = shapely.get_rings(polygons(parts))
    return "".join(_steps(line, closed=False) for line in lines) + "".join(_steps(ring, closed=True) for ring in rings)


def _steps(line: shapely.Geometry, *, closed: bool) -> str:
    xy = np.rint(shapely.get_coordinates(shapely.simplify(line, 0.8))).astype(np.int64)
    xy = xy[np.r_[True, (np.diff(xy, axis=0) != 0).any(axis=1)]]
    if closed:
        xy = xy[:-1] if len(xy) > 1 and (xy[0] == xy[-1]).all() else xy
    if len(xy) < (3 if closed else 2):
        return ""
    steps = [f"M{xy[0][0]} {xy[0][1]}"]
    for (a, b), (x, y) in zip(xy[:-1].tolist(), xy[1:].tolist(), strict=True):
        steps.append(f"V{y}" if x == a else f"H{x}" if y == b else f"l{x - a} {y - b}")
    return "".join(steps) + ("Z" if closed else "")
