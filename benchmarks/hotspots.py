"""Hot spots beside their peers: 1 M points, 38,497 cells of 100 m, a band of 500 m; time, ratio and peak memory.

Run: ``python benchmarks/hotspots.py`` (about five minutes), or ``--theme bin`` for a part of it. Every contender runs
alone in a fresh process on the same data, after a warm-up on a small case (esda compiles by numba), and reports the
seconds of the work itself and how far the peak memory of its process rose above what stood before it. The last section
times whole fresh processes: imports and first calls included.
"""

from __future__ import annotations

import argparse
import ctypes
import gc
import json
import os
import resource
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from jxgis.space.grid import Grid, grid_over

POINTS = 1_000_000
CELLS = 38_497
CELL_M, BAND_M = 100.0, 500.0
DRAWS, THREADS = 999, 2
REPEATS = 30
STATUS = Path("/proc/self/status")


def city(cell_m: float, cells: int = CELLS) -> tuple[Grid, np.ndarray, np.ndarray]:
    """Cells nearest to a centre, and points: two thirds around 300 centres of unequal weight, the rest anywhere."""
    rng = np.random.default_rng(0)
    radius = np.sqrt(cells * 1e4 / np.pi)
    area = gpd.GeoSeries([shapely.Point(0, 0).buffer(radius * 1.01, quad_segs=128)], crs=4549)
    grid = grid_over(area, cell_m=cell_m)
    wanted = round(cells * (100 / cell_m) ** 2)
    nearest = np.argsort(np.hypot(*grid.centres()), kind="stable")[:wanted]
    grid = grid.where(np.isin(np.arange(len(grid)), nearest))
    share = rng.gamma(1, 1, 300) ** 2
    centre = radius * 0.9 * np.sqrt(rng.random(300)) * np.exp(2j * np.pi * rng.random(300))
    around = rng.choice(centre, POINTS * 2 // 3, p=share / share.sum())
    around = around + 600 * (rng.normal(size=len(around)) + 1j * rng.normal(size=len(around)))
    anywhere = (
        radius * np.sqrt(rng.random(POINTS - len(around))) * np.exp(2j * np.pi * rng.random(POINTS - len(around)))
    )
    points = np.concatenate([around, anywhere])
    return grid, points.real.copy(), points.imag.copy()


def counted(cell_m: float = CELL_M, cells: int = CELLS) -> tuple[Grid, np.ndarray]:
    """The grid and its counts."""
    from jxgis.space.count import count_points

    grid, x, y = city(cell_m, cells)
    return grid, count_points(grid, x, y)[0][0]


Work = Callable[[], Any]
CONTENDERS: dict[str, Callable[[int], Work]] = {}


def contender(name: str) -> Callable[[Callable[[int], Work]], Callable[[int], Work]]:
    """Enter a function into the race: from a number of cells to the work that is timed."""

    def enter(prepare: Callable[[int], Work]) -> Callable[[int], Work]:
        CONTENDERS[name] = prepare
        return prepare

    return enter


# Counting points into cells


@contender("bin jxgis")
def _(cells: int) -> Work:
    from jxgis.space.count import count_points

    grid, x, y = city(CELL_M, cells)
    return lambda: count_points(grid, x, y)


@contender("bin sjoin")
def _(cells: int) -> Work:
    grid, x, y = city(CELL_M, cells)
    squares, points = grid.cells(), gpd.GeoDataFrame(geometry=gpd.points_from_xy(x, y), crs=grid.crs)

    def work() -> object:
        joined = gpd.sjoin(points, squares, predicate="within")
        return np.bincount(joined["index_right"], minlength=len(squares))

    return work


@contender("bin points + sjoin")
def _(cells: int) -> Work:
    grid, x, y = city(CELL_M, cells)
    squares = grid.cells()

    def work() -> object:
        points = gpd.GeoDataFrame(geometry=gpd.points_from_xy(x, y), crs=grid.crs)
        return np.bincount(gpd.sjoin(points, squares, predicate="within")["index_right"], minlength=len(squares))

    return work


# Gi* z


@contender("z jxgis")
def _(cells: int) -> Work:
    from jxgis.hotspots.getis_ord import getis_ord_grid

    grid, counts = counted(cells=cells)
    return lambda: getis_ord_grid(counts, grid, band_m=BAND_M)


def band_weights(grid: Grid) -> Any:
    """Binary weights within the band, as libpysal builds them."""
    from libpysal import weights

    return weights.DistanceBand(np.column_stack(grid.centres()), BAND_M + 1e-6, binary=True, silence_warnings=True)


def esda_gi(counts: np.ndarray, w: Any, permutations: int) -> Any:
    """Gi* by esda."""
    from esda.getisord import G_Local

    return G_Local(counts.astype(float), w, transform="B", permutations=permutations, star=True, seed=0, n_jobs=THREADS)


@contender("z esda, weights ready")
def _(cells: int) -> Work:
    grid, counts = counted(cells=cells)
    w = band_weights(grid)
    return lambda: esda_gi(counts, w, 0)


@contender("z esda, weights built")
def _(cells: int) -> Work:
    grid, counts = counted(cells=cells)
    return lambda: esda_gi(counts, band_weights(grid), 0)


@contender("z libpysal Graph + esda")
def _(cells: int) -> Work:
    from libpysal.graph import Graph

    grid, counts = counted(cells=cells)
    centres = gpd.GeoSeries(gpd.points_from_xy(*grid.centres()), crs=grid.crs)
    return lambda: esda_gi(counts, Graph.build_distance_band(centres, BAND_M + 1e-6), 0)


# Permutation p of Gi*


@contender("p jxgis, total")
def _(cells: int) -> Work:
    from jxgis.hotspots.getis_ord import getis_ord_grid
    from jxgis.hotspots.permutation import permutation_p

    grid, counts = counted(cells=cells)

    def work() -> object:
        gi = getis_ord_grid(counts, grid, band_m=BAND_M)
        return permutation_p(counts, gi.sums, gi.weight)

    return work


@contender("p jxgis, conditional")
def _(cells: int) -> Work:
    from jxgis.hotspots.getis_ord import getis_ord_grid
    from jxgis.hotspots.permutation import permutation_p

    grid, counts = counted(cells=cells)

    def work() -> object:
        gi = getis_ord_grid(counts, grid, band_m=BAND_M, star=False)
        return permutation_p(counts, gi.sums, gi.weight, null="conditional")

    return work


@contender("p esda 999")
def _(cells: int) -> Work:
    grid, counts = counted(cells=cells)
    w = band_weights(grid)
    return lambda: esda_gi(counts, w, DRAWS)


def pygeoda_gi(cells: int, method: str) -> Work:
    """Gi* by pygeoda, weights ready."""
    import pygeoda

    grid, counts = counted(cells=cells)
    squares = grid.cells()
    squares["count"] = counts.astype(float)
    data = pygeoda.open(squares)
    w = pygeoda.distance_weights(data, BAND_M + 1e-6)
    return lambda: pygeoda.local_gstar(
        w, data["count"], permutations=DRAWS, permutation_method=method, cpu_threads=THREADS, seed=1
    )


@contender("p pygeoda complete 999")
def _(cells: int) -> Work:
    return pygeoda_gi(cells, "complete")


@contender("p pygeoda look-up 999")
def _(cells: int) -> Work:
    return pygeoda_gi(cells, "lookup-table")


# Local Moran, queen contiguity


@contender("moran jxgis")
def _(cells: int) -> Work:
    from jxgis.hotspots.moran import local_moran_grid

    grid, counts = counted(cells=cells)
    return lambda: local_moran_grid(counts, grid, band_m=1.5 * CELL_M)


@contender("moran esda 999")
def _(cells: int) -> Work:
    from esda.moran import Moran_Local
    from libpysal import weights

    grid, counts = counted(cells=cells)
    w = weights.DistanceBand(np.column_stack(grid.centres()), 1.5 * CELL_M, binary=True, silence_warnings=True)
    return lambda: Moran_Local(counts.astype(float), w, permutations=DRAWS, seed=0, n_jobs=THREADS)


@contender("moran pygeoda 999")
def _(cells: int) -> Work:
    import pygeoda

    grid, counts = counted(cells=cells)
    squares = grid.cells()
    squares["count"] = counts.astype(float)
    data = pygeoda.open(squares)
    w = pygeoda.queen_weights(data)
    return lambda: pygeoda.local_moran(w, data["count"], permutations=DRAWS, cpu_threads=THREADS, seed=1)


# The whole table, and the whole table on fine cells


@contender("table jxgis")
def _(cells: int) -> Work:
    from jxgis.hotspots.inference import hotspot_table

    grid, counts = counted(cells=cells)
    return lambda: hotspot_table(counts, grid, band_m=BAND_M)


@contender("table jxgis, 25 m cells")
def _(cells: int) -> Work:
    from jxgis.hotspots.inference import hotspot_table

    grid, counts = counted(25.0, cells)
    return lambda: hotspot_table(counts, grid, band_m=BAND_M)


# Density


@contender("density jxgis")
def _(cells: int) -> Work:
    from jxgis.hotspots.density import density

    grid, x, y = city(CELL_M, cells)
    area = gpd.GeoSeries([shapely.box(*grid.cells().total_bounds)], crs=grid.crs)
    return lambda: density(x, y, area, cell_m=CELL_M, bandwidth_m=BAND_M)


@contender("density KDEpy")
def _(cells: int) -> Work:
    from KDEpy import FFTKDE

    _, x, y = city(CELL_M, cells)
    points = np.column_stack([x, y])
    west, south = points.min(axis=0) - 3 * BAND_M
    east, north = points.max(axis=0) + 3 * BAND_M
    columns, rows = int((east - west) / CELL_M) + 2, int((north - south) / CELL_M) + 2
    at = np.stack(
        np.meshgrid(west + CELL_M * np.arange(columns), south + CELL_M * np.arange(rows), indexing="ij"), -1
    ).reshape(-1, 2)
    # KDEpy's bandwidth is a standard deviation: 500 m of a quartic disc are 500 / sqrt(8).
    return lambda: FFTKDE(kernel="biweight", bw=BAND_M / np.sqrt(8)).fit(points).evaluate(at)


PAIRS = [
    ("bin jxgis", "bin sjoin", 200),
    ("bin jxgis", "bin points + sjoin", None),
    ("z jxgis", "z esda, weights ready", 100),
    ("z jxgis", "z esda, weights built", 1000),
    ("z jxgis", "z libpysal Graph + esda", 1000),
    ("p jxgis, total", "p pygeoda complete 999", 100),
    ("p jxgis, total", "p pygeoda look-up 999", 15),
    ("p jxgis, total", "p esda 999", 15),
    ("p jxgis, conditional", "p pygeoda complete 999", 100),
    ("p jxgis, conditional", "p pygeoda look-up 999", 15),
    ("p jxgis, conditional", "p esda 999", 15),
    ("moran jxgis", "moran esda 999", None),
    ("moran jxgis", "moran pygeoda 999", None),
    ("density jxgis", "density KDEpy", 10),
]

COLD = """
import numpy as np, pyproj
from jxgis.space.grid import Grid
from jxgis.hotspots.inference import hotspot_table
saved = np.load({path!r})
grid = Grid(pyproj.CRS(4549), {cell}, int(saved["col0"]), int(saved["row0"]), saved["mask"])
hotspot_table(saved["counts"], grid, band_m={band})
"""


def peak_mb() -> float:
    """Highest memory of this process so far, or since the last reset."""
    if STATUS.exists():
        line = next(line for line in STATUS.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def reset_peak() -> None:
    """Forget the highest memory (Linux); elsewhere the rise is a lower bound."""
    if STATUS.exists():
        # What was freed but kept by the allocator would hide the rise.
        ctypes.CDLL("libc.so.6").malloc_trim(0)
        Path("/proc/self/clear_refs").write_text("5")


def run(name: str) -> dict[str, float]:
    """Time one contender in this process: the best of several runs, or the only one of a slow peer."""
    warnings.simplefilter("ignore")
    CONTENDERS[name](400)()
    work = CONTENDERS[name](CELLS)
    gc.collect()
    reset_peak()
    before = peak_mb()
    times: list[float] = []
    while not times or (len(times) < REPEATS and sum(times) < 5):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return {"seconds": min(times), "runs": len(times), "rise_mb": peak_mb() - before, "peak_mb": peak_mb()}


def alone(name: str) -> dict[str, float]:
    """Time one contender in a process of its own."""
    done = subprocess.run(
        [sys.executable, __file__, "--only", name], capture_output=True, text=True, check=True, env=os.environ
    )
    result: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return result


def cold_seconds(path: str) -> float:
    """Whole time of a fresh process that makes the table once: start of Python, imports, everything."""
    code = COLD.format(path=path, cell=CELL_M, band=BAND_M)
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)
    return time.perf_counter() - start


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", choices=CONTENDERS, help="run one contender in this process and print JSON")
    parser.add_argument("--theme", default="", help="bin, z, p, moran, table or density; all of them by default")
    asked = parser.parse_args()
    if asked.only:
        print(json.dumps(run(asked.only)))
        return
    entered = [name for name in CONTENDERS if asked.theme in ("", name.split()[0])]
    results = {}
    print(f"{'contender':28} {'seconds':>10} {'runs':>5} {'rise MB':>9} {'peak MB':>9}")
    for name in entered:
        results[name] = alone(name)
        told = results[name]
        print(
            f"{name:28} {told['seconds']:10.4f} {told['runs']:5.0f} {told['rise_mb']:9.0f} {told['peak_mb']:9.0f}",
            flush=True,
        )
    print(f"\n{'ours':24} {'peer':28} {'ratio':>9} {'wanted':>7}")
    for ours, peer, wanted in PAIRS:
        if ours not in results:
            continue
        ratio = results[peer]["seconds"] / results[ours]["seconds"]
        print(f"{ours:24} {peer:28} {ratio:9.0f} {wanted or '':>7}")
    if "table jxgis" in results:
        _cold(results["table jxgis"]["seconds"])


def _cold(warm: float) -> None:
    from tempfile import TemporaryDirectory

    grid, counts = counted()
    with TemporaryDirectory() as folder:
        path = f"{folder}/counts.npz"
        np.savez(path, counts=counts, mask=grid.mask, col0=grid.col0, row0=grid.row0)
        cold = sorted(cold_seconds(path) for _ in range(3))
    print(f"\nfresh process, Gi* with exact p and local Moran: {cold[1]:.2f} s (median of 3); warm {warm:.3f} s")


if __name__ == "__main__":
    main()
