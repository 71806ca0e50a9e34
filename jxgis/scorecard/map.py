"""The map of the scorecard: districts, and units, by each indicator: met, how far below, or not known."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from jxgis.bounds import at_most
from jxgis.drawing.canvas import BLANK, Canvas
from jxgis.drawing.colours import ABSENT, COVERAGE, NEAR, OUT, OUTLINE, WITHIN
from jxgis.drawing.layers import Field, add_group, add_polygons, add_switch, fields_of, fill, land_map
from jxgis.drawing.legend import LegendSection, Swatch, add_legend
from jxgis.i18n import localise_reasons, text
from jxgis.schema.tables import table as declared
from jxgis.scorecard.words import said_gap, said_target, said_value

if TYPE_CHECKING:
    import folium
    import geopandas as gpd
    from numpy.typing import NDArray

    from jxgis.scorecard.targets import PlanTarget

__all__ = ["STATE_COLOURS", "scorecard_map", "state_swatches", "states"]

#: By up to which share of its target a value that misses it is called near.
_NEAR = 0.05
STATE_COLOURS = (WITHIN, NEAR, OUT, COVERAGE[3], ABSENT)
_KEYS = ("met", "near", "far", "aimless", "no_data")


def states(rows: pd.DataFrame, target: PlanTarget, year: int) -> NDArray[np.int64]:
    """Of each zone: met, missed by little, missed, known without a target, or not known."""
    value = rows["value"].to_numpy(dtype=np.float64)
    wanted = rows[f"target_{year}"].to_numpy(dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        short = (wanted - value if target.direction == "at_least" else value - wanted) / np.abs(wanted)
    status = rows["status"].to_numpy(dtype=object)
    state = np.select([status == "met", (status == "below") & at_most(short, _NEAR), status == "below"], [0, 1, 2], 4)
    return np.where((status == "no_data") & ~np.isnan(value), 3, state)


def state_swatches(states: Iterable[int], lang: str) -> list[Swatch]:
    """The legend of some states."""
    near = f"{100 * _NEAR:.0f}"
    return [Swatch(STATE_COLOURS[k], text(f"scorecard.state_{_KEYS[k]}", lang, near=near)) for k in states]


def scorecard_map(
    scorecard: gpd.GeoDataFrame,
    targets: Sequence[PlanTarget],
    *,
    year: int,
    canvas: Canvas = BLANK,
) -> folium.Map:
    """Draw districts by every indicator that any of them has a value for, then units and further zones, one layer each.

    Parameters
    ----------
    scorecard
        The contract's ``scorecard``, with polygons.
    targets
        The plan's, in the order of the layers.
    year
        Whose targets.
    canvas
        What it is drawn on, and what is said around it.

    Returns
    -------
    folium.Map
    """
    lang = canvas.lang
    scorecard = localise_reasons(scorecard, lang)
    drawn = scorecard[scorecard["level"] == "district"].drop_duplicates("zone")
    page = land_map(canvas, drawn, title=text("scorecard.map_title", lang))
    groups: list[folium.FeatureGroup] = []
    aimless = False
    levels = [name for name in dict.fromkeys(scorecard["level"]) if name not in ("city", "area")]
    for level in levels:
        called = declared("scorecard.scorecard").columns["level"].word(level, lang)
        of_level = scorecard[scorecard["level"] == level]
        for target in targets:
            rows = of_level[of_level["indicator"] == target.id]
            if rows["value"].notna().any():
                name = text("scorecard.map_layer", lang, label=target.title(lang), level=called)
                group = add_group(page, name=name, show=not groups, under=called)
                state = states(rows, target, year)
                aimless |= bool((state == 3).any())
                told = rows.assign(
                    told=[said_value(v, target, lang) for v in rows["value"]],
                    aim=[said_target(v, target, lang) for v in rows[f"target_{year}"]],
                    short=[said_gap(v, target, lang) for v in rows["gap"]],
                )
                fields = [
                    Field("told", target.title(lang)),
                    Field("aim", text("scorecard.target_head", lang, year=year)),
                    Field("short", declared("scorecard.scorecard").columns["gap"].title.of(lang)),
                    *fields_of("scorecard.scorecard", ["source", "date", "reason", "needs"], lang),
                ]
                add_polygons(
                    group, told, styles=[fill(c, border=OUTLINE, weight=0.9) for c in STATE_COLOURS], style=state,
                    heading="zone", fields=fields, simplify_m=0.5,
                )  # fmt: skip
                groups.append(group)
    if groups:
        swatches = state_swatches([k for k in range(len(_KEYS)) if k != 3 or aimless], lang)
        note = text("scorecard.map_note", lang, year=year)
        add_legend(
            page, [LegendSection(text("scorecard.map_legend", lang, year=year), swatches, note, groups)], lang=lang
        )
        add_switch(page)
    return page
