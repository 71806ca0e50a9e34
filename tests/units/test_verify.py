"""Every planted defect is found, named and located; nothing else is; slivers are snapped and the rest is left."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from jxgis import i18n
from jxgis.errors import CrsError, InputError
from jxgis.units import verify
from jxgis.units.verify import repair_units, verify_units

CRS = 4549
DISTRICTS = gpd.GeoDataFrame(
    {"name": ["甲", "乙"]}, geometry=[shapely.box(0, 0, 4000, 2000), shapely.box(4000, 0, 6000, 2000)], crs=CRS
)
LEFT, RIGHT, OTHER = shapely.box(0, 0, 2000, 2000), shapely.box(2000, 0, 4000, 2000), shapely.box(4000, 0, 6000, 2000)


def units_of(*polygons: shapely.Geometry, **columns: list[object]) -> gpd.GeoDataFrame:
    names = [f"u{row}" for row in range(len(polygons))]
    return gpd.GeoDataFrame({"unit_id": names} | columns, geometry=list(polygons), crs=CRS)


def box(x0: float, y0: float, x1: float, y1: float) -> shapely.Polygon:
    return shapely.box(x0, y0, x1, y1)


def test_a_plan_without_defects_passes() -> None:
    found = verify_units(units_of(LEFT, RIGHT, OTHER, district=["甲", "甲", "乙"]), DISTRICTS)
    assert found.passed
    assert repr(found) == "Verification(3 units: no defects)"
    assert found.units["area_km2"].tolist() == [4, 4, 4]
    assert found.units["district"].tolist() == ["甲", "甲", "乙"]
    assert found.units["in_bounds"].all()


DENT = box(500, 900, 1500, 1100)
PLANTED = {
    "gap": (units_of(LEFT.difference(DENT), RIGHT, OTHER), [("gap", "u0", DENT)]),
    "gap between two": (units_of(box(0, 0, 1900, 2000), RIGHT, OTHER), [("gap", "u0;u1", box(1900, 0, 2000, 2000))]),
    "overlap": (units_of(box(0, 0, 2100, 2000), RIGHT, OTHER), [("overlap", "u0;u1", box(2000, 0, 2100, 2000))]),
    "across": (
        units_of(LEFT, box(2000, 0, 4050, 2000), box(4050, 0, 6000, 2000)),
        [("across_border", "u1", box(4000, 0, 4050, 2000))],
    ),
    "outside": (units_of(LEFT, RIGHT, box(4000, 0, 6000, 2100)), [("outside", "u2", box(4000, 2000, 6000, 2100))]),
    "in two parts": (
        units_of(shapely.union(box(0, 0, 1000, 2000), box(3900, 0, 4000, 2000)), box(1000, 0, 3900, 2000), OTHER),
        [("not_contiguous", "u0", box(3900, 0, 4000, 2000)), ("unit_above_max", "u1", box(1000, 0, 3900, 2000))],
    ),
    "touching at a corner": (
        units_of(
            shapely.union(box(0, 0, 1000, 1000), box(1000, 1000, 2000, 2000)),
            shapely.union(box(0, 1000, 1000, 2000), box(1000, 0, 2000, 1000)),
            RIGHT,
            OTHER,
        ),
        [("not_contiguous", "u0", None), ("not_contiguous", "u1", None)],
    ),
    "neck": (
        units_of(
            shapely.union_all([box(0, 0, 1000, 2000), box(1000, 1000, 1200, 1000.5), box(1200, 500, 2000, 1500)]),
            LEFT.difference(
                shapely.union_all([box(0, 0, 1000, 2000), box(1000, 1000, 1200, 1000.5), box(1200, 500, 2000, 1500)])
            ).union(RIGHT),
            OTHER,
        ),
        [("neck", "u0", box(1200.5, 500.5, 1999.5, 1499.5)), ("unit_above_max", "u1", None)],
    ),
    "enclave": (
        units_of(LEFT.difference(box(200, 200, 1700, 1700)), box(200, 200, 1700, 1700), RIGHT, OTHER),
        [
            ("enclave", "u1;u0", box(200, 200, 1700, 1700)),
            ("unit_below_min", "u0", None),
        ],
    ),
    "too large": (units_of(LEFT.union(RIGHT), OTHER), [("unit_above_max", "u0", box(0, 0, 4000, 2000))]),
    "too small": (
        units_of(box(0, 0, 999, 2000), box(999, 0, 2500, 2000), box(2500, 0, 4000, 2000), OTHER),
        [("unit_below_min", "u0", box(0, 0, 999, 2000))],
    ),
    "district left empty": (units_of(LEFT, RIGHT), [("gap", "u1", OTHER)]),
    "wrong district": (
        units_of(LEFT, RIGHT, OTHER, district=["甲", "乙", "乙"]),
        [("wrong_district", "u1", RIGHT)],
    ),
    "split, id kept": (
        units_of(LEFT, RIGHT, OTHER).assign(unit_id=["a", "a", "b"]),
        [("duplicate_id", "a", RIGHT)],
    ),
}


@pytest.mark.parametrize("name", PLANTED)
def test_planted_defects_are_found_and_nothing_else(name: str) -> None:
    units, expected = PLANTED[name]
    found = verify_units(units, DISTRICTS).defects
    said = list(zip(found["reason"], found["unit_id"], strict=True))
    assert sorted(said) == sorted((kind, ids) for kind, ids, _ in expected)
    for kind, ids, ground in expected:
        row = found[(found["reason"] == kind) & (found["unit_id"] == ids)].iloc[0]
        assert row.geometry.covers(shapely.Point(row["x"], row["y"]))
        assert row["m2"] == pytest.approx(row.geometry.area)
        if ground is not None:
            assert row.geometry.symmetric_difference(ground).area < 1e-3
    assert not found["repairable"].any()
    # A repair does not touch what only a planner can decide.
    again = verify_units(repair_units(units, DISTRICTS), DISTRICTS).defects
    assert sorted(zip(again["reason"], again["unit_id"], strict=True)) == sorted(said)


def test_an_edge_that_crosses_itself_is_put_right() -> None:
    bow = shapely.Polygon(
        [(0, 0), (2000, 0), (2000, 2000), (0, 2000), (0, 1000), (-0.2, 1000.2), (0, 1000.2), (-0.2, 1000)]
    )
    units = units_of(bow, RIGHT, OTHER)
    assert not units.geometry.is_valid.all()
    found = verify_units(units, DISTRICTS).defects
    assert found["reason"].iloc[0] == "invalid_geometry"
    assert found["repairable"].all()
    assert verify_units(repair_units(units, DISTRICTS), DISTRICTS).passed


SLIVERS = {
    "gap": units_of(box(0, 0, 1999.4, 2000), RIGHT, OTHER),
    "overlap": units_of(box(0, 0, 2000.6, 2000), RIGHT, OTHER),
    "across": units_of(LEFT, box(2000, 0, 4000.4, 2000), box(4000.4, 0, 6000, 2000)),
    "outside": units_of(LEFT, RIGHT, box(4000, 0, 6000, 2000.5)),
    "crumb": units_of(
        shapely.union(LEFT, box(3000, 0, 3000.5, 900)), RIGHT.difference(box(3000, 0, 3000.5, 900)), OTHER
    ),
}


@pytest.mark.parametrize("name", SLIVERS)
def test_slivers_are_named_and_snapped(name: str) -> None:
    units = SLIVERS[name].assign(area_km2=-1.0, note="kept")
    found = verify_units(units, DISTRICTS)
    assert len(found.defects) >= 1
    assert found.defects["repairable"].all()
    assert (found.defects["width_m"] <= 1).all()
    repaired = repair_units(units, DISTRICTS)
    assert verify_units(repaired, DISTRICTS).passed
    assert repaired["note"].tolist() == ["kept"] * 3
    np.testing.assert_allclose(repaired["area_km2"], repaired.area / 1e6, atol=1e-6)
    # What changes hands is thin: worn by half the tolerance on either side, nothing of it is left.
    for before, after in zip(units.geometry, repaired.geometry, strict=True):
        assert before.symmetric_difference(after).buffer(-0.5).is_empty
    assert verify_units(units, DISTRICTS, tolerance_m=0.1).defects["repairable"].sum() == 0


@given(st.integers(0, 10_000))
@settings(max_examples=25, deadline=None)
def test_units_with_shaken_vertices_come_back_as_a_coverage(seed: int) -> None:
    rng = np.random.default_rng(seed)

    def shaken(shape: shapely.Polygon) -> shapely.Polygon:
        corners = shapely.get_coordinates(shapely.segmentize(shape, 700))[:-1]
        return shapely.Polygon(corners + rng.uniform(-0.2, 0.2, corners.shape))

    units = units_of(*map(shaken, (LEFT, RIGHT, OTHER)))
    assert not verify_units(units, DISTRICTS).passed
    repaired = repair_units(units, DISTRICTS)
    assert verify_units(repaired, DISTRICTS).passed
    assert shapely.coverage_is_valid(repaired.geometry.to_numpy())
    assert repaired.area.sum() == pytest.approx(DISTRICTS.area.sum(), rel=1e-9)


def test_ground_that_two_districts_claim_by_drawing_noise_is_no_defect_of_the_units() -> None:
    districts = DISTRICTS.set_geometry([shapely.box(0, 0, 4000.02, 2000), shapely.box(4000, 0, 6000, 2000)])
    assert verify_units(units_of(LEFT, box(2000, 0, 4000.02, 2000), OTHER), districts).passed
    assert verify_units(units_of(LEFT, RIGHT, OTHER), districts).passed


def test_inputs_are_left_alone_and_the_index_is_kept() -> None:
    units = SLIVERS["gap"].set_axis([9, 5, 7])
    before = units.copy()
    found, repaired = verify_units(units, DISTRICTS), repair_units(units, DISTRICTS)
    assert units.equals(before)
    assert found.units.index.tolist() == repaired.index.tolist() == [9, 5, 7]
    assert found.units["defects"].tolist() == [1, 1, 0]


def test_every_code_has_words() -> None:
    for kind in verify._KINDS:
        assert i18n.reason(kind, "zh") != kind
        assert i18n.reason(kind, "en") != kind


def test_a_single_area_may_be_asked_for() -> None:
    found = verify_units(units_of(LEFT, RIGHT, OTHER), DISTRICTS, min_km2=4, max_km2=4)
    assert found.passed
    large = verify_units(units_of(LEFT, RIGHT, OTHER), DISTRICTS, min_km2=3, max_km2=3)
    assert large.defects["reason"].tolist() == ["unit_above_max"] * 3


def test_bad_input_is_named() -> None:
    units = units_of(LEFT, RIGHT, OTHER)
    with pytest.raises(InputError, match="unit_id"):
        verify_units(units.drop(columns="unit_id"), DISTRICTS)
    with pytest.raises(InputError, match="nulls"):
        verify_units(units.assign(unit_id=["a", None, "b"]), DISTRICTS)
    with pytest.raises(InputError, match="minimum"):
        verify_units(units, DISTRICTS, min_km2=5, max_km2=2)
    with pytest.raises(InputError, match="tolerance_m"):
        repair_units(units, DISTRICTS, tolerance_m=-1)
    with pytest.raises(InputError, match="no rows"):
        verify_units(units.iloc[:0], DISTRICTS)
    with pytest.raises(CrsError, match="units"):
        verify_units(units.to_crs(4528), DISTRICTS)


@pytest.mark.parametrize(("side", "necks"), [(24.0, 1), (18.0, 0)])
def test_a_lobe_is_ten_times_as_wide_as_the_neck_may_be(side: float, necks: int) -> None:
    """A square on a thread: half its side is its mean width, which must be above 10 m after half a metre is worn off."""
    hung = shapely.union_all([LEFT, box(2000, 1000, 2100, 1000.5), box(2100, 990, 2100 + side, 990 + side)])
    units = units_of(hung, RIGHT.difference(hung), OTHER)
    assert (verify_units(units, DISTRICTS).defects["reason"] == "neck").sum() == necks


def test_a_scrap_of_its_district_is_no_second_part_of_a_unit() -> None:
    scrap = box(7000, 0, 7050, 90)
    districts = DISTRICTS.assign(geometry=[DISTRICTS.geometry[0], DISTRICTS.geometry[1].union(scrap)])
    assert verify_units(units_of(LEFT, RIGHT, OTHER.union(scrap)), districts).passed
