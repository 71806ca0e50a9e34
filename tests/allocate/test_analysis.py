"""The choice of candidates as they come: scores, gates, areas, overlaps, what is settled, and what is refused."""

import json
import re

import geopandas as gpd
import numpy as np
import openpyxl
import pytest
import shapely

from jxgis.allocate import analysis
from jxgis.allocate.analysis import allocate_candidates, overlapping, terms_of
from jxgis.allocate.section import allocation_section
from jxgis.city import load_city
from jxgis.errors import InputError, SettingsError
from jxgis.i18n import text
from jxgis.report.blocks import TableBlock
from jxgis.run.project import Project
from jxgis.scoring.analysis import score_candidates
from jxgis.settings import AllocateSettings, make_settings

EAST, NORTH = 560_000, 3_395_000  # in the city: a project reads nothing elsewhere


def box(west, south, east, north):
    return shapely.box(np.asarray(west) + EAST, south + NORTH, np.asarray(east) + EAST, north + NORTH)


DISTRICTS = gpd.GeoDataFrame(
    {"name": ["老城", "新城", "城南"], "area": ["南湖区", "秀洲区", "经开区"]},
    geometry=box([0, 10_000, 20_000], 0, [10_000, 20_000, 30_000], 10_000),
    crs=4549,
)
YEARS = {"years": [2026, 2027], "district_most": 9}


def candidates(**columns):
    """Nine squares of 2.56 km², three a district, the scores falling from west to east."""
    x = np.arange(9) // 3 * 10_000 + np.arange(9) % 3 * 3000
    base = {
        "candidate_id": [f"C{k}" for k in range(9)], "name": [f"单元{k}" for k in range(9)],
        "type": ["品质生活", "历史文化", "商贸服务"] * 3, "score": 90.0 - 5 * np.arange(9),
    }  # fmt: skip
    return gpd.GeoDataFrame(base | columns, geometry=box(x, 0, x + 1600, 1600), crs=4549)


def years_of(found):
    return dict(zip(found.allocation["candidate_id"], found.allocation["year"], strict=True))


def allocate(table=None, **options):
    return allocate_candidates(candidates() if table is None else table, districts=DISTRICTS, **{**YEARS, **options})


def test_each_area_each_year_and_no_more_than_is_asked_for():
    found = allocate(each_area=1)
    assert years_of(found) == {"C0": 2026, "C3": 2026, "C6": 2026, "C1": 2027, "C4": 2027, "C7": 2027}
    assert found.allocation["area"].tolist() == ["南湖区", "秀洲区", "经开区"] * 2
    assert found.choice.gap == 0
    assert found.summary()["conflict"] is None


@pytest.mark.parametrize(
    ("options", "columns", "total"),
    [
        # Three of one area are named: the two others still take part.
        ({"each_area": 1, "years": [2026]}, {"named_year": [2026.0] * 3 + [np.nan] * 6}, 5),
        # Six in the first year leave two of the next one to come.
        ({"each_year": 2, "by": {2026: 6}}, {}, 8),
        # All types are of one area; the other area takes part too.
        ({"each_type": 1, "each_area": 1, "years": [2026]}, {"type": ["a", "b", "c", *[None] * 6]}, 5),
    ],
)
def test_without_a_total_the_lower_bounds_together_say_how_many(options, columns, total):
    found = allocate(candidates(**columns), **options)
    assert (found.choice.status, len(found.allocation), found.terms.total) == ("optimal", total, total)


def test_a_total_that_a_stopped_search_found_is_not_called_the_least(monkeypatch):
    monkeypatch.setattr(analysis, "fewest", lambda *_, **__: (7, False))
    found = allocate(each_area=1)
    assert found.terms.total == 7
    assert any("fewer may do" in note.en for note in found.notes())
    monkeypatch.undo()
    assert not any("fewer may do" in note.en for note in allocate(each_area=1).notes())


def test_a_conflict_names_no_total_that_nobody_set():
    found = allocate(each_year=7, years=[2026, 2027])
    assert [rule.kind for rule in found.choice.conflict] == ["each_year", "each_year"]


def test_areas_are_those_of_the_layer_of_districts(tmp_path):
    path = tmp_path / "districts.gpkg"
    rules = {"years": [2026], "by": {2026: 2}, "each_year": 2, "each_type": 0}
    asked = {"city": {"profile": "jiaxing"}, "inputs": {"districts": {"path": str(path)}}, "allocate": rules}

    DISTRICTS.assign(name=["甲", "乙", "丙"], area=["东区", "西区", "西区"]).to_file(path)
    found = Project(make_settings(asked, "test")).allocation(candidates())
    assert found.allocation["area"].tolist() == ["东区", "西区"]

    # An area of the plan whose districts are not in the file is still asked for.
    DISTRICTS.head(2).to_file(path)
    found = Project(make_settings(asked, "test")).allocation(candidates())
    assert [rule.name for rule in found.choice.conflict] == ["each_area:经开区:2026"]
    (answer,) = found.section().answers
    assert answer.words.endswith("没有安排：经开区 2026 年不少于 1 个。")


def test_the_plans_own_rules_come_from_the_profile():
    rules = load_city("jiaxing").allocate
    assert (rules.years, rules.by, rules.each_area, rules.each_year) == (
        (2024, 2025, 2026, 2027),
        {2025: 6, 2027: 15},
        1,
        3,
    )
    table = candidates(named_year=np.nan, ready_year=np.nan, cost=np.nan, passes=True, known=True)
    terms = terms_of(AllocateSettings(), rules, table, areas=("a", "b", "c"))
    assert (terms.by, terms.total, terms.open) == (rules.by, 15, (2024, 2025, 2026, 2027))
    own = terms_of(AllocateSettings(by={2026: 5}, each_area=0, this_year=2026), rules, table, areas=("a", "b", "c"))
    assert (own.by, own.each_area, own.each_year, own.open, own.total) == ({2026: 5}, 0, 3, (2026, 2027), 6)


def test_a_candidate_that_fails_a_gate_is_out_and_says_why():
    table = candidates()
    table.loc[0, "geometry"] = box(0, 0, 300, 300)
    found = allocate(table, each_year=1)
    assert years_of(found) == {"C1": 2026, "C2": 2027}
    assert found.others.set_index("candidate_id")["reason"].to_dict() | {"C0": "gate_too_small"} == {
        **dict.fromkeys(["C3", "C4", "C5", "C6", "C7", "C8"], "choice_others"), "C0": "gate_too_small",
    }  # fmt: skip


def test_what_is_named_stays_and_what_is_not_ready_waits():
    table = candidates(named_year=[np.nan] * 8 + [2026.0], ready_year=[2027.0, 2031.0] + [np.nan] * 7)
    found = allocate(table, number={2026: 2, 2027: 2})
    assert years_of(found) == {"C2": 2026, "C8": 2026, "C0": 2027, "C3": 2027}
    assert found.allocation.set_index("candidate_id")["named"].to_dict()["C8"]
    assert found.others.set_index("candidate_id")["reason"]["C1"] == "choice_not_ready"


def test_of_two_that_overlap_one_is_chosen_and_lines_drawn_twice_are_none():
    table = candidates()
    table.loc[1, "geometry"] = box(800, 0, 2400, 1600)  # half of C0
    table.loc[2, "geometry"] = box(2399, 1600 - 10, 4000, 3200)  # 10 m of C1's corner
    assert overlapping(table, share=0.01).tolist() == [[0, 1]]
    found = allocate(table, number={2026: 1, 2027: 1})
    assert years_of(found) == {"C0": 2026, "C2": 2027}
    assert found.others.set_index("candidate_id")["reason"]["C1"] == "choice_overlaps"
    assert found.summary()["overlaps"] == [["C0", "C1"]]
    said = "".join(str(getattr(block, "words", "")) for block in found.section().blocks)
    assert "C0 单元0–C1 单元1" in said
    named = allocate(table.assign(named_year=[2026.0, 2026.0] + [np.nan] * 7), number={2026: 2, 2027: 1})
    assert named.summary()["conflict"] == ["named", "no_overlap"]
    assert named.allocation.empty
    assert set(named.others["reason"]) == {"choice_conflict"}


def test_a_budget_holds_and_asks_for_the_costs():
    costs = candidates(cost=[900.0, 500.0, 400.0, 100.0, 100.0, 100.0, 100.0, 100.0, 100.0])
    found = allocate(costs, number={2026: 2, 2027: 1}, budget={2026: 1000})
    assert years_of(found) == {"C1": 2026, "C2": 2026, "C0": 2027}
    with pytest.raises(InputError, match=r"candidates have no cost: C0, C1, C2, C3, C4 and 4 more\."):
        allocate(number={2026: 1}, budget={2026: 1000})


def test_types_and_districts_are_spread():
    same = candidates(type=["品质生活"] * 8 + ["历史文化"])
    assert set(years_of(allocate(same, number={2026: 1, 2027: 1}, each_type=1))) == {"C0", "C8"}
    assert set(years_of(allocate(number={2026: 2, 2027: 1}, district_most=1))) == {"C0", "C1", "C3"}


def test_alternatives_say_what_comes_and_goes():
    found = allocate(number={2026: 1, 2027: 1}, within=0.06, alternatives=9)
    assert found.alternatives.fillna({"other_year": ""}).to_dict("list") == {
        "plan": [1, 2, 3], "objective": [170.0, 165.0, 165.0], "below": pytest.approx([1 - 170 / 175, 1 - 165 / 175, 1 - 165 / 175]),
        "added": ["C2 单元2（2027 年）", "C3 单元3（2027 年）", "C2 单元2（2027 年）"],
        "dropped": ["C1 单元1", "C1 单元1", "C0 单元0"], "other_year": ["", "", "C1 单元1（2027 年改 2026 年）"],
    }  # fmt: skip
    # Whoever makes the changes that are told has the schedule that is meant.
    told, best = found.alternatives, years_of(found)
    for row, plan in zip(told.itertuples(), found.summary()["alternatives"], strict=True):
        made = {who: year for who, year in best.items() if who not in row.dropped.split()}
        said = re.findall(r"(C\d) 单元\d（(?:\d+ 年改 )?(\d+) 年）", f"{row.added}、{row.other_year}")
        assert made | {who: int(year) for who, year in said} == plan["years"]
    shown = next(block for block in found.section().blocks if getattr(block, "heading", "") == "比选方案")
    assert [row[-3:] for row in shown.rows[1:]] == [
        ["C3 单元3（2027 年）", "C1 单元1", "—"], ["C2 单元2（2027 年）", "C0 单元0", "C1 单元1（2027 年改 2026 年）"],
    ]  # fmt: skip


def test_a_type_that_the_city_does_not_have_is_said():
    def said(kinds):
        return [note.en for note in allocate(candidates(type=kinds), number={2026: 1, 2027: 1}).notes()]

    assert not any("types" in note for note in said(["品质生活型"] * 8 + [None]))
    assert any("宜居" in note for note in said(["品质生活"] * 8 + ["宜居"]))


def test_of_equal_acceptability_the_higher_score_comes_first():
    """Most candidates are in the top ten under no weighting at all: then it is the score that tells them apart, not the id."""
    table = candidates(acceptability=[0.5] + [0.0] * 8, score=[60.0, *range(10, 90, 10)])
    found = allocate(table, number={2026: 2, 2027: 1}, worth="acceptability")
    assert years_of(found) == {"C0": 2026, "C8": 2026, "C7": 2027}


def test_acceptability_where_it_is_asked_for():
    table = candidates(acceptability=np.arange(9) / 10)
    found = allocate(table, number={2026: 1, 2027: 1}, worth="acceptability")
    assert years_of(found) == {"C8": 2026, "C7": 2027}
    assert found.allocation["score"].tolist() == [50.0, 55.0]
    assert found.summary()["objective"] == pytest.approx(1.5)


def test_scores_are_those_of_the_scoring_where_candidates_bring_none():
    table = candidates(公厕密度=[4.0, 2.0, 3.0, 1.0, 2.5, np.nan, 3.5, 0.5, 1.5]).drop(columns="score")
    asked = {"scoring": {"indicators": {"toilets_per_km2": {"dimension": "a", "weight": 1, "target": 4}}}}
    scores = score_candidates(table, districts=DISTRICTS, **asked["scoring"])
    found = allocate_candidates(table, districts=DISTRICTS, scores=scores, **YEARS, number={2026: 2, 2027: 1})
    assert years_of(found) == {"C0": 2026, "C6": 2026, "C2": 2027}
    assert found.allocation["score"].tolist() == [100.0, 87.5, 75.0]
    assert found.others.set_index("candidate_id")["reason"]["C5"] == "choice_no_score"
    with pytest.raises(InputError, match="no column score and were not scored"):
        allocate(table, number={2026: 1, 2027: 1})
    other = table.assign(candidate_id=["X0", *table["candidate_id"][1:]])
    with pytest.raises(InputError, match="no such candidates: X0"):
        allocate_candidates(other, districts=DISTRICTS, scores=scores, **YEARS)


@pytest.mark.parametrize(
    ("columns", "options", "says"),
    [
        ({}, {"years": []}, "No years are given"),
        ({}, {"this_year": 2028}, "The years 2026 to 2027 are all past"),
        ({}, {"by": {2030: 5}}, r"by .*: 2030 is not one of the years 2026, 2027"),
        ({}, {"number": {2025: 5}, "budget": {2024: 1}}, r"(?s)number .*: 2025 .*budget .*: 2024"),
        ({"named_year": [2020.0] + [np.nan] * 8}, {}, r"named_year is not one of the years 2026, 2027: C0 \(2020\)"),
        ({"ready_year": [2026.5] + [np.nan] * 8}, {}, r"ready_year"),
        ({"score": np.nan}, {}, "no column score and were not scored"),
        ({"score": [-1.0] * 9}, {}, "score: -1.0 is below 0"),
    ],
)
def test_what_cannot_be_used_is_said(columns, options, says):
    with pytest.raises(InputError, match=says):
        allocate(candidates(**columns), each_year=1, **options)


def test_years_out_of_order_are_refused_with_the_settings():
    with pytest.raises(SettingsError, match="years must go up, each once"):
        allocate(years=[2027, 2026])


def test_years_that_are_over_count_what_is_named():
    table = candidates(named_year=[2026.0] + [np.nan] * 8)
    found = allocate(table, this_year=2027, each_year=2, each_area=1)
    assert years_of(found) == {"C0": 2026, "C1": 2027, "C3": 2027, "C6": 2027}
    rules = found.rules.set_index("name")
    assert not rules.loc["each_year:2026", "satisfied"]
    assert rules.loc["each_year:2026", "past"]
    assert rules.loc["each_year:2027", "satisfied"]
    assert not found.notes()


def test_without_areas_their_rule_is_said_not_to_be_applied():
    found = allocate_candidates(
        candidates(), districts=DISTRICTS.drop(columns="area"), **YEARS, each_area=1, each_year=1
    )
    assert found.choice.plan is not None
    assert any("没有采用" in getattr(block, "words", "") for block in found.section().blocks)


def test_candidates_outside_every_district_are_said_to_count_for_no_area():
    table = candidates()
    table.loc[8, "geometry"] = box(90_000, 0, 91_600, 1600)
    words = [getattr(block, "words", "") for block in allocate(table, each_area=1).section().blocks]
    assert any(said.startswith("1 个候选单元的片区不明") for said in words)


def test_files_hold_the_contract(tmp_path):
    table = candidates(name=["=1+1"] * 9)
    out = allocate(table, each_area=1).write(tmp_path / "out")
    layer = gpd.read_file(out / "allocation.gpkg", layer="allocation")
    assert {"candidate_id", "year", "area", "type", "score"} <= set(layer.columns)
    assert layer["year"].tolist() == [2026] * 3 + [2027] * 3
    told = json.loads((out / "allocation.json").read_text(encoding="utf-8"))
    assert told["objective"] == layer["score"].sum()
    assert {rule["name"]: rule["satisfied"] for rule in told["rules"]}["each_area:经开区:2027"] is True
    book = openpyxl.load_workbook(out / "allocation.xlsx")
    sheet = book["allocation"]
    heads = [cell.value for cell in sheet[1]]
    row = dict(zip(heads, sheet[2], strict=True))
    assert (row["year"].value, row["year"].data_type, row["name"].value, row["name"].data_type) == (
        2026,
        "n",
        "=1+1",
        "s",
    )
    again = allocate(table, each_area=1).write(tmp_path / "again")
    for name in (
        "allocation.json",
        "allocation.gpkg",
        "allocation.xlsx",
        "maps/allocation.html",
        "figures/allocation.png",
    ):
        assert (out / name).read_bytes() == (again / name).read_bytes(), name


def test_a_conflict_is_written_too(tmp_path):
    out = allocate(each_area=2, lang="en").write(tmp_path / "out")
    told = json.loads((out / "allocation.json").read_text(encoding="utf-8"))
    assert told["status"] == "infeasible"
    assert (told["objective"], told["gap"]) == (None, None)
    assert told["conflict"] == ["each_area:南湖区:2026", "each_area:南湖区:2027"]
    assert told["conflict_words"][0] == "南湖区: at least 2 in 2026"
    assert gpd.read_file(out / "allocation.gpkg", layer="allocation").empty
    held = {rule["name"]: rule["satisfied"] for rule in told["rules"]}
    assert [held[name] for name in ("each_area:南湖区:2026", "each_area:经开区:2026")] == [False, None]
    page = (out / "maps" / "allocation.html").read_text(encoding="utf-8")
    assert all(words in page for words in told["conflict_words"]), "the map stands alone: it says which rules"
    year = text("allocate.year_count", "en", year=2026, n=0)
    assert year not in page, "no year has a colour where nothing is chosen"


def test_a_project_scores_what_is_handed_over_and_no_more_than_needed(tmp_path, monkeypatch):
    path = tmp_path / "districts.gpkg"
    DISTRICTS.to_file(path, driver="GPKG")
    scoring = {"indicators": {"toilets_per_km2": {"dimension": "a", "weight": 1, "target": 4}}}
    asked = {
        "inputs": {"districts": {"path": str(path)}},
        "scoring": scoring,
        "allocate": {**YEARS, "each_area": 0, "each_year": 1, "by": {2027: 2}, "each_type": 0},
    }
    bare = candidates(toilets_per_km2=[1.0, 2, 3, 4, 5, 6, 7, 8, 0.5]).drop(columns="score")
    found = Project(make_settings(asked, "test"), lang="en").allocation(bare, number={2026: 1, 2027: 1})
    assert years_of(found) == {"C3": 2026, "C4": 2027}, "100 points from 4 up, then the id"

    monkeypatch.setattr("jxgis.scoring.analysis.analyse", lambda given: pytest.fail("nothing is to be scored"))
    found = Project(make_settings(asked, "test"), lang="en").allocation(candidates(), number={2026: 1, 2027: 1})
    assert years_of(found) == {"C0": 2026, "C1": 2027}


def test_the_answer_tells_named_units_and_why_a_higher_score_is_not_chosen():
    table = candidates(named_year=[np.nan, 2026, *[np.nan] * 7])
    table.loc[1, "geometry"] = table.loc[0, "geometry"]
    (answer,) = allocate(table, each_area=1).section().answers
    assert "单元1（已命名）" in answer.words
    assert answer.words.count("已命名") == 1
    assert "没有选入的有单元0（与选入的单元范围重叠）" in answer.words


def test_a_type_written_otherwise_is_no_type_of_its_own_to_spread_over():
    table = candidates(type=["品质生活", "历史文化", "商贸服务"] * 2 + ["品质生活型", "历史文化类", "商贸服务"])
    found = allocate(table, each_type=1)
    kinds = [rule.name for rule in found.choice.rules if rule.name.startswith("each_type")]
    assert kinds == ["each_type:历史文化", "each_type:品质生活", "each_type:商贸服务"]
    english = allocate(table, each_type=1, lang="en")
    assert "at least 1 of the type History and culture" in [rule["words"] for rule in english.summary()["rules"]]
    assert {*english.shown_tables()["allocation"]["type"]} == {
        "Quality of life",
        "History and culture",
        "Commerce and services",
    }
    assert {*english.allocation["type"]} == {"品质生活", "历史文化", "商贸服务"}


def test_the_sums_of_the_years_add_up_to_the_plans_where_scores_are_shown_rounded():
    """Three times 60.04 are 180.12, and 60.04 is shown as 60.0."""
    found = allocate(candidates(score=[60.04] * 9), each_area=1)
    section = allocation_section(
        {**found.tables(), "allocation": found.allocation.assign(score=found.allocation["score"].round(1))},
        found.choice, found.terms, found.given.settings.allocate, scores=found.allocation["score"], lang="en",
    )  # fmt: skip
    years = next(block for block in section.blocks if isinstance(block, TableBlock))
    assert [row[3] for row in years.rows] == ["180.1", "180.1"]
