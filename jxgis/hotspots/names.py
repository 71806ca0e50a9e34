"""Names for hot places: what a planner calls the spot, and where that name comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from jxgis.crs import require_metric

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

__all__ = ["most_common", "name_peaks", "streets_of"]


def streets_of(
    issues: gpd.GeoDataFrame | gpd.GeoSeries, streets: gpd.GeoDataFrame, *, reach_m: float = 100.0
) -> NDArray[np.object_]:
    """Name of the street that each issue is on.

    Parameters
    ----------
    issues
        Points in a metric CRS.
    streets
        ``name``, geometry; nameless streets count as none, so that a lane does not take the name of the avenue.
    reach_m
        A street farther than this is not the issue's, metres.

    Returns
    -------
    numpy.ndarray
        (n,) str, or None.

    Examples
    --------
    >>> import geopandas as gpd
    >>> streets = gpd.GeoDataFrame({"name": ["中山路"]}, geometry=[shapely.LineString([(0, 0), (900, 0)])], crs=4549)
    >>> streets_of(gpd.GeoSeries([shapely.Point(5, 20), shapely.Point(5, 500)], crs=4549), streets).tolist()
    ['中山路', None]
    """
    require_metric(streets, "streets", like=require_metric(issues, "issues"))
    found = np.full(len(issues), None, dtype=object)
    if len(streets):
        tree = shapely.STRtree(streets.geometry.to_numpy())
        issue, street = tree.query_nearest(issues.geometry.to_numpy(), max_distance=reach_m, all_matches=True)
        # At a crossing several streets are nearest: the first of the table, whatever the order of the tree.
        order = np.lexsort((street, issue))[::-1]
        names = _texts(streets["name"])
        found[issue[order]] = names[street[order]]
    return found


def most_common(group: NDArray[np.int64], values: pd.Series | NDArray[np.object_], n_groups: int) -> pd.DataFrame:
    """Most common value in each group, with its share of the group.

    Parameters
    ----------
    group
        (n,) int64, number of each row's group; -1 for rows in none.
    values
        (n,) text; missing and blank values are no value, but count in the share's denominator.
    n_groups
        Number of groups.

    Returns
    -------
    pandas.DataFrame
        ``value`` (None where the group has no value) and ``share`` (0–1, NaN likewise), one row a group; ties go to
        the value that sorts first.

    Examples
    --------
    >>> most_common(np.array([0, 0, 0, 1, -1]), np.array(["a", "b", "b", None, "c"], dtype=object), 2)
      value     share
    0     b  0.666667
    1  None       NaN
    """
    texts = _texts(values)
    size = np.bincount(group[group >= 0], minlength=n_groups)
    known = (group >= 0) & np.array([text is not None for text in texts], dtype=bool)
    result = pd.DataFrame({"value": np.full(n_groups, None, dtype=object), "share": np.full(n_groups, np.nan)})
    if known.any():
        tally = pd.DataFrame({"group": group[known], "value": texts[known].astype(str)}).value_counts().reset_index()
        tally = tally.sort_values(["group", "count", "value"], ascending=[True, False, True])
        first = tally.drop_duplicates("group")
        rows = first["group"].to_numpy()
        values_found, shares = result["value"].to_numpy(copy=True), result["share"].to_numpy(copy=True)
        values_found[rows] = first["value"].to_numpy(dtype=object)
        shares[rows] = first["count"].to_numpy() / size[rows]
        result = pd.DataFrame({"value": pd.Series(values_found, dtype=object), "share": shares})
    return result


def name_peaks(
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    *,
    places: gpd.GeoDataFrame | None,
    labels: gpd.GeoDataFrame | None,
    reach_m: float,
    label_reach_m: float,
    streets: NDArray[np.object_],
    field: NDArray[np.object_],
    subdistricts: NDArray[np.object_],
    cell_ids: NDArray[np.str_],
) -> pd.DataFrame:
    """Name each peak by the best thing known about it.

    In this order: the nearest named place within ``reach_m``; the street most of its cases are on; the value most
    of its cases share in a field of the export; the nearest of the profile's labels, which are good to a kilometre
    only; the sub-district; the cell.

    Parameters
    ----------
    x, y
        (n,) the peaks, metres.
    places, labels
        ``name``, points (or polygons) in the peaks' CRS; None where there are none.
    reach_m, label_reach_m
        How far a place, or a label, may lie.
    streets, field, subdistricts
        (n,) text or None: what most cases at each peak share.
    cell_ids
        (n,) the peaks' cells.

    Returns
    -------
    pandas.DataFrame
        ``name``; ``name_from``: ``place``, ``street``, ``field``, ``label``, ``subdistrict`` or ``cell``.
    """
    sources = {
        "place": _nearest(x, y, places, reach_m),
        "street": streets,
        "field": field,
        "label": _nearest(x, y, labels, label_reach_m),
        "subdistrict": subdistricts,
        "cell": cell_ids.astype(object),
    }
    name, name_from = np.full(x.size, None, dtype=object), np.full(x.size, None, dtype=object)
    for source, names in sources.items():
        use = np.array([had is None and new is not None for had, new in zip(name, names, strict=True)], dtype=bool)
        name[use], name_from[use] = names[use], source
    return pd.DataFrame({"name": name.astype(str), "name_from": name_from.astype(str)})


def _nearest(
    x: NDArray[np.float64], y: NDArray[np.float64], named: gpd.GeoDataFrame | None, reach_m: float
) -> NDArray[np.object_]:
    """Name of the nearest named thing within reach, or None; ties go to the first of the table."""
    found = np.full(x.size, None, dtype=object)
    if named is not None and len(named) and x.size:
        tree = shapely.STRtree(named.geometry.to_numpy())
        peak, thing = tree.query_nearest(shapely.points(x, y), max_distance=reach_m, all_matches=True)
        order = np.lexsort((thing, peak))[::-1]
        found[peak[order]] = _texts(named["name"])[thing[order]]
    return found


def _texts(values: pd.Series | NDArray[np.object_]) -> NDArray[np.object_]:
    """Trimmed text, None for missing and blank."""
    text = pd.Series(values).astype("string").str.strip()
    known = (text.notna() & (text != "")).to_numpy(dtype=bool, na_value=False)
    trimmed = np.full(len(text), None, dtype=object)
    trimmed[known] = text.to_numpy(dtype=object)[known]
    return trimmed
