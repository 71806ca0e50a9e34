"""The options of change over time."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from jxgis.settings._option import CityMetres, Section, option

__all__ = ["TRENDS", "CompareWith", "Step", "TrendSettings"]

CompareWith: TypeAlias = Literal["slice", "window", "cube"]
Step: TypeAlias = Literal["month", "quarter", "week"]


class TrendSettings(Section):
    """``[trends]``: into what time is cut, what a slice is compared with, and the level of the inference."""

    by: Step = option(
        "month", "时间按什么切分：month（月）、quarter（季）、week（周）", "into what time is cut: month, quarter, week"
    )
    compare_with: CompareWith = option(
        "slice",
        "每个时段的冷热与谁相比：slice（同一时段的全城，季节和巡查总量不影响）、window（这一时段和前几个时段）、cube（全部时段）",
        "what is hot in a slice is compared with: slice (the city in the same slice: season and the number of patrols do not "
        "count), window (it and the slices before), cube (all slices)",
    )
    window: Annotated[int, Field(ge=0, le=24)] = option(
        1, "window、cube 时，与前几个时段合并计数", "slices before that count with a slice, for window and cube"
    )
    classes: tuple[str, ...] | None = option(
        None,
        "分析哪些问题类别；默认为全部问题和每个类别，[] 为只分析全部问题",
        "the classes that are looked at beside all issues; else every class; [] for all issues alone",
        example=["市容环境"],
    )
    cell_m: CityMetres = option(200, "网格边长，米", "side of a cell, metres")
    band_m: CityMetres = option(500, "邻域半径，米", "radius of the neighbourhood, metres")
    alpha: Annotated[float, Field(gt=0, lt=1)] = option(
        0.05, "显著性水平（BH 校正后）", "level of significance, after the BH correction"
    )
    against: Literal["previous", "year_earlier"] = option(
        "previous",
        "两期怎样相比：previous（与紧接其前、一样长的一期）、year_earlier（与上年同期）",
        "what a period is compared with: previous (as long a period just before it), year_earlier (the same months a year "
        "earlier)",
    )
    batches: Literal["estimated", "none"] = option(
        "estimated",
        "两期相比、说一处新出现时，问题成批出现怎样计入：estimated（按数据估计）、none（每件各自独立，p 值精确）",
        "how cases that come in batches count where two periods are compared or a place is said to be new: estimated (from "
        "the data), none (each case by itself: p is exact)",
    )


#: The defaults.
TRENDS = TrendSettings()
