"""What people are shown of sources and of the handling of cases: no small count, nor what adds up to one."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from scipy.optimize import linprog

from jxgis.space.sums import Period, add_areas, whole_zones
from jxgis.trends.analysis import find_trends
from jxgis.trends.response import measure_response
from jxgis.trends.shown import Untold, hide_response, hide_sources, untold_districts, without_scores
from jxgis.trends.sources import share_by_source

LEAST = 3
NOTHING = Untold(set(), set())


def cases(seed: int, n: int = 260) -> gpd.GeoDataFrame:
    """Cases of four departments and three sources in six months, a few of each combination."""
    rng = np.random.default_rng(seed)
    time = pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 181, n), unit="D")
    table = {
        "time": time,
        "deadline": time + pd.Timedelta(days=3),
        "closed": time + pd.to_timedelta(np.where(rng.random(n) < 0.8, 1, 6), unit="D"),
        "department": rng.choice(list("甲乙丙丁"), n, p=[0.7, 0.2, 0.07, 0.03]),
        "source": rng.choice(["巡查", "热线", "市民"], n, p=[0.8, 0.17, 0.03]),
    }
    return gpd.GeoDataFrame(table, geometry=gpd.points_from_xy([0] * n, [0] * n), crs=4549)


def least_and_most(true: np.ndarray, shown: np.ndarray, at: tuple[int, int]) -> tuple[float, float]:
    """What a reader can tell of a cell of a table, whose sums by row and column are known: an independent audit."""
    rows, cols = true.shape
    bounds: list[tuple[float, float]] = []
    equal, total = [], []
    for (i, j), value in np.ndenumerate(shown):
        if isinstance(value, str):
            bounds.append((1, LEAST - 1))
        else:
            bounds.append((0, np.inf) if pd.isna(value) else (float(true[i, j]), float(true[i, j])))
    for i in range(rows):
        equal.append([float(k // cols == i) for k in range(rows * cols)])
        total.append(true[i].sum())
    for j in range(cols):
        equal.append([float(k % cols == j) for k in range(rows * cols)])
        total.append(true[:, j].sum())
    cost = np.zeros(rows * cols)
    cost[at[0] * cols + at[1]] = 1
    ends = []
    for sign in (1, -1):
        found = linprog(sign * cost, A_eq=equal, b_eq=total, bounds=bounds)
        assert found.fun is not None
        ends.append(sign * float(found.fun))
    low, high = ends
    return low, high


def hold(true: np.ndarray, shown: np.ndarray) -> int:
    """Of each small count nothing beyond its range can be told; how many there are."""
    small = np.argwhere((true > 0) & (true < LEAST))
    for i, j in small:
        assert shown[i, j] is None or isinstance(shown[i, j], str) or pd.isna(shown[i, j])
        low, high = least_and_most(true, shown, (i, j))
        assert low <= 1 + 1e-6
        assert high >= LEAST - 1 - 1e-6
    return len(small)


@pytest.mark.parametrize("seed", [0, 1, 3])
def test_no_few_cases_of_a_source_can_be_told_from_its_sums(seed: int) -> None:
    issues = cases(seed)
    found = share_by_source(issues, issues["department"])
    shown = hide_sources(gpd.GeoDataFrame(found, geometry=[None] * len(found)), set(), LEAST)
    shape = (found["zone"].nunique(), found["source"].nunique())
    assert hold(found["count"].to_numpy().reshape(shape), shown["count"].to_numpy(dtype=object).reshape(shape))
    hidden = pd.to_numeric(shown["count"], errors="coerce").isna()
    assert shown.loc[hidden, ["share", "p", "q", "days_to_close"]].isna().all(axis=None)
    assert (shown.loc[~hidden, "share"] == found.loc[~hidden, "share"]).all()


@pytest.mark.parametrize(("seed", "n"), [(0, 450), (1, 450), (2, 600)])
def test_no_few_cases_of_a_department_can_be_told_from_its_months(seed: int, n: int) -> None:
    issues = cases(seed, n)
    found = measure_response(issues, {"department": issues["department"]})
    shown = hide_response(found, NOTHING, LEAST)
    monthly = found["month"] != "all"
    true, seen = (
        table[monthly].pivot_table(index="group", columns="month", values="cases", aggfunc="first", dropna=False)
        for table in (found, shown.assign(cases=shown["cases"].astype(object)))
    )
    there = found[monthly].set_index(["group", "month"]).index
    words = shown[monthly].set_index(["group", "month"])["cases"]
    table = np.array(
        [[words.get((g, m), 0) if (g, m) in there else 0 for m in true.columns] for g in true.index], dtype=object
    )
    assert seen.shape == true.shape
    assert hold(true.fillna(0).to_numpy(), table)
    numbers = shown[["cases", "due", "closed_on_time"]].apply(pd.to_numeric, errors="coerce")
    late = numbers["due"] - numbers["closed_on_time"]
    for count in (*(numbers[name] for name in numbers), late):
        assert not ((count > 0) & (count < LEAST)).any()
    hidden = numbers["closed_on_time"].isna()
    assert shown.loc[hidden, ["rate", "low", "high", "p", "verdict"]].isna().all(axis=None)
    assert hidden.any()
    assert not hidden.all()


def test_of_many_cases_few_of_which_are_not_yet_due_the_rate_is_told_and_their_number_is_not() -> None:
    day = pd.Timestamp("2024-05-01")
    n, open_few = 4000, np.arange(4000) >= 3998
    table = {"time": day, "department": np.where(np.arange(n) % 2 == 0, "甲", "乙")}
    issues = gpd.GeoDataFrame(table, geometry=gpd.points_from_xy([0] * n, [0] * n), crs=4549)
    late = np.arange(n) % 10 == 0
    issues["deadline"] = day + pd.to_timedelta(np.where(open_few, 90, 3), unit="D")
    issues["closed"] = day + pd.to_timedelta(np.where(late, 6, 1), unit="D")
    found = measure_response(issues, {"department": issues["department"]})
    shown = hide_response(found, NOTHING, LEAST)
    whole = shown[shown["month"] == "all"].set_index("group")
    assert whole[["due", "closed_on_time", "p"]].isna().all(axis=None)
    assert whole["rate"].to_dict() == pytest.approx({"甲": 0.8, "乙": 1.0}, abs=5e-4)
    # As many cases with one or two not yet due would show the same.
    for due in (1998, 1999):
        assert any(round(hits / due, 3) == whole.loc["甲", "rate"] for hits in range(due))


def test_with_one_case_at_the_least_nothing_is_hidden() -> None:
    issues = cases(0)
    found = measure_response(issues, {"department": issues["department"]})
    pd.testing.assert_frame_equal(hide_response(found, NOTHING, 1), found)


def two_districts() -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        {"name": ["东", "西"]}, geometry=[shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)], crs=4549
    )


def by_district() -> pd.DataFrame:
    issues = cases(1).assign(district=np.where(np.arange(260) % 2 == 0, "东", "西"))
    return measure_response(issues, {"district": issues["district"]})


def test_a_district_whose_total_another_part_hides_is_not_told_here() -> None:
    districts = two_districts()
    known = pd.DataFrame(
        {
            "level": "district", "issue_class": "all", "lost": [True, False], "when": "",
            "geometry": districts.geometry.to_numpy(),
        }
    )  # fmt: skip
    untold = untold_districts(known, districts)
    assert untold == Untold({"东"}, set())
    shown = hide_response(by_district(), untold, LEAST)
    assert shown.loc[shown["group"] == "东", ["cases", "due", "rate"]].isna().all(axis=None)


def test_a_district_of_which_another_part_shows_the_parts_in_some_time_is_told_in_whole_and_not_by_month() -> None:
    districts = two_districts()
    points = gpd.GeoDataFrame(geometry=gpd.points_from_xy([0.5] * 70 + [1.5] * 40, [0.5] * 110), crs=4549)
    halves = gpd.GeoDataFrame(
        geometry=[shapely.box(0, 0, 0.5, 1), shapely.box(0.5, 0, 1, 1), *districts.geometry[1:]], crs=4549
    )
    year = Period(np.array([2, 30, 20]), np.zeros(3, dtype=bool), "2023")
    known = add_areas(
        whole_zones(districts, points).assign(known=True), halves, pd.Series([10, 60, 40]), of="areas",
        kinds=["unit"] * 3, periods={"issues": year}, when="past", min_count=LEAST,
    )  # fmt: skip
    untold = untold_districts(known, districts)
    assert untold.ever == set()
    assert "东" in untold.in_time
    shown = hide_response(by_district(), untold, LEAST).set_index(["group", "month"]).loc["东"]
    assert shown.loc["all", "cases"] == 130
    assert shown.drop("all")[["cases", "due", "rate"]].isna().to_numpy().all()


def test_what_is_told_without_cells_counts_all_of_a_district_and_nothing_beyond() -> None:
    """A district of 450 m: the cells of 200 m whose centre lies in it end at 400 m, its issues do not."""
    rng = np.random.default_rng(3)
    x = np.concatenate([rng.uniform(0, 450, 300), rng.uniform(451, 600, 20)])
    time = pd.Timestamp("2023-01-01") + pd.to_timedelta(rng.uniform(0, 364, 320), unit="D")
    issues = gpd.GeoDataFrame(
        {
            "time": time,
            "source": "巡查",
            "closed": time + pd.Timedelta(hours=1),
            "deadline": time + pd.Timedelta(days=1),
        },
        geometry=gpd.points_from_xy(x, rng.uniform(0, 400, 320)),
        crs=4549,
    )
    district = gpd.GeoDataFrame({"name": ["东"]}, geometry=[shapely.box(0, 0, 450, 400)], crs=4549)
    found = find_trends(issues, district, districts=district, classes=[])
    whole = found.response[found.response["month"] == "all"].set_index("by")["cases"]
    assert whole[["city", "district", "source"]].tolist() == [300, 300, 300]
    assert found.series.loc[found.series["by"] == "city", "count"].sum() == 300


def test_cells_are_without_the_scores_that_tell_their_neighbours_apart() -> None:
    cells = gpd.GeoDataFrame({"pattern": ["none"], "trend_z": [1.0], "slope": [0.1]}, geometry=[None])
    assert list(without_scores(cells, LEAST).columns) == ["pattern", "geometry"]
    assert list(without_scores(cells, 1).columns) == list(cells.columns)
