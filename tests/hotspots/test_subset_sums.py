from fractions import Fraction
from itertools import combinations
from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from scipy.special import logsumexp
from scipy.stats import hypergeom

from jxgis.hotspots import _near_ends, _saddlepoint, _subset_sums
from jxgis.hotspots._enumeration import enumerated_tails
from jxgis.hotspots._saddlepoint import saddlepoint_tails
from jxgis.hotspots._subset_sums import subset_sum_tails

# About n/2 levels, each a sum of terms that are rounded at 1e-16.
TOLERANCE = 1e-13


def by_enumeration(values: list[int], k: int) -> dict[int, tuple[float, float]]:
    """Both tails of every sum that occurs, from all k-subsets."""
    sums = [sum(subset) for subset in combinations(values, k)]
    whole = len(sums)
    return {s: (sum(t >= s for t in sums) / whole, sum(t <= s for t in sums) / whole) for s in set(sums)}


def by_big_integers(values: list[int], k: int) -> dict[int, tuple[float, float]]:
    """The same for more values: number of k-subsets with each sum, as coefficients packed into one long integer."""
    width = len(values) + 1
    packed = [1] + [0] * k
    for value in values:
        for size in range(k, 0, -1):
            packed[size] += packed[size - 1] << (width * value)
    ways = []
    while packed[k]:
        ways.append(packed[k] & ((1 << width) - 1))
        packed[k] >>= width
    whole, below = comb(len(values), k), 0
    tails = {}
    for s, count in enumerate(ways):
        if count:
            tails[s] = (float(Fraction(whole - below, whole)), float(Fraction(below + count, whole)))
        below += count
    assert below == whole
    return tails


def check(values: list[int], expected: dict[int, tuple[float, float]], k: int, own: int | None = None) -> None:
    sums = np.array(sorted(expected))
    population = np.array(values if own is None else [*values, own])
    tails = subset_sum_tails(population, np.full(len(sums), k), sums, None if own is None else np.full(len(sums), own))
    assert tails.exact.all()
    upper, lower = np.array([expected[int(s)] for s in sums]).T
    np.testing.assert_allclose(tails.upper, upper, rtol=0, atol=TOLERANCE)
    np.testing.assert_allclose(tails.lower, lower, rtol=0, atol=TOLERANCE)


@settings(max_examples=80, deadline=None)
@given(st.lists(st.integers(-6, 40), min_size=2, max_size=9), st.data())
def test_tails_equal_the_enumeration_of_all_subsets(values: list[int], data: st.DataObject) -> None:
    for k in range(1, len(values)):
        check(values, by_enumeration(values, k), k)
    own = data.draw(st.integers(-6, 40))
    for k in range(1, len(values) + 1):
        check(values, by_enumeration(values, k), k, own=own)


@pytest.mark.parametrize("kind", ["poisson", "skewed", "few", "one huge", "one kind of case"])
@pytest.mark.parametrize("n", [12, 45])
def test_tails_equal_a_big_integer_programme_for_every_k(kind: str, n: int) -> None:
    rng = np.random.default_rng(n)
    values = {
        "poisson": rng.poisson(2, n),
        "skewed": rng.negative_binomial(0.3, 0.05, n),
        "few": (rng.random(n) < 0.1).astype(int),
        "one huge": np.append(rng.poisson(1, n - 1), 3000),
        "one kind of case": 7 * rng.poisson(1, n) + 3,
    }[kind].tolist()
    for k in range(1, n):
        check(values, by_big_integers(values, k), k)
        check(values[:-1], by_big_integers(values[:-1], k), k, own=values[-1])


def test_tails_near_one_half_and_above_it_stay_exact() -> None:
    values = np.random.default_rng(3).poisson(1, 240).tolist()
    for k in (60, 119, 120, 121, 200, 239):
        check(values, by_big_integers(values, k), k)


@pytest.mark.parametrize("values", [[1, 2, 3], [0, 0], list(range(400))])
def test_no_question_has_no_answer(values: list[int]) -> None:
    none = np.zeros(0, dtype=np.int64)
    assert [len(part) for part in vars(subset_sum_tails(np.array(values), none, none)).values()] == [0, 0, 0]


def test_large_values_mixed_in_apart_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(4)
    values = np.concatenate([rng.poisson(1, 400), [9000, 17_000, 17_000, 40_000]])
    sizes = rng.integers(1, 60, 500)
    sums = np.array([rng.choice(values, k, replace=False).sum() for k in sizes])
    own = rng.choice(values, 500)
    terms = _subset_sums._Terms(np.arange(500), sizes, sums, sums, np.ones(500))
    assert _subset_sums._values_apart(np.sort(values), terms, _subset_sums.APART)[0] == 4
    apart = subset_sum_tails(values, sizes, sums), subset_sum_tails(values, sizes, sums, own)
    monkeypatch.setattr(_subset_sums, "APART", (0,))
    monkeypatch.setattr(_subset_sums, "APART_AT_NEED", ())
    together = subset_sum_tails(values, sizes, sums), subset_sum_tails(values, sizes, sums, own)
    for a, b in zip(apart, together, strict=True):
        np.testing.assert_allclose(a.upper, b.upper, rtol=0, atol=TOLERANCE)
        np.testing.assert_allclose(a.lower, b.lower, rtol=0, atol=TOLERANCE)


def test_the_window_leaves_out_no_mass_that_counts() -> None:
    values = np.sort(np.random.default_rng(5).negative_binomial(0.2, 0.02, 2000))
    low, high = _subset_sums._window(_subset_sums._population(values), np.array([30]))
    assert high[0] - low[0] < values[-30:].sum() * 0.7  # it is narrower than all that is possible
    tails = subset_sum_tails(values, np.array([30, 30]), np.array([low[0], high[0]]))
    assert tails.upper[1] < 1e-14
    assert tails.lower[0] < 1e-14 or low[0] == values[:30].sum()


@pytest.mark.parametrize("scale", [1, 400])
def test_the_window_is_nearly_as_narrow_as_chernoff_allows(scale: int) -> None:
    """The best steepness of all, searched for each bound by itself, wins a few per cent at most."""
    values = np.sort(scale * np.random.default_rng(5).poisson(2, 2000))
    k, mean = 200, values.mean()
    low, high = _subset_sums._window(_subset_sums._population(values), np.array([k]))

    def bound(log_slope: float, sign: int) -> float:
        slope = np.exp(log_slope) / scale
        return float((k * (logsumexp(sign * slope * values) - np.log(2000)) - np.log(1e-17)) / slope)

    above, below = (minimize_scalar(bound, bounds=(-9, 4), args=(sign,), method="bounded").fun for sign in (1, -1))
    assert above <= high[0] + 1e-6 * scale
    assert high[0] - k * mean <= 1.05 * (above - k * mean) + 1
    assert k * mean - low[0] <= 1.05 * (below + k * mean) + 1


def test_what_is_affordable_is_met_exactly(monkeypatch: pytest.MonkeyPatch) -> None:
    """By hand. Of 0, 1, 2, 3 two are drawn: sums 1 to 5, factors 0, 1 and 2 at the levels 0, 1 and 2."""
    population = _subset_sums._population(np.arange(4))
    needed = np.array([1, 2])
    work, memory = (0 + 1 + 2) * (5 / 2 + 1), (16 * (2 + 1) + 64) * 5
    for max_work, max_bytes, size in ((work, memory, 2), (work - 0.1, memory, 1), (work, memory - 1, 1)):
        monkeypatch.setattr(_subset_sums, "MAX_WORK", max_work)
        monkeypatch.setattr(_subset_sums, "MAX_BYTES", max_bytes)
        assert _subset_sums._affordable_size(population, needed, 0) == size


def test_what_would_cost_too_much_is_refused_from_some_size_on(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(6)
    values = rng.poisson(1, 3000)
    sizes = np.repeat([5, 50, 500, 1200, 2500, 2995], 2)
    sums = np.array([rng.choice(values, k, replace=False).sum() for k in sizes])
    whole = subset_sum_tails(values, sizes, sums)
    assert whole.exact.all()
    monkeypatch.setattr(_subset_sums, "MAX_WORK", 200_000)
    some = subset_sum_tails(values, sizes, sums)
    # 2500 and 2995 of 3000 are judged by the 500 and the 5 that stay behind.
    assert some.exact.tolist() == [True] * 4 + [False] * 6 + [True] * 2
    np.testing.assert_allclose(some.upper[some.exact], whole.upper[some.exact], rtol=0, atol=TOLERANCE)
    assert np.isnan(some.upper[~some.exact]).all()
    monkeypatch.setattr(_subset_sums, "MAX_BYTES", 0)
    monkeypatch.setattr(_near_ends, "DEPTH", 0)  # at the ends all ways are counted whatever the bounds
    assert not subset_sum_tails(values, sizes, sums).exact.any()


@pytest.mark.parametrize(("n", "k", "relative"), [(200, 20, 0.02), (200, 150, 0.02), (2000, 300, 0.005)])
@pytest.mark.parametrize("left_out", [False, True])
def test_the_saddlepoint_is_within_per_cents_of_the_exact_tail(n: int, k: int, relative: float, left_out: bool) -> None:
    rng = np.random.default_rng(7)
    values = rng.negative_binomial(1.0, 0.2, n)
    drawn = np.array([rng.choice(values, k, replace=False).sum() for _ in range(200)])
    sums = np.unique(np.concatenate([drawn, np.arange(drawn.min(), drawn.max() + int(4 * drawn.std()))]))
    sizes, own = np.full(len(sums), k), np.full(len(sums), values[0]) if left_out else None
    exact = subset_sum_tails(values, sizes, sums, own)
    upper, lower = saddlepoint_tails(values, sizes, sums, own)
    for near, true in ((upper, exact.upper), (lower, exact.lower)):
        # Below 1e-11 the exact tail has lost its digits; next to 1 the sum is at an end, with no saddlepoint.
        counts = (true > 1e-11) & (true < 1 - 1e-9)
        np.testing.assert_allclose(near[counts], true[counts], rtol=relative)


@pytest.mark.parametrize("seed", [0, 1, 7])
def test_far_out_in_a_skewed_population_the_saddlepoint_is_still_found(seed: int) -> None:
    """Full steps would overshoot there and never settle; with shorter ones the tail is within a tenth of the exact one."""
    values = np.random.default_rng(seed).negative_binomial(0.3, 0.05, 500)
    sums = np.arange(150, 480, 10)
    sizes = np.full(len(sums), 20)
    exact = subset_sum_tails(values, sizes, sums).upper
    sums, sizes, exact = (column[exact > 1e-10] for column in (sums, sizes, exact))
    assert exact.min() > 1e-11
    np.testing.assert_allclose(saddlepoint_tails(values, sizes, sums)[0], exact, rtol=0.1)


@pytest.mark.parametrize("left_out", [False, True])
def test_at_the_very_end_of_what_the_sum_can_be_there_is_no_saddlepoint(left_out: bool) -> None:
    """Twelve of thirty 0, twenty 1 and ten 2: no more than 22 and no less than 0."""
    values = np.repeat([0, 1, 2], [30, 20, 10])
    own = np.full(3, 1) if left_out else None
    upper, lower = saddlepoint_tails(values, np.full(3, 12), np.array([0, 8, 22]), own)
    assert np.isnan(upper).tolist() == [True, False, False]
    assert np.isnan(lower).tolist() == [False, False, True]


@pytest.mark.parametrize("n", [20, 70])
def test_what_no_sum_can_be_has_no_saddlepoint_and_no_made_up_chance(n: int) -> None:
    rng = np.random.default_rng(n)
    for k in range(2, n - 1, 3):
        values = rng.negative_binomial(0.5, 0.05, n)
        most = np.sort(values)[-k:].sum()
        upper, _ = saddlepoint_tails(values, np.full(3, k), np.array([most + 1, most + 3, 2 * most]))
        assert np.isnan(upper).all()


def vouched(values: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """At the sum that is expected."""
    return _saddlepoint.vouched(values, sizes, np.rint(sizes * values.mean()).astype(int))


def test_the_saddlepoint_is_vouched_for_where_no_value_moves_the_sum_far(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten 1 among 400 deviate by 0.975; the sum of k, hypergeometric, by 0.939 (k = 40) and 1.034 (k = 50)."""
    monkeypatch.setattr(_saddlepoint, "FEW", 0)  # where all ways are counted it is not asked
    few = np.repeat([0, 1], [390, 10])
    sizes = np.array([40, 50, 200, 350, 360])
    spread = hypergeom.std(400, 10, sizes)
    assert vouched(few, sizes).tolist() == (spread >= 0.975).tolist() == [False, True, True, True, False]
    # Fewer than 20 drawn or left behind, and fewer than 300 places, were not verified.
    half = np.repeat([0, 1], 200)
    assert vouched(half, np.array([19, 20, 380, 381])).tolist() == [False, True, True, False]
    assert vouched(half[50:350], np.array([150])).tolist() == [True]
    assert vouched(half[50:349], np.array([150])).tolist() == [False]


@pytest.mark.parametrize("left_out", [False, True])
def test_values_grouped_for_the_saddlepoint_change_little(left_out: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(8)
    values = rng.gamma(0.5, 10_000, 3000).astype(int)  # next to as many different values as places
    sizes = rng.integers(20, 80, 300)
    sums = np.array([rng.choice(values, k, replace=False).sum() for k in sizes])
    sums[:100] = sums[:100] * 17 // 10  # some that are far out
    own = values[:300] if left_out else None
    grouped = saddlepoint_tails(values, sizes, sums, own)
    monkeypatch.setattr(_saddlepoint, "GROUPS", 10_000)
    whole = saddlepoint_tails(values, sizes, sums, own)
    assert min(whole[0].min(), whole[1].min()) < 1e-6
    for a, b in zip(grouped, whole, strict=True):
        np.testing.assert_allclose(a, b, rtol=2e-3)


@pytest.mark.parametrize("huge", [10**7, 10**12])
def test_one_huge_value_among_few_is_exact(huge: int) -> None:
    """Closed form: with the huge value drawn or not, the others are all 1 or 0."""
    values = np.array([0] * 9 + [1] * 5 + [huge])
    k, n = 7, 15
    for ones in range(6):
        tails = subset_sum_tails(values, np.array([k]), np.array([huge + ones]))
        with_huge = sum(comb(5, j) * comb(9, k - 1 - j) for j in range(ones, 6))
        assert tails.exact.all()
        assert tails.upper[0] == pytest.approx(with_huge / comb(n, k), rel=1e-12)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(0, 10**11), min_size=3, max_size=11), st.data())
def test_huge_values_of_all_sizes_are_counted(values: list[int], data: st.DataObject) -> None:
    k = data.draw(st.integers(1, len(values) - 1))
    check(values, by_enumeration(values, k), k)
    check(values[:-1], by_enumeration(values[:-1], k), k, own=values[-1]) if k < len(values) - 1 else None


def test_forty_values_of_eleven_digits_split_as_they_must() -> None:
    """Sums and their mirror images: P(S_k >= s) is P(S_(n-k) <= total - s), found from other subsets."""
    values = np.random.default_rng(2).integers(10**9, 10**11, 40)
    picked = np.random.default_rng(3)
    sums = np.array([picked.choice(values, 6, replace=False).sum() for _ in range(5)])
    few = enumerated_tails(values, np.full(5, 6), sums, sums)
    draws = np.array([picked.choice(values, 6, replace=False).sum() for _ in range(4000)])
    for upper, lower, s in zip(*few, sums, strict=True):
        assert upper + lower == pytest.approx(1 + 1 / comb(40, 6), rel=1e-12)
        assert upper == pytest.approx((draws >= s).mean(), abs=0.035)  # 4.4 standard errors at most


@pytest.mark.parametrize("k", [21, 81, 317])
def test_a_dozen_huge_cells_among_many_are_exact(k: int) -> None:
    """Closed form: the small values are all 1, and the huge ones are equal, so their number is hypergeometric."""
    n, m = 38_000, 12
    values = np.ones(n, dtype=np.int64)
    values[:m] = 80_000
    # Of other sizes, so that no shift or unit makes the population small.
    values[m : m + 1000] = 2
    drawn = np.arange(0, 6)
    sums = drawn * 80_000 + (k - drawn) + 1
    tails = subset_sum_tails(values, np.full(len(sums), k), sums)
    assert tails.exact.all()
    for j, upper in zip(drawn, tails.upper, strict=True):
        more = hypergeom.sf(j, n, m, k)
        equal = hypergeom.pmf(j, n, m, k) * hypergeom.sf(0, n - m, 1000, k - j)
        assert upper == pytest.approx(more + equal, rel=1e-9, abs=1e-14)


def test_up_to_sixteen_large_values_apart_change_nothing() -> None:
    rng = np.random.default_rng(7)
    values = np.concatenate([rng.poisson(1, 300), rng.integers(300, 900, 14)])
    k = 9
    expected = by_big_integers(values.tolist(), k)
    sums = np.array(sorted(expected))[:: len(expected) // 300]
    population = np.sort(values)
    terms = _subset_sums._Terms(np.arange(len(sums)), np.full(len(sums), k), sums, sums, np.ones(len(sums)))
    small = _subset_sums._population(population[:-14])
    upper, lower = np.zeros(len(sums)), np.zeros(len(sums))
    mixed = _subset_sums._mix_in(terms, population[-14:], len(values), small, upper, lower)
    _subset_sums._add_tails(mixed, small, upper, lower)
    assert upper.max() > 0.99
    np.testing.assert_allclose(upper, [expected[int(s)][0] for s in sums], rtol=0, atol=TOLERANCE)
    np.testing.assert_allclose(lower, [expected[int(s)][1] for s in sums], rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize(("n", "m", "k"), [(50, 1, 25), (150, 1, 75), (150, 1, 76), (50, 14, 5), (110, 15, 55)])
@pytest.mark.parametrize("own", [None, 0, 10**9])
def test_large_values_are_exact_where_half_of_all_places_are_neighbours(
    n: int, m: int, k: int, own: int | None
) -> None:
    """Closed form: how many large ones are drawn is hypergeometric, and so is how many of the rest are 1.

    Thousands of subsets of 15 equal values have one sum; added one by one they would err by more than 1e-12.
    """
    values = np.array([10**9] * m + [1] * 20 + [0] * (n - m - 20), dtype=np.int64)
    of, large = (n, m) if own is None else (n - 1, m - (own > 0))
    drawn = max(k * large // of, 0)
    ones = np.arange(0, 9)
    sums = drawn * 10**9 + ones
    left_out = None if own is None else np.full(len(sums), own)
    tails = subset_sum_tails(values, np.full(len(sums), k), sums, left_out)
    assert tails.exact.all()
    here = hypergeom.pmf(drawn, of, large, k)
    among = of - large, 20, k - drawn
    expected = hypergeom.sf(drawn, of, large, k) + here * hypergeom.sf(ones - 1, *among)
    np.testing.assert_allclose(tails.upper, expected, rtol=0, atol=2e-13)
    expected = hypergeom.cdf(drawn - 1, of, large, k) + here * hypergeom.cdf(ones, *among)
    np.testing.assert_allclose(tails.lower, expected, rtol=0, atol=2e-13)
