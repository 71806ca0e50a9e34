"""Lines that units are kept apart by."""

from __future__ import annotations

import geopandas as gpd
import pytest
import shapely

from jxgis.units._constraints import kept_apart
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
