"""``[city]`` and ``[inputs]``: where things are and how they are read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from pydantic import create_model, model_validator

from jxgis._files import split_layer
from jxgis._toml import RuleError
from jxgis.errors import InputError
from jxgis.schema.layers import contract, layers
from jxgis.settings._option import Finite, Section, Share, option

if TYPE_CHECKING:
    from jxgis.schema.layers import Contract

__all__ = ["BoundaryInputSettings", "CitySettings", "InputSettings", "Inputs", "IssueInputSettings"]


class CitySettings(Section):
    """``[city]``: the profile, and what replaces parts of it."""

    profile: str = option(
        "jiaxing",
        "城市配置；也可以是您自己的 .toml 文件（六行即可，见 docs/profile.zh.md）",
        "a city profile; or the path of your own .toml file (six lines: docs/profile.md)",
        new=True,
    )
    crs: str | None = option(
        None,
        "工作坐标系（以米为单位），代替城市配置里的",
        "the metric CRS to work in, instead of the profile's",
        example="EPSG:4549",
    )
    outline: str | None = option(
        None,
        "中心城区范围：按对照表合并的片区会裁到这里",
        "the central city: districts dissolved by the crosswalk are clipped to it",
        example="data/boundaries/central_city.geojson",
    )
    issue_classes: str | None = option(
        None,
        "填好的类别对照表（check 会列出还没有归类的小类）",
        "the sheet from category to class, filled in (check lists what is left over)",
        example="data/issue_classes.xlsx",
    )


class InputSettings(Section):
    """``[inputs.LAYER]``: where a layer is and how to read it.

    ``path`` may be a glob, and may name the layer as QGIS does: ``units.gpkg|layername=units``; or the address of a PostGIS
    database, of which ``table`` or ``query`` says what is read.
    """

    path: str
    layer: str | None = option(
        None,
        "文件有多个图层或工作表时读哪一个",
        "which layer or sheet, where the file has several",
        example="Sheet1",
    )
    crs: str | None = option(
        None,
        "坐标系：EPSG 代码（EPSG:4490、EPSG:4549 …）、GCJ-02 或 BD-09；文件自带时不必写",
        "reference system: an EPSG code (EPSG:4490, EPSG:4549 ...), GCJ-02 or BD-09; where the file does not say",
        example="EPSG:4490",
    )
    encoding: str | None = option(
        None, "文字编码，自动识别有误时写", "of the text, where it is not recognised", example="GB18030"
    )
    axes: Literal["east_north", "north_east"] | None = option(
        None,
        "坐标先北后东（测绘习惯）；能判断时自动判断",
        "coordinates north first (survey order); told from the data where it can be",
        example="north_east",
    )
    name_column: str | None = option(
        None,
        "名称所在的列",
        "column that holds the name",
        example="名称",
    )
    columns: dict[str, str] = option(
        {}, "列名对不上时：约定名 = 文件中的列名", "contract name = name in the file", example={"name": "名称"}
    )
    towgs84: tuple[Finite, ...] | None = option(
        None,
        "地方坐标系到 WGS-84 的转换参数，3 个或 7 个",
        "parameters of a local system to WGS-84, three or seven",
        example=[0.0, 0.0, 0.0],
    )
    table: str | None = option(
        None,
        "path 为数据库（postgresql://用户@主机:端口/数据库名）时读哪张表",
        "which table, where path is a database (postgresql://user@host:port/name)",
        example="gis.parks",
    )
    query: str | None = option(
        None,
        "或者用一条 SELECT 读取（只读）",
        "or what one SELECT returns (nothing is written)",
        example="SELECT * FROM gis.parks WHERE open",
    )
    official: bool = option(
        False,
        "边界是否官方的；没有声明的，地图和报告上会注明",
        "whether the polygons are official; maps and reports of others say that they are not declared so",
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

    overlap_share: Share = option(
        0.01,
        "重叠不超过较小一方面积的这一比例时归较小一方；0 为不处理",
        "overlaps up to this share of the smaller one go to it; 0 leaves all as they are drawn",
    )


class IssueInputSettings(InputSettings):
    """``[inputs.issues]``: the issues' file, its class column, filters and time zone."""

    crs: str | None = option(
        None,
        "必填：GCJ-02、BD-09 或 EPSG 代码（EPSG:4490、EPSG:4549 …）",
        "required: GCJ-02, BD-09 or an EPSG code (EPSG:4490, EPSG:4549 ...)",
        example="GCJ-02",
        new=True,
    )
    columns: dict[str, str] = option(
        {}, "列名对不上时：约定名 = 文件中的列名", "contract name = name in the file", example={"issue_id": "任务号"}
    )
    class_column: str | None = option(
        None, "文件里已有的类别列，直接作为问题类别", "column whose values are the classes", example="六类"
    )
    timezone: str | None = option(None, "没有写时区的时间按它解读", "of times that name none", example="Asia/Shanghai")
    start: str | None = option(None, "起始日期（含）", "first date", example="2023-01-01", alias="from")
    end: str | None = option(None, "截止日期（不含）", "date to stop before", example="2024-01-01", alias="to")
    status: tuple[str, ...] = option((), "只要这些状态", "only these statuses", example=["已结案"])
    source: tuple[str, ...] = option((), "只要这些来源", "only these sources", example=["监督员上报"])
    drop_status: tuple[str, ...] = option(("作废", "重复"), "这些状态不计", "statuses that are left out")
    drop_points: tuple[tuple[Finite, Finite], ...] = option(
        (),
        "不计落在这些点上的问题（无法定位时的默认坐标），照文件中的写法",
        "leave out issues at these points (a geocoder's default), as the file has them",
        example=[[120.7559, 30.7461]],
    )
    keep: tuple[str, ...] = option(
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

    class Inputs(Section):
        """``[inputs]``: one table a layer; a layer that is not there is not analysed."""

        subdistricts: BoundaryInputSettings | None = None
        districts: BoundaryInputSettings | None = None
        issues: IssueInputSettings | None = None
        population: InputSettings | None = None
        candidates: InputSettings | None = None

else:
    Inputs = create_model("Inputs", __base__=Section, **_fields({layer: contract(layer) for layer in layers()}))
    Inputs.__doc__ = "``[inputs]``: one table a layer; a layer that is not there is not analysed."
