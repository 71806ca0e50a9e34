"""Every setting arrives where it is meant to: a key that nothing reads, or that one of two readers misses, is a lie."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import pytest
import shapely

from jxgis import load
from jxgis.hotspots import analysis as hotspots_part
from jxgis.i18n import Text
from jxgis.parks import analysis as parks_part
from jxgis.run import drawing as _drawing
from jxgis.run import inputs as _inputs
from jxgis.run import pages as _pages
from jxgis.run import steps as _steps
from jxgis.scoring import analysis as score_part
from jxgis.settings import (
    BoundaryInputSettings,
    HotspotSettings,
    IndicatorSettings,
    InputSettings,
    IssueInputSettings,
    ParkSettings,
    ScoringSettings,
    Settings,
    UnitSettings,
)
from jxgis.units import analysis as units_part

#: A value for every setting of a section, none of them a default and no two alike.
HOTSPOTS: dict[str, Any] = {
    "cell_m": 211, "band_m": 523, "alpha": 0.037, "bandwidth_m": 541, "density_cell_m": 107, "family": "all",
    "min_issues": 17,
}  # fmt: skip
PARKS: dict[str, Any] = {
    "standard": "gbt51346-2019", "denominator": "built_up", "minutes": 11.5, "speed_m_per_min": 71, "merge_gap_m": 19,
    "sample_m": 31, "max_snap_m": 193, "entry_m": 17, "catchment_m": 977, "decay": "linear", "new_parks": 3,
    "target": 0.83, "close": ("一园",), "objective": "people",
}  # fmt: skip
UNITS: dict[str, Any] = {
    "cell_m": 223, "by_cells": True, "min_km2": 1.9, "max_km2": 5.3, "target_km2": 3.3, "attributes": ("density",),
    "weights": {"density": 2.5}, "compactness": 0.061, "border_credit": 0.043, "n_units": {"老城": 7},
    "exclaves": "attach", "snap_m": 1.7, "alternatives": False, "seed": 13,
    "mend_shapes": False,
}  # fmt: skip
SCORING: dict[str, Any] = {
    "weights": "ahp", "min_completeness": 0.61, "judgements": {"A": {"B": 2.0}},
    "indicators": {"a": IndicatorSettings(dimension="A", weight=1, target=2, unit="座"),
                   "b": IndicatorSettings(dimension="B", weight=1, target=2)},
}  # fmt: skip
#: What a step hands on under another name, or in another form.
RENAMED = {"standard": None, "indicators": None}


class CaughtError(Exception):
    """What an analysis was called with."""


def catch(monkeypatch: pytest.MonkeyPatch, module: Any, name: str) -> None:
    def stop(*given: Any, **named: Any) -> None:
        raise CaughtError(given, named)

    monkeypatch.setattr(module, name, stop)


def square(**columns: Any) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame({"name": ["甲"], **columns}, geometry=[shapely.box(0, 0, 2000, 2000)], crs=4549)


@pytest.fixture
def inputs() -> _inputs.Inputs:
    points = gpd.GeoDataFrame(
        {"time": [pd.Timestamp("2023-05-01")] * 2, "issue_class": "甲", "source": None},
        geometry=gpd.points_from_xy([100.0, 200.0], [100.0, 200.0]),
        crs=4549,
    )
    tables = {name: square() for name in ("districts", "parks", "residential", "candidates")}
    tables |= {"built_up": square(land=["built"]), "issues": points}
    loaded = {name: load.Loaded(name, table, pd.DataFrame(), ()) for name, table in tables.items()}
    return _inputs.Inputs(None, pyproj.CRS(4549), Text("", ""), loaded, sketch=False)


def called_with(step: Any, *given: Any) -> dict[str, Any]:
    with pytest.raises(CaughtError) as caught:
        step(*given)
    return dict(caught.value.args[1])


@pytest.mark.parametrize(
    ("section", "model", "values", "module", "step"),
    [
        ("hotspots", HotspotSettings, HOTSPOTS, hotspots_part, _steps.find_hotspots),
        ("parks", ParkSettings, PARKS, parks_part, _steps.measure_parks),
        ("units", UnitSettings, UNITS, units_part, _steps.propose),
    ],
)
def test_a_section_reaches_its_analysis(monkeypatch, inputs, section, model, values, module, step) -> None:
    assert set(values) == set(model.model_fields), "a new setting is to be given a value here"
    defaults = model()
    assert all(getattr(defaults, name) != value for name, value in values.items())
    catch(monkeypatch, module, "analyse")
    called = called_with(step, inputs, Settings(**{section: model(**values)}), lambda _: None)
    for name, value in values.items():
        if RENAMED.get(name, name) is not None:
            assert called[name] == value, name
    if section == "parks":
        assert called["standard"].name == values["standard"]


def test_scoring_gets_its_own_settings_and_those_of_parks_and_units(monkeypatch, inputs) -> None:
    assert set(SCORING) == set(ScoringSettings.model_fields)
    settings = Settings(scoring=ScoringSettings(**SCORING), parks=ParkSettings(**PARKS), units=UnitSettings(**UNITS))
    catch(monkeypatch, score_part, "analyse")
    called = called_with(_steps.score, inputs, settings, inputs.need("candidates"), None, lambda _: None, "zh")
    for name in ("weights", "min_completeness", "judgements"):
        assert called[name] == SCORING[name]
    assert [(i.id, i.unit.zh) for i in called["indicators"]] == [("a", "座"), ("b", "")]
    # The coverage by parks is measured as `jxgis parks` measures it.
    assert called["standard"].name == PARKS["standard"]
    assert called["merge_gap_m"] == PARKS["merge_gap_m"]
    assert called["park_land"]["land"].tolist() == ["built"]
    # A candidate is as large as a unit may be.
    assert (called["min_km2"], called["max_km2"]) == (UNITS["min_km2"], UNITS["max_km2"])


def test_the_target_of_parks_reaches_map_figure_and_page(monkeypatch, inputs) -> None:
    from jxgis.drawing import offline
    from jxgis.parks import figures
    from jxgis.parks import map as parks_map
    from jxgis.report import page

    settings = Settings(parks=ParkSettings(target=0.83))
    coverage = pd.DataFrame({"zone": ["all"], "method": ["radius"], "coverage": [0.85]})
    standard = SimpleNamespace(title=Text("标准", "standard"), denominator="residential")
    result = SimpleNamespace(
        coverage=coverage, standard=standard, ground=SimpleNamespace(denominator=None), served=None, unserved=None,
        sites=None, parks=None, isochrones=None, blind_spots=None, change=None, warnings=list,
    )  # fmt: skip
    stage = SimpleNamespace(path=lambda name: Path(name), files=list)
    catch(monkeypatch, parks_map, "parks_map")
    assert called_with(_drawing.draw_parks, result, stage, inputs, settings, "zh")["target"] == 0.83
    monkeypatch.setattr(parks_map, "parks_map", lambda *given, **named: None)
    monkeypatch.setattr(offline, "save_map", lambda *given: None)
    catch(monkeypatch, figures, "coverage_chart")
    assert called_with(_drawing.draw_parks, result, stage, inputs, settings, "zh")["target"] == 0.83

    from jxgis.report import workbook

    monkeypatch.setattr(workbook, "report_workbook", lambda *given, **named: None)
    catch(monkeypatch, page, "report_page")
    units = UnitSettings(min_km2=1.9, max_km2=5.3)
    asked = Settings(parks=ParkSettings(target=0.83), units=units)
    called = called_with(_pages.write_report, _steps.Results(), {}, [], stage, inputs, asked, "zh")
    assert (called["target"], called["min_km2"], called["max_km2"]) == (0.83, 1.9, 5.3)


def test_sampling_reaches_walking_siting_and_people(monkeypatch) -> None:
    """One spacing of sample points for all that samples housing."""
    from jxgis.parks import housing, people, siting, walking

    used: list[float] = []
    true = housing.sample_points

    def noted(pieces: Any, *, sample_m: float = -1.0) -> Any:
        used.append(sample_m)
        return true(pieces, sample_m=sample_m)

    for module in (siting, people, walking):
        monkeypatch.setattr(module, "sample_points", noted)
    homes = gpd.GeoDataFrame({"people": [100.0]}, geometry=[shapely.box(5000, 0, 5400, 400)], crs=4549)
    zone = gpd.GeoDataFrame({"name": ["东"]}, geometry=[shapely.box(0, -500, 6000, 1000)], crs=4549)
    parks = gpd.GeoDataFrame({"name": ["园"]}, geometry=[shapely.box(0, 0, 200, 200)], crs=4549)
    streets = gpd.GeoDataFrame(geometry=[shapely.LineString([(0, -10), (6000, -10)])], crs=4549)
    parks_part.analyse(parks, homes, zone, streets=streets, sample_m=37.0, new_parks=1)
    assert set(used) == {37.0}
    assert len(used) >= 4


class Recorder:
    """A section of settings that notes which of its fields are read."""

    def __init__(self, section: Any, read: set[str], prefix: str) -> None:
        self.__dict__.update(_section=section, _read=read, _prefix=prefix)

    def __getattr__(self, name: str) -> Any:
        if name in type(self._section).model_fields:
            self._read.add(f"{self._prefix}{name}")
        return getattr(self._section, name)


def test_every_key_of_an_input_layer_is_read(monkeypatch, tmp_path) -> None:
    """What the loader of a layer is called with holds every key of ``[inputs.LAYER]``."""
    given: dict[str, Any] = {
        "path": "issues.csv", "layer": "Sheet2", "crs": "GCJ-02", "encoding": "gbk", "axes": "north_east",
        "name_column": "名", "columns": {"issue_id": "编号"}, "towgs84": (1.0, 2.0, 3.0), "official": True,
        "class_column": "类", "timezone": "Asia/Tokyo", "from": "2023-01-01", "to": "2023-02-01", "status": ("已结案",),
        "source": ("热线",), "drop_status": ("作废",), "drop_points": ((120.5, 30.5),), "keep": ("社区",),
    }  # fmt: skip
    fields = {field.alias or name: name for name, field in IssueInputSettings.model_fields.items()}
    assert set(given) == set(fields), "a new setting is to be given a value here"
    asked = IssueInputSettings(**given)
    options = _inputs.read_options(asked) | _inputs.issue_options(asked, None)
    used_elsewhere = {"path", "official"}
    for key in set(given) - used_elsewhere:
        assert options[fields[key]] == given[key], key
    assert set(InputSettings.model_fields) - used_elsewhere <= set(options)
    boundaries = _inputs.read_options(BoundaryInputSettings(path="districts.gpkg", overlap_share=0.003))
    assert boundaries["overlap_share"] == 0.003


def test_the_city_and_the_report_are_read(monkeypatch, inputs) -> None:
    from jxgis.report import page, workbook
    from jxgis.settings import CitySettings, ReportSettings

    read: set[str] = set()
    outline, table = "outline.geojson", "classes.csv"
    city = CitySettings(profile="jiaxing", crs="EPSG:4528", outline=outline, issue_classes=table)
    settings = SimpleNamespace(
        city=Recorder(city, read, "city."), report=Recorder(ReportSettings(title="题"), read, "report."),
        inputs=Settings().inputs, hotspots=HotspotSettings(), parks=ParkSettings(), units=UnitSettings(),
        scoring=ScoringSettings(),
    )  # fmt: skip
    made = _inputs.city_of(settings, has_project=True)
    assert (made.crs, made.outline) == ("EPSG:4528", Path(outline))
    assert set(_inputs.files_read(settings)) == {outline, table}
    assert _inputs.issue_options(IssueInputSettings(path="x"), settings.city.issue_classes)["class_table"] == table
    stage = SimpleNamespace(path=lambda name: Path(name), files=list)
    monkeypatch.setattr(workbook, "report_workbook", lambda *given, **named: None)
    catch(monkeypatch, page, "report_page")
    assert called_with(_pages.write_report, _steps.Results(), {}, [], stage, inputs, settings, "zh")["title"] == "题"
    assert read == {f"city.{name}" for name in CitySettings.model_fields} | {"report.title", "report.min_count"}


def test_a_report_is_written_in_the_language_of_its_settings(monkeypatch, tmp_path) -> None:
    from typer.testing import CliRunner

    from jxgis import run
    from jxgis.cli import app

    spoken: list[str] = []
    monkeypatch.setattr(run, "run_report", lambda *given, lang, **named: spoken.append(lang))
    project = tmp_path / "jxgis.toml"
    project.write_text('[report]\nlang = "en"\n', encoding="utf-8")
    CliRunner().invoke(app, ["report", str(project), "--out", str(tmp_path / "out")])
    assert spoken == ["en"]


def test_numbers_of_this_file_are_all_different() -> None:
    """Two settings of one value could stand in for one another."""
    for values in (HOTSPOTS, PARKS, UNITS):
        numbers = [v for v in values.values() if isinstance(v, int | float) and not isinstance(v, bool)]
        assert len(np.unique(numbers)) == len(numbers)
