"""Gi* within strata: equal to every way of dealing the values, and calibrated where strata differ by a hundred times."""

from __future__ import annotations

import itertools

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import pytest
import shapely
from scipy.stats import binom

from jxgis.errors import InputError, SettingsError
from jxgis.hotspots.analysis import find_hotspots
from jxgis.hotspots.heavy import heavy_cells
from jxgis.hotspots.inference import hotspot_table
from jxgis.hotspots.strata import strata_around, strata_of, within_strata
from jxgis.space.grid import Grid
from jxgis.space.window import disc_sums


def line_of(n: int) -> Grid:
    return Grid(pyproj.CRS(4549), 100.0, 0, 0, np.ones((1, n), dtype=bool))


def square_of(n: int) -> Grid:
    return Grid(pyproj.CRS(4549), 100.0, 0, 0, np.ones((n, n), dtype=bool))


def every_sum(values, strata, members, *, kept=None) -> np.ndarray:
    """The sums of all ways to draw as many values of each stratum as the neighbourhood holds."""
    ways = []
    for stratum in range(strata.max() + 1):
        pool = [int(values[j]) for j in range(len(values)) if strata[j] == stratum and j != kept]
        size = sum(1 for j in members if strata[j] == stratum)
        ways.append([sum(drawn) for drawn in itertools.combinations(pool, size)])
    return np.array([sum(each) for each in itertools.product(*ways)])


@pytest.mark.parametrize("star", [True, False])
@pytest.mark.parametrize("seed", range(40))
def test_equals_all_ways_of_dealing(seed, star):
    rng = np.random.default_rng(seed)
    n, reach = int(rng.integers(4, 10)), int(rng.integers(1, 3))
    # Equal ones, gaps and one huge value beside small ones.
    values = rng.choice([[0, 1, 2, 3], [0, 1, 100, 1000], [0, 0, 0, 7], [5, 5, 5, 5]][seed % 4], n)
    strata = np.unique(rng.integers(0, rng.integers(1, 4), n), return_inverse=True)[1]
    around = [[j for j in range(n) if abs(i - j) <= reach and (star or j != i)] for i in range(n)]
    sums = np.array([values[members].sum() for members in around])
    gi, found = within_strata(values, sums, strata_around(strata, line_of(n), band_m=100.0 * reach), star=star)
    for i, members in enumerate(around):
        every = every_sum(values, strata, members, kept=None if star else i)
        if every.std() == 0:
            assert gi.reason[i] in {"all_equal", "band_covers_strata", "no_neighbours"}
            assert np.isnan(gi.z[i])
            continue
        both = (every >= sums[i]).mean(), (every <= sums[i]).mean()
        assert gi.reason[i] == ""
        assert found.method[i] == "exact"
        assert found.p[i] == pytest.approx(min(1, 2 * min(both)), abs=1e-12)
        assert gi.z[i] == pytest.approx((sums[i] - every.mean()) / every.std(), abs=1e-9)


def chances(pool: list[int], size: int) -> dict[int, int]:
    """How many ways of drawing so many have each sum, in whole numbers."""
    ways: list[dict[int, int]] = [{0: 1}, *({} for _ in range(size))]
    for value in pool:
        for drawn in range(size, 0, -1):
            for total, times in ways[drawn - 1].items():
                ways[drawn][total + value] = ways[drawn].get(total + value, 0) + times
    return ways[size]


@pytest.mark.parametrize("star", [True, False])
@pytest.mark.parametrize("reach", [2, 5])
@pytest.mark.parametrize("seed", range(3))
def test_equals_all_ways_where_they_are_too_many_to_list(seed, reach, star):
    """Strata of 40, 12, 11 and 1 of 64 cells: of the small ones the neighbourhood holds most."""
    rng = np.random.default_rng(seed)
    grid = square_of(8)
    strata = np.where((grid.rows < 3) & (grid.cols < 4), 1, np.where((grid.rows < 3) & (grid.cols > 3), 2, 0))
    strata[20] = 3
    values = rng.negative_binomial(0.5, 0.1, 64)
    values[[3, 40]] = 400
    near = (grid.rows[:, None] - grid.rows) ** 2 + (grid.cols[:, None] - grid.cols) ** 2 <= reach**2
    if not star:
        np.fill_diagonal(near, False)
    _, found = within_strata(values, near @ values, strata_around(strata, grid, band_m=100.0 * reach), star=star)
    for i in range(0, 64, 5):
        ways = {0: 1}
        for stratum in range(4):
            pool = [int(values[j]) for j in range(64) if strata[j] == stratum and (star or j != i)]
            own = chances(pool, int((near[i] & (strata == stratum)).sum()))
            sums = [(a + b, x * y) for a, x in ways.items() for b, y in own.items()]
            ways = dict.fromkeys((total for total, _ in sums), 0)
            for total, times in sums:
                ways[total] += times
        judged = int(near[i] @ values)
        both = [sum(t for s, t in ways.items() if s >= judged), sum(t for s, t in ways.items() if s <= judged)]
        p = min(1.0, 2 * min(both) / sum(ways.values()))
        assert found.method[i] == "exact"
        assert found.p[i] == pytest.approx(p, abs=1e-12)


def drawn_sums(values, strata, members, *, kept, rng, times=20_000):
    """Sums of random draws of as many values of each stratum as there are members."""
    total = np.zeros(times, dtype=np.int64)
    for stratum in np.unique(strata[members]):
        pool = np.delete(values, [] if kept is None else [kept])[
            np.delete(strata, [] if kept is None else [kept]) == stratum
        ]
        value, times_there = np.unique(pool, return_counts=True)
        total += (
            rng.multivariate_hypergeometric(times_there, int((strata[members] == stratum).sum()), size=times) @ value
        )
    return total


@pytest.mark.parametrize("star", [True, False])
def test_one_huge_cell_at_a_border_line_makes_nothing_hot(star):
    """A million at one point (a default of a geocoder): by the normal p all cells around it would be hot."""
    rng = np.random.default_rng(0)
    grid = square_of(30)
    east = (grid.cols >= 15).astype(np.int64)
    values = rng.poisson(3, 900)
    spike = 15 * 30 + 14
    values[spike] = 1_000_000
    near = (grid.rows[:, None] - grid.rows) ** 2 + (grid.cols[:, None] - grid.cols) ** 2 <= 25
    if not star:
        np.fill_diagonal(near, False)
    sums = near @ values
    _, found = within_strata(values, sums, strata_around(east, grid, band_m=500), star=star)
    judged = np.flatnonzero(found.method == "draws_999")
    assert near[judged, spike].sum() > 60
    for i in [*judged[near[judged, spike]][::12], *judged[~near[judged, spike]][::30]]:
        every = drawn_sums(values, east, near[i], kept=None if star else i, rng=rng)
        p = min(1.0, 2 * min((every >= sums[i]).mean(), (every <= sums[i]).mean()))
        assert found.p[i] == pytest.approx(p, abs=0.005 + 5 * (2 * p / 1000) ** 0.5)
    if star:
        assert not (hotspot_table(values, grid, band_m=500, strata=east)["gi_q"] <= 0.05).any()


@pytest.mark.parametrize("star", [True, False])
def test_where_distributions_are_too_long_p_is_near_the_exact_one(star, monkeypatch):
    """Strata whose means differ by a factor of six, and a spot on their border line: the oracle is the exact p of each cell."""
    rng = np.random.default_rng(4)
    grid = square_of(50)
    west = (grid.cols + grid.rows // 4 < 25).astype(np.int64)
    values = rng.negative_binomial(1.0, np.where(west == 1, 0.1, 0.4))
    values[(np.abs(grid.rows - 10) < 5) & (np.abs(grid.cols - 22) < 5)] += 12
    strata = strata_around(west, grid, band_m=500)
    sums = disc_sums(values, grid, band_m=500) - (0 if star else values)
    _, exact = within_strata(values, sums, strata, star=star)
    monkeypatch.setattr("jxgis.hotspots.strata._MOST_ASKED", 1_000)
    _, found = within_strata(values, sums, strata, star=star)
    gamma = found.method == "gamma"
    p, times = exact.p[gamma], found.p[gamma] / exact.p[gamma]
    assert (exact.method[gamma] == "exact").all()
    assert (gamma.sum() > 200) & (p.min() < 1e-6)
    assert np.abs(times - 1)[p > 1e-3].max() < 0.15
    assert np.abs(times - 1)[p > 1e-5].max() < 0.3


def test_one_stratum_is_the_whole_city():
    rng = np.random.default_rng(1)
    grid, counts = square_of(30), rng.poisson(2.0, 900)
    plain = hotspot_table(counts, grid, band_m=200)
    among = hotspot_table(counts, grid, band_m=200, strata=np.zeros(900, dtype=np.int64))
    for column in ("gi_z", "gi_p", "gi_q"):
        np.testing.assert_allclose(among[column], plain[column], rtol=1e-9)
    assert among[["gi_bin", "lisa", "p_method"]].equals(plain[["gi_bin", "lisa", "p_method"]])


def test_what_sets_strata_apart_makes_no_cell_hot_and_a_spot_among_its_like_does():
    """A hundred times as many in the east; the plain null finds the east, that within strata the spot in the west."""
    rng = np.random.default_rng(2)
    grid = square_of(40)
    east = (grid.cols >= 20).astype(np.int64)
    counts = rng.poisson(np.where(east == 1, 20.0, 0.2))
    spot = (np.abs(grid.rows - 20) <= 2) & (np.abs(grid.cols - 8) <= 2)
    counts[spot] = rng.poisson(4.0, spot.sum())
    plain = hotspot_table(counts, grid, band_m=200)
    among = hotspot_table(counts, grid, band_m=200, strata=east)
    hot, cold = (among["gi_q"] <= 0.05) & (among["gi_z"] > 0), (among["gi_q"] <= 0.05) & (among["gi_z"] < 0)
    assert not ((plain["gi_q"] <= 0.05) & (plain["gi_z"] > 0))[spot].any()
    assert hot[spot].all()
    # What is found falsely is at most one find in twenty, on average.
    assert hot[east == 1].sum() + cold.sum() <= 0.1 * hot.sum()
    assert ((plain["gi_q"] <= 0.05) & (plain["gi_z"] > 0))[east == 1].mean() > 0.9
    assert (among.loc[(grid.rows == 20) & (grid.cols == 8), "lisa"] == "HH").all()


@pytest.mark.slow
def test_one_map_in_twenty_of_those_with_nothing_on_them_shows_anything():
    """300 maps of four strata that differ by a hundred times, negative binomial within: any find at q <= .05."""
    rng = np.random.default_rng(3)
    grid, maps = square_of(16), 300
    strata = (grid.rows // 8) * 2 + grid.cols // 8
    share = 1 / (1 + np.array([0.2, 1.0, 5.0, 20.0])[strata])
    tables = (hotspot_table(rng.negative_binomial(1.0, share), grid, band_m=200, strata=strata) for _ in range(maps))
    finds = sum(bool((table["gi_q"] <= 0.05).any()) for table in tables)
    # The upper 99.9 % end of one in twenty; and some, or the p would be far too large.
    assert 1 <= finds <= binom.ppf(0.999, maps, 0.05)


def test_a_cell_is_of_the_polygon_that_holds_its_centre_and_the_rest_is_one_more_stratum():
    shapes = shapely.box([0, 200, 300], 0, [200, 300, 400], 100)
    layer = gpd.GeoDataFrame({"name": ["甲", "乙", "甲"]}, geometry=shapes, crs=4549)
    of, names = strata_of(line_of(6), layer)
    assert of.tolist() == [0, 0, 1, 0, 2, 2]
    assert names == ["甲", "乙", ""]
    nameless = layer.assign(name=["甲", None, "甲"])
    assert strata_of(line_of(6), nameless)[0].tolist() == [0, 0, 1, 0, 1, 1]
    with pytest.raises(InputError, match="既没有 name 列，也没有 kind 列"):
        strata_of(line_of(6), layer.drop(columns="name"))
    with pytest.raises(InputError, match="没有面"):
        strata_of(line_of(6), layer.set_geometry(layer.boundary))


def test_real_values_cannot_be_dealt_within_strata():
    with pytest.raises(InputError, match="整数计数"):
        hotspot_table(np.linspace(0, 1, 9), line_of(9), band_m=100, strata=np.zeros(9, dtype=np.int64))


def issues_and_land():
    rng = np.random.default_rng(4)
    x, y = rng.uniform(0, 4000, 3000), rng.uniform(0, 4000, 3000)
    x = np.concatenate([x, rng.uniform(2000, 4000, 6000)])
    y = np.concatenate([y, rng.uniform(0, 4000, 6000)])
    issues = gpd.GeoDataFrame(geometry=gpd.points_from_xy(x, y), crs=4549)
    halves = gpd.GeoDataFrame(
        {"kind": ["居住", "商业"]}, geometry=shapely.box([0, 2000], 0, [2000, 4000], 4000), crs=4549
    )
    return issues, halves


def test_the_result_says_within_what_it_compares():
    issues, land = issues_and_land()
    area = gpd.GeoSeries([shapely.box(0, 0, 4200, 4000)], crs=4549)
    plain = find_hotspots(issues, area)
    among = find_hotspots(issues, area, levels={"land_use": land}, strata="land_use")
    assert len(plain.places) == 1
    assert len(among.places) == 0
    assert among.account()["strata"] == {"names": ["居住", "商业"], "cells_outside": 20}
    paragraphs = [getattr(block, "words", "") for block in among.section().blocks]
    assert any("用地" in words and "另有 20 格不在其中" in words for words in paragraphs), paragraphs
    assert "分层，只与同层的格比较" in among.map().get_root().render()
    assert any("分层，只与同层的格比较" in note.method for note in among.section().methods)
    assert plain.account()["strata"] is None


def test_strata_that_hold_no_cell_that_is_judged_are_not_named():
    issues, land = issues_and_land()
    area = gpd.GeoSeries([shapely.box(0, 0, 4200, 4000)], crs=4549)
    built_up = gpd.GeoDataFrame(geometry=[shapely.box(2400, 0, 4000, 4000)], crs=4549)
    found = find_hotspots(issues, area, levels={"land_use": land}, strata="land_use", built_up=built_up)
    assert found.account()["strata"] == {"names": ["商业"], "cells_outside": 0}
    far = land.set_geometry(land.translate(90_000))
    with pytest.raises(InputError, match="没有面含有研究范围内任何一格"):
        find_hotspots(issues, area, levels={"land_use": far}, strata="land_use")


def test_a_lone_value_is_dealt_within_its_stratum():
    """In a stratum of ten cells the band holds eight; in the plain null it holds few of all."""
    grid = line_of(400)
    strata = (np.arange(400) < 10).astype(np.int64)
    counts = np.ones(400, dtype=np.int64)
    counts[[4, 200]] = 500
    cells = hotspot_table(counts, grid, band_m=300, strata=strata).assign(cell_id=grid.ids(), issue_class="all")
    found = heavy_cells(cells, grid, band_m=300, strata=strata)
    assert sorted(found["lone_p"].tolist()) == pytest.approx([2 * 7 / 390, 1.0])


def test_no_z_tells_how_many_issues_a_stratum_has():
    """Where few counts are hidden: z stands on the totals of the strata, which nothing else shows."""
    issues, land = issues_and_land()
    x, y = np.repeat(np.arange(900, 1400, 200.0), 150), np.tile(np.arange(900, 1400, 200.0), 150)
    spot = gpd.GeoDataFrame(geometry=gpd.points_from_xy(x, y), crs=4549)
    area = gpd.GeoSeries([shapely.box(0, 0, 4200, 4000)], crs=4549)
    both = pd.concat([issues, spot], ignore_index=True)
    found = find_hotspots(both, area, levels={"land_use": land}, strata="land_use")
    assert len(found.peaks)
    assert found.peaks["gi_z"].notna().all()
    shown = found.shown_tables()
    assert shown["peaks"]["gi_z"].isna().all()
    assert shown["places"]["peak_z"].isna().all()
    assert find_hotspots(both, area).shown_tables()["peaks"]["gi_z"].notna().any()


def test_a_layer_of_strata_that_is_not_given_is_asked_for():
    issues, _ = issues_and_land()
    area = gpd.GeoSeries([shapely.box(0, 0, 4200, 4000)], crs=4549)
    with pytest.raises(InputError, match=r"strata 指定了.*（land_use），但没有提供"):
        find_hotspots(issues, area, strata="land_use")
    with pytest.raises(InputError, match="land_use"):
        find_hotspots(issues, area, strata="landuse")
    with pytest.raises(SettingsError):
        find_hotspots(issues, area, strata=3)


def test_sums_around_may_lie_in_any_number_of_strata():
    """Three strata meet in the middle; by simulation, since all ways are too many."""
    rng = np.random.default_rng(5)
    grid = square_of(9)
    strata = np.where(grid.rows < 4, 0, np.where(grid.cols < 4, 1, 2))
    values = rng.negative_binomial(0.5, 0.1, 81)
    sums = disc_sums(values, grid, band_m=200)
    middle = 4 * 9 + 4
    _, found = within_strata(values, sums, strata_around(strata, grid, band_m=200))
    dealt = np.tile(values, (20_000, 1))
    for stratum in range(3):
        dealt[:, strata == stratum] = rng.permuted(dealt[:, strata == stratum], axis=1)
    around = disc_sums(dealt, grid, band_m=200)[:, middle]
    p = min(1, 2 * min((around >= sums[middle]).mean(), (around <= sums[middle]).mean()))
    # Four standard errors of a share of 20,000.
    assert found.p[middle] == pytest.approx(p, abs=4 * 2 * np.sqrt(0.25 / 20_000))
