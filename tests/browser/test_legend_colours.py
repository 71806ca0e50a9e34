"""A colour on a map is the colour that the legend explains: pixel by pixel, as a reader sees them."""

from __future__ import annotations

import collections
import contextlib
import io
import re

import geopandas as gpd
import numpy as np
import pytest
import shapely
from PIL import Image
from result_tables import CLASSES, CRS, on_land, result_tables

from jxgis.allocate.map import allocation_map
from jxgis.drawing import Ground
from jxgis.drawing.canvas import Canvas
from jxgis.drawing.colours import LAND, UNITS
from jxgis.drawing.offline import save_map
from jxgis.hotspots.map import hotspot_map
from jxgis.parks.change_map import parks_change_map
from jxgis.parks.map import parks_map
from jxgis.scoring.map import scores_map
from jxgis.units.change_map import change_map
from jxgis.units.map import units_map

pytestmark = [pytest.mark.browser, pytest.mark.slow]

#: The page around the city, the land without data, and the borders drawn over all: no class of a legend.
GROUND = {"#e9edee", LAND, "#ffffff", "#5c6b78"}
#: From this many pixels of one colour on, away from all edges, an area is seen.
AREA = 40
NEARLY_WHITE = re.compile("#(f[a-f]){3}")


def plan(parks: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    change = np.resize(["", "added", "enlarged", "closed"], len(parks))
    return parks.assign(change=change, area_m2=parks.area, geometry=parks.buffer(60))


def change_of_coverage(coverage: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    more = np.resize([-0.03, 0.0, 0.01, 0.03, 0.09], len(coverage))
    return coverage.assign(
        coverage_before=coverage["coverage"], coverage_after=coverage["coverage"] + more, change=more, change_m2=1e4
    )


def isochrones(parks: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    shapes = [shapely.union_all(parks.buffer(reach).array) for reach in (300, 700, 1200)]
    return gpd.GeoDataFrame({"minutes": [5.0, 10.0, 15.0]}, geometry=shapes, crs=CRS)


@pytest.fixture(scope="module")
def maps(tmp_path_factory):
    folder = tmp_path_factory.mktemp("colours")
    t = result_tables()
    small = Canvas(ground=Ground(land=t.districts), sketch=True)
    sized = t.parks.assign(radius_m=np.resize([500.0, 300.0, np.nan], len(t.parks)), geometry=t.parks.buffer(150))
    gates = np.where(np.arange(len(t.scores)) % 5 == 0, "fail", "pass")
    moved = gpd.GeoDataFrame(
        {"from_unit": ["a"], "to_unit": ["b"], "m2": [1e6]}, geometry=[t.units.geometry[0]], crs=CRS
    )
    borders = gpd.GeoDataFrame({"state": ["kept"]}, geometry=[t.units.geometry[1].boundary], crs=CRS)
    after = t.units.assign(was="a", kept_share=0.5)
    coverage = change_of_coverage(t.coverage)
    ranked = t.scores.assign(area=t.scores.area, cost=1.0)
    chosen = ranked.iloc[::3].assign(year=np.resize([2025, 2026], len(ranked.iloc[::3])))
    housing = t.served.iloc[::3].assign(state=np.resize(["newly_served", "lost"], len(t.served.iloc[::3])))
    pages = {
        "hotspots": hotspot_map(t.cells, canvas=on_land(t.districts), classes=["all", CLASSES[0]]),
        "painted": hotspot_map(t.cells, canvas=on_land(t.districts), classes=["all"], max_cells=10),
        "parks": parks_map(coverage, t.served, t.unserved, parks=sized, canvas=small),
        "walks": parks_map(t.coverage, isochrones=isochrones(t.parks), canvas=small),
        "parks_change": parks_change_map(coverage, housing, plan(t.parks), canvas=small),
        "units": units_map(t.units, canvas=on_land(t.districts)),
        "units_change": change_map(after, moved, borders, canvas=on_land(t.districts)),
        "scores": scores_map(t.scores.assign(gates=gates), canvas=on_land(t.districts)),
        "allocation": allocation_map(
            chosen, ranked.drop(chosen.index).assign(reason="not_best"), years=[2025, 2026], canvas=on_land(t.districts)
        ),
    }
    return {name: save_map(page, folder / f"{name}.html") for name, page in pages.items()}


def pixels(picture: bytes) -> np.ndarray:
    """A picture as whole numbers, one a pixel."""
    return np.asarray(Image.open(io.BytesIO(picture)).convert("RGB")).astype(np.int64) @ [65536, 256, 1]


def counted(shown: np.ndarray) -> collections.Counter[str]:
    found, count = np.unique(shown, return_counts=True)
    return collections.Counter({f"#{int(c):06x}": int(n) for c, n in zip(found, count, strict=True)})


def areas(picture: bytes) -> collections.Counter[str]:
    """The colours of a picture by the pixels whose eight neighbours have the same: not those of edges and lines."""
    shown = pixels(picture)
    around = np.lib.stride_tricks.sliding_window_view(shown, (3, 3))
    same = (around == shown[1:-1, 1:-1, None, None]).all(axis=(2, 3))
    return counted(shown[1:-1, 1:-1][same])


@contextlib.contextmanager
def styled(page, css: str):
    page.add_style_tag(content=css)
    yield
    page.evaluate("() => document.head.lastElementChild.remove()")


def swatches(page) -> dict[str, str]:
    """What the legend shows now: for each line its label, and the colour of its sign, the card's white apart.

    All signs are read from one picture, for which the legend is laid out in columns: none of it is scrolled away.
    """
    with styled(page, ".jx-legend { position: fixed; inset: 0 auto auto 0; max-width: none; max-height: none;"
                      " width: 1000px; columns: 3 }"):  # fmt: skip
        lines = page.evaluate(
            """() => [...document.querySelectorAll(".jx-legend li")].map((line) => {
                const box = line.querySelector("svg").getBoundingClientRect();
                return [line.innerText.trim(), box.top, box.bottom, box.left, box.right];
            }).filter((line) => line[2] > line[1])"""
        )
        picture = pixels(page.screenshot())
    found = {}
    for label, *edges in lines:
        top, bottom, left, right = (round(edge) for edge in edges)
        shown = counted(picture[top:bottom, left:right])
        found[label] = max((c for c in shown if not NEARLY_WHITE.match(c)), key=lambda c, shown=shown: shown[c])
    return found


def drawn(page) -> set[str]:
    """The colours that the page asks for, of all polygons that are shown."""
    return set(
        page.evaluate(
            """() => { const found = []; map_0.eachLayer((l) => {
                if (l instanceof L.Polygon && l.options.fill !== false) found.push(l.options.fillColor);
            }); return found; }"""
        )
    )


NAMES = ("hotspots", "painted", "parks", "walks", "parks_change", "units", "units_change", "scores", "allocation")


@pytest.mark.parametrize("name", NAMES)
def test_every_colour_on_a_map_is_in_its_legend_and_the_other_way_round(maps, visit, name):
    found = visit(maps[name])
    page = found.page
    page.wait_for_selector(".jx-legend")
    for box in page.locator(".leaflet-control-layers-overlays input").all():
        box.check()
    bases = found.layers()
    for at in range(max(bases, 1)):
        if bases:
            found.show(at)
        found.settle()
        legend = swatches(page)
        allowed = GROUND | set(legend.values())
        if name == "units" and at == 0:
            allowed |= set(UNITS)  # neighbours only: the legend says that they mean nothing
        with styled(page, ".leaflet-control-container, .leaflet-marker-pane, .leaflet-jxlines-pane,"
                          ".leaflet-jxpoints-pane, .leaflet-jxnames-pane { visibility: hidden }"):  # fmt: skip
            picture = page.screenshot()
        unexplained = {c: n for c, n in areas(picture).items() if n >= AREA and c not in allowed}
        assert not unexplained, (at, legend)
        # What is drawn at all is seen in the very colour of its swatch.
        shown = counted(pixels(picture))
        for colour in drawn(page) & set(legend.values()):
            assert shown[colour] > 0, (at, colour)
        assert drawn(page) - {LAND, *UNITS} <= allowed


def test_the_check_sees_a_fill_that_lets_the_ground_through(maps, visit):
    """As before: coverage drawn at an opacity of 0.6 was a colour that no legend showed."""
    found = visit(maps["parks"])
    page = found.page
    page.wait_for_selector(".jx-legend")
    page.evaluate(
        "() => { map_0.eachLayer((l) => { if (l instanceof L.Polygon) l.setStyle({ fillOpacity: 0.6 }); }); }"
    )
    found.settle()
    legend, shown = set(swatches(page).values()), areas(page.screenshot())
    assert [c for c, n in shown.items() if n >= 20 * AREA and c not in legend | GROUND]


def test_a_layer_of_parks_explains_no_more_than_it_shows(tmp_path, visit):
    """Blind spots are those of the radius; with the proposed parks no housing is told served or not."""
    t = result_tables()
    spots = t.unserved.iloc[:3].assign(rank=[1, 2, 3], name=None, zone="东栅", m2=1e4)
    served, unserved = ("已覆盖的居住用地", "未覆盖的居住用地")
    walking = t.coverage["method"] == "walking"
    after = t.coverage.assign(coverage_after=t.coverage["coverage"].where(~walking))
    page = parks_map(
        after, t.served[t.served["method"] == "radius"], t.unserved, t.sites,
        canvas=Canvas(ground=Ground(land=t.districts)), parks=t.parks, blind_spots=spots,
    )  # fmt: skip
    found = visit(save_map(page, tmp_path / "parks.html"))
    found.page.wait_for_selector(".jx-legend")
    told = []
    for at in range(found.layers()):
        found.show(at)
        found.settle()
        legend = found.page.locator(".jx-legend").inner_text()
        told.append([words in legend for words in (served, unserved, "服务盲区", "公园绿地（服务半径")])
    assert told == [[True, True, True, True], [False, True, False, True], [False, False, False, True]]
