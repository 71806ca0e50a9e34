"""Draws: neighbours against plain matrices, shares of hits against all orders of a few values."""

from itertools import permutations

import geopandas as gpd
import numpy as np
import pytest
from libpysal.graph import Graph

from jxgis.hotspots._draws import draw_tails, graph_place, grid_place
from jxgis.space.graph import neighbours
from jxgis.space.grid import Grid

GRID = Grid(gpd.GeoSeries([], crs=4549).crs, 100.0, 0, 0, np.array([[1, 1, 1], [0, 1, 1], [1, 0, 1]], dtype=bool))
X, Y = GRID.centres()
APART = np.hypot(X[:, None] - X, Y[:, None] - Y)
NEAR = (APART <= 100).astype(float)


@pytest.mark.parametrize("star", [True, False])
def test_a_grid_s_neighbours_are_those_within_the_band(star):
    near = NEAR if star else NEAR - np.eye(len(GRID))
    values = np.arange(7.0) ** 2
    place = grid_place(GRID, band_m=100, star=star)
    assert place.sums(values).tolist() == (near @ values).tolist()
    other = np.array([1, 0, 3, 6, 2, 4, 3])
    assert place.weight_to(other).tolist() == [near[i, j] for i, j in enumerate(other)]


def test_a_graph_s_neighbours_have_its_weights():
    weights = np.where((APART <= 150) & (APART > 0), 1 / np.maximum(APART, 1), 0)
    focal, other = np.nonzero(weights)
    place = graph_place(neighbours(Graph.from_arrays(focal, other, weights[focal, other]), star=False))
    values = np.arange(7.0) ** 2
    assert place.sums(values) == pytest.approx(weights @ values)
    other = np.array([1, 0, 3, 6, 2, 4, 3])
    assert place.weight_to(other) == pytest.approx([weights[i, j] for i, j in enumerate(other)])


@pytest.mark.parametrize("total", [True, False])
def test_the_shares_are_those_of_all_orders(total):
    values = np.array([0, 1, 2, 4, 8, 8, 1])
    near = NEAR if total else NEAR - np.eye(7)
    upper, lower = draw_tails(values, grid_place(GRID, band_m=100, star=total), total=total, draws=3000, seed=1)
    dealt = np.array(list(permutations(values)))
    for i in range(7):
        among = dealt if total else dealt[dealt[:, i] == values[i]]
        sums, own = among @ near[i], near[i] @ values
        # Four standard errors of 3000 draws at most.
        assert upper[i] == pytest.approx((sums >= own).mean(), abs=4 * 0.5 / np.sqrt(3000))
        assert lower[i] == pytest.approx((sums <= own).mean(), abs=4 * 0.5 / np.sqrt(3000))
