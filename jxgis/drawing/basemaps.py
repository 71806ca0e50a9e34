"""Online base maps: where their tiles come from, what they say of themselves, and the datum that they are drawn in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from folium.map import Layer
from folium.template import Template

from jxgis import escape
from jxgis.i18n import text

if TYPE_CHECKING:
    from collections.abc import Sequence

    import folium

    from jxgis.datum import Datum
    from jxgis.drawing.ground import Basemap
    from jxgis.drawing.offline import Page

__all__ = ["Source", "add_basemap", "source_of"]


@dataclass(frozen=True, kw_only=True)
class Source:
    """Where the tiles of a base map come from.

    Attributes
    ----------
    addresses
        Of each set of tiles, the lowest first, as Leaflet has them.
    hosts
        What a page may load images from: for its Content-Security-Policy.
    subdomains
        What stands for ``{s}`` in turn.
    datum
        Of the tiles. What is drawn on them is shifted to it.
    most_zoom
        Beyond it tiles are enlarged.
    """

    addresses: Sequence[str]
    hosts: Sequence[str]
    subdomains: str = ""
    datum: Datum = "WGS-84"
    most_zoom: int = 18


def _tianditu(layer: str) -> str:
    return (
        f"https://t{{s}}.tianditu.gov.cn/{layer}_w/wmts?SERVICE=WMTS&REQUEST=GetTile&VERSION=1.0.0&LAYER={layer}"
        "&STYLE=default&TILEMATRIXSET=w&FORMAT=tiles&TILEMATRIX={z}&TILEROW={y}&TILECOL={x}&tk={key}"
    )


_SOURCES = {
    # CGCS2000, which is WGS-84 to a decimetre.
    "tianditu": Source(
        addresses=(_tianditu("vec"), _tianditu("cva")), hosts=("https://*.tianditu.gov.cn",), subdomains="01234567"
    ),
    "gaode": Source(
        addresses=("https://webrd0{s}.is.autonavi.com/appmaptile?lang=zh_cn&size=1&scale=1&style=8&x={x}&y={y}&z={z}",),
        hosts=("https://*.is.autonavi.com",),
        subdomains="1234",
        datum="GCJ-02",
    ),
    "osm": Source(
        addresses=("https://tile.openstreetmap.org/{z}/{x}/{y}.png",),
        hosts=("https://tile.openstreetmap.org",),
        most_zoom=19,
    ),
}


def source_of(basemap: Basemap | None) -> Source | None:
    """The source of a base map; None without one.

    Examples
    --------
    >>> from jxgis.drawing.ground import Basemap
    >>> source_of(Basemap("gaode")).datum
    'GCJ-02'
    """
    return None if basemap is None else _SOURCES[basemap.name]


class _Tiles(Layer):
    _template = Template(
        "{% macro script(this, kwargs) %}const {{ this.get_name() }} = jxgis.basemap({{ this.data }});{% endmacro %}"
    )

    def __init__(self, source: Source, *, name: str, attribution: str) -> None:
        super().__init__(name=escape.html(name), overlay=True)
        self._name = "Basemap"
        # Leaflet reads an attribution as HTML.
        self.data = escape.javascript(
            {
                "addresses": [*source.addresses], "subdomains": source.subdomains,
                "attribution": escape.html(attribution), "most": source.most_zoom,
            }
        )  # fmt: skip


def add_basemap(page: folium.Map, basemap: Basemap, lang: str) -> None:
    """Put a base map below all layers; the page may then load images from its hosts, and from nowhere else.

    Parameters
    ----------
    page
        The map.
    basemap
        Which one, and the key that its provider asks for.
    lang
        ``"zh"`` or ``"en"``.
    """
    source = _SOURCES[basemap.name]
    name, attribution = (text(f"basemaps.{key}_{basemap.name}", lang) for key in ("name", "source"))
    root = cast("Page", page.get_root())
    root.hosts, root.datum, root.key = source.hosts, source.datum, basemap.key
    page.add_child(_Tiles(source, name=name, attribution=attribution))
