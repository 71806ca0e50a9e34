import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from jxgis.errors import InputError
from jxgis.space import window
from jxgis.space.grid import Grid, grid_over
from jxgis.space.window import disc_reach, disc_sums, pair_sums

CRS = gpd.GeoSeries([], crs=4549).crs


def brute(values: np.ndarray, grid: Grid, squared: float) -> np.ndarray:
    dx, dy = grid.cols[:, None] - grid.cols, grid.rows[:, None] - grid.rows
    return values @ (dx**2 + dy**2 <= squared)


@pytest.mark.parametrize(
    ("cell_m", "band_m", "squared"),
    [(100, 500, 25), (100, 499.999, 24), (0.1, 0.3, 9), (0.1, 0.5, 25), (30, 90, 9), (100, 50, 0), (7, 7 * 13, 169)],
)
def test_the_disc_holds_what_lies_at_exactly_the_band(cell_m: float, band_m: float, squared: int) -> None:
    reach = disc_reach(cell_m, band_m)
    dx, dy = np.meshgrid(np.arange(-20, 21), np.arange(-20, 21))
    expected = dx**2 + dy**2 <= squared
    inside = np.zeros_like(expected)
    for row, wide in enumerate(reach):
        inside |= (abs(dy) == row) & (abs(dx) <= wide)
    np.testing.assert_array_equal(inside, expected)


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 25),
    st.integers(1, 25),
    st.floats(0.4, 40),
    st.integers(0, 2**32 - 1),
    st.sampled_from(["int", "real"]),
)
def test_sums_agree_with_distances_on_any_mask(rows: int, cols: int, radius: float, seed: int, kind: str) -> None:
    rng = np.random.default_rng(seed)
    grid = Grid(CRS, 10.0, -3, 5, rng.random((rows, cols)) < 0.7)
    values = rng.poisson(3, (2, len(grid)))
    if kind == "real":
        values = values * 0.1
    sums = disc_sums(values, grid, band_m=radius * 10)
    expected = brute(values, grid, radius**2)
    assert sums.dtype == values.dtype
    if kind == "int":
        np.testing.assert_array_equal(sums, expected)
    else:  # prefix sums run over whole rows: a few ulp of the row's sum
        np.testing.assert_allclose(sums, expected, rtol=0, atol=1e-12)


def test_large_discs_go_through_fourier_and_agree_with_row_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    grid = grid_over(gpd.GeoSeries([shapely.Point(0, 0).buffer(4000)], crs=4549), cell_m=100)
    values = np.random.default_rng(0).negative_binomial(0.3, 0.01, (2, len(grid)))
    reach = disc_reach(100, 2000)
    assert window._fits_fourier(values, grid, reach)
    by_fourier = disc_sums(values, grid, band_m=2000)
    monkeypatch.setattr(window, "ROW_RUN_RADIUS", 10**9)
    np.testing.assert_array_equal(by_fourier, disc_sums(values, grid, band_m=2000))


def test_values_too_large_for_rounding_back_take_the_row_runs() -> None:
    grid = Grid(CRS, 1.0, 0, 0, np.ones((40, 40), dtype=bool))
    values = np.random.default_rng(0).integers(0, 2**52, (1, 1600))
    assert not window._fits_fourier(values, grid, disc_reach(1, 20))
    np.testing.assert_array_equal(disc_sums(values, grid, band_m=20), brute(values, grid, 400))


@pytest.mark.parametrize("seed", range(40))
def test_products_of_pairs_are_those_of_the_double_sum(seed: int) -> None:
    rng = np.random.default_rng(seed)
    mask = rng.random(rng.integers(1, 14, 2)) < 0.7
    mask.flat[0] = True
    grid = Grid(CRS, 100.0, 0, 0, mask)
    values = rng.normal(size=len(grid))
    bands_m = [100.0, 50.0, *rng.uniform(50, 2500, 4).tolist()]
    products = np.outer(values, values) * ~np.eye(len(grid), dtype=bool)
    apart = np.hypot(grid.rows[:, None] - grid.rows, grid.cols[:, None] - grid.cols) * 100
    expected = [products[apart <= band_m].sum() for band_m in bands_m]
    # Of some 1e-16 times a few hundred products.
    np.testing.assert_allclose(pair_sums(values, grid, bands_m=bands_m), expected, rtol=0, atol=1e-11)


@pytest.mark.parametrize("band_m", [0, -1, np.nan, np.inf])
def test_a_band_is_a_positive_length(band_m: float) -> None:
    with pytest.raises(InputError, match="band_m"):
        disc_reach(100, band_m)


def test_a_band_of_less_than_a_metre_is_a_band() -> None:
    assert disc_reach(0.25, 0.5).tolist() == [2, 1, 0]
    assert disc_reach(1.0, 0.5).tolist() == [0]
