from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely
from libpysal.graph import Graph
from shapely import box
from shapely.affinity import rotate, translate

from jxgis.errors import CrsError, InputError
from jxgis.units._graph import block_graph, share_along

CRS = 4549


def table(cells, district="D"):
    return gpd.GeoDataFrame({"block_id": range(len(cells)), "district": district}, geometry=list(cells), crs=CRS)


def voronoi(n, seed):
    rng = np.random.default_rng(seed)
    outline = box(0, 0, 5000, 3000)
    cells = shapely.get_parts(
        shapely.voronoi_polygons(shapely.MultiPoint(rng.uniform(0, 3000, (n, 2))), extend_to=outline)
    )
    return shapely.intersection(cells, outline)


@pytest.mark.parametrize("seed", range(3))
def test_neighbours_and_lengths_equal_libpysal(seed):
    cells = voronoi(60, seed)
    graph = block_graph(table(cells), min_shared_m=1e-6)
    theirs = Graph.build_contiguity(table(cells), rook=True, by_perimeter=True).adjacency
    theirs = {(i, j): w for (i, j), w in theirs.items() if i < j and w > 1e-6}
    ours = dict(zip(zip(graph.u.tolist(), graph.v.tolist(), strict=True), graph.shared_m, strict=True))
    assert ours.keys() == theirs.keys()
    assert list(ours.values()) == pytest.approx([theirs[pair] for pair in ours], rel=1e-9)


def test_shared_borders_and_the_outline_make_up_all_perimeters():
    cells = voronoi(80, 5)
    graph = block_graph(table(cells), min_shared_m=1e-9)
    outline = shapely.union_all(cells, grid_size=1e-6).length
    assert graph.perimeter_m.sum() - 2 * graph.shared_m.sum() == pytest.approx(outline, rel=1e-9)


def test_a_vertex_that_only_one_neighbour_has_hides_no_border():
    """Three blocks on slanted edges far from the origin: the joint lies off the long edge by rounding."""
    cells = [box(0, 0, 200, 100), box(0, 100, 70.3, 230.7), box(70.3, 100, 200, 230.7)]
    cells = [rotate(translate(c, 572000.123, 3403000.77), 33.3, origin=(0, 0)) for c in cells]
    graph = block_graph(table(cells))
    pairs = list(zip(graph.u.tolist(), graph.v.tolist(), strict=True))
    assert pairs == [(0, 1), (0, 2), (1, 2)]
    assert graph.shared_m.tolist() == pytest.approx([70.3, 129.7, 130.7], abs=0.01)


def test_corners_short_borders_and_other_districts_are_no_neighbours():
    cells = [box(0, 0, 1, 1), box(1, 1, 2, 2), box(1, 0, 2, 1), box(2, 0.5, 3, 1.5)]
    graph = block_graph(table(cells), min_shared_m=0.9)
    assert list(zip(graph.u.tolist(), graph.v.tolist(), strict=True)) == [(0, 2), (1, 2)]
    graph = block_graph(table(cells, ["a", "a", "b", "b"]), min_shared_m=0.4)
    assert list(zip(graph.u.tolist(), graph.v.tolist(), strict=True)) == [(2, 3)]
    assert graph.district_names == ("a", "b")
    assert graph.district.tolist() == [0, 0, 1, 1]


def test_districts_are_numbered_by_first_appearance():
    graph = block_graph(table([box(i, 0, i + 1, 1) for i in range(4)], ["z", "b", "z", "a"]))
    assert graph.district_names == ("z", "b", "a")
    assert graph.district.tolist() == [0, 1, 0, 2]


def test_barrier_share_is_the_part_along_the_line():
    blocks = table([box(0, 0, 100, 100), box(100, 0, 200, 100), box(0, 100, 100, 200)])
    street = gpd.GeoSeries([shapely.LineString([(103, -50), (103, 40)])], crs=CRS)
    graph = block_graph(blocks, barriers=street, barrier_tolerance_m=5)
    # 40 m and the 4 m around the street's end, of 100 m, in sixteenths.
    assert graph.barrier_share.tolist() == pytest.approx([0.44, 0.0], abs=1 / 16)
    pond = gpd.GeoSeries([box(-10, 90, 200, 100)], crs=CRS)
    assert block_graph(blocks, barriers=pond).barrier_share[1] == 1.0
    with pytest.raises(CrsError):
        block_graph(blocks, barriers=street.to_crs(4490))


def test_share_of_a_border_in_two_pieces_weighs_them_by_length():
    border = shapely.MultiLineString([[(0, 0), (300, 0)], [(500, 0), (600, 0)]])
    share = share_along(np.array([border]), np.array([shapely.LineString([(0, 1), (300, 1)])]), 5.0)
    assert share.tolist() == pytest.approx([0.75])


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ([], "no blocks"),
        ([shapely.Point(0, 0)], "not (a )?valid polygons?"),
        ([shapely.Polygon()], "not (a )?valid polygons?"),
        ([shapely.Polygon([(0, 0), (2, 2), (2, 0), (0, 2)])], "not (a )?valid polygons?"),
        ([box(0, 0, 2, 1), box(1, 0, 3, 1)], "overlap"),
    ],
)
def test_blocks_that_cannot_be_used_are_refused(cells, said):
    with pytest.raises(InputError, match=said):
        block_graph(table(cells))


def test_a_border_exactly_at_the_tolerance_of_a_street_runs_along_it():
    rng = np.random.default_rng(4)
    for _ in range(30):
        figure = [box(0, 0, 100, 100), box(100, 0, 200, 100), shapely.LineString([(110, -20), (110, 120)])]
        angle, (dx, dy) = rng.uniform(0, 360), rng.uniform(-20_000, 20_000, 2)
        one, other, street = (translate(rotate(g, angle, origin=(0, 0)), 572_000 + dx, 3_402_000 + dy) for g in figure)
        blocks = gpd.GeoDataFrame({"block_id": ["a", "b"], "district": "x"}, geometry=[one, other], crs=4549)
        assert block_graph(blocks, barriers=gpd.GeoSeries([street], crs=4549)).barrier_share.tolist() == [1.0]
