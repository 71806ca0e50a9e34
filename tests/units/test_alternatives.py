"""Several plans: recurrence counted by hand, comparisons that conserve ground, issues and people."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from jxgis.errors import CrsError, InputError
from jxgis.space.blocks import grid_blocks
from jxgis.units.alternatives import border_recurrence, compare_plans, propose_alternatives

CRS = 4549
DISTRICTS = gpd.GeoDataFrame({"name": ["甲"]}, geometry=[shapely.box(0, 0, 4000, 3000)], crs=CRS)


def units_of(*polygons: shapely.Geometry, district: str = "甲") -> gpd.GeoDataFrame:
    names = [f"u{row}" for row in range(len(polygons))]
    return gpd.GeoDataFrame({"unit_id": names, "district": district}, geometry=list(polygons), crs=CRS)


def test_recurrence_equals_a_count_border_by_border() -> None:
    blocks = grid_blocks(DISTRICTS, cell_m=500)
    rng = np.random.default_rng(0)
    labels = pd.DataFrame(rng.integers(0, 3, (len(blocks), 5)), index=blocks.index, columns=list("abcde"))
    found = border_recurrence(blocks, labels).set_index(["block_a", "block_b"])
    table = blocks.set_index("block_id")
    unit = labels.set_axis(blocks["block_id"])
    total = 0
    for i, one in enumerate(table.index):
        for two in table.index[i + 1 :]:
            line = shapely.intersection(table.geometry[one], table.geometry[two])
            times = (unit.loc[one] != unit.loc[two]).sum()
            if line.length > 0 and times:
                total += 1
                row = found.loc[(one, two)]
                assert row["plans"] == times
                assert row["stability"] == times / 5
                assert row["length_m"] == pytest.approx(line.length)
                assert row.geometry.equals(line)
    assert total == len(found)


def test_neighbours_whose_vertices_differ_by_rounding_have_a_line() -> None:
    angle = np.radians(31)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])

    def turned(shape: shapely.Polygon) -> shapely.Polygon:
        return shapely.transform(shape, lambda xy: xy @ turn.T + 3e6)

    cells = [turned(shapely.box(0, 0, 100, 100)), turned(shapely.box(100, -50, 200, 40))]
    blocks = gpd.GeoDataFrame({"block_id": ["a", "b"], "district": "甲"}, geometry=cells, crs=CRS)
    found = border_recurrence(blocks, pd.DataFrame({"P1": [0, 1]}))
    # 40 m are shared; the vertices lie within a millimetre of the other's edge.
    assert found.length.iloc[0] == pytest.approx(40, abs=0.01)
    assert found.geom_type.iloc[0] == "LineString"


def test_plans_along_the_dial_get_rounder_and_less_alike() -> None:
    blocks = grid_blocks(DISTRICTS, cell_m=250)
    x = shapely.get_x(shapely.centroid(blocks.geometry.to_numpy()))
    blocks = blocks.assign(stripe=np.sin(x / 300))
    found = propose_alternatives(blocks, DISTRICTS, dials=[0.005, 1.0], seeds=[0, 1], attributes=["stripe"])
    assert found.table["plan"].tolist() == ["P1", "P2", "P3", "P4"]
    assert found.table["compactness_dial"].tolist() == [0.005, 0.005, 1.0, 1.0]
    by_dial = found.table.groupby("compactness_dial")
    assert by_dial["mean_compactness"].mean().is_monotonic_increasing
    assert by_dial["ssd_share"].mean().is_monotonic_increasing
    assert found.table["on_front"].any()
    assert len(found.plans) == 4
    assert found.borders["stability"].between(0.25, 1).all()
    # Every border of every plan is among them.
    plan = found.plans[2]
    unit = plan.blocks.set_index("block_id")["unit_id"]
    drawn = unit[found.borders["block_a"]].to_numpy() != unit[found.borders["block_b"]].to_numpy()
    outline = DISTRICTS.boundary.iloc[0].buffer(1e-6)
    inner = shapely.union_all(plan.units.boundary.to_numpy()).difference(outline)
    assert found.borders["length_m"][drawn].sum() == pytest.approx(inner.length, rel=1e-9)


def test_comparison_by_hand() -> None:
    before = units_of(shapely.box(0, 0, 2000, 3000), shapely.box(2000, 0, 4000, 3000))
    after = units_of(
        shapely.box(0, 0, 2200, 3000), shapely.box(2200, 0, 4000, 1500), shapely.box(2200, 1500, 4000, 3000)
    )
    after = after.assign(unit_id=["A", "B", "C"])
    cases = gpd.GeoDataFrame(geometry=list(shapely.points([[10, 10], [2100, 9], [2100, 99], [3000, 2000]])), crs=CRS)
    people = gpd.GeoDataFrame(
        {"people": [600, 30]}, geometry=[shapely.box(2000, 0, 4000, 3000), shapely.Point(1, 1)], crs=CRS
    )
    change = compare_plans(before, after, issues=cases, population=people)
    assert change.units["was"].tolist()[:2] == ["u0", "u1"]
    assert pd.isna(change.units["was"].iloc[2])
    np.testing.assert_allclose(change.units["kept_km2"], [6, 2.7, 0])
    assert change.moved[["from_unit", "to_unit"]].to_numpy().tolist() == [["u1", "C"], ["u1", "A"]]
    np.testing.assert_allclose(change.moved["m2"], [2.7e6, 0.6e6])
    assert change.moved["issues"].tolist() == [1, 2]
    np.testing.assert_allclose(change.moved["people"], [270, 60])
    totals = change.totals
    assert (totals["area_km2"], totals["moved_km2"]) == pytest.approx((12, 3.3))
    assert (totals["issues"], totals["moved_issues"]) == (4, 3)
    assert (totals["people"], totals["moved_people"]) == pytest.approx((630, 330))
    lengths = change.borders.set_index("state")["length_m"]
    # The fence around the district is 1 m wide: a line that ends on it is 1 m shorter at each such end.
    np.testing.assert_allclose(lengths[["kept", "gone", "new"]], [0, 2998, 2998 + 1799], atol=3)


def test_the_same_plan_under_other_codes_and_shaken_by_centimetres_has_not_moved() -> None:
    before = units_of(shapely.box(0, 0, 2000, 3000), shapely.box(2000, 0, 4000, 3000))
    after = units_of(shapely.box(2000.05, 0, 4000, 3000), shapely.box(0, 0, 2000.05, 3000))
    change = compare_plans(before, after)
    assert not len(change.moved)
    assert change.units["was"].tolist() == ["u1", "u0"]
    assert change.totals["moved_share"] == 0
    assert change.totals["kept_border_m"] == pytest.approx(2998, abs=2)
    assert change.totals["gone_border_m"] == change.totals["new_border_m"] == pytest.approx(0, abs=2)


@pytest.mark.parametrize("off_m", [0.0, 1e-4, 0.3])
def test_borders_that_units_leave_a_thread_along_are_inner_borders(off_m: float) -> None:
    """By what is drawn: four units whose edges miss each other within their district, open to its edge or not."""
    whole = [shapely.box(x, y, x + 1000, y + 1000) for x in (0, 1000) for y in (0, 1000)]
    loose = [shapely.box(0, 0, 1000 - off_m, 1000), *whole[1:3], shapely.box(1000, 1000 + off_m, 2000, 2000)]
    before, after = (
        gpd.GeoDataFrame({"unit_id": list("甲乙丙丁"), "district": "城"}, geometry=shapes, crs=CRS)
        for shapes in (loose, whole)
    )
    for old, new in ((before, after), (after, before)):
        lengths = compare_plans(old, new).borders.set_index("state")["length_m"]
        # Those that touch the edge of the district lose its last metre.
        assert lengths["kept"] >= 4000 - 8
        assert lengths[["gone", "new"]].max() < 0.1


def test_ground_that_only_one_plan_holds_is_said() -> None:
    change = compare_plans(
        units_of(shapely.box(0, 0, 1000, 1000)), units_of(shapely.box(500, 0, 1500, 1000)).assign(unit_id="A")
    )
    said = {(row.from_unit, row.to_unit) for row in change.moved.fillna("").itertuples()}
    assert said == {("u0", ""), ("", "A")}
    assert change.totals["area_km2"] == pytest.approx(1.5)


@pytest.mark.slow
@given(st.integers(0, 10_000))
@settings(max_examples=20, deadline=None)
def test_ground_kept_and_moved_is_all_ground(seed: int) -> None:
    rng = np.random.default_rng(seed)
    blocks = grid_blocks(DISTRICTS, cell_m=500)

    def plan() -> gpd.GeoDataFrame:
        unit = rng.integers(0, 4, len(blocks))
        return blocks.assign(unit_id=unit.astype(str)).dissolve("unit_id").reset_index()

    before, after = plan(), plan()
    change = compare_plans(before, after)
    assert change.units["kept_km2"].sum() + change.totals["moved_km2"] == pytest.approx(12, rel=1e-9)
    back = compare_plans(after, before)
    assert back.totals["moved_km2"] == pytest.approx(change.totals["moved_km2"], rel=1e-9)
    assert back.totals["gone_border_m"] == pytest.approx(change.totals["new_border_m"], rel=1e-6)


def test_bad_input_is_named() -> None:
    units = units_of(shapely.box(0, 0, 1000, 1000))
    with pytest.raises(InputError, match="after"):
        compare_plans(units, units.drop(columns="unit_id"))
    with pytest.raises(InputError, match="people"):
        compare_plans(units, units, population=units)
    with pytest.raises(CrsError, match="after"):
        compare_plans(units, units.to_crs(4528))
    blocks = grid_blocks(DISTRICTS, cell_m=1000)
    with pytest.raises(InputError, match="dial"):
        propose_alternatives(blocks, DISTRICTS, dials=[])
    with pytest.raises(InputError, match="labels"):
        border_recurrence(blocks, pd.DataFrame({"P1": [1]}))
