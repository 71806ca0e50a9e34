"""Share of the housing from which something can be walked to, by the walking engine of parks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from jxgis.bounds import at_most
from jxgis.crs import require_metric
from jxgis.indicators.figures import figures
from jxgis.indicators.points import spots
from jxgis.space.network import snap, walk_from
from jxgis.space.points import locate_touching

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

    from jxgis.settings import ParkSettings
    from jxgis.space.network import StreetGraph

__all__ = ["share_on_foot"]


def share_on_foot(
    zones: gpd.GeoDataFrame,
    things: gpd.GeoDataFrame,
    housing: gpd.GeoDataFrame,
    graph: StreetGraph,
    *,
    minutes: float,
    options: ParkSettings,
    barriers: gpd.GeoDataFrame | None = None,
) -> pd.DataFrame:
    """Share of the housing in each zone from which the nearest of some things is at most so many minutes away on foot.

    A way is the straight leg from a sample point to its street, the streets, and the leg to the thing, which may stand
    outside the zone. Each sample point stands for its share of the housing polygon's area.

    Parameters
    ----------
    zones
        Polygons in a metric CRS, which may overlap.
    things
        Points in the same CRS, or lines and polygons, each where `points.spots` puts it.
    housing
        Polygons in the same CRS.
    graph
        From `space.network.street_graph`.
    minutes
        The longest way.
    options
        ``speed_m_per_min``, ``sample_m`` and ``max_snap_m`` of ``[parks]``: housing farther than that from a street has
        no way, and does not count as served.
    barriers
        What legs must not cross.

    Returns
    -------
    pandas.DataFrame
        `figures`, areas in km².

    Examples
    --------
    >>> import geopandas as gpd
    >>> from jxgis.settings import PARKS
    >>> from jxgis.space.network import street_graph
    >>> street = gpd.GeoDataFrame(geometry=[shapely.LineString([(0, 0), (2000, 0)])], crs=4549)
    >>> homes = gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 2000, 25)], crs=4549)
    >>> zone = gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 2000, 2000)], crs=4549)
    >>> market = gpd.GeoDataFrame(geometry=gpd.points_from_xy([0], [0]), crs=4549)
    >>> share_on_foot(zone, market, homes, street_graph(street), minutes=10, options=PARKS)["value"].round(6).item()
    0.375
    """
    from jxgis.parks.housing import cut_by_zone, sample_points

    crs = require_metric(zones, "zones")
    require_metric(things, "things", crs)
    require_metric(housing, "residential", crs)
    import geopandas as gpd

    # Walked once for the whole of the housing, whatever the zones: they may overlap, and be many.
    around = gpd.GeoDataFrame(geometry=[shapely.box(*housing.total_bounds).buffer(1)], crs=crs)
    points = sample_points(cut_by_zone(housing, around), sample_m=options.sample_m)
    at = spots(things).to_numpy()
    doors = snap(graph, shapely.get_x(at), shapely.get_y(at), max_snap_m=options.max_snap_m, barriers=barriers)
    homes = snap(graph, points.x, points.y, max_snap_m=options.max_snap_m, barriers=barriers)
    way_m = walk_from(graph, doors).to(homes)
    served = at_most(way_m, minutes * options.speed_m_per_min)
    where = gpd.GeoSeries(shapely.points(points.x, points.y), crs=crs)
    point, zone = locate_touching(where, zones)
    area = points.area_m2 / 1e6
    above = np.bincount(zone, weights=(area * served)[point], minlength=len(zones))
    return figures(zones, above, np.bincount(zone, weights=area[point], minlength=len(zones)), none="no_housing")
