"""A small made-up city and the files a platform would export of it."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from jxgis.city import City, load_city

EAST, NORTH = 572_000.0, 3_402_000.0


@pytest.fixture(scope="session")
def city() -> City:
    return load_city("jiaxing")


@pytest.fixture(scope="session")
def bare_city(city: City) -> City:
    """A city that has nothing but its CRS."""
    return dataclasses.replace(city, box=None, class_table=city.class_table.iloc[:0], crosswalk=city.crosswalk.iloc[:0])


@pytest.fixture
def export() -> pd.DataFrame:
    """An export of twelve cases, in WGS-84 degrees, X north as a survey has it."""
    rng = np.random.default_rng(3)
    n = 12
    return pd.DataFrame(
        {
            "任务号": [f"330402{i:012d}" for i in range(n)],
            "问题来源": ["采集员上报", "12345热线"] * 6,
            "问题类型": ["部件", "事件", "事件"] * 4,
            "大类": ["公用设施", "宣传广告", "扩展"] * 4,
            "小类": ["上水井盖  ", "小广告", "飞线"] * 4,
            "问题描述": ["张三 13812345678 反映"] * n,
            "上报时间": [f"2023-0{1 + i % 9}-0{1 + i % 9} 08:00:00" for i in range(n)],
            "X坐标": rng.uniform(30.70, 30.80, n).round(6).astype(str),
            "Y坐标": rng.uniform(120.70, 120.80, n).round(6).astype(str),
            "街道": ["南湖街道"] * n,
            "单元网格": [f"3304020100{i:05d}" for i in range(n)],
            "案件状态": ["已结案"] * n,
        }
    )


@pytest.fixture
def squares() -> gpd.GeoDataFrame:
    """Three squares of 1 km² with Chinese names."""
    shapes = [shapely.box(EAST + 1000 * i, NORTH, EAST + 1000 * (i + 1), NORTH + 1000) for i in range(3)]
    return gpd.GeoDataFrame({"名称": ["三水湾", "府南", "月河"], "代码": ["01", "02", "03"]}, geometry=shapes, crs=4549)


@pytest.fixture
def write(tmp_path: Path):
    """Write a table under a name and return its path."""

    def to(name: str, table: pd.DataFrame, **options: Any) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if name.endswith((".csv", ".csv.gz", ".txt")):
            table.to_csv(path, index=False, **options)
        elif name.endswith(".xlsx"):
            table.to_excel(path, index=False, engine="xlsxwriter", **options)
        elif name.endswith("parquet"):
            table.to_parquet(path, **options)
        else:
            table.to_file(path, **options)
        return path

    return to
