"""Proofs where only borders count, against every plan there is."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from unit_boards import lattice, neighbours, solution

from jxgis.units._frontier import beginnings, cheap_sets, sweep_of
from jxgis.units._kernels import unit_costs
from jxgis.units._piece import Piece
from jxgis.units.border_bound import prove_borders
from jxgis.units.optimum import enumerate_units, optimal_units
from jxgis.units.search import Pool, Solution, search_piece


def board(rng, rows, columns, *, low, high, loads=None, whole=True, apart=0.0):
    """A lattice with some diagonals, costs of 1 or of any length, some borders that no unit may reach across."""
    n = rows * columns
    node = np.arange(n).reshape(rows, columns)
    pairs = lattice(rows, columns)
    pairs += [(a, b) for a, b in zip(node[:-1, :-1].ravel(), node[1:, 1:].ravel(), strict=True) if rng.random() < 0.5]
    cost = np.full(len(pairs), 0.5) if whole else rng.uniform(0.1, 2.0, len(pairs))
    link = rng.random(len(pairs)) >= apart
    start, other, of = neighbours(pairs, n)
    loads = np.ones((n, 1)) if loads is None else loads
    return Piece(
        start=start,
        other=other,
        shared=np.ones(len(of)),
        cut=cost[of],
        link=link[of],
        area=loads[:, 0].copy(),
        perimeter=np.full(n, 4.0),
        load=loads,
        mass=np.zeros((n, 0)),
        square=np.zeros(n),
        spread_weight=0.0,
        shape_weight=0.0,
        low=np.asarray(low, dtype=np.float64),
        high=np.asarray(high, dtype=np.float64),
    )


def every_unit(piece):
    """Every connected set within the bounds, with its cost: by looking at all subsets."""
    n = len(piece.area)
    links = [
        set(piece.other[piece.start[i] : piece.start[i + 1]][piece.link[piece.start[i] : piece.start[i + 1]]])
        for i in range(n)
    ]
    found = {}
    for size in range(1, n + 1):
        for nodes in itertools.combinations(range(n), size):
            load = piece.load[list(nodes)].sum(axis=0)
            if (load < piece.low).any() or (load > piece.high).any():
                continue
            inside, reached, queue = set(nodes), {nodes[0]}, [nodes[0]]
            while queue:
                for other in links[queue.pop()] & inside - reached:
                    reached.add(other)
                    queue.append(other)
            if reached == inside:
                cost = sum(
                    piece.cut[h]
                    for i in nodes
                    for h in range(piece.start[i], piece.start[i + 1])
                    if piece.other[h] not in inside
                )
                found[frozenset(nodes)] = float(cost)
    return found


def least_cost(n, units, k):
    """The cheapest plan of k units and one that is a plan at all, by trying all; None where there is none."""
    by_first = {}
    for unit, cost in units.items():
        by_first.setdefault(min(unit), []).append((unit, cost))
    best, some = None, None

    def extend(left, chosen, cost):
        nonlocal best, some
        if not left:
            if len(chosen) == k:
                some = some or list(chosen)
                best = cost if best is None else min(best, cost)
            return
        if len(chosen) < k:
            for unit, more in by_first.get(min(left), []):
                if unit <= left:
                    extend(left - unit, [*chosen, unit], cost + more)

    extend(frozenset(range(n)), [], 0.0)
    return best, some


@pytest.mark.parametrize("apart", [0.0, 0.2])
def test_a_sweep_meets_every_connected_set_once(apart):
    rng = np.random.default_rng(1)
    for _ in range(20):
        piece = board(
            rng, 3, 4, low=[3], high=[7], loads=rng.integers(1, 4, (12, 1)).astype(float), whole=False, apart=apart
        )
        price = rng.normal(0, 1, 12)
        expected = {unit: cost - price[list(unit)].sum() for unit, cost in every_unit(piece).items()}
        grain = piece.area.astype(np.int64)
        for limit in (np.inf, float(np.median([*expected.values()]))):
            rates = np.array([0.0, 0.3, 2.0])
            sweep, edge = sweep_of(piece, most=10_000), limit + 1e-9
            found, whole = beginnings(sweep, grain, price, 3, 7, edge, rates, 1_000_000)
            assert whole
            sets, costs, complete = cheap_sets(sweep, grain, price, found, edge, 100_000)
            met = [frozenset(np.flatnonzero(row).tolist()) for row in sets]
            assert complete
            assert len(met) == len(set(met))
            assert {*met} == {unit for unit, cost in expected.items() if cost <= edge}
            assert costs == pytest.approx([expected[unit] for unit in met], abs=1e-9)


def test_no_more_sets_are_given_than_asked_for():
    piece = board(np.random.default_rng(2), 3, 3, low=[2], high=[4])
    sweep, grain, price = sweep_of(piece, most=10_000), np.ones(9, dtype=np.int64), np.zeros(9)
    found, _ = beginnings(sweep, grain, price, 2, 4, np.inf, np.zeros(1), 1_000_000)
    sets, _, complete = cheap_sets(sweep, grain, price, found, np.inf, 7)
    assert len(sets) == 7
    assert not complete


@pytest.mark.parametrize("cases", [15, pytest.param(110, marks=pytest.mark.slow)])
@pytest.mark.parametrize("whole", [True, False], ids=["edges", "lengths"])
@pytest.mark.parametrize("bounds", [1, 2])
def test_proofs_are_those_of_every_plan_there_is(whole, bounds, cases):
    """Half on whole loads, where bounds are met exactly; from a plan that is the first of all, not the best."""
    rng = np.random.default_rng([3, whole, bounds, cases])
    compared = 0
    while compared < cases:
        round_numbers = compared % 2 == 0
        draw = rng.integers(1, 5, (12, bounds)).astype(float) if round_numbers else rng.uniform(0.5, 4, (12, bounds))
        k = int(rng.integers(2, 5))
        mean = draw.sum(axis=0) / k
        low, high = (np.floor(mean) - 1, np.ceil(mean) + 1) if round_numbers else (0.75 * mean, 1.25 * mean)
        piece = board(rng, 3, 4, low=low, high=high, loads=draw, whole=whole, apart=0.1 * (compared % 3 == 0))
        units = every_unit(piece)
        best, some = least_cost(12, units, k)
        if best is None:
            continue
        compared += 1
        start = solution(piece, sum(units[unit] for unit in some), some)
        proven = prove_borders(piece, start, [], step=1.0 if whole else 0.0)
        assert proven.cost == pytest.approx(best, rel=1e-9)
        assert proven.bound == pytest.approx(best, rel=1e-9)
        assert all(frozenset(np.flatnonzero(proven.label == unit).tolist()) in units for unit in range(k))
        by_sets = optimal_units(piece, k, enumerate_units(piece), None).found
        assert by_sets.bound == pytest.approx(best, rel=1e-9)


def test_a_bound_is_none_above_the_best_where_the_integer_programme_is_cut_short(monkeypatch):
    from jxgis.units import border_bound

    rng = np.random.default_rng(4)
    monkeypatch.setattr(border_bound, "_MOST_SETS", 3)
    open_ = 0
    for _ in range(40):
        piece = board(rng, 3, 4, low=[3], high=[5], whole=False)
        units = every_unit(piece)
        best, some = least_cost(12, units, 3)
        start = solution(piece, sum(units[unit] for unit in some), some)
        left = prove_borders(piece, start, [])
        assert left.bound <= best * (1 + 1e-9)
        assert best <= left.cost * (1 + 1e-9)
        open_ += left.bound < left.cost
    assert open_ > 5


def test_a_map_too_wide_for_a_sweep_is_left_as_it_is(monkeypatch):
    from jxgis.units import border_bound

    monkeypatch.setattr(border_bound, "MOST_STATES", 20)
    piece = board(np.random.default_rng(5), 3, 4, low=[3], high=[5])
    start = Solution(label=np.repeat([0, 1, 2], 4), k=3, cost=7.0, excess=0.0)
    assert sweep_of(piece, most=20) is None
    assert prove_borders(piece, start, []) is start


def test_a_sweep_without_room_proves_nothing(monkeypatch):
    from jxgis.units import border_bound

    monkeypatch.setattr(border_bound, "_MOST_VALUES", 10)
    piece = board(np.random.default_rng(5), 3, 4, low=[3], high=[5])
    rows = np.repeat([0, 1, 2], 4)
    cost = float(unit_costs(piece, rows, 3)[0].sum())
    left = prove_borders(piece, Solution(label=rows, k=3, cost=cost, excess=0.0), [])
    assert (left.cost, left.label.tolist()) == (cost, rows.tolist())
    assert np.isnan(left.bound)


def test_the_search_finds_what_two_bounds_leave():
    """Plans within an area and a second quantity, half of them on whole numbers, against all there are."""
    rng = np.random.default_rng(6)
    missed, compared = 0, 0
    while compared < 60:
        loads = rng.integers(1, 5, (12, 2)).astype(float)
        k = int(rng.integers(2, 5))
        mean = loads.sum(axis=0) / k
        piece = board(rng, 3, 4, low=np.floor(mean) - 1, high=np.ceil(mean) + 1, loads=loads)
        units = every_unit(piece)
        best, _ = least_cost(12, units, k)
        if best is None:
            continue
        compared += 1
        pool = Pool()
        found = search_piece(piece, k, seed=(compared,), iterations=4_000, starts=4, pool=pool)
        load = np.array([piece.load[found.label == unit].sum(axis=0) for unit in range(k)])
        assert (found.excess == 0) == bool(((load >= piece.low) & (load <= piece.high)).all())
        missed += found.excess > 0 or found.cost > best + 1e-9
    assert missed <= 3


def test_borders_that_cost_less_than_nothing_are_proven_like_others():
    """Kept-apart borders earn: a cost below 0 is no proof; from the dearest plan to the cheapest of all."""
    rng = np.random.default_rng(7)
    compared = 0
    while compared < 20:
        piece = board(rng, 3, 3, low=[2], high=[4], whole=False, apart=0.3)
        piece = piece._replace(cut=np.where(piece.link, piece.cut, -rng.uniform(0.1, 3.0) * piece.cut))
        units = every_unit(piece)
        best, some = least_cost(9, units, 3)
        if best is None:
            continue
        compared += 1
        proven = prove_borders(piece, solution(piece, sum(units[unit] for unit in some), some), [])
        assert proven.cost == pytest.approx(best, rel=1e-9)
        assert proven.bound == proven.cost
        assert sum(
            units[frozenset(np.flatnonzero(proven.label == unit).tolist())] for unit in range(3)
        ) == pytest.approx(best, rel=1e-9)


def test_no_plan_is_cheaper_than_one_that_pays_nothing(monkeypatch):
    from jxgis.units import border_bound

    def never(*_, **__):
        raise AssertionError("nothing is left to be proven")

    monkeypatch.setattr(border_bound, "sweep_of", never)
    piece = board(np.random.default_rng(8), 3, 4, low=[3], high=[5])
    start = Solution(label=np.repeat([0, 1, 2], 4), k=3, cost=0.0, excess=0.0)
    assert prove_borders(piece._replace(cut=np.zeros_like(piece.cut)), start, []).bound == 0


def test_nodes_without_load_are_divided_too():
    rng = np.random.default_rng(9)
    compared = 0
    while compared < 10:
        piece = board(rng, 3, 3, low=[2], high=[4], loads=rng.integers(0, 3, (9, 1)).astype(float))
        units = every_unit(piece)
        best, some = least_cost(9, units, 3)
        if best is None:
            continue
        compared += 1
        proven = prove_borders(piece, solution(piece, sum(units[unit] for unit in some), some), [], step=1.0)
        assert (proven.cost, proven.bound) == (best, best)


def test_a_unit_without_load_costs_its_borders():
    piece = board(np.random.default_rng(10), 1, 3, low=[0], high=[4], loads=np.array([[0.0], [1.0], [2.0]]))
    assert unit_costs(piece, np.arange(3), 3)[0] == pytest.approx([0.5, 1.0, 0.5])
