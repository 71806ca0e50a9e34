"""A file of issues so many rows at a time: what each row says does not depend on how many are looked at together."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from jxgis.city import contract_of
from jxgis.errors import InputError
from jxgis.load._database import refuse_layer, stage_database
from jxgis.load._layer import gather_tables, picker
from jxgis.load._options import require_known
from jxgis.load._parquet import parquet_batches
from jxgis.load._used import Unusual, used_batches
from jxgis.load.issues import judge_issues
from jxgis.load.readers import RawTable, read_tables, readable, unpacked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from jxgis.city import City
    from jxgis.i18n import Text
    from jxgis.load._layer import Gathered
    from jxgis.load._options import ReadOptions
    from jxgis.load._served import Asked
    from jxgis.load._used import Picker
    from jxgis.load.issues import ClassesBy, Filters

__all__ = ["HowRead", "IssueTable", "NamedFile", "Unlike", "issue_batches", "stage_issues"]

_TEXT, _PARQUET = (".csv", ".txt", ".tsv"), (".parquet", ".geoparquet")


class Unlike(Exception):  # noqa: N818  # no error: the file is read as a whole
    """Some rows of a file would be read otherwise than the whole of it."""


@dataclass(frozen=True)
class HowRead:
    """How issues are read, for every part of them alike; see `jxgis.load.load_issues`.

    Parameters
    ----------
    city
        With a CRS and a box.
    classes, filters, timezone, options
        As there.
    """

    city: City
    classes: ClassesBy
    filters: Filters
    timezone: str | None
    options: ReadOptions


@dataclass(frozen=True, slots=True)
class NamedFile:
    """A file by the name that it goes by, and what is known of it beforehand: of a database, what was read into it.

    Parameters
    ----------
    path
        The file.
    name
        Its name; of a database the table, ``schema.name``, or a query by its own fingerprint: nothing of the address.
    sha256
        Of what was read, in the order in which it came; empty where the file's own is meant.
    notes
        For people.
    left
        Columns that were not asked for, and not read.
    """

    path: Path
    name: str
    sha256: str = ""
    notes: tuple[Text, ...] = ()
    left: tuple[str, ...] = ()


@dataclass(frozen=True)
class IssueTable:
    """Issues in a database.

    Parameters
    ----------
    address
        ``postgresql://user@host:port/name``.
    asked
        The table or the query.
    """

    address: str
    asked: Asked


def stage_issues(table: IssueTable, path: Path, how: HowRead, *, told: Callable[[int], object]) -> NamedFile:
    """Read issues out of a database into a file, by the columns that are used.

    Parameters
    ----------
    table
        Which.
    path
        A new file.
    how
        How it will be read.
    told
        Called with the number of rows read so far.

    Returns
    -------
    NamedFile

    Raises
    ------
    InputError
        If the database cannot be used.
    """
    require_known(how.options)
    refuse_layer(how.options.get("layer"))
    used, placed = _pickers(how)
    asked = replace(table.asked, used=placed)
    name, sha256, notes, left = stage_database(table.address, asked, path, columns=used, told=told)
    return NamedFile(path, name, sha256, notes, left)


def _pickers(how: HowRead) -> tuple[Picker | None, Picker | None]:
    """Which columns are used, of a file without geometries and of one with them."""
    agreed, options = contract_of("issues", how.city), how.classes.column_in(how.options)
    return picker(agreed, options), picker(agreed, options, placed=True)


def issue_batches(file: NamedFile, sha256: str, how: HowRead, *, rows: int | None) -> Iterator[Gathered]:
    """Read a file of issues, so many rows at a time, as far as a row decides alone what becomes of it.

    Parameters
    ----------
    file
        A CSV and a Parquet file, alone in a zip or gzipped too, are never held as a whole; others are, and those are that take
        looking at all of their rows to tell what stands in them.
    sha256
        Its hash.
    how
        How it is read.
    rows
        How many at a time; None for all at once.

    Yields
    ------
    Gathered
        As `judge_issues` leaves it.

    Raises
    ------
    InputError
        If the file cannot be used.
    Unlike
        Where the rows so far would be read otherwise together with the others, or might be: the file must be read at once.
    """
    require_known(how.options)
    agreed = contract_of("issues", how.city)
    options = how.classes.column_in(how.options)
    used, placed = _pickers(how)
    axes: frozenset[str] = frozenset()
    for number, tables in enumerate(_tables(file, sha256, used, placed, options, rows)):
        try:
            gathered = gather_tables(tables, agreed, city=how.city, options=options)
            judge_issues(gathered, city=how.city, classes=how.classes, timezone=how.timezone, filters=how.filters)
        except InputError:
            # Of the whole file it may not be true, or be said with other rows.
            if rows is None:
                raise
            raise Unlike from None
        if rows is not None and (gathered.by_all or (number and gathered.axes != axes)):
            raise Unlike
        axes = gathered.axes
        yield gathered


def _tables(
    file: NamedFile,
    sha256: str,
    used: Picker | None,
    placed: Picker | None,
    options: ReadOptions,
    rows: int | None,
) -> Iterator[list[RawTable]]:
    """Of a file that is held as a whole all its tables, sheets of a workbook, files of a zip; of another some rows of its one."""
    if rows is None or used is None or placed is None:
        whole: dict[str, Any] = {"layer": options.get("layer"), "encoding": options.get("encoding"), "columns": used}
        tables = read_tables([file.path], expected="issues", may_be_empty=True, **whole)
        inner = [table.name.removeprefix(file.path.name) for table in tables]
        called = [replace(table, name=file.name + own, sha256=sha256) for table, own in zip(tables, inner, strict=True)]
        yield [_with_said(table, file) for table in called]
        return
    try:
        with readable(file.path), unpacked(file.path) as plain:
            for table in _batches(plain, file.name, sha256, used, placed, options, rows):
                yield [_with_said(table, file)]
    except Unusual:
        raise Unlike from None


def _with_said(table: RawTable, file: NamedFile) -> RawTable:
    return replace(table, notes=(*file.notes, *table.notes), left=(*file.left, *table.left))


def _batches(
    path: Path, name: str, sha256: str, used: Picker, placed: Picker, options: ReadOptions, rows: int
) -> Iterator[RawTable]:
    ending = path.suffix.lower()
    if ending in _TEXT:
        for sheet in used_batches(path, encoding=options.get("encoding"), what=name, columns=used, rows=rows):
            yield RawTable(name, sha256, sheet.frame, None, None, sheet.row, (), sheet.notes, sheet.left)
    elif ending in _PARQUET:
        first = 1
        for part in parquet_batches(path, what=name, columns=used, placed=placed, rows=rows):
            row = np.arange(first, first + len(part.frame), dtype=np.int64)
            yield RawTable(name, sha256, part.frame, part.geometry, part.crs, row, notes=part.notes, left=part.left)
            first += len(part.frame)
    else:
        raise Unusual
