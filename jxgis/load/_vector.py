"""Vector files as tables with geometry, with the right one of a file's layers and the right encoding of its text."""

from __future__ import annotations

import codecs
import contextlib
import json
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from jxgis._files import reading, require_few_columns, require_no_grids, texts_within
from jxgis.errors import InputError
from jxgis.i18n import Text, few, listed, rows_said, text_pair
from jxgis.load._views import crs_definitions, long_geometries, require_finite_views
from jxgis.load.geometry import is_deep
from jxgis.schema.layers import nearest

if TYPE_CHECKING:
    import geopandas as gpd
    import pyproj
    from numpy.typing import NDArray

__all__ = ["Features", "as_utf8", "dbf_encoding", "read_vector", "require_shallow"]

# The DBF language bytes that name a Chinese code page; 0x00, 0x03 and 0x57 are written whatever the text is in.
_LANGUAGE_BYTES = {0x4D: "gb18030", 0x7A: "gb18030", 0x4F: "big5hkscs", 0x78: "big5hkscs"}
_GB = {"gb2312", "gbk", "cp936", "gb18030"}
_SNIFF_RECORDS = 2000
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
# Formats that say their number of rows, of which less may be read where they are damaged.
_COUNTED = (".gpkg", ".gdb")
# More than any driver looks at before it says that a file is its own.
_HEAD_BYTES = 1 << 20
# No network; and chords of a degree for true arcs: their area is within 0.01 % of the arc's.
_OPTIONS = {"GDAL_HTTP_PROXY": "none://offline", "GDAL_HTTPS_PROXY": "none://offline", "OGR_ARC_STEPSIZE": "1"}
# Of a Shapefile's index: its head, and a record.
_SHX_HEAD, _SHX_RECORD = 100, 8
# The table of tables, without which a folder is not a geodatabase.
_CATALOG = "a00000001.gdbtable"


@dataclass(frozen=True, slots=True)
class Features:
    """Features as they were read.

    Parameters
    ----------
    frame
        Attributes.
    geometry
        (n,) shapely geometries or None; None where the layer has no geometry at all.
    crs
        As the file declares it.
    notes
        For people.
    left
        Columns that were not asked for, and not read.
    """

    frame: pd.DataFrame
    geometry: NDArray[Any] | None
    crs: pyproj.CRS | None
    notes: tuple[Text, ...] = field(default=())
    left: tuple[str, ...] = ()


def read_vector(path: Path, *, layer: str | None, expected: Sequence[str], encoding: str | None, what: str) -> Features:
    """Read one layer of a vector file.

    Parameters
    ----------
    path
        GeoPackage, GeoJSON, Shapefile, FlatGeobuf, KML, MapInfo or a file geodatabase.
    layer
        Its layer, or ``layerid=N`` for the one of that number; None for the only one, or the first of ``expected``. Of a KML
        whose folders are none of these, all are read: a folder holds some of the places, not another kind.
    expected
        The layer of the contract that is wanted, and what may stand in for it: ``("candidates", "units")``.
    encoding
        Of a Shapefile's text; None for .cpg, then the DBF language byte, then UTF-8 where all text is, then GB 18030.
    what
        The file, for messages.

    Returns
    -------
    Features

    Raises
    ------
    InputError
        If the file cannot be read, has no such layer, or several to choose from.
    """
    import pyogrio

    path = path.absolute()
    with reading(what, _unreadable(path)), _offline():
        _require_plain(path, what)
        _require_kind(path)
        if path.suffix.lower() == ".gpkg":
            require_finite_views(path, None, what=what)
        _require_no_grids(path, what)
        names = [str(name) for name in pyogrio.list_layers(path)[:, 0]]
    if path.suffix.lower() == ".kml" and layer is None and len(names) > 1 and not set(expected) & set(names):
        return _read_folders(path, names, expected, what)
    chosen = _choose(names, layer, expected, what)
    with reading(what, _unreadable(path)), _decoding(what, path), _offline():
        if path.suffix.lower() == ".gpkg":
            require_finite_views(path, chosen, what=what)
            require_shallow(long_geometries(path, chosen))
        if path.suffix.lower() == ".shp":
            table = _read_shapefile(path, chosen, encoding or dbf_encoding(path))
        else:
            table = _read_layer(path, chosen, what)
        _require_whole(path, chosen, len(table), what)
    stands_in = layer is None and len(_of_data(names)) > 1 and chosen != expected[0]
    notes = [text_pair("load.stand_in", file=what, layer=chosen)] if stands_in else []
    if "geometry" not in table or not hasattr(table, "crs"):
        geometry, crs, frame = None, None, pd.DataFrame(table)
    else:
        geometry, crs = np.asarray(table.geometry.array, dtype=object), table.crs
        frame = pd.DataFrame(table.drop(columns="geometry"))
    frame, said = as_utf8(frame, what)
    return Features(frame, geometry, crs, (*notes, *said))


def _read_folders(path: Path, names: list[str], expected: Sequence[str], what: str) -> Features:
    """All folders of a KML, one after the other."""
    parts = [
        read_vector(path, layer=f"layerid={at}", expected=expected, encoding=None, what=what)
        for at in range(len(names))
    ]
    geometry = np.concatenate([part.geometry for part in parts if part.geometry is not None])
    note = text_pair("load.folders", file=what, count=len(names), names=few(names))
    return Features(pd.concat([part.frame for part in parts], ignore_index=True), geometry, parts[0].crs, (note,))


def _read_layer(path: Path, layer: str, what: str) -> gpd.GeoDataFrame:
    """A layer by Arrow; the slower way where that knows no true arcs, or ends at a damaged page without a word."""
    import pyogrio

    def read(*, use_arrow: bool) -> gpd.GeoDataFrame:
        return pyogrio.read_dataframe(
            path, layer=layer, on_invalid="ignore", datetime_as_string=True, use_arrow=use_arrow
        )

    info = pyogrio.read_info(path, layer=layer, force_feature_count=path.suffix.lower() in _COUNTED)
    require_few_columns(len(info["fields"]), what=what)
    if path.suffix.lower() == ".fgb":
        _require_sound(path, layer)
    try:
        table = read(use_arrow=True)
    except NotImplementedError:
        table = None
    if table is None or (path.suffix.lower() in _COUNTED and len(table) < info["features"]):
        table = read(use_arrow=False)
    for name, dtype in zip(info["fields"], info["dtypes"], strict=True):
        if str(dtype).startswith("datetime64"):
            table[name] = _as_times(table[name])
    return table


def _require_sound(path: Path, layer: str) -> None:
    """Refuse a damaged FlatGeobuf: its driver leaves off within a row, and where a value ends it says wrongly, which kills its reader."""
    import pyarrow as pa
    import pyogrio

    for column in pyogrio.read_arrow(path, layer=layer, datetime_as_string=True)[1].columns:
        for chunk in column.chunks:
            # Text as bytes: in what encoding it is is seen later.
            (chunk.view(pa.binary()) if pa.types.is_string(chunk.type) else chunk).validate(full=True)


def _as_times(text: pd.Series) -> pd.Series:
    """Times of one column; as text where some say their zone and others another or none, which a driver takes for UTC."""
    try:
        return pd.to_datetime(text, format="ISO8601")
    except ValueError:
        return text


def _said(path: Path, layer: str) -> int:
    """The number of rows that a file says it has."""
    import pyogrio

    return int(pyogrio.read_info(path, layer=layer, force_feature_count=True)["features"])


def _read_shapefile(path: Path, layer: str, encoding: str) -> gpd.GeoDataFrame:
    """A Shapefile's table; a head or a value of UTF-8 that its field cuts within a character loses that character.

    A head has ten bytes, three Chinese characters and a third: what QGIS leaves of 常住人口 is not UTF-8.
    """
    import pyogrio

    def read(codec: str) -> gpd.GeoDataFrame:
        return pyogrio.read_dataframe(path, layer=layer, encoding=codec, on_invalid="ignore", use_arrow=False)

    try:
        return read(encoding)
    except UnicodeDecodeError:
        if codecs.lookup(encoding).name != "utf-8":
            raise
    # As Latin-1, under the one name of it that GDAL takes, every byte is a character, and none is lost.
    table = read("ISO-8859-1")
    for name in table.columns:
        if pd.api.types.is_string_dtype(table[name]):
            table[name] = table[name].map(_whole_characters, na_action="ignore")
    return table.rename(
        columns={name: name if name == "geometry" else _whole_characters(name) for name in table.columns}
    )


def _whole_characters(read: str) -> str:
    """The UTF-8 that was read as Latin-1, without a character that is cut off at the end."""
    raw = read.encode("latin-1")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.reason != "unexpected end of data":
            raise
        return raw[: error.start].decode("utf-8")


def _require_plain(path: Path, what: str) -> None:
    """Refuse a path that pyogrio would take apart as an address: what it opens is not what was looked at."""
    from pyogrio.util import vsi_path

    if vsi_path(str(path)) != str(path):
        raise InputError(
            zh=f"{what} 的文件名或所在文件夹名含有 !、; 或控制字符，GDAL 会当作压缩包内的地址；请改名后再用。",
            en=f"{what}: its name, or that of a folder it lies in, holds !, ; or a control character, which GDAL takes for "
            "an address within an archive; rename it.",
        )


def require_shallow(geometries: Iterable[bytes]) -> None:
    """Refuse a file with geometries deep within each other, which a reader that goes into each of them does not survive."""
    if any(map(is_deep, geometries)):
        raise ValueError("deep")


def _require_kind(path: Path) -> None:
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


def _require_no_grids(path: Path, what: str) -> None:
    """Refuse a file whose CRS names files of shifts: PROJ opens what they are said to be, wherever it lies."""
    suffix = path.suffix.lower()
    texts: Iterable[bytes]
    if suffix == ".gpkg":
        texts = crs_definitions(path)
    elif suffix == ".shp":
        own = _companion(path, ".prj")
        texts = [] if own is None else [own.read_bytes()]
    elif suffix == ".gdb":
        texts = [text for table in path.glob("*.gdbtable") for text in texts_within(table)]
    else:
        texts = [path.read_bytes()]
    for text in texts:
        require_no_grids(text, what)


@contextlib.contextmanager
def _offline() -> Iterator[None]:
    """Read without the network: a GeoJSON may give its CRS as an address, which GDAL would ask.

    GDAL has no switch for it, and takes JSON that is none; but it goes through the proxy that it is told of, and curl knows
    none of this kind.
    """
    import pyogrio

    before = {name: pyogrio.get_gdal_config_option(name) for name in _OPTIONS}
    excepted = os.environ.get("no_proxy")
    pyogrio.set_gdal_config_options(_OPTIONS)
    # What is excepted from the proxy would be asked all the same.
    os.environ["no_proxy"] = "none.invalid"
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options(before)
        if excepted is None:
            del os.environ["no_proxy"]
        else:
            os.environ["no_proxy"] = excepted


@contextlib.contextmanager
def _decoding(what: str, path: Path) -> Iterator[None]:
    """Text that cannot be decoded is not damage: its encoding is to be named, where the format knows more than one."""
    try:
        yield
    except (UnicodeDecodeError, LookupError) as error:
        if path.suffix.lower() != ".shp":
            raise _not_utf8(what) from error
        raise InputError(
            zh=f"{what} 的文字无法解码；请用 encoding 指定编码，如 gb18030 或 utf-8。",
            en=f"{what}: its text cannot be decoded; name its encoding, such as gb18030 or utf-8.",
        ) from error


def _not_utf8(what: str) -> InputError:
    return InputError(
        zh=f"{what} 的文字不是 UTF-8（这种格式只用 UTF-8），多半是用 GBK 写入的；请在导出它的软件中选 UTF-8 重新导出，"
        "文本文件也可以用记事本另存为 UTF-8。",
        en=f"{what}: its text is not UTF-8, which is all that this format knows; GBK is likely. Export it again as UTF-8; "
        "a text file may be saved as UTF-8 in an editor too.",
    )


def as_utf8(frame: pd.DataFrame, what: str) -> tuple[pd.DataFrame, list[Text]]:
    """Text that is not UTF-8 as the GB 18030 that it is: Arrow hands it on as it stands in the file, and fails where it is looked at.

    Returns
    -------
    frame : pandas.DataFrame
    notes : list of Text
        How many rows hold such text, or a character of neither.
    """
    import pyarrow as pa

    in_gb, unread = (np.zeros(len(frame), dtype=np.bool_) for _ in range(2))
    for at, name in enumerate(frame.columns):
        column = frame.iloc[:, at]
        if isinstance(column.dtype, pd.CategoricalDtype):
            column = column.astype(column.cat.categories.dtype)
        if not isinstance(column.dtype, pd.StringDtype):
            continue
        held = pa.chunked_array(column.array.__arrow_array__())
        try:
            held.validate(full=True)
        except pa.ArrowInvalid:
            raw = held.cast(pa.large_binary()).to_pylist()
            read = [None if value is None else _utf8_or_gb(value) for value in raw]
            in_gb |= [text is not None and text.encode() != value for text, value in zip(read, raw, strict=True)]
            unread |= ["\ufffd" in (text or "") for text in read]
            frame = frame.assign(**{str(name): pd.array(read, dtype="str")})
    notes = [
        text_pair(f"load.{key}", file=what, count=int(rows.sum()), rows=rows_said(1 + np.flatnonzero(rows)))
        for key, rows in (("in_gb", in_gb & ~unread), ("unread_characters", unread))
        if rows.any()
    ]
    return frame, notes


def _utf8_or_gb(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("gb18030", errors="replace")


def _require_whole(path: Path, layer: str, read: int, what: str) -> None:
    """Refuse a file some of whose rows the driver passes over without a word.

    A Shapefile's .shx and .dbf must be of one number of records: the lower one is read. A geodatabase's index of rows tells
    no damaged row from a deleted one. MapInfo's rows end where those of one of its files do. Of a GeoJSON with a feature a line, a line that is not JSON is not a feature.
    """
    import pyogrio

    if path.suffix.lower() == ".shp":
        index, table = _companion(path, ".shx"), _companion(path, ".dbf")
        if index is None or table is None:
            lacks = _unreadable(path)
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
        if read != _said(path, layer) or _lacks_rows(path):
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
        return _companion(path, ".mid") is None
    index, table = _companion(path, ".id"), _companion(path, ".dat")
    if index is None or table is None or _companion(path, ".map") is None:
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


def _of_data(names: list[str]) -> list[str]:
    """The layers without the table in which QGIS keeps their styles."""
    return [name for name in names if name != "layer_styles"]


def _choose(names: list[str], layer: str | None, expected: Sequence[str], what: str) -> str:
    if layer is not None:
        if layer in names:
            return layer
        number = layer.removeprefix("layerid=")
        if number != layer and number.isdecimal() and int(number) < len(names):
            return names[int(number)]
    names = _of_data(names)
    if layer is not None:
        hint = nearest(layer, names)
        raise InputError(
            zh=f"{what} 中没有图层“{layer}”{hint.zh}有：{listed(names, 'zh')}。",
            en=f"{what} has no layer {layer!r}{hint.en} It has {listed(names, 'en')}.",
        )
    if len(names) == 1:
        return names[0]
    for name in expected:
        if name in names:
            return name
    if not names:
        raise InputError(zh=f"{what} 中没有图层。", en=f"{what} holds no layer.")
    raise InputError(
        zh=f"{what} 中有多个图层：{listed(names, 'zh')}；请指明一个：写成 {what}|layername={names[0]}，或在设置中写 layer。",
        en=f"{what} has several layers: {listed(names, 'en')}; name one: {what}|layername={names[0]}, or layer in the settings.",
    )


def _unreadable(path: Path) -> Text:
    if path.suffix.lower() == ".shp":
        missing = [ext for ext in (".shx", ".dbf") if not _companion(path, ext)]
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


def _companion(path: Path, extension: str) -> Path | None:
    for candidate in (path.with_suffix(extension), path.with_suffix(extension.upper())):
        if candidate.is_file():
            return candidate
    return None


def dbf_encoding(path: Path) -> str:
    """The encoding of a Shapefile's text: .cpg, then the DBF language byte, then UTF-8 if it all is, then GB 18030.

    Parameters
    ----------
    path
        The ``.shp``.

    Returns
    -------
    str
        A Python codec's name.
    """
    declared = _companion(path, ".cpg")
    if declared is not None:
        name = declared.read_text(encoding="ascii", errors="ignore").strip().lower()
        name = name.replace("ansi ", "cp").replace("oem ", "cp")
        name = {"65001": "utf-8", "936": "cp936"}.get(name, f"cp{name}" if name.isdigit() else name)
        with contextlib.suppress(LookupError):
            codec = codecs.lookup(name).name
            # GB 18030 holds all of GBK and GB 2312, and the rare characters of names that these lack.
            return "gb18030" if codec in _GB else codec
    table = _companion(path, ".dbf")
    if table is None:
        return "utf-8"
    data = table.read_bytes()
    if len(data) < 32:
        return "utf-8"
    return _LANGUAGE_BYTES.get(data[29]) or ("utf-8" if _dbf_is_utf8(data) else "gb18030")


def _dbf_is_utf8(data: bytes) -> bool:
    """Whether all text of a DBF is UTF-8, but for a character that the end of its field cuts."""
    header, record = int.from_bytes(data[8:10], "little"), int.from_bytes(data[10:12], "little")
    fields: list[tuple[int, int]] = []
    at, position = 32, 1
    texts: list[tuple[bytes, bool]] = []
    while at + 32 <= header and data[at] != 0x0D:
        texts.append((data[at : at + 10].split(b"\0")[0], True))
        fields.append((position, data[at + 16]))
        position += data[at + 16]
        at += 32
    for start in range(header, min(len(data), header + record * _SNIFF_RECORDS), max(record, 1)):
        for offset, width in fields:
            value = data[start + offset : start + offset + width]
            texts.append((value.rstrip(b" \0"), len(value.rstrip(b" \0")) >= width - 2))
    for value, full in texts:
        try:
            value.decode("utf-8")
        except UnicodeDecodeError as error:
            if not (full and error.reason == "unexpected end of data"):
                return False
    return True
