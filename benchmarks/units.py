"""Units of 2–5 km² beside their peers, on a made-up city of 12 districts and 385 km².

Run: ``python benchmarks/units.py`` (about seven minutes on an idle machine, most of it spopt's MaxP; ``--quick`` leaves out
the slowest peers and the growth), with ``--figure FILE.png`` for the front from compact to homogeneous, in
English and in Chinese. Peers: METIS, pygeoda's SKATER, REDCAP and max-p, spopt's
MaxP and SKATER, gerrychain. All get the same districts, adjacency, attributes and, where they take one, the same number of
units per district; METIS also the border lengths as weights of its edges, which makes it rounder. Their seconds are the
partitioning alone; those of jxgis are the whole ``delineate_units``: checks, adjacency, search, geometry of the units.
More units lower the SSD share: compare only at the same number. Grid cells have staircase edges: never compare their PP with
that of blocks.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import _synthetic_city as city
import geopandas as gpd
import gerrychain
import libpysal
import networkx as nx
import numpy as np
import pygeoda
import pymetis
from gerrychain.proposals import recom
from gerrychain.tree import recursive_tree_part
from spopt.region import MaxPHeuristic
from spopt.region import Skater as SpoptSkater

from jxgis.drawing.figures import figure_style
from jxgis.space.parts import connected
from jxgis.units._graph import Adjacency, block_graph
from jxgis.units.attributes import standardise
from jxgis.units.delineate import delineate_units

LOW, HIGH, TARGET = 2e6, 5e6, 3.5e6
FRONT = (0.003, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5)
POLISH = {"iterations": 20_000, "starts": 8}
WORDS = {
    "": {
        "blocks": "blocks",
        "grid": "grid",
        "jxgis": "jxgis",
        "jxgis, rounder": "jxgis, rounder",
        "jxgis, polished": "jxgis, polished",
        "front": f"jxgis, compactness {min(FRONT):g} to {max(FRONT):g}",
        "peer": "{name} ({units:.0f}, {fit:.0f} %)",
        "pp": "mean compactness 4πA/P² (rounder to the right)",
        "ssd": "within-unit share of squares (more alike below)",
        "title": "{kind}, seed {seed}: peers with number of units and share in 2–5 km²",
    },
    "_zh": {
        "blocks": "地块",
        "grid": "网格",
        "jxgis": "jxgis（默认）",
        "jxgis, rounder": "jxgis（更紧凑）",
        "jxgis, polished": "jxgis（多次优化）",
        "front": f"jxgis，紧凑度权重 {min(FRONT):g} 至 {max(FRONT):g}",
        "peer": "{name}（{units:.0f} 个，{fit:.0f} %）",
        "pp": "平均紧凑度 4πA/P²（越右越紧凑）",
        "ssd": "单元内平方和占比（越低越相近）",
        "title": "{kind}，种子 {seed}：各工具的单元个数和面积在 2–5 km² 的比例",
    },
}


class Clock(NamedTuple):
    """Seconds on the wall and of all threads: the second number holds on a busy machine too."""

    wall: float
    cpu: float

    @classmethod
    def now(cls) -> Clock:
        """The time."""
        return cls(time.perf_counter(), time.process_time())

    def __sub__(self, other: Clock) -> Clock:
        return Clock(self.wall - other.wall, self.cpu - other.cpu)

    def __add__(self, other: Clock) -> Clock:  # type: ignore[override]
        return Clock(self.wall + other.wall, self.cpu + other.cpu)


@dataclass(frozen=True)
class District:
    """Blocks of one district with what every contender needs, made outside its seconds."""

    nodes: np.ndarray
    u: np.ndarray
    v: np.ndarray
    shared: np.ndarray
    area: np.ndarray
    values: np.ndarray
    k: int
    table: gpd.GeoDataFrame
    pysal: Any
    geoda: Any
    network: Any


@dataclass(frozen=True)
class Case:
    """A city as blocks or as cells."""

    areas: gpd.GeoDataFrame
    blocks: gpd.GeoDataFrame
    graph: Adjacency
    values: np.ndarray
    districts: list[District]


def make_case(kind: str, seed: int) -> Case:
    """Street blocks or grid cells."""
    areas = city.districts(seed=seed)
    blocks = (city.blocks if kind == "blocks" else city.grid)(areas, seed=seed)
    graph = block_graph(blocks)
    values = standardise(blocks[city.attribute_names()], area_m2=graph.area_m2).table.to_numpy()
    return Case(
        areas, blocks, graph, values, [make_district(blocks, graph, values, code) for code in range(len(areas))]
    )


def make_district(blocks: gpd.GeoDataFrame, graph: Adjacency, values: np.ndarray, code: int) -> District:
    """The part of a city, in each peer's own form."""
    nodes = np.flatnonzero(graph.district == code)
    here = graph.district[graph.u] == code
    place = np.zeros(len(graph.area_m2), dtype=np.int64)
    place[nodes] = np.arange(len(nodes))
    u, v, shared, area = place[graph.u[here]], place[graph.v[here]], graph.shared_m[here], graph.area_m2[nodes]
    near: dict[int, list[int]] = {i: [] for i in range(len(nodes))}
    for i, j in zip(u.tolist(), v.tolist(), strict=True):
        near[i].append(j)
        near[j].append(i)
    with tempfile.TemporaryDirectory() as folder:
        gal = Path(folder, "w.gal")
        lines = [f"0 {len(nodes)} w id", *(f"{i} {len(js)}\n{' '.join(map(str, js))}" for i, js in near.items())]
        gal.write_text("\n".join(lines) + "\n", encoding="ascii")
        geoda = pygeoda.weights.read_gal(str(gal), [str(i) for i in range(len(nodes))])
    links = nx.Graph()
    # gerrychain numbers nodes by their order here.
    links.add_nodes_from((i, {"area": float(m2)}) for i, m2 in enumerate(area))
    links.add_edges_from(zip(u.tolist(), v.tolist(), strict=True))
    network = gerrychain.Graph.from_networkx(links)
    table = blocks.iloc[nodes].reset_index(drop=True)
    table = table.assign(area=area, **dict(zip(city.attribute_names(), values[nodes].T, strict=True)))
    k = max(1, round(area.sum() / TARGET))
    return District(nodes, u, v, shared, area, values[nodes], k, table, libpysal.weights.W(near), geoda, network)


def judge(case: Case, label: np.ndarray) -> dict[str, float]:
    """Figures of a partition from its definition; a unit in several parts counts as out of bounds."""
    graph = case.graph
    label = np.unique(label, return_inverse=True)[1]
    k = label.max() + 1
    inside = label[graph.u] == label[graph.v]
    area = np.bincount(label, weights=graph.area_m2)
    length = np.bincount(label, weights=graph.perimeter_m)
    length -= 2 * np.bincount(label[graph.u[inside]], weights=graph.shared_m[inside], minlength=k)
    parts = connected(len(label), graph.u[inside], graph.v[inside])
    pieces = np.bincount(label[np.unique(parts, return_index=True)[1]], minlength=k)
    total = within = 0.0
    for x in case.values.T:
        mean = np.bincount(label, weights=graph.area_m2 * x) / area
        within += float((graph.area_m2 * (x - mean[label]) ** 2).sum())
        total += float((graph.area_m2 * (x - np.average(x, weights=graph.area_m2)) ** 2).sum())
    fits = (area >= LOW - 1) & (area <= HIGH + 1) & (pieces == 1)
    pp = 4 * np.pi * area / length**2
    return {"units": k, "fit": float(fits.mean()), "pp": float(pp.mean()), "ssd": within / total}


def metis(part: District) -> np.ndarray:
    """Equal areas, short borders."""
    ends, far = np.concatenate([part.u, part.v]), np.concatenate([part.v, part.u])
    order = np.lexsort((far, ends))
    start = np.concatenate([[0], np.cumsum(np.bincount(ends, minlength=len(part.nodes)))])
    return np.array(
        pymetis.part_graph(
            part.k,
            pymetis.CSRAdjacency(start, far[order]),
            vweights=(part.area / 100).astype(int),
            eweights=np.tile(part.shared, 2)[order].astype(int) + 1,
            options=pymetis.Options(contig=1),
        )[1]
    )


def geoda(method: str) -> Callable[[District], np.ndarray]:
    """SKATER, REDCAP and max-p with the minimum area; none of them knows a maximum."""

    def run(part: District) -> np.ndarray:
        data = part.table[city.attribute_names()]
        bound = {"bound_variable": part.area.tolist(), "min_bound": LOW, "scale_method": "raw"}
        if method == "skater":
            return np.array(pygeoda.skater(part.k, part.geoda, data, **bound)["Clusters"])
        if method == "redcap":
            return np.array(pygeoda.redcap(part.k, part.geoda, data, "fullorder-wardlinkage", **bound)["Clusters"])
        return np.array(pygeoda.maxp_greedy(part.geoda, data, part.area.tolist(), LOW, scale_method="raw")["Clusters"])

    return run


def spopt_maxp(part: District) -> np.ndarray:
    """As many units above the minimum as it finds, then alike; no number and no maximum."""
    np.random.seed(0)  # noqa: NPY002
    model = MaxPHeuristic(part.table, part.pysal, city.attribute_names(), "area", LOW, top_n=2)
    model.solve()
    return np.asarray(model.labels_)


def spopt_skater(part: District) -> np.ndarray:
    """SKATER with a least number of blocks; it knows no area."""
    floor = max(1, int(0.5 * len(part.nodes) / part.k))
    model = SpoptSkater(part.table, part.pysal, city.attribute_names(), n_clusters=part.k, floor=floor)
    model.solve()
    return np.asarray(model.labels_)


def gerry(part: District, steps: int = 100) -> np.ndarray:
    """ReCom within the bounds, a step kept if it lowers the same objective."""
    if part.k == 1:
        return np.zeros(len(part.nodes), dtype=np.int64)
    ideal = part.area.sum() / part.k
    slack = min(ideal - LOW, HIGH - ideal) / ideal
    rng = random.Random(0)
    start = recursive_tree_part(part.network, range(part.k), ideal, "area", slack, rng=rng)
    partition = gerrychain.Partition(part.network, start, updaters={"area": gerrychain.updaters.Tally("area")})
    centred = part.values - np.average(part.values, axis=0, weights=part.area)

    def cost(state: gerrychain.Partition) -> float:
        label = np.array([state.assignment[i] for i in range(len(part.nodes))])
        label = np.unique(label, return_inverse=True)[1]
        area = np.bincount(label, weights=part.area)
        spread = (part.area[:, None] * centred**2).sum()
        for x in centred.T:
            spread -= float((np.bincount(label, weights=part.area * x) ** 2 / area).sum())
        cut = part.shared[label[part.u] != label[part.v]].sum()
        return spread / (part.area[:, None] * centred**2).sum() + 0.02 * cut / np.sqrt(part.area.sum() * part.k)

    best = cost(partition)
    for _ in range(steps):
        tried = recom(partition, "area", ideal, slack, node_repeats=1, rng=rng)
        value = cost(tried)
        if value <= best:
            partition, best = tried, value
    return np.array([partition.assignment[i] for i in range(len(part.nodes))])


def ours(case: Case, **settings: Any) -> tuple[np.ndarray, Clock]:
    """The whole of ``delineate_units`` at the same number of units per district."""
    began = Clock.now()
    asked = {name: part.k for name, part in zip(case.graph.district_names, case.districts, strict=True)}
    plan = delineate_units(
        case.blocks, case.areas, attributes=city.attribute_names(), n_units=asked, border_credit=0, **settings
    )
    return plan.blocks["unit_id"].to_numpy(), Clock.now() - began


def timed(case: Case, split: Callable[[District], np.ndarray]) -> tuple[np.ndarray, Clock]:
    """A peer on each district."""
    label = np.empty(len(case.values), dtype=np.int64)
    used, seconds = 0, Clock(0.0, 0.0)
    for part in case.districts:
        began = Clock.now()
        mine = split(part)
        seconds += Clock.now() - began
        label[part.nodes] = used + mine
        used = int(label[part.nodes].max()) + 1
    return label, seconds


def row(name: str, seconds: Clock, figures: dict[str, float]) -> None:
    """One line of the table."""
    print(
        f"{name:<34}{seconds.wall:>9.2f} s{seconds.cpu:>9.2f} s{figures['units']:>7.0f}{100 * figures['fit']:>9.1f} %"
        f"{figures['pp']:>9.3f}{figures['ssd']:>9.4f}",
        flush=True,
    )


def at_compactness(front: list[dict[str, float]], pp: float) -> float:
    """SSD share of the front where its mean compactness is that of a peer, between the two nearest plans."""
    points = sorted((point["pp"], point["ssd"]) for point in front)
    x, y = np.array(points).T
    return float(np.interp(pp, x, np.maximum.accumulate(y)))


def compare(kind: str, seed: int, quick: bool, figure: Path | None) -> None:
    """The table of one city, and the front."""
    case = make_case(kind, seed)
    print(
        f"\n{kind}, seed {seed}: {len(case.blocks)} in {len(case.areas)} districts, {case.areas.area.sum() / 1e6:.0f} km²"
    )
    print(f"{'':<34}{'time':>11}{'CPU':>11}{'units':>7}{'in 2–5':>11}{'PP':>9}{'SSD':>9}")
    peers: dict[str, Callable[[District], np.ndarray]] = {
        "METIS": metis,
        "pygeoda SKATER": geoda("skater"),
        "pygeoda REDCAP": geoda("redcap"),
    }
    if not quick:
        peers["pygeoda max-p"] = geoda("maxp")
        peers["gerrychain"] = gerry
        if kind == "blocks":
            peers |= {"spopt SKATER": spopt_skater, "spopt MaxP": spopt_maxp}
    found: dict[str, dict[str, float]] = {}
    clock: dict[str, Clock] = {}
    for name, split in peers.items():
        try:
            label, clock[name] = timed(case, split)
        except Exception as error:  # A peer that fails is a finding, not the end of the table.
            print(f"{name:<34}    fails: {type(error).__name__}: {str(error)[:60]}")
            continue
        found[name] = judge(case, label)
        row(name, clock[name], found[name])
    own: dict[str, dict[str, float]] = {}
    variants: dict[str, dict[str, Any]] = {"jxgis": {}, "jxgis, rounder": {"compactness": 0.15}}
    if kind == "blocks":
        variants["jxgis, polished"] = POLISH
    for name, settings in variants.items():
        label, clock[name] = ours(case, **settings)
        own[name] = judge(case, label)
        row(name, clock[name], own[name])
    front, front_cpu = [], []
    for dial in FRONT:
        # The dial alone: peers mend no shapes either.
        label, seconds = ours(case, compactness=dial, mend_shapes=False)
        front.append(judge(case, label))
        front_cpu.append(seconds.cpu)
        row(f"  front, compactness {dial:g}", seconds, front[-1])
    for name, figures in found.items():
        level = at_compactness(front, figures["pp"])
        print(
            f"at the compactness of {name:<16} jxgis has {100 * (1 - level / figures['ssd']):5.1f} % lower SSD; "
            f"{name} took {clock[name].cpu / clock['jxgis'].cpu:.2f} times the CPU seconds of the default"
        )
        better = [
            (mine["pp"], clock[name].cpu / cpu)
            for mine, cpu in zip(front, front_cpu, strict=True)
            if mine["ssd"] < figures["ssd"] and mine["units"] <= figures["units"]
        ]
        if better:
            pp, times = max(better)
            print(
                f"  lower SSD with no more units, at its roundest: PP {pp:.3f}, {name} took {times:.2f} times the CPU seconds"
            )
    if figure is not None:
        draw(kind, seed, front, found, own, figure)


def draw(kind: str, seed: int, front, found, own, figure: Path) -> None:
    """The front from compact to homogeneous with the peers on it, in English and in Chinese."""
    from matplotlib.figure import Figure

    for suffix, words in WORDS.items():
        with figure_style():
            drawn = Figure(figsize=(7, 5), layout="constrained")
            axes = drawn.subplots()
            axes.plot([p["pp"] for p in front], [p["ssd"] for p in front], "o-", label=words["front"])
            for name, figures in found.items():
                at = figures["pp"], figures["ssd"]
                axes.scatter(*at, marker="s" if figures["fit"] == 1 else "x")
                said = words["peer"].format(name=name, units=figures["units"], fit=100 * figures["fit"])
                axes.annotate(said, at, xytext=(6, 3), textcoords="offset points")
            for name, figures in own.items():
                axes.scatter(figures["pp"], figures["ssd"], marker="*", s=120, label=words[name])
            axes.set(xlabel=words["pp"], ylabel=words["ssd"], title=words["title"].format(kind=words[kind], seed=seed))
            axes.legend()
            target = figure.with_name(f"{figure.stem}_{kind}_{seed}{suffix}{figure.suffix}")
            drawn.savefig(target, dpi=120)
        print(f"figure: {target.name}")


def cold_start() -> None:
    """Fresh processes: the first compiles and fills the cache on disk, the second finds it."""
    code = (
        f"import time; t = time.perf_counter(); import sys; sys.path.insert(0, {str(Path(__file__).parent)!r}); import _synthetic_city as c\n"
        "from jxgis.units.delineate import delineate_units; a = c.districts(); b = c.blocks(a); i = time.perf_counter()\n"
        "delineate_units(b, a, attributes=c.attribute_names()); d = time.perf_counter()\n"
        "print(f'imports and data {i - t:.1f} s, delineate_units {d - i:.1f} s')"
    )
    with tempfile.TemporaryDirectory() as cache:
        for name in ("nothing compiled yet", "compiled before"):
            env = os.environ | {"NUMBA_CACHE_DIR": cache}
            done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
            print(f"cold start, {name}: {done.stdout.strip()}", flush=True)


def peak_mb() -> int:
    """Peak memory of this process; what ``getrusage`` gives is inherited from the parent."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) // 1024


def growth_of(n: int) -> None:
    """One size, for a process of its own."""
    km2 = n * 0.0385
    areas = city.districts(km2=km2, n=max(1, round(n / 833)))
    blocks = city.grid(areas, n=n)
    began = Clock.now()
    plan = delineate_units(blocks, areas, attributes=city.attribute_names(), iterations=1000, starts=2, border_credit=0)
    spent = Clock.now() - began
    grown = {
        "cells": len(blocks),
        "wall_s": round(spent.wall, 2),
        "cpu_s": round(spent.cpu, 2),
        "cpu_us_per_cell": round(1e6 * spent.cpu / len(blocks)),
        "peak_mb": peak_mb(),
        "units": len(plan.units),
        "in_bounds": plan.report.in_bounds_share,
        "pp": round(plan.report.mean_compactness, 3),
        "ssd": round(plan.report.ssd_share, 4),
    }
    print(json.dumps(grown), flush=True)


def growth(figure: Path | None) -> None:
    """Sizes from a hundred to a hundred thousand cells, each in a fresh process, and their figure."""
    print("\ngrowth at 1,000 trials a cell, one district per 833 cells; peak memory of the whole process")
    rows = []
    for n in (100, 1_000, 10_000, 100_000):
        done = subprocess.run(
            [sys.executable, __file__, "--grow", str(n)], check=True, capture_output=True, text=True
        ).stdout
        rows.append(json.loads(done.splitlines()[-1]))
        print(", ".join(f"{name} {value}" for name, value in rows[-1].items()), flush=True)
    if figure is None:
        return
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    _, panels = plt.subplots(1, 3, figsize=(11, 3.5), layout="constrained")
    for axes, name in zip(panels, ("cpu_s", "peak_mb", "ssd"), strict=True):
        axes.plot([row["cells"] for row in rows], [row[name] for row in rows], "o-")
        axes.set(xscale="log", xlabel="cells", title=name, yscale="linear" if name == "ssd" else "log")
    plt.savefig(figure.with_name(f"{figure.stem}_growth{figure.suffix}"), dpi=120)
    plt.close()


def main() -> None:
    """Everything, in order."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="without the slow peers and the growth")
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--figure", type=Path, default=None)
    parser.add_argument("--grow", type=int, default=None, help="one size of the growth only")
    asked = parser.parse_args()
    if asked.grow:
        growth_of(asked.grow)
        return
    warnings.filterwarnings("ignore")
    cold_start()
    for kind in ("blocks", "grid"):
        for seed in range(asked.seeds):
            compare(kind, seed, asked.quick or seed > 0, asked.figure)
    if not asked.quick:
        growth(asked.figure)


if __name__ == "__main__":
    main()
