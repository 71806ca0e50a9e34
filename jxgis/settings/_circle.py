"""``[circle]``: the kinds of facilities, the minutes, and what is to be sited."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from jxgis._toml import RuleError
from jxgis.settings._measures import Condition, Word
from jxgis.settings._option import Positive, Section, option

__all__ = ["CircleSettings", "KindSettings"]


class KindSettings(Section):
    """``[circle.kinds.ID]``: one kind of facility.

    Attributes
    ----------
    layer
        The layer that holds it.
    where
        The rows of the layer that count: column to `Condition`.
    label
        What it is called; the layer's name where not given.
    minutes
        The longest way, where it is not that of ``[circle]``.
    capacity
        Column of what each can take (places, beds); where given, siting does not count on more.
    people_per_place
        How many residents one of these is for.
    """

    layer: Word
    where: dict[str, Condition] = Field(default_factory=dict)
    label: str = ""
    minutes: Positive | None = None
    capacity: Word | None = None
    people_per_place: Positive = 1.0


class CircleSettings(Section):
    """``[circle]``: what is to be within a walk of housing."""

    minutes: Positive = option(15, "步行分钟", "minutes on foot")
    kinds: dict[str, KindSettings] = option(
        {},
        "设施种类；写出任何一项，就完全替换默认种类",
        "the kinds of facilities; any one written here replaces the default set",
        example={"primary": {"layer": "schools", "where": {"kind": "小学"}}},
    )
    site: str | None = option(
        None, "为哪一种设施选址（步行可达）", "the kind of facility that is to be sited, on foot", example="markets"
    )
    new_sites: Annotated[int, Field(ge=0)] = option(0, "建议新增几处", "how many new ones to propose")
    capacity: Positive | None = option(
        None,
        "每处新增设施能服务多少居民；不写则不限",
        "residents that a new one can serve; else no limit",
        example=5000,
    )

    @model_validator(mode="after")
    def _sited(self) -> CircleSettings:
        if self.new_sites and self.site is None:
            raise RuleError(
                zh="new_sites 大于 0 时要用 site 说明为哪一种设施选址",
                en="where new_sites is above 0, site must say for which kind",
            )
        return self
