"""What a report says of hot spots: the numbers that come first, sentences, tables, and how each was measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from jxgis.hotspots.caution import cautions
from jxgis.hotspots.findings import SENTENCES
from jxgis.hotspots.leads import peaks_lead, peaks_per_place, wide_names
from jxgis.i18n import listed, text
from jxgis.report.blocks import (
    Block,
    Key,
    MethodNote,
    Paragraph,
    Section,
    TableBlock,
    count_in_words,
    method_note,
    of_all,
    table_block,
)
from jxgis.report.columns import percent, write_value, written
from jxgis.schema.columns import column
from jxgis.schema.tables import table as table_of
from jxgis.small_counts import small_range, small_said

if TYPE_CHECKING:
    from jxgis.settings import HotspotSettings

__all__ = ["HotspotTables", "hotspot_section", "map_line"]

_PLACE_COLUMNS = (
    "rank", "name", "street", "district", "subdistrict", "issues", "share_issues", "area_km2", "peak_z",
    "main_subclass", "main_department", "change", "change_city",
)  # fmt: skip


_PEAK_COLUMNS = (
    "rank", "name", "street", "district", "subdistrict", "issues", "share_issues", "gi_z", "place_rank",
    "main_subclass", "main_department", "change", "change_city",
)  # fmt: skip


_WIDE_COLUMNS = (
    "rank", "name", "district", "issues", "share_issues", "area_km2", "peak_count", "peak_z", "main_subclass",
    "main_department", "change", "change_city",
)  # fmt: skip


#: From this share of a place's issues at one point on, the page asks for a look at their addresses.
_SAME_POINT = 0.2


@dataclass(frozen=True, eq=False, kw_only=True)
class HotspotTables:
    """The tables of hot spots as people are shown them: classes in the reader's language, small counts as ranges.

    Attributes
    ----------
    places
        The contract's ``places``; ``street``, ``subdistrict``, ``main_department``, ``change`` where known.
    peaks
        Local maxima inside the places: ``rank, issue_class, name, place_rank, street, district, gi_z, issues``.
    rate_places
        As ``places``, where there is more than an exposure (people, streets) explains.
    zones
        The contract's ``zones``: counts, density and location quotients by district and sub-district.
    cells
        The contract's ``cells``: only counted for the report, never listed.
    findings
        Further tables of the plan's four findings by key: ``ring``, ``concentration``, ``overlap``, ``diversity``.
    against_normal
        ``issue_class, hot, cold, normal_hot, normal_cold, disagree``: cells by the p used and by the normal p.
    levels
        ``issue_class, issues, tested, hot_class, hot_all``: cells that are hot within the class and over all classes.
    heavy
        ``issue_class, cell_id, count, share_issues, times_mean, gi_p, gi_q, lone_p``: cells that hold much and are not
        hot.
    change
        Which periods the places' ``change`` compares, in words, or why there is none.
    min_count
        The least number of cases that the tables show: :func:`jxgis.small_counts.hide_small` has seen them.
    outside_area
        Issues in no cell; None where unknown.
    """

    places: pd.DataFrame
    peaks: pd.DataFrame | None = None
    rate_places: pd.DataFrame | None = None
    zones: pd.DataFrame | None = None
    cells: pd.DataFrame | None = None
    findings: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    against_normal: pd.DataFrame | None = None
    levels: pd.DataFrame | None = None
    heavy: pd.DataFrame | None = None
    change: Sequence[str] = ()
    min_count: int = 1
    outside_area: int | None = None


def hotspot_section(tables: HotspotTables, options: HotspotSettings, *, top: int = 10, lang: str = "zh") -> Section:
    """The section of hot spots.

    Parameters
    ----------
    tables
        What was found, as people are shown it.
    options
        What shaped it.
    top
        How many rows the ranked tables show.
    lang
        ``"zh"`` or ``"en"``.

    Examples
    --------
    >>> from jxgis.settings import HotspotSettings
    >>> none = pd.DataFrame({"issue_class": [], "rank": [], "share_area": [], "share_issues": []})
    >>> section = hotspot_section(HotspotTables(places=none), HotspotSettings(), lang="en")
    >>> [note.figure for note in section.methods]
    ['Hot and cold cells (Gi*)', 'Hot places', 'Change']
    """
    sheets = {
        "places": tables.places,
        "peaks": tables.peaks,
        "rate_places": tables.rate_places,
        "zones": tables.zones,
        **tables.findings,
        "against_normal": tables.against_normal,
        "levels": tables.levels,
        "heavy_cells": None if tables.heavy is None or tables.heavy.empty else tables.heavy,
    }
    return Section(
        part="hotspots",
        keys=_keys(tables, lang),
        blocks=[*_blocks(tables, top, lang), *cautions(tables.levels, tables.heavy, lang)],
        methods=_methods(tables, options, lang),
        sheets={name: table for name, table in sheets.items() if table is not None},
        lines=tables.change,
    )


def map_line(options: HotspotSettings, cells: pd.DataFrame | None, lang: str) -> str:
    """The line below the map's title: by which method and settings it was made.

    Parameters
    ----------
    options
        What shaped it.
    cells
        The cells, which name their p.
    lang
        ``"zh"`` or ``"en"``.
    """
    return text(
        "maps.line_hotspots",
        lang,
        cell=f"{options.cell_m:g}",
        band=f"{options.band_m:g}",
        p_method=_p_method(cells, lang),
        family=text(f"maps.family_{options.family}", lang),
        alpha=f"{options.alpha:g}",
    )


def _keys(tables: HotspotTables, lang: str) -> list[Key]:
    found: list[Key] = []
    if tables.cells is not None:
        total = float(of_all(tables.cells)["count"].sum())
        outside = tables.outside_area
        note = "" if not outside else text("report.outside_area_card", lang, n=count_in_words(outside))
        found.append(Key(text("report.key_issues", lang), count_in_words(total), note))
    own = of_all(tables.places)
    shares = {
        "area": percent(float(own["share_area"].sum())),
        # A share that is left out is no share of nothing: without it there is no sum.
        "issues": percent(float(own["share_issues"].sum(skipna=False))),
    }
    note = text("report.key_places_note", lang, **shares) if len(own) else ""
    number = count_in_words(len(own))
    if not _is_judged(tables):
        number, note = "—", text("report.key_places_unjudged", lang)
    peaks = None if tables.peaks is None else of_all(tables.peaks)
    if peaks is not None and peaks_lead(own, peaks):
        note = text("report.key_places_peaks", lang, n=len(peaks), **shares)
    found.append(Key(text("report.key_places", lang), number, note))
    return found


def _methods(tables: HotspotTables, options: HotspotSettings, lang: str) -> list[MethodNote]:
    """Only what the report shows is explained."""
    values = {
        "cell": f"{options.cell_m:g}",
        "band": f"{options.band_m:g}",
        "alpha": f"{options.alpha:g}",
        "p_method": _p_method(tables.cells, lang),
        "ground": _ground(tables.cells, lang),
    }
    asked = {
        "gi": True,
        "places": True,
        "change": True,
        "peaks": tables.peaks is not None and len(tables.peaks) > 0,
        "rates": tables.rate_places is not None,
        "density": tables.zones is not None,
        "quotient": tables.zones is not None,
    }
    return [method_note("hotspots", key, lang, **values) for key, shown in asked.items() if shown]


def _ground(cells: pd.DataFrame | None, lang: str) -> str:
    """Which cells are compared: all, or those with built-up land."""
    if cells is None:
        return text("report.ground_all", lang, cells="—")
    own, apart = of_all(cells), len(_not_compared(cells))
    numbers = {"cells": f"{len(own):,}", "compared": f"{len(own) - apart:,}"}
    return text("report.ground_built_up" if apart else "report.ground_all", lang, **numbers)


def _not_compared(cells: pd.DataFrame) -> pd.DataFrame:
    own = of_all(cells)
    return own[own["reason"] == "not_built_up"] if "reason" in own.columns else own.iloc[:0]


def _said_of_built_up(tables: HotspotTables, lang: str) -> list[Block]:
    """How many cells and issues the land that is not built up leaves out of the comparison."""
    apart = None if tables.cells is None else _not_compared(tables.cells)
    if apart is None or apart.empty:
        return []
    issues = int(apart["count"].sum())
    shown = small_range(tables.min_count) if 0 < issues < tables.min_count else count_in_words(issues)
    return [Paragraph(text("report.not_compared", lang, n=f"{len(apart):,}", issues=shown), "none")]


def _is_judged(tables: HotspotTables) -> bool:
    """Whether all issues together were enough to judge hot and cold at all."""
    if tables.levels is None:
        return True
    whole = of_all(tables.levels)
    return whole.empty or bool(whole["tested"].iloc[0])


def _lead(first: pd.Series, lang: str) -> str:
    zone = "subdistrict" if pd.notna(first.get("subdistrict")) else "district"
    where = [str(first[c]) for c in ("street", zone) if c in first.index and pd.notna(first[c])]
    joined = listed(where, lang)
    brackets = (f"（{joined}）" if lang == "zh" else f" ({joined})") if where else ""
    change = ""
    if "change" in first.index and pd.notna(first["change"]):
        own, city = (written(first.get(c), column(c), lang) for c in ("change", "change_city"))
        key = "places_lead_change" if pd.isna(first.get("change_city")) else "places_lead_change_city"
        change = text(f"report.{key}", lang, change=own, city=city)
    return text(
        "report.places_lead",
        lang,
        name=str(first["name"]),
        where=brackets,
        issues=count_in_words(first["issues"]),
        share=percent(float(first["share_issues"])),
        change=change,
    )


def _disagreement(against_normal: pd.DataFrame, lang: str) -> list[Block]:
    """How many cells of all issues change sides between the p used and the normal one, after the correction."""
    whole = of_all(against_normal)
    if whole.empty:
        return []
    counts = {
        key: count_in_words(whole[key].iloc[0]) for key in ("hot", "cold", "normal_hot", "normal_cold", "disagree")
    }
    return [Paragraph(text("report.disagree", lang, **counts), "sub")]


def _peaks(ranked: pd.DataFrame, heading: str, lang: str, *, folded: bool = False) -> TableBlock:
    return table_block(
        text(f"report.{heading}", lang, n=len(ranked)), ranked, _PEAK_COLUMNS, lang, of="hotspots.peaks", folded=folded
    )


def _first_places(own: pd.DataFrame, peaks: pd.DataFrame | None, top: int, lang: str) -> list[Block]:
    """What is said and listed first: the places, or where they are wide the peaks, and then what the places are."""
    if peaks is None or not peaks_lead(own, peaks):
        shown = own.head(top)
        blocks: list[Block] = [Paragraph(_lead(shown.iloc[0], lang)), *_same_point(own.iloc[0], lang)]
        blocks.append(
            table_block(text("report.top_all", lang, n=len(shown)), shown, _PLACE_COLUMNS, lang, of="hotspots.places")
        )
        if peaks is not None and len(peaks):
            blocks.append(_peaks(peaks.head(top), "peaks_table", lang))
        return blocks
    first = own.iloc[0]
    wide = text(
        "report.wide_lead",
        lang,
        area=write_value(first["area_km2"], "number", lang, 1),
        n=int(peaks_per_place(own.head(1), peaks)[0]),
        issues=count_in_words(first["issues"]),
        share=percent(float(first["share_issues"])),
    )
    shown = own.head(top)
    named = shown.assign(name=wide_names(shown, peaks, lang), peak_count=peaks_per_place(shown, peaks))
    return [
        Paragraph(_lead(peaks.iloc[0], lang)),
        Paragraph(wide, "sub"),
        *_same_point(first, lang),
        _peaks(peaks.head(top), "peaks_first", lang),
        table_block(text("report.top_wide", lang, n=len(shown)), named, _WIDE_COLUMNS, lang, of="hotspots.wide"),
    ]


def _same_point(place: pd.Series, lang: str) -> list[Block]:
    """A warning where many issues of the first place have one pair of coordinates: an address for want of another."""
    share = place.get("same_point_share", np.nan)
    if pd.isna(share) or share < _SAME_POINT:
        return []
    return [Paragraph(text("report.same_point", lang, share=percent(float(share), 0)), "none")]


def _by_class(places: pd.DataFrame, peaks: pd.DataFrame | None, top: int, lang: str) -> list[Block]:
    """The first of each class, and each class's own list; by peaks where a class's first place is wide."""
    classed = places[places["issue_class"] != "all"]
    if classed.empty:
        return []
    names = list(pd.unique(classed["issue_class"]))
    own = {name: classed[classed["issue_class"] == name].sort_values("rank") for name in names}
    high = {name: None if peaks is None else peaks[peaks["issue_class"] == name].sort_values("rank") for name in names}
    by_peaks = {name: peaks_lead(own[name], high[name]) for name in names}
    # One kind of row in one table: a place of 30 km² and a peak do not compare.
    firsts = [(high if any(by_peaks.values()) else own)[name] for name in names]
    first = pd.concat([pd.DataFrame(table).head(1) for table in firsts if table is not None], ignore_index=True)
    key, columns = ("top_classes_peaks", _PEAK_COLUMNS) if any(by_peaks.values()) else ("top_classes", _PLACE_COLUMNS)
    shown_columns = ["issue_class", *(column for column in columns[1:] if column != "place_rank")]
    of = {True: "hotspots.peaks", False: "hotspots.places"}
    blocks: list[Block] = [
        table_block(text(f"report.{key}", lang), first, shown_columns, lang, of=of[any(by_peaks.values())])
    ]
    for name in names:
        ranked = high[name] if by_peaks[name] else own[name]
        shown = (own[name] if ranked is None else ranked).head(top)
        heading = text(f"report.{'top_class_peaks' if by_peaks[name] else 'top_class'}", lang, name=name, n=len(shown))
        blocks.append(
            table_block(
                heading,
                shown,
                _PEAK_COLUMNS if by_peaks[name] else _PLACE_COLUMNS,
                lang,
                of=of[by_peaks[name]],
                folded=True,
            )
        )
    return blocks


def _blocks(tables: HotspotTables, top: int, lang: str) -> list[Block]:
    """Top places of all issues, the first of each class, each class's own list, and the districts."""
    own = of_all(tables.places).sort_values("rank")
    blocks: list[Block] = []
    if own.empty:
        key = "places_none" if _is_judged(tables) else "places_unjudged"
        blocks.append(Paragraph(text(f"report.{key}", lang), "none"))
    else:
        peaks = None if tables.peaks is None else of_all(tables.peaks).sort_values("rank")
        blocks.extend(_first_places(own, peaks, top, lang))
    if len(tables.places) and (tables.places["issues"] == 0).any():
        blocks.append(Paragraph(text("report.place_of_none", lang), "sub"))
    blocks.extend(_said_of_built_up(tables, lang))
    blocks.extend(Paragraph(line, "sub") for line in tables.change)
    if tables.rate_places is not None:
        rated = of_all(tables.rate_places).sort_values("rank").head(top)
        heading = text("report.rate_places", lang, n=len(rated))
        if len(rated):
            blocks.append(table_block(heading, rated, _PLACE_COLUMNS, lang, of="hotspots.rate_places"))
        else:
            blocks.append(Paragraph(text("report.rate_places_none", lang), "sub"))
    blocks.extend(_by_class(tables.places, tables.peaks, top, lang))
    if tables.zones is not None:
        zones = of_all(tables.zones)
        zones = zones[zones["level"] == "district"] if "level" in zones.columns else zones
        zones = zones.sort_values("count", ascending=False, key=lambda n: pd.to_numeric(n, errors="coerce"))
        columns = ["zone", "count", "area_km2", "per_km2", "share_hot"]
        alpha = "" if tables.levels is None or tables.levels.empty else f"{tables.levels['alpha'].iloc[0]:g}"
        key = "zones_table_level" if alpha else "zones_table"
        blocks.append(table_block(text(f"report.{key}", lang, alpha=alpha), zones, columns, lang, of="hotspots.zones"))
    if tables.min_count > 1:
        blocks.append(Paragraph(small_said(tables.min_count, lang), "sub"))
    blocks.extend(_findings(tables, lang))
    if tables.against_normal is not None and _is_judged(tables):
        blocks.extend(_disagreement(tables.against_normal, lang))
    return blocks


def _findings(tables: HotspotTables, lang: str) -> list[Block]:
    """The plan's four findings: a sentence each, then the tables behind them, folded."""
    found = {key: tables.findings[key] for key in SENTENCES if key in tables.findings}
    blocks: list[Block] = []
    if found:
        blocks.append(Paragraph(text("report.findings", lang), "head"))
    for key, table in found.items():
        said = SENTENCES[key](table, lang)
        if said:
            blocks.append(Paragraph(said))
    for key, table in found.items():
        columns = [str(column) for column in table.columns if column != "geometry"]
        kind = "finding_table_diversity" if key == "diversity" else "finding_table"
        heading = text(f"report.{kind}", lang, finding=table_of(f"hotspots.{key}").title.of(lang))
        blocks.append(table_block(heading, table, columns, lang, of=f"hotspots.{key}", folded=True))
    return blocks


def _p_method(cells: pd.DataFrame | None, lang: str) -> str:
    if cells is None or "p_method" not in cells.columns:
        return text("report.p_method_unknown", lang)
    words = [column("p_method").word(str(m), lang) for m in pd.unique(cells["p_method"].dropna())]
    return ("; " if lang == "en" else "；").join(words) or text("report.p_method_none", lang)
