"""CSV as tables of text: every code, number and time stays as the file writes it."""

from __future__ import annotations

import codecs
import csv
import io
import itertools
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from jxgis._files import reading, require_few_columns
from jxgis.errors import InputError
from jxgis.i18n import Text, rows_said, text_pair

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

__all__ = [
    "BrokenRow",
    "Sheet",
    "counted_from",
    "decode",
    "distinct_names",
    "empty_file",
    "filled_cells",
    "find_header",
    "head_row",
    "read_csv",
    "unit_above",
]

_CSV = Text(
    zh="无法按 CSV 读取：没有表头和数据行，或引号不成对；请用 Excel 或 WPS 另存为 CSV UTF-8。",
    en="cannot be read as CSV: it has no header and rows, or a quote is not closed; save it as CSV UTF-8 again.",
)
_BLOCK_BYTES = 1 << 24
_HEADER_SEARCH = 10
_HEAD_BYTES = 1000
# 单位：米, but not who fills it in (填报单位), nor several units.
_UNIT = re.compile(r"(?:^|\W|计量|数量)单位\s*[:：]\s*([^\s,，;；|()（）、/]++)(?!\s*[、/])", re.MULTILINE)
_REMARK = re.compile(r"\s*\w{0,4}(单位|日期|时间|人|电话)\s*[:：]")
_BLANK = "\r\n\t ,;\ufeff"
# By which Excel is told what parts the fields.
_SAID = re.compile(r'"?sep=([,;|\t])"?[,;|\t]*\r?\n', re.IGNORECASE)


class BrokenRow(NamedTuple):
    """A row that could not be split into the fields of the header: source row, its fields, and those of the header."""

    row: int
    fields: int
    expected: int


@dataclass(frozen=True, slots=True)
class Sheet:
    """Text as it was read.

    Parameters
    ----------
    frame
        Columns of text; a missing value is NaN.
    row
        (n,) source row of each row, 1 = first data row.
    broken
        Rows with too few or too many fields.
    notes
        For people.
    left
        Columns that were not asked for, and not read.
    unit
        In what its numbers are, as a line above its head says.
    """

    frame: pd.DataFrame
    row: NDArray[np.int64]
    broken: tuple[BrokenRow, ...] = ()
    notes: tuple[Text, ...] = field(default=())
    left: tuple[str, ...] = ()
    unit: str = ""


def decode(data: bytes, *, encoding: str | None, what: str) -> str:
    """Decode text: as told, else by its byte order mark, else as UTF-8, else as GB 18030.

    Parameters
    ----------
    data
        The bytes.
    encoding
        A codec's name; None to find out.
    what
        The file, for the message.

    Returns
    -------
    str

    Raises
    ------
    InputError
        If the encoding is unknown, or the bytes are not in it.

    Examples
    --------
    >>> decode("三水湾".encode("gb18030"), encoding=None, what="a.csv")
    '三水湾'
    """
    if encoding is not None:
        try:
            text = data.decode(encoding).removeprefix("\ufeff")
            # What some codecs give is half a character, which no text can hold.
            text.encode()
        except (UnicodeDecodeError, UnicodeEncodeError) as error:
            raise InputError(
                zh=f"{what} 不是 {encoding} 编码（第 {error.start} 字节起无法解读）；请给出正确的 encoding，或不指定。",
                en=f"{what} is not in {encoding} (byte {error.start} cannot be read); give the right encoding, or none.",
            ) from None
        except (LookupError, ValueError):
            # A codec that is there for no text, or a name that is none.
            raise InputError(
                zh=f"不认识编码“{encoding}”；请用 utf-8、gb18030 等。",
                en=f"Unknown encoding {encoding!r}; use utf-8, gb18030 or another codec's name.",
            ) from None
        return text
    of_two_bytes = _utf16(data)
    for codec in [of_two_bytes] if of_two_bytes else ["utf-8", "gb18030"]:
        found = _read_as(data.removeprefix(codecs.BOM_UTF8), codec)
        if found is not None:
            return found
    raise _unknown_encoding(what)


def _utf16(data: bytes) -> str | None:
    """Which UTF-16 a text is in, by its byte order mark, else by the zero bytes of its digits and signs; None for none."""
    if data[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        return "utf-16"
    high, low = (data[at:_HEAD_BYTES:2].count(0) for at in (0, 1))
    if 10 * max(high, low) < len(data[:_HEAD_BYTES:2]) or 10 * min(high, low) > max(high, low):
        return None
    return "utf-16-le" if low > high else "utf-16-be"


def _read_as(data: bytes, codec: str) -> str | None:
    """Text in one encoding; None where it is not."""
    try:
        return data.decode(codec)
    except UnicodeDecodeError:
        return None


def _unknown_encoding(what: str) -> InputError:
    return InputError(
        zh=f"{what} 的编码无法识别（不是 UTF-8，也不是 GB18030）；请另存为 UTF-8，或用 encoding 指定。",
        en=f"{what}: unknown encoding (neither UTF-8 nor GB 18030); save it as UTF-8, or name its encoding.",
    )


def _decode_lines(data: bytes, what: str) -> tuple[str, bool]:
    """Decode a text that as a whole is in no encoding: each line in its own, as joined files have them.

    A byte that cannot be read becomes �; in neither encoding is a line end part of a character.

    Returns
    -------
    text : str
    joined : bool
        Whether there are lines of both encodings.

    Raises
    ------
    InputError
        If more than one line in twenty (but for a single one) is in neither, or half of what stands in those.
    """
    lines = data.removeprefix(codecs.BOM_UTF8).split(b"\n")
    utf8, gb = ([_read_as(line, codec) for line in lines] for codec in ("utf-8", "gb18030"))
    ascii_only = [line.isascii() for line in lines]
    valid = sum(text is not None and not plain for text, plain in zip(utf8, ascii_only, strict=True))
    # By chance a line of two signs of GBK is UTF-8, one in fifty; a line of UTF-8 is GBK more often than not.
    first = any(a is not None and b is None for a, b in zip(utf8, gb, strict=True)) or 2 * valid > ascii_only.count(
        False
    )
    read: list[str] = []
    broken: list[str] = []
    in_gb = 0
    for line, a, b, plain in zip(lines, utf8, gb, ascii_only, strict=True):
        if a is not None and (first or plain):
            read.append(a.removeprefix("\ufeff"))
        # A broken line of UTF-8 is, in GB 18030, made of signs that nobody writes.
        elif b is not None and (not first or _read_as(b.encode("gb18030"), "gb2312") is not None):
            read.append(b)
            in_gb += 1
        else:
            read.append(line.decode("utf-8" if first else "gb18030", errors="replace"))
            broken.append(read[-1])
    signs = "".join(broken)
    if len(broken) > max(1, len(lines) / 20) or 2 * signs.count("\ufffd") > len(signs):
        raise _unknown_encoding(what)
    return "\n".join(read), bool(first and in_gb)


def _text_of(path: Path, encoding: str | None, what: str) -> tuple[str, bool, bool]:
    """The text of a CSV, its lines ended alike; whether it was decoded line by line, and is joined of two encodings."""
    data = path.read_bytes()
    by_line = joined = False
    try:
        text = decode(data, encoding=encoding, what=what)
    except InputError:
        if encoding is not None or _utf16(data):
            raise
        text, joined = _decode_lines(data, what)
        by_line = True
    # The start first: a copy of a whole export costs a second.
    if not text[:10_000].strip(_BLANK) and not text.strip(_BLANK):
        raise empty_file(what)
    if text.count("\r") != text.count("\r\n"):
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text, by_line, joined


def read_csv(path: Path, *, encoding: str | None, what: str) -> Sheet:
    """Read a CSV, every field as text.

    Parameters
    ----------
    path
        ``.csv``, ``.txt``, ``.tsv``; separated by comma, tab, semicolon or ``|``, as a first
        line ``sep=;`` may say; lines may end as on Windows, Unix or an old Mac.
    encoding
        As for `decode`; None also reads files joined of two encodings, and those with a broken character (shown as �).
    what
        The file, for messages.

    Returns
    -------
    Sheet
        Its header is the first row that fills more than half of the widest of the first ten: titles above it do no harm.

    Raises
    ------
    InputError
        If the file is empty, cut off, or in an unknown encoding.
    """
    import pyarrow as pa
    import pyarrow.csv as arrow_csv

    text, by_line, joined = _text_of(path, encoding, what)
    with reading(what, _CSV):
        above, start, delimiter, header = find_header(text)
    require_few_columns(len(header), what=what)
    # Arrow reads UTF-8 only. A blank line between rows is an empty row, as in a workbook, so that no number shifts.
    raw = (text[start:].rstrip("\r\n") + "\n").encode()
    _refuse_swallowed_by_head(header, delimiter, what)
    parse = arrow_csv.ParseOptions(delimiter=delimiter, newlines_in_values=True, ignore_empty_lines=False)
    convert = arrow_csv.ConvertOptions(
        column_types=dict.fromkeys(header, pa.string()), null_values=[""], strings_can_be_null=True
    )

    swallowing: list[int] = []
    row = whole_row(len(header), delimiter)

    def read(*, threads: bool) -> tuple[pa.Table, list[BrokenRow]]:
        broken: list[BrokenRow] = []
        swallowing.clear()

        def handle(invalid: arrow_csv.InvalidRow) -> str:
            number = (invalid.number or 0) - 1
            broken.append(BrokenRow(number, invalid.actual_columns, invalid.expected_columns))
            if invalid.text.count('"') % 2 and re.search(row, invalid.text):
                swallowing.append(number)
            return "skip"

        parse.invalid_row_handler = handle
        options = arrow_csv.ReadOptions(use_threads=threads, block_size=_BLOCK_BYTES)
        with reading(what, _CSV):
            return arrow_csv.read_csv(io.BytesIO(raw), options, parse, convert), broken

    table, broken = read(threads=True)
    if broken:
        # Only a single thread knows the numbers of the broken rows.
        table, broken = read(threads=False)
    if swallowing:
        raise _not_closed(what, swallowing[0])
    table = table.rename_columns(distinct_names(table.column_names))
    numbers = np.arange(1, table.num_rows + len(broken) + 1, dtype=np.int64)
    numbers = np.delete(numbers, [line.row - 1 for line in broken])
    if raw.count(b"\n") > 1 + len(numbers) + len(broken):
        _refuse_swallowed(table, numbers, raw, row, what)
    frame = table.to_pandas()
    notes = _unread(frame, numbers, what, joined=joined) if by_line else ()
    return Sheet(
        frame, numbers, tuple(broken), (*counted_from(above, what), *notes), unit=unit_above(text[:start], delimiter)
    )


def unit_above(text: str, delimiter: str = ",") -> str:
    """The unit that the lines above a head say; nothing where they say none, or several.

    Examples
    --------
    >>> unit_above("燃气管网改造（单位：米）"), unit_above("填报单位：区住建局,单位：,公里"), unit_above("单位：公里、个")
    ('米', '公里', '')
    """
    found = _UNIT.search(text.replace(delimiter, " "))
    return found[1].strip('"') if found else ""


def whole_row(columns: int, delimiter: str) -> str:
    r"""What is found in a value that holds a line as wide as a row: a quote before it may not be closed.

    Examples
    --------
    >>> [bool(re.search(whole_row(3, ","), value)) for value in ("a\nb,c", "a\nb,c,d")]
    [False, True]
    """
    one = re.escape(delimiter)
    return f"\\n(?:[^\\n{one}]*{one}){{{max(columns - 1, 1)},}}"


def counted_from(above: int, what: str) -> tuple[Text, ...]:
    """Which line of a sheet the first row of data is, where more than the header stands above it."""
    lines = {"head": above + 1, "first": above + 2, "second": above + 3}
    return (text_pair("load.rows_from", file=what, **lines),) if above else ()


def _unread(frame: pd.DataFrame, numbers: NDArray[np.int64], what: str, *, joined: bool) -> tuple[Text, ...]:
    """What is said of a file whose lines were decoded one by one."""
    notes = [text_pair("load.joined", file=what)] if joined else []
    holds = np.zeros(len(frame), dtype=bool)
    for name in frame:
        holds |= frame[name].str.contains("\ufffd", regex=False, na=False).to_numpy(dtype=bool)
    if holds.any():
        notes.append(
            text_pair("load.unread_characters", file=what, count=int(holds.sum()), rows=rows_said(numbers[holds]))
        )
    return tuple(notes)


def _refuse_swallowed(table: pa.Table, numbers: NDArray[np.int64], raw: bytes, row: str, what: str) -> None:
    """Refuse a value that holds a whole row: its quote is not closed, and the rows up to the next quote stand in it.

    One that is meant stands between two quotes in the file, those in it doubled.
    """
    import pyarrow.compute as pc

    for name in table.column_names:
        column, seen = table[name], 0
        holds = pc.match_substring_regex(column, row).fill_null(False)
        for at in pc.indices_nonzero(holds).to_pylist():
            written = '"{}"'.format(column[at].as_py().replace('"', '""')).encode()
            found = raw.find(written, seen)
            if found < 0:
                raise _not_closed(what, int(numbers[at]))
            seen = found + len(written)


def _refuse_swallowed_by_head(header: Sequence[str], delimiter: str, what: str) -> None:
    """Refuse a head that holds rows: a line of it has as many fields as stand before it."""
    for place, name in enumerate(header):
        if any(line.count(delimiter) >= max(place, 1) for line in name.splitlines()[1:]):
            raise InputError(
                zh=f"{what} 的表头有一个引号没有闭合，后面的行都被读进了列名；请补上或去掉这个引号。",
                en=f"{what}: a quote in its header is not closed, and the rows after it are taken for the name of a column; "
                "close it, or take it out.",
            )


def _not_closed(what: str, row: int) -> InputError:
    return InputError(
        zh=f"{what} 第 {row} 行有一个引号没有闭合，后面的行都被读进了同一格；请补上或去掉这个引号。",
        en=f"{what}, row {row}: a quote is not closed, and the rows after it are taken for one value; close it, or take it "
        "out.",
    )


def find_header(text: str) -> tuple[int, int, str, list[str]]:
    """Where the table of a text begins.

    Returns
    -------
    above : int
        Lines above its header, as a sheet shows them: Excel does not show ``sep=;``.
    start : int
        Where in the text the header begins.
    delimiter : str
        The one by which the header is as wide as a row, comes first, and then has most names.
    header : list of str
    """
    blank = len(text) - len(text.lstrip("\r\n"))
    said = _SAID.match(text, blank)
    skipped = said.end() if said else blank
    lines = list(io.StringIO(text[skipped : skipped + 100_000], newline="\n"))
    # A mark of joined and of twice saved files is no part of a name; Arrow takes it off as well.
    bare = [line.lstrip("\ufeff") for line in lines]
    best: tuple[tuple[bool, bool, int, int], str, list[str], int] | None = None
    for delimiter in said[1] if said else ",\t;|":
        reader = csv.reader(bare, delimiter=delimiter)
        rows, begins = [], [0]
        for row in itertools.islice(reader, _HEADER_SEARCH):
            rows.append(row)
            begins.append(reader.line_num)
        found = head_row(rows)
        top = found or 0
        alone = sum(len(row) == len(rows[top]) for row in rows) == 1
        rank = (found is None, alone, top, -len(rows[top]))
        if best is None or rank < best[0]:
            best = rank, delimiter, rows[top], begins[top]
    if best is None:
        raise AssertionError("no delimiter was tried")
    (_, _, top, _), delimiter, header, line = best
    start = skipped + sum(map(len, lines[:line])) + len(lines[line]) - len(bare[line])
    return text.count("\n", 0, blank) + top, start, delimiter, header


def head_row(rows: Sequence[Sequence[object]]) -> int | None:
    """The header among the first rows: the first that fills more than half of the widest; a title, a date fill a cell or two.

    Of three and more rows the widest but one: a single one may be broken into too many fields. 单位：公里 and 填表人：… count as none.
    """
    filled = [
        sum(not _REMARK.match(str(cell)) for cell in row if cell is not None and cell != "")
        for row in rows[:_HEADER_SEARCH]
    ]
    widest = sorted(filled)[-2:][0] if len(filled) > 2 else max(filled, default=0)
    return next((at for at, count in enumerate(filled) if count > 1 and 2 * count > widest), None)


def distinct_names(names: Iterable[str]) -> list[str]:
    """Column names, trimmed, each once: a second 街道 becomes 街道_2."""
    seen: dict[str, int] = {}
    result = []
    for position, given in enumerate(names, 1):
        name = str(given).strip().removeprefix("\ufeff") or f"column_{position}"
        seen[name] = seen.get(name, 0) + 1
        result.append(name if seen[name] == 1 else f"{name}_{seen[name]}")
    return result


def empty_file(what: str) -> InputError:
    """What is said of a file in which nothing stands."""
    return InputError(zh=f"{what} 是空文件。", en=f"{what} is empty.")


def filled_cells(row: Sequence[object]) -> int:
    """How many cells of a row hold anything."""
    return sum(value is not None and value != "" for value in row)
