"""Parks against their peers, all in one run: `python benchmarks/parks.py`. Ratios count, seconds do not."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from itertools import pairwise
from typing import TypeVar

import geopandas as gpd
import networkx as nx
import numpy as np
import shapely
from scipy.sparse import csr_array

from jxgis.parks.cover import cover_most
from jxgis.parks.radius import classify_parks, radius_coverage
from jxgis.parks.standards import load_standard
from jxgis.space.network import graph_of_edges, snap, walk_from

T = TypeVar("T")


def best_of(times: int, run: Callable[[], T]) -> tuple[float, T]:
    """Least seconds of a few runs, and the last result."""
    seconds = []
    for _ in range(times):
        start = time.perf_counter()
        result = run()
        seconds.append(time.perf_counter() - start)
    return min(seconds), result


def blobs(rng: np.random.Generator, centres: np.ndarray, mean_m: float, vertices: int) -> np.ndarray:
    """Rounded, uneven polygons, as parks and housing estates are, around the centres (n, 2)."""
    n = len(centres)
    turn = np.linspace(0, 2 * np.pi, vertices, endpoint=False)
    shift = rng.uniform(0, 2 * np.pi, (2, n, 1))
    size = (
        mean_m
        * rng.lognormal(0, 0.4, (n, 1))
        * (1 + 0.2 * np.sin(2 * turn + shift[0]) + 0.1 * np.sin(3 * turn + shift[1]))
    )
    x, y = centres[:, :1] + size * np.cos(turn), centres[:, 1:] + size * np.sin(turn)
    return shapely.polygons(np.stack([x, y], axis=2))


def radius() -> None:
    """300 parks, 5,000 residential polygons, 12 zones: coverage against dissolve and overlay."""
    rng = np.random.default_rng(0)
    side = 20_000.0
    parks = gpd.GeoDataFrame(geometry=blobs(rng, rng.uniform(0, side, (300, 2)), 60, 24), crs=4549)
    parks["area_m2"] = parks.area
    # Estates on a shaken lattice: some touch or overlap, as in a land-use layer, most do not.
    row, column = np.divmod(np.arange(5000), 71)
    estates = (np.stack([column, row], axis=1) + rng.uniform(0.3, 0.7, (5000, 2))) * side / 71
    housing = gpd.GeoDataFrame(geometry=blobs(rng, estates, 75, 16), crs=4549)
    cells = [
        shapely.box(x, y, x + side / 4, y + side / 3) for x in side / 4 * np.arange(4) for y in side / 3 * np.arange(3)
    ]
    zones = gpd.GeoDataFrame({"name": [f"zone {i}" for i in range(12)]}, geometry=cells, crs=4549)
    standard = load_standard()

    def ours() -> float:
        sized = classify_parks(parks, standard)
        return radius_coverage(sized, housing, zones, standard=standard, quad_segs=16).coverage["served_m2"].iloc[-1]

    def peer() -> float:
        radii = standard.radius_of(parks["area_m2"])
        counted = parks[~np.isnan(radii)]
        reach = gpd.GeoDataFrame(geometry=counted.buffer(radii[~np.isnan(radii)], quad_segs=16)).dissolve()
        homes = gpd.GeoDataFrame(geometry=housing.geometry).dissolve().explode()
        homes = gpd.overlay(homes.set_crs(4549), zones, how="intersection")
        return gpd.overlay(homes, reach.set_crs(4549), how="intersection").area.sum()

    seconds, area = best_of(3, ours)
    peer_seconds, peer_area = best_of(2, peer)
    print(
        f"radius coverage   jxgis {seconds:.3f} s   geopandas {peer_seconds:.3f} s   ratio {peer_seconds / seconds:.1f}"
        f"   area differs by {abs(area / peer_area - 1):.1e}"
    )


def streets(rng: np.random.Generator, n: int, step_m: float) -> tuple[np.ndarray, np.ndarray]:
    """A shaken lattice of n × n nodes without a fifth of its edges."""
    row, column = np.divmod(np.arange(n * n), n)
    xy = np.stack([column, row], axis=1) * step_m + rng.uniform(-step_m / 4, step_m / 4, (n * n, 2))
    node = np.arange(n * n).reshape(n, n)
    across = np.stack([node[:, :-1].ravel(), node[:, 1:].ravel()], axis=1)
    along = np.stack([node[:-1].ravel(), node[1:].ravel()], axis=1)
    edges = np.concatenate([across, along])
    return xy, edges[rng.random(len(edges)) < 0.8]


def walking() -> None:
    """50k nodes, 200k points, 600 gates: from the edge table to every point's distance, snapping included."""
    import pandana
    import pandas as pd

    rng = np.random.default_rng(1)
    xy, edges = streets(rng, 224, 100.0)
    points, gates = rng.uniform(0, 22_300, (200_000, 2)), rng.uniform(0, 22_300, (600, 2))
    limit_m, max_snap_m = 750.0, 200.0

    def ours() -> np.ndarray:
        graph = graph_of_edges(xy[:, 0], xy[:, 1], edges[:, 0], edges[:, 1])
        walk = walk_from(graph, snap(graph, gates[:, 0], gates[:, 1], max_snap_m=max_snap_m), limit_m=limit_m)
        return walk.to(snap(graph, points[:, 0], points[:, 1], max_snap_m=max_snap_m))

    def through_pandana() -> np.ndarray:
        length = np.hypot(*(xy[edges[:, 0]] - xy[edges[:, 1]]).T)
        net = pandana.Network(
            pd.Series(xy[:, 0]), pd.Series(xy[:, 1]), pd.Series(edges[:, 0]), pd.Series(edges[:, 1]),
            pd.DataFrame({"m": length}),
        )  # fmt: skip
        net.set_pois("gate", limit_m, 1, pd.Series(gates[:, 0]), pd.Series(gates[:, 1]))
        nodes = net.get_node_ids(pd.Series(points[:, 0]), pd.Series(points[:, 1]))
        return net.nearest_pois(limit_m, "gate", num_pois=1)[1].reindex(nodes).to_numpy()

    def through_networkx() -> np.ndarray:
        lines = shapely.linestrings(xy[edges])
        tree = shapely.STRtree(lines)
        stops: dict[int, list[tuple[float, tuple[str, int]]]] = {}
        net = nx.Graph()
        for kind, some in (("gate", gates), ("point", points)):
            spot = shapely.points(some)
            row, edge = tree.query_nearest(spot, max_distance=max_snap_m, all_matches=False)
            at, leg = shapely.line_locate_point(lines[edge], spot[row]), shapely.distance(lines[edge], spot[row])
            for r, e, a, d in zip(row.tolist(), edge.tolist(), at.tolist(), leg.tolist(), strict=True):
                stops.setdefault(e, []).append((a, (kind, r)))
                net.add_edge((kind, r), ("home" if kind == "point" else "park", r), weight=d)
        length = shapely.length(lines)
        for e, (u, v) in enumerate(edges.tolist()):
            chain = [(0.0, u), *sorted(stops.get(e, [])), (float(length[e]), v)]
            for (a, left), (b, right) in pairwise(chain):
                net.add_edge(left, right, weight=b - a)
        parks = [("park", i) for i in range(len(gates)) if ("park", i) in net]
        away = nx.multi_source_dijkstra_path_length(net, parks, cutoff=limit_m)
        return np.array([away.get(("home", i), np.inf) for i in range(len(points))])

    seconds, found = best_of(3, ours)
    pandana_seconds, _ = best_of(1, through_pandana)
    networkx_seconds, theirs = best_of(1, through_networkx)
    here = np.isfinite(theirs)
    off = np.abs(found[here] - theirs[here]).max()
    print(
        f"whole walk        jxgis {seconds:.3f} s   pandana {pandana_seconds:.2f} s   ratio "
        f"{pandana_seconds / seconds:.1f}   networkx {networkx_seconds:.2f} s   ratio {networkx_seconds / seconds:.1f}"
        f"   distances differ by {off:.1e} m"
    )
    graph = graph_of_edges(xy[:, 0], xy[:, 1], edges[:, 0], edges[:, 1])
    snapped = snap(graph, gates[:, 0], gates[:, 1], max_snap_m=max_snap_m)
    plain = nx.Graph()
    plain.add_weighted_edges_from(zip(*edges.T.tolist(), graph.length_m.tolist(), strict=True))
    starts = np.unique(graph.start[snapped.edge[snapped.edge >= 0]]).tolist()
    seconds, _ = best_of(3, lambda: walk_from(graph, snapped, limit_m=limit_m))
    networkx_seconds, _ = best_of(3, lambda: nx.multi_source_dijkstra_path_length(plain, starts, cutoff=limit_m))
    print(
        f"  the search alone, graphs built: jxgis {seconds:.3f} s   networkx {networkx_seconds:.3f} s   ratio "
        f"{networkx_seconds / seconds:.1f}"
    )


def siting() -> None:
    """500 candidates, 5,000 points of demand, 12 new parks: the most they can serve, against spopt with CBC."""
    import pulp
    from spopt.locate import MCLP

    rng = np.random.default_rng(0)
    sites, homes = rng.uniform(0, 10_000, (500, 2)), rng.uniform(0, 10_000, (5000, 2))
    weight = rng.integers(1, 100, 5000).astype(float)
    away = np.hypot(*(homes[:, None] - sites[None]).transpose(2, 0, 1))

    seconds, found = best_of(3, lambda: cover_most(csr_array(away <= 500), weight, sites=12))
    peer_seconds, model = best_of(
        1, lambda: MCLP.from_cost_matrix(away, weight, 500, 12).solve(pulp.PULP_CBC_CMD(msg=False))
    )
    chosen = [j for j in range(500) if model.fac_vars[j].value() > 0.5]
    theirs = weight[(away[:, chosen] <= 500).any(axis=1)].sum()
    print(
        f"siting            jxgis {seconds:.3f} s   spopt {peer_seconds:.2f} s   ratio {peer_seconds / seconds:.1f}"
        f"   optimum {found.covered:.0f} and {theirs:.0f}, gap {found.gap:g}"
    )


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    radius()
    walking()
    siting()
