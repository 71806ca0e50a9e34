"""In which encoding the text of a vector file is: declared, told by the bytes, or not the one that its format knows."""

from __future__ import annotations

import codecs
import contextlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from jxgis.errors import InputError
from jxgis.i18n import Text, rows_said, text_pair
from jxgis.load._intact import companion

__all__ = ["as_utf8", "dbf_encoding", "decoding", "whole_characters"]

# The DBF language bytes that name a Chinese code page; 0x00, 0x03 and 0x57 are written whatever the text is in.
_LANGUAGE_BYTES = {0x4D: "gb18030", 0x7A: "gb18030", 0x4F: "big5hkscs", 0x78: "big5hkscs"}
_GB = {"gb2312", "gbk", "cp936", "gb18030"}
_SNIFF_RECORDS = 2000


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
    declared = companion(path, ".cpg")
    if declared is not None:
        name = declared.read_text(encoding="ascii", errors="ignore").strip().lower()
        name = name.replace("ansi ", "cp").replace("oem ", "cp")
        name = {"65001": "utf-8", "936": "cp936"}.get(name, f"cp{name}" if name.isdigit() else name)
        with contextlib.suppress(LookupError):
            codec = codecs.lookup(name).name
            # GB 18030 holds all of GBK and GB 2312, and the rare characters of names that these lack.
            return "gb18030" if codec in _GB else codec
    table = companion(path, ".dbf")
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


def whole_characters(read: str) -> str:
    """The UTF-8 that was read as Latin-1, without a character that is cut off at the end."""
    raw = read.encode("latin-1")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.reason != "unexpected end of data":
            raise
        return raw[: error.start].decode("utf-8")


@contextlib.contextmanager
def decoding(what: str, path: Path) -> Iterator[None]:
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
