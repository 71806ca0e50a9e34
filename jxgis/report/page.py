"""index.html: first what a planner will be asked, each figure with its method and denominator, one file, no script."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from importlib import resources
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from jxgis import escape
from jxgis.i18n import text
from jxgis.report.blocks import Absent, Block, Key, MethodNote, Paragraph, Section, Sources, TableBlock

__all__ = ["FigureFile", "FileLink", "blocks_html", "report_page", "result_html"]

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"


class FileLink(NamedTuple):
    """A file of the result folder: its path there, with ``/``, and what it is in words."""

    path: str
    label: str


class FigureFile(NamedTuple):
    """A PNG that stands in the page: the part it belongs to, the file, and its caption."""

    part: str
    path: Path
    caption: str


def _table(block: TableBlock) -> str:
    heads = "".join(
        f"<th{' class=n' if n else ''}>{escape.html(t)}</th>" for t, n in zip(block.titles, block.numeric, strict=True)
    )
    rows = []
    for row, words in enumerate(block.rows):
        cells = "".join(
            f'<td class="{"n" if n else "t"}{" bad" if (row, at) in block.marked else ""}">{escape.html(w)}</td>'
            for at, (w, n) in enumerate(zip(words, block.numeric, strict=True))
        )
        rows.append(f"<tr{' class=all' if row in block.strong else ''}>{cells}</tr>")
    heading = f"<h3>{escape.html(block.heading)}</h3>" if block.heading else ""
    body = f'<div class="wide"><table><thead><tr>{heads}</tr></thead><tbody>{"".join(rows)}</tbody></table></div>'
    if block.folded:
        return f"<details><summary>{escape.html(block.heading)}</summary>{body}</details>"
    return heading + body


def _block(block: Block) -> str:
    if isinstance(block, Paragraph):
        return f'<p class="{block.look}">{escape.html(block.words)}</p>'
    return _table(block)


def _methods(methods: Iterable[MethodNote], lang: str) -> str:
    mark = escape.html(text("report.denominator_mark", lang))
    lines = "".join(
        f"<p><b>{escape.html(n.figure)}</b>  {escape.html(n.method)} {mark}{escape.html(n.denominator)}</p>"
        for n in methods
    )
    return f'<div class="how">{lines}</div>' if lines else ""


def _figures(figures: Iterable[FigureFile], part: str) -> str:
    found = []
    for figure in figures:
        if figure.part == part:
            data = base64.b64encode(figure.path.read_bytes()).decode("ascii")
            caption = escape.html(figure.caption)
            found.append(
                f'<figure><img alt="{caption}" src="data:image/png;base64,{data}"><figcaption>{caption}</figcaption></figure>'
            )
    return "".join(found)


def _keys(keys: Sequence[Key]) -> str:
    cards = "".join(
        f'<div class="key"><span>{escape.html(k.label)}</span><b>{escape.html(k.value)}</b>'
        f'<small class="{k.look}">{escape.html(k.note)}</small></div>'
        for k in keys
    )
    return f'<div class="keys">{cards}</div>'


def _address(path: str) -> str:
    """A path beside the page as a link: a name may hold "#", "?" or "%"."""
    return escape.html(quote(path))


def _invitation(link: FileLink, part: str, lang: str) -> str:
    """What the button of a map says: the part's own map opens, any other is called by its name."""
    return text("report.open_map", lang) if link.path == f"maps/{part}.html" else link.label


def _section(said: Section | Absent, *, maps: Sequence[FileLink], figures: Sequence[FigureFile], lang: str) -> str:
    part = said.part
    blocks = [Paragraph(said.words(lang), "none")] if isinstance(said, Absent) else said.blocks
    methods = () if isinstance(said, Absent) else said.methods
    heading = escape.html(text(f"report.part_{part}", lang))
    button = " ".join(
        f'<a class="open" href="{_address(m.path)}">{escape.html(_invitation(m, part, lang))}</a>'
        for m in maps
        if m.path == f"maps/{part}.html" or m.path.startswith(f"maps/{part}_")
    )
    # The way to the map stands below the first sentence, not below the last table.
    body = [_block(b) for b in blocks]
    body.insert(1, button)
    return f'<section id="{part}"><h2>{heading}</h2>{"".join(body)}{_figures(figures, part)}{_methods(methods, lang)}</section>'


def _files(files: Sequence[FileLink], lang: str) -> str:
    if not files:
        return ""
    items = "".join(f'<li><a href="{_address(f.path)}">{escape.html(f.label)}</a></li>' for f in files)
    heading = escape.html(text("report.files_heading", lang))
    return f'<section id="files"><h2>{heading}</h2><ul class="files">{items}</ul></section>'


def _data(sources: Sources | None, lang: str) -> str:
    if sources is None:
        return ""
    heading = escape.html(text("report.data_heading", lang))
    return f'<section id="data"><h2>{heading}</h2>{"".join(_block(b) for b in sources.blocks(lang))}</section>'


def report_page(
    parts: Sequence[Section | Absent],
    *,
    title: str,
    subtitle: str = "",
    sources: Sources | None = None,
    maps: Sequence[FileLink] = (),
    figures: Sequence[FigureFile] = (),
    files: Sequence[FileLink] = (),
    lang: str = "zh",
    sketch: bool = False,
) -> str:
    """The page that ties a result together: a section a part; then data, methods and files.

    Parameters
    ----------
    parts
        What each part says, or why it is not there, in the order of the page.
    title, subtitle
        Heading, and the line below it: city and period.
    sources
        What the report was made from.
    maps, files
        Links, with paths relative to the page; a map ``maps/PART.html`` or ``maps/PART_*.html`` gets a button in its
        section.
    figures
        PNG files, put into the page.
    lang
        ``"zh"`` or ``"en"``.
    sketch
        Mark the page as schematic.

    Returns
    -------
    str
        HTML without scripts; it loads nothing and opens without internet.

    Examples
    --------
    >>> page = report_page([Absent("parks", "none <given>")], title="a <b>")
    >>> "a &lt;b&gt;" in page, "none &lt;given&gt;" in page, "<script" in page
    (True, True, False)
    """
    style = resources.files("jxgis.report").joinpath("page.css").read_text(encoding="utf-8")
    notice = f'<p class="sketch"><b>{escape.html(text("common.sketch", lang))}</b> {escape.html(text("report.sketch_notice", lang))}</p>'
    names = {said.part: text(f"report.part_{said.part}", lang) for said in parts}
    names |= {"data": text("report.data_heading", lang)} if sources is not None else {}
    names |= {"files": text("report.files_heading", lang)} if files else {}
    nav = "".join(f'<a href="#{place}">{escape.html(name)}</a>' for place, name in names.items())
    below = f'<p class="sub">{escape.html(subtitle)}</p>' if subtitle else ""
    sections = "\n".join(_section(said, maps=maps, figures=figures, lang=lang) for said in parts)
    keys = _keys([key for said in parts if isinstance(said, Section) for key in said.keys])
    # A page without a part must not look whole: what could not be done is said before the figures.
    refused = "".join(
        _block(Paragraph(said.words(lang), "none")) for said in parts if isinstance(said, Absent) and said.refused
    )
    return f"""<!DOCTYPE html>
<html lang="{"en" if lang == "en" else "zh-CN"}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{_POLICY}">
<title>{escape.html(title)}</title>
<style>
{style}</style>
</head>
<body>
<header><div><h1>{escape.html(title)}</h1>{below}{notice if sketch else ""}<nav>{nav}</nav></div></header>
<main>
{refused}
{keys}
{sections}
{_data(sources, lang)}
{_files(files, lang)}
</main>
<footer>jxgis</footer>
</body>
</html>
"""


def blocks_html(blocks: Iterable[Block]) -> str:
    """Sentences and tables as HTML for a notebook, with their style."""
    style = resources.files("jxgis.report").joinpath("notebook.css").read_text(encoding="utf-8")
    return f"<style>{style}</style>" + "".join(_block(block) for block in blocks)


def result_html(section: Section, below: str = "", *, lang: str = "zh") -> str:
    """What a notebook shows of one result: the numbers that come first, what leads, the first table, and what stands below.

    Parameters
    ----------
    section
        What the part says.
    below
        HTML, such as the map.
    lang
        ``"zh"`` or ``"en"``.
    """
    style = resources.files("jxgis.report").joinpath("notebook.css").read_text(encoding="utf-8")
    leads = next((_block(block) for block in section.blocks if isinstance(block, Paragraph)), "")
    table = next((_block(block) for block in section.blocks if isinstance(block, TableBlock)), "")
    heading = escape.html(text(f"report.part_{section.part}", lang))
    return (
        f'<div class="jxgis"><style>{style}</style><h3>{heading}</h3>{_keys(section.keys)}{leads}{table}{below}</div>'
    )
