"""Tables that are handed over in the place of files."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd

from jxgis.errors import InputError
from jxgis.load._columns import as_number, as_text
from jxgis.schema.layers import contract, layers

__all__ = ["as_layer"]


def as_layer(table: gpd.GeoDataFrame | gpd.GeoSeries, layer: str) -> gpd.GeoDataFrame:
    """A table for a layer, its names as text and its numbers as numbers, as a loader makes them.

    Parameters
    ----------
    table
        Any columns, or geometries alone; those of the layer's contract hold what it says.
    layer
        The layer; of what is none, such as an area, every column stands as it is.

    Returns
    -------
    geopandas.GeoDataFrame
        The table, a copy where something was made of it.

    Raises
    ------
    InputError
        If it lacks the names that every row must have, or holds in the place of a number what is none.

    Examples
    --------
    >>> import geopandas as gpd, shapely
    >>> homes = gpd.GeoDataFrame({"people": ["12", "many"]}, geometry=[shapely.Point(0, 0)] * 2, crs=4549)
    >>> as_layer(homes, "residential")
    Traceback (most recent call last):
    jxgis.errors.InputError: residential 的 people 列有不是数字的值：“many”（第 2 行）...
    """
    if isinstance(table, gpd.GeoSeries):
        table = gpd.GeoDataFrame(geometry=table)
    columns = contract(layer).columns if layer in layers() else ()
    if "name" not in table.columns and any(column.name == "name" and not column.null for column in columns):
        raise InputError(
            zh=f"{layer} 没有 name 列；请把名称所在的列改名为 name。",
            en=f"{layer} has no column name; call the column that holds the names so.",
        )
    made = {}
    if "name" in table.columns and pd.api.types.is_numeric_dtype(table["name"]):
        made["name"] = as_text(table["name"])
    for name in (column.name for column in columns if column.dtype == "number" and column.name in table.columns):
        if pd.api.types.is_numeric_dtype(table[name]):
            continue
        made[name], wrong = as_number(table[name])
        if wrong.any():
            row = int(wrong.argmax())
            raise InputError(
                zh=f"{layer} 的 {name} 列有不是数字的值：“{table[name].iloc[row]}”（第 {row + 1} 行）。",
                en=f"{layer}: {name} holds what is not a number: {table[name].iloc[row]!r} (row {row + 1}).",
            )
    return table.assign(**made) if made else table
