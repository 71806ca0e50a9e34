"""Change between two periods: against all ways to divide the cases, and under the null."""

from collections import Counter
from itertools import product
from math import comb

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from pyproj import CRS
from scipy.stats import binom

from jxgis.errors import InputError
from jxgis.space.grid import Grid
from jxgis.trends.analysis import find_trends
from jxgis.trends.change import batch_around, batches, change_p, detectable, find_change


def square(side: int) -> Grid:
    return Grid(CRS(4549), 200.0, 0, 0, np.ones((side, side), dtype=bool))


def all_divisions(own: list[int], late: int, members: list[int]) -> dict[int, float]:
    """How often the places together have each number of late cases, over all ways to choose which cases are late."""
    ways: Counter[int] = Counter()
    for each in product(*(range(number + 1) for number in own)):
        if sum(each) == late:
            ways[sum(each[i] for i in members)] += np.prod(
                [comb(n, k) for n, k in zip(own, each, strict=True)], dtype=object
            )
    total = sum(ways.values())
    return {number: count / total for number, count in ways.items()}


@pytest.mark.parametrize("seed", range(12))
def test_p_is_that_of_all_divisions_of_the_cases(seed: int) -> None:
    random = np.random.default_rng(seed)
    before, after = random.integers(0, 4, (2, 5))
    if not before.sum() or not after.sum():
        before[0] = after[1] = 1
    own, late = (before + after).tolist(), int(after.sum())
    for members in ([0], [0, 1], [1, 3, 4], [0, 1, 2, 3, 4]):
        chance = all_divisions(own, late, members)
        a = int(after[members].sum())
        upper = sum(p for number, p in chance.items() if number >= a)
        lower = sum(p for number, p in chance.items() if number <= a)
        expected = min(1.0, 2 * min(upper, lower)) if sum(own[i] for i in members) else np.nan
        found = change_p([before[members].sum()], [a], (int(before.sum()), late))[0]
        assert found == pytest.approx(expected, abs=1e-12, nan_ok=True)


def test_the_rest_of_the_city_counts_for_nothing_but_its_total() -> None:
    assert change_p([3], [0], (3, 0))[0] != change_p([3], [0], (3, 9))[0]
    assert np.isnan(change_p([3], [0], (3, 0))[0])
    assert change_p([5], [5], (5, 5))[0] == 1.0


def test_more_cases_than_the_whole_are_refused() -> None:
    with pytest.raises(InputError, match="totals"):
        change_p([4], [1], (3, 9))


def test_new_gone_stronger_and_weaker_places_are_told_apart() -> None:
    cells = square(60)
    random = np.random.default_rng(2)
    before, after = random.poisson(2, (2, 60, 60))
    spots = {"new": (10, 10, 0, 30), "gone": (10, 45, 30, 0), "stronger": (45, 10, 15, 40), "weaker": (45, 45, 40, 15)}
    for row, col, early, late in spots.values():
        before[row : row + 3, col : col + 3] += early
        after[row : row + 3, col : col + 3] += late
    found = find_change(before.ravel(), after.ravel(), cells, band_m=500, alpha=0.05, batch=1.0)
    course = found["course"].to_numpy().reshape(60, 60)
    for name, (row, col, early, late) in spots.items():
        assert course[row + 1, col + 1] == name
        assert np.sign(found["change_bin"].to_numpy().reshape(60, 60)[row + 1, col + 1]) == np.sign(late - early)
    far = np.ones((60, 60), dtype=bool)
    for row, col, *_ in spots.values():
        far[row - 4 : row + 7, col - 4 : col + 7] = False
    assert set(course[far]) <= {"", "unclear"}


@pytest.mark.parametrize("batch", [1, 2, 5])
def test_batches_are_found_whatever_the_rates_and_whatever_changed_in_one_place(batch: int) -> None:
    cells = square(60)
    random = np.random.default_rng(batch)
    rate = random.gamma(1, 4, 3600)
    drawn = random.poisson(rate / batch, (2, 3600)) * batch
    changed = drawn.copy()
    changed[1].reshape(60, 60)[20:26, 20:26] += 40
    for before, after in (drawn, changed):
        # The error of finding it is added, so that it is rather too large.
        assert batch * 0.9 <= np.median(batches(before, after, cells)) <= batch * 1.4


@pytest.mark.slow
@pytest.mark.parametrize("batch", [2.0, 4.0])
def test_cells_that_differ_hundredfold_hide_no_batches(batch: float) -> None:
    """Negative binomial of a known variance, most cells with a case or two: 65 of 100 such cities had a change."""
    cells = square(60)
    for seed in range(4):
        random = np.random.default_rng(seed)
        rate = random.lognormal(0, 2, 3600)
        before, after = random.poisson(random.gamma(rate / (batch - 1), batch - 1, (2, 3600)))
        found = batches(before, after, cells)
        assert batch * 0.9 <= found.min() <= np.median(found) <= batch * 1.4
        q = find_change(before, after, cells, band_m=500, alpha=0.05, batch=found)["q"]
        assert not (q <= 0.05).any()


@pytest.mark.parametrize("batch", [pytest.param(3, marks=pytest.mark.slow), 10])
@pytest.mark.parametrize(
    "towns",
    [
        [(6, 6), (6, 46), (46, 6), (46, 46), (26, 26)],
        [(6, 6), (6, 8), (46, 6), (46, 46), (26, 26)],
        [(6, 6), (6, 8), (46, 6), (46, 46)],
    ],
)
def test_few_towns_apart_hide_no_batches(towns: list[tuple[int, int]], batch: int) -> None:
    """Squares that touch no other: 183 of 300 such cities without change had one, and of five of which two touch, an error.

    Two squares that touch are one comparison: taken for two, they alone told of four towns (65 of 300, of batches of ten).
    """
    cells = square(60)
    rate = np.zeros((60, 60))
    for row, col in towns:
        rate[row : row + 2, col : col + 2] = 6
    some = 0
    for seed in range(200):
        random = np.random.default_rng(seed)
        before, after = random.poisson(random.gamma(rate.ravel() / (batch - 1), batch - 1, (2, 3600)))
        found = batches(before, after, cells)
        some += bool((find_change(before, after, cells, band_m=500, alpha=0.05, batch=found)["q"] <= 0.05).any())
    # More would be a chance of one in a thousand.
    assert some <= 21


@pytest.mark.parametrize("batch", [pytest.param(3, marks=pytest.mark.slow), 10])
@pytest.mark.parametrize(("side", "rate", "later"), [(6, 1, 1), (6, 1, 0.1), (15, 0.1, 1), (3, 4, 1), (10, 3, 1)])
def test_few_cases_hide_no_batches(side: int, rate: float, later: float, batch: int) -> None:
    """A rare class or a small town, where no squares have twenty cases each: up to 197 of 300 without change had one."""
    cells, some, maps = square(side), 0, 0
    for seed in range(200):
        random = np.random.default_rng(seed)
        means = np.full((2, side * side), rate / (batch - 1)) * [[1], [later]]
        before, after = random.poisson(random.gamma(means, batch - 1))
        if before.any() and after.any():
            found = batches(before, after, cells)
            maps += 1
            some += bool((find_change(before, after, cells, band_m=500, alpha=0.05, batch=found)["q"] <= 0.05).any())
    assert maps > 90
    # More would be a chance of one in a thousand.
    assert some <= binom.isf(0.001, maps, 0.05)


def test_the_batches_of_few_cells_by_hand() -> None:
    """Cells of 4, 4 and 2 cases of which 4, 0 and 1 are late: off the half by 2, 2 and 0, of ten with 0.36 among themselves."""
    before, after = np.array([[0, 4, 1], [4, 0, 1]])
    among = (16 + 16 + 4) / 100
    expected = 8 / (0.25 * 10 * (1 - among)) * (1 + np.sqrt(2 / (1 / among - 1)))
    found = batches(before, after, Grid(CRS(4549), 200.0, 0, 0, np.ones((1, 3), dtype=bool)))
    assert found == pytest.approx(np.full(3, expected))
    assert batches(np.array([3]), np.array([5]), Grid(CRS(4549), 200.0, 0, 0, np.ones((1, 1), dtype=bool))) == 1


def test_a_small_town_shows_what_rose_fourfold() -> None:
    """Of squares beside one another 79 of 150 such towns had it, of all cells 136."""
    cells, some = square(10), 0
    for seed in range(60):
        random = np.random.default_rng(seed)
        before, after = random.poisson(3, (2, 10, 10))
        after[2:5, 2:5] = random.poisson(12, (3, 3))
        found = batches(before.ravel(), after.ravel(), cells)
        q = find_change(before.ravel(), after.ravel(), cells, band_m=300, alpha=0.05, batch=found)["q"]
        some += bool((q.to_numpy().reshape(10, 10)[2:5, 2:5] <= 0.05).any())
    assert some >= 42


@pytest.mark.slow
def test_a_city_without_change_shows_none() -> None:
    """A fast part of what benchmarks/trends.py does a thousand times; more than 6 of 40 would be a chance of 1 in 250."""
    cells = square(40)
    random = np.random.default_rng(11)
    rate = random.gamma(1, 3, 1600) * (1 + 20 * (np.arange(1600) % 40 < 4))
    found = {"poisson": 0, "batches": 0}
    for _ in range(40):
        for kind in found:
            pair = (
                random.poisson(rate, (2, 1600)) if kind == "poisson" else random.negative_binomial(rate, 0.5, (2, 1600))
            )
            batch = np.ones(1600) if kind == "poisson" else batches(pair[0], pair[1], cells)
            q = find_change(pair[0], pair[1], cells, band_m=500, alpha=0.05, batch=batch)["q"]
            found[kind] += bool((q <= 0.05).any())
    assert max(found.values()) <= 6


def city_of_parts(seed: int, batch: np.ndarray, times: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Cells whose counts have each its own variance over the mean, and whose later rate is so many times the earlier one."""
    random = np.random.default_rng(seed)
    rate = random.gamma(1, 4, batch.size) * [[np.ones(batch.size)], [times.ravel()]]
    rates = np.where(batch.ravel() > 1, random.gamma(rate / np.maximum(batch.ravel() - 1, 1), batch.ravel() - 1), rate)
    before, after = random.poisson(rates.reshape(2, -1))
    return before, after


@pytest.mark.slow
@pytest.mark.parametrize("part", ["centre", "third"])
def test_a_part_of_larger_batches_shows_no_change(part: str) -> None:
    """Of one φ for the city 28 of 30 cities with a centre of fivefold batches had a change, of a third of threefold 9 of 30."""
    cells, some, found = square(60), 0, []
    rows, cols = np.indices((60, 60))
    own = np.hypot(rows - 29.5, cols - 29.5) < 10 if part == "centre" else cols < 20
    batch = np.where(own, 5 if part == "centre" else 3, 1)
    for seed in range(20):
        before, after = city_of_parts(seed, batch, np.ones((60, 60)))
        found.append(batches(before, after, cells))
        some += bool((find_change(before, after, cells, band_m=500, alpha=0.05, batch=found[-1])["q"] <= 0.05).any())
    # More would be a chance of one in a thousand.
    assert some <= binom.isf(0.001, 20, 0.05)
    inside = np.median([each[own.ravel()].mean() for each in found])
    assert 0.75 * batch.max() < inside < 1.7 * batch.max()
    assert np.median([each.min() for each in found]) < inside / 1.8


@pytest.mark.slow
def test_a_city_alike_has_one_number_and_a_place_that_rose_keeps_its_p() -> None:
    """What rose is no part of larger batches: with the larger of the city's and its district's φ it was in a third fewer of its cells."""
    cells, alike, some = square(60), 0, 0
    times = np.ones((60, 60))
    times[15:20, 15:20] = 2.5
    for seed in range(20):
        alike += np.ptp(batches(*city_of_parts(seed, np.full((60, 60), 2.0), np.ones((60, 60))), cells)) == 0
        before, after = city_of_parts(seed, np.full((60, 60), 2.0), times)
        found = batches(before, after, cells)
        q = find_change(before, after, cells, band_m=500, alpha=0.05, batch=found)["q"].to_numpy().reshape(60, 60)
        some += bool((q[15:20, 15:20] <= 0.05).any())
    assert alike >= 16
    assert some >= 12


def test_the_batches_around_a_cell_are_those_of_the_cases_there() -> None:
    """By hand, and in a part without batches exactly 1, so that p there is that of the cases themselves."""
    random = np.random.default_rng(3)
    cells, cases = square(20), random.poisson(3, 400)
    own = np.where(np.arange(400) % 20 < 8, 4.37, 1.0)
    found = batch_around(own, cases, cells, band_m=450)
    rows, cols = np.divmod(np.arange(400), 20)
    for cell in (0, 150, 168, 399):
        near = np.hypot(rows - rows[cell], cols - cols[cell]) * 200 <= 450
        assert found[cell] == pytest.approx((own * cases)[near].sum() / cases[near].sum(), abs=1e-8)
    assert (found[np.arange(400) % 20 >= 11] == 1).all()


@pytest.mark.parametrize(
    ("before", "city", "batch"), [(30, 1.0, 1.0), (100, 1.2, 1.0), (100, 0.8, 3.0), (300, 1.0, 2.0)]
)
def test_what_is_said_to_be_detectable_is_found_four_times_in_five(before: int, city: float, batch: float) -> None:
    """Places drawn with that rise and that fall, negative binomial, in a city of two hundred thousand cases, at alpha over the tests."""
    random, tests = np.random.default_rng(1), 2000
    for times in detectable(before, city, tests=tests, alpha=0.05, batch=batch):
        means = np.array([[before], [before * city * times]])
        rates = means if batch == 1 else random.gamma(means / (batch - 1), batch - 1, (2, 4000))
        early, late = random.poisson(rates, (2, 4000))
        p = change_p(early, late, (10**5, round(city * 10**5)), batch=batch)
        assert np.mean(p <= 0.05 / tests) == pytest.approx(0.8, abs=0.06)


def test_of_few_cases_no_fall_is_detectable_and_of_one_hardly_anything() -> None:
    rise, fall = detectable(10, 1.0, tests=5000, alpha=0.05, batch=1.0)
    # Of twelve cases all late: p is 2 / 2 ** 12, far above 0.05 / 5000; none of ten left can be no less.
    assert np.isnan(fall)
    assert rise > 4
    assert np.isnan(detectable(1, 1.0, tests=10**6, alpha=0.01, batch=40.0)).all()


def test_the_page_says_what_change_would_be_found() -> None:
    random = np.random.default_rng(2)
    x, y = random.uniform(0, 3000, (2, 4000))
    time = pd.Timestamp("2023-01-01") + pd.to_timedelta(random.integers(0, 731, 4000), unit="D")
    issues = gpd.GeoDataFrame({"time": time}, geometry=gpd.points_from_xy(x, y), crs=4549)
    found = find_trends(issues, gpd.GeoSeries([shapely.box(0, 0, 3000, 3000)], crs=4549))
    assert found.change is not None
    tests, batch = int((found.change["before"] + found.change["after"] > 0).sum()), found.change["batch"].min()
    rise, fall = detectable(100, 1 + found.change_city, tests=tests, alpha=0.05, batch=batch)
    said = f"100 件的多 {100 * (rise - 1):.0f} % 或少 {100 * (1 - fall):.0f} %"
    assert any(said in note.zh for note in found.notes())
    assert any(f"100: {100 * (rise - 1):.0f} % more" in note.en for note in found.notes())


def test_changes_that_lie_close_together_are_seldom_taken_for_batches() -> None:
    """Squares of four cells by four that fell to a third, one every ten: held against all around, all of them were."""
    cells = Grid(CRS(4549), 100.0, 0, 0, np.ones((90, 90), dtype=bool))
    rows, cols = np.indices((90, 90)) - 30
    fell = ((rows % 10 < 4) & (cols % 10 < 4) & (rows >= 0) & (rows < 30) & (cols >= 0) & (cols < 30)).ravel()
    taken = []
    for seed in range(12):
        before, after = np.random.default_rng(seed).poisson([np.full(8100, 10.0), np.where(fell, 10 / 3, 10)])
        taken.append(np.mean(batches(before, after, cells)[fell] > 1.5))
    assert np.mean(taken) < 0.3
