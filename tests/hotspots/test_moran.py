import warnings
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from esda.moran import Moran_Local
from libpysal.examples import get_path
from libpysal.graph import Graph

from jxgis.hotspots.moran import local_moran_graph, local_moran_grid
from jxgis.space.grid import Grid, grid_over

REFERENCE = Path(__file__).parents[3] / "shared" / "reference"
CRS = gpd.GeoSeries([], crs=4549).crs
BLOB = gpd.GeoSeries([shapely.Point(0, 0).buffer(1200), shapely.box(900, 0, 2500, 300)], crs=4549)


@pytest.mark.skipif(not REFERENCE.exists(), reason="reference values of R spdep not beside the project")
def test_columbus_equals_spdep_and_esda_up_to_the_stated_scale() -> None:
    columbus = gpd.read_file(get_path("columbus.shp"))
    graph = Graph.build_contiguity(columbus, rook=False)
    result = local_moran_graph(columbus.CRIME, graph, draws=99)
    expected = pd.read_csv(REFERENCE / "columbus_CRIME_queen_spdep.csv")
    np.testing.assert_allclose(result.i, expected.Ii, rtol=0, atol=1e-12)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        esda = Moran_Local(columbus.CRIME, graph.transform("r"), permutations=0)
    np.testing.assert_allclose(result.i * 48 / 49, esda.Is, rtol=0, atol=1e-12)


def test_labels_are_the_quadrants_of_esda_where_q_allows() -> None:
    grid = grid_over(BLOB, cell_m=100)
    x, y = grid.centres()
    rng = np.random.default_rng(0)
    counts = rng.poisson(np.where(np.hypot(x, y) < 350, 9.0, 1.0))
    counts[np.hypot(x - 50, y - 50) < 10] = 0
    result = local_moran_grid(counts, grid, band_m=250)
    graph = Graph.build_distance_band(gpd.GeoSeries(shapely.points(x, y), crs=4549), 250 + 1e-6)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        esda = Moran_Local(counts.astype(float), graph.transform("r"), permutations=0)
    names = np.array(["", "HH", "LH", "LL", "HL"])[esda.q]
    told = result.label != "ns"
    np.testing.assert_array_equal(result.label[told], names[told])
    np.testing.assert_array_equal(told, result.q <= 0.05)
    assert {"HH", "LH"} <= set(result.label)
    by_graph = local_moran_graph(counts, graph)
    np.testing.assert_array_equal(by_graph.label, result.label)
    np.testing.assert_array_equal(by_graph.p, result.p)


def test_an_isolated_cell_is_never_significant() -> None:
    mask = np.ones((8, 9), dtype=bool)
    mask[:, 7] = mask[1:, 8] = False
    grid = Grid(CRS, 100.0, 0, 0, mask)
    counts = np.where(grid.cols == 8, 500, np.arange(len(grid)) % 3)
    isolated = grid.cols == 8
    for result in (
        local_moran_grid(counts, grid, band_m=150),
        local_moran_grid(counts * 0.1, grid, band_m=150, draws=199),
        local_moran_graph(counts, Graph.build_contiguity(grid.cells(), rook=False)),
    ):
        assert result.label[isolated].tolist() == ["ns"]
        assert result.reason[isolated].tolist() == ["no_neighbours"]
        assert np.isnan(result.p[isolated]).all()
        assert np.isnan(result.i[isolated]).all()
        assert not np.isnan(result.p[~isolated]).any()


def test_without_variation_there_is_no_index_and_one_spike_says_nothing_of_its_neighbours() -> None:
    grid = grid_over(BLOB, cell_m=100)
    flat = local_moran_grid(np.full(len(grid), 3), grid, band_m=150)
    assert np.isnan(flat.i).all()
    assert set(flat.reason) == {"all_equal"}
    assert set(flat.label) == {"ns"}
    counts = np.zeros(len(grid), dtype=int)
    counts[100] = 50
    spike = local_moran_grid(counts, grid, band_m=150)
    assert spike.reason[100] == ""
    assert spike.p[100] == pytest.approx(1, abs=1e-12)
    assert not np.isnan(spike.i).any()
