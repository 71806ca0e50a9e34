"""Figures of hot spots: a map a class, and why a cell and a band were proposed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely
from matplotlib.collections import PolyCollection
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.patches import Patch
from matplotlib.ticker import LogLocator, NullFormatter

from jxgis.drawing.colours import ABSENT, GAIN, HOT_COLD, INK, SITE
from jxgis.drawing.figures import Figure, figure_style, map_axes, mark_schematic, short_label, wrapped
from jxgis.errors import InputError
from jxgis.hotspots.map import class_label, hotspot_swatches
from jxgis.i18n import listed, text
from jxgis.zones import ALL

if TYPE_CHECKING:
    import geopandas as gpd

__all__ = ["hotspot_panels", "scale_chart"]

#: Panels in a row.
_COLUMNS = 3


def hotspot_panels(
    cells: gpd.GeoDataFrame,
    *,
    districts: gpd.GeoDataFrame | None = None,
    classes: Sequence[str] | None = None,
    lang: str = "zh",
    sketch: bool = False,
) -> Figure:
    """Hot and cold cells of each class side by side: the plan's six maps.

    Classes without any hot or cold cell get no panel; they are named below the heading, those that were not judged
    apart.

    Parameters
    ----------
    cells
        The contract's ``cells`` in a metric CRS: ``issue_class, gi_q, gi_bin`` and geometry.
    districts
        Polygons with ``name``, for the ground.
    classes
        Which classes, in which order; by default all but ``all``.
    lang, sketch
        ``"zh"`` or ``"en"``; whether it is marked as schematic.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InputError
        If there are no such cells.
    """
    found = [c for c in pd.unique(cells["issue_class"]) if c != ALL] or [ALL]
    asked = list(classes) if classes is not None else found
    if not asked or cells.empty:
        raise InputError(zh="没有可以画的问题类别。", en="There is no issue class to draw.")
    seen = cells[cells["gi_bin"].fillna(0).ne(0)]
    order = [c for c in asked if (seen["issue_class"] == c).any()] or asked
    judged = cells["gi_q"].notna().groupby(cells["issue_class"]).any()
    absent = {
        "absent": [c for c in asked if c not in order and judged.get(c, True)],
        "unjudged": [c for c in asked if not judged.get(c, True)],
    }
    rows = -(-len(order) // _COLUMNS)
    bounds = cells.total_bounds if districts is None else districts.total_bounds
    with figure_style():
        # Room for the heading and the legend also above and below a single panel.
        wide = min(_COLUMNS, len(order))
        across = max(3.5 * wide, 5.5)
        west, south, east, north = bounds
        tall = min(3.6, across / wide * (north - south) / (east - west) + 0.6)
        figure = Figure(figsize=(across, max(tall * rows, 2.0) + 0.9), layout=ConstrainedLayoutEngine(h_pad=0.1))
        panels = np.atleast_1d(figure.subplots(rows, wide)).ravel()
        for ax in panels[len(order) :]:
            ax.remove()
        for ax, issue_class in zip(panels, order, strict=False):
            # A GeoPackage gives its polygons back as multipolygons.
            own = seen[seen["issue_class"] == issue_class].explode()
            colours = [HOT_COLD[int(b)] for b in own["gi_bin"]]
            if len(own):
                outlines = [shapely.get_coordinates(g) for g in shapely.get_exterior_ring(own.geometry.array)]
                ax.add_collection(PolyCollection(outlines, facecolors=colours, edgecolors="none", zorder=1))
            map_axes(ax, districts, bounds)
            ax.set_title(wrapped(short_label(class_label(issue_class, lang)), across / wide, 12))
        handles = [Patch(color=s.colour, label=s.label) for s in hotspot_swatches(lang) if s.colour != HOT_COLD[0]]
        figure.legend(handles=handles, loc="outside lower center", ncols=len(handles) if wide > 2 else 3, fontsize=8)
        heading = text("maps.panels_title", lang)
        for key, some in absent.items():
            if some:
                names = listed([short_label(class_label(c, lang)) for c in some], lang)
                heading += "\n" + wrapped(text(f"maps.panels_{key}", lang, names=names), across, 13)
        # Below the mark in the corner, which a narrow figure would lay over it.
        figure.suptitle(("\n" if sketch and wide < 3 else "") + heading, fontsize=13)
        mark_schematic(figure, sketch=sketch, lang=lang)
    return figure


def scale_chart(
    cells: pd.DataFrame,
    profile: pd.DataFrame,
    *,
    cell_m: float,
    band_m: float,
    reason: str,
    of_rates: bool = False,
    lang: str = "zh",
    sketch: bool = False,
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
    of_rates
        Whether the profile is of what an exposure does not explain.
    lang
        ``"zh"`` or ``"en"``.
    sketch
        Mark the figure as schematic.

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
        kind = "rate_" if of_rates else "moran_"
        beside.set_ylabel(text(f"hotspots.{kind}i_axis", lang))
        beside.spines["right"].set_visible(True)
        peaks = profile[profile["peak"]]
        if len(peaks):
            right.scatter(
                peaks["band_m"], peaks["z"], s=70, facecolors="none", edgecolors=GAIN, linewidths=1.6, zorder=3,
                label=text("hotspots.peak", lang),
            )  # fmt: skip
        right.axvline(band_m, color=SITE, linewidth=1.4, label=text("hotspots.band", lang, band=f"{band_m:g}"))
        right.set(xlabel=text("hotspots.band_axis", lang), ylabel=text(f"hotspots.{kind}axis", lang))
        right.set_title(text(f"hotspots.{reason}", lang))
        # Without a peak z rises to the upper right and the index falls to the lower right.
        right.legend(loc="upper right" if len(peaks) else "center right")
        mark_schematic(figure, sketch=sketch, lang=lang)
    return figure
