"""Classes put every value where their label says."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from jxgis import errors as _errors
from jxgis.drawing.legend import LegendSection, Swatch, classify, legend_html


def test_a_target_that_is_reached_counts_as_reached():
    found = classify([0.899999, 0.9, 1.0], breaks=[0.7, 0.8, 0.9], percent=True, unit="%")
    assert found.row.tolist() == [2, 3, 3]
    assert found.labels == ("< 70 %", "70–80 %", "80–90 %", "≥ 90 %")


@pytest.mark.parametrize("scheme", ["quantiles", "fisherjenks", "equalinterval"])
def test_schemes_hold_every_value_between_their_limits(scheme):
    values = np.random.default_rng(0).lognormal(size=200)
    found = classify(values, k=5, scheme=scheme)
    assert len(found.labels) == len(found.colours) == 5
    limits = [-np.inf, *found.breaks, np.inf]
    for value, row in zip(values, found.row, strict=True):
        assert limits[row] < value <= limits[row + 1]


def test_missing_values_have_a_class_of_their_own_and_no_value_is_no_class():
    found = classify([1.0, np.nan, 3.0], k=2)
    assert found.labels[found.row[1]] == "无数据"
    empty = classify([np.nan, np.nan], k=5)
    assert empty.labels == ("无数据",)
    assert empty.row.tolist() == [0, 0]


def test_equal_values_are_one_class():
    found = classify([2.0, 2.0], k=5, digits=1)
    assert found.labels == ("2.0",)
    assert found.row.tolist() == [0, 0]


def test_an_unknown_scheme_is_refused():
    with pytest.raises(_errors.InputError, match="nosuch"):
        classify([1.0, 2.0], scheme="nosuch")


def test_legend_texts_are_escaped():
    text = legend_html([LegendSection("<img src=x>", [Swatch('"><script>', "<b>&")], "</p><i>")])
    assert "<img" not in text
    assert "<script" not in text
    assert "<i>" not in text


def test_the_maps_do_without_what_is_slow_to_import():
    # With numba installed, mapclassify compiles for seconds in each new process; only a named scheme needs it.
    maps = ", ".join(f"jxgis.{part}.map, jxgis.{part}.figures" for part in ("hotspots", "parks", "units", "scoring"))
    code = f"import sys, {maps}; sys.exit('mapclassify' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_no_line_of_a_legend_ends_between_a_number_and_its_unit():
    shown = legend_html([LegendSection("", [Swatch("#fff", "< 70 %")], note="目标 90 %，半径 500 m")])
    assert "70\u00a0%" in shown
    assert "90\u00a0%" in shown
    assert "500\u00a0m" in shown
