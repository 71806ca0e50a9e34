"""A map to put layers on: no tiles, no internet, a title, a scale, and the schematic mark where it is due."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, cast

import folium
import numpy as np
from branca.element import MacroElement
from folium.template import Template

from jxgis import escape
from jxgis.drawing._controls import words_of
from jxgis.drawing.offline import Page
from jxgis.errors import InputError, require_lang
from jxgis.i18n import Sketch, sketch_mark, text, unbroken

if TYPE_CHECKING:
    import geopandas as gpd

__all__ = ["Box", "Script", "add_notice", "extent", "new_map"]


class Script(MacroElement):
    """A piece of the page's script, named for what it makes."""

    def __init__(self, name: str) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # folium's own
        self._name = name

    @property
    def page(self) -> Page:
        """The page that it stands in."""
        return cast("Page", self.get_root())


class _Call(Script):
    """A call of the page's own script, on the map and with arguments."""

    _template = Template(
        "{% macro script(this, kwargs) %}"
        "jxgis.{{ this.called }}({{ this._parent.get_name() }}, {{ this.arguments }});"
        "{% endmacro %}"
    )

    def __init__(self, called: str, *arguments: object) -> None:
        super().__init__(called.capitalize())
        self.called = called
        self.arguments = ", ".join(escape.javascript(each) for each in arguments)


class Box(_Call):
    """A white card in a corner of the map, of HTML that is already escaped.

    Parameters
    ----------
    markup
        The HTML. Escape every text in it with :func:`jxgis.escape.html`.
    position
        ``"topleft"``, ``"topright"``, ``"bottomleft"`` or ``"bottomright"``.
    class_name
        Its style: ``"jx-title"`` or ``"jx-legend"``.
    """

    def __init__(self, markup: str, *, position: str, class_name: str) -> None:
        super().__init__("box", position, markup, class_name)


def extent(tables: Iterable[gpd.GeoDataFrame | gpd.GeoSeries | None]) -> tuple[float, float, float, float]:
    """West, south, east and north of some tables together, in WGS-84 degrees.

    Parameters
    ----------
    tables
        Tables with a CRS; empty ones and ``None`` are passed over.

    Returns
    -------
    tuple of four floats

    Raises
    ------
    InputError
        If none of them has a geometry: there is nothing to draw.
    """
    boxes = [t.geometry.to_crs(4326).total_bounds for t in tables if t is not None and len(t)]
    finite = [b for b in boxes if np.isfinite(b).all()]
    if not finite:
        raise InputError(
            zh="没有可以画的图形：各表都是空的。请检查输入图层。",
            en="There is nothing to draw: all tables are empty. Check the input layers.",
        )
    west, south = np.min(finite, axis=0)[:2]
    east, north = np.max(finite, axis=0)[2:]
    return float(west), float(south), float(east), float(north)


def new_map(
    bounds: tuple[float, float, float, float],
    *,
    title: str,
    subtitle: str = "",
    source: str = "",
    lang: str = "zh",
    sketch: Sketch = False,
) -> folium.Map:
    """Start a map that opens without internet.

    Parameters
    ----------
    bounds
        West, south, east, north in degrees, as :func:`extent` gives them: what is seen first.
    title, subtitle
        What the map shows, and by which method. Plain text; it is escaped here.
    source
        Where its data come from: stands below pictures of it.
    lang
        ``"zh"`` or ``"en"``.
    sketch
        Mark the map 示意数据，非官方边界: until official polygons are loaded.

    Returns
    -------
    folium.Map
        Without tiles. Layers of :mod:`jxgis.drawing.layers` and plain folium layers go on it, also when it is finished; write
        it with :func:`jxgis.drawing.offline.save_map`.
    """
    west, south, east, north = bounds
    page = folium.Map(
        location=[(south + north) / 2, (west + east) / 2],
        tiles=None,
        zoom_start=11,
        zoom_control=False,
        attribution_control=False,
        zoom_snap=0.25,
        zoom_delta=0.5,
        wheel_px_per_zoom_level=90,
        max_zoom=19,
        min_zoom=7,
        font_size="13px",
    )
    # Empty lists of its own: folium's are shared by every map of the process.
    page.default_js = []
    page.default_css = []
    require_lang(lang)
    Page(title, lang).add_child(page)
    mark = f'<span class="jx-sketch">{escape.html(sketch_mark(sketch, lang))}</span>' if sketch else ""
    below = f"<p>{escape.line(unbroken(subtitle))}</p>" if subtitle else ""
    page.add_child(
        Box(f"<h1>{escape.html(title)}</h1>{below}{mark}", position="topleft", class_name="jx-title"), name="title"
    )
    words = [text(key, lang) for key in ("maps.home", "tools.closer", "tools.farther")]
    page.add_child(_Call("home", [[south, west], [north, east]], words), name="home")
    page.add_child(_Scale(), name="scale")
    page.add_child(_Call("controls", words_of(lang, source=source)), name="controls")
    return page


class _Scale(Script):
    _template = Template(
        "{% macro script(this, kwargs) %}"
        "L.control.scale({imperial: false, maxWidth: 160, position: 'bottomright'})"
        ".addTo({{ this._parent.get_name() }});"
        "{% endmacro %}"
    )

    def __init__(self) -> None:
        super().__init__("Scale")


def add_notice(page: folium.Map, message: str) -> None:
    """Say on the map, in words, what is missing from it and why."""
    page.add_child(Box(f"<p>{escape.html(message)}</p>", position="topleft", class_name="jx-notice"), name="notice")
