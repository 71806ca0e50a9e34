"""The cube of cells and slices: how many cases each cell has in each slice, and how hot it is in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt

from jxgis.errors import InputError
from jxgis.hotspots.getis_ord import standardise
from jxgis.hotspots.permutation import METHODS, PermutationP, permutation_p
from jxgis.settings import TRENDS
from jxgis.space.count import count_points
from jxgis.space.window import disc_sums
from jxgis.statistics.fdr import benjamini_hochberg

if TYPE_CHECKING:
    from jxgis.settings import CompareWith
    from jxgis.space.grid import Grid

__all__ = ["Scores", "count_cube", "score_cube"]

Ints: TypeAlias = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Scores:
    """How hot every cell is in every slice.

    Attributes
    ----------
    around
        (slices, n) cases of the neighbourhood in the slice itself.
    z
        (slices, n) Gi* against what it is compared with; NaN where that does not vary, or is all of it the neighbourhood.
    p
        (slices, n) two-sided, of the placing of the cases at random; NaN likewise.
    method
        The ways p was found by, such as ``exact``; see :mod:`jxgis.hotspots.permutation`.
    """

    around: Ints
    z: npt.NDArray[np.float64]
    p: npt.NDArray[np.float64]
    method: tuple[str, ...]

    def states(self, alpha: float) -> Ints:
        """(slices, n) 1 where a cell is hot, -1 where cold, at a false discovery rate over all of the cube.

        Parameters
        ----------
        alpha
            The rate.
        """
        q = np.asarray(benjamini_hochberg(self.p.ravel())).reshape(self.p.shape)
        return np.where(q <= alpha, np.sign(self.z), 0).astype(np.int64)


def count_cube(grid: Grid, x: npt.ArrayLike, y: npt.ArrayLike, at: Ints, slices: int) -> Ints:
    """Count points by slice and cell.

    Parameters
    ----------
    grid
        The cells.
    x, y
        (n,) coordinates.
    at
        (n,) number of the slice of each point; -1 for none.
    slices
        Number of slices.

    Returns
    -------
    numpy.ndarray
        (slices, n_cells) int64.

    Examples
    --------
    >>> import pyproj
    >>> from jxgis.space.grid import Grid
    >>> grid = Grid(pyproj.CRS(4549), 100.0, 0, 0, np.ones((1, 2), dtype=bool))
    >>> count_cube(grid, [50, 50, 150, 150], [50, 50, 50, 50], np.array([0, 1, 1, -1]), 2).tolist()
    [[1, 0], [1, 1]]
    """
    known = at >= 0
    counts, _ = count_points(grid, np.asarray(x)[known], np.asarray(y)[known], codes=at[known], n_classes=slices)
    return np.asarray(counts, dtype=np.int64)


def score_cube(
    counts: Ints,
    grid: Grid,
    *,
    band_m: float,
    compare_with: CompareWith = TRENDS.compare_with,
    window: int = TRENDS.window,
) -> Scores:
    """Compute Gi* of every cell in every slice, with the p of placing the cases at random.

    Parameters
    ----------
    counts
        (slices, n_cells) from `count_cube`.
    grid
        The cells.
    band_m
        A cell's neighbours lie within it, metres.
    compare_with
        What the sum around a cell is compared with: ``slice``, all cells of the slice; ``window``, those of it and of the
        ``window`` slices before; ``cube``, those of all slices. The neighbourhood is of the slice in the first case, of it
        and the slices before in the others, as ArcGIS has it.
    window
        Slices before that count with a slice.

    Returns
    -------
    Scores

    Raises
    ------
    InputError
        If there are fewer than two slices.

    Examples
    --------
    >>> import pyproj
    >>> from jxgis.space.grid import Grid
    >>> grid = Grid(pyproj.CRS(4549), 100.0, 0, 0, np.ones((1, 5), dtype=bool))
    >>> found = score_cube(np.array([[0, 0, 1, 4, 5], [0, 0, 0, 0, 0]]), grid, band_m=100)
    >>> found.z.round(3).tolist()[0], np.isnan(found.z[1]).all(), found.p.round(2).tolist()[0]
    ([-1.557, -1.946, -0.389, 1.557, 1.946], np.True_, [0.2, 0.2, 1.0, 0.2, 0.2])
    """
    slices = len(counts)
    if slices < 2:
        raise InputError(
            zh=f"至少要有两个时段才能看变化，现有 {slices} 个。",
            en=f"a trend takes two slices or more; there are {slices}.",
        )
    before = 0 if compare_with == "slice" else window
    # The first slices have fewer before them.
    deep = np.minimum(np.arange(slices), before) + 1
    around: Ints = disc_sums(counts, grid, band_m=band_m).astype(np.int64)
    sums: Ints = np.cumsum(around, axis=0)
    sums[before + 1 :] -= sums[: slices - before - 1].copy()
    sizes: Ints = deep[:, None] * disc_sums(np.ones(len(grid), dtype=np.int64), grid, band_m=band_m)
    z, p = np.empty(sums.shape), np.empty(sums.shape)
    methods: set[str] = set()
    whole = compare_with == "cube"
    for at in range(1 if whole else slices):
        asked = slice(0, slices) if whole else slice(at, at + 1)
        population = counts.ravel() if whole else counts[at + 1 - deep[at] : at + 1].ravel()
        z[asked] = standardise(population, sums[asked], sizes[asked], sizes[asked], star=True).z
        found = _placed(population, sums[asked].ravel(), sizes[asked].ravel())
        p[asked] = found.p[: sums[asked].size].reshape(-1, len(grid))
        methods |= {name for name in METHODS if name in found.method}
    return Scores(around=around, z=z, p=np.where(np.isnan(z), np.nan, p), method=tuple(sorted(methods)))


def _placed(population: Ints, sums: Ints, sizes: Ints) -> PermutationP:
    """P of sums of values drawn from a population; what there is more of the one than of the others is not asked about."""
    rest = (0, len(population) - len(sums))
    return permutation_p(population, np.pad(sums, rest), np.pad(sizes, rest))
