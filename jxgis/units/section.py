"""What a report says of units: by district, those out of bounds with their reasons, and how each was measured."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd

from jxgis.i18n import text
from jxgis.report.blocks import Block, Key, Paragraph, Section, count_in_words, method_note, table_block
from jxgis.schema.tables import table as declared
from jxgis.units.shown import bounds_in_words

if TYPE_CHECKING:
    from jxgis.settings import UnitSettings
    from jxgis.units.repair import Repair

__all__ = ["map_line", "unit_section"]


def unit_section(
    units: pd.DataFrame,
    options: UnitSettings,
    *,
    notes: Sequence[str] = (),
    lang: str = "zh",
    repair: Repair | None = None,
    why: pd.DataFrame | None = None,
) -> Section:
    """The section of units.

    Parameters
    ----------
    units
        The contract's ``units`` as people are shown them.
    options
        What shaped them.
    notes
        What a reader must know of the search, in words.
    lang
        ``"zh"`` or ``"en"``.
    repair
        What changes from today's units, where they were the start.
    why
        What each border follows, and what moving it would cost.

    Examples
    --------
    >>> from jxgis.settings import UnitSettings
    >>> units = pd.DataFrame({"unit_id": ["LC-01"], "district": ["老城"], "area_km2": [3.1], "compactness": [0.6],
    ...                       "in_bounds": [True], "nearly": [False], "reason": [None]})
    >>> unit_section(units, UnitSettings(), lang="en").keys[0].value
    '1'
    """
    inside = int(units["in_bounds"].fillna(False).astype(bool).sum())
    key = Key(
        text("report.key_units", lang),
        count_in_words(len(units)),
        text("report.key_units_note", lang, n=inside),
        "good" if inside == len(units) else "bad",
    )
    return Section(
        part="units",
        keys=[key],
        blocks=_blocks(units, notes, options, lang) + ([] if repair is None else _changes(repair, lang)),
        methods=[method_note("units", name, lang, **_values(options, lang)) for name in ("area", "compactness")],
        sheets={"units": units}
        | ({} if why is None else {"unit_borders": pd.DataFrame(why.drop(columns="geometry"))})
        | ({} if repair is None else _sheets(repair)),
    )


def map_line(options: UnitSettings, lang: str) -> str:
    """The line below the map's title: by which bounds and seed it was made.

    Examples
    --------
    >>> from jxgis.settings import UnitSettings
    >>> map_line(UnitSettings(), "zh")
    '面积 2–5 km²，目标 3.5 km² · 连片、不跨片区 · 随机种子 0'
    >>> map_line(UnitSettings(bounds={"people": {"min": 8000}}), "zh")
    '面积 2–5 km²，目标 3.5 km² · 人口至少 8,000 · 连片、不跨片区 · 随机种子 0'
    """
    return text("maps.line_units", lang, **_values(options, lang))


def _values(options: UnitSettings, lang: str) -> dict[str, str]:
    own = {"target": f"{options.target_km2:g}", "seed": str(options.seed)}
    return bounds_in_words(options, lang) | own


def _blocks(table: pd.DataFrame, notes: Sequence[str], options: UnitSettings, lang: str) -> list[Block]:
    """Units by district, and those out of bounds with their reasons."""
    inside = table["in_bounds"].fillna(False).astype(bool)
    limits = bounds_in_words(options, lang)
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
        table_block(text("report.units_table", lang), summary, lang, of="units.summary"),
    ]
    out = table[~inside]
    if len(out):
        heading = text("report.units_out", lang)
        blocks.append(table_block(heading, out, lang, of="units.units", folded=len(out) > 12))
    blocks.extend(Paragraph(note) for note in notes)
    return blocks


def _sheets(repair: Repair) -> dict[str, pd.DataFrame]:
    moved = pd.DataFrame(repair.moved.drop(columns="geometry"))
    return {"repair": repair.districts, "changes": repair.units, "moved": moved}


def _changes(repair: Repair, lang: str) -> list[Block]:
    """What is proven by district, which units change, and what goes from where to where."""
    tables = _sheets(repair)
    tables["repair"] = tables["repair"][tables["repair"]["moved_blocks"] > 0]
    tables["changes"] = tables["changes"][tables["changes"]["state"] != "same"]
    return [
        table_block(declared(f"units.{name}").title.of(lang), table, lang, of=f"units.{name}", folded=len(table) > 12)
        for name, table in tables.items()
        if len(table)
    ]
