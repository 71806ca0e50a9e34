"""Public districting instances with proven optima: plans with the fewest cut edges, and proofs.

Run: ``python benchmarks/instances.py --out FILE`` (about two minutes on an idle machine), ``--instances FOLDER`` for another
place of the graphs (``../shared/instances``). Each graph of counties or tracts is to be cut into so many connected parts
of population within 1 %, with the fewest edges cut (Validi and Buchanan 2022, "Political districting to minimize cut
edges"; their optima come with the graphs). The file holds, for each, the part of every node, the edges that it cuts, the
proven bound (null where nothing is proven) and the seconds of search and proof; the table is made of the file alone, and
checks connectedness and populations with networkx and plain sums.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np

from jxgis.units._piece import Piece
from jxgis.units.border_bound import prove_borders
from jxgis.units.search import Pool, search_piece

ITERATIONS, STARTS = 80_000, 48


def piece_of(graph: dict[str, Any]) -> Piece:
    """A graph as the search reads it: every cut edge costs 1, half to each of its two parts."""
    people = np.array(graph["population"], dtype=np.float64)
    one, two = np.array(graph["edges"]).T
    source, target = np.concatenate([one, two]), np.concatenate([two, one])
    order = np.lexsort((target, source))
    n, m = len(people), len(order)
    degree = np.bincount(source, minlength=n)
    return Piece(
        start=np.concatenate([[0], np.cumsum(degree)]).astype(np.int64),
        other=target[order].astype(np.int64),
        shared=np.ones(m),
        cut=np.full(m, 0.5),
        link=np.ones(m, dtype=np.bool_),
        area=people,
        perimeter=degree.astype(np.float64),
        load=people[:, None].copy(),
        mass=np.zeros((n, 0)),
        square=np.zeros(n),
        spread_weight=0.0,
        shape_weight=0.0,
        low=np.array([graph["low"]], dtype=np.float64),
        high=np.array([graph["high"]], dtype=np.float64),
    )


def solve(graph: dict[str, Any], seed: int) -> dict[str, Any]:
    """A plan of one graph, its bound, and the seconds that each took."""
    piece, pool = piece_of(graph), Pool()
    began = time.perf_counter()
    found = search_piece(piece, graph["parts"], seed=(seed,), iterations=ITERATIONS, starts=STARTS, pool=pool)
    searched = time.perf_counter()
    if found.excess == 0:
        found = prove_borders(piece, found, pool.units(), step=1.0)
    ended = time.perf_counter()
    return {
        "labels": found.label.tolist(),
        "cut_edges": round(found.cost),
        "bound": None if np.isnan(found.bound) else found.bound,
        "seconds": round(searched - began, 2),
        "proof_seconds": round(ended - searched, 2),
    }


def faults(graph: dict[str, Any], plan: dict[str, Any]) -> list[str]:
    """What is wrong with a plan, from its labels and the graph alone."""
    label, wrong = plan["labels"], list[str]()
    links = nx.Graph(graph["edges"])
    links.add_nodes_from(range(len(label)))
    if sorted(set(label)) != list(range(graph["parts"])):
        wrong.append(f"{len(set(label))} parts")
    for part in sorted(set(label)):
        nodes = [node for node, own in enumerate(label) if own == part]
        people = sum(graph["population"][node] for node in nodes)
        if not graph["low"] <= people <= graph["high"]:
            wrong.append(f"part {part} has {people}")
        if not nx.is_connected(links.subgraph(nodes)):
            wrong.append(f"part {part} is not connected")
    cut = sum(label[a] != label[b] for a, b in graph["edges"])
    if cut != plan["cut_edges"]:
        wrong.append(f"{cut} edges are cut")
    return wrong


def main() -> None:
    """All instances, the table, and the file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    default = Path(__file__).parents[2] / "shared" / "instances"
    parser.add_argument("--instances", type=Path, default=default)
    parser.add_argument("--out", type=Path, required=True, help="JSON of the plans")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    graphs = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(asked.instances.glob("*.json"))]
    if not graphs:
        parser.error(f"no instances in {asked.instances}")
    found: dict[str, Any] = {}
    print(
        f"{'':<12}{'nodes':>6}{'parts':>6}{'optimum':>9}{'found':>7}{'bound':>8}{'search':>9}{'proof':>9}  faults",
        flush=True,
    )
    for graph in graphs:
        plan = solve(graph, asked.seed)
        found[graph["name"]] = plan
        bound = "" if plan["bound"] is None else f"{plan['bound']:.1f}"
        print(
            f"{graph['name']:<12}{len(plan['labels']):>6}{graph['parts']:>6}{graph['optimum_cut_edges']:>9}"
            f"{plan['cut_edges']:>7}{bound:>8}{plan['seconds']:>7.1f} s{plan['proof_seconds']:>7.1f} s  "
            f"{'; '.join(faults(graph, plan)) or 'none'}",
            flush=True,
        )
    asked.out.write_text(json.dumps(found), encoding="utf-8")
    within = [graph for graph in graphs if not faults(graph, found[graph["name"]])]
    best = [graph for graph in within if found[graph["name"]]["cut_edges"] == graph["optimum_cut_edges"]]
    proven = [plan for plan in found.values() if plan["bound"] is not None and plan["bound"] >= plan["cut_edges"]]
    print(
        f"{len(within)} of {len(graphs)} within the bounds and connected, {len(best)} at the published optimum, {len(proven)} proven"
    )


if __name__ == "__main__":
    main()
