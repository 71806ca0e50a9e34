"""The project opens every layer of a result by a relative path, in groups, each view for itself, the same each time."""

from __future__ import annotations

import zipfile
from pathlib import Path
from xml.etree import ElementTree as ET

import pandas as pd
from qgis_rows import parsed, rows_of

from jxgis.gpkg import write_for_qgis, write_gpkg
from jxgis.output import Stage
from jxgis.schema.tables import table


def project(folder: Path) -> ET.Element:
    with zipfile.ZipFile(folder / "jxgis.qgz") as archive:
        assert archive.namelist() == ["jxgis.qgs"]
        return parsed(archive.read("jxgis.qgs"))


def result(folder: Path, classes: list[str]) -> ET.Element:
    folder.mkdir()
    peaks = pd.concat([rows_of(table("hotspots.peaks")).assign(issue_class=name) for name in classes])
    zone = rows_of(table("scorecard.scorecard")).assign(level="district", zone="老城", value=1.0)
    write_gpkg(
        folder / "hotspots.gpkg",
        {"peaks": peaks, "heavy_cells": rows_of(table("hotspots.heavy_cells")).iloc[:0]},
        of="hotspots",
    )
    write_gpkg(folder / "scorecard.gpkg", {"scorecard": zone}, of="scorecard", by_zone=["scorecard"])
    streets = rows_of(table("ground.streets")).assign(people=3)
    write_for_qgis(Stage(folder, "report"), {"streets": streets, "issues": peaks})
    return project(folder)


def test_layers_are_opened_by_relative_paths_and_one_view_at_a_time(tmp_path: Path) -> None:
    root = result(tmp_path / "a", ["all", "市容'环境"])
    sources = [layer.findtext("datasource") for layer in root.iterfind("projectlayers/maplayer")]
    assert sources == [
        "./ground.gpkg|layername=streets",
        "./hotspots.gpkg|layername=peaks|subset=\"issue_class\" = 'all'",
        "./hotspots.gpkg|layername=peaks|subset=\"issue_class\" = '市容''环境'",
        "./scorecard.gpkg|layername=scorecard|subset=\"level\" = 'district' AND \"indicator\" = '甲'",
    ]
    shown = [value.get("value") for value in root.iterfind(".//Option[@name='variableValues']/Option")]
    assert shown == ["all", "市容'环境", "district", "甲"]
    leaves = [leaf.get("id", "") for leaf in root.iter("layer-tree-layer")]
    assert sorted(leaves) == sorted(layer.findtext("id", "") for layer in root.iterfind("projectlayers/maplayer"))
    assert {layer.findtext("srs/spatialrefsys/authid") for layer in root.iter("maplayer")} == {"EPSG:4549"}
    assert root.findtext("properties/Paths/Absolute") == "false"


def test_groups_are_parts_and_the_first_is_seen(tmp_path: Path) -> None:
    root = result(tmp_path / "a", ["all"])
    groups = root.findall("layer-tree-group/layer-tree-group")
    said = [(group.get("name"), group.get("checked")) for group in groups]
    assert said == [("底图", "Qt::Checked"), ("问题热点", "Qt::Checked"), ("规划指标", "Qt::Unchecked")]


def test_the_same_result_makes_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        result(tmp_path / name, ["all"])
    for file in ("jxgis.qgz", "ground.gpkg"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


def test_the_ground_holds_names_and_shapes_alone(tmp_path: Path) -> None:
    import geopandas as gpd

    result(tmp_path / "a", ["all"])
    assert list(gpd.read_file(tmp_path / "a/ground.gpkg", layer="streets").columns) == ["name", "geometry"]


def test_a_result_without_layers_has_no_project(tmp_path: Path) -> None:
    write_for_qgis(Stage(tmp_path, "cycle"), {"streets": rows_of(table("ground.streets"))})
    assert not list(tmp_path.iterdir())
