"""report.docx in the layout of a Chinese official document: real headings, captions that number themselves, contents."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from itertools import accumulate, count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import docx
from docx.enum.section import WD_SECTION
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING, WD_TAB_ALIGNMENT, WD_TAB_LEADER
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Emu, Mm, Pt

from jxgis.i18n import text
from jxgis.report.blocks import Paragraph, Picture, TableBlock
from jxgis.report.document.model import (
    TEXT_MM,
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
from jxgis.report.paper import WRITTEN

if TYPE_CHECKING:
    from docx.document import Document as File
    from docx.styles.style import ParagraphStyle
    from docx.text.paragraph import Paragraph as Line

__all__ = ["write_docx"]

#: Faces of official documents, and what stands in where one is not installed (w:altName).
_FACES = {
    "方正小标宋简体": "方正小标宋_GBK,华文中宋,STZhongsong,宋体,SimSun,Songti SC,Noto Serif CJK SC,Noto Serif SC",
    "黑体": "SimHei,Heiti SC,Noto Sans CJK SC,Noto Sans SC",
    "楷体_GB2312": "楷体,KaiTi,STKaiti,Kaiti SC,Noto Serif CJK SC,Noto Serif SC",
    "仿宋_GB2312": "仿宋,FangSong,STFangsong,宋体,SimSun,Songti SC,Noto Serif CJK SC,Noto Serif SC",
}
_TITLE, _HEAD, _KAI, _BODY = _FACES
_LATIN = "Times New Roman"
# GB/T 9704: A4, a page of 156 × 225 mm with 37 mm above it and 28 mm to its left, 22 lines of size 3 (16 pt).
_TOP, _LEFT, (_WIDE, _HIGH) = 37, 28, TEXT_MM
_LINE, _SIZE = 28.95, 16
_HEADINGS = (_HEAD, _KAI, _BODY, _BODY)
_NUMBERS = {
    "zh": (("chineseCounting", "%1、"), ("chineseCounting", "（%2）"), ("decimal", "%3."), ("decimal", "（%4）")),
    "en": (("decimal", "%1"), ("decimal", "%1.%2"), ("decimal", "%1.%2.%3"), ("decimal", "%1.%2.%3.%4")),
}
_LIST = 77
_ZIPPED = (1980, 1, 1, 0, 0, 0)
_AFTER_UPDATE = ("hdrShapeDefaults", "footnotePr", "endnotePr", "compat", "docVars", "rsids")
_THICK, _THIN = 12, 6
_RED = "C00000"
_LONGEST_PROPERTY = 255


def write_docx(document: Document, path: Path) -> None:
    """Write the document for Word and WPS: the same bytes for the same document.

    Parameters
    ----------
    document
        What it holds.
    path
        The file.
    """
    file = docx.Document()
    while len(body := file.element.body) > 1:
        body.remove(body[0])
    core = file.core_properties
    core.author = core.last_modified_by = "jxgis"
    core.title, core.comments, core.language = (
        printable(document.title)[:_LONGEST_PROPERTY],
        "",
        "en" if document.lang == "en" else "zh-CN",
    )
    core.created = core.modified = WRITTEN
    core.revision = 1
    _set_page(file, document)
    _set_styles(file, document.lang)
    _Writer(file, document).write()
    packed = io.BytesIO()
    file.save(packed)
    _repack(packed, path)


def _element(tag: str, /, **attributes: object) -> Any:
    """An element of WordprocessingML; ``val="x"`` is ``w:val="x"``."""
    made = OxmlElement(f"w:{tag}")
    for key, value in attributes.items():
        made.set(qn(f"w:{key}"), str(value))
    return made


def _put_before(parent: Any, child: Any, after: Sequence[str]) -> None:
    """Put an element in where the schema has it: before the first of those that come after it."""
    names = {qn(f"w:{name}") for name in after}
    at = next((number for number, other in enumerate(parent) if other.tag in names), len(parent))
    parent.insert(at, child)


def _set_page(file: File, document: Document) -> None:
    section = file.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin, section.bottom_margin = Mm(_TOP), Mm(297 - _TOP - _HIGH)
    section.left_margin, section.right_margin = Mm(_LEFT), Mm(210 - _LEFT - _WIDE)
    section.header_distance, section.footer_distance = Mm(20), Mm(25)
    file.settings.odd_and_even_pages_header_footer = True
    # The first page has neither number nor the numbers of those after it.
    section.different_first_page_header_footer = True
    for header in (section.header, section.even_page_header, section.first_page_header):
        line = header.paragraphs[0]
        line.style, line.alignment = "Header", WD_ALIGN_PARAGRAPH.CENTER
        line.add_run(document.mark())
    for side, footer in (
        (WD_ALIGN_PARAGRAPH.RIGHT, section.footer),
        (WD_ALIGN_PARAGRAPH.LEFT, section.even_page_footer),
    ):
        line = footer.paragraphs[0]
        line.style, line.alignment = "Footer", side
        line.add_run("— ")
        _add_field(line, "PAGE", "1")
        line.add_run(" —")
    # Word counts pages when it opens the file; it asks first.
    file.settings.element.find(qn("w:themeFontLang")).set(qn("w:eastAsia"), "zh-CN")
    _put_before(file.settings.element, _element("updateFields", val="true"), _AFTER_UPDATE)


def _set_faces(style: Any, face: str, size: float, *, bold: bool = False) -> None:
    font = style.font
    font.name, font.size, font.bold, font.italic = _LATIN, Pt(size), bold, False
    font.color.rgb = None
    properties = style.element.get_or_add_rPr()
    faces = properties.get_or_add_rFonts()
    for kind in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
        faces.attrib.pop(qn(f"w:{kind}"), None)
    faces.set(qn("w:eastAsia"), face)
    for colour in properties.findall(qn("w:color")):
        properties.remove(colour)


def _set_lines(
    style: ParagraphStyle, *, exact: float | None = _LINE, indent: int = 0, before: float = 0, after: float = 0
) -> None:
    """Spacing; the first line moved in by so many signs."""
    shape = style.paragraph_format
    shape.space_before, shape.space_after = Pt(before), Pt(after)
    if exact is None:
        shape.line_spacing = 1.0
    else:
        shape.line_spacing, shape.line_spacing_rule = Pt(exact), WD_LINE_SPACING.EXACTLY
    place = style.element.get_or_add_pPr().get_or_add_ind()
    place.set(qn("w:firstLineChars"), str(100 * indent))
    place.set(qn("w:firstLine"), str(int(20 * _SIZE * indent)))


def _set_styles(file: File, lang: str) -> None:
    styles: Any = file.styles
    _set_text(styles)
    _set_titles(styles)
    _set_numbers(file, lang)
    _set_headings(styles)
    _set_beside(styles)
    _add_small(styles)
    _add_contents(styles)


def _set_text(styles: Any) -> None:
    """What is read as text: both languages named, the first line moved in."""
    language = styles["Normal"].element.get_or_add_rPr()
    language.append(_element("lang", val="en-US", eastAsia="zh-CN"))
    _set_faces(styles["Normal"], _BODY, _SIZE)
    _set_lines(styles["Normal"])
    body = styles["Body Text"]
    _set_faces(body, _BODY, _SIZE)
    _set_lines(body, indent=2)
    body.paragraph_format.alignment = WD_ALIGN_PARAGRAPH.JUSTIFY


def _set_titles(styles: Any) -> None:
    """The title, without the line that Word draws below it, and what stands under it."""
    title = styles["Title"]
    _set_faces(title, _TITLE, 22)
    _set_lines(title, exact=36, before=60, after=12)
    title.paragraph_format.alignment = WD_ALIGN_PARAGRAPH.CENTER
    for border in title.element.pPr.findall(qn("w:pBdr")):
        title.element.pPr.remove(border)
    subtitle = styles["Subtitle"]
    _set_faces(subtitle, _KAI, _SIZE)
    _set_lines(subtitle, after=12)
    subtitle.paragraph_format.alignment = WD_ALIGN_PARAGRAPH.CENTER


def _set_headings(styles: Any) -> None:
    """Headings that stay with what follows them, each bound to its level of the list of numbers."""
    for level, face in enumerate(_HEADINGS, start=1):
        style = styles[f"Heading {level}"]
        _set_faces(style, face, _SIZE, bold=level == 3)
        _set_lines(style, indent=2, before=6 if level == 1 else 0)
        style.paragraph_format.keep_with_next = True
        numbered = _element("numPr")
        numbered.append(_element("ilvl", val=level - 1))
        numbered.append(_element("numId", val=_LIST))
        style.element.get_or_add_pPr().insert_element_before(
            numbered, "w:spacing", "w:ind", "w:contextualSpacing", "w:jc", "w:outlineLvl"
        )


def _set_beside(styles: Any) -> None:
    """What stands beside the text: captions, the head and the foot of a page."""
    caption = styles["Caption"]
    _set_faces(caption, _HEAD, 12)
    _set_lines(caption, exact=None, before=8, after=4)
    caption.paragraph_format.alignment = WD_ALIGN_PARAGRAPH.CENTER
    for name in ("Header", "Footer"):
        _set_faces(styles[name], _BODY, 14 if name == "Footer" else 10.5)
        _set_lines(styles[name], exact=None)


def _add_small(styles: Any) -> None:
    """Notes and the cells of tables, in smaller letters than the text."""
    note = styles.add_style("Note", WD_STYLE_TYPE.PARAGRAPH)
    note.base_style = styles["Normal"]
    _set_faces(note, _BODY, 12)
    _set_lines(note, exact=20, before=2, after=2)
    note.paragraph_format.alignment = WD_ALIGN_PARAGRAPH.JUSTIFY
    cell = styles.add_style("Table Text", WD_STYLE_TYPE.PARAGRAPH)
    cell.base_style = styles["Normal"]
    _set_faces(cell, _BODY, 10.5)
    _set_lines(cell, exact=None, before=1, after=1)


def _add_contents(styles: Any) -> None:
    """Entries of the contents, each with dots up to its page."""
    for level in (1, 2):
        entry = styles.add_style(f"toc {level}", WD_STYLE_TYPE.PARAGRAPH)
        entry.base_style = styles["Normal"]
        _set_faces(entry, _HEAD if level == 1 else _BODY, 14)
        _set_lines(entry, exact=26)
        entry.paragraph_format.left_indent = Pt(28 * (level - 1))
        entry.paragraph_format.tab_stops.add_tab_stop(Mm(_WIDE), WD_TAB_ALIGNMENT.RIGHT, WD_TAB_LEADER.DOTS)


def _set_numbers(file: File, lang: str) -> None:
    """The numbers of headings: a list of several levels that the styles are bound to."""
    levels = "".join(
        f'<w:lvl w:ilvl="{at}"><w:start w:val="1"/><w:numFmt w:val="{kind}"/><w:pStyle w:val="Heading{at + 1}"/>'
        f'<w:suff w:val="{"nothing" if lang == "zh" else "space"}"/><w:lvlText w:val="{words}"/><w:lvlJc w:val="left"/>'
        "</w:lvl>"
        for at, (kind, words) in enumerate(_NUMBERS["en" if lang == "en" else "zh"])
    )
    space = nsdecls("w")
    numbering: Any = file.part.numbering_part.element
    _put_before(
        numbering,
        parse_xml(
            f'<w:abstractNum {space} w:abstractNumId="{_LIST}"><w:multiLevelType w:val="multilevel"/>{levels}</w:abstractNum>'
        ),
        ("num",),
    )
    numbering.append(parse_xml(f'<w:num {space} w:numId="{_LIST}"><w:abstractNumId w:val="{_LIST}"/></w:num>'))


def _add_field(line: Line, code: str, shown: str) -> None:
    """A field, with what it shows until it is counted anew."""
    for kind in ("begin", "instr", "separate", "shown", "end"):
        run = line.add_run(shown if kind == "shown" else "")
        if kind == "instr":
            instruction = _element("instrText")
            instruction.text = f" {code} "
            instruction.set(qn("xml:space"), "preserve")
            run._r.append(instruction)
        elif kind != "shown":
            run._r.append(_element("fldChar", fldCharType=kind))


class _Writer:
    """The body, from top to bottom."""

    def __init__(self, file: File, document: Document) -> None:
        self._file, self._document, self._lang = file, document, document.lang
        self._tables, self._figures, self._marks = count(1), count(1), count(1)

    def write(self) -> None:
        document = self._document
        self._add(document.title, "Title")
        if document.subtitle:
            self._add(document.subtitle, "Subtitle")
        if document.mark():
            self._add(f"（{document.mark()}）" if self._lang == "zh" else f"({document.mark()})", "Subtitle")
        self._write_contents()
        for item in document.items:
            if isinstance(item, Heading):
                self._write_heading(item)
            elif isinstance(item, TableBlock):
                self._write_table(item)
            elif isinstance(item, Picture):
                self._write_figure(item)
            else:
                self._write_paragraph(item)

    def _add(self, words: str, style: str) -> Line:
        return self._file.add_paragraph(printable(words), style=style)

    def _write_contents(self) -> None:
        """The contents as a field: until Word counts the pages, the headings without them."""
        headings = [heading for heading in self._document.headings() if heading.level <= 2]
        if not headings:
            return
        head = self._add(text("document.contents", self._lang), "Subtitle")
        head.paragraph_format.space_before = Pt(18)
        numbers = _numbers(headings, self._lang)
        for at, (heading, number) in enumerate(zip(headings, numbers, strict=True), start=1):
            line = self._file.add_paragraph(style=f"toc {heading.level}")
            if at == 1:
                line.add_run()._r.append(_element("fldChar", fldCharType="begin"))
                instruction = _element("instrText")
                instruction.text = r' TOC \o "1-2" \h \z \u '
                instruction.set(qn("xml:space"), "preserve")
                line.add_run()._r.append(instruction)
                line.add_run()._r.append(_element("fldChar", fldCharType="separate"))
            link = _element("hyperlink", anchor=_bookmark(at), history="1")
            line._p.append(link)
            for run in (line.add_run(printable(f"{number}{heading.words}")), line.add_run("\t")):
                link.append(run._r)
            before = len(line.runs)
            _add_field(line, f"PAGEREF {_bookmark(at)} \\h", "")
            for run in line.runs[before:]:
                link.append(run._r)
        # Within the field: what replaces the entries replaces the hint too.
        hint = self._add(text("document.contents_hint", self._lang), "toc 2")
        hint.runs[0].font.size = Pt(12)
        hint.add_run()._r.append(_element("fldChar", fldCharType="end"))
        self._file.add_section(WD_SECTION.NEW_PAGE).different_first_page_header_footer = False

    def _write_heading(self, heading: Heading) -> None:
        line = self._add(heading.words, f"Heading {heading.level}")
        if heading.level <= 2:
            at = next(self._marks)
            line._p.insert_element_before(_element("bookmarkStart", id=at, name=_bookmark(at)), "w:r")
            line._p.append(_element("bookmarkEnd", id=at))

    def _write_paragraph(self, paragraph: Paragraph) -> None:
        line = self._add(paragraph.words, "Note" if paragraph.look == "sub" else "Body Text")
        if paragraph.look == "right":
            line.alignment = WD_ALIGN_PARAGRAPH.RIGHT
        elif not is_even(paragraph.words):
            line.alignment = WD_ALIGN_PARAGRAPH.LEFT

    def _write_caption(self, what: str, number: int, words: str) -> Line:
        label = text(f"document.{what}", self._lang)
        line = self._add(f"{label} ", "Caption")
        _add_field(line, f"SEQ {label} \\* ARABIC", str(number))
        line.add_run(f"　{printable(words)}")
        return line

    def _write_table(self, block: TableBlock) -> None:
        """Three rules: above, below the head, below; the head is repeated on every page."""
        self._write_caption("table", next(self._tables), block.heading).paragraph_format.keep_with_next = True
        made = self._file.add_table(rows=1 + len(block.rows), cols=len(block.titles))
        made.alignment, made.autofit = WD_TABLE_ALIGNMENT.CENTER, False
        properties = made._tbl.tblPr
        _put_before(properties, _borders("tblBorders", top=_THICK, bottom=_THICK), ("shd", "tblLayout", "tblLook"))
        margins = _element("tblCellMar")
        for side in ("left", "right"):
            margins.append(_element(side, w=40, type="dxa"))
        _put_before(properties, margins, ("tblLook",))
        wide = [Emu(int(Mm(_WIDE) * share)) for share in column_widths(block)]
        size = table_points(block)
        for column, width in zip(made.columns, wide, strict=True):
            column.width = width
        for at, (row, words) in enumerate(zip(made._tbl.tr_lst, [block.titles, *block.rows], strict=True)):
            shape = row.get_or_add_trPr()
            shape.append(_element("cantSplit"))
            if at == 0:
                shape.append(_element("tblHeader"))
            for place, (cell, word) in enumerate(zip(row.tc_lst, words, strict=True)):
                self._write_cell(
                    cell,
                    printable(cell_words(block, place, word) if at else word),
                    wide[place],
                    size,
                    block,
                    at - 1,
                    place,
                )
        self._file.add_paragraph(style="Table Text")

    def _write_cell(
        self, cell: Any, words: str, width: int, size: float, block: TableBlock, row: int, column: int
    ) -> None:
        cell.width = width
        if row < 0:
            cell.get_or_add_tcPr().append(_borders("tcBorders", bottom=_THIN))
        cell.get_or_add_tcPr().append(_element("vAlign", val="center"))
        line = cell.p_lst[0]
        shape = line.get_or_add_pPr()
        shape.style = "TableText"
        if row < 0 or row + 1 not in accumulate(row_groups(len(block.rows))):
            shape.append(_element("keepNext"))
        # Heads and numbers in the middle, words at the left.
        shape.jc_val = WD_ALIGN_PARAGRAPH.CENTER if row < 0 or block.numeric[column] else WD_ALIGN_PARAGRAPH.LEFT
        run = line.add_r()
        run.text = words
        look = run.get_or_add_rPr()
        if row < 0:
            look.get_or_add_rFonts().set(qn("w:eastAsia"), _HEAD)
        elif row in block.strong:
            look.append(_element("b"))
        if (row, column) in block.marked:
            look.append(_element("b"))
            look.append(_element("color", val=_RED))
        look.append(_element("sz", val=int(2 * size)))
        look.append(_element("szCs", val=int(2 * size)))

    def _write_figure(self, figure: Picture) -> None:
        line = self._file.add_paragraph(style="Table Text")
        line.alignment = WD_ALIGN_PARAGRAPH.CENTER
        line.paragraph_format.keep_with_next = True
        wide, high = figure_mm(figure.path)
        picture = line.add_run().add_picture(str(figure.path), Mm(wide), Mm(high))
        picture._inline.docPr.set("descr", printable(figure.caption))
        for side in "TBLR":
            # Where nothing is said, LibreOffice leaves 3 mm beside it.
            picture._inline.set(f"dist{side}", "0")
        self._write_caption("figure", next(self._figures), figure.caption)


def _bookmark(at: int) -> str:
    return f"_Toc{at:06d}"


def _borders(tag: str, **sides: int) -> Any:
    made = _element(tag)
    for side, size in sides.items():
        made.append(_element(side, val="single", sz=size, space=0, color="000000"))
    return made


def _numbers(headings: list[Heading], lang: str) -> list[str]:
    """What stands before each heading of the first two levels, as Word will number them."""
    found, chapter, part = [], 0, 0
    for heading in headings:
        chapter, part = (chapter + 1, 0) if heading.level == 1 else (chapter, part + 1)
        if lang == "en":
            found.append(f"{chapter} " if heading.level == 1 else f"{chapter}.{part} ")
        else:
            found.append(f"{_chinese(chapter)}、" if heading.level == 1 else f"（{_chinese(part)}）")
    return found


def _chinese(number: int) -> str:
    """A number below 100 in Chinese.

    Examples
    --------
    >>> [_chinese(number) for number in (3, 10, 12, 20, 21)]
    ['三', '十', '十二', '二十', '二十一']
    """
    digits = "〇一二三四五六七八九"
    tens, ones = divmod(number, 10)
    head = "" if tens == 0 else "十" if tens == 1 else f"{digits[tens]}十"
    return head + (digits[ones] if ones or not tens else "")


def _repack(packed: io.BytesIO, path: Path) -> None:
    """Write the parts again with fixed times, and the table of faces with what stands in for each."""
    faces = "".join(
        f'<w:font w:name="{name}"><w:altName w:val="{others}"/></w:font>' for name, others in _FACES.items()
    )
    table = f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<w:fonts {nsdecls("w")}>{faces}</w:fonts>'
    with zipfile.ZipFile(packed) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            content = old.read(entry)
            if entry.filename == "word/fontTable.xml":
                content = table.encode()
            made = zipfile.ZipInfo(entry.filename, _ZIPPED)
            made.compress_type, made.external_attr, made.create_system = zipfile.ZIP_DEFLATED, 0o600 << 16, 3
            new.writestr(made, content)
