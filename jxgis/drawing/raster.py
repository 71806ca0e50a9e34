"""A fine grid as one picture a class: where polygons would make a page too large to open."""

from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyproj
from PIL import Image, ImageColor

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd
    from numpy.typing import NDArray

__all__ = ["CellPixels", "Lattice", "cell_pixels", "lattice_of", "paint"]

_LONGEST_PX = 2400


class CellPixels(NamedTuple):
    """The pixels of a picture and the cell that each lies in.

    Parameters
    ----------
    cell : (height, width) int64
        Row of the cell in the table; -1 outside all cells.
    bounds
        What the picture covers: west, south, east, north in degrees; its rows are even in Web Mercator.
    """

    cell: NDArray[np.int64]
    bounds: tuple[float, float, float, float]


class Lattice(NamedTuple):
    """Squares of one size whose corners lie at multiples of their side.

    Parameters
    ----------
    side
        In metres.
    column, row : (n,) int64
        Of the lower left corner, in sides.
    """

    side: float
    column: NDArray[np.int64]
    row: NDArray[np.int64]


def lattice_of(cells: gpd.GeoSeries) -> Lattice | None:
    """The lattice that square cells lie on; None where they are not such squares: clipped, turned, or of several sizes.

    Examples
    --------
    >>> import geopandas as gpd, shapely
    >>> lattice_of(gpd.GeoSeries([shapely.box(400, 200, 600, 400)], crs=4549))
    Lattice(side=200.0, column=array([2]), row=array([1]))
    """
    bounds = cells.bounds.to_numpy()
    if not len(bounds):
        return None
    side = float(np.round(bounds[0, 2] - bounds[0, 0], 6))
    square = np.isclose(cells.area.to_numpy(), side**2, rtol=1e-6)
    if side <= 0 or not square.all():
        return None
    column, row = (np.rint(bounds[:, at] / side).astype(np.int64) for at in (0, 1))
    if not np.allclose(bounds, np.column_stack([column, row, column + 1, row + 1]) * side, rtol=0, atol=0.01 * side):
        return None
    return Lattice(side, column, row)


def cell_pixels(cells: gpd.GeoSeries) -> CellPixels | None:
    """Lay pixels of Web Mercator over square cells, each pixel in the cell that holds its centre.

    Parameters
    ----------
    cells
        Squares of one size in a metric CRS, their corners at multiples of their side.

    Returns
    -------
    CellPixels or None
        Two pixels a cell, at most 2,400 in width and height; None where the cells are not such squares.

    Examples
    --------
    >>> import geopandas as gpd, shapely
    >>> pair = gpd.GeoSeries([shapely.box(572000, 3403000, 572200, 3403200), shapely.box(572200, 3403000, 572400, 3403200)])
    >>> cell_pixels(pair.set_crs(4549)).cell[1].tolist()
    [0, 0, 1, 1]
    """
    squares = lattice_of(cells)
    if squares is None:
        return None
    bounds, (side, column, row) = cells.bounds.to_numpy(), squares
    grid = np.full((np.ptp(row) + 1, np.ptp(column) + 1), -1, dtype=np.int64)
    grid[row - row.min(), column - column.min()] = np.arange(len(bounds))

    to_mercator = pyproj.Transformer.from_crs(cells.crs, 3857, always_xy=True)
    edge_x, edge_y = (np.concatenate([bounds[:, a], bounds[:, b]]) for a, b in ((0, 2), (1, 3)))
    x, y = to_mercator.transform(edge_x, edge_y)
    west, south, east, north = x.min(), y.min(), x.max(), y.max()
    pixel = max((east - west) / (2 * grid.shape[1]), (east - west) / _LONGEST_PX, (north - south) / _LONGEST_PX)
    width, height = (max(1, round(length / pixel)) for length in (east - west, north - south))
    px, py = np.meshgrid(west + (np.arange(width) + 0.5) * pixel, north - (np.arange(height) + 0.5) * pixel)
    easting, northing = to_mercator.transform(px, py, direction="INVERSE")
    at_column = np.floor(easting / side).astype(np.int64) - column.min()
    at_row = np.floor(northing / side).astype(np.int64) - row.min()
    inside = (at_row >= 0) & (at_row < grid.shape[0]) & (at_column >= 0) & (at_column < grid.shape[1])
    found = np.where(inside, grid[at_row * inside, at_column * inside], -1)
    to_degrees = pyproj.Transformer.from_crs(3857, 4326, always_xy=True)
    left, bottom = to_degrees.transform(west, north - height * pixel)
    right, top = to_degrees.transform(west + width * pixel, north)
    return CellPixels(found, (float(left), float(bottom), float(right), float(top)))


def paint(pixels: CellPixels, colour: NDArray[np.int64], palette: Sequence[str]) -> str:
    """Colour the cells: a PNG as data URI.

    Parameters
    ----------
    pixels
        From :func:`cell_pixels`.
    colour : (n_cells,) int64
        For each cell the number of its colour; -1: transparent.
    palette
        The colours, as ``"#rrggbb"``.

    Returns
    -------
    str
        ``"data:image/png;base64,…"``.
    """
    # One entry more, so that pixels outside (-1) find the last: transparent.
    shown = np.append(colour, -1)[pixels.cell] + 1
    image = Image.fromarray(shown.astype(np.uint8))
    image.putpalette([0, 0, 0, *(level for c in palette for level in ImageColor.getrgb(c)[:3])])
    written = io.BytesIO()
    image.save(written, format="PNG", optimize=True, transparency=0)
    return "data:image/png;base64," + base64.b64encode(written.getvalue()).decode("ascii")
