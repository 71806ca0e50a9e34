"""One refused analysis takes nothing down: what could be done is written, and what not is said."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd
import pytest
import shapely

if TYPE_CHECKING:
    from cli.conftest import Finished

EAST, NORTH = 572_000.0, 3_402_000.0
Run = Callable[..., "Finished"]


def project_of(city: Path, more: str = "", *, overlap_m: float = 200, issues: bool = True) -> Path:
    """Settings of a city whose two districts (9 km² each) claim ``overlap_m`` × 3 km in common."""
    shapes = [shapely.box(EAST + a, NORTH, EAST + b, NORTH + 3000) for a, b in ((0, 3000 + overlap_m), (3000, 6000))]
    table = gpd.GeoDataFrame({"name": ["西片", "东片"]}, geometry=shapes, crs=4549)
    table.to_file(city / "overlapping.gpkg")
    path = city / "jxgis.toml"
    given = '[inputs.issues]\npath = "issues.csv"\ncrs = "EPSG:4490"\n' if issues else ""
    path.write_text(f'[inputs.districts]\npath = "overlapping.gpkg"\n{given}{more}', encoding="utf-8")
    return path


CANDIDATES = '[inputs.candidates]\npath = "candidates.gpkg"\n'


@pytest.mark.slow
def test_overlapping_districts_stop_units_and_sums_of_districts_and_nothing_else(jxgis: Run, city: Path) -> None:
    out = city / "out"
    finished = jxgis("report", project_of(city, CANDIDATES), "--out", out)
    assert finished.code == 0, finished.err
    assert "未能完成管理单元：片区互相重叠：西片–东片 600,000 m²" in finished.err
    assert "Traceback" not in finished.err
    run = json.loads((out / "run.json").read_text(encoding="utf-8"))
    assert [entry["part"] for entry in run["refused"]] == ["units", "scorecard"]
    assert all("西片–东片 600,000 m²" in entry["message"] for entry in run["refused"])
    assert {"hotspots.gpkg", "scores.gpkg", "maps/scores.html", "report.xlsx", "flaws.gpkg"} <= set(run["outputs"])
    assert "units.gpkg" not in run["outputs"]
    page = (out / "index.html").read_text(encoding="utf-8")
    assert page.count("未能完成，其余部分不受影响") == 4, "before the figures, and in each part's own section"
    assert "flaws.gpkg" in page
    notes = pd.read_excel(out / "report.xlsx", sheet_name="说明", header=None, engine="calamine").to_string()
    assert "未能完成，其余部分不受影响" in notes


@pytest.mark.slow
def test_units_of_one_s_own_that_cannot_be_measured_stop_nothing_else(jxgis: Run, city: Path) -> None:
    squares = [shapely.box(EAST + a, NORTH, EAST + a + 3000, NORTH + 3000) for a in (0, 3000)]
    gpd.GeoDataFrame({"unit_id": ["all", "U2"]}, geometry=squares, crs=4549).to_file(city / "units.gpkg")
    more = "".join(f'[inputs.{name}]\npath = "{name}.gpkg"\n' for name in ("parks", "residential", "units"))
    project = project_of(city, more + CANDIDATES + "[units]\nalternatives = false\n", overlap_m=0, issues=False)
    finished = jxgis("report", project, "--out", city / "out")
    assert finished.code == 0, finished.err
    run = json.loads((city / "out" / "run.json").read_text(encoding="utf-8"))
    assert [entry["part"] for entry in run["refused"]] == ["units"]
    assert "all" in run["refused"][0]["message"]
    assert "coverage" in gpd.list_layers(city / "out" / "parks.gpkg")["name"].to_list()


def test_units_of_one_s_own_are_read_for_a_report_only(jxgis: Run, city: Path) -> None:
    """Neither `parks` nor `score` uses them: a file that is still to come does not stop them."""
    more = "".join(f'[inputs.{name}]\npath = "{name}.gpkg"\n' for name in ("parks", "residential", "units"))
    project = project_of(city, more + CANDIDATES, overlap_m=0, issues=False)
    for command in ("parks", "score"):
        finished = jxgis(command, "--project", project, "--out", city / command)
        assert finished.code == 0, finished.err
        run = json.loads((city / command / "run.json").read_text(encoding="utf-8"))
        assert "units" not in {entry["layer"] for entry in run["inputs"]}
    assert "coverage_units" not in gpd.list_layers(city / "parks" / "parks.gpkg")["name"].to_list()
    finished = jxgis("report", project, "--out", city / "report")
    assert finished.code == 2
    assert "units.gpkg" in finished.err


@pytest.mark.slow
def test_the_layer_without_overlaps_is_accepted(jxgis: Run, city: Path) -> None:
    project = project_of(city, CANDIDATES)
    checked = jxgis("check", "districts", city / "overlapping.gpkg", "--out", city / "checked")
    assert checked.code == 0, checked.err
    assert "without_overlaps" in checked.out
    settings = project.read_text(encoding="utf-8")
    settings = settings.replace('"overlapping.gpkg"', '"checked/flaws.gpkg"\nlayer = "without_overlaps"')
    project.write_text(settings, encoding="utf-8")
    finished = jxgis("report", project, "--out", city / "out")
    assert finished.code == 0, finished.err
    assert "未能完成" not in finished.err
    run = json.loads((city / "out" / "run.json").read_text(encoding="utf-8"))
    assert run["refused"] == []
    units = gpd.read_file(city / "out" / "units.gpkg", layer="units")
    # By the rule the smaller, 东片, keeps the common ground.
    assert units.groupby("district")["area_km2"].sum().to_dict() == pytest.approx({"西片": 9.0, "东片": 9.0})


@pytest.mark.slow
def test_a_small_overlap_is_settled_and_said(jxgis: Run, city: Path) -> None:
    finished = jxgis("report", project_of(city, overlap_m=20), "--out", city / "out")
    assert finished.code == 0, finished.err
    assert "未能完成" not in finished.err
    units = gpd.read_file(city / "out" / "units.gpkg", layer="units")
    assert units["area_km2"].sum() == pytest.approx(18.0)
    notes = pd.read_excel(city / "out/report.xlsx", sheet_name="说明", header=None, engine="calamine").to_string()
    assert "西片–东片 60,000 m² → 东片" in notes


@pytest.mark.slow
def test_the_share_is_a_setting(jxgis: Run, city: Path) -> None:
    project = project_of(city, overlap_m=20)
    settings = project.read_text(encoding="utf-8").replace("[inputs.issues]", "overlap_share = 0\n[inputs.issues]")
    project.write_text(settings, encoding="utf-8")
    finished = jxgis("report", project, "--out", city / "out")
    assert finished.code == 0, finished.err
    assert "片区互相重叠：西片–东片 60,000 m²" in finished.err
    page = (city / "out" / "index.html").read_text(encoding="utf-8")
    assert "也没有划出单元，未评分" in page, "no candidates of its own, and no units to score in their place"


def test_nothing_done_is_bad_input_and_writes_nothing(jxgis: Run, city: Path) -> None:
    finished = jxgis("report", project_of(city, issues=False), "--out", city / "out")
    assert finished.code == 2
    assert "错误：未能完成管理单元：片区互相重叠" in finished.err
    assert not (city / "out").exists()


@pytest.mark.slow
def test_refused_hot_spots_leave_the_scores(jxgis: Run, city: Path) -> None:
    table = pd.read_csv(city / "issues.csv", encoding="gb18030")
    table["X坐标"] += 0.2  # 19 km east of the districts
    table.to_csv(city / "issues.csv", index=False, encoding="gb18030")
    project = project_of(city, CANDIDATES, overlap_m=0)
    finished = jxgis("score", "--project", project, "--out", city / "scores")
    assert finished.code == 0, finished.err
    assert "未能完成问题热点：600 个问题点没有一个落在研究范围内" in finished.err
    run = json.loads((city / "scores" / "run.json").read_text(encoding="utf-8"))
    assert [entry["part"] for entry in run["refused"]] == ["hotspots"]
    scores = gpd.read_file(city / "scores" / "scores.gpkg", layer="scores")
    assert scores["hot_percent"].isna().all()
    finished = jxgis("report", project, "--out", city / "out")
    assert finished.code == 0, finished.err
    outputs = json.loads((city / "out" / "run.json").read_text(encoding="utf-8"))["outputs"]
    assert {"units.gpkg", "scores.gpkg", "index.html"} <= set(outputs)
    assert "hotspots.gpkg" not in outputs


def test_settings_that_cannot_be_used_stop_the_report(jxgis: Run, city: Path) -> None:
    project = project_of(city, '[inputs.parks]\npath = "parks.gpkg"\n[parks]\nstandard = "no-such"\n')
    finished = jxgis("report", project, "--out", city / "out")
    assert finished.code == 2
    assert "no-such" in finished.err
    assert not (city / "out").exists()
