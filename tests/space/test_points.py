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


def ragged(rng: np.random.Generator, count: int) -> list[shapely.Geometry | None]:
    """Polygons that overlap, have holes and parts, follow no axis, and share edges of odd slopes with others."""
    discs = [shapely.Point(xy) for xy in rng.uniform(0, 1000, (count, 2))]
    round_ = [disc.buffer(size, quad_segs=3) for disc, size in zip(discs, rng.uniform(1, 300, count), strict=True)]
    ring = round_[0].buffer(150).difference(round_[0])
    parts = shapely.MultiPolygon([shapely.box(0, 0, 10, 990), shapely.box(700, 3, 980, 4)])
    line = shapely.LineString([(0, 0), (997, 1003)])
    return [round_[0], ring, parts, *round_[1:], None, shapely.Polygon(), line, shapely.Point(500, 500)]


@pytest.mark.parametrize("seed", range(12))
def test_many_points_are_where_each_of_them_is(seed: int) -> None:
    rng = np.random.default_rng(seed)
    shapes = ragged(rng, 12)
    corners = shapely.get_coordinates(np.array(shapes, dtype=object))
    middles = (corners[1:] + corners[:-1]) / 2
    # On corners and edges, a hair beside them, on a lattice that meets the straight edges, far off, and anywhere.
    xy = np.concatenate([
        corners, middles, corners + rng.choice([-1e-9, 1e-9], corners.shape), middles + rng.normal(0, 1e-6, middles.shape),
        rng.integers(-5, 1005, (5000, 2)), rng.uniform(-1e7, 1e7, (100, 2)), rng.uniform(-50, 1050, (25_000, 2)),
    ])  # fmt: skip
    points = gpd.GeoSeries([*map(shapely.Point, xy), shapely.Point(np.nan, 5)], crs=4549)
    zones = gpd.GeoSeries(shapes, crs=4549)
    expected = np.full(len(points), -1)
    for at in reversed([at for at, shape in enumerate(shapes) if shape is not None]):
        shape = shapes[at]
        shapely.prepare(shape)
        expected[shapely.intersects(shape, points.to_numpy())] = at
    assert (locate(points, zones) == expected).all()


@pytest.mark.parametrize(
    "zones",
    [[shapely.Point(5, 5)], [shapely.LineString([(0, 5), (10, 5)])], [shapely.box(0, 5, 1e6, 5.001), shapely.box(0, 5.001, 1e6, 6)],
     [shapely.box(-1e-9, -1e-9, 1e-9, 1e-9)], [None, shapely.Polygon()], [shapely.box(0, 0, 10, 10)] * 2],
)  # fmt: skip
def test_many_points_in_zones_of_no_width_or_none(zones: list[shapely.Geometry | None]) -> None:
    rng = np.random.default_rng(0)
    xy = np.concatenate([rng.integers(0, 11, (20_000, 2)), rng.uniform(0, 10, (5000, 2))])
    points = gpd.GeoSeries(shapely.points(xy), crs=4549)
    expected = [
        next((at for at, zone in enumerate(zones) if zone and shapely.intersects(zone, point)), -1) for point in points
    ]
    assert locate(points, gpd.GeoSeries(zones, crs=4549)).tolist() == expected


def test_many_shapes_that_are_not_points_or_empty_are_tested_one_by_one() -> None:
    lines = gpd.GeoSeries([shapely.LineString([(at, 0), (at, 1)]) for at in range(25_000)], crs=4549)
    assert locate(lines, gpd.GeoSeries([shapely.box(9.5, 0, 11.5, 1)], crs=4549)).nonzero()[0].size == 25_000 - 2
    points = gpd.GeoSeries([shapely.Point(), None, *map(shapely.Point, np.zeros((25_000, 2)))], crs=4549)
    assert locate(points, gpd.GeoSeries([shapely.box(0, 0, 1, 1)], crs=4549)).tolist() == [-1, -1] + [0] * 25_000


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
