"""Contracts: what each layer's table holds, how its columns are found in a file, and a check that it holds."""

from __future__ import annotations

import itertools
import re
import tomllib
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import PurePath
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, field_validator, model_validator

from jxgis._toml import COLUMN, LEVEL, RuleError
from jxgis.errors import InputError, near
from jxgis.i18n import Text, counted, listed
from jxgis.privacy import mask
from jxgis.schema.columns import Column, Dtype, Written

if TYPE_CHECKING:
    import geopandas as gpd

__all__ = [
    "Column",
    "Contract",
    "Dtype",
    "Kind",
    "LayerEntry",
    "as_contract",
    "check",
    "contract",
    "coordinate_columns",
    "head",
    "heads",
    "layers",
    "nearest",
    "nearest_file",
    "same_name",
    "unagreed",
    "zone_layers",
]

_MOST_HEADS = 40
# The zones that every table by zone has of itself.
_LEVELS = ("city", "area", "district", "subdistrict", "unit")
# What a name of a column has not, but for a year; and what only a value is.
_VALUE = re.compile(r"\d{5}|[:：]")
_DATA = re.compile(r"-?\d+\.\d+|\d{5,}|\d{4}[-/年]\d{1,2}[-/月]\d{1,2}.*|\d+\*+")

Kind: TypeAlias = Literal["polygon", "line", "point", "any"]

GEOMETRY_TYPES: dict[Kind, frozenset[str]] = {
    "polygon": frozenset({"Polygon", "MultiPolygon"}),
    "line": frozenset({"LineString", "MultiLineString"}),
    "point": frozenset({"Point"}),
    "any": frozenset({"Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon"}),
}
KIND_NAMES: dict[Kind, Text] = {
    "polygon": Text(zh="面", en="polygons"),
    "line": Text(zh="线", en="lines"),
    "point": Text(zh="点", en="points"),
    "any": Text(zh="点、线或面", en="points, lines or polygons"),
}


_UNSAID = Text(zh="", en="")


@dataclass(frozen=True, slots=True)
class Contract:
    """What the table of a layer holds: geometry of one kind, and columns.

    Parameters
    ----------
    layer
        ``"parks"``.
    title
        What it is called.
    geometry
        Its kind.
    columns
        In the order of the table.
    carries
        Whether a file's other columns are carried along; where they are not, since they may hold free text or people,
        only those that are asked for are.
    about
        What a new project says of it.
    example
        The path that a new project has for it.
    new
        Whether a new project has it in use.
    numbered
        Whether rows without an id and a name are numbered.
    placeless
        Whether rows need no place: a file without geometry and coordinates is a table that people filled in.
    may_be_empty
        Whether a file without a row says something: that there is none.
    stand_in
        Layers of a file of several that are read where none is called like this one.
    loader
        The module of `jxgis.load` that has a loader of its own for it; None: the plain one.
    level
        What one of its polygons is called in tables that are made by zone (``community``); empty: they are not zones.
    """

    layer: str
    title: Text
    geometry: Kind
    columns: tuple[Column, ...]
    carries: bool = True
    about: Text = _UNSAID
    example: str = ""
    new: bool = False
    numbered: bool = False
    placeless: bool = False
    may_be_empty: bool = False
    stand_in: tuple[str, ...] = ()
    loader: str | None = None
    level: str = ""

    @property
    def identifier(self) -> str | None:
        """The column whose values tell the rows apart, if there is one."""
        return next((column.name for column in self.columns if column.unique and column.dtype == "code"), None)

    def column(self, name: str) -> Column | None:
        """The column of that contract name, if there is one."""
        return next((column for column in self.columns if column.name == name), None)


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class ColumnEntry(_Entry):
    """``[LAYER.columns.NAME]`` of ``layers.toml``, or of a profile."""

    dtype: Dtype = "text"
    written: Written | None = None
    null: bool = True
    unique: bool = False
    unit: str | None = None
    aliases: tuple[str, ...] = ()
    least: float | None = None
    most: float | None = None


class LayerEntry(_Entry):
    """``[LAYER]`` of ``layers.toml``, or ``[layers.LAYER]`` of a city's profile: what a layer is, as data."""

    title_zh: str
    title_en: str
    geometry: Kind
    columns: dict[Annotated[str, Field(pattern=COLUMN)], ColumnEntry] = Field(
        default_factory=lambda: {"name": ColumnEntry(aliases=("名称",))}
    )
    carries: bool = True
    about_zh: str = ""
    about_en: str = ""
    example: str = ""
    numbered: bool = False
    placeless: bool = False
    may_be_empty: bool = False
    stand_in: tuple[str, ...] = ()
    level: Annotated[str, Field(pattern=LEVEL)] = ""

    @field_validator("columns")
    @classmethod
    def _not_taken(cls, columns: dict[str, ColumnEntry]) -> dict[str, ColumnEntry]:
        taken = [name for name in columns if name in ("geometry", *coordinate_columns())]
        if taken:
            raise RuleError(
                zh=f"列名 {listed(taken, 'zh')} 留给坐标和图形使用，请换一个名称",
                en=f"{listed(taken, 'en')}: these names are those of coordinates and geometry; choose another name",
            )
        return columns

    @model_validator(mode="after")
    def _zones_have_names(self) -> LayerEntry:
        if self.level in _LEVELS:
            raise RuleError(
                zh=f"level {self.level} 已有图层使用，请换一个",
                en=f"level {self.level} has a layer already; choose another",
            )
        if self.level and (self.geometry != "polygon" or "name" not in self.columns):
            raise RuleError(
                zh=f'level {self.level}：统计区域须是面（geometry = "polygon"），并有 name 列',
                en=f'level {self.level}: zones are polygons (geometry = "polygon") with a column name',
            )
        return self

    def contract(self, layer: str) -> Contract:
        """The contract of the layer that it declares."""
        rest = self.model_dump(exclude={"title_zh", "title_en", "about_zh", "about_en", "columns"})
        return Contract(
            layer=layer,
            title=Text(zh=self.title_zh, en=self.title_en),
            about=Text(zh=self.about_zh, en=self.about_en),
            columns=tuple(Column(name=name, **column.model_dump()) for name, column in self.columns.items()),
            **rest,
        )


class _OwnEntry(LayerEntry):
    """What the code knows of a layer beside that."""

    new: bool = False
    loader: str | None = None


@cache
def _data() -> dict[str, Any]:
    return tomllib.loads(resources.files("jxgis.schema").joinpath("layers.toml").read_text(encoding="utf-8"))


@cache
def _contracts() -> dict[str, Contract]:
    tables = {name: table for name, table in _data().items() if name != "coordinates"}
    entries = TypeAdapter(dict[str, _OwnEntry]).validate_python(tables)
    return {name: entry.contract(name) for name, entry in entries.items()}


def layers() -> list[str]:
    """Names of the layers that every city has.

    Examples
    --------
    >>> "parks" in layers(), "coordinates" in layers()
    (True, False)
    """
    return list(_contracts())


def zone_layers() -> list[str]:
    """Names of the layers whose polygons are zones beside districts and units, from large ones to small.

    Examples
    --------
    >>> zone_layers()
    ['sub_areas', 'communities', 'grids']
    """
    return [name for name, agreed in _contracts().items() if agreed.level]


def contract(layer: str, further: Mapping[str, Contract] | None = None) -> Contract:
    """The contract of a layer.

    Parameters
    ----------
    layer
        One of `layers`, or of ``further``.
    further
        Contracts of the layers that a city adds, by name.

    Returns
    -------
    Contract

    Raises
    ------
    InputError
        If there is no such layer; the nearest name is suggested.

    Examples
    --------
    >>> [column.name for column in contract("parks").columns]
    ['park_id', 'name', 'kind']
    >>> contract("park")
    Traceback (most recent call last):
    jxgis.errors.InputError: 没有图层“park”，是否为 parks？...
    """
    known = _contracts() | dict(further or {})
    if layer not in known:
        hint = nearest(layer, known)
        zh, en = (
            ("", "")
            if further
            else (
                "城市配置增加的图层须给出城市（命令行用 --project）。",
                " A layer of a city's own needs the city (--project).",
            )
        )
        raise InputError(
            zh=f"没有图层“{layer}”{hint.zh}可用：{listed(known, 'zh')}。{zh}",
            en=f"No layer {layer!r}{hint.en} Known: {listed(known, 'en')}.{en}",
        )
    return known[layer]


def unagreed(layer: str) -> Contract:
    """The contract of a layer of which nothing is agreed: any columns, valid geometries of any kind.

    Examples
    --------
    >>> unagreed("kiosks").geometry, unagreed("kiosks").columns
    ('any', ())
    """
    return Contract(layer=layer, title=Text(zh=layer, en=layer), geometry="any", columns=())


def same_name(name: Any) -> str:
    """A name, as of a column, without what people vary: width, case, blanks, underscores; empty where there is none.

    Examples
    --------
    >>> same_name(" Site_Name "), same_name("面积（㎡）") == same_name("面积(M²)"), same_name(None)
    ('sitename', True, '')
    """
    import pandas as pd

    return "" if pd.isna(name) else re.sub(r"[\s_\ufeff]", "", unicodedata.normalize("NFKC", str(name))).casefold()


def nearest(name: str, known: Iterable[str]) -> Text:
    """A suggestion that ends a sentence: the known name nearest to one that is not known, or a full stop.

    Examples
    --------
    >>> nearest("parcs", ["parks", "streets"]).en
    ', did you mean parks?'
    >>> nearest("zzz", ["parks"]).en
    '.'
    """
    names = [str(entry) for entry in known]
    plain = {same_name(entry): entry for entry in reversed(names)}
    found = near(same_name(name), plain)
    if found is None:
        return Text(zh="。", en=".")
    return Text(zh=f"，是否为 {plain[found]}？", en=f", did you mean {plain[found]}?")


def head(column: str) -> str:
    """The name of a column as a message shows it: masked where a value stands in its place.

    Examples
    --------
    >>> head("联系人：张三"), head("联系人电话")
    ('联系人：**', '联系人电话')
    """
    return mask(column) if _VALUE.search(column) else column


def heads(columns: Iterable[object]) -> Text:
    """The columns of a file as a message lists them, forty at most; none where its first row is one of data.

    Examples
    --------
    >>> heads(["名称", "2023"]).zh, heads(["张三", "120.75", "30.75"]).en
    ('名称、2023', 'none, its first row looks like data')
    """
    names = [head(str(column)) for column in itertools.islice(columns, _MOST_HEADS)]
    if any(map(_DATA.fullmatch, names)):
        return Text(zh="无，首行像是数据而不是列名", en="none, its first row looks like data")
    return Text(zh=listed(names, "zh") or "无", en=listed(names, "en") or "none")


def nearest_file(name: str, known: Iterable[str]) -> Text:
    """As `nearest`, for names of files: that two have the same ending does not make them near.

    Examples
    --------
    >>> nearest_file("不存在.csv", ["zero.csv", "parks.gpkg"]).en, nearest_file("park.shp", ["parks.gpkg"]).en
    ('.', ', did you mean parks.gpkg?')
    """
    stem = same_name(PurePath(name).stem)
    return nearest(name, [entry for entry in known if near(stem, [same_name(PurePath(entry).stem)])])


def as_contract(layer: str | Contract) -> Contract:
    """The contract of a layer of the registry; one that is handed over as it is."""
    return contract(layer) if isinstance(layer, str) else layer


def coordinate_columns() -> dict[str, tuple[str, ...]]:
    """The names under which a table says where its points are: ``lon``, ``lat``, ``x``, ``y``, ``coordinates``."""
    return {name: tuple(aliases) for name, aliases in _data()["coordinates"].items()}


def check(table: gpd.GeoDataFrame, layer: str | Contract) -> gpd.GeoDataFrame:
    """Hold a table to the contract of its layer; loaders call it once, as the last thing they do.

    Parameters
    ----------
    table
        A table with contract columns; those that may be null may also be absent.
    layer
        The layer, or its contract.

    Returns
    -------
    geopandas.GeoDataFrame
        The same table.

    Raises
    ------
    InputError
        With every way in which the contract is broken.

    Examples
    --------
    >>> import geopandas as gpd, shapely
    >>> parks = gpd.GeoDataFrame({"name": ["a"]}, geometry=[shapely.box(0, 0, 1, 1)], crs=4549)
    >>> check(parks, "parks") is parks
    True
    >>> check(parks.set_geometry(parks.centroid), "parks")
    Traceback (most recent call last):
    jxgis.errors.InputError: ...
    """
    import shapely

    from jxgis.crs import require_metric
    from jxgis.schema.check import breaches

    agreed = as_contract(layer)
    require_metric(table, agreed.layer)
    problems = breaches(
        table,
        agreed.columns,
        required=[column.name for column in agreed.columns if not column.null],
        keys=[[column.name] for column in agreed.columns if column.unique],
    )
    shapes, kinds = table.geometry.array, KIND_NAMES[agreed.geometry]
    other = ~shapely.is_missing(shapes) & ~table.geom_type.isin(GEOMETRY_TYPES[agreed.geometry]).to_numpy()
    broken = ~shapely.is_valid(shapes) | shapely.is_empty(shapes)
    if agreed.placeless:
        broken &= ~shapely.is_missing(shapes)
    for wrong, zh, en in (
        (other, f"不是{kinds.zh}", f"not {kinds.en}"),
        (broken, "无效、为空或缺失", "invalid, empty or missing"),
    ):
        if wrong.any():
            count, row = int(wrong.sum()), int(wrong.argmax()) + 1
            problems.append(
                Text(
                    zh=f"geometry：有 {count} 行{zh}，如第 {row} 行",
                    en=f"geometry: {counted(count, 'row is', 'rows are')} {en}, such as row {row}",
                )
            )
    if not table.index.is_unique:
        problems.append(Text(zh="行的索引有重复", en="rows share a label of the index"))
    if problems:
        zh, en = "；".join(problem.zh for problem in problems), "; ".join(problem.en for problem in problems)
        raise InputError(
            zh=f"{agreed.layer}（{agreed.title.zh}）表不符合约定：{zh}。请更正；用 jxgis.load_layer 读取时，有问题的行会逐行剔除并说明原因。",
            en=f"The table of {agreed.layer} breaks its contract: {en}. Correct it; jxgis.load_layer rejects such rows one by "
            "one, with the reason.",
        )
    return table
