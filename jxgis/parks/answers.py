"""What planners are asked of parks, as one line of reasoning: from the deficit to the proposed sites to what is left."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from jxgis.bounds import at_least
from jxgis.i18n import MANY, few, sentences, text
from jxgis.report.blocks import Answer
from jxgis.report.columns import percent, write_value
from jxgis.zones import ALL

__all__ = ["digits_below", "park_answers"]


def park_answers(
    tables: Mapping[str, pd.DataFrame], target: float, lang: str, *, planned: float | None = None
) -> list[Answer]:
    """Whether there are parks enough and where they are missing; where to build, what that brings, what is still missing.

    Parameters
    ----------
    tables
        The contract's ``coverage`` and, where parks were proposed, ``sites`` and ``targets``.
    target
        The coverage asked for, 0 to 1.
    lang
        ``"zh"`` or ``"en"``.
    planned
        Coverage of the whole with the user's plan and before any proposed site, where there are both.

    Returns
    -------
    list of Answer
        None where no coverage is known.

    Examples
    --------
    >>> coverage = pd.DataFrame({"zone": ["老城", "大桥", "all"], "method": "radius", "coverage": [0.95, 0.7, 0.85],
    ...                          "residential_m2": [6e6, 4e6, 1e7], "served_m2": [5.7e6, 2.8e6, 8.5e6]})
    >>> print(park_answers({"coverage": coverage}, 0.9, "zh")[0].words)
    全域服务半径覆盖率 85.0 %，距目标 90 % 差 5.0 个百分点，未覆盖居住用地 150 公顷。低于目标的有大桥（70.0 %）。
    """
    rows = tables["coverage"]
    method = "radius" if (rows["method"] == "radius").any() else "walking"
    own = rows[rows["method"] == method].drop_duplicates("zone").set_index("zone")
    coverage = pd.to_numeric(own["coverage"], errors="coerce")
    now = float(coverage.get(ALL, np.nan))
    if not np.isfinite(now):
        return []
    asked, digits = f"{100 * target:g} %", digits_below(now, target)
    gap = f"{100 * (target - now):.{digits}f}"
    city = text(
        "answers.parks_city",
        lang,
        value=percent(now, digits),
        met=text(f"answers.parks_{'held' if at_least(now, target) else 'short'}", lang, target=asked, gap=gap),
        hectares=_hectares((own["residential_m2"] - own["served_m2"])[ALL]),
    )
    below = _below(coverage, target)
    missing = text("answers.parks_below", lang, zones=_with_shares(below, lang)) if len(below) else ""
    found = [Answer(text("answers.parks", lang), sentences([city, missing], lang))]
    sites = tables.get("sites")
    if sites is not None and len(sites) and "coverage_after" in own.columns:
        after = pd.to_numeric(own["coverage_after"], errors="coerce")
        reached = [now if planned is None else planned, float(after[ALL])]
        if "coverage_with_pocket" in own.columns:
            reached.append(float(own["coverage_with_pocket"][ALL]))
        proposed = _proposed(sites, reached, float(own["residential_m2"][ALL]), lang, planned=planned is not None)
        said = [*proposed, *_left(after, tables.get("targets"), target, lang)]
        found.append(Answer(text("answers.sites", lang), sentences(said, lang)))
    return found


def digits_below(share: float, target: float) -> int:
    """As many decimals of a percentage as tell a share that just misses its target from the target.

    Examples
    --------
    >>> digits_below(0.85, 0.9), digits_below(0.8996, 0.9), digits_below(0.9, 0.9)
    (1, 2, 1)
    """
    if at_least(share, target):
        return 1
    return next((digits for digits in (1, 2, 3) if round(100 * share, digits) < 100 * target), 4)


def _proposed(sites: pd.DataFrame, reached: list[float], m2: float, lang: str, *, planned: bool) -> list[str]:
    """Where parks are proposed and what they bring, as measured: coverage before them, with those that the standard counts, and
    with all; people of all together, for what two of them serve is counted of the first alone.
    """
    counted = sites["counts"].astype(bool) if "counts" in sites.columns else pd.Series(data=True, index=sites.index)
    where = sites["zone"].value_counts(sort=False)
    gains = [text("answers.sites_hectares", lang, n=_hectares(gain * m2)) for gain in np.diff(reached)]
    people = None
    if "gain_people" in sites.columns and sites["gain_people"].notna().any():
        people = write_value(sites["gain_people"].sum(), "number", lang)
    said = text(
        "answers.sites_said",
        lang,
        n=len(sites),
        where=few((text("answers.sites_where", lang, zone=zone, n=n) for zone, n in where.items()), " 个片区", MANY).of(
            lang
        ),
        gain=gains[0] + (text("answers.sites_people", lang, n=people) if people and counted.all() else ""),
        before=text(f"answers.sites_{'planned' if planned else 'from'}", lang, share=percent(reached[0])),
        after=percent(reached[1]),
    )
    if counted.all():
        return [said]
    pocket = text("answers.sites_pocket", lang, n=int((~counted).sum()), gain=gains[1])
    return [said, pocket, *([text("answers.sites_all_people", lang, all=len(sites), n=people)] if people else [])]


def _left(after: pd.Series, targets: pd.DataFrame | None, target: float, lang: str) -> list[str]:
    """Which zones are short of the target with the proposed parks, and which would be with every plot built."""
    asked, short = f"{100 * target:g} %", _below(after, target)
    if short.empty:
        return [text("answers.sites_all", lang, target=asked)]
    left = text("answers.sites_short", lang, target=asked, zones=_with_shares(short, lang))
    if targets is None:
        return [left]
    out = [zone for zone in targets.loc[targets["reason"] == "target_out_of_reach", "zone"] if zone != ALL]
    return [left, *([text("answers.sites_out", lang, zones=few(out, " 个片区", MANY).of(lang))] if out else [])]


def _below(coverage: pd.Series, target: float) -> pd.Series:
    """The zones that are short of the target, the lowest first."""
    known = coverage.drop(index=ALL).dropna()
    return known[~at_least(known.to_numpy(dtype=np.float64), target)].sort_values(kind="stable")


def _with_shares(coverage: pd.Series, lang: str) -> str:
    brackets = "{} ({})" if lang == "en" else "{}（{}）"
    return few((brackets.format(zone, percent(value)) for zone, value in coverage.items()), " 个片区", MANY).of(lang)


def _hectares(m2: float) -> str:
    return write_value(m2 / 1e4, "number", "zh", 1 if m2 < 1e6 else 0)
