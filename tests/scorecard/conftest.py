"""A city of four districts in two areas, side by side, each a square kilometre, with a street along a border."""

from __future__ import annotations

import geopandas as gpd
import pytest
import shapely

CRS = 4549


def frame(columns: dict[str, object], shapes: object) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(columns, geometry=shapes, crs=CRS)


@pytest.fixture
def districts() -> gpd.GeoDataFrame:
    boxes = shapely.box([0, 1000, 0, 1000], [0, 0, 1000, 1000], [1000, 2000, 1000, 2000], [1000, 1000, 2000, 2000])
    return frame({"name": ["甲", "乙", "丙", "丁"], "area": ["东区", "东区", "西区", "西区"]}, boxes)


@pytest.fixture
def units() -> gpd.GeoDataFrame:
    return frame({"unit_id": ["U1", "U2"]}, shapely.box([0, 500], [0, 0], [500, 1500], [1000, 1000]))


@pytest.fixture
def toilets() -> gpd.GeoDataFrame:
    """Four in 甲, one on the border of 甲 and 乙, one where all four meet, two in 丁, one outside."""
    at = [(1, 1), (2, 1), (3, 1), (600, 5), (1000, 300), (1000, 1000), (1500, 1500), (1600, 1500), (5000, 5000)]
    return frame({}, shapely.points(at))
