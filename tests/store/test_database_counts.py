"""Issues of a database counted a batch at a time: those that the loader takes of it, whatever their batches are."""

from __future__ import annotations

import errno
import re
import subprocess
import sys
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from messy_export import export
from pandas.testing import assert_frame_equal
from postgis_server import Server

from jxgis.errors import InputError, OutputError
from jxgis.load import _served, load_issues
from jxgis.load._database import asked_of
from jxgis.load.batches import IssueTable
from jxgis.store.counting import count_issues


def placed(table: pd.DataFrame, crs: int) -> gpd.GeoDataFrame:
    points = gpd.points_from_xy(*(pd.to_numeric(table[name], errors="coerce") for name in ("Y坐标", "X坐标")), crs=4549)
    whole = gpd.GeoDataFrame(table.drop(columns=["X坐标", "Y坐标"]), geometry=points)
    whole.loc[whole.geometry.is_empty, "geometry"] = None
    return whole.to_crs(crs)


def asking(server: Server, **options: str) -> IssueTable:
    return IssueTable(server.address(), asked_of(server.address(), options)[0])  # type: ignore[arg-type]


@pytest.mark.parametrize("rows", [7, 1000])
@pytest.mark.parametrize(
    "kind",
    [
        "texts", "numbers", "degrees", "metres", "blank rows", "rows of no number", "a batch without places", "no row",
        "no point", "a query",
    ],
)  # fmt: skip
def test_counts_are_those_of_the_loader(kind, rows, postgis: Server, plan, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(_served, "_BATCH", 9)
    options: dict[str, Any] = {"crs": "EPSG:4549", "table": "gis.issues"}
    table = export(30, 60, ids=90)
    if kind == "numbers":
        ids = pd.array(202400000000000001 + np.arange(60) // 2, dtype="Int64")
        ids[7] = pd.NA
        table = table.assign(
            任务号=ids, **{name: pd.to_numeric(table[name], errors="coerce") for name in ("X坐标", "Y坐标")}
        )
    elif kind == "rows of no number":
        table = table.assign(**{name: pd.to_numeric(table[name], errors="coerce") for name in ("X坐标", "Y坐标")})
        table.loc[[3, 59]] = None
        table["备注"] = "x"
    elif kind in ("degrees", "metres", "a batch without places", "no point"):
        table = placed(table, 4490 if kind == "degrees" else 4549)
        options.pop("crs")
        if kind == "a batch without places":
            table.loc[table.index[21:42], "geometry"] = None
    elif kind == "blank rows":
        table.loc[[3, 59]] = None
    if kind in ("no row", "no point"):
        table = table[:0]
    if kind == "a query":
        options.pop("table")
        options["query"] = "SELECT * FROM gis.issues WHERE number > 20 ORDER BY number DESC;"
    postgis.write("gis", "issues", table.reset_index(drop=True).reset_index(names="number"), key="number")
    if kind == "rows of no number":
        postgis.execute("""UPDATE gis.issues SET "X坐标" = 'NaN', "Y坐标" = 'NaN' WHERE number IN (3, 59)""")
    how = plan(crs=options.get("crs"))
    source = asking(postgis, **{name: value for name, value in options.items() if name != "crs"})
    found = count_issues([source], how, tmp_path / "store", rows=rows)
    rejects = pq.read_table(found.held[0].folder / "rejects.parquet").to_pandas()
    if kind in ("no row", "no point"):
        assert [one.rows_in for one in found.sources] == [0]
        return
    loaded = load_issues(postgis.address(), city=how.how.city, **options)
    points = loaded.table.geometry
    cells = pd.Series(how.grid.index_of(points.x, points.y))
    assert len(cells) > 20
    assert (
        found.cells.to_pandas().groupby("cell")["issues"].sum().to_dict() == cells[cells >= 0].value_counts().to_dict()
    )
    (mine,), (theirs,) = found.sources, loaded.sources
    assert (mine.sha256, mine.rows_in, mine.rows_kept, mine.rows_rejected, mine.rows_left_out) == (
        theirs.sha256, theirs.rows_in, theirs.rows_kept, theirs.rows_rejected, theirs.rows_left_out,
    )  # fmt: skip
    assert re.fullmatch(r"\(query [0-9a-f]{8}\)" if kind == "a query" else "gis.issues", mine.name)
    once = loaded.rejects[loaded.rejects["reason"] != "duplicate_id"].reset_index(drop=True)
    assert_frame_equal(rejects.drop(columns="source"), once.drop(columns="source"), check_dtype=False)
    assert [path.name for path in (tmp_path / "store").iterdir()] != []
    assert not list((tmp_path / "store").glob("staged*"))


def test_a_query_a_month_adds_up_to_the_table(postgis: Server, plan, tmp_path) -> None:
    table = export(31, 80, ids=1000).drop_duplicates("任务号")
    table["month"] = np.arange(len(table)) % 2
    postgis.write("gis", "issues", table.reset_index(names="number"), key="number")
    how = plan()
    whole = count_issues([asking(postgis, table="gis.issues")], how, tmp_path / "whole")
    for month in "01":
        query = f"SELECT * FROM gis.issues WHERE month = {month} ORDER BY number"  # noqa: S608  # of this test's own
        last = count_issues([asking(postgis, query=query)], how, tmp_path / "steps")
    assert len(last.held) == 2
    assert last.cells.equals(whole.cells)
    assert last.zones.equals(whole.zones)


def test_a_table_that_changed_takes_its_own_place_on_request_only(postgis: Server, plan, tmp_path) -> None:
    postgis.write("gis", "issues", export(32, 40, ids=1000).reset_index(names="number"), key="number")
    how, source = plan(), asking(postgis, table="gis.issues")
    first = count_issues([source], how, tmp_path / "store")
    assert any("没有再算" in note.zh for note in count_issues([source], how, tmp_path / "store").notes)
    postgis.execute("DELETE FROM gis.issues WHERE number < 5")
    with pytest.raises(InputError, match=r"gis\.issues"):
        count_issues([source], how, tmp_path / "store")
    assert count_issues([], how, tmp_path / "store").cells.equals(first.cells)
    again = count_issues([source], how, tmp_path / "store", replace=True)
    assert again.sources[0].rows_in == 35


def test_a_server_that_goes_leaves_the_store_as_it_was(postgis: Server, plan, tmp_path, monkeypatch) -> None:
    postgis.write("gis", "issues", export(33, 40, ids=1000).reset_index(names="number"), key="number")
    how = plan()
    before = count_issues(
        [asking(postgis, query="SELECT * FROM gis.issues ORDER BY number LIMIT 20")], how, tmp_path / "store"
    )
    monkeypatch.setattr(_served, "_BATCH", 5)
    gone: list[int] = []

    def going(rows: int) -> None:
        if not gone:
            gone.append(rows)
            postgis.stop()

    monkeypatch.setattr("jxgis.load._database._GROUP", 5)
    monkeypatch.setattr("jxgis.store.counting.tell", lambda *_, rows=0: going(rows))
    try:
        with pytest.raises(InputError, match="连接中断"):
            count_issues([asking(postgis, table="gis.issues")], how, tmp_path / "store")
    finally:
        postgis.start()
    monkeypatch.undo()
    assert not list((tmp_path / "store").glob("staged*"))
    assert count_issues([], how, tmp_path / "store").cells.equals(before.cells)


def test_a_full_disk_is_the_store_s(postgis: Server, plan, tmp_path, monkeypatch) -> None:
    postgis.write("gis", "issues", export(33, 40, ids=1000).reset_index(names="number"), key="number")

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(pq.ParquetWriter, "write_table", full)
    with pytest.raises(OutputError, match="计数库"):
        count_issues([asking(postgis, table="gis.issues")], plan(), tmp_path / "store")
    assert not list((tmp_path / "store").glob("staged*"))


def test_staged_rows_of_a_killed_run_go_with_the_next_and_those_of_another_stay(plan, files, tmp_path) -> None:
    staging = "from pathlib import Path; from jxgis.store.folder import open_store; import sys, time\n"
    staging += "with open_store(sys.argv[1], {}).staging() as folder:\n"
    staging += "    Path(folder, '0.parquet').touch(); print(flush=True); time.sleep(60)"
    running = [
        subprocess.Popen([sys.executable, "-c", staging, tmp_path / "store"], stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    try:
        for one in running:
            assert one.stdout is not None
            one.stdout.readline()
        assert len([*(tmp_path / "store").glob("staged*/0.parquet")]) == 2
        running[0].kill()
        running[0].wait()
        assert count_issues(files(34), plan(), tmp_path / "store").sources
        assert len([*(tmp_path / "store").glob("staged*")]) == 1
    finally:
        for one in running:
            one.kill()
            one.communicate()
    assert count_issues([], plan(), tmp_path / "store").sources
    assert not [*(tmp_path / "store").glob("staged*")]
