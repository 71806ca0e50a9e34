"""What stands in which zones, block by block, against every pair one by one."""

import geopandas as gpd
import numpy as np
import pytest
import shapely

from jxgis.indicators.standing import kinds, standing


def layer(shapes):
    return gpd.GeoDataFrame(geometry=list(shapes), crs=4549)


def by_pairs(zones, at):
    """Which thing is in which zone: one call for each."""
    return np.array([[zone is not None and shapely.intersects(zone, point) for point in at] for zone in zones.geometry])


def some_zones(rng):
    """Zones that overlap: ragged ones, one with a hole, one of two parts, one along the lattice, an empty and no shape."""
    ragged = [shapely.Point(*rng.uniform(0, 100, 2)).buffer(rng.uniform(5, 40), quad_segs=3) for _ in range(12)]
    hole = shapely.box(10, 10, 90, 90) - shapely.box(30, 30, 70, 70)
    two = shapely.MultiPolygon([shapely.box(0, 0, 20, 20), shapely.box(60, 60, 95, 99)])
    return layer([*ragged, hole, two, shapely.box(20, 20, 60, 60), shapely.Polygon(), None])


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("n", [0, 1, 31, 33, 900, 3000])
def test_sums_are_those_of_the_pairs_one_by_one(seed, n):
    """Points of a lattice, many of them on borders and on one another, and things without a place."""
    rng = np.random.default_rng([seed, n])
    zones = some_zones(rng)
    at = shapely.points(np.round(rng.uniform(0, 100, (n, 2)) / 5) * 5 if seed % 2 else rng.uniform(0, 100, (n, 2)))
    at = np.array(at, dtype=object, ndmin=1)
    at[rng.random(n) < 0.05] = None
    there, found = by_pairs(zones, at), standing(zones, layer(at))
    there = there.reshape(len(zones), n).astype(bool)
    value = rng.integers(-9, 99, n).astype(float)
    assert found.counts().tolist() == there.sum(axis=1).tolist()
    assert found.sums(value).tolist() == (there @ value).tolist()
    some, code = rng.random(n) < 0.4, rng.integers(-1, 4, n)
    assert found.of(some).sums(value[some]).tolist() == (there[:, some] @ value[some]).tolist()
    table = found.sums(kinds(code, 4)).toarray()
    assert table.tolist() == [[int((row & (code == k)).sum()) for k in range(4)] for row in there]


def test_things_all_in_one_place_or_in_a_row():
    zones = layer([shapely.box(0, 0, 10, 10), shapely.box(10, 0, 20, 10)])
    heap = layer([shapely.Point(10, 5)] * 100)
    row = layer([shapely.Point(k / 10, 10) for k in range(301)])
    assert standing(zones, heap).counts().tolist() == [100, 100]
    assert standing(zones, row).counts().tolist() == [101, 101]
