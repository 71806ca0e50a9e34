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
    Item,
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
        items = list(_items(document, Path(folder)))
        said = {
            "title": printable(document.title),
            "below": [printable(line) for line in (document.subtitle, document.mark()) if line],
            "mark": document.mark(),
            "lang": "en" if document.lang == "en" else "zh",
            "faces": {use: list(dict.fromkeys(names)) for use, names in faces.items()},
            "words": {
                **{name: text(f"document.{name}", document.lang) for name in ("table", "figure", "contents")},
                "continued": text("document.continued", document.lang, n="{n}"),
            },
            "items": items,
        }
        compiler = typst.Compiler(
            source, root=folder, font_paths=fonts, sys_inputs={"document": json.dumps(said, ensure_ascii=False)}
        )
        made = compiler.compile(format="pdf")
    path.write_bytes(cast("bytes", made))


def _items(document: Document, folder: Path) -> Iterator[dict[str, Any]]:
    for at, item in enumerate(document.items):
        yield _item(item, folder, f"{at}.png")


def _item(item: Item, folder: Path, name: str) -> dict[str, Any]:
    if isinstance(item, Heading):
        return {"kind": "heading", "level": item.level, "words": printable(item.words)}
    if isinstance(item, TableBlock):
        return {
            "kind": "table",
            "caption": printable(item.heading),
            "titles": [printable(title) for title in item.titles],
            "numeric": list(item.numeric),
            "rows": [[printable(cell_words(item, at, words)) for at, words in enumerate(row)] for row in item.rows],
            "strong": sorted(item.strong),
            "marked": sorted(item.marked),
            "widths": column_widths(item),
            "points": table_points(item),
            "groups": row_groups(len(item.rows)),
        }
    if isinstance(item, Picture):
        shutil.copyfile(item.path, folder / name)
        wide, high = figure_mm(item.path)
        return {"kind": "figure", "caption": printable(item.caption), "file": name, "wide": wide, "high": high}
    return {"kind": _LOOKS.get(item.look, "text"), "words": printable(item.words), "even": is_even(item.words)}
