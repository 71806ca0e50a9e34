"""A look as QGIS keeps it: QML, and a plain SLD for other programs. Written without a time, so that it is the same each time."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any
from xml.etree import ElementTree as ET

from jxgis.drawing import colours
from jxgis.qgis.looks import Class, Has, Look

__all__ = ["VERSION", "expression", "options", "qml", "quoted", "sld", "written"]

#: What is written here, QGIS reads from this version on.
VERSION = "3.16.0"
_MM_PER_PX = 0.2646
_DOT_MM, _PIN_MM, _NAME_POINTS = 1.8, 2.6, 9
_GEOMETRY = {"point": "0", "line": "1", "polygon": "2"}
#: What no XML can hold.
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def written(root: ET.Element, doctype: str = "") -> str:
    """An element as text, without the signs that no XML can hold."""
    for element in root.iter():
        if element.text:
            element.text = _NO_XML.sub("", element.text)
        for key, value in element.attrib.items():
            element.set(key, _NO_XML.sub("", value))
    return doctype + ET.tostring(root, encoding="unicode").replace(" />", "/>")


def quoted(column: str) -> str:
    """The name of a column in an expression of QGIS and in SQL."""
    return '"{}"'.format(column.replace('"', '""'))


def _literal(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "'{}'".format(value.replace("\\", "\\\\").replace("'", "''")) if isinstance(value, str) else f"{value:.12g}"


def expression(tests: Iterable[Has], each: Iterable[str] = ()) -> str:
    """Tests as an expression of QGIS; of the columns of ``each`` the value is that of the layer's variable of its name.

    Examples
    --------
    >>> print(expression([Has("zone", "<>", "all"), Has("coverage", "known")], ["method"]))
    "method" = @method AND "zone" <> 'all' AND "coverage" IS NOT NULL
    """
    said = [f"{quoted(column)} = @{column}" for column in each]
    for column, sign, value in tests:
        end = {"null": "IS NULL", "known": "IS NOT NULL"}.get(sign) or f"{sign} {_literal(value)}"
        said.append(f"{quoted(column)} {end}")
    return " AND ".join(said)


def options(parent: ET.Element, values: Mapping[str, Any]) -> ET.Element:
    """Values as the options of QGIS: texts, and lists of texts."""
    group = ET.SubElement(parent, "Option", {"type": "Map"})
    for key, value in values.items():
        if isinstance(value, str):
            ET.SubElement(group, "Option", {"name": key, "type": "QString", "value": value})
        else:
            several = ET.SubElement(group, "Option", {"name": key, "type": "StringList"})
            for one in value:
                ET.SubElement(several, "Option", {"type": "QString", "value": one})
    return group


def _rgba(colour: str) -> str:
    return ",".join(str(int(colour[at : at + 2], 16)) for at in (1, 3, 5)) + ",255"


def _mm(px: float) -> str:
    return f"{px * _MM_PER_PX:.2f}"


def _symbol(parent: ET.Element, name: str, found: Class, look: Look) -> None:
    kind = {"point": "marker", "line": "line", "polygon": "fill"}[look.shape]
    symbol = ET.SubElement(parent, "symbol", {"type": kind, "name": name})
    style = look.style
    edge = getattr(colours, style.edge)
    border = (
        {"outline_color": _rgba(edge), "outline_width": _mm(style.width)} if style.width else {"outline_style": "no"}
    )
    if look.shape == "line":
        drawn = {"line_color": _rgba(found.colour), "line_width": _mm(style.width)}
        layers = [("SimpleLine", drawn)]
    elif look.shape == "point":
        dot = {"name": "circle", "color": _rgba(found.colour), "size": str(_DOT_MM)}
        layers = [("SimpleMarker", dot | border)]
    elif style.outline:
        layers = [("SimpleFill", {"style": "no"} | border | {"outline_color": _rgba(found.colour)})]
    else:
        layers = [("SimpleFill", {"color": _rgba(found.colour)} | border)]
    for class_, values in layers:
        options(ET.SubElement(symbol, "layer", {"class": class_}), values)
    if style.pin and look.shape == "polygon":
        centre = ET.SubElement(symbol, "layer", {"class": "CentroidFill"})
        options(centre, {"point_on_surface": "1"})
        pin = ET.SubElement(centre, "symbol", {"type": "marker", "name": f"@{name}@1"})
        dot = {"name": "circle", "color": _rgba(found.colour), "size": str(_PIN_MM)}
        marker = ET.SubElement(pin, "layer", {"class": "SimpleMarker"})
        options(marker, dot | border)


def _renderer(root: ET.Element, look: Look) -> None:
    order = look.style.order
    renderer = ET.SubElement(root, "renderer-v2", {"type": "RuleRenderer"} | ({"enableorderby": "1"} if order else {}))
    rules = ET.SubElement(renderer, "rules", {"key": "root"})
    symbols = ET.SubElement(renderer, "symbols")
    always = expression(look.drawn, look.view)
    # What a row must have stands in one rule above those of the classes: there it is changed once.
    parent = ET.SubElement(rules, "rule", {"key": "drawn", "filter": always}) if always else rules
    for at, found in enumerate(look.classes):
        told = {"key": f"c{at}", "symbol": str(at), "label": found.label}
        where = "ELSE" if found.rest else expression(found.tests)
        ET.SubElement(parent, "rule", told | ({"filter": where} if where else {}))
        _symbol(symbols, str(at), found, look)
    if order:
        falling = order.startswith("-")
        clause = ET.SubElement(
            ET.SubElement(renderer, "orderby"), "orderByClause", {"asc": "0" if falling else "1", "nullsFirst": "0"}
        )
        clause.text = quoted(order.removeprefix("-"))


def _label(look: Look) -> str:
    said = " || ' ' || ".join(f"to_string({quoted(name)})" for name in look.names)
    where = expression(look.drawn, look.view)
    return f"CASE WHEN {where} THEN {said} END" if where else said


def _labels(root: ET.Element, look: Look) -> None:
    settings = ET.SubElement(ET.SubElement(root, "labeling", {"type": "simple"}), "settings")
    text = ET.SubElement(
        settings, "text-style",
        {
            "fieldName": _label(look), "isExpression": "1", "fontSize": str(_NAME_POINTS),
            "textColor": _rgba(colours.INK),
        },
    )  # fmt: skip
    ET.SubElement(text, "text-buffer", {"bufferDraw": "1", "bufferSize": "0.8", "bufferColor": _rgba(colours.PAPER)})
    placement = {"point": "6", "line": "2", "polygon": "1"}[look.shape]
    ET.SubElement(settings, "placement", {"placement": placement, "dist": "0.6", "centroidInside": "1"})
    scale = (
        {"scaleVisibility": "1", "scaleMin": "0", "scaleMax": str(look.style.names_to)} if look.style.names_to else {}
    )
    ET.SubElement(settings, "rendering", {"obstacle": "0", **scale})


def _form(root: ET.Element, look: Look) -> None:
    """Codes in words, and titles of columns, which QGIS reads from ``gpkg_data_columns`` with GDAL from 3.7 on only."""
    configuration = ET.SubElement(root, "fieldConfiguration")
    for column, codes in look.codes.items():
        field = ET.SubElement(configuration, "field", {"name": column})
        config = ET.SubElement(ET.SubElement(field, "editWidget", {"type": "ValueMap"}), "config")
        group = ET.SubElement(
            ET.SubElement(config, "Option", {"type": "Map"}), "Option", {"name": "map", "type": "List"}
        )
        for code, said in codes.items():
            options(group, {said: code})
    aliases = ET.SubElement(root, "aliases")
    for column, title in look.aliases.items():
        ET.SubElement(aliases, "alias", {"field": column, "name": title})


def qml(look: Look) -> str:
    """The look as QGIS writes it itself: what `layer_styles` and a .qml hold.

    Examples
    --------
    >>> import geopandas as gpd, shapely
    >>> from jxgis.qgis.looks import look_of
    >>> from jxgis.schema.tables import table
    >>> row = {"zone": ["老城"], "method": ["radius"], "coverage": [0.85]}
    >>> frame = gpd.GeoDataFrame(row, geometry=[shapely.box(0, 0, 1, 1)], crs=4549)
    >>> ET.fromstring(qml(look_of(frame, table("parks.coverage")))).find("renderer-v2").get("type")
    'RuleRenderer'
    """
    root = ET.Element("qgis", {"version": VERSION, "labelsEnabled": str(int(bool(look.names)))})
    _renderer(root, look)
    if look.names:
        _labels(root, look)
    _form(root, look)
    # The view that is shown: the layer's variables, which its filter names.
    values = {"variableNames": [*look.view], "variableValues": [_plain(value) for value in look.view.values()]}
    options(ET.SubElement(root, "customproperties"), values if look.view else {})
    if look.names:
        ET.SubElement(root, "previewExpression").text = quoted(look.names[-1])
    ET.SubElement(root, "layerGeometryType").text = _GEOMETRY[look.shape]
    return written(root)


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else f"{value:.12g}"


def sld(look: Look, name: str) -> str:
    """A plain SLD 1.0, which QGIS keeps beside the QML for programs that read none: the layer in one colour.

    Examples
    --------
    >>> import geopandas as gpd
    >>> from jxgis.qgis.looks import look_of
    >>> from jxgis.schema.tables import table
    >>> frame = gpd.GeoDataFrame({"issue_class": ["all"]}, geometry=gpd.points_from_xy([0], [0]), crs=4549)
    >>> "<WellKnownName>circle</WellKnownName>" in sld(look_of(frame, table("hotspots.peaks")), "peaks")
    True
    """
    root = ET.Element("StyledLayerDescriptor", {"version": "1.0.0", "xmlns": "http://www.opengis.net/sld"})
    layer = ET.SubElement(root, "NamedLayer")
    ET.SubElement(layer, "Name").text = name
    rule = ET.SubElement(ET.SubElement(ET.SubElement(layer, "UserStyle"), "FeatureTypeStyle"), "Rule")
    parent = ET.SubElement(rule, f"{look.shape.capitalize()}Symbolizer")
    if look.shape == "point":
        parent = ET.SubElement(ET.SubElement(parent, "Graphic"), "Mark")
        ET.SubElement(parent, "WellKnownName").text = "circle"
    bare = look.shape == "line" or look.style.outline
    colour = look.classes[len(look.classes) // 2].colour
    for part, value in [("Stroke", colour)] if bare else [("Fill", colour), ("Stroke", colours.BORDER)]:
        drawn = ET.SubElement(ET.SubElement(parent, part), "CssParameter", {"name": part.lower()})
        drawn.text = value
    return written(root)
