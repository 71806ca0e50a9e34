"""A part of a district as arrays."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from jxgis.units._graph import Floats, Ints

__all__ = ["Piece", "credit_of"]


class Piece(NamedTuple):
    """One connected part of a district as the kernels read it.

    Attributes
    ----------
    start, other
        Neighbours of node i are ``other[start[i]:start[i + 1]]``, int (n + 1,) and (2m,).
    shared, cut
        Length of each of these borders, and what a unit pays for ending at it, float (2m,).
    link
        Whether a unit may reach across it, bool (2m,).
    area, perimeter
        Of each node, in m² and m, float (n,).
    load
        What is bounded, float (n, b): the area first, then each further quantity of which a unit may hold only so much.
    mass, square
        Area times attributes, float (n, d), and area times their squared length, float (n,).
    spread_weight, shape_weight
        What turns squares and squared perimeters into shares of the objective.
    low, high
        The least and the greatest load of a unit that meet the bounds, float (b,).
    zones, zone_most
        Which nodes lie in each zone, bool (n, z), and among how many units each may be parted, int (z,).
    """

    start: Ints
    other: Ints
    shared: Floats
    cut: Floats
    link: npt.NDArray[np.bool_]
    area: Floats
    perimeter: Floats
    load: Floats
    mass: Floats
    square: Floats
    spread_weight: float
    shape_weight: float
    low: Floats
    high: Floats
    zones: npt.NDArray[np.bool_] = np.zeros((0, 0), dtype=np.bool_)
    zone_most: Ints = np.zeros(0, dtype=np.int64)


def credit_of(piece: Piece) -> float:
    """What every plan pays at least, 0 or less: what it would be paid if every border were kept that should be."""
    return float(np.minimum(piece.cut, 0.0).sum())
