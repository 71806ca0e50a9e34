"""The search against exhaustive enumeration, and its parts against slow, plain counterparts."""

from __future__ import annotations

import itertools

import networkx as nx
import numpy as np
import pytest
import shapely
from shapely import box

from jxgis.units import optimum
from jxgis.units._divide import divide
from jxgis.units._graph import Adjacency, block_graph
from jxgis.units._kernels import (
    _recombine,
    anneal,
    grow_seed,
    stays_whole,
    unit_costs,
    unit_sums,
    zones_held,
)
from jxgis.units._objective import build_objective, piece_of
from jxgis.units._piece import Piece
from jxgis.units._sets import connected_sets
from jxgis.units._trees import random_tree, subtrees
from jxgis.units.optimum import enumerate_units, optimal_units
from jxgis.units.search import Solution, search_piece

CRS = 4549


def lattice(columns, rows, *, seed, low, high, compactness=0.05, border_credit=0.1):
    """A grid of unit squares (1 km) with random attributes and barriers, as the kernels read it."""
    rng = np.random.default_rng(seed)
    n = columns * rows
    u, v = [], []
    for y, x in itertools.product(range(rows), range(columns)):
        i = y * columns + x
        if x + 1 < columns:
            u.append(i)
            v.append(i + 1)
        if y + 1 < rows:
            u.append(i)
            v.append(i + columns)
    m = len(u)
    graph = Adjacency(
        area_m2=np.full(n, 1e6),
        perimeter_m=np.full(n, 4000.0),
        u=np.array(u),
        v=np.array(v),
        shared_m=np.full(m, 1000.0),
        barrier_share=rng.integers(0, 2, m).astype(float),
        district=np.zeros(n, dtype=np.int64),
        district_names=("D",),
    )
    values = rng.normal(size=(n, 2))
    objective = build_objective(
        graph, values, compactness=compactness, border_credit=border_credit, apart=np.empty(0, dtype=np.int64)
    )
    piece = piece_of(objective, np.arange(n), np.arange(n), np.array([low * 1e6]), np.array([high * 1e6]))
    return graph, objective, values, piece


def cost_by_definition(graph, values, members, compactness, border_credit):
    """The objective of one unit from its formula, on shapes made of squares."""
    columns = int(np.max(graph.v - graph.u))
    shape = shapely.union_all([box(i % columns, i // columns, i % columns + 1, i // columns + 1) for i in members])
    area = len(members)
    compact = 4 * np.pi * shape.area / shape.length**2
    total = ((values - values.mean(axis=0)) ** 2).sum()
    within = ((values[members] - values[members].mean(axis=0)) ** 2).sum()
    inside = np.isin(graph.u, members), np.isin(graph.v, members)
    bare = ((inside[0] != inside[1]) * (1 - graph.barrier_share) * graph.shared_m).sum()
    return (
        within / total + compactness * area / len(values) / compact + border_credit * 0.5 * bare / graph.shared_m.sum()
    )


def connected_subsets(graph, n, low, high):
    whole = nx.Graph(zip(graph.u.tolist(), graph.v.tolist(), strict=True))
    return [
        set_
        for size in range(low, high + 1)
        for set_ in itertools.combinations(range(n), size)
        if nx.is_connected(whole.subgraph(set_))
    ]


def best_partition(sets, costs, n, k):
    """Cheapest exact cover by exhaustion, over the lowest block not yet covered."""
    starting = {i: [(frozenset(s), c) for s, c in zip(sets, costs, strict=True) if min(s) == i] for i in range(n)}

    def extend(left, units):
        if not left:
            return 0.0 if units == 0 else np.inf
        if units == 0:
            return np.inf
        first = min(left)
        return min(
            (cost + extend(left - set_, units - 1) for set_, cost in starting[first] if set_ <= left), default=np.inf
        )

    return extend(frozenset(range(n)), k)


@pytest.mark.parametrize(("columns", "rows", "low", "high"), [(4, 3, 2, 5), (3, 3, 3, 4), (5, 2, 2, 3), (4, 4, 5, 6)])
def test_all_connected_sets_are_found_once_with_their_costs(columns, rows, low, high):
    graph, _, values, piece = lattice(columns, rows, seed=1, low=low, high=high)
    n = columns * rows
    expected = {sum(1 << i for i in s): s for s in connected_subsets(graph, n, low, high)}
    pool = enumerate_units(piece)
    assert pool is not None
    assert sorted(int(m) for m in pool.members) == sorted(expected)
    for member, cost in zip(pool.members[::7], pool.costs[::7], strict=True):
        by_hand = cost_by_definition(graph, values, list(expected[int(member)]), 0.05, 0.1)
        assert cost == pytest.approx(by_hand, rel=1e-9)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(("columns", "rows", "k"), [(4, 3, 3), (4, 3, 4), (5, 3, 4)])
def test_small_cases_equal_exhaustive_enumeration(columns, rows, k, seed):
    graph, _, values, piece = lattice(columns, rows, seed=seed, low=2, high=5)
    n = columns * rows
    sets = connected_subsets(graph, n, 2, 5)
    costs = [cost_by_definition(graph, values, list(s), 0.05, 0.1) for s in sets]
    best = best_partition(sets, costs, n, k)
    found = search_piece(piece, k, seed=(seed,), iterations=2000, starts=4)
    assert found.excess == 0
    assert found.cost >= best - 1e-12
    pool = enumerate_units(piece)
    for incumbent in (None, found):
        proof = optimal_units(piece, k, pool, incumbent)
        assert proof.found.cost == pytest.approx(best, rel=1e-9)
        assert proof.found.bound == proof.found.cost
        assert unit_costs(piece, proof.found.label, k)[0].sum() == pytest.approx(best, rel=1e-9)
    # The search alone proves nothing; on a dozen blocks it comes near.
    assert found.cost <= best * 1.05


def test_what_cannot_be_divided_is_proven():
    # 3 x 3 squares in units of exactly 2: odd.
    _, _, _, piece = lattice(3, 3, seed=0, low=2, high=2)
    proof = optimal_units(piece, None, enumerate_units(piece), None)
    assert proof.infeasible
    assert proof.found is None
    # A checkerboard argument, which no count of areas shows: the linear relaxation alone need not see it.
    _, objective, _, whole = lattice(4, 4, seed=0, low=2, high=2)
    kept = np.array([i for i in range(16) if i not in (0, 15)])
    board = piece_of(objective, kept, np.arange(14), np.array([2e6]), np.array([2e6]))
    assert optimal_units(board, None, enumerate_units(board), None).infeasible
    assert not optimal_units(whole, None, enumerate_units(whole), None).infeasible


def test_too_many_sets_is_said_rather_than_waited_for():
    _, _, _, piece = lattice(8, 8, seed=0, low=10, high=30)
    assert enumerate_units(piece, most=1000) is None
    _, _, _, piece = lattice(13, 5, seed=0, low=2, high=3)
    assert enumerate_units(piece) is None


@pytest.mark.parametrize("seed", range(8))
def test_seeds_are_contiguous_and_brought_within_bounds(seed):
    graph, _, _, piece = lattice(12, 9, seed=seed, low=6, high=15)
    whole = nx.Graph(zip(graph.u.tolist(), graph.v.tolist(), strict=True))
    raw = grow_seed(piece, 10, 0.0, 5, np.array([seed * 2 + 1], dtype=np.uint64))
    # 108 squares in 18 units of exactly six leave no slack at all: the rescue must do it.
    exact = search_piece(piece._replace(high=np.array([6e6])), 18, seed=(seed,), iterations=1, starts=1)
    near = search_piece(piece, 10, seed=(seed,), iterations=1, starts=1)
    for label, k, most in ((raw, 10, None), (near.label, 10, 15), (exact.label, 18, 6)):
        for unit in range(k):
            members = np.flatnonzero(label == unit)
            assert nx.is_connected(whole.subgraph(members))
            assert most is None or 6 <= len(members) <= most


@pytest.mark.parametrize("seed", range(8))
def test_annealing_keeps_units_whole_within_bounds_and_does_not_get_worse(seed):
    graph, _, values, piece = lattice(12, 9, seed=seed, low=6, high=15)
    state = np.array([seed * 2 + 1], dtype=np.uint64)
    label = grow_seed(piece, 10, 0.0, 5, state)
    before = unit_costs(piece, label, 10)[0].sum()
    anneal(piece, label, 10, 20_000, 1e-2, 1e-6, 50, 1e3, state, label.copy())
    cost, excess = unit_costs(piece, label, 10)
    assert cost.sum() < before
    assert not excess.any()
    whole = nx.Graph(zip(graph.u.tolist(), graph.v.tolist(), strict=True))
    for unit in range(10):
        members = np.flatnonzero(label == unit)
        assert nx.is_connected(whole.subgraph(members))
        assert cost[unit] == pytest.approx(cost_by_definition(graph, values, members, 0.05, 0.1), rel=1e-9)


def test_a_line_of_equal_blocks_is_cut_where_the_values_change():
    # 12 blocks in a row, three levels: the best three units are known without any search.
    cells = [box(x * 1000, 0, x * 1000 + 1000, 1000) for x in range(12)]
    import geopandas as gpd

    blocks = gpd.GeoDataFrame({"block_id": range(12), "district": "D"}, geometry=cells, crs=CRS)
    graph = block_graph(blocks)
    level = np.repeat([0.0, 1.0, 5.0], [5, 3, 4])[:, None]
    objective = build_objective(graph, level, compactness=0.0, border_credit=0.0, apart=np.empty(0, dtype=np.int64))
    piece = piece_of(objective, np.arange(12), np.arange(12), np.array([2e6]), np.array([5e6]))
    found = search_piece(piece, 3, seed=(0,), iterations=2000, starts=2)
    assert found.cost == pytest.approx(0, abs=1e-12)
    assert [len(set(found.label[a:b])) for a, b in ((0, 5), (5, 8), (8, 12))] == [1, 1, 1]


def priced(piece, label, *units):
    """What some units cost, with the price of being out of bounds."""
    cost, excess = unit_costs(piece, label, int(label.max()) + 1)
    return float((cost + 1e3 * excess)[list(units)].sum())


def all_sums(piece, label, k):
    """What a recombination keeps up to date, and among how many units each zone is parted."""
    held = zones_held(piece, label, k)
    return *unit_sums(piece, label, k), held, (held > 0).sum(axis=0)


def test_sums_survive_a_recombination():
    """Running sums against sums from scratch after each recombination, and in the end those against shapes."""
    _, _, values, piece = lattice(10, 10, seed=3, low=5, high=20)
    state = np.array([7], dtype=np.uint64)
    label = grow_seed(piece, 8, 1.0, 5, state)
    piece = piece._replace(zones=np.arange(100)[:, None] % 3 == np.arange(3), zone_most=np.array([8, 8, 8]))
    sums = all_sums(piece, label, 8)
    local = np.full(100, -1, dtype=np.int64)
    taken = 0
    for at in range(100):
        other = next((s for s in label[piece.other[piece.start[at] : piece.start[at + 1]]] if s != label[at]), None)
        if other is None:
            continue
        now = priced(piece, label, label[at], other)
        if _recombine(piece, label, at, other, *sums, local, now, 1e-2, 1e3, state):
            taken += 1
            for running, fresh in zip(sums[:-1], all_sums(piece, label, 8)[:-1], strict=True):
                assert running == pytest.approx(fresh, rel=1e-9, abs=1e-6)
    assert taken > 10
    assert (local == -1).all()
    area, perimeter, _, _, mass, size = unit_sums(piece, label, 8)
    for unit in range(8):
        members = np.flatnonzero(label == unit)
        shape = shapely.union_all([box(i % 10, i // 10, i % 10 + 1, i // 10 + 1) for i in members])
        assert shape.geom_type == "Polygon"
        assert area[unit] == pytest.approx(shape.area * 1e6)
        assert perimeter[unit] == pytest.approx(shape.length * 1e3)
        assert size[unit] == len(members)
        assert mass[unit] == pytest.approx(((values - values.mean(axis=0)) * 1e6)[members].sum(axis=0))
    assert area.min() >= 5e6
    assert area.max() <= 20e6


@pytest.mark.parametrize("seed", range(4))
def test_a_gap_that_is_left_is_stated_and_holds(seed, monkeypatch):
    _, _, _, piece = lattice(5, 3, seed=seed, low=2, high=5)
    pool = enumerate_units(piece)
    best = optimal_units(piece, 4, pool, None).found.cost
    # Too few columns and nodes to prove anything but what the linear relaxation gives.
    monkeypatch.setattr(optimum, "MOST_COLUMNS", 30)
    monkeypatch.setattr(optimum, "MOST_NODES", 1)
    state = np.array([seed * 2 + 1], dtype=np.uint64)
    label = grow_seed(piece, 4, 0.0, 5, state)
    rough = Solution(label=label, k=4, cost=float(unit_costs(piece, label, 4)[0].sum()), excess=0.0)
    left = optimal_units(piece, 4, pool, rough).found
    assert left.bound <= best * (1 + 1e-9)
    assert best <= left.cost * (1 + 1e-9)
    assert left.cost <= rough.cost
    assert left.bound > 0.5 * best


def linked(areas, pairs, *, low, high):
    """A piece of blocks with given areas and (block, block, length) borders, whose shapes and values do not matter."""
    n = len(areas)
    ends = sorted([(a, b, m) for a, b, m in pairs] + [(b, a, m) for a, b, m in pairs])
    shared = np.array([m for _, _, m in ends], dtype=np.float64)
    return Piece(
        start=np.searchsorted([a for a, _, _ in ends], np.arange(n + 1)).astype(np.int64),
        other=np.array([b for _, b, _ in ends]),
        shared=shared,
        cut=0.25 * shared,
        link=np.ones(len(ends), dtype=np.bool_),
        area=np.array(areas, dtype=np.float64),
        perimeter=np.full(n, 100.0),
        mass=np.outer(areas, [1.0, -2.0]),
        square=np.array(areas) * 5.0,
        spread_weight=1.0,
        shape_weight=1.0,
        load=np.array(areas, dtype=np.float64)[:, None],
        low=np.array([low], dtype=np.float64),
        high=np.array([high], dtype=np.float64),
    )


def test_sums_below_a_node_are_those_of_the_blocks_there():
    # A tree 0 - (1 - (3, 4), 2), and borders across it: 3-4 within one branch, 1-2 and 4-2 between two, 0-5 to another unit.
    borders = [
        (0, 1, 3.0),
        (0, 2, 5.0),
        (1, 3, 7.0),
        (1, 4, 11.0),
        (3, 4, 13.0),
        (1, 2, 17.0),
        (2, 4, 19.0),
        (0, 5, 23.0),
    ]
    piece = linked([1.0, 2.0, 4.0, 8.0, 16.0, 32.0], borders, low=1, high=99)
    below = {0: [0, 1, 2, 3, 4], 1: [1, 3, 4], 2: [2], 3: [3], 4: [4]}
    nodes, local = np.arange(5), np.array([0, 1, 2, 3, 4, -1])
    parent, depth, order = np.array([-1, 0, 0, 1, 1]), np.array([0, 1, 1, 2, 2]), np.arange(5)
    area, perimeter, cut, square, mass, inside, cut_inside, touching, cut_touching = subtrees(
        piece, nodes, local, parent, depth, order
    )
    for p, members in below.items():
        ends = [(m, (a in members) + (b in members), max(a, b) < 5) for a, b, m in borders]
        within = sum(m for m, held, _ in ends if held == 2)
        # A border within is met from both its ends, one to another unit is none of the tree's.
        met = sum(held * m for m, held, ours in ends if ours)
        assert (inside[p], cut_inside[p]) == (within, within / 4)
        assert (touching[p], cut_touching[p]) == (met, met / 4)
        assert cut[p] == sum(held * m for m, held, _ in ends) / 4
        assert area[p] == piece.area[members].sum()
        assert perimeter[p] == 100 * len(members)
        assert square[p] == piece.square[members].sum()
        assert mass[p].tolist() == piece.mass[members].sum(axis=0).tolist()


def test_a_large_block_is_cut_off_though_the_rest_holds_two_units_more_than_its_share():
    """0.9 of 3 km² must become two units of three: the only division within the bounds is {2.1}, {0.2, 0.3}, {0.4}."""
    areas, k = [2.1, 0.2, 0.3, 0.4], 3
    piece = linked(areas, [(0, 1, 1.0), (1, 2, 2.0), (2, 3, 9.0)], low=0.39, high=2.2)
    within = []
    for ends in itertools.combinations((1, 2, 3), k - 1):
        units = np.split(np.array(areas), ends)
        if all(0.39 <= unit.sum() <= 2.2 for unit in units):
            within.append([len(unit) for unit in units])
    assert within == [[1, 2, 1]]
    label = grow_seed(piece, k, 0.0, 5, np.array([1], dtype=np.uint64))
    assert label[1] == label[2]
    assert len(set(label.tolist())) == 3


def test_the_first_start_begins_with_what_is_given():
    # Tiles of 2 x 3 are the best shapes there are: what is grown and stopped at once stays dearer.
    _, _, _, piece = lattice(12, 9, seed=1, low=6, high=6)
    x, y = np.arange(108) % 12, np.arange(108) // 12
    tiles = x // 2 + 6 * (y // 3)
    cost, excess = unit_costs(piece, tiles, 18)
    first = Solution(label=tiles, k=18, cost=float(cost.sum()), excess=float(excess.sum()))
    assert first.excess == 0
    found = search_piece(piece, 18, seed=(0,), iterations=1, starts=1, first=first)
    assert found.excess == 0
    assert found.cost <= first.cost


@pytest.mark.parametrize(("columns", "proven"), [(optimum.MOST_COLUMNS, True), (6, False)])
def test_what_only_whole_units_rule_out_is_proven_where_all_were_looked_at(columns, proven, monkeypatch):
    """Two triangles of 1 km² blocks on either side of a block of 2 km², in units of 2 km²: half of each pair would do."""
    triangles = [(0, 1, 1.0), (1, 2, 1.0), (0, 2, 1.0), (4, 5, 1.0), (5, 6, 1.0), (4, 6, 1.0), (2, 3, 1.0), (3, 4, 1.0)]
    piece = linked([1.0, 1.0, 1.0, 2.0, 1.0, 1.0, 1.0], triangles, low=2, high=2)
    pool = enumerate_units(piece)
    assert len(pool.members) == 7
    monkeypatch.setattr(optimum, "MOST_COLUMNS", columns)
    proof = optimal_units(piece, 4, pool, None)
    assert proof.found is None
    assert proof.infeasible is proven


def path(areas, *, low, high, lengths=None):
    lengths = [1.0] * (len(areas) - 1) if lengths is None else lengths
    return linked(areas, [(i, i + 1, m) for i, m in enumerate(lengths)], low=low, high=high)


def word(seed):
    return np.array([2 * seed + 1], dtype=np.uint64)


def test_one_unit_is_the_whole():
    graph, _, values, piece = lattice(4, 3, seed=2, low=1, high=12)
    found = search_piece(piece, 1, seed=(0,), iterations=1, starts=1)
    assert found.label.tolist() == [0] * 12
    assert (found.k, found.excess) == (1, 0)
    assert found.cost == pytest.approx(cost_by_definition(graph, values, list(range(12)), 0.05, 0.1), rel=1e-9)


@pytest.mark.slow
def test_annealing_ends_at_the_cold_end_and_no_colder():
    """Three blocks in two units, one division dearer by about 1: free to change at 1e3, fixed to the cheaper at 1e-6."""
    piece = path([1.0, 1.0, 1.0], low=1, high=2, lengths=[1.0, 3.0])._replace(shape_weight=0.0, spread_weight=0.0)
    dear = [0, 0, 1]
    costs = [unit_costs(piece, np.array(label), 2)[0].sum() for label in (dear, [0, 1, 1])]
    assert costs[0] - costs[1] == pytest.approx(1.0)
    ends = {}
    for cold in (1e3, 1e-6):
        ends[cold] = 0
        for seed in range(40):
            label = np.array(dear)
            anneal(piece, label, 2, 400, 1e12, cold, 0, 1e6, word(seed), label.copy())
            ends[cold] += label[0] == label[1]
    # Half of 40 by chance: fewer than 8 or more than 32 is less likely than one in 10,000.
    assert 8 <= ends[1e3] <= 32
    assert ends[1e-6] == 0


def test_a_unit_stays_whole_without_a_block_as_networkx_says():
    _, _, _, piece = lattice(6, 5, seed=3, low=1, high=30)
    rng = np.random.default_rng(0)
    piece.link[:] = rng.random(len(piece.link)) < 0.9
    for i in range(30):  # Both directions of a border alike.
        for h in range(piece.start[i], piece.start[i + 1]):
            j = piece.other[h]
            back = piece.start[j] + int(np.flatnonzero(piece.other[piece.start[j] : piece.start[j + 1]] == i)[0])
            piece.link[back] = piece.link[h]
    whole = nx.Graph()
    whole.add_nodes_from(range(30))
    whole.add_edges_from(
        (i, int(piece.other[h])) for i in range(30) for h in range(piece.start[i], piece.start[i + 1]) if piece.link[h]
    )
    # What an earlier search left in the queue must not be read.
    seen, queue, stamp = np.zeros(30, dtype=np.int64), rng.integers(0, 30, 30), 0
    told = []
    for _ in range(40):
        label = grow_seed(piece, 4, 0.0, 1, word(int(rng.integers(1000))))
        for i in range(30):
            own = set(np.flatnonzero(label == label[i]).tolist())
            if not nx.is_connected(whole.subgraph(own)):
                continue
            left = own - {i}
            stamp += 1
            found = stays_whole(piece, label, i, seen, stamp, queue)
            assert found == (bool(left) and nx.is_connected(whole.subgraph(left)))
            told.append(found)
    assert {True, False} <= set(told)


def test_a_block_between_two_of_its_unit_moves_where_they_hang_together_without_it():
    """Two columns of three are like each other; from two and one the upper or the lower block of the middle goes first."""
    graph, *_ = lattice(3, 2, seed=0, low=1, high=5)
    values = np.array([0.0, 5, 5, 0, 5, 5])[:, None]
    objective = build_objective(graph, values, compactness=0.0, border_credit=0.0, apart=np.empty(0, dtype=np.int64))
    piece = piece_of(objective, np.arange(6), np.arange(6), np.array([1e6]), np.array([5e6]))
    label = np.array([0, 0, 1, 0, 0, 1])
    anneal(piece, label, 2, 500, 1e-9, 1e-9, 0, 1e3, word(1), label.copy())
    assert label.tolist() == [0, 1, 1, 0, 1, 1]


@pytest.mark.parametrize("gap", [1e-3, 1.0, 1e3])
def test_likeness_keeps_like_blocks_together_whatever_its_unit(gap):
    """A triangle whose third block is unlike: two borders of 1.5 times the mean, which no draw below 1 makes up for."""
    piece = linked([1.0, 1.0, 1.0], [(0, 1, 1.0), (0, 2, 1.0), (1, 2, 1.0)], low=1, high=3)
    piece = piece._replace(mass=np.array([[0.0], [0.0], [gap]]))
    trees = []
    for likeness in (1.0, 0.0):
        parents = [random_tree(piece, np.arange(3), np.arange(3), likeness, word(seed))[0] for seed in range(40)]
        trees.append([parent[1] == 0 for parent in parents])
    assert all(trees[0])
    # Without it all three trees come up.
    assert not all(trees[1])


def test_a_recombination_parts_two_units_at_the_best_border():
    rng = np.random.default_rng(5)
    for case in range(20):
        areas = rng.uniform(1, 3, 8)
        piece = path(areas.tolist(), low=1, high=99, lengths=rng.uniform(1, 50, 7).tolist())
        piece = piece._replace(cut=10 * piece.cut, mass=rng.normal(size=(8, 2)), shape_weight=1e-3)
        labels = [np.repeat([0, 1], [at, 8 - at]) for at in range(1, 8)]
        costs = [unit_costs(piece, label, 2)[0].sum() for label in labels]
        worst, best = labels[int(np.argmax(costs))].copy(), labels[int(np.argmin(costs))]
        at = int(np.flatnonzero(worst == 0)[-1])
        local = np.full(8, -1, dtype=np.int64)
        now = priced(piece, worst, 0, 1)
        assert _recombine(piece, worst, at, 1, *all_sums(piece, worst, 2), local, now, 1e-9, 1e3, word(case))
        assert (worst[:-1] != worst[1:]).tolist() == (best[:-1] != best[1:]).tolist()


def test_a_recombination_into_the_bounds_is_always_taken():
    """The longest border of all lies where both halves are within the bounds: dearer, and yet the only way."""
    piece = path([1.0, 1.0, 1.0, 1.0], low=2, high=2, lengths=[1.0, 90.0, 1.0])._replace(shape_weight=0.0)
    for seed in range(10):
        label, local = np.array([0, 1, 1, 1]), np.full(4, -1, dtype=np.int64)
        now = priced(piece, label, 0, 1)
        assert _recombine(piece, label, 0, 1, *all_sums(piece, label, 2), local, now, 1e-3, 1e3, word(seed))
        assert (label[0] == label[1], label[1] == label[2], label[2] == label[3]) == (True, False, True)


def test_an_incumbent_is_kept_where_no_column_can_be_looked_at(monkeypatch):
    _, _, _, piece = lattice(4, 3, seed=0, low=2, high=5)
    pool = enumerate_units(piece)
    best = optimal_units(piece, 3, pool, None).found
    monkeypatch.setattr(optimum, "FIRST_COLUMNS", 1)
    monkeypatch.setattr(optimum, "MOST_COLUMNS", 1)
    found = optimal_units(piece, 3, pool, best).found
    assert found.label.tolist() == best.label.tolist()
    assert found.bound <= best.cost


@pytest.mark.parametrize("seed", range(8))
def test_a_cover_by_some_units_only_is_not_called_the_best_of_all(seed, monkeypatch):
    _, _, _, piece = lattice(4, 3, seed=seed, low=2, high=5)
    pool = enumerate_units(piece)
    for k in (3, 4):
        best = optimal_units(piece, k, pool, None).found.cost
        dear = search_piece(piece, k, seed=(seed,), iterations=1, starts=1)
        for columns in range(3, 40, 3):
            monkeypatch.setattr(optimum, "MOST_COLUMNS", columns)
            found = optimal_units(piece, k, pool, dear).found
            assert found.bound <= best * (1 + 1e-9)
        monkeypatch.undo()


def test_uncovered_ground_in_the_relaxation_is_no_proof_by_itself(monkeypatch):
    """A relaxation that buys a little uncovered ground is asked once more without costs."""
    _, _, _, piece = lattice(4, 3, seed=0, low=2, high=5)
    pool = enumerate_units(piece)
    best = optimal_units(piece, 3, pool, None).found.cost
    plain = optimum._linear_bound

    def short(piece, members, costs, k):
        bound, reduced, _ = plain(piece, members, costs, k)
        return bound, reduced, True

    monkeypatch.setattr(optimum, "_linear_bound", short)
    assert optimal_units(piece, 3, pool, None).found.cost == pytest.approx(best, rel=1e-9)


def divided(piece, k, counts, **given):
    asked = {"reason": None, "fixed": False, "seed": (0,), "iterations": 1, "starts": 1}
    return divide(piece, k, counts, **(asked | given))


def test_a_part_with_a_reason_is_one_unit():
    piece = path([1.0, 2.0, 1.0], low=9, high=10)
    found = divided(piece, 2, (1, 1), reason="area_below_min")
    assert (found.found.k, found.found.label.tolist(), found.reason) == (1, [0, 0, 0], "area_below_min")
    assert found.found.excess == pytest.approx(0.01 + 5 / 9)


def test_what_no_units_make_is_proven_before_more_seeds_are_grown():
    # Squares of 1 km² round one of 2 km² in units of 2: see above; nine seeds are those of one round.
    borders = [(0, 1, 1.0), (1, 2, 1.0), (0, 2, 1.0), (4, 5, 1.0), (5, 6, 1.0), (4, 6, 1.0), (2, 3, 1.0), (3, 4, 1.0)]
    piece = linked([1.0, 1.0, 1.0, 2.0, 1.0, 1.0, 1.0], borders, low=2, high=2)
    found = divided(piece, 4, (4, 4))
    assert (found.reason, found.counts, found.seeds) == ("no_partition", (4,), 9)
    assert divided(piece, 4, (4, 4), fixed=True).reason == "count_impossible"


def test_what_seeds_do_not_find_is_not_found_however_few_numbers_are_left():
    """Three blocks of 1 at the end of a row, in units of 2: each is in a unit, not all; too many blocks for a proof."""
    piece = path([1.0, 1.0, 1.0, 2.0, 1.0, 1.0, 1.0] + [2.0] * 60, low=2, high=2.06)
    found = divided(piece, 64, (63, 64))
    assert (found.reason, found.counts) == ("not_found", (64, 63))
    assert divided(piece, 64, (64, 64), fixed=True).reason == "not_found"


def test_a_border_kept_apart_costs_a_tenth_of_the_squares_to_cross():
    graph, *_ = lattice(2, 1, seed=0, low=1, high=2)
    values = np.array([[0.0], [2.0]])
    objective = build_objective(graph, values, compactness=0.0, border_credit=0.0, apart=np.array([0]))
    piece = piece_of(objective, np.arange(2), np.arange(2), np.array([1e6]), np.array([2e6]))
    total = [
        unit_costs(piece, np.array(label), k)[0].sum() + objective.apart_total
        for label, k in (([0, 1], 2), ([0, 0], 1))
    ]
    # Apart: no squares within, nothing crossed. Together: all squares, and the tenth.
    assert total == pytest.approx([0.0, 1.1])


def test_sets_are_complete_up_to_the_most_that_are_asked_for():
    # Runs of 1 to 2 blocks in a row of four: four single ones and three pairs.
    piece = path([1.0, 1.0, 1.0, 1.0], low=1, high=2)
    for most, complete in ((7, True), (6, False)):
        members, whole = connected_sets(piece, most)
        assert whole is complete
        assert len(members) == most
    assert sorted(int(m) for m in connected_sets(piece, 7)[0]) == [0b1, 0b10, 0b11, 0b100, 0b110, 0b1000, 0b1100]


def test_sets_of_all_blocks_stay_within_the_room_for_them():
    """In plain Python, where a place beyond an array is an error, as it is not once compiled."""
    piece = path([1.0] * 6, low=1, high=6)
    members, whole = connected_sets.py_func(piece, 100)
    assert whole
    assert sorted(int(m) for m in members) == sorted(((1 << n) - 1) << at for n in range(1, 7) for at in range(7 - n))
