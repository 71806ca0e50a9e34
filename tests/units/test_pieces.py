"""Parts of districts by hand."""

from __future__ import annotations

import numpy as np

from jxgis.units._graph import Adjacency
from jxgis.units._objective import build_objective
from jxgis.units._pieces import Limits, _count_distinct, cut_into_parts


def row_of(area_km2, links, district):
    n, m = len(area_km2), len(links)
    graph = Adjacency(
        area_m2=np.array(area_km2) * 1e6,
        perimeter_m=np.full(n, 4000.0),
        u=np.array([a for a, _ in links]),
        v=np.array([b for _, b in links]),
        shared_m=np.full(m, 1000.0),
        barrier_share=np.zeros(m),
        district=np.array(district),
        district_names=("D", "E"),
    )
    none = np.empty(0, dtype=np.int64)
    return build_objective(graph, np.zeros((n, 0)), compactness=1.0, border_credit=0.0, apart=none)


def test_parts_are_what_hangs_together_without_blocks_above_the_maximum():
    # 0 - 1 | 2 (too large) - 3 in one district, 4 and 5 apart in the other.
    objective = row_of([1.0, 1.0, 9.0, 3.0, 3.0, 2.0], [(0, 1), (1, 2), (2, 3)], [0, 0, 0, 0, 1, 1])
    limits = Limits(low=2e6, high=5e6, target=3e6)
    load = objective.graph.area_m2[:, None]
    parts = cut_into_parts(objective, load, np.arange(6), limits)
    assert [(part.district, part.nodes.tolist()) for part in parts] == [
        (0, [0, 1]), (0, [2]), (0, [3]), (1, [4]), (1, [5]),
    ]  # fmt: skip
    # Blocks of one group hold together though no border does.
    parts = cut_into_parts(objective, load, np.array([0, 1, 2, 3, 4, 4]), limits)
    assert [part.nodes.tolist() for part in parts] == [[0, 1], [2], [3], [4, 5]]
    assert [part.area for part in parts] == [2e6, 9e6, 3e6, 5e6]


def test_pieces_of_a_district_are_counted_once():
    assert _count_distinct(np.array([0, 0, 0, 1]), np.array([0, 0, 1, 2])).tolist() == [2, 1]
