"""Issues by month: counted once, in squares that can be shown, and no small count to be read off."""

from __future__ import annotations

from itertools import product

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from scipy.optimize import LinearConstraint, milp

from jxgis.drawing.ground import Ground
from jxgis.hotspots.month_series import month_counts
from jxgis.hotspots.months import by_month, unshown, untold
from jxgis.hotspots.names import name_areas

CRS = 4549


def cells(columns: int, rows: int, side: float = 100) -> gpd.GeoDataFrame:
    corners = [(x * side, y * side) for y, x in product(range(rows), range(columns))]
    return gpd.GeoDataFrame(geometry=[shapely.box(x, y, x + side, y + side) for x, y in corners], crs=CRS)


def issues(n: int, *, months: int, extent: tuple[float, float], seed: int = 0) -> gpd.GeoDataFrame:
    rng = np.random.default_rng(seed)
    start = pd.Timestamp("2021-01-01")
    last = (start + pd.DateOffset(months=months) - start).days - 1
    days = rng.integers(0, last + 1, n)
    days[:2] = 0, last
    points = gpd.points_from_xy(rng.uniform(0, extent[0], n), rng.uniform(0, extent[1], n))
    return gpd.GeoDataFrame({"time": start + pd.to_timedelta(days, unit="D")}, geometry=points, crs=CRS)


def test_each_issue_is_counted_in_its_square_and_month():
    found = issues(3000, months=5, extent=(800, 400))
    got = by_month(found, cells(8, 4), min_count=3)
    assert got is not None
    assert [str(at)[:7] for at in got.first] == ["2021-01", "2021-02", "2021-03", "2021-04", "2021-05"]
    period = found["time"].dt.to_period("M").astype(str)
    assert [int(n.replace(",", "")) for n in got.totals] == period.value_counts().sort_index().tolist()
    inside = gpd.sjoin(found, got.squares, predicate="within")
    count = pd.crosstab(inside["index_right"], inside["time"].dt.to_period("M")).to_numpy()
    assert (np.searchsorted(got.breaks, count, side="right") == got.classes).all()
    assert not got.part.any()


def test_squares_are_the_smallest_that_show_nine_issues_in_ten():
    fine = by_month(issues(20_000, months=2, extent=(800, 800)), cells(8, 8), min_count=3)
    coarse = by_month(issues(400, months=2, extent=(800, 800)), cells(8, 8), min_count=3)
    assert fine is not None
    assert fine.side_m == 100
    assert coarse is not None
    assert coarse.side_m == 200


def test_what_lies_in_no_cell_or_has_no_time_counts_nowhere():
    found = issues(900, months=3, extent=(400, 400))
    away = found.assign(geometry=found.translate(9000))
    dateless = found.assign(time=pd.NaT)
    alone, with_others = (
        by_month(gpd.GeoDataFrame(pd.concat(rows), crs=CRS), cells(4, 4), min_count=3)
        for rows in ([found], [found, away, dateless])
    )
    assert alone is not None
    assert with_others is not None
    assert with_others.totals == alone.totals
    assert by_month(dateless, cells(4, 4), min_count=3) is None
    assert by_month(found[found["time"] < "2021-02"], cells(4, 4), min_count=3) is None


def test_a_month_of_few_issues_is_a_range_and_another_is_left_out():
    found = issues(600, months=3, extent=(400, 400))
    few = found["time"].dt.month == 2
    found = pd.concat([found[~few], found[few].head(2)])
    got = by_month(found, cells(4, 4), min_count=3)
    assert got is not None
    # The sum of all is known: what the others leave would be the small one.
    assert got.totals[1] == "1–2"
    assert sorted([got.totals[0] == "—", got.totals[2] == "—"]) == [False, True]


def test_quarters_are_not_told_as_months():
    quarter = pd.to_datetime(["2021-01-01", "2021-04-01", "2021-07-01", "2021-10-01"] * 50)
    found = issues(200, months=2, extent=(400, 400)).assign(time=quarter)
    got = by_month(found, cells(4, 4), min_count=3)
    assert got is not None
    assert got.step == 3
    assert len(got.totals) == 4
    assert not got.part.any(), "its first day stands for a quarter"


def test_a_month_that_the_data_cover_in_part_is_said_to_be_so():
    found = issues(2000, months=3, extent=(400, 400))
    got = by_month(found[found["time"] >= "2021-01-12"], cells(4, 4), min_count=3)
    assert got is not None
    assert got.part.tolist() == [True, False, False]


@pytest.mark.parametrize(
    ("first", "last"), [("01-01", "03-31"), ("01-02", "03-30"), ("01-03", "03-30"), ("01-02", "03-29")]
)
def test_the_map_and_the_chart_call_the_same_months_whole(first, last):
    found = issues(2000, months=3, extent=(400, 400))
    day = found["time"].dt.strftime("%m-%d")
    found = found[(day >= first) & (day <= last)]
    got = by_month(found, cells(4, 4), min_count=3)
    assert got is not None
    assert (
        got.part.tolist()
        == (~month_counts(found["time"])["whole"]).tolist()
        == [first > "01-02", False, last < "03-30"]
    )


def other_value(count, breaks, row, column, gone=False):
    """Whether a table of whole numbers has the same classes, but of rows that are gone, and the same sums, and another number
    there: by integer programming.
    """
    edges = np.array([0, *breaks, 10_000])
    at = np.searchsorted(breaks, count, side="right")
    free = np.broadcast_to(np.reshape(gone, (-1, 1)), count.shape)
    low, high = np.where(free, 0, edges[at]).ravel(), np.where(free, 9_999, edges[at + 1] - 1).ravel()
    rows, columns = count.shape
    sums = np.vstack([np.kron(np.eye(rows), np.ones(columns)), np.kron(np.ones(rows), np.eye(columns))])
    total = sums @ count.ravel()
    k = row * columns + column
    for sign in (1, -1):
        found = milp(
            sign * np.eye(count.size)[k], constraints=LinearConstraint(sums, total, total), bounds=(low, high),
            integrality=np.ones(count.size),
        )  # fmt: skip
        if round(found.x[k]) != count[row, column]:
            return True
    return False


@pytest.mark.parametrize("seed", range(12))
def test_no_small_count_can_be_told_from_classes_and_sums(seed):
    rng = np.random.default_rng(seed)
    count = rng.poisson(rng.uniform(0.5, 4), size=(3, 4))
    breaks = [3, 6]
    told = untold(count, breaks, min_count=3)
    small = (count > 0) & (count < 3)
    assert not told[~small].any()
    for row, column in np.argwhere(small & ~told):
        assert other_value(count, breaks, row, column)


@pytest.mark.parametrize("seed", range(40))
def test_no_small_count_of_a_square_that_is_left_out_is_what_others_leave(seed):
    rng = np.random.default_rng(seed)
    count = rng.choice([0, 0, 1, 2, 3, 5, 8, 12], size=rng.integers([2, 2], [6, 6]))
    breaks = [[3, 6], [5, 6], [3, 4, 9]][seed % 3]
    gone = unshown(count, breaks, min_count=breaks[0])
    for row, column in np.argwhere((count > 0) & (count < breaks[0])):
        # Where nothing is shown but the sums, these may tell by themselves.
        assert gone.all() or other_value(count, breaks, row, column, gone)


def test_a_square_of_which_the_sum_tells_the_months_is_left_out():
    at = gpd.points_from_xy([50] * 40 + [150] * 4, [50] * 44)
    time = pd.to_datetime(["2021-01-01", "2021-02-28"] * 20 + ["2021-01-05", "2021-01-06", "2021-02-05", "2021-02-06"])
    found = gpd.GeoDataFrame({"time": time}, geometry=at, crs=CRS)
    got = by_month(found, cells(2, 1), min_count=3)
    assert got is not None
    # Of four issues in two months of at most two each, there are two in each.
    assert got.classes[1].tolist() == [-1, -1]
    assert (got.classes[0] > 0).all()


def test_an_area_is_called_by_the_nearest_place_else_its_street_else_its_zone():
    squares = cells(4, 1, side=1000)
    zones = gpd.GeoDataFrame({"name": ["甲街道"]}, geometry=[shapely.box(0, 0, 3000, 1000)], crs=CRS)
    land = gpd.GeoDataFrame({"name": ["甲街道", "乙区"]}, geometry=[shapely.box(0, 0, 3000, 1000), shapely.box(3000, 0, 3400, 1000)], crs=CRS)  # fmt: skip
    places = gpd.GeoDataFrame({"name": ["月河", None]}, geometry=[shapely.Point(480, 500), shapely.Point(1500, 500)], crs=CRS)  # fmt: skip
    streets = gpd.GeoDataFrame({"name": ["中山路", None]}, geometry=[shapely.LineString([(1400, 0), (1400, 1000)]), shapely.LineString([(2500, 0), (2500, 1000)])], crs=CRS)  # fmt: skip
    ground = Ground(land=land, subdistricts=zones, places=places, streets=streets)
    assert name_areas(squares, ground, lang="zh") == ["月河（甲街道）", "中山路（甲街道）", "甲街道", None]
    assert name_areas(squares, Ground(land=land), lang="zh") == ["甲街道", "甲街道", "甲街道", None]
