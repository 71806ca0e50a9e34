"""What layers measure of the plan's targets: figures of districts that add up to those of the city, and of each unit."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from jxgis.bounds import RELATIVE
from jxgis.indicators.measures import IndicatorInputs, Measured, layers_of, measure_indicators
from jxgis.scorecard.targets import WHOLES
from jxgis.space.points import locate_touching
from jxgis.space.polygons import polygons_of
from jxgis.space.ratio import ratio

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from jxgis.scorecard.targets import PlanTarget

__all__ = ["measure_targets"]

_ADDITIVE = frozenset(
    {
        *("count", "count_per_km2", "length_km", "length_per_km2", "area_km2", "share_of_area", "share_of_streets"),
        *("share_on_foot", "share_of_rows", "ratio_of_columns", "park_coverage"),
    }
)
"""Measures whose numerators and denominators of two zones side by side are, added up, those of both."""


def measure_targets(
    zones: gpd.GeoDataFrame, targets: Sequence[PlanTarget], ground: IndicatorInputs
) -> dict[str, Measured]:
    """Measure the targets that layers can measure.

    Numerators and denominators of districts add up to those of the city: what lies on the border of two districts counts
    once, a point in the first of them, a street along the border half in each. Units and the zones of further levels are measured each for itself.

    Parameters
    ----------
    zones
        From `space.levels.zones_by_level`.
    targets
        Those without a way of measuring are left out.
    ground
        The layers, in the zones' CRS.

    Returns
    -------
    dict
        Id of a target to its `Measured`: `indicators.figures.FIGURES` on the zones' index. Of the city and of areas those of measures
        that do not add up (a diversity, say), NaN for the others: they are sums.

    Examples
    --------
    >>> from jxgis.scorecard.targets import load_plan
    >>> from jxgis.space.levels import zones_by_level
    >>> districts = gpd.GeoDataFrame({"name": ["东", "西"]}, geometry=shapely.box([0, 1e3], 0, [1e3, 2e3], 1e3), crs=4549)
    >>> toilets = gpd.GeoDataFrame(geometry=gpd.points_from_xy([500, 1000, 1500], [500] * 3), crs=4549)
    >>> found = measure_targets(zones_by_level(districts), load_plan().targets, IndicatorInputs({"toilets": toilets}))
    >>> found["toilets_per_km2"].table["numerator"].tolist()
    [nan, 2.0, 1.0]
    """
    wanted = {target.id: target.measures for target in targets if target.measures}
    percent = [target.id for target in targets if target.in_percent]
    scale = {target.id: target.scale for target in targets}
    adding = {name: ways for name, ways in wanted.items() if all(way.measure in _ADDITIVE for way in ways)}
    others = {name: ways for name, ways in wanted.items() if name not in adding}
    level = zones["level"]
    districts, parts = zones[level == "district"], zones[~level.isin(WHOLES)]
    used = layers_of(way for ways in adding.values() for way in ways)
    once = replace(
        ground, layers={name: _each_once(table, districts) if name in used else table for name, table in ground.layers.items()},
        _made={},
    )  # fmt: skip
    pairs = _neighbours(districts)
    joined = [shapely.union(*districts.geometry.to_numpy()[pair]) for pair in pairs]
    probe = gpd.GeoDataFrame(geometry=[*districts.geometry, *joined], crs=zones.crs)
    added = measure_indicators(probe, adding, once, percent=percent)
    whole = measure_indicators(zones[level.isin(WHOLES)], others, ground, percent=percent)
    each = measure_indicators(parts, wanted, ground, percent=percent)
    found = {}
    for name in wanted:
        if name in added:
            above = _shared_out(added[name], pairs, districts.index, scale[name])
            how = added[name].how
        else:
            above, how = whole[name].table, whole[name].how
        table = pd.concat([above, each[name].table]).reindex(zones.index)
        found[name] = replace(each[name], table=table, how=how or each[name].how)
    return found


def _each_once(layer: gpd.GeoDataFrame, districts: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """The layer, points on a border of districts moved inside the first of them; others keep their place."""
    shapes = layer.geometry.to_numpy()
    if not len(shapes) or (shapely.get_type_id(shapes) != 0).any():
        return layer
    point, district = locate_touching(layer, districts)
    shared = np.flatnonzero(np.bincount(point, minlength=len(layer)) > 1)
    if not len(shared):
        return layer
    first = district[np.searchsorted(point, shared)]
    moved = shapes.copy()
    moved[shared] = shapely.point_on_surface(districts.geometry.to_numpy())[first]
    return layer.set_geometry(gpd.GeoSeries(moved, index=layer.index, crs=layer.crs))


def _neighbours(districts: gpd.GeoDataFrame) -> NDArray[np.int64]:
    """Positions of districts that touch, a pair a row."""
    shapes = polygons_of(districts.geometry.to_numpy())
    left, right = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    pairs = np.stack([left, right], axis=1)
    ordered: NDArray[np.int64] = pairs[left < right]
    return ordered[np.lexsort((ordered[:, 1], ordered[:, 0]))]


def _shared_out(found: Measured, pairs: NDArray[np.int64], index: pd.Index, scale: float) -> pd.DataFrame:
    """The figures of districts, what two neighbours both have shared out between them, half to each."""
    n = len(index)
    table = found.table.head(n).set_axis(index, axis=0)
    if found.how is None:
        return table
    moved = np.zeros(n, dtype=np.bool_)
    for column in ("numerator", "denominator"):
        every = found.table[column].to_numpy(dtype=np.float64)
        own = every[:n].copy()
        for (one, other), both in zip(pairs, every[n:], strict=True):
            twice = every[one] + every[other] - both
            # What cutting and adding up leave behind is not a street.
            if twice > RELATIVE * (every[one] + every[other]):
                own[[one, other]] -= twice / 2
                moved[[one, other]] = True
        table = table.assign(**{column: own})
    if moved.any() and found.table["denominator"].notna().any():
        value = scale * ratio(table["numerator"].to_numpy(), table["denominator"].to_numpy())
        table["value"] = table["value"].mask(moved & table["value"].notna().to_numpy(), value)
    elif moved.any():
        table["value"] = table["value"].mask(moved, table["numerator"])
    return table
