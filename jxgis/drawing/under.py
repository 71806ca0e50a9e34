"""The ground on a page: what lies under the layers of a map, and the streets and names over them, as data for its script."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from folium.template import Template

from jxgis import escape
from jxgis.drawing import _encode
from jxgis.drawing.base import Script
from jxgis.drawing.basemaps import source_of
from jxgis.drawing.colours import AWAY, BORDER, GREEN, INK, LAND, LEAF, PAPER, RIVER, STREET, WATER

if TYPE_CHECKING:
    import folium
    from numpy.typing import NDArray

    from jxgis.datum import Datum
    from jxgis.drawing.ground import Ground

__all__ = ["add_ground"]

#: How far shapes of the ground may move, and how near their points are told apart: a few metres nobody sees in a backdrop.
_SIMPLIFY_M, _PER_DEGREE = 3.0, 100_000
#: More points of streets than this weigh more than what the map is about: then the smallest streets stay away.
_MOST_POINTS = 40_000
#: A long water or park has a name in every such square that holds a good part of it.
_SQUARE_M, _LEAST_ROOM_M = 2_500.0, 12.0


class _Under(Script):
    _template = Template(
        "{% macro script(this, kwargs) %}"
        "jxgis.ground({{ this.data }}).addTo({{ this._parent.get_name() }});"
        "{% endmacro %}"
    )

    def __init__(self, data: dict[str, Any]) -> None:
        super().__init__("Under")
        self.data = escape.javascript(data)


def add_ground(page: folium.Map, ground: Ground) -> None:
    """Draw a ground: land, parks and waters below all layers, streets and borders of sub-districts above their fills, and
    names where there is room, the more the nearer one looks.

    Parameters
    ----------
    page
        The map.
    ground
        What there is of it.
    """
    data = _data(ground)
    if any(data[key] for key in data if key != "colours"):
        page.add_child(_Under(data), name="ground")


@lru_cache(maxsize=8)
def _data(ground: Ground) -> dict[str, Any]:
    source = source_of(ground.basemap)
    datum: Datum = "WGS-84" if source is None else source.datum
    palette = {
        "land": LAND, "away": AWAY, "park": GREEN, "water": WATER, "street": STREET, "town": BORDER, "halo": PAPER,
        "name": INK, "leaf": LEAF, "river": RIVER,
    }  # fmt: skip
    data: dict[str, Any] = {
        "colours": palette,
        "land": [],
        "parks": [],
        "waters": [],
        "towns": [],
        "streets": [],
        "names": [],
    }
    if ground.land is not None:
        data["land"] = _rings(gpd.GeoSeries([_whole(ground.land)], crs=ground.land.crs), datum)
    for key, areas in (("parks", ground.parks), ("waters", ground.waters)):
        if areas is not None:
            data[key] = _rings(gpd.GeoSeries([_whole(areas)], crs=areas.crs), datum)
            data["names"] += _area_names(areas, key, datum)
    if ground.subdistricts is not None:
        data["towns"] = _paths(_borders(ground.subdistricts, ground.land), datum)
        data["names"] += _town_names(ground.subdistricts, ground.land, datum)
    if ground.places is not None:
        data["names"] += _point_names(ground.places, datum)
    if ground.streets is not None:
        data["streets"] = _streets(ground.streets, datum)
    return data


def _whole(areas: gpd.GeoDataFrame) -> shapely.Geometry:
    """Areas as one, with what is too small to be seen left out."""
    shapes = shapely.make_valid(shapely.simplify(np.asarray(areas.geometry.array), _SIMPLIFY_M / 3))
    return shapely.simplify(shapely.union_all(shapes, grid_size=2 * _SIMPLIFY_M / 3), _SIMPLIFY_M)


def _steps(geometry: shapely.Geometry) -> str:
    points = np.rint(shapely.get_coordinates(geometry) * _PER_DEGREE).astype(np.int64)
    return _encode.packed(_encode.steps(points, [0, 0]))


def _rings(shapes: gpd.GeoSeries, datum: Datum) -> list[str]:
    """The rings of polygons, each from the zero of the degrees: with the even-odd rule holes need no more said of them."""
    return [_steps(ring) for ring in shapely.get_rings(shapely.get_parts(_encode.to_degrees(shapes, datum)))]


def _paths(shapes: gpd.GeoSeries, datum: Datum) -> list[str]:
    return [_steps(part) for part in shapely.get_parts(_encode.to_degrees(shapes, datum))]


def _borders(towns: gpd.GeoDataFrame, land: gpd.GeoDataFrame | None) -> gpd.GeoSeries:
    """The borders between sub-districts that are not borders of the land."""
    lines = shapely.union_all(shapely.boundary(np.asarray(towns.geometry.array)), grid_size=2 * _SIMPLIFY_M / 3)
    if land is not None:
        edges = shapely.union_all(shapely.boundary(np.asarray(land.geometry.array)))
        lines = shapely.difference(lines, shapely.buffer(edges, 5.0))
    return gpd.GeoSeries([shapely.simplify(shapely.line_merge(lines), _SIMPLIFY_M)], crs=towns.crs)


def _streets(streets: gpd.GeoDataFrame, datum: Datum) -> list[dict[str, Any]]:
    """Streets by their order, those of one name in one piece where they go on in one another."""
    found: list[dict[str, Any]] = []
    points = 0
    for order, of_order in streets.groupby("order"):
        merged = of_order.assign(name=of_order["name"].astype("object").fillna("")).dissolve("name")
        lines = shapely.simplify(shapely.line_merge(np.asarray(merged.geometry.array)), _SIMPLIFY_M)
        points += int(shapely.get_num_coordinates(lines).sum())
        if points > _MOST_POINTS and found:
            break
        paths = [_paths(gpd.GeoSeries([line], crs=streets.crs), datum) for line in lines]
        found.append({"order": int(order), "names": list(merged.index), "paths": paths})
    return found


def _names(kind: str, names: pd.Series, points: gpd.GeoSeries, room_m: NDArray[np.float64], datum: Datum) -> list[Any]:
    """Rows ``kind, name, x, y, room``, the ones with most room first."""
    at = np.rint(shapely.get_coordinates(_encode.to_degrees(points, datum)) * _PER_DEGREE).astype(np.int64)
    rows = [
        [kind, str(name), int(x), int(y), round(float(room))]
        for name, (x, y), room in zip(names, at, room_m, strict=True)
        if pd.notna(name)
    ]
    return sorted(rows, key=lambda row: -row[4])


def _area_names(areas: gpd.GeoDataFrame, kind: str, datum: Datum) -> list[Any]:
    """Where the names of waters and parks may stand: in the widest part of each square that a long one passes."""
    named = areas[areas["name"].notna()].dissolve("name", as_index=False)
    if named.empty:
        return []
    squares = _squares(named)
    pieces = gpd.overlay(named[["name", "geometry"]], squares, how="intersection", keep_geom_type=True)
    widest = shapely.maximum_inscribed_circle(np.asarray(pieces.geometry.array), tolerance=5.0)
    room = shapely.length(widest)
    kept = room >= _LEAST_ROOM_M
    middles = shapely.get_point(widest, 0)
    return _names(kind, pieces["name"][kept], gpd.GeoSeries(middles[kept], crs=areas.crs), room[kept], datum)


def _squares(areas: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    west, south, east, north = np.floor(np.asarray(areas.total_bounds) / _SQUARE_M).astype(int)
    boxes = [
        shapely.box(*(_SQUARE_M * np.array([x, y, x + 1, y + 1])))
        for x in range(west, east + 1)
        for y in range(south, north + 1)
    ]
    return gpd.GeoDataFrame(geometry=boxes, crs=areas.crs)


def _town_names(towns: gpd.GeoDataFrame, land: gpd.GeoDataFrame | None, datum: Datum) -> list[Any]:
    """The names of sub-districts that are not those of the land."""
    if land is not None:
        towns = towns[~towns["name"].isin(land["name"])]
    shapes = np.asarray(towns.geometry.array)
    points = gpd.GeoSeries(shapely.point_on_surface(shapes), crs=towns.crs)
    return _names("towns", towns["name"], points, np.sqrt(shapely.area(shapes)) / 2, datum)


def _point_names(places: gpd.GeoDataFrame, datum: Datum) -> list[Any]:
    points = gpd.GeoSeries(shapely.point_on_surface(np.asarray(places.geometry.array)), crs=places.crs)
    return _names("places", places["name"], points, np.zeros(len(places)), datum)
