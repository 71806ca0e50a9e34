"""The map of weak areas: the list by severity, all areas by outcome, and what became of last year's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from jxgis.drawing.canvas import BLANK, Canvas
from jxgis.drawing.colours import COURSES, OUTCOMES, OUTLINE, PINS
from jxgis.drawing.layers import (
    PlaceList,
    add_group,
    add_names,
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
from jxgis.i18n import localise_reasons, text
from jxgis.schema.tables import table
from jxgis.small_counts import as_words

if TYPE_CHECKING:
    import folium
    import geopandas as gpd
    from numpy.typing import NDArray

__all__ = ["severity_classes", "severity_words", "weak_map"]

_BREAKS = (2, 3, 5, 10)
_NAMED = 20
"""Areas that are named and listed; the others are found on the map."""


def severity_classes(weak: pd.DataFrame, lang: str) -> Classes:
    """Weak areas by how many times as many issues as their reference they have."""
    value = pd.to_numeric(weak["severity"])
    return classify(value, breaks=_BREAKS, lang=lang)


def severity_words(weak: pd.DataFrame, lang: str) -> list[str]:
    """How many times as many issues as its reference each area has, as lists say it."""
    return [text("weak.times", lang, n=f"{value:.1f}") for value in pd.to_numeric(weak["severity"])]


def weak_map(
    weak: gpd.GeoDataFrame,
    areas: gpd.GeoDataFrame,
    before: gpd.GeoDataFrame | None = None,
    *,
    canvas: Canvas = BLANK,
) -> folium.Map:
    """Draw the list of weak areas, with a switch to all areas by outcome and to last year's.

    Parameters
    ----------
    weak, areas, before
        The contract's ``weak_areas``, ``areas`` and ``before`` as people are shown them.
    canvas
        What it is drawn on, and what is said around it.

    Returns
    -------
    folium.Map
    """
    lang = canvas.lang
    page = land_map(canvas, areas, title=text("report.part_weak", lang))
    drawn = largest_first(weak)
    severity = severity_classes(drawn, lang)
    group = add_group(page, name=text("weak.layer_list", lang), show=True)
    # Headed as they are named and listed, so that who searches for one, or takes it from the list, finds its card.
    fields = [
        "rank",
        "kind",
        "district",
        "severity",
        "low",
        "high",
        "q",
        "issues",
        "cases_before",
        "change",
        "change_p",
    ]
    _add(group, drawn, "weak.weak_areas", list(severity.colours), severity.row, fields, lang)
    first = weak.head(_NAMED)
    add_ranks(group, _counted(first), fields=fields_of("weak.weak_areas", fields, lang))
    lists = [PlaceList(group, text("weak.layer_list", lang), first.assign(note=severity_words(first, lang)))]
    swatches = [*severity.swatches(), Swatch(PINS, text("maps.list_pin", lang), "pin")]
    legends = [LegendSection(text("weak.layer_list", lang), swatches, text("weak.map_note", lang), [group])]
    for name, rows, colours, key, fields in (
        ("areas", areas, OUTCOMES, "layer_all", ["kind", "district", "status", "severity", "q", "issues", "within", "reason"]),
        ("before", before, COURSES, "layer_before",
         ["rank_before", "kind", "status", "cases_before", "issues_again", "issues", "severity_before", "severity", "reason"]),
    ):  # fmt: skip
        if rows is None:
            continue
        words = table(f"weak.{name}").columns["status"].words
        codes = list(colours)
        ordered = largest_first(rows)
        style = np.array([codes.index(status) for status in ordered["status"]])
        other = add_group(page, name=text(f"weak.{key}", lang), show=False)
        said = localise_reasons(ordered, lang).assign(status=[words[status].of(lang) for status in ordered["status"]])
        _add(other, said, f"weak.{name}", list(colours.values()), style, fields, lang)
        swatches = [Swatch(colours[code], words[code].of(lang)) for code in codes if (rows["status"] == code).any()]
        note = text(f"weak.{key}_note", lang) if name == "areas" or (rows["status"] == "improved").any() else ""
        legends.append(LegendSection(text(f"weak.{key}", lang), swatches, note, [other]))
        if name == "before":
            # Those of last year are few and may be small: they have names and a list of their own.
            past = said.assign(rank=pd.to_numeric(said["rank_before"]), note=said["status"])
            past = past.sort_values("rank", kind="stable").head(_NAMED)
            add_names(other, past, column="name", ranked=True)
            lists.append(PlaceList(other, text(f"weak.{key}", lang), past[past["rank"].notna()]))
    add_place_lists(page, [each for each in lists if len(each.table)])
    add_legend(page, legends, lang=lang)
    add_switch(page)
    return page


def _add(
    group: folium.FeatureGroup,
    rows: gpd.GeoDataFrame,
    of: str,
    colours: list[str],
    style: NDArray[np.int64],
    fields: list[str],
    lang: str,
) -> None:
    add_polygons(
        group, _counted(rows), styles=[fill(colour, border=OUTLINE, weight=0.9) for colour in colours],
        style=style, heading="name", fields=fields_of(of, fields, lang), simplify_m=0.5,
    )  # fmt: skip


def _counted(rows: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    return rows.assign(**{name: as_words(rows[name]) for name in ("issues", "cases_before") if name in rows})
