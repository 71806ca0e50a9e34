"""What the rows of a table of projects are of, as bureaus write them: names, numbers of the library, words for numbers."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from jxgis.city import load_city
from jxgis.errors import InputError
from jxgis.load import load_layer
from jxgis.scorecard import load_plan, project_progress
from jxgis.scorecard.project_states import called_off, carried_out
from jxgis.scorecard.projects import as_the_others, lying_elsewhere, taken_as_kilometres
from jxgis.space.levels import zones_by_level

PLAN = load_plan()


def progress(table, districts):
    found = project_progress(table, zones_by_level(districts), PLAN.projects, year=2027)
    return found.set_index(["project", "zone"])


@pytest.mark.parametrize(
    "names",
    [
        ("甲断头路打通工程", "东升路", "西升路"),  # what the district has in all, called by more than its name
        ("断头路打通", "东升路", "西升路"),
        ("甲片区完成情况", "东升路", "西升路"),
        ("一、甲", "1.东升路", "2.西升路"),
        ("全片区", "东升路", "西升路"),
        ("断头路（总）", "东升路", "西升路"),
        ("东升路", "东升路北段", "东升路南段"),  # a street before its parts
        ("东升路、西升路", "东升路", "西升路"),
    ],
)
def test_a_row_whose_name_may_be_of_the_others_leaves_no_sum(districts, names):
    """10 of 15, which are 4 and 6: not 20 of 30."""
    rows = pd.DataFrame({"item": "22", "name": names, "district": "甲", "done": [10.0, 4, 6], "total": [15.0, 7, 8]})
    found = progress(rows, districts).loc[22]
    assert set(found["reason"]) == {"whole_beside_parts"}
    assert found[["done", "value", "progress"]].isna().all(axis=None)
    # Each by itself tells what it is.
    assert progress(rows.iloc[1:], districts).loc[(22, "甲"), "done"] == 10


def test_a_row_of_no_district_called_as_one_of_a_district_leaves_no_sum(districts):
    rows = pd.DataFrame({"item": "22", "name": "东升路", "district": [None, "甲", "乙"], "done": [3.0, 1, 2]})
    found = progress(rows, districts).loc[22]
    assert found.loc["all", "reason"] == "whole_beside_parts"
    assert found.loc[["甲", "乙"], "done"].tolist() == [1, 2]


@pytest.mark.parametrize(
    "names",
    [
        [f"项目{n}" for n in range(1, 13)],
        ["1号路", "11号路", "园区一", "园区十", "园区十一", "Park", "Parkway"],
        ["甲公园", "甲路", "口袋公园一号", "公园路", "断头河路"],
    ],
)
def test_names_that_are_no_beginnings_of_others_are_parts(districts, names):
    rows = pd.DataFrame({"item": "22", "name": names, "district": "甲", "done": 1.0})
    assert progress(rows, districts).loc[(22, "all"), "done"] == len(names)


def test_a_name_of_zone_and_project_says_the_zone(districts):
    names = ["甲断头路打通工程", "乙断头路", "丙片区断头路打通进度"]
    rows = pd.DataFrame({"item": "22", "name": names, "done": [1.0, 2, 4]})
    assert progress(rows, districts).loc[22, "done"].to_dict() == {
        "all": 7,
        "东区": 3,
        "西区": 4,
        "甲": 1,
        "乙": 2,
        "丙": 4,
    }


@pytest.mark.parametrize(
    "names",
    [
        ("东升路20250331", "东升路20250430"),
        ("东升路24年", "东升路25年"),
        ("东升路(25.3)", "东升路(25.4)"),
        ("东升路（3/31）", "东升路（4/30）"),
        ("前三季度", "全年"),
        ("March 2025", "Apr 2025"),
        ("东升路（第12周）", "东升路（第13周）"),
        ("东升路（在建）", "东升路（已完工）"),
        ("1、东升路", "2、东升路"),
    ],
)
def test_neither_dates_nor_states_nor_numbering_tell_projects_apart(districts, names):
    rows = pd.DataFrame({"item": "22", "name": names, "district": "甲", "done": [3.0, 5]})
    with pytest.raises(InputError, match="2 行没有区分"):
        progress(rows, districts)


@pytest.mark.parametrize(
    ("item", "done", "total"),
    [
        (22, 1200.0, 3200.0),  # money
        (22, 45_292.0, 5.0),  # a date, as Excel holds it
        (29, 2024.0, np.nan),
        (36, 3.0, 8000.0),
    ],
)
def test_money_and_dates_are_no_number_of_things(districts, item, done, total):
    """1,200 of 50 streets stood there, met."""
    rows = pd.DataFrame({"item": [str(item)], "district": "甲", "done": done, "total": total})
    with pytest.raises(InputError, match=rf"第 {item} 项.*金额、日期"):
        progress(rows, districts)


@pytest.mark.parametrize(("item", "of"), [("17", 100.0), ("17", 1.0), ("37", 1.0)])
def test_percentages_are_no_sum_whatever_the_unit(districts, item, of):
    rows = pd.DataFrame({"item": item, "district": ["甲", "乙"], "done": [0.6 * of, 0.8 * of], "total": of})
    found = progress(rows, districts).loc[int(item)]
    assert found.loc["all", ["status", "reason"]].tolist() == ["no_data", "percent_alone"]
    assert found.loc[["all", "东区"], ["done", "progress", "value"]].isna().all(axis=None)


def test_percent_of_kilometres_are_asked_about(districts):
    """80 % of a length: 80 km of 25, met."""
    rows = pd.DataFrame({"item": ["37"], "district": "甲", "done": [80.0], "total": 100.0})
    with pytest.raises(InputError, match=r"第 37 项.*完成率"):
        progress(rows, districts)


@pytest.mark.parametrize(("item", "read"), [("第22项", 22), ("22、", 22), ("022", 22), ("２２", 22)])
def test_a_number_of_the_library_is_read_as_it_is_written(districts, item, read):
    assert progress(pd.DataFrame({"item": [item], "done": 1.0}), districts).loc[(read, "all"), "done"] == 1


@pytest.mark.parametrize("item", ["2_2", "2-2", "2.2", "2 2", "(22)"])
def test_a_nested_number_is_none_of_the_library(districts, item):
    """2_2, the second of item 2, stood there as 22."""
    with pytest.raises(InputError, match="项目库中没有"):
        progress(pd.DataFrame({"item": [item], "done": 1.0}), districts)


def test_projects_have_their_english_names_too(districts):
    rows = pd.DataFrame({"name": ["Dead ends opened"], "district": "甲", "done": 3.0})
    assert progress(rows, districts).loc[(22, "甲"), "done"] == 3


@pytest.mark.parametrize("done", [("是", "否"), ("2024年", "2025年"), ("√", None)])
def test_yes_and_a_year_are_no_number_of_things(districts, tmp_path, done):
    """是 of 15 streets stood there as one, 2024年 as 2,024."""
    path = tmp_path / "projects.csv"
    path.write_text(f"项目库序号,片区,计划量,已完成\n42,甲,15,{done[0]}\n42,乙,20,{done[1] or ''}\n", encoding="utf-8")
    loaded = load_layer("projects", path, city=load_city())
    assert progress(loaded.table, districts).loc[42, "value"].isna().all()
    assert any("不是数字" in note.zh for note in loaded.notes)
    flags = pd.DataFrame({"item": ["42", "42"], "district": ["甲", "乙"], "done": [True, False], "total": [15, 20]})
    assert load_layer("projects", flags, city=load_city()).table["done"].isna().all()


def test_a_row_whose_place_cannot_be_used_stays(districts, tmp_path):
    """Left out, 15 stood there of 35."""
    path = tmp_path / "projects.csv"
    rows = "22,a,甲,10,120.75,30.75\n22,b,甲,20,,\n22,c,甲,5,12.75,30.75\n"
    path.write_text(f"项目库序号,项目名称,片区,完成量,lon,lat\n{rows}", encoding="utf-8")
    loaded = load_layer("projects", path, city=load_city(), crs="EPSG:4326")
    assert progress(loaded.table, districts).loc[(22, "甲"), "done"] == 35
    assert loaded.table.geometry.isna().tolist() == [False, True, True]
    assert [note.zh for note in loaded.notes if "第 2、3 行" in note.zh]


def test_two_columns_of_what_is_done_that_differ_are_refused(tmp_path):
    """完成量 of this year beside 已完成 in all."""
    path = tmp_path / "projects.csv"
    path.write_text("项目库序号,片区,完成量,已完成\n22,甲,1,4\n", encoding="utf-8")
    with pytest.raises(InputError, match="“完成量”和“已完成”两列都可作 done"):
        load_layer("projects", path, city=load_city())
    chosen = load_layer("projects", path, city=load_city(), columns={"done": "已完成"})
    assert chosen.table["done"].tolist() == [4]


def test_projects_are_told_in_english_alone(districts):
    rows = pd.DataFrame({"item": "22", "name": "a", "district": "甲", "done": [1.0]})
    for year in (2025, 2027):
        found = project_progress(rows, zones_by_level(districts), PLAN.projects, year=year, lang="en")
        words = found.loc[found["zone"] == "all", ["label", "unit", "said"]].fillna("").to_numpy().ravel()
        assert "".join(words).isascii()
    assert found.loc[found["project"] == 37, "unit"].tolist() == ["km"]


def test_each_figure_says_which_rows_it_is_of(districts):
    rows = pd.DataFrame({"item": "22", "name": ["东升路", None, None], "district": ["甲", "丙", "丁"], "done": 1.0})
    found = progress(rows, districts).loc[22]
    assert found["rows"].to_dict() == {"all": 3, "东区": 1, "西区": 2, "甲": 1, "丙": 1, "丁": 1}
    assert found.loc[["all", "甲"], "rows_named"].tolist() == ["甲 东升路、丙、丁", "甲 东升路"]


def test_a_row_that_is_the_sum_of_the_others_is_said():
    rows = pd.DataFrame(
        {
            "item": [*["22"] * 5, "19", "19"],
            "name": ["面上", *"abc", "d", "e", "f"],
            "district": [*"甲甲甲乙乙乙乙"],
            "done": [5.0, 2, 3, 1, 1, 2, 2],
            "total": [9.0, 4, 5, 1, 1, 2, 2],
        }
    )
    assert [note.zh.split("：")[1] for note in as_the_others(rows)] == ["22 甲 面上（5／9）。如果是合计行请删去。"]
    assert as_the_others(rows.iloc[1:]) == as_the_others(rows.drop(columns="total")) == []


@pytest.mark.parametrize("whole", ["断头路打通工程（共3条）", "甲3条", "22 断头路打通工程", "22.断头路", "共3条"])
def test_a_count_or_the_number_of_the_project_makes_no_name_of_its_own(districts, whole):
    rows = pd.DataFrame({"item": "22", "name": [whole, "东升路", "3号路"], "district": "甲", "done": [2.0, 1, 1]})
    found = progress(rows, districts).loc[22]
    assert set(found["reason"]) == {"whole_beside_parts"}
    assert progress(rows.iloc[1:], districts).loc[(22, "甲"), "done"] == 2


_ROADS = [f"{each}路" for each in "子丑寅卯辰巳"]


@pytest.mark.parametrize(
    ("item", "columns"),
    [
        ([1, 2, 3, 1, 2, 1], {"name": _ROADS, "district": [*"甲甲甲乙乙丙"]}),  # anew in each district
        ([1, 2, 3, 4, 5, 6], {"name": _ROADS, "district": [*"甲甲甲乙乙丙"]}),
        ([1, 1, 2, 1, 2, 2], {"name": _ROADS, "district": [*"甲甲甲乙乙乙"]}),  # one number for what goes together
        ([1, 2, 3], {"district": [*"甲乙丙"]}),  # by district
        ([1, 2, 3], {"name": [*"甲乙丙"]}),
        # Below each project its own, numbered anew: 东升路 stood there as item 1, met.
        (
            [22, 1, 2, 19, 1],
            {
                "name": ["断头路打通工程", *_ROADS[:2], "口袋公园建设", "一号园"],
                "district": [None, *"甲乙", None, "甲"],
            },
        ),
    ],
)
def test_numbers_that_count_the_rows_are_none_of_the_library(districts, item, columns):
    rows = pd.DataFrame({"item": list(map(str, item)), "done": 1.0, **columns})
    with pytest.raises(InputError, match="行号"):
        progress(rows, districts)
    said = progress(rows.assign(item=[f"第{n}项" for n in item]), districts)
    assert said.loc[(1, "all"), "rows"] == item.count(1)


@pytest.mark.parametrize(
    ("item", "columns"),
    [
        ([*range(1, 43)], {"name": [project.zh[:4] for project in PLAN.projects]}),  # the library as it stands
        (sorted([*range(1, 43)] * 2), {"name": [f"{n}号工程" for n in range(84)]}),  # each project by its own name
        ([4, 5, 4, 5], {"district": [*"甲甲乙乙"]}),
        ([1, 4, 1, 4], {"district": [*"甲甲乙乙"]}),
        ([1, 4, 5], {"name": _ROADS[:3], "district": [*"甲乙丙"]}),
        ([4, 4, 4, 5, 5], {"name": _ROADS[:5], "district": "甲"}),
        ([1, 1, 1], {"name": _ROADS[:3], "district": "甲"}),
        ([1, 2, 3, 1, 2, 3], {"district": [*"甲甲甲乙乙乙"]}),
        ([22, 1, 1], {"name": ["断头路打通工程", *_ROADS[:2]], "district": [*"甲甲乙"]}),
        ([22, 1, 2], {"name": ["断头路打通工程", None, None], "district": [*"甲甲乙"]}),
    ],
)
def test_numbers_of_the_library_in_order_are_read(districts, item, columns):
    rows = pd.DataFrame({"item": list(map(str, item)), "done": 1.0, "total": 2.0, **columns})
    found = progress(rows, districts).xs("all", level="zone")["rows"]
    assert found[found > 0].to_dict() == {n: item.count(n) for n in item}


@pytest.mark.parametrize(
    ("item", "unit", "says"),
    [
        ("37", ["米"], "第 37 项.*米.*公里"),  # 120 m stood there as 120 km, met
        ("37", ["km", "m"], "第 37 项.*m.*公里"),
        *(
            ("37", [word], "第 37 项.*公里计")
            for word in ("延米", "延长米", "米（m）", "公里/条", "平方公里", "里", "metres", "单位：米")
        ),
        *(("22", [word], "第 22 项.*条计") for word in ("百分比", "完成率", "延米", "%（百分比）", "条/公里", "RMB")),
        *(("30", [word], "第 30 项.*%计") for word in ("千元", "人民币", "元/户")),
        ("22", ["万元"], "第 22 项.*万元.*条"),
        ("22", ["%"], "第 22 项.*%.*条"),
        ("31", ["户", "百户"], "第 31 项.*百户.*家"),
        ("41", ["户"], "第 41 项.*户.*个"),  # homes in the estates, which stood there as estates
        ("30", ["万元"], "第 30 项.*万元.*%"),  # spent of the budget is no share of buildings
        ("30", ["户", "栋"], "第 30 项.*户、栋.*%"),
        ("17", ["公里", "块"], "第 17 项.*公里、块"),
    ],
)
def test_another_unit_than_the_plans_is_no_figure(districts, tmp_path, item, unit, says):
    path = tmp_path / "projects.csv"
    rows = "".join(f"{item},{'甲乙'[n]},{word},240,120\n" for n, word in enumerate(unit))
    path.write_text(f"项目库序号,片区,单位,计划量,完成量\n{rows}", encoding="utf-8")
    with pytest.raises(InputError, match=says):
        progress(load_layer("projects", path, city=load_city()).table, districts)


@pytest.mark.parametrize(
    ("item", "unit"),
    [
        ("37", ["公里", "km"]),
        ("37", ["区住建局", None]),  # who does it
        ("22", ["条", "处"]),
        ("37", ["公里（km）", "千米"]),
        ("22", ["条（段）", "处/条"]),
        ("40", ["个单元", "单元（个）"]),
        ("30", ["单元", None]),
        ("22", ["区住建局、市城投公司", "物业管理处"]),
        ("31", ["户", "家"]),
        ("30", ["户", None]),
        ("30", ["区住建局", "市水务公司"]),
    ],
)
def test_the_plans_unit_counts_and_who_does_it_is_none(districts, item, unit):
    rows = pd.DataFrame({"item": item, "district": ["甲", "乙"], "unit": unit, "done": [1.0, 2], "total": [4.0, 5]})
    assert progress(rows, districts).loc[(int(item), "all"), ["done", "total"]].tolist() == [3, 9]


@pytest.mark.parametrize("head", ["计量单位", "数量单位", "工程量单位"])
def test_the_unit_stands_under_any_of_its_heads(districts, tmp_path, head):
    path = tmp_path / "projects.csv"
    path.write_text(f"项目库序号,片区,单位,{head},计划量,完成量\n37,甲,区住建局,米,240,120\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"米.*公里"):
        progress(load_layer("projects", path, city=load_city()).table, districts)


def test_a_unit_at_the_end_of_a_name_is_the_rows(districts):
    rows = pd.DataFrame({"item": "37", "name": ["燃气管道（米）"], "district": "甲", "done": [120.0], "total": [240.0]})
    with pytest.raises(InputError, match=r"米.*公里"):
        progress(rows, districts)
    for name in ("燃气管道（公里）", "燃气管道（千米河段）", "东升路（全长500米）"):
        assert progress(rows.assign(name=name, done=12.0, total=24.0), districts).loc[(37, "all"), "done"] == 12


@pytest.mark.parametrize("name", ["各区", "各片区", "城区", "主城区", "本市"])
def test_a_word_for_all_districts_is_of_the_whole_city(districts, name):
    """12 stood there, met, of 6 that the districts had done."""
    rows = pd.DataFrame(
        {"item": "41", "name": [name, "子小区", "丑小区"], "district": [None, "甲", "丙"], "done": [6.0, 2, 4]}
    )
    assert progress(rows, districts).loc[(41, "all"), "reason"] == "whole_beside_parts"


@pytest.mark.parametrize("name", ["总和", "累积", "Sum", "Grand Total"])
def test_words_for_totals_are_refused(districts, name):
    rows = pd.DataFrame({"item": "41", "name": [name, "子小区"], "district": [None, "甲"], "done": [6.0, 6]})
    with pytest.raises(InputError, match="合计"):
        progress(rows, districts)


def test_a_row_with_the_total_of_the_others_and_less_done_is_said():
    """Of an earlier month, or of the city without a district."""
    rows = pd.DataFrame({"item": "22", "name": [*"abc"], "district": "甲", "done": [3.0, 2, 3], "total": [9.0, 4, 5]})
    assert [note.zh.split("：")[1] for note in as_the_others(rows)] == ["22 甲 a（3／9）。如果是合计行请删去。"]
    city = rows.assign(district=[None, "甲", "乙"])
    assert [note.zh.split("：")[1] for note in as_the_others(city)] == ["22 a（3／9）。如果是合计行请删去。"]
    assert as_the_others(rows.assign(done=[6.0, 2, 3])) == as_the_others(rows.assign(district=[*"甲乙丙"])) == []


def test_percentages_without_what_they_are_of_are_not_added_up(districts):
    """80 and 90 stood there as 170 done."""
    rows = pd.DataFrame({"item": "30", "district": ["甲", "乙"], "done": [80.0, 90]})
    found = progress(rows, districts)
    assert found.loc[(30, "all"), ["status", "reason"]].tolist() == ["no_data", "rows_untold"]
    assert found.loc[[(30, "all"), (30, "东区")], "done"].isna().all()
    assert found.loc[(30, "甲"), "done"] == 80


@pytest.mark.parametrize(
    ("item", "name", "of"),
    [
        (8, "污水零直排", 35),  # 10 of 20 stood there as item 8, met
        (5, "口袋公园建设项目", 19),
        (6, "特色花街", 20),
        (8, "甲断头路", 22),
        (3, "人行道净化行动", 24),
        (12, "2、违停整治", 28),
        (38, "老旧燃气管道更新", 37),
        (5, "二次供水改造", 30),
        (5, "改造老旧燃气管道", 37),  # in another order
    ],
)
def test_a_number_beside_the_name_of_another_project_is_asked_about(districts, item, name, of):
    """The office's own list counts otherwise than the library."""
    rows = pd.DataFrame({"item": [str(item)], "name": name, "district": "甲", "done": [10.0], "total": [20.0]})
    with pytest.raises(InputError, match=f"第 {item} 项一行的名称是.*像是项目库第 {of} 项"):
        progress(rows, districts)
    mended = rows.assign(item=str(of), done=6.0, total=11.0)
    assert progress(mended, districts).loc[(of, "甲"), "done"] == 6


def test_a_name_that_goes_on_after_another_project_s_is_of_its_own_number(districts):
    rows = pd.DataFrame(
        {"item": "8", "name": "断头路打通工程配套雨水管网", "district": "甲", "done": [1.0], "total": [2.0]}
    )
    assert progress(rows, districts).loc[(8, "甲"), "done"] == 1


@pytest.mark.parametrize(
    ("item", "name"),
    [
        (40, "东升样板单元"),
        (36, "东升公园"),
        (21, "道路"),
        (22, "东升路断头路打通工程"),
        (19, "口袋公园"),
        (37, "更新改造"),
        (41, "乙小区老旧小区改造"),
    ],
)
def test_a_name_of_ones_own_is_of_no_other_project(districts, item, name):
    rows = pd.DataFrame({"item": [str(item)], "name": name, "district": "甲", "done": [1.0], "total": [2.0]})
    assert progress(rows, districts).loc[(item, "甲"), "done"] == 1


@pytest.mark.parametrize("project", PLAN.projects, ids=lambda project: str(project.number))
def test_a_project_by_its_title_is_the_whole_of_its_zone(districts, project):
    """数字园林系统建设与应用: 数 was taken out as a word for a number, and 2 and its 1 part stood there as 3, met."""
    for name in (
        project.zh,
        f"甲{project.zh}",
        f"{project.zh}（一季度）",
        f"{project.number}.{project.zh}",
        project.en,
    ):
        rows = pd.DataFrame({"item": str(project.number), "name": [name, "子"], "district": "甲", "done": [2.0, 1]})
        found = progress(rows, districts).loc[(project.number, "甲")]
        assert found["reason"] == "whole_beside_parts", name


@pytest.mark.parametrize(
    ("item", "name"),
    [
        (23, "信号灯"),
        (23, "信号灯改造"),
        (28, "甲违停整治"),
        (29, "“厕所革命”"),
        (30, "二次供水改造"),
        (31, "“瓶改管”"),
        (34, "排水管网"),
        (16, "数字园林建设"),
    ],
)
def test_a_title_in_fewer_words_is_the_whole_of_its_zone(districts, item, name):
    """信号灯 stood there as one street among others: 10 and its 4 and 6 were 20."""
    columns = {"name": [name, "子路", "丑路"], "district": "甲", "unit": "处"}
    columns |= {"done": [10.0, 4, 6], "total": [15.0, 7, 8]}
    rows = pd.DataFrame({"item": str(item), **columns})
    assert set(progress(rows, districts).loc[item]["reason"]) == {"whole_beside_parts"}
    assert progress(rows.iloc[1:], districts).loc[(item, "甲"), "done"] == 10


@pytest.mark.parametrize(
    ("above", "says"),
    [
        ([["燃气管网改造（单位：米）"]], "米"),
        ([["燃气管网改造"], ["单位:", "延米"]], "延米"),
        ([["填报单位：区住建局", None, "计量单位：万元"]], "万元"),
        ([["单位：公里"]], ""),
        ([["填报单位：三里街道"], ["单位：公里、条"]], ""),
    ],
)
@pytest.mark.parametrize("ending", ["xlsx", "csv"])
def test_a_unit_above_the_head_is_that_of_the_rows(districts, tmp_path, above, says, ending):
    """60 m stood there as 60 km, met."""
    path = tmp_path / f"projects.{ending}"
    head, row = ["项目库序号", "片区", "计划量", "完成量"], [37, "甲", 40, 30]
    lines = pd.DataFrame([[*line, *[None] * (4 - len(line))] for line in (*above, head, row)])
    if ending == "csv":
        lines.to_csv(path, index=False, header=False)
    else:
        lines.to_excel(path, index=False, header=False)
    table = load_layer("projects", path, city=load_city()).table
    if says:
        with pytest.raises(InputError, match=f"单位是{says}，规划以公里计"):
            progress(table, districts)
    else:
        assert progress(table, districts).loc[(37, "甲"), "done"] == 30


@pytest.mark.parametrize(
    ("head", "row", "says"),
    [
        ("计划量（米）,完成量（米）", "90,60", "米"),  # unread: there was no figure
        ("计划量,已完成【万元】", "90,60", "万元"),
        ("单位,计划量,完成量(单位：延米)", "公里,90,60", "公里/延米"),
        ("完成量（公里）,计划量(公里)", "60,90", ""),
        ("单位,完成量（公里）,计划量", "区住建局,60,90", ""),
        ("单位,done (km),total", "km,60,90", ""),
        ("单位,完成量（条/公里）,计划量", "公里,60,90", ""),  # of several in the head a row's own is its own
        ("单位,完成量（条/米）,计划量", "米,60,90", "米"),
        ("完成量（个小区）,计划量（个小区）", "60,90", "个小区"),  # 小区 is no 区 that does it
    ],
)
def test_a_unit_in_a_head_is_that_of_the_rows(districts, tmp_path, head, row, says):
    path = tmp_path / "projects.csv"
    path.write_text(f"项目库序号,片区,{head}\n37,甲,{row}\n", encoding="utf-8")
    table = load_layer("projects", path, city=load_city()).table
    if says:
        with pytest.raises(InputError, match=f"单位是{says}，规划以公里计"):
            progress(table, districts)
    else:
        assert progress(table, districts).loc[(37, "甲"), ["done", "total"]].tolist() == [60, 90]


@pytest.mark.parametrize(
    ("head", "says"),
    [
        ("完成量（公里）,计划量（米）", "几种单位：公里、米"),
        ("完成量（公里）,完成量（万元）", "“完成量（公里）”和“完成量（万元）”两列都可作 done"),
    ],
)
def test_two_units_in_heads_are_asked_about(tmp_path, head, says):
    path = tmp_path / "projects.csv"
    path.write_text(f"项目库序号,片区,{head}\n37,甲,2,90\n", encoding="utf-8")
    with pytest.raises(InputError, match=says):
        load_layer("projects", path, city=load_city())


@pytest.mark.parametrize(
    ("head", "refused"),
    [
        ("完成量,2025年累计完成量", True),  # 2 was counted, and 9 passed over in silence
        ("完成量,截至10月完成数（条）", True),
        ("完成量,实际完成", True),
        ("2025年累计完成量,备注", True),
        ("完成量,累计", True),  # 本月 and 累计 under one head
        ("完成量,自开工以来累计数量", True),
        ("完成量,累计建成里程（公里）", True),
        ("完成量,累计目标量", False),
        ("完成量,截至2027年计划完成量", False),
        ("完成量,累计开工数", False),
        ("完成量,实际竣工年月", False),
        ("累计完成量,累计完成投资（万元）", False),
        ("累计完成量,实际完成率", False),
        ("累计完成量,实际完成时间", False),
        ("累计完成量,本月完成量", False),
    ],
)
def test_a_column_that_may_say_better_what_is_done_is_asked_about(districts, tmp_path, head, refused):
    path = tmp_path / "projects.csv"
    path.write_text(f"项目库序号,片区,{head}\n22,甲,2,9\n", encoding="utf-8")
    table = load_layer("projects", path, city=load_city()).table
    if refused:
        with pytest.raises(InputError, match="可能是累计完成的数量"):
            progress(table, districts)
    else:
        assert progress(table, districts).loc[(22, "甲"), "done"] == 2


def test_a_number_of_the_library_before_a_name_is_read_and_one_of_the_rows_is_not(districts):
    rows = pd.DataFrame({"name": ["22、断头路打通工程"], "district": ["甲"], "done": [3.0]})
    assert progress(rows, districts).loc[(22, "甲"), "done"] == 3
    assert progress(rows.assign(name="（22）断头路打通工程"), districts).loc[(22, "甲"), "done"] == 3
    for name in ("3、断头路打通工程", "2、断头路打通工程"):
        with pytest.raises(InputError, match="项目库中没有"):
            progress(rows.assign(name=name), districts)


def test_percent_in_a_unit_is_of_the_whole(districts):
    """4 % of 26 was left out for want of a total; two of them are no sum, and one of things is still refused."""
    rows = pd.DataFrame({"item": ["26"], "name": ["甲路"], "district": ["甲"], "done": [4.0], "unit": ["%"]})
    found = progress(rows, districts)
    assert found.loc[(26, "all"), ["value", "status"]].tolist() == [4, "below"]
    assert progress(rows.assign(total=50.0), districts).loc[(26, "all"), "value"] == 8
    assert np.isnan(progress(rows.assign(unit=None), districts).loc[(26, "all"), "value"])
    two = pd.concat([rows, rows.assign(name="丙路", district="丙", done=8.0)], ignore_index=True)
    assert progress(two, districts).loc[(26, "all"), "reason"] == "percent_alone"


def test_what_counts_as_kilometres_without_a_unit_is_said(districts):
    """35 m of gas pipes stood there as 35 km of 25, met, and nothing said so."""
    zones = zones_by_level(districts)
    rows = pd.DataFrame({"item": ["37", "37", "22"], "name": [*"子丑寅"], "district": "甲", "done": [35.0, 2, 3]})
    rows["unit"] = [None, "公里", None]
    assert [note.zh for note in taken_as_kilometres(rows, zones, PLAN.projects)] == [
        "以公里计的项目没有写单位、按公里计的行：37 甲 子（35 公里）。以米计的请换算，并写明单位。"
    ]
    assert taken_as_kilometres(rows.iloc[1:], zones, PLAN.projects) == []


def test_a_period_in_a_head_is_no_unit(tmp_path):
    """完成量（2025年） may be that of the year alone."""
    path = tmp_path / "projects.csv"
    path.write_text("项目库序号,片区,完成量（2025年）,计划量（截至3月，公里）\n37,甲,2,90\n", encoding="utf-8")
    assert not {"done", "total"} & {*load_layer("projects", path, city=load_city()).table.columns}


def test_a_unit_of_its_own_goes_before_that_above_the_head(districts, tmp_path):
    path = tmp_path / "projects.csv"
    path.write_text("单位：条\n项目库序号,片区,单位,完成量\n37,甲,公里,6\n22,甲,,5\n", encoding="utf-8")
    found = progress(load_layer("projects", path, city=load_city()).table, districts)
    assert found.loc[[(37, "甲"), (22, "甲")], "done"].tolist() == [6, 5]


def test_sheets_of_districts_that_say_the_same_are_no_copies(districts, tmp_path):
    """1 of 1 on the sheet of each of two districts was one."""
    path = tmp_path / "projects.xlsx"
    rows = pd.DataFrame({"项目库序号": [22], "项目名称": ["断头路打通工程"], "计划量": [1], "完成量": [1]})

    def write(sheets):
        with pd.ExcelWriter(path) as writer:
            for name, sheet in sheets.items():
                sheet.to_excel(writer, sheet_name=name, index=False)

    write({"甲": rows, "乙": rows})
    with pytest.raises(InputError, match="2 行没有区分"):
        progress(load_layer("projects", path, city=load_city()).table, districts)
    # A list of all, and each district's part of it, say of which district a row is.
    both = rows.loc[[0, 0]].assign(片区=["甲", "乙"])
    write({"汇总": both, "甲": both.iloc[:1], "乙": both.iloc[1:]})
    assert progress(load_layer("projects", path, city=load_city()).table, districts).loc[(22, "all"), "done"] == 2


def test_a_row_that_lies_in_another_district_than_it_says_is_told(districts):
    """It counts where it says; nothing told that its place was elsewhere. An area, the city and no place say nothing else."""
    said = ["甲", "甲片区", "东区", "全市", None, "丙", "甲"]
    places = shapely.points([(500, 500), (1500, 500), (500, 1500), (500, 500), (1500, 500), (500, 1500), (9000, 9000)])
    columns = {"item": "22", "name": [*"子丑寅卯辰巳午"], "district": said, "done": 1.0}
    rows = gpd.GeoDataFrame(columns, geometry=places, crs=4549)
    rows.loc[2, "geometry"] = None
    zones = zones_by_level(districts)
    (note,) = lying_elsewhere(rows, zones, PLAN.projects)
    assert note.zh == ("项目表中这些行的坐标在另一个片区，按填写的片区计：22 甲 丑（坐标在乙）。请核对片区或坐标。")
    assert lying_elsewhere(rows.drop(index=1), zones, PLAN.projects) == []
    assert lying_elsewhere(pd.DataFrame(columns), zones, PLAN.projects) == []


@pytest.mark.parametrize(
    ("status", "off"),
    [
        ("已取消", True),
        ("因规划调整取消", True),
        ("经区政府批准，终止实施", True),
        ("不再实施", True),
        ("已调出项目库（2025年）", True),
        ("Cancelled", True),
        ("并入第 8 项", True),
        ("已并入22项（2025年）", True),
        ("项目已合并至第8项", True),
        ("已并入", True),
        ("Merged into item 8", True),
        ("拟并入第8项", False),
        ("东升路并入本项", False),
        ("合并招标", False),
        ("拟取消", False),
        ("未取消", False),
        ("暂停", False),
        ("合同终止，重新招标", False),
        ("推进中", False),
        (None, False),
    ],
)
def test_states_that_call_a_project_off(status, off):
    rows = pd.DataFrame({"item": ["22"], "status": [status], "done": [1.0]})
    assert len(carried_out(rows)) == 1 - off
    assert len(called_off(rows)) == off
