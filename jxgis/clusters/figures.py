"""The map of clusters as a sheet for print: the largest numbered, and by name beside the map."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jxgis.clusters.map import issue_classes, issue_words
from jxgis.drawing.canvas import BLANK, Canvas
from jxgis.drawing.colours import PINS
from jxgis.drawing.figures import short_label
from jxgis.drawing.print_map import map_sheet
from jxgis.i18n import text

if TYPE_CHECKING:
    import geopandas as gpd

    from jxgis.drawing.figures import Figure

__all__ = ["cluster_sheet"]


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
    with map_sheet(canvas, clusters, title=text("report.part_clusters", lang)) as sheet:
        first = sheet.ranked(clusters, issue_classes, legend=text("clusters.layer", lang), note=note)
        names = [short_label(name) for name in first["name"]]
        rows = zip(first["rank"], names, issue_words(first, lang), strict=True)
        sheet.listing(text("clusters.sheet_list", lang, n=len(first)), rows, PINS)
    return sheet.figure
