"""A table or a query of a PostGIS database as a raw table, or as a Parquet file: read only, in batches."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from jxgis._files import MOST_UNPACKED
from jxgis._postgis import has_password, is_address
from jxgis.errors import InputError
from jxgis.i18n import Text, text_pair
from jxgis.load._columns import empty_rows
from jxgis.load._intact import require_shallow
from jxgis.load._served import QUERY, Asked, Fields, Served, crs_of, rows_of, served
from jxgis.load._vector import Features
from jxgis.load.geometry import SHALLOW
from jxgis.schema.layers import same_name

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    from jxgis.load._options import ReadOptions
    from jxgis.load._used import Picker

__all__ = ["asked_of", "read_database", "refuse_layer", "stage_database"]

_WHOLE, _REAL = ("int2", "int4", "int8"), ("float4", "float8")
_EXACT = 2**53
# Rows of a group of a file.
_GROUP = 50_000


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


def refuse_layer(layer: str | None) -> None:
    """Refuse the name of a layer where a database is read.

    Raises
    ------
    InputError
    """
    if layer is not None:
        raise InputError(
            zh="数据库中的表用 table 指明，不用 layer 或 |layername=。",
            en="A table of a database is named by table, not by layer or |layername=.",
        )


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
    with served(address, asked) as there:
        used, left = _columns(there, asked, columns)
        tally, frame, geometry = _held(there, used)
        if left and geometry is None and empty_rows(frame).any():
            used, left = _columns(there, asked, None)
            tally, frame, geometry = _held(there, used)
        crs = crs_of(there, tally.srids, has_crs=asked.has_crs)
    return there.source.name, tally.sha256(), Features(frame, geometry, crs, _notes(address, there), left)


def stage_database(
    address: str,
    asked: Asked,
    path: Path,
    *,
    columns: Picker | None,
    told: Callable[[int], object] = lambda _: None,
) -> tuple[str, str, tuple[Text, ...], tuple[str, ...]]:
    """Read a table or a query into a Parquet file, a batch at a time: it need not fit into memory.

    Parameters
    ----------
    address, asked, columns
        As for `read_database`; the rows, and their fingerprint, are those that it gives.
    path
        The file; GeoParquet where there are geometries.
    told
        Called with the number of rows read so far.

    Returns
    -------
    name : str
        The table, ``schema.name``, or a query by its own fingerprint: nothing of the address.
    sha256 : str
        Of what was read, in the order in which it came.
    notes : tuple of Text
        For people.
    left : tuple of str
        Columns that were not asked for, and not read.

    Raises
    ------
    InputError
        As `read_database`.
    """
    with served(address, asked) as there:
        used, left = _columns(there, asked, columns)
        tally, empty = _written(there, used, path, asked, told)
        if left and there.fields.shape is None and empty:
            used, left = _columns(there, asked, None)
            tally, _ = _written(there, used, path, asked, told)
    name = there.source.name
    if asked.query:
        name = f"{QUERY[:-1]} {hashlib.sha256(asked.query.encode()).hexdigest()[:8]})"
    return name, tally.sha256(), _notes(address, there), left


def _notes(address: str, there: Served) -> tuple[Text, ...]:
    fields, name = there.fields, there.source.name
    return (
        *((text_pair("load.password_given"),) if has_password(address) else ()),
        *there.source.notes,
        *((text_pair("load.not_holdable", file=name, columns=list(fields.left)),) if fields.left else ()),
    )


def _columns(there: Served, asked: Asked, columns: Picker | None) -> tuple[list[str], tuple[str, ...]]:
    """Which columns are read beside that of geometries, and which are not."""
    shape = there.fields.shape
    plain = [name for name in there.fields.kinds if name != shape]
    pick = columns if shape is None else asked.used
    taken = None if pick is None else pick(plain, there.source.name)
    used = [name for name in plain if taken is None or name in taken]
    return used, tuple(name for name in plain if name not in used)


def _held(there: Served, used: Sequence[str]) -> tuple[_Tally, pd.DataFrame, NDArray[Any] | None]:
    """The rows as a table, and their geometries; refused where they are too much for the memory."""
    import pyarrow as pa

    fields, name, tally = there.fields, there.source.name, _Tally(used, there.fields)
    texts: list[list[pa.Array]] = [[] for _ in used]
    shapes = [np.empty(0, dtype=object)]
    for rows in rows_of(there, used):
        shape, columns = tally.take(rows)
        if tally.size > MOST_UNPACKED:
            raise InputError(
                zh=f"{name} 超过 {MOST_UNPACKED / 1e9:.1f} GB，没有读取；请用 query 只取需要的列和行。",
                en=f"{name} holds more than {MOST_UNPACKED / 1e9:.1f} GB and was not read; take the columns and rows that are "
                "needed by a query.",
            )
        shapes.append(shape)
        for held, column in zip(texts, columns, strict=True):
            held.append(column)
    made = {
        column: _typed(pa.chunked_array(held, pa.string()), fields.kinds[column])
        for column, held in zip(used, texts, strict=True)
    }
    frame = pd.DataFrame(made, index=pd.RangeIndex(tally.rows))
    return tally, frame, None if fields.shape is None else np.concatenate(shapes)


def _written(
    there: Served, used: Sequence[str], path: Path, asked: Asked, told: Callable[[int], object]
) -> tuple[_Tally, bool]:
    """Write the rows as Parquet; whether one of them holds nothing in these columns."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    fields, tally, empty = there.fields, _Tally(used, there.fields), False
    schema = pa.schema([(name, _arrow_type(fields.kinds[name])) for name in used])
    if fields.shape is not None:
        schema = schema.append(pa.field(fields.shape, pa.binary()))
    with pq.ParquetWriter(path, schema, compression="zstd") as out:
        for rows in _gathered(rows_of(there, used)):
            shape, columns = tally.take(rows)
            typed = [_as_type(column, of.type) for column, of in zip(columns, schema, strict=False)]
            nothing = [column.is_null(nan_is_null=True).to_numpy(False) for column in typed]
            empty |= bool(np.logical_and.reduce(nothing).any())
            if fields.shape is not None:
                typed.append(pa.array(shapely.to_wkb(shape).tolist(), pa.binary()))
            out.write_table(pa.table(typed, schema=schema))
            told(tally.rows)
        if fields.shape is not None:
            crs = crs_of(there, tally.srids, has_crs=asked.has_crs)
            declared: dict[str, Any] = {
                "encoding": "WKB",
                "geometry_types": [],
                "crs": None if crs is None else crs.to_json_dict(),
            }
            geo = {"version": "1.1.0", "primary_column": fields.shape, "columns": {fields.shape: declared}}
            out.add_key_value_metadata({"geo": json.dumps(geo)})
    return tally, empty


def _gathered(batches: Iterator[list[tuple[str | None, ...]]]) -> Iterator[list[tuple[str | None, ...]]]:
    """Batches of the server put together to as many rows as a group of a file should have."""
    held: list[tuple[str | None, ...]] = []
    for batch in batches:
        held += batch
        if len(held) >= _GROUP:
            yield held
            held = []
    if held:
        yield held


class _Tally:
    """What is told of all rows together, as they come: how many and how large they are, their fingerprint, their SRIDs."""

    def __init__(self, used: Sequence[str], fields: Fields) -> None:
        self._placed = fields.shape is not None
        self.rows = self.size = 0
        head = [[name, fields.kinds[name]] for name in ([] if fields.shape is None else [fields.shape]) + [*used]]
        self._digest = hashlib.sha256(json.dumps(head).encode())
        self.srids: set[int] = set()

    def take(self, rows: Sequence[tuple[str | None, ...]]) -> tuple[NDArray[Any], list[pa.Array]]:
        """Add rows; their geometries, none where there is no column of them, and the texts of each column."""
        import pyarrow as pa

        # Without its brackets a batch goes on from the one before: the fingerprint does not hang on their size.
        written = json.dumps(rows, ensure_ascii=False, separators=(",", ":"))[1:-1].encode()
        self._digest.update(b"," + written)
        self.rows, self.size = self.rows + len(rows), self.size + len(written)
        columns = list(zip(*rows, strict=True)) if rows[0] else []
        shapes = self._shapes(columns.pop(0)) if self._placed else np.empty(0, dtype=object)
        return shapes, [pa.array(column, pa.string()) for column in columns]

    def _shapes(self, written: Sequence[str | None]) -> NDArray[Any]:
        require_shallow(bytes.fromhex(one) for one in written if one is not None and len(one) >= 2 * SHALLOW)
        shapes = np.asarray(shapely.from_wkb(np.array(written, dtype=object), on_invalid="ignore"), dtype=object)
        self.srids |= {*shapely.get_srid(shapes[~shapely.is_missing(shapes)]).tolist()}
        return shapes

    def sha256(self) -> str:
        """The fingerprint of the columns' names and types, and of every row."""
        return self._digest.hexdigest()


def _arrow_type(kind: str) -> pa.DataType:
    import pyarrow as pa

    if kind in _WHOLE:
        return pa.int64()
    return pa.float64() if kind in _REAL else pa.string()


def _as_type(texts: pa.Array | pa.ChunkedArray, kind: pa.DataType) -> pa.Array | pa.ChunkedArray:
    """Texts of the server as what they are; Python reads its NaN and Infinity."""
    import pyarrow as pa

    if pa.types.is_floating(kind):
        return pa.array([None if one is None else float(one) for one in texts.to_pylist()], kind)
    return texts.cast(kind)


def _typed(texts: pa.ChunkedArray, kind: str) -> pd.Series:
    """Numbers as numbers, where none of them loses a digit by it."""
    import pyarrow.compute as pc

    values = _as_type(texts, _arrow_type(kind))
    if kind in _WHOLE and values.null_count and (pc.max(pc.abs(values)).as_py() or 0) > _EXACT:
        values = texts
    column: pd.Series = values.to_pandas()
    return column
