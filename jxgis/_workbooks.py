"""How far the sheets of a workbook reach, found before a reader makes a rectangle of their cells."""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from xml.parsers import expat

from jxgis._files import require_sane_zip
from jxgis.errors import InputError

__all__ = ["MOST_CELLS", "require_sane_workbook"]

MOST_CELLS = 50_000_000
"""Cells of a sheet from A1 to its last one: a reader makes a rectangle of them, whatever is in between."""

_CHUNK = 1 << 20
_PLACE = re.compile(rb"""\br\s{0,16}=\s{0,16}["']([A-Za-z]*)(\d+)["']""")
_LONGEST = 64
_PROBE_BYTES = 4 << 30
# How the probe ends by itself; any other end is the reader's.
_DAMAGED, _WIDE = 3, 4
_PROBE = f"""
import sys
try:
    import resource
    resource.setrlimit(resource.RLIMIT_AS, ({_PROBE_BYTES}, {_PROBE_BYTES}))
except (ImportError, ValueError, OSError):
    pass
import python_calamine
try:
    book = python_calamine.CalamineWorkbook.from_path(sys.argv[1])
    sheets = [book.get_sheet_by_name(name) for name in book.sheet_names]
except python_calamine.CalamineError:
    sys.exit({_DAMAGED})
if any(sheet.total_height * sheet.total_width > {MOST_CELLS} for sheet in sheets):
    sys.exit({_WIDE})
"""


def require_sane_workbook(path: Path, *, what: str) -> None:
    """Refuse a workbook that would take all memory, before a reader makes a rectangle of its cells.

    The cells' places in a sheet are looked at as they stand in the file, which can name the one that is far off. A file
    may lie in other ways (a sheet under another name, cells without a place, a false number of strings): it is opened in a
    process of its own first, which may fail without harm.

    Parameters
    ----------
    path
        The workbook.
    what
        The file, for the message.

    Raises
    ------
    InputError
        If a sheet reaches further than `MOST_CELLS`, it unpacks to more than the limits, or a reader of it ends without
        a word.
    zipfile.BadZipFile, xml.parsers.expat.ExpatError
        If it is damaged.
    """
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as book:
            require_sane_zip(book, what=what, packed=path.stat().st_size)
            for entry in book.infolist():
                # To the end, whatever it is: sizes and check sums that lie are found here.
                name = entry.filename.lower()
                if name == "content.xml":
                    # Where a sheet of OpenDocument breaks off, its reader seeks the end of a row for ever.
                    with book.open(entry) as stream:
                        expat.ParserCreate().ParseFile(stream)
                elif name.endswith(".xml") and "worksheets/" in name:
                    _require_sane_sheet(_chunks(book, entry), what)
                else:
                    for _ in _chunks(book, entry):
                        pass
    # -P: what lies in the working folder under the name of a module is not run.
    done = subprocess.run([sys.executable, "-P", "-c", _PROBE, str(path)], capture_output=True, check=False)
    if done.returncode == _WIDE:
        raise _too_wide(what, "")
    if done.returncode not in (0, _DAMAGED):
        raise InputError(
            zh=f"{what} 无法打开：读取它会耗尽内存或使程序中断，文件已损坏，或声明的大小与内容不符；"
            "请用 Excel 或 WPS 打开后另存为 xlsx。",
            en=f"{what} cannot be opened: a reader runs out of memory or breaks off; it is damaged, or its sizes are not "
            "what it declares. Open it and save it as xlsx again.",
        )


def _chunks(book: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Iterator[bytes]:
    with book.open(entry) as stream:
        while chunk := stream.read(_CHUNK):
            yield chunk


def _require_sane_sheet(chunks: Iterable[bytes], what: str) -> None:
    """Refuse a sheet whose last row times its last column is more than a reader can hold."""
    row, column, tail = 0, 0, b""
    for chunk in chunks:
        found = _PLACE.findall(tail + chunk)
        if found:
            row = max(row, *(int(number) for number in {number for _, number in found}))
            column = max(column, *(_column(letters) for letters in {letters for letters, _ in found}))
            if row * max(column, 1) > MOST_CELLS:
                raise _too_wide(what, f" {_letters(column)}{row}")
        tail = chunk[-_LONGEST:]


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = 26 * number + letter - 64
    return number


def _letters(column: int) -> str:
    letters = ""
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def _too_wide(what: str, place: str) -> InputError:
    return InputError(
        zh=f"{what} 的表格一直用到{place or '极远处'}，超过 {MOST_CELLS:,} 格，没有读取；多半是角落里有一个误填的值。"
        "请删除数据以外的行列，或把数据复制到新工作簿。",
        en=f"{what}: a sheet reaches to{place or ' far off'}, more than {MOST_CELLS:,} cells, and was not read; a stray "
        "value far off is likely. Delete the rows and columns beyond the data, or copy the data to a new workbook.",
    )
