"""Commands: read, analyse, draw, write.

``parts`` lists the parts, ``commands`` runs one of them or all, ``check_command`` checks a layer, ``project`` makes the
project folder.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jxgis.run.check_command import run_check
    from jxgis.run.commands import counted, run_demo, run_part, run_report
    from jxgis.run.inputs import require_layer
    from jxgis.run.project import init_project

__all__ = ["counted", "init_project", "require_layer", "run_check", "run_demo", "run_part", "run_report"]

_HOME = {"init_project": "project", "require_layer": "inputs", "run_check": "check_command"}


def __getattr__(name: str) -> Any:
    if name in __all__:
        return getattr(importlib.import_module(f"jxgis.run.{_HOME.get(name, 'commands')}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return list(__all__)
