"""The whole report on Boston's open 311 cases of 2015, through a profile and settings of its own."""

from __future__ import annotations

import json
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest

from jxgis.run import run_report
from jxgis.settings import load_settings

pytestmark = [pytest.mark.real, pytest.mark.slow]

CASES = 121_145


@pytest.fixture(scope="module")
def result(real_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The result folder of `jxgis report`."""
    out = tmp_path_factory.mktemp("boston") / "report"
    run_report(load_settings(Path(__file__).parent / "boston" / "jxgis.toml"), out, lang="zh")
    return out


def test_every_case_is_accounted_for(result: Path) -> None:
    run = json.loads((result / "run.json").read_text(encoding="utf-8"))
    issues = next(entry for entry in run["inputs"] if entry["layer"] == "issues")
    assert issues["rows_in"] == CASES
    assert issues["rows_kept"] + issues["rows_rejected"] + issues["rows_left_out"] == CASES
    assert run["crs"] == "EPSG:26986"
    cells = gpd.read_file(result / "hotspots.gpkg", layer="cells", ignore_geometry=True)
    assert cells.loc[cells["issue_class"] == "all", "count"].sum() + run["outside_area"] == issues["rows_kept"]


def test_classes_come_from_the_profile(result: Path) -> None:
    raw = pd.read_csv(Path(__file__).parent / "boston" / "classes.csv", dtype=str)
    cells = gpd.read_file(result / "hotspots.gpkg", layer="cells", ignore_geometry=True)
    assert set(cells["issue_class"]) == {"all", *raw["issue_class"]}


def test_without_a_housing_file_coverage_is_null_with_its_reason(result: Path) -> None:
    coverage = gpd.read_file(result / "parks.gpkg", layer="coverage", ignore_geometry=True)
    assert set(coverage["zone"]) >= {"Roslindale", "all"}
    assert coverage["coverage"].isna().all()
    assert (coverage["reason"] == "没有提供居住用地图层").all()
    page = (result / "index.html").read_text(encoding="utf-8")
    assert "没有提供居住用地图层" in page


def test_the_page_and_its_maps_are_there(result: Path) -> None:
    names = {path.name for path in (result / "maps").iterdir()}
    assert names == {
        "hotspots.html",
        "parks.html",
        "units.html",
        "weak.html",
        "clusters.html",
        "scan.html",
        "trends.html",
        "scores.html",
    }
    page = (result / "index.html").read_text(encoding="utf-8")
    assert "Boston 2015" in page
    assert "示意数据" not in page, "the neighbourhoods are the city's own"


def test_units_stay_in_their_neighbourhood(result: Path) -> None:
    units = gpd.read_file(result / "units.gpkg", layer="units")
    inside = units["area_km2"].between(2, 5)
    assert (units["in_bounds"] == inside).all()
    assert units.loc[~units["in_bounds"], "reason"].notna().all()
