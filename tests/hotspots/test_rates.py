"""Rates against esda's smoother, areal identities, and cities where the answer is known."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array
from scipy.stats import betabinom, binom

from jxgis.errors import InputError
from jxgis.hotspots import rates
from jxgis.hotspots.getis_ord import getis_ord_grid
from jxgis.hotspots.rates import (
    _found,
    _grid_places,
    _hops,
    built_up,
    empirical_bayes,
    exposure_on_grid,
    hot_rates,
    hot_rates_graph,
    rate_residuals,
)
from jxgis.space.grid import Grid, grid_over
from jxgis.statistics.overdispersion import more_of_parts

CRS = pyproj.CRS(4549)
GRID = Grid(CRS, 100.0, 10, 20, np.ones((8, 12), dtype=bool))


@given(st.integers(0, 500))
@settings(max_examples=20, deadline=None)
def test_smoothing_is_esdas(seed):
    smoothing = pytest.importorskip("esda.smoothing")
    rng = np.random.default_rng(seed)
    exposure = rng.integers(1, 2000, 80).astype(float)
    counts = rng.poisson(exposure * rng.gamma(2, 0.02, 80)).astype(float)
    peer = smoothing.Empirical_Bayes(counts, exposure).r.ravel()
    np.testing.assert_allclose(empirical_bayes(counts, exposure), peer, rtol=1e-12)


def test_small_exposures_shrink_more_and_none_gives_none():
    counts, exposure = np.array([3.0, 300, 10, 100, 4]), np.array([10.0, 1000, 200, 2000, 0])
    rate = empirical_bayes(counts, exposure)
    mean = counts[:4].sum() / exposure[:4].sum()
    assert np.isnan(rate[4])
    # The same raw rate of .3: one from 10 people, one from 1000.
    assert mean < rate[0] < rate[1] < 0.3
    # Counts that vary no more than chance would: everything is the mean.
    np.testing.assert_allclose(empirical_bayes([10, 10, 10], [100, 100, 100]), 0.1)
    for bad in ([1.0, -1], [1.0, np.nan], [0.0, 0]):
        with pytest.raises(InputError):
            empirical_bayes([1, 1], bad)


def exposures(grid: Grid) -> dict[str, np.ndarray]:
    x, y = grid.centres()
    km = np.hypot(x - x.mean(), y - y.mean()) / 1000
    return {
        "even": np.ones(len(grid)),
        "log-normal": np.exp(np.random.default_rng(0).normal(0, 1, len(grid))),
        "exp(-r/2.5 km)": np.exp(-km / 2.5),
        "exp(-r/1.2 km)": np.exp(-km / 1.2),
        "town and farmland": np.where(x < 1600, 200.0, 1.0),
    }


@pytest.mark.parametrize("ratio", [1, 2])
@pytest.mark.parametrize("cases", [6_400, 50_000])
def test_nothing_is_found_where_cases_follow_the_exposure_and_chance(cases, ratio):
    """The fast part of benchmarks/hotspots_rate_level.py: five exposures, Poisson and twice its variance."""
    grid = Grid(CRS, 200.0, 0, 0, np.ones((40, 40), dtype=bool))
    rng = np.random.default_rng([cases, ratio])
    finds, maps = 0, 0
    for exposure in exposures(grid).values():
        expected = cases * exposure / exposure.sum()
        for _ in range(25):
            counts = rng.poisson(expected) if ratio == 1 else rng.negative_binomial(expected, 0.5)
            finds += (hot_rates(counts, exposure, grid, band_m=500)["gi_q"] <= 0.05).any()
            maps += 1
    # Binomial(125, .05): more than 14 once in a thousand times. The scores of before found something in most maps.
    assert finds <= binom.ppf(0.999, maps, 0.05)


@pytest.mark.parametrize("part", ["centre", "third"])
def test_nothing_is_found_in_a_part_of_larger_batches(part):
    """Of one φ for all, eight in ten such maps had a hot or a cold place; there z varies as a standard score again."""
    grid = Grid(CRS, 200.0, 0, 0, np.ones((40, 40), dtype=bool))
    rows, cols = np.divmod(np.arange(1600), 40)
    own = np.hypot(rows - 19.5, cols - 19.5) < 8 if part == "centre" else cols < 13
    batch, finds, scores = np.where(own, 5.0 if part == "centre" else 3.0, 1.0), 0, []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        exposure = rng.gamma(1, 1, 1600) + 0.05
        mean = 3 * exposure
        mean[own] = rng.gamma(mean[own] / (batch[own] - 1), batch[own] - 1)
        table = hot_rates(rng.poisson(mean), exposure, grid, band_m=500)
        finds += bool((table["gi_q"] <= 0.05).any())
        scores.append(table["gi_z"][own].std())
    assert finds <= binom.isf(0.001, 20, 0.05)
    assert 0.7 < np.median(scores) < 1.15


def test_places_that_differ_all_the_time_are_no_part_of_larger_batches():
    """Where few live, and many: of ψ taken for batches every such map had a part, the crowded one."""
    some = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        rows, cols = np.divmod(np.arange(3600), 60)
        exposure = (rng.gamma(1, 1, 3600) + 0.05) * np.where(np.hypot(rows - 29.5, cols - 29.5) < 10, 6, 1)
        places = _grid_places(Grid(CRS, 200.0, 0, 0, np.ones((60, 60), dtype=bool)), 500)
        counts = rng.poisson(3 * exposure * rng.gamma(5, 0.2, 3600)).astype(float)
        found = _found(counts, exposure, places)
        around = places.touching(counts), places.touching(exposure)
        some += more_of_parts(counts, exposure, *around, places.position, found).any()
    assert some <= 8


def test_hot_places_close_together_are_no_part_of_larger_batches(monkeypatch):
    """Nine of three times the rate, chance alone beside: their edges passed for batches in a third of the city, and hid a quarter of the hot cells."""
    grid = Grid(CRS, 200.0, 0, 0, np.ones((60, 60), dtype=bool))
    rows, cols = np.divmod(np.arange(3600), 60)
    times = np.ones(3600)
    for place in range(9):
        row, col = np.divmod(place, 3) * np.array(10) + 20
        times[np.hypot(rows - row, cols - col) <= 2] = 3
    wider, of_one, of_parts = [], 0, 0

    def seen(*given):
        wider.append((more_of_parts(*given) > 0).mean())
        return more_of_parts(*given)

    for seed in range(3):
        rng = np.random.default_rng(seed)
        exposure = rng.gamma(1, 1, 3600) + 0.05
        counts = rng.poisson(15 * exposure * times)
        monkeypatch.setattr(rates, "more_of_parts", seen)
        of_parts += (hot_rates(counts, exposure, grid, band_m=500)["gi_bin"] >= 2).sum()
        monkeypatch.setattr(rates, "more_of_parts", lambda counts, *_: np.zeros(len(counts)))
        of_one += (hot_rates(counts, exposure, grid, band_m=500)["gi_bin"] >= 2).sum()
    assert np.mean(wider) < 0.22
    assert of_parts > 0.78 * of_one


def test_weighted_sums_are_drawn_with_the_batches_of_parts():
    """Weights of next to 1 ask the same as weights of 1, in a part where cases come by nines and beside it, where they do not."""
    from libpysal.graph import Graph

    grid, own = Grid(CRS, 100.0, 0, 0, np.ones((30, 30), dtype=bool)), np.arange(900) < 300
    rng = np.random.default_rng(0)
    counts = np.where(own, 9 * rng.poisson(2, 900), rng.poisson(18, 900))
    points = gpd.GeoSeries(gpd.points_from_xy(*grid.centres()), crs=CRS)
    binary = Graph.build_distance_band(points, 150)
    almost = binary.transform("B").adjacency.astype(float)
    almost.iloc[0] = 1.0 + 1e-6
    formula, drawn = (hot_rates_graph(counts, np.ones(900), of, draws=299) for of in (binary, Graph(almost)))
    assert (set(formula["p_method"]), set(drawn["p_method"])) == ({"beta_binomial"}, {"draws_299"})
    times = formula["gi_z"] / drawn["gi_z"]
    for side in (own, ~own):
        assert times[side].median() == pytest.approx(1, rel=0.05)
    deviation = (formula["issues"] - formula["expected"]) / formula["gi_z"]
    assert deviation[:240].median() > 1.5 * deviation[-300:].median()


def test_overdispersion_is_found_whatever_is_planted():
    """Variance φ μ or μ + ψ μ²; a tenth of the cases in spots, or nearly all in one cell, move it by a tenth at most."""
    grid = Grid(CRS, 200.0, 0, 0, np.ones((60, 60), dtype=bool))
    x, y = grid.centres()
    exposure = 1 + 30 * np.exp(-(np.hypot(x - 6000, y - 6000) / 3000))
    expected = 30_000 * exposure / exposure.sum()
    rng = np.random.default_rng(9)
    spots = np.min([np.hypot(x - a, y - b) for a, b in rng.uniform(2000, 10_000, (5, 2))], axis=0) <= 400
    for ratio in (1, 2, 5):
        counts = rng.poisson(expected) if ratio == 1 else rng.negative_binomial(expected / (ratio - 1), 1 / ratio)
        spotted = counts + rng.poisson(4 * expected) * spots
        lone = counts.copy()
        lone[1830] = 400_000
        for values in (counts, spotted, lone):
            _, variance = rate_residuals(values, exposure, grid)
            found = values.sum() * exposure / exposure.sum() / variance
            assert found.min() >= 1
            assert np.median(found) == pytest.approx(ratio, rel=0.15)
    # A rate of its own for each cell: the ratio is 1 + ψ μ.
    counts = rng.poisson(expected * rng.gamma(2, 0.5, len(grid)))
    _, variance = rate_residuals(counts, exposure, grid)
    found = counts.sum() * exposure / exposure.sum() / variance
    dense, sparse = expected > 20, expected < 3
    assert found[dense].mean() == pytest.approx(1 + 0.5 * expected[dense].mean(), rel=0.3)
    assert found[sparse].mean() < 4


def test_p_is_the_beta_binomials_of_the_neighbourhoods_share():
    """By hand, with scipy's distribution, from the overdispersion that the residuals tell."""
    rng = np.random.default_rng(12)
    grid = Grid(CRS, 200.0, 0, 0, np.ones((30, 30), dtype=bool))
    people = rng.uniform(5, 60, len(grid))
    counts = rng.negative_binomial(people / 20, 0.5)
    table = hot_rates(counts, people, grid, band_m=500)
    total, share = counts.sum(), people / people.sum()
    _, variance = rate_residuals(counts, people, grid)
    ratio = total * share / variance
    assert np.ptp(ratio) < 1e-9
    assert ratio[0] == pytest.approx(2, rel=0.15)
    precision = total / (ratio[0] - 1)
    x, y = grid.centres()
    for cell in (0, 137, 465, 899):
        near = np.hypot(x - x[cell], y - y[cell]) <= 500
        s, p = counts[near].sum(), share[near].sum()
        null = betabinom(total, p * precision, (1 - p) * precision)
        # φ (1 − p) of n p is the variance of φ-fold batches given their sum; n / (n + a) of it is scipy's.
        by_hand = min(1.0, 2 * min(null.sf(s - 1), null.cdf(s)))
        assert table["issues"][cell] == s
        assert table["expected"][cell] == pytest.approx(total * p)
        assert table["gi_p"][cell] == pytest.approx(by_hand, rel=0.01)
    assert set(table["p_method"]) == {"beta_binomial"}


def test_rates_of_single_cells_are_taken_to_differ_only_where_the_ratio_rises_with_the_density():
    """Batches of cases alone: at a level of .01 a spread is seen in a map of a hundred; and φ is not underestimated."""
    rng = np.random.default_rng(3)
    grid = Grid(CRS, 200.0, 0, 0, np.ones((40, 40), dtype=bool))
    exposure = exposures(grid)["log-normal"]
    expected = 20_000 * exposure / exposure.sum()
    ratios = []
    for _ in range(60):
        counts = rng.negative_binomial(expected, 0.5).astype(float)
        _, variance = rate_residuals(counts, exposure, grid)
        ratios.append(counts.sum() * exposure / exposure.sum() / variance)
    assert sum(np.ptp(ratio) > 1e-9 for ratio in ratios) <= 4  # more once in 4,000
    assert 2 <= np.mean([np.median(ratio) for ratio in ratios]) <= 2.3


@pytest.mark.parametrize("amount", [-1.0, np.nan, np.inf, 1e300])
def test_an_exposure_that_cannot_be_is_refused(amount):
    grid = Grid(pyproj.CRS(4549), 200.0, 0, 0, np.ones((5, 5), dtype=bool))
    exposure = np.ones(25)
    exposure[7] = amount
    with pytest.raises(InputError, match="exposure"):
        hot_rates(np.ones(25), exposure, grid, band_m=500)


def test_cells_without_p_say_why():
    counts, people = np.ones(len(GRID), dtype=int), np.ones(len(GRID))
    people[:5] = 0
    table = hot_rates(counts, people, GRID, band_m=250)
    assert (table["reason"][:5] == "no_exposure").all()
    figures = ["rate", "issues", "expected", "gi_z", "gi_p", "gi_q", "p_method"]
    assert table.loc[:4, figures].isna().all(axis=None)
    assert table.loc[5:, "reason"].isna().all()
    assert (table["gi_bin"] == 0).all()
    assert (hot_rates(0 * counts, people, GRID, band_m=250)["reason"][5:] == "no_issues").all()
    assert (hot_rates(counts, people, GRID, band_m=1e5)["reason"][5:] == "band_covers_area").all()
    assert (hot_rates(counts, people, GRID, band_m=50)["reason"][5:] == "no_neighbours").all()
    with pytest.raises(InputError, match="fewer than two"):
        hot_rates(counts, np.arange(len(GRID)) == 7, GRID, band_m=250)
    with pytest.raises(InputError, match="whole numbers"):
        hot_rates(counts / 3, people, GRID, band_m=250)


@pytest.mark.parametrize("spread", [0.0, 0.5])
def test_where_people_explain_everything_nothing_is_hot(spread):
    """False hot cells on 20 cities whose rate is the same everywhere but for cell to cell noise."""
    rng = np.random.default_rng(3)
    grid = Grid(CRS, 200.0, 0, 0, np.ones((40, 40), dtype=bool))
    x, y = grid.centres()
    people = 3 + 2000 * np.exp(-((x - 4000) ** 2 + (y - 4000) ** 2) / 1500**2)
    runs_with_any = 0
    for _ in range(20):
        noise = rng.gamma(1 / spread, spread, people.size) if spread else 1.0
        table = hot_rates(rng.poisson(people * 0.05 * noise), people, grid, band_m=500)
        runs_with_any += bool(((table["gi_z"] > 0) & (table["gi_q"] <= 0.05)).any())
    # At the level of .05 one run in 20 is expected, two-sided; 4 or more have a chance below 2 %.
    assert runs_with_any <= 3


def test_exposure_is_kept_whole_inside_the_grid():
    rng = np.random.default_rng(0)
    x, y = rng.uniform(1000, 2000, 60), rng.uniform(2000, 2600, 60)
    people = rng.integers(0, 500, 60)
    shapes = {
        "points": gpd.points_from_xy(x, y),
        "lines": [shapely.LineString([(a, b), (a + 150, b + 90)]) for a, b in zip(x, y, strict=True)],
        "polygons": shapely.box(x, y, x + 120, y + 60),
    }
    for geometry in shapes.values():
        table = gpd.GeoDataFrame({"people": people}, geometry=geometry, crs=CRS)
        assert exposure_on_grid(GRID, table, column="people").sum() == pytest.approx(people.sum())
    lines = gpd.GeoDataFrame(geometry=shapes["lines"], crs=CRS)
    assert exposure_on_grid(GRID, lines).sum() == pytest.approx(lines.length.sum() / 1e3)
    polygons = gpd.GeoDataFrame(geometry=shapes["polygons"], crs=CRS)
    spread = exposure_on_grid(GRID, polygons)
    assert spread.sum() == pytest.approx(polygons.area.sum() / 1e6)
    # One cell by hand: the area of all polygons in it.
    square = GRID.cells().geometry.iloc[30]
    assert spread[30] == pytest.approx(polygons.intersection(square).area.sum() / 1e6)


def test_exposure_without_a_column_is_in_km2_and_km():
    cell = shapely.box(1000, 2000, 1100, 2100)  # the first of the grid
    for shape, amount in ((cell, 0.01), (shapely.LineString([(1000, 2050), (1100, 2050)]), 0.1), (cell.centroid, 1.0)):
        found = exposure_on_grid(GRID, gpd.GeoDataFrame(geometry=[shape], crs=CRS))
        assert found.sum() == found.max() == pytest.approx(amount, rel=1e-12)


def test_exposure_refuses_what_it_cannot_spread():
    mixed = gpd.GeoDataFrame(geometry=[shapely.Point(1000, 2000), shapely.box(1000, 2000, 1100, 2100)], crs=CRS)
    with pytest.raises(InputError, match="mixes"):
        exposure_on_grid(GRID, mixed)
    with pytest.raises(InputError, match="no column"):
        exposure_on_grid(GRID, mixed.iloc[:1], column="people")
    assert (exposure_on_grid(GRID, mixed.iloc[:0]) == 0).all()


def test_a_cell_with_one_small_house_is_built_up():
    rng = np.random.default_rng(3)
    x, y = rng.uniform(0, 1990, (2, 40))
    houses = gpd.GeoSeries(shapely.box(x, y, x + 9, y + 9), crs=4549)
    grid = grid_over(gpd.GeoSeries([shapely.box(0, 0, 2000, 2000)], crs=4549), cell_m=200)
    square = grid.cells().geometry.to_numpy()
    ground = shapely.area(shapely.intersection(square, houses.union_all()))
    assert built_up(grid, houses).tolist() == (ground > 0).tolist()
    # Land that ends where a cell ends is none of the next.
    half = gpd.GeoSeries([shapely.box(0, 0, 1000 + 1e-9, 2000)], crs=4549)
    assert built_up(grid, half).tolist() == (grid.centres()[0] < 1000).tolist()


def test_a_cell_is_built_up_where_any_of_it_is():
    land = gpd.GeoSeries([shapely.box(1000, 2000, 1130, 2100), shapely.box(1500, 2300, 1550, 2360)], crs=CRS)
    share = (
        shapely.area(shapely.intersection(shapely.union_all(land.to_numpy()), GRID.cells().geometry.to_numpy())) / 1e4
    )
    assert built_up(GRID, land).tolist() == (share > 0).tolist()
    assert not built_up(GRID, land.iloc[:0]).any()


def test_rates_are_hot_where_there_is_more_than_the_people_explain():
    rng = np.random.default_rng(5)
    grid = Grid(CRS, 200.0, 0, 0, np.ones((40, 40), dtype=bool))
    x, y = grid.centres()
    people = 20 + 2000 * np.exp(-((x - 4000) ** 2 + (y - 4000) ** 2) / 1500**2)
    spot = np.hypot(x - 6900, y - 1100) <= 500
    counts = rng.poisson(people * 0.05 * np.where(spot, 4, 1))
    raw = getis_ord_grid(counts, grid, band_m=500)
    table = hot_rates(counts, people, grid, band_m=500)
    centre = np.hypot(x - 4000, y - 4000) < 600
    assert (raw.z[centre] > 4).all()
    hot = (table["gi_z"] > 0) & (table["gi_q"] <= 0.05)
    assert hot[np.hypot(x - 6900, y - 1100) <= 300].all()
    assert hot[spot].mean() > 0.6
    # Beyond the band around the spot nothing else is: at most the 5 % that the level admits.
    elsewhere = np.hypot(x - 6900, y - 1100) > 1000 + 200
    assert hot[elsewhere].sum() <= 0.05 * hot.sum()
    assert (table["p_method"].isin(["binomial", "beta_binomial"])).all()


def test_rates_on_a_graph_are_those_on_the_grid():
    from libpysal.graph import Graph

    rng = np.random.default_rng(7)
    people = rng.integers(1, 500, len(GRID)).astype(float)
    people[rng.choice(len(GRID), 9, replace=False)] = 0
    counts = rng.poisson(people * 0.1)
    ids = [f"c{number:02d}" for number in rng.permutation(len(GRID))]
    points = gpd.GeoSeries(gpd.points_from_xy(*GRID.centres()), index=ids, crs=CRS)
    # Neighbours that share a side or a corner: what touches a cell is then the same on the graph.
    graph = Graph.build_distance_band(points, 150)
    table = hot_rates_graph(
        pd.Series(counts, index=ids).sample(frac=1, random_state=1), pd.Series(people, index=ids), graph
    )
    assert table.index.tolist() == graph.unique_ids.tolist()
    grid = hot_rates(counts, people, GRID, band_m=150).set_axis(ids, axis=0).loc[table.index]
    same = ["exposure", "rate", "issues", "expected"]
    pd.testing.assert_frame_equal(table[same], grid[same], check_names=False, rtol=0, atol=1e-9)
    # Blocks are cut along other coordinates, so that the overdispersion differs by less than its own error.
    np.testing.assert_allclose(table["gi_z"], grid["gi_z"], rtol=0.15)


def test_places_of_a_graph_are_told_apart_by_steps_from_its_end():
    """A path on which the first place of the table lies in the middle, and a place apart."""
    path = [3, 1, 0, 2, 4]
    near = np.zeros((6, 6))
    near[path[:-1], path[1:]] = near[path[1:], path[:-1]] = 1
    first = _hops(csr_array(near[:5, :5]))[:, 0][path]
    assert min(first.tolist(), first[::-1].tolist()) == [0, 1, 2, 3, 4]
    # The place apart is an end of its own, and all others are as far off it as there are places.
    assert _hops(csr_array(near))[:, 0].tolist() == [6, 6, 6, 6, 6, 0]


def test_kernel_weights_get_maps_drawn_under_the_null():
    from libpysal.graph import Graph

    rng = np.random.default_rng(8)
    grid = Grid(CRS, 100.0, 0, 0, np.ones((12, 12), dtype=bool))
    people = rng.uniform(50, 500, len(grid))
    counts = rng.negative_binomial(people / 25, 0.5)
    points = gpd.GeoSeries(gpd.points_from_xy(*grid.centres()), crs=CRS)
    binary = Graph.build_distance_band(points, 150)
    near = hot_rates_graph(counts, people, binary)
    kernel = Graph.build_kernel(points, kernel="triangular", bandwidth=250)
    table = hot_rates_graph(counts, people, kernel, draws=999, seed=3)
    assert set(table["p_method"]) == {"draws_999"}
    again = hot_rates_graph(counts, people, kernel, draws=999, seed=3)
    pd.testing.assert_frame_equal(table, again)
    assert np.corrcoef(table["gi_z"], near["gi_z"])[0, 1] > 0.8
    # Weights that are nearly equal ask the same question as equal ones: the drawn p is the closed one.
    almost = binary.transform("B").adjacency.astype(float)
    almost.iloc[0] = 1.0 + 1e-6
    drawn = hot_rates_graph(counts, people, Graph(almost), draws=1999)
    assert set(drawn["p_method"]) == {"draws_1999"}
    np.testing.assert_allclose(drawn["gi_p"], near["gi_p"], atol=0.08)
    with pytest.raises(InputError, match="at least 99"):
        hot_rates_graph(counts, people, kernel, draws=10)


@pytest.mark.parametrize("others", [1e-12, 1e-3])
def test_where_one_cell_has_all_the_exposure_and_the_cases_lie_elsewhere_each_cell_has_a_p(others):
    grid = Grid(CRS, 200.0, 0, 0, np.ones((20, 20), dtype=bool))
    exposure, counts = np.full(400, others), np.zeros(400)
    exposure[55], counts[255] = 1e6, 500
    table = hot_rates(counts, exposure, grid, band_m=500)
    assert table["reason"].isna().all()
    assert table["gi_p"].between(0, 1).all()
    assert table.loc[255, "gi_bin"] == 3
    # Nothing where nothing is expected is not a find.
    assert table.loc[0, "gi_p"] == 1


def test_an_exposure_whose_square_is_nought_is_refused():
    with pytest.raises(InputError, match="1e-100"):
        hot_rates(np.ones(len(GRID)), np.full(len(GRID), 1e-160), GRID, band_m=300)


def test_villages_in_empty_land_do_not_pass_for_poisson():
    """No village touches another, so that next to nothing tells of the dispersion around it: the others tell it then.

    Variance twice the mean. By the places around alone every fifth map passed for nearly Poisson, and 8 of 100 had a find.
    """
    grid = Grid(CRS, 200.0, 0, 0, np.ones((45, 45), dtype=bool))
    rng = np.random.default_rng(3)
    exposure = np.where(rng.random(len(grid)) < 0.02, 100.0, 0.01)
    expected = exposure / exposure.sum() * 300
    found = [_found(rng.negative_binomial(expected, 0.5), exposure, _grid_places(grid, 500)).batch for _ in range(60)]
    assert sum(batch < 1.4 for batch in found) <= 2
    here = int(exposure.argmax())
    counts = rng.negative_binomial(np.where(np.arange(len(grid)) == here, 25, 1) * expected, 0.5)
    assert hot_rates(counts, exposure, grid, band_m=500).loc[here, "gi_bin"] >= 2, "a spot is found all the same"
