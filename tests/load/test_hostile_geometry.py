"""Geometries that a reader does not survive: deep within each other, true arcs, and what a damaged file makes of them."""

from __future__ import annotations

import contextlib
import sqlite3
import struct
import subprocess
import sys
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from jxgis.load import load_layer
from jxgis.load.geometry import _levels, is_deep

_DEPTH = 200_000
_PARK = shapely.box(120.70, 30.7, 120.71, 30.71)
# A reader that is killed takes this process with it, and not the tests.
_READ = """
import sys
from jxgis.errors import InputError
from jxgis.load import load_layer
for path in sys.argv[1:]:
    try:
        loaded = load_layer("parks", path, crs="EPSG:4326")
    except InputError as error:
        sys.exit(error.text("zh"))
    print(len(loaded.table), loaded.rejects["reason"].tolist(), flush=True)
"""


def read_apart(*paths: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", _READ, *map(str, paths)], capture_output=True, text=True, check=False)


def nested(kind: int, order: str = "<", depth: int = _DEPTH) -> bytes:
    mark = b"\1" if order == "<" else b"\0"
    return (mark + struct.pack(f"{order}II", kind, 1)) * depth + b"\1" + struct.pack("<Idd", 1, 120.7, 30.7)


@pytest.mark.slow
def test_a_column_of_geometries_without_end_costs_its_row(tmp_path: Path) -> None:
    endless = {
        "wkt": ("GEOMETRYCOLLECTION (" * _DEPTH + "POINT (120.7 30.7)" + ")" * _DEPTH, _PARK.wkt),
        "geojson": (
            '{"a":"}]","type":"GeometryCollection","geometries":[' * _DEPTH + "]}" * _DEPTH,
            shapely.to_geojson(_PARK),
        ),
        "wkb": (nested(7).hex(), _PARK.wkb_hex),
        "wkb of another kind": (nested(6, ">").hex(), _PARK.wkb_hex),
        "wkb of another number": (nested(65_007).hex(), _PARK.wkb_hex),
    }
    for name, (written, good) in endless.items():
        pd.DataFrame({"name": ["甲园", "乙园"], "geom": [good, written]}).to_csv(tmp_path / f"{name}.csv", index=False)
    done = read_apart(*(tmp_path / f"{name}.csv" for name in endless))
    assert (done.returncode, done.stdout.splitlines()) == (0, ["1 ['bad_geometry']"] * len(endless))


@pytest.mark.parametrize("ending", ["gpkg", "parquet"])
def test_a_file_with_geometries_without_end_is_refused(tmp_path: Path, ending: str) -> None:
    table = gpd.GeoDataFrame({"name": ["甲园", "乙园"]}, geometry=[_PARK, _PARK], crs=4326)
    path = tmp_path / f"parks.{ending}"
    if ending == "gpkg":
        table.to_file(path)
        with contextlib.closing(sqlite3.connect(path)) as base, base:
            for name in ("ST_IsEmpty", "ST_MinX", "ST_MaxX", "ST_MinY", "ST_MaxY"):
                base.create_function(name, 1, lambda _: 0.0)
            head = b"GP\0\1" + struct.pack("<i", 4326)
            base.execute("UPDATE parks SET geom = ? WHERE fid = 2", (head + nested(7),))
    else:
        table.to_parquet(path)
        held = pq.read_table(path)
        at = held.schema.get_field_index("geometry")
        values = pa.array([_PARK.wkb, nested(7)], pa.binary())
        pq.write_table(held.set_column(at, held.schema.field(at), values), path)
    done = read_apart(path)
    assert done.returncode == 1
    assert "已损坏" in done.stderr


_SHAPES = st.recursive(
    st.sampled_from(
        [shapely.Point(1, 2), shapely.Point(1, 2, 3), shapely.LineString([(0, 0), (1, 1)]), _PARK, shapely.Polygon(),
         shapely.MultiPolygon([_PARK, shapely.Polygon([(0, 0), (4, 0), (4, 4)], [[(2, 1), (3, 1), (3, 2)]])])]
    ),
    lambda inner: st.lists(inner, max_size=3).map(shapely.GeometryCollection),
    max_leaves=12,
)  # fmt: skip


def _depth(shape: shapely.Geometry) -> int:
    return 1 + max(map(_depth, shape.geoms), default=0) if hasattr(shape, "geoms") else 0


@given(_SHAPES, st.booleans(), st.booleans())
def test_levels_are_those_of_the_geometry(shape: shapely.Geometry, srid: bool, big_endian: bool) -> None:
    shape = shapely.set_srid(shape, 4326) if srid else shape
    assert _levels(shapely.to_wkb(shape, include_srid=srid, byte_order=0 if big_endian else 1)) == _depth(shape)


def test_many_parts_are_not_deep() -> None:
    boxes = [shapely.box(at, 0, at + 0.5, 1) for at in range(9_000)]
    for shape in (shapely.MultiPolygon(boxes), shapely.GeometryCollection(boxes)):
        assert not is_deep(shape.wkb)
        assert not is_deep(shape.wkt)
        assert not is_deep(shapely.to_geojson(shape))


def test_a_true_arc_in_a_column_costs_its_row(tmp_path: Path) -> None:
    arc = "CURVEPOLYGON (CIRCULARSTRING (120.7 30.7, 120.8 30.7, 120.8 30.8, 120.7 30.8, 120.7 30.7))"
    table = pd.DataFrame({"name": ["甲园", "乙园", "丙园"], "WKT": [arc, _PARK.wkt, "POLYGON ((1"]})
    table.to_csv(tmp_path / "parks.csv", index=False)
    loaded = load_layer("parks", tmp_path / "parks.csv", crs="EPSG:4326")
    assert loaded.table["name"].tolist() == ["乙园"]
    assert loaded.rejects[["row", "reason"]].to_numpy().tolist() == [[1, "bad_geometry"], [3, "bad_geometry"]]


def test_a_flatgeobuf_that_breaks_off_within_a_row_is_refused(tmp_path: Path) -> None:
    """Its driver hands on a batch whose last row has begun; where that row's geometry ends in it is anywhere."""
    path = tmp_path / "a.fgb"
    x = 120.75 + np.arange(40) * 0.001
    names = {"name": [f"公园{at}号" for at in range(40)], "kind": "综合公园"}
    gpd.GeoDataFrame(names, geometry=[shapely.box(at, 30.75, at + 0.0008, 30.7508) for at in x], crs=4326).to_file(path)
    whole = path.read_bytes()
    # The size of the table that says where the parts of a geometry stand.
    table = bytes([8, 0, 12, 0, 4, 0, 8, 0, 8, 0, 0, 0])
    places = [at for at in range(len(whole)) if whole.startswith(table, at)]
    assert len(places) == 40
    at = places[5]
    path.write_bytes(whole[:at] + b"\x0a" + whole[at + 1 :])
    done = read_apart(path)
    assert done.returncode == 1
    assert "已损坏" in done.stderr
