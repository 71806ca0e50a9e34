"""The scale: Moran's moments against esda, robustness against a plain repetition, proposals on known patterns."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pyproj
import pytest
import shapely

from jxgis._errors import InputError
from jxgis.hotspots.inference import hotspot_table
from jxgis.hotspots.scale import moran_profile, neighbouring_scales, robustness, suggest_scale
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


def test_robustness_is_the_repetition_at_three_scales():
    grid = Grid(CRS, 200.0, 4, 7, np.ones((24, 31), dtype=bool))
    rng = np.random.default_rng(4)
    x, y = grid.centres()
    heat = 6 * np.exp(-((x - 3000) ** 2 + (y - 3500) ** 2) / 500**2)
    counts = rng.poisson(1 + heat)
    found = robustness(counts, grid, band_m=500)

    def classes(values, over, band_m):
        table = hotspot_table(values, over, band_m=band_m)
        return np.where(table["gi_q"] <= 0.05, np.sign(table["gi_z"]), 0)

    own = classes(counts, grid, 500)
    kept = (classes(counts, grid, 350) == own).astype(float) + (classes(counts, grid, 700) == own)
    parents = {}
    for i, (c, r) in enumerate(zip((grid.cols + 4) // 2, (grid.rows + 7) // 2, strict=True)):
        parents.setdefault((int(r), int(c)), []).append(i)
    # Parents of four or two children belong; the corner parents of one do not, and are not compared.
    whole = {place: members for place, members in sorted(parents.items()) if len(members) >= 2}
    mask = np.zeros((20, 20), dtype=bool)
    for r, c in whole:
        mask[r, c] = True
    coarse = classes(np.array([counts[m].sum() for m in whole.values()]), Grid(CRS, 400.0, 0, 0, mask), 500)
    compared = np.full(len(grid), 2.0)
    for members, of_parent in zip(whole.values(), coarse, strict=True):
        kept[members] += of_parent == own[members]
        compared[members] += 1
    np.testing.assert_allclose(found, kept / compared)
    hot = own > 0
    assert hot.sum() > 10
    assert found[np.hypot(x - 3000, y - 3500) < 250].min() == 1


def test_scales_stay_wider_than_a_cell():
    assert neighbouring_scales(200, 500) == ((200, 350.0), (200, 700.0), (400, 500))
    assert neighbouring_scales(200, 250)[0] == (200, 200)
    assert neighbouring_scales(300, 500)[2] == (600, 600)
    grid = holed_grid()
    assert np.isnan(robustness(np.full(len(grid), 3), grid, band_m=200)).all()
