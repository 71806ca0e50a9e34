"""One function a command: read, analyse, draw, write.

``commands`` has the commands of single parts, ``report`` those that run everything, ``project`` the project folder.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jxgis.run.commands import run_check, run_hotspots, run_parks, run_score, run_units
    from jxgis.run.project import init_project
    from jxgis.run.report import run_demo, run_report

__all__ = [
    "init_project",
    "run_check",
    "run_demo",
    "run_hotspots",
    "run_parks",
    "run_report",
    "run_score",
    "run_units",
]

_HOME = {"init_project": "project", "run_demo": "report", "run_report": "report"}


def __getattr__(name: str) -> Any:
    if name in __all__:
        return getattr(importlib.import_module(f"jxgis.run.{_HOME.get(name, 'commands')}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
