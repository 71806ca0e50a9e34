"""Spatial analysis for city-management planners.

Loaders, hot spots, parks, units, scores, maps and the report live in the subpackages; each is imported on first use,
so that ``import jxgis`` stays fast.

Examples
--------
>>> import jxgis
>>> jxgis.city.load_city("jiaxing").name.en
'Jiaxing'
"""

from __future__ import annotations

import importlib
from types import ModuleType

__version__ = "0.1.0"

_PARTS = (
    "city",
    "crs",
    "datum",
    "demo",
    "drawing",
    "errors",
    "hotspots",
    "load",
    "parks",
    "reference",
    "report",
    "run",
    "schema",
    "scoring",
    "settings",
    "space",
    "units",
)
__all__ = ["__version__", *_PARTS]


def __getattr__(name: str) -> ModuleType:
    if name in _PARTS:
        return importlib.import_module(f"jxgis.{name}")
    raise AttributeError(f"module 'jxgis' has no attribute {name!r}")


def __dir__() -> list[str]:
    return list(__all__)
