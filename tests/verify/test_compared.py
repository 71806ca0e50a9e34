"""One digit that is another is found and named, whatever file it stands in; what is not a result does no harm."""

from __future__ import annotations

import json
import shutil
import sqlite3
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pytest
import rasterio
from pypdf import PdfWriter
from pypdf.generic import NameObject
from told_parts import told_parts

from jxgis.gpkg import write_gpkg
from jxgis.i18n import text
from jxgis.output import write_csv
from jxgis.report.document.model import Document
from jxgis.report.document.pdf import write_pdf
from jxgis.report.document.word import write_docx
from jxgis.report.document.wording import Told, composed, read_wording
from jxgis.report.page import report_page
from jxgis.report.workbook import report_workbook
from jxgis.verify.compared import Compared, compare_files


def _write(folder: Path, *, residents: int = 6436) -> None:
    """A result in small: one figure, 6,436, in every file."""
    made = told_parts()
    plain = (made.parks or {})["sites"]
    sites = plain.assign(gain_m2=[residents, *range(len(plain) - 1)])
    made = made.with_parks(sites=sites)
    parts = made.sections()
    told = Told(parts=parts, own={"title": "报告"}, sources=made.sources)
    items, _ = composed(read_wording("# 公园\n首先新增覆盖 {parks.sites.1.gain_m2} 平方米。\n[[parks]]", "x"), told)
    document = Document(title="报告", subtitle="", items=items, lang="zh", sketch=True)
    write_docx(document, folder / "report.docx")
    write_pdf(document, folder / "report.pdf")
    page = report_page(parts, title="报告", sketch=True).replace(
        "</main>", f"<script>var n=[1,{residents}];</script></main>"
    )
    (folder / "index.html").write_text(page, encoding="utf-8")
    report_workbook(folder / "report.xlsx", parts, title="报告")
    write_csv(pd.DataFrame({"name": ["甲", "乙"], "n": [1, residents]}), folder / "a.csv")
    (folder / "a.json").write_text(json.dumps({"parks": [{"gain": residents, "none": None}]}), encoding="utf-8")
    points = gpd.points_from_xy([0, 1], [0, 1])
    layers = {
        "units": gpd.GeoDataFrame(
            {"unit_id": ["一", "二"], "n": [1, residents], "x": [0.5, np.nan]}, geometry=points, crs=4549
        )
    }
    write_gpkg(folder / "a.gpkg", layers)
    with rasterio.open(
        folder / "a.tif", "w", driver="GTiff", width=2, height=2, count=1, dtype="float64", crs="EPSG:4549",
        transform=rasterio.Affine(1, 0, 500, 0, -1, 500),
    ) as raster:  # fmt: skip
        raster.write(np.array([[1.0, 2], [3, residents]]), 1)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder: Path = tmp_path_factory.mktemp("made")
    _write(folder)
    return folder


@pytest.fixture
def result(made: Path, tmp_path: Path) -> Path:
    shutil.copytree(made, tmp_path / "result")
    return tmp_path / "result"


NAMES = ("report.docx", "report.pdf", "index.html", "report.xlsx", "a.csv", "a.json", "a.gpkg", "a.tif")


@pytest.mark.parametrize("name", NAMES)
def test_what_is_untouched_is_equal_and_its_numbers_are_counted(made, result, name):
    found = compare_files(result / name, made / name, name)
    assert (found.differing, found.differences) == (0, [])
    assert found.numbers > 1


def _in_zip(path: Path, member: str, old: str, new: str) -> None:
    with zipfile.ZipFile(path) as packed:
        content = {entry.filename: packed.read(entry) for entry in packed.infolist()}
    assert old.encode() in content[member]
    content[member] = content[member].replace(old.encode(), new.encode(), 1)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for each, data in content.items():
            packed.writestr(each, data)


def _in_text(path: Path, old: str, new: str, at: int = 0) -> None:
    pieces = path.read_text(encoding="utf-8").split(old)
    assert len(pieces) > 1
    path.write_text(new.join([old.join(pieces[: at + 1]), old.join(pieces[at + 1 :])]), encoding="utf-8")


def _in_sheet(path: Path) -> None:
    book = openpyxl.load_workbook(path)
    cell = next(cell for row in book["建议新增公园"].iter_rows() for cell in row if cell.value == 6436)
    cell.value = 6437
    book.save(path)


def _in_layer(path: Path) -> None:
    with closing(sqlite3.connect(path)) as base, base:
        for (trigger,) in base.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            base.execute(f'DROP TRIGGER "{trigger}"')
        base.execute("UPDATE units SET n = 6437 WHERE n = 6436")


def _in_raster(path: Path) -> None:
    with rasterio.open(path, "r+") as raster:
        raster.write(np.array([[1.0, 2], [3, 6437]]), 1)


CHANGES: dict[str, tuple[Callable[[Path], None], str, str]] = {
    "report.docx": (
        lambda path: _in_zip(path, "word/document.xml", ">6,436<", ">6,437<"),
        "建议新增公园",
        "新增覆盖居住用地",
    ),
    "index.html": (lambda path: _in_text(path, "6,436", "6,437"), "建议新增公园", "新增覆盖居住用地"),
    "report.xlsx": (_in_sheet, "建议新增公园", "新增覆盖居住用地"),
    "a.csv": (lambda path: _in_text(path, "6436", "6437"), "", "n"),
    "a.json": (lambda path: _in_text(path, "6436", "6437"), "", ""),
    "a.gpkg": (_in_layer, "units", "n"),
    "a.tif": (_in_raster, "1", "1"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_one_digit_changed_by_hand_is_found_and_named(made, result, name):
    change, table, column = CHANGES[name]
    change(result / name)
    found = compare_files(result / name, made / name, name)
    named = [each for each in found.differences if "6437" in each.was.zh.replace(",", "")]
    assert len(named) == 1
    assert named[0].now.zh.replace(",", "").startswith("6436")
    assert table in named[0].table
    assert column in named[0].column
    assert named[0].file == name
    # Nothing else is called another, but for what a digit of a page or a trigger takes with it.
    assert all(each is named[0] or each.table == "sqlite_master" for each in found.differences)


def test_a_number_in_the_script_of_a_map_is_found(made, result):
    _in_text(result / "index.html", "[1,6436]", "[1,6437]")
    found = compare_files(result / "index.html", made / "index.html", "index.html")
    assert [(each.was.zh, each.now.zh) for each in found.differences] == [("6437];", "6436];")]


def test_a_number_in_a_paragraph_of_the_document_is_found(made, result):
    _in_zip(result / "report.docx", "word/document.xml", "6,436\xa0平方米", "6,439\xa0平方米")
    (found,) = compare_files(result / "report.docx", made / "report.docx", "report.docx").differences
    assert "6,439" in found.was.zh
    assert "6,436" in found.now.zh


def test_a_number_on_paper_is_found(tmp_path, made):
    _write(tmp_path, residents=6437)
    found = compare_files(tmp_path / "report.pdf", made / "report.pdf", "report.pdf")
    assert any("6,437" in each.was.zh and "6,436" in each.now.zh for each in found.differences)


def test_last_digits_of_another_machine_are_none(tmp_path):
    for name, value in (("was.json", 0.1 + 0.2), ("now.json", 0.3)):
        (tmp_path / name).write_text(json.dumps({"x": value}), encoding="utf-8")
    assert compare_files(tmp_path / "was.json", tmp_path / "now.json", "a.json") == Compared(1, 0, [])


def test_differences_are_counted_beyond_those_that_are_named(tmp_path):
    for name, add in (("was.json", 1), ("now.json", 0)):
        (tmp_path / name).write_text(json.dumps([n + add for n in range(50)]), encoding="utf-8")
    found = compare_files(tmp_path / "was.json", tmp_path / "now.json", "a.json")
    assert (found.differing, len(found.differences)) == (50, 20)


def _moved(path: Path) -> None:
    with rasterio.open(path, "r+") as raster:
        raster.transform = rasterio.Affine(1, 0, 600, 0, -1, 500)


def _painted_over(path: Path) -> None:
    book = PdfWriter(clone_from=path)
    drawn: Any = book.pages[0].get_contents()
    drawn.set_data(drawn.get_data() + b" 1 1 1 rg 0 0 600 800 re f")
    book.pages[0][NameObject("/Contents")] = drawn
    book.write(path)


def _twice(path: Path) -> None:
    with zipfile.ZipFile(path, "a") as packed, pytest.warns(UserWarning, match="Duplicate"):
        packed.writestr("word/header1.xml", packed.read("word/header1.xml"))


BESIDE_VALUES: dict[str, tuple[str, Callable[[Path], None], str]] = {
    "no mark in the head of pages": (
        "report.docx",
        lambda path: _in_zip(path, "word/header1.xml", "示意数据", "数据"),
        "word/header1.xml",
    ),
    "hidden words": (
        "report.docx",
        lambda path: _in_zip(path, "word/document.xml", "<w:r>", "<w:r><w:rPr><w:vanish/></w:rPr>"),
        "word/document.xml",
    ),
    "another picture": (
        "report.docx",
        lambda path: _in_zip(path, "word/_rels/document.xml.rels", 'Target="', 'Target="./'),
        "word/_rels/document.xml.rels",
    ),
    "a part twice": ("report.docx", _twice, "word/header1.xml"),
    "a formula that gives another value when it is opened": (
        "report.xlsx",
        lambda path: _in_zip(path, "xl/worksheets/sheet2.xml", "<v>", "<f>1+1</f><v>"),
        "xl/worksheets/sheet2.xml",
    ),
    "another number of decimals": (
        "report.xlsx",
        lambda path: _in_zip(path, "xl/styles.xml", 'formatCode="0.0%"', 'formatCode="0%"'),
        "xl/styles.xml",
    ),
    "a hidden sheet": (
        "report.xlsx",
        lambda path: _in_zip(path, "xl/workbook.xml", 'sheetId="2"', 'sheetId="2" state="hidden"'),
        "xl/workbook.xml",
    ),
    "a page painted over": ("report.pdf", _painted_over, ""),
    "a raster elsewhere": ("a.tif", _moved, ""),
}


@pytest.mark.parametrize("case", BESIDE_VALUES)
def test_what_is_changed_beside_the_values_is_named(made, result, case):
    name, change, part = BESIDE_VALUES[case]
    change(result / name)
    found = compare_files(result / name, made / name, name)
    assert [(each.file, each.table) for each in found.differences] == [(name, part)]


@pytest.mark.parametrize(
    ("part", "old", "new"),
    [
        ("word/header1.xml", "示意数据", "数据"),
        ("word/footer1.xml", ">— <", ">— 7<"),
        ("docProps/core.xml", "</dc:title>", "2026</dc:title>"),
    ],
)
def test_words_beside_the_text_of_the_document_are_named_beside_a_digit_too(made, result, part, old, new):
    """Where a digit of a table is another, no part as a whole is named: these words are read as the text is."""
    _in_zip(result / "report.docx", "word/document.xml", ">6,436<", ">6,437<")
    _in_zip(result / "report.docx", part, old, new)
    found = compare_files(result / "report.docx", made / "report.docx", "report.docx").differences
    assert [each.table for each in found if "6,437" not in each.was.zh] == [part]
    assert len(found) == 2


def test_what_a_picture_is_said_to_show_is_compared(made, result, tmp_path):
    space = "http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing"
    paths = (result / "report.docx", tmp_path / "now.docx")
    shutil.copyfile(made / "report.docx", paths[1])
    for path, n in zip(paths, (7, 6), strict=True):
        said = f'<wp:docPr xmlns:wp="{space}" id="1" name="a" descr="{n} 处"/>'
        _in_zip(path, "word/document.xml", "<w:body>", f"<w:body>{said}")
    (found,) = compare_files(*paths, "report.docx").differences
    assert (found.was.zh, found.now.zh) == ("7 处", "6 处")


@pytest.mark.parametrize("how", ['style="display:none"', 'hidden=""', 'class="none"'])
def test_a_hidden_row_of_the_page_is_named(made, result, how):
    _in_text(result / "index.html", "<tr>", f"<tr {how}>")
    found = compare_files(result / "index.html", made / "index.html", "index.html")
    assert [(each.was.zh, each.now.zh) for each in found.differences] == [(f"<tr {how}>".replace('"', ""), "<tr>")]


@pytest.mark.parametrize("said", ["<!--> 9,999 件 -->", "<![CDATA[> 9,999 件 ]]>", "<?> 9,999 件 ?>", "<!x> 9,999 件"])
def test_what_a_browser_shows_of_a_comment_is_named(made, result, said):
    """By the standard of HTML each of them ends with its first ``>``: what is behind it is shown."""
    _in_text(result / "index.html", "</main>", f"{said}</main>")
    found = compare_files(result / "index.html", made / "index.html", "index.html")
    assert any("9,999" in each.was.zh for each in found.differences)


def test_a_page_that_a_browser_takes_for_one_of_old_is_named(made, result):
    _in_text(result / "index.html", "<!DOCTYPE html>", "")
    assert compare_files(result / "index.html", made / "index.html", "index.html").differences


@pytest.mark.parametrize("name", ["a.csv", "a.json"])
def test_data_written_otherwise_with_the_same_values_are_the_same(made, result, name):
    text = (result / name).read_text(encoding="utf-8")
    (result / name).write_text(text.replace("\n", "\r\n") + " " * name.endswith("json"), encoding="utf-8", newline="")
    assert (result / name).read_bytes() != (made / name).read_bytes()
    assert compare_files(result / name, made / name, name).differences == []


def test_of_pdfs_in_other_faces_the_words_are_compared(made, result):
    book = PdfWriter(clone_from=result / "report.pdf")
    resources: Any = book.pages[0]["/Resources"]
    for font in resources["/Font"].values():
        font.get_object()[NameObject("/BaseFont")] = NameObject("/ABCDEF+Another")
    book.write(result / "report.pdf")
    assert compare_files(result / "report.pdf", made / "report.pdf", "report.pdf").differences == []


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "content",
    [b"", b"PK\x03\x04 no zip", b"\xff\xfe{[<w"],
    ids=["none", "zip", "text"],
)
def test_a_damaged_file_is_said_to_be_another(made, tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    found = compare_files(tmp_path / name, made / name, name)
    assert found.differing > 0
    assert found.differences[0].file == name


def test_a_bomb_is_not_unpacked(made, tmp_path):
    with zipfile.ZipFile(tmp_path / "a.docx", "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("word/document.xml", bytes(80 << 20))
    (found,) = compare_files(tmp_path / "a.docx", made / "report.docx", "a.docx").differences
    assert "解压" in found.was.zh


def test_entities_of_a_document_open_nothing(made, tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_text("6436", encoding="utf-8")
    shutil.copyfile(made / "report.docx", tmp_path / "a.docx")
    _in_zip(
        tmp_path / "a.docx", "word/document.xml", "<w:document",
        f'<!DOCTYPE x [<!ENTITY e SYSTEM "{secret.as_uri()}">]><w:document',
    )  # fmt: skip
    _in_zip(tmp_path / "a.docx", "word/document.xml", ">6,436<", ">&e;<")
    found = compare_files(tmp_path / "a.docx", made / "report.docx", "a.docx")
    assert "6436" not in {each.was.zh for each in found.differences}


def test_a_view_that_never_ends_is_not_run(made, result):
    with closing(sqlite3.connect(result / "a.gpkg")) as base, base:
        base.execute("CREATE VIEW v AS WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT x FROM n")
    found = compare_files(result / "a.gpkg", made / "a.gpkg", "a.gpkg")
    assert {each.table for each in found.differences} == {"sqlite_master"}


def test_a_whole_file_that_differs_is_said_in_a_sentence():
    """It read "the file made again made again"."""
    values = {"was": text("verify.other_bytes", "en"), "now": text("verify.made_again", "en")}
    said = text("verify.differs", "en", place="report.docx", **values)
    assert said == "report.docx: other content in the result, the file made again"
