"""Tight bounds that are known to have a plan, and what is said where none was found."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely

from jxgis.i18n import text
from jxgis.units.analysis import propose_units
from jxgis.units.delineate import delineate_units

CRS = 4549
SIDE = 1870.83
UNIT_KM2 = SIDE**2 / 1e6


def jigsaw(seed, columns, rows, per):
    """Equal squares, each cut into some irregular blocks: the squares are a plan, which the search is not told."""
    rng = np.random.default_rng([seed, columns, rows, per])
    cells = []
    for y in range(rows):
        for x in range(columns):
            square = shapely.box(x * SIDE, y * SIDE, (x + 1) * SIDE, (y + 1) * SIDE)
            points = shapely.MultiPoint(rng.uniform(0, SIDE, (per, 2)) + np.array([x, y]) * SIDE)
            faces = shapely.get_parts(shapely.voronoi_polygons(points, extend_to=square))
            cells += list(shapely.intersection(faces, square))
    blocks = gpd.GeoDataFrame({"block_id": range(len(cells))}, geometry=cells, crs=CRS)
    outline = shapely.union_all(cells, grid_size=1e-4)
    return blocks, gpd.GeoDataFrame({"name": ["D"]}, geometry=[outline], crs=CRS)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(
    ("columns", "rows", "per", "low", "high"),
    [
        (4, 3, 3, 1.0, 2.2),  # the whole is exactly 12 times the least unit
        (6, 3, 4, 0.99, 2.2),
        (6, 3, 4, 1 / 2.2, 1.01),
        (6, 5, 4, 0.99, 2.2),
        (4, 3, 4, 0.98, 1.02),
    ],
)
def test_tight_bounds_with_a_known_plan_are_met_from_any_seed(columns, rows, per, low, high, seed):
    blocks, districts = jigsaw(seed, columns, rows, per)
    for search_seed in (0, seed + 100):
        plan = delineate_units(
            blocks,
            districts,
            min_km2=low * UNIT_KM2,
            max_km2=high * UNIT_KM2,
            target_km2=UNIT_KM2,
            iterations=20,
            starts=1,
            seed=search_seed,
            mend_shapes=False,
        )
        assert plan.units["in_bounds"].all()
        area = plan.units.geometry.area / 1e6 / UNIT_KM2
        assert area.min() >= low * (1 - 1e-6)
        assert area.max() <= high * (1 + 1e-6)


@pytest.mark.slow
def test_what_was_tried_is_said_where_nothing_was_found():
    # 81 squares of 1 km² in units of 2 to 2.2: 37 to 40 by area, none by blocks, too many blocks for a proof.
    cells = [shapely.box(x, y, x + 1000, y + 1000) for x in range(0, 9000, 1000) for y in range(0, 9000, 1000)]
    blocks = gpd.GeoDataFrame({"block_id": range(81)}, geometry=cells, crs=CRS)
    districts = gpd.GeoDataFrame({"name": ["甲"]}, geometry=[shapely.box(0, 0, 9000, 9000)], crs=CRS)
    result = propose_units(districts, blocks=blocks, min_km2=2, max_km2=2.2, target_km2=2.1, alternatives=False)
    part = result.report.parts.iloc[0]
    assert part["reason"] == "not_found"
    assert sorted(part["counts_tried"]) == [37, 38, 39, 40]
    # Four numbers of units in the first round of 9 seeds each, then half of them with twice the seeds, and so on.
    assert part["seeds_tried"] == 4 * 9 + 2 * 17 + 33 + 65 + 129
    out, note = result.notes()
    assert out.zh.startswith(
        f"{len(result.units)} 个单元中有 {(~result.units['in_bounds']).sum()} 个不在上下限以内：甲 "
    )
    assert note.zh == text(
        "units.note_tried", "zh", district="甲", km2="81.00", counts="37、38、39、40", seeds=f"{part['seeds_tried']:,}"
    )
    assert "37" in note.en
    assert result.account()["plan"]["notes"] == [out.zh, note.zh]
