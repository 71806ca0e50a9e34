"""The figures of change over time: what hot places have been, and what changed, by name beside the map."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from matplotlib.ticker import PercentFormatter

from jxgis.drawing.canvas import BLANK, Canvas
from jxgis.drawing.colours import ABSENT, INK, OUTLINE, PATTERNS, PINS, SITE
from jxgis.drawing.figures import Figure, figure_style, mark_schematic, short_label
from jxgis.drawing.layers import largest_first
from jxgis.drawing.legend import LegendSection, Swatch
from jxgis.drawing.print_map import map_sheet
from jxgis.i18n import Sketch, text
from jxgis.report.columns import write_value
from jxgis.schema.tables import table as declared
from jxgis.trends.map import DIRECTIONS, cold_ground, pattern_swatches

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import geopandas as gpd
    from numpy.typing import NDArray

__all__ = ["change_sheet", "pattern_sheet", "times_chart"]

_TOP = 20


def pattern_sheet(cells: gpd.GeoDataFrame, places: gpd.GeoDataFrame, *, canvas: Canvas = BLANK) -> Figure:
    """What the hot places of one class have been; the first numbered, and by name beside the map.

    Parameters
    ----------
    cells, places
        Rows of the contract's tables as people are shown them, of one class.
    canvas
        What it is drawn on, and what is said around it.

    Returns
    -------
    matplotlib.figure.Figure
    """
    lang = canvas.lang
    words = declared("trends.places").columns["pattern"]
    legend = LegendSection(text("trends.legend", lang), pattern_swatches(cells, lang), text("trends.map_note", lang))
    said = [words.word(code, lang) for code in places["pattern"].head(_TOP)]
    title = text("trends.layer_patterns", lang, name=text("common.all_classes", lang))
    return _sheet(cells, places, "pattern", PATTERNS, said, legend, title, canvas, under=cold_ground(cells))


def change_sheet(
    cells: gpd.GeoDataFrame, changes: gpd.GeoDataFrame, *, compared: str = "", canvas: Canvas = BLANK
) -> Figure:
    """Where the issues of one class changed otherwise than in the city; the first numbered, and by name beside the map.

    Parameters
    ----------
    cells, changes
        Rows of the contract's ``change`` and ``changes`` as people are shown them, of one class.
    compared
        What is said of the two periods below the legend.
    canvas
        What it is drawn on, and what is said around it.

    Returns
    -------
    matplotlib.figure.Figure
    """
    lang = canvas.lang
    words = declared("trends.changes").columns["direction"]
    swatches = [Swatch(colour, words.word(code, lang)) for code, colour in DIRECTIONS.items()]
    legend = LegendSection(text("trends.legend_change", lang), swatches, compared)
    # Where it is not shown by how much, the colour says which way.
    said = [
        "—" if pd.isna(change) else write_value(change, "change", lang, 0) for change in changes["change"].head(_TOP)
    ]
    title = text("trends.layer_change", lang, name=text("common.all_classes", lang))
    return _sheet(cells, changes, "direction", DIRECTIONS, said, legend, title, canvas)


def _sheet(
    cells: gpd.GeoDataFrame,
    places: gpd.GeoDataFrame,
    column: str,
    colours: Mapping[str, str],
    said: Sequence[str],
    legend: LegendSection,
    title: str,
    canvas: Canvas,
    under: gpd.GeoDataFrame | None = None,
) -> Figure:
    drawn, first = largest_first(places), places.head(_TOP)
    with map_sheet(canvas, cells, title=title) as sheet:
        if under is not None:
            sheet.map.areas(under.geometry, [colours["persistent_cold"]] * len(under), edge=OUTLINE, width=0, over=2.4)
        sheet.map.areas(drawn.geometry, [colours[code] for code in drawn[column]], edge=OUTLINE, width=0.5, over=2.5)
        sheet.map.pins(first.geometry.representative_point(), first["rank"], PINS)
        sheet.legend([legend])
        names = [short_label(name) for name in first["name"]]
        heading = text("trends.sheet_list", canvas.lang, n=len(first))
        sheet.listing(heading, zip(first["rank"], names, said, strict=True), PINS)
    return sheet.figure


def times_chart(series: pd.DataFrame, profile: pd.DataFrame, *, lang: str = "zh", sketch: Sketch = False) -> Figure:
    """When the issues of the city come: month by month, with and without the season, and by weekday and hour.

    Parameters
    ----------
    series, profile
        The contract's tables as people are shown them; what is not shown is a gap. Months that the data do not cover are
        pale, and hours are drawn where a time of day is recorded.
    lang, sketch
        ``"zh"`` or ``"en"``; whether it is marked as schematic.

    Returns
    -------
    matplotlib.figure.Figure
    """
    own, shares = (table[table["by"] == "city"] for table in (series, profile))
    units = [(unit, rows) for unit in ("weekday", "hour") if len(rows := shares[shares["unit"] == unit])]
    issues, part, adjusted = (text(f"trends.axis_{of}", lang) for of in ("issues", "part", "adjusted"))
    with figure_style():
        figure = Figure(figsize=(9.2, 5.0), layout="constrained")
        layout = figure.add_gridspec(2, len(units))
        axes = figure.add_subplot(layout[0, :])
        months, whole = pd.to_datetime(own["start"]), own["whole"].to_numpy(dtype=bool)
        axes.bar(months[whole], _numbers(own["count"])[whole], width=25, align="edge", color=SITE, label=issues)
        if not whole.all():
            # Pale from bottom to top: a low bar would pass for a decline.
            days, pale = months[~whole].dt.days_in_month, axes.get_xaxis_transform()
            axes.bar(months[~whole], 1.0, width=days, align="edge", color=ABSENT, transform=pale, label=part)
        if own["adjusted"].notna().any():
            middle = months + pd.Timedelta(days=12)
            axes.plot(middle, _numbers(own["adjusted"]), color=INK, label=adjusted)
        axes.yaxis.set_major_formatter("{x:,.0f}")
        axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
        for at, (unit, rows) in enumerate(units):
            panel = figure.add_subplot(layout[1, at])
            panel.bar(rows["value"], _numbers(rows["share"]), color=SITE)
            panel.set(
                xlabel=text(f"trends.axis_{unit}", lang), xticks=rows["value"].iloc[:: 3 if unit == "hour" else 1]
            )
            panel.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
        mark_schematic(figure, sketch=sketch, lang=lang)
    return figure


def _numbers(values: pd.Series) -> NDArray[np.float64]:
    return pd.to_numeric(values, errors="coerce").to_numpy(dtype=np.float64)
