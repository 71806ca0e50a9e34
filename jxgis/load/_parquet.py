"""Parquet and GeoParquet as tables, with geometry where they have one, by the columns that are used."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from jxgis._files import reading, require_no_grids, require_sane_parquet
from jxgis.i18n import Text
from jxgis.load._columns import empty_rows
from jxgis.load._encodings import as_utf8
from jxgis.load._intact import require_shallow
from jxgis.load._used import Unusual
from jxgis.load._vector import Features
from jxgis.load.geometry import SHALLOW

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq
    import pyproj
    from numpy.typing import NDArray

    from jxgis.load._used import Picker

# From here on reals leave out whole numbers.
_EXACT = 2**53

__all__ = ["parquet_batches", "read_parquet"]

_PARQUET = Text(
    zh="无法作为 Parquet 文件读取：文件不完整、已损坏或格式不符；请重新导出或复制。",
    en="cannot be read as Parquet: it is cut off, damaged or in another format; export or copy it again.",
)


def read_parquet(path: Path, *, what: str, columns: Picker | None = None) -> Features:
    """Read Parquet or GeoParquet.

    Parameters
    ----------
    path
        The file.
    what
        The file, for messages.
    columns
        Which of its columns are used; a table without geometry of which a row has nothing in these is read whole.

    Returns
    -------
    Features

    Raises
    ------
    InputError
        If it is not a Parquet file, or its values are too many (`jxgis._files.MOST_UNPACKED`).
    """
    import geopandas as gpd
    import pyarrow.parquet as pq

    with reading(what, _PARQUET):
        file = pq.ParquetFile(path)
        schema, geo = file.schema_arrow, _geo_of(file, what)
        if geo is not None:
            require_sane_parquet(path, what=what)
            require_shallow(_long_geometries(path, geo["columns"]))
            table = gpd.read_parquet(path)
            name = table.geometry.name
            geometry = np.asarray(table.geometry.array, dtype=object)
            frame = _with_exact_numbers(pd.DataFrame(table.drop(columns=name)), path, schema)
            frame, notes = as_utf8(_with_index(frame), what)
            return Features(frame, geometry, table.crs, tuple(notes))
        # Two of one name cannot be told apart; an index without a name is no column.
        names = [name for name in schema.names if not name.startswith("__index_level_")]
        taken = None if columns is None or len(set(names)) < len(names) else columns(names, what)
        index = (schema.pandas_metadata or {}).get("index_columns", ())
        used = None if taken is None else [name for name in names if name in taken or name in index]
        require_sane_parquet(path, what=what, columns=used)
        frame = _with_index(_with_exact_numbers(pd.read_parquet(path, columns=used), path, schema))
        if used is not None and empty_rows(frame).any():
            require_sane_parquet(path, what=what)
            frame = _with_index(_with_exact_numbers(pd.read_parquet(path), path, schema))
        left = tuple(name for name in names if name not in frame)
        frame, notes = as_utf8(frame, what)
        return Features(frame, None, None, tuple(notes), left)


def _with_exact_numbers(frame: pd.DataFrame, path: Path, schema: pa.Schema) -> pd.DataFrame:
    """Whole numbers as text where the file lacks some and a real, which pandas makes of them, does not hold the others."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    for name in frame.columns[[dtype == np.float64 for dtype in frame.dtypes]]:
        column = schema.field(schema.get_field_index(name)) if schema.names.count(name) == 1 else None
        if column is not None and pa.types.is_integer(column.type) and (frame[name].abs() >= _EXACT).any():
            exact = pq.read_table(path, columns=[name]).column(0).cast(pa.string()).to_pandas()
            frame = frame.assign(**{name: exact.to_numpy()})
    return frame


def parquet_batches(path: Path, *, what: str, columns: Picker, placed: Picker, rows: int) -> Iterator[Features]:
    """Read the used columns of a Parquet or GeoParquet file, so many rows at a time.

    Parameters
    ----------
    path, what, columns
        As for `read_parquet`.
    placed
        Which are used of a file with geometries.
    rows
        How many.

    Yields
    ------
    Features
        Whole numbers as text: a column of them would be one of reals wherever a batch lacks one.

    Raises
    ------
    InputError
        As `read_parquet`.
    Unusual
        Where a file has geometries that are not in WKB, bytes, columns of one name, an index or no row, or a row, or all geometries of
        a batch, have nothing in what is used.
    """
    import pyarrow.parquet as pq

    with reading(what, _PARQUET):
        file = pq.ParquetFile(path)
        schema = file.schema_arrow
        geo = _geo_of(file, what)
        plain = geo is None or _is_plain(geo)
    if not plain:
        raise Unusual
    shape, crs = (None, None) if geo is None else (geo["primary_column"], _crs_of(schema, geo, what))
    names = [name for name in schema.names if not name.startswith("__index_level_") and name != shape]
    index = [name for name in (schema.pandas_metadata or {}).get("index_columns", ()) if isinstance(name, str)]
    if len({*schema.names}) < len(schema.names) or {*index} & {*names}:
        raise Unusual
    taken = (columns if shape is None else placed)(names, what)
    if taken is None or not (taken or shape) or not file.metadata.num_rows:
        raise Unusual
    used = [name for name in names if name in taken]
    if any(_is_bytes(schema.field(name).type) for name in used):
        raise Unusual
    left = tuple(name for name in names if name not in taken)
    read = used if shape is None else [*used, shape]
    require_sane_parquet(path, what=what, columns=read, batched=True)
    for frame, notes in _frames(file.iter_batches(batch_size=rows, columns=read), what):
        geometry = None
        if shape is not None:
            geometry = _shapes(frame.pop(shape).to_numpy(dtype=object), what)
        if empty_rows(frame).any() if geometry is None else shapely.is_missing(geometry).all():
            raise Unusual
        yield Features(frame, geometry, crs, tuple(notes), left)


def _geo_of(file: pq.ParquetFile, what: str) -> dict[str, Any] | None:
    """What a GeoParquet file says of its geometries; None where it is none. Writers put it into the file or into its Arrow schema."""
    written = {**(file.schema_arrow.metadata or {}), **(file.metadata.metadata or {})}.get(b"geo")
    if written is None:
        return None
    require_no_grids(written, what)
    geo: dict[str, Any] = json.loads(written)
    return geo


def _is_plain(geo: dict[str, Any]) -> bool:
    """Whether a file has one column of geometries, in WKB, and none of their boxes."""
    one = geo["columns"].get(geo["primary_column"], {})
    return len(geo["columns"]) == 1 and one.get("encoding") == "WKB" and "covering" not in one


def _is_bytes(kind: pa.DataType) -> bool:
    """Whether values are bytes: whether those are text all of them together tell."""
    import pyarrow as pa

    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return any(
        of(kind)
        for of in (pa.types.is_binary, pa.types.is_large_binary, pa.types.is_fixed_size_binary, pa.types.is_binary_view)
    )


def _crs_of(schema: pa.Schema, geo: dict[str, Any], what: str) -> pyproj.CRS | None:
    """What the metadata of the whole file mean, by what geopandas says of a file without a row."""
    import geopandas as gpd
    import pyarrow.parquet as pq

    with reading(what, _PARQUET):
        empty = io.BytesIO()
        pq.write_table(schema.with_metadata({"geo": json.dumps(geo)}).empty_table(), empty)
        crs: pyproj.CRS | None = gpd.read_parquet(empty).crs
        return crs


def _shapes(written: NDArray[np.object_], what: str) -> NDArray[np.object_]:
    with reading(what, _PARQUET):
        require_shallow(one for one in written if one is not None and len(one) >= SHALLOW)
        return np.asarray(shapely.from_wkb(written), dtype=object)


def _frames(batches: Iterator[pa.RecordBatch], what: str) -> Iterator[tuple[pd.DataFrame, list[Text]]]:
    with reading(what, _PARQUET):
        for batch in batches:
            yield as_utf8(_with_whole_as_text(batch), what)


def _with_whole_as_text(batch: pa.RecordBatch) -> pd.DataFrame:
    import pyarrow as pa

    table = pa.Table.from_batches([batch])
    for at, column in enumerate(table.schema):
        kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
        plain = pa.string() if pa.types.is_integer(kind) else kind
        if plain != column.type:
            table = table.set_column(at, column.name, table.column(at).cast(plain))
    frame: pd.DataFrame = table.to_pandas(ignore_metadata=True)
    return frame


def _long_geometries(path: Path, columns: Iterable[str]) -> Iterator[bytes]:
    """The geometries of a GeoParquet file that are long enough to be deep."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    for batch in pq.ParquetFile(path).iter_batches(columns=list(columns)):
        for column in batch.columns:
            if pa.types.is_binary(column.type) or pa.types.is_large_binary(column.type):
                yield from column.filter(pc.greater_equal(pc.binary_length(column), SHALLOW)).to_pylist()


def _with_index(frame: pd.DataFrame) -> pd.DataFrame:
    """A table whose index is a column again, as it is in the file, where it has a name."""
    named = [level for level, name in enumerate(frame.index.names) if name is not None]
    return frame.reset_index(level=named, allow_duplicates=True).reset_index(drop=True)
