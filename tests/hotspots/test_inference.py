from typing import Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from libpysal.graph import Graph

from jxgis.errors import InputError
from jxgis.hotspots.getis_ord import getis_ord_grid
from jxgis.hotspots.inference import compare_with_normal, hotspot_table, hotspot_table_graph
from jxgis.hotspots.moran import local_moran_grid
from jxgis.hotspots.permutation import normal_p, permutation_p
from jxgis.space.grid import Grid, grid_over
from jxgis.statistics.fdr import benjamini_hochberg

CRS = gpd.GeoSeries([], crs=4549).crs
BLOB = gpd.GeoSeries([shapely.Point(0, 0).buffer(1500)], crs=4549)
COLUMNS = ["count", "gi_z", "gi_p", "gi_p_normal", "p_method", "gi_q", "gi_bin", "lisa", "reason"]


@pytest.fixture(scope="module")
def city() -> tuple[Grid, np.ndarray]:
    grid = grid_over(BLOB, cell_m=100)
    x, y = grid.centres()
    rng = np.random.default_rng(0)
    return grid, rng.poisson(np.where(np.hypot(x - 500, y) < 350, 6.0, 0.8))


def test_the_table_holds_what_its_parts_say(city: tuple[Grid, np.ndarray]) -> None:
    grid, counts = city
    table = hotspot_table(counts, grid, band_m=300)
    gi = getis_ord_grid(counts, grid, band_m=300)
    assert list(table.columns) == COLUMNS
    np.testing.assert_array_equal(table["count"], counts)
    np.testing.assert_array_equal(table.gi_z, gi.z)
    np.testing.assert_array_equal(table.gi_p, permutation_p(counts, gi.sums, gi.weight).p)
    np.testing.assert_array_equal(table.gi_p_normal, normal_p(gi.z))
    np.testing.assert_array_equal(table.gi_q, benjamini_hochberg(table.gi_p))
    np.testing.assert_array_equal(table.lisa, local_moran_grid(counts, grid, band_m=300).label)
    assert (table.p_method == "exact").all()
    assert table.reason.isna().all()
    x, y = grid.centres()
    assert (table.gi_bin[np.hypot(x - 500, y) < 200] == 3).all()
    assert (table.gi_bin[np.hypot(x + 700, y) < 500] <= 0).all()


@pytest.mark.parametrize("null", ["total", "conditional"])
def test_grid_and_graph_give_one_table(city: tuple[Grid, np.ndarray], null: Literal["total", "conditional"]) -> None:
    grid, counts = city
    cells = grid.cells().set_index("cell_id")
    graph = Graph.build_distance_band(cells.set_geometry(cells.centroid), 300 + 1e-6)
    by_graph = hotspot_table_graph(pd.Series(counts, index=cells.index), graph, null=null)
    by_grid = hotspot_table(counts, grid, band_m=300, null=null)
    assert by_graph.index.equals(cells.index)
    pd.testing.assert_frame_equal(by_graph.reset_index(drop=True), by_grid, rtol=0, atol=1e-12)


@pytest.mark.parametrize("null", ["total", "conditional"])
def test_the_p_of_hexes_is_the_share_of_all_placings(null: Literal["total", "conditional"]) -> None:
    """Eight H3 cells and each of the 40,320 ways to deal their counts."""
    from itertools import permutations

    h3 = pytest.importorskip("h3")
    ring = sorted(h3.grid_disk(h3.latlng_to_cell(30.75, 120.75, 9), 1))
    ids = sorted({*ring, *h3.grid_disk(ring[0], 1)})[:8]
    counts = np.array([0, 0, 1, 1, 2, 3, 5, 9])
    graph = Graph.build_h3(ids, order=1, weight="binary")
    values = pd.Series(counts, index=ids).loc[graph.unique_ids]
    table = hotspot_table_graph(values, graph, null=null)
    near = [[cell == other or h3.grid_distance(cell, other) == 1 for other in table.index] for cell in table.index]
    dealt = np.array(list(permutations(values.to_numpy())))
    assert table["gi_p"].notna().sum() >= 4
    for at in np.flatnonzero(table["gi_p"].notna()):
        among = dealt if null == "total" else dealt[dealt[:, at] == values.iloc[at]]
        sums = among[:, near[at]].sum(axis=1)
        own = values.to_numpy()[near[at]].sum()
        expected = min(1.0, 2 * min((sums >= own).mean(), (sums <= own).mean()))
        assert table["gi_p"].iloc[at] == pytest.approx(expected, abs=1e-12)
        assert table["p_method"].iloc[at] == "exact"


def test_real_values_and_kernels_are_drawn_and_say_so(city: tuple[Grid, np.ndarray]) -> None:
    grid, counts = city
    rates = counts / 7
    for null in ("total", "conditional"):
        table = hotspot_table(rates, grid, band_m=300, null=null, draws=199, seed=3)
        assert set(table.p_method) == {"draws_199"}
        assert table.gi_p.min() == pytest.approx(2 / 200)
        pd.testing.assert_frame_equal(table, hotspot_table(rates, grid, band_m=300, null=null, draws=199, seed=3))
    points = gpd.GeoSeries(shapely.points(np.column_stack(grid.centres())), crs=4549)
    kernel = Graph.build_kernel(points, kernel="triangular", bandwidth=250)
    table = hotspot_table_graph(counts, kernel, draws=199)
    assert set(table.p_method) == {"draws_199"}
    assert table.gi_z.notna().all()


def test_cells_without_a_p_have_a_reason_and_take_no_part_in_q() -> None:
    mask = np.ones((8, 9), dtype=bool)
    mask[:, 7] = mask[1:, 8] = False
    grid = Grid(CRS, 100.0, 0, 0, mask)
    counts = np.arange(len(grid)) % 5
    table = hotspot_table(counts, grid, band_m=150)
    alone = grid.cols == 8
    assert table.reason[alone].tolist() == ["no_neighbours"]
    assert table.loc[alone, ["gi_z", "gi_p", "gi_p_normal", "gi_q", "p_method"]].isna().all(axis=None)
    assert table.loc[alone, ["gi_bin", "lisa"]].to_numpy().tolist() == [[0, "ns"]]
    assert table.reason[~alone].isna().all()
    np.testing.assert_array_equal(table.gi_q[~alone], benjamini_hochberg(table.gi_p[~alone]))


@pytest.mark.parametrize(
    ("side", "counts", "band_m", "reason"),
    [(1, [3], 100, "no_neighbours"), (2, [1, 2, 3, 4], 1e6, "band_covers_area"), (3, [2] * 9, 100, "all_equal")],
)
def test_cities_too_small_to_judge_say_so(side: int, counts: list[int], band_m: float, reason: str) -> None:
    table = hotspot_table(counts, Grid(CRS, 100.0, 0, 0, np.ones((side, side), dtype=bool)), band_m=band_m)
    assert set(table.reason) == {reason}
    assert table[["gi_z", "gi_p", "gi_q"]].isna().all(axis=None)
    assert (table.gi_bin == 0).all()
    assert (table.lisa == "ns").all()


def test_shuffled_counts_give_false_cells_at_the_level_asked_for(city: tuple[Grid, np.ndarray]) -> None:
    grid, counts = city
    rng = np.random.default_rng(5)
    found = np.array([[(table.gi_p <= 0.05).mean(), (table.gi_bin.abs() >= 2).any()]
                      for table in (hotspot_table(rng.permutation(counts), grid, band_m=300) for _ in range(40))])  # fmt: skip
    # Sums of whole numbers are discrete, so that the level is met from below; maps differ among themselves.
    assert 0.03 < found[:, 0].mean() < 0.05 + 3 * found[:, 0].std() / np.sqrt(40)
    # With nothing to find, any find is false: at most 5 % of maps, and 40 maps have an error of 3.4 %.
    assert found[:, 1].mean() <= 0.05 + 3 * 0.034


def test_normal_and_exact_p_are_compared_by_their_classes(city: tuple[Grid, np.ndarray]) -> None:
    grid, counts = city
    table = hotspot_table(counts, grid, band_m=300)
    told = compare_with_normal(table)
    assert told["hot"] == (table.gi_bin >= 2).sum()
    assert told["cold"] == (table.gi_bin <= -2).sum()
    normal = np.where(benjamini_hochberg(table.gi_p_normal) <= 0.05, np.sign(table.gi_z), 0)
    assert told["normal_hot"] == (normal > 0).sum()
    assert told["disagree"] == (normal != np.where(table.gi_bin.abs() >= 2, np.sign(table.gi_z), 0)).sum()


def test_a_q_that_is_the_level_itself_counts():
    """Two p of 0.05: the q of both is 2 · 0.05 / 2, the level exactly."""
    table = pd.DataFrame({"gi_z": [2.0, -2.0], "gi_q": [0.05, 0.05], "gi_p_normal": [0.05, 0.05]})
    told = {"hot": 1, "cold": 1, "normal_hot": 1, "normal_cold": 1, "disagree": 0}
    assert compare_with_normal(table) == told
    assert compare_with_normal(table, normal_q=[0.05, 0.05]) == told


def test_wrong_questions_are_refused(city: tuple[Grid, np.ndarray]) -> None:
    grid, counts = city
    with pytest.raises(InputError, match="null"):
        hotspot_table(counts, grid, band_m=300, null="both")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="one class"):
        hotspot_table(counts[None], grid, band_m=300)


def test_a_mask_that_leaves_no_cell_gives_an_empty_table(city: tuple[Grid, np.ndarray]) -> None:
    nowhere = city[0].where(np.zeros(len(city[0]), dtype=bool))
    empty: list[int] = []
    for counts in (empty, np.empty(0)):
        table = hotspot_table(counts, nowhere, band_m=300)
        assert list(table.columns) == COLUMNS
        assert len(table) == 0
