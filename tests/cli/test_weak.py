"""`jxgis weak` as a user runs it: its folder, last year's list handed back, small counts, and what it refuses."""

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


def _box(west: float, south: float, wide: float, high: float) -> shapely.Polygon:
    return shapely.box(EAST + west, NORTH + south, EAST + west + wide, NORTH + south + high)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Two years of issues in 4 × 4 km; of twelve estates one, whose name is an attack, has five times as many."""
    rng = np.random.default_rng(3)
    gpd.GeoDataFrame({"name": ["城"]}, geometry=[_box(0, 0, SIDE, SIDE)], crs=4549).to_file(tmp_path / "districts.gpkg")
    estates = [_box(1000 * (k % 4) + 200, 1000 * (k // 4) + 200, 300, 300) for k in range(12)]
    names = [f"{POISON}0", *(f"小区{k}" for k in range(1, 12))]
    gpd.GeoDataFrame({"name": names}, geometry=estates, crs=4549).to_file(tmp_path / "estates.gpkg")
    squares = [_box(1000 * (k % 4), 1000 * (k // 4), 1000, 1000) for k in range(16)]
    units = gpd.GeoDataFrame({"unit_id": [f"U{k:02d}" for k in range(16)]}, geometry=squares, crs=4549)
    units.to_file(tmp_path / "units.gpkg")
    gpd.GeoDataFrame(
        {"name": ["静市场", "远市场"]}, geometry=[_box(3600, 3600, 9, 9), _box(9000, 0, 9, 9)], crs=4549
    ).to_file(tmp_path / "markets.gpkg")
    x, y = rng.uniform(0, SIDE, (2, 5000))
    x[:300], y[:300] = rng.uniform(201, 499, (2, 300))
    time = pd.Timestamp("2022-01-01") + pd.to_timedelta(rng.integers(0, 2 * 365, len(x)), unit="D")
    rows = {"任务号": np.arange(len(x)), "上报时间": time, "x": x + EAST, "y": y + NORTH}
    pd.DataFrame(rows).to_csv(tmp_path / "issues.csv", index=False)
    text = '[city]\nprofile = "jiaxing"\n[inputs.issues]\npath = "issues.csv"\ncrs = "EPSG:4549"\n'
    for layer, file in (
        ("districts", "districts"),
        ("old_estates", "estates"),
        ("units", "units"),
        ("markets", "markets"),
    ):
        text += f'[inputs.{layer}]\npath = "{file}.gpkg"\n'
    (tmp_path / "jxgis.toml").write_text(text, encoding="utf-8")
    return tmp_path / "jxgis.toml"


@pytest.mark.slow
def test_the_list_is_written_and_handed_back_a_year_later_as_it_stands(jxgis: Run, project: Path) -> None:
    out = project.parent / "out"
    done = jxgis("weak", "--project", project, "--out", out)
    assert done.code == 0, done.err
    weak = gpd.read_file(out / "weak.gpkg", layer="weak_areas")
    required = ["rank", "name", "kind", "district", "severity", "q", "change"]
    assert set(required) <= set(weak.columns)
    assert (weak["q"] <= 0.05).all()
    assert weak["severity"].is_monotonic_decreasing
    assert weak["rank"].tolist() == list(range(1, len(weak) + 1))
    estate = weak[weak["kind"] == "old_estates"]
    assert estate["name"].tolist() == [f"{POISON}0"]
    areas = gpd.read_file(out / "weak.gpkg", layer="areas")
    assert len(areas) == 12 + 16 + 2 + (areas["kind"] == "hot_place").sum()
    assert areas.loc[areas["name"] == "远市场", "status"].tolist() == ["not_judged"]
    assert "城区范围之外" in areas.loc[areas["name"] == "远市场", "reason"].item()
    page = (out / "maps/weak.html").read_text(encoding="utf-8")
    assert "<script>window.PWNED" not in page
    run = json.loads((out / "run.json").read_text(encoding="utf-8"))
    on_disk = sorted(path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file())
    assert run["outputs"] == on_disk
    assert run["weak"]["listed"] == len(weak)

    second = project.parent / "second"
    done = jxgis("weak", "--project", project, "--out", second, "--before", out / "weak.gpkg")
    assert done.code == 0, done.err
    before = gpd.read_file(second / "weak.gpkg", layer="before")
    assert set(before["name"]) == set(weak["name"])
    assert set(before["status"]) <= {"still_weak", "improved", "no_longer"}
    assert before.loc[before["kind"] == "old_estates", "status"].tolist() == ["still_weak"]
    assert (second / "weak.xlsx").is_file()


@pytest.mark.slow
def test_an_empty_list_of_last_year_says_that_nothing_was_on_it(jxgis: Run, project: Path) -> None:
    out = project.parent / "out"
    assert jxgis("weak", "--project", project, "--out", out, "--set", "weak.min_issues=100000").code == 0
    assert not len(gpd.read_file(out / "weak.gpkg", layer="weak_areas"))
    second = project.parent / "second"
    done = jxgis("weak", "--project", project, "--out", second, "--before", out / "weak.gpkg")
    assert done.code == 0, done.err
    notes = [
        str(row[0]) for row in openpyxl.load_workbook(second / "weak.xlsx").worksheets[0].iter_rows(values_only=True)
    ]
    assert any("去年的清单是空的" in note for note in notes)
    assert "before" not in gpd.list_layers(second / "weak.gpkg")["name"].tolist()


def test_an_unknown_kind_is_refused_before_anything_is_read(jxgis: Run, project: Path) -> None:
    options = ("--set", 'weak.kinds=["market"]', "--set", 'inputs.issues.path="none.csv"')
    for command in (("weak", "--project"), ("report",)):
        done = jxgis(*command, project, "--out", project.parent / "bad", *options)
        assert done.code == 2
        assert "markets" in done.err
        assert "none.csv" not in done.err


@pytest.mark.slow
def test_no_shown_count_is_small(jxgis: Run, project: Path) -> None:
    out = project.parent / "out"
    assert jxgis("weak", "--project", project, "--out", out, "--set", "report.min_count=40").code == 0
    book = openpyxl.load_workbook(out / "weak.xlsx")
    seen = 0
    for sheet in ("薄弱区域", "全部区域"):
        head, *rows = book[sheet].iter_rows(values_only=True)
        for title in ("问题数（件）", "上期问题数（件）"):
            at = head.index(title)
            numbers = [row[at] for row in rows if isinstance(row[at], int | float)]
            seen += sum(row[at] == "1–39" for row in rows)
            assert all(number == 0 or number >= 40 for number in numbers)
    assert seen > 0
    kept = gpd.read_file(out / "weak.gpkg", layer="areas")["issues"]
    assert ((kept > 0) & (kept < 40)).any()


def test_a_short_list_says_so_and_what_comes_next(jxgis: Run, project: Path) -> None:
    out = project.parent / "out"
    assert jxgis("weak", "--project", project, "--out", out, "--lang", "en", "--number", "30").code == 0
    notes = "\n".join(
        str(row[0]) for row in openpyxl.load_workbook(out / "weak.xlsx").worksheets[0].iter_rows(values_only=True)
    )
    assert "fewer than the 30 that the plan asks for. The list is not padded" in notes


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--set", 'weak.kinds=["market"]'), "markets"),
        (("--set", 'weak.kinds=["squares"]'), "没有可看的区域"),
        (("--set", 'weak.kinds=["issues"]'), "不是各类地点的图层"),
        (("--set", "weak.kinds=[]"), "weak.kinds = [] 不可用（至少要有 1 项）"),
        (("--exposure", "street_km"), "inputs.streets"),
        (("--exposure", "people"), "inputs.population"),
        (("--alpha", "2"), "alpha"),
        (("--exposure", "acres"), "km2"),
    ],
)
def test_bad_input_is_refused_in_words(jxgis: Run, project: Path, options: tuple[str, ...], said: str) -> None:
    done = jxgis("weak", "--project", project, "--out", project.parent / "bad", *options)
    assert done.code == 2
    assert said in done.err
    assert "Traceback" not in done.err
    assert not (project.parent / "bad").exists()


@pytest.mark.slow
def test_without_times_the_list_stands_and_nothing_is_compared(jxgis: Run, project: Path) -> None:
    table = pd.read_csv(project.parent / "issues.csv").drop(columns="上报时间")
    table.to_csv(project.parent / "issues.csv", index=False)
    out = project.parent / "out"
    done = jxgis("weak", "--project", project, "--out", out)
    assert done.code == 0, done.err
    weak = gpd.read_file(out / "weak.gpkg", layer="weak_areas")
    assert len(weak) > 0
    assert weak["change"].isna().all()
    assert "没有上报时间" in done.out + done.err
