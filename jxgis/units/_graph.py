"""Blocks as a graph: areas, perimeters, and the borders they share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt
import shapely

from jxgis.bounds import at_least, widened
from jxgis.crs import require_metric
from jxgis.errors import InputError
from jxgis.i18n import counted, few

if TYPE_CHECKING:
    import geopandas as gpd

__all__ = ["Adjacency", "block_graph", "linework", "share_along", "shared_lines"]

Floats: TypeAlias = npt.NDArray[np.float64]
Ints: TypeAlias = npt.NDArray[np.int64]

# Borders that differ by rounding alone: vertices of neighbours put on one edge lie this near to it.
SNAP_M = 1e-3
# Points at which a shared border is asked whether a street, a water or a boundary runs along it.
_BARRIER_SAMPLES = 16
# An overlap wider than rounding: this share of the smaller block.
_OVERLAP_SHARE = 0.01


@dataclass(frozen=True)
class Adjacency:
    """Blocks and the borders between them, as arrays.

    Attributes
    ----------
    area_m2, perimeter_m
        Of each block, float (n,).
    u, v
        Rows of the two blocks of each shared border, int (m,), ``u < v``; only blocks of one district.
    shared_m
        Length of each shared border, float (m,).
    barrier_share
        Part of it along streets, waters or boundaries, float (m,), 0 to 1.
    district
        Code of each block's district, int (n,): position in ``district_names``.
    district_names
        Names, in order of first appearance.
    """

    area_m2: Floats
    perimeter_m: Floats
    u: Ints
    v: Ints
    shared_m: Floats
    barrier_share: Floats
    district: Ints
    district_names: tuple[str, ...]

    def __repr__(self) -> str:
        """Number of blocks, borders and districts."""
        return f"Adjacency({len(self.area_m2)} blocks, {len(self.u)} borders, {len(self.district_names)} districts)"


def block_graph(
    blocks: gpd.GeoDataFrame,
    *,
    min_shared_m: float = 1.0,
    barriers: gpd.GeoSeries | gpd.GeoDataFrame | None = None,
    barrier_tolerance_m: float = 10.0,
) -> Adjacency:
    """Rook adjacency of blocks inside each district, with the lengths of the borders they share.

    Parameters
    ----------
    blocks
        ``block_id``, ``district``, polygons in a metric CRS, any index.
    min_shared_m
        Blocks are neighbours where they share at least this much border; a corner is none.
    barriers
        Lines (or polygons, by their edge) that make good borders: streets, waters, boundaries; none by default.
    barrier_tolerance_m
        A border counts as running along a barrier within this distance of it.

    Returns
    -------
    Adjacency
        Blocks in the order of the table.

    Raises
    ------
    InputError
        If there are no blocks, a geometry is not a polygon or has no area, or blocks overlap.

    Examples
    --------
    >>> import geopandas as gpd
    >>> from shapely import box
    >>> cells = [box(0, 0, 100, 100), box(100, 0, 200, 100), box(200, 100, 300, 200)]
    >>> blocks = gpd.GeoDataFrame({"block_id": list("abc"), "district": "甲"}, geometry=cells, crs=4549)
    >>> graph = block_graph(blocks)
    >>> graph
    Adjacency(3 blocks, 1 borders, 1 districts)
    >>> graph.u.tolist(), graph.v.tolist(), graph.shared_m.tolist()
    ([0], [1], [100.0])
    """
    crs = require_metric(blocks, "blocks")
    geometry = np.asarray(blocks.geometry.array)
    ids = blocks["block_id"].to_numpy()
    _check(geometry, ids)
    names, codes = np.unique(blocks["district"].astype(str).to_numpy(), return_inverse=True)
    order = np.argsort([int(np.argmax(codes == code)) for code in range(len(names))])
    district = np.argsort(order)[codes].astype(np.int64)
    u, v = _touching(geometry, district, min_shared_m)
    u, v, shared, lines = _shared_borders(geometry, u, v, ids, min_shared_m)
    share = np.zeros(len(u))
    if barriers is not None and len(barriers) and len(u):
        require_metric(barriers, "barriers", crs)
        share = share_along(lines, np.asarray(barriers.geometry.array), barrier_tolerance_m)
    return Adjacency(
        area_m2=shapely.area(geometry),
        perimeter_m=shapely.length(geometry),
        u=u,
        v=v,
        shared_m=shared,
        barrier_share=share,
        district=district,
        district_names=tuple(str(names[code]) for code in order),
    )


def _check(geometry: npt.NDArray[np.object_], ids: npt.NDArray[np.object_]) -> None:
    if not len(geometry):
        raise InputError(
            zh="没有地块，无法划分单元；请先生成或载入地块图层。",
            en="There are no blocks to make units of; build or load a layer of blocks first.",
        )
    kinds = shapely.get_type_id(geometry)
    wrong = ~np.isin(kinds, (3, 6)) | ~(shapely.area(geometry) > 0) | ~shapely.is_valid(geometry)
    if wrong.any():
        shown = few(ids[wrong])
        raise InputError(
            zh=f"{wrong.sum()} 个地块不是有效的多边形（{shown.zh}）；请先修复或去掉它们。",
            en=f"{counted(wrong.sum(), 'block is not a valid polygon', 'blocks are not valid polygons')} ({shown.en}); repair or remove them first.",
        )


def _touching(geometry: npt.NDArray[np.object_], district: Ints, min_shared_m: float) -> tuple[Ints, Ints]:
    """Pairs of one district whose shared border could be long enough."""
    tree = shapely.STRtree(geometry)
    a, b = tree.query(geometry, predicate="dwithin", distance=SNAP_M)
    # The common part of two envelopes bounds the border: a corner touch of grid cells ends here.
    bounds = shapely.bounds(geometry)
    low = np.maximum(bounds[a, :2], bounds[b, :2])
    high = np.minimum(bounds[a, 2:], bounds[b, 2:])
    reach = np.hypot(*np.maximum(high - low, 0).T)
    kept = (a < b) & (district[a] == district[b]) & (reach > 0.5 * min_shared_m)
    a, b = a[kept], b[kept]
    order = np.lexsort((b, a))
    return a[order].astype(np.int64), b[order].astype(np.int64)


def _shared_borders(
    geometry: npt.NDArray[np.object_], u: Ints, v: Ints, ids: npt.NDArray[np.object_], min_shared_m: float
) -> tuple[Ints, Ints, Floats, npt.NDArray[np.object_]]:
    met = shapely.intersection(geometry[u], geometry[v])
    length, overlap = _length_and_overlap(met)
    # A vertex that only one neighbour has lies off the other's edge by rounding: snap those pairs to a
    # millimetre grid. It costs ten times as much, so that only the pairs that need it pay.
    doubtful = ~at_least(length, min_shared_m) | (overlap > 0)
    if doubtful.any():
        met[doubtful] = shapely.intersection(geometry[u[doubtful]], geometry[v[doubtful]], grid_size=SNAP_M)
        length[doubtful], overlap[doubtful] = _length_and_overlap(met[doubtful])
    area = shapely.area(geometry)
    bad = overlap > _OVERLAP_SHARE * np.minimum(area[u], area[v])
    if bad.any():
        shown = few(f"{ids[i]}–{ids[j]}" for i, j in zip(u[bad], v[bad], strict=True))
        raise InputError(
            zh=f"{bad.sum()} 对地块相互重叠（{shown.zh}）；每块地只能属于一个地块，请先消除重叠。",
            en=f"{counted(bad.sum(), 'pair of blocks overlaps', 'pairs of blocks overlap')} ({shown.en}); remove the overlaps, so that blocks tile the districts.",
        )
    kept = at_least(length, min_shared_m)
    return u[kept], v[kept], length[kept], met[kept]


def _length_and_overlap(met: npt.NDArray[np.object_]) -> tuple[Floats, Floats]:
    """Border length and overlapping area of each intersection; a thin overlap has its border on both sides."""
    parts, row = shapely.get_parts(met, return_index=True)
    size = np.where(shapely.get_dimensions(parts) == 2, 0.5, 1.0) * shapely.length(parts)
    n = len(met)
    length = np.bincount(row, weights=size, minlength=n).astype(np.float64)
    overlap = np.bincount(row, weights=shapely.area(parts), minlength=n).astype(np.float64)
    return length, overlap


def shared_lines(shapes: npt.NDArray[np.object_], u: Ints, v: Ints, shared_m: Floats) -> npt.NDArray[np.object_]:
    """What neighbours have in common: the lines along which they touch, and single points beside."""
    lines = shapely.intersection(shapes[u], shapes[v])
    # Neighbours whose vertices differ by rounding meet in points only, until both are laid on a millimetre grid.
    loose = shapely.length(lines) < 0.5 * shared_m
    lines[loose] = shapely.intersection(shapes[u[loose]], shapes[v[loose]], grid_size=SNAP_M)
    return lines


def linework(shape: shapely.Geometry) -> shapely.Geometry:
    """The lines of a geometry, joined where they meet."""
    parts = shapely.get_parts(shapely.get_parts(shape))
    return shapely.line_merge(shapely.union_all(parts[shapely.get_dimensions(parts) == 1]))


def share_along(lines: npt.NDArray[np.object_], barriers: npt.NDArray[np.object_], tolerance_m: float) -> Floats:
    """Share of each border within the tolerance of a barrier, by evenly spread points."""
    barriers = np.where(shapely.get_dimensions(barriers) == 2, shapely.boundary(barriers), barriers)
    parts, row = shapely.get_parts(lines, return_index=True)
    parts = np.where(shapely.get_dimensions(parts) == 2, shapely.boundary(parts), parts)
    length = shapely.length(parts)
    parts, row, length = parts[length > 0], row[length > 0], length[length > 0]
    at = (np.arange(_BARRIER_SAMPLES) + 0.5) / _BARRIER_SAMPLES
    points = shapely.line_interpolate_point(
        np.repeat(parts, _BARRIER_SAMPLES), np.tile(at, len(parts)), normalized=True
    )
    near = shapely.STRtree(barriers).query(points, predicate="dwithin", distance=widened(tolerance_m))[0]
    hit = np.zeros(len(points))
    hit[near] = 1
    within = hit.reshape(-1, _BARRIER_SAMPLES).mean(axis=1) * length
    n = len(lines)
    share: Floats = np.bincount(row, weights=within, minlength=n) / np.bincount(row, weights=length, minlength=n)
    return np.clip(share, 0, 1)
