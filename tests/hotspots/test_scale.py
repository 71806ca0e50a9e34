"""The scale: Moran's moments against esda and plain matrices, proposals on known patterns."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import pytest
import shapely

from jxgis.errors import InputError
from jxgis.hotspots.rates import rate_residuals
from jxgis.hotspots.scale import _elbow, moran_profile, rate_profile, suggest_scale
from jxgis.space.grid import Grid, grid_over

CRS = pyproj.CRS(4549)


def holed_grid(cell_m=100.0):
    mask = np.ones((14, 17), dtype=bool)
    mask[4:7, 5:9] = False
    mask[0, :6] = False
    return Grid(CRS, cell_m, 3, 5, mask)


@pytest.mark.parametrize("band_m", [100, 250, 600])
def test_profile_is_esdas_moran(band_m):
    esda = pytest.importorskip("esda")
    graph = pytest.importorskip("libpysal.graph")
    grid = holed_grid()
    counts = np.random.default_rng(2).negative_binomial(1, 0.2, len(grid))
    x, y = grid.centres()
    near = graph.Graph.build_distance_band(gpd.GeoSeries(gpd.points_from_xy(x, y)), threshold=band_m + 1e-6)
    peer = esda.Moran(counts, near, transformation="b", permutations=0)
    row = moran_profile(counts, grid, bands_m=[band_m]).iloc[0]
    assert row["moran_i"] == pytest.approx(peer.I, rel=1e-12)
    assert row["expected"] == pytest.approx(peer.EI, rel=1e-12)
    assert row["z"] == pytest.approx(peer.z_rand, rel=1e-9)
    assert row["neighbours"] == pytest.approx(near.cardinalities.mean())


def test_profile_has_no_z_where_there_is_none():
    grid = holed_grid()
    rng = np.random.default_rng(0)
    table = moran_profile(rng.poisson(3, len(grid)), grid, bands_m=[50, 1e5])
    assert table["z"].isna().all()
    assert moran_profile(np.full(len(grid), 4), grid, bands_m=[200])["z"].isna().all()
    with pytest.raises(InputError, match="one value a cell"):
        moran_profile([1, 2], grid, bands_m=[100])


def spots(radius_m, n_spots=12, seed=0, n=4000):
    """Issues in round spots of one size, on a sparse background."""
    rng = np.random.default_rng(seed)
    centres = rng.uniform(1500, 13500, (n_spots, 2))
    own = centres[rng.integers(0, n_spots, n)]
    radius, angle = radius_m * np.sqrt(rng.random(n)), rng.uniform(0, 2 * np.pi, n)
    x = np.concatenate([own[:, 0] + radius * np.cos(angle), rng.uniform(0, 15000, n)])
    y = np.concatenate([own[:, 1] + radius * np.sin(angle), rng.uniform(0, 15000, n)])
    return x, y, gpd.GeoSeries([shapely.box(0, 0, 15000, 15000)], crs=CRS)


def test_the_band_grows_with_the_size_of_the_spots():
    small = suggest_scale(*spots(350))
    large = suggest_scale(*spots(1100))
    assert small.reason == large.reason == "first_peak"
    # The z of Moran's I peaks where the band is about as wide as what is clustered.
    assert 250 <= small.band_m <= 700
    assert 800 <= large.band_m <= 2200
    for scale in (small, large):
        profile = scale.profile
        at = int(profile["chosen"].to_numpy().argmax())
        assert profile["chosen"].sum() == 1
        assert profile["z"].iloc[at] > max(profile["z"].iloc[at - 1], profile["z"].iloc[at + 1])
        assert profile["issues_in_band"].iloc[at] >= 10


def test_counts_that_follow_people_need_the_people_to_show_their_scale():
    rng = np.random.default_rng(8)
    area = gpd.GeoSeries([shapely.box(0, 0, 15000, 15000)], crs=CRS)
    lattice = np.arange(75.0, 15000, 150)
    px, py = (v.ravel() for v in np.meshgrid(lattice, lattice))
    people = 100 * np.exp(-((px - 7500) ** 2 + (py - 7500) ** 2) / 5000**2)
    spots_at = [(5000, 6000), (9000, 9000), (7500, 4500), (10500, 6500), (6000, 9800)]
    near = np.min([np.hypot(px - a, py - b) for a, b in spots_at], axis=0) < 500
    n = rng.poisson(people * 0.03 * np.where(near, 4, 1))
    x = np.repeat(px, n) + rng.uniform(-75, 75, n.sum())
    y = np.repeat(py, n) + rng.uniform(-75, 75, n.sum())
    homes = gpd.GeoDataFrame({"people": people}, geometry=gpd.points_from_xy(px, py), crs=CRS)
    cells = [300.0]
    raw = suggest_scale(x, y, area, cells_m=cells)
    told = suggest_scale(x, y, area, exposure=homes, exposure_column="people", cells_m=cells)
    assert raw.reason == "elbow"
    assert told.reason == "first_peak"
    assert 450 <= told.band_m <= 1050
    assert told.band_m < raw.band_m
    # The figure calls only that of the counts Moran's I.
    assert (raw.of_rates, told.of_rates) == (False, True)


def test_the_cell_is_the_smallest_that_is_not_mostly_empty():
    x, y, area = spots(500)
    scale = suggest_scale(x, y, area)
    usable = scale.cells[scale.cells["mean_count"] >= 1]["cell_m"]
    assert scale.cell_m == usable.min()
    grid = grid_over(area, cell_m=scale.cell_m)
    row = scale.cells.set_index("cell_m").loc[scale.cell_m]
    assert row["cells"] == len(grid)
    assert row["mean_count"] == pytest.approx(8000 / len(grid), rel=0.01)
    fewer = suggest_scale(x[::40], y[::40], area)
    assert fewer.reason == "few_issues"
    assert fewer.cell_m == 500
    with pytest.raises(InputError, match="no issue"):
        suggest_scale([-9e5], [0.0], area)


@pytest.mark.parametrize("ratio", [1, 3])
def test_rate_profile_has_mean_0_and_variance_1_where_nothing_is_planted(ratio):
    """Cells that expect from a hundredth of a case to thirty; scores of single cells had neither."""
    grid = Grid(CRS, 200.0, 0, 0, np.ones((40, 40), dtype=bool))
    x, y = grid.centres()
    people = np.exp(-np.hypot(x - 4000, y - 4000) / 1200)
    expected = 6400 * people / people.sum()
    rng = np.random.default_rng(ratio)
    z = []
    for _ in range(200):
        counts = rng.poisson(expected) if ratio == 1 else rng.negative_binomial(expected / (ratio - 1), 1 / ratio)
        z.append(rate_profile(counts, people, grid, bands_m=[200, 500, 1500])["z"])
    # Standard errors of 200 maps: .07 for the mean, .05 and more (tails are long) for the deviation.
    np.testing.assert_allclose(np.mean(z, axis=0), 0, atol=0.25)
    np.testing.assert_allclose(np.std(z, axis=0), 1, atol=0.2)


def test_rate_profile_is_the_double_sum():
    grid = holed_grid()
    rng = np.random.default_rng(4)
    people = rng.uniform(1, 50, len(grid))
    counts = rng.poisson(people / 4)
    r, v = rate_residuals(counts, people, grid)
    x, y = grid.centres()
    apart = np.hypot(x[:, None] - x, y[:, None] - y)
    near = ((apart <= 250) & (apart > 0)).astype(float)
    covariance = np.diag(v) - np.outer(v, v) / v.sum()
    row = rate_profile(counts, people, grid, bands_m=[250]).iloc[0]
    scale = np.sqrt(v) @ near @ np.sqrt(v)
    assert row["moran_i"] * scale == pytest.approx(r @ near @ r)
    # Mean and variance of a quadratic form, from the covariance of residuals that add up to the total.
    assert row["expected"] * scale == pytest.approx(np.trace(near @ covariance))
    spread = np.sqrt(2 * np.trace(near @ covariance @ near @ covariance))
    assert row["z"] == pytest.approx((r @ near @ r - np.trace(near @ covariance)) / spread)
    assert row["neighbours"] == pytest.approx(near.sum() / len(grid))
    # Where all are neighbours of all, the sum says nothing of where they are.
    whole = rate_profile(counts, people, grid, bands_m=[1e5]).iloc[0]
    assert whole["neighbours"] == len(grid) - 1
    assert whole[["moran_i", "expected", "z"]].isna().all()


@pytest.mark.parametrize(
    ("moran", "allowed", "elbow"),
    [
        # The chord is 0.9, 0.7, 0.5, 0.3, 0.1; from the third on it is 0.3, 0.23, 0.17, 0.1.
        ([0.9, 0.5, 0.2, 0.25, 0.1], [1, 1, 1, 1, 1], 2),
        ([0.9, 0.5, 0.3, 0.2, 0.19, 0.1], [0, 0, 1, 1, 1, 1], 3),
        # What does not fall has no elbow, nor has a single band.
        ([0.1, 0.2, 0.3], [1, 1, 1], 0),
        ([0.9, 0.5, 0.3], [0, 1, 0], 1),
    ],
)
def test_the_elbow_is_where_the_profile_lies_furthest_below_its_chord(moran, allowed, elbow):
    profile = pd.DataFrame({"band_m": 100.0 * np.arange(1, len(moran) + 1), "moran_i": moran})
    assert _elbow(profile, np.array(allowed, dtype=bool)) == elbow
