"""Columns, each declared once: what people call it, what it holds, in which unit and range, and how it is written."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any, Literal, NamedTuple, TypeAlias

from jxgis.i18n import Text

__all__ = [
    "IN_PERCENT",
    "KINDS",
    "UNITS",
    "Column",
    "Dtype",
    "Kind",
    "Unit",
    "column",
    "declared",
    "layer_column",
    "own_column",
]

IN_PERCENT = "_in_percent"
"""What the column is called after its numbers that says which of them had a % behind them."""
Dtype: TypeAlias = Literal["text", "code", "number", "time", "flag"]
#: Numbers that people write in words of their own.
Written: TypeAlias = Literal["year", "rank", "bare", "share", "count"]
Writing: TypeAlias = Literal[
    "text", "number", "quantity", "percent", "points", "points_change", "change", "p", "year", "time", "date", "flag"
]


class Unit(NamedTuple):
    """A unit: in the head of a table in both languages, and behind a number."""

    head: Text
    behind: Text


class Kind(NamedTuple):
    """What a column holds: its dtype, how it is written, and what a value can be.

    Parameters
    ----------
    dtype
        Of its values.
    writing
        ``percent``: a share, 0–1. ``points``: a difference of two shares, in points of 100; ``points_change`` with its
        sign. ``change``: a relative change, with its sign. ``year``: without a separator of thousands. ``quantity``:
        each row in a unit of its own; whole numbers have no decimals.
    digits
        Decimals shown.
    unit
        One of `UNITS`.
    least, most
        The range of its values.
    whole
        Whether they are whole numbers.
    """

    dtype: Dtype
    writing: Writing = "text"
    digits: int = 0
    unit: str = ""
    least: float | None = None
    most: float | None = None
    whole: bool = False


_NO_TEXT = Text(zh="", en="")
UNITS: Mapping[str, Unit] = {
    "": Unit(_NO_TEXT, _NO_TEXT),
    "cases": Unit(Text(zh="件", en=""), Text(zh="", en="")),
    "people": Unit(Text(zh="人", en=""), Text(zh="", en="")),
    "m": Unit(Text(zh="米", en="m"), Text(zh="m", en="m")),
    "m2": Unit(Text(zh="平方米", en="m²"), Text(zh="m²", en="m²")),
    "km2": Unit(Text(zh="平方公里", en="km²"), Text(zh="km²", en="km²")),
    "min": Unit(Text(zh="分钟", en="min"), Text(zh="分钟", en="min")),
    "points": Unit(Text(zh="百分点", en="percentage points"), Text(zh="个百分点", en="percentage points")),
}
KINDS: Mapping[str, Kind] = {
    "text": Kind("text"),
    "id": Kind("text"),
    "class": Kind("text"),
    "code": Kind("text"),
    "reason": Kind("text"),
    "flag": Kind("flag", "flag"),
    "time": Kind("time", "time"),
    "date": Kind("time", "date"),
    "count": Kind("number", "number", least=0, whole=True),
    "rank": Kind("number", "number", least=1, whole=True),
    "integer": Kind("number", "number", whole=True),
    "year": Kind("number", "year", least=1900, most=2200, whole=True),
    "bin": Kind("number", "number", least=-3, most=3, whole=True),
    "number": Kind("number", "number", 2),
    "quantity": Kind("number", "quantity", 2),
    "ratio": Kind("number", "number", 2, least=0),
    "tau": Kind("number", "number", 2, least=-1, most=1),
    "density": Kind("number", "number", least=0),
    "score": Kind("number", "number", 1, least=0, most=100),
    "share": Kind("number", "percent", 1, least=0, most=1),
    "points": Kind("number", "points", 1, least=-1, most=1),
    "points_change": Kind("number", "points_change", 1, least=-1, most=1),
    "change": Kind("number", "change", least=-1),
    "z": Kind("number", "number", 2),
    "p": Kind("number", "p", least=0, most=1),
    "q": Kind("number", "p", least=0, most=1),
    "m": Kind("number", "number", unit="m", least=0),
    "m2": Kind("number", "number", unit="m2", least=0),
    "km2": Kind("number", "number", 2, unit="km2", least=0),
    "people": Kind("number", "number", unit="people", least=0),
    "minutes": Kind("number", "number", 1, unit="min", least=0),
}
"""The kinds of columns by name."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table that is read or written.

    Parameters
    ----------
    name
        Contract name.
    dtype
        ``text``, ``code`` (text, whatever a program made of it), ``number``, ``time`` (local, no zone) or ``flag``.
    written
        Of a number: what it is where people write it by hand (2024年, 第1名), or ``bare``: of a unit that
        differs from row to row, so that nobody knows what a 万 behind it is; ``share``: that too, with a % behind it where it is a percentage; ``count``: of things, so that 是 and 2024年
        are none; None: a number as it stands.
    null
        Whether a row may lack it.
    unique
        Whether two rows may not share it.
    unit
        Unit of a number: of a layer that is read as its declaration says it, of a result one of `UNITS`.
    aliases
        Its names in files, in the order in which they are tried.
    least, most
        The range of its values; None: any number will do.
    kind
        One of `KINDS`.
    title
        What people call it, without the unit.
    digits
        Decimals shown.
    words
        Codes to what they are called.
    cases, tells
        Whether it counts cases; whether it would tell such a count that stands beside it.
    adds
        Whether its numbers may be added up over rows that share nothing.
    note
        What docs/contract.md says of it.
    means
        What it means, for readers of a page who do not know the word; empty where the title says it.
    """

    name: str
    dtype: Dtype
    written: Written | None = None
    null: bool = True
    unique: bool = False
    unit: str | None = None
    aliases: tuple[str, ...] = ()
    least: float | None = None
    most: float | None = None
    kind: str = "text"
    title: Text = _NO_TEXT
    digits: int = 0
    words: Mapping[str, Text] = field(default_factory=dict)
    cases: bool = False
    tells: bool = False
    adds: bool = False
    note: str = ""
    means: Text = _NO_TEXT

    @property
    def writing(self) -> Writing:
        """How its values are written."""
        return KINDS[self.kind].writing

    @property
    def whole(self) -> bool:
        """Whether its values are whole numbers."""
        return KINDS[self.kind].whole

    def head(self, lang: str) -> str:
        """Its title with its unit, as it heads a table.

        Examples
        --------
        >>> column("area_km2").head("zh"), column("area_km2").head("en")
        ('面积（平方公里）', 'Area (km²)')
        """
        title, unit = self.title.of(lang), UNITS[self.unit or ""].head.of(lang)
        return title if not unit else f"{title} ({unit})" if lang == "en" else f"{title}（{unit}）"

    def behind(self, lang: str) -> str:
        """Its unit, as it stands behind a number."""
        return UNITS[self.unit or ""].behind.of(lang)

    def word(self, value: str, lang: str) -> str:
        """A value in words; one that has none stands as it is.

        Examples
        --------
        >>> column("lisa").word("HH", "zh"), column("zone").word("老城", "zh")
        ('高值聚集', '老城')
        """
        said = self.words.get(value)
        return value if said is None else said.of(lang)


@cache
def declared() -> dict[str, dict[str, Any]]:
    """What columns.toml says, by ``name`` or ``name@table``."""
    found: dict[str, dict[str, Any]] = tomllib.loads(
        resources.files("jxgis.schema").joinpath("columns.toml").read_text(encoding="utf-8")
    )
    return found


@cache
def column(name: str, table: str = "") -> Column:
    """A declared column.

    Parameters
    ----------
    name
        Contract name.
    table
        The table that it stands in, where that may mean something else by it.

    Raises
    ------
    KeyError
        If nothing of that name is declared: a fault of the program, not of its input.

    Examples
    --------
    >>> column("change", "parks.change").title.zh, column("change", "hotspots.places").title.zh
    ('覆盖率变化', '较上期变化')
    """
    own = f"{name}@{table}"
    said = declared()[own if own in declared() else name]
    said = declared().get(said.get("like", ""), {}) | said
    kind = KINDS[said["kind"]]
    least = said.get("least", kind.least)
    return Column(
        name=name,
        dtype=kind.dtype,
        null=said.get("null", True),
        unit=said.get("unit", kind.unit),
        least=None if least == "none" else least,
        most=said.get("most", kind.most),
        kind=said["kind"],
        title=Text(zh=said["zh"], en=said["en"]),
        digits=said.get("digits", kind.digits),
        words=_words(said),
        cases=said.get("cases", False),
        tells=said.get("tells", False),
        adds=said.get("adds", False),
        note=said.get("note", ""),
        means=Text(*said.get("means", ("", ""))),
    )


def layer_column(name: str, layer: str) -> Column:
    """What a column of a layer is; of one that a city's profile adds, and nobody called anything, its name.

    Examples
    --------
    >>> layer_column("level", "streets").title.zh, layer_column("zzz", "streets").title.zh
    ('高程层级（桥 1、隧道 −1）', 'zzz')
    """
    if name in declared() or f"{name}@{layer}" in declared():
        return column(name, layer)
    return Column(name=name, dtype="text", title=Text(zh=name, en=name))


def _words(said: Mapping[str, Any]) -> dict[str, Text]:
    return {value: Text(zh=zh, en=en) for value, (zh, en) in said.get("values", {}).items()}


def own_column(name: str, values: Any, title: str | None = None) -> Column:
    """A column that nobody declared, such as one of the user's own: it is written as its values are.

    A name is not a declaration: an own column called ``share_of_toilets`` may hold 30, which is not 3000 %.

    Parameters
    ----------
    name
        Its name.
    values : pandas.Series
        Its values.
    title
        What people call it; its name if not given.

    Examples
    --------
    >>> import pandas as pd
    >>> own = own_column("share_of_toilets", pd.Series([30.0]))
    >>> own.writing, own.digits, own.title.zh
    ('number', 2, 'share_of_toilets')
    """
    import pandas as pd

    kind, digits = "text", 0
    if pd.api.types.is_bool_dtype(values):
        kind = "flag"
    elif pd.api.types.is_datetime64_any_dtype(values):
        kind = "time"
    elif pd.api.types.is_numeric_dtype(values):
        kind, digits = "number", 0 if pd.api.types.is_integer_dtype(values) else 2
    called = title or name
    return Column(name=name, dtype=KINDS[kind].dtype, kind=kind, digits=digits, title=Text(zh=called, en=called))
