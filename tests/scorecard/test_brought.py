"""What people fill in: which zone and target a row is of, and rows that cannot be."""

from __future__ import annotations

import datetime as dt
import unicodedata

import openpyxl
import pandas as pd
import pytest

from jxgis.city import load_city
from jxgis.errors import InputError
from jxgis.load import load_layer
from jxgis.scorecard import bring_values, load_plan
from jxgis.scorecard.brought import dated_ahead
from jxgis.scorecard.sheet import write_values_sheet
from jxgis.space.levels import zones_by_level

PLAN = load_plan().targets


@pytest.fixture
def zones(districts, units):
    return zones_by_level(districts, units)


def sheet(**columns: object) -> pd.DataFrame:
    whole = {"zone": ["甲"], "indicator": ["gas_coverage"], **columns}
    n = max(len(column) for column in whole.values())  # type: ignore[arg-type]
    return pd.DataFrame({name: list(column) * (n if len(column) == 1 else 1) for name, column in whole.items()})  # type: ignore[arg-type, call-overload]


@pytest.mark.parametrize(
    "called", ["gas_coverage", "15", "第15项", "表1第15项", "城市居民燃气覆盖率", "Households with gas"]
)
def test_a_target_goes_by_its_id_its_row_or_its_name(zones, called):
    found = bring_values(sheet(indicator=[called], value=[98.0]), PLAN, zones)
    assert found["indicator"].tolist() == ["gas_coverage"]


@pytest.mark.parametrize(
    ("zone", "level", "said"),
    [
        ("甲", None, ("district", "甲")),
        ("甲片区", "片区", ("district", "甲")),
        ("全市", None, ("city", "all")),
        ("嘉兴市", "市级", ("city", "all")),
        ("东区", "三区", ("area", "东区")),
        ("u1", "单元", ("unit", "U1")),
        ("南街", None, ("subdistrict", "南街道")),
    ],
)
def test_a_zone_goes_by_what_it_is_called(zones, zone, level, said):
    rows = sheet(zone=[zone], level=[level], value=[98.0])
    found = bring_values(rows, PLAN, zones, subdistricts={"南街": "南街道"}, city=["嘉兴"])
    assert (found["level"].item(), found["zone"].item()) == said


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        (sheet(indicator=["燃气复盖率"], value=[1.0]), "城市居民燃气覆盖率"),
        (sheet(zone=["申"], value=[98.0]), "申"),
        (sheet(level=["片曲"], value=[98.0]), "片区"),
        (sheet(value=[101.0]), "101"),
        (sheet(value=[-1.0]), "-1"),
        (sheet(numerator=[5.0]), "分母"),
        (sheet(numerator=[5.0], denominator=[4.0]), "大于分母"),
        (sheet(numerator=[5.0], denominator=[0.0]), "分母是 0"),
        (sheet(value=[90.0], numerator=[80.0], denominator=[100.0]), "不符"),
        (sheet(value=[0.985]), "小数"),
        (sheet(zone=["甲", "乙"], value=[0.985, 97.0]), "甲 填的是 0.985"),
        (sheet(indicator=["water_leakage"], zone=["甲", "乙"], value=[4.0, 0.05]), "乙 填的是 0.05"),
        (sheet(value=[97.0], target_2027=[0.98]), "2027 年目标"),
        (sheet(target_2027=[0.98]), "2027 年目标"),
        (sheet(target_2025=[980.0]), "2025 年目标 980"),
        (sheet(indicator=["19"], value=[3.0], numerator=[4.0]), "分子 4"),
        (sheet(indicator=["platform_phase"], value=[2.0]), "不按这一层级"),
        (sheet(indicator=["17"], value=[1200.0]), "1200 公里是规划全市目标的十倍以上，像是以米计的"),
        (sheet(indicator=["power_grid_renewed"], numerator=[151.0]), "151 公里"),
        (sheet(value=[98.0, 97.0]), "只保留一行"),
    ],
)
def test_a_row_that_cannot_be_is_refused_in_words(zones, rows, says):
    with pytest.raises(InputError) as error:
        bring_values(rows, PLAN, zones)
    assert says in error.value.text("zh")


def test_a_rounded_percentage_and_one_below_one_percent_pass(zones):
    rows = sheet(value=[67.0, None], numerator=[2.0, 1.0], denominator=[3.0, 400.0], zone=["甲", "乙"])
    assert bring_values(rows, PLAN, zones)["value"].tolist() == [pytest.approx(200 / 3), 0.25]


def test_small_percentages_beside_others_of_their_size_pass(zones):
    rows = sheet(indicator=["smart_manholes"], zone=["甲", "乙"], value=[0.8, 3.0], target_2025=[4.0, None])
    assert bring_values(rows, PLAN, zones)["value"].tolist() == [0.8, 3.0]


def test_ten_times_the_plans_length_may_be(zones):
    """The plan: 25 km by 2027. Of other things there may be more."""
    for indicator, value in (("17", 250.0), ("weak_areas", 101.0)):
        assert bring_values(sheet(indicator=[indicator], value=[value]), PLAN, zones)["value"].item() == value


def test_a_growth_may_be_below_nothing(zones):
    assert bring_values(sheet(indicator=["parking_growth"], value=[-3.0]), PLAN, zones)["value"].item() == -3


def test_of_several_dates_the_latest_counts(zones):
    rows = sheet(value=[98.0, 97.0, 96.0], date=["2025-01-01", "2026-06-30", "2024-12-31"])
    assert bring_values(rows, PLAN, zones)["value"].tolist() == [97.0]


@pytest.mark.parametrize("dates", [["2025-01-01", None], [None, "2025-01-01"], [None, None], ["2025-01-01"] * 2])
def test_of_two_rows_whose_dates_do_not_tell_the_latest_none_is_taken(zones, dates):
    with pytest.raises(InputError, match="补上日期，或只保留一行") as refused:
        bring_values(sheet(zone=["全市"], value=[98.0, 97.0], date=dates), PLAN, zones)
    assert "“全市”的“城市居民燃气覆盖率”" in refused.value.message.zh


@pytest.mark.parametrize(
    ("value", "date", "says"), [("98分", None, "只写数，不带 %"), ("98", "2025年", "写成 2025-12-31")]
)
def test_a_unit_or_a_year_for_a_date_is_refused_with_what_to_write(tmp_path, value, date, says):
    path = tmp_path / "a.csv"
    rows = pd.DataFrame({"区域": ["全市"], "指标代码": ["15"], "数值": [value], "日期": [date]})
    rows.to_csv(path, index=False)
    with pytest.raises(InputError, match=says):
        load_layer("scorecard_values", path)


def test_a_percent_sign_says_that_a_number_is_a_percentage(zones, tmp_path):
    """85% is written every day, and was refused; 0.5% is no fraction, and 60% of a length no 60 km."""
    path = tmp_path / "a.csv"
    path.write_text("区域,指标代码,数值,2027年目标\n全市,15,0.5%,99%\n甲,15,98.5 ％,\n甲,17,6,25\n", encoding="utf-8")
    found = bring_values(load_layer("scorecard_values", path).table, PLAN, zones)
    assert found[["indicator", "value"]].to_numpy().tolist() == [
        ["gas_coverage", 0.5],
        ["gas_coverage", 98.5],
        ["gas_pipes_renewed", 6],
    ]
    assert found["target_2027"].dropna().tolist() == [99, 25]
    path.write_text("区域,指标代码,数值\n全市,17,60%\n", encoding="utf-8")
    with pytest.raises(InputError, match="百分数（60%），这一项以公里计"):
        bring_values(load_layer("scorecard_values", path).table, PLAN, zones)


def test_a_title_beside_who_fills_the_sheet_in_is_no_head(tmp_path):
    rows = [["规划指标填报", None, "填表人：某某"], ["区域", "指标代码", "数值"], ["甲", "15", 98]]
    pd.DataFrame(rows).to_excel(tmp_path / "a.xlsx", index=False, header=False)
    assert load_layer("scorecard_values", tmp_path / "a.xlsx").table["value"].tolist() == [98]


def test_the_sheet_is_read_with_its_chinese_heads_and_every_row_accounted_for(tmp_path):
    rows = pd.DataFrame(
        {
            "区域": ["甲", "甲", "乙", "丙", "丁", None],
            "指标代码": ["7", "7", "7", "7", "7", "7"],
            "数值": ["78", "78.0", "约 80", None, "81", "82"],
            "日期": ["2026-06-30", "2026-06-30", None, None, "某日", None],
        }
    )
    rows.to_excel(tmp_path / "a.xlsx", index=False)
    found = load_layer("scorecard_values", tmp_path / "a.xlsx")
    assert found.table["value"].tolist() == [78.0]
    assert found.rejects[["row", "reason"]].to_numpy().tolist() == [
        [2, "same_figure"],
        [3, "bad_number"],
        [5, "bad_time"],
        [6, "missing_value"],
    ]
    assert (found.rows_in, found.rows_left_out) == (6, 1)


def test_of_two_rows_of_a_day_that_differ_neither_is_taken(zones, tmp_path):
    """A copied row, corrected below: the first stood there, and the correction among the rows left out."""
    path = tmp_path / "a.csv"
    path.write_text("区域,指标代码,数值,日期\n全市,15,98,2025-03-31\n全市,15,97,2025.3.31\n", encoding="utf-8")
    found = load_layer("scorecard_values", path)
    assert found.table["value"].tolist() == [98, 97]
    with pytest.raises(InputError, match="补上日期，或只保留一行"):
        bring_values(found.table, PLAN, zones)


@pytest.mark.parametrize("head", ["数值", "现状值", "数值（%）", "指标值(%)"])
def test_the_value_goes_by_what_the_workbook_and_people_call_it(tmp_path, head):
    path = tmp_path / "a.csv"
    path.write_text(f"区域,指标,{head},2027年目标\n甲,15,98,99\n", encoding="utf-8")
    assert load_layer("scorecard_values", path).table[["value", "target_2027"]].to_numpy().tolist() == [[98, 99]]


def test_a_sheet_that_nobody_filled_in_is_said_to_be_so(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("区域,指标代码,数值\n甲,7,\n", encoding="utf-8")
    with pytest.raises(InputError, match="还没有填入"):
        load_layer("scorecard_values", path)


def test_columns_that_it_needs(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("区域,数值\n甲,7\n", encoding="utf-8")
    with pytest.raises(InputError, match="indicator"):
        load_layer("scorecard_values", path)


def test_people_in_the_source_are_masked_and_a_check_of_the_sheet_knows_no_extent(tmp_path):
    from jxgis.run.check import check_layer

    path = tmp_path / "a.csv"
    path.write_text("区域,指标代码,数值,来源\n甲,7,78,环卫处 联系人：王小五 13812345678\n", encoding="utf-8")
    found = check_layer("scorecard_values", path)
    assert "13812345678" not in found.loaded.table["source"].item()
    assert "王小五" not in found.loaded.table["source"].item()
    assert not any("nan" in line.zh or "inf" in line.zh for line in found.lines)


@pytest.mark.parametrize("column", ["indicator", "zone", "level"])
def test_a_refusal_quotes_nobodys_name_nor_number(zones, column):
    """It stands in run.json and on the page of a report."""
    with pytest.raises(InputError) as refused:
        bring_values(sheet(value=[98.0], **{column: ["联系人:王建国 13812345678" + "长" * 500]}), PLAN, zones)
    for lang in ("zh", "en"):
        said = refused.value.text(lang)
        assert "联系人:*" in said
        assert "王建国" not in said
        assert "13812345678" not in said
        assert len(said) < 400


def test_a_fraction_beside_a_hundred_is_asked_about(zones):
    """Excel holds 0.98 where it shows 98%: 0.98 of 100 would be 0.98 %."""
    with pytest.raises(InputError, match="98"):
        bring_values(sheet(numerator=[0.98], denominator=[100.0]), PLAN, zones)
    for above, below in ((98.0, 100.0), (0.98, 1.0)):
        assert bring_values(sheet(numerator=[above], denominator=[below]), PLAN, zones)["value"].tolist() == [98]
    assert bring_values(sheet(numerator=[1.0], denominator=[100.0]), PLAN, zones)["value"].tolist() == [1]


def test_a_loss_that_comes_as_a_fraction_is_asked_about(zones):
    with pytest.raises(InputError, match=r"-0\.05"):
        bring_values(sheet(indicator=["parking_growth"], value=[-0.05]), PLAN, zones)
    assert bring_values(sheet(indicator=["parking_growth"], value=[-5.0]), PLAN, zones)["value"].tolist() == [-5]


@pytest.mark.parametrize(("above", "growth"), [(-5.0, -5.0), (120.0, 120.0)])
def test_a_growth_may_be_a_loss_or_more_than_all_there_was(tmp_path, zones, above, growth):
    file = tmp_path / "sheet.csv"
    file.write_text(f"区域,指标代码,分子,分母\n全市,parking_growth,{above:g},100", encoding="utf-8-sig")
    rows = load_layer("scorecard_values", file).table
    assert bring_values(rows, PLAN, zones)["value"].tolist() == [growth]
    for indicator in ("gas_coverage", "road_cleanliness", "sample_units") if above < 0 else ("gas_coverage",):
        with pytest.raises(InputError, match=f"{above:g}"):
            bring_values(rows.assign(indicator=indicator), PLAN, zones)


def test_marks_that_come_as_a_fraction_are_asked_about(zones):
    """0.85 of 100 points stood there as less than one point."""
    rows = pd.DataFrame({"zone": ["全市"], "indicator": "road_cleanliness", "value": [0.85]})
    with pytest.raises(InputError, match=r"单位 分.*0\.85"):
        bring_values(rows, PLAN, zones)
    assert bring_values(rows.assign(value=85.0), PLAN, zones)["value"].tolist() == [85]


def test_a_whole_that_rounding_made_more_than_one_is_a_fraction_still(zones):
    two = pd.DataFrame({"zone": ["甲", "乙"], "indicator": "gas_coverage", "value": [0.85, 1.0000000002]})
    there = pd.DataFrame({"zone": ["甲", "乙"], "level": "district"})
    with pytest.raises(InputError, match=r"0\.85"):
        bring_values(two, PLAN, there)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_sheet_comes_back_without_a_doubt_of_its_own_columns(lang, tmp_path):
    """It was said to have two columns of zones: the unit (单位) of its figures was one."""
    row = {"zone": "甲", "level": "片区", "indicator": "gas_coverage", "label": "燃气", "unit": "%", "value": 98.0}
    columns = ("numerator", "denominator", "date", "source", "target_2025", "target_2027", "above", "below")
    asked = pd.DataFrame([row]).reindex(columns=[*row, *columns]).astype({"date": "datetime64[us]"})
    write_values_sheet(tmp_path / "sheet.xlsx", asked, lang=lang)
    found = load_layer("scorecard_values", tmp_path / "sheet.xlsx")
    assert found.table[["zone", "indicator", "value"]].to_numpy().tolist() == [["甲", "gas_coverage", 98.0]]
    assert not [note.en for note in found.notes if "can both be" in note.en]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_how_to_fill_it_in_has_a_row_high_enough_for_each_of_its_lines(tmp_path, lang):
    """A row of one line under a text of two shows the one over the next, as LibreOffice prints it."""
    columns = ("zone", "level", "indicator", "label", "unit", "value", "numerator", "denominator", "date", "source",
               "target_2025", "target_2027", "above", "below")  # fmt: skip
    asked = pd.DataFrame(columns=columns).astype({"date": "datetime64[us]"})
    write_values_sheet(tmp_path / "sheet.xlsx", asked, lang=lang)
    notes = openpyxl.load_workbook(tmp_path / "sheet.xlsx").worksheets[1]
    wide = notes.column_dimensions["A"].width
    long = 0
    for (cell,) in notes.iter_rows():
        letters = sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in str(cell.value or ""))
        long += letters > wide
        assert notes.row_dimensions[cell.row].height >= 13 * -(-letters // wide)
    assert long


@pytest.mark.parametrize(
    ("indicator", "numerator", "wrong", "right", "value"),
    [
        ("social_organisations", 1100, 1_000_000, 100, 11.0),
        ("pipeline_accidents", 12, 1200, 12, 1.0),
        ("toilets_per_km2", 400, 100_000_000, 100, 4.0),
    ],
    ids=["residents, not 10,000 of them", "km, not 100 km", "m², not km²"],
)
def test_a_denominator_in_another_unit_is_asked_about(zones, indicator, numerator, wrong, right, value):
    """12 accidents on 1,200 km are 1 per 100 km, above the most of 0.7; by the km they were 0.01, and met it."""
    whole = {"zone": ["全市"], "indicator": [indicator], "numerator": [numerator]}
    with pytest.raises(InputError, match=f"分母 {wrong} "):
        bring_values(sheet(**whole, denominator=[wrong]), PLAN, zones)
    assert bring_values(sheet(**whole, denominator=[right]), PLAN, zones)["value"].tolist() == [value]


def test_a_district_s_denominator_is_held_to_what_a_district_can_have(zones):
    """1 accident on 150 km is 0.67 per 100 km; by the km it was 0.007."""
    row = {"zone": ["甲"], "indicator": ["pipeline_accidents"], "numerator": [1.0]}
    with pytest.raises(InputError, match="分母 150 "):
        bring_values(sheet(**row, denominator=[150.0]), PLAN, zones)
    assert bring_values(sheet(**row, denominator=[50.0]), PLAN, zones)["value"].tolist() == [0.02]
    whole = bring_values(sheet(**row | {"zone": ["全市"]}, denominator=[150.0]), PLAN, zones)
    assert whole["denominator"].tolist() == [150]


def test_a_figure_of_a_day_to_come_is_said(zones):
    """It counts, and nothing told a date of 2029 from one of last year."""
    dates = pd.to_datetime(["2025-12-31", "2026-01-02", None])
    brought = bring_values(sheet(zone=["甲", "乙", "全市"], value=[98.0, 97.0, 96.0], date=dates), PLAN, zones)
    (said,) = dated_ahead(brought, PLAN, dt.date(2026, 1, 1))
    assert "乙“城市居民燃气覆盖率”（2026-01-02）" in said.zh
    assert "甲" not in said.zh
    assert "全市" not in said.zh
    assert dated_ahead(brought, PLAN, dt.date(2026, 1, 2)) == []


@pytest.mark.parametrize(
    ("head", "refused"),
    [
        ("累计数值", True),  # 3 of this year was taken, and 30 in all passed over in silence
        ("2026年累计完成值", True),
        ("累计完成", True),
        ("截至10月数量（公里）", True),
        ("累计投资（万元）", False),
        ("累计目标值", False),
        ("累计完成率", False),
        ("去年数值", False),
    ],
)
def test_a_column_that_may_be_the_value_in_all_is_asked_about(zones, tmp_path, head, refused):
    path = tmp_path / "values.csv"
    path.write_text(f"区域,指标代码,数值,{head}\n全市,gas_pipes_renewed,3,30\n", encoding="utf-8")
    table = load_layer("scorecard_values", path, city=load_city()).table
    if refused:
        with pytest.raises(InputError, match=f"填报表：{head} 可能才是要填的数值"):
            bring_values(table, PLAN, zones)
    else:
        assert bring_values(table, PLAN, zones)["value"].tolist() == [3.0]
