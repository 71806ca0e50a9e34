"""The street graph against hand-made cases, plain shapely and networkx."""

from itertools import pairwise

import geopandas as gpd
import networkx as nx
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import LineString, Point

from jxgis.errors import CrsError, InputError
from jxgis.space.network import Snapped, graph_of_edges, snap, street_graph, walk_from, walk_from_each


def streets(*lines, **columns):
    return gpd.GeoDataFrame(columns, geometry=[LineString(line) for line in lines], crs=4549)


def parts(graph):
    return int(graph.component.max()) + 1


CROSS = ([(0, 50), (100, 50)], [(50, 0), (50, 100)])


def test_lines_without_topology_are_noded():
    graph = street_graph(streets(*CROSS))
    assert (len(graph.x), len(graph.start), parts(graph)) == (5, 4, 1)


def test_a_line_that_ends_on_another_joins_it():
    graph = street_graph(streets([(0, 50), (100, 50)], [(50, 50), (50, 100)]))
    assert (len(graph.start), parts(graph)) == (3, 1)


def test_bridges_and_tunnels_are_not_joined_where_they_cross():
    assert parts(street_graph(streets(*CROSS, level=[0, 1]))) == 2
    assert parts(street_graph(streets(*CROSS, level=[None, -1]))) == 2
    assert parts(street_graph(streets(*CROSS, level=["0", "高架桥"]))) == 2
    assert parts(street_graph(streets(*CROSS, level=["主干路", "tunnel"]))) == 2


def test_classes_of_road_are_all_on_the_ground():
    assert parts(street_graph(streets(*CROSS, level=["主干路", "支路"]))) == 1


def test_a_bridge_joins_the_streets_that_it_ends_at():
    graph = street_graph(
        streets([(0, 50), (40, 50)], [(40, 50), (60, 50)], [(60, 50), (100, 50)], CROSS[1], level=[0, 1, 0, 0])
    )
    assert parts(graph) == 2
    assert np.bincount(graph.component[graph.start], weights=graph.length_m).tolist() == [100, 100]


def test_a_bridge_that_lands_on_the_middle_of_a_street_joins_it():
    graph = street_graph(streets([(0, 0), (100, 0)], [(50, 0), (50, 80)], level=[0, 1]))
    assert (len(graph.start), parts(graph)) == (3, 1)


def test_lines_split_at_an_overpass_stay_apart():
    lines = ([(0, 50), (50, 50)], [(50, 50), (100, 50)], [(50, 0), (50, 50)], [(50, 50), (50, 100)])
    assert parts(street_graph(streets(*lines, level=[0, 0, 1, 1]))) == 2


@pytest.mark.parametrize(("gap", "joined"), [(0.5, True), (1.0, True), (1.01, False)])
def test_an_end_that_stops_short_is_joined_up_to_join_m(gap, joined):
    graph = street_graph(streets([(0, 0), (100, 0)], [(50, gap), (50, 80)]))
    assert parts(graph) == (1 if joined else 2)
    assert graph.length_m.sum() == pytest.approx(180 - gap + (gap if joined else 0))


@pytest.mark.parametrize("seed", range(5))
def test_corners_that_stop_short_of_each_other_are_joined(seed):
    """A street with side streets every 100 m, whose crossings two hands drew: of each two streets end at the one's corner."""
    rng = np.random.default_rng(seed)
    perfect, lines = nx.path_graph([(i, 0) for i in range(6)]), []
    perfect.add_edges_from(((i, 0), (i, side)) for i in range(6) for side in (-1, 1))
    shift = {node: rng.uniform(-0.35, 0.35, (2, 2)) for node in perfect}
    for one, other in perfect.edges:
        ends = (100 * np.array(node) + shift[node][rng.integers(2)] for node in (one, other))
        lines.append(list(map(tuple, ends)))
    graph = street_graph(streets(*lines))
    assert parts(graph) == 1
    at = np.array(list(perfect)) * 100.0
    walk = walk_from(graph, snap(graph, at[:1, 0], at[:1, 1], max_snap_m=2))
    away = walk.to(snap(graph, at[:, 0], at[:, 1], max_snap_m=2))
    steps = nx.single_source_shortest_path_length(perfect, (0, 0))
    assert away == pytest.approx([100 * steps[node] for node in perfect], abs=8)


def test_a_bridge_that_goes_on_over_a_crossing_is_not_joined_to_it():
    spans = [(0, 0), (50, 0)], [(50, 0), (100, 0)]
    ground = [(50, -50), (50, 0.3)], [(50, 0.3), (50, 50)], [(20, 0.3), (50, 0.3)]
    for level in (1, -1):
        assert parts(street_graph(streets(*spans, *ground, level=[level, level, 0, 0, 0]))) == 2


def test_two_loose_ends_facing_each_other_are_joined_once():
    graph = street_graph(streets([(0, 0), (50, 0)], [(50.6, 0), (100, 0)]))
    assert parts(graph) == 1
    gate = snap(graph, [0], [0], max_snap_m=1)
    assert walk_from(graph, gate).to(snap(graph, [100], [0], max_snap_m=1)) == pytest.approx([100])


def test_isolated_parts_are_reported():
    graph = street_graph(streets([(0, 0), (100, 0)], [(0, 500), (40, 500)], [(0, 900), (60, 900)]))
    away = graph.isolated()
    assert away["length_m"].tolist() == [60, 40]
    assert away["edges"].tolist() == [1, 1]
    assert len(street_graph(streets(*CROSS)).isolated()) == 0


def test_barriers_cut_the_ground_and_let_bridges_pass():
    river = gpd.GeoDataFrame(geometry=[LineString([(70, -10), (70, 110)])], crs=4549)
    assert parts(street_graph(streets([(0, 50), (100, 50)]), barriers=river)) == 2
    assert parts(street_graph(streets([(0, 50), (100, 50)], level=[1]), barriers=river)) == 1


def test_snapping_goes_round_a_barrier():
    graph = graph_of_edges([0, 100, 0, 100], [0, 0, 50, 50], [0, 2], [1, 3])
    wall = gpd.GeoDataFrame(geometry=[LineString([(0, 5), (100, 5)])], crs=4549)
    free = snap(graph, [50], [10], max_snap_m=60)
    held = snap(graph, [50], [10], max_snap_m=60, barriers=wall)
    assert (free.edge.tolist(), held.edge.tolist()) == ([0], [1])
    assert (held.leg_m.tolist(), held.at_m.tolist()) == ([40], [50])
    assert snap(graph, [50], [10], max_snap_m=30, barriers=wall).edge.tolist() == [-1]


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([30.0, 300.0, 5000.0]))
def test_snapping_equals_shapely(seed, max_snap_m):
    rng = np.random.default_rng(seed)
    lines = [LineString(rng.uniform(0, 2000, (rng.integers(2, 6), 2))) for _ in range(12)]
    graph = street_graph(gpd.GeoDataFrame(geometry=lines, crs=4549))
    x, y = rng.uniform(-500, 2500, (2, 60))
    found = snap(graph, x, y, max_snap_m=max_snap_m)
    everything = shapely.union_all(lines)
    for i in range(60):
        true = everything.distance(Point(x[i], y[i]))
        if found.edge[i] < 0:
            assert true > max_snap_m
        else:
            assert found.leg_m[i] == pytest.approx(true, abs=1e-7)
            spot = graph.lines[found.edge[i]].interpolate(found.at_m[i])
            assert spot.distance(Point(x[i], y[i])) == pytest.approx(true, abs=1e-6)


@pytest.mark.parametrize("crowd", [7, 8, 9, 40, 200])
def test_a_long_street_is_not_hidden_by_a_crowd_of_short_ones(crowd):
    """The long street's middle is 30 m off, beyond every middle of the short ones, and its end is the nearest of all."""
    angle = np.linspace(0.5, 2 * np.pi - 0.5, crowd)
    ring = 10 * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    lines = [LineString([spot, spot * 1.01]) for spot in ring] + [LineString([(5, 0), (55, 0)])]
    x, y = np.concatenate([[LineString(line).coords for line in lines]]).reshape(-1, 2).T
    graph = graph_of_edges(x, y, np.arange(0, len(x), 2), np.arange(1, len(x), 2))
    found = snap(graph, [0.0], [0.0], max_snap_m=100)
    assert found.leg_m[0] == pytest.approx(min(line.distance(Point(0, 0)) for line in lines)) == 5
    assert found.edge[0] == crowd
    assert snap(graph, [0.0], [0.0], max_snap_m=5).edge[0] == crowd
    assert snap(graph, [0.0], [0.0], max_snap_m=4.99).edge[0] == -1


def through_networkx(graph, sources, points):
    """The same walk in networkx: each snapped point is a node of its own on its edge."""
    net = nx.MultiGraph()
    net.add_nodes_from(range(len(graph.x)))
    stops = {}
    for kind, some in (("gate", sources), ("point", points)):
        for i in np.flatnonzero(some.edge >= 0):
            stops.setdefault(int(some.edge[i]), []).append((float(some.at_m[i]), f"{kind} {i}"))
            net.add_edge(f"{kind} {i}", f"{kind} {i} itself", weight=float(some.leg_m[i]))
    for e in range(len(graph.start)):
        chain = [(0.0, int(graph.start[e])), *sorted(stops.get(e, [])), (float(graph.length_m[e]), int(graph.end[e]))]
        for (a, u), (b, v) in pairwise(chain):
            net.add_edge(u, v, weight=max(b - a, 0.0))
    gates = [f"gate {i} itself" for i in np.flatnonzero(sources.edge >= 0)]
    found = nx.multi_source_dijkstra_path_length(net, gates)
    return np.array([found.get(f"point {i} itself", np.inf) for i in range(len(points.edge))])


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 12))
def test_distances_equal_networkx(seed, n_gates):
    """Random lines, parallel edges and loops among them; gates and points share edges and places."""
    rng = np.random.default_rng(seed)
    n = 25
    xy = rng.uniform(0, 1000, (n, 2))
    start, end = rng.integers(0, n, (2, 40))
    start, end = np.append(start, start[:5]), np.append(end, end[:5])
    graph = graph_of_edges(xy[:, 0], xy[:, 1], start, end)
    keep = graph.length_m > 0
    graph = graph_of_edges(xy[:, 0], xy[:, 1], start[keep], end[keep])
    gates = snap(graph, *rng.uniform(0, 1000, (2, n_gates)), max_snap_m=400)
    # Some gates exactly on nodes, and twice at one place.
    gates = Snapped(
        np.append(gates.edge, [0, 0, gates.edge[0]]),
        np.append(gates.at_m, [0.0, graph.length_m[0], gates.at_m[0]]),
        np.append(gates.leg_m, [500.0, 600.0, gates.leg_m[0]]),
    )
    points = snap(graph, *rng.uniform(0, 1000, (2, 80)), max_snap_m=200)
    points = Snapped(
        np.append(points.edge, gates.edge), np.append(points.at_m, gates.at_m), np.append(points.leg_m, gates.leg_m)
    )
    expected = through_networkx(graph, gates, points)
    assert walk_from(graph, gates).to(points) == pytest.approx(expected, abs=1e-6)
    limited = walk_from(graph, gates, limit_m=300).to(points)
    within = expected - np.nan_to_num(points.leg_m) <= 299
    assert limited[within] == pytest.approx(expected[within], abs=1e-6)
    assert (limited[~within] > 299).all()


def test_each_group_walks_by_itself():
    """Forty groups, more than one batch, on the same edges: none may serve as a short cut for another."""
    rng = np.random.default_rng(5)
    xy = rng.uniform(0, 1000, (30, 2))
    start, end = rng.integers(0, 15, 50), rng.integers(15, 30, 50)
    graph = graph_of_edges(xy[:, 0], xy[:, 1], start, end)
    gates = snap(graph, *rng.uniform(0, 1000, (2, 80)), max_snap_m=500)
    points = snap(graph, *rng.uniform(0, 1000, (2, 50)), max_snap_m=500)
    group = np.repeat(np.arange(40), 2)
    walks = dict(walk_from_each(graph, gates, group))
    for one in range(40):
        own = Snapped(*(getattr(gates, field)[group == one] for field in ("edge", "at_m", "leg_m")))
        assert walks[one].to(points) == pytest.approx(walk_from(graph, own).to(points), abs=1e-9)


def test_parallel_edges_take_the_shorter():
    """Adding parallel edges up, as a sparse matrix does, would give 100 + 140."""
    graph = street_graph(streets([(0, 0), (100, 0)], [(0, 0), (50, 49), (100, 0)]))
    gate = snap(graph, [0], [0], max_snap_m=1)
    assert walk_from(graph, gate).to(snap(graph, [100], [0], max_snap_m=1)).tolist() == [100]


def test_both_on_one_edge_go_straight():
    graph = graph_of_edges([0, 1000], [0, 0], [0], [1])
    walk = walk_from(graph, snap(graph, [500], [0], max_snap_m=1))
    assert walk.to(snap(graph, [480, 520, 500], [0, 0, 7], max_snap_m=9)) == pytest.approx([20, 20, 7])


def test_reachable_parts():
    graph = street_graph(streets([(0, 0), (100, 0)], [(0, 500), (40, 500)]))
    walk = walk_from(graph, snap(graph, [10], [500], max_snap_m=5))
    assert walk.reachable.tolist() == [False, True]
    assert np.isinf(walk.to(snap(graph, [50], [0], max_snap_m=5))).all()


def test_no_source_at_all():
    graph = graph_of_edges([0, 10], [0, 0], [0], [1])
    walk = walk_from(graph, snap(graph, [0], [500], max_snap_m=5))
    assert np.isinf(walk.to(snap(graph, [5], [0], max_snap_m=5))).all()


def test_wrong_input_is_refused():
    with pytest.raises(CrsError, match="streets is in EPSG:4326"):
        street_graph(streets(*CROSS).set_crs(4326, allow_override=True))
    with pytest.raises(InputError, match="no line"):
        street_graph(gpd.GeoDataFrame(geometry=[Point(0, 0)], crs=4549))
    with pytest.raises(InputError, match="join_m"):
        street_graph(streets(*CROSS), join_m=-1)


@pytest.mark.real
def test_cambridge_is_one_giant_part(real_dir):
    lines = gpd.read_file(real_dir / "cambridge/TRANS_Centerlines.geojson").to_crs(26986)
    graph = street_graph(lines[["geometry"]], join_m=0)
    sizes = np.bincount(graph.component)
    assert sizes.max() >= 1871
    assert graph.length_m.sum() == pytest.approx(shapely.length(shapely.union_all(lines.geometry.to_numpy())))
    assert graph.isolated()["length_m"].sum() < 0.01 * graph.length_m.sum()


@pytest.mark.parametrize("level", [1, "高架桥", "隧道"])
@pytest.mark.parametrize(("gap", "joined"), [(0.0, True), (0.4, True), (1.0, True), (1.01, False)])
def test_a_bridge_that_stops_short_of_its_approaches_is_joined_up_to_join_m(level, gap, joined):
    """A cross-town road over (50, 0–100), its bridge from 40 to 60, each approach drawn ``gap`` too short."""
    graph = street_graph(
        streets([(0, 50), (40 - gap, 50)], [(40, 50), (60, 50)], [(60 + gap, 50), (100, 50)], CROSS[1],
                level=[0, level, 0, 0])
    )  # fmt: skip
    assert parts(graph) == (2 if joined else 4)
    gate = snap(graph, [0], [50], max_snap_m=1)
    way = walk_from(graph, gate).to(snap(graph, [100], [50], max_snap_m=1))[0]
    # The closed form: straight along the road, and no way where it is not joined.
    assert way == (pytest.approx(100) if joined else np.inf)


def test_a_street_that_stops_below_a_bridge_does_not_climb_it():
    assert parts(street_graph(streets([(50, 0), (50, 49.5)], [(0, 50), (100, 50)], level=[0, 1]))) == 2
    assert parts(street_graph(streets([(50, 0), (50, 49.5)], [(0, 50), (100, 50)], level=[-1, 1]))) == 2


def test_what_a_bridge_really_ends_at_goes_before_a_neighbouring_bridge():
    ground, bridge, beside = [(0, 0), (100, 0)], [(50, 0), (50, 80)], [(40, -0.8), (60, -0.8)]
    graph = street_graph(streets(ground, bridge, beside, level=[0, 1, 1]))
    gate = snap(graph, [50], [80], max_snap_m=0.1)
    assert walk_from(graph, gate).to(snap(graph, [100], [0], max_snap_m=0.1))[0] == pytest.approx(130)
