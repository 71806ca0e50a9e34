"""Figures of the scorecard: how far each target of the city is reached, and the first targets by district on maps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from jxgis.drawing.canvas import BLANK, Canvas
from jxgis.drawing.colours import ABSENT, BAD, GOOD, INK
from jxgis.drawing.figures import Figure, figure_style, mark_schematic, short_label, wrapped
from jxgis.drawing.legend import LegendSection
from jxgis.drawing.print_map import map_sheet
from jxgis.i18n import Sketch, text
from jxgis.report.blocks import of_city
from jxgis.schema.tables import table
from jxgis.scorecard.map import STATE_COLOURS, state_swatches, states
from jxgis.scorecard.words import said_target, said_value

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

    from jxgis.scorecard.targets import PlanTarget

__all__ = ["district_sheet", "district_targets", "target_chart"]

_MOST = 1.5  # what is reached more than half over runs out of the chart
_LABEL_IN = 2.3  # the names beside the bars, inches
_SHOWN = 6  # maps on a sheet
_ROOM = 76  # for the words behind the longest bar, in its per cent


def target_chart(
    scorecard: pd.DataFrame, targets: Sequence[PlanTarget], *, year: int, lang: str = "zh", sketch: Sketch = False
) -> Figure:
    """How far the city has come with each target that can be judged: value over target, or the reverse where less is better.

    Parameters
    ----------
    scorecard
        The contract's ``scorecard``.
    targets
        The plan's, in the order of the chart.
    year
        Whose targets.
    lang, sketch
        ``"zh"`` or ``"en"``; whether it is marked as schematic.

    Returns
    -------
    matplotlib.figure.Figure
    """
    city = of_city(scorecard)
    city = city[city["status"] != "no_data"].set_index("indicator")
    shown = [target for target in targets if target.id in city.index][::-1]
    value = np.array([city.loc[target.id, "value"] for target in shown], dtype=np.float64)
    wanted = np.array([city.loc[target.id, f"target_{year}"] for target in shown], dtype=np.float64)
    more = np.array([target.direction == "at_least" for target in shown], dtype=np.bool_)
    with np.errstate(divide="ignore", invalid="ignore"):
        reached = np.where(more, value / wanted, np.where(value > 0, wanted / value, np.inf))
    met = np.array([city.loc[target.id, "status"] == "met" for target in shown], dtype=np.bool_)
    place, words = np.arange(len(shown)), table("scorecard.scorecard").columns["status"]
    with figure_style():
        figure = Figure(figsize=(7.6, 0.34 * max(len(shown), 1) + 1.5), layout="constrained")
        ax = figure.subplots()
        length = np.clip(reached, 0, _MOST)
        for mask, colour, name in ((met, GOOD, "met"), (~met, BAD, "below")):
            if mask.any():
                ax.barh(place[mask], 100 * length[mask], color=colour, height=0.62, label=words.word(name, lang))
        ax.axvline(100, color=INK, lw=1)
        for at, target in enumerate(shown):
            aim = said_target(wanted[at], target, lang, unit=target.in_percent)
            label = f"{said_value(value[at], target, lang)}  ({aim})"
            # It ends with the axes, and so within the figure: a long unit begins earlier.
            said = ax.annotate(
                short_label(label), (1, at), xycoords=("axes fraction", "data"), ha="right", va="center", fontsize=8,
                color=INK,
            )  # fmt: skip
            said.set_in_layout(False)
        ax.set(
            yticks=place,
            yticklabels=[wrapped(short_label(target.title(lang), 2), _LABEL_IN, 8) for target in shown],
            xlim=(0, 100 * _MOST + _ROOM),
            xticks=[0, 50, 100, 150],
            xlabel=text("scorecard.chart_axis", lang),
        )
        ax.tick_params("y", labelsize=8)
        ax.margins(y=0.02)
        ax.set_title(text("scorecard.chart", lang, year=year), loc="left")
        figure.legend(loc="outside lower center", ncols=2, fontsize=8)
        if not shown:
            ax.annotate(text("maps.no_data", lang), (50, 0), ha="center", color=ABSENT)
        mark_schematic(figure, sketch=sketch, lang=lang)
    return figure


def district_targets(scorecard: pd.DataFrame, targets: Sequence[PlanTarget]) -> list[PlanTarget]:
    """The targets that are shown by district: those that some district misses first, in the order of the plan."""
    judged = scorecard[(scorecard["level"] == "district") & scorecard["value"].notna()]
    missed = set(judged.loc[judged["status"] == "below", "indicator"])
    known = [target for target in targets if target.id in set(judged["indicator"])]
    first = sorted(known, key=lambda target: target.id not in missed)[:_SHOWN]
    return [target for target in known if target in first]


def district_sheet(
    scorecard: gpd.GeoDataFrame,
    targets: Sequence[PlanTarget],
    *,
    year: int,
    canvas: Canvas = BLANK,
) -> Figure:
    """The districts by their first targets, a map each: met, missed by little or by much; values below the names.

    Parameters
    ----------
    scorecard
        The contract's ``scorecard`` as people are shown it, with polygons.
    targets
        Of `district_targets`.
    year
        Whose targets.
    canvas
        What it is drawn on, and what is said around it.

    Returns
    -------
    matplotlib.figure.Figure
    """
    lang = canvas.lang
    rows = scorecard[scorecard["level"] == "district"]
    seen: set[int] = set()
    with map_sheet(canvas, rows, title=text("scorecard.sheet", lang, year=year), panels=len(targets)) as sheet:
        sheet.name_land = False
        for panel, target in zip(sheet.panels, targets, strict=True):
            own = rows[rows["indicator"] == target.id]
            state = states(own, target, year)
            seen |= set(state.tolist())
            panel.ax.set_title(short_label(target.title(lang), 2))
            panel.land(own.geometry, [STATE_COLOURS[k] for k in state])
            values = [said_value(value, target, lang, unit=target.in_percent) for value in own["value"]]
            panel.unnamed = panel.name_areas(own["zone"], own.geometry, size=4.8, values=values)
            wanted = own[f"target_{year}"].dropna()
            aim = said_target(float(wanted.iloc[0]) if len(wanted) else np.nan, target, lang)
            panel.foot = text("scorecard.sheet_target", lang, target=aim)
        note = text("scorecard.map_note", lang, year=year)
        heading = text("scorecard.map_legend", lang, year=year)
        sheet.legend([LegendSection(heading, state_swatches(sorted(seen), lang), note)])
    return sheet.figure
