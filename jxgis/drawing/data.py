"""What stands in a page as data: geometries that layers share, and layers that the page's script draws of data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import folium
import geopandas as gpd
import pandas as pd
from folium.map import Layer
from folium.template import Template

from jxgis import escape
from jxgis.drawing import _encode
from jxgis.drawing.base import Script
from jxgis.drawing.raster import Lattice, lattice_of

if TYPE_CHECKING:
    from branca.element import Element

    from jxgis.datum import Datum

__all__ = ["DataLayer", "Shapes", "add_shapes", "datum_of"]


class Shapes(Script):
    """Geometries that several layers draw, written once: the cells of all classes."""

    _template = Template(
        "{% macro script(this, kwargs) %}const {{ this.get_name() }} = jxgis.shapes({{ this.data }});{% endmacro %}"
    )

    def __init__(
        self, geometry: gpd.GeoSeries, names: Sequence[str | None] | None = None, *, datum: Datum = "WGS-84"
    ) -> None:
        super().__init__("Shapes")
        self.ids = geometry.index
        squares = lattice_of(geometry) if len(geometry) and geometry.crs.is_projected else None
        data = None if squares is None else _encode.lattice(squares, geometry.crs, datum)
        if data is None:
            geometries = _encode.to_degrees(geometry, datum)
            origin = _encode.origin_of(geometries)
            rings = _encode.all_rings(geometries, origin)
            data = {"origin": origin, "rings": [[[*map(_encode.packed, loops)] for loops in parts] for parts in rings]}
        if names is not None:
            called = [name or each for name, each in zip(names, self.ids, strict=True)]
            data |= {"heading": _encode.column(called, digits=None), "id": _ids(self.ids, squares)}
        self.data = escape.javascript(data)


def _ids(ids: pd.Index[Any], squares: Lattice | None) -> list[str] | str:
    """Ids as texts; those that are made of column and row are not said once more."""
    texts = [str(name) for name in ids]
    if squares is not None and texts == [f"E{x}N{y}" for x, y in zip(squares.column, squares.row, strict=True)]:
        return "E{column}N{row}"
    return texts


class DataLayer(Layer):
    """What a function of the page's script draws of data.

    Parameters
    ----------
    maker
        The function.
    data
        What it is handed, as it stands in JSON.
    name
        Its name in the switch; without one it does not stand there.
    shapes
        The polygons that the data is of.
    show
        Whether it is on at first.
    """

    _template = Template(
        "{% macro script(this, kwargs) %}"
        "const {{ this.get_name() }} = jxgis.{{ this.maker }}("
        "{% if this.shapes %}{{ this.shapes.get_name() }}, {% endif %}{{ this.data }});"
        "{% endmacro %}"
    )

    def __init__(
        self,
        maker: str,
        data: dict[str, Any],
        *,
        name: str = "",
        shapes: Shapes | None = None,
        show: bool = True,
    ) -> None:
        # Leaflet reads names in its layer switch as HTML.
        super().__init__(name=escape.html(name), overlay=True, control=bool(name), show=show)
        self._name = maker.capitalize()
        self.maker = maker
        self.shapes = shapes
        self.data = escape.javascript(data)


def datum_of(parent: Element) -> Datum:
    """The datum that the page of a map or a layer is drawn in."""
    datum: Datum = getattr(parent.get_root(), "datum", "WGS-84")
    return datum


def add_shapes(page: folium.Map, geometry: gpd.GeoSeries, *, names: Sequence[str | None] | None = None) -> Shapes:
    """Put geometries on a page once, for layers that share them.

    Parameters
    ----------
    page
        The map.
    geometry
        Polygons in any CRS, indexed by the id that the layers' tables refer to.
    names
        What people call each: then it heads the tooltips and cards of all layers, and the id stands at the end of a card.

    Returns
    -------
    Shapes
        To hand to :func:`add_polygons`.
    """
    shapes = Shapes(geometry, names, datum=datum_of(page))
    page.add_child(shapes)
    return shapes
