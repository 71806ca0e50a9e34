"""The map of the choice: the sample units by year and by type, and the candidates that are not chosen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from jxgis.drawing.canvas import BLANK, Canvas
from jxgis.drawing.colours import ABSENT, ACCENT, FAILED, FAILED_GROUND, OUTLINE, UNITS, year_colours
from jxgis.drawing.layers import (
    PlaceList,
    add_group,
    add_place_lists,
    add_points,
    add_polygons,
    add_switch,
    dot,
    fields_of,
    fill,
    land_map,
)
from jxgis.drawing.legend import LegendSection, Swatch, add_legend
from jxgis.i18n import localise_reasons, text
from jxgis.scoring.names import named_by

if TYPE_CHECKING:
    import folium
    import geopandas as gpd
    from numpy.typing import NDArray

__all__ = ["allocation_map"]


def allocation_map(
    allocation: gpd.GeoDataFrame,
    others: gpd.GeoDataFrame,
    *,
    years: Sequence[int],
    canvas: Canvas = BLANK,
) -> folium.Map:
    """Draw the sample units by year, with a switch to their types; the candidates that are not chosen below them.

    Parameters
    ----------
    allocation
        The contract's ``allocation``, in the order of the list.
    others
        The candidates that are not chosen: ``candidate_id, reason`` and polygons.
    years
        The years of the programme.
    canvas
        What it is drawn on, and what is said around it.

    Returns
    -------
    folium.Map
    """
    lang = canvas.lang
    title = text("report.part_allocation", lang)
    page = land_map(canvas, allocation if len(allocation) else others, title=title)
    heading = named_by(allocation)
    # A year is a name here: 2,026 is none.
    chosen = allocation.assign(year=allocation["year"].astype(str), place=np.arange(1, len(allocation) + 1))
    fields = [
        *(each._replace(kind="text") for each in fields_of("allocation.allocation", ["year"], lang)),
        *fields_of("allocation.allocation", ["area", "district", "type", "score", "cost"], lang),
    ]
    sections: list[LegendSection] = []
    groups: list[folium.FeatureGroup] = []
    # Where the rules cannot hold together nothing is chosen, and a legend of years would name colours that are not there.
    layers = [_by_year(allocation, years, lang), _by_type(allocation, lang)] if len(chosen) else []
    for layer in filter(None, layers):
        groups.append(add_group(page, name=layer.name, show=not groups))
        styles = [fill(colour, border=OUTLINE, weight=0.9) for colour in layer.colours]
        add_polygons(
            groups[-1], chosen, styles=styles, style=layer.style, heading=heading, fields=fields, simplify_m=0.5,
            level=1,
        )  # fmt: skip
        swatches = [Swatch(colour, label) for colour, label in zip(layer.colours, layer.labels, strict=True)]
        sections.append(LegendSection(layer.name, swatches, "", [groups[-1]]))
    sections += _add_others(page, others, lang)
    if len(chosen):
        add_points(page, chosen, name=text("allocate.schedule_heading", lang), styles=[dot(ACCENT, radius_px=8)],
                   heading=heading, fields=fields, number="place")  # fmt: skip
        listed = chosen.assign(rank=chosen["place"], name=chosen[heading].astype(str), note=chosen["year"])
        add_place_lists(page, [PlaceList(groups[0], text("allocate.schedule_heading", lang), listed)])
    add_legend(page, sections, lang=lang)
    add_switch(page)
    return page


class _Layer(NamedTuple):
    """The chosen units by one thing: its name, colours and labels, and which of them each unit has."""

    name: str
    colours: Sequence[str]
    labels: Sequence[str]
    style: NDArray[np.int64]


def _by_year(allocation: gpd.GeoDataFrame, years: Sequence[int], lang: str) -> _Layer:
    at_year = allocation["year"].map({year: at for at, year in enumerate(years)}).to_numpy(dtype=np.int64)
    counted = [
        text("allocate.year_count", lang, year=year, n=int((at_year == at).sum())) for at, year in enumerate(years)
    ]
    return _Layer(text("allocate.by_year", lang), year_colours(len(years)), counted, at_year)


def _by_type(allocation: gpd.GeoDataFrame, lang: str) -> _Layer | None:
    """None where no unit has a type."""
    types = sorted(allocation["type"].dropna().unique())
    if not types:
        return None
    at = {kind: number for number, kind in enumerate(types)}
    at_type = allocation["type"].map(at).fillna(len(types)).to_numpy(dtype=np.int64)
    labels = [*map(str, types), *([text("allocate.no_type", lang)] if (at_type == len(types)).any() else [])]
    colours = [*(UNITS[number % len(UNITS)] for number in at.values()), ABSENT][: len(labels)]
    return _Layer(text("allocate.by_type", lang), colours, labels, at_type)


def _add_others(page: folium.Map, others: gpd.GeoDataFrame, lang: str) -> list[LegendSection]:
    """The candidates that are not chosen, with why, and what the legend says of them."""
    if not len(others):
        return []
    add_polygons(
        page, localise_reasons(others, lang), name=text("allocate.not_chosen", lang),
        styles=[fill(FAILED_GROUND, border=FAILED, weight=0.8, dash="3 4")], heading=named_by(others),
        fields=fields_of("allocation.others", ["area", "type", "score", "reason"], lang), simplify_m=0.5,
    )  # fmt: skip
    return [LegendSection("", [Swatch(FAILED_GROUND, text("allocate.not_chosen", lang), "dashed")])]
