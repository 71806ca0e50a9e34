"""Overlays against plain loops over all pairs."""

from __future__ import annotations

import numpy as np
import shapely

from jxgis.space.overlay import holds_most, pieces, sharing_ground

RNG = np.random.default_rng(5)


def squares(n: int, side: int) -> np.ndarray:
    """Squares on a lattice, so that many share an edge or a corner only."""
    x, y = RNG.integers(0, 12, (2, n))
    found: np.ndarray = shapely.box(x, y, x + side, y + side)
    return found


def test_each_two_that_meet_make_one_piece() -> None:
    shapes, layer = squares(30, 2), squares(20, 3)
    shape, row, piece = pieces(shapes, layer)
    expected = {(i, k) for i, a in enumerate(shapes) for k, b in enumerate(layer) if a.intersects(b)}
    assert len(shape) == len(expected)
    assert set(zip(shape.tolist(), row.tolist(), strict=True)) == expected
    for i, k, one in zip(shape, row, piece, strict=True):
        assert one.equals(shapes[i].intersection(layer[k]))


def test_the_zone_with_most_of_a_polygon_holds_it_the_first_of_equals() -> None:
    shapes, zones = np.array([*squares(60, 2), None]), squares(15, 3)
    home, area = holds_most(shapes, zones)
    for row, shape in enumerate(shapes):
        common = [0.0 if shape is None else shape.intersection(zone).area for zone in zones]
        expected = int(np.argmax(common)) if max(common) > 0 else -1
        assert (home[row], area[row]) == (expected, max(common))
    # The draw is not empty of what it is for: ties, and polygons on an edge only.
    assert (home == -1).any()


def test_home_is_where_most_of_a_polygon_lies() -> None:
    districts = np.array([shapely.box(0, 0, 100, 100), shapely.box(100, 0, 200, 100)])
    polygons = np.array(
        [
            shapely.box(90, 0, 150, 9),
            shapely.box(50, 0, 110, 9),
            shapely.box(50, 100, 150, 150),  # touches both by an edge only
            shapely.box(50, 0, 150, 9),  # half in each: the first
            shapely.box(300, 0, 310, 9),
        ]
    )
    assert holds_most(polygons, districts)[0].tolist() == [1, 0, -1, 0, -1]


def test_polygons_share_ground_where_their_interiors_meet() -> None:
    shapes = squares(40, 2)
    first, second = sharing_ground(shapes)
    expected = [(i, k) for i in range(40) for k in range(i + 1, 40) if shapes[i].intersection(shapes[k]).area > 0]
    assert list(zip(first.tolist(), second.tolist(), strict=True)) == expected
    touching = [(i, k) for i in range(40) for k in range(i + 1, 40) if shapes[i].touches(shapes[k])]
    assert touching
