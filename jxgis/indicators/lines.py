"""Measures of lines: length, length per km², share of the streets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from jxgis.bounds import at_most
from jxgis.crs import require_metric
from jxgis.indicators.figures import figures

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd
    from numpy.typing import NDArray

__all__ = ["length_in", "length_km", "length_per_km2", "share_of_streets"]

EDGE_M = 0.5
"""How far a street may lie beside a border and still be on it: what rounding and drawing move one."""
_ALONG = 5.0  # lengths gained, in EDGE_M, from which a line runs along a border: one that crosses it gains hardly one


def length_in(zones: gpd.GeoDataFrame, lines: gpd.GeoDataFrame) -> NDArray[np.float64]:
    """Length of lines within each zone, in metres, a street along a border being in the zones on both sides.

    Borders follow streets. Without a margin a street that is a border would be in a zone or not as the last digit of its
    coordinates falls: a line that runs along a border (`EDGE_M` beside it at most) counts, one that crosses it counts up
    to the border.

    Parameters
    ----------
    zones
        (n) polygons in a metric CRS.
    lines
        Lines in the same CRS; where two lie on one another both count.

    Returns
    -------
    ndarray
        (n,).

    Examples
    --------
    >>> import geopandas as gpd
    >>> zone = gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 100, 100)], crs=4549)
    >>> through, border = shapely.linestrings([[(-50, 50), (150, 50)], [(0, 100.001), (100, 100.001)]])
    >>> length_in(zone, gpd.GeoDataFrame(geometry=[through, border], crs=4549)).tolist()
    [200.0]
    """
    require_metric(lines, "lines", require_metric(zones, "zones"))
    shapes, line = zones.geometry.to_numpy(), lines.geometry.to_numpy()
    wide = shapely.buffer(shapes, EDGE_M, join_style="mitre", mitre_limit=2.0)
    zone, row = shapely.STRtree(line).query(wide, predicate="intersects")
    shapely.prepare(shapes)
    length = shapely.length(line)[row]
    cut = np.flatnonzero(~shapely.contains(shapes[zone], line[row]))
    exact = shapely.length(shapely.intersection(line[row[cut]], shapes[zone[cut]]))
    near = shapely.length(shapely.intersection(line[row[cut]], wide[zone[cut]]))
    length[cut] = np.where(near - exact > _ALONG * EDGE_M, np.minimum(near, length[cut]), exact)
    return np.bincount(zone, weights=length, minlength=len(shapes)).astype(np.float64)


def length_km(zones: gpd.GeoDataFrame, lines: gpd.GeoDataFrame) -> pd.DataFrame:
    """Length of lines in each zone, km.

    Parameters
    ----------
    zones, lines
        As for :func:`length_in`.

    Returns
    -------
    pandas.DataFrame
        `figures`; the numerator is the value.

    Examples
    --------
    >>> import geopandas as gpd
    >>> zone = gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 1500, 100)], crs=4549)
    >>> line = gpd.GeoDataFrame(geometry=[shapely.LineString([(-50, 50), (5000, 50)])], crs=4549)
    >>> length_km(zone, line)["value"].item()
    1.5
    """
    return figures(zones, length_in(zones, lines) / 1e3)


def length_per_km2(zones: gpd.GeoDataFrame, lines: gpd.GeoDataFrame) -> pd.DataFrame:
    """Length of lines per area of each zone, km/km².

    Parameters
    ----------
    zones, lines
        As for :func:`length_in`.

    Returns
    -------
    pandas.DataFrame
        `figures`: km over km².

    Examples
    --------
    >>> import geopandas as gpd
    >>> zone = gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 1000, 500)], crs=4549)
    >>> line = gpd.GeoDataFrame(geometry=[shapely.LineString([(-50, 50), (5000, 50)])], crs=4549)
    >>> length_per_km2(zone, line)["value"].item()
    2.0
    """
    return figures(zones, length_in(zones, lines) / 1e3, np.nan_to_num(zones.area.to_numpy()) / 1e6, none="no_area")


def share_of_streets(
    zones: gpd.GeoDataFrame,
    streets: gpd.GeoDataFrame,
    whole: gpd.GeoDataFrame | None = None,
    *,
    hit: NDArray[np.bool_] | None = None,
) -> pd.DataFrame:
    """Share of the streets' length in each zone that holds to a condition, or that another layer of lines names.

    Parameters
    ----------
    zones
        Polygons in a metric CRS.
    streets
        All streets, where ``hit`` says which hold; else those that do.
    whole
        All streets, where ``streets`` are those that hold: the streets must lie in it, or the share is not known.
    hit
        (n,) which of ``streets`` hold.

    Returns
    -------
    pandas.DataFrame
        `figures`, lengths in km; 0 to 1.

    Examples
    --------
    >>> import geopandas as gpd
    >>> zone = gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 100, 100)], crs=4549)
    >>> roads = gpd.GeoDataFrame(geometry=shapely.linestrings([[(10, 10), (70, 10)], [(10, 20), (30, 20)]]), crs=4549)
    >>> share_of_streets(zone, roads, hit=np.array([True, False]))["value"].item()
    0.75
    """
    part = streets if hit is None else streets[hit]
    above = length_in(zones, part) / 1e3
    below = length_in(zones, streets if whole is None else whole) / 1e3
    found = figures(zones, above, below, none="no_streets")
    over = found["value"].notna() & ~at_most(found["value"].to_numpy(dtype=np.float64), 1.001)
    found["value"] = found["value"].clip(upper=1.0).mask(over)
    found["reason"] = found["reason"].mask(over, "more_than_whole")
    return found
