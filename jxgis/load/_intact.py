"""Whether a vector file is what its ending says, reads nothing from elsewhere, and is whole."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterable
from pathlib import Path

from jxgis._files import require_no_grids, texts_within
from jxgis.errors import InputError
from jxgis.i18n import Text, listed
from jxgis.load._views import crs_definitions
from jxgis.load.geometry import is_deep

__all__ = [
    "companion",
    "require_kind",
    "require_no_shifts",
    "require_plain",
    "require_shallow",
    "require_whole",
    "unreadable",
]

# How a file of each ending begins. GDAL goes by what a file holds: one called .geojson may be a list of other files and of
# addresses, or a command, which it would open and run.
_BEGINS = {
    ".gpkg": re.compile(rb"SQLite format 3\0"),
    ".fgb": re.compile(rb"fgb"),
    ".shp": re.compile(rb"\0\0\x27\x0a"),
    ".geojson": re.compile(rb"(?:\xef\xbb\xbf)?[\s\x1e]*[{\[]"),
    ".json": re.compile(rb"(?:\xef\xbb\xbf)?[\s\x1e]*[{\[]"),
    ".geojsonl": re.compile(rb"(?:\xef\xbb\xbf)?[\s\x1e]*{"),
    # One whose rows stand beside it; others are views of, or lists of, files elsewhere.
    ".tab": re.compile(
        rb"\s*!table\s+!version\s+\d+\s+(?:!charset\s+[\w-]+\s+)?Definition Table\s+Type NATIVE\b", re.IGNORECASE
    ),
    ".mif": re.compile(rb"\s*Version\s+\d+\s", re.IGNORECASE),
    ".kml": re.compile(rb"(?:\xef\xbb\xbf)?(?:\s|<\?.*?\?>|<!--.*?-->)*+<(?:\w+:)?kml\b", re.DOTALL),
}
_POINTS_ELSEWHERE = re.compile(
    rb"<(?:OGR|GDAL|VRT|WMT_MS|WMS_|(?:\w+:)?WFS_|Product_Observational)|gdal_streamed_alg", re.IGNORECASE
)
# A zero byte at their beginning ends what a driver for text sees of these; what layers are said to be stands further on.
_NO_TEXT = (".gpkg", ".shp")
# More than any driver looks at before it says that a file is its own.
_HEAD_BYTES = 1 << 20
# Of a Shapefile's index: its head, and a record.
_SHX_HEAD, _SHX_RECORD = 100, 8
# The table of tables, without which a folder is not a geodatabase.
_CATALOG = "a00000001.gdbtable"


def require_plain(path: Path, what: str) -> None:
    """Refuse a path that pyogrio would take apart as an address: what it opens is not what was looked at."""
    from pyogrio.util import vsi_path

    if vsi_path(str(path)) != str(path):
        raise InputError(
            zh=f"{what} 的文件名或所在文件夹名含有 !、; 或控制字符，GDAL 会当作压缩包内的地址；请改名后再用。",
            en=f"{what}: its name, or that of a folder it lies in, holds !, ; or a control character, which GDAL takes for "
            "an address within an archive; rename it.",
        )


def require_shallow(geometries: Iterable[bytes]) -> None:
    """Refuse a file with geometries deep within each other, which a reader that goes into each of them does not survive.

    Raises
    ------
    ValueError
        If one is.
    """
    if any(map(is_deep, geometries)):
        raise ValueError("deep")


def require_kind(path: Path) -> None:
    """Refuse a file that is not what its ending says; a geodatabase is a folder of its own files."""
    if path.suffix.lower() == ".gdb":
        if not (path / _CATALOG).is_file():
            raise ValueError(path.suffix)
        return
    begins = _BEGINS[path.suffix.lower()]
    with path.open("rb") as stream:
        head = stream.read(_HEAD_BYTES)
    points = None if path.suffix.lower() in _NO_TEXT else _POINTS_ELSEWHERE.search(head)
    if not begins.match(head) or points is not None:
        raise ValueError(path.suffix)


def require_no_shifts(path: Path, what: str) -> None:
    """Refuse a file whose CRS names files of shifts: PROJ opens what they are said to be, wherever it lies."""
    suffix = path.suffix.lower()
    texts: Iterable[bytes]
    if suffix == ".gpkg":
        texts = crs_definitions(path)
    elif suffix == ".shp":
        own = companion(path, ".prj")
        texts = [] if own is None else [own.read_bytes()]
    elif suffix == ".gdb":
        texts = [text for table in path.glob("*.gdbtable") for text in texts_within(table)]
    else:
        texts = [path.read_bytes()]
    for text in texts:
        require_no_grids(text, what)


def require_whole(path: Path, layer: str, read: int, what: str) -> None:
    """Refuse a file some of whose rows the driver passes over without a word.

    A Shapefile's .shx and .dbf must be of one number of records: the lower one is read. A geodatabase's index of rows tells
    no damaged row from a deleted one. MapInfo's rows end where those of one of its files do. Of a GeoJSON with a feature a line, a line that is not JSON is not a feature.
    """
    import pyogrio

    if path.suffix.lower() == ".shp":
        index, table = companion(path, ".shx"), companion(path, ".dbf")
        if index is None or table is None:
            lacks = unreadable(path)
            raise InputError(zh=f"{what} {lacks.zh}", en=f"{what} {lacks.en}")
        with path.open("rb") as stream:
            said = 2 * int.from_bytes(stream.read(28)[24:], "big")
        if path.stat().st_size < said:
            raise InputError(
                zh=f"{what} 不完整：文件头写明 {said:,} 字节，实有 {path.stat().st_size:,} 字节；请重新导出或复制整套 Shapefile。",
                en=f"{what} is cut off: its head says {said:,} bytes, and there are {path.stat().st_size:,}; export or copy the "
                "whole Shapefile again.",
            )
        with table.open("rb") as stream:
            records = int.from_bytes(stream.read(8)[4:], "little")
        shapes = (index.stat().st_size - _SHX_HEAD) // _SHX_RECORD
        if shapes != records:
            raise InputError(
                zh=f"{what} 的 .shx 有 {shapes:,} 条图形，.dbf 有 {records:,} 条属性，两者对不上：多半是单独改过或复制了其中一个文件；"
                "请重新导出整套 Shapefile。",
                en=f"{what}: its .shx counts {shapes:,} shapes, its .dbf {records:,} rows; one of them was probably edited or copied "
                "by itself. Export the whole Shapefile again.",
            )
    elif path.suffix.lower() in (".gdb", ".tab", ".mif"):
        said = int(pyogrio.read_info(path, layer=layer, force_feature_count=True)["features"])
        if read != said or _lacks_rows(path):
            raise ValueError(path.suffix)
    elif path.suffix.lower() in (".geojson", ".json", ".geojsonl"):
        driver = pyogrio.read_info(path, layer=layer)["driver"]
        if driver == "GeoJSON" and read == 1:
            _require_nothing_after(path, what)
        if driver != "GeoJSONSeq":
            return
        text = path.read_bytes()
        # Features may stand a line each, or begin with a record separator each (RFC 8142).
        rows = text.split(b"\x1e") if b"\x1e" in text else text.removeprefix(codecs.BOM_UTF8).splitlines()
        features = sum(1 for row in rows if row.strip())
        if features != read:
            raise InputError(
                zh=f"{what} 是每行一个要素的 GeoJSON，有 {features:,} 行，只读出 {read:,} 个要素：有的行不完整或已损坏；请重新导出。",
                en=f"{what} is a GeoJSON of one feature a line: of {features:,} lines, {read:,} are features; some are cut off or "
                "damaged. Export it again.",
            )


def _lacks_rows(path: Path) -> bool:
    """Whether a file beside a MapInfo's is missing, or points to fewer rows than another holds."""
    if path.suffix.lower() == ".mif":
        return companion(path, ".mid") is None
    index, table = companion(path, ".id"), companion(path, ".dat")
    if index is None or table is None or companion(path, ".map") is None:
        return False
    return index.stat().st_size // 4 != int.from_bytes(table.read_bytes()[4:8], "little")


def _require_nothing_after(path: Path, what: str) -> None:
    """Refuse a GeoJSON whose one feature is followed by more: features a line each behind a byte order mark, or unseparated."""
    text = path.read_bytes().decode("utf-8-sig", errors="replace")
    try:
        json.loads(text, strict=False)
    except json.JSONDecodeError as error:
        # What else is wrong with it the driver has forgiven.
        if error.msg != "Extra data":
            return
        raise InputError(
            zh=f"{what} 在第一个要素之后还有内容，只读得出 1 个要素：每行一个要素的 GeoJSON 不能以 BOM 开头，要素之间要换行；"
            "请重新导出为 FeatureCollection，或另存为不带 BOM 的 UTF-8。",
            en=f"{what} goes on after its first feature, of which alone can be read: a GeoJSON of one feature a line begins with no "
            "byte order mark and has a line end after each. Export it as a FeatureCollection, or save it as UTF-8 without BOM.",
        ) from error


def unreadable(path: Path) -> Text:
    if path.suffix.lower() == ".shp":
        missing = [ext for ext in (".shx", ".dbf") if not companion(path, ext)]
        if missing:
            return Text(
                zh=f"缺少同名文件 {listed(missing, 'zh')}；Shapefile 的 .shp、.shx、.dbf、.prj 要放在一起。",
                en=f"lacks its {listed(missing, 'en')}; a Shapefile's .shp, .shx, .dbf and .prj belong together.",
            )
    if path.suffix.lower() in (".tab", ".mif"):
        return Text(
            zh="无法读取：已损坏，或缺少同名文件；MapInfo 的 .tab、.dat、.map、.id（或 .mif、.mid）要放在一起，成套导出或复制。",
            en="cannot be read: it is damaged or lacks a file; MapInfo's .tab, .dat, .map and .id (or .mif and .mid) belong together.",
        )
    return Text(
        zh="无法读取：文件不完整、已损坏或格式不符；请重新导出或复制。",
        en="cannot be read: it is cut off, damaged or in another format; export or copy it again.",
    )


def companion(path: Path, extension: str) -> Path | None:
    for candidate in (path.with_suffix(extension), path.with_suffix(extension.upper())):
        if candidate.is_file():
            return candidate
    return None
