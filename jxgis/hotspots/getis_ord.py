"""Getis-Ord Gi* and Gi: is the sum around a place larger than the values placed at random would make it.

Getis & Ord (1992), The analysis of spatial association by use of distance statistics, Geographical Analysis 24;
Ord & Getis (1995), Local spatial autocorrelation statistics, Geographical Analysis 27.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from jxgis.errors import InputError
from jxgis.space.graph import Neighbours, align, as_numbers, neighbours
from jxgis.space.grid import Grid
from jxgis.space.window import disc_sums

if TYPE_CHECKING:
    from libpysal.graph import Graph

__all__ = ["GiResult", "getis_ord_graph", "getis_ord_grid"]

Numbers = npt.NDArray[np.int64] | npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class GiResult:
    """Gi* or Gi of every place.

    Parameters
    ----------
    z
        (..., n) standard score; NaN where there is a reason.
    sums
        (..., n) weighted sum over the neighbourhood, int64 for counts with binary weights.
    weight
        (n,) sum of the weights of the neighbourhood, W_i: with binary weights the number of its members.
    reason
        (..., n) str, empty where z is a number: ``no_neighbours`` (none but itself), ``all_equal`` (the values do
        not vary), ``band_covers_area`` (the neighbourhood is everything).
    """

    z: npt.NDArray[np.float64]
    sums: Numbers
    weight: Numbers
    reason: npt.NDArray[np.str_]


def getis_ord_grid(counts: npt.ArrayLike, grid: Grid, *, band_m: float, star: bool = True) -> GiResult:
    """Compute Gi* (or Gi) on grid cells with binary weights within a band, without a weights matrix.

    Sums are taken over the cells of the grid only: at the edge of the study area W_i is the number of cells that
    are there. Integer counts are summed exactly.

    Parameters
    ----------
    counts
        (n_cells,) or (n_classes, n_cells) values, without gaps.
    grid
        The cells.
    band_m
        Neighbours are the cells whose centres are at most this far, in metres; the distance is compared in whole
        cells, so that a centre at exactly the band is in.
    star
        True: i is a member of its own neighbourhood (Gi*). False: Gi, with mean and variance over the others.

    Returns
    -------
    GiResult
        Arrays of the shape of ``counts``.

    Raises
    ------
    InputError
        If the shape is not the grid's, a value is missing, or the band is not positive.

    Examples
    --------
    >>> import pyproj
    >>> grid = Grid(pyproj.CRS(4549), 100.0, 0, 0, np.ones((1, 5), dtype=bool))
    >>> getis_ord_grid([0, 0, 1, 4, 5], grid, band_m=100).z.round(3).tolist()
    [-1.557, -1.946, -0.389, 1.557, 1.946]
    """
    values = as_numbers(counts)
    if values.ndim not in (1, 2) or values.shape[-1] != len(grid):
        raise InputError(
            zh=f"网格有 {len(grid)} 个格，数值的形状是 {values.shape}；请每格给一个数。",
            en=f"the grid has {len(grid)} cells, counts has shape {values.shape}; give one value a cell.",
        )
    sums = disc_sums(values, grid, band_m=band_m)
    weight = disc_sums(np.ones(len(grid), dtype=np.int64), grid, band_m=band_m)
    if not star:
        sums, weight = sums - values, weight - 1
    return standardise(values, sums, weight, weight, star=star)


def getis_ord_graph(values: pd.Series | npt.ArrayLike, graph: Graph, *, star: bool = True) -> GiResult:
    """Compute Gi* (or Gi) on polygons, hexes or H3 cells with the neighbours of a graph.

    Parameters
    ----------
    values
        (n,) Series with the labels of the graph, or an array in its order.
    graph
        ``libpysal.graph.Graph``; rows of equal weights count as binary, others (kernels) as they stand.
    star
        True: i is a member of its own neighbourhood (Gi*). False: Gi.

    Returns
    -------
    GiResult
        In the order of ``graph.unique_ids``.

    Raises
    ------
    InputError
        If values and graph do not fit each other, or the weights cannot be used (see ``space.graph.neighbours``).

    Examples
    --------
    >>> from libpysal.graph import Graph
    >>> line = Graph.from_dicts({0: {1: 1}, 1: {0: 1, 2: 1}, 2: {1: 1, 3: 1}, 3: {2: 1, 4: 1}, 4: {3: 1}})
    >>> getis_ord_graph([0, 0, 1, 4, 5], line).z.round(3).tolist()
    [-1.557, -1.946, -0.389, 1.557, 1.946]
    """
    return from_neighbours(align(values, graph), neighbours(graph, star=star), star=star)


def from_neighbours(values: Numbers, near: Neighbours, *, star: bool) -> GiResult:
    """Compute Gi* or Gi from neighbours that were read before."""
    square = near.weights.power(2).sum(axis=1)
    sums: Numbers = near.weights @ values
    weight: Numbers = near.weights.sum(axis=1)
    if near.binary:
        weight = np.rint(weight).astype(np.int64)
        if values.dtype.kind == "i":
            sums = np.rint(sums).astype(np.int64)
    members = np.diff(near.weights.indptr)
    return standardise(values, sums, weight, square, star=star, members=members)


def standardise(
    values: Numbers,
    sums: Numbers,
    weight: Numbers,
    square: Numbers,
    *,
    star: bool,
    members: npt.NDArray[np.integer] | None = None,
) -> GiResult:
    """Standardise sums of values by what placing these values at random would make them.

    Parameters
    ----------
    values
        (..., n) the values that are placed.
    sums, weight, square
        (..., q) weighted sums over neighbourhoods, and the sums of their weights and of these squared; with binary weights
        both are the number of their members.
    star
        Whether a place is a member of its own neighbourhood; of Gi, without it, the sums are as many as the values.
    members
        (q,) how many each neighbourhood has; ``weight`` by default.

    Returns
    -------
    GiResult

    Examples
    --------
    >>> standardise(np.array([0, 0, 1, 4, 5]), np.array([9]), np.array([2]), np.array([2]), star=True).z.round(3).tolist()
    [1.946]
    """
    n = values.shape[-1]
    size = weight if members is None else members
    mean, deviation = _moments(values, star=star)
    drawn_from = n if star else n - 1
    with np.errstate(invalid="ignore", divide="ignore"):
        spread = np.sqrt((drawn_from * square.astype(np.float64) - weight.astype(np.float64) ** 2) / (drawn_from - 1))
        z = (sums - mean * weight) / (deviation * spread)
    equal = np.broadcast_to(deviation == 0, z.shape)
    alone, everything = size <= int(star), size >= drawn_from
    reason = np.select(
        [np.broadcast_to(alone, z.shape), equal, np.broadcast_to(everything, z.shape)],
        ["no_neighbours", "all_equal", "band_covers_area"],
        default="",
    )
    z[reason != ""] = np.nan
    return GiResult(z=z, sums=sums, weight=weight, reason=reason)


def _moments(values: Numbers, *, star: bool) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Mean and standard deviation (divisor n) of all values, or of all others for each place.

    From centred values, so that a large common level takes no digits; a deviation that is rounding only is 0.
    """
    n = values.shape[-1]
    level = values.mean(axis=-1, keepdims=True) if n else np.zeros((*values.shape[:-1], 1))
    centred = values - level
    square = np.square(centred)
    rest = n
    total, squares = centred.sum(axis=-1, keepdims=True), square.sum(axis=-1, keepdims=True)
    if not star:
        total, squares, rest = total - centred, squares - square, n - 1
    if rest < 1:
        return level + 0 * total, 0 * total
    mean = total / rest
    variance = squares / rest - mean**2
    # Without i: the difference of nearly equal sums when i holds all the variance there is.
    noise = 8 * np.finfo(np.float64).eps * n * square.max(axis=-1, keepdims=True, initial=0) / rest
    flat = (values == values[..., :1]).all(axis=-1, keepdims=True) if star else variance <= noise
    return level + mean, np.sqrt(np.where(flat, 0.0, np.maximum(variance, 0.0)))
