"""What a report says of scores: the best that pass the conditions, those that fail one, and how each was measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import pandas as pd

from jxgis.i18n import clauses, listed, text
from jxgis.report.blocks import (
    TOP,
    Answer,
    Block,
    Key,
    Paragraph,
    Section,
    TableBlock,
    count_in_words,
    method_note,
    table_block,
)
from jxgis.report.columns import percent, write_value
from jxgis.schema.columns import column
from jxgis.scoring.cards import CARDS_FILE
from jxgis.scoring.conditions import fails_condition
from jxgis.scoring.depth import told
from jxgis.scoring.names import ids_and_names
from jxgis.scoring.rank import by_rank, ranked

if TYPE_CHECKING:
    from jxgis.settings import ScoringSettings

__all__ = ["map_line", "score_section"]

_DEPTH_NOTES = ("acceptability", "improvement", "type")  # notes of method


def score_section(
    scores: pd.DataFrame,
    options: ScoringSettings,
    *,
    weights: str,
    indicators: pd.DataFrame,
    titles: Mapping[str, str],
    depth: Mapping[str, pd.DataFrame],
    top: int,
    are_units: bool = False,
    lang: str,
) -> Section:
    """The section of scores.

    Parameters
    ----------
    scores
        The contract's ``scores`` as people are shown them.
    options
        What shaped them.
    weights
        How the weights were found, in words.
    indicators
        One row an indicator: ``label, weight, missing`` (candidates without it), ``reasons`` (codes of why).
    titles
        Titles of the indicators' columns.
    depth
        The contract's ``swings``, ``improvements`` and ``types``, as people are shown them.
    top
        How many places acceptability counts.
    are_units
        Whether no candidates were given, so that the units are scored.
    lang
        ``"zh"`` or ``"en"``.
    """
    blocks = _blocks(scores, indicators, lang)
    if are_units:
        blocks.insert(1, Paragraph(text("report.scores_of_units", lang)))
    n, failed = len(ranked(scores)), int(fails_condition(scores).sum())
    without = {"failed": failed, "short": len(scores) - n - failed}
    said = [text("report.key_scores_note", lang, n=n)]
    said += [text(f"report.key_scores_{why}", lang, n=n) for why, n in without.items() if n]
    return Section(
        part="scores",
        keys=[Key(text("report.key_scores", lang), count_in_words(len(scores)), clauses(said, lang))],
        blocks=[*blocks, *_depth_blocks(scores, depth, top, lang)],
        answers=_answers(scores, blocks, lang),
        methods=[
            method_note("scores", name, lang, **_values(options, weights), **_drawn(options, top, lang))
            for name in ("score", "completeness", *_DEPTH_NOTES)
        ],
        sheets={"scores": by_rank(scores)},
        titles=titles,
        links={CARDS_FILE: text("cards.open", lang)} if options.cards else {},
    )


def _answers(scores: pd.DataFrame, blocks: Sequence[Block], lang: str) -> list[Answer]:
    """Which come first, with their scores; none where none has a rank."""
    best = ranked(scores).head(3)
    if best.empty:
        return []
    first = [
        text("answers.scored", lang, name=name, score=write_value(score, "number", lang, 1))
        for name, score in zip(ids_and_names(best), best["score"], strict=True)
    ]
    lead = next(block.words for block in blocks if isinstance(block, Paragraph))
    said = text("answers.scores_said", lang, best=listed(first, lang), lead=lead)
    return [Answer(text("answers.scores", lang), said)]


def map_line(options: ScoringSettings, weights: str, lang: str) -> str:
    """The line below the map's title: by which weights it was made."""
    return text("maps.line_scores", lang, **_values(options, weights))


def _values(options: ScoringSettings, weights: str) -> dict[str, str]:
    return {"weights": weights, "share": f"{100 * options.min_completeness:g}"}


def _drawn(options: ScoringSettings, top: int, lang: str) -> dict[str, str]:
    """How weightings are drawn, and what drawing them leaves of doubt at most."""
    how = "even" if options.concentration is None else "around"
    drawn = text(f"report.drawn_{how}", lang, c=f"{options.concentration or 0:g}")
    doubt = percent(0.5 / options.weightings**0.5, 1)
    return {"k": str(top), "draws": f"{options.weightings:,}", "drawn": drawn, "doubt": doubt}


def _depth_blocks(scores: pd.DataFrame, depth: Mapping[str, pd.DataFrame], top: int, lang: str) -> list[Block]:
    """What moves the best candidates and what to improve of them; where the types given and found differ."""
    best = ranked(scores).head(TOP)
    blocks: list[Block] = []
    if len(best):
        said = told(depth, best["candidate_id"], lang).fillna("—")
        who = ids_and_names(best)
        sure = text("report.scores_acceptability", lang, k=top)
        blocks.append(Paragraph(sure, "sub"))
        for key, columns in (("moves", ("lifts", "pulls")), ("improve", ("improve", "step"))):
            titles = [column("candidate_id").title.of(lang), *(text(f"scoring.title_{name}", lang) for name in columns)]
            rows = [list(row) for row in zip(who, *(said[name] for name in columns), strict=True)]
            heading = text(f"report.scores_{key}", lang, n=len(best))
            blocks.append(TableBlock(heading, titles, [False] * len(titles), rows, folded=True))
    types = depth["types"]
    agrees = types["agrees"].value_counts()
    values = {name: int(agrees.get(name, 0)) for name in ("agree", "differ")}
    values |= {"found": int(types["type_found"].notna().sum()), "n": len(types)}
    blocks.append(
        Paragraph(
            text(f"report.scores_types{'_given' if types['type_given'].notna().any() else ''}", lang, **values), "sub"
        )
    )
    apart = types[types["agrees"] == "differ"]
    if len(apart):
        heading = text("report.scores_types_differ", lang, n=len(apart))
        named = dict(zip(scores["candidate_id"], ids_and_names(scores), strict=True))
        apart = apart.assign(candidate_id=apart["candidate_id"].map(named))
        blocks.append(table_block(heading, apart, lang, of="scores.types", folded=True))
    return blocks


def _blocks(scores: pd.DataFrame, indicators: pd.DataFrame, lang: str) -> list[Block]:
    """The best candidates that pass the conditions, those that lack data for a rank, and those that fail a condition."""
    rank = pd.to_numeric(scores["rank"], errors="coerce")
    fails = fails_condition(scores)
    table = scores.assign(rank=rank)
    if "reason" in table.columns:
        table = table.assign(reason=table["reason"].where(table["reason"].fillna("") != ""))
    if "name" in table.columns and (table["name"] == table["candidate_id"]).all():
        table = table.drop(columns="name")
    best = ranked(table)
    failed = table[fails].sort_values("score", ascending=False, kind="stable")
    unranked = table[rank.isna() & ~fails].sort_values("score", ascending=False, kind="stable")
    values = {"n": len(rank), "ranked": len(best), "unranked": len(unranked), "failed": len(failed)}
    blocks: list[Block] = [Paragraph(text("report.scores_lead", lang, **values))]
    passed = best.head(TOP)
    if best.empty and len(unranked):
        most = percent(float(pd.to_numeric(table.loc[~fails, "completeness"], errors="coerce").max()), 0)
        blocks.append(Paragraph(text("report.scores_incomplete", lang, best=most), "none"))
    blocks.extend(_without_data(scores, indicators, lang))
    if len(failed):
        blocks.append(Paragraph(text("report.scores_failed_lead", lang, **values), "sub"))
    if len(passed):
        blocks.append(table_block(text("report.scores_table", lang, n=len(passed)), passed, lang, of="scores.scores"))
    for key, apart in (("scores_unranked", unranked), ("scores_failed", failed)):
        if len(apart):
            heading, many = text(f"report.{key}", lang, **values), len(apart) > TOP
            blocks.append(table_block(heading, apart, lang, of="scores.scores", folded=many))
    return blocks


def _without_data(scores: pd.DataFrame, indicators: pd.DataFrame, lang: str) -> list[Block]:
    """Which indicators no candidate has, why, and what they weigh."""
    lacking = indicators[indicators["missing"] == len(scores)]
    if lacking.empty:
        return []
    why = lacking["reasons"].map(lambda codes: listed((text(f"reasons.{code}", lang) for code in codes), lang))
    named = [
        text("report.scores_without_why", lang, names=listed(labels, lang), why=said)
        for said, labels in lacking["label"].groupby(why, sort=False)
    ]
    weight = percent(float(lacking["weight"].sum()), 0)
    return [Paragraph(text("report.scores_without", lang, names=clauses(named, lang), weight=weight), "sub")]
