"""Styles hold what is declared: columns that exist, codes that can occur, the colours and classes of the maps."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Mapping
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from qgis_rows import parsed, rows_of

from jxgis.circle.map import _BREAKS as CIRCLE
from jxgis.clusters.map import _BREAKS as CLUSTERS
from jxgis.drawing import colours
from jxgis.drawing.legend import classify
from jxgis.gpkg import write_gpkg
from jxgis.i18n import text
from jxgis.parks.change_map import _HIGH, _MID, _STEADY
from jxgis.parks.map import coverage_breaks
from jxgis.qgis import Has, look_of, qml, sld
from jxgis.schema.styles import style_of
from jxgis.schema.tables import Table, table
from jxgis.scoring.map import _SCORE_BREAKS as SCORES
from jxgis.settings import PARKS
from jxgis.weak.map import _BREAKS as WEAK


def test_every_layer_declares_a_style_of_its_own_columns(layer: Table) -> None:
    assert layer.style is not None
    assert layer.style.columns <= set(layer.columns)
    for key in (*layer.style.says, layer.style.absent[1], *(layer.style.apart or ())[3:]):
        assert text(key, "zh") != text(key, "en")


def test_codes_are_those_of_the_column(layer: Table) -> None:
    style = layer.style
    assert style is not None
    palette = getattr(colours, style.colours, None) if isinstance(style.colours, str) else style.colours
    if not isinstance(palette, Mapping):
        return
    column = layer.columns[style.by[0]]
    known = {"true", "false"} if column.dtype == "flag" else set(column.words) or {str(n) for n in range(-3, 4)}
    assert {str(code) for code in palette} == known


def test_a_key_that_no_style_has_is_refused() -> None:
    with pytest.raises(KeyError, match="color"):
        style_of({"color": "PARK"})


@pytest.mark.parametrize(
    ("name", "of_map"),
    [
        ("parks.coverage", coverage_breaks(PARKS.target)),
        ("parks.change", (-_STEADY, _STEADY, _MID, _HIGH)),
        ("circle.circle", CIRCLE),
        ("scores.scores", SCORES),
        ("weak.weak_areas", WEAK),
        ("clusters.clusters", CLUSTERS),
    ],
)
def test_breaks_are_those_of_the_map(name: str, of_map: tuple[float, ...]) -> None:
    style = table(name).style
    assert style is not None
    assert style.breaks == pytest.approx(of_map)


def holds(test: Has, row: Mapping[str, float]) -> bool:
    value, known = row[test.column], not np.isnan(row[test.column])
    answers = {
        "known": known,
        "null": not known,
        ">=": known and value >= (test.value or 0),
        "<": known and value < (test.value or 0),
    }
    return bool(answers[test.sign])


@pytest.mark.parametrize("name", ["parks.coverage", "scores.scores", "weak.weak_areas"])
def test_each_value_has_the_colour_that_the_map_gives_it(name: str) -> None:
    declared = table(name)
    style = declared.style
    assert style is not None
    by, top = style.by[0], style.breaks[-1] * 1.1
    values = np.array([*np.linspace(0, min(top, declared.columns[by].most or top), 41), *style.breaks, np.nan])
    frame = gpd.GeoDataFrame({by: values}, geometry=[shapely.Point(0, 0)] * len(values), crs=4549)
    palette = getattr(colours, str(style.colours))
    shades = palette(len(style.breaks) + 1) if callable(palette) else palette
    drawn = classify(values, breaks=style.breaks, colours=shades)
    look = look_of(frame, declared)
    for value, row in zip(values, drawn.row, strict=True):
        mine = [found.colour for found in look.classes if all(holds(test, {by: value}) for test in found.tests)]
        assert mine == [drawn.colours[row]]


def test_a_candidate_that_fails_a_condition_is_of_its_own_class_alone_and_below_the_others() -> None:
    """QGIS draws a row by every rule that holds: the colour of its score would lie on the grey."""
    declared = table("scores.scores")
    frame = rows_of(declared).iloc[[0, 0]].assign(score=90.0, gates=["pass", "fail"])
    look = look_of(frame, declared)

    def colours_of(gates: str) -> list[str]:
        row = {"score": 90.0}
        return [
            found.colour
            for found in look.classes
            if all(
                {"=": gates == test.value, "<>": gates != test.value}[test.sign]
                if test.column == "gates"
                else holds(test, row)
                for test in found.tests
            )
        ]

    assert colours_of("fail") == [colours.FAILED_GROUND]
    assert colours_of("pass") == [colours.sequential(5)[-1]]
    clause = parsed(qml(look)).find("renderer-v2/orderby/orderByClause")
    assert clause is not None
    assert (clause.text, clause.get("asc")) == ('"gates"', "1"), "fail comes first by its letters"
    assert min(declared.columns["gates"].words) == "fail"


def test_a_target_of_the_settings_moves_the_classes() -> None:
    frame = rows_of(table("parks.coverage"))
    look = look_of(frame, table("parks.coverage"), breaks={"coverage": coverage_breaks(0.8)})
    assert [found.label for found in look.classes] == ["≥ 80 %", "70–80 %", "60–70 %", "< 60 %"]


def test_codes_are_words_of_the_language() -> None:
    frame = rows_of(table("hotspots.cells"))
    for lang, high, hottest in (("zh", "高值聚集", "热点，q ≤ 0.01"), ("en", "high among high", "Hot, q ≤ 0.01")):
        look = look_of(frame, table("hotspots.cells"), lang=lang)
        assert look.codes["lisa"]["HH"] == high
        assert look.codes["gi_bin"]["3"] == hottest
        assert look.classes[0].label == hottest


def test_text_of_the_data_stays_text() -> None:
    """A class that ends a filter, or holds what no XML can, breaks neither."""
    wild = "甲' OR 1=1 --\x00<b>\\"
    frame = rows_of(table("hotspots.peaks")).assign(issue_class=wild, name=wild)
    look = look_of(frame, table("hotspots.peaks"))
    root = parsed(qml(look))
    rule = root.find("renderer-v2/rules/rule")
    assert rule is not None
    assert rule.get("filter") == '"issue_class" = @issue_class'
    assert [v.get("value") for v in root.iterfind(".//Option[@name='variableValues']/Option")] == [
        wild.replace("\x00", "")
    ]
    parsed(sld(look, wild))


def test_an_empty_layer_has_a_style(layer: Table) -> None:
    look = look_of(rows_of(layer).iloc[:0], layer)
    assert look.classes
    assert parsed(qml(look)).find("renderer-v2/symbols/symbol") is not None
    assert parsed(sld(look, layer.layer)).tag.endswith("StyledLayerDescriptor")


def test_a_layer_without_rows_holds_the_shapes_that_it_has_with_them(tmp_path: Path, layer: Table) -> None:
    """GEOMETRY stood there, so that QGIS did not know how to draw what is added."""
    rows = rows_of(layer)
    kinds = []
    for name, held in (("full", rows), ("empty", rows.iloc[:0])):
        write_gpkg(tmp_path / f"{name}.gpkg", {layer.layer: held}, of=layer.name.partition(".")[0])
        with sqlite3.connect(tmp_path / f"{name}.gpkg") as base:
            kinds += base.execute("SELECT geometry_type_name FROM gpkg_geometry_columns").fetchall()
    assert kinds[0] == kinds[1]
    assert look_of(rows.iloc[:0], layer).shape == look_of(rows, layer).shape


def test_a_file_holds_its_styles_and_titles(tmp_path: Path, layer: Table) -> None:
    part = layer.name.partition(".")[0]
    write_gpkg(tmp_path / "a.gpkg", {layer.layer: rows_of(layer)}, of=part)
    with sqlite3.connect(tmp_path / "a.gpkg") as base:
        (title,) = base.execute("SELECT identifier FROM gpkg_contents WHERE table_name = ?", (layer.layer,)).fetchone()
        ((default, markup, plain),) = base.execute(
            "SELECT useAsDefault, styleQML, styleSLD FROM layer_styles"
        ).fetchall()
        columns = {row[1] for row in base.execute(f'PRAGMA table_info("{layer.layer}")')}
    assert title == layer.title.zh
    assert default == 1
    root = parsed(markup)
    parsed(plain)
    used = [rule.get("filter", "") for rule in root.iter("rule")] + [
        e.get("fieldName", "") for e in root.iter("text-style")
    ]
    named = {name for said in used for name in re.findall(r'"(\w+)"', said)}
    assert named | {field.get("name") for field in root.iterfind("fieldConfiguration/field")} <= columns
    symbols = {symbol.get("name") for symbol in root.iterfind("renderer-v2/symbols/symbol")}
    assert {rule.get("symbol") for rule in root.iter("rule")} - {None} == symbols
