"""Layers put on a finished map: the switch is right, the legend tells of them, and the map's own tooltips live on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import folium
import geopandas as gpd
import pytest
from result_tables import on_land, result_tables

from jxgis.drawing.base import new_map
from jxgis.drawing.layers import add_group, add_points, add_polygons, add_switch, dot, fill
from jxgis.drawing.legend import LegendSection, Swatch, add_legend
from jxgis.drawing.offline import save_map
from jxgis.units.map import units_map

pytestmark = pytest.mark.browser

#: Where the mouse goes: five units.
POINTS = ((560, 400), (610, 420), (660, 350), (520, 450), (600, 500))
BASES = ["管理单元", "单元达标", "紧凑度（4πA/P²）"]
OVERLAYS = ["片区界线", "面积超出 2–5 km² 的单元", "单元编号"]
CENTRE = (30.75, 120.75)


def districts() -> gpd.GeoDataFrame:
    return result_tables().districts[["name", "geometry"]].to_crs(4326).assign(value=range(12))


def entries(page: Any, kind: str) -> dict[str, bool]:
    """What the switch offers, and whether it is on."""
    labels = page.locator(f".leaflet-control-layers-{kind} label").all()
    return {label.inner_text().strip(): label.locator("input").is_checked() for label in labels}


def told(page: Any) -> list[str]:
    """The headings of the tooltips at the points."""
    found = []
    for x, y in POINTS:
        page.mouse.move(x, y)
        page.mouse.move(x + 1, y + 1)
        page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        found += page.locator(".jx-tip b").all_inner_texts()
    return found


def add_geojson(page: folium.Map) -> None:
    folium.GeoJson(districts(), name="added").add_to(page)


def add_tooltips(page: folium.Map) -> None:
    folium.GeoJson(districts(), name="added", tooltip=folium.GeoJsonTooltip(["name"])).add_to(page)


def add_outline(page: folium.Map) -> None:
    folium.GeoJson(districts(), name="added", style_function=lambda _: {"fill": False, "color": "#ff00ff"}).add_to(page)


def add_overlay(page: folium.Map) -> None:
    group = folium.FeatureGroup(name="added").add_to(page)
    folium.CircleMarker(CENTRE, radius=20).add_to(group)
    folium.Marker((30.8, 120.7), icon=folium.Icon(color="red")).add_to(group)


def add_choropleth(page: folium.Map) -> None:
    table = districts()
    folium.Choropleth(
        table, data=table, columns=["name", "value"], key_on="feature.properties.name", name="added",
        legend_name="added",
    ).add_to(page)  # fmt: skip


def add_explored(page: folium.Map) -> None:
    districts().explore("value", m=page, name="added", tooltip=False, legend_kwds={"caption": "added"})


def add_categories(page: folium.Map) -> None:
    districts().explore("name", m=page, name="added", tooltip=False, legend_kwds={"caption": "added"})


def add_own(page: folium.Map) -> None:
    group = add_group(page, name="added", overlay=True)
    tables = result_tables()
    add_polygons(group, tables.parks, styles=[fill("#00aa00")], level=5)
    add_points(group, tables.sites, styles=[dot("#aa0000")])
    add_legend(page, [LegendSection("", [Swatch("#00aa00", "added")], layers=[group])])


ADDERS = (add_geojson, add_overlay, add_own)
MORE_ADDERS = (add_tooltips, add_outline, add_choropleth, add_explored, add_categories)


@pytest.mark.parametrize(
    "add", [*ADDERS, *(pytest.param(add, marks=pytest.mark.slow) for add in MORE_ADDERS)], ids=lambda add: add.__name__
)
def test_an_added_layer_takes_nothing_from_the_map(
    add: Callable[[folium.Map], None], visit: Callable[[Path], Any], tmp_path: Path
) -> None:
    t = result_tables()
    finished = units_map(t.units, canvas=on_land(t.districts))
    add(finished)
    found = visit(save_map(finished, tmp_path / "page.html"))
    found.settle()
    page = found.page
    with_it = told(page)
    assert entries(page, "base") == {BASES[0]: True, BASES[1]: False, BASES[2]: False}
    assert entries(page, "overlays") == dict.fromkeys([*OVERLAYS, "added"], True)
    legend = page.locator(".jx-legend")
    assert "added" in legend.inner_text()
    page.locator(".leaflet-control-layers-overlays label", has_text="added").locator("input").uncheck()
    assert "added" not in legend.inner_text()
    without = told(page)
    assert len(without) == len(POINTS)
    # Where something of another layer of jxgis lies on a unit, it is what the mouse meets.
    assert with_it == without or add is add_own
    assert found.complaints == []
    assert found.outside() == []


def test_a_tooltip_of_an_added_layer_is_shown_where_it_lies(visit: Callable[[Path], Any], tmp_path: Path) -> None:
    t = result_tables()
    page = units_map(t.units, canvas=on_land(t.districts))
    folium.GeoJson(districts().iloc[:1], name="added", tooltip=folium.GeoJsonTooltip(["name"])).add_to(page)
    found = visit(save_map(page, tmp_path / "page.html"))
    found.settle()
    path = found.page.locator(".leaflet-jxadded-pane path, .leaflet-pane svg path.leaflet-interactive").first
    path.hover()
    assert "老城" in found.page.locator(".foliumtooltip").inner_text()
    assert found.complaints == []


@pytest.mark.slow
def test_of_bases_one_is_on_the_map(visit: Callable[[Path], Any], tmp_path: Path) -> None:
    t = result_tables()
    page = units_map(t.units, canvas=on_land(t.districts))
    group = folium.FeatureGroup(name="added", overlay=False).add_to(page)
    folium.GeoJson(districts(), style_function=lambda _: {"color": "#ff00ff"}).add_to(group)
    folium.LayerControl().add_to(page)
    found = visit(save_map(page, tmp_path / "page.html"))
    found.settle()
    page = found.page
    assert page.locator(".leaflet-control-layers").count() == 1
    drawn = """() => { let n = 0; map_0.eachLayer((l) => { n += l.options.color === "#ff00ff"; }); return n; }"""
    assert entries(page, "base") == {BASES[0]: True, BASES[1]: False, BASES[2]: False, "added": False}
    assert page.evaluate(drawn) == 0
    assert len(told(page)) == len(POINTS)
    page.locator(".leaflet-control-layers-base label", has_text="added").locator("input").check()
    found.settle()
    assert page.evaluate(drawn) == 12
    assert told(page) == []
    legend = page.locator(".jx-legend").inner_text()
    assert "added" in legend
    assert "颜色只用于区分" not in legend
    page.locator(".leaflet-control-layers-base input").nth(1).check()
    found.settle()
    assert page.evaluate(drawn) == 0
    assert len(told(page)) == len(POINTS)
    assert found.complaints == []


def test_tiles_are_left_out_in_words_unless_they_are_asked_for(visit: Callable[[Path], Any], tmp_path: Path) -> None:
    t = result_tables()
    finished = units_map(t.units, canvas=on_land(t.districts))
    folium.TileLayer("OpenStreetMap", name="added").add_to(finished)
    with pytest.warns(UserWarning, match=r"added.*openstreetmap\.org.*online=True"):
        path = save_map(finished, tmp_path / "offline.html")
    found = visit(path)
    found.settle()
    assert entries(found.page, "overlays") == dict.fromkeys(OVERLAYS, True)
    assert found.outside() == []
    assert found.complaints == []
    found = visit(save_map(finished, tmp_path / "online.html", online=True))
    found.settle()
    page = found.page
    assert entries(page, "base") == {BASES[0]: True, BASES[1]: False, BASES[2]: False}
    assert entries(page, "overlays") == dict.fromkeys([*OVERLAYS, "added"], True)
    # The network is off here: that the page asks is what can be seen.
    assert found.outside()
    assert all("openstreetmap.org" in url for url in found.outside())
    assert "OpenStreetMap" in page.locator(".leaflet-control-attribution").inner_text()
    assert len(told(page)) == len(POINTS)
    opacity = "() => getComputedStyle(map_0.getPane('overlayPane')).opacity"
    assert page.evaluate(opacity) == "0.7"
    page.locator(".leaflet-control-layers-overlays label", has_text="added").locator("input").uncheck()
    assert page.evaluate(opacity) == "1"


#: Texts that run where HTML is written into a script, or into a template literal of it.
RUN = (
    "</script><script>window.RAN = 1</script>",
    "${window.RAN = 1}",
    "\\\\`+(window.RAN = 1)+`",
    "<!-- <script>",
    "<img src=x onerror='window.RAN = 1'>",
)


@pytest.mark.parametrize("words", RUN)
def test_tooltips_and_popups_of_folium_show_and_nothing_in_them_runs(
    visit: Callable[[Path], Any], tmp_path: Path, words: str
) -> None:
    page = new_map((120.7, 30.7, 120.8, 30.8), title="x")
    add_switch(page)
    marker = folium.Marker(CENTRE, tooltip=f"told {words}", popup=f"opened {words}")
    marker.add_to(folium.FeatureGroup(name="added").add_to(page))
    opened = visit(save_map(page, tmp_path / "page.html"))
    opened.settle()
    shown = opened.page
    assert list(entries(shown, "overlays")) == ["added"]
    pin = shown.locator(".leaflet-marker-icon")
    pin.hover()
    assert shown.locator(".leaflet-tooltip").inner_text().startswith("told")
    pin.click()
    assert shown.locator(".leaflet-popup-content").inner_text().startswith("opened")
    assert shown.evaluate("() => window.RAN") is None
    # That the policy stopped one of them is no fault of the page.
    assert not [line for line in opened.complaints if "error: " in line and "Content Security Policy" not in line]
