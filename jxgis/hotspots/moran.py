"""Local Moran's I: places whose neighbours are alike (HH, LL) or unlike (HL, LH), more than chance would make them.

Anselin (1995), Local indicators of spatial association, Geographical Analysis 27.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from jxgis.hotspots.getis_ord import GiResult, from_neighbours, getis_ord_grid
from jxgis.hotspots.permutation import PermutationP, Place, graph_place, grid_place, permutation_p, permutation_p_draws
from jxgis.settings import HOTSPOTS
from jxgis.space.graph import align, as_numbers, neighbours
from jxgis.space.grid import Grid
from jxgis.statistics.fdr import benjamini_hochberg

if TYPE_CHECKING:
    from libpysal.graph import Graph

__all__ = ["MoranResult", "local_moran_graph", "local_moran_grid"]

Numbers = npt.NDArray[np.int64] | npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class MoranResult:
    """Local Moran's I of every place.

    Parameters
    ----------
    i
        (n,) I_i = z_i Σ_j w_ij z_j / m2 with row-standardised weights and m2 = Σ z² / n: the scale of spdep's Ii.
        esda's Is is (n - 1) / n times as large. NaN without neighbours or variation.
    p, method
        (n,) two-sided p under the conditional null, and how it was found (see ``permutation``). For a fixed z_i the
        sum over the neighbours decides; p says how unusual that sum is.
    q
        (n,) Benjamini-Hochberg q over the places that have a p.
    label
        (n,) ``HH``, ``LL``, ``HL`` or ``LH`` (own value, then neighbours, against the mean) where q is at most alpha,
        else ``ns``.
    reason
        (n,) str, empty where there is a p: ``no_neighbours``, ``all_equal`` or ``band_covers_area``.
    """

    i: npt.NDArray[np.float64]
    p: npt.NDArray[np.float64]
    method: npt.NDArray[np.str_]
    q: npt.NDArray[np.float64]
    label: npt.NDArray[np.str_]
    reason: npt.NDArray[np.str_]


def local_moran_grid(
    counts: npt.ArrayLike, grid: Grid, *, band_m: float, alpha: float = HOTSPOTS.alpha, draws: int = 999, seed: int = 0
) -> MoranResult:
    """Compute local Moran's I on grid cells, neighbours within a band; queen contiguity is a band of 1.5 cells.

    Parameters
    ----------
    counts
        (n_cells,) values, without gaps.
    grid
        The cells.
    band_m
        Neighbours are the other cells whose centres are at most this far, in metres.
    alpha
        False discovery rate at which a cell gets a label.
    draws, seed
        Number and seed of the permutations; used for real values only.

    Returns
    -------
    MoranResult

    Raises
    ------
    InputError
        If the shape is not the grid's, a value is missing, or the band is not positive.

    Examples
    --------
    >>> import pyproj
    >>> grid = Grid(pyproj.CRS(4549), 100.0, 0, 0, np.ones((1, 600), dtype=bool))
    >>> counts = np.where(np.arange(600) // 3 == 9, 9, np.arange(600) % 2)
    >>> local_moran_grid(counts, grid, band_m=100).label[26:31].tolist()
    ['ns', 'ns', 'HH', 'ns', 'ns']
    """
    values = as_numbers(counts)
    gi = getis_ord_grid(values, grid, band_m=band_m, star=False)
    place = grid_place(grid, band_m=band_m, star=False)
    return moran_from_gi(values, gi, conditional_p(values, gi, place, binary=True, draws=draws, seed=seed), alpha=alpha)


def local_moran_graph(
    values: pd.Series | npt.ArrayLike, graph: Graph, *, alpha: float = HOTSPOTS.alpha, draws: int = 999, seed: int = 0
) -> MoranResult:
    """Compute local Moran's I on polygons, hexes or H3 cells with the neighbours of a graph.

    Parameters
    ----------
    values
        (n,) Series with the labels of the graph, or an array in its order.
    graph
        ``libpysal.graph.Graph``.
    alpha
        False discovery rate at which a place gets a label.
    draws, seed
        Number and seed of the permutations; used for real values or unequal weights only.

    Returns
    -------
    MoranResult
        In the order of ``graph.unique_ids``.

    Raises
    ------
    InputError
        If values and graph do not fit each other, or the weights cannot be used.
    """
    numbers = align(values, graph)
    near = neighbours(graph, star=False)
    gi = from_neighbours(numbers, near, star=False)
    found = conditional_p(numbers, gi, graph_place(near), binary=near.binary, draws=draws, seed=seed)
    return moran_from_gi(numbers, gi, found, alpha=alpha)


def moran_from_gi(
    values: Numbers,
    gi: GiResult,
    found: PermutationP,
    *,
    alpha: float,
    level: tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]] | None = None,
) -> MoranResult:
    """Compute local Moran's I from the neighbour sums of Gi and their conditional p, which are the same.

    ``level``: what is expected of each place and of its neighbours together; None: the mean of all, for each.
    """
    mean = values.sum() / max(len(values), 1)
    own, others = (mean, gi.weight * mean) if level is None else level
    centred = values - own
    around = gi.sums - others
    with np.errstate(divide="ignore", invalid="ignore"):
        i = centred * (around / gi.weight) / (np.square(centred).sum() / max(len(values), 1))
    everyone_equal = bool((values == values[:1]).all())
    # Gi has no z where the others are all equal; their sum is then certain, and its p is 1 and no reason.
    reason = np.where((gi.reason == "all_equal") & (not everyone_equal), "", gi.reason)
    i[(reason == "no_neighbours") | everyone_equal] = np.nan
    p, method = np.where(reason == "", found.p, np.nan), np.where(reason == "", found.method, "")
    q = benjamini_hochberg(p)
    quadrant = np.where(centred > 0, np.where(around > 0, "HH", "HL"), np.where(around > 0, "LH", "LL"))
    label = np.where(q <= alpha, quadrant, "ns")
    return MoranResult(i=i, p=p, method=method, q=q, label=label, reason=reason)


def conditional_p(values: Numbers, gi: GiResult, place: Place, *, binary: bool, draws: int, seed: int) -> PermutationP:
    """Compute the p of neighbour sums with each place's own value kept, exactly where that can be."""
    if binary and values.dtype.kind == "i":
        return permutation_p(values, gi.sums, gi.weight, null="conditional")
    return permutation_p_draws(values, place, null="conditional", draws=draws, seed=seed)
