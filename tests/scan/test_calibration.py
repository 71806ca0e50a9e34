"""Where nothing is the matter a cluster is found about as often as alpha says, however much counts vary."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyproj
import pytest
from scipy.stats import binom

from jxgis.scan.statistic import scan_cases, scan_times
from jxgis.scan.varying import varying_in_time, varying_of
from jxgis.scan.windows import grow_shapes, stretches_of
from jxgis.space.grid import Grid

MAPS, SIDE = 200, 16
GRID = Grid(pyproj.CRS(4549), 200.0, 0, 0, np.ones((SIDE, SIDE), dtype=bool))
SHAPES = grow_shapes([1], cell_m=200, radius_max_m=800)
MOST = int(binom.ppf(0.999, MAPS, 0.05))
KEYS: dict[str, Any] = {"max_share": 0.2, "replicates": 19, "alpha": 0.05, "threads": 1}


def counts(rng: np.random.Generator, expected: np.ndarray, batch: float) -> np.ndarray:
    """Independent counts with variance ``batch`` times their mean."""
    return rng.poisson(expected) if batch == 1 else rng.negative_binomial(expected / (batch - 1), 1 / batch)


@pytest.mark.parametrize("batch", [1.0, 3.0])
def test_space(batch: float) -> None:
    found = 0
    for number in range(MAPS):
        rng = np.random.default_rng([number, int(batch)])
        exposure = rng.gamma(1, 1, len(GRID)) + 0.05
        cases = counts(rng, 4 * exposure, batch)[:, None]
        varying = varying_of(cases, exposure[:, None], GRID)
        scanned = scan_cases(cases, exposure, GRID, SHAPES, varying=varying, seed=number, **KEYS)
        found += scanned.p(scanned.best) <= 0.05
    assert found <= MOST


@pytest.mark.slow
@pytest.mark.parametrize("batch", [1.0, 2.5])
def test_time(batch: float) -> None:
    found, stretches = 0, stretches_of(7, longest=3, recent=True)
    for number in range(MAPS):
        rng = np.random.default_rng([number, int(10 * batch)])
        places, months = rng.gamma(1, 1, len(GRID)) + 0.05, rng.dirichlet(np.full(7, 50.0)) * 7
        cases = counts(rng, 0.6 * places[:, None] * months, batch)
        cells, slices = (np.repeat(of, cases.ravel()) for of in np.divmod(np.arange(cases.size), 7))
        varying, own = varying_in_time(cases, GRID)
        scanned = scan_times(cells, slices, GRID, SHAPES, stretches, varying=varying, batch=own, seed=number, **KEYS)
        found += scanned.p(scanned.best) <= 0.05
    assert found <= MOST


@pytest.mark.parametrize(
    ("first", "later", "mean", "batch"), [(24, 12, 0.3, 1.0), (24, 12, 0.3, 1.7), (6, 6, 0.05, 3.0), (1, 11, 0.3, 3.0)]
)
def test_how_much_counts_vary_in_time_is_found(first: float, later: int, mean: float, batch: float) -> None:
    """A long first slice as where only recent ones are asked for, few cases, large batches: none moves what is found."""
    grid = Grid(pyproj.CRS(4549), 200.0, 0, 0, np.ones((30, 30), dtype=bool))
    months, found = np.r_[first, np.ones(later)], []
    for number in range(8):
        rng = np.random.default_rng([number, int(10 * batch)])
        cases = counts(rng, mean * (rng.gamma(1, 1, len(grid)) + 0.05)[:, None] * months, batch)
        found.append(varying_in_time(cases, grid)[0].batch)
    assert np.median(found) == pytest.approx(batch, rel=0.12)


def test_a_part_of_larger_batches_in_time() -> None:
    """A quarter of the cells with fivefold batches: of one φ for all, more than half of the maps had a cluster."""
    grid = Grid(pyproj.CRS(4549), 200.0, 0, 0, np.ones((30, 30), dtype=bool))
    part, stretches, found, own = np.arange(900) % 30 < 9, stretches_of(7, longest=3, recent=True), 0, []
    for number in range(40):
        rng = np.random.default_rng([number, 7])
        expected = 0.6 * (rng.gamma(1, 1, 900) + 0.05)[:, None] * np.r_[6, np.ones(6)]
        cases = np.where(part[:, None], counts(rng, expected, 5.0), counts(rng, expected, 1.0))
        cells, slices = (np.repeat(of, cases.ravel()) for of in np.divmod(np.arange(cases.size), 7))
        varying, batch = varying_in_time(cases, grid)
        own.append((batch[part].mean(), batch[~part].mean()))
        scanned = scan_times(cells, slices, grid, SHAPES, stretches, varying=varying, batch=batch, seed=number, **KEYS)
        found += scanned.p(scanned.best) <= 0.05
    assert found <= binom.isf(0.001, 40, 0.05)
    inside, outside = np.median(own, axis=0)
    assert 3.5 < inside < 7.5
    assert outside < inside / 2


@pytest.mark.parametrize("batch", [1.0, 2.0])
def test_maps_alike_everywhere_rarely_seem_to_have_a_part_of_larger_batches(batch: float) -> None:
    """Which would be said on the page, and hide what does rise: at a rate of false discoveries of 0.05 half of the maps had one."""
    grid, some = Grid(pyproj.CRS(4549), 200.0, 0, 0, np.ones((30, 30), dtype=bool)), 0
    for number in range(40):
        rng = np.random.default_rng([number, 8])
        cases = counts(rng, 0.6 * (rng.gamma(1, 1, 900) + 0.05)[:, None] * np.r_[6, np.ones(6)], batch)
        some += bool(np.ptp(varying_in_time(cases, grid)[1]) > 0)
    assert some <= 12


def test_batches_are_drawn_where_they_are() -> None:
    """The counts of a cell in a slice vary as its own φ says, and have the mean that its cases make."""
    from jxgis.scan.replicates import draw_times
    from jxgis.statistics.overdispersion import Overdispersion

    cells, slices = (of.ravel() for of in np.divmod(np.arange(100 * 20 * 6) // 6, 20))
    batch, rng = np.where(np.arange(100) < 50, 4.0, 1.0), np.random.default_rng(0)
    drawn = np.array(
        [
            np.bincount(where * 20 + when, minlength=2000).reshape(100, 20)
            for where, when in (
                draw_times(cells, slices, Overdispersion(1.0, 0.0), rng, batch=batch) for _ in range(20)
            )
        ]
    )
    for of, times in ((drawn[:, :50], 4.0), (drawn[:, 50:], 1.0)):
        assert of.mean() == pytest.approx(6, rel=0.03)
        assert of.var() / of.mean() == pytest.approx(times, rel=0.08)


def test_batches_of_few_cases_in_time() -> None:
    """Where a cell has few cases in all, and most of them in one batch."""
    found, stretches = 0, stretches_of(7, longest=6, recent=True)
    for number in range(MAPS // 2):
        rng = np.random.default_rng([number, 5])
        cases = counts(rng, 0.1 * (rng.gamma(1, 1, len(GRID)) + 0.05)[:, None] * np.r_[6, np.ones(6)], 5.0)
        cells, slices = (np.repeat(of, cases.ravel()) for of in np.divmod(np.arange(cases.size), 7))
        varying, own = varying_in_time(cases, GRID)
        scanned = scan_times(cells, slices, GRID, SHAPES, stretches, varying=varying, batch=own, seed=number, **KEYS)
        found += scanned.p(scanned.best) <= 0.05
    assert found <= int(binom.ppf(0.999, MAPS // 2, 0.05))


def test_places_that_differ_all_the_time() -> None:
    """Against an exposure in space and time: what one cell has more than its exposure tells it has in every slice."""
    found, stretches, time = 0, stretches_of(7, longest=6, recent=True), np.r_[6, np.ones(6)] / 12
    for number in range(MAPS // 4):
        rng = np.random.default_rng(number)
        exposure = rng.gamma(2, 0.5, len(GRID)) + 0.05
        cases = rng.poisson(12 * (exposure * rng.gamma(1 / 0.3, 0.3, len(GRID)))[:, None] * time)
        varying = varying_of(cases, exposure[:, None] * time, GRID)
        scanned = scan_cases(
            cases, exposure, GRID, SHAPES, varying=varying, seed=number, stretches=stretches, time=time, **KEYS
        )
        found += scanned.p(scanned.best) <= 0.05
    assert found <= int(binom.ppf(0.999, MAPS // 4, 0.05))
