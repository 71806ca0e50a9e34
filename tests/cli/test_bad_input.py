"""Each kind of bad input: one clear message in Chinese, exit 2, nothing written."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd
import pytest
import shapely

import jxgis

if TYPE_CHECKING:
    from cli.conftest import Finished

Run = Callable[..., "Finished"]


@pytest.fixture
def refused(jxgis: Run, city: Path) -> Callable[..., str]:
    """Run a command that must be refused, and return what it said."""

    def run(*arguments: object) -> str:
        out = city / "out"
        before = sorted(city.parent.rglob("*"))
        finished = jxgis(*arguments, "--out", out)
        assert finished.code == 2, finished.err
        assert "Traceback" not in finished.err
        messages = [line for line in finished.err.splitlines() if line.startswith("错误")]
        assert len(messages) == 1, finished.err
        assert re.search("[\u4e00-\u9fff]{2}", messages[0])
        assert sorted(city.parent.rglob("*")) == before, "something was written"
        return finished.err[finished.err.index("错误") :]

    return run


def hotspots(city: Path, issues: object = None, crs: str = "EPSG:4490", area: object = None) -> list[object]:
    return [
        "hotspots",
        "--issues",
        issues or city / "issues.csv",
        "--crs",
        crs,
        "--area",
        area or city / "districts.geojson",
    ]


def changed(city: Path, name: str, **columns: Any) -> Path:
    table = pd.read_csv(city / "issues.csv", encoding="gb18030").assign(**columns)
    table.to_csv(city / name, index=False, encoding="utf-8-sig")
    return city / name


def test_a_missing_file_names_the_nearest(refused: Callable[..., str], city: Path) -> None:
    said = refused(*hotspots(city, city / "isues.csv"))
    assert "isues.csv" in said
    assert "issues.csv" in said.replace("isues.csv", "")


def test_an_empty_file(refused: Callable[..., str], city: Path) -> None:
    (city / "empty.csv").touch()
    assert "empty.csv" in refused(*hotspots(city, city / "empty.csv"))


def test_headers_only(refused: Callable[..., str], city: Path) -> None:
    (city / "headers.csv").write_text("任务号,X坐标,Y坐标\n", encoding="utf-8")
    assert "headers.csv" in refused(*hotspots(city, city / "headers.csv"))


def test_a_wrong_layer(refused: Callable[..., str], city: Path) -> None:
    said = refused(
        "parks",
        "--parks",
        city / "parks.gpkg",
        "--residential",
        city / "issues.csv",
        "--by",
        city / "districts.geojson",
    )
    assert "issues.csv" in said
    lines = gpd.GeoDataFrame({"name": ["一"]}, geometry=[shapely.LineString([(0, 0), (1, 1)])], crs=4549)
    lines.to_file(city / "lines.gpkg")
    assert "lines.gpkg" in refused(*hotspots(city, area=city / "lines.gpkg"))


def test_no_crs(refused: Callable[..., str], city: Path) -> None:
    table = gpd.read_file(city / "districts.geojson")
    with pytest.warns(UserWarning, match="'crs' was not provided"):
        table.set_crs(None, allow_override=True).to_file(city / "nocrs.shp")
    (city / "nocrs.prj").unlink(missing_ok=True)
    assert "nocrs.shp" in refused(*hotspots(city, area=city / "nocrs.shp"))


def test_points_without_a_declared_crs(refused: Callable[..., str], city: Path) -> None:
    said = refused("hotspots", "--issues", city / "issues.csv", "--area", city / "districts.geojson")
    assert "--crs" in said or "crs" in said
    assert "GCJ-02" in said


def test_degrees_declared_as_metres(refused: Callable[..., str], city: Path) -> None:
    said = refused(*hotspots(city, crs="EPSG:4549"))
    assert "度" in said


def test_prefixed_eastings_declared_as_4549(refused: Callable[..., str], city: Path) -> None:
    table = pd.read_csv(city / "issues.csv", encoding="gb18030")
    points = gpd.GeoSeries(gpd.points_from_xy(table["X坐标"], table["Y坐标"]), crs=4490).to_crs(4528)
    path = changed(city, "zone40.csv", X坐标=points.x, Y坐标=points.y)
    assert "4528" in refused(*hotspots(city, path, "EPSG:4549"))


def test_columns_that_miss(refused: Callable[..., str], city: Path) -> None:
    said = refused(*hotspots(city), "--columns", "issue_id=任务编号")
    assert "任务编号" in said
    assert "任务号" in said
    said = refused(*hotspots(city), "--columns", "isue_id=任务号")
    assert "issue_id" in said
    assert "--columns" in refused(*hotspots(city), "--columns", "任务号")


def test_a_class_column_that_misses(refused: Callable[..., str], city: Path) -> None:
    assert "小类" in refused(*hotspots(city), "--class-column", "小 类别")


def test_all_rows_rejected(refused: Callable[..., str], city: Path) -> None:
    said = refused(*hotspots(city, changed(city, "zero.csv", X坐标=0, Y坐标=0)))
    assert "600" in said


def test_a_truncated_zip(refused: Callable[..., str], city: Path) -> None:
    with zipfile.ZipFile(city / "whole.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(city / "issues.csv", "issues.csv")
    whole = (city / "whole.zip").read_bytes()
    (city / "cut.zip").write_bytes(whole[: len(whole) // 2])
    assert "cut.zip" in refused(*hotspots(city, city / "cut.zip"))


def test_an_unknown_encoding(refused: Callable[..., str], city: Path) -> None:
    (city / "odd.csv").write_bytes("任务号,X坐标,Y坐标\n".encode("utf-16") + b"\xff\x81\x00\x9f" * 40)
    assert "odd.csv" in refused(*hotspots(city, city / "odd.csv"))


def test_a_picture_is_no_table(refused: Callable[..., str], city: Path) -> None:
    (city / "photo.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)))
    assert "photo.png" in refused(*hotspots(city, city / "photo.png"))


def test_an_unknown_reference_system(refused: Callable[..., str], city: Path) -> None:
    assert "EPSG:9" in refused(*hotspots(city, crs="EPSG:9"))
    assert "towgs84" in refused(*hotspots(city, crs="EPSG:2437"))


def test_an_out_that_holds_somebodys_files(jxgis: Run, city: Path) -> None:
    out = city / "thesis"
    out.mkdir()
    (out / "chapter.docx").write_text("mine")
    finished = jxgis(*hotspots(city), "--out", out)
    assert finished.code == 2
    assert "chapter.docx" in finished.err
    assert [path.name for path in out.iterdir()] == ["chapter.docx"]


def test_a_place_that_cannot_be_written(jxgis: Run, city: Path) -> None:
    (city / "file").write_text("")
    finished = jxgis(*hotspots(city), "--out", city / "file" / "out")
    assert finished.code == 2
    assert "Traceback" not in finished.err


def test_settings_with_an_unknown_key(refused: Callable[..., str], city: Path) -> None:
    (city / "jxgis.toml").write_text("[hotspots]\nband = 3\n", encoding="utf-8")
    assert "band_m" in refused("hotspots", "--project", city / "jxgis.toml")


def test_an_unknown_standard_or_weighting(refused: Callable[..., str], city: Path) -> None:
    said = refused(
        "parks",
        "--parks",
        city / "parks.gpkg",
        "--residential",
        city / "residential.gpkg",
        "--by",
        city / "districts.geojson",
        "--standard",
        "garden-city-2020",
    )
    assert "garden-city-2022" in said


def test_unit_bounds_that_cross(refused: Callable[..., str], city: Path) -> None:
    said = refused("units", "--districts", city / "districts.geojson", "--min-km2", 6)
    assert "min_km2" in said


def test_nothing_to_work_on(refused: Callable[..., str], city: Path) -> None:
    assert "--issues" in refused("hotspots", "--area", city / "districts.geojson")
    assert "--area" in refused("hotspots", "--issues", city / "issues.csv", "--crs", "EPSG:4490")
    assert "--districts" in refused("units")
    assert "--candidates" in refused("score")
    assert "--candidates" in refused("allocate")


@pytest.mark.parametrize("suffix", [".gpkg", ".geojson", ".parquet", ".zip", ".xlsx"])
def test_a_file_that_is_cut_off_is_said_in_chinese(refused: Callable[..., str], city: Path, suffix: str) -> None:
    whole, cut = city / f"whole{suffix}", city / f"cut{suffix}"
    table = gpd.read_file(city / "districts.geojson")
    if suffix == ".parquet":
        table.to_parquet(whole)
    elif suffix == ".xlsx":
        pd.read_csv(city / "issues.csv", encoding="gb18030").to_excel(whole, index=False)
    elif suffix == ".zip":
        with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.write(city / "districts.geojson", "districts.geojson")
    else:
        table.to_file(whole)
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    said = refused("check", "issues" if suffix == ".xlsx" else "districts", cut, "--crs", "EPSG:4490")
    assert cut.name in said
    assert not re.search(r"[A-Za-z]+ [A-Za-z]+ [A-Za-z]+", said), "words of a library"


def test_a_zip_without_data(refused: Callable[..., str], city: Path) -> None:
    with zipfile.ZipFile(city / "papers.zip", "w") as archive:
        archive.writestr("plan.pdf", "%PDF")
    assert "没有数据文件" in refused(*hotspots(city, city / "papers.zip"))


@pytest.mark.parametrize(
    ("command", "option", "value"),
    [
        ("hotspots", "--cell-m", "nan"),
        ("hotspots", "--cell-m", "0.1"),
        ("hotspots", "--band-m", "inf"),
        ("hotspots", "--band-m", "1e9"),
        ("units", "--cell-m", "1e-9"),
        ("units", "--cell-m", "1"),
        ("units", "--cell-m", "inf"),
        ("units", "--max-km2", "inf"),
        ("units", "--seed", "-1"),
        ("parks", "--minutes", "inf"),
        ("parks", "--speed-m-per-min", "inf"),
        ("parks", "--new-parks", "-1"),
    ],
)
def test_numbers_that_make_no_sense(
    refused: Callable[..., str], city: Path, command: str, option: str, value: str
) -> None:
    given = {
        "hotspots": hotspots(city),
        "units": ["units", "--districts", city / "districts.geojson"],
        "parks": [
            "parks",
            *("--parks", city / "parks.gpkg"),
            *("--residential", city / "residential.gpkg"),
            *("--by", city / "districts.geojson"),
        ],
    }[command]
    said = refused(*given, option, value)
    assert option.removeprefix("--").replace("-", "_") in said
    assert not re.search(r"[A-Za-z]+ [A-Za-z]+ [A-Za-z]+", said), "words of a library"


def test_polygons_with_swapped_degrees_and_no_project(refused: Callable[..., str], city: Path) -> None:
    table = gpd.read_file(city / "districts.geojson")
    table.geometry = shapely.transform(table.geometry.values, lambda at: at[:, ::-1])
    table.to_file(city / "swapped.geojson")
    assert "north_east" in refused(*hotspots(city, area=city / "swapped.geojson"))


def test_settings_that_are_no_text_or_no_toml(refused: Callable[..., str], city: Path) -> None:
    assert "找不到设置文件" in refused("hotspots", "--project", city)
    (city / "gbk.toml").write_bytes('[report]\ntitle = "嘉兴"\n'.encode("gb18030"))
    assert "UTF-8" in refused("hotspots", "--project", city / "gbk.toml")
    (city / "bare.toml").write_text("[city]\nprofile = jiaxing\n", encoding="utf-8")
    assert "第 2 行" in refused("hotspots", "--project", city / "bare.toml")


def test_metres_with_swapped_axes_and_no_project(refused: Callable[..., str], city: Path) -> None:
    table = gpd.read_file(city / "parks.gpkg")
    table.geometry = shapely.transform(table.geometry.values, lambda at: at[:, ::-1])
    table.to_file(city / "swapped.gpkg")
    assert "north_east" in refused("check", "parks", city / "swapped.gpkg")


def test_every_missing_file_is_named_at_once(jxgis: Run, city: Path) -> None:
    (city / "jxgis.toml").write_text(
        '[inputs.districts]\npath = "districts.geojson"\n[inputs.parks]\npath = "a.gpkg"\n'
        '[inputs.residential]\npath = "b.gpkg"\n',
        encoding="utf-8",
    )
    finished = jxgis("report", city / "jxgis.toml", "--out", city / "out")
    assert finished.code == 2
    assert finished.err.count("错误：") == 1
    assert "a.gpkg" in finished.err
    assert "b.gpkg" in finished.err
    assert not (city / "out").exists()


def test_a_result_that_is_read_is_not_replaced(jxgis: Run, city: Path) -> None:
    out = city / "out"
    assert jxgis("check", "parks", city / "parks.gpkg", "--out", out).code == 0
    before = {path: path.read_bytes() for path in out.rglob("*")}
    finished = jxgis("check", "parks", out / "clean.gpkg", "--out", out)
    assert finished.code == 2
    assert "clean.gpkg" in finished.err
    assert {path: path.read_bytes() for path in out.rglob("*")} == before


@pytest.mark.parametrize(
    ("name", "data"),
    [("none.xlsx", None), ("bad.xlsx", b"PK\x03\x04"), ("empty.csv", b""), ("odd.csv", b"\xff\x81\x00")],
)
def test_a_sheet_of_classes_that_cannot_be_read(
    refused: Callable[..., str], city: Path, name: str, data: bytes | None
) -> None:
    if data is not None:
        (city / name).write_bytes(data)
    (city / "jxgis.toml").write_text(f'[city]\nissue_classes = "{name}"\n', encoding="utf-8")
    said = refused(*hotspots(city), "--project", city / "jxgis.toml")
    assert name in said
    assert not re.search(r"[A-Za-z]+ [A-Za-z]+ [A-Za-z]+", said), "words of a library"


def test_a_layer_of_empty_geometries_and_no_project(refused: Callable[..., str], city: Path) -> None:
    table = gpd.GeoDataFrame({"name": ["甲"]}, geometry=[shapely.Polygon()], crs=4490)
    table.to_file(city / "nothing.geojson")
    assert "没有" in refused("check", "parks", city / "nothing.geojson")


def test_numba_loads_no_code_that_the_working_folder_names(tmp_path: Path) -> None:
    # PyYAML, with which numba reads the file, comes with jupyter; here stands one that knows this file alone.
    (tmp_path / "yaml.py").write_text(
        f"def safe_load(_): return {{'cache_dir': {str(tmp_path)!r}, 'cache_locator_classes': 'evil.Locator'}}\n",
        encoding="utf-8",
    )
    (tmp_path / ".numba_config.yaml").write_text("cache_dir: here\n", encoding="utf-8")
    script = (
        "import sys, jxgis.cli\n"
        "sys.argv = ['jxgis', '--version']\n"
        "try:\n    jxgis.cli.main()\nexcept SystemExit:\n    pass\n"
        "from numba import config\n"
        "print(repr(config.CACHE_DIR), repr(getattr(config, 'CACHE_LOCATOR_CLASSES', '')))\n"
    )
    environ = {name: value for name, value in os.environ.items() if not name.startswith("NUMBA_")}
    environ["PYTHONPATH"] = os.pathsep.join([str(tmp_path), str(Path(jxgis.__file__).parents[1])])
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, env=environ, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "'' ''"
