"""Regions against a plain flood fill, peaks against their definition."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from jxgis.hotspots.peaks import find_peaks, label_places, nearest_peak
from jxgis.space.grid import grid_over

AREA = gpd.GeoSeries([shapely.box(0, 0, 2000, 1600).difference(shapely.box(800, 0, 1200, 600))], crs=4549)
GRID = grid_over(AREA, cell_m=200)


def flood_fill(hot, grid):
    """Groups of hot cells as sets of cell numbers: a stack, and the four neighbours by their coordinates."""
    at = {(c, r): i for i, (c, r) in enumerate(zip(grid.cols.tolist(), grid.rows.tolist(), strict=True))}
    todo = {place for place, i in at.items() if hot[i]}
    groups = []
    while todo:
        stack, group = [todo.pop()], set()
        while stack:
            col, row = stack.pop()
            group.add(at[col, row])
            for near in ((col + 1, row), (col - 1, row), (col, row + 1), (col, row - 1)):
                if near in todo:
                    todo.discard(near)
                    stack.append(near)
        groups.append(frozenset(group))
    return set(groups)


@given(hnp.arrays(bool, len(GRID)))
@settings(max_examples=60, deadline=None)
def test_labels_are_the_flood_fill(hot):
    label = label_places(hot, GRID)
    assert {frozenset(np.flatnonzero(label == k).tolist()) for k in range(label.max() + 1)} == flood_fill(hot, GRID)
    assert ((label >= 0) == hot).all()
    # Numbered in the order of their first cells.
    firsts = [int(np.flatnonzero(label == k)[0]) for k in range(label.max() + 1)]
    assert firsts == sorted(firsts)


@given(hnp.arrays(np.int8, len(GRID), elements=st.integers(-3, 9)), st.sampled_from([200.0, 450.0, 3000.0]))
@settings(max_examples=60, deadline=None)
def test_peaks_are_local_maxima_a_band_apart(heights, band_m):
    z = heights.astype(float)
    hot = z > 2
    peaks = find_peaks(z, hot, GRID, band_m=band_m)
    x, y = GRID.centres()
    own = set()
    for group in flood_fill(hot, GRID):
        members = np.array(sorted(group))
        own.add(int(members[np.argmax(z[members])]))
    assert own <= set(peaks.tolist())
    assert (np.diff(z[peaks]) <= 0).all()
    for i, peak in enumerate(peaks.tolist()):
        assert hot[peak]
        if peak not in own:
            near = np.hypot(x - x[peak], y - y[peak]) <= band_m
            assert z[peak] == z[near & hot].max()
            others = np.delete(peaks, i)
            higher = others[z[others] >= z[peak]]
            earlier = higher[np.isin(higher, peaks[:i])]
            assert (np.hypot(x[earlier] - x[peak], y[earlier] - y[peak]) > band_m).all()


def test_cells_belong_to_the_nearest_peak_within_reach():
    peaks = np.array([shapely.Point(300, 300), shapely.Point(1100, 1300), shapely.Point(500, 300)], dtype=object)
    found = nearest_peak(peaks, GRID, 500)
    x, y = GRID.centres()
    distance = np.array([np.hypot(x - p.x, y - p.y) for p in peaks])
    expected = np.where(distance.min(axis=0) <= 500, distance.argmin(axis=0), -1)
    assert found.tolist() == expected.tolist()
    assert (nearest_peak(peaks[:0], GRID, 500) == -1).all()
