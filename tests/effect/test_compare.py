"""The comparison: by hand, by brute force, and on simulated cities in which nothing or a known thing was done."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import numpy as np
import pandas as pd
import pytest
from placebo_city import city, treat
from scipy.stats import binom

from jxgis.effect.compare import compare_areas
from jxgis.effect.placebo import placebo_places

#: The lower 99.9 % end of 95 % in 1,000; of fewer runs it lies lower.
RUNS = 250
LEAST = binom.ppf(0.001, RUNS, 0.95) / RUNS


def test_one_set_by_hand() -> None:
    areas = pd.DataFrame(
        {"treated": [True, False, False], "before": [100, 90, 9], "after": [59, 80, 9]}, index=["a", "b", "c"]
    )
    found = compare_areas(areas)
    change, of_control = np.log(59.5 / 100.5), np.log(80.5 / 90.5)
    assert found.sets["treated"].tolist() + found.sets["controls"].tolist() == ["a", ("b",)]
    assert found.sets.loc[0, "difference"] == pytest.approx(change - of_control)
    assert found.in_shares()[0] == pytest.approx(59.5 / 100.5 * 90.5 / 80.5 - 1)
    assert np.isnan(found.in_shares()[1])
    # One pair: both choices of a sign are as rare.
    assert found.centre.p == 1
    assert np.isnan(found.detectable())


def test_the_weights_are_the_precision_of_the_counts_where_areas_do_not_change_by_themselves() -> None:
    areas = pd.DataFrame(
        {"treated": [True, True, False, False, False, False], "before": [100, 10, 100, 10, 50, 50]},
        index=list("abcdef"),
    ).assign(after=lambda rows: rows["before"])
    found = compare_areas(areas)
    assert found.spread == 0
    assert found.sets["controls"].tolist() == [("c",), ("d",)]
    variance = np.array([2 * 4 / 201, 2 * 4 / 21])
    assert found.sets["variance"].to_numpy() == pytest.approx(variance)
    assert found.sets["weight"].to_numpy() == pytest.approx((1 / variance) / (1 / variance).sum())


def test_controls_are_the_nearest_together_by_brute_force() -> None:
    rng = np.random.default_rng(4)
    for _ in range(20):
        counts = pd.DataFrame(rng.integers(5, 200, (8, 2)), columns=["before", "after"])
        areas = counts.assign(treated=np.arange(8) < 3)
        found = compare_areas(areas)
        level = np.log(areas["before"] + areas["after"])
        best = min(
            sum((level[i] - level[j]) ** 2 for i, j in enumerate(chosen)) for chosen in permutations(range(3, 8), 3)
        )
        own = sum((level[i] - level[j]) ** 2 for i, (j,) in found.sets[["treated", "controls"]].itertuples(index=False))
        assert own == pytest.approx(best)
        used = [j for controls in found.sets["controls"] for j in controls]
        assert len(set(used)) == len(used)


def test_the_order_of_the_rows_changes_nothing() -> None:
    rng = np.random.default_rng(5)
    areas = treat(city(rng, passing=0.2), rng, worst=True, number=20)
    first, again = compare_areas(areas), compare_areas(areas.sample(frac=1, random_state=1))
    assert first.centre == again.centre
    pd.testing.assert_frame_equal(first.sets, again.sets)


def test_trend_counts_where_it_is_more_than_chance() -> None:
    rng = np.random.default_rng(6)
    still = treat(city(rng, cases=200), rng, worst=False)
    moving = treat(city(rng, cases=200, drift=0.5), rng, worst=False)
    assert compare_areas(still).trend_counts < 0.4
    found = compare_areas(moving)
    assert found.trend_counts > 0.9
    unlike = compare_areas(moving.drop(columns=["early", "late"]))
    assert unlike.sets["trend"].isna().all()
    trend = np.log((moving["late"] + 0.5) / (moving["early"] + 0.5))

    def apart(sets: pd.DataFrame) -> float:
        return float(
            np.mean([abs(trend[i] - trend[list(j)].mean()) for i, j in sets[["treated", "controls"]].to_numpy()])
        )

    assert apart(found.sets) < 0.6 * apart(unlike.sets)


def test_areas_that_drift_apart_are_told_from_ups_and_downs_that_pass() -> None:
    """Drift is what the interval does not hold against for the worst; what passes, or is carried over, is none."""
    rng = np.random.default_rng(12)
    kinds: tuple[dict[str, Any], ...] = ({"drift": 0.1}, {}, {"passing": 0.3}, {"passing": 0.3, "carried": 0.7})
    told = [
        [compare_areas(treat(city(rng, cases=100, **kind), rng, worst=True)).drift_p < 0.01 for _ in range(100)]
        for kind in kinds
    ]
    assert np.mean(told[0]) > 0.8
    # One in 100 by chance; six or more in 100 are less than one in 1,000.
    assert max(sum(each) for each in told[1:]) < 6
    no_trend = treat(city(rng), rng, worst=True).drop(columns=["early", "late"])
    assert np.isnan(compare_areas(no_trend).drift_p)


def test_areas_without_cases_take_no_part() -> None:
    areas = pd.DataFrame({"treated": [True, False], "before": [0, 5], "after": [0, 5]})
    found = compare_areas(areas)
    assert found.sets.empty
    assert np.isnan(found.in_shares()).all()
    assert compare_areas(areas.assign(treated=True, before=3)).sets.empty


@pytest.mark.parametrize("worst", [False, True], ids=["random", "worst"])
@pytest.mark.parametrize(
    "kind",
    [
        {},
        {"passing": 0.3},
        {"passing": 0.3, "carried": 0.7},
        {"passing": 0.3, "common": -0.2},
        {"passing": 0.3, "cases": 4},
    ],
    ids=["poisson", "overdispersed", "carried over", "all falling", "few cases"],
)
def test_the_interval_holds_nothing_where_nothing_was_done(kind: dict[str, Any], worst: bool) -> None:
    rng = np.random.default_rng(7)
    found = [compare_areas(treat(city(rng, **kind), rng, worst=worst)).centre for _ in range(RUNS)]
    assert np.mean([each.low <= 0 <= each.high for each in found]) >= LEAST


def test_the_worst_come_back_by_themselves_where_the_year_that_selected_is_the_baseline() -> None:
    """What the periods are for: with the selecting period as the baseline a drop is found where there is none."""
    rng = np.random.default_rng(8)
    cities = [treat(city(rng, passing=0.3), rng, worst=True) for _ in range(60)]
    naive = [compare_areas(areas.assign(before=areas["selecting"])).centre for areas in cities]
    own = [compare_areas(areas).centre for areas in cities]
    assert np.mean([each.value for each in naive]) < -0.15
    assert np.mean([each.low <= 0 <= each.high for each in naive]) < 0.8
    assert abs(np.mean([each.value for each in own])) < 0.05


def test_a_drop_is_found_at_the_power_that_is_stated() -> None:
    """Each city states its own least drop; planted in it, four in five are found."""
    rng = np.random.default_rng(9)
    kind: dict[str, Any] = {"cases": 150, "passing": 0.1}
    stated = np.mean([compare_areas(treat(city(rng, **kind), rng, worst=True)).detectable() for _ in range(12)])
    found = [compare_areas(treat(city(rng, **kind), rng, worst=True, drop=float(stated))).centre for _ in range(RUNS)]
    assert np.mean([each.high < 0 for each in found]) == pytest.approx(0.8, abs=0.08)
    # The effect is what was planted, to four standard errors.
    values = [each.value for each in found]
    assert np.mean(values) == pytest.approx(np.log1p(-stated), abs=4 * np.std(values) / np.sqrt(RUNS))


def test_placebo_places_leave_the_treated_out_and_need_twice_the_least_number() -> None:
    rng = np.random.default_rng(10)
    areas = treat(city(rng, areas=30), rng, worst=True, number=12)
    found = placebo_places(areas, treated=12)
    assert [kind for kind, _ in found] == ["worst"] + ["random"] * 200
    treated = set(areas.index[areas["treated"]])
    for _, each in found:
        taken = {*each.sets["treated"], *(j for controls in each.sets["controls"] for j in controls)}
        assert not taken & treated
        assert len(each.sets) == 9
    pool = areas[~areas["treated"]]
    assert set(found[0][1].sets["treated"]) == set(pool["selecting"].nlargest(9).index)
    assert placebo_places(areas.iloc[:12].assign(treated=False).iloc[:11], treated=6) == []
