"""The map of clusters as a sheet for print: the largest numbered, and by name beside the map."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jxgis.clusters.map import issue_classes, issue_words
from jxgis.drawing.canvas import BLANK, Canvas
from jxgis.drawing.colours import OUTLINE, PINS
from jxgis.drawing.figures import short_label
from jxgis.drawing.layers import largest_first
from jxgis.drawing.legend import LegendSection
from jxgis.drawing.print_map import map_sheet
from jxgis.i18n import text

if TYPE_CHECKING:
    import geopandas as gpd

    from jxgis.drawing.figures import Figure

__all__ = ["cluster_sheet"]

_TOP = 20


def cluster_sheet(clusters: gpd.GeoDataFrame, *, note: str = "", canvas: Canvas = BLANK) -> Figure:
    """The clusters of all issues by number of issues.

    Parameters
    ----------
    clusters
        The contract's ``clusters`` of one class as people are shown them, the largest first.
    note
        What a cluster is, for the legend.
    canvas
        What it is drawn on, and what is said around it.

    Returns
    -------
    matplotlib.figure.Figure
    """
    lang = canvas.lang
    drawn = largest_first(clusters)
    seen, first = issue_classes(drawn, lang), clusters.head(_TOP)
    with map_sheet(canvas, clusters, title=text("clusters.title", lang)) as sheet:
        colours = [seen.colours[row] for row in seen.row]
        sheet.map.areas(drawn.geometry, colours, edge=OUTLINE, width=0.5, over=2.5)
        sheet.map.pins(first.geometry.representative_point(), first["rank"], PINS)
        sheet.legend([LegendSection(text("clusters.layer", lang), seen.swatches(), note)])
        names = [short_label(name) for name in first["name"]]
        rows = zip(first["rank"], names, issue_words(first, lang), strict=True)
        sheet.listing(text("clusters.sheet_list", lang, n=len(first)), rows, PINS)
    return sheet.figure
