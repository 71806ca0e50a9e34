"""The scan statistic beside a vectorised NumPy one: 38,025 cells of 100 m, circles of up to 30 sizes; time and ratio.

Run: ``python benchmarks/scan.py`` (a few minutes). NumPy's sums every disc by prefix sums along rows, over all cells at
once, and takes the logarithms of all windows; both look at the same windows and must find the same ratio. CPU seconds of
the process, so that what else runs on the machine counts little.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np
import pyproj

from jxgis.scan.statistic import scan_cases, scan_times
from jxgis.scan.windows import grow_shapes, stretches_of
from jxgis.space.grid import Grid
from jxgis.space.window import disc_sums
from jxgis.statistics import Overdispersion

SIDE, CELL_M, RADIUS_M, CASES, SLICES = 195, 100.0, 800.0, 200_000, 13
REPLICATES, PLAIN_REPLICATES = 99, 3
MAX_SHARE = 0.1
POISSON = Overdispersion(1.0, 0.0)


def timed(work: Callable[[], float]) -> tuple[float, float, float]:
    """CPU seconds, seconds, and what was found."""
    cpu, wall = time.process_time(), time.perf_counter()
    found = work()
    return time.process_time() - cpu, time.perf_counter() - wall, found


def plain(cases: np.ndarray, exposure: np.ndarray, grid: Grid, radii: list[float]) -> float:
    """The greatest log likelihood ratio over all cells and radii."""
    total, held, best = cases.sum(), exposure.sum(), 0.0
    for radius in radii:
        if radius == 0:
            seen, own = cases.astype(float), exposure
        else:
            seen, own = (disc_sums(of, grid, band_m=radius).astype(float) for of in (cases, exposure))
        expected = total * own / held
        some = (seen >= 2) & (seen > expected) & (own <= MAX_SHARE * held)
        c, e = seen[some], expected[some]
        if len(c):
            ratio = c * np.log(c / e) + (total - c) * np.log((total - c) / (total - e))
            best = max(best, float(ratio.max()))
    return best


def main() -> None:
    """Print the times and their ratio."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    rng = np.random.default_rng(0)
    grid = Grid(pyproj.CRS(4549), CELL_M, 0, 0, np.ones((SIDE, SIDE), dtype=bool))
    exposure = rng.gamma(1, 1, len(grid)) + 0.01
    cases = rng.multinomial(CASES, exposure / exposure.sum())
    shapes = grow_shapes([1], cell_m=CELL_M, radius_max_m=RADIUS_M)
    radii = (shapes[0].reach * CELL_M).tolist()
    print(f"{len(grid):,} cells, {len(radii)} radii up to {RADIUS_M:g} m, {CASES:,} cases")

    def ours(replicates: int) -> float:
        found = scan_cases(
            cases[:, None], exposure, grid, shapes, max_share=MAX_SHARE, varying=POISSON, replicates=replicates, seed=0,
            alpha=0.05,
        )  # fmt: skip
        return found.best

    ours(1)  # compiles
    cpu, wall, best = timed(lambda: ours(REPLICATES))
    slow, slow_wall, same = timed(lambda: [plain(cases, exposure, grid, radii) for _ in range(PLAIN_REPLICATES)][-1])
    if not np.isclose(best, same, rtol=1e-9):
        raise SystemExit(f"they differ: {best}, {same}")
    per, plain_per = cpu / (REPLICATES + 1), slow / PLAIN_REPLICATES
    print(f"space: {REPLICATES} replicates {cpu:.1f} s of CPU, {wall:.1f} s; one {1e3 * per:.0f} ms")
    print(
        f"NumPy: one {1e3 * plain_per:.0f} ms ({slow_wall / PLAIN_REPLICATES:.2f} s); {plain_per / per:.0f} times as long"
    )

    cells, slices = np.repeat(np.arange(len(grid)), cases), rng.integers(SLICES, size=CASES)
    stretches = stretches_of(SLICES, longest=SLICES - 1, recent=True)
    cpu, wall, _ = timed(
        lambda: scan_times(
            cells, slices, grid, shapes, stretches, max_share=MAX_SHARE, varying=POISSON, replicates=REPLICATES, seed=0,
            alpha=0.05,
        ).best
    )  # fmt: skip
    print(f"space and time, {len(stretches.first)} stretches: {REPLICATES} replicates {cpu:.1f} s of CPU, {wall:.1f} s")


if __name__ == "__main__":
    main()
