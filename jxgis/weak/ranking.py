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

__all__ = ["rank_areas"]

_SAME_SHARE = 0.5
"""An area of whose issues more than this share lie in smaller areas of the list is the same weak place as these."""


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
        ``shared`` (of its issues, those in smaller areas of the list, 0–1) and ``within``: of the same place the smaller
        area that it shares most issues with, of one on the list the larger one there that holds more than half of its
        issues. The particular goes before the general: a market stands beside the unit around it, and says so.

    Examples
    --------
    >>> import geopandas as gpd, shapely
    >>> table = {"name": ["巷", "小区", "广场"], "kind": "k", "issues": [30, 50, 9], "severity": [2.0, 4.0, 1.1],
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
    candidates = np.flatnonzero(status == "weak")
    shared, within = _same_place(areas, issues, candidates)
    status[candidates[shared[candidates] > _SAME_SHARE]] = "same_place"
    table = pd.DataFrame({"severity": -severity, "q": q, "change": -areas["change"].fillna(0), "name": areas["name"]})
    listed = np.flatnonzero(status == "weak")
    listed = listed[np.lexsort([table[name].iloc[listed] for name in ("name", "change", "q", "severity")])]
    rank = np.full(len(areas), np.nan)
    rank[listed] = np.arange(1, len(listed) + 1)
    names = pd.array([*areas["name"].astype("str"), None], dtype="str")
    return pd.DataFrame(
        {
            "q": np.where(judged, q, np.nan),
            "q_from": pd.Series(np.where(hot, "hot_spots", "list"), areas.index, dtype="str").where(judged),
            "status": pd.array(status, dtype="str"),
            "rank": rank,
            "within": names[within],
            "shared": shared,
        },
        index=areas.index,
    )


def _same_place(
    areas: gpd.GeoDataFrame, issues: gpd.GeoDataFrame, candidates: NDArray[np.intp]
) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """From the smallest to the largest: of each area's issues those in smaller ones of the list, and whom it overlaps.

    That is the one that has most of its issues: of those smaller that make it the same place; else of those larger on the
    list that hold more than half of them.
    """
    shared, within = np.full(len(areas), np.nan), np.full(len(areas), -1, dtype=np.intp)
    severity, size = areas["severity"].to_numpy()[candidates], areas.area.to_numpy()[candidates].round(3)
    order = candidates[np.lexsort([areas["name"].iloc[candidates], -severity, size])]
    point, place = locate_touching(issues, areas.iloc[order])
    of = [point[place == k] for k in range(len(order))]
    taken = np.zeros(len(issues), dtype=np.bool_)
    listed: list[int] = []
    for k, own in enumerate(of):
        shared[order[k]] = float(taken[own].mean()) if len(own) else 0.0
        if shared[order[k]] > _SAME_SHARE:
            within[order[k]] = order[max(listed, key=lambda j: np.isin(own, of[j]).sum())]
        else:
            listed.append(k)
            taken[own] = True
    for at, k in enumerate(listed):
        held = [float(np.isin(of[k], of[j]).mean()) if len(of[k]) else 0.0 for j in listed[at + 1 :]]
        if held and max(held) > _SAME_SHARE:
            within[order[k]] = order[listed[at + 1 + int(np.argmax(held))]]
    return shared, within
