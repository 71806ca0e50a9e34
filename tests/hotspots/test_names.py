"""Names: the most common text against a plain count, streets against plain distances, the order of sources."""

from __future__ import annotations

from collections import Counter

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from jxgis.errors import CrsError
from jxgis.hotspots.names import encode, most_common, name_peaks, streets_of

TEXTS = st.sampled_from(["甲", "乙 ", " 乙", "丙", "", "  ", None])


@given(st.lists(st.tuples(st.integers(-1, 3), TEXTS), max_size=40))
@settings(max_examples=80, deadline=None)
def test_most_common_is_the_counters(rows):
    group = np.array([number for number, _ in rows], dtype=np.int64)
    table = most_common(group, encode(np.array([text for _, text in rows], dtype=object)), 4)
    for number in range(4):
        members = [text.strip() if text else "" for g, text in rows if g == number]
        known = Counter(text for text in members if text)
        found = table.iloc[number]
        if not known:
            assert found["value"] is None
            assert np.isnan(found["share"])
            continue
        most = max(known.values())
        assert found["value"] == min(text for text, n in known.items() if n == most)
        assert found["share"] == pytest.approx(most / len(members))


def test_streets_are_the_nearest_within_reach():
    rng = np.random.default_rng(0)
    lines = [shapely.LineString(rng.uniform(0, 1000, (4, 2))) for _ in range(15)]
    lines.append(shapely.MultiLineString([[(0, 0), (50, 0)], [(900, 900), (950, 900)]]))
    names = [f"第{i}路" for i in range(15)] + [None]
    streets = gpd.GeoDataFrame({"name": names}, geometry=lines, crs=4549)
    points = gpd.GeoSeries(gpd.points_from_xy(*rng.uniform(0, 1000, (2, 300))), crs=4549)
    found = streets_of(points, streets, reach_m=60)
    for point, name in zip(points, found, strict=True):
        distance = np.array([line.distance(point) for line in lines])
        assert name == (names[int(distance.argmin())] if distance.min() <= 60 else None)
    # At a crossing the first street of the table has it; without streets nobody has.
    crossing = gpd.GeoDataFrame(
        {"name": ["东西街", "南北街"]},
        geometry=[shapely.LineString([(0, 5), (10, 5)]), shapely.LineString([(5, 0), (5, 10)])],
        crs=4549,
    )
    middle = gpd.GeoSeries([shapely.Point(5, 5)], crs=4549)
    assert streets_of(middle, crossing).tolist() == ["东西街"]
    assert streets_of(middle, crossing.iloc[::-1]).tolist() == ["南北街"]
    assert streets_of(middle, crossing.iloc[:0]).tolist() == [None]
    with pytest.raises(CrsError):
        streets_of(middle, crossing.to_crs(4490))


def test_the_best_source_names_a_peak():
    def words(*values):
        return np.array(values, dtype=object)

    places = gpd.GeoDataFrame({"name": ["远", "近"]}, geometry=gpd.points_from_xy([300, 100], [0, 0]), crs=4549)
    labels = gpd.GeoDataFrame({"name": ["南湖"]}, geometry=gpd.points_from_xy([5000], [0]), crs=4549)
    table = name_peaks(
        np.array([0.0, 2000, 3000, 4500, 9000, 9300, 9500]),
        np.zeros(7),
        places=places,
        labels=labels,
        reach_m=500,
        label_reach_m=1000,
        streets=words("某路", "中山路", None, None, None, None, None),
        field=words(None, "甲社区", "乙社区", None, None, None, None),
        subdistricts=words(None, None, None, "解放街道", "新兴街道", None, None),
        districts=words("老城", "老城", "老城", "老城", "老城", "城南", None),
    )
    assert table["name"].tolist() == ["近", "中山路", "乙社区", "南湖", "新兴街道", "城南", None]
    assert table["name_from"].tolist() == ["place", "street", "field", "label", "subdistrict", "district", "number"]


def test_every_peak_has_its_nearest_place_and_of_equals_the_first_of_the_table():
    """Places stand at 0, 200, … and at 200 once more; peaks in the middle between two, and at 390."""
    places = gpd.GeoDataFrame(
        {"name": list("甲乙丙丁")}, geometry=gpd.points_from_xy([0, 200, 200, 400], [0, 0, 0, 0]), crs=4549
    )
    x = np.array([390.0, 100, 300, 190])
    nothing = np.full(4, None, dtype=object)
    table = name_peaks(
        x, np.zeros(4), places=places, labels=None, reach_m=500, label_reach_m=1000, streets=nothing, field=nothing,
        subdistricts=nothing, districts=nothing,
    )  # fmt: skip
    assert table["name"].tolist() == ["丁", "甲", "乙", "乙"]


def test_a_street_exactly_at_the_reach_gives_its_name():
    rng = np.random.default_rng(6)
    for _ in range(30):
        angle, at = rng.uniform(0, 2 * np.pi), np.array([572_000.0, 3_402_000.0]) + rng.uniform(-20_000, 20_000, 2)
        away, along = np.array([np.cos(angle), np.sin(angle)]), np.array([-np.sin(angle), np.cos(angle)])
        line = shapely.LineString([at + 100 * away - 50 * along, at + 100 * away + 50 * along])
        streets = gpd.GeoDataFrame({"name": ["中山路"]}, geometry=[line], crs=4549)
        assert streets_of(gpd.GeoSeries([shapely.Point(at)], crs=4549), streets, reach_m=100).tolist() == ["中山路"]
