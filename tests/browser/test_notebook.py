"""What a notebook shows of a result, in a page with rules of its own such as JupyterLab's."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from jxgis.report.columns import Texts
from jxgis.units.analysis import propose_units

pytestmark = pytest.mark.browser

#: The rules of JupyterLab that are in the way of a table.
_LAB = """
.jp-RenderedHTMLCommon { color: #222; font-size: 14px; }
.jp-RenderedHTMLCommon table { border: none; margin: 0 auto 1em; table-layout: fixed; }
.jp-RenderedHTMLCommon td, .jp-RenderedHTMLCommon th { padding: 0.5em; text-align: right; white-space: normal; }
.jp-RenderedHTMLCommon tbody tr:nth-child(odd) { background: #f5f5f5; }
.jp-RenderedHTMLCommon h3 { font-size: 30px; }
"""
_OTHERS = "<h3>其他</h3><p>其他</p><table><thead><tr><th>a</th></tr></thead><tbody><tr><td>b</td></tr></tbody></table>"


@pytest.fixture(scope="module")
def shown() -> str:
    district = gpd.GeoDataFrame(
        {"name": ["老城<b>"]}, geometry=[shapely.box(572000, 3402000, 575500, 3404000)], crs=4549
    )
    return propose_units(district, cell_m=500, alternatives=False)._repr_html_()


def notebook(folder: Path, cell: str) -> Path:
    path = folder / "notebook.html"
    page = f"<!DOCTYPE html><meta charset=utf-8><style>{_LAB}</style><body class=jp-RenderedHTMLCommon>"
    path.write_text(f"{page}<div id=others>{_OTHERS}</div><div id=cell>{cell}</div>", encoding="utf-8")
    return path


def looks(page: Any, where: str) -> list[list[str]]:
    """Every computed style of every element."""
    return page.evaluate(
        "(where) => [...document.querySelectorAll(where + ', ' + where + ' *')].map((node) => {"
        "const style = getComputedStyle(node); return [...style].map((name) => name + style.getPropertyValue(name)); })",
        where,
    )


def test_a_result_shows_its_numbers_its_table_and_its_map(
    shown: str, visit: Callable[[Path], Any], tmp_path: Path
) -> None:
    found = visit(notebook(tmp_path, shown))
    page = found.page
    frame = page.frame_locator("iframe")
    frame.locator(".leaflet-control-layers").wait_for()
    frame.locator(".leaflet-overlay-pane canvas").wait_for()
    assert frame.locator(".jx-title h1").inner_text() == "管理单元划分建议"
    assert page.locator(".jxgis .key b").first.inner_text() == "2"
    assert "老城<b>" in page.locator(".jxgis table").inner_text()
    assert page.locator(".jxgis table").evaluate("(t) => getComputedStyle(t).tableLayout") == "auto"
    box, room = page.locator("iframe").bounding_box(), page.locator(".jxgis").bounding_box()
    assert box["height"] == 560
    assert box["width"] > 0.9 * room["width"]
    # Legend and switch stand clear of one another, as low as a map of a notebook is.
    switch, legend = (frame.locator(at).bounding_box() for at in (".leaflet-control-layers", ".jx-legend"))
    assert switch["y"] + switch["height"] <= legend["y"]
    assert found.complaints == []
    assert found.outside() == []


def test_a_table_for_people_breaks_no_word_at_each_sign(visit: Callable[[Path], Any], tmp_path: Path) -> None:
    heads = ("名称", "街道（镇）", "主要小类", "同一点问题占比", "较上期变化")
    rows = pd.DataFrame({name: ["非机动车乱停放", "三水湾"] for name in (*heads, *(f"指标{n}" for n in range(20)))})
    page = visit(notebook(tmp_path, Texts(rows).head(1)._repr_html_() or "")).page
    broken = page.locator("#cell th, #cell td").evaluate_all(
        "(all) => all.filter((one) => { const range = document.createRange(); range.selectNodeContents(one);"
        " return new Set([...range.getClientRects()].map((box) => box.top)).size > 1; }).map((one) => one.textContent)"
    )
    assert page.locator("#cell td").count() == 25
    assert broken == []


def test_a_head_over_short_numbers_does_not_stand_one_sign_a_line(
    shown: str, visit: Callable[[Path], Any], tmp_path: Path
) -> None:
    page = visit(notebook(tmp_path, shown)).page
    lines = page.locator(".jxgis .wide").first.evaluate(
        "(box) => { box.style.width = '320px'; for (const one of box.querySelectorAll('td.n')) one.textContent = '1';"
        " return [...box.querySelectorAll('th.n')].map((one) => { one.textContent = '所在热点地段排名';"
        " const range = document.createRange(); range.selectNodeContents(one);"
        " return new Set([...range.getClientRects()].map((line) => line.top)).size; }); }"
    )
    assert len(lines) > 3
    assert max(lines) <= 2


def test_its_style_stays_in_its_cell(shown: str, visit: Callable[[Path], Any], tmp_path: Path) -> None:
    alone = visit(notebook(tmp_path, "")).page
    before = looks(alone, "#others")
    assert looks(visit(notebook(tmp_path, shown)).page, "#others") == before


def test_without_its_frame_the_figure_is_seen_and_what_to_do(
    shown: str, visit: Callable[[Path], Any], tmp_path: Path
) -> None:
    found = visit(notebook(tmp_path, shown))
    page = found.page
    hidden = "document.elementFromPoint(...((b) => [b.x + 20, b.y + 20])(document.querySelector('.jxgis img').getBoundingClientRect()))"
    page.evaluate("() => document.querySelector('.jxgis img').scrollIntoView()")
    assert page.evaluate(f"() => ({hidden}).tagName") == "IFRAME"
    # What a notebook that is not trusted leaves of the cell.
    page.evaluate("() => document.querySelector('iframe').remove()")
    assert page.evaluate(f"() => ({hidden}).tagName") == "IMG"
    assert page.locator(".jxgis img").evaluate("(image) => image.complete && image.naturalWidth > 300")
    assert "信任笔记本" in page.locator(".jxgis").inner_text()
