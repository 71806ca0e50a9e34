"""What a report says of the plan's targets: how many are met, which are not, where, and what is not known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from jxgis.i18n import listed, text
from jxgis.report.blocks import Block, Key, Paragraph, Section, TableBlock, method_note, of_city, table_block
from jxgis.report.columns import percent
from jxgis.schema.tables import table as declared
from jxgis.scorecard.targets import LEVELS
from jxgis.scorecard.words import said_gap, said_target, said_value

if TYPE_CHECKING:
    from jxgis.scorecard.targets import PlanTarget
    from jxgis.settings import ScorecardSettings

__all__ = ["map_line", "scorecard_section"]


def scorecard_section(
    scorecard: pd.DataFrame,
    targets: Sequence[PlanTarget],
    options: ScorecardSettings,
    *,
    projects: pd.DataFrame | None = None,
    notes: Sequence[str] = (),
    lang: str = "zh",
) -> Section:
    """The section of the plan's targets.

    Parameters
    ----------
    scorecard, projects
        The contract's tables as people are shown them.
    targets
        The plan's.
    options
        What shaped them.
    notes
        What does not agree, in words.
    lang
        ``"zh"`` or ``"en"``.

    Examples
    --------
    >>> from jxgis.scorecard.targets import load_plan
    >>> from jxgis.settings import ScorecardSettings
    >>> rows = pd.DataFrame({"zone": ["all"], "level": ["city"], "indicator": ["gas_coverage"], "value": [98.5], "kind": ["expected"],
    ...     "target_2025": [98.0], "target_2027": [98.0], "status": ["met"], "gap": [0.5], "needs": [None], "label": ["燃气"]})
    >>> scorecard_section(rows, load_plan().targets, ScorecardSettings(), lang="en").keys[0].value
    '1 of 1'
    """
    # All of the city first, then of its areas: what is looked up first, and printed.
    order = dict.fromkeys((*LEVELS, *scorecard["level"]))
    rank = scorecard["level"].map({level: at for at, level in enumerate(order)})
    sheets = {"scorecard": scorecard.loc[rank.sort_values(kind="stable").index]} | (
        {} if projects is None else {"projects": projects}
    )
    return Section(
        part="scorecard",
        keys=_keys(scorecard, options.year, lang),
        blocks=_blocks(scorecard, {target.id: target for target in targets}, projects, notes, options.year, lang),
        methods=[method_note("scorecard", "scorecard", lang, year=options.year)],
        sheets=sheets,
        lines=notes,
    )


def map_line(options: ScorecardSettings, lang: str) -> str:
    """The line below the map's title: by which year's targets it was made."""
    return text("scorecard.map_line", lang, year=options.year)


def _counts(rows: pd.DataFrame) -> dict[str, int]:
    number = rows["status"].value_counts()
    met, below = int(number.get("met", 0)), int(number.get("below", 0))
    return {"met": met, "below": below, "judged": met + below, "lacking": len(rows) - met - below}


def _keys(scorecard: pd.DataFrame, year: int, lang: str) -> list[Key]:
    every, binding = (
        _counts(rows) for rows in (of_city(scorecard), of_city(scorecard[scorecard["kind"] == "binding"]))
    )
    if not every["judged"]:
        return []
    called = "key_note" if binding["judged"] else "key_unbound"
    note = text(f"scorecard.{called}", lang, **{**every, "binding": binding["met"], "of": binding["judged"]})
    look = "bad" if binding["below"] else "good" if not every["below"] else ""
    return [Key(text("scorecard.key", lang, year=year), text("scorecard.key_value", lang, **every), note, look)]


def _blocks(
    scorecard: pd.DataFrame,
    by_id: Mapping[str, PlanTarget],
    projects: pd.DataFrame | None,
    notes: Sequence[str],
    year: int,
    lang: str,
) -> list[Block]:
    city = of_city(scorecard)
    known = city[city["value"].notna()]
    blocks: list[Block] = [Paragraph(text("scorecard.lead", lang, year=year, n=len(city), **_counts(city)))]
    for kind in ("binding", "expected", "body"):
        names = city.loc[(city["kind"] == kind) & (city["status"] == "below"), "label"]
        if len(names):
            words = declared("scorecard.scorecard").columns["kind"].word(kind, lang)
            blocks.append(Paragraph(text("scorecard.missed", lang, kind=words, names=listed(names, lang)), "sub"))
    blocks += [Paragraph(note, "sub") for note in notes]
    for key, rows in (("table_1", known[known["kind"] != "body"]), ("table_body", known[known["kind"] == "body"])):
        if len(rows):
            blocks.append(_of_city(text(f"scorecard.{key}", lang), rows, by_id, lang))
    blocks += _by_zone(scorecard, by_id, year, lang)
    lacking = city[city["value"].isna()]
    if len(lacking):
        blocks.append(
            table_block(
                text("scorecard.table_lacking", lang, n=len(lacking)), lacking, lang, of="scorecard.scorecard",
                columns=["label", "kind", "needs"], folded=True,
            )
        )  # fmt: skip
    districts = scorecard.loc[scorecard["level"] == "district", "zone"]
    return blocks + _of_projects(projects, [*dict.fromkeys(districts)], lang)


def _of_city(heading: str, rows: pd.DataFrame, by_id: Mapping[str, PlanTarget], lang: str) -> TableBlock:
    """The figures of the city, each with its own unit and digits; those below their target are marked."""
    columns = declared("scorecard.scorecard").columns
    names = ("label", "kind", "value", "target_2025", "target_2027", "status", "gap", "counted")
    made = []
    for row in rows.to_dict("records"):
        target = by_id[str(row["indicator"])]
        made.append(
            [
                str(row["label"]),
                columns["kind"].word(str(row["kind"]), lang),
                said_value(row["value"], target, lang),
                said_target(row["target_2025"], target, lang),
                said_target(row["target_2027"], target, lang),
                columns["status"].word(str(row["status"]), lang),
                said_gap(row["gap"], target, lang),
                columns["counted"].word(str(row.get("counted", "")), lang),
            ]
        )
    below = frozenset((at, 5) for at, status in enumerate(rows["status"]) if status == "below")
    numeric = [name in ("value", "target_2025", "target_2027", "gap") for name in names]
    return TableBlock(heading, [columns[name].title.of(lang) for name in names], numeric, made, marked=below)


def _by_zone(scorecard: pd.DataFrame, by_id: Mapping[str, PlanTarget], year: int, lang: str) -> list[Block]:
    """A table of areas and one of districts: a row an indicator, a column a zone; what is below its target is marked.

    Of further zones, which may be hundreds, it is said where they stand.
    """
    blocks: list[Block] = []
    for level in ("area", "district"):
        rows = scorecard[(scorecard["level"] == level) & scorecard["value"].notna()]
        if rows.empty:
            continue
        zones = list(dict.fromkeys(scorecard.loc[scorecard["level"] == level, "zone"]))
        ids = [name for name in by_id if name in set(rows["indicator"])]
        cells = {(row["indicator"], row["zone"]): row for row in rows.to_dict("records")}
        made, marked = [], set()
        for at, name in enumerate(ids):
            target = by_id[name]
            plan = target.target(year) if level in target.target_levels else float("nan")
            line = [target.title(lang), said_target(plan, target, lang)]
            for k, zone in enumerate(zones):
                cell = cells.get((name, zone))
                # The target beside it tells the unit, where there is one.
                unit = bool(np.isnan(plan))
                line.append("—" if cell is None else said_value(cell["value"], target, lang, unit=unit))
                if cell is not None and cell["status"] == "below":
                    marked.add((at, k + 2))
            made.append(line)
        heading = text(f"scorecard.by_{level}", lang, year=year)
        heads = [
            declared("scorecard.scorecard").columns["label"].title.of(lang),
            text("scorecard.target_head", lang, year=year),
        ]
        numeric = [False, *[True] * (len(zones) + 1)]
        blocks.append(
            TableBlock(heading, [*heads, *zones], numeric, made, marked=frozenset(marked), folded=level == "district")
        )
    return [*blocks, *_elsewhere(scorecard, lang)]


def _elsewhere(scorecard: pd.DataFrame, lang: str) -> list[Block]:
    """Where the zones of further levels stand: units, communities, those of the city's own."""
    agreed = declared("scorecard.scorecard")
    number = (
        scorecard[~scorecard["level"].isin(["city", "area", "district"])].groupby("level", sort=False)["zone"].nunique()
    )
    if number.empty:
        return []
    words = [
        text("scorecard.level_count", lang, level=agreed.columns["level"].word(str(level), lang), n=int(n))
        for level, n in number.items()
    ]
    return [
        Paragraph(text("scorecard.elsewhere", lang, levels=listed(words, lang), sheet=agreed.title.of(lang)), "sub")
    ]


def _of_projects(projects: pd.DataFrame | None, districts: Sequence[str], lang: str) -> list[Block]:
    """Progress of the projects of the city, and by district, in the order of these."""
    if projects is None:
        return []
    city = of_city(projects)
    number = _counts(city)
    begun = city[city["value"].notna()]
    aimless = len(begun) - number["judged"]
    rest = text("scorecard.projects_rest", lang, n=aimless) if aimless else ""
    named = {
        "percent": "total_is_percent",
        "twice": "whole_beside_parts",
        "mixed": "percent_beside_numbers",
        "shares": "percent_alone",
        "steps": "steps_of_one",
    }
    items = {why: [f"{n}" for n in city.loc[city["reason"] == reason, "project"]] for why, reason in named.items()}
    told = sum(map(len, items.values()))
    untold = int((city["value"].isna() & (city["rows"] > 0)).sum()) - told
    absent = len(city) - len(begun) - untold - told
    beside = [text(f"scorecard.projects_{why}", lang, items=listed(some, lang)) for why, some in items.items() if some]
    beside += [text(f"scorecard.projects_{why}", lang, n=n) for why, n in (("untold", untold), ("absent", absent)) if n]
    lead = text(
        "scorecard.projects_lead", lang, n=len(city), begun=len(begun), rest=rest, beside="".join(beside), **number
    )
    blocks: list[Block] = [Paragraph(lead, "sub")]
    heading = text("scorecard.projects_table", lang)
    blocks.append(table_block(heading, city, lang, of="scorecard.projects", folded=True))
    part = projects[projects["level"] == "district"]
    zones = [zone for zone in dict.fromkeys([*districts, *part["zone"]]) if zone in set(part["zone"])]
    if zones:
        titles = declared("scorecard.projects").columns
        share = part.pivot_table(index="project", columns="zone", values="progress", sort=True)[zones]
        label = dict(zip(city["project"], city["label"], strict=True))
        made = [
            [f"{number}", label[number], *("—" if np.isnan(v) else percent(v, 0) for v in row)]
            for number, row in zip(share.index, share.to_numpy(), strict=True)
        ]
        heads = [titles["project"].title.of(lang), titles["label"].title.of(lang), *zones]
        numeric = [True, False, *[True] * len(zones)]
        blocks.append(TableBlock(text("scorecard.projects_by_district", lang), heads, numeric, made, folded=True))
    return blocks
