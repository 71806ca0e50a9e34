"""A small city, and files of issues with every flaw that a row can have."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import pytest
import shapely
from messy_export import SOUTH, WEST, export

from jxgis.city import City, load_city
from jxgis.load.batches import HowRead
from jxgis.load.issues import ClassesBy, Filters
from jxgis.space.grid import grid_over
from jxgis.store.plan import Plan


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
