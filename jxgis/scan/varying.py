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

_AROUND = 4.5
"""Sides of a cell within which the rate in time is taken: nearer, a cell with batches of its own is most of it."""


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
    return _varying(cases.astype(np.float64), exposure, grid, around=TOUCHING)


def varying_in_time(cases: NDArray[np.int64], grid: Grid) -> Overdispersion:
    """The same, given each cell's total and each slice's; the rate is that within a circle of some cells.

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
    if share.max() == 1:
        return Overdispersion(1.0, 0.0)
    # What is expected of a slice holds a part of what is seen in it, by which it seems to vary less.
    more = 1 / (1 - share)
    return _varying(cases * more, cases.sum(axis=1)[:, None] * share * more, grid, around=_AROUND, of_counts=True)


def _varying(
    cases: NDArray[np.float64], exposure: NDArray[np.float64], grid: Grid, *, around: float, of_counts: bool = False
) -> Overdispersion:
    sums, weights, squares, cells = (
        disc_sums(np.ascontiguousarray(of.T), grid, band_m=around * grid.cell_m).astype(np.float64)
        for of in (cases, exposure, exposure**2, np.ones_like(exposure))
    )
    east, north = grid.centres()
    # Blocks of a slice come before those of several.
    later = np.arange(cases.shape[1])[:, None] * 1e3 * grid.cell_m
    position = [np.broadcast_to(of, sums.shape) for of in (east, north, later)]
    some = exposure.T > 0
    beside = (weights - exposure.T) / np.maximum(cells - 1, 1)
    return overdispersion(
        cases.T[some], exposure.T[some], sums[some], weights[some], squares[some],
        np.column_stack([of[some] for of in position]), alike=beside[some] if of_counts else None,
    )  # fmt: skip
