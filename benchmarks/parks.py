"""Parks against their peers, all in one run: `python benchmarks/parks.py`. Ratios count, seconds do not."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

import geopandas as gpd
import numpy as np
import shapely

from jxgis.parks.radius import classify_parks, radius_coverage
from jxgis.parks.standards import load_standard

T = TypeVar("T")


def best_of(times: int, run: Callable[[], T]) -> tuple[float, T]:
    """Least seconds of a few runs, and the last result."""
    seconds = []
    for _ in range(times):
        start = time.perf_counter()
        result = run()
        seconds.append(time.perf_counter() - start)
    return min(seconds), result


def blobs(rng: np.random.Generator, centres: np.ndarray, mean_m: float, vertices: int) -> np.ndarray:
    """Rounded, uneven polygons, as parks and housing estates are, around the centres (n, 2)."""
    n = len(centres)
    turn = np.linspace(0, 2 * np.pi, vertices, endpoint=False)
    shift = rng.uniform(0, 2 * np.pi, (2, n, 1))
    size = (
        mean_m
        * rng.lognormal(0, 0.4, (n, 1))
        * (1 + 0.2 * np.sin(2 * turn + shift[0]) + 0.1 * np.sin(3 * turn + shift[1]))
    )
    x, y = centres[:, :1] + size * np.cos(turn), centres[:, 1:] + size * np.sin(turn)
    return shapely.polygons(np.stack([x, y], axis=2))


def radius() -> None:
    """300 parks, 5,000 residential polygons, 12 zones: coverage against dissolve and overlay."""
    rng = np.random.default_rng(0)
    side = 20_000.0
    parks = gpd.GeoDataFrame(geometry=blobs(rng, rng.uniform(0, side, (300, 2)), 60, 24), crs=4549)
    parks["area_m2"] = parks.area
    # Estates on a shaken lattice: some touch or overlap, as in a land-use layer, most do not.
    row, column = np.divmod(np.arange(5000), 71)
    estates = (np.stack([column, row], axis=1) + rng.uniform(0.3, 0.7, (5000, 2))) * side / 71
    housing = gpd.GeoDataFrame(geometry=blobs(rng, estates, 75, 16), crs=4549)
    cells = [
        shapely.box(x, y, x + side / 4, y + side / 3) for x in side / 4 * np.arange(4) for y in side / 3 * np.arange(3)
    ]
    zones = gpd.GeoDataFrame({"name": [f"zone {i}" for i in range(12)]}, geometry=cells, crs=4549)
    standard = load_standard()

    def ours() -> float:
        sized = classify_parks(parks, standard)
        return radius_coverage(sized, housing, zones, standard=standard, quad_segs=16).coverage["served_m2"].iloc[-1]

    def peer() -> float:
        radii = standard.radius_of(parks["area_m2"])
        counted = parks[~np.isnan(radii)]
        reach = gpd.GeoDataFrame(geometry=counted.buffer(radii[~np.isnan(radii)], quad_segs=16)).dissolve()
        homes = gpd.GeoDataFrame(geometry=housing.geometry).dissolve().explode()
        homes = gpd.overlay(homes.set_crs(4549), zones, how="intersection")
        return gpd.overlay(homes, reach.set_crs(4549), how="intersection").area.sum()

    seconds, area = best_of(3, ours)
    peer_seconds, peer_area = best_of(2, peer)
    print(
        f"radius coverage   jxgis {seconds:.3f} s   geopandas {peer_seconds:.3f} s   ratio {peer_seconds / seconds:.1f}"
        f"   area differs by {abs(area / peer_area - 1):.1e}"
    )


if __name__ == "__main__":
    radius()
