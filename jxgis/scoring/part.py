"""The part that scores candidates: what it reads, and how it is run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jxgis.i18n import Text
from jxgis.part import Given, Option, Part

if TYPE_CHECKING:
    import geopandas as gpd

    from jxgis.scoring.result import ScoresResult

__all__ = ["PART", "candidates_of"]


def candidates_of(given: Given) -> gpd.GeoDataFrame | None:
    """What is scored: candidates, else the user's own units, else those that were proposed; None where none are."""
    for layer in ("candidates", "units"):
        if layer in given.layers:
            return given.need(layer)
    return given.results["units"].tables()["units"] if "units" in given.results else None


def _score(given: Given) -> ScoresResult:
    from jxgis.scoring.analysis import analyse

    return analyse(given)


PART = Part(
    name="scores",
    command="score",
    title=Text(zh="候选样板单元评分", en="Score candidate sample units"),
    options={
        "--candidates": Option("inputs.candidates"),
        "--weights": Option("scoring.weights", metavar="NAME"),
        "--name-column": Option("inputs.candidates.name_column"),
        "--columns": Option("inputs.candidates.columns"),
    },
    reads=(
        *("districts", "subdistricts", "candidates", "issues", "parks", "residential", "historic", "waters"),
        "built_up",
    ),
    needs=("candidates",),
    instead={"candidates": "units"},
    analyse=_score,
    settings_key="scoring",
    settings=("hotspots", "parks", "units", "scoring", "report"),
    after=("hotspots",),
    beside="units",
)
