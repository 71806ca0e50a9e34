"""Rows for every table that is a layer, and where QGIS's own Python is."""

from __future__ import annotations

import subprocess
from functools import cache
from xml.etree import ElementTree as ET

import geopandas as gpd
import pandas as pd
import shapely

from jxgis.schema.columns import Column
from jxgis.schema.tables import Table, table, tables

#: Every table that is a layer of a GeoPackage, by name.
SPATIAL = [name for name in tables() if (file := table(name).file).endswith(".gpkg") and file != "scores_depth.gpkg"]
_SQUARE = shapely.box(572_000, 3_402_000, 573_000, 3_403_000)
_SHAPES = {
    "hotspots.peaks": _SQUARE.centroid,
    "hotspots.rate_peaks": _SQUARE.centroid,
    "parks.gates": _SQUARE.centroid,
    "clusters.points": _SQUARE.centroid,
    "ground.places": _SQUARE.centroid,
    "units.borders": shapely.LineString(_SQUARE.exterior.coords),
    "units.unit_borders": shapely.LineString(_SQUARE.exterior.coords),
    "ground.streets": shapely.LineString(_SQUARE.exterior.coords),
}


@cache
def qgis_python() -> str | None:
    """The Python that knows QGIS, as Debian installs it; None where there is none."""
    try:
        found = subprocess.run(["/usr/bin/python3", "-c", "import qgis.core"], capture_output=True, check=False)
    except OSError:
        return None
    return None if found.returncode else "/usr/bin/python3"


def _value(column: Column) -> object:
    if column.words and column.kind == "code":
        return next(iter(column.words))
    if column.dtype == "number":
        least = 0.0 if column.least is None else column.least
        return int(least) if column.whole else float(least)
    return {"flag": True, "time": pd.Timestamp("2025-01-01")}.get(column.dtype, "甲")


def rows_of(declared: Table) -> gpd.GeoDataFrame:
    """A row that holds the declaration of a table."""
    columns = {name: [_value(declared.columns[name])] for name in declared.required}
    return gpd.GeoDataFrame(columns, geometry=[_SHAPES.get(declared.name, _SQUARE)], crs=4549)


def parsed(markup: str | bytes) -> ET.Element:
    """What was written a moment ago, as its elements."""
    return ET.fromstring(markup)  # noqa: S314  (the test's own)
