"""The part that keeps the plan's scorecard: what it reads, and how it is run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jxgis.i18n import Text, text_pair
from jxgis.part import Given, Option, Part

if TYPE_CHECKING:
    from jxgis.scorecard.result import ScorecardResult
    from jxgis.settings import Settings

__all__ = ["PART", "no_plan"]


def _keep(given: Given) -> ScorecardResult:
    from jxgis.scorecard.analysis import analyse

    return analyse(given)


def _also_reads(settings: Settings) -> tuple[str, ...]:
    """The layers that the targets of the city's plan name, the table of projects, and what nobody walks across."""
    from jxgis.city import load_city
    from jxgis.indicators.measures import layers_of
    from jxgis.scorecard.targets import load_plan

    path = load_city(settings.city.profile).targets
    targets = () if path is None else load_plan(path).targets
    return (*layers_of(way for target in targets for way in target.measures), "projects", "barriers")


def no_plan(given: Given) -> Text | None:
    """That the city's profile names no plan, where it does not."""
    return None if given.city is not None and given.city.targets is not None else text_pair("scorecard.no_plan")


def _nothing_given(given: Given) -> Text | None:
    """That there is no plan, or nothing to set against it: a report says so, where the command writes the sheet to fill in."""
    layers = {*_also_reads(given.settings), "scorecard_values"} - {"barriers"}
    there = no_plan(given) is not None or any(layer in given.layers for layer in layers)
    return no_plan(given) if there else text_pair("scorecard.nothing_given")


PART = Part(
    name="scorecard",
    command="scorecard",
    title=Text(zh="规划指标对照（全市、三区、片区、单元）", en="The plan's targets by city, area, district and unit"),
    options={
        "--districts": Option("inputs.districts"),
        "--values": Option("inputs.scorecard_values"),
        "--year": Option("scorecard.year", metavar="2025|2027"),
    },
    reads=(
        *("districts", "subdistricts", "units", "issues", "parks", "residential", "historic", "built_up"),
        *("streets", "scorecard_values"),
    ),
    also_reads=_also_reads,
    needs=("districts",),
    analyse=_keep,
    settings_key="scorecard",
    settings=("parks", "units", "scorecard", "report"),
    by_level=True,
    after=("units",),
    without=_nothing_given,
)
