"""Files that would kill the process, never end, or are damaged: refused in words, with the memory held down."""

from __future__ import annotations

import contextlib
import errno
import gzip
import io
import json
import os
import re
import socket
import sqlite3
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pyogrio
import pyproj
import pytest
import rasterio
import shapely
import xlsxwriter

from jxgis import _files
from jxgis._files import require_no_grids
from jxgis._toml import read_toml
from jxgis.errors import CrsError, InputError, SettingsError
from jxgis.indicators.rasters import raster_mean
from jxgis.load import _views, load_districts, load_issues, load_layer
from jxgis.load.rasters import check_raster, load_population
from jxgis.load.readers import find_files, read_tables
from jxgis.parks.people import raster_people
from jxgis.reference import resolve_crs
from jxgis.settings import load_settings

# Reads a table with 3 GB of memory and says the refusal, if there is one; a kill has another exit code.
_READ = """
import resource, sys
from jxgis.errors import InputError
from jxgis.load.readers import read_tables
resource.setrlimit(resource.RLIMIT_AS, (3 << 30, 3 << 30))
try:
    print(len(read_tables(sys.argv[1], expected="issues")[0].frame))
except InputError as error:
    sys.exit(error.text("zh"))
"""
needs_limits = pytest.mark.skipif(sys.platform == "win32", reason="no limit on memory")


def read_with_little_memory(path: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", _READ, str(path)], capture_output=True, text=True, check=False, timeout=300
    )


def workbook() -> bytes:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        for row, cells in enumerate([["任务号", "x", "y"], ["1", "120.7", "30.7"], ["2", "120.8", "30.8"]]):
            sheet.write_row(row, 0, cells)
    return buffer.getvalue()


def edited(path: Path, member: str, edit: Callable[[bytes], bytes]) -> Path:
    with zipfile.ZipFile(io.BytesIO(workbook())) as source, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        for entry in source.infolist():
            data = source.read(entry)
            target.writestr(entry.filename, edit(data) if entry.filename == member else data)
    return path


SHEET, STRINGS = "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml"
FAR = b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'


@needs_limits
@pytest.mark.parametrize(
    ("member", "edit", "says"),
    [
        (SHEET, lambda d: d.replace(b"</sheetData>", FAR), "XFD1048576"),
        (SHEET, lambda d: d.replace(b'"C3"', b'"C4294967295"'), "C4294967295"),
        (SHEET, lambda d: re.sub(rb'<c r="[ABC]3"', b"<c", d.replace(b'<row r="3"', b'<row r="4294967290"')), "429496729"),
        (SHEET, lambda d: d.replace(b'"C3"', b'"ZZZZZZ3"'), "ZZZZZZ3"),
        (SHEET, lambda d: d.replace(b"</sheetData>", FAR.replace(b' r="XFD', b' r\n= "XFD')), "XFD1048576"),
        (SHEET, lambda d: d.replace(b"</sheetData>", b'<row r="1048576">%s</row></sheetData>' % (b"<c><v>1</v></c>" * 16384)),
         "声明的大小"),
        (STRINGS, lambda d: re.sub(rb'uniqueCount="\d+"', b'uniqueCount="4000000000"', d), "声明的大小"),
        (STRINGS, lambda d: re.sub(rb'uniqueCount="\d+"', b'uniqueCount = "4000000000"', d), "声明的大小"),
        (STRINGS, lambda d: re.sub(rb'uniqueCount="\d+"', b'uniqueCount="99999999999999"', d), "声明的大小"),
    ],
)  # fmt: skip
def test_a_workbook_that_would_take_all_memory_is_refused(tmp_path: Path, member: str, edit, says: str) -> None:
    done = read_with_little_memory(edited(tmp_path / "坏.xlsx", member, edit))
    assert done.returncode == 1, done.stderr[-500:]
    assert says in done.stderr
    assert "坏.xlsx" in done.stderr


@needs_limits
def test_a_sheet_under_another_name_is_looked_at_too(tmp_path: Path) -> None:
    with (
        zipfile.ZipFile(io.BytesIO(workbook())) as source,
        zipfile.ZipFile(tmp_path / "a.xlsx", "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for entry in source.infolist():
            data = source.read(entry).replace(b"worksheets/sheet1.xml", b"elsewhere/a.bin")
            data = data.replace(b"</sheetData>", FAR) if entry.filename == SHEET else data
            target.writestr(entry.filename.replace("worksheets/sheet1.xml", "elsewhere/a.bin"), data)
    done = read_with_little_memory(tmp_path / "a.xlsx")
    assert done.returncode == 1, done.stderr[-500:]
    assert "a.xlsx" in done.stderr


def test_no_module_of_the_working_folder_is_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("python_calamine", "resource"):
        (tmp_path / f"{name}.py").write_text("open('RAN', 'w').close()")
    (tmp_path / "a.xlsx").write_bytes(workbook())
    monkeypatch.chdir(tmp_path)
    assert len(read_tables("a.xlsx", expected="issues")[0].frame) == 2
    assert not (tmp_path / "RAN").exists()


def test_a_file_is_what_its_ending_says(tmp_path: Path) -> None:
    polygon = shapely.box(120.7, 30.7, 120.8, 30.8)
    gpd.GeoDataFrame({"name": ["a"]}, geometry=[polygon], crs=4326).to_file(tmp_path / "real.geojson")
    layer = '<OGRVRTLayer name="real"><SrcDataSource>{}</SrcDataSource></OGRVRTLayer>'.format(tmp_path / "real.geojson")
    # GDAL would open these by what they hold: other files, or addresses.
    for name in ("a.geojson", "a.gpkg", "a.shp", "a.fgb", "a.kml"):
        (tmp_path / name).write_text(f"<OGRVRTDataSource>{layer}</OGRVRTDataSource>")
        with pytest.raises(InputError, match=re.escape(name)):
            read_tables(tmp_path / name, expected="districts")
    (tmp_path / "b.geojson").write_text(f'{{"a": "<OGRVRTDataSource>{layer}</OGRVRTDataSource>"}}')
    with pytest.raises(InputError, match=r"b\.geojson"):
        read_tables(tmp_path / "b.geojson", expected="districts")
    # Nor is a file a geodatabase, nor a command a layer: GDAL's pipelines read and fetch whatever they name.
    (tmp_path / "a.gdb").write_text(f"<OGRVRTDataSource>{layer}</OGRVRTDataSource>")
    (tmp_path / "b.gdb").mkdir()
    (tmp_path / "b.gdb" / "a.vrt").write_text(f"<OGRVRTDataSource>{layer}</OGRVRTDataSource>")
    command = json.dumps(
        {"type": "gdal_streamed_alg", "command_line": f"gdal vector pipeline ! read {tmp_path / 'real.geojson'}"}
    )
    for name in ("c.geojson", "c.json", "c.gdalg.json"):
        (tmp_path / name).write_text(command)
    for name in ("a.gdb", "b.gdb", "c.geojson", "c.json", "c.gdalg.json"):
        with pytest.raises(InputError, match=re.escape(name)):
            read_tables(tmp_path / name, expected="districts")
    (tmp_path / "a.tif").write_text(
        '<VRTDataset rasterXSize="2" rasterYSize="2"><SRS>EPSG:4549</SRS><GeoTransform>0,1,0,0,0,-1</GeoTransform>'
        '<VRTRasterBand dataType="Float32" band="1"/></VRTDataset>'
    )
    with pytest.raises(InputError, match=r"a\.tif"):
        check_raster(tmp_path / "a.tif")


def test_only_what_was_looked_at_is_opened(tmp_path: Path) -> None:
    def collection(name: str) -> str:
        shapes = gpd.GeoDataFrame({"name": [name]}, geometry=[shapely.box(120.7, 30.7, 120.8, 30.8)], crs=4326)
        return shapes.to_json()

    (tmp_path / "secret.geojson").write_text(collection("secret"))
    door = (
        f'<OGRVRTDataSource><OGRVRTLayer name="secret"><SrcDataSource>{tmp_path / "secret.geojson"}</SrcDataSource>'
        "</OGRVRTLayer></OGRVRTDataSource>"
    )
    within = io.BytesIO()
    with zipfile.ZipFile(within, "w") as archive:
        archive.writestr("p.geojson", door)
    # pyogrio takes a path for an address: the file within an archive, a parameter, a tab that is passed over.
    for number, (beside, name) in enumerate(
        [("x.zip", "x.zip!p.geojson"), ("x", "x;p.geojson"), ("xy.bin", "xy.bin;z.geojson"), ("x", "x!p.geojson")]
    ):
        with zipfile.ZipFile(tmp_path / f"{number}.zip", "w") as archive:
            archive.writestr(beside, within.getvalue() if beside == "x.zip" else door)
            archive.writestr(name, collection("plain"))
        (table,) = read_tables(tmp_path / f"{number}.zip", expected="districts")
        assert table.frame["name"].tolist() == ["plain"]
        if sys.platform != "win32":
            (tmp_path / beside).write_bytes(within.getvalue() if beside == "x.zip" else door.encode())
            (tmp_path / name).write_text(collection("plain"))
            with pytest.raises(InputError, match=r"holds !"):
                read_tables(tmp_path / name, expected="districts")


def test_a_name_that_looks_like_an_address_of_gdal_is_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if sys.platform == "win32":
        pytest.skip("no colons in names")
    gpd.GeoDataFrame({"name": ["a"]}, geometry=[shapely.box(120.7, 30.7, 120.8, 30.8)], crs=4326).to_file(
        tmp_path / "GPKG:a.gpkg", driver="GPKG"
    )
    monkeypatch.chdir(tmp_path)
    assert len(read_tables("GPKG:a.gpkg", expected="districts")[0].frame) == 1


def test_a_head_that_nearly_is_kml_is_refused_at_once(tmp_path: Path) -> None:
    # Each of these could begin or end a part of the head: 2^40 ways to take it apart.
    (tmp_path / "a.kml").write_text("<?a?>" * 40 + "x")
    with pytest.raises(InputError, match=r"a\.kml"):
        read_tables(tmp_path / "a.kml", expected="districts")
    (tmp_path / "b.kml").write_text("<!--a-->" * 40 + "x")
    with pytest.raises(InputError, match=r"b\.kml"):
        read_tables(tmp_path / "b.kml", expected="districts")


def test_what_is_said_of_a_layer_in_its_file_closes_no_door(tmp_path: Path) -> None:
    table = gpd.GeoDataFrame({"name": ["a"]}, geometry=[shapely.box(120.7, 30.7, 120.8, 30.8)], crs=4326)
    # QGIS and GDAL keep what they know of a layer as XML of their own.
    table.to_file(tmp_path / "a.gpkg", layer_metadata={"text": "<GDALMultiDomainMetadata>"})
    assert len(read_tables(tmp_path / "a.gpkg", expected="districts")[0].frame) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="no pipes")
@pytest.mark.parametrize("part", ["a.dbf", "a.shx", "a.prj", "a.cpg"])
def test_a_pipe_beside_a_shapefile_is_not_waited_for(tmp_path: Path, part: str) -> None:
    polygon = shapely.box(120.7, 30.7, 120.8, 30.8)
    gpd.GeoDataFrame({"name": ["a"]}, geometry=[polygon], crs=4326).to_file(tmp_path / "a.shp", encoding="utf-8")
    (tmp_path / part).unlink()
    os.mkfifo(tmp_path / part)
    for source in (tmp_path / "a.shp", tmp_path / "*.shp"):
        with pytest.raises(InputError, match=re.escape(part)):
            read_tables(source, expected="districts")


@pytest.mark.skipif(sys.platform == "win32", reason="no pipes")
def test_a_pipe_in_a_geodatabase_is_not_waited_for(tmp_path: Path) -> None:
    (tmp_path / "a.gdb").mkdir()
    os.mkfifo(tmp_path / "a.gdb" / "a00000001.gdbtable")
    with pytest.raises(InputError, match="gdbtable"):
        read_tables(tmp_path / "a.gdb", expected="districts")


def test_a_false_dimension_alone_does_no_harm(tmp_path: Path) -> None:
    path = edited(
        tmp_path / "a.xlsx", SHEET, lambda d: re.sub(rb'<dimension ref="[^"]*"', b'<dimension ref="A1:XFD1048576"', d)
    )
    assert len(read_tables(path, expected="issues")[0].frame) == 2


def open_document(path: Path, rows: str, *, share: float = 1.0) -> None:
    """Rows as LibreOffice writes them; of their XML so large a share from the beginning, whole as a member of the zip."""
    content = (
        '<?xml version="1.0"?><office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
        'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
        'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:spreadsheet>'
        f'<table:table table:name="a">{rows}</table:table></office:spreadsheet></office:body></office:document-content>'
    )
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", content[: round(share * len(content))])
        archive.writestr("META-INF/manifest.xml", "<manifest/>")


@pytest.mark.parametrize("share", [0.6, 0.7, 0.8, 0.9, 0.99])
def test_an_open_document_that_breaks_off_is_refused(tmp_path: Path, share: float) -> None:
    """Its reader would look for the end of the row without end."""
    cells = '<table:table-cell office:value-type="string"><text:p>a</text:p></table:table-cell>' * 3
    rows = f"<table:table-row>{cells}</table:table-row>" * 4
    open_document(tmp_path / "whole.ods", rows)
    assert read_tables(tmp_path / "whole.ods", expected="issues")[0].frame.shape == (3, 3)
    open_document(tmp_path / "a.ods", rows, share=share)
    with pytest.raises(InputError, match="不完整"):
        read_tables(tmp_path / "a.ods", expected="issues")


@needs_limits
def test_an_open_document_that_repeats_its_rows_is_refused(tmp_path: Path) -> None:
    open_document(
        tmp_path / "a.ods",
        '<table:table-row table:number-rows-repeated="1048576">'
        '<table:table-cell table:number-columns-repeated="16384" office:value-type="string"><text:p>x</text:p>'
        "</table:table-cell></table:table-row>",
    )
    done = read_with_little_memory(tmp_path / "a.ods")
    assert done.returncode == 1, done.stderr[-500:]
    assert "a.ods" in done.stderr


@pytest.mark.parametrize("kind", ["zip", "gz", "xlsx"])
def test_a_bomb_is_refused_by_its_directory_or_while_it_unpacks(tmp_path: Path, kind: str, monkeypatch) -> None:
    monkeypatch.setattr(_files, "_SMALL", 1 << 20)
    path = tmp_path / {"zip": "a.zip", "gz": "a.csv.gz", "xlsx": "a.xlsx"}[kind]
    rows = b"a,b\n" + b"1,2\n" * (1 << 20)
    if kind == "gz":
        path.write_bytes(gzip.compress(rows))
    elif kind == "zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("a.csv", rows)
    else:
        edited(path, SHEET, lambda d: d.replace(b"</sheetData>", b"</sheetData>" + b" " * len(rows)))
    assert len(rows) > _files.MOST_RATIO * path.stat().st_size
    with pytest.raises(InputError, match="上限") as caught:
        read_tables(path, expected="issues")
    assert path.name in caught.value.text("en")


def test_what_unpacks_to_little_or_within_the_ratio_is_read(tmp_path: Path) -> None:
    rows = b"a,b\n" + b"1,2\n" * (1 << 20)
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.csv", rows)
    assert len(read_tables(tmp_path / "a.zip", expected="issues")[0].frame) == 1 << 20
    assert not _files._is_too_much(200 << 30 >> 8, 4 << 20)
    assert _files._is_too_much((4 << 30) + 1, 4 << 30)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes")
def test_pipes_and_devices_are_not_read(tmp_path: Path) -> None:
    pipe = tmp_path / "a.csv"
    os.mkfifo(pipe)
    for refuse in (
        lambda: read_tables(pipe, expected="issues"),
        lambda: check_raster(pipe),
        lambda: read_toml(pipe),
        lambda: read_tables("/dev/zero", expected="issues"),
    ):
        with pytest.raises(InputError, match="普通文件"):
            refuse()


@pytest.mark.parametrize("ending", ["csv", "xlsx", "gpkg", "parquet", "zip", "tif", "toml"])
@pytest.mark.parametrize("target", ["gone", "itself"])
def test_a_link_that_leads_nowhere_is_called_that(tmp_path: Path, ending: str, target: str) -> None:
    link = tmp_path / f"a.{ending}"
    link.symlink_to(link if target == "itself" else tmp_path / "gone")
    with pytest.raises(InputError, match="是一个链接"):
        {"tif": check_raster, "toml": load_settings}.get(ending, lambda file: read_tables(file, expected="parks"))(link)


@pytest.mark.parametrize("ending", ["csv", "xlsx", "geojson", "parquet"])
def test_a_table_of_more_columns_than_any_result_holds_is_refused(
    tmp_path: Path, ending: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_files, "MOST_COLUMNS", 4)
    shape = [shapely.box(120.7, 30.7, 120.71, 30.71)]
    for count in (4, 5):
        table = pd.DataFrame({f"c{at}": ["x"] for at in range(count)})
        path = tmp_path / f"{count}.{ending}"
        if ending == "geojson":
            gpd.GeoDataFrame(table, geometry=shape, crs=4326).to_file(path)
        else:
            {"csv": table.to_csv, "xlsx": table.to_excel, "parquet": table.to_parquet}[ending](path, index=False)
        if count == 4:
            assert read_tables(path, expected="parks")[0].frame.shape == (1, 4)
        else:
            with pytest.raises(InputError, match=f"5.{ending} 超过 4 列"):
                read_tables(path, expected="parks")


@pytest.mark.parametrize("folder", ["2024 [final]", "[ab]", "a?b", "a*b", "["])
def test_a_folder_is_meant_as_it_is_called(tmp_path: Path, folder: str) -> None:
    if sys.platform == "win32" and set(folder) & set("?*"):
        pytest.skip("no such names")
    for name in (folder, "a", "b", "axb"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "1.csv").write_text("a\n1\n")
    assert find_files(tmp_path / folder / "*.csv") == [tmp_path / folder / "1.csv"]
    assert find_files(f"{tmp_path}/{folder}/[0-9].csv") == [tmp_path / folder / "1.csv"]
    assert len(find_files(tmp_path / "**" / "*.csv")) == 4


def _squares() -> gpd.GeoDataFrame:
    x = np.arange(400) * 20.0
    return gpd.GeoDataFrame(
        {"name": [f"公园{i}" * 9 for i in range(400)]}, geometry=shapely.box(x, 0, x + 9, 9), crs=4549
    )


def _write(path: Path) -> None:
    table = _squares()
    flat = pd.DataFrame(table.drop(columns="geometry"))
    match path.suffix:
        case ".parquet":
            table.to_parquet(path)
        case ".xlsx":
            flat.to_excel(path, index=False)
        case ".gz":
            path.write_bytes(gzip.compress(flat.to_csv(index=False).encode()))
        case ".zip":
            with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
                archive.writestr("a.csv", flat.to_csv(index=False))
        case ".tif":
            with rasterio.open(
                path, "w", driver="GTiff", width=200, height=200, count=1, dtype="float32", crs=4549, compress="deflate",
                transform=rasterio.Affine(10, 0, 0, 0, -10, 0),
            ) as raster:  # fmt: skip
                raster.write(np.random.default_rng(0).random((1, 200, 200), dtype=np.float32))
        case ".geojson":
            path.write_text(table.to_crs(4326).to_json())
        case _:
            table.to_file(path)


@pytest.mark.parametrize("suffix", [".gpkg", ".geojson", ".fgb", ".shp", ".parquet", ".xlsx", ".csv.gz", ".zip", ".tif", ".kml"])  # fmt: skip
@pytest.mark.parametrize("damage", ["cut", "zeros", "noise"])
def test_a_damaged_file_of_any_format_is_refused_or_read_and_never_a_fault(
    tmp_path: Path, suffix: str, damage: str
) -> None:
    """Bytes that no check sum covers may go unnoticed; what is noticed is bad input, whichever library raised it."""
    whole = tmp_path / f"whole{suffix}"
    _write(whole) if suffix != ".kml" else _squares().to_crs(4326).to_file(whole, driver="KML")
    data, rng = whole.read_bytes(), np.random.default_rng(0)
    refused = []
    for at, start in enumerate((0.02, 0.3, 0.6, 0.9)):
        begin = int(len(data) * start)
        broken = bytearray(data)
        if damage == "cut":
            del broken[begin:]
        else:
            end = min(begin + max(len(data) // 8, 64), len(data))
            broken[begin:end] = bytes(end - begin) if damage == "zeros" else rng.bytes(end - begin)
        path = tmp_path / f"bad{at}{suffix}"
        for part in tmp_path.glob("whole.*"):
            (tmp_path / part.name.replace("whole", f"bad{at}")).write_bytes(part.read_bytes())
        path.write_bytes(bytes(broken))
        try:
            check_raster(path) if suffix == ".tif" else read_tables(path, expected="parks")
        except InputError as error:
            refused.append((path.name, error))
    for name, said in refused:
        assert name in said.text("zh")
        assert name in said.text("en")
        assert str(tmp_path) not in said.text("zh")
    # GDAL reads a damaged Shapefile record by record: what it cannot read has no geometry, and is rejected as such.
    assert refused or suffix == ".shp"


def test_a_class_table_that_is_damaged_is_refused(tmp_path: Path) -> None:
    from jxgis.city import read_class_table

    path = edited(tmp_path / "a.xlsx", SHEET, lambda d: d.replace(b"</sheetData>", FAR))
    with pytest.raises(InputError, match="XFD1048576"):
        read_class_table(path)
    path.write_bytes(workbook()[:900])
    with pytest.raises(InputError, match=r"a\.xlsx"):
        read_class_table(path)
    with pytest.raises(SettingsError, match="不存在"):
        read_class_table(tmp_path / "none.xlsx")


def test_json_of_no_features_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": [{"type": 3}]}))
    with pytest.raises(InputError, match=r"a\.geojson"):
        read_tables(tmp_path / "a.geojson", expected="parks")


@pytest.mark.slow
def test_parquet_that_repeats_one_value_without_end_is_refused(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    path, rows = tmp_path / "a.parquet", 5_000_000
    table = pa.table({"x": pa.array(np.zeros(rows)), "y": pa.array(np.zeros(rows))})
    with pq.ParquetWriter(path, table.schema) as writer:
        for _ in range(60):
            writer.write_table(table)
    assert path.stat().st_size < 1 << 23
    with pytest.raises(InputError, match=r"unpacks to at least 4\.8 GB"):
        read_tables(path, expected="issues")


def test_raster_of_one_huge_block_is_refused(tmp_path: Path) -> None:
    path, size = tmp_path / "a.tif", 65536
    options = {"driver": "GTiff", "dtype": "float64", "count": 1, "crs": "EPSG:4549", "width": size, "height": size}
    tiles = {"tiled": True, "blockxsize": size, "blockysize": size, "SPARSE_OK": True}
    rasterio.open(path, "w", transform=rasterio.Affine(1, 0, 572_000, 0, -1, 3_403_000), **options, **tiles).close()
    with pytest.raises(InputError, match="smaller tiles"):
        check_raster(path)


def test_parquet_of_long_texts_that_repeat_is_refused(tmp_path: Path) -> None:
    """A text of 10 MB stored once and named by 600 rows: 6 GB of memory in a file of some kB."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    once = pa.array(["字" * 3_500_000, "短"])
    for name, rows in (("wide", 600), ("small", 300)):
        column = pa.DictionaryArray.from_arrays(pa.array(np.zeros(rows, dtype=np.int32)), once)
        pq.write_table(pa.table({"任务号": column}), tmp_path / f"{name}.parquet", compression="zstd")
    assert (tmp_path / "wide.parquet").stat().st_size < 1 << 20
    with pytest.raises(InputError, match=r"unpacks to at least 6\.3 GB"):
        _files.require_sane_parquet(tmp_path / "wide.parquet", what="wide.parquet")
    _files.require_sane_parquet(tmp_path / "small.parquet", what="small.parquet")
    # In a column that is not read it takes no memory.
    _files.require_sane_parquet(tmp_path / "wide.parquet", what="wide.parquet", columns=["问题编号"])
    with pytest.raises(InputError):
        _files.require_sane_parquet(tmp_path / "wide.parquet", what="wide.parquet", columns=["任务号"])


def test_parquet_with_pages_of_nothing_is_refused(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    long = pa.table({"a": pa.array([f"{at}" + "0" * 30_000_000 for at in range(5)])})
    pq.write_table(long, tmp_path / "a.parquet", compression="zstd")
    assert (tmp_path / "a.parquet").stat().st_size < 1 << 18
    with pytest.raises(InputError, match="times its size"):
        read_tables(tmp_path / "a.parquet", expected="issues")


def test_sparse_raster_of_a_hundred_thousand_million_cells_is_refused(tmp_path: Path) -> None:
    path, size = tmp_path / "a.tif", 400_000
    options = {"driver": "GTiff", "dtype": "uint8", "count": 1, "crs": "EPSG:4549", "width": size, "height": size}
    tiles = {"tiled": True, "blockxsize": 4096, "blockysize": 4096, "SPARSE_OK": True, "BIGTIFF": "YES"}
    rasterio.open(path, "w", transform=rasterio.Affine(1, 0, 372_000, 0, -1, 3_603_000), **options, **tiles).close()
    assert path.stat().st_size < 1 << 20
    with pytest.raises(InputError, match="400,000 by 400,000 cells"):
        check_raster(path)
    with pytest.raises(InputError, match="400,000 by 400,000 cells"):
        raster_people(path, gpd.GeoDataFrame(geometry=[shapely.box(572_000, 3_402_000, 572_100, 3_402_100)], crs=4549))


@pytest.mark.parametrize("refused", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_a_full_disk_is_not_the_fault_of_a_zip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refused: int) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("a.csv", "a,b\n1,2\n")

    class Full(io.BytesIO):
        def write(self, _: object) -> int:
            raise OSError(refused, "No space left on device")

    real = Path.open
    monkeypatch.setattr(
        Path, "open", lambda self, mode="r", **more: Full() if mode == "wb" else real(self, mode, **more)
    )
    with pytest.raises(InputError, match="磁盘已满"):
        read_tables(tmp_path / "a.zip", expected="issues")


def test_long_names_in_a_zip_do_no_harm(tmp_path: Path) -> None:
    long = "嘉兴市城市管理问题" * 12
    squares = gpd.GeoDataFrame({"name": ["西", "东"]}, geometry=shapely.box([0, 9], 0, [9, 18], 9), crs=4549)
    squares.to_file(tmp_path / "a.shp", encoding="utf-8")
    with zipfile.ZipFile(tmp_path / "shape.zip", "w") as archive:
        for ending in ("shp", "shx", "dbf", "prj", "cpg"):
            archive.write(tmp_path / f"a.{ending}", f"{long}/{long}.{ending}")
    (table,) = read_tables(tmp_path / "shape.zip", expected="districts")
    assert (table.name, table.frame["name"].tolist(), table.crs.to_epsg()) == ("shape.zip", ["西", "东"], 4549)
    with zipfile.ZipFile(tmp_path / "text.zip", "w") as archive:
        for end in "甲乙":
            archive.writestr(f"{long}{end}.csv", f"name\n{end}\n")
        archive.writestr("a." + "b" * 300, "")
    assert [table.frame["name"].item() for table in read_tables(tmp_path / "text.zip", expected="issues")] == [
        "乙",
        "甲",
    ]


@pytest.mark.parametrize("inside", ["", "城市/"])
def test_zip_of_the_bare_files_of_a_geodatabase_is_read(tmp_path: Path, inside: str) -> None:
    folder = tmp_path / "城.gdb"
    squares = gpd.GeoDataFrame({"name": ["西", "东"]}, geometry=shapely.box([0, 9], 0, [9, 18], 9), crs=4549)
    squares.to_file(folder, driver="OpenFileGDB", layer="districts")
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for part in sorted(folder.iterdir()):
            archive.write(part, f"{inside}{part.name}")
        archive.writestr(f"{inside}说明.pdf", "")
    (table,) = read_tables(tmp_path / "a.zip", expected="districts")
    assert (table.name, table.frame["name"].tolist()) == ("a.zip", ["西", "东"])


def test_two_files_of_one_name_in_a_zip_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.csv", "x,y\n1,2\n")
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("a.csv", "x,y\n3,4\n5,6\n")
    with pytest.raises(InputError, match=r"two files named a\.csv"):
        read_tables(path, expected="issues")


def test_zip_around_a_geodatabase_is_read_as_one(tmp_path: Path) -> None:
    folder = tmp_path / "城.gdb"
    squares = gpd.GeoDataFrame({"name": ["西", "东"]}, geometry=shapely.box([0, 9], 0, [9, 18], 9), crs=4549)
    squares.to_file(folder, driver="OpenFileGDB", layer="districts")
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for part in sorted(folder.iterdir()):
            archive.write(part, f"下载/{folder.name}/{part.name}")
    (table,) = read_tables(path, expected="districts")
    assert (table.name, table.frame["name"].tolist()) == ("a.zip", ["西", "东"])


def test_columns_that_no_table_can_hold_are_left_out_and_named(tmp_path: Path) -> None:
    from jxgis.gpkg import write_gpkg
    from jxgis.load import load_districts

    squares = gpd.GeoDataFrame(
        {
            "name": ["西", "东"],
            "photo": [b"\xff\xd8", None],
            "note": ["老".encode(), b"b"],
            "span": pd.to_timedelta([1, 2], unit="h"),
            "big": np.array([2**64 - 1, 1], dtype=np.uint64),
            "count": pd.array([1, None], dtype="UInt64"),
            "short": np.array([0.5, np.nan], dtype=np.float16),
            "late": np.array(["10000-01-01", "NaT"], dtype="datetime64[ms]"),
        },
        geometry=shapely.box([572_000, 575_000], 3_402_000, [575_000, 578_000], 3_405_000),
        crs=4549,
    )
    squares.assign(gate=squares.centroid).to_parquet(tmp_path / "a.parquet")
    loaded = load_districts(tmp_path / "a.parquet")
    assert any("photo, gate" in note.en for note in loaded.notes)
    assert loaded.table["note"].tolist() == ["老", "b"]
    assert loaded.table["big"].tolist() == ["18446744073709551615", "1"]
    assert not {"photo", "gate"} & set(loaded.table.columns)
    write_gpkg(tmp_path / "a.gpkg", {"districts": loaded.table})
    assert len(gpd.read_file(tmp_path / "a.gpkg", layer="districts")) == 2


def test_a_name_keeps_to_its_line(tmp_path: Path) -> None:
    from jxgis.load import load_districts

    square = gpd.GeoDataFrame(
        {"name": ["东\u202e栅\r\n错误：磁盘已满\x00"]},
        geometry=shapely.box([572_000], 3_402_000, [575_000], 3_405_000),
        crs=4549,
    )
    assert load_districts(square).table["name"].tolist() == ["东栅 错误：磁盘已满"]


_ENDLESS = "WITH {} r(fid, name) AS (SELECT 1, 'x' UNION ALL SELECT fid + 1, name FROM r) SELECT fid, name FROM r"


def with_view(path: Path, *statements: str) -> Path:
    """A GeoPackage of two points in the layer t, and what the statements add; a view v is a layer of it."""
    points = gpd.GeoDataFrame({"name": ["a", "b"]}, geometry=gpd.points_from_xy([120.7, 120.8], [30.7, 30.8]), crs=4326)
    points.to_file(path, layer="t")
    with contextlib.closing(sqlite3.connect(path)) as base, base:
        for statement in statements:
            base.execute(statement)
        base.execute(
            "INSERT INTO gpkg_contents (table_name, data_type, identifier, srs_id) VALUES ('v', 'features', 'v', 4326)"
        )
        base.execute("INSERT INTO gpkg_geometry_columns VALUES ('v', 'geom', 'POINT', 4326, 0, 0)")
    return path


@pytest.mark.parametrize(
    "statements",
    [
        [f"CREATE VIEW v AS {_ENDLESS.format('RECURSIVE')}"],
        [f"CREATE VIEW v AS {_ENDLESS.format('')} WHERE name = 'y'"],
        [f"CREATE VIEW w AS {_ENDLESS.format('')}", "CREATE VIEW v AS SELECT * FROM w"],
        [_ENDLESS.format("").join(["CREATE VIEW v AS SELECT *, ST_MinX(geom), (SELECT max(fid) FROM (", ")) FROM t"])],
        [f"CREATE VIEW w AS {_ENDLESS.format('')} WHERE name = 'y'", "CREATE VIEW v AS SELECT fid, geom, name FROM t"],
    ],
)
def test_a_view_without_an_end_is_refused(tmp_path: Path, statements: list[str]) -> None:
    # Before GDAL looks at it: it takes a row of every view to see its columns.
    path = with_view(tmp_path / "v.gpkg", *statements)
    with pytest.raises(InputError, match="调用自身"):
        read_tables(f"{path}|layername=v", expected="places")


def test_a_view_over_a_table_that_is_called_recursive_is_read(tmp_path: Path) -> None:
    table = 'CREATE TABLE "RECURSIVE" (fid INTEGER PRIMARY KEY)'
    path = with_view(
        tmp_path / "v.gpkg", table, 'CREATE VIEW v AS SELECT t.* FROM t LEFT JOIN "RECURSIVE" r USING (fid)'
    )
    assert len(read_tables(f"{path}|layername=v", expected="places")[0].frame) == 2


def test_a_view_of_too_many_rows_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill = "INSERT INTO n WITH r(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM r WHERE i < 300) SELECT i FROM r"
    path = with_view(
        tmp_path / "v.gpkg",
        "CREATE TABLE n (i INTEGER PRIMARY KEY)",
        fill,
        "CREATE VIEW v AS SELECT a.i AS fid, NULL AS geom FROM n a, n b, n c",
    )
    monkeypatch.setattr(_views, "MOST_UNPACKED", 1 << 20)
    with pytest.raises(InputError, match="读不到头"):
        read_tables(f"{path}|layername=v", expected="places")
    # The other layer of the file is read all the same.
    assert len(read_tables(f"{path}|layername=t", expected="places")[0].frame) == 2


@pytest.mark.parametrize(
    "statements",
    [
        ["ALTER TABLE t ADD COLUMN big TEXT GENERATED ALWAYS AS (hex(zeroblob(1000000))) VIRTUAL"],
        [f"ALTER TABLE t ADD COLUMN big TEXT DEFAULT '{'x' * 1_000_000}'"],
        ["ALTER TABLE gpkg_spatial_ref_sys RENAME TO s",
         "CREATE VIEW gpkg_spatial_ref_sys AS SELECT s.*, hex(zeroblob(300000)) AS more FROM s"],
        ["ALTER TABLE gpkg_extensions RENAME TO e",
         "CREATE VIEW gpkg_extensions AS SELECT e.*, hex(zeroblob(300000)) AS more FROM t LEFT JOIN e"],
    ],
    ids=["computed", "default", "systems", "extensions"],
)  # fmt: skip
def test_rows_that_blow_up_as_they_are_read_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, statements: list[str]
) -> None:
    path = with_view(tmp_path / "v.gpkg", "CREATE VIEW v AS SELECT fid, geom, name FROM t", *statements)
    monkeypatch.setattr(_views, "MOST_UNPACKED", 1 << 24)
    assert len(read_tables(f"{path}|layername=t", expected="places")[0].frame) == 2
    monkeypatch.setattr(_views, "MOST_UNPACKED", 1 << 20)
    with pytest.raises(InputError, match="读不到头"):
        read_tables(f"{path}|layername=t", expected="places")


@pytest.mark.parametrize(
    ("view", "names"),
    [
        ("SELECT fid, geom, name FROM t WHERE name = 'b'", ["b"]),
        ("SELECT fid, geom, name FROM t WHERE ST_MinX(geom) > 120.75", ["b"]),
        ("SELECT t.fid, t.geom, u.name || 'x' AS name FROM t JOIN t u ON t.fid = u.fid", ["ax", "bx"]),
    ],
)
def test_views_as_qgis_makes_them_are_layers(tmp_path: Path, view: str, names: list[str]) -> None:
    path = with_view(tmp_path / "v.gpkg", f"CREATE VIEW v AS {view}")
    (table,) = read_tables(f"{path}|layername=v", expected="places")
    assert table.frame["name"].tolist() == names
    assert table.geometry is not None
    assert shapely.get_x(table.geometry).max() == 120.8


def test_a_raster_of_complex_numbers_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "people.tif"
    transform = rasterio.transform.from_origin(500000, 3400000, 100, 100)
    with rasterio.open(
        path, "w", driver="GTiff", width=2, height=2, count=1, dtype="complex64", crs=4549, transform=transform
    ) as out:
        out.write(np.full((2, 2), 3 + 4j, dtype=np.complex64), 1)
    with pytest.raises(InputError, match="复数"):
        check_raster(path)
    zone = gpd.GeoDataFrame({"name": ["a"]}, geometry=[shapely.box(500000, 3399800, 500200, 3400000)], crs=4549)
    with pytest.raises(InputError, match="复数"):
        raster_people(path, zone)


@pytest.mark.parametrize("ending", [".msk", ".ovr", ".MSK"])
def test_what_lies_beside_a_raster_points_nowhere(tmp_path: Path, ending: str) -> None:
    # GDAL opens a mask by any driver: this one takes the cells of another file for the mask, half of which are 0.
    transform = rasterio.transform.from_origin(500000, 3400000, 100, 100)
    path, other = tmp_path / "people.tif", tmp_path / "other.tif"
    for place, cells in ((path, np.ones((2, 2))), (other, np.array([[0, 255], [255, 0]]))):
        with rasterio.open(
            place, "w", driver="GTiff", width=2, height=2, count=1, dtype="uint8", crs=4549, transform=transform
        ) as out:
            out.write(cells.astype(np.uint8), 1)
    beside = tmp_path / f"people.tif{ending}"
    beside.write_text(
        '<VRTDataset rasterXSize="2" rasterYSize="2"><Metadata><MDI key="INTERNAL_MASK_FLAGS_1">2</MDI></Metadata>'
        f'<VRTRasterBand dataType="Byte" band="1"><SimpleSource><SourceFilename>{other}</SourceFilename>'
        "<SourceBand>1</SourceBand></SimpleSource></VRTRasterBand></VRTDataset>",
        encoding="utf-8",
    )
    zone = gpd.GeoDataFrame({"name": ["a"]}, geometry=[shapely.box(500000, 3399800, 500200, 3400000)], crs=4549)
    for read in (
        check_raster,
        load_population,
        lambda raster: raster_people(raster, zone),
        lambda raster: raster_mean(zone, raster),
    ):
        with pytest.raises(InputError, match="移走"):
            read(path)
    # A mask that is a TIFF counts.
    beside.unlink()
    with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=False), rasterio.open(path, "r+") as raster:
        raster.write_mask(np.array([[255, 255], [255, 0]], dtype=np.uint8))
    assert (tmp_path / "people.tif.msk").is_file()
    assert check_raster(path).total == 3


@pytest.mark.parametrize("excepted", [None, "127.0.0.1", "*"])
@pytest.mark.parametrize(
    "crs", ['{"type": "link", "properties": {"href": "%s"}}', '{"type": "URL", "properties": {"url": "%s"}}']
)
def test_no_address_in_a_file_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, crs: str, excepted: str | None
) -> None:
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        if excepted is not None:
            monkeypatch.setenv(name, excepted)
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        address = f"http://127.0.0.1:{server.getsockname()[1]}/crs"
        point = '{"type": "Feature", "properties": {"name": "a"}, "geometry": {"type": "Point", "coordinates": [120.7, 30.7]}}'
        text = f'{{"type": "FeatureCollection", "crs": {crs % address}, "features": [{point}]}}'
        (tmp_path / "a.geojson").write_text(text)
        (table,) = read_tables(tmp_path / "a.geojson", expected="places")
        with pytest.raises(BlockingIOError):
            server.accept()
    assert table.frame["name"].tolist() == ["a"]
    assert os.environ.get("no_proxy") == excepted


@pytest.mark.parametrize("before", ["", "\ufeff"])
@pytest.mark.parametrize("between", ["", " ", "\n", "\r\n"])
def test_features_after_the_first_are_read_or_missed_aloud(tmp_path: Path, before: str, between: str) -> None:
    point = (
        '{"type": "Feature", "properties": {"name": "a"}, "geometry": {"type": "Point", "coordinates": [120.7, 30.7]}}'
    )

    def rows(n: int) -> int:
        (tmp_path / "a.geojson").write_text(before + between.join([point] * n), encoding="utf-8", newline="")
        (table,) = read_tables(tmp_path / "a.geojson", expected="places")
        return len(table.frame)

    assert rows(1) == 1
    if not before and between.strip(" "):
        assert rows(3) == 3
    else:
        with pytest.raises(InputError, match="goes on after its first feature"):
            rows(3)


@pytest.mark.parametrize("encoding", ["undefined", "\0", "hex", "nothing"])
def test_an_encoding_that_is_none_is_named(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "a.csv").write_text("任务号,名称\n1,a\n", encoding="utf-8")
    with pytest.raises(InputError, match="不认识编码"):
        read_tables(tmp_path / "a.csv", expected="places", encoding=encoding)


@pytest.mark.skipif(sys.platform == "win32", reason="no colon in a name")
def test_a_raster_whose_name_is_an_address_is_read_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    transform = rasterio.transform.from_origin(500000, 3400000, 100, 100)
    for name, value in (("x.tif", 9), ("y.tif", 1)):
        with rasterio.open(
            tmp_path / name,
            "w",
            driver="GTiff",
            width=2,
            height=2,
            count=1,
            dtype="float32",
            crs=4549,
            transform=transform,
        ) as out:
            out.write(np.full((2, 2), value, dtype=np.float32), 1)
    (tmp_path / "y.tif").rename(tmp_path / "GTIFF_DIR:1:x.tif")
    monkeypatch.chdir(tmp_path)
    assert check_raster("GTIFF_DIR:1:x.tif").total == 4
    assert load_population("GTIFF_DIR:1:x.tif").table["people"].sum() == 4


def _two_districts() -> gpd.GeoDataFrame:
    boxes = [shapely.box(120.70, 30.7, 120.71, 30.71), shapely.box(120.71, 30.7, 120.72, 30.71)]
    return gpd.GeoDataFrame({"name": ["甲区", "乙区"], "note": ["一", "二"]}, geometry=boxes, crs=4326)


@pytest.mark.parametrize("where", ["甲区", "二"])
@pytest.mark.parametrize("ending", ["geojson", "fgb", "gpkg", "parquet"])
def test_gb_18030_in_a_format_of_utf8_is_read_as_that_and_said(tmp_path: Path, ending: str, where: str) -> None:
    path = tmp_path / f"districts.{ending}"
    if ending == "parquet":
        _two_districts().to_parquet(path, compression="none", write_covering_bbox=False)
    else:
        options = {"layer": "districts"} if ending == "gpkg" else {}
        pyogrio.write_dataframe(_two_districts(), path, **options)
    utf8 = where.encode()
    # Of the same length, so that nothing else of the file changes: GBK has two bytes a sign.
    written = path.read_bytes()
    assert utf8 in written
    path.write_bytes(written.replace(utf8, (where.encode("gbk") + b"  ")[: len(utf8)]))
    loaded = load_districts(path)
    assert sorted(loaded.table["name"]) == ["乙区", "甲区"]
    assert sorted(loaded.table["note"].str.strip()) == ["一", "二"]
    assert sum("1 行的文字是 GB18030" in note.zh for note in loaded.notes) == 1


def test_a_byte_of_no_encoding_costs_a_character_of_its_row(tmp_path: Path) -> None:
    path = tmp_path / "districts.gpkg"
    pyogrio.write_dataframe(_two_districts(), path, layer="districts")
    path.write_bytes(path.read_bytes().replace("二".encode(), b"a\xffb"))
    loaded = load_districts(path)
    assert sorted(loaded.table["note"]) == ["a\ufffdb", "一"]
    assert any("1 行含有无法解读的字符" in note.zh for note in loaded.notes)


@pytest.mark.parametrize("ending", ["geojson", "gpkg"])
def test_each_row_of_a_vector_file_keeps_its_own_zone(tmp_path: Path, ending: str) -> None:
    said = ["2024-01-02T03:04:05+08:00", "2024-01-02T03:04:05Z", "2024-01-02T03:04:05", "2024-01-02T03:04:05+09:00"]
    local = ["03:04:05", "11:04:05", "03:04:05", "02:04:05"]
    path = tmp_path / f"issues.{ending}"
    points = gpd.points_from_xy(120.7 + 0.01 * np.arange(4), np.full(4, 30.7))
    table = gpd.GeoDataFrame({"任务号": list("abcd"), "上报时间": said}, geometry=points, crs=4326)
    if ending == "geojson":
        path.write_text(table.to_json(), encoding="utf-8")
    else:
        uniform = table.assign(上报时间=pd.to_datetime(table["上报时间"], utc=True, format="ISO8601"))
        pyogrio.write_dataframe(uniform, path, layer="issues", SPATIAL_INDEX="NO")
        with contextlib.closing(sqlite3.connect(path)) as base:
            base.executemany('UPDATE issues SET "上报时间" = ? WHERE "任务号" = ?', zip(said, "abcd", strict=True))
            base.commit()
    read = load_issues(path, crs="EPSG:4326").table.sort_values("issue_id")
    assert read["time"].dt.strftime("%H:%M:%S").tolist() == local


@pytest.mark.parametrize("geometry", [False, True])
def test_the_index_of_a_parquet_file_is_a_column(tmp_path: Path, geometry: bool) -> None:
    path = tmp_path / "issues.parquet"
    table = pd.DataFrame({"id": ["a", "b"], "time": ["2024-01-01", "2024-01-02"], "lon": 120.7, "lat": [30.7, 30.8]})
    if geometry:
        points = gpd.points_from_xy(table["lon"], table["lat"], crs=4326)
        gpd.GeoDataFrame(table, geometry=points).drop(columns=["lon", "lat"]).set_index("id").to_parquet(path)
    else:
        table.set_index(["id", "time"]).to_parquet(path)
    read = load_issues(path, crs="EPSG:4326").table
    assert read["issue_id"].tolist() == ["a", "b"]
    assert read["time"].dt.day.tolist() == [1, 2]


@pytest.mark.parametrize("cut", [".dbf", ".shx"])
def test_a_shapefile_of_two_lengths_is_refused(tmp_path: Path, cut: str) -> None:
    path = tmp_path / "districts.shp"
    _two_districts().to_file(path, encoding="utf-8")
    assert len(load_districts(path).table) == 2
    part = path.with_suffix(cut)
    written = bytearray(part.read_bytes())
    if cut == ".dbf":
        written[4:8] = (1).to_bytes(4, "little")
    else:
        del written[108:]
        written[24:28] = (len(written) // 2).to_bytes(4, "big")
    part.write_bytes(written)
    with pytest.raises(InputError, match="对不上"):
        load_districts(path)


@pytest.mark.parametrize("lost", [".dbf", ".shx"])
def test_a_shapefile_without_its_names_is_refused(tmp_path: Path, lost: str) -> None:
    path = tmp_path / "parks.shp"
    _two_districts().to_file(path, encoding="utf-8")
    assert len(load_layer("parks", path).table) == 2
    path.with_suffix(lost).unlink()
    with pytest.raises(InputError, match=rf"缺少同名文件 \{lost}"):
        load_layer("parks", path)


@pytest.mark.parametrize("damaged", ["places.gpkg", "places.gdb/*.gdbtable", "places.gdb/*.gdbtablx"])
def test_no_row_of_a_damaged_layer_is_lost_without_a_word(tmp_path: Path, damaged: str) -> None:
    """Arrow's way ends at a damaged page, or passes over it, as though the layer had no more rows."""
    count, rng = 2000, np.random.default_rng(0)
    spots = gpd.GeoSeries(shapely.points(rng.random((count, 2)) * 1000), crs=4549)
    places = gpd.GeoDataFrame({"name": [f"点{i:04d}" for i in range(count)]}, geometry=spots)
    path = tmp_path / Path(damaged).parts[0]
    pyogrio.write_dataframe(places, path, driver={".gpkg": "GPKG", ".gdb": "OpenFileGDB"}[path.suffix])
    assert len(load_layer("places", path).table) == count
    held = max(tmp_path.glob(damaged), key=lambda file: file.stat().st_size)
    data = bytearray(held.read_bytes())
    # Lengths of rows and of pages, as they never are; of the index of rows, which are there.
    at, with_bytes = (len(data) // 3, b"\xff" * 100) if held.suffix != ".gdbtablx" else (len(data) // 2, bytes(4096))
    data[at : at + len(with_bytes)] = with_bytes[: len(data) - at]
    held.write_bytes(bytes(data))
    with pytest.raises(InputError, match="已损坏"):
        load_layer("places", path)


@pytest.mark.parametrize("said", [1, 999, None])
def test_a_number_of_rows_that_is_out_of_date_hides_none(tmp_path: Path, said: int | None) -> None:
    """A script that writes rows past the triggers leaves the old number."""
    path = tmp_path / "places.gpkg"
    _squares().to_file(path, layer="blocks")
    with contextlib.closing(sqlite3.connect(path)) as base, base:
        base.execute("UPDATE gpkg_ogr_contents SET feature_count = ?", (said,))
    assert len(load_layer("blocks", path).table) == len(_squares())


def test_a_shapefile_that_is_cut_off_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "parks.shp"
    _two_districts().to_file(path, encoding="utf-8")
    path.write_bytes(path.read_bytes()[:-60])
    with pytest.raises(InputError, match="不完整"):
        load_layer("parks", path)


@pytest.mark.parametrize("mark", ["", "\x1e"])
def test_a_line_of_a_geojson_that_is_no_feature_is_not_lost(tmp_path: Path, mark: str) -> None:
    path = tmp_path / "districts.geojson"
    lines = [mark + json.dumps(feature) for feature in json.loads(_two_districts().to_json())["features"]]
    path.write_text("\n".join(lines) + "\n\n", encoding="utf-8")
    assert len(load_districts(path).table) == 2
    path.write_text("\n".join([lines[0], lines[1][:90]]) + "\n", encoding="utf-8")
    with pytest.raises(InputError, match="只读出 1 个"):
        load_districts(path)


@pytest.mark.skipif(sys.platform != "linux", reason="names are bytes on Linux alone")
def test_a_name_that_is_no_utf8_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("x", encoding="utf-8")
    gbk = os.fsdecode(os.fsencode(tmp_path) + b"/" + "南湖.csv".encode("gbk"))
    Path(gbk).write_text("x", encoding="utf-8")
    for source in (gbk, str(tmp_path / "*.csv"), f"{tmp_path}/a\0.csv"):
        with pytest.raises(InputError, match="改名"):
            find_files(source)
    with pytest.raises(InputError, match="南湖"):
        find_files(gbk)


@pytest.mark.parametrize("encoding", ["utf-7", "raw_unicode_escape"])
def test_an_encoding_that_gives_half_characters_is_refused(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes({"utf-7": b"a,b\n+2AA-,1\n", "raw_unicode_escape": b"a,b\n\\ud800,1\n"}[encoding])
    with pytest.raises(InputError, match="无法解读"):
        read_tables(path, expected="issues", encoding=encoding)


def test_a_number_of_thousands_of_digits_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "jxgis.toml"
    path.write_text(f"a = {'9' * 5000}\n", encoding="utf-8")
    with pytest.raises(SettingsError, match="数字太长"):
        read_toml(path)


def test_a_layer_of_another_world_is_refused_in_words(tmp_path: Path) -> None:
    path = tmp_path / "districts.gpkg"
    _two_districts().set_crs("IAU_2015:30100", allow_override=True).to_file(path, layer="districts")
    with pytest.raises(CrsError, match="天体"):
        load_districts(path)


_GRID_NAMES = {
    "proj": "+proj=longlat +ellps=GRS80 +nadgrids=@null,{} +type=crs",
    "init": "+init={}:x",
    "wkt": 'GEOGCS["x",DATUM["D",SPHEROID["GRS80",6378137,298.257222101],EXTENSION["PROJ4_GRIDS" , "{}"]],'
    'PRIMEM["Greenwich",0],UNIT["degree",0.0174532925199433]]',
}


@pytest.mark.skipif(sys.platform == "win32", reason="no named pipes")
@pytest.mark.parametrize("name", _GRID_NAMES)
@pytest.mark.parametrize("ending", ["geojson", "escaped.geojson", "gpkg", "shp", "parquet", "setting"])
def test_no_file_that_a_crs_names_is_opened(tmp_path: Path, ending: str, name: str) -> None:
    # Opened, the pipe would be waited for without an end.
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    crs = _GRID_NAMES[name].format(pipe)
    path = tmp_path / f"districts.{ending}"
    table, options = _two_districts(), {}
    if ending.endswith("geojson"):
        read = {**json.loads(table.to_json()), "crs": {"type": "name", "properties": {"name": crs}}}
        text = json.dumps(read)
        if ending.startswith("escaped"):
            text = (
                text.replace("nadgrids", "nadgri\\u0064s").replace("GRIDS", "GRI\\u0044S").replace("init", "i\\u006eit")
            )
        path.write_text(text, encoding="utf-8")
    elif ending == "gpkg":
        table.to_file(path, layer="districts")
        with contextlib.closing(sqlite3.connect(path)) as base, base:
            base.execute(
                "UPDATE gpkg_spatial_ref_sys SET definition = ?, organization = 'NONE' WHERE srs_id = 4326", (crs,)
            )
    elif ending == "shp":
        table.to_file(path)
        path.with_suffix(".prj").write_text(crs, encoding="utf-8")
    elif ending == "parquet":
        table.to_parquet(path)
        stored = pq.read_table(path)
        geo = json.loads(stored.schema.metadata[b"geo"])
        geo["columns"]["geometry"]["crs"] = crs
        pq.write_table(stored.replace_schema_metadata({b"geo": json.dumps(geo).encode()}), path)
    else:
        path = tmp_path / "plain.gpkg"
        table.to_file(path, layer="districts")
        options = {"crs": crs}
    with pytest.raises(CrsError, match="格网"):
        load_districts(path, **options)


@pytest.mark.parametrize("within", ["aux.xml", "numbered signs", "keys", "mask"])
def test_no_file_that_the_crs_of_a_raster_names_is_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, within: str
) -> None:
    path, named = tmp_path / "people.tif", _GRID_NAMES["wkt"].format("/a/pipe")
    transform = rasterio.transform.from_origin(500000, 3400000, 100, 100)
    wkt = pyproj.CRS(4549).to_wkt("WKT1_GDAL").replace("CGCS2000 / 3-degree", "x" * 60)
    with rasterio.open(
        path, "w", driver="GTiff", width=2, height=2, count=1, dtype="uint8", crs=wkt, transform=transform,
        GEOTIFF_KEYS_FLAVOR="ESRI_PE",
    ) as out:  # fmt: skip
        out.write(np.ones((1, 2, 2), dtype=np.uint8))
    pam = "<PAMDataset><SRS>{}</SRS></PAMDataset>"
    # Plain text beside it, as ArcGIS leaves it, and the CRS that web maps have, are read.
    beside = tmp_path / "people.tif.aux.xml"
    beside.write_text(pam.format(pyproj.CRS(3857).to_wkt("WKT1_GDAL").replace('"', "&quot;")), encoding="utf-8")
    assert check_raster(path).total == 4
    beside.unlink()
    if within == "keys":
        cells, extension = path.read_bytes(), b',EXTENSION["PROJ4_GRIDS","/a/pipe"]'
        sphere = re.search(rb'SPHEROID\["[^]]*\]', cells)
        assert sphere is not None
        longer = cells.replace(sphere[0], sphere[0] + extension, 1).replace(b"x" * len(extension), b"", 1)
        assert len(longer) == len(cells)
        path.write_bytes(longer)
    elif within == "mask":
        (tmp_path / "people.tif.msk.aux.xml").write_text(pam.format(named), encoding="utf-8")
    else:
        shown = named.replace("_GRIDS", "&#95;GRI&#x44;S") if within == "numbered signs" else named
        beside.write_text(pam.format(shown), encoding="utf-8")
    zone = gpd.GeoDataFrame({"name": ["a"]}, geometry=[shapely.box(500000, 3399800, 500200, 3400000)], crs=4549)
    # Opened, a pipe would be waited for without an end.
    monkeypatch.setattr(rasterio, "open", lambda *_, **__: pytest.fail("opened"))
    for read in (
        check_raster,
        load_population,
        lambda raster: raster_people(raster, zone),
        lambda raster: raster_mean(zone, raster),
    ):
        with pytest.raises(CrsError, match="格网"):
            read(path)


def test_no_file_that_an_item_of_a_geodatabase_names_is_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "a.gdb"
    pyogrio.write_dataframe(_two_districts().to_crs(4549), folder, layer="districts", driver="OpenFileGDB")
    assert len(load_districts(folder).table) == 2
    # The XML of an item is read as XML: its signs may stand as numbers, and it may lie anywhere in its table.
    named = _GRID_NAMES["wkt"].format("/a/pipe").replace("GRIDS", "G&#82;IDS").encode()
    items = folder / "a00000004.gdbtable"
    held = items.read_bytes()
    wkt = re.search(rb"<WKT>(.*?)</WKT>", held)
    assert wkt is not None
    assert len(named) <= len(wkt[1])
    items.write_bytes(held.replace(wkt[1], named.ljust(len(wkt[1]))).replace(b"WKID>", b"WKIX>"))
    # Opened, a pipe would be waited for without an end.
    monkeypatch.setattr(pyogrio, "list_layers", lambda *_: pytest.fail("opened"))
    with pytest.raises(CrsError, match="格网"):
        load_districts(folder)
    items.write_bytes(bytes(2 << 20) + items.read_bytes())
    with pytest.raises(CrsError, match="格网"):
        load_districts(folder)


def test_a_crs_that_names_no_file_passes() -> None:
    mercator = "+proj=merc +a=6378137 +b=6378137 +nadgrids=@null +wktext +no_defs +type=crs"
    for crs in (mercator, pyproj.CRS(mercator), "+init=epsg:4549", pyproj.CRS(4549)):
        with contextlib.suppress(FutureWarning):
            resolve_crs(crs)
    for version in ("WKT1_GDAL", "WKT2_2019", "WKT1_ESRI"):
        require_no_grids(pyproj.CRS(3857).to_wkt(version).encode(), "a.prj")
