"""The options of the parts and of the report."""

from __future__ import annotations

import os
from datetime import datetime
from typing import Annotated, Literal, TypeAlias

from pydantic import Field, model_validator

from jxgis._toml import MONTH_DAY, RuleError
from jxgis.schema.layers import zone_layers
from jxgis.settings._measures import MeasureSettings
from jxgis.settings._option import CityMetres, Finite, NotNegative, Positive, Section, Share, option

__all__ = [
    "ALLOCATE",
    "CLUSTERS",
    "EFFECT",
    "HOTSPOTS",
    "PARKS",
    "REPORT",
    "SCORECARD",
    "SCORING",
    "WEAK",
    "AllocateSettings",
    "ClusterMethod",
    "ClusterSettings",
    "Controls",
    "CycleSettings",
    "Decay",
    "EffectSettings",
    "Exposure",
    "Family",
    "HotspotSettings",
    "IndicatorSettings",
    "ParkSettings",
    "Reference",
    "ReportSettings",
    "ScorecardSettings",
    "ScoringSettings",
    "WeakSettings",
    "Weighing",
]

ClusterMethod: TypeAlias = Literal["dbscan", "hdbscan"]
Controls: TypeAlias = Literal["auto", "units", "subdistricts", "districts", "cells"]
Decay: TypeAlias = Literal["gaussian", "linear", "none"]
Exposure: TypeAlias = Literal["km2", "street_km", "people"]
Family: TypeAlias = Literal["class", "all"]
Reference: TypeAlias = Literal["kind", "city"]
Weighing: TypeAlias = Literal["expert", "equal", "ahp", "entropy", "critic"]


class HotspotSettings(Section):
    """``[hotspots]``: cells, band and the level of the inference."""

    cell_m: CityMetres = option(200, "网格边长，米", "side of a cell, metres")
    band_m: CityMetres = option(500, "邻域半径，米", "radius of the neighbourhood, metres")
    alpha: Annotated[float, Field(gt=0, lt=1)] = option(
        0.05, "显著性水平（BH 校正后）", "level of significance, after the BH correction"
    )
    family: Family = option(
        "class",
        "在哪个范围内控制误报：class（每一类各自）、all（全部类别合并）",
        "over which tests the level holds: class (each class), all (all classes together)",
    )
    min_issues: Annotated[int, Field(ge=0)] = option(
        30, "问题少于此数的类别不判断冷热", "classes with fewer issues are not judged"
    )
    classes: tuple[str, ...] | None = option(
        None,
        "分析哪些类别，按此顺序；默认为城市的分类，没有时为数据里的分类",
        "the classes, in this order; else the city's, or those of the issues",
        example=["市容环境", "街面秩序"],
    )
    name_field: str | None = option(
        None,
        "附近没有地名和道路时，用问题表的哪一列给热点起名；默认为 community、社区等",
        "column of the issues that names a place where no place or street is near; else community, 社区 …",
        example="社区",
    )
    strata: str | None = option(
        None,
        "只与同类的格比较：分层图层的名称，同名（没有 name 列时同 kind）的面为一层，计数只在层内随机重排；不写则与全市比较",
        "compare cells among their like: the layer of strata, polygons of one name (without that column, of one kind) being "
        "one, within which counts are dealt; else over the whole city",
        example="land_use",
    )
    bandwidth_m: CityMetres = option(500, "密度图的带宽，米", "radius of the density's kernel, metres")
    density_cell_m: CityMetres = option(100, "密度图的像元边长，米", "side of a cell of the density rasters, metres")


class ParkSettings(Section):
    """``[parks]``: the standard, the walk, what the land is, and what if."""

    standard: str = option(
        "garden-city-2022",
        "服务半径标准：garden-city-2022、gbt50563-2010、gbt51346-2019",
        "the standard of service radii: garden-city-2022, gbt50563-2010, gbt51346-2019",
    )
    denominator: Literal["residential", "built_up"] | None = option(
        None,
        "分母改为建成区（[inputs.built_up] 的面）；默认用标准自己的分母",
        "of built-up land (polygons of [inputs.built_up]); else the standard's own",
        example="built_up",
    )
    minutes: Positive = option(10, "步行分钟", "minutes on foot")
    speed_m_per_min: Positive = option(75, "步速，米/分钟", "walking speed, metres a minute")
    merge_gap_m: NotNegative = option(
        20, "同名宗地相距不超过此数算一座公园，米", "parcels of one name within this are one park, metres"
    )
    sample_m: Positive = option(25, "居住用地样点间距，米", "spacing of sample points in housing, metres")
    max_snap_m: Positive = option(
        200, "样点、出入口到道路的最远距离，米", "longest way from a point or gate to a street, metres"
    )
    entry_m: Positive = option(
        20, "距公园边不超过此数的道路可进园，米", "a street within this of a park's edge leads into it, metres"
    )
    isochrones_min: tuple[Positive, ...] = option(
        (5, 10, 15),
        "地图上画出步行多少分钟以内的范围",
        "minutes on foot within which the map draws the ground near parks",
    )
    catchment_m: Positive = option(
        1000,
        "人均可达公园面积（2SFCA）的搜索距离，米",
        "how far people go, for the park area that they reach (2SFCA), metres",
    )
    decay: Decay = option("gaussian", "随距离衰减：gaussian、linear、none", "how that fades: gaussian, linear, none")
    new_parks: Annotated[int, Field(ge=0)] = option(0, "建议新增的公园数", "how many new parks to propose")
    objective: Literal["area", "people"] = option(
        "area",
        "新公园优先服务的：area 居住用地面积、people 人口",
        "what new parks serve most of: area (of housing), people",
    )
    radii_m: tuple[Positive, ...] = option(
        (200, 300, 400, 500),
        "新公园的服务半径换成这些再选一次，看选址是否随之改变，米",
        "radii of new parks that are tried, to see how the sites hang on them, metres",
    )
    target: Annotated[float, Field(gt=0, le=1)] = option(
        0.9,
        "目标覆盖率：按取样点求达标最少的新增公园，地图按它分级",
        "coverage to reach with the fewest parks by sample points; the map's classes follow it",
    )
    close: tuple[str, ...] = option(
        (), "方案：关闭的公园，编号或名称", "a plan: parks that close, by id or name", example=["某公园"]
    )


class IndicatorSettings(Section):
    """``[scoring.indicators.ID]``: one indicator against fixed references, all in its ``unit`` (for people).

    ``measures`` are the ways to measure it, the first that the layers allow; those of the default set where none is given;
    ``over`` says what numerator and denominator are. ``fixed``: no upkeep changes it, so that improving it is not
    proposed.
    """

    dimension: str
    label: str = ""
    unit: str = ""
    over: str = ""
    weight: Positive
    target: Positive | None = None
    low: Finite | None = None
    high: Finite | None = None
    measures: tuple[MeasureSettings, ...] = ()
    fixed: bool | None = None

    @model_validator(mode="after")
    def _kind(self) -> IndicatorSettings:
        benefit = self.target is not None
        cost = self.low is not None and self.high is not None and self.low < self.high
        if benefit == cost or (benefit and (self.low, self.high) != (None, None)):
            raise RuleError(
                zh="请给出 target（正向），或给出 low < high（负向），二者取一",
                en="give either target (benefit), or low < high (cost)",
            )
        return self


Count: TypeAlias = Annotated[int, Field(ge=0)]


class ScoringSettings(Section):
    """``[scoring]``: the weights and, where given, the indicators that replace the default set."""

    weights: Weighing = option(
        "expert", "权重：expert、equal、ahp、entropy 或 critic", "weights: expert, equal, ahp, entropy or critic"
    )
    min_completeness: Share = option(
        0.7, "数据完整度低于此数的候选不排名", "candidates with less of their data have no rank"
    )
    indicators: dict[str, IndicatorSettings] = option(
        {},
        "写出任何一项，就完全替换默认指标",
        "any one written here replaces the default set",
        example={"park_coverage": {"dimension": "基础条件", "weight": 0.1, "target": 90, "unit": "%"}},
    )
    column_units: dict[str, Literal["percent", "fraction"]] = option(
        {},
        "候选单元自带的百分比列：percent（85）或 fraction（0.85，自动乘以 100）",
        "columns of the candidates for indicators in %: percent (85), or fraction (0.85, taken times 100)",
        example={"shaded_streets": "fraction"},
    )
    judgements: dict[str, dict[str, Positive]] = option(
        {},
        "ahp 的两两比较：行比列重要多少倍",
        "of ahp: how many times as important the row is as the column",
        example={"基础条件": {"管理绩效": 2}},
    )
    top: Annotated[int, Field(ge=1)] | None = option(
        None,
        "入围：排名在前几名以内；默认为城市配置中每年至少命名的个数，没有时为 3",
        "near the top: within so many places; else what the profile names a year, else 3",
        example=3,
    )
    weightings: Annotated[int, Field(ge=100, le=100_000)] = option(
        10_000, "入围比例随机抽取多少组权重", "how many weightings acceptability is found by"
    )
    concentration: Annotated[float, Field(ge=1, le=1_000_000)] | None = option(
        None,
        "围绕所用权重抽取时的集中度（狄利克雷分布），越大越靠近；默认在所有权重中均匀抽取",
        "to draw weightings around the weights in use (Dirichlet), the closer the larger; else evenly among all",
        example=50,
    )
    seed: Annotated[int, Field(ge=0)] = option(
        0, "随机种子：相同种子得到相同结果", "the same seed gives the same figures"
    )
    cards: Count = option(
        200,
        "最多为多少个候选单元制作单页评分卡，从第一名起；0 为不做",
        "how many candidates get a one-page card at most, the best first; 0: none",
    )


Year: TypeAlias = Annotated[int, Field(ge=1900, le=2200)]


class AllocateSettings(Section):
    """``[allocate]``: the years, and the rules of the choice; those of the city's profile where not given."""

    years: tuple[Year, ...] = option(
        (),
        "规划的年份；不写则用城市配置",
        "the years of the programme; else those of the profile",
        example=[2024, 2025, 2026, 2027],
    )
    this_year: Year | None = option(
        None,
        "从哪一年起还可以安排；更早的年份只计已命名的单元。默认为第一年",
        "the first year that can still be decided; earlier ones count what is named. Else the first of the years",
        example=2026,
    )
    by: dict[Year, Count] = option(
        {},
        "到某年底累计不少于几个；不写则用城市配置",
        "at least so many by the end of a year; else the profile's",
        example={"2027": 15},
    )
    each_area: Count | None = option(
        None,
        "各区每年不少于几个；不写则用城市配置",
        "at least so many of each area a year; else the profile's",
        example=1,
    )
    each_year: Count | None = option(
        None, "每年不少于几个；不写则用城市配置", "at least so many a year; else the profile's", example=3
    )
    number: dict[Year, Count] = option({}, "某年正好几个", "exactly so many in a year", example={"2026": 4, "2027": 5})
    total: Count | None = option(
        None,
        "合计不超过几个；默认为各项下限所要求的个数",
        "at most so many in all; else as many as the lower bounds ask for",
        example=15,
    )
    each_type: Count | None = option(
        None,
        "每种类型（候选单元中有的）合计不少于几个；不写则用城市配置",
        "at least so many of each type that candidates have; else the profile's",
        example=1,
    )
    district_most: Annotated[int, Field(ge=1)] | None = option(
        None,
        "同一片区每年不超过几个；不写则用城市配置",
        "at most so many of one district a year; else the profile's",
        example=2,
    )
    budget: dict[Year, NotNegative] = option(
        {},
        "某年费用合计不超过多少万元（候选单元要有 cost 列）",
        "what all of a year may cost, 10,000 yuan (candidates need a column cost)",
        example={"2026": 3000},
    )
    worth: Literal["score", "acceptability"] = option(
        "score",
        "按什么选：score 得分，acceptability 各种权重下进入前列的比例",
        "what is maximised: score, or acceptability (share of weightings that put it near the top)",
    )
    overlap_share: Share = option(
        0.01,
        "候选单元重叠不超过较小一方的这一比例时视为画图误差",
        "candidates overlap where they share more than this of the smaller one",
    )
    alternatives: Annotated[int, Field(ge=0, le=50)] = option(
        5, "最多列出几个比选方案", "how many alternatives to list"
    )
    within: Share = option(0.02, "比选方案最多比最优低多少", "how far below the best an alternative may be")

    @model_validator(mode="after")
    def _years(self) -> AllocateSettings:
        if list(self.years) != sorted(set(self.years)):
            raise RuleError(zh="years 须由早到晚，不能重复", en="years must go up, each once")
        return self


class CycleSettings(Section):
    """``[cycle]``: the days by which steps are to be done, and what counts as due."""

    due: dict[str, Annotated[str, Field(pattern=MONTH_DAY)]] = option(
        {},
        "步骤（apply、plan、list、carry_out、assess、name）的完成期限，月-日；不写则用城市配置",
        "day of the year by which a step (apply, plan, list, carry_out, assess, name) is to be done; else the profile's",
        example={"apply": "03-31"},
    )
    soon_days: Annotated[int, Field(ge=0)] = option(30, "期限在多少天以内算即将到期", "due within so many days is told")


class EffectSettings(Section):
    """``[effect]``: from when areas were treated, and what they are compared with."""

    at: str | None = option(None, "治理起始日期", "date from which the areas were treated", example="2023-01-01")
    months: Annotated[int, Field(ge=1)] | None = option(
        None,
        "前后各比较几个月；默认一年，数据不足时取现有的整月",
        "months compared before and after; else a year, or what the data hold",
        example=12,
    )
    selecting_months: Annotated[int, Field(ge=0)] | None = option(
        None,
        "起始日期之前不参与比较的月数（选点很可能依据的时期）；默认使前后相隔两年",
        "months before the date that count in nothing, since they may have chosen the areas; else such that both are two years apart",
        example=12,
    )
    controls: Controls = option(
        "auto",
        "从哪里找对照：units、subdistricts、districts、cells；auto 选大小最接近治理区域的，都不接近时用网格",
        "where controls are looked for: units, subdistricts, districts, cells; auto: those of about the size, else cells",
    )
    spill_m: NotNegative = option(
        100,
        "距治理区域不超过此数的不作对照，因为效果或问题可能外溢，米；0 为可以相邻",
        "no control within this of a treated area, since effects or issues may spill over, metres; 0: it may adjoin",
    )
    issue_class: str | None = option(
        None, "只看这一类问题；默认全部", "issues of this class alone; else all", example="街面秩序"
    )

    @model_validator(mode="after")
    def _dated(self) -> EffectSettings:
        try:
            datetime.strptime(self.at or "2023-01-01", "%Y-%m-%d")  # noqa: DTZ007  (local dates)
        except ValueError:
            raise RuleError(
                zh=f"at = “{self.at}”不是日期；请写成 2023-01-01",
                en=f"at = {self.at!r} is not a date; write 2023-01-01",
            ) from None
        return self


class ScorecardSettings(Section):
    """``[scorecard]``: the year whose targets decide."""

    year: Literal[2025, 2027] = option(
        2027, "按哪一年的目标判断是否达标：2025 或 2027", "the year whose targets decide: 2025 or 2027"
    )


class WeakSettings(Section):
    """``[weak]``: which areas may be weak, against what, and how many the plan asks for."""

    number: Annotated[int, Field(ge=1)] = option(
        10, "每年至少提升几处（嘉兴规划表 1 第 20 项）", "areas a year to be improved (Jiaxing's plan, table 1, no. 20)"
    )
    kinds: Annotated[tuple[str, ...], Field(min_length=1)] | None = option(
        None,
        "看哪些区域：unit（单元）、hot_place（热点地段）和图层名；默认为单元、热点地段和规划列出的各类地点",
        "which areas are looked at: unit, hot_place, and names of layers; else units, hot places and the kinds of the plan",
        example=["unit", "hot_place", "markets", "old_estates"],
    )
    exposure: Exposure = option(
        "km2",
        "问题数与什么相比：km2（面积）、street_km（道路长度）、people（居住人口）",
        "what issues are set against: km2 (ground), street_km (streets), people (residents)",
    )
    reference: Reference = option(
        "kind",
        "严重程度与谁相比：kind（全市同类地点合计；热点地段与全市相比）、city（全市）",
        "what severity is against: kind (all places of its kind; hot places: the city), city",
    )
    alpha: Annotated[float, Field(gt=0, lt=1)] = option(
        0.05, "显著性水平（整张清单 BH 校正后）", "level of significance, after the BH correction over the list"
    )
    min_issues: Annotated[int, Field(ge=1)] = option(
        5, "问题少于此数的区域不列入清单", "fewer issues put no area on the list"
    )
    min_expected: Annotated[float, Field(ge=0)] = option(
        1,
        "按对照的水平应有的问题少于此数的区域不判断：面积、道路或人口太少，比率没有意义",
        "areas of which the reference's rate makes expect fewer issues are not judged: of next to no ground, streets or people",
    )
    point_buffer_m: Annotated[float, Field(gt=0, le=5000)] = option(
        100,
        "点状地点（如农贸市场）向外取多远，米",
        "how far around a point, such as a market, its area reaches, metres",
    )
    line_buffer_m: Annotated[float, Field(gt=0, le=5000)] = option(
        20, "线状地点（如背街小巷）向两侧各取多远，米", "how far to each side of a line, such as a back lane, metres"
    )
    cell_m: CityMetres = option(
        200,
        "估计偶然波动所用网格的边长，米",
        "side of the cells by which it is told how far counts vary by chance, metres",
    )


class ClusterSettings(Section):
    """``[clusters]``: how densely issues lie that are one cluster, and of which classes."""

    method: ClusterMethod = option(
        "dbscan",
        "方法：dbscan（处处同一密度）、hdbscan（各处密度不同，另需 scikit-learn，至多 10 万件）",
        "dbscan (one density everywhere) or hdbscan (densities that differ; needs scikit-learn, 100,000 issues at most)",
    )
    eps_m: Annotated[float, Field(ge=1, le=100_000)] = option(
        100, "相距不超过多远算邻近，米", "how far apart neighbours are at most, metres"
    )
    min_points: Annotated[int, Field(ge=2)] | None = option(
        None,
        "这一距离内至少有多少件才算密集；默认按 density_times 由各类平均密度推算，不少于 10 件",
        "issues within that distance that make a place dense; else by density_times from each class's mean, at least 10",
        example=30,
    )
    density_times: Annotated[float, Field(gt=0, le=10_000)] = option(
        10, "密集是指密度达到该类全市平均的几倍", "dense is so many times as dense as the class is over the whole city"
    )
    classes: tuple[str, ...] | None = option(
        None,
        "类别，按此顺序；默认用城市配置或问题自带的类别",
        "the classes, in this order; else the city's, or those of the issues",
        example=["市容环境", "街面秩序"],
    )
    points: bool = option(
        False,
        "另写密集区内的问题点（clusters.gpkg 的 points 图层）；点位可认出个人，请勿外传",
        "also write the points of the clusters (layer points of clusters.gpkg), which can tell who it was: keep them inside",
    )


class ReportSettings(Section):
    """``[report]``: what stands on the report's first page, its language, and the least number of cases that is shown."""

    title: str | None = option(None, "报告的标题", "title of the report", example="嘉兴市城市管理空间分析报告")
    template: str | None = option(
        None,
        "report.docx、report.pdf 的文字模板（jxgis init 写出一份，可改）；默认用自带的",
        "the text of report.docx and report.pdf, as jxgis init writes it to be edited; else the one that comes with jxgis",
        example="report.txt",
    )
    lang: Literal["zh", "en"] = option("zh", "结果的语言：zh 或 en", "language of the results: zh or en", new=True)
    min_count: Annotated[int, Field(ge=1)] = option(
        3,
        "少于这个数的问题件数在页面、地图和表格中显示为区间；1 为全部显示；GeoPackage 保留原数",
        "fewer cases stand as a range on pages, maps and workbooks; 1 shows all; GeoPackages keep the counts",
    )
    levels: tuple[str, ...] = option(
        tuple(zone_layers()),
        "除片区、街道和单元外，还按哪些图层的区域统计（提供了的才统计），由大到小",
        "layers by whose zones tables are made beside districts, sub-districts and units, where given; large ones first",
    )

    basemap: Literal["none", "tianditu", "gaode", "osm"] = option(
        "none",
        "地图的联网底图：none（不联网）、tianditu（天地图）、gaode（高德）、osm；打开页面时才联网，离线时仍用自己的图层作底",
        "online base map: none (nothing from outside), tianditu, gaode or osm; loaded when a page is opened, offline the "
        "layers of the project lie below",
    )
    tianditu_key: str | None = option(
        None,
        "天地图的密钥（写进地图页面，不写进 run.json）；也可用环境变量 JXGIS_TIANDITU_KEY",
        "Tianditu's key (it stands in the maps, not in run.json); or the environment variable JXGIS_TIANDITU_KEY",
        example="…",
    )

    @model_validator(mode="after")
    def _range(self) -> ReportSettings:
        if self.basemap == "tianditu" and not self.key:
            raise RuleError(
                zh='basemap = "tianditu" 需要密钥：请填写 tianditu_key，或设环境变量 JXGIS_TIANDITU_KEY',
                en='basemap = "tianditu" needs a key: fill in tianditu_key, or set the environment variable JXGIS_TIANDITU_KEY',
            )
        if self.min_count == 2:
            raise RuleError(
                zh="min_count 不能是 2：不足 2 件的只有 1 件，区间藏不住它；请用 1（全部显示）或 3 以上",
                en="min_count cannot be 2: fewer than two are one, which no range hides; use 1 (all shown) or 3 and more",
            )
        return self

    @property
    def key(self) -> str:
        """The key of the base map; empty where it needs none."""
        return (self.tianditu_key or os.environ.get("JXGIS_TIANDITU_KEY", "")) if self.basemap == "tianditu" else ""


#: The defaults: where a function is called by itself, its options are these.
HOTSPOTS, PARKS, SCORING, ALLOCATE, EFFECT, SCORECARD, WEAK, CLUSTERS, REPORT = (
    HotspotSettings(),
    ParkSettings(),
    ScoringSettings(),
    AllocateSettings(),
    EffectSettings(),
    ScorecardSettings(),
    WeakSettings(),
    ClusterSettings(),
    ReportSettings(),
)
