"""Last year's weak areas of the schematic city, all invented: what `jxgis weak` says what became of."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from jxgis.demo._plan import EPSG

if TYPE_CHECKING:
    from collections.abc import Mapping

    import geopandas as gpd

__all__ = ["make_weak_before"]

#: Layer, kind as a bureau writes it, how many, and how far around them the area reaches, metres.
_DRAWN = (("markets", "农贸市场", 3, 100.0), ("old_estates", "老旧小区", 3, 0.0), ("back_lanes", "背街小巷", 2, 20.0))
_SPOTS = 3
_AWAY_M = 5000.0


def make_weak_before(
    seed: int, hot_spots: pd.DataFrame, further: Mapping[str, gpd.GeoDataFrame], city: shapely.Geometry
) -> gpd.GeoDataFrame:
    """Draw the list: planted hot spots, places of three kinds, and one that the central city no longer holds.

    Parameters
    ----------
    seed
        The city's.
    hot_spots
        ``name, x, y, radius_m``: those planted.
    further
        The further layers of the plan.
    city
        The central city in EPSG:4549.

    Returns
    -------
    GeoDataFrame
        ``rank, name, kind``, in EPSG:4549.
    """
    import geopandas as gpd

    rng = np.random.default_rng([seed, 3000])
    spots = hot_spots.drop_duplicates("name").head(_SPOTS)
    circles = shapely.buffer(
        shapely.points(spots["x"], spots["y"]), spots["radius_m"].to_numpy(dtype=np.float64), quad_segs=8
    )
    rows = [(name, "热点地段", shape) for name, shape in zip(spots["name"], circles, strict=True)]
    for layer, kind, n, reach_m in _DRAWN:
        table = further[layer]
        chosen = table.iloc[np.sort(rng.choice(len(table), n, replace=False))]
        shapes = shapely.buffer(chosen.geometry.to_numpy(), reach_m, quad_segs=8)
        rows += [(str(name), kind, shape) for name, shape in zip(chosen["name"], shapes, strict=True)]
    _, _, east, north = shapely.bounds(city).tolist()
    rows.append(("城外工地（示意）", "建筑工地", shapely.box(east + _AWAY_M, north, east + _AWAY_M + 200, north + 150)))
    names, kinds, polygons = zip(*rows, strict=True)
    return gpd.GeoDataFrame(
        {"rank": range(1, len(rows) + 1), "name": names, "kind": kinds}, geometry=list(polygons), crs=EPSG
    )
