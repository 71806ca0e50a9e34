"""The map of hot spots: cells by class, ranked places, and the list that leads to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd

from jxgis.drawing.canvas import BLANK, Canvas
from jxgis.drawing.colours import ABSENT, HOT_COLD, PAPER, PEAK, PINS, sequential
from jxgis.drawing.data import Shapes, add_shapes
from jxgis.drawing.ground import Ground
from jxgis.drawing.layers import (
    TOP,
    Field,
    PlaceList,
    add_group,
    add_picture,
    add_place_lists,
    add_points,
    add_polygons,
    add_switch,
    dot,
    fields_of,
    fill,
    land_map,
    line,
)
from jxgis.drawing.legend import LegendSection, Swatch, add_legend
from jxgis.drawing.periods import add_periods
from jxgis.drawing.raster import CellPixels, cell_pixels
from jxgis.hotspots.caution import first_at_one_point, unjudged_why
from jxgis.hotspots.leads import peaks_lead, peaks_per_place, wide_names
from jxgis.hotspots.months import Months
from jxgis.hotspots.names import name_areas
from jxgis.hotspots.shown import show
from jxgis.i18n import localise_reasons, number_words, sentences, text
from jxgis.schema.columns import column
from jxgis.settings import HOTSPOTS, REPORT
from jxgis.small_counts import MIN_RANGE, as_words, small_said
from jxgis.zones import ALL

if TYPE_CHECKING:
    import folium
    from numpy.typing import NDArray

__all__ = ["class_label", "hotspot_map", "hotspot_swatches"]

#: What the tooltips of places and of peaks say.
_PLACE = (
    "district", "subdistrict", "street", "also", "issues", "share_issues", "share_area", "area_km2", "peak_z",
    "main_subclass", "main_department", "change",
)  # fmt: skip
_PEAK = ("street", "subdistrict", "issues", "gi_z", "main_subclass", "change")
_BINS = (3, 2, 1, 0, -1, -2, -3)


def class_label(issue_class: str, lang: str) -> str:
    """What people call a class: ``all`` has a name, the others are names.

    Examples
    --------
    >>> class_label("all", "zh"), class_label("市容环境", "zh")
    ('全部问题', '市容环境')
    """
    return text("common.all_classes", lang) if issue_class == ALL else issue_class


def hotspot_swatches(lang: str) -> list[Swatch]:
    """The legend of the seven Gi* bins, hot first."""
    return [Swatch(HOT_COLD[b], text(f"maps.{'hot' if b >= 0 else 'cold'}_{abs(b)}", lang)) for b in _BINS]


#: By the bins that a view shows: the scores that they come from, and what stands beside them.
_OF_BINS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "gi_bin": (("gi_z", "gi_q"), ("lisa", "reason")),
    "rate_bin": (("rate_z", "rate_q"), ()),
}


def _judged(cells: pd.DataFrame, bins_of: str) -> NDArray[np.bool_]:
    """Which cells were compared: not those of too few issues, without built-up land or without exposure."""
    score = _OF_BINS[bins_of][0][1]
    return cells[score].notna().to_numpy() if score in cells.columns else np.ones(len(cells), dtype=np.bool_)


def _cell_fields(lang: str, min_count: int, bins_of: str) -> list[Field]:
    # Scores of neighbouring cells differ by the cases in which their neighbourhoods differ: where counts are hidden, the
    # class of a cell is shown, not the score that it comes from.
    scores, beside = _OF_BINS[bins_of]
    bins = Field("class", text("maps.hotspots_legend", lang) if bins_of == "gi_bin" else column(bins_of).title.of(lang))
    return [
        *fields_of("hotspots.cells", ["count"], lang),
        *(fields_of("hotspots.cells", scores, lang) if min_count < MIN_RANGE else [bins]),
        *fields_of("hotspots.cells", beside, lang),
    ]


def _of_class(table: gpd.GeoDataFrame | None, issue_class: str) -> gpd.GeoDataFrame | None:
    own = None if table is None else table[table["issue_class"] == issue_class]
    return None if own is None or own.empty else own


def _place_list(
    group: folium.FeatureGroup,
    ranked: gpd.GeoDataFrame,
    label: str,
    lang: str,
    *,
    key: str = "top_places",
    note: str = "",
) -> PlaceList:
    top = ranked.sort_values("rank").head(TOP)
    notes = [text("maps.n_issues", lang, n=n) for n in as_words(top["issues"])]
    heading = text(f"maps.{key}", lang, name=label, n=len(top))
    return PlaceList(group, heading, top.assign(note=np.asarray(notes, dtype=object)), note)


def _no_places(group: folium.FeatureGroup, own: gpd.GeoDataFrame, heavy: int, label: str, lang: str) -> PlaceList:
    """In place of a list: that nothing was found but so many heavy cells, or that the class was not judged."""
    found = "no_places_heavy" if heavy else "no_places"
    key = found if own["gi_q"].notna().any() else "unjudged"
    said = text(f"maps.{key}", lang, n=heavy, why=unjudged_why(own, lang))
    return PlaceList(group, label, own.iloc[:0].assign(rank=0, name="", note=""), said)


def _wide_note(places: gpd.GeoDataFrame, peaks: gpd.GeoDataFrame, lang: str) -> str:
    """What the first place is that holds several peaks: how large, how many peaks, how many issues."""
    first = places.nsmallest(1, "rank")
    return text(
        "maps.wide_note",
        lang,
        area=number_words(float(first["area_km2"].iloc[0]), 1),
        n=int(peaks_per_place(first, peaks)[0]),
        issues=as_words(first["issues"]).iloc[0],
    )


class _Drawn(NamedTuple):
    """The cells of all classes, on the page once: as polygons, or as pixels where they are too many."""

    ids: pd.Index[Any]
    shapes: Shapes | None
    pixels: CellPixels | None


def _drawn(page: folium.Map, cells: gpd.GeoDataFrame, ground: Ground, max_cells: int, lang: str) -> _Drawn:
    once = cells.drop_duplicates("cell_id").set_index("cell_id")
    pixels = cell_pixels(once.geometry) if len(once) > max_cells else None
    if pixels is not None:
        return _Drawn(once.index, None, pixels)
    return _Drawn(once.index, add_shapes(page, once.geometry, names=name_areas(once, ground, lang=lang)), None)


def _add_cells(
    group: folium.FeatureGroup,
    cells: gpd.GeoDataFrame,
    drawn: _Drawn,
    lang: str,
    min_count: int,
    bins_of: str = "gi_bin",
) -> None:
    bins = pd.to_numeric(cells[bins_of], errors="coerce").fillna(0).astype(int)
    if drawn.pixels is not None:
        colour = np.full(len(drawn.ids), -1, dtype=np.int64)
        colour[drawn.ids.get_indexer(pd.Index(cells["cell_id"]))] = np.where(bins == 0, -1, 3 - bins)
        add_picture(group, drawn.pixels, colour, [HOT_COLD[b] for b in _BINS])
        return
    # A cell without issues that is not a cold spot says nothing: left out, the land shows.
    seen = cells[(cells["count"] > 0) | (bins != 0)]
    bins = bins.loc[seen.index]
    judged = _judged(seen, bins_of)
    words = {b: swatch.label for b, swatch in zip(_BINS, hotspot_swatches(lang), strict=True)}
    told = bins.map(words).where(judged, text("maps.not_judged", lang))
    seen = seen.assign(count=seen["shown"], **{"class": told})
    styles = [*(fill(HOT_COLD[b], weight=0.3 if b > 0 else 0) for b in _BINS), fill(ABSENT, weight=0)]
    fields = _cell_fields(lang, min_count, bins_of)
    add_polygons(
        group, seen, styles=styles, style=np.where(judged, 3 - bins.to_numpy(), len(_BINS)), fields=fields, shapes=drawn.shapes,
        key="cell_id",
    )  # fmt: skip


def _add_places(group: folium.FeatureGroup, places: gpd.GeoDataFrame, lang: str) -> None:
    titled = places.sort_values("rank").reset_index(drop=True)
    titled = titled.assign(issues=as_words(titled["issues"]))
    add_polygons(group, titled, styles=[line(PINS, weight=1.6)])
    add_points(
        group, titled.head(TOP), styles=[dot(PINS, radius_px=8)], heading="name", fields=fields_of("hotspots.places", _PLACE, lang),
        number="rank",
    )  # fmt: skip


def _add_outlines(group: folium.FeatureGroup, places: gpd.GeoDataFrame, peaks: gpd.GeoDataFrame, lang: str) -> None:
    """Places without pins: their borders, which tell what they are."""
    titled = places.assign(
        name=wide_names(places, peaks, lang),
        peak_count=peaks_per_place(places, peaks),
        issues=as_words(places["issues"]),
    )
    fields = fields_of("hotspots.wide", [*_PLACE, "peak_count"], lang)
    add_polygons(group, titled, styles=[line(PINS, weight=2.2)], heading="name", fields=fields)


def _add_peaks(group: folium.FeatureGroup, peaks: gpd.GeoDataFrame, pins: int, lang: str, of: str) -> None:
    """Local peaks: the first ``pins`` with a number, the others as dots; ``of`` declares what their z is."""
    fields = fields_of(of, _PEAK, lang)
    ranked = peaks.sort_values("rank").reset_index(drop=True)
    ranked = ranked.assign(issues=as_words(ranked["issues"]))
    if len(ranked) > pins:
        add_points(group, ranked.iloc[pins:], styles=[dot(PEAK, radius_px=3.5)], heading="name", fields=fields)
    if pins:
        add_points(
            group, ranked.head(pins), styles=[dot(PINS, radius_px=8)], heading="name", fields=fields, number="rank"
        )


def _add_ranked(
    group: folium.FeatureGroup,
    places: gpd.GeoDataFrame,
    peaks: gpd.GeoDataFrame | None,
    label: str,
    lang: str,
    of: str,
) -> PlaceList:
    """Pins on the places, or on the peaks where the first place is wide; and the list that they belong to."""
    by_number = of == "hotspots.peaks"
    piled = first_at_one_point(places.nsmallest(1, "rank").iloc[0], lang) if by_number else []
    if peaks is not None and peaks_lead(places, peaks):
        _add_outlines(group, places, peaks, lang)
        _add_peaks(group, peaks, TOP, lang, of)
        note = sentences([_wide_note(places, peaks, lang), *piled], lang)
        return _place_list(group, peaks, label, lang, key="top_peaks", note=note)
    if peaks is not None:
        _add_peaks(group, peaks, 0, lang, of)
    _add_places(group, places, lang)
    return _place_list(group, places, label, lang, note=sentences(piled, lang))


def hotspot_map(
    cells: gpd.GeoDataFrame,
    places: gpd.GeoDataFrame | None = None,
    *,
    peaks: gpd.GeoDataFrame | None = None,
    rate_places: gpd.GeoDataFrame | None = None,
    rate_peaks: gpd.GeoDataFrame | None = None,
    heavy_cells: gpd.GeoDataFrame | None = None,
    canvas: Canvas = BLANK,
    classes: Sequence[str] | None = None,
    months: Months | None = None,
    min_count: int = REPORT.min_count,
    band_m: float = HOTSPOTS.band_m,
    max_cells: int = 60_000,
) -> folium.Map:
    """Draw hot and cold cells with a switch by class, and the ranked places of each class.

    Parameters
    ----------
    cells
        The contract's ``cells``: ``cell_id, issue_class, count, gi_z, gi_q, gi_bin`` and geometry; ``lisa``,
        ``rate_z`` and ``reason`` are shown where present. With ``shown`` (what stands for the count) it and the tables of
        places are shown as they are, else as :func:`jxgis.hotspots.shown.show` has them. With ``rate_bin`` the switch offers all
        issues against their exposure beside the counts.
    places
        The contract's ``places``: ``rank, issue_class, name, district, issues, …`` and geometry.
    peaks
        Points ``rank, issue_class, name, place_rank, gi_z, issues``: where in a wide place to go. In a class whose
        first place holds several, the list and the pins go by them.
    rate_places
        Places of ``all`` where there is more than an exposure explains, drawn with ``rate_bin`` of ``cells``.
    rate_peaks
        Their local peaks, as ``peaks``.
    heavy_cells
        The contract's ``heavy_cells``: only counted, where a class has no place.
    canvas
        What it is drawn on, and what is said around it.
    classes
        Which classes and in which order; by default all of ``cells``, ``all`` first.
    months
        The issues by month, as a layer with a slider.
    min_count
        The least number of cases that is shown; fewer stand as a range, and then a cell shows its class, not its z and q.
    band_m
        How far the cells of a peak reach, in metres, where tables are not shown as they are.
    max_cells
        With more cells than this, significant ones are painted as a picture without tooltips, and the legend says so.

    Returns
    -------
    folium.Map
        To be written with :func:`jxgis.drawing.offline.save_map`.
    """
    lang, ground = canvas.lang, canvas.ground
    given = {
        "cells": cells, "places": places, "peaks": peaks, "rate_places": rate_places, "rate_peaks": rate_peaks,
        "heavy_cells": heavy_cells,
    }  # fmt: skip
    tables = _as_shown({name: table for name, table in given.items() if table is not None}, min_count, band_m, lang)
    cells = tables["cells"]
    page = land_map(canvas, cells, title=text("maps.hotspots_title", lang))
    drawn = _drawn(page, cells, ground, max_cells, lang)
    found = list(pd.unique(cells["issue_class"]))
    order = list(classes) if classes is not None else sorted(found, key=lambda c: (c != ALL, found.index(c)))
    lists: list[PlaceList] = []
    judged: list[folium.FeatureGroup] = []
    rated: list[folium.FeatureGroup] = []
    for at, issue_class in enumerate(order):
        label = class_label(issue_class, lang)
        group = add_group(page, name=label, show=at == 0)
        judged.append(group)
        own = _of_class(cells, issue_class)
        if own is not None:
            _add_cells(group, own, drawn, lang, min_count)
        lists += _ranked(group, tables, issue_class, label, lang)
        if issue_class == ALL and own is not None and "rate_bin" in own.columns and own["rate_bin"].notna().any():
            label = text("maps.all_rates", lang)
            rated.append(add_group(page, name=label, show=False))
            _add_cells(rated[0], own, drawn, lang, min_count, "rate_bin")
            lists += _ranked(rated[0], tables, ALL, label, lang, "rate_")
    add_place_lists(page, lists)
    pinned = any(len(entry.table) for entry in lists)
    sections = _legend(tables, drawn, [*judged, *rated], rated, pinned=pinned, min_count=min_count, lang=lang)
    if months is not None:
        sections.insert(0, _add_months(page, months, ground, lang))
    add_legend(page, sections, lang=lang)
    add_switch(page)
    return page


def _add_months(page: folium.Map, months: Months, ground: Ground, lang: str) -> LegendSection:
    """The issues of each month by square, as a layer of its own with a slider."""
    group = add_group(page, name=text("maps.months" if months.step == 1 else "maps.quarters", lang), show=False)
    colours = sequential(len(months.breaks) + 1)[1:]
    said = [f"{least:,}–{after - 1:,}" for least, after in pairwise(months.breaks)]
    labels = [text("maps.n_issues", lang, n=n) for n in (*said, f"≥ {months.breaks[-1]:,}")]
    few = text("maps.months_fewer", lang, n=months.breaks[0])
    bare = {**fill(PAPER, weight=0), "fillOpacity": 0}
    add_periods(
        group,
        months.squares.assign(name=name_areas(months.squares, ground, lang=lang)),
        classes=np.where(months.classes < 0, len(labels) + 1, months.classes),
        styles=[bare, *(fill(colour, weight=0.4) for colour in colours), fill(ABSENT, weight=0.4)],
        labels=[few, *labels, text("maps.months_left_out", lang)],
        periods=_month_names(months, lang),
        told=[text("maps.n_issues", lang, n=total) for total in months.totals],
        heading="name",
        fields=(text("maps.month_when", lang), column("issues").title.of(lang)),
        lang=lang,
    )
    swatches = [Swatch(colour, label) for colour, label in zip(colours, labels, strict=True)]
    if (months.classes < 0).any():
        swatches.append(Swatch(ABSENT, text("maps.months_left_out", lang)))
    heading = text("maps.months_of", lang, side=f"{months.side_m:g}")
    return LegendSection(heading, swatches, text("maps.months_note", lang, n=months.breaks[0]), [group])


def _month_names(months: Months, lang: str) -> list[str]:
    names = []
    for first, part in zip(pd.DatetimeIndex(months.first), months.part, strict=True):
        key = "maps.month" if months.step == 1 else "maps.quarter"
        when = {"year": first.year, "month": first.month} | (
            {} if months.step == 1 else {"last": first.month + months.step - 1}
        )
        name = text(key, lang, **when)
        names.append(text("maps.month_part", lang, month=name) if part else name)
    return names


def _as_shown(
    tables: Mapping[str, gpd.GeoDataFrame], min_count: int, band_m: float, lang: str
) -> dict[str, gpd.GeoDataFrame]:
    """The tables in words, and with their small counts hidden where whoever hands them over has not done so."""
    shown = dict(tables)
    if "shown" not in tables["cells"].columns:
        shown = dict(show(tables, min_count=min_count, band_m=band_m).tables)
        # The colours of cells go by their counts; only what is written of them is hidden.
        shown["cells"] = tables["cells"].assign(shown=as_words(shown["cells"]["count"]))
    cells = localise_reasons(shown["cells"], lang)
    if "lisa" in cells.columns:
        words = {code: said.of(lang) for code, said in column("lisa").words.items()}
        cells = cells.assign(lisa=cells["lisa"].map(words))
    return shown | {"cells": cells}


def _ranked(
    group: folium.FeatureGroup,
    tables: Mapping[str, gpd.GeoDataFrame],
    issue_class: str,
    label: str,
    lang: str,
    by: Literal["", "rate_"] = "",
) -> list[PlaceList]:
    """The places of a class, by number or by rate, drawn and listed; of one judged without any, why there is none."""
    places, peaks = (_of_class(tables.get(f"{by}{name}"), issue_class) for name in ("places", "peaks"))
    if places is not None:
        return [_add_ranked(group, places, peaks, label, lang, f"hotspots.{by}peaks")]
    cells = _of_class(tables["cells"], issue_class)
    if by or cells is None or "places" not in tables:
        return []
    heavy = _of_class(tables.get("heavy_cells"), issue_class)
    return [_no_places(group, cells, 0 if heavy is None else len(heavy), label, lang)]


def _legend(
    tables: Mapping[str, gpd.GeoDataFrame],
    drawn: _Drawn,
    judged: Sequence[folium.FeatureGroup],
    rated: Sequence[folium.FeatureGroup],
    *,
    pinned: bool,
    min_count: int,
    lang: str,
) -> list[LegendSection]:
    """What the colours of cells say, of rates too where there are any, and what is drawn on them."""
    cells = tables["cells"]
    note = text("maps.hotspots_note", lang)
    if drawn.pixels is not None:
        note = text("maps.painted_note", lang, n=f"{len(drawn.ids):,}")
    swatches = hotspot_swatches(lang)
    views = ["gi_bin", *(["rate_bin"] if rated else [])]
    if drawn.pixels is None and any(((cells["count"] > 0) & ~_judged(cells, view)).any() for view in views):
        swatches.append(Swatch(ABSENT, text("maps.not_judged", lang)))
    note = sentences([note, small_said(min_count, lang)], lang)
    sections = [LegendSection(text("maps.hotspots_legend", lang), swatches, note, judged)]
    if rated:
        sections.append(LegendSection("", [], text("maps.rates_note", lang), list(rated)))
    marks = []
    if pinned:
        marks += [
            Swatch(PINS, text("maps.place_pin", lang), "pin"),
            Swatch(PINS, text("maps.place_outline", lang), "line"),
        ]
    if len(tables.get("peaks", ())):
        marks.append(Swatch(PEAK, text("maps.peak", lang), "dot"))
    return [*sections, *([LegendSection("", marks, "", judged)] if marks else [])]
