"""The part that lists weak areas: what it reads, and how it is run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jxgis.i18n import Text
from jxgis.part import Option, Part

if TYPE_CHECKING:
    from jxgis.settings import Settings

__all__ = ["PART"]


def _also_reads(settings: Settings) -> tuple[str, ...]:
    """The layers of the kinds that are looked at."""
    from jxgis.city import load_city
    from jxgis.weak.kinds import kinds_of

    return kinds_of(settings.weak.kinds, load_city(settings.city.profile))


def _spares(settings: Settings) -> tuple[str, ...]:
    """What finds areas of no kind that is looked at."""
    from jxgis.weak.areas import HOT_PLACE, UNIT

    asked, found = settings.weak.kinds, {"hotspots": HOT_PLACE, "units": UNIT}
    return () if asked is None else tuple(part for part, kind in found.items() if kind not in asked)


PART = Part(
    name="weak",
    command="weak",
    title=Text(zh="薄弱区域：哪些地方比同类差，去年的后来怎样", en="Weak areas, and what became of last year's"),
    options={
        "--issues": Option("inputs.issues"),
        "--crs": Option("inputs.issues.crs"),
        "--districts": Option("inputs.districts"),
        "--units": Option("inputs.units"),
        "--before": Option("inputs.weak_before"),
        "--number": Option("weak.number"),
        "--exposure": Option("weak.exposure", metavar="km2|street_km|people"),
        "--reference": Option("weak.reference", metavar="kind|city"),
        "--alpha": Option("weak.alpha"),
    },
    reads=(
        *("districts", "subdistricts", "units", "issues", "streets", "residential", "population", "exposure"),
        *("built_up", "places", "weak_before"),
    ),
    also_reads=_also_reads,
    needs=("issues", "districts"),
    settings_key="weak",
    settings=("hotspots", "units", "weak", "report"),
    after=("hotspots", "units"),
    spares=_spares,
)
