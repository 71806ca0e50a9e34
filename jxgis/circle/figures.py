"""The figure of the 15-minute circle: share by kind, the city and the range of its districts."""

from __future__ import annotations

import numpy as np
import pandas as pd

from jxgis.circle.kinds import ALL_KINDS
from jxgis.circle.section import share_column
from jxgis.drawing.colours import ACCENT, INK, ON_FOOT
from jxgis.drawing.figures import Figure, figure_style, mark_schematic, short_label
from jxgis.i18n import text

__all__ = ["circle_chart"]


def circle_chart(circle: pd.DataFrame, *, minutes: float, lang: str = "zh", sketch: bool = False) -> Figure:
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
    city = circle[circle["level"] == "city"].iloc[::-1]
    share = 100 * np.nan_to_num(city[column].to_numpy(dtype=np.float64))
    place = np.arange(len(city))
    with figure_style():
        figure = Figure(figsize=(7.2, 0.42 * len(city) + 1.5), layout="constrained")
        ax = figure.subplots()
        colours = [ACCENT if kind == ALL_KINDS else ON_FOOT for kind in city["kind"]]
        ax.barh(place, share, color=colours, height=0.62, label=text("circle.chart_city", lang))
        for at, kind in enumerate(city["kind"]):
            of = circle.loc[(circle["level"] == "district") & (circle["kind"] == kind), column].dropna()
            dots = ax.scatter(100 * of, np.full(len(of), at), s=14, c=INK, zorder=3, linewidths=0)
            if at == 0:
                dots.set_label(text("circle.chart_districts", lang))
            ax.annotate(f"{share[at]:.1f}", (103, at), va="center", fontsize=8.5, color=INK)
        of = text(f"circle.of_{'people' if column == 'people_coverage' else 'housing'}", lang)
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
