"""Walking coverage: closed forms, reports, and Cambridge against networkx."""

from itertools import pairwise

import geopandas as gpd
import networkx as nx
import numpy as np
import pytest
import shapely
import shapely.affinity
from shapely.geometry import LineString, Point, box

from jxgis.errors import CrsError, InputError
from jxgis.parks.gates import park_gates
from jxgis.parks.radius import classify_parks, radius_coverage
from jxgis.parks.standards import load_standard
from jxgis.parks.walking import isochrones, walking_coverage
from jxgis.parks.whole import merge_parks
from jxgis.space.network import street_graph

STANDARD = load_standard()


def table(shapes, **columns):
    return gpd.GeoDataFrame(columns, geometry=list(shapes), crs=4549)


def lines(*some, **columns):
    return table([LineString(one) for one in some], **columns)


def zones_of(*shapes):
    return table(shapes, name=[f"zone {i}" for i in range(len(shapes))])


def sized(*shapes):
    return classify_parks(merge_parks(table(shapes)).parks, STANDARD)


def measure(parks, housing, zones, streets, **kwargs):
    return walking_coverage(parks, housing, zones, street_graph(streets), standard=STANDARD, **kwargs)


PARK = box(-100, -50, 0, 50)
ROAD = lines([(0, 0), (3000, 0)])
STRIP = table([box(0, -25, 2000, 25)])
AREA = zones_of(box(-200, -1000, 3000, 1000))


def test_straight_road():
    """Points stand 12.5 m off the road, every 25 m: x + 12.5 ≤ 750 serves x = 12.5 … 737.5, 30 of 80 columns."""
    found = measure(sized(PARK), STRIP, AREA, ROAD)
    assert found.coverage["coverage"].tolist() == [30 / 80] * 2
    assert found.coverage["served_m2"].tolist() == [30 * 25 * 50] * 2
    assert found.coverage["unreachable_share"].tolist() == [0, 0]
    assert found.coverage["mean_snap_m"].tolist() == [12.5] * 2
    assert found.coverage["mean_walk_m"].iloc[0] == pytest.approx(1000 + 12.5)
    assert found.points["walk_m"].to_numpy() == pytest.approx(shapely.get_x(found.points.geometry) + 12.5)


def test_minutes_times_speed_is_the_limit():
    found = measure(sized(PARK), STRIP, AREA, ROAD, minutes=5, speed_m_per_min=60)
    assert found.limit_m == 300
    assert found.coverage["coverage"].iloc[0] == 12 / 80


def test_a_detour_counts_at_its_length():
    """Round three sides of a block, though the park is 1000 m away; its edge runs along the first 50 m."""
    detour = lines([(0, 0), (0, 500), (1000, 500), (1000, 0)])
    spot = table([box(995, -5, 1005, 5)])
    found = measure(sized(PARK), spot, AREA, detour)
    assert found.points["walk_m"].tolist() == pytest.approx([450 + 1000 + 500])
    assert found.coverage["coverage"].iloc[0] == 0


def test_served_and_unserved_make_up_the_housing():
    found = measure(sized(PARK), STRIP, AREA, ROAD)
    assert found.served["m2"].sum() == 37_500
    assert found.unserved["m2"].sum() == 62_500
    assert found.served.area.sum() + found.unserved.area.sum() == pytest.approx(100_000)
    assert found.polygons["coverage"].tolist() == [30 / 80]
    assert shapely.intersection(found.served.union_all(), found.unserved.union_all()).area == pytest.approx(0)


def test_gates_given_are_the_only_way_in():
    gate = table([Point(-100, 0)])
    road = lines([(-400, 60), (3000, 60)], [(-100, 0), (-100, 60)])
    housing = table([box(0, 48, 25, 73)])
    near = measure(sized(PARK), housing, AREA, road)
    through = measure(sized(PARK), housing, AREA, road, gates=gate)
    assert set(near.gates.table["kind"]) == {"street"}
    assert set(through.gates.table["kind"]) == {"given"}
    # From (12.5, 62.5): 2.5 to the road, 112.5 along it, 60 down to the gate.
    assert through.points["walk_m"].tolist() == pytest.approx([175])


def test_a_park_off_the_streets_is_entered_over_its_edge():
    found = measure(sized(box(0, 100, 100, 200)), STRIP, AREA, ROAD)
    assert set(found.gates.table["kind"]) == {"edge"}
    assert found.gates.table["leg_m"].min() == 100
    # From (12.5, 12.5): 12.5 to the road, 2.5 to below a point of the edge, one every 10 m, and 100 straight up.
    assert found.points["walk_m"].min() == pytest.approx(115)


def test_what_cannot_be_used_is_reported():
    gates = table([Point(-50, 500), Point(-100, 0), Point(4000, 0)])
    parks = sized(PARK, box(0, 900, 100, 1000))
    found = park_gates(parks, street_graph(ROAD), gates=gates, max_snap_m=50)
    assert sorted(found.reports["code"]) == ["gate_off_street", "gate_without_park", "park_off_street"]
    assert found.reports.set_index("code")["count"].to_dict() == {
        "gate_off_street": 1,
        "gate_without_park": 2,
        "park_off_street": 1,
    }
    # The park whose gate is off the street is entered from the street beside it.
    assert set(found.table["kind"]) == {"street"}


def test_unreachable_housing_counts_as_not_served():
    streets = lines([(0, 0), (3000, 0)], [(0, 700), (500, 700)])
    housing = table([box(0, -25, 400, 25), box(0, 690, 300, 710), box(0, -900, 300, -880)])
    found = measure(sized(PARK), housing, AREA, streets).coverage.iloc[0]
    assert found["residential_m2"] == 20_000 + 6000 + 6000
    assert found["unreachable_share"] == pytest.approx(12_000 / 32_000)
    assert found["coverage"] == pytest.approx(20_000 / 32_000)


def test_the_mean_way_from_a_house_is_that_of_what_has_one():
    """From 600 to 700 m along the road and 1,000 m deep: 200 m are in reach of it, on average 650 + 100 m away."""
    (house,) = measure(sized(PARK), table([box(600, 0, 700, 1000)]), AREA, ROAD).polygons.itertuples()
    assert house.mean_walk_m == pytest.approx(750)
    assert house.unreachable_share == pytest.approx(0.8)


def test_no_park_that_counts_is_reached_by_nobody():
    found = measure(sized(box(0, 0, 10, 10)), STRIP, AREA, ROAD).coverage
    assert found["coverage"].tolist() == [0, 0]
    assert found["unreachable_share"].tolist() == [1, 1]


def test_a_zone_without_housing():
    zones = zones_of(box(0, -100, 2000, 100), box(0, 100, 2000, 200))
    found = measure(sized(PARK), STRIP, zones, ROAD).coverage
    assert np.isnan(found["coverage"].iloc[1])
    assert np.isnan(found["unreachable_share"].iloc[1])
    assert found["reason"].fillna("").tolist() == ["", "no_housing", ""]


def test_small_housing_between_lattice_points_is_not_lost():
    found = measure(sized(PARK), table([box(100, 1, 104, 5)]), AREA, ROAD).coverage.iloc[0]
    assert (found["residential_m2"], found["served_m2"]) == (16, 16)


def test_a_barrier_cuts_street_and_leg():
    river = lines([(500, -1000), (500, 1000)])
    graph = street_graph(ROAD, barriers=river)
    found = walking_coverage(sized(PARK), STRIP, AREA, graph, standard=STANDARD, barriers=river)
    assert found.coverage["coverage"].iloc[0] == 500 / 2000
    assert found.coverage["unreachable_share"].iloc[0] == 1500 / 2000


def test_isochrones_agree_with_the_points():
    found = measure(sized(PARK), STRIP, AREA, ROAD)
    graph = street_graph(ROAD)
    bands = isochrones(graph, found.walk, minutes=[5, 10], cell_m=25)
    assert bands["minutes"].tolist() == [5, 10]
    inside = shapely.contains(bands.geometry.iloc[1], found.points.geometry.to_numpy())
    assert (inside == found.points["served"]).all()
    assert bands.geometry.iloc[1].covers(bands.geometry.iloc[0])


def test_wrong_input_is_refused():
    with pytest.raises(CrsError):
        measure(sized(PARK), STRIP.set_crs(4326, allow_override=True), AREA, ROAD)
    with pytest.raises(CrsError):
        measure(sized(PARK), STRIP, AREA, ROAD.set_crs(4547, allow_override=True))
    with pytest.raises(InputError, match="minutes"):
        measure(sized(PARK), STRIP, AREA, ROAD, minutes=0)
    with pytest.raises(InputError, match="other than points"):
        measure(sized(PARK), STRIP, AREA, ROAD, gates=STRIP)


@pytest.fixture(scope="module")
def city(cambridge):
    parks = classify_parks(merge_parks(cambridge.parks).parks, STANDARD)
    graph = street_graph(cambridge.streets)
    found = walking_coverage(parks, cambridge.housing, cambridge.zones, graph, standard=STANDARD)
    return parks, graph, found


@pytest.mark.real
def test_cambridge_equals_networkx(city):
    """The same streets, gates and legs as a networkx graph of their own."""
    _, graph, found = city
    net = nx.Graph()
    stops = {e: [] for e in range(len(graph.start))}
    snapped, whole = found.gates.snapped, found._whole.snapped
    rows = np.random.default_rng(0).choice(len(whole.edge), 3000, replace=False)
    rows = rows[whole.edge[rows] >= 0]

    def join(u, v, weight):
        if weight < net.get_edge_data(u, v, {"weight": np.inf})["weight"]:
            net.add_edge(u, v, weight=weight)

    for i, (e, at, leg) in enumerate(zip(snapped.edge, snapped.at_m, snapped.leg_m, strict=True)):
        stops[e].append((at, ("gate", i)))
        join("park", ("gate", i), leg)
    for i in rows:
        stops[whole.edge[i]].append((whole.at_m[i], ("point", i)))
        join(("point", i), ("home", i), whole.leg_m[i])
    for e, here in stops.items():
        chain = [(0.0, int(graph.start[e])), *sorted(here), (float(graph.length_m[e]), int(graph.end[e]))]
        for (a, u), (b, v) in pairwise(chain):
            join(u, v, max(b - a, 0.0))
    away = nx.single_source_dijkstra_path_length(net, "park")
    expected = np.array([away.get(("home", i), np.inf) for i in rows])
    assert found._whole.walk_m[rows] == pytest.approx(expected, abs=1e-6)


@pytest.mark.real
def test_cambridge_on_foot_is_never_more_than_by_radius(city, cambridge):
    """Same parks, entered at their edges, minutes × speed = 300 m: the least radius that any park has."""
    parks, graph, _ = city
    found = walking_coverage(parks, cambridge.housing, cambridge.zones, graph, standard=STANDARD, minutes=4)
    ground = parks[parks["radius_m"].notna()]
    points = found.points
    straight = shapely.STRtree(ground.geometry.to_numpy()).query_nearest(
        points.geometry.to_numpy(), all_matches=False, return_distance=True
    )[1]
    assert (points["walk_m"].to_numpy() >= straight - 1e-6).all()
    reach = radius_coverage(parks, cambridge.housing, cambridge.zones, standard=STANDARD)
    served = points.loc[points["served"]].geometry.to_numpy()
    # The circles are polygons: 1 m takes in what they fall short of.
    assert shapely.dwithin(served, reach.served.union_all(), 1).all()
    assert found.coverage["coverage"].iloc[-1] <= reach.coverage["coverage"].iloc[-1]


@pytest.mark.real
def test_cambridge_adds_up(city):
    _, _, found = city
    total = found.coverage.iloc[-1]
    # Two neighbourhoods overlap by a sliver, so that "all" has points of its own there.
    assert found.coverage["served_m2"].iloc[:-1].sum() == pytest.approx(total["served_m2"], rel=1e-4)
    assert found.served["m2"].sum() == pytest.approx(total["served_m2"])
    assert found.served["m2"].sum() + found.unserved["m2"].sum() == pytest.approx(total["residential_m2"])
    assert (found.polygons["coverage"] * found.polygons["m2"]).sum() == pytest.approx(total["served_m2"])


def test_uncounted_ground_at_the_gate_takes_no_gate_away():
    """A plaza of 300 m² mapped at the park's gate: the figures on foot stay to the last digit."""
    gate = table([Point(-10, 0)])
    park, plaza = box(-150, -100, -20, 100), box(-19, -15, -4, 5)
    alone = measure(sized(park), STRIP, AREA, ROAD, gates=gate)
    beside = measure(sized(park, plaza), STRIP, AREA, ROAD, gates=gate)
    assert np.isnan(sized(park, plaza)["radius_m"]).tolist() == [False, True]
    assert set(alone.gates.table["kind"]) == {"given"}
    assert beside.coverage["coverage"].tolist() == alone.coverage["coverage"].tolist()
    assert beside.gates.table.equals(alone.gates.table)


@pytest.mark.parametrize("seed", range(30))
def test_a_gate_serves_every_counted_park_within_reach(seed):
    """Against every pair of gate and park by plain distance."""
    rng = np.random.default_rng(seed)
    corner, width = rng.integers(0, 400, (8, 2)), rng.integers(20, 90, 8)
    shapes = [box(x, y, x + w, y + 50) for (x, y), w in zip(corner, width, strict=True)]
    parks = table(shapes, park_id=[f"p{i}" for i in range(8)])
    parks["radius_m"] = np.where(shapely.area(shapes) >= 2000, 300.0, np.nan)
    gates = table(shapely.points(rng.integers(-50, 500, (12, 2))))
    found = park_gates(parks, street_graph(lines([(-500, 200), (900, 200)])), gates=gates, max_snap_m=1000)
    counted = [i for i in range(8) if shapes[i].area >= 2000]
    pairs = [(g, i) for g, spot in enumerate(gates.geometry) for i in counted if spot.distance(shapes[i]) <= 50]
    given = found.table[found.table["kind"] == "given"]
    assert sorted(given["park_id"]) == sorted(f"p{i}" for _, i in pairs)
    lost = 12 - len({g for g, _ in pairs})
    assert found.reports.loc[found.reports["code"] == "gate_without_park", "count"].sum() == lost
    # A park to which no gate is the nearest is entered as before, too.
    least = {g: min(gates.geometry[g].distance(shapes[i]) for i in counted) for g, _ in pairs}
    near = {i for g, i in pairs if gates.geometry[g].distance(shapes[i]) <= least[g]}
    others = {f"p{i}" for i in counted if i not in near}
    assert others <= set(found.table.loc[found.table["kind"] != "given", "park_id"])


def test_layers_hold_the_ground_that_the_figures_say():
    """300 m on foot: of the first house one of two sample points; none of the others, one of which no street reaches."""
    housing = table([box(275, 0, 325, 25), box(1003, 0, 1047, 19), box(0, 690, 300, 710)])
    found = measure(sized(PARK), housing, AREA, ROAD, minutes=5, speed_m_per_min=60)
    assert found.polygons["coverage"].tolist() == [0.5, 0, 0]
    assert found.polygons["unreachable_share"].tolist() == pytest.approx([0, 0, 1])
    half = box(275, 0, 300, 25)
    assert found.served.geometry.iloc[0].symmetric_difference(half).area == pytest.approx(0)
    assert found.served.area.sum() == pytest.approx(625)
    assert found.served["m2"].sum() == pytest.approx(625)
    # Where nobody is served the whole house is left, whatever squares its sample points have.
    assert found.unserved.area.tolist() == pytest.approx([625, 44 * 19, 6000])
    assert found.unserved["m2"].tolist() == pytest.approx([625, 44 * 19, 6000])


@pytest.mark.parametrize("wall", [box(-900, -15, 900, -5), LineString([(-900, -10), (900, -10)])])
def test_a_gate_serves_no_park_across_a_river(wall):
    """Two parks face each other over a river; the gate of one is 45 m from the other and leads into its own only."""
    north, south = box(0, 20, 100, 120), box(0, -120, 100, -25)
    river, gate = table([wall]), table([Point(50, 20)])
    graph = street_graph(lines([(-900, 15), (900, 15)], [(-900, -130), (900, -130)]), barriers=river)
    both = park_gates(sized(north, south), graph, gates=gate, barriers=river)
    assert set(zip(both.table["park_id"], both.table["kind"], strict=True)) == {("P1", "given"), ("P2", "street")}
    alone = park_gates(sized(south), graph, gates=gate, barriers=river)
    assert set(alone.table["kind"]) == {"street"}
    assert alone.reports[["code", "count"]].to_numpy().tolist() == [["gate_without_park", 1]]


def test_a_gate_in_a_wall_leads_through_it():
    """The park's own edge is the barrier: a gate drawn 3 m before it is a way in."""
    park = box(0, 20, 100, 120)
    found = park_gates(sized(park), street_graph(ROAD), gates=table([Point(50, 17)]), barriers=table([park.exterior]))
    assert found.table["kind"].tolist() == ["given"]


def test_shares_of_a_house_stay_within_0_and_1():
    """Houses of odd sides, all served: the areas of their points add up to theirs but for rounding."""
    rng = np.random.default_rng(0)
    houses = [
        shapely.affinity.rotate(box(60 * n, -30, 60 * n + rng.uniform(20, 50), rng.uniform(0, 20)), rng.uniform(0, 90))
        for n in range(12)
    ]
    found = measure(sized(PARK), table(houses), AREA, ROAD).polygons
    assert found["coverage"].to_numpy() == pytest.approx(1)
    assert found["coverage"].max() <= 1
    assert found["unreachable_share"].min() >= 0
