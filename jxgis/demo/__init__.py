"""The schematic city: invented data for twelve districts of true size, with planted hot spots and planted flaws."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jxgis.demo._changes import make_changing_city
    from jxgis.demo._city import SEED, SchematicCity, make_city
    from jxgis.demo._flaws import FLAWS
    from jxgis.demo._write import LAYERS, write_city

__all__ = ["FLAWS", "LAYERS", "SEED", "SchematicCity", "make_changing_city", "make_city", "write_city"]

_HOME = {
    "SEED": "_city",
    "SchematicCity": "_city",
    "make_changing_city": "_changes",
    "make_city": "_city",
    "FLAWS": "_flaws",
    "LAYERS": "_write",
    "write_city": "_write",
}


def __dir__() -> list[str]:
    return __all__


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(f"jxgis.demo.{_HOME[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
