"""The figure that shows why a cell and a band were proposed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter

from jxgis.i18n import text
from jxgis.maps.colours import ABSENT, GAIN, INK, SITE
from jxgis.maps.figures import figure_style

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["scale_chart"]


def scale_chart(
    cells: pd.DataFrame, profile: pd.DataFrame, *, cell_m: float, band_m: float, reason: str, lang: str = "zh"
) -> Figure:
    """Left the candidate cells and how full they are, right the autocorrelation for growing bands.

    Parameters
    ----------
    cells
        ``cell_m, mean_count, empty_share``, from `hotspots.scale.suggest_scale`.
    profile
        ``band_m, moran_i, z, peak``, likewise.
    cell_m, band_m
        What was proposed, metres.
    reason
        ``first_peak``, ``elbow`` or ``few_issues``.
    lang
        ``"zh"`` or ``"en"``.

    Returns
    -------
    matplotlib.figure.Figure
    """
    with figure_style():
        figure = Figure(figsize=(9.2, 3.6), layout="constrained")
        left, right = figure.subplots(1, 2, width_ratios=(1, 1.5))
        place = np.arange(len(cells))
        chosen = cells["cell_m"].to_numpy() == cell_m
        left.bar(place, cells["mean_count"], color=np.where(chosen, SITE, ABSENT))
        left.axhline(1, color=INK, linewidth=1, linestyle="--")
        left.set(
            xticks=place,
            xticklabels=[f"{size:g}" for size in cells["cell_m"]],
            xlabel=text("hotspots.cell_axis", lang),
            ylabel=text("hotspots.mean_count_axis", lang),
            yscale="log",
        )
        # Not as powers of ten: text is not read as formulas.
        left.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        left.yaxis.set_major_formatter("{x:g}")
        left.yaxis.set_minor_formatter(NullFormatter())
        left.set_title(text("hotspots.cell_title", lang, cell=f"{cell_m:g}"))
        right.plot(profile["band_m"], profile["z"], color=INK, marker="o", markersize=3.5, linewidth=1.2)
        beside = right.twinx()
        beside.plot(profile["band_m"], profile["moran_i"], color=ABSENT, linewidth=1.6)
        beside.set_ylabel(text("hotspots.moran_i_axis", lang))
        beside.spines["right"].set_visible(True)
        peaks = profile[profile["peak"]]
        right.scatter(peaks["band_m"], peaks["z"], s=70, facecolors="none", edgecolors=GAIN, linewidths=1.6, zorder=3,
                      label=text("hotspots.peak", lang))  # fmt: skip
        right.axvline(band_m, color=SITE, linewidth=1.4, label=text("hotspots.band", lang, band=f"{band_m:g}"))
        right.set(xlabel=text("hotspots.band_axis", lang), ylabel=text("hotspots.moran_axis", lang))
        right.set_title(text(f"hotspots.{reason}", lang))
        right.legend(loc="upper right")
    return figure
