"""The cards on paper: one page of A4 for each candidate, with nothing cut off; and the way to them from the map."""

from __future__ import annotations

import re

import geopandas as gpd
import numpy as np
import pytest
import shapely
from axe_playwright_python.sync_playwright import Axe

from jxgis.drawing.offline import save_map
from jxgis.scoring.analysis import score_candidates
from jxgis.settings import IndicatorSettings

pytestmark = pytest.mark.browser

EAST, NORTH = 572_000.0, 3_402_000.0
_CUT = """() => [...document.querySelectorAll(".card")].flatMap((card) => {
    const page = card.getBoundingClientRect();
    return [card, ...card.querySelectorAll("*")].filter((node) => {
        if (node.closest("svg") && node.tagName !== "svg") return false;
        const box = node.getBoundingClientRect();
        const out = box.bottom > page.bottom + 1 || box.right > page.right + 1;
        return out || (getComputedStyle(node).overflow === "hidden" && node.scrollHeight > node.clientHeight + 2);
    }).map((node) => `${card.id} ${node.tagName}.${node.className}: ${node.textContent.slice(0, 40)}`);
})"""


def city(n: int, **columns):
    """A row of candidates on streets, with parks and water, in one district that is larger."""
    west = [EAST + 2000 * k for k in range(n)]
    candidates = gpd.GeoDataFrame(
        {"candidate_id": [f"YB{k:02}" for k in range(n)], **columns},
        geometry=[shapely.box(x, NORTH, x + 1700, NORTH + 1700) for x in west],
        crs=4549,
    )
    lines = [[(EAST - 500, NORTH + y), (EAST + 2000 * n, NORTH + y)] for y in range(100, 1700, 200)]
    streets = gpd.GeoDataFrame(
        {"name": [f"第{k}路" for k in range(len(lines))], "road_class": "主干路"},
        geometry=shapely.linestrings(lines),
        crs=4549,
    )
    parks = gpd.GeoDataFrame(
        {"name": "公园", "park_id": [f"P{k}" for k in range(n)]},
        geometry=[shapely.box(x + 300, NORTH + 300, x + 500, NORTH + 500) for x in west],
        crs=4549,
    )
    whole = shapely.box(EAST - 500, NORTH - 500, EAST + 2000 * n, NORTH + 2500)
    districts = gpd.GeoDataFrame({"name": ["老城"]}, geometry=[whole], crs=4549)
    return candidates, {"parks": parks, "districts": districts, "further": {"streets": streets}}


def write(tmp_path, result):
    (tmp_path / "maps").mkdir()
    page = tmp_path / "score_cards.html"
    page.write_text(result.cards(), encoding="utf-8")
    return page


@pytest.mark.parametrize("lang", ["zh", pytest.param("en", marks=pytest.mark.slow)])
def test_each_candidate_is_one_page_with_nothing_cut_off(tmp_path, visit, lang):
    candidates, layers = city(4, toilets_per_km2=[6.0, 3.0, 1.0, np.nan], shaded_streets=[90.0, 60.0, 40.0, 20.0])
    found = visit(write(tmp_path, score_candidates(candidates, **layers, lang=lang, sketch=True, weightings=100)))
    paper = found.page.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b", paper)) == 4
    sizes = re.findall(rb"/MediaBox\s*\[\s*0\s+0\s+([\d.]+)\s+([\d.]+)\s*\]", paper)
    assert {tuple(round(float(side) / 72 * 25.4) for side in size) for size in sizes} == {(210, 297)}
    found.page.emulate_media(media="print")
    assert found.page.evaluate(_CUT) == []
    assert found.page.locator(".plate text").filter(has_text="第").count() > 4
    assert found.complaints == []
    assert found.outside() == []


def test_many_indicators_and_long_names_still_make_one_page(tmp_path, visit):
    own = {
        f"i{k}": IndicatorSettings(dimension=f"维度{k % 6}", label="很长的指标名称" * 4, weight=1, target=5)
        for k in range(45)
    }
    names = ["一个名称很长很长的候选样板单元" * 12, "b"]
    candidates, layers = city(2, name=names, **{key: [float(k % 7), 2.0] for k, key in enumerate(own)})
    found = visit(write(tmp_path, score_candidates(candidates, **layers, indicators=own, weightings=100)))
    paper = found.page.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b", paper)) == 2
    found.page.emulate_media(media="print")
    bottom = "(node) => node.getBoundingClientRect().bottom"
    foot = found.page.locator(".card").first.evaluate(bottom)
    assert found.page.locator(".figures").first.evaluate(bottom) < foot


def test_on_a_phone_a_card_is_as_wide_as_the_screen(tmp_path, visit):
    candidates, layers = city(2, toilets_per_km2=[6.0, 3.0])
    found = visit(write(tmp_path, score_candidates(candidates, **layers, weightings=100)))
    found.page.set_viewport_size({"width": 390, "height": 800})
    assert found.page.evaluate("() => document.documentElement.scrollWidth") == 390


def test_a_reader_that_speaks_finds_its_way(tmp_path, visit):
    candidates, layers = city(2, toilets_per_km2=[6.0, 3.0])
    page = visit(write(tmp_path, score_candidates(candidates, **layers, cards=1, weightings=100))).page
    found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]})
    assert [(rule["id"], node["html"][:100]) for rule in found.response["violations"] for node in rule["nodes"]] == []


def test_a_click_on_the_map_leads_to_the_card(tmp_path, visit):
    candidates, layers = city(2, toilets_per_km2=[6.0, 3.0], shaded_streets=[90.0, 60.0])
    result = score_candidates(candidates, **layers, cards=1, min_completeness=0, weightings=100)
    write(tmp_path, result)
    found = visit(save_map(result.map(), tmp_path / "maps" / "scores.html"))
    found.settle()
    found.page.locator(".jx-pin").first.click()
    link = found.page.locator(".jx-card a[target]")
    assert link.inner_text() == "打开评分卡"
    # The map pans to make room for the card: a press that begins on the link must end on it.
    found.settle()
    with found.page.context.expect_page() as opened:
        link.click()
    opened.value.wait_for_load_state()
    assert opened.value.url.endswith("/score_cards.html#card-1")
    assert opened.value.locator("#card-1 h1").inner_text() == "YB00"
    assert found.complaints == []
