"""A project in a notebook: loads once, runs with its options and overrides, and says what is wrong by name."""

from __future__ import annotations

import json
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely

import jxgis


@pytest.fixture
def town(tmp_path: Path) -> Path:
    """Two districts, 200 issues in one corner and 40 elsewhere, two candidates."""
    boxes = [shapely.box(500_000, 3_400_000, 502_000, 3_402_000), shapely.box(502_000, 3_400_000, 504_000, 3_402_000)]
    gpd.GeoDataFrame({"name": ["西片", "东片"]}, geometry=boxes, crs=4549).to_file(tmp_path / "districts.gpkg")
    x = [500_100 + 3 * k for k in range(200)] + [500_050 + 97 * k for k in range(40)]
    issues = gpd.GeoDataFrame(
        {"任务号": [f"A{k}" for k in range(240)], "上报时间": pd.date_range("2023-01-01", periods=240, freq="h")},
        geometry=gpd.points_from_xy(x, [3_400_900.0] * 240),
        crs=4549,
    )
    issues.to_file(tmp_path / "issues.gpkg")
    (tmp_path / "jxgis.toml").write_text(
        '[city]\nprofile = "city.toml"\n[inputs.districts]\npath = "districts.gpkg"\n'
        '[inputs.issues]\npath = "issues.gpkg"\n[hotspots]\ncell_m = 250\n[units]\nmin_km2 = 1\nmax_km2 = 3\n',
        encoding="utf-8",
    )
    (tmp_path / "city.toml").write_text(
        'key = "town"\nname = { zh = "某市", en = "Some city" }\ncrs = "EPSG:4549"\n', encoding="utf-8"
    )
    return tmp_path


def test_layers_load_once_and_on_first_use(town, monkeypatch):
    read = jxgis.load.load_layer
    calls = []
    monkeypatch.setattr(
        jxgis.load, "load_layer", lambda layer, *given, **named: calls.append(layer) or read(layer, *given, **named)
    )
    city = jxgis.open_project(town)
    assert calls == []
    assert city.layer("districts")["name"].tolist() == ["西片", "东片"]
    assert calls == ["districts"]
    hot = city.hotspots()
    assert city.hotspots() is hot
    city.units(by_cells=True, alternatives=False)
    assert calls == ["districts", "issues"]
    assert city.layers().set_index("layer")["rows_kept"].to_dict() == {"districts": 2, "issues": 240}


def test_an_outline_that_is_not_there_is_said_though_districts_are_not_cut_by_it(town):
    file = town / "jxgis.toml"
    file.write_text(file.read_text("utf-8").replace("[city]\n", '[city]\noutline = "outlne.gpkg"\n'), "utf-8")
    with pytest.raises(jxgis.InputError, match=r"outlne\.gpkg.* Check outline of \[city\]"):
        jxgis.open_project(town).layer("districts")


def test_options_of_the_file_hold_until_one_is_named(town):
    city = jxgis.open_project(town / "jxgis.toml")
    assert city.hotspots().given.settings.hotspots.cell_m == 250
    asked = city.hotspots(band_m=700).given.settings.hotspots
    assert (asked.cell_m, asked.band_m) == (250, 700)
    assert city.settings.hotspots.band_m == 500
    with pytest.raises(jxgis.SettingsError, match="did you mean cell_m"):
        city.hotspots(cell=100)
    with pytest.raises(jxgis.InputError, match="did you mean issues"):
        city.layer("issue")
    with pytest.raises(jxgis.InputError, match=r"lacks: \[inputs.parks\]"):
        city.parks()


def test_units_that_were_proposed_are_scored_under_their_names(town):
    city = jxgis.open_project(town)
    plan = city.units(by_cells=True, alternatives=False)
    scores = city.scores(plan.units).scores
    assert scores["candidate_id"].tolist() == plan.units["unit_id"].tolist()


def test_a_result_shows_names_and_writes_itself(town, tmp_path):
    city = jxgis.open_project(town)
    hot = city.hotspots()
    html = hot._repr_html_()
    assert html.index("参与分析的") < html.index("<table") < html.index("iframe")
    told = hot.table("zones")
    assert {"区域", "每平方公里问题数"} <= set(told.columns)
    assert "西片" in set(told["区域"])
    with pytest.raises(jxgis.InputError, match="did you mean places"):
        hot.table("place")
    out = hot.write(tmp_path / "out")
    assert {"hotspots.gpkg", "hotspots.xlsx", "run.json", "maps", "figures", "density"} <= {
        p.name for p in out.iterdir()
    }
    assert "某市" in city._repr_html_()
    assert "EPSG:4549" in city._repr_html_()
    assert ".rejects(图层名)" in city._repr_html_()
    assert "rejects 文件夹" not in city._repr_html_()


def test_english_where_it_is_asked_for(town):
    hot = jxgis.open_project(town, lang="en").hotspots()
    assert "Name" in hot.table("places").columns


def test_progress_is_told_in_a_notebook_and_where_it_is_asked_for(town, capsys, monkeypatch):
    jxgis.open_project(town).hotspots()
    assert capsys.readouterr() == ("", "")
    monkeypatch.setattr("jxgis.run.project.watched", lambda: True)
    jxgis.open_project(town, progress=False).hotspots().map()
    assert capsys.readouterr() == ("", "")
    hot = jxgis.open_project(town).hotspots()
    said, error = capsys.readouterr()
    assert "分析问题热点" in said
    assert "绘制地图与图表" not in said
    hot._repr_html_()
    assert "绘制地图与图表" in capsys.readouterr().out
    hot._repr_html_()
    assert capsys.readouterr().out == "", "what is drawn already is not drawn again"
    assert not said.rsplit("\r", 2)[1].strip()
    assert "\n" not in said + error
    steps: list[str] = []
    jxgis.open_project(town, progress=lambda step: steps.append(step.zh)).hotspots()
    assert "分析问题热点…" in steps


def test_a_project_without_a_layer_says_so(town):
    (town / "jxgis.toml").write_text('[city]\nprofile = "city.toml"\n', encoding="utf-8")
    with pytest.raises(jxgis.JxgisError, match="name no layer"):
        jxgis.open_project(town).layers()


def test_a_class_that_the_city_has_not_is_not_counted_as_0(town):
    profile = (town / "city.toml").read_text(encoding="utf-8")
    (town / "city.toml").write_text(f'{profile}[classes]\n"市容环境" = {{ en = "a", colour = "#8c6d31" }}\n', "utf-8")
    city = jxgis.open_project(town)
    for run in (city.hotspots, city.clusters, city.scan):
        with pytest.raises(jxgis.InputError, match="没有类别“市容”，是否为 市容环境？"):
            run(classes=["市容"])


def test_a_layer_that_the_profile_adds_may_have_any_name(town):
    with (town / "city.toml").open("a", encoding="utf-8") as profile:
        for name in ("copy", "schema"):
            profile.write(f'[layers.{name}]\ntitle_zh = "甲"\ntitle_en = "A"\ngeometry = "point"\n')
    assert jxgis.open_project(town).layers()["layer"].tolist() == ["districts", "issues"]


def test_a_rule_of_two_options_is_told_without_an_empty_key(town):
    with pytest.raises(jxgis.SettingsError, match=r"\[units\] is wrong: min_km2 \(6\) must be less than"):
        jxgis.open_project(town).units(min_km2=6, max_km2=3)


def test_what_refused_before_it_stands_in_the_account(town):
    project = (town / "jxgis.toml").read_text(encoding="utf-8")
    (town / "jxgis.toml").write_text(project.replace("cell_m = 250", "cell_m = 90000"), encoding="utf-8")
    city = jxgis.open_project(town, lang="en")
    out = city.scores(city.layer("districts")).write(town / "out")
    refused = json.loads((out / "run.json").read_text(encoding="utf-8"))["refused"]
    assert [entry["part"] for entry in refused] == ["hotspots"]
    assert "lower cell_m" in refused[0]["message"]


def test_a_file_that_is_not_there_refuses_only_what_reads_it(town):
    with (town / "jxgis.toml").open("a", encoding="utf-8") as project:
        project.write('[inputs.parks]\npath = "to_come.gpkg"\n[inputs.waters]\npath = "broken.gpkg"\n')
    (town / "broken.gpkg").write_bytes(b"not a database")
    city = jxgis.open_project(town)
    assert len(city.hotspots().places)
    assert city.layers()["layer"].tolist() == ["districts", "issues"]
    with pytest.raises(jxgis.InputError, match="to_come"):
        city.parks()
    with pytest.raises(jxgis.InputError, match="broken"):
        city.units()
    shown = city._repr_html_()
    assert "公园绿地：没有读入" in shown
    assert "to_come.gpkg" in shown
    assert shown.count("没有读入") == 2
    (town / "issues.gpkg").unlink()
    (town / "districts.gpkg").unlink()
    assert jxgis.open_project(town)._repr_html_().count("没有读入") == 4


def test_nothing_is_drawn_twice_and_what_is_added_stays_with_the_one_it_is_added_to(town, monkeypatch):
    import folium

    from jxgis.hotspots import map as map_module

    drawn = []
    draw = map_module.hotspot_map
    monkeypatch.setattr(map_module, "hotspot_map", lambda *given, **named: drawn.append(1) or draw(*given, **named))
    hot = jxgis.open_project(town).hotspots()
    mine = hot.map()
    folium.GeoJson({"type": "Point", "coordinates": [120.0, 30.0]}, name="自己的").add_to(mine)
    assert "自己的" in mine.get_root().render()
    assert "自己的" not in hot.map("hotspots").get_root().render()
    assert hot.figure("scale") is not hot.figure("scale")
    assert list(hot.maps()) == ["hotspots"]
    assert drawn == [1]


def test_a_terminal_shows_what_can_be_asked_and_no_dump(town):
    city = jxgis.open_project(town)
    said = repr(city)
    assert said.splitlines()[0].startswith("Project")
    assert ".hotspots()" in said
    assert ".parks()" not in said
    assert not city._reader._loaded, "nothing is read for it"
    hot = city.hotspots()
    first, *lines = repr(hot).splitlines()
    assert first == "HotspotsResult: 问题热点"
    assert f"places ({len(hot.places):,})" in repr(hot)
    assert any(line.startswith("  参与分析的问题") for line in lines)
    assert lines[-1].startswith("  .figure(): ")
    rows = city.layer("issues")
    shown = repr(city._loaded("issues"))
    assert shown.startswith(f"Loaded(issues: {len(rows):,} rows in .table, ")
    assert all(
        max(map(len, text.splitlines())) < 400 and len(text.splitlines()) < 15 for text in (said, repr(hot), shown)
    )


def test_an_overview_sets_departments_and_places_side_by_side(town):
    """40 of 240 issues have no deadline that is past; of the others every second one was closed a day late."""
    issues = gpd.read_file(town / "issues.gpkg")
    reported = pd.to_datetime(issues["上报时间"])
    late = pd.Series([k % 2 == 1 for k in range(240)])
    issues["处置截止时间"] = reported + pd.Timedelta(days=1)
    issues.loc[200:, "处置截止时间"] = pd.Timestamp("2024-01-01")
    issues["结案时间"] = reported + pd.to_timedelta(late.map({False: 1, True: 2}), unit="D")
    issues["处置部门"] = ["环卫所"] * 60 + ["综合执法队"] * 180
    issues.to_file(town / "issues.gpkg")
    city = jxgis.open_project(town)
    city.hotspots()
    places = city.overview().set_index("区域")
    assert places.loc[["全域", "西片", "东片"], "按期结案率"].tolist() == ["50.0 %", "50.0 %", "—"]
    departments = city.overview("departments").set_index("处置部门")
    assert departments.index.tolist() == ["综合执法队", "环卫所"]
    assert departments["问题数（件）"].tolist() == ["180", "60"]
    assert departments["按期结案率"].tolist() == ["50.0 %", "50.0 %"]
    with pytest.raises(jxgis.InputError, match="departments"):
        city.overview("department")


def test_a_command_draws_the_units_that_a_report_draws(town):
    from jxgis.run import run_part
    from jxgis.settings import load_settings

    strips = [shapely.box(500_000 + 400 * k, 3_400_000, 500_400 + 400 * k, 3_402_000) for k in range(10)]
    gpd.GeoDataFrame({"name": [f"块{k}" for k in range(10)]}, geometry=strips, crs=4549).to_file(town / "blocks.gpkg")
    project = town / "jxgis.toml"
    text = project.read_text(encoding="utf-8")
    project.write_text(text + 'alternatives = false\n[inputs.blocks]\npath = "blocks.gpkg"\n', encoding="utf-8")
    units = jxgis.open_project(project).units().tables()["units"]
    weak = run_part("weak", load_settings(project), town / "out", has_project=True, lang="zh")
    assert weak.given.results["units"].tables()["units"].geometry.equals(units.geometry)
    assert "blocks" in weak.given.loaded  # and is accounted for


@pytest.mark.slow
def test_units_before_another_part_are_compared_with_no_other_plans_in_a_notebook_as_by_a_command(town, monkeypatch):
    from jxgis.run import run_part
    from jxgis.settings import load_settings
    from jxgis.units import analysis

    asked, analyse = [], analysis.analyse

    def noting(given):
        asked.append(given.settings.units.alternatives)
        return analyse(given)

    monkeypatch.setattr(analysis, "analyse", noting)
    city = jxgis.open_project(town)
    city.scores()
    city.scores(weights="equal")
    assert asked == [False]  # once for both
    assert len(city.units().tables()["units"])
    assert asked == [False, True]
    city.weak()
    assert asked == [False, True]  # what was found in full serves too
    run_part("weak", load_settings(town / "jxgis.toml"), town / "out", has_project=True, lang="zh")
    assert asked == [False, True, False]
