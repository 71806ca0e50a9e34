"""The figure of park coverage by zone."""

from __future__ import annotations

import numpy as np
import pandas as pd

from jxgis.drawing.colours import BORDER, GAIN, INK, ON_FOOT, SITE
from jxgis.drawing.figures import Figure, figure_style, mark_schematic, short_label
from jxgis.i18n import text
from jxgis.parks.land_words import denominator_of, land_words
from jxgis.settings import PARKS
from jxgis.zones import ALL

__all__ = ["coverage_chart"]


def coverage_chart(
    coverage: pd.DataFrame, *, target: float = PARKS.target, lang: str = "zh", sketch: bool = False
) -> Figure:
    """Coverage by zone, by radius and on foot, against the target.

    Parameters
    ----------
    coverage
        The contract's ``coverage``: ``zone, method, coverage``.
    target
        The coverage asked for, 0 to 1.
    lang, sketch
        ``"zh"`` or ``"en"``; whether it is marked as schematic.

    Returns
    -------
    matplotlib.figure.Figure
        Zones from least to most covered; one without residential land is written as such, never as zero.
    """
    table = coverage.pivot_table(index="zone", columns="method", values="coverage", dropna=False, observed=False)
    methods = [m for m in ("radius", "walking") if m in table.columns]
    table = table.astype(float).sort_values(methods[0], ascending=False, na_position="first")
    looks = {"radius": GAIN, "walking": ON_FOOT}
    with figure_style():
        figure = Figure(figsize=(7.2, 0.42 * len(table) + 1.3), layout="constrained")
        ax = figure.subplots()
        height = 0.8 / len(methods)
        for at, method in enumerate(methods):
            place = np.arange(len(table)) + (len(methods) / 2 - at - 0.5) * height
            values = table[method].to_numpy()
            ax.barh(
                place,
                np.nan_to_num(values) * 100,
                height,
                color=looks[method],
                label=text(f"maps.method_{method}", lang),
            )
            for y, value in zip(place, values, strict=True):
                known = bool(np.isfinite(value))
                # At the foot of the bar, where the target's line never is; a bar too short for it has it outside.
                inside = known and value > 0.12
                words = f"{100 * value:.1f}" if known else text("maps.no_data", lang)
                ax.annotate(words, (100 * value if known and not inside else 0, y), (4, 0), va="center", ha="left",
                            fontsize=7.5, textcoords="offset points",
                            color="white" if inside else INK if known else BORDER)  # fmt: skip
        ax.margins(y=0.02)
        ax.axvline(
            100 * target,
            color=SITE,
            linewidth=1.4,
            linestyle="--",
            label=text("maps.target", lang, n=f"{100 * target:g}"),
        )
        axis = text("maps.coverage_axis", lang, **land_words(denominator_of(coverage), lang))
        zones = [text("common.whole_area", lang) if zone == ALL else short_label(zone) for zone in table.index]
        ax.set(yticks=np.arange(len(table)), yticklabels=zones, xlim=(0, 112), xlabel=axis)
        ax.set_title(text("maps.coverage_chart", lang), loc="left")
        figure.legend(loc="outside lower center", ncols=3, fontsize=8)
        mark_schematic(figure, sketch=sketch, lang=lang)
    return figure
