"""The plan's four findings as tables: overall, concentrated, different, diverse (总体性、集中性、差异性、多样性)."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.sparse import csr_array

from jxgis.crs import M2_PER_KM2, require_metric
from jxgis.errors import InputError
from jxgis.settings import HOTSPOTS
from jxgis.space.overlay import pieces
from jxgis.space.points import locate
from jxgis.space.ratio import ratio
from jxgis.statistics.fdr import is_hot
from jxgis.zones import ALL, zone_names

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from jxgis.space.grid import Grid

    _Flags = dict[str, NDArray[np.bool_]]

__all__ = ["class_overlap", "concentration", "diversity", "inside_ring", "zone_table"]

_TOP = (1, 3, 5, 10)


def zone_table(
    issues: gpd.GeoDataFrame,
    zones: Mapping[str, gpd.GeoDataFrame],
    classes: Sequence[str],
    *,
    cells: pd.DataFrame,
    grid: Grid,
    alpha: float = HOTSPOTS.alpha,
    zone_of: Mapping[str, NDArray[np.int64]] | None = None,
) -> gpd.GeoDataFrame:
    """Count issues by zone and class, and compare each zone's mix with the city's.

    Parameters
    ----------
    issues
        ``issue_class``, points.
    zones
        Level (``"district"``, ``"subdistrict"``) to its polygons with ``name``; a point on a shared edge counts for
        the first.
    classes
        The classes, in the order of the result; ``all`` goes before them.
    cells
        ``issue_class, gi_z, gi_q`` in the grid's order, for the share that is hot.
    grid
        The cells.
    alpha
        Cells with gi_z > 0 and gi_q ≤ ``alpha`` are hot.
    zone_of
        Level to the row number of each issue's polygon, -1 for none, where it is known already.

    Returns
    -------
    geopandas.GeoDataFrame
        One row a (zone, level, issue_class): ``zone, level, issue_class, count, area_km2, per_km2``;
        ``location_quotient``, the class's share of the zone's issues over its share of the city's (1 for ``all``, NaN
        where the zone or the class has none); ``share_hot``, of the zone's area that of hot cells in it (NaN where no
        cell in it was judged in the class); ``geometry``.

    Raises
    ------
    CrsError
        If zones and issues are not in the grid's CRS.
    InputError
        If two zones of a level share a name, or one is ``all``.

    Examples
    --------
    >>> import geopandas as gpd, pyproj
    >>> from jxgis.space.grid import grid_over
    >>> zone = gpd.GeoDataFrame({"name": ["老城", "塘汇"]}, geometry=shapely.box([0, 1000], 0, [1000, 2000], 1000), crs=4549)
    >>> grid = grid_over(zone, cell_m=500)
    >>> cells = pd.DataFrame({"issue_class": "all", "gi_z": [2.0] * 2 + [0] * 6, "gi_q": [0.01] * 2 + [0.9] * 6})
    >>> issues = gpd.GeoDataFrame({"issue_class": ["甲", "甲", "乙"]}, crs=4549,
    ...                           geometry=gpd.points_from_xy([1, 2, 1500], [1, 2, 3]))
    >>> table = zone_table(issues, {"district": zone}, ["甲"], cells=cells, grid=grid)
    >>> table[["zone", "issue_class", "count", "per_km2", "location_quotient", "share_hot"]]
      zone issue_class  count  per_km2  location_quotient  share_hot
    0   老城         all      2      2.0                1.0        0.5
    1   老城           甲      2      2.0                1.5        NaN
    2   塘汇         all      1      1.0                1.0        0.0
    3   塘汇           甲      0      0.0                0.0        NaN
    """
    names = [ALL, *classes]
    code = pd.Index(list(classes), dtype=object).get_indexer(issues["issue_class"].astype(object)).astype(np.int64)
    city = np.concatenate([[len(issues)], np.bincount(code[code >= 0], minlength=len(classes))])
    hot, judged = _hot(cells, alpha, len(grid))
    tables = []
    for level, polygons in zones.items():
        require_metric(polygons, level, like=require_metric(issues, "issues", like=grid.crs))
        n = len(polygons)
        names_of = zone_names(polygons)
        zone = locate(issues, polygons) if zone_of is None else zone_of[level]
        counts = _count(zone, code, n, len(classes))
        held, area_m2 = _held_m2(grid, polygons), polygons.geometry.area.to_numpy()
        share_hot = np.full((n, len(names)), np.nan)
        for column, name in enumerate(names):
            if name in hot:
                known = held @ judged[name].astype(np.float64) > 0
                share_hot[:, column] = np.where(known, ratio(held @ hot[name].astype(np.float64), area_m2), np.nan)
        area = area_m2 / M2_PER_KM2
        quotient = ratio(ratio(counts, counts[:, :1]), ratio(city, city[0]))
        tables.append(
            pd.DataFrame(
                {
                    "zone": np.repeat(np.array(names_of, dtype=object), len(names)),
                    "level": level,
                    "issue_class": names * n,
                    "count": counts.ravel(),
                    "area_km2": np.repeat(area, len(names)),
                    "per_km2": (counts / area[:, None]).ravel(),
                    "location_quotient": quotient.ravel(),
                    "share_hot": share_hot.ravel(),
                    "geometry": np.repeat(polygons.geometry.to_numpy(), len(names)),
                }
            )
        )
    columns = ["zone", "level", "issue_class", "count", "area_km2", "per_km2", "location_quotient", "share_hot"]
    joined = pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=[*columns, "geometry"])
    return gpd.GeoDataFrame(joined, geometry="geometry", crs=grid.crs)


def diversity(zones: pd.DataFrame, classes: Sequence[str]) -> pd.DataFrame:
    """Measure how mixed the issues of each zone are (多样性).

    Parameters
    ----------
    zones
        As :func:`zone_table` gives it.
    classes
        The classes of the mix.

    Returns
    -------
    pandas.DataFrame
        One row a (zone, level): ``issues`` of these classes, ``entropy`` (Shannon, natural logarithm), ``evenness``
        (entropy / ln K, 0–1), ``effective_classes`` (exp of the entropy: as many equal classes would be as mixed),
        ``main_class`` and ``main_share``; missing where the zone has no issues.

    References
    ----------
    Shannon (1948); Hill (1973), Diversity and evenness, Ecology 54.

    Examples
    --------
    >>> zones = pd.DataFrame({"zone": "老城", "level": "district", "issue_class": ["甲", "乙"], "count": [5, 5]})
    >>> diversity(zones, ["甲", "乙"])[["issues", "evenness", "effective_classes", "main_class"]]
       issues  evenness  effective_classes main_class
    0      10       1.0                2.0          甲
    """
    wide = zones[zones["issue_class"].isin(list(classes))].pivot_table(
        index=["zone", "level"], columns="issue_class", values="count", aggfunc="sum", sort=False
    )
    counts = wide.reindex(columns=list(classes), fill_value=0).to_numpy(dtype=np.float64)
    total = counts.sum(axis=1)
    has = total > 0
    share = ratio(counts, total[:, None], none=0)
    terms = np.where(share > 0, share * np.log(np.where(share > 0, share, 1.0)), 0.0)
    entropy = np.where(has, -terms.sum(axis=1), np.nan)
    main = share.argmax(axis=1) if len(classes) else np.empty(0, dtype=np.int64)
    return pd.DataFrame(
        {
            "zone": wide.index.get_level_values("zone"),
            "level": wide.index.get_level_values("level"),
            "issues": total.astype(np.int64),
            "entropy": entropy,
            "evenness": entropy / np.log(len(classes)) if len(classes) > 1 else np.full(len(total), np.nan),
            "effective_classes": np.exp(entropy),
            "main_class": np.where(has, np.array(list(classes), dtype=object)[main], None),
            "main_share": np.where(has, share.max(axis=1, initial=0.0), np.nan),
        }
    )


def class_overlap(
    cells: pd.DataFrame, classes: Sequence[str], *, cell_m: float, alpha: float = HOTSPOTS.alpha
) -> pd.DataFrame:
    """Measure how far the hot cells of two classes are the same cells (差异性).

    Parameters
    ----------
    cells
        ``cell_id, issue_class, gi_z, gi_q``, all classes over the same cells in the same order.
    classes
        The classes to compare.
    cell_m
        Side of a cell, metres.
    alpha
        Cells with gi_z > 0 and gi_q ≤ ``alpha`` are hot.

    Returns
    -------
    pandas.DataFrame
        One row a pair: ``class_a, class_b, hot_a_km2, hot_b_km2, both_km2``, ``jaccard`` (both / either, NaN where
        one of them is hot nowhere: there is nothing to overlap), ``shared_of_a`` and ``shared_of_b`` (both / own).

    Examples
    --------
    >>> cells = pd.DataFrame({"issue_class": ["甲"] * 3 + ["乙"] * 3, "gi_z": 3.0, "gi_q": [0, 0, 1, 1, 0, 0.01]})
    >>> class_overlap(cells, ["甲", "乙"], cell_m=1000)[["both_km2", "jaccard", "shared_of_a"]]
       both_km2   jaccard  shared_of_a
    0       1.0  0.333333          0.5
    """
    sizes = cells.groupby("issue_class", sort=False).size()
    hot, _ = _hot(cells, alpha, int(sizes.iloc[0]) if len(sizes) else 0)
    square = cell_m**2 / M2_PER_KM2
    rows = []
    for first, second in combinations([name for name in classes if name in hot], 2):
        own, other = int(hot[first].sum()), int(hot[second].sum())
        both = int((hot[first] & hot[second]).sum())
        rows.append(
            {
                "class_a": first,
                "class_b": second,
                "hot_a_km2": own * square,
                "hot_b_km2": other * square,
                "both_km2": both * square,
                "jaccard": float(ratio(both, own + other - both)) if own and other else float("nan"),
                "shared_of_a": float(ratio(both, own)),
                "shared_of_b": float(ratio(both, other)),
            }
        )
    columns = ["class_a", "class_b", "hot_a_km2", "hot_b_km2", "both_km2", "jaccard", "shared_of_a", "shared_of_b"]
    return pd.DataFrame(rows, columns=columns)


def inside_ring(
    issues: gpd.GeoDataFrame,
    ring: gpd.GeoDataFrame | gpd.GeoSeries,
    area: gpd.GeoDataFrame | gpd.GeoSeries,
    classes: Sequence[str],
) -> pd.DataFrame:
    """Share of each class inside a ring such as 中环, beside the ring's share of the area (总体性).

    Parameters
    ----------
    issues
        ``issue_class``, points in the study area.
    ring
        The polygon, or polygons, that the ring encloses (a ring road given as a closed line, or as roads that
        cross one another, counts as its inside).
    area
        The study area.
    classes
        The classes; ``all`` goes before them.

    Returns
    -------
    pandas.DataFrame
        One row a class: ``issue_class, issues, inside, share_inside`` (NaN without issues), ``share_area`` (of the
        study area) and ``ratio`` (share_inside / share_area).

    Raises
    ------
    InputError
        If the ring encloses nothing.

    Examples
    --------
    >>> import geopandas as gpd
    >>> area = gpd.GeoSeries([shapely.box(0, 0, 10, 10)], crs=4549)
    >>> ring = gpd.GeoSeries([shapely.LineString([(0, 0), (5, 0), (5, 5), (0, 5), (0, 0)])], crs=4549)
    >>> issues = gpd.GeoDataFrame({"issue_class": ["甲", "甲"]}, geometry=gpd.points_from_xy([1, 9], [1, 9]), crs=4549)
    >>> inside_ring(issues, ring, area, ["甲"])
      issue_class  issues  inside  share_inside  share_area  ratio
    0         all       2       1           0.5        0.25    2.0
    1           甲       2       1           0.5        0.25    2.0
    """
    crs = require_metric(issues, "issues")
    require_metric(ring, "ring", like=crs)
    require_metric(area, "area", like=crs)
    shapes = shapely.get_parts(ring.geometry.to_numpy())
    lines = shapes[shapely.get_dimensions(shapes) == 1]
    # Four roads of a ring cross where they meet: cut at their crossings they close, and what sticks out is left.
    noded = shapely.get_parts(shapely.union_all(lines)) if len(lines) else lines
    closed = shapely.get_parts(shapely.polygonize(noded)) if len(lines) else lines
    enclosed = shapely.union_all([*shapes[shapely.get_dimensions(shapes) == 2], *closed])
    if enclosed.is_empty:
        raise InputError(
            zh="环线没有围成任何面；请给出面，或首尾相接的线。",
            en="the ring encloses nothing; give a polygon, or lines that close.",
        )
    whole = shapely.union_all(area.geometry.to_numpy())
    share_area = shapely.area(shapely.intersection(enclosed, whole)) / shapely.area(whole)
    shapely.prepare(enclosed)
    inside = shapely.intersects_xy(enclosed, issues.geometry.x.to_numpy(), issues.geometry.y.to_numpy())
    rows = []
    for name in [ALL, *classes]:
        of_class = np.ones(len(issues), dtype=bool) if name == ALL else (issues["issue_class"] == name).to_numpy()
        n, n_inside = int(of_class.sum()), int((of_class & inside).sum())
        share = float(ratio(n_inside, n))
        rows.append(
            {
                "issue_class": name,
                "issues": n,
                "inside": n_inside,
                "share_inside": share,
                "share_area": share_area,
                "ratio": float(ratio(share, share_area)),
            }
        )
    return pd.DataFrame(rows)


def concentration(cells: pd.DataFrame, places: pd.DataFrame) -> pd.DataFrame:
    """Say how concentrated each class is: its top places, and the cells that hold half of it (集中性).

    Parameters
    ----------
    cells
        ``issue_class, count``, all cells of the grid for each class.
    places
        ``issue_class, rank, share_issues, share_area`` as :func:`jxgis.hotspots.places.hot_places` gives them.

    Returns
    -------
    pandas.DataFrame
        One row a class: ``issue_class, issues, places``; ``top1_share, top3_share, top5_share, top10_share`` of the
        issues in the first places, and ``top1_area`` … the share of the cells that they cover; ``half_in_area``, the
        smallest share of the cells that holds half of the issues; ``gini`` of the counts (0: all cells equal). NaN
        where the class has no issues.

    Examples
    --------
    >>> cells = pd.DataFrame({"issue_class": "all", "count": [0, 0, 1, 3]})
    >>> places = pd.DataFrame({"issue_class": ["all"], "rank": [1], "share_issues": [0.75], "share_area": [0.25]})
    >>> concentration(cells, places)[["top1_share", "top1_area", "half_in_area", "gini"]]
       top1_share  top1_area  half_in_area   gini
    0        0.75       0.25          0.25  0.625
    """
    rows = []
    for name, of_class in cells.groupby("issue_class", sort=False):
        own = places[places["issue_class"] == name].sort_values("rank")
        count = np.sort(of_class["count"].to_numpy(dtype=np.float64))[::-1]
        total, n = float(count.sum()), count.size
        row: dict[str, object] = {"issue_class": name, "issues": round(total), "places": len(own)}
        for top in _TOP:
            first = own.head(top)
            row[f"top{top}_share"] = float(first["share_issues"].sum()) if total else np.nan
            row[f"top{top}_area"] = float(first["share_area"].sum()) if total else np.nan
        if total:
            half = int(np.searchsorted(np.cumsum(count), total / 2)) + 1
            row["half_in_area"] = half / n
            # Gini of the ordered values: (n + 1 − 2 Σ of the cumulated shares, from the smallest up) / n.
            row["gini"] = (n + 1 - 2 * float(np.cumsum(count[::-1]).sum()) / total) / n
        else:
            row["half_in_area"] = row["gini"] = np.nan
        rows.append(row)
    return pd.DataFrame(rows)


def _hot(cells: pd.DataFrame, alpha: float, n_cells: int) -> tuple[_Flags, _Flags]:
    """Hot and judged cells of each class, (n_cells,) each; a class of which no cell was judged is not among them."""
    hot: _Flags = {}
    judged: _Flags = {}
    for name, of_class in cells.groupby("issue_class", sort=False):
        if len(of_class) != n_cells:
            raise InputError(
                zh=f"类别 {name} 有 {len(of_class)} 个格，应有 {n_cells} 个；cells 须含每一类的全部格。",
                en=f"class {name} has {len(of_class)} cells, not {n_cells}; cells must hold all cells of each class.",
            )
        known = of_class["gi_q"].notna().to_numpy()
        if known.any():
            hot[str(name)], judged[str(name)] = is_hot(of_class["gi_z"], of_class["gi_q"], alpha), known
    return hot, judged


def _count(zone: NDArray[np.int64], code: NDArray[np.int64], n_zones: int, n_classes: int) -> NDArray[np.int64]:
    """(n_zones, 1 + n_classes): all issues, then each class."""
    counts = np.zeros((n_zones, 1 + n_classes), dtype=np.int64)
    inside = zone >= 0
    counts[:, 0] = np.bincount(zone[inside], minlength=n_zones)
    known = inside & (code >= 0)
    counts[:, 1:] = np.bincount(zone[known] * n_classes + code[known], minlength=n_zones * n_classes).reshape(
        n_zones, n_classes
    )
    return counts


def _held_m2(grid: Grid, polygons: gpd.GeoDataFrame) -> csr_array:
    """How much of each cell lies in each polygon, m²: (polygons, cells)."""
    shapes, squares = polygons.geometry.to_numpy(), grid.cells().geometry.to_numpy()
    zone, cell, piece = pieces(shapes, squares)
    return csr_array((shapely.area(piece), (zone, cell)), shape=(len(shapes), len(squares)))
