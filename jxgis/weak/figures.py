"""Figures of the weak areas: how many times as many issues as their reference, how sure that is, and where they lie."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from jxgis.drawing.canvas import BLANK, Canvas
from jxgis.drawing.colours import FAINT, INK, PINS, SITE
from jxgis.drawing.figures import Figure, figure_style, mark_schematic, short_label
from jxgis.drawing.print_map import LISTED, map_sheet
from jxgis.i18n import Sketch, text
from jxgis.weak.map import severity_classes, severity_words

if TYPE_CHECKING:
    import geopandas as gpd

__all__ = ["weak_chart", "weak_sheet"]


def weak_chart(weak: pd.DataFrame, *, lang: str = "zh", sketch: Sketch = False) -> Figure:
    """Severity of the first weak areas with its 95 % interval.

    Parameters
    ----------
    weak
        The contract's ``weak_areas`` as people are shown them: ``rank, name, kind, severity, low, high``.
    lang, sketch
        ``"zh"`` or ``"en"``; whether it is marked as schematic.

    Returns
    -------
    matplotlib.figure.Figure
    """
    first = weak.head(LISTED).iloc[::-1]
    value, low, high = (pd.to_numeric(first[name]).to_numpy(dtype=np.float64) for name in ("severity", "low", "high"))
    place = np.arange(len(first))
    with figure_style():
        figure = Figure(figsize=(7.2, 0.3 * len(first) + 1.4), layout="constrained")
        ax = figure.subplots()
        ax.axvline(1, color=FAINT, linewidth=0.9)
        ax.hlines(place, low, high, color=INK, linewidth=1.2, label=text("weak.interval", lang))
        ax.scatter(value, place, color=SITE, s=26, zorder=3, label=text("weak.axis", lang))
        labels = [f"{int(n)}  {name}" for n, name in zip(first["rank"], _names_and_kinds(first, lang), strict=True)]
        notes = [text("weak.no_interval", lang)] if np.isnan(low).any() else []
        ax.set(yticks=place, yticklabels=labels)
        ax.set_xlabel("\n".join([text("weak.axis", lang), *notes]), linespacing=1.6)
        ax.set_xlim(left=0)
        ax.margins(y=0.03)
        ax.set_title(text("weak.chart", lang), loc="left")
        figure.legend(loc="outside lower center", ncols=2, fontsize=8)
        mark_schematic(figure, sketch=sketch, lang=lang)
    return figure


def _names_and_kinds(weak: pd.DataFrame, lang: str) -> list[str]:
    """Names, and behind them the kind of area where they do not say it."""
    form = "{}（{}）" if lang == "zh" else "{} ({})"
    both = zip(weak["name"], weak["kind"], strict=True)
    return [short_label(name if str(kind) in str(name) else form.format(name, kind)) for name, kind in both]


def weak_sheet(weak: gpd.GeoDataFrame, *, canvas: Canvas = BLANK) -> Figure:
    """The weak areas by severity; the first numbered, and by name beside the map.

    Parameters
    ----------
    weak
        The contract's ``weak_areas`` as people are shown them, with polygons.
    canvas
        What it is drawn on, and what is said around it.

    Returns
    -------
    matplotlib.figure.Figure
    """
    lang = canvas.lang
    with map_sheet(canvas, weak, title=text("report.part_weak", lang)) as sheet:
        note = text("weak.map_note", lang)
        first = sheet.ranked(weak, severity_classes, legend=text("weak.layer_list", lang), note=note)
        times = severity_words(first, lang)
        rows = zip(first["rank"], _names_and_kinds(first, lang), times, strict=True)
        sheet.listing(text("weak.sheet_list", lang, n=len(first)), rows, PINS)
    return sheet.figure
