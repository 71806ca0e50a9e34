"""Beta-binomial tails against rational arithmetic, and far out against terms that are normalised by their own sum."""

from fractions import Fraction

import numpy as np
import pytest
from scipy.stats import binom

from jxgis.statistics import beta_binomial
from jxgis.statistics.beta_binomial import beta_binomial_tails


def exact_weights(n, a, b):
    """P(S = j) for all j as fractions, from the ratios of neighbouring terms."""
    weights = [Fraction(1)]
    for j in range(n):
        weights.append(weights[-1] * (n - j) * (a + j) / ((j + 1) * (b + n - j - 1)))
    whole = sum(weights)
    return [weight / whole for weight in weights]


@pytest.mark.parametrize(
    ("n", "a", "b"), [(1, 2, 3), (2, 1, 1), (9, 1, 2), (60, Fraction(1, 50), 3), (90, 4000, 70000)]
)
def test_all_tails_are_those_of_fractions(n, a, b):
    a, b = Fraction(a), Fraction(b)
    weights = exact_weights(n, a, b)
    total = a + b
    ratio = float((n + total) / (1 + total))
    upper, lower = beta_binomial_tails(np.arange(n + 1), n, float(a / total), ratio)
    # The ratio is a rounded number, and with it a + b where it is near 1: some 1e-16 / (ratio − 1) of the tail.
    for s in range(n + 1):
        assert upper[s] == pytest.approx(float(sum(weights[s:])), rel=1e-8)
        assert lower[s] == pytest.approx(float(sum(weights[: s + 1])), rel=1e-8)


@pytest.mark.parametrize(
    ("n", "p", "ratio"),
    [
        (6_400, 0.003, 1.0001), (50_000, 0.01, 2.0), (500_000, 0.09, 3.0), (2_000, 0.4, 50.0), (500_000, 2e-6, 1.000001),
        # Skewed: few cells hold most of the exposure and their rates vary, down to all or nothing.
        (26_573, 0.0077, 204.0), (11_788, 0.00145, 216.0), (2_255, 0.075, 1650.0), (4_027, 0.0027, 4013.0),
    ],
)  # fmt: skip
def test_far_tails_keep_their_digits(n, p, ratio):
    precision = (n - ratio) / (ratio - 1)
    a, b = precision * p, precision * (1 - p)
    j = np.arange(n, dtype=np.longdouble)
    log_weight = np.concatenate([[0], np.cumsum(np.log((n - j) * (a + j)) - np.log((j + 1) * (b + n - j - 1)))])
    weight = np.exp(log_weight - log_weight.max())
    weight /= weight.sum()
    off = np.sqrt(n * p * (1 - p) * ratio) * np.array([-6, -2, 0, 2, 6, 12])
    s = np.unique(np.clip(np.rint(n * p + off), 0, n).astype(int))
    upper, lower = beta_binomial_tails(s, n, p, ratio)
    for each, above, below in zip(s, upper, lower, strict=True):
        if each >= n * p:
            assert above == pytest.approx(float(weight[each:].sum()), rel=1e-6)
        else:
            assert below == pytest.approx(float(weight[: each + 1].sum()), rel=1e-6)
        assert above + below == pytest.approx(1 + float(weight[each]), rel=1e-6)


def test_an_integrated_tail_is_corrected_at_its_end():
    """At a deviation of 27, hardly above what is added up; the term left out is 31 / 967680 of the fall's fifth power."""
    n, p, ratio = 2_000, 0.4, 1.5
    precision = (n - ratio) / (ratio - 1)
    a, b = precision * p, precision * (1 - p)
    j = np.arange(n, dtype=np.longdouble)
    log_weight = np.concatenate([[0], np.cumsum(np.log((n - j) * (a + j)) - np.log((j + 1) * (b + n - j - 1)))])
    weight = np.exp(log_weight - log_weight.max())
    weight /= weight.sum()
    s = np.rint(n * p + 26.8 * np.arange(1, 7)).astype(int)
    upper, _ = beta_binomial_tails(s, n, p, ratio)
    assert upper == pytest.approx([float(weight[each:].sum()) for each in s], rel=3e-8)


def test_a_tail_that_falls_more_slowly_than_a_normal_one_is_integrated_to_its_end(monkeypatch):
    """As beyond a million trials, with fewer: a = 4 is a gamma's shape, whose tail is exponential."""
    n, a, b = 20_000, 4.0, 396.0
    monkeypatch.setattr(beta_binomial, "SKEWED", 0.0)
    j = np.arange(n, dtype=np.longdouble)
    log_weight = np.concatenate([[0], np.cumsum(np.log((n - j) * (a + j)) - np.log((j + 1) * (b + n - j - 1)))])
    weight = np.exp(log_weight - log_weight.max())
    weight /= weight.sum()
    s = np.array([200, 300, 500])
    upper, _ = beta_binomial_tails(s, n, a / (a + b), (n + a + b) / (1 + a + b))
    assert upper == pytest.approx([float(weight[each:].sum()) for each in s], rel=1e-6)


def test_without_overdispersion_it_is_the_binomial():
    s = np.array([0, 1, 30, 64, 6400])
    upper, lower = beta_binomial_tails(s, 6400, 0.01, 1.0)
    np.testing.assert_allclose(upper, binom.sf(s - 1, 6400, 0.01), rtol=1e-10)
    np.testing.assert_allclose(lower, binom.cdf(s, 6400, 0.01), rtol=1e-10)


def test_the_variance_is_what_was_asked_for():
    n, p, ratio = 300, 0.2, 7.0
    upper, _ = beta_binomial_tails(np.arange(n + 1), n, p, ratio)
    chance = upper - np.append(upper[1:], 0)
    s = np.arange(n + 1)
    mean = (chance * s).sum()
    assert mean == pytest.approx(n * p, rel=1e-7)
    assert (chance * (s - mean) ** 2).sum() == pytest.approx(ratio * n * p * (1 - p), rel=1e-6)


@pytest.mark.parametrize("share", [Fraction(1, 10**18), Fraction(1, 10**8), 1 - Fraction(1, 10**12)])
@pytest.mark.parametrize("ratio", [1.5, 49.99999995])
def test_a_share_of_next_to_nothing_has_tails_too(share, ratio):
    """1 − p is 1, and a or b is lost beside 1: still every tail is a number, that of fractions."""
    n, spread = 50, Fraction(ratio)
    # What the function is given is a float, and the sum over all of it is its own complement.
    share = Fraction(float(share))
    precision = (n - spread) / (spread - 1)
    weights = exact_weights(n, precision * share, precision * (1 - share))
    upper, lower = beta_binomial_tails(np.arange(n + 1), n, float(share), ratio)
    for s in range(n + 1):
        assert upper[s] == pytest.approx(float(sum(weights[s:])), rel=1e-6, abs=1e-300)
        assert lower[s] == pytest.approx(float(sum(weights[: s + 1])), rel=1e-6, abs=1e-300)
