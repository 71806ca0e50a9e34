"""How much more than Poisson the counts vary that a scan looks at, so that what is drawn varies as much."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from jxgis.space.ratio import ratio
from jxgis.space.window import disc_sums
from jxgis.statistics.overdispersion import TOUCHING, Overdispersion, batches_of_parts, overdispersion

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
    return _beside(cases.astype(np.float64), exposure, grid, around=TOUCHING).varying()


def varying_in_time(cases: NDArray[np.int64], grid: Grid) -> tuple[Overdispersion, NDArray[np.float64]]:
    """The same, given each cell's total and each slice's; the rate is that within a circle of some cells.

    Parameters
    ----------
    cases
        (n_cells, n_slices) counts.
    grid
        The cells.

    Returns
    -------
    varying : Overdispersion
        Of the city.
    batch : numpy.ndarray
        (n_cells,) φ of each cell: the city's, or more in parts that vary more beyond chance.

    Examples
    --------
    >>> import pyproj
    >>> from jxgis.space.grid import Grid
    >>> grid = Grid(pyproj.CRS(4549), 200.0, 0, 0, np.ones((30, 30), dtype=bool))
    >>> twins = 2 * np.random.default_rng(0).poisson(0.7, (900, 12))
    >>> varying, batch = varying_in_time(twins, grid)
    >>> bool(1.9 < varying.batch < 2.3), bool((batch == varying.batch).mean() > 0.9)
    (True, True)
    """
    share = cases.sum(axis=0) / cases.sum()
    if share.max() == 1:
        return Overdispersion(1.0, 0.0), np.ones(len(grid))
    # What is expected of a slice holds a part of what is seen in it, by which it seems to vary less.
    more = 1 / (1 - share)
    beside = _beside(cases * more, cases.sum(axis=1)[:, None] * share * more, grid, around=_AROUND, of_counts=True)
    varying = beside.varying()
    return varying, np.maximum(beside.batches_of_cells(len(grid)), varying.batch)


class _Beside(NamedTuple):
    """Counts of cells in slices beside those around them: of `statistics.overdispersion`, and the cell of each."""

    counts: NDArray[np.float64]
    exposure: NDArray[np.float64]
    sums: NDArray[np.float64]
    weights: NDArray[np.float64]
    squares: NDArray[np.float64]
    position: NDArray[np.float64]
    alike: NDArray[np.float64] | None
    cell: NDArray[np.int64]

    def varying(self) -> Overdispersion:
        return overdispersion(*self[:6], alike=self.alike)

    def batches_of_cells(self, cells: int) -> NDArray[np.float64]:
        """(cells,) φ of the parts that vary more than the rest; 0 elsewhere, and where nothing is exposed."""
        own = batches_of_parts(*self[:4], self.position[:, :2], against="times", alike=self.alike)
        return ratio(np.bincount(self.cell, own, cells), np.bincount(self.cell, minlength=cells), none=0)


def _beside(
    cases: NDArray[np.float64], exposure: NDArray[np.float64], grid: Grid, *, around: float, of_counts: bool = False
) -> _Beside:
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
    return _Beside(
        cases.T[some], exposure.T[some], sums[some], weights[some], squares[some],
        np.column_stack([of[some] for of in position]), beside[some] if of_counts else None, np.nonzero(some)[1],
    )  # fmt: skip
