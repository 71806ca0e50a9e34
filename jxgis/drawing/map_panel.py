"""One map of a sheet for print: the ground, what is drawn on it in metres, and names where there is room."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from matplotlib.collections import PathCollection
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from matplotlib.textpath import TextPath
from matplotlib.transforms import Affine2D

from jxgis.drawing._letters import MM, fitted, long_mm, tenths
from jxgis.drawing.colours import BORDER, GREEN, INK, LAND, ON_FOOT, OUTLINE, PAPER, WATER
from jxgis.drawing.figures import short_label
from jxgis.drawing.names import Names, Spot, polygons

if TYPE_CHECKING:
    import geopandas as gpd
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from jxgis.drawing.ground import Ground

__all__ = ["MapPanel"]

#: Colour and width of streets, the main ones first.
_STREETS = (("#98a1a8", 0.55), ("#adb4ba", 0.35), ("#c6cbd0", 0.2))
#: How many streets are named at most; and the longest name on a map.
_NAMED_STREETS = 16
_LONGEST_MM = 30.0
#: Type that names are written in where they find no room otherwise, in points.
_SMALLER = (5.6, 4.6)


def _in_lines(name: str, value: str) -> list[str]:
    """A name with a value below it, where there is one: as it is, and broken where that makes it shortest."""
    words = name.split(" ")
    halves = [(" ".join(words[:at]), " ".join(words[at:])) for at in range(1, len(words))]
    ways = [(name,), *sorted(halves, key=lambda both: max(map(len, both)))[:1]]
    return ["\n".join(filter(None, (*way, value))) for way in ways]


def _path(lines: Iterable[NDArray[np.float64]], *, closed: bool) -> Path:
    """Lines or rings as one path."""
    vertices, codes = [np.empty((0, 2))], [np.empty(0, dtype=np.uint8)]
    for xy in lines:
        code = np.full(len(xy), Path.LINETO, dtype=np.uint8)
        code[0] = Path.MOVETO
        if closed:
            code[-1] = Path.CLOSEPOLY
        vertices.append(xy)
        codes.append(code)
    return Path(np.concatenate(vertices), np.concatenate(codes))


def _areas(shapes: NDArray[np.object_]) -> Path:
    """Polygons as one path, holes open."""
    rings = shapely.get_rings(polygons(shapely.orient_polygons(shapes)))
    return _path(map(shapely.get_coordinates, rings), closed=True)


class MapPanel:
    """One map of a sheet. Its axes are in metres: what else is drawn on them lies where it should.

    Parameters
    ----------
    ax
        The axes.
    frame
        West, south, east, north in metres, of the shape of the map.
    width_mm
        How wide it is on paper.
    small
        Whether it is one of several: its ground is quieter.

    Attributes
    ----------
    ax
        The axes.
    names
        Where names stand.
    foot
        What is written below it.
    unnamed
        Land whose name has found no room.
    """

    def __init__(self, ax: Axes, frame: tuple[float, float, float, float], width_mm: float, *, small: bool) -> None:
        self.ax, self.small, self.width_mm = ax, small, width_mm
        self.names = Names(frame, width_mm, tenths)
        self.foot, self.unnamed, self._order = "", 0, 0
        self._halos: list[Path] = []
        ax.set(xlim=frame[::2], ylim=frame[1::2], xticks=[], yticks=[])
        for spine in ax.spines.values():
            spine.set(visible=True, linewidth=0.5, color=BORDER)

    @property
    def height_mm(self) -> float:
        """How high it is on paper."""
        return self.names.size[1] / 10

    def land(self, shapes: Iterable[shapely.Geometry], colours: Sequence[str]) -> None:
        """Colour the land itself: waters and streets lie over it."""
        self.areas(shapes, colours, edge="face", width=0.15, over=0.5)

    def areas(
        self,
        shapes: Iterable[shapely.Geometry],
        colours: Sequence[str] | str,
        *,
        edge: str = "none",
        width: float = 0.0,
        dash: str | tuple[float, Sequence[float]] = "solid",
        over: float | None = None,
    ) -> None:
        """Draw polygons, each lot over the one before it; the width of borders in points.

        Parameters
        ----------
        shapes
            Polygons.
        colours
            One for all, or one each; ``"none"`` leaves the ground as it is.
        edge, width, dash
            The border: ``"face"`` is the colour of its area.
        over
            What it lies over: 0 paper, 1 land, 2 waters, 3 all of the ground but streets. The last lot by default.
        """
        self._order += 1
        fine = shapely.simplify(np.array([*shapes], dtype=object), self._fine_m)
        over = 3 + 0.01 * self._order if over is None else over
        if isinstance(colours, str):
            line = colours if edge == "face" else edge
            self._draw(_areas(fine), over, facecolor=colours, edgecolor=line, linewidth=width, linestyle=dash)
        elif len(fine):
            each = PathCollection(
                [_areas(shape) for shape in fine[:, None]], facecolors=colours, edgecolors=edge, linewidths=width,
                zorder=over, joinstyle="round",
            )  # fmt: skip
            self.ax.add_collection(each, autolim=False)

    @property
    def _fine_m(self) -> float:
        """The finest detail that print shows."""
        return 0.4 / self.names.per_m

    def _draw(self, path: Path, over: float, **look: Any) -> None:
        if np.size(path.vertices):
            self.ax.add_artist(PathPatch(path, zorder=over, joinstyle="round", **look))

    def lines(self, lines: Iterable[shapely.Geometry], colour: str, width: float, over: float) -> None:
        """Draw lines, of so many points."""
        west, south, east, north = self.names.frame
        cut = shapely.get_parts(shapely.clip_by_rect(np.array([*lines], dtype=object), west, south, east, north))
        fine = shapely.simplify(cut[shapely.get_type_id(cut) == 1], self._fine_m)
        path = _path(map(shapely.get_coordinates, fine), closed=False)
        self._draw(path, over, fill=False, edgecolor=colour, linewidth=width, capstyle="round")

    def _text(self, words: str, spot: Spot, size: float, colour: str, *, halo: bool = True) -> None:
        west, _, _, north = self.names.frame
        step, turn = 10 * size * MM, np.radians(spot.angle)
        lines = words.split("\n")
        for at, line in enumerate(lines):
            # The baseline of each line, turned with the name.
            down = (0.36 + 1.15 * (at - (len(lines) - 1) / 2)) * step
            tenths = np.array([spot.x - down * np.sin(turn), spot.y + down * np.cos(turn)])
            x, y = west + tenths[0] / self.names.per_m, north - tenths[1] / self.names.per_m
            self.ax.text(
                x, y, line, ha="center", va="baseline", rotation=-spot.angle, rotation_mode="anchor", fontsize=size,
                color=colour, zorder=9, clip_on=True,
            )  # fmt: skip
            if halo:
                self._halos.append(self._outline(line, size, spot.angle, x, y))

    def _outline(self, line: str, size: float, angle: float, x: float, y: float) -> Path:
        """The letters of a line as they stand on the map."""
        letters = TextPath((-long_mm(line, size) / MM / 2, 0), line, size=size)
        return letters.transformed(Affine2D().rotate_deg(-angle).scale(10 * MM / self.names.per_m).translate(x, y))

    def clear_names(self) -> None:
        """Keep the ground off all names written so far, by paper around their letters: apart from them, for they are text in a PDF."""
        if self._halos:
            path = Path.make_compound_path(*self._halos)
            self._draw(path, 8, facecolor=PAPER, edgecolor=PAPER, linewidth=1.5)
            self._halos = []

    def pins(self, points: Iterable[shapely.Point], numbers: Iterable[object], colour: str) -> None:
        """Put a number on points, in a disc; one that would lie on another stands beside, with a line to its point."""
        wide = 30.0 if self.small else 34.0
        west, _, _, north = self.names.frame
        for point, number in zip(points, numbers, strict=True):
            spot = self.names.near(point.x, point.y, wide, wide)
            if spot is None:
                continue
            x, y = west + spot.x / self.names.per_m, north - spot.y / self.names.per_m
            if np.hypot(x - point.x, y - point.y) * self.names.per_m > wide / 2:
                self._line(spot, point, colour)
            self.ax.plot(
                [x], [y], "o", color=colour, markersize=0.86 * wide / 10 / MM, markeredgecolor=PAPER,
                markeredgewidth=0.5, zorder=7,
            )  # fmt: skip
            words = str(number)
            self._text(words, spot, (5.8 if len(words) < 3 else 4.6) - 0.5 * self.small, PAPER, halo=False)

    def name_areas(
        self, names: Iterable[object], shapes: Iterable[shapely.Geometry], *, size: float, colour: str = INK,
        values: Iterable[str] | None = None, led: bool = False,
    ) -> int:  # fmt: skip
        """Write names into areas, the largest first, with a value below; say how many have found no room.

        One that finds no room is broken into two lines, then written smaller; with ``led`` it stands beside in the end, with
        a line to its area.
        """
        shapes = [*shapes]
        below = [""] * len(shapes) if values is None else [*values]
        lot = sorted(zip(names, shapes, below, strict=True), key=lambda each: -shapely.area(each[1]))
        missing = 0
        for name, shape, value in lot:
            whole = fitted(short_label(name), size, _LONGEST_MM)
            sizes = [size, *(least for least in _SMALLER if least < size)]
            for words, at in itertools.product(_in_lines(whole, value), sizes):
                spot = self.names.inside(words, shape, size=10 * at * MM, lines=1 + words.count("\n"))
                if spot is not None:
                    self._text(words, spot, at, colour)
                    break
            else:
                missing += not (led and self._lead(whole, shape, sizes[-1], colour))
        return missing

    def _lead(self, words: str, shape: shapely.Geometry, size: float, colour: str) -> bool:
        """Write a name beside its area, with a line to it; False where none is free near it."""
        point, high = shapely.point_on_surface(shape), 10 * size * MM
        spot = self.names.near(point.x, point.y, self.names.length(words, high) + 5, high + 5, rings=2)
        if spot is None:
            return False
        self._line(spot, point, colour)
        self._text(words, spot, size, colour)
        return True

    def _line(self, spot: Spot, point: shapely.Point, colour: str) -> None:
        """A line from a place for a name to its point."""
        west, _, _, north = self.names.frame
        x, y = west + spot.x / self.names.per_m, north - spot.y / self.names.per_m
        self.ax.plot([x, point.x], [y, point.y], color=colour, linewidth=0.6, zorder=6)
        self.ax.plot([point.x], [point.y], "o", color=colour, markersize=2.2, markeredgewidth=0, zorder=6)

    def _name_points(self, table: gpd.GeoDataFrame, size: float) -> None:
        points = [*zip(table["name"], table.geometry.centroid, strict=True)]
        # One that lies under a pin, or under a name, has none of its own; and no name lies on another's point.
        free = [self.names.near(point.x, point.y, 7, 7, rings=0) is not None for _, point in points]
        for (name, point), there in zip(points, free, strict=True):
            if not there:
                continue
            words = fitted(short_label(name), size, _LONGEST_MM)
            spot = self.names.beside(words, point.x, point.y, size=10 * size * MM, clear=4)
            if spot is not None:
                self.ax.plot(
                    [point.x], [point.y], "o", color=PAPER, markeredgecolor=INK, markeredgewidth=0.5, markersize=2.2,
                    zorder=6,
                )  # fmt: skip
                self._text(words, spot, size, INK)

    def _name_streets(self, streets: gpd.GeoDataFrame, size: float) -> None:
        named = streets[streets["name"].notna() & (streets["order"] <= max(1, streets["order"].min()))]
        by_name = named.assign(m=named.length).groupby("name", sort=False)
        ordered = by_name.agg(order=("order", "min"), m=("m", "sum")).sort_values(
            ["order", "m"], ascending=[True, False]
        )
        for name in ordered.index[:_NAMED_STREETS]:
            words = fitted(short_label(name), size, _LONGEST_MM)
            spot = self.names.along(words, by_name.get_group(name).geometry, size=10 * size * MM)
            if spot is not None:
                self._text(words, spot, size, OUTLINE)

    def draw_ground(self, ground: Ground) -> None:
        """Land, waters, parks, streets and borders, those that there are."""
        if ground.land is not None:
            self.areas(ground.land.geometry, LAND, over=0)
            self.lines(ground.land.boundary, BORDER, 0.5 if self.small else 0.7, over=5)
        if ground.parks is not None and not self.small:
            self.areas(ground.parks.geometry, GREEN, over=0.2)
        if ground.waters is not None:
            self.areas(ground.waters.geometry, WATER, over=2)
        if ground.streets is not None:
            first = ground.streets["order"].min()
            for order, (colour, width) in reversed([*enumerate(_STREETS)]):
                of = ground.streets[ground.streets["order"] == order]
                if len(of) and (order == first or not self.small):
                    self.lines(of.geometry, colour, width / 2 if self.small else width, over=4 - 0.1 * order)

    def name_ground(self, ground: Ground, *, land: bool = True) -> None:
        """Write the names of the ground where what was found leaves room."""
        if ground.land is not None and land:
            few = len(ground.land) <= 40
            size = 5.0 if self.small else 7.4 if few else 5.6
            self.unnamed = self.name_areas(ground.land["name"], ground.land.geometry, size=size, colour=BORDER)
        if self.small:
            return
        if ground.places is not None:
            self._name_points(ground.places.dropna(subset="name"), 5.6)
        if ground.waters is not None:
            known = ground.waters.dropna(subset="name")
            self.name_areas(known["name"], known.geometry, size=5.6, colour=ON_FOOT)
        if ground.streets is not None:
            self._name_streets(ground.streets, 5.0)
