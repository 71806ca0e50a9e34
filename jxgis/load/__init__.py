"""Loading: files and tables in, tables that hold their contract out, and an account of every row."""

import importlib
from typing import Any

import lazy_loader

_named, _, __all__ = lazy_loader.attach_stub(__name__, __file__)


def __getattr__(name: str) -> Any:
    """What the stub names, imported when it is first asked for, or the loader of any layer: `load_parks` is made of `load_layer`."""
    layer = name.removeprefix("load_")
    if name in __all__ or layer == name:
        return _named(name)
    from jxgis.schema.layers import layers

    if layer not in layers():
        return _named(name)
    return importlib.import_module("jxgis.load.layers").loader_of(layer)


def __dir__() -> list[str]:
    from jxgis.schema.layers import layers

    return sorted({*__all__, *(f"load_{layer}" for layer in layers())})
