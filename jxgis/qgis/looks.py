"""The look of a layer in words of no format: its classes with their colours, made of its declaration and its rows."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from jxgis.bounds import RELATIVE
from jxgis.drawing import colours
from jxgis.i18n import text
from jxgis.schema.styles import Style

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

    from jxgis.schema.columns import Column
    from jxgis.schema.styles import Colours, Shape
    from jxgis.schema.tables import Table

__all__ = ["Class", "Has", "Look", "look_of"]

#: Layers that no table declares: areas, lines and points.
_PLAIN: Mapping[Shape, Style] = {
    "polygon": Style(colours="LAND", edge="BORDER", on=True),
    "line": Style(colours="BORDER", width=1, level=1, on=True),
    "point": Style(colours="ON_FOOT", level=2, on=True),
}


class Has(NamedTuple):
    """What a row must have: a column, a sign (``=``, ``<>``, ``<``, ``>=``, ``null``, ``known``) and a value."""

    column: str
    sign: str
    value: Any = None


class Class(NamedTuple):
    """One class: what it is called, its colour, and which rows are of it; ``rest``: all that are of no other."""

    label: str
    colour: str
    tests: tuple[Has, ...] = ()
    rest: bool = False


class Look(NamedTuple):
    """How one layer is drawn.

    Parameters
    ----------
    style
        Its declaration.
    shape
        What its rows are.
    classes
        Its classes, in the order of a legend.
    drawn
        What a row of any class must have.
    view
        The columns of ``style.each`` with the values that are shown first.
    names
        The columns of its label; of several in one the first that a row has.
    aliases
        Column to its title, where that is another.
    codes
        Column to its values and what they are called.
    """

    style: Style
    shape: Shape
    classes: tuple[Class, ...]
    drawn: tuple[Has, ...]
    view: Mapping[str, Any]
    names: tuple[str, ...]
    aliases: Mapping[str, str]
    codes: Mapping[str, Mapping[str, str]]


def look_of(
    frame: gpd.GeoDataFrame,
    table: Table,
    *,
    lang: str = "zh",
    titles: Mapping[str, str] | None = None,
    breaks: Mapping[str, Sequence[float]] | None = None,
) -> Look:
    """The look of a layer.

    Parameters
    ----------
    frame
        Its rows.
    table
        Its declaration; one without a style is drawn plainly.
    lang
        ``"zh"`` or ``"en"``.
    titles
        Titles of columns that no contract has.
    breaks
        Column to the limits of its classes in place of those declared, where they hang on the settings.

    Examples
    --------
    >>> import geopandas as gpd, shapely
    >>> from jxgis.schema.tables import table
    >>> row = {"zone": ["老城"], "method": ["radius"], "coverage": [0.85]}
    >>> frame = gpd.GeoDataFrame(row, geometry=[shapely.box(0, 0, 1, 1)], crs=4549)
    >>> look = look_of(frame, table("parks.coverage"))
    >>> [found.label for found in look.classes]
    ['≥ 90 %', '80–90 %', '70–80 %', '< 70 %']
    >>> look.view, look.names
    ({'method': 'radius'}, ('zone',))
    """
    shape = _shape(frame, table)
    style = table.style or _PLAIN[shape]
    described = table.described(frame, titles)
    drawn = [Has(column, "<>", value) for column, value in style.without if column in frame.columns]
    seen = frame
    for column, _, value in drawn:
        seen = seen[seen[column] != value]
    first = {column: seen[column].iloc[0] for column in style.each if column in seen.columns} if len(seen) else {}
    classes, says = _classes(seen, style, described, lang, breaks or {})
    named = [next((n for n in names.split("|") if n in frame and frame[n].notna().all()), "") for names in style.names]
    codes = {name: _codes(frame[name], column, lang) for name, column in described.items()}
    return Look(
        style,
        shape,
        tuple(_with_apart(style, frame, classes, lang)),
        tuple(drawn),
        first,
        tuple(filter(None, named)),
        {name: head for name, column in described.items() if (head := column.head(lang)) != name},
        {name: known for name, known in (codes | says).items() if known},
    )


def _shape(frame: gpd.GeoDataFrame, table: Table) -> Shape:
    """What the rows of a layer are; of one without any what it is declared to hold."""
    kinds = " ".join(sorted(frame.geom_type.dropna().unique()))
    if not kinds and table.style:
        return table.style.shape
    return "line" if "Line" in kinds else "point" if "Point" in kinds else "polygon"


def _codes(values: pd.Series[Any], column: Column, lang: str) -> dict[str, str]:
    """Values in words, for a form: those declared; of classes, which a city has of its own, those that it holds too."""
    if column.kind not in ("code", "class"):
        return {}
    words = {code: said.of(lang) for code, said in column.words.items()}
    held = values.dropna().astype(str).unique() if column.kind == "class" else ()
    return words | {value: value for value in held if value not in words}


def _with_apart(style: Style, frame: pd.DataFrame, classes: list[Class], lang: str) -> list[Class]:
    """The class of rows that stand apart, which are of no other: QGIS draws a row by every rule that holds."""
    if style.apart is None or style.apart[0] not in frame.columns:
        return classes
    column, value, colour, says = style.apart
    others = [each._replace(tests=(*each.tests, Has(column, "<>", value))) for each in classes]
    return [Class(text(says, lang), _colour(colour), (Has(column, "=", value),)), *others]


def _colour(name: str) -> str:
    """A colour by its name in `drawing.colours`; ``NAME.2``: the third of several."""
    attribute, _, at = name.partition(".")
    found = getattr(colours, attribute)
    return str(found[int(at)] if at else found)


def _palette(said: Colours, n: int) -> list[str]:
    if isinstance(said, str):
        found: tuple[str, ...] | Callable[[int], tuple[str, ...]] = getattr(colours, said)
        several = found(n) if callable(found) else found
        return [several[min(at, len(several) - 1)] for at in range(n)]
    return [_colour(name) for name in said][:n]


def _classes(
    frame: pd.DataFrame, style: Style, described: Mapping[str, Column], lang: str, breaks: Mapping[str, Sequence[float]]
) -> tuple[list[Class], dict[str, dict[str, str]]]:
    """The classes, and what the codes are called that the column has no words for."""
    if style.flags:
        shades = _palette(style.colours, len(style.flags) + 1)
        says = [text(key, lang) for key in style.says]
        flagged = [
            Class(said, shade, (Has(flag, "=", value=True),))
            for flag, said, shade in zip(style.flags, says[:-1], shades[:-1], strict=True)
            if flag in frame.columns
        ]
        return [*flagged, Class(says[-1], shades[-1], rest=True)], {}
    known = [column for column in style.by if column in frame.columns]
    by = next((column for column in known if frame[column].notna().any()), next(iter(known), None))
    if by is None:
        plain = _colour(style.colours) if isinstance(style.colours, str) and not style.by else colours.LAND
        return [Class("", plain)], {}
    column, missing = described[by], style.missing or by
    lacks = missing in frame.columns and bool(frame[missing].isna().any())
    tests = (Has(missing, "known"),) if lacks and missing != by else ()
    codes: dict[str, str] = {}
    if style.breaks:
        found = _graduated(column, breaks.get(by, style.breaks), style.colours, lang)
    elif style.found:
        found = _found(frame[by], column, style, lang)
    else:
        found, codes = _coded(column, style, lang)
    found = [each._replace(tests=(*tests, *each.tests)) for each in found]
    absent = [Class(text(style.absent[1], lang), _colour(style.absent[0]), (Has(missing, "null"),))] if lacks else []
    # Of values that are found an empty table holds none; it is drawn all the same once it has rows.
    return [*found, *absent] or [Class("", colours.LAND)], {by: codes} if codes else {}


def _graduated(column: Column, breaks: Sequence[float], said: Colours, lang: str) -> list[Class]:
    """Classes by limits, the highest first; a value that rounding left just below a limit is of the class above it."""
    from jxgis.drawing.legend import classify

    shades = _palette(said, len(breaks) + 1)
    percent = column.writing in ("percent", "points", "points_change", "change")
    digits = max(_digits(limit * (100 if percent else 1)) for limit in breaks)
    unit = "%" if percent else column.behind(lang)
    labels = classify([0.0], breaks=breaks, colours=shades, digits=digits, percent=percent, unit=unit, lang=lang).labels
    limits = [None, *(limit * (1 - RELATIVE) if limit > 0 else limit for limit in breaks), None]
    found = [
        Class(
            label,
            shade,
            tuple(
                Has(column.name, sign, limit)
                for sign, limit in ((">=", low), ("<", high))
                if limit is not None
            ),
        )
        for label, shade, (low, high) in zip(labels, shades, itertools.pairwise(limits), strict=True)
    ]  # fmt: skip
    return found[::-1]


def _digits(limit: float) -> int:
    return len(f"{limit:.3f}".rstrip("0").partition(".")[2])


def _found(values: pd.Series[Any], column: Column, style: Style, lang: str) -> list[Class]:
    held = sorted(values.dropna().unique().tolist(), reverse=style.found == "falling")
    unit = column.behind(lang)
    return [
        Class(
            text("qgis.value", lang, title=column.title.of(lang), value=f"{value:g}{f' {unit}' if unit else ''}"),
            shade,
            (Has(column.name, "=", value),),
        )
        for value, shade in zip(held, _palette(style.colours, len(held)), strict=True)
    ]


def _coded(column: Column, style: Style, lang: str) -> tuple[list[Class], dict[str, str]]:
    said = style.colours
    palette: dict[Any, str] = (
        {code: _colour(name) for code, name in said.items()}
        if isinstance(said, Mapping)
        else dict(getattr(colours, str(said)))
    )
    says = [text(key, lang) for key in style.says] or [column.word(str(code), lang) for code in palette]
    found = [
        Class(said, shade, (Has(column.name, "=", code == "true" if column.dtype == "flag" else code),))
        for (code, shade), said in zip(palette.items(), says, strict=True)
    ]
    spoken = style.says and column.dtype != "flag"
    return found, {str(code): said for code, said in zip(palette, says, strict=True)} if spoken else {}
