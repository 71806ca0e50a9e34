"""Options that several commands share, and how they and a project's file become one settings object."""

from __future__ import annotations

import datetime as dt
import inspect
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import UnionType
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args, get_origin

import typer

from jxgis.cli._words import OF_LAYER, OF_SETTING, word

if TYPE_CHECKING:
    from jxgis.part import Option, Part
    from jxgis.settings import Settings

__all__ = [
    "ClassColumn",
    "Columns",
    "Crs",
    "DropPoints",
    "From",
    "Keep",
    "Lang",
    "NameColumn",
    "Out",
    "Project",
    "Set",
    "Source",
    "Status",
    "To",
    "has_city",
    "layer",
    "names",
    "option",
    "pairs",
    "part_settings",
    "points",
    "setting",
    "settings_of",
    "signature",
]


# No key of jxgis.toml has as many parts.
_DEEPEST = 8
_PART = r"""(?:"[^"]+"|'[^']+'|[^.="'\s][^.="']*)"""
_SET = re.compile(rf"\s*({_PART}(?:\.{_PART}){{0,{_DEEPEST - 1}}})\s*=(.*)", re.DOTALL)


def option(name: str, zh: str, en: str, metavar: str) -> Any:
    """An option of the command line alone, in its own words."""
    return typer.Option(name, help=word(zh, en), metavar=metavar, show_default=False)


def setting(name: str, section: str, key: str, metavar: str = "N") -> Any:
    """An option that stands for a key of jxgis.toml: its help is what is said of the key, with its default."""
    return typer.Option(name, help=f"{OF_SETTING}{section}.{key}", metavar=metavar, show_default=False)


def layer(name: str, of: str) -> Any:
    """An option that gives the file of a layer: its help is what is said of the layer."""
    return typer.Option(name, help=f"{OF_LAYER}{of}", metavar="FILE", show_default=False)


Out = Annotated[Path, option("--out", "结果文件夹", "Result folder", "DIR")]
Project = Annotated[
    Path | None,
    option(
        "--project",
        "项目设置 jxgis.toml 或其文件夹：补上没有给出的选项",
        "Project settings jxgis.toml, or their folder: supplies what is not given",
        "FILE|DIR",
    ),
]
Set = Annotated[
    list[str] | None,
    option(
        "--set",
        "设置 jxgis.toml 中的任何一项，可重复，如 --set inputs.districts.crs=GCJ-02",
        "Sets any key of jxgis.toml; may be repeated, such as --set inputs.districts.crs=GCJ-02",
        "KEY=VALUE",
    ),
]
Lang = Annotated[Literal["zh", "en"], setting("--lang", "report", "lang", "zh|en")]
Crs = Annotated[str | None, setting("--crs", "inputs.parks", "crs", "CRS")]
NameColumn = Annotated[str | None, setting("--name-column", "inputs.parks", "name_column", "COLUMN")]
Columns = Annotated[
    str | None,
    option(
        "--columns",
        "列名对不上时：约定名=文件中的列名，用逗号分隔",
        "Columns: contract name=name in the file, separated by commas",
        "A=B,…",
    ),
]
ClassColumn = Annotated[str | None, setting("--class-column", "inputs.issues", "class_column", "COLUMN")]
From = Annotated[str | None, setting("--from", "inputs.issues", "from", "DATE")]
To = Annotated[str | None, setting("--to", "inputs.issues", "to", "DATE")]
Status = Annotated[str | None, setting("--status", "inputs.issues", "status", "A,B")]
Source = Annotated[str | None, setting("--source", "inputs.issues", "source", "A,B")]
Keep = Annotated[str | None, setting("--keep", "inputs.issues", "keep", "A,B")]
DropPoints = Annotated[str | None, setting("--drop-points", "inputs.issues", "drop_points", "X,Y;…")]
#: How a layer is read is said in the same words for each.
_READING = {
    "--crs": Crs, "--name-column": NameColumn, "--columns": Columns, "--class-column": ClassColumn, "--from": From,
    "--to": To, "--status": Status, "--source": Source, "--keep": Keep, "--drop-points": DropPoints,
}  # fmt: skip


def signature(part: Part) -> inspect.Signature:
    """The signature that the function of a part's command has: its options as texts, and those of every such command.

    What a text must be is asked of the settings when it is given, so that a command starts without them.
    """
    own = [(f"option{at}", _declared(name, each)) for at, (name, each) in enumerate(part.options.items())]
    # Those from --name-column on say how the layers are read: the project that else says it stands before them.
    at = [*part.options, "--name-column"].index("--name-column")
    known = [("out", Out), *own[:at], ("project", Project), ("sets", Set), *own[at:], ("lang", Lang)]
    defaults = {"out": inspect.Parameter.empty, "lang": "zh"}
    return inspect.Signature(
        [
            inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=kind, default=defaults.get(name))
            for name, kind in known
        ]
    )


def _declared(name: str, given: Option) -> Any:
    if name in _READING:
        return _READING[name]
    if given.words is not None:
        return Annotated[str | None, option(name, *given.words, metavar="FILE")]
    start, _, last = given.key.rpartition(".")
    if start == "inputs":
        return Annotated[str | None, layer(name, last)]
    return Annotated[str | None, setting(name, start, last, given.metavar)]


def part_settings(part: Part, given: Mapping[str, str], project: Path | None, sets: Sequence[str] | None) -> Settings:
    """The settings that a part's command runs with.

    Parameters
    ----------
    part
        The part.
    given
        Its options that were given, to their texts.
    project, sets
        As of `settings_of`.

    Raises
    ------
    SettingsError
        If an option cannot be used: it is called by its name on the command line.
    """
    from jxgis._toml import kind_at
    from jxgis.errors import SettingsError
    from jxgis.settings import Settings

    asked: dict[str, Any] = dict(part.implied(given))
    for name, text in given.items():
        place = part.options[name].key.split(".")
        place += ["path"] if place[:-1] == ["inputs"] else []
        asked = _laid_over(asked, _nested(place, _value(text, kind_at(Settings, place))))
    try:
        return settings_of(project, asked, sets)
    except SettingsError as error:
        zh, en = error.message
        for key, name in ((part.options[name].key, name) for name in given):
            zh, en = zh.replace(f"{key} = ", f"{name}（{key}）= "), en.replace(f"{key} = ", f"{name} ({key}) = ")
        raise SettingsError(zh=zh, en=en) from None


def pairs(text: str | None) -> dict[str, str]:
    """Read ``contract=file,…``.

    Raises
    ------
    InputError
        If a part has no ``=``.

    Examples
    --------
    >>> pairs("issue_id=任务号, time=上报时间")
    {'issue_id': '任务号', 'time': '上报时间'}
    """
    from jxgis.errors import InputError

    found = {}
    for part in filter(None, (text or "").split(",")):
        name, sign, value = part.partition("=")
        if not sign or not name.strip() or not value.strip():
            raise InputError(
                zh=f"--columns 中的“{part}”不是“约定名=列名”的形式，例如 issue_id=任务号。",
                en=f"--columns: {part!r} is not contract=file, such as issue_id=任务号.",
            )
        found[name.strip()] = value.strip()
    return found


def names(text: str | None) -> tuple[str, ...] | None:
    """Read ``A,B``; None where nothing was given.

    Examples
    --------
    >>> names("已结案, 处置中"), names(None)
    (('已结案', '处置中'), None)
    """
    return None if text is None else tuple(part.strip() for part in text.split(",") if part.strip())


def points(text: str | None) -> tuple[tuple[float, float], ...] | None:
    """Read ``X,Y;X,Y``; None where nothing was given.

    Raises
    ------
    InputError
        If a part is not two numbers.

    Examples
    --------
    >>> points("120.75,30.74; 120.8,30.7"), points(None)
    (((120.75, 30.74), (120.8, 30.7)), None)
    """
    from jxgis.errors import InputError

    if text is None:
        return None
    found = []
    for part in filter(None, (part.strip() for part in text.split(";"))):
        try:
            first, second = (float(number) for number in part.split(","))
        except ValueError:
            raise InputError(
                zh=f"--drop-points 中的“{part}”不是“X,Y”两个数，例如 120.7559,30.7461。",
                en=f"--drop-points: {part!r} is not two numbers X,Y, such as 120.7559,30.7461.",
            ) from None
        found.append((first, second))
    return tuple(found)


def settings_of(project: Path | None, options: Mapping[str, Any], sets: Sequence[str] | None = None) -> Settings:
    """The project's settings with the command line's options laid over them.

    Parameters
    ----------
    project
        jxgis.toml, or its folder; or None.
    options
        Nested like the file, ``{"inputs": {"issues": {"path": …}}}``; what is None was not given.
    sets
        ``KEY=VALUE`` of ``--set``: they go before the options.

    Raises
    ------
    SettingsError
        If the file or an option cannot be used.
    """
    from jxgis.errors import SettingsError
    from jxgis.settings import load_settings, make_settings

    base = {} if project is None else load_settings(project).model_dump(by_alias=True, exclude_unset=True)
    given = _laid_over(base, options)
    source = word("命令行", "the command line")
    if not sets:
        return make_settings(given, source)
    try:
        return make_settings(_with_sets(given, sets), "--set")
    except SettingsError:
        # What is wrong without them is not theirs.
        make_settings(given, source)
        raise


def has_city(project: Path | None, settings: Settings) -> bool:
    """Whether there is a city: that of a project, or of a profile that ``--set`` names.

    Raises
    ------
    InputError
        If ``--set`` changes a city that nothing names: it would count for nothing.
    """
    from jxgis.errors import InputError

    asked = settings.city.model_fields_set
    if project is None and asked and "profile" not in asked:
        key = min(asked)
        raise InputError(
            zh=f"没有 --project 时，--set city.{key} 须与 --set city.profile=… 一起给出。",
            en=f"Without --project, --set city.{key} needs --set city.profile=… beside it.",
        )
    return project is not None or "profile" in asked


def _with_sets(given: dict[str, Any], sets: Sequence[str]) -> dict[str, Any]:
    from jxgis._toml import kind_at
    from jxgis.errors import InputError
    from jxgis.settings import model_for

    pairs = []
    for text in sets:
        found = _SET.fullmatch(text)
        if found is None:
            raise InputError(
                zh=f"--set 的“{text}”不是“键=值”的形式，例如 inputs.districts.crs=GCJ-02；键的各段用点隔开，不能为空，"
                '含有 . 或 = 的名称加引号，如 units.n_units."a=b"=2。',
                en=f"--set: {text!r} is not KEY=VALUE, such as inputs.districts.crs=GCJ-02; no part of a key is empty, and "
                'a name that holds . or = is quoted, such as units.n_units."a=b"=2.',
            )
        pairs.append(([part.strip().strip("\"'") for part in re.findall(_PART, found[1])], found[2].strip()))
    named: dict[str, Any] = given
    for place, value in pairs:
        named = _laid_over(named, _nested(place, value))
    model = model_for(named)
    for place, value in pairs:
        for key, part in _keys_of(place, _value(value, kind_at(model, place)), model):
            given = _with_key(given, key, part)
    return given


def _keys_of(place: Sequence[str], value: Any, model: type[Settings]) -> Iterator[tuple[Sequence[str], Any]]:
    """The options that a value gives: those of a section or a layer each, a table of the user's own names whole."""
    from pydantic import BaseModel

    from jxgis._toml import kind_at

    kinds = _kinds(kind_at(model, place))
    if isinstance(value, Mapping) and any(isinstance(each, type) and issubclass(each, BaseModel) for each in kinds):
        for key, part in value.items():
            yield from _keys_of([*place, key], part, model)
    else:
        yield place, value


def _with_key(base: Mapping[str, Any], place: Sequence[str], value: Any) -> dict[str, Any]:
    first, *rest = place
    there = base.get(first)
    return {**base, first: _with_key(there if isinstance(there, Mapping) else {}, rest, value) if rest else value}


def _nested(place: Sequence[str], value: Any) -> dict[str, Any]:
    for part in reversed(place):
        value = {part: value}
    return dict(value)


def _value(text: str, kind: Any) -> Any:
    """A value as TOML has it; else texts by commas, pairs and points as the key holds them, else the text as it stands."""
    kinds = list(_kinds(kind))
    if str in kinds:
        return text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'" else text
    item = next((get_args(each)[0] for each in kinds if get_origin(each) is tuple), None)
    several, texts = get_origin(item) is tuple, item is str or get_origin(item) is Literal
    listed = item is not None and not several and (text[:1] in "\"'" if texts else text[:1] != "[")
    try:
        found = tomllib.loads(f"value = [{text}]" if listed else f"value = {text}")
    except (tomllib.TOMLDecodeError, RecursionError):
        found = {}
    if texts and not isinstance(found.get("value"), list):
        return names(text)
    if list(found) == ["value"] and not isinstance(found["value"], dt.date | dt.time):
        return found["value"]
    if held := [get_args(each)[1] for each in kinds if get_origin(each) is dict]:
        return _table(text, held[0])
    return points(text) if several else text


def _table(text: str, kind: Any) -> Any:
    """``A=B,…`` as a table, in braces or not; the text as it stands where it is none, or one within another."""
    inner = text[1:-1] if text[:1] + text[-1:] == "{}" else text
    entries = [part.partition("=") for part in inner.split(",") if part.strip()]
    if "{" in inner or not all(key.strip() and sign and value.strip() for key, sign, value in entries):
        return text
    return {key.strip().strip("\"'"): _value(value.strip(), kind) for key, _, value in entries} or None


def _kinds(kind: Any) -> Iterator[Any]:
    """What a value may be: of a union each, without its bounds."""
    if get_origin(kind) is Annotated:
        yield from _kinds(get_args(kind)[0])
    elif get_origin(kind) in (Union, UnionType):
        for each in get_args(kind):
            yield from _kinds(each)
    else:
        yield kind


def _laid_over(base: Mapping[str, Any], options: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in options.items():
        if isinstance(value, Mapping):
            there = merged.get(key)
            inner = _laid_over(there if isinstance(there, Mapping) else {}, value)
            if inner or key in merged:
                merged[key] = inner
        elif value is not None:
            merged[key] = value
    return merged
