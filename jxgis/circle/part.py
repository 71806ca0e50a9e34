"""The part that measures the 15-minute circle: what it reads, and how it is run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jxgis.i18n import Text
from jxgis.part import Option, Part

if TYPE_CHECKING:
    from jxgis.settings import Settings

__all__ = ["PART"]


def _also_reads(settings: Settings) -> tuple[str, ...]:
    """The layers of the kinds."""
    from jxgis.circle.kinds import select_kinds

    return tuple(dict.fromkeys(kind.said.layer for kind in select_kinds(settings.circle.kinds)))


PART = Part(
    name="circle",
    command="circle",
    title=Text(zh="15 分钟生活圈：各类设施的步行可达", en="The 15-minute circle: facilities within a walk"),
    options={
        "--residential": Option("inputs.residential"),
        "--by": Option("inputs.districts", Text(zh="统计区域面（片区）", en="Zones to report by (districts)")),
        "--streets": Option("inputs.streets"),
        "--barriers": Option("inputs.barriers"),
        "--population": Option("inputs.population"),
        "--minutes": Option("circle.minutes"),
        "--site": Option("circle.site", metavar="KIND"),
        "--new-sites": Option("circle.new_sites"),
        "--capacity": Option("circle.capacity"),
    },
    reads=(
        *("districts", "subdistricts", "units", "residential", "streets", "barriers", "gates", "parks", "historic"),
        *("places", "vacant", "population"),
    ),
    also_reads=_also_reads,
    needs=("districts", "residential", "streets"),
    settings_key="circle",
    settings=("parks", "units", "circle", "report"),
    by_level=True,
    after=("units",),
)
