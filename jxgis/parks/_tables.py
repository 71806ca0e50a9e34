"""Tables of `jxgis parks` put into the contract's shape."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

__all__ = ["on_map", "stacked"]


def on_map(coverage: pd.DataFrame, zones: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Rows of zones with their polygons; ``all`` gets the union of the zones."""
    import geopandas as gpd

    from jxgis.parks._tally import zones_and_whole

    shape = [*zones_and_whole(zones)]
    return gpd.GeoDataFrame(coverage, geometry=shape * (len(coverage) // len(shape)), crs=zones.crs)


def stacked(tables: list[gpd.GeoDataFrame]) -> gpd.GeoDataFrame:
    """Tables of one shape, one under the other; empty ones say nothing about dtypes."""
    import pandas as pd

    some = [table for table in tables if len(table)]
    stacked: gpd.GeoDataFrame = pd.concat(some, ignore_index=True) if some else tables[0]
    return stacked
