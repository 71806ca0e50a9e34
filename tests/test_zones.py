"""Names of zones, wherever figures are told by zone."""

from itertools import pairwise

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from jxgis import load
from jxgis.errors import InputError
from jxgis.hotspots.mix import zone_table
from jxgis.parks.people import people_served
from jxgis.parks.radius import classify_parks, radius_coverage
from jxgis.parks.standards import load_standard
from jxgis.parks.supply import supply_by_zone, two_step_catchment
from jxgis.parks.whole import merge_parks
from jxgis.space.grid import grid_over
from jxgis.space.points import locate_each
from jxgis.zones import zone_names

WRONG = (["老城", "老城"], ["all", "老城"], ["ALL", "老城"], ["ａｌｌ", "老城"], ["全域", "老城"], [None, "老城"])


def zones(names):
    boxes = [shapely.box(x, 0, x + 1000, 1000) for x in (0, 1000)]
    return gpd.GeoDataFrame({"name": names}, geometry=boxes, crs=4549)


def test_two_zones_of_one_name_are_refused_whatever_the_name():
    for name in ("老城", "nan", "None"):
        with pytest.raises(InputError, match=name):
            zone_names(zones([name, name]))
    assert zone_names(zones(["nan", "None"])) == ("nan", "None")


@pytest.mark.parametrize("names", WRONG)
def test_every_table_by_zone_refuses_names_that_do_not_tell_zones_apart(names):
    standard, some = load_standard(), zones(names)
    parks = classify_parks(
        merge_parks(gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 90, 90)], crs=4549)).parks, standard
    )
    people = gpd.GeoDataFrame({"people": [3.0]}, geometry=[shapely.Point(50, 50)], crs=4549)
    grid = grid_over(some, cell_m=500)
    cells = pd.DataFrame({"issue_class": "all", "gi_z": [0.0] * len(grid), "gi_q": [1.0] * len(grid)})
    issues = people.assign(issue_class="甲")
    for refuse in (
        lambda: radius_coverage(parks, some, some, standard=standard),
        lambda: people_served(parks, people, some),
        lambda: supply_by_zone(two_step_catchment(parks, people), some),
        lambda: zone_table(issues, {"district": some}, ["甲"], cells=cells, grid=grid),
    ):
        with pytest.raises(InputError):
            refuse()


def test_a_file_with_a_zone_called_all_is_refused_and_rows_of_one_name_are_said_to_be_merged():
    with pytest.raises(InputError, match="all"):
        load.load_districts(zones(["all", "老城"]))
    loaded = load.load_districts(zones(["老城", "老城"]))
    assert len(loaded.table) == 1
    assert any("老城 (2)" in note.zh for note in loaded.notes)


def test_names_that_are_told_apart():
    assert zone_names(zones(["Allston", "全域东"])) == ("Allston", "全域东")


@pytest.mark.parametrize("seed", range(20))
def test_points_on_common_borders_add_up(seed):
    """Points on a lattice that the borders run along: brute force by predicates, one point at a time."""
    rng = np.random.default_rng(seed)
    edges = np.unique(np.concatenate([[0, 10], rng.integers(1, 10, 3)]))
    tiles = [shapely.box(a, 0, b, 10) for a, b in pairwise(edges)]
    tiles = list(rng.permutation(np.array([*tiles, shapely.box(2, 2, 5, 5)], dtype=object)))
    spots = [shapely.Point(*xy) for xy in rng.integers(-1, 12, (200, 2))]
    point, zone = locate_each(gpd.GeoSeries(spots, crs=4549), gpd.GeoSeries(tiles, crs=4549))
    expected = []
    for at, spot in enumerate(spots):
        inside = [k for k, tile in enumerate(tiles) if tile.contains(spot)]
        touching = [k for k, tile in enumerate(tiles) if tile.touches(spot)]
        expected += [(at, k) for k in inside or touching[:1]]
    assert list(zip(point.tolist(), zone.tolist(), strict=True)) == expected


def test_people_on_a_common_border_count_once_and_zones_add_up_to_the_whole():
    spots = [shapely.Point(1000, y) for y in range(0, 1001, 100)] + [shapely.Point(500, 500), shapely.Point(1500, 500)]
    people = gpd.GeoDataFrame({"people": np.full(13, 2.0)}, geometry=spots, crs=4549)
    park = gpd.GeoDataFrame({"area_m2": [1e4], "radius_m": [5000.0]}, geometry=[shapely.box(0, 0, 100, 100)], crs=4549)
    some = zones(["西", "东"])
    assert supply_by_zone(two_step_catchment(park, people), some)["people"].tolist() == [24, 2, 26]
    assert people_served(park, people, some)["served_people"].tolist() == [24, 2, 26]
