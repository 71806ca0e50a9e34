"""What cells have been over the slices: planted courses are named, and shuffled times show none."""

import numpy as np
import pandas as pd
import pytest
from pyproj import CRS

from jxgis.settings import CompareWith
from jxgis.space.grid import Grid
from jxgis.trends.emerging import find_emerging

SIDE = 60
MONTHS = np.arange("2023-01", "2025-01", dtype="datetime64[M]")
PLACES = {
    "new": (9, 9), "consecutive": (9, 30), "intensifying": (9, 50), "persistent": (30, 9), "diminishing": (30, 30),
    "sporadic": (30, 50), "oscillating": (50, 9), "historical": (50, 30),
}  # fmt: skip


def square() -> Grid:
    return Grid(CRS(4549), 200.0, 0, 0, np.ones((SIDE, SIDE), dtype=bool))


def planted(seed: int, base: int = 3) -> np.ndarray:
    """A city of 24 months in which a place has each course; how many more cases its cells have, a month."""
    t = np.arange(24)
    more = {
        "new": np.where(t == 23, 40, 0),
        "consecutive": np.where(t >= 17, 30, 0),
        "intensifying": 15 + 2 * t,
        "persistent": np.full(24, 40),
        "diminishing": 15 + 2 * t[::-1],
        "sporadic": np.where(t % 3 == 2, 40, 0),
        "oscillating": np.where(t % 3 == 2, 40, -base),
        "historical": np.where(t < 22, 40, 0),
    }
    counts = np.random.default_rng(seed).poisson(base, (24, SIDE, SIDE))
    for name, (row, col) in PLACES.items():
        reach = slice(row - 2, row + 3), slice(col - 2, col + 3)
        counts[:, *reach] = np.maximum(counts[:, *reach] + more[name][:, None, None], 0)
    return counts.reshape(24, -1)


@pytest.mark.parametrize("compare_with", ["slice", "cube"])
def test_each_planted_course_is_named(compare_with: CompareWith) -> None:
    found = find_emerging(planted(0), square(), MONTHS, band_m=500, alpha=0.05, compare_with=compare_with)
    pattern = found["pattern"].to_numpy().reshape(SIDE, SIDE)
    for name, (row, col) in PLACES.items():
        assert pattern[row, col] == f"{name}_hot", name


def test_since_is_the_first_month_of_the_last_run() -> None:
    found = find_emerging(planted(0), square(), MONTHS, band_m=500, alpha=0.05)
    since = found["since"].to_numpy().reshape(SIDE, SIDE)
    for name, first in (("new", "2024-12"), ("consecutive", "2024-06"), ("persistent", "2023-01")):
        assert since[PLACES[name]] == np.datetime64(first)
    assert pd.isna(since[PLACES["historical"]])


def test_slope_is_the_yearly_change_of_the_share() -> None:
    """A share that grows by a tenth of its mean a year."""
    cells = Grid(CRS(4549), 200.0, 0, 0, np.ones((1, 50), dtype=bool))
    counts = np.full((24, 50), 1000)
    counts[:, 0] += np.linspace(-100, 100, 24).round().astype(int)
    counts[:, -1] -= counts[:, 0] - 1000
    found = find_emerging(counts, cells, MONTHS, band_m=200, alpha=0.05)
    years = (MONTHS[-1].astype("datetime64[D]") - MONTHS[0].astype("datetime64[D]")).astype(float) / 365.25
    assert found["slope"][0] == pytest.approx(200 / 2000 / years, rel=0.02)
    assert found["trend_z"][0] > 4


def test_few_cases_have_no_trend() -> None:
    counts = np.random.default_rng(3).poisson(0.1, (24, SIDE * SIDE))
    found = find_emerging(counts, square(), MONTHS, band_m=500, alpha=0.05)
    assert found[["trend_z", "trend_p", "trend_q"]].isna().all(axis=None)


@pytest.mark.parametrize(("compare_with", "rises"), [("slice", False), ("window", False), ("cube", True)])
def test_a_place_that_grows_as_the_city_does_grows_beside_all_slices_alone(
    compare_with: CompareWith, rises: bool
) -> None:
    rate = np.full(400, 2.0)
    rate[:25] = 20
    counts = np.random.default_rng(2).poisson(rate * np.linspace(1, 3, 24)[:, None])
    grid = Grid(CRS(4549), 200.0, 0, 0, np.ones((20, 20), dtype=bool))
    found = find_emerging(counts, grid, MONTHS, band_m=500, alpha=0.05, compare_with=compare_with)
    assert (found["trend_q"] <= 0.05).any() == rises
    assert found.loc[2, "pattern"] == ("intensifying_hot" if rises else "persistent_hot")


@pytest.mark.slow
@pytest.mark.parametrize("batch", [3, 10])
def test_batches_of_cases_make_nothing_new(batch: int) -> None:
    """Negative binomial months of the same mean: with each case by itself nearly all such cities had a new place."""
    side = 40
    hill = np.exp(-(np.subtract.outer(np.arange(side), [12, 30]) ** 2) / 30)
    rate = (0.4 + 8 * hill @ hill.T).ravel()
    cells = Grid(CRS(4549), 200.0, 0, 0, np.ones((side, side), dtype=bool))
    shown = 0
    for seed in range(40):
        counts = np.random.default_rng(seed).negative_binomial(rate / (batch - 1), 1 / batch, (24, side * side))
        course = find_emerging(counts, cells, MONTHS, band_m=500, alpha=0.05)["pattern"].str.split("_").str[0]
        shown += bool(course.isin(["new", "consecutive"]).any())
    # More than 6 of 40 at a chance of 1 in 20 each: 1 in 250.
    assert shown <= 6


def test_what_is_new_depends_on_how_many_cases_come_together() -> None:
    """Forty cases a cell in one month of 24 are new by themselves, and not where all of a neighbourhood are one batch."""
    alone, together = (
        find_emerging(planted(0), square(), MONTHS, band_m=500, alpha=0.05, batch=batch)["pattern"].to_numpy()
        for batch in (1.0, 2000.0)
    )
    row, col = PLACES["new"]
    assert alone.reshape(SIDE, SIDE)[row, col] == "new_hot"
    assert together.reshape(SIDE, SIDE)[row, col] == "none"


@pytest.mark.slow
@pytest.mark.parametrize("rising", [False, True])
def test_shuffled_times_show_no_trend_and_nothing_new(rising: bool) -> None:
    """Of 40 shuffles; the city's cases may rise, as long as the places share in it. Persistent places stay."""
    random = np.random.default_rng(7)
    rate = random.gamma(1, 1, SIDE * SIDE).reshape(SIDE, SIDE)
    rate[10:16, 10:16] += 25
    cell = random.choice(SIDE * SIDE, 20_000, p=rate.ravel() / rate.sum())
    weight = np.linspace(1, 2.5, 24) if rising else np.ones(24)
    month = random.choice(24, 20_000, p=weight / weight.sum())
    shown, persistent = 0, 0.0
    for _ in range(40):
        at = random.permutation(month)
        counts = np.bincount(at * SIDE * SIDE + cell, minlength=24 * SIDE * SIDE).reshape(24, -1)
        found = find_emerging(counts, square(), MONTHS, band_m=500, alpha=0.05)
        course = found["pattern"].str.split("_").str[0]
        shown += bool((found["trend_q"] <= 0.05).any() or course.isin(["new", "intensifying", "diminishing"]).any())
        persistent += (found["pattern"].to_numpy().reshape(SIDE, SIDE)[12:14, 12:14] == "persistent_hot").mean() / 40
    assert persistent > 0.95
    # More than 6 of 40 at a chance of 1 in 20 each: 1 in 250.
    assert shown <= 6
