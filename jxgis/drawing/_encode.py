"""Tables as compact data for the page's script: whole-number geometry, rounded numbers, repeated words once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyproj
import shapely

from jxgis.datum import convert

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    from jxgis.datum import Datum
    from jxgis.drawing.raster import Lattice

__all__ = [
    "all_rings",
    "column",
    "in_datum",
    "lattice",
    "origin_of",
    "packed",
    "paths",
    "rings",
    "steps",
    "to_degrees",
    "whole_degrees",
]

#: Coordinates are whole numbers of a millionth of a degree: 0.11 m.
_PER_DEGREE = 1_000_000


#: The digits of base 64, of which each holds five bits of a number and whether another follows, as in source maps.
_DIGITS = np.frombuffer(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", dtype=np.uint8)
#: A corner of a lattice may be off by so many millionths of a degree: 0.06 m.
_LATTICE_OFF = 0.55


def packed(numbers: Iterable[int] | NDArray[np.int64]) -> str:
    """Whole numbers as text in the fewest signs: as they are or as steps, one by one or in runs of equal ones.

    The first sign tells which: ``a`` neither, ``b`` steps, ``c`` runs, ``d`` both. `page.js` reads it back.

    Examples
    --------
    >>> packed([1, -1, 16]), packed([5, 5, 5, 5, 5, 5, 0]), packed(range(1000))
    ('aCBgB', 'cKMAC', 'dACCu+B')
    """
    plain = np.array([*numbers] if not isinstance(numbers, np.ndarray) else numbers, dtype=np.int64)
    steps = np.diff(plain, prepend=np.int64(0))
    ways = {"a": plain, "b": steps, "c": _runs(plain), "d": _runs(steps)}
    return min((sign + _digits(way) for sign, way in ways.items()), key=len)


def _runs(numbers: NDArray[np.int64]) -> NDArray[np.int64]:
    """Each number with how often it comes in a row."""
    starts = np.flatnonzero(np.diff(numbers, prepend=numbers[:1] - 1))
    return np.column_stack([numbers[starts], np.diff(starts, append=len(numbers))]).ravel()


def _digits(numbers: NDArray[np.int64]) -> str:
    doubled = np.where(numbers < 0, -2 * numbers - 1, 2 * numbers)
    parts = doubled[:, None] >> np.arange(0, 60, 5)
    follows = parts[:, 1:] > 0
    digits = (parts & 31) + 32 * np.column_stack([follows, np.zeros(len(parts), dtype=bool)])
    kept = np.column_stack([np.ones(len(parts), dtype=bool), follows])
    return str(_DIGITS[digits[kept]].tobytes(), "ascii")


def lattice(cells: Lattice, crs: Any, datum: Datum = "WGS-84") -> dict[str, Any] | None:
    """Squares of a lattice as their columns and rows, with the cubic polynomials that lead to degrees; None where these are off.

    Parameters
    ----------
    cells
        From `raster.lattice_of`.
    crs
        The CRS of the cells.
    datum
        That of the degrees.
    """
    first = np.array([cells.column.min(), cells.row.min()])
    size = np.array([np.ptp(cells.column), np.ptp(cells.row)]) + 1
    corners = np.unique(
        np.concatenate([np.column_stack([cells.column + a, cells.row + b]) for a in (0, 1) for b in (0, 1)]), axis=0
    )
    degrees = np.column_stack(
        pyproj.Transformer.from_crs(crs, 4326, always_xy=True).transform(*(corners * cells.side).T)
    )
    x, y = ((corners - first) / size).T
    powers = np.column_stack([x**i * y**j for i in range(4) for j in range(4 - i)])
    wanted = in_datum(degrees, datum) * _PER_DEGREE
    found, *_ = np.linalg.lstsq(powers, wanted, rcond=None)
    if np.abs(powers @ found - wanted).max() > _LATTICE_OFF:
        return None
    return {
        "column": packed(cells.column - first[0]),
        "row": packed(cells.row - first[1]),
        "first": first.tolist(),
        "size": size.tolist(),
        "degrees": np.round(found.T, 3).tolist(),
    }


def to_degrees(table: gpd.GeoDataFrame | gpd.GeoSeries, datum: Datum = "WGS-84") -> NDArray[np.object_]:
    """The geometries of a table in degrees of a datum, for display only."""
    shapes = np.asarray(table.geometry.to_crs(4326).array, dtype=object)
    return shapes if datum == "WGS-84" else shapely.transform(shapes, lambda xy: in_datum(xy, datum))


def in_datum(xy: NDArray[np.float64], datum: Datum) -> NDArray[np.float64]:
    """Degrees of WGS-84 in a datum."""
    return np.column_stack(convert(xy[:, 0], xy[:, 1], source="WGS-84", target=datum))


def whole_degrees(xy: NDArray[np.float64]) -> NDArray[np.int64]:
    """Degrees as whole millionths."""
    return np.rint(xy * _PER_DEGREE).astype(np.int64)


def origin_of(geometries: NDArray[np.object_]) -> list[int]:
    """The lower left corner of all geometries, from which their first points are counted.

    Examples
    --------
    >>> origin_of(np.array([shapely.Point(120.5, 30.25)], dtype=object))
    [120500000, 30250000]
    >>> origin_of(np.array([], dtype=object))
    [0, 0]
    """
    bounds = shapely.total_bounds(geometries) if len(geometries) else np.full(4, np.nan)
    if not np.isfinite(bounds).all():
        return [0, 0]
    return [int(v) for v in np.floor(bounds[:2] * _PER_DEGREE)]


def steps(points: NDArray[np.int64], origin: list[int]) -> list[int]:
    """Points as steps, each from the point before it; points that fall together are left out.

    Examples
    --------
    >>> steps(np.array([[5, 5], [5, 5], [7, 4]]), [0, 0])
    [5, 5, 2, -1]
    """
    moves = np.diff(points, axis=0, prepend=[origin])
    moves = moves[(moves != 0).any(axis=1) | (np.arange(len(moves)) == 0)]
    return [int(v) for v in moves.ravel()]


def rings(geometry: Any, origin: list[int]) -> list[list[list[int]]]:
    """The polygons of one geometry, each a list of rings (shell first, unclosed) of steps.

    Examples
    --------
    >>> rings(shapely.box(0, 0, 0.00001, 0.00001), [0, 0])
    [[[10, 0, 0, 10, -10, 0, 0, -10]]]
    """
    parts = [part for part in shapely.get_parts(geometry, return_index=False) if part.geom_type == "Polygon"]
    found = []
    for part in parts:
        loops = []
        for ring in shapely.get_rings(part):
            # The closing point is the first one again: Leaflet closes rings itself.
            moves = steps(whole_degrees(shapely.get_coordinates(ring)[:-1]), origin)
            if len(moves) >= 6:
                loops.append(moves)
            elif not loops:
                break
        if loops:
            found.append(loops)
    return found


def all_rings(geometries: NDArray[np.object_], origin: list[int]) -> list[list[list[list[int]]]]:
    """The polygons of many geometries; squares and the like, whose rings are equally long, all at once.

    Examples
    --------
    >>> all_rings(np.array([shapely.box(0, 0, 0.00001, 0.00001)]), [0, 0])
    [[[[10, 0, 0, 10, -10, 0, 0, -10]]]]
    """
    length = shapely.get_num_coordinates(geometries)
    simple = (shapely.get_type_id(geometries) == 3) & (shapely.get_num_interior_rings(geometries) == 0)
    if not len(geometries) or not simple.all() or (length != length[0]).any():
        return [rings(geometry, origin) for geometry in geometries]
    points = whole_degrees(shapely.get_coordinates(geometries)).reshape(len(geometries), int(length[0]), 2)[:, :-1]
    moves = np.diff(points, axis=1, prepend=np.broadcast_to(origin, (len(points), 1, 2)))
    if (moves[:, 1:] == 0).all(axis=2).any():
        return [rings(geometry, origin) for geometry in geometries]
    return [[[flat]] for flat in moves.reshape(len(points), -1).tolist()]


def paths(geometry: Any, origin: list[int]) -> list[list[int]]:
    """The lines of one geometry, as steps.

    Examples
    --------
    >>> paths(shapely.LineString([(0, 0), (0.00001, 0)]), [0, 0])
    [[0, 0, 10, 0]]
    """
    return [steps(whole_degrees(shapely.get_coordinates(part)), origin) for part in shapely.get_parts(geometry)]


def column(values: Iterable[Any], *, digits: int | None) -> list[Any] | dict[str, Any]:
    """One column: numbers rounded to ``digits`` (``None``: text) and packed, repeated texts once; a missing number is 0, and
    those from 0 up are one higher.

    Examples
    --------
    >>> column([1.234, float("nan"), 5.0], digits=1)
    {'digits': 1, 'rows': 'aaAmD'}
    >>> column(["a", None, "a", "a"], digits=None)
    {'words': [None, 'a'], 'rows': 'aCACC'}
    """
    if digits is None:
        texts = [None if pd.isna(v) else str(v) for v in values]
        words = sorted({t for t in texts if t is not None})
        if 2 * len(words) > len(texts):
            return texts
        place = {None: 0} | {word: i + 1 for i, word in enumerate(words)}
        return {"words": [None, *words], "rows": packed([place[t] for t in texts])}
    numbers = pd.to_numeric(pd.Series(list(values), dtype=object), errors="coerce").to_numpy(
        dtype=float, na_value=np.nan
    )
    there = np.isfinite(numbers)
    whole = np.rint(np.where(there, numbers, 0.0) * 10.0**digits).astype(np.int64)
    return {"digits": digits, "rows": packed(np.where(there, np.where(whole >= 0, whole + 1, whole), 0))}
