"""The proof that a block can be in no unit, against all connected sets there are."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
from shapely import box

from jxgis.units._piece import Piece
from jxgis.units._reach import is_hopeless
from jxgis.units.delineate import delineate_units
from jxgis.units.optimum import enumerate_units

CRS = 4549


def board(side, load, low, high, link):
    """Squares with loads; some borders are not to be crossed."""
    n = side**2
    pairs = [(i, i + 1) for i in range(n) if (i + 1) % side] + [(i, i + side) for i in range(n - side)]
    open_ = dict(zip(pairs, link(len(pairs)), strict=True))
    ends = sorted(pairs + [(b, a) for a, b in pairs])
    ones = np.ones(len(ends))
    return Piece(
        start=np.searchsorted([a for a, _ in ends], np.arange(n + 1)).astype(np.int64),
        other=np.array([b for _, b in ends]), shared=ones, cut=ones,
        link=np.array([open_[min(pair), max(pair)] for pair in ends]), area=load[:, 0].copy(), perimeter=4 * np.ones(n),
        mass=np.zeros((n, 0)), square=np.zeros(n), spread_weight=0.0, shape_weight=1.0, load=load,
        low=np.array(low, dtype=np.float64), high=np.array(high, dtype=np.float64),
    )  # fmt: skip


def test_a_block_is_called_hopeless_only_if_it_is_in_no_connected_set_within_the_bounds():
    called = true = 0
    for seed in range(300):
        rng = np.random.default_rng(seed)
        load = np.column_stack([np.ones(16), rng.integers(0, 10, 16) * (rng.random(16) < 0.6)]).astype(float)
        least = int(rng.integers(0, 14))
        most = least + int(rng.integers(0, 12)) if rng.random() < 0.7 else np.inf
        low, high = [rng.integers(1, 4), least], [rng.integers(4, 6), most]
        piece = board(4, load, low, high, lambda m, rng=rng: rng.random(m) < 0.8)
        covered = np.bitwise_or.reduce(enumerate_units(piece).members, initial=0)
        left_out = int(covered) != (1 << 16) - 1
        called += is_hopeless(piece)
        true += left_out
        assert left_out or not is_hopeless(piece)
    # Of what is so it finds most.
    assert called > 0.7 * true > 0


def test_a_block_far_from_what_units_must_hold_rules_them_out_at_once():
    """Twenty by five squares of 1 km²; people live in the west only: in the east no unit of 5 km² has any."""
    cells = [box(x * 1000, y * 1000, x * 1000 + 1000, y * 1000 + 1000) for x in range(20) for y in range(5)]
    people = np.repeat([100.0] * 4 + [0.0] * 16, 5)
    blocks = gpd.GeoDataFrame({"block_id": range(100), "people": people}, geometry=cells, crs=CRS)
    district = gpd.GeoDataFrame({"name": ["甲"]}, geometry=[box(0, 0, 20000, 5000)], crs=CRS)
    plan = delineate_units(blocks, district, bounds={"people": {"min": 50}})
    part = plan.report.parts.iloc[0]
    assert part["reason"] == "no_partition"
    assert part["seeds_tried"] <= 3 * 9
    assert set(plan.units.loc[~plan.units["in_bounds"], "reason"]) == {"no_partition"}


def test_the_area_alone_is_named_where_it_alone_rules_units_out():
    """5.5 km² in units of 3 to 5 are none, whatever people there are."""
    cells = [box(x * 1000, 0, x * 1000 + 1000, 1100) for x in range(5)]
    blocks = gpd.GeoDataFrame({"block_id": range(5), "people": 10.0}, geometry=cells, crs=CRS)
    district = gpd.GeoDataFrame({"name": ["甲"]}, geometry=[box(0, 0, 5000, 1100)], crs=CRS)
    for bounds in ({}, {"people": {"min": 1}}):
        plan = delineate_units(blocks, district, min_km2=3, bounds=bounds)
        assert set(plan.units["reason"]) == {"area_indivisible"}
