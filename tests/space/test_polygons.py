"""Polygons of any geometry: nothing that has ground is lost, nothing else is kept."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import shapely
from hypothesis import given
from hypothesis import strategies as st

from jxgis.space.polygons import as_one, polygon_parts, polygons_of, rows_of_polygons


def test_what_has_no_area_becomes_an_empty_polygon() -> None:
    mixed = shapely.GeometryCollection([shapely.box(0, 0, 2, 1), shapely.Point(9, 9)])
    found = polygons_of(np.array([shapely.MultiPoint([[0, 0], [1, 1]]), shapely.LineString([[0, 0], [1, 1]]), mixed]))
    assert [shape.geom_type for shape in found] == ["Polygon"] * 3
    assert shapely.area(found).tolist() == [0, 0, 2]


def test_ground_is_found_however_deep_it_is_nested() -> None:
    deep: shapely.Geometry = shapely.MultiPolygon([shapely.box(0, 0, 1, 1), shapely.box(3, 0, 4, 1)])
    for _ in range(3):
        deep = shapely.GeometryCollection([deep, shapely.Point(9, 9)])
    assert polygons_of(np.array([deep]))[0].area == 2
    assert shapely.area(polygon_parts(deep)).tolist() == [1, 1]
    assert as_one(polygon_parts(deep)).geom_type == "MultiPolygon"


corners = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=4, max_size=9)


@given(corners)
def test_a_ring_that_crosses_itself_keeps_what_make_valid_keeps(ring: list[tuple[int, int]]) -> None:
    crossed = shapely.Polygon(ring)
    [found] = polygons_of(np.array([crossed]))
    assert found.is_valid
    assert found.geom_type in ("Polygon", "MultiPolygon")
    expected = sum(part.area for part in shapely.get_parts(shapely.make_valid(crossed)))
    assert abs(found.area - expected) < 1e-9


def test_rows_of_another_kind_are_left_out_and_the_index_stays() -> None:
    kinds = [shapely.Point(0, 0), shapely.box(0, 0, 1, 1), None, shapely.MultiPolygon([shapely.box(0, 0, 1, 1)])]
    table = gpd.GeoDataFrame({"n": range(4)}, geometry=kinds, index=list("abcd"), crs=4549)
    assert rows_of_polygons(table).index.tolist() == ["b", "d"]
