"""What people write: each way of saying one year, one rank, yes and no, and what says none."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from jxgis import parse
from jxgis.errors import InputError
from jxgis.load import load_layer
from jxgis.load.times import parse_times


@pytest.mark.parametrize(
    "written",
    ["2026", " 2026 ", "２０２６", "2026年", "２０２６年", "2026年度", "二〇二六", "二零二六年", "2026.0", "2026-03-01", "2026/3/1",
     "2026.3.1", "2026-03", "2026年3月", "2026年3月1日", "二〇二六年三月一日", "二〇二六年二月二十八日", "2026-02-28", "2026-03-01 00:00:00", "2026-03-01T08:00:00Z"],
)  # fmt: skip
def test_each_way_of_writing_a_year_is_that_year(written):
    year, bad = parse.years(pd.Series([written], dtype="str"))
    assert year.tolist() == [2026]
    assert not bad.any()


@pytest.mark.parametrize(
    "written",
    [
        "26",
        "明年",
        "2026.5",
        "2026-13-01",
        "2026-03-41",
        "20260",
        "0",
        "2026或2027",
        "46000",
        "2026-02-29",
        "2026年4月31日",
        "二〇二六年十三月",
        "二〇二六年二月三十日",
    ],
)
def test_what_is_no_year_is_told(written):
    year, bad = parse.years(pd.Series([written], dtype="str"))
    assert year.isna().all()
    assert bad.all()


def test_years_of_numbers_and_dates():
    year, bad = parse.years(pd.Series([2026.0, 2026.5, np.nan, 46000]))
    assert year.fillna(0).tolist() == [2026, 0, 0, 0]
    assert bad.tolist() == [False, True, False, True]
    year, bad = parse.years(pd.Series(pd.to_datetime(["2026-03-01", None])))
    assert year.fillna(0).tolist() == [2026, 0]
    assert not bad.any()


@pytest.mark.parametrize(
    ("written", "rank"),
    [("1", 1), ("1.0", 1), ("第1名", 1), ("第１名", 1), ("第一名", 1), ("十", 10), ("第十二名", 12), ("第二十名", 20), ("第三十四", 34),
     ("No. 3", 3), ("#7", 7), ("5号", 5)],
)  # fmt: skip
def test_each_way_of_writing_a_rank_is_that_rank(written, rank):
    assert parse.ranks(pd.Series([written]))[0].tolist() == [rank]


@pytest.mark.parametrize("written", ["0", "1.5", "第名", "前列", "一二", "-1"])
def test_what_is_no_rank_is_told(written):
    rank, bad = parse.ranks(pd.Series([written]))
    assert rank.isna().all()
    assert bad.all()


@pytest.mark.parametrize(
    ("written", "answer"),
    [("是", 1), ("通过", 1), ("√", 1), ("Y", 1), ("Ｙ", 1), ("YES", 1), ("TRUE", 1), ("1", 1),
     ("否", 0), ("不通过", 0), ("未通过", 0), ("×", 0), ("N", 0), ("no", 0), ("False", 0), ("0", 0)],
)  # fmt: skip
def test_yes_and_no(written, answer):
    assert parse.yes_no(pd.Series([written]), marks=True)[0].tolist() == [answer]


def test_marks_say_nothing_where_other_things_may_stand():
    answer, bad = parse.yes_no(pd.Series(["×", "1", "是"]))
    assert answer.isna().tolist() == bad.tolist() == [True, True, False]


def _candidates(**columns):
    shapes = shapely.box([0, 1000, 2000], 0, [900, 1900, 2900], 900)
    return gpd.GeoDataFrame({"candidate_id": ["a", "b", "c"], **columns}, geometry=shapes, crs=4549)


def test_candidates_years_are_read_however_they_are_written(tmp_path):
    file = tmp_path / "candidates.gpkg"
    _candidates(命名年份=["２０２４年", "二〇二五", None], 可启动年份=["2026-03-01", "2026.0", " "]).to_file(file)
    table = load_layer("candidates", file).table
    assert table["named_year"].fillna(0).tolist() == [2024, 2025, 0]
    assert table["ready_year"].fillna(0).tolist() == [2026, 2026, 0]


def test_a_candidates_year_that_cannot_be_read_is_refused_with_its_row(tmp_path):
    file = tmp_path / "candidates.gpkg"
    _candidates(命名年份=["2024", "去年", None]).to_file(file)
    with pytest.raises(InputError, match=r"candidates.gpkg, row 2: named_year '去年' is not a year \(1 row\)"):
        load_layer("candidates", file)


def test_ranks_and_names_of_last_years_list(tmp_path):
    file = tmp_path / "before.gpkg"
    rows = _candidates(薄弱区域名称=["甲", "乙", "丙"], 排名=["第1名", "第二名", "3"]).drop(columns="candidate_id")
    rows.to_file(file)
    table = load_layer("weak_before", file).table
    assert table[["name", "rank"]].to_numpy().tolist() == [["甲", 1], ["乙", 2], ["丙", 3]]


@pytest.mark.parametrize("written", ["10²", "10¹", "①", "½"])
def test_a_mark_beside_a_number_is_no_digit_of_it(written: str) -> None:
    """A footnote: 10² is not 102, wherever numbers, years, ranks and dates are read."""
    column = pd.Series([written, "１２"])
    assert parse.numbers(column)[1].tolist() == [True, False]
    assert parse.ranks(column)[1].tolist() == [True, False]
    assert parse.years(pd.Series([f"202{written[-1]}"]))[1].all()
    times = parse_times(pd.Series([f"2026-03-1{written[-1]}"]), timezone="Asia/Shanghai")
    assert times.bad.all()


def test_a_column_of_numbers_with_a_gap_says_yes_and_no():
    """One blank makes floats of 1 and 0: 1.0 is what stands there then."""
    answer, bad = parse.yes_no(pd.Series([1, 0, None]), marks=True)
    assert answer.tolist()[:2] == [1.0, 0.0]
    assert not bad.any()
    assert parse.yes_no(pd.Series([2.0, 0.5]), marks=True)[1].all()


def test_a_year_is_read_with_a_blank_before_its_word():
    assert parse.years(pd.Series(["2024 年", "2024　年度", "2024 3"]))[0].tolist()[:2] == [2024.0, 2024.0]
    assert parse.years(pd.Series(["2024 3"]))[1].all()


@pytest.mark.parametrize(
    ("text", "angle"),
    [("120.755°", 120.755), ("１２０°４５′１８″", 120.755), ("120°45'18\"E", 120.755), ("120°45'18''", 120.755), ("120度45分18秒", 120.755),
     ("E120.755", 120.755), ("东经120.755", 120.755), ("120.755e", 120.755), ("120°45.3′", 120.755), ("西经120.755°", -120.755),
     ("-120°45′18″", -120.755), ("0°30′W", -0.5), ("120°60′", None), ("120°45′60″", None), ("120.5°30′", None),
     ("120°45.5′18″", None), ("N120.755E", None), ("-120.755W", None), ("1200.755°", None), ("120°′18″", None)],
)  # fmt: skip
def test_degrees_are_read_with_their_signs_and_nothing_else_is(text: str, angle: float | None) -> None:
    (found,) = parse.degrees(pd.Series([text]))
    assert np.isnan(found) if angle is None else found == pytest.approx(angle, abs=1e-12)
