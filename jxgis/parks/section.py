"""What a report says of parks: coverage and deficit by zone, blind spots, proposed parks, and how each was measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from jxgis import i18n
from jxgis.bounds import at_least
from jxgis.i18n import text
from jxgis.parks.answers import digits_below, park_answers
from jxgis.parks.land_words import denominator_of
from jxgis.parks.siting_words import siting_lines, without_needless
from jxgis.report.blocks import TOP, Block, Key, MethodNote, Paragraph, Section, method_note, table_block
from jxgis.report.columns import percent
from jxgis.schema.columns import column

if TYPE_CHECKING:
    from jxgis.settings import ParkSettings

__all__ = ["map_line", "park_section"]


def park_section(
    tables: Mapping[str, pd.DataFrame],
    options: ParkSettings,
    *,
    notes: Sequence[str] = (),
    plan: str | None = None,
    planned: float | None = None,
    standard: str | None = None,
    lang: str = "zh",
) -> Section:
    """The section of parks.

    Parameters
    ----------
    tables
        The tables of the contract that there are, as people are shown them: ``coverage``, ``blind_spots`` with their names,
        ``sites``, ``targets``.
    options
        What shaped it.
    notes
        What stands beside the figures, in words: gates that serve no park, a siting that was stopped.
    plan
        What the plan of new, enlarged and closed parks changes, in words.
    planned
        Coverage of the whole with it and before any proposed site, where there are both.
    standard
        The park standard in words; its preset's name if not given.
    lang
        ``"zh"`` or ``"en"``.

    Examples
    --------
    >>> from jxgis.settings import ParkSettings
    >>> coverage = pd.DataFrame({"zone": ["all"], "method": ["radius"], "coverage": [0.85], "residential_m2": [1e6],
    ...                          "served_m2": [8.5e5]})
    >>> park_section({"coverage": coverage}, ParkSettings(), lang="en").keys[0].value
    '85.0 %'
    """
    sheets = {name: without_needless(table) if name == "targets" else table for name, table in tables.items()}
    lines = _said_of_all(tables["coverage"], plan, lang)
    return Section(
        part="parks",
        keys=_keys(tables["coverage"], options.target, lang),
        blocks=_blocks(sheets, lines, notes, options.target, lang),
        answers=park_answers(tables, options.target, lang, planned=planned),
        methods=_methods(tables, standard, options, lang),
        sheets=sheets,
        lines=lines,
    )


def map_line(
    options: ParkSettings,
    *,
    standard: str | None = None,
    denominator: str | None = None,
    walked: bool = True,
    lang: str,
) -> str:
    """The line below the map's title: by which standard and settings it was made.

    Parameters
    ----------
    options
        What shaped it.
    standard
        The standard in words; its preset's name if not given.
    denominator
        Of which land coverage is a share; the settings' own, or residential land, if not given.
    walked
        Whether the map shows coverage on foot.
    lang
        ``"zh"`` or ``"en"``.
    """
    return text(
        "maps.line_parks_walking" if walked else "maps.line_parks",
        lang,
        standard=standard or options.standard,
        minutes=f"{options.minutes:g}",
        speed=f"{options.speed_m_per_min:g}",
        denominator=text(f"parks.of_{denominator or options.denominator or 'residential'}", lang),
    )


def _said_of_all(coverage: pd.DataFrame, plan: str | None, lang: str) -> list[str]:
    """What holds for every figure: that land stands for housing, and what the plan changes."""
    of_land = text("report.of_built_up", lang) if denominator_of(coverage) == "built_up" else None
    return [line for line in (of_land, plan) if line is not None]


def _methods(
    tables: Mapping[str, pd.DataFrame], standard: str | None, options: ParkSettings, lang: str
) -> list[MethodNote]:
    values = {
        "standard": standard or options.standard,
        "gap": f"{options.merge_gap_m:g}",
        "minutes": f"{options.minutes:g}",
        "speed": f"{options.speed_m_per_min:g}",
        "land": text(f"parks.of_{denominator_of(tables['coverage'], options.denominator)}", lang),
        "sample": f"{options.sample_m:g}",
    }
    used = set(tables["coverage"]["method"].dropna())
    notes = [method_note("parks", key, lang, **values) for key in ("radius", "walking") if key in used]
    if len(tables.get("blind_spots", ())):
        notes.append(method_note("parks", "blind", lang))
    if len(tables.get("sites", ())):
        notes.append(method_note("parks", "sites", lang, what=text(f"report.what_{options.objective}", lang)))
    return notes


def _city(coverage: pd.DataFrame, method: str) -> float | None:
    rows = coverage[(coverage["zone"] == "all") & (coverage["method"] == method)]
    if rows.empty:
        return None
    return float(pd.to_numeric(rows["coverage"], errors="coerce").iloc[0])


def _keys(coverage: pd.DataFrame, target: float, lang: str) -> list[Key]:
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
        digits = digits_below(value, target)
        note = text(key, lang, target=f"{100 * target:g}", gap=f"{100 * (target - value):.{digits}f}")
        found.append(Key(label, percent(value, digits), note, "good" if reached else "bad"))
    return found


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
    for name in ("coverage_after", "coverage_with_pocket", "residential_m2", "reason"):
        if name in first.columns:
            wide[name] = wide["zone"].map(first[name])
    if "served_m2" in first.columns:
        wide["unserved_m2"] = wide["zone"].map(first["residential_m2"] - first["served_m2"])
    wide["whole"] = wide["zone"] == "all"
    return wide.sort_values(["whole", methods[0]], ascending=[False, True], na_position="last").reset_index(drop=True)


def _blocks(
    tables: Mapping[str, pd.DataFrame], lines: Sequence[str], notes: Sequence[str], target: float, lang: str
) -> list[Block]:
    """Coverage and deficit by zone, blind spots and proposed parks."""
    coverage, sites, targets, spots = (tables.get(name) for name in ("coverage", "sites", "targets", "blind_spots"))
    wide = _coverage_wide(tables["coverage"], target)
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
    if known.empty and wide["residential_m2"].fillna(0).eq(0).all():
        # A row a zone would say the same sentence once more.
        return blocks
    blocks.append(
        table_block(
            text("report.coverage_table", lang), wide, lang, of="parks.wide",
            strong=wide["whole"].tolist(), below=(target, methods),
        )
    )  # fmt: skip
    for key, of, table in (("blind_spots", "parks.blind_spots", spots), ("sites_table", "parks.sites", sites)):
        if table is not None and len(table):
            shown = table.sort_values("rank").head(TOP) if "rank" in table.columns else table.head(TOP)
            # A zone that is the whole area says nothing of where a spot lies.
            shown = shown.assign(zone=shown["zone"].where(shown["zone"] != "all")) if "zone" in shown.columns else shown
            by_people = key == "blind_spots" and "people" in shown.columns and bool(shown["people"].notna().all())
            heading = text(f"report.{'blind_spots_people' if by_people else key}", lang, n=len(shown))
            blocks.append(table_block(heading, shown, lang, of=of))
    said = siting_lines(coverage, sites, targets, spots, target, lang)
    blocks.extend(Paragraph(line, "sub") for line in (*lines, *said, *notes))
    if targets is not None and len(targets):
        heading = text("report.targets_table", lang, target=f"{100 * target:g}")
        blocks.append(table_block(heading, targets, lang, of="parks.targets"))
    return blocks + _further_zones(tables.get("coverage_levels"), target, lang)


def _further_zones(coverage: pd.DataFrame | None, target: float, lang: str) -> list[Block]:
    """The zones of each further level, the largest gap first."""
    blocks: list[Block] = []
    for level, own in () if coverage is None else coverage.groupby("level", sort=False):
        wide = _coverage_wide(own, target)
        methods = [m for m in ("radius", "walking") if m in wide.columns]
        heading = text("report.coverage_of_level", lang, level=column("level").word(str(level), lang), n=len(wide))
        blocks.append(table_block(heading, wide, lang, of="parks.wide", below=(target, methods), folded=True))
    return blocks
