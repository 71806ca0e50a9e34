"""Candidate sample units of the schematic city: sound ones, and one for each way to fail a gate."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from jxgis.demo._plan import EPSG, Lattice, bend_shapes, to_plan

if TYPE_CHECKING:
    import geopandas as gpd

__all__ = ["make_candidates"]

_CANDIDATES = (  # name, type, district that it is clipped to (None: not clipped), lon, lat, lattice steps wide and high
    ("子城历史街区", "历史文化", "老城", 120.7500, 30.7625, 7, 8),
    ("三水湾生活圈", "品质生活", "老城", 120.7400, 30.7730, 8, 7),
    ("南湖滨水片", "历史文化", "老城", 120.7640, 30.7560, 8, 8),
    ("东栅品质社区", "品质生活", "东栅", 120.8020, 30.7560, 8, 8),
    ("新城核心区", "商贸服务", "新城", 120.6850, 30.7770, 8, 8),
    ("高照智造园", "特色产业", "高照", 120.6660, 30.7570, 8, 8),
    ("姚家荡片", "品质生活", "城南", 120.7110, 30.7270, 8, 8),
    ("南站商务区", "商贸服务", "长水", 120.7760, 30.7070, 8, 8),
    ("塘汇创意园", "特色产业", "塘汇", 120.7740, 30.7960, 7, 8),
    ("嘉北湿地社区", "品质生活", "嘉北", 120.7130, 30.7860, 8, 8),
    ("湘家荡科创湖区", "特色产业", "湘家荡", 120.8270, 30.8070, 8, 8),
    ("大桥产业社区", "特色产业", "大桥", 120.8500, 30.7410, 7, 8),
    ("余新高铁南片", "商贸服务", "余新", 120.7893, 30.6720, 8, 7),
    ("偏大片", "品质生活", "长水", 120.7700, 30.7060, 12, 10),
    ("略大片", "品质生活", "城南", 120.7010, 30.7180, 11, 8),
    ("跨区片", "商贸服务", None, 120.7890, 30.7400, 8, 7),
    ("分离片", "特色产业", "油车港", 120.7570, 30.8500, 5, 6),
    ("界外片", "特色产业", None, 120.8680, 30.7330, 8, 8),
)
_MORE = (  # sound ones too, so that there is a choice: each area needs four in four years
    ("新城秀湖社区", "品质生活", "新城", 120.6990, 30.7960, 8, 8),
    ("油车港麟湖片", "特色产业", "油车港", 120.7450, 30.8680, 8, 8),
    ("油车港老镇", "历史文化", "油车港", 120.7360, 30.8310, 7, 8),
    ("长水中央活力区", "商贸服务", "长水", 120.7400, 30.7120, 8, 8),
    ("嘉北洪波片", "商贸服务", "嘉北", 120.7180, 30.8080, 8, 8),
    ("城南文博片", "历史文化", "城南", 120.6800, 30.7430, 8, 8),
    ("东栅北片", "商贸服务", "东栅", 120.7950, 30.7800, 8, 8),
    ("大桥滨河社区", "品质生活", "大桥", 120.8480, 30.7710, 8, 8),
    ("湘家荡北岸", "品质生活", "湘家荡", 120.8150, 30.8310, 8, 8),
)
_NAMED = {"子城历史街区": 2024, "新城核心区": 2024, "姚家荡片": 2024}
"""Named before the choice begins, one in each area."""
_READY = {"大桥产业社区": 2026, "油车港麟湖片": 2027}
_OWN = {  # what no layer of the demo can give: the bureau's own figures, low and high of what is drawn
    "toilets_per_km2": (2.2, 5.0),
    "shaded_streets": (62.0, 92.0),
    "road_condition": (90.0, 99.5),
    "solved_rate": (91.0, 98.5),
}
_NO_FIGURES = ("大桥产业社区", "余新高铁南片")


def make_candidates(rng: np.random.Generator, lattice: Lattice, districts: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Draw candidates along the lattice.

    Parameters
    ----------
    rng
        The source of chance.
    lattice
        Whose lines the borders follow.
    districts
        ``name``, ``geometry`` in EPSG:4549: a sound candidate stays inside one.

    Returns
    -------
    GeoDataFrame
        Columns ``candidate_id``, ``name``, ``type``, ``named_year``, ``ready_year``, the bureau's own figures (null for
        some of them), ``cost``, ``geometry`` in EPSG:4549.
    """
    import geopandas as gpd

    home = districts.set_index("name").geometry
    shapes = []
    for name, _, district, lon, lat, wide, high in (*_CANDIDATES, *_MORE):
        middle = np.round(lattice.index(to_plan([lon], [lat])))[0].astype(int)
        west, south = int(middle[0]) - wide // 2, int(middle[1]) - high // 2
        shape: shapely.Geometry = lattice.box(west, south, west + wide, south + high)
        if name == "分离片":
            shape = shapely.union(shape, lattice.box(west + wide + 2, south, west + wide + 6, south + 4))
        shape = bend_shapes(shape, step_m=400.0)[0]
        if district is not None:
            # A hand's breadth inside the border, so that no rounding puts the edge across it.
            shape = shapely.intersection(shape, shapely.buffer(home[district], -0.5, join_style="mitre"))
            if name != "分离片":
                parts = shapely.get_parts(shape)
                shape = parts[np.argmax(shapely.area(parts))]
        shapes.append(shapely.normalize(shape))
    rows = (*_CANDIDATES, *_MORE)
    table = pd.DataFrame(
        {
            "candidate_id": [f"YB{k + 1:02d}" for k in range(len(rows))],
            "name": [row[0] for row in rows],
            "type": [row[1] for row in rows],
            "named_year": [_NAMED.get(row[0], np.nan) for row in rows],
            "ready_year": [_READY.get(row[0], np.nan) for row in rows],
        }
    )
    for column, (least, most) in _OWN.items():
        drawn = np.round(rng.uniform(least, most, len(_CANDIDATES)), 1)
        drawn = np.append(drawn, np.full(len(_MORE), np.nan))
        table[column] = np.where(table["name"].isin(_NO_FIGURES), np.nan, drawn)
    table["cost"] = 100.0 * rng.integers(8, 30, len(table))
    return gpd.GeoDataFrame(table, geometry=shapes, crs=EPSG)
