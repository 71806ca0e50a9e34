"""The part that keeps the plan's scorecard: what it reads, and how it is run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jxgis.i18n import Text
from jxgis.part import Option, Part

if TYPE_CHECKING:
    from jxgis.settings import Settings

__all__ = ["PART", "layers_of_plan"]


def layers_of_plan(settings: Settings) -> tuple[str, ...]:
    """The layers that the targets of the city's plan name, the table of projects, and what ways on foot keep to."""
    from jxgis.city import load_city
    from jxgis.indicators.measures import ON_FOOT, layers_of
    from jxgis.scorecard.targets import load_plan

    path = load_city(settings.city.profile).targets
    targets = () if path is None else load_plan(path).targets
    return (*layers_of(way for target in targets for way in target.measures), "projects", *ON_FOOT)


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
    also_reads=layers_of_plan,
    needs=("districts",),
    settings_key="scorecard",
    settings=("parks", "units", "scorecard", "report"),
    by_level=True,
    after=("units",),
)
