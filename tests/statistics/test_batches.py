"""Batches of shares: against cases that are copied, groups that differ, weeks that all share."""

import numpy as np
import pytest
from scipy.stats import betabinom, hypergeom

from jxgis.statistics.batches import batch_of_shares, batch_tails


@pytest.mark.parametrize("copies", [1, 2, 5])
def test_cases_that_come_so_many_times_vary_as_many_times_as_much(copies: int) -> None:
    shares = np.repeat([[0.1], [0.9], [0.5], [0.3]], 60, axis=1)
    group, week = (np.repeat(at.ravel(), 8) for at in np.indices(shares.shape))
    random, found = np.random.default_rng(4), []
    for _ in range(40):
        hit = random.random(len(group)) < shares[group, week]
        found.append(batch_of_shares(np.repeat(hit, copies), np.repeat(group, copies), np.repeat(week, copies)))
    # A chi-square of 4 × 60 squares, to which its standard error, 9 %, is added; the mean of 40 errs by 1.5 %.
    assert np.mean(found) == pytest.approx(copies * 1.09, rel=0.05)


def test_weeks_that_are_bad_for_all_are_no_batches() -> None:
    random = np.random.default_rng(6)
    shares = np.tile(np.where(np.arange(60) % 2, 0.3, 0.7), (6, 1))
    group, week = (np.repeat(at.ravel(), 20) for at in np.indices(shares.shape))
    hit = random.random(len(group)) < shares[group, week]
    assert batch_of_shares(hit, group, week) < 1.2


def test_of_few_weeks_groups_that_differ_are_not_told_from_batches() -> None:
    group, week = (np.repeat(at.ravel(), 10) for at in np.indices((4, 3)))
    # Four groups of 30, all or none of them hits: 4 × 3 squares of (10 / 2)², over 10 / 4 each.
    assert batch_of_shares(group % 2 == 0, group, week) == pytest.approx(10)


def test_who_cannot_tell_varies_as_chance() -> None:
    some = np.arange(4)
    assert batch_of_shares(np.ones(4, dtype=bool), some, some) == 1
    assert batch_of_shares(np.array([True, False, True, False]), some, np.full(4, -1)) == 1
    assert batch_of_shares(np.zeros(0, dtype=bool), np.zeros(0, dtype=int), np.zeros(0, dtype=int)) == 1


def test_tails_are_those_of_scipy_and_one_where_all_or_none_are_hits() -> None:
    hits, cases, of_all = np.array([3, 0, 0, 4]), np.array([7, 5, 5, 4]), np.array([40, 40, 0, 100])
    upper, lower = batch_tails(hits, cases, of_all, 100, batch=2.0)
    for at, (h, n) in enumerate([(3, 7), (0, 5)]):
        precision = (n - 2) / (2 - 1)
        same = betabinom(n, 0.4 * precision, 0.6 * precision)
        assert (upper[at], lower[at]) == pytest.approx((same.sf(h - 1), same.cdf(h)), rel=1e-6)
    assert upper[2:].tolist() == lower[2:].tolist() == [1, 1]
    exact = hypergeom(100, 40, 7)
    told = batch_tails([3], [7], 40, 100, batch=1.0)
    assert (told[0][0], told[1][0]) == pytest.approx((exact.sf(2), exact.cdf(3)))
