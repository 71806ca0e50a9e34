"""The part that scores candidates: what it reads, and how it is run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jxgis.i18n import Text
from jxgis.part import Given, Option, Part

if TYPE_CHECKING:
    import geopandas as gpd

    from jxgis.settings import Settings

__all__ = ["PART", "candidates_of"]


def candidates_of(given: Given) -> gpd.GeoDataFrame | None:
    """What is scored: candidates, else the user's own units, else those that were proposed; None where none are."""
    return given.need("candidates") if "candidates" in given.layers else given.units()


def _also_reads(settings: Settings) -> tuple[str, ...]:
    """The layers that the indicators and the features of types name, and what ways on foot keep to."""
    from jxgis.city import load_city
    from jxgis.indicators.measures import ON_FOOT, layers_of
    from jxgis.scoring.indicators import select_indicators
    from jxgis.scoring.types import load_types

    features = load_types(load_city(settings.city.profile).unit_types).features
    measured = (*select_indicators(settings.scoring.indicators), *features)
    return (*layers_of(way for some in measured for way in some.measures), *ON_FOOT)


PART = Part(
    name="scores",
    command="score",
    title=Text(zh="候选样板单元评分", en="Score candidate sample units"),
    options={
        "--candidates": Option("inputs.candidates"),
        "--weights": Option("scoring.weights", metavar="NAME"),
        "--cards": Option("scoring.cards"),
        "--name-column": Option("inputs.candidates.name_column"),
        "--columns": Option("inputs.candidates.columns"),
    },
    reads=(
        *("districts", "subdistricts", "candidates", "issues", "parks", "residential", "historic", "waters"),
        *("built_up", "streets"),
    ),
    also_reads=_also_reads,
    needs=("candidates",),
    instead={"candidates": "units"},
    settings_key="scoring",
    settings=("hotspots", "parks", "units", "scoring", "report"),
    after=("hotspots",),
    beside="units",
)
