"""Tables that are handed over in the place of files."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd

from jxgis import parse
from jxgis.city import TIMEZONE
from jxgis.errors import InputError
from jxgis.i18n import Text, listed
from jxgis.load._columns import as_written
from jxgis.load.times import parse_times
from jxgis.schema.layers import Contract, check, contract

__all__ = ["as_layer"]

_KINDS = {"number": Text(zh="数字", en="number"), "time": Text(zh="时间", en="time")}


def as_layer(table: gpd.GeoDataFrame | gpd.GeoSeries, agreed: str | Contract) -> gpd.GeoDataFrame:
    """A table for a layer, its names as text, its numbers as numbers and its times as times, as a loader makes them.

    Parameters
    ----------
    table
        Any columns, or geometries alone; those of the layer's contract hold what it says. An id that it asks for and that
        is not there is the number of the row.
    agreed
        The layer, or the contract of one that only some cities have.

    Returns
    -------
    geopandas.GeoDataFrame
        The table, a copy where something was made of it.

    Raises
    ------
    CrsError
        If the table is not in a metric CRS.
    InputError
        If it breaks the layer's contract: see `jxgis.schema.layers.check`. A loader rejects single rows and accounts for
        them; of a table that is handed over nothing is left out.

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
    agreed = contract(agreed) if isinstance(agreed, str) else agreed
    layer = agreed.layer
    twice = table.columns[table.columns.duplicated()]
    if len(twice):
        raise InputError(
            zh=f"{layer} 有多列同名：{listed(twice, 'zh')}；请改名。",
            en=f"{layer}: several columns are called {listed(twice, 'en')}; rename them.",
        )
    made = {}
    for column in agreed.columns:
        if column.name not in table.columns:
            if column.name == agreed.identifier and not column.null:
                made[column.name] = parse.texts(pd.Series(range(1, len(table) + 1), index=table.index))
            continue
        given = table[column.name]
        if column.dtype == "number":
            made[column.name], wrong = as_written(given, column)
        elif column.dtype == "time":
            times = parse_times(given, timezone=TIMEZONE)
            made[column.name], wrong = pd.Series(times.local, index=given.index), times.bad
        elif pd.api.types.is_string_dtype(given):
            continue
        else:
            made[column.name] = parse.texts(given)
            continue
        if wrong.any():
            row = int(wrong.argmax())
            kind = _KINDS[column.dtype]
            raise InputError(
                zh=f"{layer} 的 {column.name} 列有不是{kind.zh}的值：“{given.iloc[row]}”（第 {row + 1} 行）。",
                en=f"{layer}: {column.name} holds what is not a {kind.en}: {str(given.iloc[row])!r} (row {row + 1}).",
            )
    table = table.assign(**made) if made else table
    return check(table if table.index.is_unique else table.reset_index(drop=True), agreed)
