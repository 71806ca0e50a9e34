"""Geometry and text survive the way into the page."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from jxgis.drawing import _encode
from jxgis.drawing.raster import lattice_of


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


def unpack(text: str) -> list[int]:
    """What page.js does, in Python."""
    signs = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    digits = [signs.index(sign) for sign in text[1:]]
    numbers, whole, place = [], 0, 0
    for digit in digits:
        whole, place = whole + ((digit & 31) << place), place + 5
        if not digit & 32:
            numbers.append(-(whole + 1) // 2 if whole % 2 else whole // 2)
            whole, place = 0, 0
    if text[0] in "cd":
        numbers = [value for value, n in zip(numbers[::2], numbers[1::2], strict=True) for _ in range(n)]
    return np.cumsum(numbers).tolist() if text[0] in "bd" else numbers


@given(st.lists(st.one_of(st.integers(-(10**15), 10**15), st.sampled_from([0, 0, 0, 1]))))
def test_packed_numbers_come_back(numbers):
    assert unpack(_encode.packed(numbers)) == numbers


@pytest.mark.parametrize(
    ("numbers", "way"), [([9] * 99, "c"), (range(99), "d"), ([0, 7, 2, 9, 1], "a"), ([700, 703, 701], "b")]
)
def test_numbers_are_packed_in_the_shortest_way(numbers, way):
    assert _encode.packed(numbers)[0] == way


@given(st.lists(st.one_of(st.none(), st.sampled_from(["甲", "乙", "`${x}`", ""]))))
def test_words_and_their_rows_give_the_texts_back(texts):
    found = _encode.column(texts, digits=None)
    back = [found["words"][i] for i in unpack(found["rows"])] if isinstance(found, dict) else found
    assert back == texts


def test_numbers_of_a_column_come_back_rounded_and_missing_ones_are_none_of_them():
    found = _encode.column([1.25, None, -0.004, 0, -7.126, float("inf")], digits=2)
    back = [(n - 1 if n > 0 else n) / 100 if n else None for n in unpack(found["rows"])]
    assert back == [1.25, None, 0.0, 0.0, -7.13, None]


@pytest.mark.parametrize("crs", [4549, 32651])
def test_cells_of_a_lattice_come_back_within_a_decimetre(crs):
    column, row = np.meshgrid(np.arange(2_800, 3_100, 7), np.arange(16_900, 17_200, 7))
    cells = gpd.GeoSeries(shapely.box(200 * column, 200 * row, 200 * (column + 1), 200 * (row + 1)).ravel(), crs=crs)
    found = _encode.lattice(lattice_of(cells), cells.crs)
    x, y = (unpack(found[name]) for name in ("column", "row"))
    powers = [(i, j) for i in range(4) for j in range(4 - i)]
    corner = [
        sum(
            k * (np.array(x) / found["size"][0]) ** i * (np.array(y) / found["size"][1]) ** j
            for k, (i, j) in zip(ks, powers, strict=True)
        )
        for ks in found["degrees"]
    ]
    back = gpd.GeoSeries(gpd.points_from_xy(corner[0] / 1e6, corner[1] / 1e6), crs=4326).to_crs(crs)
    there = gpd.GeoSeries(shapely.points(200.0 * column.ravel(), 200.0 * row.ravel()), crs=crs)
    assert back.distance(there).max() < 0.09


def test_squares_that_lie_on_no_lattice_are_written_as_rings():
    square = shapely.box(572_000, 3_402_000, 572_200, 3_402_200)
    clipped = square.intersection(shapely.Point(572_000, 3_402_000).buffer(250))
    assert lattice_of(gpd.GeoSeries([square, clipped], crs=4549)) is None
    assert lattice_of(gpd.GeoSeries([square, shapely.affinity.translate(square, 60)], crs=4549)) is None
    assert lattice_of(gpd.GeoSeries([square], crs=4549)) is not None
