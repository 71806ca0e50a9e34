"""Places that changed and places over time: what is said of each must hold for the issues that it counts."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from scipy.ndimage import label
from scipy.stats import hypergeom

from jxgis.hotspots.caution import at_one_point
from jxgis.trends.analysis import find_trends
from jxgis.trends.map import change_words, place_words
from jxgis.trends.result import TrendsResult

SIDE = 6000
CITY = gpd.GeoSeries([shapely.box(0, 0, SIDE, SIDE)], crs=4549)
SPLIT = 366
OPTIONS: dict[str, Any] = {"classes": [], "cell_m": 200, "band_m": 400, "batches": "none"}


def city(x: np.ndarray, y: np.ndarray, day: np.ndarray) -> gpd.GeoDataFrame:
    time = pd.Timestamp("2023-01-01") + pd.to_timedelta(day, unit="D")
    issues = gpd.GeoDataFrame({"time": time}, geometry=gpd.points_from_xy(x, y), crs=4549)
    return gpd.GeoDataFrame(issues[(x > 0) & (x < SIDE) & (y > 0) & (y < SIDE)])


def with_spots(seed: int) -> gpd.GeoDataFrame:
    """Twelve small spots, half of them in the later year alone and half in the earlier, in a city without change."""
    random = np.random.default_rng(seed)
    x, y = random.uniform(0, SIDE, (2, 6000))
    day = random.integers(0, 731, 6000)
    spots = random.uniform(500, 5500, (2, 12))
    of = random.integers(0, 12, 900)
    x[:900], y[:900] = spots[:, of] + random.normal(0, 60, (2, 900))
    day[:900] = np.where(of % 2 == 0, random.integers(SPLIT, 731, 900), random.integers(0, SPLIT - 1, 900))
    return city(x, y, day)


@pytest.fixture(scope="module", params=[(0, 0.05), (1, 0.05), (2, 0.05), (3, 0.05), (4, 0.05), (3, 0.3)])
def found(request: pytest.FixtureRequest) -> TrendsResult:
    """The last of these looks at q up to 0.3, three times what the classes of the map hold."""
    seed, alpha = request.param
    return find_trends(with_spots(seed), CITY, alpha=alpha, **OPTIONS)


def own_places(found: TrendsResult) -> list[tuple[str, int, int]]:
    """Direction, earlier and later issues of the significant cells that touch, counted in the points themselves."""
    issues, change, periods = found.given.need("issues"), found.change, found.comparison.periods
    assert change is not None
    assert periods is not None
    n, cells, alpha = SIDE // 200, change.total_bounds, found.given.settings.trends.alpha
    city = found.change_city
    col, row = (
        (np.asarray(getattr(issues.geometry, axis)) - low) // 200 for axis, low in zip("xy", cells[:2], strict=True)
    )
    late = (issues["time"] >= periods.split).to_numpy()
    middle = shapely.centroid(change.geometry.to_numpy())
    at = [((of(middle) - low) // 200).astype(int) for of, low in ((shapely.get_x, cells[0]), (shapely.get_y, cells[1]))]
    places = []
    for direction, sign in (("rose", 1), ("fell", -1)):
        mask = np.zeros((n, n), dtype=bool)
        mask[at[1], at[0]] = (change["q"] <= alpha) & (np.sign(change["after"] - (1 + city) * change["before"]) == sign)
        parts, number = label(mask)
        of = parts[row.astype(int), col.astype(int)]
        counted = (issues["time"] >= periods.earlier[0]) & (issues["time"] < periods.end)
        places += [
            (direction, int((counted & (of == k) & ~late).sum()), int((counted & (of == k) & late).sum()))
            for k in range(1, number + 1)
        ]
    return places


def test_what_a_place_is_said_to_have_done_holds_for_its_own_issues_and_others_are_counted(found: TrendsResult) -> None:
    places, time, alpha = own_places(found), found.given.need("issues")["time"], found.given.settings.trends.alpha
    late, whole = int((time >= pd.Timestamp("2024-01-01")).sum()), len(time)
    kept = []
    for direction, before, after in places:
        chance = hypergeom(whole, late, before + after)
        tail = chance.sf(after - 1) if direction == "rose" else chance.cdf(after)
        more = after * (whole - late) - before * late
        if 2 * tail <= alpha and np.sign(more) == (1 if direction == "rose" else -1):
            kept.append((direction, before, after))
    changes = found.changes
    assert changes is not None
    listed = list(zip(changes["direction"], changes["issues_before"], changes["issues_recent"], strict=True))
    assert sorted(listed) == sorted(kept)
    left = len(places) - len(kept)
    assert sum(found.changed_around.values()) == left
    assert found.account()["trends_found"]["changed_around"] == ({"all": left} if left else {})
    said = [note for note in found.notes() if "没有列入增减的地方" in note.zh]
    assert [f"全部问题 {left} 处" in note.zh and f"All issues {left}" in note.en for note in said] == [True] * bool(
        left
    )


def test_some_of_these_cities_have_places_of_both_kinds() -> None:
    """Else the test above would hold of nothing."""
    of_city = find_trends(with_spots(3), CITY, **OPTIONS)
    assert of_city.changes is not None
    assert of_city.changed_around["all"] > 0
    assert set(of_city.changes["direction"]) == {"rose", "fell"}


@pytest.mark.parametrize(("piled", "asked"), [(0.5, True), (0.1, False)])
def test_a_place_whose_issues_stand_at_one_point_is_asked_about_in_list_and_notes(piled: float, asked: bool) -> None:
    random = np.random.default_rng(0)
    x, y = random.uniform(0, SIDE, (2, 5000))
    day = random.integers(0, 731, 5000)
    x[:600], y[:600] = random.uniform(3000, 3400, (2, 600))
    day[:600] = random.integers(SPLIT + 100, 731, 600)
    x[: int(600 * piled)], y[: int(600 * piled)] = 3210, 3190
    found = find_trends(city(x, y, day), CITY, **OPTIONS)
    issues, shown, said = found.given.need("issues"), found.shown_tables(), " ".join(note.zh for note in found.notes())
    assert ("坐标完全相同" in said) == asked
    for name, words in (("places", place_words), ("changes", change_words)):
        own = gpd.GeoDataFrame(shown[name])
        first = own[own.contains(shapely.Point(3210, 3190))].iloc[[0]]
        inside = issues[issues.within(first.geometry.iloc[0])]
        (_, most), *_ = Counter(zip(inside.geometry.x, inside.geometry.y, strict=True)).most_common()
        assert first["same_point_share"].iloc[0] == pytest.approx(most / len(inside))
        assert words(first, "zh")[0].endswith(f"{100 * most / len(inside):.0f} % 坐标完全相同") == asked
        assert (at_one_point(first) != []) == asked
        assert (first["name"].iloc[0] in said) == asked


def test_of_three_issues_no_share_is_spoken_of() -> None:
    """One in three at one point is what three issues at three points have."""
    place = pd.DataFrame(
        {
            "pattern": ["new_hot"], "since": [pd.NaT], "issues": [3], "main_source": ["甲"], "main_source_share": [1.0],
            "same_point_share": [1 / 3],
        }
    )  # fmt: skip
    assert place_words(place, "en") == ["new"]
    assert place_words(place.assign(issues=30), "en") == ["new · 100 % from 甲 · 33 % at the very same point"]


def test_a_swing_is_spoken_of_where_there_is_one() -> None:
    """1.04 times as much was called 1.0 times as much, which p was said to allow for."""
    found = find_trends(with_spots(0), CITY, **{**OPTIONS, "batches": "estimated"})

    def said(*batch: float) -> list[str]:
        assert found.change is not None
        change = found.change.assign(batch=np.resize(batch, len(found.change)))
        return [note.zh.split("。")[0] for note in replace(found, change=change).notes() if "批量更大的片区" in note.zh]

    assert said(1.04) == ["两期相比时，各处件数的起伏与问题各自独立时差不多，p 值几乎没有放宽"]
    assert "各自独立时的 1.0 倍" in said(1.04, 2.5)[0]
    assert "50 % 的网格起伏看来更大，最多 2.5 倍" in said(1.04, 2.5)[0]
    assert "各自独立时的 2.5 倍" in said(2.5)[0]
    assert "网格" not in said(2.5)[0]


@pytest.mark.parametrize(("band_m", "wide"), [(5799 * 2**0.5, False), (5801 * 2**0.5, True)])
def test_a_band_as_wide_as_the_city_is_spoken_of(band_m: float, wide: bool) -> None:
    """Nothing was found, and what would have been was said."""
    found = find_trends(with_spots(0), CITY, **{**OPTIONS, "batches": "estimated", "band_m": band_m})
    said = [note.zh for note in found.notes()]
    assert any("没有可比的" in words for words in said) == wide
    assert any("才看得出来" in words or "批量更大的片区" in words for words in said) != wide


def test_a_hot_place_holds_no_fewer_issues_than_as_many_cells_of_the_city() -> None:
    """Spots are hot all around: what is so now and then may hold next to nothing itself."""
    random = np.random.default_rng(4)
    x, y = random.uniform(0, SIDE, (2, 20_000))
    spots, of = random.uniform(500, 5500, (2, 12)), random.integers(0, 12, 9000)
    x[:9000], y[:9000] = spots[:, of] + random.normal(0, 100, (2, 9000))
    issues = city(x, y, random.integers(0, 731, 20_000))
    found = find_trends(issues, CITY, **OPTIONS)
    middle = shapely.centroid(found.cells.geometry.to_numpy())
    row, col = (np.floor(of(middle) / 200).astype(int) for of in (shapely.get_y, shapely.get_x))
    number = np.zeros((30, 30), dtype=int)
    np.add.at(number, tuple((np.asarray(getattr(issues.geometry, of)) // 200).astype(int) for of in "yx"), 1)
    listed, left = [], 0
    for pattern in (name for name in found.cells["pattern"].unique() if name.endswith("_hot")):
        mask = np.zeros((30, 30), dtype=bool)
        mask[row, col] = found.cells["pattern"] == pattern
        parts, places = label(mask)
        for at in range(1, places + 1):
            own = number[parts == at]
            if own.mean() < number.mean():
                left += 1
            else:
                listed.append((pattern, int(own.sum())))
    assert sorted(zip(found.places["pattern"], found.places["issues"], strict=True)) == sorted(listed)
    assert found.hot_around == {"all": left}
    assert left > 0
    said = [note for note in found.notes() if "没有列入热点" in note.zh]
    assert [f"全部问题 {left} 处" in note.zh and f"All issues {left}" in note.en for note in said] == [True]
