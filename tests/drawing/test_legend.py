"""Classes put every value where their label says."""

from __future__ import annotations

import numpy as np

from jxgis.drawing.colours import FAILED_GROUND
from jxgis.drawing.legend import Classes, LegendSection, Swatch, classify, legend_html


def test_a_target_that_is_reached_counts_as_reached():
    found = classify([0.899999, 0.9, 1.0], breaks=[0.7, 0.8, 0.9], percent=True, unit="%")
    assert found.row.tolist() == [2, 3, 3]
    assert found.labels == ("< 70 %", "70–80 %", "80–90 %", "≥ 90 %")


def test_missing_values_have_a_class_of_their_own():
    found = classify([1.0, np.nan, 3.0], breaks=[2])
    assert found.labels[found.row[1]] == "无数据"
    empty = classify([np.nan, np.nan], breaks=[2])
    assert {empty.labels[row] for row in empty.row} == {"无数据"}


def test_legend_texts_are_escaped():
    text = legend_html([LegendSection("<img src=x>", [Swatch('"><script>', "<b>&")], "</p><i>")])
    assert "<img" not in text
    assert "<script" not in text
    assert "<i>" not in text


def test_no_line_of_a_legend_ends_between_a_number_and_its_unit():
    shown = legend_html([LegendSection("", [Swatch("#fff", "< 70 %")], note="目标 90 %，半径 500 m")])
    assert "70\u00a0%" in shown
    assert "90\u00a0%" in shown
    assert "500\u00a0m" in shown


def test_the_ground_of_those_apart_is_dashed_in_the_legend_as_on_the_map():
    classes = Classes((), np.array([0, 1]), ("#123456", FAILED_GROUND), ("scored", "out"))
    scored, out = legend_html([LegendSection("", classes.swatches())]).split("</svg>")[:2]
    assert "stroke-dasharray" not in scored
    assert "stroke-dasharray" in out
    assert FAILED_GROUND in out
