"""The boundary at which files are read: what is opened at all, how far it unpacks, and what a damaged one is called."""

from __future__ import annotations

import contextlib
import errno
import gzip
import html
import mmap
import os
import re
import tempfile
import zipfile
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from jxgis.errors import CrsError, InputError, JxgisError
from jxgis.escape import SURROGATES
from jxgis.i18n import Text

if TYPE_CHECKING:
    import numpy as np
    import pyarrow.parquet as pq
    from numpy.typing import NDArray
    from rasterio.io import DatasetReader
    from rasterio.windows import Window

__all__ = ["MOST_BLOCK", "MOST_COLUMNS", "MOST_RASTER", "MOST_RATIO", "MOST_UNPACKED", "NOT_A_RASTER", "open_raster",
           "raster_blocks", "reading", "require_few_columns", "require_name", "require_no_grids", "require_ordinary", "require_sane_parquet", "require_sane_raster", "require_sane_zip", "split_layer", "texts_within", "unzipped"]  # fmt: skip

MOST_UNPACKED = 4 << 30
"""Bytes to which a packed file may unpack: more is not an export of a city, and would fill the memory or the disk."""
MOST_RATIO = 200
"""How many times its size a packed file may unpack to; exports reach 5 to 50, deflate 1,032 at most."""
MOST_COLUMNS = 1_900
"""Columns of a table: a GeoPackage holds 2,000. What reads and checks them takes seconds for a thousand, whatever they hold."""
MOST_BLOCK = 1 << 27
"""Cells of one block of a raster, which is read as a whole: 1 GB of numbers."""

MOST_RASTER = 4_000_000_000
"""Cells of a raster: all of China by 100 m has 3 thousand million. A sparse file of a few bytes may declare any number."""

NOT_A_RASTER = Text(
    zh="无法作为栅格读取：文件不完整、已损坏或格式不符；请重新导出或复制。",
    en="cannot be read as a raster: it is cut off, damaged or in another format; export or copy it again.",
)
"""What `reading` says of a raster."""
_GZIP = Text(
    zh="不完整或不是 gzip 文件；请重新下载或导出。", en="is cut off or not a gzip file; download or export it again."
)
_NO_ROOM = Text(
    zh="无法解压：存放临时文件的磁盘已满，或不容许这样大的文件；请清理磁盘，或用环境变量 TMPDIR（Windows 为 TEMP）换一个文件夹。",
    en="cannot be unpacked: the disk of the temporary files is full, or takes no file so large; free some of it, or name another "
    "folder in the environment variable TMPDIR (on Windows TEMP).",
)

_SOURCE = re.compile(r"\|(?=(?:layername|layerid|geometrytype|uniquegeometrytype|subset|option:\w+)=)", re.IGNORECASE)
# Files that a CRS sends PROJ to; "@null" is none, and stands in the definition of EPSG:3857.
_GRIDS = re.compile(
    rb"""grids\s*=\s*(?!@null(?![,\w]))|proj4_grids(?!["\s,]*@null["\s])|parameterfile(?!\W+[\w ()]*\W+@null")"""
    rb"""|(?:\+|^|")\s*init\s*=\s*(?!epsg:|esri:)"""
)
_JSON_ASCII = re.compile(rb"\\u00([2-7][0-9a-f])")
# Below this no ratio does harm.
_SMALL = 64 << 20
_CHUNK = 1 << 20
_VALUE_BYTES = 8
# Files beside a raster that GDAL opens with it, by any of its drivers: one that is not a TIFF may point anywhere.
_BESIDE = (".msk", ".ovr")
# A CRS is longer; what cells look like is seldom as long.
_TEXT = re.compile(rb"(?:[\s\x20-\x7e]\0?){12,}")
_TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_OF_SEVERAL = (".shp", ".tif", ".tiff", ".gpkg")


@contextlib.contextmanager
def reading(what: str, how: Text) -> Iterator[None]:
    """Read with a library: whatever it raises, the file is to blame, and the message says so.

    Parameters
    ----------
    what
        The file, for the message.
    how
        What it could not be read as, and what to do.

    Raises
    ------
    InputError
        For every failure; errors of jxgis pass through.

    Examples
    --------
    >>> with reading("a.csv", Text(zh="不完整。", en="is cut off.")):
    ...     raise ZeroDivisionError
    Traceback (most recent call last):
    jxgis.errors.InputError: a.csv 不完整。
    a.csv is cut off.
    """
    try:
        yield
    except (JxgisError, PermissionError, KeyboardInterrupt, SystemExit, GeneratorExit):
        raise
    except MemoryError as error:
        raise InputError(
            zh=f"{what} 太大，内存装不下；请拆分文件，或换一台内存更大的电脑。",
            en=f"{what} does not fit into memory; split it, or use a machine with more.",
        ) from error
    # A panic of a reader written in Rust is not an Exception.
    except BaseException as error:
        full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
        said = _NO_ROOM if full else how
        raise InputError(zh=f"{what} {said.zh}", en=f"{what} {said.en}") from error


def require_few_columns(count: int, *, what: str) -> None:
    """Refuse a table of more columns than any table of results can hold.

    Raises
    ------
    InputError
        If they are more than `MOST_COLUMNS`.
    """
    if count > MOST_COLUMNS:
        raise InputError(
            zh=f"{what} 超过 {MOST_COLUMNS:,} 列，没有读取；多半是行列颠倒或分隔有误，请只保留要用的列。",
            en=f"{what} has more than {MOST_COLUMNS:,} columns and was not read; its rows and columns may be swapped, or what parts "
            "them wrong: keep the columns that are needed.",
        )


def require_name(path: str | Path) -> None:
    """Refuse a path that libraries cannot take: with a zero byte, or of bytes that are not UTF-8.

    A zip of Windows that is unpacked on Linux leaves names in GBK.

    Raises
    ------
    InputError
    """
    whole = os.path.abspath(path)  # noqa: PTH100  # with folders that are not UTF-8 above it
    if "\0" not in whole and not SURROGATES.search(whole):
        return
    shown = os.fsencode(whole.replace("\0", "")).decode("gb18030", errors="replace")
    raise InputError(
        zh=f"{shown} 的文件名或文件夹名不是 UTF-8（多半是 Windows 压缩包解压后留下的 GBK 名字），或含有零字符；请改名后再用。",
        en=f"{shown}: its name, or that of a folder it lies in, is not UTF-8 (a zip of Windows leaves names in GBK) or holds a "
        "zero byte; rename it.",
    )


def require_no_grids(text: bytes, what: str) -> None:
    """Refuse a CRS that names files of shifts (grids): PROJ would open them, wherever they lie, and a pipe has no end.

    Parameters
    ----------
    text
        A CRS, or what holds one, JSON too.
    what
        Where it stands, for the message.

    Raises
    ------
    CrsError

    Examples
    --------
    >>> require_no_grids(b"+proj=utm +zone=51", "a.prj")
    >>> require_no_grids(b"+proj=longlat +nadgrids=/a/pipe", "a.prj")
    Traceback (most recent call last):
    jxgis.errors.CrsError: a.prj ...
    """
    lower = text.lower()
    if b"\\" in lower:
        lower = _JSON_ASCII.sub(lambda found: bytes.fromhex(found[1].decode()), lower).replace(b"\\", b"").lower()
    if _GRIDS.search(lower):
        raise CrsError(
            zh=f"{what} 的坐标系要用到另外的格网改正文件（如 nadgrids），没有读取；请在 QGIS 中把图层转换到 EPSG:4490 后另存。",
            en=f"{what}: the reference system needs other files (grids of shifts, such as nadgrids) and was not read; convert the "
            "layer to EPSG:4490 in QGIS and save it.",
        )


def require_ordinary(path: Path) -> None:
    """Refuse what is neither a file nor a folder, or consists of such: a pipe or a device has no end, a link may lead nowhere.

    Raises
    ------
    InputError
    """
    if path.is_symlink() and not path.exists():
        raise InputError(
            zh=f"{path} 是一个链接，所指的文件不存在；请直接给出文件，或重新建立链接。",
            en=f"{path} is a link that leads nowhere; give the file itself, or make the link again.",
        )
    for part in _parts(path):
        if not part.exists() or part.is_file() or part.is_dir():
            continue
        raise InputError(
            zh=f"{part} 不是普通文件（是管道、设备或套接字），不能读取；请先另存为文件。",
            en=f"{part} is not an ordinary file (a pipe, a device or a socket) and is not read; save it as a file first.",
        )


def split_layer(source: str) -> tuple[str, str | None]:
    """Split the name of a file from that of its layer, as QGIS writes them.

    Parameters
    ----------
    source
        ``units.gpkg|layername=units`` or ``units.gpkg|layerid=0``; what QGIS adds of the kind of geometry says nothing
        new.

    Returns
    -------
    path : str
    layer : str or None
        Name of the layer, or ``layerid=0``; None where the source names none.

    Raises
    ------
    InputError
        If the source is a subset of a layer: rows are not to be left out unseen.

    Examples
    --------
    >>> split_layer("out/units.gpkg|layername=units|geometrytype=Polygon"), split_layer("postgresql://h/db")
    (('out/units.gpkg', 'units'), ('postgresql://h/db', None))
    """
    path, *marks = _SOURCE.split(source)
    layer = None
    for mark in marks:
        key, _, value = mark.partition("=")
        if key.lower() == "subset":
            raise InputError(
                zh=f"{source}：不能只读取图层的一部分（subset）；请在 QGIS 中把筛选结果另存为文件。",
                en=f"{source}: a subset of a layer cannot be read; save what the filter leaves as a file in QGIS.",
            )
        if key.lower() == "layername":
            layer = value
        elif key.lower() == "layerid" and layer is None:
            layer = f"layerid={value}"
    return path, layer


def _parts(path: Path) -> Iterator[Path]:
    """What a library opens beside a path: the files of a folder, and those of one name beside a file of several."""
    yield path
    if path.is_dir():
        yield from path.rglob("*")
    elif path.suffix.lower() in _OF_SEVERAL:
        yield from (other for other in path.parent.iterdir() if other.name.startswith(path.stem))


def _too_much(what: str, size: int, packed: int) -> InputError:
    gb, most, times = f"{size / 1e9:.1f}", f"{MOST_UNPACKED / 1e9:.1f}", f"{size / max(packed, 1):,.0f}"
    return InputError(
        zh=f"{what} 解压后至少 {gb} GB，是压缩包的 {times} 倍；上限是 {most} GB、{MOST_RATIO} 倍，没有读取。"
        "如果确实是数据，请自行解压、拆分后再用。",
        en=f"{what} unpacks to at least {gb} GB, {times} times its size; the limits are {most} GB and {MOST_RATIO} times, "
        "and it was not read. If it is data all the same, unpack and split it first.",
    )


def _is_too_much(size: int, packed: int) -> bool:
    return size > MOST_UNPACKED or size > max(_SMALL, MOST_RATIO * packed)


def require_sane_zip(archive: zipfile.ZipFile, *, what: str, packed: int) -> None:
    """Look at a zip's directory before anything is unpacked.

    Parameters
    ----------
    archive
        The zip. Python unpacks no member beyond the size that the directory states.
    what
        The file, for the message.
    packed
        Its size in bytes.

    Raises
    ------
    InputError
        If it unpacks to more than `MOST_UNPACKED` bytes or `MOST_RATIO` times its size.
    """
    size = sum(entry.file_size for entry in archive.infolist())
    if _is_too_much(size, packed):
        raise _too_much(what, size, packed)


@contextlib.contextmanager
def unzipped(path: Path, *, what: str) -> Iterator[Path]:
    """Unpack a gzip file, as far as the limits allow, in a ``with`` block that reads it; any other is given as it is.

    Raises
    ------
    InputError
        If it is damaged, or unpacks to more than `MOST_UNPACKED` bytes or `MOST_RATIO` times its size.
    """
    if path.suffix.lower() != ".gz":
        yield path
        return
    packed, size = path.stat().st_size, 0
    with tempfile.TemporaryDirectory(prefix="jxgis-") as folder:
        plain = Path(folder) / path.stem
        with reading(what, _GZIP), gzip.open(path) as stream, plain.open("wb") as out:
            while part := stream.read(_CHUNK):
                size += len(part)
                if _is_too_much(size, packed):
                    raise _too_much(what, size, packed)
                out.write(part)
        yield plain


def require_sane_parquet(
    path: Path, *, what: str, columns: Collection[str] | None = None, batched: bool = False
) -> None:
    """Refuse a Parquet file that would take all memory: a value that repeats is stored once, however often it does.

    Parameters
    ----------
    path
        The file.
    what
        The file, for messages.
    columns
        Those of which the texts will be read; None for all.
    batched
        Whether some rows at a time are read: a row group has to fit into memory then, not the file.

    Raises
    ------
    InputError
        If its values (eight bytes each, texts as long as they are) or its pages are more than `MOST_UNPACKED` bytes, or
        its pages are `MOST_RATIO` times its size.
    pyarrow.ArrowInvalid
        If it is damaged.
    """
    import pyarrow.parquet as pq

    metadata = pq.read_metadata(path)
    require_few_columns(metadata.num_columns, what=what)
    groups = [metadata.row_group(at) for at in range(metadata.num_row_groups)]
    pages, packed = [group.total_byte_size for group in groups], path.stat().st_size
    if sum(pages) > max(_SMALL, MOST_RATIO * packed):
        raise _too_much(what, sum(pages), packed)
    if batched:
        sizes = pages
    else:
        values = sum(group.column(at).num_values for group in groups for at in range(group.num_columns))
        sizes = [max(_VALUE_BYTES * values, sum(pages))]
    if max(sizes, default=0) > MOST_UNPACKED:
        raise _too_much(what, max(sizes), packed)
    size = 0
    for of_group in _sizes_of_texts(path, groups, columns):
        size = of_group if batched else size + of_group
        if size > MOST_UNPACKED:
            raise _too_much(what, size, packed)


def _sizes_of_texts(path: Path, groups: list[pq.RowGroupMetaData], columns: Collection[str] | None) -> Iterator[int]:
    """How long the texts of each row group are, each of which is stored once, when they are written out for every row.

    They are read as a dictionary, one row group and column at a time, where they could come to too much at all: no text is
    longer than what the column's pages hold.
    """
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    for number, group in enumerate(groups):
        size = 0
        for at in range(group.num_columns):
            column = group.column(at)
            most = column.num_values * column.total_uncompressed_size
            name = column.path_in_schema
            read = columns is None or any(f"{name}.".startswith(f"{one}.") for one in columns)
            if column.physical_type != "BYTE_ARRAY" or most <= _SMALL or not read:
                continue
            file = pq.ParquetFile(path, read_dictionary=[name])
            for chunk in file.read_row_group(number, columns=[name]).column(0).chunks:
                if pa.types.is_dictionary(chunk.type):
                    # The place that a row names in the dictionary; what is missing names none.
                    times = pc.value_counts(chunk.indices.drop_null())
                    lengths = pc.take(pc.binary_length(chunk.dictionary), times.field("values"))
                    size += pc.sum(pc.multiply(lengths.cast("int64"), times.field("counts"))).as_py() or 0
        yield size


def open_raster(path: Path) -> DatasetReader:
    """Open a GeoTIFF, and nothing but TIFFs beside it.

    Parameters
    ----------
    path
        The file.

    Returns
    -------
    rasterio.io.DatasetReader
        To be closed.

    Raises
    ------
    InputError
        If a mask or overviews beside it (``people.tif.msk``) are not TIFFs: GDAL would follow them to another file or
        address.
    CrsError
        If its keys, or a file of its name beside it (``people.tif.aux.xml``), give a CRS that names grids.
    rasterio.errors.RasterioIOError
        If it is not a GeoTIFF.
    """
    import rasterio

    # Whole: a name such as GTIFF_DIR:1:a.tif is GDAL's address of a part of a.tif.
    path = path.absolute()
    stem, names = f"{path.stem}.".lower(), {f"{path.name}{ending}".lower() for ending in _BESIDE}
    exact = (path, *(path.with_name(f"{path.name}{ending}") for ending in (*_BESIDE, ".aux.xml")))
    # A folder that may not be listed gives none: those by their exact names stand beside.
    for other in {*path.parent.glob("*"), *exact}:
        if not other.is_file() or not (other in exact or other.name.lower().startswith(stem)):
            continue
        if other.name.lower() in names:
            with other.open("rb") as stream:
                if stream.read(4) not in _TIFF:
                    raise InputError(
                        zh=f"{path.name} 旁边的 {other.name} 不是 TIFF 文件，读取栅格时会被一并打开，可能指向别的文件或网址；请移走它。",
                        en=f"{other.name} beside {path.name} is not a TIFF; it would be opened with the raster, and may point to "
                        "another file or an address. Move it away.",
                    )
        for text in texts_within(other):
            require_no_grids(text, other.name)
    return rasterio.open(path, driver="GTiff")


def raster_blocks(raster: DatasetReader) -> Iterator[tuple[NDArray[np.float64], Window]]:
    """The numbers of a raster block by block, its scale and offset applied, NaN where it holds none."""
    import numpy as np

    scale, offset = raster.scales[0], raster.offsets[0]
    for _, window in raster.block_windows(1):
        cells = raster.read(1, window=window, masked=True).astype(np.float64).filled(np.nan)
        yield cells * scale + offset, window


def texts_within(path: Path) -> Iterator[bytes]:
    """What a file of other things holds of text, of one byte a sign or two; signs that XML writes as numbers are read.

    Parameters
    ----------
    path
        The file, which is not loaded: it may be large.
    """
    if not path.stat().st_size:
        return
    with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as whole:
        for found in _TEXT.finditer(whole):
            text = found[0].replace(b"\0", b"")
            yield html.unescape(text.decode("ascii")).encode() if b"&" in text else text


def require_sane_raster(raster: DatasetReader, band: int, *, what: str) -> None:
    """Refuse a raster that would take all memory or all day, or counts nothing, by what its header declares.

    Parameters
    ----------
    raster
        The open file.
    band
        The band that is read, from 1.
    what
        The file, for the message.

    Raises
    ------
    InputError
        If it has more than `MOST_RASTER` cells, a block of more than `MOST_BLOCK`, or complex numbers, which would lose
        their imaginary part.
    """
    if raster.dtypes[band - 1].startswith("complex"):
        raise InputError(
            zh=f"{what} 第 {band} 波段的像元是复数（{raster.dtypes[band - 1]}），不是人口数；请换用实数的栅格。",
            en=f"{what}: the cells of band {band} are complex numbers ({raster.dtypes[band - 1]}), not people; give a raster of "
            "real numbers.",
        )
    high, wide = raster.block_shapes[band - 1]
    if high * wide > MOST_BLOCK:
        raise InputError(
            zh=f"{what} 以 {wide:,} × {high:,} 像元为一块存储，读一块就会耗尽内存；请另存为分块（如 256 × 256）的 GeoTIFF。",
            en=f"{what} is stored in blocks of {wide:,} by {high:,} cells, one of which takes all memory; save it "
            "again as a GeoTIFF with smaller tiles, 256 by 256 for example.",
        )
    if raster.width * raster.height > MOST_RASTER:
        raise InputError(
            zh=f"{what} 有 {raster.width:,} × {raster.height:,} 像元，超过 {MOST_RASTER:,}，没有读取；请先裁剪到本市范围。",
            en=f"{what} has {raster.width:,} by {raster.height:,} cells, more than {MOST_RASTER:,}, and was not read; clip it "
            "to the city first.",
        )
