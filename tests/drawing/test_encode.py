"""Geometry and text survive the way into the page."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import shapely
from hypothesis import given
from hypothesis import strategies as st

from jxgis.drawing import _encode


def decode(rings: list[list[list[int]]], origin: list[int]) -> shapely.MultiPolygon:
    """What page.js does, in Python."""
    polygons = []
    for polygon in rings:
        loops = [np.cumsum([origin, *np.reshape(steps, (-1, 2))], axis=0)[1:] / 1e6 for steps in polygon]
        polygons.append(shapely.Polygon(loops[0], loops[1:]))
    return shapely.MultiPolygon(polygons)


def test_rings_come_back_within_a_decimetre():
    outer = shapely.Point(572300, 3403000).buffer(900)
    shape = shapely.union_all([outer.difference(outer.buffer(-300)), shapely.box(575000, 3403000, 575200, 3403100)])
    degrees = _encode.to_degrees(gpd.GeoSeries([shape], crs=4549))
    origin = _encode.origin_of(degrees)
    back = gpd.GeoSeries([decode(_encode.rings(degrees[0], origin), origin)], crs=4326).to_crs(4549).iloc[0]
    # Half a millionth of a degree is 0.055 m; a corner may be off by that on both axes.
    assert shapely.hausdorff_distance(back, shape) < 0.09
    assert len(back.geoms) == 2
    assert len(back.geoms[0].interiors) + len(back.geoms[1].interiors) == 1


def test_a_polygon_smaller_than_the_grid_of_coordinates_is_left_out():
    speck = shapely.box(120.0, 30.0, 120.0 + 1e-8, 30.0 + 1e-8)
    assert _encode.rings(speck, [120_000_000, 30_000_000]) == []


@given(st.lists(st.tuples(st.integers(-(10**8), 10**8), st.integers(-(10**8), 10**8)), min_size=1, max_size=20))
def test_steps_add_up_to_the_points(points):
    array = np.array(points, dtype=np.int64)
    walked = np.cumsum(np.reshape(_encode.steps(array, [5, -3]), (-1, 2)), axis=0) + np.array([5, -3])
    apart = array[np.r_[True, (np.diff(array, axis=0) != 0).any(axis=1)]]
    np.testing.assert_array_equal(walked, apart)


@given(st.lists(st.one_of(st.none(), st.sampled_from(["甲", "乙", "`${x}`", ""]))))
def test_words_and_their_rows_give_the_texts_back(texts):
    found = _encode.column(texts, digits=None)
    back = [found["words"][i] for i in found["rows"]] if isinstance(found, dict) else found
    assert back == texts
