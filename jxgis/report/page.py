"""index.html: first what a planner will be asked, each figure with its method and denominator, one file."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib import resources
from typing import NamedTuple

from jinja2 import Environment, FunctionLoader, StrictUndefined, Template
from markupsafe import Markup

from jxgis import escape
from jxgis.i18n import Sketch, sketch_mark, text, unbroken, wide_signs
from jxgis.report.blocks import Absent, Block, MethodNote, Paragraph, Picture, Section, Sources, TableBlock, answers_of

__all__ = ["FileLink", "blocks_html", "report_page", "result_html", "template"]

#: A cell of a table with at most so many Latin letters, or half as many Chinese signs, stays on one line: a date, a name.
_SHORT = 16


class FileLink(NamedTuple):
    """A file of the result folder: its path there, with ``/``, and what it is in words."""

    path: str
    label: str


@cache
def template(name: str, package: str = "jxgis.report") -> Template:
    """A template of a package's folder; every value that it is given is escaped by `escape.html`, its numbers unbroken."""
    folder = resources.files(package)
    environment = Environment(
        loader=FunctionLoader(lambda file: folder.joinpath(file).read_text(encoding="utf-8")),
        finalize=_shown,
        autoescape=True,
        keep_trailing_newline=True,
        undefined=StrictUndefined,
    )
    environment.globals |= {"text": text, "sketch_mark": sketch_mark}
    environment.globals["content_policy"] = lambda script, frames="": Markup(
        escape.content_policy([script], frames=frames)
    )
    environment.tests["short"] = lambda words: len(words) + wide_signs(words) <= _SHORT
    environment.filters["line"] = lambda words: Markup(escape.line(unbroken(str(words))))
    environment.filters["cell"] = lambda words: Markup(escape.html(words))
    environment.filters["base64"] = lambda image: base64.b64encode(image).decode("ascii")
    return environment.get_template(name)


def _shown(value: object) -> Markup:
    return value if isinstance(value, Markup) else Markup(escape.html(unbroken(str(value))))


class _Part(NamedTuple):
    """What the page has of a part."""

    part: str
    blocks: Sequence[Block]
    maps: Sequence[FileLink]
    figures: Sequence[Picture]
    methods: Sequence[MethodNote]
    refused: bool
    terms: Mapping[str, str] = {}


def _part(said: Section | Absent, maps: Sequence[FileLink], figures: Sequence[Picture], lang: str) -> _Part:
    own = f"maps/{said.part}.html"
    # The part's own map opens, any other is called by its name.
    of_part = [
        FileLink(link.path, text("report.open_map", lang) if link.path == own else link.label)
        for link in maps
        if link.path == own or link.path.startswith(f"maps/{said.part}_")
    ]
    drawn = [figure for figure in figures if figure.part == said.part]
    if isinstance(said, Absent):
        return _Part(said.part, [Paragraph(said.words(lang), "none")], of_part, drawn, (), said.refused)
    of_part += [FileLink(*link) for link in said.links.items()]
    return _Part(said.part, said.blocks, of_part, drawn, said.methods, refused=False, terms=_terms(said.blocks))


def _terms(blocks: Iterable[Block]) -> dict[str, str]:
    """The heads of tables that need a word, with what they mean, each once."""
    tables = [block for block in blocks if isinstance(block, TableBlock)]
    heads = [head for block in tables for head in zip(block.titles, block.means, strict=bool(block.means))]
    return {title: means for title, means in heads if means}


def report_page(
    parts: Sequence[Section | Absent],
    *,
    title: str,
    subtitle: str = "",
    overview: Sequence[Block] = (),
    sources: Sources | None = None,
    maps: Sequence[FileLink] = (),
    figures: Sequence[Picture] = (),
    files: Sequence[FileLink] = (),
    lang: str = "zh",
    sketch: Sketch = False,
) -> str:
    """The page that ties a result together: a section a part; then data, methods and files.

    Parameters
    ----------
    parts
        What each part says, or why it is not there, in the order of the page.
    title, subtitle
        Heading, and the line below it: city and period.
    overview
        What is said of all places before the parts.
    sources
        What the report was made from.
    maps, files
        Links, with paths relative to the page; a map ``maps/PART.html`` or ``maps/PART_*.html`` gets a button in its
        section.
    figures
        Figures, put into the page; each has links to its files for print in ``figures/``.
    lang, sketch
        ``"zh"`` or ``"en"``; whether it is marked as schematic.

    Returns
    -------
    str
        HTML; it loads nothing and opens without internet, and runs no script but its own, which sorts and filters tables.

    Examples
    --------
    >>> page = report_page([Absent("parks", "none <given>")], title="a <b>")
    >>> "a &lt;b&gt;" in page, "none &lt;given&gt;" in page, page.count("<script")
    (True, True, 1)
    """
    return template("page.html").render(
        title=title,
        subtitle=subtitle,
        parts=[_part(said, maps, figures, lang) for said in parts],
        first=[key for said in parts if isinstance(said, Section) for key in said.keys],
        overview=overview,
        terms=_terms(overview),
        answers=[
            (said.part, answer) for said in parts if isinstance(said, Section) for answer in answers_of(said, lang)
        ],
        data=[] if sources is None else sources.blocks(lang),
        files=files,
        lang=lang,
        sketch=sketch,
    )


def blocks_html(blocks: Iterable[Block]) -> str:
    """Sentences and tables as HTML for a notebook, with their style."""
    return template("notebook.html").render(blocks=blocks, heading="")


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
    kinds = (Paragraph, TableBlock)
    leads = [next((block for block in section.blocks if isinstance(block, kind)), None) for kind in kinds]
    shown = template("notebook.html").render(
        heading=text(f"report.part_{section.part}", lang),
        first=section.keys,
        blocks=[block for block in leads if block is not None],
    )
    return f'<div class="jxgis">{shown}{below}</div>'
