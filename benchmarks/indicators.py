"""Indicators of 5,000 candidates with 1 M issues against plain geopandas loops: `python benchmarks/indicators.py [LOOPED]`.

The loops run over LOOPED candidates (20) and are scaled up: all of them would take hours. Both must find the same figures.
Ratios count, seconds do not.
"""

from __future__ import annotations

import argparse
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any, TypeVar

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from jxgis.indicators import measure_indicators
from jxgis.indicators.measures import IndicatorInputs
from jxgis.parks.radius import QUAD_SEGS, classify_parks
from jxgis.parks.standards import load_standard
from jxgis.parks.whole import merge_parks
from jxgis.scoring.indicators import load_registry
from jxgis.settings import PARKS

Found = TypeVar("Found")

CRS, SIDE, CANDIDATES, ISSUES = 4549, 20_000.0, 5_000, 1_000_000
STREET_M = 250  # from one street to the next


def squares(rng: np.random.Generator, n: int, low: float, high: float) -> gpd.GeoDataFrame:
    """Squares of sides between low and high, anywhere."""
    side = rng.uniform(low, high, n)
    x, y = rng.uniform(0, SIDE - side), rng.uniform(0, SIDE - side)
    return gpd.GeoDataFrame(geometry=shapely.box(x, y, x + side, y + side), crs=CRS)


def candidates(rng: np.random.Generator) -> gpd.GeoDataFrame:
    """Squares none of whose edges runs beside a street: such a street counts on both sides, and clipping knows nothing of it."""
    some = squares(rng, 2 * CANDIDATES, 1400, 2200)
    beside = some.bounds.mod(STREET_M)
    beside = beside.where(beside < STREET_M / 2, STREET_M - beside).min(axis=1)
    return some[beside > 2].head(CANDIDATES).reset_index(drop=True)


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
    along = np.arange(0, SIDE + 1, STREET_M)
    grid = [[(a, 0), (a, SIDE)] for a in along] + [[(0, a), (SIDE, a)] for a in along]
    streets = gpd.GeoDataFrame(geometry=shapely.segmentize(shapely.linestrings(grid), STREET_M), crs=CRS)
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


def loop(zones: gpd.GeoDataFrame, layers: dict[str, gpd.GeoDataFrame]) -> dict[str, list[float]]:
    """The same by the plain way: for each candidate clip or filter every layer."""
    found: dict[str, list[float]] = defaultdict(list)
    issues, homes = layers["issues"], layers["residential"]
    due = issues[issues["deadline"] <= max(issues["time"].max(), issues["closed"].max())]
    standard = load_standard()
    parks = classify_parks(merge_parks(layers["parks"], merge_gap_m=PARKS.merge_gap_m).parks, standard)
    reach = parks.set_geometry(parks.buffer(parks["radius_m"], quad_segs=QUAD_SEGS)).dropna(subset="radius_m")
    dense = homes.union_all()
    city_rate = len(issues) / homes["people"].sum()

    def share(zone: shapely.Geometry, *names: str) -> float:
        near = pd.concat([gpd.clip(layers[name][["geometry"]], zone) for name in names])
        return 100 * float(near.union_all().area) / zone.area

    def km(name: str, zone: shapely.Geometry) -> pd.Series:
        return gpd.clip(layers[name], zone).length.groupby(level=0).sum() / 1e3

    for zone in zones.geometry:
        mine, asked = issues[issues.within(zone)], due[due.within(zone)]
        greening = mine[mine["issue_class"] == "园林绿化"]
        kinds = layers["poi"][layers["poi"].within(zone)]["kind"].value_counts(normalize=True)
        whole, good = km("streets", zone), km("roads", zone)
        condition = layers["roads"]["condition"]
        home = gpd.clip(homes, zone)
        land = dense.intersection(zone)
        served = gpd.clip(reach[["geometry"]], land).union_all() if land.area else shapely.Polygon()
        people = (home.area / homes.area[home.index] * homes["people"][home.index]).sum()
        row = {
            "on_time_rate": 100 * (asked["closed"] <= asked["deadline"]).mean(),
            "rework_rate": 100 * (asked["rework"] > 0).mean(),
            "solved_rate": 100 * greening["closed"].notna().mean(),
            "body_concentration": (mine["department"].value_counts(normalize=True) ** 2).sum(),
            "issue_density": len(mine) / people / city_rate,
            "toilets_per_km2": layers["toilets"].within(zone).sum() / zone.area * 1e6,
            "heritage_per_km2": layers["heritage"].within(zone).sum() / zone.area * 1e6,
            "poi_mix": -(kinds * np.log(kinds)).sum() / np.log(layers["poi"]["kind"].nunique()),
            "shaded_streets": 100 * km("shaded_streets", zone).sum() / whole.sum(),
            "road_condition": 100 * good[condition[good.index] == "优"].sum() / good.sum(),
            "model_street_km": km("model_streets", zone).sum(),
            "style_percent": share(zone, "style_areas"),
            "plan_overlap": share(zone, "design_areas", "future_communities"),
            "built_percent": share(zone, "land_plan"),
            "blue_green_percent": share(zone, "parks", "waters"),
            "hot_percent": share(zone, "hot_cells"),
            "park_coverage": 100 * served.area / land.area,
            "compactness": 4 * np.pi * zone.area / zone.length**2,
            "hull_ratio": zone.area / zone.convex_hull.area,
        }
        for name, value in row.items():
            found[name].append(float(value))
    return found


def timed(run: Callable[[], Found]) -> tuple[float, Found]:
    """Seconds of one run, and what it gave."""
    start = time.perf_counter()
    found = run()
    return time.perf_counter() - start, found


def main(looped: int) -> None:
    """Print the ratio."""
    rng = np.random.default_rng(0)
    layers, zones = city(rng), candidates(rng)
    indicators = load_registry().indicators
    ways = {i.id: i.measures for i in indicators}
    percent = [i.id for i in indicators if i.in_percent]
    ground = IndicatorInputs({**layers, "park_land": layers["residential"]}, standard=load_standard())
    ours, found = timed(lambda: measure_indicators(zones, ways, ground, percent=percent))
    theirs, plain = timed(lambda: loop(zones.head(looped), layers))
    theirs *= CANDIDATES / looped
    for name, some in found.items():
        mine = some.table.head(looped)
        known = mine["reason"].to_numpy() == ""
        np.testing.assert_allclose(
            mine["value"][known], np.array(plain[name])[known], rtol=1e-6, atol=1e-6, err_msg=name
        )
    print(f"{len(ways)} indicators, {CANDIDATES:,} candidates, {ISSUES:,} issues; figures equal on {looped} candidates")
    print(f"jxgis {ours:.1f} s, loops {theirs:.0f} s (from {looped}): {theirs / ours:.0f} times")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("looped", type=int, nargs="?", default=20, help="candidates that the loops run over")
    main(parser.parse_args().looped)
