"""Faces of lines inside polygons, noded once so that neighbours share their edges vertex by vertex."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import shapely
from numpy.typing import NDArray

from jxgis.bounds import at_least, at_most
from jxgis.space.polygons import Faces

__all__ = [
    "as_lines",
    "dissolve",
    "faces_in",
    "merge_slivers",
    "noded_faces",
    "shared_edges",
]

SNAP_M = 1e-4
"""Vertices are laid on a grid of a tenth of a millimetre: lines that cross at a shallow angle, or that lie a rounding
error apart, are noded for certain only there. What moves is less than any survey knows."""


def as_lines(geometries: Faces) -> Faces:
    """Lines without heights, polygons (waters, parcels) as their edges, points left out."""
    parts = shapely.get_parts(shapely.get_parts(shapely.force_2d(geometries)))
    areal = shapely.get_type_id(parts) == 3
    edges = np.where(areal, shapely.boundary(parts), parts)
    lines: Faces = edges[shapely.get_dimensions(edges) == 1]
    return lines


def noded_faces(lines: Sequence[shapely.Geometry] | Faces) -> Faces:
    """All faces that lines close, sharing their vertices."""
    noded = shapely.union_all(lines, grid_size=SNAP_M)
    faces: Faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(noded)))
    return faces


def faces_in(polygon: shapely.Polygon, lines: Faces) -> Faces:
    """Cut a polygon by lines; dead ends and lines that close no face leave no trace.

    Parameters
    ----------
    polygon
        One polygon, holes allowed.
    lines
        Lines that may cross, touch or leave it.

    Returns
    -------
    ndarray of shapely.Polygon
        Faces that tile the polygon; two neighbours have the same vertices along their common edge.
    """
    faces = noded_faces([*lines, shapely.boundary(polygon)])
    shapely.prepare(polygon)
    inside: Faces = faces[shapely.contains(polygon, shapely.point_on_surface(faces))]
    return inside


def _edges(faces: Faces) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Every edge of every ring as x0, y0, x1, y1 with its lower end first, and the face it bounds."""
    rings, owner = shapely.get_rings(faces, return_index=True)
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    same = ring[1:] == ring[:-1]
    start, end = xy[:-1][same], xy[1:][same]
    swap = (start[:, 0] > end[:, 0]) | ((start[:, 0] == end[:, 0]) & (start[:, 1] > end[:, 1]))
    start[swap], end[swap] = end[swap], start[swap].copy()
    return np.hstack([start, end]), owner[ring[:-1][same]]


def shared_edges(faces: Faces) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Length of the common edge of every two faces of one noding.

    Returns
    -------
    i, j : ndarray of int64
        Row numbers of neighbours, i < j, each pair once, in order.
    length : ndarray of float64
        Metres.
    """
    edges, owner = _edges(faces)
    order = np.lexsort(edges.T)
    edges, owner = edges[order], owner[order]
    twin = np.flatnonzero((edges[1:] == edges[:-1]).all(axis=1))
    pairs = np.sort(np.column_stack([owner[twin], owner[twin + 1]]), axis=1)
    length = np.hypot(edges[twin, 2] - edges[twin, 0], edges[twin, 3] - edges[twin, 1])
    apart = pairs[:, 0] != pairs[:, 1]
    pairs, inverse = np.unique(pairs[apart], axis=0, return_inverse=True)
    total = np.bincount(inverse.ravel(), weights=length[apart], minlength=len(pairs)).astype(np.float64)
    return pairs[:, 0], pairs[:, 1], total


def merge_slivers(faces: Faces, sliver: NDArray[np.bool_], *, min_m2: float, max_m2: float) -> NDArray[np.int64]:
    """Give every sliver to the neighbour with which it shares the longest edge, the smallest sliver first.

    Parameters
    ----------
    faces
        Faces of one noding.
    sliver
        Which of them must not stand alone; a sliver that has taken in others stands once it has ``min_m2``.
    min_m2
        Area from which merged slivers are a block of their own.
    max_m2
        Area that a merger must not pass.

    Returns
    -------
    ndarray of int64
        Group of each face, named after the row of the face that took the others in.
        A sliver without neighbours, or with none that it fits, keeps its own.
    """
    area = shapely.area(faces)
    label = np.arange(len(faces))
    members = {row: [row] for row in range(len(faces))}
    near: list[dict[int, float]] = [{} for _ in faces]
    for i, j, length in zip(*(column.tolist() for column in shared_edges(faces)), strict=True):
        near[i][j] = near[j][i] = length
    waiting = [int(row) for row in np.flatnonzero(sliver)]
    waiting.sort(key=lambda row: (area[row], row))
    for row in waiting:
        own = int(label[row])
        grown = len(members[own]) > 1
        fits = [other for other in near[own] if at_most(float(area[own] + area[other]), max_m2)]
        if (grown and (own != row or at_least(float(area[own]), min_m2))) or not fits:
            continue
        taker = -max((near[own][other], -other) for other in fits)[1]
        _absorb(own, taker, near)
        area[taker] += area[own]
        label[members[own]] = taker
        members[taker] += members.pop(own)
    return label


def _absorb(gone: int, taker: int, near: list[dict[int, float]]) -> None:
    for other, length in near[gone].items():
        del near[other][gone]
        if other != taker:
            near[other][taker] = near[taker][other] = near[taker].get(other, 0.0) + length
    near[gone] = {}


def dissolve(faces: Faces, label: NDArray[np.int64]) -> tuple[NDArray[np.int64], Faces]:
    """The union of each group of faces of one noding: labels in order, and their polygons."""
    order = np.argsort(label, kind="stable")
    labels, start = np.unique(label[order], return_index=True)
    groups: Iterator[Faces] = iter(np.split(faces[order], start[1:]))
    merged = np.empty(len(labels), dtype=object)
    merged[:] = [group[0] if len(group) == 1 else shapely.coverage_union_all(group) for group in groups]
    return labels, merged
