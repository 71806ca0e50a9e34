"""Last year's list as people hand it in: rows that stand twice are refused, kinds that nothing is known by are named."""

from __future__ import annotations

import numpy as np
import pytest
from weak_city import CITY, issues, places

import jxgis
from jxgis.drawing.offline import to_html
from jxgis.errors import InputError
from jxgis.run.project import Project
from jxgis.settings import make_settings

RNG = np.random.default_rng(1)
MARKETS = places(RNG, 12).assign(kind="markets")
ISSUES = issues(RNG)


def weak(last):
    return jxgis.find_weak_areas(ISSUES, CITY, {"markets": MARKETS}, weak_before=last)


def said(last):
    return [note for note in weak(last).notes() if "地1" not in note.zh and "Last year" in note.en]


def test_a_kind_that_there_is_not_is_named_with_its_rows_and_the_nearest():
    last = MARKETS.head(5).assign(kind=["农贸市厂", "markets", "农贸市场 ", "农贸市厂", None])
    notes = said(last)
    assert [note.zh for note in notes] == [
        "去年的清单（第 1、4 行）：没有类型“农贸市厂”，是否为 农贸市场？这些行没有同类地点可以对照。",
        "去年的清单（第 5 行）没有填写类型，没有同类地点可以对照；请填写 kind（类型）列。",
    ]
    assert weak(last).before["kind"].tolist().count("markets") == 2, "a blank behind the word changes no kind"


def test_kinds_that_there_are_need_no_word():
    assert said(MARKETS.head(3).assign(kind=["Markets", "unit", "老旧小区"])) == []


@pytest.mark.parametrize("same", ["name", "geometry"])
def test_an_area_that_stands_twice_is_refused_with_its_rows(same):
    last = MARKETS.head(6).copy()
    last.loc[4, same] = last.loc[1, same]
    with pytest.raises(InputError, match=r"\(rows 2, 5\)"):
        weak(last)
    last.loc[4, "kind"] = "unit"
    assert len(weak(last).before) == 6, "a market and the unit around it may share a name, and a shape"


def test_the_rows_are_those_of_the_file_though_some_before_them_are_left_out(tmp_path):
    """Row 1 has no shape and is rejected; the doubles are rows 3 and 6 of the file."""
    last = MARKETS.iloc[[0, 1, 2, 3, 4, 2]].reset_index(drop=True)
    last.loc[0, "geometry"] = None
    files = {"weak_before": last, "markets": MARKETS, "districts": CITY, "issues": ISSUES.assign(issue_id=ISSUES.index)}
    for name, table in files.items():
        table.set_geometry(table.translate(572_000, 3_402_000)).to_file(tmp_path / f"{name}.gpkg")
    inputs = {name: {"path": str(tmp_path / f"{name}.gpkg")} for name in files}
    project = Project(make_settings({"inputs": inputs}, "test"))
    with pytest.raises(InputError, match=r"weak_before\.gpkg, rows 3, 6\)"):
        project.weak(kinds=["markets"])


def test_last_years_areas_are_listed_and_named_on_the_map_as_they_were_ranked():
    last = MARKETS.head(3).assign(rank=[2, 1, 3], name=["乙地", "甲地", "丙地"])
    page = to_html(weak(last).map())
    lists = page.partition("jxgis.list(")[2].partition(");")[0]
    assert "去年的薄弱区域" in lists
    at = [lists.index(f'[{rank},"{name}"') for rank, name in enumerate(("甲地", "乙地", "丙地"), 1)]
    assert at == sorted(at)
    assert '"names":["甲地","乙地","丙地"]' in page
