"""The part that chooses sample units year by year: what it reads, and how it is run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jxgis.i18n import Text
from jxgis.part import Given, Option, Part
from jxgis.scoring.part import PART as SCORES
from jxgis.scoring.part import candidates_of

if TYPE_CHECKING:
    from jxgis.settings import Settings

__all__ = ["PART"]


def _bring_worth(given: Given) -> bool:
    """Whether candidates bring what is maximised: then nothing is scored."""
    candidates, worth = candidates_of(given), given.settings.allocate.worth
    return candidates is not None and worth in candidates.columns and bool(candidates[worth].notna().any())


def _also_reads(settings: Settings) -> tuple[str, ...]:
    """What scores are made of."""
    return SCORES.layers_for(settings)


PART = Part(
    name="allocation",
    command="allocate",
    title=Text(zh="逐年选定样板单元", en="Choose the sample units of each year"),
    options={
        "--candidates": Option("inputs.candidates"),
        "--cycle": Option("inputs.cycle"),
        "--this-year": Option("allocate.this_year", metavar="YEAR"),
        "--name-column": Option("inputs.candidates.name_column"),
        "--columns": Option("inputs.candidates.columns"),
    },
    reads=("districts", "subdistricts", "candidates", "cycle", "projects"),
    also_reads=_also_reads,
    needs=("candidates",),
    instead={"candidates": "units"},
    settings_key="allocate",
    settings=("hotspots", "parks", "units", "scoring", "allocate", "report"),
    after=("hotspots", "scores"),
    beside="units",
    knows=_bring_worth,
)
