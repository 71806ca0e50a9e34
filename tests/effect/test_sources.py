"""Sources that seem to have moved: seldom where none did, nearly always where patrols changed."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

from jxgis.effect.sources import moved_sources

SHARES = {"巡查": 0.5, "公众": 0.3, "热线": 0.2}


def moved(rng: np.random.Generator, sets: int, fewer_patrols: float = 0.0, cases: float = 60.0) -> pd.DataFrame:
    """Treated areas with three controls each, whose own shares differ and last; patrols of the treated report less later."""
    own = rng.dirichlet(20 * np.array([*SHARES.values()]), size=4 * sets)
    number = rng.poisson(cases * own[:, None, :] * np.ones((1, 2, 1)))
    number[:sets, 1, 0] = rng.binomial(number[:sets, 1, 0], 1 - fewer_patrols)
    place, later, source = (axis.ravel() for axis in np.indices(number.shape))
    place, later, source = (np.repeat(axis, number.ravel()) for axis in (place, later, source))
    controls = [list(range(sets + 3 * at, sets + 3 * at + 3)) for at in range(sets)]
    compared: Any = SimpleNamespace(
        sets=pd.DataFrame({"treated": range(sets), "controls": controls, "weight": np.ones(sets)})
    )
    names = pd.Series(np.array([*SHARES], dtype=object)[source])
    return moved_sources(compared, place, names, later == 0, later == 1)


@pytest.mark.slow
def test_one_programme_in_twenty_whose_sources_stayed_has_one_that_moved() -> None:
    """Of three sources one at a time 14 % had: each might be the one."""
    rng = np.random.default_rng(1)
    runs = 400
    warned = sum(bool(moved(rng, 10)["warns"].any()) for _ in range(runs))
    assert warned <= binom.ppf(0.999, runs, 0.05)


def test_patrols_that_report_less_are_found() -> None:
    """Simulated: four in five such programmes are warned of; of 60, 40 or more are in all but one seed of a hundred."""
    rng = np.random.default_rng(2)
    assert sum(bool(moved(rng, 10, fewer_patrols=0.4)["warns"].any()) for _ in range(60)) >= 40


@pytest.mark.parametrize("sets", [4, 6, 7, 12])
def test_few_sets_say_a_large_move(sets: int) -> None:
    """Of six sets no p is below 1/32, which three sources make 3/32: only how far they moved can tell then."""
    found = moved(np.random.default_rng(3), sets, fewer_patrols=0.7, cases=400.0).set_index("source")
    assert found["moved"]["巡查"] < -0.1
    assert found["warns"]["巡查"]
    assert bool(found["moved_low"].isna()["巡查"]) == (sets < 6)


@pytest.mark.parametrize("sets", [4, 6, 12])
def test_sources_that_stayed_are_not_said(sets: int) -> None:
    assert not moved(np.random.default_rng(4), sets, cases=400.0)["warns"].any()


@pytest.mark.slow
def test_of_few_sets_whose_sources_stayed_few_have_one_that_moved() -> None:
    """Of six sets the interval holds no zero in one of 32 for each of three sources, and the move must be large besides."""
    rng = np.random.default_rng(5)
    runs = 200
    warned = sum(bool(moved(rng, 6, cases=30.0)["warns"].any()) for _ in range(runs))
    assert warned <= binom.ppf(0.999, runs, 3 / 32)
