"""A small city of two districts in files, to run commands on."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

EAST, NORTH = 572_000.0, 3_402_000.0


def _polygons(names: list[str], boxes: list[tuple[float, float, float, float]]) -> gpd.GeoDataFrame:
    shapes = [shapely.box(EAST + a, NORTH + b, EAST + c, NORTH + d) for a, b, c, d in boxes]
    return gpd.GeoDataFrame({"name": names}, geometry=shapes, crs=4549)


def write_city(parent: Path) -> Path:
    """A folder with districts (2 × 9 km²), issues with one cluster, parks, housing, streets and candidates."""
    folder = parent / "city"
    folder.mkdir()
    districts = _polygons(["西片", "东片"], [(0, 0, 3000, 3000), (3000, 0, 6000, 3000)])
    districts.to_crs(4490).to_file(folder / "districts.geojson")
    _polygons(["一园", "二园"], [(200, 200, 400, 400), (4000, 1000, 4100, 1100)]).to_file(folder / "parks.gpkg")
    _polygons(["甲", "乙", "丙"], [(400, 400, 900, 900), (2800, 1500, 3300, 1900), (5500, 2500, 5900, 2900)]).to_file(
        folder / "residential.gpkg"
    )
    _polygons(["候选一", "候选二"], [(0, 0, 2000, 2000), (3200, 200, 4700, 2200)]).to_file(folder / "candidates.gpkg")
    rng = np.random.default_rng(7)
    x = np.r_[rng.uniform(0, 6000, 400), rng.normal(1500, 150, 200)] + EAST
    y = np.r_[rng.uniform(0, 3000, 400), rng.normal(1500, 150, 200)] + NORTH
    points = gpd.GeoSeries(gpd.points_from_xy(x, y), crs=4549).to_crs(4490)
    issues = pd.DataFrame(
        {
            "任务号": [f"T{n:05d}" for n in range(len(x))],
            "上报时间": "2023-05-01 08:00:00",
            "问题类型": "事件",
            "大类": "街面秩序",
            "小类": np.where(np.arange(len(x)) % 3 == 0, "小广告", "店外经营"),
            "X坐标": points.x.round(6),
            "Y坐标": points.y.round(6),
        }
    )
    issues.to_csv(folder / "issues.csv", index=False, encoding="gb18030")
    return folder
