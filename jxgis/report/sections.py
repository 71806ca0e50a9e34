"""What each section of the page says: sentences and tables, not yet HTML."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

import numpy as np
import pandas as pd

from jxgis import i18n
from jxgis.bounds import at_least
from jxgis.i18n import listed, text
from jxgis.maps.leads import fails_gate, peaks_lead, peaks_per_place, wide_names
from jxgis.report.columns import Kind, kind_of, percent, readable, title_of, write_value
from jxgis.report.findings import SENTENCES
from jxgis.report.siting import siting_lines, without_needless
from jxgis.report.tables import ReportTables, of_all
from jxgis.small_counts import small_said

__all__ = [
    "Block",
    "Key",
    "Paragraph",
    "TableBlock",
    "hotspots",
    "inputs",
    "keys",
    "parks",
    "refused",
    "scores",
    "units",
]


class Key(NamedTuple):
    """A number that stands first on the page, with a note below; ``look``: ``""``, ``"good"`` or ``"bad"``."""

    label: str
    value: str
    note: str = ""
    look: str = ""


class Paragraph(NamedTuple):
    """A sentence; ``look``: ``"lead"``, ``"head"`` (of what follows), ``"none"`` (something is missing) or ``"sub"``."""

    words: str
    look: str = "lead"


class TableBlock(NamedTuple):
    """A table in words: titles, which columns are numbers, rows; rows and cells that stand out."""

    heading: str
    titles: Sequence[str]
    numeric: Sequence[bool]
    rows: Sequence[Sequence[str]]
    strong: frozenset[int] = frozenset()
    marked: frozenset[tuple[int, int]] = frozenset()
    folded: bool = False


Block: TypeAlias = Paragraph | TableBlock

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


def _block(
    heading: str,
    table: pd.DataFrame,
    columns: Sequence[str],
    lang: str,
    *,
    strong: Sequence[bool] | None = None,
    below: tuple[float, Sequence[str]] | None = None,
    folded: bool = False,
) -> TableBlock:
    """A table of those columns that have a value; cells of some columns below a limit are marked."""
    kept = [c for c in columns if c in table.columns and table[c].notna().any()]
    titles = {c: title_of(c, lang) for c in kept}
    of_city = list(table["change_city"].dropna().unique()) if {"change", "change_city"} <= set(kept) else []
    if len(of_city) == 1:
        # One figure for all rows stands in the head: a column of it would be pushed off a screen.
        city = write_value(of_city[0], Kind("change"), lang)
        titles["change"] = text("report.change_beside_city", lang, title=titles["change"], city=city)
        kept.remove("change_city")
    plain = readable(table[kept], lang)
    kinds: list[Kind] = [kind_of(c, table[c]) for c in kept]
    rows = [
        [write_value(value, kind, lang) for value, kind in zip(row, kinds, strict=True)]
        for row in plain.itertuples(index=False, name=None)
    ]
    marked = set()
    if below is not None:
        limit, names = below
        for at, column in enumerate(kept):
            if column in names:
                value = pd.to_numeric(table[column], errors="coerce").to_numpy(dtype=np.float64)
                low = ~np.isnan(value) & ~at_least(value, limit)
                marked |= {(int(row), at) for row in np.flatnonzero(low)}
    return TableBlock(
        heading,
        [titles[c] for c in kept],
        [kind.name not in ("text", "flag", "time") for kind in kinds],
        rows,
        frozenset(np.flatnonzero(strong).tolist()) if strong is not None else frozenset(),
        frozenset(marked),
        folded,
    )


def _absent(tables: ReportTables, part: str, lang: str) -> list[Block]:
    return [Paragraph(tables.absent(lang)[part], "none")]


def refused(tables: ReportTables, lang: str) -> list[Block]:
    """What could not be done, said before the figures: a page without a part must not look whole."""
    absent = tables.absent(lang)
    return [Paragraph(absent[part], "none") for part in absent if part in tables.refused]


def _count(value: float | str) -> str:
    """A number of cases, or the range that it is shown as."""
    return write_value(value, Kind("number", 0), "zh")


def _is_judged(tables: ReportTables) -> bool:
    """Whether all issues together were enough to judge hot and cold at all."""
    if tables.levels is None:
        return True
    whole = of_all(tables.levels)
    return whole.empty or bool(whole["tested"].iloc[0])


def _city(coverage: pd.DataFrame, method: str) -> float | None:
    rows = coverage[(coverage["zone"] == "all") & (coverage["method"] == method)]
    if rows.empty:
        return None
    return float(pd.to_numeric(rows["coverage"], errors="coerce").iloc[0])


def keys(tables: ReportTables, target: float, outside_area: int | None, lang: str) -> list[Key]:
    """The numbers that stand first."""
    found: list[Key] = []
    if tables.cells is not None:
        total = float(of_all(tables.cells)["count"].sum())
        note = "" if not outside_area else text("report.outside_area", lang, n=_count(outside_area))
        found.append(Key(text("report.key_issues", lang), _count(total), note))
    if tables.places is not None:
        own = of_all(tables.places)
        shares = {
            "area": percent(float(own["share_area"].sum())),
            # A share that is left out is no share of nothing: without it there is no sum.
            "issues": percent(float(own["share_issues"].sum(skipna=False))),
        }
        note = text("report.key_places_note", lang, **shares) if len(own) else ""
        number = _count(len(own))
        if not _is_judged(tables):
            number, note = "—", text("report.key_places_unjudged", lang)
        peaks = None if tables.peaks is None else of_all(tables.peaks)
        if peaks is not None and peaks_lead(own, peaks):
            note = text("report.key_places_peaks", lang, n=len(peaks), **shares)
        found.append(Key(text("report.key_places", lang), number, note))
    if tables.coverage is not None:
        found.extend(_coverage_keys(tables.coverage, target, lang))
    if tables.units is not None:
        inside = int(tables.units["in_bounds"].fillna(False).astype(bool).sum())
        look = "good" if inside == len(tables.units) else "bad"
        found.append(
            Key(
                text("report.key_units", lang),
                _count(len(tables.units)),
                text("report.key_units_note", lang, n=inside),
                look,
            )
        )
    if tables.scores is not None:
        ranked = tables.scores["rank"].notna()
        failed = int(fails_gate(tables.scores).sum())
        key = "key_scores_failed" if failed else "key_scores_note"
        note = text(f"report.{key}", lang, n=int(ranked.sum()), failed=failed)
        found.append(Key(text("report.key_scores", lang), _count(len(tables.scores)), note))
    return found


def _coverage_keys(coverage: pd.DataFrame, target: float, lang: str) -> list[Key]:
    found = []
    for method in ("radius", "walking"):
        value = _city(coverage, method)
        if value is None:
            continue
        label = text(f"report.key_{method}", lang)
        if not np.isfinite(value):
            found.append(Key(label, "—", text("report.key_no_coverage", lang), "bad"))
            continue
        reached = at_least(value, target)
        key = "report.key_target_met" if reached else "report.key_target_missed"
        # As many decimals as tell a figure that just misses its target from the target.
        digits = next((d for d in (1, 2, 3) if reached or round(100 * value, d) < 100 * target), 4)
        note = text(key, lang, target=f"{100 * target:g}", gap=f"{100 * (target - value):.{digits}f}")
        found.append(Key(label, percent(value, digits), note, "good" if reached else "bad"))
    return found


def _lead(first: pd.Series, lang: str) -> str:
    zone = "subdistrict" if pd.notna(first.get("subdistrict")) else "district"
    where = [str(first[c]) for c in ("street", zone) if c in first.index and pd.notna(first[c])]
    joined = listed(where, lang)
    brackets = (f"（{joined}）" if lang == "zh" else f" ({joined})") if where else ""
    change = ""
    if "change" in first.index and pd.notna(first["change"]):
        own, city = (write_value(first.get(c), Kind("change"), lang) for c in ("change", "change_city"))
        key = "places_lead_change" if pd.isna(first.get("change_city")) else "places_lead_change_city"
        change = text(f"report.{key}", lang, change=own, city=city)
    return text(
        "report.places_lead",
        lang,
        name=str(first["name"]),
        where=brackets,
        issues=_count(first["issues"]),
        share=percent(float(first["share_issues"])),
        change=change,
    )


def _disagreement(against_normal: pd.DataFrame, lang: str) -> list[Block]:
    """How many cells of all issues change sides between the p used and the normal one, after the correction."""
    whole = of_all(against_normal)
    if whole.empty:
        return []
    counts = {key: _count(whole[key].iloc[0]) for key in ("hot", "cold", "normal_hot", "normal_cold", "disagree")}
    return [Paragraph(text("report.disagree", lang, **counts), "sub")]


def _peaks(ranked: pd.DataFrame, heading: str, lang: str, *, folded: bool = False) -> TableBlock:
    return _block(text(f"report.{heading}", lang, n=len(ranked)), ranked, _PEAK_COLUMNS, lang, folded=folded)


def _first_places(own: pd.DataFrame, peaks: pd.DataFrame | None, top: int, lang: str) -> list[Block]:
    """What is said and listed first: the places, or where they are wide the peaks, and then what the places are."""
    if peaks is None or not peaks_lead(own, peaks):
        shown = own.head(top)
        blocks: list[Block] = [Paragraph(_lead(shown.iloc[0], lang)), *_same_point(own.iloc[0], lang)]
        blocks.append(_block(text("report.top_all", lang, n=len(shown)), shown, _PLACE_COLUMNS, lang))
        if peaks is not None and len(peaks):
            blocks.append(_peaks(peaks.head(top), "peaks_table", lang))
        return blocks
    first = own.iloc[0]
    wide = text(
        "report.wide_lead",
        lang,
        area=write_value(first["area_km2"], Kind("number", 1), lang),
        n=int(peaks_per_place(own.head(1), peaks)[0]),
        issues=_count(first["issues"]),
        share=percent(float(first["share_issues"])),
    )
    shown = own.head(top)
    named = shown.assign(name=wide_names(shown, peaks, lang), peak_count=peaks_per_place(shown, peaks))
    return [
        Paragraph(_lead(peaks.iloc[0], lang)),
        Paragraph(wide, "sub"),
        *_same_point(first, lang),
        _peaks(peaks.head(top), "peaks_first", lang),
        _block(text("report.top_wide", lang, n=len(shown)), named, _WIDE_COLUMNS, lang),
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
    blocks: list[Block] = [_block(text(f"report.{key}", lang), first, shown_columns, lang)]
    for name in names:
        ranked = high[name] if by_peaks[name] else own[name]
        shown = (own[name] if ranked is None else ranked).head(top)
        heading = text(f"report.{'top_class_peaks' if by_peaks[name] else 'top_class'}", lang, name=name, n=len(shown))
        blocks.append(_block(heading, shown, _PEAK_COLUMNS if by_peaks[name] else _PLACE_COLUMNS, lang, folded=True))
    return blocks


def hotspots(tables: ReportTables, top: int, lang: str) -> list[Block]:
    """Top places of all issues, the first of each class, each class's own list, and the districts."""
    if tables.places is None:
        return _absent(tables, "hotspots", lang)
    own = of_all(tables.places).sort_values("rank")
    blocks: list[Block] = []
    if own.empty:
        key = "places_none" if _is_judged(tables) else "places_unjudged"
        blocks.append(Paragraph(text(f"report.{key}", lang), "none"))
    else:
        peaks = None if tables.peaks is None else of_all(tables.peaks).sort_values("rank")
        blocks.extend(_first_places(own, peaks, top, lang))
    blocks.extend(Paragraph(line, "sub") for line in tables.change)
    if tables.rate_places is not None:
        rated = of_all(tables.rate_places).sort_values("rank").head(top)
        heading = text("report.rate_places", lang, n=len(rated))
        if len(rated):
            blocks.append(_block(heading, rated, _PLACE_COLUMNS, lang))
        else:
            blocks.append(Paragraph(text("report.rate_places_none", lang), "sub"))
    blocks.extend(_by_class(tables.places, tables.peaks, top, lang))
    if len(tables.places) and (tables.places["issues"] == 0).any():
        blocks.append(Paragraph(text("report.place_of_none", lang), "sub"))
    if tables.zones is not None:
        zones = of_all(tables.zones)
        zones = zones[zones["level"] == "district"] if "level" in zones.columns else zones
        zones = zones.sort_values("count", ascending=False, key=lambda n: pd.to_numeric(n, errors="coerce"))
        columns = ["zone", "count", "area_km2", "per_km2", "share_hot"]
        alpha = "" if tables.levels is None or tables.levels.empty else f"{tables.levels['alpha'].iloc[0]:g}"
        key = "zones_table_level" if alpha else "zones_table"
        blocks.append(_block(text(f"report.{key}", lang, alpha=alpha), zones, columns, lang))
    if tables.min_count > 1:
        blocks.append(Paragraph(small_said(tables.min_count, lang), "sub"))
    blocks.extend(_findings(tables, lang))
    if tables.against_normal is not None and _is_judged(tables):
        blocks.extend(_disagreement(tables.against_normal, lang))
    return blocks


def _findings(tables: ReportTables, lang: str) -> list[Block]:
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
        heading = text(f"report.{kind}", lang, finding=text(f"report.sheet_{key}", lang))
        blocks.append(_block(heading, table, columns, lang, folded=True))
    return blocks


def _coverage_wide(coverage: pd.DataFrame, target: float) -> pd.DataFrame:
    """One row a zone, methods side by side, the largest gap first, the whole area on top."""
    plain = pd.DataFrame(coverage.drop(columns="geometry", errors="ignore"))
    plain["coverage"] = pd.to_numeric(plain["coverage"], errors="coerce")
    methods = [m for m in ("radius", "walking") if (plain["method"] == m).any()]
    wide = plain.drop_duplicates("zone")[["zone"]].reset_index(drop=True)
    for method in methods:
        own = plain[plain["method"] == method].drop_duplicates("zone").set_index("zone")
        wide[method] = wide["zone"].map(own["coverage"])
    first = plain[plain["method"] == methods[0]].drop_duplicates("zone").set_index("zone")
    wide["deficit"] = (target - wide[methods[0]]).clip(lower=0)
    for column in ("coverage_after", "coverage_with_pocket", "residential_m2", "reason"):
        if column in first.columns:
            wide[column] = wide["zone"].map(first[column])
    if "served_m2" in first.columns:
        wide["unserved_m2"] = wide["zone"].map(first["residential_m2"] - first["served_m2"])
    wide["whole"] = wide["zone"] == "all"
    return wide.sort_values(["whole", methods[0]], ascending=[False, True], na_position="last").reset_index(drop=True)


def parks(tables: ReportTables, target: float, top: int, lang: str) -> list[Block]:
    """Coverage and deficit by zone, blind spots and proposed parks."""
    if tables.coverage is None or tables.coverage.empty:
        return _absent(tables, "parks", lang)
    wide = _coverage_wide(tables.coverage, target)
    methods = [m for m in ("radius", "walking") if m in wide.columns]
    zones = wide[~wide["whole"]]
    known = zones[zones[methods[0]].notna()]
    below = known[~at_least(known[methods[0]].to_numpy(dtype=np.float64), target)]
    by = text(f"maps.method_{methods[0]}", lang)
    values = {"n": len(known), "below": len(below), "target": f"{100 * target:g}", "by": by}
    blocks: list[Block] = []
    if known.empty:
        reasons = wide["reason"].dropna() if "reason" in wide.columns else pd.Series(dtype=object)
        why = i18n.reason(str(reasons.iloc[0]), lang) if len(reasons) else text("maps.coverage_missing_default", lang)
        blocks.append(Paragraph(text("report.coverage_null", lang, why=why), "none"))
    elif below.empty:
        blocks.append(Paragraph(text("report.coverage_lead_all", lang, **values)))
    else:
        value = percent(float(below[methods[0]].iloc[0]))
        worst = f"{below['zone'].iloc[0]} ({value})" if lang == "en" else f"{below['zone'].iloc[0]}（{value}）"
        blocks.append(Paragraph(text("report.coverage_lead", lang, worst=worst, **values)))
    columns = [
        "zone",
        *methods,
        "deficit",
        "coverage_after",
        "coverage_with_pocket",
        "residential_m2",
        "unserved_m2",
        "reason",
    ]
    if known.empty and wide["residential_m2"].fillna(0).eq(0).all():
        # A row a zone would say the same sentence once more.
        return blocks
    blocks.append(
        _block(
            text("report.coverage_table", lang), wide, columns, lang,
            strong=wide["whole"].tolist(), below=(target, methods),
        )
    )  # fmt: skip
    for key, table in (("blind_spots", tables.unserved_places), ("sites_table", tables.sites)):
        if table is not None and len(table):
            shown = table.sort_values("rank").head(top) if "rank" in table.columns else table.head(top)
            # A zone that is the whole area says nothing of where a spot lies.
            shown = shown.assign(zone=shown["zone"].where(shown["zone"] != "all")) if "zone" in shown.columns else shown
            by_people = key == "blind_spots" and "people" in shown.columns and bool(shown["people"].notna().all())
            columns = [
                "rank",
                "name",
                "zone",
                "district",
                "people",
                "gain_m2",
                "gain_people",
                "m2",
                "counts",
                "no_site",
            ]
            heading = text(f"report.{'blind_spots_people' if by_people else key}", lang, n=len(shown))
            blocks.append(_block(heading, shown, columns, lang))
    blocks.extend(Paragraph(line, "sub") for line in [*siting_lines(tables, target, lang), *tables.park_notes])
    if tables.targets is not None and len(tables.targets):
        wanted = ["zone", "coverage_before", "best", "needed", "no_site", "reason"]
        heading = text("report.targets_table", lang, target=f"{100 * target:g}")
        blocks.append(_block(heading, without_needless(tables.targets), wanted, lang))
    return blocks


def units(tables: ReportTables, min_km2: float, max_km2: float, lang: str) -> list[Block]:
    """Units by district, and those out of bounds with their reasons."""
    if tables.units is None or tables.units.empty:
        return _absent(tables, "units", lang)
    table = tables.units
    inside = table["in_bounds"].fillna(False).astype(bool)
    limits = {"low": f"{min_km2:g}", "high": f"{max_km2:g}"}
    by = table.assign(inside=inside).groupby("district", sort=False)
    summary = pd.DataFrame(
        {
            "unit_count": by.size(),
            "units_in_bounds": by["inside"].sum(),
            "area_km2": by["area_km2"].sum(),
            "smallest_km2": by["area_km2"].min(),
            "largest_km2": by["area_km2"].max(),
            "mean_compactness": by["compactness"].mean(),
        }
    ).reset_index()
    blocks: list[Block] = [
        Paragraph(text("report.units_lead", lang, n=len(table), inside=int(inside.sum()), **limits)),
        _block(text("report.units_table", lang), summary, list(summary.columns), lang),
    ]
    out = table[~inside]
    if len(out):
        columns = ["unit_id", "district", "area_km2", "nearly", "reason"]
        blocks.append(_block(text("report.units_out", lang), out, columns, lang, folded=len(out) > 12))
    blocks.extend(Paragraph(note) for note in tables.unit_notes)
    return blocks


def scores(tables: ReportTables, top: int, lang: str) -> list[Block]:
    """The best candidates that pass the gates, those that fail one, and how many could not be ranked."""
    if tables.scores is None or tables.scores.empty:
        return _absent(tables, "scores", lang)
    rank = pd.to_numeric(tables.scores["rank"], errors="coerce")
    fails = fails_gate(tables.scores)
    table = tables.scores.assign(rank=rank)
    if "reason" in table.columns:
        table = table.assign(reason=table["reason"].where(table["reason"].fillna("") != ""))
    ranked = table[rank.notna()].sort_values("rank", kind="stable")
    failed = table[fails].sort_values("score", ascending=False, kind="stable")
    unranked = int((rank.isna() & ~fails).sum())
    values = {"n": len(rank), "ranked": len(ranked), "unranked": unranked, "failed": len(failed)}
    columns = ["rank", "candidate_id", "name", "district", "score", "score_if_missing_zero", "completeness", "type"]
    if "name" in table.columns and (table["name"] == table["candidate_id"]).all():
        columns.remove("name")
    columns.append("reason")
    blocks: list[Block] = [Paragraph(text("report.scores_lead", lang, **values))]
    passed = ranked.head(top)
    if ranked.empty and unranked:
        best = percent(float(pd.to_numeric(table.loc[~fails, "completeness"], errors="coerce").max()), 0)
        blocks.append(Paragraph(text("report.scores_incomplete", lang, best=best), "none"))
    blocks.extend(_without_data(tables, lang))
    if len(failed):
        blocks.append(Paragraph(text("report.scores_failed_lead", lang, **values), "sub"))
    if len(passed):
        blocks.append(_block(text("report.scores_table", lang, n=len(passed)), passed, columns, lang))
    if len(failed):
        blocks.append(_block(text("report.scores_failed", lang, **values), failed, columns, lang))
    return blocks


def _without_data(tables: ReportTables, lang: str) -> list[Block]:
    """Which indicators no candidate has, and what they weigh."""
    if tables.indicators is None:
        return []
    lacking = tables.indicators[tables.indicators["missing"] == len(tables.scores if tables.scores is not None else ())]
    if lacking.empty:
        return []
    named = ("、" if lang == "zh" else ", ").join(lacking["label"].astype(str))
    weight = percent(float(lacking["weight"].sum()), 0)
    return [Paragraph(text("report.scores_without", lang, names=named, weight=weight), "sub")]


def inputs(tables: ReportTables, outside_area: int | None, lang: str) -> list[Block]:
    """Which files were read, what became of their rows, and what was said of them."""
    table, notes = tables.inputs, tables.load_notes
    if table is None:
        return []
    columns = ["layer", "name", "rows_in", "rows_kept", "rows_rejected", "rows_left_out"]
    blocks: list[Block] = [_block("", table, columns, lang), Paragraph(text("report.data_lead", lang), "sub")]
    if outside_area:
        blocks.append(Paragraph(text("report.outside_area", lang, n=_count(outside_area)), "sub"))
    if notes:
        heading = text("report.load_notes", lang, n=len(notes))
        blocks.append(TableBlock(heading, [text("report.load_note", lang)], [False], [[n] for n in notes], folded=True))
    return blocks
