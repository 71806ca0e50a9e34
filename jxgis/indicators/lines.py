"""Measures of lines: length, length per km², share of the streets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely
from scipy.sparse import csr_array

from jxgis.bounds import at_most
from jxgis.crs import M2_PER_KM2, require_metric
from jxgis.indicators.figures import figures

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd
    from numpy.typing import NDArray

__all__ = ["EDGE_M", "length_km", "length_per_km2", "lengths", "share_of_streets"]

EDGE_M = 0.5
"""How far a street may lie beside a border and still be on it: what rounding and drawing move one."""
_ALONG = 5.0  # lengths gained, in EDGE_M, from which a line runs along a border: one that crosses it gains hardly one


def lengths(zones: gpd.GeoDataFrame, lines: gpd.GeoDataFrame) -> csr_array:
    """Length of each line within each zone, in metres, a street along a border being in the zones on both sides.

    Borders follow streets. Without a margin a street that is a border would be in a zone or not as the last digit of its
    coordinates falls: a line that runs along a border (`EDGE_M` beside it at most) counts, one that crosses it counts up
    to the border.

    Parameters
    ----------
    zones
        (n) polygons in a metric CRS.
    lines
        (m) lines in the same CRS.

    Returns
    -------
    csr_array
        (n, m). Where two lines lie on one another both count.

    Examples
    --------
    >>> import geopandas as gpd
    >>> zone = gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 100, 100)], crs=4549)
    >>> through, border = shapely.linestrings([[(-50, 50), (150, 50)], [(0, 100.001), (100, 100.001)]])
    >>> lengths(zone, gpd.GeoDataFrame(geometry=[through, border], crs=4549)).toarray().tolist()
    [[100.0, 100.0]]
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
    return csr_array((length, (zone, row)), shape=(len(shapes), len(line)))


def _length_m(zones: gpd.GeoDataFrame, lines: gpd.GeoDataFrame, at: csr_array | None) -> NDArray[np.float64]:
    """(n,) length of all of them."""
    cut = lengths(zones, lines) if at is None else at
    return np.asarray(cut.sum(axis=1), dtype=np.float64)


def length_km(zones: gpd.GeoDataFrame, lines: gpd.GeoDataFrame, *, at: csr_array | None = None) -> pd.DataFrame:
    """Length of lines in each zone, km.

    Parameters
    ----------
    zones, lines
        As for :func:`lengths`.
    at
        What :func:`lengths` gives of them, where it is known.

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
    return figures(zones, _length_m(zones, lines, at) / 1e3)


def length_per_km2(zones: gpd.GeoDataFrame, lines: gpd.GeoDataFrame, *, at: csr_array | None = None) -> pd.DataFrame:
    """Length of lines per area of each zone, km/km².

    Parameters
    ----------
    zones, lines
        As for :func:`lengths`.
    at
        What :func:`lengths` gives of them, where it is known.

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
    return figures(
        zones, _length_m(zones, lines, at) / 1e3, np.nan_to_num(zones.area.to_numpy()) / M2_PER_KM2, none="no_area"
    )


def share_of_streets(
    zones: gpd.GeoDataFrame,
    streets: gpd.GeoDataFrame,
    whole: gpd.GeoDataFrame | None = None,
    *,
    hit: NDArray[np.bool_] | None = None,
    at: csr_array | None = None,
    whole_at: csr_array | None = None,
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
        (m,) which of ``streets`` hold.
    at, whole_at
        What :func:`lengths` gives of ``streets`` and of ``whole``, where it is known.

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
    cut = lengths(zones, streets) if at is None else at
    above = cut.sum(axis=1) if hit is None else cut @ hit.astype(np.float64)
    below = cut.sum(axis=1) if whole is None else _length_m(zones, whole, whole_at)
    found = figures(zones, above / 1e3, below / 1e3, none="no_streets")
    over = found["value"].notna() & ~at_most(found["value"].to_numpy(dtype=np.float64), 1.001)
    found["value"] = found["value"].clip(upper=1.0).mask(over)
    found["reason"] = found["reason"].mask(over, "more_than_whole")
    return found
