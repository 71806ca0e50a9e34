"""A city as data: its CRS, its districts, its crosswalk, its classes and its standards, read from a profile."""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, field_validator

from jxgis._files import reading, require_ordinary
from jxgis._toml import COLOUR, KEY, MONTH_DAY, RuleError, path_of, read_toml, validated
from jxgis._workbooks import require_sane_workbook
from jxgis.errors import InputError, SettingsError, os_reason
from jxgis.i18n import Text, few, listed
from jxgis.schema.layers import Contract, LayerEntry, contract, layers, nearest, nearest_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = [
    "TIMEZONE",
    "UNCLASSIFIED",
    "AllocationRules",
    "City",
    "CycleStep",
    "builtin_profiles",
    "classify",
    "contract_of",
    "layer_title",
    "load_city",
    "read_class_table",
    "require_city",
]

UNCLASSIFIED = "未归类"
#: Of a profile that says none, and of times without a city.
TIMEZONE = "Asia/Shanghai"
_BUILTIN = "builtin:"
_TABLE = Text(
    zh="无法读取：内容不完整或格式不符；请检查格式（CSV 或 XLSX）。",
    en="cannot be read: it is cut off or in another format; check its format (CSV or XLSX).",
)


def __dir__() -> list[str]:
    return __all__


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class AllocationRules(_Part):
    """``[allocate]`` of a profile: what ``[allocate]`` of jxgis.toml replaces, key by key; see its options."""

    years: tuple[int, ...] = ()
    by: dict[int, int] = Field(default_factory=dict)
    each_area: int = Field(default=0, ge=0)
    each_year: int = Field(default=0, ge=0)
    each_type: int = Field(default=0, ge=0)
    district_most: int | None = Field(default=None, ge=1)


class CycleStep(_Part):
    """One step of the year's cycle: its names, the day of the year by which it is to be done, what must be passed."""

    key: Annotated[str, Field(pattern=KEY)]
    zh: str
    en: str
    due: Annotated[str, Field(pattern=MONTH_DAY)] | None = None
    gate_zh: str = ""
    gate_en: str = ""

    @property
    def title(self) -> Text:
        """What it is called."""
        return Text(zh=self.zh, en=self.en)


@dataclass(frozen=True, eq=False)
class City:
    """Everything that is one city's own.

    Attributes
    ----------
    key, name
        Short name and display name.
    crs
        Metric CRS to work in, such as ``"EPSG:4549"``; None where the data decide.
    timezone
        The zone that times without one are in.
    box
        West, south, east, north in degrees (WGS-84): where a point of this city can lie; None: not checked.
    area_km2
        Area of the managed city, for comparison; None where unknown.
    outline
        Polygon file that clips dissolved districts; None where there is none.
    classes
        Class names in the order of maps and reports.
    class_names
        Class name to its text in both languages.
    colours
        Class name to ``#rrggbb``.
    class_table
        Columns ``tree, sub_type, issue_class``; an empty ``tree`` stands for any.
    districts
        Columns ``name, en, area, functions``, one row a district.
    crosswalk
        Columns ``subdistrict, aliases, code, district, part, confidence, km2, lon, lat``.
    labels
        Columns ``name, lon, lat``: names to put on a map, never measured against.
    standards
        The park standards' file (TOML).
    targets
        The file of the plan's targets (TOML); None where the city has no plan.
    unit_types
        The file of the types of sample units (TOML); None: those of the plan of Jiaxing.
    layers
        The layers that this city adds to those that every city has, by name.
    allocate
        The rules by which sample units are chosen year by year.
    cycle
        The steps from application to naming, in order.
    weak_kinds
        The layers whose places may be weak areas.
    files
        The files that all this was read from, but for those that come with jxgis.
    """

    key: str
    name: Text
    crs: str | None
    timezone: str
    box: tuple[float, float, float, float] | None
    area_km2: float | None
    outline: Path | None
    classes: tuple[str, ...]
    class_names: dict[str, Text]
    colours: dict[str, str]
    class_table: pd.DataFrame
    districts: pd.DataFrame
    crosswalk: pd.DataFrame
    labels: pd.DataFrame
    standards: Path
    targets: Path | None
    unit_types: Path | None
    layers: dict[str, Contract] = field(default_factory=dict)
    allocate: AllocationRules = field(default_factory=AllocationRules)
    cycle: tuple[CycleStep, ...] = ()
    weak_kinds: tuple[str, ...] = ()
    files: tuple[Path, ...] = ()

    def __repr__(self) -> str:
        """Its key and name, and how much is known of it."""
        return f"City({self.key} {self.name.zh}: {len(self.districts)} districts, {len(self.classes)} classes)"


class _Name(_Part):
    zh: str
    en: str


class _Class(_Part):
    en: str
    colour: Annotated[str, Field(pattern=COLOUR)]


class _District(_Part):
    name: str
    en: str = ""
    functions: str = ""


class _Crosswalk(_Part):
    subdistrict: str
    district: str
    aliases: tuple[str, ...] = ()
    code: str = ""
    part: bool = False
    confidence: str = ""
    km2: float | None = None
    lon: float | None = None
    lat: float | None = None


class _Label(_Part):
    name: str
    lon: float
    lat: float


class _Profile(_Part):
    key: str
    name: _Name
    crs: str | None = None
    timezone: str = TIMEZONE
    box: tuple[float, float, float, float] | None = None
    area_km2: float | None = None
    outline: str | None = None
    issue_classes: str | None = None
    park_standards: str = _BUILTIN + "park_standards.toml"
    plan_targets: str | None = None
    unit_types: str | None = None
    areas: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    classes: dict[str, _Class] = Field(default_factory=dict)
    districts: tuple[_District, ...] = ()
    crosswalk: tuple[_Crosswalk, ...] = ()
    labels: tuple[_Label, ...] = ()
    layers: dict[Annotated[str, Field(pattern=KEY)], LayerEntry] = Field(default_factory=dict)
    allocate: AllocationRules = AllocationRules()
    cycle: tuple[CycleStep, ...] = ()
    weak_kinds: tuple[str, ...] = ()

    @field_validator("layers")
    @classmethod
    def _new(cls, further: dict[str, LayerEntry]) -> dict[str, LayerEntry]:
        taken = [name for name in further if name.startswith("model_") and hasattr(BaseModel, name)]
        if taken:
            raise RuleError(
                zh=f"图层名称不能是 {listed(taken, 'zh')}（设置模型自己的名称），请换一个名称",
                en=f"{listed(taken, 'en')}: settings have this name for themselves; choose another name for the layer",
            )
        twice = [name for name in further if name in (*layers(), "all")]
        if twice:
            raise RuleError(
                zh=f"{listed(twice, 'zh')} 是已有的图层，请换一个名称",
                en=f"{listed(twice, 'en')}: there is such a layer already; choose another name",
            )
        return further

    @field_validator("box")
    @classmethod
    def _box(cls, box: tuple[float, float, float, float] | None) -> tuple[float, float, float, float] | None:
        if box is not None and not (-180 <= box[0] < box[2] <= 180 and -90 <= box[1] < box[3] <= 90):
            raise RuleError(
                zh="须依次为西、南、东、北（度），且西 < 东、南 < 北",
                en="must be west, south, east, north in degrees, west < east and south < north",
            )
        return box


def builtin_profiles() -> list[str]:
    """Names of the profiles that ship with jxgis.

    Examples
    --------
    >>> builtin_profiles()
    ['jiaxing']
    """
    files = [Path(str(entry)) for entry in resources.files("jxgis.profiles").iterdir() if entry.name.endswith(".toml")]
    # A city has a key; beside the cities lie tables that they share.
    return sorted(file.stem for file in files if "key" in read_toml(file))


def load_city(profile: str | Path = "jiaxing") -> City:
    """Load a city's profile.

    Parameters
    ----------
    profile
        The name of a profile that ships with jxgis, or the path of a profile of your own. Tables that it names are
        looked for beside it; ``builtin:NAME`` is one that ships with jxgis.

    Returns
    -------
    City

    Raises
    ------
    SettingsError
        If there is no such profile, or it holds an unknown key, a wrong type, or a district that nothing declares.

    Examples
    --------
    >>> city = load_city("jiaxing")
    >>> city.crs, len(city.districts), len(city.crosswalk), city.classes[0]
    ('EPSG:4549', 12, 16, '市容环境')
    """
    path, shipped = _profile_path(profile)
    model = validated(_Profile, read_toml(path), path.name)
    areas = {district: area for area, names in model.areas.items() for district in names}
    known = [district.name for district in model.districts]
    _check_districts(path, known, [*areas, *(row.district for row in model.crosswalk)])
    districts = pd.DataFrame(
        [{**row.model_dump(), "area": areas.get(row.name)} for row in model.districts],
        columns=["name", "en", "area", "functions"],
    )
    tables = (model.outline, model.issue_classes, model.park_standards, model.plan_targets, model.unit_types)
    own = [_beside(path, name) for name in tables if name is not None and not name.startswith(_BUILTIN)]
    return City(
        key=model.key,
        name=Text(zh=model.name.zh, en=model.name.en),
        crs=model.crs,
        timezone=model.timezone,
        box=model.box,
        area_km2=model.area_km2,
        outline=None if model.outline is None else _beside(path, model.outline),
        classes=tuple(model.classes),
        class_names={name: Text(zh=name, en=entry.en) for name, entry in model.classes.items()},
        colours={name: entry.colour for name, entry in model.classes.items()},
        class_table=read_class_table(None if model.issue_classes is None else _beside(path, model.issue_classes)),
        districts=districts,
        crosswalk=pd.DataFrame([row.model_dump() for row in model.crosswalk], columns=list(_Crosswalk.model_fields)),
        labels=pd.DataFrame([row.model_dump() for row in model.labels], columns=list(_Label.model_fields)),
        standards=_beside(path, model.park_standards),
        targets=None if model.plan_targets is None else _beside(path, model.plan_targets),
        unit_types=None if model.unit_types is None else _beside(path, model.unit_types),
        layers={name: entry.contract(name) for name, entry in model.layers.items()},
        allocate=model.allocate,
        cycle=model.cycle,
        weak_kinds=model.weak_kinds,
        files=() if shipped else (path, *own),
    )


def contract_of(layer: str, city: City | None) -> Contract:
    """The contract of a layer that every city has, or that this one adds.

    Raises
    ------
    InputError
        If there is no such layer, the nearest name being suggested, or the city is not one: see `require_city`.
    """
    require_city(city)
    return contract(layer, None if city is None else city.layers)


def require_city(city: City | None) -> None:
    """Refuse what is not a city, such as its name.

    Raises
    ------
    InputError
        If it is neither a `City` nor None.
    """
    if not isinstance(city, City | None):
        raise InputError(
            zh=f"city 须为 jxgis.load_city 读取的城市配置，不是 {type(city).__name__}：如 city=jxgis.load_city('jiaxing')。",
            en=f"city must be what jxgis.load_city reads, not {type(city).__name__}: such as city=jxgis.load_city('jiaxing').",
        )


def layer_title(city: City | None) -> Callable[[str], Text]:
    """What a city calls its layers; one that it has not by its own name."""
    further = () if city is None else city.layers

    def title(layer: str) -> Text:
        return contract_of(layer, city).title if layer in (*layers(), *further) else Text(layer, layer)

    return title


def read_class_table(path: Path | None) -> pd.DataFrame:
    """Read a mapping from the platform's categories to the classes.

    Parameters
    ----------
    path
        CSV (utf-8 or gb18030) or XLSX with the columns ``tree, sub_type, issue_class``, or their Chinese headers
        问题类型, 小类, 六类; rows without a class are left out, so that a sheet half filled in can be handed back. None: an
        empty table.

    Returns
    -------
    pandas.DataFrame
        Columns ``tree, sub_type, issue_class``, text, trimmed.

    Raises
    ------
    SettingsError
        If a column is missing, or one category is mapped to two classes.

    Examples
    --------
    >>> len(read_class_table(None))
    0
    """
    columns = ["tree", "sub_type", "issue_class"]
    if path is None:
        return pd.DataFrame(columns=columns, dtype="str")
    table = _read_table(path, dtype=str).rename(columns={"问题类型": "tree", "小类": "sub_type", "六类": "issue_class"})
    missing = [column for column in columns if column not in table.columns]
    if missing:
        raise SettingsError(
            zh=f"{path.name} 缺少列 {listed(missing, 'zh')}；需要 tree（问题类型）、sub_type（小类）、issue_class（六类）三列。",
            en=f"{path.name} has no column {listed(missing, 'en')}; it needs tree, sub_type and issue_class.",
        )
    table = pd.DataFrame({column: table[column].fillna("").str.strip() for column in columns})
    table = table[table["issue_class"] != ""].drop_duplicates(ignore_index=True)
    twice = table[table.duplicated(["tree", "sub_type"])]
    if len(twice):
        names = few(twice["sub_type"])
        raise SettingsError(
            zh=f"{path.name} 把同一小类归入了两个类别：{names.zh}；每个小类只保留一行。",
            en=f"{path.name} maps one category to two classes: {names.en}; keep one row for each.",
        )
    return table


def classify(tree: pd.Series, sub_type: pd.Series, class_table: pd.DataFrame) -> pd.Series:
    """Class of each issue by its tree and its category.

    Parameters
    ----------
    tree, sub_type
        Text, one value an issue, on the same index; missing values allowed.
    class_table
        As :func:`read_class_table` gives it. A row with an empty ``tree`` holds for any tree; one with the issue's own
        tree goes before it.

    Returns
    -------
    pandas.Series
        Class names on the index of ``sub_type``; ``未归类`` where the table has no row.

    Examples
    --------
    >>> city = load_city("jiaxing")
    >>> tree, sub_type = pd.Series(["事件", "部件"]), pd.Series([" 小广告", "不存在"])
    >>> classify(tree, sub_type, city.class_table).tolist()
    ['宣传广告', '未归类']
    """
    lookup = {(row.tree, row.sub_type): row.issue_class for row in class_table.itertuples(index=False)}
    # Of a million issues a few hundred pairs differ.
    (of_tree, trees), (of_type, types) = (pd.factorize(column, use_na_sentinel=False) for column in (tree, sub_type))
    of_pair, pairs = pd.factorize(of_tree * len(types) + of_type)
    stripped = [["" if pd.isna(value) else str(value).strip() for value in values] for values in (trees, types)]
    classes = []
    for at_tree, at_type in (divmod(int(pair), len(types)) for pair in pairs):
        t, s = stripped[0][at_tree], stripped[1][at_type]
        classes.append(lookup.get((t, s), lookup.get(("", s), UNCLASSIFIED)))
    return pd.Series(classes, dtype="str", name="issue_class").take(of_pair).set_axis(sub_type.index)


def _profile_path(profile: str | Path) -> tuple[Path, bool]:
    """The file of a profile, and whether it ships with jxgis."""
    names = builtin_profiles()
    if str(profile) in names:
        return _beside(Path(), f"{_BUILTIN}{profile}.toml"), True
    path = path_of(profile)
    if path.suffix != ".toml" or not path.is_file():
        beside = [file.name for file in path.parent.glob("*.toml")] if path.suffix == ".toml" else []
        hint = nearest_file(path.name, beside) if path.suffix == ".toml" else nearest(path.name, names)
        raise SettingsError(
            zh=f"没有城市配置 {path.name}{hint.zh}自带的有 {listed(names, 'zh')}，也可以给出一个 .toml 文件的路径。",
            en=f"There is no city profile {path.name}{hint.en} Built in are {listed(names, 'en')}, or give the path of a "
            ".toml file.",
        )
    return path, False


def _beside(profile: Path, name: str) -> Path:
    """Path of a table that a profile names."""
    if name.startswith(_BUILTIN):
        return Path(str(resources.files("jxgis.profiles").joinpath(name.removeprefix(_BUILTIN))))
    return profile.parent / name


def _check_districts(path: Path, known: list[str], used: Iterable[str]) -> None:
    unknown = sorted(set(used) - set(known))
    if unknown and known:
        hint = nearest(unknown[0], known)
        raise SettingsError(
            zh=f"{path.name} 的 areas 或 crosswalk 用到了 districts 中没有的片区 {listed(unknown, 'zh')}{hint.zh}",
            en=f"{path.name}: areas or crosswalk name districts that [[districts]] does not: "
            f"{listed(unknown, 'en')}{hint.en}",
        )


def _read_table(path: Path, dtype: type[str] | None = None) -> pd.DataFrame:
    """A small CSV or XLSX that a profile or a project names."""
    require_ordinary(path)
    try:
        path.open("rb").close()
    except OSError as error:
        reason = os_reason(error)
        raise SettingsError(
            zh=f"无法读取 {path}（{reason.zh}）；请检查路径和格式（CSV 或 XLSX）。",
            en=f"Cannot read {path} ({reason.en}); check its path and format (CSV or XLSX).",
        ) from error
    with reading(path.name, _TABLE):
        if path.suffix.lower() in {".xlsx", ".xls"}:
            require_sane_workbook(path, what=path.name)
            return pd.read_excel(path, dtype=dtype, engine="calamine")
        try:
            return pd.read_csv(path, dtype=dtype, encoding="utf-8-sig")
        except UnicodeDecodeError:
            return pd.read_csv(path, dtype=dtype, encoding="gb18030")
