"""The part that proposes units: what it reads, and how it is run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jxgis.part import Given, Part

if TYPE_CHECKING:
    from jxgis.units.result import UnitsResult

__all__ = ["PART"]


def _propose(given: Given) -> UnitsResult:
    from jxgis.units.analysis import analyse

    return analyse(given)


PART = Part(
    name="units",
    command="units",
    reads=(
        *("districts", "subdistricts", "blocks", "streets", "waters", "issues", "population", "land_use"),
        *("keep_together", "keep_apart"),
    ),
    needs={"districts": "--districts"},
    options={"blocks": "--blocks", "streets": "--streets", "issues": "--issues"},
    analyse=_propose,
    section="units",
    settings=("units", "report"),
    maps=("units",),
    figures=("units",),
)
