"""What is put on a finished map: it stands in the switch and in the legend, and asks for nothing from outside."""

from __future__ import annotations

import html
import re
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from typing import Any, NamedTuple

from branca.colormap import ColorMap, StepColormap
from branca.element import Element, Figure, MacroElement
from folium.features import GeoJson
from folium.map import Layer, LayerControl, Popup, Tooltip

from jxgis.i18n import text

__all__ = ["Added", "Scale", "arranged", "categories", "literal", "offered", "tree"]

#: What a page does at its end: it names layers, which have to be there by then.
_LAST = ("legend", "switch", "controls")
#: Colours of a scale without classes that the legend shows.
_STEPS = 5


class Scale(NamedTuple):
    """The meaning of an added layer's colours: a heading, colours with their words, and the layer."""

    heading: str
    swatches: Sequence[tuple[str, str]]
    layer: Layer | None


class Added(NamedTuple):
    """What was put on a map after its switch: layers, their scales, and what would load from outside, with its address."""

    layers: list[Layer]
    scales: list[Scale]
    loading: list[tuple[Layer, str]]


def tree(element: Element) -> Iterator[Element]:
    """An element and all that stands in it."""
    yield element
    for child in element._children.values():
        yield from tree(child)


def offered(page: Element | None, lang: str) -> list[tuple[Layer, str]]:
    """The layers that the switch of a map offers, with what it calls them, as HTML.

    One that nobody named is numbered: the name that folium makes up is chance.
    """
    layers = [child for child in page._children.values() if isinstance(child, Layer) and child.control] if page else []
    unnamed = re.compile(r"[a-z_]+_[0-9a-f]{32}")
    return [
        (layer, text("maps.added_layer", lang, n=at) if unnamed.fullmatch(layer.layer_name) else str(layer.layer_name))
        for at, layer in enumerate(layers, 1)
    ]


def _address(layer: Layer) -> str | None:
    """Where a layer loads what it shows from, if that is outside the page."""
    if isinstance(layer, GeoJson):
        return None if layer.embed else str(layer.embed_link)
    places = (getattr(layer, name, None) for name in ("tiles", "url", "video_url"))
    return next((p for p in places if isinstance(p, str) and re.match(r"(https?:)?//", p)), None)


def _scale(colours: ColorMap, layer: Layer | None) -> Scale:
    limits = [float(v) for v in colours.index]
    if isinstance(colours, StepColormap):
        middles = [(a + b) / 2 for a, b in pairwise(limits)]
        words = [f"{a:,.4g}–{b:,.4g}" for a, b in pairwise(limits)]
    else:
        low, high = float(colours.vmin), float(colours.vmax)
        middles = limits if len(limits) <= _STEPS else [low + (high - low) * k / (_STEPS - 1) for k in range(_STEPS)]
        words = [f"{value:,.4g}" for value in middles]
    swatches = [(colours.rgb_hex_str(value), label) for value, label in zip(middles, words, strict=True)]
    return Scale(str(colours.caption or ""), swatches, layer)


def categories(markup: str, layer: Layer | None) -> Scale:
    """The legend that ``GeoDataFrame.explore`` writes for categories, read back: its own needs scripts from outside.

    Examples
    --------
    >>> categories("<div class='legend-title'>kind</div><li><span style='background:#aa0000'></span>a<b</li>", None)
    Scale(heading='kind', swatches=[('#aa0000', 'a<b')], layer=None)
    """
    heading = re.search(r"<div class='legend-title'>(.*?)</div>", markup, re.DOTALL)
    found = re.findall(r"<li><span style='background:(#[0-9a-fA-F]{6})[^']*'></span>(.*?)</li>", markup, re.DOTALL)
    swatches = [(colour, html.unescape(label)) for colour, label in found]
    return Scale(html.unescape(heading[1]) if heading else "", swatches, layer)


@contextmanager
def arranged(page: Figure, *, online: bool) -> Iterator[Added]:
    """For the time of a ``with`` block, a page whose maps name their layers last.

    Parameters
    ----------
    page
        The page. A second switch and the scales of colours, which need scripts from outside, are set aside for the
        time: the switch and the legend that are there take them over.
    online
        Whether layers that load from outside stay.
    """
    before = [(element, element._children.copy()) for element in tree(page)]
    found = Added([], [], [])
    try:
        for element, children in before:
            finished = "switch" in children
            after, last = False, None
            for name, child in children.items():
                after = after or name == "switch"
                if isinstance(child, Layer):
                    last = child
                    address = _address(child)
                    # GeoJson would load with jQuery, which no page of jxgis has.
                    if address is not None and (isinstance(child, GeoJson) or not online):
                        found.loading.append((child, address))
                        del element._children[name]
                    elif finished and after:
                        found.layers.append(child)
                elif (isinstance(child, LayerControl) and finished) or _moves_legends(child):
                    del element._children[name]
                elif isinstance(child, ColorMap) and _in_legend(element, before):
                    found.scales.append(_scale(child, element if isinstance(element, Layer) else last))
                    del element._children[name]
            for name in _LAST:
                if name in element._children:
                    element._children.move_to_end(name)
        yield found
    finally:
        for element, children in before:
            element._children = children


@contextmanager
def literal(elements: Iterable[Element]) -> Iterator[None]:
    """For the time of a ``with`` block, tooltips and popups whose text does not end what it is written into.

    folium writes their HTML into template literals of JavaScript, where ``${…}`` is code; it escapes backticks only, and
    not behind every backslash.
    """
    tooltips = [(element, element.text) for element in elements if isinstance(element, Tooltip)]
    popups = [(element.html, element.html._children) for element in elements if isinstance(element, Popup)]
    try:
        for tooltip, words in tooltips:
            tooltip.text = _in_literal(words)
        for html, children in popups:
            html._children = OrderedDict((name, _InLiteral(child)) for name, child in children.items())
        yield
    finally:
        for tooltip, words in tooltips:
            tooltip.text = words
        for html, children in popups:
            html._children = children


class _InLiteral(Element):
    """What a popup holds, as it may stand in a template literal."""

    def __init__(self, element: Element) -> None:
        super().__init__()
        self._element = element

    def render(self, **kwargs: Any) -> str:
        return _in_literal(self._element.render(**kwargs))


def _in_literal(markup: str) -> str:
    r"""HTML in which the signs that mean something in a template literal are entities.

    Examples
    --------
    >>> _in_literal(r"5 \` <b>${x}</b>")
    '5 &#96; <b>&#36;{x}</b>'
    """
    return markup.replace("\\`", "`").translate({ord("\\"): "&#92;", ord("`"): "&#96;", ord("$"): "&#36;"})


def _moves_legends(element: Element) -> bool:
    """Whether it is the script from outside with which ``GeoDataFrame.explore`` makes its legend movable."""
    header = getattr(element._template.module, "header", None) if type(element) is MacroElement else None
    return header is not None and ".maplegend" in str(header(element, {}))


def _in_legend(element: Element, known: Sequence[tuple[Element, dict[str, Element]]]) -> bool:
    """Whether the map that an element stands on has a legend."""
    above: Element | None = element
    while above is not None:
        if any(one is above and "legend" in children for one, children in known):
            return True
        above = above._parent
    return False
