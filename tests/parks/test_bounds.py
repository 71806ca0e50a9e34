"""Bounds met exactly, wherever the shape lies and whatever CRS it came in."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
from shapely import affinity

from jxgis.parks.gaps import blind_spots
from jxgis.parks.gates import park_gates
from jxgis.parks.lattice import candidate_lattice
from jxgis.parks.people import people_served
from jxgis.parks.radius import classify_parks
from jxgis.parks.siting import site_parks
from jxgis.parks.standards import load_standard, load_standards
from jxgis.parks.supply import two_step_catchment
from jxgis.parks.walking import walking_coverage
from jxgis.parks.whole import merge_parks
from jxgis.space.network import graph_of_edges, snap, street_graph

CENTRE = np.array([572_000.0, 3_402_000.0])
STORED = (4490, 4528, 32651)


def table(shapes, **columns):
    return gpd.GeoDataFrame(columns, geometry=list(shapes), crs=4549)


def turned(shapes, rng):
    """The same figure somewhere in the city, turned by any angle."""
    dx, dy = CENTRE + rng.uniform(-20_000, 20_000, 2)
    angle = rng.uniform(0, 360)
    return [affinity.translate(affinity.rotate(one, angle, origin=(0, 0)), dx, dy) for one in shapes]


def stored(layer, crs):
    """As it comes back from a file in another CRS."""
    return layer.to_crs(crs).to_crs(4549)


@pytest.mark.parametrize("crs", STORED)
def test_a_park_exactly_on_a_bound_meets_it(crs):
    """Each bound of each standard, 60 squares and strips turned by any angle: in the band that the bound opens."""
    rng = np.random.default_rng(crs)
    for standard in load_standards().values():
        for bound in sorted({band.min_m2 for band in standard.bands if band.context == "any"}):
            width = np.sqrt(bound) * rng.uniform(0.2, 5, 60)
            shapes = [turned([shapely.box(0, 0, w, bound / w)], rng)[0] for w in width]
            parks = merge_parks(stored(table(shapes, park_id=range(60)), crs)).parks
            assert (parks["area_m2"] != bound).any()
            # The closed form: the widest radius of all the bands that hold the bound itself.
            opened = max(
                band.radius_m for band in standard.bands if band.min_m2 <= bound < band.max_m2 and band.context == "any"
            )
            assert (classify_parks(parks, standard)["radius_m"] == opened).all(), (standard.name, bound)


def test_what_misses_a_bound_misses_it():
    short = np.array([1999.9, 4999.7])
    assert load_standard().radius_of(short).tolist()[1] == 300
    assert np.isnan(load_standard().radius_of(short)[0])


def test_half_of_a_park_in_a_historic_area_is_half():
    rng = np.random.default_rng(2)
    for _ in range(40):
        park, old = turned([shapely.box(0, 0, 40, 30), shapely.box(-100, -100, 20, 200)], rng)
        found = classify_parks(
            merge_parks(stored(table([park]), 4490)).parks, load_standard(), historic=stored(table([old]), 4490)
        )
        assert found["historic"].tolist() == [True]


@pytest.mark.parametrize("crs", STORED)
def test_a_gap_of_exactly_merge_gap_m_is_closed(crs):
    rng = np.random.default_rng(crs)
    for _ in range(20):
        gap = rng.uniform(5, 60)
        pair = turned([shapely.box(0, 0, 50, 60), shapely.box(50 + gap, 0, 100, 60)], rng)
        layer = stored(table(pair, name=["甲", "甲"]), crs)
        # The gap as it is in the working CRS: between grids that differ in scale a length is not kept.
        gap = pair[0].distance(pair[1])
        assert len(merge_parks(layer, merge_gap_m=gap).parks) == 1
        assert len(merge_parks(layer, merge_gap_m=gap * (1 - 1e-5)).parks) == 2


def test_a_walk_of_exactly_the_limit_is_within_it():
    """A park's gate and a house at 300 steps of an odd length: sums of floats fall to either side of minutes × speed."""
    rng = np.random.default_rng(5)
    standard = load_standard()
    for _ in range(40):
        step = rng.uniform(1, 3)
        length = 300 * step
        graph = graph_of_edges(np.arange(301) * step, np.zeros(301), np.arange(300), np.arange(1, 301))
        park = table([shapely.box(-100, -50, 0, 50)], park_id=["P"], area_m2=[1e4])
        gate = table([shapely.Point(0, 0)])
        home = table([shapely.box(length - 0.5, -0.5, length + 0.5, 0.5)])
        minutes = rng.uniform(4, 15)
        found = walking_coverage(
            classify_parks(park, standard), home, table([shapely.box(-200, -200, 2000, 200)], name=["甲"]), graph,
            standard=standard, gates=gate, minutes=minutes, speed_m_per_min=length / minutes, sample_m=500,
        )  # fmt: skip
        assert found.points["walk_m"].tolist() == pytest.approx([length])
        assert found.coverage["coverage"].tolist() == [1, 1]


def test_a_street_exactly_max_snap_m_away_is_in_reach():
    rng = np.random.default_rng(6)
    reached = 0
    for _ in range(300):
        leg = rng.uniform(20, 300)
        street, spot = turned(
            [shapely.LineString([(-500, 0), (500, 0)]), shapely.Point(rng.uniform(-400, 400), leg)], rng
        )
        (x0, y0), (x1, y1) = street.coords
        graph = graph_of_edges([x0, x1], [y0, y1], [0], [1])
        reached += int(snap(graph, [spot.x], [spot.y], max_snap_m=leg).edge[0] == 0)
        assert snap(graph, [spot.x], [spot.y], max_snap_m=leg * (1 - 1e-5)).edge[0] == -1
    assert reached == 300


def test_a_gate_exactly_at_its_reach_and_a_street_exactly_at_entry_m_lead_in():
    rng = np.random.default_rng(7)
    for _ in range(100):
        park, gate, road = turned(
            [shapely.box(0, 0, 60, 60), shapely.Point(30, -50), shapely.LineString([(-500, -20), (500, -20)])], rng
        )
        parks = classify_parks(table([park], park_id=["P"], area_m2=[3600.0]), load_standard())
        graph = graph_of_edges(*np.array(road.coords).T, [0], [1])
        assert park_gates(parks, graph, gates=table([gate])).table["kind"].tolist() == ["given"]
        assert set(park_gates(parks, graph).table["kind"]) == {"street"}


def test_people_exactly_at_the_radius_are_served_and_at_the_catchment_share():
    rng = np.random.default_rng(8)
    served = []
    for _ in range(100):
        park, home, zone = turned(
            [shapely.box(0, 0, 100, 100), shapely.Point(400, rng.uniform(10, 90)), shapely.box(-900, -900, 900, 900)],
            rng,
        )
        parks = table([park], radius_m=[300.0], area_m2=[1e4])
        people = table([home], people=[10.0])
        served.append(people_served(parks, people, table([zone], name=["甲"]))["served_people"].iloc[0])
        found = two_step_catchment(parks, people, catchment_m=300, decay="none")
        assert found.points["m2_per_person"].tolist() == [1000]
    assert served == [10] * 100


def test_people_exactly_at_the_radius_of_a_corner_are_served_today_and_sited_for():
    """3, 4, 5: from a corner the distance is a whole number, and a drawn circle would fall short of it."""
    rng = np.random.default_rng(11)
    for _ in range(50):
        leg = rng.permutation([300.0, 400.0])
        park, home, plot, beside, zone, housing = turned(
            [
                shapely.box(0, 0, 100, 100),
                shapely.Point(100 + leg[0], 100 + leg[1]),
                shapely.box(3000, 0, 3100, 100),
                shapely.Point(3100 + leg[0], 100 + leg[1]),
                shapely.box(-900, -900, 4900, 900),
                shapely.box(0, 0, 3000, 50),
            ],
            rng,
        )
        parks = classify_parks(table([park], area_m2=[1e4]), load_standard())
        people, zones = table([home, beside], people=[10.0, 7.0]), table([zone], name=["甲"])
        assert people_served(parks, people, zones)["served_people"].tolist() == [10, 10]
        sites = site_parks(
            parks, table([housing]), zones, table([plot]), people=people, standard=load_standard(), new_parks=1,
            objective="people",
        ).sites  # fmt: skip
        assert sites["gain_people"].tolist() == [7]


def test_blind_spots_exactly_100_m_apart_are_one():
    rng = np.random.default_rng(9)
    for _ in range(100):
        pair = turned([shapely.box(0, 0, 50, 50), shapely.box(150, 0, 200, 50)], rng)
        assert blind_spots(table(pair, zone=["甲"] * 2, m2=[2500.0] * 2))["m2"].tolist() == [5000]
        apart = turned([shapely.box(0, 0, 50, 50), shapely.box(150.1, 0, 200, 50)], rng)
        assert len(blind_spots(table(apart, zone=["甲"] * 2, m2=[2500.0] * 2))) == 2


def test_a_spot_that_is_exactly_one_plot_gets_one():
    for shift in np.random.default_rng(10).integers(-50, 50, 100) * 100.0:
        half = np.sqrt(2000) / 2
        spot = shapely.box(shift + 50 - half, 50 - half, shift + 50 + half, 50 + half)
        assert len(candidate_lattice(table([spot]), min_plot_m2=2000)) == 1


def test_a_home_exactly_at_the_catchment_along_the_streets_shares_the_park():
    rng = np.random.default_rng(11)
    for _ in range(40):
        step = rng.uniform(1, 3)
        graph = graph_of_edges(np.arange(301) * step, np.zeros(301), np.arange(300), np.arange(1, 301))
        park = table([shapely.box(-100, -50, 0, 50)], park_id=["P"], area_m2=[1e4], radius_m=[300.0])
        gates = park_gates(park, graph, gates=table([shapely.Point(0, 0)]))
        home = table([shapely.Point(300 * step, 0)], people=[10.0])
        found = two_step_catchment(park, home, catchment_m=300 * step, decay="none", graph=graph, gates=gates)
        assert found.points["m2_per_person"].tolist() == [1000]


def test_a_gate_midway_between_two_parks_leads_into_both_and_no_street_does():
    """A symmetric figure, turned by any angle: what holds of one park holds of the other, also where they share an edge."""
    rng = np.random.default_rng(21)
    for gap in (0, 10):
        for _ in range(30):
            left, right, gate, path, side = turned(
                [
                    shapely.box(-60 - gap / 2, 0, -gap / 2, 60),
                    shapely.box(gap / 2, 0, 60 + gap / 2, 60),
                    shapely.Point(0, 0),
                    shapely.LineString([(0, 0), (0, -200)]),
                    shapely.LineString([(-100, -5), (100, -5)]),
                ],
                rng,
            )
            street = street_graph(table([path, side]))
            parks = table([left, right], park_id=["left", "right"], radius_m=300.0)
            found = park_gates(parks, street, gates=table([gate])).table
            assert sorted(zip(found["park_id"], found["kind"], strict=True)) == [("left", "given"), ("right", "given")]


def test_a_spot_exactly_at_the_radius_of_a_plot_has_one_in_reach():
    """As people at that distance are sited for, so the page says of the spot."""
    rng = np.random.default_rng(22)
    zone, park, homes, plot, spot = (
        shapely.box(-2000, -2000, 2000, 2000),
        shapely.box(-1900, -1900, -1800, -1800),
        shapely.box(0, 0, 100, 100),
        shapely.box(0, 400, 50, 450),
        shapely.box(0, 0, 50, 100),
    )
    for _ in range(30):
        at = turned([zone, park, homes, plot, spot], rng)
        parks = classify_parks(table([at[1]], area_m2=[1e4]), load_standard())
        found = site_parks(
            parks, table([at[2]]), table([at[0]], name=["a"]), table([at[3]]), standard=load_standard(), radius_m=300.0,
            new_parks=0,
        )  # fmt: skip
        assert found.why_not(gpd.GeoSeries([at[4]], crs=4549)) == ["more_elsewhere"]
