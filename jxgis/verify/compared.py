"""Two files of one name side by side: how many numbers they share, and which values are others."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path
from typing import Any, NamedTuple

from jxgis.errors import InputError
from jxgis.i18n import Text, text_pair
from jxgis.verify.contents import Grid, Limits, beside_values, contents, is_read, numbers_in

__all__ = ["Compared", "Difference", "compare_files", "equal"]

# A file of a result is at most so much larger than what is made again.
_TIMES, _MORE = 4, 64 << 20
_MORE_ROWS = 10_000
# Another machine may round the last digits otherwise.
_CLOSE = 1e-9
# Signs before and after one that is another.
_ROUND = 30
# Differences of a file that are named.
_MOST_NAMED = 20
_ALL = 1 << 40


class Difference(NamedTuple):
    """A value that is another: where it stands, what it was in the result, and what it is now."""

    file: str
    table: str
    row: str
    column: str
    was: Text
    now: Text

    def line(self) -> Text:
        """What is said of it."""
        place = [each for each in (self.table, self.row, self.column) if each]
        return text_pair("verify.differs", place=" · ".join([self.file, *place]), was=self.was, now=self.now)


@dataclass
class Compared:
    """What came of a comparison.

    Attributes
    ----------
    numbers
        How many numbers were made again.
    differing
        How many of them, or of other values, are others in the result.
    differences
        Those that are named.
    """

    numbers: int = 0
    differing: int = 0
    differences: list[Difference] = field(default_factory=list)

    def add(self, difference: Difference) -> None:
        """Count a difference, and keep it as long as few were kept."""
        self.differing += 1
        if len(self.differences) < _MOST_NAMED:
            self.differences.append(difference)


def compare_files(was: Path, now: Path, name: str, *, ignored: Sequence[str] = ()) -> Compared:
    """Compare a file of a result with what is made again.

    Parameters
    ----------
    was
        The file of the result, which is not to be trusted.
    now
        What was made again.
    name
        What the file is called.
    ignored
        Beginnings of the names of rows that are not compared.

    Returns
    -------
    Compared
    """
    found = Compared()
    limits = Limits(_TIMES * now.stat().st_size + _MORE, _MORE_ROWS)
    made = contents(now, Limits(now.stat().st_size, _ALL)) if is_read(name) else {}
    rows = max((len(grid.rows) for grid in made.values()), default=0)
    found.numbers = sum(
        numbers_in(value) for grid in made.values() for row in (grid.columns, *grid.rows) for value in row
    )
    if _same_bytes(was, now):
        return found
    made_again = text_pair("verify.made_again")
    if not is_read(name):
        found.add(Difference(name, "", "", "", text_pair("verify.other_bytes"), made_again))
        return found
    try:
        there = contents(was, limits._replace(rows=_TIMES * rows + _MORE_ROWS))
    except InputError as error:
        found.add(Difference(name, "", "", "", error.message, made_again))
        return found
    for table in dict.fromkeys((*made, *there)):
        if table not in there or table not in made:
            words = [text_pair("verify.there" if table in of else "verify.not_there") for of in (there, made)]
            found.add(Difference(name, table, "", "", *words))
            continue
        for difference in _of_grids(name, table, there[table], made[table], ignored):
            found.add(difference)
    if not found.differing:
        for part in beside_values(was, now):
            found.add(Difference(name, part, "", "", text_pair("verify.other_bytes"), made_again))
    return found


def _same_bytes(was: Path, now: Path) -> bool:
    if was.stat().st_size != now.stat().st_size:
        return False
    with was.open("rb") as one, now.open("rb") as other:
        while True:
            piece, same = one.read(1 << 20), other.read(1 << 20)
            if piece != same:
                return False
            if not piece:
                return True


def _of_grids(file: str, table: str, was: Grid, now: Grid, ignored: Sequence[str]) -> Iterator[Difference]:
    if list(was.columns) != list(now.columns):
        yield Difference(file, table, "", "", *_around(", ".join(was.columns), ", ".join(now.columns)))
        return
    if len(was.rows) != len(now.rows):
        yield Difference(
            file, table, "", "", *(text_pair("verify.rows", n=f"{len(grid.rows):,}") for grid in (was, now))
        )
    for at, (old, new) in enumerate(zip(was.rows, now.rows, strict=False), start=1):
        if tuple(old) == tuple(new) or str(new[0]).startswith(tuple(ignored)):
            continue
        named = ", ".join(
            f"{now.columns[key]}={_words(new[key])}".removeprefix("=") for key in now.keys if key < len(new)
        )
        row = f"{at} ({named})" if named else str(at)
        for column, (one, other) in enumerate(zip_longest(old, new)):
            if not equal(one, other):
                title = now.columns[column] if column < len(now.columns) else str(column + 1)
                yield Difference(file, table, row, title, *_around(one, other))


def equal(one: Any, other: Any) -> bool:
    """Whether two values are the same: numbers up to what another machine rounds otherwise."""
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=_CLOSE, abs_tol=0.0) or (math.isnan(one) and math.isnan(other))
    return type(one) is type(other) and bool(one == other)


def _around(one: Any, other: Any) -> tuple[Text, Text]:
    """Two values as they are shown: of long texts the surroundings of the first sign that is another."""
    start = 0
    if isinstance(one, str) and isinstance(other, str) and max(len(one), len(other)) > 2 * _ROUND:
        start = max(next((n for n, (a, b) in enumerate(zip_longest(one, other)) if a != b), 0) - _ROUND, 0)
    return _shown(one, start), _shown(other, start)


def _words(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        return f"{value:.0f}"
    return "—" if value is None else str(value)


def _shown(value: Any, start: int) -> Text:
    if isinstance(value, bytes):
        return text_pair("verify.shape")
    words = _words(value)
    piece = words[start : start + 2 * _ROUND]
    piece = f"{'…' if start else ''}{piece}{'…' if start + 2 * _ROUND < len(words) else ''}"
    return Text(piece, piece)
