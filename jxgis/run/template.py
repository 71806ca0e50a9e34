"""The jxgis.toml of a new project: every layer and every option, each with its default and what is said of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from jxgis import settings
from jxgis._toml import kind_at, model_in
from jxgis.city import load_city
from jxgis.i18n import listed, text, wide_signs
from jxgis.schema.layers import KIND_NAMES, contract, layers

__all__ = ["template"]

_COLUMN = 41


def template(lang: str) -> str:
    """The text of a new project's jxgis.toml; what stands in it as a comment is the default, or an example.

    Parameters
    ----------
    lang
        Language of the comments, ``"zh"`` or ``"en"``.

    Examples
    --------
    >>> [line for line in template("en").splitlines() if "cell_m" in line][0]
    '# cell_m = 200                           # side of a cell, metres'
    """
    sections = [name for name in settings.Settings.model_fields if name not in ("city", "inputs")]
    parts = [
        text("template.head", lang).rstrip(),
        "\n".join(["[city]", *_options(settings.CitySettings, lang)]),
        text("template.inputs", lang),
        *(_layer(layer, lang, first=layer == layers()[0]) for layer in layers()),
        *_of_the_city(lang),
        text("template.options", lang),
        *("\n".join([f"[{name}]", *_options(_model(name), lang)]) for name in sections),
    ]
    return "\n\n".join(parts) + "\n"


def _model(*place: str) -> type[BaseModel]:
    model = model_in(kind_at(settings.Settings, place))
    if model is None:
        raise KeyError(place)
    return model


def _layer(layer: str, lang: str, *, first: bool) -> str:
    """A layer's table; the options that every layer has stand in the first one's."""
    agreed, model = contract(layer), _model("inputs", layer)
    mark = "" if agreed.new else "# "
    lines = [
        _line(f"{mark}[inputs.{layer}]", agreed.about.of(lang)),
        f"{mark}path = {_toml(agreed.example)}",
        *(() if model is settings.InputSettings else _options(model, lang, own=True)),
    ]
    if first:
        lines += [text("template.every_layer", lang), *_options(settings.InputSettings, lang)]
    return "\n".join(lines)


def _of_the_city(lang: str) -> Iterator[str]:
    """The layers that the city of a new project adds: two lines each, with the columns that they have beside a name."""
    lines: list[str] = []
    for name, agreed in load_city(settings.CitySettings().profile).layers.items():
        own = [
            column.aliases[0] if lang == "zh" and column.aliases else column.name
            for column in agreed.columns
            if column.name != "name"
        ]
        of = text("template.columns", lang, names=listed(own, lang)) if own else ""
        kind = KIND_NAMES[agreed.geometry].of(lang)
        said = text("template.city_layer", lang, title=agreed.title.of(lang), kind=kind, columns=of)
        lines += [_line(f"# [inputs.{name}]", said), f'# path = "data/layers/{name}.geojson"']
    if lines:
        yield "\n".join([text("template.of_the_city", lang), *lines])


def _options(model: type[BaseModel], lang: str, *, own: bool = False) -> Iterator[str]:
    for name, field in model.model_fields.items():
        if field.is_required() or (own and name not in model.__annotations__):
            continue
        extra = field.json_schema_extra
        new = isinstance(extra, dict) and bool(extra["new"])
        value = lang if name == "lang" else settings.example(model, name)
        yield _line(
            f"{'' if new else '# '}{field.alias or name} = {_toml(value)}", settings.about(model, name).of(lang)
        )


def _line(start: str, said: str) -> str:
    room = max(_COLUMN - len(start) - wide_signs(start), 2)
    return f"{start}{' ' * room}# {said}" if said else start


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, dict):
        inner = ", ".join(f"{key if key.isascii() else _toml(key)} = {_toml(each)}" for key, each in value.items())
        return f"{{ {inner} }}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(_toml(each) for each in value)}]"
    return f"{value}"
