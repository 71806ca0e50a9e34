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
APART_PRICE = 0.1


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
        Area times weighted standardised attributes, float (n, d), and area times their squared length, float (n,).
    total_square
        Total sum of squares over the city: the share's denominator; 0 without attributes.
    spread_weight, shape_weight
        Factors that turn a unit's squares and squared perimeter into its part of the objective.
    """

    graph: Adjacency
    link: npt.NDArray[np.bool_]
    cut: Floats
    mass: Floats
    square: Floats
    total_square: float
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

    SSD/SST + compactness · Σ (A_u/A)/PP_u + border_credit · (cut length on no barrier)/(all shared length). With PP =
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
    centred = values - mean
    square = area * (centred**2).sum(axis=1)
    total = float(square.sum())
    link = np.ones(len(graph.u), dtype=np.bool_)
    link[apart] = False
    length = float(graph.shared_m.sum())
    # Every border between units lies on two of them: half to each.
    cut = 0.5 * border_credit * graph.shared_m * (1.0 - graph.barrier_share) / max(length, 1.0)
    if len(apart):
        along = graph.shared_m[apart]
        cut[apart] = -0.5 * APART_PRICE * along / along.mean()
    return Objective(
        graph=graph,
        link=link,
        cut=cut,
        mass=area[:, None] * centred,
        square=square,
        total_square=total,
        spread_weight=1.0 / total if total > 0 else 0.0,
        shape_weight=compactness / (4.0 * np.pi * float(area.sum())),
        apart_total=-2.0 * float(cut[apart].sum()),
    )


def piece_of(objective: Objective, nodes: Ints, group: Ints, low_m2: float, high_m2: float) -> Piece:
    """The kernels' view of some blocks, those of one group taken as one node.

    Parameters
    ----------
    objective
        Of the city.
    nodes
        Rows of the blocks, int (p,).
    group
        Node of each of them, int (p,), 0 … n−1; all different where nothing is kept together.
    low_m2, high_m2
        The least and the greatest area that meet the bounds.

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
    return Piece(
        start=start,
        other=target[order],
        shared=np.tile(shared, 2)[order],
        cut=np.tile(cut, 2)[order],
        link=np.tile(link, 2)[order],
        area=np.bincount(group, weights=graph.area_m2[nodes], minlength=n).astype(np.float64),
        perimeter=perimeter,
        mass=mass,
        square=np.bincount(group, weights=objective.square[nodes], minlength=n).astype(np.float64),
        spread_weight=objective.spread_weight,
        shape_weight=objective.shape_weight,
        low=low_m2,
        high=high_m2,
    )
