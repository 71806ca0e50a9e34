"""The list of weak areas: which are worse beyond chance, in which order, and which are the same place as one above."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from jxgis.space.points import locate_touching
from jxgis.statistics.fdr import benjamini_hochberg

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

__all__ = ["SAME_SHARE", "rank_areas"]

SAME_SHARE = 0.5
"""An area of whose issues more than this share lie in areas above it on the list is the same weak place as these."""


def rank_areas(areas: gpd.GeoDataFrame, issues: gpd.GeoDataFrame, *, alpha: float, min_issues: int) -> pd.DataFrame:
    """Say what becomes of each area: on the list, the same place as one on it, not significant, or not judged.

    Parameters
    ----------
    areas
        ``name, kind, issues, severity, p, hot_q, change, reason``, polygons.
    issues
        The points that were counted, in the same CRS.
    alpha
        Level of the false discovery rate over all areas that were tested.
    min_issues
        Fewer issues put no area on the list.

    Returns
    -------
    pandas.DataFrame
        On the index of the areas: ``q`` (Benjamini-Hochberg over the p of the list; of hot places that of the test which
        found them), ``q_from`` (``list``, ``hot_spots``), ``status`` (``weak``, ``same_place``, ``few_issues``,
        ``not_significant``, ``not_judged``), ``rank`` (of those that are weak: by severity, then q, then change),
        ``within`` (the name of the area above that it shares most issues with) and ``shared`` (of its issues, those in
        areas above it, 0–1).

    Examples
    --------
    >>> import geopandas as gpd, shapely
    >>> table = {"name": ["巷", "小区", "广场"], "kind": "k", "issues": [30, 50, 9], "severity": [4.0, 2.0, 1.1],
    ...          "p": [1e-9, 1e-6, 0.4], "hot_q": np.nan, "change": 0.0, "reason": None}
    >>> plots = gpd.GeoDataFrame(table, geometry=shapely.box([0, 0, 50], 0, [2, 3, 60], 1), crs=4549)
    >>> points = gpd.GeoDataFrame(geometry=gpd.points_from_xy([1] * 30 + [2.5] * 20 + [55] * 9, [0.5] * 59), crs=4549)
    >>> rank_areas(plots, points, alpha=0.05, min_issues=5)[["status", "rank", "within", "shared"]].values.tolist()
    [['weak', 1.0, nan, 0.0], ['same_place', nan, '巷', 0.6], ['not_significant', nan, nan, nan]]
    """
    hot_q = areas["hot_q"].to_numpy(dtype=np.float64)
    by_list = benjamini_hochberg(areas["p"])
    hot = ~np.isnan(hot_q)
    q = np.where(hot, hot_q, by_list)
    judged = ~np.isnan(q) & areas["reason"].isna().to_numpy()
    severity = areas["severity"].to_numpy(dtype=np.float64)
    sure = judged & (q <= alpha) & (severity > 1)
    enough = areas["issues"].to_numpy() >= min_issues
    status = np.select([~judged, ~sure, ~enough], ["not_judged", "not_significant", "few_issues"], "weak").astype(
        object
    )
    table = pd.DataFrame({"severity": -severity, "q": q, "change": -areas["change"].fillna(0), "name": areas["name"]})
    candidates = table.iloc[np.flatnonzero(status == "weak")].sort_values([*table.columns], kind="stable").index
    order = areas.index.get_indexer(candidates)
    within, shared = _same_place(areas, issues, order)
    status[order[shared[order] > SAME_SHARE]] = "same_place"
    rank = np.full(len(areas), np.nan)
    listed = order[status[order] == "weak"]
    rank[listed] = np.arange(1, len(listed) + 1)
    names = pd.array([*areas["name"].astype("str"), None], dtype="str")
    return pd.DataFrame(
        {
            "q": np.where(judged, q, np.nan),
            "q_from": pd.array(np.where(~judged, None, np.where(hot, "hot_spots", "list")), dtype="str"),
            "status": pd.array(status, dtype="str"),
            "rank": rank,
            "within": names[np.where(status == "same_place", within, -1)],
            "shared": shared,
        },
        index=areas.index,
    )


def _same_place(
    areas: gpd.GeoDataFrame, issues: gpd.GeoDataFrame, order: NDArray[np.intp]
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Down the list: of each area's issues those in areas that stand above it, and the one of these that has most of them."""
    within, shared = np.full(len(areas), -1, dtype=np.intp), np.full(len(areas), np.nan)
    point, place = locate_touching(issues, areas.iloc[order])
    of = [point[place == k] for k in range(len(order))]
    taken = np.zeros(len(issues), dtype=np.bool_)
    above: list[int] = []
    for k, own in enumerate(of):
        at = order[k]
        shared[at] = float(taken[own].mean()) if len(own) else 0.0
        if shared[at] <= SAME_SHARE:
            above.append(k)
            taken[own] = True
        else:
            most = max(above, key=lambda j: np.isin(own, of[j]).sum())
            within[at] = order[most]
    return within, shared
