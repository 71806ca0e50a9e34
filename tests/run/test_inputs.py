"""What a command says of the CRS that it works in."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import shapely

from jxgis.i18n import sketch_mark
from jxgis.report import Absent, report_page
from jxgis.run.inputs import Reader
from jxgis.settings import Settings


def test_the_note_on_the_crs_tells_its_distortion(tmp_path) -> None:
    edge = gpd.GeoDataFrame({"name": ["东"]}, geometry=[shapely.box(122.9, 30.7, 122.95, 30.75)], crs=4490)
    edge.to_crs(4549).to_file(tmp_path / "edge.gpkg")
    edge.to_file(tmp_path / "degrees.gpkg")
    said: list[str] = []
    notes = {}
    for name in ("edge", "degrees"):
        settings = Settings.model_validate({"inputs": {"districts": {"path": str(tmp_path / f"{name}.gpkg")}}})
        found = Reader(settings, has_project=False).read(["districts"], lambda text: said.append(text.en))
        notes[name] = found.crs_note.en
    assert "areas up to 0.2 % too large and lengths up to 0.099 % too large" in notes["edge"]
    assert sum("0.2 % too large" in line for line in said) == 1
    # UTM zone 51 is true to 0.1 % there.
    assert "too" not in notes["degrees"]


def test_only_the_schematic_city_is_marked_as_invented(tmp_path) -> None:
    shipped = Path(__file__).parents[2] / "data/boundaries/districts.geojson"
    own = tmp_path / "own.gpkg"
    gpd.read_file(shipped).to_file(own)
    marks = []
    for path, official in ((shipped, False), (own, False), (own, True)):
        asked = {"inputs": {"districts": {"path": str(path), "official": official}}}
        found = Reader(Settings.model_validate(asked), has_project=False).read(["districts"])
        page = report_page([Absent("parks", "-")], title="t", sketch=found.sketch)
        marks.append((sketch_mark(found.sketch, "zh"), "只用于演示方法" in page))
    assert marks == [("示意数据，非官方边界", True), ("边界未声明为官方界线", False), ("", False)]


def test_the_crs_is_said_once_and_as_it_was_chosen(tmp_path) -> None:
    zones = gpd.GeoDataFrame({"name": ["东"]}, geometry=[shapely.box(120.7, 30.7, 120.75, 30.75)], crs=4326)
    for name, drawn, way in (("degrees", zones, "UTM zone estimated"), ("metres", zones.to_crs(4549), "the CRS of")):
        drawn.to_file(tmp_path / f"{name}.gpkg")
        settings = Settings.model_validate({"inputs": {"districts": {"path": str(tmp_path / f"{name}.gpkg")}}})
        found = Reader(settings, has_project=False).read(["districts"])
        assert way in found.crs_note.en
        assert [note for note in found.load_notes() if "工作坐标系" in note] == [found.crs_note.zh]


def test_what_was_noticed_and_rejected_in_any_layer_is_said_once(tmp_path) -> None:
    squares = [shapely.box(572_000 + 1_000 * i, 3_402_000, 573_000 + 1_000 * i, 3_403_000) for i in range(3)]
    gpd.GeoDataFrame({"name": ["东", None, "西"]}, geometry=squares, crs=4549).to_file(tmp_path / "zones.gpkg")
    cases = gpd.GeoDataFrame(geometry=[square.centroid for square in squares], crs=4549)
    table = cases.get_coordinates().assign(time=["2024-01-01", "昨天", "前天"], 上报时间="2024-02-02")
    table.to_csv(tmp_path / "cases.csv", index=False)
    layers = {
        "districts": {"path": str(tmp_path / "zones.gpkg")},
        "issues": {"path": str(tmp_path / "cases.csv"), "crs": "EPSG:4549", "drop_points": [[1.0, 2.0]]},
    }
    settings = Settings.model_validate({"inputs": layers})
    said: list[str] = []
    Reader(settings, has_project=False).read(["districts", "issues"], lambda text: said.append(text.zh))
    assert "片区：1 行有问题，未使用（缺少必填值 1 行），逐行列在结果文件夹的 rejects/districts.csv。" in said
    assert any(line.startswith("问题：2 行有问题，未使用") for line in said)
    assert any("上报时间" in line and "time" in line for line in said)
    assert any("[1.0, 2.0]" in line for line in said)
    assert len(said) == len(set(said))


def test_a_town_that_counts_whole_where_districts_are_made_of_sub_districts_is_said(tmp_path) -> None:
    towns = [shapely.box(572_000 + 1_000 * i, 3_402_000, 573_000 + 1_000 * i, 3_403_000) for i in range(2)]
    table = gpd.GeoDataFrame({"name": ["建设街道", "余新镇"]}, geometry=towns, crs=4549)
    table.to_file(tmp_path / "towns.gpkg")
    layers = {"subdistricts": {"path": str(tmp_path / "towns.gpkg")}}
    settings = Settings.model_validate({"city": {"profile": "jiaxing"}, "inputs": layers})
    said: list[str] = []
    found = Reader(settings, has_project=True).read(["districts", "subdistricts"], lambda text: said.append(text.zh))
    notes = [note.zh for note in found.loaded["districts"].notes]
    # 大桥镇 and 油车港镇 reach beyond the central city too, but are not in the file.
    assert [note for note in notes if "整镇计入" in note] == [
        "余新镇 只有一部分属于中心城区，但没有中心城区边界，整镇计入。"
    ]
    assert all(said.count(note) == 1 for note in notes)


def test_a_layer_of_the_ground_that_cannot_be_read_is_said_and_missing(tmp_path) -> None:
    zone = shapely.box(572_000, 3_402_000, 573_000, 3_403_000)
    gpd.GeoDataFrame({"name": ["东"]}, geometry=[zone], crs=4549).to_file(tmp_path / "zones.gpkg")
    gpd.GeoDataFrame({"name": ["河"]}, geometry=[zone.buffer(-300)], crs=4549).to_file(tmp_path / "waters.gpkg")
    (tmp_path / "streets.gpkg").write_text("none", encoding="utf-8")
    names = {"districts": "zones", "waters": "waters", "streets": "streets", "places": "nowhere"}
    inputs = {layer: {"path": str(tmp_path / f"{name}.gpkg")} for layer, name in names.items()}
    reader = Reader(Settings.model_validate({"inputs": inputs}), has_project=False)
    given = reader.with_ground(reader.read(["districts"]))
    assert (set(given.layers), set(given.around)) == ({"districts"}, {"districts", "waters"})
    waters = given.of([]).ground.waters
    assert waters is not None
    assert waters["name"].tolist() == ["河"]
    assert given.ground.streets is None
    assert given.ground.places is None
    said = [note for note in given.load_notes() if "底图" in note]
    assert len(said) == 2
    assert any("道路" in note for note in said)
    assert any("地名" in note for note in said)
