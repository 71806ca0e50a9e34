"""How good units are: shape, likeness within, borders on the ground, function, issues; and their codes."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from jxgis.bounds import at_least, at_most
from jxgis.crs import M2_PER_KM2, require_metric
from jxgis.errors import InputError
from jxgis.i18n import listed
from jxgis.settings import UNITS
from jxgis.space.districts import without_scraps
from jxgis.space.overlay import pieces
from jxgis.space.points import locate
from jxgis.space.ratio import ratio
from jxgis.space.shape import hull_ratio, polsby_popper, reock
from jxgis.units._graph import block_graph
from jxgis.units.shape import shapes_by_district

__all__ = ["unit_codes", "unit_quality", "within_bounds", "within_share"]

_NEARLY_SHARE = 0.1
"""左右: out of bounds, but within a tenth of them."""


def within_bounds(held: NDArray[np.float64], least: float, most: float) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Whether areas or other quantities keep the bounds of a unit, both included, and whether those that do not nearly do.

    Parameters
    ----------
    held
        Of each unit, float (n,), unrounded.
    least, most
        The bounds.

    Returns
    -------
    in_bounds, nearly : ndarray of bool
        (n,) each.

    Examples
    --------
    >>> within_bounds(np.array([1.79, 1.8, 2.0, 5.0, 5.5]), 2, 5)
    (array([False, False,  True,  True, False]), array([False,  True, False, False,  True]))
    """
    in_bounds = at_least(held, least) & at_most(held, most)
    wide = at_least(held, least * (1 - _NEARLY_SHARE)) & at_most(held, most * (1 + _NEARLY_SHARE))
    return in_bounds, ~in_bounds & wide


def within_share(
    values: NDArray[np.float64], area_m2: NDArray[np.float64], unit: NDArray[np.int64]
) -> tuple[float, NDArray[np.float64]]:
    """How much of the difference between blocks is left inside the units.

    Parameters
    ----------
    values
        (n, d) standardised attributes of the blocks.
    area_m2
        (n,) their areas.
    unit
        (n,) number of each block's unit, 0 and up.

    Returns
    -------
    share : float
        Area-weighted squares around the unit means over those around the city's mean (SSD/SST); NaN without
        attributes or where the blocks do not differ.
    variance : ndarray of float64
        Of each unit: its squares over its area, summed over the attributes; NaN without attributes.

    Examples
    --------
    >>> share, variance = within_share(np.array([[0.0], [2.0], [9.0]]), np.ones(3), np.array([0, 0, 1]))
    >>> round(share, 4), variance.tolist()
    (0.0448, [1.0, 0.0])
    """
    count = int(unit.max()) + 1 if len(unit) else 0
    if not values.shape[1]:
        return np.nan, np.full(count, np.nan)
    ground = np.bincount(unit, weights=area_m2, minlength=count)
    total, squares = 0.0, np.zeros(count)
    for column in values.T:
        mean = np.bincount(unit, weights=area_m2 * column, minlength=count) / ground
        squares += np.bincount(unit, weights=area_m2 * (column - mean[unit]) ** 2, minlength=count)
        total += float(area_m2 @ (column - np.average(column, weights=area_m2)) ** 2)
    return (float(squares.sum() / total) if total > 0 else np.nan), squares / ground


def unit_quality(
    units: gpd.GeoDataFrame,
    *,
    barriers: gpd.GeoDataFrame | gpd.GeoSeries | None = None,
    barrier_tolerance_m: float = 10.0,
    issues: gpd.GeoDataFrame | None = None,
    functions: gpd.GeoDataFrame | None = None,
    narrow_m: float = UNITS.narrow_m,
) -> pd.DataFrame:
    """Measure every unit.

    Parameters
    ----------
    units
        Polygons with ``unit_id`` and ``district``, in a metric CRS.
    barriers
        Streets, waters, old boundaries: what a border should run along.
    barrier_tolerance_m
        How near to one it counts as running along it.
    issues
        Points.
    functions
        Polygons of land use or functional areas with their ``kind``.
    narrow_m
        The width below which a place is narrow.

    Returns
    -------
    DataFrame
        On the index of ``units``: ``area_km2``, ``compactness`` (4πA/P²), ``reock``, ``hull_ratio``, ``parts`` (1 = one
        connected polygon), ``holes``, ``necks`` (narrow places) and ``encloses`` (largest share of another
        unit of the district within the convex hull), see `units.shape`, ``inner_border_m`` (shared with units of the
        same district), ``barrier_share`` (of it, on barriers: null where there is no such border or no barriers were
        given), and where the layers are given ``issues``, ``issues_per_km2``, ``function`` (the one with the largest
        area; null where none), ``function_share`` (of the unit's area).

    Raises
    ------
    InputError
        If a unit is not a polygon, or a column is missing.
    CrsError
        If a layer's CRS is not that of the units.

    Examples
    --------
    >>> units = gpd.GeoDataFrame(
    ...     {"unit_id": ["老城-01", "老城-02"], "district": "老城"},
    ...     geometry=[shapely.box(0, 0, 2000, 1000), shapely.box(2000, 0, 3000, 1000)],
    ...     crs=4549,
    ... )
    >>> road = gpd.GeoSeries.from_wkt(["LINESTRING (2000 0, 2000 500)"], crs=4549)
    >>> unit_quality(units, barriers=road, barrier_tolerance_m=1)[["area_km2", "inner_border_m", "barrier_share"]]
       area_km2  inner_border_m  barrier_share
    0       2.0          1000.0            0.5
    1       1.0          1000.0            0.5
    """
    crs = require_metric(units, "units")
    shapes = without_scraps(units.geometry.to_numpy())
    found = pd.DataFrame(
        {
            "area_km2": units.area / M2_PER_KM2,
            "compactness": polsby_popper(shapes),
            "reock": reock(shapes),
            "hull_ratio": hull_ratio(shapes),
            "parts": shapely.get_num_geometries(shapes),
            "holes": _holes(shapes),
        },
        index=units.index,
    )
    found["necks"], found["encloses"] = shapes_by_district(shapes, units["district"].to_numpy(dtype=object), narrow_m)
    graph = block_graph(
        units.rename(columns={"unit_id": "block_id"}), barriers=barriers, barrier_tolerance_m=barrier_tolerance_m
    )
    ends = np.concatenate([graph.u, graph.v])
    border = np.bincount(ends, weights=np.tile(graph.shared_m, 2), minlength=len(units))
    along = np.bincount(ends, weights=np.tile(graph.shared_m * graph.barrier_share, 2), minlength=len(units))
    found["inner_border_m"] = border
    found["barrier_share"] = np.nan if barriers is None else ratio(along, border)
    if issues is not None:
        require_metric(issues, "issues", like=crs)
        at = locate(issues, units)
        found["issues"] = np.bincount(at[at >= 0], minlength=len(units))
        found["issues_per_km2"] = found["issues"] / found["area_km2"]
    if functions is not None:
        require_metric(functions, "functions", like=crs)
        found["function"], found["function_share"] = _dominant(units, functions, "kind")
    return found


def _holes(polygons: NDArray[np.object_]) -> NDArray[np.int64]:
    parts, owner = shapely.get_parts(polygons, return_index=True)
    rings = shapely.get_num_interior_rings(parts)
    return np.bincount(owner, weights=rings, minlength=len(polygons)).astype(np.int64)


def _dominant(
    units: gpd.GeoDataFrame, functions: gpd.GeoDataFrame, column: str
) -> tuple[list[str | None], NDArray[np.float64]]:
    if column not in functions.columns:
        raise InputError(
            zh=f"functions 缺少列 {column}；现有的列：{listed(functions.columns, 'zh')}。",
            en=f"functions has no column {column}; it has {listed(functions.columns, 'en')}.",
        )
    ground = units.geometry.to_numpy()
    unit, row, piece = pieces(ground, functions.geometry.to_numpy())
    table = pd.DataFrame({"unit": unit, "kind": functions[column].to_numpy()[row], "m2": shapely.area(piece)})
    area = table[table["m2"] > 0].groupby(["unit", "kind"], sort=True)["m2"].sum().reset_index()
    largest = area.sort_values(["unit", "m2"], ascending=[True, False], kind="stable").drop_duplicates("unit")
    largest = largest.set_index("unit").reindex(range(len(units)))
    names = [None if pd.isna(name) else str(name) for name in largest["kind"]]
    return names, ratio(largest["m2"], shapely.area(ground))


def unit_codes(units: gpd.GeoDataFrame) -> pd.Series[str]:
    """Codes of units: the name of their district, and a number that counts from its north-west corner.

    Parameters
    ----------
    units
        Polygons with ``district``, in a metric CRS.

    Returns
    -------
    Series of str
        On the index of ``units``, such as ``老城-01``. Units are numbered by how far south-east their centre lies,
        measured along the diagonal; two with the same measure by their west-east order.

    Examples
    --------
    >>> cells = [shapely.box(x, y, x + 1, y + 1) for x in (0, 1) for y in (0, 1)]
    >>> units = gpd.GeoDataFrame({"district": "老城"}, geometry=cells, crs=4549, index=[0, 1, 2, 3])
    >>> unit_codes(units).tolist()
    ['老城-02', '老城-01', '老城-04', '老城-03']
    """
    require_metric(units, "units")
    centre = shapely.centroid(units.geometry.to_numpy())
    # Rounded to millimetres, so that the last digits of a float do not decide between two units on one diagonal.
    place = pd.DataFrame(
        {
            "district": units["district"].to_numpy(),
            "south_east": np.round(shapely.get_x(centre) - shapely.get_y(centre), 3),
            "east": np.round(shapely.get_x(centre), 3),
        },
        index=units.index,
    ).sort_values(["south_east", "east"], kind="stable")
    number = (place.groupby("district").cumcount() + 1).reindex(units.index)
    digits = max(2, len(str(number.max())))
    return pd.Series(
        [f"{name}-{n:0{digits}d}" for name, n in zip(units["district"], number, strict=True)],
        index=units.index,
        name="unit_id",
        dtype="str",
    )
