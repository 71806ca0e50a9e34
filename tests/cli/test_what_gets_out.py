"""What a command lets out: nobody's data, no small count, no path, no password."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pytest
import shapely

from jxgis import cli
from jxgis.cli._warnings import plain_warnings

PEOPLE = {
    "经办": "李四四",
    "身份": "330402199001011234",
    "牌照": "浙FD12345",
    "现场情况": "春晓小区3幢2单元501室，电话13812345678，联系人：王小五",
}
TELLING = ("李四四", "330402199001011234", "D12345", "13812345678", "王小五", "501室", "82812345")


def everything(out: Path) -> str:
    """All text of a result, workbooks and databases included."""
    parts = []
    for path in out.rglob("*"):
        if path.suffix == ".gpkg":
            parts += [gpd.read_file(path, layer=name).to_csv() for name in gpd.list_layers(path)["name"]]
        elif path.suffix == ".xlsx":
            for sheet in openpyxl.load_workbook(path).worksheets:
                parts += [str(cell.value) for row in sheet.iter_rows() for cell in row]
        elif path.suffix in (".csv", ".json", ".html"):
            parts.append(path.read_text(encoding="utf-8-sig"))
    return "\n".join(parts)


@pytest.fixture
def peopled(city: Path) -> Path:
    """Issues with columns of people, one row with too many fields, and people in columns of the contract."""
    table = pd.read_csv(city / "issues.csv", encoding="gb18030", dtype=str).assign(**PEOPLE)
    table["处置部门"] = "张队 0573-82812345"
    lines = table.to_csv(index=False).splitlines()
    lines[3] += ",李四四,13812345678"
    (city / "issues.csv").write_text("\n".join(lines), encoding="gb18030")
    return city


def test_nobody_is_quoted_where_two_columns_disagree(jxgis: Callable, city: Path) -> None:
    table = pd.read_csv(city / "issues.csv", encoding="gb18030", dtype=str)
    table = table.assign(lon="120.75", 经度="联系人：王小五 13812345678", lat="30.75")
    table.to_csv(city / "issues.csv", index=False, encoding="gb18030")
    ended = jxgis("check", "issues", city / "issues.csv", "--crs", "EPSG:4490")
    assert ended.code == 2
    assert "两列都是坐标" in ended.err
    assert not [telling for telling in TELLING if telling in ended.err]


@pytest.mark.parametrize("keep", [(), ("--keep", "现场情况,牌照,身份")])
def test_nobody_gets_out_of_check(jxgis: Callable, peopled: Path, keep: tuple[str, ...]) -> None:
    out = peopled / "out"
    ended = jxgis("check", "issues", peopled / "issues.csv", "--crs", "EPSG:4490", "--out", out, *keep)
    assert ended.code == 0, ended.err
    text = everything(out) + ended.out + ended.err
    for word in TELLING:
        assert word not in text
    clean = gpd.read_file(out / "clean.gpkg", layer="issues")
    assert set(PEOPLE) & set(clean.columns) == ({"现场情况", "牌照", "身份"} if keep else set())
    rejects = pd.read_csv(out / "rejects" / "issues.csv")
    assert (rejects["row"].iloc[0], rejects["value"].iloc[0]) == (3, f"{_fields(peopled) + 2} ≠ {_fields(peopled)}")


def _fields(folder: Path) -> int:
    return len((folder / "issues.csv").read_text(encoding="gb18030").splitlines()[0].split(","))


def test_nobody_gets_out_of_hotspots(jxgis: Callable, peopled: Path) -> None:
    out = peopled / "out"
    ended = jxgis("hotspots", "--issues", peopled / "issues.csv", "--crs", "EPSG:4490", "--area",
                  peopled / "districts.geojson", "--out", out, "--keep", "现场情况")  # fmt: skip
    assert ended.code == 0, ended.err
    text = everything(out) + ended.out + ended.err
    for word in TELLING:
        assert word not in text


def test_an_unknown_column_to_keep_is_refused(jxgis: Callable, peopled: Path) -> None:
    ended = jxgis("check", "issues", peopled / "issues.csv", "--crs", "EPSG:4490", "--keep", "现场")
    assert ended.code == 2
    assert "现场情况" in ended.err


@pytest.mark.parametrize("least", [3, 1])
def test_few_cases_stand_as_a_range_on_the_page_and_in_the_workbook(jxgis: Callable, city: Path, least: int) -> None:
    out = city / "out"
    ended = jxgis("hotspots", "--issues", city / "issues.csv", "--crs", "EPSG:4490", "--area",
                  city / "districts.geojson", "--out", out, "--min-count", least)  # fmt: skip
    assert ended.code == 0, ended.err
    cells = gpd.read_file(out / "hotspots.gpkg", layer="cells")
    assert cells["count"].isin([1, 2]).any(), "GeoPackages keep the counts"
    page = (out / "maps" / "hotspots.html").read_text(encoding="utf-8")
    assert ("1–2" in page) == (least == 3)
    assert ("不足 3\xa0件" in page) == (least == 3)
    counts = [column for column in re.findall(r'"?columns"?:(\[.*?\]\]?)', page) if "1–2" in column]
    assert bool(counts) == (least == 3)
    book = openpyxl.load_workbook(out / "hotspots.xlsx")
    notes = [str(cell.value) for row in book.worksheets[0].iter_rows() for cell in row]
    assert any("1–2" in note for note in notes) == (least == 3)
    assert json.loads((out / "run.json").read_text(encoding="utf-8"))["settings"]["report"]["min_count"] == least


def test_columns_that_a_geopackage_keeps_for_itself_are_renamed_and_said(jxgis: Callable, tmp_path: Path) -> None:
    table = gpd.GeoDataFrame(
        {
            "name": ["一园", "二园"],
            "fid": [7, 8],
            "geom": ["a", "b"],
            "备注": ["x", "y"],
            "Kind2": [1, 2],
            "KIND2": [3, 4],
        },
        geometry=shapely.box([572000, 573000], 3402000, [572100, 573100], 3402100),
        crs=4549,
    )
    table.to_parquet(tmp_path / "parks.parquet")
    ended = jxgis("check", "parks", tmp_path / "parks.parquet", "--out", tmp_path / "out")
    assert ended.code == 0, ended.err
    assert "fid → fid_file、geom → geom_file、KIND2 → KIND2_file" in ended.out
    clean = gpd.read_file(tmp_path / "out" / "clean.gpkg", layer="parks")
    assert clean[["fid_file", "geom_file", "备注", "Kind2", "KIND2_file"]].to_numpy().tolist() == [
        [7, "a", "x", 1, 3],
        [8, "b", "y", 2, 4],
    ]


@pytest.mark.slow
def test_classes_may_be_called_anything(jxgis: Callable, city: Path) -> None:
    names = ["长" * 300, "CON", "con", "a/b", "a?b", "x.", "{{7*7}}", "NUL.txt"]
    table = pd.read_csv(city / "issues.csv", encoding="gb18030")
    table["六类"] = np.resize(names, len(table))
    table.to_csv(city / "issues.csv", index=False, encoding="gb18030")
    out = city / "out"
    ended = jxgis("hotspots", "--issues", city / "issues.csv", "--crs", "EPSG:4490", "--area",
                  city / "districts.geojson", "--class-column", "六类", "--out", out)  # fmt: skip
    assert ended.code == 0, ended.err
    files = [path.name for path in (out / "density").iterdir()]
    # One file a class and one of all, that Windows and macOS hold and tell apart.
    assert len({name.casefold() for name in files}) == len(names) + 1
    assert not [name for name in files if re.search(r'[\\/:*?"<>|]', name) or len(name.encode()) > 255]
    assert not [name for name in files if name.split(".")[0].upper() in ("CON", "NUL")]


def test_no_password_in_a_message_or_a_result(jxgis: Callable, city: Path) -> None:
    ended = jxgis("check", "parks", "postgresql://gis:s3cret@db/city?password=s3cret", "--out", city / "out")
    assert ended.code == 2
    assert "s3cret" not in ended.err + ended.out
    assert not (city / "out").exists()


@pytest.mark.parametrize(
    "words",
    [
        ["{}"],
        ["check", "parks", "a.csv", "{}"],
        ["compare", "{}", "{}", "--out", "out"],
        ["verify", "{}"],
        ["report", "{}", "--out", "out"],
        ["hotspots", "--project", "{}", "--out", "out"],
    ],
)
def test_no_password_in_a_message_whatever_it_is_given_as(jxgis: Callable, words: list[str]) -> None:
    ended = jxgis(*(word.format("https://gis:s3cret@host/city") for word in words))
    assert ended.code == 2
    assert "s3cret" not in ended.err + ended.out


def test_a_warning_holds_no_path_of_the_machine(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with warnings.catch_warnings():
        plain_warnings()
        warnings.simplefilter("always")
        warnings.warn(f"{tmp_path}/数据 1/a.shp: 电话13812345678 of pg://u:s3cret@h", stacklevel=1)
    said = capsys.readouterr().err
    assert "a.shp" in said
    for word in (str(tmp_path), "13812345678", "s3cret", "test_what_gets_out", cli.__file__):
        assert word not in said


_THROWN_AWAY = """
from jxgis.cli._warnings import plain_warnings
plain_warnings()
class Left:
    def __init__(self, error): self.error = error
    def __del__(self): raise self.error
for error in (OSError(28, "No space left on device"), OSError(9, "Bad file descriptor"), ValueError("a fault")): Left(error)
"""


def test_a_file_that_cannot_be_closed_shows_no_line_of_code() -> None:
    """A full disk was said already; what is thrown away later says nothing more, and any other fault stays one."""
    ended = subprocess.run([sys.executable, "-c", _THROWN_AWAY], capture_output=True, text=True, check=True)
    assert "a fault" in ended.stderr
    assert "Bad file descriptor" in ended.stderr
    assert "No space left" not in ended.stderr


def test_repaired_shapes_are_listed_with_their_areas_all_of_them(jxgis: Callable, tmp_path: Path) -> None:
    """Bow ties of 1 km: their area before is half of it one way round and half of it the other."""
    shapes = [
        shapely.Polygon([(x, 0), (x + 1000, 1000), (x + 1000, 0), (x, 1000)][:: 1 if at % 2 else -1])
        for at, x in enumerate(np.arange(12) * 2000.0 + 572000)
    ]
    shapes = [shapely.transform(shape, lambda xy: np.add(xy, (0, 3402000))) for shape in shapes]
    frame = gpd.GeoDataFrame({"name": [f"园{i}" for i in range(12)]}, geometry=shapes, crs=4549)
    frame.to_parquet(tmp_path / "parks.parquet")
    ended = jxgis("check", "parks", tmp_path / "parks.parquet")
    assert ended.code == 0, ended.err
    assert ended.out.count("→ 0.50 km²)") == 12
    assert "-" not in re.findall(r"修复了.*", ended.out)[0]


def test_nothing_that_a_terminal_obeys_is_printed(jxgis: Callable, tmp_path: Path) -> None:
    name = "\x1b]0;x\x07\x1b[2J\x9b31m东\u202egnp.\u2066\r"
    areas = [shapely.box(572_000 + x, 3_402_000, 572_600 + x, 3_403_000) for x in (0, 500)]
    gpd.GeoDataFrame({"name": [f"西{name}", f"南{name}"]}, geometry=areas, crs=4549).to_file(tmp_path / "d.gpkg")
    ended = jxgis("check", "districts", tmp_path / "d.gpkg")
    assert ended.code == 0, ended.err
    # Signs that turn the line round are left out of a name; what a terminal obeys becomes a sign that it does not.
    assert "东gnp." in ended.out
    assert "[2J\ufffd31m" in ended.out
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", ended.out + ended.err)
