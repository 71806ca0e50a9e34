"""How much more than Poisson the counts vary that a scan looks at, so that what is drawn varies as much."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from jxgis.space.window import disc_sums
from jxgis.statistics.overdispersion import TOUCHING, Overdispersion, overdispersion

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from jxgis.space.grid import Grid

__all__ = ["varying_in_time", "varying_of"]


def varying_of(cases: NDArray[np.int64], exposure: NDArray[np.float64], grid: Grid) -> Overdispersion:
    """How much more than Poisson the counts of cells in slices of time vary, given an exposure.

    Each is held against the cells that touch it in the same slice: a cluster, which is wider than a cell, adds next to
    nothing.

    Parameters
    ----------
    cases, exposure
        (n_cells, n_slices) counts, and what they are set against.
    grid
        The cells.

    Returns
    -------
    Overdispersion

    Examples
    --------
    >>> import pyproj
    >>> from jxgis.space.grid import Grid
    >>> grid = Grid(pyproj.CRS(4549), 200.0, 0, 0, np.ones((30, 30), dtype=bool))
    >>> twins = 2 * np.random.default_rng(0).poisson(0.7, (900, 12))
    >>> bool(1.9 < varying_of(twins, np.ones((900, 12)), grid).batch < 2.3)
    True
    """
    sums, weights, squares = (
        disc_sums(np.asarray(of.T, dtype=np.float64), grid, band_m=TOUCHING * grid.cell_m).astype(np.float64)
        for of in (cases, exposure, exposure**2)
    )
    east, north = grid.centres()
    # Blocks of a slice come before those of several.
    later = np.arange(cases.shape[1])[:, None] * 1e3 * grid.cell_m
    position = [np.broadcast_to(of, sums.shape) for of in (east, north, later)]
    some = exposure.T > 0
    return overdispersion(
        cases.T[some].astype(np.float64), exposure.T[some], sums[some], weights[some], squares[some],
        np.column_stack([of[some] for of in position]),
    )  # fmt: skip


def varying_in_time(cases: NDArray[np.int64], grid: Grid) -> Overdispersion:
    """The same, given each cell's total and each slice's.

    Parameters
    ----------
    cases
        (n_cells, n_slices) counts.
    grid
        The cells.

    Examples
    --------
    >>> import pyproj
    >>> from jxgis.space.grid import Grid
    >>> grid = Grid(pyproj.CRS(4549), 200.0, 0, 0, np.ones((30, 30), dtype=bool))
    >>> twins = 2 * np.random.default_rng(0).poisson(0.7, (900, 12))
    >>> bool(1.9 < varying_in_time(twins, grid).batch < 2.3)
    True
    """
    share = cases.sum(axis=0) / cases.sum()
    found = varying_of(cases, cases.sum(axis=1)[:, None] * share, grid)
    # What is expected of a slice holds a part of what is seen in it, by which it seems to vary less.
    seen = 1 - float((share**2).sum())
    return Overdispersion(found.batch / seen if found.batch > 1 else 1.0, found.spread) if seen > 0 else found
