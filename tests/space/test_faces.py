"""Faces of one noding against shapely's own intersections, pair by pair."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
import shapely

from jxgis.space import _faces


def test_common_edges_are_as_long_as_the_intersection_of_their_faces() -> None:
    """A ring within a ring, a corner met by four, and a border broken by a third face."""
    lines = shapely.from_wkt([
        "LINESTRING (500 -9, 500 1009)", "LINESTRING (-9 300, 1009 700)", "LINESTRING (100 -9, 300 1009)",
    ])  # fmt: skip
    rings = [shapely.box(600, 100, 900, 400).exterior, shapely.box(700, 200, 800, 300).exterior]
    faces = _faces.faces_in(shapely.box(0, 0, 1000, 1000), np.array([*lines, *rings], dtype=object))
    i, j, length = _faces.shared_edges(faces)
    want = {
        pair: metres
        for pair in combinations(range(len(faces)), 2)
        if (metres := shapely.length(shapely.intersection(*faces[list(pair)]))) > 0
    }
    assert list(zip(i.tolist(), j.tolist(), strict=True)) == sorted(want)
    # Vertices lie on a grid of a tenth of a millimetre.
    assert length == pytest.approx(list(want.values()), abs=1e-3)


def test_waters_count_by_their_shores_and_points_not_at_all() -> None:
    lake = shapely.Polygon([(0, 0, 7), (9, 0, 7), (9, 9, 7), (0, 9, 7)], [[(3, 3, 7), (6, 3, 7), (6, 6, 7), (3, 6, 7)]])
    mixed = shapely.GeometryCollection([lake, shapely.Point(1, 1), shapely.LineString([(0, 0), (5, 0)])])
    lines = _faces.as_lines(np.array([mixed, shapely.Point(2, 2)]))
    assert sorted(shapely.length(lines)) == [5.0, 36.0 + 12.0]
    assert not shapely.has_z(lines).any()


def test_groups_of_faces_become_their_union() -> None:
    cells = np.array([shapely.box(x, 0, x + 1, 1) for x in range(4)])
    labels, merged = _faces.dissolve(cells, np.array([7, 2, 2, 7]))
    assert labels.tolist() == [2, 7]
    for shape, want in zip(merged, [cells[[1, 2]], cells[[0, 3]]], strict=True):
        assert shape.equals(shapely.union_all(want))


@pytest.mark.parametrize(
    ("faces", "max_m2", "label"),
    [
        # Beside a strip in the middle, two neighbours of one length: the first takes it.
        ([(0, 0, 9, 9), (9, 0, 10, 9), (10, 0, 20, 9)], 99.0, [0, 0, 2]),
        # The longest of three edges, whatever its row.
        ([(0, 0, 9, 4), (0, 4, 9, 9), (9, 0, 10, 9), (10, 0, 20, 9)], 99.0, [0, 1, 3, 3]),
        # With it the one to the east would have 90 m², one too many.
        ([(0, 0, 9, 4), (0, 4, 9, 9), (9, 0, 10, 9), (10, 0, 19, 9)], 89.0, [0, 1, 1, 3]),
    ],
)
def test_a_sliver_goes_to_the_longest_edge_that_may_grow(
    faces: list[tuple[int, ...]], max_m2: float, label: list[int]
) -> None:
    shapes = shapely.box(*np.array(faces, dtype=float).T)
    # Every edge in common is one pair of vertices: a strip has them where its neighbours end.
    shapes = np.array([shapely.segmentize(shape, 1.0) for shape in shapes])
    area = shapely.area(shapes)
    assert _faces.merge_slivers(shapes, area < 10, min_m2=10, max_m2=max_m2).tolist() == label
