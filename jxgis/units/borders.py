"""Why each border between two units: what it follows, how firm it is, what moving it would cost."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd

from jxgis.space.ratio import ratio
from jxgis.units._graph import Floats, block_graph, linework, share_along, shared_lines

__all__ = ["explain_borders"]

# How near to a line a border runs along it, as for the search.
_ALONG_M = 10.0


def explain_borders(
    units: gpd.GeoDataFrame,
    *,
    streets: gpd.GeoDataFrame | None = None,
    waters: gpd.GeoDataFrame | None = None,
    subdistricts: gpd.GeoDataFrame | None = None,
    stretches: pd.DataFrame | None = None,
    moves: pd.DataFrame | None = None,
) -> gpd.GeoDataFrame:
    """One row a border between two units of a district.

    Parameters
    ----------
    units
        ``unit_id``, ``district``, polygons.
    streets
        Lines, by ``road_class`` where they have it.
    waters, subdistricts
        Polygons or lines.
    stretches
        The borders between blocks with ``unit_a``, ``unit_b``, ``length_m`` and ``stability``.
    moves
        Of a plan's report: the cheapest move of a block across each border.

    Returns
    -------
    GeoDataFrame
        ``unit_a``, ``unit_b``, ``district``, ``length_m``; of the layers given ``street_share``, ``along_…`` (each class of
        road), ``water_share`` and ``subdistrict_share``, shares of the length within 10 m of them, and ``free_share``, of none
        of them; ``stability``; what ``moves`` says; line. What runs along two counts for both.

    Examples
    --------
    >>> import shapely
    >>> halves = [shapely.box(0, 0, 2000, 1000), shapely.box(2000, 0, 3000, 1000)]
    >>> units = gpd.GeoDataFrame({"unit_id": ["甲-01", "甲-02"], "district": "甲"}, geometry=halves, crs=4549)
    >>> road = gpd.GeoDataFrame({"road_class": ["支路"]}, geometry=[shapely.LineString([(2000, -9), (2000, 490)])], crs=4549)
    >>> explain_borders(units, streets=road)[["length_m", "street_share", "along_支路", "free_share"]].values.tolist()
    [[1000.0, 0.5, 0.5, 0.5]]
    """
    graph = block_graph(units.rename(columns={"unit_id": "block_id"}))
    lines = shared_lines(units.geometry.to_numpy(), graph.u, graph.v, graph.shared_m)
    ids = units["unit_id"].to_numpy()

    def along(layer: gpd.GeoDataFrame | gpd.GeoSeries) -> Floats:
        return share_along(lines, layer.geometry.to_numpy(), _ALONG_M) if len(lines) else np.zeros(0)

    shares: dict[str, Floats] = {}
    if streets is not None:
        shares["street_share"] = along(streets)
        classes = streets.groupby("road_class", sort=True) if "road_class" in streets else ()
        of_class = {f"along_{name}": along(rows) for name, rows in classes}
        shares |= {name: share for name, share in of_class.items() if share.any()}
    if waters is not None:
        shares["water_share"] = along(waters)
    if subdistricts is not None:
        shares["subdistrict_share"] = along(subdistricts)
    given = [layer.geometry for layer in (streets, waters, subdistricts) if layer is not None]
    if given:
        shares["free_share"] = 1 - along(pd.concat(given))
    found = gpd.GeoDataFrame(
        {
            "unit_a": ids[graph.u],
            "unit_b": ids[graph.v],
            "district": units["district"].to_numpy()[graph.u],
            "length_m": graph.shared_m,
            **shares,
        },
        geometry=[linework(line) for line in lines],
        crs=units.crs,
    )
    pair = ["unit_a", "unit_b"]
    if stretches is not None:
        firm = stretches.assign(firm_m=stretches["length_m"] * stretches["stability"])
        sums = firm.groupby(pair)[["length_m", "firm_m"]].sum().reindex(pd.MultiIndex.from_frame(found[pair]))
        found["stability"] = ratio(sums["firm_m"].to_numpy(), sums["length_m"].to_numpy())
    if moves is not None:
        told = moves.set_index(pair).reindex(pd.MultiIndex.from_frame(found[pair])).reset_index(drop=True)
        found = found.assign(**told)
        # Units that touch here and there, along no block for a metre, have no block to move.
        found["reason"] = found["reason"].where(found["reason"].notna() | found["move_cost"].notna(), "unit_would_part")
    return found[[name for name in found.columns if name != "geometry"] + ["geometry"]]
