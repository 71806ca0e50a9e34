"""The overdispersion by hand, number by number, from its definition."""

import numpy as np
import pytest

from jxgis.statistics.overdispersion import Overdispersion, _blocks, _fitted, overdispersion


def test_one_block_is_the_weighted_ratio_raised_by_its_error():
    """Four places in a row, each touching the next: far too few for more than one block."""
    counts, exposure = [40.0, 1.0, 90.0, 7.0], [2.0, 1.0, 30.0, 3.0]
    near = [[0, 1], [0, 1, 2], [1, 2, 3], [2, 3]]
    rate = sum(counts) / sum(exposure)
    seen = usual = information = 0.0
    for i, around in enumerate(near):
        of_all, cases = sum(exposure[j] for j in around), sum(counts[j] for j in around)
        expected = rate * exposure[i] * (1 - exposure[i] / of_all)
        weight = 1 / (1 + expected)
        seen += weight * (counts[i] - exposure[i] * cases / of_all) ** 2
        usual += weight * exposure[i] * cases / of_all * (1 - exposure[i] / of_all)
        # Of 1 − share degrees of freedom each, as far as its own cases tell.
        information += expected / (1 + rate * exposure[i])
    y, e = np.array(counts), np.array(exposure)
    sums, weights, squares = (np.array([v[around].sum() for around in near]) for v in (y, e, e**2))
    found = overdispersion(y, e, sums, weights, squares, np.arange(4.0)[:, None])
    assert seen / usual > 1
    assert found.batch == pytest.approx(seen / usual * (1 + 1.2533 * np.sqrt(2 / information)), rel=1e-12)
    assert found.spread == 0


def test_places_that_touch_and_have_no_case_tell_nothing():
    """Two that touch without a case, and one apart with all four of them: it alone is set against the rate of all."""
    y, e, sums, weights = np.array([0.0, 0, 4]), np.ones(3) * 30, np.array([0.0, 0, 4]), np.array([60.0, 60, 30])
    found = overdispersion(y, e, sums, weights, np.array([1800.0, 1800, 900]), np.arange(3.0)[:, None])
    assert np.isfinite(found.batch)


def test_blocks_are_halves_of_halves_that_hold_forty_each():
    """A square of 20 by 20 places of a half each, 200 in all: halved along x, then along y, and 50 are not halved."""
    x, y = (axis.ravel() for axis in np.meshgrid(np.arange(20.0), np.arange(20.0)))
    block = _blocks(np.column_stack([x, y]), np.full(400, 0.5))
    quarter = 2 * (x >= 10) + (y >= 10)
    assert sorted(set(zip(block, quarter, strict=True))) == sorted(
        zip(block[[0, 10, 200, 210]], [0, 2, 1, 3], strict=True)
    )
    assert sorted(set(block)) == [0, 1, 2, 3]
    # 79 would be halves of less than forty; 80 are two.
    line = np.arange(160.0)[:, None]
    assert len(set(_blocks(line[:158], np.full(158, 0.5)))) == 1
    assert len(set(_blocks(line, np.full(160, 0.5)))) == 2


def test_counts_that_are_the_exposure_itself_are_poissons():
    e = np.array([1.0, 2, 3, 4])
    sums = np.full(4, e.sum())
    found = overdispersion(5 * e, e, 5 * sums, sums, np.full(4, (e**2).sum()), np.arange(4.0)[:, None])
    assert found == Overdispersion(1.0, 0.0)


def test_the_error_is_the_larger_of_the_scatter_and_a_chi_square_s():
    level = np.ones(4)
    # No scatter, 200 degrees of freedom: √(2/200) is a tenth.
    assert _fitted(np.full(4, 3.0), level, 200.0).batch == pytest.approx(3 * 1.12533, rel=1e-12)
    # Median 3; relative to it 1/3, 2/3, 4/3, 5/3: off the middle by a half in the median, over √4 blocks.
    found = _fitted(np.array([1.0, 2, 4, 5]), level, 1e9)
    assert found.batch == pytest.approx(3 * (1 + 1.2533 * 1.4826 * 0.5 / 2), rel=1e-12)
    # Fewer than one degree of freedom is one.
    assert _fitted(np.full(4, 3.0), level, 0.1).batch == pytest.approx(3 * (1 + 1.2533 * np.sqrt(2)), rel=1e-12)


def test_a_ratio_that_rises_with_what_is_expected_is_a_spread():
    slope, error = np.array([2.0, 4, 6, 8, 10]), 0.12533
    # On a line: the line itself, raised.
    found = _fitted(1.5 + 0.5 * slope, slope, 200.0)
    assert (found.batch, found.spread) == pytest.approx((1.5 * (1 + error), 0.5 * (1 + error)), rel=1e-12)
    # Four blocks are too few for a slope: the median alone.
    found = _fitted(1.5 + 0.5 * slope[:4], slope[:4], 1e9)
    assert found.spread == 0
    assert found.batch > 4
    # No batch is below one: from there the slope is the median one, 0.2 + 0.5 · 6 less 1, over 6.
    found = _fitted(0.2 + 0.5 * slope, slope, 1.0)
    assert (found.batch, found.spread) == pytest.approx(
        (1 + 1.2533 * np.sqrt(2), 2.2 / 6 * (1 + 1.2533 * np.sqrt(2))), rel=1e-12
    )


def test_independent_counts_have_the_variance_that_is_said():
    assert Overdispersion(2.0, 0.5).variance(np.array([3.0, 10.0]), np.array([9.0, 20.0])).tolist() == [10.5, 30.0]


def test_places_that_have_none_beside_them_are_compared_with_the_rate_of_all():
    """Six villages, each touching itself alone: it was 1, as if every case came by itself."""
    counts, exposure = np.array([30.0, 6, 18, 44, 9, 25]), np.array([2.0, 1, 2, 3, 1, 2])
    mu = counts.sum() / exposure.sum() * exposure
    told = mu / (1 + mu) * (1 - exposure / exposure.sum())
    single = (counts - mu) ** 2 / (1 + mu) / told
    # The median of a chi-square of one degree is (7/9)³, about; each place is a block.
    expected = np.median(single) / (7 / 9) ** 3 * (1 + 1.2533 * np.sqrt(2 / told.sum()))
    found = overdispersion(counts, exposure, counts, exposure, exposure**2, np.arange(6.0)[:, None])
    assert expected > 1
    assert found.batch == pytest.approx(expected, rel=1e-12)
    assert found.spread == 0
    one = overdispersion(counts[:1], exposure[:1], counts[:1], exposure[:1], exposure[:1] ** 2, np.zeros((1, 1)))
    assert one == Overdispersion(1.0, 0.0)


def test_a_place_that_alone_holds_enough_is_not_halved():
    """Where some tenth of all is enough, the last of a few holds more than half: it was cut into one part and none."""
    block = _blocks(np.arange(5.0)[:, None], np.array([0.125, 0.125, 0.125, 0.125, 0.75]), 0.15)
    assert len(set(block)) == 3
    assert block[0] == block[1]
    assert block[2] == block[3]
