"""`score_candidates` on the schematic city and on toys: what is measured, whose value counts, what the result says."""

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from jxgis.demo import make_city
from jxgis.errors import InputError, JxgisError
from jxgis.hotspots.analysis import find_hotspots
from jxgis.report.blocks import Paragraph
from jxgis.scoring.analysis import score_candidates
from jxgis.scoring.indicators import load_registry
from jxgis.scoring.weights import critic_weights, entropy_weights


@pytest.fixture(scope="module")
def city():
    return make_city(background=20_000)


@pytest.fixture(scope="module")
def cases(city):
    export = city.issues
    return gpd.GeoDataFrame(
        {
            "time": pd.to_datetime(export["上报时间"], errors="coerce", format="%Y-%m-%d %H:%M:%S"),
            "deadline": pd.to_datetime(export["处置截止时间"]),
            "closed": pd.to_datetime(export["结案时间"]),
            "rework": pd.to_numeric(export["返工次数"]),
            "department": export["处置部门"],
        },
        geometry=gpd.points_from_xy(city.cases["x"], city.cases["y"]),
        crs=4549,
    )


@pytest.fixture(scope="module")
def result(city, cases):
    return score_candidates(
        city.candidates,
        issues=cases,
        parks=city.parks,
        residential=city.residential,
        waters=city.waters,
        districts=city.districts,
    )


def square(**columns):
    return gpd.GeoDataFrame(columns, geometry=[shapely.box(0, 0, 1600, 1600)], crs=4549)


def test_the_contract_s_columns(result, city):
    ids = [i.id for i in load_registry().indicators]
    columns = ["candidate_id", "type", "score", "score_if_missing_zero", "completeness", "rank"]
    assert {*columns, *ids, *(f"{i}_score" for i in ids)} <= set(result.scores.columns)
    assert result.scores["candidate_id"].tolist() == city.candidates["candidate_id"].tolist()
    assert result.scores.crs == city.candidates.crs
    assert result.scores["score"].between(0, 100).all()


def test_those_with_the_bureau_s_figures_are_ranked(result, city, cases):
    scores = result.scores.set_index("name")
    without = city.candidates.loc[city.candidates["toilets_per_km2"].isna(), "name"].tolist()
    assert len(without) == 11
    assert scores.loc[without, "rank"].isna().all()
    assert scores.loc[without, "reason"].str.contains("incomplete").all()
    few = "界外片"  # half outside the city: too few cases for rates
    assert scores.loc[few, ["on_time_rate", "rework_rate"]].isna().all()
    passing = scores[scores["gates"] != "fail"]
    assert passing.drop(without)["rank"].notna().all()
    known = result.indicators.set_index("indicator")
    assert known.loc["toilets_per_km2", ["own", "measured", "missing"]].tolist() == [16, 0, 11]
    enough = sum(cases.intersects(shape).sum() >= 30 for shape in city.candidates.geometry)
    assert known.loc["on_time_rate", ["own", "measured", "missing"]].tolist() == [0, enough, 27 - enough]
    assert known.loc["park_coverage", ["own", "measured", "missing"]].tolist() == [0, 27, 0]
    # Completeness by hand: the weights of what was measured, with and without the bureau's four.
    measured = known.loc[known["measured"] > 0, "weight"].sum()
    own = known.loc[known["own"] > 0, "weight"].sum()
    assert scores.loc["大桥产业社区", "completeness"] == pytest.approx(measured)
    assert scores.loc["三水湾生活圈", "completeness"] == pytest.approx(measured + own)


def test_conditions_find_what_was_planted(result):
    scores = result.scores.set_index("name")
    assert scores.loc["偏大片", "reason"] == "gate_too_large"
    assert (scores.loc["略大片", "gates"], scores.loc["略大片", "reason"]) == ("nearly", "gate_nearly_too_large")
    assert scores.loc["分离片", "reason"] == "gate_several_pieces"
    assert scores.loc["跨区片", "reason"] == "gate_several_districts"
    assert "gate_outside_city" in scores.loc["界外片", "reason"]
    planted = ["偏大片", "略大片", "分离片", "跨区片", "界外片"]
    assert (scores.drop(planted)["gates"] == "pass").all()


def test_figures_equal_independent_ones(result, city, cases):
    scores = result.scores.set_index("name")
    zone = scores.geometry["三水湾生活圈"]
    # Parks: id, else name, else what touches; no historic layer, so 5000 m² → 500 m, 2000 m² → 300 m.
    key = city.parks["park_id"].fillna(city.parks["name"])
    named = city.parks.assign(key=key).dropna(subset="key").dissolve("key").geometry.to_list()
    nameless = shapely.union_all(city.parks[key.isna()].buffer(0.01).to_numpy())
    whole = [*named, *shapely.get_parts(nameless)]
    reach = [p.buffer(500 if p.area >= 5000 else 300, quad_segs=64) for p in whole if p.area >= 2000]
    homes = shapely.intersection(shapely.union_all(city.residential.geometry.to_numpy()), zone)
    served = shapely.intersection(homes, shapely.union_all(reach))
    assert scores.loc["三水湾生活圈", "park_coverage"] == pytest.approx(100 * served.area / homes.area, abs=0.1)

    inside = np.array([zone.contains(point) for point in cases.geometry])
    people = city.residential["people"] * city.residential.intersection(zone).area / city.residential.area
    ground = shapely.union_all(city.districts.geometry.to_numpy())
    everyone = city.residential["people"] * city.residential.intersection(ground).area / city.residential.area
    whole_city = shapely.contains(ground, cases.geometry.to_numpy()).sum()
    ratio = (inside.sum() / people.sum()) / (whole_city / everyone.sum())
    assert scores.loc["三水湾生活圈", "issue_density"] == pytest.approx(ratio, rel=1e-3)
    assert scores.loc["三水湾生活圈", "issues"] == inside.sum()
    assert scores["on_time_rate"].dropna().between(96, 100).all()
    blue_green = shapely.union_all([*city.parks.geometry, *city.waters.geometry])
    share = 100 * shapely.intersection(blue_green, zone).area / zone.area
    assert scores.loc["三水湾生活圈", "blue_green_percent"] == pytest.approx(share)


def test_hot_cells_count_by_area(city):
    cells = gpd.GeoDataFrame(
        {"is_hot": [True, False, False], "gi_bin": [2, 1, -3], "gi_q": [0.005, 0.06, 0.001]},
        geometry=[shapely.box(0, 0, 400, 1600), shapely.box(400, 0, 800, 1600), shapely.box(800, 0, 1600, 1600)],
        crs=4549,
    )
    somewhere = gpd.GeoDataFrame(geometry=gpd.points_from_xy([100] * 40, [100] * 40), crs=4549)
    found = find_hotspots(somewhere, square(), alpha=0.01)
    hotspots = replace(found, cells=cells.assign(issue_class="all"))
    result = score_candidates(square(name=["甲"]), hotspots=hotspots, lang="en")
    assert "0.01" in result.indicators.set_index("indicator").loc["hot_percent", "method"]
    scores = result.scores
    assert scores["hot_percent"].item() == pytest.approx(25)
    assert scores["hot_percent_score"].item() == pytest.approx(50)
    # Nothing was judged in the candidate (no built-up land there): no figure, and no full score for it.
    cells["gi_q"] = np.nan
    unjudged = replace(found, cells=cells.assign(is_hot=False, issue_class="all"))
    scores = score_candidates(square(name=["甲"]), hotspots=unjudged, lang="en").scores
    assert scores[["hot_percent", "hot_percent_score"]].isna().all(axis=None)


def test_a_candidate_of_which_no_cell_was_judged_has_no_share_that_is_hot():
    somewhere = gpd.GeoDataFrame(geometry=gpd.points_from_xy(np.linspace(50, 8990, 200), [100] * 200), crs=4549)
    west, east, beyond = (shapely.box(x, 0, x + 1600, 1600) for x in (0, 4000, 20000))
    found = find_hotspots(
        somewhere,
        gpd.GeoSeries([shapely.box(0, 0, 9000, 1600)], crs=4549),
        built_up=gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 3000, 1600)], crs=4549),
    )
    three = gpd.GeoDataFrame({"name": ["西", "东", "外"]}, geometry=[west, east, beyond], crs=4549)
    scores = score_candidates(three, hotspots=found).scores
    assert scores["hot_percent"].isna().tolist() == [False, True, True]
    assert scores["hot_percent_score"].isna().tolist() == [False, True, True]


def test_an_own_column_goes_before_what_is_measured():
    two = pd.concat([square(name=["甲"]), square(name=["乙"])], ignore_index=True)
    table = two.assign(compactness=[0.35, np.nan], 公厕密度=[2, 8])
    scores = score_candidates(table).scores
    assert scores["compactness"].tolist() == pytest.approx([0.35, np.pi / 4])
    assert scores["compactness_score"].tolist() == pytest.approx([50, 100])
    assert scores["toilets_per_km2_score"].tolist() == [50, 100]
    assert scores["candidate_id"].tolist() == ["甲", "乙"]


@pytest.mark.parametrize(
    "column",
    [
        "style_percent",
        "形态：风貌样板区重叠率",
        "风貌样板区重叠率",
        "风貌样板区重叠率（%）",
        "形态:风貌样板区重叠率",
        "Style_Percent",
    ],
)
def test_a_column_is_known_by_its_label_with_or_without_group_and_unit(column):
    assert score_candidates(square(**{column: [35.0]})).scores["style_percent"].tolist() == [35.0]


def test_a_project_s_own_indicators_replace_the_set():
    own = {
        "noise": {"dimension": "静", "weight": 3, "low": 40, "high": 80},
        "trees": {"dimension": "绿", "weight": 1, "target": 10},
    }
    table = square(candidate_id=["YB1"], noise=[50], trees=[5.0])
    found = score_candidates(table, indicators=own, weights="equal")
    assert found.scores[["noise_score", "trees_score", "score"]].to_numpy().tolist() == [[75, 50, 62.5]]
    assert "park_coverage" not in found.scores.columns
    assert found.scores["type"].isna().all()
    assert found.weights.shares.tolist() == [0.5, 0.5]
    with pytest.raises(InputError, match="noise"):
        score_candidates(table.assign(noise="吵"), indicators=own)


def test_ids_are_made_where_there_are_none_and_never_twice():
    three = pd.concat([square(name=["甲"]), square(name=["甲"]), square(name=[None])], ignore_index=True)
    assert score_candidates(three).scores["candidate_id"].tolist() == ["甲", "甲-C2", "C3"]
    three["name"] = ["甲", "甲", "甲-C2"]
    assert score_candidates(three).scores["candidate_id"].is_unique


def test_every_way_of_weighing_ranks_the_same_candidates(result):
    ranks = result.views.filter(like="rank_").drop(columns=["rank_best", "rank_median", "rank_worst"])
    ways = ("expert", "equal", "ahp", "entropy", "critic", "topsis", "geometric")
    assert set(ranks.columns) == {f"rank_{way}" for way in ways}
    assert (ranks.notna().all(axis=1) == result.scores["rank"].notna()).all()
    assert ranks["rank_expert"].tolist() == result.scores["rank"].tolist()
    assert np.allclose(np.diag(result.agreement), 1)


def test_arguments_are_left_alone(city, cases):
    before = city.candidates.copy()
    score_candidates(city.candidates, issues=cases, districts=city.districts)
    pd.testing.assert_frame_equal(city.candidates, before)


def test_who_fails_a_condition_has_no_rank_and_the_others_go_from_one_without_a_gap(result):
    scores = result.scores
    failed = scores["gates"] == "fail"
    assert failed.any()
    assert scores.loc[failed, "rank"].isna().all()
    assert scores.loc[failed, "score"].notna().all()
    ranked = scores[scores["rank"].notna()]
    assert sorted(ranked["rank"]) == list(range(1, len(ranked) + 1)), "no two scores are equal here"
    assert ranked.sort_values("rank")["score"].is_monotonic_decreasing
    assert "nearly" in ranked["gates"].tolist()
    views = result.views.set_index(scores.index)
    for column in [c for c in views.columns if c.startswith("rank")]:
        assert views[column].isna().tolist() == scores["rank"].isna().tolist(), column


@pytest.mark.parametrize(("lang", "chinese"), [("zh", True), ("en", False)])
def test_how_an_indicator_was_measured_is_said_in_the_language_asked_for(city, cases, lang, chinese):
    table = score_candidates(
        city.candidates, issues=cases, parks=city.parks, residential=city.residential, waters=city.waters,
        districts=city.districts, lang=lang,
    ).indicators  # fmt: skip
    told = pd.concat([table["method"][table["measured"] > 0], table["source"]])
    assert len(told) > len(table)
    for words in told:
        assert any("\u4e00" <= sign <= "\u9fff" for sign in words) is chinese, words


@pytest.mark.parametrize("name", ["all", "全域", "All ", "甲"])
def test_a_candidate_may_have_any_name(name):
    park = gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 100, 100)], crs=4549)
    homes = gpd.GeoDataFrame(geometry=[shapely.box(100, 0, 1100, 100)], crs=4549)
    other = gpd.GeoDataFrame({"name": ["甲"]}, geometry=[shapely.box(0, 0, 700, 900)], crs=4549)
    both = pd.concat([square(name=[name]), other], ignore_index=True)
    covered = score_candidates(both, parks=park, residential=homes).scores["park_coverage"]
    assert covered.tolist() == pytest.approx([50, 500 / 600 * 100], abs=1e-6)


@pytest.mark.parametrize("method", ["entropy", "critic"])
def test_a_candidate_that_fails_a_condition_does_not_shape_the_weights(method):
    shapes = shapely.box([0, 3000, 6000, 9000], 0, [2000, 5000, 8000, 9100], 1500)  # the last is 0.15 km²
    table = gpd.GeoDataFrame(
        {"candidate_id": list("abcd"), "p": [10.0, 20.0, 90.0, 0.0], "q": [50.0, 40.0, 70.0, 100.0]},
        geometry=shapes,
        crs=4549,
    )
    own = {name: {"dimension": "A", "weight": 1, "target": 100} for name in "pq"}
    alone = score_candidates(table.iloc[:3], indicators=own, weights=method)
    found = score_candidates(table, indicators=own, weights=method)
    assert found.scores["gates"].tolist()[-1] == "fail"
    pd.testing.assert_series_equal(found.weights.shares, alone.weights.shares)
    every = {"entropy": entropy_weights, "critic": critic_weights}[method](table[["p", "q"]])
    assert abs(every["p"] - alone.weights.shares["p"]) > 0.01


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("method", ["entropy", "critic"])
def test_weights_of_candidates_that_fail_a_condition_are_said_beside_the_weights(method, lang, tmp_path):
    """One passes, one is of 0.15 km²: with one alone data give no weights."""
    shapes = shapely.box([0, 3000], 0, [2000, 3100], 1500)
    table = gpd.GeoDataFrame(
        {"candidate_id": ["a", "b"], "p": [10.0, 20.0], "q": [50.0, 90.0]}, geometry=shapes, crs=4549
    )
    own = {name: {"dimension": "A", "weight": 1, "target": 100} for name in "pq"}
    said = {
        "zh": "符合准入条件的不足两个，由全部候选单元得出",
        "en": "of all candidates, for fewer than two pass the conditions",
    }[lang]
    found = score_candidates(table, indicators=own, weights=method, lang=lang)
    every = {"entropy": entropy_weights, "critic": critic_weights}[method](table[["p", "q"]])
    assert found.weights.shares.tolist() == pytest.approx(every.tolist())
    assert found.scores["gates"].tolist() == ["pass", "fail"]
    assert said in found.weights.words(lang)
    assert said in found.section().methods[0].method
    assert said in found.map().get_root().render()
    enough = gpd.GeoDataFrame(
        pd.concat(
            [
                table,
                table.iloc[[0]].assign(candidate_id="c", p=70.0).set_geometry(table.geometry.iloc[[0]].translate(9000)),
            ]
        ),
        crs=4549,
    )
    assert said not in score_candidates(enough, indicators=own, weights=method, lang=lang).weights.words(lang)


LACKING = {  # a, b, c, d of weights 3, 4, 2, 1 and targets of 100; the last two are too small for a unit
    "exact": (50, 50, None, None), "below": (50, None, 100, 100), "full": (40, 40, 40, 40), "tie": (50, 50, None, None),
    "none": (None, None, None, None), "small": (100, 100, 100, 100), "small_and_lacking": (100, None, None, None),
}  # fmt: skip


@pytest.mark.parametrize(
    ("least", "ranks", "incomplete"),
    [
        (0.7, {"exact": 1, "tie": 1, "full": 3}, {"below", "none", "small_and_lacking"}),
        (0.0, {"below": 1, "exact": 2, "tie": 2, "full": 4}, {"none"}),
        (1.0, {"full": 1}, {"exact", "tie", "below", "none", "small_and_lacking"}),
    ],
)
def test_who_lacks_too_much_for_a_rank_by_hand(least, ranks, incomplete):
    """A completeness of exactly the least is enough; who has no rank has every reason for it."""
    sides = [300 if name.startswith("small") else 1600 for name in LACKING]
    shapes = [shapely.box(2000 * k, 0, 2000 * k + side, side) for k, side in enumerate(sides)]
    columns = dict(zip("abcd", zip(*LACKING.values(), strict=True), strict=True))
    table = gpd.GeoDataFrame({"candidate_id": [*LACKING], **columns}, geometry=shapes, crs=4549)
    own = {name: {"dimension": "A", "weight": w, "target": 100} for name, w in zip("abcd", (3, 4, 2, 1), strict=True)}
    scores = score_candidates(table, indicators=own, min_completeness=least).scores.set_index("candidate_id")
    by_hand = {
        "exact": (350 / 7, 35, 0.7), "below": (450 / 6, 45, 0.6), "full": (40, 40, 1), "tie": (350 / 7, 35, 0.7),
        "none": (np.nan, 0, 0), "small": (100, 100, 1), "small_and_lacking": (100, 30, 0.3),
    }  # fmt: skip
    for name, expected in by_hand.items():
        found = scores.loc[name, ["score", "score_if_missing_zero", "completeness"]].tolist()
        assert found == pytest.approx(expected, nan_ok=True), name
    assert scores["rank"].dropna().to_dict() == ranks
    reasons = {name: {*str(codes).split(";")} for name, codes in scores["reason"].dropna().items()}
    assert {name for name, codes in reasons.items() if "incomplete" in codes} == incomplete
    assert {name for name, codes in reasons.items() if "gate_too_small" in codes} == {"small", "small_and_lacking"}
    assert {*reasons} == {*scores.index[scores["rank"].isna()]}


@pytest.mark.parametrize("given", [True, False])
def test_units_that_are_scored_for_want_of_candidates_are_said_to_be_units(given) -> None:
    result = score_candidates(square(name=["甲"]))
    if not given:
        layers = {name: rows for name, rows in result.given.layers.items() if name != "candidates"}
        result = replace(result, given=replace(result.given, layers=layers))
    words = [block.words for block in result.section().blocks if isinstance(block, Paragraph)]
    assert any("没有给出候选单元" in said for said in words) is not given


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"column_units": {"shaded_street": "fraction"}}, "没有指标“shaded_street”，是否为 shaded_streets？"),
        ({"judgements": {"基础条件": {"管理绩": 2.0}}}, "没有维度“管理绩”，是否为 管理绩效？"),
        ({"indicators": {"park_coverge": {"dimension": "A", "weight": 1, "target": 90}}}, "是否为 park_coverage？"),
        ({"indicators": {"shade": {"dimension": "A", "weight": 1, "target": 90}}}, "是否为 shades？"),
    ],
)
def test_a_name_that_there_is_not_is_refused_with_the_nearest(options, says):
    with pytest.raises(JxgisError) as error:
        score_candidates(square(shades=[1.0]), **options)
    assert says in error.value.text("zh")


def _counted(**way):
    """An indicator of the project's own by one way of measuring, scored on one market."""
    markets = gpd.GeoDataFrame({"kind": ["农贸市场"]}, geometry=gpd.points_from_xy([50], [50]), crs=4549)
    ways = [{"measure": "count_per_km2", "layers": ["markets"], **way}]
    own = {"a": {"dimension": "A", "weight": 1, "target": 1, "measures": ways}}
    return score_candidates(square(), further={"markets": markets}, indicators=own).scores["a"].iloc[0]


def test_a_condition_that_no_row_could_meet_is_refused_and_no_zero():
    assert _counted(where={"kind": "农贸市场"}) > 0
    assert _counted(where={"kind": ["超市", "农贸市场"]}) > 0
    assert _counted(where={"kind": False}) == 0
    for where, says in (
        ({"kind": "农贸市厂"}, "图层 markets 的列“kind”中没有“农贸市厂”，是否为 农贸市场？"),
        ({"knd": "农贸市场"}, "图层 markets 没有列“knd”，是否为 kind？"),
    ):
        with pytest.raises(JxgisError) as error:
            _counted(where=where)
        assert says in error.value.text("zh")


def test_a_word_that_no_issue_has_is_said_with_the_nearest_and_is_a_zero_all_the_same():
    """In another month there may be such issues: the same settings must not be refused then and now."""
    issues = gpd.GeoDataFrame(
        {"issue_id": ["1"], "sub_type": ["暴露垃圾"]}, geometry=gpd.points_from_xy([50], [50]), crs=4549
    )
    ways = [{"measure": "count_per_km2", "layers": ["issues"], "where": {"sub_type": "暴露拉圾"}}]
    own = {"a": {"dimension": "A", "weight": 1, "low": 0, "high": 9, "measures": ways}}
    found = score_candidates(square(), issues=issues, indicators=own)
    assert found.scores["a"].iloc[0] == 0
    said = [note.zh for note in found.said]
    assert said == ["指标 a：图层 issues 的列“sub_type”中没有“暴露拉圾”，是否为 暴露垃圾？"]
    ways[0]["where"] = {"sub_type": "暴露垃圾"}
    assert not score_candidates(square(), issues=issues, indicators=own).said
    ways[0]["where"] = {"subtype": "暴露垃圾"}
    with pytest.raises(JxgisError, match="sub_type"):
        score_candidates(square(), issues=issues, indicators=own)


def test_where_nobody_has_a_rank_the_command_says_so():
    """Toilets are brought and the shape is measured: 7 + 8 of 100 points of weight, where 70 are asked for."""
    alone = score_candidates(square(toilets_per_km2=[3.0]))
    assert alone.scores["rank"].isna().all()
    assert [note.en for note in alone.notes()] == [
        "No candidate has the data for a rank: the highest completeness is 15 %. Supply the indicators that the table of scores lacks."
    ]
    assert score_candidates(square(toilets_per_km2=[3.0]), min_completeness=0.05).notes() == []
    small = square(toilets_per_km2=[3.0]).assign(geometry=[shapely.box(0, 0, 300, 300)])
    assert score_candidates(gpd.GeoDataFrame(small, crs=4549)).notes() == []  # its condition says why
