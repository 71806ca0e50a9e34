"""Files as planners have them, in every format, whole and broken."""

from __future__ import annotations

import gzip
import hashlib
import io
import re
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from jxgis.errors import CrsError, InputError
from jxgis.load import load_layer, readers
from jxgis.load._encodings import dbf_encoding
from jxgis.load._text import decode, read_csv
from jxgis.load.readers import read_tables


def one(path, **options):
    tables = read_tables(path, expected="issues", **options)
    assert len(tables) == 1
    return tables[0]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk", "utf-16"])
@pytest.mark.parametrize("ending", [".csv", ".csv.gz"])
def test_csv_in_every_encoding(export, write, encoding: str, ending: str) -> None:
    table = one(write(f"a{ending}", export, encoding=encoding))
    assert table.frame.astype(object).equals(export.astype(object))
    assert table.row.tolist() == list(range(1, 13))


def test_csv_codes_stay_text(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("码,数\n001,1.50\n330402000000000123,1e3\nNULL,\n", encoding="utf-8")
    frame = one(tmp_path / "a.csv").frame
    assert frame["码"].tolist() == ["001", "330402000000000123", "NULL"]
    assert frame["数"].tolist()[:2] == ["1.50", "1e3"]
    assert pd.isna(frame["数"].iloc[2])


MARK = b"\xef\xbb\xbf"


@pytest.mark.parametrize(
    ("before", "encoding"),
    [
        (MARK + MARK, "utf-8"),
        ("标题\n".encode() + MARK, "utf-8"),
        (MARK + b"sep=,\n" + MARK, "utf-8"),
        (MARK, "gb18030"),
        (MARK + b"\n", "gb18030"),
    ],
)
def test_a_byte_order_mark_is_no_part_of_a_name(tmp_path: Path, before: bytes, encoding: str) -> None:
    """As files have it that were saved twice or joined: what stands below stays text, with its zeros."""
    path = tmp_path / "a.csv"
    path.write_bytes(before + "id,name\n007,中山路占道\n008,暴露垃圾堆\n".encode(encoding))
    frame = read_csv(path, encoding=None, what="a.csv").frame
    assert frame.to_dict("list") == {"id": ["007", "008"], "name": ["中山路占道", "暴露垃圾堆"]}


@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
def test_csv_delimiters_quotes_and_line_ends(tmp_path: Path, delimiter: str) -> None:
    text = delimiter.join(["a", "b"]) + "\r\n" + delimiter.join(['"x\ny"', f'"p{delimiter}q"']) + "\r\n"
    (tmp_path / "a.txt").write_bytes(text.encode())
    assert one(tmp_path / "a.txt").frame.to_numpy().tolist() == [["x\ny", f"p{delimiter}q"]]


@pytest.mark.parametrize("broken", [1, 50, 100])
@pytest.mark.parametrize(("encoding", "byte"), [("gb18030", b"\xcd,"), ("utf-8", b"\xe6\xb0,")])
def test_a_broken_character_costs_itself_and_not_the_file(
    tmp_path: Path, encoding: str, byte: bytes, broken: int
) -> None:
    rows = [f"T{n},三水湾口,月河水{n}".encode(encoding) for n in range(1, 101)]
    rows[broken - 1] = f"T{broken},三".encode(encoding) + byte + "月河".encode(encoding)
    (tmp_path / "a.csv").write_bytes(b"\n".join(["任务号,备注,街道".encode(encoding), *rows, b""]))
    table = one(tmp_path / "a.csv")
    assert table.frame["任务号"].tolist() == [f"T{n}" for n in range(1, 101)]
    assert table.frame["备注"].tolist() == ["三\ufffd" if n == broken else "三水湾口" for n in range(1, 101)]
    (note,) = table.notes
    assert f"第 {broken} 行" in note.zh


@pytest.mark.parametrize("encodings", [("utf-8", "gb18030"), ("gb18030", "utf-8"), ("gb18030", "utf-8-sig")])
def test_files_joined_of_two_encodings_are_read_line_by_line(tmp_path: Path, encodings: tuple[str, str]) -> None:
    halves = [f"T{n},南湖区新兴街道{n}号".encode(encodings[n % 2]) for n in range(40)]
    halves.sort(key=lambda row: int(row.split(b",")[0][-2:].strip(b"T")) % 2)
    (tmp_path / "a.csv").write_bytes(b"\n".join(["任务号,街道".encode(encodings[0]), *halves]))
    table = one(tmp_path / "a.csv")
    assert table.frame["街道"].tolist() == [f"南湖区新兴街道{n}号" for n in (*range(0, 40, 2), *range(1, 40, 2))]
    assert any("两种编码" in note.zh for note in table.notes)


def test_text_of_another_encoding_is_refused_as_before(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes("é,ö\nü,ß\nà,è\n".encode("latin-1"))
    with pytest.raises(InputError, match="编码"):
        one(tmp_path / "a.csv")


def folders(path: Path, names: list[str]) -> Path:
    """A KML with two places in each of its folders, as Google Earth writes it."""
    places = iter(range(100))
    place = "<Placemark><name>园{0}</name><Point><coordinates>120.7{0:02},30.75</coordinates></Point></Placemark>"
    inner = "".join(
        f"<Folder><name>{name}</name>{place.format(next(places))}{place.format(next(places))}</Folder>"
        for name in names
    )
    path.write_text(f'<kml xmlns="http://www.opengis.net/kml/2.2"><Document>{inner}</Document></kml>', encoding="utf-8")
    return path


@pytest.mark.parametrize("names", [["南湖区", "秀洲区", "经开区"], ["同名", "同名"]])
def test_all_folders_of_a_kml_are_read(tmp_path: Path, names: list[str]) -> None:
    table = one(folders(tmp_path / "公园.kml", names))
    assert table.frame["Name"].tolist() == [f"园{n}" for n in range(2 * len(names))]
    assert shapely.get_x(table.geometry) == pytest.approx([120.7 + n / 1000 for n in range(2 * len(names))])
    assert any(f"{len(names)} 个文件夹" in note.zh for note in table.notes)


def test_a_folder_that_is_named_or_called_as_the_layer_is_read_alone(tmp_path: Path) -> None:
    path = folders(tmp_path / "a.kml", ["issues", "parks"])
    assert len(one(path).frame) == 2
    assert one(f"{path}|layername=parks").frame["Name"].tolist() == ["园2", "园3"]


def with_data(path: Path, rows: list[dict[str, str]]) -> Path:
    """A KML of two folders whose places have values without a schema, as Google writes them."""
    places = []
    for at, row in enumerate(rows):
        data = "".join(f"<Data name={quoteattr(name)}><value>{value}</value></Data>" for name, value in row.items())
        point = f"<Point><coordinates>120.75,30.7{at}</coordinates></Point>"
        places.append(f"<Placemark><ExtendedData>{data}</ExtendedData>{point}</Placemark>")
    inner = "".join(f"<Folder><name>{at}</name>{''.join(places[at::2])}</Folder>" for at in range(2))
    path.write_text(f'<kml xmlns="http://www.opengis.net/kml/2.2"><Document>{inner}</Document></kml>', encoding="utf-8")
    return path


def test_values_of_a_kml_have_the_names_that_it_gives_them(tmp_path: Path) -> None:
    # Four of them twelve bytes long, of which the driver makes one column.
    names = ["任务号", "上报时间", "问题类型", "处置部门", "案件状态", "a b", "a.b", "<甲>&'乙\"", "plain", "jxgis_"]
    rows = [{name: f"{name[:1].strip('<')}{number}{at}" for at, name in enumerate(names)} for number in range(4)]
    frame = one(with_data(tmp_path / "a.kml", rows)).frame
    assert frame[names].to_dict("records") == [*rows[::2], *rows[1::2]]
    assert not {"id", "timestamp", "begin", "end"} & {*frame}


HEAD, ROW = "任务号,小类,lon,lat,备注", "{},飞絮,120.75,30.75,甲"


@pytest.mark.parametrize(
    ("broken", "at"),
    [
        ([ROW.format(1), '2,飞絮,120.75,30.75,"甲', ROW.format(3), ROW.format(4)], 2),
        ([ROW.format(1), '2,"飞絮,120.75,30.75,甲', ROW.format(3), '4,飞絮,120.75,30.75,"乙"', ROW.format(5)], 2),
        ([ROW.format(1), '2,飞絮,120.75,30.75,"甲', ROW.format(3), '"4",飞絮,120.75,30.75,乙', ROW.format(5)], 2),
        ([ROW.format(1), ROW.format(2), '"3,飞絮,120.75,30.75,甲', ROW.format(4)], 3),
    ],
)
def test_no_row_is_lost_behind_a_quote_that_is_not_closed(tmp_path: Path, broken: list[str], at: int) -> None:
    for end in ("\n", "\r\n"):
        (tmp_path / "a.csv").write_bytes(end.join([HEAD, *broken, ""]).encode())
        with pytest.raises(InputError, match=f"row {at}: a quote is not closed"):
            read_csv(tmp_path / "a.csv", encoding=None, what="a.csv")


@pytest.mark.parametrize(
    "rows",
    [
        ['1,飞絮,120.75,30.75,"详见：\n1,2,3,4,5,6"', ROW.format(2)],
        [ROW.format(1), '2,飞絮,120.75,30.75,"详见：\n1,2,3,4,5,6"'],
        ['1,"详见：\n1,2,3,4,5,6",120.75,30.75,甲', ROW.format(2)],
        ['1,飞絮,120.75,30.75,5" 管', ROW.format(2)],
    ],
)
def test_values_of_several_lines_are_values(tmp_path: Path, rows: list[str]) -> None:
    (tmp_path / "a.csv").write_text("\n".join([HEAD, *rows, ""]), encoding="utf-8")
    sheet = read_csv(tmp_path / "a.csv", encoding=None, what="a.csv")
    assert (len(sheet.frame), len(sheet.broken)) == (2, 0)


def test_a_first_row_that_is_taken_for_heads_shows_nobody() -> None:
    for rest, shown in (([], "联系人：** 138********"), (["欧阳锋", "120.75"], "首行像是数据")):
        table = pd.DataFrame([["1"] * (1 + len(rest))], columns=["联系人：欧阳锋 13812345678", *rest])
        for options in ({}, {"columns": {"lon": "经度"}}, {"keep": ["经度"]}):
            with pytest.raises(InputError) as refused:
                load_layer("issues", table, crs=4490, **options)
            assert shown in str(refused.value)
            assert "欧阳锋" not in str(refused.value)
            assert "13812345678" not in str(refused.value)


def test_rows_with_too_many_or_too_few_fields_keep_their_numbers(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text('a,b\n1,2\n\n3\n4,"x\ny"\n5,6,7\n8,9\n', encoding="utf-8")
    table = one(tmp_path / "a.csv")
    assert table.row.tolist() == [1, 2, 4, 6]
    assert table.frame["a"].fillna("").tolist() == ["1", "", "4", "8"]
    assert table.broken == ((3, 1, 2), (5, 3, 2))


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_blank_lines_shift_no_row(tmp_path: Path, end: str) -> None:
    """Row k of the file is row k + 1 of a sheet, as Excel opens it; blank lines around the table are not rows."""
    lines = ["", "a,b", "1,x", "", "", '2,"y', "", 'z"', "3,w", "", ""]
    (tmp_path / "a.csv").write_bytes(end.join(lines).encode())
    table = one(tmp_path / "a.csv")
    assert dict(zip(table.row.tolist(), table.frame["a"].fillna("").tolist(), strict=True)) == {
        1: "1", 2: "", 3: "", 4: "2", 5: "3",
    }  # fmt: skip
    assert table.frame["b"].iloc[3].split() == ["y", "z"]


def test_columns_of_one_name_are_told_apart(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("街道, 街道 ,\n甲,乙,丙\n", encoding="utf-8")
    assert one(tmp_path / "a.csv").frame.columns.tolist() == ["街道", "街道_2", "column_3"]


@settings(max_examples=30, deadline=None)
@given(st.text(alphabet='三水湾府南,"\n12 aé', max_size=60))
def test_any_field_survives(tmp_path_factory, text: str) -> None:
    path = tmp_path_factory.mktemp("csv") / "a.csv"
    buffer = io.StringIO(newline="")
    # One short word in GBK may be UTF-8 by accident (水 is); a header with 小类 never is.
    pd.DataFrame({"小类": ["x", "y"], "b": [text, "z"]}).to_csv(buffer, index=False)
    path.write_bytes(buffer.getvalue().encode("gb18030"))
    got = read_csv(path, encoding=None, what="a.csv").frame
    assert got["小类"].tolist() == ["x", "y"]
    assert (got["b"].iloc[0] == text) or (text == "" and pd.isna(got["b"].iloc[0]))


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "空文件"),
        (b"\xef\xbb\xbf", "空文件"),
        (b"\r\n\r\n", "空文件"),
        ("任务号,X坐标\n".encode(), "只有表头"),
        ("任务号\n".encode("gb18030") + b"\xff\x80\x81\xff", "编码"),
        ("编号,é \n".encode("latin-1", errors="replace") + b"1,\xe9 \n", "编码"),
    ],
)
def test_bad_csv_is_refused_with_its_name(tmp_path: Path, content: bytes, says: str) -> None:
    (tmp_path / "坏.csv").write_bytes(content)
    with pytest.raises(InputError, match=says) as caught:
        one(tmp_path / "坏.csv")
    assert "坏.csv" in caught.value.text("zh")
    assert "坏.csv" in caught.value.text("en")


def test_encoding_as_told(export, write) -> None:
    path = write("a.csv", export, encoding="gb18030")
    assert one(path, encoding="gb18030").frame["小类"].iloc[1] == "小广告"
    with pytest.raises(InputError, match="utf-8"):
        one(path, encoding="utf-8")
    with pytest.raises(InputError, match="klingon"):
        one(path, encoding="klingon")
    assert decode("é".encode("latin-1"), encoding="latin-1", what="") == "é"


def test_a_cut_gzip_is_refused(export, write) -> None:
    path = write("a.csv.gz", export)
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(InputError, match="gzip"):
        one(path)
    path.write_bytes(b"no gzip at all")
    with pytest.raises(InputError, match="gzip"):
        one(path)


def test_excel_as_planners_have_it(tmp_path: Path) -> None:
    path = tmp_path / "导出.xlsx"
    with xlsxwriter.Workbook(path) as book:
        book.add_worksheet("说明")
        sheet = book.add_worksheet("数据")
        date = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        sheet.write(0, 0, "嘉兴市案件导出")
        sheet.write_row(1, 0, ["任务号", "代码", "上报时间", "小数", "真", "空"])
        sheet.write_row(2, 0, ["001", 330402007, "", 120.755, True, ""])
        sheet.write_datetime(2, 2, pd.Timestamp("2023-05-01 08:30:00").to_pydatetime(), date)
        sheet.write_row(3, 0, ["002", 330402008, 45047.5, 30])
        sheet.write_string(9, 0, "")
    table = one(path)
    assert table.frame.columns.tolist() == ["任务号", "代码", "上报时间", "小数", "真", "空"]
    assert table.frame["代码"].tolist() == ["330402007", "330402008"]
    assert table.frame["上报时间"].tolist() == ["2023-05-01 08:30:00", "45047.5"]
    assert table.frame["小数"].tolist() == ["120.755", "30"]
    assert table.frame["真"].iloc[0] == "TRUE"
    assert table.row.tolist() == [1, 2]
    assert any("数据" in note.zh for note in table.notes)
    assert one(path, layer="数据").frame.shape == (2, 6)
    with pytest.raises(InputError, match="有：说明、数据"):
        one(path, layer="数居")
    with pytest.raises(InputError, match="空文件"):
        one(path, layer="说明")


def test_excel_that_lost_digits_is_said(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["任务号", "b"])
        sheet.write_row(1, 0, [330402010000012345.0, "x"])
    assert any("15" in note.zh for note in one(path).notes)


@pytest.mark.parametrize(("number", "lost"), [(2**53 - 1, False), (2**53, True), (-(2**53), True)])
def test_digits_are_lost_from_where_two_numbers_are_one(tmp_path: Path, number: int, lost: bool) -> None:
    """2**53 may have been 2**53 + 1."""
    assert (float(number) == float(number + 1)) == (number == 2**53)
    with xlsxwriter.Workbook(tmp_path / "a.xlsx") as book:
        book.add_worksheet().write_column(0, 0, ["任务号", float(number)])
    table = one(tmp_path / "a.xlsx")
    assert table.frame["任务号"].tolist() == [str(number)]
    assert any("15" in note.zh for note in table.notes) is lost


def test_a_cut_workbook_is_refused(export, write) -> None:
    path = write("a.xlsx", export)
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(InputError, match="Excel"):
        one(path)


@pytest.mark.parametrize("name", ["a.parquet", "a.geoparquet", "a.gpkg", "a.geojson", "a.shp", "a.fgb"])
def test_vector_formats(squares, write, name: str) -> None:
    table = read_tables(write(name, squares), expected="districts")[0]
    # FlatGeobuf orders features in space.
    assert sorted(table.frame["名称"]) == sorted(squares["名称"])
    assert dict(zip(table.frame["名称"], table.frame["代码"], strict=True))["月河"] == "03"
    assert table.crs is not None
    back = gpd.GeoSeries(table.geometry, crs=table.crs).to_crs(4549)
    assert back.area.tolist() == pytest.approx([1e6] * 3, rel=1e-5)


def test_parquet_without_geometry(export, write) -> None:
    table = one(write("a.parquet", export))
    assert table.geometry is None
    assert table.frame["任务号"].tolist() == export["任务号"].tolist()


def shapefile(folder: Path, squares, *, encoding: str, cpg: str | None, language: int | None) -> Path:
    path = folder / "边界.shp"
    squares.rename(columns={"名称": "name", "代码": "code"}).to_file(path, encoding=encoding)
    path.with_suffix(".cpg").unlink(missing_ok=True)
    if cpg is not None:
        path.with_suffix(".cpg").write_text(cpg)
    dbf = path.with_suffix(".dbf")
    data = bytearray(dbf.read_bytes())
    if language is not None:
        data[29] = language
    dbf.write_bytes(data)
    return path


@pytest.mark.parametrize("language", [0x00, 0x03, 0x57, 0x4D, 0x7A])
def test_shapefiles_of_gbk_without_cpg(tmp_path: Path, squares, language: int) -> None:
    path = shapefile(tmp_path, squares, encoding="gb18030", cpg=None, language=language)
    assert dbf_encoding(path) == "gb18030"
    assert read_tables(path, expected="districts")[0].frame["name"].tolist() == ["三水湾", "府南", "月河"]


@pytest.mark.parametrize("language", [0x4F, 0x78])
def test_shapefiles_of_big5_without_cpg(tmp_path: Path, squares, language: int) -> None:
    """Taiwan's code page, as dBase and as Windows number it."""
    squares = squares.assign(名称=["三水灣", "府南", "月河"])
    path = shapefile(tmp_path, squares, encoding="big5", cpg=None, language=language)
    assert read_tables(path, expected="districts")[0].frame["name"].tolist() == ["三水灣", "府南", "月河"]


@pytest.mark.parametrize("cpg", ["UTF-8", "utf8", "65001", None])
def test_shapefiles_of_utf8(tmp_path: Path, squares, cpg: str | None) -> None:
    path = shapefile(tmp_path, squares, encoding="utf-8", cpg=cpg, language=0)
    assert read_tables(path, expected="districts")[0].frame["name"].tolist() == ["三水湾", "府南", "月河"]


@pytest.mark.parametrize("cpg", ["GBK", "936", "ANSI 936", "GB2312", "cp936", "no such codec"])
def test_shapefiles_of_gbk_with_cpg(tmp_path: Path, squares, cpg: str) -> None:
    path = shapefile(tmp_path, squares, encoding="gb18030", cpg=cpg, language=0)
    assert read_tables(path, expected="districts")[0].frame["name"].tolist() == ["三水湾", "府南", "月河"]


def test_utf8_that_a_field_cuts_is_still_utf8(tmp_path: Path, squares) -> None:
    long = squares.assign(名称=["三水湾" * 40, "府南", "月河"])
    with pytest.warns(RuntimeWarning, match="truncated"):
        path = shapefile(tmp_path, long, encoding="utf-8", cpg=None, language=0)
    data = path.with_suffix(".dbf").read_bytes()
    assert b"\xe4\xb8\x89" in data
    assert dbf_encoding(path) == "utf-8"


def dbf(path: Path, fields: list[tuple[bytes, int]], *records: bytes) -> Path:
    """A table as dBase III has it, without a word on its encoding; each record begins with its mark."""
    each = 1 + sum(width for _, width in fields)
    head = struct.pack("<B3sIHH20x", 3, b"\x7e\x01\x01", len(records), 33 + 32 * len(fields), each)
    described = b"".join(struct.pack("<11sc4xB15x", name, b"C", width) for name, width in fields)
    path.with_suffix(".dbf").write_bytes(head + described + b"\x0d" + b"".join(records) + b"\x1a")
    return path


def test_the_names_of_fields_tell_the_encoding_too(tmp_path: Path) -> None:
    path = tmp_path / "a.shp"
    number = (b"code", 3)
    assert dbf_encoding(dbf(path, [("名称".encode("gbk"), 6), number], b"       001")) == "gb18030"
    assert dbf_encoding(dbf(path, [number, ("名称".encode("gbk"), 6)])) == "gb18030"
    assert dbf_encoding(dbf(path, [number, ("社区名".encode(), 6)], b" 001      ")) == "utf-8"
    # Four characters are twelve bytes, and ten are the most that a name has.
    assert dbf_encoding(dbf(path, [("社区名称".encode()[:10], 6)])) == "utf-8"


@pytest.mark.parametrize(("short", "encoding"), [(0, "utf-8"), (1, "utf-8"), (2, "utf-8"), (3, "gb18030")])
def test_only_the_end_of_a_field_cuts_a_character(tmp_path: Path, short: int, encoding: str) -> None:
    """Some drivers leave a byte or two of a field unused; half a character well before its end is not UTF-8."""
    value = "社区".encode()[:5]
    record = b" " + value.ljust(5 + short)
    assert dbf_encoding(dbf(tmp_path / "a.shp", [(b"name", 5 + short)], record, b" " + b" " * (5 + short))) == encoding


def test_a_shapefile_without_its_companions_says_which(tmp_path: Path, squares) -> None:
    path = shapefile(tmp_path, squares, encoding="utf-8", cpg=None, language=0)
    path.with_suffix(".shx").unlink()
    with pytest.raises(InputError, match=r"\.shx"):
        read_tables(path, expected="districts")


class GbkName(zipfile.ZipInfo):
    """A name as Windows in China packs it: in GBK, without the flag of UTF-8."""

    def _encodeFilenameFlags(self) -> tuple[bytes, int]:  # noqa: N802
        return self.filename.encode("gb18030"), self.flag_bits


def pack(path: Path, members: dict[str, Path], *, kind: type[zipfile.ZipInfo] = zipfile.ZipInfo) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, source in members.items():
            archive.writestr(kind(name), source.read_bytes(), zipfile.ZIP_DEFLATED)
    return path


@pytest.mark.parametrize("kind", [zipfile.ZipInfo, GbkName])
def test_chinese_names_in_a_zip(export, write, tmp_path: Path, kind: type[zipfile.ZipInfo]) -> None:
    members = {f"数据/问题{month}月.csv": write(f"{month}.csv", export) for month in (1, 2)}
    tables = read_tables(pack(tmp_path / "a.zip", members, kind=kind), expected="issues")
    assert [table.name for table in tables] == ["a.zip/数据/问题1月.csv", "a.zip/数据/问题2月.csv"]


@pytest.mark.parametrize("folder", ["", "数据/内层/"])
def test_a_zip_around_one_file(export, write, tmp_path: Path, folder: str) -> None:
    inner = write("问题.csv", export, encoding="gb18030")
    path = pack(
        tmp_path / "a.zip", {f"{folder}问题.csv": inner, f"{folder}说明.docx": inner, "__MACOSX/._a.csv": inner}
    )
    table = one(path)
    assert table.name == "a.zip"
    assert table.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert len(table.frame) == 12


def test_a_zip_around_a_shapefile(tmp_path: Path, squares) -> None:
    shapefile(tmp_path, squares, encoding="gb18030", cpg=None, language=0x57)
    parts = {entry.name: entry for entry in tmp_path.iterdir() if entry.stem == "边界"}
    assert {".shp", ".shx", ".dbf", ".prj"} <= {Path(name).suffix for name in parts}
    table = read_tables(pack(tmp_path / "b.zip", parts), expected="districts")[0]
    assert table.frame["name"].tolist() == ["三水湾", "府南", "月河"]
    assert table.crs == squares.crs


def test_a_zip_of_several_files_numbers_the_rows_of_each(export, write, tmp_path: Path) -> None:
    inner = {f"{month}.csv": write(f"{month}.csv", export.iloc[: month + 1]) for month in (1, 2)}
    tables = read_tables(pack(tmp_path / "a.zip", inner), expected="issues")
    assert [(table.name, table.row.tolist()) for table in tables] == [
        ("a.zip/1.csv", [1, 2]),
        ("a.zip/2.csv", [1, 2, 3]),
    ]
    assert one(tmp_path / "a.zip", layer="2").row.tolist() == [1, 2, 3]


def test_a_zip_of_different_kinds_asks_which(export, squares, write, tmp_path: Path) -> None:
    members = {"a.csv": write("a.csv", export), "b.geojson": write("b.geojson", squares.to_crs(4326))}
    with pytest.raises(InputError, match=r"a\.csv、b\.geojson"):
        read_tables(pack(tmp_path / "c.zip", members), expected="issues")
    assert one(tmp_path / "c.zip", layer="b").geometry is not None


def test_names_in_a_zip_cannot_leave_it(export, write, tmp_path: Path) -> None:
    inner = write("x.csv", export)
    nest = tmp_path / "nest"
    nest.mkdir()
    path = pack(nest / "a.zip", {"../../evil.csv": inner, "/etc/evil2.csv": inner})
    before = sorted(tmp_path.rglob("*"))
    assert len(read_tables(path, expected="issues")) == 2
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("cut", [0.3, 0.9])
def test_a_cut_zip_is_refused(export, write, tmp_path: Path, cut: float) -> None:
    path = pack(tmp_path / "cut.zip", {"a.csv": write("a.csv", export)})
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * cut)])
    with pytest.raises(InputError, match=r"cut\.zip"):
        one(path)


def test_a_zip_with_a_broken_member_is_refused(export, write, tmp_path: Path) -> None:
    path = pack(tmp_path / "bad.zip", {"a.csv": write("a.csv", pd.concat([export] * 50))})
    data = bytearray(path.read_bytes())
    data[60:90] = b"\0" * 30
    path.write_bytes(data)
    with pytest.raises(InputError, match=r"bad\.zip"):
        one(path)


def test_globs_and_lists(export, write, tmp_path: Path) -> None:
    for month in (2, 1):
        write(f"data/{month}.csv", export.iloc[:month])
    tables = read_tables(str(tmp_path / "data" / "*.csv"), expected="issues")
    assert [table.name for table in tables] == ["1.csv", "2.csv"]
    assert len(read_tables([tmp_path / "data/2.csv", tmp_path / "data/1.csv"], expected="issues")) == 2
    with pytest.raises(InputError, match=r"\*\.xlsx"):
        read_tables(str(tmp_path / "data" / "*.xlsx"), expected="issues")


def test_one_empty_month_among_others_is_no_error(export, write, tmp_path: Path) -> None:
    write("data/1.csv", export)
    (tmp_path / "data/2.csv").write_text(",".join(export.columns) + "\n", encoding="utf-8")
    assert [len(table.frame) for table in read_tables(str(tmp_path / "data/*.csv"), expected="issues")] == [12, 0]


def test_a_missing_file_names_the_nearest(export, write, tmp_path: Path) -> None:
    write("issues.csv", export)
    with pytest.raises(InputError, match=r"是否为 issues\.csv"):
        one(tmp_path / "isues.csv")
    with pytest.raises(InputError, match="文件不存在"):
        one(tmp_path / "nowhere" / "a.csv")


def test_a_mark_that_qgis_does_not_write_is_told_from_a_missing_file(export, write, tmp_path: Path) -> None:
    write("issues.csv", export)
    with pytest.raises(InputError, match=r"请写 issues\.csv\|layername=…") as error:
        one(f"{tmp_path / 'issues.csv'}|layname=a")
    assert "layname=a, is not known" in error.value.text("en")


def test_an_unknown_format_names_the_known(tmp_path: Path) -> None:
    (tmp_path / "a.docx").write_bytes(b"x")
    with pytest.raises(InputError, match=r"\.gpkg"):
        one(tmp_path / "a.docx")


def test_a_folder_is_said_to_be_one(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="是文件夹") as error:
        one(tmp_path)
    assert str(tmp_path / "*") in error.value.text("en")


def test_layers_of_a_geopackage(squares, write, tmp_path: Path) -> None:
    path = write("a.gpkg", squares, layer="parks")
    assert len(read_tables(path, expected="districts")[0].frame) == 3
    squares.iloc[:2].to_file(path, layer="districts")
    assert len(read_tables(path, expected="districts")[0].frame) == 2
    with pytest.raises(InputError, match="parks、districts"):
        read_tables(path, expected="streets")
    with pytest.raises(InputError, match="是否为 parks"):
        read_tables(path, expected="streets", layer="parcs")
    assert len(read_tables(path, expected="streets", layer="parks")[0].frame) == 3


@pytest.mark.parametrize("name", ["a.gpkg", "a.geojson", "a.parquet"])
def test_cut_vector_files_are_refused(squares, write, name: str) -> None:
    path = write(name, squares)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 3])
    with pytest.raises(InputError, match=name):
        read_tables(path, expected="districts")


def test_tables_in_memory(squares, export) -> None:
    table = read_tables(squares.set_index("代码"), expected="districts")[0]
    assert (table.name, table.sha256, len(table.frame)) == ("(memory)", "", 3)
    assert table.crs == squares.crs
    assert read_tables(export, expected="issues")[0].geometry is None
    renamed = squares.rename_geometry("the_geom")
    assert shapely.area(read_tables(renamed, expected="districts")[0].geometry).tolist() == pytest.approx([1e6] * 3)


def test_hash_is_of_the_file_on_disk(export, write) -> None:
    path = write("a.csv.gz", export)
    assert one(path).sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert gzip.decompress(path.read_bytes()).startswith("任务号".encode())


def test_columns_keep_their_dtype_of_a_vector_file(squares, write) -> None:
    path = write("a.gpkg", squares.assign(人口=[1.5, np.nan, 3.0]))
    assert read_tables(path, expected="districts")[0].frame["人口"].dtype == np.float64


def test_a_sheet_of_remarks_before_the_table_is_passed_over(tmp_path):
    path = tmp_path / "export.xlsx"
    with pd.ExcelWriter(path, engine="xlsxwriter") as book:
        pd.DataFrame({"说明": ["由平台导出", "共 2 件"]}).to_excel(book, sheet_name="导出说明", index=False)
        pd.DataFrame({"lon": [120.75, 120.76], "lat": [30.75, 30.76]}).to_excel(book, sheet_name="案件", index=False)
        pd.DataFrame({"甲": [1], "乙": [2], "丙": [3]}).to_excel(book, sheet_name="统计", index=False)
    table = one(path)
    assert list(table.frame.columns) == ["lon", "lat"]
    assert [note.zh for note in table.notes] == [
        "export.xlsx：读取工作表 案件。",
        "export.xlsx：没有读取工作表 导出说明、统计（隐藏、列不同、空表，或各行在其他表中都有）；要用的请用 layer 指明。",
    ]


@pytest.mark.parametrize("titles", [0, 1, 3])
def test_titles_above_the_header_are_said_since_rows_are_counted_below_it(tmp_path: Path, titles: int) -> None:
    cases = pd.DataFrame({"lon": [120.75, "?", 120.76], "lat": [30.75, 30.76, 30.77]})
    cases.to_excel(tmp_path / "a.xlsx", index=False, startrow=titles, engine="xlsxwriter")
    loaded = load_layer("issues", tmp_path / "a.xlsx", crs="WGS-84")
    row = int(loaded.rejects["row"].item())
    said = [found[1] for note in loaded.notes for found in re.finditer(r"第 1 行是 Excel 显示的第 (\d+) 行", note.zh)]
    assert len(said) == bool(titles)
    for first in map(int, said):
        # Where the bad row really stands in the sheet: below titles, header and one case.
        assert first + row - 1 == titles + 1 + 2


@pytest.mark.parametrize(
    ("above", "line"),
    [("sep=,\n", 0), ('"sep=,"\r\n', 0), ("嘉兴市问题明细表\n", 2), ("嘉兴市问题明细表,,,\n导出时间：2024-03-01,,,\n", 3),
     ('"嘉兴市\n问题明细表",,,\n', 2), ("问题明细表;2024\n", 2), ("明细 | 三月\n", 2), ("明细\t三月\n", 2),
     ("嘉兴市问题明细表\n\n统计日期,2024-03-01 至 2024-04-01\n", 4), ("\n\n", 3), ("统计日期: 2024-01-01, 2024-02-01\n", 2)],
)  # fmt: skip
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_what_stands_above_the_header_of_a_text(tmp_path: Path, above: str, line: int, end: str) -> None:
    text = (above + 'id,lon,lat,note\n1,120.75,30.75,"a,b"\n2,?,30.76,c\n3,120.77,30.77,d\n').replace("\r\n", "\n")
    (tmp_path / "a.csv").write_bytes(text.replace("\n", end).encode())
    loaded = load_layer("issues", tmp_path / "a.csv", crs="WGS-84", columns={"issue_id": "id"})
    assert loaded.table["issue_id"].tolist() == ["1", "3"]
    assert loaded.rejects["row"].tolist() == [2]
    said = [found[1] for note in loaded.notes for found in re.finditer(r"表头在第 (\d+) 行", note.zh)]
    assert said == ([str(line)] if line else [])


@pytest.mark.parametrize(
    ("text", "names"),
    [("经度;纬度\n120,75;30,75\n", ["经度", "纬度"]), ("a|b|c,d\n1|2|3\n", ["a", "b", "c,d"]), ('坐标\n"120.9,30.7"\n', ["坐标"]),
     ("sep=|\na,b|c\n1|2\n", ["a,b", "c"]), ("sep=;\na;b\n1;2\n", ["a", "b"]), ("说明\na\tb\tc\n1\t2\t3\n", ["a", "b", "c"])],
)  # fmt: skip
def test_what_parts_the_fields(tmp_path: Path, text: str, names: list[str]) -> None:
    (tmp_path / "a.csv").write_text(text, encoding="utf-8")
    table = one(tmp_path / "a.csv")
    assert list(table.frame.columns) == names
    assert len(table.frame) == 1


@pytest.mark.parametrize("at", range(1, 9))
def test_a_row_of_too_many_fields_does_not_pass_for_the_header(tmp_path: Path, at: int) -> None:
    rows = [f"{n},120.75,30.75" for n in range(9)]
    rows[at] += ",a,b,c,d,e"
    (tmp_path / "a.csv").write_text("\n".join(["id,lon,lat", *rows]), encoding="utf-8")
    table = one(tmp_path / "a.csv")
    assert table.frame["id"].tolist() == [str(n) for n in range(9) if n != at]
    assert [broken.row for broken in table.broken] == [at + 1]


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-16"])
@pytest.mark.parametrize("head", ["编号,经度,纬度,地址", "id,lon,lat,place"])
def test_utf16_without_a_mark(tmp_path: Path, encoding: str, head: str) -> None:
    (tmp_path / "a.csv").write_bytes(f"{head}\n7,120.75,30.75,嘉兴市南湖区\n".encode(encoding))
    frame = one(tmp_path / "a.csv").frame
    assert (list(frame), frame.iloc[0].tolist()) == (head.split(","), ["7", "120.75", "30.75", "嘉兴市南湖区"])


@pytest.mark.parametrize("names", [["一月", "二月", "合计"], ["合计", "一月", "二月"], ["一月", "合计", "二月"]])
def test_no_row_is_counted_twice_for_a_sheet_of_all_rows(tmp_path: Path, names: list[str]) -> None:
    months = {"一月": [1, 2], "二月": [3, 4], "合计": [1, 2, 3, 4]}
    with pd.ExcelWriter(tmp_path / "a.xlsx", engine="xlsxwriter") as book:
        for name in names:
            frame = pd.DataFrame({"lon": [120.75 + n / 1000 for n in months[name]], "lat": 30.75, "编号": months[name]})
            frame.to_excel(book, sheet_name=name, index=False)
        frame.to_excel(book, sheet_name="旧", index=False)
        pd.DataFrame({"lon": [121.0], "lat": [31.0], "编号": [9]}).to_excel(book, sheet_name="藏", index=False)
        book.sheets["藏"].hide()
    tables = read_tables(tmp_path / "a.xlsx", expected="issues")
    assert sorted(n for table in tables for n in table.frame["编号"]) == ["1", "2", "3", "4"]
    assert "藏（隐藏" in " ".join(note.zh for table in tables for note in table.notes)
    (hidden,) = read_tables(tmp_path / "a.xlsx", expected="issues", layer="藏")
    assert hidden.frame["编号"].tolist() == ["9"]


def test_a_zip_in_a_zip_is_named(export, write, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "year.zip", "w") as archive:
        archive.writestr("1月.csv", "a,b\n1,2\n")
        archive.writestr("2月.csv", "a,b\n3,4\n")
        archive.writestr("3月.zip", b"PK")
    tables = read_tables(tmp_path / "year.zip", expected="issues")
    assert [["3月.zip" in note.zh for note in table.notes] for table in tables] == [[True], []]


@pytest.mark.parametrize("ending", ["xlsx", "et"])
def test_sheets_of_the_same_columns_are_one_table(tmp_path: Path, ending: str) -> None:
    with pd.ExcelWriter(tmp_path / "year.xlsx", engine="xlsxwriter") as book:
        for month in range(3):
            columns = {"编号": [f"{month}{i}" for i in range(2)], "lon": [120.75, "?"], "lat": [30.75, 30.76]}
            names = list(columns) if month != 1 else ["lat", "编号", "lon"]
            pd.DataFrame(columns)[names].to_excel(book, sheet_name=f"{month + 1}月", index=False, startrow=month)
        pd.DataFrame({"月": [1], "件数": [2]}).to_excel(book, sheet_name="汇总", index=False)
    path = (tmp_path / "year.xlsx").rename(tmp_path / f"year.{ending}")
    loaded = load_layer("issues", path, crs="WGS-84", columns={"issue_id": "编号"})
    assert loaded.table["issue_id"].tolist() == ["00", "10", "20"]
    assert loaded.rejects["source"].tolist() == [f"year.{ending}/{month}月" for month in (1, 2, 3)]
    assert sum("1月、2月、3月" in note.zh for note in loaded.notes) == 1
    assert sum("没有读取工作表 汇总" in note.zh for note in loaded.notes) == 1
    (table,) = read_tables(path, expected="issues", layer="2月")
    assert table.frame["编号"].tolist() == ["10", "11"]


def test_a_file_is_what_it_begins_as(tmp_path: Path) -> None:
    text = "编号\tlon\tlat\n1\t120.75\t30.75\n"
    for encoding in ("utf-8", "gb18030", "utf-16"):
        (tmp_path / "a.xls").write_bytes(text.encode(encoding))
        table = one(tmp_path / "a.xls")
        assert table.frame["lon"].tolist() == ["120.75"]
        assert "内容其实是文本" in table.notes[0].zh
    pd.DataFrame({"lon": [120.75], "lat": [30.75]}).to_excel(tmp_path / "b.xlsx", index=False, engine="xlsxwriter")
    table = one((tmp_path / "b.xlsx").rename(tmp_path / "b.csv"))
    assert table.frame["lon"].tolist() == ["120.75"]
    assert "内容其实是工作簿" in table.notes[0].zh
    (tmp_path / "c.xls").write_text("\ufeff\n<html><table><tr><td>编号</td></tr></table></html>", encoding="utf-8")
    with pytest.raises(InputError, match="其实是网页"):
        one(tmp_path / "c.xls")


@pytest.mark.parametrize(
    ("heading", "write"),
    [("WKT", shapely.to_wkt), ("geom", lambda shape: f"SRID=4326;{shape.wkt}"), ("the_geom", lambda shape: shape.wkb_hex), ("wkb", lambda shape: "\\x" + shape.wkb_hex),
     ("wkb_geometry", lambda shape: shapely.to_wkb(shapely.set_srid(shape, 4326), hex=True, include_srid=True)),
     ("geometry", shapely.to_geojson), ("图形", lambda shape: shape.wkt.lower())],
)  # fmt: skip
@pytest.mark.parametrize("ending", ["csv", "xlsx", "parquet"])
def test_a_column_may_write_the_geometry_out(
    tmp_path: Path, heading: str, write: Callable[[Any], str], ending: str
) -> None:
    shapes = [shapely.box(120.70, 30.7, 120.71, 30.71), shapely.box(120.71, 30.7, 120.72, 30.71)]
    table = pd.DataFrame(
        {"名称": ["甲园", "乙园", "丙园", "丁园"], heading: [*map(write, shapes), "POLYGON ((1", None]}
    )
    path = tmp_path / f"parks.{ending}"
    if ending == "xlsx":
        table.to_excel(path, index=False, engine="xlsxwriter")
    else:
        (table.to_csv if ending == "csv" else table.to_parquet)(path, index=False)
    told = heading in ("geom", "wkb_geometry")
    loaded = load_layer("parks", path) if told else load_layer("parks", path, crs="EPSG:4326")
    assert loaded.table["name"].tolist() == ["甲园", "乙园"]
    truth = gpd.GeoSeries(shapes, crs=4326).to_crs(loaded.table.crs).area
    assert np.allclose(loaded.table.area, truth, rtol=1e-9)
    assert loaded.rejects[["row", "value", "reason"]].to_numpy().tolist()[0] == [3, "POLYGON ((1", "bad_geometry"]
    assert loaded.rejects["row"].tolist() == [3, 4]


@pytest.mark.parametrize("srid", [0, 4326])
@pytest.mark.parametrize("xy", [[(120.5, 30), (120.5, 30)], [(120.123456, 30.7), (120.9, 30.1)]])
def test_a_parquet_may_hold_points_as_bytes(tmp_path: Path, xy: list[tuple[float, float]], srid: int) -> None:
    # The bytes of round numbers are text as well.
    points = shapely.set_srid(shapely.points([(*at, 5) for at in xy]), srid)
    wkb = [*shapely.to_wkb(points, include_srid=True), None, b"\1\2"]
    table = pd.DataFrame({"名称": ["甲", "乙", "丙", "丁"], "geom": wkb, "wkb": [b"\x89PNG", None, None, None]})
    table.to_parquet(tmp_path / "a.parquet", index=False)
    path = tmp_path / "a.parquet"
    loaded = (
        load_layer("places", path, metric_crs=4549) if srid else load_layer("places", path, crs=4326, metric_crs=4549)
    )
    assert loaded.table["name"].tolist() == ["甲", "乙"]
    assert sorted(loaded.rejects["row"]) == [3, 4]
    truth = gpd.GeoSeries(shapely.points(xy), crs=4326).to_crs(4549)
    assert loaded.table.distance(truth).max() < 1e-6


def test_coordinates_go_before_a_written_geometry_and_srids_do_not_mix(tmp_path: Path) -> None:
    both = pd.DataFrame({"name": ["a"], "lon": [120.75], "lat": [30.75], "geom": ["POINT (120 30)"]})
    loaded = load_layer("places", both, crs="EPSG:4326")
    assert loaded.table.to_crs(4326).geometry.x.round(6).tolist() == [120.75]
    mixed = pd.DataFrame(
        {"name": ["a", "b"], "geom": ["SRID=4326;POINT (120.7 30.7)", "SRID=4549;POINT (572297 3403058)"]}
    )
    with pytest.raises(CrsError, match="SRID 4326、4549"):
        load_layer("places", mixed)
    with pytest.raises(CrsError, match="SRID=999999"):
        load_layer("places", pd.DataFrame({"name": ["a"], "geom": ["SRID=999999;POINT (120.7 30.7)"]}))
    # A column of that name that holds none is a column.
    shape = pd.DataFrame({"name": ["a"], "lon": [120.75], "lat": [30.75], "shape": ["圆形"]})
    assert load_layer("places", shape, crs="EPSG:4326").table["shape"].tolist() == ["圆形"]


@pytest.mark.parametrize("ending", ["kmz", "tab", "mif", "geojsonl"])
def test_files_of_other_programs(tmp_path: Path, ending: str) -> None:
    parks = gpd.GeoDataFrame(
        {"name": ["甲园", "乙园"]},
        geometry=[shapely.box(120.70, 30.7, 120.71, 30.71), shapely.box(120.71, 30.7, 120.72, 30.71)],
        crs=4326,
    )
    path = tmp_path / f"parks.{ending}"
    if ending == "kmz":
        pyogrio.write_dataframe(parks, tmp_path / "doc.kml", driver="KML")
        with zipfile.ZipFile(path, "w") as packed:
            packed.write(tmp_path / "doc.kml", "doc.kml")
            packed.writestr("files/icon.png", b"\x89PNG")
    elif ending == "geojsonl":
        pyogrio.write_dataframe(parks, path, driver="GeoJSONSeq")
    else:
        pyogrio.write_dataframe(parks, path, driver="MapInfo File", layer_options={"ENCODING": "CP936"})
    loaded = load_layer("parks", path)
    assert sorted(loaded.table["name"]) == ["乙园", "甲园"]
    # MapInfo keeps whole numbers of a grid over its bounds.
    assert np.allclose(loaded.table.area, parks.to_crs(loaded.table.crs).area, rtol=1e-4)


def test_a_mapinfo_table_of_files_elsewhere_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.tab").write_text(
        '!table\n!version 300\n\nOpen Table "/etc/other" Hide\nCreate View a As\nSelect * From other\n',
        encoding="ascii",
    )
    with pytest.raises(InputError, match="无法读取"):
        one(tmp_path / "a.tab")


@pytest.mark.parametrize("ending", ["tab", "mif"])
def test_no_row_of_a_mapinfo_table_is_lost_with_a_part_of_a_file(tmp_path: Path, ending: str) -> None:
    parks = gpd.GeoDataFrame({"n": [1, 2, 3, 4]}, geometry=shapely.points(range(4), range(4)), crs=4326)
    path = tmp_path / f"a.{ending}"
    pyogrio.write_dataframe(parks, path, driver="MapInfo File")
    assert len(one(path).frame) == 4
    beside = tmp_path / {"tab": "a.id", "mif": "a.mid"}[ending]
    whole = beside.read_bytes()
    beside.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match="放在一起"):
        one(path)
    beside.unlink()
    with pytest.raises(InputError, match="放在一起"):
        one(path)


def test_a_mapinfo_table_may_be_of_utf8(tmp_path: Path) -> None:
    parks = gpd.GeoDataFrame({"name": ["甲园"]}, geometry=shapely.points([1], [1]), crs=4326)
    pyogrio.write_dataframe(parks, tmp_path / "a.tab", driver="MapInfo File", layer_options={"ENCODING": "UTF-8"})
    assert "!charset UTF-8" in (tmp_path / "a.tab").read_text(encoding="utf-8")
    assert one(tmp_path / "a.tab").frame["name"].tolist() == ["甲园"]


def test_of_sheets_without_a_table_the_first_that_holds_anything_is_read(tmp_path):
    path = tmp_path / "one.xlsx"
    with pd.ExcelWriter(path, engine="xlsxwriter") as book:
        pd.DataFrame().to_excel(book, sheet_name="空", index=False)
        pd.DataFrame({"坐标": ["120.75,30.75"]}).to_excel(book, sheet_name="甲", index=False)
        pd.DataFrame({"坐标": ["120.99,30.75"]}).to_excel(book, sheet_name="乙", index=False)
    table = one(path)
    assert table.frame["坐标"].tolist() == ["120.75,30.75"]


def test_a_table_with_two_columns_of_one_name_is_read_as_a_file_is() -> None:
    twice = pd.DataFrame([[120.7, 30.7, 120.8]], columns=["经度", "纬度", "经度"])
    (table,) = read_tables(twice, expected="issues")
    assert table.frame.columns.tolist() == ["经度", "纬度", "经度_2"]
    assert load_layer("issues", twice, crs="WGS-84").table.to_crs(4326).geometry.x.round(6).tolist() == [120.7]


def test_where_no_coordinate_can_be_read_that_is_said_and_not_that_a_crs_is_missing(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("经度,纬度\n东经,北纬\n", encoding="utf-8")
    (tmp_path / "b.csv").write_text("经度,纬度\n120.7,30.7,1\n", encoding="utf-8")
    for name, why in {"a.csv": "坐标无法识别 1 行", "b.csv": "列数与表头不符 1 行"}.items():
        with pytest.raises(InputError, match=why) as error:
            load_layer("issues", tmp_path / name, crs="WGS-84")
        assert name in str(error.value)


def test_a_head_that_its_field_cuts_within_a_character_loses_only_that(tmp_path):
    path = tmp_path / "住宅.shp"
    table = gpd.GeoDataFrame(
        {"小区名": ["三水湾", None], "ten_bytes_": [12, 30]}, geometry=gpd.points_from_xy([0, 1], [0, 1])
    )
    table.set_crs(4549).to_file(path, encoding="utf-8")
    # What QGIS writes: ten bytes are three characters and a third of the fourth.
    dbf = path.with_suffix(".dbf")
    dbf.write_bytes(dbf.read_bytes().replace(b"ten_bytes_", "常住人口".encode()[:10]))
    frame = one(path).frame
    assert frame["常住人"].tolist() == [12, 30]
    assert frame["小区名"].iloc[0] == "三水湾"
    assert pd.isna(frame["小区名"].iloc[1])


@pytest.mark.parametrize("after", ["2,b\n3,c", '2,b\n3,"c'])
def test_a_quote_that_is_not_closed_in_the_header_swallows_no_rows(tmp_path: Path, after: str) -> None:
    (tmp_path / "a.csv").write_text(f'任务号,"描述\n1,a\n{after}"\n4,d\n', encoding="utf-8")
    with pytest.raises(InputError, match="表头有一个引号没有闭合"):
        read_tables(tmp_path / "a.csv", expected="issues")


def test_a_header_of_two_lines_is_a_name(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text('任务号,"经度\n（GCJ-02）",纬度\n1,120.7,30.7\n', encoding="utf-8")
    (table,) = read_tables(tmp_path / "a.csv", expected="issues")
    assert table.frame.columns.tolist() == ["任务号", "经度\n（GCJ-02）", "纬度"]


@pytest.mark.parametrize("hashed", [True, False])
def test_a_file_that_goes_while_it_is_read_is_bad_input(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, hashed: bool
) -> None:
    path = tmp_path / "a.csv"
    path.write_text("a,b\n1,2\n", encoding="utf-8")
    real = readers.file_hash

    def gone(which: Path) -> str:
        digest = real(which) if hashed else ""
        which.unlink()
        return digest or real(which)

    monkeypatch.setattr(readers, "file_hash", gone)
    with pytest.raises(InputError, match=r"a\.csv"):
        read_tables(path, expected="issues")


def test_a_word_of_a_merged_cell_is_in_each_of_its_rows(tmp_path: Path) -> None:
    """Only the first row of 甲 was 甲's; a number over three rows may be their total, and is in none but the first."""
    path = tmp_path / "merged.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        sheet.merge_range("A1:D1", "项目进展表")
        sheet.write_row("A2", ["片区", "名称", "完成量", "备注"])
        for at, name in enumerate("abcde"):
            sheet.write(at + 2, 1, name)
        sheet.merge_range("A3:A5", "甲")
        sheet.merge_range("A6:A7", "乙")
        sheet.merge_range("C3:C5", 6)
        sheet.merge_range("C6:C7", "3条")
        sheet.merge_range("D3:D4", "在建")
    frame = one(path).frame
    assert frame["片区"].tolist() == [*"甲甲甲乙乙"]
    assert frame["名称"].tolist() == [*"abcde"]
    assert [*frame["完成量"].fillna("")] == ["6", "", "", "3条", ""]
    assert [*frame["备注"].fillna("")] == ["在建", "在建", "", "", ""]


def test_numbers_beside_words_in_a_geojson_are_text_without_a_note(tmp_path):
    """A warning would fail this test: to people it was a line of English that asks for nothing."""
    where = '"geometry": {"type": "Point", "coordinates": [120.75, 30.75]}'
    rows = ",".join(f'{{"type": "Feature", "properties": {{"条件": {said}}}, {where}}}' for said in ("50", '"差"'))
    path = tmp_path / "a.geojson"
    path.write_text(f'{{"type": "FeatureCollection", "features": [{rows}]}}', encoding="utf-8")
    assert one(path).frame["条件"].tolist() == ["50", "差"]
