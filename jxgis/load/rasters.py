"""Population rasters: checked, described, and left on disk for the zonal statistics to read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from jxgis._errors import CrsError, InputError
from jxgis.crs import resolve_crs
from jxgis.i18n import Text
from jxgis.load._layer import text_pair
from jxgis.load.readers import file_hash, one_file

if TYPE_CHECKING:
    import pyproj

__all__ = ["PopulationRaster", "load_population"]


@dataclass(frozen=True, slots=True)
class PopulationRaster:
    """A raster of people per cell, as it lies on disk.

    Parameters
    ----------
    path
        The file.
    name, sha256
        For the account of the inputs.
    crs
        As the file declares it, or as told.
    band
        Which band, from 1.
    width, height
        Cells.
    cell_area_m2
        Mean area of a cell; NaN for a raster in degrees.
    total
        Sum over all cells that hold a number.
    nodata_cells
        Cells without a number.
    notes
        What is odd, for people.
    """

    path: Path
    name: str
    sha256: str
    crs: pyproj.CRS
    band: int
    width: int
    height: int
    cell_area_m2: float
    total: float
    nodata_cells: int
    notes: tuple[Text, ...]


def load_population(path: str | Path, *, crs: str | int | pyproj.CRS | None = None, band: int = 1) -> PopulationRaster:
    """Check a raster of people per cell and say what it holds; read block by block, so that size does not matter.

    Parameters
    ----------
    path
        A raster that rasterio reads (GeoTIFF).
    crs
        Its CRS where the file declares none, or another one.
    band
        Which band, from 1.

    Returns
    -------
    PopulationRaster

    Raises
    ------
    InputError
        If the file is missing or no raster, has no such band, no number at all, or negative numbers of people.
    CrsError
        If it has no CRS and none is given.
    """
    import pyproj
    import rasterio

    file = one_file(path)
    try:
        with rasterio.open(file) as raster:
            if not 1 <= band <= raster.count:
                raise InputError(
                    zh=f"{file.name} 只有 {raster.count} 个波段，没有第 {band} 个。",
                    en=f"{file.name} has {raster.count} bands, no band {band}.",
                )
            own = None if raster.crs is None else pyproj.CRS.from_wkt(raster.crs.to_wkt())
            chosen = own if crs is None else resolve_crs(crs).crs
            if chosen is None:
                raise CrsError(
                    zh=f"{file.name} 没有坐标系；请用 crs 声明，如 EPSG:4326。",
                    en=f"{file.name} has no CRS; declare it with crs, such as EPSG:4326.",
                )
            total, missing, lowest = 0.0, 0, np.inf
            for _, window in raster.block_windows(band):
                cells = raster.read(band, window=window, masked=True).astype(np.float64)
                found = cells.compressed()
                found = found[np.isfinite(found)]
                missing += cells.size - found.size
                total += float(found.sum())
                lowest = min(lowest, float(found.min(initial=np.inf)))
            width, height = raster.width, raster.height
            cell = abs(raster.transform.determinant) if chosen.is_projected else float("nan")
            declared = raster.nodata
    except rasterio.errors.RasterioError as error:
        raise InputError(
            zh=f"{file.name} 无法作为栅格读取：{error}。", en=f"{file.name} cannot be read as a raster: {error}."
        ) from None
    if missing == width * height:
        raise InputError(zh=f"{file.name} 没有任何有效像元。", en=f"{file.name} holds no number at all.")
    if lowest < 0:
        raise InputError(
            zh=f"{file.name} 中有负的人口数（{lowest:g}），可能是未声明的无数据值；请在文件中把它设为 nodata。",
            en=f"{file.name} holds negative numbers of people ({lowest:g}), perhaps an undeclared no-data value; declare "
            "it as nodata in the file.",
        )
    notes = []
    if missing:
        notes.append(text_pair("load.raster_holes", file=file.name, count=missing, nodata=declared))
    return PopulationRaster(
        path=file,
        name=file.name,
        sha256=file_hash(file),
        crs=chosen,
        band=band,
        width=width,
        height=height,
        cell_area_m2=cell,
        total=total,
        nodata_cells=missing,
        notes=tuple(notes),
    )
