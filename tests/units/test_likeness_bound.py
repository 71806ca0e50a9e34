"""Lower bounds where likeness counts, against every plan there is."""

from __future__ import annotations

import itertools
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely import box
from unit_boards import board, cheapest_plans, solution

from jxgis.progress import listening
from jxgis.units._frontier import _narrow_order, restricted, sweep_of
from jxgis.units._kernels import unit_costs
from jxgis.units.analysis import propose_units
from jxgis.units.delineate import delineate_units
from jxgis.units.likeness_bound import bound_likeness
from jxgis.units.search import Solution


@pytest.mark.parametrize(
    ("kinds", "boards"), [(1, 2), *(pytest.param(kinds, 12, marks=pytest.mark.slow) for kinds in (0, 1, 3))]
)
@pytest.mark.parametrize("rule", ["none", "whole", "people", "apart", "zone"])
def test_no_plan_costs_less_than_the_bound(rule, kinds, boards):
    shares = []
    for seed in range(boards):
        rng = np.random.default_rng([seed, kinds])
        piece = board(
            rng, 3, 4, kinds=kinds, whole=rule != "none", people=rule == "people",
            apart=0.15 if rule == "apart" else 0.0, zone=rule == "zone",
        )  # fmt: skip
        for k, (cost, chosen) in cheapest_plans(piece).items():
            if k < 2:
                continue
            best = solution(piece, cost, chosen)
            bound = bound_likeness(piece, best, [], iterations=10)
            assert not bound > cost
            # Of people and zones the bound knows nothing: plans that hold them may cost far more.
            if rule in ("none", "whole"):
                shares.append(np.nan_to_num(bound) / cost)
            # What a worse plan is bounded by holds for the best one too.
            worse = replace(best, cost=cost + 1.0)
            assert not bound_likeness(piece, worse, [], iterations=10) > cost + 1e-9
    assert not shares or np.median(shares) > 0.8


def test_the_same_piece_has_the_same_bound():
    piece = board(np.random.default_rng(3), 3, 4, kinds=2, whole=False)
    best = solution(piece, *max(cheapest_plans(piece).items())[1])
    first, second = (bound_likeness(piece, best, [], iterations=10) for _ in range(2))
    assert first == second


def sets_of(sweep, n):
    """All sets that a sweep leads to, by walking every way through it."""
    found = []
    ways = [(sweep.last, n, frozenset())]
    while ways:
        state, t, members = ways.pop()
        if t == 0:
            found.append(members)
            continue
        for e in range(sweep.into[state], sweep.into[state + 1]):
            node = {int(sweep.order[t - 1])} if sweep.inside[e] else set()
            ways.append((int(sweep.source[e]), t - 1, members | node))
    return found


def test_a_restricted_sweep_leads_to_the_sets_of_its_root_and_to_no_others():
    for seed in range(20):
        rng = np.random.default_rng(seed)
        piece = board(rng, 3, 3, kinds=1, whole=False)
        sweep = sweep_of(piece, most=10_000)
        every = [members for members in sets_of(sweep, 9) if piece.area[list(members)].sum() <= piece.high[0]]
        allowed = rng.random(9) < 0.8
        root = int(rng.integers(-1, 9))
        own = restricted(sweep, piece.area, allowed, root, float(piece.high[0]))
        wanted = [
            members for members in every if (root < 0 or root in members) and allowed[list(members)].all()
        ]  # fmt: skip
        met = [] if own is None else sets_of(own, 9)
        assert len(met) == len({*met})
        assert {*wanted} == {members for members in met if piece.area[list(members)].sum() <= piece.high[0]}


def test_a_sweep_that_does_not_ask_for_connected_sets_leads_to_all_of_them_once_in_fewer_states():
    fewer = 0
    for seed in range(20):
        piece = board(np.random.default_rng(seed), 3, 4, kinds=1, whole=False, apart=0.2)
        every, loose = (sweep_of(piece, most=10_000, connected=asked) for asked in (True, False))
        met = sets_of(loose, 12)
        assert len(met) == len({*met})
        assert {*sets_of(every, 12)} <= {*met}
        fewer += loose.layer[-1] < every.layer[-1]
    assert fewer == 20


def test_no_order_of_a_few_nodes_has_a_narrower_frontier():
    for seed in range(8):
        rng = np.random.default_rng(seed)
        pairs = {(i, i + 1) for i in range(6)} | {
            tuple(sorted(rng.choice(7, 2, replace=False).tolist())) for _ in range(5)
        }
        near = [{b if a == i else a for a, b in pairs if i in (a, b)} for i in range(7)]

        def width(order, near=near):
            taken = [{*order[: at + 1]} for at in range(7)]
            return sum(1 << sum(bool(near[node] - met) for node in met) for met in taken)

        order = _narrow_order(near, 1_000_000)
        assert sorted(order) == [*range(7)]
        least = min(map(width, itertools.permutations(range(7))))
        assert width(order) == least
        assert _narrow_order(near, least) is None


@pytest.mark.slow
def test_a_part_of_eighty_blocks_has_a_gap_and_the_same_plan_without():
    n = 80
    cells = [box(x * 500, y * 500, x * 500 + 500, y * 500 + 500) for y in range(8) for x in range(10)]
    blocks = gpd.GeoDataFrame({"block_id": range(n), "value": np.arange(n) // 10 // 4}, geometry=cells, crs=4549)
    districts = gpd.GeoDataFrame({"name": ["甲"]}, geometry=[box(0, 0, 5000, 4000)], crs=4549)
    asked = {"attributes": ("value",), "iterations": 40, "mend_shapes": False}
    told = []
    with listening(lambda what, share: told.append((what.en, share))):
        plan = delineate_units(blocks, districts, prove=True, **asked)
    # A part that takes long says how far it is.
    shares = [share for what, share in told if what == "Bounding the best plan"]
    assert len(set(shares)) > 2
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    quick = delineate_units(blocks, districts, **asked)
    assert 0 <= plan.report.parts["gap"][0] < 0.5
    assert len(quick.unproven) == 1
    assert not plan.unproven
    assert np.isnan(quick.report.parts["gap"][0])
    assert (plan.blocks["unit_id"] == quick.blocks["unit_id"]).all()


def test_the_page_says_how_far_a_plan_is_behind_at_most():
    district = gpd.GeoDataFrame({"name": ["甲"]}, geometry=[box(0, 0, 5500, 3000)], crs=4549)
    asked = {"cell_m": 500, "alternatives": False}
    result = propose_units(district, prove=True, **asked)
    gap = float(result.report.parts["gap"][0])
    assert 0 < gap < 0.2
    # Rounded up: a bound is not bettered by being written down.
    (said,) = [note.zh for note in result.notes()]
    shown = float(said.split("至多低：甲 ")[1].split(" %")[0])
    assert 0 <= shown - 100 * gap < 0.1 + 1e-9
    quick = propose_units(district, **asked)
    wider = float(quick.report.parts["gap"][0])
    assert gap < wider < 0.7
    bound, tighter = (note.zh for note in quick.notes())
    assert bound.endswith(f"至多低：甲 {np.ceil(1000 * wider) / 10:.1f} %。")
    assert "上限" in tighter
    small = propose_units(district, **asked | {"cell_m": 1000})
    (proven,) = [note.en for note in small.notes()]
    assert proven.endswith("is lower by at most: 甲 0 (proven the best).")


@pytest.mark.parametrize("noise", [0.0, 1e-8])
def test_a_plan_that_costs_no_more_than_rounding_has_no_bound_above_it(noise):
    """Two halves alike but for their last digits: in shares of what they cost, all other sets cost more than numbers tell apart."""
    rng = np.random.default_rng(1)
    piece = board(rng, 4, 6, kinds=1, whole=False)
    half = np.arange(24) % 6 // 3
    value = np.where(half == 0, 0.1, 0.7) + noise * rng.normal(size=24)
    piece = piece._replace(
        cut=0.0 * piece.cut, mass=(piece.area * value)[:, None], square=piece.area * value**2, spread_weight=1.0,
        shape_weight=0.0, low=np.array([1.0]), high=piece.load.sum(axis=0),
    )  # fmt: skip
    cost = float(unit_costs(piece, half, 2)[0].sum())
    assert not bound_likeness(piece, Solution(half, 2, cost, 0.0), [], iterations=1) > cost


def test_a_bound_holds_where_a_block_is_next_to_nothing():
    """One of 1e-9 of the others' ground, in a plan that costs little more than the borders that it keeps."""
    rng = np.random.default_rng(5)
    piece = board(rng, 2, 5, kinds=1, whole=False)
    area = np.where(np.arange(10) == 8, 1e-9, piece.area)
    value = piece.mass[:, 0] / piece.area
    piece = piece._replace(
        area=area, load=area[:, None], mass=(area * value)[:, None], square=area * value**2, spread_weight=0.3,
        shape_weight=0.0, cut=0.0 * piece.cut, low=np.array([1e-12]), high=np.array([7.0]),
    )  # fmt: skip
    for cost, chosen in cheapest_plans(piece).values():
        assert not bound_likeness(piece, solution(piece, cost + 1.0, chosen), [], iterations=1) > cost + 1e-6
        assert not bound_likeness(piece, solution(piece, cost, chosen), [], iterations=1) > cost


def test_of_forty_parts_that_are_proven_the_best_five_are_named():
    district = gpd.GeoDataFrame({"name": ["甲"]}, geometry=[box(0, 0, 5500, 3000)], crs=4549)
    one = propose_units(district, prove=True, cell_m=1000, alternatives=False)
    parts = pd.concat([one.report.parts] * 40, ignore_index=True).assign(district=[f"Z{k:02d}" for k in range(40)])
    many = replace(one, report=replace(one.report, parts=parts))
    (said,) = many.notes()
    assert said.zh.count("已证明最优") == said.en.count("(proven the best)") == 5
    assert "等 40 处" in said.zh
    assert "and 35 more" in said.en
