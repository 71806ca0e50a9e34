"""`jxgis effect` on made cities: what it finds, what it says of its doubts, and what it refuses."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pytest
import shapely
from shapely.affinity import rotate, translate

from jxgis.effect.analysis import analyse, measure_effect
from jxgis.effect.areas import all_areas
from jxgis.effect.result import EffectResult
from jxgis.effect.section import effect_section, in_a_line
from jxgis.errors import InputError
from jxgis.report.blocks import Paragraph
from jxgis.space.points import locate

SIDE, CELLS = 500.0, 12
GROUND = gpd.GeoDataFrame({"name": ["城"]}, geometry=[shapely.box(0, 0, SIDE * CELLS, SIDE * CELLS)], crs=4549)
SQUARES = [(1, 1), (1, 5), (1, 9), (5, 1), (5, 5), (5, 9), (9, 1), (9, 5)]


def squares(at: list[tuple[int, int]], side: float = SIDE) -> gpd.GeoDataFrame:
    shapes = [shapely.box(side * c, side * r, side * (c + 1), side * (r + 1)) for c, r in at]
    return gpd.GeoDataFrame({"name": [f"治理{n}" for n in range(len(at))]}, geometry=shapes, crs=4549)


TREATED = squares(SQUARES)


def city(
    *,
    drop: float = 0.0,
    cases: float = 60,
    seed: int = 0,
    patrols: float = 0.0,
    years: tuple[int, ...] = (2021, 2022, 2023),
) -> gpd.GeoDataFrame:
    """Issues of a grid of cells by year; fewer by ``drop`` in the treated ones from 2023 on, more of them by patrols."""
    rng = np.random.default_rng(seed)
    level = cases * np.exp(0.4 * rng.standard_normal((CELLS, CELLS)))
    parts = []
    for year in years:
        for c in range(CELLS):
            for r in range(CELLS):
                done = (c, r) in SQUARES and year >= 2023
                number = rng.poisson(level[c, r] * ((1 - drop) if done else 1))
                time = pd.Timestamp(year=year, month=1, day=1) + pd.to_timedelta(rng.integers(0, 365, number), unit="D")
                by_patrol = rng.random(number) < 0.5 + (patrols if done else 0)
                source = np.where(by_patrol, "巡查", "热线")
                x, y = rng.uniform(0, SIDE, (2, number))
                parts.append(pd.DataFrame({"time": time, "source": source, "x": SIDE * c + x, "y": SIDE * r + y}))
    rows = pd.concat(parts, ignore_index=True)
    rows["issue_class"] = np.where(np.arange(len(rows)) % 4, "街面秩序", "市容环境")
    return gpd.GeoDataFrame(rows.drop(columns=["x", "y"]), geometry=gpd.points_from_xy(rows["x"], rows["y"]), crs=4549)


ISSUES = city(drop=0.4)


def measured(issues: gpd.GeoDataFrame = ISSUES, treated: gpd.GeoDataFrame = TREATED, **options: Any) -> EffectResult:
    asked: dict[str, Any] = {"at": "2023-01-01", "lang": "en"} | options
    return measure_effect(treated, issues, GROUND, **asked)


@pytest.fixture(scope="module")
def found() -> EffectResult:
    return measured()


def test_a_planted_drop_is_found(found: EffectResult) -> None:
    assert found.low <= -0.4 <= found.high < 0
    assert found.effect == pytest.approx(-0.4, abs=0.1)
    assert 0 < found.detectable < 0.4
    assert found.controls_from == "cells"
    assert found.compared.centre.p < 0.05


def test_counts_are_those_of_plain_loops(found: EffectResult) -> None:
    years = ISSUES["time"].dt.year
    for _, area in found.areas.iterrows():
        inside = ISSUES.within(area.geometry)
        assert area["cases_before"] == (inside & (years == 2021)).sum()
        assert area["cases_after"] == (inside & (years == 2023)).sum()
    assert found.months["cases_treated"].sum() == sum(ISSUES.within(shape).sum() for shape in TREATED.geometry)


def test_controls_neither_overlap_the_treated_nor_are_near(found: EffectResult) -> None:
    roles = found.areas.set_index("area_id")["role"]
    assert (roles == "treated").sum() == len(SQUARES)
    done = TREATED.union_all()
    by_role = dict(iter(found.areas.groupby("role")))
    assert (by_role["near"].distance(done) <= 100).all()
    for name in ("control", "untreated"):
        assert (by_role[name].distance(done) > 100).all()
    # Each control stands for one area alone, and the cells of the treated areas are not among them.
    assert len(by_role["control"]) == found.sets["controls_n"].sum() == by_role["control"]["control_of"].notna().sum()
    assert len(found.areas) == CELLS**2
    adjoining = measured(spill_m=0)
    assert not (adjoining.areas["role"] == "near").any()
    assert any("spill_m = 0" in note.en for note in adjoining.notes())


def test_the_same_of_one_class_and_in_another_order(found: EffectResult) -> None:
    one = measured(issue_class="街面秩序")
    assert one.areas["cases_before"].sum() < found.areas["cases_before"].sum()
    shuffled = measured(ISSUES.sample(frac=1, random_state=2), TREATED.sample(frac=1, random_state=3))
    assert shuffled.summary() == found.summary()


def test_units_of_the_size_of_the_treated_areas_are_taken_before_cells() -> None:
    every = [(c, r) for c in range(CELLS) for r in range(CELLS)]
    units = squares(every).assign(unit_id=[f"U{c:02}-{r:02}" for c, r in every]).drop(columns="name")
    result = measured(units=units)
    assert result.controls_from == "units"
    assert set(result.areas.loc[result.areas["role"] == "control", "area_id"]) <= set(units["unit_id"])
    wide = squares([(c, r) for c in range(4) for r in range(4)], side=3 * SIDE)
    assert measured(units=wide).controls_from == "cells"
    assert measured(units=wide, controls="units", spill_m=0, treated=TREATED.iloc[:1]).controls_from == "units"


def test_a_report_takes_the_units_that_it_proposes_where_units_are_asked_for() -> None:
    every = [(c, r) for c in range(CELLS) for r in range(CELLS)]
    units = squares(every).assign(unit_id=[f"U{c:02}-{r:02}" for c, r in every]).drop(columns="name")
    given = measured().given
    given.results["units"] = SimpleNamespace(tables=lambda: {"units": units})  # type: ignore[assignment]  # all that is asked of it
    assert analyse(given).controls_from == "cells"
    asked = replace(given, settings=given.settings.overridden("effect", {"controls": "units"}))
    result = analyse(asked)
    assert result.controls_from == "units"
    assert set(result.areas.loc[result.areas["role"] == "control", "area_id"]) <= set(units["unit_id"])
    with pytest.raises(InputError, match="no such layer"):
        analyse(replace(asked, results={}))


def test_fewer_than_six_sets_have_no_interval() -> None:
    result = measured(treated=TREATED.iloc[:5])
    summary = result.summary()
    assert (summary["low"], summary["high"], summary["detectable"]) == (None, None, None)
    assert summary["effect"] < 0
    assert summary["p"] == 2 / 2**5
    assert "takes 6" in summary["reason"]
    assert result.section().keys[0].note.startswith("no 95 % interval")
    json.dumps(summary, allow_nan=False)


def test_the_figure_says_what_changed_and_which_way(found: EffectResult) -> None:
    key = effect_section(found, "zh").keys[0]
    assert key.label == "问题件数与对照相比（减少为负）"
    assert key.note.startswith("问题减少，不像是偶然（95 % 区间 −")
    assert "问题件数与对照相比 −" in in_a_line(found, "zh")
    same = effect_section(measured(city(drop=0.0)), "zh").keys[0]
    assert same.note.startswith("看不出成效")
    assert same.look == ""


def test_a_set_that_is_not_shown_says_why(found: EffectResult) -> None:
    def said(result: EffectResult) -> bool:
        blocks = effect_section(result, "zh").blocks
        return any(isinstance(block, Paragraph) and block.words.startswith("“—”：该区域") for block in blocks)

    assert not said(found)
    empty = city(cases=2, seed=3)
    few = measured(empty)
    assert few.shown_tables()["sets"]["difference"].isna().any()
    assert said(few)
    # Months of few issues are not drawn, and leave no empty half.
    assert (len(found.figure().axes), len(few.figure().axes)) == (2, 1)
    hidden = int(few.shown_tables()["sets"]["difference"].isna().sum())
    assert f"{hidden} of {len(few.sets)} treated areas" in few.figure().get_supxlabel()
    assert "treated areas" not in found.figure().get_supxlabel()


def test_patrols_that_changed_at_the_same_time_are_said(found: EffectResult) -> None:
    assert not found.sources["warns"].any()
    moved = measured(city(patrols=0.3))
    row = moved.sources.set_index("source").loc["巡查"]
    assert row["warns"]
    assert row["moved"] == pytest.approx(0.3, abs=0.1)
    # Shares by hand.
    inside = gpd.sjoin(city(patrols=0.3), TREATED, predicate="within")
    after = inside[inside["time"].dt.year == 2023]
    assert row["treated_share_after"] == pytest.approx((after["source"] == "巡查").mean())
    assert any("巡查" in note.en and "patrols" in note.en for note in moved.notes())


def test_a_course_of_their_own_before_is_said() -> None:
    """The treated areas fell all along: the placebo date shows it."""
    issues = city(cases=200)
    own = issues.geometry.apply(lambda point: (int(point.x // SIDE), int(point.y // SIDE)) in SQUARES)
    late = issues["time"] >= "2021-07-01"
    fallen = issues[~(own & late & (np.random.default_rng(1).random(len(issues)) < 0.5))]
    result = measured(fallen)
    dates = result.placebo[result.placebo["placebo"] == "date"]
    assert (dates["high"] < 0).all()
    assert any("when nothing was done" in note.en for note in result.notes())


def test_a_source_that_was_silent_is_no_course_of_their_own() -> None:
    """Patrols, most of them in the treated areas, are missing for four months of the placebo's later half."""
    issues = city(cases=200)
    own = issues.geometry.apply(lambda point: (int(point.x // SIDE), int(point.y // SIDE)) in SQUARES)
    patrols = np.random.default_rng(1).random(len(issues)) < np.where(own, 0.8, 0.3)
    silent = patrols & issues["time"].between("2021-09-01", "2021-12-31 23:59").to_numpy()
    result = measured(issues.assign(source=np.where(patrols, "巡查", "热线"))[~silent])
    dates = result.placebo[result.placebo["placebo"] == "date"]
    assert len(dates) == 1
    assert (dates["low"] < 0).all()
    assert (dates["high"] > 0).all()
    assert not any("when nothing was done" in note.en for note in result.notes())


def test_areas_that_drift_apart_are_warned_of(found: EffectResult) -> None:
    def said(p: float) -> bool:
        drifting = replace(found, compared=replace(found.compared, drift_p=p))
        return any("drift apart" in note.en and "分化" in note.zh for note in drifting.notes())

    assert [said(p) for p in (0.001, 0.2, np.nan)] == [True, False, False]


def test_placebo_places_hold_no_effect(found: EffectResult) -> None:
    rows: dict[Any, Any] = found.placebo.set_index("placebo").T.to_dict()
    assert rows["random"]["programmes"] == 200
    assert rows["random"]["covers"] > 0.9
    assert rows["random"]["low"] < 0 < rows["random"]["high"]


def test_treated_areas_without_issues_are_left_out_by_name() -> None:
    empty = gpd.GeoDataFrame({"name": ["空"]}, geometry=[shapely.box(-900, -900, -400, -400)], crs=4549)
    result = measured(treated=pd.concat([TREATED, empty], ignore_index=True))
    assert len(result.sets) == len(SQUARES)
    row = result.areas.set_index("area_id").loc["空"]
    assert row["reason"] == "no_issues_compared"
    assert any("空" in note.en and "no issue before or after" in note.en for note in result.notes())
    with pytest.raises(InputError, match=r"hold no issue before or after"):
        measured(treated=empty)


def test_treated_areas_drawn_twice_are_named_and_not_said_to_hold_no_issue() -> None:
    again = TREATED.head(1).assign(name="又一次")
    result = measured(treated=pd.concat([TREATED, again], ignore_index=True))
    assert len(result.sets) == len(SQUARES)
    assert result.areas["reason"].dropna().isin(["counted_in_another", "near_treated"]).all()
    assert any("–又一次" in note.zh or "又一次–" in note.zh for note in result.notes() if "互相重叠" in note.zh)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"at": None}, "--at"),
        ({"at": "2023-02-31"}, "is not a date"),
        ({"at": "2031-01-01"}, "outside the data"),
        ({"issues": ISSUES.drop(columns="time")}, "no times"),
        ({"issues": ISSUES.assign(time=pd.NaT)}, "no times"),
        ({"issue_class": "没有的"}, "街面秩序"),
        ({"issue_class": "没有的", "issues": ISSUES.drop(columns="issue_class")}, r"there are: none\."),
        ({"controls": "units"}, r"inputs.units"),
        ({"treated": GROUND}, "No untreated area"),
        ({"treated": TREATED.iloc[:0]}, "no treated area"),
        ({"treated": squares([(9, 9)], side=1.0)}, r"1 m², and .* too many where it is small"),
        ({"treated": squares([(0, 0)], side=1e5)}, r"10,000,000,000 m², and .* none where it is large"),
        ({"spill_m": 90_000}, "No untreated area"),
    ],
)
def test_what_cannot_be_used_is_refused_in_words(change: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said) as refused:
        measured(**change)
    assert refused.value.text("zh") != refused.value.text("en")


def test_polygons_drawn_side_by_side_do_not_overlap() -> None:
    """A border drawn twice leaves slivers: such a neighbour is near, not a part of the treated area."""
    layers = {"districts": squares([(1, 0), (2, 0), (5, 5)]).assign(name=["左", "右", "远"])}
    own = gpd.GeoDataFrame({"name": ["治"]}, geometry=[shapely.box(SIDE * 2, 0, SIDE * 3 + 1, SIDE)], crs=4549)
    own.loc[0, "geometry"] = shapely.box(SIDE * 2 - 1, 0, SIDE * 3, SIDE)
    areas, taken = all_areas(own, GROUND, layers, controls="auto", spill_m=50)
    assert taken == "districts"
    assert areas[["name", "role"]].to_numpy().tolist() == [["治", "treated"], ["左", "near"], ["远", "untreated"]]


def test_names_that_repeat_are_told_apart() -> None:
    areas, _ = all_areas(
        TREATED.assign(name=["甲", "甲", None, *"乙丙丁戊己"]), GROUND, {}, controls="cells", spill_m=0
    )
    assert areas["area_id"].is_unique
    assert {"甲", "甲 (2)"} <= set(areas["area_id"])


def test_small_counts_are_hidden_with_what_would_tell_them() -> None:
    few = measured(city(cases=6, seed=4))
    small = few.areas[["cases_before", "cases_after"]].isin([1, 2]).any(axis=1)
    assert small.any()
    shown = few.shown_tables()
    areas = shown["areas"]
    assert not areas[["cases_before", "cases_after"]].isin([1, 2]).to_numpy().any()
    assert areas.loc[small, "change_cases"].isna().all()
    groups = few.compared.sets[["treated", "controls"]].to_numpy()
    touched = np.array([small[[mine, *theirs]].any() for mine, theirs in groups])
    assert touched.any()
    assert (
        shown["sets"].loc[touched, ["cases_before", "controls_before", "difference", "weight"]].isna().to_numpy().all()
    )
    assert shown["sets"]["weight"].isna().all()
    assert shown["months"].empty


def test_all_issues_of_an_area_less_what_is_shown_are_no_few() -> None:
    """Two years and nothing between the periods: what a report shows of a unit less one period is the other."""
    issues = city(cases=6, seed=4, years=(2022, 2023))
    found = measured(issues, selecting_months=0)
    every = locate(issues, found.areas)
    whole = np.bincount(every[every >= 0], minlength=len(found.areas))
    shown = found.shown_tables()["areas"][["cases_before", "cases_after"]]
    number = shown.apply(pd.to_numeric, errors="coerce")
    assert (number > 2).all(axis=1).any()
    assert shown.isin(["1–2"]).to_numpy().any()
    for left in (
        whole - number["cases_before"],
        whole - number["cases_after"],
        whole - number.sum(axis=1, skipna=False),
    ):
        assert not left.isin([1, 2]).any()


def test_areas_that_fill_the_city_do_not_tell_the_small_count_of_one_of_them() -> None:
    """How many issues the city has is shown elsewhere, and two years are all there are: less the others, one is left."""
    alone = ISSUES.geometry.x.gt(11 * SIDE) & ISSUES.geometry.y.gt(11 * SIDE)
    issues = ISSUES[(ISSUES["time"] >= "2022") & ~alone]
    one = issues.head(1).set_geometry([shapely.Point(11.5 * SIDE, 11.5 * SIDE)], crs=4549)
    both = gpd.GeoDataFrame(pd.concat([issues, one], ignore_index=True))
    found = measured(both, months=12, selecting_months=0)
    shown = found.shown_tables()["areas"]
    counts = shown[["cases_before", "cases_after"]].apply(pd.to_numeric, errors="coerce")
    assert len(shown) == CELLS**2
    assert counts.isna().any(axis=1).sum() == 2
    assert (found.areas.loc[shown["cases_before"] == "1–2", "cases_before"] == 1).all()


def test_the_figure_draws_no_month_and_no_area_whose_cases_are_hidden() -> None:
    few = measured(city(cases=6, seed=4))
    (sets,) = few.figures()["effect"].axes
    told = few.shown_tables()["sets"]["difference"].notna().sum()
    assert np.shape(sets.collections[-1].get_offsets())[0] == told < len(few.sets)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_it_writes_what_the_contract_says(tmp_path: Path, lang: str) -> None:
    result = measured(lang=lang)
    assert [mark for mark in "、," if result.sets["controls"].str.contains(mark).any()] == [
        "、" if lang == "zh" else ","
    ]
    out = result.write(tmp_path / "out")
    summary = json.loads((out / "effect.json").read_text(encoding="utf-8"))
    assert list(summary)[:7] == ["effect", "low", "high", "p", "treated", "controls", "detectable"]
    assert summary["effect"] == pytest.approx(result.effect, abs=1e-6)
    assert summary["periods"]["before"] == ["2021-01-01", "2022-01-01"]
    layer = gpd.read_file(out / "effect.gpkg", layer="areas")
    assert layer["area_id"].tolist() == result.areas["area_id"].tolist()
    book = openpyxl.load_workbook(out / "effect.xlsx")
    assert len(book.sheetnames) == 8
    assert {path.name for path in (out / "maps").iterdir()} == {"effect.html"}
    assert (out / "figures/effect.png").exists()
    run = json.loads((out / "run.json").read_text(encoding="utf-8"))
    assert run["effect_found"] == summary


def test_an_area_exactly_at_the_spill_distance_is_near() -> None:
    rng = np.random.default_rng(8)
    for _ in range(30):
        angle, (dx, dy) = rng.uniform(0, 360), rng.uniform(-20_000, 20_000, 2)
        figure = [shapely.box(x, 0, x + 100, 100) for x in (0, 400, 900)]
        shapes = [translate(rotate(g, angle, origin=(0, 0)), 572_000 + dx, 3_402_000 + dy) for g in figure]
        treated, near, far = (
            gpd.GeoDataFrame({"name": [n]}, geometry=[g], crs=4549) for n, g in zip("abc", shapes, strict=True)
        )
        units = gpd.GeoDataFrame(pd.concat([near, far], ignore_index=True), crs=4549)
        areas, _ = all_areas(treated, units, {"units": units}, controls="units", spill_m=300.0)
        assert areas.set_index("name")["role"].to_dict() == {"a": "treated", "b": "near", "c": "untreated"}
