"""What a report says of the choice: the schedule by year, the rules and whether they hold, or which conflict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import pandas as pd

from jxgis.i18n import MANY, clauses, few, listed, sentences, text
from jxgis.i18n import reason as reason_of
from jxgis.report.blocks import TOP, Answer, Block, Key, Paragraph, Section, count_in_words, method_note, table_block
from jxgis.report.columns import write_value
from jxgis.scoring.names import names_of

if TYPE_CHECKING:
    from jxgis.allocate.choice import Choice
    from jxgis.allocate.rules import Terms
    from jxgis.settings import AllocateSettings

__all__ = ["allocation_section", "by_year"]


def allocation_section(
    tables: Mapping[str, pd.DataFrame],
    choice: Choice,
    terms: Terms,
    options: AllocateSettings,
    *,
    scores: pd.Series | None = None,
    pairs: Sequence[tuple[str, ...]] = (),
    own_scores: bool = False,
    hidden: bool = False,
    free: int = 0,
    named: Sequence[str] = (),
    lang: str = "zh",
) -> Section:
    """The section of the choice.

    Parameters
    ----------
    tables
        ``allocation, others, rules, alternatives`` as people are shown them.
    choice
        The plan or the conflict.
    terms, options
        The numbers of the rules, and ``[allocate]``.
    scores
        Of the chosen ones, with all digits; else those that are shown.
    pairs
        Candidates that overlap, two by two, as they are called.
    own_scores
        Whether the candidates brought the scores.
    hidden
        Whether some scores are not shown: then no sum of them is.
    free
        How many candidates can be chosen.
    named
        What is said of the units that are named.
    lang
        ``"zh"`` or ``"en"``.
    """
    label = text("allocate.key", lang)
    if choice.plan is None:
        note = text("allocate.key_conflict_note", lang, n=len(choice.conflict))
        key = Key(label, text("allocate.key_conflict", lang), note, "bad")
        blocks = _conflict(choice, free, lang)
        answers = [Answer(text("answers.allocation", lang), _conflict_said(choice, lang))]
    else:
        chosen = tables["allocation"]
        note = text("allocate.key_note", lang, named=int(chosen["named"].sum()), **_span(terms))
        key = Key(label, count_in_words(len(chosen)), note)
        total = text("allocate.hidden_total", lang) if hidden else write_value(choice.plan.value, "number", lang, 1)
        # Sums of rounded scores would not add up to the plan's.
        exact = chosen if scores is None else chosen.assign(score=scores)
        years = by_year(exact, terms.years, lang, hidden=hidden)
        blocks = [
            Paragraph(_lead(tables, choice, terms, total, lang)),
            table_block(text("allocate.years_heading", lang), years, lang, of="allocation.years"),
        ]
        answers = _answers(chosen, tables["others"], lang)
    astray = sum(int(tables[name]["area"].isna().sum()) for name in ("allocation", "others"))
    blocks += [Paragraph(words, "sub") for words in named]
    blocks += _remarks(choice, terms, options, pairs, astray=astray, own_scores=own_scores, lang=lang)
    blocks += _tables(tables, options, terms, lang, planned=choice.plan is not None)
    return Section(
        part="allocation",
        keys=[key],
        blocks=blocks,
        answers=answers,
        methods=[method_note("allocation", "allocation", lang)],
        sheets={name: table for name, table in tables.items() if len(table)},
    )


def _span(terms: Terms) -> dict[str, int]:
    return {"first": terms.years[0], "last": terms.years[-1]}


def _lead(tables: Mapping[str, pd.DataFrame], choice: Choice, terms: Terms, total: str, lang: str) -> str:
    """How many of how many are chosen under how many rules, what they add up to, and whether that is proven."""
    n = len(tables["allocation"])
    return text(
        "allocate.lead",
        lang,
        candidates=n + len(tables["others"]),
        rules=len(tables["rules"]),
        n=n,
        value=total,
        proof=text(f"allocate.{'proven' if choice.gap == 0 else 'stopped'}", lang, gap=f"{100 * choice.gap:.2g}"),
        **_span(terms),
    )


def _answers(chosen: pd.DataFrame, others: pd.DataFrame, lang: str) -> list[Answer]:
    """Which in each year, those that are named told from those that are to be; and why none that scores higher is."""
    if chosen.empty:
        return []
    called = names_of(chosen)
    marked = [text("answers.allocation_named", lang, name=name) for name in called]
    called = called.where(~chosen["named"].astype(bool), marked)
    years = [
        text("answers.allocation_year", lang, year=year, names=few(names, " 个", MANY).of(lang))
        for year, names in called.groupby(chosen["year"])
    ]
    said = [text("answers.sentence", lang, words=clauses(years, lang))]
    above = others[
        pd.to_numeric(others["score"], errors="coerce") > pd.to_numeric(chosen["score"], errors="coerce").max()
    ]
    if len(above):
        why = [
            text("answers.allocation_why", lang, name=name, reason=reason_of(reason, lang))
            for name, reason in zip(names_of(above.head(3)), above["reason"].head(3), strict=True)
        ]
        said.append(text("answers.allocation_missed", lang, names=listed(why, lang)))
    return [Answer(text("answers.allocation", lang), sentences(said, lang))]


def by_year(chosen: pd.DataFrame, years: Sequence[int], lang: str, *, hidden: bool = False) -> pd.DataFrame:
    """One row a year: how many, which, and what their scores and costs add up to.

    Examples
    --------
    >>> chosen = pd.DataFrame({"year": [2026, 2026], "candidate_id": ["a", "b"], "score": [70.0, 60.0]})
    >>> by_year(chosen, [2026, 2027], "en").values.tolist()
    [[2026, 2, 'a, b', 130.0], [2027, 0, '', 0.0]]
    """
    called = names_of(chosen)
    rows = []
    for year in years:
        there = (chosen["year"] == year).to_numpy()
        row = {
            "year": year,
            "chosen": int(there.sum()),
            "units_named": listed(called[there], lang),
            "objective": None if hidden else float(chosen.loc[there, "score"].sum()),
        }
        if "cost" in chosen.columns:
            row["cost"] = float(chosen.loc[there, "cost"].sum())
        rows.append(row)
    return pd.DataFrame(rows)


def _conflict(choice: Choice, free: int, lang: str) -> list[Block]:
    """Which rules cannot hold together, one a line."""
    rules = [Paragraph(rule.words.of(lang), "none") for rule in choice.conflict]
    return [
        Paragraph(_conflict_lead(len(choice.conflict), lang)),
        *rules,
        Paragraph(text("allocate.conflict_next", lang, n=free), "sub"),
    ]


def _conflict_lead(n: int, lang: str) -> str:
    return text(f"allocate.{'conflict_one' if n == 1 else 'conflict_lead'}", lang, n=n)


def _conflict_said(choice: Choice, lang: str) -> str:
    """The same in a sentence."""
    rules = text("answers.sentence", lang, words=clauses([rule.words.of(lang) for rule in choice.conflict], lang))
    return sentences([_conflict_lead(len(choice.conflict), lang), rules], lang)


def _remarks(
    choice: Choice,
    terms: Terms,
    options: AllocateSettings,
    pairs: Sequence[tuple[str, ...]],
    *,
    astray: int,
    own_scores: bool,
    lang: str,
) -> list[Block]:
    """What a reader must know beside: years that are over, rules that could not be made, overlaps, where scores are from."""
    found: list[str] = []
    missed = [
        rule.words.of(lang)
        for rule, held in zip(choice.rules, choice.satisfied, strict=True)
        if rule.past and held is False
    ]
    if missed:
        found.append(text("allocate.past_missed", lang, year=terms.this_year, rules=clauses(missed, lang)))
    if terms.each_area and not terms.areas:
        found.append(text("allocate.no_areas", lang, n=terms.each_area))
    if terms.each_area and terms.areas and astray:
        found.append(text("allocate.in_no_area", lang, n=astray))
    if pairs:
        told = few(map("–".join, pairs), " 对").of(lang)
        found.append(text("allocate.overlaps", lang, n=len(pairs), pairs=told))
    if not options.number and choice.plan is not None:
        found.append(text("allocate.no_numbers", lang))
    if own_scores:
        found.append(text("allocate.own_scores", lang))
    return [Paragraph(words, "sub") for words in found]


def _tables(
    tables: Mapping[str, pd.DataFrame], options: AllocateSettings, terms: Terms, lang: str, *, planned: bool
) -> list[Block]:
    chosen, others, rules, further = (tables[name] for name in ("allocation", "others", "rules", "alternatives"))
    areas = _by_area(chosen, others, terms)
    blocks: list[Block] = []
    if len(areas):
        blocks.append(table_block(text("allocate.areas_heading", lang), areas, lang, of="allocation.areas"))
    if len(chosen):
        blocks.append(table_block(text("allocate.schedule_heading", lang), chosen, lang, of="allocation.allocation"))
    heading = text("allocate.rules_heading", lang, n=len(rules))
    blocks.append(table_block(heading, rules, lang, of="allocation.rules", folded=len(rules) > TOP))
    if planned and options.alternatives:
        # Chinese says how much is reached at least, English how much is missed at most.
        share = f"{100 * (1 - options.within if lang == 'zh' else options.within):g}"
        said = text(
            f"allocate.{'alternatives_lead' if len(further) else 'no_alternatives'}", lang, n=len(further), share=share
        )
        blocks.append(Paragraph(said, "sub"))
        if len(further):
            heading = text("allocate.alternatives_heading", lang)
            blocks.append(table_block(heading, further, lang, of="allocation.alternatives"))
    if len(others):
        heading = text("allocate.others_heading", lang, n=len(others))
        blocks.append(table_block(heading, others, lang, of="allocation.others", folded=len(others) > TOP))
    return blocks


def _by_area(chosen: pd.DataFrame, others: pd.DataFrame, terms: Terms) -> pd.DataFrame:
    """One row an area: how many of its candidates could be chosen, and how many are."""
    barred = others["reason"].fillna("").str.contains("gate_(?!nearly)|choice_no_score|incomplete|choice_not_ready")
    rows = [
        {
            "area": area,
            "free": int((chosen["area"] == area).sum() + ((others["area"] == area) & ~barred).sum()),
            "chosen": int((chosen["area"] == area).sum()),
        }
        for area in terms.areas
    ]
    return pd.DataFrame(rows, columns=["area", "free", "chosen"])
