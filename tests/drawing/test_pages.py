"""The maps as files: complete, self-contained, safe, and the same at each run."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from functools import cache

import folium
import geopandas as gpd
import numpy as np
import pytest
import shapely
from branca.element import Element, MacroElement
from jinja2 import TemplateSyntaxError
from result_tables import CLASSES, HOSTILE, on_land, result_tables

from jxgis import errors as _errors
from jxgis import escape
from jxgis.drawing.base import extent, new_map
from jxgis.drawing.canvas import Canvas
from jxgis.drawing.ground import Ground
from jxgis.drawing.layers import Field, add_polygons, add_switch, fill
from jxgis.drawing.offline import require_offline, save_map, to_html
from jxgis.hotspots.caution import unjudged_why
from jxgis.hotspots.map import hotspot_map
from jxgis.i18n import text
from jxgis.parks.map import parks_map
from jxgis.scoring.map import scores_map
from jxgis.settings import UnitSettings
from jxgis.units.map import neighbour_colours, units_map


def make(name: str, lang: str = "zh", *, sketch: bool = True) -> folium.Map:
    t = result_tables()
    canvas = Canvas(ground=Ground(land=t.districts), lang=lang, sketch=sketch, method="方法 <b>")
    match name:
        case "hotspots":
            return hotspot_map(t.cells, t.places, canvas=canvas)
        case "parks":
            return parks_map(t.coverage, t.served, t.unserved, t.sites, canvas=canvas, parks=t.parks)
        case "units":
            return units_map(t.units, canvas=canvas)
        case _:
            return scores_map(t.scores, canvas=canvas)


def html(name: str, lang: str = "zh", *, sketch: bool = True) -> str:
    return _html(name, lang, sketch)


@cache
def _html(name: str, lang: str, sketch: bool) -> str:
    return to_html(make(name, lang, sketch=sketch))


PAGES = ("hotspots", "parks", "units", "scores")
#: A map of hot spots takes seconds: its small counts are hidden first.
QUICK_PAGES = [pytest.param(name, marks=pytest.mark.slow) if name == "hotspots" else name for name in PAGES]


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("lang", ["zh", pytest.param("en", marks=pytest.mark.slow)])
def test_a_page_holds_its_title_legend_scale_and_switch(name, lang):
    page = html(name, lang)
    assert text(f"maps.{name}_title", lang) in page
    assert text("common.sketch", lang) in page
    assert "jxgis.legend(" in page
    assert "L.control.scale(" in page
    assert "jxgis.layerSwitch(" in page
    assert "方法 <b>" not in page


@pytest.mark.parametrize("name", PAGES)
def test_a_page_loads_nothing(name):
    page = html(name)
    require_offline(page)
    markup = re.sub(r"<script\b[^>]*>.*?</script>", "<script></script>", page, flags=re.DOTALL)
    assert not re.findall(r"https?:", markup)
    for unwanted in ("bootstrap", "jquery", "d3.min", "fontawesome", "sourceMappingURL"):
        assert unwanted not in page
    assert "url(#default#VML)" not in markup
    assert "default-src 'none'" in page


@pytest.mark.parametrize("name", QUICK_PAGES)
def test_two_runs_write_the_same_bytes(name, tmp_path):
    first, second = make(name), make(name)
    a, b = save_map(first, tmp_path / "a.html").read_bytes(), save_map(second, tmp_path / "b.html").read_bytes()
    assert a == b
    assert to_html(first).encode() == a  # a map may be shown and then written


@pytest.mark.parametrize("name", QUICK_PAGES)
def test_the_mark_goes_with_official_polygons(name):
    assert text("common.sketch", "zh") not in html(name, sketch=False)


def test_hot_spots_switch_between_all_classes_in_order():
    page = html("hotspots")
    switch = re.search(r"jxgis\.layerSwitch\((.*?)\);", page, re.DOTALL)[1]
    assert re.findall(r'"([^"]*)", false, ""\]', switch) == ["全部问题", *CLASSES]


def test_a_city_of_cells_by_class_stays_a_small_page():
    # 9,600 cells in seven classes; as GeoJSON the same is over 20 MB. Half of the smaller page is Leaflet.
    assert len(html("hotspots")) < 800_000
    assert len(html("units")) < 350_000


def test_hostile_text_stays_text():
    page = html("hotspots")
    assert "window.hacked=1\\u003c/script" in page
    assert "<img src=x" not in page
    assert page.count("</script>") == page.count("<script")


def test_hostile_names_everywhere_stay_text():
    square = gpd.GeoDataFrame({"name": [HOSTILE]}, geometry=[shapely.box(572000, 3403000, 573000, 3404000)], crs=4549)
    page = new_map(extent([square]), title=HOSTILE, subtitle=HOSTILE)
    add_polygons(page, square, name=HOSTILE, styles=[fill("#fff")], heading="name", fields=[Field("name", HOSTILE)])
    page.add_child(folium.LayerControl())
    written = to_html(page)
    assert "<img src=x" not in written
    assert written.count("</script>") == written.count("<script")


def test_a_layer_that_needs_the_internet_is_refused():
    page = new_map((120.7, 30.7, 120.8, 30.8), title="x")
    page.default_js.append(("plugin", "https://example.org/plugin.js"))
    with pytest.raises(_errors.JxgisError, match=r"example\.org"):
        to_html(page)
    assert folium.Map.default_js is not page.default_js


def test_a_plain_folium_map_is_left_as_it_was():
    make("units")
    assert any("leaflet" in url for _, url in folium.Map().default_js)


def test_no_residential_land_is_said_in_words():
    t = result_tables()
    empty = t.coverage.assign(coverage=np.nan, served_m2=np.nan, reason="没有居住用地图层")
    page = to_html(parks_map(empty, canvas=on_land(t.districts)))
    assert "没有居住用地图层" in page
    assert "jx-notice" in page


def test_nothing_to_draw_is_said():
    with pytest.raises(_errors.InputError, match="nothing to draw"):
        extent([gpd.GeoDataFrame(geometry=[], crs=4549), None])


def test_neighbours_differ_in_colour():
    units = result_tables().units
    colours = neighbour_colours(units)
    left, right = shapely.STRtree(units.geometry.array).query(units.geometry.array, predicate="touches")
    assert (colours[left] != colours[right]).all()


@pytest.mark.slow
def test_no_argument_is_changed():
    t = result_tables()
    before = [table.copy() for table in t]
    for name in PAGES:
        make(name)
    for now, then in zip(t, before, strict=True):
        assert now.equals(then)


@pytest.mark.slow
def test_peaks_coverage_after_and_stability_are_drawn_where_given():
    t = result_tables()
    peaks = t.places.assign(gi_z=3.0)
    peaks["geometry"] = peaks.geometry.centroid
    assert text("maps.peak", "zh") in to_html(hotspot_map(t.cells, t.places, canvas=on_land(t.districts), peaks=peaks))
    after = t.coverage.assign(coverage_after=t.coverage["coverage"] + 0.05)
    page = to_html(parks_map(after, canvas=on_land(t.districts)))
    assert escape.javascript(text("maps.method_after", "zh")) in page
    assert escape.javascript(text("maps.method_after", "zh")) not in to_html(
        parks_map(t.coverage, canvas=on_land(t.districts))
    )
    borders = gpd.GeoDataFrame({"stability": [0.9, 0.6, 0.2]}, geometry=t.units.geometry.boundary.iloc[:3], crs=4549)
    page = to_html(units_map(t.units, canvas=on_land(t.districts), borders=borders))
    assert "（可调整）" in page
    assert "5 4" in page


def labels(page: str) -> list[list[str]]:
    """The heads of the lines of each layer's tooltip, in the order of the page."""
    found = re.findall(r'"fields": ?(\[\{.*?\}\])', page)
    return [[line["label"] for line in json.loads(fields)] for fields in found]


def test_the_card_of_a_unit_says_what_it_holds_of_what_is_bounded():
    t = result_tables()
    bounds = {"people": {"max": 9000}, "站点": {"min": 1}, "issues": {"max": 900}}
    units = t.units.assign(issues=50, people=4321.0, 站点=[*range(1, len(t.units)), 2.5])
    page = to_html(units_map(units, canvas=on_land(t.districts), options=UnitSettings(bounds=bounds)))
    lines = [line for line in labels(page) if "单元达标" in line]
    assert lines
    for line in lines:
        assert line.count("人口") == line.count("站点") == line.count("问题数") == 1
    assert not any("人口" in line for line in labels(to_html(units_map(units, canvas=on_land(t.districts)))))


def test_coverage_after_does_not_stand_beside_todays_figures():
    t = result_tables()
    after = t.coverage.assign(people_coverage=0.8)
    today = labels(to_html(parks_map(after, canvas=on_land(t.districts))))
    page = labels(
        to_html(parks_map(after.assign(coverage_after=after["coverage"] + 0.05), canvas=on_land(t.districts)))
    )
    assert today
    assert all("人口覆盖率" in lines for lines in today)
    (added,) = page[len(today) :]
    assert "覆盖率" in added
    assert not {"人口覆盖率", "已覆盖面积"} & set(added)


@pytest.mark.slow
@pytest.mark.parametrize("min_count", [1, 3])
def test_cells_against_exposure_say_what_they_are(min_count: int):
    t = result_tables()
    cells = t.cells.assign(lisa="HH", rate_z=1.0, rate_q=0.01, rate_bin=t.cells["gi_bin"])
    counts, rates = labels(
        to_html(hotspot_map(cells, canvas=on_land(t.districts), classes=["all"], min_count=min_count))
    )
    assert "局部莫兰类型" in counts
    assert "局部莫兰类型" not in rates
    assert "扣除暴露量的 z 值" not in counts
    assert not any("Gi*" in line for line in rates)
    assert ("扣除暴露量的 z 值" if min_count == 1 else "扣除暴露量的冷热点等级") in rates


@pytest.mark.slow
def test_peaks_against_exposure_do_not_call_their_z_gi():
    t = result_tables()
    given = {"rate_places": t.places, "rate_peaks": wide(t)}
    cells = t.cells.assign(rate_bin=t.cells["gi_bin"])
    page = labels(to_html(hotspot_map(cells, canvas=on_land(t.districts), classes=["all"], **given)))
    assert any("扣除暴露量的 z 值" in lines for lines in page)
    assert not any("Gi* z 值" in lines for lines in page)


def test_parks_too_small_to_count_are_told_apart():
    t = result_tables()
    sized = t.parks.assign(radius_m=np.where(t.parks.area >= 50_000, 500.0, np.nan))
    page = to_html(parks_map(t.coverage, canvas=on_land(t.districts), parks=sized))
    assert text("maps.park_small", "zh") in page
    assert text("maps.park_small", "zh") not in to_html(
        parks_map(t.coverage, canvas=on_land(t.districts), parks=t.parks)
    )


def test_codes_of_reasons_are_put_in_words():
    t = result_tables()
    page = to_html(units_map(t.units.assign(reason="no_housing"), canvas=on_land(t.districts)))
    assert "没有居住用地" in page
    assert "no_housing" not in page


def wide(t):
    """The peaks of a first place that holds three, and of the others that hold one each."""
    own = t.places[t.places["issue_class"] == "all"]
    peaks = own.assign(gi_z=30.0 / own["rank"], name=[f"峰{n}" for n in own["rank"]])
    return peaks.assign(place_rank=[1, 1, 1, *range(2, len(own) - 1)], geometry=own.geometry.centroid)


@pytest.mark.slow
def test_pins_and_list_go_by_peaks_where_the_first_place_is_wide():
    t = result_tables()
    page = to_html(hotspot_map(t.cells, t.places, canvas=on_land(t.districts), peaks=wide(t)))
    assert '"全部问题：前 10 个局部最高点"' in page
    assert '"三水湾等 3 处"' in page
    assert "含 3\u00a0个局部最高点" in json.loads(re.search(r'"note":("[^"]+")', page)[1])
    # Classes without peaks keep their places.
    assert f'"{CLASSES[0]}：前 4 处热点"' in page
    narrow = wide(t).assign(place_rank=wide(t)["rank"])
    page = to_html(hotspot_map(t.cells, t.places, canvas=on_land(t.districts), peaks=narrow))
    assert '"全部问题：前 10 处热点"' in page


def test_a_candidate_that_fails_a_gate_is_no_pin_and_not_in_the_list():
    t = result_tables()
    best = t.scores["rank"] == 1
    failing = t.scores.assign(gates=np.where(best, "fail", "pass"))
    page = to_html(scores_map(failing, canvas=on_land(t.districts)))
    rows = json.loads(re.search(r'"rows":(\[\[.*?\]\])', page)[1])
    assert [row[0] for row in rows] == list(range(2, 12))
    assert text("maps.condition_failed", "zh") in page
    assert text("maps.condition_failed", "zh") not in to_html(scores_map(t.scores, canvas=on_land(t.districts)))


def test_a_score_that_is_not_shown_is_not_called_absent():
    t = result_tables()
    few = t.scores.assign(issues=["1–2", *[40] * (len(t.scores) - 1)], score=t.scores["score"].astype(float))
    few.loc[few.index[0], "score"] = np.nan
    legend = to_html(scores_map(few, canvas=on_land(t.districts)))
    assert text("maps.withheld", "zh") in legend
    few.loc[few.index[1], "score"] = np.nan
    both = to_html(scores_map(few, canvas=on_land(t.districts)))
    assert text("maps.absent_or_withheld", "zh") in both
    assert text("maps.withheld", "zh") not in to_html(scores_map(few.assign(issues=40), canvas=on_land(t.districts)))


def test_blind_spots_show_what_they_are_ranked_by():
    t = result_tables()
    spots = gpd.GeoDataFrame(
        {"rank": [1, 2], "name": ["月河", "all-1"], "zone": "all", "m2": [2e4, 5e4], "people": [1234.0, 56.0]},
        geometry=[t.districts.geometry.iloc[0].centroid, t.districts.geometry.iloc[1].centroid], crs=4549,
    )  # fmt: skip
    page = to_html(parks_map(t.coverage, canvas=on_land(t.districts), blind_spots=spots))
    rows = json.loads(re.search(r'"rows":(\[\[.*?\]\])', page)[1])
    assert [row[1:3] for row in rows] == [["月河", "1,234 人 · 2.0 公顷"], ["东栅附近（未命名 1）", "56 人 · 5.0 公顷"]]
    page = to_html(parks_map(t.coverage, canvas=on_land(t.districts), blind_spots=spots.drop(columns="people")))
    assert '"服务盲区：前 2 处（按面积）"' in page


TEMPLATES = (
    "{{7*7}}",
    "{% x %}",
    "{# x #}",
    "{{ cycler.__init__.__globals__.os.system('touch PWNED') }}",
    "{{ 'a' * 9 ** 9",
)


@pytest.mark.parametrize("words", TEMPLATES)
def test_a_text_of_a_layer_of_folium_passes_no_template(words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    point = {"type": "Point", "coordinates": [120.75, 30.75]}
    feature = {"type": "Feature", "properties": {"name": words}, "geometry": point}
    features = {"type": "FeatureCollection", "features": [feature]}
    page = new_map((120.7, 30.7, 120.8, 30.8), title=words, subtitle=words)
    add_switch(page)
    layer = folium.GeoJson(features, name=words, tooltip=folium.GeoJsonTooltip(["name"])).add_to(page)
    layer.add_child(folium.Popup(words))
    written = to_html(page)
    assert list(tmp_path.iterdir()) == []
    assert json.dumps(words).replace("'", "\\u0027") in written
    assert escape.javascript(words) in written
    assert f"<title>{escape.html(words)}</title>" in written
    # Saved by folium's own way, and twice, it is the same page.
    page.save(str(tmp_path / "page.html"))
    assert (tmp_path / "page.html").read_bytes() == to_html(page).encode() == written.encode()


@pytest.mark.parametrize("words", TEMPLATES)
def test_a_text_that_would_become_a_template_is_refused(words):
    class Loose(MacroElement):
        """An element that hands branca a text of its own while the page is rendered."""

        def render(self, **kwargs):
            self.get_root().script.add_child(Element(words))

    page = new_map((120.7, 30.7, 120.8, 30.8), title="x")
    page.add_child(Loose())
    with pytest.raises(_errors.JxgisError, match="template engine"):
        to_html(page)


@pytest.mark.parametrize("words", TEMPLATES)
@pytest.mark.parametrize("made", [folium.IFrame, Element])
def test_a_text_that_folium_takes_for_a_template_is_refused(made, words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    page = new_map((120.7, 30.7, 120.8, 30.8), title="x")
    try:
        popup = folium.Popup(made(words))
    except TemplateSyntaxError:
        return
    folium.Marker([30.75, 120.75], popup=popup).add_to(page)
    with pytest.raises(_errors.JxgisError, match="template engine"):
        to_html(page)
    assert list(tmp_path.iterdir()) == []


def test_a_page_runs_its_own_scripts_only():
    page = html("parks")
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)[1]
    scripts = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    digests = [base64.b64encode(hashlib.sha256(s.encode()).digest()).decode() for s in scripts]
    allowed = re.search(r"script-src ([^;]*)", policy)[1].split()
    assert sorted(set(allowed)) == sorted({f"'sha256-{d}'" for d in digests})
    assert page.index("Content-Security-Policy") < page.index("<script")
    markup = re.sub(r"<script>.*?</script>", "", page, flags=re.DOTALL)
    assert not re.search(r"<[^>]*\son\w+\s*=", markup)


def test_a_map_of_folium_itself_is_not_written():
    with pytest.raises(_errors.JxgisError, match="new_map"):
        to_html(folium.Map())


@pytest.mark.slow
def test_of_two_layers_of_one_name_both_stand_in_the_switch():
    t = result_tables()
    cells = t.cells.replace({"issue_class": {CLASSES[0]: text("common.all_classes", "zh"), CLASSES[1]: "__proto__"}})
    switch = re.search(r"jxgis\.layerSwitch\((.*?)\);", to_html(hotspot_map(cells)), re.DOTALL)[1]
    assert switch.count('"全部问题"') == 2
    assert '"__proto__"' in switch


@pytest.mark.slow
def test_a_class_without_a_place_says_whether_it_was_judged():
    t = result_tables()
    some = t.places[t.places["issue_class"] == "all"]
    page = to_html(hotspot_map(t.cells, some, canvas=on_land(t.districts)))
    assert text("maps.no_places", "zh") in page
    assert text("maps.unjudged", "zh", why=unjudged_why(None, "zh")) not in page
    few = t.cells.assign(gi_q=t.cells["gi_q"].where(t.cells["issue_class"] != CLASSES[0]))
    assert text("maps.unjudged", "zh", why=unjudged_why(None, "zh")) in to_html(
        hotspot_map(few, some, canvas=on_land(t.districts))
    )
    none = t.cells.assign(gi_q=np.nan, gi_bin=0)
    page = to_html(hotspot_map(none, t.places.iloc[:0], canvas=on_land(t.districts)))
    assert text("maps.unjudged", "zh", why=unjudged_why(None, "zh")) in page
    assert text("maps.place_pin", "zh") not in page


def test_the_legend_of_the_score_says_once_what_fails_a_condition(monkeypatch):
    legends = []
    monkeypatch.setattr("jxgis.scoring.map.add_legend", lambda _, sections, lang: legends.append([*sections]))
    t = result_tables()
    scores_map(t.scores.assign(gates=np.where(t.scores["rank"] == 1, "fail", "pass")), canvas=on_land(t.districts))
    score = legends[0][0].layers[0]
    of_score = [each for each in legends[0] if score in each.layers or not each.layers]
    failing = [swatch.label for each in of_score for swatch in each.swatches if "准入条件" in swatch.label]
    assert failing == [text("maps.condition_failed_ground", "zh")]
    others = [each for each in legends[0] if each not in of_score]
    assert text("maps.condition_failed", "zh") in [swatch.label for each in others for swatch in each.swatches]
