"""Which areas are looked at: buffers, the city's edge, names; the same place counted once."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from weak_city import CITY, points

from jxgis.errors import InputError
from jxgis.weak import Denominator, choose_denominator, gather_areas, rank_areas


def test_points_and_lines_get_their_buffers_and_polygons_stay():
    shapes = [shapely.Point(500, 500), shapely.LineString([(1000, 500), (2000, 500)]), shapely.box(3000, 0, 3100, 50)]
    areas = gather_areas({"k": gpd.GeoDataFrame(geometry=shapes, crs=4549)}, CITY, point_buffer_m=100, line_buffer_m=20)
    lane = 1000 * 40 + np.pi * 20**2
    assert areas["area_km2"].to_numpy() * 1e6 == pytest.approx([np.pi * 100**2, lane, 5000], rel=2e-3)
    assert areas["name"].tolist() == ["#1", "#2", "#3"]


def test_what_lies_over_the_edge_counts_with_its_part_inside():
    plots = gpd.GeoDataFrame(geometry=shapely.box([-100, -500], 0, [300, -400], 100), crs=4549)
    areas = gather_areas({"k": plots}, CITY, point_buffer_m=1, line_buffer_m=1)
    assert areas["inside_share"].tolist() == pytest.approx([0.75, 0])
    assert areas["area_km2"].tolist() == pytest.approx([0.03, 0])
    assert areas["reason"].fillna("").tolist() == ["", "outside_city"]


def listed(boxes, cases, severity):
    """Areas along a line from one x to another, cases at x."""
    west, east = np.array(boxes).T
    at = np.array(cases)
    table = pd.DataFrame({"name": [f"n{k}" for k in range(len(boxes))], "kind": "k", "severity": severity})
    table = table.assign(
        issues=[int(((at >= a) & (at <= b)).sum()) for a, b in boxes], p=1e-6, hot_q=np.nan, change=0.0, reason=None
    )
    areas = gpd.GeoDataFrame(table, geometry=shapely.box(west, 0, east, 1), crs=4549)
    return rank_areas(areas, points(at, np.full(len(at), 0.5)), alpha=0.05, min_issues=1)


def test_a_place_most_of_whose_issues_lie_in_a_smaller_one_is_counted_once_and_named():
    found = listed([(0, 10), (2, 4), (20, 30)], [1, 3, 3, 25], [3, 2, 1.5])
    assert found["status"].tolist() == ["same_place", "weak", "weak"]
    assert found["rank"].fillna(0).tolist() == [0, 1, 2]
    assert found["within"].fillna("").tolist() == ["n1", "", ""]


def test_a_small_place_stands_beside_the_large_one_around_it_and_says_so():
    found = listed([(2, 4), (0, 10)], [1, 1.5, 3, 3, 9], [2, 3])
    assert found["status"].tolist() == ["weak", "weak"]
    assert found["shared"].tolist() == [0, 0.4]
    assert found["within"].fillna("").tolist() == ["n1", ""]
    assert found["rank"].tolist() == [2, 1]


def test_half_of_the_issues_is_not_yet_the_same_place():
    assert listed([(2, 4), (0, 10)], [1, 1.5, 3, 3], [3, 2])["status"].tolist() == ["weak", "weak"]
    assert listed([(2, 4), (0, 10)], [1, 3, 3], [3, 2])["status"].tolist() == ["weak", "same_place"]


def test_two_smaller_ones_together_make_a_place_the_same():
    found = listed([(0, 4), (6, 10), (0, 10)], [1, 2, 3, 7, 8, 5, 5], [4, 3, 5])
    assert found["status"].tolist() == ["weak", "weak", "same_place"]
    assert found["within"][2] == "n0"


def test_two_that_are_drawn_alike_are_one_place():
    found = listed([(0, 4), (0, 4)], [1, 2, 3], [2, 3])
    assert found["status"].tolist() == ["same_place", "weak"]


def test_rank_goes_by_severity_then_q_then_change_whatever_the_order_of_rows():
    west = np.arange(4) * 10.0
    table = pd.DataFrame(
        {"name": list("abcd"), "kind": "k", "issues": 9, "severity": [2.0, 3.0, 2.0, 2.0], "p": [1e-3, 1e-2, 1e-3, 1e-4],
         "hot_q": np.nan, "change": [0.1, 0.0, 0.5, 0.0], "reason": None}
    )  # fmt: skip
    areas = gpd.GeoDataFrame(table, geometry=shapely.box(west, 0, west + 1, 1), crs=4549)
    cases = points(np.repeat(west + 0.5, 9), np.full(36, 0.5))
    for order in ([0, 1, 2, 3], [3, 1, 0, 2], [2, 3, 1, 0]):
        some = areas.iloc[order].reset_index(drop=True)
        found = rank_areas(some, cases, alpha=0.05, min_issues=5).assign(name=some["name"])
        assert found.sort_values("rank")["name"].tolist() == ["b", "d", "c", "a"]


def test_few_issues_are_on_no_list_however_rare():
    found = listed([(0, 1), (5, 6)], [0.5, 5.5], [9, 9])
    assert found["status"].tolist() == ["weak", "weak"]
    areas = gpd.GeoDataFrame(
        {"name": ["a"], "kind": "k", "issues": [2], "severity": [9.0], "p": [1e-9], "hot_q": np.nan, "change": 0.0,
         "reason": None}, geometry=[shapely.box(0, 0, 1, 1)], crs=4549,
    )  # fmt: skip
    assert rank_areas(areas, points([0.5] * 2, [0.5] * 2), alpha=0.05, min_issues=5)["status"].tolist() == [
        "few_issues"
    ]


def test_an_exposure_without_its_layer_is_refused():
    for exposure in ("street_km", "people"):
        with pytest.raises(InputError, match="exposure"):
            choose_denominator(exposure, {"streets": None, "population": None})


def test_streets_and_people_are_measured_in_the_areas():
    street = gpd.GeoDataFrame(geometry=[shapely.LineString([(0, 500), (6000, 500)])], crs=4549)
    homes = gpd.GeoDataFrame({"people": [600.0]}, geometry=[shapely.box(0, 0, 600, 100)], crs=4549)
    plots = gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 300, 1000), shapely.box(3000, 600, 3300, 900)], crs=4549)
    assert choose_denominator("street_km", {"streets": street}).of(plots).tolist() == pytest.approx([0.3, 0])
    assert choose_denominator("people", {"residential": homes}).of(plots).tolist() == pytest.approx([300, 0])
    assert Denominator("km2").of(plots).tolist() == pytest.approx([0.3, 0.09])


def test_names_that_stand_again_are_told_apart_from_those_that_look_like_it():
    plots = gpd.GeoDataFrame({"name": ["甲", "甲", "甲 (2)", None, "#4"]}, geometry=points(range(5), range(5)).geometry)
    areas = gather_areas({"markets": plots}, CITY, point_buffer_m=9, line_buffer_m=9)
    assert areas["name"].tolist() == ["甲", "甲 (3)", "甲 (2)", "#4", "#4 (2)"]


def test_a_hot_place_keeps_the_district_of_the_test_that_found_it():
    """Most of its issues are in the east, most of its ground in the west: one place has one district on every page."""
    city = gpd.GeoDataFrame(
        {"name": ["西", "东"]}, geometry=[shapely.box(0, 0, 100, 100), shapely.box(100, 0, 200, 100)], crs=4549
    )
    place = gpd.GeoDataFrame({"name": ["甲"], "district": ["东"]}, geometry=[shapely.box(20, 0, 120, 50)], crs=4549)
    for table, expected in ((place.assign(hot_q=0.01), "东"), (place, "西")):
        found = gather_areas({"hot_place": table}, city, point_buffer_m=9, line_buffer_m=9)
        assert found["district"].tolist() == [expected]
