"""What a plan must cost at least, of maps of any width: a semidefinite relaxation of the division into units.

Of each plan there is a matrix Y: of two blocks in one unit the roots of their areas, multiplied and divided by the unit's area;
of two in different units 0. Likeness is a linear function of it (Peng and Wei 2007), and so are the borders between units
and, of squared perimeters, tangents. All such Y are projections, their trace is the number of units, they keep the vector
of the roots of the areas, and each entry lies between bounds that follow from those of the area. What costs least of all
matrices like that costs at most what the best plan does. Both kinds of constraint are met in turn (ADMM, Boyd et al. 2011);
whatever multipliers that leaves, the sum of the lowest eigenvalues at them is a bound (as in Jansson, Chaykin and Keil
2007): it does not hang on how far the rounds have come.

That a unit hangs together counts only where no path within the largest area joins two blocks. `units.likeness_bound` knows more,
and needs a map that can be swept.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.linalg import eigh, eigvalsh
from scipy.optimize import brentq
from threadpoolctl import threadpool_limits

from jxgis.units._graph import Floats, Ints
from jxgis.units._piece import Piece, credit_of
from jxgis.units._reach import reached
from jxgis.units.search import Solution

__all__ = ["bound_semidefinite"]

# Nodes beyond which eigenvalues take too long: time grows with the third power, and is some ten seconds here.
_MOST_NODES = 600
# Rounds at most; looks at the bound come after so many, and end it where it gained less than this share of the cost.
_ROUNDS = 300
_LOOK = 25
_LEAST_GAIN = 5e-4
# What a difference of the two matrices costs, in shares of what all squares cost, or of what the plan does if that is more.
_PENALTY = 0.5
# Share of the sum of its blocks' areas that a unit covers at least: two blocks may overlap by a hundredth of the smaller,
# and have six neighbours on average.
_COVERED = 0.94
# The bound is rounded down to this share of the cost: eigenvalues by other libraries differ in their last digits.
_DIGITS = 1e-4
# Sums in another order differ in their last digits.
_ROUNDING = 1e-9


def bound_semidefinite(piece: Piece, best: Solution) -> float:
    """A lower bound of the cost of every division of a piece into as many units as the best one known.

    Parameters
    ----------
    piece
        Nodes and bounds.
    best
        The best division known, within the bounds.

    Returns
    -------
    float
        At most ``best.cost``; NaN where nothing is proven, as of more than 600 nodes, or of one without area. Of what is bounded only the
        first counts, and sub-districts do not: the bound holds all the same.
    """
    credit = credit_of(piece)
    paid = best.cost - credit
    # There is one plan of one unit, and one of a unit for each node.
    if best.k in (1, len(piece.area)) or paid <= 0.0:
        return best.cost
    if len(piece.area) > _MOST_NODES or piece.area.min() <= 0.0:
        return float("nan")
    # Matrices are so small that a second thread gains little, and waits long for a busy processor.
    with threadpool_limits(limits=1, user_api="blas"):
        proven = _share(_relaxed(piece, best.k, paid), best)
    share = float(np.floor(proven / _DIGITS)) * _DIGITS
    return credit + paid * min(share, 1.0) if share > 0.0 else float("nan")


class _Relaxed(NamedTuple):
    """What matrices of plans have in common, areas in shares of all, costs in shares of the best plan's.

    Attributes
    ----------
    k
        Number of units.
    low, high
        The least and the greatest area of a unit.
    root
        Roots of the nodes' areas, float (n,): what every matrix keeps.
    cost, edge
        What an entry costs by likeness and borders, and what it adds to the units' perimeters over their areas, float (n, n).
    least, most
        Bounds of each entry, float (n, n).
    squares
        What all squares cost before likeness is taken off.
    shape
        What a squared perimeter of 1 costs.
    round
        Squared perimeter over area that no unit is below.
    """

    k: int
    low: float
    high: float
    root: Floats
    cost: Floats
    edge: Floats
    least: Floats
    most: Floats
    squares: float
    shape: float
    round: float


def _relaxed(piece: Piece, k: int, paid: float) -> _Relaxed:
    n = len(piece.area)
    total = float(piece.area.sum())
    area = piece.area / total
    low = max(float(piece.low[0]) / total * (1.0 - _ROUNDING), float(area.min()))
    high = min(float(piece.high[0]) / total * (1.0 + _ROUNDING), 1.0 - (k - 1) * low + _ROUNDING)
    low = max(low, 1.0 - (k - 1) * high - _ROUNDING)
    root = np.sqrt(area)
    both = np.outer(root, root)
    source, other = np.repeat(np.arange(n), np.diff(piece.start)), piece.other
    borders = _ends(source, other, np.maximum(piece.cut, 0.0), n)
    # Borders that are kept apart cost something where a unit reaches across.
    borders[source, other] += np.maximum(-piece.cut, 0.0)
    edges = _ends(source, other, piece.shared, n) + np.diag(piece.perimeter - np.bincount(source, piece.shared, n))
    like = piece.mass / np.sqrt(piece.area)[:, None]
    every = np.ones(n, dtype=np.bool_)
    joined = np.array([reached(piece, node, every) for node in range(n)])
    ground = area[:, None] + area[None, :] - np.diag(area)
    most = np.where(joined, both / np.maximum(ground, low), 0.0)
    return _Relaxed(
        k=k,
        low=low,
        high=high,
        root=root,
        cost=(low * borders / both - piece.spread_weight * like @ like.T) / paid,
        edge=edges / both / np.sqrt(total),
        least=np.diag(area / high),
        most=most,
        squares=piece.spread_weight * float(piece.square.sum()) / paid,
        shape=piece.shape_weight * total / paid,
        round=_COVERED * 4.0 * np.pi if (piece.perimeter**2 >= 4.0 * np.pi * piece.area).all() else 0.0,
    )


def _ends(source: Ints, other: Ints, value: Floats, n: int) -> Floats:
    """The matrix whose product with a set's 1s, from both sides, is the sum of a value over the set's borders."""
    ends = np.zeros((n, n))
    ends[source, other] = -value
    ends[np.diag_indices(n)] = np.bincount(source, value, n)
    return ends


def _share(model: _Relaxed, best: Solution) -> float:
    """The share of the best plan's cost that is proven."""
    held = np.bincount(best.label, model.root**2)[best.label]
    entries = np.where(best.label[:, None] == best.label, np.outer(model.root, model.root) / held[:, None], 0.0)
    price = np.zeros_like(entries)
    slope, proven = 0.0, -np.inf
    penalty = _PENALTY * max(model.squares, 1.0)
    for turn in range(1, _ROUNDS + 1):
        slope = (slope + _slope(model, float((model.edge * entries).sum()) / model.k)) / 2.0
        cost = model.cost + model.shape * slope * model.edge
        spectral = _nearest(model, entries - (cost + price) / penalty)
        entries = np.clip(spectral + price / penalty, model.least, model.most)
        price += penalty * (spectral - entries)
        if turn % _LOOK == 0:
            before, proven = proven, max(proven, _proven(model, cost, price, slope))
            if proven - before < _LEAST_GAIN:
                break
    return proven


def _nearest(model: _Relaxed, matrix: Floats) -> Floats:
    """The nearest matrix that keeps the roots, with eigenvalues from 0 to 1 and the trace k."""
    value, vector = eigh(_beside(model, matrix, -1.0), driver="evd")
    value, vector = value[1:], vector[:, 1:]
    shift = brentq(lambda by: np.clip(value - by, 0.0, 1.0).sum() - (model.k - 1), value[0] - 1.0, value[-1])
    kept = np.clip(value - shift, 0.0, 1.0)
    some = kept > 0.0
    found: Floats = (vector[:, some] * kept[some]) @ vector[:, some].T + np.outer(model.root, model.root)
    return found


def _proven(model: _Relaxed, cost: Floats, price: Floats, slope: float) -> float:
    """The bound that prices of entries and a tangent of shape prove."""
    priced = cost + (price + price.T) / 2.0
    lowest = eigvalsh(_beside(model, priced, 1.0), subset_by_index=[0, model.k - 2])
    entries = np.minimum(-price * model.least, -price * model.most)
    rounding = model.k * len(price) * np.finfo(np.float64).eps * float(np.linalg.norm(priced))
    value = model.squares + model.shape * model.k * _tangent(model, slope)[0]
    return float(value + model.root @ priced @ model.root + lowest.sum() + entries.sum() - rounding)


def _beside(model: _Relaxed, matrix: Floats, sign: float) -> Floats:
    """A matrix beside the roots, which become its eigenvector with the lowest eigenvalue by far, or the highest."""
    onto = matrix @ model.root
    along = float(model.root @ onto) + sign * (1.0 + 2.0 * float(np.linalg.norm(matrix)))
    # Of (I − rrᵀ) M (I − rrᵀ) + s rrᵀ.
    found: Floats = matrix - np.outer(onto, model.root) - np.outer(model.root, onto - along * model.root)
    return found


def _tangent(model: _Relaxed, slope: float) -> tuple[float, float]:
    """The most that a unit of mean area pays for shape at least, less a slope times its perimeter over its area; and that ratio.

    With the perimeter p and the area a it pays p² = a²·(p/a)². Least over all p/a that the area allows this is concave in the
    area: above the chord between the least and the greatest, and over all units their mean area alone counts.
    """
    share = float(np.clip((model.high - 1.0 / model.k) / max(model.high - model.low, _ROUNDING), 0.0, 1.0))
    value = ratio = 0.0
    for area, part in ((model.low, share), (model.high, 1.0 - share)):
        least = max(slope / (2.0 * area**2), np.sqrt(model.round / area))
        value += part * (area**2 * least**2 - slope * least)
        ratio += part * least
    return value, ratio


def _slope(model: _Relaxed, ratio: float) -> float:
    """The slope whose tangent touches at a mean perimeter over area."""
    if _tangent(model, 0.0)[1] >= ratio:
        return 0.0
    steepest = 2.0 * model.high**2 * ratio * (1.0 + _ROUNDING)
    return float(brentq(lambda slope: _tangent(model, slope)[1] - ratio, 0.0, steepest))
