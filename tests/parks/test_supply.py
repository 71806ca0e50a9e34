import geopandas as gpd
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import LineString, Point, box

from jxgis.errors import CrsError, InputError
from jxgis.parks.gates import park_gates
from jxgis.parks.supply import supply_by_zone, two_step_catchment
from jxgis.space.network import street_graph


def table(shapes, **columns):
    return gpd.GeoDataFrame(columns, geometry=list(shapes), crs=4549)


def town(seed):
    rng = np.random.default_rng(seed)
    corner = rng.uniform(0, 5000, (6, 2))
    parks = table([box(x, y, x + 80, y + 90) for x, y in corner], park_id=[f"P{i}" for i in range(6)])
    people = table([Point(*xy) for xy in rng.uniform(0, 5000, (60, 2))], people=rng.integers(0, 90, 60).astype(float))
    return parks.assign(area_m2=parks.area, radius_m=500.0), people


PULL = {
    "none": np.ones_like,
    "linear": lambda r: 1 - r,
    "gaussian": lambda r: (np.exp(-(r**2) / 2) - np.exp(-0.5)) / (1 - np.exp(-0.5)),
}


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from(["none", "linear", "gaussian"]), st.floats(200, 4000))
def test_against_the_formula_and_the_identity(seed, decay, catchment_m):
    parks, people = town(seed)
    found = two_step_catchment(parks, people, catchment_m=catchment_m, decay=decay)
    away = np.array([[park.distance(point) for point in people.geometry] for park in parks.geometry])
    pull = np.where(away <= catchment_m, PULL[decay](away / catchment_m), 0)
    count = people["people"].to_numpy()
    demand = pull @ count
    ratio = np.divide(parks["area_m2"].to_numpy(), demand, out=np.zeros(6), where=demand > 0)
    assert found.points["m2_per_person"].to_numpy() == pytest.approx(ratio @ pull)
    shared = (found.points["m2_per_person"] * count).sum()
    assert shared == pytest.approx(parks["area_m2"].to_numpy()[demand > 0].sum())
    assert found.parks["m2_per_person"].isna().to_numpy().tolist() == (demand == 0).tolist()


def test_along_streets_is_farther_than_straight():
    parks = table([box(0, 0, 100, 60)], park_id=["P1"], area_m2=[6000.0], radius_m=[500.0])
    people = table([Point(50, 100), Point(0, 700)], people=[10.0, 10.0])
    street = street_graph(table([LineString([(0, 70), (2000, 70), (2000, 700), (0, 700)])]))
    gates = park_gates(parks, street)
    straight = two_step_catchment(parks, people, catchment_m=1000, decay="none")
    walked = two_step_catchment(parks, people, catchment_m=1000, decay="none", graph=street, gates=gates)
    assert straight.points["m2_per_person"].tolist() == [300, 300]
    assert walked.points["m2_per_person"].tolist() == [600, 0]
    assert walked.points["parks_in_reach"].tolist() == [1, 0]


def test_a_street_is_no_way_in_where_a_barrier_lies_between():
    """A street 10 m south of a park 60 m wide; a wall stands before all of it but the western 20 m."""
    park = table([box(0, 10, 60, 60)], park_id=["P1"], radius_m=[300.0])
    street = street_graph(table([LineString([(-500, 0), (500, 0)])]))
    wall = table([LineString([(20, 5), (200, 5)])])
    open_at, walled_at = (park_gates(park, street, barriers=barriers).table for barriers in (None, wall))
    assert set(open_at["kind"]) == set(walled_at["kind"]) == {"street"}
    assert open_at.geometry.x.max() > 60
    assert sorted(walled_at.geometry.x) == sorted(x for x in open_at.geometry.x if x < 20)


def test_a_barrier_keeps_people_from_their_street():
    """A wall along the street: whoever lives behind it has no way."""
    park = gpd.GeoDataFrame(
        {"area_m2": [6000.0], "park_id": ["P"], "radius_m": [500.0]}, geometry=[box(0, 5, 60, 105)], crs=4549
    )
    homes = gpd.GeoDataFrame({"people": [100.0, 100.0]}, geometry=[Point(300, 30), Point(300, -30)], crs=4549)
    street = gpd.GeoDataFrame(geometry=[LineString([(0, 0), (1000, 0)])], crs=4549)
    wall = gpd.GeoDataFrame(geometry=[LineString([(-50, -10), (1050, -10)])], crs=4549)
    graph = street_graph(street, barriers=wall)
    gates = park_gates(park, graph, barriers=wall)
    found = two_step_catchment(park, homes, graph=graph, gates=gates, barriers=wall)
    assert found.points["m2_per_person"].tolist() == pytest.approx([60, 0])
    assert two_step_catchment(park, homes, graph=graph, gates=gates).points["m2_per_person"].min() > 0


def test_by_zone():
    parks = table([box(0, 0, 100, 60)], area_m2=[6000.0])
    people = table([Point(50, 100), Point(5000, 0)], people=[100.0, 300.0])
    zones = table([box(0, 0, 1000, 1000), box(4000, 0, 6000, 900), box(9000, 0, 9100, 9)], name=["甲", "乙", "丙"])
    found = supply_by_zone(two_step_catchment(parks, people), zones).set_index("zone")
    assert found["people"].to_dict() == {"甲": 100, "乙": 300, "丙": 0, "all": 400}
    assert found["park_m2_per_person"].to_dict() == pytest.approx(
        {"甲": 60, "乙": 0, "丙": np.nan, "all": 15}, nan_ok=True
    )
    assert found["share_below"].to_dict() == pytest.approx({"甲": 0, "乙": 1, "丙": np.nan, "all": 0.75}, nan_ok=True)
    assert found["reason"].fillna("").to_dict() == {"甲": "", "乙": "", "丙": "no_people", "all": ""}


def test_wrong_input_is_refused():
    parks, people = town(0)
    with pytest.raises(InputError, match="catchment_m"):
        two_step_catchment(parks, people, catchment_m=0)
    with pytest.raises(InputError, match="decay"):
        two_step_catchment(parks, people, decay="cubic")
    with pytest.raises(CrsError):
        two_step_catchment(parks, people.set_crs(4326, allow_override=True))


def test_the_catchment_is_a_kilometre_where_none_is_given():
    park = table([box(0, 0, 60, 100)], area_m2=[6000.0])
    people = table([Point(1059.5, 50), Point(1060.5, 50)], people=[10.0, 10.0])
    assert two_step_catchment(park, people, decay="none").points["m2_per_person"].tolist() == [600, 0]
