"""The street graph: lines noded where streets meet, points snapped onto edges, least distances along them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pyproj
import shapely
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import cKDTree

from jxgis.bounds import widened
from jxgis.crs import require_metric
from jxgis.errors import InputError
from jxgis.space._noding import node_lines
from jxgis.space.parts import connected

__all__ = ["Snapped", "StreetGraph", "Walk", "graph_of_edges", "snap", "street_graph", "walk_from", "walk_from_each"]

Floats: TypeAlias = npt.NDArray[np.float64]
Ints: TypeAlias = npt.NDArray[np.int64]

_PART_M = 50.0
_NEAR = 8
_CHUNK = 8192
_BAND_M = 300.0
_ROWS = 32


@dataclass(frozen=True, eq=False)
class StreetGraph:
    """Streets as nodes and edges; edges run both ways.

    Attributes
    ----------
    x, y
        (n,) nodes, in metres.
    start, end
        (m,) nodes that an edge joins; parallel edges and loops are kept, so that points can be snapped onto each.
    length_m
        (m,) lengths along the streets.
    lines
        (m,) the edges' lines, from ``start`` to ``end``.
    crs
        Their metric CRS.
    """

    x: Floats
    y: Floats
    start: Ints
    end: Ints
    length_m: Floats
    lines: npt.NDArray[np.object_]
    crs: pyproj.CRS | None

    @cached_property
    def component(self) -> Ints:
        """(n,) which connected part a node belongs to; 0 is the longest by length of streets."""
        label = connected(len(self.x), self.start, self.end)
        length = np.bincount(label[self.start], weights=self.length_m, minlength=label.max(initial=-1) + 1)
        rank = np.empty(len(length), dtype=np.int64)
        rank[np.argsort(-length, kind="stable")] = np.arange(len(length))
        by_length: Ints = rank[label]
        return by_length

    def isolated(self) -> gpd.GeoDataFrame:
        """Parts that no street joins to the main one.

        Returns
        -------
        geopandas.GeoDataFrame
            One row a part: ``part`` (1, 2, … by falling length), ``edges``, ``length_m`` and its lines.
        """
        part = self.component[self.start]
        away = np.flatnonzero(part > 0)
        order = away[np.argsort(part[away], kind="stable")]
        found, first = np.unique(part[order], return_index=True)
        groups = np.split(order, first[1:]) if len(found) else []
        return gpd.GeoDataFrame(
            {
                "part": found,
                "edges": np.array([len(group) for group in groups], dtype=np.int64),
                "length_m": np.array([self.length_m[group].sum() for group in groups], dtype=np.float64),
            },
            geometry=[shapely.multilinestrings(self.lines[group]) for group in groups],
            crs=self.crs,
        )

    @cached_property
    def _segments(self) -> _Segments:
        return _segments(self.lines)


@dataclass(frozen=True, eq=False)
class Snapped:
    """Points on the street graph.

    Attributes
    ----------
    edge
        (k,) the edge that a point was snapped onto; -1 where none lies within reach.
    at_m
        (k,) how far along the edge, from its start; NaN where there is none.
    leg_m
        (k,) straight distance from the point to the street; NaN where there is none.
    """

    edge: Ints
    at_m: Floats
    leg_m: Floats


@dataclass(frozen=True, eq=False)
class Walk:
    """Least distances from a set of sources to every part of the graph.

    Attributes
    ----------
    node_m
        (n + k,) distance of each node of the split graph: the graph's own nodes, then the k points at which sources
        split an edge; inf where it cannot be reached, or not within the limit.
    edge, at_m, node
        (s,) the split edges, by edge and then by distance along it: where on the edge a node of the split graph
        stands. The first of an edge is its start, the last its end.
    first
        (m + 1,) where each edge begins in these.
    reachable
        (c,) whether a connected part of the graph has a source, by `StreetGraph.component`.
    """

    node_m: Floats
    edge: Ints
    at_m: Floats
    node: Ints
    first: Ints
    reachable: npt.NDArray[np.bool_]

    def to(self, points: Snapped, before: Ints | None = None) -> Floats:
        """Least distance from a source to each point: along the streets, and then the point's own leg.

        Parameters
        ----------
        points
            Points snapped onto the same graph.
        before
            From `before`, where many walks over one split graph go to the same points.

        Returns
        -------
        numpy.ndarray
            (k,) metres; inf where there is no way, or none within the limit, and where the point was not snapped.
        """
        found = np.full(len(points.edge), np.inf)
        on = np.flatnonzero(points.edge >= 0)
        at, place = points.at_m[on], (self.before(points) if before is None else before)[on]
        left = self.node_m[self.node[place]] + (at - self.at_m[place])
        right = self.node_m[self.node[place + 1]] + (self.at_m[place + 1] - at)
        found[on] = np.minimum(left, right) + points.leg_m[on]
        return found

    def before(self, points: Snapped) -> Ints:
        """Position in ``node`` of the last node at or before each point on its edge; 0 where it was not snapped."""
        edge = np.maximum(points.edge, 0)
        low, high = self.first[edge], self.first[edge + 1] - 2
        # Bisection of all at once: edges hold few nodes, and most only their two ends.
        open_ = np.flatnonzero((high > low) & (points.edge >= 0))
        while len(open_):
            middle = (low[open_] + high[open_] + 1) // 2
            passed = self.at_m[middle] <= points.at_m[open_]
            low[open_] = np.where(passed, middle, low[open_])
            high[open_] = np.where(passed, high[open_], middle - 1)
            open_ = open_[high[open_] > low[open_]]
        return np.where(points.edge >= 0, low, 0)


def street_graph(
    streets: gpd.GeoDataFrame, *, barriers: gpd.GeoDataFrame | None = None, join_m: float = 1.0
) -> StreetGraph:
    """Make a graph of street lines, whether or not they were drawn as one.

    Lines are noded wherever they cross or touch. Where ``level`` is given, streets of different levels are not joined
    by crossing: a bridge joins what it ends at. An end, or a corner, that stops short of another street by ``join_m`` or less is
    joined to it, but never up to a bridge that merely passes over.

    Parameters
    ----------
    streets
        Lines in a metric CRS; ``level`` is used where it is there: a number (0 or null: ground, 1: bridge, -1:
        tunnel), or a word for a bridge or a tunnel; any other word, such as a class of road, is the ground.
    barriers
        Lines or polygons that nobody crosses, such as rivers and railways: streets on the ground are cut there,
        streets of another level pass.
    join_m
        Longest gap, in metres, that is drawing error rather than a dead end.

    Returns
    -------
    StreetGraph

    Raises
    ------
    CrsError
        If the layers are not in one metric CRS.
    InputError
        If there is no line in the layer.

    Examples
    --------
    >>> cross = gpd.GeoDataFrame(
    ...     {"level": [0, 0]},
    ...     geometry=[shapely.LineString([(0, 5), (10, 5)]), shapely.LineString([(5, 0), (5, 10)])],
    ...     crs=4549,
    ... )
    >>> len(street_graph(cross).length_m), len(street_graph(cross.assign(level=[0, 1])).length_m)
    (4, 2)
    """
    crs = require_metric(streets, "streets")
    if barriers is not None:
        require_metric(barriers, "barriers", crs)
    if not join_m >= 0:
        raise InputError(
            zh=f"join_m 是 {join_m}，应不小于 0（米）。", en=f"join_m is {join_m}; it must be 0 or more (metres)."
        )
    x, y, start, end, lines = node_lines(
        streets, None if barriers is None else barriers.geometry.to_numpy(), join_m=join_m
    )
    return StreetGraph(x=x, y=y, start=start, end=end, length_m=shapely.length(lines), lines=lines, crs=crs)


def graph_of_edges(x: npt.ArrayLike, y: npt.ArrayLike, start: npt.ArrayLike, end: npt.ArrayLike) -> StreetGraph:
    """Make a graph of nodes and straight edges that are noded already.

    Parameters
    ----------
    x, y
        (n,) nodes, in metres.
    start, end
        (m,) positions of the nodes that an edge joins.

    Returns
    -------
    StreetGraph

    Examples
    --------
    >>> graph_of_edges([0, 3, 3], [0, 0, 4], [0, 1, 0], [1, 2, 2]).length_m.tolist()
    [3.0, 4.0, 5.0]
    """
    xy = np.stack([np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)], axis=1)
    a, b = np.asarray(start, dtype=np.int64), np.asarray(end, dtype=np.int64)
    lines = np.asarray(shapely.linestrings(np.stack([xy[a], xy[b]], axis=1).reshape(-1, 2, 2)), dtype=object)
    length = np.asarray(shapely.length(lines))
    return StreetGraph(x=xy[:, 0].copy(), y=xy[:, 1].copy(), start=a, end=b, length_m=length, lines=lines, crs=None)


@dataclass(frozen=True, eq=False)
class _Segments:
    """Straight segments of the edges, in short parts, with a tree of the parts' middles."""

    edge: Ints
    offset_m: Floats
    x: Floats
    y: Floats
    dx: Floats
    dy: Floats
    length_m: Floats
    tree: cKDTree | None
    part_segment: Ints
    half_m: float


def _segments(lines: npt.NDArray[np.object_]) -> _Segments:
    xy, line = shapely.get_coordinates(lines, return_index=True)
    line = line.astype(np.int64)
    same = line[1:] == line[:-1]
    step = (xy[1:] - xy[:-1])[same]
    length = np.hypot(step[:, 0], step[:, 1])
    edge = line[:-1][same]
    along = np.cumsum(length) - length
    _, head = np.unique(edge, return_index=True)
    offset = along - np.repeat(along[head], np.diff(np.append(head, len(edge))))
    from_xy = xy[:-1][same]
    parts = np.maximum(np.ceil(length / _PART_M), 1).astype(np.int64)
    segment = np.repeat(np.arange(len(edge)), parts)
    which = np.arange(len(segment)) - np.repeat(np.cumsum(parts) - parts, parts)
    middle = from_xy[segment] + step[segment] * ((which + 0.5) / parts[segment])[:, None]
    return _Segments(
        edge=edge,
        offset_m=offset,
        x=from_xy[:, 0].copy(),
        y=from_xy[:, 1].copy(),
        dx=step[:, 0].copy(),
        dy=step[:, 1].copy(),
        length_m=length,
        tree=cKDTree(middle) if len(segment) else None,
        part_segment=segment,
        half_m=float((length / parts).max() / 2) if len(segment) else 0.0,
    )


def snap(
    graph: StreetGraph,
    x: npt.ArrayLike,
    y: npt.ArrayLike,
    *,
    max_snap_m: float,
    barriers: gpd.GeoDataFrame | None = None,
) -> Snapped:
    """Snap points onto the nearest street, anywhere along it.

    Parameters
    ----------
    graph
        The streets.
    x, y
        (k,) points, in metres.
    max_snap_m
        Longest straight way from a point to its street, in metres.
    barriers
        What that way must not cross: a point behind a barrier goes to the nearest street on its own side.

    Returns
    -------
    Snapped

    Examples
    --------
    >>> graph = graph_of_edges([0, 10], [0, 0], [0], [1])
    >>> found = snap(graph, [4, 4], [3, 30], max_snap_m=20)
    >>> found.edge.tolist(), found.at_m[0].item(), found.leg_m[0].item()
    ([0, -1], 4.0, 3.0)
    """
    px, py = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    max_snap_m = widened(max_snap_m)
    segments = graph._segments  # noqa: SLF001  the graph's own index, made on first use
    edge = np.full(len(px), -1, dtype=np.int64)
    at, leg = np.full(len(px), np.nan), np.full(len(px), np.nan)
    if segments.tree is None or len(px) == 0:
        return Snapped(edge, at, leg)

    # Neighbours in space one after the other, a few thousand at a time: their segments are in the cache then.
    order = np.lexsort((px, py // _BAND_M))
    for first in range(0, len(px), _CHUNK):
        open_rows, near = order[first : first + _CHUNK], _NEAR
        while len(open_rows):
            near = min(near, segments.tree.n)
            x1, y1 = px[open_rows], py[open_rows]
            reach, part = map(np.asarray, segments.tree.query(np.stack([x1, y1], axis=1), k=np.arange(1, near + 1)))
            segment = segments.part_segment[part]
            along, away = _project(segments, segment, x1[:, None], y1[:, None])
            best, row = np.argmin(away, axis=1), np.arange(len(open_rows))
            least = away[row, best]
            # A part whose middle lies further off than the last one seen comes no nearer than that less half its
            # length.
            beyond = reach[:, -1] - segments.half_m
            sure = (least <= beyond) | (beyond > max_snap_m) | (near == segments.tree.n)
            held = sure & (least <= max_snap_m)
            rows, chosen = open_rows[held], segment[row, best][held]
            edge[rows] = segments.edge[chosen]
            at[rows] = segments.offset_m[chosen] + along[row, best][held]
            leg[rows] = least[held]
            open_rows, near = open_rows[~sure], near * 4
    at = np.where(edge >= 0, np.minimum(at, graph.length_m[edge] if len(graph.length_m) else at), np.nan)
    found = Snapped(edge, at, leg)
    return found if barriers is None else _around(graph, px, py, found, barriers, max_snap_m)


def _project(segments: _Segments, segment: Ints, x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Where along each segment a point comes nearest, and how near."""
    dx, dy, length = segments.dx[segment], segments.dy[segment], segments.length_m[segment]
    rx, ry = x - segments.x[segment], y - segments.y[segment]
    share = np.clip((rx * dx + ry * dy) / np.where(length > 0, length**2, 1), 0, 1)
    return share * length, np.hypot(rx - share * dx, ry - share * dy)


def _around(
    graph: StreetGraph, x: Floats, y: Floats, found: Snapped, barriers: gpd.GeoDataFrame, max_snap_m: float
) -> Snapped:
    """Snap again, to the nearest street that no barrier hides, the points whose way crosses one."""
    on = np.flatnonzero(found.edge >= 0)
    point = np.asarray(shapely.points(x[on], y[on]), dtype=object)
    way = shapely.shortest_line(point, graph.lines[found.edge[on]])
    wall = shapely.STRtree(barriers.geometry.to_numpy())
    streets = shapely.STRtree(graph.lines)
    hidden = np.unique(wall.query(way, predicate="intersects")[0])
    if len(hidden) == 0:
        return found
    row, edge = streets.query(point[hidden], predicate="dwithin", distance=max_snap_m)
    way = shapely.shortest_line(point[hidden][row], graph.lines[edge])
    clear = np.ones(len(row), dtype=np.bool_)
    clear[wall.query(way, predicate="intersects")[0]] = False
    row, edge, way = row[clear], edge[clear], way[clear]
    leg = shapely.length(way)
    order = np.lexsort((edge, leg, row))
    row, edge, leg = row[order], edge[order], leg[order]
    row, head = np.unique(row, return_index=True)
    edge, leg = edge[head], leg[head]
    new_edge, new_at, new_leg = found.edge.copy(), found.at_m.copy(), found.leg_m.copy()
    lost = on[hidden]
    new_edge[lost], new_at[lost], new_leg[lost] = -1, np.nan, np.nan
    back = lost[row]
    new_edge[back], new_leg[back] = edge, leg
    new_at[back] = shapely.line_locate_point(graph.lines[edge], shapely.points(x[back], y[back]))
    return Snapped(new_edge, new_at, new_leg)


def walk_from(graph: StreetGraph, sources: Snapped, *, limit_m: float = np.inf) -> Walk:
    """Least distances from the nearest of many sources, by one run of Dijkstra from a node joined to them all.

    Parameters
    ----------
    graph
        The streets; an edge is split where a source stands on it, so that ways along one edge come out right.
    sources
        Snapped points; each begins with its own leg.
    limit_m
        Ways longer than this are not followed: inf at least up to there.

    Returns
    -------
    Walk

    Notes
    -----
    Dijkstra (1959), through `scipy.sparse.csgraph.dijkstra`.

    Examples
    --------
    >>> graph = graph_of_edges([0, 100], [0, 0], [0], [1])
    >>> gate = snap(graph, [40], [3], max_snap_m=10)
    >>> walk_from(graph, gate).to(snap(graph, [90], [0], max_snap_m=10)).tolist()
    [53.0]
    """
    split = _split_at(graph, sources)
    node_m = _least(split, [np.arange(len(split.leg_m))], limit_m)[0]
    return split.walk(graph, node_m)


def walk_from_each(
    graph: StreetGraph, sources: Snapped, group: npt.ArrayLike, *, limit_m: float = np.inf
) -> Iterator[tuple[int, Walk]]:
    """Least distances from each group of sources by itself: from each park's gates, say.

    Parameters
    ----------
    graph, sources, limit_m
        As for `walk_from`.
    group
        (k,) group of each source.

    Yields
    ------
    tuple of int and Walk
        The group and its walk, by rising group; groups without a snapped source are left out.

    Examples
    --------
    >>> graph = graph_of_edges([0, 100], [0, 0], [0], [1])
    >>> gates, home = snap(graph, [0, 70], [0, 0], max_snap_m=1), snap(graph, [50], [0], max_snap_m=1)
    >>> [(one, walk.to(home).tolist()) for one, walk in walk_from_each(graph, gates, [7, 8])]
    [(7, [50.0]), (8, [20.0])]
    """
    split = _split_at(graph, sources)
    of = np.asarray(group)[split.row]
    names = np.unique(of)
    order = np.argsort(of, kind="stable")
    members = np.split(order, np.searchsorted(of[order], names[1:]))
    # A few dozen at a time: each needs a row as long as the graph.
    for first in range(0, len(names), _ROWS):
        rows = members[first : first + _ROWS]
        for name, part, node_m in zip(names[first : first + _ROWS], rows, _least(split, rows, limit_m), strict=True):
            yield int(name), split.walk(graph, node_m, part)


@dataclass(frozen=True, eq=False)
class _Split:
    """The graph with its edges split where sources stand."""

    n_nodes: int
    edge: Ints
    at_m: Floats
    node: Ints
    first: Ints
    row: Ints
    source_edge: Ints
    source_node: Ints
    leg_m: Floats

    def walk(self, graph: StreetGraph, node_m: Floats, used: Ints | None = None) -> Walk:
        """The walk of these distances, from all sources or from those used."""
        reachable = np.zeros(graph.component.max(initial=-1) + 1, dtype=np.bool_)
        edge = self.source_edge if used is None else self.source_edge[used]
        reachable[graph.component[graph.start[edge]]] = True
        return Walk(
            node_m=node_m, edge=self.edge, at_m=self.at_m, node=self.node, first=self.first, reachable=reachable
        )


def _split_at(graph: StreetGraph, sources: Snapped) -> _Split:
    n, m = len(graph.x), len(graph.start)
    on = np.flatnonzero(sources.edge >= 0)
    at_edge, at_m = sources.edge[on], sources.at_m[on]

    edge = np.concatenate([np.arange(m), at_edge, np.arange(m)])
    along = np.concatenate([np.zeros(m), at_m, graph.length_m])
    kind = np.repeat([0, 1, 2], [m, len(on), m])
    order = np.lexsort((kind, along, edge))
    edge, along, kind = edge[order], along[order], kind[order]
    # A source at the place of the node before it is that node; each other place is a new node.
    new = (kind == 1) & np.append(True, (along[1:] > along[:-1]) | (edge[1:] != edge[:-1]))
    keep = (kind != 1) | new
    node = np.where(kind == 0, graph.start[edge], graph.end[edge]) if m else np.zeros(0, dtype=np.int64)
    node[new] = n + np.arange(new.sum())
    carrier = np.maximum.accumulate(np.where(keep, np.arange(len(edge)), 0)) if len(edge) else edge
    source_node = np.empty(len(on), dtype=np.int64)
    is_source = kind == 1
    source_node[order[is_source] - m] = node[carrier[is_source]]
    edge, along, node = edge[keep], along[keep], node[keep]
    return _Split(
        n_nodes=n + int(new.sum()),
        edge=edge,
        at_m=along,
        node=node,
        first=np.searchsorted(edge, np.arange(m + 1)),
        row=on,
        source_edge=at_edge,
        source_node=source_node,
        leg_m=sources.leg_m[on],
    )


def _least(split: _Split, groups: Sequence[Ints], limit_m: float) -> Floats:
    """Distances of all nodes from a node of its own for each group, joined to the group's sources."""
    inner = split.edge[1:] == split.edge[:-1]
    total, n_groups = split.n_nodes, len(groups)
    used = np.concatenate(groups)
    hub = total + np.repeat(np.arange(n_groups), [len(group) for group in groups])
    a = np.concatenate([split.node[:-1][inner], hub])
    b = np.concatenate([split.node[1:][inner], split.source_node[used]])
    weight = np.concatenate([(split.at_m[1:] - split.at_m[:-1])[inner], split.leg_m[used]])
    low, high = np.minimum(a, b), np.maximum(a, b)
    order = np.lexsort((weight, high, low))
    low, high, weight = low[order], high[order], weight[order]
    # The shorter of parallel edges: making a sparse matrix of them all would add them up.
    first = np.ones(len(low), dtype=bool)
    first[1:] = (low[1:] != low[:-1]) | (high[1:] != high[:-1])
    first &= low != high
    low, high, weight = low[first], high[first], weight[first]
    # One goes from a hub to its sources, never through it: else each hub would be a short cut for the others.
    back = high < total
    tail = np.concatenate([low[back], high])
    order = np.argsort(tail, kind="stable")
    size = total + n_groups
    matrix = csr_array(
        (
            np.concatenate([weight[back], weight])[order],
            np.concatenate([high[back], low])[order].astype(np.int32),
            np.searchsorted(tail[order], np.arange(size + 1)).astype(np.int32),
        ),
        shape=(size, size),
    )
    found: Floats = dijkstra(matrix, directed=True, indices=np.arange(total, size), limit=limit_m)
    return found[:, :total]
