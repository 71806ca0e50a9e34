"""Connected parts against networkx, unions against one union of all."""

from __future__ import annotations

import networkx as nx
import numpy as np
import shapely

from jxgis.space.parts import connected, union_of_linked


def test_connected_parts_equal_networkx() -> None:
    rng = np.random.default_rng(0)
    u, v = rng.integers(0, 50, (2, 35))
    whole: nx.Graph = nx.Graph(zip(u.tolist(), v.tolist(), strict=True))
    whole.add_nodes_from(range(50))
    parts = connected(50, u, v)
    assert {frozenset(np.flatnonzero(parts == p).tolist()) for p in range(parts.max() + 1)} == {
        frozenset(c) for c in nx.connected_components(whole)
    }
    # Numbered by where a part first appears, whatever the order of the pairs.
    assert np.diff(np.unique(parts, return_index=True)[1]).min() > 0
    order = rng.permutation(35)
    assert connected(50, v[order], u[order]).tolist() == parts.tolist()


def test_nothing_hangs_together_without_things_or_links() -> None:
    none = np.zeros(0, dtype=np.int64)
    assert connected(0, none, none).tolist() == []
    assert connected(3, none, none).tolist() == [0, 1, 2]


def test_unions_of_the_linked_cover_what_one_union_covers() -> None:
    x, y = np.random.default_rng(3).uniform(0, 30, (2, 60))
    squares = shapely.box(x, y, x + 2, y + 2)
    left, right = shapely.STRtree(squares).query(squares, predicate="intersects")
    merged, group = union_of_linked(squares, left, right)
    assert shapely.area(shapely.symmetric_difference(shapely.union_all(merged), shapely.union_all(squares))) < 1e-9
    assert shapely.covers(shapely.buffer(merged[group], 1e-9), squares).all()
    assert len(merged) == len(shapely.get_parts(shapely.union_all(squares)))
