"""What a reader must know before the figure is believed: what is not said and why, and what speaks against it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from jxgis.effect.areas import shared_ground
from jxgis.effect.typical import LEAST_SETS
from jxgis.i18n import Text, few, text_pair
from jxgis.period_words import days_said, gap_lines

if TYPE_CHECKING:
    from jxgis.effect.result import EffectResult

__all__ = ["reason_of", "share_said", "warnings_of"]

_UNLIKE = 1.5
"""Treated areas with this many times the cases of their controls, or that fraction, are not like them."""
_COVERS = 0.9
"""Placebo intervals that hold zero less often than this do not hold what they say: of 200, less than one in 1,000."""
_DRIFTS = 0.01
"""A chance of the untreated areas' drift below which it is said."""


def reason_of(result: EffectResult) -> Text | None:
    """Why there is no interval; None where there is one."""
    sets, least = len(result.sets), LEAST_SETS
    return text_pair("effect.few_sets", n=sets, least=least) if sets < least else None


def warnings_of(result: EffectResult) -> list[Text]:
    """What speaks against taking the figure as it stands, the weightiest first.

    Parameters
    ----------
    result
        What was found.
    """
    placebo, sources = result.placebo, result.sources
    shown = ["source", "treated_share_before", "treated_share_after", "controls_share_before", "controls_share_after"]
    moved = sources.loc[sources["warns"].astype(bool), shown].to_dict("records")
    shares = [{name: v if name == "source" else f"{100 * v:.0f}" for name, v in row.items()} for row in moved]
    found = [reason for reason in (reason_of(result),) if reason is not None]
    found += [text_pair("effect.warn_source", **{str(name): value for name, value in row.items()}) for row in shares]
    clear = placebo[(placebo["placebo"] == "date") & ((placebo["low"] > 0) | (placebo["high"] < 0))]
    found += [
        text_pair("effect.warn_date", at=at, effect=share_said(effect))
        for at, effect in clear[["at", "effect"]].to_numpy()
    ]
    found += [
        text_pair("effect.warn_places", covers=f"{100 * covers:.0f}", n=int(programmes))
        for covers, programmes in placebo.loc[placebo["covers"] < _COVERS, ["covers", "programmes"]].to_numpy()
    ]
    if result.compared.drift_p < _DRIFTS:
        found.append(text_pair("effect.warn_drift"))
    return [*found, *_of_periods(result), *_of_areas(result)]


def _of_periods(result: EffectResult) -> list[Text]:
    windows, found = result.windows, list[Text]()
    if not windows.same_season:
        found.append(
            text_pair("effect.warn_season", before=days_said(*windows.before), after=days_said(*windows.after))
        )
    if windows.left_out:
        stretches = [days_said(*stretch) for stretch in windows.left_out]
        found.append(text_pair("report.change_left_out", stretches=stretches, gaps=gap_lines(windows.gaps)))
    if windows.history is None:
        found.append(text_pair("effect.no_trend"))
    return found


def _of_areas(result: EffectResult) -> list[Text]:
    sets, areas, found = result.compared.sets, result.areas, list[Text]()
    times = float(np.exp((sets["weight"] * (sets["level"] - sets["level_controls"])).sum()))
    if not 1 / _UNLIKE <= times <= _UNLIKE:
        found.append(text_pair("effect.warn_level", times=f"{times:.2g}"))
    shared = ["–".join(map(str, areas["area_id"].iloc[[one, other]])) for one, other in shared_ground(areas)]
    if shared:
        found.append(text_pair("effect.warn_shared", names=few(shared)))
    apart = areas[(areas["role"] == "treated") & ~areas["area_id"].isin(result.sets["area_id"])]
    for reason in apart["reason"].dropna().unique():
        names = apart.loc[apart["reason"] == reason, "area_id"].tolist()
        found.append(text_pair("effect.left_out_areas", names=names, why=text_pair(f"reasons.{reason}")))
    near, metres = int((areas["role"] == "near").sum()), result.given.settings.effect.spill_m
    if near:
        found.append(text_pair("effect.near_said", n=near, metres=f"{metres:g}"))
    elif not metres:
        found.append(text_pair("effect.spill_said"))
    return found


def share_said(value: float) -> str:
    """A relative change with its sign.

    Examples
    --------
    >>> share_said(-0.183), share_said(0.0404)
    ('−18.3 %', '+4.0 %')
    """
    return f"{100 * value:+.1f} %".replace("-", "−")
