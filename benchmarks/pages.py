"""How large a map is and how long a browser takes to draw it: jxgis beside plain folium, lonboard and kepler.gl.

Run: ``python benchmarks/pages.py [--issues 1000000]`` (some two minutes). The same hot spots of the same issues, all and by
six classes, in squares of 200 m, each with its number of issues in a tooltip. Prints the size of each page, its time until the
first class is drawn in Chromium with the network off (the median of three; a page that shows nothing is said to), and what it
would load from outside. folium's page has
no scripts of its own: Leaflet is handed to it from the package that jxgis takes its own from. Pages of lonboard and kepler.gl are
made where these are installed.
"""

from __future__ import annotations

import argparse
import io
import re
import tempfile
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from statistics import median

import folium
import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from PIL import Image
from playwright.sync_api import Page, TimeoutError, sync_playwright  # noqa: A004  (its own)

from jxgis.drawing.colours import HOT_COLD
from jxgis.drawing.offline import save_map
from jxgis.hotspots.analysis import find_hotspots
from jxgis.hotspots.result import HotspotsResult

CLASSES = ("市容环境", "道路交通", "公用设施", "园林绿化", "街面秩序", "宣传广告")
#: Colours in the middle of a page from which on something is drawn there: words and buttons alone have fewer.
_COLOURS = 20
EAST, NORTH, SIDE_M = 560_000.0, 3_390_000.0, 28_000.0


def city(n: int) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """Issues around forty centres of a square city of 784 km², and its districts."""
    rng = np.random.default_rng(0)
    centres = rng.uniform(3_000, SIDE_M - 3_000, (40, 2))
    at = centres[rng.integers(0, 40, n)] + rng.normal(0, 1_500, (n, 2))
    at = np.clip(at, 0, SIDE_M - 1) + np.array([EAST, NORTH])
    table = {
        "issue_id": np.arange(n).astype(str),
        "time": pd.Timestamp("2023-01-01") + pd.to_timedelta(rng.integers(0, 365, n), unit="D"),
        "issue_class": rng.choice(CLASSES, n),
    }
    issues = gpd.GeoDataFrame(table, geometry=shapely.points(at), crs=4549)
    quarters = [
        shapely.box(x, y, x + SIDE_M / 2, y + SIDE_M / 2)
        for x in (EAST, EAST + SIDE_M / 2)
        for y in (NORTH, NORTH + SIDE_M / 2)
    ]
    return issues, gpd.GeoDataFrame({"name": list("甲乙丙丁")}, geometry=quarters, crs=4549)


def by_jxgis(found: HotspotsResult, path: Path) -> None:
    """The map that jxgis writes."""
    save_map(found.map(), path)


def by_folium(found: HotspotsResult, path: Path) -> None:
    """The same cells as GeoJSON, a group for each class."""
    page = folium.Map(tiles=None, prefer_canvas=True)
    cells = found.cells.to_crs(4326)
    for issue_class, own in cells.groupby("issue_class", sort=False):
        seen = own[(own["count"] > 0) | (own["gi_bin"] != 0)][["count", "gi_bin", "geometry"]]
        group = folium.FeatureGroup(issue_class, show=issue_class == "all").add_to(page)
        folium.GeoJson(
            seen,
            style_function=lambda row: {
                "fillColor": HOT_COLD[row["properties"]["gi_bin"]],
                "fillOpacity": 1,
                "weight": 0,
            },
            tooltip=folium.GeoJsonTooltip(["count"]),
        ).add_to(group)
    folium.LayerControl().add_to(page)
    west, south, east, north = cells.total_bounds
    page.fit_bounds([[south, west], [north, east]])
    page.save(path)


def by_lonboard(found: HotspotsResult, path: Path) -> None:
    """The cells of all classes as one layer of deck.gl."""
    from lonboard import Map, PolygonLayer  # type: ignore[import-not-found]  # where it is installed

    cells = found.cells[found.cells["issue_class"] == "all"].to_crs(4326)
    Map(PolygonLayer.from_geopandas(cells[["count", "geometry"]])).to_html(path)


def by_kepler(found: HotspotsResult, path: Path) -> None:
    """The cells of all classes in kepler.gl."""
    from keplergl import KeplerGl  # type: ignore[import-not-found]  # where it is installed

    cells = found.cells[found.cells["issue_class"] == "all"].to_crs(4326)
    KeplerGl(data={"cells": cells[["count", "geometry"]]}).save_to_html(file_name=str(path))


def offline(path: Path) -> list[str]:
    """Hand a page the Leaflet that it would load, and take out what else it would load from outside; whose that is."""
    html = path.read_text(encoding="utf-8")
    for name, tag in (("leaflet.js", "script"), ("leaflet.css", "style")):
        own = resources.files("js_lib_leaflet").joinpath("static", "js_lib_leaflet", name).read_text("utf-8")
        html = re.sub(rf'<(?:script src|link rel="stylesheet" href)="[^"]*/{name}"[^>]*>(?:</script>)?',
                      lambda _, tag=tag, own=own: f"<{tag}>{own}</{tag}>", html)  # fmt: skip
    outside = r'<(?:script|link)[^>]*(?:src|href)="https?://([^/"]+)[^>]*>(?:</script>)?'
    path.write_text(re.sub(outside, "", html), encoding="utf-8")
    return sorted({*re.findall(outside, html)})


def drawn_s(page: Page, path: Path) -> float:
    """Seconds from the opening of a page until it is drawn; infinite where that takes more than two minutes."""
    try:
        page.goto(path.as_uri(), wait_until="load", timeout=120_000)
    except TimeoutError:
        return float("inf")
    ms = page.evaluate(
        "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now()))))"
    )
    return float(ms) / 1000


def is_drawn(page: Page) -> bool:
    """Whether a page shows more than an empty ground: a map in the middle of it has many colours."""
    middle = Image.open(io.BytesIO(page.screenshot())).convert("RGB").crop((300, 150, 1000, 650))
    return len(middle.getcolors(maxcolors=middle.width * middle.height)) >= _COLOURS


def main() -> None:
    """Make the pages, open them, and print what was measured."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--issues", type=int, default=1_000_000)
    parser.add_argument("--chromium", default="/usr/bin/chromium")
    asked = parser.parse_args()
    issues, districts = city(asked.issues)
    found = find_hotspots(issues, districts, districts=districts, classes=CLASSES)
    print(
        f"{asked.issues:,} issues, {found.cells['cell_id'].nunique():,} cells, {found.cells['issue_class'].nunique()} classes"
    )
    makers: dict[str, Callable[[HotspotsResult, Path], None]] = {
        "jxgis": by_jxgis, "folium": by_folium, "lonboard": by_lonboard, "kepler.gl": by_kepler,
    }  # fmt: skip
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=asked.chromium, args=["--no-sandbox"])
        for name, make in makers.items():
            path = Path(folder) / f"{name}.html"
            try:
                make(found, path)
            except ImportError:
                print(f"{name:10} not installed")
                continue
            size, outside, times, drawn = path.stat().st_size, offline(path), [], True
            for _ in range(3):
                page = browser.new_context(offline=True, viewport={"width": 1366, "height": 768}).new_page()
                times.append(drawn_s(page, path))
                drawn &= is_drawn(page)
                page.close()
            wants = f"; would load from {', '.join(outside)}" if outside else ""
            took = f"{median(times):6.2f} s" if drawn else "draws nothing"
            print(f"{name:10} {size / 1e6:7.2f} MB  {took}{wants}", flush=True)
        browser.close()


if __name__ == "__main__":
    main()
