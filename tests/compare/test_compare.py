"""What was planted between two results is found, with what can have caused it, and nothing else is."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest
from two_runs import RUN, box, coverage, other_input, places, scores, swings, units, write_result

from jxgis import InputError, compare_results
from jxgis.compare import ResultComparison
from jxgis.compare.differences import change_of_cases
from jxgis.i18n import text
from jxgis.report.blocks import TableBlock
from jxgis.run import run_compare
from jxgis.settings import Settings

DIFFERENCES = ("places", "coverage", "units", "moved", "ranks", "years", "weak", "statuses", "circle")


def tables() -> dict[str, pd.DataFrame]:
    return {
        "hotspots.gpkg/places": places(
            ("all", "三水湾", 600, box(0, 0)), ("all", "府南", 300, box(3000, 0)), ("市容环境", "三水湾", 50, box(0, 0))
        ),
        "parks.gpkg/coverage": coverage(all=0.8, 老城=0.9, 东栅=0.7),
        "units.gpkg/units": units(甲=box(0, 0), 乙=box(1000, 0)),
        "scores.gpkg/scores": scores(("一", 1, 80.0, 100), ("二", 2, 70.0, 200), ("三", 3, 60.0, 300)),
        "scores_depth.gpkg/swings": swings(一={"p": 40.0, "q": 40.0}, 二={"p": 30.0, "q": 40.0}, 三={"p": 30.0}),
        "allocation.gpkg/allocation": pd.DataFrame(
            {"candidate_id": ["一", "二"], "year": [2025, 2026], "name": ["a", "b"]}
        ),
        "weak.gpkg/areas": weak_areas(甲=1, 乙=2, 丙=None),
        "scorecard.gpkg/scorecard_rows": statuses(x="met", y="below"),
        "circle.gpkg/circle_rows": circle(学校=0.9, 医院=0.5),
    }


def weak_areas(**ranks: int | None) -> pd.DataFrame:
    return pd.DataFrame(
        {"name": [*ranks], "kind": "unit", "rank": [*ranks.values()], "status": "weak", "district": "老城"}
    )


def statuses(**of: str) -> pd.DataFrame:
    return pd.DataFrame({"zone": "all", "level": "city", "indicator": [*of], "label": "指标", "status": [*of.values()]})


def circle(**share: float) -> pd.DataFrame:
    values = [*share.values()]
    table = pd.DataFrame({"zone": "all", "level": "city", "kind": [*share], "label": [*share], "coverage": values})
    return table.assign(people_coverage=values)


@pytest.fixture(scope="module")
def a(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first result."""
    return write_result(tmp_path_factory.mktemp("first") / "a", tables())


@pytest.fixture
def compared(a: Path, tmp_path: Path) -> Callable[..., ResultComparison]:
    """Compare it with another: the same but for these tables and settings."""

    def compare(changed: dict[str, pd.DataFrame], **settings: Any) -> ResultComparison:
        b = tmp_path / "b"
        shutil.copytree(a, b)
        return compare_results(a, write_result(b, changed, **settings))

    return compare


def only(found, *names: str) -> None:
    """Nothing differs but in these tables."""
    assert {name for name in DIFFERENCES if len(found.frames[name])} == {*names}


def cause(found, part: str) -> tuple[bool, str, str]:
    row = found.frames["parts"].set_index("part").loc[part]
    return bool(row["differs"]), row["cause"], row["because"]


def test_two_alike_differ_in_nothing(compared):
    found = compared({})
    only(found)
    assert found.same
    assert found.sentences() == ["两次结果没有差别：输入、设置、版本和全部数据表都相同。"]
    assert not any(len(found.frames[name]) for name in ("inputs", "settings", "versions", "figures"))


def test_a_district_of_other_coverage_is_found_and_the_setting_that_parks_read_is_its_cause(compared):
    changed = {"parks.gpkg/coverage": coverage(all=0.8, 老城=0.95, 东栅=0.7)}
    found = compared(changed, parks__minutes=15.0, units__seed=3, report__title="乙")
    only(found, "coverage")
    rows = found.frames["coverage"]
    assert rows[["zone", "method"]].to_numpy().tolist() == [["老城", "radius"]]
    assert rows["difference"].tolist() == pytest.approx([0.05])
    # The seed of units is none of what parks read, nor is what the report is called.
    assert cause(found, "parks") == (True, "settings", "步行分钟")
    assert [*found.frames["settings"]["key"]] == ["parks.minutes", "units.seed", "report.title"]
    assert not found.frames["parts"].set_index("part").loc["units", "differs"]


def test_fewer_proposed_parks_and_what_they_would_bring_stand_first(tmp_path):
    """What a planner set (12, then 8) is more than a change of tables."""
    runs = []
    for n, after in ((12, 0.906), (8, 0.902)):
        built = {
            "parks.gpkg/sites": pd.DataFrame({"rank": range(1, n + 1), "name": "地块"}),
            "parks.gpkg/coverage": coverage(all=0.8).assign(coverage_after=after),
        }
        runs.append(write_result(tmp_path / str(n), tables() | built, parks__new_parks=n))
    found = compare_results(*runs)
    figures = found.frames["figures"].set_index("figure")
    assert figures[["value_a", "value_b"]].to_numpy().tolist() == [[12, 8], [0.906, 0.902]]
    assert [*figures.index] == ["建议新增公园数", "新增公园后覆盖率"]
    said = "\n".join(found.sentences())
    assert "建议新增公园数 12 → 8（−4）" in said
    assert "数据表有变化" not in said


def test_a_setting_that_one_run_does_not_have_is_said_so_beside_the_other(compared):
    found = compared({}, hotspots__strata="districts")
    (block,) = (each for each in found.sections()["made"][1] if isinstance(each, TableBlock))
    shown = dict(zip(block.titles, block.rows[0], strict=True))
    assert (shown["设置项"], shown["A"], shown["B"]) == ("hotspots.strata", "未设", "districts")
    assert found.frames["settings"]["a"].isna().all()


@pytest.mark.parametrize(("minutes", "said"), [(10.0, []), (15.0, ["parks.minutes"])])
def test_settings_of_parts_that_one_run_did_not_have_are_no_other_settings(a, tmp_path, minutes, said):
    """`jxgis parks` records what parks read; that hot spots of the other run had a band of 500 m is no change to none."""
    b = write_result(tmp_path / "b", {"parks.gpkg/coverage": tables()["parks.gpkg/coverage"]})
    run = json.loads((b / "run.json").read_text(encoding="utf-8"))
    run["settings"] = {name: run["settings"][name] for name in ("lang", "city", "inputs", "report")}
    run["settings"]["parks"] = {"minutes": minutes}
    (b / "run.json").write_text(json.dumps(run, ensure_ascii=False), encoding="utf-8")
    for found in (compare_results(a, b), compare_results(b, a)):
        assert found.frames["settings"]["key"].tolist() == said


@pytest.mark.parametrize(("given", "said"), [(3.5, []), (4.0, ["目标面积，平方公里 3.5 → 4"])])
def test_a_default_written_out_is_no_other_setting(tmp_path, given, said):
    """The target area that is not given is the middle of the bounds, 3.5 km²."""
    options = ({}, {"target_km2": given})
    recorded = [Settings().overridden("units", each).shaping(["units"])["units"] for each in options]
    runs = [
        write_result(tmp_path / str(at), tables(), units__target_km2=of.get("target_km2"))
        for at, of in enumerate(recorded)
    ]
    found = compare_results(*runs)
    assert len(found.frames["settings"]) == len(said)
    assert all(words in found.sentences()[0] for words in said)


def test_indicators_of_another_status_are_counted_once_whatever_their_zones(compared):
    zones = [statuses(x="below", y="below").assign(zone=zone, level=level) for zone, level in (("all", "city"), ("老城", "district"))]  # fmt: skip
    a = compared({"scorecard.gpkg/scorecard_rows": pd.concat(zones)}).b.root
    moved = pd.concat([zone.assign(status="met") for zone in zones])
    b = write_result(a.with_name("c"), {**tables(), "scorecard.gpkg/scorecard_rows": moved})
    assert (
        "达标情况有变化的指标 2 项（按全市、各区、片区、单元逐一计，共 4 处）" in compare_results(a, b).sentences()[1]
    )


@pytest.mark.parametrize(
    ("changed", "code", "because"),
    [
        ({"inputs": other_input("residential")}, "inputs", "居住用地"),
        ({"versions": {"jxgis": "0.2.0", "numpy": "2.0"}}, "version", "软件版本"),
        ({"inputs": other_input("residential"), "parks__minutes": 12.0}, "several", "居住用地、步行分钟"),
        ({"inputs": other_input("issues")}, "none", ""),
        ({"hotspots__band_m": 900.0}, "none", ""),
        ({"city__plan": "x"}, "settings", "city.plan"),
    ],
)
def test_only_what_a_part_reads_can_have_caused_it(compared, changed, code, because):
    planted = {"parks.gpkg/coverage": coverage(all=0.81, 老城=0.9, 东栅=0.7)}
    found = compared(planted, **changed)
    assert cause(found, "parks") == (True, code, because)
    figure = found.frames["figures"].iloc[0]
    assert (figure["part"], figure["cause"], figure["a"], figure["b"]) == ("parks", code, "80.0 %", "81.0 %")
    assert figure["difference"] == "+1.0 个百分点"
    if code == "none":
        assert any("找不到原因" in line and "jxgis verify" in line for line in found.sentences())


def test_a_part_is_reached_by_what_the_parts_before_it_read(compared):
    swapped = {"scores.gpkg/scores": scores(("一", 2, 75.0, 100), ("二", 1, 78.0, 200), ("三", 3, 60.0, 300))}
    found = compared(swapped, hotspots__band_m=900.0)
    # Scores go after hot spots, whose band it is.
    assert cause(found, "scores") == (True, "settings", "邻域半径，米")


@pytest.mark.parametrize(
    ("kinds", "code", "because"),
    [
        (["markets"], "none", ""),
        (["hot_place", "markets"], "settings", "邻域半径，米"),
        (None, "settings", "邻域半径，米"),
    ],
)
def test_what_a_run_spared_is_no_cause_of_what_it_found(tmp_path, kinds, code, because):
    """Weak areas among markets alone take nothing of hot spots, whose band is another."""
    of, other = {} if kinds is None else {"weak__kinds": kinds}, {"weak.gpkg/areas": weak_areas(甲=1, 乙=None, 丙=2)}
    one = write_result(tmp_path / "one", tables(), **of)
    found = compare_results(one, write_result(tmp_path / "two", {**tables(), **other}, hotspots__band_m=900.0, **of))
    assert cause(found, "weak") == (True, code, because)


def test_ranks_that_were_swapped_are_found_and_the_indicator_that_did_it(compared):
    changed = {
        "scores.gpkg/scores": scores(("一", 2, 70.0, 100), ("二", 1, 75.0, 200), ("三", 3, 60.0, 300)),
        "scores_depth.gpkg/swings": swings(一={"p": 30.0, "q": 40.0}, 二={"p": 30.0, "q": 45.0}, 三={"p": 30.0}),
    }
    found = compared(changed)
    only(found, "ranks")
    rows = found.frames["ranks"]
    assert rows[["candidate_id", "state", "rank_a", "rank_b", "difference", "indicator"]].to_numpy().tolist() == [
        ["二", "up", 2, 1, 5.0, "指标q"],
        ["一", "down", 1, 2, -10.0, "指标p"],
    ]


def test_places_are_matched_by_ground_not_by_rank_or_name(compared):
    moved = places(
        ("all", "府南", 300, box(3000, 0)),  # the same ground, another rank
        ("all", "新处", 200, box(9000, 0)),  # on new ground
        ("all", "西片", 100, box(0, 0, 400, 1000)),  # two of one: the larger half continues it
        ("all", "三水湾", 100, box(400, 0, 600, 1000)),
        ("市容环境", "三水湾", 50, box(800, 0)),  # a fifth of its ground
    )
    rows = compared({"hotspots.gpkg/places": moved}).frames["places"]
    said = {(row.issue_class, row.state): (row.name_a, row.name_b, row.rank_a, row.rank_b) for row in rows.itertuples()}
    assert {key: value[:2] for key, value in said.items()} == {
        ("all", "reranked"): ("府南", "府南"),
        ("all", "new"): (pytest.approx(float("nan"), nan_ok=True), "新处"),
        ("all", "resized"): ("三水湾", "三水湾"),
        ("all", "split"): ("三水湾", "西片"),
        ("市容环境", "moved"): ("三水湾", "三水湾"),
    }
    assert said["all", "reranked"][2:] == (2, 1)
    assert rows.set_index("state").loc["resized", "shared"] == pytest.approx(0.6)
    assert rows.set_index("state").loc["moved", "shared"] == pytest.approx(200 / 1800)


def test_a_place_that_went_and_one_that_merged(compared):
    one = places(("all", "合", 900, box(0, 0, 4000, 1000)))
    rows = compared({"hotspots.gpkg/places": one}).frames["places"]
    said = rows[["state", "name_a", "name_b"]].fillna("").to_numpy().tolist()
    assert sorted(said) == [["gone", "三水湾", ""], ["merged", "府南", "合"], ["resized", "三水湾", "合"]]


def test_ground_that_changes_unit(compared):
    found = compared({"units.gpkg/units": units(甲=box(0, 0, 1200), 丙=box(1200, 0, 800))})
    only(found, "units", "moved")
    assert found.frames["moved"][["from_unit", "to_unit", "m2"]].to_numpy().tolist() == [["乙", "甲", 200_000.0]]
    rows = found.frames["units"].set_index("unit_b")
    assert rows.loc["甲", ["unit_a", "shared"]].tolist() == ["甲", pytest.approx(1 / 1.2)]
    assert rows.loc["丙", ["unit_a", "state"]].tolist() == ["乙", "resized"]


def test_units_renumbered_on_the_same_ground_are_renamed(compared):
    found = compared({"units.gpkg/units": units(一=box(0, 0), 二=box(1000, 0))})
    assert found.frames["units"]["state"].tolist() == ["renamed", "renamed"]
    assert not len(found.frames["moved"])


def test_years_weak_areas_targets_and_the_circle(compared):
    changed = {
        "allocation.gpkg/allocation": pd.DataFrame(
            {"candidate_id": ["一", "三"], "year": [2027, 2026], "name": ["a", "c"]}
        ),
        "weak.gpkg/areas": weak_areas(甲=2, 乙=None, 丙=1),
        "scorecard.gpkg/scorecard_rows": statuses(x="met", y="met"),
        "circle.gpkg/circle_rows": circle(学校=0.9, 医院=0.6),
    }
    found = compared(changed)
    only(found, "years", "weak", "statuses", "circle")
    years = found.frames["years"].set_index("candidate_id")["state"]
    assert years.to_dict() == {"一": "moved", "二": "gone", "三": "new"}
    assert found.frames["weak"].set_index("name")["state"].to_dict() == {"丙": "new", "甲": "reranked", "乙": "gone"}
    assert found.frames["statuses"][["indicator", "status_a", "status_b"]].to_numpy().tolist() == [
        ["y", "below", "met"]
    ]
    assert found.frames["circle"]["kind"].tolist() == ["医院"]
    assert found.frames["circle"]["difference"].tolist() == pytest.approx([0.1])
    figures = found.frames["figures"].set_index(["part", "of"])
    assert figures.loc[("scorecard", "达标"), ["value_a", "value_b"]].tolist() == [1, 2]
    assert figures.loc[("allocation", "2025"), ["value_a", "value_b"]].tolist() == [1, 0]


@pytest.mark.parametrize("few", [3, 5])
def test_steps_of_cases_tell_no_number(few):
    """A step that a reader sees allows several numbers, whatever the other number is; a hidden count allows no step."""
    for a in (few, few + 1, 10, 19, 20, 59, 60, 61, 100, 399):
        seen: dict[str | None, list[int]] = {}
        for b in range(2 * a + few):
            seen.setdefault(change_of_cases(a, b, few), []).append(b)
        assert seen.pop(None) == [*range(1, few)]
        # Whoever knows A is told no other number: a change by one or two cases looks as none does.
        assert {*range(max(a - few + 1, few), a + few)} <= {*seen["same"]}


def test_no_number_of_cases_and_no_change_by_few_is_written(tmp_path):
    """Planted: counts that are found nowhere else, and files of issues that differ by two rows."""
    a = tables() | {
        "hotspots.gpkg/places": places(("all", "三水湾", 71_234, box(0, 0)), ("all", "小处", 2, box(3000, 0))),
        "scores.gpkg/scores": scores(("一", 1, 81.61, 70_001), ("二", 2, 70.0, 2)),
    }
    b = tables() | {
        "hotspots.gpkg/places": places(("all", "三水湾", 71_235, box(0, 0, 1100)), ("all", "小处", 71, box(3000, 0))),
        "scores.gpkg/scores": scores(("一", 1, 82.62, 70_002), ("二", 2, 73.73, 90)),
    }
    rows = {"rows_in": 88_888, "rows_kept": 88_001}
    first = write_result(tmp_path / "a", a, inputs=other_input("issues", **rows))
    second = write_result(tmp_path / "b", b, inputs=other_input("issues", sha256="b", rows_in=88_889, rows_kept=88_002))
    found = run_compare(first, second, tmp_path / "out")
    assert found.frames["places"]["change_of_cases"].tolist() == ["same"]
    assert found.frames["ranks"][["score_a", "score_b"]].isna().all(axis=None)
    assert found.frames["inputs"][["rows_in_a", "rows_kept_a", "rows_in_b", "rows_kept_b"]].isna().all(axis=None)
    book = openpyxl.load_workbook(tmp_path / "out" / "compare.xlsx")
    cells = [str(cell.value) for sheet in book for row in sheet for cell in row if cell.value is not None]
    written = " ".join(cells) + "".join(
        (tmp_path / "out" / f"compare.{end}").read_text("utf-8") for end in ("html", "json")
    )
    for number in (
        "71234",
        "71,234",
        "71235",
        "71,235",
        "70001",
        "70,001",
        "70002",
        "81.6",
        "82.6",
        "73.7",
        "88888",
        "88,888",
        "88889",
        "88001",
    ):
        assert number not in written, number


def test_a_file_of_another_name_is_no_other_input(compared):
    renamed = [row | {"name": "copy.gpkg"} if row["layer"] == "parks" else row for row in RUN["inputs"]]
    found = compared({}, inputs=renamed)
    assert not len(found.frames["inputs"])


def test_inputs_that_came_and_went_are_said_with_their_rows(compared):
    inputs = [
        *other_input("parks", rows_in=12, rows_kept=11, rows_rejected=1)[:-1],
        RUN["inputs"][0] | {"layer": "gates", "sha256": "g"},
    ]
    change = compared({}, inputs=inputs)
    assert (
        "1 个文件不同（公园绿地）、1 个文件只有 A 读取（候选单元）、1 个文件只有 B 读取（公园出入口）"
        in change.sentences()[0]
    )
    found = change.frames["inputs"].set_index("layer")
    assert found["state"].to_dict() == {"candidates": "gone", "gates": "new", "parks": "other"}
    assert found.loc["parks", ["rows_kept_a", "rows_kept_b", "rows_rejected_b"]].tolist() == [9, 11, 1]


def test_an_older_contract_without_a_table_is_said(tmp_path):
    a, b = tables(), tables()
    del a["scores_depth.gpkg/swings"]
    a["parks.gpkg/coverage"] = a["parks.gpkg/coverage"].drop(columns="method")
    found = compare_results(write_result(tmp_path / "a", a), write_result(tmp_path / "b", b))
    rows = found.frames["tables"].set_index(["part", "table"])
    assert rows["rows_a"].isna().to_dict()["parks", "coverage"]
    assert found.frames["parts"].set_index("part").loc["parks", "state"] == "only_b"
    assert any("只有 B 有：公园覆盖" in line for line in found.lines())


def test_an_older_contract_without_columns_is_compared_in_the_others(a, tmp_path):
    lacking = {
        "hotspots.gpkg/places": ["name", "area_km2", "issues"],
        "units.gpkg/units": ["area_km2", "in_bounds"],
        "scores.gpkg/scores": ["rank"],
        "allocation.gpkg/allocation": ["year"],
        "scorecard.gpkg/scorecard_rows": ["status"],
        "parks.gpkg/coverage": ["residential_m2"],
    }
    older = {name: table.drop(columns=lacking.get(name, [])) for name, table in tables().items()}
    older["parks.gpkg/coverage"].loc[1, "coverage"] = 0.5
    b = write_result(tmp_path / "b", older)
    for pair in ((a, b), (b, a)):
        found = compare_results(*pair)
        assert found.sentences()
        assert found.sections()
        assert abs(found.frames["coverage"].set_index("zone").loc["老城", "difference"]) == pytest.approx(0.4)
        assert found.plans is None


def test_a_plan_without_units_is_compared_with_none(compared):
    found = compared({"units.gpkg/units": units(甲=box(0, 0)).iloc[:0]})
    assert found.plans is None
    assert found.frames["figures"].set_index("part").loc["units", "value_b"].tolist() == [0, 0]


def test_no_hot_place_is_none_and_of_no_area(compared):
    figures = compared({"hotspots.gpkg/places": places(("all", "三水湾", 600, box(0, 0))).iloc[:0]}).frames["figures"]
    assert figures["value_b"].tolist() == [0, 0, 0, 0]
    assert figures["value_a"].tolist() == [2, 1, 2.0, 1.0]


def test_the_version_is_named_once(compared):
    planted = {"parks.gpkg/coverage": coverage(all=0.81, 老城=0.9, 东栅=0.7)}
    assert "公园覆盖的差别只可能来自软件版本。" in compared(planted, versions={"jxgis": "0.2.0"}).sentences()


def test_other_tables_of_an_older_version_hold_what_they_hold(compared):
    unbounded = pd.DataFrame({"zone": ["all"], "method": "radius", "band": 1, "max_m2": [float("inf")]})
    assert compared(
        {"parks.gpkg/coverage_by_band": unbounded} | {"parks.gpkg/coverage": tables()["parks.gpkg/coverage"]}
    ).frames


@pytest.mark.parametrize(
    ("name", "column", "value"),
    [
        ("hotspots.gpkg/places", "issues", "x"),
        ("hotspots.gpkg/places", "area_km2", -1.0),
        ("parks.gpkg/coverage", "coverage", 1.5),
        ("units.gpkg/units", "in_bounds", "x"),
        ("circle.gpkg/circle_rows", "people_coverage", "x"),
        ("scores.gpkg/scores", "rank", 0),
    ],
)
def test_what_cannot_be_a_number_of_a_column_is_refused(compared, name, column, value):
    with pytest.raises(InputError, match=column):
        compared({name: tables()[name].assign(**{column: value})})


@pytest.mark.parametrize("rows", [-3, 1 << 60, "x", 1.5])
def test_what_is_no_number_of_rows_is_not_said(compared, rows):
    found = compared({}, inputs=other_input("parks", rows_in=rows, rows_kept=11)).frames["inputs"]
    assert found["rows_in_b"].isna().all()
    assert found["rows_kept_b"].tolist() == [11]


def test_another_language_and_another_crs_are_said_and_compared(a, tmp_path):
    other = {name: table.to_crs(4547) if hasattr(table, "to_crs") else table for name, table in tables().items()}
    b = write_result(tmp_path / "b", other, crs="EPSG:4547")
    run = json.loads((b / "run.json").read_text("utf-8"))
    run["settings"]["lang"] = "en"
    (b / "run.json").write_text(json.dumps(run), encoding="utf-8")
    found = compare_results(a, b, lang="en")
    assert any("other languages" in line for line in found.notes)
    assert any("EPSG:4547" in line for line in found.notes)
    assert not len(found.frames["places"])


def test_a_code_of_no_crs_is_no_damage_of_the_shapes(a, tmp_path):
    b = write_result(tmp_path / "b", tables(), crs="EPSG:999999")
    with pytest.raises(InputError, match="says no CRS by its code"):
        compare_results(a, b)


def test_two_cities_are_refused(a, tmp_path):
    there = {name: table.translate(500_000) for name, table in tables().items() if hasattr(table, "translate")}
    far = {name: tables()[name].set_geometry(shapes) for name, shapes in there.items()}
    with pytest.raises(InputError, match="不在同一个地方"):
        compare_results(a, write_result(tmp_path / "b", far))


def test_nothing_in_common_is_refused(tmp_path):
    one, other = ({name: table for name, table in tables().items() if name.startswith(of)} for of in ("parks", "units"))
    with pytest.raises(InputError, match="没有共同的部分"):
        compare_results(write_result(tmp_path / "a", one), write_result(tmp_path / "b", other))


@pytest.mark.parametrize(
    "run", ["{", "[]", '{"command": "report"}', '{"command": "check", "settings": {}, "inputs": []}']
)
def test_a_damaged_run_is_refused(a, tmp_path, run):
    b = tmp_path / "b"
    b.mkdir()
    (b / "run.json").write_text(run, encoding="utf-8")
    with pytest.raises(InputError):
        compare_results(a, b)


@pytest.mark.parametrize("held", [b"no database", b""])
def test_a_damaged_file_is_named(a, tmp_path, held):
    b = shutil.copytree(a, tmp_path / "b")
    (b / "parks.gpkg").write_bytes(held)
    with pytest.raises(InputError, match=r"parks\.gpkg"):
        compare_results(a, b)


def test_the_same_bytes_each_time_and_texts_stay_texts(a, tmp_path):
    attack = "</script><script>window.hacked=1</script>{{7*7}}=1+1"
    changed = {
        "hotspots.gpkg/places": places(("all", attack, 600, box(0, 0, 1500)), ("市容环境", attack, 9, box(0, 0)))
    }
    b = write_result(shutil.copytree(a, tmp_path / "b"), changed, hotspots__family=attack, versions={"jxgis": attack})
    for out in ("one", "two"):
        run_compare(a, b, tmp_path / out)
    for name in ("compare.html", "compare.json", "compare.xlsx", "run.json"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes(), name
    html = (tmp_path / "one" / "compare.html").read_text("utf-8")
    assert html.count("<script") == 1
    assert attack in unescape(html)
    assert json.loads((tmp_path / "one" / "compare.json").read_text("utf-8"))["places"][0]["name_b"] == attack


def test_what_a_notebook_and_a_terminal_show(compared):
    found = compared({"parks.gpkg/coverage": coverage(all=0.8, 老城=0.95, 东栅=0.7)}, parks__minutes=15.0)
    assert "步行分钟" in repr(found)
    assert "公园覆盖" in found._repr_html_()
    assert found.table("coverage")["B 比 A（百分点）"].tolist() == ["+5.0"]
    with pytest.raises(InputError, match="coverage"):
        found.table("coverag")


def test_a_file_that_a_run_only_names_may_have_caused_it(tmp_path):
    planted = tables() | {"parks.gpkg/coverage": coverage(all=0.81, 老城=0.9, 东栅=0.7)}
    named = {"city__issue_classes": "classes.xlsx"}
    a, b = (write_result(tmp_path / name, of, **named) for name, of in (("a", tables()), ("b", planted)))
    found = compare_results(a, b)
    assert cause(found, "parks") == (True, "inputs", "classes.xlsx（内容是否有变，没有记录）")


def test_a_file_of_the_city_that_is_another_may_have_caused_it_and_one_that_is_the_same_not(tmp_path):
    planted = tables() | {"parks.gpkg/coverage": coverage(all=0.81, 老城=0.9, 东栅=0.7)}
    named = {"city__issue_classes": "classes.xlsx"}
    files = [[{"name": "classes.xlsx", "sha256": sha}] for sha in ("1", "1", "2")]
    first, same, other = (
        write_result(tmp_path / str(at), tables() if at == 0 else planted, city_files=of, **named)
        for at, of in enumerate(files)
    )
    assert cause(compare_results(first, same), "parks") == (True, "none", "")
    found = compare_results(first, other)
    assert cause(found, "parks") == (True, "inputs", "城市配置")
    assert found.frames["inputs"][["title", "state", "name_a"]].to_numpy().tolist() == [
        ["城市配置", "other", "classes.xlsx"]
    ]


@pytest.mark.parametrize(
    ("table", "column", "value"),
    [
        ("hotspots.gpkg/places", "area_km2", "=1+1"),
        ("hotspots.gpkg/places", "rank", 0),
        ("hotspots.gpkg/places", "issues", "x"),
        ("parks.gpkg/coverage", "coverage", 1.5),
        ("units.gpkg/units", "unit_id", None),
        ("scores.gpkg/scores", "candidate_id", "一"),
        ("scores.gpkg/scores", "score", float("inf")),
    ],
)
def test_values_that_no_result_holds_are_refused(a, tmp_path, table, column, value):
    broken = tables()
    broken[table] = broken[table].assign(**{column: value})
    file, _, layer = table.partition("/")
    with pytest.raises(InputError, match=rf"{layer}.*{file}.*{column}|{file}.*{layer}.*{column}"):
        compare_results(a, write_result(tmp_path / "b", broken))


def test_ground_that_is_none_is_refused(a, tmp_path):
    broken = tables()
    broken["hotspots.gpkg/places"].loc[0, "geometry"] = None
    with pytest.raises(InputError, match="图形已损坏"):
        compare_results(a, write_result(tmp_path / "b", broken))


@pytest.mark.parametrize(
    ("table", "column"),
    [("hotspots.gpkg/places", "area_km2"), ("units.gpkg/units", "in_bounds"), ("scores.gpkg/scores", "rank")],
)
def test_an_older_contract_without_a_column_is_compared(a, tmp_path, table, column):
    older = tables()
    older[table] = older[table].drop(columns=column)
    found = compare_results(a, write_result(tmp_path / "b", older))
    assert "—" in {*found.table("figures")["B"]}


def test_a_plan_without_units_is_compared(a, tmp_path):
    none = tables()
    none["units.gpkg/units"] = none["units.gpkg/units"].head(0)
    found = compare_results(a, write_result(tmp_path / "b", none))
    assert "units" in found.differing()
    assert found.plans is None


@pytest.mark.parametrize("value", ["\ud800", 10**400])
def test_a_value_that_no_run_records_is_damage(a, tmp_path, value):
    b = write_result(tmp_path / "b", tables())
    run = json.loads((b / "run.json").read_text("utf-8"))
    run["settings"]["parks"]["minutes"] = value
    (b / "run.json").write_text(json.dumps(run), encoding="utf-8")
    with pytest.raises(InputError, match=r"run\.json"):
        compare_results(a, b)


def test_a_score_that_a_result_hides_is_not_told(tmp_path):
    """The second has many cases, and its score would tell how few the third has."""
    first = scores(("一", 1, 80.0, 100), ("二", 2, 70.26, 90), ("三", 3, 60.0, 2))
    second = scores(("一", 2, 72.04, 200), ("二", 1, 75.0, 190), ("三", 3, 61.0, 2))
    folders = [
        write_result(tmp_path / name, tables() | {"scores.gpkg/scores": table})
        for name, table in (("a", first), ("b", second))
    ]
    shown = pd.read_excel(folders[0] / "scores.xlsx", engine="calamine")
    shown.assign(score=shown["score"].where(shown["candidate_id"] != "二")).to_excel(
        folders[0] / "scores.xlsx", sheet_name="scores", index=False
    )
    ranks = compare_results(*folders).frames["ranks"].set_index("candidate_id")
    assert ranks.loc[["二", "三"], ["score_a", "score_b", "difference"]].isna().all(axis=None)
    assert ranks.loc["一", ["score_a", "score_b"]].tolist() == [80.0, 72.0]
    (folders[1] / "scores.xlsx").unlink()
    assert compare_results(*folders).frames["ranks"]["score_b"].isna().all()


def test_a_folder_given_as_a_dot_has_its_name(a, tmp_path, monkeypatch):
    monkeypatch.chdir(a)
    found = run_compare(".", write_result(tmp_path / "b", tables()), tmp_path / "out")
    assert json.loads((tmp_path / "out" / "compare.json").read_text("utf-8"))["a"] == found.a.name == a.name


def test_folders_of_one_name_are_told_apart_by_those_above(tmp_path):
    for year in ("2023", "2024"):
        (tmp_path / year).mkdir()
    a, b = (write_result(tmp_path / year / "报告", tables()) for year in ("2023", "2024"))
    run_compare(a, b, tmp_path / "out")
    assert "A：2023/报告；B：2024/报告" in (tmp_path / "out" / "compare.html").read_text("utf-8")
    told = json.loads((tmp_path / "out" / "compare.json").read_text("utf-8"))
    assert (told["a"], told["b"]) == ("2023/报告", "2024/报告")
    assert compare_results(a, a).names == {"a": "报告", "b": "报告"}


def test_files_of_issues_that_together_differ_by_few_tell_no_rows(a, tmp_path):
    """One file of 301 in the stead of two of 100 and 200."""
    issues = {"layer": "issues", "rows_rejected": 0, "rows_left_out": 0}
    rows = [issues | {"name": f"{n}.csv", "sha256": f"{n}", "rows_in": n, "rows_kept": n} for n in (100, 200, 301)]
    one = write_result(tmp_path / "a", tables(), inputs=[*RUN["inputs"][:1], *rows[:2]])
    other = write_result(tmp_path / "b", tables(), inputs=[*RUN["inputs"][:1], *rows[2:]])
    found = compare_results(one, other).frames["inputs"]
    assert len(found) == 2
    assert found.filter(like="rows_").isna().all(axis=None)


def test_of_tables_whose_rows_differ_it_says_in_which_columns(compared):
    moved = tables()["parks.gpkg/coverage"].assign(coverage=lambda frame: frame["coverage"] / 2)
    rows = compared({"parks.gpkg/coverage": moved}).frames["tables"].set_index(["part", "table"])["differing"].dropna()
    assert rows.to_dict() == {("parks", "coverage"): "覆盖率"}


@pytest.mark.parametrize(
    ("lang", "causes"), [("zh", ("输入", "设置", "版本")), ("en", ("inputs", "settings", "version"))]
)
def test_a_table_of_one_run_alone_may_come_of_any_cause(lang, causes):
    said = text("compare.missing_tables", lang, tables="x")
    assert all(cause in said for cause in causes)
