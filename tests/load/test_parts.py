"""The small parts: repair of geometry, dtypes of columns, the account of rows."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from jxgis import parse
from jxgis.load import SourceFile
from jxgis.load._columns import rename_columns
from jxgis.load._text import BrokenRow
from jxgis.load.geometry import repair
from jxgis.load.readers import RawTable
from jxgis.load.rejects import Ledger
from jxgis.schema.layers import contract


def objects(*shapes: object) -> np.ndarray:
    made = np.empty(len(shapes), dtype=object)
    made[:] = shapes
    return made


@settings(max_examples=80, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 8), st.integers(0, 8)), min_size=4, max_size=9))
def test_repair_of_any_ring_gives_valid_polygons_of_the_even_odd_area(points: list[tuple[int, int]]) -> None:
    ring = shapely.Polygon(points)
    # An edge drawn twice has no agreed meaning; one that crosses others has.
    assume(shapely.node(ring.exterior).length == pytest.approx(ring.exterior.length))
    repaired = repair(objects(ring), "polygon")
    shape = repaired.geometry[0]
    if shape is None:
        assert repaired.no_size[0] or repaired.wrong_kind[0]
        return
    assert shape.is_valid
    assert shape.geom_type in {"Polygon", "MultiPolygon"}
    # Independent: faces of the noded ring that an odd number of its edges winds around.
    faces = shapely.get_parts(shapely.polygonize([shapely.node(ring.exterior)]))
    inside = 0.0
    for face in faces:
        at = shapely.point_on_surface(face)
        ray = shapely.LineString([(at.x, at.y), (at.x + 20.01, at.y + 7.003)])
        edges = [shapely.LineString(pair) for pair in zip(ring.exterior.coords, ring.exterior.coords[1:], strict=False)]
        if sum(edge.crosses(ray) for edge in edges) % 2:
            inside += face.area
    assert shape.area == pytest.approx(inside)


def test_repair_changes_nothing_given_and_says_what_it_did() -> None:
    bow = shapely.Polygon([(0, 0), (1, 1), (1, 0), (0, 1)])
    given_ = objects(bow, None, shapely.Point(0, 0), shapely.box(0, 0, 1, 1))
    repaired = repair(given_, "polygon")
    assert given_[0] is bow
    assert repaired.made_valid.tolist() == [True, False, False, False]
    assert repaired.wrong_kind.tolist() == [False, False, True, False]
    assert [shape is None for shape in repaired.geometry] == [False, True, True, False]


def test_a_polygon_or_a_line_without_size_was_one_and_another_kind_was_not() -> None:
    flat = shapely.Polygon([(0, 0), (2, 0), (1, 0)])
    still = shapely.LineString([(1, 1), (1, 1)])
    dots = shapely.MultiPoint([(0, 0), (1, 1)])
    for shape, kind, no_size in (
        (flat, "polygon", True), (still, "line", True), (dots, "polygon", False), (dots, "line", False),
        (dots, "point", False),
    ):  # fmt: skip
        repaired = repair(objects(shape), kind)
        assert (repaired.no_size[0], repaired.wrong_kind[0]) == (no_size, not no_size), (shape, kind)
        assert repaired.geometry[0] is None


def test_one_kind_a_row_where_any_will_do() -> None:
    mixed = shapely.GeometryCollection([shapely.Point(5, 5), shapely.box(0, 0, 1, 1), shapely.box(2, 0, 3, 1)])
    dots = shapely.GeometryCollection([shapely.Point(0, 0), shapely.Point(1, 1)])
    repaired = repair(objects(mixed, dots, shapely.GeometryCollection()), "any")
    assert [getattr(shape, "geom_type", None) for shape in repaired.geometry] == ["MultiPolygon", "MultiPoint", None]
    assert repaired.dropped_parts.tolist() == [True, False, False]


def test_any_kind_is_a_point_a_line_or_a_polygon_of_one_part_or_many() -> None:
    dot, line, square = shapely.Point(0, 0), shapely.LineString([(0, 0), (1, 1)]), shapely.box(0, 0, 1, 1)
    several = [shapely.MultiPoint([dot]), shapely.MultiLineString([line]), shapely.MultiPolygon([square])]
    repaired = repair(objects(dot, line, square, *several, shapely.LinearRing(square.exterior)), "any")
    assert repaired.wrong_kind.tolist() == [False] * 6 + [True]
    assert [shape.geom_type for shape in repaired.geometry[:6]] == [
        shape.geom_type for shape in (dot, line, square, *several)
    ]


def test_a_line_that_crosses_itself_is_left_alone() -> None:
    line = shapely.LineString([(0, 0), (1, 1), (1, 0), (0, 1)])
    repaired = repair(objects(line), "line")
    assert repaired.geometry[0].equals_exact(line)
    assert not repaired.made_valid.any()


def test_yes_and_no_are_numbers_where_a_column_holds_nothing_else():
    assert parse.numbers(pd.Series(["是", "否", None]))[0].tolist()[:2] == [1, 0]
    assert parse.numbers(pd.Series([True, None], dtype=object))[0].tolist()[0] == 1
    number, bad = parse.numbers(pd.Series(["是", "3"]))
    assert (number.tolist()[1], bad.tolist()) == (3, [True, False])


def test_a_number_without_end_in_a_column_of_numbers_is_no_number():
    number, bad = parse.numbers(pd.Series([1.0, np.inf, np.nan, -np.inf]))
    assert number.isna().tolist() == [False, True, True, True]
    assert bad.tolist() == [False, True, False, True]


def test_text_codes_and_numbers() -> None:
    column = pd.Series([" 02 ", "\u3000甲\u3000", "", "null", "NaN", None, "0"])
    assert parse.texts(column).fillna("∅").tolist() == ["02", "甲", "∅", "∅", "∅", "∅", "0"]
    assert parse.texts(pd.Series([1, 20])).tolist() == ["1", "20"]
    assert parse.texts(pd.Series([1.5, 2.0, np.nan])).fillna("∅").tolist() == ["1.5", "2", "∅"]
    # Twenty digits in a column of reals: no 64 bits hold them, and those after the sixteenth are gone.
    for dtype in ("float64", "Float64"):
        column = pd.Series([33040200700101234567.0, 5.0, None], dtype=dtype)
        assert parse.texts(column).fillna("∅").tolist() == [str(33040200700101234567.0), "5", "∅"]
    code, lost = parse.codes(pd.Series(["007", "12.0", "1.2", "1E+10", "1E5X"]))
    assert code.tolist() == ["007", "12", "1.2", "1E+10", "1E5X"]
    assert lost.tolist() == [False, False, False, True, False]
    number, bad = parse.numbers(pd.Series(["1e3", "-2", "1 234", "١", "--", "inf", ""]))
    assert number.tolist()[:3] == [1000.0, -2.0, 1234.0]
    assert bad.tolist()[4:] == [True, True, False]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.one_of(st.none(), st.floats(allow_nan=False, allow_infinity=False, width=64)), min_size=1, max_size=9)
)
def test_numbers_survive_as_text(values: list[float | None]) -> None:
    text = pd.Series([None if value is None else repr(value) for value in values], dtype="str")
    number, bad = parse.numbers(text)
    assert not bad.any()
    assert [None if np.isnan(value) else value for value in number] == values


def test_a_carried_column_does_not_pass_for_a_contract_column() -> None:
    frame = pd.DataFrame({"Source": ["a"], "source": ["b"], "geometry": ["c"], "x y": ["d"]})
    renamed, left = rename_columns(frame, {"source": "Source"}, contract("issues"), keep=["source", "geometry", "X_Y"])
    assert renamed.columns.tolist() == ["source", "source_file", "geometry_file", "x y"]
    assert left == []
    taken = pd.DataFrame({"geometry": ["a"], "geometry_file": ["b"], "geometry_file_": ["c"]})
    renamed, _ = rename_columns(taken, {}, contract("parks"))
    assert renamed.columns.tolist() == ["geometry_file__", "geometry_file", "geometry_file_"]


def test_only_issues_leave_the_columns_behind_that_nobody_asked_for() -> None:
    frame = pd.DataFrame({"名称": ["a"], "经办": ["b"], "社区": ["c"]})
    renamed, left = rename_columns(frame, {}, contract("issues"), keep=["社区"])
    assert (renamed.columns.tolist(), left) == (["社区"], ["名称", "经办"])
    renamed, left = rename_columns(frame, {"name": "名称"}, contract("parks"))
    assert (renamed.columns.tolist(), left) == (["name", "经办", "社区"], [])


def ledger(n: int = 6) -> Ledger:
    frame = pd.DataFrame({"a": range(n)})
    first = RawTable("1.csv", "h1", frame, None, None, np.arange(1, n + 1), broken=(BrokenRow(n + 1, 2, 1),))
    return Ledger([first, RawTable("2.csv", "h2", frame, None, None, np.arange(1, n + 1))])


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["reject", "leave_out"]), st.lists(st.booleans(), min_size=12, max_size=12))))
def test_every_row_is_accounted_for_once(steps: list[tuple[str, list[bool]]]) -> None:
    account = ledger()
    for number, (step, mask) in enumerate(steps):
        if step == "reject":
            account.reject(mask, field="a", reason=f"r{number}", values=np.full(12, "v"))
        else:
            account.leave_out(mask)
    table = account.table()
    assert not table.duplicated(["source", "row"]).any()
    assert int(account.kept.sum()) + len(table) - 1 + int(account.left_out.sum()) == 12
    for source in account.sources():
        assert source.rows_rejected == (table["source"] == source.name).sum()
    # The first reason stands.
    for row in table[table["reason"] != "broken_row"].itertuples():
        at = row.row - 1 + (6 if row.source == "2.csv" else 0)
        taken = next(number for number, (_, mask) in enumerate(steps) if mask[at])
        assert row.reason == f"r{taken}"


def test_rejects_show_values_short_masked_and_on_one_line() -> None:
    account = ledger(1)
    account.reject([True, True], field="a", reason="r", values=pd.Series(["电话\n13812345678" + "啊" * 100, None]))
    values = account.table()["value"].tolist()
    assert values[0].startswith("电话 138********啊")
    assert len(values[0]) == 80
    assert values[2] == ""


def test_an_account_that_does_not_add_up_is_a_fault() -> None:
    with pytest.raises(AssertionError):
        SourceFile("a", "", rows_in=3, rows_kept=1, rows_rejected=1, rows_left_out=0)


def test_codes_are_shown_as_they_are_and_broken_rows_without_their_text() -> None:
    frame = pd.DataFrame({"issue_id": ["13812345678", "13812345678"]})
    file = RawTable("1.csv", "", frame, None, None, np.array([1, 3]), broken=(BrokenRow(2, 12, 9),))
    account = Ledger([file], codes=["issue_id"])
    account.reject([False, True], field="issue_id", reason="duplicate_id", values=frame["issue_id"])
    assert account.table()[["row", "value"]].to_numpy().tolist() == [[2, "12 ≠ 9"], [3, "13812345678"]]


@pytest.mark.parametrize(
    ("text", "number"),
    [("1,200", 1200), ("12,345,678.5", 12345678.5), ("1 200", 1200), ("１，２００", 1200), ("-1,200", -1200), ("1.2万", 12000), ("3万", 30000),
     ("12,5", None), ("1,20", None), ("1,2000", None), ("12 5", None), ("0,125", None), ("1,200,5", None), ("1.200,5", None),
     ("1,2万", None), ("万", None)],
)  # fmt: skip
def test_a_comma_parts_thousands_and_nothing_else(text: str, number: float | None) -> None:
    (found,), (bad,) = parse.numbers(pd.Series([text]))
    assert bad if number is None else found == number
    assert bad == (number is None)
