"""What a report says of clusters: the largest, what they are and are not, and what other distances would find."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from jxgis.clusters.density import FEWEST
from jxgis.clusters.outlines import MARGIN
from jxgis.hotspots.caution import are_told, at_one_point
from jxgis.i18n import Text, sentences, text, text_pair
from jxgis.report.blocks import TOP, Answer, Block, Key, Paragraph, Section, method_note, table_block
from jxgis.report.columns import write_value
from jxgis.small_counts import as_words
from jxgis.zones import ALL

if TYPE_CHECKING:
    from jxgis.clusters.result import ClustersResult

__all__ = ["cluster_section", "in_a_line", "notes_of", "rule_of"]

_WIDE = 0.5
"""Share of the issues from which on one cluster is too wide to be a place."""


def cluster_section(result: ClustersResult, lang: str) -> Section:
    """The section of clusters.

    Parameters
    ----------
    result
        What was found.
    lang
        ``"zh"`` or ``"en"``.
    """
    shown = result.shown_tables()
    own = shown["clusters"][shown["clusters"]["issue_class"] == shown["classes"]["issue_class"].iloc[0]]
    values = _values(result, lang)
    lead = text("clusters.lead" if len(own) else "clusters.lead_none", lang, **values)
    piled = [note.of(lang) for note in at_one_point(own.head(1))]
    blocks: list[Block] = [Paragraph(lead), Paragraph(text("clusters.caution", lang), "none")]
    if len(own):
        wide = shown["classes"]["share_largest"].iloc[0]
        if pd.notna(wide) and wide > _WIDE:
            blocks.append(Paragraph(text("clusters.wide", lang, share=write_value(wide, "percent", lang)), "none"))
        blocks.append(
            table_block(text("clusters.table", lang, n=len(own.head(TOP))), own.head(TOP), lang, of="clusters.clusters")
        )
    blocks += [
        table_block(text("clusters.classes_table", lang), shown["classes"], lang, of="clusters.classes", folded=True),
        table_block(
            text("clusters.distances_table", lang), shown["distances"], lang, of="clusters.distances", folded=True
        ),
        Paragraph(text("clusters.distances_note", lang), "sub"),
    ]
    blocks += [Paragraph(note.of(lang), "sub") for note in notes_of(result)]
    method = "clusters" if result.given.settings.clusters.method == "dbscan" else "hdbscan"
    return Section(
        part="clusters",
        keys=[Key(text("clusters.key", lang), values["clusters"], _key_note(shown["classes"], lang))],
        blocks=blocks,
        answers=[Answer(text("answers.clusters", lang), sentences([lead, *piled], lang))],
        checks=piled,
        methods=[method_note("clusters", method, lang, **values)],
        sheets={name: table for name, table in shown.items() if len(table)},
        lines=[lead, text("clusters.caution", lang)],
    )


def _key_note(classes: pd.DataFrame, lang: str) -> str:
    share = classes["share_clustered"].iloc[0]
    if pd.isna(share):
        return text("clusters.key_hidden", lang)
    if not share:
        return text("clusters.key_none", lang)
    return text("clusters.key_note", lang, share=write_value(share, "percent", lang))


def notes_of(result: ClustersResult) -> list[Text]:
    """What a reader must know: where many are at one point, how classes lie to the whole, what lies outside, that points tell."""
    clusters = result.shown_tables()["clusters"]
    told = (clusters["issue_class"] == ALL) | are_told(clusters["issues"])
    notes = at_one_point(clusters[told & (clusters["rank"] <= TOP)])
    if len(result.classes) > 1:
        notes.append(text_pair("clusters.classes_by"))
    if result.outside:
        notes.append(text_pair("clusters.outside", n=as_words(_few(result)).iloc[0]))
    if result.given.settings.clusters.points:
        notes.append(text_pair("clusters.private"))
    return notes


def _few(result: ClustersResult) -> pd.Series:
    """How many issues lie outside, as people are shown it."""
    return result.given.shown(pd.DataFrame({"issues": [result.outside]}))["issues"]


def in_a_line(result: ClustersResult, lang: str) -> str:
    """The line below the map's title."""
    return text("clusters.line", lang, **_values(result, lang))


def rule_of(result: ClustersResult, lang: str) -> str:
    """What makes a cluster of all issues."""
    options = result.given.settings.clusters
    least = int(result.classes["min_points"].iloc[0])
    return text(f"clusters.rule_{options.method}", lang, eps=f"{options.eps_m:g}", least=least)


def _values(result: ClustersResult, lang: str) -> dict[str, str]:
    options, shown = result.given.settings.clusters, result.shown_tables()
    whole = result.classes.iloc[0]
    largest = shown["clusters"][(result.clusters["issue_class"] == ALL).to_numpy()].head(1)
    there = {"name": "", "issues": "", "area": ""}
    if len(largest):
        there = {
            "name": str(largest["name"].iloc[0]),
            "issues": str(as_words(largest["issues"]).iloc[0]),
            "area": write_value(largest["area_km2"].iloc[0], "number", lang, 2),
        }
    key = "clusters_threshold" if options.min_points is None else "clusters_threshold_given"
    return {
        **there,
        "n": str(as_words(shown["classes"]["issues"]).iloc[0]),
        "clusters": f"{int(whole['clusters']):,}",
        "rule": rule_of(result, lang),
        "eps": f"{options.eps_m:g}",
        "least": f"{int(whole['min_points']):,}",
        "threshold": text(f"report.{key}", lang, times=f"{options.density_times:g}", fewest=FEWEST),
        "margin": f"{MARGIN * options.eps_m:g}",
        "gap": f"{2 * (1 - MARGIN) * options.eps_m:g}",
    }
