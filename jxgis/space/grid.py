"""Square cells over a study area: which there are, what they are called, which one a point is in."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pyproj
import shapely

from jxgis.crs import require_metric
from jxgis.errors import InputError

__all__ = ["Grid", "distinct_cells", "grid_over", "refuse_too_many", "to_micrometres"]

BLOCK = 32_768  # points worked on at a time, so that they stay in the cache
_MAX_BOX_CELLS = 100_000_000  # 100 MB of mask: beyond it somebody mistook the cell size or the CRS
_MAX_CELLS = 4_000_000  # a prefecture by cells of 32 m: counts, finds and squares of more fill the memory


@dataclass(frozen=True, eq=False)
class Grid:
    """Whole square cells on the multiples of ``cell_m``, chosen by a mask.

    Cells are half open, [x, x + cell_m) by [y, y + cell_m), and numbered along the rows of the mask from the
    southernmost row up. Coordinates are rounded to 1 µm before they fall into a cell (:func:`to_micrometres`).

    Parameters
    ----------
    crs
        Metric CRS of the cells.
    cell_m
        Side of a cell in metres.
    col0, row0
        Column and row of the south-west corner of the mask, counted in cells from the origin of the CRS.
    mask
        (rows, cols) bool: the cells that belong to the grid; row 0 is the southernmost.

    Examples
    --------
    >>> grid = Grid(pyproj.CRS(4549), 100.0, 4000, 34000, np.array([[True, True], [False, True]]))
    >>> len(grid), grid.ids().tolist()
    (3, ['E4000N34000', 'E4001N34000', 'E4001N34001'])
    """

    crs: pyproj.CRS
    cell_m: float
    col0: int
    row0: int
    mask: npt.NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.cols)

    @cached_property
    def _row_col(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        rows, cols = np.nonzero(self.mask)
        return rows, cols

    @property
    def rows(self) -> npt.NDArray[np.int64]:
        """Row of each cell within the mask, (n_cells,)."""
        return self._row_col[0]

    @property
    def cols(self) -> npt.NDArray[np.int64]:
        """Column of each cell within the mask, (n_cells,)."""
        return self._row_col[1]

    @cached_property
    def _number(self) -> npt.NDArray[np.int64]:
        """(rows + 2, cols + 2) cell numbers, -1 off the mask and in the frame around it."""
        number = np.full((self.mask.shape[0] + 2, self.mask.shape[1] + 2), -1, dtype=np.int64)
        number[1:-1, 1:-1][self.mask] = np.arange(len(self))
        return number

    def ids(self) -> npt.NDArray[np.str_]:
        """Names of the cells, ``E{col}N{row}`` with col = floor(x / cell_m), row = floor(y / cell_m)."""
        cols, rows = (self.cols + self.col0).tolist(), (self.rows + self.row0).tolist()
        return np.array([f"E{col}N{row}" for col, row in zip(cols, rows, strict=True)], dtype=np.str_)

    def centres(self) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """East and north of the middle of each cell, in metres."""
        side = np.float64(self.cell_m)
        return (self.cols + self.col0 + 0.5) * side, (self.rows + self.row0 + 0.5) * side

    def cells(self) -> gpd.GeoDataFrame:
        """Draw the cells as squares.

        Returns
        -------
        geopandas.GeoDataFrame
            ``cell_id``, ``geometry``; one row a cell, in the order of the cells.
        """
        west, south = (self.cols + self.col0) * self.cell_m, (self.rows + self.row0) * self.cell_m
        east, north = (self.cols + self.col0 + 1) * self.cell_m, (self.rows + self.row0 + 1) * self.cell_m
        return gpd.GeoDataFrame({"cell_id": self.ids()}, geometry=shapely.box(west, south, east, north), crs=self.crs)

    def index_of(self, x: npt.ArrayLike, y: npt.ArrayLike) -> npt.NDArray[np.int64]:
        """Find the cell that each point is in, -1 for none.

        Parameters
        ----------
        x, y
            (n,) east and north in metres; NaN is in no cell.

        Examples
        --------
        >>> grid = Grid(pyproj.CRS(4549), 100.0, 0, 0, np.ones((1, 2), dtype=bool))
        >>> grid.index_of([0, 99.9, 100, 200], [0, 0, 0, 0]).tolist()
        [0, 0, 1, -1]
        """
        return self._number.ravel()[self.framed_index_of(x, y)]

    def framed_index_of(self, x: npt.ArrayLike, y: npt.ArrayLike) -> npt.NDArray[np.int64]:
        """Find the place of each point in the mask with a frame of one cell around it, which takes what is beyond.

        Parameters
        ----------
        x, y
            (n,) east and north in metres; NaN is in the frame.

        Returns
        -------
        numpy.ndarray
            (n,) index into the flattened (rows + 2, cols + 2) array.
        """
        east, north = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
        if east.shape != north.shape or east.ndim != 1:
            raise InputError(
                zh=f"x 与 y 的形状不一致：{east.shape}、{north.shape}。",
                en=f"x and y differ in shape: {east.shape}, {north.shape}.",
            )
        rows, cols = self.mask.shape
        place = np.empty(len(east), dtype=np.int64)
        row, col = np.empty(BLOCK), np.empty(BLOCK)
        for start in range(0, len(east), BLOCK):
            part = slice(start, min(start + BLOCK, len(east)))
            r, c = row[: part.stop - start], col[: part.stop - start]
            _offset(north[part], self.cell_m, self.row0 - 1, rows + 1, r)
            _offset(east[part], self.cell_m, self.col0 - 1, cols + 1, c)
            r *= cols + 2
            r += c
            if np.isnan(r.sum()):
                np.nan_to_num(r, copy=False, nan=0.0)
            place[part] = r
        return place

    def where(self, keep: npt.ArrayLike) -> Grid:
        """Keep only some of the cells, for example those that are built up.

        Parameters
        ----------
        keep
            (n_cells,) bool.

        Examples
        --------
        >>> grid = Grid(pyproj.CRS(4549), 100.0, 0, 0, np.ones((1, 2), dtype=bool))
        >>> grid.where([False, True]).ids().tolist()
        ['E1N0']
        """
        kept = np.asarray(keep, dtype=bool)
        if kept.shape != (len(self),):
            raise InputError(
                zh=f"网格有 {len(self)} 个格，给出的取舍有 {kept.shape}；请每格给一个真假值。",
                en=f"the grid has {len(self)} cells, keep has shape {kept.shape}; give one truth value a cell.",
            )
        mask = self.mask.copy()
        mask[self.mask] = kept
        return replace(self, mask=mask)


def to_micrometres(
    values: npt.NDArray[np.float64], out: npt.NDArray[np.float64] | None = None
) -> npt.NDArray[np.float64]:
    """Round metres to 1 µm: coordinates that were projected are off by about 1e-9 m, and stand on either side of an edge.

    Parameters
    ----------
    values
        Metres, of any shape.
    out
        Where to put the result; a new array where not given.

    Examples
    --------
    >>> to_micrometres(np.array([571999.9999999991, 571999.999])).tolist()
    [572000.0, 571999.999]
    """
    rounded = np.multiply(values, 1e6, out=out)
    np.rint(rounded, out=rounded)
    rounded /= 1e6
    return rounded


def _offset(
    values: npt.NDArray[np.float64], cell_m: float, first: int, last: int, out: npt.NDArray[np.float64]
) -> None:
    """Rows or columns from ``first`` on, in floats: 0 for what lies before the grid, ``last`` beyond it."""
    to_micrometres(values, out=out)
    out /= cell_m
    np.floor(out, out=out)
    out -= first
    np.clip(out, 0, last, out=out)


def distinct_cells(cells: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Different cells in the order of their columns and rows, and which each is: ten times as fast as `numpy.unique` of pairs.

    Parameters
    ----------
    cells
        (n, 2) int64: column and row, n at least 1; their ranges multiplied stay within 64 bits.

    Returns
    -------
    different : numpy.ndarray
        (k, 2) int64.
    which : numpy.ndarray
        (n,) int64 into them.

    Examples
    --------
    >>> different, which = distinct_cells(np.array([[3, 7], [-1, -9], [3, 7]]))
    >>> different.tolist(), which.tolist()
    ([[-1, -9], [3, 7]], [1, 0, 1])
    """
    column, row = cells.T
    lowest, rows = row.min(), int(np.ptp(row)) + 1
    number, which = np.unique(column * rows + (row - lowest), return_inverse=True)
    column, row = np.divmod(number, rows)
    return np.column_stack([column, row + lowest]), which


def refuse_too_many(area_m2: float, step_m: float, option: str, *, most: int) -> None:
    """Refuse cells or points so small that there are more than can be held, before any is made.

    Parameters
    ----------
    area_m2
        What they cover, m².
    step_m
        Side of a cell, or spacing of the points, metres.
    option
        The setting to raise, for the message.
    most
        How many there may be.

    Raises
    ------
    InputError

    Examples
    --------
    >>> refuse_too_many(4e9, 1, "cell_m", most=4_000_000)
    Traceback (most recent call last):
    jxgis.errors.InputError: cell_m = 1 米时此范围约有 4e+09 个，过多（最多 4,000,000 个）；请把 cell_m 加大到 32 米以上，或检查坐标系。
    cell_m = 1 m makes about 4e+09 of them here, too many (at most 4,000,000); raise cell_m above 32 m, or check the CRS.
    """
    # Divided step by step: the square of a tiny one is 0.
    number = area_m2 / step_m / step_m
    if number > most:
        least = np.ceil(np.sqrt(area_m2 / most) * 100) / 100
        raise InputError(
            zh=f"{option} = {step_m:g} 米时此范围约有 {number:.3g} 个，过多（最多 {most:,} 个）；"
            f"请把 {option} 加大到 {least:g} 米以上，或检查坐标系。",
            en=f"{option} = {step_m:g} m makes about {number:.3g} of them here, too many (at most {most:,}); "
            f"raise {option} above {least:g} m, or check the CRS.",
        )


def grid_over(area: gpd.GeoDataFrame | gpd.GeoSeries, *, cell_m: float) -> Grid:
    """Lay a grid over a study area: a cell belongs to it if its centre is in the area or on its edge.

    Parameters
    ----------
    area
        Polygons in a metric CRS; their union is the study area.
    cell_m
        Side of a cell in metres, above 0.

    Returns
    -------
    Grid
        With the smallest mask that holds every cell.

    Raises
    ------
    CrsError
        If the area is not in a metric CRS.
    InputError
        If no cell has its centre in the area, or the cells are too many or not positive.

    Examples
    --------
    >>> area = gpd.GeoSeries([shapely.box(0, 0, 1000, 240)], crs=4549)
    >>> grid_over(area, cell_m=100).mask.shape
    (2, 10)
    """
    crs = require_metric(area, "area")
    if not (np.isfinite(cell_m) and cell_m > 0):
        raise InputError(zh=f"网格边长须大于 0 米，现为 {cell_m}。", en=f"cell_m must be above 0 m, not {cell_m}.")
    union = shapely.transform(shapely.union_all(area.geometry.to_numpy()), to_micrometres)
    if union.is_empty:
        raise InputError(zh="研究范围是空的；请给出至少一个面。", en="the area is empty; give at least one polygon.")
    refuse_too_many(union.area, cell_m, "cell_m", most=_MAX_CELLS)
    west, south, east, north = (float(bound) for bound in shapely.bounds(union))
    col0, row0 = int(np.floor(west / cell_m)), int(np.floor(south / cell_m))
    cols, rows = int(np.floor(east / cell_m)) - col0 + 1, int(np.floor(north / cell_m)) - row0 + 1
    if rows * cols > _MAX_BOX_CELLS:
        raise InputError(
            zh=f"{cell_m:g} 米的网格在此范围有 {rows}×{cols} 格，过多；请加大 cell_m 或检查坐标系。",
            en=f"cells of {cell_m:g} m make {rows} x {cols} of them over this area, too many; "
            "raise cell_m or check the CRS.",
        )
    x = (np.arange(col0, col0 + cols) + 0.5) * cell_m
    y = (np.arange(row0, row0 + rows) + 0.5) * cell_m
    shapely.prepare(union)
    # Row by row, so that memory stays at one row of coordinates.
    mask = np.array([shapely.intersects_xy(union, x, np.full(cols, north_m)) for north_m in y], dtype=bool)
    if not mask.any():
        raise InputError(
            zh=f"范围内没有 {cell_m:g} 米格的中心点；请减小 cell_m。",
            en=f"no cell of {cell_m:g} m has its centre in the area; lower cell_m.",
        )
    in_row, in_col = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    trimmed = mask[in_row[0] : in_row[-1] + 1, in_col[0] : in_col[-1] + 1].copy()
    return Grid(crs, float(cell_m), col0 + int(in_col[0]), row0 + int(in_row[0]), trimmed)
