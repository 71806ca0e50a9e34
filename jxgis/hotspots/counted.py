"""Issues counted: which are in the grid, of which class, in which zone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from jxgis.city import UNCLASSIFIED
from jxgis.crs import require_metric
from jxgis.errors import InputError, near
from jxgis.i18n import counted, listed
from jxgis.part import Given
from jxgis.schema.layers import nearest
from jxgis.space.count import count_points
from jxgis.space.grid import Grid, grid_over
from jxgis.space.points import locate
from jxgis.space.ratio import ratio
from jxgis.zones import ALL

__all__ = [
    "Counted",
    "class_names",
    "classes_asked",
    "count_issues",
    "number_points",
    "same_point_share",
    "with_zones",
]


@dataclass(frozen=True, eq=False)
class Counted:
    """Issues in the cells of a grid.

    Attributes
    ----------
    grid
        The cells.
    located
        All issues, with ``issue_class`` and the name of their zone of each level.
    zone_of
        Level to the row of each located issue's zone, -1 for none.
    inside
        The issues that are in a cell, k of them.
    x, y
        (k,) where they are.
    classes
        The classes in their order.
    code
        (k,) position in ``classes`` of the class of each; -1 where it is of none.
    counts
        Class, and ``all``, to the count of each cell.
    """

    grid: Grid
    located: gpd.GeoDataFrame
    zone_of: dict[str, NDArray[np.int64]]
    inside: gpd.GeoDataFrame
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    classes: list[str]
    code: NDArray[np.intp]
    counts: dict[str, NDArray[np.int64]]


def count_issues(
    issues: gpd.GeoDataFrame,
    area: gpd.GeoDataFrame | gpd.GeoSeries,
    zones: Mapping[str, gpd.GeoDataFrame],
    *,
    cell_m: float,
    classes: Sequence[str] | None = None,
) -> Counted:
    """Lay a grid over the area and count the issues in its cells, of all classes and of each.

    Parameters
    ----------
    issues
        Points in a metric CRS; ``issue_class`` where there is one.
    area
        Polygons of the study area.
    zones
        Level, such as ``district``, to polygons with ``name``.
    cell_m
        Side of a cell in metres.
    classes
        The classes in their order; by default those of the issues, sorted.

    Returns
    -------
    Counted

    Raises
    ------
    CrsError
        If the layers are not in one metric CRS.
    InputError
        If no cell has its centre in the area, no issue lies in it, or a class is called ``all``.

    Examples
    --------
    >>> issues = gpd.GeoDataFrame({"issue_class": ["甲", None]}, geometry=gpd.points_from_xy([50, 250], [50, 50]), crs=4549)
    >>> counted = count_issues(issues, gpd.GeoSeries([shapely.box(0, 0, 300, 100)], crs=4549), {}, cell_m=100)
    >>> {name: count.tolist() for name, count in counted.counts.items()}
    {'all': [1, 0, 1], '甲': [1, 0, 0]}
    """
    require_metric(issues, "issues", like=require_metric(area, "area"))
    grid = grid_over(area, cell_m=cell_m)
    zone_of = {level: locate(issues, polygons) for level, polygons in zones.items()}
    located = with_zones(issues, zones, zone_of)
    x, y = located.geometry.x.to_numpy(), located.geometry.y.to_numpy()
    inside = grid.index_of(x, y) >= 0
    if not inside.any():
        raise _none_inside(area, x, y, cell_m)
    counted, x, y = located[inside], x[inside], y[inside]
    names = class_names(counted["issue_class"], classes)
    code = pd.Index(names, dtype=object).get_indexer(counted["issue_class"].astype(object))
    known = code >= 0
    by_class, _ = count_points(grid, x[known], y[known], codes=code[known], n_classes=len(names))
    total, _ = count_points(grid, x, y)
    counts = {ALL: total[0], **dict(zip(names, by_class, strict=True))}
    return Counted(grid, located, zone_of, counted, x, y, names, code, counts)


def _none_inside(
    area: gpd.GeoDataFrame | gpd.GeoSeries, x: NDArray[np.float64], y: NDArray[np.float64], cell_m: float
) -> InputError:
    """What is wrong where no issue is in any cell."""
    if shapely.intersects_xy(area.geometry.union_all(), x, y).any():
        return InputError(
            zh=f"研究范围太小：有问题点落在范围内，但都不在中心位于范围内的 {cell_m:g} 米格中；请减小 cell_m。",
            en=f"The area is too small: issues lie in it, but in no cell of {cell_m:g} m whose centre does; "
            "lower cell_m.",
        )
    return InputError(
        zh=f"{len(x)} 个问题点没有一个落在研究范围内；请检查问题数据的坐标系（crs）和研究范围。",
        en=f"None of the {counted(len(x), 'issue', 'issues')} lies in the area; check the reference system (crs) of the issues, and the area.",
    )


def with_zones(
    issues: gpd.GeoDataFrame, levels: Mapping[str, gpd.GeoDataFrame], zone_of: Mapping[str, NDArray[np.int64]]
) -> gpd.GeoDataFrame:
    """The issues with a class and with the zones they lie in: located by geometry, whatever a column says."""
    table = issues if "issue_class" in issues.columns else issues.assign(issue_class=None)
    names = {level: np.array([*zones["name"], None], dtype=object) for level, zones in levels.items()}
    return table.assign(**{level: names[level][zone_of[level]] for level in levels})


def classes_asked(given: Given, asked: Sequence[str] | None) -> Sequence[str] | None:
    """The classes asked for, else the city's where its classes are the issues'; else None: those that the issues have.

    Raises
    ------
    InputError
        If the city has no class that is asked for, or, where its classes are not known, the name is near to one of the issues'
        that is not: that there is nothing of it would be a wrong 0.
    """
    issues, past = given.settings.inputs.issues, given.past()
    of_file = given.city is None or (issues is not None and issues.class_column is not None)
    own = () if given.city is None or of_file else tuple(given.city.classes)
    there = {*past["issue_class"].dropna().unique()} - {UNCLASSIFIED} if "issue_class" in past.columns else set()
    for name in sorted({*(asked or ())} - {*own, *there}):
        # Of classes that nobody declared, one may have no issue.
        meant = list(own) or sorted(there - {*(asked or ())})
        if own or near(name, meant):
            hint, known = nearest(name, meant), list(own) or sorted(there)
            raise InputError(
                zh=f"classes：没有类别“{name}”{hint.zh}已有：{listed(known, 'zh')}。",
                en=f"classes: no class {name!r}{hint.en} There are: {listed(known, 'en')}.",
            )
    return list(own) if asked is None and not of_file else asked


def class_names(of_issues: pd.Series, classes: Sequence[str] | None) -> list[str]:
    """The classes in their order: those asked for, else those of the issues.

    Raises
    ------
    InputError
        If a class is called ``all``.
    """
    if of_issues.isna().all():
        # Of no issue a class is known: that none is of a class would be a wrong 0.
        return []
    found = {str(name) for name in of_issues.dropna().unique()} if classes is None else set(classes)
    if ALL in found:
        raise InputError(
            zh=f"有一类问题名为 {ALL}，结果中 {ALL} 指全部问题，二者无法分开；请在文件（或类别对应表）中给这一类换个名称。",
            en=f"A class of issues is called {ALL}, which in the results stands for all issues; give the class another "
            "name in the file, or in the mapping of classes.",
        )
    return list(classes) if classes is not None else sorted(found - {UNCLASSIFIED})


def number_points(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.int64]:
    """Number the places of points: equal for those at the same coordinates.

    Parameters
    ----------
    x, y
        (n,) coordinates.

    Returns
    -------
    numpy.ndarray
        (n,) 0 and up.
    """
    east, (north, norths) = pd.factorize(x)[0], pd.factorize(y)
    # As complex numbers, all with x = y would have one hash.
    return pd.factorize(east.astype(np.int64) * len(norths) + north)[0].astype(np.int64)


def same_point_share(group: NDArray[np.int64], point: NDArray[np.int64], n: int) -> NDArray[np.float64]:
    """Share of each group's issues that stand at its most common coordinates.

    Parameters
    ----------
    group
        (k,) group of each issue; -1 for none.
    point
        (k,) from `number_points`.
    n
        Number of groups.

    Returns
    -------
    numpy.ndarray
        (n,) 0–1; NaN of a group without issues.

    Examples
    --------
    >>> point = number_points(np.array([5.0, 5.0, 7.0]), np.array([1.0, 1.0, 1.0]))
    >>> same_point_share(np.array([0, 0, 0]), point, 1).round(2).tolist()
    [0.67]
    """
    largest = np.zeros(n)
    keep = group >= 0
    if keep.any():
        pairs = pd.Series(group[keep] * (point.max() + 1) + point[keep]).value_counts(sort=False)
        np.maximum.at(largest, pairs.index.to_numpy() // (point.max() + 1), pairs.to_numpy())
    return ratio(largest, np.bincount(group[keep], minlength=n))
