"""How a figure of the scorecard is written for people: with the digits and the unit of its target."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from jxgis.i18n import text
from jxgis.report.columns import write_value

if TYPE_CHECKING:
    from jxgis.schema.columns import Writing
    from jxgis.scorecard.targets import PlanTarget

__all__ = ["said_gap", "said_target", "said_value"]

_SIGNS = {"at_least": "≥", "at_most": "≤", "below": "<"}
"""How each direction is written before its target."""


def said_value(value: float, target: PlanTarget, lang: str, *, unit: bool = True) -> str:
    """A value, or a dash: a count whole where it is whole, a percentage with one digit, others with two.

    Examples
    --------
    >>> from jxgis.scorecard.targets import load_plan
    >>> by_id = {target.id: target for target in load_plan().targets}
    >>> said_value(97.96, by_id["road_condition"], "zh"), said_value(8.0, by_id["gas_pipes_renewed"], "zh")
    ('98.0 %', '8 公里')
    """
    if np.isnan(value):
        return "—"
    writing: Writing = "quantity" if target.count and not target.in_percent else "number"
    tail = f" {target.unit_of(lang)}" if unit and target.unit_of(lang) else ""
    return write_value(value, writing, lang, 1 if target.in_percent else 2) + tail


def said_gap(value: float, target: PlanTarget, lang: str) -> str:
    """How far a value is beyond its target, below 0 where it falls short: of a percentage in points.

    Examples
    --------
    >>> from jxgis.scorecard.targets import load_plan
    >>> by_id = {target.id: target for target in load_plan().targets}
    >>> said_gap(-3.04, by_id["road_condition"], "zh"), said_gap(-13.0, by_id["gas_pipes_renewed"], "zh")
    ('−3.0 个百分点', '−13 公里')
    """
    if np.isnan(value) or not target.in_percent:
        return said_value(value, target, lang)
    return text("scorecard.points", lang, value=said_value(value, target, lang, unit=False))


def said_target(value: float, target: PlanTarget, lang: str, *, unit: bool = True) -> str:
    """A target with its direction, or a dash.

    Examples
    --------
    >>> from jxgis.scorecard.targets import load_plan
    >>> leak = next(target for target in load_plan().targets if target.id == "water_leakage")
    >>> said_target(6.0, leak, "zh"), said_target(float("nan"), leak, "zh")
    ('< 6 %', '—')
    """
    if np.isnan(value):
        return "—"
    tail = f" {target.unit_of(lang)}" if unit and target.unit_of(lang) else ""
    return text("scorecard.target", lang, sign=_SIGNS[target.direction], value=f"{value:g}") + tail
