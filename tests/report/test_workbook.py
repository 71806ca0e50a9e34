"""The workbooks: read back with another library, they hold the tables; and two runs hold the same bytes."""

from __future__ import annotations

import datetime as dt
import zipfile

import numpy as np
import openpyxl
import pandas as pd
import pytest
from result_tables import HOSTILE, result_tables
from told_parts import Told

from jxgis import errors as _errors
from jxgis.city import read_class_table
from jxgis.report import workbook
from jxgis.report.blocks import Section, Sources
from jxgis.report.class_sheet import class_sheet
from jxgis.report.columns import write_value
from jxgis.report.workbook import report_workbook
from jxgis.schema.columns import column, own_column
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
    rows = list(sheet.iter_rows(values_only=True))
    return pd.DataFrame(rows[1:], columns=rows[0])


def test_every_table_has_its_sheet_with_chinese_titles(book):
    assert book.sheetnames == [
        "说明", "热点地段", "区域统计", "总体性", "公园覆盖率", "建议新增公园", "管理单元", "评分", "输入数据",
    ]  # fmt: skip
    assert [c.value for c in book["热点地段"][1]][:3] == ["排名", "问题类别", "名称"]
    for name in book.sheetnames[1:]:
        heads = [c.value for c in book[name][1]]
        # Identifiers of indicators that have no title of their own may stay; nothing of the contract may.
        assert not {"rank", "issue_class", "coverage", "unit_id", "score", "share_inside"} & set(heads)
        assert "geometry" not in heads
        assert book[name].freeze_panes in ("B2", "C2", "D2")  # as far as the first text, by which a row is known
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
    column = [row[2].value for row in book["热点地段"].iter_rows(min_row=2)]
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
    assert book.sheetnames[-1] == "说明"
    assert book.active.title == "评分"
    raw = values(book["scores"])
    assert list(raw.columns) == [c for c in scores.columns if c != "geometry"]
    np.testing.assert_allclose(raw["score"].astype(float), scores["score"])
    people = values(book["评分"])
    assert people["排名"].dropna().is_monotonic_increasing
    assert "公园覆盖率（得分）" in people.columns


def test_more_rows_than_excel_holds_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(workbook, "_MAX_ROWS", 5)
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
    sources = ["place", "street", "field", "label", "subdistrict", "cell"]
    shown = {"issues": 9, "share_issues": 0.1, "share_area": 0.1}
    places = pd.DataFrame(
        {"rank": range(1, 7), "issue_class": "all", "name": list("甲乙丙丁戊己"), "name_from": sources, **shown}
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
        "地名", "道路", "问题记录所填", "城市配置的地名", "街道（镇）", "网格编号"
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


def test_a_wide_table_prints_on_several_pages_each_with_heads_and_names(tmp_path):
    columns = {f"c{k}": np.arange(3) * 1.5 for k in range(30)}
    frame = pd.DataFrame({"rank": [1, 2, 3], "name": ["甲", "乙", "丙" * 80], **columns})
    section = Section(part="weak", blocks=(), sheets={"weak_areas": frame})
    path = report_workbook(tmp_path / "w.xlsx", [section], title="宽", lines=["很长的一句话" * 40, "短"])
    notes, sheet = openpyxl.load_workbook(path).worksheets
    width = sum(sheet.column_dimensions[chr(ord("A") + at)].width for at in range(26))
    assert width > 200  # else there is nothing to break
    assert sheet.page_setup.fitToWidth > 1
    assert (sheet.print_title_rows, sheet.print_title_cols) == ("$1:$1", "$A:$B")
    assert sheet.freeze_panes == "C2"
    number, words = sheet["A2"].alignment, sheet["B2"].alignment
    assert (number.horizontal, number.indent, words.horizontal, words.indent) == ("right", 1, "left", 1)
    assert words.wrap_text
    assert sheet.column_dimensions["B"].width < 40
    assert notes.row_dimensions[2].height > 2 * notes.row_dimensions[3].height
