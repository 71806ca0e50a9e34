"""A project of QGIS beside the GeoPackages of a result: every layer with its style, in groups, by relative paths."""

from __future__ import annotations

import contextlib
import copy
import sqlite3
import zipfile
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple
from xml.etree import ElementTree as ET

import pyproj

from jxgis.i18n import text
from jxgis.qgis.markup import VERSION, options, quoted, written
from jxgis.schema.styles import Style
from jxgis.schema.tables import find_table, table, tables

if TYPE_CHECKING:
    from jxgis.output import Stage
    from jxgis.schema.tables import Table

__all__ = ["write_project"]

FILE = "jxgis.qgz"
_DOCTYPE = "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n"
#: Parts that have a group of their own, by what a report calls them.
_GROUND = "ground"
#: Thin lines and names: over what was found they hide nothing, under it nobody saw them.
PARTS = (
    _GROUND,
    "hotspots",
    "parks",
    "circle",
    "scorecard",
    "units",
    "scores",
    "allocation",
    "weak",
    "clusters",
    "scan",
    "trends",
    "effect",
)
_OF_VIEW = "customproperties/Option/Option[@name='variable{}']/Option"
_SHAPES = {"0": "Point", "1": "Line", "2": "Polygon"}


class _Layer(NamedTuple):
    """One layer of the project: a table, and of rows that lie upon each other one view."""

    id: str
    title: str
    of: str
    source: str
    style: ET.Element
    shape: str
    srs_id: int
    part: str
    each: tuple[str, ...]
    view: str
    level: int
    on: bool


class _Ground(NamedTuple):
    """The CRS of a file's layers by their number, and the box that they fill."""

    crs: dict[int, pyproj.CRS]
    boxes: list[tuple[float, float, float, float]]


def write_project(stage: Stage, lang: str = "zh") -> None:
    """Write ``jxgis.qgz``, where there are GeoPackages with layers: groups by part, the first of them seen.

    Parameters
    ----------
    stage
        The stage; the GeoPackages are written already.
    lang
        ``"zh"`` or ``"en"``.
    """
    layers: list[_Layer] = []
    ground = _Ground({}, [])
    files = [name for name in stage.files() if name.endswith(".gpkg")]
    for file in sorted(files, key=lambda name: (_place(name), name)):
        with contextlib.closing(sqlite3.connect(stage.path(file))) as connection:
            layers += _layers(connection, file, ground, lang)
    if not layers:
        return
    whole = written(_project(layers, ground, lang), _DOCTYPE)
    # The time within the archive is the earliest that there is, so that it is the same each time.
    with zipfile.ZipFile(stage.path(FILE), "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo("jxgis.qgs"), whole.encode(), zipfile.ZIP_DEFLATED)


def _place(file: str) -> int:
    """Where the group of a file stands: as the report has its parts."""
    part = _part(file)
    return PARTS.index(part) if part in PARTS else len(PARTS)


def _part(file: str) -> str:
    return next((name.partition(".")[0] for name in tables() if table(name).file == file), "")


def _layers(connection: sqlite3.Connection, file: str, ground: _Ground, lang: str) -> Iterator[_Layer]:
    """The layers of a file that hold rows, each view for itself."""
    if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'layer_styles'").fetchone():
        return
    found = connection.execute(
        "SELECT c.table_name, c.identifier, g.srs_id, s.styleQML, c.min_x, c.min_y, c.max_x, c.max_y "
        "FROM gpkg_contents c JOIN gpkg_geometry_columns g USING (table_name) "
        "JOIN layer_styles s ON s.f_table_name = c.table_name ORDER BY c.rowid"
    ).fetchall()
    part = _part(file)
    for name, title, srs_id, qml, *box in found:
        if not connection.execute(f"SELECT EXISTS (SELECT 1 FROM {quoted(name)})").fetchone()[0]:  # noqa: S608  (quoted)
            continue
        if all(value is not None for value in box):
            ground.boxes.append((box[0], box[1], box[2], box[3]))
        ground.crs[srs_id] = _crs(connection, srs_id)
        declared = find_table(f"{part}.{name}")
        if declared.style is None and part in PARTS:
            # The polygons that a view is made of.
            continue
        style = declared.style or Style(on=True)
        drawn = ET.fromstring(qml)  # noqa: S314  (written a moment ago)
        shape = _SHAPES[drawn.findtext("layerGeometryType", "2")]
        level = {"Point": 8, "Line": 6}.get(shape, 0) + style.level
        made = _Layer(
            "", title, title, f"./{file}|layername={name}", drawn, shape, srs_id, part, (), "", level, style.on
        )
        stem = f"{file.removesuffix('.gpkg')}_{name}"
        each = [str(option.get("value")) for option in drawn.iterfind(_OF_VIEW.format("Names"))]
        if not each:
            yield made._replace(id=stem)
            continue
        for at, (values, called) in enumerate(_views(connection, name, each, declared, lang)):
            yield made._replace(
                id=f"{stem}_{at}",
                title=text("qgis.view", lang, title=title, view=called),
                each=tuple(each),
                source=f"{made.source}|subset={_subset(each, values)}",
                style=_viewed(drawn, values),
                view=called,
            )


def _crs(connection: sqlite3.Connection, srs_id: int) -> pyproj.CRS:
    said = "SELECT organization, organization_coordsys_id, definition FROM gpkg_spatial_ref_sys WHERE srs_id = ?"
    organization, number, definition = connection.execute(said, (srs_id,)).fetchone()
    return pyproj.CRS.from_user_input(f"EPSG:{number}" if organization.upper() == "EPSG" else definition)


def _views(
    connection: sqlite3.Connection, name: str, each: Sequence[str], declared: Table, lang: str
) -> list[tuple[tuple[Any, ...], str]]:
    """The values of each view in the order of the rows, and what it is called; of those without any value none."""
    style = declared.style or Style()
    columns = [row[1] for row in connection.execute(f"PRAGMA table_info({quoted(name)})")]
    asked = [*each, *([style.called] if style.called in columns else [])]
    known = [column for column in ([style.missing] if style.missing else style.by) if column in columns]
    tests = [f"{quoted(column)} <> {_sql(value)}" for column, value in style.without if column in columns]
    tests += [f"({' OR '.join(f'{quoted(column)} IS NOT NULL' for column in known)})"] if known else []
    where = f" WHERE {' AND '.join(tests)}" if tests else ""
    rows = connection.execute(
        f"SELECT DISTINCT {', '.join(map(quoted, asked))} FROM {quoted(name)}{where}"  # noqa: S608  (quoted)
    ).fetchall()
    found: dict[tuple[Any, ...], str] = {}
    for row in rows:
        values, words = row[: len(each)], []
        for column, value in zip(each, values, strict=True):
            said = declared.columns[column]
            unit = f" {said.behind(lang)}" if said.behind(lang) else ""
            words.append(said.word(value, lang) if isinstance(value, str) else f"{value:g}{unit}")
        if len(row) > len(each):
            words[-1] = str(row[-1])
        found.setdefault(values, " · ".join(words))
    return list(found.items())


def _sql(value: Any) -> str:
    return "'{}'".format(value.replace("'", "''")) if isinstance(value, str) else f"{value:.12g}"


def _subset(each: Sequence[str], values: Sequence[Any]) -> str:
    return " AND ".join(f"{quoted(column)} = {_sql(value)}" for column, value in zip(each, values, strict=True))


def _viewed(style: ET.Element, values: Sequence[Any]) -> ET.Element:
    """The style with the variables of a view."""
    own = copy.deepcopy(style)
    for option, value in zip(own.iterfind(_OF_VIEW.format("Values")), values, strict=True):
        option.set("value", value if isinstance(value, str) else f"{value:.12g}")
    return own


def _srs(parent: ET.Element, tag: str, crs: pyproj.CRS) -> None:
    system = ET.SubElement(ET.SubElement(parent, tag), "spatialrefsys", {"nativeFormat": "Wkt"})
    authority = crs.to_authority(min_confidence=100)
    ET.SubElement(system, "wkt").text = crs.to_wkt()
    if authority is not None:
        ET.SubElement(system, "srid").text = authority[1]
        ET.SubElement(system, "authid").text = ":".join(authority)
    ET.SubElement(system, "description").text = crs.name
    ET.SubElement(system, "geographicflag").text = str(crs.is_geographic).lower()


def _project(layers: Sequence[_Layer], ground: _Ground, lang: str) -> ET.Element:
    title, first = text("qgis.project", lang), ground.crs[layers[0].srs_id]
    root = ET.Element("qgis", {"projectname": title, "version": VERSION})
    ET.SubElement(root, "homePath", {"path": ""})
    ET.SubElement(root, "title").text = title
    _srs(root, "projectCrs", first)
    _tree(ET.SubElement(root, "layer-tree-group"), layers, lang)
    canvas = ET.SubElement(root, "mapcanvas", {"name": "theMapCanvas", "annotationsVisible": "1"})
    ET.SubElement(canvas, "units").text = "degrees" if first.is_geographic else "meters"
    if ground.boxes:
        _extent(canvas, ground.boxes)
    ET.SubElement(canvas, "rotation").text = "0"
    _srs(canvas, "destinationsrs", first)
    held = ET.SubElement(root, "projectlayers")
    for layer in layers:
        _map_layer(held, layer, ground.crs[layer.srs_id])
    properties = ET.SubElement(root, "properties")
    ET.SubElement(ET.SubElement(properties, "Paths"), "Absolute", {"type": "bool"}).text = "false"
    ET.SubElement(ET.SubElement(properties, "SpatialRefSys"), "ProjectionsEnabled", {"type": "int"}).text = "1"
    return root


def _extent(parent: ET.Element, boxes: Sequence[tuple[float, float, float, float]]) -> None:
    sides = zip(*boxes, strict=True)
    extent = ET.SubElement(parent, "extent")
    for name, side, outer in zip(("xmin", "ymin", "xmax", "ymax"), sides, (min, min, max, max), strict=True):
        ET.SubElement(extent, name).text = f"{outer(side):.3f}"


def _map_layer(parent: ET.Element, layer: _Layer, crs: pyproj.CRS) -> None:
    said = {"type": "vector", "geometry": layer.shape, "simplifyDrawingHints": "1", "hasScaleBasedVisibilityFlag": "0"}
    element = ET.SubElement(parent, "maplayer", said | {"labelsEnabled": layer.style.get("labelsEnabled", "0")})
    ET.SubElement(element, "id").text = layer.id
    ET.SubElement(element, "datasource").text = layer.source
    ET.SubElement(element, "layername").text = layer.title
    _srs(element, "srs", crs)
    ET.SubElement(element, "provider", {"encoding": "UTF-8"}).text = "ogr"
    element.extend(layer.style)


def _group(parent: ET.Element, name: str, *, checked: bool, expanded: bool, alone: bool = False) -> ET.Element:
    said = {"name": name, "checked": _checked(checked), "expanded": str(int(expanded))}
    group = ET.SubElement(parent, "layer-tree-group", said | ({"mutually-exclusive": "1"} if alone else {}))
    options(ET.SubElement(group, "customproperties"), {})
    return group


def _checked(checked: bool) -> str:
    return "Qt::Checked" if checked else "Qt::Unchecked"


def _tree(root: ET.Element, layers: Sequence[_Layer], lang: str) -> None:
    """A group a part, the ground and the first seen; in each from above points, lines, small and large polygons."""
    options(ET.SubElement(root, "customproperties"), {})
    parts = list(dict.fromkeys(layer.part for layer in layers))
    seen = parts[: 1 + (parts[0] == _GROUND)]
    for part in parts:
        own = [layer for layer in layers if layer.part == part]
        group = root
        if part in PARTS:
            called = text("qgis.ground" if part == _GROUND else f"report.part_{part}", lang)
            group = _group(root, called, checked=part in seen, expanded=part in seen[-1:])
        stacks = list(dict.fromkeys(layer.each or (layer.id,) for layer in own))
        held = [[layer for layer in own if (layer.each or (layer.id,)) == stack] for stack in stacks]
        # Areas without views lie below all others, so that switching one on hides nothing.
        for stack in sorted(held, key=lambda found: -max(layer.level + bool(layer.view) / 2 for layer in found)):
            _stack(group, stack)


def _stack(group: ET.Element, layers: Sequence[_Layer]) -> None:
    """Layers of the same views: a group a view where there are several, of one a group in which one view is seen."""
    titles = list(dict.fromkeys(layer.of for layer in layers))
    if not layers[0].view:
        _put(group, layers)
    elif len(titles) == 1:
        within = _group(group, titles[0], checked=layers[0].on, expanded=False, alone=True)
        _put(within, [layer._replace(on=at == 0) for at, layer in enumerate(layers)])
    else:
        for at, view in enumerate(dict.fromkeys(layer.view for layer in layers)):
            within = _group(group, view, checked=at == 0, expanded=at == 0)
            _put(within, [layer for layer in layers if layer.view == view])


def _put(group: ET.Element, layers: Sequence[_Layer]) -> None:
    for layer in sorted(layers, key=lambda each: -each.level):
        said = {"id": layer.id, "name": layer.title, "source": layer.source, "providerKey": "ogr"}
        leaf = ET.SubElement(group, "layer-tree-layer", said | {"checked": _checked(layer.on), "expanded": "0"})
        options(ET.SubElement(leaf, "customproperties"), {})
