"""What planners ask beside bounds: against every plan there is, and against what the shapes of a plan say."""

from __future__ import annotations

import itertools
from dataclasses import replace

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import pytest
import shapely
from shapely import box

import jxgis
from jxgis.errors import InputError
from jxgis.units._divide import divide
from jxgis.units._graph import Adjacency
from jxgis.units._objective import build_objective, piece_of
from jxgis.units._pieces import DistrictPart
from jxgis.units._rules import Rule, kept_apart_columns, rules_by_part, zones_of
from jxgis.units.border_bound import prove_borders
from jxgis.units.delineate import delineate_units
from jxgis.units.optimum import enumerate_units, optimal_units
from jxgis.units.search import judge, search_piece

CRS = 4549


def board(columns, rows, seed):
    """Squares of 1 km² with random attributes."""
    rng = np.random.default_rng(seed)
    n = columns * rows
    borders = [(i, i + 1) for i in range(n) if (i + 1) % columns] + [(i, i + columns) for i in range(n - columns)]
    u, v = np.array(sorted(borders)).T
    graph = Adjacency(
        area_m2=np.full(n, 1e6), perimeter_m=np.full(n, 4000.0), u=u, v=v, shared_m=np.full(len(u), 1000.0),
        barrier_share=np.zeros(len(u)), district=np.zeros(n, dtype=np.int64), district_names=("D",),
    )  # fmt: skip
    objective = build_objective(
        graph, rng.normal(size=(n, 2)), compactness=0.05, border_credit=0.1, apart=np.empty(0, dtype=np.int64)
    )
    return graph, objective


def random_rules(n, columns, rng):
    """Two or three seeds, a pair apart, and bands of columns that are parted among few units."""
    picked = rng.permutation(n)
    seeds = [Rule("seed", str(node), picked[[at]]) for at, node in enumerate(picked[: rng.integers(0, 4)])]
    pairs = [Rule("apart", "", picked[[5, 6]])] if rng.random() < 0.7 else []
    east = np.arange(n) % columns >= rng.integers(1, columns)
    zones = [Rule("subdistrict", "", np.flatnonzero(side), int(rng.integers(1, 4))) for side in (east, ~east)]
    return seeds + pairs + zones


def ruled(objective, rules, low, high):
    """The piece of a board under rules."""
    n = len(objective.graph.area_m2)
    marks = kept_apart_columns(rules, n)
    most = np.append(high * 1e6, np.ones(marks.shape[1])) * (1 + 1e-6)
    least = np.append(low * 1e6, np.zeros(marks.shape[1])) * (1 - 1e-6)
    nodes = np.arange(n)
    piece = piece_of(objective, nodes, nodes, least, most, np.column_stack([objective.graph.area_m2, marks]))
    zones, zone_most = zones_of(rules, n)
    return piece._replace(zones=zones, zone_most=zone_most)


def plans_of(graph, low, high, k):
    """Every division into k connected sets of so many squares, by plain recursion."""
    whole = nx.Graph(zip(graph.u.tolist(), graph.v.tolist(), strict=True))
    sets = [
        frozenset(nodes)
        for size in range(low, high + 1)
        for nodes in itertools.combinations(range(len(graph.area_m2)), size)
        if nx.is_connected(whole.subgraph(nodes))
    ]

    def extend(left, count):
        if not left:
            return [()] if count == 0 else []
        first = min(left)
        begun = [own for own in sets if first in own and own <= left] if count else []
        return [(own, *rest) for own in begun for rest in extend(left - own, count - 1)]

    return extend(frozenset(range(len(graph.area_m2))), k)


def obeys(plan, rules):
    """Whether a plan holds all that is asked, from its words."""
    seeds = {int(rule.nodes[0]) for rule in rules if rule.kind == "seed"}
    if any(len(own & seeds) > 1 for own in plan):
        return False
    for rule in rules:
        nodes = {int(node) for node in rule.nodes}
        if rule.kind == "apart" and any(nodes <= own for own in plan):
            return False
        if rule.kind == "subdistrict" and sum(bool(own & nodes) for own in plan) > rule.most:
            return False
    return True


@pytest.fixture(scope="module")
def plans():
    """Every plan of a board of 4 by 3, by the number of units."""
    graph, _ = board(4, 3, 0)
    return {k: plans_of(graph, 2, 5, k) for k in (3, 4, 5)}


@pytest.mark.parametrize("seed", range(60))
def test_the_best_of_all_plans_that_obey_is_found_and_none_where_none_does(seed, plans):
    rng = np.random.default_rng(seed)
    _, objective = board(4, 3, seed)
    rules = random_rules(12, 4, rng)
    piece = ruled(objective, rules, 2, 5)
    pool = enumerate_units(piece)
    bits = {int(member): float(cost) for member, cost in zip(pool.members, pool.costs, strict=True)}
    k = int(rng.integers(3, 6))
    allowed = [plan for plan in plans[k] if obeys(plan, rules)]
    # Units of allowed plans are units of the pool, and no unit of it holds what must not meet.
    keys = [[sum(1 << node for node in own) for own in plan] for plan in allowed]
    assert {key for plan in keys for key in plan} <= set(bits)
    without_zones = [rule for rule in rules if rule.kind != "subdistrict"]
    assert all(obeys([{i for i in range(12) if key >> i & 1}], without_zones) for key in bits)
    proof = optimal_units(piece, k, pool, None)
    if not allowed:
        assert proof.found is None
        assert proof.infeasible
        return
    best = min(sum(bits[key] for key in plan) for plan in keys)
    assert proof.found.cost == pytest.approx(best, rel=1e-9)
    assert proof.found.bound == proof.found.cost
    found = search_piece(piece, k, seed=(seed,), iterations=2000, starts=4)
    assert found.excess == 0
    assert obeys([set(np.flatnonzero(found.label == unit)) for unit in range(k)], rules)
    assert best * (1 - 1e-9) <= found.cost <= best * 1.1


@pytest.mark.parametrize("seed", range(40))
def test_every_plan_that_obeys_is_a_cover_by_the_pool_and_no_other(seed, plans):
    """The whole set of plans: exact covers by the enumerated units that part zones among few, against plain recursion."""
    rng = np.random.default_rng(1000 + seed)
    _, objective = board(4, 3, seed)
    rules = random_rules(12, 4, rng)
    piece = ruled(objective, rules, 2, 5)
    pool = [int(member) for member in enumerate_units(piece).members]
    zones = [sum(1 << int(node) for node in np.flatnonzero(zone)) for zone in piece.zones.T]

    def covers(left, count, parted):
        if any(held > most for held, most in zip(parted, piece.zone_most, strict=True)):
            return
        if not left:
            yield from [()] if count == 0 else []
            return
        lowest = left & -left
        for own in pool if count else []:
            if own & lowest and own & ~left == 0:
                held = [was + bool(own & zone) for was, zone in zip(parted, zones, strict=True)]
                for rest in covers(left & ~own, count - 1, held):
                    yield (own, *rest)

    for k in (3, 4):
        allowed = {
            tuple(sorted(sum(1 << node for node in own) for own in plan)) for plan in plans[k] if obeys(plan, rules)
        }
        found = [tuple(sorted(cover)) for cover in covers((1 << 12) - 1, k, [0] * len(zones))]
        assert len(found) == len(set(found))
        assert set(found) == allowed


@pytest.mark.parametrize("seed", range(6))
def test_a_board_too_large_for_a_proof_obeys_too(seed):
    rng = np.random.default_rng(seed)
    _, objective = board(12, 10, seed)
    picked = rng.permutation(120)
    rules = [Rule("seed", str(node), picked[[at]]) for at, node in enumerate(picked[:12])]
    rules += [Rule("apart", "", picked[[at, at + 1]]) for at in range(20, 30, 2)]
    columns = np.arange(120) % 12
    rules += [Rule("subdistrict", "", np.flatnonzero(columns // 4 == zone), 13) for zone in range(3)]
    piece = ruled(objective, rules, 2, 5)
    division = divide(piece, 34, (24, 60), reason=None, fixed=False, seed=(seed,), iterations=500, starts=1)
    assert division.reason is None
    label = division.found.label
    assert obeys([set(np.flatnonzero(label == unit).tolist()) for unit in range(division.found.k)], rules)


def squares(columns, rows, side=1000):
    cells = [box(x * side, y * side, (x + 1) * side, (y + 1) * side) for y in range(rows) for x in range(columns)]
    blocks = gpd.GeoDataFrame({"block_id": [f"b{at}" for at in range(len(cells))]}, geometry=cells, crs=CRS)
    district = gpd.GeoDataFrame({"name": ["甲"]}, geometry=[box(0, 0, columns * side, rows * side)], crs=CRS)
    return blocks, district


def layer(shapes, **columns):
    return gpd.GeoDataFrame(columns, geometry=list(shapes), crs=CRS)


def told(plan):
    return [
        (kind, name, bool(held), None if pd.isna(reason) else reason)
        for kind, name, held, reason in plan.report.rules.to_numpy()
    ]


def test_fixed_units_keep_their_shape_and_id_and_the_others_are_numbered_past_them():
    blocks, district = squares(6, 4)
    fixed = layer([box(1000, 1000, 3000, 3000), box(4000, 0, 6000, 1000)], unit_id=["甲-02", "新-7"])
    plan = delineate_units(blocks, district, fixed_units=fixed)
    units = plan.units.set_index("unit_id").geometry
    for name, shape in zip(fixed["unit_id"], fixed.geometry, strict=True):
        assert units[name].equals(shape)
    others = [name for name in units.index if name not in {"甲-02", "新-7"}]
    assert others == [f"甲-{n:02d}" for n in (1, *range(3, len(others) + 2))]
    assert plan.units["in_bounds"].all()
    assert plan.report.rules["held"].all()
    assert shapely.union_all(units.to_numpy()).equals(district.geometry[0])
    assert sum(units.area) == 24e6


def test_a_fixed_unit_out_of_bounds_stays_and_says_so():
    blocks, district = squares(6, 4)
    plan = delineate_units(blocks, district, fixed_units=layer([box(0, 0, 4000, 2000)], unit_id=["大"]))
    assert plan.units.set_index("unit_id").loc["大", ["in_bounds", "reason"]].tolist() == [False, "fixed_unit"]
    rest = plan.units[plan.units["unit_id"] != "大"]
    assert rest["in_bounds"].all()


@pytest.mark.parametrize(
    ("shapes", "reason"),
    [
        ([box(0, 0, 2000, 1000), box(1000, 0, 3000, 1000)], "overlaps_fixed"),
        ([box(0, 0, 2000, 1000), box(3000, 0, 5500, 1000)], "cuts_blocks"),
        ([box(0, 0, 2000, 1000), box(9000, 0, 9900, 1000)], "outside_districts"),
        ([box(0, 0, 2000, 1000), box(4000, 0, 8000, 1000)], "outside_districts"),
    ],
)
def test_a_fixed_unit_that_cannot_be_one_says_why(shapes, reason):
    blocks, district = squares(6, 4)
    plan = delineate_units(blocks, district, fixed_units=layer(shapes, unit_id=["一", "二"]))
    assert told(plan) == [("fixed_unit", "一", True, None), ("fixed_unit", "二", False, reason)]
    assert plan.units["in_bounds"].all()


def test_a_fixed_unit_of_two_districts_is_none():
    blocks, _ = squares(6, 4)
    districts = layer([box(0, 0, 3000, 4000), box(3000, 0, 6000, 4000)], name=["甲", "乙"])
    plan = delineate_units(blocks, districts, fixed_units=layer([box(2000, 0, 4000, 1000)], unit_id=["一"]))
    assert told(plan) == [("fixed_unit", "一", False, "several_districts")]


def test_seeds_and_places_lie_in_units_of_their_own():
    blocks, district = squares(6, 4)
    seeds = layer(shapely.points([(500, 500), (1500, 500), (2500, 500), (1500, 2500)]), name=["a", "b", "c", "d"])
    places = layer(shapely.points([(4500, 3500), (5500, 3500)]), name=["站", "街"])
    plan = delineate_units(blocks, district, unit_seeds=seeds, places=places, apart=[("站", "街"), ("b22", "b16")])
    at = plan.units.sindex.query(seeds.geometry, predicate="within")[1]
    assert len(set(at)) == 4
    at = plan.units.sindex.query(places.geometry, predicate="within")[1]
    assert len(set(at)) == 2
    unit = plan.blocks.set_index("block_id")["unit_id"]
    assert unit["b22"] != unit["b16"]
    assert plan.report.rules["held"].all()
    assert plan.units["in_bounds"].all()


def test_a_name_of_places_in_several_blocks_is_refused_and_one_of_a_single_block_is_not():
    blocks, district = squares(6, 4)
    twice = layer(shapely.points([(500, 500), (9999, 0), (600, 600), (3500, 500)]), name=["站", "站", "站", "街"])
    plan = delineate_units(blocks, district, places=twice, apart=[("站", "街")])
    assert told(plan) == [("apart", "站 | 街", True, None)]
    unit = plan.blocks.set_index("block_id")["unit_id"]
    assert unit["b0"] != unit["b3"]
    elsewhere = layer(shapely.points([(500, 500), (5500, 500), (3500, 500)]), name=["站", "站", "街"])
    with pytest.raises(InputError) as refused:
        delineate_units(blocks, district, places=elsewhere, apart=[("街", "站")])
    assert "2 处，在不同的地块里（b0、b5）" in refused.value.text("zh")


def test_what_cannot_lie_apart_says_why():
    blocks, district = squares(6, 4)
    fixed = layer([box(0, 0, 2000, 1000)], unit_id=["一"])
    seeds = layer(shapely.points([(3500, 500), (3600, 500), (500, 500), (1500, 500), (9999, 0)]))
    plan = delineate_units(blocks, district, fixed_units=fixed, unit_seeds=seeds, apart=[("b0", "b1"), ("b0", "b9")])
    assert told(plan)[1:] == [
        ("seed", "1", True, None),
        ("seed", "2", False, "same_block"),
        ("seed", "3", True, None),
        ("seed", "4", False, "same_fixed_unit"),
        ("seed", "5", False, "outside_districts"),
        ("apart", "b0 | b1", False, "same_fixed_unit"),
        ("apart", "b0 | b9", True, None),
    ]


def test_only_what_bounds_rule_out_is_let_go():
    """A row of four squares is two units of two: the middle two must part, the left two must not."""
    blocks, district = squares(4, 1)
    plan = delineate_units(blocks, district, max_km2=3, n_units={"甲": 2}, apart=[("b0", "b1"), ("b1", "b2")])
    assert told(plan) == [("apart", "b0 | b1", False, "no_plan_with_it"), ("apart", "b1 | b2", True, None)]
    assert plan.units["area_km2"].tolist() == [2, 2]


def test_more_seeds_than_units_leave_some_out():
    blocks, district = squares(4, 2)
    seeds = layer(shapely.points([(500 + 1000 * x, 500) for x in range(4)] + [(500, 1500)]))
    plan = delineate_units(blocks, district, unit_seeds=seeds)
    assert plan.units["in_bounds"].all()
    assert plan.report.rules["held"].sum() == 4
    assert plan.report.rules["reason"].dropna().tolist() == ["no_plan_with_it"]


@pytest.mark.parametrize("most", [2, 3])
def test_a_sub_district_is_parted_among_few_units(most):
    blocks, district = squares(8, 4)
    towns = layer([box(0, 0, 2500, 4000), box(2500, 0, 6000, 4000), box(6000, 0, 8000, 4000)], name=["一", "二", "三"])
    plan = delineate_units(blocks, district, subdistricts=towns, subdistrict_max_units=most)
    # A block belongs to the town with most of it: half of the third column each, the first has it.
    town = np.array(["一", "二", "三"])[[0 if x < 3 else 1 if x < 6 else 2 for x in np.arange(32) % 8]]
    parted = plan.blocks.groupby(town)["unit_id"].nunique()
    told_of = plan.report.rules.set_index("name")
    # 12 km² of units of 5 at most are three units.
    assert told_of["held"].to_dict() == {"一": most == 3, "二": most == 3, "三": True}
    assert (parted[told_of["held"]] <= most).all()
    assert set(told_of["reason"].dropna()) == ({"subdistrict_too_large"} if most == 2 else set())
    assert plan.units["in_bounds"].all()


def test_units_of_a_sub_district_are_given_out_among_its_parts():
    load = np.ones((10, 1))
    parts = [
        DistrictPart(0, np.arange(6), load[:6].sum(axis=0), None),
        DistrictPart(0, np.arange(6, 8), load[6:8].sum(axis=0), "fixed_unit"),
        DistrictPart(0, np.arange(8, 10), load[8:].sum(axis=0), None),
    ]
    own = rules_by_part([Rule("subdistrict", "镇", np.arange(10), 4)], parts, load)
    assert [[rule.most for rule in rules] for rules in own] == [[2], [], [1]]
    assert [rule.nodes.tolist() for rules in own for rule in rules] == [[*range(6)], [8, 9]]


def test_what_is_named_must_be_there():
    blocks, district = squares(4, 2)
    with pytest.raises(InputError, match="b77"):
        delineate_units(blocks, district, apart=[("b0", "b77")])
    with pytest.raises(InputError, match="subdistricts"):
        delineate_units(blocks, district, subdistrict_max_units=2)


def test_an_area_kept_whole_gives_way_to_places_apart():
    blocks, district = squares(4, 2)
    plan = delineate_units(
        blocks, district, keep_together=layer([box(0, 0, 2000, 1000)], name=["区"]), apart=[("b0", "b1")]
    )
    assert plan.report.rules["held"].all()
    assert plan.report.together[["kept", "reason"]].to_numpy().tolist() == [[False, "holds_apart"]]


def test_an_area_kept_whole_and_a_fixed_unit():
    blocks, district = squares(6, 4)
    areas = layer([box(0, 0, 2000, 1000), box(1000, 0, 3000, 1000), box(3000, 0, 5000, 1000)], name=["内", "半", "外"])
    plan = delineate_units(
        blocks, district, keep_together=areas, fixed_units=layer([box(0, 0, 2000, 2000)], unit_id=["一"])
    )
    assert plan.report.together["kept"].tolist() == [True, False, True]
    assert plan.report.together["reason"].dropna().tolist() == ["partly_fixed"]


def test_fixed_units_count_among_those_asked_for():
    blocks, district = squares(6, 4)
    fixed = layer([box(0, 0, 2000, 2000)], unit_id=["一"])
    for number in (6, 9):
        plan = delineate_units(blocks, district, fixed_units=fixed, n_units={"甲": number})
        assert len(plan.units) == number
        assert plan.units["in_bounds"].all()


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(30))
def test_borders_alone_are_proven_under_rules_too(seed, plans):
    rng = np.random.default_rng(2000 + seed)
    graph, _ = board(4, 3, seed)
    graph = replace(graph, barrier_share=rng.random(len(graph.u)))
    objective = build_objective(
        graph, np.zeros((12, 0)), compactness=0, border_credit=1, apart=np.empty(0, dtype=np.int64)
    )
    rules = random_rules(12, 4, rng)
    piece = ruled(objective, rules, 2, 5)

    def cost(plan):
        label = np.empty(12, dtype=np.int64)
        for unit, own in enumerate(plan):
            label[list(own)] = unit
        return float((objective.cut[label[graph.u] != label[graph.v]] * 2).sum()), label

    allowed = [cost(plan) for plan in plans[4] if obeys(plan, rules)]
    if not allowed:
        return
    dearest = max(allowed, key=lambda found: found[0])[1]
    found = prove_borders(piece, judge(piece, dearest, 4), [])
    assert found.excess == 0
    assert found.cost == found.bound == pytest.approx(min(allowed, key=lambda found: found[0])[0], rel=1e-9)


def test_cells_and_street_faces_are_cut_along_fixed_units(tmp_path):
    """A fixed unit drawn 0.4 m off the border and off another: it takes the thin strips, and nothing is left over."""
    district = layer([box(0, 0, 6000, 4000)], name=["甲"])
    fixed = layer([box(0.4, 0.4, 2130, 1570), box(2130.4, 0, 4100, 1570)], unit_id=["甲-01", "甲-02"])
    street = layer([shapely.LineString([(x, -9), (x, 4009)]) for x in range(500, 6000, 500)])
    for streets in (None, street):
        result = jxgis.propose_units(
            district, fixed_units=fixed, streets=streets, cell_m=400, alternatives=streets is None,
            unit_seeds=layer(shapely.points([(300, 300), (5000, 3000)])),
        )  # fmt: skip
        units = result.units.set_index("unit_id").geometry
        assert units["甲-01"].symmetric_difference(box(0, 0, 2130.2, 1570)).area < 1000
        assert units["甲-02"].symmetric_difference(box(2130.2, 0, 4100, 1570)).area < 1000
        assert units.area.sum() == pytest.approx(24e6, abs=1e-3)
        assert result.units["in_bounds"].all()
        assert result.units["parts"].max() == 1
    said = [note.zh for note in result.notes()]
    assert said[0] == "另有 4 项要求，满足了 4 项。"
    result.write(tmp_path)


@pytest.mark.parametrize("every", [1, 2])
def test_units_of_a_plan_before_stay_though_rounding_moved_their_edges(every):
    """Edges as a file brings them back, off the district's by less than a millimetre: no hair is left to be a block."""
    outline = shapely.affinity.rotate(box(0, 0, 6000, 4000), 17.3)
    district = layer([outline], name=["甲"])
    before = jxgis.propose_units(district, cell_m=300, alternatives=False).units
    moved = shapely.transform(before.geometry.to_numpy(), lambda xy: np.round(xy, 4) + 3e-4)
    fixed = layer(moved[::every], unit_id=before["unit_id"].tolist()[::every])
    again = jxgis.propose_units(district, cell_m=410, alternatives=False, fixed_units=fixed)
    assert again.report.rules["held"].all()
    units = again.units.set_index("unit_id").geometry
    differs = units[fixed["unit_id"]].symmetric_difference(before.geometry[::every].set_axis(fixed["unit_id"]))
    assert differs.area.max() < 20
    assert units.area.sum() == pytest.approx(24e6, abs=24)
    assert again.units["in_bounds"].all()
    assert again.units["parts"].max() == 1


def test_what_is_not_held_is_said_in_words():
    blocks, district = squares(6, 4)
    towns = layer([box(0, 0, 6000, 4000)], name=["镇"])
    result = jxgis.propose_units(
        district, blocks=blocks, subdistricts=towns, subdistrict_max_units=2, alternatives=False, apart=[("b0", "b9")]
    )
    assert [note.zh for note in result.notes()][:2] == [
        "另有 2 项要求，满足了 1 项。",
        "未能满足：街道 镇 至多分属 2 个单元，面积太大，这么多个单元放不下。",
    ]
    assert result.account()["plan"]["rules"] == [
        ["apart", "b0 | b9", True, None],
        ["subdistrict", "镇", False, "subdistrict_too_large"],
    ]
