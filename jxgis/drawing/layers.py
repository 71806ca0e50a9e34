"""Layers of a map from tables: polygons, lines, points and names, with tooltips, and the switch between them.

Every text reaches the page as data and is shown as text, never read as HTML: a case that holds ``</script>``, a
backtick or ``<img onerror>`` stands in the tooltip as it was typed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import folium
import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from folium.map import Layer
from folium.template import Template

from jxgis import escape
from jxgis.drawing import _encode
from jxgis.drawing._added import offered
from jxgis.drawing.base import Script, extent, new_map
from jxgis.drawing.basemaps import add_basemap, source_of
from jxgis.drawing.canvas import Canvas
from jxgis.drawing.colours import BORDER, PAPER, PINS
from jxgis.drawing.data import DataLayer, Shapes, datum_of
from jxgis.drawing.raster import CellPixels, paint
from jxgis.drawing.under import add_ground
from jxgis.i18n import decimals, text, unbroken
from jxgis.schema.tables import table

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from jxgis.datum import Datum
    from jxgis.schema.columns import Writing

__all__ = [
    "TOP",
    "Field",
    "PlaceList",
    "add_group",
    "add_lines",
    "add_names",
    "add_picture",
    "add_place_lists",
    "add_points",
    "add_polygons",
    "add_ranks",
    "add_switch",
    "dot",
    "fields_of",
    "fill",
    "land_map",
    "largest_first",
    "line",
]

#: How many of the ranked get a numbered pin and stand in the list.
TOP = 10
#: How moments are written; the page is handed them as text.
_MOMENTS = {"date": "%Y-%m-%d", "time": "%Y-%m-%d %H:%M"}
#: Leaflet path options of one look.
Style: TypeAlias = dict[str, Any]


class Field(NamedTuple):
    """One line of a tooltip: a column, what people call it, and how its numbers are written.

    Parameters
    ----------
    column, label
        The table's column and its name for people.
    kind
        ``"text"``, ``"number"``, ``"quantity"`` (each row in its unit, whole numbers without decimals), ``"percent"`` (a
        share from 0 to 1), ``"change"`` (the share by which a number rises or falls, with its sign), ``"points"`` (the
        difference of two shares, in points of 100), ``"points_change"`` (such a difference with its sign), ``"p"`` (a
        probability), ``"date"`` or ``"time"``.
    digits, unit
        Decimals shown, and the unit behind the number.
    """

    column: str
    label: str
    kind: Writing = "text"
    digits: int = 0
    unit: str = ""


def fields_of(of: str, columns: Sequence[str], lang: str) -> list[Field]:
    """Lines of a tooltip from columns of a declared table; numbers of cases come as words, since some stand as ranges.

    Examples
    --------
    >>> fields_of("parks.coverage", ["coverage", "served_m2"], "zh")[1]
    Field(column='served_m2', label='已覆盖面积', kind='number', digits=0, unit='m²')
    """
    known = table(of).columns
    return [
        Field(
            name, column.title.of(lang), "text" if column.cases else column.writing, column.digits, column.behind(lang)
        )
        for name, column in ((name, known[name]) for name in columns)
    ]


def fill(colour: str, *, border: str = PAPER, weight: float = 0.6, dash: str | None = None) -> Style:
    """The look of filled polygons: colour, border colour and width in pixels.

    Fills hide what lies below them, so that a colour on the map is the one that the legend shows.
    """
    style: Style = {"fillColor": colour, "fillOpacity": 1, "color": border, "weight": weight}
    if weight == 0:
        style["stroke"] = False
    if dash:
        style["dashArray"] = dash
    return style


def line(colour: str, *, weight: float = 1.5, dash: str | None = None) -> Style:
    """The look of lines and outlines: colour, width in pixels, dashes such as ``"6 4"``."""
    style: Style = {"color": colour, "weight": weight, "fill": False}
    if dash:
        style["dashArray"] = dash
    return style


def dot(colour: str, *, radius_px: float = 5) -> Style:
    """The look of points; ``size`` is that of a numbered pin."""
    return {
        "fillColor": colour,
        "fillOpacity": 1,
        "color": PAPER,
        "weight": 1,
        "radius": radius_px,
        "size": round(2 * radius_px + 4),
    }


def _digits(values: pd.Series, field: Field) -> int | None:
    """As many digits of a column as its cards need, `None` for text: small numbers are something to read, not 0.00."""
    if field.kind in ("text", *_MOMENTS):
        return None
    if field.kind == "p":  # shown as < 0.001
        return 4
    least = field.digits if field.kind in ("number", "quantity") else field.digits + 2
    numbers = pd.to_numeric(values, errors="coerce")
    smallest = numbers[numbers != 0].abs().min()
    return least if pd.isna(smallest) or not field.digits else decimals(float(smallest), least)


def _tooltip(
    table: pd.DataFrame, heading: str | None, fields: Sequence[Field], link: tuple[str, str] | None = None
) -> dict[str, Any]:
    kept = [f for f in fields if f.column in table.columns and table[f.column].notna().any()]
    columns = [
        _encode.column(
            table[f.column].dt.strftime(_MOMENTS[f.kind]) if f.kind in _MOMENTS else table[f.column],
            digits=_digits(table[f.column], f),
        )
        for f in kept
    ]
    return {
        "heading": None if heading is None else _encode.column(table[heading], digits=None),
        "fields": [
            {"label": f.label, "kind": "text" if f.kind in _MOMENTS else f.kind, "digits": f.digits, "unit": f.unit}
            for f in kept
        ],
        "columns": columns,
        "link": None if link is None else {"label": link[1], "column": _encode.column(table[link[0]], digits=None)},
    }


def _style_rows(style: ArrayLike | None, n: int) -> str:
    return _encode.packed(np.zeros(n, dtype=np.int64) if style is None else np.asarray(style).astype(np.int64))


def add_group(
    page: folium.Map, *, name: str, overlay: bool = False, show: bool = True, under: str = ""
) -> folium.FeatureGroup:
    """A layer that holds layers: one entry of the switch.

    Parameters
    ----------
    page, name
        The map, and what the switch calls the group.
    overlay
        ``False``: one of several that exclude one another (radio button); ``True``: on or off by itself.
    show
        Whether it is seen first.
    under
        Of one of many that exclude one another: the heading that it stands under. The switch offers these in a list that opens,
        which takes one line however many there are.
    """
    group = folium.FeatureGroup(name=escape.html(name), overlay=overlay, show=show)
    group.under = under  # type: ignore[attr-defined]  # the switch reads it
    page.add_child(group)
    return group


def largest_first(rows: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Rows in the order in which they are drawn: the small ones last, over those that they lie in.

    Examples
    --------
    >>> import geopandas as gpd, shapely
    >>> rows = gpd.GeoDataFrame({"name": ["a", "b"]}, geometry=[shapely.box(0, 0, 1, 1), shapely.box(0, 0, 9, 9)])
    >>> largest_first(rows)["name"].tolist()
    ['b', 'a']
    """
    return gpd.GeoDataFrame(rows.iloc[np.argsort(-rows.area.to_numpy(), kind="stable")])


def add_polygons(
    parent: folium.Map | folium.FeatureGroup,
    table: pd.DataFrame,
    *,
    name: str = "",
    styles: Sequence[Style],
    style: ArrayLike | None = None,
    heading: str | None = None,
    fields: Sequence[Field] = (),
    shapes: Shapes | None = None,
    key: str | None = None,
    level: int = 0,
    simplify_m: float = 0.0,
    link: tuple[str, str] | None = None,
    show: bool = True,
) -> None:
    """Draw polygons: a choropleth, areas of one look, or outlines.

    Parameters
    ----------
    parent
        The map or a group of it.
    table
        A GeoDataFrame in any CRS; with ``shapes``, any table with the column ``key``.
    name
        What the switch calls the layer; without one it comes and goes with its group.
    styles, style
        The looks (:func:`fill` or :func:`line`), and for each row which one; the first for all if not given.
    heading, fields
        The column that heads the tooltip, and its lines; columns without a value are left out.
    shapes, key
        Geometries already on the page, and the column of ``table`` with their ids.
    level
        Fills of a higher level lie on top.
    simplify_m
        How far borders may move, in metres of the table's CRS: a page of fewer bytes.
    link
        The column of links to files beside the map, and what they are called: a click shows the tooltip's lines with it.
    show
        Whether it is seen first.
    """
    filled = bool(styles[0].get("fill", True))
    if shapes is None:
        geometry = gpd.GeoSeries(table.geometry) if isinstance(table, gpd.GeoDataFrame) else gpd.GeoSeries([])
        if simplify_m > 0:
            geometry = geometry.simplify(simplify_m, preserve_topology=True)
        shapes = Shapes(geometry.reset_index(drop=True), datum=datum_of(parent))
        parent.add_child(shapes)
        rows = np.arange(len(table))
    else:
        rows = shapes.ids.get_indexer(pd.Index(table[key]))
    data = {
        "shape": _encode.packed(np.asarray(rows, dtype=np.int64)),
        "style": _style_rows(style, len(table)),
        "styles": list(styles),
        "fill": filled,
        "level": level,
        "interactive": bool(fields) or heading is not None,
        **_tooltip(table, heading, fields, link),
    }
    parent.add_child(DataLayer("polygons", data, name=name, shapes=shapes, show=show))


def add_picture(
    parent: folium.Map | folium.FeatureGroup,
    pixels: CellPixels,
    colour: NDArray[np.int64],
    palette: Sequence[str],
) -> None:
    """Draw cells as a picture; the parameters are those of :func:`jxgis.drawing.raster.paint`."""
    (west, south), (east, north) = _encode.in_datum(np.reshape(pixels.bounds, (2, 2)), datum_of(parent)).tolist()
    data = {"uri": paint(pixels, colour, palette), "bounds": [[south, west], [north, east]]}
    parent.add_child(DataLayer("picture", data))


def add_lines(
    parent: folium.Map | folium.FeatureGroup,
    table: gpd.GeoDataFrame,
    *,
    name: str = "",
    styles: Sequence[Style],
    style: ArrayLike | None = None,
    heading: str | None = None,
    fields: Sequence[Field] = (),
) -> None:
    """Draw lines; the parameters are those of :func:`add_polygons`. The search finds none: what they bound is found."""
    geometries = _encode.to_degrees(table, datum_of(parent))
    origin = _encode.origin_of(geometries)
    data = {
        "origin": origin,
        "paths": [[*map(_encode.packed, _encode.paths(g, origin))] for g in geometries],
        "style": _style_rows(style, len(table)),
        "styles": list(styles),
        "interactive": bool(fields) or heading is not None,
        "searched": False,
        **_tooltip(table, heading, fields),
    }
    parent.add_child(DataLayer("lines", data, name=name))


def _anchors(table: gpd.GeoDataFrame | gpd.GeoSeries, datum: Datum) -> tuple[list[int], list[int]]:
    """A point inside each geometry, as steps; taken before the change of CRS."""
    shapes = np.asarray(table.geometry.array, dtype=object)
    centres = shapely.centroid(shapes)
    # The middle is where a name is looked for, unless it lies outside, as in a crescent.
    points = np.where(shapely.intersects(shapes, centres), centres, shapely.point_on_surface(shapes))
    inside = gpd.GeoSeries(points, crs=table.crs)
    geometries = _encode.to_degrees(inside, datum)
    origin = _encode.origin_of(geometries)
    moves = np.diff(_encode.whole_degrees(shapely.get_coordinates(geometries)), axis=0, prepend=[origin])
    return origin, [int(v) for v in moves.ravel()]


def add_points(
    parent: folium.Map | folium.FeatureGroup,
    table: gpd.GeoDataFrame,
    *,
    name: str = "",
    styles: Sequence[Style],
    style: ArrayLike | None = None,
    heading: str | None = None,
    fields: Sequence[Field] = (),
    number: str | None = None,
    link: tuple[str, str] | None = None,
) -> None:
    """Draw a dot, or a numbered pin, at each row: at the point, or at a point inside the polygon.

    Parameters
    ----------
    parent, table, name, styles, style, heading, fields, link
        As for :func:`add_polygons`; the looks come from :func:`dot`.
    number
        The column whose whole number stands in the pin; plain dots if not given.
    """
    origin, moves = _anchors(table, datum_of(parent))
    data = {
        "origin": origin,
        "steps": _encode.packed(moves),
        "style": _style_rows(style, len(table)),
        "styles": list(styles),
        "pins": None if number is None else _encode.column(table[number], digits=0),
        **_tooltip(table, heading, fields, link),
    }
    parent.add_child(DataLayer("points", data, name=name))


def add_ranks(parent: folium.FeatureGroup, table: gpd.GeoDataFrame, *, fields: Sequence[Field] = ()) -> None:
    """Pins with the column ``rank``, by which a list beside the map names its places; arguments as for :func:`add_points`."""
    add_points(parent, table, styles=[dot(PINS, radius_px=8)], heading="name", fields=fields, number="rank")


def add_names(
    parent: folium.Map | folium.FeatureGroup,
    table: gpd.GeoDataFrame,
    *,
    column: str,
    name: str = "",
    ranked: bool = False,
) -> None:
    """Write a column's texts on the map, each inside its geometry; where they would overlap, the larger area's.

    Those of a ``ranked`` table come before all others, in its order.
    """
    if not ranked:
        table = table.iloc[np.argsort(-table.geometry.area.to_numpy(), kind="stable")]
    origin, moves = _anchors(table, datum_of(parent))
    texts = ["" if pd.isna(v) else str(v) for v in table[column]]
    data = {"origin": origin, "steps": _encode.packed(moves), "names": texts, "ranked": ranked}
    parent.add_child(DataLayer("names", data, name=name))


def land_map(canvas: Canvas, drawn: gpd.GeoDataFrame, *, title: str, named: bool = True) -> folium.Map:
    """Start a map on the quiet ground of every map: land, waters, parks and streets below all else, borders and names above.

    Parameters
    ----------
    canvas
        What it is drawn on, and what is said around it.
    drawn
        What the map shows: where there is no land, it is what is seen first.
    title
        Its heading.
    named
        Whether the names are written; without them the borders are broader.

    Returns
    -------
    folium.Map
        See :func:`jxgis.drawing.base.new_map`.
    """
    ground, method, lang = canvas.ground, canvas.method, canvas.lang
    land, source = ground.land, source_of(ground.basemap)
    seen = extent([drawn if land is None else land])
    if source is not None and source.datum != "WGS-84":
        west, south, east, north = _encode.in_datum(np.reshape(seen, (2, 2)), source.datum).ravel().tolist()
        seen, method = (west, south, east, north), " · ".join(filter(None, [method, text("basemaps.shifted", lang)]))
    page = new_map(seen, title=title, subtitle=method, source=canvas.source, lang=lang, sketch=canvas.sketch)
    if ground.basemap is not None:
        add_basemap(page, ground.basemap, lang)
    add_ground(page, ground)
    if land is None:
        return page
    edge = line(BORDER, weight=1.4 if named else 2.8)
    borders = add_group(page, name=text("maps.borders" if named else "maps.borders_only", lang), overlay=True)
    add_polygons(borders, land, styles=[edge], simplify_m=2)
    if named:
        add_names(borders, land, column="name")
    return page


class PlaceList(NamedTuple):
    """The ranked places of one layer: the group that shows them, a heading, and a table.

    Parameters
    ----------
    layer
        The group of :func:`add_group` that the list belongs to.
    heading
        What stands above it.
    table
        Columns ``rank``, ``name``, ``note`` (a short text) and the geometry to go to.
    note
        A sentence below the list.
    """

    layer: folium.FeatureGroup
    heading: str
    table: gpd.GeoDataFrame
    note: str = ""


class _Lists(Script):
    _template = Template(
        "{% macro script(this, kwargs) %}"
        "jxgis.list({{ this._parent.get_name() }}, 'bottomleft', ["
        "{% for layer, data in this.lists %}{layer: {{ layer.get_name() }}, ...{{ data }}},{% endfor %}]);"
        "{% endmacro %}"
    )

    def __init__(self, lists: Sequence[PlaceList]) -> None:
        super().__init__("Lists")
        self.lists = [(entry.layer, escape.javascript(_list_data(entry))) for entry in lists]


def _list_data(entry: PlaceList) -> dict[str, Any]:
    shapes = _encode.to_degrees(entry.table, datum_of(entry.layer))
    bounds = gpd.GeoSeries(shapes).bounds.round(6)
    rows = [
        [int(rank), str(name), str(note), b.miny, b.minx, b.maxy, b.maxx]
        for rank, name, note, b in zip(
            entry.table["rank"], entry.table["name"], entry.table["note"], bounds.itertuples(), strict=True
        )
    ]
    return {"heading": entry.heading, "rows": rows, "note": unbroken(entry.note)}


def add_place_lists(page: folium.Map, lists: Sequence[PlaceList]) -> None:
    """Put lists of ranked places in a corner: the one of the layer shown is seen, a click goes to the place."""
    if lists:
        page.add_child(_Lists(lists))


class _Switch(Script):
    """In place of folium's, which keeps layers by name: of two that are called the same, one would be lost."""

    _template = Template(
        "{% macro script(this, kwargs) %}"
        "jxgis.layerSwitch({{ this._parent.get_name() }}, ["
        "{% for layer, words in this.entries() %}[{{ layer.get_name() }}, {{ words }}],{% endfor %}], {{ this.label() }});"
        "{% endmacro %}"
    )

    def __init__(self) -> None:
        super().__init__("Switch")

    def label(self) -> str:
        """What the switch is called."""
        return escape.javascript(text("tools.layers", self.page.lang))

    def entries(self) -> list[tuple[Layer, str]]:
        """The layers on the map that are offered, with their names and whether they lie over others."""
        return [
            (layer, ", ".join(map(escape.javascript, (name, layer.overlay, getattr(layer, "under", "")))))
            for layer, name in offered(self._parent, self.page.lang)
        ]


def add_switch(page: folium.Map) -> None:
    """The switch between the layers, with which the map is finished; layers added after it stand in it too."""
    page.add_child(_Switch(), name="switch")
