"""The map of two plans of units: which ground changes unit, which borders stay, go and come."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from jxgis.drawing.canvas import BLANK, Canvas
from jxgis.drawing.colours import BAD, BORDER, GOOD, MOVED, MOVED_EDGE, STILL, STILL_EDGE
from jxgis.drawing.layers import Field, add_lines, add_polygons, add_switch, fields_of, fill, land_map, line
from jxgis.drawing.legend import LegendSection, Swatch, add_legend
from jxgis.i18n import sentences, text
from jxgis.settings import REPORT
from jxgis.small_counts import as_words, hide_small, small_said

if TYPE_CHECKING:
    import folium
    import geopandas as gpd

__all__ = ["change_map"]

_STATES = {"kept": (BORDER, 1.4, None), "gone": (BAD, 2.0, "5 4"), "new": (GOOD, 2.4, None)}


def change_map(
    units: gpd.GeoDataFrame,
    moved: gpd.GeoDataFrame,
    borders: gpd.GeoDataFrame,
    *,
    canvas: Canvas = BLANK,
    min_count: int = REPORT.min_count,
) -> folium.Map:
    """Draw what changes from one plan, or from today's units, to another.

    Parameters
    ----------
    units, moved, borders
        The tables of ``units.alternatives.Comparison``: units of the new plan with ``unit_id, was, kept_share``; ground
        with ``from_unit, to_unit, m2`` (``issues`` and ``people`` are shown where present); lines by ``state``.
    canvas
        What it is drawn on, and what is said around it.
    min_count
        The least number of cases that is shown; fewer stand as a range.

    Returns
    -------
    folium.Map

    Examples
    --------
    >>> import geopandas as gpd, shapely
    >>> box = shapely.box(572000, 3402000, 573000, 3403000)
    >>> units = gpd.GeoDataFrame({"unit_id": ["1"], "was": ["甲"], "kept_share": [1.0]}, geometry=[box], crs=4549)
    >>> moved = gpd.GeoDataFrame({"from_unit": [], "to_unit": [], "m2": []}, geometry=[], crs=4549)
    >>> borders = gpd.GeoDataFrame({"state": ["kept"], "length_m": [4000.0]}, geometry=[box.boundary], crs=4549)
    >>> type(change_map(units, moved, borders)).__name__
    'Map'
    """
    lang = canvas.lang
    if "issues" in moved.columns:
        moved = moved.assign(issues=as_words(hide_small(moved, min_count=min_count)["issues"]))
        canvas = replace(canvas, method=sentences([canvas.method, small_said(min_count, lang)], lang))
    page = land_map(canvas, units, title=text("units.change_title", lang))
    nobody = text("units.no_unit", lang)
    add_polygons(
        page,
        units.assign(was=units["was"].fillna(nobody)),
        name=text("units.after", lang),
        styles=[fill(STILL, border=STILL_EDGE)],
        heading="unit_id",
        fields=fields_of("units.kept", ["was", "kept_share"], lang),
        simplify_m=0.5,
    )
    if len(moved):
        add_polygons(
            page,
            moved.assign(
                from_unit=moved["from_unit"].fillna(nobody),
                to_unit=moved["to_unit"].fillna(nobody),
                ha=moved["m2"] / 1e4,
            ),
            name=text("units.moved", lang),
            styles=[fill(MOVED, border=MOVED_EDGE)],
            fields=[
                *fields_of("units.moved", ["from_unit", "to_unit"], lang),
                Field("ha", text("units.area", lang), "number", 1, "ha"),
                *fields_of("units.moved", ["issues", "people"], lang),
            ],
            simplify_m=0.5,
        )
    drawn = borders[~borders.geometry.is_empty]
    add_lines(
        page,
        drawn,
        name=text("units.borders", lang),
        styles=[line(colour, weight=weight, dash=dash) for colour, weight, dash in _STATES.values()],
        style=drawn["state"].map({state: row for row, state in enumerate(_STATES)}).to_numpy(),
    )
    swatches = [Swatch(STILL, text("units.after", lang)), Swatch(MOVED, text("units.moved", lang))]
    swatches += [
        Swatch(colour, text(f"units.{state}", lang), "dash" if dash else "line")
        for state, (colour, _, dash) in _STATES.items()
    ]
    add_legend(page, [LegendSection("", swatches)], lang=lang)
    add_switch(page)
    return page
