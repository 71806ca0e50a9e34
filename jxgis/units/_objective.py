"""The objective of the unit search as a sum over units."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from jxgis.units._graph import Adjacency, Floats, Ints

if TYPE_CHECKING:
    from jxgis.units._piece import Piece

__all__ = ["Objective", "build_objective", "piece_of"]


# What a unit that reaches across one kept-apart border of mean length pays: a tenth of the whole city's squares, more
# than any other term can give for it.
_APART_PRICE = 0.1


@dataclass(frozen=True)
class Objective:
    """Blocks, the borders between them and the weights of the three terms.

    Attributes
    ----------
    graph
        Areas, perimeters and shared borders.
    link
        Whether a unit may reach across each border, bool (m,).
    cut
        What each of the two units pays for ending at a shared border, float (m,); less than nothing where the border
        is kept apart.
    apart_total
        What respecting every kept-apart border earns in all: added back, so that the objective has no credit in it.
    mass, square
        Area times weighted standardised attributes, float (n, d), and area times their squared length, float (n,); of
        each district lessened so far that its squares count for no more than its ground.
    spread_weight, shape_weight
        Factors that turn a unit's squares and squared perimeter into its part of the objective.
    """

    graph: Adjacency
    link: npt.NDArray[np.bool_]
    cut: Floats
    mass: Floats
    square: Floats
    spread_weight: float
    shape_weight: float
    apart_total: float


def build_objective(
    graph: Adjacency,
    values: Floats,
    *,
    compactness: float,
    border_credit: float,
    apart: Ints,
) -> Objective:
    """Weigh similarity, compactness and border credit so that each is a share of the city's total.

    Σ_d w_d·SSD_d/SST + compactness · Σ (A_u/A)/PP_u + border_credit · (cut length on no barrier)/(all shared length). With PP =
    4πA/P² the second term is P²/(4πA_city): like the others a sum over units.

    Parameters
    ----------
    graph
        Of all blocks.
    values
        Weighted standardised attributes, float (n, d); d may be 0.
    compactness, border_credit
        The dials λ and μ.
    apart
        Rows of the borders that no unit should reach across.

    Returns
    -------
    Objective
    """
    area = graph.area_m2
    mean = (area[:, None] * values).sum(axis=0) / area.sum()
    total = float((area * ((values - mean) ** 2).sum(axis=1)).sum())
    centred = (values - mean) * np.sqrt(_evened(graph, values, total))[:, None]
    square = area * (centred**2).sum(axis=1)
    link = np.ones(len(graph.u), dtype=np.bool_)
    link[apart] = False
    length = float(graph.shared_m.sum())
    # Every border between units lies on two of them: half to each.
    cut = 0.5 * border_credit * graph.shared_m * (1.0 - graph.barrier_share) / max(length, 1.0)
    if len(apart):
        along = graph.shared_m[apart]
        cut[apart] = -0.5 * _APART_PRICE * along / along.mean()
    return Objective(
        graph=graph,
        link=link,
        cut=cut,
        mass=area[:, None] * centred,
        square=square,
        spread_weight=1.0 / total if total > 0 else 0.0,
        shape_weight=compactness / (4.0 * np.pi * float(area.sum())),
        apart_total=-2.0 * float(cut[apart].sum()),
    )


def _evened(graph: Adjacency, values: Floats, total: float) -> Floats:
    """What each block's squares are multiplied by, 0 to 1: a district's count for at most its share of the ground.

    Where one district holds most of the squares (an old town with most of the issues), likeness there would outweigh
    any shape, and nothing else would follow likeness at all. No square can move to another district's units.
    """
    ground = np.bincount(graph.district, weights=graph.area_m2)
    own = np.zeros(len(ground))
    for column in values.T:
        mean = np.bincount(graph.district, weights=graph.area_m2 * column) / ground
        own += np.bincount(graph.district, weights=graph.area_m2 * (column - mean[graph.district]) ** 2)
    due = total * ground / ground.sum()
    factor = np.divide(due, own, out=np.ones(len(ground)), where=own > due)
    evened: Floats = factor[graph.district]
    return evened


def piece_of(
    objective: Objective, nodes: Ints, group: Ints, low: Floats, high: Floats, load: Floats | None = None
) -> Piece:
    """The kernels' view of some blocks, those of one group taken as one node.

    Parameters
    ----------
    objective
        Of the city.
    nodes
        Rows of the blocks, int (p,).
    group
        Node of each of them, int (p,), 0 … n−1; all different where nothing is kept together.
    low, high
        The least and the greatest load of a unit that meet the bounds, float (b,): its area in m² first.
    load
        What each block of the city holds of it, float (n, b); its area where None.

    Returns
    -------
    Piece
    """
    from jxgis.units._piece import Piece

    graph = objective.graph
    n = int(group.max()) + 1
    place = np.full(len(graph.area_m2), -1, dtype=np.int64)
    place[nodes] = group
    a, b = place[graph.u], place[graph.v]
    here = (a >= 0) & (b >= 0)
    inside = here & (a == b)
    perimeter = np.bincount(group, weights=graph.perimeter_m[nodes], minlength=n).astype(np.float64)
    perimeter -= 2.0 * np.bincount(a[inside], weights=graph.shared_m[inside], minlength=n)
    between = here & (a != b)
    a, b = a[between], b[between]
    pair = np.minimum(a, b) * n + np.maximum(a, b)
    keys, row = np.unique(pair, return_inverse=True)
    shared = np.bincount(row, weights=graph.shared_m[between], minlength=len(keys)).astype(np.float64)
    cut = np.bincount(row, weights=objective.cut[between], minlength=len(keys)).astype(np.float64)
    link = np.bincount(row, weights=objective.link[between], minlength=len(keys)) > 0
    low_end, high_end = keys // n, keys % n
    source = np.concatenate([low_end, high_end])
    target = np.concatenate([high_end, low_end])
    order = np.lexsort((target, source))
    start = np.zeros(n + 1, dtype=np.int64)
    np.cumsum(np.bincount(source, minlength=n), out=start[1:])
    mass = np.zeros((n, objective.mass.shape[1]))
    np.add.at(mass, group, objective.mass[nodes])
    loads = np.zeros((n, len(low)))
    np.add.at(loads, group, (graph.area_m2[:, None] if load is None else load)[nodes])
    return Piece(
        start=start,
        other=target[order],
        shared=np.tile(shared, 2)[order],
        cut=np.tile(cut, 2)[order],
        link=np.tile(link, 2)[order],
        area=loads[:, 0].copy(),
        load=loads,
        perimeter=perimeter,
        mass=mass,
        square=np.bincount(group, weights=objective.square[nodes], minlength=n).astype(np.float64),
        spread_weight=objective.spread_weight,
        shape_weight=objective.shape_weight,
        low=low,
        high=high,
    )
