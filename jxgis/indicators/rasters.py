"""Mean of a raster over zones, cells shared out by the part of them that lies inside."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import shapely

from jxgis._files import NOT_A_RASTER, open_raster, raster_blocks, reading, require_ordinary, require_sane_raster
from jxgis.bounds import at_least, at_most
from jxgis.crs import require_metric
from jxgis.errors import InputError
from jxgis.indicators.figures import figures
from jxgis.parks.people import to_raster_crs
from jxgis.parse import MOST_NUMBER
from jxgis.space.polygons import polygons_of

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd
    from numpy.typing import NDArray

__all__ = ["holds_fractions", "raster_mean"]


_LEAST_COVERED = 0.5
"""Share of a zone that must have cells with a number: a mean over less says more of the part than of the zone."""
_NO_DATA = (-9999.0, -99999.0, -32767.0, -32768.0)


def raster_mean(zones: gpd.GeoDataFrame, path: str | Path) -> pd.DataFrame:
    """Mean of the cells of a raster in each zone, each weighted by its area inside.

    Parameters
    ----------
    zones
        Polygons in a metric CRS; they are brought into the raster's CRS, the raster is not resampled.
    path
        The raster (GeoTIFF), north up, with a CRS.

    Returns
    -------
    pandas.DataFrame
        `figures`: the sum over cells of value times part inside (numerator) over that of the parts (denominator, in
        cells); NaN where the raster holds no number on more than half of the zone.

    Raises
    ------
    InputError
        If the raster cannot be read, has no CRS, its rows do not run west to east and north to south, or cells hold what
        can only be a code for no data that the file does not declare.

    Notes
    -----
    exactextract (Baston 2018): exact coverage fractions of cells.

    Examples
    --------
    >>> import tempfile, geopandas as gpd, rasterio
    >>> zone = gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 15, 10)], crs=4549)
    >>> step = rasterio.transform.from_origin(0, 10, 10, 10)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     shape = dict(width=2, height=1, count=1, dtype="float32", crs="EPSG:4549", transform=step)
    ...     with rasterio.open(Path(folder, "a.tif"), "w", driver="GTiff", **shape) as raster:
    ...         raster.write(np.array([[1, 4]], dtype="float32"), 1)
    ...     raster_mean(zone, Path(folder, "a.tif")).iloc[0, :3].tolist()
    [2.0, 3.0, 1.5]
    """
    import pyproj
    from exactextract import exact_extract
    from exactextract.raster import RasterioRasterSource

    require_metric(zones, "zones")
    file, name = Path(path).absolute(), Path(path).name
    if not file.is_file():
        raise InputError(zh=f"没有文件 {path}，请核对路径。", en=f"There is no file {path}; check the path.")
    require_ordinary(file)
    above, below, whole = (np.zeros(len(zones)) for _ in range(3))
    with reading(name, NOT_A_RASTER), open_raster(file) as raster:
        if raster.crs is None:
            raise InputError(
                zh=f"{name} 没有坐标系；请用 gdal_edit.py -a_srs 写入后再用。",
                en=f"{name} has no CRS; write one into it with gdal_edit.py -a_srs.",
            )
        require_sane_raster(raster, 1, what=name)
        step = raster.transform
        if step.b or step.d or step.a <= 0 or step.e >= 0:
            raise InputError(
                zh=f"{name} 的像元行列不是自西向东、自北向南；请用 gdalwarp 转为正北朝上再用。",
                en=f"The cells of {name} do not run west to east and north to south; make it north-up with gdalwarp first.",
            )
        moved = to_raster_crs(zones[["geometry"]], pyproj.CRS.from_wkt(raster.crs.to_wkt()))
        shape = polygons_of(moved.geometry.to_numpy())
        live = np.flatnonzero(shapely.area(shape) > 0)
        if len(live):
            polygons = moved.iloc[live].set_geometry(shape[live], crs=moved.crs)
            source = RasterioRasterSource(raster, band_idx=1, name="value")
            found = exact_extract(source, polygons, ["sum", "count", "min", "max"], output="pandas")
            codes = np.array(_NO_DATA) * raster.scales[0] + raster.offsets[0]
            _refuse_codes(found[["min", "max"]].to_numpy(dtype=np.float64), codes, name)
            above[live] = found["sum"].fillna(0).to_numpy(dtype=np.float64)
            below[live] = found["count"].fillna(0).to_numpy(dtype=np.float64)
            whole[live] = shapely.area(shape[live]) / abs(step.a * step.e)
    table = figures(zones, above, below, none="no_cells")
    few = (below > 0) & ~at_least(below, _LEAST_COVERED * whole)
    return table.assign(value=table["value"].mask(few), reason=table["reason"].mask(few, "no_cells"))


def _refuse_codes(values: NDArray[np.float64], codes: NDArray[np.float64], name: str) -> None:
    """Refuse cells of no data that the file takes for numbers: the mean would be neither."""
    wrong = values[
        (np.abs(values) > MOST_NUMBER) | np.isclose(values[..., None], codes, rtol=1e-6, atol=0).any(axis=-1)
    ]
    if wrong.size:
        raise InputError(
            zh=f"{name} 的像元中有 {wrong[0]:g}，应是未声明的无数据值；请在文件中把它设为 nodata（gdal_edit.py -a_nodata）。",
            en=f"{name} holds cells of {wrong[0]:g}: a no-data value that the file does not declare. Declare it as nodata "
            "(gdal_edit.py -a_nodata).",
        )


def holds_fractions(path: str | Path) -> bool:
    """Whether cells of a raster are above 0 and none is above 1, as where shares are not percentages.

    Parameters
    ----------
    path
        A raster that `raster_mean` has read.

    Examples
    --------
    >>> import tempfile, rasterio
    >>> step = rasterio.transform.from_origin(0, 10, 10, 10)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     shape = dict(width=2, height=1, count=1, dtype="float32", crs="EPSG:4549", transform=step, nodata=-1)
    ...     with rasterio.open(Path(folder, "a.tif"), "w", driver="GTiff", **shape) as raster:
    ...         raster.write(np.array([[0.85, -1]], dtype="float32"), 1)
    ...     holds_fractions(Path(folder, "a.tif"))
    True
    """
    some = False
    with reading(Path(path).name, NOT_A_RASTER), open_raster(Path(path).absolute()) as raster:
        for cells, _ in raster_blocks(raster):
            known = cells[np.isfinite(cells)]
            if not at_most(known, 1.0).all():
                return False
            some = some or bool((known > 0).any())
    return some
