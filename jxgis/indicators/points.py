"""Measures of things that stand somewhere: how many, how many kinds, one column over another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from jxgis import parse
from jxgis.crs import M2_PER_KM2, require_metric
from jxgis.errors import InputError
from jxgis.indicators.figures import figures
from jxgis.indicators.standing import Standing, coded, kinds, standing
from jxgis.privacy import quoted
from jxgis.space.ratio import ratio

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

__all__ = ["count", "count_per_km2", "diversity", "ratio_of_columns"]

_NO_DATA = (-999.0, -9999.0, -99999.0)  # what tables hold for no data, where numbers below 0 are allowed


def count(
    zones: gpd.GeoDataFrame, layer: gpd.GeoDataFrame, *, column: str | None = None, at: Standing | None = None
) -> pd.DataFrame:
    """Count the things in each zone, or add up a column of theirs.

    A thing on the border of two zones counts in both: each zone is judged for itself.

    Parameters
    ----------
    zones
        Polygons in a metric CRS.
    layer
        Things in the same CRS, each where `standing.spots` puts it.
    column
        Numbers to add up instead, such as the places of car parks; a null adds nothing.
    at
        Where the things stand, where that is known: from `standing.standing`.

    Returns
    -------
    pandas.DataFrame
        `figures`; the numerator is the value.

    Raises
    ------
    InputError
        If the column holds what is not a number, or is below 0.

    Examples
    --------
    >>> import geopandas as gpd
    >>> zones = gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 10, 10)], crs=4549)
    >>> parking = gpd.GeoDataFrame({"places": [30, 12, 5]}, geometry=gpd.points_from_xy([1, 10, 11], [1, 5, 5]), crs=4549)
    >>> count(zones, parking)["value"].item(), count(zones, parking, column="places")["value"].item()
    (2.0, 42.0)
    """
    at = at or standing(zones, layer)
    if column is None:
        return figures(zones, at.counts())
    return figures(zones, at.sums(np.nan_to_num(_numbers(layer, column))))


def count_per_km2(
    zones: gpd.GeoDataFrame, layer: gpd.GeoDataFrame, *, column: str | None = None, at: Standing | None = None
) -> pd.DataFrame:
    """Count the things in each zone per km² of it.

    Parameters
    ----------
    zones, layer, column, at
        As for :func:`count`.

    Returns
    -------
    pandas.DataFrame
        `figures`: the count over the area in km².

    Examples
    --------
    >>> import geopandas as gpd
    >>> zone = gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 2000, 1000)], crs=4549)
    >>> toilets = gpd.GeoDataFrame(geometry=gpd.points_from_xy([1, 2, 3], [1, 1, 1]), crs=4549)
    >>> count_per_km2(zone, toilets)["value"].item()
    1.5
    """
    found = count(zones, layer, column=column, at=at)["numerator"]
    return figures(zones, found, np.nan_to_num(zones.area.to_numpy()) / M2_PER_KM2, none="no_area")


def diversity(
    zones: gpd.GeoDataFrame, layer: gpd.GeoDataFrame, *, column: str, least: int = 10, at: Standing | None = None
) -> pd.DataFrame:
    """Measure how evenly the things in each zone are spread over the kinds of a column: normalised Shannon entropy.

    Parameters
    ----------
    zones, layer, at
        As for :func:`count`.
    column
        The kind of each; things without one do not count.
    least
        Fewest things for which a value is given: the entropy of a handful is biased downwards.

    Returns
    -------
    pandas.DataFrame
        `figures`: the entropy −Σ p ln p (numerator) over ln k (denominator), its maximum with the k kinds of the whole
        layer, so that a value does not hang on who else is measured. 0 is one kind alone, 1 all kinds alike.

    Notes
    -----
    Shannon (1948); normalised by its maximum, Pielou (1966).

    Examples
    --------
    >>> import geopandas as gpd
    >>> zones = gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 10, 10), shapely.box(20, 0, 30, 10)], crs=4549)
    >>> poi = gpd.GeoDataFrame({"kind": list("abaa")}, geometry=gpd.points_from_xy([1, 2, 25, 26], [1] * 4), crs=4549)
    >>> diversity(zones, poi, column="kind", least=2)["value"].tolist()
    [1.0, 0.0]
    """
    code, names = coded(layer[column])
    k, n = len(names), len(zones)
    cells = (at or standing(zones, layer)).sums(kinds(code, max(k, 1))).toarray()
    total = cells.sum(axis=1)
    share = ratio(cells, np.broadcast_to(total[:, None], cells.shape), none=0)
    entropy = -(share * np.log(share, out=np.zeros_like(share), where=share > 0)).sum(axis=1)
    if k < 2:
        return figures(zones, entropy, np.zeros(n), none="one_kind")
    found = figures(zones, entropy + 0.0, np.full(n, np.log(k)))
    short = total < least
    found["value"] = np.clip(found["value"], 0.0, 1.0).mask(short)
    found["reason"] = found["reason"].mask(short, np.where(total > 0, "too_few_rows", "nothing_there"))
    return found


def ratio_of_columns(zones: gpd.GeoDataFrame, layer: gpd.GeoDataFrame, *, column: str, over: str) -> pd.DataFrame:
    """Set one column of the things in each zone against another: Σa / Σb.

    Points count whole where they stand; polygons and lines by the part of them that lies in the zone, as if what they
    hold were spread evenly over them.

    Parameters
    ----------
    zones
        Polygons in a metric CRS.
    layer
        Rows in the same CRS.
    column, over
        Numerator and denominator; rows in which either is null do not count.

    Returns
    -------
    pandas.DataFrame
        `figures`.

    Raises
    ------
    InputError
        If one holds what is not a number or a code for no data such as -999, or the denominator is below 0.

    Examples
    --------
    >>> import geopandas as gpd
    >>> zone = gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 10, 10)], crs=4549)
    >>> estates = gpd.GeoDataFrame({"done": [30.0, 40.0], "all": [60.0, 40.0]},
    ...     geometry=[shapely.box(0, 0, 4, 4), shapely.box(8, 0, 12, 4)], crs=4549)
    >>> ratio_of_columns(zone, estates, column="done", over="all").iloc[0, :3].tolist()
    [0.625, 50.0, 80.0]
    """
    require_metric(layer, "layer", require_metric(zones, "zones"))
    above, below = _numbers(layer, column, least=-np.inf), _numbers(layer, over)
    known = ~(np.isnan(above) | np.isnan(below))
    shapes, size = layer.geometry.to_numpy()[known], np.zeros(int(known.sum()))
    kind = shapely.get_dimensions(shapes)
    size[kind == 1], size[kind == 2] = shapely.length(shapes[kind == 1]), shapely.area(shapes[kind == 2])
    zone, row = shapely.STRtree(shapes).query(zones.geometry.to_numpy(), predicate="intersects")
    part = np.ones(len(row))
    cut = kind[row] > 0
    piece = shapely.intersection(zones.geometry.to_numpy()[zone[cut]], shapes[row[cut]])
    inside = np.where(kind[row[cut]] == 2, shapely.area(piece), shapely.length(piece))
    part[cut] = ratio(inside, size[row[cut]], none=0)
    sums = [np.bincount(zone, weights=part * values[known][row], minlength=len(zones)) for values in (above, below)]
    return figures(zones, sums[0], sums[1], none="nothing_there")


def _numbers(layer: pd.DataFrame, column: str, *, least: float = 0.0) -> NDArray[np.float64]:
    """The numbers of a column, NaN where there is none."""
    found, bad = parse.numbers(layer[column], unit=None if "万" in column else "")
    wrong = np.flatnonzero(bad | (found < least).to_numpy() | found.isin(_NO_DATA).to_numpy())
    if wrong.size:
        first = quoted(layer[column].iloc[wrong[0]])
        sign_zh, sign_en = ("", "") if np.isinf(least) else (f"，或小于 {least:g}", f", or one below {least:g}")
        raise InputError(
            zh=f"要计算的列“{column}”有 {wrong.size} 行不是数{sign_zh}，如“{first}”；若是无数据的代号请清空，否则请改正。",
            en=f"The column {column!r} is to be added up, and {wrong.size} of its rows hold no number{sign_en}, such as {first!r}; "
            "empty it where it is a code for no data, or correct it.",
        )
    return found.to_numpy()
