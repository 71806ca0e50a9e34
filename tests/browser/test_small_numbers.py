"""What is something does not read as nothing on a card."""

from __future__ import annotations

import geopandas as gpd
import pytest
import shapely

from jxgis.drawing.canvas import Canvas
from jxgis.drawing.layers import Field, add_polygons, fill, land_map
from jxgis.drawing.offline import save_map

pytestmark = pytest.mark.browser

FIELDS = [
    Field("km2", "面积", "number", 2, "km²"),
    Field("m2", "用地", "number", 0, "m²"),
    Field("share", "占比", "percent", 1),
    Field("change", "变化", "change", 0),
    Field("days", "天数", "quantity", 1, "天"),
    Field("p", "p 值", "p"),
]
CASES = [
    ({"km2": 0.0042, "m2": 0.3, "share": 0.0003, "change": -0.001, "days": 0.0004, "p": 1e-9},
     ["0.004 km²", "0 m²", "0.03 %", "0 %", "0.0004 天", "< 0.001"]),
    ({"km2": 1.25, "m2": 1234.0, "share": 0.5, "change": 0.25, "days": 3.0, "p": 0.25},
     ["1.25 km²", "1,234 m²", "50.0 %", "+25 %", "3 天", "0.250"]),
    ({"km2": 0.0, "m2": 0.0, "share": 0.0, "change": 0.0, "days": 0.0, "p": 0.0},
     ["0.00 km²", "0 m²", "0.0 %", "0 %", "0 天", "< 0.001"]),
]  # fmt: skip


def test_a_small_number_has_the_decimals_that_tell_it_from_zero(tmp_path, visit):
    east, north = 572_000.0, 3_402_000.0
    squares = shapely.box(
        [east, east + 2000, east + 4000], north, [east + 1500, east + 3500, east + 5500], north + 1500
    )
    table = gpd.GeoDataFrame([values for values, _ in CASES], geometry=squares, crs=4549)
    page = land_map(Canvas(), table, title="小数", named=False)
    add_polygons(page, table, name="区", styles=[fill("#88aacc")], fields=FIELDS)
    found = visit(save_map(page, tmp_path / "a.html"))
    found.settle()
    corners = table.geometry.representative_point().to_crs(4326)
    for corner, (_, said) in zip(corners, CASES, strict=True):
        at = found.page.evaluate(
            """([lng, lat]) => {
                const map = Object.values(window).find((own) => own instanceof L.Map);
                const { x, y } = map.latLngToContainerPoint([lat, lng]);
                return [x, y];
            }""",
            [corner.x, corner.y],
        )
        found.page.mouse.click(*at)
        card = found.page.locator(".jx-card")
        card.wait_for()
        assert [cell.replace("\xa0", " ") for cell in card.locator("td").all_inner_texts()] == said
        found.page.keyboard.press("Escape")
