"""Figures of the 15-minute circle: share by kind, the city and the range of its districts; and what housing lacks on a map."""

from __future__ import annotations

from collections.abc import Mapping

import geopandas as gpd
import numpy as np
import pandas as pd

from jxgis.circle.kinds import ALL_KINDS
from jxgis.circle.map import lacking
from jxgis.circle.section import share_column, share_of
from jxgis.drawing.canvas import BLANK, Canvas
from jxgis.drawing.colours import INK, ON_FOOT, PINS, SITE
from jxgis.drawing.figures import Figure, figure_style, mark_schematic, short_label
from jxgis.drawing.layers import TOP
from jxgis.drawing.legend import LegendSection
from jxgis.drawing.print_map import map_sheet
from jxgis.i18n import Sketch, text
from jxgis.report.blocks import of_city

__all__ = ["circle_chart", "circle_sheet"]


def circle_chart(circle: pd.DataFrame, *, minutes: float, lang: str = "zh", sketch: Sketch = False) -> Figure:
    """Share of the city's people, or housing, within the walk of each kind, and each district's as a dot.

    Parameters
    ----------
    circle
        ``level, kind, label, coverage, people_coverage``.
    minutes
        The longest walk.
    lang, sketch
        ``"zh"`` or ``"en"``; whether it is marked as schematic.

    Returns
    -------
    matplotlib.figure.Figure
    """
    column = share_column(circle)
    city = of_city(circle).iloc[::-1]
    share = 100 * np.nan_to_num(city[column].to_numpy(dtype=np.float64))
    place = np.arange(len(city))
    with figure_style():
        figure = Figure(figsize=(7.2, 0.42 * len(city) + 1.5), layout="constrained")
        ax = figure.subplots()
        ax.barh(place, share, color=ON_FOOT, height=0.62, label=text("circle.chart_city", lang))
        for at, kind in enumerate(city["kind"]):
            of = circle.loc[(circle["level"] == "district") & (circle["kind"] == kind), column].dropna()
            dots = ax.scatter(100 * of, np.full(len(of), at), s=14, c=INK, zorder=3, linewidths=0)
            if at == 0:
                dots.set_label(text("circle.chart_districts", lang))
            ax.annotate(f"{share[at]:.1f}", (103, at), va="center", fontsize=8.5, color=INK)
        of = share_of(circle, lang)
        ax.set(
            yticks=place,
            yticklabels=[short_label(label) for label in city["label"]],
            xlim=(0, 112),
            xlabel=text("circle.chart_axis", lang, of=of, minutes=f"{minutes:g}"),
        )
        ax.set_title(text("circle.map_title", lang, minutes=f"{minutes:g}"), loc="left")
        figure.legend(loc="outside lower center", ncols=2, fontsize=8)
        mark_schematic(figure, sketch=sketch, lang=lang)
    return figure


def circle_sheet(tables: Mapping[str, pd.DataFrame], *, kinds: int, minutes: float, canvas: Canvas = BLANK) -> Figure:
    """Housing by how many kinds of facilities it lacks, each district's share that has all; the worst blind spots, the sites.

    Parameters
    ----------
    tables
        The contract's ``circle`` and ``housing``, and of ``blind_spots`` and ``sites`` those that there are.
    kinds
        How many kinds were asked for.
    minutes
        The longest walk.
    canvas
        What it is drawn on, and what is said around it.

    Returns
    -------
    matplotlib.figure.Figure
    """
    lang = canvas.lang
    circle, housing = tables["circle"], gpd.GeoDataFrame(tables["housing"])
    of = circle[(circle["level"] == "district") & (circle["kind"] == ALL_KINDS)]
    style, swatches = lacking(housing, kinds, lang)
    title = text("circle.map_title", lang, minutes=f"{minutes:g}")
    with map_sheet(canvas, housing, title=title) as sheet:
        for at, swatch in enumerate(swatches):
            sheet.map.areas(housing.geometry[style == at], swatch.colour)
        sheet.legend([LegendSection(text("circle.map_legend", lang, minutes=f"{minutes:g}"), swatches)])
        for name, colour, key in (("blind_spots", PINS, "circle.sheet_spots"), ("sites", SITE, "circle.table_sites")):
            rows = _numbered(tables.get(name), lang)
            if rows is not None:
                sheet.map.pins(rows.geometry.representative_point(), rows["number"], colour)
                sheet.listing(
                    text(key, lang, n=len(rows)), zip(rows["number"], rows["said"], rows["much"], strict=True), colour
                )
        share = pd.to_numeric(of[share_column(circle)]).to_numpy(dtype=np.float64)
        if len(of):
            said = ["—" if np.isnan(value) else f"{100 * value:.1f} %" for value in share]
            sheet.name_land = False
            sheet.map.unnamed = sheet.map.name_areas(of["zone"], gpd.GeoSeries(of["geometry"]), size=7, values=said)
            whose = share_of(circle, lang)
            sheet.legend([LegendSection("", [], text("circle.sheet_share", lang, of=whose, minutes=f"{minutes:g}"))])
    return sheet.figure


def _numbered(table: pd.DataFrame | None, lang: str) -> gpd.GeoDataFrame | None:
    """The first sites, or blind spots of all kinds together, with their names and what they are ranked by."""
    if table is None or table.empty:
        return None
    own = table[table["kind"] == ALL_KINDS] if (table["kind"] == ALL_KINDS).any() else table
    first = gpd.GeoDataFrame(own.head(TOP))
    called = (first["name"] if "name" in first.columns else first["zone"]).fillna(first["zone"])
    people = next((first[c] for c in ("people", "gain_people") if c in first.columns and first[c].notna().all()), None)
    much = [""] * len(first) if people is None else [text("maps.n_people", lang, n=f"{n:,.0f}") for n in people]
    return first.assign(number=np.arange(1, len(first) + 1), said=called.astype(str), much=much)
