"""The figure of the clusters: where they lie, numbered, and by name beside the map."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jxgis.drawing.canvas import BLANK, Canvas
from jxgis.drawing.colours import PINS
from jxgis.drawing.figures import Figure, short_label
from jxgis.drawing.print_map import map_sheet
from jxgis.i18n import text
from jxgis.scan.map import cluster_words, times_classes

if TYPE_CHECKING:
    import geopandas as gpd

__all__ = ["scan_sheet"]


def scan_sheet(clusters: gpd.GeoDataFrame, scan: str, *, note: str, canvas: Canvas = BLANK) -> Figure:
    """The clusters of one scan of all issues; the first numbered, and by name beside the map.

    Parameters
    ----------
    clusters
        Rows of the contract's ``clusters`` as people are shown them.
    scan
        ``"space"`` or ``"space_time"``.
    note
        What is said below the legend.
    canvas
        What it is drawn on, and what is said around it.

    Returns
    -------
    matplotlib.figure.Figure
    """
    lang = canvas.lang
    title = text(f"scan.layer_{scan}", lang, name=text("common.all_classes", lang))
    with map_sheet(canvas, clusters, title=title) as sheet:
        first = sheet.ranked(clusters, times_classes, legend=text("scan.legend", lang), note=note)
        names = [short_label(name) for name in first["name"]]
        # One short word beside each name, or the name has no room; the colours tell the times.
        since = [text("scan.since", lang, day=f"{day:%Y-%m-%d}") for day in first["start"].dropna()]
        rows = zip(first["rank"], names, since or cluster_words(first, lang), strict=True)
        sheet.listing(text("scan.sheet_list", lang, n=len(first)), rows, PINS)
    return sheet.figure
