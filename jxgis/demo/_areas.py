"""Districts and sub-districts of the schematic city: a power diagram fitted to the public areas.

A power diagram gives each site the points that are nearest after subtracting a weight from the squared distance.
For any sites and any positive areas that fill the outline there are weights that give exactly these areas
(Aurenhammer, Hoffmann & Aronov 1998); they are found by a damped Newton iteration on the areas (Kitagawa, Mérigot &
Thibert 2019).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from jxgis.crs import M2_PER_KM2
from jxgis.demo._plan import EPSG, bend, straighten, to_plan

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

__all__ = ["CITY_KM2", "TOWNS", "Areas", "fit_power_diagram", "make_areas", "make_communities"]

CITY_KM2 = 385.0
_MOST_STEPS = 100
TOWNS = ("余新镇", "大桥镇", "油车港镇")
"""The towns that belong to the central city in part; the thirteen 街道 belong to it whole."""
_SHARED = ("建设街道", "塘汇街道")
"""Sub-districts that each have a community of one name, as happens."""


@dataclass(frozen=True)
class Areas:
    """The three boundary tables in EPSG:4549, and the sub-districts in plan space."""

    subdistricts: gpd.GeoDataFrame
    districts: gpd.GeoDataFrame
    central_city: gpd.GeoDataFrame
    plan_city: shapely.Geometry
    plan_outline: shapely.Geometry


def _read_sites() -> pd.DataFrame:
    """The public figures of the built-in profile: name, code, area_km2, lon, lat, district of sixteen sub-districts."""
    from jxgis.city import load_city

    columns = {"subdistrict": "name", "code": "code", "km2": "area_km2", "lon": "lon", "lat": "lat"}
    return load_city("jiaxing").crosswalk.rename(columns=columns)[[*columns.values(), "district"]]


def _cells(
    sites: NDArray[np.float64], weights: NDArray[np.float64], outline: shapely.Polygon
) -> list[shapely.Geometry]:
    reach = 200_000.0
    cells = []
    for i, site in enumerate(sites):
        cell: shapely.Geometry = outline
        for j, other in enumerate(sites):
            if i == j:
                continue
            gap = other - site
            distance = float(np.hypot(*gap))
            along = gap / distance
            across = np.array([-along[1], along[0]])
            foot = site + along * (distance**2 + weights[i] - weights[j]) / (2 * distance)
            near = [foot + across * reach, foot + across * reach - along * reach]
            far = [foot - across * reach - along * reach, foot - across * reach]
            cell = shapely.intersection(cell, shapely.Polygon([*near, *far]))
        cells.append(cell)
    return cells


def fit_power_diagram(
    sites: NDArray[np.float64],
    areas_m2: NDArray[np.float64],
    outline: shapely.Polygon,
    *,
    tolerance_m2: float = 1.0,
) -> list[shapely.Geometry]:
    """Divide an outline into cells of given areas about given sites.

    Parameters
    ----------
    sites
        Shape (n, 2), metres.
    areas_m2
        Shape (n,); scaled so that their sum is the outline's area.
    outline
        What is divided.
    tolerance_m2
        The largest error of an area that is accepted.

    Returns
    -------
    list of Polygon or MultiPolygon
        One cell a site; neighbours share straight edges.

    Raises
    ------
    RuntimeError
        If the areas are not reached.

    Examples
    --------
    >>> sites = np.array([[1.0, 2.0], [3.0, 2.0]])
    >>> cells = fit_power_diagram(sites, np.array([1.0, 3.0]), shapely.box(0, 0, 4, 4), tolerance_m2=1e-9)
    >>> [round(cell.area, 6) for cell in cells]
    [4.0, 12.0]
    """
    wanted = np.asarray(areas_m2, dtype=np.float64) * (outline.area / float(np.sum(areas_m2)))
    weights = wanted / np.pi
    cells = _cells(sites, weights, outline)
    floor = min(shapely.area(cells).min(), wanted.min()) / 2
    if floor <= 0:  # a site hidden by its neighbours' weights: start from the plain Voronoi diagram
        weights = np.zeros(len(sites))
        cells = _cells(sites, weights, outline)
        floor = min(shapely.area(cells).min(), wanted.min()) / 2
    for _ in range(_MOST_STEPS):
        error = wanted - shapely.area(cells)
        if np.abs(error).max() <= tolerance_m2:
            return cells
        slope = np.zeros((len(sites), len(sites)))
        for i in range(len(sites)):
            for j in range(i + 1, len(sites)):
                shared = shapely.intersection(
                    shapely.buffer(cells[i], 1e-4 * outline.length / 1e4), shapely.boundary(cells[j])
                )
                if shared.length > 0:
                    slope[i, j] = slope[j, i] = -shared.length / (2 * float(np.hypot(*(sites[i] - sites[j]))))
        slope[np.diag_indices_from(slope)] = -slope.sum(axis=1)
        # The areas do not change when every weight rises alike: the first weight is held.
        step = np.zeros(len(sites))
        step[1:] = np.linalg.solve(slope[1:, 1:], error[1:])
        size = 1.0
        while True:
            tried = _cells(sites, weights + size * step, outline)
            better = np.abs(wanted - shapely.area(tried)).max() < np.abs(error).max()
            if (shapely.area(tried).min() > floor and better) or size < 1e-6:
                break
            size /= 2
        weights, cells = weights + size * step, tried
    raise RuntimeError(f"areas not reached within {_MOST_STEPS} steps")


def _bisect(low: float, high: float, wanted: float, area: Callable[[float], float]) -> float:
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if area(middle) < wanted else (low, middle)
    return (low + high) / 2


def _outline(sites: NDArray[np.float64], areas_m2: NDArray[np.float64]) -> shapely.Polygon:
    """Discs about the sites, each with its own area's radius, grown alike and smoothed until the total fits."""

    def shape(scale: float) -> shapely.Polygon:
        discs = shapely.buffer(shapely.points(sites), scale * np.sqrt(areas_m2 / np.pi), quad_segs=24)
        closed = shapely.buffer(shapely.buffer(shapely.union_all(discs), 4500.0), -4500.0)
        return shapely.buffer(shapely.buffer(closed, -1200.0), 1200.0)

    scale = _bisect(0.5, 2.0, float(areas_m2.sum()), lambda s: shape(s).area)
    return shape(scale)


def make_areas() -> Areas:
    """Make sub-districts (uncut), the central city's outline of 385 km², and the twelve districts clipped to it.

    Returns
    -------
    Areas
    """
    import geopandas as gpd

    table = _read_sites()
    sites = to_plan(table["lon"], table["lat"])
    areas_m2 = table["area_km2"].to_numpy() * M2_PER_KM2
    outline = _outline(sites, areas_m2)
    cells = fit_power_diagram(sites, areas_m2, outline)

    whole = ~table["name"].isin(TOWNS).to_numpy()
    inner = shapely.union_all([cell for cell, keep in zip(cells, whole, strict=True) if keep], grid_size=0.01)

    def city(reach: float) -> shapely.Geometry:
        soft = shapely.buffer(shapely.buffer(inner, reach + 1500.0, quad_segs=24), -1500.0, quad_segs=24)
        return shapely.union(inner, shapely.intersection(outline, soft))

    reach = _bisect(100.0, 12_000.0, CITY_KM2 * M2_PER_KM2, lambda r: float(shapely.area(city(r))))
    plan_city = city(reach)

    # One net of edges, bent edge by edge and only then closed to faces: neighbours share their vertices exactly.
    net = shapely.union_all([*shapely.boundary(cells), shapely.boundary(plan_city)], grid_size=0.01)
    edges = shapely.get_parts(shapely.line_merge(net))
    faces = shapely.get_parts(
        shapely.polygonize([shapely.transform(shapely.segmentize(e, 150.0), bend) for e in edges])
    )
    inside = shapely.transform(shapely.point_on_surface(faces), straighten)
    owner = np.argmin([shapely.distance(cell, inside) for cell in cells], axis=0)
    in_city = shapely.contains(plan_city, inside)
    face_table = gpd.GeoDataFrame({"site": owner, "in_city": in_city}, geometry=faces, crs=EPSG)
    face_table = face_table[face_table.area > 1.0]  # what snapping leaves between two lines that should be one

    def joined(groups: pd.Series) -> gpd.GeoSeries:
        parts = face_table.loc[groups.index].geometry.groupby(groups).agg(lambda g: shapely.union_all(g.to_numpy()))
        return gpd.GeoSeries(shapely.normalize(parts.to_numpy()), index=parts.index, crs=EPSG)

    subdistricts = gpd.GeoDataFrame(
        table[["name", "code"]], geometry=joined(face_table["site"]).reindex(range(len(table))).to_numpy(), crs=EPSG
    )
    city_faces = face_table[face_table["in_city"]]
    by_district = joined(table["district"].reindex(city_faces["site"]).set_axis(city_faces.index))
    names = table["district"].drop_duplicates().to_list()
    districts = gpd.GeoDataFrame({"name": names}, geometry=by_district.reindex(names).to_numpy(), crs=EPSG)
    one = joined(pd.Series("中心城区", index=city_faces.index))
    central = gpd.GeoDataFrame({"name": ["中心城区"]}, geometry=one.to_numpy(), crs=EPSG)
    return Areas(subdistricts, districts, central, plan_city, outline)


def make_communities(seed: int, areas: Areas) -> gpd.GeoDataFrame:
    """Cut each sub-district, as far as it lies in the central city, into two to six communities; two of them share a name.

    Returns
    -------
    geopandas.GeoDataFrame
        ``name, within`` (the sub-district) and polygons in EPSG:4549.
    """
    import geopandas as gpd

    city, rows, shapes = areas.central_city.geometry.iloc[0], [], []
    for number, (name, whole) in enumerate(zip(areas.subdistricts["name"], areas.subdistricts.geometry, strict=True)):
        ground = shapely.intersection(whole, city)
        n = int(np.clip(round(shapely.area(ground) / 6e6), 2, 6))
        rng = np.random.default_rng([seed, 100, number])
        west, south, east, north = shapely.bounds(ground)
        points = np.asarray(shapely.points(rng.uniform(west, east, 400), rng.uniform(south, north, 400)))
        middles = shapely.multipoints(points[shapely.contains(ground, points)][:n])
        cells = shapely.get_parts(shapely.voronoi_polygons(middles, extend_to=ground))
        short = str(name).removesuffix("街道").removesuffix("镇")
        called = [f"{short}第{'一二三四五六'[k]}社区" for k in range(n)]
        if name in _SHARED:
            called[0] = "新华社区"
        rows += [(community, name) for community in called]
        shapes += list(shapely.normalize(shapely.intersection(cells, ground)))
    return gpd.GeoDataFrame(rows, columns=["name", "within"], geometry=shapes, crs=EPSG)
