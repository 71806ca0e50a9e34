"""What a report's page calls the files beside it, and its classes."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, cast

import geopandas as gpd
import pandas as pd
import pyproj
import pytest
import shapely

from jxgis import run
from jxgis.city import load_city
from jxgis.i18n import Text, text
from jxgis.load.loaded import Conversion, Loaded
from jxgis.part import Given
from jxgis.run import commands
from jxgis.run.pages import _label
from jxgis.settings import Settings

if TYPE_CHECKING:
    from jxgis.part import Result

#: Files of `jxgis hotspots`, `check` and `count`, which make no page, of `compare`, whose page names its own, and those that every folder has and no page lists.
UNLISTED = {
    "hotspots.xlsx",
    "clean.gpkg",
    "defects.gpkg",
    "check.json",
    "counts.gpkg",
    "cells.parquet",
    "cities.parquet",
    "months.csv",
    "months.parquet",
    "zones.csv",
    "zones.parquet",
    "index.html",
    "compare.html",
    "compare.xlsx",
    "compare.json",
}


def written() -> set[str]:
    """The files at the top of a result folder that any module writes."""
    sources = Path(run.__file__).parents[1].rglob("*.py")
    found = {name for path in sources for name in re.findall(r'stage\.path\("([^"/]+)"\)', path.read_text("utf-8"))}
    return found - UNLISTED


def test_the_files_are_found():
    assert {"hotspots.gpkg", "parks.gpkg", "units.gpkg", "scores.xlsx", "report.xlsx", "unclassified.xlsx"} <= written()


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_file_that_a_report_writes_has_its_text(lang):
    for name in written():
        key = Path(name).suffix[1:] if name in ("report.docx", "report.pdf") else Path(name).stem
        assert _label(name, lang) == f"{name} · {text(f'run.file_{key}', lang)}"


@pytest.mark.slow
def test_the_page_lists_what_every_result_holds_too(tmp_path):
    square = gpd.GeoDataFrame(
        {"name": ["东", None]},
        geometry=[shapely.box(x, 3_402_000, x + 3_000, 3_405_000) for x in (572_000, 575_000)],
        crs=4549,
    )
    square.to_file(tmp_path / "zones.gpkg")
    settings = Settings.model_validate({"inputs": {"districts": {"path": str(tmp_path / "zones.gpkg")}}})
    commands.run_report(settings, tmp_path / "out", lang="zh")
    page = (tmp_path / "out/index.html").read_text("utf-8")
    files = page.partition('class="files"')[2]
    assert {"jxgis.qgz", "ground.gpkg", "rejects/"} <= {*re.findall('href="([^"]+)"', files)}
    assert "QGIS 项目" in files
    assert "figures/" not in re.findall('href="([^"]+)"', files)
    assert "index.html" in (tmp_path / "out/run.json").read_text("utf-8")


def test_a_file_without_a_text_goes_by_its_name():
    assert _label("nobody_described_it.gpkg", "zh") == "nobody_described_it.gpkg"


def test_classes_are_called_as_the_reader_calls_them():
    table = pd.DataFrame({"issue_class": ["all", "市容环境", "别的"], "main_class": ["街面秩序", None, "市容环境"]})
    city = load_city("jiaxing")

    def in_words(city, lang):
        crs = pyproj.CRS(4549)
        given = Given(settings=Settings(), city=city, crs=crs, crs_note=Text("", ""), layers={}, lang=lang)
        return given.in_words(table)

    told = in_words(city, "en")
    assert told["issue_class"].tolist() == ["all", city.class_names["市容环境"].en, "别的"]
    assert told["main_class"].tolist()[0] == city.class_names["街面秩序"].en
    assert table["issue_class"].tolist() == ["all", "市容环境", "别的"]
    assert in_words(city, "zh").equals(table)
    assert in_words(None, "en").equals(table)
    table["main_class"] = "未归类"
    assert set(in_words(city, "en")["main_class"]) == set(in_words(None, "en")["main_class"]) == {"unclassified"}


@pytest.mark.parametrize(
    ("lang", "said"),
    [
        ("zh", ["CRS", "片区、公园绿地：坐标由 A 转换为 M。", "问题：坐标由 B 转换为 M。", "parks"]),
        ("en", ["CRS", "districts, parks: converted from A to M.", "issues: converted from B to M.", "parks"]),
    ],
)
def test_conversions_are_said_once_for_each_pair_of_systems(lang, said):
    def loaded(layer, source):
        note = Text(zh=f"{layer}.geojson", en=f"{layer}.geojson")
        notes = (note, *([Text("parks", "parks")] if layer == "parks" else []))
        return Loaded(layer, gpd.GeoDataFrame(), pd.DataFrame(), (), notes, converted=(Conversion(note, source, "M"),))

    layers = {name: loaded(name, system) for name, system in (("districts", "A"), ("issues", "B"), ("parks", "A"))}
    given = Given(
        settings=Settings(),
        city=None,
        crs=pyproj.CRS(4549),
        crs_note=Text("CRS", "CRS"),
        layers={},
        loaded=layers,
        lang=lang,
    )
    assert given.load_notes() == said


def test_a_part_knows_what_was_found_before_it_alone():
    given = Given(settings=Settings(), city=None, crs=pyproj.CRS(4549), crs_note=Text("", ""), layers={})
    handed = given.of([])
    given.results["units"] = cast("Result", object())
    assert (handed.results, list(given.of([]).results)) == ({}, ["units"])
