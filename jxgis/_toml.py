"""TOML files and their models: one message for all that is wrong, with the nearest known key."""

from __future__ import annotations

import datetime as dt
import re
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar, get_args, get_origin

from pydantic import BaseModel, ValidationError

from jxgis._files import require_ordinary
from jxgis.errors import SettingsError, near, os_reason
from jxgis.i18n import Text, listed, typed
from jxgis.privacy import quoted

__all__ = [
    "COLOUR",
    "COLUMN",
    "ID",
    "KEY",
    "LEVEL",
    "MONTH_DAY",
    "RuleError",
    "kind_at",
    "model_in",
    "path_of",
    "read_toml",
    "validated",
]

#: A day of any year: February has 28.
MONTH_DAY = r"^((0[13578]|1[02])-(0[1-9]|[12]\d|3[01])|(0[469]|11)-(0[1-9]|[12]\d|30)|02-(0[1-9]|1\d|2[0-8]))$"
KEY = "^[a-z][a-z0-9_]{0,39}$"
ID = r"^[A-Za-z_]\w*$"
COLUMN = r"^[^\W\d]\w*$"
LEVEL = r"^([^\W\d]\w*)?$"
COLOUR = "^#[0-9a-fA-F]{6}$"
_NAME = Text(zh="须为不以数字开头的字母、数字和下划线", en="must be letters, digits and underscores, no digit first")
_FORMS = {
    MONTH_DAY: Text(
        zh="须为“月-日”，如 03-31；2 月到 28 日为止", en="must be a month and day such as 03-31; February has 28"
    ),
    KEY: Text(
        zh="须为小写字母开头的小写字母、数字和下划线，不超过 40 个",
        en="must be at most 40 small letters, digits and underscores, a letter first",
    ),
    ID: _NAME,
    COLUMN: _NAME,
    LEVEL: _NAME,
    COLOUR: Text(zh="须为颜色，如 #1b7837", en="must be a colour such as #1b7837"),
}
# Deeper than any table of a project; beyond it Python's own recursion ends.
_DEEPEST = 20
Model = TypeVar("Model", bound=BaseModel)


class RuleError(ValueError):
    """A rule of a settings model that does not hold, in both languages; raised inside pydantic's validators."""

    def __init__(self, *, zh: str, en: str) -> None:
        super().__init__(en)
        self.message = Text(zh=zh, en=en)


def path_of(given: object) -> Path:
    """A path that was given, as one.

    Raises
    ------
    SettingsError
        If it is none, such as a number.

    Examples
    --------
    >>> path_of(5)
    Traceback (most recent call last):
    jxgis.errors.SettingsError: 应给出文件或文件夹的路径，而不是 int...
    """
    if not isinstance(given, str | Path):
        kind = type(given).__name__
        raise SettingsError(
            zh=f"应给出文件或文件夹的路径，而不是 {kind}。", en=f"Give the path of a file or folder, not {kind}."
        )
    return Path(given)


def read_toml(path: Path) -> dict[str, Any]:
    """Parse a TOML file.

    Parameters
    ----------
    path
        The file, in UTF-8, with or without a byte-order mark (Windows editors write one).

    Raises
    ------
    SettingsError
        If it is missing, not UTF-8, or not TOML; the message holds the line.
    """
    require_ordinary(path)
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise SettingsError(
            zh=f"找不到设置文件 {path}；可用 jxgis init 新建一个。",
            en=f"No such settings file: {path}; jxgis init makes one.",
        ) from None
    except OSError as error:
        reason = os_reason(error)
        raise SettingsError(
            zh=f"无法读取 {path}（{reason.zh}）；请指定 jxgis.toml 文件。",
            en=f"Cannot read {path} ({reason.en}); give a jxgis.toml file.",
        ) from None
    except UnicodeDecodeError as error:
        raise SettingsError(
            zh=f"{path} 不是 UTF-8 文本（第 {error.start} 字节起无法解读）；请另存为 UTF-8。",
            en=f"{path} is not UTF-8 text (byte {error.start} cannot be read); save it as UTF-8.",
        ) from None
    except tomllib.TOMLDecodeError as error:
        place = re.search(r"at line (\d+), column (\d+)", str(error))
        where = f"第 {place[1]} 行第 {place[2]} 列有误" if place else "末尾有误，或有键或段写了两次"
        raise SettingsError(
            zh=f"{path.name} 不是有效的 TOML：{where}。文字要加引号，Windows 路径请用 / 或单引号，一个键、一段只写一处。",
            en=f"{path.name} is not valid TOML: {error}. Put text in quotes, write Windows paths with / or in single "
            "quotes, and give each key and table once.",
        ) from None
    except ValueError:
        # Python reads no number of more than 4,300 digits.
        raise SettingsError(
            zh=f"{path.name} 不是有效的 TOML：有一个数字太长。",
            en=f"{path.name} is not valid TOML: a number is too long.",
        ) from None
    except RecursionError:
        raise SettingsError(
            zh=f"{path.name} 不是有效的 TOML：括号嵌套太深。", en=f"{path.name} is not valid TOML: nested too deep."
        ) from None


def validated(model: type[Model], raw: dict[str, Any], source: str) -> Model:
    """Check parsed TOML against its model.

    Parameters
    ----------
    model
        A pydantic model.
    raw
        What :func:`read_toml` returned.
    source
        The file's name, for the message.

    Raises
    ------
    SettingsError
        One message that lists everything; an unknown key comes with the nearest known one.

    Examples
    --------
    >>> class Table(BaseModel, extra="forbid"):
    ...     band_m: float = 500
    >>> validated(Table, {"band": 300}, "a.toml")
    Traceback (most recent call last):
    jxgis.errors.SettingsError: a.toml 有误：未知的键 band，是否为 band_m？
    a.toml is wrong: unknown key band, did you mean band_m?
    """
    _refuse_deep(raw, source)
    truths = list(_truths(model, raw, ()))
    problems = [
        Text(
            zh=f"{'.'.join(at)} 不可用（须为数字，不是 true 或 false）",
            en=f"{'.'.join(at)}: a number, not true or false",
        )
        for at in truths
    ]
    try:
        checked = model.model_validate(raw)
    except ValidationError as error:
        # Of a list whose items are wrong it is not to be said that it has too few of them.
        found = error.errors()
        holds = {item["loc"][:-1] for item in found}
        problems += [
            _problem(model, dict(item))
            for item in found
            if (*map(str, item["loc"]),) not in truths and (item["type"] != "too_short" or item["loc"] not in holds)
        ]
    if problems:
        raise SettingsError(
            zh=f"{source}{' ' if source.isascii() else ''}有误：" + "；".join(problem.zh for problem in problems),
            en=f"{source} is wrong: " + "; ".join(problem.en for problem in problems),
        )
    return checked


def _refuse_deep(raw: dict[str, Any], source: str) -> None:
    """Refuse tables within tables beyond what any project has: dotted keys nest without a bracket."""
    level: list[Any] = [raw]
    for _ in range(_DEEPEST):
        held = (each.values() if isinstance(each, dict) else each for each in level)
        level = [inner for values in held for inner in values if isinstance(inner, dict | list)]
        if not level:
            return
    raise SettingsError(zh=f"{source} 有误：表嵌套太深。", en=f"{source} is wrong: nested too deep.")


def _truths(kind: Any, value: Any, place: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Where true or false stands for a number: Python counts with them, and 200 m would become one."""
    if isinstance(value, bool):
        kinds = list(_kinds(kind))
        if bool not in kinds and (int in kinds or float in kinds):
            yield place
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _truths(kind_at(kind, [key]), inner, (*place, str(key)))
    elif isinstance(value, list | tuple):
        several = [each for each in (kind, *get_args(kind)) if get_origin(each) in (list, tuple)]
        for number, inner in enumerate(value):
            yield from _truths(get_args(several[0])[0] if several else None, inner, (*place, str(number)))


def _kinds(annotation: Any) -> Iterator[Any]:
    yield annotation
    for inner in get_args(annotation):
        yield from _kinds(inner)


def _problem(model: type[BaseModel], item: dict[str, Any]) -> Text:
    # Pydantic's mark that the key itself is wrong.
    place = [str(part) for part in item["loc"] if part != "[key]"]
    value = item.get("input")
    key, given = ".".join(place), quoted(value if isinstance(value, dt.date | dt.time) else repr(value), code=True)
    if item["type"] == "extra_forbidden":
        known = _known_keys(model, item["loc"][:-1])
        others = Text(zh=f"，可用的有 {listed(known, 'zh')}", en=f"; known are {listed(known, 'en')}")
        hint = _meant(place[-1], known) or others
        return Text(zh=f"未知的键 {key}{hint.zh}", en=f"unknown key {key}{hint.en}")
    if item["type"] == "model_type":
        inner = f"{key}.{next(iter(_known_keys(model, item['loc'])))}"
        return Text(
            zh=f"{key} = {given} 不可用（须为一组“键 = 值”，如 {inner}）",
            en=f"{key} = {given}: must be a table of keys, such as {inner}",
        )
    written = isinstance(value, str | int | float | dt.date | dt.time) and not isinstance(value, bool)
    if item["type"] == "tuple_type":
        # Of a list within a list, such as a point, one value is not the whole.
        such = f"[{given}]" if written and isinstance(item["loc"][-1], str) else "[1, 2]"
        return Text(
            zh=f"{key} = {given} 不可用（须为列表，如 {such}）", en=f"{key} = {given}: must be a list, such as {such}"
        )
    if item["type"] == "string_type" and written:
        return Text(
            zh=f'{key} = {given} 不可用（须为文字，加引号："{given}"）',
            en=f'{key} = {given}: must be text, in quotes: "{given}"',
        )
    if item["type"] == "dict_type":
        return Text(
            zh=f"{key} = {given} 不可用（须为一组“键 = 值”）",
            en=f"{key} = {given}: must be a table of keys",
        )
    if item["type"] == "missing":
        return Text(zh=f"缺少 {key}", en=f"{key} is missing")
    form = _FORMS.get(item.get("ctx", {}).get("pattern"))
    if form is not None:
        return Text(zh=f"{key} = {given} 不可用（{form.zh}）", en=f"{key} = {given}: {form.en}")
    rule = item.get("ctx", {}).get("error")
    if isinstance(rule, RuleError):
        # What several keys of the table break together stands at none of them.
        return Text(zh=f"{key}：{rule.message.zh}", en=f"{key}: {rule.message.en}") if key else rule.message
    words = re.findall("'([^']+)'", item["ctx"]["expected"]) if item["type"] == "literal_error" else []
    hint = (_meant(value.casefold(), words) if isinstance(value, str) else None) or Text(zh="", en="")
    return Text(zh=f"{key} = {given} 不可用（{_rule(item)}）{hint.zh}", en=f"{key} = {given}: {item['msg']}{hint.en}")


def _meant(given: str, known: Sequence[str]) -> Text | None:
    """Which word a wrong one may have meant, to end a sentence with."""
    meant = near(given, known)
    return Text(zh=f"，是否为 {meant}？", en=f", did you mean {meant}?") if meant else None


def _rule(item: dict[str, Any]) -> str:
    """What a value must be, in Chinese, from the kind of pydantic's error."""
    context = item.get("ctx", {})
    rules = {
        "greater_than": f"须大于 {typed(context.get('gt'))}",
        "greater_than_equal": f"须不小于 {typed(context.get('ge'))}",
        "less_than": f"须小于 {typed(context.get('lt'))}",
        "less_than_equal": f"须不大于 {typed(context.get('le'))}",
        "literal_error": f"须为 {str(context.get('expected')).replace(' or ', '、').replace(', ', '、')}",
        "float_parsing": "须为数字",
        "float_type": "须为数字",
        "finite_number": "须为有限的数字",
        "int_parsing": "须为整数",
        "int_parsing_size": "数字太大",
        "int_type": "须为整数",
        "int_from_float": "须为整数",
        "string_type": "须为文字",
        "string_unicode": "含有无法解读的字符",
        "bool_parsing": "须为 true 或 false",
        "bool_type": "须为 true 或 false",
        "too_long": "项数太多",
        "too_short": f"至少要有 {context.get('min_length')} 项",
    }
    return rules.get(item["type"], str(item["msg"]))


def _known_keys(model: type[BaseModel], place: tuple[Any, ...]) -> list[str]:
    """Keys that the table at ``place`` may hold."""
    own_name = False  # of a table of tables: it may be that of a key
    for part in place:
        if own_name or isinstance(part, int) or part not in _keys(model):
            own_name = False
            continue
        annotation = _keys(model)[part]
        inner = model_in(annotation)
        if inner is None:
            return []
        model, own_name = inner, any(get_origin(each) is dict for each in _kinds(annotation))
    return list(_keys(model))


def _keys(model: type[BaseModel]) -> dict[str, Any]:
    return {field.alias or name: field.annotation for name, field in model.model_fields.items()}


def kind_at(model: type[BaseModel], place: Sequence[str]) -> Any:
    """The annotation of what stands at ``place``, such as ``["units", "n_units", "老城"]``; None where nothing may.

    Examples
    --------
    >>> class Table(BaseModel):
    ...     band_m: float = 500
    ...     names: dict[str, str] | None = None
    >>> kind_at(Table, ["band_m"]), kind_at(Table, ["names", "a"]), kind_at(Table, ["bands"])
    (<class 'float'>, <class 'str'>, None)
    """
    kind: Any = model
    for part in place:
        kinds = (kind, *get_args(kind))
        tables = [get_args(each)[1] for each in kinds if get_origin(each) is dict]
        models = [each for each in kinds if isinstance(each, type) and issubclass(each, BaseModel)]
        kind = tables[0] if tables else _keys(models[0]).get(part) if models else None
    return kind


def model_in(annotation: Any) -> type[BaseModel] | None:
    """The model inside ``Model``, ``Model | None``, ``dict[str, Model]`` or ``tuple[Model, ...]``."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for found in map(model_in, get_args(annotation)) if found is not None), None)
