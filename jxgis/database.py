"""Results as tables of a PostGIS schema: every layer of every GeoPackage, all of them replaced in one transaction."""

from __future__ import annotations

import contextlib
import hashlib
import re
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from jxgis._postgis import has_password, session
from jxgis.errors import OutputError
from jxgis.i18n import few, text_pair

if TYPE_CHECKING:
    import psycopg

    from jxgis.i18n import Text
    from jxgis.output import Stage
    from jxgis.settings import OutputSettings

__all__ = ["publishing"]

_BATCH = 10_000
_NAME_BYTES = 63
_LOCK_WAIT = "60s"
# What says that a table is of jxgis: its command, its file, its layer, its title.
_MARK = re.compile(r"jxgis (\S+) (\S+)\.gpkg (\S+): ")
_TYPES = {
    "BOOLEAN": "boolean", "TINYINT": "integer", "SMALLINT": "integer", "MEDIUMINT": "integer", "INT": "bigint",
    "INTEGER": "bigint", "FLOAT": "double precision", "DOUBLE": "double precision", "REAL": "double precision",
    "TEXT": "text", "BLOB": "bytea", "DATE": "date", "DATETIME": "timestamp without time zone",
}  # fmt: skip
_SHAPES = {
    name.upper(): name
    for name in (
        "Point",
        "LineString",
        "Polygon",
        "MultiPoint",
        "MultiLineString",
        "MultiPolygon",
        "GeometryCollection",
    )
}
# Columns that every table of PostgreSQL has already.
_SYSTEM = ("tableoid", "xmin", "cmin", "xmax", "cmax", "ctid")
# Bytes of the envelope in the head of a GeoPackage's geometry, by its code (OGC 12-128r18, 2.1.3).
_ENVELOPES = (0, 32, 48, 48, 64)
_KINDS = {"r": "TABLE", "v": "VIEW"}
_KEY = "fid"


@contextlib.contextmanager
def publishing(
    asked: OutputSettings, progress: Callable[[Text], object] = lambda _: None
) -> Iterator[Callable[[Stage], None]]:
    """Write the tables of a result into a database, where one is asked for: they can be seen once the block has ended.

    Parameters
    ----------
    asked
        ``[output]`` of the settings.
    progress
        Called with what was written.

    Yields
    ------
    callable
        Takes the stage that all files are written to. Where the block ends in an error, the database stays as it was.

    Raises
    ------
    OutputError
        If the database cannot be written to (asked before anything is computed), or holds somebody's table of a name that is
        written. Nothing is changed then.
    """
    if asked.database is None:
        yield lambda _: None
        return
    if has_password(asked.database):
        progress(text_pair("load.password_given"))
    what = asked.schema_name
    with session(asked.database, what=what, kind=OutputError) as connection:
        _require_writable(connection, what)
    with contextlib.ExitStack() as stack:
        written: list[tuple[psycopg.Connection, int]] = []

        def publish(stage: Stage) -> None:
            connection = stack.enter_context(session(str(asked.database), what=what, kind=OutputError))
            written.append((connection, _write(connection, what, stage)))

        yield publish
        for connection, number in written:
            _commit(connection, what)
            progress(text_pair("run.published", schema=what, n=number))


def _commit(connection: psycopg.Connection, schema: str) -> None:
    import psycopg

    try:
        connection.commit()
    except psycopg.Error:
        raise OutputError(
            zh=f"结果文件夹已经写好，但数据库没有确认写入 {schema}（连接中断）；请重新运行，使两者一致。",
            en=f"The result folder is written, but the database did not confirm {schema} (the connection is gone): run it again, "
            "so that both are the same.",
        ) from None


@dataclass(frozen=True)
class _Layer:
    """A layer of a GeoPackage, and the table that it becomes.

    Parameters
    ----------
    file, layer
        Where it comes from.
    table
        Its name in the schema.
    comment
        Its mark and its title.
    columns
        Name in the file to name in the table, without key and geometry.
    types
        Name in the table to type, in order: the key, the columns, the geometry.
    titles
        Name in the table to what the column is called for people.
    shape
        Name of the geometry in the file.
    joined
        The tables of which it is a view: rows, zones.
    """

    file: Path
    layer: str
    table: str
    comment: str
    columns: Mapping[str, str] = field(default_factory=dict)
    types: Mapping[str, str] = field(default_factory=dict)
    titles: Mapping[str, str] = field(default_factory=dict)
    shape: str | None = None
    joined: tuple[str, str] | None = None


def _require_writable(connection: psycopg.Connection, schema: str) -> None:
    """Ask whether a schema can be written to, by doing it: nothing of it stays."""
    from psycopg import sql

    _begin(connection, schema)
    probe = f"jxgis_{hashlib.sha256(schema.encode()).hexdigest()[:12]}"
    connection.execute(sql.SQL("CREATE TABLE {} ()").format(sql.Identifier(schema, probe)))
    connection.rollback()


def _begin(connection: psycopg.Connection, schema: str) -> None:
    """Begin a transaction: wait for another run that writes to the schema, and make the schema where there is none."""
    from psycopg import sql

    connection.execute("SELECT set_config('lock_timeout', %s, true)", (_LOCK_WAIT,))
    connection.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", (f"jxgis {schema}",))
    there = connection.execute(
        "SELECT n.nspname FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'postgis'"
    ).fetchone()
    if there is None:
        raise OutputError(
            zh="数据库没有启用 PostGIS，没有写入任何内容；请管理员运行 CREATE EXTENSION postgis。",
            en="The database has no PostGIS, and nothing was written; have CREATE EXTENSION postgis run.",
        )
    # The types of PostGIS are called by their own names, here and in the catalogue.
    connection.execute("SELECT set_config('search_path', quote_ident(%s), true)", there)
    if connection.execute("SELECT 1 FROM pg_namespace WHERE nspname = %s", (schema,)).fetchone() is None:
        connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(schema)))


def _write(connection: psycopg.Connection, schema: str, stage: Stage) -> int:
    """Write every layer of a stage's GeoPackages; how many there are."""
    from psycopg import sql

    _begin(connection, schema)
    files = [name for name in stage.files() if name.endswith(".gpkg")]
    layers = [layer for name in files for layer in _layers(connection, stage.folder / name, stage.command)]
    known = _known(connection, schema)
    _refuse_foreign(schema, [layer.table for layer in layers], known)
    # Rows of a table that stays as it is are replaced within it: whoever may read it still may, and views on it hold.
    kept = {
        layer.table
        for layer in layers
        if layer.joined is None
        and layer.table in known
        and _columns(connection, schema, layer.table) == [*layer.types.items()]
    }
    kept |= {layer.table for layer in layers if layer.table in known and layer.joined and kept.issuperset(layer.joined)}
    marks = {name: mark for name, (_, mark) in known.items() if mark is not None}
    of_this = {name for name, mark in marks.items() if mark[1] == stage.command or f"{mark[2]}.gpkg" in files} - kept
    for kind in ("VIEW", "TABLE"):
        for name in sorted(name for name in of_this if _KINDS[known[name][0]] == kind):
            connection.execute(sql.SQL("DROP {} {}").format(sql.SQL(kind), sql.Identifier(schema, name)))
    for layer in sorted(layers, key=lambda each: each.joined is not None):
        if layer.joined is not None and layer.table not in kept:
            _join(connection, schema, layer)
        elif layer.joined is None:
            _fill(connection, schema, layer, there=layer.table in kept)
        _say(connection, schema, layer)
    return len(layers)


def _known(connection: psycopg.Connection, schema: str) -> dict[str, tuple[str, re.Match[str] | None]]:
    """What stands in a schema: name to kind, and to the mark of what is jxgis's."""
    rows = connection.execute(
        "SELECT c.relname, c.relkind::text, obj_description(c.oid, 'pg_class') FROM pg_class c "
        "JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = %s",
        (schema,),
    )
    return {name: (kind, _mark(name, kind, comment or "")) for name, kind, comment in rows}


def _mark(name: str, kind: str, comment: str) -> re.Match[str] | None:
    """The mark of a table or a view that is still called as jxgis called it: who renames one keeps it."""
    mark = _MARK.match(comment) if kind in _KINDS else None
    return mark if mark is not None and name == f"{mark[2]}_{mark[3]}" else None


def _refuse_foreign(schema: str, wanted: Sequence[str], known: Mapping[str, tuple[str, object]]) -> None:
    foreign = sorted(name for name in wanted if name in known and known[name][1] is None)
    if foreign:
        names = few(foreign)
        raise OutputError(
            zh=f"模式 {schema} 中的 {names.zh} 不是 jxgis 写的，没有写入任何内容；请把它改名，或用 [output] schema 换一个模式。",
            en=f"{names.en} in the schema {schema} was not written by jxgis, and nothing was written; rename it, or choose "
            "another [output] schema.",
        )


def _columns(connection: psycopg.Connection, schema: str, table: str) -> list[tuple[str, str]]:
    """The columns of a table with their types, in order."""
    return connection.execute(
        "SELECT a.attname, format_type(a.atttypid, a.atttypmod) FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid "
        "JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = %s AND c.relname = %s AND c.relkind = 'r' "
        "AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum",
        (schema, table),
    ).fetchall()


def _layers(connection: psycopg.Connection, path: Path, command: str) -> Iterator[_Layer]:
    """The layers of a GeoPackage, as tables."""
    with contextlib.closing(sqlite3.connect(path)) as file:
        views = {name for (name,) in file.execute("SELECT name FROM sqlite_master WHERE type = 'view'")}
        called = dict(file.execute("SELECT table_name, identifier FROM gpkg_contents"))
        shapes = {
            layer: (column, kind, srs)
            for layer, column, kind, srs in file.execute(
                "SELECT table_name, column_name, geometry_type_name, srs_id FROM gpkg_geometry_columns"
            )
        }
        for layer, title in called.items():
            if layer == "layer_styles":
                continue
            table = f"{path.stem}_{layer}"
            comment = f"jxgis {command} {path.name} {layer}: {title}"
            heads = dict(
                file.execute("SELECT column_name, title FROM gpkg_data_columns WHERE table_name = ?", (layer,))
            )
            if layer in views:
                joined = (f"{path.stem}_{layer}_rows", f"{path.stem}_zones")
                yield _Layer(path, layer, table, comment, joined=joined, titles=heads)
                continue
            column, kind, srs = shapes.get(layer, (None, "", 0))
            described = file.execute("SELECT name, type FROM pragma_table_info(?)", (layer,)).fetchall()
            plain = [(name, declared) for name, declared in described if name not in (_KEY, column)]
            names = _held([name for name, _ in plain])
            types = {_KEY: "bigint"} | {names[name]: _TYPES[declared.split("(")[0]] for name, declared in plain}
            if column is not None:
                types["geom"] = f"geometry({_SHAPES.get(kind, 'Geometry')},{_srid(connection, file, srs)})"
            titles = {names[name]: heads.get(name, name) for name in names if name in heads or names[name] != name}
            yield _Layer(path, layer, table, comment, names, types, titles, shape=column)


def _held(names: Sequence[str]) -> dict[str, str]:
    """Names that PostgreSQL holds: of 63 bytes at most, and none of its own; the later of two that would be one gets its hash."""
    held: dict[str, str] = {}
    for name in names:
        short = f"{name}_file" if name in _SYSTEM else name
        if len(short.encode()) > _NAME_BYTES or short in held.values():
            digest = hashlib.sha256(name.encode()).hexdigest()[:6]
            short = f"{short.encode()[: _NAME_BYTES - 7].decode(errors='ignore')}_{digest}"
        held[name] = short
    return held


def _srid(connection: psycopg.Connection, file: sqlite3.Connection, srs: int) -> int:
    """The number under which a database knows the system of a layer."""
    name, owner, code = file.execute(
        "SELECT srs_name, organization, organization_coordsys_id FROM gpkg_spatial_ref_sys WHERE srs_id = ?", (srs,)
    ).fetchone()
    row = connection.execute(
        "SELECT srid FROM spatial_ref_sys WHERE upper(auth_name) = upper(%s) AND auth_srid = %s ORDER BY srid LIMIT 1",
        (owner, code),
    ).fetchone()
    if row is None:
        raise OutputError(
            zh=f"数据库的 spatial_ref_sys 中没有工作坐标系 {name}，没有写入任何内容；请管理员添加，或用 [city] crs 选一个 EPSG 坐标系。",
            en=f"The database's spatial_ref_sys lacks the working system {name}, and nothing was written; have it added, or choose "
            "one of EPSG with [city] crs.",
        )
    return int(row[0])


def _fill(connection: psycopg.Connection, schema: str, layer: _Layer, *, there: bool) -> None:
    """Make a table, or empty the one that is there, and copy the rows into it: as data, never as part of a statement."""
    from psycopg import sql

    table = sql.Identifier(schema, layer.table)
    if there:
        connection.execute(sql.SQL("DELETE FROM ONLY {}").format(table))
    else:
        columns = [sql.SQL("{} {}").format(sql.Identifier(name), sql.SQL(kind)) for name, kind in layer.types.items()]
        key = sql.SQL("PRIMARY KEY ({})").format(sql.Identifier(_KEY))
        connection.execute(sql.SQL("CREATE TABLE {} ({})").format(table, sql.SQL(", ").join([*columns, key])))
        if layer.shape is not None:
            connection.execute(sql.SQL("CREATE INDEX ON {} USING gist (geom)").format(table))
    names = sql.SQL(", ").join(map(sql.Identifier, layer.types))
    with connection.cursor() as cursor, cursor.copy(sql.SQL("COPY {} ({}) FROM STDIN").format(table, names)) as copy:
        for row in _rows(layer):
            copy.write_row(row)


def _rows(layer: _Layer) -> Iterator[Sequence[Any]]:
    """The rows of a layer: key, columns, geometry as EWKB in hexadecimal."""
    quoted = ", ".join(
        '"' + name.replace('"', '""') + '"' for name in (_KEY, *layer.columns, *filter(None, [layer.shape]))
    )
    source = layer.layer.replace('"', '""')
    srid = int(layer.types["geom"].rstrip(")").rpartition(",")[2]) if layer.shape is not None else 0
    with contextlib.closing(sqlite3.connect(layer.file)) as file:
        found = file.execute(f'SELECT {quoted} FROM "{source}" ORDER BY {_KEY}')  # noqa: S608  # names take no parameter; their quotes are doubled
        while rows := found.fetchmany(_BATCH):
            if layer.shape is None:
                yield from rows
                continue
            shapes = shapely.from_wkb(np.array([_wkb(row[-1]) for row in rows], dtype=object))
            written = shapely.to_wkb(shapely.set_srid(shapes, srid), hex=True, include_srid=True)
            yield from ((*row[:-1], shape) for row, shape in zip(rows, written, strict=True))


def _wkb(blob: bytes | None) -> bytes | None:
    """The WKB of a geometry of a GeoPackage, whose head says how long it is itself."""
    return None if blob is None else blob[8 + _ENVELOPES[blob[3] >> 1 & 7] :]


def _join(connection: psycopg.Connection, schema: str, layer: _Layer) -> None:
    """The view of rows without geometry and of their zones, as the GeoPackage has it."""
    from psycopg import sql

    rows, zones = (sql.Identifier(schema, name) for name in layer.joined or ())
    view = sql.SQL(
        "CREATE VIEW {} AS SELECT r.*, z.geom FROM {} AS r JOIN {} AS z ON z.level = r.level AND z.zone = r.zone"
    )
    connection.execute(view.format(sql.Identifier(schema, layer.table), rows, zones))


def _say(connection: psycopg.Connection, schema: str, layer: _Layer) -> None:
    """Say of a table what it is, by which it is known as jxgis's, and of its columns what they are called."""
    from psycopg import sql

    table = sql.Identifier(schema, layer.table)
    kind = sql.SQL("TABLE" if layer.joined is None else "VIEW")
    connection.execute(sql.SQL("COMMENT ON {} {} IS {}").format(kind, table, sql.Literal(layer.comment)))
    for name, title in layer.titles.items():
        column = sql.Identifier(schema, layer.table, name)
        connection.execute(sql.SQL("COMMENT ON COLUMN {} IS {}").format(column, sql.Literal(title)))
