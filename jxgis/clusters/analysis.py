"""`jxgis clusters`: group the issues that lie densely, of all classes and of each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd

from jxgis.clusters.dbscan import dense_groups
from jxgis.clusters.density import FEWEST, dense_from, suggest_eps
from jxgis.clusters.hdbscan import stable_groups
from jxgis.clusters.result import ClustersResult
from jxgis.clusters.table import describe_clusters
from jxgis.crs import require_metric
from jxgis.errors import InputError
from jxgis.given import given_tables
from jxgis.hotspots.counted import class_names, classes_asked, with_zones
from jxgis.i18n import text_pair
from jxgis.part import Given
from jxgis.settings import ClusterSettings, with_options
from jxgis.space.points import locate
from jxgis.zones import ALL

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["analyse", "find_clusters"]

_DISTANCES_M = (50.0, 100.0, 150.0, 200.0, 300.0)
"""Distances whose clusters are told beside those of the one chosen."""


@with_options(ClusterSettings)
def find_clusters(
    issues: gpd.GeoDataFrame,
    districts: gpd.GeoDataFrame,
    *,
    subdistricts: gpd.GeoDataFrame | None = None,
    places: gpd.GeoDataFrame | None = None,
    streets: gpd.GeoDataFrame | None = None,
    lang: str = "zh",
    sketch: bool = False,
    **options: Any,
) -> ClustersResult:
    """Find the clusters of all issues and of each class: groups that lie densely. Nothing is tested.

    Parameters
    ----------
    issues
        Points in a metric CRS; where present ``issue_class, sub_type, department``.
    districts
        Polygons of the city with ``name``, in the same CRS as every other layer; issues outside take no part.
    subdistricts
        Polygons with ``name``, for where a cluster is.
    places, streets
        ``name``: what clusters are named after.
    lang, sketch
        ``"zh"`` or ``"en"``; whether what is drawn is marked as schematic: the polygons are not official.
    **options
        What :class:`jxgis.settings.ClusterSettings` holds: ``eps_m``, ``min_points``, ``method`` and so on.

    Returns
    -------
    ClustersResult

    Raises
    ------
    CrsError
        If the layers are not in one metric CRS.
    InputError
        If no issue lies in the city, a class is called ``all``, or there are too many for the method.
    MissingPackageError
        If ``method`` is ``"hdbscan"`` and scikit-learn is not installed.
    SettingsError
        If an option is unknown or out of range.

    Examples
    --------
    >>> import shapely
    >>> x = np.concatenate([np.linspace(900, 1100, 60), np.linspace(50, 3950, 40)])
    >>> issues = gpd.GeoDataFrame({"issue_class": ["街面秩序"] * 100}, geometry=gpd.points_from_xy(x, x), crs=4549)
    >>> city = gpd.GeoDataFrame({"name": ["老城"]}, geometry=[shapely.box(0, 0, 4000, 4000)], crs=4549)
    >>> result = find_clusters(issues, city)
    >>> result.clusters[["cluster_id", "issue_class", "name", "issues"]].values.tolist()
    [[1, 'all', '老城一带', 64], [2, '街面秩序', '老城一带', 64]]
    >>> result.clusters["area_km2"].round(3).tolist()
    [0.022, 0.022]
    """
    layers = {
        "issues": issues, "districts": districts, "subdistricts": subdistricts, "places": places, "streets": streets,
    }  # fmt: skip
    given = given_tables(layers, needs=("issues", "districts"), lang=lang, sketch=sketch, clusters=options)
    return analyse(given)


def analyse(given: Given) -> ClustersResult:
    """Group the issues of what a part was handed; see :func:`find_clusters`.

    Parameters
    ----------
    given
        The layers and ``[clusters]``; of a project its city's classes.
    """
    options, districts = given.settings.clusters, given.need("districts")
    issues, outside = _inside(given)
    west, south, east, north = districts.total_bounds
    if options.eps_m > (longest := max(east - west, north - south)):
        raise InputError.saying(text_pair("clusters.eps_too_large", eps=f"{options.eps_m:g}", city=f"{longest:,.0f}"))
    area_m2 = float(districts.geometry.union_all().area)
    names = class_names(issues["issue_class"], classes_asked(given, options.classes))
    of_class = issues["issue_class"].astype(object).to_numpy()
    x, y = (getattr(issues.geometry, axis).to_numpy(dtype=np.float64) for axis in "xy")
    fewest = max(FEWEST, given.settings.report.min_count)

    def dense(n: int, eps_m: float) -> int:
        if options.min_points is not None:
            return options.min_points
        return dense_from(n, area_m2, eps_m=eps_m, density_times=options.density_times, fewest=fewest)

    found, members = [], {}
    counts: list[tuple[str, int, int]] = []
    for name in (ALL, *names):
        own = np.ones(len(issues), dtype=bool) if name == ALL else of_class == name
        min_points = dense(int(own.sum()), options.eps_m)
        cluster = _group(x[own], y[own], options, min_points)
        counts.append((name, int(own.sum()), min_points))
        members[name] = np.full(len(issues), -1, dtype=np.int64)
        members[name][own] = cluster
        found.append(
            describe_clusters(
                gpd.GeoDataFrame(issues[own]), cluster, name, eps_m=options.eps_m, ground=given.ground, lang=given.lang
            )
        )
    table = gpd.GeoDataFrame(pd.concat(found, ignore_index=True), crs=given.crs)
    table.insert(0, "cluster_id", np.arange(1, len(table) + 1))
    distances = sorted({*_DISTANCES_M, options.eps_m})
    return ClustersResult(
        given=given,
        clusters=table,
        classes=_classes(counts, members),
        distances=suggest_eps(x, y, distances, lambda eps_m: dense(len(x), eps_m)),
        issues=issues,
        members=members,
        outside=outside,
    )


def _inside(given: Given) -> tuple[gpd.GeoDataFrame, int]:
    """The issues in the city with class and zones, and how many lie outside."""
    issues, districts = given.need("issues"), given.need("districts")
    require_metric(issues, "issues", like=given.crs)
    zones = {"district": districts, "subdistrict": given.table("subdistricts")}
    known = {level: polygons for level, polygons in zones.items() if polygons is not None}
    zone_of = {level: locate(issues, polygons) for level, polygons in known.items()}
    inside = zone_of["district"] >= 0
    if not inside.any():
        raise InputError.saying(text_pair("clusters.no_issues_inside", n=f"{len(issues):,}"))
    located = with_zones(issues, known, zone_of)[inside]
    return gpd.GeoDataFrame(located), int((~inside).sum())


def _group(
    x: NDArray[np.float64], y: NDArray[np.float64], options: ClusterSettings, min_points: int
) -> NDArray[np.int64]:
    if options.method == "hdbscan":
        return stable_groups(x, y, min_points=min_points)
    return dense_groups(x, y, eps_m=options.eps_m, min_points=min_points).cluster


def _classes(counts: list[tuple[str, int, int]], members: dict[str, NDArray[np.int64]]) -> pd.DataFrame:
    """What was found of each class."""
    rows = []
    for name, n, min_points in counts:
        sizes = np.bincount(members[name][members[name] >= 0])
        shares = (sizes.sum() / n, sizes.max(initial=0) / n) if n else (np.nan, np.nan)
        rows.append((name, n, min_points, len(sizes), int(sizes.sum()), *shares))
    columns = ["issue_class", "issues", "min_points", "clusters", "clustered", "share_clustered", "share_largest"]
    return pd.DataFrame(rows, columns=columns)
