"""Shapes against figures known from geometry, and a district where likeness and shape pull apart."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely
from shapely.affinity import rotate, translate

from jxgis.units.analysis import propose_units
from jxgis.units.delineate import delineate_units
from jxgis.units.shape import check_shapes, shapes_by_district

CRS = 4549


@pytest.mark.parametrize(("width", "necks"), [(99.0, 1), (101.0, 0)])
def test_a_bridge_is_narrow_below_a_hundred_metres(width, necks):
    halves = [shapely.box(0, 0, 1000, 1000), shapely.box(1200, 0, 2200, 1000)]
    bridge = shapely.box(1000, 450, 1200, 450 + width)
    unit = shapely.union_all([*halves, bridge])
    field = shapely.box(-500, -500, 2700, 1500)
    assert check_shapes(np.array([unit, shapely.difference(field, unit)])).necks[0] == necks
    # Independently: what is left within 50 m of no edge.
    assert len(shapely.get_parts(shapely.buffer(unit, -50))) == 1 + necks


@pytest.mark.parametrize("least", [30.0, 100.0, 250.0])
def test_the_least_width_is_the_planner_s(least):
    """A neck and a spur a little narrower than it and a little wider, each by its own width."""
    for width, flaws in ((least * 0.99, 2), (least * 1.01, 0)):
        body = [shapely.box(0, 0, 1000, 1000), shapely.box(1500, 0, 2500, 1000)]
        neck = shapely.box(1000, 300, 1500, 300 + width)
        spur = shapely.box(2500, 100, 2500 + 4 * least, 100 + width)
        unit = shapely.union_all([*body, neck, spur])
        around = shapely.difference(shapely.box(-1000, -1000, 5000, 2500), unit)
        assert check_shapes(np.array([unit, around]), least).necks[0] == flaws
        assert shapes_by_district(np.array([unit, around]), np.array(["甲", "甲"]), least)[0][0] == flaws


@pytest.mark.parametrize(("length", "necks"), [(240.0, 0), (400.0, 1)])
def test_a_spur_counts_from_its_ground(length, necks):
    unit = shapely.union_all([shapely.box(0, 0, 1500, 1500), shapely.box(1500, 700, 1500 + length, 760)])
    around = shapely.difference(shapely.box(-500, -500, 3000, 2000), unit)
    assert check_shapes(np.array([unit, around])).necks[0] == necks


def test_where_the_district_is_narrow_itself_nothing_is_counted():
    district = shapely.union_all([shapely.box(0, 0, 1500, 1500), shapely.box(1500, 700, 2200, 760)])
    assert check_shapes(np.array([district])).necks.tolist() == [0]


def test_a_unit_round_another_is_told_from_one_beside_it():
    inner = shapely.box(1000, 1000, 2500, 2500)
    around = shapely.difference(shapely.box(0, 0, 3500, 2500), inner)
    found = check_shapes(np.array([inner, around]))
    assert found.encloses.tolist() == [0.0, 1.0]
    # An L round a square has half of it in its hull, no more.
    corner = shapely.box(1000, 1000, 2000, 2000)
    angle = shapely.difference(shapely.box(0, 0, 2000, 2000), corner)
    beside = check_shapes(np.array([corner, angle]))
    assert beside.encloses == pytest.approx([0.0, 0.5])
    assert beside.flaws == 0


def town_and_country(seed):
    """An old town with nearly all issues, in specks that only ragged units would gather, beside four quiet districts."""
    rng = np.random.default_rng(seed)
    cells, district = [], []
    for x in range(5):
        for i in range(20):
            for j in range(20):
                west, south = x * 4000 + i * 200, j * 200
                cells.append(shapely.box(west, south, west + 200, south + 200))
                district.append("ABCDE"[x])
    density = np.where(np.array(district) == "A", rng.pareto(1.2, 2000) * 500, rng.poisson(5, 2000))
    blocks = gpd.GeoDataFrame(
        {"block_id": [f"{i:04d}" for i in range(2000)], "district": district, "a": density}, geometry=cells, crs=CRS
    )
    outline = [shapely.box(x * 4000, 0, x * 4000 + 4000, 4000) for x in range(5)]
    return blocks, gpd.GeoDataFrame({"name": list("ABCDE")}, geometry=outline, crs=CRS)


@pytest.mark.parametrize("seed", range(2))
def test_defaults_draw_shapes_that_hold_where_one_district_has_all_the_squares(seed):
    blocks, districts = town_and_country(seed)
    plan = delineate_units(blocks, districts, attributes=["a"], iterations=500, starts=2)
    assert plan.units["in_bounds"].all()
    assert plan.report.parts["flaws"].tolist() == [0] * 5
    for _, units in plan.units.groupby("district"):
        shapes = units.geometry.to_numpy()
        assert (4 * np.pi * shapely.area(shapes) / shapely.length(shapes) ** 2).min() >= 0.25
        for shape in shapes:
            assert shapely.buffer(shape, -50).geom_type == "Polygon"
            others = [other for other in shapes if other is not shape]
            hull = shapely.convex_hull(shape)
            assert max(hull.intersection(other).area / other.area for other in others) <= 0.5


def test_a_dial_of_zero_follows_the_attributes_whatever_the_shape():
    blocks, districts = town_and_country(0)
    one = blocks[blocks["district"] == "A"]
    plan = delineate_units(one, districts.iloc[:1], attributes=["a"], compactness=0, iterations=200, starts=1)
    assert plan.report.parts["rounder"].tolist() == [1]
    assert plan.units["compactness"].min() < 0.25


def scrappy():
    """A district of 4 × 2 km with two scraps: 285 m² beside it and 0.7 m² two kilometres off; an exclave of 0.3 km²."""
    parts = [
        shapely.box(0, 0, 4000, 2000),
        shapely.box(4010, 500, 4029, 515),
        shapely.box(6000, 0, 6000.7, 1),
        shapely.box(5000, 1000, 5600, 1500),
    ]
    return gpd.GeoDataFrame({"name": ["D"]}, geometry=[shapely.MultiPolygon(parts)], crs=CRS)


def test_scraps_of_a_district_join_its_nearest_unit_and_are_counted():
    from jxgis.space.blocks import grid_blocks
    from jxgis.units.verify import verify_units

    districts = scrappy()
    blocks = grid_blocks(districts, cell_m=500)
    plan = delineate_units(blocks, districts, iterations=100)
    assert plan.report.scraps[["district", "scraps"]].to_numpy().tolist() == [["D", 2]]
    assert plan.report.scraps["m2"].tolist() == pytest.approx([285.7])
    # No unit of a scrap; the exclave of 0.3 km² is none, and stays a unit of its own with its reason.
    assert plan.units["area_km2"].min() == pytest.approx(0.3, abs=1e-5)
    assert plan.units["reason"].dropna().tolist() == ["exclave_below_min"]
    assert plan.units["parts"].tolist() == [1] * len(plan.units)
    assert plan.units.geometry.area.sum() == pytest.approx(districts.area.sum(), rel=1e-9)
    found = verify_units(plan.units, districts)
    assert set(found.defects["reason"]) == {"unit_below_min"}


@pytest.mark.parametrize("degrees", [0, 17, 45])
@pytest.mark.parametrize(("width", "necks"), [(100.0, 0), (99.99, 1)])
def test_a_place_as_wide_as_the_bound_is_not_narrow(degrees: float, width: float, necks: int) -> None:
    """A row of blocks of 100 m joins two halves: the bound is met, however the city lies on the map."""
    neck = shapely.box(1000, 400, 1300, 400 + width)
    unit = shapely.union_all([shapely.box(0, 0, 1000, 1000), neck, shapely.box(1300, 0, 2300, 1000)])
    rest = [shapely.box(1000, 0, 1300, 400), shapely.box(1000, 400 + width, 1300, 1000)]
    turned = [translate(rotate(shape, degrees, origin=(0, 0)), 40_572_000, 3_402_000) for shape in (unit, *rest)]
    assert check_shapes(np.array(turned, dtype=object)).necks.tolist() == [necks, 0, 0]


def test_half_of_a_unit_within_the_hull_of_another_is_no_enclosing() -> None:
    """Two squares that meet at a corner: each of the others lies within their hull by exactly half."""
    pair = shapely.union_all([shapely.box(0, 0, 1000, 1000), shapely.box(1000, 1000, 2000, 2000)])
    for degrees in range(0, 90, 7):
        some = [pair, shapely.box(1000, 0, 2000, 1000), shapely.box(0, 1000, 1000, 2000)]
        found = check_shapes(np.array([rotate(shape, degrees, origin=(0, 0)) for shape in some], dtype=object))
        assert found.flaws == found.necks.sum() == 1


def test_the_setting_reaches_the_columns_and_the_search():
    """Cells of 500 m: nothing is narrower than 100 m, arms of one cell are narrower than 600 m."""
    rng = np.random.default_rng(0)
    cells = [shapely.box(x, y, x + 500, y + 500) for x in range(0, 6000, 500) for y in range(0, 4000, 500)]
    blocks = gpd.GeoDataFrame(
        {"block_id": range(len(cells)), "x": rng.gamma(1.0, size=len(cells))}, geometry=cells, crs=CRS
    )
    district = gpd.GeoDataFrame({"name": ["甲"]}, geometry=[shapely.box(0, 0, 6000, 4000)], crs=CRS)
    asked = {"blocks": blocks, "attributes": ["x"], "compactness": 0.001, "alternatives": False, "lang": "en"}
    drawn = propose_units(district, **asked, mend_shapes=False, narrow_m=600)
    assert propose_units(district, **asked, mend_shapes=False).units["necks"].sum() == 0
    lobes = [shapely.get_num_geometries(shapely.buffer(shape, -299.9)) for shape in drawn.units.geometry]
    assert (drawn.units["necks"] >= np.array(lobes) - 1).all()
    assert drawn.units["necks"].sum() > 0
    mended = propose_units(district, **asked, narrow_m=600)
    assert mended.units["necks"].sum() < drawn.units["necks"].sum()
    left = int(mended.report.parts["flaws"].sum())
    assert any("narrower than 600 m" in note.en for note in mended.notes()) == (left > 0)
