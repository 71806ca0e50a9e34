"""How a layer is drawn in QGIS, as results.toml declares it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal, TypeAlias

__all__ = ["Colours", "Shape", "Style", "style_of"]

#: A name of `drawing.colours`, with ``.0`` behind it one of its colours; several of them; or one for each value.
Colours: TypeAlias = str | tuple[str, ...] | Mapping[str, str]
Shape: TypeAlias = Literal["point", "line", "polygon"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """The look of one layer.

    Parameters
    ----------
    shape
        ``polygon``, ``line`` or ``point``: what its rows are.
    colours
        A colour or a mapping: see `Colours`. A mapping has a class for each of its values.
    by
        The column that tells classes apart; of several the first that has values.
    breaks
        Inner limits of classes; each class holds its lower limit.
    found
        ``rising`` or ``falling``: a class for each value that is found, in that order.
    flags
        Columns that are true or not: a class for each, and a last one for rows where none is true.
    says
        Texts (``theme.key``) of the classes, where the column has no words for its values.
    missing
        The column without which nothing is known of a row; ``by`` where it is not said.
    absent
        Colour of rows without a value, and its text.
    apart
        Rows that are classed by no value: column, value, colour, text.
    without
        Rows that are not drawn: column and value.
    each
        The columns by whose values rows lie upon each other: one view for each of their combinations.
    called
        The column that says what the last of ``each`` is called.
    names
        The columns of the label, one after the other; ``a|b``: the first that all rows have.
    names_to
        The largest denominator of a scale at which labels stand; 0: at each.
    edge, width
        Colour of the border and its width in pixels; of lines their width. 0: no border.
    outline
        Whether polygons are drawn by their border alone.
    pin
        Whether polygons, being small, get a dot too.
    order
        The column by which rows are drawn; with ``-`` before it the largest first.
    level
        What is drawn over what within a part: the higher over the lower.
    on
        Whether it is seen as soon as its group is.

    Examples
    --------
    >>> style_of({"colours": "SERVED", "each": ["method"]}).each
    ('method',)
    """

    shape: Shape = "polygon"
    colours: Colours = ""
    by: tuple[str, ...] = ()
    breaks: tuple[float, ...] = ()
    found: str = ""
    flags: tuple[str, ...] = ()
    says: tuple[str, ...] = ()
    missing: str = ""
    absent: tuple[str, str] = ("ABSENT", "maps.no_data")
    apart: tuple[str, str, str, str] | None = None
    without: tuple[tuple[str, str], ...] = ()
    each: tuple[str, ...] = ()
    called: str = ""
    names: tuple[str, ...] = ()
    names_to: int = 0
    edge: str = "PAPER"
    width: float = 0.6
    outline: bool = False
    pin: bool = False
    order: str = ""
    level: int = 0
    on: bool = False

    @property
    def columns(self) -> set[str]:
        """The columns that it names."""
        named = {name for names in self.names for name in names.split("|")}
        told = {*self.by, *self.flags, *self.each, self.missing, self.called, self.order.removeprefix("-")}
        return (named | told | {column for column, _ in self.without} | {*(self.apart or ())[:1]}) - {""}


def style_of(said: Mapping[str, Any]) -> Style:
    """A style as it is declared; lists become tuples.

    Raises
    ------
    KeyError
        If a key is unknown: a fault of the program.
    """
    unknown = said.keys() - {field.name for field in fields(Style)}
    if unknown:
        raise KeyError(", ".join(sorted(unknown)))
    ready: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in said.items()}
    if isinstance(ready.get("by"), str):
        ready["by"] = (ready["by"],)
    if "without" in ready:
        ready["without"] = tuple((column, value) for column, value in ready["without"])
    return Style(**ready)
