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


@pytest.mark.parametrize("batch", [1.0, 2.5])
def test_time(batch: float) -> None:
    found, stretches = 0, stretches_of(7, longest=3, recent=True)
    for number in range(MAPS):
        rng = np.random.default_rng([number, int(10 * batch)])
        places, months = rng.gamma(1, 1, len(GRID)) + 0.05, rng.dirichlet(np.full(7, 50.0)) * 7
        cases = counts(rng, 0.6 * places[:, None] * months, batch)
        cells, slices = (np.repeat(of, cases.ravel()) for of in np.divmod(np.arange(cases.size), 7))
        scanned = scan_times(
            cells, slices, GRID, SHAPES, stretches, varying=varying_in_time(cases, GRID), seed=number, **KEYS
        )
        found += scanned.p(scanned.best) <= 0.05
    assert found <= MOST
