"""A CSV by the columns that are used, its bytes taken as they stand: what is unusual in a file is left to the thorough reader."""

from __future__ import annotations

import codecs
import csv
import io
from typing import TYPE_CHECKING, BinaryIO, TypeAlias

import numpy as np

from jxgis._files import require_few_columns
from jxgis.load._columns import empty_rows
from jxgis.load._text import Sheet, counted_from, distinct_names, find_header

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from pathlib import Path

    import pyarrow as pa

__all__ = ["Picker", "read_used"]

Picker: TypeAlias = "Callable[[Sequence[str], str], Collection[str] | None]"
"""Of the columns of a file, and its name for messages, those that are used; None or none for all."""

_HEAD_BYTES = 500_000
_TAIL_BYTES = 1 << 16
_BLOCK_BYTES = 1 << 22
# In these no byte of a sign is a line end, a quote, a comma, a tab or a semicolon: fields can be told before they are decoded.
_CODECS = ("utf-8", "gb18030")
_ASCII_IN_GB = "|"


def read_used(path: Path, *, encoding: str | None, what: str, columns: Picker) -> Sheet | None:
    """Read some columns of a CSV, without ever holding the file.

    Parameters
    ----------
    path
        The file.
    encoding
        As for `_text.read_csv`.
    what
        The file, for messages.
    columns
        Which of them.

    Returns
    -------
    Sheet or None
        As `_text.read_csv` reads these columns. None where all are used, or where the whole of the file must be looked at to
        tell what stands in it: another encoding or two, values or a header of several lines, line ends of an old Mac, rows
        that cannot be split into fields or have nothing in these columns.
    """
    told = None if encoding is None else encoding.lower()
    with path.open("rb") as stream:
        codec = next((one for one in _CODECS if told in (None, one) and _is_all_in(stream, one)), None)
        return None if codec is None else _read(stream, codec, what, columns)


def _is_all_in(stream: BinaryIO, codec: str) -> bool:
    """Whether a whole file is in an encoding: the columns that are used may not tell, 一些 in GBK is UTF-8 as well."""
    decoder = codecs.getincrementaldecoder(codec)()
    stream.seek(0)
    data = stream.read(_BLOCK_BYTES).removeprefix(codecs.BOM_UTF8)
    try:
        while data:
            decoder.decode(data)
            data = stream.read(_BLOCK_BYTES)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _read(stream: BinaryIO, codec: str, what: str, columns: Picker) -> Sheet | None:
    import pyarrow as pa

    stream.seek(0)
    head = stream.read(_HEAD_BYTES)
    text = head.removeprefix(codecs.BOM_UTF8).decode(codec, errors="replace")
    if not text.strip() or "\0" in text:
        return None
    try:
        above, start, delimiter, header = find_header(text)
    except csv.Error:
        return None
    require_few_columns(len(header), what=what)
    lines = head.splitlines(keepends=True)[: text.count("\n", 0, start) + 1]
    begin = sum(map(len, lines))
    if any("\n" in name for name in header) or (codec != "utf-8" and delimiter == _ASCII_IN_GB):
        return None
    names = distinct_names(header)
    used = columns(names, what)
    if not used or not all(line.endswith(b"\n") for line in lines):
        return None
    part = _Part(stream, begin, _end_of_rows(stream))
    places = [at for at, name in enumerate(names) if name in used]
    table = _parsed(part, len(names), places, delimiter, codec)
    if table is None or part.lone_returns or part.line_ends >= table.num_rows:
        return None
    texts = [_decoded(column, codec) for column in table.columns]
    frame = pa.table(texts, names=[names[at] for at in places]).to_pandas()
    if empty_rows(frame).any():
        return None
    left = tuple(name for name in names if name not in used)
    return Sheet(frame, np.arange(1, len(frame) + 1, dtype=np.int64), (), counted_from(above, what), left)


def _end_of_rows(stream: BinaryIO) -> int:
    """Where the last row ends: blank lines after it are none."""
    end = stream.seek(0, io.SEEK_END)
    while end:
        begin = max(end - _TAIL_BYTES, 0)
        stream.seek(begin)
        filled = len(stream.read(end - begin).rstrip(b"\r\n"))
        if filled:
            return begin + filled
        end = begin
    return 0


class _Part(io.RawIOBase):
    """Part of a file, whose line ends are counted as it is read."""

    def __init__(self, stream: BinaryIO, begin: int, end: int) -> None:
        super().__init__()
        self._stream, self._left = stream, max(end - begin, 0)
        self._last = b""
        self.line_ends = self.lone_returns = 0
        stream.seek(begin)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]  # of memory that can be written to
        data = self._stream.read(min(len(buffer), self._left))
        self._left -= len(data)
        self.line_ends += data.count(b"\n")
        self.lone_returns += data.count(b"\r") - (self._last + data).count(b"\r\n")
        self._last = data[-1:] if data.endswith(b"\r") else b""
        buffer[: len(data)] = data
        return len(data)


def _parsed(part: _Part, width: int, used: Sequence[int], delimiter: str, codec: str) -> pa.Table | None:
    """The used columns, of GBK as bytes; None where a row has too few or too many fields."""
    import pyarrow as pa
    import pyarrow.csv as arrow_csv

    names = [str(at) for at in range(width)]
    parse = arrow_csv.ParseOptions(delimiter=delimiter, newlines_in_values=True, ignore_empty_lines=False)
    kind = pa.string() if codec == "utf-8" else pa.binary()
    convert = arrow_csv.ConvertOptions(
        column_types=dict.fromkeys(names, kind),
        include_columns=[names[at] for at in used],
        null_values=[""],
        strings_can_be_null=True,
    )
    # One thread takes half the time of two.
    options = arrow_csv.ReadOptions(use_threads=False, block_size=_BLOCK_BYTES, column_names=names)
    try:
        return arrow_csv.read_csv(part, options, parse, convert)
    except pa.ArrowInvalid:
        return None


def _decoded(column: pa.ChunkedArray, codec: str) -> pa.ChunkedArray | pa.Array:
    """Text of bytes, each that differs once."""
    import pyarrow as pa

    if pa.types.is_string(column.type) or all(_is_ascii(chunk) for chunk in column.chunks):
        return column.cast(pa.string())
    coded = column.combine_chunks().dictionary_encode()
    # No value holds a line end: files with values of several lines are not read here.
    texts = b"\n".join(coded.dictionary.to_pylist()).decode(codec).split("\n")
    return pa.array(texts, type=pa.string()).take(coded.indices)


def _is_ascii(chunk: pa.Array) -> bool:
    data = chunk.buffers()[2]
    return data is None or data.to_pybytes().isascii()
