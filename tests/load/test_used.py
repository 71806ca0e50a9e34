"""Reading the used columns of a file: each is as the thorough reader gives it, or the file is left to that reader."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from jxgis.errors import InputError
from jxgis.load._parquet import read_parquet
from jxgis.load._text import read_csv
from jxgis.load._used import read_used
from jxgis.load._workbook import read_excel
from jxgis.load.issues import load_issues
from jxgis.load.readers import read_tables

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path

HEAD = ("任务号", "上报时间", "小类", "备注")
USED = ("任务号", "小类")
ROWS = [
    [f"0{at}", f"2024-01-{at + 1:02d} 08:30", ("宣传广告", "暴露垃圾", "")[at % 3], f"中山路{at}号"] for at in range(28)
]


def two(names: Sequence[str], what: str) -> Collection[str]:
    return [name for name in names if name in USED]


def written(rows: Sequence[Sequence[str]] = ROWS, *, by: str = ",", end: str = "\n") -> str:
    return end.join(by.join(row) for row in (HEAD, *rows)) + end


def both(path: Path, data: bytes, encoding: str | None = None) -> tuple[bool, bool]:
    """Whether the file is read by its used columns, and whether they are then what the thorough reader gives."""
    path.write_bytes(data)
    mine = read_used(path, encoding=encoding, what=path.name, columns=two)
    if mine is None:
        return False, True
    whole = read_csv(path, encoding=encoding, what=path.name)
    names = [name for name in whole.frame.columns if name in USED]
    same = (
        mine.frame.equals(whole.frame[names])
        and (mine.row == whole.row).all()
        and mine.broken == whole.broken
        and mine.notes == whole.notes
        and set(mine.left) == set(whole.frame.columns) - set(names)
    )
    return True, bool(same)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("by", [",", "\t", ";", "|"])
def test_a_plain_file_is_read_by_its_used_columns(tmp_path: Path, encoding: str, end: str, by: str) -> None:
    read, same = both(tmp_path / "a.csv", written(by=by, end=end).encode(encoding))
    assert same
    # A bar may be the second byte of a sign of GBK.
    assert read == (by != "|" or encoding.startswith("utf"))


def lines(*changed: tuple[int, str]) -> str:
    text = written().splitlines()
    for at, line in changed:
        text[at] = line
    return "\n".join(text) + "\n"


ODD = {
    "titles above": ("2024年一月案件\n\n" + written(), True),
    "said delimiter": ("sep=;\n" + written(by=";"), True),
    "blank lines at the end": (written() + "\r\n\n\n", True),
    "no line end at the end": (written().rstrip(), True),
    "too few fields": (lines((4, "03,x"), (9, "08")), False),
    "too many fields": (lines((4, "03,x,宣传广告,a,b,c")), False),
    "quoted": (lines((4, '"03","x","宣传,""广告""","y"')), True),
    "a name twice": (written().replace("备注", "小类", 1), True),
    "names with spaces": (written().replace("任务号", " 任务号 ", 1), True),
    "one row": (written(ROWS[:1]), True),
    "value of two lines, used": (lines((4, '03,x,"宣传\n广告",y')), True),
    "value of two lines, not used": (lines((4, '03,x,宣传广告,"y\nz"')), True),
    "value of two lines of Windows": (lines((4, '03,x,"宣传\r\n广告","y\r\nz"')), True),
    "value that holds a line nearly as wide as a row": (lines((4, '03,x,宣传广告,"y\n1,2,z"')), True),
    "value that holds a line as wide as a row, used": (lines((4, '03,x,"宣传\n1,2,3,4",y')), False),
    "value that holds a line as wide as a row, not used": (lines((4, '03,x,宣传广告,"y\n1,2,3,4"')), False),
    "two quotes that are not closed": (lines((4, '03,"x,宣传广告,y'), (9, '08",x,宣传广告,y')), False),
    "header of two lines": (written().replace("备注", '"备\n注"', 1), False),
    "nothing in what is used": (lines((4, ",2024,,中山路")), False),
    "rows of nothing": (lines((4, ",,,"), (9, ",,,")), True),
    "rows of nothing at the end": (written() + ",,,\n" * 3, True),
    "rows of nothing, and one with nothing in what is used": (lines((4, ",,,"), (9, ",2024,,")), False),
    "blank line between": (lines((4, "")), True),
    "quote that is not closed": (lines((4, '03,x,"宣传,y')), False),
    "broken row with a quote": (lines((4, '03,x,a,b,"c')), False),
    "header only": (",".join(HEAD) + "\n", False),
    "nothing": ("\n\n", False),
    "line ends of an old Mac": (written(end="\r"), False),
    "some line ends of an old Mac": (lines((4, "03,x,a,b\r04,x,a,b")), False),
    "a zero": (lines((4, "03,x,\0,b")), False),
}  # fmt: skip


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
@pytest.mark.parametrize("case", ODD)
def test_what_is_odd_is_read_the_same_or_left_to_the_thorough_reader(tmp_path: Path, case: str, encoding: str) -> None:
    text, read = ODD[case]
    try:
        found, same = both(tmp_path / "a.csv", text.encode(encoding))
    except InputError:  # the thorough reader refuses it: so must who reads by columns leave it
        assert read_used(tmp_path / "a.csv", encoding=None, what="a.csv", columns=two) is None
        return
    assert same
    assert found == read


def test_bytes_of_another_encoding_are_left_to_the_thorough_reader(tmp_path: Path) -> None:
    head, *rows = (line.encode("gb18030") for line in written().splitlines(keepends=True))
    in_utf8 = [line.encode() for line in written().splitlines(keepends=True)[1:]]
    broken = rows[3].replace("宣传".encode("gb18030")[:2], b"\xd0\xff", 1)
    for data in (
        head + b"".join([*rows[:14], *in_utf8[14:]]),
        head + b"".join([*in_utf8[:14], *rows[14:]]),
        written().splitlines(keepends=True)[0].encode() + b"".join(rows),
        head + b"".join([*rows[:3], broken, *rows[4:]]),
        written().encode("utf-16"),
        written().encode("utf-16-le"),
    ):
        assert both(tmp_path / "a.csv", data) == (False, True)
    # A line whose used columns are of digits alone says nothing that could be read wrongly.
    assert both(tmp_path / "a.csv", written().encode("big5", errors="ignore"), "big5") == (False, True)


def test_a_broken_character_is_for_the_thorough_reader_wherever_it_stands(tmp_path: Path) -> None:
    data = written().encode("gb18030").replace("路3号".encode("gb18030"), b"\xff3" + "号".encode("gb18030"))
    assert both(tmp_path / "a.csv", data) == (False, True)


def test_files_joined_of_two_encodings_are_never_read_by_some_columns_alone(tmp_path: Path) -> None:
    """路 and 一些 in GBK are UTF-8 as well: what stands in other columns tells."""
    rng = np.random.default_rng(1)
    words = ["a", "07", "宣传", "票", "一些", "路", "盛", "é", "垃圾箱", "店", ""]
    read = 0
    for _ in range(600):
        rows = [rng.choice(words, 4).tolist() for _ in range(rng.integers(2, 7))]
        heads = rng.choice([["任务号", "id", "小类", "kind"], ["任务号", "备注", "小类", "票"]])
        codecs = rng.choice(["utf-8", "gb18030"], len(rows) + 1)
        lines = [(",".join(row) + "\n").encode(codec) for row, codec in zip([heads, *rows], codecs, strict=True)]
        try:
            found, same = both(tmp_path / "a.csv", b"".join(lines))
        except InputError:
            assert read_used(tmp_path / "a.csv", encoding=None, what="a.csv", columns=two) is None
            continue
        assert same, lines
        read += found
    assert read > 20


def test_line_ends_at_the_edge_of_a_block_are_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = written(end="\r\n").encode()
    for size in range(61, 75):
        monkeypatch.setattr("jxgis.load._used._BLOCK_BYTES", size)
        assert both(tmp_path / "a.csv", data) == (True, True)


def test_random_files_are_read_the_same(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    pieces = ["宣传", "a", "3", " ", ",", '"', '""', "\n", "\r\n", "；", "路", "", "x y", "𠮷", "é"]
    read = 0
    for number in range(400):
        cells = [
            [
                "".join(
                    rng.choice(
                        pieces,
                        rng.integers(0, 4),
                        p=[0.2, 0.2, 0.2, 0.1, 0.01, 0.01, 0.01, 0.01, 0.01, 0.05, 0.1, 0.04, 0.02, 0.02, 0.02],
                    )
                )
                for _ in HEAD
            ]
            for _ in range(6)
        ]
        for row, line in enumerate(cells):
            line[0] = f"0{row}"
        data = written(cells).encode(("utf-8", "gb18030")[number % 2])
        try:
            found, same = both(tmp_path / "a.csv", data)
        except InputError:
            found, same = read_used(tmp_path / "a.csv", encoding=None, what="a.csv", columns=two) is not None, False
            assert not found, data
            continue
        assert same, data
        read += found
    assert read > 100


def test_parquet_is_read_by_its_used_columns(tmp_path: Path) -> None:
    table = pd.DataFrame(ROWS, columns=list(HEAD))
    table.to_parquet(tmp_path / "a.parquet")
    found = read_parquet(tmp_path / "a.parquet", what="a.parquet", columns=two)
    pd.testing.assert_frame_equal(found.frame, table[list(USED)])
    assert found.left == ("上报时间", "备注")
    table.loc[4, list(USED)] = None
    table.to_parquet(tmp_path / "b.parquet")
    # Whether a row is blank, or only what is used of it, its other columns say.
    assert read_parquet(tmp_path / "b.parquet", what="b.parquet", columns=two).left == ()
    table.set_index("备注").to_parquet(tmp_path / "c.parquet")
    found = read_parquet(tmp_path / "c.parquet", what="c.parquet", columns=two)
    assert found.left == ("上报时间",)
    assert found.frame["备注"].tolist() == table["备注"].tolist()


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_issues_are_the_same_whether_their_columns_are_few_or_all(tmp_path: Path, city, ending: str) -> None:
    table = pd.DataFrame(ROWS, columns=list(HEAD)).assign(lon="120.76", lat=[f"30.7{at:02d}" for at in range(28)])
    wide = table.assign(**{f"备注{at}": "见照片" for at in range(5)})
    loaded = []
    for name, one in (("few", table.drop(columns="备注")), ("wide", wide)):
        path = tmp_path / f"{name}.{ending}"
        one.to_csv(path, index=False) if ending == "csv" else one.to_parquet(path)
        loaded.append(load_issues(path, city=city, crs="EPSG:4490"))
    few, many = loaded
    assert few.table.equals(many.table)
    assert [source.rows_in for source in many.sources] == [28]
    said = next(note.en for note in many.notes if "备注" in note.en)
    assert all(f"备注{at}" in said for at in itertools.chain(["", 0, 4]))


def test_a_workbook_is_read_by_its_used_columns(tmp_path: Path) -> None:
    table = pd.DataFrame(ROWS, columns=list(HEAD))
    table["数"] = pd.Series([None, 3.0, 2.5, True] * 7, dtype=object)
    path = tmp_path / "a.xlsx"
    table.to_excel(path, index=False, startrow=2)
    ((_, whole),) = read_excel(path, sheet=None, what="a.xlsx").items()
    ((_, mine),) = read_excel(path, sheet=None, what="a.xlsx", columns=two).items()
    pd.testing.assert_frame_equal(mine.frame, whole.frame[list(USED)])
    assert whole.frame["数"].fillna("").tolist()[:4] == ["", "3", "2.5", "TRUE"]
    assert (mine.left, whole.left) == (("上报时间", "备注", "数"), ())
    assert (mine.notes, mine.row.tolist()) == (whole.notes, whole.row.tolist())
    # Which rows are blank, and which sheets are copies, all columns say.
    table.loc[4, list(USED)] = None
    with pd.ExcelWriter(path) as book:
        table.to_excel(book, sheet_name="一月", index=False)
    assert next(iter(read_excel(path, sheet=None, what="a.xlsx", columns=two).values())).left == ()
    table = table.dropna(subset=list(USED))
    with pd.ExcelWriter(path) as book:
        table.to_excel(book, sheet_name="一月", index=False)
        table.assign(备注="另").to_excel(book, sheet_name="二月", index=False)
    assert list(read_excel(path, sheet=None, what="a.xlsx", columns=two)) == ["一月", "二月"]


@pytest.mark.parametrize("digits", ["used", "left"])
def test_a_workbook_says_lost_digits_of_what_is_read(tmp_path: Path, digits: str) -> None:
    code = "任务号" if digits == "used" else "备注"
    pd.DataFrame(ROWS, columns=list(HEAD)).assign(**{code: 2.0**60}).to_excel(tmp_path / "a.xlsx", index=False)
    (sheet,) = read_excel(tmp_path / "a.xlsx", sheet=None, what="a.xlsx", columns=two).values()
    assert bool(sheet.notes) == (digits == "used")


@pytest.mark.parametrize("head", ["id,kind,remark", "id,kind,备注", "id,一些,备注"])
def test_what_could_be_in_two_encodings_is_left_to_who_reads_every_column(tmp_path: Path, head: str) -> None:
    """票 and 一些 in GBK are letters of other scripts in UTF-8; the remark tells which they are."""
    path = tmp_path / "a.csv"
    path.write_bytes(f"{head}\n1,票,中山路\n2,一些,中山路\n".encode("gbk"))
    (file,) = read_tables(path, expected="issues", columns=lambda names, what: list(names)[:2])
    assert file.frame.iloc[:, 1].tolist() == ["票", "一些"]
    assert file.frame.columns[1] == head.split(",")[1]


def test_a_file_of_which_no_column_is_used_is_left_to_the_thorough_reader(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("a,b\n1,2\n", encoding="utf-8")
    assert read_used(path, encoding=None, what="a.csv", columns=lambda names, what: ()) is None
