"""The figure of the weak areas: how many times as many issues as their reference, and how sure that is."""

from __future__ import annotations

import numpy as np
import pandas as pd

from jxgis.drawing.colours import FAINT, INK, SITE
from jxgis.drawing.figures import Figure, figure_style, mark_schematic, short_label
from jxgis.i18n import text

__all__ = ["weak_chart"]

_TOP = 20


def weak_chart(weak: pd.DataFrame, *, lang: str = "zh", sketch: bool = False) -> Figure:
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
    first = weak.head(_TOP).iloc[::-1]
    value, low, high = (pd.to_numeric(first[name]).to_numpy(dtype=np.float64) for name in ("severity", "low", "high"))
    place = np.arange(len(first))
    with figure_style():
        figure = Figure(figsize=(7.2, 0.3 * len(first) + 1.4), layout="constrained")
        ax = figure.subplots()
        ax.axvline(1, color=FAINT, linewidth=0.9)
        ax.hlines(place, low, high, color=INK, linewidth=1.2, label=text("weak.interval", lang))
        ax.scatter(value, place, color=SITE, s=26, zorder=3, label=text("weak.axis", lang))
        labels = [
            f"{int(n)}  {short_label(f'{name}（{kind}）' if lang == 'zh' else f'{name} ({kind})')}"
            for n, name, kind in zip(first["rank"], first["name"], first["kind"], strict=True)
        ]
        ax.set(yticks=place, yticklabels=labels, xlabel=text("weak.axis", lang))
        ax.set_xlim(left=0)
        ax.margins(y=0.03)
        ax.set_title(text("weak.chart", lang), loc="left")
        figure.legend(loc="outside lower center", ncols=2, fontsize=8)
        mark_schematic(figure, sketch=sketch, lang=lang)
    return figure
