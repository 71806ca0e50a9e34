from __future__ import annotations

import hashlib
import sqlite3
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from jxgis.errors import InputError
from jxgis.gpkg import stored_names, write_gpkg
from jxgis.schema.check import BrokenTableError
from jxgis.schema.tables import table, tables


def cells(n: int) -> gpd.GeoDataFrame:
    x, y = np.arange(n) % 300 * 200.0, np.arange(n) // 300 * 200.0
    reason = np.where(np.arange(n) % 2 == 0, "no_housing", None)
    return gpd.GeoDataFrame(
        {"what": "a", "reason": reason, "count": 1}, geometry=shapely.box(x, y, x + 200, y + 200), crs=4549
    )


def test_a_large_layer_is_the_same_bytes_each_time(tmp_path: Path) -> None:
    """GDAL builds the index of a large layer in a thread of its own unless told not to."""
    table = cells(60_000)
    digests = set()
    for name in "abc":
        write_gpkg(tmp_path / f"{name}.gpkg", {"cells": table})
        digests.add(hashlib.sha256((tmp_path / f"{name}.gpkg").read_bytes()).hexdigest())
    assert len(digests) == 1


def test_reasons_are_words_and_columns_have_titles(tmp_path: Path) -> None:
    path = tmp_path / "a.gpkg"
    write_gpkg(path, {"noticed": cells(4), "empty": cells(4).iloc[:0]}, of="parks", lang="zh")
    reasons = gpd.read_file(path, layer="noticed")["reason"]
    assert reasons.fillna("").tolist() == ["没有居住用地", "", "没有居住用地", ""]
    assert len(gpd.read_file(path, layer="empty")) == 0
    with sqlite3.connect(path) as connection:
        titles = dict(
            connection.execute("SELECT column_name, title FROM gpkg_data_columns WHERE table_name = 'noticed'")
        )
    assert titles == {"what": "对象", "reason": "原因", "count": "数量"}


def kinds_of(path: Path, layer: str) -> dict[str, str]:
    with sqlite3.connect(path) as connection:
        return {column: kind for _, column, kind, *_ in connection.execute(f"PRAGMA table_info({layer})")}


@pytest.mark.parametrize("name", [name for name in tables() if table(name).style and not name.startswith("ground.")])
def test_a_layer_without_a_row_has_its_columns_of_texts(tmp_path: Path, name: str) -> None:
    declared = table(name)
    texts = {
        column for column, said in declared.columns.items() if said.dtype in {"text", "code"} and "*" not in column
    }
    plain = [column for column in declared.columns if "*" not in column]
    nothing = gpd.GeoDataFrame({column: np.empty(0) for column in plain}, geometry=[], crs=4549)
    write_gpkg(tmp_path / "a.gpkg", {declared.layer: nothing}, of=name.partition(".")[0])
    assert {column for column, kind in kinds_of(tmp_path / "a.gpkg", declared.layer).items() if kind == "TEXT"} == texts


def test_a_column_of_texts_that_holds_none_is_null_and_of_texts(tmp_path: Path) -> None:
    write_gpkg(tmp_path / "a.gpkg", {"noticed": cells(2).assign(reason=np.nan)}, of="parks")
    assert kinds_of(tmp_path / "a.gpkg", "noticed")["reason"] == "TEXT"
    with sqlite3.connect(tmp_path / "a.gpkg") as connection:
        assert connection.execute("SELECT reason, count FROM noticed").fetchall() == [(None, 1), (None, 1)]


@pytest.mark.parametrize("folder", ["a!b", "c;d", "e.zip"])
def test_a_folder_may_be_called_what_it_likes(tmp_path: Path, folder: str) -> None:
    path = tmp_path / folder / "a.gpkg"
    path.parent.mkdir()
    write_gpkg(path, {"cells": cells(4), "more": cells(2)})
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT (SELECT count(*) FROM cells), (SELECT count(*) FROM more)").fetchone() == (
            4,
            2,
        )
    assert [file.name for file in path.parent.iterdir()] == ["a.gpkg"]


def test_a_layer_that_breaks_its_declaration_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(BrokenTableError, match=r"^parks\.noticed: count: -1\.0 is below 0 \(row 1\)$"):
        write_gpkg(tmp_path / "a.gpkg", {"noticed": cells(4).assign(count=-1)}, of="parks")
    assert not list(tmp_path.iterdir())


def test_no_column_is_lost_whatever_it_is_called(tmp_path: Path) -> None:
    names = [
        "fid",
        "FID",
        "geom",
        "Geom",
        "fid_file",
        "kind",
        "Kind",
        "KIND",
        "rowid",
        'a"b',
        "片区 ",
        "n" * 300,
        "x'y",
    ]
    table = gpd.GeoDataFrame(
        {name: [f"{at}-{row}" for row in range(3)] for at, name in enumerate(names)},
        geometry=shapely.points(np.arange(3), 0),
        crs=4549,
    )
    path = tmp_path / "a.gpkg"
    write_gpkg(path, {"clean": table})
    stored = stored_names(table)
    assert stored == {
        "fid": "fid_file_2", "FID": "FID_file_3", "geom": "geom_file", "Geom": "Geom_file_2", "Kind": "Kind_file",
        "KIND": "KIND_file_2",
    }  # fmt: skip
    read = gpd.read_file(path, layer="clean")
    assert read.columns.tolist() == [*(stored.get(name, name) for name in names), "geometry"]
    for name in names:
        assert read[stored.get(name, name)].tolist() == table[name].tolist()
    with sqlite3.connect(path) as connection:
        titles = dict(connection.execute("SELECT column_name, title FROM gpkg_data_columns"))
    assert {column: titles[name] for column, name in stored.items()} == {column: column for column in stored}


def test_as_many_columns_as_a_geopackage_holds_and_no_more(tmp_path: Path) -> None:
    wide = pd.DataFrame({f"c{n}": [n] for n in range(1998)})
    points = gpd.points_from_xy([0], [0])
    write_gpkg(tmp_path / "a.gpkg", {"a": gpd.GeoDataFrame(wide, geometry=points, crs=4549)})
    assert gpd.read_file(tmp_path / "a.gpkg", layer="a")["c1997"].tolist() == [1997]
    with pytest.raises(InputError, match="1,999"):
        write_gpkg(tmp_path / "b.gpkg", {"b": gpd.GeoDataFrame(wide.assign(one=1), geometry=points, crs=4549)})


def test_polygons_of_many_rows_a_zone_are_written_once_and_read_as_any_layer(tmp_path: Path) -> None:
    shapes = gpd.GeoSeries([shapely.Point(x, 0).buffer(400, quad_segs=200) for x in (0, 2000)], crs=4549)
    rows = [
        ("district" if k == 0 else "unit", name, f"i{i}", float(i), shapes.iloc[k])
        for i in range(60)
        for k, name in enumerate(["老城", "老城"])
    ]
    columns = ["level", "zone", "indicator", "value", "geometry"]
    table = gpd.GeoDataFrame(rows, columns=columns, crs=4549)
    for name, by_zone in (("once", ["scorecard"]), ("again", ["scorecard"]), ("each", [])):
        write_gpkg(tmp_path / f"{name}.gpkg", {"scorecard": table}, by_zone=by_zone)
    once, each = (gpd.read_file(tmp_path / f"{name}.gpkg", layer="scorecard") for name in ("once", "each"))
    pd.testing.assert_frame_equal(
        pd.DataFrame(once.drop(columns="geometry")), pd.DataFrame(each.drop(columns="geometry"))
    )
    assert once.crs == each.crs
    assert once.geometry.geom_equals(each.geometry).all()
    # The first layer is the one that is opened where none is named, and a part of it can be asked for.
    assert gpd.list_layers(tmp_path / "once.gpkg")["name"].tolist()[:3] == ["scorecard", "zones", "scorecard_rows"]
    near = gpd.read_file(tmp_path / "once.gpkg", layer="scorecard", bbox=(-10, -10, 10, 10), where="value >= 30")
    assert near["value"].tolist() == list(range(30, 60))
    sizes = {name: (tmp_path / f"{name}.gpkg").stat().st_size for name in ("once", "each")}
    assert sizes["once"] < sizes["each"] / 4
    assert (tmp_path / "once.gpkg").read_bytes() == (tmp_path / "again.gpkg").read_bytes()
