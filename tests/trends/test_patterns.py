"""Categories against the definitions as they are written, one place at a time."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from jxgis.errors import InputError
from jxgis.trends.patterns import CATEGORIES, patterns, since


def _plain(states, trend) -> str:
    """The table of definitions, read line by line."""
    for sign, ending in ((1, "hot"), (-1, "cold")):
        own = [state * sign for state in states]
        hot = [state == 1 for state in own]
        share = sum(hot) / len(hot)
        before = own[:-1]
        run = 0
        while run < len(hot) and hot[-1 - run]:
            run += 1
        if hot[-1]:
            if not any(hot[:-1]):
                return f"new_{ending}"
            if run >= 2 and not any(hot[: len(hot) - run]) and share < 0.9:
                return f"consecutive_{ending}"
            if share >= 0.9:
                return {1: "intensifying", 0: "persistent", -1: "diminishing"}[trend * sign] + f"_{ending}"
            if -1 in before:
                return f"oscillating_{ending}"
            return f"sporadic_{ending}"
        if share >= 0.9:
            return f"historical_{ending}"
    return "none"


def test_all_series_of_six_slices_are_what_the_definitions_say() -> None:
    series = np.array(list(itertools.product([-1, 0, 1], repeat=6))).T
    for trend in (-1, 0, 1):
        found = patterns(series, np.full(series.shape[1], trend))
        assert found.tolist() == [_plain(column, trend) for column in series.T.tolist()]


@pytest.mark.parametrize("slices", [10, 11, 20, 36])
def test_long_series_near_nine_in_ten_are_what_the_definitions_say(slices: int) -> None:
    rng = np.random.default_rng(slices)
    chance = rng.choice([0.02, 0.1, 0.5, 0.9, 0.97], 2000)
    sign = rng.choice([-1, 1], 2000)
    states = np.where(rng.random((slices, 2000)) < chance, sign, rng.choice([0, 0, 0, 1, -1], (slices, 2000)))
    trend = rng.choice([-1, 0, 1], 2000)
    found = patterns(states, trend).tolist()
    assert found == [_plain(column, t) for column, t in zip(states.T.tolist(), trend.tolist(), strict=True)]
    if slices == 10:
        assert len(set(found)) == 2 * len(CATEGORIES) + 1


def test_nine_of_ten_slices_are_nine_in_ten() -> None:
    states = np.ones((10, 2), dtype=int)
    states[3, 0] = 0
    states[[3, 5], 1] = 0
    assert patterns(states, [0, 0]).tolist() == ["persistent_hot", "sporadic_hot"]


def test_since_is_where_the_last_run_begins() -> None:
    series = np.array(list(itertools.product([-1, 0, 1], repeat=5))).T
    for column, found in zip(series.T.tolist(), since(series).tolist(), strict=True):
        if column[-1] == 0:
            assert found == -1
        else:
            assert all(state == column[-1] for state in column[found:])
            assert found == 0 or column[found - 1] != column[-1]


@pytest.mark.parametrize(
    ("states", "trend"), [([[1]], [0]), ([1, 0], [0]), ([[1, 0], [0, 0]], [0]), ([[2], [0]], [0]), ([[1], [0]], [0.5])]
)
def test_what_is_no_history_is_refused(states, trend) -> None:
    with pytest.raises(InputError):
        patterns(states, trend)
