"""A place's share of a total: its tails against simulated counts and the binomial, its interval against its own tails."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom

from jxgis.statistics import Overdispersion, SharesOf, share_variance_ratio

POISSON = Overdispersion(1.0, 0.0)


def of(total: float, exposure: float, squares: float, dispersion: Overdispersion = POISSON) -> SharesOf:
    return SharesOf(np.array([total]), np.array([exposure]), np.array([squares]), dispersion)


def test_without_overdispersion_a_share_is_binomial() -> None:
    upper, lower = of(40, 10.0, 2.0).tails(np.array([7.0]), np.array([1.0]), np.array([0.1]))
    assert upper == pytest.approx(binom.sf(6, 40, 0.1))
    assert lower == pytest.approx(binom.cdf(7, 40, 0.1))


def test_the_variance_is_that_of_simulated_counts_given_their_total() -> None:
    # Gamma rates shared out by a multinomial are negative binomial counts given their sum: variance φ μ each.
    rng, exposure, phi, total = np.random.default_rng(3), np.array([1.0, 1, 2, 4, 8]), 4.0, 400
    drawn = np.array(
        [rng.multinomial(total, (g := rng.gamma(total * exposure / 16 / (phi - 1))) / g.sum()) for _ in range(20_000)]
    )
    own = phi * total * exposure / 16
    ratio = share_variance_ratio(total, exposure / 16, own, own.sum())
    binomial = total * exposure / 16 * (1 - exposure / 16)
    # 20,000 draws: a variance is known to about 1 %, three errors 3 %; the total itself is fixed here, φ of 400 / 3.
    assert drawn.var(axis=0) == pytest.approx(ratio * binomial, rel=0.05)


def test_the_interval_ends_where_a_tail_is_as_rare_as_that() -> None:
    counts, exposure, squares = np.array([0.0, 3, 40, 200]), np.array([1.0, 1, 2, 5]), np.array([0.2, 0.2, 0.4, 1])
    shares = of(400, 40.0, 8.0, Overdispersion(2.5, 0.05))
    low, high = shares.interval(counts, exposure, squares)
    assert low[0] == 0
    assert (low <= counts / 400 / (exposure / 40)).all()
    assert (high >= counts / 400 / (exposure / 40)).all()
    _, below = shares.tails(counts, exposure, squares, high)
    above, _ = shares.tails(counts, exposure, squares, np.maximum(low, 1e-6))
    assert below == pytest.approx(0.025, rel=1e-6)
    assert above[1:] == pytest.approx(0.025, rel=1e-6)


def test_the_interval_without_overdispersion_is_clopper_and_pearsons() -> None:
    from scipy.stats import binomtest

    low, high = of(60, 10.0, 1.0).interval(np.array([9.0]), np.array([1.0]), np.array([0.1]))
    exact = binomtest(9, 60).proportion_ci(method="exact")
    assert (low[0], high[0]) == pytest.approx((exact.low / 0.1, exact.high / 0.1), rel=1e-6)


def test_a_place_that_holds_all_has_the_whole_as_its_upper_end() -> None:
    low, high = of(12, 3.0, 1.0).interval(np.array([12.0]), np.array([1.0]), np.array([0.1]))
    assert high[0] == pytest.approx(3.0)
    assert 1 < low[0] < 3
