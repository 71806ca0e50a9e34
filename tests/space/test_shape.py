"""Measures of shape against closed forms and by trying all circles."""

from __future__ import annotations

import math

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from jxgis.space.shape import hull_ratio, polsby_popper, reock, width_m


def test_shapes_with_closed_forms() -> None:
    disc = shapely.Point(0, 0).buffer(1000, quad_segs=4096)
    strip = shapely.box(0, 0, 4000, 1000)
    ring = disc.difference(shapely.Point(0, 0).buffer(500, quad_segs=4096))
    shapes = np.array([disc, strip, ring])
    # A polygon of 16,384 corners has the area of its circle to (2π/16384)²/6 = 2e-8.
    np.testing.assert_allclose(
        polsby_popper(shapes), [1, 4 * math.pi * 4 / 100, 4 * math.pi**2 * 0.75 / (3 * math.pi) ** 2], rtol=1e-6
    )
    np.testing.assert_allclose(reock(shapes), [1, 4 / (math.pi * 17 / 4), 0.75], rtol=1e-6)
    np.testing.assert_allclose(hull_ratio(shapes), [1, 1, 0.75], rtol=1e-6)


points = st.lists(st.tuples(st.integers(0, 5000), st.integers(0, 5000)), min_size=4, max_size=9, unique=True)


@given(points)
@settings(max_examples=50, deadline=None)
def test_reock_equals_the_circle_found_by_trying_all_pairs_and_triples(corners: list[tuple[int, int]]) -> None:
    hull = shapely.MultiPoint(corners).convex_hull
    if hull.geom_type != "Polygon":
        return
    xy = np.array(hull.exterior.coords[:-1])
    candidates = []
    for i in range(len(xy)):
        for j in range(i):
            candidates.append(((xy[i] + xy[j]) / 2, np.hypot(*(xy[i] - xy[j])) / 2))
            for k in range(j):
                lines = 2 * np.array([xy[j] - xy[i], xy[k] - xy[i]])
                if abs(np.linalg.det(lines)) > 1e-9:
                    centre = np.linalg.solve(lines, [xy[j] @ xy[j] - xy[i] @ xy[i], xy[k] @ xy[k] - xy[i] @ xy[i]])
                    candidates.append((centre, np.hypot(*(xy[i] - centre))))
    radius = min(r for centre, r in candidates if np.hypot(*(xy - centre).T).max() <= r * (1 + 1e-9))
    assert reock(np.array([hull]))[0] == pytest.approx(hull.area / (math.pi * radius**2), rel=1e-6)


@pytest.mark.parametrize(
    ("polygon", "width"),
    [
        (shapely.box(0, 0, 10, 10), 5.0),
        (shapely.box(0, 0, 100, 2), 400 / 204),
        (shapely.box(0, 0, 0.1, 0.1), 0.05),
        (shapely.Polygon(), 0.0),
    ],
)
def test_width_is_twice_the_area_over_the_perimeter(polygon: shapely.Polygon, width: float) -> None:
    assert width_m(np.array([polygon])) == pytest.approx([width], rel=1e-12)


def test_what_has_no_shape_has_no_measure() -> None:
    nothing = np.array([None, shapely.Polygon(), shapely.Point(0, 0)])
    for measure in (polsby_popper, reock, hull_ratio):
        assert np.isnan(measure(nothing)).all()
    assert width_m(nothing).tolist() == [0, 0, 0]
