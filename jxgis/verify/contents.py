"""A file of a result as tables of its values, whatever kind of file it is, and however little it is to be trusted."""

from __future__ import annotations

import contextlib
import csv
import hashlib
import json
import re
import sqlite3
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from html.parser import HTMLParser
from itertools import count, islice
from pathlib import Path
from typing import Any, NamedTuple
from urllib.request import pathname2url

from jxgis._files import reading, require_ordinary, require_sane_zip
from jxgis._workbooks import require_sane_workbook
from jxgis.errors import InputError
from jxgis.i18n import Text
from jxgis.schema.files import BASEMAP_KEY
from jxgis.schema.tables import table, tables

__all__ = ["Grid", "Limits", "beside_values", "contents", "is_read", "numbers_in"]

_NUMBER = re.compile(r"\d+(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
_DAMAGED = Text(zh="已损坏，或不是它的扩展名所说的文件。", en="is damaged, or not a file of its ending.")
# What a view or a damaged page of a database may make it do, in steps of its machine.
_STEPS, _MOST_STEPS = 1_000_000, 5_000
_LONGEST_VALUE = 1 << 28
_WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_DRAWING = "{http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing}"
_CORE = "{http://purl.org/dc/elements/1.1/}"
# Parts of a document beside its body that hold words.
_BESIDE = re.compile(r"word/(?:header|footer|footnotes|endnotes|comments)\d*\.xml|docProps/core\.xml")
# Columns of what is not a table: where a value stands, and the value.
_NAMED = ("", "")
_SENTENCE = re.compile("[^。；！？]+[。；！？]?")
_FOOT = re.compile(r"— \d+ —")
_PIECE = re.compile(r"[^,;\n]+[,;\n]?")


class Grid(NamedTuple):
    """One table of a file: its columns, its rows, and which columns name a row."""

    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]
    keys: Sequence[int] = ()


class Limits(NamedTuple):
    """How much of a file is read: its bytes, packed or not, and its rows."""

    size: int
    rows: int


def numbers_in(value: object) -> int:
    """How many numbers a value holds: itself, or those in a text.

    Examples
    --------
    >>> numbers_in(3.5), numbers_in("6,436 件，占 10.0 %"), numbers_in(None), numbers_in(True), numbers_in(b"1")
    (1, 2, 0, 0, 0)
    """
    if isinstance(value, str):
        return sum(1 for _ in _NUMBER.finditer(value))
    return int(isinstance(value, (int, float)) and not isinstance(value, bool))


def is_read(name: str) -> bool:
    """Whether the values of such a file are read: of others it is asked whether they are the same, byte for byte."""
    return Path(name).suffix.lower() in _READERS


def contents(path: Path, limits: Limits) -> dict[str, Grid]:
    """The tables of a file, by name.

    Parameters
    ----------
    path
        The file; it need not be what its ending says.
    limits
        Where reading ends: what the file that it is compared with makes likely.

    Raises
    ------
    InputError
        If it cannot be read, or holds more.
    """
    require_ordinary(path)
    if path.stat().st_size > limits.size:
        raise _too_large(path)
    with reading(path.name, _DAMAGED):
        # SQLite takes a file without a byte for a database without a table.
        if path.stat().st_size == 0:
            raise ValueError("empty")
        return _READERS[path.suffix.lower()](path, limits)


def beside_values(was: Path, now: Path) -> list[str]:
    """What differs of two files whose values are the same: a formula, what is hidden, a mark on each page.

    Parameters
    ----------
    was, now
        Files that ``contents`` has read, and that are not the same byte for byte.

    Returns
    -------
    list of str
        Parts of an Office file, by name; an empty name is the file itself. Of data the values are all that counts, and
        a PDF in other faces is laid out otherwise.
    """
    kind = now.suffix.lower()
    if kind in (".docx", ".xlsx"):
        there, made = _members(was), _members(now)
        return sorted({name for name, _ in (there - made) + (made - there)})
    return [""] if kind == ".pdf" and _faces(was) == _faces(now) else []


def _members(path: Path) -> Counter[tuple[str, str]]:
    """The parts of a packed file, each with its hash."""
    with zipfile.ZipFile(path) as packed:
        return Counter((entry.filename, hashlib.sha256(packed.read(entry)).hexdigest()) for entry in packed.infolist())


def _faces(path: Path) -> set[str]:
    from pypdf import PdfReader

    with reading(path.name, _DAMAGED):
        every: list[Any] = [page["/Resources"].get_object() for page in PdfReader(path).pages]
        return {
            str(font.get_object()["/BaseFont"]).rpartition("+")[2]
            for resources in every
            for font in resources.get("/Font", {}).values()
        }


def _too_large(path: Path) -> InputError:
    return InputError(
        zh=f"{path.name} 比重算的文件大得多，没有读取。",
        en=f"{path.name} is much larger than what is made again, and was not read.",
    )


def _held(rows: Iterator[Sequence[Any]], path: Path, limits: Limits) -> list[Sequence[Any]]:
    found = list(islice(rows, limits.rows + 1))
    if len(found) > limits.rows:
        raise _too_large(path)
    return found


def _json(path: Path, _: Limits) -> dict[str, Grid]:
    return {"": Grid(_NAMED, list(_flat(json.loads(path.read_text(encoding="utf-8")), "")), [0])}


def _flat(value: Any, place: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _flat(item, f"{place}.{key}" if place else str(key))
    elif isinstance(value, list):
        yield f"{place}[]", len(value)
        for at, item in enumerate(value):
            yield from _flat(item, f"{place}[{at}]")
    else:
        yield place, value


def _csv(path: Path, limits: Limits) -> dict[str, Grid]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        head, *rows = _held(csv.reader(file), path, limits) or [[]]
    return {"": Grid([str(title) for title in head], rows, [0])}


def _xlsx(path: Path, limits: Limits) -> dict[str, Grid]:
    import python_calamine

    require_sane_workbook(path, what=path.name)
    book = python_calamine.CalamineWorkbook.from_path(str(path))
    found = {}
    for name in book.sheet_names:
        head, *rows = _held(iter(book.get_sheet_by_name(name).to_python(skip_empty_area=False)), path, limits) or [[]]
        found[name] = Grid([str(title) for title in head], rows, [0])
    return found


def _gpkg(path: Path, limits: Limits) -> dict[str, Grid]:
    steps = count()
    # Nothing is written beside it, and no journal that lies there is read.
    with contextlib.closing(
        sqlite3.connect(f"file:{pathname2url(str(path.absolute()))}?mode=ro&immutable=1", uri=True)
    ) as base:
        base.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LONGEST_VALUE)
        base.execute("PRAGMA trusted_schema = OFF")
        base.set_progress_handler(lambda: int(next(steps) > _MOST_STEPS), _STEPS)
        base.text_factory = lambda raw: raw.decode("utf-8", "replace")
        plain = base.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%' ORDER BY name"
        ).fetchall()
        views = base.execute(
            "SELECT name, sql FROM sqlite_master WHERE type <> 'table' AND sql IS NOT NULL ORDER BY name"
        )
        found = {"sqlite_master": Grid(["name", "sql"], views.fetchall(), [0])}
        for (name,) in plain:
            quoted = name.replace('"', '""')
            read = base.execute(f'SELECT * FROM "{quoted}"')  # noqa: S608  (a name, quoted)
            columns = [column[0] for column in read.description]
            found[name] = Grid(columns, _held(read, path, limits), _key_columns(path.name, name, columns))
    return found


def _key_columns(file: str, layer: str, columns: Sequence[str]) -> list[int]:
    """Which columns tell the rows of a layer apart, as it is declared."""
    of = (
        found for name in tables() if (found := table(name)).file == file and found.layer == layer.removesuffix("_rows")
    )
    keys = next((found.keys for found in of), ())
    return [columns.index(key) for key in keys if key in columns] or [0]


def _tif(path: Path, _: Limits) -> dict[str, Grid]:
    from jxgis._files import open_raster, require_sane_raster

    with open_raster(path) as raster:
        found = {}
        for band in raster.indexes:
            require_sane_raster(raster, band, what=path.name)
            found[str(band)] = Grid([str(at) for at in range(raster.width)], raster.read(band).tolist())
        place = {
            "crs": str(raster.crs), "transform": str(tuple(raster.transform)), "nodata": str(raster.nodatavals),
            "scales": str(raster.scales), "offsets": str(raster.offsets), "units": str(raster.units),
        }  # fmt: skip
        return {"": Grid(_NAMED, list(place.items()), [0]), **found}


_TITLES = ("h1", "h2", "h3", "h4", "summary", "caption")


class _Page(HTMLParser):
    """The words of a page in order, those of its tables row by row, and its scripts piece by piece."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tables: dict[str, list[list[str]]] = {}
        self.words: list[tuple[str, str]] = []
        self._heading = ""
        self._inside: list[str] = []
        self._row: list[str] | None = None
        self._table: list[list[str]] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _TITLES:
            self._inside.append(tag)
            self._heading = ""
        elif tag in ("script", "style"):
            self._inside.append(tag)
        elif tag == "table":
            self._table = self.tables.setdefault(_distinct(self._heading.strip(), self.tables), [])
        elif tag == "tr" and self._table is not None:
            self._row = []
            self._table.append(self._row)
        elif tag in ("td", "th") and self._row is not None:
            self._row.append("")
        if (
            tag == "meta" and ("name", BASEMAP_KEY) in attrs
        ):  # of whoever made it; no value of the result, and not to be repeated
            return
        said = tag + "".join(f" {name}={value or ''}" for name, value in attrs)
        # An image inside the page is long: its hash says whether it is the same.
        digest = hashlib.sha256(said.encode("utf-8", "replace")).hexdigest()
        self.words.append((self._heading, f"<{said if len(said) <= 1000 else f'{tag} {digest}'}>"))

    def handle_endtag(self, tag: str) -> None:
        if self._inside and self._inside[-1] == tag:
            self._inside.pop()
        elif tag == "table":
            self._table = self._row = None

    def handle_data(self, data: str) -> None:
        inside = self._inside[-1] if self._inside else ""
        if inside in _TITLES:
            self._heading += data
        if self._row and not inside:
            self._row[-1] += data
        elif inside in ("script", "style"):
            self.words += [(inside, piece) for piece in _PIECE.findall(data)]
        elif data.strip():
            self.words.append((self._heading.strip(), data.strip()))

    def handle_comment(self, data: str) -> None:
        # A browser may end a comment or a declaration sooner, and show the rest.
        self.words.append((self._heading.strip(), f"<!{data}>"))

    def handle_decl(self, decl: str) -> None:
        self.handle_comment(decl)

    def unknown_decl(self, data: str) -> None:
        self.handle_comment(data)

    def handle_pi(self, data: str) -> None:
        self.handle_comment(data)


def _distinct(name: str, taken: Mapping[str, object]) -> str:
    return name if name not in taken else next(each for at in count(2) if (each := f"{name} ({at})") not in taken)


def _html(path: Path, limits: Limits) -> dict[str, Grid]:
    page = _Page()
    page.feed(path.read_text(encoding="utf-8"))
    page.close()
    found = {}
    for name, rows in page.tables.items():
        head, *body = rows or [[]]
        found[name] = Grid(head, body, [0])
    if len(page.words) > limits.rows:
        raise _too_large(path)
    return {"": Grid(_NAMED, page.words, [0]), **found}


def _docx(path: Path, _: Limits) -> dict[str, Grid]:
    from docx.oxml import parse_xml

    with zipfile.ZipFile(path) as packed:
        require_sane_zip(packed, what=path.name, packed=path.stat().st_size)
        # Its parser opens no entity and no file.
        body: Any = parse_xml(packed.read("word/document.xml"))
        pictures = [
            (entry.filename, hashlib.sha256(packed.read(entry)).hexdigest())
            for entry in packed.infolist()
            if entry.filename.startswith("word/media/")
        ]
        # What stands on each page and below it, and what a file is called, is read as the text is.
        beside = {
            entry.filename: _said(parse_xml(packed.read(entry)))
            for entry in packed.infolist()
            if _BESIDE.fullmatch(entry.filename)
        }
    alts = [("", each.get("descr", "")) for each in body.iter(f"{_DRAWING}docPr")]
    found: dict[str, Grid] = {}
    words, heading, caption = [], "", ""
    for element in body.iter(f"{_WORD}p", f"{_WORD}tbl"):
        if next(element.iterancestors(f"{_WORD}tbl"), None) is not None:
            continue
        if element.tag == f"{_WORD}tbl":
            head, *rows = [[_said(cell) for cell in row.iter(f"{_WORD}tc")] for row in element.iter(f"{_WORD}tr")] or [
                []
            ]
            found[_distinct(caption or heading, found)] = Grid(head, rows, [0])
            continue
        style = next((each.get(f"{_WORD}val", "") for each in element.iter(f"{_WORD}pStyle")), "").lower()
        if style.startswith("toc"):  # its page numbers are Word's
            continue
        said = _said(element)
        heading = said if style.startswith("heading") else heading
        caption = said if style == "caption" else caption
        if said:
            words.append((heading, said))
    return {
        "": Grid(_NAMED, words, [0]),
        **found,
        **{name: Grid(_NAMED, [("", said)], ()) for name, said in beside.items()},
        "word/media": Grid(_NAMED, pictures, [0]),
        "word/media (alt)": Grid(_NAMED, alts, ()),
    }


def _said(element: Any) -> str:
    return "".join(part.text or "" for part in element.iter(f"{_WORD}t", f"{_CORE}title"))


def _pdf(path: Path, limits: Limits) -> dict[str, Grid]:
    """The words of a PDF by sentences, without the marks of its pages: another face breaks lines and pages elsewhere."""
    from pypdf import PdfReader

    pages = [page.extract_text().splitlines() for page in PdfReader(path).pages]
    heads = [lines[0] for lines in pages if lines]
    marks = {line for line in heads if 2 * heads.count(line) > len(pages) > 1}
    lines = (line for page in pages for line in page if line not in marks and not _FOOT.fullmatch(line.strip()))
    words = "".join("".join(lines).split())
    return {"": Grid(_NAMED, _held((("", piece) for piece in _SENTENCE.findall(words)), path, limits), ())}


_READERS: dict[str, Callable[[Path, Limits], dict[str, Grid]]] = {
    ".json": _json, ".csv": _csv, ".xlsx": _xlsx, ".gpkg": _gpkg, ".tif": _tif, ".html": _html, ".docx": _docx,
    ".pdf": _pdf,
}  # fmt: skip
