"""Figures of the choice: each year's sample units with their scores, and their map."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from jxgis.drawing.canvas import BLANK, Canvas
from jxgis.drawing.colours import ACCENT, FAILED, FAILED_GROUND, INK, OUTLINE, year_colours
from jxgis.drawing.figures import Figure, figure_style, mark_schematic, short_label
from jxgis.drawing.legend import LegendSection, Swatch
from jxgis.drawing.print_map import map_sheet
from jxgis.i18n import Sketch, text
from jxgis.schema.columns import column
from jxgis.scoring.names import names_of

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

__all__ = ["allocation_chart", "allocation_sheet"]


def allocation_chart(
    allocation: pd.DataFrame,
    *,
    years: Sequence[int],
    by: Mapping[int, int] | None = None,
    lang: str = "zh",
    sketch: Sketch = False,
) -> Figure:
    """Bars of the scores, year by year, with the number by the end of each year and what it was to be.

    Parameters
    ----------
    allocation
        The contract's ``allocation``, sorted by year.
    years
        The years of the programme.
    by
        Year to the number by its end that a rule asks for.
    lang, sketch
        ``"zh"`` or ``"en"``; whether it is marked as schematic.

    Returns
    -------
    matplotlib.figure.Figure
    """
    colours = dict(zip(years, year_colours(len(years)), strict=True))
    called = names_of(allocation)
    # A gap between the years, in which their heads stand.
    step = allocation["year"].map({year: at for at, year in enumerate(years)}).to_numpy(dtype=float)
    place = np.arange(len(allocation)) + 1.4 * (step + 1)
    with figure_style():
        figure = Figure(figsize=(7.2, 0.28 * (len(allocation) + 1.4 * len(years)) + 1.2), layout="constrained")
        ax = figure.subplots()
        score = allocation["score"].fillna(0.0).to_numpy(dtype=float)
        ax.barh(place, score, color=[colours[year] for year in allocation["year"]])
        so_far, at = 0, 0.0
        for number, year in enumerate(years):
            n = int((allocation["year"] == year).sum())
            head = so_far + 1.4 * (number + 1) - 1.0
            so_far += n
            words = [text("allocate.year_count", lang, year=year, n=n), text("allocate.chart_sum", lang, n=so_far)]
            if by and year in by:
                words.append(text("allocate.chart_targets", lang, year=year, n=by[year]))
            ax.annotate(
                " · ".join(words), (0, head), (2, 0), textcoords="offset points", va="center", color=INK, fontsize=9
            )
            at = max(at, head)
        ax.set(yticks=place, yticklabels=[short_label(name) for name in called], xlabel=column("score").title.of(lang))
        ax.set(
            xlim=(0, max(100.0, float(score.max(initial=0.0)))),
            ylim=(max(float(place.max(initial=0.0)), at) + 0.8, -0.4),
        )
        ax.set_title(text("run.figure_allocation", lang), loc="left")
        mark_schematic(figure, sketch=sketch, lang=lang)
    return figure


def allocation_sheet(
    allocation: gpd.GeoDataFrame,
    others: gpd.GeoDataFrame,
    *,
    years: Sequence[int],
    canvas: Canvas = BLANK,
) -> Figure:
    """The sample units by year, numbered as they are listed beside the map; the candidates that are not chosen in grey.

    Parameters
    ----------
    allocation, others
        The contract's, with polygons.
    years
        The years of the programme.
    canvas
        What it is drawn on, and what is said around it.

    Returns
    -------
    matplotlib.figure.Figure
    """
    lang = canvas.lang
    colours = dict(zip(years, year_colours(len(years)), strict=True))
    place = np.arange(1, len(allocation) + 1)
    with map_sheet(canvas, allocation, title=text("report.part_allocation", lang)) as sheet:
        sheet.map.areas(others.geometry, FAILED_GROUND, edge=FAILED, width=0.5, dash=(0, (3, 2)), over=2.5)
        sheet.map.areas(
            allocation.geometry, [colours[year] for year in allocation["year"]], edge=OUTLINE, width=0.5, over=2.6
        )
        sheet.map.pins(allocation.geometry.representative_point(), place, ACCENT)
        counted = [
            Swatch(
                colours[year], text("allocate.year_count", lang, year=year, n=int((allocation["year"] == year).sum()))
            )
            for year in years
        ]
        if len(others):
            counted.append(Swatch(FAILED_GROUND, text("allocate.not_chosen", lang), "dashed"))
        sheet.legend([LegendSection(text("allocate.by_year", lang), counted)])
        rows = zip(place, names_of(allocation), map(str, allocation["year"]), strict=True)
        sheet.listing(text("allocate.schedule_heading", lang), rows, ACCENT)
    return sheet.figure
