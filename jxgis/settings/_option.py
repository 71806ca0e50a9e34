"""What an option is: its default, its bounds, and the one text that help and template have of it."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from functools import reduce
from operator import or_
from types import UnionType
from typing import Annotated, Any, Self, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field

from jxgis._toml import validated
from jxgis.i18n import Text
from jxgis.privacy import hide_passwords

__all__ = [
    "CityMetres",
    "Finite",
    "NotNegative",
    "Positive",
    "Section",
    "Share",
    "about",
    "default",
    "example",
    "option",
    "with_options",
]

Function = TypeVar("Function", bound=Callable[..., Any])

Finite = Annotated[float, Field(allow_inf_nan=False)]
NotNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
# A city is tens of kilometres wide: more is a slip of the hand, and would fill the memory.
CityMetres = Annotated[float, Field(gt=0, le=100_000)]
Share = Annotated[float, Field(ge=0, le=1)]


class Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    def __repr_args__(self) -> Iterator[tuple[str | None, Any]]:
        """What is shown of it where it is printed: no password of an address."""
        for name, value in super().__repr_args__():
            yield name, hide_passwords(value) if isinstance(value, str) else value

    def but(self, changed: dict[str, Any], source: str = "options") -> Self:
        """The same with some options changed, checked; a wrong name gets the nearest one.

        Raises
        ------
        SettingsError
            If an option is unknown or out of range; ``source`` is what the message calls them.
        """
        known = self.model_dump(by_alias=True, exclude_unset=True)
        return validated(type(self), known | changed, source) if changed else self


def option(value: Any, zh: str, en: str, *, example: Any = None, new: bool = False, alias: str | None = None) -> Any:
    """An option: its default, and the one text that the template of a project and the help of a command have of it.

    ``example`` is what the template shows where the default is nothing; ``new`` options are in use in a new project.
    """
    said = {"zh": zh, "en": en, "example": example, "new": new}
    if isinstance(value, dict):
        return Field(default_factory=dict, json_schema_extra=said)
    return Field(default=value, alias=alias, json_schema_extra=said)


def with_options(model: type[BaseModel]) -> Callable[[Function], Function]:
    """Put the options of a section into a function's signature and docstring, in the place of its ``**options``.

    Parameters
    ----------
    model
        The section, whose options the function takes by name.

    Examples
    --------
    >>> from jxgis.settings import HotspotSettings
    >>> @with_options(HotspotSettings)
    ... def find(area, **options):
    ...     \"\"\"Find.
    ...
    ...     **options
    ...         Those of the section.
    ...     \"\"\"
    >>> find.__doc__.splitlines()[2:4], "cell_m" in inspect.signature(find).parameters
    (['    cell_m : default 200', '        Side of a cell, metres.'], True)
    >>> inspect.signature(find).parameters["cell_m"].annotation
    'float'
    """
    known = {name: default(model, name) for name in model.model_fields}
    options = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=value, annotation=_named(model, name))
        for name, value in known.items()
    ]

    def said(function: Function) -> Function:
        def lines(found: re.Match[str]) -> str:
            words = ((name, value, about(model, name).en) for name, value in known.items())
            return "".join(
                f"{found[1]}{name} : default {value!r}{found[1]}    {en[:1].upper()}{en[1:]}."
                for name, value, en in words
            )

        function.__doc__ = re.sub(r"(\n *)\*\*options(?:\1    .*)+", lines, function.__doc__ or "")
        signature = inspect.signature(function)
        own = [each for each in signature.parameters.values() if each.kind is not each.VAR_KEYWORD]
        function.__signature__ = signature.replace(parameters=[*own, *options])  # type: ignore[attr-defined]  # help reads it there
        return function

    return said


def _named(model: type[BaseModel], name: str) -> str:
    """The type of an option as a signature names it, its bounds aside: ``float``, not a type that nobody can import."""

    def plain(kind: Any) -> Any:
        kinds = tuple(plain(each) for each in get_args(kind))
        if get_origin(kind) is Annotated:
            return kinds[0]
        if get_origin(kind) in (tuple, dict):
            return get_origin(kind)[kinds]
        return reduce(or_, kinds) if get_origin(kind) in (Union, UnionType) else kind

    kind = plain(model.model_fields[name].annotation)
    words = inspect.formatannotation(kind | None if default(model, name) is None else kind)
    return re.sub(r"\b(?:typing|jxgis\.[\w.]+)\.", "", words)


def about(model: type[BaseModel], name: str) -> Text:
    """What is said of an option.

    Examples
    --------
    >>> from jxgis.settings import HotspotSettings
    >>> about(HotspotSettings, "cell_m").zh
    '网格边长，米'
    """
    extra = model.model_fields[name].json_schema_extra
    return Text(zh=str(extra["zh"]), en=str(extra["en"])) if isinstance(extra, dict) else Text("", "")


def default(model: type[BaseModel], name: str) -> Any:
    """The default of an option: the one place where it stands.

    Examples
    --------
    >>> from jxgis.settings import ParkSettings
    >>> default(ParkSettings, "speed_m_per_min")
    75
    """
    return model.model_fields[name].get_default(call_default_factory=True)


def example(model: type[BaseModel], name: str) -> Any:
    """What a new project shows of an option: its default, or an example where that is nothing."""
    extra = model.model_fields[name].json_schema_extra
    shown = extra["example"] if isinstance(extra, dict) else None
    return default(model, name) if shown is None else shown
