"""The text of the document as a planner edits it: headings, paragraphs with named figures, and where tables and figures stand."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from itertools import islice
from typing import Literal, NamedTuple, TypeAlias

from jxgis.errors import SettingsError, collect
from jxgis.i18n import listed, seamed, set_apart, text
from jxgis.report.blocks import TOP, Absent, MethodNote, Paragraph, Picture, Section, Sources, TableBlock, table_block
from jxgis.report.document.fields import Fields, known_parts, known_tables, require_known
from jxgis.report.document.model import LEVELS, Heading, Item
from jxgis.schema.layers import nearest

__all__ = ["Line", "Told", "composed", "read_wording", "shipped_wording"]

Kind: TypeAlias = Literal["heading", "text", "right", "insert"]

_HEADING = re.compile(r"(#+)\s*(.+)")
_INSERT = re.compile(r"\[\[\s*([^\[\]\s]+)(?:\s+([1-9]\d{0,3}))?\s*\]\]")
_BRACES = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")
_COMMENT = "//"
_LONGEST_HEADING = 24
#: What a line ``[[…]]`` of its own can put in of the whole report, and of one part.
_OF_ALL = ("keys", "absent", "sources", "methods")
_OF_PART = ("text", "tables", "more", "figures")


class Line(NamedTuple):
    """One line of the text: where it stands in the file, what it is, its words; of a heading its level."""

    number: int
    kind: Kind
    words: str
    level: int = 0
    rows: int = TOP


@dataclass(frozen=True, eq=False, kw_only=True)
class Told:
    """What a document is composed of beside its text.

    Attributes
    ----------
    parts
        What each part says, or why it is not there.
    own
        What is said of the report itself, by the names that fields have: title, city, period, version.
    sources
        What the report was made from.
    figures
        The pictures there are.
    warnings
        What else has to be said where it is said what was not computed, such as standards that nobody has verified.
    lang
        ``"zh"`` or ``"en"``.
    """

    parts: Sequence[Section | Absent]
    own: Mapping[str, str]
    sources: Sources | None = None
    figures: Sequence[Picture] = ()
    warnings: Sequence[str] = ()
    lang: str = "zh"

    def section(self, part: str) -> Section | None:
        """What a part says; None where it is not there."""
        return next((said for said in self.parts if isinstance(said, Section) and said.part == part), None)


def shipped_wording(lang: str) -> str:
    """The text that comes with jxgis, to be edited."""
    name = f"report.{'en' if lang == 'en' else 'zh'}.txt"
    return resources.files("jxgis.report.document").joinpath(name).read_text(encoding="utf-8")


def read_wording(source: str, what: str) -> list[Line]:
    r"""Take a text apart, and refuse what no report could fill in.

    Parameters
    ----------
    source
        The text.
    what
        What it is called in messages.

    Raises
    ------
    SettingsError
        One message for all lines that cannot be used, each with its number and the nearest name.

    Examples
    --------
    >>> read_wording("# 公园\n覆盖率 {parks.keys.1.value}。\n[[parks.sites 5]]", "a.txt")[2]
    Line(number=3, kind='insert', words='parks.sites', level=0, rows=5)
    """
    found, wrong = [], []
    for number, raw in enumerate(source.splitlines(), start=1):
        words = raw.strip().lstrip("\ufeff")
        if not words or words.startswith(_COMMENT):
            continue
        try:
            line = _line(number, words)
            _require_usable(line)
        except SettingsError as error:
            wrong.append(
                SettingsError(
                    zh=f"{what} 第 {number} 行：{error.message.zh}", en=f"{what}, line {number}: {error.message.en}"
                )
            )
        else:
            found.append(line)
    collect(wrong)
    if not found:
        raise SettingsError(
            zh=f"{what} 没有一行要写的文字；`jxgis init` 写出的 report.txt 可供修改。",
            en=f"{what} has no line to be written; the report.txt that `jxgis init` writes is one to edit.",
        )
    return found


def _line(number: int, words: str) -> Line:
    if heading := _HEADING.fullmatch(words):
        level = len(heading[1])
        if level > LEVELS:
            raise SettingsError(
                zh=f"标题最多 {LEVELS} 级（{'#' * LEVELS}）。",
                en=f"Headings have at most {LEVELS} levels ({'#' * LEVELS}).",
            )
        return Line(number, "heading", heading[2], level)
    if insert := _INSERT.fullmatch(words):
        return Line(number, "insert", insert[1], rows=int(insert[2] or TOP))
    if words.startswith(">"):
        return Line(number, "right", words[1:].strip())
    return Line(number, "text", words)


def _require_usable(line: Line) -> None:
    if line.kind == "insert":
        _require_insert(line.words)
        return
    for found in _BRACES.finditer(line.words):
        if found[0] in ("{", "}"):
            raise SettingsError(
                zh="花括号不成对；字段写作 {部分.表.行.列}，花括号本身写两遍。",
                en="a brace without its other half; a field is {part.table.row.column}, a brace itself is written twice.",
            )
        if found[1] is not None:
            require_known(found[1].strip())


def _require_insert(name: str) -> None:
    part, _, what = name.partition(".")
    if not what and part in {*_OF_ALL, *known_parts()}:
        return
    if what and part in known_parts():
        known, asked = (*_OF_PART, *known_tables(part)), what
    else:
        known, asked = (*_OF_ALL, *known_parts()), part
    if asked in known and what:
        return
    hint = nearest(asked, known)
    raise SettingsError(
        zh=f"没有可插入的 [[{name}]]{hint.zh}可用的有：{listed(known, 'zh')}。",
        en=f"There is no [[{name}]] to put in{hint.en} There are: {listed(known, 'en')}.",
    )


def composed(lines: Iterable[Line], told: Told) -> tuple[list[Item], list[tuple[Line, str]]]:
    r"""The document's items, and the lines left out because this report has no value for a field of theirs.

    A value is put in as it is, once: what it holds is never read as a field.

    Parameters
    ----------
    lines
        Of `read_wording`.
    told
        What they are filled in with.

    Examples
    --------
    >>> lines = read_wording("# 一\n市区 {report.city}\n期间 {report.period}\n# 空", "a.txt")
    >>> items, missing = composed(lines, Told(parts=[], own={"city": "{report.title}", "title": "x"}))
    >>> items, [name for _, name in missing]
    ([Heading(level=1, words='一'), Paragraph(words='市区 {report.title}', look='lead')], ['report.period'])
    """
    fields = Fields(told.parts, told.own, told.lang)
    items: list[Item] = []
    missing: list[tuple[Line, str]] = []
    for line in lines:
        if line.kind == "insert":
            items += _put_in(line, told)
            continue
        words, lacking = _filled(line.words, fields)
        if lacking is not None:
            missing.append((line, lacking))
        elif line.kind == "heading":
            items.append(Heading(line.level, words))
        else:
            items.append(Paragraph(words, "right" if line.kind == "right" else "lead"))
    return _without_empty(items), missing


def _filled(words: str, fields: Fields) -> tuple[str, str | None]:
    """The words with their fields filled in, and the first that has no value."""
    lacking: list[str] = []

    def value(found: re.Match[str]) -> str:
        if found[1] is None:
            return found[0][0]
        words = fields.value(found[1].strip())
        if words is None:
            lacking.append(found[1].strip())
        return seamed(words or "")

    return set_apart(_BRACES.sub(value, words)), next(iter(lacking), None)


def _without_empty(items: Sequence[Item]) -> list[Item]:
    """Headings with nothing below them go."""
    kept: list[Item] = []
    for item in reversed(items):
        below = kept[-1] if kept else None
        if isinstance(item, Heading) and (below is None or (isinstance(below, Heading) and below.level <= item.level)):
            continue
        kept.append(item)
    return kept[::-1]


def _put_in(line: Line, told: Told) -> list[Item]:
    part, _, what = line.words.partition(".")
    if not what and part in _OF_ALL:
        of_all: dict[str, Callable[[Told], list[Item]]] = {
            "keys": _keys, "absent": _absent, "sources": _sources, "methods": _methods,
        }  # fmt: skip
        return of_all[part](told)
    said = told.section(part)
    if said is None:
        return []
    if what in {"", *_OF_PART}:
        return (
            [item for item in _of_part(said, told) if not what or what in _kinds(item)]
            if what != "more"
            else _more(said)
        )
    frame = said.sheets.get(what)
    if frame is None or frame.empty:
        return []
    declared = known_tables(part)[what]
    return [table_block(declared.title.of(told.lang), frame.head(line.rows), told.lang, of=declared.name)]


def _kinds(item: Item) -> set[str]:
    if isinstance(item, TableBlock):
        return {"tables"}
    return {"figures"} if isinstance(item, Picture) else {"text"}


def _of_part(said: Section, told: Told) -> list[Item]:
    """What the page has of a part, in its order, but for the lists that are folded there."""
    items: list[Item] = []
    for block in said.blocks:
        if isinstance(block, Paragraph):
            items.append(_as_heading(block) if block.look == "head" else block)
        elif not block.folded:
            items.append(block)
    return _with_figures(items, [figure for figure in told.figures if figure.part == said.part])


def _with_figures(items: Sequence[Item], figures: Sequence[Picture]) -> list[Item]:
    """Figures and tables by turns, a figure first: beside a table the rest of a figure's page is filled."""
    left = iter(figures)
    mixed: list[Item] = []
    for item in items:
        if isinstance(item, TableBlock):
            mixed += islice(left, 1)
        mixed.append(item)
    return [*mixed, *left]


def _as_heading(block: Paragraph) -> Item:
    """What heads the blocks below it, as a heading; a whole sentence stays one."""
    words = block.words.rstrip("：:")
    return Heading(2, words) if len(words) <= _LONGEST_HEADING else Paragraph(words)


def _more(said: Section) -> list[Item]:
    return [block for block in said.blocks if isinstance(block, TableBlock) and block.folded]


def _keys(told: Told) -> list[Item]:
    rows = [[key.label, key.value, key.note] for said in told.parts if isinstance(said, Section) for key in said.keys]
    titles = [text(f"document.key_{name}", told.lang) for name in ("label", "value", "note")]
    return [TableBlock(text("document.keys", told.lang), titles, [False, True, False], rows)] if rows else []


def _absent(told: Told) -> list[Item]:
    words = [said.words(told.lang) for said in told.parts if isinstance(said, Absent)]
    checks = [
        text("document.check", told.lang, part=text(f"report.part_{said.part}", told.lang), words=line)
        for said in told.parts
        if isinstance(said, Section)
        for line in dict.fromkeys(said.checks)
    ]
    return [Paragraph(line) for line in (*(words or [text("document.all_there", told.lang)]), *checks, *told.warnings)]


def _sources(told: Told) -> list[Item]:
    heading = text("report.data_heading", told.lang)
    said = [] if told.sources is None else told.sources.blocks(told.lang)
    blocks = [block for block in said if isinstance(block, Paragraph) or not block.folded]
    return [
        block if isinstance(block, Paragraph) or block.heading else block._replace(heading=heading) for block in blocks
    ]


def _methods(told: Told) -> list[Item]:
    titles = [text(f"report.method_{name}", told.lang) for name in ("figure", "how", "denominator")]
    return [
        TableBlock(
            text("document.methods", told.lang, part=text(f"report.part_{said.part}", told.lang)),
            titles,
            [False] * len(titles),
            [_note(note) for note in said.methods],
        )
        for said in told.parts
        if isinstance(said, Section) and said.methods
    ]


def _note(note: MethodNote) -> list[str]:
    return [note.figure, note.method, note.denominator]
