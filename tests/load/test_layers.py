"""Parks, housing, streets, gates, places, blocks, units, candidates and population."""

from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import pytest
import rasterio
import shapely

from jxgis import load
from jxgis.errors import CrsError, InputError
from jxgis.load.rasters import check_raster, load_population
from jxgis.schema import layers as tables
from jxgis.schema.layers import ColumnEntry, LayerEntry

EAST, NORTH = 572_000.0, 3_402_000.0
POLYGONS = ["parks", "residential", "waters", "historic", "vacant", "blocks", "units", "candidates"]


def named(shapes: list[shapely.Geometry], **columns: object) -> gpd.GeoDataFrame:
    moved = [shapely.affinity.translate(shape, EAST, NORTH) for shape in shapes]
    return gpd.GeoDataFrame({"名称": [f"第{i}" for i in range(len(shapes))], **columns}, geometry=moved, crs=4549)


@pytest.mark.parametrize("layer", ["street_lights", "lightscape"])
def test_a_rate_is_no_lamp_that_is_lit(city, layer: str) -> None:
    lamps = named([shapely.Point(0, 0), shapely.Point(9, 9)])
    assert load.load_layer(layer, lamps.assign(是否亮灯=["是", "否"]), city=city).table["lit"].tolist() == [1, 0]
    with pytest.raises(InputError, match=r"96\.5，大于 1"):
        load.load_layer(layer, lamps.assign(亮灯=[96.5, 100]), city=city)


@pytest.mark.parametrize("layer", POLYGONS)
def test_polygon_layers(city, layer: str) -> None:
    table = named([shapely.box(0, 0, 100, 100), shapely.box(200, 0, 300, 100)], 备注=["x", "y"])
    loaded = getattr(load, f"load_{layer}")(table.to_crs(4490), city=city)
    assert loaded.layer == layer
    assert loaded.table.area.tolist() == pytest.approx([1e4, 1e4], rel=1e-6)
    assert loaded.table["备注"].tolist() == ["x", "y"]
    assert loaded.table.columns[-1] == "geometry"
    with pytest.raises(InputError, match="需要面图层"):
        getattr(load, f"load_{layer}")(table.set_geometry(table.boundary), city=city)


def test_parks_keep_parcels_without_a_name(city) -> None:
    table = named([shapely.box(0, 0, 10, 10)] * 3, 公园编号=["01", None, " "], 类型=["综合公园", "NULL", None])
    table["名称"] = ["南湖公园", None, ""]
    loaded = load.load_parks(table, city=city)
    assert loaded.table["park_id"].tolist() == ["01", np.nan, np.nan]
    assert loaded.table["name"].isna().tolist() == [False, True, True]
    assert loaded.table["kind"].isna().tolist() == [False, True, True]
    assert loaded.rejects.empty


def test_people_are_numbers_or_missing(city) -> None:
    table = named([shapely.box(0, 0, 10, 10)] * 3, 常住人口=["1,200", "不详", ""])
    loaded = load.load_residential(table, city=city)
    assert loaded.table["people"].tolist() == [
        1200.0,
        pytest.approx(np.nan, nan_ok=True),
        pytest.approx(np.nan, nan_ok=True),
    ]
    assert any("常住人口" in note.en and "1" in note.en for note in loaded.notes)
    assert "people" not in load.load_residential(table.drop(columns="常住人口"), city=city).table


def test_streets_are_lines(city) -> None:
    lines = [shapely.LineString([(0, 0), (100, 0)]), shapely.MultiLineString([[(0, 0), (0, 50)], [(5, 5), (5, 55)]])]
    table = named([*lines, shapely.LineString([(1, 1), (1, 1)])], 层级=[1.0, -1.0, np.nan])
    loaded = load.load_streets(table, city=city)
    assert loaded.table.length.tolist() == pytest.approx([100, 100])
    assert loaded.table["level"].tolist() == ["1", "-1"]
    assert loaded.rejects[["row", "reason"]].to_numpy().tolist() == [[3, "no_size"]]
    with pytest.raises(InputError, match="需要线图层"):
        load.load_streets(named([shapely.box(0, 0, 1, 1)]), city=city)


def test_a_collection_gives_its_lines(city) -> None:
    mixed = shapely.GeometryCollection(
        [shapely.Point(0, 0), shapely.GeometryCollection([shapely.LineString([(0, 0), (30, 0)])])]
    )
    loaded = load.load_streets(named([mixed]), city=city)
    assert loaded.table.length.tolist() == pytest.approx([30])
    assert any("其他类型" in note.zh for note in loaded.notes)


@pytest.mark.parametrize("layer", ["gates", "places"])
def test_points_from_tables_and_files(city, write, layer: str) -> None:
    read = getattr(load, f"load_{layer}")
    points = named([shapely.Point(0, 0), shapely.Point(100, 0)])
    got = read(write("a.geojson", points.to_crs(4326)), city=city)
    assert got.table.distance(points.geometry).max() < 1e-2
    degrees = points.to_crs(4490).geometry
    table = pd.DataFrame({"名称": points["名称"], "经度": degrees.x, "纬度": degrees.y})
    assert read(write("a.csv", table), city=city, crs=4490).table.distance(points.geometry).max() < 1e-3
    with pytest.raises(CrsError, match="GCJ-02"):
        read(table, city=city)


def test_places_need_a_name(city) -> None:
    table = named([shapely.Point(0, 0), shapely.Point(1, 0)])
    table.loc[0, "名称"] = None
    assert load.load_places(table, city=city).rejects["reason"].tolist() == ["missing_value"]
    assert load.load_gates(table, city=city).rejects.empty


@pytest.mark.parametrize(("layer", "column"), [("units", "unit_id"), ("candidates", "candidate_id")])
def test_ids_else_names(city, layer: str, column: str) -> None:
    read = getattr(load, f"load_{layer}")
    table = named([shapely.box(0, 0, 10, 10)] * 4, 单元编号=["U1", None, "U1", " "])
    table.loc[3, "名称"] = None
    loaded = read(table, city=city)
    assert loaded.table[column].tolist() == ["U1", "第1"]
    assert loaded.rejects[["row", "reason"]].to_numpy().tolist() == [[3, "duplicate_id"], [4, "missing_value"]]
    by_name = read(table.drop(columns="单元编号").iloc[:3], city=city)
    assert by_name.table[column].tolist() == ["第0", "第1", "第2"]
    with pytest.raises(InputError, match="name_column"):
        read(table[["geometry"]].assign(zzz=1), city=city)


def test_candidates_carry_their_own_indicators(city) -> None:
    table = named([shapely.box(0, 0, 10, 10)] * 2, park_coverage=[88.5, None], 绿地率=[0.3, 0.4])
    loaded = load.load_candidates(table, city=city)
    assert loaded.table["park_coverage"].tolist()[0] == 88.5
    assert loaded.table["绿地率"].tolist() == [0.3, 0.4]


def test_blocks_are_numbered_where_they_have_no_id(city) -> None:
    loaded = load.load_blocks(named([shapely.box(0, 0, 10, 10)] * 2).drop(columns="名称"), city=city)
    assert loaded.table["block_id"].tolist() == ["1", "2"]
    assert any("block_id" in note.en for note in loaded.notes)
    grid = named([shapely.box(0, 0, 10, 10)] * 2, 单元网格=[330402001001001, 330402001001002])
    assert load.load_blocks(grid, city=city).table["block_id"].tolist() == ["330402001001001", "330402001001002"]


def test_exposures_may_be_of_any_kind(city) -> None:
    mixed = named(
        [shapely.box(0, 0, 10, 10), shapely.LineString([(0, 0), (9, 0)]), shapely.Point(0, 0)], 车流=[1.0, 2, 3]
    )
    loaded = load.load_exposure(mixed, city=city)
    assert loaded.table.geom_type.tolist() == ["Polygon", "LineString", "Point"]
    assert loaded.table["车流"].tolist() == [1, 2, 3]


def test_population_points_and_polygons(city) -> None:
    table = named([shapely.box(0, 0, 10, 10), shapely.Point(5, 5), shapely.Point(6, 5)], 人口数=["10", "2.5", ""])
    loaded = load_population(table, city=city)
    assert loaded.table["people"].tolist() == [10, 2.5]
    assert loaded.rejects["reason"].tolist() == ["missing_value"]
    with pytest.raises(InputError, match="people"):
        load_population(table.drop(columns="人口数"), city=city)


@pytest.fixture
def raster(tmp_path):
    """Write a raster of people in degrees, 0.01 a cell, from 120.70, 30.80."""

    def to(
        values: np.ndarray, *, crs: str | None = "EPSG:4326", nodata: float | None = -99.0,
        scale: float = 1.0, offset: float = 0.0,
    ):  # fmt: skip
        path = tmp_path / "people.tif"
        transform = rasterio.transform.from_origin(120.70, 30.80, 0.01, 0.01)
        with rasterio.open(
            path, "w", driver="GTiff", height=values.shape[0], width=values.shape[1], count=1, dtype="float64", crs=crs,
            transform=transform, nodata=nodata,
        ) as out:  # fmt: skip
            out.write(values, 1)
            out.scales, out.offsets = [scale], [offset]
        return path

    return to


VALUES = np.array([[1.0, 2.0, -99.0], [0.0, 4.0, np.nan]])


def test_a_raster_is_checked_and_described(raster) -> None:
    found = check_raster(raster(VALUES))
    assert (found.width, found.height) == (3, 2)
    assert found.total == pytest.approx(7)
    assert found.crs.to_epsg() == 4326
    assert any("2" in note.zh for note in found.notes)


def test_the_scale_and_offset_of_a_raster_are_applied(raster, city) -> None:
    """Tens of people, ten more: 1, 2, 0 and 4 are 20, 30, 10 and 50."""
    path = raster(VALUES, scale=10.0, offset=10.0)
    assert check_raster(path).total == pytest.approx(110)
    assert sorted(load_population(path, city=city).table["people"]) == pytest.approx([10, 20, 30, 50])


def test_a_raster_as_points_keeps_its_people(raster, city) -> None:
    loaded = load_population(raster(VALUES), city=city)
    (source,) = loaded.sources
    assert (source.rows_in, source.rows_kept, source.rows_left_out) == (4, 3, 1)
    assert loaded.table["people"].sum() == pytest.approx(7)
    back = loaded.table.to_crs(4326).geometry
    assert back.x.tolist() == pytest.approx([120.705, 120.715, 120.715])
    assert back.y.tolist() == pytest.approx([30.795, 30.795, 30.785])
    inside = load_population(raster(VALUES), metric_crs=4549, box=(120.71, 30.79, 120.80, 30.81))
    assert inside.table["people"].tolist() == [2.0]


@pytest.mark.parametrize(
    ("values", "options", "says"),
    [
        (VALUES, {"crs": None}, "没有坐标系"),
        (VALUES, {"nodata": None}, r"行第 \d 列的像元中有负的人口数"),
        (np.full((2, 2), 1e30), {}, "大得不可能的人口数"),
        (np.full((2, 2), -99.0), {}, "没有任何有效像元"),
    ],
)
def test_bad_rasters_are_refused(raster, city, values, options, says: str) -> None:
    with pytest.raises(InputError, match=says):
        load_population(raster(values, **options), city=city)


def test_a_raster_is_in_a_system_that_is_known(raster, city) -> None:
    """As of polygons: a shift of half a kilometre, or a guess of PROJ's, is not taken for none."""
    for crs in ("GCJ-02", "BD-09"):
        with pytest.raises(CrsError, match=crs):
            load_population(raster(VALUES), city=city, crs=crs)
    with pytest.raises(CrsError, match="towgs84"):
        load_population(raster(VALUES, crs="EPSG:4214"), city=city)
    # The three parameters between geocentric coordinates on Krassowsky's ellipsoid and on that of WGS-84.
    helmert = pyproj.Transformer.from_pipeline(
        "+proj=pipeline +step +proj=unitconvert +xy_in=deg +xy_out=rad +step +proj=cart +ellps=krass "
        "+step +proj=helmert +x=15 +y=-150 +z=-90 +step +inv +proj=cart +ellps=WGS84 "
        "+step +proj=unitconvert +xy_in=rad +xy_out=deg"
    )
    local = raster(VALUES, crs="EPSG:4214")
    moved = load_population(local, city=city, towgs84=(15, -150, -90)).table.to_crs(4326).geometry
    lon, lat = helmert.transform([120.705, 120.715, 120.715], [30.795, 30.795, 30.785])
    assert moved.x.tolist() == pytest.approx(lon, abs=1e-8)
    assert moved.y.tolist() == pytest.approx(lat, abs=1e-8)


@pytest.mark.parametrize("transform", [None, (0, 0, 570_000, 0, 0, 3_400_000)])
@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
def test_a_raster_that_does_not_say_where_it_is_is_refused(tmp_path, recwarn, transform) -> None:

    given = {} if transform is None else {"transform": rasterio.Affine(*transform)}
    with rasterio.open(
        tmp_path / "a.tif", "w", driver="GTiff", width=2, height=2, count=1, dtype="float32", crs=4549, **given
    ) as file:
        file.write(np.ones((1, 2, 2), dtype="float32"))
    recwarn.clear()
    with pytest.raises(InputError, match="does not say where its cells lie"):
        load_population(tmp_path / "a.tif")
    assert not recwarn.list


def test_a_raster_says_itself_where_it_is(raster) -> None:
    loaded = load_population(raster(VALUES))
    assert loaded.table.crs.to_epsg() == 32651
    assert loaded.table.to_crs(4326).geometry.x.tolist() == pytest.approx([120.705, 120.715, 120.715])


def test_what_is_no_raster_is_refused(tmp_path, city, raster) -> None:
    (tmp_path / "no.tif").write_bytes(b"no raster")
    with pytest.raises(InputError, match=r"no\.tif"):
        load_population(tmp_path / "no.tif", city=city)
    (tmp_path / "empty.tif").touch()
    with pytest.raises(InputError, match="空文件"):
        load_population(tmp_path / "empty.tif", city=city)
    with pytest.raises(InputError, match="没有人口"):
        load_population(raster(np.zeros((2, 2))), city=city)


def test_columns_named_like_coordinates_are_carried_along_with_polygons(city) -> None:
    loaded = load.load_candidates(named([shapely.box(0, 0, 10, 10)], x=[3.0], lon=[1.0]), city=city)
    assert loaded.table[["x", "lon"]].to_numpy().tolist() == [[3.0, 1.0]]


def test_an_empty_first_file_does_not_decide(tmp_path) -> None:
    parks = named([shapely.box(0, 0, 10, 10)])
    parks.iloc[:0].to_file(tmp_path / "1.gpkg")
    parks.to_file(tmp_path / "2.gpkg")
    loaded = load.load_parks(str(tmp_path / "*.gpkg"))
    assert loaded.table.crs.to_epsg() == 4549
    assert [source.rows_kept for source in loaded.sources] == [0, 1]


@pytest.mark.parametrize("layer", ["population", "residential", "exposure"])
def test_people_below_zero_are_refused_with_their_row(layer, write) -> None:
    shapes = [shapely.box(572_000 + 100 * k, 3_402_000, 572_100 + 100 * k, 3_402_100) for k in range(3)]
    path = write("people.gpkg", gpd.GeoDataFrame({"人口": [5.0, 0.0, -99.0]}, geometry=shapes, crs=4549))
    with pytest.raises(InputError, match=r"people\.gpkg, row 3: 人口 = -99 is below 0"):
        getattr(load, f"load_{layer}")(path)


@pytest.mark.parametrize("layer", ["population", "residential", "exposure"])
def test_numbers_whose_sum_would_be_infinite_are_refused_with_their_row(layer, write) -> None:
    shapes = [shapely.box(572_000 + 100 * k, 3_402_000, 572_100 + 100 * k, 3_402_100) for k in range(2)]
    path = write("people.gpkg", gpd.GeoDataFrame({"人口": [1e15, 1e308]}, geometry=shapes, crs=4549))
    with pytest.raises(InputError, match=r"people\.gpkg, row 2: 人口 = 1e\+308 is above 1e\+15"):
        getattr(load, f"load_{layer}")(path)


@pytest.mark.parametrize("year", [0.0, 9999.0])
def test_a_year_that_no_table_could_hold_is_refused_where_it_is_read(write, year) -> None:
    plot = gpd.GeoDataFrame(
        {"name": ["甲"], "可启动年份": [year]}, geometry=[shapely.box(572e3, 3402e3, 573e3, 3403e3)], crs=4549
    )
    with pytest.raises(InputError, match="row 1: ready_year"):
        load.load_layer("candidates", write("candidates.gpkg", plot))


def test_numbers_out_of_the_range_that_a_layer_declares_are_refused_with_their_row(city, write) -> None:
    slope = ColumnEntry(dtype="number", least=-5, most=90)
    ramps = LayerEntry(title_zh="坡道", title_en="ramps", geometry="point", columns={"slope": slope}).contract("ramps")
    own = replace(city, layers={"ramps": ramps})

    def read(*slopes: float) -> list[float]:
        at = gpd.points_from_xy([572_000] * len(slopes), range(3_402_000, 3_402_000 + len(slopes)), crs=4549)
        path = write("ramps.gpkg", gpd.GeoDataFrame({"slope": slopes}, geometry=at))
        return load.load_layer("ramps", path, city=own).table["slope"].tolist()

    assert read(-5.0, 90.0) == [-5, 90]
    with pytest.raises(InputError, match=r"ramps\.gpkg, row 2: slope = 91 is above 90 \(1 row in all\)"):
        read(0.0, 91.0)
    with pytest.raises(InputError, match=r"row 1: slope = -6 is below -5"):
        read(-6.0)
    with pytest.raises(InputError, match="大于 90"):
        tables.check(gpd.GeoDataFrame({"slope": [91.0]}, geometry=gpd.points_from_xy([0], [0], crs=4549)), ramps)


@pytest.mark.parametrize("layer", ["parks", "districts"])
def test_a_wrong_option_is_not_taken_without_a_word(layer):
    table = gpd.GeoDataFrame({"name": ["园"]}, geometry=[shapely.box(0, 0, 100, 100)], crs=4549)
    with pytest.raises(InputError, match="did you mean crs"):
        load.load_layer(layer, table, crss="GCJ-02")


@pytest.mark.parametrize("layer", ["issues", "districts", "parks", "population", "cycle", "scorecard_values"])
def test_the_name_of_a_city_is_not_a_city(layer: str) -> None:
    with pytest.raises(InputError, match=r"city=jxgis\.load_city\('jiaxing'\)"):
        getattr(load, f"load_{layer}")("people.tif", city="jiaxing")


def test_a_year_is_its_number_however_it_is_written(city) -> None:
    table = gpd.GeoDataFrame(
        {"candidate_id": ["a", "b", "c"], "命名年份": ["2024年", "二〇二四", "2,025"]},
        geometry=[shapely.box(500_000 + 3e3 * k, 3_400_000, 502_000 + 3e3 * k, 3_402_000) for k in range(3)],
        crs=4549,
    )
    loaded = load.load_candidates(table)
    assert loaded.table["named_year"].tolist() == [2024, 2024, 2025]


def row_of(*at: float, size: float = 100) -> list[shapely.Geometry]:
    return [shapely.box(x, 0, x + size, size) for x in at]


PHONES = ["13812345678", "浙F12345 停车场", "联系 13812345678 转南湖", "中山路123号加油站", "茅盾中学张老师"]


def test_phones_and_plates_in_names_are_masked_and_names_of_places_are_not(city) -> None:
    shapes = row_of(0, 200, 400, 600, 800)
    table = named(
        shapes, 名称=PHONES, 公园编号=[f"JX13812345{at}" for at in range(670, 675)], 类型=["a@b.com"] + ["公园"] * 4
    )
    loaded = load.load_parks(table, city=city)
    assert loaded.table["name"].tolist() == [
        "138********",
        "浙F***** 停车场",
        "联系 138******** 转南湖",
        *PHONES[3:],
    ]
    assert loaded.table["kind"].tolist() == ["**@**"] + ["公园"] * 4
    assert loaded.table["park_id"].tolist() == table["公园编号"].tolist()
    said = " ".join(note.en for note in loaded.notes)
    assert "Column 名称: 3 values hold phone" in said
    assert "Column 类型: 1 value holds phone" in said


def test_numbers_of_plots_and_files_are_no_phones(city) -> None:
    names = ["0301-3012-0001", "135-2024-0012", "NH-0301-3012-0001", "2024-0301-30120001", "嘉兴JX202401地块"]
    table = load.load_parks(named(row_of(0, 200, 400, 600, 800), 名称=names), city=city).table
    assert table["name"].tolist() == names


def test_phones_in_names_are_masked_however_they_are_written(city) -> None:
    phones = ["138 1234-5678", "+86-138-1234-5678", "0573-82012345", "0573-82012345-801", "电话138-1234-5678"]
    table = load.load_parks(named(row_of(0, 200, 400, 600, 800), 名称=phones), city=city).table
    assert not [name for name in table["name"] if "2345" in name or "1234" in name]


def test_an_id_that_is_made_of_a_name_tells_no_more_than_the_name(city) -> None:
    shapes = row_of(0, 200)
    loaded = load.load_units(named(shapes, 名称=["13812345678", "13812345679"]), city=city)
    assert loaded.table["unit_id"].tolist() == loaded.table["name"].tolist() == ["138********", "138******** 2"]


def test_a_name_that_two_layers_share_is_masked_alike(city) -> None:
    shapes = row_of(0, 2000, size=2000)
    names = ["老城13812345678", "老城13912345678"]
    districts = load.load_districts(named(shapes, 名称=names), city=city).table
    units = load.load_units(named(shapes, 片区=names[::-1]), city=city).table
    assert "12345678" not in "".join([*districts["name"], *units["district"]])
    assert units["district"].tolist() == districts["name"].tolist()[::-1]
    assert districts["name"].nunique() == 2


def test_grids_of_one_street_are_called_by_their_codes(city) -> None:
    # Street 001, community 001: digits 7 to 12 of an old ID number are a day.
    codes = [f"330402001001{at:03d}" for at in range(1, 4)]
    shapes = row_of(0, 200, 400)
    table = named(shapes, 名称=[*codes[:2], "未命名"])
    assert load.load_layer("grids", table, city=city).table["name"].tolist() == [*codes[:2], "未命名"]


@pytest.mark.parametrize(
    ("layer", "head", "written", "read"),
    [
        ("population", "人口（万人）", ["1.2", "１．５万", "3"], [12_000, 15_000, 30_000]),  # 万 says no more there
        ("population", "人口（人）", ["12000", "1.5万", "3"], [12_000, 15_000, 3]),
        ("population", "常住人口【万】", ["1.2", "0", "3"], [12_000, 0, 30_000]),
        ("parking", "泊位数（个）", ["20", "30", "40"], [20, 30, 40]),
        ("parking", "泊位数【单位：个】", ["20", "30", "40"], [20, 30, 40]),
    ],
)
def test_numbers_under_a_head_with_a_unit_are_in_that_of_the_layer(city, tmp_path, layer, head, written, read) -> None:
    """Such a column was left unread."""
    path = tmp_path / "a.csv"
    path.write_text(f"{head},lon,lat\n" + "".join(f"{each},120.75,30.75\n" for each in written), encoding="utf-8")
    loaded = load.load_layer(layer, path, city=city, crs="EPSG:4326")
    column = {"population": "people", "parking": "places"}[layer]
    assert loaded.table[column].tolist() == pytest.approx(read)
    assert any("换算" in note.zh for note in loaded.notes) == ("万" in head)


def test_what_is_no_number_under_a_head_with_a_unit_is_rejected(city, tmp_path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("人口（万人）,lon,lat\n许多,120.75,30.75\n2,120.75,30.75\n", encoding="utf-8")
    loaded = load.load_layer("population", path, city=city, crs="EPSG:4326")
    assert loaded.rejects[["value", "reason"]].to_numpy().tolist() == [["许多", "bad_number"]]
    assert loaded.table["people"].tolist() == [20_000]
