"""Density against a brute-force kernel sum, KDEpy, closed forms and the identity of mass."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import rasterio
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import Polygon, box

from jxgis.errors import CrsError, InputError
from jxgis.hotspots.density import density, write_cog

AREA = gpd.GeoSeries([box(0, 0, 4000, 3000)], crs=4549)


def points(n, seed=0, low=0.0, high=3000.0):
    rng = np.random.default_rng(seed)
    return rng.uniform(low, high, n), rng.uniform(low, high, n)


def centres(made):
    rows, cols = made.per_km2.shape
    x = made.west + (np.arange(cols) + 0.5) * made.cell_m
    y = made.north - (np.arange(rows) + 0.5) * made.cell_m
    return np.meshgrid(x, y)


def kernel_sum(made, x, y, per_side=5):
    """Mean over each cell of the textbook kernel sum, by ``per_side``² midpoints: no binning, no FFT."""
    offsets = ((np.arange(per_side) + 0.5) / per_side - 0.5) * made.cell_m
    grid_x, grid_y = centres(made)
    total = np.zeros(made.per_km2.shape)
    h = made.bandwidth_m
    for dx in offsets:
        for dy in offsets:
            squared = ((grid_x + dx)[..., None] - x) ** 2 + ((grid_y + dy)[..., None] - y) ** 2
            if made.kernel == "quartic":
                value = 3 / (np.pi * h**2) * np.clip(1 - squared / h**2, 0, None) ** 2
            else:
                value = np.exp(-squared / (2 * h**2)) / (2 * np.pi * h**2)
            total += value.sum(axis=-1)
    return total / per_side**2 * 1e6


@pytest.mark.parametrize("kernel", ["quartic", "gaussian"])
@pytest.mark.parametrize("cell_m", [50.0, 100.0, 250.0])
def test_it_is_the_kernel_sum(kernel, cell_m):
    x, y = points(40)
    made = density(x, y, AREA, cell_m=cell_m, bandwidth_m=400, kernel=kernel)
    truth = kernel_sum(made, x, y)
    # A point moves to the centre of a sub-cell of 20 m: up to 14 m of 400 m, in all directions alike.
    assert np.abs(made.per_km2 - truth).max() < 0.04 * truth.max()
    assert np.abs(made.per_km2 - truth).mean() < 0.005 * truth.max()


@pytest.mark.parametrize("kernel", ["quartic", "gaussian"])
def test_many_points_are_as_close_on_the_coarser_sub_grid(kernel):
    rng = np.random.default_rng(2)
    centre = rng.uniform(500, 2500, (30, 2))[rng.integers(0, 30, 600_000)]
    x, y = (centre + rng.normal(0, 150, centre.shape)).T.clip(0, 3000)
    made = density(x, y, AREA, cell_m=100, bandwidth_m=500, kernel=kernel)
    # The truth, for points moved to a lattice of 25 m and nine places in each cell.
    counts, _, _ = np.histogram2d(x, y, bins=[np.arange(0, 3001, 25), np.arange(0, 3001, 25)])
    at_x, at_y = np.meshgrid(np.arange(12.5, 3000, 25), np.arange(12.5, 3000, 25), indexing="ij")
    grid_x, grid_y = centres(made)
    sample = (slice(None, None, 5), slice(None, None, 5))
    truth = np.zeros(grid_x[sample].shape)
    for dx in (-33, 0, 33):
        for dy in (-33, 0, 33):
            for i, j in np.ndindex(truth.shape):
                squared = (grid_x[sample][i, j] + dx - at_x) ** 2 + (grid_y[sample][i, j] + dy - at_y) ** 2
                if kernel == "quartic":
                    value = 3 / (np.pi * 500**2) * np.clip(1 - squared / 500**2, 0, None) ** 2
                else:
                    value = np.exp(-squared / (2 * 500**2)) / (2 * np.pi * 500**2)
                truth[i, j] += (value * counts).sum() / 9 * 1e6
    # Clusters of 150 m under a kernel of 500 m, points moved within 100 m: a hundredth of the peak.
    assert np.abs(made.per_km2[sample] - truth).max() < 0.015 * truth.max()


@pytest.mark.parametrize("kernel", ["quartic", "gaussian"])
def test_points_all_over_a_sub_cell_leave_only_the_quadrature_error(kernel):
    # 4 x 4 points all over one sub-cell of 20 m: what the sub-grid takes every point of it for.
    inside = np.arange(2.5, 20, 5)
    x, y = (v.ravel() for v in np.meshgrid(1000 + inside, 1540 + inside))
    made = density(x, y, AREA, cell_m=40, bandwidth_m=400, kernel=kernel)
    truth = kernel_sum(made, x, y, per_side=8)
    # The Gaussian besides is cut at 4 sd, 3.4e-4 of its mass.
    assert np.abs(made.per_km2 - truth).max() < 1e-3 * truth.max()


def test_it_agrees_with_kdepy():
    kdepy = pytest.importorskip("KDEpy")
    # At the centres of the 12.5 m sub-cells, so that the binning moves nothing.
    x, y = (np.floor(v / 12.5) * 12.5 + 6.25 for v in points(500, seed=3))
    made = density(x, y, AREA, cell_m=25, bandwidth_m=250)
    grid_x, grid_y = centres(made)
    where = np.stack([grid_x.ravel(), grid_y.ravel()], axis=1)
    # KDEpy's bandwidth is the standard deviation of the one-dimensional kernel: radius / √7. The naive form is
    # used, because the FFT form loses mass on its lattice.
    peer = kdepy.NaiveKDE(kernel="biweight", bw=250 / np.sqrt(7)).fit(np.stack([x, y], axis=1)).evaluate(where)
    peer = peer.reshape(grid_x.shape) * x.size * 1e6
    # What is left: means over cells and sub-cells against values at their centres, some (cell/h)²/24 of the peak.
    assert np.abs(made.per_km2 - peer).max() < 5e-3 * peer.max()


@pytest.mark.slow
@given(
    cell_m=st.sampled_from([25.0, 90.0, 100.0, 333.0, 2000.0]),
    bandwidth_m=st.floats(40, 1500),
    kernel=st.sampled_from(["quartic", "gaussian"]),
    seed=st.integers(0, 99),
)
@settings(max_examples=30, deadline=None)
def test_mass_is_kept(cell_m, bandwidth_m, kernel, seed):
    area = gpd.GeoSeries([box(-37, 12, 1500, 900)], crs=4549)
    rng = np.random.default_rng(seed)
    x, y = rng.uniform(-37, 1500, 50), rng.uniform(12, 900, 50)
    x[0], y[0] = 1500, 900  # on the outermost corner
    x[1], y[1] = -37, 12
    made = density(x, y, area, cell_m=cell_m, bandwidth_m=bandwidth_m, kernel=kernel)
    assert made.mass == pytest.approx(50, rel=1e-9)
    assert made.points == 50
    assert made.outside == 0
    assert (made.per_km2 >= 0).all()


def test_points_outside_are_reported():
    x, y = np.array([100.0, 200.0, 9000.0]), np.array([100.0, 200.0, 100.0])
    made = density(x, y, AREA)
    assert made.points == 2
    assert made.mass == pytest.approx(2, rel=1e-12)
    assert made.outside == 1


def test_nothing_comes_round_the_edge_of_the_transform():
    x, y = np.array([0.0, 4000.0, 4000.0]), np.array([0.0, 0.0, 3000.0])
    made = density(x, y, AREA, cell_m=100, bandwidth_m=500)
    truth = kernel_sum(made, x, y)
    assert (made.per_km2[truth == 0] < 0.01 * truth.max()).all()
    grid_x, grid_y = centres(made)
    far = np.min([np.hypot(grid_x - px, grid_y - py) for px, py in zip(x, y, strict=True)], axis=0) > 700
    assert (made.per_km2[far] == 0).all()


def test_a_gaussian_ends_at_four_standard_deviations():
    made = density([2050.0], [1550.0], AREA, cell_m=20, bandwidth_m=200, kernel="gaussian")
    grid_x, grid_y = centres(made)
    apart = np.hypot(grid_x - 2050, grid_y - 1550)
    # To the middle of a cell, of the point's sub-cell and between them: a cell on either side of the edge at most.
    assert (made.per_km2[apart < 780] > 1e-5 * made.per_km2.max()).all()
    assert (made.per_km2[apart > 830] < 1e-12 * made.per_km2.max()).all()


def test_edge_correction_is_level_to_the_border_where_points_are():
    shape = Polygon([(0, 0), (4000, 0), (4000, 1500), (1500, 3000), (0, 3000)])
    area = gpd.GeoSeries([shape], crs=4549)
    lattice = np.arange(12.5, 4000, 25)
    x, y = (v.ravel() for v in np.meshgrid(lattice, lattice))
    plain = density(x, y, area, cell_m=50, bandwidth_m=500)
    made = density(x, y, area, cell_m=50, bandwidth_m=500, edge="uniform")
    assert made.points + made.outside == x.size
    # One point to each 25 m square, and sub-cells of 50 m: the corrected density is flat, corners and slopes too.
    np.testing.assert_allclose(made.per_km2[np.isfinite(made.per_km2)], 1e6 / 25**2, rtol=1e-9)
    assert np.isfinite(made.per_km2).sum() * 50**2 == pytest.approx(shape.area, rel=0.01)
    # Without it a straight border through uniform points keeps about half, by symmetry.
    grid_x, grid_y = centres(plain)
    border = (np.abs(grid_x) < 50) & (grid_y > 600) & (grid_y < 2400)
    assert plain.per_km2[border].mean() == pytest.approx(0.5e6 / 25**2, rel=0.01)


def test_the_file_is_a_cog_with_all_its_labels_and_the_same_bytes(tmp_path):
    x, y = points(500)
    made = density(x, y, AREA, cell_m=5, bandwidth_m=300)
    first, second = tmp_path / "a.tif", tmp_path / "b.tif"
    write_cog(first, made, title="全部问题")
    write_cog(second, made, title="全部问题")
    assert first.read_bytes() == second.read_bytes()
    with rasterio.open(first) as file:
        assert file.crs.to_epsg() == 4549
        assert file.units == ("issues/km2",)
        assert file.descriptions == ("全部问题",)
        assert np.isnan(file.nodata)
        assert file.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
        assert file.overviews(1)
        assert file.bounds.left == made.west
        assert file.bounds.top == made.north
        stored = file.read(1)
        assert stored.sum(dtype=np.float64) * 25 / 1e6 == pytest.approx(500, rel=1e-6)
        # Row 0 is the northernmost, as every reader of images expects.
        row, col = file.index(x[0], y[0])
        assert stored[row, col] > 0
    assert str(tmp_path).encode() not in first.read_bytes()


def test_it_refuses_degrees_nulls_and_sizes_of_nothing():
    with pytest.raises(CrsError):
        density([1.0], [1.0], AREA.to_crs(4326))
    with pytest.raises(InputError, match="nulls"):
        density([np.nan], [1.0], AREA)
    with pytest.raises(InputError, match="above 0"):
        density([1.0], [1.0], AREA, cell_m=0)
    empty = density([], [], AREA)
    assert empty.mass == 0


@pytest.mark.parametrize(
    ("options", "raised"),
    [
        ({"cell_m": 0.01}, "density_cell_m"),
        ({"cell_m": 1e-200}, "density_cell_m"),
        ({"bandwidth_m": 0.01}, "bandwidth_m"),
        ({"cell_m": 1, "bandwidth_m": 1500}, "density_cell_m"),
    ],
)
def test_cells_that_fill_the_memory_are_refused_before_they_are_made(options, raised):
    with pytest.raises(InputError, match=f"raise {raised} above"):
        density([1.0], [1.0], AREA, **options)
