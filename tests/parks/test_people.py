"""People from rasters keep their mass, whatever the raster's CRS."""

import geopandas as gpd
import numpy as np
import pyproj
import pytest
import rasterio
import shapely
import shapely.ops
from rasterio.transform import from_origin
from shapely.geometry import LineString, Point, box

from jxgis import load
from jxgis.errors import CrsError, InputError
from jxgis.parks.people import (
    people_of_housing,
    people_served,
    people_served_raster,
    people_walking,
    people_within_raster,
    raster_people,
    raster_points,
    to_raster_crs,
)
from jxgis.parks.radius import classify_parks
from jxgis.parks.standards import load_standard
from jxgis.parks.walking import walking_coverage
from jxgis.parks.whole import merge_parks
from jxgis.reference import resolve_crs
from jxgis.space.network import street_graph

WEST, SOUTH = 566_000.0, 3_400_000.0
DEGREES = pyproj.CRS(4326)


def table(shapes, **columns):
    return gpd.GeoDataFrame(columns, geometry=list(shapes), crs=4549)


def zones(n=4, side=1000.0):
    """n × n squares."""
    shapes = [
        box(WEST + i * side, SOUTH + j * side, WEST + (i + 1) * side, SOUTH + (j + 1) * side)
        for i in range(n)
        for j in range(n)
    ]
    return table(shapes, name=[f"zone {k}" for k in range(n * n)])


def write(path, cells, transform, crs, nodata=None):
    with rasterio.open(
        path, "w", driver="GTiff", height=cells.shape[0], width=cells.shape[1], count=1, dtype="float64", crs=crs,
        transform=transform, nodata=nodata,
    ) as raster:  # fmt: skip
        raster.write(cells, 1)
    return path


@pytest.fixture
def in_degrees(tmp_path):
    """A raster of people in degrees, wholly inside the zones; its total is known."""
    inner = zones().to_crs(4326).total_bounds
    rng = np.random.default_rng(0)
    size = 0.00083
    cells = rng.gamma(2, 5, (30, 36))
    return write(
        tmp_path / "people.tif", cells, from_origin(inner[0] + 0.003, inner[3] - 0.003, size, size), 4326
    ), cells


def test_mass_is_kept_across_crs(in_degrees):
    path, cells = in_degrees
    found = raster_people(path, to_raster_crs(zones(), DEGREES))
    # The contract: to 0.1 %. Neighbouring zones share their densified edges, so that it is far better.
    assert found["people"].sum() == pytest.approx(cells.sum(), rel=1e-6)


def test_cells_are_shared_out_by_area(tmp_path):
    path = write(tmp_path / "one.tif", np.array([[100.0]]), from_origin(WEST, SOUTH + 100, 100, 100), 4549)
    halves = table([box(WEST, SOUTH, WEST + 25, SOUTH + 100), box(WEST + 25, SOUTH, WEST + 100, SOUTH + 100)])
    assert raster_people(path, halves)["people"].tolist() == pytest.approx([25, 75])


def test_holes_without_data_are_said(tmp_path):
    cells = np.full((10, 10), 2.0)
    cells[:5] = -1
    path = write(tmp_path / "holes.tif", cells, from_origin(WEST, SOUTH + 1000, 100, 100), 4549, nodata=-1)
    found = raster_people(path, table([box(WEST, SOUTH, WEST + 1000, SOUTH + 1000)]))
    assert found["people"].tolist() == pytest.approx([100])
    assert found["no_data_share"].tolist() == pytest.approx([0.5])


@pytest.mark.parametrize("cell", [np.inf, -np.inf, -1.0, 3.4e38])
def test_cells_of_impossible_people_are_refused(tmp_path, cell):
    cells = np.full((10, 10), 2.0)
    cells[3, 3] = cell
    path = write(tmp_path / "odd.tif", cells, from_origin(WEST, SOUTH + 1000, 100, 100), 4549)
    with pytest.raises(InputError, match="negative or impossibly large"):
        raster_people(path, table([box(WEST, SOUTH, WEST + 1000, SOUTH + 1000)]))


def test_another_crs_is_refused_with_the_way_out(in_degrees):
    with pytest.raises(CrsError, match="to_raster_crs"):
        raster_people(in_degrees[0], zones())
    with pytest.raises(InputError, match="cannot be read"):
        raster_people(in_degrees[0].with_name("none.tif"), zones())


def test_people_of_a_raster_within_the_radius(tmp_path):
    path = write(tmp_path / "flat.tif", np.full((20, 20), 4.0), from_origin(WEST, SOUTH + 2000, 100, 100), 4549)
    park = table([box(WEST - 100, SOUTH, WEST, SOUTH + 2000)])
    parks = classify_parks(merge_parks(park).parks, load_standard())
    ground = table([box(WEST, SOUTH, WEST + 2000, SOUTH + 2000), box(WEST, SOUTH + 5000, WEST + 9, SOUTH + 5009)])
    found = people_served_raster(parks, path, ground.assign(name=["甲", "乙"]), raster_crs=pyproj.CRS(4549))
    assert found["people"].tolist() == pytest.approx([1600, np.nan, 1600], nan_ok=True)
    assert found["served_people"].tolist() == pytest.approx([400, np.nan, 400], nan_ok=True)
    assert found["reason"].fillna("").tolist() == ["", "raster_gap", ""]
    assert np.isnan(found["people_coverage"].iloc[1])


def test_people_within_an_area_are_those_of_the_first_band(tmp_path):
    """The western quarter of 400 cells, of one person each in the first band and of three in the second."""
    path = tmp_path / "two.tif"
    with rasterio.open(
        path, "w", driver="GTiff", height=20, width=20, count=2, dtype="float64", crs=4549,
        transform=from_origin(WEST, SOUTH + 2000, 100, 100),
    ) as raster:  # fmt: skip
        raster.write(np.stack([np.full((20, 20), 1.0), np.full((20, 20), 3.0)]))
    ground = table([box(WEST, SOUTH, WEST + 2000, SOUTH + 2000)], name=["甲"])
    reach = box(WEST, SOUTH, WEST + 500, SOUTH + 2000)
    found = people_within_raster(reach, path, ground, raster_crs=pyproj.CRS(4549))
    assert found["people"].tolist() == pytest.approx([400] * 2)
    assert found["served_people"].tolist() == pytest.approx([100] * 2)


def test_people_of_points_within_the_radius():
    parks = classify_parks(merge_parks(table([box(0, 0, 100, 100)])).parks, load_standard())
    people = table([Point(50, 50), Point(599, 50), Point(601, 50)], people=[1.0, 2.0, 4.0])
    overlapping = table([box(0, 0, 1000, 100), box(300, 0, 1000, 100)], name=["甲", "乙"])
    found = people_served(parks, people, overlapping)
    assert found["people"].tolist() == [7, 6, 7]
    assert found["served_people"].tolist() == [3, 2, 3]


def test_people_of_housing_are_all_there():
    rng = np.random.default_rng(2)
    homes = table([box(x, 0, x + w, 40) for x, w in zip(range(0, 3000, 100), rng.uniform(1, 90, 30), strict=True)])
    homes["people"] = rng.integers(1, 500, 30).astype(float)
    points = people_of_housing(homes)
    assert points["people"].sum() == pytest.approx(homes["people"].sum())
    assert shapely.intersects(points.geometry.to_numpy(), homes.union_all()).all()
    with pytest.raises(InputError, match="people"):
        people_of_housing(homes[["geometry"]])


@pytest.mark.parametrize("seed", range(4))
def test_points_hold_the_people_that_housing_has_in_each_zone_by_area(seed):
    # Borders that run anywhere, one along a row of the lattice, one zone over another, and housing outside all of them.
    rng = np.random.default_rng(seed)
    x, y = rng.uniform(0, 2400, (2, 60))
    homes = table(box(a, b, a + w, b + h) for a, b, w, h in zip(x, y, *rng.uniform(5, 180, (2, 60)), strict=True))
    homes["people"] = rng.integers(1, 900, 60).astype(float)
    halves = shapely.ops.split(box(0, 0, 2000, 2000), LineString([(-1, rng.uniform(0, 2000)), (2001, 1012.5)])).geoms
    areas = table([*halves, box(812.5, 812.5, 1500, 1712.5), Point(700, 900).buffer(431)], name=list("甲乙丙丁"))
    got = people_served(
        gpd.GeoDataFrame({"radius_m": [1.0]}, geometry=[box(0, 0, 1, 1)], crs=4549),
        people_of_housing(homes, zones=areas, sample_m=25),
        areas,
    )
    groups = _sharing(homes)
    want = [
        sum(people * shapely.intersection(ground, zone).area / ground.area for ground, people in groups)
        for zone in [*areas.geometry, areas.union_all()]
    ]
    assert got["people"].to_numpy() == pytest.approx(np.array(want), rel=1e-9)
    assert people_of_housing(homes, zones=areas)["people"].sum() == pytest.approx(homes["people"].sum())


def test_a_border_between_the_parts_of_a_house_parts_its_people():
    """A village stored as one feature, a tenth of it beyond a border that runs through none of its houses."""
    village = shapely.MultiPolygon([shapely.box(0, 0, 90, 100), shapely.box(200, 0, 210, 100)])
    homes = gpd.GeoDataFrame({"people": [1000.0]}, geometry=[village], crs=4549)
    areas = gpd.GeoDataFrame({"name": ["西", "东"]}, geometry=shapely.box([-9, 150], -9, [150, 300], 109), crs=4549)
    points = people_of_housing(homes, zones=areas, sample_m=40)
    counted = [points["people"][points.within(area)].sum() for area in areas.geometry]
    assert counted == pytest.approx([900, 100], rel=1e-9)


def _sharing(homes):
    """Housing that shares ground as one, with the people of its rows: by hand, one union after the other."""
    groups = []
    for row in zip(homes.geometry, homes["people"], strict=True):
        linked = [group for group in groups if group[0].intersection(row[0]).area > 0]
        apart = [group for group in groups if group[0].intersection(row[0]).area == 0]
        ground, people = zip(row, *linked, strict=True)
        groups = [*apart, (shapely.union_all(ground), sum(people))]
    return groups


def test_of_several_rows_below_zero_the_first_is_named():
    parks = classify_parks(merge_parks(table([box(0, 0, 100, 100)])).parks, load_standard())
    people = table([Point(x, 50) for x in range(4)], people=[1.0, -2.0, 4.0, -3.0])
    with pytest.raises(InputError, match="row 1 holds -2 people"):
        people_served(parks, people, table([box(0, 0, 100, 100)], name=["甲"]))


def test_people_below_zero_are_refused_in_every_source(tmp_path):
    cells = np.full((10, 10), 4.0)
    cells[3, 6] = -1.0
    path = write(tmp_path / "below.tif", cells, from_origin(WEST, SOUTH + 1000, 100, 100), 4549)
    with pytest.raises(InputError, match=r"below\.tif.*-1"):
        raster_people(path, zones(1))
    with pytest.raises(InputError, match=r"below\.tif.*-1"):
        raster_points(path, zones(1), raster_crs=pyproj.CRS(4549))
    homes = table([box(WEST, SOUTH, WEST + 100, SOUTH + 100)] * 2, people=[3.0, -1.0])
    with pytest.raises(InputError, match="row 2"):
        people_of_housing(homes)
    points = table([Point(WEST + 50, SOUTH + 50)] * 2, people=[3.0, -1.0])
    park = gpd.GeoDataFrame({"radius_m": [300.0]}, geometry=[box(WEST, SOUTH, WEST + 100, SOUTH + 100)], crs=4549)
    with pytest.raises(InputError, match="row 1 holds -1 people"):
        people_served(park, points, zones(1))


def test_scale_and_offset_of_a_raster_are_honoured(tmp_path):
    path = write(tmp_path / "scaled.tif", np.full((10, 10), 100.0), from_origin(WEST, SOUTH + 1000, 100, 100), 4549)
    with rasterio.open(path, "r+") as raster:
        raster.scales, raster.offsets = (0.1,), (5.0,)
    # A hundred cells of 100 · 0.1 + 5.
    assert raster_people(path, zones(1))["people"].item() == pytest.approx(1500)
    assert raster_points(path, zones(1), raster_crs=pyproj.CRS(4549))["people"].sum() == pytest.approx(1500)
    assert load.check_raster(path).total == pytest.approx(1500)
    assert load.load_population(path, metric_crs=4549).table["people"].tolist() == [15.0] * 100


def test_people_who_walk_no_farther_than_the_minutes():
    """A straight road from the park's edge, ten minutes at 60 m a minute: 600 m along it and up to it."""
    ground = table([box(-200, -500, 1000, 500), box(1000, -500, 3000, 500)], name=["甲", "乙"])
    parks = classify_parks(merge_parks(table([box(-100, -50, 0, 50)])).parks, load_standard())
    graph = street_graph(table([LineString([(0, 0), (3000, 0)])]))
    homes = table([box(0, -25, 2000, 25)])
    walking = walking_coverage(
        parks, homes, ground, graph, standard=load_standard(), minutes=10, speed_m_per_min=60, max_snap_m=100
    )
    # 580 m and 20 up to the road; a metre more; off the streets; and in the other zone.
    spots = [Point(580, 20), Point(581, 20), Point(300, 400), Point(2000, 0)]
    found = people_walking(walking, graph, table(spots, people=[1.0, 2.0, 4.0, 8.0]), ground)
    assert found["zone"].tolist() == ["甲", "乙", "all"]
    assert found["people"].tolist() == [7, 8, 15]
    assert found["served_people"].tolist() == [1, 0, 1]
    assert found["people_coverage"].tolist() == pytest.approx([1 / 7, 0, 1 / 15])


def test_people_of_a_cut_cell_stand_in_their_part_of_it(tmp_path):
    path = write(tmp_path / "one.tif", np.array([[100.0]]), from_origin(WEST, SOUTH + 100, 100, 100), 4549)
    # Zones go on beyond the cell; its middle lies in the first of them.
    parts = [box(-300, -300, 60, 60), box(60, -300, 400, 60), box(-300, 60, 60, 400), box(60, 60, 400, 400)]
    ground = table([shapely.transform(part, lambda xy: np.add(xy, (WEST, SOUTH))) for part in parts])
    cell = box(WEST, SOUTH, WEST + 100, SOUTH + 100)
    points = raster_points(path, ground, raster_crs=pyproj.CRS(4549))
    assert points["people"].tolist() == pytest.approx([36, 24, 24, 16])
    for zone, spot in zip(ground.geometry, points.geometry, strict=True):
        assert cell.intersection(zone).contains(spot)


def test_polygons_reach_a_raster_in_a_local_system_by_its_parameters() -> None:
    """Both ways, against the three parameters applied by hand between geocentric coordinates."""
    local = resolve_crs("EPSG:4214", towgs84=(15, -150, -90)).crs
    zone = gpd.GeoDataFrame(geometry=[shapely.Point(567_500, 3_408_500).buffer(500)], crs=4549)
    helmert = pyproj.Transformer.from_pipeline(
        "+proj=pipeline +step +proj=unitconvert +xy_in=deg +xy_out=rad +step +proj=cart +ellps=krass "
        "+step +proj=helmert +x=15 +y=-150 +z=-90 +step +inv +proj=cart +ellps=WGS84 "
        "+step +proj=unitconvert +xy_in=rad +xy_out=deg"
    )
    there = shapely.get_coordinates(to_raster_crs(zone, local).geometry.array)
    back = np.column_stack(helmert.transform(*there.T))
    dense = shapely.segmentize(zone.geometry.array, 200)
    want = shapely.get_coordinates(gpd.GeoSeries(dense, crs=4549).to_crs(4326).array)
    assert len(back) == len(want)
    assert back == pytest.approx(want, abs=1e-7)
