"""The polygons of any geometry: repaired, without lines and points, without holes of no width."""

from __future__ import annotations

from typing import TypeAlias, TypeVar

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from jxgis.space.shape import width_m

__all__ = [
    "AREAL",
    "Faces",
    "as_one",
    "fill_needles",
    "members",
    "polygon_parts",
    "polygons_of",
    "rows_of_polygons",
]

Faces: TypeAlias = NDArray[np.object_]

AREAL = (3, 6)
"""shapely's type numbers of polygons and multipolygons."""

_COLLECTION = 7
_NEEDLE_M = 1e-6


def polygons_of(geometry: Faces) -> Faces:
    """Valid polygons of any geometries in metres: repaired where needed, holes of no width filled, lines and points left
    out.

    Parameters
    ----------
    geometry
        (n,) shapely geometries, None allowed.

    Returns
    -------
    numpy.ndarray
        (n,) valid polygons or multipolygons; ``POLYGON EMPTY`` where there is no area.

    Examples
    --------
    >>> bow = shapely.from_wkt("POLYGON ((0 0, 2 2, 2 0, 0 2, 0 0))")
    >>> shapely.area(polygons_of(np.array([bow, shapely.Point(0, 0), None]))).tolist()
    [2.0, 0.0, 0.0]
    """
    found = np.array(geometry, dtype=object)
    found[shapely.is_missing(found)] = shapely.Polygon()
    bad = ~shapely.is_valid(found)
    found[bad] = shapely.make_valid(found[bad])
    for row in np.flatnonzero(~np.isin(shapely.get_type_id(found), AREAL)):
        parts = members(found[row])
        areas = parts[np.isin(shapely.get_type_id(parts), AREAL)]
        found[row] = shapely.union_all(areas) if len(areas) else shapely.Polygon()
    return fill_needles(found)


def members(geometry: shapely.Geometry) -> Faces:
    """What a geometry is made of; of a collection within a collection its members, however deep.

    Examples
    --------
    >>> inner = shapely.GeometryCollection([shapely.Point(0, 0), shapely.box(0, 0, 1, 1)])
    >>> [part.geom_type for part in members(shapely.GeometryCollection([inner, shapely.Point(2, 2)]))]
    ['Point', 'Polygon', 'Point']
    """
    parts = shapely.get_parts(geometry)
    while (shapely.get_type_id(parts) == _COLLECTION).any():
        parts = shapely.get_parts(parts)
    return np.asarray(parts, dtype=object)


def polygon_parts(geometry: shapely.Geometry) -> Faces:
    """The single polygons of a geometry, without heights; its lines and points, which hold no ground, are left out.

    Examples
    --------
    >>> both = shapely.GeometryCollection([shapely.MultiPolygon([shapely.box(0, 0, 1, 1)]), shapely.Point(2, 2)])
    >>> len(polygon_parts(both))
    1
    """
    parts = shapely.get_parts(members(shapely.force_2d(geometry)))
    polygons: Faces = parts[(shapely.get_type_id(parts) == 3) & (shapely.area(parts) > 0)]
    return polygons


def as_one(polygons: Faces) -> shapely.Polygon | shapely.MultiPolygon:
    """One polygon as it is, several (or none) as a multipolygon; they are not merged.

    Examples
    --------
    >>> as_one(np.array([shapely.box(0, 0, 1, 1)])).geom_type, as_one(shapely.box([0, 5], 0, [1, 6], 1)).geom_type
    ('Polygon', 'MultiPolygon')
    """
    return polygons[0] if len(polygons) == 1 else shapely.MultiPolygon(list(polygons))


_Table = TypeVar("_Table", bound=gpd.GeoDataFrame)


def rows_of_polygons(table: _Table) -> _Table:
    """The rows of a layer whose geometry is a polygon or a multipolygon; any other row is left out whole.

    Examples
    --------
    >>> len(rows_of_polygons(gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 1, 1), shapely.Point(0, 0), None])))
    1
    """
    kept: _Table = table[np.isin(shapely.get_type_id(table.geometry.to_numpy()), AREAL)]
    return kept


def fill_needles(polygons: Faces) -> Faces:
    """Fill the holes of polygons in metres that are less than a micrometre wide.

    Neighbours whose common border differs in the last digit leave such a hole in their union. It is not ground, but GEOS
    3.14 cannot tell which way round its ring goes: an overlay then raises, or loses the whole polygon.

    Parameters
    ----------
    polygons
        (n,) polygons or multipolygons.

    Returns
    -------
    numpy.ndarray
        (n,) the same, without such holes.

    Examples
    --------
    >>> needle = [(1, 1), (2, 2), (3, 3 + 1e-9)]
    >>> square = shapely.Polygon([(0, 0), (9, 0), (9, 9), (0, 9)], [needle, [(5, 5), (6, 5), (6, 6)]])
    >>> len(fill_needles(np.array([square]))[0].interiors)
    1
    """
    parts, row = shapely.get_parts(polygons, return_index=True)
    holed = np.flatnonzero(shapely.get_num_interior_rings(parts) > 0)
    if not len(holed):
        return polygons
    filled = polygons.copy()
    rings, of = shapely.get_rings(parts[holed], return_index=True)
    needle = width_m(np.asarray(shapely.polygons(rings), dtype=object)) < _NEEDLE_M
    for part in np.unique(of[needle]):
        shell, *holes = rings[of == part]
        wide = [ring for ring, thin in zip(holes, needle[of == part][1:], strict=True) if not thin]
        parts[holed[part]] = shapely.Polygon(shell, wide)
    for changed in np.unique(row[holed[np.unique(of[needle])]]):
        own = parts[row == changed]
        filled[changed] = own[0] if shapely.get_type_id(polygons[changed]) == 3 else shapely.MultiPolygon(list(own))
    return filled
