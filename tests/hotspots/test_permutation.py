import os
import subprocess
import sys
from itertools import combinations
from pathlib import Path
from typing import Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import hypergeom, norm

from jxgis.errors import InputError
from jxgis.hotspots import _subset_sums, permutation
from jxgis.hotspots.getis_ord import getis_ord_grid
from jxgis.hotspots.permutation import P_FLOOR, graph_place, grid_place, normal_p, permutation_p, permutation_p_draws
from jxgis.space.count import count_points
from jxgis.space.graph import neighbours
from jxgis.space.grid import Grid, grid_over

CRS = gpd.GeoSeries([], crs=4549).crs


def square(side: int) -> Grid:
    return Grid(CRS, 100.0, 0, 0, np.ones((side, side), dtype=bool))


def boston_counts(real_dir: Path, cell_m: float) -> tuple[Grid, np.ndarray]:
    table = pd.read_csv(real_dir / "boston" / "boston311_2015.csv.gz", usecols=["LATITUDE", "LONGITUDE"])
    points = gpd.GeoSeries(gpd.points_from_xy(table.LONGITUDE, table.LATITUDE), crs=4326).to_crs(32619)
    area = gpd.read_file(real_dir / "boston" / "Boston_Neighborhoods.geojson").to_crs(32619)
    area = area[area.Name != "Harbor Islands"].make_valid()
    grid = grid_over(area, cell_m=cell_m)
    counts, _ = count_points(grid, points.x, points.y)
    return grid, counts[0]


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 30), min_size=4, max_size=12), st.sampled_from(["total", "conditional"]), st.data())
def test_p_is_the_folded_share_of_all_placings(
    values: list[int], null: Literal["total", "conditional"], data: st.DataObject
) -> None:
    from itertools import combinations

    n = len(values)
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    near = rng.random((n, n)) < 0.4
    np.fill_diagonal(near, null == "total")
    counts = np.array(values)
    result = permutation_p(counts, near @ counts, near.sum(axis=1), null=null)
    for i in range(n):
        drawn_from = values if null == "total" else values[:i] + values[i + 1 :]
        k, seen = int(near[i].sum()), int((near @ counts)[i])
        if not 1 <= k < len(drawn_from):
            assert np.isnan(result.p[i])
            assert result.method[i] == ""
            continue
        sums = np.array([sum(subset) for subset in combinations(drawn_from, k)])
        expected = min(1.0, 2 * min((sums >= seen).mean(), (sums <= seen).mean()))
        assert result.method[i] == "exact"
        assert result.p[i] == pytest.approx(expected, abs=1e-12)


def test_the_order_of_the_rows_does_not_matter_to_the_bit() -> None:
    grid = square(30)
    counts = np.random.default_rng(0).negative_binomial(0.4, 0.1, 900)
    gi = getis_ord_grid(counts, grid, band_m=350)
    order = np.random.default_rng(1).permutation(900)
    for null in ("total", "conditional"):
        first = permutation_p(counts, gi.sums, gi.weight, null=null)
        other = permutation_p(counts[order], gi.sums[order], gi.weight[order], null=null)
        np.testing.assert_array_equal(other.p, first.p[order])


PROGRAMME = """
import numpy as np
from jxgis.hotspots import _subset_sums
from jxgis.hotspots.permutation import permutation_p
rng = np.random.default_rng(0)
counts = rng.negative_binomial(0.4, 0.1, 3000)
sizes = rng.integers(1, 2990, 3000)
sums = np.array([rng.choice(counts, k, replace=False).sum() for k in sizes])
_subset_sums.MAX_WORK = 2_000_000
result = permutation_p(counts, sums, sizes)
print(result.p.tobytes().hex(), sorted(set(result.method.tolist())))
"""


@pytest.mark.parametrize("k", [20, 60, 200])
def test_values_in_clumps_are_called_rough(k: int) -> None:
    """Half of 400 places near 0, half near 1e9: how many of the large are drawn is hypergeometric, and within is chance."""
    rng = np.random.default_rng(2)
    n, clump = 400, 10**9
    large = np.arange(n) % 2
    within = rng.integers(0, 1000, n)
    values = large * clump + within
    drawn = [rng.choice(n, k, replace=False) for _ in range(n)]
    sums = np.array([values[own].sum() for own in drawn])
    near = permutation_p(values, sums, np.full(n, k))
    assert set(near.method) == {"saddlepoint_rough"}
    chance = hypergeom(n, n // 2, k)
    of_large = np.array([large[own].sum() for own in drawn])
    scale = within.std() * np.sqrt(k * (n - k) / (n - 1))
    above = norm.sf((sums - of_large * clump - k * within.mean()) / scale)
    inside = chance.pmf(of_large)
    upper = chance.sf(of_large) + inside * above
    lower = chance.cdf(of_large - 1) + inside * (1 - above)
    assert np.abs(near.p / np.minimum(1, 2 * np.minimum(upper, lower)) - 1).max() > 0.05, "it is rough"


@pytest.mark.parametrize(("n", "k"), [(60, 2), (299, 40), (400, 19), (400, 381)])
def test_a_saddlepoint_of_fewer_than_were_verified_is_called_rough(n: int, k: int) -> None:
    rng = np.random.default_rng(3)
    values = rng.integers(0, 10**12, n)
    sums = np.array([rng.choice(values, k, replace=False).sum() for _ in range(n)])
    assert set(permutation_p(values, sums, np.full(n, k)).method) == {"saddlepoint_rough"}
    if (n, k) == (60, 2):
        of_all = np.sort(values[np.array(list(combinations(range(n), k)))].sum(axis=1))
        share = np.minimum(np.searchsorted(of_all, sums, "right"), len(of_all) - np.searchsorted(of_all, sums, "left"))
        exact = np.minimum(1, 2 * share / len(of_all))
        assert np.abs(permutation_p(values, sums, np.full(n, k)).p / exact - 1).max() > 0.05, "it is rough"


@pytest.mark.slow
def test_any_number_of_threads_gives_the_same_bytes() -> None:
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    seen = {
        subprocess.run(
            [sys.executable, "-c", PROGRAMME],
            env=os.environ | dict.fromkeys(names, threads),
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for threads in ("1", "4")
    }
    assert len(seen) == 1
    assert seen.pop().endswith("['exact', 'saddlepoint']\n")


@pytest.mark.real
@pytest.mark.parametrize("null", ["total", "conditional"])
def test_boston_agrees_with_independent_draws(real_dir: Path, null: Literal["total", "conditional"]) -> None:
    grid, counts = boston_counts(real_dir, 200)
    gi = getis_ord_grid(counts, grid, band_m=500, star=null == "total")
    result = permutation_p(counts, gi.sums, gi.weight, null=null)
    assert set(result.method) <= {"exact", ""}
    rng = np.random.default_rng(20)
    draws = 4000
    # Cells whose p is not too small to be seen in so many draws.
    open_cells = np.flatnonzero(result.p > 0.02)
    errors = []
    for i in rng.choice(open_cells, 150, replace=False):
        drawn_from = counts if null == "total" else np.delete(counts, i)
        # k of n without replacement, each draw by itself: positions of the k smallest of n random keys would be
        # slow; rejection of rows with a repeat is exact too, and here k is at most 21 of 3,000.
        k = int(gi.weight[i])
        picks = rng.integers(0, len(drawn_from), (draws * 2, k))
        picks = picks[(np.diff(np.sort(picks, axis=1), axis=1) > 0).all(axis=1)][:draws]
        assert len(picks) == draws
        sums = drawn_from[picks].sum(axis=1)
        tail = min((sums >= gi.sums[i]).mean(), (sums <= gi.sums[i]).mean())
        true = result.p[i] / 2
        if result.p[i] < 1:
            errors.append((tail - true) / np.sqrt(true * (1 - true) / draws))
    # 150 standard normal errors: the mean is within 3 / sqrt(150), the deviation within 3 / sqrt(300) of 1.
    assert len(errors) > 100
    assert abs(np.mean(errors)) < 0.25
    assert abs(np.std(errors) - 1) < 0.18


def test_a_lone_spike_is_hot_in_total_and_a_hole_when_conditional() -> None:
    counts = np.zeros(900, dtype=int)
    counts[465] = 40
    grid = square(30)
    star, plain = (getis_ord_grid(counts, grid, band_m=100, star=star) for star in (True, False))
    assert star.z[465] > 10
    total = permutation_p(counts, star.sums, star.weight)
    conditional = permutation_p(counts, plain.sums, plain.weight, null="conditional")
    assert total.p[465] == pytest.approx(2 * 5 / 900, abs=1e-12)
    assert conditional.p[465] == pytest.approx(1, abs=1e-12)


def test_nothing_drawn_or_everything_drawn_has_no_p() -> None:
    cases: list[tuple[int, Literal["total", "conditional"]]] = [(1, "total"), (1, "conditional"), (2, "conditional")]
    for n, null in cases:
        result = permutation_p(np.arange(n), np.arange(n), np.ones(n, dtype=int), null=null)
        assert np.isnan(result.p).all(), (n, null)
    counts = np.array([5, 0, 1])
    result = permutation_p(counts, [5, 5, 6], [1, 2, 3])
    assert result.p[:2].round(12).tolist() == [round(2 / 3, 12), 1.0]
    assert np.isnan(result.p[2])


def test_all_equal_values_are_certain() -> None:
    result = permutation_p(np.full(50, 4), np.full(50, 12), np.full(50, 3))
    np.testing.assert_allclose(result.p, 1, rtol=0, atol=1e-12)


def test_one_huge_cell_costs_no_memory_and_no_accuracy() -> None:
    counts = np.zeros(2500, dtype=int)
    counts[1275] = 10**9
    gi = getis_ord_grid(counts, square(50), band_m=500)
    result = permutation_p(counts, gi.sums, gi.weight)
    near = gi.sums > 0
    np.testing.assert_allclose(result.p[near], 2 * gi.weight[near] / 2500, rtol=0, atol=1e-12)
    np.testing.assert_allclose(result.p[~near], 1, rtol=0, atol=1e-12)
    assert set(result.method) == {"exact"}


def test_bands_wider_than_half_the_city_stay_exact() -> None:
    counts = np.random.default_rng(2).poisson(1, 400)
    gi = getis_ord_grid(counts, square(20), band_m=1500)
    assert gi.weight.max() == 400
    result = permutation_p(counts, gi.sums, gi.weight)
    some = gi.weight < 400
    assert set(result.method[some]) == {"exact"}
    assert np.isnan(result.p[~some]).all()
    # Where many are drawn and many stay behind, the normal p with half a case of continuity is close.
    many = gi.weight <= 350
    scale = np.abs(gi.sums - counts.mean() * gi.weight) / np.abs(gi.z)
    near = normal_p(np.maximum(np.abs(gi.z) - 0.5 / scale, 0))
    np.testing.assert_allclose(result.p[many], near[many], atol=0.02)


def test_the_fall_backs_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(3)
    counts = rng.poisson(1, 900)
    gi = getis_ord_grid(counts, square(30), band_m=900)
    exact = permutation_p(counts, gi.sums, gi.weight)
    monkeypatch.setattr(_subset_sums, "MAX_WORK", 0)
    near = permutation_p(counts, gi.sums, gi.weight)
    assert set(near.method) == {"saddlepoint"}
    np.testing.assert_allclose(near.p, exact.p, rtol=0.02)

    def nowhere(values: np.ndarray, sizes: np.ndarray, *_: object) -> tuple[np.ndarray, np.ndarray]:
        return np.full(len(sizes), np.nan), np.full(len(sizes), np.nan)

    monkeypatch.setattr(permutation, "saddlepoint_tails", nowhere)
    last = permutation_p(counts, gi.sums, gi.weight)
    assert set(last.method) == {"normal"}
    np.testing.assert_allclose(last.p, np.maximum(normal_p(gi.z), P_FLOOR), rtol=1e-9)


@pytest.mark.parametrize("unit", [1, 2**40])
def test_each_question_is_asked_once_however_large_its_numbers(unit: int) -> None:
    """Three columns of 2⁴¹ do not go into one integer."""
    question = unit * (np.random.default_rng(0).integers(0, 3, (60, 3)) - 1)
    asked, which = permutation._distinct(question)
    assert asked.tolist() == [list(row) for row in sorted({tuple(row) for row in question.tolist()})]
    np.testing.assert_array_equal(asked[which], question)


def test_no_p_is_below_what_is_vouched_for() -> None:
    counts = np.zeros(2000, dtype=int)
    counts[:30] = 50
    result = permutation_p(counts, np.full(2000, 1500), np.full(2000, 30))
    assert (result.p == P_FLOOR).all()


@pytest.mark.parametrize("null", ["total", "conditional"])
@pytest.mark.parametrize("on", ["grid", "graph"])
def test_draws_estimate_the_exact_p(null: Literal["total", "conditional"], on: str) -> None:
    from libpysal.graph import Graph

    rng = np.random.default_rng(4)
    grid = square(12)
    counts = rng.negative_binomial(0.5, 0.1, 144)
    star = null == "total"
    gi = getis_ord_grid(counts, grid, band_m=150, star=star)
    exact = permutation_p(counts, gi.sums, gi.weight, null=null)
    if on == "grid":
        place = grid_place(grid, band_m=150, star=star)
    else:
        centres = gpd.GeoSeries(gpd.points_from_xy(*grid.centres()), crs=4549)
        place = graph_place(neighbours(Graph.build_distance_band(centres, 150), star=star))
    result = permutation_p_draws(counts, place, null=null, draws=3000, seed=1)
    assert set(result.method) == {"draws_3000"}
    # p is twice a share of 3,000 draws: five standard errors of the most uncertain of 144 cells, and the 1 added.
    error = 2 * np.sqrt(np.clip(exact.p / 2 * (1 - exact.p / 2), 1e-4, None) / 3000)
    assert (np.abs(result.p - exact.p) < 5 * error + 2 / 3000).all()


def test_draws_repeat_with_their_seed_and_ties_count() -> None:
    grid = square(8)
    rates = np.where(np.arange(64) % 3 == 0, 0.1, 0.3)
    place = grid_place(grid, band_m=100, star=True)
    first, same, other = (permutation_p_draws(rates, place, seed=seed).p for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, same)
    assert (first != other).any()
    # The rates are 1 and 3 tenths: with counts of 1 and 3 the same placings give the same p, ties and all.
    whole = permutation_p_draws(np.where(np.arange(64) % 3 == 0, 1, 3), place, seed=1).p
    np.testing.assert_array_equal(first, whole)


def test_what_has_no_exact_p_is_refused() -> None:
    with pytest.raises(InputError, match="integer"):
        permutation_p([0.5, 1.0], [1, 1], [1, 1])
    with pytest.raises(InputError, match="shape"):
        permutation_p([1, 2], [1, 1, 1], [1, 1])
    with pytest.raises(InputError, match="99"):
        permutation_p_draws([1, 2], grid_place(square(1), band_m=1, star=True), draws=9)


@pytest.mark.parametrize("shape", ["poisson", "skewed", "one huge", "a few", "many"])
@pytest.mark.parametrize("k", [20, 150, 600])
def test_a_saddlepoint_that_is_not_called_rough_is_good_to_five_per_cent(
    monkeypatch: pytest.MonkeyPatch, shape: str, k: int
) -> None:
    rng = np.random.default_rng(11)
    n = 2000
    base = rng.poisson(2, n)
    values = {
        "poisson": base,
        "skewed": rng.negative_binomial(0.25, 0.02, n),
        "one huge": np.append(base[1:], 60),
        "a few": np.concatenate([base[5:], [30, 40, 50, 60, 100]]),
        "many": np.concatenate([base[100:], rng.integers(10, 40, 100)]),
    }[shape]
    deviation = values.std() * np.sqrt(k * (n - k) / (n - 1))
    sums = np.rint(k * values.mean() + deviation * np.linspace(-5, 6, n)).astype(int)
    exact = permutation_p(values, sums, np.full(n, k))
    monkeypatch.setattr(_subset_sums, "MAX_WORK", 0)
    near = permutation_p(values, sums, np.full(n, k))
    assert set(exact.method) == {"exact"}
    seen = (exact.p > 1e-10) & (near.method != "exact")
    good = near.method == "saddlepoint"
    assert (np.abs(near.p[seen & good] / exact.p[seen & good] - 1) <= 0.05).all()
    if np.abs(values - values.mean()).max() <= deviation:
        # Away from the ends of what the sum can be, where all ways are counted or some twenty values are not yet drawn.
        assert good[np.abs(sums - k * values.mean()) < 2 * deviation].all()
    else:
        assert set(near.method[seen]) == {"saddlepoint_rough"}
