"""Lines that units are kept apart by."""

from __future__ import annotations

import geopandas as gpd
import pytest
import shapely

from jxgis.units._constraints import crossed_lines, kept_apart
from jxgis.units._graph import block_graph

CRS = 4549


@pytest.mark.parametrize(("away", "length", "apart"), [(9.5, 1000, [0]), (10.5, 1000, []), (0, 700, [0]), (0, 300, [])])
def test_a_border_is_kept_apart_where_most_of_it_lies_within_ten_metres_of_the_line(away, length, apart):
    blocks = gpd.GeoDataFrame(
        {"block_id": range(3), "district": "D"},
        geometry=[shapely.box(x, 0, x + 1000, 1000) for x in (0, 1000, 2000)],
        crs=CRS,
    )
    line = gpd.GeoSeries([shapely.LineString([(1000 + away, 0), (1000 + away, length)])], crs=CRS)
    assert kept_apart(blocks, block_graph(blocks), line).tolist() == apart


def test_lines_that_run_inside_units_are_told_with_their_length_there():
    units = gpd.GeoDataFrame(geometry=[shapely.box(x, 0, x + 1000, 1000) for x in (0, 1000)], crs=CRS)
    lines = gpd.GeoDataFrame(
        {"name": ["border", "river", None, "far", "end"]},
        geometry=[
            shapely.LineString([(1009, -500), (1009, 1500)]),
            # Across both units, 20 m at each end and 20 m at their border are along it.
            shapely.LineString([(0, 300), (2000, 300)]),
            shapely.LineString([(400, -500), (400, 210)]),
            shapely.LineString([(400, -500), (400, -100)]),
            shapely.LineString([(1500, -500), (1500, 59)]),
        ],
        crs=CRS,
    )
    found = crossed_lines(lines, units)
    assert found["name"].tolist() == ["river", "3"]
    assert found["m"].tolist() == pytest.approx([2 * 980, 200])
    assert crossed_lines(lines.geometry, units)["name"].tolist() == ["2", "3"]
    assert crossed_lines(None, units).empty
