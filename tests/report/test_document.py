"""The report as a document: every figure a named field, real headings, the same words in Word and on paper."""

from __future__ import annotations

import random
import re
import zipfile
from dataclasses import replace
from pathlib import Path

import docx
import pandas as pd
import pypdf
import pytest
import typst
from docx.enum.text import WD_ALIGN_PARAGRAPH
from PIL import Image
from told_parts import told_parts

from jxgis.errors import SettingsError
from jxgis.report.blocks import Absent, Paragraph, Picture, Section, TableBlock
from jxgis.report.document.fields import Fields, known_parts, known_tables
from jxgis.report.document.fields_page import with_fields
from jxgis.report.document.model import Document, Heading, Item, cell_words, column_widths, table_points
from jxgis.report.document.pdf import write_pdf
from jxgis.report.document.word import write_docx
from jxgis.report.document.wording import Told, composed, read_wording, shipped_wording

HOSTILE = '{report.title} {{x}} #read("/etc/passwd") $x$ *b* <w:p/> [[keys]] \\u{41} "\x00\u202e'


def told(lang: str = "zh", **parts: object) -> Told:
    made = replace(told_parts(), **parts)  # type: ignore[arg-type]
    own = {"title": "嘉兴市城市管理空间分析报告", "city": "嘉兴市", "period": "2023 年"}
    return Told(parts=made.sections(lang), own=own, sources=made.sources, lang=lang)


def document(said: Told, wording: str | None = None, *, sketch: bool = True) -> Document:
    items, _ = composed(read_wording(wording or shipped_wording(said.lang), "报告.txt"), said)
    return Document(title=said.own["title"], subtitle="2023 年", items=items, lang=said.lang, sketch=sketch)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_shipped_text_is_filled_in_and_says_nothing_of_parts_that_are_not_there(lang):
    said = told(lang)
    items, missing = composed(read_wording(shipped_wording(lang), "x"), said)
    absent = {part.part for part in said.parts if isinstance(part, Absent)}
    words = [item.words for item in items if not isinstance(item, (TableBlock, Picture))]
    assert not [each for each in words if re.search(r"[{}]|\[\[|//", each)]
    headings = [item.words for item in items if isinstance(item, Heading)]
    assert {"公园绿地服务", "Parks"} & {*headings}
    assert not {"薄弱区域", "Weak areas", "治理成效", "Effects"} & {*headings[4:]}
    assert absent & {field.partition(".")[0] for _, field in missing}
    # A figure that stands first is named by its label, which is a text of its own.
    assert not [field for _, field in missing if ".keys." in field and field.partition(".")[0] not in absent]


def test_a_field_is_what_the_workbook_shows():
    tables = told_parts().parks["sites"]
    fields = Fields(told().parts, {}, "zh")
    assert fields.value("parks.sites.1.name") == tables["name"].iloc[0]
    assert fields.value("parks.keys.公园服务半径覆盖率.value") == fields.value("parks.keys.1.value")
    assert fields.value("parks.keys.别的.value") is None
    assert fields.value("parks.sites.rows") == f"{len(tables):,}"
    places = told_parts().hotspots["places"]
    own = places[places["issue_class"] == "all"].sort_values("rank")
    assert fields.value("hotspots.places.all.1.issues") == f"{own['issues'].iloc[0]:,.0f}"
    assert fields.value("hotspots.places.全部问题.1.issues") == fields.value("hotspots.places.all.1.issues")
    assert fields.value("hotspots.places.all.1.share_issues") == f"{100 * own['share_issues'].iloc[0]:.1f} %"


def test_a_small_count_is_the_range_that_people_are_shown():
    places = told_parts().hotspots["places"].assign(issues="1–2")
    assert Fields(told(hotspots={"places": places}).parts, {}, "zh").value("hotspots.places.1.issues") == "1–2"


def _said_of(tables: dict[str, pd.DataFrame]) -> tuple[list[str], list[str]]:
    """What the document says before its first chapter of a part, and below the heading of what is to be checked."""
    items, _ = composed(read_wording(shipped_wording("zh"), "x"), told(hotspots=tables))
    words = [item.words for item in items if not isinstance(item, (TableBlock, Picture))]
    head = words[: words.index("问题热点")]
    return head, head[head.index("未计算的内容和须核对之处") :]


def test_the_first_place_has_one_number_in_the_document_and_on_the_page():
    """Of places with one peak each the page gave those of the places, the document those around their peaks."""
    tables = told_parts().hotspots
    places = tables["places"]
    peaks = places.assign(gi_z=9.0 - places["rank"], place_rank=places["rank"], issues=7777)
    head, _ = _said_of(tables | {"peaks": peaks})
    first = places[(places["issue_class"] == "all") & (places["rank"] == 1)].iloc[0]
    assert any(first["name"] in line and f"{first['issues']:,} 件" in line for line in head)
    assert not any("7,777" in line for line in head)
    wide = peaks.assign(place_rank=1)
    assert any("7,777 件" in line and "不按件数" in line for line in _said_of(tables | {"peaks": wide})[0])


def test_without_a_hot_place_the_document_says_so_first_as_the_page_does():
    tables = told_parts().hotspots
    head, _ = _said_of({"places": tables["places"].iloc[:0]})
    assert "问题集中在哪里" in head
    assert any("没有显著的热点" in line for line in head)


def test_issues_at_one_point_are_among_what_is_to_be_checked():
    tables = told_parts().hotspots
    places = tables["places"]
    piled = places.assign(same_point_share=(places["rank"] == 1) * 0.42)
    head, checks = _said_of(tables | {"places": piled})
    first = places.loc[(places["issue_class"] == "all") & (places["rank"] == 1), "name"].iloc[0]
    assert [line for line in checks if "坐标完全相同" in line and line.startswith(f"问题热点：{first}")]
    assert any("42 % 的问题坐标完全相同" in line for line in head), "where the place is named first"
    assert not any(
        "坐标完全相同" in line for line in _said_of(tables | {"places": piled.assign(same_point_share=0.1)})[0]
    )


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("park.sites.1.name", "parks"), ("parks.site.1.name", "sites"), ("parks.sites.1.nmae", "name"),
        ("parks.keys.1.vlaue", "value"), ("report.titel", "title"), ("parks.coverage.all.coverage", "区域、方法"),
        ("parks.sites.name", "排名"), ("parks.text.first", "1 为第一个"), ("parks.keys.value", "指标"), ("", "report"), ("parks", "keys"),
    ],
)  # fmt: skip
def test_a_name_that_no_report_has_is_refused_with_the_nearest(name, near):
    with pytest.raises(SettingsError) as caught:
        read_wording(f"# 一\n{{{name}}}", "报告.txt")
    assert near in caught.value.text("zh")
    assert "报告.txt 第 2 行" in caught.value.text("zh")


@pytest.mark.parametrize("line", ["{", "a}", "{a{b}}", "##### 五级", "[[park]]", "[[parks.site]]", "[[hotspots.keys]]"])
def test_a_line_that_cannot_be_used_is_refused(line):
    with pytest.raises(SettingsError, match="第 1 行"):
        read_wording(line, "报告.txt")


def test_all_that_is_wrong_is_said_at_once():
    with pytest.raises(SettingsError) as caught:
        read_wording("{x.y}\n好\n[[nothing]]", "报告.txt")
    assert ["第 1 行" in caught.value.text("zh"), "第 3 行" in caught.value.text("zh")] == [True, True]


def test_every_field_of_every_sheet_is_known():
    for part in known_parts():
        for name, table in known_tables(part).items():
            for column in table.columns:
                read_wording(f"{{{part}.{name}.1.{column.replace('*', 'x')}}}", "x")


def test_values_are_text_in_both_files(tmp_path):
    sites = told_parts().parks["sites"].assign(name=HOSTILE)
    said = told(parks={**told_parts().parks, "sites": sites})
    made = document(said, "# {parks.sites.1.name}\n见{parks.sites.1.name}。\n[[parks.sites]]")
    seen = re.sub("[\x00\u202e]", "\ufffd", HOSTILE)
    assert made.items[0] == Heading(1, HOSTILE)
    write_docx(made, tmp_path / "a.docx")
    file = docx.Document(str(tmp_path / "a.docx"))
    assert [line.text for line in file.paragraphs if line.style.name == "Heading 1"] == [seen]
    assert file.tables[0].cell(1, 1).text == seen
    write_pdf(made, tmp_path / "a.pdf")
    words = "".join("".join(page.extract_text() for page in pypdf.PdfReader(tmp_path / "a.pdf").pages).split())
    assert words.count('#read("/etc/passwd")$x$*b*<w:p/>[[keys]]') > 3
    assert "root:" not in words


@pytest.fixture
def picture(tmp_path: Path) -> Picture:
    path = tmp_path / "map.png"
    Image.new("RGB", (300, 900), "#0b6e77").save(path)
    return Picture("parks", path, "公园绿地服务覆盖", b"")


def test_word_has_real_headings_fields_and_three_rules(tmp_path, picture):
    said = replace(told(), figures=[picture])
    write_docx(document(said), tmp_path / "a.docx")
    file = docx.Document(str(tmp_path / "a.docx"))
    headings = [line for line in file.paragraphs if line.style.name.startswith("Heading")]
    assert [line.text for line in headings] == [
        item.words for item in document(said).items if isinstance(item, Heading)
    ]
    xml = file.element.xml
    contents = [line for line in file.paragraphs if line.style.name.startswith("toc")]
    tables = [item for item in document(said).items if isinstance(item, TableBlock)]
    assert len(file.tables) == len(tables) == xml.count("SEQ 表 ")
    assert xml.count("SEQ 图 ") == 1
    # As wide as the text, and nothing beside it.
    assert file.inline_shapes[0]._inline.xpath("@distL|@distR") == ["0", "0"]
    assert [[row.cells[at].text.replace("\xa0", " ") for at in range(len(tables[0].titles))] for row in file.tables[0].rows] == [
        [*tables[0].titles], *map(list, tables[0].rows),
    ]  # fmt: skip
    borders = re.findall(r"<w:tblBorders>(.*?)</w:tblBorders>", xml, re.DOTALL)
    assert len(borders) == len(tables)
    assert not re.search("left|right|inside", borders[0])
    assert 'TOC \\o "1-2"' in xml
    assert all(f"PAGEREF _Toc{at:06d}" in xml for at in (1, 2))
    # What Word makes anew begins before the first entry and ends after the hint, which goes with it.
    assert "更新域" in contents[-1].text
    assert contents[0]._p.xpath(".//w:fldChar/@w:fldCharType")[0] == "begin"
    assert contents[-1]._p.xpath(".//w:fldChar/@w:fldCharType") == ["end"]
    section = file.sections[0]
    assert [round(each.mm) for each in (section.page_width, section.page_height, section.top_margin, section.left_margin)] == [
        210, 297, 37, 28,
    ]  # fmt: skip
    assert "PAGE" in section.footer._element.xml
    assert file.sections[-1].header.paragraphs[0].text == "示意数据，非官方边界"
    with zipfile.ZipFile(tmp_path / "a.docx") as packed:
        assert (
            'w:name="方正小标宋简体"><w:altName w:val="方正小标宋_GBK,华文中宋'
            in packed.read("word/fontTable.xml").decode()
        )


def test_the_elements_of_word_stand_in_the_order_of_the_schema(tmp_path):
    write_docx(document(told()), tmp_path / "a.docx")
    file = docx.Document(str(tmp_path / "a.docx"))
    order = ["tblStyle", "tblW", "jc", "tblBorders", "tblLayout", "tblCellMar", "tblLook"]
    there = [child.tag.rpartition("}")[2] for child in file.tables[0]._tbl.tblPr]
    assert there == [name for name in order if name in there]
    settings = [child.tag.rpartition("}")[2] for child in file.settings.element]
    assert settings.index("updateFields") < settings.index("compat")
    kinds = [child.tag.rpartition("}")[2] for child in file.part.numbering_part.element]
    assert kinds == sorted(kinds)  # abstractNum before num


def test_same_document_same_bytes(tmp_path, picture):
    made = document(replace(told(), figures=[picture]))
    for write, name in ((write_docx, "docx"), (write_pdf, "pdf")):
        for at in (1, 2):
            write(made, tmp_path / f"{at}.{name}")
        assert (tmp_path / f"1.{name}").read_bytes() == (tmp_path / f"2.{name}").read_bytes()


def test_word_and_paper_say_the_same(tmp_path):
    made = document(told())
    write_docx(made, tmp_path / "a.docx")
    write_pdf(made, tmp_path / "a.pdf")
    paper = "".join("".join(page.extract_text() for page in pypdf.PdfReader(tmp_path / "a.pdf").pages).split())
    file = docx.Document(str(tmp_path / "a.docx"))
    words = [line.text for line in file.paragraphs if line.style.name in ("Body Text", "Note", "Title")]
    words += [cell.text for table in file.tables for row in table.rows for cell in row.cells]
    # A page may end within a paragraph.
    lost = [each for each in words if "".join(each.split())[:12] not in paper]
    assert not lost


def test_the_mark_stands_only_where_it_is_schematic(tmp_path):
    write_docx(document(told(), sketch=False), tmp_path / "a.docx")
    assert "示意" not in docx.Document(str(tmp_path / "a.docx")).sections[-1].header.paragraphs[0].text


def test_what_is_missing_leaves_its_line_out_and_headings_with_nothing_below_go():
    said = Told(
        parts=[Section(part="parks", blocks=[], sheets={"sites": pd.DataFrame({"rank": [1], "name": ["甲"]})})], own={}
    )
    items, missing = composed(read_wording("# 一\n## 甲\n{parks.sites.2.name}\n## 乙\n{parks.sites.1.name}", "x"), said)
    assert [item.words for item in items] == ["一", "乙", "甲"]
    assert [(line.number, field) for line, field in missing] == [(3, "parks.sites.2.name")]


def test_columns_share_the_whole_width():
    block = TableBlock("", ["排名", "名称", "说明"], [True, False, False], [["1", "三水湾", "很长的说明" * 30]])
    widths = column_widths(block)
    assert sum(widths) == pytest.approx(1, abs=1e-3)
    assert widths[2] > widths[1] > 0


def test_each_word_and_number_has_room_in_its_column():
    """Numbers with words behind them lay on one another, and a word of a head was broken."""
    titles = ["Indicator", "Kind", "Value", "Target of 2025", "Target of 2027", "Status", "Room to the target", "From"]
    numbers = ["9.66 per 10,000 people", "≥ 9.5 per 10,000 people", "≥ 11 per 10,000 people", "−1.34 per 10,000 people"]
    row = [
        "Social organisations of city governance per 10,000 people",
        "expected",
        *numbers[:3],
        "below",
        numbers[3],
        "brought",
    ]
    block = TableBlock(
        "", titles, [False, False, True, True, True, False, True, False], [row, [*row[:2], "6.7 %", *row[3:]]]
    )
    # A4 less its margins; letters half as wide as they are high.
    letters = 156 / 25.4 * 72 / (table_points(block) / 2)
    for at, share in enumerate(column_widths(block)):
        held = [titles[at], *(cell_words(block, at, each[at]) for each in block.rows)]
        pieces = [piece for words in held for piece in words.split(" ")]
        assert max(map(len, pieces)) < share * letters, titles[at]
    assert cell_words(block, 2, "6.7 %") == "6.7\u00a0%"


def test_a_reason_beside_long_names_is_no_narrow_column():
    """Names that break at their hyphen took the room of a sentence beside them, a word a line."""
    reason = "the district is smaller than the minimum of a unit"
    row = ["Wellington-Harrington-01", "Wellington-Harrington", "0.61", "no", reason]
    block = TableBlock(
        "", ["Unit", "District", "Area (km²)", "Nearly (±10%)", "Reason"], [False, False, True, False, False], [row]
    )
    letters = 156 / 25.4 * 72 / (table_points(block) / 2)
    assert len(reason) / (column_widths(block)[-1] * letters) < 2
    # Letters half as wide as they are high: no part of a name is broken.
    for share, piece in zip(column_widths(block), ["Harrington-01", "Wellington-", "(km²)", "(±10%)"], strict=False):
        assert len(piece) < share * letters, piece


@pytest.mark.parametrize("columns", [3, 7, 12])
def test_letters_are_smaller_where_words_would_be_broken(columns):
    """As many letters as stand on a line of the page, in words of equal length."""
    for length in range(3, 60):
        block = TableBlock("", ["a" * length] * columns, [False] * columns, [])
        letters = 156 / 25.4 * 72 / (table_points(block) / 2)
        assert (length + 1) * columns <= letters or table_points(block) == 6.5, length


@pytest.mark.parametrize(("lang", "words"), [("zh", "续表{n}"), ("en", "Table{n}(continued)")])
def test_each_further_piece_of_a_table_says_which_it_goes_on_with(tmp_path, lang, words):
    """Of three tables with a picture that floats between them; the second is long, the others stay whole."""
    Image.new("RGB", (1200, 900), "white").save(tmp_path / "a.png")
    lengths = {1: 2, 2: 90, 3: 12}
    items = []
    for n, rows in lengths.items():
        items.append(Picture("b", tmp_path / "a.png", "p", b""))
        items.append(TableBlock(f"t{n}", ["a", "b"], [False, True], [[f"r{n}.{row}.", "x"] for row in range(rows)]))
    write_pdf(Document(title="t", subtitle="", items=items, lang=lang, sketch=False), tmp_path / "a.pdf")
    pages = ["".join(page.extract_text().split()) for page in pypdf.PdfReader(tmp_path / "a.pdf").pages]
    for n in lengths:
        on = [page for page in pages if f"r{n}." in page]
        assert [page.count(words.format(n=n)) for page in on] == [0] + [1] * (len(on) - 1)
    assert sum("r2." in page for page in pages) > 2


def test_no_row_of_a_table_is_left_alone_at_the_turn_of_a_page(tmp_path):
    """Tables of 1 to 13 rows, whatever of a page is left below them; each row says which it is."""
    tables = [
        TableBlock(f"t{n}", ["a", "b"], [False, True], [[f"r{n}.{row}.", "x"] for row in range(1 + n % 13)])
        for n in range(60)
    ]
    made = Document(title="t", subtitle="", items=tables, lang="zh", sketch=False)
    write_pdf(made, tmp_path / "a.pdf")
    found = [re.findall(r"r(\d+)\.(\d+)\.", page.extract_text()) for page in pypdf.PdfReader(tmp_path / "a.pdf").pages]
    assert sum(map(len, found)) == sum(len(table.rows) for table in tables)
    parts = [len([row for n, row in page if int(n) == at]) for page in found for at in {int(n) for n, _ in page}]
    assert len(parts) > len(tables)
    assert parts.count(1) == sum(len(table.rows) == 1 for table in tables)
    write_docx(made, tmp_path / "a.docx")
    for table, block in zip(docx.Document(str(tmp_path / "a.docx")).tables, tables, strict=True):
        n, kept = len(block.rows), [bool(row._tr.xpath(".//w:keepNext")) for row in table.rows]
        # Row 0 is the head.
        assert kept == [at < n and (at < 2 or at == n - 1) for at in range(n + 1)], n


def test_a_line_with_a_long_name_is_not_pulled_apart(tmp_path):
    items = [Paragraph("没有提供道路（[inputs.streets]），未计算。"), Paragraph("没有提供道路，未计算。")]
    write_docx(Document(title="t", subtitle="", items=items, lang="zh", sketch=False), tmp_path / "a.docx")
    left, even = docx.Document(str(tmp_path / "a.docx")).paragraphs[-2:]
    assert (left.alignment, even.alignment) == (WD_ALIGN_PARAGRAPH.LEFT, None)


@pytest.mark.parametrize("page", ["docs/report.md", "docs/report.zh.md"])
def test_the_pages_list_every_field_and_their_examples_are_fields(root, page):
    written = (root / page).read_text(encoding="utf-8")
    assert written == with_fields(written, "zh" if ".zh." in page else "en"), "python -m jxgis.report.document"
    shown = [each for each in re.findall(r"`(\{[^}`]+\})`", written) if each[1:-1].count(".") > 0]
    assert len(shown) > 8
    for field in shown:
        if field[1:-1].split(".")[0] in {"report", *known_parts()}:
            read_wording(field, page)
    for line in re.findall(r"`(\[\[[^`]+\]\])`", written):
        read_wording(line, page)


def test_figures_and_tables_stand_by_turns(picture):
    table = TableBlock("表", ["名"], [False], [["甲"]])
    said = Section(part="parks", blocks=[Paragraph("一"), table, Paragraph("二"), table])
    figures = [picture._replace(part="parks", caption=f"第 {at} 幅") for at in (1, 2, 3)]
    items, _ = composed(read_wording("# 公园\n[[parks]]", "x"), Told(parts=[said], own={}, figures=figures))
    assert [type(item).__name__[0] for item in items] == ["H", *"PPTPPTP"]
    assert [item.caption for item in items if isinstance(item, Picture)] == ["第 1 幅", "第 2 幅", "第 3 幅"]


def test_a_figure_stays_in_its_chapter_on_paper(tmp_path, picture):
    high = tmp_path / "high.png"
    Image.new("RGB", (120, 150), "white").save(high)
    figure, text = picture._replace(path=high), Paragraph("公园够不够，缺在哪里。" * 20)
    items = [Heading(1, "公园"), text, figure, Heading(1, "单元"), text]
    made = Document(title="报告", subtitle="", items=items, lang="zh", sketch=False)
    write_pdf(made, tmp_path / "a.pdf")
    pages = [page.extract_text() for page in pypdf.PdfReader(tmp_path / "a.pdf").pages]
    at = {
        name: next(k for k, words in enumerate(pages[1:]) if name in words) for name in ("一、公园", "图 1", "二、单元")
    }
    assert at["一、公园"] < at["图 1"] <= at["二、单元"]


def _lines_of(path: Path) -> dict[tuple[int, float], str]:
    """The words of each line after the first page, by its page and how far down it stands."""
    lines: dict[tuple[int, float], str] = {}
    for number, page in enumerate(pypdf.PdfReader(path).pages[1:]):

        def note(words: str, page_at, line_at, _font, _size, number=number) -> None:
            at = number, -round(page_at[5] + page_at[3] * line_at[5])
            lines[at] = lines.get(at, "") + "".join(words.split())

        page.extract_text(visitor_text=note)
    return lines


def test_no_figure_stands_before_the_heading_of_its_chapter(tmp_path, picture):
    """Whatever stands on the page above: a figure that floated to its head stood in the chapter before."""
    flat = tmp_path / "flat.png"
    Image.new("RGB", (150, 110), "white").save(flat)
    figure, line, table = (
        picture._replace(path=flat),
        Paragraph("问题集中在老城。"),
        TableBlock("t", ["a"], [False], [["x"]]),
    )
    for above in range(0, 14, 2):
        items = [
            Heading(1, "问题"),
            *[line] * above,
            Heading(1, "公园"),
            line,
            figure,
            table,
            *[line] * 9,
            figure,
            line,
        ]
        write_pdf(Document(title="报告", subtitle="", items=items, lang="zh", sketch=False), tmp_path / "a.pdf")
        lines = _lines_of(tmp_path / "a.pdf")
        stands = {name: min(at for at, words in lines.items() if name in words) for name in ("公园", "图1", "图2")}
        assert stands["公园"] < stands["图1"] < stands["图2"], above


def long_report(folder: Path, chapters: int) -> Document:
    """Chapters of texts, tables and figures of many heights, as a report of all parts has them."""
    rng = random.Random(30)  # noqa: S311
    items: list[Item] = []
    for chapter in range(chapters):
        items.append(Heading(1, f"章{chapter}"))
        for _ in range(rng.randint(2, 5)):
            kind = rng.choice("ptfn")
            if kind == "p":
                items.append(Paragraph("问题集中在老城，先去哪里看。" * rng.randint(1, 12)))
            elif kind == "n":
                items.append(Paragraph("口径说明。" * rng.randint(1, 20), "sub"))
            elif kind == "t":
                items.append(TableBlock("各处", ["a", "b"], [False, False], [["x", "y"]] * rng.randint(3, 16)))
            else:
                path = folder / f"{(high := rng.choice([60, 110, 140]))}.png"
                Image.new("RGB", (150, high), "white").save(path)
                items.append(Picture("parks", path, "一幅", b""))
    return Document(title="报告", subtitle="", items=items, lang="zh", sketch=False)


def test_pages_come_to_rest_and_numbers_are_those_of_word(tmp_path, monkeypatch):
    """A layout that swings gives numbers of another turn: two figures of one number, contents of other pages."""
    real, warned = typst.Compiler, []

    class Heard:
        def __init__(self, *source, **given):
            self.real = real(*source, **given)

        def query(self, *asked, **given):
            return self.real.query(*asked, **given)

        def compile(self, **given):
            made, warnings = self.real.compile_with_warnings(**given)
            warned.extend(warning.message for warning in warnings)
            return made

    monkeypatch.setattr(typst, "Compiler", Heard)
    made = long_report(tmp_path, 10)
    write_pdf(made, tmp_path / "a.pdf")
    assert not warned
    lines = [lines for _, lines in sorted(_lines_of(tmp_path / "a.pdf").items(), key=lambda at: (at[0][0], at[0][1]))]
    for word, kind in (("图", Picture), ("表", TableBlock)):
        found = [int(at[1]) for line in lines if (at := re.match(rf"{word}(\d+)(?=一幅|各处)", line))]
        assert found == list(range(1, 1 + sum(isinstance(item, kind) for item in made.items)))


@pytest.mark.parametrize("source", ["", "\n \n", "// 说明\n\ufeff"])
def test_a_text_of_nothing_is_refused_before_anything_is_computed(source):
    with pytest.raises(SettingsError, match=r"^a\.txt 没有一行要写的文字"):
        read_wording(source, "a.txt")
