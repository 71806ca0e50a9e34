"""Polygons laid over districts: who is at home where, and what pokes through a neighbour."""

from __future__ import annotations

import numpy as np
import shapely

from jxgis.space.tiling import tile

DISTRICT = np.array([shapely.box(0, 0, 1000, 1000)])


def test_what_pokes_through_a_neighbour_is_given_to_it_where_it_is_thin() -> None:
    """The west half has two scraps in the east half: half a metre and ten metres wide."""
    thin, wide = shapely.box(700, 0, 700.5, 1000), shapely.box(800, 0, 810, 1000)
    west, east = shapely.box(0, 0, 500, 1000), shapely.box(500, 0, 1000, 1000)
    polygons = np.array([shapely.union_all([west, thin, wide]), east - thin - wide])
    tiling = tile(polygons, np.zeros(2, dtype=np.int64), DISTRICT, tolerance_m=1.0)
    assert tiling.misfits == []
    assert tiling.shapes[0].equals(shapely.union_all([west, wide]))
    assert tiling.shapes[1].equals(east - wide)


def test_a_single_scrap_is_given_to_the_neighbour_it_pokes_through() -> None:
    thin = shapely.box(700, 0, 700.5, 1000)
    west, east = shapely.box(0, 0, 500, 1000), shapely.box(500, 0, 1000, 1000)
    polygons = np.array([shapely.union_all([west, thin]), east - thin])
    tiling = tile(polygons, np.zeros(2, dtype=np.int64), DISTRICT, tolerance_m=1.0)
    assert tiling.shapes[0].equals(west)
    assert tiling.shapes[1].equals(east)


def test_faces_of_one_polygon_that_touch_are_one_piece() -> None:
    """A strip of half a metre is not a scrap where it is but a side of the polygon that another's claim cuts off."""
    west, east = shapely.box(0, 0, 500.5, 1000), shapely.box(500.5, 0, 1000, 1000)
    # Over the west half, up to half a metre from its edge: so wide a double claim stays as it is drawn.
    over = shapely.box(100, 0, 500, 1000)
    tiling = tile(np.array([west, east, over]), np.zeros(3, dtype=np.int64), DISTRICT, tolerance_m=1.0)
    assert [(misfit.kind, misfit.rows, misfit.district) for misfit in tiling.misfits] == [("overlap", (0, 2), 0)]
    assert not tiling.misfits[0].snapped
    assert tiling.shapes[0].equals(west)
    assert tiling.shapes[1].equals(east)


def test_a_gap_names_the_polygons_around_it_and_what_sticks_out_names_its_own() -> None:
    west, east = shapely.box(0, 0, 400, 1000), shapely.box(500, 0, 1100, 1000)
    tiling = tile(np.array([west, east]), np.zeros(2, dtype=np.int64), DISTRICT, tolerance_m=1.0)
    found = {misfit.kind: (misfit.rows, misfit.district, misfit.shape.area) for misfit in tiling.misfits}
    assert found == {"gap": ((0, 1), 0, 100_000.0), "outside": ((1,), -1, 100_000.0)}
