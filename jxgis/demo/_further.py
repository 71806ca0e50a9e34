"""The further layers of the plan in the schematic city: facilities, streets by condition, areas of plans, all invented."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

from jxgis.demo._plan import EPSG, Lattice, bend, bend_shapes, straighten, to_plan
from jxgis.demo._streets import CENTRES, LEVELS, crowding

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

__all__ = ["FURTHER", "make_further"]

_OLD = 0
"""The row of the old town in `CENTRES`."""

#: Layer, how many, what each is called, the kinds that are drawn, and how much people draw it.
_POINTS: tuple[tuple[str, int, str, dict[str, tuple[str, ...]], float], ...] = (
    ("toilets", 760, "公厕", {"kind": ("一类", "二类", "二类", "三类")}, 0.75),
    ("parking", 320, "停车场", {"kind": ("公共", "公共", "配建", "路内")}, 1.0),
    ("schools", 130, "学校", {"kind": ("幼儿园", "幼儿园", "小学", "初中", "高中")}, 0.8),
    ("hospitals", 60, "医院", {"kind": ("社区卫生服务站", "社区卫生服务站", "卫生院", "综合医院")}, 0.8),
    ("vending_spots", 60, "外摆点位", {}, 1.2),
    ("waste_points", 520, "垃圾收集点", {"kind": ("四分类", "四分类", "两分类")}, 0.9),
    ("emergency_teams", 26, "应急队伍", {}, 0.6),
    ("heritage", 190, "文物点", {"level": ("全国重点", "省级", "市级", "历史建筑", "历史建筑", "历史建筑")}, 1.5),
    ("retail", 260, "商业网点", {"kind": ("社区商业", "社区商业", "商业街", "商业综合体")}, 1.1),
    ("lightscape", 140, "亮化楼宇", {}, 1.2),
    ("sports", 110, "体育设施", {"kind": ("健身点", "健身点", "球场", "场馆")}, 0.8),
    ("stations", 42, "城管驿站", {}, 0.8),
    ("markets", 64, "农贸市场", {}, 0.9),
    ("construction_sites", 46, "建筑工地", {}, 0.4),
    ("squares", 30, "城市广场", {}, 1.0),
    ("flood_points", 25, "积水点", {}, 0.7),
    ("transfer_stations", 9, "垃圾转运站", {}, 0.5),
    ("street_lights", 1500, "", {}, 0.6),
    ("manholes", 1500, "", {"kind": ("雨水", "污水", "给水", "电力", "通信", "燃气")}, 0.6),
)
_POI = ("餐饮", "购物", "生活服务", "公司企业", "科教文化", "医疗保健", "体育休闲", "住宿", "金融", "交通设施")
#: Layer, how many, what each is called, lattice steps across (least, most).
_AREAS: tuple[tuple[str, int, str, tuple[int, int]], ...] = (
    ("model_blocks", 9, "示范街区", (2, 4)),
    ("design_areas", 16, "设计板块", (4, 9)),
    ("future_communities", 12, "未来社区", (3, 6)),
    ("style_areas", 22, "风貌样板区", (5, 10)),
    ("ad_zones", 12, "广告分区", (6, 12)),
    ("industrial_parks", 10, "工业园区", (5, 9)),
)


@dataclass(frozen=True)
class _Ground:
    """What further layers are drawn on."""

    lattice: Lattice
    city: shapely.Geometry
    streets: gpd.GeoDataFrame
    waters: gpd.GeoDataFrame
    residential: gpd.GeoDataFrame


def make_further(
    seed: int,
    lattice: Lattice,
    *,
    city: shapely.Geometry,
    streets: gpd.GeoDataFrame,
    waters: gpd.GeoDataFrame,
    residential: gpd.GeoDataFrame,
) -> dict[str, gpd.GeoDataFrame]:
    """Draw the further layers of the plan.

    Parameters
    ----------
    seed
        Each layer has a stream of chance of its own: one more layer leaves the others as they were.
    lattice
        Whose lines borders of areas follow.
    city
        The central city in EPSG:4549.
    streets, waters, residential
        In EPSG:4549.

    Returns
    -------
    dict
        Layer of Jiaxing's profile to its rows, in EPSG:4549.
    """
    ground = _Ground(lattice, city, streets, waters, residential)
    return {
        name: draw(np.random.default_rng([seed, 1000 + k]), ground) for k, (name, draw) in enumerate(FURTHER.items())
    }


def _frame(columns: dict[str, object], shapes: Iterable[shapely.Geometry]) -> gpd.GeoDataFrame:
    import geopandas as gpd

    return gpd.GeoDataFrame(columns, geometry=np.array(list(shapes), dtype=object), crs=EPSG)


def _numbered(what: str, n: int) -> list[str]:
    return [f"{what}{k + 1:0{len(str(n))}d}（示意）" for k in range(n)]


def _beside_streets(rng: np.random.Generator, ground: _Ground, n: int, pull: float) -> NDArray[np.object_]:
    """Points beside streets inside the city, the more the more people live there (to the power of ``pull``)."""
    middle = np.column_stack([a.ravel() for a in np.meshgrid(ground.lattice.u, ground.lattice.v)])
    chance = crowding(middle) ** pull
    found = np.zeros(0, dtype=object)
    tree = shapely.STRtree(ground.streets.geometry.to_numpy())
    while len(found) < n:
        spot = middle[rng.choice(len(middle), 2 * n, p=chance / chance.sum())] + rng.uniform(-140, 140, (2 * n, 2))
        at = np.array(shapely.points(bend(spot)), dtype=object, ndmin=1)
        at = at[shapely.contains_properly(ground.city, at)]
        line = ground.streets.geometry.to_numpy()[tree.query_nearest(at, all_matches=False)[1]]
        foot = shapely.get_point(shapely.shortest_line(line, at), 0)
        away = shapely.get_coordinates(at) - shapely.get_coordinates(foot)
        length = np.hypot(*away.T)[:, None]
        moved = shapely.get_coordinates(foot) + away / np.maximum(length, 1.0) * np.minimum(length, 18.0)
        moved = moved[(length[:, 0] < 300) & shapely.contains_xy(ground.city, moved)]
        found = np.concatenate([found, np.atleast_1d(shapely.points(np.round(moved, 1)))])
    return found[:n]


def _points(name: str, n: int, what: str, kinds: dict[str, tuple[str, ...]], pull: float) -> _Draw:
    def draw(rng: np.random.Generator, ground: _Ground) -> gpd.GeoDataFrame:
        shapes = _beside_streets(rng, ground, n, pull)
        columns: dict[str, object] = {"name": _numbered(what, n)} if what else {}
        if name == "manholes":
            columns["manhole_id"] = [f"JG{k + 1:05d}" for k in range(n)]
        if name == "street_lights":
            columns["lamp_id"] = [f"LD{k + 1:05d}" for k in range(n)]
            street = shapely.STRtree(ground.streets.geometry.to_numpy()).query_nearest(shapes, all_matches=False)[1]
            columns["road_class"] = ground.streets["road_class"].to_numpy()[street]
        columns |= {column: rng.choice(np.array(some, dtype=object), n) for column, some in kinds.items()}
        if name == "parking":
            columns["places"] = rng.integers(20, 260, n)
        if name in ("street_lights", "lightscape"):
            columns["lit"] = (rng.random(n) < 0.985).astype(int)
        if name == "emergency_teams":
            columns["people"] = rng.integers(8, 40, n)
        return _frame(columns, shapes)

    return draw


def _poi(rng: np.random.Generator, ground: _Ground) -> gpd.GeoDataFrame:
    """Points of interest whose mix differs from place to place: each centre has its own."""
    n = 3600
    shapes = _beside_streets(rng, ground, n, 0.9)
    uv = straighten(shapely.get_coordinates(shapes))
    centres = to_plan([c[1] for c in CENTRES], [c[2] for c in CENTRES])
    home = np.hypot(*(uv[:, None, :] - centres[None]).transpose(2, 0, 1)).argmin(axis=1)
    mixes = rng.dirichlet(np.full(len(_POI), 1.6), len(centres))
    draws = rng.random(n)
    kind = (mixes[home].cumsum(axis=1) < draws[:, None]).sum(axis=1).clip(max=len(_POI) - 1)
    return _frame({"kind": np.array(_POI, dtype=object)[kind]}, shapes)


def _runs(
    rng: np.random.Generator, lines: NDArray[np.object_], shares: NDArray[np.float64]
) -> tuple[NDArray[np.object_], NDArray[np.int64], NDArray[np.int64]]:
    """Lines cut at their vertices into runs of one state each: the runs, the line and the state of each.

    A street keeps its state from one crossing to the next in seven cases of ten; ``shares`` are those of the states.
    """
    runs, of, states = [], [], []
    for k, line in enumerate(lines):
        points = shapely.get_coordinates(line)
        m = len(points) - 1
        fresh = rng.random(m) > 0.7
        fresh[0] = True
        drawn = rng.choice(len(shares), m, p=shares)
        state = drawn[np.maximum.accumulate(np.where(fresh, np.arange(m), 0))]
        starts = np.flatnonzero(np.diff(state, prepend=-1))
        ends = np.append(starts[1:], m)
        runs += [shapely.LineString(points[a : b + 1]) for a, b in zip(starts, ends, strict=True)]
        of += [k] * len(starts)
        states += state[starts].tolist()
    return np.array(runs, dtype=object), np.array(of), np.array(states)


def _shaded(rng: np.random.Generator, ground: _Ground) -> gpd.GeoDataFrame:
    run, line, state = _runs(rng, ground.streets.geometry.to_numpy(), np.array([0.2, 0.8]))
    return _frame({"name": ground.streets["name"].to_numpy()[line[state == 1]]}, run[state == 1])


def _roads(rng: np.random.Generator, ground: _Ground) -> gpd.GeoDataFrame:
    main = ground.streets[ground.streets["road_class"].isin(LEVELS[:2])]
    run, line, state = _runs(rng, main.geometry.to_numpy(), np.array([0.55, 0.4, 0.04, 0.01]))
    words = np.array(["优", "良", "中", "差"], dtype=object)
    return _frame(
        {
            "name": main["name"].to_numpy()[line],
            "road_class": main["road_class"].to_numpy()[line],
            "condition": words[state],
        },
        run,
    )


def _pipelines(rng: np.random.Generator, ground: _Ground) -> gpd.GeoDataFrame:
    main = ground.streets[ground.streets["road_class"] == LEVELS[0]]
    kinds = np.array(["给水", "污水", "雨水", "燃气"], dtype=object)
    columns = {
        "pipe_id": [f"GX{k + 1:04d}" for k in range(len(main))],
        "kind": rng.choice(kinds, len(main)),
        "built": rng.integers(1985, 2023, len(main)),
    }
    return _frame(columns, main.geometry.to_numpy())


def _chosen_streets(what: str, n: int, level: int, most_m: float) -> _Draw:
    """Some streets of a class, no longer than so much each, the more likely the more people live beside them."""

    def draw(rng: np.random.Generator, ground: _Ground) -> gpd.GeoDataFrame:
        lines = ground.streets[ground.streets["road_class"] == LEVELS[level]]
        inside = lines[shapely.intersects(ground.city, lines.geometry.to_numpy())]
        shapes = inside.geometry.to_numpy()
        people = crowding(
            straighten(shapely.get_coordinates(shapely.line_interpolate_point(shapes, 0.5, normalized=True)))
        )
        row = rng.choice(len(inside), min(n, len(inside)), replace=False, p=people / people.sum())
        cut = []
        for line in shapes[row]:
            points = shapely.get_coordinates(line)
            along = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])
            first = int(rng.integers(0, max(1, len(points) // 2)))
            last = int(np.searchsorted(along, along[first] + most_m))
            cut.append(shapely.LineString(points[first : max(last, first + 2)]))
        if what:
            names = [f"{what}：{name}（示意）" for name in inside["name"].to_numpy()[row]]
        else:
            names = inside["name"].to_numpy()[row].tolist()
        return _frame({"name": names}, cut)

    return draw


def _dead_ends(rng: np.random.Generator, ground: _Ground) -> gpd.GeoDataFrame:
    side = ground.streets[ground.streets["road_class"] == LEVELS[2]]
    row = rng.choice(len(side), 28, replace=False)
    ends = shapely.get_point(side.geometry.to_numpy()[row], -1)
    return _frame({"name": side["name"].to_numpy()[row]}, ends)


def _greenways(rng: np.random.Generator, ground: _Ground) -> gpd.GeoDataFrame:
    """Ways along the waters, twelve metres off the shore."""
    shores = shapely.boundary(
        shapely.simplify(shapely.buffer(ground.waters.geometry.to_numpy(), 12.0, quad_segs=2), 6.0)
    )
    ways = shapely.get_parts(shapely.intersection(shores, ground.city))
    ways = ways[shapely.length(ways) > 600]
    ways = ways[rng.random(len(ways)) < 0.8]
    return _frame({"name": _numbered("绿道", len(ways))}, ways)


def _areas(name: str, n: int, what: str, across: tuple[int, int]) -> _Draw:
    def draw(rng: np.random.Generator, ground: _Ground) -> gpd.GeoDataFrame:
        """Rectangles of the lattice about the centres that share no ground."""
        lattice, tries = ground.lattice, 0
        shapes: list[shapely.Geometry] = []
        kept: list[shapely.Geometry] = []
        centres = lattice.index(to_plan([c[1] for c in CENTRES], [c[2] for c in CENTRES]))
        while len(shapes) < n:
            # In turn about every centre, the old town twice; farther out the longer no place is found.
            k, tries = len(shapes), tries + 1
            home = centres[_OLD if k % 13 == 12 else k % len(centres)]
            wide, high = rng.integers(across[0], across[1] + 1, 2)
            i, j = np.round(home + rng.normal(0, 3.0 + tries / n, 2)).astype(int)
            box = lattice.box(i, j, i + wide, j + high)
            bent = shapely.intersection(bend_shapes(box, step_m=400.0)[0], ground.city)
            if bent.area > 0.8 * box.area and not any(
                shapely.overlaps(box, other) or shapely.equals(box, other) for other in kept
            ):
                shapes.append(bent)
                kept.append(box)
        columns: dict[str, object] = {"name": _numbered(what, n)}
        if name == "ad_zones":
            columns["kind"] = rng.choice(np.array(["禁设区", "严控区", "展示区"], dtype=object), n)
        if name == "style_areas":
            columns["kind"] = ["综合品质样板区" if k < 2 else "城乡风貌样板区" for k in range(n)]
        return _frame(columns, shapely.normalize(np.array(shapes, dtype=object)))

    return draw


def _old_estates(rng: np.random.Generator, ground: _Ground) -> gpd.GeoDataFrame:
    homes = ground.residential
    people = crowding(straighten(shapely.get_coordinates(shapely.centroid(homes.geometry.to_numpy()))))
    row = rng.choice(len(homes), 90, replace=False, p=people**1.5 / (people**1.5).sum())
    return _frame({"name": _numbered("老旧小区", 90)}, homes.geometry.to_numpy()[row])


def _land_plan(rng: np.random.Generator, ground: _Ground) -> gpd.GeoDataFrame:
    """Land to be built up: two blocks by two where people are, lakes and rivers left out, ragged at its edge."""
    lattice = ground.lattice
    steps = range(-lattice.half, lattice.half, 2)
    boxes = np.array([lattice.box(i, j, i + 2, j + 2) for i in steps for j in steps], dtype=object)
    people = crowding(shapely.get_coordinates(shapely.centroid(boxes)))
    built = boxes[people * np.exp(rng.normal(0, 0.4, len(people))) > 7.0]
    land = shapely.union_all(built, grid_size=0.01)
    bent = shapely.intersection(bend_shapes(land, step_m=600.0)[0], ground.city)
    dry = shapely.difference(bent, shapely.union_all(ground.waters.geometry.to_numpy()))
    parts = shapely.get_parts(shapely.simplify(dry, 2.0))
    parts = parts[shapely.area(parts) > 5000]
    return _frame({"kind": ["城镇建设用地"] * len(parts)}, shapely.normalize(parts))


def _projects(rng: np.random.Generator, ground: _Ground) -> gpd.GeoDataFrame:
    """Each item of the plan's library in some places, its total of 2027, of one in % a whole of about 100, shared out among them."""
    from jxgis.city import load_city

    path = load_city().targets
    items = [] if path is None else tomllib.loads(path.read_text(encoding="utf-8"))["projects"]
    number, total, done, unit = [], [], [], []
    for item in items:
        whole = item.get("target_2027", 1)
        places = 1 if whole <= 3 else min(int(whole), int(rng.integers(4, 10)))
        share = rng.multinomial(int(whole) - places, np.full(places, 1 / places)) + 1
        number += [item["number"]] * places
        unit += [item["unit"] if item.get("unit") == "公里" else None] * places
        total += share.tolist()
        done += rng.binomial(share, 0.62).tolist()
        if item.get("unit") == "%":  # of wholes that make what is done a share of the plan's size
            total[-places:] = np.round(share * 100 / whole).astype(int).tolist()
    n = len(number)
    columns: dict[str, object] = {
        "project_id": [f"XM{k + 1:03d}" for k in range(n)],
        "name": _numbered("项目", n),
        "item": [f"{k}" for k in number],
        "status": ["已完成" if d == t else "推进中" for d, t in zip(done, total, strict=True)],
        "done": done,
        "total": total,
        "unit": unit,
    }
    return _frame(columns, _beside_streets(rng, ground, n, 0.6))


_Draw = Callable[[np.random.Generator, _Ground], "gpd.GeoDataFrame"]

FURTHER: dict[str, _Draw] = {
    **{row[0]: _points(*row) for row in _POINTS},
    "poi": _poi,
    "shaded_streets": _shaded,
    "roads": _roads,
    "greenways": _greenways,
    "dead_ends": _dead_ends,
    **{row[0]: _areas(*row) for row in _AREAS},
    "model_streets": _chosen_streets("示范街", 18, 0, 1800.0),
    "tour_routes": _chosen_streets("特色游线", 6, 0, 4000.0),
    "back_lanes": _chosen_streets("", 90, 2, 400.0),
    "old_estates": _old_estates,
    "pipelines": _pipelines,
    "land_plan": _land_plan,
    "projects": _projects,
    "trade_markets": _points("trade_markets", 14, "专业市场", {}, 0.6),
}
"""Layer of Jiaxing's profile to what draws it; a new one goes to the end, so that the others stay as they are."""
