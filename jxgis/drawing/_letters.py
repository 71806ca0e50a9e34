"""How long words are in print, and words cut and broken to a width."""

from __future__ import annotations

from functools import cache

from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path

from jxgis.drawing.figures import wrapped
from jxgis.i18n import unbroken

__all__ = ["MM", "broken", "fitted", "long_mm", "tenths"]

MM = 25.4 / 72
"""Millimetres of a point."""


@cache
def _points_long(words: str, families: tuple[str, ...]) -> float:
    """How long words are in type of ten points, in points."""
    width, _, _ = text_to_path.get_text_width_height_descent(
        words, FontProperties(family=list(families), size=10), ismath=False
    )
    return float(width)


def long_mm(words: str, size: float) -> float:
    return _points_long(words, tuple(FontProperties().get_family())) * size / 10 * MM


def tenths(words: str, size: float) -> float:
    """The length of the longest line, and the height of type, as `Names` has them: in tenths of a millimetre."""
    return max(10 * long_mm(line, size / 10 / MM) for line in words.split("\n"))


def fitted(words: str, size: float, width_mm: float) -> str:
    """Words cut to a width."""
    if long_mm(words, size) <= width_mm:
        return words
    keep = next(n for n in range(len(words) - 1, -1, -1) if long_mm(f"{words[:n]}…", size) <= width_mm or n == 0)
    return f"{words[:keep].rstrip()}…"


def broken(words: str, size: float, width_mm: float) -> str:
    """Words broken into lines of a width, a word that is longer cut; a number stays with its unit."""
    lines = wrapped(unbroken(" ".join(words.split())), width_mm / 25.4, size).replace("\u00a0", " ").split("\n")
    return "\n".join(fitted(line, size, width_mm) for line in lines)
