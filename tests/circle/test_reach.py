"""The walk to each kind against networkx, the shares against plain sums, and parks against the parks' own measure."""

from __future__ import annotations

import itertools

import geopandas as gpd
import networkx as nx
import numpy as np
import pytest
import shapely

from jxgis.circle import circle_table, reach, unserved_housing
from jxgis.parks.radius import classify_parks
from jxgis.parks.standards import load_standard
from jxgis.parks.walking import walking_coverage
from jxgis.settings import PARKS
from jxgis.space.levels import zones_by_level
from jxgis.space.network import street_graph


def frame(columns, shapes):
    return gpd.GeoDataFrame(columns, geometry=shapes, crs=4549)


@pytest.fixture(scope="module")
def town():
    """Streets 200 m apart over two districts, some missing; housing, facilities and people by chance."""
    rng = np.random.default_rng(3)
    edges = []
    for i in range(11):
        for j in range(11):
            edges += [((200 * i, 200 * j), (200 * (i + 1), 200 * j))] if i < 10 and rng.random() < 0.8 else []
            edges += [((200 * i, 200 * j), (200 * i, 200 * (j + 1)))] if j < 10 and rng.random() < 0.8 else []
    # Off the lattice of sample points, so that none is as near to one street as to another.
    streets = frame({}, shapely.linestrings(np.array(edges) + np.array([3.7, 8.1])))
    corner = rng.uniform(0, 1900, (25, 2))
    homes = frame({"people": rng.integers(5, 90, 25).astype(float)}, shapely.box(*corner.T, *(corner + 60).T))
    districts = frame(
        {"name": ["西", "东"], "area": ["一区", "二区"]}, shapely.box([0, 900], [0, 0], [900, 2000], [2000, 2000])
    )
    units = frame({"unit_id": ["U"]}, [shapely.box(0, 0, 1000, 1000)])
    kinds = {name: frame({}, shapely.points(rng.uniform(0, 2000, (n, 2)))) for name, n in (("a", 2), ("b", 3))}
    return streets, homes, districts, units, kinds


def ways(streets, points, sources, max_snap_m):
    """Leg, streets, leg: every point projected onto its nearest street, in a graph of networkx."""
    graph = nx.Graph()
    lines = streets.geometry.to_numpy()
    on: dict[int, list[tuple[float, object]]] = {}

    def put(name, at):
        away = shapely.distance(lines, at)
        best = int(np.argmin(away))
        if away[best] > max_snap_m:
            return
        along = float(shapely.line_locate_point(lines[best], at))
        on.setdefault(best, []).append((along, name))
        graph.add_edge(name, (name, "leg"), weight=float(away[best]))

    for k, at in enumerate(points):
        put(("p", k), at)
    for k, at in enumerate(sources):
        put(("s", k), at)
    for k, line in enumerate(lines):
        ends = [tuple(np.round(xy, 6)) for xy in shapely.get_coordinates(line)]
        stops = [
            (0.0, ends[0]),
            *sorted((along, (name, "leg")) for along, name in on.get(k, [])),
            (line.length, ends[1]),
        ]
        for (a, one), (b, other) in itertools.pairwise(stops):
            graph.add_edge(one, other, weight=b - a)
    found = nx.multi_source_dijkstra_path_length(graph, {("s", k) for k in range(len(sources)) if ("s", k) in graph})
    return np.array([found.get(("p", k), np.inf) for k in range(len(points))])


def measured(town, minutes=8.0):
    streets, homes, districts, _, kinds = town
    return reach(kinds, homes, districts, street_graph(streets), minutes=dict.fromkeys(kinds, minutes), options=PARKS)


def test_ways_are_those_of_networkx(town):
    streets, _, _, _, kinds = town
    found = measured(town)
    points = shapely.points(found.housing.x, found.housing.y)
    for kind, things in kinds.items():
        expected = ways(streets, points, things.geometry.to_numpy(), PARKS.max_snap_m)
        np.testing.assert_allclose(found.way_m[kind], expected, atol=1e-6)


def test_shares_are_plain_sums_and_add_up(town):
    _, homes, districts, units, kinds = town
    found, minutes = measured(town), 8.0
    table = circle_table(found, zones_by_level(districts, units), kinds).set_index(["level", "zone", "kind"])
    point = gpd.GeoSeries(shapely.points(found.housing.x, found.housing.y), crs=4549)
    limit = minutes * PARKS.speed_m_per_min
    ok = {kind: found.way_m[kind] <= limit for kind in kinds} | {
        "all": (found.way_m["a"] <= limit) & (found.way_m["b"] <= limit)
    }
    density = found.pieces.people / found.pieces.area_m2
    people = found.housing.weight * density[found.points.piece]
    for kind, served in ok.items():
        city = table.loc["city", "all", kind]
        assert city["served_m2"] == pytest.approx(found.housing.weight[served].sum())
        assert city["coverage"] == pytest.approx(
            found.housing.weight[served].sum() / homes.intersection(districts.union_all()).area.sum()
        )
        assert city["served_people"] == pytest.approx(people[served].sum())
        for level in ("area", "district"):
            rows = table.xs(kind, level="kind").loc[level]
            for column in ("residential_m2", "served_m2", "people", "served_people"):
                assert rows[column].sum() == pytest.approx(city[column])
        inside = point.within(units.geometry.iloc[0]).to_numpy()
        assert table.loc[("unit", "U", kind), "served_m2"] == pytest.approx(found.housing.weight[served & inside].sum())
    assert (table.xs("all", level="kind")["coverage"] <= table.xs("a", level="kind")["coverage"] + 1e-12).all()
    assert table.loc[("city", "all", "a"), "things"] == kinds["a"].within(districts.union_all()).sum()


def test_parks_are_walked_to_as_by_the_part_of_parks(town):
    streets, homes, districts, _, _ = town
    parks = frame({"park_id": ["P", "Q"]}, shapely.box([300, 1500], [310, 1450], [450, 1650], [420, 1600]))
    sized = classify_parks(parks.assign(area_m2=parks.area), load_standard())
    graph = street_graph(streets)
    expected = walking_coverage(sized, homes, districts, graph, standard=load_standard(), minutes=15).coverage
    found = reach({"parks": sized}, homes, districts, graph, minutes={"parks": 15}, options=PARKS)
    table = circle_table(found, zones_by_level(districts), {"parks": sized}).set_index(["level", "zone", "kind"])
    for zone, coverage in zip(expected["zone"], expected["coverage"], strict=True):
        level = "city" if zone == "all" else "district"
        assert table.loc[(level, zone, "parks"), "coverage"] == pytest.approx(coverage)


def test_what_is_not_served_is_the_rest(town):
    _, _, districts, _, _ = town
    found = measured(town)
    lost = unserved_housing(found, "a", ["西", "东"], districts.crs, sample_m=PARKS.sample_m)
    assert lost["m2"].sum() == pytest.approx(found.housing.weight[~found.served("a")].sum())
    assert set(lost["zone"]) <= {"西", "东"}
    assert lost.is_valid.all()


def test_points_of_people_replace_those_of_the_housing(town):
    streets, homes, districts, _, kinds = town
    people = frame({"people": [7.0, 3.0]}, shapely.points([(5, 5), (5000, 5000)]))
    found = reach(
        kinds, homes, districts, street_graph(streets), minutes=dict.fromkeys(kinds, 60.0), options=PARKS, people=people
    )
    table = circle_table(found, zones_by_level(districts), kinds).set_index(["level", "zone", "kind"])
    # Those outside every district do not count.
    assert table.loc[("city", "all", "a"), "people"] == 7


def test_no_housing_has_a_reason_and_no_share(town):
    streets, homes, _, _, kinds = town
    districts = frame({"name": ["城", "野"]}, shapely.box([0, 5000], [0, 0], [2000, 6000], [2000, 2000]))
    found = reach(kinds, homes, districts, street_graph(streets), minutes=dict.fromkeys(kinds, 15.0), options=PARKS)
    table = circle_table(found, zones_by_level(districts), kinds).set_index(["level", "zone", "kind"])
    assert table.loc[("district", "野", "a"), "reason"] == "no_housing"
    assert np.isnan(table.loc[("district", "野", "a"), "coverage"])


@pytest.mark.parametrize(
    ("line", "want"),
    [
        # Along the street, 10 m off: 2 km of it and, at either end, what is left of 375 m after the legs.
        ([(1000, 10), (3000, 10)], 2000 + 2 * (375 - 10 - 12.5)),
        # Too far off to be entered from the street as it runs (20 m): from points of the line, each by its leg.
        ([(1000, 60), (3000, 60)], 2000 + 2 * (375 - 60 - 12.5)),
        # It begins beside the street, and leads away.
        ([(2000, 10), (2000, 2500)], 2 * (375 - 10 - 12.5)),
        # It crosses the street: whatever stands for it elsewhere, one enters where they meet.
        ([(2000, -1500), (2000, 1500)], 2 * (375 - 12.5)),
        # Of one thing at two points each is entered.
        (shapely.MultiPoint([(1000, 0), (3000, 0)]), 4 * (375 - 12.5)),
    ],
)
def test_a_line_is_entered_where_a_street_meets_it(line, want):
    """A greenway by hand, beside homes along 4 km of street: five minutes are 375 m, and a home is 12.5 m off on the mean."""
    ways, zone = (
        frame({}, [shapely.LineString(line) if isinstance(line, list) else line]),
        frame({"name": ["东"]}, [shapely.box(0, -30, 4000, 300)]),
    )
    homes, street = frame({}, [shapely.box(0, -25, 4000, 0)]), frame({}, [shapely.LineString([(0, 0), (4000, 0)])])
    options = PARKS.but({"sample_m": 5})
    found = reach({"greenways": ways}, homes, zone, street_graph(street), minutes={"greenways": 5}, options=options)
    # Doors stand 10 m apart at most: at an end none is farther off than that.
    assert found.housing.weight[found.served("greenways")].sum() / 25 == pytest.approx(want, abs=25)
