"""The part that measures parks: what it reads, and how it is run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jxgis.i18n import Text
from jxgis.part import Option, Part

if TYPE_CHECKING:
    from jxgis.settings import Settings

__all__ = ["PART"]


def _land(settings: Settings) -> tuple[str, ...]:
    """The land that parks are to serve: housing, or built-up land."""
    return ("built_up",) if settings.parks.denominator == "built_up" else ("residential",)


PART = Part(
    name="parks",
    command="parks",
    title=Text(zh="公园绿地服务覆盖", en="Park service coverage"),
    options={
        "--parks": Option("inputs.parks"),
        "--residential": Option("inputs.residential"),
        "--by": Option(
            "inputs.districts", Text(zh="统计区域面（片区或单元）", en="Zones to report by (districts or units)")
        ),
        "--streets": Option("inputs.streets"),
        "--gates": Option("inputs.gates"),
        "--barriers": Option("inputs.barriers"),
        "--population": Option("inputs.population"),
        "--minutes": Option("parks.minutes"),
        "--speed-m-per-min": Option("parks.speed_m_per_min"),
        "--standard": Option("parks.standard", metavar="NAME"),
        "--new-parks": Option("parks.new_parks"),
        "--objective": Option("parks.objective", metavar="area|people"),
        "--plan": Option("inputs.planned_parks"),
        "--close": Option("parks.close", metavar="A,B"),
        "--name-column": Option("inputs.districts.name_column"),
        "--columns": Option("inputs.parks.columns"),
    },
    reads=(
        *("districts", "subdistricts", "parks", "residential", "streets", "gates", "barriers", "places", "historic"),
        *("vacant", "planned_parks", "population", "built_up"),
    ),
    needs=("parks", "districts"),
    also_needs=_land,
    settings_key="parks",
    settings=("parks", "report"),
    by_level=True,
    beside="units",
)
