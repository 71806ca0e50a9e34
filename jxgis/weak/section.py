"""What a report says of weak areas: the list, what comes next and why it is not on it, and last year's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from jxgis.hotspots.caution import at_one_point
from jxgis.i18n import Text, listed, sentences, text, text_pair
from jxgis.period_words import change_lines, recent_days
from jxgis.report.blocks import Answer, Block, Key, Paragraph, Section, method_note, table_block
from jxgis.report.columns import write_value, written
from jxgis.schema.columns import column
from jxgis.weak.areas import HOT_PLACE
from jxgis.weak.kinds import kind_titles
from jxgis.weak.last_year import unknown_kinds
from jxgis.zones import ALL

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jxgis.weak.result import WeakResult

__all__ = ["in_a_line", "notes_of", "weak_section"]

_SAME = ("name", "kind", "district", "severity", "q", "issues", "within")
_COURSES = ("still_weak", "no_longer", "improved", "not_comparable")


def weak_section(result: WeakResult, lang: str) -> Section:
    """The section of weak areas.

    Parameters
    ----------
    result
        What was found.
    lang
        ``"zh"`` or ``"en"``.
    """
    shown, options = result.shown_tables(), result.given.settings.weak
    listed, asked = len(result.weak_areas), options.number
    apart = listed - int(result.weak_areas["within"].notna().sum())
    short = apart < asked
    values = _values(result, lang)
    lead = text("weak.lead_short" if short else "weak.lead", lang, **values)
    note = text("weak.key_short" if short else "weak.key_note", lang, **values)
    keys = [Key(text("weak.key", lang), str(listed), note, "bad" if short else "")]
    blocks: list[Block] = [Paragraph(lead)]
    if listed:
        own = result.weak_areas["within"].isna().cumsum().to_numpy()
        first = shown["weak_areas"].head(int(np.searchsorted(own, asked)) + 1)
        heading = text("weak.list_table", lang, n=len(first), apart=min(asked, apart))
        blocks.append(table_block(heading, first, lang, of="weak.weak_areas"))
    following = shown["areas"].loc[result.following.index].head(max(asked - apart, 3))
    if len(following):
        words = text("weak.next_short" if short else "weak.next", lang)
        blocks.append(table_block(words, following, lang, of="weak.areas", folded=not short))
    same = shown["areas"][shown["areas"]["status"] == "same_place"].sort_values("severity", ascending=False)
    if len(same):
        heading = text("weak.same_table", lang, n=len(same))
        blocks.append(table_block(heading, same.head(30), lang, of="weak.areas", columns=_SAME, folded=True))
    if result.before is not None:
        counts = result.before["status"].value_counts()
        numbers = {course: str(int(counts.get(course, 0))) for course in _COURSES} | {"n": str(len(result.before))}
        blocks += [
            Paragraph(text("weak.before_lead", lang, **numbers), "head"),
            Paragraph(text("weak.before_note", lang), "sub"),
            table_block(text("weak.before_table", lang), shown["before"], lang, of="weak.before"),
        ]
        keys.append(
            Key(text("weak.key_before", lang), numbers["still_weak"], text("weak.key_before_note", lang, **numbers))
        )
    blocks += [Paragraph(note.of(lang), "sub") for note in [*change_lines(result.comparison), *notes_of(result)]]
    sheets = {name: table for name, table in shown.items() if name != "areas"}
    return Section(
        part="weak",
        keys=keys,
        blocks=blocks,
        answers=_answers(_with_piles(result), values, lang),
        checks=[note.of(lang) for note in at_one_point(_with_piles(result))],
        methods=[
            method_note("weak", name, lang, **values)
            for name in ("weak", "weak_q", "weak_before")[: 2 + ("before" in shown)]
        ],
        sheets=sheets,
        lines=[lead],
    )


def _answers(listed_areas: pd.DataFrame, values: Mapping[str, str], lang: str) -> list[Answer]:
    """How many, and which are the worst that lie in no other."""
    worst = listed_areas[listed_areas["within"].isna()].head(3)
    if worst.empty:
        return []
    first = [
        text("answers.weak_one", lang, name=name, times=write_value(severity, "number", lang, 1))
        for name, severity in zip(worst["name"], worst["severity"], strict=True)
    ]
    said = text("answers.weak_said", lang, first=listed(first, lang), **values)
    notes = [note.of(lang) for note in at_one_point(worst)]
    return [Answer(text("answers.weak", lang), sentences([said, *notes], lang))]


def _with_piles(result: WeakResult) -> pd.DataFrame:
    """The list as it is shown, with the share of issues at one point where those alone would put an area on it."""
    shown = result.shown_tables()["weak_areas"]
    share = result.judged[result.judged["status"] == "weak"].sort_values("rank")["same_point_share"].to_numpy()
    piled = pd.to_numeric(shown["issues"], errors="coerce") * share >= result.given.settings.weak.min_issues
    return shown.assign(same_point_share=np.where(piled, share, np.nan))


def notes_of(result: WeakResult) -> list[Text]:
    """What a reader must know: hot places, areas over the city's edge, areas that could not be judged, few patrols."""
    judged, listed = result.judged, result.given.table("weak_before")
    notes = [text_pair("weak.before_none")] if listed is not None and listed.empty else unknown_kinds(result.given)
    notes += at_one_point(_with_piles(result))
    if (judged["kind"] == HOT_PLACE).any():
        notes.append(text_pair("weak.hot_note"))
    cut = int(((judged["inside_share"] < 1 - 1e-6) & (judged["inside_share"] > 0)).sum())
    if cut:
        notes.append(text_pair("weak.cut_note", n=cut))
    unjudged = judged.loc[judged["status"] == "not_judged", "reason"].value_counts()
    if len(unjudged):
        reasons = [(text_pair(f"reasons.{reason}"), int(n)) for reason, n in unjudged.items()]
        # Of one reason alone the number stands before it.
        apart = len(reasons) > 1
        why = Text(
            zh="；".join(f"{reason.zh} {n} 处" if apart else reason.zh for reason, n in reasons),
            en="; ".join(f"{reason.en}: {n}" if apart else reason.en for reason, n in reasons),
        )
        notes.append(text_pair("weak.unjudged_note", n=int(unjudged.sum()), why=why))
    return [*notes, *_two_changes(result), text_pair("weak.patrol_note")]


def _two_changes(result: WeakResult) -> list[Text]:
    """Which change of the city stands here and which beside the hot spots, where the two do not read alike."""
    hotspots = result.given.results.get("hotspots")
    if hotspots is None:
        return []
    places = hotspots.shown_tables()["places"]
    tables = (result.shown_tables()["weak_areas"], places[places["issue_class"] == ALL])
    heads = [_city_change(table) for table in tables]
    if None in heads or heads[0] == heads[1]:
        return []
    return [text_pair("weak.two_changes", own=heads[0], beside=heads[1])]


def _city_change(table: pd.DataFrame) -> Text | None:
    """The change of the city as a table's head reads; None where it has none."""
    if "change_city" not in table.columns or table["change_city"].isna().all():
        return None
    known = table["change_city"].dropna()
    of = column("change_city")
    return Text(zh=written(known.iloc[0], of, "zh"), en=written(known.iloc[0], of, "en"))


def in_a_line(result: WeakResult, lang: str) -> str:
    """The line below the map's title."""
    return text("weak.line", lang, **_values(result, lang))


def _values(result: WeakResult, lang: str) -> dict[str, str]:
    options, city = result.given.settings.weak, result.given.city
    has_plan, titles = city is not None and city.targets is not None, kind_titles(city)
    looked = result.judged["kind"].value_counts(sort=False)
    one = "{} {} 处" if lang == "zh" else "{}: {}"
    kinds = [one.format(titles[kind].of(lang) if kind in titles else kind, n) for kind, n in looked.items()]
    inside = int(result.weak_areas["within"].notna().sum())
    tested = int(result.judged["p"].notna().sum())
    return {
        "n": str(len(result.weak_areas)),
        "period": recent_days(result.comparison).of(lang),
        "asked": str(options.number),
        "asks": text("weak.asks_plan" if has_plan else "weak.asks_settings", lang),
        "inside": str(inside),
        "apart": str(len(result.weak_areas) - inside),
        "short": str(max(options.number - len(result.weak_areas) + inside, 0)),
        "looked": str(len(result.judged)),
        "kinds": listed(kinds, lang),
        "exposure": text(f"weak.exposure_{options.exposure}", lang),
        "reference": text(f"weak.reference_{options.reference}", lang),
        "alpha": f"{options.alpha:g}",
        "tested": str(tested),
        "least": str(options.min_issues),
        "batch": f"{result.batch:.2f}",
        "point": f"{options.point_buffer_m:g}",
        "line": f"{options.line_buffer_m:g}",
        "cell": f"{options.cell_m:g}",
    }
