"""Lower bounds by a semidefinite relaxation, against every plan there is."""

from __future__ import annotations

import re

import geopandas as gpd
import numpy as np
import pytest
from shapely import box
from threadpoolctl import threadpool_info
from unit_boards import board, cheapest_plans, solution

from jxgis.units import proof, semidefinite_bound
from jxgis.units._kernels import unit_costs
from jxgis.units._piece import credit_of
from jxgis.units.analysis import propose_units
from jxgis.units.search import Solution
from jxgis.units.semidefinite_bound import _relaxed, _tangent, bound_semidefinite


def drawn(rng, piece, rows, columns):
    """The board with the areas, borders and perimeters of a lattice of uneven lines, bounds that some plans meet, and dials from 0 to large."""
    wide, high = rng.lognormal(0.0, rng.choice([0.0, 0.8]), columns), rng.lognormal(0.0, rng.choice([0.0, 0.8]), rows)
    area = np.outer(high, wide).ravel()
    row, column = np.divmod(np.arange(rows * columns), columns)
    source = np.repeat(np.arange(rows * columns), np.diff(piece.start))
    value = piece.mass / piece.area[:, None] * rng.lognormal(0.0, rng.choice([0.0, 2.0]), (rows * columns, 1))
    load, least, most = piece.load.copy(), piece.low.copy(), piece.high.copy()
    mean, reach = area.sum() / rng.integers(2, 5), rng.uniform(1.05, 2.0)
    load[:, 0], least[0], most[0] = area, rng.choice([0.0, mean / reach]), mean * reach
    return piece._replace(
        area=area, load=load, low=least, high=most,
        shared=np.where(row[source] == row[piece.other], high[row[source]], wide[column[source]]),
        perimeter=2.0 * (high[row] + wide[column]),
        mass=area[:, None] * value, square=area * (value**2).sum(axis=1),
        spread_weight=rng.choice([0.0, 0.3, 1.0]), shape_weight=rng.choice([0.0, 0.02, 10.0]),
    )  # fmt: skip


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(1, 8))])
@pytest.mark.parametrize("rule", ["none", "people", "apart", "zone"])
def test_no_plan_costs_less_than_the_bound(rule, seed):
    shares = []
    for number in range(8):
        rng = np.random.default_rng([seed, number])
        rows, columns = [(3, 4), (2, 5), (3, 3)][number % 3]
        piece = board(
            rng, rows, columns, kinds=number % 4, whole=number % 2 == 0, people=rule == "people",
            apart=0.15 if rule == "apart" else 0.0, zone=rule == "zone",
        )  # fmt: skip
        piece = piece if number == 7 else drawn(rng, piece, rows, columns)
        for cost, chosen in cheapest_plans(piece).values():
            best = solution(piece, cost, chosen)
            bound = bound_semidefinite(piece, best)
            assert not bound > cost
            if rule == "none" and best.k > 1 and cost > 0:
                shares.append(np.nan_to_num(bound) / cost)
            # What a worse plan is bounded by holds for the best one too.
            if best.k < rows * columns:
                assert not bound_semidefinite(piece, solution(piece, cost + 1.0, chosen)) > cost + 1e-9
    assert not shares or np.median(shares) > 0.4


def test_groups_far_from_each_other_are_proven_nearly_the_best():
    """Where likeness alone counts, and groups lie further apart than they are wide, the relaxation is tight (Awasthi et al. 2015)."""
    rng = np.random.default_rng(2)
    piece = board(rng, 4, 9, kinds=2, whole=False)
    group = np.arange(36) % 9 // 3
    value = np.array([[0.0, 0.0], [6.0, 0.0], [0.0, 6.0]])[group] + rng.normal(0.0, 0.5, (36, 2))
    area = np.ones(36)
    piece = piece._replace(
        area=area, load=area[:, None], mass=value, square=(value**2).sum(axis=1), cut=0.0 * piece.cut,
        spread_weight=1.0, shape_weight=0.0, low=np.array([6.0]), high=np.array([24.0]),
    )  # fmt: skip
    cost = float(unit_costs(piece, group, 3)[0].sum())
    assert 0.999 < bound_semidefinite(piece, Solution(group, 3, cost, 0.0)) / cost <= 1.0


def test_where_all_is_alike_round_units_are_the_bound():
    rng = np.random.default_rng(4)
    piece = drawn(rng, board(rng, 3, 4, kinds=1, whole=False), 3, 4)
    piece = piece._replace(
        mass=0.0 * piece.mass, square=0.0 * piece.square, cut=0.0 * piece.cut, shape_weight=1.0,
        low=piece.load.sum(axis=0) / 4.0, high=piece.load.sum(axis=0) / 1.2,
    )  # fmt: skip
    best = solution(piece, *cheapest_plans(piece)[2])
    round_ = semidefinite_bound._COVERED * 4.0 * np.pi * piece.area.sum()
    assert round_ < bound_semidefinite(piece, best) <= best.cost
    # A block that is rounder than a circle was not measured on a plane: nothing is known of shapes then.
    odd = piece._replace(perimeter=np.append(piece.perimeter[:-1], 0.1))
    assert _relaxed(odd, 2, 1.0).round == 0.0


def test_a_tangent_lies_below_what_any_units_pay_for_their_shape():
    rng = np.random.default_rng(0)
    piece = drawn(rng, board(rng, 3, 4, kinds=1, whole=False), 3, 4)
    for _ in range(200):
        k = int(rng.integers(2, 6))
        area = rng.dirichlet(np.full(k, 2.0))
        low, high = area.min() * rng.uniform(0.2, 1.0), area.max() * rng.uniform(1.0, 3.0)
        model = _relaxed(piece, k, 1.0)._replace(k=k, low=low, high=high, round=rng.choice([0.0, 4.0 * np.pi]))
        perimeter = np.sqrt(model.round * area) * rng.uniform(1.0, 3.0, k) + (model.round == 0.0) * rng.random(k)
        for slope in (0.0, *rng.uniform(0.0, 5.0, 5)):
            pays = (perimeter**2).sum()
            assert k * _tangent(model, slope)[0] + slope * (perimeter / area).sum() <= pays * (1.0 + 1e-12) + 1e-12


def test_nothing_is_said_of_maps_that_are_too_large_or_of_blocks_without_area(monkeypatch):
    piece = board(np.random.default_rng(3), 3, 4, kinds=2, whole=False)
    best = solution(piece, *max(cheapest_plans(piece).items())[1])
    assert bound_semidefinite(piece, best) > credit_of(piece)
    assert np.isnan(bound_semidefinite(piece._replace(area=np.append(piece.area[:-1], 0.0)), best))
    monkeypatch.setattr(semidefinite_bound, "_MOST_NODES", 11)
    assert np.isnan(bound_semidefinite(piece, best))


def test_a_block_a_unit_is_the_only_plan():
    rng = np.random.default_rng(5)
    for n in (2, 3, 4):
        piece = drawn(rng, board(rng, 1, n, kinds=1, whole=False), 1, n)._replace(
            low=np.zeros(1), high=np.full(1, np.inf)
        )
        cost = float(unit_costs(piece, np.arange(n), n)[0].sum())
        assert bound_semidefinite(piece, Solution(np.arange(n), n, cost, 0.0)) == cost


def test_one_thread_turns_its_matrices(monkeypatch):
    """More wait for each other where the processor is busy: a twentieth of the pace, and less."""
    seen = []

    def share(*_):
        seen.extend(library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas")
        return 0.5

    piece = board(np.random.default_rng(3), 3, 4, kinds=2, whole=False)
    best = solution(piece, *max(cheapest_plans(piece).items())[1])
    monkeypatch.setattr(semidefinite_bound, "_share", share)
    bound_semidefinite(piece, best)
    assert set(seen) == {1}


@pytest.mark.slow
def test_the_smallest_parts_are_bounded_first_where_not_asked_for_all(monkeypatch):
    districts = gpd.GeoDataFrame(
        {"name": ["甲", "乙"]}, geometry=[box(0, 0, 6000, 3500), box(6000, 0, 11_500, 3500)], crs=4549
    )
    asked = {"cell_m": 500, "alternatives": False, "mend_shapes": False}
    monkeypatch.setattr(proof, "_QUICK", 80.0**3)
    gap = propose_units(districts, **asked).report.parts.set_index("district")["gap"]
    assert np.isnan(gap["甲"])
    assert gap["乙"] > 0
    monkeypatch.undo()
    every = propose_units(districts, **asked).report.parts.set_index("district")["gap"]
    assert every.notna().all()
    assert every["乙"] == gap["乙"]


def test_the_map_says_the_widest_gap():
    district = gpd.GeoDataFrame({"name": ["甲"]}, geometry=[box(0, 0, 5500, 3000)], crs=4549)
    result = propose_units(district, cell_m=500, alternatives=False)
    (gap,) = result.report.parts["gap"]
    page = result.maps()["units"].get_root().render()
    assert re.search(rf"至多低 {np.ceil(1000 * gap) / 10:.1f}\s%", page)
    assert result.account()["plan"]["gaps"] == [["甲", len(result.units), pytest.approx(gap)]]
