"""The figures of change over time: what hot places have been, and what changed, by name beside the map."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jxgis.drawing.canvas import BLANK, Canvas
from jxgis.drawing.colours import OUTLINE, PATTERNS, PINS
from jxgis.drawing.figures import Figure, short_label
from jxgis.drawing.layers import largest_first
from jxgis.drawing.legend import LegendSection, Swatch
from jxgis.drawing.print_map import map_sheet
from jxgis.i18n import text
from jxgis.schema.tables import table as declared
from jxgis.trends.map import DIRECTIONS, change_words, cold_ground, pattern_swatches

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import geopandas as gpd

__all__ = ["change_sheet", "pattern_sheet"]

_TOP = 20


def pattern_sheet(cells: gpd.GeoDataFrame, places: gpd.GeoDataFrame, *, canvas: Canvas = BLANK) -> Figure:
    """What the hot places of one class have been; the first numbered, and by name beside the map.

    Parameters
    ----------
    cells, places
        Rows of the contract's tables as people are shown them, of one class.
    canvas
        What it is drawn on, and what is said around it.

    Returns
    -------
    matplotlib.figure.Figure
    """
    lang = canvas.lang
    words = declared("trends.places").columns["pattern"]
    legend = LegendSection(text("trends.legend", lang), pattern_swatches(cells, lang), text("trends.map_note", lang))
    said = [words.word(code, lang) for code in places["pattern"].head(_TOP)]
    title = text("trends.layer_patterns", lang, name=text("common.all_classes", lang))
    return _sheet(cells, places, "pattern", PATTERNS, said, legend, title, canvas, under=cold_ground(cells))


def change_sheet(cells: gpd.GeoDataFrame, changes: gpd.GeoDataFrame, *, canvas: Canvas = BLANK) -> Figure:
    """Where the issues of one class changed otherwise than in the city; the first numbered, and by name beside the map.

    Parameters
    ----------
    cells, changes
        Rows of the contract's ``change`` and ``changes`` as people are shown them, of one class.
    canvas
        What it is drawn on, and what is said around it.

    Returns
    -------
    matplotlib.figure.Figure
    """
    lang = canvas.lang
    words = declared("trends.changes").columns["direction"]
    swatches = [Swatch(colour, words.word(code, lang)) for code, colour in DIRECTIONS.items()]
    legend = LegendSection(text("trends.legend_change", lang), swatches, text("trends.map_note_change", lang))
    said = [each.split(" · ")[0] for each in change_words(changes.head(_TOP), lang)]
    title = text("trends.layer_change", lang, name=text("common.all_classes", lang))
    return _sheet(cells, changes, "direction", DIRECTIONS, said, legend, title, canvas)


def _sheet(
    cells: gpd.GeoDataFrame,
    places: gpd.GeoDataFrame,
    column: str,
    colours: Mapping[str, str],
    said: Sequence[str],
    legend: LegendSection,
    title: str,
    canvas: Canvas,
    under: gpd.GeoDataFrame | None = None,
) -> Figure:
    drawn, first = largest_first(places), places.head(_TOP)
    with map_sheet(canvas, cells, title=title) as sheet:
        if under is not None:
            sheet.map.areas(under.geometry, [colours["persistent_cold"]] * len(under), edge=OUTLINE, width=0, over=2.4)
        sheet.map.areas(drawn.geometry, [colours[code] for code in drawn[column]], edge=OUTLINE, width=0.5, over=2.5)
        sheet.map.pins(first.geometry.representative_point(), first["rank"], PINS)
        sheet.legend([legend])
        names = [short_label(name) for name in first["name"]]
        heading = text("trends.sheet_list", canvas.lang, n=len(first))
        sheet.listing(heading, zip(first["rank"], names, said, strict=True), PINS)
    return sheet.figure
