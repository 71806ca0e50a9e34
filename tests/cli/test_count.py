"""`jxgis count` as a user runs it: what it writes, a store that a month is added to, hostile text, and what it refuses."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd
import pyarrow.parquet as pq
import pytest
import shapely
from hostile_city import POISON
from messy_export import SOUTH, WEST, export

from jxgis.i18n import text
from jxgis.load import load_issues

if TYPE_CHECKING:
    from cli.conftest import Finished
    from postgis_server import Server

Run = Callable[..., "Finished"]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Two districts, the second called by an attack, and three months of issues."""
    shapes = [shapely.box(WEST + east, SOUTH, WEST + east + 1000, SOUTH + 2000) for east in (0, 1000)]
    gpd.GeoDataFrame({"name": ["西", POISON]}, geometry=shapes, crs=4549).to_file(tmp_path / "districts.gpkg")
    (tmp_path / "months").mkdir()
    for month in range(3):
        table = export(month, 300, ids=900)
        table.loc[:4, "处置部门"] = POISON
        table.to_csv(tmp_path / "months" / f"2024-0{month + 1}.csv", index=False)
    (tmp_path / "jxgis.toml").write_text(
        '[city]\nprofile = "jiaxing"\n[inputs.issues]\npath = "months/*.csv"\ncrs = "EPSG:4549"\n'
        '[inputs.districts]\npath = "districts.gpkg"\n',
        encoding="utf-8",
    )
    return tmp_path


def test_counts_are_of_the_issues_that_the_loader_keeps(project, jxgis: Run, run_json) -> None:
    done = jxgis("count", "--project", project, "--out", project / "out")
    assert done.code == 0, done.err
    loaded = load_issues(str(project / "months/*.csv"), city=_city(), crs="EPSG:4549")
    said = run_json(project / "out")
    account = [row for row in said["inputs"] if row["layer"] == "issues"]
    assert account == loaded.account()
    districts = gpd.read_file(project / "districts.gpkg")
    inside = gpd.sjoin(loaded.table, districts.set_crs(4549, allow_override=True), predicate="intersects")
    inside = inside[~inside.index.duplicated()]
    zones = gpd.read_file(project / "out" / "counts.gpkg", layer="zones")
    whole = zones[(zones["issue_class"] == "all")].set_index("zone")["count"]
    assert whole.to_dict() == inside["name"].value_counts().to_dict()
    cells = gpd.read_file(project / "out" / "counts.gpkg", layer="cells")
    every = cells[cells["issue_class"] == "all"]
    assert len(every) == 100
    assert every["count"].sum() == len(loaded.table) - said["outside_area"]
    months = pd.read_parquet(project / "out" / "months.parquet")
    by_month = loaded.table["time"].dt.strftime("%Y-%m").value_counts()
    assert months[months["issue_class"] == "all"].set_index("month")["count"].to_dict() == by_month.to_dict()
    for name, table in (("months", months), ("zones", zones.drop(columns="geometry"))):
        written = pd.read_csv(project / "out" / f"{name}.csv", encoding="utf-8-sig")
        pd.testing.assert_frame_equal(written, table, check_dtype=False)
    assert sum(pq.read_table(project / "out" / "zones.parquet")["issues"].to_pylist()) == len(loaded.table)
    rejects = pd.read_csv(project / "out" / "rejects" / "issues.csv")
    assert len(rejects) == len(loaded.rejects)
    assert POISON not in (project / "out" / "rejects" / "issues.csv").read_text(encoding="utf-8-sig")
    assert "计数" in done.out


def test_what_names_a_person_is_masked_and_what_looks_alike_stays_apart(project, jxgis: Run) -> None:
    month = project / "months" / "2024-01.csv"
    table = pd.read_csv(month, dtype="str")
    table["处置部门"] = ["城管 13800138000", "城管 13800138001", "住建"] * (len(table) // 3)
    table["小类"] = ["举报人：张三", "举报人：李四", "小广告"] * (len(table) // 3)
    table.to_csv(month, index=False)
    done = jxgis(
        "count", "--project", project, "--issues", month, "--store", project / "store", "--out", project / "out"
    )
    assert done.code == 0, done.err
    loaded = load_issues(month, city=_city(), crs="EPSG:4549").table
    found = pd.read_parquet(project / "out" / "zones.parquet")
    for name in ("department", "sub_type"):
        assert found.groupby(name)["issues"].sum().to_dict() == loaded[name].value_counts().to_dict()
    assert set(found["department"]) == {"城管 138********", "城管 138******** 2", "住建"}
    assert "张三" not in str(found["sub_type"].unique())
    keys = [name for name in found.columns if name != "issues"]
    assert not found.duplicated(keys).any()


def _city():
    from jxgis.city import load_city

    return load_city("jiaxing")


@pytest.mark.slow
def test_a_month_is_added_to_a_store(project, jxgis: Run) -> None:
    months = sorted((project / "months").iterdir())
    held = [month.read_bytes() for month in months]
    for month in months[1:]:
        month.unlink()
    for at, month in enumerate(months):
        month.write_bytes(held[at])
        done = jxgis(
            "count", "--project", project, "--store", project / "store", "--issues", month, "--out", project / "o"
        )
        assert done.code == 0, done.err
        month.unlink()
    for at, month in enumerate(months):
        month.write_bytes(held[at])
    assert jxgis("count", "--project", project, "--out", project / "whole").code == 0
    for name in ("cells.parquet", "zones.parquet", "counts.gpkg"):
        assert (project / "o" / name).read_bytes() == (project / "whole" / name).read_bytes()


@pytest.mark.slow
def test_a_store_s_counts_are_verified_by_its_files(project, jxgis: Run) -> None:
    months = sorted((project / "months").iterdir())
    for month in months:
        asked = ["--store", project / "store", "--issues", month]
        assert jxgis("count", "--project", project, *asked, "--out", project / "out").code == 0
    checking = ["verify", project / "out", "--project", project]
    done = jxgis(*checking)
    assert done.code == 0, done.out + done.err
    assert "全部一致" in done.out
    table = (project / "out" / "zones.csv").read_text(encoding="utf-8-sig").splitlines()
    table[1] = table[1].replace(",", ",9", 3)
    (project / "out" / "zones.csv").write_text("\n".join([*table, ""]), encoding="utf-8-sig")
    done = jxgis(*checking)
    assert done.code == 2
    assert "zones.csv" in done.out
    months[0].unlink()
    done = jxgis(*checking)
    assert done.code == 2
    assert months[0].name in done.out


def test_what_is_said_of_a_new_month_is_what_its_loader_says(project, jxgis: Run) -> None:
    months = sorted((project / "months").iterdir())
    asked = ["count", "--project", project, "--store", project / "store", "--out", project / "out", "--issues"]
    assert jxgis(*asked, months[0]).code == 0
    done = jxgis(*asked, project / "months" / "*.csv")
    for month in months:
        notes = load_issues(month, city=_city(), crs="EPSG:4549").notes
        (left_out,) = [note.zh for note in notes if note.zh.startswith("按状态不计")]
        assert (f"{month.name}：{left_out}" in done.err) is (month != months[0])
    assert f"计数库里已有，没有再算：{months[0].name}。" in done.err
    assert done.err.count("工作坐标系") == 1
    whole = load_issues(str(project / "months/*.csv"), city=_city(), crs="EPSG:4549")
    of_none = whole.table[whole.table["issue_class"] == "未归类"]
    share = f"{100 * len(of_none) / len(whole.table):.1f}"
    assert f"{len(of_none)} 件未归类（占 {share} %），涉及 {of_none['sub_type'].nunique()} 个小类" in done.err
    assert f"问题：{len(whole.rejects)} 行有问题" in done.err
    for reason, count in whole.rejects["reason"].value_counts().items():
        assert f"{text(f'reasons.{reason}', 'zh')} {count} 行" in done.err


def test_a_file_of_something_else_is_named(project, jxgis: Run) -> None:
    done = jxgis("count", "--project", project, "--issues", project / "districts.gpkg", "--out", project / "out")
    assert done.code == 0
    assert "全部退回" in done.err
    assert "districts.gpkg。" in done.err


def test_counts_go_into_a_database_too(project, jxgis: Run, postgis: Server) -> None:
    asked = ["count", "--project", project, "--out", project / "out", "--set", f"output.database={postgis.address()}"]
    for _ in range(2):
        done = jxgis(*asked)
        assert done.code == 0, done.err
    assert "已写入数据库" in done.err
    file = project / "out" / "counts.gpkg"
    for layer, keys in (("zones", "zone, issue_class, count, per_km2"), ("cells", "cell_id, issue_class, count")):
        there = postgis.execute(f"SELECT {keys}, ST_AsBinary(geom) FROM jxgis.counts_{layer} ORDER BY fid")  # noqa: S608  # the test's own words
        held = gpd.read_file(file, layer=layer)
        want = [*held[keys.split(", ")].itertuples(index=False, name=None)]
        assert [row[:-1] for row in there] == want
        assert [bytes(row[-1]) for row in there] == [*held.geometry.to_wkb()]


def test_a_file_that_cannot_be_counted_is_named_and_the_others_are(project, jxgis: Run, run_json) -> None:
    (project / "months" / "2024-04.csv").write_text("x,y\n1,2\n", encoding="utf-8")
    done = jxgis("count", "--project", project, "--out", project / "out")
    assert done.code == 0
    assert "2024-04.csv 没有计入任何数字" in done.err
    assert [entry["part"] for entry in run_json(project / "out")["refused"]] == ["2024-04.csv"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--issues", "no.csv"], "文件不存在"),
        (["--issues", "months"], "months 是文件夹；要读其中的各个文件，请写成 "),
        (["--issues", "postgresql://gis@db/city"], "从数据库读取须且只须写明 table"),
        (["--store", "jxgis.toml"], "不是计数库"),
        (["--store", "postgresql://gis:word@db/city"], "要写文件夹"),
        (["--out", "PostgreSQL://gis:word@db/city"], "要写文件夹"),
        (["--set", "inputs.issues.status=['无此状态']"], "无此状态"),
        (["--workers", "none"], "--workers"),
        (["--workers", "0", "--scheduler", "local"], "至少要有 1 个"),
        (["--workers=-1"], "至少要有 1 个"),
    ],
)
def test_what_cannot_be_used_is_said_and_nothing_is_written(project, jxgis: Run, monkeypatch, options, said) -> None:
    monkeypatch.chdir(project)
    done = jxgis("count", "--project", project, "--out", project / "out", *options)
    assert done.code == 2
    assert said in done.err
    assert ":word" not in done.err
    assert not (project / "out").exists()
    assert not [entry for entry in project.iterdir() if "postgres" in entry.name.lower()]


def test_without_a_project_it_is_said_what_is_missing(project, jxgis: Run) -> None:
    done = jxgis("count", "--issues", project / "months" / "2024-01.csv", "--out", project / "out")
    assert done.code == 2
    assert "--project" in done.err or "[inputs.districts]" in done.err


@pytest.mark.slow
def test_a_folder_of_projects_gives_a_result_each_and_one_table_over_all(project, jxgis: Run, run_json) -> None:
    for name in ("嘉兴", "another", "broken"):
        shutil.copytree(project / "months", project / "cities" / name / "months")
        for file in ("districts.gpkg", "jxgis.toml"):
            shutil.copy(project / file, project / "cities" / name / file)
    for month in list((project / "cities" / "another" / "months").iterdir())[1:]:
        month.unlink()
    (project / "cities" / "broken" / "districts.gpkg").write_bytes(b"no layer")
    done = jxgis("count", "--projects", project / "cities", "--store", project / "stores", "--out", project / "out")
    assert done.code == 0, done.err
    assert "broken 没有计入任何数字" in done.err
    table = pd.read_parquet(project / "out" / "cities.parquet")
    for name in ("嘉兴", "another"):
        alone = jxgis("count", "--project", project / "cities" / name, "--out", project / "alone")
        assert alone.code == 0
        for file in ("counts.gpkg", "zones.parquet"):
            assert (project / "alone" / file).read_bytes() == (project / "out" / name / file).read_bytes()
        own = pd.read_parquet(project / "alone" / "zones.parquet")
        assert table[table["project"] == name].drop(columns="project").reset_index(drop=True).equals(own)
    assert set(table["project"]) == {"嘉兴", "another"}
    said = run_json(project / "out")
    assert said["projects"] == ["another", "嘉兴"]
    assert [entry["part"] for entry in said["refused"]] == ["broken"]
    again = jxgis("count", "--projects", project / "cities", "--store", project / "stores", "--out", project / "out")
    assert again.code == 0, again.err


def test_projects_that_are_none_are_refused(project, jxgis: Run) -> None:
    none = jxgis("count", "--projects", project / "months", "--out", project / "out")
    assert (none.code, "里没有项目" in none.err) == (2, True)
    both = jxgis("count", "--projects", project, "--project", project, "--out", project / "out")
    assert (both.code, "--project" in both.err) == (2, True)
    assert not (project / "out").exists()
