"""Counting points into grid cells by arithmetic: every point once, or said to be outside."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from jxgis.errors import InputError
from jxgis.space.grid import Grid

__all__ = ["count_points"]

CHUNK = 131_072  # points at a time: memory does not grow with their number, and their cells stay in the cache


def count_points(
    grid: Grid,
    x: npt.ArrayLike,
    y: npt.ArrayLike,
    codes: npt.ArrayLike | None = None,
    n_classes: int = 1,
) -> tuple[npt.NDArray[np.int64], int]:
    """Count points in the cells of a grid, class by class.

    Parameters
    ----------
    grid
        The cells, half open: a point on a shared edge is in the eastern or northern cell.
    x, y
        (n,) east and north in the CRS of the grid, in metres.
    codes
        (n,) class of each point, 0 to ``n_classes - 1``; None if there is one class only.
    n_classes
        Number of classes.

    Returns
    -------
    counts : numpy.ndarray
        (n_classes, n_cells) int64.
    outside : int
        Points in no cell: beyond the area, in its fringe (cells whose centre is outside), or without coordinates.

    Raises
    ------
    InputError
        If the lengths differ or a code is not a class.

    Examples
    --------
    >>> import geopandas as gpd
    >>> from shapely import box
    >>> from jxgis.space.grid import grid_over
    >>> grid = grid_over(gpd.GeoSeries([box(0, 0, 300, 100)], crs=4549), cell_m=100)
    >>> count_points(grid, [50, 100, 250, 999], [50, 50, 0, 0])
    (array([[1, 1, 1]]), 1)
    """
    east, north = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    code = None if codes is None else _checked(codes, len(east), n_classes)
    framed = (grid.mask.shape[0] + 2, grid.mask.shape[1] + 2)
    size = framed[0] * framed[1]
    # Everything is counted, the frame and the fringe too, and the cells are read off: no point is picked out.
    dense = np.zeros(n_classes * size, dtype=np.int64)
    step = max(CHUNK, len(dense))
    for start in range(0, len(east), step):
        part = slice(start, start + step)
        place = grid.framed_index_of(east[part], north[part])
        if code is not None:
            place += code[part] * size
        dense += np.bincount(place, minlength=len(dense))
    counts = dense.reshape(n_classes, *framed)[:, 1:-1, 1:-1][:, grid.mask]
    return counts, len(east) - int(counts.sum())


def _checked(codes: npt.ArrayLike, n: int, n_classes: int) -> npt.NDArray[np.int64]:
    """Codes as int64, or an error that says what is wrong with them."""
    code = np.asarray(codes)
    if code.shape != (n,):
        raise InputError(
            zh=f"有 {n} 个点，类别却有 {code.size} 个；请一一对应。",
            en=f"{n} points but {code.size} codes; give one code a point.",
        )
    if code.size and not (np.issubdtype(code.dtype, np.integer) and code.min() >= 0 and code.max() < n_classes):
        raise InputError(
            zh=f"类别代码须为 0 到 {n_classes - 1} 的整数；请先剔除没有类别的点。",
            en=f"codes must be integers from 0 to {n_classes - 1}; take out the points without a class first.",
        )
    return code.astype(np.int64, copy=False)
