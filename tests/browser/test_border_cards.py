"""The card of a border between two units: it says between which, and its sentences can be read."""

from __future__ import annotations

import geopandas as gpd
import pytest
import shapely

from jxgis.drawing.offline import save_map
from jxgis.units.analysis import propose_units

pytestmark = pytest.mark.browser

EAST, NORTH = 572_000.0, 3_402_000.0
# The left edges of the lines of a cell's text.
_LINES = """(cell) => {
    const range = document.createRange();
    range.selectNodeContents(cell);
    return [...new Set([...range.getClientRects()].filter((box) => box.width).map((box) => Math.round(box.left)))];
}"""


def test_a_border_is_called_by_its_units_and_its_sentences_begin_at_one_edge(tmp_path, visit):
    square = shapely.box(EAST, NORTH, EAST + 4000, NORTH + 2500)
    districts = gpd.GeoDataFrame({"name": ["甲"]}, geometry=[square], crs=4549)
    result = propose_units(districts, cell_m=500)
    names = sorted(result.units["unit_id"])
    assert len(names) > 1
    found = visit(save_map(result.map(), tmp_path / "units.html"))
    found.settle()
    page = found.page
    row = result.why.iloc[0]
    middle = result.why.geometry.to_crs(4326).iloc[0].interpolate(0.3, normalized=True)
    at = page.evaluate(
        """([lng, lat]) => {
            const map = Object.values(window).find((own) => own instanceof L.Map);
            const { x, y } = map.latLngToContainerPoint([lat, lng]);
            return [x, y];
        }""",
        [middle.x, middle.y],
    )
    page.mouse.click(*at)
    card = page.locator(".jx-card")
    card.wait_for()
    assert card.locator("h2").inner_text() == f"{row['unit_a']} / {row['unit_b']}"
    assert card.inner_text().count("边界稳定度") == 1, "as a figure, not as what the border is"
    cells = {cell.locator("th").inner_text(): cell.locator("td") for cell in card.locator("tr").all()}
    assert len(cells["若移动"].evaluate(_LINES)) == 1
    assert cells["若移动"].evaluate("(cell) => cell.getClientRects()[0].height") > 30, "the sentence has several lines"
    page.keyboard.press("Escape")
    page.locator(".jx-search input").fill(names[0])
    found_names = [one.splitlines()[0] for one in page.locator(".jx-search [role=option]").all_inner_texts()]
    assert found_names == [names[0]], "the unit, and none of its borders"
