"""The map of a park plan in a real browser: each state draws another picture, and the legend follows."""

from __future__ import annotations

import geopandas as gpd
import pytest
import shapely

from jxgis.drawing.canvas import Canvas
from jxgis.drawing.offline import save_map
from jxgis.parks.analysis import measure_parks
from jxgis.parks.change_map import parks_change_map

pytestmark = pytest.mark.browser

EAST, NORTH = 572_000.0, 3_402_000.0


def table(*boxes, **columns):
    shapes = [shapely.box(EAST + a, NORTH + b, EAST + c, NORTH + d) for a, b, c, d in boxes]
    return gpd.GeoDataFrame(columns, geometry=shapes, crs=4549)


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    found = measure_parks(
        table((0, 0, 100, 100)),
        table((0, 200, 6000, 300)),
        table((0, 0, 3000, 2000), (3000, 0, 6000, 2000), name=["西", "东"]),
        vacant=table((4000, 0, 4050, 50), (5500, 0, 5550, 50), (1500, 0, 1550, 50)),
        new_parks=2,
    )
    path = tmp_path_factory.mktemp("maps") / "parks_change.html"
    return save_map(parks_change_map(found.change, found.changed, found.plan, canvas=Canvas(sketch=True)), path)


def test_today_the_plan_and_the_difference_are_three_pictures(page, visit):
    found = visit(page)
    radios = found.page.locator(".leaflet-control-layers-base input")
    assert radios.count() == 3
    seen, legends = [], []
    for at in range(3):
        radios.nth(at).check()
        found.settle()
        seen.append(found.page.evaluate('() => document.querySelector("canvas").toDataURL()'))
        legends.append(found.page.locator(".jx-legend").inner_text())
    assert len(set(seen)) == 3
    assert "居住用地覆盖率" in legends[0]
    assert "覆盖率变化" in legends[2]
    assert "居住用地覆盖率" not in legends[2]
    assert found.page.locator(".jx-pin").all_inner_texts() == ["1", "2"]
    assert found.complaints == []
    assert found.outside() == []


def test_new_pocket_parks_are_told_from_those_that_count(tmp_path, visit):
    """A plot of 2,500 m² counts, one of 900 m² does not: two colours of pins, each with its own sign in the legend."""
    found = measure_parks(
        table((0, 0, 100, 100)),
        table((0, 200, 6000, 300)),
        table((0, 0, 6000, 2000), name=["西"]),
        vacant=table((3000, 0, 3050, 50), (5000, 0, 5030, 30)),
        new_parks=2,
    )
    seen = visit(save_map(parks_change_map(found.change, found.changed, found.plan), tmp_path / "pocket.html"))
    pins = seen.page.locator(".jx-pin")
    assert pins.all_inner_texts() == ["1", "2"]
    colours = pins.evaluate_all("pins => pins.map(pin => getComputedStyle(pin).backgroundColor)")
    assert len(set(colours)) == 2
    legend = seen.page.locator(".jx-legend")
    assert "新增口袋公园（小于标准规模，不计入覆盖率）" in legend.inner_text()
    assert "新增公园（编号依次）" in legend.inner_text()
