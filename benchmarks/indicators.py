"""Indicators of 5,000 candidates with 1 M issues against plain geopandas loops: `python benchmarks/indicators.py [LOOPED]`.

The loops run over LOOPED candidates (20) and are scaled up: all of them would take hours. Ratios count, seconds do not.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from jxgis.indicators import measure_indicators, with_case_flags
from jxgis.indicators.measures import Ground
from jxgis.scoring.indicators import load_registry
from jxgis.settings import MeasureSettings

CRS, SIDE, CANDIDATES, ISSUES = 4549, 20_000.0, 5_000, 1_000_000


def squares(rng: np.random.Generator, n: int, low: float, high: float) -> gpd.GeoDataFrame:
    """Squares of sides between low and high, anywhere."""
    side = rng.uniform(low, high, n)
    x, y = rng.uniform(0, SIDE - side), rng.uniform(0, SIDE - side)
    return gpd.GeoDataFrame(geometry=shapely.box(x, y, x + side, y + side), crs=CRS)


def points(rng: np.random.Generator, n: int, **columns: Any) -> gpd.GeoDataFrame:
    """Points anywhere."""
    return gpd.GeoDataFrame(columns, geometry=gpd.points_from_xy(*rng.uniform(0, SIDE, (2, n))), crs=CRS)


def city(rng: np.random.Generator) -> dict[str, gpd.GeoDataFrame]:
    """Every layer that the measures below take."""
    time_ = pd.Timestamp("2023-01-01") + pd.to_timedelta(rng.integers(0, 8760, ISSUES), unit="h")
    issues = points(rng, ISSUES, time=time_, issue_class=rng.choice(["园林绿化", "道路交通"], ISSUES))
    issues["deadline"] = time_ + pd.Timedelta("2D")
    issues["closed"] = time_ + pd.to_timedelta(rng.integers(1, 60, ISSUES), unit="h")
    issues["rework"] = rng.integers(0, 2, ISSUES)
    issues["department"] = rng.choice(list("abcdef"), ISSUES)
    along = np.arange(0, SIDE + 1, 250)
    grid = [[(a, 0), (a, SIDE)] for a in along] + [[(0, a), (SIDE, a)] for a in along]
    streets = gpd.GeoDataFrame(geometry=shapely.segmentize(shapely.linestrings(grid), 250), crs=CRS)
    cut = [shapely.linestrings(np.stack([c[:-1], c[1:]], 1)) for c in map(shapely.get_coordinates, streets.geometry)]
    pieces = gpd.GeoDataFrame(geometry=np.concatenate(cut), crs=CRS)
    roads = pieces.assign(road_class="主干路", condition=rng.choice(["优", "差"], len(pieces)))
    return {
        "issues": issues, "streets": pieces, "shaded_streets": pieces[rng.random(len(pieces)) < 0.8], "roads": roads,
        "toilets": points(rng, 1500), "heritage": points(rng, 400), "poi": points(rng, 30_000, kind=rng.choice(list("abcdefgh"), 30_000)),
        "model_streets": pieces.iloc[:200], "style_areas": squares(rng, 22, 1000, 3000), "design_areas": squares(rng, 16, 500, 2000),
        "future_communities": squares(rng, 12, 500, 1500), "land_plan": squares(rng, 300, 200, 1500).assign(kind="城镇建设用地"),
        "parks": squares(rng, 600, 50, 300), "waters": squares(rng, 60, 100, 1500),
        "districts": gpd.GeoDataFrame(geometry=[shapely.box(0, 0, SIDE, SIDE)], crs=CRS),
        "residential": squares(rng, 4000, 50, 150).assign(people=100.0),
        "hot_cells": squares(rng, 2000, 200, 200).assign(is_hot=True),
    }  # fmt: skip


def loop(zones: gpd.GeoDataFrame, layers: dict[str, gpd.GeoDataFrame]) -> None:
    """The same by the plain way: for each candidate clip or filter every layer."""
    measured: list[float] = []
    issues = layers["issues"]
    due = issues[issues["deadline"] <= max(issues["time"].max(), issues["closed"].max())]
    for zone in zones.geometry:
        mine, asked = issues[issues.within(zone)], due[due.within(zone)]
        (asked["closed"] <= asked["deadline"]).mean()
        (asked["rework"] > 0).mean()
        asked.loc[asked["issue_class"] == "园林绿化", "closed"].notna().mean()
        (mine["department"].value_counts(normalize=True) ** 2).sum()
        for name in ("toilets", "heritage", "poi"):
            layers[name].within(zone).sum()
        for name in ("streets", "shaded_streets", "roads", "model_streets"):
            gpd.clip(layers[name], zone).length.sum()
        for names in (
            ("style_areas",),
            ("design_areas", "future_communities"),
            ("land_plan",),
            ("parks", "waters"),
            ("hot_cells",),
        ):
            near = pd.concat([gpd.clip(layers[name], zone) for name in names])
            measured.append(near.union_all().area)
        homes = gpd.clip(layers["residential"], zone)
        homes.area.sum()


def timed(run: Callable[[], Any]) -> float:
    """Seconds of one run."""
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def main(looped: int = 20) -> None:
    """Print the ratio."""
    rng = np.random.default_rng(0)
    layers, zones = city(rng), squares(rng, CANDIDATES, 1400, 2200)
    # Park coverage is benchmarks/parks.py's.
    ways: dict[str, tuple[MeasureSettings, ...]] = {
        i.id: i.measures for i in load_registry().indicators if i.id != "park_coverage"
    }
    ours = timed(lambda: measure_indicators(zones, ways, Ground(layers)))
    layers["issues"] = with_case_flags(layers["issues"])
    theirs = timed(lambda: loop(zones.head(looped), layers)) * CANDIDATES / looped
    print(f"{len(ways)} indicators, {CANDIDATES:,} candidates, {ISSUES:,} issues")
    print(f"jxgis {ours:.1f} s, loops {theirs:.0f} s (from {looped}): {theirs / ours:.0f} times")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
