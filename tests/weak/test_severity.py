"""Severity against hand-made counts and a brute-force count, its level against simulated cities."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from scipy.stats import binom
from weak_city import CITY, issues, places, points, units

from jxgis.statistics import Overdispersion, benjamini_hochberg
from jxgis.weak import Denominator, change_of, gather_areas, lay_yardstick, measure_severity, rank_areas

BUFFERS = {"point_buffer_m": 100, "line_buffer_m": 20}


def judged(layers, cases, reference="kind"):
    areas = gather_areas(layers, CITY, **BUFFERS)
    yardstick = lay_yardstick(areas, CITY, Denominator("km2"), cell_m=200)
    chosen = (areas["kind"] == "hot_place").to_numpy()
    found = measure_severity(areas, cases, yardstick, reference=reference, chosen=chosen)
    return gpd.GeoDataFrame(areas.drop(columns="reason").join(found).assign(change=0.0))


def test_severity_is_by_hand():
    # Two markets of 1 and 3 hectares with 30 and 10 cases: of 40 on 4 hectares the first would hold 10, the second 30.
    plots = gpd.GeoDataFrame({"name": ["甲", "乙"]}, geometry=shapely.box([0, 1000], 0, [100, 1300], 100), crs=4549)
    rng = np.random.default_rng(0)
    x, y = rng.uniform(1, 99, (2, 40))
    x[30:] = 1000 + 3 * x[30:]
    found = judged({"markets": plots}, points(x, y))
    assert found["issues"].tolist() == [30, 10]
    assert found["expected"].tolist() == pytest.approx([10, 30])
    prior = lay_yardstick(gather_areas({"markets": plots}, CITY, **BUFFERS), CITY, Denominator("km2"), cell_m=200)
    half = prior.dispersion(points(x, y)).batch / 2
    assert found["severity"].tolist() == pytest.approx([(30 + half) / (10 + half), (10 + half) / (30 + half)])


def test_where_nearly_nobody_lives_nothing_is_judged_by_people():
    """60 issues beside one resident were 100 times too many, and first on the list."""
    plots = gpd.GeoDataFrame(
        {"name": list("甲乙丙")}, geometry=shapely.box([0, 1000, 2000], 0, [100, 1100, 2100], 100), crs=4549
    )
    people = plots.assign(people=[1000, 1000, 1])
    rng = np.random.default_rng(0)
    x, y = rng.uniform(1, 99, (2, 120))
    x[40:60] += 1000
    x[60:] += 2000
    areas = gather_areas({"markets": plots}, CITY, **BUFFERS)
    yardstick = lay_yardstick(areas, CITY, Denominator("people", people), cell_m=200)
    found, all_of_them = (
        measure_severity(areas, points(x, y), yardstick, reference="kind", min_expected=least) for least in (1, 0)
    )
    assert found["reason"].isna().tolist() == [True, True, False]
    assert found["reason"][2] == "weak_few_expected"
    assert found.loc[2, ["severity", "p", "expected"]].isna().all()
    assert found["issues"].tolist() == [40, 20, 60]
    # The others are as they were: 120 cases of 2,001 people.
    assert found["expected"][:2].tolist() == pytest.approx([120_000 / 2001] * 2)
    pd.testing.assert_series_equal(found["severity"][:2], all_of_them["severity"][:2])
    half = yardstick.dispersion(points(x, y)).batch / 2
    assert all_of_them["severity"][2] == pytest.approx((60 + half) / (120 / 2001 + half))


def test_counts_expected_and_p_are_those_of_plain_loops():
    rng = np.random.default_rng(5)
    plots, cases = places(rng, 25), issues(rng)
    found = judged({"markets": plots}, cases)
    everything = shapely.union_all(plots.geometry.to_numpy())
    total = sum(everything.intersects(p) for p in cases.geometry)
    for k, plot in enumerate(plots.geometry):
        assert found["issues"][k] == sum(plot.intersects(p) for p in cases.geometry)
        assert found["expected"][k] == pytest.approx(total * plot.area / everything.area)
    # Counts without overdispersion: hardly more cautious than the binomial, never bolder.
    plain = binom.sf(found["issues"] - 1, total, found["expected"] / total)
    many = plain < 0.3
    assert (found["p"][many] >= plain[many] - 1e-12).all()
    assert found["p"].to_numpy() == pytest.approx(plain, abs=0.05)


def test_what_cannot_be_judged_says_why():
    plots = gpd.GeoDataFrame({"name": ["城外"]}, geometry=[shapely.box(9000, 9000, 9100, 9100)], crs=4549)
    lone = gpd.GeoDataFrame({"name": ["独"]}, geometry=[shapely.box(0, 0, 100, 100)], crs=4549)
    quiet = gpd.GeoDataFrame({"name": ["静", "寂"]}, geometry=shapely.box([3000, 4000], 0, [3100, 4100], 9), crs=4549)
    cases = points(np.full(9, 50.0), np.full(9, 50.0))
    found = judged({"markets": plots, "squares": lone, "back_lanes": quiet}, cases)
    assert found["reason"].tolist() == ["outside_city", "alone_of_kind", "none_of_kind", "none_of_kind"]
    assert found[["severity", "p"]].isna().to_numpy().all()
    ranked = rank_areas(found, cases, alpha=0.05, min_issues=5)
    assert (ranked["status"] == "not_judged").all()


def test_a_hot_place_is_not_tested_on_the_issues_that_chose_it():
    place = gpd.GeoDataFrame({"name": ["热"], "hot_q": [0.003]}, geometry=[shapely.box(0, 0, 400, 400)], crs=4549)
    cases = issues(np.random.default_rng(2))
    found = judged({"hot_place": place}, pd.concat([cases, cases.cx[0:400, 0:400]]))
    assert found[["p", "low", "high"]].isna().to_numpy().all()
    assert found["against"].tolist() == ["city"]
    ranked = rank_areas(found, cases, alpha=0.05, min_issues=5)
    assert ranked[["q", "q_from", "status"]].to_numpy().tolist() == [[0.003, "hot_spots", "weak"]]


def test_scale_and_order_change_nothing():
    rng = np.random.default_rng(8)
    plots, cases = places(rng, 12), issues(rng)
    found = judged({"markets": plots}, cases).set_index("name")
    turned = judged({"markets": plots.iloc[::-1].reset_index(drop=True)}, cases).set_index("name")
    columns = ["issues", "expected", "severity", "low", "high", "p"]
    assert turned.loc[found.index, columns].to_numpy() == pytest.approx(found[columns].to_numpy())


def test_more_issues_are_more_severe_and_less_by_chance():
    rng = np.random.default_rng(4)
    plots, cases = places(rng, 8), issues(rng)
    plot = plots.geometry[3]
    more = points(np.full(20, plot.centroid.x), np.full(20, plot.centroid.y))
    one, two = judged({"k": plots}, cases), judged({"k": plots}, pd.concat([cases, more], ignore_index=True))
    assert two["severity"][3] > one["severity"][3]
    assert two["p"][3] < one["p"][3]


def test_change_is_exact_without_batches_and_wider_with():
    before, recent = np.array([10, 3, 0]), np.array([2, 9, 0])
    found = change_of(before, recent, (600, 400), Overdispersion(1.0, 0.0))
    for k, (a, b) in enumerate(zip(before[:2], recent[:2], strict=True)):
        tails = binom.cdf(b, a + b, 0.4), binom.sf(b - 1, a + b, 0.4)
        assert found["change_p"][k] == pytest.approx(min(1, 2 * min(tails)))
    assert np.isnan(found["change_p"][2])
    assert found["change_city"].unique().tolist() == pytest.approx([-1 / 3])
    assert (
        change_of(before, recent, (600, 400), Overdispersion(3.0, 0.0))["change_p"][:2] > found["change_p"][:2]
    ).all()


@pytest.mark.slow
def test_a_part_of_larger_batches_has_no_weak_area():
    """Of one φ for the city a fifth of such cities had one; a place outside the part keeps its p."""
    rng = np.random.default_rng(4)
    layers = {"unit": units(), "markets": places(rng, 30)}
    areas = gather_areas(layers, CITY, **BUFFERS)
    yardstick = lay_yardstick(areas, CITY, Denominator("km2"), cell_m=200)
    rows, cols = np.divmod(np.arange(900), 30)
    own, hits, told = np.hypot(rows - 14.5, cols - 14.5) < 6, 0, []
    middle = areas.geometry.representative_point()
    inside = np.hypot(middle.x - 3000, middle.y - 3000) < 800
    outside = np.hypot(middle.x - 3000, middle.y - 3000) > 2000
    for _ in range(60):
        level = np.where(own, rng.gamma(1, 4.0, 900), 4.0)
        cell = np.repeat(np.arange(900), rng.poisson(level))
        x, y = rng.uniform(0, 200, (2, len(cell))) + 200 * np.array([cell % 30, cell // 30])
        cases = points(x, y)
        hits += bool(
            (benjamini_hochberg(measure_severity(areas, cases, yardstick, reference="kind")["p"]) <= 0.05).any()
        )
        more = yardstick.more_batches(cases, areas, yardstick.dispersion(cases))
        told.append((np.median(more[inside]), np.median(more[outside])))
    assert hits <= binom.isf(0.001, 60, 0.05)
    # Five, less the 1.3 or so of the city, plus twice the error.
    assert 2 < np.median(np.transpose(told)[0]) < 6
    assert np.median(np.transpose(told)[1]) == 0


def holds_level(runs, seed, *, batch, spread, reference):
    """Of cities whose cells differ by chance alone, no more than 5 % may have a weak area, up to the chance of the runs."""
    rng = np.random.default_rng(seed)
    layers = {"unit": units(), "markets": places(rng, 30), "squares": places(rng, 12, least_m=30, most_m=120)}
    areas = gather_areas(layers, CITY, **BUFFERS)
    yardstick = lay_yardstick(areas, CITY, Denominator("km2"), cell_m=200)
    hits = 0
    for _ in range(runs):
        cases = issues(rng, mean=4, batch=batch, spread=spread)
        found = measure_severity(areas, cases, yardstick, reference=reference)
        hits += bool((benjamini_hochberg(found["p"]) <= 0.05).any())
    assert hits <= binom.ppf(0.999, runs, 0.05)


@pytest.mark.parametrize("reference", ["kind", "city"])
def test_of_cities_without_weak_areas_hardly_any_has_one(reference):
    holds_level(20, 7, batch=2.0, spread=0.0, reference=reference)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("batch", "spread", "reference"), [(1.0, 0.0, "kind"), (4.0, 0.0, "city"), (1.0, 0.4, "kind"), (3.0, 0.3, "kind")]
)
def test_one_in_twenty_cities_without_weak_areas_has_one(batch, spread, reference):
    holds_level(400, 11, batch=batch, spread=spread, reference=reference)
