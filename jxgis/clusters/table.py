"""What clusters are like: how many issues, on what ground, of what mix, where, and what they are called."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from jxgis.clusters.outlines import densest_spots, outline_clusters
from jxgis.crs import M2_PER_KM2
from jxgis.hotspots.counted import number_points, same_point_share
from jxgis.hotspots.names import distinct_names, encode, most_common
from jxgis.space.ratio import ratio
from jxgis.zones import ALL

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from jxgis.drawing.ground import Ground

__all__ = ["describe_clusters"]

_SPOT_M = 10.0
"""Half the side of what a name is looked for at."""


def describe_clusters(
    issues: gpd.GeoDataFrame, cluster: NDArray[np.int64], issue_class: str, *, eps_m: float, ground: Ground, lang: str
) -> gpd.GeoDataFrame:
    """The clusters of one class, the largest first.

    Parameters
    ----------
    issues
        (n,) points of the class in a metric CRS; where known ``issue_class, sub_type, department, district, subdistrict``.
    cluster
        (n,) number of the cluster of each, 0 the largest; -1 for none.
    issue_class
        The class; ``all`` for all.
    eps_m
        How far apart neighbours are at most, metres.
    ground
        What names are taken from.
    lang
        ``"zh"`` or ``"en"``.

    Returns
    -------
    geopandas.GeoDataFrame
        ``rank, issue_class, name`` (unique), ``district, subdistrict`` (of most of its issues), ``issues, share_issues``
        (of the class), ``area_km2, per_km2, main_class, main_share`` (of all issues alone), ``main_subclass,
        main_subclass_share, main_department, same_point_share`` (at its most common coordinates) and polygons.

    Examples
    --------
    >>> from jxgis.drawing.ground import NO_GROUND
    >>> issues = gpd.GeoDataFrame({"issue_class": ["甲", "甲", "乙"]}, geometry=gpd.points_from_xy([0, 0, 9], [0, 0, 9]), crs=4549)
    >>> found = describe_clusters(issues, np.zeros(3, dtype=np.int64), "all", eps_m=100, ground=NO_GROUND, lang="zh")
    >>> found[["name", "issues", "main_class", "same_point_share"]].round(2).values.tolist()
    [['未命名 1', 3, '甲', 0.67]]
    """
    n = int(cluster.max(initial=-1)) + 1
    x, y = (getattr(issues.geometry, axis).to_numpy(dtype=np.float64) for axis in "xy")
    size = np.bincount(cluster[cluster >= 0], minlength=n)
    outlines = outline_clusters(x, y, cluster, eps_m=eps_m)
    km2 = np.asarray(shapely.area(outlines) / M2_PER_KM2, dtype=np.float64).reshape(-1)

    def main(column: str) -> pd.DataFrame:
        values = issues[column] if column in issues.columns else pd.Series(None, index=issues.index, dtype=object)
        return most_common(cluster, encode(values), n)

    of_class = (
        main("issue_class") if issue_class == ALL else most_common(cluster[:0], encode(pd.Series(dtype=object)), n)
    )
    sub_type = main("sub_type")
    return gpd.GeoDataFrame(
        {
            "rank": np.arange(1, n + 1),
            "issue_class": np.full(n, issue_class, dtype=object),
            "name": _names(x, y, cluster, issues.crs, eps_m, ground, lang),
            "district": main("district")["value"],
            "subdistrict": main("subdistrict")["value"],
            "issues": size,
            "share_issues": size / max(len(issues), 1),
            "area_km2": km2,
            "per_km2": ratio(size, km2),
            "main_class": of_class["value"],
            "main_share": of_class["share"],
            "main_subclass": sub_type["value"],
            "main_subclass_share": sub_type["share"],
            "main_department": main("department")["value"],
            "same_point_share": same_point_share(cluster, number_points(x, y), n),
        },
        geometry=outlines,
        crs=issues.crs,
    )


def _names(
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    cluster: NDArray[np.int64],
    crs: object,
    eps_m: float,
    ground: Ground,
    lang: str,
) -> pd.Series:
    """What people call where the issues of each lie densest, no two alike."""
    spots = shapely.buffer(densest_spots(x, y, cluster, side_m=eps_m), _SPOT_M, cap_style="square")
    return distinct_names(gpd.GeoDataFrame(geometry=spots, crs=crs), ground, lang=lang)
