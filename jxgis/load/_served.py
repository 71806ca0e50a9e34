"""What a PostGIS database has under a name or a query: its columns, its rows as text in batches, and where its geometries are."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from jxgis._files import reading, require_few_columns, require_no_grids
from jxgis._postgis import session
from jxgis.errors import CrsError, InputError
from jxgis.i18n import Text, few, listed, text_pair
from jxgis.schema.layers import nearest

if TYPE_CHECKING:
    import psycopg
    import pyproj
    from psycopg import sql

    from jxgis.load._used import Picker

__all__ = ["QUERY", "Asked", "Fields", "Served", "crs_of", "rows_of", "served"]

QUERY = "(query)"
"""What a query is called in messages and in the account of its rows."""

_BATCH = 10_000
# Values are read as text: what the server writes must hang on nothing but them.
_SESSION = {
    "datestyle": "ISO, YMD",
    "intervalstyle": "iso_8601",
    "timezone": "UTC",
    "extra_float_digits": "3",
    # Two scans of a large table at a time would begin in its middle.
    "synchronize_seqscans": "off",
}
_SHAPES = ("geometry", "geography")
_NO_TEXT = ("bytea", "raster")
# Chords of a degree for true arcs, as of files.
_CHORD = np.pi / 180
_NOT_READ = Text(
    zh="读取时出错：其中有图形已损坏或嵌套太深；请在数据库中用 ST_IsValid 检查。",
    en="cannot be read: a geometry in it is damaged, or nested too deep; look for it with ST_IsValid.",
)


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of a database.

    Parameters
    ----------
    table
        ``schema.name``; or
    query
        one SELECT.
    geometry
        Which of its columns says where its rows are, where there are several.
    has_crs
        Whether the user says in which system they are.
    used
        Which columns are used of a table that has geometries.
    """

    table: str | None = None
    query: str | None = None
    geometry: str | None = None
    has_crs: bool = False
    used: Picker | None = None


@dataclass(frozen=True, slots=True)
class Fields:
    """The columns of a source.

    Parameters
    ----------
    kinds
        The names of their types.
    shape
        The one of geometries.
    postgis
        The schema of PostGIS.
    left
        Those that hold no text.
    """

    kinds: Mapping[str, str]
    shape: str | None = None
    postgis: str = "public"
    left: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Source:
    """What stands after FROM: its name for people, its SQL, by what it is ordered, and what is to be said of it."""

    name: str
    words: sql.Composable
    order: tuple[str, ...] = ()
    notes: tuple[Text, ...] = ()


@dataclass(frozen=True, slots=True)
class Served:
    """What is asked of a database, as it stood when it was asked.

    Parameters
    ----------
    connection
        That reads only, and sees the rows as they were at its first question.
    source, fields
        What is read.
    """

    connection: psycopg.Connection
    source: _Source
    fields: Fields


@contextlib.contextmanager
def served(address: str, asked: Asked) -> Iterator[Served]:
    """Open what is asked of a database, in a ``with`` block that reads it.

    Parameters
    ----------
    address
        ``postgresql://user@host:port/name``.
    asked
        The table or the query.

    Yields
    ------
    Served

    Raises
    ------
    InputError
        If the server, the table or the query cannot be used.
    """
    what = asked.table or QUERY
    with reading(what, _NOT_READ), session(address, what=what) as connection:
        from psycopg import IsolationLevel

        connection.read_only = True
        connection.isolation_level = IsolationLevel.REPEATABLE_READ
        for name, value in _SESSION.items():
            connection.execute("SELECT set_config(%s, %s, true)", (name, value))
        source = _query(asked.query) if asked.query else _table(connection, what)
        yield Served(connection, source, _fields(connection, source, asked, what))


def rows_of(served: Served, used: Sequence[str]) -> Iterator[list[tuple[str | None, ...]]]:
    """Some columns of the rows, so many at a time, every value as text; before them the geometry as EWKB in hexadecimal."""
    from psycopg import sql

    source, fields = served.source, served.fields
    picked = [sql.SQL("CAST(q.{} AS text)").format(sql.Identifier(name)) for name in used]
    if fields.shape is not None:
        shape = sql.SQL("q.{}").format(sql.Identifier(fields.shape))
        if fields.kinds[fields.shape] == "geometry":
            line = sql.Identifier(fields.postgis, "st_curvetoline")
            shape = sql.SQL("{}({}, {}, 2, 0)").format(line, shape, sql.Literal(float(_CHORD)))
        picked.insert(0, sql.SQL("CAST({} AS text)").format(shape))
    statement = sql.SQL("SELECT {} FROM {} AS q").format(sql.SQL(", ").join(picked), source.words)
    if source.order:
        by = sql.SQL(", ").join(sql.SQL("q.{}").format(sql.Identifier(name)) for name in source.order)
        statement = sql.SQL("{} ORDER BY {}").format(statement, by)
    with served.connection.cursor(name="jxgis") as cursor:
        cursor.execute(statement)
        while rows := cursor.fetchmany(_BATCH):
            yield rows


def crs_of(served: Served, srids: Iterable[int], *, has_crs: bool) -> pyproj.CRS | None:
    """The system that geometries of some SRIDs declare, by the server's own table of systems.

    Raises
    ------
    CrsError
        If they are in several, or in none that is known, and the user says none.
    """
    import pyproj
    from psycopg import sql
    from pyproj.exceptions import CRSError

    what = served.source.name
    declared = sorted(srids)
    if len(declared) > 1:
        names = few(map(str, declared))
        raise CrsError(
            zh=f"{what} 的图形分属几个坐标系：SRID {names.zh}（0 为未声明）；请用 query 和 ST_Transform 统一，或按坐标系分开读取。",
            en=f"{what}: its geometries are in several systems of coordinates (SRID {names.en}; 0 is none): bring them into one by "
            "a query with ST_Transform, or read them apart.",
        )
    if declared == [0] and not has_crs:
        raise CrsError(
            zh=f"{what} 的图形没有声明坐标系（SRID 为 0）；请用 crs 声明，如 EPSG:4549、EPSG:4490、GCJ-02，或请管理员用 UpdateGeometrySRID 设好。",
            en=f"{what}: its geometries declare no system of coordinates (SRID 0); say which it is with crs, such as EPSG:4549, "
            "EPSG:4490 or GCJ-02, or have it set with UpdateGeometrySRID.",
        )
    if not declared or declared == [0]:
        return None
    systems = sql.Identifier(served.fields.postgis, "spatial_ref_sys")
    row = served.connection.execute(
        sql.SQL("SELECT auth_name, auth_srid, srtext FROM {} WHERE srid = %s").format(systems), (declared[0],)
    ).fetchone()
    owner, code, written = row or (None, None, None)
    require_no_grids((written or "").encode(), what)
    try:
        if (owner or "").upper() == "EPSG":
            return pyproj.CRS.from_epsg(code)
        return pyproj.CRS.from_wkt(written or "")
    except CRSError:
        if has_crs:
            return None
        raise CrsError(
            zh=f"{what} 的图形写明 SRID={declared[0]}，数据库的 spatial_ref_sys 中没有可用的定义；请用 crs 指定坐标系。",
            en=f"{what}: its geometries declare SRID={declared[0]}, of which the database's spatial_ref_sys has no usable "
            "definition; say which it is with crs.",
        ) from None


def _query(query: str) -> _Source:
    from psycopg import sql

    # Within brackets a server takes nothing but one SELECT; a comment at the end of a query ends with its line.
    words = sql.SQL("({}\n)").format(sql.SQL(query.rstrip(";")))
    ordered = re.search(r"order\s+by", query, re.IGNORECASE)
    return _Source(QUERY, words, notes=() if ordered else (text_pair("load.server_order", name=QUERY),))


def _table(connection: psycopg.Connection, asked: str) -> _Source:
    """A table or a view by its name, found among those that there are: no name is put into SQL but the server's own."""
    from psycopg import sql

    found = connection.execute(
        "SELECT n.nspname, c.relname, c.oid, pg_table_is_visible(c.oid) FROM pg_class c "
        "JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'v', 'm', 'f', 'p') "
        "AND n.nspname <> 'information_schema' AND left(n.nspname, 3) <> 'pg_' ORDER BY 1, 2"
    ).fetchall()
    mine = [
        (schema, name, oid)
        for schema, name, oid, visible in found
        if asked in (f"{schema}.{name}", f'"{schema}"."{name}"', *([name, f'"{name}"'] if visible else []))
    ]
    if not mine:
        hint = nearest(asked, [f"{schema}.{name}" for schema, name, _, _ in found])
        raise InputError(zh=f"数据库中没有表“{asked}”{hint.zh}", en=f"The database has no table {asked!r}{hint.en}")
    if len(mine) > 1:
        names = few(f'"{schema}"."{name}"' for schema, name, _ in mine)
        raise InputError(
            zh=f"“{asked}”可以指几张表：{names.zh}；请照此写法写明 table。",
            en=f"{asked!r} may be several tables: {names.en}; write table as one of these.",
        )
    schema, name, oid = mine[0]
    order = connection.execute(
        "SELECT a.attname FROM pg_index i CROSS JOIN LATERAL unnest(i.indkey) WITH ORDINALITY AS k (attnum, at) "
        "JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum "
        "WHERE i.indrelid = %s AND i.indisprimary ORDER BY k.at",
        (oid,),
    ).fetchall()
    (hidden,) = connection.execute("SELECT row_security_active(%s::oid)", (oid,)).fetchone() or (False,)
    shown = f"{schema}.{name}"
    notes = [text_pair("load.row_security", name=shown)] if hidden else []
    if not order:
        notes.append(text_pair("load.server_order", name=shown))
    return _Source(shown, sql.Identifier(schema, name), tuple(column for (column,) in order), tuple(notes))


def _fields(connection: psycopg.Connection, source: _Source, asked: Asked, what: str) -> Fields:
    """The columns of a source, by asking for none of its rows; prepared, so that the server takes one statement alone."""
    from psycopg import sql

    empty = connection.execute(sql.SQL("SELECT * FROM {} AS q LIMIT 0").format(source.words), prepare=True)
    described = empty.description or []
    names = [column.name for column in described]
    require_few_columns(len(names), what=what)
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InputError(
            zh=f"query 的结果有几列同名：{listed(twice, 'zh')}；请用 AS 另起列名。",
            en=f"The query returns several columns called {listed(twice, 'en')}; name them apart with AS.",
        )
    types = {
        oid: (name, schema)
        for oid, name, schema in connection.execute(
            "SELECT t.oid, t.typname, n.nspname FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace "
            "WHERE t.oid = ANY(%s)",
            ([column.type_code for column in described],),
        )
    }
    kinds = {column.name: types[column.type_code][0] for column in described}
    shapes = [name for name in names if kinds[name] in _SHAPES]
    shape = _shape(shapes, asked.geometry, names, what)
    left = tuple(name for name in names if kinds[name] in _NO_TEXT or (name in shapes and name != shape))
    place = next((types[column.type_code][1] for column in described if column.name == shape), "public")
    return Fields({name: kind for name, kind in kinds.items() if name not in left}, shape, place, left)


def _shape(shapes: Sequence[str], asked: str | None, names: Sequence[str], what: str) -> str | None:
    if asked is not None and asked not in shapes:
        hint = nearest(asked, shapes or names)
        raise InputError(
            zh=f"{what} 没有图形列“{asked}”（columns.geometry）{hint.zh}",
            en=f"{what} has no column of geometries {asked!r} (columns.geometry){hint.en}",
        )
    if asked is None and len(shapes) > 1:
        raise InputError(
            zh=f'{what} 有几个图形列：{listed(shapes, "zh")}；请指明一个，如 columns = {{ geometry = "{shapes[0]}" }}。',
            en=f"{what} has several columns of geometries: {listed(shapes, 'en')}; name one, such as "
            f'columns = {{ geometry = "{shapes[0]}" }}.',
        )
    return asked or next(iter(shapes), None)
