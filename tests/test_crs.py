"""Reference systems: check values, refusals, axes by value."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pyproj
import pytest
import shapely

from jxgis import crs
from jxgis import reference as reference_
from jxgis._misplaced import _gauss_kruger, assign_axes, check_units, refuse_misplaced
from jxgis.errors import CrsError
from jxgis.load import load_districts

LON, LAT = np.array([120.755]), np.array([30.746])
EAST, NORTH = 572_297.0, 3_403_058.0
BOX = (120.35, 30.45, 121.05, 31.10)


@pytest.mark.parametrize(("code", "east"), [(4549, EAST), (4528, 40e6 + EAST)])
def test_check_values_of_the_domain(code: int, east: float) -> None:
    reference = reference_.resolve_crs("EPSG:4490")
    x, y = reference_.to_metric(LON, LAT, reference, pyproj.CRS(code))
    assert x[0] == pytest.approx(east, abs=0.6)
    assert y[0] == pytest.approx(NORTH, abs=0.6)
    lon, lat = reference_.to_lonlat(x, y, reference_.resolve_crs(code))
    assert (lon[0], lat[0]) == pytest.approx((120.755, 30.746), abs=1e-9)


def test_cgcs2000_declares_north_first_and_is_read_east_first() -> None:
    assert pyproj.CRS(4490).axis_info[0].direction == "north"
    lon, lat = reference_.to_lonlat(LON, LAT, reference_.resolve_crs(4490))
    assert (lon[0], lat[0]) == (120.755, 30.746)


@pytest.mark.parametrize(
    ("given", "name", "datum"),
    [
        ("gcj02", "GCJ-02", "GCJ-02"),
        ("GCJ-02", "GCJ-02", "GCJ-02"),
        ("火星坐标系", "GCJ-02", "GCJ-02"),
        ("bd-09", "BD-09", "BD-09"),
        ("百度坐标", "BD-09", "BD-09"),
        ("WGS84", "EPSG:4326", "WGS-84"),
        ("CGCS2000", "EPSG:4490", "WGS-84"),
        ("4549", "EPSG:4549", "WGS-84"),
        (4549, "EPSG:4549", "WGS-84"),
        ("epsg:4528", "EPSG:4528", "WGS-84"),
        (pyproj.CRS(26986), "EPSG:26986", "WGS-84"),
    ],
)
def test_names_people_write(given: object, name: str, datum: str) -> None:
    found = reference_.resolve_crs(given)  # type: ignore[arg-type]
    assert (found.name, found.datum) == (name, datum)


LOCAL = "+proj=tmerc +lat_0=0 +lon_0=120.75 +k=1 +x_0=500000 +y_0=0 +ellps=krass +units=m +no_defs"


@pytest.mark.parametrize(
    "given", ["EPSG:4214", "EPSG:2437", "EPSG:4610", "EPSG:2385", "EPSG:4555", "北京54", "西安80", "Xian 1980", LOCAL]
)
def test_systems_that_need_local_parameters_are_refused(given: str) -> None:
    with pytest.raises(CrsError, match="towgs84") as caught:
        reference_.resolve_crs(given)
    assert "CGCS2000" in caught.value.text("zh")


@pytest.mark.parametrize("given", ["EPSG:4214", LOCAL])
def test_local_parameters_are_used_as_given(given: str) -> None:
    shift = (12.0, -98.0, -51.0)
    reference = reference_.resolve_crs(given, towgs84=shift)
    zero = reference_.resolve_crs(given, towgs84=(0, 0, 0))
    x, y = (LON, LAT) if given == "EPSG:4214" else (np.array([500_480.0]), np.array([3_403_000.0]))
    # Independent: the same shift in a PROJ pipeline of geocentric coordinates.
    geodetic = reference.crs.source_crs.geodetic_crs  # type: ignore[union-attr]
    a, rf = geodetic.ellipsoid.semi_major_metre, geodetic.ellipsoid.inverse_flattening
    lon0, lat0 = (x, y) if given == "EPSG:4214" else pyproj.Proj(LOCAL)(x, y, inverse=True)
    pipe = pyproj.Transformer.from_pipeline(
        f"+proj=pipeline +step +proj=unitconvert +xy_in=deg +xy_out=rad +step +proj=cart +a={a} +rf={rf} "
        "+step +proj=helmert +x=12 +y=-98 +z=-51 +step +inv +proj=cart +ellps=WGS84 "
        "+step +proj=unitconvert +xy_in=rad +xy_out=deg"
    )
    want = pipe.transform(lon0, lat0)
    got = reference_.to_lonlat(x, y, reference)
    assert (got[0][0], got[1][0]) == pytest.approx((want[0][0], want[1][0]), abs=1e-9)
    moved = pyproj.Geod(ellps="WGS84").inv(*got, *reference_.to_lonlat(x, y, zero))[2][0]
    assert 20 < moved < 120
    # On to the CRS to work in, whatever its datum: PROJ knows a way of its own to CGCS2000, without the parameters.
    for metric in (4549, 32651):
        east, north = pyproj.Transformer.from_crs(4326, metric, always_xy=True).transform(*want)
        there = reference_.to_metric(x, y, reference, pyproj.CRS(metric))
        assert (there[0][0], there[1][0]) == pytest.approx((east[0], north[0]), abs=1e-3)
    # And back, where the system with parameters is worked in.
    for degrees in (4326, 4490):
        back = reference_.to_metric(*want, reference_.resolve_crs(degrees), reference.crs)
        assert (back[0][0], back[1][0]) == pytest.approx((x[0], y[0]), abs=1e-7 if given == "EPSG:4214" else 1e-2)


def test_towgs84_takes_three_or_seven() -> None:
    with pytest.raises(CrsError, match="towgs84"):
        reference_.resolve_crs("EPSG:4214", towgs84=(1, 2))
    assert reference_.resolve_crs("EPSG:4214", towgs84=(1, 2, 3, 0, 0, 0, 0)).crs.is_bound


@pytest.mark.parametrize("given", ["EPSG:9", "嘉兴坐标", "nonsense", ""])
def test_unknown_systems_are_refused(given: str) -> None:
    with pytest.raises(CrsError, match="EPSG:4549"):
        reference_.resolve_crs(given)


def test_choosing_the_metric_crs() -> None:
    degrees = gpd.GeoSeries([shapely.box(120.7, 30.7, 120.8, 30.8)], crs=4326)
    assert reference_.choose_metric_crs("EPSG:4549", degrees)[0].to_epsg() == 4549
    assert reference_.choose_metric_crs(None, degrees.to_crs(4528))[0].to_epsg() == 4528
    chosen, why = reference_.choose_metric_crs(None, degrees)
    assert chosen.to_epsg() == 32651
    assert "32651" in why.zh
    assert "32651" in why.en
    feet = gpd.GeoSeries([shapely.box(-71.1, 42.3, -71.0, 42.4)], crs=4326).to_crs(2249)
    assert reference_.choose_metric_crs(None, feet)[0].to_epsg() == 32619
    with pytest.raises(CrsError):
        reference_.choose_metric_crs("EPSG:4490")
    with pytest.raises(CrsError):
        reference_.choose_metric_crs("EPSG:2249")
    with pytest.raises(CrsError):
        reference_.choose_metric_crs(None, None)


@pytest.mark.parametrize(
    ("x", "y", "declared", "says"),
    [
        (120.755, 30.746, 4549, "EPSG:4490"),
        (30.746, 120.755, 4549, "EPSG:4490"),
        (-71.06, 42.36, 26986, "EPSG:4326"),
        (EAST, NORTH, 4490, "EPSG:4549"),
        (EAST, NORTH, "GCJ-02", "EPSG:4549"),
        (40e6 + EAST, NORTH, 4549, "EPSG:4528"),
        (NORTH, 40e6 + EAST, 4549, "EPSG:4528"),
        (39e6 + EAST, NORTH, 4549, "EPSG:4527"),
        (20e6 + EAST, NORTH, 4549, "EPSG:4498"),
        (40e6 + EAST, NORTH, 4545, "EPSG:4528"),
        (EAST, NORTH, 4528, "EPSG:4549"),
        (EAST, NORTH, 4499, "EPSG:4510"),
    ],
)
def test_coordinates_that_contradict_the_declared_system(x: float, y: float, declared: object, says: str) -> None:
    with pytest.raises(CrsError, match=says):
        check_units(np.array([x, 0.0, np.nan]), np.array([y, 0.0, 1.0]), reference_.resolve_crs(declared), "a.csv")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("x", "y", "declared"),
    [
        (EAST, NORTH, 4549),
        (50, 50, 4549),
        (90, 30, 4549),
        (40e6 + EAST, NORTH, 4528),
        (120.7, 30.7, 4490),
        (np.nan, np.nan, 4549),
        (0, 0, 4549),
    ],
)
def test_coordinates_that_agree(x: float, y: float, declared: int) -> None:
    check_units(np.array([x]), np.array([y]), reference_.resolve_crs(declared), "a.csv")


@pytest.mark.parametrize("zone", range(25, 46))
def test_suggested_systems_are_the_ones_of_that_zone(zone: int) -> None:
    assert pyproj.CRS(_gauss_kruger(zone)).name.endswith(f"zone {zone}")


@pytest.mark.parametrize("zone", range(13, 24))
def test_suggested_systems_of_six_degrees(zone: int) -> None:
    assert pyproj.CRS(_gauss_kruger(zone)).name.endswith(f"zone {zone}")


def scattered(n: int = 200) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    return rng.uniform(120.6, 120.9, n), rng.uniform(30.6, 30.9, n)


@pytest.mark.parametrize("declared", ["EPSG:4549", "EPSG:4528", "EPSG:4490", "GCJ-02"])
@pytest.mark.parametrize("order", ["east_north", "north_east"])
@pytest.mark.parametrize("box", [BOX, None])
def test_axes_are_found_by_value(declared: str, order: str, box: crs.Box | None) -> None:
    reference = reference_.resolve_crs(declared)
    lon, lat = scattered()
    if reference.crs.is_projected:
        east, north = reference_.to_metric(lon, lat, reference_.resolve_crs(4326), reference.crs)
    else:
        east, north = lon, lat
    first, second = (east, north) if order == "east_north" else (north, east)
    first[:3], second[:3] = 0.0, 0.0
    found = assign_axes(first, second, reference, box=box, what="a.csv", names=("X坐标", "Y坐标"))
    assert found == order


def test_axes_that_cannot_be_told_ask_for_a_setting() -> None:
    lon, lat = scattered()
    both = reference_.resolve_crs("EPSG:4326")
    with pytest.raises(CrsError, match="axes"):
        assign_axes(lon, lat, both, box=(-71.2, 42.2, -70.9, 42.5), what="a.csv", names=("X", "Y"))
    with pytest.raises(CrsError, match="north_east"):
        assign_axes(lat, lat + 0.1, both, box=None, what="a.csv", names=("X", "Y"))


def test_box_around_is_wider_by_its_margin() -> None:
    polygons = gpd.GeoSeries([shapely.box(570_000, 3_400_000, 580_000, 3_410_000)], crs=4549)
    west, south, east, north = crs.box_around(polygons, margin_m=20_000)
    lon0, lat0, lon1, lat1 = polygons.to_crs(4326).total_bounds
    geod = pyproj.Geod(ellps="WGS84")
    assert geod.inv(west, lat0, lon0, lat0)[2] == pytest.approx(20_000, rel=0.01)
    assert geod.inv(lon0, south, lon0, lat0)[2] == pytest.approx(20_000, rel=0.01)
    assert geod.inv(east, lat1, lon1, lat1)[2] == pytest.approx(20_000, rel=0.01)
    assert geod.inv(lon1, north, lon1, lat1)[2] == pytest.approx(20_000, rel=0.01)


def test_what_cannot_be_converted_is_nan() -> None:
    x, y = reference_.to_metric(
        np.array([120.7, 500.0]), np.array([30.7, 500.0]), reference_.resolve_crs(4326), pyproj.CRS(4549)
    )
    assert np.isfinite([x[0], y[0]]).all()
    assert np.isnan([x[1], y[1]]).all()


def _geodesic_error(code: int, lon: float, lat: float) -> tuple[float, float]:
    """Areal and linear scale less 1 by geodesics on the ellipsoid, from a square of 200 m around a point."""
    plane, geod = pyproj.CRS(code), pyproj.CRS(code).get_geod()
    assert geod is not None
    proj = pyproj.Proj(plane)
    ring_lon, ring_lat, _ = geod.fwd([lon] * 4, [lat] * 4, [45, 135, 225, 315], [100 * np.sqrt(2)] * 4)
    true_m2 = abs(geod.polygon_area_perimeter(ring_lon, ring_lat)[0])
    drawn = shapely.Polygon(np.column_stack(proj(ring_lon, ring_lat)))
    far_lon, far_lat, _ = geod.fwd([lon] * 72, [lat] * 72, np.arange(72) * 5.0, [50.0] * 72)
    here, there = proj(lon, lat), np.column_stack(proj(far_lon, far_lat))
    scales = np.hypot(*(there - here).T) / 50.0 - 1
    return drawn.area / true_m2 - 1, float(scales[np.abs(scales).argmax()])


@pytest.mark.parametrize(
    ("code", "lon", "lat"),
    [(4549, 120.75, 30.75), (4547, 120.75, 30.75), (32651, 121.0, 30.7), (32651, 123.0, 30.7), (3035, -9.1, 38.7),
     (5070, -71.1, 42.4), (26986, -71.1, 42.4), (2154, 2.35, 48.85), (3035, 20.0, 60.0)],
)  # fmt: skip
def test_distortion_is_that_of_geodesics(code: int, lon: float, lat: float) -> None:
    found = crs.distortion(pyproj.CRS(code), np.array([lon]), np.array([lat]))
    area, length = _geodesic_error(code, lon, lat)
    # A finite square and circle against the limit at the point.
    assert found.area == pytest.approx(area, abs=1e-6)
    assert found.length == pytest.approx(length, abs=2e-5)


def test_the_distortion_over_a_rectangle_is_that_of_its_worst_point() -> None:
    bounds = np.array([560_000, 3_390_000, 700_000, 3_420_000])
    lon, lat = pyproj.Proj(4549)(np.array([700_000.0] * 2), np.array([3_390_000.0, 3_420_000.0]), inverse=True)
    worst = max(_geodesic_error(4549, *at)[0] for at in zip(lon, lat, strict=True))
    assert crs.distortion_over(pyproj.CRS(4549), bounds).area == pytest.approx(worst, abs=1e-6)


@pytest.mark.parametrize(
    ("code", "metric"),
    [(4549, True), (4528, True), (4498, True), (32651, True), (32601, True), (2154, True), (26986, True),
     (3035, True), (5070, True), (3577, True), (2193, True), (3857, False), (3395, False), (4087, False),
     (6933, False), ("ESRI:54009", False), ("ESRI:102100", False), (2249, False), (4490, False)],
)  # fmt: skip
def test_world_maps_are_not_metric(code: int | str, metric: bool) -> None:
    assert crs.is_metric(pyproj.CRS(code)) is metric


def test_web_mercator_is_read_and_never_worked_in() -> None:
    towns = gpd.GeoSeries([shapely.box(120.7, 30.7, 120.8, 30.8)], crs=4326).to_crs(3857)
    assert reference_.choose_metric_crs(None, towns)[0].to_epsg() == 32651
    with pytest.raises(CrsError, match="Mercator"):
        reference_.choose_metric_crs("EPSG:3857")
    with pytest.raises(CrsError, match="墨卡托"):
        crs.require_metric(towns, "towns")
    x, y = shapely.get_coordinates(towns.centroid.array)[0]
    check_units(np.array([x]), np.array([y]), reference_.resolve_crs(3857), "a.gpkg")
    with pytest.raises(CrsError, match="EPSG:3857"):
        check_units(np.array([x]), np.array([y]), reference_.resolve_crs(4549), "a.gpkg")


@pytest.mark.parametrize(("metres", "unit"), [(0.3048, "feet"), (1000, "kilometres"), (0.01, "centimetres")])
def test_metres_that_are_none_are_noticed(metres: float, unit: str) -> None:
    east, north = np.array([EAST / metres]), np.array([NORTH / metres])
    with pytest.raises(CrsError, match=unit):
        refuse_misplaced(east, north, reference_.resolve_crs(4549), "a.gpkg")


def test_a_place_far_from_where_the_crs_is_used_is_refused_and_a_local_drawing_is_not() -> None:
    with pytest.raises(CrsError, match="far outside"):
        refuse_misplaced(np.array([5e5]), np.array([7e6]), reference_.resolve_crs(4549), "a.gpkg")
    for x, y in ((EAST, NORTH), (800.0, 300.0), (EAST + 4e5, NORTH)):
        refuse_misplaced(np.array([x]), np.array([y]), reference_.resolve_crs(4549), "a.gpkg")


def test_the_utm_zone_is_that_of_the_most() -> None:
    boxes = [shapely.box(120.7 + k / 100, 30.7, 120.71 + k / 100, 30.71) for k in range(3)]
    stray = [shapely.box(0, 0, 0.1, 0.1), shapely.Polygon([(-400, 30.7), (120.8, 30.7), (120.8, 30.8)])]
    assert reference_.choose_metric_crs(None, gpd.GeoSeries(boxes + stray, crs=4490))[0].to_epsg() == 32651


def test_what_is_far_off() -> None:
    near = np.array([[120.7, 30.7, 120.8, 30.8]] * 3)
    # By a vertex, and wholly; a shape of 300 km and one of NaN are not.
    others = np.array([[12.07, 30.7, 120.8, 30.8], [0, 0, 1, 1], [119, 30, 121.5, 32], [np.nan] * 4])
    for box in (None, BOX):
        found = crs.far_off(np.concatenate([near, others]), box)
        assert found.tolist() == [False] * 3 + [True, True, False, False]
    country = np.column_stack([np.linspace(80, 125, 40), np.linspace(25, 45, 40)])
    assert not crs.far_off(np.column_stack([country, country + 0.5]), None).any()


def _square(code: int | str, lon: float, lat: float) -> gpd.GeoSeries:
    """Two square kilometres or so, in a CRS, its edges as short as its bends need."""
    sides = shapely.segmentize(shapely.box(lon, lat, lon + 0.02, lat + 0.01), 0.002)
    return gpd.GeoSeries([sides], crs=4326).to_crs(code)


@pytest.mark.parametrize(
    ("code", "lon", "lat"),
    [(2193, 174.7, -36.9), (3460, 178.4, -18.1), (3793, -176.5, -44.0), (3338, -149.9, 61.2),
     ("ESRI:102012", 120.7, 30.7), (3832, 120.7, 30.7), (4807, 120.7, 30.7), (4806, 120.7, 30.7)],
)  # fmt: skip
def test_lawful_systems_far_away_are_read(code: int | str, lon: float, lat: float) -> None:
    """False eastings that are not a zone's, areas of use across 180 degrees, meridians other than Greenwich, grads."""
    square = _square(code, lon, lat)
    loaded = load_districts(gpd.GeoDataFrame({"name": ["a"]}, geometry=square))
    assert len(loaded.table) == 1
    true = abs(pyproj.Geod(ellps="WGS84").geometry_area_perimeter(square.to_crs(4326).iloc[0])[0])
    assert loaded.table.area.iloc[0] == pytest.approx(true, rel=1e-3)


@pytest.mark.parametrize(
    "written", ["+proj=utm +zone=51 +datum=WGS84", "+proj=tmerc +lon_0=120.75 +k=1 +x_0=500000 +datum=WGS84"]
)
def test_feet_are_noticed_in_a_system_that_does_not_say_where_it_is_used(written: str) -> None:
    square = _square(written, 120.7, 30.7)
    assert len(load_districts(gpd.GeoDataFrame({"name": ["a"]}, geometry=square)).table) == 1
    feet = gpd.GeoDataFrame({"name": ["a"]}, geometry=square.scale(1 / 0.3048, 1 / 0.3048, origin=(0, 0)))
    with pytest.raises(CrsError, match="feet"):
        load_districts(feet)


def test_feet_far_north_are_no_web_map_and_no_zone_prefix() -> None:
    feet = _square(32633, 15.0, 60.0).scale(1 / 0.3048, 1 / 0.3048, origin=(0, 0))
    with pytest.raises(CrsError, match="feet"):
        load_districts(gpd.GeoDataFrame({"name": ["a"]}, geometry=feet))


@pytest.mark.parametrize(
    ("code", "lon", "lat"),
    [(32651, 123.0, 45.0), (32651, 123.3, 56.0), (32651, 122.7, 57.3), (32651, 123.0, 60.0), (4549, 120.2, 50.0)],
)
def test_feet_that_begin_as_a_zone_does_are_called_feet(code: int, lon: float, lat: float) -> None:
    east, north = pyproj.Transformer.from_crs(4326, code, always_xy=True).transform(lon, lat)
    for x, y in ((east / 0.3048, north / 0.3048), (north / 0.3048, east / 0.3048)):
        with pytest.raises(CrsError, match="feet"):
            check_units(np.array([x]), np.array([y]), reference_.resolve_crs(code), "a.csv")


def test_what_begins_as_a_zone_does_and_lies_nowhere_is_given_no_zone() -> None:
    with pytest.raises(CrsError, match="lie nowhere on earth") as refused:
        check_units(np.array([40e6]), np.array([9e6]), reference_.resolve_crs(4549), "a.csv")
    assert "EPSG:4528" not in str(refused.value)


def test_a_geocentric_system_is_refused_as_such() -> None:
    with pytest.raises(CrsError, match="geocentric"):
        reference_.resolve_crs(4978)


def test_a_city_across_180_degrees_lies_together() -> None:
    boxes = [shapely.box(x, -17, x + 0.02, -16.98) for x in (179.9, 179.96, -179.98, -179.9)]
    loaded = load_districts(gpd.GeoDataFrame({"name": list("abcd")}, geometry=boxes, crs=4326))
    assert len(loaded.table) == 4
    assert loaded.table.crs.to_epsg() in (32701, 32760)


@pytest.mark.parametrize("version", ["WKT1_ESRI", "WKT1_GDAL"])
@pytest.mark.parametrize("code", [3857, 3395])
def test_a_map_of_the_world_written_out_in_full_is_none_to_measure_in(code: int, version: str) -> None:
    written = pyproj.CRS(pyproj.CRS(code).to_wkt(version))
    assert written.area_of_use is None
    assert not crs.is_metric(written)
    box = gpd.GeoDataFrame({"name": ["a"]}, geometry=[shapely.box(120.7, 30.7, 120.72, 30.72)], crs=4326)
    (loaded,) = load_districts(box.to_crs(written)).table.area
    lon, lat = [120.7, 120.72, 120.72, 120.7], [30.7, 30.7, 30.72, 30.72]
    assert loaded == pytest.approx(pyproj.Geod(ellps="WGS84").polygon_area_perimeter(lon, lat)[0], rel=2e-3)


@pytest.mark.parametrize(
    ("given", "meant"), [("GCJ-20", "GCJ-02"), ("BD-9", "BD-09"), ("WGS-48", "WGS-84"), ("CGS2000", "CGCS2000")]
)
def test_a_mistyped_reference_system_names_the_nearest(given: str, meant: str) -> None:
    with pytest.raises(CrsError, match=f"did you mean {meant}\\?"):
        reference_.resolve_crs(given)
