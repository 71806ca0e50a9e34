"""The zones below districts that tables are made by: communities, grids, whatever a city declares."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jxgis.city import contract_of
from jxgis.errors import InputError
from jxgis.zones import zone_names

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import geopandas as gpd

    from jxgis.city import City

__all__ = ["levels_of"]


def levels_of(
    wanted: Iterable[str], layers: Mapping[str, gpd.GeoDataFrame], city: City | None = None
) -> dict[str, gpd.GeoDataFrame]:
    """The zones of the layers wanted that are there, by level.

    Parameters
    ----------
    wanted
        Layers, from large zones to small.
    layers
        Layer to its rows.
    city
        Whose layers there are beside every city's.

    Returns
    -------
    dict
        Level, such as ``community``, to polygons with ``name``.

    Raises
    ------
    InputError
        If there is no such layer, it is none of zones, or names do not tell its zones apart.

    Examples
    --------
    >>> import geopandas as gpd, shapely
    >>> layer = gpd.GeoDataFrame({"name": ["新华社区"]}, geometry=[shapely.box(0, 0, 1, 1)], crs=4549)
    >>> list(levels_of(["communities", "grids"], {"communities": layer}))
    ['community']
    >>> levels_of(["parks"], {})
    Traceback (most recent call last):
    jxgis.errors.InputError: [report] levels 中的 parks（公园绿地）不是统计区域...
    """
    found = {}
    for layer in wanted:
        agreed = contract_of(layer, city)
        if not agreed.level:
            raise InputError(
                zh=f"[report] levels 中的 {layer}（{agreed.title.zh}）不是统计区域：图层的声明中没有 level。",
                en=f"[report] levels: {layer} holds no zones; its declaration names no level.",
            )
        if layer in layers:
            zone_names(layers[layer])
            found[agreed.level] = layers[layer]
    return found
