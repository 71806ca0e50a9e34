"""Maps for print: nothing under the legend, no name on another, scales right, three formats, the same bytes at each run."""

from __future__ import annotations

import subprocess
import sys
import warnings
from dataclasses import replace
from functools import cache
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from matplotlib import colors
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text
from PIL import Image
from result_tables import CENTRE, CRS, result_tables

from jxgis.drawing import figures
from jxgis.drawing.canvas import Canvas
from jxgis.drawing.colours import BAD, FAILED_GROUND, HOT_COLD
from jxgis.drawing.ground import Ground, ground_of
from jxgis.drawing.legend import LegendSection, Swatch
from jxgis.drawing.print_map import PAGE_MM, map_sheet
from jxgis.hotspots.figures import hotspot_panels, hotspot_sheet
from jxgis.i18n import text
from jxgis.scoring.figures import score_sheet
from jxgis.scoring.map import score_classes
from jxgis.units.figures import unit_sheet

HOSTILE = "$x$ \\frac{a}{b}\n第二行 {{7*7}} <b> " + "很长的名字" * 12


def city(scale: tuple[float, float] = (1, 1), names: dict[str, str] | None = None) -> Ground:
    """Districts, a lake, streets of three classes and places."""
    rng = np.random.default_rng(5)
    districts = result_tables().districts.replace({"name": names or {}})
    ends = rng.uniform(-9000, 9000, (60, 2, 2)) + CENTRE
    classes = np.array(["主干路", "次干路", "支路"])[np.arange(60) % 3]
    layers = {
        "districts": districts,
        "waters": gpd.GeoDataFrame({"name": ["南湖"]}, geometry=[shapely.Point(*CENTRE + 3000).buffer(1200)], crs=CRS),
        "streets": gpd.GeoDataFrame(
            {"name": [f"第{k}路" for k in range(60)], "road_class": classes},
            geometry=shapely.linestrings(ends),
            crs=CRS,
        ),
        "places": gpd.GeoDataFrame(
            {"name": [f"地名{k}" for k in range(40)]},
            geometry=shapely.points(rng.uniform(-8000, 8000, (40, 2)) + CENTRE),
            crs=CRS,
        ),
    }
    at = tuple(CENTRE)
    return ground_of({name: table.set_geometry(table.scale(*scale, origin=at)) for name, table in layers.items()})


def sheets(ground: Ground, *names: str, lang: str = "zh"):
    """The figures of those names, or all that there are here."""
    t = result_tables()
    canvas = Canvas(ground=ground, source="数据来源：问题；坐标系：EPSG:4549", lang=lang, sketch=True)
    draws = {
        "hotspots": lambda: hotspot_sheet(t.cells, t.places, canvas=replace(canvas, method="口径 " * 40)),
        "panels": lambda: hotspot_panels(t.cells, t.places, canvas=canvas),
        "units": lambda: unit_sheet(t.units, canvas=canvas),
        "scores": lambda: score_sheet(t.scores, canvas=canvas),
    }
    return {name: draws[name]() for name in names or draws}


@cache
def round_city() -> dict[str, figures.Figure]:
    return sheets(city())


def extents(figure):
    """The figure drawn: its maps, and the boxes of all words on them and beside them, in pixels."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    renderer = canvas.get_renderer()
    maps = [ax for ax in figure.axes if ax.get_label().startswith("map")]
    on = [[words.get_window_extent(renderer) for words in ax.texts] for ax in maps]
    page = next(ax for ax in figure.axes if ax.get_label() == "page")
    beside = [words.get_window_extent(renderer) for words in page.texts]
    titles = [ax.title.get_window_extent(renderer) for ax in maps if ax.get_title()]
    signs = [patch.get_window_extent(renderer) for patch in page.patches]
    signs += [line.get_window_extent(renderer) for line in page.lines]
    return [ax.get_window_extent(renderer) for ax in maps], on, [*beside, *titles], signs


def within(inner, outer, slack: float = 0.6) -> bool:
    return (
        inner.x0 >= outer.x0 - slack
        and inner.x1 <= outer.x1 + slack
        and inner.y0 >= outer.y0 - slack
        and inner.y1 <= outer.y1 + slack
    )


def apart(boxes, slack: float = 0.5) -> bool:
    shapes = shapely.box(*np.array([(b.x0 + slack, b.y0 + slack, b.x1 - slack, b.y1 - slack) for b in boxes]).T)
    one, other = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    return bool((one == other).all())


@pytest.mark.parametrize("scale", [(1, 1), (5, 0.5), (0.25, 3)], ids=["round", "wide", "tall"])
def test_legend_lists_and_words_lie_beside_the_map_and_on_paper(scale):
    drawn = round_city() if scale == (1, 1) else sheets(city(scale), "hotspots", "panels")
    for name, figure in drawn.items():
        figure.set_dpi(100)
        maps, _, beside, signs = extents(figure)
        paper = figure.bbox
        for box in [*maps, *beside, *signs]:
            assert within(box, paper), name
        for box in [*beside, *signs]:
            assert not any(box.shrunk(0.98, 0.9).overlaps(a_map) for a_map in maps), name
        assert apart(maps), name
        assert figure.get_size_inches()[0] * 25.4 == pytest.approx(PAGE_MM)
        assert figure.get_size_inches()[1] * 25.4 < 257, "no higher than a page"


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_names_on_a_map_lie_inside_it_and_on_no_other(lang):
    drawn = round_city() if lang == "zh" else sheets(city(), "hotspots", lang=lang)
    for name, figure in drawn.items():
        figure.set_dpi(150)
        maps, on, *_ = extents(figure)
        for a_map, words, ax in zip(maps, on, figure.axes, strict=False):
            level = [box for box, each in zip(words, ax.texts, strict=True) if each.get_rotation() in (0, 360)]
            assert len(level) > 8, name
            assert all(within(box, a_map) for box in level), name
            # The rows of letters: boxes of type reach above and below them.
            assert apart([box.shrunk(1, 0.62) for box in level]), name


def test_the_scale_bar_is_as_long_on_paper_as_it_says():
    figure = round_city()["hotspots"]
    ax, page = figure.axes[0], next(ax for ax in figure.axes if ax.get_label() == "page")
    bar = next(line for line in page.lines if line.get_gid() == "scale")
    figure.draw_without_rendering()
    pixels = np.ptp(page.transData.transform(np.column_stack([bar.get_xdata(), bar.get_ydata()]))[:, 0])
    known = next(words.get_text() for words in page.texts if words.get_text().endswith("km"))
    metres = 1000 * float(known.removesuffix(" km"))
    east = ax.transData.transform([(CENTRE[0], CENTRE[1]), (CENTRE[0] + metres, CENTRE[1])])
    north = ax.transData.transform([(CENTRE[0], CENTRE[1]), (CENTRE[0], CENTRE[1] + metres)])
    assert pixels == pytest.approx(np.ptp(east[:, 0]), rel=0.005)
    assert np.ptp(north[:, 1]) == pytest.approx(np.ptp(east[:, 0]), rel=0.005), "a metre is as long to the north"


def _red(sheet, x: float, y: float) -> bool:
    """Whether the paper is red so many metres from the middle."""
    canvas = FigureCanvasAgg(sheet.figure)
    canvas.draw()
    shown = np.asarray(canvas.buffer_rgba())[..., :3]
    column, row = sheet.map.ax.transData.transform((CENTRE[0] + x, CENTRE[1] + y))
    return bool((shown[len(shown) - 1 - round(row), round(column)] == [0xB2, 0x18, 0x2B]).all())


def test_what_is_drawn_lies_where_it_is():
    square = shapely.box(*CENTRE, *(CENTRE + 2000))
    land = gpd.GeoDataFrame({"name": [None]}, geometry=[shapely.Point(*CENTRE).buffer(9000)], crs=CRS)
    with map_sheet(Canvas(ground=ground_of({"districts": land})), land, title="t") as sheet:
        sheet.map.areas([square, shapely.box(*(CENTRE - 3000), *(CENTRE - 2500))], HOT_COLD[3])
    assert _red(sheet, 1000, 1000)
    assert _red(sheet, -2750, -2750)
    assert not any(_red(sheet, x, y) for x, y in ((-300, 1000), (2300, 1000), (1000, 2300), (1000, -300)))


def test_holes_are_open():
    ring = shapely.Point(*CENTRE).buffer(6000).difference(shapely.Point(*CENTRE).buffer(4000))
    land = gpd.GeoDataFrame({"name": [None]}, geometry=[shapely.Point(*CENTRE).buffer(9000)], crs=CRS)
    with map_sheet(Canvas(ground=ground_of({"districts": land})), land, title="t") as sheet:
        sheet.map.areas([ring], HOT_COLD[3])
    assert not _red(sheet, 0, 0)
    assert _red(sheet, 5000, 0)


def written(figure) -> str:
    return "\n".join(words.get_text() for words in figure.findobj(Text))


@pytest.mark.parametrize("draw", [hotspot_sheet, hotspot_panels])
def test_hostile_names_are_words_cut_to_their_room(draw, tmp_path):
    t = result_tables()
    ground = city(names={"老城": HOSTILE})
    places = t.places.assign(name=[HOSTILE, *t.places["name"][1:]])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figure = draw(t.cells, places, canvas=Canvas(ground=ground, source=HOSTILE, sketch=True))
        figures.save_figure(figure, tmp_path / "a")
    figure.set_dpi(200)
    _, _, beside, _ = extents(figure)
    assert all(within(box, figure.bbox) for box in beside)
    assert "$x$ \\frac{a}{b} 第二行" in written(figure)


@pytest.mark.parametrize("n", [1, 300])
def test_land_without_room_for_its_names_is_counted(n):
    side = 30
    cells = [shapely.box(x * 600, y * 600, x * 600 + 600, y * 600 + 600) for x in range(side) for y in range(10)][:n]
    land = gpd.GeoDataFrame({"name": [f"Neighbourhood number {k}" for k in range(n)]}, geometry=cells, crs=CRS)
    with map_sheet(Canvas(ground=ground_of({"districts": land}), lang="en"), land, title="t") as sheet:
        sheet.map.areas(land.geometry[:1], HOT_COLD[3])
    named = {words.get_text().replace("\n", " ") for words in sheet.map.ax.texts}
    missing = sheet.map.unnamed
    assert (text("figures.unnamed", "en", n=missing) in written(sheet.figure)) == (missing > 0)
    assert missing == (
        0 if n == 1 else n - len(sheet.map.ax.texts) // (2 if any("\n" in each for each in named) else 1)
    )


def test_without_any_ground_there_is_a_map_still(tmp_path):
    t = result_tables()
    figure = hotspot_sheet(t.cells, canvas=Canvas(lang="en"))
    figures.save_figure(figure, tmp_path / "a")
    assert text("common.sketch", "en") not in written(figure)


def test_legend_and_list_say_what_is_on_the_map():
    t = result_tables()
    figure = hotspot_sheet(t.cells, t.places, canvas=Canvas(ground=city(), sketch=True, source="数据来源：问题"))
    words = written(figure)
    first = t.places[t.places["issue_class"] == "all"].sort_values("rank").head(10)
    for key in ("maps.hot_3", "maps.cold_3", "maps.place_outline", "maps.north", "common.sketch"):
        assert text(key, "zh") in words.replace("\n", "")
    assert "数据来源：问题" in words
    for name in first["name"]:
        assert str(name)[:4] in words
    numbers = {each.get_text() for each in figure.axes[0].texts}
    assert {str(rank) for rank in first["rank"]} <= numbers


def test_a_figure_is_written_in_three_formats_for_print(tmp_path):
    figure = round_city()["hotspots"]
    paths = figures.save_figure(figure, tmp_path / "a")
    assert [path.name for path in paths] == ["a.png", "a.svg", "a.pdf"]
    with Image.open(paths[0]) as image:
        assert image.info["dpi"] == pytest.approx((300, 300), abs=0.1)
        assert image.width == pytest.approx(PAGE_MM / 25.4 * 300, abs=1)
    svg, pdf = paths[1].read_text("utf-8"), paths[2].read_bytes()
    # Outlines: a machine without a Chinese font shows the same. Nothing is loaded from elsewhere.
    assert "<text" not in svg
    assert "<image" not in svg
    assert b"/FontFile" in pdf or b"/Type3" in pdf
    assert b"/ToUnicode" in pdf
    for stamp in (b"CreationDate", b"matplotlib v", b"Matplotlib v"):
        assert stamp not in pdf
        assert stamp not in svg.encode()


def test_a_layout_is_made_once_and_kept(tmp_path):
    with figures.figure_style():
        figure = figures.Figure(figsize=(3, 2), layout="constrained")
        figure.subplots().set_ylabel("问题数")
    layout = figure.get_layout_engine()
    figures.save_figure(figure, tmp_path / "a")
    assert figure.get_layout_engine() is layout
    again = figures.save_figure(figure, tmp_path / "b")
    for ending in ("png", "svg", "pdf"):
        assert (tmp_path / f"a.{ending}").read_bytes() == (tmp_path / f"b.{ending}").read_bytes()
    assert len(again) == 3


_RUN = """
import sys
sys.path[:0] = sys.argv[2:]
from test_print_map import city, sheets
from jxgis.drawing.figures import save_figure
for name, figure in sheets(city()).items():
    save_figure(figure, f"{sys.argv[1]}/{name}")
"""


@pytest.mark.slow
def test_two_processes_write_the_same_bytes(tmp_path):
    here = Path(__file__)
    for run, seed in (("one", "1"), ("two", "2")):
        (tmp_path / run).mkdir()
        subprocess.run(
            [sys.executable, "-c", _RUN, str(tmp_path / run), str(here.parent), str(here.parents[1])],
            check=True,
            cwd=here.parents[2],
            env={"PYTHONHASHSEED": seed, "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)},
        )
    names = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert len(names) == 12
    for name in names:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes(), name


def test_a_screen_shows_a_small_copy_in_the_same_colours(tmp_path):
    figure = round_city()["hotspots"]
    png = figures.save_figure(figure, tmp_path / "a")[0]
    shown = figures.screen_png(png, width_px=600)
    (tmp_path / "b.png").write_bytes(shown)
    with Image.open(tmp_path / "b.png") as one, Image.open(png) as other:
        small, large = one.convert("RGB"), other.convert("RGB")
    assert small.width == 600
    assert len(shown) < png.stat().st_size / 4
    like = np.asarray(large.resize(small.size, Image.Resampling.LANCZOS)).astype(int)
    assert np.abs(np.asarray(small).astype(int) - like).mean() < 2
    assert (np.asarray(small)[2, 300] == 255).all(), "paper is white"
    assert figures.screen_png(png, width_px=600) == shown


def test_long_legends_go_on_below_the_map():
    t = result_tables()
    rows = [(k, f"第{k}处", f"{k} 件") for k in range(1, 31)]
    with map_sheet(Canvas(ground=city(), source="s"), t.districts, title="t") as sheet:
        sheet.legend([LegendSection("图例", [Swatch("#b2182b", "热点")])])
        sheet.listing("一", rows, "#b2182b")
        sheet.listing("二", rows, "#2f6f9f")
    sheet.figure.set_dpi(200)
    maps, _, beside, _ = extents(sheet.figure)
    assert all(within(box, sheet.figure.bbox) for box in beside)
    assert not any(box.shrunk(0.98, 0.9).overlaps(maps[0]) for box in beside)
    assert written(sheet.figure).count("30 件") == 2


def test_a_candidate_that_fails_a_condition_is_drawn_below_one_that_passes():
    """Where they overlap, the ranked one would look grey, as if it failed."""
    scores = result_tables().scores.iloc[:2].copy()
    scores = scores.set_geometry([scores.geometry.iloc[0], scores.geometry.iloc[0].buffer(500)], crs=scores.crs)
    scores = scores.assign(gates=["pass", "fail"], rank=[1, None], score=[80.0, 90.0])
    figure = score_sheet(scores, canvas=Canvas(ground=city()))
    the_map = next(ax for ax in figure.axes if ax.get_label().startswith("map"))
    grey = colors.to_rgba(FAILED_GROUND)[:3]
    drawn = [(each.get_zorder(), place, tuple(colour[:3])) for place, each in enumerate(the_map.collections)
             for colour in each.get_facecolor()]  # fmt: skip
    classes = score_classes(scores, "zh")
    passing = colors.to_rgba(classes.colours[classes.row[0]])[:3]
    order = [colour for *_, colour in sorted(drawn, key=lambda each: each[:2])]
    assert order.index(grey) < order.index(passing)


def test_the_border_of_a_candidate_without_a_rank_stands_in_the_legend():
    scores = result_tables().scores.iloc[:2].assign(gates="pass", rank=[1, None], score=[80.0, 40.0])
    for rows, there in (scores, True), (scores.iloc[:1], False):
        figure = score_sheet(rows, canvas=Canvas(ground=city()))
        the_map = next(ax for ax in figure.axes if ax.get_label().startswith("map"))
        red = colors.to_rgba(BAD)[:3]
        edges = [
            tuple(edge[:3])
            for each in the_map.collections + the_map.patches
            for edge in np.atleast_2d(each.get_edgecolor())
        ]
        assert (red in edges) == there
        assert ("不排名（数据不足）" in written(figure)) == there
