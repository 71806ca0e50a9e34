"""What a ground is made of, and the base maps that may lie below it."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pytest
import shapely

from jxgis.datum import wgs84_to_gcj02
from jxgis.drawing import Ground, _encode, add_polygons, fill, ground_of, land_map, to_html
from jxgis.drawing.canvas import Canvas
from jxgis.drawing.ground import Basemap
from jxgis.errors import SettingsError
from jxgis.settings import Settings

SQUARE = shapely.box(572_000, 3_402_000, 573_000, 3_403_000)
LAND = gpd.GeoDataFrame({"name": ["东"]}, geometry=[SQUARE], crs=4549)


def policy(page: str) -> str:
    found = re.search(r'Content-Security-Policy" content="([^"]+)"', page)
    assert found is not None
    return found[1]


def page_on(basemap: Basemap | None) -> str:
    page = land_map(Canvas(ground=Ground(land=LAND, basemap=basemap), lang="zh"), LAND, title="题")
    add_polygons(page, LAND, name="面", styles=[fill("#b2182b")])
    return to_html(page)


def test_roads_stand_in_for_streets_and_what_is_missing_is_none():
    line = gpd.GeoDataFrame({"road_class": ["次干路"]}, geometry=[shapely.LineString([(0, 0), (9, 9)])], crs=4549)
    ground = ground_of({"roads": line, "waters": LAND.iloc[:0]})
    assert ground.streets["order"].tolist() == [1]
    assert ground.streets["name"].isna().all()
    assert (ground.land, ground.waters, ground.places) == (None, None, None)
    assert ground_of({"streets": line.assign(road_class="主干路"), "roads": line}).streets["order"].tolist() == [0]


def test_a_page_loads_images_from_the_hosts_of_its_base_map_and_from_nowhere_else():
    assert "img-src data:;" in policy(page_on(None))
    assert "img-src data: https://tile.openstreetmap.org;" in policy(page_on(Basemap("osm")))
    assert "img-src data: https://*.tianditu.gov.cn;" in policy(page_on(Basemap("tianditu", "k3y")))
    keyed = page_on(Basemap("tianditu", "k3y<"))
    assert '<meta name="jxgis-basemap-key" content="k3y&lt;">' in keyed
    # In no script, whose hash it would change.
    assert policy(keyed) == policy(page_on(Basemap("tianditu", "other")))
    assert "https://" not in re.sub(r"https://leafletjs\S*", "", policy(page_on(None)))


def test_all_that_is_drawn_on_gaode_is_shifted_and_the_page_says_so():
    plain, shifted = page_on(Basemap("osm")), page_on(Basemap("gaode"))
    assert "GCJ-02" in shifted
    assert "GCJ-02" not in plain

    def home(page: str) -> np.ndarray:
        found = re.search(r"jxgis\.home\(map_0, (\[\[.+?\]\])", page)
        assert found is not None
        return np.array(json.loads(found[1])).ravel()

    south, west, north, east = home(plain)
    lon, lat = wgs84_to_gcj02([west, east], [south, north])
    np.testing.assert_allclose(home(shifted), [lat[0], lon[0], lat[1], lon[1]], atol=1e-9)
    there = shapely.get_coordinates(_encode.to_degrees(LAND, "GCJ-02"))
    here = shapely.get_coordinates(_encode.to_degrees(LAND))
    np.testing.assert_allclose(there, np.column_stack(wgs84_to_gcj02(*here.T)), atol=1e-12)
    assert np.abs(there - here).max() > 0.002


def test_the_key_comes_from_the_settings_or_the_environment_and_stands_in_no_account(monkeypatch):
    monkeypatch.delenv("JXGIS_TIANDITU_KEY", raising=False)
    with pytest.raises(SettingsError, match="JXGIS_TIANDITU_KEY"):
        Settings().overridden("report", {"basemap": "tianditu"})
    given = Settings().overridden("report", {"basemap": "tianditu", "tianditu_key": "k3y"})
    assert given.report.key == "k3y"
    assert "tianditu_key" not in given.shaping(["report"])["report"]
    monkeypatch.setenv("JXGIS_TIANDITU_KEY", "k4y")
    assert Settings().overridden("report", {"basemap": "tianditu"}).report.key == "k4y"
    assert Settings().report.key == ""


def test_a_ground_on_a_page_is_the_same_to_the_byte():
    ground = Ground(land=LAND, parks=LAND.assign(geometry=LAND.buffer(-200)))
    pages = {to_html(land_map(Canvas(ground=replace(ground)), LAND, title="题")) for _ in range(2)}
    assert len(pages) == 1
