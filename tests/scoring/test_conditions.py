"""Conditions: areas at and beyond the bounds, pieces, districts, the city."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
import shapely.affinity

from jxgis.errors import CrsError, InputError
from jxgis.i18n import text
from jxgis.scoring import score_candidates
from jxgis.scoring.conditions import check_conditions
from jxgis.settings import IndicatorSettings


def rectangles(*boxes):
    return gpd.GeoDataFrame(geometry=[shapely.box(*b) for b in boxes], crs=4549)


DISTRICTS = rectangles((0, 0, 5000, 5000), (5000, 0, 10000, 5000)).assign(name=["西", "东"])


def test_exactly_2_and_5_km2_pass_however_they_are_stored_and_turned():
    small, large = (
        shapely.box(572_000, 3_402_000, 573_000, 3_404_000),
        shapely.box(572_000, 3_402_000, 574_000, 3_404_500),
    )
    turned = [shapely.affinity.rotate(shape, angle) for shape in (small, large) for angle in range(0, 90, 3)]
    there_and_back = gpd.GeoSeries(turned, crs=4549).to_crs(4490).to_crs(4549)
    candidates = gpd.GeoDataFrame(geometry=[*turned, *there_and_back], crs=4549)
    # Some are below 2 and some above 5 but for rounding, or nothing is tried here.
    assert (candidates.area < 2e6).any()
    assert (candidates.area > 5e6).any()
    assert check_conditions(candidates)["gates"].unique().tolist() == ["pass"]
    assert check_conditions(candidates.scale(0.999, 0.999).to_frame("geometry"))["gates"].unique().tolist() == [
        "nearly",
        "pass",
    ]


@pytest.mark.parametrize(
    ("km2", "state", "reason"),
    [
        (1.7, "fail", "gate_too_small"),
        (1.81, "nearly", "gate_nearly_too_small"),
        (2.0, "pass", ""),
        (5.0, "pass", ""),
        (5.49, "nearly", "gate_nearly_too_large"),
        (5.6, "fail", "gate_too_large"),
    ],
)
def test_area(km2, state, reason):
    found = check_conditions(rectangles((0, 0, 1000, km2 * 1000)))
    assert found["area_km2"].item() == pytest.approx(km2)
    assert (found["gates"].item(), found["reason"].item()) == (state, reason)
    assert found[["district", "district_share", "city_share"]].isna().all(axis=None)


@pytest.mark.parametrize(
    ("west", "state", "reason", "share"),
    [
        (3000, "pass", "", 1.0),
        (3100, "pass", "", 0.95),
        (3120, "fail", "gate_several_districts", 0.94),
        (5000, "pass", "", 1.0),
        (8200, "fail", "gate_several_districts;gate_outside_city", 0.9),
    ],
)
def test_district(west, state, reason, share):
    found = check_conditions(rectangles((west, 0, west + 2000, 1500)), districts=DISTRICTS)
    assert found["district_share"].item() == pytest.approx(share)
    assert (found["gates"].item(), found["reason"].item()) == (state, reason)
    assert found["district"].item() == ("西" if west < 4000 else "东")


def test_pieces_and_nothing():
    two = shapely.MultiPolygon([shapely.box(0, 0, 1000, 1000), shapely.box(2000, 0, 3000, 1500)])
    one = shapely.MultiPolygon([shapely.box(0, 0, 2000, 1000)])
    table = gpd.GeoDataFrame(geometry=[two, one, None], index=["二", "一", "无"], crs=4549)
    found = check_conditions(table)
    assert found["reason"].to_dict() == {"二": "gate_several_pieces", "一": "", "无": "gate_no_polygon"}
    assert found.index.tolist() == ["二", "一", "无"]


def test_outside_every_district():
    found = check_conditions(rectangles((20000, 0, 22000, 1500)), districts=DISTRICTS)
    assert found["district"].isna().item()
    assert found["district_share"].item() == 0
    assert found["gates"].item() == "fail"
    # However small, it has a share of its area inside.
    found = check_conditions(rectangles((-0.25, 0, 0.25, 1)), districts=DISTRICTS)
    assert found["city_share"].item() == pytest.approx(0.5)
    assert found["reason"].item().split(";")[0] == "gate_too_small"


def test_what_cannot_be_used():
    with pytest.raises(CrsError):
        check_conditions(rectangles((0, 0, 1, 1)).set_crs(4490, allow_override=True))
    with pytest.raises(CrsError):
        check_conditions(rectangles((0, 0, 1, 1)), districts=DISTRICTS.to_crs(4528))
    with pytest.raises(InputError):
        check_conditions(rectangles((0, 0, 1, 1)), min_km2=5, max_km2=2)


def test_empty_land_is_no_candidate_however_good_its_noughts_are():
    """Fields without a case score best in what counts cases: nothing can go wrong there."""
    fields, town = shapely.box(0, 0, 2000, 1500), shapely.box(3000, 0, 5000, 1500)
    candidates = gpd.GeoDataFrame({"name": ["田野", "镇区"]}, geometry=[fields, town], crs=4549)
    issues = gpd.GeoDataFrame(geometry=gpd.points_from_xy(np.linspace(4000, 4100, 20), [500] * 20), crs=4549)
    streets = gpd.GeoDataFrame(geometry=[shapely.LineString([(3000, 700), (5000, 700)])], crs=4549)
    own = IndicatorSettings(dimension="管理绩效", weight=1, low=0.5, high=2.5)
    city = gpd.GeoDataFrame({"name": ["城"]}, geometry=[shapely.box(0, 0, 5000, 1500)], crs=4549)
    asked = {"issues": issues, "districts": city, "indicators": {"issue_density": own}}
    alone = score_candidates(candidates, **asked)
    assert alone.scores["rank"].tolist() == [1, 2]  # of issues alone nobody can tell
    # But of the town that it is none.
    assert alone.conditions["things"].fillna(-1).tolist() == [-1, 1]
    assert alone.cards().count(text("cards.state_unknown", "zh")) == 1
    edge = gpd.GeoDataFrame(geometry=[shapely.box(-50, 0, 5, 1500)], crs=4549)  # a sliver of a plot makes no town
    found = score_candidates(candidates, residential=edge, further={"streets": streets}, **asked).scores
    assert found["rank"].fillna(0).tolist() == [0, 1]
    assert found["gates"].tolist() == ["fail", "pass"]
    assert found["reason"].tolist()[0] == "gate_empty_land"


@pytest.mark.parametrize(
    "beside",
    [
        shapely.LineString([(2000, 700), (3000, 700)]),
        shapely.box(2000, 0, 2500, 1500),
        shapely.box(2000, 1500, 2100, 1600),
    ],
    ids=["a road that ends there", "a plot along it", "a plot at its corner"],
)
def test_what_only_touches_empty_land_is_not_on_it(beside):
    land = gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 2000, 1500)], crs=4549)
    nothing = gpd.GeoDataFrame(geometry=[], crs=4549)
    found = check_conditions(land, lively=[gpd.GeoDataFrame(geometry=[beside], crs=4549), nothing])
    assert found[["things", "reason"]].to_numpy().tolist() == [[0, "gate_empty_land"]]
