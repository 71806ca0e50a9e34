"""The plan as data: what it says, row by row, and files that cannot be one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from jxgis.city import load_city
from jxgis.errors import SettingsError
from jxgis.scorecard import load_plan, meets
from jxgis.scorecard.figures import target_chart
from jxgis.scorecard.map import states
from jxgis.scorecard.targets import PlanProject
from jxgis.scoring.indicators import load_registry

#: Table 1 as the plan prints it (plan.txt): number, 2025, 2027, direction, kind.
TABLE_1 = """
1 60 100 at_least expected
2 2 3 at_least binding
3 2 3 at_least binding
4 3 5 at_least expected
5 9.5 11 at_least expected
6 30 70 at_least expected
7 75 80 at_least binding
8 98 98 at_least binding
9 95 96 at_least binding
10 96 98 at_least expected
11 95 96 at_least binding
12 95 98 at_least binding
13 99 99 at_least binding
14 9 6 below binding
15 98 98 at_least expected
16 100 100 at_least binding
17 7 25 at_least expected
18 0.7 0.7 at_most expected
19 6 15 at_least binding
20 10 10 at_least binding
"""


def test_all_twenty_rows_of_the_table():
    plan = load_plan()
    said = [line.split() for line in TABLE_1.strip().splitlines()]
    found = [t for t in plan.targets if t.number is not None]
    assert [(t.number, t.target_2025, t.target_2027, t.direction, t.kind) for t in found] == [
        (int(n), float(a), float(b), way, kind) for n, a, b, way, kind in said
    ]


def test_the_numbers_of_the_body():
    body = {t.id: (t.target_2025, t.target_2027) for t in load_plan().targets if t.number is None}
    assert body["toilets_per_km2"] == (None, 4)
    assert body["shaded_streets"] == (None, 85)
    assert body["park_coverage"] == (None, 90)
    assert body["parking_growth"] == (None, 10)
    assert body["sponge_area"] == (None, 55)
    assert body["secondary_water"] == (70, 90)
    assert body["zero_discharge"] == (75, 100)


def test_the_library_of_projects_has_42_items_in_order():
    projects = load_plan().projects
    assert [p.number for p in projects] == list(range(1, 43))
    numbers = {p.number: (p.target_2025, p.target_2027) for p in projects}
    assert numbers[22] == (33, 50)
    assert numbers[42] == (300, 650)
    assert {p.number for p in projects if p.target_2025 is None} == {6, 13, 14, 15, 17}


def test_every_layer_and_column_that_a_target_names_is_one_of_the_profile():
    from jxgis.schema.layers import layers

    city = load_city()
    assert city.targets is not None
    load_plan(city.targets, layers=[*layers(), *city.layers])
    for target in load_plan().targets:
        for way in target.measures:
            own = city.layers.get(way.layers[0])
            if own is not None:
                assert {*way.where, *way.hit} <= {column.name for column in own.columns}


@pytest.mark.parametrize(
    ("direction", "met"),
    [("at_least", [False, True, True]), ("at_most", [True, True, False]), ("below", [True, False, False])],
)
def test_directions_and_what_lies_on_the_bound(direction: str, met: list[bool]):
    value = np.array([5.9, 6.0, 6.1])
    assert meets(value, np.full(3, 6.0), direction).tolist() == met  # type: ignore[arg-type]
    assert not meets(np.array([np.nan]), np.array([6.0]), direction).any()  # type: ignore[arg-type]
    assert not meets(np.array([6.0]), np.array([np.nan]), direction).any()  # type: ignore[arg-type]


GOOD = '[[targets]]\nid = "a"\nzh = "甲"\nen = "a"\nkind = "body"\ntarget_2027 = 1\n'


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (GOOD + GOOD, "a"),
        (GOOD.replace("target_2027 = 1\n", ""), "target_2025"),
        (GOOD.replace("target_2027", "target_2028"), "target_2027"),
        (GOOD.replace('"body"', '"bound"'), "kind"),
        (GOOD + '[[targets.measures]]\nmeasure = "counts"\nlayers = ["toilets"]\n', "count"),
        (GOOD + '[[targets.measures]]\nmeasure = "count"\nlayers = ["toilet"]\n', "toilets"),
        ("targets = 3\n", "targets"),
    ],
)
def test_a_file_that_is_no_plan_is_refused(tmp_path: Path, text: str, says: str):
    path = tmp_path / "plan.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError, match=says):
        load_plan(path, layers=["toilets"])


def test_a_file_that_is_not_there(tmp_path: Path):
    with pytest.raises(SettingsError, match=r"no\.toml"):
        load_plan(tmp_path / "no.toml")


def test_a_rate_of_cases_is_one_figure_in_scores_and_scorecard():
    target = next(target for target in load_plan().targets if target.id == "solved_rate")
    indicator = next(indicator for indicator in load_registry().indicators if indicator.id == "solved_rate")
    assert target.measures[0] == indicator.measures[0]
    assert target.zh == indicator.label.zh


def test_what_has_a_denominator_names_it():
    for target in load_plan().targets:
        assert target.count or target.signed or "÷" in target.over("zh"), target.id
    for indicator in load_registry().indicators:
        alone = {way.measure for way in indicator.measures} <= {"length_km", "concentration"}
        assert alone or "÷" in indicator.over.zh, indicator.id


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_words_of_the_chart_are_in_the_figure_and_behind_the_bars(lang):
    targets = [target for target in load_plan().targets if target.target_2027 is not None]
    wanted = np.array([target.target_2027 for target in targets])
    city = pd.DataFrame({"level": "city", "status": "below", "indicator": [target.id for target in targets]})
    chart = target_chart(
        city.assign(value=np.maximum(wanted - 1.23, 0.01), target_2027=wanted),
        targets,
        year=2027,
        lang=lang,
        sketch=True,
    )
    chart.draw_without_rendering()
    ax = chart.axes[0]
    said = [text.get_window_extent() for text in ax.texts if "(" in text.get_text()]
    assert len(said) == len(targets)
    assert max(box.x1 for box in said) <= chart.bbox.width
    assert min(box.x0 for box in said) >= ax.transData.transform((150, 0))[0]


def test_projects_are_told_in_english_where_the_run_is():
    projects = load_plan().projects
    told = [
        (p.title("en"), p.group_of("en"), p.unit_of("en"), p.said(2025, "en"), p.said(2027, "en")) for p in projects
    ]
    assert [one for one in told if not "".join(one).isascii()] == []
    assert all(title and group for title, group, *_ in told)
    by_number = {p.number: p for p in projects}
    assert [by_number[6].said(year, lang) for year in (2025, 2027) for lang in ("zh", "en")] == [
        "完成修订", "revised", "完成评估", "evaluated",
    ]  # fmt: skip
    # One heading of the plan is one in English.
    assert len({p.group for p in projects}) == len({p.group_of("en") for p in projects}) == 22
    own = PlanProject(number=1, zh="甲", group="乙", unit="个", said_2025="完成")
    assert (own.group_of("en"), own.unit_of("en"), own.said(2025, "en")) == ("乙", "个", "完成")


@pytest.mark.parametrize(
    ("indicator", "near", "far"),
    [
        ("gas_coverage", 93.1, 93.0),  # at least 98: 4.9 is 5 % of it
        ("water_leakage", 6.3, 6.31),  # below 6: 0.3 is 5 % of it; 6.31 was near, as 6 / 0.95 is
        ("pipeline_accidents", 0.735, 0.736),
    ],
)
def test_near_is_within_five_percent_of_the_target_on_either_side(indicator, near, far):
    (target,) = (one for one in load_plan().targets if one.id == indicator)
    rows = pd.DataFrame({"value": [near, far], "target_2027": target.target_2027, "status": "below"})
    assert states(rows, target, 2027).tolist() == [1, 2]
