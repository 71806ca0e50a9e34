"""The plan's four findings (总体性, 集中性, 差异性, 多样性), a sentence each."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pandas as pd

from jxgis.i18n import MANY, few, text
from jxgis.report.blocks import of_all
from jxgis.report.columns import percent
from jxgis.statistics.shares import MIN_CASES

__all__ = ["SENTENCES"]


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
    said = (
        text("report.finding_overlap_none", lang, names=few(cold, " 类", MANY).of(lang)) if cold and hot.any() else ""
    )
    if len(known) < 2:
        return text("report.finding_overlap_few", lang) + said if said else ""
    least, most = known.iloc[0], known.iloc[-1]
    if percent(least["jaccard"]) == percent(most["jaccard"]):
        return text("report.finding_overlap_alike", lang, n=percent(most["jaccard"])) + said
    pairs = [
        text("report.finding_pair", lang, a=a, b=b) for a, b in zip(known["class_a"], known["class_b"], strict=True)
    ]
    shares = [percent(share) for share in known["jaccard"]]
    compared = text(
        "report.finding_overlap",
        lang,
        least=shares[0],
        least_pairs=_all_of(shares[0], shares, pairs, " 对", lang),
        most=shares[-1],
        most_pairs=_all_of(shares[-1], shares, pairs, " 对", lang),
    )
    return compared + said


def _all_of(figure: str, figures: list[str], names: list[str], measure: str, lang: str) -> str:
    """All that have a figure as it reads: to name one of several equals would set it apart."""
    found = [name for name, one in zip(names, figures, strict=True) if one == figure]
    return few(found, measure).of(lang)


def _diverse(diversity: pd.DataFrame, lang: str) -> str:
    # Of ranges, which small counts are shown as, none reaches the least number.
    enough = pd.to_numeric(diversity["issues"], errors="coerce") >= MIN_CASES
    known = diversity[(diversity["level"] == "district") & enough]
    known = known.dropna(subset="effective_classes")
    known = known.sort_values("effective_classes", kind="stable")
    if len(known) < 2:
        return "" if diversity.empty else text("report.finding_diversity_few", lang, fewest=MIN_CASES)
    numbers = [f"{n:.1f}" for n in known["effective_classes"]]
    least_n, most_n = numbers[0], numbers[-1]
    if least_n == most_n:
        return text("report.finding_diversity_alike", lang, n=most_n, fewest=MIN_CASES)
    least, most = (_all_of(n, numbers, [*map(str, known["zone"])], " 个片区", lang) for n in (least_n, most_n))
    said = {"least": least, "least_n": least_n, "most": most, "most_n": most_n, "fewest": MIN_CASES}
    if numbers.count(least_n) > 1:
        return text("report.finding_diversity_several", lang, **said)
    main, share = known["main_class"].iloc[0], percent(known["main_share"].iloc[0])
    return text("report.finding_diversity", lang, main=main, share=share, **said)


SENTENCES: Mapping[str, Callable[[pd.DataFrame, str], str]] = {
    "ring": _overall,
    "concentration": _concentrated,
    "overlap": _different,
    "diversity": _diverse,
}
"""Name of a finding's table to its sentence, from the table and the language; empty where there is nothing to say."""
