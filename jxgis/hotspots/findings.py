"""The plan's four findings (总体性, 集中性, 差异性, 多样性), a sentence each."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pandas as pd

from jxgis.i18n import listed, text
from jxgis.report.blocks import of_all
from jxgis.report.columns import percent
from jxgis.settings import HOTSPOTS

__all__ = ["SENTENCES"]

#: A district with fewer issues is neither mixed nor uniform, as a class with fewer is not judged: one case is of one class.
_FEWEST = HOTSPOTS.min_issues


def _overall(ring: pd.DataFrame, lang: str) -> str:
    whole = of_all(ring)
    if whole.empty or pd.isna(whole["share_inside"].iloc[0]):
        return ""
    share, area = percent(whole["share_inside"].iloc[0]), percent(whole["share_area"].iloc[0])
    return text("report.finding_ring", lang, share=share, area=area)


def _concentrated(concentration: pd.DataFrame, lang: str) -> str:
    whole = of_all(concentration)
    if whole.empty or pd.isna(whole["half_in_area"].iloc[0]):
        return ""
    return text("report.finding_concentration", lang, area=percent(whole["half_in_area"].iloc[0]))


def _different(overlap: pd.DataFrame, lang: str) -> str:
    known = overlap.dropna(subset="jaccard").sort_values("jaccard", kind="stable")
    both = [overlap[[f"class_{side}", f"hot_{side}_km2"]].set_axis(["name", "km2"], axis=1) for side in "ab"]
    hot = pd.concat(both, ignore_index=True).drop_duplicates("name").set_index("name")["km2"] > 0
    cold = [str(name) for name in hot.index[~hot]]
    said = text("report.finding_overlap_none", lang, names=listed(cold, lang)) if cold and hot.any() else ""
    if len(known) < 2:
        return text("report.finding_overlap_few", lang) + said if said else ""
    least, most = known.iloc[0], known.iloc[-1]
    if percent(least["jaccard"]) == percent(most["jaccard"]):
        return text("report.finding_overlap_alike", lang, n=percent(most["jaccard"])) + said
    compared = text(
        "report.finding_overlap",
        lang,
        least_a=least["class_a"],
        least_b=least["class_b"],
        least=percent(least["jaccard"]),
        most_a=most["class_a"],
        most_b=most["class_b"],
        most=percent(most["jaccard"]),
    )
    return compared + said


def _diverse(diversity: pd.DataFrame, lang: str) -> str:
    # Of ranges, which small counts are shown as, none reaches the least number.
    enough = pd.to_numeric(diversity["issues"], errors="coerce") >= _FEWEST
    known = diversity[(diversity["level"] == "district") & enough]
    known = known.dropna(subset="effective_classes")
    known = known.sort_values("effective_classes", kind="stable")
    if len(known) < 2:
        return ""
    least, most = known.iloc[0], known.iloc[-1]
    least_n, most_n = (f"{one['effective_classes']:.1f}" for one in (least, most))
    if least_n == most_n:
        return text("report.finding_diversity_alike", lang, n=most_n)
    return text(
        "report.finding_diversity",
        lang,
        most=most["zone"],
        most_n=most_n,
        least=least["zone"],
        least_n=least_n,
        main=least["main_class"],
        share=percent(least["main_share"]),
    )


SENTENCES: Mapping[str, Callable[[pd.DataFrame, str], str]] = {
    "ring": _overall,
    "concentration": _concentrated,
    "overlap": _different,
    "diversity": _diverse,
}
"""Name of a finding's table to its sentence, from the table and the language; empty where there is nothing to say."""
