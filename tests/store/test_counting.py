"""Counts in a store: those of the issues that `load_issues` keeps, for any size of batches, in any order, on any workers."""

from __future__ import annotations

import json
import zipfile
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely
from messy_export import SOUTH, WEST, export
from pandas.testing import assert_frame_equal

from jxgis.load import load_issues
from jxgis.load.issues import Filters
from jxgis.space.points import locate
from jxgis.store.counting import StoredCounts, count_issues


def by_the_loader(paths, plan, filters: Filters | None = None):
    """The same counts of the table that the thorough loader gives."""
    filters = filters or Filters()
    loaded = load_issues(
        paths, city=plan.how.city, start=filters.start, end=filters.end, status=filters.status, **plan.how.options
    )
    table = loaded.table
    month = table["time"].dt.year.sub(1970) * 12 + table["time"].dt.month - 1
    keyed = table.assign(
        month=month,
        cell=plan.grid.index_of(table.geometry.x, table.geometry.y),
        district=locate(table, plan.zones["district"]),
    )
    return loaded, keyed


def same_counts(found: StoredCounts, keyed: pd.DataFrame) -> None:
    cells = keyed[keyed["cell"] >= 0].groupby(["cell", "issue_class", "month"]).size()
    mine = found.cells.to_pandas().set_index(["cell", "issue_class", "month"])["issues"]
    assert mine.to_dict() == cells.to_dict()
    keys = ["district", "issue_class", "sub_type", "department", "source", "month"]
    zones = keyed.groupby(keys, dropna=False).size()
    other = found.zones.to_pandas().groupby(keys, dropna=False)["issues"].sum()
    assert {str(key): n for key, n in other.items()} == {str(key): n for key, n in zones.items()}


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("rows", [pytest.param(5, marks=pytest.mark.slow), 59, 1000])
def test_counts_are_those_of_the_loader_for_any_size_of_batches(seed, rows, files, plan, tmp_path) -> None:
    paths, how = files(seed), plan()
    found = count_issues(paths, how, tmp_path / "store", rows=rows)
    loaded, keyed = by_the_loader(paths, how)
    same_counts(found, keyed)
    assert found.sources == loaded.sources
    assert found.repeats.doubles is not None
    doubles = loaded.rejects[loaded.rejects["reason"] == "duplicate_id"]
    assert sorted(found.repeats.doubles["row"].to_pylist()) == sorted(doubles["row"])


def test_one_department_written_in_several_ways_is_one_as_in_the_loader(plan, tmp_path) -> None:
    how, paths = plan(), [tmp_path / f"{name}.csv" for name in "ab"]
    for number, path in enumerate(paths):
        table = export(70 + number, 60, ids=90)
        wide = [f"{own}（Ａ）" if number else f"{own}(a)" for own in table["处置部门"]]
        table.assign(处置部门=wide).to_csv(path, index=False)
    found = count_issues(paths, how, tmp_path / "store")
    loaded, keyed = by_the_loader(paths, how)
    same_counts(found, keyed)
    spelt = [note for note in loaded.notes if "写法不同" in note.zh]
    assert len(spelt) == 1
    assert spelt[0] in found.notes


def placed(table: pd.DataFrame) -> gpd.GeoDataFrame:
    """The rows as points; those without numbers for coordinates as none."""
    points = gpd.points_from_xy(*(pd.to_numeric(table[name], errors="coerce") for name in ("Y坐标", "X坐标")), crs=4549)
    return gpd.GeoDataFrame(table.drop(columns=["X坐标", "Y坐标"]), geometry=points)


@pytest.mark.parametrize(
    ("kind", "at_once"),
    [
        ("metres", False),
        ("degrees", False),
        ("coordinates beside", False),
        ("several points", False),
        ("boundaries of a map service", False),
        ("whole ids, one missing", False),
        ("a batch without places", True),
        ("two geometries", True),
        ("a box a row", True),
        ("coordinates as numbers", True),
    ],
)
def test_geoparquet_counts_as_it_is_loaded(kind, at_once, plan, tmp_path) -> None:
    table = placed(export(20, 60, ids=90))
    written: dict[str, Any] = {}
    if kind == "degrees":
        table = table.to_crs(4490)
    elif kind == "coordinates beside":
        table = table.assign(X坐标=1.0, Y坐标=2.0)
    elif kind == "several points":
        table.loc[::7, "geometry"] = [shapely.MultiPoint([one]) for one in table.geometry[::7]]
    elif kind == "boundaries of a map service":
        table = table.to_crs(4326).assign(adcode=330402, childrenNum=0, level="district")
    elif kind == "whole ids, one missing":
        ids = pd.array(202400000000000001 + np.arange(60) // 2, dtype="Int64")
        ids[7] = pd.NA
        table["任务号"] = ids
    elif kind == "a batch without places":
        table.loc[table.index[20:40], "geometry"] = None
    elif kind == "two geometries":
        table = table.assign(other=table.geometry)
    elif kind == "a box a row":
        written = {"write_covering_bbox": True}
    elif kind == "coordinates as numbers":
        table, written = table[~table.is_empty], {"geometry_encoding": "geoarrow"}
    path = tmp_path / "1.parquet"
    table.to_parquet(path, index=False, **written)
    how = plan(crs=None)
    found = count_issues([path], how, tmp_path / "store", rows=20)
    loaded, keyed = by_the_loader([path], how)
    assert len(keyed) > 5
    same_counts(found, keyed)
    assert found.sources == loaded.sources
    assert found.held[0].account.at_once == at_once
    rejects = pq.read_table(found.held[0].folder / "rejects.parquet").to_pandas()
    once = loaded.rejects[loaded.rejects["reason"] != "duplicate_id"].reset_index(drop=True)
    assert_frame_equal(rejects.drop(columns="source"), once.drop(columns="source"), check_dtype=False)


@pytest.mark.parametrize("kind", ["named index", "blank rows", "no columns of coordinates"])
def test_parquet_that_is_no_plain_table_is_read_at_once(kind, plan, tmp_path) -> None:
    table, path = export(20, 60, ids=90), tmp_path / "1.parquet"
    points = placed(table).geometry
    if kind == "named index":
        table.set_index("任务号").to_parquet(path)
    elif kind == "blank rows":
        table.loc[[3, 59]] = None
        table.to_parquet(path, index=False)
    else:
        table.drop(columns=["X坐标", "Y坐标"]).assign(geometry=[str(point) for point in points]).to_parquet(
            path, index=False
        )
    how = plan()
    found = count_issues([path], how, tmp_path / "store", rows=20)
    loaded, keyed = by_the_loader([path], how)
    same_counts(found, keyed)
    assert found.sources == loaded.sources


def test_geoparquet_without_a_row_adds_nothing(plan, tmp_path) -> None:
    """A month without a case."""
    tables = [placed(export(20, 60, ids=90)), placed(export(21, 60, ids=90))[:0]]
    paths = [tmp_path / "1.parquet", tmp_path / "2.parquet"]
    for table, path in zip(tables, paths, strict=True):
        table.to_parquet(path, index=False)
    how = plan(crs=None)
    found = count_issues(paths, how, tmp_path / "store")
    loaded, keyed = by_the_loader(paths, how)
    same_counts(found, keyed)
    assert not found.refused
    assert found.sources == loaded.sources
    assert [one.rows_in for one in found.sources] == [60, 0]


def test_whole_coordinates_are_told_as_they_are_whether_a_batch_lacks_one_or_not(plan, tmp_path) -> None:
    table, path = export(20, 60, ids=90), tmp_path / "1.parquet"
    numbers = {name: pd.to_numeric(table[name], errors="coerce").astype("Int64") for name in ("X坐标", "Y坐标")}
    table.assign(**numbers).to_parquet(path, index=False)
    how = plan()
    found = count_issues([path], how, tmp_path / "store", rows=7)
    loaded, _ = by_the_loader([path], how)
    shown = pq.read_table(found.held[0].folder / "rejects.parquet").to_pandas()
    theirs = loaded.rejects[loaded.rejects["reason"] != "duplicate_id"]
    assert shown["value"].tolist() == theirs["value"].tolist()
    written = {
        ",".join("" if pd.isna(each) else str(int(each)) for each in pair)
        for pair in zip(*numbers.values(), strict=True)
    }
    told = shown.loc[shown["field"] == "X坐标,Y坐标", "value"]
    assert len(told) > 2
    assert {*told} <= {*written, ""}


@pytest.mark.parametrize(
    "geo", [[], 7, {}, {"columns": [], "primary_column": "a"}, {"columns": {"a": 1}, "primary_column": "a"}]
)
def test_geoparquet_whose_metadata_are_none_is_refused_alone(geo, files, plan, tmp_path) -> None:
    bad = tmp_path / "bad.parquet"
    table = pa.Table.from_pandas(export(20, 60, ids=90), preserve_index=False)
    pq.write_table(table.replace_schema_metadata({"geo": json.dumps(geo)}), bad)
    found = count_issues([*files(1), bad], plan(), tmp_path / "store")
    assert [name for name, _ in found.refused] == ["bad.parquet"]
    assert len(found.sources) == 3


@pytest.mark.parametrize("encoding", ["utf-8", "gbk"])
def test_bytes_are_text_or_not_whatever_the_batch(encoding, plan, tmp_path) -> None:
    table, path = export(20, 60, ids=90), tmp_path / "1.parquet"
    table["处置部门"] = [value.encode(encoding) for value in table["处置部门"].where(np.arange(60) > 30, "a")]
    table.to_parquet(path, index=False)
    how = plan()
    found = count_issues([path], how, tmp_path / "store", rows=20)
    loaded, keyed = by_the_loader([path], how)
    assert found.sources == loaded.sources
    same_counts(found, keyed if encoding == "utf-8" else keyed.assign(department=None))


def test_numbers_for_words_are_the_same_in_any_batch(plan, tmp_path) -> None:
    table = export(21, 60, ids=90).assign(处置部门=[1.0, 2.5, np.nan] * 20)
    table.to_parquet(tmp_path / "1.parquet", index=False)
    how = plan()
    _, keyed = by_the_loader([tmp_path / "1.parquet"], how)
    for rows in (1, 7, 60):
        found = count_issues([tmp_path / "1.parquet"], how, tmp_path / str(rows), rows=rows)
        assert set(found.zones["department"].to_pylist()) == {"1", "2.5", None}
        same_counts(found, keyed)


@pytest.mark.parametrize("seed", range(8))
def test_what_lies_before_the_window_does_not_decide_which_ids_come_again(seed, plan, tmp_path) -> None:
    """The oracle is a file that holds the window alone."""
    rng = np.random.default_rng(seed)
    days = ["2024-01-05 10:00:00", "2024-02-05 10:00:00", "2024-02-07 10:00:00"]
    place = {name: at + rng.choice([100.0, 100.0, 900.0], 40) for name, at in (("X坐标", SOUTH), ("Y坐标", WEST))}
    table = pd.DataFrame(
        {"任务号": rng.integers(0, 12, 40).astype(str), "上报时间": rng.choice(days, 40), "小类": "小广告", **place}
    )
    table.to_csv(tmp_path / "all.csv", index=False)
    table[table["上报时间"] >= "2024-02"].to_csv(tmp_path / "window.csv", index=False)
    how = plan(Filters(start="2024-02-01"))
    alone, _ = by_the_loader([tmp_path / "window.csv"], plan())
    loaded, keyed = by_the_loader([tmp_path / "all.csv"], how, how.how.filters)
    assert loaded.sources[0].rows_kept == alone.sources[0].rows_kept
    found = count_issues([tmp_path / "all.csv"], how, tmp_path / "store")
    assert found.sources == loaded.sources
    same_counts(found, keyed)


@pytest.mark.parametrize("kind", ["csv", "several lines", "zip of a csv", "zip of a parquet", "gz", "zip of two"])
def test_what_is_packed_alone_is_counted_in_batches(kind, plan, tmp_path) -> None:
    table = export(21, 60, ids=90)
    if kind == "several lines":
        table["问题描述"] = '垃圾\n未清，"见照片"'
    path = tmp_path / {"gz": "1.csv.gz", "csv": "1.csv", "several lines": "1.csv"}.get(kind, "1.zip")
    inner = "1.parquet" if kind == "zip of a parquet" else "1.csv"
    plain = tmp_path / "plain" / inner
    plain.parent.mkdir()
    table.to_parquet(plain, index=False) if inner.endswith("parquet") else table.to_csv(plain, index=False)
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w") as packed:
            packed.write(plain, f"导出/{inner}")
            if kind == "zip of two":
                packed.writestr("导出/2.csv", export(22, 30, ids=90).to_csv(index=False))
    else:
        table.to_csv(path, index=False)
    how = plan()
    found = count_issues([path], how, tmp_path / "store", rows=20)
    assert found.held[0].account.at_once == (kind == "zip of two")
    loaded, keyed = by_the_loader([path], how)
    same_counts(found, keyed)
    assert found.sources == loaded.sources
