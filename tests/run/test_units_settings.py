"""What a project file says about units reaches the plan."""

from __future__ import annotations

import json
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely

from jxgis import run
from jxgis.errors import JxgisError
from jxgis.report.blocks import Paragraph
from jxgis.settings import load_settings

EAST, NORTH = 572_000.0, 3_402_000.0


def layer(path: Path, *shapes: shapely.Geometry, **columns: list[object]) -> None:
    moved = shapely.transform(list(shapes), lambda xy: np.add(xy, (EAST, NORTH)))
    gpd.GeoDataFrame(columns, geometry=moved, crs=4549).to_file(path)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """One district of 6 by 2 km with land use, a model area on the middle line and a river at x = 1.2 km."""
    layer(tmp_path / "d.gpkg", shapely.box(0, 0, 6000, 2000), name=["甲"])
    layer(
        tmp_path / "land.gpkg", shapely.box(0, 0, 2500, 2000), shapely.box(2500, 0, 6000, 2000), kind=["居住", "工业"]
    )
    layer(tmp_path / "whole.gpkg", shapely.box(2500, 500, 3500, 1500), name=["样板区"])
    layer(tmp_path / "river.gpkg", shapely.LineString([(1500, -9), (1500, 2009)]), name=["河"])
    path = tmp_path / "jxgis.toml"
    inputs = {"districts": "d", "land_use": "land", "keep_together": "whole", "keep_apart": "river"}
    text = "".join(f'[inputs.{name}]\npath = "{file}.gpkg"\n' for name, file in inputs.items())
    path.write_text(text + '[units]\ncell_m = 500\nn_units = { "甲" = 3 }\nalternatives = false\n', encoding="utf-8")
    return path


def test_layers_and_numbers_of_a_project_shape_the_plan(project: Path, tmp_path: Path) -> None:
    result = run.run_part("units", load_settings(project), tmp_path / "out", has_project=True, lang="zh")
    assert len(result.units) == 3
    assert result.units["in_bounds"].all()
    assert set(result.report.attributes) == {"land_居住", "land_工业"}
    assert result.units["function"].isin(["居住", "工业"]).all()
    assert result.report.together["kept"].tolist() == [True]
    assert result.report.crossed.empty
    inside = result.blocks.centroid.within(shapely.box(EAST + 2500, NORTH + 500, EAST + 3500, NORTH + 1500))
    assert result.blocks.loc[inside, "unit_id"].nunique() == 1
    west = result.blocks.centroid.x < EAST + 1500
    assert not set(result.blocks.loc[west, "unit_id"]) & set(result.blocks.loc[~west, "unit_id"])
    assert result.borders is None
    plan = json.loads((tmp_path / "out" / "run.json").read_text(encoding="utf-8"))["plan"]
    assert plan["blocks_from"] == "grid"
    assert plan["kept_together"] == [["样板区", True]]
    assert plan["in_bounds_share"] == 1
    assert 0 < plan["ssd_share"] < 1
    written = gpd.read_file(tmp_path / "out" / "units.gpkg", layer="units")
    np.testing.assert_allclose(np.sort(written["area_km2"]), np.sort(result.units["area_km2"]))


def test_areas_that_are_not_kept_whole_and_lines_that_units_cross_are_told(project: Path, tmp_path: Path) -> None:
    layer(
        tmp_path / "whole.gpkg",
        shapely.box(0, 0, 4000, 2000),
        shapely.box(5000, 0, 6000, 1000),
        name=["景区", "样板区"],
    )
    # Through the middle of cells.
    layer(tmp_path / "river.gpkg", shapely.LineString([(1250, -9), (1250, 2009)]), name=["平湖塘"])
    result = run.run_part("units", load_settings(project), tmp_path / "out", has_project=True, lang="zh")
    reached = result.units.geometry.intersects(shapely.Point(EAST + 1250, NORTH + 1000))
    assert reached.sum() == 1
    said = [note.zh for note in result.notes()]
    assert "另有 2 项要求，满足了 1 项。" in said
    assert "未能满足：整体划入一个单元的 景区，区域大于单元上限。" in said
    # Ten metres at each border that it crosses are along that.
    assert sum(line.startswith("不可跨越的界线有 1.98 km 在单元内部（平湖塘）") for line in said) == 1
    page = {block.words for block in result.section().blocks if isinstance(block, Paragraph)}
    assert page >= {line for line in said if line.startswith(("未能满足", "不可跨越"))}


def test_a_fixed_unit_in_two_parts_is_told(project: Path, tmp_path: Path) -> None:
    parts = shapely.MultiPolygon([shapely.box(0, 0, 1000, 1000), shapely.box(0, 1500, 1500, 2000)])
    layer(tmp_path / "stay.gpkg", parts, shapely.box(4500, 0, 6000, 2000), unit_id=["甲-01", "甲-02"])
    text = project.read_text(encoding="utf-8").replace('n_units = { "甲" = 3 }\n', "")
    layer(tmp_path / "river.gpkg", shapely.LineString([(4500, -9), (4500, 2009)]), name=["河"])
    project.write_text(text + '[inputs.fixed_units]\npath = "stay.gpkg"\n', encoding="utf-8")
    result = run.run_part("units", load_settings(project), tmp_path / "out", has_project=True, lang="zh")
    said = [note.zh for note in result.notes()]
    assert "保持不变的单元有 1 个不连片（甲-01），按原样保留；核查单元时会列为“有不相连的部分”。" in said


def test_lines_that_the_streets_have_too_are_not_crossed(project: Path, tmp_path: Path) -> None:
    """As the page advises."""
    river = shapely.LineString([(1250, -9), (1250, 2009)])
    ways = [shapely.LineString([(x, -9), (x, 2009)]) for x in range(500, 6000, 500)]
    ways += [shapely.LineString([(-9, y), (6009, y)]) for y in (500, 1000, 1500)]
    layer(tmp_path / "whole.gpkg", shapely.box(5000, 0, 6000, 1000), name=["样板区"])
    layer(tmp_path / "river.gpkg", river, name=["平湖塘"])
    text = project.read_text(encoding="utf-8") + '[inputs.streets]\npath = "streets.gpkg"\n'
    project.write_text(text, encoding="utf-8")
    for streets, crossed in ((ways, ["平湖塘"]), ([*ways, river], [])):
        layer(tmp_path / "streets.gpkg", *streets, name=["路"] * len(streets))
        result = run.run_part("units", load_settings(project), tmp_path / "out", has_project=True, lang="zh")
        assert result.blocks_from == "streets"
        assert result.report.crossed["name"].tolist() == crossed
    sides = result.units.geometry.bounds
    assert not ((sides["minx"] < EAST + 1249) & (sides["maxx"] > EAST + 1251)).any()


def test_a_wrong_attribute_in_the_settings_is_named_with_those_there_are(project: Path, tmp_path: Path) -> None:
    text = project.read_text(encoding="utf-8")
    project.write_text(text + 'attributes = ["density"]\n', encoding="utf-8")
    with pytest.raises(JxgisError, match="land_工业"):
        run.run_part("units", load_settings(project), tmp_path / "out", has_project=True, lang="zh")
    assert not (tmp_path / "out").exists()


def test_fixed_units_seeds_and_places_of_a_project_reach_the_plan(project: Path, tmp_path: Path) -> None:
    layer(tmp_path / "stay.gpkg", shapely.box(0, 0, 1500, 2000), 单元编号=["甲-02"])
    layer(tmp_path / "seeds.gpkg", shapely.Point(2200, 300), shapely.Point(5700, 300), 名称=["所", "站"])
    layer(tmp_path / "places.gpkg", shapely.Point(1700, 100), shapely.Point(4900, 1900), name=["东门", "西门"])
    layer(tmp_path / "towns.gpkg", shapely.box(0, 0, 3000, 2000), shapely.box(3000, 0, 6000, 2000), name=["一", "二"])
    text = project.read_text(encoding="utf-8").replace('n_units = { "甲" = 3 }\n', "")
    layers = {"fixed_units": "stay", "unit_seeds": "seeds", "places": "places", "subdistricts": "towns"}
    text += 'apart = [["东门", "西门"]]\nsubdistrict_max_units = 3\n'
    text += "".join(f'[inputs.{name}]\npath = "{file}.gpkg"\n' for name, file in layers.items())
    project.write_text(text, encoding="utf-8")
    result = run.run_part("units", load_settings(project), tmp_path / "out", has_project=True, lang="zh")
    rules = json.loads((tmp_path / "out" / "run.json").read_text(encoding="utf-8"))["plan"]["rules"]
    assert rules == [
        ["fixed_unit", "甲-02", True, None],
        ["seed", "所", True, None],
        ["seed", "站", True, None],
        ["apart", "东门 | 西门", True, None],
        ["subdistrict", "一", True, None],
        ["subdistrict", "二", True, None],
    ]
    units = result.units.set_index("unit_id").geometry
    box = shapely.box(EAST, NORTH, EAST + 1500, NORTH + 2000)
    assert units["甲-02"].symmetric_difference(box).area < 1
    assert units.index.is_unique
    at = units.sindex.query(shapely.points([(EAST + 2200, NORTH + 300), (EAST + 5700, NORTH + 300)]))[1]
    assert at[0] != at[1]
