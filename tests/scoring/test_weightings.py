"""Acceptability against closed forms, a grid of the simplex and the scorer itself."""

from itertools import product

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from jxgis.scoring import weightings
from jxgis.scoring.indicators import Indicator
from jxgis.scoring.rank import rank_candidates
from jxgis.scoring.weightings import acceptability, draw_weightings, drawn_ranks

DRAWS = 20_000
SIGMAS = 4.5  # of a normal figure: one in 150,000


def even(m):
    return pd.Series(1.0, index=[f"i{k}" for k in range(m)])


def table(rows):
    return pd.DataFrame(rows, columns=[f"i{k}" for k in range(len(rows[0]))], dtype="float64")


def first(scores, top=1, **options):
    drawn = draw_weightings(even(scores.shape[1]), draws=DRAWS, **options)
    return acceptability(scores, drawn, top=top)


@pytest.mark.parametrize(
    ("a", "b"), [((90, 10), (20, 60)), ((50, 49), (49, 51)), ((0, 100), (99, 0)), ((80, 80), (1, 2))]
)
def test_two_candidates_and_two_indicators(a, b):
    """a is ahead where w·d > 0 with d = a − b: of w even on [0, 1] the share d1/(d1 − d2) where their signs differ."""
    d1, d2 = np.subtract(a, b)
    share = 1.0 if min(d1, d2) > 0 else max(d1, d2) / abs(d1 - d2)
    found = first(table([a, b]))
    assert abs(found["acceptability"][0] - share) <= SIGMAS * found["acceptability_se"][0]
    assert found["acceptability"].sum() == pytest.approx(1)
    assert found["rank_mean"][0] == pytest.approx(2 - found["acceptability"][0])


@pytest.mark.parametrize("d", [(30, -20, -50), (5, -60, -1), (-10, 40, -10)])
def test_two_candidates_and_three_indicators(d):
    """One difference of another sign than the two others: the corner of the triangle, p²/((p − q)(p − r))."""
    p, q, r = sorted(d, reverse=True)
    found = first(table([50 + np.array(d) / 2, 50 - np.array(d) / 2]))
    assert abs(found["acceptability"][0] - p**2 / ((p - q) * (p - r))) <= SIGMAS * found["acceptability_se"][0]


@pytest.mark.parametrize("concentration", [1, 8, 200])
def test_around_given_weights_the_share_is_that_of_a_beta_distribution(concentration):
    weights = pd.Series({"i0": 3.0, "i1": 1.0})
    drawn = draw_weightings(weights, draws=DRAWS, concentration=concentration)
    found = acceptability(table([[90, 10], [20, 60]]), drawn, top=1)  # level at 5/12 of the weight on the first
    share = stats.beta(0.75 * concentration, 0.25 * concentration).sf(5 / 12)
    assert abs(found["acceptability"][0] - share) <= SIGMAS * found["acceptability_se"][0]


def test_a_weight_of_nothing_stays_nothing_around_the_weights():
    drawn = draw_weightings(pd.Series({"a": 1.0, "b": 0.0, "c": 1.0}), draws=50, concentration=5)
    assert (drawn[:, 1] == 0).all()
    assert np.allclose(drawn.sum(axis=1), 1)


def test_a_fine_grid_of_the_simplex_says_the_same():
    scores = table([[90, 20, np.nan], [40, 70, 60], [np.nan, 65, 55], [60, 60, 58], [10, 20, 90], [70, np.nan, 20]])
    n = 400
    grid = (
        np.array([(i + 1 / 3, j + 1 / 3, n - i - j - 2 / 3) for i, j in product(range(n), repeat=2) if i + j < n]) / n
    )
    drawn = draw_weightings(even(3), draws=DRAWS)
    for top in (1, 2, 4):
        by_grid, found = (acceptability(scores, w, top=top) for w in (grid, drawn))
        # A border between two candidates crosses at most 2n of the n² triangles of the grid, and half of them say the wrong.
        apart = (found["acceptability"] - by_grid["acceptability"]).abs()
        assert (apart <= 5 / n + SIGMAS * found["acceptability_se"]).all()
        assert found["acceptability"].sum() == pytest.approx(top)


def test_ranks_are_those_of_the_scorer():
    rng = np.random.default_rng(3)
    points = rng.choice([0.0, 25.0, 50.0, 100.0], (40, 5))
    points[rng.random(points.shape) < 0.2] = np.nan
    points[0] = [50, 50, 50, 50, 50]
    points[1] = [np.nan, np.nan, np.nan, np.nan, 50]  # equal under all weights
    drawn = np.vstack([draw_weightings(even(5), draws=30), np.eye(5), np.full((1, 5), 0.2)])
    indicators = [Indicator(f"i{k}", "A", 1, target=100) for k in range(5)]
    scores = table(points)
    known = scores.notna().any(axis=1)
    ranks = drawn_ranks(points[known], drawn)
    for k, weights in enumerate(drawn):
        by_scorer = rank_candidates(
            scores[known], indicators=indicators, weights=pd.Series(weights, index=scores.columns), min_completeness=0
        )
        scored = by_scorer["rank"].notna()
        assert ranks[scored, k].tolist() == by_scorer["rank"][scored].tolist()
        assert (ranks[~scored, k] == scored.sum() + 1).all(), "nothing that counts is known of them: behind all others"


def test_nothing_hangs_on_the_order_or_on_how_many_are_ranked_at_a_time(monkeypatch):
    rng = np.random.default_rng(1)
    scores = table(rng.uniform(0, 100, (30, 6)))
    scores = scores.mask(rng.random(scores.shape) < 0.15)
    found = first(scores, top=4)
    rows, columns = rng.permutation(30), rng.permutation(6)
    turned = scores.iloc[rows, columns]
    drawn = draw_weightings(pd.Series(1.0, index=turned.columns), draws=DRAWS)
    pd.testing.assert_frame_equal(acceptability(turned, drawn, top=4).sort_index(), found)
    monkeypatch.setattr(weightings, "_AT_ONCE", 700)
    pd.testing.assert_frame_equal(first(scores, top=4), found)


def test_who_is_not_ranked_has_none_and_is_in_nobody_s_way():
    scores = table([[90, 90], [50, 40], [40, 50], [np.nan, np.nan]])
    drawn = draw_weightings(even(2), draws=500)
    found = acceptability(scores, drawn, top=1, eligible=pd.Series([False, True, True, True]))
    assert found.iloc[[0, 3]].isna().all(axis=None)
    alone = acceptability(scores.iloc[1:3], drawn, top=1)
    pd.testing.assert_frame_equal(found.iloc[1:3], alone)
    nobody = acceptability(scores, drawn, top=1, eligible=pd.Series([False] * 4))
    assert nobody.isna().all(axis=None)


def test_those_who_share_the_last_place_are_all_near_the_top():
    found = first(table([[90, 90], [50, 60], [50, 60], [1, 1]]), top=2)
    assert found["acceptability"].tolist() == [1, 1, 1, 0]
    assert found[["rank_low", "rank_high"]].to_numpy().tolist() == [[1, 1], [2, 2], [2, 2], [4, 4]]
    assert (found["acceptability_se"] > 0).all(), "what was never drawn may still be"


def test_the_standard_error_is_how_far_other_draws_lead():
    scores = table([[90, 10, 40], [20, 60, 70], [50, 50, 50]])
    found = [acceptability(scores, draw_weightings(even(3), draws=400, seed=s), top=1) for s in range(300)]
    spread = np.std([f["acceptability"] for f in found], axis=0, ddof=1)
    said = np.mean([f["acceptability_se"] for f in found], axis=0)
    # The standard deviation of 300 figures is itself within 1/√600 = 4 %; four of these.
    assert np.allclose(said, spread, rtol=0.17)


def test_the_interval_holds_the_middle_nine_tenths_of_the_ranks():
    rng = np.random.default_rng(2)
    scores = table(rng.uniform(40, 60, (12, 4)))
    drawn = draw_weightings(even(4), draws=2000)
    found, ranks = acceptability(scores, drawn, top=3), drawn_ranks(scores.to_numpy(), drawn)
    assert ((ranks < found["rank_low"].to_numpy()[:, None]).mean(axis=1) <= 0.05).all()
    assert ((ranks > found["rank_high"].to_numpy()[:, None]).mean(axis=1) <= 0.05).all()
    assert np.allclose(found["rank_mean"], ranks.mean(axis=1))
