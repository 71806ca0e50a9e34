"""Sums next to the least and the greatest possible one, against counts in whole numbers."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from math import comb

import numpy as np
import pytest

from jxgis.hotspots import _subset_sums
from jxgis.hotspots._near_ends import DEPTH, tails_near_ends
from jxgis.hotspots._saddlepoint import saddlepoint_tails, vouched
from jxgis.hotspots._subset_sums import subset_sum_tails
from jxgis.hotspots.permutation import permutation_p


def counted(values: np.ndarray, k: int) -> dict[int, Fraction]:
    """The chance of every sum of k values: one value after the other joins or does not, in whole numbers."""
    ways: dict[tuple[int, int], int] = {(0, 0): 1}
    for value, times in Counter(values.tolist()).items():
        more: Counter[tuple[int, int]] = Counter()
        for (drawn, total), number in ways.items():
            for taken in range(min(times, k - drawn) + 1):
                more[drawn + taken, total + taken * value] += number * comb(times, taken)
        ways = dict(more)
    return {total: Fraction(number, comb(len(values), k)) for (drawn, total), number in ways.items() if drawn == k}


@pytest.mark.parametrize("shape", ["sparse", "even", "skewed", "gaps"])
@pytest.mark.parametrize("left_out", [False, True])
def test_near_the_ends_all_ways_are_counted(shape: str, left_out: bool) -> None:
    rng = np.random.default_rng(5)
    for _ in range(12):
        n = int(rng.integers(6, 50))
        values = np.sort(
            {
                "sparse": rng.poisson(0.3, n),
                "even": rng.integers(-3, 4, n),
                "skewed": rng.negative_binomial(0.4, 0.1, n),
                "gaps": rng.choice([0, 10, 11, 60], n),
            }[shape]
        )
        own = int(rng.choice(values))
        drawn_from = np.delete(values, np.searchsorted(values, own)) if left_out else values
        k = int(rng.integers(1, n - 1))
        chance = counted(drawn_from, k)
        sums = np.arange(min(chance) - 2, max(chance) + 3)
        upper, lower = tails_near_ends(
            values - values[0],
            np.full(len(sums), k),
            sums - k * values[0],
            sums - k * values[0],
            np.full(len(sums), own - values[0]) if left_out else None,
        )
        at_least = np.array([float(sum(p for total, p in chance.items() if total >= s)) for s in sums])
        at_most = np.array([float(sum(p for total, p in chance.items() if total <= s)) for s in sums])
        low, high = sums - min(chance) <= DEPTH, max(chance) - sums <= DEPTH
        np.testing.assert_allclose(lower[low], at_most[low], rtol=1e-12)
        np.testing.assert_allclose(upper[high], at_least[high], rtol=1e-12)
        np.testing.assert_allclose(lower[high], at_most[high], rtol=0, atol=1e-14)
        np.testing.assert_allclose(upper[low], at_least[low], rtol=0, atol=1e-14)
        assert np.isnan(lower[~low & ~high]).all()


@pytest.mark.parametrize("n", [300, 8000])
@pytest.mark.parametrize("steps", [(0, 1, 2), (0, 3, 4), (0, 5, 10)])
def test_the_least_and_the_greatest_sum_have_a_closed_form(
    monkeypatch: pytest.MonkeyPatch, n: int, steps: tuple[int, int, int]
) -> None:
    """P(S <= least) = C(m, t) / C(n, k): of the m copies of the k-th smallest value t are needed."""
    monkeypatch.setattr(_subset_sums, "MAX_WORK", 0)
    rng = np.random.default_rng(n)
    values = np.sort(rng.choice(steps, n, p=[0.9, 0.06, 0.04]))
    for k in (20, 60, n - 60, n - 20):
        for mirrored in (values, values[-1] - values[::-1]):
            last = mirrored[k - 1]
            m, t = int((mirrored == last).sum()), int((mirrored[:k] == last).sum())
            least = int(mirrored[:k].sum())
            tails = subset_sum_tails(mirrored, np.array([k]), np.array([least]))
            want = comb(m, t) / comb(n, k)
            assert tails.lower[0] == pytest.approx(want, rel=1e-11, abs=1e-300)
            assert tails.upper[0] == pytest.approx(1, abs=1e-14)
            if want > 1e-12:
                found = permutation_p(mirrored, np.full(n, least), np.full(n, k))
                assert found.method[0] == "exact"
                assert found.p[0] == pytest.approx(min(1, 2 * want), rel=1e-11)


@pytest.mark.parametrize(
    ("values", "share"),
    [
        ((0, 10, 11, 13), (0.6, 0.2, 0.15, 0.05)),
        ((0, 10, 11, 13), (0.9, 0.05, 0.03, 0.02)),
        ((0, 50, 57, 61), (0.8, 0.1, 0.05, 0.05)),
        ((0, 3, 4, 9), (0.5, 0.2, 0.2, 0.1)),
    ],
)
@pytest.mark.parametrize(("n", "k"), [(1000, 400), (4000, 300)])
def test_values_with_gaps_are_vouched_for_only_where_many_add_up(
    values: tuple[int, ...], share: tuple[float, ...], n: int, k: int
) -> None:
    numbers = np.random.default_rng(5).choice(values, n, p=share)
    middle, spread = k * numbers.mean(), numbers.std() * np.sqrt(k * (n - k) / (n - 1))
    sums = np.arange(max(int(middle - 7 * spread), np.sort(numbers)[:k].sum()), int(middle + 7 * spread))
    sizes = np.full(len(sums), k)
    exact = subset_sum_tails(numbers, sizes, sums)
    assert exact.exact.all()
    p = np.minimum(exact.upper, exact.lower)
    near = np.fmin(*saddlepoint_tails(numbers, sizes, sums))
    good = vouched(numbers, sizes, sums) & (p > 1e-10)
    assert good.any()
    assert np.abs(near[good] / p[good] - 1).max() <= 0.05
