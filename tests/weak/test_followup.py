"""What became of last year's areas: planted courses, and what is said of each."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from scipy.stats import binom
from weak_city import CITY, SIDE, issues, points

from jxgis.schema.columns import column
from jxgis.weak import Denominator, expected_again, follow_up, gather_areas, lay_yardstick

EDGE = 300.0


def course(*pairs):
    """Places with so many further issues before and recently, and eight of their kind with none."""
    rng = np.random.default_rng(1)
    west = 400.0 * np.arange(len(pairs) + 8)
    plots = gpd.GeoDataFrame(geometry=shapely.box(west, 1000, west + EDGE, 1000 + EDGE), crs=4549)
    periods = []
    for k in (0, 1):
        n = np.repeat(np.arange(len(pairs)), [pair[k] for pair in pairs])
        more = points(west[n] + rng.uniform(1, EDGE - 1, len(n)), 1000 + rng.uniform(1, EDGE - 1, len(n)))
        periods.append(gpd.GeoDataFrame(pd.concat([issues(rng, mean=3), more], ignore_index=True)))
    return plots, periods


def test_each_status_is_what_was_planted():
    plots, (before, recent) = course((80, 90), (120, 0), (8, 0))
    areas = gather_areas({"markets": plots}, CITY, point_buffer_m=1, line_buffer_m=1)
    yardstick = lay_yardstick(areas, CITY, Denominator("km2"), cell_m=200)
    away = gpd.GeoDataFrame(geometry=[shapely.box(8000, 0, 8100, 100)], crs=4549)
    gone = gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 100, 100)], crs=4549)
    last = gather_areas(
        {"markets": plots.iloc[:3], "squares": gone, "hot_place": away}, CITY, point_buffer_m=1, line_buffer_m=1
    )
    found = follow_up(last, areas, before, recent, yardstick, reference="kind", alpha=0.05)
    assert found["status"].tolist() == ["still_weak", "improved", "no_longer", "not_comparable", "not_comparable"]
    assert found["reason"].fillna("").tolist() == ["", "", "", "no_reference", "outside_city"]
    assert found["severity_before"][1] > 2
    assert found["severity"][1] < 1.3


def test_of_an_area_that_was_never_weak_no_end_is_said():
    """One that a user lists, with more cases than last year: not significant, and its word tells of no fall."""
    plots, (before, recent) = course((80, 90), (120, 0), (0, 6))
    areas = gather_areas({"markets": plots}, CITY, point_buffer_m=1, line_buffer_m=1)
    yardstick = lay_yardstick(areas, CITY, Denominator("km2"), cell_m=200)
    found = follow_up(areas.iloc[2:3], areas, before, recent, yardstick, reference="kind", alpha=0.05).iloc[0]
    assert found["issues"] > found["cases_before"]
    assert found["severity_before"] < 1
    status = column("status", "weak.before")
    assert [status.word(found["status"], lang) for lang in ("zh", "en")] == ["目前不显著", "not significant now"]


def test_what_happens_outside_the_city_says_nothing_of_chance_inside():
    """Cells on the edge reach beyond the city: heaps that lie there, outside, would make every change look like chance."""
    plots, (before, recent) = course((80, 90), (120, 0))
    inside = gpd.GeoDataFrame({"name": ["c"]}, geometry=[CITY.geometry[0].buffer(-90)], crs=4549)
    areas = gather_areas({"markets": plots}, inside, point_buffer_m=1, line_buffer_m=1)
    yardstick = lay_yardstick(areas, inside, Denominator("km2"), cell_m=200)
    west = np.repeat(np.arange(100, SIDE - 100, 200.0), 50)
    heaps = points(west, np.full(len(west), 50.0))
    plain, heaped = (
        follow_up(areas, areas, *periods, yardstick, reference="kind", alpha=0.05)
        for periods in (
            (before, recent),
            [pd.concat([period, heaps], ignore_index=True) for period in (before, recent)],
        )
    )
    pd.testing.assert_frame_equal(heaped, plain)


def test_last_years_hot_places_are_tested_by_this_years_issues():
    plots, (before, recent) = course((80, 90))
    areas = gather_areas({"hot_place": plots.iloc[:1]}, CITY, point_buffer_m=1, line_buffer_m=1)
    yardstick = lay_yardstick(areas, CITY, Denominator("km2"), cell_m=200)
    found = follow_up(areas, areas, before, recent, yardstick, reference="kind", alpha=0.05)
    assert found["status"].tolist() == ["still_weak"]
    assert found["q"][0] < 1e-6


def test_the_worst_come_back_by_themselves_and_are_not_called_improved_for_it():
    """Nothing is done: of the ten worst of 60 areas 5 % at most fall below what comes back by itself, though all fall."""
    rng, runs = np.random.default_rng(6), 60
    for spread in (0.05, 0.4):
        called, change = 0, 0.0
        for _ in range(runs):
            place, size = rng.gamma(1 / spread, spread, 60), rng.uniform(5, 40, 60)
            before, recent = (
                pd.DataFrame({"kind": "k", "issues": rng.poisson(size * place), "expected": size}) for _ in range(2)
            )
            worst = (before["issues"] / size).nlargest(10).index
            found = expected_again(before.loc[worst], recent.loc[worst], before, 1.0)
            called += int((found["fall_p"] <= 0.05).sum())
            change += (recent["issues"] / before["issues"].clip(lower=1) - 1).loc[worst].mean() / runs
        assert change < -0.03
        assert called <= binom.ppf(0.999, 10 * runs, 0.05)


def test_what_comes_again_is_unbiased_for_the_worst():
    rng = np.random.default_rng(2)
    place, size = rng.gamma(4, 0.25, 5000), rng.uniform(5, 40, 5000)
    before, recent = (
        pd.DataFrame({"kind": "k", "issues": rng.poisson(size * place), "expected": size}) for _ in range(2)
    )
    worst = (before["issues"] / size).nlargest(500).index
    again = expected_again(before.loc[worst], recent.loc[worst], before, 1.0)["issues_again"]
    # 500 areas with some 40 cases each: a sum of 20,000 is known to 1 %.
    assert recent.loc[worst, "issues"].sum() == pytest.approx(again.sum(), rel=0.03)
    assert before.loc[worst, "issues"].sum() > 1.05 * again.sum()


def test_a_fall_that_was_brought_about_is_found():
    rng = np.random.default_rng(3)
    place, size = rng.gamma(4, 0.25, 200), np.full(200, 60.0)
    before = pd.DataFrame({"kind": "k", "issues": rng.poisson(size * place), "expected": size})
    recent = before.assign(issues=rng.poisson(0.5 * size * place))
    worst = before["issues"].nlargest(20).index
    assert (expected_again(before.loc[worst], recent.loc[worst], before, 1.0)["fall_p"] <= 0.05).mean() > 0.9
