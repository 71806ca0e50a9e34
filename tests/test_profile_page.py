"""The page on profiles: the six lines that it prints make a city on which commands run."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from jxgis import cli
from jxgis.city import load_city

PAGES = ("docs/profile.md", "docs/profile.zh.md")


def six_lines(page: str) -> str:
    """The profile that the page prints below its heading."""
    blocks = re.findall(r"```toml\n(.*?)```", page, flags=re.DOTALL)
    return next(block for block in blocks if block.startswith("key = "))


@pytest.fixture
def lines(root: Path) -> str:
    found = {six_lines((root / page).read_text(encoding="utf-8")) for page in PAGES}
    assert len(found) == 1, "both languages print the same profile"
    return found.pop()


@pytest.fixture
def project(lines: str, tmp_path: Path) -> Path:
    """A project of two districts inside the box, 600 cases in the platform's categories."""
    (tmp_path / "my-city.toml").write_text(lines, encoding="utf-8")
    corner = gpd.GeoSeries([shapely.Point(120.5, 30.6)], crs=4490).to_crs(4549).iloc[0]
    boxes = [shapely.box(corner.x + a, corner.y, corner.x + a + 3000, corner.y + 3000) for a in (0, 3000)]
    districts = gpd.GeoDataFrame({"name": ["西片", "东片"]}, geometry=boxes, crs=4549).to_crs(4490)
    districts.to_file(tmp_path / "districts.geojson")
    rng = np.random.default_rng(3)
    x, y = rng.uniform(0, 6000, 600) + corner.x, rng.uniform(0, 3000, 600) + corner.y
    points = gpd.GeoSeries(gpd.points_from_xy(x, y), crs=4549).to_crs(4490)
    cases = {"上报时间": "2023-05-01", "问题类型": "事件", "小类": "小广告", "X坐标": points.x, "Y坐标": points.y}
    pd.DataFrame(cases).to_csv(tmp_path / "issues.csv", index=False)
    path = tmp_path / "jxgis.toml"
    path.write_text(
        '[city]\nprofile = "my-city.toml"\n[inputs.districts]\npath = "districts.geojson"\n'
        '[inputs.issues]\npath = "issues.csv"\ncrs = "EPSG:4490"\n',
        encoding="utf-8",
    )
    return path


def run(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> int:
    monkeypatch.setattr(sys, "argv", ["jxgis", *map(str, arguments)])
    return cli._run()


def test_they_are_six_lines_and_a_city(lines: str, tmp_path: Path) -> None:
    assert len(lines.strip().splitlines()) == 6
    path = tmp_path / "my-city.toml"
    path.write_text(lines, encoding="utf-8")
    city = load_city(path)
    assert (city.name.zh, city.crs) == ("桐乡", "EPSG:4549")
    assert len(city.class_table) > 100


def test_commands_run_with_them(monkeypatch: pytest.MonkeyPatch, project: Path, capsys) -> None:
    assert run(monkeypatch, "hotspots", "--project", project, "--out", project.parent / "hot") == 0, capsys.readouterr()
    run_of = json.loads((project.parent / "hot" / "run.json").read_text(encoding="utf-8"))
    assert run_of["crs"] == "EPSG:4549"
    (issues,) = [entry for entry in run_of["inputs"] if entry["layer"] == "issues"]
    assert issues["rows_kept"] == 600
    cells = gpd.read_file(project.parent / "hot" / "hotspots.gpkg", layer="cells", ignore_geometry=True)
    assert set(cells["issue_class"]) == {"all"}
    assert cells["count"].sum() + run_of["outside_area"] == 600
    assert run(monkeypatch, "check", "issues", project.parent / "issues.csv", "--project", project) == 0


def test_without_a_crs_every_layer_is_in_that_of_the_polygons(
    monkeypatch: pytest.MonkeyPatch, project: Path, lines: str, capsys
) -> None:
    rest = [line for line in lines.splitlines() if not line.startswith("crs")]
    (project.parent / "my-city.toml").write_text("\n".join(rest), encoding="utf-8")
    assert run(monkeypatch, "hotspots", "--project", project, "--out", project.parent / "hot") == 0, capsys.readouterr()
    run_of = json.loads((project.parent / "hot" / "run.json").read_text(encoding="utf-8"))
    assert run_of["crs"] == "EPSG:32651"
    assert run_of["outside_area"] < 30, "cells are chosen by their centre: only those of the rim"


def test_every_key_of_a_profile_is_on_the_page(root: Path) -> None:
    from jxgis.city import _Crosswalk, _District, _Label, _Profile

    fields = {*_Profile.model_fields, *_District.model_fields, *_Label.model_fields}
    fields |= set(_Crosswalk.model_fields) - {"confidence", "km2", "lon", "lat"}
    for name in PAGES:
        page = (root / name).read_text(encoding="utf-8")
        missing = sorted(field for field in fields if f"`{field}`" not in page and f"[{field}]" not in page)
        assert not missing, (name, missing)


def test_the_readmes_link_to_it(root: Path) -> None:
    assert "(docs/profile.md)" in (root / "README.md").read_text(encoding="utf-8")
    assert "(docs/profile.zh.md)" in (root / "README.zh.md").read_text(encoding="utf-8")
