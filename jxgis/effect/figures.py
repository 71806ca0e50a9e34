"""The figure of an effect: the months of treated areas and controls, and each set's difference."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from jxgis.drawing.colours import BAND, CONTROL, FAINT, INK, SITE
from jxgis.drawing.figures import Figure, figure_style, mark_schematic, short_label
from jxgis.i18n import Sketch, text

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from jxgis.effect.windows import Windows

__all__ = ["effect_chart"]

_MOST = 20
"""Sets that are named one by one."""


def effect_chart(
    months: pd.DataFrame,
    sets: pd.DataFrame,
    windows: Windows,
    effect: tuple[float, float, float],
    *,
    lang: str = "zh",
    sketch: Sketch = False,
) -> Figure:
    """Cases a month as shares of the mean before, and what each treated area did beside its controls.

    Parameters
    ----------
    months
        ``month, cases_treated, cases_controls``; without rows they are not drawn, for some hold few cases.
    sets
        ``area_id, difference, weight``; those without a difference are not drawn (their number is said), and without
        weights all are of one size.
    windows
        The periods.
    effect
        The effect and the ends of its interval (NaN where there is none), relative.
    lang, sketch
        ``"zh"`` or ``"en"``; whether it is marked as schematic.

    Returns
    -------
    matplotlib.figure.Figure
    """
    with figure_style():
        if len(months):
            figure = Figure(figsize=(9.4, 4.2), layout="constrained")
            left, right = figure.subplots(1, 2, width_ratios=(1.5, 1))
            _draw_months(left, months, windows, lang)
        else:
            figure = Figure(figsize=(6.4, 4.2), layout="constrained")
            right = figure.subplots()
        notes = [] if len(months) else [text("effect.months_few", lang)]
        if unsaid := int(sets["difference"].isna().sum()):
            notes.append(text("effect.sets_unsaid", lang, n=unsaid, of=len(sets)))
        if notes:
            figure.supxlabel("\n".join(notes), fontsize=8, color=FAINT, linespacing=1.6)
        _draw_sets(right, sets, effect, lang)
        mark_schematic(figure, sketch=sketch, lang=lang)
    return figure


def _draw_months(ax: Axes, months: pd.DataFrame, windows: Windows, lang: str) -> None:
    month = pd.PeriodIndex(months["month"], freq="M").to_timestamp()
    before = (month >= windows.before[0]) & (month < windows.before[1])
    for name, stretch in (("before", windows.before), ("after", windows.after)):
        first, last = (_as_number(day) for day in stretch)
        ax.axvspan(first, last, color=BAND, zorder=0)
        ax.text(
            (first + last) / 2, 0.02, text(f"effect.period_{name}", lang),
            transform=ax.get_xaxis_transform(), ha="center", fontsize=8, color=FAINT,
        )  # fmt: skip
    for column, colour, key in (("cases_controls", CONTROL, "controls"), ("cases_treated", SITE, "treated")):
        count = months[column].to_numpy(dtype=np.float64)
        mean = count[before].mean() if before.any() else np.nan
        ax.plot(month, 100 * count / (mean or np.nan), color=colour, label=text(f"effect.line_{key}", lang))
    ax.axvline(_as_number(windows.after[0]), color=INK, linewidth=1.2, linestyle="--")
    ax.set_ylim(bottom=0)
    ax.set_ylabel(text("effect.index_axis", lang))
    ax.set_title(text("effect.months_title", lang), loc="left")
    ax.tick_params(axis="x", rotation=30)
    ax.legend(fontsize=8, loc="upper left")


def _draw_sets(ax: Axes, sets: pd.DataFrame, effect: tuple[float, float, float], lang: str) -> None:
    known = sets.assign(**{name: pd.to_numeric(sets[name]) for name in ("difference", "weight")})
    drawn = known.dropna(subset="difference").sort_values("difference", ascending=False, kind="stable")
    place = np.arange(len(drawn)) + 1
    value, low, high = (100 * each for each in effect)
    if np.isfinite(low):
        ax.axvspan(low, high, color=BAND, zorder=0, label=text("effect.interval", lang))
    ax.axvline(0, color=FAINT, linewidth=0.8)
    ax.axvline(value, color=SITE, linewidth=1.6, label=text("effect.mean", lang))
    ax.scatter(
        100 * drawn["difference"],
        place,
        s=20 + 300 * drawn["weight"].fillna(1 / len(sets)),
        color=SITE,
        alpha=0.6,
        edgecolors="white",
    )
    named = len(drawn) <= _MOST
    ax.set_yticks(place if named else [], [short_label(name) for name in drawn["area_id"]] if named else [])
    ax.set_xlabel(text("effect.difference_axis", lang))
    ax.set_title(text("effect.sets_title", lang), loc="left")
    ax.legend(fontsize=8, loc="upper center", bbox_to_anchor=(0.5, -0.18), ncols=2)


def _as_number(day: pd.Timestamp) -> float:
    """A day as axes of dates have it: days since 1970."""
    return (day - pd.Timestamp(0)) / pd.Timedelta(days=1)
