"""What the page says of proposed parks and of the target: which do not count, what is left, and why."""

from __future__ import annotations

import pandas as pd

from jxgis.bounds import at_least
from jxgis.i18n import MANY, few, text
from jxgis.report.columns import percent
from jxgis.zones import ALL

__all__ = ["siting_lines", "without_needless"]


def siting_lines(
    coverage: pd.DataFrame | None,
    sites: pd.DataFrame | None,
    targets: pd.DataFrame | None,
    spots: pd.DataFrame | None,
    target: float,
    lang: str,
) -> list[str]:
    """Sentences below the proposed parks.

    Parameters
    ----------
    coverage, sites, targets, spots
        The contract's, ``spots`` being the blind spots; without targets nothing was sited and nothing is said.
    target
        The coverage asked for, 0 to 1.
    lang
        ``"zh"`` or ``"en"``.

    Returns
    -------
    list of str

    Examples
    --------
    >>> targets = pd.DataFrame({"zone": ["老城", "all"], "coverage_before": [0.5, 0.8], "best": [0.5, 0.85],
    ...                         "needed": [0, 0], "no_site": ["no_plot_there", None],
    ...                         "reason": ["target_out_of_reach", "target_out_of_reach"]})
    >>> for line in siting_lines(None, None, targets, None, 0.9, "zh"): print(line)
    缺口所在的老城没有建议新公园：没有一块可建公园用地能服务到那里尚未覆盖的居住用地。
    可建公园用地全部建成，全域也只到 85.0 %，达不到 90 %。
    可建公园用地全部建成仍达不到 90 % 的片区：老城。
    """
    if targets is None or targets.empty:
        return []
    lines: list[str] = []
    if sites is not None and coverage is not None and "coverage_with_pocket" in coverage.columns:
        whole = coverage[(coverage["zone"] == ALL) & (coverage["method"] == "radius")].iloc[0]
        after, both = (percent(whole[name]) for name in ("coverage_after", "coverage_with_pocket"))
        lines.append(text("report.sites_pocket", lang, n=int((~sites["counts"]).sum()), after=after, both=both))
    zones, whole = targets[targets["zone"] != ALL], targets[targets["zone"] == ALL].iloc[0]
    short = zones[zones["coverage_before"].notna() & ~at_least(zones["coverage_before"].to_numpy(dtype=float), target)]
    for code, key in (("no_plot_there", "sites_none_there"), ("more_elsewhere", "sites_elsewhere")):
        some = short[short["no_site"] == code].sort_values("coverage_before", kind="stable")
        if len(some):
            lines.append(text(f"report.{key}", lang, zones=few(some["zone"], " 个片区", MANY).of(lang)))
    asked = f"{100 * target:g}"
    missed = targets[targets["reason"] == "target_missed"]
    out_of_reach = whole["reason"] == "target_out_of_reach"
    if out_of_reach:
        best = percent(whole["best"])
        lines.append(text("report.targets_whole_out", lang, best=best, target=asked))
    if len(missed):
        names = few(missed["zone"].replace(ALL, text("common.whole_area", lang)), " 个片区", MANY).of(lang)
        lines.append(text("report.targets_missed", lang, target=asked, n=int(whole["needed"]), zones=names))
    elif not out_of_reach:
        key = "lead" if whole["needed"] else "none"
        lines.append(text(f"report.targets_{key}", lang, target=asked, n=int(whole["needed"])))
    if spots is not None and len(spots) and "no_site" in spots.columns:
        worst = spots.sort_values("rank").iloc[0]
        if not pd.isna(worst["no_site"]):
            lines.insert(0, text(f"report.worst_{worst['no_site']}", lang, spot=worst["name"]))
    out = zones[zones["reason"] == "target_out_of_reach"]
    if len(out):
        lines.append(text("report.targets_out", lang, target=asked, zones=few(out["zone"], " 个片区", MANY).of(lang)))
    return lines


def without_needless(targets: pd.DataFrame) -> pd.DataFrame:
    """The targets without a reason for no new park where the target is held: nobody asks there.

    Examples
    --------
    >>> without_needless(pd.DataFrame({"no_site": ["no_plot_there"] * 2, "reason": ["target_held", None]}))["no_site"].tolist()
    [nan, 'no_plot_there']
    """
    return targets.assign(no_site=targets["no_site"].mask(targets["reason"] == "target_held"))
