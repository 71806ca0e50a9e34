"""What a search begins with, and how it measures what is out of bounds."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
from shapely import box

from jxgis.units import _divide, search
from jxgis.units._divide import divide
from jxgis.units._graph import block_graph
from jxgis.units._kernels import unit_costs
from jxgis.units._objective import build_objective, piece_of
from jxgis.units._piece import Piece
from jxgis.units.optimum import enumerate_units
from jxgis.units.search import judge, seed_piece


def row(loads, low, high):
    """Blocks in a row; loads of each, the area first."""
    load = np.array(loads, dtype=np.float64)
    n = len(load)
    ends = sorted([(i, i + 1) for i in range(n - 1)] + [(i + 1, i) for i in range(n - 1)])
    ones = np.ones(len(ends))
    return Piece(
        start=np.searchsorted([a for a, _ in ends], np.arange(n + 1)).astype(np.int64),
        other=np.array([b for _, b in ends], dtype=np.int64), shared=ones, cut=ones, link=ones > 0, area=load[:, 0].copy(),
        perimeter=4 * np.ones(n), mass=np.zeros((n, 0)), square=np.zeros(n), spread_weight=0.0, shape_weight=1.0,
        load=load, low=np.array(low, dtype=np.float64), high=np.array(high, dtype=np.float64),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("low", "high", "people", "excess"),
    [
        (1, 30_000, 33_000, 0.11),  # a tenth of the upper bound, not three thousand lower ones
        (0, 30_000, 33_000, 0.11),
        (20_000, 30_000, 33_000, 0.16),
        (20_000, 30_000, 18_000, 0.11),
        (5, np.inf, 4, 0.21),
    ],
)
def test_what_is_out_of_bounds_is_measured_by_a_bound_that_means_something(low, high, people, excess):
    piece = row([[1.0, people]], [1, low], [2, high])
    assert unit_costs(piece, np.array([0]), 1)[1].tolist() == pytest.approx([excess])


def test_the_last_seed_that_was_grown_counts(monkeypatch):
    """Every seed but the last is uneven and no rescue helps: the last one is a plan."""
    piece = row([[1.0]] * 6, [3], [3])
    uneven, even = np.array([0] * 5 + [1]), np.array([0] * 3 + [1] * 3)
    grown = iter([uneven] * 8 + [even])
    monkeypatch.setattr(search, "grow_seed", lambda *_: next(grown).copy())
    monkeypatch.setattr(search, "anneal", lambda *_: np.inf)
    found, seeds = seed_piece(piece, 2, seed=(0,))
    assert seeds == 9
    assert found.excess == 0
    assert found.label.tolist() == even.tolist()


def test_a_plan_that_is_known_is_begun_with_where_no_seed_is_within_the_bounds(monkeypatch):
    piece = row([[1.0]] * 6, [3], [3])
    monkeypatch.setattr(_divide, "seed_piece", lambda *_, **__: (judge(piece, np.array([0] * 5 + [1]), 2), 1))
    monkeypatch.setattr(_divide, "enumerate_units", lambda *_, **__: None)
    asked = {"reason": None, "fixed": False, "seed": (0,), "iterations": 250, "starts": 1}
    known = judge(piece, np.array([0] * 3 + [1] * 3), 2)
    assert divide(piece, 2, (2, 2), **asked).reason == "not_found"
    found = divide(piece, 2, (2, 2), **asked, known=known)
    assert found.reason is None
    assert found.found.excess == 0


def test_a_part_of_more_than_a_hundred_thousand_possible_units_is_proven():
    """Seven squares of one value in each of five rows: the rows are the best units, and no squares within are fewer than 0."""
    cells = [box(x * 1000, y * 1000, x * 1000 + 1000, y * 1000 + 1000) for y in range(5) for x in range(7)]
    rows = np.repeat(np.arange(5), 7)
    table = gpd.GeoDataFrame({"block_id": [str(at) for at in range(35)], "district": "甲"}, geometry=cells, crs=4549)
    none = np.empty(0, dtype=np.int64)
    objective = build_objective(
        block_graph(table), rows[:, None].astype(float), compactness=0, border_credit=0, apart=none
    )
    piece = piece_of(objective, np.arange(35), np.arange(35), np.array([4e6]), np.array([10e6]))
    assert len(enumerate_units(piece).members) > 100_000
    found = divide(piece, 5, (5, 5), reason=None, fixed=True, seed=(0,), iterations=500, starts=1).found
    assert found.cost == pytest.approx(0, abs=1e-9)
    assert found.bound == found.cost
    assert [len(set(found.label[rows == row])) for row in range(5)] == [1] * 5
