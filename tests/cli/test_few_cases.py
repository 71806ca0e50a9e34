"""A city in which some count is 1 or 2 in every table: the report is written, and shows none of them."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pytest
import shapely

EAST, NORTH = 572_000.0, 3_402_000.0


def box(west: float, south: float, east: float, north: float) -> shapely.Polygon:
    return shapely.box(EAST + west, NORTH + south, EAST + east, NORTH + north)


@pytest.fixture
def quiet(tmp_path: Path) -> Path:
    """Settings of a city: a district, a class and a candidate have one or two issues each."""
    areas = [box(0, 0, 3000, 3000), box(3000, 0, 6000, 3000), box(0, 3000, 6000, 4000)]
    gpd.GeoDataFrame({"name": ["西片", "东片", "北片"]}, geometry=areas, crs=4549).to_file(tmp_path / "districts.gpkg")
    candidates = [box(0, 0, 2000, 2000), box(3000, 0, 5000, 2000)]
    gpd.GeoDataFrame({"name": ["闹", "静"]}, geometry=candidates, crs=4549).to_file(tmp_path / "candidates.gpkg")
    rng = np.random.default_rng(1)
    x = np.r_[rng.uniform(1000, 1400, 100), 3500, 4500, 1000, 500]
    y = np.r_[rng.uniform(1000, 1400, 100), 500, 1500, 3500, 500]
    table = pd.DataFrame({"任务号": [f"R{n}" for n in range(len(x))], "x": EAST + x, "y": NORTH + y})
    table = table.assign(上报时间="2023-05-01 08:00", 类别=["市容"] * 103 + ["罕见"])
    table.to_csv(tmp_path / "issues.csv", index=False)
    settings = tmp_path / "jxgis.toml"
    settings.write_text(
        '[city]\ncrs = "EPSG:4549"\n[inputs.districts]\npath = "districts.gpkg"\n[inputs.candidates]\npath = '
        '"candidates.gpkg"\n[inputs.issues]\npath = "issues.csv"\ncrs = "EPSG:4549"\nclass_column = "类别"\n'
        "[units]\nalternatives = false\n",
        encoding="utf-8",
    )
    return settings


@pytest.mark.slow
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_report_of_few_cases_is_written_and_shows_none(jxgis: Callable, quiet: Path, lang: str) -> None:
    out = quiet.parent / "out"
    ended = jxgis("report", quiet, "--out", out, "--lang", lang)
    assert ended.code == 0, ended.err
    scores = gpd.read_file(out / "scores.gpkg", layer="scores").set_index("name")
    assert scores.loc["静", "issues"] == 2  # the file for further work keeps what the pages do not show
    told = f"{scores.loc['静', 'issue_density']:.2f}"
    assert not re.search(rf"{told} (?:倍|×)", (out / "maps" / "scores.html").read_text("utf-8"))
    page = (out / "index.html").read_text("utf-8")
    assert ("罕见（1–2）" if lang == "zh" else "罕见 (1–2)") in page
    counts = ("件", "问题数", "issues", "count")
    for book in ("report.xlsx", "scores.xlsx"):
        for sheet in openpyxl.load_workbook(out / book).worksheets:
            head, *rows = sheet.iter_rows(values_only=True)
            at = [n for n, title in enumerate(head) if any(word in str(title).lower() for word in counts)]
            shown = [row[n] for row in rows for n in at if n < len(row)]
            assert not {1, 2} & set(shown), (book, sheet.title)
            quiet_rows = [row for row in rows if row[0] == "静"]
            for row in quiet_rows:
                density = [row[n] for n, title in enumerate(head) if "强度" in str(title) or "intensity" in str(title)]
                assert not any(isinstance(value, float) for value in density), (book, sheet.title)


def test_two_classes_that_look_like_house_numbers_are_two(jxgis: Callable, quiet: Path) -> None:
    table = pd.read_csv(quiet.parent / "issues.csv")
    table["类别"] = np.where(np.arange(len(table)) % 2, "1号楼", "2号楼")
    table.to_csv(quiet.parent / "issues.csv", index=False)
    out = quiet.parent / "out"
    ended = jxgis("check", "issues", quiet.parent / "issues.csv", "--project", quiet, "--out", out)
    assert ended.code == 0, ended.err
    counts = gpd.read_file(out / "clean.gpkg", layer="issues")["issue_class"].value_counts()
    assert sorted(counts) == [len(table) // 2] * 2
    assert not counts.index.str.contains("[12]号楼").any()


def test_lists_in_a_kept_column_are_masked(jxgis: Callable, tmp_path: Path) -> None:
    properties = '{"任务号":"1","上报时间":"2023-05-01","备注":["13812345678","a"],"人":{"电话":"13812345678"}}'
    feature = (
        f'{{"type":"Feature","properties":{properties},"geometry":{{"type":"Point","coordinates":[120.75,30.74]}}}}'
    )
    file = tmp_path / "issues.geojson"
    file.write_text(f'{{"type":"FeatureCollection","features":[{feature}]}}', encoding="utf-8")
    ended = jxgis("check", "issues", file, "--keep", "备注,人", "--out", tmp_path / "out")
    assert ended.code == 0, ended.err
    kept = gpd.read_file(tmp_path / "out" / "clean.gpkg", layer="issues")[["备注", "人"]].to_csv()
    assert "138********" in kept
    assert "13812345678" not in kept
