"""What moving a border costs, against trying every move of one block and measuring the plan anew."""

from __future__ import annotations

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import pytest
import shapely
from shapely import box

from jxgis.units._moves import moved_nodes
from jxgis.units.delineate import delineate_units

CRS = 4549
SIDE = 500
COMPACTNESS, CREDIT = 0.05, 0.3
WIDE, TIGHT = (1.0, 2.6), (1.3, 2.2)


def city(seed):
    """Two districts of cells, some of them joined, with people and two attributes."""
    rng = np.random.default_rng(seed)
    shapes = {(x, y): box(x * SIDE, y * SIDE, (x + 1) * SIDE, (y + 1) * SIDE) for x in range(9) for y in range(4)}
    for x, y in rng.permutation([(x, y) for x in (0, 2, 4, 7) for y in range(4)])[:5].tolist():
        shapes[x, y] |= shapes.pop((x + 1, y))
    blocks = gpd.GeoDataFrame(
        {"block_id": [f"b{at:02d}" for at in range(len(shapes))]}, geometry=[*shapes.values()], crs=CRS
    )
    blocks["people"] = rng.integers(0, 900, len(blocks)).astype(float)
    blocks["x"], blocks["y"] = rng.gamma(1.0, size=len(blocks)), rng.normal(size=len(blocks))
    blocks["district"] = np.where(blocks.centroid.x < 6 * SIDE, "甲", "乙")
    names = {"甲": box(0, 0, 6 * SIDE, 4 * SIDE), "乙": box(6 * SIDE, 0, 9 * SIDE, 4 * SIDE)}
    districts = gpd.GeoDataFrame({"name": [*names]}, geometry=[*names.values()], crs=CRS)
    return blocks, districts, gpd.GeoSeries([shapely.LineString([(0, 2 * SIDE), (9 * SIDE, 2 * SIDE)])], crs=CRS)


def touching(blocks):
    """Pairs of blocks of one district that share an edge, with its length."""
    shapes, district = blocks.geometry.to_numpy(), blocks["district"].to_numpy()
    lines = {
        (i, j): shapely.intersection(shapes[i], shapes[j])
        for i in range(len(shapes))
        for j in range(i + 1, len(shapes))
        if district[i] == district[j]
    }
    return {pair: line for pair, line in lines.items() if line.length > 1}


def terms_of(blocks, lines, road, apart, unit):
    """The terms of the objective by their definition: likeness, shape, borders (with what crossing kept-apart ones costs)."""
    area, shapes = blocks.area.to_numpy(), blocks.geometry.to_numpy()
    values = blocks[["x", "y"]].to_numpy()
    values = (values - np.average(values, axis=0, weights=area)) / np.sqrt(
        np.average((values - np.average(values, axis=0, weights=area)) ** 2, axis=0, weights=area)
    )

    def squares(rows):
        mean = np.average(values[rows], axis=0, weights=area[rows])
        return float((area[rows][:, None] * (values[rows] - mean) ** 2).sum())

    total = squares(np.arange(len(blocks)))
    likeness = shape = 0.0
    for name in dict.fromkeys(blocks["district"]):
        own = np.flatnonzero(blocks["district"] == name)
        weight = min(1.0, area[own].sum() / area.sum() * total / squares(own))
        likeness += weight * sum(squares(own[unit[own] == one]) for one in set(unit[own])) / total
    for one in set(unit):
        shape += COMPACTNESS * shapely.union_all(shapes[unit == one]).length ** 2 / (4 * np.pi * area.sum())
    free = np.array([line.length * (shapely.intersection(line, road).length == 0) for line in lines.values()])
    cut = np.array([unit[i] != unit[j] for i, j in lines])
    kept = np.array([pair in apart for pair in lines])
    length = np.array([line.length for line in lines.values()])
    border = CREDIT * (free * cut)[~kept].sum() / length.sum()
    if kept.any():
        border += 0.1 * (length * ~cut)[kept].sum() / length[kept].mean()
    return np.array([likeness, shape, border])


def faults_of(blocks, lines, apart, unit, moved, to, asked, km2):
    """All that stands against moving blocks to a unit, as (reason, unit, bound)."""
    own, after = unit[moved[0]], unit.copy()
    after[moved] = to
    found = set()
    for rule in asked:
        found |= rule(unit, after, own, to)
    if (after == own).any():
        network = nx.Graph([pair for pair in lines if pair not in apart])
        network.add_nodes_from(range(len(unit)))
        if not nx.is_connected(network.subgraph(np.flatnonzero(after == own).tolist())):
            found.add(("unit_would_part", own, None))
    else:
        found.add(("unit_is_one_block", own, None))
    for column, low, high in (("area_km2", *km2), ("people", 400, 7000)):
        held = (blocks.area.to_numpy() / 1e6) if column == "area_km2" else blocks["people"].to_numpy()
        if (after == own).any() and held[after == own].sum() < low * (1 - 1e-6):
            found.add(("unit_would_hold_too_little", own, column))
        if held[after == to].sum() > high * (1 + 1e-6):
            found.add(("unit_would_hold_too_much", to, column))
    return found


def assert_moves(plan, road, apart=frozenset(), asked=(), together=(), km2=WIDE):
    """The report's moves against all moves; how many borders can move, and how many cannot."""
    blocks, moves = plan.blocks, plan.report.moves.set_index(["unit_a", "unit_b"])
    unit, ids = blocks["unit_id"].to_numpy(dtype=object), blocks["block_id"].to_numpy()
    lines = touching(blocks)
    before = terms_of(blocks, lines, road, apart, unit)
    assert plan.report.objective == pytest.approx(before.sum(), rel=1e-9)
    order = plan.units["unit_id"].tolist()
    tries, pairs = {}, set()
    for i, j in lines:
        for one, other in ((i, j), (j, i)):
            if unit[one] != unit[other]:
                pair = tuple(sorted((unit[one], unit[other]), key=order.index))
                pairs.add(pair)
                moved = next((group for group in together if one in group), [one])
                if (i, j) not in apart:
                    tries.setdefault(pair, {})[moved[0], unit[other]] = moved
    assert set(moves.index) == pairs
    able = 0
    for pair in pairs:
        row, free, against = moves.loc[pair], {}, set()
        for (first, to), moved in tries.get(pair, {}).items():
            faults = faults_of(blocks, lines, apart, unit, moved, to, asked, km2)
            after = unit.copy()
            after[moved] = to
            if faults:
                against |= faults
            else:
                free[ids[first], to] = terms_of(blocks, lines, road, apart, after) - before
        if free:
            able += 1
            least = min(change.sum() for change in free.values())
            assert row["move_cost"] == pytest.approx(least, abs=1e-10)
            change = free[row["move_block"], row["move_to"]]
            assert row[["move_similarity", "move_shape", "move_border"]].tolist() == pytest.approx(
                change.tolist(), abs=1e-10
            )
            assert pd.isna(row["reason"])
        elif pair in tries:
            assert pd.isna(row["move_cost"])
            assert pd.isna(row["move_block"])
            bound = None if pd.isna(row["stopped_by"]) else row["stopped_by"]
            assert (row["reason"], row["stopped_unit"], bound) in against
        else:
            assert row["reason"] == "border_kept_apart"
    return able, len(pairs) - able


def planned(seed, km2=WIDE, **options):
    blocks, districts, road = city(seed)
    bounds = {"people": {"min": 400, "max": 7000}}
    plan = delineate_units(
        blocks, districts, barriers=road, attributes=("x", "y"), compactness=COMPACTNESS, border_credit=CREDIT, min_km2=km2[0],
        max_km2=km2[1], target_km2=1.8, bounds=bounds, mend_shapes=False, seed=seed, iterations=100, starts=1, **options,
    )  # fmt: skip
    return plan, road.iloc[0]


@pytest.mark.slow
def test_the_cheapest_move_of_each_border_is_that_of_all_moves_tried():
    counts = np.array([assert_moves(*planned(seed, km2), km2=km2) for seed in range(20) for km2 in (WIDE, TIGHT)])
    # Borders of both kinds are there in number.
    assert (counts.sum(axis=0) > 40).all(), counts.sum(axis=0)


@pytest.mark.parametrize("seed", range(6))
def test_blocks_kept_together_move_together_and_no_move_reaches_across_a_border_kept_apart(seed):
    river = gpd.GeoSeries([shapely.LineString([(3 * SIDE, 0), (3 * SIDE, 2 * SIDE)])], crs=CRS)
    area = gpd.GeoDataFrame({"name": ["园区"]}, geometry=[box(0, 0, 2 * SIDE, SIDE)], crs=CRS)
    plan, road = planned(seed, keep_apart=river, keep_together=area)
    lines = touching(plan.blocks)
    apart = {
        pair for pair, line in lines.items() if line.intersection(river.iloc[0].buffer(10)).length > line.length / 2
    }
    blocks = plan.blocks
    within = blocks.intersection(area.geometry.iloc[0]).area > blocks.area / 2
    together = [np.flatnonzero(within).tolist()] if plan.report.together["kept"].all() else []
    assert_moves(plan, road, frozenset(apart), together=together)


@pytest.mark.parametrize("seed", range(6))
def test_what_the_planner_asks_stands_against_moves(seed):
    blocks, districts, _ = city(seed)
    first = delineate_units(
        blocks, districts, min_km2=WIDE[0], max_km2=WIDE[1], target_km2=1.8, iterations=100, starts=1
    )
    towns = gpd.GeoDataFrame(
        {"name": ["东", "西"]}, geometry=[box(0, 0, 1500, 2000), box(1500, 0, 3000, 2000)], crs=CRS
    )
    fixed = first.units[first.units["district"] == "乙"].iloc[:1]
    seeds = gpd.GeoDataFrame(geometry=[shapely.Point(250, 250), shapely.Point(2750, 1750)], crs=CRS)
    plan, road = planned(seed, fixed_units=fixed, unit_seeds=seeds, subdistricts=towns, subdistrict_max_units=3)
    held = plan.report.rules.set_index(["rule", "name"])["held"]
    rows = {name: plan.blocks.sjoin(seeds.iloc[[at]]).index[0] for at, name in enumerate(("1", "2"))}
    town = plan.blocks.centroid.x.to_numpy() // 1500

    def stays(before, after, own, to):
        name = fixed["unit_id"].iloc[0]
        stuck = [one for one in (own, to) if held.get(("fixed_unit", name), False) and one == name]
        return {("unit_is_fixed", one, None) for one in stuck}

    def apart(before, after, own, to):
        both = held["seed", "1"] and held["seed", "2"] and after[rows["1"]] == after[rows["2"]]
        return {("asked_otherwise", to, None)} if both else set()

    def few(before, after, own, to):
        over = [
            at for at, name in enumerate(("东", "西")) if held["subdistrict", name] and len(set(after[town == at])) > 3
        ]
        return {("asked_otherwise", to, None)} if over else set()

    assert_moves(plan, road, asked=(stays, apart, few))


def test_blocks_that_the_plan_parts_move_alone():
    group, alone = np.array([0, 0, 1, 1, 2]), np.array([0, 1, 2, 2, 3])
    assert moved_nodes(group, alone, np.array([0, 0, 0, 0, 1])).tolist() == [0, 0, 1, 1, 2]
    # The first two are in two units; the other two hold together whatever is kept.
    parted = moved_nodes(group, alone, np.array([0, 1, 0, 0, 1])).tolist()
    assert parted[0] != parted[1]
    assert parted[2] == parted[3]
    assert len(set(parted)) == 4


def test_units_of_one_block_and_bounds_are_named():
    """Four squares in a row: three units of one, two and one; the middle one is at its lower bound."""
    cells = [box(x * 1000, 0, x * 1000 + 1000, 1000) for x in range(4)]
    blocks = gpd.GeoDataFrame({"block_id": list("abcd")}, geometry=cells, crs=CRS)
    district = gpd.GeoDataFrame({"name": ["甲"]}, geometry=[box(0, 0, 4000, 1000)], crs=CRS)
    plan = delineate_units(blocks, district, min_km2=2, max_km2=2.5, target_km2=2, n_units={"甲": 2}, iterations=100)
    row = plan.report.moves.iloc[0]
    assert (row["reason"], row["stopped_by"]) == ("unit_would_hold_too_little", "area_km2")
    single = delineate_units(blocks, district, min_km2=1, max_km2=1.5, target_km2=1, iterations=100).report.moves
    assert single["reason"].tolist() == ["unit_is_one_block"] * 3
