import geopandas as gpd
import numpy as np
import pytest
import shapely
from shapely.geometry import box

from jxgis.errors import InputError
from jxgis.parks.radius import classify_parks, radius_coverage
from jxgis.parks.standards import load_standard
from jxgis.parks.whatif import change_parks, compare_coverage, split_plan
from jxgis.parks.whole import merge_parks

STANDARD = load_standard()


def table(shapes, **columns):
    return gpd.GeoDataFrame(columns, geometry=list(shapes), crs=4549)


TODAY = merge_parks(
    table([box(0, 0, 100, 100), box(3000, 0, 3050, 50), box(6000, 0, 6050, 36)], park_id=["a", "b", "c"])
).parks
HOMES = table([box(0, 100, 9000, 200)])
ZONES = table([box(0, 0, 4500, 500), box(4500, 0, 9000, 500)], name=["西", "东"])


def measure(parks):
    return radius_coverage(classify_parks(parks, STANDARD), HOMES, ZONES, standard=STANDARD).coverage


def test_closing_a_park_takes_its_part_away():
    change = compare_coverage(measure(TODAY), measure(change_parks(TODAY, close=["b"]))).set_index("zone")
    assert change["change_m2"].to_dict() == pytest.approx(
        {
            "西": -measure(TODAY.iloc[[1]])["served_m2"].iloc[0],
            "东": 0,
            "all": -measure(TODAY.iloc[[1]])["served_m2"].iloc[0],
        }
    )


def test_enlarging_a_park_makes_it_count():
    """1,800 m² do not count, 2,100 m² do."""
    plan = change_parks(TODAY, enlarge=table([box(6050, 0, 6060, 30)], park_id=["c"]))
    assert plan.set_index("park_id").loc["c", "area_m2"] == 2100
    assert plan.set_index("park_id")["parcels"].to_dict() == {"a": 1, "b": 1, "c": 2}
    change = compare_coverage(measure(TODAY), measure(plan)).set_index("zone")
    assert change.loc["东", "coverage_before"] == 0
    assert change.loc["东", "change"] > 0
    assert change.loc["西", "change"] == 0


def test_adding_a_park():
    plan = change_parks(TODAY, add=table([box(8000, 0, 8100, 100)], name=["新园"]))
    assert plan["park_id"].tolist() == ["a", "b", "c", "new-1"]
    assert plan["change"].fillna("").tolist() == ["", "", "", "added"]
    # 100 m of park edge and 500 m to either side, cut at x = 9000; housing begins at the park's edge.
    assert compare_coverage(measure(TODAY), measure(plan))["change_m2"].iloc[1] > 1000 * 90


def test_nothing_changed_changes_nothing():
    assert (compare_coverage(measure(TODAY), measure(change_parks(TODAY)))["change"] == 0).all()


def test_wrong_input_is_refused():
    with pytest.raises(InputError, match="no park x"):
        change_parks(TODAY, close=["x"])
    with pytest.raises(InputError, match="closed and enlarged"):
        change_parks(TODAY, close=["c"], enlarge=table([box(0, 0, 1, 1)], park_id=["c"]))
    other = measure(TODAY).assign(standard="other")
    with pytest.raises(InputError, match="share no zone"):
        compare_coverage(measure(TODAY), other)
    more = measure(TODAY).assign(residential_m2=1.0)
    with pytest.raises(InputError, match="denominators"):
        compare_coverage(measure(TODAY), more)


@pytest.mark.parametrize("seed", range(20))
def test_a_plan_joins_parks_as_one_layer_of_both_would(seed):
    """Parcels of a plan, chains of one name among them, beside today's: sizes as if all were mapped in one layer."""
    rng = np.random.default_rng(seed)
    spot = 60 * rng.permutation(64)[:14]
    boxes = [box(x, y, x + 45, y + 45) for x, y in zip(spot % 480, 60 * (spot // 480), strict=True)]
    # Today's parks have ids, as without them new ones would be given that a later layer might use.
    ids = np.array(["a", "b", "c", "d", "e", *rng.choice(["", "a", "b"], 9, p=[0.7, 0.2, 0.1])], dtype=object)
    names = np.where(rng.random(14) < 0.85, rng.choice(["甲", "乙"], 14), "未命名").astype(object)
    every = table(boxes, park_id=ids, name=names)
    today = merge_parks(every.iloc[:5]).parks
    add, enlarge = split_plan(today, every.iloc[5:])
    assert len(add) + len(enlarge) == 9
    plan = change_parks(today, add=merge_parks(add).parks if len(add) else None, enlarge=enlarge)
    assert sorted(plan["area_m2"]) == sorted(merge_parks(every).parks["area_m2"])


def test_a_plan_with_ids_joins_parks_without_as_one_layer_of_both_would():
    """Where the plan does not make two of today's parks one, which no plan does: sizes as if all were in one layer."""
    held = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        spot = 60 * rng.permutation(64)[:12]
        boxes = [box(x, y, x + 45, y + 45) for x, y in zip(spot % 480, 60 * (spot // 480), strict=True)]
        ids = np.array(["a", "b", "", "", "", *rng.choice(["", "a", "x", "y"], 7)], dtype=object)
        names = rng.choice(["甲", "乙", "丙", "未命名"], 12).astype(object)
        every = table(boxes, park_id=ids, name=names)
        today, both = merge_parks(every.iloc[:5]), merge_parks(every)
        if both.parcel_park.iloc[:5].nunique() < len(today.parks):
            continue
        add, enlarge = split_plan(today.parks, every.iloc[5:], made_up=today.made_up)
        plan = change_parks(today.parks, add=merge_parks(add).parks if len(add) else None, enlarge=enlarge)
        assert sorted(plan["area_m2"]) == sorted(both.parks["area_m2"]), seed
        held += 1
    assert held > 20


def test_a_planned_parcel_with_an_id_enlarges_its_namesake_without_one():
    today = merge_parks(table([box(0, 0, 50, 50), box(300, 0, 350, 50)], name=["甲园", "甲园"], park_id=[None, "b"]))
    assert today.made_up == {"P1"}
    plan = table([box(60, 0, 110, 50), box(360, 0, 410, 50)], name=["甲园", "甲园"], park_id=["N1", "N2"])
    add, enlarge = split_plan(today.parks, plan, made_up=today.made_up)
    assert enlarge["park_id"].tolist() == ["P1"]
    assert add["park_id"].tolist() == ["N2"], "two ids are never one park"
    # Between two parks of today no plan makes one of them; the number that jxgis gave is an id, too.
    bridge = table([box(50, 0, 300, 50)], name=["甲园"], park_id=["P1"])
    add, enlarge = split_plan(today.parks, bridge, made_up=today.made_up)
    assert (len(add), enlarge["park_id"].tolist()) == (0, ["P1"])


def test_a_plan_reaches_its_park_over_its_own_parcels():
    """The second parcel lies 60 m from the park, 10 m from the first; a lawn far away in the same row is its own."""
    today = merge_parks(table([box(0, 0, 50, 50)], name=["甲园"])).parks
    row = [box(60, 0, 110, 50), shapely.union_all([box(120, 0, 170, 50), box(900, 0, 950, 50)])]
    add, enlarge = split_plan(today, table(row, name=["甲园", "甲园"], park_id=["", None]))
    assert enlarge["park_id"].tolist() == ["P1", "P1"]
    assert add.area.tolist() == [2500.0]
    assert change_parks(today, enlarge=enlarge)["area_m2"].tolist() == [7500.0]
