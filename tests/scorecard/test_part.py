"""`jxgis scorecard` as a user runs it: what it writes, the sheet that is filled in and handed back, what it refuses."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pytest
import shapely

import jxgis
from jxgis.errors import InputError, NotGivenError
from jxgis.load import load_layer
from jxgis.report.blocks import Paragraph
from jxgis.run import run_part, run_report
from jxgis.scorecard import values_sheet
from jxgis.scorecard.analysis import analyse
from jxgis.scorecard.section import scorecard_section
from jxgis.scorecard.shown import counts_elsewhere, show_card
from jxgis.scorecard.targets import load_plan
from jxgis.settings import ScorecardSettings, load_settings
from jxgis.space.sums import whole_zones

EAST, NORTH = 572_000, 3_403_000


def frame(columns: dict[str, object], shapes: object) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(columns, geometry=shapes, crs=4549)


@pytest.fixture
def project(tmp_path):
    """Three districts of two areas, four units, toilets, lamps and roads, in Jiaxing."""
    x = [EAST + 1000 * k for k in range(5)]
    layers = {
        "districts": frame({"name": ["老城", "东栅", "塘汇"]}, shapely.box(x[:3], NORTH, x[1:4], NORTH + 1000)),
        "units": frame({"unit_id": ["甲", "乙"]}, shapely.box(x[:2], NORTH, x[1:3], NORTH + 500)),
        "toilets": frame(
            {"name": [f"{k}" for k in range(9)]}, shapely.points([(x[0] + 90 * k + 5, NORTH + 9) for k in range(9)])
        ),
        "lightscape": frame({"lit": [1, 1, 0, 1]}, shapely.points([(x[k] + 500, NORTH + 500) for k in (0, 0, 1, 2)])),
    }
    (tmp_path / "data").mkdir()
    lines = ['[city]\nprofile = "jiaxing"']
    for name, table in layers.items():
        table.to_file(tmp_path / f"data/{name}.gpkg", layer=name)
        lines.append(f'[inputs.{name}]\npath = "data/{name}.gpkg"')
    (tmp_path / "data/projects.csv").write_text(
        "项目库序号,片区,完成量,计划量\n37,老城,3,5\n37,塘汇,6,9\n", encoding="utf-8"
    )
    lines.append('[inputs.projects]\npath = "data/projects.csv"')
    (tmp_path / "jxgis.toml").write_text("\n".join(lines), encoding="utf-8")
    return tmp_path / "jxgis.toml"


def run(project: Path, out: Path, **changed: dict[str, object]):
    settings = load_settings(project)
    for section, options in changed.items():
        settings = settings.overridden(section, options)
    return run_part("scorecard", settings, out, has_project=True, lang="zh")


def test_what_it_writes(project, tmp_path):
    out = tmp_path / "out"
    result = run(project, out)
    names = {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()}
    assert {"scorecard.gpkg", "scorecard.xlsx", "scorecard_values.xlsx", "maps/scorecard.html"} <= names
    assert "个百分点" in (out / "maps/scorecard.html").read_text(encoding="utf-8")  # a card says it as the page does
    table = gpd.read_file(out / "scorecard.gpkg", layer="scorecard")
    assert {"zone", "level", "indicator", "value", "numerator", "denominator", "target_2025", "target_2027"} <= {*table}
    assert set(table["status"]) == {"met", "below", "no_data"}
    assert set(table["level"]) == {"city", "area", "district", "unit"}
    assert not table.duplicated(["level", "zone", "indicator"]).any()
    assert table.loc[table["status"] == "no_data", "reason"].notna().all()
    assert table.loc[table["status"] == "no_data", "needs"].notna().all()
    of = table.set_index(["indicator", "level", "zone"])
    assert of.loc[("toilets_per_km2", "city", "all"), ["value", "status"]].tolist() == [3.0, "below"]
    assert of.loc[("toilets_per_km2", "district", "老城"), ["value", "status"]].tolist() == [9.0, "met"]
    assert of.loc[("toilets_per_km2", "unit", "甲"), "value"] == 18
    assert of.loc[("landscape_lit", "area", "南湖区"), ["numerator", "denominator"]].tolist() == [2, 3]
    assert of.loc[("gas_pipes_renewed", "city", "all"), ["value", "counted"]].tolist() == [9, "projects"]
    assert "路灯" in of.loc[("street_lights_lit", "city", "all"), "needs"]
    # A figure says its unit: beside a target it is the target's.
    by_area = next(block for block in result.section().blocks if getattr(block, "heading", "").startswith("三区"))
    said = {row[0]: list(row[1:]) for row in by_area.rows}
    assert said["老旧燃气管道更新改造"] == ["—", "3 公里", "6 公里"]
    assert said["公共厕所密度"] == ["≥ 4 座/km²", "4.50", "0.00"]
    sheet = pd.read_excel(out / "scorecard.xlsx", sheet_name="scorecard", engine="calamine")
    notes = pd.read_excel(out / "scorecard.xlsx", sheet_name="说明", header=None, engine="calamine")[0].astype(str)
    assert notes.str.contains("“达标余量”以指标自己的单位计").any()
    assert sheet["indicator"].tolist() == table["indicator"].tolist()
    run_json = json.loads((out / "run.json").read_text(encoding="utf-8"))
    assert run_json["settings"]["scorecard"] == {"year": 2027}
    # 项目表和填报表没有坐标，也逐行有账。
    account = {row["layer"]: row for row in run_json["inputs"]}
    assert account["projects"]["rows_kept"] == 2
    # The user's own units stand in for those that else would be proposed.
    assert "units" not in result.given.results


@pytest.mark.slow
def test_the_sheet_is_filled_in_and_handed_back(project, tmp_path):
    run(project, tmp_path / "one")
    path = tmp_path / "one/scorecard_values.xlsx"
    book = openpyxl.load_workbook(path)
    page = book.worksheets[0]
    heads = {cell.value: cell.column for cell in page[1]}
    assert {"区域", "层级", "指标代码", "数值", "分子", "分母", "日期", "来源"} <= {*heads}
    gas = [row for row in range(2, page.max_row + 1) if page.cell(row, heads["指标代码"]).value == "gas_coverage"]
    assert [page.cell(row, heads["区域"]).value for row in gas] == ["老城", "东栅", "塘汇"]
    for row, above in zip(gas, (90, 100, 110), strict=True):
        page.cell(row, heads["分子"], above)
        page.cell(row, heads["分母"], 110)
        page.cell(row, heads["来源"], "燃气公司")
    rule = next(row for row in range(2, page.max_row + 1) if page.cell(row, heads["指标代码"]).value == "regulations")
    page.cell(rule, heads["数值"], 5)
    filled = tmp_path / "filled.xlsx"
    book.save(filled)
    project.write_text(project.read_text("utf-8") + '\n[inputs.scorecard_values]\npath = "filled.xlsx"\n', "utf-8")
    result = run(project, tmp_path / "two")
    of = result.scorecard.set_index(["indicator", "level", "zone"])
    assert of.loc[("gas_coverage", "city", "all"), ["numerator", "denominator", "source"]].tolist() == [
        300,
        330,
        "燃气公司",
    ]
    assert of.loc[("gas_coverage", "area", "经开区"), "status"] == "met"
    assert of.loc[("regulations", "city", "all"), "status"] == "met"
    loaded = result.given.loaded["scorecard_values"]
    assert loaded.rows_in == 4 + loaded.rows_left_out
    assert loaded.rejects.empty
    # What was brought stands in the next sheet, so that next year's is last year's with new numbers.
    again = result.values_sheet()
    assert again["numerator"].dropna().tolist() == [90, 100, 110]


@pytest.mark.slow
def test_the_year_decides(project, tmp_path):
    of_2025 = run(project, tmp_path / "a", scorecard={"year": 2025}).scorecard.set_index(["indicator", "level"])
    assert of_2025.loc[("gas_pipes_renewed", "city"), "status"] == "met"
    of_2027 = run(project, tmp_path / "b").scorecard.set_index(["indicator", "level"])
    assert of_2027.loc[("gas_pipes_renewed", "city"), "status"] == "below"


def test_no_data_at_all_is_still_a_scorecard_and_a_sheet(project, tmp_path):
    text = project.read_text("utf-8").split("[inputs.units]")[0]
    project.write_text(text, "utf-8")
    result = run(project, tmp_path / "out")
    city = result.scorecard[result.scorecard["level"] == "city"]
    assert (city["status"] == "no_data").all()
    assert city["needs"].notna().all()
    assert result.draws("figure") == []
    assert len(result.values_sheet())
    with pytest.raises(NotGivenError, match="scorecard_values"):  # a report says so in its place
        analyse(replace(result.given, in_report=True))


@pytest.mark.slow
def test_same_input_same_bytes(project, tmp_path):
    for name in ("a", "b"):
        run(project, tmp_path / name)
    for name in ("scorecard.gpkg", "scorecard.xlsx", "scorecard_values.xlsx", "maps/scorecard.html"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes(), name


def test_a_mistake_in_the_sheet_is_refused_and_nothing_written(project, tmp_path):
    (tmp_path / "data/values.csv").write_text("区域,指标代码,数值\n老成,15,98\n", encoding="utf-8")
    project.write_text(project.read_text("utf-8") + '\n[inputs.scorecard_values]\npath = "data/values.csv"\n', "utf-8")
    with pytest.raises(InputError, match="老城"):
        run(project, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_a_city_without_a_plan_is_told_so_and_its_report_goes_on(project, tmp_path):
    profile = tmp_path / "ours.toml"
    profile.write_text('key = "ours"\nname = { zh = "我城", en = "Ours" }\ncrs = "EPSG:4549"\n', encoding="utf-8")
    text = project.read_text("utf-8").split("[inputs.units]")[0].replace('"jiaxing"', '"ours.toml"')
    parks = frame({"name": ["园"]}, [shapely.box(EAST, NORTH, EAST + 200, NORTH + 200)])
    parks.to_file(tmp_path / "data/parks.gpkg", layer="parks")
    project.write_text(text + '[inputs.parks]\npath = "data/parks.gpkg"\n', "utf-8")
    with pytest.raises(InputError, match="plan_targets"):
        run(project, tmp_path / "out")
    found = run_report(load_settings(project), tmp_path / "report", lang="zh")
    assert "plan_targets" in found.missing["scorecard"].zh
    assert "scorecard" not in {refusal.part for refusal in found.refused}


def test_in_a_notebook(districts, toilets):
    result = jxgis.measure_scorecard(
        districts,
        further={"toilets": toilets},
        values=pd.DataFrame({"zone": ["甲", "全市"], "indicator": ["15", "4"], "value": ["98.5", 5]}),
        projects=pd.DataFrame({"item": ["22"], "district": ["乙"], "done": [30], "total": [50]}),
        lang="en",
    )
    assert result.table("scorecard").loc[0, "Level"] == "city"
    assert result.projects is not None
    assert "5 of" not in result.section().keys[0].value
    assert result.map() is not None
    assert result._repr_html_()
    assert (values_sheet(result.scorecard, result.plan.targets)["indicator"] != "toilets_per_km2").all()


def test_projects_of_a_notebook_are_held_to_their_contract(districts):
    rows = {"item": [22.0, 22.0], "district": ["甲", "乙"], "done": ["30", 4], "total": [50, 5]}
    found = jxgis.measure_scorecard(districts, projects=pd.DataFrame(rows)).projects
    assert found.loc[(found["project"] == 22) & (found["zone"] == "all"), "done"].tolist() == [34]
    for wrong, says in (("三", "三"), (-1, "-1")):
        with pytest.raises(InputError, match=f"done.*{says}"):
            jxgis.measure_scorecard(districts, projects=pd.DataFrame({**rows, "done": [wrong, 4]}))


def test_a_myriad_of_a_unit_that_nobody_knows_is_no_number(tmp_path):
    """10万 of 万人 was 100,000 of them: ten thousand times as many people."""
    file = tmp_path / "sheet.csv"
    rows = ["区域,指标代码,分子,分母", "甲,social_organisations,95,10万", "乙,social_organisations,95,10"]
    file.write_text("\n".join(rows), encoding="utf-8-sig")
    loaded = load_layer("scorecard_values", file)
    assert loaded.table[["zone", "denominator"]].to_numpy().tolist() == [["乙", 10]]
    assert loaded.rejects[["field", "value", "reason"]].to_numpy().tolist() == [["denominator", "10万", "bad_number"]]


def test_few_cases_are_not_told(districts):
    """Two greening cases in one district: neither its numbers nor the sums that would tell them are shown."""
    at = [(100, 100)] * 2 + [(1500, 100)] * 40 + [(500, 1500)] * 40 + [(1500, 1500)] * 40
    issues = frame(
        {
            "issue_id": [f"{k}" for k in range(len(at))], "issue_class": "园林绿化", "sub_type": "绿地脏乱",
            "closed": pd.to_datetime(["2026-01-01"] * (len(at) - 1) + [None]),
        },
        shapely.points(at),
    )  # fmt: skip
    result = jxgis.measure_scorecard(districts, issues=issues)
    kept = result.scorecard[result.scorecard["indicator"] == "solved_rate"].set_index("zone")
    shown = result.shown_tables()["scorecard"]
    shown = shown[shown["indicator"] == "solved_rate"].set_index("zone")
    assert kept.loc["甲", ["numerator", "denominator"]].tolist() == [2, 2]
    assert kept.loc["甲", "reason"] == "too_few_cases"
    assert shown["denominator"].isna().all()
    # In all its digits, 121 of 122 could be read off the value.
    assert shown.loc["all", ["value", "gap"]].tolist() == [99.2, pytest.approx(99.2 - 96)]


def test_districts_of_which_some_have_no_area_are_named(districts):
    districts.loc[0, "area"] = None
    result = jxgis.measure_scorecard(districts)
    assert "area" not in set(result.scorecard["level"])
    assert "甲" in result.notes()[0].zh


def test_what_hot_spots_hide_the_scorecard_does_not_tell(districts):
    """All greening cases of a district are the rate's: hot spots hide their number, since another class has two there."""
    rng = np.random.default_rng(4)
    corner = {"甲": (0, 0), "乙": (1000, 0), "丙": (0, 1000), "丁": (1000, 1000)}
    number = {"甲": (8, 2), "乙": (40, 30), "丙": (50, 60), "丁": (60, 50)}
    rows = [(name, of) for name, pair in number.items() for of, n in zip((0, 1), pair, strict=True) for _ in range(n)]
    at = [np.array(corner[name]) + rng.uniform(100, 900, 2) for name, _ in rows]
    issues = frame(
        {
            "issue_id": [f"{k}" for k in range(len(rows))],
            "issue_class": ["市容环境" if of else "园林绿化" for _, of in rows],
            "sub_type": ["暴露垃圾" if of else "绿地脏乱" for _, of in rows],
            "closed": pd.Timestamp("2026-01-01"),
        },
        shapely.points(at),
    )  # fmt: skip
    hotspots = jxgis.find_hotspots(issues, districts, districts=districts)
    zones = hotspots.shown_tables()["zones"].set_index(["zone", "issue_class"])["count"]
    assert pd.isna(zones["甲", "园林绿化"])
    alone = jxgis.measure_scorecard(districts, issues=issues)
    given = replace(alone.given, results={"hotspots": hotspots})
    told = {}
    for name, result in (("alone", alone), ("beside", replace(alone, given=given))):
        shown = result.shown_tables()["scorecard"]
        told[name] = shown[shown["indicator"] == "solved_rate"].set_index("zone")["denominator"]
    assert told["alone"][["all", "甲", "乙"]].tolist() == [158, 8, 40]
    assert told["beside"][["all", "东区", "甲"]].isna().all()


def test_a_number_of_cases_that_is_hidden_is_no_value_either(districts):
    """Two of a class in one district: the city's number less those of the others is theirs, in three digits too."""
    table = frame(
        {"level": ["city", "district", "district"], "zone": ["all", "甲", "乙"], "indicator": "n", "counted": "measured",
         "numerator": [42.0, 2.0, 40.0], "denominator": np.nan, "value": [42.0, 2.0, 40.0], "gap": [1.0, 1.0, 1.0]},
        [None] * 3,
    )  # fmt: skip
    target = load_plan().targets[0].model_copy(update={"id": "n"})
    shown = show_card(
        table, [target], {"n": "count"}, classes={}, elsewhere=counts_elsewhere(whole_zones(None, None), {}), least=3
    )
    assert shown["value"].isna().all()


@pytest.mark.parametrize("measure", ["relative_density", "concentration"])
def test_what_is_made_of_numbers_of_cases_tells_none_that_is_hidden(measure):
    """Two cases in 乙, and so 丁 left out: a rate by area is a number of cases, and so is the root of a sum of squares."""
    zones = [
        ("city", "all", 152),
        ("district", "甲", 60),
        ("district", "乙", 2),
        ("district", "丙", 50),
        ("district", "丁", 40),
    ]
    table = frame(
        {
            "level": [level for level, *_ in zones], "zone": [zone for _, zone, _ in zones], "indicator": "n",
            "counted": "measured", "numerator": [float(n) for *_, n in zones], "denominator": [float(n) ** 2 for *_, n in zones],
            "value": [n / 38 for *_, n in zones], "gap": 0.0,
        },
        [None] * 5,
    )  # fmt: skip
    elsewhere = pd.DataFrame(zones, columns=["level", "zone", "count"]).assign(
        issue_class="all", lost=[False, False, False, False, True]
    )
    target = load_plan().targets[0].model_copy(update={"id": "n"})
    shown = show_card(table, [target], {"n": measure}, classes={"n": "all"}, elsewhere=elsewhere, least=3).set_index(
        "zone"
    )
    assert shown[["numerator", "denominator"]].isna().all(axis=None)
    assert shown["value"].isna().all() == (measure == "relative_density")


@pytest.mark.parametrize(
    ("lang", "words"),
    [("zh", "单元 2 个、街坊 3 个的数值太多"), ("en", "The values by unit (2), 街坊 (3) are too many")],
)
def test_the_page_says_where_the_zones_of_further_levels_stand(districts, units, toilets, lang, words):
    """Three zones of a level of the city's own: no table of the page has them, the sheet does."""
    result = jxgis.measure_scorecard(districts, units=units, further={"toilets": toilets}, lang=lang)
    card = result.scorecard
    own = [card[card["level"] == "unit"].assign(zone=f"坊{n}", level="街坊") for n in range(3)]
    of_all = pd.concat([card, *own], ignore_index=True)
    for table, said in ((of_all, 1), (card[card["level"] != "unit"], 0)):
        section = scorecard_section(table, result.plan.targets, ScorecardSettings(), lang=lang)
        told = [block.words for block in section.blocks if isinstance(block, Paragraph) and words in block.words]
        assert len(told) == said


def test_the_sheet_begins_with_all_of_the_city(districts, units, toilets):
    """Then its areas and districts: of each level all indicators in the order they have in the table."""
    result = jxgis.measure_scorecard(districts, units=units, further={"toilets": toilets})
    written = result.scorecard
    sheet = scorecard_section(written, result.plan.targets, ScorecardSettings()).sheets["scorecard"]
    runs = sheet["level"].ne(sheet["level"].shift()).cumsum()
    assert list(sheet.groupby(runs)["level"].first()) == ["city", "area", "district", "unit"]
    keys = ["zone", "indicator"]
    for level, rows in sheet.groupby("level"):
        assert rows[keys].to_numpy().tolist() == written.loc[written["level"] == level, keys].to_numpy().tolist()


@pytest.mark.slow
def test_projects_that_were_called_off_count_nowhere_and_are_named(project, tmp_path):
    """Paused, or to be called off, a project still is one; of the note the rows are those left out."""
    head = "项目库序号,名称,片区,完成量,计划量,状态\n"
    kept = "37,一,老城,3,5,推进中\n37,二,老城,1,2,暂停\n37,三,塘汇,2,2,拟取消\n37,四,塘汇,1,4,\n"
    off = "37,五,老城,4,9,已取消\n37,六,塘汇,0,7,终止（并入第22项）\n37,七（已取消）,塘汇,0,1,推进中\n"
    (project.parent / "data/projects.csv").write_text(head + kept + off, encoding="utf-8")
    with_them = run(project, tmp_path / "with")
    (project.parent / "data/projects.csv").write_text(head + kept, encoding="utf-8")
    without = run(project, tmp_path / "without")
    pd.testing.assert_frame_equal(with_them.projects, without.projects)
    of = with_them.projects.set_index(["project", "zone"])
    assert of.loc[(37, "all"), ["done", "total", "rows"]].tolist() == [7, 13, 4]
    said = [note.zh for note in with_them.notes() if "取消" in note.zh]
    assert said == [note for note in said if all(f"37 {name}" in note for name in ("老城 五", "塘汇 六", "塘汇 七"))]
    assert len(said) == 1
    assert not [note for note in without.notes() if "取消" in note.zh]
