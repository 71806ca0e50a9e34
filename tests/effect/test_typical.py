"""The exact interval: against every choice of signs, a published example, and the level that it claims."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jxgis.effect.typical import LEAST_SETS, centre_of, least_shifts

# Darwin's 15 pairs of Zea mays, eighths of an inch: Fisher, The Design of Experiments (1935), section 21. Of the 32,768
# choices of signs 863 give a sum of 314 or more.
DARWIN = [49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48]


def kept(differences: np.ndarray, weights: np.ndarray, at: float) -> bool:
    """Whether flipping signs about ``at`` does not make the observed sum one of the rarest, by trying every choice."""
    moved = weights * (differences - at)
    sums = np.array([moved @ signs for signs in product([1, -1], repeat=len(moved))])
    observed = moved.sum()
    tails = (sums >= observed - 1e-12).mean(), (sums <= observed + 1e-12).mean()
    return bool(2 * min(tails) > 0.05)


def test_the_p_of_darwins_pairs_is_fishers() -> None:
    assert centre_of(DARWIN).p == pytest.approx(2 * 863 / 32768)


@given(st.lists(st.tuples(st.integers(-50, 50), st.integers(1, 5)), min_size=6, max_size=8))
def test_the_interval_holds_what_flipping_signs_does_not_refuse(pairs: list[tuple[int, int]]) -> None:
    differences, weights = (np.array(column, dtype=float) for column in zip(*pairs, strict=True))
    found = centre_of(differences, weights)
    step = 1e-6
    assert kept(differences, weights, found.low + step) or found.high - found.low < 3 * step
    assert not kept(differences, weights, found.low - step)
    assert not kept(differences, weights, found.high + step)
    assert (found.p > 0.05) == kept(differences, weights, 0.0)
    assert not (found.p > 0.05 and not found.low - step <= 0 <= found.high + step)


def test_fewer_differences_than_the_least_give_no_interval() -> None:
    # Of five differences the rarest choice of signs, and its mirror, are 2 of 32: more than 0.05; of six 2 of 64.
    assert LEAST_SETS == 6
    assert not np.isnan(centre_of(np.arange(6)).low)
    few = centre_of(np.arange(1, 6))
    assert np.isnan([few.low, few.high]).all()
    assert few.p == 2 / 32
    assert np.isnan(least_shifts(np.ones(5), np.ones(5))).all()


@pytest.mark.parametrize("n", [6, 11, pytest.param(40, marks=pytest.mark.slow)])
def test_the_interval_leaves_out_the_centre_as_often_as_it_says(n: int) -> None:
    """Skewed weights and unequal variances: the level is exact still, of more than 15 differences too."""
    rng = np.random.default_rng(n)
    spread, weights = rng.uniform(0.2, 3, n), rng.uniform(0.2, 3, n)
    runs = 1500 if n < 15 else 500
    found = [centre_of(3 + spread * rng.standard_t(3, n), weights) for _ in range(runs)]
    size = 2 ** min(n, 15)
    level = 1 - 2 * int(0.025 * size) / size
    covers = np.mean([each.low <= 3 <= each.high for each in found])
    assert covers == pytest.approx(level, abs=3.3 * np.sqrt(level * (1 - level) / runs))


def test_it_moves_with_the_differences_and_turns_with_their_signs() -> None:
    values = np.random.default_rng(0).normal(size=20)
    first, moved, turned = centre_of(values), centre_of(values + 2), centre_of(-values)
    assert moved[:3] == pytest.approx(np.array(first[:3]) + 2)
    assert (turned.low, turned.high, turned.p) == pytest.approx((-first.high, -first.low, first.p))


def test_the_least_shift_is_told_as_often_as_asked() -> None:
    rng = np.random.default_rng(3)
    variances = rng.uniform(0.01, 0.1, 9)
    weights = 1 / variances
    shift = np.quantile(least_shifts(variances, weights), 0.7)
    found = [centre_of(np.sqrt(variances) * rng.standard_normal(9) - shift, weights) for _ in range(1500)]
    # Four standard errors: of these runs, and of the 4,000 draws that chose the shift.
    assert np.mean([each.high < 0 for each in found]) == pytest.approx(
        0.7, abs=4 * np.sqrt(0.21 * (1 / 1500 + 1 / 4000))
    )
