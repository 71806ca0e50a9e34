"""Where points are, by each rule, against plain loops."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely

from jxgis.errors import CrsError
from jxgis.space.points import locate, locate_each, locate_touching

# Two that share an edge, and one over both.
POLYGONS = gpd.GeoSeries([shapely.box(0, 0, 10, 10), shapely.box(10, 0, 20, 10), shapely.box(5, 5, 15, 15)], crs=4549)
# On a lattice, so that many lie on edges and corners.
POINTS = gpd.GeoSeries(shapely.points(np.random.default_rng(2).integers(-1, 22, (500, 2)).astype(np.float64)), crs=4549)


def pairs(found: tuple[np.ndarray, np.ndarray]) -> list[tuple[int, int]]:
    return list(zip(found[0].tolist(), found[1].tolist(), strict=True))


def test_a_point_is_in_the_first_polygon_that_meets_it() -> None:
    expected = [next((i for i, p in enumerate(POLYGONS) if p.intersects(q)), -1) for q in POINTS]
    assert locate(POINTS, POLYGONS).tolist() == expected
    assert locate(POINTS.iloc[:0], POLYGONS).tolist() == []
    assert locate(POINTS, POLYGONS.iloc[:0]).tolist() == [-1] * 500


def test_a_point_is_inside_each_polygon_and_one_on_edges_only_in_the_first() -> None:
    expected = []
    for row, point in enumerate(POINTS):
        inside = [i for i, p in enumerate(POLYGONS) if p.contains_properly(point)]
        touched = [i for i, p in enumerate(POLYGONS) if p.intersects(point)]
        expected += [(row, i) for i in inside or touched[:1]]
    assert pairs(locate_each(POINTS, POLYGONS)) == expected


def test_a_point_on_a_border_touches_both_polygons() -> None:
    expected = [(row, i) for row, point in enumerate(POINTS) for i, p in enumerate(POLYGONS) if p.intersects(point)]
    assert pairs(locate_touching(POINTS, POLYGONS)) == expected


@pytest.mark.parametrize("rule", [locate, locate_each, locate_touching])
def test_the_two_layers_share_a_crs(rule: object) -> None:
    assert callable(rule)
    with pytest.raises(CrsError):
        rule(POINTS, POLYGONS.to_crs(32651))
