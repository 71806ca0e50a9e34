import warnings
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from esda.getisord import G_Local
from libpysal import weights as lps
from libpysal.graph import Graph

from jxgis.errors import InputError
from jxgis.hotspots.getis_ord import getis_ord_graph, getis_ord_grid
from jxgis.space.grid import Grid, grid_over

CRS = gpd.GeoSeries([], crs=4549).crs
REFERENCE = Path(__file__).parents[3] / "shared" / "reference"
BLOB = gpd.GeoSeries([shapely.Point(0, 0).buffer(1200), shapely.box(900, 0, 2500, 300)], crs=4549)


def band_weights(grid: Grid, band_m: float) -> lps.W:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return lps.DistanceBand(np.column_stack(grid.centres()), band_m + 1e-6, binary=True, silence_warnings=True)


def esda_z(values: np.ndarray, weights: lps.W, *, star: bool) -> np.ndarray:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return np.asarray(G_Local(values.astype(float), weights, transform="B", permutations=0, star=star).Zs)


@pytest.mark.parametrize("star", [True, False])
@pytest.mark.parametrize("band_m", [100, 250, 500, 900])
def test_z_on_a_grid_equals_esda(star: bool, band_m: float) -> None:
    grid = grid_over(BLOB, cell_m=100)
    counts = np.random.default_rng(0).negative_binomial(0.4, 0.1, (2, len(grid)))
    result = getis_ord_grid(counts, grid, band_m=band_m, star=star)
    weights = band_weights(grid, band_m)
    for row in range(2):
        np.testing.assert_allclose(result.z[row], esda_z(counts[row], weights, star=star), rtol=0, atol=1e-12)
    assert (result.reason == "").all()


def test_real_values_on_a_high_level_lose_no_digits() -> None:
    grid = grid_over(BLOB, cell_m=100)
    rates = np.random.default_rng(1).gamma(0.5, 2.0, len(grid))
    plain = getis_ord_grid(rates, grid, band_m=300).z
    np.testing.assert_allclose(plain, esda_z(rates, band_weights(grid, 300), star=True), rtol=0, atol=1e-12)
    # 1e6 costs six of sixteen digits in the input itself.
    np.testing.assert_allclose(getis_ord_grid(rates + 1e6, grid, band_m=300).z, plain, rtol=0, atol=1e-7)


@pytest.mark.parametrize("star", [True, False])
def test_a_graph_gives_what_the_grid_gives(star: bool) -> None:
    grid = grid_over(BLOB, cell_m=100)
    counts = np.random.default_rng(2).poisson(1.0, len(grid))
    cells = grid.cells().set_index("cell_id")
    graph = Graph.build_distance_band(cells.set_geometry(cells.centroid), 300 + 1e-6)
    by_graph = getis_ord_graph(pd.Series(counts, index=cells.index), graph, star=star)
    by_grid = getis_ord_grid(counts, grid, band_m=300, star=star)
    np.testing.assert_allclose(by_graph.z, by_grid.z, rtol=0, atol=1e-12)
    np.testing.assert_array_equal(by_graph.sums, by_grid.sums)
    np.testing.assert_array_equal(by_graph.weight, by_grid.weight)


@pytest.mark.skipif(not REFERENCE.exists(), reason="reference values of R spdep not beside the project")
@pytest.mark.parametrize(("star", "column"), [(True, "Gistar_B"), (False, "Gi_B"), (True, "Gistar_W"), (False, "Gi_W")])
def test_columbus_equals_spdep(star: bool, column: str) -> None:
    from libpysal.examples import get_path

    table = pd.read_csv(REFERENCE / "columbus_CRIME_queen_spdep.csv")
    columbus = gpd.read_file(get_path("columbus.shp"))
    graph = Graph.build_contiguity(columbus, rook=False)
    if column.endswith("_W"):
        graph = graph.transform("r")
    values = table.set_index(columbus.index).CRIME
    np.testing.assert_allclose(columbus.CRIME, values, atol=1e-5)  # the reference prints CRIME with 6 decimals
    result = getis_ord_graph(columbus.CRIME, graph, star=star)
    np.testing.assert_allclose(result.z, table[column], rtol=0, atol=1e-12)


@pytest.mark.skipif(not REFERENCE.exists(), reason="reference values of R spdep not beside the project")
def test_kernel_weights_equal_the_formula() -> None:
    rng = np.random.default_rng(3)
    points = gpd.GeoSeries(shapely.points(rng.uniform(0, 1000, (60, 2))), crs=4549)
    graph = Graph.build_kernel(points, kernel="triangular", bandwidth=300).assign_self_weight(1.0)
    values = rng.gamma(1.0, 1.0, 60)
    w = graph.sparse.toarray()
    n, total, square = 60, w.sum(axis=1), (w**2).sum(axis=1)
    expected = (w @ values - values.mean() * total) / (values.std() * np.sqrt((n * square - total**2) / (n - 1)))
    np.testing.assert_allclose(getis_ord_graph(values, graph).z, expected, rtol=0, atol=1e-12)


def test_hexes_are_places_like_any_other() -> None:
    angles = np.pi / 3 * np.arange(6)
    hexagon = 100 * np.column_stack([np.cos(angles), np.sin(angles)]).round(9)
    col, row = (each.ravel() for each in np.meshgrid(np.arange(12), np.arange(10)))
    centres = np.column_stack([150 * col, 100 * np.sqrt(3) * (row + col % 2 / 2)])
    hexes = gpd.GeoSeries([shapely.Polygon((hexagon + centre).round(3)) for centre in centres], crs=4549)
    hexes.index = [f"8930e{i:03x}fffff" for i in range(len(hexes))]
    graph = Graph.build_fuzzy_contiguity(hexes, tolerance=0.01)
    assert graph.cardinalities.max() == 6
    values = pd.Series(np.random.default_rng(5).poisson(2, len(hexes)), index=hexes.index)
    result = getis_ord_graph(values.sample(frac=1, random_state=0), graph)
    # centres of adjacent hexes are 100 sqrt(3) apart, the next nearest 300
    near = np.hypot(*(centres[:, None] - centres).T) < 200
    np.testing.assert_array_equal(result.weight, near.sum(axis=1))
    np.testing.assert_array_equal(result.sums, near @ values.to_numpy())


def test_h3_cells_are_summed_over_their_disks() -> None:
    h3 = pytest.importorskip("h3")
    cells = sorted(h3.grid_disk(h3.latlng_to_cell(30.75, 120.75, 9), 6))
    values = pd.Series(np.random.default_rng(6).poisson(1, len(cells)), index=cells)
    graph = Graph.build_h3(cells, order=2, weight="binary")
    result = getis_ord_graph(values, graph)
    disks = [[cell for cell in h3.grid_disk(centre, 2) if cell in values.index] for centre in graph.unique_ids]
    np.testing.assert_array_equal(result.weight, [len(disk) for disk in disks])
    np.testing.assert_array_equal(result.sums, [values[disk].sum() for disk in disks])


def line(n: int) -> Grid:
    return Grid(CRS, 100.0, 0, 0, np.ones((1, n), dtype=bool))


def test_what_has_no_z_says_why() -> None:
    # 1, 2 and 3 cells; nothing but oneself; nothing but everything; no variation
    for n, band_m, reason in [
        (1, 100, "no_neighbours"), (2, 50, "no_neighbours"), (2, 100, "band_covers_area"), (3, 1e7, "band_covers_area"),
    ]:  # fmt: skip
        result = getis_ord_grid(np.arange(n) * n + 1, line(n), band_m=band_m)
        assert np.isnan(result.z).all(), (n, band_m)
        assert set(result.reason) <= {reason, "all_equal"}, (n, band_m)
    ends = getis_ord_grid([1, 2, 3], line(3), band_m=100)
    assert ends.reason.tolist() == ["", "band_covers_area", ""]
    flat = getis_ord_grid(np.full((2, 30), 0.1), line(30), band_m=300)
    assert (flat.reason == "all_equal").all()
    assert np.isnan(flat.z).all()


def test_an_isolated_place_has_no_z() -> None:
    mask = np.ones((5, 9), dtype=bool)
    mask[:, 7] = mask[1:, 8] = False
    grid = Grid(CRS, 100.0, 0, 0, mask)
    counts = np.arange(len(grid))
    for star in (True, False):
        result = getis_ord_grid(counts, grid, band_m=100, star=star)
        isolated = (grid.cols == 8) & (grid.rows == 0)
        assert (result.reason[isolated] == "no_neighbours").all()
        assert np.isnan(result.z[isolated]).all()
        assert (result.reason[~isolated] == "").all()


def test_one_huge_cell_leaves_the_others_of_gi_equal() -> None:
    counts = np.zeros(50, dtype=int)
    counts[20] = 10**6
    star, plain = getis_ord_grid(counts, line(50), band_m=300), getis_ord_grid(counts, line(50), band_m=300, star=False)
    # One of 50 values holds everything: x = 7/50 of the mean's weight, s**2 = 49/2500.
    near = abs(np.arange(50) - 20) <= 3
    expected = (1 - 7 / 50) / (np.sqrt(49) / 50 * np.sqrt((50 * 7 - 49) / 49))
    np.testing.assert_allclose(star.z[near], expected, rtol=1e-13)
    assert plain.reason[20] == "all_equal"
    assert (np.delete(plain.reason, 20) == "").all()


def test_rows_may_come_in_any_order() -> None:
    rng = np.random.default_rng(4)
    points = gpd.GeoSeries(shapely.points(rng.uniform(0, 1000, (80, 2))), crs=4549)
    values = pd.Series(rng.poisson(2, 80))
    order = rng.permutation(80)
    first = getis_ord_graph(values, Graph.build_distance_band(points, 200))
    other = getis_ord_graph(values.iloc[order], Graph.build_distance_band(points.iloc[order], 200))
    np.testing.assert_allclose(other.z, first.z[order], rtol=0, atol=1e-13)


def test_values_that_do_not_fit_the_grid_are_refused() -> None:
    with pytest.raises(InputError, match="shape"):
        getis_ord_grid([1, 2], line(3), band_m=100)
    with pytest.raises(InputError, match="NaN"):
        getis_ord_grid([1, np.nan, 2], line(3), band_m=100)
