"""The map of the clusters: of all issues and of each class, in space, and in space and time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from jxgis.drawing.canvas import BLANK, Canvas
from jxgis.drawing.colours import OUTLINE, PINS
from jxgis.drawing.layers import (
    PlaceList,
    add_group,
    add_place_lists,
    add_polygons,
    add_ranks,
    add_switch,
    fields_of,
    fill,
    land_map,
    largest_first,
)
from jxgis.drawing.legend import Classes, LegendSection, Swatch, add_legend, classify
from jxgis.hotspots.map import class_label
from jxgis.i18n import text
from jxgis.small_counts import as_words
from jxgis.zones import ALL

if TYPE_CHECKING:
    from collections.abc import Mapping

    import folium
    import geopandas as gpd

__all__ = ["cluster_words", "scan_map", "times_classes"]

_BREAKS = (1.5, 2, 3, 5)
_LISTED = 20
"""Clusters of a layer that are listed; the others are found on the map."""
_FIELDS = {
    "space": ["rank", "district", "observed", "expected", "times", "radius_m", "area_km2", "p", "same_point_share"],
    "space_time": ["rank", "district", "start", "end", "observed", "expected", "times", "radius_m", "area_km2", "p", "same_point_share"],
}  # fmt: skip


def times_classes(clusters: pd.DataFrame, lang: str) -> Classes:
    """Clusters by how many times as many issues as expected they have."""
    value = pd.to_numeric(clusters["times"], errors="coerce")
    return classify(value, breaks=_BREAKS, digits=1, lang=lang)


def cluster_words(clusters: pd.DataFrame, lang: str) -> list[str]:
    """How many times as many issues as expected each cluster has, and from when to when, as lists say it."""
    times = pd.to_numeric(clusters["times"], errors="coerce")
    said = [
        "—" if pd.isna(value) else text("scan.times", lang, n=f"{value:.1f}" if value < 100 else f"{value:.0f}")
        for value in times
    ]
    stretches = [
        None if pd.isna(start) else text("scan.stretch", lang, start=f"{start:%Y-%m-%d}", end=f"{end:%Y-%m-%d}")
        for start, end in zip(clusters["start"], clusters["end"], strict=True)
    ]
    return [own if days is None else f"{own} · {days}" for own, days in zip(said, stretches, strict=True)]


def scan_map(
    clusters: gpd.GeoDataFrame,
    scans: pd.DataFrame,
    area: gpd.GeoDataFrame,
    *,
    notes: Mapping[str, str],
    canvas: Canvas = BLANK,
) -> folium.Map:
    """Draw the clusters of each scan of all issues, and of each class that has any, one layer at a time.

    Parameters
    ----------
    clusters, scans
        The contract's tables as people are shown them.
    area
        The study area: what is seen first where there is no land.
    notes
        What is said below the legend, by scan.
    canvas
        What it is drawn on, and what is said around it.

    Returns
    -------
    folium.Map
    """
    lang = canvas.lang
    page = land_map(canvas, area, title=text("scan.title", lang))
    lists, legends = [], []
    some = scans[(scans["clusters_n"] > 0) | (scans["issue_class"] == ALL)]
    for number, (scan, name) in enumerate(zip(some["scan"], some["issue_class"], strict=True)):
        own = clusters[(clusters["scan"] == scan) & (clusters["issue_class"] == name)]
        title = text(f"scan.layer_{scan}", lang, name=class_label(name, lang))
        group = add_group(page, name=title, show=number == 0)
        drawn = largest_first(own)
        classes = times_classes(drawn, lang)
        fields = fields_of("scan.clusters", _FIELDS[scan], lang)
        add_polygons(
            group, drawn.assign(observed=as_words(drawn["observed"])), style=classes.row, heading="name",
            styles=[fill(colour, border=OUTLINE, weight=0.9) for colour in classes.colours], fields=fields, simplify_m=0.5,
        )  # fmt: skip
        first = own.head(_LISTED)
        add_ranks(group, first.assign(observed=as_words(first["observed"])), fields=fields)
        swatches = [*classes.swatches(), Swatch(PINS, text("maps.list_pin", lang), "pin")]
        legends.append(LegendSection(text("scan.legend", lang), swatches, notes[scan], [group]))
        said = _said(own, lang)
        lists.append(
            PlaceList(group, title, first.assign(note=np.array(cluster_words(first, lang), dtype=object)), said)
        )
    add_place_lists(page, lists)
    add_legend(page, legends, lang=lang)
    add_switch(page)
    return page


def _said(own: gpd.GeoDataFrame, lang: str) -> str:
    """What is said below the list of a layer: that there is none, or not to compare the smallest."""
    if not len(own):
        return text("scan.none", lang)
    return text("scan.thin_list", lang) if (own["expected"] < 1).any() else ""
