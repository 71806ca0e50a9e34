"""The map of units: which there are, how large, how compact, and how firm their borders are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from jxgis.drawing.canvas import BLANK, Canvas
from jxgis.drawing.colours import BAD, FAINT, FLAGGED, INK, NEAR, OUT, OUTLINE, SEQUENTIAL, UNITS, WITHIN
from jxgis.drawing.layers import (
    Field,
    add_group,
    add_lines,
    add_names,
    add_polygons,
    add_switch,
    fields_of,
    fill,
    land_map,
    line,
)
from jxgis.drawing.legend import LegendSection, Swatch, add_legend, classify
from jxgis.i18n import localise_reasons, sentences, text
from jxgis.schema.tables import table
from jxgis.settings import REPORT
from jxgis.settings import UNITS as DEFAULTS
from jxgis.small_counts import as_words, small_said
from jxgis.units.shown import borders_in_words, bounds_in_words, hide_units

if TYPE_CHECKING:
    import folium
    import geopandas as gpd
    from numpy.typing import NDArray

    from jxgis.settings import UnitSettings

__all__ = ["neighbour_colours", "units_map"]

_BOUNDS_COLOURS = (WITHIN, NEAR, OUT)
#: Fixed, so that two plans can be laid side by side; a square has 0.79.
_COMPACT_BREAKS = (0.3, 0.45, 0.6, 0.75)
_STABILITY = (
    (INK, 1.8, None, "stable_high"),
    (FAINT, 1.4, None, "stable_mid"),
    (BAD, 1.6, "5 4", "stable_low"),
)


def neighbour_colours(units: gpd.GeoDataFrame) -> NDArray[np.int64]:
    """Give neighbouring units different colours, each the least used so far; where they run out neighbours share one.

    Parameters
    ----------
    units : (n,) polygons
        Units that share borders.

    Returns
    -------
    (n,) int64
        Colour of each unit, from 0.

    Examples
    --------
    >>> import geopandas as gpd
    >>> row = gpd.GeoDataFrame(geometry=[shapely.box(i, 0, i + 1, 1) for i in range(3)], crs=4549)
    >>> neighbour_colours(row).tolist()
    [0, 1, 2]
    """
    geometries = np.asarray(units.geometry.array, dtype=object)
    left, right = shapely.STRtree(geometries).query(geometries, predicate="intersects")
    colours = np.full(len(units), -1, dtype=np.int64)
    used = np.zeros(len(UNITS), dtype=np.int64)
    for at in range(len(units)):
        taken = set(colours[right[left == at]].tolist())
        free = [c for c in range(len(UNITS)) if c not in taken] or list(range(len(UNITS)))
        colours[at] = min(free, key=lambda c: (used[c], c))
        used[colours[at]] += 1
    return colours


def _fields(options: UnitSettings, lang: str) -> list[Field]:
    """What the card of a unit says: of what is bounded beside its area, how much it holds."""
    known = table("units.units").columns
    bounded = [name for name in options.bounds if name != "issues"]
    held = {name: fields_of("units.units", [name], lang) for name in bounded if name in known}
    return [
        *fields_of("units.units", ["district", "area_km2", "compactness"], lang),
        *(field for name in bounded for field in held.get(name, [Field(name, name, "quantity", 2)])),
        Field("bounds_label", text("maps.in_bounds", lang)),
        *fields_of("units.units", ["issues", "stability", "reason"], lang),
    ]


def _bounds_rows(units: pd.DataFrame) -> NDArray[np.int64]:
    inside = units["in_bounds"].fillna(False).astype(bool).to_numpy()
    nearly = units["nearly"].fillna(False).astype(bool).to_numpy() if "nearly" in units.columns else ~inside & False
    return np.where(inside, 0, np.where(nearly, 1, 2)).astype(np.int64)


def _add_borders(
    page: folium.Map, lines: gpd.GeoDataFrame, why: gpd.GeoDataFrame | None, options: UnitSettings, lang: str
) -> LegendSection:
    """Borders between units, each with why it is there, by how firm it is where that is known."""
    fields: list[Field] = []
    heading = None
    if why is not None:
        words = borders_in_words(why, options, lang).assign(unit_a=why["unit_a"], unit_b=why["unit_b"])
        lines = lines.merge(words, on=["unit_a", "unit_b"], how="left", validate="m:1")
        fields = [Field(name, text(f"units.{name}", lang)) for name in ("follows", "moving")]
        heading = "between"
    if "stability" not in lines.columns:
        name = text("units.why_borders", lang)
        add_lines(page, lines, name=name, styles=[line(INK, weight=1.8)], heading=heading, fields=fields)
        return LegendSection(name, [Swatch(INK, name, "line")])
    share = pd.to_numeric(lines["stability"], errors="coerce").to_numpy(dtype=float)
    rows = np.where(share >= 0.8, 0, np.where(share >= 0.5, 1, 2))
    styles = [line(colour, weight=weight, dash=dash) for colour, weight, dash, _ in _STABILITY]
    fields[:0] = fields_of("units.borders", ["stability"], lang)
    name = text("maps.stability", lang)
    layer = name if why is None else text("units.why_borders", lang)
    add_lines(page, lines, name=layer, styles=styles, style=rows, heading=heading, fields=fields)
    swatches = [
        Swatch(colour, text(f"maps.{key}", lang), "dash" if dash else "line") for colour, _, dash, key in _STABILITY
    ]
    return LegendSection(name, swatches, text("maps.stability_note", lang))


def units_map(
    units: gpd.GeoDataFrame,
    *,
    canvas: Canvas = BLANK,
    borders: gpd.GeoDataFrame | None = None,
    why: gpd.GeoDataFrame | None = None,
    said: str = "",
    options: UnitSettings = DEFAULTS,
    min_count: int = REPORT.min_count,
) -> folium.Map:
    """Draw proposed units with a switch between who is who, area within bounds, and compactness.

    Parameters
    ----------
    units
        The contract's ``units``: ``unit_id, district, area_km2, compactness, in_bounds, nearly, reason`` and
        geometry; ``issues`` (ranges where they are hidden already) and ``stability`` are shown where present.
    canvas
        What it is drawn on, and what is said around it.
    borders
        Lines with ``stability``, the share (0–1) of the plans compared that draw a border.
    why
        The contract's ``unit_borders``: what each border follows and what moving it would cost. With it ``borders`` have
        ``unit_a, unit_b``; without ``borders`` its lines are drawn.
    said
        What stands under the legend of the units beside small counts.
    options
        Their bounds, for the legend.
    min_count
        The least number of cases that is shown; fewer stand as a range.

    Returns
    -------
    folium.Map
    """
    lang = canvas.lang
    # Units are coded by district: its name beside them would be said twice.
    page = land_map(canvas, units, title=text("maps.units_title", lang), named=False)
    limits = bounds_in_words(options, lang)
    bounds = _bounds_rows(units)
    bounds_labels = [text(f"maps.in_bounds_{key}", lang, **limits) for key in ("yes", "nearly", "no")]
    shown = localise_reasons(units, lang).assign(bounds_label=np.asarray(bounds_labels, dtype=object)[bounds])
    notes = [said]
    if "issues" in shown.columns:
        shown = shown.assign(issues=as_words(hide_units(shown, min_count=min_count)["issues"]))
        notes.append(small_said(min_count, lang))
    fields = _fields(options, lang)
    # Without the darkest shades, on which neither codes nor borders could be read.
    compact = classify(
        shown["compactness"],
        breaks=_COMPACT_BREAKS,
        colours=SEQUENTIAL[: len(_COMPACT_BREAKS) + 1],
        digits=2,
        lang=lang,
    )
    looks = [
        (text("maps.unit", lang), UNITS, neighbour_colours(units)),
        (text("maps.in_bounds", lang), _BOUNDS_COLOURS, bounds),
        (text("maps.compactness", lang), compact.colours, compact.row),
    ]
    groups = [add_group(page, name=name, show=at == 0) for at, (name, _, _) in enumerate(looks)]
    for group, (_, colours, rows) in zip(groups, looks, strict=True):
        styles = [fill(c, border=OUTLINE, weight=0.9) for c in colours]
        add_polygons(group, shown, styles=styles, style=rows, heading="unit_id", fields=fields, simplify_m=0.5)
    outside = shown[bounds > 0]
    if len(outside):
        add_polygons(
            page, outside, name=text("maps.out_of_bounds", lang, **limits), styles=[line(FLAGGED, weight=2.6)],
            simplify_m=0.5,
        )  # fmt: skip
    add_names(page, shown, column="unit_id", name=text("maps.unit_id", lang))
    in_bounds = [Swatch(c, b) for c, b in zip(_BOUNDS_COLOURS, bounds_labels, strict=True)]
    sections = [
        LegendSection(
            text("maps.unit", lang),
            [Swatch(UNITS[0], text("maps.unit_colours", lang))],
            sentences(notes, lang),
            groups[:1],
        ),
        LegendSection(text("maps.in_bounds", lang), in_bounds, "", groups[1:2]),
        LegendSection(text("maps.compactness", lang), compact.swatches(), "", groups[2:]),
    ]
    if len(outside):
        sections.append(LegendSection("", [Swatch(FLAGGED, text("maps.out_of_bounds", lang, **limits), "line")]))
    lines = why if borders is None else borders
    if lines is not None and len(lines):
        sections.append(_add_borders(page, lines, why, options, lang))
    add_legend(page, sections, lang=lang)
    add_switch(page)
    return page
