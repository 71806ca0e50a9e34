"""The nearest thing against measuring every distance."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from jxgis.space.nearest import nearest


@pytest.mark.parametrize("reach_m", [None, 3.0])
def test_the_first_of_the_nearest_is_found_within_reach(reach_m: float | None) -> None:
    rng = np.random.default_rng(6)
    # On a lattice, so that many things are equally near.
    shapes, things = (shapely.points(rng.integers(0, 20, (n, 2)).astype(np.float64)) for n in (200, 30))
    away = shapely.distance(shapes[:, None], things[None])
    assert ((away == away.min(axis=1)[:, None]).sum(axis=1) > 1).any()
    expected = away.argmin(axis=1)
    if reach_m is not None:
        expected[away.min(axis=1) > reach_m] = -1
        assert (expected == -1).any()
    assert nearest(shapes, things, reach_m=reach_m).tolist() == expected.tolist()


def test_nothing_is_near_where_there_is_nothing() -> None:
    none = np.array([], dtype=object)
    assert nearest(shapely.points([[0, 0]]), none).tolist() == [-1]
    assert nearest(none, shapely.points([[0, 0]])).tolist() == []
