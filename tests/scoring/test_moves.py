"""Leaving out and improving indicators: against the scorer itself, and by hand."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from jxgis.scoring.analysis import score_candidates
from jxgis.scoring.indicators import Indicator
from jxgis.scoring.moves import Amount, Scored, improvements, reached_by_a_quarter, swings
from jxgis.scoring.rank import rank_candidates, score_table
from jxgis.settings import IndicatorSettings, MeasureSettings

FIVE = [
    Indicator("a", "A", 3, target=50),
    Indicator("b", "A", 1, low=0, high=10),
    Indicator("c", "B", 2, target=5),
    Indicator("d", "B", 4, low=2, high=6, fixed=True),
    Indicator("e", "B", 2, target=1),
]


def made(seed=0, n=20):
    """Candidates with values missing, at the reference, equal to one another, and some without a rank."""
    rng = np.random.default_rng(seed)
    high = {"a": 60, "b": 12, "c": 6, "d": 7, "e": 1.2}
    values = pd.DataFrame({i: rng.uniform(0, top, n).round(1) for i, top in high.items()})
    values = values.mask(rng.random(values.shape) < 0.15)
    values.iloc[1] = values.iloc[0]
    eligible = pd.Series(rng.random(n) > 0.15)
    weights = pd.Series({i.id: i.weight / 12 for i in FIVE})
    return values, weights, eligible


def ranked(values, weights, eligible, indicators=FIVE):
    return rank_candidates(
        values, indicators=indicators, weights=weights, min_completeness=0.0, eligible=eligible
    )  # fmt: skip


def scored_of(values, weights, eligible):
    found = ranked(values, weights, eligible)
    return found, Scored(values, score_table(values, FIVE), weights, found["rank"])


def same(left, right):
    return (pd.isna(left) and pd.isna(right)) or left == pytest.approx(right, abs=1e-9)


@pytest.mark.parametrize("seed", range(3))
def test_a_swing_is_what_the_scorer_says_without_the_indicator(seed):
    values, weights, eligible = made(seed)
    found, scored = scored_of(values, weights, eligible)
    table = swings(scored)
    assert len(table) == values.notna().sum().sum()
    for indicator in FIVE:
        rest = [i for i in FIVE if i is not indicator]
        without = ranked(values, weights, eligible & found["rank"].notna(), rest)
        for row in table[table["indicator"] == indicator.id].itertuples():
            assert same(row.score_without, without["score"][row.row])
            assert same(row.lift, found["score"][row.row] - without["score"][row.row])
            assert same(row.rank_without, without["rank"][row.row])
            assert same(row.rank_lift, without["rank"][row.row] - found["rank"][row.row])
    sums = table.groupby("row")[["weight", "contribution"]].sum()
    assert np.allclose(sums["weight"], 1)
    assert np.allclose(sums["contribution"], found["score"][sums.index])
    for _, own in table.groupby("row"):
        assert sorted(own["place"]) == list(range(1, len(own) + 1))
        assert own.sort_values("place")["lift"].abs().fillna(0).round(9).is_monotonic_decreasing


@pytest.mark.parametrize("seed", range(2))
def test_an_improvement_is_what_the_scorer_says_of_the_better_value(seed):
    values, weights, eligible = made(seed)
    found, scored = scored_of(values, weights, eligible)
    table = improvements(scored, FIVE, amounts={})
    points = score_table(values, FIVE)
    assert len(table) == (points < 100).sum().sum()
    assert table["to_step"].notna().sum() > 20
    for row in table.itertuples():
        for to, gain, rank in (
            (row.to_reference, row.gain_reference, row.rank_reference),
            (row.to_step, row.gain_step, row.rank_step),
        ):
            if pd.isna(to):
                assert pd.isna(gain)
                assert pd.isna(rank)
                continue
            better = values.copy()
            better.loc[row.row, row.indicator] = to
            after = ranked(better, weights, eligible)
            assert same(gain, after["score"][row.row] - found["score"][row.row])
            assert gain > 0
            assert same(rank, after["rank"][row.row])


def test_what_is_fixed_has_no_place_and_the_others_go_by_what_they_gain():
    values, weights, eligible = made()
    table = improvements(scored_of(values, weights, eligible)[1], FIVE, amounts={})
    assert table.loc[table["indicator"] == "d", "place"].isna().all()
    for _, own in table[table["indicator"] != "d"].groupby("row"):
        assert own["place"].tolist() == own["gain_reference"].rank(ascending=False, method="first").tolist()


def test_nothing_hangs_on_the_order_of_candidates():
    values, weights, eligible = made()
    order = np.random.default_rng(9).permutation(len(values))
    for find in (swings, lambda scored: improvements(scored, FIVE, amounts={})):
        found = find(scored_of(values, weights, eligible)[1])
        turned = find(scored_of(*(t.iloc[order].reset_index(drop=True) for t in (values,)), weights,
                                eligible.iloc[order].reset_index(drop=True))[1])  # fmt: skip
        turned["row"] = order[turned["row"]]
        key = ["row", "indicator"]
        pd.testing.assert_frame_equal(
            turned.sort_values(key, ignore_index=True), found.sort_values(key, ignore_index=True)
        )


@pytest.mark.parametrize(
    ("values", "is_cost", "reached"),
    [
        ([1, 2, 3], False, np.nan),
        ([1, 2, 3, 4], False, 4),
        ([1, 2, 3, 4], True, 1),
        ([5, 4, 3, 2, 1], False, 4),
        ([8, 7, 6, 5, 4, 3, 2, 1], False, 7),
        ([8, 7, 6, 5, 4, 3, 2, 1, np.nan, np.nan], True, 2),
        ([3, 3, 3, 3, 3], False, 3),
    ],
)
def test_the_best_quarter(values, is_cost, reached):
    found = reached_by_a_quarter(np.array(values, dtype=float), is_cost=is_cost)
    assert same(found, reached)
    if not np.isnan(reached):  # at least a quarter are there, and fewer than a quarter are beyond
        known = np.array(values, dtype=float)[np.isfinite(values)] * (-1 if is_cost else 1)
        there = reached * (-1 if is_cost else 1)
        assert (known >= there).mean() >= 0.25
        assert (known > there).mean() < 0.25


def test_a_step_goes_no_farther_than_the_reference_and_is_none_for_those_who_are_there():
    toilets = Indicator("a", "A", 1, target=4)
    values = pd.DataFrame({"a": [1.0, 9.0, 9.0, 2.0, 3.0]})
    points = score_table(values, [toilets])
    table = improvements(
        Scored(values, points, pd.Series({"a": 1.0}), pd.Series([4, 1, 1, 3, 2])), [toilets], amounts={}
    )
    assert table[["value", "to_step"]].to_numpy().tolist() == [[1, 4], [2, 4], [3, 4]]
    # Of five the best quarter are the best two: 3 reaches no quarter's value but its own.
    values = pd.DataFrame({"a": [1.0, 3.5, 3.0, 2.0, 3.0]})
    points = score_table(values, [toilets])
    table = improvements(
        Scored(values, points, pd.Series({"a": 1.0}), pd.Series([5, 1, 2, 4, 2])), [toilets], amounts={}
    )
    assert table["to_step"].fillna(-1).tolist() == [3, -1, -1, 3, -1]


def test_the_words_of_the_issue():
    toilets = Indicator("a", "A", 1, target=4)
    toilets = Indicator(**{**{f: getattr(toilets, f) for f in toilets.__slots__}, "label": type(toilets.label)("公厕", "Toilets"),
                           "unit": type(toilets.unit)("个/km²", "per km²")})  # fmt: skip
    values = pd.DataFrame({"a": [2.1, 4.0]})
    scored = Scored(values, score_table(values, [toilets]), pd.Series({"a": 1.0}), pd.Series([2, 1]))
    table = improvements(scored, [toilets], amounts={"a": Amount("things", np.array([2.4, 2.4]))})
    assert table["in_words"].tolist() == ["公厕 2.1 → 4 个/km²：+47.5 分，改善后排第 1；相当于再增加 5 个"]
    assert table["amount_reference"].tolist() == [5]  # 1.9 a km² on 2.4 km² are 4.56


def test_the_words_tell_a_rank_that_stays_from_one_that_comes():
    toilets, values = Indicator("a", "A", 1, target=4), pd.DataFrame({"a": [3.0, 2.0, 1.0]})
    first = ["still rank 1", "then rank 1"]
    for ranks, said in ([1, 2, 3], [*first, "then rank 1"]), ([1, 2, None], [*first, "points"]):
        scored = Scored(values, score_table(values, [toilets]), pd.Series({"a": 1.0}), pd.Series(ranks))
        words = improvements(scored, [toilets], amounts={}, lang="en")["in_words"]
        assert [each.endswith(end) for each, end in zip(words, said, strict=True)] == [True] * 3


def measured(measure, layers, *, target=None, low=None, high=None, unit="", **how):
    return IndicatorSettings(
        dimension="A", weight=1, target=target, low=low, high=high, unit=unit,
        measures=(MeasureSettings(measure=measure, layers=layers, **how),),
    )  # fmt: skip


SQUARE = gpd.GeoDataFrame({"name": ["甲"]}, geometry=[shapely.box(0, 0, 1600, 1500)], crs=4549)


def things(n, **columns):
    return gpd.GeoDataFrame(columns, geometry=gpd.points_from_xy(np.linspace(10, 1500, n), [700] * n), crs=4549)


def test_so_many_more_toilets_are_enough_and_one_fewer_are_not():
    own = {"t": measured("count_per_km2", ("toilets",), target=4, unit="座/km²")}

    def found(n):
        return score_candidates(SQUARE, further={"toilets": things(n)}, indicators=own)

    before = found(5).improvements.iloc[0]
    more = int(before["amount_reference"])
    assert before["amount_of"] == "things"
    assert found(5 + more).scores["t_score"].item() == 100
    assert found(5 + more - 1).scores["t_score"].item() < 100
    assert found(5 + more).improvements.empty


def test_so_many_cases_fewer_reworked_reach_the_reference():
    own = {"r": measured("share_of_rows", ("issues",), low=5, high=50, unit="%", hit={"reworked": True})}

    def found(reworked):
        issues = things(40, rework=[1.0] * reworked + [0.0] * (40 - reworked))
        return score_candidates(SQUARE, issues=issues, indicators=own)

    before = found(11).improvements.iloc[0]
    assert (round(before["value"], 9), before["amount_of"], before["amount_reference"]) == (27.5, "cases", 9)
    assert before["in_words"].endswith("；相当于少 9 件")
    assert found(11 - 9).scores["r_score"].item() == 100
    assert found(11 - 8).scores["r_score"].item() < 100


@pytest.mark.parametrize(
    ("measure", "layer", "target", "unit", "amount", "of"),
    [
        ("length_km", "greenways", 2.5, "km", 1.0, "km"),  # 1.5 km in the square
        ("length_per_km2", "greenways", 1, "km/km²", 0.9, "km"),  # 2.4 km²: 2.4 − 1.5 km
        ("share_of_area", "squares", 50, "%", 0.96, "km2"),  # 0.24 km² in it: half of 2.4 less that
        ("area_km2", "squares", 0.5, "km²", 0.26, "km2"),
        ("count", "toilets", 9, "座", 4, "things"),
    ],
)
def test_what_it_takes_by_measure(measure, layer, target, unit, amount, of):
    layers = {
        "greenways": gpd.GeoDataFrame(geometry=[shapely.LineString([(100, 0), (100, 1500)])], crs=4549),
        "squares": gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 1600, 150)], crs=4549),
        "toilets": things(5),
    }
    own = {"x": measured(measure, (layer,), target=target, unit=unit)}
    found = score_candidates(SQUARE, further={layer: layers[layer]}, indicators=own).improvements.iloc[0]
    assert (found["amount_reference"], found["amount_of"]) == (pytest.approx(amount, rel=1e-6), of)


def test_of_a_value_that_the_candidate_brings_things_are_by_its_area_and_cases_are_not_known():
    own = {
        "t": measured("count_per_km2", ("toilets",), target=4, unit="座/km²"),
        "r": measured("share_of_rows", ("issues",), low=5, high=50, unit="%", hit={"reworked": True}),
    }
    found = score_candidates(
        SQUARE.assign(t=2.0, r=20.0),
        further={"toilets": things(1)},
        issues=things(40, rework=[0.0] * 40),
        indicators=own,
    ).improvements.set_index("indicator")
    assert found.loc["t", ["value", "amount_reference"]].tolist() == [2, 5]  # 2 a km² on 2.4 km² are 4.8
    assert np.isnan(found.loc["r", "amount_reference"])


def test_where_nothing_is_measured_no_amount_is_made_up():
    own = {"g": measured("share_of_area", ("squares",), target=50, unit="%"),
           "p": measured("park_coverage", ("parks", "park_land"), target=90, unit="%")}  # fmt: skip
    found = score_candidates(SQUARE.assign(g=20.0, p=80.0), indicators=own).improvements
    assert found[["amount_reference", "amount_of"]].isna().all(axis=None)
    assert found["gain_reference"].notna().all()


def test_numbers_that_differ_are_not_said_to_be_the_same():
    mix = Indicator("a", "A", 1, target=0.5)
    values = pd.DataFrame({"a": [0.1690, 0.1705, 0.1, 0.05]})
    scored = Scored(values, score_table(values, [mix]), pd.Series({"a": 1.0}), pd.Series([2, 1, 3, 4]))
    assert improvements(scored, [mix], amounts={}).loc[0, "step_in_words"].startswith("a 0.169 → 0.1705：")


def test_who_is_not_ranked_moves_no_aim_of_the_others():
    """A candidate that a gate keeps out, however good, is not among the best quarter."""
    toilets = Indicator("a", "A", 1, target=10)
    values = pd.DataFrame({"a": [1.0, 2.0, 3.0, 4.0]})
    alone = improvements(
        Scored(values, values * 10, pd.Series({"a": 1.0}), pd.Series([4, 3, 2, 1])), [toilets], amounts={}
    )
    both = pd.DataFrame({"a": [1.0, 2.0, 3.0, 4.0, 9.0, 9.0]})
    rank = pd.Series([4, 3, 2, 1, None, None], dtype="Int64")
    found = improvements(Scored(both, both * 10, pd.Series({"a": 1.0}), rank), [toilets], amounts={})
    pd.testing.assert_frame_equal(found[found["row"] < 4], alone)
    assert alone["to_step"].tolist()[:3] == [4.0, 4.0, 4.0]
