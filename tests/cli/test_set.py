"""``--set``, ``file|layername=``, a project whose files are to come, what was counted, and the nearest of what was meant."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest

from jxgis.cli._options import settings_of
from jxgis.errors import InputError, JxgisError, SettingsError


def made(*sets: str, options: dict[str, Any] | None = None) -> Any:
    return settings_of(None, options or {}, sets)


def test_a_key_is_set_as_toml_else_as_text() -> None:
    got = made(
        "inputs.districts.path=d.gpkg", "inputs.districts.crs=GCJ-02", "inputs.issues.path=i.csv",
        "inputs.issues.from=2023-01-01", "inputs.issues.columns.issue_id=任务号", "inputs.issues.crs=4549",
        "inputs.issues.drop_points=[[120.7, 30.7]]", "inputs.issues.status=已结案,处置中", "units.n_units.老城=7",
        'units.n_units."经 开"=2', "units.by_cells=true", "hotspots.cell_m=100", "hotspots.family=all",
        "report.title='2024'", "report.min_count = 1", 'parks.close=["一园"]', "inputs.issues.name_column=1.50",
    )  # fmt: skip
    assert got.inputs.districts.crs == "GCJ-02"
    issues = got.inputs.issues
    assert (issues.start, issues.crs, issues.columns, issues.drop_points, issues.status, issues.name_column) == (
        *("2023-01-01", "4549", {"issue_id": "任务号"}, ((120.7, 30.7),), ("已结案", "处置中"), "1.50"),
    )
    assert got.units.n_units == {"老城": 7, "经 开": 2}
    assert (got.units.by_cells, got.hotspots.cell_m, got.hotspots.family) == (True, 100, "all")
    assert (got.report.title, got.report.min_count, got.parks.close) == ("2024", 1, ("一园",))


def test_a_table_of_keys_is_set_whole() -> None:
    got = made('inputs.issues={path="i.csv", crs="GCJ-02"}', 'inputs.issues.columns={issue_id="任务号"}')
    assert (got.inputs.issues.path, got.inputs.issues.columns) == ("i.csv", {"issue_id": "任务号"})
    assert made('units.n_units={"老城"=3}').units.n_units == {"老城": 3}
    assert made('units.n_units."a=b"=3', "units.n_units.'c.d' = 4").units.n_units == {"a=b": 3, "c.d": 4}
    for text in ('"一园, 北","二园"', """'一园, 北', '二园'""", '["一园, 北", "二园"]'):
        assert made(f"parks.close={text}").parks.close == ("一园, 北", "二园")
    assert made('parks.close="一园"').parks.close == made("parks.close=一园").parks.close == ("一园",)


@pytest.mark.parametrize(
    ("text", "section", "key", "value"),
    [
        ("parks.radii_m=300, 500", "parks", "radii_m", (300, 500)),
        ("parks.isochrones_min=5", "parks", "isochrones_min", (5,)),
        ("parks.close=12", "parks", "close", ("12",)),
        ("weak.kinds=units,markets", "weak", "kinds", ("units", "markets")),
        ("scan.scans=space", "scan", "scans", ("space",)),
        ("scan.shapes=1", "scan", "shapes", (1,)),
        ("scan.shapes=[1, 2]", "scan", "shapes", (1, 2)),
        ("allocate.years=2026,2027", "allocate", "years", (2026, 2027)),
    ],
)
def test_a_list_needs_no_brackets(text: str, section: str, key: str, value: tuple[object, ...]) -> None:
    assert getattr(getattr(made(text), section), key) == value


@pytest.mark.parametrize(
    ("text", "section", "key", "value"),
    [
        ("units.n_units=老城=7, 东栅=4", "units", "n_units", {"老城": 7, "东栅": 4}),
        ("units.n_units={老城=7}", "units", "n_units", {"老城": 7}),
        ("units.weights=issues_per_km2=2.5", "units", "weights", {"issues_per_km2": 2.5}),
        ("allocate.number=2026=4,2027=5", "allocate", "number", {2026: 4, 2027: 5}),
        ("scoring.column_units=shaded_streets=fraction", "scoring", "column_units", {"shaded_streets": "fraction"}),
        ("cycle.due=apply=03-31", "cycle", "due", {"apply": "03-31"}),
    ],
)
def test_a_table_needs_no_braces(text: str, section: str, key: str, value: dict[Any, Any]) -> None:
    assert getattr(getattr(made(text), section), key) == value


@pytest.mark.parametrize("text", ["number={2026=2}", "number=2026=2", "={number={2026=2}}"])
def test_a_table_given_whole_leaves_nothing_of_the_projects(text: str, tmp_path: Path) -> None:
    (tmp_path / "jxgis.toml").write_text("[allocate]\ntotal = 9\nnumber = {2025 = 3, 2026 = 4}\n", encoding="utf-8")
    text = f"allocate{text}" if text[0] == "=" else f"allocate.{text}"
    got = settings_of(tmp_path, {}, [text]).allocate
    assert (got.number, got.total) == ({2026: 2}, 9)
    assert got == settings_of(tmp_path, {}).overridden("allocate", {"number": {2026: 2}}).allocate
    assert settings_of(tmp_path, {}, ["allocate.number.2026=2"]).allocate.number == {2025: 3, 2026: 2}


@pytest.mark.parametrize(
    "text", ["units.n_units=老城", "scoring.judgements=基础条件={管理绩效=2}", "units.weights=a=2,b"]
)
def test_what_is_no_table_is_called_by_its_key(text: str) -> None:
    with pytest.raises(SettingsError, match=re.escape(text.partition("=")[0])):
        made(text)


def test_it_goes_before_options_and_the_project(tmp_path: Path) -> None:
    (tmp_path / "jxgis.toml").write_text("[hotspots]\ncell_m = 300\nband_m = 900\n", encoding="utf-8")
    for project in (tmp_path / "jxgis.toml", tmp_path):
        got = settings_of(project, {"hotspots": {"cell_m": 250}}, ["hotspots.cell_m=125"])
        assert (got.hotspots.cell_m, got.hotspots.band_m) == (125, 900)


@pytest.mark.parametrize(
    ("text", "zh"),
    [
        ("hotspots.cel_m=3", "--set 有误：未知的键 hotspots.cel_m，是否为 cell_m？"),
        ("hotspot.cell_m=3", "--set 有误：未知的键 hotspot，是否为 hotspots？"),
        ("inputs.toiletts=a.gpkg", "--set 有误：未知的键 inputs.toiletts，是否为 toilets？"),
        (
            "inputs.parks=a.gpkg",
            "--set 有误：inputs.parks = 'a.gpkg' 不可用（须为一组“键 = 值”，如 inputs.parks.path）",
        ),
        ("units.n_units=3", "--set 有误：units.n_units = 3 不可用（须为一组“键 = 值”）"),
        ("inputs.isues.path=a", "--set 有误：未知的键 inputs.isues，是否为 issues？"),
        ("inputs.parks.crs=GCJ-02", "--set 有误：缺少 inputs.parks.path"),
        ("hotspots.cell_m=abc", "须为数字"),
        ("hotspots.cell_m.x=1", "须为数字"),
        ("hotspots.cell_m=-1", "须大于 0"),
        ("parks.close=1\nx=2", "--set"),
    ],
)
def test_what_is_wrong_says_set(text: str, zh: str) -> None:
    with pytest.raises(SettingsError) as error:
        made(text) if "\n" not in text else made(text, "hotspots.cell_m=0")
    assert zh in error.value.text("zh")


def test_a_value_nested_too_deep_is_a_text() -> None:
    with pytest.raises(SettingsError, match=r"parks\.minutes"):
        made(f"parks.minutes={'[' * 3000}{']' * 3000}")


def test_what_is_wrong_without_it_is_not_its_fault() -> None:
    with pytest.raises(SettingsError, match="命令行有误：hotspots"):
        made("hotspots.band_m=300", options={"hotspots": {"cell_m": -1}})
    for text in (
        "hotspots.cell_m",
        "=3",
        "hotspots..cell_m=3",
        ".cell_m=3",
        "hotspots.=3",
        'units.n_units."a=3',
        'a.""=1',
        f"{'a.' * 3000}a=3",
    ):
        with pytest.raises(InputError, match="不是“键=值”的形式"):
            made(text)


@pytest.fixture
def book(city: Path) -> Path:
    """A GeoPackage of several layers, as `jxgis units` writes it."""
    districts = gpd.read_file(city / "districts.geojson").to_crs(4549)
    units = districts.assign(unit_id=["U1", "U2"], district=["西片", "西片"]).drop(columns="name")
    units.to_file(city / "units.gpkg", layer="units")
    districts.assign(block_id=["b", "c"]).iloc[:1].to_file(city / "units.gpkg", layer="blocks")
    districts.to_file(city / "units.gpkg", layer="第三层")
    return city / "units.gpkg"


@pytest.mark.slow
def test_a_layer_is_named_as_qgis_does(jxgis: Callable[..., Any], city: Path, book: Path) -> None:
    for named in (
        "|layername=第三层",
        "|layerid=2|geometrytype=Polygon",
        "|layername=第三层|uniqueGeometryType=Polygon",
    ):
        done = jxgis("check", "districts", f"{book}{named}")
        assert done.code == 0, done.err
        assert "units.gpkg 共 2 行" in done.out
    assert "没有图层“第四层”，是否为 第三层" in jxgis("check", "districts", f"{book}|layername=第四层").err
    refused = jxgis("check", "districts", f"{book}|layername=第三层|subset=name = '西片'")
    assert refused.code == 2
    assert "不能只读取图层的一部分" in refused.err
    project = city / "p.toml"
    project.write_text("[inputs.districts]\npath = 'units.gpkg|layername=第三层'\n", encoding="utf-8")
    arguments = ("--issues", city / "issues.csv", "--crs", "EPSG:4490", "--project", project, "--out", city / "out")
    done = jxgis("hotspots", *arguments)
    assert done.code == 0, done.err
    assert [entry["name"] for entry in json.loads((city / "out/run.json").read_text("utf-8"))["inputs"]] == [
        *("units.gpkg", "issues.csv")
    ]


def test_a_geopackage_of_ours_is_read_at_the_layer_that_the_option_means(city: Path, book: Path) -> None:
    from jxgis.load import load_layer

    candidates = load_layer("candidates", book)
    assert candidates.table["candidate_id"].tolist() == ["U1", "U2"]
    assert any("读取了其中的 units" in note.zh for note in candidates.notes)
    assert load_layer("blocks", book).table["block_id"].tolist() == ["b"]
    assert load_layer("units", book).table["unit_id"].tolist() == ["U1", "U2"]
    # Zones to report by: each unit is one, though two are of one district.
    assert load_layer("districts", book).table["name"].tolist() == ["U1", "U2"]
    with pytest.raises(InputError, match=r"有多个图层：units、blocks、第三层.*units.gpkg\|layername=图层名"):
        load_layer("parks", book)


def test_without_a_project_it_is_said_what_was_counted(jxgis: Callable[..., Any], city: Path) -> None:
    table = pd.read_csv(city / "issues.csv", encoding="gb18030")
    table.loc[0, ["X坐标", "Y坐标"]] = 0.0
    table.to_csv(city / "some.csv", index=False)
    files = ("--issues", city / "some.csv", "--crs", "EPSG:4490", "--area", city / "districts.geojson")
    done = jxgis("hotspots", *files, "--out", city / "out")
    assert done.code == 0, done.err
    for said in (
        "片区：districts.geojson 共 2 行，采用 2 行，剔除 0 行",
        f"问题：some.csv 共 {len(table)} 行，采用 {len(table) - 1} 行，剔除 1 行",
        "不在研究范围网格内的问题：",
        "工作坐标系：EPSG:32651",
    ):
        assert said in done.out, said
    assert done.out.index("工作坐标系") < done.out.index("完成")


def test_in_a_new_project_a_file_can_be_checked_before_the_others_are_there(
    jxgis: Callable[..., Any], city: Path, book: Path
) -> None:
    assert jxgis("init", city / "new").code == 0
    project = city / "new" / "jxgis.toml"
    for layer, file in (
        ("issues", city / "issues.csv"),
        ("units", f"{book}|layername=units"),
        ("parks", city / "parks.gpkg"),
    ):
        done = jxgis("check", layer, file, "--project", project, "--set", "city.crs=EPSG:4549")
        assert done.code == 0, done.err
    text = project.read_text("utf-8")
    for key in ("outline", "issue_classes"):
        text = text.replace(f"# {key} = ", f"{key} = ")
    project.write_text(text, encoding="utf-8")
    done = jxgis("check", "issues", city / "issues.csv", "--crs", "EPSG:4490", "--project", project)
    assert done.code == 0, done.err
    assert "[city] issue_classes 的文件 issue_classes.xlsx 还没有" in done.out
    assert "[city] outline 的文件 central_city.geojson 还没有" in done.out
    assert "没有与街道边界核对" in done.out
    done = jxgis("check", "units", f"{book}|layername=units", "--project", project)
    assert done.code == 0, done.err
    assert "没有片区面" in done.out


def test_a_missing_file_names_the_option_that_there_is(jxgis: Callable[..., Any], city: Path) -> None:
    said = jxgis("units", "--districts", city / "distrcts.geojson", "--out", city / "out").err
    assert "请检查 --districts，或 [inputs.districts] 的 path" in said
    said = jxgis("parks", "--parks", city / "parks.gpkg", "--residential", city / "residential.gpkg", "--by",
                 city / "no.gpkg", "--plan", city / "none.gpkg", "--out", city / "out").err  # fmt: skip
    assert "--by，或 [inputs.districts]" in said
    assert "--plan，或 [inputs.planned_parks]" in said


def test_the_nearest_command_and_option(jxgis: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    from jxgis.cli import _words

    for lang, command, option in (
        ("zh", "没有命令 hotspot，是否为 hotspots；", "没有选项 --cel-m，是否为 --cell-m；"),
        ("en", "No command 'hotspot', did you mean hotspots;", "No such option --cel-m, did you mean --cell-m;"),
    ):
        monkeypatch.setattr(_words, "LANG", lang)
        monkeypatch.setenv("JXGIS_LANG", lang)
        assert command in jxgis("hotspot").err
        assert option in jxgis("hotspots", "--cel-m", "3", "--out", "x").err
        assert "--speed-m-per-min" in jxgis("parks", "--speed", "70", "--out", "x").err
        assert "--strata" not in jxgis("hotspots", "--districts", "a.gpkg", "--out", "x").err
        assert "jxgis report jxgis.toml" in jxgis("report", "--projct", "jxgis.toml", "--out", "x").err
        # A settings file that stands by itself is given by an option here.
        said = jxgis("hotspots", "data/jxgis.toml", "--out", "x").err
        assert "--project data/jxgis.toml" in said
        asked = jxgis("help")
        assert (asked.code, asked.out) == (0, jxgis("--help").out)
        assert "jxgis hotspots" not in jxgis("hotspots", "--projct", "jxgis.toml", "--out", "x").err


def test_every_option_of_a_part_gives_a_key_of_the_settings_or_a_layer_that_it_reads() -> None:
    from jxgis.run.parts import PARTS
    from jxgis.settings import make_settings, option_at

    for part in PARTS:
        for option, (key, *_) in part.options.items():
            section, _, layer = key.partition("inputs.")
            read = part.layers_for(make_settings(dict(part.implied([option])), "x"), alone=True)
            assert option_at(key) if section or "." in layer else layer in read, option
        assert {*part.needs} <= {*part.layer_options}


def test_a_part_brings_its_command(jxgis: Callable[..., Any], city: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    from jxgis import cli
    from jxgis.hotspots.part import PART
    from jxgis.i18n import Text
    from jxgis.part import Option
    from jxgis.run import parts

    made = replace(
        PART, command="heaps", title=Text("成堆", "Heaps"),
        options={**PART.options, "--level": Option("hotspots.alpha")},
    )  # fmt: skip
    monkeypatch.setattr(parts, "PARTS", (*parts.PARTS, made))
    assert parts.by_command("heaps") is made
    monkeypatch.setattr(cli.app, "registered_commands", list(cli.app.registered_commands))
    cli.add_part(made)
    assert "--level N" in jxgis("heaps", "--help").out
    files = ("--issues", city / "issues.csv", "--crs", "EPSG:4490", "--area", city / "districts.geojson")
    done = jxgis("heaps", *files, "--level", "0.2", "--out", city / "out")
    assert done.code == 0, done.err
    assert json.loads((city / "out/run.json").read_text("utf-8"))["settings"]["hotspots"]["alpha"] == 0.2
    done = jxgis("heaps", *files, "--level", "x", "--out", city / "out")
    assert (done.code, "--level（hotspots.alpha）= 'x' 不可用（须为数字）" in done.err) == (2, True)


def test_errors_of_a_subset_are_of_the_family() -> None:
    from jxgis._files import split_layer

    with pytest.raises(JxgisError):
        split_layer("a.gpkg|layername=x|subset=1=1")
