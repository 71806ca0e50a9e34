"""A table or a query of a PostGIS database as a raw table: read only, in batches, its geometries by the type of their column."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from jxgis._files import MOST_UNPACKED, reading, require_few_columns, require_no_grids
from jxgis._postgis import has_password, is_address, session
from jxgis.errors import CrsError, InputError
from jxgis.i18n import Text, few, listed, text_pair
from jxgis.load._columns import empty_rows
from jxgis.load._intact import require_shallow
from jxgis.load._vector import Features
from jxgis.load.geometry import SHALLOW
from jxgis.schema.layers import nearest, same_name

if TYPE_CHECKING:
    import psycopg
    import pyarrow as pa
    import pyproj
    from numpy.typing import NDArray
    from psycopg import sql

    from jxgis.load._options import ReadOptions
    from jxgis.load._used import Picker

__all__ = ["Asked", "asked_of", "read_database"]

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
_WHOLE, _REAL = ("int2", "int4", "int8"), ("float4", "float8")
_EXACT = 2**53
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


def asked_of(source: object, given: ReadOptions) -> tuple[Asked, ReadOptions]:
    """Part what is asked of a database from the other options.

    Parameters
    ----------
    source
        The source of a layer.
    given
        Its options; ``columns.geometry`` names the column of geometries.

    Returns
    -------
    asked : Asked
    given : ReadOptions
        The others.

    Raises
    ------
    InputError
        If a database is asked for neither a table nor a query, or for both; or a file for either.

    Examples
    --------
    >>> asked, given = asked_of("postgresql://gis@db/city", {"table": "gis.parks", "crs": 4549})
    >>> asked.table, given
    ('gis.parks', {'crs': 4549})
    """
    table, query = ((given.get(name) or "").strip() or None for name in ("table", "query"))  # type: ignore[attr-defined]
    rest: Any = {name: value for name, value in given.items() if name not in ("table", "query")}
    if not (is_address(source) or (isinstance(source, list | tuple) and any(map(is_address, source)))):
        if table or query:
            raise InputError(
                zh="table 和 query 只用于数据库（path 为 postgresql://…）；文件的图层或工作表用 layer 指明。",
                en="table and query are of databases (a path postgresql://...); a file's layer or sheet is named by layer.",
            )
        return Asked(), rest
    if (table is None) == (query is None):
        raise InputError(
            zh='从数据库读取须且只须写明 table（如 table = "gis.parks"）或 query（一条 SELECT）之一。',
            en='A database is asked for either a table (table = "gis.parks") or a query (one SELECT), and not both.',
        )
    columns = dict(given.get("columns") or {})
    shape = next((columns.pop(name) for name in [*columns] if same_name(name) == "geometry"), None)
    if "columns" in given:
        rest["columns"] = columns
    return Asked(table, query, shape, given.get("crs") is not None), rest


def read_database(address: str, asked: Asked, *, columns: Picker | None) -> tuple[str, str, Features]:
    """Read a table or a query.

    Parameters
    ----------
    address
        ``postgresql://user@host:port/name``.
    asked
        The table or the query.
    columns
        Which of its columns are used, where it has no geometries; others may be left unread.

    Returns
    -------
    name : str
        The table, ``schema.name``: nothing of the address.
    sha256 : str
        Of what was read, in the order in which it came.
    features : Features
        Whole numbers and reals as such, all else as text; times with a zone have that of UTC.

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
        fields = _fields(connection, source, asked, what)
        sha256, features = _read(connection, source, fields, asked, columns)
    told = (text_pair("load.password_given"),) if has_password(address) else ()
    return source.name, sha256, replace(features, notes=(*told, *source.notes, *features.notes))


@dataclass(frozen=True, slots=True)
class _Source:
    """What stands after FROM: its name for people, its SQL, by what it is ordered, and what is to be said of it."""

    name: str
    words: sql.Composable
    order: tuple[str, ...] = ()
    notes: tuple[Text, ...] = ()


@dataclass(frozen=True, slots=True)
class _Fields:
    """The columns of a source with the names of their types, the one of geometries, and the schema of PostGIS."""

    kinds: Mapping[str, str]
    shape: str | None = None
    postgis: str = "public"
    left: tuple[str, ...] = ()


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


def _fields(connection: psycopg.Connection, source: _Source, asked: Asked, what: str) -> _Fields:
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
    return _Fields({name: kind for name, kind in kinds.items() if name not in left}, shape, place, left)


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


def _read(
    connection: psycopg.Connection, source: _Source, fields: _Fields, asked: Asked, columns: Picker | None
) -> tuple[str, Features]:
    what = source.name
    plain = [name for name in fields.kinds if name != fields.shape]
    pick = columns if fields.shape is None else asked.used
    taken = None if pick is None else pick(plain, what)
    used = [name for name in plain if taken is None or name in taken]
    rows = _Rows(used, fields)
    for batch in _batches(connection, source, fields, used):
        rows.add(batch, what)
    frame = rows.frame()
    if len(used) < len(plain) and fields.shape is None and empty_rows(frame).any():
        return _read(connection, source, fields, asked, None)
    left = [name for name in plain if name not in used]
    notes = (text_pair("load.not_holdable", file=what, columns=list(fields.left)),) if fields.left else ()
    crs = _crs(connection, rows.srids, fields.postgis, asked, what)
    return rows.sha256(), Features(frame, rows.geometry(), crs, notes, tuple(left))


def _batches(
    connection: psycopg.Connection, source: _Source, fields: _Fields, used: Sequence[str]
) -> Iterator[list[tuple[str | None, ...]]]:
    """The rows, every value as text, the geometry first as EWKB in hexadecimal."""
    from psycopg import sql

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
    with connection.cursor(name="jxgis") as cursor:
        cursor.execute(statement)
        while rows := cursor.fetchmany(_BATCH):
            yield rows


class _Rows:
    """Rows as they come in batches: their columns, their geometries, and the fingerprint of all of it."""

    def __init__(self, used: Sequence[str], fields: _Fields) -> None:
        self._used, self._fields = used, fields
        self._texts: list[list[pa.Array]] = [[] for _ in used]
        self._shapes: list[NDArray[Any]] = []
        self._count = self._size = 0
        head = [[name, fields.kinds[name]] for name in ([] if fields.shape is None else [fields.shape]) + [*used]]
        self._digest = hashlib.sha256(json.dumps(head).encode())
        self.srids: set[int] = set()

    def add(self, batch: Sequence[tuple[str | None, ...]], what: str) -> None:
        """Add rows; refuse what is too much for the memory."""
        import pyarrow as pa

        # Without its brackets a batch goes on from the one before: the fingerprint does not hang on their size.
        written = json.dumps(batch, ensure_ascii=False, separators=(",", ":"))[1:-1].encode()
        self._digest.update(b"," + written)
        self._count, self._size = self._count + len(batch), self._size + len(written)
        if self._size > MOST_UNPACKED:
            raise InputError(
                zh=f"{what} 超过 {MOST_UNPACKED / 1e9:.1f} GB，没有读取；请用 query 只取需要的列和行。",
                en=f"{what} holds more than {MOST_UNPACKED / 1e9:.1f} GB and was not read; take the columns and rows that are "
                "needed by a query.",
            )
        columns = list(zip(*batch, strict=True)) if batch[0] else []
        if self._fields.shape is not None:
            self._add_shapes(columns.pop(0))
        for texts, column in zip(self._texts, columns, strict=True):
            texts.append(pa.array(column, pa.string()))

    def _add_shapes(self, written: Sequence[str | None]) -> None:
        require_shallow(bytes.fromhex(one) for one in written if one is not None and len(one) >= 2 * SHALLOW)
        shapes = np.asarray(shapely.from_wkb(np.array(written, dtype=object), on_invalid="ignore"), dtype=object)
        self.srids |= {*shapely.get_srid(shapes[~shapely.is_missing(shapes)]).tolist()}
        self._shapes.append(shapes)

    def frame(self) -> pd.DataFrame:
        """The columns without the geometry."""
        import pyarrow as pa

        made = {
            name: _typed(pa.chunked_array(texts, pa.string()), self._fields.kinds[name])
            for name, texts in zip(self._used, self._texts, strict=True)
        }
        return pd.DataFrame(made, index=pd.RangeIndex(self._count))

    def geometry(self) -> NDArray[Any] | None:
        """The geometries, or None where there is no column of them."""
        if self._fields.shape is None:
            return None
        return np.concatenate([*self._shapes, np.empty(0, dtype=object)])

    def sha256(self) -> str:
        """The fingerprint of the columns' names and types, and of every row."""
        return self._digest.hexdigest()


def _typed(texts: pa.ChunkedArray, kind: str) -> pd.Series:
    """Numbers as numbers, where none of them loses a digit by it."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if kind in _REAL:
        return pd.Series([float("nan") if one is None else float(one) for one in texts.to_pylist()], dtype="float64")
    values = texts.cast(pa.int64()) if kind in _WHOLE else texts
    if kind in _WHOLE and values.null_count and (pc.max(pc.abs(values)).as_py() or 0) > _EXACT:
        values = texts
    column: pd.Series = values.to_pandas()
    return column


def _crs(
    connection: psycopg.Connection, srids: Iterable[int], postgis: str, asked: Asked, what: str
) -> pyproj.CRS | None:
    """The system that the geometries of a source declare, by the server's own table of systems."""
    import pyproj
    from psycopg import sql
    from pyproj.exceptions import CRSError

    declared = sorted(srids)
    if len(declared) > 1:
        names = few(map(str, declared))
        raise CrsError(
            zh=f"{what} 的图形分属几个坐标系：SRID {names.zh}（0 为未声明）；请用 query 和 ST_Transform 统一，或按坐标系分开读取。",
            en=f"{what}: its geometries are in several systems of coordinates (SRID {names.en}; 0 is none): bring them into one by "
            "a query with ST_Transform, or read them apart.",
        )
    if declared == [0] and not asked.has_crs:
        raise CrsError(
            zh=f"{what} 的图形没有声明坐标系（SRID 为 0）；请用 crs 声明，如 EPSG:4549、EPSG:4490、GCJ-02，或请管理员用 UpdateGeometrySRID 设好。",
            en=f"{what}: its geometries declare no system of coordinates (SRID 0); say which it is with crs, such as EPSG:4549, "
            "EPSG:4490 or GCJ-02, or have it set with UpdateGeometrySRID.",
        )
    if not declared or declared == [0]:
        return None
    systems = sql.Identifier(postgis, "spatial_ref_sys")
    row = connection.execute(
        sql.SQL("SELECT auth_name, auth_srid, srtext FROM {} WHERE srid = %s").format(systems), (declared[0],)
    ).fetchone()
    owner, code, written = row or (None, None, None)
    require_no_grids((written or "").encode(), what)
    try:
        if (owner or "").upper() == "EPSG":
            return pyproj.CRS.from_epsg(code)
        return pyproj.CRS.from_wkt(written or "")
    except CRSError:
        if asked.has_crs:
            return None
        raise CrsError(
            zh=f"{what} 的图形写明 SRID={declared[0]}，数据库的 spatial_ref_sys 中没有可用的定义；请用 crs 指定坐标系。",
            en=f"{what}: its geometries declare SRID={declared[0]}, of which the database's spatial_ref_sys has no usable "
            "definition; say which it is with crs.",
        ) from None
