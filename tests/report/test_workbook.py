"""The workbooks: read back with another library, they hold the tables; and two runs hold the same bytes."""

from __future__ import annotations

import datetime as dt
import re
import zipfile

import numpy as np
import openpyxl
import pandas as pd
import pytest
import xlsxwriter
from result_tables import HOSTILE, result_tables
from told_parts import Told

from jxgis import errors as _errors
from jxgis.city import read_class_table
from jxgis.report import sheets
from jxgis.report.blocks import Section, Sources
from jxgis.report.class_sheet import class_sheet
from jxgis.report.columns import write_value, written
from jxgis.report.paper import for_print
from jxgis.report.workbook import report_workbook
from jxgis.schema.columns import column, own_column
from jxgis.schema.tables import table
from jxgis.schema.tables import tables as tables_of_results
from jxgis.scorecard.sheet import write_values_sheet


def write_scores(path, told):
    sections = [said for said in told.sections() if said.part == "scores"]
    return report_workbook(path, sections, title="评分", plain={"scores.scores": told.scores})


def write(path, tables: Told, **options):
    return report_workbook(path, tables.sections(), title="报告", sources=tables.sources, **options)


@pytest.fixture
def book(tables, tmp_path):
    path = write(tmp_path / "report.xlsx", tables, sketch=True)
    return openpyxl.load_workbook(path)


def values(sheet) -> pd.DataFrame:
    """The rows of a sheet, without the sums below its empty row."""
    return split(sheet)[0]


def split(sheet) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The rows of a sheet, and those of its sums."""
    head, *rows = sheet.iter_rows(values_only=True)
    end = next((at for at, row in enumerate(rows) if not any(cell is not None for cell in row)), len(rows))
    return pd.DataFrame(rows[:end], columns=head), pd.DataFrame(rows[end + 1 :], columns=head)


def test_long_texts_go_on_a_further_sheet_before_they_take_five_lines(tmp_path):
    """6,455 rows of up to nine lines each were 785 printed pages."""
    declared = table("scorecard.scorecard")
    words = {name: "字" * 30 for name, of in declared.columns.items() if of.kind == "text"}
    frame = pd.DataFrame([{name: words.get(name, np.nan) for name in declared.required}])
    path = tmp_path / "long.xlsx"
    report_workbook(path, [Section(part="scorecard", blocks=(), sheets={"scorecard": frame})], title="长")
    pages = [page for page in openpyxl.load_workbook(path) if page.title.startswith("规划指标")]
    assert len(pages) > 1
    assert max(page.row_dimensions[2].height for page in pages) <= 4 * sheets.LINE


def test_every_table_has_its_sheet_with_chinese_titles(book):
    assert book.sheetnames == [
        "说明", "热点地段", "区域统计", "总体性", "公园覆盖率", "建议新增公园", "管理单元", "评分", "输入数据", "列说明",
    ]  # fmt: skip
    assert [c.value for c in book["热点地段"][1]][:3] == ["排名", "问题类别", "名称"]
    for name in book.sheetnames[1:]:
        heads = [c.value for c in book[name][1]]
        # Identifiers of indicators that have no title of their own may stay; nothing of the contract may.
        assert not {"rank", "issue_class", "coverage", "unit_id", "score", "share_inside"} & set(heads)
        assert "geometry" not in heads
        assert book[name].freeze_panes in ("B2", "C2", "D2")  # as far as a row is known by
        assert book[name].auto_filter.ref


def test_values_are_the_tables_own(book, tables):
    units = values(book["管理单元"])
    np.testing.assert_allclose(units["面积（平方公里）"].astype(float), tables.units["area_km2"])
    coverage = values(book["公园覆盖率"])
    np.testing.assert_allclose(coverage["覆盖率"].astype(float), tables.parks["coverage"]["coverage"])
    assert coverage.loc[tables.parks["coverage"]["coverage"].isna().to_numpy(), "原因"].tolist() == ["没有居住用地"] * 2
    assert set(coverage["方法"]) == {"服务半径", "步行"}
    assert "全域" in set(coverage["区域"])


def test_numbers_are_formatted_as_what_they_are(book):
    sheet = book["公园覆盖率"]
    heads = [c.value for c in sheet[1]]
    assert sheet.cell(2, heads.index("覆盖率") + 1).number_format == "0.0%"
    places = book["热点地段"]
    heads = [c.value for c in places[1]]
    assert places.cell(2, heads.index("较上期变化") + 1).number_format == "+0%;-0%;0%"


def test_notes_name_method_and_denominator_of_each_part(book):
    words = [cell for row in book["说明"].iter_rows(values_only=True) for cell in row if cell]
    assert "示意数据，非官方边界" in words
    assert {"问题热点", "公园覆盖", "管理单元", "候选评分"} <= set(words)
    assert any("居住用地面积" in word for word in words)


def test_text_that_looks_like_a_formula_or_a_link_stays_text(tables, tmp_path):
    evil = tables.hotspots["places"].head(3).assign(name=["=1+1", "https://example.org", HOSTILE])
    path = write(tmp_path / "a.xlsx", Told(hotspots={"places": evil}))
    book = openpyxl.load_workbook(path)
    column = [row[2].value for row in book["热点地段"].iter_rows(min_row=2, max_row=4)]
    assert column == ["=1+1", "https://example.org", HOSTILE]
    assert book["热点地段"]["C2"].data_type == "s"
    assert book["热点地段"]["C3"].hyperlink is None


def test_times_lose_their_zone_but_not_their_clock(tmp_path):
    time = pd.Series(pd.to_datetime(["2025-03-01 08:30"])).dt.tz_localize("Asia/Shanghai")
    path = write(tmp_path / "a.xlsx", Told(sources=Sources(table=pd.DataFrame({"time": time}))))
    assert openpyxl.load_workbook(path)["输入数据"]["A2"].value == dt.datetime(2025, 3, 1, 8, 30)


def test_two_runs_write_the_same_bytes(tables, tmp_path):
    made = [write(tmp_path / f"{n}.xlsx", tables).read_bytes() for n in "ab"]
    assert made[0] == made[1]
    with zipfile.ZipFile(tmp_path / "a.xlsx") as archive:
        assert str(tmp_path) not in "".join(archive.read(n).decode("utf-8", "ignore") for n in archive.namelist())


def test_missing_parts_are_said(tmp_path):
    path = write(tmp_path / "a.xlsx", Told(absent={"parks": "没有公园图层。"}))
    words = [cell for row in openpyxl.load_workbook(path)["说明"].iter_rows(values_only=True) for cell in row if cell]
    assert "公园覆盖：本次没有结果。没有公园图层。" in words


def test_scores_have_a_sheet_for_scripts_and_one_for_people(tmp_path):
    scores = result_tables().scores
    told = Told(scores=scores, titles={"park_coverage": "公园覆盖率"})
    path = write_scores(tmp_path / "scores.xlsx", told)
    book = openpyxl.load_workbook(path)
    assert book.sheetnames[:2] == ["scores", "评分"]
    assert book.sheetnames[-2:] == ["说明", "列说明"]
    assert book.active.title == "评分"
    raw = values(book["scores"])
    assert list(raw.columns) == [c for c in scores.columns if c != "geometry"]
    np.testing.assert_allclose(raw["score"].astype(float), scores["score"])
    people = values(book["评分"])
    assert people["排名"].dropna().is_monotonic_increasing
    assert "公园覆盖率（得分）" in people.columns


def test_more_rows_than_excel_holds_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(sheets, "_MAX_ROWS", 5)
    with pytest.raises(_errors.OutputError, match="GeoPackage"):
        write(tmp_path / "a.xlsx", Told(units=result_tables().units))


def test_the_sheet_for_people_has_failing_candidates_last(tables, tmp_path):
    rank = tables.scores["rank"]
    failing = tables.scores.assign(gates=np.where(rank == 1, "fail", "pass"), rank=(rank - 1).where(rank > 1))
    path = write_scores(tmp_path / "scores.xlsx", Told(scores=failing))
    book = openpyxl.load_workbook(path)
    assert values(book["scores"])["candidate_id"].tolist() == failing["candidate_id"].tolist()
    shown = values(book["评分"])
    assert shown["准入条件"].tolist()[-1] == "不符合"
    assert shown["排名"].tolist()[0] == 1
    assert np.isnan(shown["排名"].tolist()[-1])
    assert "不符合" not in shown["准入条件"].tolist()[:-1]


def test_an_indicator_is_written_in_its_own_unit_whatever_it_is_called(tmp_path):
    """30 seats of an own indicator called ``share_of_toilets`` are 30, and so is one called like a column of shares."""
    scores = (
        result_tables()
        .scores.head(3)
        .assign(
            share_of_toilets=30.0,
            share_of_toilets_score=60.0,
            coverage=30.0,
            coverage_score=75.0,
            people=0.5,
            people_score=50.0,
        )
    )
    titles = {"share_of_toilets": "share_of_toilets（座）"}
    write_scores(tmp_path / "scores.xlsx", Told(scores=scores, titles=titles))
    write(tmp_path / "report.xlsx", Told(scores=scores, titles=titles))
    for name in ("scores.xlsx", "report.xlsx"):
        sheet = openpyxl.load_workbook(tmp_path / name)["评分"]
        heads = [cell.value for cell in sheet[1]]
        assert "share_of_toilets（座）" in heads
        for title in ("share_of_toilets（座）", "coverage", "people"):
            cell = sheet.cell(2, heads.index(title) + 1)
            assert cell.value in (30, 0.5)
            assert cell.number_format == "#,##0.00", title


def test_a_column_of_the_user_is_no_share_by_its_name():
    for name in ("share_of_toilets", "green_area", "my_share"):
        assert own_column(name, pd.Series([30.0])).writing == "number"
    for name in ("share_issues", "top3_area", "half_in_area", "same_point_share", "unreachable_share"):
        assert column(name).writing == "percent", name


def test_a_gap_to_the_target_is_in_points(tmp_path):
    assert write_value(0.0244, "points", "zh", 1) == "2.4"
    section = Section(part="parks", blocks=[], sheets={"wide": pd.DataFrame({"zone": ["甲"], "deficit": [0.0244]})})
    report_workbook(tmp_path / "a.xlsx", [section], title="甲")
    cell = openpyxl.load_workbook(tmp_path / "a.xlsx")["各区覆盖率"].cell(2, 2)
    assert (cell.value, cell.number_format) == (pytest.approx(2.44), "0.0")


def test_a_whole_number_in_the_unit_of_its_row_has_no_decimals(tmp_path):
    rows = pd.DataFrame(
        {"indicator": ["road_condition", "toilets"], "numerator": [62.0, 6.5], "target_2027": [100.0, 4.25]}
    )
    section = Section(part="scorecard", blocks=[], sheets={"scorecard": rows})
    report_workbook(tmp_path / "a.xlsx", [section], title="甲")
    sheet = openpyxl.load_workbook(tmp_path / "a.xlsx")["规划指标"]
    formats = [[cell.number_format for cell in row[-2:]] for row in sheet.iter_rows(min_row=2, max_row=3)]
    assert formats == [["#,##0", "#,##0"], ["#,##0.000", "#,##0.00"]]


def test_an_area_that_is_there_is_not_written_as_none(tmp_path):
    """A cluster of 4,200 m² stood as 0.00 km² on the page, and in the workbook too."""
    rows = pd.DataFrame({"rank": [1, 2, 3], "share_issues": [0.5, 0.0004, 0.0], "area_km2": [3.58, 0.0042, 0.0]})
    section = Section(part="clusters", blocks=[], sheets={"clusters": rows})
    report_workbook(tmp_path / "a.xlsx", [section], title="甲")
    sheet = openpyxl.load_workbook(tmp_path / "a.xlsx")["密集区"]
    of = {cell.value: [below.number_format for below in cells] for cell, *cells in sheet.iter_cols(max_row=4)}
    assert of["面积（平方公里）"] == ["#,##0.00", "#,##0.000", "#,##0.00"]
    assert of["占问题比例"] == ["0.0%", "0.00%", "0.0%"]
    said = [written(value, column("area_km2"), "zh") for value in rows["area_km2"]]
    assert said == ["3.58", "0.004", "0.00"]


def test_a_class_to_choose_from_may_hold_any_sign(tmp_path):
    leftover = pd.DataFrame(
        {"tree": ["事件"], "main_type": ["=1+1"], "sub_type": ["{{7*7}}"], "count": [3], "issue_class": ["a,b"]}
    )
    classes = ["a,b", 'c"d', "=1+1", "长" * 200, "长" * 201]
    path = class_sheet(tmp_path / "unclassified.xlsx", leftover, classes)
    book = openpyxl.load_workbook(path)
    rule = book.worksheets[0].data_validations.dataValidation[0]
    assert rule.formula1 == f"类别!$A$1:$A${len(classes)}"
    assert [row[0].value for row in book["类别"].iter_rows()] == classes
    with zipfile.ZipFile(path) as archive:
        assert not [n for n in archive.namelist() if "worksheets/sheet" in n and b"<f>" in archive.read(n)]
    assert read_class_table(path).to_numpy().tolist() == [["事件", "{{7*7}}", "a,b"]]


def test_candidates_stand_by_rank_in_the_report_too(tables, tmp_path):
    rank = tables.scores["rank"]
    failing = tables.scores.assign(gates=np.where(rank == 1, "fail", "pass"), rank=(rank - 1).where(rank > 1))
    path = write(tmp_path / "report.xlsx", Told(scores=failing.sample(frac=1, random_state=1)))
    shown = values(openpyxl.load_workbook(path)["评分"])["排名"]
    known = pd.to_numeric(shown).dropna()
    assert known.is_monotonic_increasing
    assert shown.iloc[: len(known)].notna().all()


def test_no_code_of_the_contract_stands_in_the_book_as_it_is(tmp_path):
    sources = ["place", "street", "field", "label", "subdistrict", "district", "number"]
    shown = {"issues": 9, "share_issues": 0.1, "share_area": 0.1}
    places = pd.DataFrame(
        {"rank": range(1, 8), "issue_class": "all", "name": list("甲乙丙丁戊己庚"), "name_from": sources, **shown}
    )
    tested = {"tested": True, "issues": 99, "hot_class": 1, "hot_all": 1, "min_issues": 30}
    levels = pd.DataFrame({"issue_class": ["all", "甲"], "alpha": 0.05, "family": ["class", "all"], **tested})
    targets = pd.DataFrame(
        {
            "zone": ["老城", "all"],
            "no_site": "no_plot_there",
            "reason": ["target_held", "target_out_of_reach"],
            "coverage_before": 0.95,
            "best": 0.96,
            "needed": 0,
        }
    )
    coverage = pd.DataFrame(
        {"zone": ["all"], "method": "radius", "coverage": 0.95, "residential_m2": 1e6, "served_m2": 9.5e5}
    )
    told = Told(hotspots={"places": places, "levels": levels}, parks={"coverage": coverage, "targets": targets})
    book = openpyxl.load_workbook(write(tmp_path / "a.xlsx", told))
    assert values(book["热点地段"])["名称来源"].tolist() == [
        "地名", "道路", "问题记录所填", "城市配置的地名", "所在街道（镇）和序号", "所在片区和序号", "序号"
    ]  # fmt: skip
    assert values(book["显著性水平"])["校正范围"].tolist() == ["每一类各自", "全部类别合并"]
    why = values(book["公园达标所需"])["未在此选址的原因"]
    assert why.isna().tolist() == [True, False]


def test_sheets_that_go_back_in_print_on_a4_too(tmp_path) -> None:
    row = {"tree": "事件", "main_type": "", "sub_type": "飞絮", "count": 3, "issue_class": None}
    files = [class_sheet(tmp_path / "unclassified.xlsx", pd.DataFrame([row]), ["园林绿化"]), tmp_path / "values.xlsx"]
    write_values_sheet(files[1], pd.DataFrame({"zone": ["东栅"], "indicator": ["toilets"], "value": [None]}))
    for file in files:
        page = openpyxl.load_workbook(file).worksheets[0]
        assert (page.page_setup.orientation, page.page_setup.paperSize) == ("landscape", 9)
        assert (page.page_setup.fitToHeight, page.print_title_rows) == (0, "$1:$1")


@pytest.mark.parametrize(("letters", "paper", "fits"), [(150, 9, True), (250, 8, True), (900, 9, False)])
def test_what_no_page_could_show_in_readable_letters_goes_on_beside_it(letters, paper, fits, tmp_path):
    with xlsxwriter.Workbook(tmp_path / "a.xlsx") as file:
        for_print(file.add_worksheet(), [letters / 10] * 10, keys=2)
    page = openpyxl.load_workbook(tmp_path / "a.xlsx").active
    assert page.page_setup.paperSize == paper
    assert bool(page.sheet_properties.pageSetUpPr and page.sheet_properties.pageSetUpPr.fitToPage) is fits
    assert page.print_title_cols == (None if fits else "$A:$B")
    assert page.page_setup.scale == (None if fits else 70)


def wide_book(path):
    """Thirty columns of numbers, more than a page of A4 holds in letters that can be read."""
    columns = {f"c{k}": np.arange(3) * 1000.5 for k in range(30)}
    frame = pd.DataFrame({"rank": [1, 2, 3], "name": ["甲", "乙", "丙" * 80], **columns})
    section = Section(part="weak", blocks=(), sheets={"weak_areas": frame})
    return openpyxl.load_workbook(
        report_workbook(path, [section], title="宽", lines=["很长的一句话" * 40, "短"])
    ), frame


def test_a_table_too_wide_for_a_page_goes_on_on_further_sheets_with_the_same_first_columns(tmp_path):
    book, frame = wide_book(tmp_path / "w.xlsx")
    assert book.sheetnames == ["说明", "薄弱区域", "薄弱区域（2）", "列说明"]
    one, two = (values(book[name]) for name in book.sheetnames[1:3])
    assert list(one.columns[:2]) == list(two.columns[:2]) == ["排名", "名称"]
    together = pd.concat([one, two.iloc[:, 2:]], axis=1)
    assert list(together.columns[2:]) == list(frame.columns[2:])
    np.testing.assert_allclose(together.iloc[:, 2:].astype(float), frame.iloc[:, 2:])
    lines = [row[0] for row in book["说明"].iter_rows(values_only=True) if row[0]]
    assert any(line.startswith("表“薄弱区域”太宽，分为 2 张") for line in lines)
    assert book["说明"].row_dimensions[2].height > 2 * book["说明"].row_dimensions[3].height


def test_rows_are_as_high_as_their_text_and_numbers_end_at_the_right(tmp_path):
    book, _ = wide_book(tmp_path / "w.xlsx")
    sheet = book["薄弱区域"]
    number, words = sheet["A2"].alignment, sheet["B2"].alignment
    assert (number.horizontal, number.indent, words.horizontal, words.indent) == ("right", 1, "left", 1)
    assert words.wrap_text
    width = sheet.column_dimensions["B"].width
    # 80 signs of two letters each.
    assert sheet.row_dimensions[4].height >= 16 * 160 / width > 30
    assert sheet.row_dimensions[2].height is None


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_each_sheet_for_people_prints_one_page_wide_in_letters_that_can_be_read(tables, tmp_path, lang):
    """Of A4 across 11.69 inch less the margins are printed; a letter is 7 pixels of 1/96 inch wide, 10 points high."""
    wide, _ = wide_book(tmp_path / "w.xlsx")
    whole = openpyxl.load_workbook(write(tmp_path / "a.xlsx", tables, lang=lang))
    for sheet in (*wide.worksheets, *whole.worksheets):
        setup, margins = sheet.page_setup, sheet.page_margins
        assert (setup.orientation, setup.paperSize, setup.fitToHeight) == ("landscape", 9, 0)
        assert setup.fitToWidth in (None, 1)  # 1 is what is meant where it is not said
        assert sheet.sheet_properties.pageSetUpPr.fitToPage
        # A range of columns of one width stands as one; the width in the file holds the 5 pixels beside the letters.
        pixels = sum(7 * span.width * (span.max - span.min + 1) for span in sheet.column_dimensions.values())
        scale = min(1, (11.69 - margins.left - margins.right) * 96 / pixels)
        assert 10 * scale >= 7, sheet.title
        assert sheet.oddHeader.left.text == "&A"
        if sheet.freeze_panes:
            assert sheet.print_title_rows == "$1:$1"


def printed_rows(sheet) -> int:
    """How many rows of the table, heads left out, are printed."""
    area = sheet.print_area
    return (int(area.rpartition("$")[2]) if area else sheet.max_row) - 1


@pytest.mark.parametrize(
    ("districts", "units", "printed", "said"),
    [(2, 1000, 4, "全市、三区、片区"), (2, 10, 14, ""), (0, 1000, 200, "前 200 行")],
)
def test_a_long_table_is_printed_as_far_as_districts_or_some_rows_and_says_so(
    tmp_path, districts, units, printed, said
):
    levels = ["city", "area", *["district"] * districts] if districts else []
    levels += ["unit"] * units
    frame = pd.DataFrame({"zone": [f"z{at}" for at in range(len(levels))], "level": levels, "kind": "parks"})
    section = Section(part="circle", blocks=[], sheets={"circle": frame})
    book = openpyxl.load_workbook(report_workbook(tmp_path / "a.xlsx", [section], title="t"))
    sheet = book["生活圈"]
    assert sheet.max_row == 1 + len(levels)
    assert not any(row.hidden for row in sheet.row_dimensions.values())
    assert printed_rows(sheet) == printed
    notes = [cell.value or "" for cell in book["说明"]["A"]]
    assert ("只打印" in sheet.oddHeader.left.text) == bool(said)
    assert said in sheet.oddHeader.left.text
    assert any("生活圈" in words and said in words for words in notes) == bool(said)


@pytest.mark.parametrize(("rows", "printed"), [(6455, 20), (20, 20)])
def test_a_table_for_scripts_prints_its_first_rows_alone(tmp_path, rows, printed):
    """Of 6,455 rows it was 1,124 pages, before those that people read."""
    frame = pd.DataFrame({"zone": "z", "level": "unit", "indicator": range(rows), "value": 1.0})
    section = Section(part="scorecard", blocks=[], sheets={"scorecard": frame})
    path = report_workbook(tmp_path / "a.xlsx", [section], title="t", plain={"scorecard.scorecard": frame})
    book = openpyxl.load_workbook(path)
    first = book.worksheets[0]
    assert (first.title, first.max_row, printed_rows(first)) == ("scorecard", 1 + rows, printed)
    assert ("供程序读取" in first.oddHeader.left.text) == (printed < rows)
    assert len(pd.read_excel(path, engine="calamine")) == rows


def test_people_are_whole_numbers_and_the_sum_is_that_of_the_parts_of_people(tmp_path):
    spots = pd.DataFrame(
        {
            "rank": [1, 2, 3],
            "name": list("甲乙丙"),
            "zone": "老城",
            "m2": 10.25,
            "share": 0.1,
            "people": [1.4, 2.4, 3.4],
        }
    )
    section = Section(part="parks", blocks=(), sheets={"blind_spots": spots})
    book = openpyxl.load_workbook(report_workbook(tmp_path / "a.xlsx", [section], title="盲区"))
    rows, sums = split(book["服务盲区"])
    assert rows["人口（人）"].tolist() == [1, 2, 3]
    assert sums["名称"].tolist() == ["合计"]
    # 1.4 + 2.4 + 3.4 = 7.2 people, not the 6 of the rounded rows: the notes say so.
    assert (sums["人口（人）"].tolist(), sums["面积（平方米）"].tolist()) == ([7], [30.75])
    assert sums[["排名", "区域", "占本区未覆盖比例"]].isna().all(axis=None)
    words = [row[0] for row in book["说明"].iter_rows(values_only=True)]
    assert any(str(word).startswith("人数是按面积折算的") for word in words)


def test_sums_are_those_of_pandas_group_by_group(tmp_path):
    rng = np.random.default_rng(4)
    zones = pd.DataFrame(
        [(zone, level, name) for level in ("district", "grid") for zone in "甲乙丙" for name in ("all", "市容环境")],
        columns=["zone", "level", "issue_class"],
    )
    zones = zones.assign(count=rng.integers(10, 99, 12), area_km2=rng.uniform(1, 9, 12), per_km2=rng.uniform(1, 9, 12))
    zones.loc[0, "count"] = None
    zones["count"] = zones["count"].astype(object).where(zones.index != 5, "1–2")
    section = Section(part="hotspots", blocks=(), sheets={"zones": zones})
    path = report_workbook(tmp_path / "a.xlsx", [section], title="区域")
    rows, sums = split(openpyxl.load_workbook(path)["区域统计"])
    assert len(rows) == 12
    own = zones.assign(count=pd.to_numeric(zones["count"], errors="coerce")).groupby(
        ["level", "issue_class"], sort=False
    )
    np.testing.assert_allclose(sums["面积（平方公里）"].astype(float), own["area_km2"].sum())
    shown = own["count"].sum().astype(int).tolist()
    # Of the first two groups a count each is hidden: of these no more is said than what is shown adds up to.
    assert sums["问题数（件）"].tolist() == [f"≥ {shown[0]}", f"≥ {shown[1]}", *shown[2:]]
    assert sums["层级"].tolist() == ["片区", "片区", "网格", "网格"]
    assert sums["问题类别"].tolist() == ["全部问题", "市容环境"] * 2
    assert sums["每平方公里问题数"].isna().all()
    # Neither a filter nor sorting takes the sums for rows.
    assert openpyxl.load_workbook(path)["区域统计"].auto_filter.ref == "A1:F13"


def test_the_sheet_for_scripts_has_no_sums_and_all_digits(tmp_path):
    chosen = pd.DataFrame(
        {"candidate_id": ["a", "b"], "year": 2026, "area": "南湖区", "type": "x", "score": [80.123456, 70.0],
         "district": "老城", "named": False, "cost": [100.4, 200.4]}
    )  # fmt: skip
    section = Section(part="allocation", blocks=(), sheets={"allocation": chosen})
    path = report_workbook(tmp_path / "a.xlsx", [section], title="安排", plain={"allocation.allocation": chosen})
    raw = pd.read_excel(path, engine="calamine")
    assert raw["cost"].tolist() == chosen["cost"].tolist()
    assert raw["score"].tolist() == chosen["score"].tolist()
    _, sums = split(openpyxl.load_workbook(path)["逐年安排"])
    shown = sums[["候选单元", "年份", "费用（万元）"]].astype(object).fillna("")
    assert shown.to_numpy().tolist() == [["合计", 2026, 300.8], ["合计", "", 300.8]]


def test_every_column_for_people_is_said_with_its_unit_and_its_name(tables, tmp_path):
    book = openpyxl.load_workbook(write(tmp_path / "a.xlsx", tables))
    notes = values(book["列说明"])
    assert list(notes.columns) == [
        "工作表", "列", "是什么", "单位", "取值", "空格的含义", "合计", "数据文件里的列名"
    ]  # fmt: skip
    heads = [(sheet.title, cell.value) for sheet in book.worksheets[1:-1] for cell in sheet[1]]
    assert heads == [*notes[["工作表", "列"]].itertuples(index=False, name=None)]
    assert notes["是什么"].str.len().gt(1).all()
    said = notes.set_index(["工作表", "列"])
    assert said.loc[("管理单元", "面积（平方公里）"), ["单位", "取值", "合计", "数据文件里的列名"]].tolist() == [
        "平方公里", "不小于 0", "有", "area_km2"
    ]  # fmt: skip
    assert said.loc[("公园覆盖率", "覆盖率"), ["单位", "取值", "空格的含义"]].tolist() == [
        "%", "0 % 至 100 %", "没有结果，原因见同一行的“原因”"
    ]  # fmt: skip
    assert said.loc[("公园覆盖率", "居住用地面积（平方米）"), "合计"] == "无：表中已有整体的一行"
    blank = {key for sheet in book.worksheets[1:-1] for key, frame in [(sheet.title, values(sheet))] for key in
             [(sheet.title, head) for head in frame.columns[frame.isna().any()]]}  # fmt: skip
    told = notes[notes["空格的含义"] != "没有空格"]
    assert blank == {*told[["工作表", "列"]].itertuples(index=False, name=None)}


def test_a_table_says_how_its_rows_add_up_or_why_not():
    for name in tables_of_results():
        found = table(name)
        adds = [column.name for column in found.columns.values() if column.adds]
        assert not (found.sums and found.no_sums), name
        assert {by for group in found.sums for by in group} <= set(found.required), name
        assert not found.sums or adds, name
        if found.sheet and adds:
            assert found.sums or found.no_sums in ("overlap", "stands"), name
    assert not any(column(name).adds for name in ("share_issues", "mean_walk_m", "rank", "gi_p", "score", "gini"))


def test_no_english_stands_in_a_chinese_book_but_names_and_ids(tables, tmp_path):
    book = openpyxl.load_workbook(write(tmp_path / "a.xlsx", tables))
    # By hand: names of methods and people, units, an option of jxgis.toml, ids of the made-up city.
    known = re.compile(
        r"Getis|Ord|Benjamini-Hochberg|BH|Polsby|Popper|Gi|SMAA|HiGHS|Reock|EPSG|SHA|km|POI|AHP|garden.city|min_completeness|[A-Z]+\d+\w*|[\w.]+(?:geojson|zip)"
    )
    own = {column for column in tables.scores.columns if table("scores.scores").declared(column) is None}
    for sheet in book:
        # Names of the contract have a column of their own; the layer of the made-up inputs stands by its name.
        skip = {"列说明": {"数据文件里的列名"}, "输入数据": {"图层"}}.get(sheet.title, set())
        frame = values(sheet)
        words = {word for head in frame.columns.difference(skip, sort=False) for cell in [head, *frame[head]]
                 if isinstance(cell, str) for word in re.findall(r"[A-Za-z][A-Za-z_]+", known.sub("", cell.replace(HOSTILE, "")))}  # fmt: skip
        assert not {word for word in words if word.removesuffix("_score") not in own}, sheet.title


def test_no_cell_holds_a_formula(tables, tmp_path):
    path = write(tmp_path / "a.xlsx", tables)
    write_scores(tmp_path / "b.xlsx", Told(scores=tables.scores))
    for name in (path, tmp_path / "b.xlsx"):
        with zipfile.ZipFile(name) as archive:
            parts = [part for part in archive.namelist() if part.startswith("xl/worksheets/sheet")]
            assert parts
            assert not [part for part in parts if b"<f>" in archive.read(part)]
