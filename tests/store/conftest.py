"""A small city, and files of issues with every flaw that a row can have."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from jxgis.city import City, load_city
from jxgis.load.batches import HowRead
from jxgis.load.issues import ClassesBy, Filters
from jxgis.space.grid import grid_over
from jxgis.store.plan import Plan

WEST, SOUTH = 572_000.0, 3_402_000.0


@pytest.fixture(scope="session")
def city() -> City:
    return load_city("jiaxing")


@pytest.fixture(scope="session")
def districts() -> gpd.GeoDataFrame:
    """Two, one beside the other, 2 km by 2 km in all."""
    shapes = [shapely.box(WEST + east, SOUTH, WEST + east + 1000, SOUTH + 2000) for east in (0, 1000)]
    return gpd.GeoDataFrame({"name": ["西", "东"]}, geometry=shapes, crs=4549)


@pytest.fixture
def plan(city: City, districts: gpd.GeoDataFrame) -> Callable[..., Plan]:
    """A plan of counting them by cells of 200 m, with the filters and the options of reading that are asked for."""

    def make(filters: Filters | None = None, **options: object) -> Plan:
        how = HowRead(city, ClassesBy(), filters or Filters(), None, {"crs": "EPSG:4549", **options})  # type: ignore[typeddict-item]
        return Plan(how, grid_over(districts, cell_m=200.0), {"district": districts})

    return make


def export(seed: int, rows: int, *, ids: int) -> pd.DataFrame:
    """Rows as a platform exports them: some flawed, some outside, many that share an id with another."""
    rng = np.random.default_rng(seed)
    time = pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 60 * 24 * 90, rows), unit="min")
    table = pd.DataFrame(
        {
            "任务号": [f"A{number:04d}" for number in rng.integers(0, ids, rows)],
            "上报时间": time.strftime("%Y-%m-%d %H:%M:%S"),
            "问题类型": rng.choice(["事件", "部件"], rows),
            "小类": rng.choice(["小广告", "上水井盖", "飞线"], rows),
            "处置部门": rng.choice(["城管", "住建", ""], rows),
            "问题来源": rng.choice(["巡查", "12345"], rows),
            "状态": rng.choice(["结案", "作废"], rows, p=[0.9, 0.1]),
            "Y坐标": (WEST + rng.uniform(-50, 2050, rows).round(0)).astype(str),
            "X坐标": (SOUTH + rng.uniform(-50, 2050, rows).round(0)).astype(str),
        }
    )
    again = rng.random(rows) < 0.3
    columns = ["任务号", "上报时间", "X坐标", "Y坐标"]
    table.loc[again, columns] = table[columns].sample(int(again.sum()), replace=True, random_state=seed).to_numpy()
    for column, wrong in (("任务号", ""), ("上报时间", "昨天"), ("X坐标", ""), ("Y坐标", "120度"), ("X坐标", "0")):
        table.loc[rng.random(rows) < 0.02, column] = wrong
    return table


@pytest.fixture
def files(tmp_path: Path) -> Callable[..., list[Path]]:
    """Files of such rows, in CSV and Parquet."""

    def write(seed: int, *, rows: int = 60, ids: int = 90) -> list[Path]:
        paths = []
        for number in range(3):
            table = export(10 * seed + number, rows, ids=ids)
            path = tmp_path / f"{seed}-{number}{'.parquet' if number == 1 else '.csv'}"
            if path.suffix == ".csv":
                table.to_csv(path, index=False, encoding="gb18030" if number else "utf-8")
            else:
                table.to_parquet(path, index=False)
            paths.append(path)
        return paths

    return write
