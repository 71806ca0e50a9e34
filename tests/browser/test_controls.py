"""What a reader of a map can do, by mouse and by keyboard, with the network off: and what a checker of WCAG says of it."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from result_tables import CLASSES, HOSTILE, on_land, result_tables
from weak_city import CITY, SIDE, points
from weak_city import units as squares

from jxgis.drawing.canvas import Canvas
from jxgis.drawing.ground import Ground
from jxgis.drawing.layers import add_group, add_points, add_polygons, dot, land_map, line
from jxgis.drawing.offline import save_map
from jxgis.hotspots.map import hotspot_map
from jxgis.hotspots.months import by_month
from jxgis.parks.map import parks_map
from jxgis.run import run_report
from jxgis.scoring.map import scores_map
from jxgis.settings import load_settings
from jxgis.units.map import units_map
from jxgis.weak.analysis import find_weak_areas

#: Slow as a whole: the maps that its tests share take twenty seconds to make.
pytestmark = [pytest.mark.browser, pytest.mark.slow]

SIZES = [(1366, 768), (1366, 600), (1920, 1080), (390, 800)]


def streets(land: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    west, south, east, north = land.total_bounds
    lines = [
        [(west, (south + north) / 2), (east, (south + north) / 2)],
        [((west + east) / 2, south), ((west + east) / 2, north)],
    ]
    rows = {"name": ["中山路", "建国路"], "order": [0, 0]}
    return gpd.GeoDataFrame(rows, geometry=[shapely.LineString(line) for line in lines], crs=land.crs)


def issues(land: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    rng = np.random.default_rng(1)
    points = land.sample_points(2000, rng=rng).explode().to_crs(land.crs)
    days = pd.Timestamp("2021-01-01") + pd.to_timedelta(np.arange(len(points)) * 364 // (len(points) - 1), unit="D")
    return gpd.GeoDataFrame({"time": days}, geometry=points.to_numpy(), crs=land.crs)


@pytest.fixture(scope="module")
def maps(tmp_path_factory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("maps")
    t = result_tables()
    ground = Ground(land=t.districts, streets=streets(t.districts))
    months = by_month(issues(t.districts), t.cells[t.cells["issue_class"] == "all"], min_count=3)
    of_class = (t.places["issue_class"] == CLASSES[1]) & (t.places["rank"] == 1)
    places = t.places.assign(name=t.places["name"].mask(of_class, "只在这里"))
    drawn = {
        "hotspots": hotspot_map(t.cells, places, canvas=Canvas(ground=ground, sketch=True), months=months),
        "hotspots_en": hotspot_map(t.cells, t.places, canvas=Canvas(ground=ground, lang="en"), months=months),
        "parks": parks_map(
            t.coverage, t.served, t.unserved, t.sites, canvas=Canvas(ground=ground, sketch=True), parks=t.parks
        ),
        "units": units_map(t.units, canvas=Canvas(ground=ground, sketch=True)),
        "scores": scores_map(
            t.scores, canvas=Canvas(ground=ground, sketch=True), indicators={"park_coverage": "公园覆盖"}
        ),
    }
    return {name: save_map(page, folder / f"{name}.html") for name, page in drawn.items()}


def state(page: Any) -> dict[str, list[str]]:
    """What the address says, when it is written."""
    page.wait_for_function("() => location.hash.length > 1")
    page.wait_for_timeout(400)
    return parse_qs(urlsplit(page.url).fragment)


def violations(page: Any) -> list[str]:
    # A card that is still fading in has less contrast than it will have.
    page.wait_for_function(
        "() => [...document.querySelectorAll('.leaflet-popup')].every((card) => getComputedStyle(card).opacity === '1')"
    )
    found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]})
    return [f"{rule['id']}: {node['html'][:160]}" for rule in found.response["violations"] for node in rule["nodes"]]


def overlapping(page: Any) -> list[str]:
    """Boxes of the page that lie on one another, or leave the window."""
    return page.evaluate(
        """() => {
            const shown = [...document.querySelectorAll(".leaflet-control, .jx-periods")].filter((n) => n.offsetWidth && getComputedStyle(n).visibility !== "hidden");
            const boxes = shown.map((n) => [n.className, n.getBoundingClientRect()]);
            const meet = (a, b) => a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1;
            const pairs = boxes.flatMap(([name, a], i) => boxes.slice(i + 1).filter(([, b]) => meet(a, b)).map(([other]) => `${name} | ${other}`));
            const out = boxes.filter(([, b]) => b.left < 0 || b.top < 0 || b.right > innerWidth + 1 || b.bottom > innerHeight + 1);
            return [...pairs, ...out.map(([name]) => `outside: ${name}`)];
        }"""
    )


# --- the card


def test_a_click_pins_a_card_with_a_name_and_marks_what_was_clicked(maps, visit):
    found = visit(maps["hotspots"])
    page = found.page
    found.settle()
    page.mouse.click(640, 420)
    card = page.locator(".jx-card")
    # The name of where the cell lies; its id stands small at the end.
    heading, cell_id = card.locator("h2").inner_text(), card.locator(".jx-id").inner_text()
    assert "（" in heading or heading in list(result_tables().districts["name"])
    assert cell_id.startswith("E")
    assert cell_id not in heading
    marks = page.locator(".leaflet-jxmark-pane path")
    assert marks.count() == 2
    before = marks.last.get_attribute("d")
    page.mouse.click(700, 440)
    assert marks.count() == 2
    assert marks.last.get_attribute("d") != before
    page.keyboard.press("Escape")
    assert card.count() == 0
    assert marks.count() == 0
    assert found.complaints == []


def test_enter_on_a_pin_opens_its_card_and_escape_goes_back_to_it(maps, visit):
    found = visit(maps["hotspots"])
    page = found.page
    pin = page.locator(".leaflet-marker-icon[role=button]").nth(2)
    assert pin.get_attribute("aria-label").split(" ")[0] == "3"
    pin.focus()
    page.keyboard.press("Enter")
    card = page.locator(".jx-card")
    assert card.locator("h2").inner_text() == pin.get_attribute("aria-label").partition(" ")[2]
    assert card.evaluate("(node) => node === document.activeElement")
    page.keyboard.press("Escape")
    assert pin.evaluate("(node) => node === document.activeElement")
    assert found.complaints == []


def test_enter_on_an_outline_or_a_dot_opens_its_card_too(tmp_path, visit):
    """Browsers stop at what tells something when it is pointed at: these had no name, and Enter did nothing."""
    land = gpd.GeoDataFrame(
        {"name": ["老城"]}, geometry=[shapely.box(500_000, 3_400_000, 509_000, 3_409_000)], crs=4549
    )
    places = gpd.GeoDataFrame(
        {"name": ["三水湾", "月河"]},
        geometry=[shapely.box(502_000 + at, 3_402_000, 503_000 + at, 3_403_000) for at in (0, 3000)],
        crs=4549,
    )
    drawn = land_map(Canvas(ground=Ground(land=land)), places, title="t", named=False)
    group = add_group(drawn, name="地段")
    add_polygons(group, places, styles=[line("#7f0d1d")], heading="name")
    add_points(group, places, styles=[dot("#111a22")], heading="name")
    found = visit(save_map(drawn, tmp_path / "outlines.html"))
    page = found.page
    page.wait_for_selector("path[role=button]")
    stops = page.locator("path.leaflet-interactive")
    assert [stops.nth(at).get_attribute("aria-label") for at in range(stops.count())] == 2 * ["三水湾", "月河"]
    for at in (1, 2):
        stops.nth(at).focus()
        page.keyboard.press("Enter")
        assert page.locator(".jx-card h2").inner_text() == stops.nth(at).get_attribute("aria-label")
        page.keyboard.press("Escape")
        assert page.locator(".jx-card").count() == 0
        assert stops.nth(at).evaluate("(node) => node === document.activeElement")
    assert violations(page) == []
    assert found.complaints == []


@pytest.mark.parametrize("press", ["keyboard", "click"])
def test_a_row_of_the_list_goes_to_its_place_and_opens_the_same_card(maps, visit, press):
    found = visit(maps["hotspots"])
    page = found.page
    row = page.locator(".jx-list button").nth(1)
    scale = page.locator(".leaflet-control-scale-line").inner_text()
    if press == "click":
        row.click()
    else:
        row.focus()
        page.keyboard.press("Enter")
    found.settle()
    assert page.locator(".jx-card h2").inner_text() == row.locator("span").inner_text()
    assert "问题数" in page.locator(".jx-card").inner_text()
    assert page.locator(".leaflet-control-scale-line").inner_text() != scale
    page.locator(".jx-close").click()
    assert page.locator(".jx-card").count() == 0
    assert found.complaints == []


def test_a_card_shows_hostile_text_as_text(maps, visit):
    found = visit(maps["hotspots"])
    page = found.page
    row = page.locator(".jx-list button", has_text="img src=x")
    row.click()
    assert "onerror=" in page.locator(".jx-card h2").inner_text()
    page.locator(".jx-search input").fill("onerror")
    page.keyboard.press("Enter")
    assert "onerror=" in page.locator(".jx-card h2").inner_text()
    assert page.evaluate("() => window.hacked") is None
    assert HOSTILE[:10] in page.locator(".jx-card h2").inner_text()
    assert found.complaints == []


def test_on_a_phone_a_tap_opens_the_card_at_the_bottom(maps, browser):
    context = browser.new_context(offline=True, viewport={"width": 390, "height": 800}, has_touch=True, is_mobile=True)
    page = context.new_page()
    page.goto(maps["parks"].as_uri())
    page.wait_for_timeout(500)
    page.touchscreen.tap(200, 420)
    box = page.locator(".jx-sheet").bounding_box()
    assert (round(box["x"]), round(box["y"] + box["height"])) == (0, 800)
    assert box["height"] <= 0.5 * 800
    context.close()


# --- search


def test_search_by_keyboard_goes_to_a_street_and_says_what_is_not_there(maps, visit):
    found = visit(maps["parks"])
    page = found.page
    box = page.locator(".jx-search input")
    box.fill("国路")
    assert box.get_attribute("aria-expanded") == "true"
    assert page.locator(".jx-search li").all_inner_texts() == ["建国路\n道路"]
    page.keyboard.press("Enter")
    found.settle()
    assert page.locator(".jx-card h2").inner_text() == "建国路"
    assert page.locator(".leaflet-jxmark-pane path").count() == 2
    box.fill("没有的地方")
    assert page.locator(".jx-search li").inner_text() == "地图上没有叫“没有的地方”的地方"
    assert "没有的地方" in page.locator(".jx-said").inner_text()
    page.keyboard.press("Escape")
    assert not page.locator(".jx-search ul").is_visible()
    assert found.complaints == []


def test_search_goes_through_what_it_found_with_the_arrows(maps, visit):
    found = visit(maps["units"])
    page = found.page
    box = page.locator(".jx-search input")
    box.fill("1")
    options = page.locator(".jx-search [role=option]")
    names = [option.splitlines()[0] for option in options.all_inner_texts()]
    assert len(names) > 3
    assert len(set(names)) == len(names)
    for key, at in (("ArrowDown", 1), ("ArrowDown", 2), ("ArrowUp", 1)):
        page.keyboard.press(key)
        assert options.nth(at).get_attribute("aria-selected") == "true"
        assert box.get_attribute("aria-activedescendant") == options.nth(at).get_attribute("id")
    page.keyboard.press("Enter")
    assert page.locator(".jx-card h2").inner_text() == names[1]
    box.fill(names[2])
    page.locator(".jx-search [role=option]").first.click()
    assert page.locator(".jx-card h2").inner_text() == names[2]
    assert found.complaints == []


def test_what_was_found_lies_over_the_list_of_places_in_a_low_window(maps, visit):
    page = visit(maps["hotspots"]).page
    page.set_viewport_size({"width": 1366, "height": 360})
    page.locator(".jx-search input").fill("1")
    options = page.locator(".jx-search [role=option]")
    shown, below = page.locator(".jx-search ul").bounding_box(), page.locator(".jx-list:visible").bounding_box()
    assert shown["y"] + shown["height"] > below["y"], "the two do not meet: nothing is tried"
    for k in range(options.count()):
        options.nth(k).scroll_into_view_if_needed()
        assert options.nth(k).evaluate("""(option) => {
            const { x, y, height } = option.getBoundingClientRect();
            return option.contains(document.elementFromPoint(x + 5, y + height / 2));
        }""")


def test_what_another_layer_shows_is_found_and_that_layer_shown(maps, visit):
    page = visit(maps["hotspots"]).page
    group = page.locator(".leaflet-control-layers-base label", has_text=CLASSES[1]).locator("input")
    group.check()
    page.locator(".leaflet-control-layers-base input").first.check()
    page.locator(".jx-search input").fill("只在这里")
    page.keyboard.press("Enter")
    assert page.locator(".jx-card h2").inner_text() == "只在这里"
    assert group.is_checked()


# --- the view as an address


def test_a_link_restores_the_view(maps, visit):
    found = visit(maps["hotspots"])
    page = found.page
    page.locator(".leaflet-control-layers-base input").nth(2).check()
    page.locator(".leaflet-control-layers-overlays input").first.uncheck()
    page.locator(".jx-list button").nth(1).click()
    page.locator(".jx-tool-opacity").click()
    page.locator(".jx-panel input").fill("40")
    told = state(page)
    assert told["layer"] == [CLASSES[1]]
    assert told["opacity"] == ["40"]
    name = page.locator(".jx-card h2").inner_text()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.locator(".jx-tool-link").click()
    page.wait_for_function("() => document.querySelector('.jx-tool-link span').textContent === '已复制'")
    link = page.evaluate("() => navigator.clipboard.readText()")
    assert link.startswith("file:")

    again = page.context.new_page()
    again.goto(link)
    again.wait_for_selector(".jx-card")
    assert again.locator(".jx-card h2").inner_text() == name
    assert again.locator(".leaflet-control-layers-base input").nth(2).is_checked()
    assert not again.locator(".leaflet-control-layers-overlays input").first.is_checked()
    assert again.locator(".jx-panel input").first.input_value() == "40"
    assert (
        again.locator(".leaflet-control-scale-line").inner_text()
        == page.locator(".leaflet-control-scale-line").inner_text()
    )
    restored = again.evaluate("() => [map_0.getCenter().lat, map_0.getCenter().lng, map_0.getZoom()]")
    assert restored == pytest.approx([float(each) for each in told["at"][0].split(",")], abs=2e-3)
    assert found.complaints == []


@pytest.mark.parametrize("link", ["at=1e308,1e308,1e308", "period=abc", "period=1.5", "opacity=abc"])
def test_a_link_that_says_nothing_of_use_shows_the_page_as_it_opens(maps, visit, link):
    shown = "() => [map_0.getCenter(), map_0.getZoom(), map_0.jxPeriod.get(), map_0.jxOpacity.get()]"
    as_it_opens = visit(maps["hotspots"]).page.evaluate(shown)
    found = visit(maps["hotspots"], link=link)
    assert found.page.evaluate(shown) == as_it_opens
    assert found.complaints == []


def test_a_window_of_another_size_shows_the_whole_again_unless_the_reader_went_elsewhere(maps, visit):
    whole = "() => map_0.getBounds().contains(map_0.jxHome)"
    found = visit(maps["units"])
    found.page.set_viewport_size({"width": 390, "height": 800})
    found.page.wait_for_function(whole)
    zoom = found.page.evaluate("() => map_0.setZoom(map_0.getZoom() + 2, { animate: false }).getZoom()")
    found.page.set_viewport_size({"width": 1366, "height": 768})
    found.page.wait_for_function("() => map_0.getSize().x === 1366")
    assert found.page.evaluate("() => map_0.getZoom()") == zoom
    assert found.complaints == []


def test_in_a_frame_of_a_notebook_there_is_no_address_and_no_complaint(maps, visit, tmp_path):
    t = result_tables()
    frame = units_map(t.units, canvas=on_land(t.districts)).get_root()._repr_html_()
    (tmp_path / "notebook.html").write_text(f"<!DOCTYPE html><title>n</title>{frame}", encoding="utf-8")
    found = visit(tmp_path / "notebook.html")
    inner = found.page.frame_locator("iframe")
    inner.locator(".jx-search input").fill("1")
    inner.locator(".jx-search [role=option]").first.click()
    inner.locator(".jx-card").wait_for()
    assert inner.locator(".jx-tool-link").count() == 0
    assert found.complaints == []


# --- opacity, comparison, time


def test_fills_fade_by_mouse_and_by_keyboard(maps, visit):
    found = visit(maps["units"])
    page = found.page
    page.locator(".jx-tool-opacity").click()
    slider = page.locator(".jx-panel input")
    assert slider.evaluate("(node) => node === document.activeElement")
    for _ in range(4):
        page.keyboard.press("ArrowLeft")
    assert slider.input_value() == "80"
    assert page.locator(".jx-panel output").inner_text() == "80 %"
    opacity = "() => getComputedStyle(document.querySelector('.leaflet-overlay-pane')).opacity"
    assert page.evaluate(opacity) == "0.8"
    page.keyboard.press("Escape")
    assert page.locator(".jx-tool-opacity").evaluate("(node) => node === document.activeElement")
    assert found.complaints == []


def test_each_of_two_layers_beside_one_another_has_its_list(maps, visit):
    """Ranks of the right layer mean nothing by the list of the left one."""
    page = visit(maps["hotspots"]).page
    heads = page.locator(".jx-list h2")
    alone = heads.all_inner_texts()
    assert len(alone) == 1
    page.locator(".jx-tool-compare").click()
    choice = page.locator(".jx-panel select")
    number = [word.strip() for word in choice.locator("option").all_inner_texts()].index(CLASSES[1])
    choice.select_option(index=number)
    page.wait_for_function("() => document.querySelectorAll('.jx-list h2').length === 2")
    assert heads.all_inner_texts()[0] == alone[0]
    assert CLASSES[1] in heads.all_inner_texts()[1]
    assert "只在这里" in page.locator(".jx-list ol").nth(1).inner_text()
    choice.select_option("")
    page.wait_for_function("() => document.querySelectorAll('.jx-list h2').length === 1")


def test_a_short_note_in_a_list_of_short_names_stands_beside_them(maps, visit):
    """The list was as wide as its names, which then had no room beside their notes: two lines a place."""
    lists = visit(maps["hotspots"]).page.locator(".jx-list").first
    beside = lists.evaluate("""(list) => {
        list.querySelectorAll("p").forEach((one) => one.remove());
        list.querySelectorAll("h2, span").forEach((one) => (one.textContent = "高照智造园"));
        list.querySelectorAll("em").forEach((one) => (one.textContent = "2025"));
        const top = (one, tag) => Math.round(one.querySelector(tag).getBoundingClientRect().top);
        return [...list.querySelectorAll("button")].map((one) => Math.abs(top(one, "span") - top(one, "em")) < 6);
    }""")
    assert beside
    assert all(beside)


def test_a_long_note_in_a_list_leaves_the_name_of_its_place_on_a_line(maps, visit):
    """What a hot spot has been and since when stood beside its name, and left it a letter a line."""
    row = visit(maps["hotspots"]).page.locator(".jx-list button").first
    said = {"span": "Back Bay", "em": "consecutive, this time since 2015-04"}
    row.evaluate(
        "(node, said) => Object.entries(said).forEach(([at, of]) => { node.querySelector(at).textContent = of; })", said
    )
    name, rank = (row.locator(part).bounding_box() for part in ("span", "i"))
    assert name["height"] < 1.5 * rank["height"]


def test_a_short_note_stands_on_the_line_of_its_name(maps, visit):
    """The box was as narrow as its longest name, and left a year no room beside it."""
    page = visit(maps["hotspots"]).page
    page.locator(".jx-list button").first.evaluate(
        """(node) => {
            document.querySelectorAll(".jx-list :is(li + li, h2, p)").forEach((other) => other.remove());
            node.querySelector("span").textContent = "新城";
            node.querySelector("em").textContent = "2024";
        }"""
    )
    name, note = (page.locator(f".jx-list button {part}").first.bounding_box() for part in ("span", "em"))
    assert note["y"] < name["y"] + name["height"] / 2
    assert note["x"] > name["x"] + name["width"]


def test_two_layers_stand_beside_one_another_and_the_divider_moves(maps, visit):
    found = visit(maps["parks"])
    page = found.page
    found.settle()
    page.locator(".jx-tool-compare").click()
    page.locator(".jx-panel select").select_option("1")
    found.settle()
    assert page.locator(".jx-chip").all_inner_texts() == ["服务半径覆盖率", "步行覆盖率"]
    divider = page.locator(".jx-divider")
    assert page.locator(".jx-beside canvas").count() > 0
    divider.focus()
    page.keyboard.press("ArrowRight")
    assert divider.get_attribute("aria-valuenow") == "52"
    page.keyboard.press("Home")
    assert divider.get_attribute("aria-valuenow") == "2"
    handle = divider.bounding_box()
    page.mouse.move(handle["x"] + 1, 300)
    page.mouse.down()
    page.mouse.move(640, 300, steps=4)
    page.mouse.up()
    assert divider.get_attribute("aria-valuenow") == "50"
    # Both sides answer, and follow the same view.
    for x in (560, 800):
        page.mouse.click(x, 420)
        assert page.locator(".jx-sheet h2").count() == 1
    page.locator(".leaflet-control-zoom-in").click()
    found.settle()
    both = page.evaluate(
        "() => [...document.querySelectorAll('.leaflet-container')].map((n) => n.querySelector('.leaflet-proxy')?.style.transform)"
    )
    assert len(both) == 2
    assert state(page)["beside"] == ["步行覆盖率@50"]
    page.locator(".jx-panel select").select_option("")
    assert page.locator(".jx-divider").count() == 0
    assert page.locator(".leaflet-container").count() == 1
    assert found.complaints == []


def test_on_paper_two_layers_meet_at_the_divider(maps, visit):
    """The right one stayed where the window had it, and the divider at the edge: half of the city stood there twice."""
    found = visit(maps["hotspots"])
    page = found.page
    page.locator(".jx-tool-compare").click()
    page.locator(".jx-panel select").select_option(index=2)
    page.wait_for_selector(".jx-beside")
    rows = "(list) => { for (let n = 0; n < 30; n++) list.append(list.firstElementChild.cloneNode(true)); }"
    page.locator(".jx-list ol").first.evaluate(rows)
    found.settle()
    places = """() => [...document.querySelectorAll(".jx-name")].map((name) => {
        const { x, y } = name.getBoundingClientRect();
        return [Boolean(name.closest(".jx-beside")), name.textContent, Math.round(x), Math.round(y)];
    })"""

    def aligned() -> bool:
        told = page.evaluate(places)
        left, right = ([place for beside, *place in told if beside is side] for side in (False, True))
        return len(left) > 2 and sorted(left) == sorted(right)

    frame, divider = (page.locator(at).bounding_box() for at in (".leaflet-container >> nth=0", ".jx-divider"))
    before = aligned(), frame, divider
    assert before[0]
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    found.settle()
    frame, divider, beside = (
        page.locator(at).bounding_box() for at in (".leaflet-container >> nth=0", ".jx-divider", ".jx-beside")
    )
    assert aligned()
    assert beside == frame
    assert divider["x"] + divider["width"] / 2 == pytest.approx(frame["x"] + frame["width"] / 2, abs=2)
    boxes = {at: page.locator(at).first.bounding_box() for at in (".jx-title", ".jx-list")}
    assert boxes[".jx-list"]["y"] >= boxes[".jx-title"]["y"] + boxes[".jx-title"]["height"]
    assert frame["x"] >= boxes[".jx-list"]["x"] + boxes[".jx-list"]["width"]
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    found.settle()
    after = [page.locator(at).bounding_box() for at in (".leaflet-container >> nth=0", ".jx-divider")]
    assert (aligned(), *after) == before
    assert found.complaints == []


def test_the_right_layer_stays_when_another_is_chosen_on_the_left(maps, visit):
    found = visit(maps["hotspots"])
    page = found.page
    page.locator(".jx-tool-compare").click()
    choice = page.locator(".jx-panel select")
    choice.select_option(value=choice.locator("option").nth(2).get_attribute("value"))
    found.settle()
    fills = "() => [...document.querySelectorAll('.jx-beside .leaflet-overlay-pane canvas')].map((c) => c.toDataURL())"
    before = page.evaluate(fills)
    assert len(before) == 1
    chosen = choice.input_value()
    # Shown beside another, and beside the months, whose slider takes room: the view is another then, the layer is not.
    for label, moved in ((CLASSES[2], False), ("逐月问题数", True), (CLASSES[2], False)):
        page.locator(".leaflet-control-layers-base label", has_text=label).click()
        found.settle()
        shown = page.evaluate(fills)
        assert len(shown) == 1
        assert (shown != before) == moved
        assert choice.input_value() == chosen
    assert found.complaints == []


def test_a_long_name_is_cut_and_leaves_the_others_room(tmp_path, visit):
    names = ["Saint Bartholomew and Llanfairpwllgwyngyll Unified District", "高照街道经开区"]
    land = gpd.GeoDataFrame({"name": names}, geometry=shapely.box([0, 9000], 0, [9000, 18000], 9000), crs=4549)
    land.geometry = land.translate(571_000, 3_402_000)
    page = visit(save_map(land_map(Canvas(ground=Ground(land=land)), land, title="园区"), tmp_path / "land.html")).page
    cut = "(name) => name.scrollWidth > name.clientWidth"
    spans = page.locator(".jx-name span")
    assert {spans.nth(k).text_content(): spans.nth(k).evaluate(cut) for k in (0, 1)} == dict(
        zip(names, (True, False), strict=True)
    )


@pytest.mark.parametrize("shape", [(6, 1), (5, 3), (1, 1), (1, 3)], ids=["flat", "wide", "square", "tall"])
def test_the_title_covers_no_part_of_the_city(tmp_path, visit, shape):
    land = gpd.GeoDataFrame({"name": ["甲"]}, geometry=[shapely.box(0, 0, 9000 * shape[0], 9000 * shape[1])], crs=4549)
    land.geometry = land.translate(571_000, 3_402_000)
    page = visit(save_map(land_map(Canvas(ground=Ground(land=land)), land, title="园区"), tmp_path / "land.html")).page
    for width, height in ((1366, 768), (1366, 600), (1920, 1080)):
        page.set_viewport_size({"width": width, "height": height})
        page.wait_for_function(
            "(size) => map_0.getSize().x === size[0] && map_0.getSize().y === size[1]", arg=[width, height]
        )
        title = page.locator(".jx-title").bounding_box()
        west, north = page.evaluate("() => Object.values(map_0.latLngToContainerPoint(map_0.jxHome.getNorthWest()))")
        assert west >= title["x"] + title["width"] or north >= title["y"] + title["height"]


def test_a_city_that_has_no_corner_below_the_title_is_as_large_as_the_window(tmp_path, visit):
    """A diamond's box has such a corner, and it none."""
    diamond = shapely.Polygon([(0, 9000), (9000, 18000), (18000, 9000), (9000, 0)]).segmentize(300)
    land = gpd.GeoDataFrame({"name": ["甲"]}, geometry=[diamond], crs=4549)
    land.geometry = land.translate(571_000, 3_402_000)
    page = visit(save_map(land_map(Canvas(ground=Ground(land=land)), land, title="园区"), tmp_path / "land.html")).page
    page.set_viewport_size({"width": 1366, "height": 768})
    page.wait_for_function("() => map_0.getSize().y === 768")
    assert page.evaluate("() => map_0.getZoom() === map_0.getBoundsZoom(map_0.jxHome)")


def test_the_slider_covers_no_part_of_the_city(maps, visit):
    found = visit(maps["hotspots"])
    page = found.page
    page.set_viewport_size({"width": 1366, "height": 600})
    found.settle()
    shown = "() => [map_0.getCenter(), map_0.getZoom()]"
    as_it_opens = page.evaluate(shown)
    page.locator(".leaflet-control-layers-base label", has_text="逐月问题数").click()
    found.settle()
    bottom = page.evaluate("() => map_0.latLngToContainerPoint(map_0.jxHome.getSouthWest()).y")
    assert bottom < page.locator(".jx-periods").bounding_box()["y"]
    page.locator(".leaflet-control-layers-base label").first.click()
    found.settle()
    assert page.evaluate(shown) == as_it_opens


def test_months_go_by_slider_keyboard_and_play(maps, visit):
    found = visit(maps["hotspots"])
    page = found.page
    assert not page.locator(".jx-periods").is_visible()
    page.locator(".leaflet-control-layers-base label", has_text="逐月问题数").click()
    found.settle()
    slider, told = page.locator(".jx-periods input"), page.locator(".jx-periods output")
    assert told.locator("b").inner_text() == "2021 年 12 月"
    assert told.locator("span").inner_text().endswith(" 件")
    slider.focus()
    page.keyboard.press("Home")
    assert told.locator("b").inner_text() == "2021 年 1 月"
    assert slider.get_attribute("aria-valuetext").startswith("2021 年 1 月 · ")
    first = page.evaluate("() => [...document.querySelectorAll('canvas')].map((c) => c.toDataURL()).join()")
    page.keyboard.press("ArrowRight")
    found.settle()
    assert told.locator("b").inner_text() == "2021 年 2 月"
    assert page.evaluate("() => [...document.querySelectorAll('canvas')].map((c) => c.toDataURL()).join()") != first
    page.mouse.click(640, 420)
    card = page.locator(".jx-card")
    assert "2021 年 2 月" in card.inner_text()
    play = page.locator(".jx-periods button")
    assert play.get_attribute("aria-label") == "播放"
    play.click()
    page.wait_for_function("() => document.querySelector('.jx-periods output b').textContent === '2021 年 4 月'")
    assert play.get_attribute("aria-label") == "暂停"
    play.click()
    now = told.locator("b").inner_text()
    assert now in card.inner_text()
    assert state(page)["period"] == [str(int(now.split(" ")[2]) - 1)]
    assert found.complaints == []


# --- the picture


@pytest.mark.parametrize("name", ["hotspots", "parks"])
def test_the_picture_holds_the_map_and_what_explains_it(maps, visit, name, tmp_path):
    found = visit(maps[name])
    page = found.page
    found.settle()
    with page.expect_download() as waiting:
        page.locator(".jx-tool-picture").click()
    waiting.value.save_as(tmp_path / "map.png")
    assert waiting.value.suggested_filename == f"{page.title()}.png"
    picture = Image.open(tmp_path / "map.png").convert("RGB")
    # Twice as fine as the window, with a legend beside and a title above.
    assert picture.width > 2 * 1280
    assert picture.height > 2 * 800
    drawn = np.asarray(picture)
    seen = np.asarray(Image.open(io.BytesIO(page.screenshot())).convert("RGB"))
    # The middle of the map, where nothing lies over it, has the same colours in both.
    half = drawn[drawn.shape[0] - 2 * 800 - 60 : drawn.shape[0] - 60 : 2, : 2 * 1280 : 2]
    told = {tuple(c) for c in seen[300:500:4, 500:800:4].reshape(-1, 3)}
    pictured = {tuple(c) for c in half[::2, ::2].reshape(-1, 3)}
    assert len(told & pictured) >= 3
    header, legend = drawn[:100], drawn[200:900, 2 * 1280 :]
    assert (header < 80).all(axis=2).sum() > 300
    assert (legend < 200).any(axis=2).sum() > 1000
    assert page.locator(".jx-sheet-of-picture").count() == 0
    assert found.complaints == []


def test_a_weak_area_opens_its_card_from_the_list_and_from_the_search(visit, tmp_path):
    rng = np.random.default_rng(4)
    x, y = np.hstack([rng.uniform(0, SIDE, (2, 600)), rng.uniform(2100, 2900, (2, 200))])
    result = find_weak_areas(points(x, y), CITY, {}, units=squares(6))
    found = visit(save_map(result.map(), tmp_path / "weak.html"))
    page = found.page
    found.settle()
    name = result.weak_areas["name"].iloc[0]
    page.locator(".jx-list button").first.click()
    listed = page.locator(".jx-card").inner_text()
    page.keyboard.press("Escape")
    page.locator(".jx-search input").fill(name)
    page.keyboard.press("Enter")
    for card in (listed, page.locator(".jx-card").inner_text()):
        assert card.split()[1] == name
        assert "严重程度" in card
    assert found.complaints == []


# The words of the sheet that a picture is drawn of: it is gone as soon as the picture is taken.
_KEEP = """() => new MutationObserver((changes) => changes.forEach(({ removedNodes }) => removedNodes.forEach((node) => {
    if (node.className !== "jx-sheet-of-picture") return;
    window.kept = [...node.querySelectorAll("h1, .jx-shown, .jx-list h2, .jx-list li")].map((one) => one.textContent);
}))).observe(document.querySelector(".leaflet-container"), { childList: true })"""


def test_the_picture_says_which_layer_it_shows_and_what_its_numbers_mean(maps, visit):
    found = visit(maps["hotspots"])
    page = found.page
    found.settle()
    page.evaluate(_KEEP)
    pictured = []
    for at in (0, 1):
        found.show(at)
        found.settle()
        page.locator(".jx-tool-picture").click()
        page.wait_for_function("window.kept")
        pictured.append(page.evaluate("window.kept"))
        rows = page.locator(".jx-list li").all_text_contents()
        assert rows
        assert pictured[-1][3:] == rows
        page.evaluate("window.kept = null")
    assert [kept[:2] for kept in pictured] == [["城市管理问题热点", "全部问题"], ["城市管理问题热点", CLASSES[0]]]
    assert pictured[1][2].startswith(CLASSES[0])
    # Of two layers side by side both are named where they lie.
    page.locator(".jx-tool-compare").click()
    page.locator(".jx-panel select").select_option(index=2)
    found.settle()
    page.locator(".jx-tool-picture").click()
    page.wait_for_function("window.kept")
    assert page.evaluate("window.kept")[1] != CLASSES[0]
    assert found.complaints == []


# --- for everybody


def test_a_page_says_its_language_and_can_be_enlarged(maps, visit):
    for name, lang in (("hotspots", "zh-CN"), ("hotspots_en", "en")):
        page = visit(maps[name]).page
        assert page.locator("html").get_attribute("lang") == lang
        assert "user-scalable" not in page.locator("meta[name=viewport]").get_attribute("content")
    words = page.locator(".jx-title").inner_text() + page.locator(".jx-search input").get_attribute("placeholder")
    assert not any("一" <= sign <= "鿿" for sign in words)


def test_the_tab_key_goes_from_title_to_list_to_layers(maps, visit):
    page = visit(maps["hotspots"]).page
    page.locator(".folium-map").focus()
    order = []
    for _ in range(30):
        page.keyboard.press("Tab")
        order.append(
            page.evaluate(
                "() => (document.activeElement.closest('.jx-search, .jx-tool, .leaflet-control-zoom, .leaflet-control-layers, .jx-list, .jx-legend, .leaflet-marker-icon') ?? document.body).className.split(' ')[0]"
            )
        )
    groups = list(dict.fromkeys(order))
    assert groups[:3] == ["jx-search", "jx-tool", "leaflet-control-zoom"]
    assert groups.index("leaflet-control-zoom") < groups.index("jx-box") < len(groups)
    assert groups[-1] == "leaflet-marker-icon"


@pytest.mark.parametrize("name", ["hotspots", "hotspots_en", "parks", "units", "scores"])
def test_a_checker_of_wcag_has_nothing_to_say(maps, visit, name):
    page = visit(maps[name]).page
    page.wait_for_selector(".jx-tools")
    assert violations(page) == []
    page.locator(".jx-search input").fill("0")
    assert violations(page) == []
    page.keyboard.press("Enter")
    page.locator(".jx-tool-opacity").click()
    assert violations(page) == []


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", ["hotspots", "parks", "scores"])
def test_nothing_lies_on_one_another(maps, visit, name, size):
    page = visit(maps[name]).page
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.reload()
    page.wait_for_selector(".jx-tools")
    assert overlapping(page) == []
    if name == "hotspots":
        if size[0] < 700:
            page.locator(".leaflet-control-layers").hover()
        page.locator(".leaflet-control-layers-base label", has_text="逐月").click()
        page.mouse.move(5, size[1] / 2)
        page.mouse.click(5, size[1] / 2)
        assert overlapping(page) == []
        page.mouse.click(size[0] / 2, size[1] / 2)
        page.wait_for_selector(".jx-card")
        assert overlapping(page) == []


# --- all maps of a report


def go_over(visit: Any, path: Path) -> None:
    """Each tool once on one map."""
    found = visit(path)
    page = found.page
    found.settle()
    assert violations(page) == []
    page.mouse.click(640, 430)
    name = page.locator(".jx-list button span, .jx-name span").last.text_content()
    page.locator(".jx-search input").fill(name)
    page.keyboard.press("Enter")
    assert page.locator(".jx-card h2").inner_text().startswith(name[:4])
    page.keyboard.press("Escape")
    if page.locator(".jx-list button").count():
        row = page.locator(".jx-list button").first
        row.click()
        assert page.locator(".jx-card").count() == 1
        assert page.locator(".leaflet-jxmark-pane path").count() == 2
        page.keyboard.press("Escape")
    page.locator(".jx-home").click()
    if page.locator(".jx-tool-compare").count():
        page.locator(".jx-tool-compare").click()
        page.locator(".jx-panel select").select_option(index=1)
        found.settle()
        assert page.locator(".jx-beside canvas").count() > 0
        assert violations(page) == []
    with page.expect_download() as waiting:
        page.locator(".jx-tool-picture").click()
    assert Path(waiting.value.path()).stat().st_size > 50_000
    for width, height in SIZES:
        other = visit(path)
        other.page.set_viewport_size({"width": width, "height": height})
        other.page.reload()
        other.page.wait_for_selector(".jx-tools")
        assert overlapping(other.page) == [], (path.name, width, height)
        assert other.complaints == []
    assert found.complaints == []
    assert found.outside() == []


@pytest.fixture(scope="module")
def demo(root, tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("demo") / "report"
    run_report(load_settings(root / "data" / "jxgis.toml"), out, lang="zh")
    return out


def test_every_map_of_the_demo_does_it_all(demo, visit):
    maps = sorted((demo / "maps").glob("*.html"))
    assert len(maps) >= 9
    for path in maps:
        go_over(visit, path)


@pytest.mark.real
def test_every_map_of_boston_does_it_all(real_dir, root, visit, tmp_path):
    run_report(load_settings(root / "tests" / "real" / "boston" / "jxgis.toml"), tmp_path / "report", lang="zh")
    for path in sorted((tmp_path / "report" / "maps").glob("*.html")):
        go_over(visit, path)
