"""What if: parks added, closed or enlarged, and what that does to coverage."""

from __future__ import annotations

from collections.abc import Iterable

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from jxgis._errors import InputError
from jxgis.crs import require_metric

__all__ = ["change_parks", "compare_coverage"]


def change_parks(
    parks: gpd.GeoDataFrame,
    *,
    add: gpd.GeoDataFrame | None = None,
    close: Iterable[str] = (),
    enlarge: gpd.GeoDataFrame | None = None,
) -> gpd.GeoDataFrame:
    """Make the parks of a plan from the parks of today.

    Parameters
    ----------
    parks
        Whole parks, from `whole.merge_parks`: ``park_id``, ``name``, ``area_m2``.
    add
        New parks, polygons; ``name`` is used where it is there. Their ids are ``new-1, new-2, …``.
    close
        Ids of parks that close.
    enlarge
        Polygons with ``park_id``: ground that joins that park.

    Returns
    -------
    geopandas.GeoDataFrame
        ``park_id, name, kind, parcels, area_m2, geometry`` and ``change`` (``added``, ``enlarged`` or none): ready
        for `radius.classify_parks`.

    Raises
    ------
    CrsError
        If the layers are not in one metric CRS.
    InputError
        If an id is not among the parks, or is to be closed and enlarged at once.

    Examples
    --------
    >>> from jxgis.parks.whole import merge_parks
    >>> today = merge_parks(gpd.GeoDataFrame(
    ...     {"park_id": ["a", "b"]}, geometry=[shapely.box(0, 0, 40, 40), shapely.box(90, 0, 99, 9)], crs=4549
    ... )).parks
    >>> more = gpd.GeoDataFrame({"park_id": ["a"]}, geometry=[shapely.box(40, 0, 60, 40)], crs=4549)
    >>> change_parks(today, close=["b"], enlarge=more)[["park_id", "area_m2", "change"]].values.tolist()
    [['a', 2400.0, 'enlarged']]
    """
    crs = require_metric(parks, "parks")
    closed = {str(one) for one in close}
    grown = set() if enlarge is None else {str(one) for one in enlarge["park_id"]}
    known = set(parks["park_id"])
    wrong = sorted((closed | grown) - known)
    if wrong:
        raise InputError(
            zh=f"公园图层里没有编号 {'、'.join(wrong)}；请核对 park_id。",
            en=f"There is no park {', '.join(wrong)} in the layer; check the park_id.",
        )
    if closed & grown:
        both = sorted(closed & grown)
        raise InputError(
            zh=f"公园 {'、'.join(both)} 不能既关闭又扩建。",
            en=f"{', '.join(both)} cannot be closed and enlarged at once.",
        )
    columns = ["park_id", "name", "kind", "parcels", "area_m2", "geometry"]
    plan = parks.loc[~parks["park_id"].isin(closed), columns].reset_index(drop=True)
    plan["change"] = None
    if enlarge is not None:
        require_metric(enlarge, "enlarge", crs)
        shape = plan.geometry.to_numpy().copy()
        of = pd.Index(plan["park_id"]).get_indexer(enlarge["park_id"].astype(str))
        for park in np.unique(of):
            shape[park] = shapely.union_all([shape[park], *enlarge.geometry.to_numpy()[of == park]])
        plan = plan.set_geometry(gpd.GeoSeries(shape, crs=crs))
        plan["area_m2"] = plan.area
        plan.loc[np.unique(of), "change"] = "enlarged"
    if add is not None and len(add):
        require_metric(add, "add", crs)
        new = gpd.GeoDataFrame(
            {
                "park_id": [f"new-{i}" for i in range(1, len(add) + 1)],
                "name": add["name"].to_numpy() if "name" in add.columns else None,
                "kind": None,
                "parcels": 1,
                "area_m2": add.area.to_numpy(),
                "change": "added",
            },
            geometry=add.geometry.to_numpy(),
            crs=crs,
        )
        plan = pd.concat([plan, new], ignore_index=True)
    return plan


def compare_coverage(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """Set two coverage tables side by side.

    Parameters
    ----------
    before, after
        Contract tables ``coverage`` of two runs over the same zones, methods and standard.

    Returns
    -------
    pandas.DataFrame
        ``zone, method, standard, residential_m2, coverage_before, coverage_after, change`` (in points of share) and
        ``change_m2`` of served housing, in the order of ``before``.

    Raises
    ------
    InputError
        If the runs have no zone in common, or were measured by other standards or other housing.

    Examples
    --------
    >>> row = {"zone": ["all"], "method": ["radius"], "standard": ["s"], "residential_m2": [100.0]}
    >>> before = pd.DataFrame({**row, "served_m2": [80.0], "coverage": [0.8]})
    >>> after = pd.DataFrame({**row, "served_m2": [95.0], "coverage": [0.95]})
    >>> compare_coverage(before, after)["change"].round(3).tolist()
    [0.15]
    """
    key = ["zone", "method", "standard"]
    values = ["residential_m2", "served_m2", "coverage"]
    both = before[key + values].merge(after[key + values], on=key, how="inner", suffixes=("_before", "_after"))
    if both.empty:
        raise InputError(
            zh="两次结果没有相同的分区、方法和标准，无法比较。",
            en="The two runs share no zone, method and standard: there is nothing to compare.",
        )
    if not np.allclose(both["residential_m2_before"], both["residential_m2_after"], equal_nan=True):
        raise InputError(
            zh="两次结果的居住用地面积不同，覆盖率的分母不一样；请用同一居住用地图层重算。",
            en="The two runs have other housing, so that their coverage has other denominators; measure both on one "
            "residential layer.",
        )
    return pd.DataFrame(
        {
            **{column: both[column] for column in key},
            "residential_m2": both["residential_m2_before"],
            "coverage_before": both["coverage_before"],
            "coverage_after": both["coverage_after"],
            "change": both["coverage_after"] - both["coverage_before"],
            "change_m2": both["served_m2_after"] - both["served_m2_before"],
        }
    )
