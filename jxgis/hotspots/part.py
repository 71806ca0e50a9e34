"""The part that finds hot spots: what it reads, and how it is run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jxgis.part import Given, Part

if TYPE_CHECKING:
    from jxgis.hotspots.result import HotspotsResult

__all__ = ["PART"]


def _find(given: Given) -> HotspotsResult:
    from jxgis.hotspots.analysis import analyse

    return analyse(given)


PART = Part(
    name="hotspots",
    command="hotspots",
    reads=("districts", "subdistricts", "issues", "places", "streets", "exposure", "ring", "built_up"),
    needs={"issues": "--issues", "districts": "--area"},
    analyse=_find,
    section="hotspots",
    settings=("hotspots", "report"),
    maps=("hotspots",),
    figures=("hotspots", "scale"),
)
