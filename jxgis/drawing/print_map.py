"""Sheets for print: a map or several, and beside them legend, lists, scale, north and source; in millimetres."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain, repeat
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from matplotlib.patches import Polygon, Rectangle

from jxgis.drawing._letters import MM, broken, fitted, long_mm
from jxgis.drawing.colours import BORDER, FAILED, FAINT, INK, OUTLINE, PAPER, PINS, SKETCH
from jxgis.drawing.figures import Figure, figure_style
from jxgis.drawing.layers import largest_first
from jxgis.drawing.legend import LegendSection
from jxgis.drawing.map_panel import MapPanel
from jxgis.drawing.plate import frame_around
from jxgis.drawing.scale import scale_bar
from jxgis.i18n import sketch_mark, text

if TYPE_CHECKING:
    import geopandas as gpd
    from matplotlib.axes import Axes

    from jxgis.drawing.canvas import Canvas
    from jxgis.drawing.legend import Classes, Swatch

__all__ = ["LISTED", "PAGE_MM", "Sheet", "map_sheet"]

PAGE_MM = 156.0
"""The width of the text on a page of A4 with the margins of a government document (GB/T 9704-2012)."""
_SIDE_MM, _GUTTER_MM = 43.0, 4.0
LISTED = 20
"""Places that are numbered on a map and listed beside it."""
#: The tallest and the lowest map.
_TALLEST_MM, _LOWEST_MM = 185.0, 40.0
#: From so many times as wide as high on, a map has its legend below it.
_WIDE = 1.5
_LEADING = 1.32
#: Below a map, from this height on the legend goes on in a further column.
_COLUMN_MM = 20.0


class _Entry(NamedTuple):
    """A line beside a map: words, their size and colour, the sign or the number before them, the value behind, the room above.

    ``head``: it begins a block, and does not part from what comes next.
    """

    words: str
    size: float = 7.0
    colour: str = INK
    sign: Swatch | None = None
    number: str = ""
    value: str | None = None
    above: float = 0.7
    head: bool = False

    @property
    def indent(self) -> float:
        return 7.0 if self.sign is not None else 5.0 if self.number else 0.0

    def lines(self, width: float) -> str:
        """The words as they fit: those of a list on one line."""
        if self.value is None:
            return broken(self.words, self.size, width - self.indent)
        room = width - self.indent - (long_mm(self.value, self.size) + 2 if self.value else 0)
        return fitted(" ".join(self.words.split()), self.size, room)

    def high(self, width: float) -> float:
        return self.above + (self.lines(width).count("\n") + 1) * self.size * MM * _LEADING


class Sheet:
    """A sheet with one map or several side by side; see `map_sheet`.

    Attributes
    ----------
    figure
        The figure; finished when the block of `map_sheet` ends.
    panels
        The maps; the sheet's own drawing methods are those of the first.
    """

    def __init__(self, canvas: Canvas, found: gpd.GeoDataFrame, *, title: str, panels: int) -> None:
        self.canvas, self.title, self.name_land = canvas, title, True
        self.figure = Figure(figsize=(PAGE_MM / 25.4, PAGE_MM / 25.4))
        self._entries: list[_Entry] = []
        land = canvas.ground.land
        west, south, east, north = bounds = (found if land is None else land).total_bounds
        shape = max(east - west, 1.0) / max(north - south, 1.0)
        self._columns = panels if panels <= 3 else 2 if panels == 4 else 3
        self._beside = panels == 1 and shape < _WIDE
        whole = PAGE_MM - (_SIDE_MM + _GUTTER_MM if self._beside else 0)
        wide = (whole - _GUTTER_MM * (self._columns - 1)) / max(self._columns, 2 if panels > 1 else 1)
        tall = float(np.clip(wide / shape, _LOWEST_MM / self._columns, _TALLEST_MM / self._columns))
        frame = frame_around(bounds, width_mm=wide, height_mm=tall, margin=0.025)
        self.panels = [
            MapPanel(self.figure.add_axes((0, 0, 1, 1), label=f"map {k}"), frame, wide, small=panels > 1)
            for k in range(panels)
        ]
        for panel in self.panels:
            panel.draw_ground(canvas.ground)

    @property
    def map(self) -> MapPanel:
        """The first map."""
        return self.panels[0]

    def legend(self, sections: Iterable[LegendSection]) -> None:
        """Put sections beside the map: heading, signs with their words, note."""
        for section in sections:
            if section.heading:
                self._head(section.heading)
            self._entries += [_Entry(swatch.label, sign=swatch) for swatch in section.swatches]
            if section.note:
                self._entries.append(_Entry(section.note, size=6.0, colour=FAINT, above=1.0))

    def ranked(
        self, rows: gpd.GeoDataFrame, classes_of: Callable[[gpd.GeoDataFrame, str], Classes], *, legend: str, note: str
    ) -> gpd.GeoDataFrame:
        """Draw ranked polygons by class, number the first and say what the colours are; the first come back, to be listed."""
        drawn, first = largest_first(rows), rows.head(LISTED)
        classes = classes_of(drawn, self.canvas.lang)
        self.map.areas(drawn.geometry, [classes.colours[row] for row in classes.row], edge=OUTLINE, width=0.5, over=2.5)
        self.map.pins(first.geometry.representative_point(), first["rank"], PINS)
        self.legend([LegendSection(legend, classes.swatches(), note)])
        return first

    def listing(
        self, heading: str, rows: Iterable[tuple[object, str, str]], colour: str, *, colours: Iterable[str] = ()
    ) -> None:
        """Put a list beside the map: what the numbers on it are, each with a value; without a number where it is empty.

        ``colours`` of the single rows, where they have not all the same, stand for ``colour``.
        """
        self._head(heading)
        own = chain(colours, repeat(colour))
        self._entries += [
            _Entry(words, size=6.6, colour=shade, number=str(number), value=value)
            for (number, words, value), shade in zip(rows, own, strict=False)
        ]

    def _head(self, heading: str) -> None:
        self._entries.append(_Entry(heading, size=7.6, above=3.0, head=True))

    def finish(self) -> None:
        """Write names, title, legend and source, and give everything its place."""
        for panel in self.panels:
            panel.name_ground(self.canvas.ground, land=self.name_land)
            panel.clear_names()
        page = self.figure.add_axes((0, 0, 1, 1), label="page", zorder=-1)
        page.axis("off")
        y = self._heading(page)
        top, maps = y, []
        for first in range(0, len(self.panels), self._columns):
            row = self.panels[first : first + self._columns]
            heads = [broken(panel.ax.get_title(), 8, panel.width_mm) for panel in row]
            y += max(len(head.split("\n")) for head in heads) * 8 * MM * _LEADING if any(heads) else 0.0
            for at, (panel, head) in enumerate(zip(row, heads, strict=True)):
                maps.append((at * (panel.width_mm + _GUTTER_MM), y))
                panel.ax.set_title(head, fontsize=8, pad=2.5, linespacing=1.15)
            y += row[0].height_mm
            feet = [broken(panel.foot, 5.8, panel.width_mm) for panel in row]
            for (x, _), foot in zip(maps[-len(row) :], feet, strict=True):
                self._words(page, x, y + 0.8, foot, 5.8, INK)
            y += 0.8 + max(len(foot.split("\n")) for foot in feet) * 5.8 * MM * _LEADING + 1 if any(feet) else 0.0
        y = self._scale_and_north(page, y)
        if self._beside:
            fits = self._beside_fit(y - top)
            y = max(y, self._column(page, self._entries[:fits], self.map.width_mm + _GUTTER_MM, top, _SIDE_MM))
            y = self._below(page, self._entries[fits:], y + 2)
        else:
            y = self._below(page, self._entries, y + 2)
        y = self._foot(page, y + 1.5)
        page.set(xlim=(0, PAGE_MM), ylim=(y, 0))
        self.figure.set_size_inches(PAGE_MM / 25.4, y / 25.4)
        for panel, (x, from_top) in zip(self.panels, maps, strict=True):
            # The frame's line lies half outside.
            wide, high = panel.width_mm, panel.height_mm
            panel.ax.set_position(((x + 0.1) / PAGE_MM, 1 - (from_top + high) / y, (wide - 0.2) / PAGE_MM, high / y))

    @staticmethod
    def _words(page: Axes, x: float, y: float, words: str, size: float, colour: str, **how: Any) -> float:
        """Write words from their upper left corner; say where they end."""
        step = size * MM * _LEADING
        for at, line in enumerate(words.split("\n")):
            page.text(x, y + (at + 0.8) * step, line, fontsize=size, color=colour, va="baseline", **how)
        return y + (words.count("\n") + 1) * step

    def _heading(self, page: Axes) -> float:
        mark = sketch_mark(self.canvas.sketch, self.canvas.lang)
        room = long_mm(mark, 7.5) + 5 if mark else 0.0
        y = self._words(page, 0, 0.3, broken(self.title, 11, PAGE_MM - room), 11, INK)
        if mark:
            self._words(page, PAGE_MM, 1.0, mark, 7.5, SKETCH, ha="right")
        if self.canvas.method:
            y = self._words(page, 0, y + 0.3, broken(self.canvas.method, 6.6, PAGE_MM), 6.6, FAINT)
        return y + 1.6

    def _scale_and_north(self, page: Axes, y: float) -> float:
        per_m = self.map.names.per_m / 10
        length, words = scale_bar(0.3 * self.map.width_mm / per_m)
        bar, base = length * per_m, y + 4.4
        page.plot([0.3, 0.3, 0.3 + bar, 0.3 + bar], [base - 1.3, base, base, base - 1.3], color=INK, linewidth=0.9,
                  solid_capstyle="butt", solid_joinstyle="miter", gid="scale")  # fmt: skip
        self._words(page, bar + 1.8, base - 2.6, words, 6.6, INK)
        x = bar + 1.8 + long_mm(words, 6.6) + 7
        arrow = [(x, y + 1.2), (x + 1.3, y + 4.8), (x, y + 4.0), (x - 1.3, y + 4.8)]
        page.add_patch(Polygon(arrow, facecolor=INK, edgecolor="none"))
        self._words(page, x + 2.0, base - 2.6, text("maps.north", self.canvas.lang), 6.6, INK)
        return y + 6.0

    def _foot(self, page: Axes, y: float) -> float:
        unnamed = max(panel.unnamed for panel in self.panels)
        said = text("figures.unnamed", self.canvas.lang, n=unnamed) if unnamed else ""
        words = "\n".join(broken(line, 6.0, PAGE_MM) for line in (self.canvas.source, said) if line)
        if not words:
            return y
        page.plot([0, PAGE_MM], [y, y], color=BORDER, linewidth=0.4)
        return self._words(page, 0, y + 0.9, words, 6.0, FAINT) + 0.2

    def _beside_fit(self, room: float) -> int:
        """How many entries stand beside a map of that height: whole blocks, at least one."""
        ends = [*[at for at, entry in enumerate(self._entries) if entry.head][1:], len(self._entries)]
        high = np.cumsum([entry.high(_SIDE_MM) for entry in self._entries])
        return max((end for end in ends if high[end - 1] <= room), default=ends[0]) if len(high) else 0

    def _below(self, page: Axes, entries: Sequence[_Entry], y: float) -> float:
        """The entries in columns of about the same height below the maps; say where they end."""
        if not entries:
            return y - 2
        width = (PAGE_MM - 2 * _GUTTER_MM) / 3
        high = [entry.high(width) for entry in entries]
        columns = int(np.clip(np.ceil(sum(high) / _COLUMN_MM), 1, 3))
        lots: list[list[_Entry]] = [[]]
        used = 0.0
        for entry, tall in zip(entries, high, strict=True):
            if used + tall / 2 > sum(high) / columns and not lots[-1][-1].head and len(lots) < columns:
                lots.append([])
                used = 0.0
            lots[-1].append(entry)
            used += tall
        return max(self._column(page, lot, at * (width + _GUTTER_MM), y, width) for at, lot in enumerate(lots))

    def _column(self, page: Axes, entries: Sequence[_Entry], x: float, y: float, width: float) -> float:
        for at, entry in enumerate(entries):
            y += entry.above if at else 0.0
            middle = y + entry.size * MM * _LEADING / 2
            colour = entry.colour
            if entry.sign is not None:
                _draw_sign(page, entry.sign, x, middle - 0.1)
            elif entry.number:
                _disc(page, x + 1.7, middle - 0.1, colour, entry.number)
            if entry.value:
                self._words(page, x + width - 0.3, y, entry.value, entry.size, INK, ha="right")
            colour = INK if entry.value is not None else colour
            y = self._words(page, x + entry.indent, y, entry.lines(width), entry.size, colour)
        return y


def _disc(page: Axes, x: float, y: float, colour: str, number: str) -> None:
    page.plot([x], [y], "o", color=colour, markersize=7.6, markeredgewidth=0)
    page.text(x, y, number, fontsize=4.9 if len(number) < 3 else 3.8, color=PAPER, ha="center", va="center")


def _draw_sign(page: Axes, sign: Swatch, x: float, y: float) -> None:
    """A sign of the legend, five and a half millimetres wide."""
    match sign.mark:
        case "fill":
            page.add_patch(
                Rectangle((x, y - 1.35), 5.2, 2.7, facecolor=sign.colour, edgecolor="#9aa5ad", linewidth=0.4)
            )
        case "dashed":
            page.add_patch(Rectangle((x, y - 1.35), 5.2, 2.7, facecolor=sign.colour, edgecolor=FAILED, linewidth=0.5,
                                     linestyle=(0, (3, 2))))  # fmt: skip
        case "line" | "dash":
            style: Any = (0, (3.2, 1.8)) if sign.mark == "dash" else "solid"
            page.plot([x, x + 5.2], [y, y], color=sign.colour, linewidth=1.5, linestyle=style)
        case "dot":
            page.plot([x + 2.6], [y], "o", color=sign.colour, markersize=4.5, markeredgewidth=0)
        case "pin":
            _disc(page, x + 2.6, y, sign.colour, "1")


@contextmanager
def map_sheet(canvas: Canvas, found: gpd.GeoDataFrame, *, title: str, panels: int = 1) -> Iterator[Sheet]:
    """Draw a map for print as wide as the text on a page of A4; what is drawn in the block has legend and source after it.

    Parameters
    ----------
    canvas
        What it is drawn on, and what is said around it.
    found
        What is shown; where there is no land, the map reaches as far.
    title
        Its heading.
    panels
        How many maps, side by side.

    Yields
    ------
    Sheet
        To draw on. Its ``figure`` is finished when the block ends.

    Examples
    --------
    >>> import geopandas as gpd, shapely
    >>> from jxgis.drawing import Canvas, ground_of
    >>> land = gpd.GeoDataFrame({"name": ["老城"]}, geometry=[shapely.box(0, 0, 9000, 9000)], crs=4549)
    >>> canvas = Canvas(ground=ground_of({"districts": land}), source="问题")
    >>> with map_sheet(canvas, land, title="热点") as sheet:
    ...     sheet.map.areas([shapely.box(0, 0, 200, 200)], "#b2182b")
    >>> round(float(sheet.figure.get_size_inches()[0]) * 25.4)
    156
    """
    with figure_style():
        sheet = Sheet(canvas, found, title=title, panels=panels)
        yield sheet
        sheet.finish()
