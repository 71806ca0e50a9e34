"""Figures of the units: their areas, and their map."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from jxgis.drawing import colours
from jxgis.drawing.canvas import BLANK, Canvas
from jxgis.drawing.colours import BAD, BAND, FLAGGED, GOOD, INK, OUTLINE
from jxgis.drawing.figures import Figure, figure_style, mark_schematic, short_label
from jxgis.drawing.legend import LegendSection, Swatch
from jxgis.drawing.print_map import map_sheet
from jxgis.i18n import Sketch, text
from jxgis.settings import UNITS
from jxgis.units.map import neighbour_colours
from jxgis.units.shown import bounds_in_words

if TYPE_CHECKING:
    import geopandas as gpd

    from jxgis.settings import UnitSettings

__all__ = ["unit_chart", "unit_sheet"]


def unit_chart(
    units: pd.DataFrame,
    *,
    options: UnitSettings = UNITS,
    lang: str = "zh",
    sketch: Sketch = False,
) -> Figure:
    """Area of every unit by district, against the bounds.

    Parameters
    ----------
    units
        The contract's ``units``: ``district, area_km2, in_bounds``.
    options
        Their bounds.
    lang, sketch
        ``"zh"`` or ``"en"``; whether it is marked as schematic.

    Returns
    -------
    matplotlib.figure.Figure
    """
    districts = list(pd.unique(units["district"]))[::-1]
    place = units["district"].map({name: at for at, name in enumerate(districts)}).to_numpy(dtype=float)
    inside = units["in_bounds"].fillna(False).astype(bool).to_numpy()
    area = units["area_km2"].to_numpy(dtype=float)
    with figure_style():
        figure = Figure(figsize=(7.2, 0.34 * len(districts) + 1.3), layout="constrained")
        ax = figure.subplots()
        limits = bounds_in_words(options, lang)
        ax.axvspan(
            options.min_km2, options.max_km2, color=BAND, zorder=0, label=f"{limits['low']}–{limits['high']} km²"
        )
        for mask, colour, mark, key in ((inside, GOOD, "o", "yes"), (~inside, BAD, "X", "no")):
            if not mask.any():
                continue
            label = text(f"maps.in_bounds_{key}", lang, **limits)
            ax.scatter(
                area[mask], place[mask], s=34, c=colour, marker=mark, edgecolors="white", linewidths=0.6, label=label
            )
        ax.set(
            yticks=np.arange(len(districts)),
            yticklabels=[short_label(name) for name in districts],
            xlabel=text("maps.area_axis", lang),
        )
        ax.set_xlim(left=0)
        ax.set_title(text("run.figure_units", lang), loc="left")
        figure.legend(loc="outside lower center", ncols=3, fontsize=8)
        mark_schematic(figure, sketch=sketch, lang=lang)
    return figure


def unit_sheet(
    units: gpd.GeoDataFrame,
    *,
    options: UnitSettings = UNITS,
    canvas: Canvas = BLANK,
) -> Figure:
    """Every unit with its code, neighbours in different colours, those out of bounds with a border of their own.

    Parameters
    ----------
    units
        The contract's ``units``: ``unit_id, in_bounds`` and polygons.
    options
        Their bounds.
    canvas
        What it is drawn on, and what is said around it.

    Returns
    -------
    matplotlib.figure.Figure
    """
    lang = canvas.lang
    limits = bounds_in_words(options, lang)
    outside = units[~units["in_bounds"].fillna(False).astype(bool)]
    with map_sheet(canvas, units, title=text("maps.units_title", lang)) as sheet:
        sheet.map.land(units.geometry, [colours.UNITS[at] for at in neighbour_colours(units)])
        sheet.map.areas(units.geometry, "none", edge=OUTLINE, width=0.5)
        swatches = [Swatch(colours.UNITS[0], text("maps.unit_colours", lang))]
        if len(outside):
            sheet.map.areas(outside.geometry, "none", edge=FLAGGED, width=1.4)
            swatches.append(Swatch(FLAGGED, text("maps.out_of_bounds", lang, **limits), "line"))
        # Codes tell the district.
        sheet.name_land = False
        sheet.map.unnamed = sheet.map.name_areas(units["unit_id"], units.geometry, size=4.6, led=True)
        sheet.legend([LegendSection(text("maps.unit", lang), swatches)])
        counted = units.groupby("district", sort=False, dropna=False).size()
        rows = [("", short_label(name), str(n)) for name, n in counted.items()]
        sheet.listing(text("maps.units_by_district", lang, n=len(units)), rows, INK)
    return sheet.figure
