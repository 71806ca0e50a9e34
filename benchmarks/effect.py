"""Does the interval of an effect hold what it says? Programmes in which nothing was done, and such with a known drop.

Run: ``python benchmarks/effect.py [--programmes 1000]`` (ten minutes). For each kind of city, and for treated areas drawn
at random and the ten worst of the period in between: how often the 95 % interval covers no effect; how often it would with
that period as the baseline; and how often a planted drop of 20 %, and one as large as is stated to be detectable, are
found, beside the power that is stated. Then the same on the counts of the schematic city, and of Boston where its data lie
beside the project: their areas as they are, ten of a random half of them treated at a time.
"""

from __future__ import annotations

import argparse
import sys
from functools import partial
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from jxgis.crs import box_around
from jxgis.effect.compare import compare_areas
from jxgis.effect.windows import choose_windows
from jxgis.load import load_issues
from jxgis.space.count import count_points
from jxgis.space.grid import grid_over

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))
from placebo_city import city, treat  # noqa: E402  (the tests' own cities)

KINDS: dict[str, dict[str, Any]] = {
    "Poisson": {},
    "passing .15": {"passing": 0.15},
    "passing .3": {"passing": 0.3},
    "carried over .5": {"passing": 0.3, "carried": 0.5},
    "carried over .8": {"passing": 0.3, "carried": 0.8},
    "all fall by 20 % a period": {"passing": 0.3, "common": -0.22},
    "five cases": {"passing": 0.3, "cases": 5},
    "40 areas": {"passing": 0.3, "areas": 40},
    "areas drift apart": {"passing": 0.2, "drift": 0.1},
}
DROP = 0.2
"""The planted fall."""


def line(name: str, programmes: int, draw: Any, rng: np.random.Generator) -> None:
    """Print what was found for one kind of city, at random and for the worst."""
    for worst in (False, True):
        holds, naive, values = 0, 0, []
        for _ in range(programmes):
            areas = treat(draw(rng), rng, worst=worst)
            centre = compare_areas(areas).centre
            holds += centre.low <= 0 <= centre.high
            values.append(centre.value)
            centre = compare_areas(areas.assign(before=areas["selecting"])).centre
            naive += centre.low <= 0 <= centre.high
        stated, least, told, told_least = [], [], 0, 0
        for _ in range(20):
            found = compare_areas(treat(draw(rng), rng, worst=worst, drop=DROP))
            stated.append(found.power(DROP))
            least.append(found.detectable())
        for _ in range(programmes):
            told += compare_areas(treat(draw(rng), rng, worst=worst, drop=DROP)).centre.high < 0
            areas = treat(draw(rng), rng, worst=worst, drop=float(np.mean(least)))
            told_least += compare_areas(areas).centre.high < 0
        print(
            f"{name:26}{'worst' if worst else 'random':8}{holds / programmes:8.1%}{np.expm1(np.mean(values)):8.1%}"
            f"{naive / programmes:9.1%}{told / programmes:11.1%}{np.mean(stated):9.1%}"
            f"{np.mean(least):13.1%}{told_least / programmes:9.1%}",
            flush=True,
        )


def counted(issues: gpd.GeoDataFrame, area: gpd.GeoDataFrame, at: str, cell_m: float) -> pd.DataFrame:
    """Counts of cells in the periods of a date, such with 20 cases before and after."""
    windows = choose_windows(issues["time"], pd.Timestamp(at))
    grid = grid_over(area, cell_m=cell_m)
    names = windows.counted(issues["time"])
    counts = {
        name: count_points(grid, issues.geometry.x[mask], issues.geometry.y[mask])[0][0] for name, mask in names.items()
    }
    rows = pd.DataFrame(counts)
    return rows[rows["before"] + rows["after"] >= 20].reset_index(drop=True)


def half(counts: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """A random half of the areas."""
    return counts.sample(len(counts) // 2, random_state=rng).reset_index(drop=True)


def real() -> list[tuple[str, pd.DataFrame]]:
    """Counts of the schematic city, and of Boston where it is there."""
    from jxgis.city import load_city

    area = gpd.read_file(ROOT / "data/boundaries/central_city.geojson").to_crs(4549)
    demo = load_issues(ROOT / "data/issues/*.zip", city=load_city("jiaxing"), crs="GCJ-02").table
    found = [(f"schematic city {at[:7]}", counted(demo, area, at, 1500)) for at in ("2023-01-01", "2023-07-01")]
    folder = ROOT.parents[0] / "shared/real/boston"
    if folder.exists():
        area = gpd.read_file(folder / "Boston_Neighborhoods.geojson").to_crs(32619)
        area["geometry"] = area.geometry.make_valid()
        columns = {"lon": "LONGITUDE", "lat": "LATITUDE", "time": "OPEN_DT", "issue_id": "CASE_ENQUIRY_ID"}
        issues = load_issues(
            folder / "boston311_2015.csv.gz",
            crs="EPSG:4326",
            columns=columns,
            metric_crs=area.crs,
            box=box_around(area),
        ).table
        found += [(f"Boston {at[:7]}", counted(issues, area, at, 1000)) for at in ("2015-07-01", "2015-09-01")]
    return found


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--programmes", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    rng = np.random.default_rng(asked.seed)
    print("no effect: covered, mean, covered with the selecting period as baseline; -20 %: found, power stated;")
    print("stated to be detectable in 80 %: the drop, found")
    for name, kind in KINDS.items():
        line(name, asked.programmes, partial(city, **kind), rng)
    for name, counts in real():
        line(f"{name} ({len(counts)})", asked.programmes, partial(half, counts), rng)


if __name__ == "__main__":
    main()
