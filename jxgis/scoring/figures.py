"""Figures of the scores: the best candidates, and the map of all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from jxgis.drawing.canvas import BLANK, Canvas
from jxgis.drawing.colours import ABSENT, ACCENT, BAD, INK, OUTLINE, SEQUENTIAL
from jxgis.drawing.figures import Figure, figure_style, mark_schematic, short_label
from jxgis.drawing.legend import LegendSection, Swatch
from jxgis.drawing.print_map import map_sheet
from jxgis.i18n import Sketch, text
from jxgis.schema.columns import column
from jxgis.scoring.map import failing_first, score_classes, unranked
from jxgis.scoring.names import named_by
from jxgis.scoring.rank import ranked

if TYPE_CHECKING:
    import geopandas as gpd

__all__ = ["score_chart", "score_sheet"]

_TOP = 20


def score_chart(scores: pd.DataFrame, *, lang: str = "zh", sketch: Sketch = False) -> Figure:
    """The best candidates' scores, and what they would be if missing data counted as zero.

    Those without a rank (a condition fails, or too little is known) do not stand in it.

    Parameters
    ----------
    scores
        The contract's ``scores``: ``candidate_id, score, score_if_missing_zero, rank``.
    lang, sketch
        ``"zh"`` or ``"en"``; whether it is marked as schematic.

    Returns
    -------
    matplotlib.figure.Figure
    """
    best = ranked(scores).head(_TOP).iloc[::-1]
    place = np.arange(len(best))
    with figure_style():
        figure = Figure(figsize=(7.2, 0.28 * max(len(best), 1) + 1.3), layout="constrained")
        ax = figure.subplots()
        score = best["score"].to_numpy(dtype=float)
        ax.barh(place, score, color=SEQUENTIAL[3], label=column("score").title.of(lang))
        ax.scatter(best["score_if_missing_zero"].to_numpy(dtype=float), place, c=INK, s=16, zorder=3,
                   label=column("score_if_missing_zero").title.of(lang))  # fmt: skip
        labels = [f"{int(n)}  {short_label(name)}" for name, n in zip(best[named_by(best)], best["rank"], strict=True)]
        ax.set(yticks=place, yticklabels=labels, xlim=(0, 100), xlabel=text("maps.score_legend", lang))
        ax.margins(y=0.02)
        ax.set_title(text("run.figure_scores", lang), loc="left")
        figure.legend(loc="outside lower center", ncols=3, fontsize=8)
        if best.empty:
            ax.annotate(text("maps.no_data", lang), (50, 0), ha="center", color=ABSENT)
        mark_schematic(figure, sketch=sketch, lang=lang)
    return figure


def score_sheet(scores: gpd.GeoDataFrame, *, canvas: Canvas = BLANK) -> Figure:
    """All candidates by score; the best with their ranks, and by name beside the map.

    Parameters
    ----------
    scores
        The contract's ``scores`` as people are shown them, with polygons.
    canvas
        What it is drawn on, and what is said around it.

    Returns
    -------
    matplotlib.figure.Figure
    """
    lang = canvas.lang
    scores = failing_first(scores)
    classes, best = score_classes(scores, lang), ranked(scores).head(_TOP)
    with map_sheet(canvas, scores, title=text("maps.scores_title", lang)) as sheet:
        sheet.map.areas(
            scores.geometry, [classes.colours[row] for row in classes.row], edge=OUTLINE, width=0.5, over=2.5
        )
        unknown = unranked(scores).geometry
        sheet.map.areas(unknown, "none", edge=BAD, width=0.8, dash=(0, (3, 2)), over=2.6)
        sheet.map.pins(best.geometry.representative_point(), best["rank"].astype(int), ACCENT)
        border = [Swatch(BAD, text("maps.unranked", lang), "dash")] if len(unknown) else []
        sheet.legend([LegendSection(text("maps.score_legend", lang), [*classes.swatches(), *border])])
        if len(best):
            points = ["—" if pd.isna(n) else text("maps.points", lang, n=f"{n:.1f}") for n in best["score"]]
            rows = zip(best["rank"].astype(int), best[named_by(scores)].astype(str), points, strict=True)
            sheet.listing(text("maps.top_scores", lang, n=len(best)), rows, ACCENT)
    return sheet.figure
