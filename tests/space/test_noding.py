"""Street lines to nodes and edges: levels in words, and barriers one by one."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely

from jxgis.errors import InputError
from jxgis.space._noding import node_lines


def streets(*lines: list[tuple[float, float]], **columns: object) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(columns, geometry=[shapely.LineString(line) for line in lines], crs=4549)


ALONG, ACROSS = [(0.0, 50.0), (100.0, 50.0)], [(50.0, 0.0), (50.0, 100.0)]


@pytest.mark.parametrize(
    ("levels", "edges"),
    [(["桥", "隧道"], 2), (["overpass", "underpass"], 2), (["tunnel", "tunnel"], 4), (["支路", "隧道"], 2)],
)
def test_a_bridge_and_a_tunnel_do_not_meet(levels: list[str], edges: int) -> None:
    assert len(node_lines(streets(ALONG, ACROSS, level=levels), None, join_m=1.0)[2]) == edges


def test_each_barrier_cuts_the_streets_of_the_ground_that_meet_it() -> None:
    """Three walls over a ground street, the second over a bridge too, which passes."""
    walls = np.array([shapely.LineString([(x, -9), (x, 109)]) for x in (20, 50, 80)], dtype=object)
    bridge = [(40.0, 70.0), (60.0, 70.0)]
    *_, lines = node_lines(streets(bridge, ALONG, level=[1, 0]), walls, join_m=0.0)
    # A wall takes a centimetre on either side.
    want = [20.0, 20.0, 20.0, 30.0, 30.0]
    assert sorted(shapely.length(lines)) == pytest.approx(want, abs=0.021)


def test_a_gap_is_closed_unless_the_barrier_in_it_is_crossed() -> None:
    """Two stubs end half a metre from a street; a wall stands before the second only, another one far away."""
    main, first, second = [(0.0, 0.0), (100.0, 0.0)], [(20.0, 0.5), (20.0, 60.0)], [(80.0, 0.5), (80.0, 60.0)]
    walls = np.array([shapely.LineString(xy) for xy in ([(0, 900), (9, 900)], [(70, 0.2), (90, 0.2)])], dtype=object)
    x, y, start, end, _ = node_lines(streets(main, first, second), walls, join_m=1.0)
    ways = {frozenset([(x[a], y[a]), (x[b], y[b])]) for a, b in zip(start.tolist(), end.tolist(), strict=True)}
    assert ways == {
        frozenset(way)
        for way in (
            [(0.0, 0.0), (20.0, 0.0)],
            [(20.0, 0.0), (100.0, 0.0)],
            [(20.0, 0.0), (20.0, 0.5)],
            [(20.0, 0.5), (20.0, 60.0)],
            [(80.0, 0.5), (80.0, 60.0)],
        )
    }


def test_a_loose_end_goes_to_its_own_level_or_down_never_up() -> None:
    def edges(levels: list[int]) -> int:
        gap = streets([(0.0, 0.0), (100.0, 0.0)], [(50.0, 0.5), (50.0, 60.0)], level=levels)
        return len(node_lines(gap, None, join_m=1.0)[2])

    joined, apart = 4, 2
    assert edges([0, 0]) == joined
    assert edges([1, 1]) == joined
    assert edges([0, 1]) == joined
    assert edges([0, -1]) == joined
    assert edges([1, 0]) == apart
    assert edges([-1, 0]) == apart


def test_only_lines_of_some_length_are_streets() -> None:
    others = [shapely.box(0, 0, 9, 9), shapely.Point(5, 5), shapely.LineString([(1, 1), (1, 1)])]
    mixed = gpd.GeoDataFrame(geometry=[*others, shapely.LineString(ALONG)], crs=4549)
    assert shapely.length(node_lines(mixed, None, join_m=1.0)[4]).tolist() == [100.0]
    with pytest.raises(InputError, match="There is no line in the streets"):
        node_lines(mixed.iloc[:3], None, join_m=1.0)
