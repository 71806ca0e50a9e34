"""Weights against plain loops, power iteration and closed forms."""

import math

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from jxgis.errors import InputError, SettingsError
from jxgis.scoring.analysis import score_candidates
from jxgis.scoring.indicators import Indicator, load_registry
from jxgis.scoring.weights import (
    ahp_weights,
    critic_weights,
    entropy_weights,
    equal_weights,
    expert_weights,
    judgement_matrix,
    judgements_from,
    weigh,
)

THREE = [Indicator("a", "A", 3, target=1), Indicator("b", "A", 1, target=1), Indicator("c", "B", 4, target=1)]
SCORES = arrays(np.float64, (6, 4), elements=st.integers(0, 100).map(float))


def entropy_by_loop(table):
    """As Shannon's formula reads, one number at a time."""
    spread = []
    for j in range(len(table[0])):
        column = [row[j] for row in table if not math.isnan(row[j])]
        total = sum(column)
        e = 0.0
        for s in column:
            if total > 0 and s > 0:
                e -= s / total * math.log(s / total)
        spread.append(1 - e / math.log(len(column)) if total > 0 else 0.0)
    return [d / sum(spread) for d in spread]


def critic_by_loop(table):
    columns = list(zip(*table, strict=True))
    content = []
    for x in columns:
        n, mean = len(x), sum(x) / len(x)
        sd = math.sqrt(sum((v - mean) ** 2 for v in x) / (n - 1))
        conflict = 0.0
        for y in columns:
            other = sum(y) / n
            cov = sum((v - mean) * (w - other) for v, w in zip(x, y, strict=True))
            norm = math.sqrt(sum((v - mean) ** 2 for v in x) * sum((w - other) ** 2 for w in y))
            conflict += 1 - cov / norm
        content.append(sd * conflict)
    return [c / sum(content) for c in content]


def test_expert_and_equal():
    assert expert_weights(THREE).to_dict() == {"a": 3 / 8, "b": 1 / 8, "c": 4 / 8}
    assert equal_weights(THREE).tolist() == [1 / 3] * 3


@given(arrays(np.float64, st.integers(2, 9), elements=st.floats(0.05, 20)))
def test_consistent_judgements_give_their_weights_back(importance):
    found = ahp_weights(importance[:, None] / importance[None, :])
    assert found.weights == pytest.approx(importance / importance.sum(), rel=1e-6)
    assert found.cr == pytest.approx(0, abs=1e-8)


@given(st.lists(st.integers(0, 16), min_size=6, max_size=6))
def test_ahp_equals_power_iteration(grades):
    scale = [1 / 9, 1 / 8, 1 / 7, 1 / 6, 1 / 5, 1 / 4, 1 / 3, 1 / 2, *range(1, 10)]
    a = np.ones((4, 4))
    for (i, j), grade in zip([(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)], grades, strict=True):
        a[i, j], a[j, i] = scale[grade], 1 / scale[grade]
    w = np.ones(4)
    for _ in range(500):
        w = a @ w
        w /= w.sum()
    cr = ((a @ w / w).mean() - 4) / 3 / 0.90
    if cr >= 0.1:
        with pytest.raises(InputError, match="CR"):
            ahp_weights(a)
    else:
        found = ahp_weights(a)
        assert found.weights == pytest.approx(w, rel=1e-6)
        assert found.cr == pytest.approx(cr, abs=1e-6)


@pytest.mark.parametrize("matrix", [[[1, 2], [2, 1]], [[1, -2], [-0.5, 1]], [[1, 2, 3]], [[1, np.nan], [np.nan, 1]]])
def test_a_matrix_that_is_no_judgement_is_refused(matrix):
    with pytest.raises(InputError):
        ahp_weights(matrix)


def test_judgements_complete_and_without_conflict():
    assert judgement_matrix({"A": {"B": 2}, "B": {"A": 0.5}}, "AB").tolist() == [[1, 2], [0.5, 1]]
    with pytest.raises(SettingsError, match="A/C"):
        judgement_matrix({"A": {"B": 2}, "B": {"C": 2}}, "ABC")
    with pytest.raises(SettingsError, match="A"):
        judgement_matrix({"A": {"B": 2}, "B": {"A": 3}}, "AB")


@given(SCORES)
def test_entropy_equals_the_formula(table):
    frame = pd.DataFrame(table, columns=list("abcd"))
    flat = (table == table[0]).all(axis=0) | (table.sum(axis=0) == 0)
    if flat.all():
        with pytest.raises(InputError):
            entropy_weights(frame)
        return
    assert entropy_weights(frame).to_numpy() == pytest.approx(entropy_by_loop(table.tolist()), abs=1e-9)


def test_entropy_leaves_missing_values_out():
    table = [[10.0, 50.0], [40.0, math.nan], [100.0, 70.0], [20.0, 90.0]]
    assert entropy_weights(pd.DataFrame(table)).tolist() == pytest.approx(entropy_by_loop(table))


@given(SCORES)
def test_critic_equals_the_formula(table):
    if (np.ptp(table, axis=0) == 0).any() or np.linalg.matrix_rank(table - table.mean(axis=0)) < 2:
        return
    assert critic_weights(pd.DataFrame(table)).to_numpy() == pytest.approx(critic_by_loop(table.tolist()), abs=1e-9)


@pytest.mark.parametrize("size", [1e-6, 1e-3, 1.0, 1e6])
def test_critic_does_not_ask_how_large_scores_are(size):
    """Two say the same and a third the opposite: half of the conflict is its own."""
    table = size * pd.DataFrame({"a": [0.0, 50.0, 100.0], "b": [0.0, 50.0, 100.0], "c": [100.0, 50.0, 0.0]})
    assert critic_weights(table).tolist() == pytest.approx([0.25, 0.25, 0.5])


def test_critic_of_constants_and_of_one():
    table = pd.DataFrame({"flat": [5.0, 5.0, 5.0], "one": [0.0, 10.0, 30.0]})
    assert critic_weights(table).tolist() == [0.0, 1.0]
    with pytest.raises(InputError):
        critic_weights(table[["flat"]])


@pytest.mark.parametrize("method", ["expert", "equal", "ahp", "entropy", "critic"])
def test_weights_sum_to_one_and_keep_what_is_unknown(method):
    scores = pd.DataFrame({"a": [0.0, 50.0, 100.0], "b": [100.0, 20.0, 30.0]})  # nothing is known of c
    found = weigh(method, THREE, scores=scores, judgements={"A": {"B": 3}})
    assert found.shares.sum() == pytest.approx(1)
    assert found.shares.index.tolist() == ["a", "b", "c"]
    if method in ("entropy", "critic"):
        assert found.shares["c"] == 0.5  # its expert share


def test_each_method_by_data_is_the_one_it_is_called():
    """One indicator without data keeps its expert weight of a half; the others share the rest as its formula says."""
    table = [[90.0, 10.0], [20.0, 30.0], [60.0, 80.0], [10.0, 50.0]]
    scores = pd.DataFrame(table, columns=["a", "b"])
    for method, by_hand in (("entropy", entropy_by_loop), ("critic", critic_by_loop)):
        a, b = by_hand(table)
        shares = weigh(method, THREE, scores=scores).shares
        assert shares.to_dict() == pytest.approx({"a": a / 2, "b": b / 2, "c": 0.5})


def test_ahp_shares_a_dimension_out_by_expert_weights():
    found = weigh("ahp", THREE, judgements={"A": {"B": 3}})
    assert found.shares.to_dict() == pytest.approx({"a": 0.75 * 0.75, "b": 0.75 * 0.25, "c": 0.25})


def test_ahp_takes_as_many_as_saaty_has_random_indices_for_and_no_more():
    assert ahp_weights(np.ones((15, 15))).weights == pytest.approx(np.full(15, 1 / 15))
    for n in (0, 16):
        with pytest.raises(InputError):
            ahp_weights(np.ones((n, n)))


def test_ahp_does_not_take_a_judgement_against_a_stranger_for_one_of_these():
    assert weigh("ahp", THREE, judgements={"A": {"乙": 3}}).fallback == "judgements_from_expert"
    assert weigh("ahp", THREE, judgements={"甲": {"B": 3}}).fallback == "judgements_from_expert"


@pytest.mark.parametrize("weights", ["expert", "ahp"])
@pytest.mark.parametrize(
    "options",
    [
        {"judgements": {"基础条": {"管理绩效": 2.0}}},
        {"judgements": {"基础条件": {"管理绩效": 2.0}}},
        {"column_units": {"shaded_street": "fraction"}},
    ],
    ids=["no dimension", "pairs that lack", "no indicator"],
)
def test_no_setting_of_scores_is_passed_over(weights, options):
    square = gpd.GeoDataFrame({"name": ["甲"], "公厕密度": [3.0]}, geometry=[shapely.box(0, 0, 1600, 1600)], crs=4549)
    with pytest.raises(SettingsError):
        score_candidates(square, weights=weights, **options)


def test_ahp_without_judgements_reads_them_off_and_says_so():
    found = weigh("ahp", THREE, judgements={"甲": {"乙": 3}})  # of other dimensions
    assert found.fallback == "judgements_from_expert"
    assert found.shares.to_dict() == pytest.approx({"a": 0.375, "b": 0.125, "c": 0.5})  # A and B weigh alike
    assert weigh("ahp", THREE, judgements={"A": {"B": 3}}).fallback == ""


@given(arrays(np.float64, st.integers(2, 8), elements=st.floats(0.5, 4)))
def test_judgements_read_off_weights_are_on_the_scale_and_usable(importance):
    weights = pd.Series(importance, index=[f"n{k}" for k in range(importance.size)])
    found = judgements_from(weights)
    for row, columns in found.items():
        for column, times in columns.items():
            assert times in range(1, 10)
            assert times == pytest.approx(weights[row] / weights[column], abs=0.5 + 1e-9)
    assert ahp_weights(judgement_matrix(found, list(weights.index))).cr < 0.1


def test_the_shipped_judgements_are_consistent():
    defaults = load_registry()
    assert 0 <= weigh("ahp", defaults.indicators, judgements=defaults.judgements).details["cr"] < 0.1


def test_an_unknown_method_is_refused():
    with pytest.raises(InputError, match="critic"):
        weigh("guess", THREE)
