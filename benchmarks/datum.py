"""How often does `diagnose_datum` answer, and how often is it wrong? Tables made up in a known datum, and in none.

Run: ``python benchmarks/datum.py [--tables 4000] [--workers 2]`` (a third of a second a table). Each table is one draw of
the design below: so many points, along the streets, beside them, on a few spots of them or anywhere; scattered by so
much; with so large a share of the streets known; in one of the three datums, or moved by 150 to 1,500 m from all of
them (a local system read as degrees), or by 80 to 150 m (as Beijing 54 and Xian 80 are). Of the last two every answer
is wrong.
"""

from __future__ import annotations

import argparse
from concurrent.futures import ProcessPoolExecutor
from functools import cache, partial
from pathlib import Path

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyproj
import shapely
from scipy.stats import beta

from jxgis.datum import DATUMS, convert, diagnose_datum

CRS = 4549
DATA = Path(__file__).resolve().parents[1] / "data"
POINTS = (10, 30, 50, 100, 300, 1000, 5000)
KNOWN = (0.05, 0.1, 0.25, 0.5, 1.0)
NOISE_M = (0, 10, 25, 50)
PLACED = ("streets", "beside", "spots", "anywhere")
TRUTHS = (*DATUMS, "far from all", "near one")
CITIES = ("lattice", "cells")


@cache
def streets(city: str) -> npt.NDArray[np.object_]:
    """The schematic city's lattice, or borders of 1,000 random cells: no direction, no spacing."""
    if city == "lattice":
        return np.asarray(gpd.read_file(DATA / "layers" / "streets.geojson").to_crs(CRS).geometry)
    box = (569_000, 3_399_000, 579_000, 3_409_000)
    seeds = shapely.MultiPoint(np.random.default_rng(5).uniform(box[:2], box[2:], (1000, 2)))
    borders = shapely.boundary(shapely.get_parts(shapely.voronoi_polygons(seeds)))
    return shapely.get_parts(shapely.intersection(shapely.union_all(borders), shapely.box(*box)))


def place(lines: npt.NDArray[np.object_], how: str, n: int, rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """Points (n, 2) in metres, before they scatter."""
    if how == "anywhere":
        inside = shapely.union_all(lines).convex_hull
        shapely.prepare(inside)
        tried = rng.uniform(*np.split(np.array(inside.bounds), 2), (6 * n + 50, 2))
        return tried[shapely.contains_xy(inside, tried)][:n]
    places = max(n // 10, 1) if how == "spots" else n
    length = shapely.length(lines)
    of = lines[rng.choice(len(lines), places, p=length / length.sum())]
    at = rng.random(places) * shapely.length(of)
    xy = shapely.get_coordinates(shapely.line_interpolate_point(of, at))
    if how == "beside":
        ends = [np.clip(at + step, 0, shapely.length(of)) for step in (-1, 1)]
        before, after = (shapely.get_coordinates(shapely.line_interpolate_point(of, end)) for end in ends)
        along = (after - before) / np.hypot(*(after - before).T)[:, None]
        away = rng.choice([-1, 1], places) * rng.uniform(15, 80, places)
        xy = xy + away[:, None] * np.stack([-along[:, 1], along[:, 0]], axis=1)
    return xy[rng.integers(0, places, n)] if how == "spots" else xy


def moved(xy: npt.NDArray[np.float64], truth: str, rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """Longitudes and latitudes (2, n) as a table in that datum holds them."""
    degrees = pyproj.Transformer.from_crs(CRS, 4326, always_xy=True)
    if truth in DATUMS:
        return np.stack(convert(*degrees.transform(*xy.T), source="WGS-84", target=truth))
    low, high = (150, 1500) if truth == "far from all" else (80, 150)
    metres = pyproj.Transformer.from_crs(4326, CRS, always_xy=True)
    middle = xy.mean(axis=0)
    while True:
        angle = rng.uniform(0, 2 * np.pi)
        by = rng.uniform(low, high) * np.array([np.cos(angle), np.sin(angle)])
        lon, lat = degrees.transform(*(middle + by)[:, None])
        read = [metres.transform(*convert(lon, lat, source=name, target="WGS-84")) for name in DATUMS]
        if min(np.hypot(*(np.ravel(spot) - middle)) for spot in read) >= low - 1:
            return np.stack(degrees.transform(*(xy + by).T))


def one_table(number: int, seed: int) -> dict[str, object]:
    """Draw a table and ask for its datum."""
    rng = np.random.default_rng([seed, number])
    drawn = {
        "city": str(rng.choice(CITIES)),
        "points": int(rng.choice(POINTS)),
        "known": float(rng.choice(KNOWN)),
        "noise_m": int(rng.choice(NOISE_M)),
        "placed": str(rng.choice(PLACED)),
        "truth": str(rng.choice(TRUTHS)),
    }
    lines = streets(drawn["city"])
    xy = place(lines, drawn["placed"], drawn["points"], rng)
    lon, lat = moved(xy + rng.normal(0, drawn["noise_m"], xy.shape), drawn["truth"], rng)
    order = rng.permutation(len(lines))
    length = shapely.length(lines[order])
    known = lines[order[: np.searchsorted(np.cumsum(length), drawn["known"] * length.sum()) + 1]]
    found = diagnose_datum(gpd.GeoSeries.from_xy(lon, lat, crs=4326), gpd.GeoSeries(known, crs=CRS))
    best, second = found.table.iloc[0], found.table.iloc[1]
    return drawn | {"best": found.best, "margin": found.margin, "z": best["z"], "p": best["p"], "second": second["z"]}


def errors(tables: pd.DataFrame, by: str) -> pd.DataFrame:
    """Tables, answers, wrong answers and the upper 95 % end of their share, by a column."""
    wrong = tables["answered"] & (tables["best"] != tables["truth"])
    counted = tables.assign(wrong=wrong).groupby(by, sort=False, observed=True)[["answered", "wrong"]].sum()
    counted.insert(0, "tables", tables.groupby(by, sort=False, observed=True).size())
    counted["wrong_pct"] = 100 * counted["wrong"] / counted["tables"]
    upper = beta.ppf(0.95, counted["wrong"] + 1, counted["tables"] - counted["wrong"])
    counted["at_most_pct"] = 100 * upper
    return counted.round(2)


def main() -> None:
    """Print how often it answers, and how often it errs."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tables", type=int, default=4000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--csv", type=Path, help="write every table drawn")
    asked = parser.parse_args()
    with ProcessPoolExecutor(asked.workers) as pool:
        rows = list(pool.map(partial(one_table, seed=asked.seed), range(asked.tables), chunksize=16))
    tables = pd.DataFrame(rows)
    tables["answered"] = tables["best"] != "undecided"
    if asked.csv:
        tables.to_csv(asked.csv, index=False)
    answered = tables[tables["answered"]]
    print(f"answered {len(answered)} of {len(tables)}; wrong {(answered['best'] != answered['truth']).sum()}\n")
    for by in ("truth", "placed", "points", "known", "noise_m", "city"):
        print(errors(tables.sort_values(by), by).to_string(), end="\n\n")
    fit = tables[tables["truth"].isin(DATUMS) & tables["placed"].isin(("streets", "spots")) & (tables["noise_m"] <= 25)]
    print("Share answered (%), points on streets in one of the datums, noise up to 25 m: points by share known")
    shares = fit.pivot_table(index="points", columns="known", values="answered", aggfunc="mean")
    print((100 * shares).round(0).to_string())


if __name__ == "__main__":
    main()
