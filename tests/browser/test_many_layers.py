"""Many layers that exclude one another: one list that opens, under headings, beside the buttons of others."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest
import shapely

from jxgis.drawing.base import extent, new_map
from jxgis.drawing.layers import PlaceList, add_group, add_place_lists, add_polygons, add_switch, fill
from jxgis.drawing.legend import LegendSection, Swatch, add_legend
from jxgis.drawing.offline import save_map

pytestmark = pytest.mark.browser

SQUARE = gpd.GeoDataFrame({"name": ["甲"]}, geometry=[shapely.box(564_000, 3_402_000, 574_000, 3_408_000)], crs=4549)
#: Layers of the list that opens, and a button of its own beside it.
_ONE_BESIDE = {"甲": "问题", "乙": "问题", "逐月": ""}


def test_a_layer_is_chosen_in_the_list_and_the_legend_has_its_room(
    visit: Callable[[Path], Any], tmp_path: Path
) -> None:
    page, sections = new_map(extent([SQUARE]), title="t", lang="zh"), []
    for number in range(60):
        under = "片区" if number < 40 else "单元 <b>"
        group = add_group(page, name=f"<i>指标</i> {number} & 其他", show=not number, under=under)
        add_polygons(group, SQUARE, styles=[fill("#884422")], heading="name", fields=[])
        sections.append(LegendSection(f"图例 {number}", [Swatch("#884422", f"样式 {number}")], "", [group]))
    add_legend(page, sections, lang="zh")
    add_switch(page)
    save_map(page, tmp_path / "many.html")

    shown = visit(tmp_path / "many.html").page
    shown.set_viewport_size({"width": 1366, "height": 600})
    choice = shown.locator(".leaflet-control-layers .jx-choice")
    assert choice.locator("optgroup").evaluate_all("all => all.map(one => one.label)") == ["片区", "单元 <b>"]
    assert choice.locator("optgroup option").count() == 60
    assert choice.locator("option").nth(3).text_content() == "<i>指标</i> 3 & 其他"
    for number in (45, 2):
        choice.select_option(index=number)
        assert shown.locator(".jx-legend h2:visible").all_inner_texts() == [f"图例 {number}"]
    switch, legend = (shown.locator(css).bounding_box() for css in (".leaflet-control-layers", ".jx-legend"))
    assert switch["y"] + switch["height"] < legend["y"]
    assert switch["x"] + switch["width"] <= 1366

    # On a narrow screen the list is folded away, and the title says what is seen; elsewhere the list does.
    now = shown.locator(".jx-title .jx-now")
    assert not now.is_visible()
    shown.set_viewport_size({"width": 390, "height": 800})
    assert now.inner_text() == "<i>指标</i> 2 & 其他"
    choice.evaluate("list => { list.selectedIndex = 45; list.dispatchEvent(new Event('change')); }")
    assert now.inner_text() == "<i>指标</i> 45 & 其他"
    assert now.locator("i").count() == 0
    shown.evaluate("() => document.documentElement.classList.add('jx-paper')")
    assert not now.is_visible()


def test_the_list_of_a_layer_goes_with_it_for_one_beside_the_list_that_opens(
    visit: Callable[[Path], Any], tmp_path: Path
) -> None:
    page = new_map(extent([SQUARE]), title="t", lang="zh")
    groups = [add_group(page, name=name, show=name == "甲", under=under) for name, under in _ONE_BESIDE.items()]
    for group in groups:
        add_polygons(group, SQUARE, styles=[fill("#884422")], heading="name", fields=[])
    ranked = SQUARE.assign(rank=1, note="")
    add_place_lists(page, [PlaceList(group, f"名单 {at}", ranked) for at, group in enumerate(groups[:2])])
    add_switch(page)
    save_map(page, tmp_path / "lists.html")

    opened = visit(tmp_path / "lists.html")
    lists = opened.page.locator(".jx-list h2:visible")
    assert lists.all_inner_texts() == ["名单 0"]
    for at, said in ((2, []), (1, ["名单 1"]), (2, []), (0, ["名单 0"])):
        opened.show(at)
        assert lists.all_inner_texts() == said
        assert opened.page.locator(".leaflet-control-layers-base input").is_checked() == (at == 2)
        # Where none of it is seen the list was blank.
        read = opened.page.locator(".leaflet-control-layers .jx-choice").evaluate(
            "list => list.selectedOptions[0].textContent"
        )
        assert read == ("图层 …" if at == 2 else "甲乙"[at])
