"""Do drawn polygons tile the districts? What does not fit, and the same polygons with thin misfits snapped."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

import numpy as np
import shapely
from numpy.typing import NDArray

from jxgis.bounds import at_most
from jxgis.space._faces import noded_faces, shared_edges
from jxgis.space.parts import connected
from jxgis.space.polygons import Faces, as_one, polygon_parts
from jxgis.space.shape import width_m

__all__ = ["Misfit", "Tiling", "tile"]

_DUST_M = 1e-3
"""Faces narrower than a millimetre are left over by rounding."""


@dataclass(frozen=True)
class Misfit:
    """Ground that is not in exactly one polygon of its district.

    Attributes
    ----------
    kind
        ``gap`` (in a district, in no polygon), ``overlap`` (in several polygons), ``across_border`` (in a polygon of
        another district), ``outside`` (in a polygon, in no district).
    rows
        Polygons concerned: those that hold the ground, for a gap those around it.
    district
        Row of the district that the ground is in (the first, where two claim it), -1 for none.
    shape
        The ground.
    width_m
        Twice its area over its perimeter.
    snapped
        Whether it is thin enough to have been given to a neighbour, or cut off.
    """

    kind: str
    rows: tuple[int, ...]
    district: int
    shape: shapely.Polygon
    width_m: float
    snapped: bool


@dataclass(frozen=True)
class Tiling:
    """The polygons after snapping, row by row, and every misfit that was found."""

    shapes: Faces
    misfits: list[Misfit]


@dataclass
class _Ground:
    """Faces of one noding, and who claims each: as long as it is being sorted out."""

    faces: Faces
    districts: list[tuple[int, ...]]
    owners: list[tuple[int, ...]]
    near: list[dict[int, float]] = field(default_factory=list)


def tile(polygons: Faces, home: NDArray[np.int64], districts: Faces, *, tolerance_m: float) -> Tiling:
    """Lay polygons over districts and sort every face out.

    Parameters
    ----------
    polygons
        Valid polygons.
    home
        Row of the district that each belongs to.
    districts
        Valid polygons. On ground that two of them claim, a polygon of each may lie.
    tolerance_m
        A misfit of at most this width is drawing noise: it goes to the neighbour of its district with the longest
        common edge, or away where it lies outside. What is wider stays as it is drawn.

    Returns
    -------
    Tiling
    """
    ground = _lay(polygons, districts)
    kinds = [_kind(owners, inside, home) for owners, inside in zip(ground.owners, ground.districts, strict=True)]
    groups = _groups(ground, kinds)
    around = [ground.owners[faces[0]] or _around(ground, faces) for faces in groups]
    shapes = np.empty(len(groups), dtype=object)
    shapes[:] = [shapely.coverage_union_all(ground.faces[faces]) for faces in groups]
    width = width_m(shapes)
    thin = [
        face for faces, strip in zip(groups, width, strict=True) if at_most(float(strip), tolerance_m) for face in faces
    ]
    left = _snap(ground, thin, home)
    _snap(ground, _crumbs(ground, len(polygons), tolerance_m), home)
    misfits = []
    for faces, rows, shape, strip in zip(groups, around, shapes, width, strict=True):
        district = next(iter(ground.districts[faces[0]]), -1)
        snapped = at_most(float(strip), tolerance_m) and left.isdisjoint(faces)
        misfits.append(Misfit(kinds[faces[0]], rows, district, shape, float(strip), snapped))
    return Tiling(_gather(ground, len(polygons)), misfits)


def _crumbs(ground: _Ground, count: int, tolerance_m: float) -> list[int]:
    """Thin faces that hang apart from the rest of their polygon: where shaky edges cross, they poke through."""
    own = _faces_by_owner(ground, count)
    crumbs: list[int] = []
    for faces in own:
        pieces = []
        waiting = set(faces)
        while waiting:
            piece = [waiting.pop()]
            for face in piece:
                beside = sorted(waiting.intersection(ground.near[face]))
                piece += beside
                waiting.difference_update(beside)
            pieces.append(sorted(piece))
        pieces.sort(key=lambda piece: (-shapely.area(ground.faces[piece]).sum(), piece))
        for piece in pieces[1:]:
            shape = np.array([shapely.coverage_union_all(ground.faces[piece])], dtype=object)
            if at_most(float(width_m(shape)[0]), tolerance_m):
                crumbs += piece
    return crumbs


def _around(ground: _Ground, faces: list[int]) -> tuple[int, ...]:
    return tuple(sorted({owner for face in faces for other in ground.near[face] for owner in ground.owners[other]}))


def _lay(polygons: Faces, districts: Faces) -> _Ground:
    edges = shapely.boundary(shapely.force_2d(np.concatenate([polygons, districts])))
    faces = noded_faces(edges)
    inside = shapely.STRtree(shapely.point_on_surface(faces))
    ground = _Ground(faces, _holders(inside, districts), _holders(inside, polygons), [{} for _ in faces])
    for i, j, length in zip(*(column.tolist() for column in shared_edges(faces)), strict=True):
        ground.near[i][j] = ground.near[j][i] = length
    return ground


def _holders(inside: shapely.STRtree, polygons: Faces) -> list[tuple[int, ...]]:
    """Rows of the polygons around each point, in order."""
    found: list[list[int]] = [[] for _ in inside.geometries]
    row, point = inside.query(polygons, predicate="contains")
    for r, p in zip(row.tolist(), point.tolist(), strict=True):
        found[p].append(r)
    return [tuple(sorted(rows)) for rows in found]


def _kind(owners: tuple[int, ...], districts: tuple[int, ...], home: NDArray[np.int64]) -> str:
    if not owners:
        return "gap" if districts else ""
    if not districts:
        return "outside"
    homes = {int(home[owner]) for owner in owners}
    if len(homes) == len(owners) and homes.issubset(districts):
        return ""
    return "overlap" if len(owners) > 1 else "across_border"


def _groups(ground: _Ground, kinds: list[str]) -> list[list[int]]:
    """Faces of one misfit: neighbours with the same kind, the same claims, in the same district."""
    same = [
        (i, j)
        for i, near in enumerate(ground.near)
        for j in near
        if i < j
        and kinds[i]
        and (kinds[i], ground.owners[i], ground.districts[i]) == (kinds[j], ground.owners[j], ground.districts[j])
    ]
    i, j = np.array(same, dtype=np.int64).reshape(-1, 2).T
    label = connected(len(kinds), i, j)
    groups: dict[int, list[int]] = defaultdict(list)
    for face, kind in enumerate(kinds):
        if kind:
            groups[label[face]].append(face)
    return list(groups.values())


def _snap(ground: _Ground, thin: list[int], home: NDArray[np.int64]) -> set[int]:
    """Give thin faces to settled neighbours, from the outside in; return those that have none.

    Dust without a settled neighbour, cut off between two edges of a district, belongs to nobody.
    """
    claims = {face: ground.owners[face] for face in thin}
    for face in thin:
        ground.owners[face] = ()
    waiting = {face for face in thin if ground.districts[face]}
    while waiting:
        settled = {}
        for face in sorted(waiting):
            edge: dict[int, float] = defaultdict(float)
            for other, length in ground.near[face].items():
                if len(ground.owners[other]) == 1 and home[ground.owners[other][0]] in ground.districts[face]:
                    edge[ground.owners[other][0]] += length
            if edge:
                settled[face] = -max((row in claims[face], length, -row) for row, length in edge.items())[2]
        if not settled:
            break
        for face, row in settled.items():
            ground.owners[face] = (row,)
        waiting -= settled.keys()
    left = {face for face in waiting if width_m(ground.faces[[face]])[0] > _DUST_M}
    for face in left:
        ground.owners[face] = claims[face]
    return left


def _faces_by_owner(ground: _Ground, count: int) -> list[list[int]]:
    own: list[list[int]] = [[] for _ in range(count)]
    for face, owners in enumerate(ground.owners):
        for row in owners:
            own[row].append(face)
    return own


def _gather(ground: _Ground, count: int) -> Faces:
    shapes = np.empty(count, dtype=object)
    for row, faces in enumerate(_faces_by_owner(ground, count)):
        shapes[row] = as_one(polygon_parts(shapely.coverage_union_all(ground.faces[faces])))
    return shapes
