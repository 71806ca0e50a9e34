"""Boston's 311 cases: the figures of the methods page, and what someone who knows the city would expect."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

from jxgis.hotspots.analysis import find_hotspots

pytestmark = pytest.mark.real
CLASSES = ["Highway Maintenance", "Street Lights", "Street Cleaning", "Housing"]


@pytest.fixture(scope="module")
def boston(real_dir):
    folder = real_dir / "boston"
    table = pd.read_csv(folder / "boston311_2015.csv.gz", low_memory=False)
    issues = gpd.GeoDataFrame(
        {
            "issue_class": table["REASON"],
            "sub_type": table["TYPE"],
            "time": pd.to_datetime(table["OPEN_DT"], format="%m/%d/%Y %I:%M:%S %p"),
        },
        geometry=gpd.points_from_xy(table["LONGITUDE"], table["LATITUDE"]),
        crs=4326,
    ).to_crs(26986)
    area = gpd.read_file(folder / "Boston_Neighborhoods.geojson").rename(columns={"Name": "name"}).to_crs(26986)
    area["geometry"] = area.geometry.make_valid()
    heap = (table["LATITUDE"].round(4) == 42.3594) & (table["LONGITUDE"].round(4) == -71.0587)
    return issues, area, heap.to_numpy()


def first(found, issue_class):
    return found.places[found.places["issue_class"] == issue_class].iloc[0]


def test_exact_and_normal_p_disagree_as_the_methods_page_says(boston):
    issues, area, _ = boston
    found = find_hotspots(issues, area, classes=CLASSES, districts=area)
    row = found.against_normal.set_index("issue_class").loc["all"]
    assert row[["hot", "cold", "normal_hot", "normal_cold"]].tolist() == [224, 855, 21, 0]
    assert found.cells["count"].dtype.kind == "i"
    total = found.cells.loc[found.cells["issue_class"] == "all", "count"].sum()
    assert total + found.outside_area == len(issues)
    assert found.densities["all"].mass == pytest.approx(total, rel=1e-9)
    # 17,070 cases stand at one point beside City Hall, two thirds of them without an address: a geocoder's default.
    assert first(found, "all")["district"] == "Downtown"
    assert first(found, "all")["same_point_share"] > 0.4


def test_without_the_default_point_places_are_where_boston_has_them(boston):
    issues, area, heap = boston
    found = find_hotspots(issues[~heap], area, classes=CLASSES, districts=area)
    assert first(found, "all")["same_point_share"] < 0.05
    # Curbside trash in the narrow streets of Beacon Hill and the North End; housing complaints in Dorchester.
    assert first(found, "Street Cleaning")["district"] in {"Beacon Hill", "North End"}
    assert first(found, "Housing")["district"] == "Dorchester"
    east = found.places[(found.places["issue_class"] == "all") & (found.places["district"] == "East Boston")]
    assert len(east) == 1
    assert np.isfinite(found.places["change"]).any()
