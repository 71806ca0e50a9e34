"""The sheet that people fill in: a row for each figure that no layer gives, handed back as ``scorecard_values``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from jxgis.i18n import text
from jxgis.report.paper import Width, fitted, for_print
from jxgis.report.sheets import LINE, letters, lines_in, new_workbook, write_cell
from jxgis.schema.columns import column
from jxgis.scorecard.brought import rows_of
from jxgis.zones import ALL

if TYPE_CHECKING:
    from jxgis.scorecard.targets import PlanTarget

__all__ = ["values_sheet", "write_values_sheet"]

#: What is filled in, by the layer's contract; the other columns say what is asked.
_FILLED = ("value", "numerator", "denominator", "date", "source", "target_2025", "target_2027")
#: Width of what is said of filling it in.
_NOTES = 110
_COLUMNS = ("zone", "level", "indicator", "label", "unit", *_FILLED, "above", "below")


def values_sheet(
    scorecard: pd.DataFrame,
    targets: Sequence[PlanTarget],
    *,
    brought: pd.DataFrame | None = None,
    subdistricts: Sequence[str] = (),
    lang: str = "zh",
) -> pd.DataFrame:
    """List the figures that only people can bring, with those that they brought.

    Parameters
    ----------
    scorecard
        The contract's table ``scorecard``.
    targets
        The plan's.
    brought
        From `brought.bring_values`.
    subdistricts
        Sub-districts, for what is asked for by them.
    lang
        Language of names and levels.

    Returns
    -------
    pandas.DataFrame
        ``zone, level, indicator, label, unit, value, numerator, denominator, date, source, target_2025, target_2027``, and
        what numerator and denominator are (``above``, ``below``): a row a zone of the level at which people are asked, of
        each target that neither layers nor the table of projects give there, and a row for whatever else they brought.
    """
    own = {(row.indicator, row.level, row.zone): row for row in ([] if brought is None else rows_of(brought))}
    given = scorecard.loc[scorecard["counted"].isin(["measured", "projects"]), ["indicator", "level"]]
    known = set(given.itertuples(index=False, name=None))
    rows = []
    for target in targets:
        at = target.asked_at
        zones = scorecard.loc[(scorecard["indicator"] == target.id) & (scorecard["level"] == at), "zone"]
        asked = [(at, name) for name in (subdistricts if at == "subdistrict" else zones)]
        asked = [] if (target.id, at) in known else asked
        filled = [(level, zone) for name, level, zone in own if name == target.id]
        for level, zone in dict.fromkeys([*asked, *filled]):
            row = own.get((target.id, level, zone))
            said = {
                name: None if row is None or pd.isna(getattr(row, name)) else getattr(row, name) for name in _FILLED
            }
            # A ratio that is numerator over denominator needs no other number beside them.
            if said["denominator"] is not None or (target.count and said["value"] is not None):
                said["numerator" if target.count else "value"] = None
            above, below = target.parts(lang)
            rows.append(
                {
                    "zone": text("common.whole_area", lang) if zone == ALL else zone,
                    "level": column("level", "scorecard.scorecard").word(level, lang)
                    if level != "subdistrict"
                    else column("level").word(level, lang),
                    "indicator": target.id,
                    "label": target.title(lang),
                    "unit": target.unit_of(lang),
                    **said,
                    "above": above,
                    "below": below or None,
                }
            )
    return pd.DataFrame(rows, columns=list(_COLUMNS)).astype({"date": "datetime64[us]"})


def write_values_sheet(path: Path, sheet: pd.DataFrame, *, lang: str = "zh") -> None:
    """Write the sheet as a workbook: what is to be filled in stands out, and a second sheet says how.

    Parameters
    ----------
    path
        The file.
    sheet
        From `values_sheet`.
    lang
        Language of the heads, which are read back in either.
    """
    book = new_workbook(path)
    try:
        plain = {"valign": "vcenter", "text_wrap": True}
        head = book.add_format({**plain, "bold": True, "bg_color": "#0B6E77", "font_color": "#FFFFFF"})
        words = book.add_format({**plain, "num_format": "@"})
        open_cell = {**plain, "bg_color": "#FFF8DC", "border": 1, "border_color": "#D9D2B8"}
        number, day = book.add_format(open_cell), book.add_format({**open_cell, "num_format": "yyyy-mm-dd"})
        page = book.add_worksheet(text("scorecard.sheet_values", lang))
        widths: list[Width] = []
        for at, name in enumerate(sheet.columns):
            title = text(f"scorecard.head_{name}", lang)
            page.write_string(0, at, title, head)
            look = day if name == "date" else number if name in _FILLED else words
            shown = [title, *(value for value in sheet[name] if isinstance(value, str))]
            widest = max(map(letters, shown)) + 2
            widths.append(Width(min(max(widest, 11), 40), 11))
            for row, value in enumerate(sheet[name], start=1):
                write_cell(page, row, at, None if pd.isna(value) else value, look)
        wide = fitted(widths)
        for at, width in enumerate(wide):
            page.set_column(at, at, width)
        for row, values in enumerate(sheet.itertuples(index=False), start=1):
            lines = [
                lines_in(value, width) for value, width in zip(values, wide, strict=True) if isinstance(value, str)
            ]
            page.set_row(row, LINE * max(lines))
        page.set_row(0, 2 * LINE)
        for_print(page, wide)
        page.repeat_rows(0)
        page.freeze_panes(1, 4)
        page.autofilter(0, 0, max(len(sheet), 1), len(sheet.columns) - 1)
        notes = book.add_worksheet(text("report.sheet_notes", lang))
        notes.set_column(0, 0, _NOTES)
        for row, line in enumerate(text("scorecard.how_to_fill", lang).splitlines()):
            notes.write_string(row, 0, line, book.add_format(plain))
            notes.set_row(row, LINE * lines_in(line, _NOTES))
        for_print(notes)
    finally:
        book.close()
