"""Each measure against a case worked out by hand, closed forms, and plain loops."""

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
import shapely
from shapely import affinity

from jxgis.errors import CrsError, InputError
from jxgis.given import given_tables
from jxgis.i18n import Text
from jxgis.indicators import (
    area_km2,
    compactness,
    concentration,
    count,
    count_per_km2,
    diversity,
    homes_on_streets,
    hot_share,
    hull_share,
    length_km,
    length_per_km2,
    park_coverage,
    raster_mean,
    ratio_of_columns,
    relative_density,
    share_of_area,
    share_of_rows,
    share_of_streets,
    share_on_foot,
    ways_to,
    with_case_flags,
)
from jxgis.indicators.ground import ground_of
from jxgis.indicators.measures import IndicatorInputs, measure_indicators
from jxgis.indicators.rasters import holds_fractions
from jxgis.load.loaded import Loaded, SourceFile
from jxgis.parks.standards import load_standard
from jxgis.scorecard.targets import load_plan
from jxgis.scoring.indicators import load_registry
from jxgis.settings import PARKS, MeasureSettings
from jxgis.space.network import street_graph


def frame(*shapes, **columns):
    return gpd.GeoDataFrame(columns, geometry=list(shapes), crs=4549)


def line(*points):
    return shapely.LineString(points)


KM = shapely.box(0, 0, 1000, 1000)
FAR = shapely.box(90_000, 0, 91_000, 1000)


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
    time = pd.Timestamp("2023-01-01") + pd.to_timedelta(rng.integers(0, 10_000, n), unit="h")
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


def test_things_are_counted_where_they_stand_and_on_a_border_in_both():
    halves = frame(shapely.box(0, 0, 500, 1000), shapely.box(500, 0, 1000, 1000), FAR)
    markets = frame(
        shapely.Point(1, 1), shapely.Point(500, 500), shapely.box(400, 0, 700, 10), places=[5.0, np.nan, 7.0]
    )
    # The square's point on it stands at 550: in the second half. The middle point is on the border of both.
    assert count(halves, markets)["value"].tolist() == [2, 2, 0]
    assert count(halves, markets, column="places")["value"].tolist() == [5, 7, 0]
    found = count_per_km2(halves, markets)
    assert found["value"].tolist() == [4, 4, 0]
    assert found["denominator"].tolist() == [0.5, 0.5, 1.0]
    assert (found["reason"] == "").all()


def test_nothing_of_a_layer_is_none_of_it_and_no_area_is_no_density():
    none = frame().assign(kind=[])
    assert count_per_km2(frame(KM), none)["value"].tolist() == [0]
    assert share_of_area(frame(KM), none)["value"].tolist() == [0]
    assert length_km(frame(KM), none)["value"].tolist() == [0]
    assert diversity(frame(KM), none, column="kind")["reason"].tolist() == ["one_kind"]
    assert share_of_rows(frame(KM), none, hit=np.zeros(0, dtype=bool))["reason"].tolist() == ["no_cases"]
    assert share_of_streets(frame(KM), none, none)["reason"].tolist() == ["no_streets"]
    flat = frame(shapely.Polygon(), None)
    for found in (count_per_km2(flat, frame(shapely.Point(0, 0))), share_of_area(flat, frame(KM)), compactness(flat)):
        assert found["value"].isna().all()
        assert (found["reason"] == "no_area").all()


def test_lengths_by_hand():
    square = frame(KM)
    roads = frame(
        line((-500, 500), (500, 500)), line((0, 900), (0, 100)), line((1200, 0), (1200, 9)), line((0, 0), (600, 800))
    )
    # Half of the first lies inside, the second runs along the border, the third is outside, the last is 1000 m long.
    assert length_km(square, roads)["value"].item() == pytest.approx(0.5 + 0.8 + 1.0, abs=1e-12)
    wide = frame(shapely.box(0, 0, 2000, 1000))
    assert length_per_km2(wide, roads).iloc[0, :3].tolist() == pytest.approx([2.309 / 2, 2.309, 2], abs=1e-12)


@pytest.mark.parametrize("off", [-0.4, -1e-9, 0.0, 1e-9, 0.4])
def test_a_street_along_a_border_is_on_both_sides_whatever_its_last_digit(off):
    halves = frame(shapely.box(0, 0, 500, 1000), shapely.box(500, 0, 1000, 1000))
    border = frame(line((500 + off, 0), (500 - off, 1000)))
    assert length_km(halves, border)["value"].tolist() == pytest.approx([1, 1], abs=1e-6)
    # A street that crosses is cut at the border to the millimetre.
    assert length_km(halves, frame(line((100, 5), (700, 5))))["value"].tolist() == pytest.approx([0.4, 0.2], abs=1e-12)
    assert length_km(halves, frame(line((502, 0), (502, 1000))))["value"].tolist() == [0, 1]


def test_share_of_streets_by_condition_and_by_a_layer_of_its_own():
    roads = frame(line((0, 10), (600, 10)), line((0, 20), (300, 20)), line((0, 30), (100, 30)))
    found = share_of_streets(frame(KM, FAR), roads, hit=np.array([True, False, True]))
    assert found.iloc[0, :3].tolist() == pytest.approx([0.7, 0.7, 1.0])
    assert found["reason"].tolist() == ["", "no_streets"]
    shaded = share_of_streets(frame(KM), roads.iloc[[0]], roads)
    assert shaded["value"].item() == pytest.approx(0.6)
    # More shaded streets than there are streets: the layers do not agree, and nobody knows the share.
    odd = share_of_streets(frame(KM), roads, roads.iloc[[0]])
    assert odd["reason"].item() == "more_than_whole"
    assert odd["value"].isna().all()


def test_overlapping_cover_counts_once():
    plots = frame(shapely.box(0, 0, 10, 10), shapely.box(50, 0, 60, 10), shapely.box(5, 0, 15, 10))
    lakes = frame(shapely.box(0, 0, 6, 10))
    parks = frame(shapely.box(4, 0, 8, 10), shapely.box(4, 0, 8, 10), shapely.Point(1, 1))
    assert share_of_area(plots, lakes, parks)["value"].tolist() == pytest.approx([0.8, 0.0, 0.3])
    assert area_km2(plots, lakes, parks)["value"].tolist() == pytest.approx([80e-6, 0.0, 30e-6])
    with pytest.raises(CrsError):
        share_of_area(plots, lakes.to_crs(4528))


def test_cover_of_many_vertices_is_what_a_plain_overlay_gives():
    rng = np.random.default_rng(4)
    blobs = [shapely.Point(*rng.uniform(0, 6000, 2)).buffer(rng.uniform(100, 1500), quad_segs=60) for _ in range(12)]
    plots = [affinity.rotate(shapely.box(0, 0, *rng.uniform(500, 3000, 2)), rng.uniform(0, 90)) for _ in range(20)]
    plots = [affinity.translate(plot, *rng.uniform(0, 5000, 2)) for plot in plots]
    union = shapely.union_all(blobs)
    found = share_of_area(frame(*plots), frame(*blobs[:5]), frame(*blobs[5:]))
    assert found["value"].tolist() == pytest.approx([plot.intersection(union).area / plot.area for plot in plots])


def test_shape_of_a_circle_a_strip_and_an_l():
    circle = shapely.Point(0, 0).buffer(100, quad_segs=512)
    corner = shapely.union(shapely.box(0, 0, 2, 1), shapely.box(0, 0, 1, 2))
    shapes = frame(circle, shapely.box(0, 0, 100, 1), corner, affinity.rotate(corner, 33))
    round_, whole = compactness(shapes), hull_share(shapes)
    by_hand = [1, 4 * np.pi * 100 / 202**2, 4 * np.pi * 3 / 64, 4 * np.pi * 3 / 64]
    assert round_["value"].tolist() == pytest.approx(by_hand, rel=1e-5)
    assert (round_["numerator"] / round_["denominator"]).tolist() == pytest.approx(by_hand, rel=1e-5)
    assert whole["value"].tolist() == pytest.approx([1, 1, 3 / 3.5, 3 / 3.5])


def test_a_scrap_far_off_does_not_change_the_shape_of_a_candidate():
    square, scrap = shapely.box(0, 0, 1000, 1000), shapely.box(9000, 0, 9010, 10)
    both = frame(shapely.union_all([square, scrap]))
    assert compactness(both)["value"].item() == pytest.approx(np.pi / 4)
    assert hull_share(both)["value"].item() == pytest.approx(1.0)


def test_diversity_by_hand():
    kinds = ["食", "食", "食", "衣", "衣", "行"]
    poi = frame(*[shapely.Point(5, 5)] * 6, shapely.Point(90_500, 5), kind=[*kinds, "住"])
    found = diversity(frame(KM, FAR, shapely.box(-9, -9, -1, -1)), poi, column="kind", least=6)
    p = np.array([3, 2, 1]) / 6
    # Four kinds in the whole layer: the maximum is ln 4, whatever a zone holds of them.
    assert found["value"].iloc[0] == pytest.approx(-(p * np.log(p)).sum() / np.log(4))
    assert found["reason"].tolist() == ["", "too_few_rows", "nothing_there"]
    even = frame(*[shapely.Point(5, 5)] * 12, kind=list("abcd") * 3)
    assert diversity(frame(KM), even, column="kind")["value"].item() == pytest.approx(1)


def test_ratio_of_columns_by_hand():
    estates = frame(shapely.box(900, 0, 1100, 10), shapely.Point(1, 1), line((0, 0), (0, -100)), shapely.Point(2, 2))
    estates = estates.assign(done=[10.0, 3.0, 100.0, np.nan], all=[20.0, 5.0, 100.0, 50.0])
    # Half of the polygon; the point; none of the line (it only touches); the row without a numerator does not count.
    found = ratio_of_columns(frame(KM, FAR), estates, column="done", over="all")
    assert found.iloc[0, :3].tolist() == pytest.approx([8 / 15, 8, 15])
    assert found["reason"].tolist() == ["", "nothing_there"]


def test_rates_equal_a_plain_loop(zones, cases):
    flagged = with_case_flags(cases)
    due = flagged[flagged["due"]]
    on_time = share_of_rows(zones, due, hit=due["on_time"].to_numpy(), least=1)
    again = share_of_rows(zones, due, hit=due["reworked"].to_numpy(), least=1)
    bodies = concentration(zones, cases, column="department", least=1)
    now = max(cases["time"].max(), cases["closed"].max())
    for name, zone in zones.geometry.items():
        mine = cases[[zone.intersects(point) for point in cases.geometry]]
        mine = mine.assign(due=[d <= now for d in mine["deadline"]])
        if name == "r":
            assert on_time.loc[name, "reason"] == bodies.loc[name, "reason"] == "no_cases"
            continue
        asked = mine[mine["due"]]
        assert on_time.loc[name, "denominator"] == len(asked)
        assert on_time.loc[name, "numerator"] == sum(
            c <= d for c, d in zip(asked["closed"], asked["deadline"], strict=True)
        )
        assert again.loc[name, "value"] == pytest.approx(sum(asked["rework"] > 0) / len(asked))
        shares = mine["department"].value_counts(normalize=True)
        assert bodies.loc[name, "value"] == pytest.approx((shares**2).sum())


def test_the_last_moment_is_on_time_and_due():
    """Closed at the deadline to the second is on time; due at the last moment that the table knows of is due."""
    now, second = pd.Timestamp("2023-05-01 12:00"), pd.Timedelta(seconds=1)
    flagged = with_case_flags(
        frame(
            *[shapely.Point(5, 5)] * 4,
            time=[now - 9 * second] * 4,
            deadline=[now, now, now + second, now - second],
            closed=[now, pd.NaT, now - second, now],
            rework=[0, 1, 1, None],
        )
    )
    assert flagged["due"].tolist() == [True, True, False, True]
    assert flagged["on_time"].tolist() == [True, False, True, False]
    assert flagged["reworked"].isna().tolist() == [False, False, False, True]
    assert flagged["reworked"].iloc[:3].tolist() == [False, True, True]
    due = flagged[flagged["due"]]
    three = share_of_rows(frame(KM), due, hit=due["on_time"].to_numpy(), least=3)
    assert three.iloc[0, :3].tolist() == pytest.approx([1 / 3, 1, 3])
    # Three cases are as many as asked for; of one more asked for there are too few, and the counts are still told.
    four = share_of_rows(frame(KM), due, hit=due["on_time"].to_numpy(), least=4)
    assert four[["numerator", "denominator", "reason"]].to_numpy().tolist() == [[1, 3, "too_few_cases"]]
    assert four["value"].isna().all()


def test_a_deadline_that_is_a_day_is_past_when_the_day_is_over():
    """Of an export at ten in the morning what is to be closed today is not late yet; of one that holds days today is over."""
    days = pd.date_range("2023-05-01", periods=10)
    cases = frame(*[shapely.Point(5, 5)] * 10, time=days, deadline=days, closed=[*days[:5], *[pd.NaT] * 5])
    assert with_case_flags(cases)["due"].tolist() == [True] * 10
    morning = cases.assign(time=days + pd.Timedelta(hours=10))
    assert with_case_flags(morning)["due"].tolist() == [True] * 9 + [False]
    assert with_case_flags(cases.assign(time=pd.NaT, closed=pd.NaT))["due"].tolist() == [False] * 10


def test_deadlines_are_days_or_hours_in_each_file_for_itself():
    """Of two files together each is judged as it is alone: none of the one with days that was closed that day was in time."""
    days = pd.date_range("2023-05-01", periods=10)
    noon, morning = pd.Timedelta(hours=12), pd.Timedelta(hours=9)
    at = [shapely.Point(5, 5)] * 10
    by_day = frame(*at, file="a", time=days + morning, deadline=days, closed=[*(days + noon)[:9], pd.NaT])
    by_hour = frame(*at, file="b", time=days + morning, deadline=days + noon, closed=days + noon)
    flagged = with_case_flags(pd.concat([by_day, by_hour], ignore_index=True))
    assert flagged["on_time"].tolist() == [True] * 9 + [False] + [True] * 10
    assert flagged["due"].tolist() == [True] * 9 + [False] + [True] * 10


@pytest.mark.parametrize("column", ["time", "closed"])
def test_a_mistyped_year_makes_nothing_due(column):
    """A city of a year of cases, each due after ten days: with one date of 2092 the same are due as without it."""
    rng = np.random.default_rng(0)
    time = pd.Series(pd.Timestamp("2022-01-01") + pd.to_timedelta(np.sort(rng.uniform(0, 365, 2000)), unit="D"))
    closed = (time + pd.Timedelta(days=3)).where(time <= time.max() - pd.Timedelta(days=5))
    cases = frame(*[shapely.Point(5, 5)] * 2000, time=time, closed=closed, deadline=time + pd.Timedelta(days=10))
    expected = (time + pd.Timedelta(days=10) <= time.max()).tolist()
    cases.loc[7, column] = pd.Timestamp("2092-01-01")
    # Of what is closed before it is reported nothing is known.
    expected[7] &= column == "closed"
    assert with_case_flags(cases)["due"].tolist() == expected
    assert expected.count(False) > 20


def test_an_export_without_closing_times_says_nothing_of_being_on_time():
    """It was 0 % of every unit that was closed on time, and none of a greening case solved was no_column."""
    day = pd.Series(pd.date_range("2023-01-01", periods=90))
    cases = frame(*[shapely.Point(5, 5)] * 90, time=day, deadline=day + pd.Timedelta(days=3), closed=pd.NaT)
    way = MeasureSettings(measure="share_of_rows", layers=("issues",), where={"due": True}, hit={"on_time": True})
    found = measure_indicators(frame(KM), {"t": [way]}, IndicatorInputs({"issues": cases}))["t"].table
    assert found[["value", "reason"]].isna().iloc[0].tolist() == [True, False]
    assert found["reason"].tolist() == ["no_column"]
    assert with_case_flags(cases)["due"].sum() == 87


@pytest.mark.parametrize(
    ("words", "value", "reason"),
    [
        (["优", "差"], 50.0, ""),
        (["良好", "C级"], 50.0, ""),
        (["差", "中"], 0.0, ""),
        (["一类", "二类"], np.nan, "no_column"),
        ([92.5, 61.0], np.nan, "no_column"),
        (["优", "一类"], 100.0, ""),
    ],
)
def test_roads_of_grades_that_nobody_knows_are_not_all_bad(words, value, reason):
    """Rated by another standard, or in points, not a road was good: 0 % of the main roads, and 0 of 100 points."""
    roads = frame(
        line((0, 100), (900, 100)), line((0, 200), (900, 200)), road_class=["主干路", "次干道"], condition=words
    )
    ways = next(each for each in load_registry().indicators if each.id == "road_condition").measures
    found = measure_indicators(frame(KM), {"r": ways}, IndicatorInputs({"roads": roads}), percent=["r"])["r"].table
    assert found["value"].tolist() == pytest.approx([value], nan_ok=True)
    assert found["reason"].tolist() == [reason]
    plan = next(each for each in load_plan().targets if each.id == "road_condition").measures
    assert [way.model_dump() for way in plan] == [way.model_dump() for way in ways]


def test_who_is_silent_on_rework_is_said():
    cases = frame(*[shapely.Point(5, 5)] * 40, rework=[2.0] * 10 + [0.0] * 10 + [np.nan] * 20)
    way = MeasureSettings(measure="share_of_rows", layers=("issues",), where={"judged": True}, hit={"reworked": True})
    found = measure_indicators(frame(KM), {"r": [way]}, IndicatorInputs({"issues": cases}))["r"]
    assert found.table[["value", "denominator"]].to_numpy().tolist() == [[0.25, 40]]
    assert found.silent == 20


@pytest.mark.parametrize("known", [[], ["time"], ["closed"], ["time", "closed"]])
def test_deadlines_without_any_time_leave_it_unknown_what_is_due(known):
    never = pd.Series([pd.NaT] * 3, dtype="datetime64[ns]")
    cases = frame(*shapely.points([1, 2, 3], [1, 2, 3]), time=never, closed=never, rework=1.0)
    cases["deadline"] = pd.to_datetime(["2024-02-28 08:00", "2024-02-29 08:00", None])
    for column in known:
        cases.loc[0, column] = pd.Timestamp("2024-02-28 12:00")
    flagged = with_case_flags(cases)
    # On the first day one case was due, and closed four hours late where it was closed.
    assert flagged["due"].tolist() == [bool(known), False, False]
    assert ("on_time" in flagged) == ("closed" in known)
    assert not flagged.get("on_time", pd.Series(False)).any()


def test_what_the_columns_do_not_tell_is_no_column(cases):
    assert "due" not in with_case_flags(cases[["geometry"]])
    assert with_case_flags(cases[["geometry"]])["judged"].all()
    assert "reworked" not in with_case_flags(cases.assign(rework=np.nan))
    coarse = cases.assign(**{c: cases[c].astype("datetime64[s]") for c in ("time", "deadline", "closed")})
    flags = ["due", "on_time", "reworked", "judged"]
    pd.testing.assert_frame_equal(with_case_flags(cases)[flags], with_case_flags(coarse)[flags])


def test_density_is_one_for_the_whole_and_averages_to_it():
    rng = np.random.default_rng(2)
    city = frame(shapely.box(0, 0, 30, 10))
    thirds = frame(*[shapely.box(10 * k, 0, 10 * k + 10, 10) for k in range(3)])
    cases = frame(*shapely.points(rng.uniform(0.01, 29.99, 500), rng.uniform(0.01, 9.99, 500)))
    assert relative_density(city, cases, city)["value"].item() == 1.0
    assert relative_density(thirds, cases, city)["value"].mean() == pytest.approx(1)
    # A home that straddles two thirds gives each its part of the people; nobody lives in the last third.
    homes = frame(shapely.box(0, 0, 5, 10), shapely.box(8, 0, 16, 10), people=[60, 40])
    by_people = relative_density(thirds, cases, city, homes)
    n = np.histogram(shapely.get_x(cases.geometry), [0, 10, 20, 30])[0]
    assert by_people["value"].tolist() == pytest.approx([n[0] / 70 / 5, n[1] / 30 / 5, np.nan], nan_ok=True)
    assert by_people["reason"].tolist() == ["", "", "no_exposure"]


def test_a_place_of_few_residents_is_not_many_times_the_city():
    """A thousand residents have a hundred cases; of fifty of them five are expected, of forty-nine fewer, of two hardly one."""
    city = frame(shapely.box(0, 0, 40, 10))
    parts = frame(*[shapely.box(10 * k, 0, 10 * k + 10, 10) for k in range(4)])
    homes = parts.assign(people=[899, 50, 49, 2])
    x = np.repeat([5.0, 15.0, 25.0, 35.0], [70, 10, 10, 10])
    found = relative_density(parts, frame(*shapely.points(x, 5.0)), city, homes)
    assert found["value"].tolist() == pytest.approx([70 / 89.9, 10 / 5, np.nan, np.nan], nan_ok=True)
    assert found["reason"].tolist() == ["", "", "too_few_expected", "too_few_expected"]


def test_grades_that_are_not_known_are_named():
    """They do not count, in neither numerator nor denominator: it was not said. A lane of such a grade was never asked for."""
    roads = frame(
        *[line((0, 100 * k), (900, 100 * k)) for k in range(1, 7)],
        road_class=["主干路"] * 5 + ["支路"],
        condition=["优", "差", "一级", " 一级", None, "二级"],
    )
    ways = next(each for each in load_registry().indicators if each.id == "road_condition").measures
    found = measure_indicators(frame(KM), {"r": ways}, IndicatorInputs({"roads": roads}), percent=["r"])["r"]
    assert found.table["value"].tolist() == [50.0]
    assert found.strange == ("一级", "一级")
    assert found.method(lambda _: Text("道路", "roads")).zh.endswith("（2 行写的是一级，不在认得的评定之列，未计入）")
    known = roads[roads["condition"].isin(["优", "差"])]
    assert measure_indicators(frame(KM), {"r": ways}, IndicatorInputs({"roads": known}))["r"].strange == ()


@pytest.mark.parametrize(
    "values",
    [["3", "4个"], [-999, 3.0], [np.inf, 1.0], pd.to_datetime(["2024-01-01", "2024-01-02"])],
    ids=["text", "a code for no data", "infinite", "dates"],
)
def test_what_is_no_number_is_not_added_up(values):
    """Text was a fault of jxgis, −999 of a car park's places came off the others', and a date counted its nanoseconds."""
    parks = frame(shapely.Point(5, 5), shapely.Point(6, 6), places=values, full=[1.0, 2.0])
    for measure in (
        lambda: count(frame(KM), parks, column="places"),
        lambda: count_per_km2(frame(KM), parks, column="places"),
        lambda: ratio_of_columns(frame(KM), parks, column="full", over="places"),
    ):
        with pytest.raises(InputError):
            measure()
    good = parks.assign(places=["3", " "])
    assert count(frame(KM), good, column="places")["value"].tolist() == [3.0]
    by_hand = parks.assign(places=["1,200", "１.2万"]).assign(万平方米=["1.2万", "3"])
    assert count(frame(KM), by_hand, column="places")["value"].tolist() == [13_200.0]
    with pytest.raises(InputError, match=r"1\.2万"):
        count(frame(KM), by_hand, column="万平方米")
    for code in ("-999", -9999.0, -99999):
        with pytest.raises(InputError):
            ratio_of_columns(frame(KM), parks.assign(places=[code, 4.0]), column="places", over="full")
    growth = parks.assign(places=[-1.0, 4.0])
    assert ratio_of_columns(frame(KM), growth, column="places", over="full")["value"].tolist() == [1.0]


def test_hot_share_by_hand():
    cells = frame(*shapely.box([0, 400, 800], 0, [400, 800, 1200], 1000), is_hot=[True, False, True])
    found = hot_share(frame(KM, FAR), cells)
    assert found["value"].iloc[0] == pytest.approx(0.6)
    assert found["reason"].tolist() == ["", "not_judged"]


def test_park_coverage_by_hand():
    park = frame(shapely.box(-100, 0, 0, 100))  # 1 ha: 500 m by radius
    homes = frame(shapely.box(0, 0, 800, 100))
    found = park_coverage(frame(KM, FAR), park, homes, standard=load_standard(), merge_gap_m=20)
    assert found.iloc[0, :3].tolist() == pytest.approx([5 / 8, 0.05, 0.08])
    assert found["reason"].tolist() == ["", "no_housing"]


def test_on_foot_by_hand():
    """A street of 2 km with homes beside it: 10 minutes are 750 m, from either of two markets."""
    graph = street_graph(frame(line((0, 0), (2000, 0))))
    homes = homes_on_streets(frame(shapely.box(0, 0, 2000, 25)), graph, options=PARKS)
    zones = frame(shapely.box(0, -9, 1000, 50), shapely.box(1000, -9, 2000, 50), FAR)

    def share(things):
        way_m = ways_to(things, homes, options=PARKS)
        return share_on_foot(zones, homes, way_m, minutes=10, speed_m_per_min=75)

    one = share(frame(shapely.Point(0, 0)))
    assert one["value"].tolist() == pytest.approx([0.75, 0, np.nan], nan_ok=True)
    assert one["reason"].tolist() == ["", "", "no_housing"]
    # The second market stands outside the first zone, and serves its homes from 1000 − 250 m on.
    both = share(frame(shapely.Point(0, 0), shapely.box(1490, -10, 1510, 10)))
    assert both["value"].tolist() == pytest.approx([1, 1, np.nan], nan_ok=True)
    assert both["denominator"].tolist() == pytest.approx([0.025, 0.025, 0])


def test_a_polygon_is_entered_where_a_street_meets_its_edge():
    """A park of 1 km², its middle 500 m from any street, begins at 1000 m of a street of 3 km: 250 m are 5 minutes of 50 m."""
    street, zone = frame(line((0, 0), (3000, 0))), frame(shapely.box(0, -30, 3000, 30))
    park, housing = frame(shapely.box(1000, 0, 2000, 1000)), frame(shapely.box(0, -25, 3000, 0))
    walk = {"parks": PARKS.but({"speed_m_per_min": 50, "entry_m": 1e-6, "sample_m": 5})}
    ways = {"near": [MeasureSettings(measure="share_on_foot", layers=("parks", "residential", "streets"), minutes=5)]}

    def share(**more):
        layers = {"parks": park, "residential": housing, "streets": street, **more}
        return measure_indicators(zone, ways, IndicatorInputs(layers, **walk))["near"].table["value"].item()

    # The leg to the street is 12.5 m on the mean of five rows of points.
    assert share() == pytest.approx((1000 + 2 * (250 - 12.5)) / 3000, abs=0.002)
    # By a gate in its middle front alone: 250 m to either side.
    assert share(gates=frame(shapely.Point(1500, 0))) == pytest.approx(2 * (250 - 12.5) / 3000, abs=0.002)
    # Of another layer, gates of parks lead nowhere.
    other = [MeasureSettings(measure="share_on_foot", layers=("sports", "residential", "streets"), minutes=5)]
    layers = {"sports": park, "residential": housing, "streets": street, "gates": frame(shapely.Point(1500, 0))}
    found = measure_indicators(zone, {"near": other}, IndicatorInputs(layers, **walk))["near"].table
    assert found["value"].item() == pytest.approx((1000 + 2 * (250 - 12.5)) / 3000, abs=0.002)


@pytest.fixture
def raster(tmp_path):
    path = tmp_path / "shade.tif"
    step = rasterio.transform.from_origin(0, 20, 10, 10)
    values = np.array([[1, 4], [8, -1]], dtype="float32")
    shape = {
        "width": 2,
        "height": 2,
        "count": 1,
        "dtype": "float32",
        "crs": "EPSG:4549",
        "transform": step,
        "nodata": -1,
    }
    with rasterio.open(path, "w", driver="GTiff", **shape) as file:
        file.write(values, 1)
    return path


def test_mean_of_a_raster_by_hand(raster):
    """Half a cell of 4 beside a whole one of 1; a hole does not count; outside there is nothing."""
    zones = frame(shapely.box(0, 10, 15, 20), shapely.box(0, 0, 20, 10), FAR)
    found = raster_mean(zones, raster)
    assert found["value"].tolist() == pytest.approx([2, 8, np.nan], nan_ok=True)
    assert found["reason"].tolist() == ["", "", "no_cells"]


def test_a_zone_that_a_raster_tells_less_than_half_of_has_no_mean(raster):
    """Of the row of 8 and a hole: half of the whole row, 5 of 11 m of a part, 5 of 500 m of what reaches beyond."""
    zones = frame(shapely.box(0, 0, 20, 10), shapely.box(5, 0, 16, 10), shapely.box(5, 0, 505, 10))
    found = raster_mean(zones, raster)
    assert found["value"].tolist() == pytest.approx([8, np.nan, np.nan], nan_ok=True)
    assert found["denominator"].tolist() == pytest.approx([1, 0.5, 0.5])
    assert found["reason"].tolist() == ["", "no_cells", "no_cells"]


def test_a_raster_that_cannot_be_used_is_refused(raster, tmp_path):
    with rasterio.open(raster) as file:
        profile = file.profile | {"crs": None}
    bare = tmp_path / "bare.tif"
    with rasterio.open(bare, "w", **profile) as file:
        file.write(np.zeros((2, 2), dtype="float32"), 1)
    with pytest.raises(InputError, match="坐标系"):
        raster_mean(frame(KM), bare)
    with pytest.raises(InputError, match="没有文件"):
        raster_mean(frame(KM), tmp_path / "none.tif")
    (tmp_path / "no.tif").write_text("no raster")
    with pytest.raises(InputError):
        raster_mean(frame(KM), tmp_path / "no.tif")


def test_a_raster_of_fractions_for_an_indicator_in_percent_is_asked_about(raster, tmp_path):
    """85 % of shade that came as 0.85 would score 1 point."""
    with rasterio.open(raster) as file:
        profile, cells = file.profile, file.read(1)
    low = tmp_path / "low.tif"
    with rasterio.open(low, "w", **profile) as file:
        file.write(np.where(cells > 0, cells / 8, cells).astype("float32"), 1)
    # Of percentages a zone may well have no more than 1.
    zones = frame(shapely.box(0, 15, 5, 20))

    def measured(path, percent):
        ways = {"shade": [MeasureSettings(measure="raster_mean", file=str(path))]}
        return measure_indicators(zones, ways, IndicatorInputs({}), percent=percent)["shade"].table["value"].tolist()

    assert measured(raster, ["shade"]) == [1]
    assert measured(low, []) == [1 / 8]
    with pytest.raises(InputError, match=r"low\.tif") as refused:
        measured(low, ["shade"])
    assert "0.85" in refused.value.text("en")


@pytest.mark.parametrize(("scale", "fractions"), [(0.01, True), (1.0, False)])
def test_whether_a_raster_holds_fractions_its_scale_says_not_the_numbers_stored(raster, tmp_path, scale, fractions):
    """Shares stored as whole numbers of a hundredth, as satellites' products are."""
    with rasterio.open(raster) as file:
        profile = file.profile
    stored = tmp_path / "stored.tif"
    cells = np.arange(profile["height"] * profile["width"]).reshape(profile["height"], profile["width"]) % 100 + 1
    with rasterio.open(stored, "w", **{**profile, "dtype": "uint8", "nodata": 0}) as file:
        file.write(cells.astype("uint8"), 1)
        file.scales = [scale]
        whole = frame(shapely.box(*file.bounds))
    assert holds_fractions(stored) == fractions
    assert raster_mean(whole, stored)["value"].item() == pytest.approx(scale * cells.mean())


@pytest.mark.parametrize("code", [-9999, -32768, -3.4028235e38, np.inf])
def test_no_data_that_a_raster_does_not_declare_is_no_number(raster, tmp_path, code):
    """One such cell among some takes the mean far below nought."""
    with rasterio.open(raster) as file:
        profile, cells = {**file.profile, "nodata": None}, np.ones(file.shape, dtype="float32")
    cells[0, 0] = code
    bare = tmp_path / "bare.tif"
    for declared in (None, code):
        with rasterio.open(bare, "w", **{**profile, "nodata": declared}) as file:
            file.write(cells, 1)
            whole = frame(shapely.box(*file.bounds))
        if declared is None:
            with pytest.raises(InputError, match="nodata"):
                raster_mean(whole, bare)
    assert raster_mean(whole, bare)["value"].item() == 1


def test_zones_are_measured_each_for_itself_in_any_order(zones, cases):
    flagged = with_case_flags(cases)
    hit = flagged["on_time"].to_numpy()
    whole = share_of_rows(zones, cases, hit=hit, least=1)
    for order in (["r", "q", "p"], ["q"]):
        pd.testing.assert_frame_equal(share_of_rows(zones.loc[order], cases, hit=hit, least=1), whole.loc[order])
    turned = np.random.default_rng(1).permutation(len(cases))
    pd.testing.assert_frame_equal(share_of_rows(zones, cases.iloc[turned], hit=hit[turned], least=1), whole)


def test_a_way_that_no_row_of_the_whole_layer_fits_is_passed_over():
    """Another city's export calls its greening cases otherwise: the class says it, where there is one to say it."""
    zone = gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 10, 10)], crs=4549)
    closed = pd.Series(pd.Timestamp("2024-01-02")).repeat(30).to_numpy()
    cases = gpd.GeoDataFrame(
        {"sub_type": "Trees", "issue_class": "园林绿化", "closed": closed},
        geometry=[shapely.Point(5, 5)] * 30,
        crs=4549,
    )
    named = MeasureSettings(
        measure="share_of_rows", layers=("issues",), where={"sub_type": "行道树"}, hit={"closed": True}
    )
    by_class = named.model_copy(update={"where": {"issue_class": "园林绿化"}})
    for ways, value, how in (
        ([named, by_class], 1.0, by_class),
        ([by_class, named], 1.0, by_class),
        ([named], np.nan, named),
    ):
        found = measure_indicators(zone, {"rate": ways}, IndicatorInputs({"issues": cases}))["rate"]
        assert found.how == how
        np.testing.assert_equal(found.table["value"].iloc[0], value)
    cases.loc[0, "sub_type"] = "行道树"
    found = measure_indicators(zone, {"rate": [named, by_class]}, IndicatorInputs({"issues": cases}))["rate"]
    assert found.how == named


def test_spaces_about_a_word_make_no_kind_of_their_own():
    """As in `where`: columns of a layer's own come as they stand in the file, and half of the shops were another kind."""
    things = frame(*[shapely.Point(5, 5)] * 40, kind=["店"] * 10 + ["店 "] * 10 + ["摊"] * 18 + [" ", None])
    assert concentration(frame(KM), things, column="kind")["value"].item() == pytest.approx(
        (20 / 38) ** 2 + (18 / 38) ** 2
    )
    shares = np.array([20, 18]) / 38
    assert diversity(frame(KM), things, column="kind")["value"].item() == pytest.approx(
        -(shares * np.log2(shares)).sum()
    )


def test_the_ground_of_indicators_knows_the_files_of_issues() -> None:
    """A file that does not record closing: its cases counted as late in scores, and not in the table of handling."""
    day = pd.Timestamp("2023-03-01")
    n = 30
    closed = [day + pd.Timedelta(days=1)] * n + [pd.NaT] * n
    cases = frame(*[shapely.Point(5, 5)] * 2 * n, time=day, deadline=day + pd.Timedelta(hours=12), closed=closed)
    files = tuple(SourceFile(name, "", n, n, 0, 0) for name in ("a.csv", "b.csv"))
    loaded = Loaded("issues", cases, pd.DataFrame({"reason": []}), files, file=np.repeat([0, 1], n))
    given = replace(given_tables({"issues": cases}, lang="zh"), loaded={"issues": loaded})
    flagged = ground_of(given)[0].table("issues")
    assert flagged is not None
    assert flagged["due"].tolist() == [True] * n + [False] * n
