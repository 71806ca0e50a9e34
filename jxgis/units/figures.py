"""The figure of the units' areas."""

from __future__ import annotations

import numpy as np
import pandas as pd

from jxgis.drawing.colours import BAD, BAND, GOOD
from jxgis.drawing.figures import Figure, figure_style, mark_schematic, short_label
from jxgis.i18n import text
from jxgis.settings import UNITS

__all__ = ["unit_chart"]


def unit_chart(
    units: pd.DataFrame,
    *,
    min_km2: float = UNITS.min_km2,
    max_km2: float = UNITS.max_km2,
    lang: str = "zh",
    sketch: bool = False,
) -> Figure:
    """Area of every unit by district, against the bounds.

    Parameters
    ----------
    units
        The contract's ``units``: ``district, area_km2, in_bounds``.
    min_km2, max_km2
        The bounds.
    lang, sketch
        ``"zh"`` or ``"en"``; whether it is marked as schematic.

    Returns
    -------
    matplotlib.figure.Figure
    """
    districts = list(pd.unique(units["district"]))[::-1]
    place = units["district"].map({name: at for at, name in enumerate(districts)}).to_numpy(dtype=float)
    inside = units["in_bounds"].fillna(False).astype(bool).to_numpy()
    area = units["area_km2"].to_numpy(dtype=float)
    with figure_style():
        figure = Figure(figsize=(7.2, 0.34 * len(districts) + 1.3), layout="constrained")
        ax = figure.subplots()
        ax.axvspan(min_km2, max_km2, color=BAND, zorder=0, label=f"{min_km2:g}–{max_km2:g} km²")
        for mask, colour, mark, key in ((inside, GOOD, "o", "yes"), (~inside, BAD, "X", "no")):
            if not mask.any():
                continue
            label = text(f"maps.in_bounds_{key}", lang, low=f"{min_km2:g}", high=f"{max_km2:g}")
            ax.scatter(
                area[mask], place[mask], s=34, c=colour, marker=mark, edgecolors="white", linewidths=0.6, label=label
            )
        ax.set(
            yticks=np.arange(len(districts)),
            yticklabels=[short_label(name) for name in districts],
            xlabel=text("maps.area_axis", lang),
        )
        ax.set_xlim(left=0)
        ax.set_title(text("maps.unit_chart", lang), loc="left")
        figure.legend(loc="outside lower center", ncols=3, fontsize=8)
        mark_schematic(figure, sketch=sketch, lang=lang)
    return figure
