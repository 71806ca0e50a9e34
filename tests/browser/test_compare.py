"""The page of a comparison: it opens without internet, its two maps move together, and it fits a phone."""

from __future__ import annotations

from pathlib import Path

import pytest
from two_runs import parks_twice

from jxgis.run import run_compare


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = parks_twice(tmp_path_factory.mktemp("compared"))
    run_compare(made / "a", made / "b", made / "out")
    return made / "out" / "compare.html"


def test_two_maps_move_together(visit, page):
    opened = visit(page)
    opened.page.locator("details.live summary").first.click()
    frames = opened.page.locator("details.live iframe")
    at = "() => location.hash.match(/at=[^&]*/)?.[0] ?? ''"
    inner = [frames.nth(n).element_handle().content_frame() for n in range(2)]
    for frame in inner:
        frame.locator(".leaflet-control-zoom-in").wait_for()
    # What each map says of its place: first one is moved, then the other.
    for led in (0, 1):
        before = inner[1 - led].evaluate(at)
        inner[led].locator(".leaflet-control-zoom-in").click()
        # Not by frames drawn: a frame that is out of sight draws none.
        inner[1 - led].wait_for_function(f"before => ({at})() !== before", arg=before, polling=100)
        inner[led].wait_for_function(f"other => ({at})() === other", arg=inner[1 - led].evaluate(at), polling=100)
    assert not opened.outside()
    assert not opened.complaints


def test_nothing_runs_over_on_a_phone(visit, page):
    opened = visit(page)
    opened.page.set_viewport_size({"width": 390, "height": 844})
    assert opened.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert opened.page.locator(".said p").count() == 3
    assert "公园覆盖的差别只可能来自输入（公园绿地）。" in opened.page.locator(".said").inner_text()
