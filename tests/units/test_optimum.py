"""Proofs against every contiguous partition there is, on small cases where bounds are met exactly."""

from __future__ import annotations

from itertools import pairwise

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from jxgis.units.delineate import delineate_units

CRS = 4549
#: The rule of the house, written down once more: a bound is met within a millionth of itself.
SLACK = 1e-6


def partitions(near):
    """Every partition of a graph into connected parts, as lists of bit sets: by the part of the lowest free block."""
    n = len(near)

    def grown(root, free):
        """Connected sets with ``root`` in ``free``, each once."""
        stack = [(1 << root, near[root] & free & ~(1 << root), free & ~(1 << root))]
        while stack:
            taken, rim, left = stack.pop()
            if not rim:
                yield taken
                continue
            bit = rim & -rim
            stack.append((taken, rim & ~bit, left & ~bit))
            inside = taken | bit
            kept = left & ~bit
            stack.append((inside, (rim | near[bit.bit_length() - 1] & kept) & ~bit & kept, kept))

    def cover(free):
        if not free:
            yield []
            return
        root = (free & -free).bit_length() - 1
        for part in grown(root, free):
            for rest in cover(free & ~part):
                yield [part, *rest]

    return cover((1 << n) - 1)


def strips(rng, exact):
    """Rows of rectangles, neighbours known from their numbers alone; whole areas in km² where bounds are to be met."""
    rows = int(rng.integers(1, 4))
    cells, span = [], []
    if rows == 1:
        widths = rng.integers(1, 4, rng.integers(4, 9)) if exact else rng.uniform(0.5, 3, rng.integers(4, 9))
        layout = [np.cumsum([0, *widths])]
    else:
        columns = int(rng.integers(2, 4))
        edge = np.cumsum([0, *(rng.integers(1, 3, columns) if exact else rng.uniform(0.5, 2, columns))])
        layout = [edge] * rows
    for y, edge in enumerate(layout):
        for west, east in pairwise(edge):
            cells.append(shapely.box(west * 1000, y * 1000, east * 1000, y * 1000 + 1000))
            span.append((y, west, east))
    near = [0] * len(cells)
    for i, (y, west, east) in enumerate(span):
        for j, (other, start, end) in enumerate(span):
            beside = y == other and (east == start or west == end)
            above = abs(y - other) == 1 and min(east, end) - max(west, start) > 0
            if beside or above:
                near[i] |= 1 << j
    return cells, near


def truth(cells, near, values, low, high, k, compactness):
    """Least cost over all partitions into k units within the bounds (any k where None), and the k that are possible."""
    area = shapely.area(cells) / 1e6
    least, most = low * (1 - SLACK), high * (1 + SLACK)
    squares = float((area * (values - np.average(values, weights=area)) ** 2).sum())
    price = {}

    def cost(part):
        if part not in price:
            rows = [i for i in range(len(cells)) if part >> i & 1]
            ground, mine = area[rows], values[rows]
            if not least <= ground.sum() <= most:
                price[part] = None
            else:
                within = float((ground * (mine - np.average(mine, weights=ground)) ** 2).sum())
                shape = shapely.union_all([cells[i] for i in rows])
                round_ = shape.length**2 / (4 * np.pi * shape.area) * ground.sum() / area.sum()
                price[part] = (within / squares if squares > 0 else 0.0) + compactness * round_
        return price[part]

    best, counts = np.inf, set()
    for parts in partitions(near):
        costs = [cost(part) for part in parts]
        if None in costs:
            continue
        counts.add(len(parts))
        if k is None or len(parts) == k:
            best = min(best, sum(costs))
    return best, counts


def turned(cells, degrees):
    """The same cells turned about a far point: their areas are off by the rounding of the coordinates."""
    from shapely import affinity

    return [affinity.rotate(cell, degrees, origin=(-40_000.0, 90_000.0)) for cell in cells]


def layers(cells, values):
    blocks = gpd.GeoDataFrame(
        {"block_id": [f"b{i:02d}" for i in range(len(cells))], "a": values}, geometry=cells, crs=CRS
    )
    outline = shapely.union_all(cells, grid_size=1e-4)
    return blocks, gpd.GeoDataFrame({"name": ["D"]}, geometry=[outline], crs=CRS)


def test_partitions_are_counted_as_bell_numbers():
    # The complete graph on n nodes has as many connected partitions as a set of n has partitions; a path has 2^(n-1).
    complete = [sum(1 << j for j in range(5) if j != i) for i in range(5)]
    assert sum(1 for _ in partitions(complete)) == 52
    path = [(1 << i + 1 | (1 << i >> 1)) & 63 for i in range(6)]
    assert sum(1 for _ in partitions(path)) == 32


def test_a_unit_exactly_on_the_lower_bound_is_the_optimum():
    cells = [shapely.box(x * 1000, 0, x * 1000 + 1000, 1000) for x in range(7)]
    blocks, districts = layers(cells, [9.0, 9, 0, 0, 0, 0, 0])
    plan = delineate_units(blocks, districts, attributes=["a"], compactness=0, border_credit=0)
    assert sorted(plan.units["area_km2"]) == [2.0, 5.0]
    part = plan.report.parts.iloc[0]
    assert part["cost"] == pytest.approx(0, abs=1e-12)
    assert part["gap"] == 0


@pytest.mark.slow
@pytest.mark.parametrize("exact", [True, False], ids=["on the bounds", "anywhere"])
@pytest.mark.parametrize("batch", range(13))
def test_what_is_proven_holds_over_every_partition(batch, exact):
    """20 cases a batch, 520 in all: the same verdict, the same cost where the optimum is claimed."""
    told = []
    for case in range(20):
        rng = np.random.default_rng([batch, case, exact])
        cells, near = strips(rng, exact)
        values = rng.integers(0, 4, len(cells)).astype(float) if exact else rng.normal(size=len(cells))
        total = float(shapely.area(cells).sum() / 1e6)
        low = float(rng.integers(1, 4)) if exact else float(rng.uniform(0.8, 2.5))
        high = low + float(rng.integers(1, 4)) if exact else low * float(rng.uniform(1.05, 2.5))
        dial = 0.0 if case % 3 == 0 else 0.05
        if case % 4 == 1:
            cells = turned(cells, 17.3)
        blocks, districts = layers(cells, values)
        target = min(max(total / max(1, round(2 * total / (low + high))), low), high)
        plan = delineate_units(
            blocks,
            districts,
            attributes=["a"],
            min_km2=low,
            max_km2=high,
            target_km2=target,
            compactness=dial,
            border_credit=0,
            iterations=50,
            starts=1,
        )
        areas = shapely.area(cells) / 1e6
        if areas.max() > high * (1 + SLACK) or total < low * (1 - SLACK):
            assert not plan.units["in_bounds"].all()
            continue
        part = plan.report.parts.iloc[0]
        # The optimum is claimed for the dial that was used there.
        best, counts = truth(cells, near, values, low, high, part["units"], dial * part["rounder"])
        told.append(bool(counts))
        if not counts:
            assert part["reason"] in ("area_indivisible", "no_partition")
            continue
        assert pd.isna(part["reason"])
        assert plan.units["in_bounds"].all()
        assert part["gap"] == 0, "small parts are solved to the proven optimum"
        assert part["cost"] == pytest.approx(best, rel=1e-7, abs=1e-9)
        # No number of units nearer to the target was possible.
        wanted = total / target
        assert abs(part["units"] - wanted) <= min(abs(count - wanted) for count in counts) + 0.5 + 1e-9
    assert any(told)
