"""What districts and the city have of each indicator, by hand."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from jxgis.scoring.analysis import score_candidates
from jxgis.settings import IndicatorSettings, MeasureSettings

DISTRICTS = gpd.GeoDataFrame(
    {"name": ["东", "西"]}, geometry=[shapely.box(0, 0, 5000, 2000), shapely.box(5000, 0, 10_000, 2000)], crs=4549
)
CANDIDATES = gpd.GeoDataFrame(
    {"candidate_id": ["甲", "乙", "丙"]},
    geometry=[shapely.box(0, 0, 1500, 1600), shapely.box(2000, 0, 3500, 1600), shapely.box(6000, 0, 8000, 1000)],
    crs=4549,
)


def indicator(weight: float = 1, target: float = 4, **measure: Any) -> IndicatorSettings:
    measures = (MeasureSettings(**measure),) if measure else ()
    return IndicatorSettings(dimension="设施", weight=weight, target=target, measures=measures)


def found(own: dict[str, IndicatorSettings], candidates=CANDIDATES, **layers: gpd.GeoDataFrame) -> pd.DataFrame:
    issues = layers.pop("issues", None)
    result = score_candidates(candidates, districts=DISTRICTS, issues=issues, further=layers, indicators=own)
    return result.averages.set_index(["indicator", "zone"])


def test_a_zone_is_measured_as_a_candidate_is():
    """Five in the east, three in the west, of 10 km² each; a target of 4 a km²."""
    toilets = gpd.GeoDataFrame(
        geometry=gpd.points_from_xy([100, 200, 300, 4000, 4500, 5500, 7000, 9000], [500] * 8), crs=4549
    )
    table = found({"toilets_per_km2": indicator()}, toilets=toilets).loc["toilets_per_km2"]
    assert table["value"].to_dict() == pytest.approx({"all": 0.4, "东": 0.5, "西": 0.3})
    assert table["points"].to_dict() == pytest.approx({"all": 10, "东": 12.5, "西": 7.5})
    assert set(table["of"]) == {"measured"}
    assert table["candidates"].isna().all()
    assert table["level"].to_dict() == {"all": "city", "东": "district", "西": "district"}


def test_a_length_and_what_nobody_measures_are_means_over_more_than_one_candidate():
    """A street of 4 km, 1.5 km of it in 甲 and in 乙 each: their mean is not 4 km. The west has one candidate alone."""
    streets = gpd.GeoDataFrame(geometry=[shapely.LineString([(0, 500), (4000, 500)])], crs=4549)
    own = {
        "model_street_km": indicator(measure="length_km", layers=("model_streets",)),
        "lit": indicator(target=80),
    }
    brought = CANDIDATES.assign(lit=[80.0, 40.0, 20.0])
    table = found(own, brought, model_streets=streets)
    assert table.loc["model_street_km", "value"].to_dict() == pytest.approx({"all": 1.0, "东": 1.5})
    assert table.loc["lit", "value"].to_dict() == pytest.approx({"all": 140 / 3, "东": 60})
    assert table.loc["lit", "candidates"].to_dict() == {"all": 3, "东": 2}
    assert set(table["of"]) == {"candidates"}


def test_a_candidate_that_fails_a_gate_is_no_part_of_a_mean_and_an_incomplete_one_is():
    """丁, of 0.01 km², brings 100; 丙 brings half of what is asked. By hand: (80 + 40)/2 in the east, (80 + 40 + 20)/3 in all."""
    small = gpd.GeoDataFrame({"candidate_id": ["丁"]}, geometry=[shapely.box(4000, 0, 4100, 100)], crs=4549)
    four = pd.concat([CANDIDATES, small], ignore_index=True)
    four = four.assign(lit=[80.0, 40.0, 20.0, 100.0], clean=[50.0, 50.0, np.nan, 50.0])
    own = {"lit": indicator(target=80), "clean": indicator(target=80)}
    result = score_candidates(four, districts=DISTRICTS, indicators=own)
    assert result.scores["rank"].isna().tolist() == [False, False, True, True]
    table = result.averages.set_index(["indicator", "zone"]).loc["lit"]
    assert table["value"].to_dict() == pytest.approx({"all": 140 / 3, "东": 60})
    assert table["candidates"].to_dict() == {"all": 3, "东": 2}


def test_without_districts_there_are_means_over_all_candidates():
    result = score_candidates(CANDIDATES.assign(lit=[80.0, 40.0, np.nan]), indicators={"lit": indicator(target=80)})
    assert result.averages[["zone", "value", "candidates"]].to_numpy().tolist() == [["all", 60.0, 2]]


def test_no_zone_tells_how_many_issues_of_a_kind_it_has():
    """Readers know how many issues a district has, and of which class where none is small: of other kinds they do not."""
    issues = gpd.GeoDataFrame(
        {"source": ["热线"] * 6}, geometry=gpd.points_from_xy([100, 200, 2100, 2200, 4000, 4100], [500] * 6), crs=4549
    )
    how = {"measure": "count_per_km2", "layers": ("issues",)}
    own = {"all_of_them": indicator(**how), "by_phone": indicator(**how, where={"source": "热线"})}
    table = found(own, issues=issues)
    assert table.loc[("all_of_them", "东"), "of"] == "measured"
    assert set(table.loc["by_phone", "of"]) == {"candidates"}


def test_candidates_that_fill_a_district_do_not_tell_the_small_count_of_one_of_them():
    """With the hot spots it is shown how many issues a district has."""
    thirds = gpd.GeoDataFrame(
        {"candidate_id": list("abc")}, geometry=shapely.box([0, 2000, 4000], 0, [2000, 4000, 5000], 2000), crs=4549
    )
    # Nine lie elsewhere: how many there are in all is said too.
    x = np.repeat([100.0, 2100, 4100, 20_000], [30, 1, 20, 9])
    issues = gpd.GeoDataFrame(geometry=gpd.points_from_xy(x, np.full(len(x), 500.0)), crs=4549)
    own = {"lit": indicator(target=80)}
    for districts, told in ((DISTRICTS, [30, "1–2", None]), (DISTRICTS.iloc[1:], [30, "1–2", 20])):
        result = score_candidates(thirds.assign(lit=1.0), districts=districts, issues=issues, indicators=own)
        shown = result.shown_tables()["scores"].set_index("candidate_id")["issues"]
        assert shown[list("abc")].tolist() == told
