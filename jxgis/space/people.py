"""How many people are in polygons.

People may stand at points or be spread over polygons: :func:`people_in` counts both, a null is nobody, and where layers of
people overlap all of them count. Housing whose polygons overlap by mistake is merged first, a missing number of people
stays missing: `parks.housing`. Rasters are shared out exactly by cell: `parks.people`.
"""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from jxgis.errors import InputError
from jxgis.i18n import counted, listed, rows_said
from jxgis.space.overlay import pieces
from jxgis.space.points import locate
from jxgis.space.ratio import ratio

__all__ = ["people_in", "points_and_polygons"]


def people_in(polygons: gpd.GeoDataFrame, population: gpd.GeoDataFrame, column: str = "people") -> NDArray[np.float64]:
    """Count people: points where they are, the people of a polygon spread evenly over its area.

    Parameters
    ----------
    polygons
        (n) polygons in a metric CRS; a point on a shared edge is in the first of them.
    population
        Points and polygons in the same CRS with ``column``; a null is nobody.
    column
        The column with the people.

    Returns
    -------
    ndarray of float64
        (n,) people.

    Raises
    ------
    InputError
        If the column is missing or not numeric, or a row with people is neither of points nor a polygon.
    CrsError
        If the layers are not in one metric CRS.

    Examples
    --------
    >>> halves = gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)], crs=4549)
    >>> zone = gpd.GeoDataFrame({"people": [9]}, geometry=[shapely.box(0.5, 0, 2, 1)], crs=4549)
    >>> people_in(halves, zone).tolist()
    [3.0, 6.0]
    """
    standing, spread_out = points_and_polygons(population, column)
    at = locate(standing, polygons)
    total = np.bincount(at[at >= 0], weights=_people(standing, column)[at >= 0], minlength=len(polygons))
    zones = spread_out.geometry.to_numpy()
    polygon, row, piece = pieces(polygons.geometry.to_numpy(), zones)
    density = ratio(_people(spread_out, column), shapely.area(zones), none=0)
    spread = np.bincount(polygon, weights=density[row] * shapely.area(piece), minlength=len(polygons))
    return (total + spread).astype(np.float64)


def points_and_polygons(
    population: gpd.GeoDataFrame, column: str = "people"
) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """Part a layer of people into single points and polygons.

    Parameters
    ----------
    population
        Points, several to a row too, and polygons with ``column``.
    column
        The column with the people.

    Returns
    -------
    points, polygons : geopandas.GeoDataFrame
        The people of a row of several points stand at each of them in equal parts.

    Raises
    ------
    InputError
        If the column is missing or not numeric, or a row with people is neither of points nor a polygon with an area:
        where they are is not known.

    Examples
    --------
    >>> two = gpd.GeoDataFrame({"people": [9]}, geometry=[shapely.MultiPoint([(0, 0), (5, 5)])], crs=4549)
    >>> points_and_polygons(two)[0]["people"].tolist()
    [4.5, 4.5]
    """
    people, shapes = _people(population, column), population.geometry.to_numpy()
    kind = np.where(shapely.is_missing(shapes) | shapely.is_empty(shapes), -1, shapely.get_dimensions(shapes))
    kind[(kind == 2) & ~(shapely.area(shapes) > 0)] = -1
    wrong = np.flatnonzero((kind != 0) & (kind != 2) & (people != 0))
    if len(wrong):
        rows = rows_said(population.index[wrong])
        raise InputError(
            zh=f"人口图层有 {len(wrong)} 行有人口，却既不是点也不是有面积的面（{rows.zh}），不知道这些人在哪里；请改为点或面。",
            en=f"{counted(len(wrong), 'row of the population holds', 'rows of the population hold')} people, but no points and no polygon with an area "
            f"({rows.en}), so it is not known where these people are; make them points or polygons.",
        )
    standing = np.flatnonzero(kind == 0)
    point, of = shapely.get_parts(shapes[standing], return_index=True)
    share = 1 / shapely.get_num_geometries(shapes[standing])
    at = population.iloc[standing[of]]
    points = at.assign(**{column: at[column] * share[of]}).set_geometry(gpd.GeoSeries(point, at.index, crs=at.crs))
    return points, population[kind == 2]


def _people(population: gpd.GeoDataFrame, column: str) -> NDArray[np.float64]:
    if column not in population.columns:
        raise InputError(
            zh=f"人口图层缺少列 {column}；现有的列：{listed(population.columns, 'zh')}。",
            en=f"The population has no column {column}; it has {listed(population.columns, 'en')}.",
        )
    if not pd.api.types.is_numeric_dtype(population[column]):
        raise InputError(
            zh=f"人口图层的列 {column} 不是数值；请先转换成数字。",
            en=f"Column {column} of the population is not numeric; convert it to numbers first.",
        )
    people: NDArray[np.float64] = population[column].to_numpy(dtype=np.float64, na_value=np.nan)
    return np.nan_to_num(people)
