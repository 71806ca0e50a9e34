"""Population: rasters checked and described, or read as points, beside points and polygons of people."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from jxgis._files import NOT_A_RASTER, open_raster, raster_blocks, reading, require_sane_raster
from jxgis.city import require_city
from jxgis.crs import inside_box, refuse_distorted
from jxgis.errors import CrsError, InputError
from jxgis.i18n import Text, text_pair
from jxgis.load import Loaded, SourceFile
from jxgis.load._finish import finish, require_columns
from jxgis.load._layer import gather
from jxgis.load._options import ReadOptions
from jxgis.load.readers import file_hash, one_file
from jxgis.load.rejects import REJECT_COLUMNS
from jxgis.parse import MOST_NUMBER
from jxgis.reference import Reference, choose_metric_crs, resolve_crs, to_lonlat, to_metric
from jxgis.schema.layers import check

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Unpack

    import pyproj
    from numpy.typing import NDArray
    from rasterio.io import DatasetReader
    from rasterio.windows import Window

    from jxgis.city import City
    from jxgis.load.readers import Source

__all__ = ["PopulationRaster", "check_raster", "is_raster", "load_population"]


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
    width, height
        Cells.
    total
        Sum over all cells that hold a number, its scale and offset applied.
    notes
        What is odd, for people.
    """

    path: Path
    name: str
    sha256: str
    crs: pyproj.CRS
    width: int
    height: int
    total: float
    notes: tuple[Text, ...]


def check_raster(
    path: str | Path,
    *,
    crs: str | int | pyproj.CRS | None = None,
    towgs84: Sequence[float] | None = None,
) -> PopulationRaster:
    """Check a raster of people per cell and say what it holds, block by block, so that its size does not matter.

    Parameters
    ----------
    path
        A raster that rasterio reads (GeoTIFF).
    crs
        Its CRS where the file declares none, or another one.
    towgs84
        As of `reference.resolve_crs`, for local systems.

    Returns
    -------
    PopulationRaster

    Raises
    ------
    InputError
        If the file is missing or no raster, has more than `jxgis._files.MOST_RASTER` cells or blocks of more than
        `jxgis._files.MOST_BLOCK`, no number at all, or negative numbers of people.
    CrsError
        If it has no CRS and none is given, one that needs local parameters, or GCJ-02 or BD-09.
    """
    from rasterio.errors import NotGeoreferencedWarning

    file = one_file(path).absolute()
    with (
        reading(file.name, NOT_A_RASTER),
        warnings.catch_warnings(category=NotGeoreferencedWarning, action="ignore"),
        open_raster(file) as raster,
    ):
        require_sane_raster(raster, 1, what=file.name)
        _require_place(raster, file.name)
        chosen = _crs_of(raster, crs, towgs84, file.name)
        total, missing = 0.0, 0
        for cells, window in raster_blocks(raster):
            _refuse_impossible(cells, window, file.name)
            known = np.isfinite(cells)
            missing += cells.size - int(known.sum())
            total += float(cells[known].sum())
        width, height = raster.width, raster.height
        declared = raster.nodata
    if missing == width * height:
        raise InputError(zh=f"{file.name} 没有任何有效像元。", en=f"{file.name} holds no number at all.")
    notes = []
    if missing:
        notes.append(text_pair("load.raster_holes", file=file.name, count=missing, nodata=declared))
    return PopulationRaster(
        path=file,
        name=file.name,
        sha256=file_hash(file),
        crs=chosen,
        width=width,
        height=height,
        total=total,
        notes=tuple(notes),
    )


def _crs_of(
    raster: DatasetReader, crs: str | int | pyproj.CRS | None, towgs84: Sequence[float] | None, name: str
) -> pyproj.CRS:
    """The CRS given, else the file's own; refused where there is none, or one whose shift cells cannot follow."""
    import pyproj

    own = None if raster.crs is None else pyproj.CRS.from_wkt(raster.crs.to_wkt())
    declared = own if crs is None else crs
    if declared is None:
        raise CrsError(
            zh=f"{name} 没有坐标系；请用 crs 声明，如 EPSG:4326。",
            en=f"{name} has no CRS; declare it with crs, such as EPSG:4326.",
        )
    reference = resolve_crs(declared, towgs84=towgs84)
    if reference.datum != "WGS-84":
        raise CrsError(
            zh=f"{name} 声明为 {reference.name}：它的偏移各处不同，栅格的像元无法整体换算；"
            "请把像元转为点表（people 列）再读入，或换用未加偏移的栅格。",
            en=f"{name} is declared as {reference.name}, whose shift differs from place to place: the cells of a raster "
            "cannot follow it. Give the people as a table of points, or a raster without the shift.",
        )
    return reference.crs


def _require_place(raster: DatasetReader, name: str) -> None:
    """Refuse a raster that says nowhere where its cells lie: it would stand at (0, 0), each cell one metre or degree."""
    if raster.transform.is_identity or raster.transform.determinant == 0:
        raise InputError(
            zh=f"{name} 没有写明像元的位置和大小（地理变换），可能缺少 .tfw 文件，或是导出成了图片；请重新导出为带坐标的 GeoTIFF。",
            en=f"{name} does not say where its cells lie and how large they are; perhaps its .tfw is missing, or it was "
            "exported as a picture. Export it again as a GeoTIFF with coordinates.",
        )


def _refuse_impossible(cells: NDArray[np.float64], window: Window, name: str) -> None:
    row, column = np.nonzero((cells < 0) | (cells > MOST_NUMBER))
    if row.size:
        value = cells[row[0], column[0]]
        odd = Text(zh="负的", en="a negative") if value < 0 else Text(zh="大得不可能的", en="an impossible")
        line, place = row[0] + window.row_off + 1, column[0] + window.col_off + 1
        raise InputError(
            zh=f"{name} 第 {line} 行第 {place} 列的像元中有{odd.zh}人口数（{value:g}），可能是未声明的无数据值；请在文件中把它设为 nodata。",
            en=f"{name} holds {odd.en} number of people ({value:g}) in the cell of row {line}, column {place}, perhaps an "
            "undeclared no-data value; declare it as nodata in the file.",
        )


def is_raster(path: str | Path) -> bool:
    """Whether a file of people is read as a raster: by its ending.

    Examples
    --------
    >>> is_raster("people.TIF"), is_raster("people.gpkg")
    (True, False)
    """
    return Path(path).suffix.lower() in (".tif", ".tiff")


def load_population(path: Source, *, city: City | None = None, **options: Unpack[ReadOptions]) -> Loaded:
    """Load where people live: points or polygons with ``people``, or a raster as the centres of its cells.

    For shares of cells that a zone cuts, give the raster itself (`check_raster`) to the zonal statistics.

    Parameters
    ----------
    path
        A vector file, a table with coordinates, or a raster (``.tif``, ``.tiff``).
    city
        Gives the metric CRS and the box.
    **options
        `ReadOptions`.

    Returns
    -------
    Loaded
        ``people`` and geometry. Of a raster, rows are its cells that hold a number: those without people, and those
        outside the box, are left out; cells without a number are not rows, and counted in the notes.

    Raises
    ------
    InputError
        If the file, its columns or its CRS cannot be used, or nothing is left.
    """
    require_city(city)
    if isinstance(path, str | Path) and is_raster(path):
        return _cells_as_points(path, city, options)
    gathered = gather(path, "population", city=city, options=options)
    require_columns(gathered)
    return finish(gathered)


def _cells_as_points(path: str | Path, city: City | None, options: ReadOptions) -> Loaded:
    import geopandas as gpd
    import rasterio.transform

    raster = check_raster(path, crs=options.get("crs"), towgs84=options.get("towgs84"))
    with open_raster(raster.path) as source:
        extent = gpd.GeoSeries([shapely.box(*source.bounds)], crs=raster.crs)
    metric, why = choose_metric_crs(options.get("metric_crs") or (None if city is None else city.crs), extent)
    reference = Reference(raster.crs.name, raster.crs)
    box = options.get("box") or (None if city is None else city.box)
    people, x, y, left_out = [], [], [], 0
    with open_raster(raster.path) as source:
        for cells, window in raster_blocks(source):
            row, column = np.nonzero(np.isfinite(cells))
            east, north = rasterio.transform.xy(source.transform, row + window.row_off, column + window.col_off)
            value = cells[row, column]
            take = value > 0
            if box is not None:
                take &= inside_box(*to_lonlat(east, north, reference), box)
            left_out += int((~take).sum())
            moved = to_metric(east[take], north[take], reference, metric)
            people.append(value[take])
            x.append(moved[0])
            y.append(moved[1])
    values = np.concatenate(people)
    if not values.size:
        raise InputError(zh=f"{raster.name} 在本市范围内没有人口。", en=f"{raster.name} holds nobody within the city.")
    table = gpd.GeoDataFrame(
        {"name": pd.Series(np.nan, index=range(len(values)), dtype="str"), "people": values},
        geometry=gpd.points_from_xy(np.concatenate(x), np.concatenate(y)),
        crs=metric,
    )
    refuse_distorted(metric, table.total_bounds, raster.name)
    account = SourceFile(raster.name, raster.sha256, len(values) + left_out, len(values), 0, left_out)
    said = () if options.get("metric_crs") is not None else (why,)
    notes = (*said, *raster.notes, text_pair("load.raster_points", file=raster.name, total=f"{values.sum():,.0f}"))
    rejects = pd.DataFrame(columns=list(REJECT_COLUMNS)).astype({"row": "int64"})
    return Loaded("population", check(table, "population"), rejects, (account,), notes)
