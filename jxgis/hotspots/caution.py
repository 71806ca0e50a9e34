"""What a reader must know of hot spots: the level over all classes, what is not judged, heavy cells that are not hot."""

from __future__ import annotations

import numpy as np
import pandas as pd

from jxgis.i18n import MANY, Text, few, reason, text, text_pair
from jxgis.report.blocks import Block, Paragraph, of_all, table_block
from jxgis.report.columns import percent
from jxgis.schema.columns import column
from jxgis.small_counts import as_words
from jxgis.zones import ALL

__all__ = ["SAME_POINT", "are_told", "at_one_point", "cautions", "first_at_one_point", "unjudged_why"]

SAME_POINT = 0.2
"""Share of the issues of a place or a cluster at one point from which on a page asks for a look at their addresses."""
_TOLD = 20
_SHOWN = 20  # all of them stand in hotspots.gpkg and the workbook


def cautions(levels: pd.DataFrame | None, heavy: pd.DataFrame | None, lang: str) -> list[Block]:
    """Sentences and a table for the end of the hot spots' section.

    Parameters
    ----------
    levels, heavy
        The contract's ``levels`` and ``heavy_cells``; what is not there is not spoken of.
    lang
        ``"zh"`` or ``"en"``.

    Examples
    --------
    >>> levels = pd.DataFrame({"issue_class": ["all", "甲", "乙"], "issues": [903, 900, 3], "tested": [True, True, False],
    ...                        "alpha": 0.05, "family": "class", "min_issues": 30, "hot_class": 12, "hot_all": 9})
    >>> [block.look for block in cautions(levels, None, "zh")]
    ['sub', 'none']
    """
    blocks: list[Block] = []
    if levels is not None and len(levels):
        blocks += _levels(levels, lang)
    if heavy is not None and len(heavy):
        blocks.append(Paragraph(text("report.heavy_why", lang, n=len(heavy)), "none"))
        heading = text("report.heavy_table", lang)
        blocks.append(table_block(heading, heavy.head(_SHOWN), lang, of="hotspots.heavy_cells"))
    return blocks


def unjudged_why(cells: pd.DataFrame | None, lang: str) -> str:
    """Why no cell is called hot or cold: too few issues, or what most of the cells say.

    Parameters
    ----------
    cells
        The contract's ``cells`` of one class, with ``reason`` as a code or in words; None where they are not known.
    lang
        ``"zh"`` or ``"en"``.

    Examples
    --------
    >>> wide = pd.DataFrame({"reason": ["band_covers_area"] * 3})
    >>> unjudged_why(wide, "zh"), unjudged_why(wide.assign(reason="few_issues"), "zh")
    ('邻域覆盖整个研究范围', '问题太少')
    """
    codes = pd.Series(dtype=object) if cells is None or "reason" not in cells.columns else cells["reason"]
    words = [reason(str(code), lang) for code in codes.dropna().mode()]
    if not words or reason("few_issues", lang) in words:
        return text("report.too_few_issues", lang)
    return words[0]


def are_told(issues: pd.Series) -> pd.Series[bool]:
    """Which places or clusters have so many issues, 20 or more, that shares of them are spoken of.

    Examples
    --------
    >>> are_told(pd.Series([19, 20, "1–2", None])).tolist()
    [False, True, False, False]
    """
    found: pd.Series[bool] = pd.to_numeric(issues, errors="coerce") >= _TOLD
    return found


def at_one_point(found: pd.DataFrame) -> list[Text]:
    """Ask for a look at the addresses of clusters of which many issues stand at one point; nothing where there is none.

    Parameters
    ----------
    found
        ``name`` and ``same_point_share``, as people are shown them; where there are classes (``issue_class``) those of one class
        are named with it, unless one of all issues has their name.

    Examples
    --------
    >>> clusters = pd.DataFrame({"name": ["三水湾", "府南"], "same_point_share": [0.2, 0.19]})
    >>> [said.zh[:7] for said in at_one_point(clusters)]
    ['三水湾的问题有']
    >>> said = at_one_point(pd.concat([clusters.assign(issue_class="all"), clusters.assign(issue_class="绿化", name=["三水湾", "府北"])]))
    >>> [at_one_point(clusters.assign(issue_class="绿化"))[0].zh[:8], said[0].zh[:7]]
    ['绿化 · 三水湾', '三水湾的问题有']
    """
    piled = found[pd.to_numeric(found["same_point_share"], errors="coerce") >= SAME_POINT]
    names = of_all(piled)["name"].unique().tolist()
    if "issue_class" in piled.columns:
        others = piled[(piled["issue_class"] != ALL) & ~piled["name"].isin(names)]
        pairs = zip(others["issue_class"], others["name"], strict=True)
        names += dict.fromkeys(f"{issue_class} · {name}" for issue_class, name in pairs)
    if not names:
        return []
    return [text_pair("report.same_point_of", names=few(names, " 处"), share=f"{100 * SAME_POINT:g} %")]


def first_at_one_point(place: pd.Series, lang: str) -> list[str]:
    """Ask for a look at the addresses where many issues of the first place have one pair of coordinates.

    Parameters
    ----------
    place
        With ``same_point_share``, where it is known.
    lang
        ``"zh"`` or ``"en"``.

    Examples
    --------
    >>> [said[:25] for said in first_at_one_point(pd.Series({"same_point_share": 0.42}), "en")]
    ['In the first hot place 42']
    >>> first_at_one_point(pd.Series({"same_point_share": 0.1}), "en")
    []
    """
    share = place.get("same_point_share", np.nan)
    if pd.isna(share) or share < SAME_POINT:
        return []
    return [text("report.same_point", lang, share=percent(float(share), 0))]


def _levels(levels: pd.DataFrame, lang: str) -> list[Block]:
    tested, first = levels[levels["tested"]], levels.iloc[0]
    alpha, n = float(first["alpha"]), len(tested)
    chance = 1 - (1 - alpha) ** n
    hot, kept = int(tested["hot_class"].sum()), int(tested["hot_all"].sum())
    blocks: list[Block] = []
    if n > 1:
        words = text(
            f"report.level_{first['family']}", lang, n=n, alpha=f"{alpha:g}", chance=f"{100 * chance:.0f}",
            hot=f"{hot:,}", kept=f"{kept:,}",
        )  # fmt: skip
        blocks.append(Paragraph(words, "sub"))
    left_out = levels[~levels["tested"]]
    if len(left_out):
        named = [column("issue_class").word(name, lang) for name in left_out["issue_class"]]
        brackets = "{} ({})" if lang == "en" else "{}（{}）"
        # A class of so few issues may have its number hidden, as a range or altogether.
        numbers = left_out["issues"].astype(object)
        each = (
            brackets.format(name, number) if told else name
            for name, number, told in zip(named, as_words(numbers), numbers.notna(), strict=True)
        )
        least = int(first["min_issues"])
        blocks.append(
            Paragraph(text("report.few_issues", lang, least=least, names=few(each, " 类", MANY).of(lang)), "none")
        )
    return blocks
