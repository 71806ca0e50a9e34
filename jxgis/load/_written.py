"""Geometries that a table writes out in a column: WKT, EWKT, WKB in hexadecimal or as bytes, GeoJSON, as databases export them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from jxgis import parse
from jxgis.errors import CrsError
from jxgis.i18n import few
from jxgis.load.geometry import SHALLOW, is_deep
from jxgis.schema.layers import same_name

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    import pandas as pd
    import pyproj
    from numpy.typing import NDArray

    from jxgis.load._place import Flaw
    from jxgis.load.readers import RawTable
    from jxgis.schema.layers import Contract

__all__ = ["is_geometry_name", "with_written_geometry"]

_NAMES = (
    "wkt", "ewkt", "wkb", "geom", "geometry", "the_geom", "wkb_geometry", "geom_wkt", "geometry_wkt", "wkt_geom", "shape",
    "geojson", "图形", "几何", "空间图形",
)  # fmt: skip
_COLUMNS = {same_name(name) for name in _NAMES}
# So many values say whether a column holds geometries.
_LOOKED_AT = 50


def is_geometry_name(name: str) -> bool:
    """Whether databases call a column of geometries so."""
    return same_name(name) in _COLUMNS


def with_written_geometry(
    table: RawTable, agreed: Contract, coordinates: Collection[str]
) -> tuple[RawTable, tuple[Flaw, ...]]:
    """Give a table the geometry that a column of it writes out, where nothing else says where its rows are.

    Parameters
    ----------
    table
        As it was read.
    agreed
        The layer's contract.
    coordinates
        The columns of coordinates that it has, which go before.

    Returns
    -------
    table : RawTable
        With geometry, and its CRS where EWKT or EWKB declare one, and without the column; the same one where no column of a
        name that databases use holds any geometry.
    flaws : tuple of Flaw
        Text that is not a geometry.

    Raises
    ------
    CrsError
        If rows declare different systems of coordinates, or one that is not known.
    """
    if table.geometry is not None or coordinates or agreed.placeless:
        return table, ()
    frame = table.frame
    column = next((name for name in frame if is_geometry_name(str(name)) and _any_geometry(frame[name])), None)
    if column is None:
        return table, ()
    text = parse.texts(frame[column])
    geometry, srids = _parsed(text)
    bad = text.notna().to_numpy(dtype=np.bool_) & shapely.is_missing(geometry)
    flaw = (str(column), "bad_geometry", bad, text.fillna("").to_numpy(dtype=object))
    read = replace(table, frame=frame.drop(columns=column), geometry=geometry, crs=_crs_of(srids, table.name))
    return read, (flaw,)


def _any_geometry(column: pd.Series) -> bool:
    if column.dtype.kind not in "OTU" and column.dtype.name != "str":
        return False
    geometry, _ = _parsed(parse.texts(column.dropna().iloc[:_LOOKED_AT]))
    return not bool(shapely.is_missing(geometry).all())


def _parsed(text: pd.Series) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Geometries of text, and the systems of coordinates that they declare; 0 for none."""
    parts = text.str.extract(r"^(?:(?i:SRID)=(\d{1,6})\s*;\s*|\\x|0x)?(.*)$")
    body = parts[1].astype(object).where(parts[1].notna(), None).to_numpy(copy=True)
    srid = parts[0].fillna("0").astype(np.int64).to_numpy()
    hexadecimal = parts[1].str.fullmatch(r"0[01](?:[0-9A-Fa-f]{2})+", na=False).to_numpy(dtype=np.bool_)
    json = parts[1].str.startswith("{", na=False).to_numpy(dtype=np.bool_)
    geometry = np.full(len(text), None, dtype=object)
    for at in np.flatnonzero(parts[1].str.len().ge(SHALLOW)):
        if is_deep(bytes.fromhex(body[at]) if hexadecimal[at] else body[at]):
            body[at] = None
    for mine, read in (
        (hexadecimal, shapely.from_wkb),
        (json, shapely.from_geojson),
        (~hexadecimal & ~json, shapely.from_wkt),
    ):
        geometry[mine] = _read(read, body[mine])
    there = ~shapely.is_missing(geometry)
    return geometry, np.where(there, np.maximum(srid, shapely.get_srid(geometry)), 0)


def _read(read: Callable[..., Any], written: NDArray[Any]) -> NDArray[Any]:
    """Geometries of one notation; None for what is none, and for true arcs, one of which a reader refuses with all others."""
    try:
        return np.asarray(read(written, on_invalid="ignore"), dtype=object)
    except NotImplementedError:
        if len(written) == 1:
            return np.array([None])
        return np.concatenate([_read(read, written[at : at + 1]) for at in range(len(written))])


def _crs_of(srids: NDArray[np.int64], what: str) -> pyproj.CRS | None:
    import pyproj
    from pyproj.exceptions import CRSError

    declared = sorted({int(srid) for srid in srids} - {0})
    if not declared:
        return None
    if len(declared) > 1:
        names = few(map(str, declared))
        raise CrsError(
            zh=f"{what} 的图形分属几个坐标系：SRID {names.zh}；请按坐标系分成几个文件。",
            en=f"{what}: its geometries are in several systems of coordinates (SRID {names.en}); part it into files by them.",
        )
    try:
        return pyproj.CRS.from_epsg(declared[0])
    except CRSError:
        raise CrsError(
            zh=f"{what} 的图形写明 SRID={declared[0]}，不是已知的 EPSG 编号；请用 crs 指定坐标系。",
            en=f"{what}: its geometries declare SRID={declared[0]}, which is not an EPSG code; say which it is with crs.",
        ) from None
