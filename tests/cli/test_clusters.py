"""`jxgis clusters` as a user runs it: its folder, its options, hostile names, and what it refuses."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pytest
import shapely
from hostile_city import POISON

if TYPE_CHECKING:
    from cli.conftest import Finished

EAST, NORTH, SIDE = 572_000.0, 3_402_000.0, 4000.0
Run = Callable[..., "Finished"]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """4 × 4 km with two dense corners; the place at one of them is called by an attack."""
    rng = np.random.default_rng(3)
    box = shapely.box(EAST, NORTH, EAST + SIDE, NORTH + SIDE)
    gpd.GeoDataFrame({"name": ["城"]}, geometry=[box], crs=4549).to_file(tmp_path / "districts.gpkg")
    places = gpd.points_from_xy([EAST + 500, EAST + 3500], [NORTH + 500, NORTH + 3500])
    gpd.GeoDataFrame({"name": [f"{POISON}0", "新街"]}, geometry=places, crs=4549).to_file(tmp_path / "places.gpkg")
    x, y = rng.uniform(0, SIDE, (2, 2000))
    x[:300], y[:300] = rng.normal(500, 50, (2, 300))
    x[300:500], y[300:500] = rng.normal(3500, 50, (2, 200))
    rows = {"任务号": np.arange(2000), "x": x + EAST, "y": y + NORTH}
    pd.DataFrame(rows).to_csv(tmp_path / "issues.csv", index=False)
    (tmp_path / "jxgis.toml").write_text(
        '[city]\nprofile = "jiaxing"\n[inputs.issues]\npath = "issues.csv"\ncrs = "EPSG:4549"\n'
        '[inputs.districts]\npath = "districts.gpkg"\n[inputs.places]\npath = "places.gpkg"\n',
        encoding="utf-8",
    )
    return tmp_path / "jxgis.toml"


def test_the_clusters_are_written_with_names_and_no_points(jxgis: Run, project: Path) -> None:
    out = project.parent / "out"
    done = jxgis("clusters", "--project", project, "--out", out)
    assert done.code == 0, done.err
    assert "points" not in set(gpd.list_layers(out / "clusters.gpkg")["name"])
    found = gpd.read_file(out / "clusters.gpkg", layer="clusters")
    assert {"cluster_id", "issue_class", "issues", "area_km2", "name"} <= set(found.columns)
    assert [name.split("（")[0] for name in found["name"]] == [f"{POISON}0", "新街"]
    assert "<script>window.PWNED" not in (out / "maps/clusters.html").read_text(encoding="utf-8")
    run = json.loads((out / "run.json").read_text(encoding="utf-8"))
    on_disk = sorted(path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file())
    assert run["outputs"] == on_disk
    assert run["clusters"]["found"]["all"] == 2
    sheets = openpyxl.load_workbook(out / "clusters.xlsx").sheetnames
    assert {"密集区", "各类的密集程度", "换一个距离"} <= set(sheets)


def test_points_are_there_where_they_are_asked_for(jxgis: Run, project: Path) -> None:
    out = project.parent / "out"
    done = jxgis("clusters", "--project", project, "--out", out, "--set", "clusters.points=true", "--eps-m", "60")
    assert done.code == 0, done.err
    assert {"clusters", "points"} <= set(gpd.list_layers(out / "clusters.gpkg")["name"])
    assert "不要外传" in done.out + done.err


def test_a_distance_larger_than_the_city_is_refused(jxgis: Run, project: Path) -> None:
    done = jxgis("clusters", "--project", project, "--out", project.parent / "out", "--eps-m", "5000")
    assert done.code == 2
    assert "eps_m = 5000 米比城区（长 4,000 米）还大" in done.err
    assert not (project.parent / "out").exists()


def test_a_table_of_points_and_districts_are_enough(jxgis: Run, project: Path) -> None:
    table = pd.read_csv(project.parent / "issues.csv")
    table.assign(kind="甲").to_csv(project.parent / "issues.csv", index=False)
    out = project.parent / "out"
    given = ("--issues", project.parent / "issues.csv", "--districts", project.parent / "districts.gpkg")
    done = jxgis("clusters", *given, "--crs", "EPSG:4549", "--class-column", "kind", "--min-count", 1, "--out", out)
    assert done.code == 0, done.err
    assert set(gpd.read_file(out / "clusters.gpkg", layer="clusters")["issue_class"]) == {"all", "甲"}
