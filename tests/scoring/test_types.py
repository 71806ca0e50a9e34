"""The type that a candidate is nearest to, by hand."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from jxgis.city import load_city
from jxgis.errors import SettingsError
from jxgis.i18n import Text
from jxgis.indicators.measures import check_measures
from jxgis.schema.layers import layers
from jxgis.scoring.analysis import score_candidates
from jxgis.scoring.indicators import Indicator
from jxgis.scoring.types import UnitType, UnitTypes, affinities, given_types, load_types

NAMES = ("居", "商", "工")
FEATURES = tuple(Indicator(i, "", 1, target=10) for i in "abcde")
THREE = UnitTypes(
    (
        UnitType("居", Text("居", "Homes"), {"a": 1.0}),
        UnitType("商", Text("商", "Shops"), {"b": 3.0, "c": 1.0}),
        UnitType("工", Text("工", "Works"), {"d": 1.0, "e": 1.0}),
    ),
    FEATURES,
    least_affinity=25,
    least_margin=5,
)
NO = float("nan")


def found(a, b, c, d, e, types=THREE):
    return affinities(pd.DataFrame([[a, b, c, d, e]], columns=list("abcde"), dtype=float), types).iloc[0]


@pytest.mark.parametrize(
    ("values", "points", "kind", "runner_up", "margin", "reason"),
    [
        ((8, 4, 8, 0, 2), (80, 50, 10), "居", "商", 30, None),
        ((2, 9, 5, 12, 3), (20, 80, 65), "商", "工", 15, None),  # beyond the target counts 100
        ((8, 8, 5.2, 0, 0), (80, 73, 0), "居", "商", 7, None),
        ((8, 8, 7.2, 0, 0), (80, 78, 0), None, None, 2, "type_close"),
        ((8, 8, 8, 1, 1), (80, 80, 10), None, None, 0, "type_close"),
        ((2, 1, 1, 0, 0), (20, 10, 0), None, None, 10, "type_weak"),
        ((0, 0, 0, 0, 0), (0, 0, 0), None, None, 0, "type_weak"),
        ((8, 4, NO, 1, 1), (80, 40, 10), "居", "商", 40, None),  # three quarters are known
        ((9, NO, 0, 1, 1), (90, NO, 10), "居", None, NO, None),  # 商 would have 75 at most
        ((8, NO, 8, 1, 1), (80, NO, 10), None, None, NO, "type_incomplete"),  # 95 at most
        ((NO, NO, NO, 9, 9), (NO, NO, 90), None, None, NO, "type_incomplete"),
        ((NO, NO, NO, NO, NO), (NO, NO, NO), None, None, NO, "type_incomplete"),
    ],
)
def test_by_hand(values, points, kind, runner_up, margin, reason):
    row = found(*values)
    assert [row[f"affinity_{name}"] for name in NAMES] == pytest.approx(points, nan_ok=True)
    assert (kind, runner_up, reason) == tuple(
        None if pd.isna(row[c]) else row[c] for c in ("type_found", "runner_up", "reason")
    )
    assert row["margin"] == pytest.approx(margin, nan_ok=True)
    assert row["affinity"] == pytest.approx(max(points) if kind else NO, nan_ok=True)


def test_a_margin_that_is_met_exactly_is_met():
    assert found(8, 10, 0, 0, 0)["type_found"] == "居"  # 80 and 75


def test_a_candidate_s_type_does_not_hang_on_the_others_or_their_order():
    rng = np.random.default_rng(0)
    table = pd.DataFrame(rng.uniform(0, 12, (40, 5)), columns=list("abcde"))
    table = table.mask(rng.random(table.shape) < 0.1)
    whole = affinities(table, THREE)
    order = rng.permutation(40)
    pd.testing.assert_frame_equal(affinities(table.iloc[order[:9]], THREE), whole.iloc[order[:9]])


def test_more_of_a_feature_never_turns_a_candidate_away_from_its_type():
    rng = np.random.default_rng(1)
    table = pd.DataFrame(rng.uniform(0, 12, (300, 5)), columns=list("abcde"))
    before = affinities(table, THREE)["type_found"]
    after = affinities(table.assign(a=table["a"] + 1), THREE)["type_found"]
    assert (after[before == "居"] == "居").all()


@pytest.mark.parametrize(
    "written",
    ["历史文化", "历史文化类", "历史文化型", " 历史文化类基本单元 ", "历史文化单元", "History and Culture"],
)
def test_types_as_people_write_them(written):
    assert given_types(pd.Series([written]), load_types()).tolist() == ["历史文化"]


def test_the_plan_s_types_are_measured_from_layers_that_there_are():
    types = load_types()
    known = (*layers(), *load_city("jiaxing").layers)
    check_measures({feature.id: feature.measures for feature in types.features}, known)
    used = {name for kind in types.types for name in kind.weights}
    assert used == {feature.id for feature in types.features}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ('features = { x = 1 }\n[[types]]\nname = "乙"\nfeatures = { y = 1 }', "乙"),
        ('features = { x = 1 }\n[[types]]\nname = "甲"\nfeatures = { x = 1 }', "甲"),
        ("features = { x = 1 }", "types"),
        ('features = { x = 0 }\n[[types]]\nname = "乙"\nfeatures = { x = 1 }', "features"),
    ],
)
def test_a_file_of_types_that_cannot_be(tmp_path, change, says):
    path = tmp_path / "types.toml"
    path.write_text(f'[[features]]\nid = "x"\ntarget = 1\n[[types]]\nname = "甲"\n{change}\n', encoding="utf-8")
    with pytest.raises(SettingsError, match=says):
        load_types(path)


def test_a_feature_needs_a_reference(tmp_path):
    path = tmp_path / "types.toml"
    kinds = "".join(f'[[types]]\nname = "{name}"\nfeatures = {{ x = 1 }}\n' for name in "甲乙")
    path.write_text(f'[[features]]\nid = "x"\n{kinds}', encoding="utf-8")
    with pytest.raises(SettingsError, match="target"):
        load_types(path)


def squares(**columns):
    boxes = [shapely.box(x, 0, x + 1600, 1500) for x in (0, 2000, 4000, 6000)]
    return gpd.GeoDataFrame({"name": list("甲乙丙丁")} | columns, geometry=boxes, crs=4549)


def test_a_type_given_counts_and_is_compared_with_the_one_found():
    """甲 and 丁 hold much heritage (4 a km²: 100 of 4 weights of 10) and the historic area (100 of 4)."""
    old = pd.concat([gpd.GeoDataFrame(geometry=[shapely.box(x, 0, x + 1600, 800)], crs=4549) for x in (0, 6000)])
    sites = gpd.GeoDataFrame(geometry=gpd.points_from_xy([*range(10, 20), *range(6010, 6020)], [100] * 20), crs=4549)
    none = gpd.GeoDataFrame(geometry=gpd.points_from_xy([9e4], [9e4]), crs=4549)
    land = gpd.GeoDataFrame(geometry=[shapely.box(9e4, 9e4, 9e4 + 1, 9e4 + 1)], crs=4549)
    lines = gpd.GeoDataFrame(geometry=[shapely.LineString([(9e4, 9e4), (9e4, 9e4 + 1)])], crs=4549)
    further = dict.fromkeys(("schools", "markets", "sports", "retail", "lightscape", "vending_spots"), none)
    further |= {"future_communities": land, "industrial_parks": land, "tour_routes": lines, "heritage": sites}
    further["poi"] = none.assign(kind="购物")
    result = score_candidates(
        squares(type=["历史文化类", "商贸服务", None, None]), historic=old, residential=land, further=further
    )
    types = result.types.set_index("candidate_id")
    assert types.loc["甲", "affinity_历史文化"] == pytest.approx(80)  # no tour route: 2 of 10
    assert types["type_found"].fillna("").tolist() == ["历史文化", "", "", "历史文化"]
    assert types["agrees"].fillna("").tolist() == ["agree", "", "", ""]
    assert types["reason"].fillna("").tolist() == ["", "type_weak", "type_weak", ""]
    scores = result.scores.set_index("candidate_id")
    assert scores["type"].fillna("").tolist() == ["历史文化类", "商贸服务", "", "历史文化"]
    assert scores["type_from"].fillna("").tolist() == ["given", "given", "", "found"]
    other = squares(candidate_id=list("ABCD"), type=["商贸服务", None, None, None])
    apart = score_candidates(other, historic=old, residential=land, further=further).section().blocks
    assert [
        row[0] for block in apart if "不一致的候选" in str(getattr(block, "heading", "")) for row in block.rows
    ] == ["A 甲"]
    some = squares(type=["历史文化", "夜市", None, None])
    english = score_candidates(some, historic=old, residential=land, further=further, lang="en")
    assert english.scores["type"].dropna().tolist() == ["历史文化", "夜市", "历史文化"]
    assert english.shown_tables()["scores"]["type"].dropna().tolist() == [
        "History and culture",
        "夜市",
        "History and culture",
    ]
    assert english.shown_tables()["types"]["type_given"].dropna().tolist() == ["History and culture", "夜市"]
    again = score_candidates(result.scores[["candidate_id", "type", "type_from", "geometry"]])
    assert again.types["type_given"].fillna("").tolist() == ["历史文化类", "商贸服务", "", ""], (
        "what was found is not given"
    )
    features = result.features.set_index(["candidate_id", "feature"])
    assert features.loc[("甲", "heritage_sites"), ["value", "points"]].tolist() == pytest.approx([10 / 2.4, 100])


def test_without_layers_no_type_is_found_and_the_reason_is_said():
    result = score_candidates(squares())
    assert result.types["type_found"].isna().all()
    assert set(result.types["reason"]) == {"type_incomplete"}
    assert set(result.features["reason"]) == {"no_layer"}
