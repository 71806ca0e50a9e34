"""Trends against enumeration, scipy and Kendall's own formula."""

from __future__ import annotations

import itertools
from collections import Counter
from fractions import Fraction

import numpy as np
import pytest
import scipy.stats

from jxgis.errors import InputError
from jxgis.statistics.mann_kendall import _inversions, mann_kendall, sen_slope


def _s(values) -> int:
    return sum((b > a) - (b < a) for a, b in itertools.combinations(values, 2))


def _by_enumeration(values) -> float:
    """The share of all orders whose S is at least as far from 0."""
    orders = list(itertools.permutations(values))
    return float(Fraction(sum(abs(_s(order)) >= abs(_s(values)) for order in orders), len(orders)))


@pytest.mark.parametrize("values", [*itertools.product([0, 1, 2], repeat=4), *itertools.permutations(range(5)),
                                    (0, 0, 0, 1, 1, 5, 5), (3, 1, 4, 1, 5, 9, 2), (2, 7, 1, 8, 2, 8, 1), (0, 0, 0, 0, 0, 0, 7)])  # fmt: skip
def test_p_is_the_share_of_all_orders(values) -> None:
    found = mann_kendall(np.array(values)[:, None])
    assert found.s[0] == _s(values)
    assert found.p[0] == pytest.approx(_by_enumeration(values), abs=1e-12)


@pytest.mark.parametrize("slices", [8, 10, 12])
def test_without_ties_p_is_scipys_exact_one(slices: int) -> None:
    rng = np.random.default_rng(slices)
    series = np.array([rng.permutation(slices) for _ in range(40)]).T
    found = mann_kendall(series)
    for at in range(40):
        expected = scipy.stats.kendalltau(np.arange(slices), series[:, at], method="exact").pvalue
        assert found.p[at] == pytest.approx(expected, abs=1e-12)


def test_z_is_kendalls_with_ties() -> None:
    rng = np.random.default_rng(1)
    series = rng.poisson(2.0, (36, 200))
    found = mann_kendall(series)
    for at in range(200):
        values = series[:, at].tolist()
        ties = Counter(values).values()
        variance = (36 * 35 * 77 - sum(t * (t - 1) * (2 * t + 5) for t in ties)) / 18
        s = _s(values)
        z = (s - (s > 0) + (s < 0)) / variance**0.5
        assert (found.s[at], found.z[at]) == (s, pytest.approx(z, abs=1e-12))
        assert found.p[at] == pytest.approx(2 * scipy.stats.norm.sf(abs(z)), rel=1e-12)


@pytest.mark.parametrize(
    "sizes", [(1,) * 14, (1,) * 36, (2,) * 7, (2,) * 18, (13, 13), (18, 18), (12, 12, 12), (20, 10, 6), (23, 12, 1),
              (23, 7, 6), (11, 8, 5, 2), (9, 9, 9, 9)],
)  # fmt: skip
def test_beyond_the_exact_ones_the_normal_p_is_near(sizes: tuple[int, ...]) -> None:
    """The normal p of each S that such ties allow, against its exact p, which enumeration and scipy vouch for above."""
    n, chance = sum(sizes), _inversions(tuple(sorted(sizes)))
    score = np.abs(len(chance) - 1 - 2 * np.arange(len(chance)))
    deviation = ((n * (n - 1) * (2 * n + 5) - sum(t * (t - 1) * (2 * t + 5) for t in sizes)) / 18) ** 0.5
    for s in np.unique(score):
        exact = chance[score >= s].sum()
        if exact < 0.2:
            assert 2 * scipy.stats.norm.sf(max(s - 1, 0) / deviation) == pytest.approx(exact, abs=0.005)


@pytest.mark.parametrize(
    ("slices", "others", "exact"), [(36, 12, True), (36, 13, False), (13, 12, True), (12, 11, True)]
)
def test_p_is_exact_where_few_values_differ_from_the_commonest(slices: int, others: int, exact: bool) -> None:
    series = np.zeros(slices)
    series[-others:] = np.arange(1, others + 1)
    found = mann_kendall(series[:, None])
    chance = _inversions((1,) * others + (slices - others,))
    score = np.abs(len(chance) - 1 - 2 * np.arange(len(chance)))
    p = chance[score >= found.s[0]].sum()
    normal = 2 * scipy.stats.norm.sf(found.z[0])
    assert (found.p[0] == pytest.approx(p, rel=1e-9)) == exact
    assert (found.p[0] == pytest.approx(normal, rel=1e-9)) != exact


def test_equal_values_have_no_trend() -> None:
    for slices in (2, 12, 40):
        found = mann_kendall(np.full((slices, 3), 7.0))
        assert found.s.tolist() == [0] * 3
        assert found.z.tolist() == [0.0] * 3
        assert found.p.tolist() == [1.0] * 3


@pytest.mark.parametrize("slices", [2, 3, 12, 13, 36])
def test_turned_around_a_series_falls_as_it_rose(slices: int) -> None:
    series = np.random.default_rng(slices).poisson(3, (slices, 50))
    there, back = mann_kendall(series), mann_kendall(series[::-1])
    assert (there.s == -back.s).all()
    assert np.array_equal(there.p, back.p)


def test_under_the_null_p_is_as_often_small_as_it_says() -> None:
    """20,000 series of 36 Poisson counts, few and many: P(p <= a) is a, but for what counts leave between two values."""
    rng = np.random.default_rng(7)
    for mean in (0.2, 1.0, 30.0):
        p = mann_kendall(rng.poisson(mean, (36, 20_000))).p
        for level in (0.01, 0.05):
            # Four standard errors of a share of 20,000.
            assert (p <= level).mean() <= level + 4 * (level * (1 - level) / 20_000) ** 0.5


@pytest.mark.parametrize("slices", [1, 2, 7, 36])
def test_sens_slope_is_scipys(slices: int) -> None:
    series = np.random.default_rng(slices).normal(size=(slices, 30)).round(1)
    expected = [scipy.stats.theilslopes(column).slope if slices > 1 else 0.0 for column in series.T]
    np.testing.assert_allclose(sen_slope(series), expected, atol=1e-12)


def test_a_missing_month_does_not_make_the_slope_steeper() -> None:
    at = np.array([0, 1, 2, 5, 6])
    assert sen_slope((3.0 * at)[:, None], at).tolist() == [3.0]


@pytest.mark.parametrize("series", [[1, 2, 3], [[1, 2], [np.nan, 3]]])
def test_what_is_no_series_is_refused(series) -> None:
    for function in (mann_kendall, sen_slope):
        with pytest.raises(InputError):
            function(series)
