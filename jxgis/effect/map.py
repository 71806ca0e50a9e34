"""The map of an effect: the treated areas, each with its controls, and what was left out for being near."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from jxgis.drawing.canvas import BLANK, Canvas
from jxgis.drawing.colours import CHANGE, OUTLINE, ROLES, SITE
from jxgis.drawing.layers import add_group, add_names, add_polygons, add_switch, fields_of, fill, land_map, line
from jxgis.drawing.legend import LegendSection, Swatch, add_legend, classify
from jxgis.i18n import localise_reasons, text
from jxgis.schema.tables import table
from jxgis.small_counts import as_words

if TYPE_CHECKING:
    import folium
    import geopandas as gpd

__all__ = ["effect_map"]

_CHANGE_BREAKS = (-0.3, -0.1, 0.1, 0.3)
#: Falls are blue, rises orange.
_CHANGES = (CHANGE[4], CHANGE[3], CHANGE[1], "#fbd9a5", CHANGE[0])


def effect_map(areas: gpd.GeoDataFrame, *, canvas: Canvas = BLANK) -> folium.Map:
    """Draw treated areas and controls, with a switch to how the cases of each changed.

    Parameters
    ----------
    areas
        The contract's ``areas`` as people are shown them.
    canvas
        What it is drawn on, and what is said around it.

    Returns
    -------
    folium.Map
    """
    lang = canvas.lang
    page = land_map(canvas, areas, title=text("report.part_effect", lang))
    words = table("effect.areas").columns["role"].words
    roles = list(ROLES)
    shown = localise_reasons(areas, lang)
    shown = shown.assign(
        role_said=[words[role].of(lang) for role in areas["role"]],
        **{name: as_words(shown[name]) for name in ("cases_before", "cases_after")},
    )
    # The treated ones are drawn last, so that nothing hides their borders.
    shown = shown.iloc[np.argsort([-roles.index(role) for role in areas["role"]], kind="stable")]
    fields = fields_of(
        "effect.areas",
        ["role", "control_of", "area_km2", "cases_before", "cases_after", "change_cases", "reason"],
        lang,
    )
    fields = [field._replace(column="role_said") if field.column == "role" else field for field in fields]
    role = np.array([roles.index(name) for name in shown["role"]])
    compared = shown[shown["role"].isin(["treated", "control"])]
    change = classify(
        compared["change_cases"], breaks=_CHANGE_BREAKS, colours=_CHANGES, percent=True, unit="%", lang=lang
    )
    by_role = add_group(page, name=text("effect.roles", lang), show=True)
    by_change = add_group(page, name=text("effect.changes", lang), show=False)
    for group, drawn, colours, rows in (
        (by_role, shown, list(ROLES.values()), role),
        (by_change, compared, list(change.colours), change.row),
    ):
        styles = [fill(colour, border=OUTLINE, weight=0.7) for colour in colours]
        add_polygons(group, drawn, styles=styles, style=rows, heading="area_id", fields=fields, simplify_m=0.5)
    treated = shown[shown["role"] == "treated"]
    add_polygons(page, treated, name=words["treated"].of(lang), styles=[line(SITE, weight=2.6)])
    add_names(page, treated, column="area_id", name=text("effect.names", lang))
    there = [name for name in roles if (shown["role"] == name).any()]
    swatches = [Swatch(ROLES[name], words[name].of(lang)) for name in there]
    add_legend(
        page,
        [
            LegendSection(text("effect.roles", lang), swatches, text("effect.map_note", lang), [by_role]),
            LegendSection(
                text("effect.changes", lang), change.swatches(), text("effect.change_note", lang), [by_change]
            ),
        ],
        lang=lang,
    )
    add_switch(page)
    return page
