"""The figure of the best candidates' scores."""

from __future__ import annotations

import numpy as np
import pandas as pd

from jxgis.drawing.colours import ABSENT, INK, SEQUENTIAL
from jxgis.drawing.figures import Figure, figure_style, mark_schematic, short_label
from jxgis.i18n import text
from jxgis.schema.columns import column

__all__ = ["score_chart"]


def score_chart(scores: pd.DataFrame, *, top: int = 20, lang: str = "zh", sketch: bool = False) -> Figure:
    """The best candidates' scores, and what they would be if missing data counted as zero.

    Those without a rank (a gate fails, or too little is known) do not stand in it.

    Parameters
    ----------
    scores
        The contract's ``scores``: ``candidate_id, score, score_if_missing_zero, rank``.
    top
        How many candidates.
    lang, sketch
        ``"zh"`` or ``"en"``; whether it is marked as schematic.

    Returns
    -------
    matplotlib.figure.Figure
    """
    rank = pd.to_numeric(scores["rank"], errors="coerce")
    best = scores.assign(rank=rank)[rank.notna()].sort_values("rank", kind="stable").head(top).iloc[::-1]
    place = np.arange(len(best))
    with figure_style():
        figure = Figure(figsize=(7.2, 0.28 * max(len(best), 1) + 1.3), layout="constrained")
        ax = figure.subplots()
        score = best["score"].to_numpy(dtype=float)
        ax.barh(place, score, color=SEQUENTIAL[3], label=column("score").title.of(lang))
        ax.scatter(best["score_if_missing_zero"].to_numpy(dtype=float), place, c=INK, s=16, zorder=3,
                   label=column("score_if_missing_zero").title.of(lang))  # fmt: skip
        named = "name" if "name" in best.columns and best["name"].notna().all() else "candidate_id"
        labels = [f"{int(n)}  {short_label(name)}" for name, n in zip(best[named], best["rank"], strict=True)]
        ax.set(yticks=place, yticklabels=labels, xlim=(0, 100), xlabel=text("maps.score_legend", lang))
        ax.margins(y=0.02)
        ax.set_title(text("maps.score_chart", lang), loc="left")
        figure.legend(loc="outside lower center", ncols=3, fontsize=8)
        if best.empty:
            ax.annotate(text("maps.no_data", lang), (50, 0), ha="center", color=ABSENT)
        mark_schematic(figure, sketch=sketch, lang=lang)
    return figure
