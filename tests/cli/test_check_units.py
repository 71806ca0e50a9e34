"""The round trip on the command line: a planner's edit comes back, every defect is named, slivers are snapped."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import pyogrio
import pytest
import shapely

EAST, NORTH = 572_000.0, 3_402_000.0


def units_of(path: Path, **boxes: tuple[float, float, float, float]) -> Path:
    shapes = [shapely.box(EAST + a, NORTH + b, EAST + c, NORTH + d) for a, b, c, d in boxes.values()]
    gpd.GeoDataFrame({"unit_id": list(boxes)}, geometry=shapes, crs=4549).to_file(path)
    return path


@pytest.fixture
def project(city: Path) -> Path:
    """The small city's two districts, 3 km by 3 km each, in its metric CRS."""
    shapes = [shapely.box(EAST + x, NORTH, EAST + x + 3000, NORTH + 3000) for x in (0, 3000)]
    gpd.GeoDataFrame({"name": ["西片", "东片"]}, geometry=shapes, crs=4549).to_file(city / "metric.gpkg")
    path = city / "jxgis.toml"
    path.write_text('[inputs.districts]\npath = "metric.gpkg"\n[units]\nmax_km2 = 4.8\n', encoding="utf-8")
    return path


def test_units_in_order_pass(jxgis: Callable[..., Any], project: Path, tmp_path: Path) -> None:
    file = units_of(
        tmp_path / "u.gpkg",
        a=(0, 0, 1500, 3000),
        b=(1500, 0, 3000, 3000),
        c=(3000, 0, 4500, 3000),
        d=(4500, 0, 6000, 3000),
    )
    done = jxgis("check", "units", file, "--project", project, "--out", tmp_path / "out")
    assert done.code == 0, done.err
    assert "4 个单元全部合格" in done.out
    assert not (tmp_path / "out" / "defects.gpkg").exists()


def test_defects_are_printed_and_written_with_a_repair(
    jxgis: Callable[..., Any], project: Path, tmp_path: Path
) -> None:
    file = units_of(
        tmp_path / "u.gpkg",
        a=(0, 0, 1499.5, 3000),
        b=(1500, 0, 3000, 3000),
        c=(3000, 0, 4700, 3000),
        d=(4700, 0, 6000, 3000),
    )
    out = tmp_path / "out"
    done = jxgis("check", "units", file, "--project", project, "--out", out, "--lang", "en")
    assert done.code == 0, done.err
    assert "2 defects:" in done.out
    assert f"ground in no unit: a, b at ({EAST + 1500:.0f}, {NORTH + 1500:.0f}), 1,500 m²" in done.out
    assert "larger than the maximum: c" in done.out
    assert set(pyogrio.list_layers(out / "defects.gpkg")[:, 0]) == {"defects", "repaired", "layer_styles"}
    assert len(gpd.read_file(out / "defects.gpkg", layer="defects")) == 2
    assert gpd.read_file(out / "defects.gpkg", layer="repaired").area.sum() == pytest.approx(18e6)


def test_without_districts_it_says_that_nothing_was_verified(jxgis: Callable[..., Any], tmp_path: Path) -> None:
    file = units_of(tmp_path / "u.gpkg", a=(0, 0, 1500, 3000))
    done = jxgis("check", "units", file)
    assert done.code == 0, done.err
    assert "没有片区面" in done.out
