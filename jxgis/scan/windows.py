"""The windows of a scan: circles and ellipses of cells that grow around a centre, and stretches of time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

__all__ = ["Shape", "Stretches", "grow_shapes", "stretches_of"]

_DIGITS = 9
"""Squares of distances, in cells, that agree so far are one: cells at equal distances come into a window together."""


@dataclass(frozen=True, eq=False)
class Shape:
    """A circle or an ellipse that grows around the middle of a cell.

    Attributes
    ----------
    ratio
        Its long over its short axis; 1 of a circle.
    angle
        Of the long axis, degrees from the east to the north.
    weight
        What the log likelihood ratio of its windows is multiplied by: (4 ratio / (ratio + 1)²) to the power of the penalty.
    rows, cols
        (n,) the cells around the centre in the order in which they come in.
    ends
        (k,) how many of them are in each window.
    reach
        (k,) half of the long axis at which each window is complete, in cells, between the middles of cells.
    """

    ratio: float
    angle: float
    weight: float
    rows: Ints
    cols: Ints
    ends: Ints
    reach: Floats


def grow_shapes(ratios: Sequence[float], *, cell_m: float, radius_max_m: float, penalty: float = 0.0) -> list[Shape]:
    """Circles and ellipses of all sizes at which a further cell comes in.

    Parameters
    ----------
    ratios
        Long over short axis, 1 for circles. An ellipse of ratio s is turned to 3 s angles (4 for 1.5), as in Kulldorff et
        al. (2006).
    cell_m
        Side of a cell, metres.
    radius_max_m
        The largest radius, of an ellipse half its long axis, between the middles of cells.
    penalty
        How much long windows are held back: 0 not at all, 0.5 moderately, 1 strongly.

    Returns
    -------
    list of Shape

    References
    ----------
    Kulldorff, M., Huang, L., Pickle, L. & Duczmal, L. (2006). An elliptic spatial scan statistic. Statistics in Medicine 25.

    Examples
    --------
    >>> circle, *ellipses = grow_shapes([1, 2], cell_m=200, radius_max_m=400)
    >>> circle.ends.tolist(), circle.reach.round(2).tolist()
    ([1, 5, 9, 13], [0.0, 1.0, 1.41, 2.0])
    >>> [ellipse.angle for ellipse in ellipses], ellipses[0].ends.tolist()
    ([0.0, 30.0, 60.0, 90.0, 120.0, 150.0], [1, 3, 7])
    """
    most = (radius_max_m / cell_m) ** 2 * (1 + 1e-12)
    cells = np.arange(-int(most**0.5), int(most**0.5) + 1)
    rows, cols = (of.ravel() for of in np.meshgrid(cells, cells, indexing="ij"))
    shapes = []
    for ratio in ratios:
        angles = 1 if ratio == 1 else int(3 * ratio)
        for angle in np.arange(angles) * 180.0 / angles:
            along, across = np.cos(np.radians(angle)), np.sin(np.radians(angle))
            square = (cols * along + rows * across) ** 2 + (ratio * (rows * along - cols * across)) ** 2
            square = square.round(_DIGITS)
            order = np.argsort(square, kind="stable")
            order = order[square[order] <= most]
            squares, ends = np.unique(square[order], return_counts=True)
            weight = (4 * ratio / (ratio + 1) ** 2) ** penalty
            shapes.append(
                Shape(
                    float(ratio), float(angle), weight, rows[order], cols[order], np.cumsum(ends), np.sqrt(squares)
                )
            )  # fmt: skip
    return shapes


@dataclass(frozen=True, eq=False)
class Stretches:
    """Stretches of consecutive slices of time.

    Attributes
    ----------
    first, end
        (k,) slices, half open.
    slices
        How many slices there are.
    """

    first: Ints
    end: Ints
    slices: int


def stretches_of(slices: int, *, longest: int, recent: bool) -> Stretches:
    """The stretches that a cluster may last.

    Parameters
    ----------
    slices
        How many slices of time there are.
    longest
        How many of them a cluster lasts at most.
    recent
        Whether a cluster must last to the end (prospective; Kulldorff 2001), so that it is there still.

    Returns
    -------
    Stretches

    Examples
    --------
    >>> found = stretches_of(4, longest=2, recent=True)
    >>> list(zip(found.first.tolist(), found.end.tolist()))
    [(3, 4), (2, 4)]
    """
    pairs = [
        (end - length, end)
        for end in (range(slices, slices + 1) if recent else range(1, slices + 1))
        for length in range(1, min(longest, end) + 1)
    ]
    first, end = np.array(pairs, dtype=np.int64).T
    return Stretches(first, end, slices)
