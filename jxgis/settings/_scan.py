"""The options of the scan statistic."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from jxgis._toml import RuleError
from jxgis.settings._option import CityMetres, Section, option

__all__ = ["SCAN", "ScanSettings"]


class ScanSettings(Section):
    """``[scan]``: which windows are looked at in space and time, against what, and how often chance is asked."""

    scans: Annotated[tuple[Literal["space", "space_time"], ...], Field(min_length=1)] = option(
        ("space", "space_time"),
        "扫描什么：space（哪里比暴露量所能解释的多）、space_time（哪里从何时起比它自己平常多）",
        "what is scanned for: space (where there is more than the exposure explains), space_time (where there is more than "
        "the place's own usual, and since when)",
    )
    classes: tuple[str, ...] | None = option(
        None,
        "扫描哪些问题类别；默认为全部问题和每个类别，[] 为只扫描全部问题",
        "the classes that are scanned beside all issues; else every class; [] for all issues alone",
        example=["市容环境"],
    )
    cell_m: CityMetres = option(200, "网格边长，米", "side of a cell, metres")
    radius_max_m: CityMetres = option(
        1500,
        "聚集区的最大半径（椭圆为长半轴），米",
        "the largest radius of a cluster (of an ellipse half its long axis), metres",
    )
    max_share: Annotated[float, Field(gt=0, le=0.5)] = option(
        0.1, "聚集区最多占多大份额的暴露量", "the largest share of the exposure that a cluster holds"
    )
    shapes: Annotated[tuple[Annotated[float, Field(ge=1, le=10)], ...], Field(min_length=1)] = option(
        (1.0,),
        "窗口的长短轴之比：1 为圆，再加 2、3 等为椭圆（较慢）",
        "long over short axis of the windows: 1 for circles; 2, 3 and so on add ellipses, which take longer",
        example=[1, 2, 3],
    )
    penalty: Annotated[float, Field(ge=0, le=1)] = option(
        0.5,
        "细长窗口压低多少：0 不压低，0.5 适中，1 很多",
        "how much long windows are held back: 0 not at all, 0.5 moderately, 1 strongly",
    )
    against: Literal["auto", "layer", "land"] = option(
        "auto",
        "问题数与什么相比：layer（暴露量图层，如人口）、land（用地面积）；auto 为有图层就用图层",
        "what issues are set against: layer (the exposure, such as people), land (ground); auto: the layer where there is one",
    )
    model: Literal["permutation", "poisson"] = option(
        "permutation",
        "时空扫描与什么相比：permutation（该处自己的总数和全市的时间变化）、poisson（暴露量乘以时间）",
        "what space_time is set against: permutation (the place's own total and the city's course), poisson (exposure times time)",
    )
    slices: Literal["month", "week"] = option(
        "month", "时间按 month（月）还是 week（周）切分", "slices of time: month or week"
    )
    longest: Annotated[int, Field(ge=1, le=120)] = option(
        12,
        "聚集最长持续多少个月（周），不超过全部时间的一半",
        "how many slices a cluster lasts at most; never more than half of all",
    )
    recent: bool = option(
        True,
        "只找持续到最后一个月（周）、现在还在的聚集；false 逐段都试，慢得多",
        "only clusters that last to the last slice, and so are there still; false tries every stretch, far slower",
    )
    replicates: Annotated[int, Field(ge=19, le=9999)] = option(
        99, "随机模拟多少次；999 更准", "how many maps are drawn by chance; 999 is more precise"
    )
    seed: Annotated[int, Field(ge=0)] = option(0, "随机模拟的种子", "seed of what is drawn")
    alpha: Annotated[float, Field(gt=0, lt=1)] = option(0.05, "显著性水平", "level of significance")

    @model_validator(mode="after")
    def _enough(self) -> ScanSettings:
        if (self.replicates + 1) * self.alpha < 1:
            least = int(-(-1 // self.alpha)) - 1
            raise RuleError(
                zh=f"replicates = {self.replicates} 时 p 最小为 1/{self.replicates + 1}，到不了 alpha = {self.alpha:g}；"
                f"replicates 至少 {least}",
                en=f"with replicates = {self.replicates} no p is below 1/{self.replicates + 1}, which is above alpha = "
                f"{self.alpha:g}; replicates must be at least {least}",
            )
        return self


#: The defaults.
SCAN = ScanSettings()
