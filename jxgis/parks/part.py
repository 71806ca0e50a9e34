"""The part that measures parks: what it reads, and how it is run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jxgis.part import Given, Part

if TYPE_CHECKING:
    from jxgis.parks.result import ParksResult

__all__ = ["PART"]


def _measure(given: Given) -> ParksResult:
    from jxgis.parks.analysis import analyse

    return analyse(given)


PART = Part(
    name="parks",
    command="parks",
    reads=(
        *("districts", "subdistricts", "parks", "residential", "streets", "gates", "barriers", "places", "historic"),
        *("vacant", "planned_parks", "population", "built_up"),
    ),
    needs={"parks": "--parks", "districts": "--by"},
    options={
        "residential": "--residential",
        "streets": "--streets",
        "gates": "--gates",
        "barriers": "--barriers",
        "population": "--population",
        "planned_parks": "--plan",
    },
    analyse=_measure,
    section="parks",
    settings=("parks",),
    maps=("parks", "parks_change"),
    figures=("parks",),
    beside="units",
)
