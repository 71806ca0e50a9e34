"""Each command on a small city: its files, its columns, its account of the rows."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd
import openpyxl
import pandas as pd
import pyogrio
import pytest
import shapely

from jxgis.schema.tables import table

if TYPE_CHECKING:
    from cli.conftest import Finished

EAST, NORTH = 572_000.0, 3_402_000.0
Run = Callable[..., "Finished"]

RUN = {"command", "settings", "versions", "crs", "inputs", "outputs"}
INPUT = {"layer", "name", "sha256", "rows_in", "rows_kept", "rows_rejected", "rows_left_out"}


def done(finished: object) -> None:
    assert finished.code == 0, finished.err  # type: ignore[attr-defined]


def run_of(out: Path) -> dict[str, object]:
    run = json.loads((out / "run.json").read_text(encoding="utf-8"))
    assert run.keys() >= RUN
    on_disk = sorted(path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file())
    assert run["outputs"] == on_disk
    for entry in run["inputs"]:
        assert entry.keys() == INPUT
        assert entry["rows_in"] == entry["rows_kept"] + entry["rows_rejected"] + entry["rows_left_out"]
    everything = "".join(
        path.read_text("utf-8", "ignore") for path in out.rglob("*") if path.suffix in {".json", ".html", ".csv"}
    )
    assert str(out.parent) not in everything, "an output holds a path of the machine"
    return run  # type: ignore[no-any-return]


def hotspots(city: Path, out: Path, *more: object) -> list[object]:
    return [
        *("hotspots", "--issues", city / "issues.csv", "--crs", "EPSG:4490"),
        *("--area", city / "districts.geojson", "--out", out, *more),
    ]


def test_hotspots(jxgis: Run, city: Path) -> None:
    out = city / "out"
    done(jxgis(*hotspots(city, out, "--class-column", "小类")))
    run = run_of(out)
    layers = dict(pyogrio.list_layers(out / "hotspots.gpkg"))
    assert layers.keys() >= {"cells", "places", "zones"}
    cells = gpd.read_file(out / "hotspots.gpkg", layer="cells")
    assert set(cells.columns) >= set(table("hotspots.cells").required)
    assert set(cells["issue_class"]) == {"all", "小广告", "店外经营"}
    of_all = cells[cells["issue_class"] == "all"]
    assert of_all["count"].sum() + run["outside_area"] == 600
    x, y = of_all.geometry.centroid.x, of_all.geometry.centroid.y
    named = "E" + (x // 200).astype(int).astype(str) + "N" + (y // 200).astype(int).astype(str)
    assert named.tolist() == of_all["cell_id"].tolist()
    places = gpd.read_file(out / "hotspots.gpkg", layer="places")
    assert set(places.columns) >= set(table("hotspots.places").required)
    first = places[(places["issue_class"] == "all") & (places["rank"] == 1)].iloc[0]
    assert first["district"] == "西片"
    zones = gpd.read_file(out / "hotspots.gpkg", layer="zones")
    assert set(zones.columns) >= set(table("hotspots.zones").required)
    assert zones[(zones["issue_class"] == "all")].groupby("level")["count"].sum().to_dict() == {"district": 600}
    for name in ("maps/hotspots.html", "density/all.tif", "density/小广告.tif"):
        assert (out / name).is_file()
    figures = {path.name for path in (out / "figures").iterdir()}
    assert figures == {
        f"{of}.{ending}" for of in ("hotspots", "hotspots_map", "scale") for ending in ("png", "svg", "pdf")
    }


@pytest.mark.slow
def test_the_metric_crs_without_a_project_is_named(jxgis: Run, city: Path) -> None:
    done(jxgis(*hotspots(city, city / "out")))
    assert run_of(city / "out")["crs"] == "EPSG:32651", "degrees only: the UTM zone of the polygons"
    gpd.read_file(city / "districts.geojson").to_crs(4549).to_file(city / "metric.gpkg")
    arguments = hotspots(city, city / "out2")
    arguments[arguments.index("--area") + 1] = city / "metric.gpkg"
    done(jxgis(*arguments))
    assert run_of(city / "out2")["crs"] == "EPSG:4549"
    only_all = gpd.read_file(city / "out2" / "hotspots.gpkg", layer="cells")
    assert set(only_all["issue_class"]) == {"all"}, "neither a class column nor a profile"


@pytest.mark.slow
def test_the_same_input_gives_the_same_bytes(jxgis: Run, city: Path) -> None:
    def digests(out: Path) -> dict[str, str]:
        return {
            path.relative_to(out).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(out.rglob("*"))
            if path.is_file()
        }

    done(jxgis(*hotspots(city, city / "a", "--class-column", "小类")))
    done(jxgis(*hotspots(city, city / "b", "--class-column", "小类")))
    assert digests(city / "a") == digests(city / "b")


def test_columns_and_filters(jxgis: Run, city: Path) -> None:
    table = pd.read_csv(city / "issues.csv", encoding="gb18030").rename(columns={"任务号": "编码"})
    table["案件状态"] = ["作废"] * 10 + ["已结案"] * 590
    table["上报时间"] = ["2022-12-31 23:59:59"] * 20 + ["2023-01-01 00:00:00"] * 580
    table.to_csv(city / "issues.csv", index=False, encoding="utf-8-sig")
    done(
        jxgis(*hotspots(city, city / "out", "--columns", "issue_id=编码", "--from", "2023-01-01", "--to", "2023-01-02"))
    )
    issues = next(entry for entry in run_of(city / "out")["inputs"] if entry["layer"] == "issues")  # type: ignore[attr-defined]
    assert (issues["rows_in"], issues["rows_kept"], issues["rows_left_out"]) == (600, 580, 20)


def test_parks(jxgis: Run, city: Path) -> None:
    out = city / "out"
    layers = ("--parks", city / "parks.gpkg", "--residential", city / "residential.gpkg")
    done(jxgis("parks", *layers, "--by", city / "districts.geojson", "--out", out))
    run_of(out)
    coverage = gpd.read_file(out / "parks.gpkg", layer="coverage")
    assert set(coverage.columns) >= set(table("parks.coverage").required)
    assert coverage["zone"].tolist() == ["西片", "东片", "all"]
    whole = coverage.set_index("zone").loc["all"]
    # By hand: only the 200 m park (4 ha) counts, radius 500 m; of housing 甲 (400–900 m) what lies within it.
    park = gpd.read_file(city / "parks.gpkg").geometry.iloc[0]
    homes = gpd.read_file(city / "residential.gpkg").union_all()
    expected = homes.intersection(park.buffer(500, quad_segs=64)).area / homes.area
    assert whole["coverage"] == pytest.approx(expected, rel=2e-3), "quad_segs and the UTM scale"
    assert {"served", "unserved"} <= set(pyogrio.list_layers(out / "parks.gpkg")[:, 0])
    assert (out / "maps/parks.html").is_file()


def test_units(jxgis: Run, city: Path) -> None:
    out = city / "out"
    done(jxgis("units", "--districts", city / "districts.geojson", "--out", out))
    run_of(out)
    units = gpd.read_file(out / "units.gpkg", layer="units")
    assert set(units.columns) >= set(table("units.units").required)
    assert units["in_bounds"].all()
    assert units["area_km2"].between(2, 5).all()
    blocks = gpd.read_file(out / "units.gpkg", layer="blocks")
    assert set(blocks["unit_id"]) == set(units["unit_id"])
    assert blocks.area.sum() == pytest.approx(units.area.sum(), rel=1e-9), "float sums"


def test_score(jxgis: Run, city: Path) -> None:
    out = city / "out"
    project = city / "jxgis.toml"
    project.write_text(
        '[inputs.districts]\npath = "districts.geojson"\n[inputs.parks]\npath = "parks.gpkg"\n'
        '[inputs.residential]\npath = "residential.gpkg"\n'
        '[inputs.issues]\npath = "issues.csv"\ncrs = "EPSG:4490"\n'
        '[scoring.indicators.compactness]\ndimension = "形态"\nweight = 1\ntarget = 1\n'
        '[scoring.indicators.toilets_per_km2]\ndimension = "设施"\nweight = 3\ntarget = 4\n',
        encoding="utf-8",
    )
    candidates = gpd.read_file(city / "candidates.gpkg").assign(toilets_per_km2=[2.0, None])
    candidates.to_file(city / "candidates.gpkg")
    done(jxgis("score", "--candidates", city / "candidates.gpkg", "--project", project, "--out", out))
    run_of(out)
    scores = gpd.read_file(out / "scores.gpkg", layer="scores").set_index("candidate_id")
    assert set(scores.columns) >= (set(table("scores.scores").required) - {"candidate_id"}) | {
        "toilets_per_km2",
        "toilets_per_km2_score",
    }
    compact = 4 * 3.141592653589793 * 4 / 8**2 * 100
    assert scores.loc["候选一", "score"] == pytest.approx((compact * 1 + 50 * 3) / 4, abs=0.1), "CRS scale"
    assert scores.loc["候选一", "rank"] == 1
    assert scores.loc["候选二", "completeness"] == pytest.approx(0.25)
    assert pd.isna(scores.loc["候选二", "rank"])
    assert (out / "scores.xlsx").is_file()
    behind = pyogrio.list_layers(out / "scores_depth.gpkg")[:, 0].tolist()
    assert behind == ["acceptability", "swings", "improvements", "types", "features"]
    better = pyogrio.read_dataframe(out / "scores_depth.gpkg", layer="improvements").set_index(
        ["candidate_id", "indicator"]
    )
    assert better.loc[("候选一", "toilets_per_km2"), ["to_reference", "gain_reference"]].tolist() == [4, 37.5]


def allocate_project(city: Path, allocate: str) -> Path:
    """A project of the small city; what its candidates score hangs on their toilets alone."""
    project = city / "jxgis.toml"
    project.write_text(
        '[inputs.districts]\npath = "districts.geojson"\n'
        '[scoring.indicators.toilets_per_km2]\ndimension = "设施"\nweight = 3\ntarget = 4\n' + allocate,
        encoding="utf-8",
    )
    return project


RULES = "[allocate]\nyears = [2026, 2027]\nby = { 2027 = 2 }\neach_area = 0\neach_year = 1\neach_type = 0\n"


@pytest.mark.slow
def test_allocate_scores_first_and_reads_scores_that_are_there(jxgis: Run, city: Path) -> None:
    out, project = city / "out", allocate_project(city, RULES)
    candidates = gpd.read_file(city / "candidates.gpkg").assign(toilets_per_km2=[2.0, 3.0])
    candidates.to_file(city / "candidates.gpkg")
    done(jxgis("allocate", "--candidates", city / "candidates.gpkg", "--project", project, "--out", out))
    run = run_of(out)
    assert run["settings"]["allocate"]["years"] == [2026, 2027]  # type: ignore[index]
    layer = gpd.read_file(out / "allocation.gpkg", layer="allocation")
    assert set(layer.columns) >= set(table("allocation.allocation").required)
    assert layer[["candidate_id", "year", "score"]].to_numpy().tolist() == [
        ["候选二", 2026, 75.0],
        ["候选一", 2027, 50.0],
    ]
    told = json.loads((out / "allocation.json").read_text(encoding="utf-8"))
    assert (told["objective"], told["gap"], told["conflict"]) == (125.0, 0.0, None)
    assert {rule["satisfied"] for rule in told["rules"]} == {True}

    done(jxgis("score", "--candidates", city / "candidates.gpkg", "--project", project, "--out", city / "scored"))
    scored = city / "scored" / "scores.gpkg"
    done(jxgis("allocate", "--candidates", scored, "--project", project, "--out", city / "again"))
    assert json.loads((city / "again" / "allocation.json").read_text(encoding="utf-8"))["objective"] == 125.0


@pytest.mark.slow
def test_allocate_takes_acceptability_and_years_from_the_scores(jxgis: Run, city: Path) -> None:
    project = allocate_project(city, RULES + 'worth = "acceptability"\n[scoring]\ntop = 1\n')
    text = project.read_text(encoding="utf-8")
    project.write_text(
        text.replace("[allocate]", '[scoring.indicators.trees]\ndimension = "绿"\nweight = 9\ntarget = 4\n[allocate]')
    )
    # 候选一 (50 and 100 points) is ahead of 候选二 (100 and 75) where the trees weigh two thirds or more.
    columns = {"toilets_per_km2": [2.0, 4.0], "trees": [4.0, 3.0], "ready_year": [2027, 2026]}
    gpd.read_file(city / "candidates.gpkg").assign(**columns).to_file(city / "candidates.gpkg")
    done(jxgis("score", "--candidates", city / "candidates.gpkg", "--project", project, "--out", city / "scored"))
    scores = gpd.read_file(city / "scored" / "scores.gpkg", layer="scores").set_index("candidate_id")
    assert scores["acceptability"].to_dict() == pytest.approx({"候选一": 1 / 3, "候选二": 2 / 3}, abs=0.02)
    scored = city / "scored" / "scores.gpkg"
    done(jxgis("allocate", "--candidates", scored, "--project", project, "--out", city / "out"))
    layer = gpd.read_file(city / "out" / "allocation.gpkg", layer="allocation").set_index("candidate_id")
    assert layer["year"].to_dict() == {"候选一": 2027, "候选二": 2026}
    assert layer["acceptability"].to_dict() == scores["acceptability"].to_dict()
    told = json.loads((city / "out" / "allocation.json").read_text(encoding="utf-8"))
    assert told["objective"] == pytest.approx(1)

    done(jxgis("allocate", "--candidates", city / "candidates.gpkg", "--project", project, "--out", city / "direct"))
    direct = json.loads((city / "direct" / "allocation.json").read_text(encoding="utf-8"))
    assert direct["objective"] == told["objective"]


def test_allocate_leaves_out_whom_a_file_of_scores_gives_no_rank(jxgis: Run, city: Path) -> None:
    project = allocate_project(city, RULES.replace("2027 = 2", "2027 = 1").replace("each_year = 1", "each_year = 0"))
    table = gpd.read_file(city / "candidates.gpkg")
    table.assign(score=[90.0, 60.0], rank=[None, 1], completeness=[0.2, 1.0]).to_file(city / "scored.gpkg")
    done(jxgis("allocate", "--candidates", city / "scored.gpkg", "--project", project, "--out", city / "out"))
    layer = gpd.read_file(city / "out" / "allocation.gpkg", layer="allocation")
    assert layer["candidate_id"].tolist() == ["候选二"]


def test_allocate_says_which_rules_conflict(jxgis: Run, city: Path) -> None:
    project = allocate_project(city, RULES.replace("each_year = 1", "each_year = 2"))
    gpd.read_file(city / "candidates.gpkg").assign(score=[70.0, 60.0]).to_file(city / "scored.gpkg")
    finished = jxgis("allocate", "--candidates", city / "scored.gpkg", "--project", project, "--out", city / "out")
    done(finished)
    said = (
        "规则不能同时满足，没有安排：2026 年不少于 2 个；2027 年不少于 2 个。可选的候选单元共 2 个；请在 [allocate] 中"
    )
    assert said in finished.err
    notes = [
        row[0] for row in openpyxl.load_workbook(city / "out" / "allocation.xlsx")["说明"].iter_rows(values_only=True)
    ]
    assert any(said in str(note) for note in notes)
    on_map = "规则不能同时满足，没有安排：2026 年不少于 2 个；2027 年不少于 2 个 · 虚线为候选单元"
    page = (city / "out" / "maps" / "allocation.html").read_text("utf-8")
    assert on_map in page.replace("\N{NO-BREAK SPACE}", " ")
    told = json.loads((city / "out" / "allocation.json").read_text(encoding="utf-8"))
    assert told["conflict"] == ["each_year:2026", "each_year:2027"]
    assert gpd.read_file(city / "out" / "allocation.gpkg", layer="allocation").empty
    late = jxgis(
        "allocate",
        "--candidates",
        city / "scored.gpkg",
        "--project",
        project,
        "--this-year",
        2030,
        "--out",
        city / "late",
    )
    assert (late.code, (city / "late").exists()) == (2, False)
    assert "规划年份 2026–2027 都已过去" in late.err


def test_cycle_goes_on_from_the_schedule(jxgis: Run, city: Path) -> None:
    project = allocate_project(city, RULES)
    gpd.read_file(city / "candidates.gpkg").assign(score=[70.0, 60.0]).to_file(city / "scored.gpkg")
    done(jxgis("allocate", "--candidates", city / "scored.gpkg", "--project", project, "--out", city / "chosen"))
    for name in ("allocation.gpkg", "allocation.xlsx"):
        finished = jxgis(
            *("cycle", "--project", project, "--schedule", city / "chosen" / name, "--on", "2026-04-01"),
            *("--out", city / "cycle"),
        )
        done(finished)
        assert "2 个样板单元（2026-04-01）：逾期 1 项，30 天内到期 0 项。" in finished.out
    run = run_of(city / "cycle")
    assert (run["on"], run["command"]) == ("2026-04-01", "cycle")
    again = city / "cycle" / "cycle.xlsx"
    done(jxgis("cycle", "--project", project, "--steps", again, "--on", "2026-04-01", "--out", city / "again"))
    assert (city / "again" / "cycle.xlsx").read_bytes() == again.read_bytes()
    for arguments, says in (
        ([], "没有样板单元"),
        (["--steps", city / "none.xlsx"], "none.xlsx"),
        (["--schedule", city / "scored.gpkg"], "缺少列 候选单元、年份（candidate_id、year）"),
    ):
        finished = jxgis("cycle", "--project", project, *arguments, "--out", city / "bad")
        assert (finished.code, (city / "bad").exists()) == (2, False)
        assert says in finished.err


def test_check_writes_clean_rows_and_rejects(jxgis: Run, city: Path) -> None:
    table = pd.read_csv(city / "issues.csv", encoding="gb18030")
    table.loc[[4, 9], ["X坐标", "Y坐标"]] = 0
    table.to_csv(city / "issues.csv", index=False, encoding="gb18030")
    out = city / "out"
    finished = jxgis("check", "issues", city / "issues.csv", "--crs", "EPSG:4490", "--out", out)
    done(finished)
    assert "600" in finished.out  # type: ignore[attr-defined]
    assert "剔除 2 行" in finished.out  # type: ignore[attr-defined]
    run_of(out)
    assert len(gpd.read_file(out / "clean.gpkg", layer="issues")) == 598
    rejects = pd.read_csv(out / "rejects" / "issues.csv")
    assert list(rejects.columns[:5]) == ["source", "row", "field", "value", "reason"]
    assert rejects["row"].tolist() == [5, 10]
    assert json.loads((out / "check.json").read_text(encoding="utf-8"))["rows_kept"] == 598


def test_check_of_issues_beside_districts_that_cannot_be_read(jxgis: Run, city: Path) -> None:
    gpd.read_file(city / "districts.geojson").rename(columns={"name": "街坊"}).to_file(city / "odd.gpkg")
    (city / "odd.toml").write_text('[city]\ncrs = "EPSG:4549"\n[inputs.districts]\npath = "odd.gpkg"\n', "utf-8")
    asked = ("--crs", "EPSG:4490", "--project", city / "odd.toml")
    finished = jxgis("check", "issues", city / "issues.csv", *asked)
    done(finished)
    assert "采用 600 行" in finished.out  # type: ignore[attr-defined]
    assert "没有与片区核对：片区图层没有“name”列" in finished.out  # type: ignore[attr-defined]


def test_check_of_issues_in_a_new_project_whose_other_files_are_still_to_come(jxgis: Run, city: Path) -> None:
    done(jxgis("init", city / "new"))
    finished = jxgis("check", "issues", city / "issues.csv", "--crs", "EPSG:4490", "--project", city / "new/jxgis.toml")
    done(finished)
    assert "没有与街道边界核对：[inputs.subdistricts]" in finished.out  # type: ignore[attr-defined]
    # What the command itself needs is asked for, and where it is named.
    ended = jxgis("hotspots", "--project", city / "new/jxgis.toml", "--out", city / "out")
    assert ended.code == 2  # type: ignore[attr-defined]
    assert "[inputs.subdistricts] 的 path" in ended.err  # type: ignore[attr-defined]


@pytest.mark.parametrize("layer", ["districts", "parks", "residential", "candidates"])
def test_check_of_polygons(jxgis: Run, city: Path, layer: str) -> None:
    file = next(city.glob(f"{layer}.*"))
    done(jxgis("check", layer, file, "--out", city / "out"))
    assert pyogrio.list_layers(city / "out" / "clean.gpkg")[:, 0].tolist() == [layer, "layer_styles"]


@pytest.mark.parametrize(
    ("layer", "rows"),
    [
        ("scorecard_values", "zone,indicator,value\n西片,gas_coverage,98.5\n"),
        ("cycle", "candidate_id,year,step\nC1,2026,申报\n"),
    ],
)
def test_check_of_a_table_that_lies_nowhere(jxgis: Run, city: Path, layer: str, rows: str) -> None:
    """Neither summary nor project has an extent, and the table has the project's CRS as all layers do."""
    file, out = city / "filled.csv", city / "out"
    file.write_text(rows, encoding="utf-8")
    project = city / "jxgis.toml"
    project.write_text('[city]\nprofile = "jiaxing"\n', encoding="utf-8")
    finished = jxgis("check", layer, file, "--project", project, "--out", out)
    done(finished)
    assert "crs" not in finished.out + finished.err
    summary = json.loads((out / "check.json").read_text(encoding="utf-8"))
    assert [summary["rows_kept"], summary["crs"], summary["bounds"]] == [1, "EPSG:4549", None]
    with zipfile.ZipFile(out / "jxgis.qgz") as archive:
        assert b"<mapcanvas" in (drawn := archive.read("jxgis.qgs"))
    assert b"<extent" not in drawn


def test_check_of_no_layer(jxgis: Run, city: Path) -> None:
    finished = jxgis("check", "park", city / "parks.gpkg")
    assert finished.code == 2  # type: ignore[attr-defined]
    assert "parks" in finished.err  # type: ignore[attr-defined]


@pytest.mark.slow
def test_report_in_both_languages(jxgis: Run, city: Path) -> None:
    project = city / "jxgis.toml"
    project.write_text(
        '[inputs.districts]\npath = "districts.geojson"\n[inputs.issues]\npath = "issues.csv"\ncrs = "EPSG:4490"\n',
        encoding="utf-8",
    )
    done(jxgis("report", project, "--out", city / "zh"))
    run_of(city / "zh")
    page = (city / "zh" / "index.html").read_text(encoding="utf-8")
    assert "没有提供公园图层" in page
    done(jxgis("report", project, "--out", city / "en", "--lang", "en"))
    page = (city / "en" / "index.html").read_text(encoding="utf-8")
    assert "No parks were given" in page
    assert (city / "en" / "report.xlsx").is_file()


def test_init_makes_settings_that_load(jxgis: Run, tmp_path: Path) -> None:
    from jxgis.settings import load_settings

    for lang in ("zh", "en"):
        done(jxgis("init", tmp_path / lang, "--lang", lang))
        assert load_settings(tmp_path / lang / "jxgis.toml").inputs.issues is not None
    spaced = jxgis("init", tmp_path / "我的 项目")
    assert f'jxgis report "{tmp_path / "我的 项目" / "jxgis.toml"}" --out out' in spaced.out  # type: ignore[attr-defined]
    for nothing in ("", " "):
        refused = jxgis("init", nothing)
        assert refused.code == 2  # type: ignore[attr-defined]
        assert "没有写项目文件夹的名称" in refused.err  # type: ignore[attr-defined]
    again = jxgis("init", tmp_path / "zh")
    assert again.code == 2  # type: ignore[attr-defined]
    assert "没有改动" in again.err  # type: ignore[attr-defined]


def test_a_language_before_the_command_holds_for_it(jxgis: Run, tmp_path: Path) -> None:
    for folder, arguments in {"a": ("--lang", "en", "init", "a"), "b": ("init", "b", "--lang", "en")}.items():
        assert jxgis(*(str(tmp_path / part) if part == folder else part for part in arguments)).code == 0
    made = [(tmp_path / folder / "jxgis.toml").read_text(encoding="utf-8") for folder in "ab"]
    assert made[0] == made[1] != ""
    assert jxgis("--lang", "fr", "init", tmp_path / "c").code == 2
    for asked in (["--lang", "en", "--help"], ["--help", "--lang", "en"]):
        said = subprocess.run(
            [sys.executable, "-m", "jxgis", *asked], capture_output=True, encoding="utf-8", check=True
        )
        assert "Spatial analysis for city management" in said.stdout


@pytest.mark.slow
def test_a_cell_size_on_the_command_line_goes_before_the_projects_streets(jxgis: Run, city: Path) -> None:
    lines = [shapely.LineString([(EAST + x, NORTH - 10), (EAST + x, NORTH + 3010)]) for x in (1000, 2000, 4000, 5000)]
    gpd.GeoDataFrame({"name": list("甲乙丙丁")}, geometry=lines, crs=4549).to_file(city / "streets.gpkg")
    project = city / "jxgis.toml"
    project.write_text(
        '[inputs.districts]\npath = "districts.geojson"\n[inputs.streets]\npath = "streets.gpkg"\n', encoding="utf-8"
    )
    done(jxgis("units", "--project", project, "--out", city / "streets"))
    done(jxgis("units", "--project", project, "--cell-m", 500, "--out", city / "cells"))
    by_street = gpd.read_file(city / "streets" / "units.gpkg", layer="blocks")
    by_cell = gpd.read_file(city / "cells" / "units.gpkg", layer="blocks")
    assert len(by_street) == 6
    assert len(by_cell) > 60


def test_ctrl_c_is_said_and_leaves_nothing(jxgis: Run, city: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from jxgis.load import readers

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(readers, "file_hash", stop)
    before = sorted(city.parent.rglob("*"))
    finished = jxgis("check", "parks", city / "parks.gpkg", "--out", city / "out")
    assert finished.code == 130
    assert finished.err.splitlines()[-1] == "已停止，没有写入结果。"
    assert sorted(city.parent.rglob("*")) == before


@pytest.mark.slow
def test_a_report_lists_what_check_lists(jxgis: Run, city: Path) -> None:
    gpd.read_file(city / "districts.geojson").assign(area=["甲区", "乙区"]).to_file(city / "areas.gpkg")
    table = pd.read_csv(city / "issues.csv", encoding="gb18030")
    points = gpd.GeoSeries(gpd.points_from_xy(table["X坐标"], table["Y坐标"]), crs=4490).to_crs(4549)
    table["所属区"] = ["甲区" if x < EAST + 3000 else "乙区" for x in points.x]
    table.loc[[3, 5, 8], "所属区"] = table.loc[[3, 5, 8], "所属区"].map({"甲区": "乙区", "乙区": "甲区"})
    table.to_csv(city / "issues.csv", index=False, encoding="utf-8-sig")
    project = city / "jxgis.toml"
    project.write_text(
        '[inputs.districts]\npath = "areas.gpkg"\n[inputs.issues]\npath = "issues.csv"\ncrs = "EPSG:4490"\n',
        encoding="utf-8",
    )
    done(jxgis("check", "issues", city / "issues.csv", "--project", project, "--out", city / "check"))
    done(jxgis("report", project, "--out", city / "report"))
    listed = pd.read_csv(city / "report" / "disagreement.csv")
    assert sorted(listed["issue_id"]) == ["T00003", "T00005", "T00008"]
    assert (city / "check" / "disagreement.csv").read_bytes() == (city / "report" / "disagreement.csv").read_bytes()
    notes = pd.read_excel(
        city / "report" / "report.xlsx", sheet_name="说明", header=None, engine="calamine"
    ).to_string()
    assert "3 件" in notes


@pytest.mark.slow
def test_data_to_the_end_of_june_and_a_source_that_starts_late_are_no_change(jxgis: Run, city: Path) -> None:
    """Two files, two sources, a constant rate: what is missing is said, and nothing falls by half."""
    from datetime import date, timedelta

    table = pd.read_csv(city / "issues.csv", encoding="gb18030")
    place = table.iloc[400:].reset_index(drop=True)  # the cluster, three cases a day

    def export(name: str, first: date, last: date, source: str) -> None:
        days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
        rows = place.iloc[[n % len(place) for n in range(3 * len(days))]].reset_index(drop=True)
        ids = [f"{name}{n}" for n in range(len(rows))]
        times = [f"{day} 09:00" for day in days for _ in range(3)]
        rows.assign(任务号=ids, 上报时间=times, 问题来源=source).to_csv(city / name, index=False)

    export("a.csv", date(2022, 1, 1), date(2023, 6, 30), "监督员上报")
    export("b.csv", date(2022, 3, 1), date(2023, 6, 30), "热线")
    project = city / "jxgis.toml"
    settings = '[inputs.districts]\npath = "districts.geojson"\n[inputs.issues]\npath = "?.csv"\ncrs = "EPSG:4490"\n'
    project.write_text(settings + 'from = "2023-01-01"\nto = "2024-01-01"\n', encoding="utf-8")
    done(jxgis("hotspots", "--project", project, "--out", city / "out"))
    run = run_of(city / "out")
    assert run["periods"] == ["2022-01-01", "2023-01-01", "2024-01-01"]
    assert run["periods_left_out"] == [
        ["2022-01-01", "2022-03-01"], ["2022-07-01", "2023-01-01"],
        ["2023-01-01", "2023-03-01"], ["2023-07-01", "2024-01-01"],
    ]  # fmt: skip
    assert {(gap["of"], gap["name"], gap["from"], gap["to"]) for gap in run["periods_gaps"]} == {
        ("all", "", "2023-07-01", "2024-01-01"),
        ("file", "b.csv", "2022-01-01", "2022-03-01"),
        ("source", "热线", "2022-01-01", "2022-03-01"),
    }
    places = gpd.read_file(city / "out" / "hotspots.gpkg", layer="places", ignore_geometry=True)
    assert places["change"].abs().max() < 0.02
    assert (places["change_city"] == 0).all()
    notes = pd.read_excel(city / "out/hotspots.xlsx", sheet_name="说明", header=None, engine="calamine").to_string()
    assert "2023-07-01 至 2023-12-31 没有或几乎没有问题记录" in notes
    assert "来源“热线”在 2022-01-01 至 2022-02-28 没有或几乎没有问题记录" in notes
