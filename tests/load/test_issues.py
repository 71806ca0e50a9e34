"""Issues: every row kept, rejected for its reason, or left out; placed, timed and classed as the file means it."""

from __future__ import annotations

import dataclasses
import re
import tomllib

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pyproj
import pytest
import shapely

from jxgis import datum
from jxgis.errors import CrsError, InputError
from jxgis.load import disagreement, load_issues, unclassified

BOX = (120.35, 30.45, 121.05, 31.10)


def reasons(loaded) -> dict[int, str]:
    return dict(zip(loaded.rejects["row"], loaded.rejects["reason"], strict=True))


def account(loaded) -> tuple[int, int, int, int]:
    (source,) = loaded.sources
    assert source.rows_kept == len(loaded.table)
    assert source.rows_rejected == len(loaded.rejects)
    return source.rows_in, source.rows_kept, source.rows_rejected, source.rows_left_out


def test_a_chinese_export_is_known(export, write, city) -> None:
    loaded = load_issues(write("导出.csv", export, encoding="gb18030"), city=city, crs="EPSG:4490")
    assert account(loaded) == (12, 12, 0, 0)
    table = loaded.table
    assert table.crs.to_epsg() == 4549
    assert table["issue_id"].tolist() == export["任务号"].tolist()
    assert table["sub_type"].tolist()[:2] == ["上水井盖", "小广告"]
    assert table["issue_class"].tolist()[:3] == ["公用设施", "宣传广告", "未归类"]
    assert table["recorded_subdistrict"].iloc[0] == "南湖街道"
    assert table["time"].dtype == "datetime64[us]"
    assert str(table["time"].iloc[0]) == "2023-01-01 08:00:00"
    back = table.to_crs(4326).geometry
    assert back.x.to_numpy() == pytest.approx(export["Y坐标"].astype(float).to_numpy(), abs=1e-8)
    assert back.y.to_numpy() == pytest.approx(export["X坐标"].astype(float).to_numpy(), abs=1e-8)
    assert any("X 坐标为北" in note.zh for note in loaded.notes)


def test_a_phone_in_a_column_of_numbers_is_hidden_and_the_others_stay_numbers() -> None:
    export = pd.DataFrame(
        {
            "任务号": list("1234"),
            "lon": [120.75] * 4,
            "lat": [30.75] * 4,
            "返工次数": ["2", "13812345678", None, "330402199001011234"],
        }
    )
    loaded = load_issues(export, crs=4490)
    assert loaded.table["rework"].tolist()[0] == 2
    assert loaded.table["rework"].isna().tolist() == [False, True, True, True]
    assert any("2 values look like phone or ID numbers" in note.en for note in loaded.notes)


def test_reals_of_arrow_are_read_as_those_of_numpy() -> None:
    arrow = pd.ArrowDtype(pa.float64())
    export = pd.DataFrame(
        {
            "任务号": pd.Series([1, 2, None], dtype=arrow),
            "lon": pd.Series([120.75] * 3, dtype=arrow),
            "lat": pd.Series([30.75] * 3, dtype=arrow),
            "返工次数": pd.Series([2, None, 1], dtype=arrow),
        }
    )
    loaded = load_issues(export, crs=4490)
    assert account(loaded) == (3, 2, 1, 0)
    assert loaded.table["issue_id"].tolist() == ["1", "2"]
    assert loaded.table["rework"].fillna(-1).tolist() == [2, -1]


def test_columns_asked_for_are_carried_codes_whole_and_people_masked(export, city) -> None:
    people = ["联系人：张三", "浙FD12345 停在中山路123号", "330402199001011234", "正常"]
    more = export.assign(
        现场情况=people * 3, 经办="李四", 回拨=13812345678, 处置部门=["市政所 0573-82812345", "环卫所"] * 6
    )
    loaded = load_issues(more, city=city, crs=4490, keep=["单元网格", "现场情况", "回拨"])
    table = loaded.table
    assert table["单元网格"].tolist() == export["单元网格"].tolist()
    assert table["现场情况"].tolist()[:4] == ["联系人：**", "浙F***** 停在中山路**号", "3304**************", "正常"]
    assert set(table["回拨"]) == {"138********"}
    assert set(table["department"]) == {"市政所 0573-********", "环卫所"}
    assert table["issue_id"].tolist() == export["任务号"].tolist()
    assert "经办" not in table
    assert any("经办" in note.zh and "keep" in note.zh for note in loaded.notes)
    with pytest.raises(InputError, match=r"现场状况.*现场情况"):
        load_issues(more, city=city, crs=4490, keep=["现场状况"])


def test_free_text_and_people_are_not_carried_along(export, city) -> None:
    loaded = load_issues(export.assign(联系电话="13812345678", 地址="中山路1号"), city=city, crs=4490)
    everything = loaded.table.to_csv() + loaded.rejects.to_csv()
    assert "13812345678" not in everything
    assert "中山路" not in everything
    assert any("问题描述" in note.zh for note in loaded.notes)


@pytest.mark.parametrize("name", ["a.csv", "a.xlsx", "a.parquet", "a.csv.gz"])
def test_every_format_gives_the_same_table(export, write, city, name: str) -> None:
    want = load_issues(export, city=city, crs=4490)
    got = load_issues(write(name, export), city=city, crs=4490)
    pd.testing.assert_frame_equal(pd.DataFrame(got.table), pd.DataFrame(want.table))


@pytest.mark.parametrize("crs", ["GCJ-02", "BD-09"])
def test_shifted_coordinates_come_to_where_they_are(export, city, crs: str) -> None:
    want = load_issues(export, city=city, crs="WGS-84").table.geometry
    lon, lat = export["Y坐标"].astype(float), export["X坐标"].astype(float)
    lon, lat = datum.convert(lon, lat, source="WGS-84", target=crs)
    shifted = export.assign(X坐标=[repr(v) for v in lat.tolist()], Y坐标=[repr(v) for v in lon.tolist()])
    got = load_issues(shifted, city=city, crs=crs).table.geometry
    assert got.distance(want).max() < 1e-6


@pytest.mark.parametrize("crs", [4549, 4528, 4490, 4326])
@pytest.mark.parametrize("names", [("X坐标", "Y坐标"), ("x", "y"), ("coordinate_x", "coordinate_y")])
@pytest.mark.parametrize("north_first", [True, False])
def test_x_and_y_are_assigned_by_value(export, city, crs: int, names, north_first: bool) -> None:
    want = load_issues(export, city=city, crs=4326).table.geometry
    points = want.to_crs(crs)
    pair = (points.y, points.x) if north_first else (points.x, points.y)
    table = export.drop(columns=["X坐标", "Y坐标"]).assign(**dict(zip(names, pair, strict=True)))
    got = load_issues(table, city=city, crs=crs).table.geometry
    assert got.distance(want).max() < 1e-6


@pytest.mark.parametrize(
    "form", ["{lon},{lat}", "{lon}, {lat}", "({lon},{lat})", "{lon};{lat}", "{lat},{lon}", "{lon} {lat}"]
)
def test_both_coordinates_in_one_field(export, city, form: str) -> None:
    want = load_issues(export, city=city, crs=4326).table.geometry
    field = [form.format(lon=lon, lat=lat) for lat, lon in zip(export["X坐标"], export["Y坐标"], strict=True)]
    table = export.drop(columns=["X坐标", "Y坐标"]).assign(坐标=field)
    assert load_issues(table, city=city, crs=4326).table.distance(want).max() < 1e-6


def test_points_of_a_vector_file(export, write, city) -> None:
    want = load_issues(export, city=city, crs=4326).table
    points = gpd.GeoDataFrame(export, geometry=want.geometry, crs=4549)
    got = load_issues(write("a.gpkg", points.to_crs(4490)), city=city)
    assert got.table.distance(want).max() < 1e-6
    multi = points.set_geometry(gpd.GeoSeries([shapely.MultiPoint([p]) for p in points.geometry], crs=4549))
    assert load_issues(multi, city=city).table.geom_type.eq("Point").all()


FLAWS = [
    ({"X坐标": "", "Y坐标": ""}, "no_coordinates"),
    ({"X坐标": "", "Y坐标": "120.7"}, "no_coordinates"),
    ({"X坐标": "NULL", "Y坐标": "NULL"}, "no_coordinates"),
    ({"X坐标": "0", "Y坐标": "0.0"}, "zero_coordinates"),
    ({"X坐标": "路口30", "Y坐标": "120.7"}, "bad_coordinates"),
    ({"X坐标": "inf", "Y坐标": "120.7"}, "bad_coordinates"),
    ({"X坐标": "31.9", "Y坐标": "120.7"}, "outside_box"),
    ({"X坐标": "0", "Y坐标": "120.7"}, "outside_box"),
    ({"X坐标": "120.75", "Y坐标": "30.75"}, "swapped_axes"),
    ({"任务号": "   "}, "missing_value"),
    ({"任务号": "3.30402E+17"}, "lost_digits"),
    ({"任务号": "330402000000000000", "上报时间": "2023-01-01 08:00:30"}, "duplicate_id"),
    ({"上报时间": ""}, "missing_value"),
    ({"上报时间": "25:61"}, "bad_time"),
]


@pytest.mark.parametrize(("flaw", "reason"), FLAWS)
def test_each_flaw_is_rejected_for_its_reason(export, write, city, flaw: dict[str, str], reason: str) -> None:
    for column, value in flaw.items():
        export.loc[5, column] = value
    loaded = load_issues(write("a.csv", export), city=city, crs=4490)
    assert account(loaded) == (12, 11, 1, 0)
    assert reasons(loaded) == {6: reason}
    row = loaded.rejects.iloc[0]
    assert row["source"] == "a.csv"
    assert row["field"] in {"X坐标,Y坐标", "issue_id", "time"}
    given = [value.strip() for value in flaw.values() if value.strip()]
    assert not given or given[0] in row["value"]


def test_all_flaws_together_are_accounted_for(export, write, city) -> None:
    rows = [export]
    for number, (flaw, _) in enumerate(FLAWS):
        rows.append(export.iloc[[1]].assign(**({"任务号": f"N{number}"} | flaw)))
    rows.append(pd.DataFrame([dict.fromkeys(export.columns)]))
    loaded = load_issues(write("a.csv", pd.concat(rows)), city=city, crs=4490)
    assert account(loaded) == (12 + len(FLAWS) + 1, 12, len(FLAWS) + 1, 0)
    want = {13 + number: reason for number, (_, reason) in enumerate(FLAWS)}
    assert reasons(loaded) == want | {13 + len(FLAWS): "empty_row"}


def test_row_numbers_are_those_of_each_file(export, write, city) -> None:
    first = export.assign(任务号=[f"A{i}" for i in range(12)])
    first.loc[3, "上报时间"] = "?"
    second = export.assign(任务号=[f"B{i}" for i in range(12)])
    second.loc[7, "X坐标"] = "?"
    write("d/1.csv", first)
    path = write("d/2.csv", second, encoding="gb18030").parent / "*.csv"
    loaded = load_issues(str(path), city=city, crs=4490)
    assert loaded.rejects[["source", "row"]].to_numpy().tolist() == [["1.csv", 4], ["2.csv", 8]]
    assert [(s.name, s.rows_in, s.rows_kept, s.rows_rejected) for s in loaded.sources] == [
        ("1.csv", 12, 11, 1),
        ("2.csv", 12, 11, 1),
    ]


def test_files_of_different_columns_go_together(export, write, city) -> None:
    one = write("d/1.csv", export)
    two = export.assign(任务号=[f"B{i}" for i in range(12)])
    two = two.rename(
        columns={"任务号": "task_num", "上报时间": "create_time", "小类": "sub_type", "问题类型": "rec_type"}
    )
    loaded = load_issues([one, write("d/2.csv", two)], city=city, crs=4490)
    assert len(loaded.table) == 24
    assert loaded.table["issue_id"].notna().all()
    assert loaded.table["issue_class"].value_counts().to_dict() == {"公用设施": 8, "宣传广告": 8, "未归类": 8}


@pytest.mark.parametrize("months", [2, 3])
def test_numbers_that_begin_anew_in_each_file_do_not_make_its_cases_doubles(export, write, city, months: int) -> None:
    for month in range(months):
        rows = export.assign(任务号=[str(i) for i in range(12)])
        rows["上报时间"] = [f"2023-0{month + 1}-{i + 1:02} 08:00" for i in range(12)]
        rows["X坐标"] = [f"30.{7500 + i + 20 * month}" for i in range(12)]
        write(f"d/{month}.csv", rows)
    # The last month once more: its cases are those that were counted.
    last = write("d/9.csv", rows)
    loaded = load_issues(str(last.parent / "*.csv"), city=city, crs=4490)
    assert [(s.rows_kept, s.rows_rejected) for s in loaded.sources] == [(12, 0)] * months + [(0, 12)]
    assert loaded.table["issue_id"].is_unique
    assert loaded.table["issue_id"].iloc[12] == "1.csv:1"
    assert any(f"{12 * (months - 1)} 行的编号" in note.zh for note in loaded.notes)


def test_numbers_that_begin_anew_leave_the_earlier_period_whole(export, write, city) -> None:
    for month in (1, 2):
        rows = export.assign(任务号=[str(i) for i in range(12)])
        rows["上报时间"] = [f"2023-0{month}-{i + 1:02} 08:00" for i in range(12)]
        rows["X坐标"] = [f"30.{7500 + i + 20 * month}" for i in range(12)]
        path = write(f"d/{month}.csv", rows)
    # January once more: the earlier period counts its cases once, too.
    write(
        "d/9.csv",
        rows.assign(
            上报时间=[f"2023-01-{i + 1:02} 08:00" for i in range(12)], X坐标=[f"30.{7520 + i}" for i in range(12)]
        ),
    )
    loaded = load_issues(str(path.parent / "*.csv"), city=city, crs=4490, start="2023-02-01")
    assert loaded.earlier is not None
    assert (len(loaded.table), len(loaded.earlier)) == (12, 12)
    assert sorted(loaded.earlier["time"].dt.day) == list(range(1, 13))


def test_a_case_of_both_periods_counts_in_the_one_asked_for(export, write, city) -> None:
    early = export.assign(上报时间="2023-01-31 23:59:50")
    write("d/1.csv", early)
    path = write("d/2.csv", export.assign(上报时间="2023-02-01 00:00:10"))
    loaded = load_issues(str(path.parent / "*.csv"), city=city, crs=4490, start="2023-02-01")
    assert loaded.earlier is not None
    assert (len(loaded.table), len(loaded.earlier)) == (12, 0)


def test_of_many_statuses_that_count_the_first_are_named(export, write, city) -> None:
    export["案件状态"] = [f"非重复{i}" for i in range(12)]
    (note,) = [n.zh for n in load_issues(write("a.csv", export), city=city, crs=4490).notes if "仍然计入" in n.zh]
    assert "等 12 个" in note


def test_a_case_whose_place_was_mended_is_one_case(export, write, city) -> None:
    write("d/1.csv", export)
    export.loc[3, "X坐标"] = "30.7001"
    loaded = load_issues(str(write("d/2.csv", export).parent / "*.csv"), city=city, crs=4490)
    assert (len(loaded.table), set(loaded.rejects["reason"])) == (12, {"duplicate_id"})


@pytest.mark.parametrize(
    ("status", "left_out"),
    [("作废", True), ("已作废", True), ("系统自动作废", True), ("重复件", True), ("重复上报", True), ("作废结案", True),
     ("非重复", False), ("未作废", False), ("不重复", False), ("作废申请驳回", False), ("作废待审", False), ("重复率低", False)],
)  # fmt: skip
def test_a_status_is_compared_as_a_value(export, write, city, status: str, left_out: bool) -> None:
    export["案件状态"] = ["结案"] * 10 + [status] * 2
    loaded = load_issues(write("a.csv", export), city=city, crs=4490)
    assert account(loaded) == ((12, 10, 0, 2) if left_out else (12, 12, 0, 0))
    assert any(f"{status} 2" in note.zh and "仍然计入" in note.zh for note in loaded.notes) != left_out


def test_overlapping_exports_count_a_case_once(export, write, city) -> None:
    write("d/1.csv", export)
    loaded = load_issues([write("d/1.csv", export), write("d/2.csv", export)], city=city, crs=4490)
    assert len(loaded.table) == 12
    assert set(loaded.rejects["source"]) == {"2.csv"}
    assert set(loaded.rejects["reason"]) == {"duplicate_id"}


def test_a_rejected_or_cancelled_row_does_not_shadow_a_sound_one(export, city) -> None:
    again = export.iloc[[0, 1]]
    export.loc[0, "X坐标"] = "?"
    export.loc[1, "案件状态"] = "作废"
    loaded = load_issues(pd.concat([export, again], ignore_index=True), city=city, crs=4490)
    assert account(loaded) == (14, 12, 1, 1)
    assert sorted(loaded.table["issue_id"]) == sorted(export["任务号"])


@pytest.mark.parametrize("head", ["问题状态", "任务状态", "处置状态"])
def test_a_status_under_another_head_leaves_cancelled_cases_out(export, city, head: str) -> None:
    export.loc[0, "案件状态"] = "作废"
    assert account(load_issues(export.rename(columns={"案件状态": head}), city=city, crs=4490)) == (12, 11, 0, 1)


def test_cancelled_and_repeated_cases_are_left_out_and_counted(export, city) -> None:
    export.loc[[0, 1, 2], "案件状态"] = ["作废", "重复", "已作废 "]
    export["作废时间"] = ""
    export.loc[3, "作废时间"] = "2023-05-01"
    loaded = load_issues(export, city=city, crs=4490)
    assert account(loaded) == (12, 8, 0, 4)
    said = [note.zh for note in loaded.notes]
    assert "按状态不计 3 件：作废 1、重复 1、已作废 1。" in said
    assert "另有 1 件状态不是作废，但有作废时间，不计。" in said
    assert account(load_issues(export, city=city, crs=4490, drop_status=())) == (12, 12, 0, 0)


def test_thousands_are_set_apart_in_what_is_said_of_rows(export, city) -> None:
    rows = pd.concat([export] * 200, ignore_index=True).drop(columns="任务号", errors="ignore")
    rows["案件状态"] = np.where(np.arange(len(rows)) < 1163, "作废", "已结案")
    said = [note.zh for note in load_issues(rows, city=city, crs=4490).notes]
    assert "按状态不计 1,163 件：作废 1,163。" in said


def test_filters_are_half_open_and_counted(export, city) -> None:
    loaded = load_issues(export, city=city, crs=4490, start="2023-02-02", end="2023-04-04")
    assert sorted({str(t)[:10] for t in loaded.table["time"]}) == ["2023-02-02", "2023-03-03"]
    assert account(loaded)[3] == 12 - len(loaded.table)
    exact = load_issues(export, city=city, crs=4490, start="2023-02-02 08:00:00", end="2023-02-02 08:00:01")
    assert {str(t) for t in exact.table["time"]} == {"2023-02-02 08:00:00"}
    hotline = load_issues(export, city=city, crs=4490, source=["12345热线"])
    assert account(hotline) == (12, 6, 0, 6)
    with pytest.raises(InputError, match="12345热线"):
        load_issues(export, city=city, crs=4490, source=["12346热线"])
    with pytest.raises(InputError, match="已结案"):
        load_issues(export, city=city, crs=4490, status=["结案了"])
    with pytest.raises(InputError, match="from = 2023-03-01"):
        load_issues(export, city=city, crs=4490, start="2023-03-01", end="2023-02-01")
    with pytest.raises(InputError, match="上报时间"):
        load_issues(export.drop(columns="上报时间"), city=city, crs=4490, start="2023-03-01")
    with pytest.raises(InputError, match="筛选"):
        load_issues(export, city=city, crs=4490, start="2030-01-01")


def test_one_source_written_in_several_ways_is_one(export, city) -> None:
    usual, others = "热线（App）", ["热线(app)", "热线 （Ａｐｐ）"]
    sources = [usual] * 5 + others * 2 + ["热线"] * 3
    table = export.assign(问题来源=sources, 处置部门=["城管局"] * 11 + ["城 管 局"])
    loaded = load_issues(table, city=city, crs=4490)
    assert loaded.table["source"].tolist() == [usual] * 9 + ["热线"] * 3
    assert set(loaded.table["department"]) == {"城管局"}
    said = [note.zh for note in loaded.notes if "写法不同" in note.zh]
    assert len(said) == 2
    assert all(f"{other}→{usual}" in said[0] for other in others)
    asked = load_issues(table, city=city, crs=4490, source=["热线(APP)"])
    assert account(asked) == (12, 9, 0, 3)
    assert set(asked.table["source"]) == {usual}
    # What is earlier is written as what it is compared with.
    late = load_issues(
        table.assign(上报时间=["2023-06-01"] * 5 + ["2023-01-01"] * 7), city=city, crs=4490, start="2023-05-01"
    )
    assert late.earlier is not None
    assert late.earlier["source"].tolist() == [usual] * 4 + ["热线"] * 3


def test_what_is_before_the_window_is_at_hand_and_counts_as_left_out(export, city) -> None:
    whole = load_issues(export, city=city, crs=4490, source=["12345热线"]).table
    loaded = load_issues(export, city=city, crs=4490, source=["12345热线"], start="2023-04-01", end="2023-06-01")
    start, end = pd.Timestamp("2023-04-01"), pd.Timestamp("2023-06-01")
    before = whole[whole["time"] < start].reset_index(drop=True)
    within = whole[(whole["time"] >= start) & (whole["time"] < end)].reset_index(drop=True)
    assert 0 < len(before) < len(whole) - len(within), "something is before, and something after"
    pd.testing.assert_frame_equal(pd.DataFrame(loaded.earlier), pd.DataFrame(before))
    pd.testing.assert_frame_equal(pd.DataFrame(loaded.table), pd.DataFrame(within))
    assert account(loaded) == (12, len(within), 0, 12 - len(within))
    assert load_issues(export, city=city, crs=4490, end="2023-06-01").earlier is None
    # Exports overlap: a case counts once, and in the window if it is there.
    twice = pd.concat([export, export.iloc[:3], export.iloc[4:5].assign(上报时间="2023-01-01 08:00")])
    again = load_issues(twice, city=city, crs=4490, source=["12345热线"], start="2023-04-01", end="2023-06-01")
    pd.testing.assert_frame_equal(pd.DataFrame(again.earlier), pd.DataFrame(before))


def test_times_in_a_stated_zone(export, city) -> None:
    utc = export.assign(上报时间="2023-05-01T00:30:00Z")
    assert str(load_issues(utc, city=city, crs=4490).table["time"].iloc[0]) == "2023-05-01 08:30:00"
    there = load_issues(utc, city=city, crs=4490, timezone="America/New_York")
    assert str(there.table["time"].iloc[0]) == "2023-04-30 20:30:00"
    bad = load_issues(export.assign(结案时间="?"), city=city, crs=4490)
    assert len(bad.table) == 12
    assert bad.table["closed"].isna().all()
    assert any("结案时间" in note.en and "12" in note.en for note in bad.notes)


def test_a_class_column_is_taken_as_it_stands(export, city) -> None:
    export["我的类"] = ["甲", "乙", None] * 4
    loaded = load_issues(export, city=city, crs=4490, class_column="我的类")
    assert loaded.table["issue_class"].tolist() == ["甲", "乙", "未归类"] * 4
    with pytest.raises(InputError, match="我的类"):
        load_issues(export, city=city, crs=4490, class_column="我的类别")


def test_what_the_mapping_leaves_over_is_filled_in_and_handed_back(export, city, write) -> None:
    loaded = load_issues(export, city=city, crs=4490)
    left = unclassified(loaded.table)
    assert left.to_dict("records") == [
        {"tree": "事件", "main_type": "扩展", "sub_type": "飞线", "count": 4, "issue_class": ""}
    ]
    filled = left.assign(issue_class="市容环境")
    again = load_issues(export, city=city, crs=4490, class_table=write("未归类.xlsx", filled))
    assert again.table["issue_class"].tolist()[2] == "市容环境"
    assert unclassified(again.table).empty
    with pytest.raises(InputError, match="是否为 市容环境"):
        load_issues(export, city=city, crs=4490, class_table=filled.assign(issue_class="市容环卫"))


def test_what_is_left_over_most_often_comes_first_and_equals_by_name() -> None:
    names = ["c", "b", "b", "a", "b", "d", "d"]
    left = unclassified(pd.DataFrame({"sub_type": names, "issue_class": "未归类"}))
    assert list(zip(left["sub_type"], left["count"], strict=True)) == [("b", 3), ("d", 2), ("a", 1), ("c", 1)]


def test_exports_without_trees_use_what_is_the_same_in_all(export, city) -> None:
    mapping = pd.DataFrame(
        [
            ("部件", "飞线", "公用设施"),
            ("事件", "飞线", "街面秩序"),
            ("部件", "小广告", "宣传广告"),
            ("事件", "小广告", "宣传广告"),
        ],
        columns=["tree", "sub_type", "issue_class"],
    )
    own = dataclasses.replace(city, class_table=mapping)
    loaded = load_issues(export.drop(columns="问题类型"), city=own, crs=4490)
    assert loaded.table["issue_class"].tolist()[:3] == ["未归类", "宣传广告", "未归类"]


def test_without_classes_all_issues_are_one(export, bare_city) -> None:
    loaded = load_issues(export, city=bare_city, crs=4490, columns={"lon": "Y坐标", "lat": "X坐标"})
    assert loaded.table["issue_class"].isna().all()
    again = load_issues(loaded.table.assign(issue_class="甲"), city=bare_city)
    assert (again.table["issue_class"] == "甲").all()


def test_a_clean_layer_loads_again_as_it_is(export, write, city) -> None:
    first = load_issues(export, city=city, crs=4490)
    again = load_issues(write("clean.gpkg", first.table, layer="issues"), city=city)
    assert again.rejects.empty
    for column in ("issue_id", "time", "issue_class", "recorded_subdistrict"):
        assert again.table[column].tolist() == first.table[column].tolist()
    assert again.table.distance(first.table).max() < 1e-6


def test_bare_points_need_nothing_but_coordinates(city) -> None:
    loaded = load_issues(
        pd.DataFrame({"lon": ["120.75", "120.76"], "lat": ["30.75", "30.76"]}), crs=4326, metric_crs=4549
    )
    assert loaded.table["issue_id"].tolist() == ["(memory):1", "(memory):2"]
    assert loaded.table["time"].isna().all()
    assert {"没有任务号列", "没有上报时间列"} <= {
        part for note in loaded.notes for part in ("没有任务号列", "没有上报时间列") if part in note.zh
    }


def test_points_of_a_kml_without_ids_are_numbered(tmp_path, city) -> None:
    place = "<Placemark><Point><coordinates>120.75,30.75</coordinates></Point></Placemark>"
    (tmp_path / "a.kml").write_text(
        f'<kml xmlns="http://www.opengis.net/kml/2.2"><Document>{place * 3}</Document></kml>'
    )
    loaded = load_issues(tmp_path / "a.kml", city=city)
    assert loaded.table["issue_id"].tolist() == ["a.kml:1", "a.kml:2", "a.kml:3"]
    assert loaded.rejects.empty


def test_without_a_city_the_box_of_the_polygons_decides(export) -> None:
    export.loc[0, "X坐标"] = "31.9"
    loaded = load_issues(export, crs=4490, metric_crs=4549, box=BOX)
    assert reasons(loaded) == {1: "outside_box"}


def test_axes_as_told(export, city) -> None:
    table = export.rename(columns={"X坐标": "lon", "Y坐标": "lat"})
    with pytest.raises(CrsError, match="north_east"):
        load_issues(table, city=city, crs=4490)
    assert len(load_issues(table, city=city, crs=4490, axes="north_east").table) == 12
    with pytest.raises(CrsError, match="north_east"):
        load_issues(export, city=city, crs=4490, axes="east_north")


@pytest.mark.parametrize(
    ("change", "options", "says"),
    [
        ({}, {}, "GCJ-02"),
        ({}, {"crs": 4549}, "EPSG:4490"),
        ({"X坐标": "3403058", "Y坐标": "40572297"}, {"crs": 4549}, "EPSG:4528"),
        ({"X坐标": "3403058", "Y坐标": "572297"}, {"crs": 4528}, "EPSG:4549"),
        ({"X坐标": "3403058", "Y坐标": "572297"}, {"crs": "GCJ-02"}, "EPSG:4549"),
        ({"X坐标": "0", "Y坐标": "0"}, {"crs": 4490}, "12"),
        ({"X坐标": "31.9", "Y坐标": "118.7"}, {"crs": 4490}, "axes"),
        ({"X坐标": "", "Y坐标": ""}, {"crs": 4490}, "没有坐标"),
        ({}, {"crs": "EPSG:4610"}, "towgs84"),
        ({}, {"crs": 4490, "columns": {"issue_id": "任务编号"}}, "是否为 任务号"),
        ({}, {"crs": 4490, "columns": {"isue_id": "任务号"}}, "是否为 issue_id"),
        ({}, {"crs": 4490, "timezone": "Asia/Jiaxing"}, "Asia/Jiaxing"),
    ],
)  # fmt: skip
def test_unusable_input_is_refused_once_and_clearly(export, city, change, options, says: str) -> None:
    before = export.assign(**change)
    table = before.copy()
    with pytest.raises(InputError, match=says) as caught:
        load_issues(table, city=city, **options)
    pd.testing.assert_frame_equal(table, before)
    assert caught.value.text("zh") != caught.value.text("en")


def test_no_coordinate_columns(export, city) -> None:
    with pytest.raises(InputError, match="没有坐标列"):
        load_issues(export.drop(columns="Y坐标"), city=city, crs=4490)


def test_polygons_are_no_issues(squares, city) -> None:
    with pytest.raises(InputError, match="需要点图层"):
        load_issues(squares, city=city)


def test_a_default_point_of_a_geocoder_is_noticed(export, city) -> None:
    many = pd.concat([export.iloc[[0]]] * 60 + [export], ignore_index=True)
    many["任务号"] = [f"N{i}" for i in range(len(many))]
    loaded = load_issues(many, city=city, crs=4490)
    assert any("61" in note.en and "same point" in note.en for note in loaded.notes)
    assert len(loaded.table) == len(many)


@pytest.fixture
def recorded(squares) -> gpd.GeoDataFrame:
    polygons = squares.rename(columns={"名称": "name"}).assign(name=["七星镇", "南湖街道", "府南"])
    x = np.array([572_500.0, 572_600.0, 573_500.0, 574_900.0, 573_000.0, 580_000.0, 572_500.0])
    return polygons, gpd.GeoDataFrame(
        {
            "issue_id": list("abcdefg"),
            "recorded_subdistrict": ["七星街道", "南湖", "南湖街道", "七星镇", "七星镇", "南湖", None],
        },
        geometry=gpd.points_from_xy(x, np.full(7, 3_402_500.0)),
        crs=4549,
    )


def test_disagreement_is_counted_and_listed(recorded, city) -> None:
    polygons, issues = recorded
    found = disagreement(issues, polygons, city=city)
    # e lies on the edge of the first two: the first counts. f lies in none, g records nothing.
    assert (found.checked, found.agree, found.disagree, found.outside) == (5, 3, 2, 1)
    assert found.cases["issue_id"].tolist() == ["d", "b"]
    assert found.cases["away_m"].tolist() == pytest.approx([1900.0, 400.0])
    assert found.pairs.to_numpy().tolist() == [["七星镇", "府南", 1], ["南湖", "七星镇", 1]]
    # Tenths of a metre: coordinates of issues say no more.
    shifted = disagreement(issues.set_geometry(issues.translate(xoff=1 / 3)), polygons, city=city)
    assert shifted.cases["away_m"].tolist() == [1900.3, 399.7]
    for away, told in ((0.9, []), (1.1, ["b"])):
        near = issues.iloc[[1]].translate(xoff=400 - away)
        found = disagreement(issues.iloc[[1]].set_geometry(near), polygons, city=city)
        assert (found.checked, found.cases["issue_id"].tolist()) == (1, told)
    by_area = disagreement(
        issues, polygons.assign(area=["北", "南", "南"]), column="recorded_subdistrict", against="area"
    )
    assert by_area.disagree == by_area.checked == 5
    assert by_area.cases["away_m"].isna().all()
    with pytest.raises(InputError, match="nothing"):
        disagreement(issues, polygons, column="nothing")
    with pytest.raises(CrsError):
        disagreement(issues.to_crs(4528), polygons)


def test_what_holds_of_many_files_is_said_once(export, write, city) -> None:
    for month in (1, 2, 3):
        table = export.assign(任务号=[f"{month}-{i}" for i in range(12)], 诉求人电话="13812345678")
        table.loc[0, ["X坐标", "Y坐标"]] = ["120.75,30.75", ""]
        path = write(f"d/{month}.csv", table)
    loaded = load_issues(str(path.parent / "*.csv"), city=city, crs=4490)
    said = [note.zh for note in loaded.notes]
    assert sum("转换" in text for text in said) == 1
    assert any(text.startswith("1.csv 等 3 个文件：3 行把两个坐标写在同一格") for text in said)
    assert any("诉求人电话" in text for text in said)
    assert "诉求人电话" not in loaded.table
    assert len(loaded.table) == 36


def test_rows_that_cannot_be_split_are_rejected_with_the_others(tmp_path, city) -> None:
    path = tmp_path / "a.csv"
    path.write_text("任务号,X坐标,Y坐标\n1,2\n2,30.75,120.75\n3,4,5,6\n", encoding="utf-8")
    loaded = load_issues(path, city=city, crs=4490)
    assert account(loaded) == (3, 1, 2, 0)
    assert reasons(loaded) == {1: "broken_row", 3: "broken_row"}
    path.write_text("任务号,X坐标,Y坐标\n1,2\n3,4,5,6\n", encoding="utf-8")
    with pytest.raises(InputError, match="列数与表头不符 2 行"):
        load_issues(path, city=city, crs=4490)


def test_parquet_with_numbers_categories_and_zones(export, write, city) -> None:
    typed = export.assign(
        小类=pd.Categorical(export["小类"]),
        X坐标=export["X坐标"].astype(float),
        Y坐标=export["Y坐标"].astype(float),
        上报时间=pd.to_datetime(export["上报时间"]).dt.tz_localize("Asia/Shanghai").dt.tz_convert("UTC"),
    )
    got = load_issues(write("a.parquet", typed), city=city, crs=4490).table
    want = load_issues(export, city=city, crs=4490).table
    for column in ("time", "sub_type", "issue_class"):
        assert got[column].tolist() == want[column].tolist()
    assert got.distance(want).max() < 1e-9


def test_an_empty_table_in_memory_is_refused(export, city) -> None:
    with pytest.raises(InputError, match="没有数据行"):
        load_issues(export.iloc[:0], city=city, crs=4490)


def test_two_coordinate_columns_that_disagree_are_refused_until_one_is_named() -> None:
    table = pd.DataFrame(
        {"任务号": ["1", "2"], "lon": [120.75, 120.76], "lat": [30.74, 30.75], "经度": ["120.75", "120.7651"]}
    )
    for other in ("经度", "LONGITUDE", "LON"):
        with pytest.raises(
            InputError, match=rf"columns lon and {other} .*differ in 1 row \(row 2: 120\.76, 120\.7651\)"
        ):
            load_issues(table.rename(columns={"经度": other}), crs=4326)
    taken = load_issues(table, crs=4326, columns={"lon": "经度"}).table.to_crs(4326)
    assert taken.geometry.x.tolist() == pytest.approx([120.75, 120.7651])
    # A copy to six decimals says the same.
    same = load_issues(table.assign(经度=["120.7500001", "120.7600004"]), crs=4326)
    assert not [note for note in same.notes if "differ" in note.en]


def test_of_two_other_columns_for_one_meaning_the_one_taken_is_named() -> None:
    table = pd.DataFrame(
        {
            "任务号": ["1", "2", "3"],
            "lon": 120.75,
            "lat": 30.74,
            "案件状态": ["已结案", "处理中", None],
            "当前状态": ["已结案", "已结案", None],
        }
    )
    (note,) = [note for note in load_issues(table, crs=4326).notes if "differ" in note.en]
    assert "“案件状态”和“当前状态”" in note.zh
    assert "differ in 1 row" in note.en
    told = load_issues(table, crs=4326, columns={"status": "当前状态"})
    assert told.table["status"].tolist()[:2] == ["已结案", "已结案"]
    assert not [note for note in told.notes if "differ" in note.en]


@pytest.mark.parametrize(
    ("crs", "columns", "point"),
    [
        (4326, ("lon", "lat"), (120.755, 30.746)),
        ("GCJ-02", ("lon", "lat"), (120.7591, 30.7442)),
        (4549, ("X坐标", "Y坐标"), (3_403_058.25, 572_297.5)),
        (4528, ("x", "y"), (40_572_297.5, 3_403_058.25)),
    ],
)
def test_a_default_point_is_named_ready_to_paste_and_left_out(city, crs, columns, point) -> None:
    rng = np.random.default_rng(7)
    n, there = 400, 60
    step = 1e-3 if point[0] < 200 else 100.0
    xy = np.array(point) + rng.uniform(-20, 20, (n, 2)) * step
    xy[:there] = point
    # A centimetre away is another place.
    xy[there] = np.array(point) + (2e-7 if point[0] < 200 else 0.1)
    table = pd.DataFrame({"任务号": [f"A{k}" for k in range(n)], columns[0]: xy[:, 0], columns[1]: xy[:, 1]})
    whole = load_issues(table, city=city, crs=crs)
    assert account(whole)[1:] == (n, 0, 0)
    (note,) = [note.zh for note in whole.notes if "drop_points" in note.zh]
    pasted = tomllib.loads(note[note.index("drop_points = ") : note.rindex("]") + 1])["drop_points"]
    assert pasted == [list(point)]
    without = load_issues(table, city=city, crs=crs, drop_points=pasted)
    assert account(without) == (n, n - there, 0, there)
    assert not [note for note in without.notes if "默认坐标" in note.zh]
    assert [note.en for note in without.notes if f"at {pasted[0]}: {there}" in note.en]
    nowhere = load_issues(table, city=city, crs=crs, drop_points=[point[::-1]])
    assert account(nowhere)[3] == 0
    assert [note for note in nowhere.notes if "No issue lies at" in note.en]


def test_points_of_a_vector_file_are_dropped_as_the_file_has_them(city) -> None:
    points = gpd.GeoSeries.from_xy([120.75, 120.75, 120.76], [30.74, 30.74, 30.75], crs=4490)
    table = gpd.GeoDataFrame({"任务号": ["1", "2", "3"]}, geometry=points)
    assert account(load_issues(table, city=city, drop_points=[(120.75, 30.74)])) == (3, 1, 0, 2)
    twice = load_issues(table, city=city, drop_points=[[120.75, 30.74], (120.75, 30.74)])
    assert len([note for note in twice.notes if "drop_points" in note.en]) == 1


@pytest.mark.parametrize("point", [(float("nan"), 30.74), (120.75, float("inf")), (120.75,), (120.75, 30.74, 0)])
def test_what_is_not_a_pair_of_coordinates_is_no_point_to_drop(city, point) -> None:
    table = pd.DataFrame({"任务号": ["1"], "lon": [120.75], "lat": [30.74]})
    with pytest.raises(InputError, match="not a pair of coordinates"):
        load_issues(table, city=city, crs=4490, drop_points=[point])


def test_points_to_drop_that_are_rejected_already_are_said_to_be(city) -> None:
    table = pd.DataFrame({"任务号": ["1", "2", "3"], "lon": [0.0, 116.4, 120.75], "lat": [0.0, 39.9, 30.74]})
    loaded = load_issues(table, city=city, crs=4490, drop_points=[(0, 0), (116.4, 39.9), (1, 2)])
    assert account(loaded) == (3, 1, 2, 0)
    said = [note.en for note in loaded.notes if "drop_points" in note.en]
    assert ["rejected already" in line for line in said] == [True, True, False]


def test_of_two_sets_of_coordinates_the_one_taken_is_named(city) -> None:
    table = pd.DataFrame(
        {"任务号": ["1"], "经度": [120.755], "纬度": [30.746], "X坐标": [572_297.0], "Y坐标": [3_403_058.0]}
    )
    for crs, taken, other in ((4490, "经度、纬度", "X坐标、Y坐标"), (4549, "X坐标、Y坐标", "经度、纬度")):
        loaded = load_issues(table, city=city, crs=crs)
        (note,) = [note for note in loaded.notes if f"取自“{taken}”列；“{other}”" in note.zh]
        assert "、" not in note.en
        point = loaded.table.geometry.iloc[0]
        assert (point.x, point.y) == pytest.approx((572_297, 3_403_058), abs=1)


def test_web_mercator_points_are_read_without_a_city() -> None:
    points = gpd.GeoSeries.from_xy([120.70, 120.75, 120.80, 0.1], [30.70, 30.75, 30.80, 0.1], crs=4326).to_crs(3857)
    table = pd.DataFrame({"任务号": ["1", "2", "3", "4"], "x": points.x, "y": points.y})
    loaded = load_issues(table, crs=3857)
    assert loaded.table.crs.to_epsg() == 32651
    assert loaded.table.to_crs(4326).geometry.x.tolist() == pytest.approx([120.70, 120.75, 120.80])
    assert loaded.rejects[["row", "reason"]].to_numpy().tolist() == [[4, "far_off"]]
    with pytest.raises(CrsError, match="EPSG:3857"):
        load_issues(table, crs=4549)
    with pytest.raises(CrsError, match="EPSG:3857"):
        load_issues(table, crs=4490)


def test_of_two_sets_of_coordinates_in_degrees_it_is_said_how_far_they_are_apart(city) -> None:
    """As of a platform that exports GCJ-02 beside WGS-84: some 486 m in Jiaxing."""
    n = 40
    lon, lat = 120.74 + 0.001 * np.arange(n), 30.75 + 0.0005 * np.arange(n)
    east, north = 0.0045, 0.0021
    table = pd.DataFrame({"任务号": range(n), "经度": lon, "纬度": lat, "X坐标": lon + east, "Y坐标": lat + north})

    def said(frame: pd.DataFrame) -> list[str]:
        return [note.zh for note in load_issues(frame, city=city, crs="EPSG:4326").notes if "相差约" in note.zh]

    (note,) = said(table)
    metres = float(re.search(r"相差约 ([\d,]+) 米", note)[1].replace(",", ""))
    true = pyproj.Geod(ellps="WGS84").inv(lon, lat, lon + east, lat + north)[2]
    assert metres == pytest.approx(np.median(true), rel=0.01)
    assert "“经度、纬度”" in note
    assert "lon=" in note
    assert not said(table.assign(X坐标=lon + 1e-5, Y坐标=lat))
    assert not said(table.assign(X坐标=500_000.0 + 10 * np.arange(n), Y坐标=3_400_000.0))


def test_a_file_without_coordinates_is_told_what_it_has():
    with pytest.raises(InputError) as error:
        load_issues(pd.DataFrame({"经度（度）": [120.75], "案由": ["甲"]}), crs="GCJ-02", metric_crs=4549)
    assert "文件中的列：经度（度）、案由。" in error.value.message.zh
    assert "The file has: 经度（度）, 案由." in error.value.message.en


def test_who_gives_the_working_crs_is_not_told_that_the_project_did():
    table = pd.DataFrame({"lon": ["120.75"], "lat": ["30.75"]})
    assert not any("工作坐标系" in note.zh for note in load_issues(table, crs=4326, metric_crs=4549).notes)
    assert any("工作坐标系" in note.zh for note in load_issues(table, crs=4326).notes)


def test_a_masked_category_is_found_when_the_sheet_is_handed_back(export, city, write) -> None:
    export["小类"] = ["李女士树枝", "王女士树枝", "飞\n线"] * 4
    left = unclassified(load_issues(export, city=city, crs=4490).table)
    assert left.groupby("sub_type")["count"].sum().to_dict() == {"*女士树枝": 8, "飞 线": 4}
    filled = left.assign(issue_class=left["sub_type"].map({"*女士树枝": "园林绿化", "飞 线": "公用设施"}))
    again = load_issues(export, city=city, crs=4490, class_table=write("未归类.xlsx", filled)).table
    assert again["issue_class"].tolist() == ["园林绿化", "园林绿化", "公用设施"] * 4
    named = pd.DataFrame({"tree": "", "sub_type": ["李女士树枝", "飞\n线"], "issue_class": ["市容环境", "公用设施"]})
    own = load_issues(
        export, city=city, crs=4490, class_table=pd.concat([named, filled[["tree", "sub_type", "issue_class"]]])
    )
    assert own.table["issue_class"].tolist() == ["市容环境", "园林绿化", "公用设施"] * 4


def test_rework_below_nothing_is_refused_with_its_row(export, city) -> None:
    with pytest.raises(InputError, match=r"row 3: 返工次数 = -3 is below 0"):
        load_issues(export.assign(返工次数=["0", "1", "-3"] + [""] * 9), city=city, crs=4490)


def test_ids_of_eighteen_digits_are_whole_in_a_parquet_column_that_lacks_one(export, tmp_path, city) -> None:
    """Pandas makes reals of such a column of a file that it did not write, and these do not hold them."""
    ids = [330_402_199_001_010_001 + at for at in range(len(export) - 1)]
    table = pa.Table.from_pandas(export.assign(任务号=pd.array([*ids, None], dtype="Int64")))
    pq.write_table(table.replace_schema_metadata(None), tmp_path / "a.parquet")
    loaded = load_issues(tmp_path / "a.parquet", city=city, crs="EPSG:4490")
    assert loaded.table["issue_id"].tolist() == [str(number) for number in ids]
    assert loaded.rejects["reason"].tolist() == ["missing_value"]
