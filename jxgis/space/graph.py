"""Neighbours of polygons, hexes and H3 cells: a libpysal Graph read as a sparse matrix."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse

from jxgis.errors import InputError

if TYPE_CHECKING:
    from libpysal.graph import Graph

__all__ = ["Neighbours", "align", "as_numbers", "neighbours"]


@dataclass(frozen=True, eq=False)
class Neighbours:
    """A graph as the statistics of this package need it.

    Parameters
    ----------
    weights
        (n, n) CSR of float64: row i holds the weights of the neighbours of i, and of i itself if asked for.
    binary
        Whether every weight is 1, so that a weighted sum is the sum of a number of values.
    """

    weights: sparse.csr_array
    binary: bool


def neighbours(graph: Graph, *, star: bool) -> Neighbours:
    """Read a Graph as a sparse matrix, with each place its own neighbour or not.

    Where the weights of each row are all equal they count as ones: Gi, Gi* and the sign of local Moran do not change
    with the scale of a row, and so row-standardised contiguity is as good as binary.

    Parameters
    ----------
    graph
        ``libpysal.graph.Graph``, of any builder; weights must not be negative.
    star
        Whether i is a neighbour of i. Its weight is the graph's own where it has one, else 1.

    Returns
    -------
    Neighbours

    Raises
    ------
    InputError
        If a weight is negative or missing, or unequal weights were row-standardised without a self weight: what
        the self weight is then cannot be told.

    Examples
    --------
    >>> from libpysal.graph import Graph
    >>> line = Graph.from_arrays([0, 0, 1, 2], [1, 2, 0, 0], [0.5, 0.5, 1.0, 1.0])
    >>> neighbours(line, star=True).weights.toarray().tolist()
    [[1.0, 1.0, 1.0], [1.0, 1.0, 0.0], [1.0, 0.0, 1.0]]
    """
    coo = graph.sparse.tocoo()
    row, col, weight = coo.row, coo.col, np.asarray(coo.data, dtype=np.float64)
    if not np.isfinite(weight).all() or (weight < 0).any():
        raise InputError(
            zh="邻接权重中有负数或空值；请用不小于 0 的权重。",
            en="the graph holds negative or missing weights; use weights of at least 0.",
        )
    # libpysal marks an isolated place by a weight of 0 to itself.
    kept = weight > 0
    row, col, weight = row[kept], col[kept], weight[kept]
    n = graph.n
    own = row == col
    self_weight = np.zeros(n)
    self_weight[row[own]] = weight[own]
    least, most = np.full(n, np.inf), np.zeros(n)
    np.minimum.at(least, row[~own], weight[~own])
    np.maximum.at(most, row[~own], weight[~own])
    # Equal up to the rounding of 1 / 3; a self weight takes part where there is one.
    equal = (most <= least * (1 + 1e-12)) & ((self_weight == 0) | (np.abs(self_weight - most) <= 1e-12 * most))
    # Row by row it would not do: in a kernel a row of one neighbour is equal too, and means its weight.
    binary = bool((equal | (most == 0)).all())
    if binary:
        weight = np.ones_like(weight)
        self_weight = np.ones(n)
    elif star and graph.transformation == "R" and (self_weight == 0).any():
        raise InputError(
            zh="行标准化后的不等权重里没有自身权重；请用未标准化的图，或先用 assign_self_weight() 给出自身权重。",
            en="unequal weights were row-standardised without a self weight; use the graph as built, "
            "or give it self weights by assign_self_weight() first.",
        )
    row, col, weight = row[~own], col[~own], weight[~own]
    if star:
        row, col = np.concatenate([row, np.arange(n)]), np.concatenate([col, np.arange(n)])
        weight = np.concatenate([weight, np.where(self_weight > 0, self_weight, 1.0)])
    matrix = sparse.csr_array((weight, (row, col)), shape=(n, n))
    matrix.sort_indices()
    return Neighbours(weights=matrix, binary=binary)


def align(values: pd.Series | npt.ArrayLike, graph: Graph) -> npt.NDArray[np.int64] | npt.NDArray[np.float64]:
    """Put values in the order of a graph: a Series by its labels, anything else as it stands.

    Parameters
    ----------
    values
        (n,) numbers without gaps.
    graph
        ``libpysal.graph.Graph`` over the same n places.

    Returns
    -------
    numpy.ndarray
        (n,) int64 if all values are whole numbers, else float64.

    Raises
    ------
    InputError
        If the labels or the number of values differ from the graph's, or a value is missing.
    """
    if isinstance(values, pd.Series):
        if len(values) != graph.n or not values.index.is_unique or not values.index.isin(graph.unique_ids).all():
            raise InputError(
                zh="数值与邻接图的标签不一致；请用同一张表的索引建图。",
                en="the labels of the values are not those of the graph; build the graph from the same table.",
            )
        array = values.reindex(graph.unique_ids).to_numpy()
    else:
        array = np.asarray(values)
    if array.shape != (graph.n,):
        raise InputError(
            zh=f"邻接图有 {graph.n} 个单元，数值有 {array.size} 个；请一一对应。",
            en=f"the graph has {graph.n} places, values has shape {array.shape}; give one value a place.",
        )
    return as_numbers(array)


def as_numbers(values: npt.ArrayLike) -> npt.NDArray[np.int64] | npt.NDArray[np.float64]:
    """Return numbers as int64 where all are whole, else float64; a missing one is refused.

    Examples
    --------
    >>> as_numbers([1.0, 2.0]).dtype.name, as_numbers([0.5, 2.0]).dtype.name
    ('int64', 'float64')
    """
    array = np.asarray(values)
    if array.dtype.kind in "iub":
        return array.astype(np.int64)
    real = array.astype(np.float64)
    if not np.isfinite(real).all():
        raise InputError(
            zh="数值中有空值或无穷大；请先剔除这些单元（网格用 Grid.where()）。",
            en="the values hold NaN or infinity; take those places out first (Grid.where() for a grid).",
        )
    # Beyond 2**53 a float no longer tells one integer from the next.
    if (np.rint(real) == real).all() and (np.abs(real) < 2**53).all():
        return real.astype(np.int64)
    return real
