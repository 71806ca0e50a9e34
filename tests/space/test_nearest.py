"""The nearest thing against measuring every distance."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
import shapely

from jxgis.space.nearest import nearest, nearest_segment


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


@pytest.mark.parametrize("at_once", [1_000_000, 7])
@pytest.mark.parametrize("origin", [(0, 0), (-57, -340), (572_000, 3_403_000)])
def test_the_first_of_the_nearest_pieces_is_found_within_reach(
    origin: tuple[int, int], at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whole numbers meet the reach exactly, share ends, cross, and lie on one another; by fractions, so without rounding."""
    monkeypatch.setattr("jxgis.space.nearest._AT_ONCE", at_once)
    rng = np.random.default_rng(5)
    reached = 0
    for reach in (1, 5, 13, 200):
        points, ends = rng.integers(0, 60, (80, 2)), rng.integers(0, 60, (30, 4))
        ends[::7, 2:] = ends[::7, :2]
        ends[1::5, :2] = ends[:-1:5, 2:]
        want = []
        for px, py in points.tolist():
            apart = []
            for ax, ay, bx, by in ends.tolist():
                square = (bx - ax) ** 2 + (by - ay) ** 2
                along = Fraction((px - ax) * (bx - ax) + (py - ay) * (by - ay), square) if square else Fraction(0)
                along = min(max(along, Fraction(0)), Fraction(1))
                apart.append((px - ax - along * (bx - ax)) ** 2 + (py - ay - along * (by - ay)) ** 2)
            want.append(apart.index(min(apart)) if min(apart) <= reach**2 else -1)
        moved = np.array([*origin, *origin], dtype=float)
        found = nearest_segment(points + moved[:2], ends + moved, reach_m=reach)
        assert found.tolist() == want
        reached += sum(at >= 0 for at in want)
    assert reached > 100


def test_pieces_of_none() -> None:
    assert nearest_segment(np.zeros((2, 2)), np.zeros((0, 4)), reach_m=5).tolist() == [-1, -1]
    assert nearest_segment(np.zeros((0, 2)), np.zeros((1, 4)), reach_m=5).tolist() == []
