"""What lists put first."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from jxgis.hotspots.leads import peaks_lead, peaks_per_place, wide_names
from jxgis.parks.gaps import blind_spot_names
from jxgis.scoring.conditions import fails_condition


def test_peaks_are_counted_by_class_and_place():
    places = pd.DataFrame({"issue_class": ["all", "all", "a"], "rank": [1, 2, 1], "name": ["甲", "乙", "甲"]})
    peaks = pd.DataFrame({"issue_class": ["all", "a", "all", "a", "a"], "place_rank": [2, 1, 1, 1, 1]})
    assert peaks_per_place(places, peaks).tolist() == [1, 1, 3]
    assert wide_names(places, peaks, "en") == ["甲", "乙", "甲 and 2 more"]


@pytest.mark.parametrize(("held", "leads"), [([1, 2], False), ([2, 2], False), ([1, 1], True), ([], False)])
def test_peaks_lead_where_the_first_place_holds_several(held, leads):
    places = pd.DataFrame({"issue_class": "all", "rank": [2, 1]})
    assert peaks_lead(places, pd.DataFrame({"issue_class": "all", "place_rank": held})) is leads


def test_no_gate_is_no_failure():
    assert not fails_condition(pd.DataFrame({"rank": [1, 2]})).any()
    assert fails_condition(pd.DataFrame({"gates": [None, "fail"]})).tolist() == [False, True]


def test_only_a_number_of_the_zone_is_no_name():
    names = ["老城-2", "老城-a", "all-1", "城(南)-3"]
    zones = ["老城", "老城", "all", "城(南)"]
    spots = gpd.GeoDataFrame({"name": names, "zone": zones}, geometry=[shapely.Point(n, 0) for n in range(4)], crs=4549)
    assert blind_spot_names(spots, None, "zh") == ["老城（未命名 2）", "老城-a", "未命名 1", "城(南)（未命名 3）"]
    assert blind_spot_names(spots, None, "en")[2] == "unnamed 1"
