"""jxgis.toml: the typed, frozen settings of a project, each option with its default and what is said of it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, create_model, model_validator

from jxgis._files import split_layer
from jxgis._toml import RuleError, kind_at, model_in, read_toml, validated
from jxgis.errors import InputError
from jxgis.i18n import Text
from jxgis.schema.layers import contract, layers

if TYPE_CHECKING:
    from jxgis.schema.layers import Contract

__all__ = [
    "HOTSPOTS",
    "PARKS",
    "REPORT",
    "SCORING",
    "UNITS",
    "BoundaryInputSettings",
    "CitySettings",
    "HotspotSettings",
    "IndicatorSettings",
    "InputSettings",
    "Inputs",
    "IssueInputSettings",
    "ParkSettings",
    "ReportSettings",
    "ScoringSettings",
    "Settings",
    "UnitSettings",
    "about",
    "default",
    "example",
    "load_settings",
    "make_settings",
    "model_for",
    "option_at",
]

Finite = Annotated[float, Field(allow_inf_nan=False)]
NotNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
# A city is tens of kilometres wide: more is a slip of the hand, and would fill the memory.
CityMetres = Annotated[float, Field(gt=0, le=100_000)]
Share = Annotated[float, Field(ge=0, le=1)]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


def _option(value: Any, zh: str, en: str, *, example: Any = None, new: bool = False, alias: str | None = None) -> Any:
    """An option: its default, and the one text that the template of a project and the help of a command have of it.

    ``example`` is what the template shows where the default is nothing; ``new`` options are in use in a new project.
    """
    said = {"zh": zh, "en": en, "example": example, "new": new}
    if isinstance(value, dict):
        return Field(default_factory=dict, json_schema_extra=said)
    return Field(default=value, alias=alias, json_schema_extra=said)


class CitySettings(_Section):
    """``[city]``: the profile, and what replaces parts of it."""

    profile: str = _option(
        "jiaxing",
        "城市配置；也可以是您自己的 .toml 文件（六行即可，见 docs/profile.zh.md）",
        "a city profile; or the path of your own .toml file (six lines: docs/profile.md)",
        new=True,
    )
    crs: str | None = _option(
        None,
        "工作坐标系（以米为单位），代替城市配置里的",
        "the metric CRS to work in, instead of the profile's",
        example="EPSG:4549",
    )
    outline: str | None = _option(
        None,
        "中心城区范围：按对照表合并的片区会裁到这里",
        "the central city: districts dissolved by the crosswalk are clipped to it",
        example="data/boundaries/central_city.geojson",
    )
    issue_classes: str | None = _option(
        None,
        "填好的类别对照表（check 会列出还没有归类的小类）",
        "the sheet from category to class, filled in (check lists what is left over)",
        example="data/issue_classes.xlsx",
    )


class InputSettings(_Section):
    """``[inputs.LAYER]``: where a layer is and how to read it.

    ``path`` may be a glob, and may name the layer as QGIS does: ``units.gpkg|layername=units``.
    """

    path: str
    layer: str | None = _option(
        None,
        "文件有多个图层或工作表时读哪一个",
        "which layer or sheet, where the file has several",
        example="Sheet1",
    )
    crs: str | None = _option(
        None,
        "坐标系：EPSG 代码（EPSG:4490、EPSG:4549 …）、GCJ-02 或 BD-09；文件自带时不必写",
        "reference system: an EPSG code (EPSG:4490, EPSG:4549 ...), GCJ-02 or BD-09; where the file does not say",
        example="EPSG:4490",
    )
    encoding: str | None = _option(
        None, "文字编码，自动识别有误时写", "of the text, where it is not recognised", example="GB18030"
    )
    axes: Literal["east_north", "north_east"] | None = _option(
        None,
        "坐标先北后东（测绘习惯）；能判断时自动判断",
        "coordinates north first (survey order); told from the data where it can be",
        example="north_east",
    )
    name_column: str | None = _option(
        None,
        "名称所在的列",
        "column that holds the name",
        example="名称",
    )
    columns: dict[str, str] = _option(
        {}, "列名对不上时：约定名 = 文件中的列名", "contract name = name in the file", example={"name": "名称"}
    )
    towgs84: tuple[Finite, ...] | None = _option(
        None,
        "地方坐标系到 WGS-84 的转换参数，3 个或 7 个",
        "parameters of a local system to WGS-84, three or seven",
        example=[0.0, 0.0, 0.0],
    )
    official: bool = _option(
        False,
        "边界是否官方的；官方边界的地图上不再标注“示意”",
        "whether the polygons are official; maps of official ones carry no schematic mark",
    )

    @model_validator(mode="before")
    @classmethod
    def _layer_of_path(cls, raw: Any) -> Any:
        if not isinstance(raw, dict) or not isinstance(raw.get("path"), str):
            return raw
        try:
            path, layer = split_layer(raw["path"])
        except InputError as error:
            raise RuleError(zh=error.text("zh"), en=error.text("en")) from None
        return (
            raw if layer is None and path == raw["path"] else raw | {"path": path, "layer": layer or raw.get("layer")}
        )


class BoundaryInputSettings(InputSettings):
    """``[inputs.districts]``, ``[inputs.subdistricts]``: ground that two of them claim."""

    overlap_share: Share = _option(
        0.01,
        "重叠不超过较小一方面积的这一比例时归较小一方；0 为不处理",
        "overlaps up to this share of the smaller one go to it; 0 leaves all as they are drawn",
    )


class IssueInputSettings(InputSettings):
    """``[inputs.issues]``: the issues' file, its class column, filters and time zone."""

    crs: str | None = _option(
        None,
        "必填：GCJ-02、BD-09 或 EPSG 代码（EPSG:4490、EPSG:4549 …）",
        "required: GCJ-02, BD-09 or an EPSG code (EPSG:4490, EPSG:4549 ...)",
        example="GCJ-02",
        new=True,
    )
    columns: dict[str, str] = _option(
        {}, "列名对不上时：约定名 = 文件中的列名", "contract name = name in the file", example={"issue_id": "任务号"}
    )
    class_column: str | None = _option(
        None, "文件里已有的类别列，直接作为问题类别", "column whose values are the classes", example="六类"
    )
    timezone: str | None = _option(None, "没有写时区的时间按它解读", "of times that name none", example="Asia/Shanghai")
    start: str | None = _option(None, "起始日期（含）", "first date", example="2023-01-01", alias="from")
    end: str | None = _option(None, "截止日期（不含）", "date to stop before", example="2024-01-01", alias="to")
    status: tuple[str, ...] = _option((), "只要这些状态", "only these statuses", example=["已结案"])
    source: tuple[str, ...] = _option((), "只要这些来源", "only these sources", example=["监督员上报"])
    drop_status: tuple[str, ...] = _option(("作废", "重复"), "这些状态不计", "statuses that are left out")
    drop_points: tuple[tuple[Finite, Finite], ...] = _option(
        (),
        "不计落在这些点上的问题（无法定位时的默认坐标），照文件中的写法",
        "leave out issues at these points (a geocoder's default), as the file has them",
        example=[[120.7559, 30.7461]],
    )
    keep: tuple[str, ...] = _option(
        (),
        "另外保留的列；电话、证件号、车牌、门牌、姓名会被遮盖。其余列不读入",
        "further columns to carry; phones, IDs, plates, house numbers, names are masked; the others are not read",
        example=["社区"],
    )


_INPUTS = {"boundaries": BoundaryInputSettings, "issues": IssueInputSettings}
"""Options of layers that have more, by the loader that they have of their own."""


def _fields(known: Mapping[str, Contract]) -> dict[str, Any]:
    return {layer: (_INPUTS.get(agreed.loader or "", InputSettings) | None, None) for layer, agreed in known.items()}


if TYPE_CHECKING:

    class Inputs(_Section):
        """``[inputs]``: one table a layer; a layer that is not there is not analysed."""

        subdistricts: BoundaryInputSettings | None = None
        districts: BoundaryInputSettings | None = None
        issues: IssueInputSettings | None = None
        population: InputSettings | None = None
        candidates: InputSettings | None = None

else:
    Inputs = create_model("Inputs", __base__=_Section, **_fields({layer: contract(layer) for layer in layers()}))
    Inputs.__doc__ = "``[inputs]``: one table a layer; a layer that is not there is not analysed."


class HotspotSettings(_Section):
    """``[hotspots]``: cells, band and the level of the inference."""

    cell_m: CityMetres = _option(200, "网格边长，米", "side of a cell, metres")
    band_m: CityMetres = _option(500, "邻域半径，米", "radius of the neighbourhood, metres")
    alpha: Annotated[float, Field(gt=0, lt=1)] = _option(
        0.05, "显著性水平（BH 校正后）", "level of significance, after the BH correction"
    )
    family: Literal["class", "all"] = _option(
        "class",
        "在哪个范围内控制误报：class（每一类各自）、all（全部类别合并）",
        "over which tests the level holds: class (each class), all (all classes together)",
    )
    min_issues: Annotated[int, Field(ge=0)] = _option(
        30, "问题少于此数的类别不判断冷热", "classes with fewer issues are not judged"
    )
    bandwidth_m: CityMetres = _option(500, "密度图的带宽，米", "radius of the density's kernel, metres")
    density_cell_m: CityMetres = _option(100, "密度图的像元边长，米", "side of a cell of the density rasters, metres")


class ParkSettings(_Section):
    """``[parks]``: the standard, the walk, what the land is, and what if."""

    standard: str = _option(
        "garden-city-2022",
        "服务半径标准：garden-city-2022、gbt50563-2010、gbt51346-2019",
        "the standard of service radii: garden-city-2022, gbt50563-2010, gbt51346-2019",
    )
    denominator: Literal["residential", "built_up"] | None = _option(
        None,
        "分母改为建成区（[inputs.built_up] 的面）；默认用标准自己的分母",
        "of built-up land (polygons of [inputs.built_up]); else the standard's own",
        example="built_up",
    )
    minutes: Positive = _option(10, "步行分钟", "minutes on foot")
    speed_m_per_min: Positive = _option(75, "步速，米/分钟", "walking speed, metres a minute")
    merge_gap_m: NotNegative = _option(
        20, "同名宗地相距不超过此数算一座公园，米", "parcels of one name within this are one park, metres"
    )
    sample_m: Positive = _option(25, "居住用地样点间距，米", "spacing of sample points in housing, metres")
    max_snap_m: Positive = _option(
        200, "样点、出入口到道路的最远距离，米", "longest way from a point or gate to a street, metres"
    )
    entry_m: Positive = _option(
        20, "距公园边不超过此数的道路可进园，米", "a street within this of a park's edge leads into it, metres"
    )
    catchment_m: Positive = _option(
        1000,
        "人均可达公园面积（2SFCA）的搜索距离，米",
        "how far people go, for the park area that they reach (2SFCA), metres",
    )
    decay: Literal["gaussian", "linear", "none"] = _option(
        "gaussian", "随距离衰减：gaussian、linear、none", "how that fades: gaussian, linear, none"
    )
    new_parks: Annotated[int, Field(ge=0)] = _option(0, "建议新增的公园数", "how many new parks to propose")
    objective: Literal["area", "people"] = _option(
        "area",
        "新公园优先服务的：area 居住用地面积、people 人口",
        "what new parks serve most of: area (of housing), people",
    )
    target: Annotated[float, Field(gt=0, le=1)] = _option(
        0.9,
        "目标覆盖率：求达标最少的新增公园，地图按它分级",
        "coverage to reach with the fewest parks; the map's classes follow it",
    )
    close: tuple[str, ...] = _option(
        (), "方案：关闭的公园，编号或名称", "a plan: parks that close, by id or name", example=["某公园"]
    )


class UnitSettings(_Section):
    """``[units]``: the bounds, the target and the dials."""

    min_km2: Positive = _option(2, "单元面积下限，平方公里", "least area of a unit, km²")
    max_km2: Positive = _option(5, "单元面积上限，平方公里", "greatest area of a unit, km²")
    target_km2: Positive | None = _option(
        None, "目标面积，平方公里；默认为上下限的中间", "target area, km²; else the middle of the bounds", example=3
    )
    cell_m: CityMetres = _option(
        200,
        "没有街道或地块时用的方格边长，米",
        "side of a cell where there are no streets or blocks, metres",
    )
    by_cells: bool = _option(False, "有街道或地块时也按方格划分", "cells although there are streets or blocks")
    attributes: tuple[str, ...] | None = _option(
        None,
        "单元内应相近的属性：自有地块的数值列，或由图层算出的列；不写则用全部",
        "to be alike in: columns of your blocks, or made of the layers (issues_per_km2, people_per_km2 …); else all",
        example=["issues_per_km2"],
    )
    weights: dict[str, NotNegative] = _option(
        {}, "属性的权重，默认都是 1", "of attributes, 1 where not named", example={"issues_per_km2": 2}
    )
    compactness: NotNegative = _option(0.05, "0.02 更均质，0.2 更紧凑", "0.02 more alike, 0.2 rounder")
    border_credit: NotNegative = _option(
        0.05,
        "单元边界多大程度上顺着道路和水系；0 为不考虑",
        "how much borders are drawn to streets and waters; 0: not at all",
    )
    n_units: dict[str, Annotated[int, Field(ge=1)]] = _option(
        {}, "指定某片区的单元数", "number of units of a district", example={"老城": 7}
    )
    exclaves: Literal["own", "attach"] = _option(
        "own",
        "不足下限的飞地：own 自成单元、attach 并入最近单元",
        "an exclave below the minimum: own (a unit of its own), attach (it joins the nearest unit)",
    )
    mend_shapes: bool = _option(
        True,
        "单元破碎、有窄颈或相互包围时，加大紧凑度重新划分",
        "search again, rounder, where units are ragged, narrow or round one another",
    )
    snap_m: NotNegative = _option(
        1,
        "自有地块或改过的单元：不宽于此的缝隙和重叠视为画图误差，自动吸附，米",
        "gaps and overlaps of your blocks or edited units up to this width are snapped, metres",
    )
    alternatives: bool = _option(
        True, "另算四个方案，看每条边界有多稳定", "four further plans say how stable each border is"
    )
    seed: Annotated[int, Field(ge=0)] = _option(
        0, "随机种子：相同种子得到相同结果", "the same seed gives the same units"
    )

    @model_validator(mode="after")
    def _bounds(self) -> UnitSettings:
        if not self.min_km2 < self.max_km2:
            raise RuleError(
                zh=f"min_km2（{self.min_km2:g}）须小于 max_km2（{self.max_km2:g}）",
                en=f"min_km2 ({self.min_km2:g}) must be less than max_km2 ({self.max_km2:g})",
            )
        if self.target_km2 is not None and not self.min_km2 <= self.target_km2 <= self.max_km2:
            raise RuleError(
                zh=f"target_km2（{self.target_km2:g}）须在 {self.min_km2:g} 与 {self.max_km2:g} 之间",
                en=f"target_km2 ({self.target_km2:g}) must lie between {self.min_km2:g} and {self.max_km2:g}",
            )
        return self

    @property
    def target(self) -> float:
        """The area to aim at, km²."""
        return (self.min_km2 + self.max_km2) / 2 if self.target_km2 is None else self.target_km2


class IndicatorSettings(_Section):
    """``[scoring.indicators.ID]``: one indicator against fixed references, all in its ``unit`` (for people)."""

    dimension: str
    unit: str = ""
    weight: Positive
    target: Positive | None = None
    low: Finite | None = None
    high: Finite | None = None

    @model_validator(mode="after")
    def _kind(self) -> IndicatorSettings:
        benefit = self.target is not None
        cost = self.low is not None and self.high is not None and self.low < self.high
        if benefit == cost or (benefit and (self.low, self.high) != (None, None)):
            raise RuleError(
                zh="请给出 target（效益型），或给出 low < high（成本型），二者取一",
                en="give either target (benefit), or low < high (cost)",
            )
        return self


class ScoringSettings(_Section):
    """``[scoring]``: the weights and, where given, the indicators that replace the default set."""

    weights: Literal["expert", "equal", "ahp", "entropy", "critic"] = _option(
        "expert", "权重：expert、equal、ahp、entropy 或 critic", "weights: expert, equal, ahp, entropy or critic"
    )
    min_completeness: Share = _option(
        0.7, "数据完整度低于此数的候选不排名", "candidates with less of their data have no rank"
    )
    indicators: dict[str, IndicatorSettings] = _option(
        {},
        "写出任何一项，就完全替换默认指标",
        "any one written here replaces the default set",
        example={"park_coverage": {"dimension": "基础条件", "weight": 0.1, "target": 90, "unit": "%"}},
    )
    judgements: dict[str, dict[str, Positive]] = _option(
        {},
        "ahp 的两两比较：行比列重要多少倍",
        "of ahp: how many times as important the row is as the column",
        example={"基础条件": {"管理绩效": 2}},
    )


class ReportSettings(_Section):
    """``[report]``: what stands on the report's first page, its language, and the least number of cases that is shown."""

    title: str | None = _option(None, "报告的标题", "title of the report", example="嘉兴市城市管理空间分析报告")
    lang: Literal["zh", "en"] = _option("zh", "结果的语言：zh 或 en", "language of the results: zh or en", new=True)
    min_count: Annotated[int, Field(ge=1)] = _option(
        3,
        "少于这个数的问题件数在页面、地图和表格中显示为区间；1 为全部显示；GeoPackage 保留原数",
        "fewer cases stand as a range on pages, maps and workbooks; 1 shows all; GeoPackages keep the counts",
    )


#: The defaults: where a function is called by itself, its options are these.
HOTSPOTS, PARKS, UNITS, SCORING, REPORT = (
    HotspotSettings(),
    ParkSettings(),
    UnitSettings(),
    ScoringSettings(),
    ReportSettings(),
)


class Settings(_Section):
    """All of jxgis.toml.

    Examples
    --------
    >>> Settings().hotspots.cell_m, Settings().parks.standard
    (200, 'garden-city-2022')
    """

    city: CitySettings = CitySettings()
    inputs: Inputs = Inputs()
    hotspots: HotspotSettings = HotspotSettings()
    parks: ParkSettings = ParkSettings()
    units: UnitSettings = UnitSettings()
    scoring: ScoringSettings = ScoringSettings()
    report: ReportSettings = ReportSettings()


def about(model: type[BaseModel], name: str) -> Text:
    """What is said of an option.

    Examples
    --------
    >>> about(HotspotSettings, "cell_m").zh
    '网格边长，米'
    """
    extra = model.model_fields[name].json_schema_extra
    return Text(zh=str(extra["zh"]), en=str(extra["en"])) if isinstance(extra, dict) else Text("", "")


def default(model: type[BaseModel], name: str) -> Any:
    """The default of an option: the one place where it stands.

    Examples
    --------
    >>> default(ParkSettings, "speed_m_per_min")
    75
    """
    return model.model_fields[name].get_default(call_default_factory=True)


def example(model: type[BaseModel], name: str) -> Any:
    """What a new project shows of an option: its default, or an example where that is nothing."""
    extra = model.model_fields[name].json_schema_extra
    shown = extra["example"] if isinstance(extra, dict) else None
    return default(model, name) if shown is None else shown


def load_settings(path: str | Path) -> Settings:
    """Read jxgis.toml.

    Parameters
    ----------
    path
        The file. Relative paths in it are relative to its folder, and come back absolute.

    Returns
    -------
    Settings

    Raises
    ------
    SettingsError
        If the file is missing, no TOML, or holds an unknown key or a value out of range; one message for all.
    """
    path = Path(path)
    folder = path.resolve().parent
    settings = make_settings(read_toml(path), path.name, folder=folder)
    return settings.model_copy(
        update={"city": _absolute_city(settings.city, folder), "inputs": _absolute(settings.inputs, folder)}
    )


def make_settings(raw: dict[str, Any], source: str, *, folder: Path = Path()) -> Settings:
    """Check settings against what there is: the options, every city's layers, and those that the profile adds.

    Parameters
    ----------
    raw
        Nested as the file is.
    source
        What they are called in a message.
    folder
        Where a relative path of the profile starts.

    Raises
    ------
    SettingsError
        As for `load_settings`.
    """
    return validated(model_for(raw, folder=folder), raw, source)


def model_for(raw: Mapping[str, Any], *, folder: Path = Path()) -> type[Settings]:
    """The model that settings are checked against: `Settings`, with the layers that the profile adds."""
    return _model(_further(raw, folder))


def option_at(key: str) -> tuple[type[BaseModel], str]:
    """The model and the field of a key of jxgis.toml.

    Examples
    --------
    >>> option_at("inputs.issues.from")
    (<class 'jxgis.settings.IssueInputSettings'>, 'start')
    """
    *place, last = key.split(".")
    model = model_in(kind_at(Settings, place))
    fields = {} if model is None else model.model_fields
    return next((model, name) for name, field in fields.items() if model and (field.alias or name) == last)


def _further(raw: Mapping[str, Any], folder: Path) -> tuple[str, ...]:
    """The layers that the profile adds, where the settings name one that not every city has."""
    inputs, city = raw.get("inputs"), raw.get("city", {})
    profile = city.get("profile", default(CitySettings, "profile")) if isinstance(city, dict) else None
    if not isinstance(inputs, dict) or inputs.keys() <= {*layers()} or not isinstance(profile, str):
        return ()
    from jxgis.city import load_city

    return tuple(load_city(folder / profile if profile.endswith(".toml") else profile).layers)


@cache
def _model(further: tuple[str, ...]) -> type[Settings]:
    if not further:
        return Settings
    fields: dict[str, Any] = dict.fromkeys(further, (InputSettings | None, None))
    inputs = create_model("Inputs", __base__=Inputs, **fields)
    return create_model("Settings", __base__=Settings, inputs=(inputs, inputs()))


def _absolute_city(city: CitySettings, folder: Path) -> CitySettings:
    update = {
        name: str(folder / value)
        for name in ("profile", "outline", "issue_classes")
        if (value := getattr(city, name)) is not None and (name != "profile" or value.endswith(".toml"))
    }
    return city.model_copy(update=update)


def _absolute(inputs: Inputs, folder: Path) -> Inputs:
    given = {name: getattr(inputs, name) for name in type(inputs).model_fields}
    return inputs.model_copy(
        update={
            name: layer.model_copy(update={"path": str(folder / layer.path)})
            for name, layer in given.items()
            if layer is not None and "://" not in layer.path
        }
    )
