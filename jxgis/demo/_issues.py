"""Cases of the schematic city: a background that follows people and streets, and hot spots planted at named places."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from jxgis.demo._plan import segments

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

__all__ = [
    "BACKGROUND", "CLASS_SHARES", "Cases", "follow_people", "make_cases", "read_categories",
    "read_changes", "read_hot_spots", "read_places",
]  # fmt: skip

BACKGROUND = 56_000
"""Background cases in three years; the planted ones come on top."""

CLASS_SHARES = {
    "市容环境": 0.29,
    "街面秩序": 0.25,
    "公用设施": 0.14,
    "道路交通": 0.12,
    "宣传广告": 0.11,
    "园林绿化": 0.09,
}

_EMPHASIS = {  # what a district has more or less of than the city: the mix differs by area
    "老城": {"街面秩序": 1.35, "宣传广告": 1.3, "园林绿化": 0.6, "道路交通": 0.8},
    "新城": {"街面秩序": 1.2, "宣传广告": 1.4},
    "高照": {"道路交通": 1.8, "公用设施": 1.4, "街面秩序": 0.6},
    "塘汇": {"道路交通": 1.7, "市容环境": 1.2, "街面秩序": 0.7},
    "大桥": {"道路交通": 1.8, "市容环境": 1.3, "宣传广告": 0.5},
    "余新": {"道路交通": 1.5, "公用设施": 1.3, "宣传广告": 0.5},
    "湘家荡": {"园林绿化": 2.6, "市容环境": 1.2, "街面秩序": 0.5},
    "油车港": {"园林绿化": 2.0, "市容环境": 1.4, "街面秩序": 0.6},
    "嘉北": {"园林绿化": 1.5},
    "长水": {"公用设施": 1.5, "园林绿化": 1.3},
    "城南": {"公用设施": 1.2, "园林绿化": 1.3},
    "东栅": {"公用设施": 1.3, "园林绿化": 1.2},
}


@dataclass(frozen=True)
class Cases:
    """Where and what: ``x``, ``y`` (EPSG:4549), the class of each case, and the number of its hot spot (-1: none)."""

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    issue_class: NDArray[np.object_]
    spot: NDArray[np.int64]


def _read(name: str) -> pd.DataFrame:
    with resources.files("jxgis.demo").joinpath(name).open(encoding="utf-8") as file:
        return pd.read_csv(file)


def read_categories() -> pd.DataFrame:
    """Categories of the export: tree, main_type, sub_type, issue_class, weight, hours to the deadline, department."""
    return _read("categories.csv")


def read_hot_spots() -> pd.DataFrame:
    """What is planted: name, issue_class (``all``: every class), lon, lat, radius_m, relative_risk."""
    return _read("hot_spots.csv")


def read_changes() -> pd.DataFrame:
    """What changes: name, kind, issue_class, lon, lat, radius_m, relative_risk, start, end, source; no name: the whole city."""
    return _read("changes.csv").astype({"start": "datetime64[ns]", "end": "datetime64[ns]"})


def read_places() -> pd.DataFrame:
    """Named places that are not hot spots: name, kind, lon, lat."""
    return _read("places.csv")


def _in_polygons(
    rng: np.random.Generator, shapes: NDArray[np.object_], which: NDArray[np.int64]
) -> NDArray[np.float64]:
    """One point in each of the polygons ``which``: uniform in the bounds, drawn again until inside."""
    west, south, east, north = shapely.bounds(shapes).T
    found = np.full((which.size, 2), np.nan)
    todo = np.arange(which.size)
    for _ in range(200):
        k = which[todo]
        x = west[k] + rng.random(todo.size) * (east - west)[k]
        y = south[k] + rng.random(todo.size) * (north - south)[k]
        hit = shapely.contains_xy(shapes[k], x, y)
        found[todo[hit]] = np.column_stack([x, y])[hit]
        todo = todo[~hit]
        if todo.size == 0:
            return found
    found[todo] = shapely.get_coordinates(shapely.point_on_surface(shapes[which[todo]]))
    return found


def _on_streets(
    rng: np.random.Generator, points: NDArray[np.float64], lines: NDArray[np.object_], *, reach_m: float
) -> NDArray[np.float64]:
    """Move points to the nearest street within reach, a few metres off its middle; others stay."""
    at = np.asarray(shapely.points(points), dtype=object)
    pieces, _ = segments(lines)
    moved, near = shapely.STRtree(pieces).query_nearest(at, max_distance=reach_m, all_matches=False)
    foot = shapely.line_interpolate_point(pieces[near], shapely.line_locate_point(pieces[near], at[moved]))
    placed = points.copy()
    placed[moved] = shapely.get_coordinates(foot)
    return np.asarray(placed + rng.normal(0.0, 6.0, placed.shape))


def follow_people(
    rng: np.random.Generator,
    n: int,
    *,
    residential: gpd.GeoDataFrame,
    streets: gpd.GeoDataFrame,
    city: shapely.Geometry,
) -> NDArray[np.float64]:
    """Place points as background cases lie: 92 % by people (half of them moved to the nearest street), 8 % along streets.

    Parameters
    ----------
    rng
        The source of chance.
    n
        How many.
    residential, streets, city
        What they follow, and the city that they lie in, in EPSG:4549.

    Returns
    -------
    ndarray
        (n, 2) coordinates.
    """
    people = residential["people"].to_numpy(dtype=np.float64)
    homes = residential.geometry.to_numpy()
    by_people = round(0.92 * n)
    at_home = _in_polygons(rng, homes, rng.choice(homes.size, by_people, p=people / people.sum()))
    lines = streets.geometry.to_numpy()
    out = rng.random(by_people) < 0.5
    at_home[out] = _on_streets(rng, at_home[out], lines, reach_m=180.0)
    busy = shapely.length(lines) * streets["road_class"].map({"主干路": 1.0, "次干路": 1.5, "支路": 1.5}).to_numpy()
    line = rng.choice(lines.size, n - by_people, p=busy / busy.sum())
    along = shapely.line_interpolate_point(lines[line], rng.random(line.size) * shapely.length(lines)[line])
    on_streets = shapely.get_coordinates(along) + rng.normal(0.0, 6.0, (line.size, 2))
    points = np.vstack([at_home, on_streets])
    shapely.prepare(city)
    points = points[shapely.contains_xy(city, points[:, 0], points[:, 1])]
    missing = n - len(points)
    if missing:  # those that fell outside the city are drawn again
        more = follow_people(rng, missing, residential=residential, streets=streets, city=city)
        points = np.vstack([points, more])
    return points


def make_cases(
    rng: np.random.Generator,
    *,
    residential: gpd.GeoDataFrame,
    streets: gpd.GeoDataFrame,
    districts: gpd.GeoDataFrame,
    hot_spots: pd.DataFrame,
    background: int = BACKGROUND,
) -> tuple[Cases, pd.DataFrame]:
    """Draw the cases.

    The relative risk of a planted spot is exact by construction: as many cases are added in its disc as make the
    disc's total ``relative_risk`` times the background that fell there.

    Parameters
    ----------
    rng
        The source of chance.
    residential, streets, districts
        In EPSG:4549; ``people`` and ``road_class`` weigh the background.
    hot_spots
        As :func:`read_hot_spots` gives them, with ``x`` and ``y`` in EPSG:4549. An empty table plants nothing.
    background
        Number of background cases.

    Returns
    -------
    Cases
        Background first, then the spots in their order.
    pandas.DataFrame
        ``hot_spots`` with the columns ``background`` and ``planted``: cases of the class in the disc.
    """
    city = shapely.union_all(districts.geometry.to_numpy())
    xy = follow_people(rng, background, residential=residential, streets=streets, city=city)
    shapes = districts.geometry.to_numpy()
    point, district = shapely.STRtree(shapes).query(shapely.points(xy), predicate="intersects")
    home = np.zeros(len(xy), dtype=np.int64)
    home[point] = district
    names = np.array(list(CLASS_SHARES), dtype=object)
    shares = np.array(list(CLASS_SHARES.values()))
    mix = np.array([[_EMPHASIS.get(d, {}).get(c, 1.0) for c in names] for d in districts["name"]]) * shares
    ladder = np.cumsum(mix / mix.sum(axis=1, keepdims=True), axis=1)
    code = (rng.random(len(xy))[:, None] > ladder[home]).sum(axis=1).clip(max=names.size - 1)

    xs, codes, spots, counts = [xy], [code], [np.full(len(xy), -1)], []
    columns = (hot_spots[column].to_numpy() for column in ("issue_class", "x", "y", "radius_m", "relative_risk"))
    for number, (wanted, x, y, reach_m, risk) in enumerate(zip(*columns, strict=True)):
        near = np.hypot(xy[:, 0] - x, xy[:, 1] - y) <= reach_m
        counted = 0, 0
        for c, name in enumerate(names):
            if wanted not in ("all", name):
                continue
            there = int((near & (code == c)).sum())
            extra = int(np.ceil((risk - 1) * there))
            # Uniform in a disc a little smaller than the one named, so that no rounding puts a case outside it.
            radius = (reach_m - 1.0) * np.sqrt(rng.random(extra))
            angle = rng.uniform(0, 2 * np.pi, extra)
            xs.append(np.column_stack([x + radius * np.cos(angle), y + radius * np.sin(angle)]))
            codes.append(np.full(extra, c))
            spots.append(np.full(extra, number))
            counted = counted[0] + there, counted[1] + extra
        counts.append(counted)
    table = hot_spots.assign(
        background=np.array([c[0] for c in counts], dtype=np.int64),
        planted=np.array([c[1] for c in counts], dtype=np.int64),
    )
    placed = np.vstack(xs)
    return Cases(placed[:, 0], placed[:, 1], names[np.concatenate(codes)], np.concatenate(spots)), table
