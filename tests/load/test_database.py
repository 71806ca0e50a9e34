"""Layers out of a PostGIS database: the same rows as out of a file, nothing written, no password said."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import psycopg
import pyproj
import pytest
import shapely
from postgis_server import IN_ADDRESS, PASSWORD, Server
from small_city import EAST, NORTH, write_city

from jxgis import _postgis
from jxgis.errors import CrsError, InputError, JxgisError, MissingPackageError
from jxgis.load import Loaded, _database, _served, load_layer

METRIC = 4549


def square(east: float = 0.0, north: float = 0.0, side: float = 1000.0) -> shapely.Polygon:
    return shapely.box(EAST + east, NORTH + north, EAST + east + side, NORTH + north + side)


def parks(crs: Any = METRIC) -> gpd.GeoDataFrame:
    names = ["南湖公园", "梅湾“公园”", "O'Neil \\. 园", "月河"]
    shapes = [square(2000.0 * at) for at in range(len(names))]
    return gpd.GeoDataFrame({"id": [4, 2, 3, 1], "name": names}, geometry=shapes, crs=METRIC).to_crs(crs)


def load(layer: str, server: Server, address: str | None = None, **options: Any) -> Loaded:
    return load_layer(layer, server.address() if address is None else address, metric_crs=METRIC, **options)


def refusal(ask: Callable[[], object], kind: type[JxgisError] = InputError) -> str:
    """What is said, in both languages, of something that is refused; the password never."""
    with pytest.raises(kind) as caught:
        ask()
    whole = "".join(traceback.format_exception(caught.value))
    assert PASSWORD not in whole
    assert IN_ADDRESS not in whole
    assert "127.0.0.1" not in whole
    zh, en = caught.value.message
    assert zh != en
    return f"{zh}\n{en}"


class TestPlaces:
    """Where rows are: by the SRID that the database declares."""

    @pytest.mark.parametrize("srid", [4326, 4490, 4549, 3857, 32651])
    def test_a_declared_system_is_honoured(self, postgis: Server, srid: int) -> None:
        table = postgis.write("gis", "parks", parks(srid), key="id")
        there = load("parks", postgis, table=table).table.set_index("id").loc[[4, 2, 3, 1]]
        apart = shapely.hausdorff_distance(there.geometry.array, parks().geometry.array)
        assert apart.max() < 1e-3
        assert there["name"].tolist() == parks()["name"].tolist()

    def test_geography(self, postgis: Server) -> None:
        postgis.write("gis", "parks", parks(4326))
        postgis.execute("ALTER TABLE gis.parks ALTER geom TYPE geography(Geometry, 4326) USING geom::geography")
        there = load("parks", postgis, table="gis.parks").table
        assert shapely.hausdorff_distance(there.geometry.array, parks().geometry.array).max() < 1e-3

    def test_a_system_of_the_city_s_own_is_read_by_its_definition(self, postgis: Server) -> None:
        """Its numbers are those of EPSG:4549 less 500 km east."""
        local = (
            pyproj.CRS(METRIC)
            .to_wkt("WKT1_GDAL")
            .replace("500000", "0")
            .replace('AUTHORITY["EPSG","4549"]', 'AUTHORITY["JX","1"]')
        )
        insert = "INSERT INTO spatial_ref_sys (srid, auth_name, auth_srid, srtext) VALUES (990001, 'JX', 1, %s)"
        postgis.execute(insert, (local,))
        moved = parks().assign(geometry=parks().translate(-500_000))
        postgis.write("gis", "parks", moved.set_crs(METRIC, allow_override=True))
        postgis.execute(
            "ALTER TABLE gis.parks ALTER geom TYPE geometry(Geometry, 990001) USING ST_SetSRID(geom, 990001)"
        )
        try:
            there = load("parks", postgis, table="gis.parks").table
        finally:
            postgis.execute("DELETE FROM spatial_ref_sys WHERE srid = 990001")
        assert shapely.hausdorff_distance(there.geometry.array, parks().geometry.array).max() < 1e-3

    def test_a_system_that_names_files_is_not_opened(self, postgis: Server, tmp_path: Path) -> None:
        wkt = f'PROJCS["x",EXTENSION["PROJ4","+proj=utm +zone=51 +nadgrids={tmp_path}/pipe"]]'
        postgis.execute(
            "INSERT INTO spatial_ref_sys (srid, auth_name, auth_srid, srtext) VALUES (990002, 'X', 1, %s)", (wkt,)
        )
        postgis.write("gis", "parks", parks())
        postgis.execute(
            "ALTER TABLE gis.parks ALTER geom TYPE geometry(Geometry, 990002) USING ST_SetSRID(geom, 990002)"
        )
        try:
            assert "nadgrids" in refusal(lambda: load("parks", postgis, table="gis.parks"), CrsError)
        finally:
            postgis.execute("DELETE FROM spatial_ref_sys WHERE srid = 990002")

    @pytest.mark.parametrize("srid", [0, 990003])
    def test_without_a_known_system_one_has_to_be_declared(self, postgis: Server, srid: int) -> None:
        postgis.write("gis", "parks", parks())
        postgis.execute(f"ALTER TABLE gis.parks ALTER geom TYPE geometry USING ST_SetSRID(geom, {srid})")
        said = refusal(lambda: load("parks", postgis, table="gis.parks"), CrsError)
        assert f"SRID 为 {srid}" in said or f"SRID={srid}" in said
        assert "crs" in said
        there = load("parks", postgis, table="gis.parks", crs=METRIC).table
        assert shapely.equals_exact(there.geometry.array, parks().geometry.array).all()

    @pytest.mark.parametrize("others", [[4490], [0]])
    def test_several_systems_in_one_column_are_refused(self, postgis: Server, others: list[int]) -> None:
        postgis.write("gis", "parks", parks())
        postgis.execute("ALTER TABLE gis.parks ALTER geom TYPE geometry")
        postgis.execute("UPDATE gis.parks SET geom = ST_SetSRID(geom, %s) WHERE id = 1", others)
        said = refusal(lambda: load("parks", postgis, table="gis.parks"), CrsError)
        assert f"{others[0]}、4549" in said or f"4549、{others[0]}" in said

    def test_true_arcs_become_chords(self, postgis: Server) -> None:
        postgis.write("gis", "parks", parks())
        circle = f"CURVEPOLYGON(CIRCULARSTRING({EAST} {NORTH}, {EAST + 200} {NORTH}, {EAST} {NORTH}))"
        postgis.execute("UPDATE gis.parks SET geom = ST_GeomFromText(%s, 4549) WHERE id = 1", (circle,))
        there = load("parks", postgis, table="gis.parks").table.set_index("id")
        assert there.geometry[1].area == pytest.approx(np.pi * 100**2, rel=1e-3)

    def test_which_of_two_geometries(self, postgis: Server) -> None:
        postgis.write("gis", "parks", parks())
        postgis.execute("ALTER TABLE gis.parks ADD entrance geometry(Point, 4549)")
        said = refusal(lambda: load("parks", postgis, table="gis.parks"))
        assert "geom、entrance" in said
        assert "columns = { geometry" in said
        loaded = load("parks", postgis, table="gis.parks", columns={"geometry": "geom"})
        assert "entrance" not in loaded.table
        assert any("entrance" in note.zh for note in loaded.notes)
        assert "geom" in refusal(lambda: load("parks", postgis, table="gis.parks", columns={"geometry": "geo"}))

    def test_what_is_no_shape_is_rejected_with_its_row(self, postgis: Server) -> None:
        postgis.write("gis", "parks", parks(), key="id")
        postgis.execute("UPDATE gis.parks SET geom = NULL WHERE id = 1")
        postgis.execute("UPDATE gis.parks SET geom = 'SRID=4549;TRIANGLE((0 0,0 1,1 1,0 0))' WHERE id = 2")
        loaded = load("parks", postgis, table="gis.parks")
        assert loaded.rejects["row"].tolist() == [1, 2]
        (source,) = loaded.sources
        assert (source.rows_in, source.rows_kept, source.rows_rejected) == (4, 2, 2)


class TestValues:
    """What stands in the columns."""

    def test_points_in_two_columns_are_read_as_those_of_a_file(self, postgis: Server, tmp_path: Path) -> None:
        file = write_city(tmp_path) / "issues.csv"
        raw = pd.read_csv(file, dtype=str, encoding="gb18030")
        raw.loc[5, "X坐标"], raw.loc[7, "上报时间"], raw.loc[9, "任务号"] = "0", "昨天", "T00008"
        raw.to_csv(tmp_path / "issues.csv", index=False)
        table = postgis.write("gis", "issues", raw.reset_index(), key="index")
        of_file = load_layer("issues", tmp_path / "issues.csv", crs=4490, metric_crs=METRIC)
        of_base = load("issues", postgis, table=table, crs=4490)
        pd.testing.assert_frame_equal(of_base.table, of_file.table)
        assert len(of_file.rejects) == 3
        pd.testing.assert_frame_equal(of_base.rejects.drop(columns="source"), of_file.rejects.drop(columns="source"))
        assert {*of_base.rejects["source"]} == {"gis.issues"}

    def test_times_are_local_whatever_the_server_s_settings(self, postgis: Server) -> None:
        postgis.execute("ALTER ROLE owner SET timezone = 'America/New_York'")
        postgis.execute("ALTER ROLE owner SET datestyle = 'German'")
        postgis.write("gis", "issues", pd.DataFrame({"id": ["a", "b", "c", "d"], "lon": 120.75, "lat": 30.75}))
        postgis.execute("ALTER TABLE gis.issues ADD 上报时间 timestamptz")
        times = {
            "a": "2023-05-01 00:30:00+00",
            "b": "2023-05-01 08:30:00+08",
            "c": "2023-04-30 20:30:00.25-04",
            "d": "infinity",
        }
        for key, time in times.items():
            postgis.execute("UPDATE gis.issues SET 上报时间 = %s WHERE id = %s", (time, key))
        try:
            loaded = load("issues", postgis, table="gis.issues", crs=4490, columns={"issue_id": "id"})
            postgis.execute("ALTER TABLE gis.issues ALTER 上报时间 TYPE timestamp USING 上报时间 AT TIME ZONE 'UTC'")
            plain = load("issues", postgis, table="gis.issues", crs=4490, columns={"issue_id": "id"})
        finally:
            postgis.execute("ALTER ROLE owner RESET ALL")
        by_id = loaded.table.set_index("issue_id")["time"].dt.strftime("%d %H:%M:%S.%f").to_dict()
        assert by_id == {
            "a": "01 08:30:00.000000",
            "b": "01 08:30:00.000000",
            "c": "01 08:30:00.250000",
        }
        assert loaded.rejects[["value", "reason"]].to_numpy().tolist() == [["infinity", "bad_time"]]
        assert plain.table["time"].dt.hour.tolist() == [0, 0, 0]  # a time without a zone is local

    def test_each_type_without_loss(self, postgis: Server) -> None:
        postgis.write("gis", "parks", parks())
        postgis.execute(
            "ALTER TABLE gis.parks ADD code bigint, ADD small int, ADD share numeric, ADD day date, ADD tags text[], ADD more json, "
            "ADD photo bytea, ADD real real, ADD open boolean"
        )
        postgis.execute(
            "UPDATE gis.parks SET code = 330402007000000001, small = 7, share = 12345678901234567890.10, day = '2024-02-29', "
            "tags = '{a,\"b c\"}', more = '{\"k\": 1}', photo = '\\xff', real = 1.1, open = true WHERE id = 1"
        )
        loaded = load("parks", postgis, table="gis.parks")
        row = loaded.table.set_index("id").loc[1]
        assert row["code"] == "330402007000000001"  # beside rows without one, a real would round it
        assert row["small"] == 7
        assert row["share"] == "12345678901234567890.10"
        assert (row["day"], row["tags"], row["more"], row["open"]) == ("2024-02-29", '{a,"b c"}', '{"k": 1}', "true")
        assert row["real"] == 1.1
        assert "photo" not in loaded.table
        assert any("photo" in note.en for note in loaded.notes)

    def test_of_issues_only_what_is_used_is_read(self, postgis: Server) -> None:
        table = gpd.GeoDataFrame(
            {"id": ["a", "b"], "time": "2023-05-01", "联系人": ["王小五", "李四"]},
            geometry=gpd.points_from_xy([EAST, EAST], [NORTH, NORTH]), crs=METRIC,
        )  # fmt: skip
        postgis.write("gis", "issues", table, key="id")
        ask: dict[str, Any] = {"table": "gis.issues", "columns": {"issue_id": "id"}}
        before = load("issues", postgis, **ask)
        postgis.execute("UPDATE gis.issues SET 联系人 = 'x'")
        after = load("issues", postgis, **ask)
        assert "联系人" not in before.table
        assert any("联系人" in note.zh for note in before.notes)
        assert before.sources == after.sources  # what was not read is not in the fingerprint
        kept = load("issues", postgis, **ask, keep=["联系人"])
        assert kept.table["联系人"].tolist() == ["x", "x"]

    def test_rows_that_hold_nothing_are_told_from_those_that_lack_what_is_used(self, postgis: Server) -> None:
        rows = pd.DataFrame({"问题编号": ["a", None, None], "lon": [120.75, None, None], "lat": [30.75, None, None],
                             "上报时间": ["2023-05-01", None, None], "备注": ["x", "y", None]})  # fmt: skip
        postgis.write("gis", "issues", rows)
        loaded = load("issues", postgis, table="gis.issues", crs=4490)
        assert loaded.rejects.set_index("row")["reason"].to_dict()[3] == "empty_row"
        assert loaded.rejects.set_index("row")["reason"].to_dict()[2] != "empty_row"


class TestAccount:
    """The source's name, its rows' numbers, its fingerprint."""

    def test_rows_come_in_the_order_of_the_key(self, postgis: Server) -> None:
        postgis.write("gis", "parks", parks(), key="id")
        postgis.execute("UPDATE gis.parks SET name = name || '!' WHERE id = 1")  # moves it to the end of the table
        loaded = load("parks", postgis, table="gis.parks")
        assert loaded.table["id"].tolist() == [1, 2, 3, 4]
        assert loaded.row is not None
        assert loaded.row.tolist() == [1, 2, 3, 4]
        assert loaded.sources[0].name == "gis.parks"
        assert not any("主键" in note.zh for note in loaded.notes)

    def test_without_a_key_the_order_is_said_to_be_the_server_s(self, postgis: Server) -> None:
        postgis.write("gis", "parks", parks())
        assert any("主键" in note.zh for note in load("parks", postgis, table="gis.parks").notes)
        query = "SELECT * FROM gis.parks"
        assert any("主键" in note.zh for note in load("parks", postgis, query=query).notes)
        ordered = load("parks", postgis, query=f"{query} ORDER BY name DESC")
        assert not any("主键" in note.zh for note in ordered.notes)
        assert ordered.table["id"].tolist() == [2, 1, 4, 3]

    def test_the_fingerprint_is_of_the_content_alone(self, postgis: Server, monkeypatch: pytest.MonkeyPatch) -> None:
        postgis.write("gis", "parks", parks(), key="id")
        (first,) = load("parks", postgis, table="gis.parks").sources
        rows = postgis.execute("SELECT ST_AsHEXEWKB(geom), id::text, name FROM gis.parks ORDER BY id")
        whole = '[["geom", "geometry"], ["id", "int8"], ["name", "text"]]'
        whole += "".join("," + json.dumps(row, ensure_ascii=False, separators=(",", ":")) for row in rows)
        assert first.sha256 == hashlib.sha256(whole.encode()).hexdigest()
        monkeypatch.setattr(_served, "_BATCH", 3)
        postgis.execute("UPDATE gis.parks SET name = name")
        postgis.execute("VACUUM FULL gis.parks")
        assert load("parks", postgis, table="gis.parks").sources == (first,)
        postgis.execute("UPDATE gis.parks SET name = name || '2' WHERE id = 3")
        (changed,) = load("parks", postgis, table="gis.parks").sources
        assert changed.sha256 != first.sha256
        postgis.execute(
            "UPDATE gis.parks SET name = replace(name, '2', ''), geom = ST_Translate(geom, 0, 1e-6) WHERE id = 3"
        )
        (moved,) = load("parks", postgis, table="gis.parks").sources
        assert moved.sha256 not in (first.sha256, changed.sha256)

    def test_rows_that_a_policy_hides_are_not_passed_over_in_silence(self, postgis: Server) -> None:
        postgis.write("gis", "parks", parks())
        postgis.role("planner", "USAGE ON SCHEMA gis", "SELECT ON gis.parks")
        postgis.execute("ALTER TABLE gis.parks ENABLE ROW LEVEL SECURITY")
        postgis.execute("CREATE POLICY few ON gis.parks USING (id < 3)")
        loaded = load("parks", postgis, postgis.address(user="planner"), table="gis.parks")
        assert len(loaded.table) == 2
        assert any("行级安全" in note.zh for note in loaded.notes)
        assert not any("行级安全" in note.zh for note in load("parks", postgis, table="gis.parks").notes)

    def test_more_than_the_memory_holds_is_refused(self, postgis: Server, monkeypatch: pytest.MonkeyPatch) -> None:
        postgis.write("gis", "parks", parks())
        monkeypatch.setattr(_database, "MOST_UNPACKED", 100_000)
        said = refusal(
            lambda: load("parks", postgis, query="SELECT g.*, p.* FROM gis.parks p, generate_series(1, 3000) g")
        )
        assert "GB" in said


class TestNames:
    """Names of tables and columns are names, whatever stands in them."""

    @pytest.mark.parametrize("name", ['x"; DROP TABLE gis.parks; --', "%s {} %(a)s", "公园.2024", "Parks", "a'b"])
    def test_a_table_may_be_called_anything(self, postgis: Server, name: str) -> None:
        postgis.write("gis", "parks", parks())
        postgis.write("gis", name, parks().rename(columns={"id": f'{name}"'}), key=f'{name}"')
        assert len(load("parks", postgis, table=f"gis.{name}").table) == 4
        assert len(load("parks", postgis, table=f'"gis"."{name}"').table) == 4
        assert len(postgis.execute("SELECT * FROM gis.parks")) == 4

    @pytest.mark.parametrize(
        "name",
        [
            "gis.parks; DROP TABLE gis.parks",
            "gis.parks WHERE id = 1",
            'gis"."parks',
            "gis.parks AS p, gis.parks",
            "(SELECT 1)",
        ],
    )
    def test_what_is_no_name_is_no_table(self, postgis: Server, name: str) -> None:
        postgis.write("gis", "parks", parks())
        refusal(lambda: load("parks", postgis, table=name))
        assert len(postgis.execute("SELECT * FROM gis.parks")) == 4

    def test_the_nearest_name_is_suggested(self, postgis: Server) -> None:
        postgis.write("gis", "parks", parks())
        assert "是否为 gis.parks" in refusal(lambda: load("parks", postgis, table="gis.park"))
        assert "是否为 gis.parks" in refusal(lambda: load("parks", postgis, table="gis.PARKS"))

    def test_a_name_that_two_tables_have_is_refused(self, postgis: Server) -> None:
        postgis.write("a.b", "c", parks())
        postgis.write("a", "b.c", parks())
        assert '"a"."b.c"' in refusal(lambda: load("parks", postgis, table="a.b.c"))
        assert len(load("parks", postgis, table='"a"."b.c"').table) == 4

    def test_views(self, postgis: Server) -> None:
        postgis.write("gis", "parks", parks())
        postgis.execute("CREATE VIEW gis.some AS SELECT * FROM gis.parks WHERE id < 3")
        postgis.execute("CREATE MATERIALIZED VIEW gis.all AS SELECT * FROM gis.parks")
        assert [len(load("parks", postgis, table=f"gis.{name}").table) for name in ("some", "all")] == [2, 4]


class TestQueries:
    """A query is one SELECT, and changes nothing."""

    @pytest.mark.parametrize(
        "query",
        [
            "SELECT * FROM gis.parks WHERE id < 3",
            "SELECT * FROM gis.parks WHERE id < 3;",
            "  select p.* from gis.parks p where name not like '%月%' and name <> '{0} %s' and id < 3 -- only two",
            "WITH a AS (SELECT * FROM gis.parks) SELECT * FROM a WHERE id < 3",
            "SELECT * FROM gis.parks WHERE id = 2 UNION ALL SELECT * FROM gis.parks WHERE id = 1",
        ],
    )
    def test_a_select_is_read(self, postgis: Server, query: str) -> None:
        postgis.write("gis", "parks", parks())
        loaded = load("parks", postgis, query=query)
        assert {*loaded.table["id"]} <= {1, 2}
        assert loaded.sources[0].name == "(query)"

    @pytest.mark.parametrize(
        "query",
        [
            "DELETE FROM gis.parks",
            "DELETE FROM gis.parks RETURNING *",
            "WITH gone AS (DELETE FROM gis.parks RETURNING *) SELECT * FROM gone",
            "SELECT * FROM gis.parks; DELETE FROM gis.parks",
            "SELECT * FROM gis.parks) AS q; COMMIT; DELETE FROM gis.parks; SELECT * FROM (SELECT 1",
            "SELECT gis.emptied(), p.* FROM gis.parks p",
            "SELECT set_config('transaction_read_only', 'off', false), gis.emptied(), p.* FROM gis.parks p",
            "SELECT * INTO gis.copy FROM gis.parks",
            "SELECT * FROM gis.parks FOR UPDATE",
            "COPY gis.parks TO STDOUT",
            "SET default_transaction_read_only = off",
            "COMMIT",
            "",
            ";",
            "SELECT 1, 2 FROM gis.nothing",
            "SELECT *, $1 AS x FROM gis.parks",
        ],
    )
    def test_anything_else_is_refused_and_changes_nothing(self, postgis: Server, query: str) -> None:
        postgis.write("gis", "parks", parks())
        postgis.execute(
            "CREATE FUNCTION gis.emptied() RETURNS int LANGUAGE sql VOLATILE AS 'DELETE FROM gis.parks; SELECT 1'"
        )
        assert "中断" not in refusal(lambda: load("parks", postgis, query=query))
        assert len(postgis.execute("SELECT * FROM gis.parks")) == 4
        assert postgis.execute("SELECT to_regclass('gis.copy')") == [(None,)]

    def test_columns_of_one_name_are_refused(self, postgis: Server) -> None:
        postgis.write("gis", "parks", parks())
        assert "id" in refusal(lambda: load("parks", postgis, query="SELECT p.*, 1 AS id FROM gis.parks p"))

    def test_a_value_in_the_server_s_words_is_masked(self, postgis: Server) -> None:
        said = refusal(lambda: load("parks", postgis, query="SELECT CAST('电话13812345678' AS int) AS id"))
        assert "13812345678" not in said


class TestRefusals:
    """What can go wrong is said in one message, with what to do."""

    def test_what_is_asked_for(self, postgis: Server, tmp_path: Path) -> None:
        assert "table" in refusal(lambda: load("parks", postgis))
        assert "table" in refusal(lambda: load("parks", postgis, table="gis.parks", query="SELECT 1"))
        assert "table" in refusal(lambda: load("parks", postgis, table="", query=" "))
        assert "layer" in refusal(lambda: load_layer("parks", postgis.address(), table="gis.parks", layer="x"))
        assert "layer" in refusal(lambda: load("parks", postgis, f"{postgis.address()}|layername=x", table="gis.parks"))
        parks().to_file(tmp_path / "parks.gpkg")
        assert "postgresql" in refusal(lambda: load_layer("parks", tmp_path / "parks.gpkg", table="gis.parks"))

    def test_no_server(self, postgis: Server) -> None:
        address = f"postgresql://owner@127.0.0.1:{postgis.port + 1 if postgis.port < 60000 else 1}/city"
        assert "连接不上" in refusal(lambda: load("parks", postgis, address, table="gis.parks"))
        assert "连接不上" in refusal(
            lambda: load("parks", postgis, "postgresql://owner@nowhere.invalid/city", table="gis.parks")
        )

    def test_no_database(self, postgis: Server) -> None:
        said = refusal(lambda: load("parks", postgis, postgis.address("citi"), table="gis.parks"))
        assert "是否为 city？" in said
        assert "did you mean city?" in said

    def test_a_server_that_speaks_chinese(self) -> None:
        said = psycopg.OperationalError('连接失败: 致命错误:  数据库 "citi" 不存在')
        assert (
            "没有数据库“citi”" in _postgis._not_reached("postgresql://a@127.0.0.1:1/citi", said, "127.0.0.1:1/citi").zh
        )
        said = psycopg.OperationalError('致命错误:  角色"a"不存在')
        assert "拒绝了连接" in _postgis._not_reached("postgresql://a@127.0.0.1:1/citi", said, "127.0.0.1:1/citi").zh

    def test_wrong_password(self, postgis: Server, monkeypatch: pytest.MonkeyPatch) -> None:
        address = postgis.address().replace("@", ":wr0ng-word@")
        said = refusal(lambda: load("parks", postgis, address, table="gis.parks"))
        assert "wr0ng" not in said
        assert "PGPASSWORD" in said
        monkeypatch.setenv("PGPASSWORD", "another")
        assert "~/.pgpass" in refusal(lambda: load("parks", postgis, table="gis.parks"))
        monkeypatch.delenv("PGPASSWORD")
        monkeypatch.setenv("PGPASSFILE", "/nowhere")
        assert "需要密码" in refusal(lambda: load("parks", postgis, table="gis.parks"))
        unknown = postgis.address(user="nobody_of_this_name")
        assert "用户" in refusal(lambda: load("parks", postgis, unknown, table="gis.parks"))

    def test_no_permission(self, postgis: Server) -> None:
        postgis.write("gis", "parks", parks())
        postgis.role("planner", "USAGE ON SCHEMA gis")
        address = postgis.address(user="planner")
        assert "权限" in refusal(lambda: load("parks", postgis, address, table="gis.parks"))
        postgis.execute("GRANT SELECT ON gis.parks TO planner")
        assert len(load("parks", postgis, address, table="gis.parks").table) == 4

    def test_no_rows(self, postgis: Server) -> None:
        postgis.write("gis", "parks", parks().iloc[:0])
        assert "gis.parks 只有表头" in refusal(lambda: load("parks", postgis, table="gis.parks"))
        postgis.execute("CREATE TABLE gis.bare ()")
        assert "gis.bare" in refusal(lambda: load("parks", postgis, table="gis.bare"))

    def test_no_geometry(self, postgis: Server) -> None:
        postgis.write("gis", "parks", pd.DataFrame({"name": ["a"]}))
        assert "没有几何图形" in refusal(lambda: load("parks", postgis, table="gis.parks"))

    def test_a_server_that_stops_while_it_is_read(self, postgis: Server, monkeypatch: pytest.MonkeyPatch) -> None:
        postgis.write("gis", "parks", parks())
        monkeypatch.setattr(_served, "_BATCH", 1)
        taken = _database._Tally.take

        def stopping(tally: Any, rows: Any) -> Any:
            made = taken(tally, rows)
            if tally.rows == 2:
                postgis.stop()
            return made

        monkeypatch.setattr(_database._Tally, "take", stopping)
        try:
            said = refusal(lambda: load("parks", postgis, table="gis.parks"))
        finally:
            postgis.start()
        assert "连接中断" in said
        assert "is gone" in said

    def test_text_that_is_not_utf_8(self, postgis: Server) -> None:
        postgis.execute(
            "CREATE DATABASE old ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0",
            database="postgres",
        )
        try:
            postgis.execute("CREATE TABLE parks (name text, wkt text)", database="old")
            postgis.execute("INSERT INTO parks SELECT convert_from('\\xc4cfbafe', 'SQL_ASCII'), 'x'", database="old")
            assert "UTF-8" in refusal(lambda: load("parks", postgis, postgis.address("old"), table="parks"))
        finally:
            postgis.execute("DROP DATABASE old", database="postgres")

    def test_without_the_driver(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "psycopg", None)
        with pytest.raises(MissingPackageError, match=r"pip install 'jxgis\[postgis\]'"):
            load_layer("parks", "postgresql://a@b/c", table="gis.parks")


class TestPasswords:
    """A password is taken from wherever libpq finds it, and told to nobody."""

    def test_in_the_address(self, postgis: Server, monkeypatch: pytest.MonkeyPatch) -> None:
        postgis.write("gis", "parks", parks(), key="id")
        monkeypatch.delenv("PGPASSWORD")
        loaded = load("parks", postgis, postgis.address(password=IN_ADDRESS), table="gis.parks")
        assert any("PGPASSWORD" in note.zh for note in loaded.notes)
        whole = repr(loaded) + repr(loaded.sources) + "".join(map(str, loaded.notes))
        assert not any(word in whole for word in (PASSWORD, IN_ADDRESS, "127.0.0.1", str(postgis.port)))

    def test_in_a_file(self, postgis: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        postgis.write("gis", "parks", parks(), key="id")
        monkeypatch.delenv("PGPASSWORD")
        word = tmp_path / "pgpass"
        word.write_text(f"127.0.0.1:{postgis.port}:city:owner:{PASSWORD}\n", encoding="utf-8")
        word.chmod(0o600)
        monkeypatch.setenv("PGPASSFILE", str(word))
        assert load("parks", postgis, table="gis.parks").notes == ()
        service = tmp_path / "services"
        service.write_text(f"[city]\nhost=127.0.0.1\nport={postgis.port}\nuser=owner\ndbname=city\n", encoding="utf-8")
        monkeypatch.setenv("PGSERVICEFILE", str(service))
        assert len(load("parks", postgis, "postgresql://?service=city", table="gis.parks").table) == 4

    @pytest.mark.parametrize(
        "word", ["s3@cret", "s3/cret", "12/34", "s3?cret", "s3%cret", "s3 cret", "s3#cret:x", "s3[cret", "@", "1/@"]
    )
    def test_one_that_an_address_cannot_hold_is_not_said_either(self, word: str) -> None:
        address = f"postgresql://owner:{word}@127.0.0.1:1/city"
        with pytest.raises(InputError) as caught:
            load_layer("parks", address, table="gis.parks")
        said = "".join(traceback.format_exception(caught.value))
        assert not any(part in said for part in (word, "s3", "cret", "/34") if len(part) > 1)


def test_nothing_of_it_is_loaded_until_a_database_is_read() -> None:
    script = (
        "import sys, geopandas as gpd, shapely, jxgis\n"
        "import jxgis.run\n"
        "table = gpd.GeoDataFrame({'name': ['a']}, geometry=[shapely.box(0, 0, 100, 100)], crs=4549)\n"
        "jxgis.load_layer('parks', table) if hasattr(jxgis, 'load_layer') else jxgis.load.load_layer('parks', table)\n"
        "assert 'psycopg' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
