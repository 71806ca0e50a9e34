"""Cases by slice and cell, and their scores: against plain loops, and p against all placings."""

from itertools import combinations

import numpy as np
import pytest
from pyproj import CRS

from jxgis.errors import InputError
from jxgis.settings import CompareWith
from jxgis.space.grid import Grid
from jxgis.trends.cube import count_cube, score_cube


def grid(rows: int, cols: int, cell_m: float = 100.0) -> Grid:
    return Grid(CRS(4549), cell_m, 0, 0, np.ones((rows, cols), dtype=bool))


def near(cells: Grid, band_m: float) -> np.ndarray:
    x, y = cells.centres()
    return np.hypot(x[:, None] - x, y[:, None] - y) <= band_m


def plain_scores(counts: np.ndarray, within: np.ndarray, compare_with: CompareWith, window: int) -> np.ndarray:
    """Gi* from its definition, one cell and slice after the other."""
    slices, n = counts.shape
    z = np.full(counts.shape, np.nan)
    for t in range(slices):
        begin = t if compare_with == "slice" else max(0, t - window)
        population = counts if compare_with == "cube" else counts[begin : t + 1]
        mean, deviation, size = population.mean(), population.std(), population.size
        for i in range(n):
            own = counts[begin : t + 1, within[i]]
            k = own.size
            if deviation > 0 and k < size:
                z[t, i] = (own.sum() - k * mean) / (deviation * np.sqrt((size * k - k * k) / (size - 1)))
    return z


@pytest.mark.parametrize(
    ("compare_with", "window"), [("slice", 1), ("window", 1), ("window", 3), ("cube", 1), ("cube", 0)]
)
def test_scores_are_those_of_the_definition(compare_with: CompareWith, window: int) -> None:
    cells = grid(6, 7)
    counts = np.random.default_rng(1).poisson(2, (5, 42))
    found = score_cube(counts, cells, band_m=150, compare_with=compare_with, window=window)
    expected = plain_scores(counts, near(cells, 150), compare_with, window)
    np.testing.assert_allclose(found.z, expected, rtol=1e-9)
    np.testing.assert_array_equal(found.around, counts @ near(cells, 150))


@pytest.mark.parametrize(("compare_with", "begin"), [("slice", 1), ("window", 0), ("cube", 0)])
def test_p_counts_all_placings_of_what_is_compared(compare_with: CompareWith, begin: int) -> None:
    cells = grid(1, 5)
    counts = np.array([[0, 3, 1, 0, 2], [4, 0, 0, 1, 1]])
    found = score_cube(counts, cells, band_m=100, compare_with=compare_with, window=1)
    population = counts[begin:].ravel().tolist()
    for i, members in enumerate(near(cells, 100)):
        own = counts[1 if compare_with == "slice" else 0 :, members]
        sums = np.array([sum(drawn) for drawn in combinations(population, own.size)])
        tails = (sums >= own.sum()).mean(), (sums <= own.sum()).mean()
        assert found.p[1, i] == pytest.approx(min(1, 2 * min(tails)), abs=1e-12)
    assert found.method == ("exact",)


def test_a_slice_without_any_case_has_no_score_and_no_state() -> None:
    counts = np.random.default_rng(0).poisson(3, (3, 30))
    counts[1] = 0
    found = score_cube(counts, grid(5, 6), band_m=150)
    assert np.isnan(found.z[1]).all()
    assert np.isnan(found.p[1]).all()
    assert not found.states(0.99)[1].any()


def test_points_count_once_in_their_slice_and_cell() -> None:
    cells = grid(3, 3)
    random = np.random.default_rng(4)
    x, y, at = random.uniform(-50, 350, 500), random.uniform(-50, 350, 500), random.integers(-1, 4, 500)
    counts = count_cube(cells, x, y, at, 4)
    inside = (x >= 0) & (x < 300) & (y >= 0) & (y < 300)
    for t in range(4):
        for i in range(9):
            own = inside & (at == t) & (y // 100 == i // 3) & (x // 100 == i % 3)
            assert counts[t, i] == own.sum()


def test_one_slice_shows_no_change() -> None:
    with pytest.raises(InputError, match="至少要有两个时段"):
        score_cube(np.ones((1, 4), dtype=np.int64), grid(2, 2), band_m=100)
