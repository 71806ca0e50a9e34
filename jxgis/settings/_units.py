"""The options of units."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, ValidationInfo, model_validator

from jxgis._toml import RuleError
from jxgis.settings._option import CityMetres, NotNegative, Positive, Section, option

__all__ = ["UNITS", "BoundSettings", "UnitSettings"]


def _middle(target_km2: float | None, given: ValidationInfo) -> float:
    """The area that units aim at: the middle of the bounds where none is given; a bound that cannot be used is refused itself."""
    return sum(given.data.get(bound, 1) for bound in ("min_km2", "max_km2")) / 2 if target_km2 is None else target_km2


class BoundSettings(Section):
    """``[units.bounds.QUANTITY]``: how much of a quantity a unit holds, both ends included."""

    min: NotNegative | None = None
    max: Positive | None = None

    @model_validator(mode="after")
    def _order(self) -> BoundSettings:
        if self.min is None and self.max is None:
            raise RuleError(zh="请给出 min、max 或两者", en="give min, max or both")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise RuleError(
                zh=f"min（{self.min:g}）不能大于 max（{self.max:g}）",
                en=f"min ({self.min:g}) must not exceed max ({self.max:g})",
            )
        return self


class UnitSettings(Section):
    """``[units]``: the bounds, the target and the dials."""

    min_km2: Positive = option(2, "单元面积下限，平方公里", "least area of a unit, km²")
    max_km2: Positive = option(5, "单元面积上限，平方公里", "greatest area of a unit, km²")
    target_km2: Annotated[Positive, Field(validate_default=True), BeforeValidator(_middle)] = option(
        None, "目标面积，平方公里；默认为上下限的中间", "target area, km²; else the middle of the bounds", example=3
    )
    bounds: dict[str, BoundSettings] = option(
        {},
        "单元还须满足的上下限：people 人口、issues 问题数，或自有地块的数值列",
        "further bounds of a unit: people, issues, or a numeric column of your blocks",
        example={"people": {"min": 8000, "max": 30000}},
    )
    cell_m: CityMetres = option(
        200,
        "没有道路或地块时用的网格边长，米",
        "side of a cell where there are no streets or blocks, metres",
    )
    by_cells: bool = option(False, "有道路或地块时也按网格划分", "cells although there are streets or blocks")
    attributes: tuple[str, ...] | None = option(
        None,
        "单元内应相近的属性：自有地块的数值列，或由图层算出的列；不写则用全部",
        "to be alike in: columns of your blocks, or made of the layers (issues_per_km2, people_per_km2 …); else all",
        example=["issues_per_km2"],
    )
    weights: dict[str, NotNegative] = option(
        {}, "属性的权重，默认都是 1", "of attributes, 1 where not named", example={"issues_per_km2": 2}
    )
    compactness: NotNegative = option(0.05, "0.02 更均质，0.2 更紧凑", "0.02 more alike, 0.2 rounder")
    border_credit: NotNegative = option(
        0.05,
        "单元边界多大程度上顺着道路和水域；0 为不考虑",
        "how much borders are drawn to streets and waters; 0: not at all",
    )
    n_units: dict[str, Annotated[int, Field(ge=1)]] = option(
        {}, "指定某片区的单元数", "number of units of a district", example={"老城": 7}
    )
    subdistrict_max_units: Annotated[int, Field(ge=1)] | None = option(
        None,
        "一个街道（在一个片区内的部分）最多分属几个单元；需要街道边界",
        "among how many units a sub-district (its part in a district) may be parted; needs the sub-districts",
        example=3,
    )
    apart: tuple[tuple[str, str], ...] = option(
        (),
        "不得同在一个单元的两处：地名（places 图层的 name）或地块编号",
        "two places (name of the layer places) or blocks (block_id) that must not share a unit",
        example=[["火车站", "月河街区"]],
    )
    from_units: bool = option(
        False,
        "从 units 图层的现有（或改过的）单元出发，只改到满足上下限，换单元的人口最少；单元数不变，除非 n_units 另有指定",
        "start from the units of the layer units, of today or edited, and change only what the bounds need, moving the fewest "
        "people; as many units, unless n_units says otherwise",
    )
    exclaves: Literal["own", "attach"] = option(
        "own",
        "不足下限的飞地：own 自成单元、attach 并入最近单元",
        "an exclave below the minimum: own (a unit of its own), attach (it joins the nearest unit)",
    )
    mend_shapes: bool = option(
        True,
        "单元破碎、有窄颈或相互包围时，加大紧凑度重新划分",
        "search again, rounder, where units are ragged, narrow or round one another",
    )
    narrow_m: Positive = option(
        100,
        "单元窄于此的细颈和尾巴算窄处（尾巴须有它见方的一倍半大），米",
        "necks and spurs of units narrower than this count as narrow places (a spur of one and a half of its square), metres",
    )
    snap_m: NotNegative = option(
        1,
        "自有地块或改过的单元：不宽于此的缝隙和重叠视为画图误差，自动吸附，米",
        "gaps and overlaps of your blocks or edited units up to this width are snapped, metres",
    )
    prove: bool = option(
        False,
        "把每个片区与最优方案至多相差多少算得更紧（每个片区十几秒到几分钟；过大的仍用快算的上限）",
        "tighten by how much at most each district's plan is behind the best one (some seconds to some minutes a district; large ones keep the quick limit)",
    )
    alternatives: bool = option(
        True, "另算四个方案，看每条边界有多稳定", "four further plans say how stable each border is"
    )
    seed: Annotated[int, Field(ge=0)] = option(
        0, "随机种子：相同种子得到相同结果", "the same seed gives the same units"
    )

    @model_validator(mode="after")
    def _bounds(self) -> UnitSettings:
        if not self.min_km2 < self.max_km2:
            raise RuleError(
                zh=f"min_km2（{self.min_km2:g}）须小于 max_km2（{self.max_km2:g}）",
                en=f"min_km2 ({self.min_km2:g}) must be less than max_km2 ({self.max_km2:g})",
            )
        if not self.min_km2 <= self.target_km2 <= self.max_km2:
            raise RuleError(
                zh=f"target_km2（{self.target_km2:g}）须在 {self.min_km2:g} 与 {self.max_km2:g} 之间",
                en=f"target_km2 ({self.target_km2:g}) must lie between {self.min_km2:g} and {self.max_km2:g}",
            )
        return self


UNITS = UnitSettings()
