"""The one-page cards: their content by hand, what they keep to themselves, and how they are written."""

from __future__ import annotations

import re

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hostile_city import POISON

from jxgis.escape import html
from jxgis.scoring.analysis import score_candidates
from jxgis.scoring.cards import CardTables, _type, make_cards
from jxgis.settings import IndicatorSettings, Settings, UnitSettings

DISTRICTS = gpd.GeoDataFrame(
    {"name": ["东", "西"], "area": ["南湖区", "秀洲区"]},
    geometry=[shapely.box(0, 0, 5000, 2000), shapely.box(5000, 0, 10_000, 2000)],
    crs=4549,
)
OWN = {
    "lit": IndicatorSettings(dimension="设施", label="照明", unit="%", weight=2, target=80),
    "noise": IndicatorSettings(dimension="管理", label="噪声", weight=1, low=0, high=10),
    "trees": IndicatorSettings(dimension="设施", label="行道树", weight=1, target=50),
}


@pytest.fixture(scope="module")
def candidates():
    """甲 and 乙 in the east, 丙 (two pieces, half of one outside) in the west."""
    shapes = [*shapely.box([0, 1700], 0, [1600, 3000], [1600, 1500])]
    shapes.append(shapely.union(shapely.box(9500, 0, 10_500, 1500), shapely.box(8000, 0, 9000, 1500)))
    return gpd.GeoDataFrame(
        {
            "candidate_id": ["甲", "乙", "丙"],
            "name": ["甲片", None, "丙片"],
            "type": ["品质生活"] * 3,
            "lit": [80.0, 40.0, 90.0],
            "noise": [5.0, 9.0, np.nan],
            "trees": [np.nan, 25.0, 35.0],
        },
        geometry=shapes,
        crs=4549,
    )


def cards_of(result, lang="zh", **options):
    shown = result.shown_tables()
    tables = {name: shown[name] for name in ("scores", "measures", "averages", "improvements", "types")}
    tables = CardTables(**tables, indicators=result.indicators, conditions=result.conditions)
    found = make_cards(tables, most=9, top=3, bounds=(2, 5), areas={"东": "南湖区"}, lang=lang, **options)
    return {card.id: card for card in found}


@pytest.fixture(scope="module")
def result(candidates):
    return score_candidates(candidates, districts=DISTRICTS, indicators=OWN)


@pytest.fixture(scope="module")
def cards(result):
    return cards_of(result)


def test_who_it_is_and_how_it_stands(cards):
    one = cards["甲"]
    assert one.title == "甲片"
    assert one.facts[1:] == [("片区", "东"), ("所属区", "南湖区"), ("面积", "2.56 km²")]
    assert one.facts[0][1].startswith("品质生活（按特征未能判断：")
    # 照明 100 points, weight 1/2; 噪声 50, 1/4; 行道树 not known: (50 + 12.5) / 0.75, and 62.5 of what is missing as 0.
    assert [key.value for key in one.keys[:3]] == ["1", "83.3", "62.5"]
    assert one.keys[0].note == "参与排名 2 个，候选共 3 个"
    assert one.keys[4].value == "75 %"
    assert cards["乙"].title == "乙"
    assert cards["丙"].keys[0].value == "—"
    assert cards["丙"].keys[0].note == "不符合准入条件，不参与排名"


def test_conditions_with_their_values_and_states(cards):
    assert [(condition.value, condition.words) for condition in cards["甲"].conditions] == [
        ("2.56 km²", "符合"), ("1 个面", "符合"), ("100.0 %", "符合"), ("100.0 %", "符合"), ("—", "未检查"),
    ]  # fmt: skip
    assert [condition.state for condition in cards["乙"].conditions] == ["nearly", "pass", "pass", "pass", "unknown"]
    # 丙: 3 km² in two pieces, three quarters of it in the west and in the city.
    assert [(condition.value, condition.state) for condition in cards["丙"].conditions] == [
        ("3.00 km²", "pass"), ("2 个面", "fail"), ("75.0 %", "fail"), ("75.0 %", "fail"), ("—", "unknown"),
    ]  # fmt: skip


def test_a_share_below_its_bound_never_reads_as_the_bound():
    shape = shapely.union(shapely.box(0, 0, 1899.2, 1000), shapely.box(1899.2, 0, 2000, 1000))
    shifted = shapely.affinity.translate(shape, 5000 - 1899.2)
    found = score_candidates(
        gpd.GeoDataFrame({"candidate_id": ["甲"], "lit": [1.5]}, geometry=[shifted], crs=4549),
        districts=DISTRICTS,
        indicators={"lit": OWN["lit"].but({"unit": "座"})},
    )
    condition = cards_of(found)["甲"].conditions[2]
    assert (condition.value, condition.state) == ("94.9 %", "fail")


def test_points_below_the_reference_never_read_as_full_marks(candidates):
    short = candidates.assign(lit=[79.6, 40.0, 90.0])  # 99.5 points of 80 %
    cards = cards_of(score_candidates(short, districts=DISTRICTS, indicators=OWN))
    assert next(line.score for line in cards["甲"].groups[0].lines) == "99.5"


@pytest.fixture(scope="module")
def beside_a_fourth(candidates):
    """丁 in the west passes the conditions, with the values of 丙, which does not and is part of no mean."""
    fourth = (
        candidates.iloc[[2]].assign(candidate_id="丁", name="丁片").set_geometry([shapely.box(5500, 0, 7500, 1500)])
    )
    return cards_of(score_candidates(pd.concat([candidates, fourth]), districts=DISTRICTS, indicators=OWN))


def test_values_stand_beside_reference_district_and_city(beside_a_fourth):
    cards = beside_a_fourth
    lines = {line.label: line for group in cards["甲"].groups for line in group.lines}
    assert [group.title for group in cards["甲"].groups] == ["设施", "管理"]
    assert [group.weight for group in cards["甲"].groups] == ["75 %", "25 %"]
    lit = lines["照明"]
    # The east: (80 + 40) / 2; all: (80 + 40 + 90) / 3. Means over candidates, for no layer measures it.
    assert (lit.value, lit.reference, lit.score, lit.weight) == ("80 %", "≥ 80", "100.0", "50.0 %")
    assert (lit.district, lit.city) == ("60*", "70*")
    assert (lit.points, lit.district_points, lit.city_points) == (100, 75, 87.5)
    assert lit.brought
    noise = lines["噪声"]
    assert (noise.value, noise.district, noise.score) == ("5", "7*", "50.0")
    trees = lines["行道树"]
    assert (trees.value, trees.score, trees.city) == ("—", "—", "30*")
    assert trees.district == "—", "the mean over one candidate is that candidate"


def test_strengths_and_gaps_by_their_effect_on_the_score(beside_a_fourth):
    """甲: weights known 2/3 and 1/3: 照明 (100 − 75)·2/3, 噪声 (50 − 30)/3. 乙: (50 − 75)/2, (10 − 30)/4, and beside the city,
    for 甲 has no 行道树, (50 − 60)/4."""
    cards = beside_a_fourth
    assert [tuple(one) for one in cards["甲"].strengths] == [
        ("照明 80 %，高于东的 60（标准 ≥ 80）", "+16.7"),
        ("噪声 5，低于东的 7（标准 0 … 10）", "+6.7"),
    ]
    assert cards["甲"].gaps == []
    assert cards["乙"].strengths == []
    assert [tuple(one) for one in cards["乙"].gaps] == [
        ("照明 40 %，低于东的 60（标准 ≥ 80）", "−12.5"),
        ("噪声 9，高于东的 7（标准 0 … 10）", "−5.0"),
        ("行道树 25，低于全市的 30（标准 ≥ 50）", "−2.5"),
    ]


def test_what_is_not_known_has_its_reason_and_weight(cards):
    assert [(one.labels, one.weight) for one in cards["甲"].unknown] == [("行道树", "25 %")]
    assert cards["甲"].unknown[0].why
    assert cards["乙"].unknown == []


def test_what_would_lift_the_score_is_the_table_s(result, cards):
    table = result.improvements
    first = table[(table["candidate_id"] == "乙") & (table["place"] <= 3)].sort_values("place")
    assert cards["乙"].improve == first["in_words"].tolist()
    assert cards["乙"].improve[0].startswith("照明")


def test_the_best_come_first_and_those_that_fail_a_condition_last(result):
    assert list(cards_of(result)) == ["甲", "乙", "丙"]
    page = result.cards()
    assert page.index('id="card-1"') < page.index('id="card-2"') < page.index('id="card-3"')


def test_a_candidate_that_is_its_district_is_set_beside_the_city(candidates):
    whole = candidates.set_geometry([*DISTRICTS.geometry, candidates.geometry[0]])
    wide = Settings(units=UnitSettings(max_km2=100.0))
    found = score_candidates(whole, districts=DISTRICTS, indicators=OWN, settings=wide)
    card = cards_of(found)["甲"]
    said = "本单元就是整个片区，片区一栏因此为“—”"
    assert [said in page for page in found.cards().split("<article")[1:]] == [
        one.alone for one in cards_of(found).values()
    ]
    assert card.alone
    lines = [line for group in card.groups for line in group.lines]
    assert {line.district for line in lines} == {"—"}
    assert "全市" in card.strengths[0].words
    part = score_candidates(candidates, districts=DISTRICTS, indicators=OWN, settings=wide)
    assert not any(one.alone for one in cards_of(part).values())
    assert said not in part.cards()


@pytest.mark.parametrize("beside", [0, 30], ids=["hides_the_next", "hides_none_else"])
def test_a_card_tells_no_hidden_count(candidates, beside):
    """One issue or two in 甲, the other beside it in the same district: no sign of the cards differs."""

    def page(inside: int) -> str:
        east = [*[800] * inside, *[4000] * (2 - inside + beside), *np.linspace(1800, 2900, 40)]
        points = gpd.points_from_xy([*east, *np.linspace(8100, 8900, 50)], [500] * (92 + beside))
        issues = gpd.GeoDataFrame({"department": "甲局"}, index=range(len(points)), geometry=points, crs=4549)
        shapes = candidates[["candidate_id", "geometry"]]
        found = score_candidates(shapes, issues=issues, districts=DISTRICTS, weightings=100)
        if inside:
            assert found.shown_tables()["scores"]["issues"].tolist() == ["1–2", 40 if beside else None, 50]
        return found.cards()

    one = page(1)
    assert one == page(2)
    assert "问题太少，不予显示" in one
    assert one != page(0)


def test_english(result):
    one = cards_of(result, lang="en")["甲"]
    assert one.strengths[0].words == "照明 80 %, above 东 (60; reference ≥ 80)"
    assert one.conditions[0].words == "pass"


def test_texts_of_the_data_are_text(candidates):
    own = {name: one.but({"label": POISON, "dimension": POISON}) for name, one in OWN.items()}
    named = candidates.assign(name=POISON, candidate_id=[POISON, "b", "c"], type=POISON)
    streets = gpd.GeoDataFrame(
        {"name": ["</text><b>", "a"]}, geometry=shapely.linestrings([[(0, 800), (1600, 800)]] * 2), crs=4549
    )
    page = score_candidates(
        named, districts=DISTRICTS.assign(name=[POISON, "西"]), indicators=own, further={"streets": streets}
    ).cards()
    assert "<script" not in page
    assert "<img" not in page
    assert html(POISON) in page
    assert html("</text><b>") in page


def test_a_map_shows_what_there_is_and_says_what_is_missing(candidates, result):
    assert "没有道路图层" in result.cards()
    lines = shapely.linestrings([[(-500, 800), (2500, 800)], [(800, -500), (800, 2500)]])
    streets = gpd.GeoDataFrame({"name": ["中山路", None], "road_class": ["主干路", "支路"]}, geometry=lines, crs=4549)
    page = score_candidates(candidates, districts=DISTRICTS, indicators=OWN, further={"streets": streets}).cards()
    assert "没有道路图层" not in page.split('id="card-2"')[0]
    assert ">中山路</text>" in page
    assert "主干路" in page


def test_as_many_cards_as_are_asked_for(candidates):
    few = score_candidates(candidates, districts=DISTRICTS, indicators=OWN, cards=1)
    assert re.findall(r'<article class="card" id="(.*?)"', few.cards()) == ["card-1"]
    assert "候选单元共 3 个，本文件为其中前 1 个" in few.cards().replace("\u00a0", " ")
    assert few.section().links == {"score_cards.html": "评分卡（每个一页，可打印）"}
    none = score_candidates(candidates, districts=DISTRICTS, indicators=OWN, cards=0)
    assert none.section().links == {}


@pytest.mark.parametrize("reason", [None, "type_close"])
def test_a_type_that_somebody_wrote_at_length_is_cut(reason):
    kind = {"type_found": None, "reason": reason}
    said = _type(pd.Series({"type": "很长的类型" * 60}), kind, "zh")
    assert said is not None
    assert said.startswith("很长的类型")
    assert said.count("很长的类型") == 7
    assert "…" in said
