"""What each section of the page says: sentences and tables, not yet HTML."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

import numpy as np
import pandas as pd

from jxgis import i18n
from jxgis.i18n import text
from jxgis.report.columns import Kind, kind_of, readable, title_of, write_value
from jxgis.report.tables import ReportTables

__all__ = ["Block", "Key", "Paragraph", "TableBlock", "hotspots", "inputs", "keys", "parks", "scores", "units"]


class Key(NamedTuple):
    """A number that stands first on the page, with a note below; ``look``: ``""``, ``"good"`` or ``"bad"``."""

    label: str
    value: str
    note: str = ""
    look: str = ""


class Paragraph(NamedTuple):
    """A sentence; ``look``: ``"lead"``, ``"none"`` (something is missing) or ``"sub"``."""

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
    "main_subclass", "main_department", "change",
)  # fmt: skip


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
                low = pd.to_numeric(table[column], errors="coerce").to_numpy(dtype=float) < limit
                marked |= {(int(row), at) for row in np.flatnonzero(low)}
    return TableBlock(
        heading,
        [title_of(c, lang) for c in kept],
        [kind.name not in ("text", "flag", "time") for kind in kinds],
        rows,
        frozenset(np.flatnonzero(strong).tolist()) if strong is not None else frozenset(),
        frozenset(marked),
        folded,
    )


def _absent(tables: ReportTables, part: str, lang: str) -> list[Block]:
    why = tables.missing.get(part, text("report.missing_default", lang))
    return [Paragraph(text("report.missing", lang, part=text(f"report.part_{part}", lang), why=why), "none")]


def _percent(value: float, digits: int = 1) -> str:
    return write_value(value, Kind("percent", digits), "zh")


def _count(value: float) -> str:
    return write_value(value, Kind("number", 0), "zh")


def _of_all(table: pd.DataFrame) -> pd.DataFrame:
    return table[table["issue_class"] == "all"] if "issue_class" in table.columns else table


def _city(coverage: pd.DataFrame, method: str) -> float | None:
    rows = coverage[(coverage["zone"] == "all") & (coverage["method"] == method)]
    if rows.empty:
        return None
    return float(pd.to_numeric(rows["coverage"], errors="coerce").iloc[0])


def keys(tables: ReportTables, target: float, outside_area: int | None, lang: str) -> list[Key]:
    """The numbers that stand first."""
    found: list[Key] = []
    if tables.cells is not None:
        total = float(_of_all(tables.cells)["count"].sum())
        note = "" if not outside_area else text("report.outside_area", lang, n=_count(outside_area))
        found.append(Key(text("report.key_issues", lang), _count(total), note))
    if tables.places is not None:
        own = _of_all(tables.places)
        shares = {
            "area": _percent(float(own["share_area"].sum())),
            "issues": _percent(float(own["share_issues"].sum())),
        }
        note = text("report.key_places_note", lang, **shares) if len(own) else ""
        found.append(Key(text("report.key_places", lang), _count(len(own)), note))
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
        ranked = int(tables.scores["rank"].notna().sum())
        note = text("report.key_scores_note", lang, n=ranked)
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
        reached = value >= target
        key = "report.key_target_met" if reached else "report.key_target_missed"
        note = text(key, lang, target=f"{100 * target:g}", gap=f"{100 * (target - value):.1f}")
        found.append(Key(label, _percent(value), note, "good" if reached else "bad"))
    return found


def _lead(first: pd.Series, lang: str) -> str:
    where = [str(first[c]) for c in ("street", "district") if c in first.index and pd.notna(first[c])]
    joined = ("、" if lang == "zh" else ", ").join(where)
    brackets = (f"（{joined}）" if lang == "zh" else f" ({joined})") if where else ""
    change = ""
    if "change" in first.index and pd.notna(first["change"]):
        change = text("report.places_lead_change", lang, change=write_value(first["change"], Kind("change"), lang))
    return text(
        "report.places_lead",
        lang,
        name=str(first["name"]),
        where=brackets,
        issues=_count(float(first["issues"])),
        share=_percent(float(first["share_issues"])),
        change=change,
    )


def _disagreement(cells: pd.DataFrame, lang: str) -> list[Block]:
    """How many cells change sides between the normal p and the one used."""
    if not {"gi_p", "gi_p_normal", "p_method"} <= set(cells.columns) or (cells["p_method"] == "normal").all():
        return []
    known = cells[["gi_p", "gi_p_normal"]].dropna()
    differ = int(((known["gi_p"] <= 0.05) != (known["gi_p_normal"] <= 0.05)).sum())
    return [Paragraph(text("report.disagree", lang, n=_count(differ)), "sub")]


def _peaks(peaks: pd.DataFrame, top: int, lang: str) -> list[Block]:
    """Where to go inside a large place."""
    shown = _of_all(peaks).sort_values("rank").head(top)
    if shown.empty:
        return []
    columns = [
        "rank",
        "name",
        "street",
        "district",
        "subdistrict",
        "place_rank",
        "gi_z",
        "issues",
        "main_subclass",
        "change",
    ]
    return [_block(text("report.peaks_table", lang, n=len(shown)), shown, columns, lang)]


def hotspots(tables: ReportTables, top: int, lang: str) -> list[Block]:
    """Top places of all issues, the first of each class, each class's own list, and the districts."""
    if tables.places is None:
        return _absent(tables, "hotspots", lang)
    own = _of_all(tables.places).sort_values("rank")
    blocks: list[Block] = []
    if own.empty:
        blocks.append(Paragraph(text("report.places_none", lang), "none"))
    else:
        shown = own.head(top)
        blocks.append(Paragraph(_lead(shown.iloc[0], lang)))
        blocks.append(_block(text("report.top_all", lang, n=len(shown)), shown, _PLACE_COLUMNS, lang))
    if tables.peaks is not None and len(own):
        blocks.extend(_peaks(tables.peaks, top, lang))
    if tables.rate_places is not None:
        rated = _of_all(tables.rate_places).sort_values("rank").head(top)
        heading = text("report.rate_places", lang, n=len(rated))
        if len(rated):
            blocks.append(_block(heading, rated, _PLACE_COLUMNS, lang))
        else:
            blocks.append(Paragraph(text("report.rate_places_none", lang), "sub"))
    classed = tables.places[tables.places["issue_class"] != "all"]
    if len(classed):
        first = classed[classed["rank"] == classed.groupby("issue_class")["rank"].transform("min")]
        columns = ["issue_class", *_PLACE_COLUMNS[1:]]
        blocks.append(_block(text("report.top_classes", lang), first, columns, lang))
        for name in pd.unique(classed["issue_class"]):
            each = classed[classed["issue_class"] == name].sort_values("rank").head(top)
            heading = text("report.top_class", lang, name=name, n=len(each))
            blocks.append(_block(heading, each, _PLACE_COLUMNS, lang, folded=True))
    if tables.zones is not None:
        zones = _of_all(tables.zones)
        zones = zones[zones["level"] == "district"] if "level" in zones.columns else zones
        zones = zones.sort_values("count", ascending=False)
        columns = ["zone", "count", "area_km2", "per_km2", "share_hot"]
        blocks.append(_block(text("report.zones_table", lang), zones, columns, lang))
    if tables.cells is not None:
        blocks.extend(_disagreement(tables.cells, lang))
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
    for column in ("coverage_after", "residential_m2", "reason"):
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
    below = known[known[methods[0]] < target]
    values = {"n": len(known), "below": len(below), "target": f"{100 * target:g}"}
    blocks: list[Block] = []
    if known.empty:
        reasons = wide["reason"].dropna() if "reason" in wide.columns else pd.Series(dtype=object)
        why = i18n.reason(str(reasons.iloc[0]), lang) if len(reasons) else text("maps.coverage_missing_default", lang)
        blocks.append(Paragraph(text("report.coverage_null", lang, why=why), "none"))
    elif below.empty:
        blocks.append(Paragraph(text("report.coverage_lead_all", lang, **values)))
    else:
        worst = f"{below['zone'].iloc[0]}（{_percent(float(below[methods[0]].iloc[0]))}）"
        blocks.append(Paragraph(text("report.coverage_lead", lang, worst=worst, **values)))
    columns = ["zone", *methods, "deficit", "coverage_after", "residential_m2", "unserved_m2", "reason"]
    blocks.append(
        _block(
            text("report.coverage_table", lang), wide, columns, lang,
            strong=wide["whole"].tolist(), below=(target, methods),
        )
    )  # fmt: skip
    for key, table in (("blind_spots", tables.unserved_places), ("sites_table", tables.sites)):
        if table is not None and len(table):
            shown = table.sort_values("rank").head(top) if "rank" in table.columns else table.head(top)
            columns = ["rank", "name", "zone", "district", "gain_m2", "m2", "people"]
            blocks.append(_block(text(f"report.{key}", lang, n=len(shown)), shown, columns, lang))
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
    return blocks


def scores(tables: ReportTables, top: int, lang: str) -> list[Block]:
    """The best candidates, and how many could not be ranked."""
    if tables.scores is None or tables.scores.empty:
        return _absent(tables, "scores", lang)
    rank = pd.to_numeric(tables.scores["rank"], errors="coerce")
    ranked = tables.scores.assign(rank=rank)[rank.notna()].sort_values("rank")
    values = {"n": len(rank), "ranked": len(ranked), "unranked": int(rank.isna().sum())}
    shown = ranked.head(top)
    columns = ["rank", "candidate_id", "name", "district", "score", "score_if_missing_zero", "completeness", "type"]
    if "name" in shown.columns and (shown["name"] == shown["candidate_id"]).all():
        columns.remove("name")
    blocks: list[Block] = [Paragraph(text("report.scores_lead", lang, **values))]
    if len(shown):
        blocks.append(_block(text("report.scores_table", lang, n=len(shown)), shown, columns, lang))
    return blocks


def inputs(table: pd.DataFrame | None, outside_area: int | None, lang: str) -> list[Block]:
    """Which files were read, and what became of their rows."""
    if table is None:
        return []
    columns = ["layer", "name", "rows_in", "rows_kept", "rows_rejected", "rows_left_out"]
    blocks: list[Block] = [_block("", table, columns, lang), Paragraph(text("report.data_lead", lang), "sub")]
    if outside_area:
        blocks.append(Paragraph(text("report.outside_area", lang, n=_count(outside_area)), "sub"))
    return blocks
