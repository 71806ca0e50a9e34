"""The maps in a real browser without internet: they draw, switch, explain themselves, and run no text as code."""

from __future__ import annotations

import io

import folium
import geopandas as gpd
import pandas as pd
import pytest
import shapely
from PIL import Image
from result_tables import CLASSES, HOSTILE, on_land, result_tables

from jxgis.drawing import Ground
from jxgis.drawing.base import extent, new_map
from jxgis.drawing.canvas import Canvas
from jxgis.drawing.layers import (
    Field,
    PlaceList,
    add_group,
    add_names,
    add_place_lists,
    add_polygons,
    add_ranks,
    add_switch,
    fill,
    land_map,
)
from jxgis.drawing.offline import save_map
from jxgis.hotspots.caution import unjudged_why
from jxgis.hotspots.map import hotspot_map
from jxgis.i18n import text
from jxgis.parks.map import parks_map
from jxgis.schema.columns import UNITS
from jxgis.scoring.map import scores_map
from jxgis.units.map import units_map

pytestmark = pytest.mark.browser

PAGES = ("hotspots", "parks", "units", "scores")


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    folder = tmp_path_factory.mktemp("maps")
    t = result_tables()
    districts = t.districts.assign(name=[HOSTILE, *t.districts["name"][1:]])
    coverage = t.coverage.assign(zone=t.coverage["zone"].replace("东栅", HOSTILE))
    maps = {
        "hotspots": hotspot_map(
            t.cells, t.places, canvas=Canvas(ground=Ground(land=districts), sketch=True, method=HOSTILE)
        ),
        "parks": parks_map(
            coverage,
            t.served,
            t.unserved,
            t.sites,
            canvas=Canvas(ground=Ground(land=districts), sketch=True),
            parks=t.parks,
        ),
        "units": units_map(t.units.assign(reason=HOSTILE), canvas=Canvas(ground=Ground(land=districts), sketch=True)),
        "scores": scores_map(
            t.scores, canvas=Canvas(ground=Ground(land=districts), sketch=True), indicators={"park_coverage": HOSTILE}
        ),
    }
    return {name: save_map(page, folder / f"{name}.html") for name, page in maps.items()}


def coloured(page) -> int:
    """How many pixels of the canvas are drawn on."""
    return page.evaluate(
        """() => [...document.querySelectorAll("canvas")].reduce((sum, canvas) => {
            const data = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
            let n = 0;
            for (let i = 3; i < data.length; i += 4) n += data[i] > 0;
            return sum + n;
        }, 0)"""
    )


def picture(page) -> str:
    return page.evaluate('() => document.querySelector("canvas").toDataURL()')


@pytest.mark.parametrize("name", PAGES)
def test_a_page_opens_without_internet(pages, visit, name):
    found = visit(pages[name])
    page = found.page
    page.wait_for_selector(".leaflet-control-layers")
    page.wait_for_function("() => document.querySelector('canvas')")
    found.settle()
    assert page.locator(".jx-title h1").is_visible()
    assert "示意数据，非官方边界" in page.locator(".jx-title").inner_text()
    assert page.locator(".jx-legend").is_visible()
    assert page.locator(".jx-legend li").first.is_visible()
    assert page.locator(".leaflet-control-scale-line").is_visible()
    assert coloured(page) > 100_000
    assert page.locator("img[src='x']").count() == 0
    assert page.evaluate("() => window.hacked") is None
    assert found.outside() == []
    assert len(found.requests) == 1
    assert found.complaints == []


@pytest.mark.parametrize(
    "name", ["units", "scores", *(pytest.param(name, marks=pytest.mark.slow) for name in ("hotspots", "parks"))]
)
def test_every_switch_draws_another_picture(pages, visit, name):
    found = visit(pages[name])
    page = found.page
    found.settle()
    seen = [picture(page)]
    for at in range(1, found.layers()):
        found.show(at)
        found.settle()
        seen.append(picture(page))
    assert len(seen) >= 2
    assert len(set(seen)) == len(seen)
    assert found.complaints == []
    assert found.outside() == []


def test_classes_stand_in_the_switch_and_the_list_follows(pages, visit):
    page = visit(pages["hotspots"]).page
    labels = [t.strip() for t in page.locator(".leaflet-control-layers-base label").all_inner_texts()]
    assert labels == ["全部问题", *CLASSES]
    assert "前 10 处" in page.locator(".jx-list h2").inner_text()
    page.locator(".leaflet-control-layers-base input").nth(2).check()
    assert page.locator(".jx-list h2").inner_text().startswith(CLASSES[1])
    assert page.locator(".jx-list li").count() == 4


def test_a_place_of_the_list_is_gone_to(pages, visit):
    found = visit(pages["hotspots"])
    page = found.page
    before = page.locator(".leaflet-control-scale-line").inner_text()
    page.locator(".jx-list button").first.click()
    found.settle()
    assert page.locator(".leaflet-control-scale-line").inner_text() != before
    page.locator(".jx-home").click()
    found.settle()
    assert page.locator(".leaflet-control-scale-line").inner_text() == before


def test_tooltips_show_hostile_text_as_text(pages, visit):
    found = visit(pages["hotspots"])
    page = found.page
    page.wait_for_selector(".jx-pin")
    page.locator(".jx-pin", has_text="5").first.hover()
    page.wait_for_selector(".jx-tip")
    words = page.locator(".jx-tip").inner_text()
    assert "<img src=x onerror=" in words
    # It overlaps others, which less its own would tell cells: its number is left out.
    assert "问题数\t—" in words
    assert page.evaluate("() => window.hacked") is None
    assert found.complaints == []


def test_hovering_a_cell_tells_count_and_class(pages, visit):
    found = visit(pages["hotspots"])
    page = found.page
    found.settle()
    box = page.locator(".folium-map").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.move(box["x"] + box["width"] / 2 + 4, box["y"] + box["height"] / 2 + 4)
    page.wait_for_selector(".jx-tip")
    words = page.locator(".jx-tip").inner_text()
    assert "问题数" in words
    # Not its z: from those of neighbours the few cases of one cell could be told.
    assert "热点与冷点（Gi*）" in words
    assert "Gi* z 值" not in words


def test_the_legend_follows_the_layer(pages, visit):
    found = visit(pages["units"])
    page = found.page
    legend = page.locator(".jx-legend")
    assert "颜色只用于区分" in legend.inner_text()
    page.locator(".leaflet-control-layers-base input").nth(2).check()
    found.settle()
    assert "紧凑度" in legend.inner_text()
    assert "颜色只用于区分" not in legend.inner_text()


@pytest.mark.parametrize("name", PAGES)
def test_the_legend_leaves_the_switch_its_room_on_a_map_as_low_as_in_a_notebook(pages, visit, name):
    page = visit(pages[name]).page
    page.set_viewport_size({"width": 1100, "height": 560})
    page.reload()
    switch, legend = (page.locator(at).bounding_box() for at in (".leaflet-control-layers", ".jx-legend"))
    assert switch["y"] + switch["height"] <= legend["y"]
    assert legend["height"] >= 100


def test_names_do_not_lie_on_one_another(pages, visit):
    found = visit(pages["units"])
    page = found.page
    found.settle()
    count = """() => {
        const shown = [...document.querySelectorAll(".jx-name span")].filter((n) => n.style.visibility !== "hidden");
        const boxes = shown.map((n) => n.getBoundingClientRect());
        const meet = (a, b) => a.left <= b.right && b.left <= a.right && a.top <= b.bottom && b.top <= a.bottom;
        const seen = [...document.querySelectorAll(".jx-name")].map((n) => [n, n.getBoundingClientRect()])
            .filter(([, at]) => at.left >= 0 && at.left <= innerWidth && at.top >= 0 && at.top <= innerHeight);
        const lacking = seen.filter(([n]) => n.firstChild.style.visibility === "hidden").length;
        return [shown.length, lacking / seen.length, boxes.filter((a, i) => boxes.some((b, j) => i < j && meet(a, b))).length];
    }"""
    shown, lacking, overlapping = page.evaluate(count)
    assert shown > 20
    assert overlapping == 0
    page.locator(".leaflet-control-zoom-in").click()
    found.settle()
    page.locator(".leaflet-control-zoom-in").click()
    found.settle()
    _, closer, overlapping = page.evaluate(count)
    assert closer < lacking, "fewer of the names in sight"
    assert overlapping == 0


@pytest.mark.parametrize("drag", [0, 150, -200])
def test_no_name_is_cut_at_the_edge_of_a_narrow_map(pages, visit, drag):
    """未来社区03（示意） lay by half beyond the edge of a phone; a name whose place is out of sight is not written."""
    found = visit(pages["units"])
    page = found.page
    page.set_viewport_size({"width": 390, "height": 844})
    page.reload()
    found.settle()
    if drag:
        page.mouse.move(195, 500)
        page.mouse.down()
        page.mouse.move(195 + drag, 520, steps=5)
        page.wait_for_timeout(300)  # at rest, so that letting go throws nothing
        page.mouse.up()
        found.settle()
    sides = page.evaluate(
        """() => [...document.querySelectorAll(".jx-name span")].filter((name) => name.style.visibility !== "hidden")
            .map((name) => name.getBoundingClientRect()).map(({ left, right }) => [left, right])"""
    )
    assert len(sides) > 5
    assert all(left >= 0 and right <= 390 for left, right in sides)


def test_the_first_of_a_ranked_table_is_named_before_larger_areas_around_it(visit, tmp_path):
    land = [shapely.box(500_000, 3_400_000, 509_000, 3_409_000)]
    around = gpd.GeoDataFrame({"name": ["老城"]}, geometry=land, crs=4549)
    ranked = gpd.GeoDataFrame(
        {"name": ["老城-03", "老城-02"]},
        geometry=[shapely.Point(504_500, 3_404_500).buffer(200), shapely.Point(504_500, 3_404_500).buffer(3000)],
        crs=4549,
    )
    page = land_map(on_land(around), ranked, title="t")
    add_names(page, ranked, column="name", ranked=True)
    found = visit(save_map(page, tmp_path / "ranked.html"))
    found.settle()
    names = found.page.locator(".jx-name span")
    shown = [names.nth(at).text_content() for at in range(names.count()) if names.nth(at).is_visible()]
    assert shown == ["老城-03"]


def test_a_name_moves_out_from_under_a_pin_and_comes_back_without_it(visit, tmp_path):
    land = [shapely.box(500_000, 3_400_000, 509_000, 3_409_000)]
    around = gpd.GeoDataFrame({"name": ["老城"]}, geometry=land, crs=4549)
    places = gpd.GeoDataFrame({"name": ["三水湾"], "rank": [1]}, geometry=[around.geometry[0].centroid], crs=4549)
    page = land_map(on_land(around), places, title="t")
    group = add_group(page, name="先去哪", overlay=True)
    add_ranks(group, places)
    add_switch(page)
    found = visit(save_map(page, tmp_path / "pin.html"))
    found.settle()
    name, pin = found.page.locator(".jx-name span"), found.page.locator(".leaflet-map-pane .jx-pin")
    moved, over = name.bounding_box(), pin.bounding_box()
    assert moved["y"] + moved["height"] < over["y"] or moved["y"] > over["y"] + over["height"]
    found.page.locator(".leaflet-control-layers-overlays label", has_text="先去哪").locator("input").uncheck()
    found.settle()
    back = name.bounding_box()
    assert abs(back["y"] + back["height"] / 2 - over["y"] - over["height"] / 2) < 2


def test_a_name_between_pins_moves_sideways(visit, tmp_path):
    land = [shapely.box(500_000, 3_400_000, 509_000, 3_409_000)]
    around = gpd.GeoDataFrame({"name": ["老城"]}, geometry=land, crs=4549)
    middle = around.geometry[0].centroid
    # A column of pins over the name, above it and below it: as far as a name moves up or down.
    column = [shapely.Point(middle.x, middle.y + 150 * at) for at in range(-9, 10)]
    places = gpd.GeoDataFrame({"name": "三水湾", "rank": range(1, 20)}, geometry=column, crs=4549)
    page = land_map(on_land(around), places, title="t")
    add_ranks(add_group(page, name="先去哪", overlay=True), places)
    add_switch(page)
    found = visit(save_map(page, tmp_path / "column.html"))
    found.settle()
    name = found.page.locator(".jx-name span").bounding_box()
    pins = [pin.bounding_box() for pin in found.page.locator(".leaflet-map-pane .jx-pin").all()]
    assert max(pin["y"] for pin in pins) - min(pin["y"] for pin in pins) > 100
    assert all(name["x"] + name["width"] < pin["x"] or pin["x"] + pin["width"] < name["x"] for pin in pins)


def test_the_legend_tells_of_walks_only_while_they_are_shown(visit, tmp_path):
    t = result_tables()
    walks = t.districts.iloc[:2].assign(minutes=[5.0, 10.0])
    path = save_map(parks_map(t.coverage, canvas=on_land(t.districts), isochrones=walks), tmp_path / "walks.html")
    found = visit(path)
    page = found.page
    legend = page.locator(".jx-legend")
    assert "步行 5\xa0分钟内" not in legend.inner_text()
    page.locator(".leaflet-control-layers-overlays label", has_text="步行可达范围").locator("input").check()
    found.settle()
    assert "步行 5\xa0分钟内" in legend.inner_text()


@pytest.mark.slow
def test_pins_of_a_wide_place_are_its_peaks(visit, tmp_path):
    t = result_tables()
    own = t.places[t.places["issue_class"] == "all"]
    peaks = own.assign(gi_z=9.0, name=[f"峰{n}" for n in own["rank"]], place_rank=1, geometry=own.geometry.centroid)
    found = visit(
        # Made up, they do not add up to the cells: nothing is hidden.
        save_map(
            hotspot_map(t.cells, t.places, canvas=on_land(t.districts), peaks=peaks, min_count=1),
            tmp_path / "wide.html",
        )
    )
    page = found.page
    assert page.locator(".jx-list li").first.inner_text().split() == ["1", "峰1", "3,000", "件"]
    assert "含 12\xa0个局部最高点" in page.locator(".jx-list p").inner_text()
    page.locator(".jx-pin", has_text="2").first.hover()
    page.wait_for_selector(".jx-tip")
    assert "峰2" in page.locator(".jx-tip").inner_text()
    page.locator(".leaflet-control-layers-base input").nth(1).check()
    assert page.locator(".jx-list p").count() == 0
    assert found.complaints == []


def test_a_change_keeps_its_sign_and_a_difference_of_shares_is_in_points(visit, tmp_path):
    square = gpd.GeoDataFrame(
        {"up": [0.1234], "down": [-0.05], "none": [-0.00001], "short": [0.032], "more": [0.0123], "less": [-0.0123]},
        geometry=[shapely.box(572000, 3403000, 573000, 3404000)], crs=4549,
    )  # fmt: skip
    points = UNITS["points"].behind.zh
    fields = [
        Field("up", "up", "change"), Field("down", "down", "change"), Field("none", "none", "change"),
        Field("short", "short", "points", 1, points), Field("more", "more", "points_change", 2, points),
        Field("less", "less", "points_change", 2, points),
    ]  # fmt: skip
    page = new_map(extent([square]), title="x")
    add_polygons(page, square, name="x", styles=[fill("#cccccc")], fields=fields)
    found = visit(save_map(page, tmp_path / "page.html")).page
    found.wait_for_timeout(300)
    found.mouse.move(640, 400)
    found.mouse.move(644, 404)
    found.wait_for_selector(".jx-tip")
    cells = [t.strip() for t in found.locator(".jx-tip td").all_inner_texts()]
    assert cells == ["+12 %", "−5 %", "0 %", "3.2 个百分点", "+1.23 个百分点", "−1.23 个百分点"]


def test_a_day_and_a_time_stand_in_a_card(visit, tmp_path):
    square = gpd.GeoDataFrame(
        {"since": ["2023-05-01"], "seen": ["2023-05-01 08:30"]},
        geometry=[shapely.box(572000, 3403000, 573000, 3404000)], crs=4549,
    ).astype({"since": "datetime64[us]", "seen": "datetime64[us]"})  # fmt: skip
    far = square.assign(since=pd.NaT, geometry=square.translate(3000))
    page = new_map(extent([square]), title="x")
    fields = [Field("since", "自", "date"), Field("seen", "见", "time")]
    add_polygons(page, pd.concat([square, far]), name="x", styles=[fill("#cccccc")], fields=fields)
    found = visit(save_map(page, tmp_path / "page.html")).page
    found.wait_for_timeout(300)
    found.mouse.move(640, 400)
    found.mouse.move(644, 404)
    found.wait_for_selector(".jx-tip")
    assert found.locator(".jx-tip tr").all_inner_texts() == ["自\t2023-05-01", "见\t2023-05-01 08:30"]


def test_what_is_said_of_a_place_of_the_list_is_read_in_whole(visit, tmp_path):
    said = ["近来连续，本轮 2023-01 起 · 85 % 来自采集员上报", "−72 % · 不再是热点"]
    places = gpd.GeoDataFrame(
        {"name": ["杨柳湾（城南街道）", "永安坊"], "rank": [1, 2], "note": said},
        geometry=[shapely.box(x, 3403000, x + 900, 3403900) for x in (572000, 574000)], crs=4549,
    )  # fmt: skip
    page = new_map(extent([places]), title="x")
    group = add_group(page, name="x")
    add_polygons(group, places, styles=[fill("#cccccc")], heading="name")
    add_place_lists(page, [PlaceList(group, "x", places)])
    found = visit(save_map(page, tmp_path / "page.html")).page
    rows = found.locator(".jx-list em")
    assert rows.all_inner_texts() == said
    inside = "e => { const a = e.getBoundingClientRect(), b = e.closest('.jx-list').getBoundingClientRect(); return a.right <= b.right && a.left >= b.left; }"
    assert [row.evaluate(inside) for row in rows.all()] == [True, True]


def test_a_score_is_told_by_its_value_first_and_each_layer_has_its_legend(pages, visit, tmp_path):
    scores = result_tables().scores
    table = scores.assign(hot_percent=100.0, hot_percent_score=0.0)
    written = scores_map(table, indicators={"hot_percent": "热点面积占比"}, units={"hot_percent": "%"})
    page = visit(save_map(written, tmp_path / "scores.html")).page
    page.locator(".jx-pin").first.hover()
    rows = page.locator(".jx-tip tr").all_inner_texts()
    assert [r.split("\t")[1] for r in rows if r.startswith("热点面积占比")] == ["100 %，得 0 分"]
    page.locator(".leaflet-control-layers .jx-choice").select_option(label="热点面积占比（得分）")
    legend = page.locator(".jx-legend").inner_text()
    assert "热点面积占比的得分（0–100）" in legend
    assert "综合得分" not in legend


def test_a_layer_of_folium_works_on_a_finished_map(visit, tmp_path):
    t = result_tables()
    page = units_map(t.units, canvas=on_land(t.districts))
    words = "{{7*7}} {% x %} `${7*7}` </script>"
    inner = t.districts.assign(name=words, geometry=t.districts.buffer(-600))
    ring = inner[["name", "geometry"]].to_crs(4326)
    tooltip = folium.GeoJsonTooltip(["name"])
    folium.GeoJson(ring, name="own", tooltip=tooltip, style_function=lambda _: {"color": "#ff00ff"}).add_to(page)
    found = visit(save_map(page, tmp_path / "page.html"))
    opened = found.page
    own = opened.locator(".leaflet-control-layers-overlays label", has_text="own").locator("input")
    assert own.is_checked()
    count = "() => { let n = 0; map_0.eachLayer((l) => { n += l.options.color === '#ff00ff'; }); return n; }"
    assert opened.evaluate(count) == len(ring)
    name = "() => Object.values(map_0._layers).find((l) => l.feature).feature.properties.name"
    assert opened.evaluate(name) == words
    opened.wait_for_timeout(300)
    assert b"\xff\x00\xff" in Image.open(io.BytesIO(opened.screenshot())).convert("RGB").tobytes()
    own.uncheck()
    opened.wait_for_timeout(300)
    assert opened.evaluate(count) == 0
    assert b"\xff\x00\xff" not in Image.open(io.BytesIO(opened.screenshot())).convert("RGB").tobytes()
    assert found.complaints == []


@pytest.mark.slow
def test_a_class_without_a_list_says_why_where_the_list_would_be(visit, tmp_path):
    t = result_tables()
    few = t.cells["issue_class"] == CLASSES[0]
    cells = t.cells.assign(gi_q=t.cells["gi_q"].mask(few), gi_bin=t.cells["gi_bin"].mask(few, 0))
    places = t.places[t.places["issue_class"] == "all"]
    found = visit(save_map(hotspot_map(cells, places, canvas=on_land(t.districts)), tmp_path / "few.html"))
    page = found.page
    assert page.locator(".jx-list li").count() > 0
    for at, said in ((1, text("maps.unjudged", "zh", why=unjudged_why(None, "zh"))), (2, text("maps.no_places", "zh"))):
        page.locator(".leaflet-control-layers-base input").nth(at).check()
        assert page.locator(".jx-list").is_visible()
        assert page.locator(".jx-list h2").inner_text() == CLASSES[at - 1]
        assert page.locator(".jx-list p").inner_text() == said
        assert page.locator(".jx-list li").count() == 0
    assert found.complaints == []
