"""Do the hot spots keep the level asked for? Counts shuffled among the cells have none, and every find is false.

Run: ``python benchmarks/hotspots_level.py [--simulations 200] [--figure level.png]`` (a minute). Prints, for exact and
normal p-values of Gi* (total null) and for exact local Moran, the share of cells with p at most a level, tail by tail,
and the share of maps in which anything at all is called significant at q <= .05. The figure shows the first, in English and,
as ``level_zh.png``, in Chinese.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pyproj

from jxgis.drawing.figures import figure_style
from jxgis.hotspots.getis_ord import getis_ord_grid
from jxgis.hotspots.moran import local_moran_grid
from jxgis.hotspots.permutation import normal_p, permutation_p
from jxgis.space.grid import Grid
from jxgis.statistics.fdr import benjamini_hochberg

LEVELS = np.array([0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2])
SIDE, CELL_M, BAND_M = 70, 200.0, 500.0
METHODS = ("exact", "normal", "local Moran")
SIDES = ("hot", "cold")
WORDS = {
    "": {
        "methods": METHODS,
        "sides": SIDES,
        "asked": "level asked for (half on each side)",
        "level": "level",
        "share": "share of cells with p at most the level",
        "title": "Counts shuffled among the cells of a city {side} cells wide, {n} simulations: every find is false",
    },
    "_zh": {
        "methods": ("精确 p（本工具）", "正态近似", "局部莫兰（精确 p）"),
        "sides": ("热点", "冷点"),
        "asked": "所要求的水平（两侧各一半）",
        "level": "所要求的水平",
        "share": "p 不超过该水平的格所占比例",
        "title": "计数在宽 {side} 格的城市各格之间打乱，模拟 {n} 次：找到的都是误报",
    },
}


def simulate(simulations: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Share of cells by method, side and level, and share of maps with any find by method."""
    rng = np.random.default_rng(seed)
    grid = Grid(pyproj.CRS(4549), CELL_M, 0, 0, np.hypot(*np.indices((SIDE, SIDE)) - SIDE / 2) < SIDE / 2)
    # As skewed as a city's counts: most cells next to empty, some with hundreds of cases.
    counts = rng.negative_binomial(0.25, 0.01, len(grid))
    share, any_found = np.zeros((len(METHODS), 2, len(LEVELS))), np.zeros(len(METHODS))
    for _ in range(simulations):
        placed = rng.permutation(counts)
        gi = getis_ord_grid(placed, grid, band_m=BAND_M)
        moran = local_moran_grid(placed, grid, band_m=BAND_M)
        high = gi.z > 0
        exact, normal = permutation_p(placed, gi.sums, gi.weight).p, normal_p(gi.z)
        plain = getis_ord_grid(placed, grid, band_m=BAND_M, star=False)
        for m, (p, up) in enumerate([(exact, high), (normal, high), (moran.p, plain.z > 0)]):
            for s, side in enumerate((up, ~up)):
                share[m, s] += (p[side][:, None] <= LEVELS).sum(axis=0) / len(grid)
            any_found[m] += (benjamini_hochberg(p) <= 0.05).any()
    return share / simulations, any_found / simulations


def draw(share: np.ndarray, simulations: int, path: Path) -> None:
    """Plot the share of false cells against the level."""
    from matplotlib.figure import Figure

    for suffix, words in WORDS.items():
        with figure_style():
            figure = Figure(figsize=(9, 4.2), layout="constrained")
            for axes, s, title in zip(figure.subplots(1, 2), (0, 1), words["sides"], strict=True):
                axes.plot(LEVELS, LEVELS / 2, color="0.6", linewidth=4, label=words["asked"])
                for name, line, values in zip(words["methods"], ("o-", "s--", "^:"), share[:, s], strict=True):
                    axes.plot(LEVELS, np.maximum(values, 1e-6), line, label=name)
                axes.set(xscale="log", yscale="log", ylim=(1e-5, 0.5), xlabel=words["level"], title=title)
                axes.set_ylabel(words["share"])
                for axis in (axes.xaxis, axes.yaxis):
                    axis.set_major_formatter(lambda value, _: f"{value:.5f}".rstrip("0"))
                axes.legend(loc="lower right" if s == 0 else "upper left")
            figure.suptitle(words["title"].format(side=SIDE, n=simulations))
            figure.savefig(path.with_stem(path.stem + suffix), dpi=150)


def main() -> None:
    """Print the table, and draw the figure if a file is named."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--simulations", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--figure", type=Path)
    asked = parser.parse_args()
    share, any_found = simulate(asked.simulations, asked.seed)
    print(f"{'method':12} {'side':5}" + "".join(f"{level:>9.3f}" for level in LEVELS))
    for m, method in enumerate(METHODS):
        for s, side in enumerate(SIDES):
            print(f"{method:12} {side:5}" + "".join(f"{value:9.5f}" for value in share[m, s]))
    for method, found in zip(METHODS, any_found, strict=True):
        error = np.sqrt(0.05 * 0.95 / asked.simulations)
        print(f"{method}: maps with any find at q <= .05: {found:.3f} (at most .05 wanted, error {error:.3f})")
    if asked.figure:
        draw(share, asked.simulations, asked.figure)


if __name__ == "__main__":
    main()
