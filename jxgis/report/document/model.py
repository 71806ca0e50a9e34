"""What the document is made of, whatever file it is written to."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, TypeAlias

from PIL import Image

from jxgis.i18n import Sketch, sketch_mark, unbroken, wide_signs
from jxgis.report.blocks import Paragraph, Picture, TableBlock

__all__ = [
    "LEVELS",
    "TEXT_MM",
    "Document",
    "Heading",
    "Item",
    "cell_words",
    "column_widths",
    "figure_mm",
    "is_even",
    "printable",
    "row_groups",
    "table_points",
]

#: Levels of headings: 一、 （一） 1. （1）.
LEVELS = 4
#: From so many columns on a table is set in smaller letters, points.
_POINTS = ((14, 6.5), (8, 7.5), (6, 9.0), (0, 10.5))
_POINTS_PER_MM = 72 / 25.4
# What XML cannot hold, and what turns the direction of writing.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff\u202a-\u202e\u2066-\u2069]")
# What stays on one line: a word, as far as the hyphen before its next letter.
_UNBROKEN = re.compile("(?:[!-,.-~]|-(?![A-Za-z]))+-?")
_LONG_NAME = re.compile("[!-~]{14}")
# Up to so many rows a table stands on one page; longer ones kept whole would leave large parts of pages empty.
_WHOLE = 3
# How wide a letter of a word may be, in half the height of the type: another face may stand in for Times New Roman.
_LATIN = 1.15
# In Latin letters: no column is narrower; up to here a text stays on one line; one that is broken is as wide where there is
# room; no name asks for more.
_NARROW, _ONE_LINE, _READABLE, _WIDEST = 6, 14, 18, 40
#: Width and height of the text of a page (GB/T 9704), and what a caption takes of it.
TEXT_MM = (156, 225)
_CAPTION_MM = 30


def printable(words: str) -> str:
    """Words that every file can hold, their numbers with their units."""
    return unbroken(_UNPRINTABLE.sub("\ufffd", words))


class Heading(NamedTuple):
    """A heading, without its number: level 1–`LEVELS`."""

    level: int
    words: str


Item: TypeAlias = Heading | Paragraph | TableBlock | Picture


@dataclass(frozen=True, kw_only=True)
class Document:
    """A report as a document.

    Attributes
    ----------
    title, subtitle
        On its first page: what it is, and the line below it.
    items
        Headings, paragraphs (their look ``"right"``: at the right margin), tables and figures, in order. Numbers of
        headings, tables and figures are the writers'.
    lang
        ``"zh"`` or ``"en"``.
    sketch
        Whether every page is marked as schematic.
    """

    title: str
    subtitle: str
    items: Sequence[Item]
    lang: str
    sketch: Sketch

    def mark(self) -> str:
        """What stands at the head of every page; empty where nothing does."""
        return sketch_mark(self.sketch, self.lang)

    def headings(self) -> Iterator[Heading]:
        """The headings, in order."""
        return (item for item in self.items if isinstance(item, Heading))


def row_groups(n: int) -> list[int]:
    """How many rows of a table of ``n`` stand together on a page each: neither the first nor the last is left alone.

    Examples
    --------
    >>> row_groups(6), row_groups(3)
    ([2, 1, 1, 2], [3])
    """
    return [2, *[1] * (n - 4), 2] if n > _WHOLE else [n] if n else []


def is_even(words: str) -> bool:
    """Whether a paragraph is set to both margins: signs beside a long name that is not broken would be pulled apart.

    Examples
    --------
    >>> is_even("没有提供道路，未计算生活圈。"), is_even("没有提供道路（[inputs.streets]），未计算生活圈。")
    (True, False)
    """
    return _LONG_NAME.search(words) is None


def table_points(block: TableBlock) -> float:
    """How large the letters of a table are, points: smaller for many columns, and where words would be broken.

    Examples
    --------
    >>> table_points(TableBlock("", ["a"] * 7, [False] * 7, [])), table_points(TableBlock("", ["a" * 30] * 3, [False] * 3, []))
    (9.0, 7.5)
    """
    most = next(points for columns, points in _POINTS if len(block.titles) >= columns)
    sizes = [points for _, points in reversed(_POINTS) if points <= most]
    return next((points for points in sizes if sum(_least(block)) <= _room(points)), sizes[-1])


def column_widths(block: TableBlock) -> list[float]:
    """Shares of a table's width, by what its columns hold: numbers stay on one line, long texts are broken.

    Examples
    --------
    >>> column_widths(TableBlock("", ["名称", "件"], [False, True], [["三水湾三水湾", "6,436"]]))
    [0.6522, 0.3478]
    """
    least, wide = _least(block), []
    for at, (title, numeric) in enumerate(zip(block.titles, block.numeric, strict=True)):
        longest = max((_width(row[at]) for row in block.rows), default=0)
        # A long text has about as many lines as it is wide, a head up to three; a word or a name of a file is not broken.
        body = longest + 3 if numeric or longest <= _ONE_LINE else max(_ONE_LINE + 3, 4 * longest**0.5)
        wide.append(max(_width(title) / 3, body, least[at]))
    room = _room(table_points(block))
    if sum(wide) > max(room, sum(least)):
        # Where there is little room, what can be broken gives way.
        share = max(room - sum(least), 0) / (sum(wide) - sum(least))
        wide = [few + (many - few) * share for few, many in zip(least, wide, strict=True)]
    return [round(width / sum(wide), 4) for width in wide]


def _least(block: TableBlock) -> list[float]:
    """How wide each column has to be, in Latin letters, for no word and no number to be broken."""
    found = []
    for at, (title, numeric) in enumerate(zip(block.titles, block.numeric, strict=True)):
        cells = [row[at] for row in block.rows]
        words = [_LATIN * len(word) for words in (title, *cells) for word in _UNBROKEN.findall(words)]
        if numeric:
            words += [_width(cell) for cell in cells if _stays_whole(cell)]
        readable = 0 if numeric else min(max(map(_width, cells), default=0) + 2, _READABLE)
        found.append(max(min(max(words, default=0) + 2, _WIDEST), readable, _NARROW))
    return found


def _room(points: float) -> float:
    """How many Latin letters of a size stand beside one another on the page."""
    return 2 * TEXT_MM[0] * _POINTS_PER_MM / points


def cell_words(block: TableBlock, column: int, words: str) -> str:
    """The words of a cell; a number does not part from its sign, unless words make it long."""
    return words.replace(" ", "\u00a0") if block.numeric[column] and _stays_whole(words) else words


def _stays_whole(words: str) -> bool:
    return _width(words) <= _ONE_LINE


def figure_mm(path: Path) -> tuple[float, float]:
    """How large a picture stands on the page, mm: as wide as the text, unless it would be too high then."""
    with Image.open(path) as picture:
        wide, high = picture.size
    scale = min(TEXT_MM[0] / wide, (TEXT_MM[1] - _CAPTION_MM) / high)
    return wide * scale, high * scale


def _width(words: str) -> int:
    return len(words) + wide_signs(words)
