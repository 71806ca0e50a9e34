"""The page in a real browser without internet: readable wide and narrow, and it runs no text as code."""

from __future__ import annotations

import pytest
from told_parts import told_parts

from jxgis.report.page import report_page
from jxgis.run.parts import PARTS

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def index(tmp_path_factory):
    path = tmp_path_factory.mktemp("report") / "index.html"
    page = report_page(told_parts().sections(), title="报告", sketch=True)
    path.write_text(page, encoding="utf-8")
    return path


def test_the_page_opens_without_internet_and_runs_nothing(index, visit):
    found = visit(index)
    assert found.page.locator("h1").inner_text() == "报告"
    assert found.page.locator("section").count() == len(PARTS)
    assert found.page.evaluate("() => window.hacked") is None
    assert len(found.requests) == 1
    assert found.complaints == []


def test_a_narrow_screen_scrolls_tables_not_the_page(index, visit):
    page = visit(index).page
    page.set_viewport_size({"width": 390, "height": 800})
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 390


def test_folded_tables_open(index, visit):
    page = visit(index).page
    page.locator("details summary").first.click()
    assert page.locator("details table").first.is_visible()


def test_no_table_is_cut_off_on_paper(index, visit):
    page = visit(index).page
    page.emulate_media(media="print")
    # A4 upright, the narrower, less its margins, at 96 dots an inch.
    page.set_viewport_size({"width": int((210 - 24) / 25.4 * 96), "height": 700})
    wide = page.evaluate("() => [...document.querySelectorAll('table')].map((t) => t.getBoundingClientRect().right)")
    assert max(wide) <= page.evaluate("() => window.innerWidth")
