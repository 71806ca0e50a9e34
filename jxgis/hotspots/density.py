"""Kernel density in issues per km²: binned on a sub-grid, convolved by FFT, mass kept."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from jxgis.crs import M2_PER_KM2, require_metric
from jxgis.errors import InputError
from jxgis.settings import HOTSPOTS
from jxgis.space.grid import refuse_too_many, to_micrometres
from jxgis.space.ratio import ratio

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd
    import pyproj
    from numpy.typing import ArrayLike, NDArray

__all__ = ["Density", "Edge", "Kernel", "density", "write_cog"]

Kernel: TypeAlias = Literal["quartic", "gaussian"]
Edge: TypeAlias = Literal["none", "uniform"]

# The sub-grid puts each point at the centre of its sub-cell. With five sub-cells to a bandwidth that moves it by an
# eighth of the bandwidth at most, in all directions alike: nothing where hundreds of thousands of points are averaged,
# but something for a hundred. Few points get a finer sub-grid, as long as it stays small.
_SUBCELLS_PER_BANDWIDTH = ((20, 50_000), (10, 500_000), (5, None))
_MAX_SUBCELLS = 4_000_000
# Cells of the raster, and sub-cells of it: more fill the memory.
_MOST_CELLS = 20_000_000
# Beyond four standard deviations stand 0.03 % of a Gaussian's mass; what is cut is given back by the normalisation.
_GAUSSIAN_REACH = 4.0
# Sub-cells per dimension for integrating the kernel over one sub-cell.
_QUADRATURE = 4
# Points handled at once, so that the intermediate arrays stay in the processor's cache.
_BATCH = 1 << 14


@dataclass(frozen=True)
class Density:
    """A density raster and what it was made with.

    Attributes
    ----------
    per_km2
        (rows, cols) float64, issues per km² (of whatever the weights count), the mean over each cell; row 0 is the
        **northernmost**, as in an image. NaN outside the area where ``edge`` is ``"uniform"``.
    west, north
        The raster's upper left corner, metres; multiples of ``cell_m``.
    cell_m, bandwidth_m, kernel, edge
        The settings.
    crs
        Metric CRS.
    points
        Number of points (or sum of weights) that the raster holds.
    outside
        Points left out because they are not in the area.
    """

    per_km2: NDArray[np.float64]
    west: float
    north: float
    cell_m: float
    bandwidth_m: float
    kernel: Kernel
    edge: Edge
    crs: pyproj.CRS
    points: float
    outside: int

    @property
    def mass(self) -> float:
        """The integral of the raster, in issues."""
        return float(np.nansum(self.per_km2)) * self.cell_m**2 / M2_PER_KM2


def density(
    x: ArrayLike,
    y: ArrayLike,
    area: gpd.GeoDataFrame | gpd.GeoSeries,
    *,
    cell_m: float = HOTSPOTS.density_cell_m,
    bandwidth_m: float = HOTSPOTS.bandwidth_m,
    kernel: Kernel = "quartic",
    edge: Edge = "none",
) -> Density:
    """Estimate the density of points in a study area.

    Points are counted on a sub-grid (five to twenty sub-cells to a bandwidth, more for fewer points), the counts are
    convolved with the kernel by FFT, and the result is averaged to the cells. The kernel sums to one on the sub-grid
    and the raster is padded by the kernel's reach, so that the integral is the number of points.

    Parameters
    ----------
    x, y
        (n,) coordinates in the area's CRS, metres.
    area
        Polygons of the study area. With ``edge="none"`` only their extent, drawn out to whole cells, is used: it is
        where the raster lies, and points beyond it are left out and counted.
    cell_m
        Size of a raster cell, metres.
    bandwidth_m
        The quartic kernel's radius (as in QGIS), or the Gaussian's standard deviation, metres.
    kernel
        ``"quartic"``: (3/πh²)(1 − d²/h²)². ``"gaussian"``: cut at four standard deviations.
    edge
        ``"none"``: the density spreads over the border, and all mass is kept on the padded raster. ``"uniform"``:
        the density is divided by the share of the kernel that lies inside the area (spatstat's uniform correction),
        so that it does not sink towards the border; cells are means over their part inside, the integral is no
        longer the number of points, and points outside the area are left out.

    Returns
    -------
    Density

    Raises
    ------
    InputError
        If a size is not positive or so small that there are too many cells, or coordinates are missing.
    CrsError
        If the area is not in a metric CRS.

    References
    ----------
    Silverman, B. W. (1982). Kernel density estimation using the fast Fourier transform. Applied Statistics 31.
    Diggle, P. (1985). A kernel method for smoothing point process data. Applied Statistics 34.

    Examples
    --------
    >>> import geopandas as gpd
    >>> from shapely import box
    >>> area = gpd.GeoSeries([box(0, 0, 2000, 2000)], crs=4549)
    >>> made = density([1010, 1020, 90], [990, 1030, 70], area, cell_m=100, bandwidth_m=500)
    >>> made.per_km2.shape, round(made.mass, 9)
    ((33, 33), 3.0)
    """
    crs = require_metric(area, "area")
    if not (cell_m > 0 and bandwidth_m > 0):
        raise InputError(
            zh=f"cell_m（{cell_m}）和 bandwidth_m（{bandwidth_m}）必须大于 0。",
            en=f"cell_m ({cell_m}) and bandwidth_m ({bandwidth_m}) must be above 0.",
        )
    reach_m = bandwidth_m * (_GAUSSIAN_REACH if kernel == "gaussian" else 1.0)
    low_x, low_y, high_x, high_y = (float(v) for v in to_micrometres(area.total_bounds))
    _refuse_too_fine(high_x - low_x, high_y - low_y, cell_m, bandwidth_m, reach_m)
    # One more than floor: cells are half open, and a point may lie exactly on the upper bound.
    col0, cols = math.floor(low_x / cell_m), math.floor(high_x / cell_m) + 1 - math.floor(low_x / cell_m)
    row0, rows = math.floor(low_y / cell_m), math.floor(high_y / cell_m) + 1 - math.floor(low_y / cell_m)
    west, south = col0 * cell_m, row0 * cell_m
    split = _split(cell_m, bandwidth_m, rows * cols, np.size(x))
    step = cell_m / split
    # A sub-cell more than the radius, because the kernel is averaged over two sub-cells: the point's and the raster's.
    pad = math.ceil((reach_m / step + 1) / split)
    shape = (rows * split, cols * split)

    number = _sub_cells(np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64), west, south, step, shape)
    in_area = _area_mask(area, west, south, step, shape) if edge == "uniform" else None
    if in_area is not None:
        number[~np.append(in_area, False)[number]] = in_area.size
    summed = np.bincount(number, minlength=shape[0] * shape[1] + 1)
    counts = summed[:-1].reshape(shape).astype(np.float64)
    weights_of_kernel = _kernel(kernel, bandwidth_m, step, pad * split)
    spread = _convolve(counts, weights_of_kernel)
    if in_area is None:
        col0, cols, row0, rows = col0 - pad, cols + 2 * pad, row0 - pad, rows + 2 * pad
        per_km2 = _sum_blocks(spread, split) * (M2_PER_KM2 / cell_m**2)
    else:
        middle = (slice(pad * split, -pad * split), slice(pad * split, -pad * split))
        share = _convolve(in_area.astype(np.float64), weights_of_kernel)[middle]
        per_km2 = _corrected(spread[middle], share, in_area, split, step)
    return Density(
        per_km2=np.ascontiguousarray(per_km2[::-1]),
        west=col0 * cell_m,
        north=(row0 + rows) * cell_m,
        cell_m=cell_m,
        bandwidth_m=bandwidth_m,
        kernel=kernel,
        edge=edge,
        crs=crs,
        points=float(counts.sum()),
        outside=int(summed[-1]),
    )


def _refuse_too_fine(width_m: float, height_m: float, cell_m: float, bandwidth_m: float, reach_m: float) -> None:
    """Refuse sizes by which a raster, its kernel or its sub-cells would be too many."""
    # With the kernel's reach, which is added on every side.
    box_m2 = (width_m + 2 * reach_m) * (height_m + 2 * reach_m)
    refuse_too_many(box_m2, cell_m, "density_cell_m", most=_MOST_CELLS)
    # The kernel itself, of 16 points a cell; and the sub-cells, five to a bandwidth along each side.
    refuse_too_many((2 * reach_m) ** 2, cell_m, "density_cell_m", most=_MOST_CELLS // 10)
    refuse_too_many(box_m2, bandwidth_m, "bandwidth_m", most=_MOST_CELLS // 10)


def _corrected(
    spread: NDArray[np.float64], share: NDArray[np.float64], in_area: NDArray[np.bool_], split: int, step: float
) -> NDArray[np.float64]:
    """Density by cell over its part in the area, divided by the share of the kernel that lies inside."""
    inside = np.divide(spread, share, out=np.zeros(in_area.shape), where=in_area)
    parts = _sum_blocks(in_area.astype(np.float64), split)
    return ratio(_sum_blocks(inside, split) * (M2_PER_KM2 / step**2), parts)


def write_cog(path: Path, raster: Density, *, title: str) -> None:
    """Write a density raster as a Cloud-Optimized GeoTIFF, the same bytes for the same raster.

    Parameters
    ----------
    path
        The file, ``.tif``.
    raster
        What :func:`density` returned; stored as float32, NaN as nodata, the unit ``issues/km2`` and the settings as
        tags.
    title
        Description of the band, for the layer list of a GIS.

    Examples
    --------
    >>> import geopandas as gpd, rasterio, tempfile
    >>> from pathlib import Path
    >>> from shapely import box
    >>> made = density([500.0], [500.0], gpd.GeoSeries([box(0, 0, 1000, 1000)], crs=4549))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_cog(Path(folder) / "all.tif", made, title="all")
    ...     with rasterio.open(Path(folder) / "all.tif") as file:
    ...         print(file.crs.to_epsg(), file.units, file.res, file.nodata)
    4549 ('issues/km2',) (100.0, 100.0) nan
    """
    import rasterio
    from rasterio.io import MemoryFile
    from rasterio.shutil import copy
    from rasterio.transform import from_origin

    rows, cols = raster.per_km2.shape
    with MemoryFile() as memory:
        with memory.open(
            driver="GTiff",
            height=rows,
            width=cols,
            count=1,
            dtype="float32",
            crs=rasterio.CRS.from_wkt(raster.crs.to_wkt()),
            transform=from_origin(raster.west, raster.north, raster.cell_m, raster.cell_m),
            nodata=math.nan,
        ) as file:
            file.write(raster.per_km2.astype(np.float32), 1)
            file.set_band_description(1, title)
            file.units = ("issues/km2",)
            file.update_tags(
                kernel=raster.kernel,
                bandwidth_m=f"{raster.bandwidth_m:g}",
                edge=raster.edge,
                points=f"{raster.points:g}",
            )
        with memory.open() as file:
            copy(
                file,
                path,
                driver="COG",
                compress="DEFLATE",
                predictor="FLOATING_POINT",
                overview_resampling="AVERAGE",
                num_threads="1",
            )


def _sub_cells(
    x: NDArray[np.float64], y: NDArray[np.float64], west: float, south: float, step: float, shape: tuple[int, int]
) -> NDArray[np.intp]:
    """Number of the sub-cell that holds each point, row by row from the south; one past the last for those outside."""
    rows, cols = shape
    per_step = 1.0 / step
    # The corner is a whole number of sub-cells from the origin: counted from there, nothing need be taken off first.
    row0, col0 = round(south / step), round(west / step)
    number = np.empty(x.size, dtype=np.intp)
    row_buffer, col_buffer = np.empty(min(_BATCH, x.size)), np.empty(min(_BATCH, x.size))
    for start in range(0, x.size, _BATCH):
        part = slice(start, min(start + _BATCH, x.size))
        row, col = row_buffer[: part.stop - start], col_buffer[: part.stop - start]
        # In place and in floating point up to the one conversion: twice as fast as the plain expression.
        to_micrometres(y[part], out=row)
        row *= per_step
        np.floor(row, out=row)
        to_micrometres(x[part], out=col)
        col *= per_step
        # False for NaN as well; looked into only where it fails.
        if not (row.min() >= row0 and row.max() < row0 + rows and col.min() >= col0 and col.max() < col0 + cols):
            outside = ~((row >= row0) & (row < row0 + rows) & (col >= col0) & (col < col0 + cols))
            if not np.isfinite(row[outside] + col[outside]).all():
                raise InputError(
                    zh="density 的坐标中有空值或无穷大；请先剔除没有位置的记录。",
                    en="the coordinates given to density hold nulls or infinities; drop the records without a location.",
                )
            row[outside], col[outside] = row0 + rows, col0
        row *= cols
        row += col
        row -= row0 * cols + col0
        # Nothing is below zero now, so that the conversion, which cuts off, is the floor of the column too.
        number[part] = row
    return number


def _split(cell_m: float, bandwidth_m: float, cells: int, points: int) -> int:
    """Sub-cells along the side of a cell."""
    for per_bandwidth, up_to in _SUBCELLS_PER_BANDWIDTH:
        split = math.ceil(cell_m * per_bandwidth / bandwidth_m)
        if up_to is None or (points < up_to and cells * split**2 <= _MAX_SUBCELLS):
            break
    return split


def _kernel(kernel: Kernel, bandwidth_m: float, step: float, reach: int) -> NDArray[np.float64]:
    """The kernel between two sub-cells, averaged over both, (2·reach+1, 2·reach+1), summing to one.

    The point is somewhere in its sub-cell, and the raster holds the mean of the other one: averaged over both, the
    density is neither sharper nor flatter than the kernel sum.
    """
    fine = (np.arange((2 * reach + 2) * _QUADRATURE) + 0.5) / _QUADRATURE - reach - 1
    squared = (fine * step / bandwidth_m) ** 2
    distance = squared[:, None] + squared[None, :]
    if kernel == "gaussian":
        values = np.where(distance <= _GAUSSIAN_REACH**2, np.exp(-0.5 * distance), 0.0)
    else:
        values = np.clip(1.0 - distance, 0.0, None) ** 2
    for _ in range(2):
        # Differences of two uniform places are triangular: a window over three sub-cells, along one axis and the other.
        windows = np.lib.stride_tricks.sliding_window_view(values, 2 * _QUADRATURE, axis=0)[::_QUADRATURE]
        ramp = (np.arange(2 * _QUADRATURE) + 0.5) / _QUADRATURE
        values = (windows @ np.minimum(ramp, 2 - ramp)).T
    values /= values.sum()
    return values


def _convolve(counts: NDArray[np.float64], kernel: NDArray[np.float64]) -> NDArray[np.float64]:
    """Full convolution: larger than the counts by the kernel's reach on every side."""
    from scipy import fft

    rows, cols = counts.shape[0] + kernel.shape[0] - 1, counts.shape[1] + kernel.shape[1] - 1
    size = (fft.next_fast_len(rows, real=True), fft.next_fast_len(cols, real=True))
    # Each one-dimensional transform is whole on its thread: the result does not depend on their number.
    product = fft.rfft2(counts, s=size, workers=-1)
    # Most rows of the padded kernel are empty: transform only those that are not, then along the columns.
    product *= fft.fft(fft.rfft(kernel, n=size[1], axis=1), n=size[0], axis=0, workers=-1)
    spread: NDArray[np.float64] = fft.irfft2(product, s=size, workers=-1)[:rows, :cols]
    # Rounding of the transform leaves specks of either sign where no point is near.
    spread[spread < 1e-15 * counts.sum()] = 0.0
    return spread


def _sum_blocks(values: NDArray[np.float64], split: int) -> NDArray[np.float64]:
    """Sums over blocks of split × split; rows first, which is twice as fast as both axes at once."""
    rows, cols = values.shape[0] // split, values.shape[1] // split
    by_row = values.reshape(rows, split, cols * split).sum(axis=1)
    return np.asarray(by_row.reshape(rows, cols, split).sum(axis=2), dtype=np.float64)


def _area_mask(
    area: gpd.GeoDataFrame | gpd.GeoSeries, west: float, south: float, step: float, shape: tuple[int, int]
) -> NDArray[np.bool_]:
    """Sub-cells whose centre is in the area, row 0 southernmost."""
    from rasterio.features import rasterize
    from rasterio.transform import from_origin

    transform = from_origin(west, south + shape[0] * step, step, step)
    burnt = rasterize(area.geometry, out_shape=shape, transform=transform, dtype="uint8")
    mask: NDArray[np.bool_] = burnt[::-1].astype(np.bool_)
    return mask
