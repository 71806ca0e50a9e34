"""Street lines to nodes and edges: noded level by level, cut at barriers, small gaps closed."""

from __future__ import annotations

from typing import TypeAlias

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from shapely.ops import substring

from jxgis.bounds import widened
from jxgis.errors import InputError
from jxgis.space.parts import connected

__all__ = ["node_lines"]

Floats: TypeAlias = npt.NDArray[np.float64]
Ints: TypeAlias = npt.NDArray[np.int64]
Lines: TypeAlias = npt.NDArray[np.object_]

_SAME_M = 1e-3
"""Ends this close are one node: noding leaves them apart by rounding only."""


def node_lines(
    streets: gpd.GeoDataFrame, barriers: npt.NDArray[np.object_] | None, *, join_m: float
) -> tuple[Floats, Floats, Ints, Ints, Lines]:
    """Nodes and edges of street lines.

    Parameters
    ----------
    streets
        Lines; ``level`` is used where it is there.
    barriers
        Geometries that streets of level 0 do not cross, or None.
    join_m
        What ends short of a street of its level by this or less is joined to it, and a bridge or a tunnel that ends to one
        nearer to the ground.

    Returns
    -------
    tuple
        x and y of the nodes, start and end of the edges, the edges' lines.
    """
    lines, level = _plain_lines(streets)
    if barriers is not None:
        lines, level = _cut(lines, level, barriers)
        if len(lines) == 0:
            raise InputError(
                zh="所有道路都落在屏障（barriers）里，没有可走的路；请检查屏障图层是否给错。",
                en="Every street lies within the barriers: there is nothing to walk on. Check the layer of barriers.",
            )
    noded, of_level = [], []
    for one in np.unique(level):
        parts = shapely.get_parts(shapely.union_all(lines[level == one]))
        noded.append(parts)
        of_level.append(np.full(len(parts), one))
    lines, level = np.concatenate(noded), np.concatenate(of_level)
    order = np.argsort(level, kind="stable")
    return _join(lines[order], level[order], barriers, join_m)


def _plain_lines(streets: gpd.GeoDataFrame) -> tuple[Lines, Floats]:
    """Single lines of some length, in two dimensions, and their levels."""
    raw = streets.geometry.to_numpy()
    level = _levels(streets)
    parts, row = shapely.get_parts(shapely.force_2d(raw), return_index=True)
    parts, inner = shapely.get_parts(parts, return_index=True)
    row = row[inner]
    keep = np.isin(shapely.get_type_id(parts), (1, 2)) & (shapely.length(parts) > 0)
    if not keep.any():
        raise InputError(
            zh="道路图层里没有线；步行分析需要道路中心线（LineString）。",
            en="There is no line in the streets; walking needs street centre lines (LineString).",
        )
    return parts[keep], level[row[keep]]


def _levels(streets: gpd.GeoDataFrame) -> Floats:
    """Each street's level: the number given, 1 for a word that means a bridge, -1 for a tunnel, else the ground.

    Other words are classes of road (主干路, residential), which say nothing about what a street crosses.
    """
    if "level" not in streets.columns:
        return np.zeros(len(streets))
    number = pd.to_numeric(streets["level"], errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    words = streets["level"].astype("str").str.lower()
    above = words.str.contains("桥|高架|bridge|overpass|viaduct").fillna(False).to_numpy(dtype=bool)
    below = words.str.contains("隧|地下|tunnel|underpass").fillna(False).to_numpy(dtype=bool)
    found: Floats = np.where(np.isnan(number), above.astype(np.float64) - below, number)
    return found


def _cut(lines: Lines, level: Floats, barriers: npt.NDArray[np.object_]) -> tuple[Lines, Floats]:
    """Take a hair's breadth out of ground streets where they meet a barrier."""
    wall = shapely.buffer(barriers, 0.01)
    line, met = shapely.STRtree(wall).query(lines, predicate="intersects")
    met, line = met[level[line] == 0], line[level[line] == 0]
    pieces = [lines[np.setdiff1d(np.arange(len(lines)), line)]]
    levels = [np.delete(level, np.unique(line))]
    for one in np.unique(line):
        around = shapely.union_all(wall[met[line == one]])
        left = shapely.get_parts(shapely.difference(lines[one], around))
        left = left[shapely.length(left) > 0]
        pieces.append(left)
        levels.append(np.zeros(len(left)))
    return np.concatenate(pieces), np.concatenate(levels)


def _join(
    lines: Lines, level: Floats, barriers: npt.NDArray[np.object_] | None, join_m: float
) -> tuple[Floats, Floats, Ints, Ints, Lines]:
    """Make nodes of line ends, then join them to the streets that they reach: a corner may stop short as a lone end does."""
    ends = np.concatenate([shapely.get_point(lines, 0), shapely.get_point(lines, -1)])
    x, y = shapely.get_x(ends), shapely.get_y(ends)
    key = np.stack([np.tile(level, 2), np.rint(x / _SAME_M), np.rint(y / _SAME_M)], axis=1)
    _, first, node = np.unique(key, axis=0, return_index=True, return_inverse=True)
    node = node.ravel().astype(np.int64)
    x, y = x[first], y[first]
    start, end = node[: len(lines)], node[len(lines) :]

    loose = np.bincount(node, minlength=len(x)) == 1
    node_level = np.empty(len(x))
    node_level[start], node_level[end] = level, level
    tree = shapely.STRtree(lines)
    spot = np.asarray(shapely.points(x, y), dtype=object)
    row, edge = tree.query(spot, predicate="dwithin", distance=max(widened(join_m), _SAME_M))
    away = np.asarray(shapely.distance(spot[row], lines[edge]))
    here = node_level[row]
    other = np.abs(level[edge] - here)
    # A bridge or a tunnel that ends comes down to the ground: its gap closes as one of its own level would. A street
    # that stops below a bridge does not climb it; it is joined only where it really ends at it. What goes on does neither.
    down = np.abs(level[edge]) < np.abs(here)
    own = (start[edge] == row) | (end[edge] == row)
    ok = ~own & ((other == 0) | (loose[row] & (down | (away <= _SAME_M))))
    if barriers is not None:
        way = shapely.shortest_line(spot[row], lines[edge])
        ok[shapely.STRtree(barriers).query(way, predicate="intersects")[0]] = False
    row, edge, away, other = row[ok], edge[ok], away[ok], other[ok]
    # What it really ends at goes before what lies across a gap.
    order = np.lexsort((edge, away, other, away > _SAME_M, row))
    row, edge, away = row[order], edge[order], away[order]
    row, head = np.unique(row, return_index=True)
    return _splice(x, y, start, end, lines, row, edge[head], away[head])


def _splice(
    x: Floats, y: Floats, start: Ints, end: Ints, lines: Lines, joined: Ints, edge: Ints, away: Floats
) -> tuple[Floats, Floats, Ints, Ints, Lines]:
    """Join each of some nodes to the edge beside it: at the edge's end, or by splitting the edge."""
    if len(joined) == 0:
        return x, y, start, end, lines
    length = shapely.length(lines)
    at = shapely.line_locate_point(lines[edge], shapely.points(x[joined], y[joined]))
    new_x, new_y = list(x), list(y)
    a, b, shape = list(start), list(end), list(lines)
    weld = np.arange(len(x))
    order = np.lexsort((at, edge))
    cuts: dict[int, list[tuple[float, int]]] = {}
    links: list[tuple[int, int]] = []
    for one in order:
        where, e = float(at[one]), int(edge[one])
        if where <= _SAME_M:
            target = int(start[e])
        elif where >= length[e] - _SAME_M:
            target = int(end[e])
        else:
            here = cuts.setdefault(e, [])
            if not here or where - here[-1][0] > _SAME_M:
                place = shapely.line_interpolate_point(lines[e], where)
                here.append((where, len(new_x)))
                new_x.append(place.x)
                new_y.append(place.y)
            target = here[-1][1]
        if away[one] > _SAME_M:
            links.append((int(joined[one]), target))
        else:
            weld[joined[one]] = target
    for e, here in cuts.items():
        stops = [0.0, *(where for where, _ in here), float(length[e])]
        nodes = [int(start[e]), *(node for _, node in here), int(end[e])]
        pieces = [substring(lines[e], stops[i], stops[i + 1]) for i in range(len(stops) - 1)]
        a[e], b[e], shape[e] = nodes[0], nodes[1], pieces[0]
        a.extend(nodes[1:-1])
        b.extend(nodes[2:])
        shape.extend(pieces[1:])
    for node, target in links:
        a.append(node)
        b.append(target)
        shape.append(shapely.LineString([(new_x[node], new_y[node]), (new_x[target], new_y[target])]))
    return _welded(np.array(new_x), np.array(new_y), np.array(a), np.array(b), np.array(shape, dtype=object), weld)


def _welded(
    x: Floats, y: Floats, start: Ints, end: Ints, lines: Lines, weld: Ints
) -> tuple[Floats, Floats, Ints, Ints, Lines]:
    """Give welded nodes the number of the node that they became, and leave no number unused."""
    number = connected(len(x), np.arange(len(weld)), weld)
    _, kept = np.unique(number, return_index=True)
    return x[kept], y[kept], number[start], number[end], lines
