"""Which things stand in which zones, found once for whatever is then counted or added up of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import pandas as pd
import shapely
from scipy.sparse import csr_array

from jxgis.crs import require_metric

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

__all__ = ["Standing", "coded", "kinds", "spots", "standing"]

_BLOCK = 32  # things of a block: fewer make more blocks to judge, more make more things to judge along borders
_AT_ONCE = 4_000_000  # pairs judged at a time
Values = TypeVar("Values", "NDArray[np.float64]", csr_array)


@dataclass(frozen=True, eq=False)
class Standing:
    """Which of m things stand in, or on the edge of, which of n zones, without a row for each such pair.

    Things beside one another make a block. A block that lies in a zone whole counts whole; of those that its border
    crosses each thing is judged. Sums over zones are the same as by pairs; a city of a million things and thousands of
    zones that overlap would have tens of millions of those.

    Attributes
    ----------
    blocks
        (b, m) sparse: the things of each block.
    whole
        (n, b) sparse: the blocks that lie in each zone whole.
    single
        (n, m) sparse: the other things in each zone.
    """

    blocks: csr_array
    whole: csr_array
    single: csr_array

    def sums(self, values: Values) -> Values:
        """Add up values of the things in each zone.

        Parameters
        ----------
        values
            (m,), or (m, k) sparse.

        Returns
        -------
        ndarray or csr_array
            (n,), or (n, k) sparse.
        """
        return self.single @ values + self.whole @ (self.blocks @ values)  # type: ignore[no-any-return]

    def counts(self) -> NDArray[np.float64]:
        """(n,) how many things stand in each zone."""
        return self.sums(np.ones(self.blocks.shape[1]))

    def of(self, rows: NDArray[np.bool_]) -> Standing:
        """The same of some of the things, by (m,) whether each is one of them."""
        return Standing(self.blocks[:, rows], self.whole, self.single[:, rows])


def spots(layer: gpd.GeoDataFrame) -> gpd.GeoSeries:
    """Where each thing stands: its point, of a line or a polygon a point on it.

    Examples
    --------
    >>> import geopandas as gpd
    >>> square = gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 4, 4)], crs=4549)
    >>> spots(square).iloc[0].wkt
    'POINT (2 2)'
    """
    import geopandas as gpd

    shapes = layer.geometry.to_numpy()
    at = shapes.copy()
    drawn = shapely.get_type_id(shapes) != 0
    at[drawn] = shapely.point_on_surface(shapes[drawn])
    return gpd.GeoSeries(at, crs=layer.crs)


def coded(column: pd.Series) -> tuple[NDArray[np.int64], pd.Index]:
    """The code of what a column says of each thing, spaces about it aside, and what each code is; −1 where it says nothing.

    Examples
    --------
    >>> coded(pd.Series(["店", " 店", "", None, "摊"]))[0].tolist()
    [0, 0, -1, -1, 1]
    """
    if not pd.api.types.is_numeric_dtype(column.dtype):
        words = column.astype("str").str.strip()
        column = words.where(column.notna() & (words != ""))
    code, names = pd.factorize(column)
    return code, pd.Index(names)


def kinds(code: NDArray[np.int64], k: int) -> csr_array:
    """(m, k) sparse: 1 where a thing is of a kind, by its code; a code of −1 is none.

    Examples
    --------
    >>> kinds(np.array([1, -1, 0]), 2).toarray().tolist()
    [[0.0, 1.0], [0.0, 0.0], [1.0, 0.0]]
    """
    known = np.flatnonzero(code >= 0)
    return csr_array((np.ones(len(known)), (known, code[known])), shape=(len(code), k))


def standing(zones: gpd.GeoDataFrame, layer: gpd.GeoDataFrame) -> Standing:
    """Find which things stand in, or on the edge of, which zones.

    Parameters
    ----------
    zones
        (n) polygons in a metric CRS, which may overlap.
    layer
        (m) things in the same CRS, each where `spots` puts it.

    Returns
    -------
    Standing

    Notes
    -----
    Blocks by sort-tile-recursive packing (Leutenegger, Lopez & Edgington 1997).

    Examples
    --------
    >>> import geopandas as gpd
    >>> zones = gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 10, 10), shapely.box(5, 0, 20, 10)], crs=4549)
    >>> markets = gpd.GeoDataFrame(geometry=gpd.points_from_xy([1, 5, 7, 30], [1, 2, 3, 4]), crs=4549)
    >>> at = standing(zones, markets)
    >>> at.counts().tolist(), at.sums(np.array([1.0, 10, 100, 1000])).tolist()
    ([3.0, 2.0], [111.0, 110.0])
    """
    require_metric(layer, "layer", require_metric(zones, "zones"))
    at, shapes = spots(layer).to_numpy(), zones.geometry.to_numpy()
    x, y = shapely.get_x(at), shapely.get_y(at)
    n, m = len(shapes), len(at)
    order = _packed(x, y)
    starts = np.arange(0, len(order), _BLOCK)
    if not len(order):
        return Standing(csr_array((0, m)), csr_array((n, 0)), csr_array((n, m)))
    west, south = (np.minimum.reduceat(c[order], starts) for c in (x, y))
    east, north = (np.maximum.reduceat(c[order], starts) for c in (x, y))
    boxes = shapely.box(west, south, east, north)
    zone, block = shapely.STRtree(boxes).query(shapes)
    shapely.prepare(shapes)
    # A box without an area, of things in a row or at one place, is not a polygon: its things are judged each.
    flat = ~((east > west) & (north > south))
    inside = np.zeros(len(zone), dtype=np.bool_)
    judged = np.flatnonzero(~flat[block])
    inside[judged] = shapely.covers(shapes[zone[judged]], boxes[block[judged]])
    crossed = np.flatnonzero(~inside)
    crossed = crossed[flat[block[crossed]] | shapely.intersects(shapes[zone[crossed]], boxes[block[crossed]])]
    pairs = [
        _pairs(shapes, zone[some], order, starts[block[some]], x, y)
        for some in np.array_split(crossed, max(1, len(crossed) * _BLOCK // _AT_ONCE))
    ]
    one, thing = np.concatenate([z for z, _ in pairs]), np.concatenate([t for _, t in pairs])
    return Standing(
        _ones(np.arange(len(order)) // _BLOCK, order, (len(starts), m)),
        _ones(zone[inside], block[inside], (n, len(starts))),
        _ones(one, thing, (n, m)),
    )


def _packed(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.int64]:
    """The things in an order in which those that follow one another lie together: in strips from west to east, each from
    south to north. Things at no place are left out.
    """
    there = np.flatnonzero(~(np.isnan(x) | np.isnan(y)))
    strip = np.empty(len(there), dtype=np.int64)
    each = _BLOCK * max(1, int(np.ceil(np.sqrt(len(there) / _BLOCK))))
    strip[np.argsort(x[there], kind="stable")] = np.arange(len(there)) // each
    return there[np.lexsort((y[there], strip))]


def _pairs(
    shapes: NDArray[np.object_],
    zone: NDArray[np.int64],
    order: NDArray[np.int64],
    start: NDArray[np.int64],
    x: NDArray[np.float64],
    y: NDArray[np.float64],
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Zones and the things in them, of the blocks of things that start there in ``order``."""
    place = (start[:, None] + np.arange(_BLOCK)).ravel()
    there = place < len(order)
    thing, of = order[place[there]], np.repeat(zone, _BLOCK)[there]
    hit = shapely.intersects_xy(shapes[of], x[thing], y[thing])
    return of[hit], thing[hit]


def _ones(row: NDArray[np.int64], column: NDArray[np.int64], shape: tuple[int, int]) -> csr_array:
    return csr_array((np.ones(len(row)), (row, column)), shape=shape)
