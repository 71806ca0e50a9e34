"""Figures of the scorecard against plain sums: what is measured adds up, what is brought goes before it."""

from __future__ import annotations

import itertools

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from jxgis.errors import InputError
from jxgis.indicators.measures import IndicatorInputs
from jxgis.parks.standards import load_standard
from jxgis.scorecard import bring_values, fill_card, judge_card, load_plan, measure_targets
from jxgis.scorecard.subdistricts import homes_of_subdistricts
from jxgis.space.levels import zones_by_level

PLAN = load_plan().targets


def frame(columns: dict[str, object], shapes: object) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(columns, geometry=shapes, crs=4549)


def targets(*ids: str):
    return [target for target in PLAN if target.id in ids]


def card(zones, ids, **given):
    return fill_card(zones, targets(*ids), **given).table.set_index(["indicator", "level", "zone"])


def test_zones_from_the_whole_to_its_parts(districts, units):
    zones = zones_by_level(districts, units)
    assert zones["level"].value_counts().to_dict() == {"district": 4, "area": 2, "unit": 2, "city": 1}
    assert zones.set_index("zone").loc["all"].geometry.area == 4e6
    assert zones.set_index("zone").loc["东区"].geometry.area == 2e6
    alone = zones_by_level(districts.drop(columns="area"))
    assert alone["level"].tolist() == ["city", *["district"] * 4]
    assert (alone["parent"].dropna() == "all").all()


def test_districts_that_claim_the_same_ground_are_refused(districts):
    inside = frame({"name": ["城中"], "area": ["东区"]}, [shapely.box(200, 200, 400, 400)])
    with pytest.raises(InputError, match="互相重叠：甲–城中 40,000 m²"):
        zones_by_level(pd.concat([districts, inside], ignore_index=True))


def test_points_count_once_and_sums_hold(districts, units, toilets):
    zones = zones_by_level(districts, units)
    found = measure_targets(zones, targets("toilets_per_km2"), IndicatorInputs({"toilets": toilets}))
    table = card(zones, ["toilets_per_km2"], measured=found)["numerator"].droplevel(0)
    # One on a border and one where four meet belong to the first of their districts.
    assert table["district"].to_dict() == {"甲": 6, "乙": 0, "丙": 0, "丁": 2}
    assert table["area"].to_dict() == {"东区": 6, "西区": 2}
    assert table["city", "all"] == 8 == toilets.within(districts.union_all().buffer(1e-9)).sum()
    # Units are judged each for itself: the corner lies on the edge of the second.
    assert table["unit"].to_dict() == {"U1": 3, "U2": 3}


def test_a_street_on_a_border_counts_half_on_either_side(districts):
    streets = frame(
        {"road_class": ["主干路"] * 3, "condition": ["优", "差", "良"]},
        shapely.linestrings([[(1000, 0), (1000, 1000)], [(0, 500), (2000, 500)], [(100, 1500), (300, 1500)]]),
    )
    zones = zones_by_level(districts)
    found = measure_targets(zones, targets("road_condition"), IndicatorInputs({"roads": streets}))
    table = card(zones, ["road_condition"], measured=found).droplevel(0)
    assert table.loc["district", "denominator"].round(6).to_dict() == {"甲": 1.5, "乙": 1.5, "丙": 0.2, "丁": 0.0}
    assert table.loc["district", "numerator"].round(6).to_dict() == {"甲": 0.5, "乙": 0.5, "丙": 0.2, "丁": 0.0}
    assert table.loc[("city", "all"), ["numerator", "denominator"]].tolist() == pytest.approx([1.2, 3.2])
    assert table.loc[("city", "all"), "value"] == pytest.approx(37.5)
    assert table.loc[("district", "丁"), "reason"] == "no_streets"


def test_random_layers_add_up_to_what_the_whole_city_has(districts):
    """The city by one clip of everything, in plain geopandas; sums of areas and of districts are the same."""
    rng = np.random.default_rng(7)
    ends = rng.uniform(-200, 2200, (60, 2, 2)).round(0)
    ends[:10, :, 0] = 1000  # along the border
    ends[10:15, :, 1] = 1000
    roads = frame(
        {"road_class": rng.choice(["主干路", "次干路", "支路"], 60), "condition": rng.choice(["优", "良", "差"], 60)},
        shapely.linestrings(ends),
    )
    at = rng.uniform(0, 2000, (200, 2)).round(-2)  # a quarter lies on borders
    lamps = frame({"lit": rng.integers(0, 2, 200)}, shapely.points(at))
    layers = {"roads": roads, "lightscape": lamps, "toilets": lamps}
    zones = zones_by_level(districts)
    ids = ["road_condition", "landscape_lit", "toilets_per_km2"]
    table = card(zones, ids, measured=measure_targets(zones, targets(*ids), IndicatorInputs(layers)))
    city = districts.union_all()
    main = roads[roads["road_class"] != "支路"]
    good = main[main["condition"] != "差"]
    whole = {
        "road_condition": (good.intersection(city).length.sum() / 1e3, main.intersection(city).length.sum() / 1e3),
        "landscape_lit": (lamps["lit"].sum(), len(lamps)),
        "toilets_per_km2": (len(lamps), 4.0),
    }
    for name, (above, below) in whole.items():
        of = table.loc[name]
        for column, expected in (("numerator", above), ("denominator", below)):
            # A metre of a street about the point where four districts meet may be in two of them.
            assert of.loc[("city", "all"), column] == pytest.approx(expected, abs=5e-3)
            assert of.loc["area", column].sum() == pytest.approx(of.loc[("city", "all"), column])
            assert of.loc["district", column].sum() == pytest.approx(of.loc[("city", "all"), column])


def test_park_coverage_is_that_of_one_buffer(districts):
    parks = frame({"name": ["园"]}, [shapely.box(900, 900, 1100, 1100)])
    homes = frame({}, shapely.box([0, 700, 1500], [0, 700, 1500], [400, 1300, 1900], [400, 1300, 1900]))
    ground = IndicatorInputs({"parks": parks, "park_land": homes}, standard=load_standard())
    zones = zones_by_level(districts)
    table = card(zones, ["park_coverage"], measured=measure_targets(zones, targets("park_coverage"), ground)).droplevel(
        0
    )
    near = parks.geometry.iloc[0].buffer(500, quad_segs=64)
    assert table.loc[("city", "all"), "numerator"] == pytest.approx(homes.intersection(near).area.sum() / 1e6, rel=1e-3)
    assert table.loc[("city", "all"), "denominator"] == pytest.approx(homes.area.sum() / 1e6)
    assert table.loc["district", "denominator"].sum() == pytest.approx(homes.area.sum() / 1e6)


def test_order_of_districts_changes_no_sum(districts, toilets):
    sums = set()
    for order in itertools.permutations(range(4)):
        zones = zones_by_level(districts.iloc[list(order)])
        found = measure_targets(zones, targets("toilets_per_km2"), IndicatorInputs({"toilets": toilets}))
        sums.add(card(zones, ["toilets_per_km2"], measured=found).loc[("toilets_per_km2", "city", "all"), "numerator"])
    assert sums == {8.0}


def sheet(*rows: tuple[object, ...]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["zone", "indicator", "value", "numerator", "denominator"])


def test_what_is_brought_is_added_up_where_all_of_it_is_there(districts):
    zones = zones_by_level(districts)
    rows = [
        ("甲", "15", None, 90, 100),
        ("乙", "15", None, 5, 10),
        ("丙", "15", None, 40, 40),
        ("丁", "15", None, 0, 0),
    ]
    found = card(zones, ["gas_coverage"], brought=bring_values(sheet(*rows), PLAN, zones)).droplevel(0)
    assert found.loc[("area", "东区"), ["value", "numerator", "denominator"]].tolist() == [100 * 95 / 110, 95, 110]
    assert found.loc[("city", "all"), ["value", "numerator", "denominator"]].tolist() == [90.0, 135, 150]
    # One of them missing: neither its area nor the city has a sum.
    found = card(zones, ["gas_coverage"], brought=bring_values(sheet(*rows[:3]), PLAN, zones)).droplevel(0)
    assert found.loc[("area", "东区"), "value"] == 100 * 95 / 110
    assert found["reason"].loc[[("area", "西区"), ("city", "all"), ("district", "丁")]].tolist() == [
        "parts_missing",
        "parts_missing",
        "to_be_brought",
    ]


def test_a_sum_names_each_source_once(districts):
    """示意数据 stood there for each area that had it beside another."""
    zones = zones_by_level(districts)
    rows = sheet(*((name, "15", None, 9, 10) for name in "甲乙丙丁")).assign(source=["a", "b", "b", "c"])
    found = card(zones, ["gas_coverage"], brought=bring_values(rows, PLAN, zones)).droplevel(0)["source"]
    assert found.droplevel(0)[["东区", "西区", "all"]].tolist() == ["a；b", "b；c", "a；b；c"]


def test_ratios_without_their_parts_have_no_sum(districts):
    zones = zones_by_level(districts)
    rows = [(name, "gas_coverage", 98.0, None, None) for name in ("甲", "乙", "丙", "丁")]
    found = card(zones, ["gas_coverage"], brought=bring_values(sheet(*rows), PLAN, zones)).droplevel(0)
    assert found.loc["district", "value"].tolist() == [98.0] * 4
    assert found.loc[("city", "all"), "reason"] == "parts_without_sums"


def test_the_whole_that_is_brought_goes_before_the_sum_and_is_questioned(districts):
    zones = zones_by_level(districts)
    rows = [(name, "19", 2, None, None) for name in ("甲", "乙", "丙", "丁")]
    made = bring_values(sheet(*rows, ("全市", "19", 9, None, None)), PLAN, zones)
    found = fill_card(zones, targets("sample_units"), brought=made)
    table = found.table.set_index(["level", "zone"])
    assert table.loc[("city", "all"), "value"] == 9
    assert table.loc["area", "value"].tolist() == [4, 4]
    assert len(found.notes) == 1
    assert "9" in found.notes[0].zh
    assert "8" in found.notes[0].zh


def test_figures_of_one_value_and_other_parts_are_told_apart(districts):
    zones = zones_by_level(districts)
    rows = [(name, "gas_coverage", None, 10, 20) for name in ("甲", "乙", "丙", "丁")]
    made = bring_values(sheet(*rows, ("全市", "gas_coverage", None, 50, 100)), PLAN, zones)
    said = fill_card(zones, targets("gas_coverage"), brought=made).notes[0].zh
    assert "50 (50 ÷ 100)" in said
    assert "50 (40 ÷ 80)" in said


def test_what_is_brought_goes_before_what_is_measured_and_both_stand_there(districts, toilets):
    zones = zones_by_level(districts)
    measured = measure_targets(zones, targets("toilets_per_km2"), IndicatorInputs({"toilets": toilets}))
    made = bring_values(sheet(("甲", "toilets_per_km2", None, 9, 1)), PLAN, zones)
    found = card(zones, ["toilets_per_km2"], measured=measured, brought=made).droplevel(0)
    assert found.loc[("district", "甲"), ["value", "measured_value", "counted"]].tolist() == [9, 6, "brought"]
    assert found.loc[("area", "东区"), ["numerator", "counted"]].tolist() == [9, "mixed"]
    assert found.loc[("area", "西区"), "counted"] == "measured"


def test_sub_districts_add_up_to_their_district(districts):
    streets = frame({"name": ["一街道", "二街道", "三街道"]}, shapely.box([0, 500, 1000], 0, [500, 1000, 2000], 1000))
    homes = homes_of_subdistricts(districts, streets)
    assert homes == {"一街道": "甲", "二街道": "甲", "三街道": "乙"}
    zones = zones_by_level(districts)
    rows = [("一街道", "zero_discharge", None, 1, 1), ("二街道", "zero_discharge", None, 0, 1)]
    made = bring_values(sheet(*rows), PLAN, zones, subdistricts={name: name for name in homes})
    found = card(zones, ["zero_discharge"], brought=made, homes=homes).droplevel(0)
    assert found.loc[("district", "甲"), ["value", "numerator", "denominator"]].tolist() == [50, 1, 2]
    assert found.loc[("district", "乙"), "reason"] == "to_be_brought"


def test_status_gap_and_reason(districts):
    zones = zones_by_level(districts)
    rows = [("甲", "19", 5, None, None), ("全市", "14", 6.0, None, None), ("全市", "water_leakage", 5.9, None, None)]
    made = bring_values(sheet(*rows[:2]), PLAN, zones)
    judged = judge_card(fill_card(zones, PLAN, brought=made).table, PLAN, year=2027).set_index(["indicator", "zone"])
    assert judged.loc[("water_leakage", "all"), ["status", "gap"]].tolist() == ["below", 0.0]
    assert judged.loc[("sample_units", "甲"), ["status", "reason"]].tolist() == ["no_data", "city_target_only"]
    assert np.isnan(judged.loc[("sample_units", "甲"), "target_2027"])
    assert judged.loc[("smart_parks", "东区"), "target_2027"] == 1
    assert judged.loc[("toilets_per_km2", "all"), ["status", "reason"]].tolist() == ["no_data", "to_be_brought"]
    of_2025 = judge_card(
        fill_card(zones, PLAN, brought=bring_values(sheet(rows[2]), PLAN, zones)).table, PLAN, year=2025
    )
    assert of_2025.set_index(["indicator", "zone"]).loc[("water_leakage", "all"), "status"] == "met"
    assert (judged["reason"] == "").eq(judged["status"] != "no_data").all()


def test_a_body_number_by_2027_is_no_target_of_2025(districts, toilets):
    zones = zones_by_level(districts)
    measured = measure_targets(zones, targets("toilets_per_km2"), IndicatorInputs({"toilets": toilets}))
    table = fill_card(zones, targets("toilets_per_km2"), measured=measured).table
    assert judge_card(table, PLAN, year=2025)["reason"].unique().tolist() == ["no_target_for_year"]
    assert judge_card(table, PLAN, year=2027)["status"].tolist() == [
        "below",
        "below",
        "below",
        "met",
        "below",
        "below",
        "below",
    ]


def test_a_zone_s_own_target_goes_before_the_plan_s(districts):
    zones = zones_by_level(districts)
    rows = pd.DataFrame(
        {"zone": ["甲", "乙"], "indicator": "17", "value": [2.0, 2.0], "target_2027": [2.0, 3.0], "target_2025": None}
    )
    made = bring_values(rows, PLAN, zones)
    judged = judge_card(
        fill_card(zones, targets("gas_pipes_renewed"), brought=made).table, PLAN, year=2027, brought=made
    )
    of = judged.set_index("zone")
    assert of.loc[["甲", "乙"], "status"].tolist() == ["met", "below"]
    assert of.loc["all", "target_2027"] == 25


def test_facilities_without_any_say_so_and_not_that_there_are_no_cases(districts):
    zones = zones_by_level(districts)
    lamps = frame({"lit": [1, 0]}, shapely.points([(10, 10), (20, 10)]))
    table = card(
        zones,
        ["landscape_lit"],
        measured=measure_targets(zones, targets("landscape_lit"), IndicatorInputs({"lightscape": lamps})),
    )
    of = table.droplevel(0)
    assert of.loc[("district", "甲"), "value"] == 50
    assert of.loc[("district", "丁"), "reason"] == "nothing_there"
    assert of.loc[("city", "all"), ["value", "numerator", "denominator"]].tolist() == [50, 1, 2]


def test_geometry_of_any_kind_comes_back_unchanged(districts, toilets):
    before = toilets.geometry.to_wkb().tolist()
    measure_targets(zones_by_level(districts), targets("toilets_per_km2"), IndicatorInputs({"toilets": toilets}))
    assert toilets.geometry.to_wkb().tolist() == before
    assert isinstance(toilets, gpd.GeoDataFrame)


@pytest.mark.parametrize(
    ("dates", "area", "city"),
    [
        (["2025-12-31", "2024-12-31", "2023-06-30", "2025-12-31"], "2024-12-31", "2023-06-30"),
        (["2025-12-31", "2025-12-31", None, "2025-12-31"], "2025-12-31", None),
    ],
)
def test_a_sum_is_no_newer_than_the_oldest_of_its_parts(districts, dates, area, city):
    zones = zones_by_level(districts)
    rows = pd.DataFrame({"zone": [*"甲乙丙丁"], "indicator": "15", "numerator": 9, "denominator": 10, "date": dates})
    found = card(zones, ["gas_coverage"], brought=bring_values(rows, PLAN, zones)).loc["gas_coverage"]
    assert found.loc[("area", "东区"), "date"] == pd.Timestamp(area)
    assert found.loc[("city", "all"), "value"] == 90
    whole = found.loc[("city", "all"), "date"]
    assert pd.isna(whole) if city is None else whole == pd.Timestamp(city)
