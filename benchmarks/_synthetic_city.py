"""A made-up city for the unit benchmarks: 12 districts on 385 km², as street blocks or as grid cells."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from jxgis.space.blocks import grid_blocks

CRS = 4549
CITY_KM2 = 385.0
DISTRICTS = 12
ATTRIBUTES = 6


def districts(*, seed: int = 0, km2: float = CITY_KM2, n: int = DISTRICTS) -> gpd.GeoDataFrame:
    """Districts as cells of a relaxed Voronoi diagram in an ellipse of ``km2``."""
    rng = np.random.default_rng(seed)
    half = np.sqrt(km2 * 1e6 / np.pi)
    outline = shapely.affinity.scale(shapely.Point(0, 0).buffer(half, quad_segs=32), 1.2, 1 / 1.2)
    outline = shapely.affinity.translate(outline, 572_000, 3_403_000)
    cells = _voronoi(_scatter(outline, n, rng), outline, relax=3)
    return gpd.GeoDataFrame({"name": [f"D{i + 1:02d}" for i in range(n)]}, geometry=cells, crs=CRS)


def blocks(areas: gpd.GeoDataFrame, *, n: int = 1500, seed: int = 0) -> gpd.GeoDataFrame:
    """Street blocks: lightly relaxed Voronoi cells of each district, smaller towards the city's centre."""
    rng = np.random.default_rng([seed, 1])
    total = areas.geometry.area.sum()
    parts = []
    for name, area in zip(areas["name"], areas.geometry, strict=True):
        cells = _voronoi(_scatter(area, max(round(n * area.area / total), 3), rng), area, relax=1)
        parts.append(gpd.GeoDataFrame({"district": [name] * len(cells)}, geometry=cells, crs=CRS))
    return _with_attributes(pd.concat(parts, ignore_index=True), seed)


def grid(areas: gpd.GeoDataFrame, *, n: int = 10_000, seed: int = 0) -> gpd.GeoDataFrame:
    """About ``n`` square cells, clipped to the districts."""
    return _with_attributes(grid_blocks(areas, cell_m=float(np.sqrt(areas.geometry.area.sum() / n))), seed)


def attribute_names() -> list[str]:
    """Columns of the attributes."""
    return [f"a{i}" for i in range(ATTRIBUTES)]


def _with_attributes(table: gpd.GeoDataFrame, seed: int) -> gpd.GeoDataFrame:
    """Smooth fields of three kilometres and noise of each block's own."""
    rng = np.random.default_rng([seed, 2])
    centre = shapely.get_coordinates(shapely.centroid(table.geometry.array)) - [572_000, 3_403_000]
    columns = {"block_id": [f"b{i:06d}" for i in range(len(table))], "district": table["district"]}
    for name in attribute_names():
        bumps = rng.uniform(-12_000, 12_000, (60, 2))
        height = rng.normal(size=60)
        gap = np.hypot(*(centre[:, None, :] - bumps[None]).transpose(2, 0, 1))
        field = (height * np.exp(-0.5 * (gap / 2_200) ** 2)).sum(axis=1)
        columns[name] = field / field.std() + rng.normal(scale=0.6, size=len(table))
    return gpd.GeoDataFrame(columns, geometry=table.geometry.array, crs=CRS)


def _scatter(area: shapely.Geometry, n: int, rng: np.random.Generator) -> npt.NDArray[np.float64]:
    west, south, east, north = area.bounds
    found = np.empty((0, 2))
    shapely.prepare(area)
    while len(found) < n:
        tried = rng.uniform((west, south), (east, north), (4 * n, 2))
        found = np.vstack([found, tried[shapely.contains_xy(area, tried)]])
    return found[:n]


def _voronoi(points: npt.NDArray[np.float64], area: shapely.Geometry, *, relax: int) -> npt.NDArray[np.object_]:
    """Cells of the points inside a convex area; ``relax`` rounds of Lloyd's move the points to the centroids."""
    for turn in range(relax + 1):
        diagram = shapely.voronoi_polygons(shapely.MultiPoint(points), extend_to=area)
        cells = shapely.intersection(shapely.get_parts(diagram), area)
        cells = cells[shapely.area(cells) > 0]
        if turn < relax:
            points = shapely.get_coordinates(shapely.centroid(cells))
    return cells
