"""Land of the schematic city: parks, housing, vacant plots, the historic area."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from jxgis.demo._plan import EPSG, Lattice, bend_shapes, to_plan
from jxgis.demo._streets import crowding
from jxgis.demo._waters import OLD_TOWN

if TYPE_CHECKING:
    import geopandas as gpd

__all__ = ["Land", "make_land"]

_SETBACK_M = (22.0, 9.0, 13.0, 9.0)
"""What a block keeps away from lattice line k, by k modulo 4: main, side, secondary, side street."""

_SHORES = (  # park along a lake: name, lake, width in m
    ("南湖风景区", "南湖", 120.0),
    ("湘家荡环湖公园", "湘家荡", 150.0),
    ("天鹅湖公园", "天鹅荡", 110.0),
    ("穆湖森林公园", "穆湖", 190.0),
    ("石臼漾湿地公园", "石臼漾", 210.0),
    ("秀湖公园", "秀湖", 90.0),
)
_PARKS = (  # name, kind, lon, lat, blocks wide, blocks high
    ("凌公塘公园", "综合公园", 120.7900, 30.7450, 3, 2),
    ("植物园", "专类公园", 120.8010, 30.7180, 4, 3),
    ("中央公园", "综合公园", 120.7470, 30.7330, 2, 2),
    ("人民公园", "综合公园", 120.7455, 30.7640, 1, 1),
    ("范蠡湖公园", "专类公园", 120.7440, 30.7575, 1, 1),
    ("洪波公园", "社区公园", 120.7165, 30.7830, 2, 1),
    ("文星公园", "社区公园", 120.7280, 30.7360, 1, 2),
    ("运河公园", "综合公园", 120.7255, 30.7690, 2, 1),
    ("秀洲公园", "综合公园", 120.6850, 30.7800, 2, 2),
    ("高照公园", "社区公园", 120.6600, 30.7550, 1, 1),
    ("塘汇公园", "社区公园", 120.7790, 30.7985, 1, 2),
    ("东栅公园", "社区公园", 120.8050, 30.7600, 2, 1),
    ("长水公园", "社区公园", 120.7690, 30.7100, 1, 2),
    ("南站公园", "综合公园", 120.7840, 30.6930, 2, 2),
    ("姚家荡公园", "社区公园", 120.7130, 30.7240, 2, 1),
    ("余新公园", "社区公园", 120.7910, 30.6750, 1, 1),
    ("大桥公园", "社区公园", 120.8520, 30.7440, 1, 1),
    ("七星公园", "社区公园", 120.8210, 30.8100, 1, 1),
    ("油车港公园", "社区公园", 120.7600, 30.8470, 1, 1),
)
_BEYOND = (  # parks outside the central city, just across its border: name, kind, lon, lat, blocks wide, blocks high
    ("东郊森林公园", "郊野公园", 120.8835, 30.7330, 3, 3),
    ("南郊湿地公园", "郊野公园", 120.7960, 30.6310, 3, 2),
    ("北荡郊野公园", "郊野公园", 120.7270, 30.8810, 3, 2),
)


@dataclass
class _Draft:
    """Rows under construction, in plan space."""

    parks: list[dict[str, Any]] = field(default_factory=list)
    homes: list[dict[str, Any]] = field(default_factory=list)
    vacant: list[dict[str, Any]] = field(default_factory=list)
    used: list[shapely.Geometry] = field(default_factory=list)


@dataclass(frozen=True)
class Land:
    """The tables of this module, in EPSG:4549."""

    parks: gpd.GeoDataFrame
    residential: gpd.GeoDataFrame
    vacant: gpd.GeoDataFrame
    historic: gpd.GeoDataFrame


def block(lattice: Lattice, i: int, j: int, wide: int = 1, high: int = 1) -> shapely.Polygon:
    """The buildable inside of a block, streets taken off."""
    west, south = lattice.at(i, j)
    east, north = lattice.at(i + wide, j + high)
    return shapely.box(
        west + _SETBACK_M[i % 4],
        south + _SETBACK_M[j % 4],
        east - _SETBACK_M[(i + wide) % 4],
        north - _SETBACK_M[(j + high) % 4],
    )


def _add_park(
    draft: _Draft, shape: shapely.Geometry, name: str | None, kind: str, park_id: str | None, water: shapely.Geometry
) -> None:
    for part in shapely.get_parts(shapely.difference(shape, water)):
        if part.area > 50:
            draft.parks.append({"park_id": park_id, "name": name, "kind": kind, "geometry": part})
            draft.used.append(part)


def _large_parks(draft: _Draft, lattice: Lattice, plan_waters: gpd.GeoDataFrame, water: shapely.Geometry) -> None:
    lakes = plan_waters.set_index("name").geometry
    for n, (name, lake, width) in enumerate(_SHORES):
        shore = shapely.difference(shapely.buffer(lakes[lake], width, quad_segs=4), lakes[lake])
        _add_park(draft, shapely.simplify(shore, 4.0), name, "综合公园", f"P{n + 1:03d}", water)
    for n, (name, kind, lon, lat, wide, high) in enumerate((*_PARKS, *_BEYOND)):
        i, j = np.floor(lattice.index(to_plan([lon], [lat])))[0].astype(int)
        for a in range(wide):
            for b in range(high):  # parcels of one park, streets between them
                _add_park(draft, block(lattice, i + a, j + b), name, kind, f"P{n + 101:03d}", water)
    # The green belt of the old town: thin, along the moat, one park by its name alone.
    moat = lakes["环城河"]
    belt = shapely.difference(
        shapely.buffer(moat, 16.0, join_style="mitre"), shapely.buffer(lattice.box(*OLD_TOWN), 68.0)
    )
    _add_park(draft, belt, "环城河绿带", "带状公园", None, water)


def _log_uniform(rng: np.random.Generator, low: float, high: float) -> float:
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def _cut_corner(
    rng: np.random.Generator, shape: shapely.Polygon, area_m2: float
) -> tuple[shapely.Polygon, shapely.Geometry]:
    """A rectangle of about ``area_m2`` in a corner of a block, and what is left of the block."""
    west, south, east, north = shape.bounds
    wide = min(np.sqrt(area_m2 * rng.uniform(0.7, 1.6)), east - west)
    high = min(area_m2 / wide, north - south)
    x = west if rng.random() < 0.5 else east - wide
    y = south if rng.random() < 0.5 else north - high
    corner = shapely.box(x, y, x + wide, y + high)
    return corner, shapely.difference(shape, shapely.buffer(corner, 6.0, join_style="mitre"))


def _small_park(
    rng: np.random.Generator, draft: _Draft, shape: shapely.Polygon, number: int, water: shapely.Geometry
) -> shapely.Geometry:
    """A community or pocket park in a block's corner; returns what is left for housing."""
    if rng.random() < 0.42:
        area, kind = float(rng.uniform(6_000, 18_000)), "社区公园"
    else:
        area, kind = _log_uniform(rng, 300, 9_500), "口袋公园"
    corner, rest = _cut_corner(rng, shape, area)
    way = rng.random()
    if way < 0.08:  # a path divides it: one park by its name
        west, south, east, north = corner.bounds
        middle = (west + east) / 2
        name = f"邻里公园{number:03d}"
        for part in (shapely.box(west, south, middle - 3, north), shapely.box(middle + 3, south, east, north)):
            _add_park(draft, part, name, kind, None, water)
    elif way < 0.14:  # nameless parcels that touch: one park by touching
        west, south, east, north = corner.bounds
        middle = (south + north) / 2
        for part in (shapely.box(west, south, east, middle), shapely.box(west, middle, east, north)):
            _add_park(draft, part, None, kind, None, water)
    elif way < 0.2:
        _add_park(draft, corner, None, kind, None, water)
    else:
        _add_park(
            draft,
            corner,
            f"{'邻里公园' if kind == '社区公园' else '口袋公园'}{number:03d}",
            kind,
            f"P{number + 200}",
            water,
        )
    return rest


def _fill_blocks(
    rng: np.random.Generator,
    draft: _Draft,
    lattice: Lattice,
    outline: shapely.Geometry,
    water: shapely.Geometry,
) -> None:
    """Give each block a use: housing (with a small park now and then), a vacant plot, or none of these."""
    land = shapely.buffer(outline, -120.0)
    taken = shapely.union_all(shapely.buffer(draft.used, 8.0, quad_segs=2))
    wet = shapely.union(shapely.buffer(water, 15.0, quad_segs=3), taken)
    shapely.prepare([land, wet])
    steps = range(-lattice.half, lattice.half)
    blocks = [block(lattice, i, j) for i in steps for j in steps]
    blocks = [shape for shape in blocks if shapely.contains(land, shape)]
    crowd = crowding(shapely.get_coordinates(shapely.centroid(blocks)))
    number = 0
    for shape, people in zip(blocks, crowd.tolist(), strict=True):
        use, other, spread = rng.random(), rng.random(), rng.normal()
        if use > (0.66 if people > 38 else 0.5 if people > 14 else 0.28 if people > 4 else 0.07):
            if other < (0.12 if people > 4 else 0.01):
                plot, _ = _cut_corner(rng, shape, _log_uniform(rng, 900, 9_000))
                if not shapely.intersects(wet, plot):
                    draft.vacant.append({"geometry": plot})
            continue
        home: shapely.Geometry = shape
        clear = not shapely.intersects(wet, shape)
        if people <= 4:  # a village
            home, _ = _cut_corner(rng, shape, float(rng.uniform(5_000, 18_000)))
        elif clear and other < (0.6 if people > 60 else 0.56 if people > 14 else 0.34):
            number += 1
            home = _small_park(rng, draft, shape, number, water)
        density = people * np.exp(0.22 * spread) / 0.66  # what stands empty elsewhere is made up for here
        for part in shapely.get_parts(home if clear else shapely.difference(home, wet)):
            if part.area >= 1500:
                draft.homes.append({"people": max(1, round(part.area / 1e4 * density)), "geometry": part})


def make_land(
    rng: np.random.Generator, lattice: Lattice, *, outline: shapely.Geometry, plan_waters: gpd.GeoDataFrame
) -> Land:
    """Draw parks, housing, vacant plots and the historic area.

    Parameters
    ----------
    rng
        The source of chance.
    lattice
        Whose blocks are used.
    outline
        In plan space: housing stays inside; some parks lie outside the central city.
    plan_waters
        Waters in plan space: ``name``, ``geometry``.

    Returns
    -------
    Land
    """
    import geopandas as gpd
    import pandas as pd

    draft = _Draft()
    water = shapely.union_all(plan_waters.geometry.to_numpy())
    _large_parks(draft, lattice, plan_waters, water)
    _fill_blocks(rng, draft, lattice, outline, water)

    def table(rows: list[dict[str, Any]]) -> gpd.GeoDataFrame:
        frame = pd.DataFrame(rows)
        shapes = bend_shapes(shapely.normalize(frame.pop("geometry").to_numpy()))
        return gpd.GeoDataFrame(frame, geometry=shapes, crs=EPSG)

    homes = table(draft.homes)
    homes.insert(0, "name", [f"{n + 1:04d}号住宅地块" for n in range(len(homes))])
    vacant = table(draft.vacant)
    vacant.insert(0, "name", [f"闲置地块{n + 1:03d}" for n in range(len(vacant))])
    historic = gpd.GeoDataFrame(
        {"name": ["历史城区（示意）"]}, geometry=bend_shapes(shapely.buffer(lattice.box(*OLD_TOWN), 40.0)), crs=EPSG
    )
    return Land(
        parks=table(draft.parks)[["park_id", "name", "kind", "geometry"]],
        residential=homes,
        vacant=vacant,
        historic=historic,
    )
