"""Contract tables of a made-up city, for the tests of maps and report: no analysis is run to get them."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from jxgis.drawing.canvas import Canvas
from jxgis.drawing.ground import Ground

CRS = 4549
CENTRE = np.array([572300.0, 3403000.0])
CLASSES = ("市容环境", "道路交通", "公用设施", "园林绿化", "街面秩序", "宣传广告")
DISTRICTS = ("老城", "东栅", "湘家荡", "大桥", "余新", "新城", "高照", "油车港", "塘汇", "嘉北", "城南", "长水")
HOSTILE = "`${alert(1)}` </script><script>window.hacked=1</script><img src=x onerror='window.hacked=1'> \"'&\u2028"


class Tables(NamedTuple):
    """One result, as a run would hand it over."""

    districts: gpd.GeoDataFrame
    cells: gpd.GeoDataFrame
    places: gpd.GeoDataFrame
    coverage: gpd.GeoDataFrame
    served: gpd.GeoDataFrame
    unserved: gpd.GeoDataFrame
    parks: gpd.GeoDataFrame
    sites: gpd.GeoDataFrame
    units: gpd.GeoDataFrame
    scores: gpd.GeoDataFrame


def on_land(land: gpd.GeoDataFrame) -> Canvas:
    """A map's canvas with no more ground than that land."""
    return Canvas(ground=Ground(land=land))


def _districts(rng: np.random.Generator) -> gpd.GeoDataFrame:
    city = shapely.Point(572300, 3403000).buffer(11_070, quad_segs=24)
    angle = np.linspace(0, 2 * np.pi, 8, endpoint=False)
    ring = np.column_stack([np.cos(angle), np.sin(angle)]) * 7_500
    core = np.array([[0, 0], [3000, 1500], [-2800, 1800], [400, -3400]])
    seeds = np.vstack([core, ring]) + CENTRE + rng.normal(0, 300, (12, 2))
    faces = shapely.get_parts(shapely.voronoi_polygons(shapely.MultiPoint(seeds), extend_to=city))
    order = [int(np.argmax(shapely.contains_xy(faces, x, y))) for x, y in seeds]
    polygons = shapely.intersection(faces[order], city)
    return gpd.GeoDataFrame({"name": DISTRICTS, "area": "南湖区"}, geometry=polygons, crs=CRS)


def _cells(districts: gpd.GeoDataFrame, rng: np.random.Generator, cell_m: float) -> gpd.GeoDataFrame:
    city = shapely.union_all(districts.geometry.array)
    west, south, east, north = city.bounds
    x, y = np.meshgrid(np.arange(west // cell_m, east // cell_m), np.arange(south // cell_m, north // cell_m))
    x, y = x.ravel(), y.ravel()
    inside = shapely.contains_xy(city, (x + 0.5) * cell_m, (y + 0.5) * cell_m)
    x, y = x[inside], y[inside]
    squares = shapely.box(x * cell_m, y * cell_m, (x + 1) * cell_m, (y + 1) * cell_m)
    ids = [f"E{int(a)}N{int(b)}" for a, b in zip(x, y, strict=True)]
    tables = []
    for at, issue_class in enumerate(("all", *CLASSES)):
        centre = CENTRE + np.array([900 * at, -700 * at])
        distance = np.hypot(x * cell_m - centre[0], y * cell_m - centre[1])
        count = rng.poisson(0.3 + 14 * np.exp(-((distance / 1500) ** 2)) * (2 if at == 0 else 1))
        z = (count - count.mean()) / count.std() * 1.5
        p = np.clip(np.exp(-np.abs(z) * 1.4), 1e-12, 1)
        level = np.select([p < 0.01, p < 0.05, p < 0.1], [3, 2, 1], 0)
        tables.append(
            gpd.GeoDataFrame(
                {
                    "cell_id": ids, "issue_class": issue_class, "count": count, "gi_z": z, "gi_p": p,
                    "gi_p_normal": p, "p_method": "exact", "gi_q": p, "gi_bin": level * np.sign(z).astype(int),
                    "lisa": np.where(level == 3, "HH", "ns"), "reason": None,
                },
                geometry=squares, crs=CRS,
            )
        )  # fmt: skip
    return pd.concat(tables, ignore_index=True)


def _places(rng: np.random.Generator) -> gpd.GeoDataFrame:
    rows, shapes = [], []
    names = (
        "三水湾",
        "府南",
        "月河街",
        "南湖大道",
        HOSTILE,
        "中山路",
        "中环南路",
        "勤俭路",
        "纺工路",
        "由拳路",
        "禾兴路",
        "吉水路",
    )
    for at, issue_class in enumerate(("all", *CLASSES)):
        for rank in range(1, 13 if at == 0 else 5):
            issues = int(6000 / (rank + at + 1))
            rows.append(
                {
                    "rank": rank, "issue_class": issue_class, "name": names[rank - 1], "district": DISTRICTS[rank % 12],
                    "subdistrict": None, "issues": issues, "share_issues": issues / 60_000, "share_area": 0.002 * rank,
                    "area_km2": 0.8 * rank, "peak_z": 22.4 / rank, "main_subclass": "机动车乱停",
                    "change": 0.12 - 0.05 * rank if rank < 8 else np.nan, "change_city": -0.17,
                }
            )  # fmt: skip
            middle = CENTRE + rng.normal(0, 4000, 2)
            shapes.append(shapely.Point(middle).buffer(500, quad_segs=2))
    return gpd.GeoDataFrame(rows, geometry=shapes, crs=CRS)


def _parks(
    districts: gpd.GeoDataFrame, rng: np.random.Generator
) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame, gpd.GeoDataFrame, gpd.GeoDataFrame, gpd.GeoDataFrame]:
    city = shapely.union_all(districts.geometry.array)
    where = shapely.points(CENTRE + rng.normal(0, 5000, (90, 2)))
    parks = shapely.intersection(shapely.buffer(where, rng.uniform(40, 260, 90), quad_segs=3), city)
    parks = parks[~shapely.is_empty(parks)]
    named = {"name": [f"公园{i + 1}" for i in range(len(parks))], "kind": "综合公园"}
    table = gpd.GeoDataFrame({**named, "area_m2": shapely.area(parks), "radius_m": 500.0}, geometry=parks, crs=CRS)
    at = CENTRE + rng.normal(0, 5500, (900, 2))
    homes = shapely.box(at[:, 0], at[:, 1], at[:, 0] + rng.uniform(80, 300, 900), at[:, 1] + rng.uniform(80, 300, 900))
    housing = shapely.intersection(shapely.union_all(homes), city)
    rows, on, off = [], [], []
    for method, reach in (("radius", 500), ("walking", 330)):
        zone = shapely.union_all(shapely.buffer(parks, reach))
        yes, no = shapely.intersection(housing, zone), shapely.difference(housing, zone)
        on.extend({"method": method, "geometry": g} for g in shapely.get_parts(yes) if g.geom_type == "Polygon")
        off.extend({"method": method, "geometry": g} for g in shapely.get_parts(no) if g.geom_type == "Polygon")
        for name, polygon in [*zip(districts["name"], districts.geometry, strict=True), ("all", city)]:
            land = shapely.area(shapely.intersection(housing, polygon)) if name != "余新" else 0.0
            got = shapely.area(shapely.intersection(yes, polygon)) if name != "余新" else 0.0
            rows.append(
                {
                    "zone": name, "method": method, "residential_m2": land, "served_m2": got,
                    "coverage": got / land if land else np.nan, "standard": "garden-city-2022",
                    "unreachable_share": 0.01 if method == "walking" else np.nan,
                    "reason": None if land else "no_housing", "geometry": polygon,
                }
            )  # fmt: skip
    sites = gpd.GeoDataFrame(
        {
            "rank": range(1, 13), "name": [f"口袋公园{i}" for i in range(1, 13)], "m2": rng.uniform(2e4, 2e5, 12).round(),
            "counts": True,
        },
        geometry=shapely.points(CENTRE + rng.normal(0, 4500, (12, 2))), crs=CRS,
    )  # fmt: skip
    frame = [gpd.GeoDataFrame(r, geometry="geometry", crs=CRS) for r in (rows, on, off)]
    return frame[0], frame[1], frame[2], table, sites


def _units(districts: gpd.GeoDataFrame, rng: np.random.Generator) -> gpd.GeoDataFrame:
    rows = []
    for name, polygon in zip(districts["name"], districts.geometry, strict=True):
        n = max(1, round(polygon.area / 3.5e6))
        west, south, east, north = polygon.bounds
        seeds = np.column_stack([rng.uniform(west, east, 60 * n), rng.uniform(south, north, 60 * n)])
        seeds = seeds[shapely.contains_xy(polygon, *seeds.T)][:n]
        faces = (
            shapely.get_parts(shapely.voronoi_polygons(shapely.MultiPoint(seeds), extend_to=polygon))
            if n > 1
            else [polygon]
        )
        for at, face in enumerate(faces):
            unit = shapely.intersection(face, polygon)
            km2 = unit.area / 1e6
            inside = 2 <= km2 <= 5
            nearly = not inside and 1.8 <= km2 <= 5.5
            rows.append(
                {
                    "unit_id": f"{name}{at + 1:02d}", "district": name, "area_km2": km2,
                    "compactness": 4 * np.pi * unit.area / unit.length**2, "in_bounds": inside, "nearly": nearly,
                    "reason": None if inside else "未找到更好的划分", "geometry": unit,
                }
            )  # fmt: skip
    return gpd.GeoDataFrame(rows, geometry="geometry", crs=CRS)


def _scores(units: gpd.GeoDataFrame, rng: np.random.Generator) -> gpd.GeoDataFrame:
    table = units[["unit_id", "geometry"]].rename(columns={"unit_id": "candidate_id"}).iloc[::2].reset_index(drop=True)
    n = len(table)
    table["score"] = rng.uniform(30, 95, n).round(1)
    table["score_if_missing_zero"] = table["score"] * 0.8
    table["completeness"] = np.where(np.arange(n) % 6 == 5, 0.55, 0.85)
    table["rank"] = table["score"].where(table["completeness"] >= 0.7).rank(ascending=False, method="first")
    table["type"] = "品质生活"
    for indicator in ("park_coverage", "issue_density"):
        table[indicator] = rng.uniform(0, 1, n)
        table[f"{indicator}_score"] = rng.uniform(0, 100, n)
    return table


@cache
def result_tables(cell_m: float = 200) -> Tables:
    """The whole result, the same at each call."""
    rng = np.random.default_rng(7)
    districts = _districts(rng)
    cells = _cells(districts, rng, cell_m)
    places = _places(rng)
    coverage, served, unserved, parks, sites = _parks(districts, rng)
    units = _units(districts, rng)
    scores = _scores(units, rng)
    return Tables(districts, cells, places, coverage, served, unserved, parks, sites, units, scores)
