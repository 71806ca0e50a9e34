"""What a figure that nobody has would need, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jxgis.city import layer_title
from jxgis.i18n import listed, text
from jxgis.indicators.measures import layers_of

if TYPE_CHECKING:
    from jxgis.city import City
    from jxgis.scorecard.targets import PlanTarget

__all__ = ["needs_of"]

#: The figure is there: what is missing is the target.
_AIMLESS = ("city_target_only", "no_target_for_year")


def needs_of(target: PlanTarget, reason: str, city: City | None, lang: str) -> str:
    """What a target needs where it cannot be judged: layers, what people bring, or a target of the zone's own.

    Parameters
    ----------
    target
        The target.
    reason
        Code of why it cannot be judged.
    city
        What it calls its layers.
    lang
        ``"zh"`` or ``"en"``.

    Examples
    --------
    >>> from jxgis.scorecard.targets import load_plan
    >>> gas = next(target for target in load_plan().targets if target.id == "gas_coverage")
    >>> needs_of(gas, "to_be_brought", None, "zh")
    '填报：使用燃气的居民户数 ÷ 居民总户数'
    """
    if reason in _AIMLESS:
        return text("scorecard.needs_target", lang)
    filled = text("scorecard.needs_values", lang, what=target.over(lang))
    layers = layers_of(target.measures)
    if not layers or reason not in ("no_layer", "no_column"):
        return filled
    names = listed([layer_title(city)(layer).of(lang) for layer in layers], lang)
    columns = [c for way in target.measures for c in (*way.where, *way.hit, way.column, way.over) if c]
    key = "needs_columns" if reason == "no_column" and columns else "needs_layers"
    return text(f"scorecard.{key}", lang, layers=names, columns=listed(dict.fromkeys(columns), lang), filled=filled)
