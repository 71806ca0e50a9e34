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
from jxgis.space.overlay import pieces
from jxgis.space.points import locate
from jxgis.space.ratio import ratio

__all__ = ["people_in"]


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
        If the column is missing or not numeric.
    CrsError
        If the layers are not in one metric CRS.

    Examples
    --------
    >>> halves = gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)], crs=4549)
    >>> zone = gpd.GeoDataFrame({"people": [9]}, geometry=[shapely.box(0.5, 0, 2, 1)], crs=4549)
    >>> people_in(halves, zone).tolist()
    [3.0, 6.0]
    """
    people = _people(population, column)
    areal = shapely.get_dimensions(population.geometry.to_numpy()) == 2
    at = locate(population[~areal], polygons)
    total = np.bincount(at[at >= 0], weights=people[~areal][at >= 0], minlength=len(polygons))
    zones = population.geometry.to_numpy()[areal]
    polygon, row, piece = pieces(polygons.geometry.to_numpy(), zones)
    density = ratio(people[areal], shapely.area(zones), none=0)
    spread = np.bincount(polygon, weights=density[row] * shapely.area(piece), minlength=len(polygons))
    return (total + spread).astype(np.float64)


def _people(population: gpd.GeoDataFrame, column: str) -> NDArray[np.float64]:
    if column not in population.columns:
        raise InputError(
            zh=f"人口图层缺少列 {column}；现有的列：{'、'.join(map(str, population.columns))}。",
            en=f"The population has no column {column}; it has {', '.join(map(str, population.columns))}.",
        )
    if not pd.api.types.is_numeric_dtype(population[column]):
        raise InputError(
            zh=f"人口图层的列 {column} 不是数值；请先转换成数字。",
            en=f"Column {column} of the population is not numeric; convert it to numbers first.",
        )
    people: NDArray[np.float64] = population[column].to_numpy(dtype=np.float64, na_value=np.nan)
    return np.nan_to_num(people)
