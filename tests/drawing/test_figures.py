"""Figures hold Chinese text without boxes, the same bytes at each run, and nothing global is left behind."""

from __future__ import annotations

import io
import warnings

import geopandas as gpd
import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
import shapely
from IPython.core.formatters import DisplayFormatter
from matplotlib import colors, font_manager
from matplotlib.text import Text
from PIL import Image
from result_tables import CLASSES, result_tables

from jxgis import errors as _errors
from jxgis.drawing import figures
from jxgis.drawing._letters import broken
from jxgis.drawing.canvas import Canvas
from jxgis.drawing.colours import LAND
from jxgis.drawing.ground import ground_of
from jxgis.hotspots.figures import hotspot_panels, scale_chart
from jxgis.parks.figures import coverage_chart
from jxgis.scoring.figures import score_chart
from jxgis.units.figures import unit_chart


def draw(name: str):
    t = result_tables()
    match name:
        case "panels":
            return hotspot_panels(t.cells, canvas=Canvas(ground=ground_of({"districts": t.districts}), sketch=True))
        case "coverage":
            return coverage_chart(t.coverage, sketch=True)
        case "units":
            return unit_chart(t.units, sketch=True)
        case _:
            return score_chart(t.scores, sketch=True)


FIGURES = ("panels", "coverage", "units", "scores")


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_has_no_boxes_and_is_the_same_twice(name, tmp_path):
    with warnings.catch_warnings():
        # matplotlib warns of each sign that it draws as a box.
        warnings.simplefilter("error")
        first = figures.save_png(draw(name), tmp_path / "a.png").read_bytes()
        second = figures.save_png(draw(name), tmp_path / "b.png").read_bytes()
    assert first == second
    assert first.startswith(b"\x89PNG")


@pytest.mark.parametrize("name", FIGURES)
def test_a_notebook_shows_a_figure_by_itself(name):
    figure = draw(name)
    shown, about = DisplayFormatter().format(figure)
    image = Image.open(io.BytesIO(shown["image/png"]))
    size = about["image/png"]
    assert image.size == pytest.approx((2 * size["width"], 2 * size["height"]), abs=2)
    assert np.asarray(image.convert("L")).min() < 100
    assert isinstance(figure, mpl.figure.Figure)


def said(figure) -> str:
    """All that is written on a figure, line by line."""
    return "\n".join(words.get_text() for words in figure.findobj(Text) if words.get_text())


def titles(figure) -> list[str]:
    return [ax.get_title().replace("\n", "") for ax in figure.axes if ax.get_title()]


def test_panels_are_the_classes_in_order():
    assert titles(draw("panels")) == list(CLASSES)


def test_a_zone_without_housing_is_no_bar_and_said():
    ax = draw("coverage").axes[0]
    words = [note.get_text() for note in ax.texts]
    assert words.count("无数据") == 2
    widths = sorted(round(bar.get_width(), 6) for bar in ax.patches)
    t = result_tables().coverage
    np.testing.assert_allclose(widths, sorted(np.nan_to_num(t["coverage"] * 100).round(6)), atol=1e-6)


def test_settings_of_the_process_are_left_alone():
    before = dict(mpl.rcParams)
    draw("scores")
    assert dict(mpl.rcParams) == before


def test_the_style_names_a_font_that_holds_chinese():
    with figures.figure_style():
        path = font_manager.findfont(figures.chinese_font()[0], fallback_to_default=False)
        assert ord("嘉") in font_manager.get_font(path).get_charmap()
        assert mpl.rcParams["axes.unicode_minus"] is False


def test_the_packaged_font_serves_where_none_is_installed(monkeypatch, tmp_path):
    figures.chinese_font.cache_clear()
    monkeypatch.setattr(figures, "_FAMILIES", ())
    try:
        assert figures.chinese_font() == ("Noto Sans SC", "DejaVu Sans")
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            figures.save_png(draw("units"), tmp_path / "a.png")
    finally:
        figures.chinese_font.cache_clear()


def test_without_any_chinese_font_it_says_what_to_install(monkeypatch):
    figures.chinese_font.cache_clear()
    monkeypatch.setattr(figures, "_FAMILIES", ())
    monkeypatch.setattr(figures, "_packaged", lambda: None)
    try:
        with pytest.raises(_errors.MissingPackageError, match="pip install pylopdf-fonts-zh-cn"):
            figures.chinese_font()
    finally:
        figures.chinese_font.cache_clear()


def test_no_class_is_refused():
    with pytest.raises(_errors.InputError):
        hotspot_panels(result_tables().cells.iloc[:0])


def test_every_part_of_a_district_is_land():
    both = gpd.GeoDataFrame(
        {"name": ["两岛"]},
        geometry=[shapely.MultiPolygon([shapely.box(0, 0, 9, 9), shapely.box(20, 0, 29, 9)])],
        crs=4549,
    )
    ax = figures.Figure().subplots()
    figures.map_axes(ax, both, both.total_bounds)
    assert len(ax.collections[0].get_paths()) == 2


def test_classes_without_a_significant_cell_are_named_and_get_no_panel():
    t = result_tables()
    quiet = t.cells.assign(gi_bin=t.cells["gi_bin"].where(t.cells["issue_class"] != "街面秩序", 0))
    figure = hotspot_panels(quiet, canvas=Canvas(ground=ground_of({"districts": t.districts})))
    assert "街面秩序" not in titles(figure)
    assert "没有显著格的类别：街面秩序" in said(figure)


def test_a_class_that_was_not_judged_is_not_called_one_without_a_find():
    t = result_tables()
    few = t.cells["issue_class"] == "街面秩序"
    cells = t.cells.assign(gi_bin=t.cells["gi_bin"].where(~few, 0), gi_q=t.cells["gi_q"].mask(few))
    heading = said(hotspot_panels(cells, canvas=Canvas(ground=ground_of({"districts": t.districts}))))
    assert "没有判断冷热的类别：街面秩序" in heading
    assert "没有显著格" not in heading
    alone = cells[few]
    assert "没有判断冷热" in said(hotspot_panels(alone, canvas=Canvas(ground=ground_of({"districts": t.districts}))))


def test_candidates_without_a_rank_do_not_stand_in_the_chart():
    scores = result_tables().scores.nsmallest(15, "rank")
    unranked = scores.assign(rank=scores["rank"].where(scores["rank"] > 1))
    ax = score_chart(unranked).axes[0]
    named = [label.get_text() for label in ax.get_yticklabels()]
    assert len(named) == unranked["rank"].notna().sum()
    assert not any(label.startswith("1 ") for label in named)


def test_numbers_of_coverage_stand_clear_of_the_targets_line():
    ax = coverage_chart(result_tables().coverage.assign(coverage=0.91), target=0.9).axes[0]
    assert {note.xy[0] for note in ax.texts} == {0}


def legend_colours(figure) -> set[tuple[int, ...]]:
    """What the figure's legends show, as levels of 0 to 255."""
    handles = [h for legend in figure.legends for h in legend.legend_handles]
    handles += [h for ax in figure.axes if ax.get_label() == "page" for h in ax.patches]
    found = [h.get_facecolor() for h in handles if hasattr(h, "get_facecolor")]
    found += [colors.to_rgba(h.get_color()) for h in handles if not hasattr(h, "get_facecolor")]
    return {tuple(np.rint(np.atleast_2d(c)[0][:3] * 255).astype(int).tolist()) for c in map(np.asarray, found)}


@pytest.mark.parametrize("name", FIGURES)
def test_a_colour_on_a_figure_is_one_of_its_legend(name, tmp_path):
    figure = draw(name)
    shown = np.asarray(Image.open(figures.save_png(figure, tmp_path / "a.png")).convert("RGB")).astype(int)
    shown = shown @ [65536, 256, 1]
    # Away from edges, letters and lines: a colour whose pixel, and those two steps away on all sides, are the same.
    inner = shown[2:-2, 2:-2]
    same = np.all(
        [shown[2 + y :, 2 + x :][: len(inner), : inner.shape[1]] == inner for y in (-2, 0, 2) for x in (-2, 0, 2)],
        axis=0,
    )
    seen, count = np.unique(inner[same], return_counts=True)
    areas = {(c >> 16, c >> 8 & 255, c & 255) for c in seen[count >= 30].tolist()}
    land = tuple(int(LAND[at : at + 2], 16) for at in (1, 3, 5))
    known = legend_colours(figure)
    assert areas - {(255, 255, 255), land} <= known
    assert areas & known


def test_a_name_is_no_formula_and_leaves_room(tmp_path):
    units = result_tables().units.assign(district="$\\frac{$ {{7*7}} " + "很长的名字" * 20)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figure = unit_chart(units)
        figures.save_png(figure, tmp_path / "a.png")
    label = figure.axes[0].get_yticklabels()[0].get_text()
    assert label.startswith("$\\frac{$ {{7*7}} ")
    assert len(label) == 32


def test_borders_and_scale_bar_of_a_map_stand_inside_its_axes():
    t = result_tables()
    bounds = t.districts.total_bounds
    ax = figures.Figure().subplots()
    figures.map_axes(ax, t.districts, bounds)
    (west, east), (south, north) = ax.get_xlim(), ax.get_ylim()
    assert west < bounds[0]
    assert east > bounds[2]
    assert north > bounds[3]
    (bar,) = ax.get_lines()
    assert (south < bar.get_ydata()).all()
    assert (bar.get_ydata() < bounds[1]).all()


def test_panels_of_a_wide_city_are_not_mostly_empty_paper():
    t = result_tables()
    flat = t.districts.assign(geometry=t.districts.scale(1, 0.25, origin=(0, 0)))
    wide = hotspot_panels(t.cells, canvas=Canvas(ground=ground_of({"districts": flat}))).get_size_inches()
    usual = hotspot_panels(t.cells, canvas=Canvas(ground=ground_of({"districts": t.districts}))).get_size_inches()
    assert wide[0] == usual[0]
    assert wide[1] < usual[1]


def test_cells_read_back_as_multipolygons_are_drawn():
    t = result_tables()
    multi = t.cells.assign(geometry=[shapely.multipolygons([g]) for g in t.cells.geometry])
    ground = ground_of({"districts": t.districts})
    drawn, again = (
        [
            patch.get_path().vertices
            for ax in hotspot_panels(cells, canvas=Canvas(ground=ground)).axes
            for patch in ax.patches
        ]
        for cells in (t.cells, multi)
    )
    assert [len(one) for one in again] == [len(one) for one in drawn]
    assert all(map(len, drawn))


def test_a_figure_is_the_same_whatever_settings_of_matplotlib_lie_about() -> None:
    def image() -> bytes:
        with figures.figure_style():
            figure = figures.Figure(figsize=(2, 1))
            figure.subplots().set_title("月河 $x")
        return figure.png(72)

    plain = image()
    with mpl.rc_context({"text.usetex": True, "savefig.pad_inches": 3, "axes.facecolor": "red", "lines.linewidth": 9}):
        assert image() == plain
        assert mpl.rcParams["text.usetex"]


@pytest.mark.parametrize("length", range(20, 30, 3))
def test_long_labels_keep_clear_of_the_edge_in_print(length, tmp_path):
    """The room for them is measured with the letters of print, not those of a screen."""
    scores = result_tables().scores
    figure = score_chart(scores.assign(name="建成区达到海绵城市建设要求的面积比例规范化二次供水"[:length]))
    figures.save_figure(figure, tmp_path / "a")
    ink = np.asarray(Image.open(tmp_path / "a.png").convert("L")) < 200
    assert not ink[:, :8].any()
    assert ink[:, :200].any()


@pytest.mark.parametrize("title", ["Title", "A title that is as long as it can be without leaving the figure"])
def test_the_schematic_mark_stands_clear_of_what_is_drawn(title):
    """A long title of the scorecard's chart ran into it, and months were drawn below it."""
    with figures.figure_style():
        figure = figures.Figure(figsize=(7.6, 3), layout="constrained")
        figure.subplots().set_title(title, loc="left")
        figures.mark_schematic(figure, sketch=True, lang="en")
        figure.draw_without_rendering()
        mark = next(each for each in figure.findobj(Text) if each.get_text().startswith("Schematic"))
        box = mark.get_window_extent()
        assert box.x1 <= figure.bbox.x1
        assert box.y1 <= figure.bbox.y1
        assert not any(box.overlaps(ax.get_tightbbox()) for ax in figure.axes)


def test_lines_of_a_figure_break_where_a_reader_breaks_them():
    """No sign stands alone on the last line, no condition and no number is torn."""
    title = "主次干道机动车/非机动车停车规范率"
    for width in (1.4, 1.7, 1.9, 2.1, 2.3):
        lines = figures.wrapped(title, width, 8).split("\n")
        assert "".join(lines) == title
        assert len(lines[-1]) > 2
    with figures.figure_style():
        for width in range(20, 100, 2):
            said = broken("Cells of 200 m · counted as hot: q ≤ 0.05 within 500 m", 6.6, width)
            assert "q ≤ 0.05" in said
            assert "200 m" in said
        assert "200 米" in broken("每格取 200 米邻域", 8, 18)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_words_beside_the_chart_of_scales_keep_clear_of_the_mark(lang):
    cells = pd.DataFrame({"cell_m": [50, 100], "mean_count": [0.4, 1.7]})
    profile = pd.DataFrame({"band_m": [100.0, 200.0], "z": [1.0, 2.0], "moran_i": [1.0, 0.5], "peak": [True, False]})
    figure = scale_chart(
        cells, profile, cell_m=100, band_m=100, reason="first_peak", of_rates=True, lang=lang, sketch=True
    )
    figure.draw_without_rendering()
    mark = figure._suptitle.get_window_extent()
    assert not [ax for ax in figure.axes if ax.yaxis.label.get_window_extent().overlaps(mark)]
