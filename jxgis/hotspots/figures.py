"""Figures of hot spots: the map of all issues, a map a class, and why a cell and a band were proposed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, cast

import numpy as np
import pandas as pd
import shapely
from matplotlib.ticker import LogLocator, NullFormatter

from jxgis.drawing.canvas import BLANK, Canvas
from jxgis.drawing.colours import ABSENT, GAIN, HOT_COLD, INK, PINS, SITE
from jxgis.drawing.figures import Figure, figure_style, mark_schematic, short_label, wrapped
from jxgis.drawing.layers import TOP
from jxgis.drawing.legend import LegendSection, Swatch
from jxgis.drawing.map_panel import MapPanel
from jxgis.drawing.print_map import map_sheet
from jxgis.errors import InputError
from jxgis.hotspots.leads import peaks_lead
from jxgis.hotspots.map import class_label, hotspot_swatches
from jxgis.i18n import MANY, Sketch, few, listed, text
from jxgis.small_counts import as_words
from jxgis.zones import ALL

if TYPE_CHECKING:
    import geopandas as gpd

__all__ = ["hotspot_panels", "hotspot_sheet", "scale_chart"]

#: Places of each class that are numbered where classes stand side by side.
_FIRST = 3
_AXIS_IN = 2.6  # of the chart of scales, and of the words beside it


def hotspot_sheet(
    cells: gpd.GeoDataFrame,
    places: gpd.GeoDataFrame | None = None,
    peaks: gpd.GeoDataFrame | None = None,
    *,
    canvas: Canvas = BLANK,
) -> Figure:
    """Hot and cold cells of all classes together on one map, with the first places by number and by name.

    Parameters
    ----------
    cells
        The contract's ``cells`` in a metric CRS: ``issue_class, gi_bin`` and geometry.
    places, peaks
        The contract's ``places`` and ``peaks`` as people are shown them. Peaks are numbered where the first place is wide.
    canvas
        What it is drawn on, and what is said around it.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InputError
        If there are no such cells.
    """
    lang = canvas.lang
    own = cells[cells["issue_class"] == ALL]
    if own.empty:
        raise InputError(zh="没有可以画的问题类别。", en="There is no issue class to draw.")
    label, first, wide = class_label(ALL, lang), *_first(places, peaks, ALL)
    title = (
        f"{text('maps.hotspots_title', lang)}: {label}"
        if lang == "en"
        else f"{text('maps.hotspots_title', lang)}：{label}"
    )
    with map_sheet(canvas, own, title=title) as sheet:
        _draw_bins(sheet.map, own)
        swatches = [s for s in hotspot_swatches(lang) if s.colour != HOT_COLD[0]]
        sheet.legend([LegendSection(text("maps.hotspots_legend", lang), swatches, text("maps.hotspots_note", lang))])
        if first is not None:
            own_places = _of_class(places, ALL)
            sheet.map.areas(own_places.geometry, "none", edge=PINS, width=0.7)
            sheet.legend([LegendSection("", [Swatch(PINS, text("maps.place_outline", lang), "line")])])
            sheet.map.pins(first.geometry.representative_point(), first["rank"], PINS)
            counts = [text("maps.n_issues", lang, n=n) for n in as_words(first["issues"])]
            rows = zip(first["rank"], map(str, first["name"]), counts, strict=True)
            key = "maps.top_peaks" if wide else "maps.top_places"
            sheet.listing(text(key, lang, name=label, n=len(first)), rows, PINS)
    return sheet.figure


def _of_class(table: gpd.GeoDataFrame | None, issue_class: str) -> gpd.GeoDataFrame:
    return cast("gpd.GeoDataFrame", table)[cast("gpd.GeoDataFrame", table)["issue_class"] == issue_class]


def _first(
    places: gpd.GeoDataFrame | None, peaks: gpd.GeoDataFrame | None, issue_class: str, n: int = TOP
) -> tuple[gpd.GeoDataFrame | None, bool]:
    """The first places of a class, or its first peaks where its first place is wide; and whether it is."""
    if places is None or _of_class(places, issue_class).empty:
        return None, False
    own = _of_class(places, issue_class)
    high = None if peaks is None else _of_class(peaks, issue_class)
    wide = peaks_lead(own, high)
    leading = cast("gpd.GeoDataFrame", high) if wide else own
    return leading.sort_values("rank").head(n), wide


def _draw_bins(panel: MapPanel, cells: gpd.GeoDataFrame) -> None:
    """The cells of a class: those of one colour as one shape, so that no seam shows between them."""
    bins = pd.to_numeric(cells["gi_bin"], errors="coerce").fillna(0).astype(int)
    for value in sorted(set(bins) - {0}, key=abs):
        shape = shapely.coverage_union_all(cells.geometry.array[bins == value])
        # Waters show through where it is cold: mostly nobody is there.
        panel.areas([shape], HOT_COLD[value], edge="face", width=0.1, over=None if value > 0 else 1)


def hotspot_panels(
    cells: gpd.GeoDataFrame,
    places: gpd.GeoDataFrame | None = None,
    peaks: gpd.GeoDataFrame | None = None,
    *,
    canvas: Canvas = BLANK,
    classes: Sequence[str] | None = None,
) -> Figure:
    """Hot and cold cells of each class side by side: the plan's six maps, with the first places of each.

    Classes without any hot or cold cell get no panel; they are named below the heading, those that were not judged
    apart.

    Parameters
    ----------
    cells
        The contract's ``cells`` in a metric CRS: ``issue_class, gi_q, gi_bin`` and geometry.
    places, peaks
        The contract's ``places`` and ``peaks``; see `hotspot_sheet`.
    canvas
        What it is drawn on, and what is said around it.
    classes
        Which classes, in which order; by default all but ``all``.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InputError
        If there are no such cells.
    """
    lang = canvas.lang
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
    said = [
        text(
            f"maps.panels_{key}",
            lang,
            names=few([short_label(class_label(c, lang)) for c in some], " 类", MANY).of(lang),
        )
        for key, some in absent.items()
        if some
    ]
    canvas = replace(canvas, method=" · ".join(said))
    with map_sheet(canvas, cells, title=text("maps.panels_title", lang), panels=len(order)) as sheet:
        pinned = False
        for panel, issue_class in zip(sheet.panels, order, strict=True):
            panel.ax.set_title(short_label(class_label(issue_class, lang)))
            _draw_bins(panel, seen[seen["issue_class"] == issue_class])
            first, _ = _first(places, peaks, issue_class, _FIRST)
            if first is not None:
                pinned = True
                panel.pins(first.geometry.representative_point(), first["rank"], PINS)
                named = (f"{rank} {short_label(name)}" for rank, name in zip(first["rank"], first["name"], strict=True))
                panel.foot = listed(named, lang)
        swatches = [s for s in hotspot_swatches(lang) if s.colour != HOT_COLD[0]]
        swatches += [Swatch(PINS, text("maps.panel_pin", lang, n=_FIRST), "pin")] if pinned else []
        sheet.legend([LegendSection(text("maps.hotspots_legend", lang), swatches)])
    return sheet.figure


def scale_chart(
    cells: pd.DataFrame,
    profile: pd.DataFrame,
    *,
    cell_m: float,
    band_m: float,
    reason: str,
    of_rates: bool = False,
    lang: str = "zh",
    sketch: Sketch = False,
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
            ylabel=_beside(text("hotspots.mean_count_axis", lang)),
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
        beside.set_ylabel(_beside(text(f"hotspots.{kind}i_axis", lang)))
        beside.spines["right"].set_visible(True)
        peaks = profile[profile["peak"]]
        if len(peaks):
            right.scatter(
                peaks["band_m"], peaks["z"], s=70, facecolors="none", edgecolors=GAIN, linewidths=1.6, zorder=3,
                label=text("hotspots.peak", lang),
            )  # fmt: skip
        right.axvline(band_m, color=SITE, linewidth=1.4, label=text("hotspots.band", lang, band=f"{band_m:g}"))
        right.set(xlabel=text("hotspots.band_axis", lang), ylabel=_beside(text(f"hotspots.{kind}axis", lang)))
        right.set_title(text(f"hotspots.{reason}", lang))
        # Without a peak z rises to the upper right and the index falls to the lower right.
        right.legend(loc="upper right" if len(peaks) else "center right")
        mark_schematic(figure, sketch=sketch, lang=lang)
    return figure


def _beside(words: str) -> str:
    """What stands beside an axis of the chart of scales, no longer than the axis."""
    return wrapped(words, _AXIS_IN, 10)
