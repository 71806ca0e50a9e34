"""Commands on a PostGIS database, as a user runs them: what they read, what they write, and what they keep to themselves."""

from __future__ import annotations

import json
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
from postgis_server import IN_ADDRESS, PASSWORD, Server

from jxgis.run import run_part
from jxgis.settings import Settings, load_settings
from jxgis.verify.compared import compare_files

LAYERS = {
    "districts": "districts.geojson",
    "issues": "issues.csv",
    "parks": "parks.gpkg",
    "residential": "residential.gpkg",
}


@pytest.fixture
def in_database(postgis: Server, city: Path) -> Server:
    """The small city in a schema ``gis``, each table with a key."""
    for layer, file in LAYERS.items():
        if file.endswith(".csv"):
            table = pd.read_csv(city / file, dtype=str, encoding="gb18030")
        else:
            table = gpd.read_file(city / file)
        postgis.write("gis", layer, table.reset_index(names="key"), key="key")
    return postgis


def project(folder: Path, server: Server | None, *layers: str, address: str = "", more: str = "") -> Path:
    lines = ['[city]\nprofile = "jiaxing"\n']
    for layer in layers:
        where = (
            f'path = "city/{LAYERS[layer]}"'
            if server is None
            else f'path = "{address or server.address()}"\ntable = "gis.{layer}"'
        )
        lines.append(f"[inputs.{layer}]\n{where}\n" + ('crs = "EPSG:4490"\n' if layer == "issues" else ""))
    path = folder / ("files.toml" if server is None else "base.toml")
    path.write_text("".join(lines) + more, encoding="utf-8")
    return path


@pytest.mark.slow
def test_hot_spots_are_the_same_as_of_files(jxgis, in_database: Server, city: Path, tmp_path: Path, run_json) -> None:
    files = project(tmp_path, None, "districts", "issues")
    base = project(
        tmp_path, in_database, "districts", "issues", more=f'[output]\ndatabase = "{in_database.address()}"\n'
    )
    for name, settings in (("files", files), ("base", base)):
        ended = jxgis("hotspots", "--project", settings, "--out", tmp_path / name)
        assert ended.code == 0, ended.err
    assert "已写入数据库：模式 jxgis" in ended.err
    one = compare_files(tmp_path / "files" / "hotspots.gpkg", tmp_path / "base" / "hotspots.gpkg", "hotspots.gpkg")
    assert one.differing == 0
    assert one.numbers > 1000
    run = run_json(tmp_path / "base")
    assert [row["name"] for row in run["inputs"]] == ["gis.districts", "gis.issues"]
    assert run["settings"]["inputs"]["issues"]["path"] == "postgresql://…"
    assert "output" not in run["settings"]
    layers = gpd.list_layers(tmp_path / "base" / "hotspots.gpkg")["name"]
    for layer in set(layers) - {"layer_styles"}:
        there = in_database.execute(f"SELECT count(*) FROM jxgis.hotspots_{layer}")  # noqa: S608  # the result's own names
        assert there == [(len(gpd.read_file(tmp_path / "base" / "hotspots.gpkg", layer=layer)),)]

    in_database.execute("TRUNCATE jxgis.hotspots_cells")
    ended = jxgis("verify", tmp_path / "base", "--project", base)
    assert ended.code == 0, ended.out + ended.err
    assert "全部一致" in ended.out
    assert in_database.execute("SELECT count(*) FROM jxgis.hotspots_cells") == [(0,)]  # looking writes nothing
    in_database.execute("DELETE FROM gis.issues WHERE key = 7")
    ended = jxgis("verify", tmp_path / "base", "--project", base)
    assert ended.code == 2
    assert "run.json" in ended.out


def test_counts_are_the_same_as_of_files(jxgis, in_database: Server, city: Path, tmp_path: Path, run_json) -> None:
    store = tmp_path / "store"
    for name, server in (("files", None), ("base", in_database)):
        settings = project(tmp_path, server, "districts", "issues")
        more = () if server is None else ("--store", store)
        ended = jxgis("count", "--project", settings, "--out", tmp_path / name, *more)
        assert ended.code == 0, ended.err
    for table in ("zones.parquet", "cells.parquet", "months.parquet"):
        one, other = (pd.read_parquet(tmp_path / name / table) for name in ("files", "base"))
        pd.testing.assert_frame_equal(one, other)
        assert one.iloc[:, -1].sum() > 20
    run = run_json(tmp_path / "base")
    assert [row["name"] for row in run["inputs"]] == ["gis.districts", "gis.issues"]
    assert in_database.address() not in (tmp_path / "base" / "run.json").read_text(encoding="utf-8")
    in_database.execute("DELETE FROM gis.issues WHERE key = 7")
    ended = jxgis("count", "--project", settings, "--out", tmp_path / "base", "--store", store)
    assert ended.code == 2
    assert "gis.issues" in ended.err
    ended = jxgis("count", "--project", settings, "--out", tmp_path / "base", "--store", store, "--replace")
    assert ended.code == 0, ended.err


def test_by_options_of_the_command_line(jxgis, in_database: Server, tmp_path: Path) -> None:
    address = in_database.address()
    ended = jxgis(
        "parks", "--parks", address, "--by", address, "--set", "inputs.districts.table=gis.districts",
        "--residential", address, "--set", "inputs.parks.table=gis.parks",
        "--set", "inputs.residential.query=SELECT * FROM gis.residential WHERE name <> '丙' ORDER BY key",
        "--set", f"output.database={address}", "--set", "output.schema=绿地", "--out", tmp_path / "out",
    )  # fmt: skip
    assert ended.code == 0, ended.err
    assert in_database.execute("SELECT count(*) FROM 绿地.parks_parks")[0][0] == 2


@pytest.mark.slow
def test_a_password_in_the_settings_is_warned_about_and_gets_nowhere(
    jxgis, in_database: Server, tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.delenv("PGPASSWORD")
    address = in_database.address(password=IN_ADDRESS)
    base = project(
        tmp_path,
        in_database,
        "parks",
        "residential",
        "districts",
        address=address,
        more=f'[output]\ndatabase = "{address}"\n',
    )
    said = ""
    for arguments in (
        ("check", "parks", address, "--project", base, "--out", tmp_path / "checked"),
        ("parks", "--project", base, "--out", tmp_path / "parks"),
        ("verify", tmp_path / "parks", "--project", base),
        ("parks", "--project", base, "--set", "inputs.parks.table=gis.nothing", "--out", tmp_path / "none"),
        (
            "parks",
            "--project",
            base,
            "--set",
            f"inputs.parks.path={address.replace(IN_ADDRESS, 'wr0ng')}",
            "--out",
            tmp_path / "none",
        ),
        ("parks", "--project", base, "--set", f"output.database={address}x", "--out", tmp_path / "none"),
        ("parks", "--project", base, "--set", f"output.database=x{address}", "--out", tmp_path / "none"),
        ("parks", "--project", base, "--set", f"inputs.parks.crs={address}", "--out", tmp_path / "none"),
    ):
        ended = jxgis(*arguments)
        assert (ended.code == 0) == (arguments[-1] != tmp_path / "none"), ended.err
        assert ended.code in (0, 2)
        said += ended.out + ended.err
    assert "数据库地址里写有密码" in said
    for word in (PASSWORD, IN_ADDRESS, "wr0ng"):
        assert word not in said
        for path in (*(tmp_path / "checked").rglob("*"), *(tmp_path / "parks").rglob("*")):
            if path.is_file():
                assert word.encode() not in path.read_bytes(), path
    settings = load_settings(base)
    assert IN_ADDRESS not in repr(settings) + str(settings)
    said = in_database.execute("SELECT string_agg(obj_description(oid), ' ') FROM pg_class")[0][0]
    assert IN_ADDRESS not in said


def test_ground_that_cannot_be_read_is_said_without_its_address(
    jxgis, in_database: Server, tmp_path: Path, run_json
) -> None:
    base = project(tmp_path, in_database, "parks", "residential", "districts")
    text = base.read_text(encoding="utf-8")
    gone = in_database.address("nowhere", password=IN_ADDRESS)
    base.write_text(text + f'[inputs.waters]\npath = "{gone}"\ntable = "gis.waters"\n', encoding="utf-8")
    ended = jxgis("parks", "--project", base, "--out", tmp_path / "out")
    assert ended.code == 0, ended.err
    for path in (tmp_path / "out").rglob("*"):
        words = (IN_ADDRESS, PASSWORD, "127.0.0.1", in_database.address())
        assert not path.is_file() or not any(word.encode() in path.read_bytes() for word in words), path
    assert "waters" in json.dumps(run_json(tmp_path / "out"))


@pytest.mark.slow
def test_the_demo_s_hot_spots_out_of_a_database(postgis: Server, root: Path, tmp_path: Path) -> None:
    from jxgis.load.readers import read_tables

    settings = load_settings(root / "data")
    layers = ("districts", "subdistricts", "issues", "exposure", "streets", "waters", "places", "ring")
    given = {layer: getattr(settings.inputs, layer) for layer in layers}
    moved = {}
    for layer, own in given.items():
        if layer == "issues":
            table = pd.concat([part.frame for part in read_tables(own.path, expected=layer)], ignore_index=True)
        else:
            table = gpd.read_file(own.path)
        name = postgis.write("gis", layer, table.reset_index(names="key"), key="key")
        moved[layer] = own.model_copy(update={"path": postgis.address(), "table": name})

    def only(inputs: dict[str, object]) -> Settings:
        chosen: dict[str, object] = dict.fromkeys(type(settings.inputs).model_fields)
        chosen |= inputs
        return settings.model_copy(update={"inputs": settings.inputs.model_copy(update=chosen)})

    for name, inputs in (("files", given), ("base", moved)):
        run_part("hotspots", only(inputs), tmp_path / name, has_project=True, lang="zh")
    for file in ("hotspots.gpkg", "density/all.tif"):
        found = compare_files(tmp_path / "files" / file, tmp_path / "base" / file, file)
        assert found.differing == 0
        assert found.numbers > 50_000
