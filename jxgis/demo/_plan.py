"""Plan space: the straight-lined drawing that the schematic city is bent from.

Everything is drawn in plan space, metres from the city's middle, where streets are straight. Two shears then bend it:
they move points along one axis by a wave of the other, so areas stay exactly what they were.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

if TYPE_CHECKING:
    import pyproj
    from numpy.typing import NDArray

__all__ = ["EPSG", "MIDDLE", "Lattice", "bend", "bend_shapes", "make_lattice", "segments", "straighten", "to_plan"]

EPSG = 4549
MIDDLE = (120.755, 30.755)
_U_STEP, _V_STEP = 270.0, 230.0
_HALF = 56
_WAVES = (  # (axis moved, amplitude in m, wavelength in m, phase)
    ("u", 300.0, 9100.0, 0.7),
    ("v", 240.0, 7700.0, 2.1),
    ("u", 45.0, 2300.0, 1.3),
    ("v", 35.0, 1900.0, 0.2),
)


@cache
def _projection() -> pyproj.Transformer:
    import pyproj

    return pyproj.Transformer.from_crs(4490, EPSG, always_xy=True)


@cache
def _origin() -> tuple[float, float]:
    x, y = _projection().transform(*MIDDLE)
    return round(x, 3), round(y, 3)


def bend(uv: NDArray[np.float64]) -> NDArray[np.float64]:
    """Plan space to EPSG:4549.

    Parameters
    ----------
    uv
        Shape (n, 2), metres from the middle.

    Returns
    -------
    ndarray
        Shape (n, 2): easting, northing.

    Examples
    --------
    >>> there = bend(np.array([[0.0, 0.0], [5000.0, -3000.0]]))
    >>> np.round(straighten(there), 6).tolist()
    [[0.0, 0.0], [5000.0, -3000.0]]
    """
    u, v = uv[:, 0].copy(), uv[:, 1].copy()
    for axis, amplitude, length, phase in _WAVES:
        if axis == "u":
            u += amplitude * (np.sin(2 * np.pi * v / length + phase) - np.sin(phase))
        else:
            v += amplitude * (np.sin(2 * np.pi * u / length + phase) - np.sin(phase))
    return np.column_stack([u, v]) + _origin()


def straighten(xy: NDArray[np.float64]) -> NDArray[np.float64]:
    """EPSG:4549 to plan space: the way back of `bend`."""
    u, v = (np.asarray(xy, dtype=np.float64) - _origin()).T
    for axis, amplitude, length, phase in reversed(_WAVES):
        if axis == "u":
            u = u - amplitude * (np.sin(2 * np.pi * v / length + phase) - np.sin(phase))
        else:
            v = v - amplitude * (np.sin(2 * np.pi * u / length + phase) - np.sin(phase))
    return np.column_stack([u, v])


def to_plan(lon: Iterable[float], lat: Iterable[float]) -> NDArray[np.float64]:
    """Degrees (CGCS2000) to plan space, shape (n, 2)."""
    x, y = _projection().transform(np.asarray(list(lon)), np.asarray(list(lat)))
    return straighten(np.column_stack([x, y]))


def bend_shapes(shapes: Any, *, step_m: float = 150.0) -> NDArray[np.object_]:
    """Bend shapes drawn in plan space, with vertices at most ``step_m`` apart so that long edges follow the wave."""
    return np.atleast_1d(shapely.transform(shapely.segmentize(np.asarray(shapes, dtype=object), step_m), bend))


def segments(lines: NDArray[np.object_]) -> tuple[NDArray[np.object_], NDArray[np.int64]]:
    """The straight pieces of lines and the line that each belongs to: a tree of short pieces is quick to ask.

    Examples
    --------
    >>> pieces, line = segments(shapely.from_wkt(["LINESTRING (0 0, 1 0, 1 1)", "LINESTRING (5 5, 6 6)"]))
    >>> len(pieces), line.tolist()
    (3, [0, 0, 1])
    """
    points, line = shapely.get_coordinates(lines, return_index=True)
    joined = line[1:] == line[:-1]
    pieces = shapely.linestrings(np.stack([points[:-1][joined], points[1:][joined]], axis=1))
    return np.asarray(pieces, dtype=object), line[1:][joined]


@dataclass(frozen=True)
class Lattice:
    """The lines that streets lie on and blocks lie between.

    ``u`` and ``v`` hold the positions in plan space; line ``k`` stands at ``u[k + half]``. Every fourth line is a
    main street, every second a secondary one.
    """

    u: NDArray[np.float64]
    v: NDArray[np.float64]
    half: int

    def at(self, i: float, j: float) -> tuple[float, float]:
        """Plan position of lattice coordinates, which may lie between lines."""
        steps = np.arange(-self.half, self.half + 1)
        return float(np.interp(i, steps, self.u)), float(np.interp(j, steps, self.v))

    def index(self, uv: NDArray[np.float64]) -> NDArray[np.float64]:
        """Lattice coordinates of plan positions, shape (n, 2)."""
        steps = np.arange(-self.half, self.half + 1)
        return np.column_stack([np.interp(uv[:, 0], self.u, steps), np.interp(uv[:, 1], self.v, steps)])

    def box(self, i0: float, j0: float, i1: float, j1: float) -> shapely.Polygon:
        """The plan-space rectangle between lattice coordinates."""
        return shapely.box(*self.at(i0, j0), *self.at(i1, j1))


def make_lattice(rng: np.random.Generator) -> Lattice:
    """Draw the lattice: even steps, each line moved a little, the less the more it carries."""
    steps = np.arange(-_HALF, _HALF + 1)
    swing = np.where(steps % 4 == 0, 0.22, np.where(steps % 2 == 0, 0.16, 0.1))
    u = _U_STEP * (steps + swing * rng.uniform(-1, 1, steps.size))
    v = _V_STEP * (steps + swing * rng.uniform(-1, 1, steps.size))
    return Lattice(u=np.round(u, 1), v=np.round(v, 1), half=_HALF)
