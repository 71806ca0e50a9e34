"""What a report says of hot spots: the numbers that come first, sentences, tables, and how each was measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import pandas as pd

from jxgis.hotspots.caution import at_one_point, cautions, first_at_one_point, unjudged_why
from jxgis.hotspots.findings import SENTENCES
from jxgis.hotspots.leads import peaks_lead, peaks_per_place, wide_names
from jxgis.i18n import clauses, listed, sentences, text
from jxgis.report.blocks import (
    TOP,
    Answer,
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
from jxgis.small_counts import count_said, small_said

if TYPE_CHECKING:
    from jxgis.hotspots.strata import Stratified
    from jxgis.i18n import Text
    from jxgis.settings import HotspotSettings

__all__ = ["hotspot_section", "map_line"]


def hotspot_section(
    tables: Mapping[str, pd.DataFrame],
    options: HotspotSettings,
    *,
    cells: pd.DataFrame | None = None,
    lines: Sequence[str] = (),
    strata: Stratified | None = None,
    outside_area: int = 0,
    without_exposure: int | None = None,
    min_count: int = 1,
    lang: str = "zh",
) -> Section:
    """The section of hot spots.

    Parameters
    ----------
    tables
        The tables of the contract that there are, as people are shown them: classes in the reader's language, small counts
        as ranges. ``places`` are always there.
    options
        What shaped it.
    cells
        The contract's ``cells``: only counted, never listed.
    lines
        Which periods the places' ``change`` compares, in words, or why there is none.
    strata
        What the cells are compared within; None: the whole city.
    outside_area
        Issues in no cell.
    without_exposure
        Issues in cells without exposure, which take no part in ``rate_places``; None where there is none.
    min_count
        The least number of cases that the tables show.
    lang
        ``"zh"`` or ``"en"``.

    Examples
    --------
    >>> from jxgis.settings import HotspotSettings
    >>> none = pd.DataFrame({"issue_class": [], "rank": [], "share_area": [], "share_issues": []})
    >>> section = hotspot_section({"places": none}, HotspotSettings(), lang="en")
    >>> [note.figure for note in section.methods]
    ['Hot and cold cells (Gi*)', 'Hot places', 'Change']
    """
    cautious = cautions(tables.get("levels"), tables.get("heavy_cells"), lang)
    among = [] if strata is None else [Paragraph(strata.said().of(lang), "sub")]
    return Section(
        part="hotspots",
        keys=_keys(tables, cells, outside_area, lang),
        blocks=[*among, *_blocks(tables, cells, lines, without_exposure, min_count, lang), *cautious],
        answers=_answers(tables, lines, lang),
        checks=_checks(tables, lang),
        methods=_methods(tables, cells, options, lang, strata=None if strata is None else strata.layer),
        sheets=tables,
        lines=lines,
    )


def map_line(options: HotspotSettings, cells: pd.DataFrame | None, lang: str, *, strata: Text | None = None) -> str:
    """The line below the map's title: by which method and settings it was made.

    Parameters
    ----------
    options
        What shaped it.
    cells
        The cells, which name their p.
    lang
        ``"zh"`` or ``"en"``.
    strata
        The title of the layer that cells are compared within; None: the whole city.
    """
    return text(
        "maps.line_hotspots",
        lang,
        cell=f"{options.cell_m:g}",
        band=f"{options.band_m:g}",
        p_method=_p_method(cells, lang, strata),
        family=text(f"maps.family_{options.family}", lang),
        alpha=f"{options.alpha:g}",
    )


def _keys(tables: Mapping[str, pd.DataFrame], cells: pd.DataFrame | None, outside_area: int, lang: str) -> list[Key]:
    found: list[Key] = []
    if cells is not None:
        total = float(of_all(cells)["count"].sum())
        note = text("report.outside_area_card", lang, n=count_in_words(outside_area)) if outside_area else ""
        found.append(Key(text("report.key_issues", lang), count_in_words(total), note))
    own = of_all(tables["places"])
    shares = {"area": percent(float(own["share_area"].sum())), "issues": _share_of_issues(own["share_issues"], lang)}
    note = text("report.key_places_note", lang, **shares) if len(own) else ""
    number = count_in_words(len(own))
    if not _is_judged(tables):
        number, note = "—", text("report.key_places_unjudged", lang, why=_why(cells, lang))
    peaks = of_all(tables["peaks"]) if "peaks" in tables else None
    if peaks is not None and peaks_lead(own, peaks):
        note = text("report.key_places_peaks", lang, n=len(peaks), **shares)
    found.append(Key(text("report.key_places", lang), number, note))
    return found


def _share_of_issues(shares: pd.Series, lang: str) -> str:
    """What the places hold together; a share that is not shown is not 0: it is said how many are not counted."""
    told = percent(float(shares.sum(min_count=1)))
    untold = int(shares.isna().sum())
    return text("report.key_places_untold", lang, share=told, n=untold) if 0 < untold < len(shares) else told


def _answers(tables: Mapping[str, pd.DataFrame], lines: Sequence[str], lang: str) -> list[Answer]:
    """Where to go first, and whether there are more issues than in the period before."""
    own = of_all(tables["places"]).sort_values("rank")
    peaks = of_all(tables["peaks"]).sort_values("rank") if "peaks" in tables else None
    ranked = own if peaks is None or not peaks_lead(own, peaks) else peaks
    if ranked.empty:
        return []
    top = ranked.head(TOP).reset_index(drop=True)
    rest = [
        text("answers.cases", lang, name=name, n=count_in_words(issues))
        for name, issues in list(zip(top["name"], top["issues"], strict=True))[1:3]
    ]
    then = [text("answers.then", lang, rest=listed(rest, lang))] if rest else []
    order = [text("answers.by_z", lang)] if ranked is peaks else []
    first = [_lead(top.iloc[0], lang), *then, *order, *first_at_one_point(own.iloc[0], lang)]
    found = [Answer(text("answers.hotspots", lang), sentences(first, lang))]
    if not {"change", "change_city"} <= set(top.columns) or top["change_city"].isna().all():
        return found
    change = pd.to_numeric(top["change"], errors="coerce")
    moved = ""
    if change.notna().sum() > 1:
        most, least = top.iloc[int(change.argmax())], top.iloc[int(change.argmin())]
        moved = text(
            "answers.moved",
            lang,
            n=len(top),
            untold=text("answers.untold", lang, n=int(change.isna().sum())) if change.isna().any() else "",
            most=most["name"],
            up=written(most["change"], column("change"), lang),
            least=least["name"],
            down=written(least["change"], column("change"), lang),
        )
    city = written(top["change_city"].dropna().iloc[0], column("change_city"), lang)
    said = text("answers.change_said", lang, change=city, moved=moved)
    return [*found, Answer(text("answers.change", lang), sentences([said, *lines[:1]], lang))]


def _methods(
    tables: Mapping[str, pd.DataFrame],
    cells: pd.DataFrame | None,
    options: HotspotSettings,
    lang: str,
    *,
    strata: Text | None,
) -> list[MethodNote]:
    """Only what the report shows is explained."""
    values = {
        "cell": f"{options.cell_m:g}",
        "band": f"{options.band_m:g}",
        "alpha": f"{options.alpha:g}",
        "p_method": _p_method(cells, lang, strata),
        "ground": _ground(cells, lang),
    }
    asked = {
        "gi": True,
        "places": True,
        "change": True,
        "peaks": len(tables.get("peaks", ())) > 0,
        "rates": "rate_places" in tables,
        "density": "zones" in tables,
        "quotient": "zones" in tables,
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


def _said_of_built_up(cells: pd.DataFrame | None, min_count: int, lang: str) -> list[Block]:
    """How many cells and issues the land that is not built up leaves out of the comparison."""
    apart = None if cells is None else _not_compared(cells)
    if apart is None or apart.empty:
        return []
    shown = count_said(int(apart["count"].sum()), min_count)
    return [Paragraph(text("report.not_compared", lang, n=f"{len(apart):,}", issues=shown), "none")]


def _is_judged(tables: Mapping[str, pd.DataFrame]) -> bool:
    """Whether anything of all issues together was called hot or cold, or could have been."""
    if "levels" not in tables:
        return True
    whole = of_all(tables["levels"])
    return whole.empty or bool(whole["tested"].iloc[0])


def _why(cells: pd.DataFrame | None, lang: str) -> str:
    return unjudged_why(None if cells is None else of_all(cells), lang)


def _none(tables: Mapping[str, pd.DataFrame], cells: pd.DataFrame | None, lang: str) -> str:
    """Why no place is listed, and which lone cells hold much nevertheless."""
    if not _is_judged(tables):
        return text("report.places_unjudged", lang, why=_why(cells, lang))
    heavy = of_all(tables["heavy_cells"]) if "heavy_cells" in tables else ()
    if not len(heavy):
        return text("report.places_none", lang)
    return text("report.places_none_heavy", lang, n=len(heavy), table=text("report.heavy_table", lang))


def _rates_found(cells: pd.DataFrame | None) -> str:
    """Why no place is high against the exposure: ``none`` is, or it was ``unjudged``."""
    if cells is None or "rate_q" not in cells.columns:
        return "none"
    return "none" if of_all(cells)["rate_q"].notna().any() else "unjudged"


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


def _peaks(ranked: pd.DataFrame, heading: str, lang: str) -> TableBlock:
    said = text(f"report.{heading}", lang, n=len(ranked))
    return table_block(said, ranked, lang, of="hotspots.peaks")


def _first_places(own: pd.DataFrame, peaks: pd.DataFrame | None, lang: str) -> list[Block]:
    """What is said and listed first: the places, or where they are wide the peaks, and then what the places are."""
    if peaks is None or not peaks_lead(own, peaks):
        shown = own.head(TOP)
        blocks: list[Block] = [Paragraph(_lead(shown.iloc[0], lang)), *_piled(own.iloc[0], lang)]
        blocks.append(table_block(text("report.top_all", lang, n=len(shown)), shown, lang, of="hotspots.places"))
        if peaks is not None and len(peaks):
            blocks.append(_peaks(peaks.head(TOP), "peaks_table", lang))
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
    shown = own.head(TOP)
    named = shown.assign(name=wide_names(shown, peaks, lang), peak_count=peaks_per_place(shown, peaks))
    return [
        Paragraph(_lead(peaks.iloc[0], lang)),
        Paragraph(wide, "sub"),
        *_piled(first, lang),
        _peaks(peaks.head(TOP), "peaks_first", lang),
        table_block(text("report.top_wide", lang, n=len(shown)), named, lang, of="hotspots.wide"),
    ]


def _one_name(tables: Mapping[str, pd.DataFrame], lang: str) -> list[Block]:
    """Which number is which, where the name that comes first stands for a peak, a place and a place by rate."""
    ranked = {
        name: of_all(tables[name]).sort_values("rank") for name in ("peaks", "places", "rate_places") if name in tables
    }
    if "peaks" not in ranked or ranked["peaks"].empty or ranked["places"].empty:
        return []
    peaks, places = ranked["peaks"], ranked["places"]
    first = peaks.iloc[0] if peaks_lead(places, peaks) else places.iloc[0]
    name, own = first["name"], first.get("place_rank", first["rank"])
    found = {
        "peaks": peaks[(peaks["name"] == name) & (peaks["place_rank"] == own)].head(1),
        "places": places[places["rank"] == own],
        **(
            {"rate_places": ranked["rate_places"][ranked["rate_places"]["name"] == name].head(1)}
            if "rate_places" in ranked
            else {}
        ),
    }
    said = {
        text(
            f"report.one_name_{kind}",
            lang,
            issues=count_in_words(rows["issues"].iloc[0]),
            area="" if kind == "peaks" else write_value(rows["area_km2"].iloc[0], "number", lang, 1),
        ): rows["issues"].iloc[0]
        for kind, rows in found.items()
        if rows["issues"].notna().any()
    }
    if len({*said.values()}) < 2:
        return []
    return [Paragraph(text("report.one_name", lang, name=name, all=clauses(said, lang)), "sub")]


def _piled(place: pd.Series, lang: str) -> list[Block]:
    return [Paragraph(said, "none") for said in first_at_one_point(place, lang)]


def _checks(tables: Mapping[str, pd.DataFrame], lang: str) -> list[str]:
    """What to look at before the first places are quoted: those of which many issues stand at one point."""
    first = of_all(tables["places"]).sort_values("rank").head(TOP)
    return [] if "same_point_share" not in first.columns else [said.of(lang) for said in at_one_point(first)]


def _by_class(places: pd.DataFrame, peaks: pd.DataFrame | None, lang: str) -> list[Block]:
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
    key, of = ("top_classes_peaks", "peaks") if any(by_peaks.values()) else ("top_classes", "places")
    # Of each class the first: its rank, and that of the place that a peak lies in, say nothing.
    columns = ["issue_class", *(c for c in table_of(f"hotspots.{of}").shown if c not in ("rank", "place_rank"))]
    heading = text(f"report.{key}", lang)
    blocks: list[Block] = [table_block(heading, first, lang, of=f"hotspots.{of}", columns=columns)]
    for name in names:
        ranked = high[name] if by_peaks[name] else own[name]
        shown = (own[name] if ranked is None else ranked).head(TOP)
        heading = text(f"report.{'top_class_peaks' if by_peaks[name] else 'top_class'}", lang, name=name, n=len(shown))
        of = "hotspots.peaks" if by_peaks[name] else "hotspots.places"
        blocks.append(table_block(heading, shown, lang, of=of, folded=True))
    return blocks


def _lists_none(places: pd.DataFrame, peaks: pd.DataFrame | None) -> bool:
    """Whether a place that the page lists holds no issue in its own cells."""
    for name, ranked in places.sort_values("rank").groupby("issue_class", sort=False):
        high = None if peaks is None else peaks[peaks["issue_class"] == name].sort_values("rank")
        listed_by_peaks = name != "all" and peaks_lead(ranked, high)
        if not listed_by_peaks and (ranked["issues"].head(TOP) == 0).any():
            return True
    return False


def _blocks(
    tables: Mapping[str, pd.DataFrame],
    cells: pd.DataFrame | None,
    lines: Sequence[str],
    without_exposure: int | None,
    min_count: int,
    lang: str,
) -> list[Block]:
    """Top places of all issues, the first of each class, each class's own list, and the districts."""
    places, peaks = tables["places"], tables.get("peaks")
    own = of_all(places).sort_values("rank")
    blocks: list[Block] = []
    if own.empty:
        blocks.append(Paragraph(_none(tables, cells, lang), "none"))
    else:
        high = None if peaks is None else of_all(peaks).sort_values("rank")
        blocks.extend(_first_places(own, high, lang))
    if _lists_none(places, peaks):
        blocks.append(Paragraph(text("report.place_of_none", lang), "sub"))
    blocks.extend(_said_of_built_up(cells, min_count, lang))
    blocks.extend(Paragraph(line, "sub") for line in lines)
    if "rate_places" in tables:
        rated = of_all(tables["rate_places"]).sort_values("rank").head(TOP)
        heading = text("report.rate_places", lang, n=len(rated))
        if len(rated):
            blocks.append(table_block(heading, rated, lang, of="hotspots.rate_places"))
        else:
            blocks.append(Paragraph(text(f"report.rate_places_{_rates_found(cells)}", lang), "sub"))
        if without_exposure:
            blocks.append(Paragraph(text("report.without_exposure", lang, n=count_in_words(without_exposure)), "sub"))
    blocks.extend(_one_name(tables, lang))
    blocks.extend(_by_class(places, peaks, lang))
    if "zones" in tables:
        zones = of_all(tables["zones"])
        zones = zones[zones["level"] == "district"] if "level" in zones.columns else zones
        zones = zones.sort_values("count", ascending=False, key=lambda n: pd.to_numeric(n, errors="coerce"))
        levels = tables.get("levels")
        alpha = "" if levels is None or levels.empty else f"{levels['alpha'].iloc[0]:g}"
        key = "zones_table_level" if alpha else "zones_table"
        blocks.append(table_block(text(f"report.{key}", lang, alpha=alpha), zones, lang, of="hotspots.zones"))
        blocks += _further_zones(of_all(tables["zones"]), lang)
    if said := small_said(min_count, lang):
        blocks.append(Paragraph(said, "sub"))
    blocks.extend(_findings(tables, lang))
    if "against_normal" in tables and _is_judged(tables):
        blocks.extend(_disagreement(tables["against_normal"], lang))
    return blocks


def _further_zones(zones: pd.DataFrame, lang: str) -> list[Block]:
    """The zones of each further level, those with most issues first."""
    blocks: list[Block] = []
    for level in [name for name in pd.unique(zones["level"]) if name not in ("district", "subdistrict")]:
        own = zones[zones["level"] == level]
        own = own.sort_values("count", ascending=False, key=lambda n: pd.to_numeric(n, errors="coerce"), kind="stable")
        heading = text("report.zones_of_level", lang, level=column("level").word(level, lang), n=len(own))
        blocks.append(table_block(heading, own, lang, of="hotspots.zones", folded=True))
    return blocks


def _findings(tables: Mapping[str, pd.DataFrame], lang: str) -> list[Block]:
    """The plan's four findings: a sentence each, then the tables behind them, folded."""
    found = {key: tables[key] for key in SENTENCES if key in tables}
    blocks: list[Block] = []
    if found:
        blocks.append(Paragraph(text("report.findings", lang), "head"))
    for key, table in found.items():
        said = SENTENCES[key](table, lang)
        if said:
            blocks.append(Paragraph(said))
    for key, table in found.items():
        if key == "diversity" and table["effective_classes"].isna().all():
            continue  # Zones with their counts alone would stand under a heading that promises more.
        kind = "finding_table_diversity" if key == "diversity" else "finding_table"
        heading = text(f"report.{kind}", lang, finding=table_of(f"hotspots.{key}").title.of(lang))
        blocks.append(table_block(heading, table, lang, of=f"hotspots.{key}", folded=True))
    return blocks


def _p_method(cells: pd.DataFrame | None, lang: str, strata: Text | None) -> str:
    """By which methods p was found, and within what."""
    if cells is None or "p_method" not in cells.columns:
        return text("report.p_method_unknown", lang)
    words = [column("p_method").word(str(m), lang) for m in pd.unique(cells["p_method"].dropna())]
    among = "" if strata is None else text("maps.line_strata", lang, layer=strata.of(lang))
    return (clauses(words, lang) or text("report.p_method_none", lang, why=_why(cells, lang))) + among
