"""The scan against a plain oracle that looks at every centre, size and stretch of time."""

from __future__ import annotations

from math import cos, log, radians, sin, sqrt
from typing import Any

import numpy as np
import pyproj
import pytest

from jxgis.scan.replicates import draw_cases
from jxgis.scan.statistic import Scanned, gumbel_p, scan_cases, scan_times
from jxgis.scan.windows import grow_shapes, stretches_of
from jxgis.space.grid import Grid
from jxgis.statistics import Overdispersion

POISSON = Overdispersion(1.0, 0.0)
KEYS: dict[str, Any] = {"replicates": 19, "seed": 1, "threads": 1}


def grid_of(mask: np.ndarray) -> Grid:
    return Grid(pyproj.CRS(4549), 100.0, 0, 0, mask)


def plain_windows(grid: Grid, exposure, ratios, radius_m, penalty):
    """Every window around a cell with exposure: set of cells and weight, from the definition."""
    places = list(zip(grid.rows.tolist(), grid.cols.tolist(), strict=True))
    for ratio in ratios:
        turns = 1 if ratio == 1 else int(3 * ratio)
        for turn in range(turns):
            angle = radians(180 * turn / turns)
            for row, col in (place for place, own in zip(places, exposure, strict=True) if own > 0):
                away = []
                for r, c in places:
                    u = (c - col) * cos(angle) + (r - row) * sin(angle)
                    v = (r - row) * cos(angle) - (c - col) * sin(angle)
                    away.append(round(100 * sqrt(u * u + ratio * ratio * v * v), 6))
                for reach in sorted({metres for metres in away if metres <= radius_m}):
                    inside = frozenset(i for i, metres in enumerate(away) if metres <= reach)
                    yield inside, (4 * ratio / (ratio + 1) ** 2) ** penalty


def kulldorff(seen: int, expected: float, total: int) -> float:
    """Kulldorff (1997): how much likelier a rate of the window's own is than one rate everywhere."""
    rest = total - seen
    return seen * log(seen / expected) + (rest * log(rest / (total - expected)) if rest else 0)


def plain_scan(cases, exposure, time, grid, *, ratios, radius_m, penalty, max_share, stretches, clusters):
    """The most likely windows that do not overlap: sets of cells, stretch, observed, expected, ratio."""
    total, held = cases.sum(), sum(exposure)
    every = []
    for inside, weight in plain_windows(grid, exposure, ratios, radius_m, penalty):
        own = sum(exposure[i] for i in inside)
        if own > max_share * held + 1e-9:
            continue
        for first, end in stretches:
            seen = sum(int(cases[i, t]) for i in inside for t in range(first, end))
            expected = total * own / held * sum(time[t] for t in range(first, end))
            if seen >= 2 and seen > expected:
                every.append((kulldorff(seen, expected, total) * weight, inside, (first, end), seen, expected))
    found, taken = [], set()
    for window in sorted(every, key=lambda one: -one[0]):
        if not window[1] & taken:
            found.append(window)
            taken |= window[1]
    return found[:clusters]


def same(found, stretches, oracle) -> None:
    """Ratios, counts and what is expected agree, and cells too where no other window is as likely."""
    assert len(found) >= len(oracle)
    for window, (llr, cells, stretch, seen, expected) in zip(found, oracle, strict=False):
        assert window.llr == pytest.approx(llr, rel=1e-9)
        assert window.observed == seen
        assert window.expected == pytest.approx(expected, rel=1e-9)
        assert frozenset(window.cells.tolist()) == cells
        assert (stretches.first[window.stretch], stretches.end[window.stretch]) == stretch


def all_windows(monkeypatch) -> None:
    """Clusters by chance, too: every window has a p that is small enough."""
    monkeypatch.setattr(Scanned, "p", lambda self, llr: 0.0)


@pytest.mark.parametrize("ratios", [(1,), (1, 1.5, 2), (3,)])
@pytest.mark.parametrize("slices", [1, 4])
@pytest.mark.parametrize("seed", range(6))
def test_cases_against_an_exposure_equal_the_oracle(seed, slices, ratios, monkeypatch) -> None:
    rng = np.random.default_rng(seed)
    all_windows(monkeypatch)
    mask = rng.random((7, 6)) < 0.85
    grid = grid_of(mask)
    # Not whole numbers, so that no two windows are alike.
    exposure = rng.gamma(2, 3, len(grid)) + 0.01
    cases = rng.poisson(exposure[:, None] / exposure.mean() * 1.5 / slices, (len(grid), slices))
    time = rng.dirichlet(np.full(slices, 5.0))
    penalty, recent = (0.5, bool(seed % 2))
    stretches = stretches_of(slices, longest=max(slices // 2, 1), recent=recent)
    found = scan_cases(
        cases, exposure, grid, grow_shapes(ratios, cell_m=100, radius_max_m=310, penalty=penalty), max_share=0.4,
        varying=POISSON, alpha=0.05, stretches=stretches, time=time, **KEYS,
    )  # fmt: skip
    pairs = list(zip(stretches.first.tolist(), stretches.end.tolist(), strict=True))
    oracle = plain_scan(
        cases,
        exposure,
        time,
        grid,
        ratios=ratios,
        radius_m=310,
        penalty=penalty,
        max_share=0.4,
        stretches=pairs,
        clusters=3,
    )
    assert oracle
    same(found.clusters, stretches, oracle)
    assert found.best == found.clusters[0].llr


@pytest.mark.parametrize("recent", [True, False])
@pytest.mark.parametrize("seed", range(6))
def test_times_among_places_equal_the_oracle(seed, recent, monkeypatch) -> None:
    rng = np.random.default_rng(100 + seed)
    all_windows(monkeypatch)
    grid = grid_of(rng.random((6, 7)) < 0.9)
    cells, slices = rng.integers(len(grid) - 3, size=150), rng.integers(6, size=150)
    cells[:9], slices[:9] = rng.integers(3, size=9), 5
    stretches = stretches_of(6, longest=3, recent=recent)
    found = scan_times(
        cells, slices, grid, grow_shapes([1, 2], cell_m=100, radius_max_m=250), stretches, max_share=0.3,
        varying=POISSON, alpha=0.05, **KEYS,
    )  # fmt: skip
    cases = np.zeros((len(grid), 6), dtype=int)
    np.add.at(cases, (cells, slices), 1)
    oracle = plain_scan(
        cases, cases.sum(axis=1), cases.sum(axis=0) / 150, grid, ratios=(1, 2), radius_m=250, penalty=0, max_share=0.3,
        stretches=list(zip(stretches.first.tolist(), stretches.end.tolist(), strict=True)), clusters=1,
    )  # fmt: skip
    # Of whole numbers several windows may be as likely: which one is not asked.
    first = found.clusters[0]
    assert first.llr == pytest.approx(oracle[0][0], rel=1e-9)
    of_first = [cases[sorted(first.cells)][:, stretches.first[first.stretch] : stretches.end[first.stretch]].sum()]
    assert of_first == [first.observed]
    assert first.llr == pytest.approx(kulldorff(first.observed, first.expected, 150), rel=1e-9)


def test_of_windows_that_are_alike_the_first_counts(monkeypatch) -> None:
    all_windows(monkeypatch)
    grid = grid_of(np.ones((1, 9), dtype=bool))
    cases = np.array([[1], [1], [6], [1], [1], [1], [6], [1], [1]])
    found = scan_cases(
        cases, np.ones(9), grid, grow_shapes([1], cell_m=100, radius_max_m=100), max_share=0.5, varying=POISSON,
        alpha=0.05, **KEYS,
    )  # fmt: skip
    assert [window.cells.tolist() for window in found.clusters[:2]] == [[2], [6]]


def test_one_case_is_no_cluster() -> None:
    grid = grid_of(np.ones((1, 50), dtype=bool))
    cases = np.zeros((50, 1), dtype=int)
    cases[[3, 40]] = 1
    found = scan_cases(
        cases, np.ones(50), grid, grow_shapes([1], cell_m=100, radius_max_m=100), max_share=0.5, varying=POISSON,
        alpha=1.0, **KEYS,
    )  # fmt: skip
    assert found.best == 0
    assert found.clusters == []


def test_threads_change_nothing_and_seeds_do() -> None:
    rng = np.random.default_rng(5)
    grid = grid_of(np.ones((20, 20), dtype=bool))
    cases, exposure = rng.poisson(2, (400, 1)), np.ones(400)

    def scan(**keys):
        asked: dict[str, Any] = {"replicates": 39, "seed": 0, "threads": 1} | keys
        shapes = grow_shapes([1, 2], cell_m=100, radius_max_m=400)
        return scan_cases(
            cases, exposure, grid, shapes, max_share=0.3, varying=Overdispersion(1.4, 0.1), alpha=0.05, **asked
        )

    assert scan().replicates.tolist() == scan(threads=4).replicates.tolist()
    assert scan().replicates.tolist() != scan(seed=1).replicates.tolist()


def test_p_counts_the_data_among_the_replicates() -> None:
    scanned = Scanned([], 5.0, np.array([1.0, 5.0, 6.0, 2.0]), 9)
    assert scanned.p(5.0) == 3 / 5
    assert scanned.p(7.0) == 1 / 5


@pytest.mark.parametrize("first", [0, 1])
def test_maps_that_are_as_strong_count_however_their_shares_add_up(first: int) -> None:
    """Of three cases, one a month, two are of one cell: by enumeration they follow each other in two maps of three."""
    grid, stretches = grid_of(np.array([[True, False, False, True]])), stretches_of(3, longest=2, recent=False)
    months = np.array([first, first + 1, 2 - 2 * first])
    found = scan_times(
        np.array([0, 0, 1]), months, grid, grow_shapes([1], cell_m=100, radius_max_m=100), stretches, max_share=0.7,
        varying=POISSON, alpha=1.0, replicates=999, seed=0, threads=1,
    )  # fmt: skip
    assert found.p(found.best) == pytest.approx(2 / 3, abs=0.06)


def test_where_all_maps_are_as_strong_their_gumbel_has_no_width() -> None:
    as_strong = np.array([0.3, 0.1 + 0.2, 0.3])
    assert [gumbel_p(llr, as_strong) for llr in (0.3, 0.1 + 0.2, 0.4)] == [1.0, 1.0, 0.0]


def test_gumbel_gives_back_the_tail_of_a_gumbel() -> None:
    maxima = np.random.default_rng(3).gumbel(8, 1.5, 20_000)
    for p in (0.2, 0.05, 0.001):
        assert gumbel_p(8 - 1.5 * log(-log(1 - p)), maxima) == pytest.approx(p, rel=0.12)


@pytest.mark.parametrize("varying", [Overdispersion(1e6, 0.0), Overdispersion(1.0, 1e6)])
def test_where_no_rate_is_left_all_cases_are_one_batch(varying: Overdispersion) -> None:
    """A few cases where next to nothing is expected vary so much that every rate is too small for a number."""
    expected = np.array([[1e-9], [0.5], [1.5]])
    drawn = [draw_cases(expected, 2, varying, np.random.default_rng(seed)).ravel().tolist() for seed in range(400)]
    assert {tuple(sorted(cases)) for cases in drawn} == {(0, 0, 2)}
    assert np.mean([cases[2] == 2 for cases in drawn]) == pytest.approx(0.75, abs=0.1)
