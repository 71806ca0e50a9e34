"""Waters of the schematic city: 南湖, the moat and the canals that leave it, 湘家荡 and a few ponds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from jxgis.demo._plan import EPSG, Lattice, bend_shapes, to_plan

if TYPE_CHECKING:
    import geopandas as gpd

__all__ = ["OLD_TOWN", "make_waters"]

OLD_TOWN = (-4, 0, 2, 6)
"""The old town inside 环城河, in lattice coordinates: west, south, east, north."""

_LAKES = (  # name, lon, lat, half axes in m, tilt in degrees
    ("南湖", 120.7592, 30.7506, 520.0, 330.0, 65.0),
    ("湘家荡", 120.8330, 30.8010, 760.0, 520.0, 20.0),
    ("天鹅荡", 120.7560, 30.8660, 640.0, 330.0, 100.0),
    ("穆湖", 120.7290, 30.8010, 330.0, 210.0, 10.0),
    ("石臼漾", 120.7060, 30.7900, 380.0, 230.0, 140.0),
    ("秀湖", 120.6745, 30.7640, 250.0, 170.0, 40.0),
)
_CANALS = (  # name, half width in m, stations as (lon, lat) from the old town outwards
    ("京杭运河", 32.0, ((120.7385, 30.7700), (120.7300, 30.7790), (120.7210, 30.7700), (120.7060, 30.7520),
                    (120.6950, 30.7330), (120.6830, 30.7060), (120.6700, 30.6850))),
    ("苏州塘", 26.0, ((120.7500, 30.7740), (120.7490, 30.7900), (120.7420, 30.8150), (120.7380, 30.8450),
                   (120.7440, 30.8900))),
    ("新塍塘", 22.0, ((120.7300, 30.7790), (120.7130, 30.7770), (120.6930, 30.7850), (120.6700, 30.7900),
                   (120.6400, 30.8040))),
    ("长水塘", 24.0, ((120.7560, 30.7460), (120.7490, 30.7300), (120.7400, 30.7120), (120.7330, 30.6850),
                   (120.7300, 30.6500))),
    ("海盐塘", 24.0, ((120.7600, 30.7460), (120.7700, 30.7280), (120.7820, 30.7020), (120.7960, 30.6700),
                   (120.8150, 30.6300))),
    ("平湖塘", 26.0, ((120.7650, 30.7530), (120.7860, 30.7480), (120.8200, 30.7450), (120.8600, 30.7330),
                   (120.9200, 30.7220))),
    ("长纤塘", 20.0, ((120.7640, 30.7640), (120.7800, 30.7720), (120.7990, 30.7820), (120.8280, 30.7900),
                   (120.8700, 30.8050))),
)  # fmt: skip


def _smooth(stations: np.ndarray) -> shapely.LineString:
    """A curve through the stations: Chaikin's corner cutting, ends kept."""
    points = stations
    for _ in range(3):
        cut = np.empty((2 * (len(points) - 1), 2))
        cut[0::2] = 0.75 * points[:-1] + 0.25 * points[1:]
        cut[1::2] = 0.25 * points[:-1] + 0.75 * points[1:]
        points = np.vstack([points[:1], cut, points[-1:]])
    return shapely.LineString(points)


def _lake(rng: np.random.Generator, middle: np.ndarray, long: float, short: float, tilt: float) -> shapely.Polygon:
    angle = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    ripple = 1 + sum(rng.uniform(0.02, 0.09) * np.sin(m * angle + rng.uniform(0, 2 * np.pi)) for m in (2, 3, 5))
    x, y = long * ripple * np.cos(angle), short * ripple * np.sin(angle)
    turn = np.deg2rad(tilt)
    return shapely.Polygon(
        middle + np.column_stack([x * np.cos(turn) - y * np.sin(turn), x * np.sin(turn) + y * np.cos(turn)])
    )


def make_waters(
    rng: np.random.Generator, lattice: Lattice, *, outline: shapely.Geometry
) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """Draw the waters.

    Returns
    -------
    waters, plan_waters : GeoDataFrame
        Columns ``name``, ``kind`` (湖泊 or 河道), ``geometry``: in EPSG:4549, and the same rows in plan space.
    """
    import geopandas as gpd

    rows: list[tuple[str, str, shapely.Geometry]] = []
    for name, lon, lat, long, short, tilt in _LAKES:
        rows.append((name, "湖泊", _lake(rng, to_plan([lon], [lat])[0], long, short, tilt)))
    # The moat runs outside the ring road, which keeps it clear of the streets' own line.
    moat = shapely.buffer(lattice.box(*OLD_TOWN), 70.0, quad_segs=6).exterior
    rows.append(("环城河", "河道", shapely.buffer(moat, 22.0, quad_segs=4)))
    for name, half_width, stations in _CANALS:
        line = _smooth(to_plan([s[0] for s in stations], [s[1] for s in stations]))
        rows.append((name, "河道", shapely.buffer(line, half_width, cap_style="flat", quad_segs=4)))
    near = shapely.buffer(outline, 400.0)
    taken: shapely.Geometry = shapely.Polygon()
    kept = []
    for name, kind, shape in rows:  # each m² of water belongs to one name
        free = shapely.difference(shapely.intersection(shape, near), taken)
        taken = shapely.union(taken, free)
        kept.append((name, kind, shapely.simplify(free, 1.0)))
    plan = gpd.GeoDataFrame({"name": [r[0] for r in kept], "kind": [r[1] for r in kept]}, geometry=[r[2] for r in kept])
    waters = gpd.GeoDataFrame(
        plan[["name", "kind"]], geometry=shapely.normalize(bend_shapes(plan.geometry.to_numpy())), crs=EPSG
    )
    return waters, plan
