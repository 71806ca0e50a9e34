"""Lower bounds where likeness counts, against every plan there is."""

from __future__ import annotations

import functools
import itertools
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely import box

from jxgis.units._frontier import _narrow_order, restricted, sweep_of
from jxgis.units._kernels import unit_costs
from jxgis.units._piece import Piece
from jxgis.units.analysis import propose_units
from jxgis.units.delineate import delineate_units
from jxgis.units.likeness_bound import bound_likeness
from jxgis.units.search import Solution


def board(rng, rows, columns, *, kinds, whole, people=False, apart=0.0, zone=False):
    """A lattice of cells that hold 1 to 3 each, with attributes, shapes and borders that count; bounds that are met exactly."""
    n = rows * columns
    node = np.arange(n).reshape(rows, columns)
    pairs = [*zip(node[:, :-1].ravel(), node[:, 1:].ravel(), strict=True)]
    pairs += [*zip(node[:-1].ravel(), node[1:].ravel(), strict=True)]
    one, two = np.array(pairs).T
    source, target = np.concatenate([one, two]), np.concatenate([two, one])
    order = np.lexsort((target, source))
    link = rng.random(len(pairs)) >= apart
    cut = np.where(link, rng.uniform(0.0, 0.2, len(pairs)), -5.0)
    area = rng.integers(1, 4, n).astype(np.float64) if whole else rng.uniform(0.5, 3.0, n)
    value = rng.integers(-2, 3, (n, kinds)).astype(np.float64) if whole else rng.normal(size=(n, kinds))
    load = area[:, None]
    low, high = [4.0], [8.0]
    if people:
        load = np.column_stack([area, rng.integers(0, 3, n)])
        low, high = [*low, 1.0], [*high, 7.0]
    return Piece(
        start=np.concatenate([[0], np.cumsum(np.bincount(source, minlength=n))]).astype(np.int64),
        other=target[order].astype(np.int64),
        shared=np.ones(len(order)),
        cut=np.tile(cut, 2)[order],
        link=np.tile(link, 2)[order],
        area=area,
        perimeter=np.full(n, 4.0),
        load=load,
        mass=area[:, None] * value,
        square=area * (value**2).sum(axis=1),
        spread_weight=rng.choice([0.0, 0.3, 1.0]) if kinds else 0.0,
        shape_weight=rng.choice([0.0, 0.02]) if kinds else 0.02,
        low=np.array(low),
        high=np.array(high),
        zones=node.ravel()[:, None] < columns if zone else np.zeros((n, 0), dtype=np.bool_),
        zone_most=np.array([1] if zone else [], dtype=np.int64),
    )


def cheapest_plans(piece):
    """The cheapest plan of each number of units, from all connected sets within the bounds, by looking at all subsets."""
    n = len(piece.area)
    near = [{int(piece.other[h]) for h in range(piece.start[i], piece.start[i + 1]) if piece.link[h]} for i in range(n)]
    units = {}
    for size in range(1, n + 1):
        for nodes in itertools.combinations(range(n), size):
            load = piece.load[list(nodes)].sum(axis=0)
            if (load < piece.low).any() or (load > piece.high).any():
                continue
            met, new = {nodes[0]}, {nodes[0]}
            while new:
                new = set().union(*(near[i] for i in new)) & {*nodes} - met
                met |= new
            if len(met) == size:
                label = np.isin(np.arange(n), nodes).astype(np.int64)
                units.setdefault(nodes[0], []).append((nodes, unit_costs(piece, label, 2)[0][1]))

    @functools.cache
    def plans(left, splits):
        if not left:
            return {0: (0.0, ())}
        found = {}
        for nodes, cost in units.get(min(left), []):
            own = frozenset(nodes)
            more = splits + (piece.zones[list(nodes)].any(axis=0).astype(int).sum() if len(piece.zone_most) else 0)
            if own <= left and (not len(piece.zone_most) or more <= piece.zone_most[0]):
                for k, (rest, chosen) in plans(left - own, more).items():
                    if k + 1 not in found or rest + cost < found[k + 1][0]:
                        found[k + 1] = rest + cost, (nodes, *chosen)
        return found

    return plans(frozenset(range(n)), 0)


@pytest.mark.parametrize("kinds", [pytest.param(0, marks=pytest.mark.slow), 1, pytest.param(3, marks=pytest.mark.slow)])
@pytest.mark.parametrize("rule", ["none", "whole", "people", "apart", "zone"])
def test_no_plan_costs_less_than_the_bound(rule, kinds):
    shares = []
    for seed in range(12):
        rng = np.random.default_rng([seed, kinds])
        piece = board(
            rng, 3, 4, kinds=kinds, whole=rule != "none", people=rule == "people",
            apart=0.15 if rule == "apart" else 0.0, zone=rule == "zone",
        )  # fmt: skip
        for k, (cost, chosen) in cheapest_plans(piece).items():
            if k < 2:
                continue
            label = np.empty(12, dtype=np.int64)
            for unit, nodes in enumerate(chosen):
                label[list(nodes)] = unit
            best = Solution(label, k, cost, 0.0)
            bound = bound_likeness(piece, best, [], iterations=10)
            assert not bound > cost
            # Of people and zones the bound knows nothing: plans that hold them may cost far more.
            if rule in ("none", "whole"):
                shares.append(np.nan_to_num(bound) / cost)
            # What a worse plan is bounded by holds for the best one too.
            worse = Solution(label, k, cost + 1.0, 0.0)
            assert not bound_likeness(piece, worse, [], iterations=10) > cost + 1e-9
    assert not shares or np.median(shares) > 0.8


def test_the_same_piece_has_the_same_bound():
    piece = board(np.random.default_rng(3), 3, 4, kinds=2, whole=False)
    k, (cost, chosen) = max(cheapest_plans(piece).items())
    label = np.empty(12, dtype=np.int64)
    for unit, nodes in enumerate(chosen):
        label[list(nodes)] = unit
    first, second = (bound_likeness(piece, Solution(label, k, cost, 0.0), [], iterations=10) for _ in range(2))
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


def test_a_part_of_eighty_blocks_has_a_gap_and_the_same_plan_without():
    n = 80
    cells = [box(x * 500, y * 500, x * 500 + 500, y * 500 + 500) for y in range(8) for x in range(10)]
    blocks = gpd.GeoDataFrame({"block_id": range(n), "value": np.arange(n) // 10 // 4}, geometry=cells, crs=4549)
    districts = gpd.GeoDataFrame({"name": ["甲"]}, geometry=[box(0, 0, 5000, 4000)], crs=4549)
    asked = {"attributes": ("value",), "iterations": 40, "mend_shapes": False}
    plan = delineate_units(blocks, districts, prove=True, **asked)
    quick = delineate_units(blocks, districts, **asked)
    assert 0 <= plan.report.parts["gap"][0] < 0.5
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
    assert propose_units(district, **asked).notes() == []
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
    for k, (cost, chosen) in cheapest_plans(piece).items():
        label = np.empty(10, dtype=np.int64)
        for unit, nodes in enumerate(chosen):
            label[list(nodes)] = unit
        assert not bound_likeness(piece, Solution(label, k, cost + 1.0, 0.0), [], iterations=1) > cost + 1e-6
        assert not bound_likeness(piece, Solution(label, k, cost, 0.0), [], iterations=1) > cost


def test_of_forty_parts_that_are_proven_the_best_five_are_named():
    district = gpd.GeoDataFrame({"name": ["甲"]}, geometry=[box(0, 0, 5500, 3000)], crs=4549)
    one = propose_units(district, prove=True, cell_m=1000, alternatives=False)
    parts = pd.concat([one.report.parts] * 40, ignore_index=True).assign(district=[f"Z{k:02d}" for k in range(40)])
    many = replace(one, report=replace(one.report, parts=parts))
    (said,) = many.notes()
    assert said.zh.count("已证明最优") == said.en.count("(proven the best)") == 5
    assert "等 40 处" in said.zh
    assert "and 35 more" in said.en
