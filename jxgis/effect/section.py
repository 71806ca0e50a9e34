"""What a report says of an effect: how large, how sure, what it rests on, and what speaks against it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from jxgis.effect.warnings import reason_of, share_said
from jxgis.i18n import text
from jxgis.period_words import days_said
from jxgis.report.blocks import Block, Key, Paragraph, Section, method_note, table_block

if TYPE_CHECKING:
    from jxgis.effect.result import EffectResult

__all__ = ["effect_section", "in_a_line"]


def effect_section(result: EffectResult, lang: str) -> Section:
    """The section of an effect.

    Parameters
    ----------
    result
        What was found.
    lang
        ``"zh"`` or ``"en"``.
    """
    values, windows = _values(result, lang), result.windows
    sure = not np.isnan(result.low)
    verdict = _verdict(result)
    look = {"fell": "good", "rose": "bad"}.get(verdict, "")
    said = text(f"effect.said_{verdict}", lang) if sure else ""
    keys = [
        Key(
            text("effect.key", lang, **values),
            share_said(result.effect),
            text("effect.key_note" if sure else "effect.key_none", lang, said=said, **values),
            look,
        )
    ]
    if sure:
        keys.append(
            Key(text("effect.key_detectable", lang), f"{100 * result.detectable:.0f} %", text("effect.key_power", lang))
        )
    shown = result.shown_tables()
    blocks: list[Block] = [Paragraph(_lead(result, values, lang))]
    blocks += [Paragraph(note.of(lang), "none") for note in result.notes()]
    blocks.append(table_block(text("effect.sets_table", lang), shown["sets"], lang, of="effect.sets"))
    if shown["sets"]["difference"].isna().any():
        least = result.given.settings.report.min_count
        blocks.append(Paragraph(text("effect.sets_few", lang, n=least), "sub"))
    if len(result.placebo):
        blocks.append(Paragraph(text("effect.placebo_lead", lang), "head"))
        blocks.append(table_block(text("effect.placebo_table", lang), result.placebo, lang, of="effect.placebo"))
    if len(result.sources):
        table = table_block(
            text("effect.sources_table", lang), shown["sources"], lang, of="effect.sources", folded=True
        )
        blocks.append(table)
    if sure:
        blocks.append(table_block(text("effect.power_table", lang), result.power, lang, of="effect.power", folded=True))
    periods = {name: days_said(*getattr(windows, name)).of(lang) for name in ("before", "selecting", "after")}
    return Section(
        part="effect",
        keys=keys,
        blocks=blocks,
        methods=[method_note("effect", name, lang, **periods) for name in ("effect", "effect_interval")],
        sheets={"sets": shown["sets"], **({"placebo": result.placebo} if len(result.placebo) else {})},
        lines=[_lead(result, values, lang)],
    )


def in_a_line(result: EffectResult, lang: str) -> str:
    """The line below the map's title: what is compared, and what was found."""
    sure = "effect.line" if not np.isnan(result.low) else "effect.line_none"
    return text(sure, lang, **_values(result, lang))


def _verdict(result: EffectResult) -> str:
    """What the interval says."""
    if reason_of(result) is not None:
        return "unknown"
    return "fell" if result.high < 0 else "rose" if result.low > 0 else "unclear"


def _lead(result: EffectResult, values: dict[str, str], lang: str) -> str:
    return text("effect.lead", lang, **values) + text(f"effect.verdict_{_verdict(result)}", lang, **values)


def _values(result: EffectResult, lang: str) -> dict[str, str]:
    windows = result.windows
    asked = result.given.settings.effect.issue_class
    return {
        "effect": share_said(result.effect),
        "low": share_said(result.low),
        "high": share_said(result.high),
        "p": f"{result.compared.centre.p:.3g}",
        "detectable": "—" if pd.isna(result.detectable) else f"{100 * result.detectable:.0f} %",
        "treated": str(len(result.sets)),
        "controls": str(int(result.sets["controls_n"].sum())),
        "kind": text(f"effect.controls_{result.controls_from}", lang),
        "at": f"{result.at:%Y-%m-%d}",
        "issues": text("effect.all_issues", lang) if asked is None else asked,
        "before": days_said(*windows.before).of(lang),
        "after": days_said(*windows.after).of(lang),
        "selecting": days_said(*windows.selecting).of(lang),
    }
