"""What the issues of an area are set against: its ground, its streets or its people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely

from jxgis.crs import M2_PER_KM2
from jxgis.errors import InputError
from jxgis.i18n import text_pair
from jxgis.indicators.lines import lengths
from jxgis.space.grid import Grid
from jxgis.space.overlay import pieces
from jxgis.space.people import people_in

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from jxgis.settings import Exposure

__all__ = ["Denominator", "choose_denominator"]

_PEOPLE = ("population", "residential", "exposure")


@dataclass(frozen=True, eq=False)
class Denominator:
    """How much exposure polygons have.

    Attributes
    ----------
    exposure
        ``km2``, ``street_km`` or ``people``.
    table
        The streets, or the people; None for ground.
    """

    exposure: Exposure
    table: gpd.GeoDataFrame | None = None

    def of(self, polygons: gpd.GeoDataFrame) -> NDArray[np.float64]:
        """(n,) square kilometres, kilometres of street, or people of each polygon.

        Examples
        --------
        >>> Denominator("km2").of(gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 500, 1000)], crs=4549)).tolist()
        [0.5]
        """
        if self.table is None:
            return np.asarray(shapely.area(polygons.geometry.to_numpy()) / M2_PER_KM2)
        if self.exposure == "street_km":
            return np.asarray(lengths(polygons, self.table).sum(axis=1)) / 1e3
        return people_in(polygons, self.table)

    def squares(self, polygons: gpd.GeoDataFrame, exposure: NDArray[np.float64], grid: Grid) -> NDArray[np.float64]:
        """(n,) squares of what each cell of the grid has of the exposure of a polygon, added; spread evenly over its ground.

        Examples
        --------
        >>> import pyproj
        >>> cells = Grid(pyproj.CRS(4549), 100.0, 0, 0, np.ones((1, 2), dtype=bool))
        >>> plot = gpd.GeoDataFrame(geometry=[shapely.box(50, 0, 200, 100)], crs=4549)
        >>> Denominator("km2").squares(plot, np.array([3.0]), cells).tolist()
        [5.0]
        """
        which, _, piece = pieces(polygons.geometry.to_numpy(), grid.cells().geometry.to_numpy())
        area = shapely.area(piece)
        whole = np.bincount(which, weights=area, minlength=len(polygons))
        square = np.bincount(which, weights=area**2, minlength=len(polygons))
        # What lies in no cell is taken for one of its own.
        share = np.divide(square, whole**2, out=np.ones(len(polygons)), where=whole > 0)
        return np.asarray(exposure**2 * share)


def choose_denominator(exposure: Exposure, layers: Mapping[str, gpd.GeoDataFrame]) -> Denominator:
    """What is asked for, where its layer is there.

    Parameters
    ----------
    exposure
        ``km2``, ``street_km`` or ``people``.
    layers
        ``streets``; ``population``, ``residential`` or ``exposure``, the first that has people.

    Raises
    ------
    InputError
        If the layer is not there, or says nothing of people.
    """
    if exposure == "km2":
        return Denominator(exposure)
    if exposure == "street_km":
        streets = layers.get("streets")
        if streets is None:
            raise InputError.saying(text_pair("weak.no_streets"))
        return Denominator(exposure, streets)
    for name in _PEOPLE:
        table = layers.get(name)
        if table is not None and "people" in table.columns and (table["people"] > 0).any():
            return Denominator(exposure, table)
    raise InputError.saying(text_pair("weak.no_people"))
