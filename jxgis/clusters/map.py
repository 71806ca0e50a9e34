"""The map of clusters: outlines by number of issues, all issues first, a class by the switch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from jxgis.drawing.canvas import BLANK, Canvas
from jxgis.drawing.colours import OUTLINE, PINS
from jxgis.drawing.layers import (
    TOP,
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
    from collections.abc import Sequence

    import folium
    import geopandas as gpd

__all__ = ["cluster_map", "issue_classes", "issue_words"]

_BREAKS = (30, 100, 300, 1000)
_OF_ALL = ("main_class", "main_share")
_FIELDS = (
    "rank", "district", "subdistrict", "issues", "share_issues", "area_km2", "per_km2", *_OF_ALL, "main_subclass",
    "main_department", "same_point_share",
)  # fmt: skip


def issue_classes(clusters: pd.DataFrame, lang: str) -> Classes:
    """Clusters by number of issues; those whose number is not shown have none."""
    value = pd.to_numeric(clusters["issues"], errors="coerce")
    return classify(value, breaks=_BREAKS, lang=lang)


def issue_words(clusters: pd.DataFrame, lang: str) -> list[str]:
    """How many issues each holds, as lists say it."""
    return [text("maps.n_issues", lang, n=n) for n in as_words(clusters["issues"])]


def cluster_map(
    clusters: gpd.GeoDataFrame,
    classes: Sequence[str],
    districts: gpd.GeoDataFrame,
    *,
    note: str = "",
    canvas: Canvas = BLANK,
) -> folium.Map:
    """Draw the clusters of all issues, with a switch to those of each class.

    Parameters
    ----------
    clusters
        The contract's ``clusters`` as people are shown them.
    classes
        The classes in their order, ``all`` first.
    districts
        What is seen where there are no clusters.
    note
        What a cluster is, for the legend.
    canvas
        What it is drawn on, and what is said around it.

    Returns
    -------
    folium.Map
    """
    lang = canvas.lang
    page = land_map(canvas, clusters if len(clusters) else districts, title=text("report.part_clusters", lang))
    groups, lists = [], []
    for at, issue_class in enumerate(classes):
        label = class_label(issue_class, lang)
        group = add_group(page, name=label, show=at == 0)
        own = clusters[clusters["issue_class"] == issue_class]
        first = own.head(TOP)
        _add(group, own, first, lang)
        heading = text("clusters.list", lang, name=label, n=len(first)) if len(own) else label
        said = "" if len(own) else text("clusters.none", lang)
        lists.append(
            PlaceList(group, heading, first.assign(note=np.array(issue_words(first, lang), dtype=object)), said)
        )
        groups.append(group)
    add_place_lists(page, lists)
    swatches = [*issue_classes(clusters, lang).swatches(), Swatch(PINS, text("maps.list_pin", lang), "pin")]
    add_legend(page, [LegendSection(text("clusters.layer", lang), swatches, note, groups)], lang=lang)
    add_switch(page)
    return page


def _add(group: folium.FeatureGroup, own: gpd.GeoDataFrame, first: gpd.GeoDataFrame, lang: str) -> None:
    drawn = largest_first(own)
    seen = issue_classes(drawn, lang)
    of_all = (own["issue_class"] == ALL).all()
    fields = fields_of("clusters.clusters", [name for name in _FIELDS if of_all or name not in _OF_ALL], lang)
    add_polygons(
        group, drawn.assign(issues=as_words(drawn["issues"])),
        styles=[fill(colour, border=OUTLINE, weight=0.9) for colour in seen.colours], style=seen.row,
        heading="name", fields=fields, simplify_m=0.5,
    )  # fmt: skip
    add_ranks(group, first.assign(issues=as_words(first["issues"])), fields=fields)
