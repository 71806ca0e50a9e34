"""Sums over discs of cells, without a weights matrix: row runs for small discs, Fourier for large ones."""

from __future__ import annotations

from collections.abc import Sequence
from math import isqrt, log2, prod
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.fft

from jxgis.errors import InputError
from jxgis.space.grid import Grid

__all__ = ["covers_all", "disc_reach", "disc_sums", "pair_sums"]

ROW_RUN_RADIUS = 8  # cells; above it two transforms cost less than the rows of the disc
_Real = npt.NDArray[np.int64] | npt.NDArray[np.float64]


def disc_reach(cell_m: float, band_m: float) -> npt.NDArray[np.int64]:
    """Reach of a disc along each of its rows: ``reach[dy]`` is the largest dx with dx² + dy² <= (band / cell)².

    Integers throughout, so that a neighbour at exactly the band, such as (3, 4) and (5, 0) at 5 cells, is in it on
    every machine.

    Examples
    --------
    >>> disc_reach(100, 500).tolist()
    [5, 4, 4, 4, 3, 0]
    """
    if not (np.isfinite(band_m) and band_m > 0):
        raise InputError(zh=f"邻域半径须大于 0 米，现为 {band_m}。", en=f"band_m must be above 0 m, not {band_m}.")
    # The quotient of two floats may fall a hair short of the whole number that is meant: 0.3 / 0.1 < 3.
    square = int((band_m / cell_m) ** 2 * (1 + 1e-12))
    return np.array([isqrt(square - dy * dy) for dy in range(isqrt(square) + 1)], dtype=np.int64)


def disc_sums(values: _Real, grid: Grid, *, band_m: float) -> _Real:
    """Sum values over the disc around each cell, the cell itself included.

    Parameters
    ----------
    values
        (..., n_cells) int64 or float64.
    grid
        The cells; what is off its mask counts nothing.
    band_m
        Radius of the disc between cell centres, in metres.

    Returns
    -------
    numpy.ndarray
        (..., n_cells), dtype of ``values``; exact for integers.
    """
    reach = disc_reach(grid.cell_m, band_m)
    batch = values.reshape(prod(values.shape[:-1]), len(grid))
    if values.dtype.kind == "i" and _fits_fourier(batch, grid, reach):
        sums = np.stack([_fourier_sums(layer, grid, reach) for layer in batch]) if len(batch) else batch
    else:
        sums = _row_run_sums(batch, grid, reach)
    return sums.reshape(values.shape)


def covers_all(grid: Grid, *, band_m: float) -> bool:
    """Whether the disc around every cell is the whole grid: nothing is left to compare any with.

    Parameters
    ----------
    grid, band_m
        As `disc_sums` takes them.

    Examples
    --------
    >>> import pyproj
    >>> from jxgis.space.grid import Grid
    >>> grid = Grid(pyproj.CRS(4549), 100.0, 0, 0, np.ones((1, 4), dtype=bool))
    >>> covers_all(grid, band_m=299), covers_all(grid, band_m=300)
    (False, True)
    """
    return bool(disc_sums(np.ones(len(grid), dtype=np.int64), grid, band_m=band_m).min() == len(grid))


def pair_sums(values: _Real, grid: Grid, *, bands_m: Sequence[float]) -> npt.NDArray[np.float64]:
    """Sum the products of two cells over all ordered pairs of different cells within each band.

    All bands at once, from the sums of products by how far the two cells are apart: values times their own shift, which
    one Fourier transform gives (Wiener and Khinchin).

    Parameters
    ----------
    values
        (n_cells,) numbers.
    grid
        The cells.
    bands_m
        Largest distances between cell centres, metres.

    Returns
    -------
    numpy.ndarray
        (n_bands,) float64, to rounding: some 1e-13 of the sum of squares times the pairs a cell has.

    Examples
    --------
    >>> import pyproj
    >>> row = Grid(pyproj.CRS(4549), 100.0, 0, 0, np.ones((1, 3), dtype=bool))
    >>> pair_sums(np.array([1, 2, 3]), row, bands_m=[100, 200]).round(9).tolist()
    [16.0, 22.0]
    """
    rows, cols = grid.mask.shape
    reaches = [disc_reach(grid.cell_m, band_m) for band_m in bands_m]
    high = min(max((len(reach) for reach in reaches), default=1), rows) - 1
    wide = min(max((int(reach[0]) for reach in reaches), default=0), cols - 1)
    shape = (scipy.fft.next_fast_len(rows + high, real=True), scipy.fft.next_fast_len(cols + wide, real=True))
    dense = np.zeros(shape)
    dense[grid.rows, grid.cols] = values
    apart: npt.NDArray[np.float64] = scipy.fft.irfft2(np.abs(scipy.fft.rfft2(dense)) ** 2, s=shape)[: high + 1]
    # within[dy, dx] is the sum over shifts by dy rows and at most dx columns, to either side.
    either = apart[:, : wide + 1].copy()
    either[:, 1:] += apart[:, : -wide - 1 : -1] if wide else 0
    within = np.cumsum(either, axis=1)
    sums = []
    for reach in reaches:
        by_row = within[np.arange(min(len(reach), high + 1)), np.minimum(reach[: high + 1], wide)]
        sums.append(2 * by_row.sum() - by_row[0] - apart[0, 0])
    return np.array(sums, dtype=np.float64)


def _row_run_sums(batch: _Real, grid: Grid, reach: npt.NDArray[np.int64]) -> _Real:
    """Differences of prefix sums along each row of the disc: O(cells times rows of the disc)."""
    rows, cols = grid.mask.shape
    wide = np.minimum(reach[:rows], cols)
    pad = int(wide.max())
    # prefix[x + pad + 1] is the sum up to and with column x; flat on both sides, so that runs may stick out.
    prefix = np.zeros((len(batch), rows, cols + 2 * pad + 1), dtype=batch.dtype)
    prefix[:, grid.rows, grid.cols + pad + 1] = batch
    np.cumsum(prefix, axis=2, out=prefix)
    total: npt.NDArray[Any] = np.zeros((len(batch), rows, cols), dtype=batch.dtype)
    for dy, dx in enumerate(wide.tolist()):
        run = prefix[:, :, pad + dx + 1 : pad + dx + 1 + cols] - prefix[:, :, pad - dx : pad - dx + cols]
        total[:, dy:] += run[:, : rows - dy]
        if dy:
            total[:, : rows - dy] += run[:, dy:]
    return total[:, grid.mask]


def _fits_fourier(batch: _Real, grid: Grid, reach: npt.NDArray[np.int64]) -> bool:
    """Whether the disc is large enough to gain by it, and rounding back to integers is safe."""
    if min(len(reach) - 1, *grid.mask.shape) <= ROW_RUN_RADIUS:
        return False
    # Error of a convolution by FFT: eps log2(size) times the two norms, by Cauchy and Schwarz; 8 for safety.
    size = 4.0 * grid.mask.size
    disc = float(np.sqrt(2 * reach.sum() * 2 + 1))
    norm = float(np.sqrt(np.square(batch.astype(np.float64)).sum(axis=1).max(initial=0)))
    return 8 * float(np.finfo(np.float64).eps) * log2(size) * disc * norm < 0.25


def _fourier_sums(layer: _Real, grid: Grid, reach: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Convolution with the disc, rounded back to the integers it is made of."""
    rows, cols = grid.mask.shape
    high, wide = min(len(reach) - 1, rows), min(int(reach[0]), cols)
    shape = (scipy.fft.next_fast_len(rows + high, real=True), scipy.fft.next_fast_len(cols + wide, real=True))
    disc = np.zeros(shape)
    for dy, dx in enumerate(np.minimum(reach[: high + 1], wide).tolist()):
        # Wrapped around the corner, so that the answer stands where the cell stands.
        for row in {dy, -dy}:
            disc[row, : dx + 1] = 1
            disc[row, shape[1] - dx :] = 1
    dense = np.zeros(shape)
    dense[grid.rows, grid.cols] = layer
    product = scipy.fft.rfft2(dense)
    product *= scipy.fft.rfft2(disc)
    sums: npt.NDArray[np.float64] = scipy.fft.irfft2(product, s=shape)
    return np.rint(sums[:rows, :cols][grid.mask]).astype(np.int64)
