"""Where polygons lie: stray ones, vertices out of range, units, web maps, true arcs."""

from __future__ import annotations

import sqlite3
import struct

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import pytest
import shapely

from jxgis import load
from jxgis.errors import CrsError, InputError
from jxgis.load._coordinates import place_columns
from jxgis.load._place import place_geometry
from jxgis.reference import resolve_crs

EAST, NORTH = 572_000.0, 3_402_000.0


def _two_of_five_km2() -> gpd.GeoSeries:
    return gpd.GeoSeries(
        [shapely.box(EAST + 2500 * k, NORTH, EAST + 2500 * (k + 1), NORTH + 2000) for k in range(2)], crs=4549
    ).to_crs(4490)


def _with_vertex(shape: shapely.Polygon, at: int, lon: float, lat: float) -> shapely.Polygon:
    xy = shapely.get_coordinates(shape)[:-1]
    xy[at] = lon, lat
    return shapely.Polygon(xy)


@pytest.mark.parametrize("city_given", [False, True])
@pytest.mark.parametrize(
    ("reason", "odd"),
    [
        ("far_off", lambda shape: shapely.box(0, 0, 0.01, 0.01)),
        ("beyond_degrees", lambda shape: _with_vertex(shape, 2, -400, 30.74)),
        ("beyond_degrees", lambda shape: _with_vertex(shape, 0, -400, 30.74)),
        ("beyond_degrees", lambda shape: _with_vertex(shape, 0, 120.7, 95)),
        ("far_off", lambda shape: _with_vertex(shape, 0, 12.07, 30.74)),
    ],
)
def test_a_stray_polygon_is_rejected_and_moves_no_area(city, city_given, reason, odd) -> None:
    right = _two_of_five_km2()
    table = gpd.GeoDataFrame({"name": ["东栅", "塘汇", "误"]}, geometry=[*right, odd(right[1])], crs=4490)
    loaded = load.load_districts(table, city=city if city_given else None)
    assert loaded.table["name"].tolist() == ["东栅", "塘汇"]
    # The zone's scale is 0.9996 at its middle, 3 degrees of UTM at most away; the project's is true to 0.02 %.
    np.testing.assert_allclose(loaded.table.area, 5e6, rtol=2e-4 if city_given else 2e-3)
    expected = "outside_box" if city_given and odd(right[1]).bounds[2] < 1 else reason
    assert loaded.rejects[["row", "field", "reason"]].to_numpy().tolist() == [[3, "geometry", expected]]


def test_polygons_of_which_no_half_lies_together_are_refused() -> None:
    right = _two_of_five_km2()
    table = gpd.GeoDataFrame({"name": ["东栅", "误"]}, geometry=[right[0], shapely.box(0, 0, 0.01, 0.01)], crs=4490)
    with pytest.raises(CrsError, match="take out what lies far from the city"):
        load.load_districts(table)
    alone = gpd.GeoDataFrame({"name": ["东栅"]}, geometry=[_with_vertex(right[0], 1, 12.07, 30.7)], crs=4490)
    with pytest.raises(CrsError, match="too far apart"):
        load.load_districts(alone)


def test_of_scattered_polygons_the_first_and_the_last_are_named() -> None:
    right = _two_of_five_km2()
    wide = [_with_vertex(right[0], 1, 12.07, 30.7), _with_vertex(right[1], 1, 14.5, 30.8)]
    (west, south, *_), (*_, east, north) = wide[0].bounds, wide[1].bounds
    with pytest.raises(CrsError) as refused:
        load.load_districts(gpd.GeoDataFrame({"name": ["东栅", "塘汇"]}, geometry=wide, crs=4490))
    assert f"(from {west:.4f}, {south:.4f} to {east:.4f}, {north:.4f})" in refused.value.text("en")


def test_a_polygon_with_its_axes_swapped_among_others_is_rejected_not_the_layer(city) -> None:
    """A latitude of 120 is none. Of each axis the reject shows what lies farther from 0."""
    right = _two_of_five_km2()
    swapped = shapely.transform(right[0], lambda xy: xy[:, ::-1])
    _, _, *farthest = swapped.bounds
    for odd, value in (
        (swapped, "{:.10g},{:.10g}".format(*farthest)),
        (shapely.box(-400, -30.5, -200, 20), "-400,-30.5"),
    ):
        table = gpd.GeoDataFrame({"name": ["东栅", "塘汇", "误"]}, geometry=[*right, odd], crs=4490)
        rejects = load.load_districts(table, city=city).rejects
        assert rejects[["row", "reason", "value"]].to_numpy().tolist() == [[3, "beyond_degrees", value]]


def test_polygons_that_touch_the_box_are_in_it() -> None:
    west, south, east, north = box = (120.0, 30.0, 121.0, 31.0)
    d = 1 / 64
    touching = [
        shapely.box(west - d, 30.5, west, 30.5 + d),
        shapely.box(east, 30.5, east + d, 30.5 + d),
        shapely.box(120.5, south - d, 120.5 + d, south),
        shapely.box(120.5, north, 120.5 + d, north + d),
    ]
    beyond = [shapely.affinity.translate(touching[0], -1e-6), shapely.affinity.translate(touching[1], 1e-6)]
    table = gpd.GeoDataFrame({"name": list("西东南北左右")}, geometry=touching + beyond, crs=4326)
    loaded = load.load_parks(table, box=box)
    assert loaded.table["name"].tolist() == list("西东南北")
    assert loaded.rejects["reason"].tolist() == ["outside_box"] * 2


def test_what_lies_in_the_city_is_taken_from_a_zone_far_away(city) -> None:
    """Zone 49 is used to 114 E; whoever declares it of what lies at 120.7 E and falls into the city knows why."""
    towns = _two_of_five_km2().to_crs(32649)
    table = gpd.GeoDataFrame({"name": ["东栅", "塘汇"]}, geometry=towns.array, crs=32649)
    np.testing.assert_allclose(load.load_districts(table, city=city).table.area, 5e6, rtol=1e-6)


def _points(**columns: object) -> pd.DataFrame:
    return pd.DataFrame({"名称": ["甲", "乙", "丙"], **columns})


def test_x_is_north_where_only_so_the_points_lie_in_the_city(city) -> None:
    at = _two_of_five_km2().to_crs(4549).centroid[[0, 1, 1]]
    for x, y in ((at.y, at.x), (at.x, at.y)):
        table = _points(X坐标=x.to_numpy(), Y坐标=y.to_numpy())
        loaded = load.load_places(table, city=city, crs=4549)
        np.testing.assert_allclose(loaded.table.geometry.x, at.x, atol=1e-6)
        np.testing.assert_allclose(loaded.table.geometry.y, at.y, atol=1e-6)


def test_how_two_columns_were_read_is_told_where_it_had_to_be_found(city) -> None:
    def order(a: str, b: str, values: tuple[float, float], code: int, axes: str | None = None) -> str | None:
        frame = pd.DataFrame({a: [values[0]], b: [values[1]]})
        place = {"axes": axes, "box": city.box, "names": {}, "what": "a"}
        return place_columns(frame, resolve_crs(code), pyproj.CRS(city.crs), **place).order

    east, north = _two_of_five_km2().to_crs(4549).centroid[0].coords[0]
    assert order("x", "y", (north, east), 4549) == "north_east"
    assert order("x", "y", (east, north), 4549) == "east_north"
    assert order("x", "y", (north, east), 4549, axes="north_east") is None
    assert order("lon", "lat", (120.75, 30.75), 4326) is None


def test_longitudes_and_latitudes_that_have_changed_places_are_refused(city) -> None:
    with pytest.raises(CrsError, match=r"the two coordinates are swapped \(30.75, 120.75\)"):
        load.load_places(_points(经度=[30.75] * 3, 纬度=[120.75, 120.76, 120.77]), city=city, crs=4326)


def test_a_shape_with_a_vertex_that_is_no_number_is_rejected_and_an_empty_one_is_empty(city) -> None:
    right = _two_of_five_km2()
    odd = [_with_vertex(right[0], 1, 120.7, np.inf), shapely.Polygon()]
    table = gpd.GeoDataFrame({"name": list("abcd")}, geometry=[*right, *odd], crs=4490)
    loaded = load.load_districts(table, city=city)
    assert loaded.table["name"].tolist() == ["a", "b"]
    assert loaded.rejects[["row", "reason"]].to_numpy().tolist() == [[3, "bad_coordinates"], [4, "empty_geometry"]]


@pytest.mark.parametrize(("past", "beyond"), [(0.0, False), (0.01, True)])
def test_degrees_end_at_180_and_90(past: float, beyond: bool) -> None:
    """A box in the last corner of the earth, and one past its edge to each side."""
    for west, south, east, north in (
        (179.5, 89.2, 180 + past, 90), (179.5, 89.2, 180, 90 + past),
        (-180 - past, -90, -179.5, -89.2), (-180, -90 - past, -179.5, -89.2),
    ):  # fmt: skip
        pole = 1 if north > 0 else -1
        inner = [shapely.box(*(pole * np.array([179.6, 89.4, 179.7, 89.5])))] * 2
        placed = place_geometry(
            np.array([*inner, shapely.box(west, south, east, north)]),
            resolve_crs(4326),
            resolve_crs(3995 if pole > 0 else 3031).crs,
            axes=None,
            box=None,
            what="a",
        )
        flaws = {reason: mask.tolist() for _, reason, mask, _ in placed.flaws}
        assert flaws["beyond_degrees"] == [False, False, beyond]


def test_columns_are_named_as_the_file_names_them_where_no_order_fits(city) -> None:
    with pytest.raises(CrsError, match="which of X坐标 and Y坐标 is east"):
        load.load_places(_points(X坐标=[5e6] * 3, Y坐标=[7e6] * 3), city=city, crs=4549)
    with pytest.raises(CrsError, match=r"which of 坐标\[1\] and 坐标\[2\] is east"):
        load.load_places(_points(坐标=["5000000,7000000"] * 3), city=city, crs=4549)


def test_what_is_wrong_with_a_point_names_both_columns_or_the_one(city) -> None:
    table = _points(经度=["120.75", "x", "120.76"], 纬度=["30.75"] * 3)
    rejects = load.load_places(table, city=city, crs=4326).rejects
    assert rejects[["row", "field", "value"]].to_numpy().tolist() == [[2, "经度,纬度", "x,30.75"]]
    table = _points(坐标=["120.75,30.75", "x", "120.76,30.75"])
    rejects = load.load_places(table, city=city, crs=4326).rejects
    assert rejects[["row", "field", "value"]].to_numpy().tolist() == [[2, "坐标", "x"]]


def test_a_pair_in_one_field_among_pairs_in_two(city) -> None:
    table = _points(经度=["120.75", "30.76,120.74", "120.76"], 纬度=["30.75", "", "30.75"])
    lonlat = load.load_places(table, city=city, crs=4326).table.to_crs(4326)
    np.testing.assert_allclose(lonlat.geometry.x, [120.75, 120.74, 120.76], atol=1e-9)
    np.testing.assert_allclose(lonlat.geometry.y, [30.75, 30.76, 30.75], atol=1e-9)


def test_shapes_with_the_northing_first_are_turned_and_points_kept_as_given(city) -> None:
    right = _two_of_five_km2().to_crs(4549)
    turned = shapely.transform(np.array(right), lambda xy: xy[:, ::-1])
    metric = city.crs
    placed = place_geometry(
        np.array([*turned, shapely.Point(NORTH, EAST)]),
        resolve_crs(4549),
        metric,
        axes="north_east",
        box=None,
        what="a",
    )
    for got, want in zip(placed.geometry, [*right, shapely.Point(EAST, NORTH)], strict=True):
        assert shapely.equals_exact(got, want, 1e-6)
    assert np.isnan(placed.given[:2]).all()
    assert placed.given[2].tolist() == [NORTH, EAST]


def test_half_a_pair_of_coordinates_is_said_to_be_half(city) -> None:
    with pytest.raises(InputError, match=r"no coordinate columns \(only lon found\)") as refused:
        load.load_places(_points(经度=[120.75] * 3), city=city, crs=4326)
    assert "（只找到 lon）" in refused.value.text("zh")
    with pytest.raises(InputError, match="has no coordinate columns: it needs") as refused:
        load.load_places(_points(), city=city, crs=4326)
    assert "只找到" not in refused.value.text("zh")


def test_a_vertex_that_the_projection_loses_rejects_its_polygon() -> None:
    """The first one too: a ring that begins and ends with NaN does not close."""
    right = _two_of_five_km2().to_crs(4549)
    for at in (0, 2):
        odd = _with_vertex(right[0], at, 1e12, 1e12)
        table = gpd.GeoDataFrame({"name": ["东栅", "塘汇", "误"]}, geometry=[*right, odd], crs=4549)
        for metric in (None, 32651):
            loaded = load.load_districts(table, metric_crs=metric)
            assert loaded.rejects[["row", "reason"]].to_numpy().tolist() == [[3, "bad_coordinates"]]
            np.testing.assert_allclose(loaded.table.area, 5e6, rtol=2e-3)


@pytest.mark.parametrize("city_given", [False, True])
def test_feet_declared_as_metres_are_noticed(city, city_given) -> None:
    feet = shapely.transform(np.array(_two_of_five_km2().to_crs(4549)), lambda xy: xy / 0.3048)
    with pytest.raises(CrsError, match="feet"):
        load.load_districts(
            gpd.GeoDataFrame({"name": ["东栅", "塘汇"]}, geometry=feet, crs=4549), city=city if city_given else None
        )


def test_web_mercator_is_reprojected(city) -> None:
    towns = gpd.GeoDataFrame({"name": ["东栅", "塘汇"]}, geometry=_two_of_five_km2().to_crs(3857).array, crs=3857)
    in_project = load.load_districts(towns, city=city).table
    assert in_project.crs.to_epsg() == 4549
    np.testing.assert_allclose(in_project.area, 5e6, rtol=1e-6)
    assert load.load_districts(towns).table.crs.to_epsg() == 32651


@pytest.mark.parametrize("code", [3857, 4087, 4534])
def test_a_working_crs_that_distorts_the_data_is_refused(code) -> None:
    table = gpd.GeoDataFrame({"name": ["东栅", "塘汇"]}, geometry=_two_of_five_km2().array, crs=4490)
    with pytest.raises(CrsError):
        load.load_districts(table, metric_crs=code)


@pytest.mark.filterwarnings("ignore:geometry column type")
@pytest.mark.parametrize("declared", ["CURVEPOLYGON", "GEOMETRY", "POLYGON"])
def test_true_arcs_become_chords(tmp_path, declared) -> None:
    """A circle of five points, as ISO WKB type 10 with a circular string, beside a square."""
    cx, cy, r = EAST, NORTH, 100.0
    path = tmp_path / "districts.gpkg"
    squares = [shapely.box(cx + d, cy, cx + d + 100, cy + 100) for d in (500, 900)]
    gpd.GeoDataFrame({"name": ["圆", "方"]}, geometry=squares, crs=4549).to_file(path, layer="districts")
    arc = [(cx + r, cy), (cx, cy + r), (cx - r, cy), (cx, cy - r), (cx + r, cy)]
    wkb = struct.pack("<BII", 1, 10, 1) + struct.pack("<BII", 1, 8, 5) + b"".join(struct.pack("<dd", *p) for p in arc)
    head = b"GP\0\x01" + struct.pack("<i", 4549)
    with sqlite3.connect(path) as base:
        for (trigger,) in base.execute("select name from sqlite_master where type = 'trigger'").fetchall():
            base.execute(f'drop trigger "{trigger}"')
        base.execute("update districts set geom = ? where name = '圆'", (head + wkb,))
        base.execute("update gpkg_geometry_columns set geometry_type_name = ?", (declared,))
    loaded = load.load_districts(path)
    assert loaded.table["name"].tolist() == ["圆", "方"]
    assert loaded.table.area[0] == pytest.approx(np.pi * r**2, rel=1e-4)
    assert loaded.table.area[1] == pytest.approx(1e4)


def test_of_a_line_that_leads_far_away_the_part_near_the_city_is_kept(city) -> None:
    """A canal to the capital and a railway with a stray vertex are barriers all the same; a line far away is none."""
    near = [(120.62, 31.2), (120.69, 30.86), (120.70, 30.76), (120.755, 30.745)]
    canal = shapely.LineString([(116.6, 39.9), (117.2, 34.3), (119.5, 32.2), *near])
    railway = shapely.LineString([(120.68, 30.70), (120.74, 30.72), (12.07, 30.7), (120.80, 30.75), (120.82, 30.76)])
    away = shapely.LineString([(116.6, 39.9), (121.0, 23.0)])
    table = gpd.GeoDataFrame({"name": ["canal", "railway", "away"]}, geometry=[canal, railway, away], crs=4326)
    loaded = load.load_barriers(table, city=city)
    kept = gpd.GeoSeries([shapely.LineString([(119.5, 32.2), *near])], crs=4326).to_crs(4549)
    assert loaded.table["name"].tolist() == ["canal", "railway"]
    assert loaded.table.geometry[0].equals_exact(shapely.MultiLineString([kept[0]]), 1e-6)
    assert shapely.get_num_geometries(loaded.table.geometry[1]) == 2
    assert loaded.table.geometry[1].length < 20_000
    assert loaded.rejects[["row", "reason"]].to_numpy().tolist() == [[3, "far_off"]]
    assert any("2 lines reach far beyond the city" in note.en for note in loaded.notes)
    # Where no city is told, none is cut.
    river = np.array([shapely.LineString(near)])
    assert place_geometry(river, resolve_crs(4326), pyproj.CRS(city.crs), axes=None, box=None, what="a").cut == 0


def test_files_that_lie_apart_are_named_in_the_language_of_the_message(tmp_path) -> None:
    for name, east in (("a", 572_000), ("b", 573_000), ("c", 950_000)):
        square = shapely.box(east, 3_402_000, east + 1000, 3_403_000)
        gpd.GeoDataFrame({"name": [name]}, geometry=[square], crs=4549).to_file(tmp_path / f"{name}.gpkg")
    with pytest.raises(CrsError) as refused:
        load.load_districts([tmp_path / f"{name}.gpkg" for name in "abc"], metric_crs=4526)
    assert "等 3 个" in refused.value.text("zh")
    assert "等" not in refused.value.text("en")


def test_a_vertex_mistyped_by_a_degree_is_pointed_at(city) -> None:
    """121.75 for 120.75 makes ten hectares fifty square kilometres; it may be a lake, so it is kept and said."""
    park = shapely.box(120.75, 30.74, 120.7532, 30.7428)
    table = gpd.GeoDataFrame({"name": ["a", "b"]}, geometry=[park, _with_vertex(park, 0, 121.75, 30.74)], crs=4490)
    loaded = load.load_parks(table, city=city)
    assert len(loaded.table) == 2
    (line,) = [note.en for note in loaded.notes if "10 km out" in note.en]
    assert "1 polygon reaches" in line
    assert "(row 2, " in line
    assert not [note for note in load.load_parks(table.iloc[:1], city=city).notes if "10 km out" in note.en]


BY_HAND = [
    ("120.755", "30.746"),
    ("１２０.７５５", "３０.７４６"),
    ("120.755°", "30.746°"),
    ("120°45′18″", "30°44′45.6″"),
    ("120°45'18\"E", "30°44'45.6\"N"),
    ("东经120.755", "北纬30.746"),
    ("120度45分18秒", "30度44分45.6秒"),
]


@pytest.mark.parametrize("one_field", [False, True])
def test_coordinates_typed_by_hand_are_where_they_say(city, one_field: bool) -> None:
    table = pd.DataFrame(BY_HAND, columns=["经度", "纬度"]).assign(任务号=[str(n) for n in range(len(BY_HAND))])
    if one_field:
        table = table.assign(坐标=table["经度"] + "，" + table["纬度"]).drop(columns=["经度", "纬度"])
    loaded = load.load_issues(table, city=city, crs=4490)
    # By the projection's own formula (EPSG 9807): 120.755 E, 30.746 N is E 572297, N 3403058.
    assert len(loaded.table) == len(BY_HAND)
    assert loaded.table.distance(shapely.Point(572297, 3403058)).max() < 1


def test_a_longitude_with_a_comma_for_its_point_is_rejected_with_its_text(city) -> None:
    table = pd.DataFrame({"任务号": list("abc"), "经度": ["120.755", "120.756", "120,7"], "纬度": ["30.746"] * 3})
    loaded = load.load_issues(table, city=city, crs=4490)
    assert loaded.rejects[["row", "value", "reason"]].to_numpy().tolist() == [[3, "120,7,30.746", "bad_coordinates"]]


@pytest.mark.parametrize("own", [4326, 4490])
def test_boundaries_of_datav_are_in_gcj02_and_it_is_said(city, own: int) -> None:
    right = _two_of_five_km2()
    table = gpd.GeoDataFrame({"name": ["东栅", "塘汇"]}, geometry=right.to_numpy(), crs=own)
    datav = table.assign(adcode=[330402, 330411], childrenNum=0, level="district", parent='{"adcode": 330400}')
    found = load.load_districts(datav, city=city)
    declared = load.load_districts(table, city=city, crs="GCJ-02").table
    assert found.table.geometry.equals(declared.geometry)
    assert any("DataV" in note.zh and "GCJ-02" in note.zh for note in found.notes)
    mended = load.load_districts(datav, city=city, crs=own)
    # 120.75 E, 30.75 N lies 485 m from where GCJ-02 has it.
    away = mended.table.geometry.centroid.distance(declared.geometry.centroid)
    np.testing.assert_allclose(away, 485, atol=5)
    assert not any("DataV" in note.zh for note in mended.notes)


def test_boundaries_of_datav_in_metres_are_taken_as_they_stand(city) -> None:
    table = gpd.GeoDataFrame({"name": ["东栅", "塘汇"]}, geometry=_two_of_five_km2().to_numpy(), crs=4490).to_crs(4549)
    loaded = load.load_districts(table.assign(adcode=[1, 2], childrenNum=0, level="district"), city=city)
    assert not any("DataV" in note.zh for note in loaded.notes)


@pytest.mark.parametrize(("lon", "lat"), [(120.755, 30.746), (-71.06, 42.36)])
def test_a_swapped_row_is_called_so_where_nobody_said_which_city_it_is(lon, lat) -> None:
    """It lies among the others the other way round; one that lies nowhere near either way is not."""
    table = pd.DataFrame({"任务号": [str(n) for n in range(40)], "经度": lon, "纬度": lat})
    table["经度"] += np.arange(40) * 1e-4
    table["纬度"] += np.arange(40) * 1e-4
    table.loc[3, ["经度", "纬度"]] = [lat + 1e-3, lon + 1e-3]
    table.loc[7, ["经度", "纬度"]] = [200.0, 95.0]
    loaded = load.load_issues(table, crs=4326)
    assert loaded.rejects[["row", "reason"]].to_numpy().tolist() == [[4, "swapped_axes"], [8, "bad_coordinates"]]
