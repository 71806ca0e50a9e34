"""Emerging hot spots of 36 months × 38,025 cells beside a loop over the cells with pymannkendall; time and ratio.

Run: ``python benchmarks/trends.py`` (about a minute). The loop is what a script does: Gi* of each cell by its neighbours,
one by one, and pymannkendall of each cell's series; once without any p of Gi*, once with p by 999 permutations, drawn once
for all cells. It is run on some of the cells, in the same process, and its time is that of these times all over some. Both
must find the same z and the same trend. CPU seconds of the process, so that what else runs on the machine counts little.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
import pymannkendall
import pyproj

from jxgis.space.grid import Grid
from jxgis.statistics import mann_kendall
from jxgis.trends import find_emerging, score_cube

SIDE, CELL_M, BAND_M, SLICES, MEAN, SOME, PERMUTATIONS = 195, 100.0, 300.0, 36, 1.0, 200, 999


def plain(counts: np.ndarray, cells: np.ndarray, draws: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Gi* of each slice and Mann and Kendall's z of the cases around, cell by cell; the neighbours are at hand."""
    reach = int(BAND_M // CELL_M)
    z, trend = np.empty((len(counts), len(cells))), np.empty(len(cells))
    mean, deviation, n = counts.mean(axis=1), counts.std(axis=1), counts.shape[1]
    for at, cell in enumerate(cells):
        row, col = divmod(int(cell), SIDE)
        near = [
            other * SIDE + beside
            for other in range(max(row - reach, 0), min(row + reach + 1, SIDE))
            for beside in range(max(col - reach, 0), min(col + reach + 1, SIDE))
            if (other - row) ** 2 + (beside - col) ** 2 <= reach**2
        ]
        k, around = len(near), counts[:, near].sum(axis=1)
        z[:, at] = (around - mean * k) / (deviation * np.sqrt((n * k - k * k) / (n - 1)))
        if draws is not None:
            (counts[:, draws[:, :k]].sum(axis=2) >= around[:, None]).mean(axis=1)
        trend[at] = pymannkendall.original_test(around).z
    return z, trend


def main() -> None:
    """Print the times and their ratio."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    rng = np.random.default_rng(0)
    grid = Grid(pyproj.CRS(4549), CELL_M, 0, 0, np.ones((SIDE, SIDE), dtype=bool))
    counts = rng.poisson(rng.gamma(1, MEAN, len(grid)), (SLICES, len(grid)))
    months = np.arange(SLICES).astype("datetime64[M]").astype("datetime64[D]")
    print(f"{SLICES} months x {len(grid):,} cells, {counts.sum():,} cases")

    def timed(work):  # type: ignore[no-untyped-def]  # whatever it returns
        cpu, wall = time.process_time(), time.perf_counter()
        found = work()
        return time.process_time() - cpu, time.perf_counter() - wall, found

    cpu, wall, _ = min(
        (timed(lambda: find_emerging(counts, grid, months, band_m=BAND_M, alpha=0.05)) for _ in range(3)),
        key=lambda took: took[0],
    )
    some = rng.choice(len(grid), SOME, replace=False)
    plain_cpu, _, (z, trend) = timed(lambda: plain(counts, some))
    scores = score_cube(counts, grid, band_m=BAND_M, compare_with="slice", window=0)
    np.testing.assert_allclose(scores.z[:, some], z)
    np.testing.assert_allclose(mann_kendall(scores.around[:, some]).z, trend)
    whole = plain_cpu * len(grid) / SOME
    print(f"emerging hot spots with exact p: {cpu:.2f} CPU s ({wall:.2f} s)")
    print(f"loop with pymannkendall, normal p only: {whole:.0f} CPU s (measured on {SOME} cells)")
    print(f"ratio {whole / cpu:.0f}x")
    drawn_cpu, _, _ = timed(lambda: plain(counts, some[:50], rng.integers(0, len(grid), (PERMUTATIONS, 29))))
    with_p = drawn_cpu * len(grid) / 50
    print(f"loop with p by {PERMUTATIONS} permutations: {with_p:.0f} CPU s, ratio {with_p / cpu:.0f}x")


if __name__ == "__main__":
    main()
