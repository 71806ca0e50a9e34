"""A made-up city for the tests of weak areas: issues by cells, places of one kind, units."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

CELL, SIDE = 200.0, 6000.0
CITY = gpd.GeoDataFrame({"name": ["城"]}, geometry=[shapely.box(0, 0, SIDE, SIDE)], crs=4549)


def places(rng: np.random.Generator, n: int, *, least_m: float = 60, most_m: float = 400) -> gpd.GeoDataFrame:
    """Rectangles anywhere in the city; they may overlap."""
    west, south = rng.uniform(0, SIDE - most_m, (2, n))
    wide, high = rng.uniform(least_m, most_m, (2, n))
    names = [f"地{k + 1}" for k in range(n)]
    return gpd.GeoDataFrame({"name": names}, geometry=shapely.box(west, south, west + wide, south + high), crs=4549)


def units(across: int = 6) -> gpd.GeoDataFrame:
    """Squares that tile the city."""
    step = SIDE / across
    i, j = (each.ravel() for each in np.meshgrid(range(across), range(across)))
    shapes = shapely.box(i * step, j * step, (i + 1) * step, (j + 1) * step)
    return gpd.GeoDataFrame({"unit_id": [f"U{k:02d}" for k in range(len(i))]}, geometry=shapes, crs=4549)


def issues(rng: np.random.Generator, *, mean: float = 6.0, batch: float = 1.0, spread: float = 0.0) -> gpd.GeoDataFrame:
    """Issues at random in cells whose counts vary by ``batch`` μ + ``spread`` μ² around the same mean."""
    across = int(SIDE / CELL)
    level = np.full(across**2, mean) if spread == 0 else rng.gamma(1 / spread, mean * spread, across**2)
    counts = rng.poisson(level) if batch == 1 else rng.poisson(rng.gamma(level / (batch - 1)) * (batch - 1))
    cell = np.repeat(np.arange(across**2), counts)
    x, y = rng.uniform(0, CELL, (2, len(cell))) + CELL * np.array([cell % across, cell // across])
    return points(x, y)


def points(x: np.ndarray, y: np.ndarray, times: pd.Series | None = None) -> gpd.GeoDataFrame:
    table = {} if times is None else {"time": times}
    return gpd.GeoDataFrame(table, geometry=gpd.points_from_xy(x, y), crs=4549)
