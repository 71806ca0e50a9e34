"""Files in, raw tables out: the formats planners have, globs and zips, each file with its hash and its row numbers."""

from __future__ import annotations

import contextlib
import glob
import hashlib
import os
import re
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import pandas as pd

from jxgis._files import reading, require_name, require_ordinary, require_sane_zip, split_layer, unzipped
from jxgis._postgis import is_address
from jxgis.errors import InputError, os_reason
from jxgis.i18n import Text, few, listed, text_pair
from jxgis.load._columns import holdable
from jxgis.load._database import read_database, refuse_layer
from jxgis.load._parquet import read_parquet
from jxgis.load._served import Asked
from jxgis.load._text import BrokenRow, Sheet, decode, distinct_names, empty_file, read_csv
from jxgis.load._used import Picker, read_used
from jxgis.load._vector import read_vector
from jxgis.load._workbook import read_excel
from jxgis.progress import stepped
from jxgis.schema.layers import nearest_file

if TYPE_CHECKING:
    import pyproj
    from numpy.typing import NDArray

__all__ = [
    "EXCEL",
    "RawTable",
    "Source",
    "decode",
    "file_hash",
    "find_files",
    "one_file",
    "read_tables",
    "readable",
    "unpacked",
]

Source: TypeAlias = "str | Path | pd.DataFrame | Sequence[str | Path]"
"""A path, a glob, the address of a database, several of them, or a table in memory (a GeoDataFrame is one)."""

_TEXT = (".csv", ".txt", ".tsv", ".csv.gz", ".txt.gz", ".tsv.gz")
EXCEL = (".xlsx", ".xls", ".xlsm", ".xlsb", ".ods", ".et")
"""The endings of workbooks: those of Excel, LibreOffice and WPS."""
_PARQUET = (".parquet", ".geoparquet")
_VECTOR = (".geojson", ".json", ".geojsonl", ".gpkg", ".shp", ".fgb", ".kml", ".tab", ".mif", ".gdb")
_ZIPS = (".zip", ".kmz")
_FORMATS = (*_TEXT, *EXCEL, *_PARQUET, *_VECTOR, *_ZIPS)

_LONGEST_NAME = 200  # bytes: disks hold 255, some less
# What libraries take for more than a name: the file within an archive, a parameter of an address.
_NO_NAME = re.compile(r"[!;\x00-\x1f\x7f]")
_ZIP = Text(
    zh="不完整、有密码、用了不支持的压缩方式，或不是 zip 文件；请重新下载，或解压后再用。",
    en="is cut off, has a password or an unknown compression, or is not a zip; download it again, or unpack it first.",
)


@dataclass(frozen=True, slots=True)
class RawTable:
    """One file's table as it was read.

    Parameters
    ----------
    name
        The file's name without its folder; ``outer.zip/inner.csv`` where a zip holds several.
    sha256
        Of the file on disk; empty for a table in memory.
    frame
        Columns; text from CSV and Excel.
    geometry
        (n,) geometries or None; None where the file has none.
    crs
        As the file declares it.
    row
        (n,) source rows, 1 = first data row.
    broken
        Rows that could not be split into fields.
    notes
        For people.
    left
        Columns of the file that were not asked for, and not read.
    unit
        In what its numbers are, as a line above its head says.
    """

    name: str
    sha256: str
    frame: pd.DataFrame
    geometry: NDArray[Any] | None
    crs: pyproj.CRS | None
    row: NDArray[np.int64]
    broken: tuple[BrokenRow, ...] = ()
    notes: tuple[Text, ...] = ()
    left: tuple[str, ...] = ()
    unit: str = ""


def read_tables(
    source: Source,
    *,
    expected: str | Sequence[str],
    layer: str | None = None,
    encoding: str | None = None,
    may_be_empty: bool = False,
    columns: Picker | None = None,
    asked: Asked | None = None,
    copies: Callable[[Sequence[str]], bool] | None = None,
) -> list[RawTable]:
    """Read a file, a glob, a zip, a table of a database or one in memory.

    Parameters
    ----------
    source
        A path or a glob (``data/issues/*.csv``), several of them, or a DataFrame or GeoDataFrame; a path may name its
        layer as QGIS does: ``units.gpkg|layername=units``.
    expected
        The layer of the contract that is wanted: ``"parks"``, and what may stand in for it; the first of these is
        taken where a file has several layers.
    layer
        The file's layer or sheet.
    encoding
        Of text; None to find out.
    may_be_empty
        Whether there may be no row.
    columns
        Which columns are used; others may be left unread.
    asked
        Of an address ``postgresql://…``: which table, or by which query.
    copies
        As for `_workbook.read_excel`.

    Returns
    -------
    list of RawTable
        In the order of the names.

    Raises
    ------
    InputError
        If a file is missing, empty, cut off or in an unknown format or encoding, or there is no row in any.

    Examples
    --------
    >>> (table,) = read_tables(pd.DataFrame({"a": ["x", "y"]}), expected="issues")
    >>> table.row.tolist(), table.geometry is None
    ([1, 2], True)
    """
    if isinstance(source, pd.DataFrame):
        tables = [_from_memory(source)]
    else:
        wanted = (expected,) if isinstance(expected, str) else tuple(expected)
        named = [split_layer(str(one)) for one in _several(source)]
        paths = [(path, own or layer) for one, own in named for path in ([one] if is_address(one) else find_files(one))]
        tables = [
            table
            for path, chosen in stepped(paths, text_pair("run.share_reading"))
            for table in (
                _read_path(path, wanted, _How(chosen, encoding, columns, copies))
                if isinstance(path, Path)
                else [_from_database(path, chosen, asked, columns)]
            )
        ]
    tables = [_holdable(table) for table in tables]
    if not may_be_empty and not any(len(table.frame) + len(table.broken) for table in tables):
        names = [table.name for table in tables]
        raise InputError(
            zh=f"{listed(names, 'zh')} 只有表头，没有数据行。", en=f"{listed(names, 'en')}: headers only, no data rows."
        )
    return tables


@dataclass(frozen=True, slots=True)
class _How:
    """How a file is read: which layer of it, in which encoding, which columns, and which sheets are copies."""

    layer: str | None
    encoding: str | None
    columns: Picker | None
    copies: Callable[[Sequence[str]], bool] | None


def _holdable(table: RawTable) -> RawTable:
    if not table.frame.columns.is_unique:
        names = distinct_names(str(name) for name in table.frame.columns)
        table = replace(table, frame=table.frame.set_axis(names, axis="columns"))
    frame, left = holdable(table.frame)
    if frame is table.frame:
        return table
    notes = (text_pair("load.not_holdable", file=table.name, columns=left),) if left else ()
    return replace(table, frame=frame, notes=(*table.notes, *notes))


def _several(source: object) -> list[str | Path]:
    if isinstance(source, str | Path):
        return [source]
    if not isinstance(source, Iterable):
        kind = type(source).__name__
        raise InputError(
            zh=f"无法读取 {kind}；请给出路径、几个路径或表（GeoDataFrame）。",
            en=f"Cannot read {kind}; give a path, several, or a table (GeoDataFrame).",
        )
    return list(source)


def _from_memory(table: pd.DataFrame) -> RawTable:
    row = np.arange(1, len(table) + 1, dtype=np.int64)
    plain = table.reset_index(drop=True)
    active = getattr(table, "_geometry_column_name", None)
    if active is None or active not in plain:
        return RawTable("(memory)", "", plain, None, None, row)
    if not isinstance(plain[active], pd.Series):
        raise InputError(
            zh=f"表中有两列都叫“{active}”，无法确定图形用哪一列；请去掉一列。",
            en=f"The table has two columns called {active!r}, and its geometry may be either; drop one.",
        )
    geometry = np.asarray(plain[active].array, dtype=object)
    crs = getattr(table, "crs", None)
    return RawTable("(memory)", "", pd.DataFrame(plain.drop(columns=active)), geometry, crs, row)


def _from_database(address: str, layer: str | None, asked: Asked | None, columns: Picker | None) -> RawTable:
    if asked is None:
        raise InputError(
            zh="这里要的是文件，不能从数据库读取。", en="A file is needed here; a database cannot be read."
        )
    refuse_layer(layer)
    name, sha256, found = read_database(address, asked, columns=columns)
    row = np.arange(1, len(found.frame) + 1, dtype=np.int64)
    return RawTable(name, sha256, found.frame, found.geometry, found.crs, row, notes=found.notes, left=found.left)


def find_files(source: str | Path) -> list[Path]:
    """The files of a path or glob, in the order of their names.

    Raises
    ------
    InputError
        If there is none, or its folder may not be read; the message has the nearest name that is there.
    """
    require_name(source)
    path = Path(source)
    if os.path.lexists(path):
        require_ordinary(path)
        return [path]
    if not os.access(_nearest_folder(path), os.R_OK | os.X_OK):
        raise _unreadable(path)
    if any(mark in str(source) for mark in "*?["):
        found = sorted(Path(name) for name in glob.glob(_pattern(path), recursive=True) if Path(name).is_file())  # noqa: PTH207  # a pattern may be absolute
        if found:
            for file in found:
                require_name(file)
                require_ordinary(file)
            return found
        raise InputError(
            zh=f"没有符合 {source} 的文件；请检查文件夹和通配符。",
            en=f"No file matches {source}; check the folder and the pattern.",
        )
    folder = path.parent
    others = sorted(entry.name for entry in folder.iterdir()) if folder.is_dir() else []
    there, bar, mark = path.name.partition("|")
    if bar and there in others:
        raise InputError(
            zh=f"文件不存在：{source}。{there} 存在；“|”之后的“{mark}”无法识别，要指明图层请写 {there}|layername=…。",
            en=f"No such file: {source}. There is {there}; what stands behind the bar, {mark}, is not known: name a layer as "
            f"{there}|layername=...",
        )
    hint = nearest_file(path.name, others)
    raise InputError(zh=f"文件不存在：{source}{hint.zh}", en=f"No such file: {source}{hint.en}")


def _pattern(path: Path) -> str:
    """A glob in which folders that are there are meant as they are called: ``2024 [final]`` is not a pattern."""
    folder = _nearest_folder(path)
    return str(Path(glob.escape(str(folder))) / path.relative_to(folder))


def _nearest_folder(path: Path) -> Path:
    """The folder, on the way to a path that is not to be seen, that is there."""
    return next((folder for folder in path.parents if os.path.lexists(folder)), Path())


def _unreadable(path: Path) -> InputError:
    return InputError(
        zh=f"没有权限读取 {path}，或它正被其他程序（如 Excel、WPS）打开；请检查权限，或关闭后重试。",
        en=f"{path} may not be read, or is open in another program (Excel, WPS); check its permissions, "
        "or close it and try again.",
    )


def one_file(source: str | Path) -> Path:
    """The one file of a path or glob.

    Raises
    ------
    InputError
        If there is none, it is empty, or there are several.
    """
    found = find_files(source)
    if len(found) > 1 or not found[0].is_file():
        names = few(path.name for path in found)
        raise InputError(
            zh=f"{source} 应为一个文件，实为：{names.zh}。",
            en=f"{source} should be one file; it is {names.en}.",
        )
    if found[0].stat().st_size == 0:
        raise empty_file(found[0].name)
    return found[0]


def _suffix(name: str) -> str:
    lower = name.lower()
    return next((suffix for suffix in sorted(_FORMATS, key=len, reverse=True) if lower.endswith(suffix)), "")


def _read_path(path: Path, expected: Sequence[str], how: _How) -> Iterator[RawTable]:
    suffix = _suffix(path.name)
    if path.is_dir() and suffix != ".gdb":
        raise InputError(
            zh=f"{path} 是文件夹；要读其中的各个文件，请写成 {path / '*'}（或 {path / '*.csv'} 等）。",
            en=f"{path} is a folder; to read the files in it write {path / '*'} (or {path / '*.csv'} and the like).",
        )
    if not suffix:
        raise InputError(
            zh=f"无法识别 {path} 的格式；支持 {' '.join(_FORMATS)}。",
            en=f"{path}: unknown format; known are {' '.join(_FORMATS)}.",
        )
    with readable(path):
        if path.is_file() and path.stat().st_size == 0:
            raise empty_file(path.name)
        sha256 = file_hash(path)
        if suffix in _ZIPS:
            yield from _read_zip(path, sha256, expected, how)
        else:
            yield from _read_one(path, path.name, sha256, expected, how)


@contextlib.contextmanager
def readable(path: Path) -> Iterator[None]:
    """Say of a file that the system does not let be read, or no longer, what it is; in a ``with`` block that reads it.

    Yields
    ------
    None

    Raises
    ------
    InputError
        For what the operating system refuses.
    """
    try:
        yield
    except PermissionError:
        raise _unreadable(path) from None
    except OSError as error:
        reason = os_reason(error)
        raise InputError(
            zh=f"{path} 在读取过程中读不到了（{reason.zh}）；文件可能被移走，或网络盘断开，请检查后重试。",
            en=f"{path} could no longer be read ({reason.en}): it may have been moved, or its network drive is gone; try again.",
        ) from error


def file_hash(path: Path) -> str:
    """SHA-256 of a file, or of all files of a folder, in hexadecimal."""
    digest = hashlib.sha256()
    for part in sorted(path.rglob("*")) if path.is_dir() else [path]:
        if part.is_file():
            with part.open("rb") as stream:
                while chunk := stream.read(1 << 20):
                    digest.update(chunk)
    return digest.hexdigest()


def _read_one(path: Path, name: str, sha256: str, expected: Sequence[str], how: _How) -> Iterator[RawTable]:
    suffix = _suffix(path.name)
    if suffix in _TEXT or suffix in EXCEL:
        sheets = _read_sheets(path, suffix, name, how)
        for own, sheet in sheets.items():
            shown = name if len(sheets) == 1 else f"{name}/{own}"
            yield RawTable(
                shown, sha256, sheet.frame, None, None, sheet.row, sheet.broken, sheet.notes, sheet.left, sheet.unit
            )
        return
    if suffix in _PARQUET:
        features = read_parquet(path, what=name, columns=how.columns)
    else:
        features = read_vector(path, layer=how.layer, expected=expected, encoding=how.encoding, what=name)
    row = np.arange(1, len(features.frame) + 1, dtype=np.int64)
    yield RawTable(
        name, sha256, features.frame, features.geometry, features.crs, row, notes=features.notes, left=features.left
    )


def _read_sheets(path: Path, suffix: str, name: str, how: _How) -> dict[str, Sheet]:
    """A text or a workbook, by how it begins: platforms export text and pages under the name of a workbook."""
    with path.open("rb") as stream:
        begins = stream.read(1024)
    workbook = begins.startswith((b"PK\3\4", b"\xd0\xcf\x11\xe0"))
    if suffix in EXCEL and begins.lstrip(b"\xef\xbb\xbf\r\n\t ").startswith(b"<"):
        raise InputError(
            zh=f"{name} 其实是网页，只是改了扩展名（不少平台这样导出）；请用 Excel 或 WPS 打开后另存为 xlsx。",
            en=f"{name} is a web page under the name of a workbook, as some platforms export them; open it and save it as xlsx.",
        )
    sheets = (
        read_excel(path, sheet=how.layer, what=name, columns=how.columns, copies=how.copies)
        if workbook
        else {name: _read_text(path, name, how)}
    )
    if workbook != (suffix in EXCEL):
        first = next(iter(sheets))
        note = text_pair("load.is_workbook" if workbook else "load.is_text", file=name)
        sheets[first] = replace(sheets[first], notes=(note, *sheets[first].notes))
    return sheets


def _read_text(path: Path, name: str, how: _How) -> Sheet:
    with unzipped(path, what=name) as plain:
        if how.columns is not None:
            sheet = read_used(plain, encoding=how.encoding, what=name, columns=how.columns)
            if sheet is not None:
                return sheet
        return read_csv(plain, encoding=how.encoding, what=name)


@contextlib.contextmanager
def unpacked(path: Path) -> Iterator[Path]:
    """The only file of a zip, or what is in a gzip file, in a ``with`` block that reads it; any other is given as it is.

    Yields
    ------
    Path

    Raises
    ------
    InputError
        If the zip or gzip file is damaged, or takes too much room.
    """
    if _suffix(path.name) not in _ZIPS:
        with unzipped(path, what=path.name) as plain:
            yield plain
        return
    with tempfile.TemporaryDirectory(prefix="jxgis-") as folder:
        with reading(path.name, _ZIP):
            inside = _extract(path, Path(folder))
        yield next(iter(inside.values())) if len(inside) == 1 else path


def _read_zip(path: Path, sha256: str, expected: Sequence[str], how: _How) -> Iterator[RawTable]:
    with tempfile.TemporaryDirectory(prefix="jxgis-") as folder:
        with reading(path.name, _ZIP):
            names = _extract(path, Path(folder))
        members = [name for name in sorted(names) if _suffix(name) not in ("", *_ZIPS)]
        stems = [name for name in members if how.layer is not None and Path(name).stem == how.layer]
        if stems:
            members, how = stems, replace(how, layer=None)
        kinds = {_suffix(name) for name in members}
        if not kinds:
            raise InputError(
                zh=f"{path.name} 中没有数据文件；支持 {' '.join(_FORMATS[: -len(_ZIPS)])}。",
                en=f"{path.name} holds no data file; known are {' '.join(_FORMATS[: -len(_ZIPS)])}.",
            )
        if len(kinds) != 1:
            raise InputError(
                zh=f"{path.name} 中应只有一种数据文件，实有：{listed(members, 'zh')}；请用 layer 写明文件名（不带扩展名），或分开压缩。",
                en=f"{path.name} should hold data files of one kind; it has {listed(members, 'en')}: "
                "name one with layer (without extension), or pack them apart.",
            )
        inner = [] if stems else [name for name in sorted(names) if _suffix(name) in _ZIPS]
        notes = (text_pair("load.zips_left", file=path.name, names=few(inner)),) if inner else ()
        for name in members:
            # A zip around one file is that file: its rows need no second name.
            shown = path.name if len(members) == 1 else f"{path.name}/{name}"
            for table in _read_one(names[name], shown, sha256, expected, how):
                yield replace(table, notes=(*notes, *table.notes))
                notes = ()


def _extract(path: Path, folder: Path) -> dict[str, Path]:
    """Unpack a zip into one folder a folder in it, under safe names; the names inside, as people see them."""
    found: dict[str, Path] = {}
    held: set[str] = set()
    with zipfile.ZipFile(path) as archive:
        require_sane_zip(archive, what=path.name, packed=path.stat().st_size)
        entries = [(entry, _inner(entry)) for entry in archive.infolist()]
        # The files of a geodatabase without their folder: one is made around them.
        bare = {
            inner.parent for _, inner in entries if inner.suffix.lower() == ".gdbtable" and _geodatabase(inner) == inner
        }
        for entry, inner in entries:
            if entry.is_dir() or inner.name.startswith((".", "~$")) or "__MACOSX" in inner.parts or not inner.name:
                continue
            if str(inner) in held:
                raise InputError(
                    zh=f"{path.name} 中有两个同名文件 {inner}；请解压，只保留要用的一个。",
                    en=f"{path.name} holds two files named {inner}; unpack it and keep the one that is meant.",
                )
            held.add(str(inner))
            around = f"{inner.parent.name or path.stem}.gdb"
            kept = inner.parent / around / inner.name if inner.parent in bare and not _suffix(inner.name) else inner
            whole = _geodatabase(kept)
            place = folder / hashlib.sha256(str(whole.parent).encode()).hexdigest()[:16]
            target = place.joinpath(*map(_plain, kept.relative_to(whole.parent).parts))
            target.parent.mkdir(parents=True, exist_ok=True)
            with archive.open(entry) as stream, target.open("wb") as out:
                while chunk := stream.read(1 << 20):
                    out.write(chunk)
            found[str(whole)] = place / _plain(whole.name)
    return found


def _inner(entry: zipfile.ZipInfo) -> PurePosixPath:
    """The path of a file in a zip, as people wrote it."""
    name = entry.filename
    if not entry.flag_bits & 0x800:
        # Without the UTF-8 flag Python reads names as cp437; Chinese Windows writes them in GBK.
        raw = name.encode("cp437", errors="ignore")
        try:
            name = raw.decode("utf-8")
        except UnicodeDecodeError:
            name = raw.decode("gb18030", errors="replace")
    return PurePosixPath(name.replace("\\", "/"))


def _plain(name: str) -> str:
    """A name that disks and libraries take as it is; of another the ending stays: files of one name still have one."""
    if len(name.encode()) <= _LONGEST_NAME and not _NO_NAME.search(name):
        return name
    ending = _suffix(name) or PurePosixPath(name).suffix
    if len(ending.encode()) > _LONGEST_NAME // 2 or _NO_NAME.search(ending):
        ending = ""
    stem = name[: len(name) - len(ending)]
    return hashlib.sha256(stem.encode()).hexdigest()[:16] + ending


def _geodatabase(inner: PurePosixPath) -> PurePosixPath:
    """The folder .gdb that a file in a zip belongs to, which is read as a whole; else the file itself."""
    return next(
        (folder for folder in inner.parents if folder.suffix.lower() == ".gdb" and ".." not in inner.parts), inner
    )
