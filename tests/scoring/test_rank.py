"""Scores and ranks: identities, fixed references, and what is missing."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import kendalltau

from jxgis.errors import InputError
from jxgis.scoring.indicators import Indicator
from jxgis.scoring.rank import (
    competition_rank,
    rank_agreement,
    rank_candidates,
    score_table,
    topsis,
)
from jxgis.scoring.weightings import moved_weightings, weight_sensitivity

FOUR = [
    Indicator("a", "A", 4, target=50),
    Indicator("b", "A", 3, target=10),
    Indicator("c", "B", 2, low=5, high=25),
    Indicator("d", "B", 1, target=1),
]
W = pd.Series({"a": 0.4, "b": 0.3, "c": 0.2, "d": 0.1})
VALUES = arrays(np.float64, (7, 4), elements=st.one_of(st.integers(0, 60).map(float), st.just(np.nan)))


def by_hand(row):
    """Score, floor and completeness of one candidate, one number at a time."""
    earned = present = 0.0
    for value, i in zip(row, FOUR, strict=True):
        if np.isnan(value):
            continue
        share = value / i.target if i.target else (i.high - value) / (i.high - i.low)
        earned += W[i.id] * 100 * min(1, max(0, share))
        present += W[i.id]
    return earned / present if present else np.nan, earned, present


@given(VALUES)
def test_scores_equal_the_formula_and_ranks_follow(table):
    frame = pd.DataFrame(table, columns=list("abcd"), index=[f"n{k}" for k in range(7)])
    before = frame.copy()
    found = rank_candidates(frame, indicators=FOUR, weights=W)
    pd.testing.assert_frame_equal(frame, before)
    hand = np.array([by_hand(row) for row in table])
    assert found[["score", "score_if_missing_zero", "completeness"]].to_numpy() == pytest.approx(hand, nan_ok=True)
    assert found["candidate_id"].tolist() == frame.index.tolist()
    assert found.index.equals(frame.index)
    assert (found["rank"].notna() == (found["completeness"] >= 0.7 - 1e-9)).all()
    ranked = found[found["rank"].notna()]
    for row in ranked.itertuples():
        # Of the figures above: sums that differ by rounding are equal scores.
        assert row.rank == 1 + (ranked["score"] > row.score * (1 + 1e-9)).sum()
    assert (found["score_if_missing_zero"] <= found["score"].fillna(0) + 1e-9).all()


@given(VALUES, st.integers(0, 6))
def test_a_score_does_not_depend_on_the_others(table, left_out):
    frame = pd.DataFrame(table, columns=list("abcd"))
    every = rank_candidates(frame, indicators=FOUR, weights=W)
    fewer = rank_candidates(frame.drop(index=left_out), indicators=FOUR, weights=W)
    columns = ["score", "score_if_missing_zero", "completeness"]
    pd.testing.assert_frame_equal(every[columns].drop(index=left_out), fewer[columns])


def test_seven_tenths_is_enough_for_a_rank():
    frame = pd.DataFrame({"a": [50.0, 50.0], "b": [10.0, np.nan], "c": [np.nan, 5.0], "d": [np.nan, np.nan]})
    found = rank_candidates(frame, indicators=FOUR, weights=W)
    assert found["completeness"].tolist() == pytest.approx([0.7, 0.6])
    assert found["rank"].tolist() == [1, pd.NA]
    assert found["rank"].dtype == "Int64"


def test_columns_stand_in_the_contract_s_order_and_missing_ones_are_null():
    frame = pd.DataFrame({"candidate_id": ["x"], "a": [25.0]})
    found = rank_candidates(frame, indicators=FOUR, weights=W)
    assert found.columns.tolist() == [
        *["candidate_id", "score", "score_if_missing_zero", "completeness", "rank"],
        *["a", "a_score", "b", "b_score", "c", "c_score", "d", "d_score"],
    ]
    assert found.loc[0, "a_score"] == 50
    assert found.loc[0, ["b", "b_score"]].isna().all()
    assert found.loc[0, "candidate_id"] == "x"


def test_equal_scores_share_the_better_rank():
    frame = pd.DataFrame({"a": [50.0, 60.0, 10.0], "b": [10.0] * 3, "c": [5.0] * 3, "d": [1.0] * 3})
    assert rank_candidates(frame, indicators=FOUR, weights=W)["rank"].tolist() == [1, 1, 3]


def test_all_known_is_exactly_complete():
    weights = pd.Series({"a": 0.1, "b": 0.2, "c": 0.3, "d": 0.7})
    frame = pd.DataFrame([[1.0] * 4], columns=list("abcd"))
    found = rank_candidates(frame, indicators=FOUR, weights=weights, min_completeness=1.0)
    assert found["completeness"].item() == 1.0
    assert found["rank"].item() == 1


def test_nobody_is_a_table_without_rows():
    found = rank_candidates(pd.DataFrame({"a": []}, dtype="float64"), indicators=FOUR, weights=W)
    assert len(found) == 0
    assert "d_score" in found.columns


def test_words_and_weights_that_cannot_be_used():
    with pytest.raises(InputError, match="a"):
        rank_candidates(pd.DataFrame({"a": ["许多"]}), indicators=FOUR, weights=W)
    frame = pd.DataFrame({"a": [1.0]})
    for weights in (W.drop("d"), -W, 0 * W):
        with pytest.raises(InputError):
            rank_candidates(frame, indicators=FOUR, weights=weights)


@given(arrays(np.float64, (5, 3), elements=st.floats(0, 100)))
def test_topsis_equals_the_distances(table):
    w = np.array([0.5, 0.3, 0.2])
    found = topsis(pd.DataFrame(table, columns=list("abc")), pd.Series(w, index=list("abc")))
    for row, closeness in zip(table, found, strict=True):
        best, worst = np.linalg.norm(w * (100 - row)), np.linalg.norm(w * row)
        assert closeness == pytest.approx(worst / (best + worst))


def test_closeness_by_an_indicator_of_hardly_any_weight():
    """Where one indicator alone is known, its score is the closeness, whatever its weight."""
    table = pd.DataFrame({"a": [np.nan, np.nan], "b": [25.0, np.nan]})
    found = topsis(table, pd.Series({"a": 0.995, "b": 0.005}))
    assert found[0] == pytest.approx(0.25)
    assert np.isnan(found[1])


def test_sensitivity_of_no_move_is_the_rank_itself():
    rng = np.random.default_rng(3)
    frame = pd.DataFrame(rng.uniform(0, 60, (8, 4)), columns=list("abcd"))
    frame.iloc[7, 0] = np.nan
    single = score_table(frame, FOUR)
    still = weight_sensitivity(single, W, np.tile(W, (3, 1)))
    rank = rank_candidates(frame, indicators=FOUR, weights=W)["rank"]
    for column in ("rank_best", "rank_median", "rank_worst"):
        assert still[column].astype("Int64").tolist() == rank.tolist()
    moves = moved_weightings(W) / W.to_numpy()
    assert 0.8 <= moves.min() < 0.801
    assert 1.199 < moves.max() <= 1.2
    moved = weight_sensitivity(single, W, moved_weightings(W))
    pd.testing.assert_frame_equal(moved, weight_sensitivity(single, W, moved_weightings(W)))
    assert (moved["rank_best"] <= moved["rank_worst"])[:7].all()
    assert moved["share_first"].sum() == pytest.approx(1)  # no ties among random scores


def test_every_draw_of_the_weights_counts():
    """Each set of weights by itself, the candidates ranked by their weighted means."""
    single = pd.DataFrame({"a": [90.0, 20.0, 60.0], "b": [10.0, 80.0, np.nan]})
    weights = pd.Series({"a": 0.5, "b": 0.5})
    for draws in (1, 4):
        drawn = np.random.default_rng(5).uniform(0.1, 1.9, (draws, 2))
        found = weight_sensitivity(single, weights, drawn, min_completeness=0.5)
        ranks = []
        for move in drawn:
            score = [
                np.average(row[known], weights=move[known]) for row in single.to_numpy() for known in [~np.isnan(row)]
            ]
            ranks.append([1 + sum(other > one for other in score) for one in score])
        assert found["share_first"].tolist() == np.mean(np.array(ranks) == 1, axis=0).tolist()
        assert found["rank_best"].tolist() == np.min(ranks, axis=0).tolist()
        assert found["rank_worst"].tolist() == np.max(ranks, axis=0).tolist()


def test_agreement_is_kendall_s_tau_over_what_both_rank():
    a = pd.Series([1, 2, 3, 4, None], dtype="Int64")
    b = pd.Series([2, 1, 3, None, 4], dtype="Int64")
    found = rank_agreement({"a": a, "b": b})
    assert found.loc["a", "b"] == found.loc["b", "a"] == pytest.approx(kendalltau([1, 2, 3], [2, 1, 3]).statistic)
    assert found.loc["a", "a"] == 1


@given(st.lists(st.integers(0, 6).map(float), min_size=1, max_size=12), st.data())
def test_rounding_ranks_nobody(figures, data):
    """Ranks of numbers that differ by 1e-13 of themselves at most from round ones are those of the round ones."""
    noise = data.draw(st.lists(st.floats(-1e-13, 1e-13), min_size=len(figures), max_size=len(figures)))
    exact = pd.Series(figures)
    found = competition_rank(exact * (1 + pd.Series(noise)))
    assert found.tolist() == [1 + sum(other > one for other in figures) for one in figures]


def test_equal_scores_share_a_rank_whatever_the_order_of_the_sum():
    """Three tenths of weight each: 0.1 + 0.2 + 0.3 is not 0.3 + 0.2 + 0.1 to a computer."""
    three = [Indicator(name, "A", weight, target=1) for name, weight in zip("abc", (0.1, 0.2, 0.3), strict=True)]
    frame = pd.DataFrame({"a": [0.3, 0.3, 0.0], "b": [0.0, 0.3, 0.15], "c": [0.2, 0.1, 0.2]})
    by_hand = frame["a"] * 1 + frame["b"] * 2 + frame["c"] * 3  # 0.9, 1.2, 0.9
    assert by_hand.round(9).tolist() == [0.9, 1.2, 0.9]
    for order in ([0, 1, 2], [2, 1, 0], [1, 0, 2]):
        chosen = [three[k] for k in order]
        weights = pd.Series({i.id: i.weight for i in chosen})
        assert rank_candidates(frame, indicators=chosen, weights=weights)["rank"].tolist() == [2, 1, 2]
        moved = weight_sensitivity(score_table(frame, chosen), weights, np.tile(weights, (2, 1)))
        assert moved["rank_median"].tolist() == [2, 1, 2]


def test_those_that_may_not_be_ranked_leave_no_gap():
    frame = pd.DataFrame({"a": [50.0, 40.0, 30.0, 30.0, 20.0], "b": [10.0] * 5, "c": [5.0] * 5, "d": [1.0] * 5})
    eligible = pd.Series([True, False, True, True, True])
    found = rank_candidates(frame, indicators=FOUR, weights=W, eligible=eligible)
    assert found["rank"].tolist() == [1, pd.NA, 2, 2, 4]
    moved = weight_sensitivity(score_table(frame, FOUR), W, np.tile(W, (2, 1)), eligible=eligible)
    assert moved["rank_best"].fillna(0).tolist() == [1, 0, 2, 2, 4]


@pytest.mark.parametrize("value", [np.inf, -np.inf, "inf", "12 处"])
def test_what_is_not_a_finite_number_is_refused_with_its_candidate_and_field(value):
    frame = pd.DataFrame({"candidate_id": ["甲", "乙", "丙"], "b": [1.0, 2.0, value]})
    with pytest.raises(InputError) as refused:
        rank_candidates(frame, indicators=FOUR, weights=W)
    assert "候选单元 丙 的指标 b" in refused.value.text("zh")
    assert f"Candidate 丙: indicator b is '{value}'" in refused.value.text("en")
    with pytest.raises(InputError, match="第 3 行的指标 b"):
        rank_candidates(frame.drop(columns="candidate_id"), indicators=FOUR, weights=W)


def test_an_empty_text_is_missing():
    frame = pd.DataFrame({"a": ["50", " ", ""], "b": [10.0] * 3, "c": [5.0] * 3, "d": [1.0] * 3})
    assert rank_candidates(frame, indicators=FOUR, weights=W)["a"].isna().tolist() == [False, True, True]


def test_rounding_beside_nought_ranks_nobody_and_a_ten_millionth_does():
    """0.3 − 0.1 · 3 is 5e-17 and not 0."""
    assert competition_rank(pd.Series([0.0, -0.0, 0.3 - 0.1 * 3, 0.1 * 3 - 0.3])).tolist() == [1, 1, 1, 1]
    assert competition_rank(pd.Series([np.inf, 1.0, 2.0, -np.inf])).tolist() == [pd.NA, 2, 1, pd.NA]
    assert competition_rank(pd.Series([50.0, 50.0 * (1 - 1e-7), 50.0 * (1 - 1e-12)])).tolist() == [1, 3, 1]


@pytest.mark.filterwarnings("error")
def test_a_candidate_without_any_value_is_never_first():
    table = pd.DataFrame({"a": [np.nan, 10.0, 90.0], "b": [np.nan, 20.0, 80.0]})
    weights = pd.Series({"a": 0.5, "b": 0.5})
    found = weight_sensitivity(table, weights, moved_weightings(weights), min_completeness=0.0)
    assert found.loc[0].isna().all()
    assert found["share_first"].tolist()[1:] == [0.0, 1.0]
    assert found["rank_median"].tolist()[1:] == [2.0, 1.0]
