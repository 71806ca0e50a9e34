"""DBSCAN beside its peers on 1 M issues: time, ratio and peak memory, all in one run: ``python benchmarks/clusters.py``.

Every contender runs alone in a fresh process on the same points, after a warm-up on a small case (numba compiles), and
reports the least seconds of three runs (scikit-learn: of one), those of all cores together, which a busy machine changes
less, and how far the peak memory of its process rose above what stood before them. That core points and noise are the
same is checked beside the times.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

POINTS, KM2 = 1_000_000, 385.0
#: Distance, and how many points are dense: from nearly all in clusters to hardly any.
CASES = ((50.0, 20), (100.0, 50), (100.0, 200), (100.0, 816))
STATUS = Path("/proc/self/status")


def issues(n: int) -> np.ndarray:
    """(n, 2) metres: two thirds around 300 centres of unequal weight, the rest anywhere in a round city of 385 km²."""
    rng = np.random.default_rng(0)
    radius = np.sqrt(KM2 * 1e6 / np.pi)
    share = rng.gamma(1, 1, 300) ** 2
    centre = radius * 0.9 * np.sqrt(rng.random(300)) * np.exp(2j * np.pi * rng.random(300))
    around = rng.choice(centre, n * 2 // 3, p=share / share.sum())
    around = around + 600 * (rng.normal(size=len(around)) + 1j * rng.normal(size=len(around)))
    anywhere = radius * np.sqrt(rng.random(n - len(around))) * np.exp(2j * np.pi * rng.random(n - len(around)))
    points = np.concatenate([around, anywhere])
    return np.column_stack([points.real + 572_000, points.imag + 3_403_000])


def by_jxgis(xy: np.ndarray, eps_m: float, min_points: int) -> tuple[np.ndarray, np.ndarray]:
    """Core points and noise."""
    from jxgis.clusters.dbscan import dense_groups

    found = dense_groups(xy[:, 0], xy[:, 1], eps_m=eps_m, min_points=min_points)
    return found.core, found.cluster < 0


def by_package(xy: np.ndarray, eps_m: float, min_points: int) -> tuple[np.ndarray, np.ndarray]:
    """Those of the package dbscan, which uses all cores."""
    from dbscan import DBSCAN

    labels, core = DBSCAN(xy, eps_m, min_points)
    return np.asarray(core, dtype=bool), labels < 0


def by_sklearn(xy: np.ndarray, eps_m: float, min_points: int) -> tuple[np.ndarray, np.ndarray]:
    """Those of scikit-learn."""
    from sklearn.cluster import DBSCAN

    found = DBSCAN(eps=eps_m, min_samples=min_points, algorithm="kd_tree").fit(xy)
    core = np.zeros(len(xy), dtype=bool)
    core[found.core_sample_indices_] = True
    return core, found.labels_ < 0


CONTENDERS: dict[str, tuple[Callable[..., tuple[np.ndarray, np.ndarray]], int]] = {
    "jxgis": (by_jxgis, 3),
    "dbscan": (by_package, 3),
    "scikit-learn": (by_sklearn, 1),
}


def memory_mb(what: str) -> float:
    """A line of the process's status: VmRSS now, VmHWM at its highest."""
    line = next(line for line in STATUS.read_text().splitlines() if line.startswith(what))
    return int(line.split()[1]) / 1024


def alone(name: str, eps_m: float, min_points: int) -> None:
    """One contender in this process: its seconds, memory and what it found, as JSON."""
    group, times = CONTENDERS[name]
    xy = issues(POINTS)
    group(issues(5000), eps_m, min_points)
    Path("/proc/self/clear_refs").write_text("5")  # the peak from here on
    before = memory_mb("VmRSS")
    seconds, cpu = [], []
    for _ in range(times):
        start, used = time.perf_counter(), time.process_time()
        core, noise = group(xy, eps_m, min_points)
        seconds.append(time.perf_counter() - start)
        cpu.append(time.process_time() - used)
    told = {"seconds": min(seconds), "cpu": min(cpu), "mb": memory_mb("VmHWM") - before}
    print(json.dumps(told | {"core": int(core.sum()), "noise": int(noise.sum())}))


def main() -> None:
    """Each contender in each case, and the ratios to jxgis."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    for eps_m, min_points in CASES:
        told = {}
        for name in CONTENDERS:
            asked = [sys.executable, __file__, name, str(eps_m), str(min_points)]
            run = subprocess.run(asked, capture_output=True, text=True, check=False)
            if run.returncode:
                print(f"{eps_m:g} m  {name:13s} gave up: {(run.stderr.strip().splitlines() or ['killed'])[-1]}")
                continue
            told[name] = json.loads(run.stdout)
            own, ours = told[name], told["jxgis"]
            same = (own["core"], own["noise"]) == (ours["core"], ours["noise"])
            print(
                f"{eps_m:g} m  {min_points:4d} points  {name:13s} {own['seconds']:7.2f} s  "
                f"{own['seconds'] / ours['seconds']:6.1f} ×  (of all cores {own['cpu']:6.2f} s  "
                f"{own['cpu'] / ours['cpu']:6.1f} ×)  {own['mb']:5.0f} MB  "
                f"{own['core']:7d} core  {own['noise']:7d} noise  {'same' if same else 'DIFFERS'}",
                flush=True,
            )


if __name__ == "__main__":
    if len(sys.argv) > 3:
        alone(sys.argv[1], float(sys.argv[2]), int(sys.argv[3]))
    else:
        main()
