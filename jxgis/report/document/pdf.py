"""report.pdf: the document set by typst, offline, in the layout of the .docx."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any, cast

import typst

from jxgis.i18n import text
from jxgis.i18n.fonts import packaged_fonts
from jxgis.report.blocks import Picture, TableBlock
from jxgis.report.document.model import (
    Document,
    Heading,
    cell_words,
    column_widths,
    figure_mm,
    is_even,
    printable,
    row_groups,
    table_points,
)

__all__ = ["write_pdf"]

_SERIF, _SANS = "Noto Serif SC", "Noto Sans SC"
#: The faces of official documents where they are installed, else what Windows and macOS bring, else those of the package.
_FACES = {
    "title": ("FZXiaoBiaoSong-B05S", "FZXiaoBiaoSong-B05", "STZhongsong", "SimSun", "Songti SC", _SERIF),
    "head": ("SimHei", "Heiti SC", _SANS),
    "kai": ("KaiTi_GB2312", "KaiTi", "STKaiti", "Kaiti SC", _SERIF),
    "body": ("FangSong_GB2312", "FangSong", "STFangsong", "SimSun", "Songti SC", _SERIF),
}
_LOOKS = {"sub": "note", "right": "right"}


def write_pdf(document: Document, path: Path) -> None:
    """Write the document as a PDF: the same bytes for the same document, on machines with the same faces.

    Parameters
    ----------
    document
        What it holds. Its words go to typst as data, in a folder that holds nothing but the pictures.
    path
        The file.
    """
    packaged = packaged_fonts()
    fonts = typst.Fonts(
        include_system_fonts=True, include_embedded_fonts=True, font_paths=[] if packaged is None else [packaged]
    )
    there = set(fonts.families())
    faces = {use: [face for face in (*names, _SERIF, _SANS) if face in there] for use, names in _FACES.items()}
    source = resources.files("jxgis.report.document").joinpath("document.typ").read_bytes()
    with tempfile.TemporaryDirectory(prefix="jxgis-") as folder:
        said: dict[str, Any] = {
            "title": printable(document.title),
            "below": [printable(line) for line in (document.subtitle, document.mark()) if line],
            "mark": document.mark(),
            "lang": "en" if document.lang == "en" else "zh",
            "faces": {use: list(dict.fromkeys(names)) for use, names in faces.items()},
            "words": {
                **{name: text(f"document.{name}", document.lang) for name in ("table", "figure", "contents")},
                "continued": text("document.continued", document.lang, n="{n}"),
            },
            "items": list(_items(document, Path(folder))),
        }

        def compiler() -> typst.Compiler:
            words = {"document": json.dumps(said, ensure_ascii=False)}
            return typst.Compiler(source, root=folder, font_paths=fonts, sys_inputs=words)

        # A figure that is sent to the foot of a page stays there: each turn sends at least one more.
        while sent := _early(said["items"], compiler()):
            for item in sent:
                item["low"] = True
        made = compiler().compile(format="pdf")
    path.write_bytes(cast("bytes", made))


def _early(items: list[dict[str, Any]], compiler: typst.Compiler) -> list[dict[str, Any]]:
    """The figures not sent to the foot of a page that stand before the heading of their chapter."""
    files = json.loads(compiler.query("<early>", field="value", one=True))
    return [item for item in items if item.get("file") in files and not item["low"]]


def _items(document: Document, folder: Path) -> Iterator[dict[str, Any]]:
    """The items as data; tables and figures with their numbers, which do not hang on where they stand on paper."""
    tables = figures = chapters = 0
    for item in document.items:
        if isinstance(item, TableBlock):
            tables += 1
            yield {**_table(item), "number": str(tables)}
        elif isinstance(item, Picture):
            figures += 1
            yield {**_figure(item, folder, figures), "chapter": chapters}
        elif isinstance(item, Heading):
            chapters += item.level == 1
            yield {"kind": "heading", "level": item.level, "words": printable(item.words)}
        else:
            look = _LOOKS.get(item.look, "text")
            yield {"kind": look, "words": printable(item.words), "even": is_even(item.words)}


def _table(block: TableBlock) -> dict[str, Any]:
    return {
        "kind": "table",
        "caption": printable(block.heading),
        "titles": [printable(title) for title in block.titles],
        "numeric": list(block.numeric),
        "rows": [[printable(cell_words(block, at, words)) for at, words in enumerate(row)] for row in block.rows],
        "strong": sorted(block.strong),
        "marked": sorted(block.marked),
        "widths": column_widths(block),
        "points": table_points(block),
        "groups": row_groups(len(block.rows)),
    }


def _figure(picture: Picture, folder: Path, number: int) -> dict[str, Any]:
    """``low``: whether it is sent to the foot of a page, which it is where it would stand before its chapter's heading."""
    name = f"{number}.png"
    shutil.copyfile(picture.path, folder / name)
    wide, high = figure_mm(picture.path)
    caption = printable(picture.caption)
    return {
        "kind": "figure",
        "caption": caption,
        "number": str(number),
        "file": name,
        "wide": wide,
        "high": high,
        "low": False,
    }
