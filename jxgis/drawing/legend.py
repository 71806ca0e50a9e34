"""Legends: what each colour means, in words and with units; and the class breaks behind them."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple

import folium
import numpy as np
import pandas as pd
from folium.map import Layer
from folium.template import Template

from jxgis import escape
from jxgis.drawing._added import offered
from jxgis.drawing.base import Script
from jxgis.drawing.colours import ABSENT, FAILED, FAILED_GROUND, sequential
from jxgis.i18n import text, unbroken

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["Classes", "LegendSection", "Swatch", "add_legend", "classify", "legend_html"]

Mark = Literal["fill", "dashed", "line", "dot", "pin", "dash"]


class Swatch(NamedTuple):
    """One line of a legend: a colour, its meaning, and the form of its sign."""

    colour: str
    label: str
    mark: Mark = "fill"


class LegendSection(NamedTuple):
    """One part of a legend.

    Parameters
    ----------
    heading, swatches, note
        A heading, its lines, and a note on method or denominator below them.
    layers
        The groups that it explains: it is seen only while one of them is. None: always seen.
    """

    heading: str
    swatches: Sequence[Swatch]
    note: str = ""
    layers: Sequence[Layer] = ()


class Classes(NamedTuple):
    """Values cut into classes.

    Parameters
    ----------
    breaks
        The inner limits between the classes.
    row
        For each value the number of its class; ``len(colours)`` where there is no value.
    colours, labels
        One each a class; a last one for missing values where there are any.
    """

    breaks: tuple[float, ...]
    row: NDArray[np.int64]
    colours: tuple[str, ...]
    labels: tuple[str, ...]

    def swatches(self) -> list[Swatch]:
        """The legend's lines."""
        return [
            Swatch(colour, label, "dashed" if colour == FAILED_GROUND else "fill")
            for colour, label in zip(self.colours, self.labels, strict=True)
        ]


def classify(
    values: ArrayLike,
    *,
    breaks: Sequence[float],
    colours: Sequence[str] | None = None,
    digits: int = 0,
    percent: bool = False,
    unit: str = "",
    lang: str = "zh",
) -> Classes:
    """Cut values into classes for a map, with the labels of its legend.

    Parameters
    ----------
    values : (n,) float
        NaN where there is none.
    breaks
        Inner limits: a target, say. Each class holds its lower limit, so that a target reached counts as reached.
    colours
        As many as there are classes; else the sequential palette.
    digits, percent, unit
        How limits are written; ``percent`` for shares of 0 to 1.
    lang
        ``"zh"`` or ``"en"``.

    Returns
    -------
    Classes

    Examples
    --------
    >>> found = classify([0.5, 0.85, 0.9, float("nan")], breaks=[0.8, 0.9], percent=True, unit="%")
    >>> found.labels
    ('< 80 %', '80–90 %', '≥ 90 %', '无数据')
    >>> found.row.tolist()
    [0, 1, 2, 3]
    >>> classify([-5.0, 20.0], breaks=[-10, 10], unit="%").labels
    ('< −10 %', '−10 至 10 %', '≥ 10 %')
    """
    array = np.asarray(pd.to_numeric(pd.Series(np.asarray(values, dtype=object)), errors="coerce"), dtype=float)
    tail = f" {unit}" if unit else ""

    def written(value: float) -> str:
        return f"{value * (100 if percent else 1):,.{digits}f}".replace("-", "−")

    def between(a: float, b: float) -> str:
        # Beside a minus a dash would be read as another.
        return (
            text("maps.from_to", lang, a=written(a), b=written(b)) if a < 0 else f"{written(a)}–{written(b)}"
        ) + tail

    inner = sorted(float(b) for b in breaks)
    labels = [f"< {written(inner[0])}{tail}"]
    labels += [between(a, b) for a, b in itertools.pairwise(inner)]
    labels.append(f"≥ {written(inner[-1])}{tail}")
    row = np.searchsorted(inner, array, side="right").astype(np.int64)
    row[~np.isfinite(array)] = len(labels)
    shades = list(sequential(len(labels)) if colours is None else colours)
    if not np.isfinite(array).all():
        shades.append(ABSENT)
        labels.append(text("maps.no_data", lang))
    return Classes(tuple(inner), row, tuple(shades), tuple(labels))


def _sign(swatch: Swatch) -> str:
    colour = escape.html(swatch.colour)
    shape = {
        "fill": f'<rect x="1" y="2" width="20" height="12" rx="2" fill="{colour}" stroke="#9aa5ad" stroke-width=".6"/>',
        "dashed": f'<rect x="1" y="2" width="20" height="12" fill="{colour}" stroke="{FAILED}" stroke-dasharray="3 2"/>',
        "line": f'<path d="M1 8H21" stroke="{colour}" stroke-width="2.5"/>',
        "dash": f'<path d="M1 8H21" stroke="{colour}" stroke-width="2.5" stroke-dasharray="5 3"/>',
        "dot": f'<circle cx="11" cy="8" r="5" fill="{colour}" stroke="#fff"/>',
        "pin": f'<circle cx="11" cy="8" r="7" fill="{colour}"/>'
        '<text x="11" y="11.5" font-size="9" font-weight="700" fill="#fff" text-anchor="middle">1</text>',
    }[swatch.mark]
    return f'<svg width="22" height="16" aria-hidden="true">{shape}</svg>'


def legend_html(sections: Sequence[LegendSection]) -> str:
    """The legend as HTML, every text escaped.

    Examples
    --------
    >>> "&lt;b&gt;" in legend_html([LegendSection("<b>", [Swatch("#fff", "a")])])
    True
    """
    parts = []
    for at, section in enumerate(sections):
        lines = "".join(f"<li>{_sign(s)}<span>{escape.line(unbroken(s.label))}</span></li>" for s in section.swatches)
        note = f"<p>{escape.line(unbroken(section.note))}</p>" if section.note else ""
        heading = f"<h2>{escape.html(section.heading)}</h2>" if section.heading else ""
        parts.append(f'<div data-section="{at}">{heading}<ul>{lines}</ul>{note}</div>')
    return "".join(parts)


class _Legend(Script):
    _template = Template(
        "{% macro script(this, kwargs) %}"
        "jxgis.legend({{ this._parent.get_name() }}, {{ this.arguments() }}, ["
        "{% for section in this.shown() %}[{% for layer in section.layers %}{{ layer.get_name() }},{% endfor %}],"
        "{% endfor %}], [{% for layer, name in this.untold() %}[{{ layer.get_name() }}, {{ name }}],{% endfor %}]);"
        "{% endmacro %}"
    )

    def __init__(self, sections: Sequence[LegendSection], lang: str) -> None:
        super().__init__("Legend")
        self.sections = list(sections)
        self.lang = lang

    def shown(self) -> list[LegendSection]:
        """The sections of the map, and the scales of what was put on it when it was finished."""
        added = [
            LegendSection(heading, [Swatch(*swatch) for swatch in swatches], layers=[] if layer is None else [layer])
            for heading, swatches, layer in (*self.page.added.scales, *self.page.legends)
        ]
        return [*self.sections, *added]

    def arguments(self) -> str:
        """The legend as HTML, and what opens it."""
        return f"{escape.javascript(legend_html(self.shown()))}, {escape.javascript(text('maps.marks', self.lang))}"

    def untold(self) -> list[tuple[Layer, str]]:
        """Added layers that no section explains, with their names: the page looks at what they look like."""
        told = [layer for section in self.shown() for layer in section.layers]
        added = self.page.added.layers
        return [
            (layer, escape.javascript(name))
            for layer, name in offered(self._parent, self.lang)
            if layer in added and layer not in told
        ]


def add_legend(page: folium.Map, sections: Sequence[LegendSection], *, lang: str = "zh") -> None:
    """Put a legend in the lower right corner of a map, or more sections into the one that is there.

    On a narrow screen it opens at a touch. A layer of folium's that is added later needs no section: its colours and
    its name stand in the legend by themselves.
    """
    there = page._children.get("legend")
    if isinstance(there, _Legend):
        there.sections += sections
    else:
        page.add_child(_Legend(sections, lang), name="legend")
