"""`jxgis scan` as a user runs it: its folder, and what it refuses."""

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

from jxgis.schema.tables import table

if TYPE_CHECKING:
    from cli.conftest import Finished

EAST, NORTH, SIDE = 572_000.0, 3_402_000.0, 4000.0
Run = Callable[..., "Finished"]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Two years of issues in 4 × 4 km; 120 more in 400 m, from October 2023 on."""
    rng = np.random.default_rng(3)
    square = shapely.box(EAST, NORTH, EAST + SIDE, NORTH + SIDE)
    gpd.GeoDataFrame({"name": ["城"]}, geometry=[square], crs=4549).to_file(tmp_path / "districts.gpkg")
    x, y = rng.uniform(0, SIDE, (2, 2120))
    days = rng.integers(0, 730, 2120)
    x[2000:], y[2000:], days[2000:] = *rng.uniform(1000, 1400, (2, 120)), rng.integers(638, 730, 120)
    time = pd.Timestamp("2022-01-01") + pd.to_timedelta(days, unit="D")
    rows = {"任务号": np.arange(len(x)), "上报时间": time, "x": x + EAST, "y": y + NORTH}
    pd.DataFrame(rows).to_csv(tmp_path / "issues.csv", index=False)
    (tmp_path / "jxgis.toml").write_text(
        '[city]\nprofile = "jiaxing"\n[inputs.issues]\npath = "issues.csv"\ncrs = "EPSG:4549"\n'
        '[inputs.districts]\npath = "districts.gpkg"\n[scan]\nclasses = []\n',
        encoding="utf-8",
    )
    return tmp_path / "jxgis.toml"


@pytest.mark.slow
def test_the_clusters_are_written_and_the_same_again(jxgis: Run, project: Path) -> None:
    out, again = project.parent / "out", project.parent / "again"
    assert jxgis("scan", "--project", project, "--out", out).code == 0
    clusters = gpd.read_file(out / "scan.gpkg", layer="clusters")
    assert set(table("scan.clusters").required) <= set(clusters.columns)
    assert (clusters["p"] <= 0.05).all()
    rose = clusters[clusters["scan"] == "space_time"].iloc[0]
    assert rose.geometry.contains(shapely.Point(EAST + 1200, NORTH + 1200))
    assert str(rose["start"])[:7] in ("2023-09", "2023-10", "2023-11")
    assert clusters.loc[clusters["scan"] == "space", "start"].isna().all()
    assert (out / "figures" / "scan_time_map.png").is_file()
    book = openpyxl.load_workbook(out / "scan.xlsx")
    assert {"聚集区", "每次扫描"} <= set(book.sheetnames)
    told = json.loads((out / "run.json").read_text(encoding="utf-8"))["scan_found"]
    assert [row["scan"] for row in told["scans"]] == ["space", "space_time"]
    assert jxgis("scan", "--project", project, "--out", again).code == 0
    assert (out / "scan.gpkg").read_bytes() == (again / "scan.gpkg").read_bytes()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--set", 'scan.against="layer"'), "没有提供暴露量图层"),
        (("--from", "2023-03-01", "--to", "2023-04-01", "--set", 'scan.scans=["space_time"]'), "不足 2 个月"),
        (("--replicates", "19", "--alpha", "0.01"), "replicates 至少 99"),
        (("--radius-max-m", "0"), "radius_max_m"),
    ],
)
def test_what_cannot_be_scanned_is_said(jxgis: Run, project: Path, options: tuple[str, ...], said: str) -> None:
    done = jxgis("scan", "--project", project, "--out", project.parent / "bad", *options)
    assert done.code == 2
    assert said in done.err
    assert not (project.parent / "bad").exists()
