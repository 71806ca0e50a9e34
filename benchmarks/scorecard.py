"""Scorecard and 15-minute circle by five levels of zones against plain geopandas loops: `python benchmarks/scorecard.py`.

City, 3 areas, 12 districts, 110 units, 240 communities; the loops clip or filter every layer for each zone, and walk with networkx.
Both must find the same figures. Ratios count, seconds do not.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import TypeVar

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import shapely

import jxgis
from jxgis.parks.housing import cut_by_zone, sample_points
from jxgis.parks.radius import QUAD_SEGS, classify_parks
from jxgis.parks.standards import load_standard
from jxgis.parks.whole import merge_parks
from jxgis.settings import PARKS

Found = TypeVar("Found")
Layers = dict[str, gpd.GeoDataFrame]
Figures = dict[tuple[str, str, str], float]

CRS, SIDE, STEP, ISSUES = 4549, 20_000.0, 250.0, 300_000
GREEN = ("绿地", "行道树", "绿地脏乱")
KINDS = ("schools", "markets", "hospitals", "toilets")
WALK_M = 15 * PARKS.speed_m_per_min


def tiles(columns: int, rows: int) -> list[shapely.Polygon]:
    """Equal rectangles that fill the city."""
    x, y = np.linspace(0, SIDE, columns + 1), np.linspace(0, SIDE, rows + 1)
    return [shapely.box(x[i], y[j], x[i + 1], y[j + 1]) for i in range(columns) for j in range(rows)]


def points(rng: np.random.Generator, n: int, **columns: object) -> gpd.GeoDataFrame:
    """Points anywhere."""
    return gpd.GeoDataFrame(columns, geometry=gpd.points_from_xy(*rng.uniform(0, SIDE, (2, n))), crs=CRS)


def city(rng: np.random.Generator) -> Layers:
    """Zones that no street lies along, and every layer that a target or a kind takes."""
    # Off by an odd number, so that no sample point has two nearest streets.
    x, y = (each.ravel() for each in np.meshgrid(np.arange(130, SIDE, STEP), np.arange(137.3, SIDE, STEP)))
    ends = [(STEP, 0.0), (0.0, STEP)]
    cut = [shapely.linestrings(np.stack([np.stack([x, y], 1), np.stack([x + a, y + b], 1)], 1)) for a, b in ends]
    streets = gpd.GeoDataFrame(geometry=[s for s in np.concatenate(cut) if max(s.bounds) < SIDE], crs=CRS)
    n = len(streets)
    roads = streets.assign(road_class="主干路", condition=rng.choice(["优", "差"], n))
    districts = gpd.GeoDataFrame({"name": [f"D{k}" for k in range(12)]}, geometry=tiles(4, 3), crs=CRS)
    districts["area"] = [f"A{k // 4}" for k in range(12)]
    units = gpd.GeoDataFrame({"unit_id": [f"U{k}" for k in range(110)]}, geometry=tiles(10, 11), crs=CRS)
    communities = gpd.GeoDataFrame({"name": [f"C{k}" for k in range(240)]}, geometry=tiles(15, 16), crs=CRS)
    low = rng.uniform(0, SIDE - 80, (3000, 2))
    homes = gpd.GeoDataFrame(geometry=shapely.box(*low.T, *(low + 80).T), crs=CRS)
    borders = shapely.union_all([zone.boundary for each in (districts, units, communities) for zone in each.geometry])
    homes = homes[~homes.intersects(borders)].reset_index(drop=True)
    side = rng.uniform(60, 300, 600)
    at = rng.uniform(0, SIDE - 300, (600, 2))
    corners = gpd.points_from_xy(x, y, crs=CRS)
    stands = {kind: gpd.GeoDataFrame(geometry=corners[rng.choice(len(x), 150, replace=False)]) for kind in KINDS}
    sub_type = rng.choice([*GREEN, "占道经营"], ISSUES)
    closed = pd.Series(pd.Timestamp("2024-01-01")).repeat(ISSUES).where(rng.random(ISSUES) < 0.9).to_numpy()
    return {
        "districts": districts, "units": units, "communities": communities, "streets": streets, "roads": roads,
        "shaded_streets": streets[rng.random(n) < 0.8], "residential": homes,
        "parks": gpd.GeoDataFrame(geometry=shapely.box(*at.T, *(at + side[:, None]).T), crs=CRS),
        "issues": points(rng, ISSUES, sub_type=sub_type, closed=closed),
        "lightscape": points(rng, 20_000, lit=rng.integers(0, 2, 20_000)),
        "street_lights": points(rng, 20_000, lit=rng.integers(0, 2, 20_000), road_class="主干路"),
        **stands,
    }  # fmt: skip


def zones_of(layers: Layers) -> list[tuple[str, str, shapely.Geometry]]:
    """Level, name and ground of every zone."""
    districts = layers["districts"]
    areas = districts.dissolve("area").geometry
    named = {"district": ("districts", "name"), "unit": ("units", "unit_id"), "community": ("communities", "name")}
    parts = [
        (level, name, shape)
        for level, (layer, column) in named.items()
        for name, shape in zip(layers[layer][column], layers[layer].geometry, strict=True)
    ]
    return [("city", "all", districts.union_all()), *(("area", str(n), g) for n, g in areas.items()), *parts]


def card_by_loops(layers: Layers) -> Figures:
    """For each zone clip or filter every layer."""
    found: Figures = {}
    standard = load_standard()
    parks = classify_parks(merge_parks(layers["parks"], merge_gap_m=PARKS.merge_gap_m).parks, standard)
    reach = parks.set_geometry(parks.buffer(parks["radius_m"], quad_segs=QUAD_SEGS)).dropna(subset="radius_m")
    dense = layers["residential"].union_all()
    green = layers["issues"][layers["issues"]["sub_type"].isin(GREEN)]

    def km(name: str, zone: shapely.Geometry) -> pd.Series:
        return gpd.clip(layers[name], zone).length.groupby(level=0).sum() / 1e3

    for level, name, zone in zones_of(layers):
        mine, good = green[green.within(zone)], km("roads", zone)
        rows = {kind: layers[kind][layers[kind].within(zone)] for kind in ("lightscape", "street_lights", "toilets")}
        land = dense.intersection(zone)
        served = gpd.clip(reach[["geometry"]], land).union_all() if land.area else shapely.Polygon()
        row = {
            "solved_rate": 100 * mine["closed"].notna().mean(),
            "landscape_lit": 100 * (rows["lightscape"]["lit"] >= 1).mean(),
            "street_lights_lit": 100 * (rows["street_lights"]["lit"] >= 1).mean(),
            "road_condition": 100 * good[layers["roads"]["condition"][good.index] == "优"].sum() / good.sum(),
            "shaded_streets": 100 * km("shaded_streets", zone).sum() / km("streets", zone).sum(),
            "toilets_per_km2": len(rows["toilets"]) / zone.area * 1e6,
            "park_coverage": 100 * served.intersection(land).area / land.area if land.area else np.nan,
        }
        found |= {(level, name, indicator): float(value) for indicator, value in row.items()}
    return found


def circle_by_loops(layers: Layers) -> Figures:
    """Walk from every sample point by networkx, then add up zone by zone."""
    pieces = cut_by_zone(layers["residential"], layers["districts"])
    samples = sample_points(pieces, sample_m=PARKS.sample_m)
    homes = gpd.GeoDataFrame({"m2": samples.area_m2}, geometry=gpd.points_from_xy(samples.x, samples.y), crs=CRS)
    streets, graph = layers["streets"], nx.Graph()
    ends = [[(round(a, 3), round(b, 3)) for a, b in line.coords] for line in streets.geometry]
    graph.add_weighted_edges_from((a, b, STEP) for a, b in ends)
    near = gpd.sjoin_nearest(homes, streets[["geometry"]])
    near = near[~near.index.duplicated()]
    lines = streets.geometry.to_numpy()[near["index_right"]]
    at, leg = (
        shapely.line_locate_point(lines, near.geometry.to_numpy()),
        near.distance(gpd.GeoSeries(lines, near.index, CRS)),
    )
    for kind in KINDS:
        doors = [(round(p.x, 3), round(p.y, 3)) for p in layers[kind].geometry]
        away = nx.multi_source_dijkstra_path_length(graph, [door for door in doors if door in graph])
        way = [
            min(a + away.get(ends[edge][0], np.inf), STEP - a + away.get(ends[edge][1], np.inf))
            for edge, a in zip(near["index_right"], at, strict=True)
        ]
        homes[kind] = (np.array(way) + leg.to_numpy()) <= WALK_M
    homes["all"] = homes[list(KINDS)].all(axis=1)
    found: Figures = {}
    for level, name, zone in zones_of(layers):
        mine = homes[homes.within(zone)]
        for kind in (*KINDS, "all"):
            share = mine.loc[mine[kind], "m2"].sum() / mine["m2"].sum() if len(mine) else np.nan
            found[level, name, kind] = float(share)
    return found


def timed(run: Callable[[], Found]) -> tuple[float, Found]:
    """Seconds of one run, and what it gave."""
    start = time.perf_counter()
    found = run()
    return time.perf_counter() - start, found


def compared(
    title: str, ours: tuple[float, pd.DataFrame], theirs: tuple[float, Figures], kind: str, value: str
) -> None:
    """Print the ratio, once every figure is the same."""
    keys = zip(ours[1]["level"], ours[1]["zone"], ours[1][kind], strict=True)
    mine = dict(zip(keys, ours[1][value].astype(float), strict=True))
    for key, plain in theirs[1].items():
        # Where a few things make no rate, jxgis gives none.
        if not np.isnan(mine[key]):
            np.testing.assert_allclose(mine[key], plain, rtol=1e-6, atol=1e-6, err_msg=str(key))
    known = sum(not np.isnan(mine[key]) for key in theirs[1])
    print(f"{title}: {known:,} of {len(theirs[1]):,} figures known, all equal")
    print(f"  jxgis {ours[0]:.1f} s, loops {theirs[0]:.1f} s: {theirs[0] / ours[0]:.0f} times")


def main() -> None:
    """Print both ratios."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    layers = city(np.random.default_rng(0))
    given = {name: layers[name] for name in ("units", "residential", "streets")}
    beside = ("communities", "roads", "shaded_streets", "lightscape", "street_lights", "toilets")
    card = timed(
        lambda: jxgis.measure_scorecard(
            layers["districts"], issues=layers["issues"], parks=layers["parks"], **given,
            further={name: layers[name] for name in beside},
        ).scorecard
    )  # fmt: skip
    compared("scorecard", card, timed(lambda: card_by_loops(layers)), "indicator", "value")
    circle = timed(
        lambda: jxgis.measure_circle(
            {kind: layers[kind] for kind in KINDS}, districts=layers["districts"], new_sites=0,
            levels={"communities": layers["communities"]}, **given,
        ).circle
    )  # fmt: skip
    compared("circle", circle, timed(lambda: circle_by_loops(layers)), "kind", "coverage")


if __name__ == "__main__":
    main()
