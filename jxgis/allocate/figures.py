"""The figure of the choice: each year's sample units with their scores, and how many there are by then."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from jxgis.drawing.colours import INK, year_colours
from jxgis.drawing.figures import Figure, figure_style, mark_schematic, short_label
from jxgis.i18n import text
from jxgis.schema.columns import column

__all__ = ["allocation_chart"]


def allocation_chart(
    allocation: pd.DataFrame,
    *,
    years: Sequence[int],
    by: Mapping[int, int] | None = None,
    lang: str = "zh",
    sketch: bool = False,
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
    called = allocation["candidate_id"].astype("str")
    if "name" in allocation.columns:
        called = allocation["name"].astype("str").where(allocation["name"].notna(), called)
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
        ax.set_title(text("allocate.chart", lang), loc="left")
        mark_schematic(figure, sketch=sketch, lang=lang)
    return figure
