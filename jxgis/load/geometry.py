"""Geometry repaired without losing any of it: made valid, one kind kept, and what was done said."""

from __future__ import annotations

import contextlib
import re
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from jxgis.schema.layers import Kind
from jxgis.space.polygons import AREAL, members

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["SHALLOW", "Repaired", "is_deep", "repair"]

SHALLOW = 900
"""Signs or bytes below which nothing is nested deeply: a level of WKB takes nine bytes."""
_MOST_WITHIN = 100
_TEXT = re.compile(rb'"(?:[^"\\]|\\.)*+"', re.DOTALL)
# Of WKB's types, modulo 1,000; what is not one of these is made of geometries.
_POINT, _LINE, _POLYGON, _ARC = 1, 2, 3, 8
_HAS_Z, _HAS_M, _HAS_SRID = 1 << 31, 1 << 30, 1 << 29

# shapely's type numbers of each kind.
_TYPES: dict[Kind, tuple[int, ...]] = {
    "polygon": AREAL,
    "line": (1, 5),
    "point": (0, 4),
    "any": (0, 1, 3, 4, 5, 6),
}
_COLLECTION = 7


@dataclass(frozen=True, slots=True)
class Repaired:
    """Geometries after repair.

    Parameters
    ----------
    geometry
        (n,) valid geometries of the kind wanted; None where there is none.
    made_valid
        (n,) bool: was invalid.
    dropped_parts
        (n,) bool: parts of another kind were dropped.
    wrong_kind
        (n,) bool: holds no part of the kind.
    no_size
        (n,) bool: of the kind, but without area or length.
    """

    geometry: NDArray[Any]
    made_valid: NDArray[np.bool_]
    dropped_parts: NDArray[np.bool_]
    wrong_kind: NDArray[np.bool_]
    no_size: NDArray[np.bool_]


def is_deep(written: str | bytes) -> bool:
    """Whether a geometry holds geometries so deep within each other that a reader of it would run out of stack, and die.

    Parameters
    ----------
    written
        WKT or GeoJSON, or WKB.

    Examples
    --------
    >>> is_deep("GEOMETRYCOLLECTION (" * 9_000), is_deep("MULTIPOLYGON (" + "((0 0, 1 0, 1 1, 0 0))," * 9_000 + ")")
    (True, False)
    """
    if len(written) < SHALLOW:
        return False
    if isinstance(written, bytes):
        return _levels(written) > _MOST_WITHIN
    signs = np.frombuffer(_TEXT.sub(b"", written.encode()), dtype=np.uint8)
    steps = np.isin(signs, (*b"([{",)).astype(np.int64) - np.isin(signs, (*b")]}",))
    return bool(steps.cumsum().max(initial=0) > _MOST_WITHIN)


def _levels(wkb: bytes) -> int:
    """How deep geometries lie within each other in WKB, ISO's or EWKB; of broken WKB as far as it can be read."""
    at, most = 0, 0
    left: list[int] = []  # how many are still to come, of each geometry that is made of others
    with contextlib.suppress(IndexError, struct.error):
        while not at or left:
            order = "<" if wkb[at] else ">"
            (code,) = struct.unpack_from(f"{order}I", wkb, at + 1)
            more, kind = divmod(code & 0xFFFF, 1_000)
            step = 8 * (2 + bool(code & _HAS_Z or more in (1, 3)) + bool(code & _HAS_M or more in (2, 3)))
            at += 9 if code & _HAS_SRID else 5
            if left:
                left[-1] -= 1
            if kind == _POINT:
                at += step
            else:
                (count,) = struct.unpack_from(f"{order}I", wkb, at)
                at += 4
                if kind in (_LINE, _ARC):
                    at += step * count
                elif kind == _POLYGON:
                    for _ in range(count):
                        at += 4 + step * struct.unpack_from(f"{order}I", wkb, at)[0]
                else:
                    left.append(count)
                    most = max(most, len(left))
            while left and not left[-1]:
                left.pop()
    return most


def repair(geometry: NDArray[Any], kind: Kind) -> Repaired:
    """Make geometries valid and keep their parts of one kind.

    `shapely.make_valid` keeps what a ring outside its shell encloses; ``buffer(0)`` loses it (GEOS documentation).

    Parameters
    ----------
    geometry
        (n,) geometries or None.
    kind
        ``polygon``, ``line``, ``point``, or ``any`` of them (but one kind a row: of a collection, the polygons).

    Returns
    -------
    Repaired

    Examples
    --------
    >>> ring_outside = shapely.Polygon([(0, 0), (4, 0), (4, 4), (0, 4)], [[(6, 0), (8, 0), (8, 2), (6, 2)]])
    >>> repaired = repair(np.array([ring_outside], dtype=object), "polygon")
    >>> float(shapely.area(repaired.geometry[0])), repaired.made_valid.tolist()
    (20.0, [True])
    """
    result = geometry.copy()
    given = ~shapely.is_missing(result)
    # A line that crosses itself is valid; a polygon is not, and only polygons need repair.
    made_valid = given & ~shapely.is_valid(result)
    before = shapely.get_type_id(result)
    result[made_valid] = shapely.make_valid(result[made_valid])
    after = shapely.get_type_id(result)
    mine = _TYPES[kind]
    other = given & ~np.isin(after, mine)
    dropped = np.zeros(len(result), dtype=bool)
    for at in np.flatnonzero(other & (after == _COLLECTION)):
        parts = members(result[at])
        if kind == "any":
            result[at], dropped[at] = _largest_kind(parts)
            continue
        wanted = parts[np.isin(shapely.get_type_id(parts), mine)]
        if len(wanted):
            dropped[at] = len(wanted) < len(parts)
            result[at] = shapely.union_all(wanted) if kind == "polygon" else _multi(wanted, kind)
    kept = np.isin(shapely.get_type_id(result), mine)
    one_point = given & (shapely.get_type_id(result) == 4) & (shapely.get_num_geometries(result) == 1)
    if kind == "point":
        result[one_point] = shapely.get_geometry(result[one_point], 0)
        kept = shapely.get_type_id(result) == 0
    # A polygon flattened to a line by make_valid was a polygon without area, not another kind.
    collapsed = given & ~kept & np.isin(before, mine) & (kind in ("polygon", "line"))
    wrong = given & ~kept & ~collapsed
    measure = {"polygon": shapely.area, "line": shapely.length}.get(kind)
    no_size = collapsed if measure is None else collapsed | (kept & ~(np.nan_to_num(measure(result)) > 0))
    result[wrong | no_size] = None
    return Repaired(result, made_valid, dropped, wrong, no_size)


def _largest_kind(parts: NDArray[Any]) -> tuple[shapely.Geometry | None, bool]:
    """The polygons of a collection, else its lines, else its points, and whether anything was dropped."""
    kinds: tuple[Kind, ...] = ("polygon", "line", "point")
    for kind in kinds:
        wanted = parts[np.isin(shapely.get_type_id(parts), _TYPES[kind])]
        if len(wanted):
            whole = shapely.union_all(wanted) if kind == "polygon" else _multi(wanted, kind)
            return whole, len(wanted) < len(parts)
    return None, False


def _multi(parts: NDArray[Any], kind: Kind) -> shapely.Geometry:
    singles = list(shapely.get_parts(parts))
    return shapely.MultiLineString(singles) if kind == "line" else shapely.MultiPoint(singles)
