"""Regions and summits on a grid: which hot cells hang together, and where among them it is hottest."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely
from scipy import ndimage

from jxgis.space.nearest import nearest
from jxgis.space.window import disc_reach

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from jxgis.space.grid import Grid

__all__ = ["find_peaks", "label_places", "nearest_peak"]


def label_places(hot: NDArray[np.bool_], grid: Grid) -> NDArray[np.int64]:
    """Number the contiguous groups of hot cells; cells are contiguous where they share a side.

    Parameters
    ----------
    hot
        (n_cells,) bool.
    grid
        The cells.

    Returns
    -------
    numpy.ndarray
        (n_cells,) int64: 0, 1, … in the order of each group's first cell; -1 for cells that are not hot.

    Examples
    --------
    >>> import pyproj
    >>> from jxgis.space.grid import Grid
    >>> grid = Grid(pyproj.CRS(4549), 100.0, 0, 0, np.ones((2, 3), dtype=bool))
    >>> label_places(np.array([True, False, True, False, True, True]), grid).tolist()
    [0, -1, 1, -1, 1, 1]
    """
    raster = np.zeros(grid.mask.shape, dtype=np.bool_)
    raster[grid.mask] = hot
    numbers, _ = ndimage.label(raster)
    label = np.asarray(numbers[grid.mask], dtype=np.int64)
    present, first, inverse = np.unique(label, return_index=True, return_inverse=True)
    order = np.argsort(np.argsort(np.where(present == 0, -1, first)))
    shift = 1 if 0 in present else 0
    return np.asarray(order[inverse] - shift, dtype=np.int64)


def find_peaks(z: NDArray[np.float64], hot: NDArray[np.bool_], grid: Grid, *, band_m: float) -> NDArray[np.int64]:
    """Find the local maxima of z among hot cells, at least ``band_m`` apart.

    Parameters
    ----------
    z
        (n_cells,) Gi* z.
    hot
        (n_cells,) bool; each group of contiguous hot cells gets at least its own maximum.
    grid
        The cells.
    band_m
        A peak is the maximum of the hot cells within this distance, metres.

    Returns
    -------
    numpy.ndarray
        Numbers of the cells, by falling z.

    Examples
    --------
    >>> import pyproj
    >>> from jxgis.space.grid import Grid
    >>> grid = Grid(pyproj.CRS(4549), 100.0, 0, 0, np.ones((1, 6), dtype=bool))
    >>> find_peaks(np.array([1, 5, 4, 3, 6, 2.0]), np.ones(6, dtype=bool), grid, band_m=200).tolist()
    [4, 1]
    """
    height = np.where(hot, z, -np.inf)
    raster = np.full(grid.mask.shape, -np.inf)
    raster[grid.mask] = height
    reach = disc_reach(grid.cell_m, band_m)
    offsets = np.arange(1 - reach.size, reach.size)
    footprint = np.abs(offsets)[None, :] <= reach[np.abs(offsets)][:, None]
    highest = ndimage.maximum_filter(raster, footprint=footprint, mode="constant", cval=-np.inf)[grid.mask]
    top = np.flatnonzero(hot & (height == highest))
    label = label_places(hot, grid)
    own = _first_of_each(label, height)
    candidates = np.union1d(top, own)
    candidates = candidates[np.lexsort((candidates, -height[candidates]))]
    x, y = grid.centres()
    kept: list[int] = []
    must_keep = set(own.tolist())
    for cell in candidates.tolist():
        near = np.hypot(x[kept] - x[cell], y[kept] - y[cell]) <= band_m * (1 + 1e-12)
        if cell in must_keep or not near.any():
            kept.append(cell)
    return np.array(kept, dtype=np.int64)


def nearest_peak(peaks: NDArray[np.object_], grid: Grid, reach_m: float) -> NDArray[np.int64]:
    """Share the cells out among peaks: each to the nearest within reach.

    Parameters
    ----------
    peaks
        (n_peaks,) points.
    grid
        The cells.
    reach_m
        How far a cell's centre may be from its peak, metres.

    Returns
    -------
    numpy.ndarray
        (n_cells,) int64: number of the peak, the first of those equally near; -1 for none.
    """
    # A hair more than the reach: centres at exactly the band belong to it.
    return nearest(np.asarray(shapely.points(*grid.centres()), dtype=object), peaks, reach_m=reach_m * (1 + 1e-12))


def _first_of_each(label: NDArray[np.int64], height: NDArray[np.float64]) -> NDArray[np.int64]:
    """The highest cell of each label, the first where several are equal."""
    cell = np.flatnonzero(label >= 0)
    order = cell[np.lexsort((cell, -height[cell], label[cell]))]
    _, first = np.unique(label[order], return_index=True)
    return order[first]
