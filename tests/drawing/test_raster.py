"""Pixels find the cell that holds them, wherever the grid lies."""

from __future__ import annotations

import base64
import io

import geopandas as gpd
import numpy as np
import pyproj
import pytest
import shapely
from PIL import Image
from result_tables import on_land, result_tables

from jxgis.drawing.offline import to_html
from jxgis.drawing.raster import cell_pixels, paint
from jxgis.hotspots.map import hotspot_map


def grid(n: int, cell_m: float = 100) -> gpd.GeoSeries:
    x, y = (a.ravel() for a in np.meshgrid(5720 + np.arange(n), 34030 + np.arange(n)))
    return gpd.GeoSeries(shapely.box(x * cell_m, y * cell_m, (x + 1) * cell_m, (y + 1) * cell_m), crs=4549)


def test_each_pixel_lies_in_its_cell():
    cells = grid(40)
    pixels = cell_pixels(cells)
    west, south, east, north = pixels.bounds
    height, width = pixels.cell.shape
    to_mercator = pyproj.Transformer.from_crs(4326, 3857, always_xy=True)
    (left, right), (bottom, top) = to_mercator.transform([west, east], [south, north])
    columns = left + (np.arange(width) + 0.5) * (right - left) / width
    rows = top - (np.arange(height) + 0.5) * (top - bottom) / height
    x, y = np.meshgrid(columns, rows)
    centres = gpd.GeoSeries(gpd.points_from_xy(x.ravel(), y.ravel()), crs=3857).to_crs(4549)
    where = shapely.STRtree(cells.array).query(centres.array, predicate="within")
    expected = np.full(pixels.cell.size, -1)
    expected[where[0]] = where[1]
    np.testing.assert_array_equal(pixels.cell.ravel(), expected)
    assert set(range(1600)) <= set(pixels.cell.ravel())


def test_paint_colours_cells_and_leaves_the_rest_clear():
    pixels = cell_pixels(grid(2))
    uri = paint(pixels, np.array([0, -1, 1, -1]), ["#ff0000", "#0000ff"])
    image = np.asarray(Image.open(io.BytesIO(base64.b64decode(uri.split(",")[1]))).convert("RGBA"))
    seen = {int(c): image[pixels.cell == c] for c in np.unique(pixels.cell)}
    assert (seen[0] == [255, 0, 0, 255]).all()
    assert (seen[2] == [0, 0, 255, 255]).all()
    assert (seen[1][:, 3] == 0).all()
    assert (seen[3][:, 3] == 0).all()


def test_cells_that_are_no_grid_are_not_painted():
    assert cell_pixels(gpd.GeoSeries([shapely.Point(572000, 3403000).buffer(50)], crs=4549)) is None
    assert cell_pixels(grid(2).translate(30, 0)) is None
    assert cell_pixels(grid(2).iloc[:0]) is None


@pytest.mark.slow
def test_a_fine_grid_becomes_a_picture_and_says_so():
    t = result_tables()
    page = to_html(hotspot_map(t.cells, t.places, canvas=on_land(t.districts), max_cells=5_000))
    assert page.count("jxgis.picture(") == 7
    assert "9,606" in page
    assert "逐格数值见 hotspots.gpkg" in page
    assert len(page) < 400_000
