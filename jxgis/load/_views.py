"""What a GeoPackage holds as it is read and not as it lies: views, columns that are computed; one that may have no end is refused."""

from __future__ import annotations

import contextlib
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jxgis._files import MOST_UNPACKED
from jxgis.errors import InputError
from jxgis.load.geometry import SHALLOW

__all__ = ["crs_definitions", "long_geometries", "require_finite_views"]

# Steps of SQLite's machine, of all views together: ten seconds; millions of rows joined by a key take fewer.
_MOST_STEPS = 500_000_000
_STEPS_BETWEEN = 1_000_000
# Of one value, which a statement of a few bytes can blow up.
_MOST_OF_A_VALUE = 1 << 26
# What a row takes in a table, whatever it holds.
_ROW_BYTES = 500
# What stands before the WKB of a geometry: a head, and an envelope of the kind that its flags name.
_HEAD_BYTES = 8
_ENVELOPE_BYTES = {1: 32, 2: 48, 3: 48, 4: 64}
# Columns that are computed, and a long default, which rows older than their column do not hold, are made of nothing too.
_MADE_AS_READ = """
SELECT name FROM sqlite_master WHERE type = 'view' UNION
SELECT found.name FROM sqlite_master AS found, pragma_table_xinfo(found.name) AS held
WHERE found.type = 'table' AND found.sql NOT LIKE 'CREATE VIRTUAL%' AND (held.hidden > 1 OR length(held.dflt_value) > 500)
"""
_NO_FUNCTION = re.compile(r"no such function: (.+)")


def require_finite_views(path: Path, layer: str | None, *, what: str) -> None:
    """Refuse a GeoPackage with a view that calls itself, or with one, or computed columns, of more than can be read.

    GDAL takes the first row of every view to see what columns there are, whichever layer is wanted. Views such as QGIS
    makes pass: joins, filters, functions. Whether one that calls itself ends is not to be known.

    Parameters
    ----------
    path
        A GeoPackage.
    layer
        The one that is read to its end; None where it is not chosen yet.
    what
        The file, for the message.

    Raises
    ------
    InputError
    sqlite3.Error
        If the file is damaged.
    """
    with contextlib.ExitStack() as stack:
        base, views = _opened(stack, path)
        for view in views:
            of_all = view.lower().startswith("gpkg_")  # what GDAL reads of a file, whichever layer is wanted
            if not _ends(base, view, to_the_end=of_all or (layer is not None and view.lower() == layer.lower())):
                raise InputError(
                    zh=f"{what} 中的“{view}”（存为图层的查询，或有计算列的表）调用自身，或读不到头，没有读取；"
                    "请在 QGIS 中把要用的图层另存为新的 GeoPackage。",
                    en=f"{what} holds {view!r}, a view or a table with computed columns, that calls itself or has no end in "
                    "sight; it was not read. Save the layer that you need to a new GeoPackage in QGIS.",
                )


def crs_definitions(path: Path) -> Iterator[bytes]:
    """What a GeoPackage holds of reference systems, each text of it.

    Raises
    ------
    sqlite3.Error
        If the file is damaged, or holds none.
    """
    with contextlib.ExitStack() as stack:
        base, _ = _opened(stack, path)
        for row in _rows(base, "SELECT * FROM gpkg_spatial_ref_sys"):
            yield from (value for value in row if isinstance(value, bytes))


def long_geometries(path: Path, layer: str) -> Iterator[bytes]:
    """The WKB of the geometries of a layer that are long enough to be deep.

    Raises
    ------
    sqlite3.Error
        If the file is damaged.
    """
    with contextlib.ExitStack() as stack:
        base, _ = _opened(stack, path)
        of = "SELECT column_name FROM gpkg_geometry_columns WHERE lower(table_name) = lower(?)"
        for (name,) in base.execute(of, (layer,)).fetchall():
            column = _quoted(name.decode())
            statement = f"SELECT {column} FROM {_quoted(layer)} WHERE length({column}) >= {SHALLOW}"  # noqa: S608  # names take no parameter; their quotes are doubled
            for (value,) in _rows(base, statement):
                if isinstance(value, bytes):
                    yield value[_HEAD_BYTES + _ENVELOPE_BYTES.get(value[3] >> 1 & 7, 0) :]


def _opened(stack: contextlib.ExitStack, path: Path) -> tuple[sqlite3.Connection, list[str]]:
    """A GeoPackage, to be read within the limits, and the names of its views and of tables that hold more than the file."""
    try:
        base, views = _views(stack, path, "mode=ro")
    except sqlite3.OperationalError:
        # As GDAL does: a journal (WAL) cannot be made where nothing may be written.
        base, views = _views(stack, path, "immutable=1")
    base.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _MOST_OF_A_VALUE)
    steps = iter(range(_MOST_STEPS // _STEPS_BETWEEN))
    base.set_progress_handler(lambda: next(steps, None) is None, _STEPS_BETWEEN)
    return base, views


def _views(stack: contextlib.ExitStack, path: Path, how: str) -> tuple[sqlite3.Connection, list[str]]:
    base = stack.enter_context(contextlib.closing(sqlite3.connect(f"{path.absolute().as_uri()}?{how}", uri=True)))
    base.text_factory = bytes
    return base, [name.decode() for (name,) in base.execute(_MADE_AS_READ).fetchall()]


def _ends(base: sqlite3.Connection, view: str, *, to_the_end: bool) -> bool:
    statement = f"SELECT * FROM {_quoted(view)}"  # noqa: S608  # a name takes no parameter; its quotes are doubled
    try:
        if any(row[-1] == b"RECURSIVE STEP" for row in _rows(base, f"EXPLAIN QUERY PLAN {statement}")):
            return False
        size = 0
        for row in _rows(base, statement if to_the_end else f"{statement} LIMIT 1"):
            size += _ROW_BYTES + sum(len(value) for value in row if isinstance(value, bytes))
            if size > MOST_UNPACKED:
                return False
    except sqlite3.Error as error:
        # What else is wrong with it GDAL says, and only where it is the layer that is wanted.
        return "interrupted" not in str(error) and "too big" not in str(error)
    return True


def _quoted(name: str) -> str:
    """A name as SQL writes it."""
    return '"{}"'.format(name.replace('"', '""'))


def _rows(base: sqlite3.Connection, statement: str) -> Iterator[tuple[Any, ...]]:
    """The rows of a statement, with functions that GDAL has and SQLite has not giving nothing."""
    while True:
        try:
            cursor = base.execute(statement)
        except sqlite3.OperationalError as error:
            missing = _NO_FUNCTION.match(str(error))
            if missing is None:
                raise
            base.create_function(missing[1], -1, _nothing)
        else:
            yield from cursor
            return


def _nothing(*_: object) -> None:
    """Stand in for a function."""
