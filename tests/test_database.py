"""Results in a PostGIS schema: what the GeoPackages hold, all of it at once, and nothing of anybody else's touched."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import psycopg
import pytest
import shapely
from postgis_server import IN_ADDRESS, PASSWORD, Server

from jxgis import database, output
from jxgis.database import publishing
from jxgis.errors import OutputError
from jxgis.gpkg import stored_names, write_gpkg
from jxgis.settings import OutputSettings

CRS = 4549
COLUMNS = (
    "SELECT column_name, udt_name FROM information_schema.columns WHERE table_schema = 'jxgis' AND table_name = %s "
    "ORDER BY ordinal_position"
)


def cells(n: int = 4, **more: Any) -> gpd.GeoDataFrame:
    columns: dict[str, Any] = {"cell": [f"c{at}" for at in range(n)], "n": np.arange(n)} | more
    return gpd.GeoDataFrame(
        columns, geometry=[shapely.box(200 * at, 0, 200 * at + 200, 200) for at in range(n)], crs=CRS
    )


def publish(
    server: Server,
    folder: Path,
    layers: Mapping[str, pd.DataFrame],
    *,
    command: str = "hotspots",
    file: str = "a",
    then: Callable[[], object] = lambda: None,
    at_last: Callable[[], object] = lambda: None,
    **asked: Any,
) -> Path:
    """Write a result with one GeoPackage, and publish it; ``then`` before the folder is there, ``at_last`` after it."""
    settings = OutputSettings.model_validate({"database": server.address()} | asked)
    with publishing(settings) as into:
        with output.staged(folder / command, command=command) as stage:
            write_gpkg(stage.path(f"{file}.gpkg"), layers)
            output.write_run(stage, settings={}, crs=None, loaded=[])
            into(stage)
            then()
        at_last()
    return folder / command / f"{file}.gpkg"


def refused(server: Server, folder: Path, layers: Mapping[str, pd.DataFrame], **asked: Any) -> str:
    with pytest.raises(OutputError) as caught:
        publish(server, folder, layers, **asked)
    assert PASSWORD not in "".join(traceback.format_exception(caught.value))
    return "\n".join(caught.value.message)


def tables(server: Server, schema: str = "jxgis") -> list[str]:
    return [
        name
        for (name,) in server.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s ORDER BY 1", (schema,))
    ]


def test_tables_hold_what_the_geopackage_holds(postgis: Server, tmp_path: Path) -> None:
    hostile = ["a\tb\n\\.\\N", "", "O'Neil\"; DROP TABLE x; --", "{} %s 月河\r\n"]
    table = cells(
        share=[0.1, np.nan, 1e-300, -np.inf], label=hostile, missing=[None, "x", None, None], open=[True, False, True, False],
        at=pd.to_datetime(["2024-02-29 08:30:15.25", "", "1999-12-31 00:00:00.00", "2024-01-01 00:00:00.00"]), whole=[2**62, -1, 0, 3],
    )  # fmt: skip
    points = gpd.GeoDataFrame({"a": [1]}, geometry=gpd.points_from_xy([1 / 3], [2 / 3]), crs=4490)
    path = publish(
        postgis, tmp_path, {"cells": table, "points": points, "plain": pd.DataFrame({"b": [1.5]}), "none": cells(0)}
    )
    assert tables(postgis) == ["a_cells", "a_none", "a_plain", "a_points"]
    rows = postgis.execute(
        "SELECT fid, cell, n, share, label, missing, open, at, whole, ST_SRID(geom), ST_AsBinary(geom) FROM jxgis.a_cells ORDER BY fid"
    )
    file = gpd.read_file(path, layer="cells")
    assert [row[0] for row in rows] == [1, 2, 3, 4]
    assert [row[4] for row in rows] == hostile
    assert [row[5] for row in rows] == [None, "x", None, None]
    assert [row[3] for row in rows] == [0.1, None, 1e-300, -np.inf]
    assert [row[6] for row in rows] == [True, False, True, False]
    assert [None if row[7] is None else str(row[7]) for row in rows] == [
        "2024-02-29 08:30:15.250000",
        None,
        "1999-12-31 00:00:00",
        "2024-01-01 00:00:00",
    ]
    assert [row[8] for row in rows] == [2**62, -1, 0, 3]
    assert {row[9] for row in rows} == {CRS}
    assert [shapely.from_wkb(bytes(row[10])).wkb for row in rows] == [shape.wkb for shape in file.geometry]
    found = postgis.execute(
        "SELECT f_table_name, type, srid FROM geometry_columns WHERE f_table_schema = 'jxgis' ORDER BY 1"
    )
    assert found == [("a_cells", "MULTIPOLYGON", CRS), ("a_none", "GEOMETRY", CRS), ("a_points", "POINT", 4490)]
    ((point,),) = postgis.execute("SELECT ST_AsBinary(geom) FROM jxgis.a_points")
    assert shapely.from_wkb(bytes(point)).coords[0] == (1 / 3, 2 / 3)
    assert postgis.execute("SELECT count(*) FROM pg_indexes WHERE schemaname = 'jxgis' AND indexdef LIKE '%gist%'") == [
        (3,)
    ]


def test_columns_say_what_they_are_called(postgis: Server, tmp_path: Path) -> None:
    noticed = gpd.GeoDataFrame(
        {"what": ["a"], "reason": ["no_housing"], "count": [1]}, geometry=[shapely.box(0, 0, 1, 1)], crs=CRS
    )
    with publishing(OutputSettings(database=postgis.address())) as into:
        with output.staged(tmp_path / "out", command="parks") as stage:
            write_gpkg(stage.path("parks.gpkg"), {"noticed": noticed}, of="parks", lang="zh")
            output.write_run(stage, settings={}, crs=None, loaded=[])
            into(stage)
        assert tables(postgis) == []  # not before the block ends
    said = postgis.execute(
        "SELECT a.attname, col_description(a.attrelid, a.attnum) FROM pg_attribute a "
        "WHERE a.attrelid = 'jxgis.parks_noticed'::regclass AND a.attnum > 0"
    )
    titles = {name: title for name, title in said if title is not None}
    assert titles == {"what": "对象", "reason": "原因", "count": "数量"}
    ((mark,),) = postgis.execute("SELECT obj_description('jxgis.parks_noticed'::regclass)")
    assert mark.startswith("jxgis parks parks.gpkg noticed: ")
    assert postgis.execute("SELECT reason FROM jxgis.parks_noticed") == [("没有居住用地",)]


def test_a_reader_sees_all_the_old_or_all_the_new(postgis: Server, tmp_path: Path) -> None:
    publish(postgis, tmp_path, {"cells": cells(4), "more": cells(4)})
    count = "SELECT (SELECT count(*) FROM jxgis.a_cells), (SELECT count(*) FROM jxgis.a_more)"
    with psycopg.connect(postgis.address(), password=PASSWORD) as reader:
        reader.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        seen: list[Any] = []

        def look() -> None:
            seen.extend([*postgis.execute(count), reader.execute(count).fetchone()])

        publish(postgis, tmp_path, {"cells": cells(6), "more": cells(7)}, then=look, at_last=look)
        assert seen == [(4, 4)] * 4
        # Who began to read before it was there goes on with the old.
        assert reader.execute(count).fetchone() == (4, 4)
    assert postgis.execute(count) == [(6, 7)]
    publish(postgis, tmp_path, {"cells": cells(2, further=1), "more": cells(3, further=1)})
    assert postgis.execute(count) == [(2, 3)]


def test_whoever_may_read_still_may_and_views_hold(postgis: Server, tmp_path: Path) -> None:
    publish(postgis, tmp_path, {"cells": cells(4)})
    postgis.role("reader", "USAGE ON SCHEMA jxgis", "SELECT ON jxgis.a_cells")
    postgis.execute("CREATE SCHEMA theirs")
    postgis.execute("CREATE VIEW theirs.many AS SELECT count(*) FROM jxgis.a_cells")
    publish(postgis, tmp_path, {"cells": cells(9)})
    with psycopg.connect(postgis.address(user="reader"), password=PASSWORD) as connection:
        assert connection.execute("SELECT count(*) FROM jxgis.a_cells").fetchone() == (9,)
    assert postgis.execute("SELECT * FROM theirs.many") == [(9,)]
    # Of other columns the table has to go, and takes nobody's view with it.
    said = refused(postgis, tmp_path, {"cells": cells(2, further=1)})
    assert "有别人的视图建在上面（view theirs.many depends on table jxgis.a_cells）" in said
    assert postgis.execute("SELECT * FROM theirs.many") == [(9,)]
    postgis.execute("DROP SCHEMA theirs CASCADE")
    publish(postgis, tmp_path, {"cells": cells(2, further=1)})
    assert [name for name, _ in postgis.execute(COLUMNS, ("a_cells",))] == ["fid", "cell", "n", "further", "geom"]


@pytest.mark.parametrize("columns", [{}, {"further": 1}])
def test_a_table_that_is_renamed_is_kept(postgis: Server, tmp_path: Path, columns: dict[str, int]) -> None:
    publish(postgis, tmp_path, {"cells": cells(4)})
    postgis.execute("ALTER TABLE jxgis.a_cells RENAME TO a_cells_2024")
    publish(postgis, tmp_path, {"cells": cells(6, **columns)})
    publish(postgis, tmp_path, {"cells": cells(7, **columns)})
    assert tables(postgis) == ["a_cells", "a_cells_2024"]
    assert postgis.execute("SELECT count(*) FROM jxgis.a_cells_2024") == [(4,)]
    postgis.execute("ALTER TABLE jxgis.a_cells RENAME TO a_more")
    assert "a_more" in refused(postgis, tmp_path, {"more": cells()})


def test_rows_of_a_table_that_inherits_are_somebody_s(postgis: Server, tmp_path: Path) -> None:
    publish(postgis, tmp_path, {"cells": cells(4)})
    postgis.execute("CREATE TABLE jxgis.theirs () INHERITS (jxgis.a_cells)")
    postgis.execute("INSERT INTO jxgis.theirs (fid, cell) VALUES (99, 'x')")
    publish(postgis, tmp_path, {"cells": cells(2)})
    assert postgis.execute("SELECT cell FROM jxgis.theirs") == [("x",)]


def test_of_what_is_no_table_a_comment_says_nothing(postgis: Server, tmp_path: Path) -> None:
    publish(postgis, tmp_path, {"cells": cells(4)})
    postgis.execute("CREATE MATERIALIZED VIEW jxgis.a_more AS SELECT 1 AS x")
    postgis.execute("COMMENT ON MATERIALIZED VIEW jxgis.a_more IS 'jxgis hotspots a.gpkg more: x'")
    publish(postgis, tmp_path, {"cells": cells(5)})
    assert "a_more" in refused(postgis, tmp_path, {"more": cells()})


@pytest.mark.parametrize("kind", ["TABLE", "VIEW", "SEQUENCE"])
def test_what_jxgis_did_not_write_is_not_touched(postgis: Server, tmp_path: Path, kind: str) -> None:
    postgis.execute("CREATE SCHEMA jxgis")
    made = {
        "TABLE": "TABLE jxgis.a_cells (x int)",
        "VIEW": "VIEW jxgis.a_cells AS SELECT 1 AS x",
        "SEQUENCE": "SEQUENCE jxgis.a_cells",
    }
    postgis.execute(f"CREATE {made[kind]}")
    postgis.execute(f"COMMENT ON {kind} jxgis.a_cells IS 'of jxgis, by hand'")
    said = refused(postgis, tmp_path, {"more": cells(), "cells": cells()})
    assert "a_cells" in said
    assert "没有写入任何内容" in said
    assert postgis.execute("SELECT relkind::text FROM pg_class WHERE relname = 'a_cells'") == [
        ({"TABLE": "r", "VIEW": "v", "SEQUENCE": "S"}[kind],)
    ]
    assert postgis.execute("SELECT to_regclass('jxgis.a_more')") == [(None,)]
    assert not (tmp_path / "hotspots").exists()  # the folder neither


def test_what_a_command_no_longer_makes_goes_and_others_stay(postgis: Server, tmp_path: Path) -> None:
    publish(postgis, tmp_path, {"cells": cells(), "peaks": cells()})
    publish(postgis, tmp_path, {"parks": cells()}, command="parks", file="b")
    postgis.execute("CREATE TABLE jxgis.mine AS SELECT 1 AS x")
    publish(postgis, tmp_path, {"cells": cells()})
    assert tables(postgis) == ["a_cells", "b_parks", "mine"]
    publish(postgis, tmp_path, {"parks": cells()}, command="report", file="b")
    publish(postgis, tmp_path, {"units": cells()}, command="report", file="c")
    assert tables(postgis) == ["a_cells", "c_units", "mine"]


def test_an_error_leaves_the_old_in_both_places(postgis: Server, tmp_path: Path) -> None:
    path = publish(postgis, tmp_path, {"cells": cells(4)})
    before = path.read_bytes()
    with pytest.raises(ZeroDivisionError):
        publish(postgis, tmp_path, {"cells": cells(6)}, then=lambda: 1 // 0)
    assert path.read_bytes() == before
    assert postgis.execute("SELECT count(*) FROM jxgis.a_cells") == [(4,)]


def test_a_server_that_stops_while_it_is_written_to(
    postgis: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = publish(postgis, tmp_path, {"cells": cells(4)})
    before, rows = path.read_bytes(), database._rows

    def stopping(layer: Any) -> Any:
        yield from rows(layer)
        postgis.stop()

    monkeypatch.setattr(database, "_rows", stopping)
    try:
        said = refused(postgis, tmp_path, {"cells": cells(6)})
    finally:
        postgis.start()
    assert "连接中断" in said
    assert "没有写入任何内容" in said
    assert path.read_bytes() == before
    assert postgis.execute("SELECT count(*) FROM jxgis.a_cells") == [(4,)]


def test_a_server_that_is_gone_when_it_is_to_confirm(postgis: Server, tmp_path: Path) -> None:
    try:
        said = refused(postgis, tmp_path, {"cells": cells()}, at_last=postgis.stop)
    finally:
        postgis.start()
    assert "结果文件夹已经写好" in said
    assert (tmp_path / "hotspots" / "a.gpkg").is_file()
    assert tables(postgis) == []


def test_names_that_postgresql_has_for_itself_or_cannot_hold(postgis: Server, tmp_path: Path) -> None:
    long = "常住人口二〇二〇年第七次全国人口普查分街道社区的数据"
    names = {
        long: 1,
        f"{long}甲": 2,
        "xmin": 3,
        "XMAX": 4,
        'a"b': 5,
        "%s {}": 6,
        "x; DROP TABLE y": 7,
        "select": 8,
        "oid": 9,
    }
    table = cells(1, **names)
    publish(postgis, tmp_path, {'c"; DROP SCHEMA jxgis; --': table})
    assert tables(postgis) == ['a_c"; DROP SCHEMA jxgis; --']
    columns = [name for name, _ in postgis.execute(COLUMNS, ('a_c"; DROP SCHEMA jxgis; --',))]
    assert len(columns) == len(names) + 4
    assert all(len(name.encode()) <= 63 for name in columns)
    assert {"xmin_file", "XMAX", 'a"b', "%s {}", "select", "oid"} <= {*columns}
    (row,) = postgis.execute('SELECT * FROM jxgis."a_c""; DROP SCHEMA jxgis; --"')
    assert list(row[3:12]) == [*names.values()]
    ((said,),) = postgis.execute(
        "SELECT col_description(attrelid, attnum) FROM pg_attribute WHERE attname = %s", (columns[3],)
    )
    assert said == long
    assert stored_names(table) == {}


def test_rows_by_zone_are_a_view(postgis: Server, tmp_path: Path) -> None:
    table = gpd.GeoDataFrame(
        {"level": "districts", "zone": ["甲", "乙", "甲", "乙"], "value": [1.0, 2.0, 3.0, 4.0]},
        geometry=[shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)] * 2, crs=CRS,
    )  # fmt: skip
    for factor in (1, 2):
        folder = tmp_path / str(factor)
        with (
            publishing(OutputSettings(database=postgis.address())) as into,
            output.staged(folder, command="score") as stage,
        ):
            ready = table.assign(value=table["value"] * factor)
            write_gpkg(stage.path("s.gpkg"), {"values": ready}, by_zone=["values"])
            output.write_run(stage, settings={}, crs=None, loaded=[])
            into(stage)
        assert tables(postgis) == ["s_values_rows", "s_zones"]
        rows = postgis.execute("SELECT level, zone, value, ST_AsText(geom) FROM jxgis.s_values ORDER BY fid")
        file = gpd.read_file(folder / "s.gpkg", layer="values")
        assert [row[:3] for row in rows] == [*file[["level", "zone", "value"]].itertuples(index=False, name=None)]
        assert [shapely.from_wkt(row[3]).normalize() for row in rows] == [shape.normalize() for shape in file.geometry]
    assert postgis.execute("SELECT type, srid FROM geometry_columns WHERE f_table_name = 's_values'") == [
        ("MULTIPOLYGON", CRS)
    ]
    publish(postgis, tmp_path, {"other": cells()}, command="score", file="t")
    assert postgis.execute(
        "SELECT relname FROM pg_class WHERE relnamespace = 'jxgis'::regnamespace AND relkind IN ('r', 'v')"
    ) == [("t_other",)]


def test_a_schema_of_any_name(postgis: Server, tmp_path: Path) -> None:
    publish(postgis, tmp_path, {"cells": cells()}, schema='结果"; DROP SCHEMA public; --')
    assert tables(postgis, '结果"; DROP SCHEMA public; --') == ["a_cells"]


def test_without_permission_it_is_said_before_anything_is_computed(postgis: Server) -> None:
    postgis.role("reader", "USAGE ON SCHEMA public")
    entered = False
    with (
        pytest.raises(OutputError, match="没有写入") as caught,
        publishing(OutputSettings(database=postgis.address(user="reader"))),
    ):
        entered = True
    assert not entered
    assert "reader" not in caught.value.text("zh")
    postgis.execute("CREATE SCHEMA jxgis AUTHORIZATION reader")
    with publishing(OutputSettings(database=postgis.address(user="reader"))):
        pass
    assert tables(postgis) == []


def test_a_database_that_cannot_hold_it(postgis: Server, tmp_path: Path) -> None:
    assert "没有启用 PostGIS" in refused(postgis, tmp_path, {"cells": cells()}, database=postgis.address("postgres"))
    own = cells().set_crs("+proj=tmerc +lon_0=120.3 +ellps=GRS80 +units=m", allow_override=True)
    assert "spatial_ref_sys" in refused(postgis, tmp_path, {"cells": own})
    assert "连接不上" in refused(postgis, tmp_path, {"cells": cells()}, database="postgresql://owner@127.0.0.1:1/city")
    assert not (tmp_path / "hotspots").exists()


def test_two_runs_at_once_wait_for_each_other(postgis: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "_LOCK_WAIT", "100ms")
    with publishing(OutputSettings(database=postgis.address())) as into:
        with output.staged(tmp_path / "one", command="hotspots") as stage:
            write_gpkg(stage.path("a.gpkg"), {"cells": cells(4)})
            output.write_run(stage, settings={}, crs=None, loaded=[])
            into(stage)
        assert "请稍后重试" in refused(postgis, tmp_path, {"cells": cells(6)})
    assert postgis.execute("SELECT count(*) FROM jxgis.a_cells") == [(4,)]


def test_a_password_in_the_address_is_warned_about_and_not_said(postgis: Server) -> None:
    said: list[str] = []
    address = postgis.address(password=IN_ADDRESS)
    with publishing(OutputSettings(database=address), lambda note: said.extend(note)):
        pass
    assert "PGPASSWORD" in said[0]
    assert not any(word in "".join(said) for word in (PASSWORD, IN_ADDRESS))
