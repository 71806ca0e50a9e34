"""GeoPackages as results: several layers, titles, aliases and styles that QGIS shows, the same bytes each time."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd
import pyogrio
from pyogrio.util import vsi_path

from jxgis import i18n
from jxgis.errors import InputError
from jxgis.qgis.looks import look_of
from jxgis.qgis.markup import qml, sld
from jxgis.qgis.project import write_project
from jxgis.schema.check import hold
from jxgis.schema.tables import Table, find_table, of_layer, tables

if TYPE_CHECKING:
    from jxgis.output import Stage
    from jxgis.schema.styles import Shape

__all__ = ["stored_names", "write_for_qgis", "write_gpkg"]

# GDAL stamps each layer with the time of writing; a fixed stamp keeps the file a function of its input.
# Its spatial index is built beside the writing, in pages that fall as the threads do; built after it, they are the same.
_STAMP = "2000-01-01T00:00:00.000Z"
_SAME_BYTES = {"OGR_CURRENT_DATE": _STAMP, "OGR_GPKG_ALLOW_THREADED_RTREE": "NO"}
# Names that a GeoPackage keeps for itself: the key of a row and its geometry.
_OWN = ("fid", "geom")
# SQLite holds 2,000 columns a table, two of which are the GeoPackage's own.
_MOST_COLUMNS = 1998
_POLYGONS = {"Polygon", "MultiPolygon"}
_TYPES: Mapping[Shape, str] = {"polygon": "MultiPolygon", "line": "LineString", "point": "Point"}
_ZONE = ("level", "zone")
# By what the ground is simplified: less than a pixel of a city on a screen.
_GROUND_M = 2.0
_REGISTERED = (
    (
        "SELECT * FROM gpkg_contents WHERE table_name = 'zones'",
        "DELETE FROM gpkg_contents WHERE table_name = 'zones'",
        "INSERT INTO gpkg_contents VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    ),
    (
        "SELECT * FROM gpkg_geometry_columns WHERE table_name = 'zones'",
        "DELETE FROM gpkg_geometry_columns WHERE table_name = 'zones'",
        "INSERT INTO gpkg_geometry_columns VALUES (?, ?, ?, ?, ?, ?)",
    ),
)


def write_gpkg(
    path: Path,
    layers: Mapping[str, pd.DataFrame],
    *,
    of: str = "",
    lang: str = "zh",
    titles: Mapping[str, str] | None = None,
    own: Mapping[str, Collection[str]] | None = None,
    by_zone: Collection[str] = (),
    breaks: Mapping[str, Sequence[float]] | None = None,
) -> None:
    """Write layers to one GeoPackage.

    Parameters
    ----------
    path
        The file; it must not exist yet.
    layers
        Layer name to table, some perhaps without geometry; codes in a ``reason`` column are written in words. An empty
        table is written as an empty layer, so that its columns can be relied on. Columns whose names a GeoPackage cannot
        hold are written under those of :func:`stored_names`, with their own name as alias.
    of
        The part that the layers belong to, as `schema.tables` declares them: they must hold what it says. ``"layers"``:
        they are layers that were read. A layer that is not declared has no aliases.
    lang
        Language of the reasons and of the column aliases.
    titles
        Titles of columns that no contract has, such as indicators.
    own
        Columns of the user's in a layer, whatever they are called: see `schema.check.hold`.
    by_zone
        Layers with many rows a zone (``level, zone``): each polygon is written once, in a layer ``zones``, and what is called
        like the layer is a view of it and of the table ``{layer}_rows``, which QGIS and GDAL open as any other layer.
    breaks
        Column to the limits of the classes that QGIS draws, where they hang on the settings.

    Raises
    ------
    BrokenTableError
        If a layer breaks its declaration: a fault of jxgis; nothing is written.
    InputError
        If a table has more columns than a GeoPackage holds.

    Examples
    --------
    >>> import tempfile
    >>> units = gpd.GeoDataFrame({"unit_id": ["LC-01"]}, geometry=gpd.points_from_xy([0], [0]), crs=4549)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_gpkg(Path(folder, "units.gpkg"), {"units": units})
    ...     pyogrio.list_layers(Path(folder, "units.gpkg"))[:, 0].tolist()
    ['units', 'layer_styles']
    """
    declared = {name: of_layer(name) if of == "layers" else find_table(f"{of}.{name}") for name in layers}
    for name, table in layers.items():
        if of != "layers":
            hold(table, declared[name], own=(own or {}).get(name, ()))
        if len(table.columns) - 1 > _MOST_COLUMNS:
            raise InputError(
                zh=f"图层“{name}”有 {len(table.columns) - 1:,} 列，GeoPackage 最多 {_MOST_COLUMNS:,} 列；请在文件中去掉不需要的列。",
                en=f"Layer {name!r} has {len(table.columns) - 1:,} columns, a GeoPackage holds {_MOST_COLUMNS:,}; "
                "drop those that are not needed from the file.",
            )
    with _same_bytes(), _taken_whole(path) as whole:
        for name, table in layers.items():
            worded = _with_texts(i18n.localise_reasons(table, lang), declared[name])
            ready = worded.rename(columns=stored_names(table))
            if not isinstance(ready, gpd.GeoDataFrame):
                pyogrio.write_dataframe(ready, whole, layer=name, driver="GPKG")
                continue
            if name in by_zone:
                _write_by_zone(whole, name, ready)
                continue
            kinds, style = set(ready.geom_type.dropna().unique()), declared[name].style
            pyogrio.write_dataframe(
                ready,
                whole,
                layer=name,
                driver="GPKG",
                promote_to_multi=True if kinds and kinds <= _POLYGONS else None,
                geometry_type=None if kinds else _TYPES[style.shape] if style else "Unknown",
            )
    called = {name: declared[name].title.of(lang) for name in layers}
    drawn = {name: table for name, table in layers.items() if isinstance(table, gpd.GeoDataFrame)}
    for name in by_zone:
        zones = gpd.GeoDataFrame(geometry=drawn[name].geometry)
        drawn["zones"], declared["zones"] = zones, find_table("")
        called |= {
            "zones": i18n.text("qgis.zones", lang),
            f"{name}_rows": i18n.text("qgis.rows", lang, title=called[name]),
        }
    connection = sqlite3.connect(path)
    with contextlib.closing(connection), connection:
        _write_titles(connection, called)
        _write_aliases(connection, layers, declared, lang, titles or {})
        if drawn:
            _write_styles(connection, drawn, declared, lang, titles or {}, breaks or {})


def _with_texts(table: pd.DataFrame, declared: Table) -> pd.DataFrame:
    """Columns of texts are written as such where they hold none, too: files of all years have the same columns."""
    texts = [name for name in table.columns if (of := declared.declared(str(name))) and of.dtype in ("text", "code")]
    return table.astype({name: "object" for name in texts if table[name].isna().all()})


def write_for_qgis(stage: Stage, layers: Mapping[str, pd.DataFrame], lang: str = "zh") -> None:
    """Write ``jxgis.qgz``, and ``ground.gpkg`` for it: names and shapes of places, borders, streets and waters.

    Parameters
    ----------
    stage
        The stage; the GeoPackages of the result are written already. Without any nothing is written.
    layers
        Name of a layer to its rows, in one metric CRS.
    lang
        Language of the titles.
    """
    if not any(name.endswith(".gpkg") for name in stage.files()):
        return
    declared = [name.partition(".")[2] for name in tables() if name.startswith("ground.")]
    there = {name: gpd.GeoDataFrame(layers[name]) for name in declared if name in layers and len(layers[name])}
    ground = {
        name: gpd.GeoDataFrame(
            {"name": table["name"] if "name" in table.columns else None},
            geometry=table.geometry.simplify(_GROUND_M),
            crs=table.crs,
            index=table.index,
        ).astype({"name": "str"})
        for name, table in there.items()
    }
    if ground:
        write_gpkg(stage.path("ground.gpkg"), ground, of="ground", lang=lang)
    write_project(stage, lang)


def _write_by_zone(path: Path, layer: str, table: gpd.GeoDataFrame) -> None:
    """Write rows without geometry, their zones once, and a view that joins them (OGC 12-128r18, 2.1.4: features may be one)."""
    rows, zones = f"{layer}_rows", table.drop_duplicates(list(_ZONE))[[*_ZONE, table.geometry.name]]
    pyogrio.write_dataframe(zones, path, layer="zones", driver="GPKG", promote_to_multi=True)
    pyogrio.write_dataframe(table.drop(columns=table.geometry.name), path, layer=rows, driver="GPKG")
    columns = ", ".join(f'r."{name}"' for name in table.columns if name != table.geometry.name)
    # GDAL takes a column of this name for the number of the row. The names are those of the contract.
    view = (
        f'CREATE VIEW "{layer}" AS SELECT r.fid AS OGC_FID, {columns}, z.geom FROM "{rows}" r '  # noqa: S608  (no text of the data)
        "JOIN zones z ON z.level = r.level AND z.zone = r.zone"
    )
    connection = sqlite3.connect(path)
    with contextlib.closing(connection), connection:
        connection.execute("CREATE UNIQUE INDEX zones_by_name ON zones (level, zone)")
        connection.execute(view)
        # Taken out and put back: the layer itself goes before its zones, and is the one that is opened where none is named.
        for find, forget, register in _REGISTERED:
            (known,) = connection.execute(find).fetchall()
            connection.execute(forget)
            connection.executemany(register, [[layer if value == "zones" else value for value in known], known])


def stored_names(table: pd.DataFrame) -> dict[str, str]:
    """Under which names a GeoPackage holds those columns that it cannot hold under their own.

    Its columns ``fid`` and ``geom`` are its own, and it does not tell capitals apart: a column of such a name, and the
    later of two that differ by case alone, gets the ending ``_file``, and a number where that is taken too.

    Parameters
    ----------
    table
        The table to be written.

    Returns
    -------
    dict of str to str
        Column to the name it is written under; columns that keep their name are not in it.

    Examples
    --------
    >>> points = gpd.points_from_xy([0], [0])
    >>> stored_names(gpd.GeoDataFrame({"fid": [7], "Kind": ["a"], "KIND": ["b"]}, geometry=points))
    {'fid': 'fid_file', 'KIND': 'KIND_file'}
    """
    shape = table.geometry.name if isinstance(table, gpd.GeoDataFrame) else None
    columns = [str(column) for column in table.columns if column != shape]
    taken = {column.casefold() for column in columns} | set(_OWN)
    seen, renamed = set(_OWN), {}
    for column in columns:
        if column.casefold() in seen:
            name, number = f"{column}_file", 2
            while name.casefold() in taken:
                name, number = f"{column}_file_{number}", number + 1
            taken.add(name.casefold())
            renamed[column] = name
        seen.add(column.casefold())
    return renamed


@contextlib.contextmanager
def _taken_whole(path: Path) -> Iterator[Path]:
    """A path that pyogrio does not take apart as an address, as it does with ! in the name of a folder."""
    if vsi_path(str(path)) == str(path):
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="jxgis-") as folder:
        elsewhere = Path(folder, "a.gpkg")
        yield elsewhere
        shutil.copyfile(elsewhere, path)


@contextlib.contextmanager
def _same_bytes() -> Iterator[None]:
    before = {name: pyogrio.get_gdal_config_option(name) for name in _SAME_BYTES}
    pyogrio.set_gdal_config_options(_SAME_BYTES)
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options(before)


def _write_titles(connection: sqlite3.Connection, called: Mapping[str, str]) -> None:
    """What layers are called for people; a name that two share stands behind the second with the layer's own."""
    taken: set[str] = set()
    for layer, title in called.items():
        said = f"{title} {layer}" if title in taken else title
        taken.add(said)
        connection.execute("UPDATE gpkg_contents SET identifier = ? WHERE table_name = ?", (said, layer))


def _write_styles(
    connection: sqlite3.Connection,
    layers: Mapping[str, gpd.GeoDataFrame],
    declared: Mapping[str, Table],
    lang: str,
    titles: Mapping[str, str],
    breaks: Mapping[str, Sequence[float]],
) -> None:
    """Fill ``layer_styles``, QGIS's own table: the style that a layer has when it is opened."""
    connection.execute(
        "CREATE TABLE layer_styles (id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, f_table_catalog TEXT(256), "
        "f_table_schema TEXT(256), f_table_name TEXT(256), f_geometry_column TEXT(256), styleName TEXT(30), "
        "styleQML TEXT, styleSLD TEXT, useAsDefault BOOLEAN, description TEXT, owner TEXT(30), ui TEXT(30), "
        "update_time DATETIME DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')))"
    )
    connection.execute(
        "INSERT INTO gpkg_contents (table_name, data_type, identifier, description, last_change, srs_id) "
        "VALUES ('layer_styles', 'attributes', 'layer_styles', '', ?, 0)",
        (_STAMP,),
    )
    for layer, table in layers.items():
        stored = stored_names(table)
        look = look_of(table.rename(columns=stored), declared[layer], lang=lang, titles=titles, breaks=breaks)
        connection.execute(
            "INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name, f_geometry_column, styleName, "
            "styleQML, styleSLD, useAsDefault, description, owner, update_time) "
            "VALUES ('', '', ?, 'geom', ?, ?, ?, 1, '', '', ?)",
            (layer, layer, qml(look), sld(look, layer), _STAMP),
        )


def _write_aliases(
    connection: sqlite3.Connection,
    layers: Mapping[str, pd.DataFrame],
    declared: Mapping[str, Table],
    lang: str,
    titles: Mapping[str, str],
) -> None:
    """Fill ``gpkg_data_columns`` (OGC 12-128r18, annex F.9): GDAL and QGIS read titles from it."""
    rows = []
    for layer, table in layers.items():
        stored = stored_names(table)
        heads = {name: column.head(lang) for name, column in declared[layer].described(table, titles).items()}
        rows += [
            (layer, stored.get(name, name), alias, alias)
            for name, alias in heads.items()
            if alias != name or name in stored
        ]
    connection.execute(
        "CREATE TABLE gpkg_data_columns (table_name TEXT NOT NULL, column_name TEXT NOT NULL, name TEXT, "
        "title TEXT, description TEXT, mime_type TEXT, constraint_name TEXT, "
        "CONSTRAINT pk_gdc PRIMARY KEY (table_name, column_name), CONSTRAINT gdc_tn UNIQUE (table_name, name))"
    )
    connection.execute(
        "CREATE TABLE IF NOT EXISTS gpkg_extensions (table_name TEXT, column_name TEXT, "
        "extension_name TEXT NOT NULL, definition TEXT NOT NULL, scope TEXT NOT NULL, "
        "CONSTRAINT ge_tce UNIQUE (table_name, column_name, extension_name))"
    )
    connection.execute(
        "INSERT INTO gpkg_extensions VALUES ('gpkg_data_columns', NULL, 'gpkg_schema', "
        "'http://www.geopackage.org/spec121/#extension_schema', 'read-write')"
    )
    connection.executemany(
        "INSERT INTO gpkg_data_columns (table_name, column_name, name, title) VALUES (?, ?, ?, ?)", rows
    )
