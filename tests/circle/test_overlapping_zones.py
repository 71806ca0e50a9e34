"""Zones that overlap each count for themselves, and the city counts its ground once: against plain geopandas."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely

import jxgis
from jxgis.errors import InputError

RNG = np.random.default_rng(7)
WEST, SOUTH = RNG.uniform(0, 2800, (2, 40))
HOMES = gpd.GeoDataFrame(geometry=shapely.box(WEST, SOUTH, WEST + 150, SOUTH + 150), crs=4549)
GRID = [shapely.LineString([(x, 0), (x, 3000)]) for x in range(0, 3001, 250)]
STREETS = gpd.GeoDataFrame(geometry=[*GRID, *(shapely.transform(s, lambda at: at[:, ::-1]) for s in GRID)], crs=4549)
SHOPS = gpd.GeoDataFrame(geometry=gpd.points_from_xy([500, 1600, 2400], [500, 1600, 2400]), crs=4549)


def boxes(column, names, *bounds):
    return gpd.GeoDataFrame({column: names}, geometry=[shapely.box(*each) for each in bounds], crs=4549)


DISTRICTS = boxes("name", ["东", "西"], (1500, 0, 3000, 3000), (0, 0, 1500, 3000))
OVER = boxes("name", ["东", "西"], (1000, 0, 3000, 3000), (0, 0, 1500, 3000))


def test_units_and_communities_that_overlap_count_each_by_itself():
    units = boxes("unit_id", ["u1", "u2"], (200, 200, 2000, 2000), (1000, 1000, 2900, 2900))
    communities = boxes("name", ["甲", "乙"], (0, 0, 1800, 1800), (900, 0, 3000, 2500))
    found = jxgis.measure_circle(
        {"shops": SHOPS}, HOMES, DISTRICTS, STREETS, units=units, levels={"communities": communities}
    )
    table = found.circle[found.circle["kind"] == "shops"].set_index("zone")
    shapes = {
        **dict(zip(units["unit_id"], units.geometry, strict=True)),
        **dict(zip(communities["name"], communities.geometry, strict=True)),
    }
    shapes |= {"all": DISTRICTS.union_all(), **dict(zip(DISTRICTS["name"], DISTRICTS.geometry, strict=True))}
    homes = HOMES.union_all()
    for zone, shape in shapes.items():
        assert table.loc[zone, "residential_m2"] == pytest.approx(homes.intersection(shape).area, rel=0.02), zone
        assert table.loc[zone, "things"] == SHOPS.within(shape).sum(), zone
    assert table.loc["all", "things"] == 3


def test_districts_that_overlap_are_refused_by_the_circle():
    with pytest.raises(InputError, match="Districts overlap"):
        jxgis.measure_circle({"shops": SHOPS}, HOMES, OVER, STREETS)


def test_districts_that_overlap_count_each_by_itself_in_the_coverage_and_the_city_counts_its_ground_once():
    parks = gpd.GeoDataFrame(
        {"name": ["p", "q"]}, geometry=SHOPS.geometry.iloc[[0, 2]].buffer(100).to_numpy(), crs=4549
    )
    table = jxgis.measure_parks(parks, HOMES, OVER).tables()["coverage"].set_index("zone")["residential_m2"]
    homes = HOMES.union_all()
    shapes = {**dict(zip(OVER["name"], OVER.geometry, strict=True)), "all": OVER.union_all()}
    for zone, shape in shapes.items():
        assert table[zone] == pytest.approx(homes.intersection(shape).area, rel=1e-9), zone
    assert table["all"] < 0.9 * (table["东"] + table["西"])
