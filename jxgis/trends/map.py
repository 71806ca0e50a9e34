"""The map of change over time: what hot places have been, which cells are hot slice by slice, and what changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from jxgis.drawing.canvas import BLANK, Canvas
from jxgis.drawing.colours import HOT_COLD, OUTLINE, PAPER, PATTERNS, PINS
from jxgis.drawing.layers import (
    TOP,
    PlaceList,
    add_group,
    add_place_lists,
    add_polygons,
    add_ranks,
    add_switch,
    fields_of,
    fill,
    land_map,
    largest_first,
)
from jxgis.drawing.legend import LegendSection, Swatch, add_legend
from jxgis.drawing.periods import add_periods
from jxgis.hotspots.caution import SAME_POINT, are_told
from jxgis.hotspots.map import class_label
from jxgis.hotspots.names import name_areas
from jxgis.i18n import text
from jxgis.report.columns import write_value
from jxgis.schema.tables import table as declared
from jxgis.small_counts import as_words
from jxgis.trends.patterns import CATEGORIES
from jxgis.zones import ALL

if TYPE_CHECKING:
    from collections.abc import Sequence

    import folium
    from numpy.typing import NDArray

    from jxgis.settings import Step
    from jxgis.trends.slices import Slices

__all__ = [
    "COMING",
    "DIRECTIONS",
    "ONE_SOURCE",
    "change_words",
    "cold_ground",
    "pattern_swatches",
    "place_words",
    "seen_by_one",
    "slice_names",
    "trends_map",
]

_PLACE = (
    "rank", "district", "pattern", "since", "issues", "slope", "main_source", "main_source_share",
    "same_point_share", "area_km2",
)  # fmt: skip
_CHANGED = (
    "rank", "district", "direction", "course", "issues_before", "issues_recent", "change", "q", "main_source",
    "main_source_share", "only_source", "same_point_share", "area_km2",
)  # fmt: skip
#: The patterns of hot spots that come or grow.
COMING = ("new_hot", "consecutive_hot", "intensifying_hot")
#: From this share of one source on it is asked whether that alone reports more.
ONE_SOURCE = 0.8
#: What rose and what fell.
DIRECTIONS = {"rose": HOT_COLD[2], "fell": HOT_COLD[-3]}
_LONGEST = 60
"""Slices that the slider goes through, the last ones: a page of five years by month, of one by week."""


def pattern_swatches(cells: pd.DataFrame, lang: str) -> list[Swatch]:
    """The legend of the categories that there are among cells, and of what is cold where anything is."""
    words, there = declared("trends.places").columns["pattern"], set(cells["pattern"])
    hot = [code for category in CATEGORIES if (code := f"{category}_hot") in there]
    cold = [Swatch(PATTERNS["persistent_cold"], text("trends.cold", lang))]
    some = any(code.endswith("_cold") for code in there)
    return [*(Swatch(PATTERNS[code], words.word(code, lang)) for code in hot), *(cold if some else [])]


def place_words(places: pd.DataFrame, lang: str) -> list[str]:
    """What each place has been and since when, as lists say it."""
    words = declared("trends.places").columns["pattern"]
    said = []
    for pattern, since in zip(places["pattern"], places["since"], strict=True):
        word = words.word(pattern, lang)
        said.append(word if pd.isna(since) else text("trends.since", lang, what=word, day=_day(since)))
    return _with_shares(said, places, places["pattern"].isin(COMING), lang)


def seen_by_one(places: pd.DataFrame) -> pd.Series[bool]:
    """Which places have so many issues of one source that it may be that source alone that reports more."""
    found: pd.Series[bool] = (pd.to_numeric(places["main_source_share"], errors="coerce") >= ONE_SOURCE) & are_told(
        places["issues"]
    )
    return found


def _with_shares(said: Sequence[str], places: pd.DataFrame, grows: pd.Series[bool], lang: str) -> list[str]:
    """What is said of each place, and how many of its issues stand at one point; of one that grows, are of one source."""
    one_point = are_told(places["issues"]) & (pd.to_numeric(places["same_point_share"], errors="coerce") >= SAME_POINT)
    cautions = (
        ("of_source", grows & seen_by_one(places), places["main_source_share"]),
        ("at_point", one_point, places["same_point_share"]),
    )
    words = [[own] for own in said]
    for key, asked, shares in cautions:
        for at in np.flatnonzero(asked):
            share, source = write_value(shares.iloc[at], "percent", lang, 0), places["main_source"].iloc[at]
            words[at].append(text(f"trends.{key}", lang, share=share, source=source))
    return [" · ".join(each) for each in words]


def _day(day: pd.Timestamp) -> str:
    """The first day of a slice: of one that begins a month, the month."""
    return f"{day:%Y-%m}" if day.day == 1 else f"{day:%Y-%m-%d}"


def change_words(changes: pd.DataFrame, lang: str) -> list[str]:
    """By how much each place rose or fell, and what became of the hot spot there, as lists say it.

    Of one that fell by less than the city, or rose by less, that is said, as is the one source by which it changed.
    """
    columns = declared("trends.changes").columns
    said = []
    for change, direction, course in zip(changes["change"], changes["direction"], changes["course"], strict=True):
        much = columns["direction"].word(direction, lang) if pd.isna(change) else write_value(change, "change", lang, 0)
        against = change < 0 if direction == "rose" else change > 0
        if against:
            much = f"{much} · {columns['direction'].word(direction, lang)}"
        said.append(much if pd.isna(course) else f"{much} · {columns['course'].word(course, lang)}")
    said = _with_shares(said, changes, changes["direction"] == "rose", lang)
    of_one = (changes["direction"] == "rose") & seen_by_one(changes)
    return [
        own if pd.isna(source) or told else f"{own} · {text(f'trends.only_{direction}', lang, source=source)}"
        for own, source, direction, told in zip(said, changes["only_source"], changes["direction"], of_one, strict=True)
    ]


def slice_names(starts: NDArray[np.datetime64], step: Step, lang: str) -> list[str]:
    """What each slice is called: its month, its quarter, or the first day of its week."""
    names = []
    for day in pd.DatetimeIndex(starts.astype("datetime64[ns]")):
        if step == "week":
            names.append(text("trends.week", lang, day=f"{day:%Y-%m-%d}"))
        elif step == "quarter":
            names.append(text("maps.quarter", lang, year=day.year, month=day.month, last=day.month + 2))
        else:
            names.append(text("maps.month", lang, year=day.year, month=day.month))
    return names


def cold_ground(cells: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """The ground whose pattern is a cold one, as one area; without rows where there is none."""
    cold = cells[cells["pattern"].str.endswith("_cold")]
    shape = [shapely.coverage_union_all(cold.geometry.to_numpy())] if len(cold) else []
    return gpd.GeoDataFrame(geometry=shape, crs=cells.crs)


def trends_map(
    cells: gpd.GeoDataFrame,
    places: gpd.GeoDataFrame,
    changes: gpd.GeoDataFrame | None = None,
    *,
    states: NDArray[np.int64],
    slices: Slices,
    step: Step,
    compared: str = "",
    canvas: Canvas = BLANK,
) -> folium.Map:
    """Draw what hot places have been, of all issues and of each class, with a slider through the slices, and what changed.

    Parameters
    ----------
    cells, places, changes
        The contract's tables as people are shown them; ``changes`` where two periods are compared.
    states
        (slices, n_cells) of all issues: 1 hot, -1 cold.
    slices, step
        Those of ``states``, and what they are.
    compared
        What is said of the two periods below the legend of ``changes``.
    canvas
        What it is drawn on, and what is said around it.

    Returns
    -------
    folium.Map
    """
    lang = canvas.lang
    page = land_map(canvas, cells, title=text("trends.title", lang))
    names = list(pd.unique(cells["issue_class"]))
    lists: list[PlaceList] = []
    groups, moved = [], []
    for name in names:
        title = text("trends.layer_patterns", lang, name=class_label(name, lang))
        group = add_group(page, name=title, show=name == ALL, under=text("trends.under_patterns", lang))
        groups.append(group)
        own = places[places["issue_class"] == name]
        add_polygons(
            group,
            cold_ground(cells[cells["issue_class"] == name]),
            styles=[fill(PATTERNS["persistent_cold"], weight=0)],
        )
        _add(group, own, [PATTERNS[code] for code in own["pattern"]], "trends.places", _PLACE, lang)
        lists.append(_listed(group, title, own, place_words(own.head(TOP), lang), lang))
    pin = Swatch(PINS, text("maps.list_pin", lang), "pin")
    note = text("trends.map_note", lang)
    sections = [
        LegendSection(
            text("trends.legend", lang),
            [*pattern_swatches(cells[cells["issue_class"] == name], lang), pin],
            note,
            [group],
        )
        for name, group in zip(names, groups, strict=True)
    ]
    first = cells[cells["issue_class"] == ALL]
    sections.append(_add_slices(page, first, states, slices, step, canvas))
    changed = [] if changes is None else [(name, changes[changes["issue_class"] == name]) for name in names]
    for name, own in changed:
        title = text("trends.layer_change", lang, name=class_label(name, lang))
        group = add_group(page, name=title, show=False, under=text("trends.under_change", lang))
        moved.append(group)
        _add(group, own, [DIRECTIONS[code] for code in own["direction"]], "trends.changes", _CHANGED, lang)
        lists.append(_listed(group, title, own, change_words(own.head(TOP), lang), lang))
    if moved:
        words = declared("trends.changes").columns["direction"]
        swatches = [*(Swatch(colour, words.word(code, lang)) for code, colour in DIRECTIONS.items()), pin]
        sections.append(LegendSection(text("trends.legend_change", lang), swatches, compared, moved))
    add_place_lists(page, lists)
    add_legend(page, sections, lang=lang)
    add_switch(page)
    return page


def _add(
    group: folium.FeatureGroup, own: gpd.GeoDataFrame, colours: Sequence[str], of: str, fields: Sequence[str], lang: str
) -> None:
    """Places in their colours, with a card each, and the first with the number of the list."""
    told = own.assign(colour=colours)
    counted = {name: as_words(told[name]) for name in ("issues", "issues_before", "issues_recent") if name in fields}
    coded = {
        name: [None if pd.isna(code) else declared(of).columns[name].word(code, lang) for code in told[name]]
        for name in ("pattern", "direction", "course")
        if name in fields
    }
    told = told.assign(**counted, **coded)
    drawn, asked = largest_first(told), fields_of(of, fields, lang)
    looks = list(dict.fromkeys(drawn["colour"]))
    add_polygons(
        group, drawn,
        styles=[fill(colour, border=OUTLINE, weight=0.9) for colour in looks] or [fill(PAPER)],
        style=drawn["colour"].map(looks.index).to_numpy(), heading="name", fields=asked,
        simplify_m=0.5, level=1,
    )  # fmt: skip
    add_ranks(group, told.head(TOP), fields=asked)


def _listed(
    group: folium.FeatureGroup, title: str, own: gpd.GeoDataFrame, words: Sequence[str], lang: str
) -> PlaceList:
    note = "" if len(own) else text("trends.no_places", lang)
    return PlaceList(group, title, own.head(TOP).assign(note=np.array(words, dtype=object)), note)


def _add_slices(
    page: folium.Map, cells: gpd.GeoDataFrame, states: NDArray[np.int64], slices: Slices, step: Step, canvas: Canvas
) -> LegendSection:
    """Which cells are hot in each slice, as a layer of its own with a slider."""
    lang = canvas.lang
    group = add_group(page, name=text("trends.layer_slices", lang), show=False)
    last = states[-_LONGEST:]
    ever = (last == 1).any(axis=0)
    squares = cells[ever]
    bare = {**fill(PAPER, weight=0), "fillOpacity": 0}
    labels = [text(f"trends.state_{state}", lang) for state in ("none", "hot", "cold")]
    hot = (last == 1).sum(axis=1)
    add_periods(
        group,
        squares.assign(name=name_areas(squares, canvas.ground, lang=lang)),
        classes=np.where(last[:, ever] < 0, 2, last[:, ever]).T,
        styles=[bare, fill(HOT_COLD[3], weight=0.4), fill(HOT_COLD[-2], weight=0.4)],
        labels=labels,
        periods=slice_names(slices.start[-_LONGEST:], step, lang),
        told=[text("trends.cells_hot", lang, n=f"{n:,}") for n in hot],
        heading="name",
        fields=(text("maps.month_when", lang), text("trends.state", lang)),
        lang=lang,
    )
    swatches = [Swatch(HOT_COLD[3], labels[1]), Swatch(HOT_COLD[-2], labels[2])]
    return LegendSection(text("trends.legend_slices", lang), swatches, text("trends.map_note_slices", lang), [group])
