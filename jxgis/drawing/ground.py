"""What lies under what was found: land, waters, parks, streets by class, borders and names, of a project's own layers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

if TYPE_CHECKING:
    import geopandas as gpd
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

__all__ = ["GROUND_LAYERS", "NO_GROUND", "Basemap", "BasemapName", "Ground", "ground_of", "road_order"]

#: The layers that a ground is made of. Roads stand in for streets.
GROUND_LAYERS = ("districts", "subdistricts", "waters", "parks", "streets", "roads", "places")
_MAIN = r"高速|快速|主干|motorway|trunk|primary"
_SECOND = r"次干|secondary|tertiary"


BasemapName: TypeAlias = Literal["tianditu", "gaode", "osm"]


class Basemap(NamedTuple):
    """An online base map below all layers.

    Parameters
    ----------
    name
        Whose it is.
    key
        What its provider asks for.
    """

    name: BasemapName
    key: str = ""


@dataclass(frozen=True, eq=False, kw_only=True)
class Ground:
    """The ground of a map. Each table has ``name`` (missing where there is none) and geometry, all in one metric CRS.

    Attributes
    ----------
    land
        Polygons that are told apart, such as districts. Without them there is no land, and a map shows what it found.
    subdistricts
        Smaller ones, whose borders are drawn more quietly.
    waters, parks
        Polygons.
    streets
        Lines, with ``order`` as of `road_order`.
    places
        Points.
    basemap
        An online base map, where one is asked for: while it is seen, the rest of the ground is not.
    """

    land: gpd.GeoDataFrame | None = None
    subdistricts: gpd.GeoDataFrame | None = None
    waters: gpd.GeoDataFrame | None = None
    parks: gpd.GeoDataFrame | None = None
    streets: gpd.GeoDataFrame | None = None
    places: gpd.GeoDataFrame | None = None
    basemap: Basemap | None = None


NO_GROUND = Ground()


def ground_of(layers: Mapping[str, gpd.GeoDataFrame]) -> Ground:
    """The ground that some layers make.

    Parameters
    ----------
    layers
        Name of a layer to its rows, as the contract has them; those of `GROUND_LAYERS` are used.

    Examples
    --------
    >>> import geopandas as gpd, shapely
    >>> road = shapely.LineString([(0, 0), (900, 0)])
    >>> streets = gpd.GeoDataFrame({"name": ["中山路"], "road_class": ["主干路"]}, geometry=[road], crs=4549)
    >>> ground_of({"streets": streets}).streets[["name", "order"]].values.tolist()
    [['中山路', 0]]
    """
    named = {name: _named(layers[name]) for name in GROUND_LAYERS if name in layers and len(layers[name])}
    called = "streets" if "streets" in named else "roads"
    streets = named.get(called)
    return Ground(
        land=named.get("districts"),
        subdistricts=named.get("subdistricts"),
        waters=named.get("waters"),
        parks=named.get("parks"),
        streets=None if streets is None else streets.assign(order=road_order(layers[called])),
        places=named.get("places"),
    )


def road_order(streets: pd.DataFrame) -> NDArray[np.int64]:
    """0 for main streets, 1 for those of the second order, 2 for others, by ``road_class``; all 2 without it.

    Examples
    --------
    >>> import pandas as pd
    >>> road_order(pd.DataFrame({"road_class": ["主干路", "次干路", "支路", "primary_link", None]})).tolist()
    [0, 1, 2, 0, 2]
    """
    import numpy as np

    if "road_class" not in streets.columns:
        return np.full(len(streets), 2)
    named = streets["road_class"].astype("str").fillna("")
    return np.select([named.str.contains(_MAIN), named.str.contains(_SECOND)], [0, 1], 2)


def _named(layer: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    import geopandas as gpd

    names = layer["name"] if "name" in layer.columns else None
    return gpd.GeoDataFrame({"name": names}, geometry=layer.geometry, index=layer.index)
