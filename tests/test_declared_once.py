"""A layer is one entry, an option one line: both are found wherever there is something to be found."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely

import jxgis
from jxgis.city import load_city
from jxgis.compare.headlines import HEADLINES
from jxgis.qgis import project as qgis
from jxgis.run.parts import PARTS

EAST, NORTH = 572_000.0, 3_402_000.0

LAYER = """
import sys
from jxgis.schema import layers as registry

entries = registry._data() | {"kiosks": {
    "title_zh": "报刊亭", "title_en": "kiosks", "geometry": "point", "about_zh": "报刊亭的点", "about_en": "points of kiosks",
    "example": "data/layers/kiosks.gpkg", "columns": {"name": {"dtype": "text", "null": False, "aliases": ["亭名"]}}}}
registry._data = lambda: entries

from jxgis import cli, load
from jxgis.run.template import template
from jxgis.settings import Inputs, Settings

assert "kiosks" in Inputs.model_fields
assert Settings.model_validate({"inputs": {"kiosks": {"path": "k.gpkg"}}}).inputs.kiosks.path == "k.gpkg"
assert any(line.startswith("# [inputs.kiosks]") and line.endswith("# 报刊亭的点") for line in template("zh").splitlines())
assert 'path = "data/layers/kiosks.gpkg"' in template("en")
loaded = load.load_layer("kiosks", sys.argv[1])
assert loaded.table["name"].tolist() == ["一号亭"], loaded.table
assert load.load_kiosks(sys.argv[1]).table.equals(loaded.table)
assert "load_kiosks" in dir(load)
sys.argv[1:] = ["check", *sys.argv[2:]]
sys.exit(cli._run())
"""

OPTION = """
import inspect
from jxgis import settings
from jxgis.settings._option import option

class HotspotSettings(settings.HotspotSettings):
    halo_m: float = option(75, "光晕，米", "halo, metres")

class Settings(settings.Settings):
    hotspots: HotspotSettings = HotspotSettings()

settings.Settings = Settings

from jxgis.cli import _options, _words
from jxgis.run.template import template

assert "# halo_m = 75 " in template("zh") and "# 光晕，米" in template("zh")
assert "# halo, metres" in template("en")
assert _words._said("setting:hotspots.halo_m") == "光晕，米 [默认：75]"
assert settings.make_settings({}, "x").hotspots.halo_m == 75
assert _options.settings_of(None, {}, ["hotspots.halo_m=120"]).hotspots.halo_m == 120
assert settings.make_settings({}, "x").shaping(["hotspots"])["hotspots"]["halo_m"] == 75

@settings.with_options(HotspotSettings)
def find(area, **options):
    '''Find.

    **options
        Those of the section.
    '''

assert inspect.signature(find).parameters["halo_m"].default == 75
assert "halo_m : default 75" in find.__doc__ and "Halo, metres." in find.__doc__
"""


def python(code: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done


@pytest.fixture
def kiosks(tmp_path: Path) -> Path:
    points = gpd.GeoDataFrame({"亭名": ["一号亭", None]}, geometry=[shapely.Point(EAST, NORTH)] * 2, crs=4549)
    points.to_file(tmp_path / "kiosks.gpkg")
    return tmp_path / "kiosks.gpkg"


def test_one_entry_adds_a_layer(kiosks: Path) -> None:
    said = python(LAYER, kiosks, "kiosks", kiosks).stdout
    assert "报刊亭：kiosks.gpkg 共 2 行，采用 1 行，剔除 1 行" in said
    assert "kiosks（报刊亭）" in python(LAYER, kiosks, "--help").stdout


def test_one_line_adds_an_option() -> None:
    python(OPTION)


def test_a_profile_adds_layers_as_data(kiosks: Path, tmp_path: Path, monkeypatch, capsys) -> None:
    from jxgis import cli
    from jxgis.load import load_layer
    from jxgis.run.project import open_project
    from jxgis.settings import load_settings

    (tmp_path / "city.toml").write_text(
        'key = "x"\nname = { zh = "甲", en = "X" }\ncrs = "EPSG:4549"\n'
        '[layers.toilets]\ntitle_zh = "公厕"\ntitle_en = "toilets"\ngeometry = "point"\n'
        '[layers.toilets.columns.name]\nnull = false\naliases = ["亭名"]\n',
        encoding="utf-8",
    )
    project = tmp_path / "jxgis.toml"
    text = '[city]\nprofile = "city.toml"\n[inputs.toilets]\npath = "kiosks.gpkg"\n'
    project.write_text(text, encoding="utf-8")
    assert load_settings(project).inputs.toilets.path == str(kiosks)  # type: ignore[attr-defined]
    loaded = load_layer("toilets", kiosks, city=load_city(tmp_path / "city.toml"))
    assert (loaded.layer, len(loaded.table), len(loaded.rejects)) == ("toilets", 1, 1)

    opened = open_project(project)
    assert opened.layer("toilets")["name"].tolist() == ["一号亭"]
    assert len(opened.rejects("toilets")) == 1
    project.write_text(text.replace("toilets", "gates"), encoding="utf-8")
    assert list(open_project(project).given.layers) == ["gates"], "what the profile declares need not be there"
    project.write_text(text, encoding="utf-8")

    def run(*arguments: object) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["jxgis", *map(str, arguments)])
        code = cli._run()
        captured = capsys.readouterr()
        return code, captured.out + captured.err

    code, said = run("check", "toilets", kiosks, "--project", project, "--out", tmp_path / "out")
    assert code == 0
    assert "公厕：kiosks.gpkg 共 2 行，采用 1 行" in said
    assert json.loads((tmp_path / "out" / "check.json").read_text(encoding="utf-8"))["layer"] == "toilets"
    assert (tmp_path / "out" / "rejects" / "toilets.csv").is_file()
    code, said = run("check", "toilet", kiosks, "--project", project)
    assert code == 2
    assert "没有图层“toilet”，是否为 toilets？" in said
    code, said = run("check", "toilets", kiosks)
    assert code == 2, "without the project there is no such layer"
    assert "城市配置增加的图层须给出城市（命令行用 --project）" in said
    project.write_text(text.replace("inputs.toilets", "inputs.toilet"), encoding="utf-8")
    code, said = run("check", "toilets", kiosks, "--project", project)
    assert "未知的键 inputs.toilet，是否为 toilets？" in said
    code, said = run("check", "toilets", kiosks, "--set", f"city.profile={tmp_path / 'city.toml'}")
    assert code == 0, "a profile that is named counts without a project too"
    assert "公厕：kiosks.gpkg 共 2 行，采用 1 行" in said
    code, said = run("check", "gates", kiosks, "--set", "city.crs=EPSG:4549")
    assert (code, "须与 --set city.profile=… 一起给出" in said) == (2, True), "it would count for nothing"
    (tmp_path / "city.toml").write_text(
        'key = "x"\nname = { zh = "甲", en = "X" }\n[layers.parks]\ntitle_zh = "园"\ntitle_en = "p"\ngeometry = "any"\n',
        encoding="utf-8",
    )
    code, said = run("check", "parks", kiosks, "--project", project)
    assert code == 2
    assert "parks 是已有的图层" in said


@pytest.mark.parametrize("layer", load_city("jiaxing").layers)
def test_the_themes_of_the_plan_are_read(layer: str) -> None:
    from jxgis.load import load_layer

    city = load_city("jiaxing")
    agreed = city.layers[layer]
    shapes = {"point": shapely.Point(EAST, NORTH), "polygon": shapely.box(EAST, NORTH, EAST + 9, NORTH + 9)}
    shapes["line"] = shapely.LineString([(EAST, NORTH), (EAST + 9, NORTH + 9)])
    table = gpd.GeoDataFrame(
        {column.aliases[0]: [f"{min(7, column.most or 7):g}"] for column in agreed.columns},
        geometry=[shapes.get(agreed.geometry, shapes["polygon"])],
        crs=4549,
    )
    loaded = load_layer(layer, table, city=city)
    assert set(loaded.table) == {*(column.name for column in agreed.columns), "geometry"}
    assert len(loaded.table) == 1


def test_a_column_of_a_profile_does_not_take_the_name_of_coordinates(tmp_path: Path) -> None:
    from jxgis.errors import SettingsError

    (tmp_path / "c.toml").write_text(
        'key = "x"\nname = { zh = "甲", en = "X" }\n'
        '[layers.a]\ntitle_zh = "甲"\ntitle_en = "a"\ngeometry = "any"\ncolumns = { lon = {} }\n',
        encoding="utf-8",
    )
    with pytest.raises(SettingsError, match="列名 lon 留给坐标和图形使用"):
        load_city(tmp_path / "c.toml")


def test_a_default_stands_in_the_settings_alone() -> None:
    """A parameter that is called like an option of its part takes its default from there, or has none."""
    from jxgis import settings

    every = settings.Settings()
    sections = {part.settings_key: getattr(every, part.settings_key) for part in PARTS} | {"space": every.units}
    # Not the option of that name: contours of the walk, the raster of the contours, the seed of a permutation, the
    # denominator that was measured; or what is left off where it is not asked for.
    other = {
        ("isochrones", "minutes"), ("isochrones", "cell_m"), ("parks_change_map", "denominator"),
        ("hotspot_section", "min_count"), ("choose", "alternatives"), ("grow_shapes", "penalty"),
    }  # fmt: skip
    written = []
    package = Path(settings.__file__).parent.parent
    for part, section in sections.items():
        assert (package / part).is_dir(), part
        for path in (package / part).rglob("*.py"):
            for found in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if not isinstance(found, ast.FunctionDef):
                    continue
                named = zip(found.args.kwonlyargs, found.args.kw_defaults, strict=True)
                written += [
                    f"{path.name}: {found.name}({argument.arg}={ast.unparse(value)})"
                    for argument, value in named
                    if isinstance(value, ast.Constant | ast.Tuple)
                    and not (isinstance(value, ast.Constant) and value.value is None)
                    and argument.arg in {*type(section).model_fields, "min_count"} - {"close"}
                    and (found.name, argument.arg) not in other
                    and (argument.arg != "seed" or part == "units")
                ]
    assert not written


def test_every_part_has_its_place_in_qgis_and_its_headline_in_a_comparison() -> None:
    names = {part.name for part in PARTS}
    assert {*qgis.PARTS} == {*names, "ground"}
    assert {headline.part for headline in HEADLINES} == names


def test_a_time_of_a_layer_of_a_profile_is_read_in_the_time_of_the_city(tmp_path: Path) -> None:
    """Its rows are kept: a time that cannot be read is none, and rejects the row only where it is needed."""
    layer = (
        '[layers.kiosks]\ntitle_zh = "报刊亭"\ntitle_en = "Kiosks"\ngeometry = "point"\n[layers.kiosks.columns.opened]\n'
        'dtype = "time"\naliases = ["开业"]\n'
    )
    head = 'key = "x"\nname = { zh = "甲市", en = "X" }\ncrs = "EPSG:4549"\n'
    points = gpd.GeoDataFrame(
        {"开业": ["2020-01-01", "2020-01-01T00:30:00Z", "去年", None]},
        geometry=gpd.points_from_xy([572_000] * 4, [3_402_000 + k for k in range(4)]),
        crs=4549,
    )
    expected = [pd.Timestamp("2020-01-01"), pd.Timestamp("2020-01-01 08:30"), pd.NaT, pd.NaT]
    for needed, rows in (("", 4), ("null = false\n", 2)):
        (tmp_path / "city.toml").write_text(head + layer + needed, encoding="utf-8")
        loaded = jxgis.load_layer("kiosks", points, city=jxgis.load_city(tmp_path / "city.toml"))
        assert loaded.table["opened"].tolist() == expected[:rows]
        assert set(loaded.rejects["reason"]) == ({"bad_time", "missing_value"} if needed else set())
