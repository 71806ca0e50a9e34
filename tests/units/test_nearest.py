"""The nearest division: against every division of small boards, counted by plain recursion and matched by scipy."""

from __future__ import annotations

import itertools

import networkx as nx
import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment

from jxgis.units._graph import Adjacency
from jxgis.units._nearest import left_as_it_is, nearest_division
from jxgis.units._objective import build_objective, piece_of

RELATIVE = 1e-6


def board(columns, rows, area):
    """A board of squares, whose areas are whatever they are said to be."""
    n = columns * rows
    borders = [(i, i + 1) for i in range(n) if (i + 1) % columns] + [(i, i + columns) for i in range(n - columns)]
    u, v = np.array(sorted(borders)).T
    graph = Adjacency(
        area_m2=area, perimeter_m=np.full(n, 4000.0), u=u, v=v, shared_m=np.full(len(u), 1000.0),
        barrier_share=np.zeros(len(u)), district=np.zeros(n, dtype=np.int64), district_names=("D",),
    )  # fmt: skip
    none = np.empty(0, dtype=np.int64)
    return graph, build_objective(graph, np.zeros((n, 0)), compactness=0.05, border_credit=0.1, apart=none)


def network(graph):
    return nx.Graph(zip(graph.u.tolist(), graph.v.tolist(), strict=True))


def divisions(graph, load, low, high, k):
    """Every division into k connected sets within the bounds, ends included."""
    n, whole = len(graph.area_m2), network(graph)
    sets = []
    for size in range(1, n + 1):
        for nodes in itertools.combinations(range(n), size):
            held = load[list(nodes)].sum(axis=0)
            within = (held >= low * (1 - RELATIVE)).all() and (held <= high * (1 + RELATIVE)).all()
            if within and nx.is_connected(whole.subgraph(nodes)):
                sets.append(frozenset(nodes))

    def extend(left, count):
        if not left or not count:
            return [()] if not left and not count else []
        first = min(left)
        begun = [own for own in sets if min(own) == first and own <= left]
        return [(own, *rest) for own in begun for rest in extend(left - own, count - 1)]

    return extend(frozenset(range(n)), k)


def least_moved(plans, held):
    """What leaves its unit in the best of some divisions, each of whose sets takes the unit that suits it."""
    moved = []
    for plan in plans:
        kept = np.array([held[list(own)].sum(axis=0) for own in plan])
        moved.append(held.sum() - kept[linear_sum_assignment(kept, maximize=True)].sum())
    return min(moved)


def case(seed):
    """A small board: every other on round numbers, every other pair with a second bound."""
    rng = np.random.default_rng(seed)
    columns, rows = [(4, 3), (5, 2), (3, 3)][seed % 3]
    n, round_ = columns * rows, seed % 2 == 0
    area = np.full(n, 1e6) if round_ else rng.uniform(0.5e6, 1.5e6, n)
    graph, objective = board(columns, rows, area)
    people = rng.integers(0, 6, n) * 100.0 if round_ else rng.uniform(0, 500, n)
    m = int(rng.integers(2, 5))
    k = max(1, m + int(rng.choice([0, 0, 0, -1, 1])))
    low, high, load = np.array([2e6]), np.array([5e6]), area[:, None]
    if rng.random() < 0.5:
        low, high = np.array([area.sum() / k * 0.8]), np.array([area.sum() / k * 1.2])
        if round_:
            low, high = np.floor(low / 1e6) * 1e6, np.ceil(high / 1e6) * 1e6
    if seed // 2 % 2:
        load = np.column_stack([area, people])
        least, most = 0.6 * people.sum() / k, 1.5 * people.sum() / k
        if round_:
            least, most = np.ceil(least / 100) * 100, np.floor(most / 100) * 100
        low, high = np.append(low, least), np.append(high, most)
    today = np.arange(n) % columns * m // columns
    if seed % 3:
        today = rng.integers(-1 if seed % 5 == 0 else 0, m, n)
    held = np.zeros((n, m))
    some = np.flatnonzero(today >= 0)
    held[some, today[some]] = (people + 0.5 * area / area.sum())[some]
    return graph, objective, load, low, high, k, held


@pytest.mark.parametrize("seed", [*range(60), *(pytest.param(k, marks=pytest.mark.slow) for k in range(60, 240))])
def test_the_fewest_of_all_divisions_move_and_none_where_there_is_none(seed):
    graph, objective, load, low, high, k, held = case(seed)
    nodes = np.arange(len(held))
    piece = piece_of(objective, nodes, nodes, low * (1 - RELATIVE), high * (1 + RELATIVE), load)
    plans = divisions(graph, load, low, high, k)
    found, impossible = nearest_division(piece, held, k, seed=(seed,), iterations=500)
    assert impossible == (not plans)
    if not plans:
        assert found is None
        return
    assert found.cost == pytest.approx(least_moved(plans, held), abs=1e-5)
    assert found.bound == found.cost
    units = [np.flatnonzero(found.label == unit) for unit in np.unique(found.label)]
    assert frozenset(map(frozenset, units)) in {frozenset(plan) for plan in plans}
    stays = np.hstack([held, np.zeros((len(held), max(k - held.shape[1], 0)))])[nodes, found.label]
    assert found.cost == pytest.approx(held.sum() - stays.sum(), abs=1e-9)


@pytest.mark.slow
def test_the_cases_have_both_ends_met_exactly_opened_and_closed_units_and_none_at_all():
    seen = set()
    for seed in range(0, 240, 2):
        graph, _, load, low, high, k, held = case(seed)
        plans = divisions(graph, load, low, high, k)
        seen |= {"none"} if not plans else {k - held.shape[1], load.shape[1]}
        sums = [load[list(own)].sum(axis=0) for plan in plans for own in plan]
        seen |= {"least"} if any((held == low).any() for held in sums) else set()
        seen |= {"most"} if any((held == high).any() for held in sums) else set()
    assert seen == {"none", -1, 0, 1, 2, "least", "most"}


def large(seed, side=12):
    """A board of many squares, parted in bands of which some blocks were moved by hand; the same seed, the same board."""
    rng = np.random.default_rng(seed)
    n = side * side
    area = rng.uniform(0.1e6, 0.4e6, n)
    graph, objective = board(side, side, area)
    people = np.round(rng.gamma(1, 500, n))
    today = np.arange(n) // side // 4 * 4 + np.arange(n) % side // 3
    k = int(today.max()) + 1
    swapped = rng.choice(len(graph.u), 14, replace=False)
    today[graph.u[swapped]] = today[graph.v[swapped]]
    held = np.zeros((n, k))
    held[np.arange(n), today] = people + 0.5 * area / area.sum()
    nodes = np.arange(n)
    piece = piece_of(objective, nodes, nodes, np.array([2.2e6]), np.array([4.0e6]))
    return graph, piece, held, k


@pytest.mark.parametrize("seed", range(4))
def test_larger_boards_hold_all_bounds_between_the_bound_and_a_plan_of_hand(seed):
    graph, piece, held, k = large(seed)
    found, _ = nearest_division(piece, held, k, seed=(seed,), iterations=500)
    label, whole = found.label, network(graph)
    assert all(nx.is_connected(whole.subgraph(np.flatnonzero(label == unit).tolist())) for unit in range(k))
    area = np.bincount(label, weights=piece.area, minlength=k)
    assert area.min() >= 2.2e6
    assert area.max() <= 4.0e6
    moved = held.sum() - held[np.arange(len(label)), label].sum()
    assert moved == pytest.approx(found.cost)
    assert found.bound <= found.cost
    again, _ = nearest_division(piece, held, k, seed=(seed,), iterations=500)
    assert (again.label == label).all()
    assert again.bound == found.bound


def test_what_holds_already_stays_as_it_is():
    _, objective = board(6, 4, np.full(24, 0.5e6))
    today = np.arange(24) % 6 // 2
    held = np.eye(3)[today] * 10.0
    nodes = np.arange(24)
    piece = piece_of(objective, nodes, nodes, np.array([2e6]), np.array([5e6]))
    found, impossible = nearest_division(piece, held, 3, seed=(0,), iterations=500)
    assert (found.cost, found.bound, impossible) == (0.0, 0.0, False)
    assert (found.label == today).all()
    assert (left_as_it_is(piece, held) == today).all()


def test_parts_apart_join_what_is_around_them_and_the_heaviest_stays():
    _, objective = board(5, 1, np.full(5, 1e6))
    held = np.array([[5.0, 0], [0, 3.0], [0, 0], [0, 4.0], [7.0, 0]])
    piece = piece_of(objective, np.arange(5), np.arange(5), np.array([1e6]), np.array([9e6]))
    assert left_as_it_is(piece, held).tolist() == [1, 1, 1, 1, 0]
