"""Checks that a layer of districts or blocks must pass before it is cut or overlaid."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import shapely

from jxgis import crs as crs_
from jxgis.bounds import at_least, at_most
from jxgis.errors import InputError, collect
from jxgis.i18n import few
from jxgis.space.overlay import sharing_ground
from jxgis.space.polygons import Faces
from jxgis.space.shape import width_m

__all__ = [
    "EDGE_TOLERANCE_M",
    "SCRAP_M2",
    "check_districts",
    "check_polygons",
    "count_parts",
    "overlaps",
    "require_apart",
    "without_scraps",
]

EDGE_TOLERANCE_M = 1.0
"""Strips narrower than this, where two drawn edges should be one, are drawing noise and no ground of their own."""

SCRAP_M2 = 5000.0
"""A part of a district below this is a scrap that drawing or cutting left, and no exclave: half a football field."""


def count_parts(shape: shapely.Geometry) -> int:
    """Number of parts of a polygon with area; scraps beside a larger part are none.

    Examples
    --------
    >>> count_parts(shapely.union_all([shapely.box(0, 0, 99, 99), shapely.box(200, 0, 210, 10)]))
    1
    """
    return len(_grounds(shapely.get_parts(shape)))


def without_scraps(shapes: Faces) -> Faces:
    """Polygons without the scraps beside their larger parts: what is measured of their shape.

    Examples
    --------
    >>> square = shapely.box(0, 0, 99, 99)
    >>> far = shapely.union_all([square, shapely.box(9000, 0, 9010, 10)])
    >>> without_scraps(np.array([far]))[0].equals(square)
    True
    """
    found = shapes.copy()
    for at in np.flatnonzero(shapely.get_num_geometries(shapes) > 1):
        grounds = _grounds(shapely.get_parts(shapes[at]))
        found[at] = grounds[0] if len(grounds) == 1 else shapely.multipolygons(grounds)
    return found


def _grounds(parts: Faces) -> Faces:
    area = shapely.area(parts)
    grounds: Faces = parts[(area > 0) & at_least(area, min(SCRAP_M2, float(area.max(initial=0.0))))]
    return grounds


def overlaps(table: gpd.GeoDataFrame) -> list[tuple[int, int, float]]:
    """Rows of a polygon layer that claim the same ground: first, second, square metres.

    Strips narrower than :data:`EDGE_TOLERANCE_M` are not counted.
    """
    polygons = table.geometry.to_numpy()
    first, second = sharing_ground(polygons)
    common = shapely.intersection(polygons[first], polygons[second])
    parts, pair = shapely.get_parts(common, return_index=True)
    wide = ~at_most(width_m(parts), EDGE_TOLERANCE_M)
    area = np.bincount(pair[wide], weights=shapely.area(parts[wide]), minlength=len(first))
    return [(int(i), int(j), float(m2)) for i, j, m2 in zip(first, second, area, strict=True) if m2 > 0]


def check_polygons(table: gpd.GeoDataFrame, what: str, key: str) -> list[InputError]:
    """What keeps a layer of named polygons from being used: geometry and names, all found at once."""
    if key not in table.columns:
        return [InputError(zh=f"{what} 缺少列 {key}。", en=f"{what} has no column {key}.")]
    errors: list[InputError] = []
    if not len(table):
        errors.append(InputError(zh=f"{what} 是空表。", en=f"{what} has no rows."))
    names = table[key]
    if names.isna().any() or names.duplicated().any():
        wrong = few(names[names.isna() | names.duplicated()])
        errors.append(
            InputError(
                zh=f"{what} 的 {key} 有空值或重复：{wrong.zh}；请逐一命名。",
                en=f"{key} of {what} has nulls or duplicates: {wrong.en}; give each row its own.",
            )
        )
    kinds = table.geom_type.isin(["Polygon", "MultiPolygon"]) & ~table.geometry.is_empty
    if not kinds.all():
        wrong = few(names[~kinds])
        errors.append(
            InputError(
                zh=f"{what} 中有不是面的几何：{wrong.zh}；请删除或改成面。",
                en=f"{what} holds geometries that are not polygons: {wrong.en}; remove them or make them polygons.",
            )
        )
    invalid = kinds & ~table.geometry.is_valid
    if invalid.any():
        why = shapely.is_valid_reason(table.geometry[invalid].to_numpy())
        wrong = few(f"{name}: {reason}" for name, reason in zip(names[invalid], why, strict=True))
        errors.append(
            InputError(
                zh=f"{what} 中有无效的面：{wrong.zh}；请先用 make_valid() 修复。",
                en=f"{what} holds invalid polygons: {wrong.en}; repair them first with make_valid().",
            )
        )
    return errors


def check_districts(districts: gpd.GeoDataFrame) -> None:
    """Refuse districts that have no name, are not valid polygons, or claim the same ground.

    Raises
    ------
    InputError
        One message with everything that was found.
    """
    crs_.require_metric(districts, "districts")
    collect(check_polygons(districts, "districts", "name"))
    require_apart(districts)


def require_apart(districts: gpd.GeoDataFrame) -> None:
    """Refuse districts that claim the same ground: it would count in several of them, and their sum would not be the city's.

    Raises
    ------
    InputError
        With the pairs.
    """
    names = districts["name"].tolist()
    doubled = [f"{names[i]}–{names[j]} {area:,.0f} m²" for i, j, area in overlaps(districts)]
    if doubled:
        pairs = few(doubled, " 处")
        raise InputError(
            zh=f"片区互相重叠：{pairs.zh}；每块地只能属于一个片区，请修正边界，或采用 jxgis check districts"
            "（由街道归并时为 subdistricts）加 --out 写出的 flaws.gpkg 中消除了重叠的图层 without_overlaps。",
            en=f"Districts overlap: {pairs.en}; ground belongs to one district only. Correct the borders, or use "
            "the layer without_overlaps of flaws.gpkg that jxgis check districts (subdistricts, where districts are "
            "made of them) writes with --out.",
        )
