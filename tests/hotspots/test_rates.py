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

from jxgis._errors import InputError
from jxgis.hotspots.getis_ord import getis_ord_grid
from jxgis.hotspots.rates import built_up, empirical_bayes, exposure_on_grid, hot_rates, hot_rates_graph, rate_scores
from jxgis.space.grid import Grid

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


@pytest.mark.parametrize("spread", [0.0, 0.25])
def test_scores_have_one_variance_whatever_the_exposure(spread):
    rng = np.random.default_rng(1)
    exposure = np.repeat([60.0, 400.0, 5000.0], 4000)
    rate = 0.1 * (rng.gamma(1 / spread, spread, exposure.size) if spread else 1.0)
    scores = rate_scores(rng.poisson(exposure * rate), exposure).reshape(3, -1)
    # The transformation is asymptotic: at means of 6, 40 and 500 the variances agree within a fifth.
    np.testing.assert_allclose(scores.var(axis=1), 1, atol=0.2)
    # Raw rates would differ by a factor of 80 (Poisson) or so.
    np.testing.assert_allclose(scores.mean(axis=1), 0, atol=0.3)


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


def test_exposure_refuses_what_it_cannot_spread():
    mixed = gpd.GeoDataFrame(geometry=[shapely.Point(1000, 2000), shapely.box(1000, 2000, 1100, 2100)], crs=CRS)
    with pytest.raises(InputError, match="mixes"):
        exposure_on_grid(GRID, mixed)
    with pytest.raises(InputError, match="no column"):
        exposure_on_grid(GRID, mixed.iloc[:1], column="people")
    assert (exposure_on_grid(GRID, mixed.iloc[:0]) == 0).all()


def test_built_up_is_the_share_of_the_cell():
    land = gpd.GeoSeries([shapely.box(1000, 2000, 1130, 2100), shapely.box(1500, 2300, 1550, 2360)], crs=CRS)
    share = (
        shapely.area(shapely.intersection(shapely.union_all(land.to_numpy()), GRID.cells().geometry.to_numpy())) / 1e4
    )
    for min_share in (0.0, 0.25, 0.5):
        assert built_up(GRID, land, min_share=min_share).tolist() == (share > min_share).tolist()
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
    assert (table["p_method"] == "exact").all()


def test_rounding_does_not_move_the_result():
    rng = np.random.default_rng(6)
    people = rng.integers(1, 500, len(GRID)).astype(float)
    people[:5] = 0
    counts = rng.poisson(people * 0.1)
    fine = hot_rates(counts, people, GRID, band_m=250)
    # The unrounded statistic, from the definition; rounding to 1/2000 of the range shifts a sum of some 21 values by
    # about √21 · 0.3/2000 of it, a thousandth of a standard deviation.
    keep = people > 0
    truth = getis_ord_grid(rate_scores(counts, people)[keep], GRID.where(keep), band_m=250).z
    np.testing.assert_allclose(fine["gi_z"][keep], truth, atol=5e-3)
    coarse = hot_rates(counts, people, GRID, band_m=250, levels=500)
    assert np.nanmax(np.abs(coarse["gi_p"] - fine["gi_p"])) < 0.01
    assert (fine["reason"][:5] == "no_exposure").all()
    assert fine.loc[:4, ["rate", "gi_z", "gi_p", "gi_q"]].isna().all(axis=None)
    with pytest.raises(InputError, match="fewer than two"):
        hot_rates(counts, people, GRID, band_m=250, min_exposure=1e6)


def test_rates_on_a_graph_are_those_on_the_grid():
    from libpysal.graph import Graph

    rng = np.random.default_rng(7)
    people = rng.integers(1, 500, len(GRID)).astype(float)
    people[rng.choice(len(GRID), 9, replace=False)] = 0
    counts = rng.poisson(people * 0.1)
    ids = [f"c{number:02d}" for number in rng.permutation(len(GRID))]
    points = gpd.GeoSeries(gpd.points_from_xy(*GRID.centres()), index=ids, crs=CRS)
    graph = Graph.build_distance_band(points, 250 + 1e-6)
    table = hot_rates_graph(
        pd.Series(counts, index=ids).sample(frac=1, random_state=1), pd.Series(people, index=ids), graph
    )
    assert table.index.tolist() == graph.unique_ids.tolist()
    grid = hot_rates(counts, people, GRID, band_m=250).set_axis(ids, axis=0)
    pd.testing.assert_frame_equal(table, grid.loc[table.index], check_names=False, rtol=0, atol=1e-12)
    assert (table["reason"] == "no_exposure").sum() == 9
    with pytest.raises(InputError, match="fewer than two"):
        hot_rates_graph(counts, people * 0, graph)


def test_rates_need_no_grid_and_kernels_say_that_they_are_drawn():
    from libpysal.graph import Graph

    h3 = pytest.importorskip("h3")
    centre = h3.latlng_to_cell(30.75, 120.75, 9)
    ids = sorted(h3.grid_disk(centre, 9))
    spot = np.isin(ids, h3.grid_disk(centre, 2))
    rng = np.random.default_rng(8)
    people = pd.Series(rng.integers(20, 2000, len(ids)), index=ids)
    counts = pd.Series(rng.poisson(people * 0.02 * np.where(spot, 5, 1)), index=ids)
    table = hot_rates_graph(counts, people, Graph.build_h3(ids, order=1, weight="binary"))
    hot = (table["gi_z"] > 0) & (table["gi_q"] <= 0.05)
    assert hot.loc[h3.grid_disk(centre, 1)].all()
    assert not hot.loc[[cell for cell in ids if h3.grid_distance(cell, centre) > 4]].sum() > 0.05 * hot.sum()
    assert (table["p_method"] == "exact").all()
    kernel = hot_rates_graph(counts, people, Graph.build_h3(ids, order=2, weight="inverse"))
    assert kernel["p_method"].str.startswith("draws").all()
