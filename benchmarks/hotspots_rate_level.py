"""Do rates keep their level? Cases that follow the exposure and chance alone: every find, hot or cold, is false.

Run: ``python benchmarks/hotspots_rate_level.py [--maps 1000] [--processes 2] [--figure rate_level.png]`` (some ten
minutes on two free cores). Prints for five exposures, three numbers of cases and two kinds of chance the
maps with any find at q <= .05. Of 1,000 maps at a true level of .05 at most 73 have one, but for once in a thousand.
"""

from __future__ import annotations

import argparse
from concurrent.futures import ProcessPoolExecutor
from itertools import product
from pathlib import Path

import numpy as np
import pyproj
from scipy.stats import binom

from jxgis.drawing.figures import figure_style
from jxgis.hotspots.rates import hot_rates
from jxgis.space.grid import Grid

SIDE, CELL_M, BAND_M = 40, 200.0, 500.0
EXPOSURES = ("even", "log-normal", "exp(-r/2.5 km)", "exp(-r/1.2 km)", "town:farmland 200:1")
CASES = (6_400, 50_000, 500_000)
CHANCES = ("Poisson", "variance 2 x mean")
WORDS = {
    "": {
        "exposures": ("even", "log-normal", "exp\n(-r/2.5 km)", "exp\n(-r/1.2 km)", "town:\nfarmland 200:1"),
        "chances": CHANCES,
        "asked": "level asked for",
        "chance": "99.9 % of chance above it",
        "share": "share of maps with any find at q <= .05",
        "cases": "cases",
        "title": "Cases that follow the exposure and chance alone, {maps:,} maps each: every find is false",
    },
    "_zh": {
        "exposures": ("均匀", "对数正态", "exp\n(−r/2.5 km)", "exp\n(−r/1.2 km)", "城镇与农田\n200:1"),
        "chances": ("泊松", "方差为均值的 2 倍"),
        "asked": "所要求的水平",
        "chance": "偶然超过它的可能为千分之一",
        "share": "q ≤ 0.05 时有误报的图所占比例",
        "cases": "件数",
        "title": "问题只随暴露量和偶然而来，每种 {maps:,} 张图：找到的都是误报",
    },
}


def city() -> Grid:
    """A square of 8 km."""
    return Grid(pyproj.CRS(4549), CELL_M, 0, 0, np.ones((SIDE, SIDE), dtype=bool))


def exposure_of(name: str, grid: Grid) -> np.ndarray:
    """People of each cell, in any unit."""
    x, y = grid.centres()
    middle = SIDE * CELL_M / 2
    km = np.hypot(x - middle, y - middle) / 1000
    return {
        "even": np.ones(len(grid)),
        "log-normal": np.exp(np.random.default_rng(0).normal(0, 1, len(grid))),
        "exp(-r/2.5 km)": np.exp(-km / 2.5),
        "exp(-r/1.2 km)": np.exp(-km / 1.2),
        "town:farmland 200:1": np.where(x < 0.2 * SIDE * CELL_M, 200.0, 1.0),
    }[name]


def null_map(expected: np.ndarray, chance: str, rng: np.random.Generator) -> np.ndarray:
    """Independent counts of each cell."""
    if chance == "Poisson":
        return rng.poisson(expected)
    # r successes of chance 1/2: mean r, variance 2 r.
    return rng.negative_binomial(expected, 0.5)


def maps_with_finds(setting: tuple[str, int, str], maps: int, seed: int) -> tuple[int, int, int]:
    """Maps with any find, with a hot one, and with a cold one."""
    name, cases, chance = setting
    grid = city()
    exposure = exposure_of(name, grid)
    number = EXPOSURES.index(name) * 100 + CASES.index(cases) * 10 + CHANCES.index(chance)
    rng = np.random.default_rng([seed, number])
    hot = cold = either = 0
    for _ in range(maps):
        table = hot_rates(null_map(cases * exposure / exposure.sum(), chance, rng), exposure, grid, band_m=BAND_M)
        found = table["gi_q"] <= 0.05
        is_hot, is_cold = (found & (table["gi_z"] > 0)).any(), (found & (table["gi_z"] < 0)).any()
        hot, cold, either = hot + is_hot, cold + is_cold, either + (is_hot or is_cold)
    return int(either), int(hot), int(cold)


def draw(shares: dict[tuple[str, int, str], float], maps: int, path: Path) -> None:
    """Plot the share of maps with a find, setting by setting."""
    from matplotlib.figure import Figure

    for suffix, words in WORDS.items():
        with figure_style():
            figure = Figure(figsize=(9, 4.2), layout="constrained")
            panels = figure.subplots(1, 2, sharey=True)
            for axes, chance, title in zip(panels, CHANCES, words["chances"], strict=True):
                for cases, mark in zip(CASES, "o^s", strict=True):
                    values = [shares[name, cases, chance] for name in EXPOSURES]
                    axes.plot(range(len(EXPOSURES)), values, mark, label=f"{cases:,}")
                axes.axhline(0.05, color="0.4", label=words["asked"])
                limit = binom.ppf(0.999, maps, 0.05) / maps
                axes.axhline(limit, color="0.4", linestyle=":", label=words["chance"])
                axes.set_xticks(range(len(EXPOSURES)), words["exposures"], fontsize=8)
                axes.set(title=title, ylim=(0, 0.1))
            panels[0].set_ylabel(words["share"])
            panels[1].legend(title=words["cases"], fontsize="small", ncols=2)
            figure.suptitle(words["title"].format(maps=maps))
            figure.savefig(path.with_stem(path.stem + suffix), dpi=150)


def main() -> None:
    """Print the table, and draw the figure if a file is named."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--maps", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--figure", type=Path)
    asked = parser.parse_args()
    settings = list(product(EXPOSURES, CASES, CHANCES))
    allowed = int(binom.ppf(0.999, asked.maps, 0.05))
    print(f"maps with any find of {asked.maps}; {allowed} are allowed")
    shares = {}
    with ProcessPoolExecutor(asked.processes) as pool:
        n = len(settings)
        found = pool.map(maps_with_finds, settings, [asked.maps] * n, [asked.seed] * n)
        for setting, (either, hot, cold) in zip(settings, found, strict=True):
            name, cases, chance = setting
            shares[setting] = either / asked.maps
            verdict = "" if either <= allowed else "  TOO MANY"
            print(f"{name:20} {cases:8,} {chance:18} {either:5} (hot {hot}, cold {cold}){verdict}", flush=True)
    if asked.figure:
        draw(shares, asked.maps, asked.figure)


if __name__ == "__main__":
    main()
