"""Measures against closed forms and plain loops."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from shapely import affinity

from jxgis.errors import CrsError
from jxgis.scoring.measures import issue_measures, relative_density, shape_measures, share_covered


def frame(*shapes, **columns):
    return gpd.GeoDataFrame(columns, geometry=list(shapes), crs=4549)


@pytest.fixture
def zones():
    """Three zones, two of which overlap, and one without any case."""
    return frame(shapely.box(0, 0, 10, 10), shapely.box(5, 0, 20, 10), shapely.box(100, 100, 110, 110)).set_axis(
        list("pqr")
    )


@pytest.fixture
def cases():
    rng = np.random.default_rng(8)
    n = 400
    start = pd.Timestamp("2023-01-01")
    time = start + pd.to_timedelta(rng.integers(0, 10_000, n), unit="h")
    deadline = pd.Series(time + pd.to_timedelta(rng.integers(1, 100, n), unit="h"))
    closed = pd.Series(time + pd.to_timedelta(rng.integers(1, 120, n), unit="h"))
    deadline[rng.random(n) < 0.1] = pd.NaT
    closed[rng.random(n) < 0.2] = pd.NaT
    return gpd.GeoDataFrame(
        {
            "time": time,
            "deadline": deadline,
            "closed": closed,
            "rework": rng.integers(0, 3, n) * rng.integers(0, 2, n),
            "department": rng.choice(["甲", "乙", None], n, p=[0.5, 0.4, 0.1]),
        },
        geometry=gpd.points_from_xy(rng.uniform(0, 25, n), rng.uniform(0, 12, n)),
        crs=4549,
    )


@pytest.mark.parametrize("of", ["due", "closed"])
def test_rates_equal_a_plain_loop(zones, cases, of):
    found = issue_measures(zones, cases, on_time_of=of, min_cases=1)
    now = max(cases["time"].max(), cases["closed"].max())
    for name, zone in zones.geometry.items():
        mine = cases[[zone.intersects(point) for point in cases.geometry]]
        due = [d <= now for d in mine["deadline"]]
        counted = (
            due
            if of == "due"
            else [not pd.isna(c) and not pd.isna(d) for c, d in zip(mine["closed"], mine["deadline"], strict=True)]
        )
        on_time = [c <= d and k for c, d, k in zip(mine["closed"], mine["deadline"], counted, strict=True)]
        again = [r > 0 and k for r, k in zip(mine["rework"], due, strict=True)]
        shares = mine["department"].value_counts(normalize=True)
        row = found.loc[name]
        assert row["issues"] == len(mine)
        if name == "r":
            assert row.drop("issues").isna().all()
            continue
        assert row["on_time_rate"] == pytest.approx(100 * sum(on_time) / sum(counted))
        assert row["rework_rate"] == pytest.approx(100 * sum(again) / sum(due))
        assert row["body_concentration"] == pytest.approx((shares**2).sum())


def test_the_last_moment_is_on_time_and_due():
    """Closed at the deadline to the second is on time; due at the last moment that the table knows of is due."""
    now = pd.Timestamp("2023-05-01 12:00")
    second = pd.Timedelta(seconds=1)
    plot = frame(shapely.box(0, 0, 10, 10))
    deadline = [now, now, now + second, now - second]
    closed = [now, pd.NaT, now - second, now]
    cases = frame(
        *[shapely.Point(5, 5)] * 4, time=[now - 9 * second] * 4, deadline=deadline, closed=closed, rework=[0, 1, 1, 0]
    )
    due = issue_measures(plot, cases, on_time_of="due", min_cases=3).iloc[0]
    # Due: the first, second and fourth; of these the first was closed by its deadline, and the second sent back.
    assert due["on_time_rate"] == pytest.approx(100 / 3)
    assert due["rework_rate"] == pytest.approx(100 / 3)
    # Closed: the first, third and fourth; all but the last by the deadline.
    assert issue_measures(plot, cases, on_time_of="closed", min_cases=3)["on_time_rate"].item() == pytest.approx(
        200 / 3
    )
    # Three cases are as many as asked for; of one more asked for there are too few.
    assert np.isnan(issue_measures(plot, cases, on_time_of="due", min_cases=4)["on_time_rate"].item())


def test_a_case_of_which_no_rework_is_known_was_not_sent_back():
    plot = frame(shapely.box(0, 0, 10, 10))
    cases = frame(*[shapely.Point(5, 5)] * 4, rework=[2, None, 0, None])
    assert issue_measures(plot, cases, min_cases=1)["rework_rate"].item() == pytest.approx(25)
    assert np.isnan(issue_measures(plot, cases.assign(rework=np.nan), min_cases=1)["rework_rate"].item())


def test_a_handful_of_cases_says_nothing(zones, cases):
    few = issue_measures(zones, cases.head(20))
    assert (few["issues"] < 30).all()
    assert few.drop(columns="issues").isna().all(axis=None)


def test_columns_that_are_not_there_measure_nothing(zones, cases):
    found = issue_measures(zones, cases[["geometry"]], min_cases=1)
    assert found["issues"].tolist() == issue_measures(zones, cases)["issues"].tolist()
    assert found.drop(columns="issues").isna().all(axis=None)


def test_times_of_any_resolution(zones, cases):
    coarse = cases.assign(**{c: cases[c].astype("datetime64[s]") for c in ("time", "deadline", "closed")})
    pd.testing.assert_frame_equal(issue_measures(zones, cases), issue_measures(zones, coarse))


def test_shape_of_a_circle_a_strip_and_an_l():
    circle = shapely.Point(0, 0).buffer(100, quad_segs=512)
    strip = shapely.box(0, 0, 100, 1)
    corner = shapely.union(shapely.box(0, 0, 2, 1), shapely.box(0, 0, 1, 2))
    found = shape_measures(frame(circle, strip, corner, affinity.rotate(corner, 33)))
    assert found["compactness"].tolist() == pytest.approx(
        [1, 4 * np.pi * 100 / 202**2, 4 * np.pi * 3 / 64, 4 * np.pi * 3 / 64], rel=1e-5
    )
    assert found["hull_ratio"].tolist() == pytest.approx([1, 1, 3 / 3.5, 3 / 3.5])
    assert shape_measures(frame(shapely.Polygon(), None)).isna().all(axis=None)


def test_overlapping_cover_counts_once():
    plots = frame(shapely.box(0, 0, 10, 10), shapely.box(50, 0, 60, 10))
    lakes = frame(shapely.box(0, 0, 6, 10))
    parks = frame(shapely.box(4, 0, 8, 10), shapely.box(4, 0, 8, 10))
    assert share_covered(plots, lakes, parks).tolist() == pytest.approx([0.8, 0.0])
    with pytest.raises(CrsError):
        share_covered(plots, lakes.to_crs(4528))


def test_density_is_one_for_the_whole_and_averages_to_it():
    rng = np.random.default_rng(2)
    city = frame(shapely.box(0, 0, 30, 10))
    thirds = frame(*[shapely.box(10 * k, 0, 10 * k + 10, 10) for k in range(3)])
    cases = frame(*shapely.points(rng.uniform(0.01, 29.99, 500), rng.uniform(0.01, 9.99, 500)))
    assert relative_density(city, cases, city)[0].item() == 1.0
    by_area, exposure = relative_density(thirds, cases, city)
    assert exposure == "area"
    assert by_area.mean() == pytest.approx(1)
    # A home that straddles two thirds gives each its part of the people; nobody lives in the last third.
    homes = frame(shapely.box(0, 0, 5, 10), shapely.box(8, 0, 16, 10), people=[60, 40])
    by_people, exposure = relative_density(thirds, cases, city, residential=homes)
    assert exposure == "people"
    count = np.histogram(shapely.get_x(cases.geometry), [0, 10, 20, 30])[0]
    assert by_people.tolist() == pytest.approx([count[0] / 70 / 5, count[1] / 30 / 5, np.nan], nan_ok=True)


@pytest.mark.parametrize("known", [[], ["time"], ["closed"], ["time", "closed"]])
def test_deadlines_without_any_time_leave_it_unknown_what_is_due(known):
    plot = gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 10, 10)], crs=4549)
    never = pd.Series([pd.NaT] * 3, dtype="datetime64[ns]")
    cases = gpd.GeoDataFrame(
        {"time": never, "closed": never, "deadline": pd.to_datetime(["2024-02-28", "2024-02-29", None]), "rework": 1.0},
        geometry=gpd.points_from_xy([1, 2, 3], [1, 2, 3]),
        crs=4549,
    )
    for column in known:
        cases.loc[0, column] = pd.Timestamp("2024-02-28 12:00")
    found = issue_measures(plot, cases, min_cases=1).iloc[0]
    assert found["issues"] == 3
    # On the first day one case was due, and closed in time only if it was closed: half a day late.
    assert np.isnan(found["on_time_rate"]) if not known else found["on_time_rate"] == 0


def test_a_scrap_far_off_does_not_change_the_shape_of_a_candidate():
    square, scrap = shapely.box(0, 0, 1000, 1000), shapely.box(9000, 0, 9010, 10)
    candidates = gpd.GeoDataFrame(geometry=[shapely.union_all([square, scrap])], crs=4549)
    assert shape_measures(candidates).iloc[0].tolist() == pytest.approx([np.pi / 4, 1.0])
