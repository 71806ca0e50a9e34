"""The map of two plans: it says what changes, loads nothing, and survives hostile names."""

from __future__ import annotations

import itertools

import geopandas as gpd
import pytest
import shapely

from jxgis.drawing import Ground
from jxgis.drawing.canvas import Canvas
from jxgis.drawing.offline import require_offline, to_html
from jxgis.i18n import text
from jxgis.schema.columns import column
from jxgis.units.alternatives import compare_plans
from jxgis.units.change_map import change_map

EAST, NORTH = 572_000.0, 3_402_000.0


def units_of(*edges: float, names: tuple[str, ...]) -> gpd.GeoDataFrame:
    shapes = [shapely.box(EAST + a, NORTH, EAST + b, NORTH + 1000) for a, b in itertools.pairwise(edges)]
    return gpd.GeoDataFrame({"unit_id": list(names)}, geometry=shapes, crs=4549)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_map_says_what_changes_and_loads_nothing(lang: str) -> None:
    before = units_of(0, 1000, 2000, names=("甲", "<img src=x onerror=alert(1)>"))
    after = units_of(0, 1400, 2000, names=("1", "2"))
    cases = gpd.GeoDataFrame(geometry=[shapely.Point(EAST + 1100, NORTH + 5)], crs=4549)
    change = compare_plans(before, after, issues=cases)
    page = to_html(change_map(change.units, change.moved, change.borders, canvas=Canvas(lang=lang, sketch=True)))
    require_offline(page)
    assert "<img src=x" not in page
    for key in ("change_title", "moved", "gone", "new", "kept"):
        assert text(f"units.{key}", lang) in page
    assert column("from_unit").title.of(lang) in page
    assert text("common.sketch", lang) in page


def test_plans_that_agree_have_a_map_too() -> None:
    plan = units_of(0, 1000, 2000, names=("甲", "乙"))
    change = compare_plans(plan, plan)
    page = to_html(
        change_map(
            change.units,
            change.moved,
            change.borders,
            canvas=Canvas(ground=Ground(land=plan.assign(name=plan["unit_id"]))),
        )
    )
    require_offline(page)
