"""Progress of the library's projects, by hand."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from jxgis.city import load_city
from jxgis.errors import InputError
from jxgis.load import load_layer
from jxgis.report.blocks import Paragraph, TableBlock
from jxgis.scorecard import fill_card, load_plan, project_progress
from jxgis.scorecard.projects import beyond_total, done_in_all, of_no_district
from jxgis.scorecard.section import scorecard_section
from jxgis.settings import ScorecardSettings
from jxgis.space.levels import zones_by_level

PLAN = load_plan()


def frame(columns: dict[str, object], shapes: object) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(columns, geometry=shapes, crs=4549)


def progress(table, districts, year=2027):
    found = project_progress(table, zones_by_level(districts), PLAN.projects, year=year)
    return found.set_index(["project", "zone"])


def test_rows_add_up_by_district_area_and_city(districts):
    rows = pd.DataFrame(
        {
            "item": ["22", "22", "22", "30", "30", None],
            "name": ["跨区道路", None, None, None, None, "口袋公园建设"],
            "district": [None, "甲", "丙片区", "甲", "丁", "乙"],
            "done": [6.0, 20, 25, 45, 46, 12],
            "total": [10.0, 30, 30, 50, 50, 12],
        }
    )
    found = progress(rows, districts)
    assert found.loc[22, "done"].to_dict() == {"all": 51, "东区": 20, "西区": 25, "甲": 20, "丙": 25}
    assert found.loc[(22, "all"), ["progress", "target_2027", "status"]].tolist() == [51 / 70, 50, "met"]
    # A project in %: done over total.
    assert found.loc[(30, "all"), ["value", "target_2027", "status"]].tolist() == [91, 90, "met"]
    assert found.loc[(19, "all"), ["value", "status"]].tolist() == [12, "met"]
    assert found.loc[(1, "all"), ["status", "reason"]].tolist() == ["no_data", "no_progress"]
    assert found.loc[(6, "all"), "said"] == "完成评估"
    assert found.loc[(22, "甲"), ["status", "reason"]].tolist() == ["no_data", "city_target_only"]
    assert sorted(set(found.index.get_level_values(0))) == list(range(1, 43))


def test_those_that_cannot_be_judged_are_told_with_the_others(districts):
    rows = pd.DataFrame(
        {
            "item": ["22", "30", "6", "32", "32", "33"],
            "district": ["甲", "甲", "乙", "甲", "乙", "乙"],
            "done": [51.0, 10, 1, 3, np.nan, np.nan],
            "total": [70.0, 50, 1, 9, 9, 9],
        }
    )
    found = project_progress(rows, zones_by_level(districts), PLAN.projects, year=2027)
    empty = pd.DataFrame(columns=["zone", "level", "indicator", "value", "kind", "status", "label", "needs"])
    section = scorecard_section(empty, PLAN.targets, ScorecardSettings(), projects=found)
    said = [block.words for block in section.blocks if isinstance(block, Paragraph)]
    assert (
        said[-1] == "项目库 42 项，有进展数据的 3 项：1 项达到规划累计量，1 项未达到，1 项无法判断（规划没有给出数量）"
        "；2 项在项目表中有行没有填写完成量或计划量，没有合计；37 项不在项目表中。"
        "完成率是完成量÷项目表的计划量；是否达标按规划目标判断，完成率不到 100 % 的项目也可能达标。"
    )


@pytest.mark.parametrize(("done", "total"), [(30.0, np.nan), (np.nan, 90.0)])
def test_a_row_that_says_one_of_done_and_total_shifts_no_share(districts, done, total):
    rows = pd.DataFrame({"item": ["32", "32"], "district": ["甲", "丙"], "done": [done, 10.0], "total": [total, 200.0]})
    found = progress(rows, districts)
    assert found.loc[(32, "all"), ["status", "reason"]].tolist() == ["no_data", "rows_untold"]
    assert np.isnan(found.loc[(32, "all"), "value"])
    assert np.isnan(found.loc[(32, "all"), "progress"])
    assert found.loc[(32, "丙"), "value"] == 5


@pytest.mark.parametrize("done", [10.0, 60.0])
def test_a_row_without_what_is_done_leaves_no_sum_to_judge(districts, done):
    rows = pd.DataFrame({"item": ["22", "22"], "district": ["甲", "丙"], "done": [done, np.nan], "total": [60.0, 30]})
    found = progress(rows, districts)
    assert found.loc[(22, "all"), ["status", "reason", "total"]].tolist() == ["no_data", "done_untold", 90]
    assert found.loc[(22, "all"), ["done", "value", "progress"]].isna().all()
    assert found.loc[(22, "甲"), "value"] == done
    assert found.loc[(22, "丙"), "reason"] == "no_progress"


def test_the_year_s_total_decides(districts):
    rows = pd.DataFrame({"item": ["22"], "done": [40.0], "total": [50.0]})
    assert [progress(rows, districts, year).loc[(22, "all"), "status"] for year in (2025, 2027)] == ["met", "below"]


def test_a_row_lies_where_its_place_is_unless_it_says_otherwise(districts):
    rows = frame({"item": ["4", "4"], "district": [None, "丁"], "done": [1, 1]}, shapely.points([(10, 10), (20, 20)]))
    found = progress(rows, districts)
    assert found.loc[4, "done"].to_dict() == {"all": 2, "东区": 1, "西区": 1, "甲": 1, "丁": 1}


@pytest.mark.parametrize(
    ("row", "says"),
    [({"item": "43"}, "43"), ({"name": "口袋公圆建设"}, "口袋公园建设"), ({"item": "3", "district": "戊"}, "戊")],
)
def test_what_the_library_or_the_city_has_not_is_refused(districts, row, says):
    with pytest.raises(InputError, match=says):
        progress(pd.DataFrame([{**row, "done": 1.0}]), districts)


def test_of_many_mistakes_eight_are_named_and_the_rest_counted(districts):
    rows = pd.DataFrame({"item": [str(n) for n in range(901, 911)], "done": 1.0})
    with pytest.raises(InputError) as refused:
        progress(rows, districts)
    lines = refused.value.text("en").splitlines()
    assert [f"{n}" in line for n, line in enumerate(lines[:8], start=901)] == [True] * 8
    assert lines[8:] == ["2 more are wrong, and not listed."]


def test_a_target_that_is_a_project_takes_its_progress(districts):
    zones = zones_by_level(districts)
    rows = pd.DataFrame({"item": ["37", "37"], "district": ["甲", "丙"], "done": [4.0, 4.5]})
    done = project_progress(rows, zones, PLAN.projects, year=2025)
    gas = [target for target in PLAN.targets if target.id == "gas_pipes_renewed"]
    table = fill_card(zones, gas, progress=done).table.set_index("zone")
    assert table.loc["all", ["value", "counted"]].tolist() == [8.5, "projects"]
    assert table.loc["乙", "reason"] == "no_progress"
    assert np.isnan(table.loc["乙", "value"])


def test_a_target_that_is_a_project_is_no_sum_of_a_part_of_its_rows(districts):
    zones = zones_by_level(districts)
    rows = pd.DataFrame(
        {"item": "37", "name": [*"abcde"], "district": [None, *"甲乙丙丁"], "done": [np.nan, 4, 1, 1, 3]}
    )
    done = project_progress(rows, zones, PLAN.projects, year=2025)
    gas = [target for target in PLAN.targets if target.id == "gas_pipes_renewed"]
    table = fill_card(zones, gas, progress=done).table.set_index("zone")
    assert table.loc["东区", "counted"] == "projects"
    assert np.isnan(table.loc["all", "value"])
    assert table.loc["all", "reason"] == "done_untold"


def test_a_table_of_projects_needs_no_place(tmp_path):
    path = tmp_path / "projects.csv"
    path.write_text("项目库序号,片区,完成量,计划量\n22,老城,3,5\n22,塘汇,2,5\n", encoding="utf-8")
    found = load_layer("projects", path, city=load_city())
    assert found.table[["item", "district", "done"]].to_numpy().tolist() == [["22", "老城", 3], ["22", "塘汇", 2]]
    assert found.table.geometry.isna().all()


def test_more_done_than_planned_is_said(districts):
    rows = pd.DataFrame(
        {
            "item": [None, "22", "3"],
            "name": ["口袋公园", None, None],
            "done": [8.0, 5.0, np.nan],
            "total": [5.0, 5.0, 1.0],
        }
    )
    assert [note.zh for note in beyond_total(rows)] == ["完成量超过计划量的项目：口袋公园（8／5）。请核对。"]
    assert beyond_total(rows.drop(columns="total")) == []


def test_a_fraction_done_of_a_hundred_percent_is_asked_about(districts):
    """Item 30 is in %: 0.45 done of 100 would stand there as 0.45 %. Kilometres (item 37) may be few."""
    rows = pd.DataFrame({"item": ["30", "37"], "district": ["甲", "甲"], "done": [0.45, 0.5], "total": [100.0, 90]})
    with pytest.raises(InputError, match=r"第 30 项.*0\.45"):
        progress(rows, districts)
    rows["done"] = [45.0, 0.5]
    assert progress(rows, districts).loc[(30, "甲"), "value"] == 45
    assert progress(rows.assign(done=[0.45, 0.5], total=[1.0, 90]), districts).loc[(30, "甲"), "value"] == 45


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        # A share beyond all there is was met: 80 of 1 stood there as 8,000 %.
        ({"item": ["30"], "done": [80.0], "total": [1.0]}, "第 30 项.*80.*完成量大于计划量"),
        # 60 % and 70 % added up to 70.6 of 101.
        (
            {"item": ["30", "30"], "name": ["a", "b"], "done": [0.6, 70.0], "total": [1.0, 100.0]},
            "第 30 项.*0\\.6.*小数",
        ),
    ],
)
def test_what_can_be_no_share_is_refused(districts, rows, says):
    with pytest.raises(InputError, match=says) as refused:
        progress(pd.DataFrame(rows), districts)
    assert refused.value.text("zh") != refused.value.text("en")


def test_shares_that_can_be_are_added_up(districts):
    rows = pd.DataFrame(
        {
            "item": ["30"] * 5,
            "name": [*"abcde"],
            "district": [*"甲甲乙丙丁"],
            "done": [35.0, 28, 60, 110, 0],
            "total": [35.0, 35, 90.5, 110, 1],
        }
    )
    found = progress(rows, districts)
    assert found.loc[(30, "甲"), "value"] == 90
    assert found.loc[(30, "all"), "value"] == pytest.approx(100 * 233 / 271.5)


@pytest.mark.parametrize("of", [1.0, 100.0])
def test_percentages_alone_are_no_sum(districts, of):
    """100 % of 10 buildings and 85 % of 1,000 are 85.1 % of all, and below 90: their mean, 92.5, stood there as met."""
    rows = pd.DataFrame({"item": "30", "district": ["甲", "乙"], "done": [of, 0.85 * of], "total": of})
    found = progress(rows, districts)
    for zone in ("all", "东区"):
        assert found.loc[(30, zone), ["status", "reason"]].tolist() == ["no_data", "percent_alone"]
        assert found.loc[(30, zone), ["done", "total", "progress", "value"]].isna().all()
    assert found.loc[[(30, "甲"), (30, "乙")], "value"].tolist() == pytest.approx([100, 85])
    # However much each is of, all of the same are that.
    same = progress(rows.assign(done=0.95 * of), districts).loc[(30, "all"), ["value", "status"]]
    assert same.tolist() == [pytest.approx(95), "met"]
    # Nine of ten things that are each done or not.
    things = pd.DataFrame({"item": "30", "name": [*"abcdefghij"], "done": [1.0] * 9 + [0], "total": 1.0})
    assert progress(things, districts).loc[(30, "all"), "value"] == pytest.approx(90)


def test_a_number_and_a_name_of_two_items_in_one_row_are_refused(districts):
    rows = pd.DataFrame({"item": ["22", "22"], "name": ["口袋公园建设", "东升路北段"], "done": [5.0, 1]})
    with pytest.raises(InputError, match=r"22.*口袋公园建设.*第 22、19 项"):
        progress(rows, districts)
    assert progress(rows.iloc[1:], districts).loc[(22, "all"), "done"] == 1


def test_rows_of_the_city_and_of_an_area_count_there_and_above(districts):
    rows = pd.DataFrame(
        {
            "item": ["22", "22", "19", "19", "19"],
            "name": [*"abcde"],
            "district": ["全市", "中心城区", None, "东区", "丙"],
            "done": [1.0, 10, 7, 2, 5],
        }
    )
    found = progress(rows, districts)["done"]
    assert found.loc[22].to_dict() == {"all": 11}
    assert found.loc[19].to_dict() == {"all": 14, "东区": 2, "西区": 5, "丙": 5}


def test_a_row_whose_number_cannot_be_read_leaves_no_sum(districts, tmp_path):
    """Left out, it would make the sum of the others look whole."""
    path = tmp_path / "projects.csv"
    path.write_text("项目库序号,片区,完成量,计划量\n22,甲,3,5\n22,乙,约 30 条,40\n19,丙,2,5\n", encoding="utf-8")
    loaded = load_layer("projects", path, city=load_city())
    assert "完成量" in loaded.notes[0].en
    found = progress(loaded.table, districts)
    assert found.loc[(22, "all"), ["rows", "status", "reason", "total"]].tolist() == [2, "no_data", "done_untold", 45]
    assert found.loc[[(22, "甲"), (19, "all")], "done"].tolist() == [3, 2]


@pytest.mark.parametrize("total", [[9.0, 6.0], [15.0, 15.0], [3.0, 2.0]])
def test_a_total_that_is_the_plans_percentage_is_no_whole(districts, total):
    """Item 32: 5 % of the manholes by 2025, 15 % by 2027. 3 of those 15 % are done, not 20 % of all."""
    rows = pd.DataFrame({"item": ["32", "32"], "district": ["甲", "丙"], "done": [2.0, 1.0], "total": total})
    found = progress(rows, districts).loc[32]
    assert set(found["reason"]) == {"total_is_percent"}
    assert set(found["status"]) == {"no_data"}
    assert found["value"].isna().all()


def test_a_total_of_the_whole_counts_and_of_100_percent_both_are_one(districts):
    rows = pd.DataFrame(
        {
            "item": ["32", "32", "33", "33"],
            "district": ["甲", "丙"] * 2,
            "done": [30.0, 12.0, 25, 32],
            "total": [220.0, 80.0, 60, 40],
        }
    )
    found = progress(rows, districts)
    assert found["status"].to_dict()[32, "all"] == found["status"].to_dict()[33, "all"] == "below"
    of = [(32, "all"), (32, "甲"), (33, "all")]
    assert found.loc[of, "value"].tolist() == pytest.approx([14, 300 / 22, 57])


def test_the_page_names_projects_whose_total_is_the_plans_percentage_and_has_districts_in_their_order(districts):
    rows = pd.DataFrame(
        {
            "item": ["32", "26", "22", "22"],
            "district": ["甲", "甲", "丙", "甲"],
            "done": [2.0, 1.0, 30.0, 30.0],
            "total": [15.0, 5.0, 30.0, 40.0],
        }
    )
    zones = zones_by_level(districts)
    found = project_progress(rows, zones, PLAN.projects, year=2027)
    order = [zone for zone, level in zip(zones["zone"], zones["level"], strict=True) if level == "district"]
    card = pd.DataFrame({"zone": order[::-1], "level": "district"}).reindex(
        columns=["zone", "level", "indicator", "value", "kind", "status", "label", "needs"]
    )
    blocks = scorecard_section(card, PLAN.targets, ScorecardSettings(), projects=found).blocks
    said = next(each.words for each in blocks if isinstance(each, Paragraph) and each.words.startswith("项目库"))
    assert "；第 26、32 项以 % 计，项目表的计划量却正是规划的百分数" in said
    assert "；39 项不在项目表中" in said
    assert "没有合计" not in said
    by_district = [each for each in blocks if isinstance(each, TableBlock)][-1]
    assert list(by_district.titles[2:]) == ["丙", "甲"]


@pytest.mark.parametrize("total", [[0.15, 0.15], [0.09, 0.06], [5, 15], [4.8, 10.2], [15, np.nan]])
def test_the_plans_percentage_is_no_whole_however_it_is_written(districts, total):
    """As Excel holds it, of both years, in tenths, beside a row without one: never 67 % of the manholes of 甲."""
    rows = pd.DataFrame({"item": ["32", "32"], "district": ["甲", "丙"], "total": total})
    rows["done"] = 0.4 * rows["total"].fillna(5)
    found = progress(rows, districts).loc[32]
    assert found["value"].isna().all()
    assert found.loc["甲", "reason"] == "total_is_percent"


@pytest.mark.parametrize(
    ("item", "whole", "done", "total"),
    [
        (22, "全市", 28.0, 75.0),  # the total of the four
        (22, "全市", 27.0, 75.0),  # the total of an earlier month
        (22, "全市", 30.0, 60.0),
        (30, "全市", 85.0, 100.0),  # a share has no part of its own
    ],
)
def test_a_total_beside_the_rows_that_it_is_of_counts_nothing_twice(districts, item, whole, done, total):
    rows = pd.DataFrame(
        {
            "item": item,
            "district": [*"甲乙丙丁", whole],
            "done": [10.0, 5, 6, 7, done],
            "total": [15.0, 20, 20, 20, total],
        }
    )
    found = progress(rows, districts)
    assert found.loc[(item, "all"), ["status", "reason"]].tolist() == ["no_data", "whole_beside_parts"]
    assert found.loc[(item, "all"), ["done", "total", "value", "progress"]].isna().all()
    assert found.loc[[(item, "甲"), (item, "东区")], "done"].tolist() == [10, 15]
    empty = pd.DataFrame(columns=["zone", "level", "indicator", "value", "kind", "status", "label", "needs"])
    section = scorecard_section(empty, PLAN.targets, ScorecardSettings(), projects=found.reset_index())
    said = [block.words for block in section.blocks if isinstance(block, Paragraph)][-1]
    assert f"；第 {item} 项既有整体的行" in said
    assert "；41 项不在项目表中" in said


def test_a_total_of_an_area_leaves_the_area_and_the_city_without_a_sum(districts):
    rows = pd.DataFrame({"item": "22", "district": [*"甲乙丙", "东区"], "done": [10.0, 5, 6, 15]})
    found = progress(rows, districts).loc[22]
    assert found["reason"].to_dict() == {
        "all": "whole_beside_parts",
        "东区": "whole_beside_parts",
        "西区": "city_target_only",
        **dict.fromkeys("甲乙丙", "city_target_only"),
    }
    # Rows of the whole alone, and rows of no district, are added up.
    alone = pd.DataFrame({"item": "22", "name": [*"abc"], "district": ["全市", "全市", None], "done": [10.0, 20, 9]})
    assert progress(alone, districts).loc[(22, "all"), "done"] == 39
    apart = pd.DataFrame({"item": "22", "name": [None, "跨区道路"], "district": ["甲", None], "done": [10.0, 20]})
    assert progress(apart, districts).loc[(22, "all"), "done"] == 30


@pytest.mark.parametrize(
    ("item", "whole", "done", "total"),
    [
        (22, "全市", 27.0, [15, np.nan, 20, 75]),  # of an earlier month, where one row has no total
        (22, "全市", 27.0, [np.nan] * 4),
        (22, "全市", 20.0, [15, 20, 20, 50]),  # of an earlier year, whose total was less
        (22, "东区", 14.0, [15, 20, 20, 30]),
    ],
)
def test_a_row_of_the_whole_is_no_further_part_for_being_less(districts, item, whole, done, total):
    rows = pd.DataFrame({"item": item, "district": [*"甲乙丙", whole], "done": [10.0, 5, 13, done], "total": total})
    found = progress(rows, districts)
    assert found.loc[(item, "all"), ["status", "reason"]].tolist() == ["no_data", "whole_beside_parts"]
    assert found.loc[[(item, "甲"), (item, "西区")], "done"].tolist() == [10, 13]


@pytest.mark.parametrize(
    ("columns", "says"),
    [
        ({}, "甲"),
        ({"project_id": ["1", "2"]}, "甲"),  # 序号 counts rows
        ({"name": ["东升路", "东 升路"]}, "东升路"),
        ({"name": [PLAN.projects[21].zh, None]}, "甲"),
    ],
)
def test_rows_of_one_project_month_by_month_are_refused(districts, columns, says):
    """What is done so far would stand there once a month: 3 by March and 5 by April are 5, not 8."""
    rows = pd.DataFrame({"item": ["22", "22"], "district": ["甲", "甲片区"], "done": [3.0, 5], **columns})
    for table in (rows, frame(dict(rows), shapely.points([(1, 1), (1, 1)]))):
        with pytest.raises(InputError, match=f"第 22 项.*{says}.*2 行"):
            progress(table, districts)
    assert progress(rows.iloc[1:], districts).loc[(22, "all"), "done"] == 5


def test_rows_of_several_projects_in_one_district_are_added_up(districts):
    rows = pd.DataFrame({"item": ["22", "22"], "district": ["甲", "甲"], "done": [3.0, 5]})
    apart = frame(dict(rows), shapely.points([(1, 1), (2, 1)]))
    for table in (rows.assign(name=["东升路", "西升路"]), rows.assign(name=["2024年一期", "2024年二期"]), apart):
        assert progress(table, districts).loc[(22, "甲"), "done"] == 8


@pytest.mark.parametrize(
    "name",
    ["合计", "小 计", "全市合计", "Total", "合计：", "甲（合计）", "累计", "各片区汇总", "其中：东升路", "Subtotal:"],
)
def test_a_row_that_calls_itself_a_total_is_refused(districts, name):
    rows = pd.DataFrame({"item": ["22"] * 2, "name": ["东升路", name], "district": ["甲", None], "done": [3.0, 3]})
    with pytest.raises(InputError, match="合计行"):
        progress(rows, districts)


def test_percentages_beside_numbers_are_no_sum(districts):
    """60 % of 甲 and 3,000 of 9,000 manholes of 丙 are not 3,060 of 9,100."""
    rows = pd.DataFrame(
        {"item": "32", "district": ["甲", "丙", "丁"], "done": [60.0, 3000, 50], "total": [100.0, 9000, 100]}
    )
    found = progress(rows, districts)
    for zone in ("all", "西区"):
        assert found.loc[(32, zone), ["status", "reason"]].tolist() == ["no_data", "percent_beside_numbers"]
        assert found.loc[(32, zone), ["done", "total", "progress", "value"]].isna().all()
    assert found.loc[(32, "甲"), "value"] == 60
    # A number of exactly 100, in two rows.
    whole = pd.DataFrame(
        {
            "item": "32",
            "name": [*"abc"],
            "district": ["甲", "甲", "丙"],
            "done": [60.0, 0, 300],
            "total": [60.0, 40, 900],
        }
    )
    assert progress(whole, districts).loc[(32, "all"), "value"] == 36
    empty = pd.DataFrame(columns=["zone", "level", "indicator", "value", "kind", "status", "label", "needs"])
    section = scorecard_section(empty, PLAN.targets, ScorecardSettings(), projects=found.reset_index())
    said = [block.words for block in section.blocks if isinstance(block, Paragraph)][-1]
    assert "；第 32 项有的行计划量是 100" in said
    assert "；41 项不在项目表中" in said


def test_a_fraction_of_a_number_of_things_is_asked_about(districts):
    """60 %, as Excel holds it, of 9,000 manholes stood there as 0.007 %."""
    with pytest.raises(InputError, match=r"第 32 项.*0\.6.*9000.*小数"):
        progress(pd.DataFrame({"item": ["32"], "district": ["甲"], "done": [0.6], "total": [9000.0]}), districts)


def test_metres_where_kilometres_are_meant_are_asked_about(districts):
    """Item 37: 25 km of gas pipes by 2027. 3,000 m of 5 km were met a hundred times over."""
    rows = pd.DataFrame({"item": ["37"], "district": ["甲"], "done": [3000.0], "total": [5000.0]})
    for done in (3000.0, 200.0):  # of 5,000 both are
        with pytest.raises(InputError, match=rf"第 37 项.*{done:g}.*米"):
            progress(rows.assign(done=done), districts)
    most = rows.assign(done=250.0, total=250.0, unit="公里")
    assert progress(most, districts).loc[(37, "all"), "status"] == "met"


@pytest.mark.parametrize(("item", "most"), [("37", 50.0), ("41", 20.0), ("40", 30.0)])
@pytest.mark.parametrize("column", ["done", "total"])
def test_far_more_than_the_plan_without_a_unit_is_not_judged(districts, item, most, column):
    """120 of 万元 stood there as 120 km of 25, met: more than twice the plan's target may be so, and says its unit."""
    rows = pd.DataFrame({"item": item, "name": [*"ab"], "district": [*"甲丙"], "done": most, "total": most})
    assert progress(rows, districts).loc[(int(item), "all"), "status"] == "met"
    rows.loc[0, column] = most + 1
    # The rows of one table are in one unit: neither is what 丙 has told.
    found = progress(rows, districts).loc[int(item)]
    assert set(found["reason"]) == {"unit_untold"}
    assert found[["done", "total", "value"]].isna().all(axis=None)
    unit = "公里" if item == "37" else "条"
    assert progress(rows.assign(unit=[None, unit]), districts).loc[(int(item), "丙"), "done"] == most
    assert progress(rows.assign(unit=[unit, None]), districts).loc[(int(item), "all"), "status"] == "met"


@pytest.mark.parametrize("called", ["嘉兴", "嘉兴市", "全市"])
def test_the_city_may_be_called_by_its_name(districts, called):
    rows = pd.DataFrame({"item": "22", "district": ["甲", called], "done": [3.0, 3]})
    found = project_progress(rows, zones_by_level(districts), PLAN.projects, year=2027, city=("嘉兴",))
    found = found.set_index(["project", "zone"])
    assert found.loc[(22, "all"), "reason"] == "whole_beside_parts"
    assert found.loc[(22, "甲"), "done"] == 3


@pytest.mark.parametrize(
    ("homes", "done"),
    [
        (["甲", "乙", "全市"], np.nan),
        (["甲", "乙", "嘉兴市"], np.nan),
        (["甲", "乙", "东区"], np.nan),
        (["全市", "全市", None], 6),
        (["甲", "乙", None], 6),
        (["丁", "东区", "西区"], np.nan),
        (["甲", "甲", "西区"], 6),
    ],
)
def test_what_allocate_compares_with_counts_no_total_beside_its_rows(homes, done):
    rows = pd.DataFrame({"item": "40", "name": [*"abc"], "district": homes, "done": [1.0, 2, 3]})
    parents = {"甲": "东区", "乙": "东区", "丁": "西区"}
    assert done_in_all(rows, PLAN.projects, 40, parents, ("嘉兴",)) == pytest.approx(done, nan_ok=True)
    unnamed = rows.drop(columns="name").assign(district=[None, "甲", "丁"])
    assert np.isnan(done_in_all(unnamed, PLAN.projects, 40, parents))


@pytest.mark.parametrize(
    ("rows", "zones"),
    [
        # The first row of an item has its total, as tables of one project after another have it: 28, not 56 of 50.
        ([(None, None, 28.0), (None, "甲", 10), (None, "丙", 18)], ["all"]),
        ([("断头路打通工程", None, 28.0), ("断头路打通工程", "甲", 10), ("断头路打通工程", "丙", 18)], ["all"]),
        # The names are those of the zones.
        ([("全市", None, 28.0), ("甲", None, 10), ("丙片区", None, 18)], ["all"]),
        ([("全市完成情况", None, 28.0), (None, "甲", 10), (None, "丙", 18)], ["all"]),
        # A district's own total before its streets: 10, not 20.
        ([(None, "甲", 10.0), ("东升路", "甲", 4), ("西升路", "甲", 6), (None, "丙", 18)], ["all", "东区", "甲"]),
        ([("甲", "甲", 10.0), ("东升路", "甲", 4), ("西升路", "甲", 6), ("丙", "丙", 18)], ["all", "东区", "甲"]),
        ([("3月", "甲", 10.0), ("东升路", "甲", 4), ("西升路", "甲", 6), ("丙", "丙", 18)], ["all", "东区", "甲"]),
        # A total beside rows of no district.
        ([("全市", "全市", 28.0), ("跨区道路", None, 10), ("环路", None, 18)], ["all"]),
    ],
)
def test_a_row_that_nothing_but_its_zone_tells_is_the_whole_of_it(districts, rows, zones):
    table = pd.DataFrame(rows, columns=["name", "district", "done"]).assign(item="22")
    found = progress(table, districts).loc[22]
    assert set(found.index[found["reason"] == "whole_beside_parts"]) == set(zones)
    assert found.loc[zones, ["done", "value"]].isna().all(axis=None)
    assert found["status"].eq("no_data").all()
    if "丙" in found.index:
        assert found.loc["丙", "done"] == 18


@pytest.mark.parametrize(
    "names",
    [
        ("东升路（3月）", "东升路（4月）"),
        ("2025年3月东升路", "2025年4月东升路"),
        ("东升路2025-03", "东升路 2025-04"),
        ("3月", "4月"),
        ("截至2024年底", "截至2025年底"),
        ("一季度", "二季度"),
        ("上半年", "全市202503"),
        ("东升路(十一月)", "东升路（十二月份）"),
        ("Ａ路", "a 路"),
        ("东升路2024", "2025东升路"),
    ],
)
def test_months_in_names_tell_no_projects_apart(districts, names):
    rows = pd.DataFrame({"item": "22", "name": names, "district": "甲", "done": [3.0, 5]})
    with pytest.raises(InputError, match=r"第 22 项.*2 行没有区分"):
        progress(rows, districts)


@pytest.mark.parametrize(
    "names", [("一期", "二期"), ("1号路", "2号路"), ("第一批", "第二批"), ("201路", "202路"), ("G320", "G524")]
)
def test_numbers_in_names_tell_projects_apart(districts, names):
    rows = pd.DataFrame({"item": "22", "name": names, "district": "甲", "done": [3.0, 5]})
    assert progress(rows, districts).loc[(22, "甲"), "done"] == 8


@pytest.mark.parametrize(
    ("item", "done", "total"),
    [
        (22, [60.0, 80.0], [100.0, 100.0]),  # 140 streets of 50, met
        (22, [100.0, 60.0], [np.nan, np.nan]),
        (22, [0.6, 0.8], [1.0, 1.0]),
        (22, [0.6, np.nan], [50.0, 1.0]),
        (31, [60.0, 80.0], [100.0, 100.0]),
    ],
)
def test_how_far_things_have_come_is_no_number_of_them(districts, item, done, total):
    rows = pd.DataFrame({"item": item, "name": ["a", "b"], "district": "甲", "done": done, "total": total})
    with pytest.raises(InputError, match=f"第 {item} 项.*完成率.*条|第 {item} 项.*完成率.*家"):
        progress(rows, districts)


def test_a_hundred_things_where_the_plan_has_more_are_a_number(districts):
    rows = pd.DataFrame({"item": "31", "district": ["甲", "乙"], "done": [60.0, 80], "total": [100.0, 120]})
    assert progress(rows, districts).loc[(31, "all"), ["value", "total"]].tolist() == [140, 220]


def test_phases_of_one_thing_are_no_sum(districts):
    """The second phase in two districts is not the fourth, of three."""
    rows = pd.DataFrame({"item": "2", "district": ["甲", "丙"], "done": [2.0, 2], "total": [3.0, 3]})
    found = progress(rows, districts)
    assert found.loc[(2, "all"), ["status", "reason"]].tolist() == ["no_data", "steps_of_one"]
    assert found.loc[(2, "甲"), "value"] == 2
    assert progress(rows.assign(district=["全市", "甲"])[:1], districts).loc[(2, "all"), "status"] == "below"


def test_one_total_that_is_the_plans_percentage_spoils_its_zones_alone(districts):
    """4 of 15 % in 甲 and 300 of 3,000 manholes in 丙 are not 304 of 3,015."""
    rows = pd.DataFrame({"item": "32", "district": ["甲", "丙"], "done": [4.0, 300], "total": [15.0, 3000]})
    found = progress(rows, districts).loc[32]
    assert found["reason"].to_dict()["all"] == found["reason"].to_dict()["甲"] == "total_is_percent"
    assert found.loc[["all", "东区", "甲"], ["done", "total", "progress", "value"]].isna().all(axis=None)
    assert found.loc["丙", "value"] == 10


def test_a_row_that_says_no_project_is_named_by_where_it_stands(districts):
    rows = pd.DataFrame({"item": ["22", None], "name": None, "district": ["甲", "乙"], "done": [3.0, 5]})
    with pytest.raises(InputError, match=r"第 2 行.*合并"):
        progress(rows, districts)


def test_rows_that_stand_under_a_district_without_one_leave_it_without_a_sum(districts):
    """甲 merged over three rows and saved as text: 2 of its 9 stood there as the district's."""
    rows = pd.DataFrame(
        {
            "item": ["22"] * 6 + ["19"] * 2,
            "name": [*"abcdefgh"],
            "district": [None, "甲", None, None, "乙", "丙", None, "丙"],
            "done": [1.0, 2, 3, 4, 5, 6, 7, 8],
        }
    )
    found = progress(rows, districts)
    assert found.loc[22, "done"].dropna().to_dict() == {"all": 21, "西区": 6, "乙": 5, "丙": 6}
    assert found.loc[22, "reason"][["东区", "甲"]].tolist() == ["district_untold"] * 2
    # Neither the row above all, nor one below those of another project, stands under a district.
    assert found.loc[19, "done"].to_dict() == {"all": 15, "西区": 8, "丙": 8}
    assert found.loc[(19, "all"), "rows_named"] == "g（没有片区）、丙 h"
    filled = progress(rows.assign(district=[None, *"甲甲甲乙丙", None, "丙"]), districts)
    assert filled.loc[(22, "甲"), "done"] == 9


def test_in_a_table_by_district_rows_of_any_project_stand_under_it(districts):
    """甲 over a row of 22, one of 19 and one more of 22: the first alone stood there as its 22. 东区 over two rows."""
    items, homes = ["22", "19", "22", "22", "19", "41", "41"], ["甲", None, None, "丙", None, "东区", None]
    rows = pd.DataFrame({"item": items, "name": [*"abcdefg"], "district": homes, "done": [1.0, 2, 3, 4, 5, 6, 7]})
    found = progress(rows, districts)
    assert found.loc[22, "done"].dropna().to_dict() == {"all": 8, "西区": 4, "丙": 4}
    assert found.loc[22, "reason"][["东区", "甲"]].tolist() == ["district_untold"] * 2
    assert found.loc[(41, "东区"), ["done", "reason"]].isna().tolist() == [True, False]
    assert found.loc[19, "done"].to_dict() == {"all": 7}


def test_rows_without_a_district_beside_others_are_said():
    rows = pd.DataFrame(
        {"item": ["22", "22", "19"], "name": ["东升路", "西升路", "园"], "district": ["甲", None, None], "done": 1.0}
    )
    assert ["西升路" in note.zh and "园" not in note.zh for note in of_no_district(rows)] == [True]
    assert of_no_district(frame(dict(rows), shapely.points([(1, 1)] * 3))) == []


def test_a_column_without_a_head_is_asked_about(districts, tmp_path):
    path = tmp_path / "projects.csv"
    path.write_text("项目库序号,片区,完成量,\n22,甲,1,4\n", encoding="utf-8")
    with pytest.raises(InputError, match="第 4 列没有列名"):
        progress(load_layer("projects", path, city=load_city()).table, districts)
    path.write_text("项目库序号,片区,完成量,\n22,甲,1,\n", encoding="utf-8")
    assert progress(load_layer("projects", path, city=load_city()).table, districts).loc[(22, "甲"), "done"] == 1


def test_what_is_done_in_all_goes_before_what_is_done(districts, tmp_path):
    """完成量 of a month stood there, and not 累计完成量; alone neither it nor 完成数 was read."""
    path = tmp_path / "projects.csv"
    path.write_text("项目库序号,片区,计划数,完成量,累计完成量\n22,甲,4,1,3\n", encoding="utf-8")
    with pytest.raises(InputError, match="done=累计完成量"):
        load_layer("projects", path, city=load_city())
    path.write_text("项目库序号,片区,计划数（条）,累计完成数（条）\n22,甲,4,3\n", encoding="utf-8")
    found = progress(load_layer("projects", path, city=load_city()).table, districts)
    assert found.loc[(22, "甲"), ["done", "total"]].tolist() == [3, 4]


@pytest.mark.parametrize("head", ["完成量,计划量,完成量,计划量", "done,total,done,total"])
def test_a_second_column_of_what_is_done_is_refused(districts, tmp_path, head):
    """Under 2025 and 2026, say: 1 of the first stood there, and not 4."""
    path = tmp_path / "projects.csv"
    path.write_text(f"项目库序号,片区,备注,备注,{head}\n22,甲,x,x,1,5,4,6\n", encoding="utf-8")
    with pytest.raises(InputError, match=f"{head.split(',')[0]}.*不止一列"):
        progress(load_layer("projects", path, city=load_city()).table, districts)
