"""The parts that there are, in the order in which a report has them."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from jxgis.allocate.part import PART as ALLOCATION
from jxgis.circle.part import PART as CIRCLE
from jxgis.clusters.part import PART as CLUSTERS
from jxgis.effect.part import PART as EFFECT
from jxgis.hotspots.part import PART as HOTSPOTS
from jxgis.parks.part import PART as PARKS
from jxgis.part import Part
from jxgis.scan.part import PART as SCAN
from jxgis.scorecard.part import PART as SCORECARD
from jxgis.scoring.part import PART as SCORES
from jxgis.trends.part import PART as TRENDS
from jxgis.units.part import PART as UNITS
from jxgis.weak.part import PART as WEAK

if TYPE_CHECKING:
    from jxgis.settings import Settings

__all__ = ["PARTS", "by_command", "with_those_before"]

PARTS: tuple[Part, ...] = (
    HOTSPOTS,
    PARKS,
    UNITS,
    SCORES,
    ALLOCATION,
    WEAK,
    CLUSTERS,
    SCAN,
    TRENDS,
    EFFECT,
    SCORECARD,
    CIRCLE,
)


def by_command(command: str) -> Part:
    """The part that a command runs."""
    return next(part for part in PARTS if part.command == command)


def with_those_before(part: Part, there: Collection[str], settings: Settings) -> tuple[Part, ...]:
    """A part after those whose results it uses, and that which makes what it lacks of the layers that are ``there``.

    A layer that has the name of a part is the user's own of what that part finds: the part is not run before it then, nor is one
    that it does without by the settings.

    Examples
    --------
    >>> from jxgis.settings import Settings
    >>> score, usual = by_command("score"), Settings()
    >>> [[part.name for part in with_those_before(score, there, usual)] for there in (["candidates"], [])]
    [['hotspots', 'scores'], ['hotspots', 'units', 'scores']]
    """
    made = [part.instead[layer] for layer in part.lacks(there) if layer in part.instead]
    before = [*(name for name in part.after if name not in {*there, *part.spares(settings)}), *made]
    return (*(other for other in PARTS if other.name in before), part)
