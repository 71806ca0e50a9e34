"""What a map has beside what it shows, on a page and in print: it travels whole."""

from __future__ import annotations

from dataclasses import dataclass

from jxgis.drawing.ground import NO_GROUND, Ground
from jxgis.errors import require_lang
from jxgis.i18n import Sketch

__all__ = ["BLANK", "Canvas"]


@dataclass(frozen=True, eq=False, kw_only=True)
class Canvas:
    """What a map is drawn on, and what is said around it.

    Attributes
    ----------
    ground
        What lies under it.
    method, source
        The line below its heading; in print, what stands below the map.
    lang, sketch
        ``"zh"`` or ``"en"``; whether it is marked as schematic.

    Raises
    ------
    InputError
        If there is no such language.

    Examples
    --------
    >>> Canvas(lang="en").sketch
    False
    """

    ground: Ground = NO_GROUND
    method: str = ""
    source: str = ""
    lang: str = "zh"
    sketch: Sketch = False

    def __post_init__(self) -> None:
        require_lang(self.lang)


BLANK = Canvas()
