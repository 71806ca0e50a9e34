"""What `jxgis hotspots` makes of a ring, of built-up land, of a window of time, and of the scale it would choose."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pytest
import shapely

EAST, NORTH = 572_000.0, 3_402_000.0


def rectangle(*corners: float) -> gpd.GeoSeries:
    west, south, east, north = corners
    return gpd.GeoSeries([shapely.box(EAST + west, NORTH + south, EAST + east, NORTH + north)], crs=4549)


@pytest.fixture
def project(city: Path) -> Callable[[str], Path]:
    """A project on the small city, with what a test adds to its settings."""

    def write(more: str) -> Path:
        path = city / "jxgis.toml"
        path.write_text(
            '[inputs.districts]\npath = "districts.geojson"\n'
            f'[inputs.issues]\npath = "issues.csv"\ncrs = "EPSG:4490"\nclass_column = "小类"\n{more}\n',
            encoding="utf-8",
        )
        return path

    return write


@pytest.mark.parametrize(
    ("drawn", "command", "file"),
    [
        pytest.param("polygon", ["report"], "report.xlsx", marks=pytest.mark.slow),
        ("line", ["hotspots", "--project"], "hotspots.xlsx"),
    ],
)
@pytest.mark.slow
def test_the_share_inside_a_ring_is_told(jxgis, city: Path, project, drawn: str, command: list[str], file: str) -> None:
    ring = rectangle(1000, 1000, 2000, 2000)
    (ring if drawn == "polygon" else ring.exterior).to_frame("geometry").to_file(city / "ring.geojson")
    path = project('[inputs.ring]\npath = "ring.geojson"')
    ended = jxgis(*command, path, "--out", city / "out")
    assert ended.code == 0, ended.err
    issues = pd.read_csv(city / "issues.csv", encoding="gb18030")
    points = gpd.GeoSeries(gpd.points_from_xy(issues["X坐标"], issues["Y坐标"]), crs=4490).to_crs(4549)
    districts = gpd.read_file(city / "districts.geojson").to_crs(4549).union_all()
    inside = int(points.within(ring.iloc[0]).sum())
    book = openpyxl.load_workbook(city / "out" / file)
    # One finding needs two districts or more to speak of; the others stand wherever there are issues and a ring.
    assert {"总体性", "集中性", "差异性", "多样性"} <= set(book.sheetnames)
    sheet = book["总体性"]
    head, first = (list(row) for row in sheet.iter_rows(min_row=1, max_row=2, values_only=True))
    found = dict(zip(head, first, strict=True))
    assert inside in found.values(), found
    share_area = ring.iloc[0].area / districts.area
    assert any(isinstance(value, float) and value == pytest.approx(share_area, rel=1e-3) for value in found.values())


@pytest.mark.slow
def test_land_that_is_not_built_up_takes_no_part(jxgis, city: Path, project) -> None:
    rectangle(0, 0, 3000, 3000).to_frame("geometry").to_file(city / "land.gpkg")
    path = project('[inputs.built_up]\npath = "land.gpkg"')
    ended = jxgis("hotspots", "--project", path, "--out", city / "out")
    assert ended.code == 0, ended.err
    cells = gpd.read_file(city / "out" / "hotspots.gpkg", layer="cells")
    west = cells.centroid.x < EAST + 3000 - 200
    assert cells.loc[west, "gi_z"].notna().all()
    east = cells.centroid.x > EAST + 3000 + 200
    assert cells.loc[east, "gi_z"].isna().all()
    assert cells.loc[east, "reason"].str.contains("建").all()


@pytest.mark.slow
def test_a_window_is_compared_with_the_time_before_it(jxgis, city: Path, project) -> None:
    issues = pd.read_csv(city / "issues.csv", encoding="gb18030")
    # The blob of the last 200 doubles from 2021 to 2022; some of 2023 are none of the window's business.
    year = np.r_[np.arange(400) % 3, np.repeat([0, 1, 2], [60, 120, 20])] + 2021
    issues["上报时间"] = [f"{y}-0{1 + k % 9}-01 08:00:00" for k, y in enumerate(year)]
    issues.to_csv(city / "issues.csv", index=False, encoding="gb18030")
    ended = jxgis(
        "hotspots", "--project", project(""), "--from", "2022-01-01", "--to", "2023-01-01", "--out", city / "out"
    )
    assert ended.code == 0, ended.err
    run = json.loads((city / "out" / "run.json").read_text(encoding="utf-8"))
    assert run["periods"] == ["2021-01-01", "2022-01-01", "2023-01-01"]
    (source,) = [entry for entry in run["inputs"] if "issues" in entry["name"]]
    assert (source["rows_in"], source["rows_kept"]) == (600, int((year == 2022).sum()))
    assert source["rows_left_out"] == int((year != 2022).sum())
    places = gpd.read_file(city / "out" / "hotspots.gpkg", layer="places")
    first = places[(places["issue_class"] == "all") & (places["rank"] == 1)].iloc[0]
    points = gpd.GeoSeries(gpd.points_from_xy(issues["X坐标"], issues["Y坐标"]), crs=4490).to_crs(places.crs)
    within = points.intersects(first.geometry).to_numpy()
    counted = [int((within & (year == y)).sum()) for y in (2021, 2022)]
    assert [first["issues_before"], first["issues_recent"]] == counted
    assert first["issues"] == counted[1]
    assert first["change"] == pytest.approx(counted[1] / counted[0] - 1)
    assert first["change"] > 0.5


@pytest.mark.slow
def test_the_scale_that_the_issues_propose_is_drawn_and_told(jxgis, city: Path, project) -> None:
    ended = jxgis("hotspots", "--project", project(""), "--out", city / "out")
    assert ended.code == 0, ended.err
    assert (city / "out" / "figures" / "scale.png").read_bytes().startswith(b"\x89PNG")
    run = json.loads((city / "out" / "run.json").read_text(encoding="utf-8"))
    assert run["settings"]["hotspots"]["cell_m"] == 200, "what was asked for stays"
    # 18 km² and 600 issues: a cell of 200 m would hold 1.3, one of 150 m less than one.
    assert run["suggested_scale"]["cell_m"] == 200
    assert run["suggested_scale"]["reason"] in {"first_peak", "elbow"}


@pytest.mark.slow
def test_issues_at_a_default_point_are_left_out_on_request(jxgis, city: Path, project) -> None:
    issues = pd.read_csv(city / "issues.csv", encoding="gb18030")
    x, y = issues["X坐标"].iloc[0], issues["Y坐标"].iloc[0]
    there = int(((issues["X坐标"] == x) & (issues["Y坐标"] == y)).sum())
    ended = jxgis("hotspots", "--project", project(f"drop_points = [[{x}, {y}]]"), "--out", city / "out")
    assert ended.code == 0, ended.err
    run = json.loads((city / "out" / "run.json").read_text(encoding="utf-8"))
    (read,) = [entry for entry in run["inputs"] if entry["layer"] == "issues"]
    assert (read["rows_in"], read["rows_left_out"]) == (len(issues), there)
    assert "EPSG" in run["crs_note"]
    check = ("check", "issues", city / "issues.csv", "--crs", "4490", "--drop-points")
    assert f"不计落在 [{x}, {y}] 的 {there} 件" in jxgis(*check, f"{x},{y}").out
    refused = jxgis(*check, "120.7")
    assert refused.code == 2
    assert "--drop-points" in refused.err


@pytest.mark.slow
@pytest.mark.parametrize("people", [["300", "约三百", "200"], [300.0, np.inf, 200.0]])
def test_people_that_are_no_number_are_told_and_not_only_left_out(jxgis, city: Path, project, people: list) -> None:
    homes = gpd.read_file(city / "residential.gpkg").assign(people=people)
    homes.to_file(city / "people.gpkg")
    ended = jxgis("hotspots", "--project", project('[inputs.exposure]\npath = "people.gpkg"'), "--out", city / "out")
    assert ended.code == 0, ended.err
    assert ended.err.count("“people”列有 1 个值不是数字") == 1, ended.err
    assert ended.err.count("工作坐标系") == 1
    cells = gpd.read_file(city / "out" / "hotspots.gpkg", layer="cells")
    assert cells.loc[cells["issue_class"] == "all", "exposure"].sum() == pytest.approx(500)
