"""Streets of the schematic city: a lattice that thins out away from the centres, and roads along the canals."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import shapely

from jxgis.demo._plan import EPSG, Lattice, bend_shapes, to_plan

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

__all__ = ["CENTRES", "crowding", "make_ring", "make_streets"]

LEVELS = ("主干路", "次干路", "支路")
CENTRES: tuple[tuple[str, float, float, float, float], ...] = (
    # name, lon, lat, people per hectare at the peak, scale in m
    ("老城", 120.7520, 30.7640, 340.0, 2500.0),
    ("新城", 120.6850, 30.7760, 150.0, 950.0),
    ("高照", 120.6660, 30.7570, 95.0, 850.0),
    ("嘉北", 120.7110, 30.7860, 110.0, 850.0),
    ("塘汇", 120.7740, 30.7960, 115.0, 850.0),
    ("东栅", 120.8020, 30.7560, 130.0, 1000.0),
    ("长水", 120.7720, 30.7080, 105.0, 1050.0),
    ("城南", 120.7110, 30.7280, 115.0, 1050.0),
    ("余新", 120.7893, 30.6720, 105.0, 900.0),
    ("大桥", 120.8500, 30.7410, 105.0, 900.0),
    ("七星", 120.8263, 30.8083, 90.0, 800.0),
    ("油车港", 120.7572, 30.8500, 90.0, 900.0),
)
_NORTH_SOUTH = {
    -10: "万园路", -9: "康和路", -8: "运和路", -7: "秀新路", -6: "木桥港路", -5: "新气象路", -4: "昌盛路",
    -3: "中环西路", -2: "禾平街", -1: "环城西路", 0: "建国路", 1: "安乐路", 2: "南湖大道", 3: "中环东路",
    4: "双溪路", 5: "新大公路", 6: "三环东路", 7: "明新路", 8: "庆丰路", 9: "亚太路", 10: "永叙路",
    11: "顺泽路", 12: "余云路",
}  # fmt: skip
_EAST_WEST = {
    -14: "余北大街", -13: "镇南路", -12: "新余路", -11: "三环南路", -10: "余贤路", -9: "长水路", -8: "槜李路",
    -7: "庆安路", -6: "广益路", -5: "由拳路", -4: "文昌路", -3: "中环南路", -2: "花园路", -1: "凌公塘路",
    0: "环城南路", 1: "勤俭路", 2: "吉水路", 3: "中环北路", 4: "洪兴路", 5: "东升路", 6: "城北路",
    7: "三环北路", 8: "塘汇路", 9: "嘉北路", 10: "天鹅湖路", 11: "港中路", 12: "秀水大道", 13: "油车港路",
}  # fmt: skip


@cache
def _centres() -> NDArray[np.float64]:
    return to_plan([c[1] for c in CENTRES], [c[2] for c in CENTRES])


def crowding(uv: NDArray[np.float64]) -> NDArray[np.float64]:
    """People per hectare of built-up land: the old town's peak and those of the outer centres, falling off.

    Parameters
    ----------
    uv
        Plan positions, shape (n, 2).

    Returns
    -------
    ndarray
        Shape (n,).
    """
    total = np.full(len(uv), 1.2)
    for (_, _, _, peak, scale), centre in zip(CENTRES, _centres(), strict=True):
        distance = np.hypot(*(uv - centre).T)
        total += peak * np.exp(-((distance / scale) ** 2))
    return total


def _street_name(axis: str, k: int) -> str:
    """Name of line ``k``; side streets are named after the main street before them."""
    names = _NORTH_SOUTH if axis == "u" else _EAST_WEST
    main, rest = divmod(k, 4)
    base = names.get(main, f"{'经' if axis == 'u' else '纬'}{main + 16}路")
    if rest == 0:
        return base
    stem = base.removesuffix("大道").removesuffix("大街").removesuffix("公路").removesuffix("路").removesuffix("街")
    return stem + ("支路" if rest == 2 else ("一弄" if rest == 1 else "二弄"))


def _level(k: int) -> str:
    return LEVELS[0] if k % 4 == 0 else LEVELS[1] if k % 2 == 0 else LEVELS[2]


def _line_pieces(lattice: Lattice, axis: str, k: int, keep: NDArray[np.bool_]) -> list[shapely.LineString]:
    """The kept runs of one lattice line, with a vertex at each crossing so that streets meet in shared vertices."""
    along = lattice.v if axis == "u" else lattice.u
    fixed = (lattice.u if axis == "u" else lattice.v)[k + lattice.half]
    points = np.column_stack([np.full(along.size, fixed), along])
    if axis == "v":
        points = points[:, ::-1]
    starts = np.flatnonzero(np.diff(np.concatenate([[0], keep.astype(np.int8), [0]])))
    return [shapely.LineString(points[a : b + 1]) for a, b in starts.reshape(-1, 2)]


def make_streets(
    rng: np.random.Generator, lattice: Lattice, *, outline: shapely.Geometry, lakes: shapely.Geometry
) -> gpd.GeoDataFrame:
    """Draw the streets.

    Parameters
    ----------
    rng
        The source of chance.
    lattice
        Where streets may run.
    outline, lakes
        In plan space: what streets stay near to, and keep out of.

    Returns
    -------
    GeoDataFrame
        Columns ``name``, ``road_class``, ``geometry`` in EPSG:4549.
    """
    import geopandas as gpd

    land = shapely.buffer(outline, 250.0)
    shapely.prepare(land)
    shore = shapely.buffer(lakes, 30.0)
    shapely.prepare(shore)
    rows: list[tuple[str, str, shapely.LineString]] = []
    for axis in ("u", "v"):
        along = lattice.v if axis == "u" else lattice.u
        across = lattice.u if axis == "u" else lattice.v
        for k in range(-lattice.half, lattice.half + 1):
            middle = np.column_stack([np.full(along.size - 1, across[k + lattice.half]), (along[1:] + along[:-1]) / 2])
            if axis == "v":
                middle = middle[:, ::-1]
            people = crowding(middle)
            level = _level(k)
            if level == LEVELS[0]:
                keep = (people > 4) | (k % 8 == 0)
            elif level == LEVELS[1]:
                keep = (people > 14) & (rng.random(people.size // 4 + 1).repeat(4)[: people.size] > 0.05)
            else:
                keep = (people > 38) & (rng.random(people.size // 4 + 1).repeat(4)[: people.size] > 0.18)
            keep &= shapely.contains_xy(land, middle[:, 0], middle[:, 1])
            # Main streets go round a lake where they can; the shore is left free by all.
            ends = np.column_stack([np.full(along.size, across[k + lattice.half]), along])
            if axis == "v":
                ends = ends[:, ::-1]
            sides = shapely.linestrings(np.stack([ends[:-1], ends[1:]], axis=1))
            keep &= ~shapely.intersects(shore, sides)
            rows += [(_street_name(axis, k), level, line) for line in _line_pieces(lattice, axis, k, keep)]
    # Isolated scraps of a side street are not streets.
    rows = [row for row in rows if row[1] == LEVELS[0] or row[2].length > 350]
    lines = bend_shapes(np.array([row[2] for row in rows], dtype=object), step_m=1000.0)
    return gpd.GeoDataFrame(
        {"name": [r[0] for r in rows], "road_class": [r[1] for r in rows]}, geometry=lines, crs=EPSG
    )


def make_ring(lattice: Lattice) -> gpd.GeoDataFrame:
    """What 中环西路, 中环南路, 中环东路 and 中环北路 enclose, vertex by vertex along them.

    Returns
    -------
    GeoDataFrame
        One row: ``name``, ``geometry`` (polygon) in EPSG:4549.
    """
    import geopandas as gpd

    names = ((_NORTH_SOUTH, "中环西路"), (_EAST_WEST, "中环南路"), (_NORTH_SOUTH, "中环东路"), (_EAST_WEST, "中环北路"))
    west, south, east, north = (4 * next(k for k, name in axis.items() if name == wanted) for axis, wanted in names)
    corners = [
        *((i, south) for i in range(west, east)),
        *((east, j) for j in range(south, north)),
        *((i, north) for i in range(east, west, -1)),
        *((west, j) for j in range(north, south, -1)),
    ]
    drawn = shapely.Polygon([lattice.at(i, j) for i, j in corners])
    return gpd.GeoDataFrame({"name": ["中环"]}, geometry=bend_shapes(drawn, step_m=1000.0), crs=EPSG)
