"""What holds of the result of every part."""

from __future__ import annotations

import re
from importlib import import_module

import numpy as np
import pandas as pd
import pytest
from weak_city import CITY, SIDE, points, units

import jxgis
from jxgis.part import Part, Result
from jxgis.run.parts import PARTS


def result_of(part: Part) -> type[Result]:
    """The class of a part's result, which stands beside its entry in the list of parts."""
    module = import_module(f"jxgis.{part.settings_key}.result")
    (found,) = (
        kind for kind in vars(module).values() if isinstance(kind, type) and getattr(kind, "part", None) is part
    )
    return found


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.name)
def test_nothing_of_a_result_hides_what_every_result_can(part):
    """Were a table called as a method of `part.Result` is, nobody could ask for that method any more."""
    kind = result_of(part)
    methods = {name for name, value in vars(Result).items() if callable(value) and not name.startswith("__")}
    own = {name for name, value in vars(kind).items() if not callable(value)} | set(vars(kind)["__annotations__"])
    assert not own & methods


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.name)
def test_a_result_shows_itself_as_every_result_does(part):
    """A dataclass writes a repr of its own, of all its tables to the last row, where it is not told otherwise."""
    assert result_of(part).__repr__ is Result.__repr__


def test_a_mistyped_year_does_not_stretch_the_period_that_maps_say():
    rng = np.random.default_rng(3)
    times = pd.Series(pd.Timestamp("2023-01-01") + pd.to_timedelta(np.arange(400) % 365, unit="D"))
    times[7] = pd.Timestamp("2032-05-01")
    issues = points(*rng.uniform(0, SIDE, (2, 400)), times).assign(issue_class="市容环境")
    for lang, said in (
        ("zh", "问题上报时间：2023-01-01 至 2023-12-31，个别在此之外"),
        ("en", "Issues reported 2023-01-01 to 2023-12-31, a few outside"),
    ):
        source = jxgis.propose_units(CITY, issues=issues, cell_m=500, alternatives=False, lang=lang).canvas().source
        assert said in source
        assert "2032" not in source


def test_maps_whose_cards_count_issues_say_which_and_pictures_say_the_source():
    rng = np.random.default_rng(3)
    times = pd.Series(pd.Timestamp("2023-01-01") + pd.to_timedelta(np.arange(400) % 365, unit="D"))
    issues = points(*rng.uniform(0, SIDE, (2, 400)), times).assign(issue_class="市容环境")
    candidates = units(3).rename(columns={"unit_id": "candidate_id"})
    period = "问题上报时间：2023-01-01 至 2023-12-31"
    found = (
        jxgis.find_hotspots(issues, CITY),
        jxgis.propose_units(CITY, issues=issues, cell_m=500, alternatives=False),
        jxgis.score_candidates(candidates, issues=issues),
    )
    for result in found:
        # On the map no line ends within a date.
        page = (
            result.map()
            .get_root()
            .render()
            .replace("\\u003c", "<")
            .replace("\\u003e", ">")
            .replace("\\u0022", '"')
            .replace('\\"', '"')
        )
        page = re.sub(r'<span class="jx-date">(.*?)</span>', r"\1", page).replace("\xa0", " ")
        assert f" · {period}" in page, result
        assert f"；{period}；坐标系：EPSG:4549。由 jxgis 制图。" in page, result
    assert "数据来源：问题、研究范围；" in found[0].map().get_root().render(), "the area has a title too"
    without = jxgis.propose_units(CITY, cell_m=500, alternatives=False).map().get_root().render()
    assert "问题上报时间" not in without
    assert "数据来源：片区；坐标系：EPSG:4549。由 jxgis 制图。" in without
