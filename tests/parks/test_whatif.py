import geopandas as gpd
import pytest
from shapely.geometry import box

from jxgis.errors import InputError
from jxgis.parks.radius import classify_parks, radius_coverage
from jxgis.parks.standards import load_standard
from jxgis.parks.whatif import change_parks, compare_coverage
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
