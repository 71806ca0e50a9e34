"""The map of a park plan: coverage today, with the plan, and the difference; housing newly served and lost."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from jxgis.drawing.canvas import BLANK, Canvas
from jxgis.drawing.colours import (
    ABSENT,
    BORDER,
    CHANGE,
    COVERAGE,
    LOSS,
    NEW_EDGE,
    NEWLY,
    NEWLY_EDGE,
    PAPER,
    PARK,
    POCKET,
    POCKET_EDGE,
    QUIET_EDGE,
    QUIET_PARK,
    SITE,
)
from jxgis.drawing.layers import Field, add_group, add_points, add_polygons, add_switch, dot, fields_of, fill, land_map
from jxgis.drawing.legend import LegendSection, Swatch, add_legend, classify
from jxgis.errors import InputError
from jxgis.i18n import text
from jxgis.parks.land_words import land_words
from jxgis.parks.map import coverage_breaks
from jxgis.settings import PARKS
from jxgis.zones import ALL

if TYPE_CHECKING:
    import folium
    import geopandas as gpd
    from numpy.typing import NDArray

__all__ = ["parks_change_map"]

_METHODS = ("radius", "walking")
_STATES = ("before", "after", "change")
#: What changes is loud, today's parks are quiet: all of them are as small as the ground that a new one serves.
_HOUSING = {
    "newly_served": fill(NEWLY, border=NEWLY_EDGE, weight=0.7),
    "lost": fill(LOSS, border=LOSS, weight=0.7),
}
#: In points of share.
_STEADY, _MID, _HIGH = 0.0005, 0.02, 0.05
_PARKS = {
    "": fill(QUIET_PARK, border=QUIET_EDGE, weight=0.5),
    "added": fill(SITE, border=NEW_EDGE, weight=0.8),
    "pocket": fill(POCKET, border=POCKET_EDGE, weight=0.8),
    "enlarged": fill(PARK, border=NEW_EDGE, weight=1.2),
    "closed": fill(PAPER, border=BORDER, weight=1.6, dash="4 3"),
}
_TOLD = ("coverage_before", "coverage_after", "change", "change_m2", "change_people", "residential_m2")
#: What is new: counted by the standard, or a pocket park beside it.
_NEW = ("added", "pocket")


def parks_change_map(
    change: gpd.GeoDataFrame,
    changed: gpd.GeoDataFrame | None = None,
    plan: gpd.GeoDataFrame | None = None,
    *,
    canvas: Canvas = BLANK,
    target: float = PARKS.target,
    denominator: str = "residential",
) -> folium.Map:
    """Draw what a plan of parks changes: a switch between today, the plan and the difference, by radius and on foot.

    Parameters
    ----------
    change
        `parks.whatif.compare_coverage` with the zones' polygons: ``zone, method, coverage_before, coverage_after,
        change, change_m2``, ``change_people`` where known; the row ``all`` stands below the title.
    changed
        `parks.whatif.changed_housing`: ``state, method`` and polygons.
    plan
        Parks with ``change`` (``added``, ``enlarged``, ``closed`` or none), ``name``, ``area_m2`` and ``radius_m``: new
        ones without a radius are pocket parks, which the standard does not count.
    canvas
        What it is drawn on, and what is said around it.
    target
        The coverage asked for, 0 to 1.
    denominator
        What coverage is a share of: ``residential`` or ``built_up`` land.

    Returns
    -------
    folium.Map

    Raises
    ------
    InputError
        If ``change`` holds no zone.

    Examples
    --------
    >>> import geopandas as gpd, shapely
    >>> box = shapely.box(572000, 3402000, 573000, 3403000)
    >>> row = {"zone": ["东"], "method": ["radius"], "coverage_before": [0.8], "coverage_after": [0.92]}
    >>> change = gpd.GeoDataFrame({**row, "change": [0.12], "change_m2": [9e4]}, geometry=[box], crs=4549)
    >>> type(parks_change_map(change)).__name__
    'Map'
    """
    lang, ground = canvas.lang, replace(canvas.ground, parks=None)
    rows = change[(change["zone"] != ALL) & change.geometry.notna()]
    if rows.empty:
        raise InputError(
            zh="两次结果的对比表里没有区域，无法绘图；请用 compare_coverage 的结果并附上区域图形。",
            en="The comparison holds no zone to draw; give the rows of compare_coverage with the zones' polygons.",
        )
    if ground.land is None:
        ground = replace(ground, land=rows.drop_duplicates("zone").rename(columns={"zone": "name"}))
    said = " · ".join(filter(None, [canvas.method, *_whole(change, lang)]))
    page = land_map(replace(canvas, ground=ground, method=said), rows, title=text("parks.change_title", lang))
    drawn = [] if plan is None or plan.empty else _add_plan(page, plan, lang)
    coverage: list[LegendSection] = []
    differences: list[folium.FeatureGroup] = []
    planned: list[folium.FeatureGroup] = []
    land = land_words(denominator, lang)
    note = text("maps.coverage_note", lang, **land, target=f"{100 * target:g}")
    for name in (name for name in _METHODS if (rows["method"] == name).any()):
        own = rows[rows["method"] == name]
        for state in _STATES:
            label = text(f"parks.state_{state}", lang, method=text(f"parks.by_{name}", lang))
            group = add_group(page, name=label, show=not coverage and state == "before")
            swatches = _add_zones(group, own, state, target, lang)
            if state == "change":
                differences.append(group)
            else:
                coverage.append(LegendSection(text("maps.coverage_legend", lang, **land), swatches, note, [group]))
            if state != "before" and changed is not None:
                _add_housing(group, changed[changed["method"] == name])
                planned.append(group)
    housing = [
        Swatch(str(look["fillColor"]), text(f"parks.{state}", lang, **land))
        for state, look in _HOUSING.items()
        if changed is not None and (changed["state"] == state).any()
    ]
    sections = [
        *coverage,
        LegendSection(
            text("parks.change_legend", lang),
            _change_swatches(lang, absent=bool(rows["change"].isna().any())),
            text("parks.change_note", lang, **land),
            differences,
        ),
        LegendSection(text("maps.drawn", lang), drawn),
        LegendSection("", housing, layers=planned),
    ]
    add_legend(page, [section for section in sections if section.swatches], lang=lang)
    add_switch(page)
    return page


def _add_zones(
    group: folium.FeatureGroup, rows: gpd.GeoDataFrame, state: str, target: float, lang: str
) -> list[Swatch]:
    """The zones by their coverage today or with the plan, or by the difference; the swatches of the former."""
    if state == "change":
        colours, row, swatches = (*CHANGE, ABSENT), _change_rows(rows), []
    else:
        share, breaks = rows[f"coverage_{state}"], coverage_breaks(target)
        classes = classify(share, breaks=breaks, colours=COVERAGE, percent=True, unit="%", lang=lang)
        colours, row, swatches = classes.colours, classes.row, classes.swatches()
    add_polygons(
        group, rows, styles=[fill(colour, weight=1) for colour in colours], style=row, heading="zone",
        fields=fields_of("parks.change", _TOLD, lang), simplify_m=2,
    )  # fmt: skip
    return swatches


def _whole(change: pd.DataFrame, lang: str) -> list[str]:
    """The whole area's coverage before and after, in words, method by method."""
    rows = change[(change["zone"] == ALL) & change["coverage_after"].notna()]
    return [
        text(
            "parks.whole",
            lang,
            method=text(f"parks.by_{method}", lang),
            before=f"{100 * before:.1f}",
            after=f"{100 * after:.1f}",
        )
        for method, before, after in zip(rows["method"], rows["coverage_before"], rows["coverage_after"], strict=True)
    ]


def _change_rows(rows: pd.DataFrame) -> NDArray[np.int64]:
    """The class of each zone's change; beyond the last one for a zone without coverage, today or with the plan."""
    value = pd.to_numeric(rows["change"], errors="coerce").to_numpy(dtype=np.float64)
    found: NDArray[np.int64] = np.searchsorted([-_STEADY, _STEADY, _MID, _HIGH], value, side="right").astype(np.int64)
    return np.where(np.isnan(value), len(CHANGE), found)


def _change_swatches(lang: str, *, absent: bool) -> list[Swatch]:
    limits = {"low": f"{100 * _STEADY:g}", "mid": f"{100 * _MID:g}", "high": f"{100 * _HIGH:g}"}
    keys = ("fall", "steady", "rise_low", "rise_mid", "rise_high")
    swatches = [Swatch(colour, text(f"parks.{key}", lang, **limits)) for colour, key in zip(CHANGE, keys, strict=True)]
    return [*swatches, Swatch(ABSENT, text("maps.no_data", lang))] if absent else swatches


def _add_housing(group: folium.FeatureGroup, changed: gpd.GeoDataFrame) -> None:
    for state, look in _HOUSING.items():
        pieces = changed[changed["state"] == state]
        if len(pieces):
            add_polygons(group, pieces, styles=[look], level=2, simplify_m=0.5)


def _add_plan(page: folium.Map, plan: gpd.GeoDataFrame, lang: str) -> list[Swatch]:
    """The parks by what the plan does with them; new ones have numbered pins, for they are small on a city's map."""
    states = plan["change"].fillna("").astype(str)
    if "radius_m" in plan.columns:
        states = states.mask((states == "added") & plan["radius_m"].isna(), "pocket")
    row = states.map({state: at for at, state in enumerate(_PARKS)}).to_numpy(dtype=np.int64)
    words = states.map({state: text(f"parks.{state or 'kept'}", lang) for state in _PARKS})
    fields = [Field("what", text("parks.what", lang)), *fields_of("parks.plan", ["area_m2", "radius_m"], lang)]
    shown = plan.assign(what=words)
    heading = "name" if "name" in shown.columns else None
    add_polygons(
        page,
        shown,
        name=text("maps.parks", lang),
        styles=list(_PARKS.values()),
        style=row,
        heading=heading,
        fields=fields,
        level=3,
        simplify_m=0.5,
    )
    swatches = [
        Swatch(str(look["fillColor"]) if state != "closed" else str(look["color"]), text(f"parks.{state or 'kept'}", lang),
               "pin" if state in _NEW else "dash" if state == "closed" else "fill")
        for state, look in _PARKS.items()
        if (states == state).any()
    ]  # fmt: skip
    is_new = states.isin(_NEW)
    new = shown[is_new]
    if len(new):
        add_points(
            page,
            new.assign(number=np.arange(1, len(new) + 1)),
            name=text("parks.added", lang),
            styles=[dot(SITE, radius_px=7), dot(POCKET, radius_px=7)],
            style=(states[is_new] == "pocket").to_numpy(dtype=np.int64),
            heading=heading,
            fields=fields,
            number="number",
        )
    return swatches
