"""A CSV by the columns that are used, its bytes taken as they stand: what is unusual in a file is left to the thorough reader."""

from __future__ import annotations

import codecs
import csv
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, TypeAlias

import numpy as np

from jxgis._files import require_few_columns
from jxgis.load._text import Sheet, counted_from, distinct_names, find_header, whole_row

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence
    from pathlib import Path

    import pandas as pd
    import pyarrow as pa
    import pyarrow.csv as arrow_csv
    from numpy.typing import NDArray

    from jxgis.i18n import Text

__all__ = ["Picker", "Unusual", "read_used", "used_batches"]

Picker: TypeAlias = "Callable[[Sequence[str], str], Collection[str] | None]"
"""Of the columns of a file, and its name for messages, those that are used; None or none for all."""


class Unusual(Exception):  # noqa: N818  # no error: another reader is asked
    """A file of which not each row can be taken as it stands."""


_HEAD_BYTES = 500_000
_TAIL_BYTES = 1 << 16
_BLOCK_BYTES = 1 << 20
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
        tell what stands in it: another encoding or two, a header of several lines, a value of several that holds a whole row,
        line ends of an old Mac, rows that cannot be split into fields, or have something in other columns and nothing in these.
    """
    try:
        (sheet,) = used_batches(path, encoding=encoding, what=what, columns=columns, rows=None)
    except Unusual:
        return None
    return sheet


def used_batches(path: Path, *, encoding: str | None, what: str, columns: Picker, rows: int | None) -> Iterator[Sheet]:
    """Read some columns of a CSV, so many rows at a time.

    Parameters
    ----------
    path, encoding, what, columns
        As for `read_used`.
    rows
        How many; None for all at once.

    Yields
    ------
    Sheet
        The rows in their order, each with its number in the file.

    Raises
    ------
    Unusual
        Where `read_used` returns None; rows may have been given by then.
    """
    told = None if encoding is None else encoding.lower()
    with path.open("rb") as stream:
        codec = next((one for one in _CODECS if told in (None, one) and _is_all_in(stream, one)), None)
        begun = None if codec is None else _begin(stream, codec, what, columns)
        if begun is None:
            raise Unusual
        first = 1
        for frame in _frames(stream, begun, rows):
            number = np.arange(first, first + len(frame), dtype=np.int64)
            yield Sheet(frame, number, (), begun.notes, begun.left)
            first += len(frame)
        if first == 1:
            raise Unusual


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


@dataclass(frozen=True, slots=True)
class _Begun:
    """A CSV whose header was read: where its rows begin, how they part, and which of its columns are used."""

    begin: int
    delimiter: str
    codec: str
    names: list[str]
    places: list[int]
    left: tuple[str, ...]
    notes: tuple[Text, ...]

    def frame(self, table: pa.Table) -> pd.DataFrame:
        """The used columns as text."""
        import pyarrow as pa

        texts = [_decoded(column, self.codec) for column in table.columns]
        frame: pd.DataFrame = pa.table(texts, names=[self.names[at] for at in self.places]).to_pandas()
        return frame

    def opened(self, part: _Part, places: Sequence[int]) -> arrow_csv.CSVStreamingReader:
        """Its rows, some columns of each, of GBK as bytes, block by block; ArrowInvalid where a row has too few or too many fields."""
        import pyarrow as pa
        import pyarrow.csv as arrow_csv

        names = [str(at) for at in range(len(self.names))]
        parse = arrow_csv.ParseOptions(delimiter=self.delimiter, newlines_in_values=True, ignore_empty_lines=False)
        kind = pa.large_string() if self.codec == "utf-8" else pa.large_binary()
        convert = arrow_csv.ConvertOptions(
            column_types=dict.fromkeys(names, kind),
            include_columns=[names[at] for at in places],
            null_values=[""],
            strings_can_be_null=True,
        )
        # One thread takes half the time of two.
        options = arrow_csv.ReadOptions(use_threads=False, block_size=_BLOCK_BYTES, column_names=names)
        return arrow_csv.open_csv(part, options, parse, convert)


def _begin(stream: BinaryIO, codec: str, what: str, columns: Picker) -> _Begun | None:
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
    if any("\n" in name for name in header) or (codec != "utf-8" and delimiter == _ASCII_IN_GB):
        return None
    names = distinct_names(header)
    used = columns(names, what)
    if not used or not all(line.endswith(b"\n") for line in lines):
        return None
    places = [at for at, name in enumerate(names) if name in used]
    left = tuple(name for name in names if name not in used)
    return _Begun(sum(map(len, lines)), delimiter, codec, names, places, left, counted_from(above, what))


def _frames(stream: BinaryIO, begun: _Begun, rows: int | None) -> Iterator[pd.DataFrame]:
    """The rows, so many at a time; all at once where it is not said how many."""
    import pyarrow as pa

    end = _end_of_rows(stream)
    part = _Part(stream, begun.begin, end)
    read, held, blank, waiting = 0, 0, False, []
    try:
        for batch in begun.opened(part, begun.places):
            waiting.append(batch)
            held += batch.num_rows
            read += batch.num_rows
            blank = blank or bool(_blank(batch.columns).any())
            while rows is not None and held >= rows:
                table = pa.Table.from_batches(waiting)
                yield begun.frame(table.slice(0, rows))
                waiting, held = table.slice(rows).to_batches(), held - rows
    except pa.ArrowInvalid:
        raise Unusual from None
    asked = blank or part.line_ends >= read
    if part.lone_returns or (asked and _others_tell(begun, _Part(stream, begun.begin, end))):
        raise Unusual
    if held:
        yield begun.frame(pa.Table.from_batches(waiting))


def _others_tell(begun: _Begun, part: _Part) -> bool:
    """Whether the columns that are not used tell more of a row.

    A value of several lines may hold one as wide as a row, so that its quote may have been forgotten; and a row that holds
    nothing in the used columns may hold something in others.
    """
    import pyarrow.compute as pc

    row = whole_row(len(begun.names), begun.delimiter)
    for batch in begun.opened(part, range(len(begun.names))):
        if (_blank([batch.columns[at] for at in begun.places]) & ~_blank(batch.columns)).any():
            return True
        for column in batch.columns:
            _, _, data = column.buffers()
            lines = data is not None and b"\n" in data.to_pybytes()
            if lines and pc.any(pc.match_substring_regex(column, row)).as_py():
                return True
    return False


def _blank(columns: Sequence[pa.Array]) -> NDArray[np.bool_]:
    """Which rows hold nothing in any of the columns."""
    empty = np.ones(len(columns[0]), dtype=np.bool_)
    for column in columns:
        if not column.null_count:
            return np.zeros_like(empty)
        empty &= column.is_null().to_numpy(zero_copy_only=False)
    return empty


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


def _decoded(column: pa.ChunkedArray, codec: str) -> pa.ChunkedArray | pa.Array:
    """Text of bytes, each that differs once."""
    import pyarrow as pa

    if pa.types.is_large_string(column.type) or all(_is_ascii(chunk) for chunk in column.chunks):
        return column.cast(pa.large_string())
    coded = column.combine_chunks().dictionary_encode()
    texts = [value.decode(codec) for value in coded.dictionary.to_pylist()]
    return pa.array(texts, type=pa.large_string()).take(coded.indices)


def _is_ascii(chunk: pa.Array) -> bool:
    data = chunk.buffers()[2]
    return data is None or data.to_pybytes().isascii()
