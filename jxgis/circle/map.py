"""The map of the 15-minute circle: housing by the kinds it has within a walk, districts by each kind, facilities, blind spots."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np

from jxgis.circle.kinds import ALL_KINDS
from jxgis.circle.section import share_column
from jxgis.drawing.canvas import BLANK, Canvas
from jxgis.drawing.colours import ACCENT, ON_FOOT, OUT, OUTLINE, SITE, sequential
from jxgis.drawing.layers import (
    TOP,
    add_group,
    add_points,
    add_polygons,
    add_switch,
    dot,
    fields_of,
    fill,
    land_map,
    line,
)
from jxgis.drawing.legend import LegendSection, Swatch, add_legend, classify
from jxgis.i18n import localise_reasons, text
from jxgis.indicators.standing import spots

if TYPE_CHECKING:
    import folium
    import pandas as pd
    from numpy.typing import NDArray

__all__ = ["circle_map", "lacking", "lacking_breaks"]

_BREAKS = (0.5, 0.7, 0.8, 0.9)
_MOST_LACKING = 4
_TOLD = ("coverage", "people_coverage", "people", "served_people", "things", "mean_walk_m", "reason")


def lacking_breaks(kinds: int) -> list[float]:
    """The limits of the classes of housing, by the number of kinds that it has within a walk.

    Examples
    --------
    >>> lacking_breaks(8), lacking_breaks(2)
    ([4.5, 5.5, 6.5, 7.5], [0.5, 1.5])
    """
    return [kinds - lost - 0.5 for lost in range(min(kinds, _MOST_LACKING))][::-1]


def circle_map(
    tables: Mapping[str, pd.DataFrame],
    things: Mapping[str, gpd.GeoDataFrame],
    *,
    minutes: float,
    of_kind: Mapping[str, float] | None = None,
    canvas: Canvas = BLANK,
) -> folium.Map:
    """Draw housing by the number of kinds that it has within a walk, and by each kind districts, facilities and blind spots.

    Parameters
    ----------
    tables
        The contract's ``circle`` and ``housing``, and of ``blind_spots`` and ``sites`` those that there are.
    things
        Kind to its facilities.
    minutes
        The longest walk.
    of_kind
        Kind to its longest walk, where that may be another.
    canvas
        What it is drawn on, and what is said around it.

    Returns
    -------
    folium.Map
    """
    lang = canvas.lang
    circle = gpd.GeoDataFrame(localise_reasons(tables["circle"], lang))
    of_districts = circle[circle["level"] == "district"]
    title = text("circle.map_title", lang, minutes=f"{minutes:g}")
    page = land_map(canvas, of_districts, title=title)
    sections = [_add_housing(page, gpd.GeoDataFrame(tables["housing"]), len(things), minutes, lang)]
    column, blind = share_column(circle), tables.get("blind_spots")
    for kind in (*things, ALL_KINDS):
        rows = of_districts[of_districts["kind"] == kind]
        if rows[column].notna().any():
            own = None if blind is None else blind[blind["kind"] == kind].head(TOP)
            limit = (of_kind or {}).get(kind, minutes)
            sections.append(_add_kind(page, rows, column, things.get(kind), own, limit, lang))
    sites = tables.get("sites")
    if sites is not None and len(sites):
        fields = fields_of("circle.sites", [c for c in ("label", "zone", "gain_people", "gain_m2") if c in sites], lang)
        add_points(
            page, gpd.GeoDataFrame(sites), name=text("circle.table_sites", lang), styles=[dot(SITE, radius_px=8)],
            heading="name", fields=fields, number="rank",
        )  # fmt: skip
        sections.append(LegendSection("", [Swatch(SITE, text("circle.table_sites", lang), "pin")]))
    units = circle[(circle["level"] == "unit") & (circle["kind"] == ALL_KINDS)]
    if len(units):
        fields = fields_of("circle.circle", ["coverage", "people_coverage"], lang)
        name = text("circle.map_units", lang)
        add_polygons(page, units, name=name, styles=[line(ACCENT, weight=1)], heading="zone", fields=fields, show=False)
    add_legend(page, sections, lang=lang)
    add_switch(page)
    return page


def lacking(housing: pd.DataFrame, kinds: int, lang: str) -> tuple[NDArray[np.int64], list[Swatch]]:
    """Housing by how many of so many kinds it has no facility of within a walk: its colours and what they say.

    Returns
    -------
    (n,) int64
        The number of the colour of each.
    list of Swatch
        All there first.
    """
    # How many are lacking says more than how many there are, and needs no more colours than can be told apart.
    reached = housing["kinds_reached"].to_numpy(dtype=np.float64)
    lost = np.clip(np.round(kinds - reached), 0, kinds).astype(np.int64)
    last = min(kinds, _MOST_LACKING)
    colours = sequential(last + 1)[::-1]
    keys = ["all_there", *["lacks"] * (last - 1), "lacks" if last == kinds else "lacks_more"][: last + 1]
    swatches = [
        Swatch(c, text(f"circle.map_{key}", lang, n=k or kinds))
        for k, (c, key) in enumerate(zip(colours, keys, strict=True))
    ]
    return np.minimum(lost, last), swatches


def _add_housing(page: folium.Map, housing: gpd.GeoDataFrame, kinds: int, minutes: float, lang: str) -> LegendSection:
    group = add_group(page, name=text("circle.map_housing", lang))
    style, swatches = lacking(housing, kinds, lang)
    # Headed by its district alone, a block would be taken for the district.
    told = housing.assign(heading=[text("circle.map_block", lang, zone=zone) for zone in housing["zone"]])
    add_polygons(
        group, told, styles=[fill(swatch.colour, weight=0) for swatch in swatches], style=style,
        heading="heading", fields=fields_of("circle.housing", ["kinds_reached", "lacks", "m2"], lang), simplify_m=1.0,
    )  # fmt: skip
    return LegendSection(text("circle.map_legend", lang, minutes=f"{minutes:g}"), swatches, "", [group])


def _add_kind(
    page: folium.Map,
    rows: gpd.GeoDataFrame,
    column: str,
    things: gpd.GeoDataFrame | None,
    blind: pd.DataFrame | None,
    minutes: float,
    lang: str,
) -> LegendSection:
    """Districts by the share of housing that has one kind within a walk, with its facilities and its largest blind spots."""
    label = str(rows["label"].iloc[0])
    group = add_group(page, name=text("circle.map_kind", lang, label=label), show=False)
    classes = classify(rows[column], breaks=_BREAKS, percent=True, unit="%", lang=lang)
    add_polygons(
        group, rows, styles=[fill(c, border=OUTLINE, weight=0.9) for c in classes.colours],
        style=classes.row, heading="zone", fields=fields_of("circle.circle", _TOLD, lang), simplify_m=0.5,
    )  # fmt: skip
    marks = classes.swatches()
    if blind is not None and len(blind):
        known = fields_of("circle.blind_spots", ["rank", "zone", "people", "m2"], lang)
        add_polygons(
            group, gpd.GeoDataFrame(blind), styles=[fill(OUT, border=OUTLINE, weight=0.6)], heading="name",
            fields=known, level=1, simplify_m=1.0,
        )  # fmt: skip
        marks.append(Swatch(OUT, text("circle.map_spots", lang, n=len(blind))))
    if things is not None and len(things):
        at = gpd.GeoDataFrame(geometry=spots(things).to_numpy(), crs=things.crs)
        add_points(group, at, styles=[dot(ON_FOOT, radius_px=3)])
        marks.append(Swatch(ON_FOOT, label, "dot"))
    return LegendSection(text("circle.map_share", lang, label=label, minutes=f"{minutes:g}"), marks, "", [group])
