"""The part that scores candidates: what it reads, and how it is run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jxgis.part import Given, Part

if TYPE_CHECKING:
    import geopandas as gpd

    from jxgis.scoring.result import ScoreResult

__all__ = ["PART", "candidates_of"]


def candidates_of(given: Given) -> gpd.GeoDataFrame | None:
    """What is scored: candidates, else the user's own units, else those that were proposed; None where none are."""
    for layer in ("candidates", "units"):
        if layer in given.layers:
            return given.need(layer)
    return given.results["units"].tables()["units"] if "units" in given.results else None


def _score(given: Given) -> ScoreResult:
    from jxgis.scoring.analysis import analyse

    return analyse(given)


PART = Part(
    name="scores",
    command="score",
    reads=(
        *("districts", "subdistricts", "candidates", "issues", "parks", "residential", "historic", "waters"),
        "built_up",
    ),
    needs={"candidates": "--candidates"},
    analyse=_score,
    section="scoring",
    settings=("hotspots", "parks", "units", "scoring", "report"),
    maps=("scores",),
    figures=("scores",),
    after=("hotspots",),
    beside="units",
)
