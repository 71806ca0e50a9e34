"""`jxgis effect` as a user runs it, by itself and in a report, and what it refuses."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hostile_city import POISON

if TYPE_CHECKING:
    from cli.conftest import Finished

EAST, NORTH, SIDE = 572_000.0, 3_402_000.0, 600.0
Run = Callable[..., "Finished"]


def _square(column: int, row: int) -> shapely.Polygon:
    return shapely.box(EAST + SIDE * column, NORTH + SIDE * row, EAST + SIDE * (column + 1), NORTH + SIDE * (row + 1))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project of three years of issues, 6 × 6 km, with six treated squares of 600 m whose names are attacks."""
    rng = np.random.default_rng(3)
    ground = gpd.GeoDataFrame(
        {"name": ["城"]}, geometry=[shapely.box(EAST, NORTH, EAST + 6000, NORTH + 6000)], crs=4549
    )
    ground.to_file(tmp_path / "districts.gpkg")
    at = [(0, 0), (0, 4), (0, 8), (4, 0), (4, 4), (8, 8)]
    names = [f"{POISON}{n}" for n in range(len(at))]
    gpd.GeoDataFrame({"name": names}, geometry=[_square(*each) for each in at], crs=4549).to_file(
        tmp_path / "treated.gpkg"
    )
    x, y = rng.uniform(0, 6000, (2, 12_000))
    time = pd.Timestamp("2021-01-01") + pd.to_timedelta(rng.integers(0, 3 * 365, len(x)), unit="D")
    source = np.where(rng.random(len(x)) < 0.4, POISON, "热线")
    rows = {"任务号": np.arange(len(x)), "上报时间": time, "问题来源": source, "x": x + EAST, "y": y + NORTH}
    pd.DataFrame(rows).to_csv(tmp_path / "issues.csv", index=False)
    text = '[city]\nprofile = "jiaxing"\n[inputs.districts]\npath = "districts.gpkg"\n[inputs.treated]\npath = "treated.gpkg"\n'
    text += '[inputs.issues]\npath = "issues.csv"\ncrs = "EPSG:4549"\n[effect]\nat = "2023-01-01"\n'
    (tmp_path / "jxgis.toml").write_text(text, encoding="utf-8")
    return tmp_path / "jxgis.toml"


@pytest.mark.slow
def test_the_command_writes_its_folder(jxgis: Run, project: Path) -> None:
    out = project.parent / "out"
    done = jxgis("effect", "--project", project, "--out", out)
    assert done.code == 0, done.err
    found = json.loads((out / "effect.json").read_text(encoding="utf-8"))
    assert found["low"] < 0 < found["high"]
    assert (found["treated"], found["at"]) == (6, "2023-01-01")
    page = (out / "maps/effect.html").read_text(encoding="utf-8")
    assert "<script>window.PWNED" not in page
    assert not (project.parent / "PWNED").exists()
    run = json.loads((out / "run.json").read_text(encoding="utf-8"))
    on_disk = sorted(path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file())
    assert run["outputs"] == on_disk
    again = project.parent / "again"
    assert jxgis("effect", "--project", project, "--out", again, "--at", "2023-01-01").code == 0
    for name in on_disk:
        assert (out / name).read_bytes() == (again / name).read_bytes(), name


@pytest.mark.slow
def test_a_window_of_time_for_the_others_takes_nothing_from_it(jxgis: Run, project: Path) -> None:
    """What the hot spots look at is one thing, the years before and after another."""
    first, second = project.parent / "first", project.parent / "second"
    assert jxgis("effect", "--project", project, "--out", first).code == 0
    assert jxgis("effect", "--project", project, "--out", second, "--set", "inputs.issues.from=2023-01-01").code == 0
    assert (first / "effect.json").read_bytes() == (second / "effect.json").read_bytes()


@pytest.mark.slow
def test_a_report_holds_it(jxgis: Run, project: Path) -> None:
    out = project.parent / "report"
    done = jxgis("report", project, "--out", out)
    assert done.code == 0, done.err
    assert (out / "effect.json").exists()
    page = (out / "index.html").read_text(encoding="utf-8")
    assert '<section id="effect">' in page
    assert "<script>window.PWNED" not in page


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--at", "2025-01-01"], "不在数据的时间范围"),
        (["--at", "2023-02-31"], "不是日期"),
        (["--at", "昨天"], "2023-01-01"),
        (["--spill-m", "90000"], "没有可作对照的未治理区域"),
        (["--controls", "units"], "inputs.units"),
        (["--controls", "nits"], "units"),
        (["--issue-class", "没有"], "issue_class"),
        (["--months", "30"], "selecting_months"),
    ],
)
def test_bad_input_is_said_in_words(jxgis: Run, project: Path, options: list[str], said: str) -> None:
    done = jxgis("effect", "--project", project, "--out", project.parent / "bad", *options)
    assert done.code == 2
    assert said in done.err
    assert "Traceback" not in done.err
    assert not (project.parent / "bad").exists()


@pytest.mark.slow
def test_what_is_missing_is_named(jxgis: Run, project: Path) -> None:
    written = project.read_text(encoding="utf-8")
    project.write_text(written.replace('at = "2023-01-01"', ""), encoding="utf-8")
    said = jxgis("effect", "--project", project, "--out", project.parent / "bad")
    assert said.code == 2
    assert "--at" in said.err
    project.write_text(written.replace('[inputs.treated]\npath = "treated.gpkg"\n', ""), encoding="utf-8")
    said = jxgis("effect", "--project", project, "--out", project.parent / "bad")
    assert said.code == 2
    assert "--treated" in said.err
    # A report goes without it, and says so.
    out = project.parent / "report"
    assert jxgis("report", project, "--out", out).code == 0
    assert "没有提供治理区域" in (out / "index.html").read_text(encoding="utf-8")
